#include "families/linear/glm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "math/dense.h"

#define CHUNKS 16		/* most chunks: enough for the threads there are, few enough partial sums */
#define COLUMN_CHUNKS 64
#define PARALLEL 20000	/* entries from which the sparse gradient is worth a second thread */
#define HESS_DOUBLES (1 << 23)	/* partial Hessians take about 64 MB at most */
#define KEPT_BYTES ((size_t)512 << 20)	/* that a kept design may take */

/* A worker's memory for one block, and where parts of it begin. */
struct block_mem {
	double *dense, *scaled;	/* (DESIGN_ROWS, ld) rows; rows times their weights */
	double *f, *r, *h, *w;	/* (DESIGN_ROWS, k), w (DESIGN_ROWS) */
	int32_t *hot;		/* (DESIGN_ROWS, nslots) */
};

/* Sums of a chunk, in columns that are not yet centred and scaled when 0/1. */
struct sums {
	double loss;
	double *dense, *hot;	/* gradient: (k, ld), (k, qd) */
	double *hess;		/* (pairs, q, q) lower triangles */
};

struct job {
	const struct glm *g;
	const struct glm_pass *p;
	double *dense, *hot;	/* coefficients for raw columns: (k, ld), (k, qd) */
	double *sparse;		/* (q - qd, k) of the sparse columns */
	double *r;		/* (n, k) what the gradient of these is made of; or NULL */
	struct sums *sums;	/* (chunks) */
	size_t chunks;
	double *mem;		/* (workers, glm_scratch) */
};

static size_t pairs_of(const struct glm *g)
{
	return g->k * (g->k + 1) / 2;
}

size_t glm_scratch(const struct glm *g)
{
	size_t hot = (DESIGN_ROWS * g->ds->nslots + 1) / 2;
	return DENSE_PAD(2 * DESIGN_ROWS * g->ds->ld + (3 * g->k + 1) * DESIGN_ROWS + hot);
}

static struct block_mem block_mem(const struct glm *g, double *mem)
{
	struct block_mem b;
	size_t rows = DESIGN_ROWS;
	b.dense = mem;
	b.scaled = b.dense + rows * g->ds->ld;
	b.f = b.scaled + rows * g->ds->ld;
	b.r = b.f + rows * g->k;
	b.h = b.r + rows * g->k;
	b.w = b.h + rows * g->k;
	b.hot = (int32_t *)(b.w + rows);
	return b;
}

/* Coefficients of z = (x - mean) / sd as coefficients of x for the 0/1 columns; dense ones are delivered as z. */
static void raw_coefficients(const struct glm *g, const double *theta, double *dense, double *hot)
{
	const struct design *ds = g->ds;
	for (size_t k = 0; k < g->k; k++) {
		const double *t = theta + k * g->q;
		double *dk = dense + k * ds->ld, *hk = hot + k * g->qd;
		memset(dk, 0, ds->ld * sizeof(*dk));
		memcpy(dk, t, (1 + ds->nd) * sizeof(*dk));
		for (size_t j = ds->nd; j < ds->p; j++) {
			hk[1 + j] = t[1 + j] / ds->sd[j];
			dk[0] -= hk[1 + j] * ds->mean[j];
		}
	}
}

static void scores(const struct glm *g, const struct job *job, size_t n, const struct block_mem *b)
{
	size_t slots = g->ds->nslots;
	memset(b->f, 0, n * g->k * sizeof(*b->f));
	for (size_t k = 0; k < g->k; k++) {
		double *f = g->k == 1 ? b->f : b->w;
		memset(f, 0, n * sizeof(*f));
		dense_rows_dot(n, g->ds->ld, b->dense, job->dense + k * g->ds->ld, f);
		const double *hk = job->hot + k * g->qd;
		for (size_t i = 0; i < n; i++) {
			double s = f[i];
			for (size_t t = 0; t < slots; t++) {
				int32_t c = b->hot[i * slots + t];
				s += c >= 0 ? hk[c] : 0;
			}
			b->f[i * g->k + k] = s;
		}
	}
}

static void add_gradient(const struct glm *g, size_t n, const struct block_mem *b, struct sums *s)
{
	size_t slots = g->ds->nslots;
	for (size_t k = 0; k < g->k; k++) {
		dense_rows_sum(n, g->ds->ld, b->dense, b->r + k, g->k, s->dense + k * g->ds->ld);
		double *hk = s->hot + k * g->qd;
		for (size_t i = 0; i < n; i++)
			for (size_t t = 0; t < slots; t++) {
				int32_t c = b->hot[i * slots + t];
				if (c >= 0)
					hk[c] += b->r[i * g->k + k];
			}
	}
}

