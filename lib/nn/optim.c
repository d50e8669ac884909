#include "nn/optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "nn/wide.h"

#define CHUNK ((size_t)1 << 15)	/* elements; 10 us and more of work */
#define SQRT(x) _Generic((x), float: sqrtf, double: sqrt)(x)
#define REAL_TYPE _Generic((real)0, float: DT_F32, double: DT_F64)

struct optim_conf optim_usual(enum optim_kind kind)
{
	struct optim_conf c = { .kind = kind, .b1 = 0.9, .b2 = 0.999, .eps = 1e-8 };
	if (kind == OPTIM_ADAMW)
		c.decay = 0.01;
	if (kind == OPTIM_RMSPROP)
		c.b2 = 0.99;
	return c;
}

struct optim *optim_new(struct params *ps, struct optim_conf conf)
{
	struct optim *o = NEW0(struct optim, 1);
	bool adam = conf.kind == OPTIM_ADAM || conf.kind == OPTIM_ADAMW;
	o->conf = conf;
	o->ps = ps;
	o->chunks = (ps->size + CHUNK - 1) / CHUNK;
	o->sums = NEW0(double, o->chunks);
	o->steps = NEW0(int64_t, ps->n);
	if (adam || conf.momentum != 0)
		o->m = NEW0(real, ps->size);
	if (conf.kind != OPTIM_SGD)
		o->v = NEW0(real, ps->size);
	if (conf.average != 0)
		o->mean = mem_copy(ps->x, ps->size, sizeof(real));
	return o;
}

void optim_free(struct optim *o)
{
	if (!o)
		return;
	free(o->m);
	free(o->v);
	free(o->mean);
	free(o->steps);
	free(o->sums);
	free(o);
}

/* ---- the loops: n entries of one parameter ---- */

struct part {
	size_t n;
	const real *g;
	real *x, *m, *v;
};

/* What a step is, as reals: rate, decay and what the gradient is multiplied by and cut to. */
struct pace {
	real rate, decay, scale, cut;
	real momentum, b1, b2, eps, root;	/* root: sqrt(1 - b2^t); adam's rate has 1 - b1^t in it */
	bool nesterov;
};

static inline real clipped(const struct pace *p, real g)
{
	g *= p->scale;
	g = g > p->cut ? p->cut : g;
	return g < -p->cut ? -p->cut : g;
}

WIDE static void step_plain(struct part s, struct pace p)
{
	for (size_t i = 0; i < s.n; i++)
		s.x[i] -= p.rate * (clipped(&p, s.g[i]) + p.decay * s.x[i]);
}

WIDE static void step_momentum(struct part s, struct pace p)
{
	real *restrict x = s.x, *restrict m = s.m, own = p.nesterov ? 1 : 0, past = p.nesterov ? p.momentum : 1;
	for (size_t i = 0; i < s.n; i++) {
		real g = clipped(&p, s.g[i]) + p.decay * x[i];
		m[i] = p.momentum * m[i] + g;
		x[i] -= p.rate * (own * g + past * m[i]);
	}
}

/* keep: what adamw leaves of x. */
WIDE static void step_adam(struct part s, struct pace p, real keep)
{
	real *restrict x = s.x, *restrict m = s.m, *restrict v = s.v;
	for (size_t i = 0; i < s.n; i++) {
		real g = clipped(&p, s.g[i]) + p.decay * x[i];
		m[i] = p.b1 * m[i] + (1 - p.b1) * g;
		v[i] = p.b2 * v[i] + (1 - p.b2) * g * g;
		x[i] = keep * x[i] - p.rate * m[i] / (SQRT(v[i]) / p.root + p.eps);
	}
}

WIDE static void step_rmsprop(struct part s, struct pace p)
{
	real *restrict x = s.x, *restrict v = s.v;
	for (size_t i = 0; i < s.n; i++) {
		real g = clipped(&p, s.g[i]) + p.decay * x[i];
		v[i] = p.b2 * v[i] + (1 - p.b2) * g * g;
		x[i] -= p.rate * g / (SQRT(v[i]) + p.eps);
	}
}

