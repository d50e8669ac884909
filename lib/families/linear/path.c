/*
 * The regularisation path: penalties lambda (mix |b| + (1 - mix) b^2 / 2) from
 * the least one that leaves every coefficient at 0 down, each solved from the
 * solution before; and the choice among them by the held-out loss of a
 * cross-validation over the same penalties (Friedman et al. 2010).
 */
#include "families/linear/lin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

#define RATIO_TALL 1e-4		/* last penalty over first, with more rows than columns; as glmnet */
#define RATIO_WIDE 1e-2
#define FOLD_TOL 1e-5		/* of --tol in folds: the held-out loss is known far less well */

/* Solves down the path. each() is called at every penalty with the solution. */
typedef void each_fn(void *ctx, size_t i, const struct glm *g, const double *theta);

static void descend(const struct lin_opts *o, struct solve *s, struct glm *g, double tol, const double *lambda, size_t n,
		    each_fn *each, void *ctx)
{
	double *theta = NEW(double, g->m);
	if (g->loss != LOSS_SQUARED && s->solver != SOLVE_IPM)	/* of squared loss one pass does for all penalties */
		glm_keep(g);
	bool keep = s->solver == SOLVE_NEWTON || s->solver == SOLVE_CD;
	s->memory = keep ? solve_memory_new(g->m) : NULL;
	glm_null(g, theta);
	double most = tol * solve_scale(g, theta) * glm_scale(g, lambda[n - 1] * (1 - o->mix));
	for (size_t i = 0; i < n; i++) {
		glm_penalty(g, lambda[i] * o->mix, lambda[i] * (1 - o->mix), o->standardize);
		s->tol = fmin(most, solve_tol_limit(g));
		if (s->solver == SOLVE_IPM)
			glm_null(g, theta);	/* an interior point gains nothing from a start at a corner */
		solve(s, g, theta);
		each(ctx, i, g, theta);
	}
	solve_memory_free(s->memory);
	s->memory = NULL;
	free(theta);
}

/* The least penalty that leaves all at 0, from the gradient there. */
static double lambda_max(const struct lin_opts *o, struct glm *g)
{
	double *theta = NEW(double, 2 * g->m), *grad = theta + g->m, most = 0;
	glm_null(g, theta);
	glm_penalty(g, 1, 0, o->standardize);
	glm_eval(g, theta, grad);
	for (size_t a = 0; a < g->m; a++)
		if (g->l1[a] > 0)
			most = fmax(most, fabs(grad[a]) / g->l1[a]);
	free(theta);
	return most > 0 ? most / fmax(o->mix, 1e-3) : 1;
}

void lin_folds(const struct data *d, struct rng r, int32_t folds, int32_t *fold)
{
	uint32_t *order = NEW(uint32_t, d->n);
	int32_t next = 0, classes = d->nclasses ? d->nclasses : 1;
	for (size_t i = 0; i < d->n; i++)
		order[i] = (uint32_t)i;
	rng_shuffle(&r, order, d->n);
	for (int32_t k = 0; k < classes; k++)
		for (size_t i = 0; i < d->n; i++)
			if (!d->label || d->label[data_row(d, order[i])] == k)
				fold[order[i]] = next++ % folds;
	free(order);
}

#define HELD_ROWS 1024	/* held-out rows of a chunk, whose columns stay in the cache for all penalties */

/* One fold: its models, and the loss of each on held-out rows. */
struct held {
	struct lin **model;	/* (n) */
	size_t n;
	const struct data *out;
	double *loss;		/* (chunks, n) sums */
};

static void held_model(void *ctx, size_t i, const struct glm *g, const double *theta)
{
	((struct held *)ctx)->model[i] = lin_from(g, theta, g->d);
}

static void held_chunk(void *ctx, size_t chunk, int worker)
{
	const struct held *h = ctx;
	struct data part = *h->out;
	size_t from = chunk * HELD_ROWS, k = h->model[0]->k;
	(void)worker;
	part.rows += from;
	part.n = h->out->n - from < HELD_ROWS ? h->out->n - from : HELD_ROWS;
	double *y = NEW(double, part.n), *w = NEW(double, part.n), *f = NEW(double, part.n * k), *r = NEW(double, part.n * k);
	for (size_t a = 0; a < part.n; a++) {
		size_t row = data_row(&part, a);
		y[a] = part.y ? part.y[row] : (double)part.label[row];
		w[a] = data_weight(&part, a);
	}
	for (size_t i = 0; i < h->n; i++) {
		const struct lin *m = h->model[i];
		lin_scores(m, &part, f);
		h->loss[chunk * h->n + i] = loss_sum(m->loss, m->param, part.n, k, y, w, f, r, NULL);
	}
	free(y);
	free(w);
	free(f);
	free(r);
}