/* h (q, q), lower triangle, += X' diag(w) X for the block with w (n). */
static void add_gram(const struct glm *g, size_t n, const struct block_mem *b, const double *w, double *h)
{
	size_t ld = g->ds->ld, slots = g->ds->nslots, wide = 1 + g->ds->nd;
	dense_rows_scale(n, ld, b->dense, w, b->scaled);
	dense_syrk(n, wide, ld, b->scaled, b->dense, h, g->q);
	for (size_t i = 0; i < n; i++) {
		const int32_t *hot = b->hot + i * slots;
		for (size_t t = 0; t < slots; t++) {
			if (hot[t] < 0)
				continue;
			double *row = h + (size_t)hot[t] * g->q;
			for (size_t j = 0; j < wide; j++)
				row[j] += b->scaled[i * ld + j];
			for (size_t u = 0; u <= t; u++)
				if (hot[u] >= 0)
					row[hot[u]] += w[i];
		}
	}
}

static void add_hessian(const struct glm *g, size_t i0, size_t n, const struct block_mem *b, struct sums *s)
{
	if (g->k == 1) {
		add_gram(g, n, b, b->h, s->hess);
		return;
	}
	double *h = s->hess;
	for (size_t k = 0; k < g->k; k++)
		for (size_t l = 0; l <= k; l++, h += g->q * g->q) {
			for (size_t i = 0; i < n; i++) {
				double pk = b->h[i * g->k + k], pl = b->h[i * g->k + l];
				b->w[i] = g->w[i0 + i] * (k == l ? pk * (1 - pk) : -pk * pl);
			}
			add_gram(g, n, b, b->w, h);
		}
}

static void run_chunk(void *ctx, size_t chunk, int worker)
{
	struct job *job = ctx;
	const struct glm *g = job->g;
	struct block_mem b = block_mem(g, job->mem + (size_t)worker * glm_scratch(g));
	struct sums *s = &job->sums[chunk];
	size_t blocks = (g->n + DESIGN_ROWS - 1) / DESIGN_ROWS;
	for (size_t k = chunk * blocks / job->chunks; k < (chunk + 1) * blocks / job->chunks; k++) {
		size_t i0 = k * DESIGN_ROWS, n = g->n - i0 < DESIGN_ROWS ? g->n - i0 : DESIGN_ROWS;
		if (g->dense) {
			b.dense = g->dense + i0 * g->ds->ld;
			b.hot = g->hot + i0 * g->ds->nslots;
		} else {
			design_block(g->ds, g->d, i0, n, b.dense, b.hot);
		}
		if (job->p->theta)
			scores(g, job, n, &b);
		for (size_t i = 0; job->sparse && i < n; i++)
			sparse_dots(g->x.n ? &g->x : g->d->sparse, g->x.n ? i0 + i : data_row(g->d, i0 + i), g->k, job->sparse,
				    b.f + i * g->k);
		s->loss += job->p->rows(g, job->p->ctx, i0, n, b.f, b.r, b.h);
		if (job->p->grad)
			add_gradient(g, n, &b, s);
		if (job->r)
			memcpy(job->r + i0 * g->k, b.r, n * g->k * sizeof(*b.r));
		if (job->p->hess)
			add_hessian(g, i0, n, &b, s);
	}
}

/* Mean and deviation by which parameter a's column is still to be centred and divided. */
static double centre(const struct design *ds, size_t a)
{
	return a > ds->nd ? ds->mean[a - 1] : 0;
}

static double spread(const struct design *ds, size_t a)
{
	return a > ds->nd ? ds->sd[a - 1] : 1;
}

static void finish_gradient(const struct glm *g, const double *dense, const double *hot, double *grad)
{
	for (size_t k = 0; k < g->k; k++) {
		const double *dk = dense + k * g->ds->ld, *hk = hot + k * g->qd;
		double *gk = grad + k * g->q;
		memcpy(gk, dk, (1 + g->ds->nd) * sizeof(*gk));
		for (size_t a = 1 + g->ds->nd; a < g->qd; a++)
			gk[a] = (hk[a] - centre(g->ds, a) * dk[0]) / spread(g->ds, a);
	}
}