WIDE static void step_rmsprop_momentum(struct part s, struct pace p)
{
	real *restrict x = s.x, *restrict m = s.m, *restrict v = s.v;
	for (size_t i = 0; i < s.n; i++) {
		real g = clipped(&p, s.g[i]) + p.decay * x[i];
		v[i] = p.b2 * v[i] + (1 - p.b2) * g * g;
		m[i] = p.momentum * m[i] + g / (SQRT(v[i]) + p.eps);
		x[i] -= p.rate * m[i];
	}
}

/* x = (1 - a) x + a y: buffers, and the mean of weights. */
WIDE static void mix(size_t n, real a, const real *restrict y, real *restrict x)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (1 - a) * x[i] + a * y[i];
}

#define SUMS 8
WIDE static double squares(size_t n, const real *g)
{
	double s[SUMS] = { 0 }, t = 0;
	size_t i = 0;
	for (; i + SUMS <= n; i += SUMS)
		for (size_t j = 0; j < SUMS; j++)
			s[j] += (double)g[i + j] * (double)g[i + j];
	for (; i < n; i++)
		t += (double)g[i] * (double)g[i];
	return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7])) + t;
}

/* ---- chunks ---- */

struct task {
	struct optim *o;
	const real *g;
	double rate, scale;
	real fresh;		/* of the weights that the mean takes in */
};

/* Of parameter k, the n numbers from place `at` of the flat vector on. */
typedef void part_fn(struct task *t, const struct param *p, size_t k, size_t at, size_t n);

/* Calls fn for the part of each parameter that lies in the chunk. */
static void each_part(struct task *t, size_t chunk, part_fn *fn)
{
	const struct params *ps = t->o->ps;
	size_t from = chunk * CHUNK, to = from + CHUNK < ps->size ? from + CHUNK : ps->size, lo = 0, hi = ps->n;
	while (lo < hi) {	/* the first parameter that ends behind `from` */
		size_t mid = (lo + hi) / 2;
		if (ps->p[mid]->at + ps->p[mid]->n > from)
			hi = mid;
		else
			lo = mid + 1;
	}
	for (size_t k = lo; k < ps->n && ps->p[k]->at < to; k++) {
		const struct param *p = ps->p[k];
		size_t first = p->at > from ? p->at : from, end = p->at + p->n < to ? p->at + p->n : to;
		if (end > first)
			fn(t, p, k, first, end - first);
	}
}

static void part_squares(struct task *t, const struct param *p, size_t k, size_t at, size_t n)
{
	(void)k;
	if (!p->frozen && p->kind != PARAM_BUFFER)
		t->o->sums[at / CHUNK] += squares(n, t->g + at);
}

static void chunk_squares(void *ctx, size_t chunk, int worker)
{
	struct task *t = ctx;
	(void)worker;
	t->o->sums[chunk] = 0;
	each_part(t, chunk, part_squares);
}

static struct pace pace_of(const struct task *t, const struct param *p, int64_t step)
{
	const struct optim_conf *c = &t->o->conf;
	double rate = t->rate * p->rate;
	struct pace q = { .rate = (real)rate, .scale = (real)t->scale, .cut = (real)(c->clip_value > 0 ? c->clip_value : INFINITY),
			  .decay = (real)(p->kind == PARAM_SPARED || c->kind == OPTIM_ADAMW ? 0 : c->decay),
			  .momentum = (real)c->momentum, .nesterov = c->nesterov,
			  .b1 = (real)c->b1, .b2 = (real)c->b2, .eps = (real)c->eps };
	if (c->kind == OPTIM_ADAM || c->kind == OPTIM_ADAMW) {
		q.rate = (real)(rate / (1 - pow(c->b1, (double)step)));
		q.root = (real)sqrt(1 - pow(c->b2, (double)step));
	}
	return q;
}