/* Mean loss of each of n models on the rows of out. */
static void held_loss(struct held *h, int threads, double *loss)
{
	size_t chunks = (h->out->n + HELD_ROWS - 1) / HELD_ROWS;
	double total = 0;
	h->loss = NEW(double, chunks * h->n);
	par_for(threads, chunks, held_chunk, h);
	for (size_t a = 0; a < h->out->n; a++)
		total += data_weight(h->out, a);
	for (size_t i = 0; i < h->n; i++) {
		loss[i] = 0;
		for (size_t c = 0; c < chunks && total > 0; c++)
			loss[i] += h->loss[c * h->n + i] / total;
	}
	free(h->loss);
}

static void run_fold(const struct lin_opts *o, struct solve s, const struct glm *g, const double *lambda, size_t n,
		     const int32_t *fold, int32_t f, double *loss)
{
	const struct data *d = g->d;
	uint32_t *rows = NEW(uint32_t, d->n);
	size_t in = 0, out = d->n;
	for (size_t i = 0; i < d->n; i++)
		rows[fold[i] == f ? --out : in++] = (uint32_t)data_row(d, i);
	struct data train = *d, test = *d;
	train.rows = rows;
	train.n = in;
	test.rows = rows + in;
	test.n = d->n - in;
	struct glm *sub = glm_new(&train, g->loss, g->loss == LOSS_HUBER ? g->param * g->unit : g->param,
				  !lin_penalised(o), o->knots, g->threads);
	struct held h = { NEW(struct lin *, n), n, &test, NULL };
	descend(o, &s, sub, fmax(o->tol, FOLD_TOL), lambda, n, held_model, &h);
	held_loss(&h, g->threads, loss);
	for (size_t i = 0; i < n; i++)
		lin_free(h.model[i]);
	free(h.model);
	glm_free(sub);
	free(rows);
}

/* Mean and standard error over folds; loss (folds, n). */
static void summarise(size_t n, int32_t folds, const double *loss, double *cv)
{
	for (size_t i = 0; i < n; i++) {
		double mean = 0, ss = 0;
		for (int32_t f = 0; f < folds; f++)
			mean += loss[(size_t)f * n + i] / folds;
		for (int32_t f = 0; f < folds; f++) {
			double e = loss[(size_t)f * n + i] - mean;
			ss += e * e;
		}
		cv[2 * i] = mean;
		cv[2 * i + 1] = sqrt(ss / (folds - 1) / folds);
	}
}

static size_t choose(const struct lin_opts *o, size_t n, const double *cv)
{
	size_t best = 0, i = 0;
	for (size_t a = 1; a < n; a++)
		if (cv[2 * a] < cv[2 * best])
			best = a;
	if (strcmp(o->path_rule, "min") == 0)
		return best;
	while (cv[2 * i] > cv[2 * best] + cv[2 * best + 1])
		i++;
	return i;
}

struct kept {
	struct lin_path *path;
	double *theta;		/* (n, m) */
};

static void keep(void *ctx, size_t i, const struct glm *g, const double *theta)
{
	struct kept *k = ctx;
	memcpy(k->theta + i * g->m, theta, g->m * sizeof(*theta));
	lin_weights(g, theta, k->path->weight + i * g->k * g->ds->p, k->path->bias + i * g->k);
	k->path->terms[i] = 0;
	for (size_t a = 0; a < g->m; a++)
		k->path->terms[i] += a % g->q >= g->qd && theta[a] != 0;
}

void lin_path(const struct lin_opts *o, struct solve *s, struct glm *g, const struct run *run, double *theta,
	      struct lin_path *path)
{
	size_t n = (size_t)o->path, folds = (size_t)o->path_folds;
	double top = lambda_max(o, g), ratio = g->n > g->q ? RATIO_TALL : RATIO_WIDE;
	struct kept k = { path, NEW(double, n * g->m) };
	double *loss = NEW(double, folds * n);
	int32_t *fold = NEW(int32_t, g->n);
	path->n = n;
	path->lambda = NEW(double, n);
	path->cv = NEW(double, 2 * n);
	path->weight = NEW(double, n * g->k * g->ds->p);
	path->bias = NEW(double, n * g->k);
	path->terms = NEW(int64_t, n);
	for (size_t i = 0; i < n; i++)
		path->lambda[i] = n > 1 ? top * pow(ratio, (double)i / (double)(n - 1)) : top;
	lin_folds(g->d, rng_at(run->seed, "linear.path", 0), o->path_folds, fold);
	for (size_t f = 0; f < folds; f++)
		run_fold(o, *s, g, path->lambda, n, fold, (int32_t)f, loss + f * n);
	summarise(n, o->path_folds, loss, path->cv);
	path->chosen = choose(o, n, path->cv);
	descend(o, s, g, o->tol, path->lambda, n, keep, &k);
	memcpy(theta, k.theta + path->chosen * g->m, g->m * sizeof(*theta));
	glm_penalty(g, path->lambda[path->chosen] * o->mix, path->lambda[path->chosen] * (1 - o->mix), o->standardize);
	s->objective = glm_eval(g, theta, NULL) + glm_l1(g, theta);
	free(fold);
	free(loss);
	free(k.theta);
}