/* Raw lower triangles (pairs, q, q) to the whole matrix (m, m). */
static void finish_hessian(const struct glm *g, const double *raw, double *hess)
{
	size_t q = g->q;
	for (size_t k = 0; k < g->k; k++)
		for (size_t l = 0; l <= k; l++, raw += q * q)
			for (size_t a = 0; a < q; a++)
				for (size_t b = 0; b <= a; b++) {
					double ca = centre(g->ds, a), cb = centre(g->ds, b);
					double v = raw[a * q + b] - ca * raw[b * q] - cb * raw[a * q] + ca * cb * raw[0];
					v /= spread(g->ds, a) * spread(g->ds, b);
					hess[(k * q + a) * g->m + l * q + b] = hess[(l * q + b) * g->m + k * q + a] = v;
					hess[(k * q + b) * g->m + l * q + a] = hess[(l * q + a) * g->m + k * q + b] = v;
				}
}

/* to (n) += sum over chunks from 1 on; chunk 0's own array is to. */
static void fold(size_t n, double *to, const double *from)
{
	for (size_t i = 0; i < n; i++)
		to[i] += from[i];
}

/* theta's part for the sparse columns (k, q - qd) as (q - qd, k): what a row needs then lies side by side. */
static double *sparse_coefficients(const struct glm *g, const double *theta)
{
	size_t n = g->q - g->qd;
	double *c = NEW(double, n * g->k);
	for (size_t k = 0; k < g->k; k++)
		for (size_t j = 0; j < n; j++)
			c[j * g->k + k] = theta[k * g->q + g->qd + j] * g->scale[j];
	return c;
}

struct columns {
	const struct glm *g;
	const double *r;	/* (n, k) */
	double *grad;		/* (k, q) */
	size_t *from;		/* (COLUMN_CHUNKS + 1) */
};

/* The gradient of some sparse columns. */
static void column_chunk(void *ctx, size_t chunk, int worker)
{
	const struct columns *c = ctx;
	const struct glm *g = c->g;
	double *sum = NEW(double, g->k);
	(void)worker;
	for (size_t j = c->from[chunk]; j < c->from[chunk + 1]; j++) {
		memset(sum, 0, g->k * sizeof(*sum));
		sparse_dots(&g->xt, j, g->k, c->r, sum);
		for (size_t k = 0; k < g->k; k++)
			c->grad[k * g->q + g->qd + j] = sum[k] * g->scale[j];
	}
	free(sum);
}

/* X'r of the sparse columns, in chunks of about equally many entries. */
static void sparse_gradient(const struct glm *g, const double *r, double *grad)
{
	size_t from[COLUMN_CHUNKS + 1], nnz = sparse_nnz(&g->xt), j = 0;
	struct columns c = { g, r, grad, from };
	for (size_t i = 0; i <= COLUMN_CHUNKS; i++) {
		while (j < g->xt.n && g->xt.start[j] < i * nnz / COLUMN_CHUNKS)
			j++;
		from[i] = i < COLUMN_CHUNKS ? j : g->xt.n;
	}
	from[0] = 0;
	par_for(nnz < PARALLEL ? 1 : g->threads, COLUMN_CHUNKS, column_chunk, &c);
}

static void keep_block(void *ctx, size_t block, int worker)
{
	const struct glm *g = ctx;
	size_t i0 = block * DESIGN_ROWS, n = g->n - i0 < DESIGN_ROWS ? g->n - i0 : DESIGN_ROWS;
	(void)worker;
	design_block(g->ds, g->d, i0, n, g->dense + i0 * g->ds->ld, g->hot + i0 * g->ds->nslots);
}

void glm_keep(struct glm *g)
{
	size_t row = g->ds->ld * sizeof(*g->dense) + g->ds->nslots * sizeof(*g->hot);
	if (g->n > KEPT_BYTES / row)
		return;
	g->dense = mem_aligned(g->n * g->ds->ld, sizeof(*g->dense));
	g->hot = NEW(int32_t, g->n * g->ds->nslots);
	par_for(g->threads, (g->n + DESIGN_ROWS - 1) / DESIGN_ROWS, keep_block, g);
}