static void part_step(struct task *t, const struct param *p, size_t k, size_t at, size_t n)
{
	struct optim *o = t->o;
	const struct optim_conf *c = &o->conf;
	struct part s = { n, t->g + at, o->ps->x + at, o->m ? o->m + at : NULL, o->v ? o->v + at : NULL };
	struct pace q = pace_of(t, p, o->steps[k]);
	if (p->frozen)
		return;
	if (p->kind == PARAM_BUFFER)
		mix(n, (real)p->rate, s.g, s.x);
	else if (c->kind == OPTIM_SGD && !s.m)
		step_plain(s, q);
	else if (c->kind == OPTIM_SGD)
		step_momentum(s, q);
	else if (c->kind == OPTIM_RMSPROP && !s.m)
		step_rmsprop(s, q);
	else if (c->kind == OPTIM_RMSPROP)
		step_rmsprop_momentum(s, q);
	else
		step_adam(s, q, (real)(c->kind == OPTIM_ADAMW && p->kind != PARAM_SPARED ? 1 - t->rate * p->rate * c->decay : 1));
}

static void chunk_step(void *ctx, size_t chunk, int worker)
{
	struct task *t = ctx;
	const struct optim *o = t->o;
	size_t from = chunk * CHUNK, n = o->ps->size - from < CHUNK ? o->ps->size - from : CHUNK;
	(void)worker;
	each_part(t, chunk, part_step);
	if (o->mean)
		mix(n, t->fresh, o->ps->x + from, o->mean + from);
}

double optim_step(struct optim *o, const real *g, double rate, int threads)
{
	struct task t = { .o = o, .g = g, .rate = rate, .scale = 1 };
	double norm = 0, clip = o->conf.clip_norm, n = (double)(o->averaged + 1);
	par_for(threads, o->chunks, chunk_squares, &t);
	for (size_t i = 0; i < o->chunks; i++)
		norm += o->sums[i];
	norm = sqrt(norm);
	if (!isfinite(norm))
		return norm;
	if (clip > 0)
		t.scale = fmin(1, clip / (norm + 1e-6));	/* as PyTorch's clip_grad_norm_() */
	for (size_t k = 0; k < o->ps->n; k++)
		o->steps[k] += !o->ps->p[k]->frozen;
	if (o->mean) {
		t.fresh = (real)(1 - fmin(o->conf.average, (1 + n) / (10 + n)));
		o->averaged++;
	}
	par_for(threads, o->chunks, chunk_step, &t);
	return norm;
}

void optim_swap(struct optim *o)
{
	for (size_t i = 0; o->mean && i < o->ps->size; i++) {
		real x = o->ps->x[i];
		o->ps->x[i] = o->mean[i];
		o->mean[i] = x;
	}
}

/* ---- checkpoints ---- */

static void put(struct store *st, const char *name, size_t n, const real *x)
{
	if (x)
		store_put1(st, name, REAL_TYPE, n, x);
}

static void get(const struct store *st, const char *name, size_t n, real *x)
{
	if (x)
		memcpy(x, store_get1(st, name, REAL_TYPE, &n), n * sizeof(*x));
}

void optim_save(const struct optim *o, struct store *st)
{
	put(st, "optim.m", o->ps->size, o->m);
	put(st, "optim.v", o->ps->size, o->v);
	put(st, "optim.mean", o->ps->size, o->mean);
	store_put1(st, "optim.steps", DT_I64, o->ps->n, o->steps);
	store_put1(st, "optim.averaged", DT_I64, 1, &o->averaged);
}

void optim_load(struct optim *o, const struct store *st)
{
	size_t n = o->ps->n, one = 1;
	get(st, "optim.m", o->ps->size, o->m);
	get(st, "optim.v", o->ps->size, o->v);
	get(st, "optim.mean", o->ps->size, o->mean);
	memcpy(o->steps, store_get1(st, "optim.steps", DT_I64, &n), n * sizeof(*o->steps));
	for (size_t k = 0; k < n; k++)
		if (o->steps[k] < 0)
			store_bad(st, "optim.steps is negative");
	memcpy(&o->averaged, store_get1(st, "optim.averaged", DT_I64, &one), sizeof(o->averaged));
	if (o->averaged < 0)
		store_bad(st, "optim.averaged is negative");
}