double glm_pass(const struct glm *g, const struct glm_pass *p)
{
	size_t blocks = (g->n + DESIGN_ROWS - 1) / DESIGN_ROWS, most = CHUNKS;
	size_t ng = p->grad ? g->k * (g->ds->ld + g->qd) : 0, nh = p->hess ? pairs_of(g) * g->q * g->q : 0;
	if (nh > HESS_DOUBLES / CHUNKS)
		most = nh > HESS_DOUBLES / 2 ? 2 : HESS_DOUBLES / nh;
	struct job job = { .g = g, .p = p, .chunks = blocks < most ? blocks : most };
	size_t workers = (size_t)(g->threads > 1 ? g->threads : 1);
	if (workers > job.chunks)
		workers = job.chunks;
	job.dense = NEW(double, g->k * (g->ds->ld + g->qd));
	job.hot = job.dense + g->k * g->ds->ld;
	if (p->theta)
		raw_coefficients(g, p->theta, job.dense, job.hot);
	if (g->q > g->qd) {
		job.sparse = p->theta ? sparse_coefficients(g, p->theta) : NULL;
		job.r = p->grad ? NEW(double, g->n * g->k) : NULL;
	}
	job.mem = mem_aligned(workers * glm_scratch(g), sizeof(double));
	job.sums = NEW0(struct sums, job.chunks);
	double *sums = NEW0(double, job.chunks * (ng + nh) + 1);
	for (size_t c = 0; c < job.chunks; c++) {
		job.sums[c].dense = sums + c * (ng + nh);
		job.sums[c].hot = job.sums[c].dense + g->k * g->ds->ld;
		job.sums[c].hess = job.sums[c].dense + ng;
	}
	par_for((int)workers, job.chunks, run_chunk, &job);
	double loss = job.sums[0].loss;
	for (size_t c = 1; c < job.chunks; c++) {
		loss += job.sums[c].loss;
		fold(ng + nh, sums, job.sums[c].dense);
	}
	if (p->grad)
		finish_gradient(g, job.sums[0].dense, job.sums[0].hot, p->grad);
	if (job.r)
		sparse_gradient(g, job.r, p->grad);
	if (p->hess)
		finish_hessian(g, job.sums[0].hess, p->hess);
	free(job.sparse);
	free(job.r);
	free(sums);
	free(job.sums);
	free(job.mem);
	free(job.dense);
	return loss;
}

static double loss_block(const struct glm *g, void *ctx, size_t i0, size_t n, double *f, double *r, double *h)
{
	(void)ctx;
	return loss_sum(g->loss, g->param, n, g->k, g->y + i0, g->w + i0, f, r, h);
}

double glm_loss(const struct glm *g, const double *theta, double *grad, double *hess)
{
	struct glm_pass p = { .theta = theta, .rows = loss_block, .grad = grad, .hess = hess };
	return glm_pass(g, &p);
}

double glm_l2(const struct glm *g, const double *theta, double *grad)
{
	double f = 0;
	for (size_t a = 0; a < g->m; a++) {
		f += 0.5 * g->l2[a] * theta[a] * theta[a];
		if (grad)
			grad[a] += g->l2[a] * theta[a];
	}
	return f;
}

double glm_eval(const struct glm *g, const double *theta, double *grad)
{
	double f = glm_loss(g, theta, grad, NULL);
	return f + glm_l2(g, theta, grad);
}

double glm_l1(const struct glm *g, const double *theta)
{
	double s = 0;
	for (size_t a = 0; a < g->m; a++)
		s += g->l1[a] * fabs(theta[a]);
	return s;
}

double glm_batch(const struct glm *g, const double *theta, const uint32_t *rows, size_t n, double *scratch, double *grad)
{
	struct block_mem b = block_mem(g, scratch);
	size_t ng = g->k * (g->ds->ld + g->qd);
	double *mem = NEW0(double, 2 * ng), y[DESIGN_ROWS], w[DESIGN_ROWS], total = 0;
	struct job job = { .dense = mem, .hot = mem + g->k * g->ds->ld };
	struct sums s = { .dense = mem + ng, .hot = mem + ng + g->k * g->ds->ld };
	for (size_t i = 0; i < n; i++) {
		y[i] = g->y[rows[i]];
		w[i] = g->w[rows[i]];
		total += w[i];
	}
	raw_coefficients(g, theta, job.dense, job.hot);
	design_gather(g->ds, g->d, rows, n, b.dense, b.hot);
	scores(g, &job, n, &b);
	double loss = loss_sum(g->loss, g->param, n, g->k, y, w, b.f, b.r, NULL);
	add_gradient(g, n, &b, &s);
	finish_gradient(g, s.dense, s.hot, grad);
	free(mem);
	double mean = total > 0 ? 1 / total : 0;
	for (size_t a = 0; a < g->m; a++)
		grad[a] *= mean;
	return loss * mean;
}
