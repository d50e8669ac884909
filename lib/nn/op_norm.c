/*
 * Normalisation: y = (x - mean) gamma / sqrt(var + eps) + beta, where mean and
 * var are of each channel over all rows (batch), over each row (instance), or
 * of each position over its channels (layer).
 *
 * Batch and instance norm are one code over `groups` of positions. A block of
 * positions is read from memory once and from the cache once more, for sums
 * around its own mean; blocks are put together in double. So the statistics
 * are good to 1e-6 in float, however many they are and wherever the mean lies.
 */
#include <math.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "nn/layers.h"
#include "nn/op.h"
#include "nn/wide.h"

#define BLOCK 32	/* times `wide` elements: what sums of reals go over before they are added in double */

/* Of batch and instance norm; parameters are weight, bias, running_mean, running_var, as many as there are. */
struct conf {
	size_t c, wide;
	size_t groups, n;	/* groups of n elements: n / c positions */
	double eps;
	bool relu;
};

/* While an op runs, in the lane's scratch. */
struct room {
	double *sum, *sum2, *mean, *m2, *gbeta, *ggamma;	/* (c), one after another */
	real *m, *a, *b, *s, *t;				/* (wide) */
};

#define ROOM_BYTES(c, wide) (6 * (c) * sizeof(double) + 5 * (wide) * sizeof(real))

static struct room room_of(const struct lane *l, size_t c, size_t wide)
{
	double *d = lane_scratch(l);
	real *r = (real *)(void *)(d + 6 * c);
	return (struct room){ d, d + c, d + 2 * c, d + 3 * c, d + 4 * c, d + 5 * c,
			      r, r + wide, r + 2 * wide, r + 3 * wide, r + 4 * wide };
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void zero(size_t n, double *x)
{
	memset(x, 0, n * sizeof(*x));
}

/* ---- loops over n elements, of which each row of `wide` meets the same arrays (wide) ---- */

/* s += x */
BODY void add_values(size_t n, size_t wide, const real *x, real *s)
{
	for (size_t at = 0; at < n; at += wide, x += wide) {
		size_t end = n - at < wide ? n - at : wide;
		EACH
		for (size_t j = 0; j < end; j++)
			s[j] += x[j];
	}
}

/* s += (x - m)^2 */
BODY void add_squares(size_t n, size_t wide, const real *x, const real *m, real *s)
{
	for (size_t at = 0; at < n; at += wide, x += wide) {
		size_t end = n - at < wide ? n - at : wide;
		EACH
		for (size_t j = 0; j < end; j++)
			s[j] += (x[j] - m[j]) * (x[j] - m[j]);
	}
}

/* y = relu((x - m) a + b + residual) */
BODY void scale_body(size_t n, size_t wide, const real *x, const struct room *r, const real *residual, real *y, bool relu)
{
	const real *m = r->m, *a = r->a, *b = r->b;
	for (size_t at = 0; at < n; at += wide) {
		size_t end = n - at < wide ? n - at : wide;
		const real *xr = x + at, *rr = residual ? residual + at : x;
		real *yr = y + at;
		EACH
		for (size_t j = 0; j < end; j++) {
			real v = (xr[j] - m[j]) * a[j] + b[j] + (residual ? rr[j] : 0);
			yr[j] = relu && 0 > v ? 0 : v;
		}
	}
}

WIDE static void scale(size_t n, size_t wide, const real *x, const struct room *r, const real *residual, real *y, bool relu)
{
	if (residual && relu)
		scale_body(n, wide, x, r, residual, y, true);
	else if (residual)
		scale_body(n, wide, x, r, residual, y, false);
	else if (relu)
		scale_body(n, wide, x, r, NULL, y, true);
	else
		scale_body(n, wide, x, r, NULL, y, false);
}

/* s += g, t += g (x - m), where g counts only where relu let through: y, or (x - m) a + b again, is positive */
enum mask { MASK_NONE, MASK_AGAIN, MASK_OUT };

BODY void sums_body(size_t n, size_t wide, const real *x, const real *y, real *g, const struct room *r, enum mask mask)
{
	const real *m = r->m, *a = r->a, *b = r->b;
	real *s = r->s, *t = r->t;
	for (size_t at = 0; at < n; at += wide) {
		size_t end = n - at < wide ? n - at : wide;
		const real *xr = x + at, *yr = y + at;
		real *gr = g + at;
		EACH
		for (size_t j = 0; j < end; j++) {
			real d = xr[j] - m[j], v = gr[j];
			if (mask == MASK_AGAIN)
				v = d * a[j] + b[j] > 0 ? v : 0;
			if (mask == MASK_OUT)
				gr[j] = v = yr[j] > 0 ? v : 0;
			s[j] += v;
			t[j] += v * d;
		}
	}
}

/* sum, sum2 (c) = the same over n elements, block by block. MASK_OUT leaves the masked gradient in g. */
BODY void block_sums(size_t n, size_t c, size_t wide, const real *x, const real *y, real *g, const struct room *r,
		     enum mask mask)
{
	size_t step = BLOCK * wide;
	zero(2 * c, r->sum);
	for (size_t at = 0; at < n; at += step) {
		memset(r->s, 0, wide * sizeof(real));
		memset(r->t, 0, wide * sizeof(real));
		sums_body(least(step, n - at), wide, x + at, y + at, g + at, r, mask);
		wide_fold(c, wide, r->s, r->sum);
		wide_fold(c, wide, r->t, r->sum2);
	}
}

WIDE static void sums(size_t n, size_t c, size_t wide, const real *x, const real *y, real *g, const struct room *r,
		      enum mask mask)
{
	if (mask == MASK_NONE)
		block_sums(n, c, wide, x, y, g, r, MASK_NONE);
	else if (mask == MASK_AGAIN)
		block_sums(n, c, wide, x, y, g, r, MASK_AGAIN);
	else
		block_sums(n, c, wide, x, y, g, r, MASK_OUT);
}

/* gx = or += a (g - s - (x - m) t), where again masks g */
BODY void back_body(size_t n, size_t wide, const real *x, const real *g, const struct room *r, real *gx, bool again,
		    bool add)
{
	const real *m = r->m, *a = r->a, *b = r->b, *s = r->s, *t = r->t;
	for (size_t at = 0; at < n; at += wide) {
		size_t end = n - at < wide ? n - at : wide;
		const real *xr = x + at, *gr = g + at;
		real *to = gx + at;
		EACH
		for (size_t j = 0; j < end; j++) {
			real d = xr[j] - m[j], v = gr[j];
			if (again)
				v = d * a[j] + b[j] > 0 ? v : 0;
			v = a[j] * (v - s[j] - d * t[j]);
			to[j] = add ? to[j] + v : v;
		}
	}
}

WIDE static void back(size_t n, size_t wide, const real *x, const real *g, const struct room *r, real *gx, bool again,
		      bool add)
{
	if (again && add)
		back_body(n, wide, x, g, r, gx, true, true);
	else if (again)
		back_body(n, wide, x, g, r, gx, true, false);
	else if (add)
		back_body(n, wide, x, g, r, gx, false, true);
	else
		back_body(n, wide, x, g, r, gx, false, false);
}

WIDE static void pass_on(size_t n, const real *g, real *to, bool add)
{
	EACH
	for (size_t i = 0; i < n; i++)
		to[i] = add ? to[i] + g[i] : g[i];
}

/* ---- batch and instance norm ---- */

/* mean, m2 (c) of x (n): the sum of squares around the mean. Chan, Golub and LeVeque 1979, eq. 2.1, block by block. */
WIDE static void moments(size_t n, size_t c, size_t wide, const real *x, const struct room *r)
{
	size_t step = BLOCK * wide;
	double *sum = r->sum, *sum2 = r->sum2, *mean = r->mean, *m2 = r->m2;
	zero(c, mean);
	zero(c, m2);
	for (size_t at = 0; at < n; at += step) {
		size_t len = least(step, n - at);
		double before = (double)(at / c), here = (double)(len / c), one = 1 / here, share = here / (before + here);
		memset(r->s, 0, wide * sizeof(real));
		memset(r->t, 0, wide * sizeof(real));
		zero(2 * c, sum);
		add_values(len, wide, x + at, r->s);
		wide_fold(c, wide, r->s, sum);
		for (size_t j = 0; j < c; j++)
			r->a[j] = (real)(sum[j] * one);
		wide_spread(c, wide, r->a, r->m);
		add_squares(len, wide, x + at, r->m, r->t);
		wide_fold(c, wide, r->t, sum2);
		EACH
		for (size_t j = 0; j < c; j++) {
			double d = sum[j] * one - mean[j];
			mean[j] += d * share;
			m2[j] += sum2[j] + d * d * before * share;
		}
	}
}

/* What forward leaves for each group: mean, 1 / sqrt(var + eps), var as running_var wants it; (3, c). */
static real *kept(const struct node *nd, const struct lane *l, size_t group)
{
	const struct conf *f = nd->conf;
	return (real *)node_work(nd, l) + group * 3 * f->c;
}

/* Running statistics stand for those of this run: in prediction, and where they are frozen. */
static bool by_running(const struct node *nd)
{
	return nd->nparam == 4 && (nd->g->mode == GRAPH_PREDICT || nd->param[2]->frozen);
}

static void keep_statistics(const struct node *nd, const real *x, const struct room *r, real *keep)
{
	const struct conf *f = nd->conf;
	size_t c = f->c;
	double n = (double)(f->n / c);
	bool running = by_running(nd);
	if (!running)
		moments(f->n, c, f->wide, x, r);
	for (size_t j = 0; j < c; j++) {
		double mean = running ? (double)node_param(nd, 2)[j] : r->mean[j];
		double var = running ? (double)node_param(nd, 3)[j] : r->m2[j] / n;
		keep[j] = (real)mean;
		keep[c + j] = (real)(1 / sqrt(var + f->eps));
		keep[2 * c + j] = (real)(running || n < 2 ? var : r->m2[j] / (n - 1));
	}
}

/* m = mean, a = gamma / sqrt(var + eps), b = beta */
static void affine(const struct node *nd, const real *keep, const struct room *r)
{
	const struct conf *f = nd->conf;
	size_t c = f->c;
	const real *gamma = nd->nparam ? node_param(nd, 0) : NULL, *beta = nd->nparam ? node_param(nd, 1) : NULL;
	for (size_t j = 0; j < c; j++) {
		r->s[j] = gamma ? gamma[j] * keep[c + j] : keep[c + j];
		r->t[j] = beta ? beta[j] : 0;
	}
	wide_spread(c, f->wide, keep, r->m);
	wide_spread(c, f->wide, r->s, r->a);
	wide_spread(c, f->wide, r->t, r->b);
}

static void norm_ready(struct node *nd)
{
	const struct conf *f = nd->conf;
	nd->work = f->groups * 3 * f->c * sizeof(real);
	nd->scratch = ROOM_BYTES(f->c, f->wide);
}

static void norm_forward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	struct room r = room_of(l, f->c, f->wide);
	const real *x = in_x(nd, l, 0), *residual = nd->nin > 1 ? in_x(nd, l, 1) : NULL;
	real *y = node_x(l, nd);
	for (size_t g = 0; g < f->groups; g++) {
		size_t at = g * f->n;
		real *keep = kept(nd, l, g);
		keep_statistics(nd, x + at, &r, keep);
		affine(nd, keep, &r);
		scale(f->n, f->wide, x + at, &r, residual ? residual + at : NULL, y + at, f->relu);
	}
}

/* The gradient of parameter k from sums (c), where it is wanted. */
static void give(const struct node *nd, const struct lane *l, int k, size_t c, const double *from)
{
	real *to = nd->nparam > k ? node_param_g(nd, l, k) : NULL;
	bool add = to && node_param_adds(nd, k);
	for (size_t j = 0; to && j < c; j++)
		to[j] = (real)(add ? (double)to[j] + from[j] : from[j]);
}

/*
 * Ioffe and Szegedy 2015, section 3, with d = x - mean and i = 1 / sqrt(var + eps) over n positions:
 * gx = gamma i (g - sum(g) / n - d i^2 sum(g d) / n); of running statistics, which no x changes: gx = gamma i g.
 */
static void group_backward(const struct node *nd, struct lane *l, size_t group, const struct room *r)
{
	const struct conf *f = nd->conf;
	size_t at = group * f->n, c = f->c;
	const real *x = in_x(nd, l, 0) + at, *y = node_x(l, nd) + at, *keep = kept(nd, l, group);
	real *g = node_g(l, nd) + at, *gx = in_g(nd, l, 0);
	enum mask mask = !f->relu ? MASK_NONE : nd->nin > 1 ? MASK_OUT : MASK_AGAIN;
	affine(nd, keep, r);
	sums(f->n, c, f->wide, x, y, g, r, mask);
	double n = (double)(f->n / c);
	bool running = by_running(nd);
	for (size_t j = 0; j < f->wide; j++) {
		double i = (double)keep[c + j % c];
		r->s[j] = running ? 0 : (real)(r->sum[j % c] / n);
		r->t[j] = running ? 0 : (real)(r->sum2[j % c] * i * i / n);
	}
	for (size_t j = 0; j < c; j++) {
		r->gbeta[j] += r->sum[j];
		r->ggamma[j] += r->sum2[j] * (double)keep[c + j];
	}
	if (gx)
		back(f->n, f->wide, x, g, r, gx + at, mask == MASK_AGAIN, !node_first(nd, 0));
}

static void norm_backward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	size_t c = f->c;
	struct room r = room_of(l, c, f->wide);
	zero(c, r.gbeta);
	zero(c, r.ggamma);
	for (size_t g = 0; g < f->groups; g++)
		group_backward(nd, l, g, &r);
	give(nd, l, 0, c, r.ggamma);
	give(nd, l, 1, c, r.gbeta);
	if (nd->nparam == 4) {
		memcpy(node_param_g(nd, l, 2), kept(nd, l, 0), c * sizeof(real));
		memcpy(node_param_g(nd, l, 3), kept(nd, l, 0) + 2 * c, c * sizeof(real));
	}
	real *to = nd->nin > 1 ? in_g(nd, l, 1) : NULL;
	if (to && to != node_g(l, nd))
		pass_on(nd->size, node_g(l, nd), to, !node_first(nd, 1));
}

static const struct op op_batchnorm = {
	.name = "batchnorm", .ready = norm_ready, .forward = norm_forward, .backward = norm_backward,
	.reads = READS_IN0, .in_place = true,
};

static const struct op op_instancenorm = {
	.name = "instancenorm", .ready = norm_ready, .forward = norm_forward, .backward = norm_backward,
	.reads = READS_IN0, .in_place = true,
};

static struct conf conf_of(const struct node *x, size_t groups, double eps, bool relu)
{
	size_t c = shape_channels(&x->shape);
	return (struct conf){ .c = c, .wide = wide_of(c), .groups = groups, .n = x->size / groups, .eps = eps, .relu = relu };
}

struct node *nn_batchnorm(struct node *x, const char *name, double eps, struct node *residual, bool relu)
{
	struct graph *g = x->g;
	struct conf f = conf_of(x, 1, eps, relu);
	struct param *p[] = {
		param_of(g, name, "weight", PARAM_SPARED, 1, &f.c), param_of(g, name, "bias", PARAM_SPARED, 1, &f.c),
		param_of(g, name, "running_mean", PARAM_BUFFER, 1, &f.c), param_of(g, name, "running_var", PARAM_BUFFER, 1, &f.c),
		NULL,
	};
	if (residual && (residual->size != x->size || residual == x))
		bug("%s: the residual is not of its input's shape, or is its input", name);
	if (g->mode == GRAPH_PREDICT && conv_fold(x, p, eps, residual, relu))
		return x;
	struct node *nd = graph_add(g, &op_batchnorm, (struct node *[]){ x, residual, NULL }, p, x->shape, &f, sizeof(f));
	if (residual) {
		nd->alias = 1;	/* its gradient is ours, masked */
		nd->reads |= relu ? READS_OUT : 0;
	}
	return nd;
}

struct node *nn_instancenorm(struct node *x, const char *name, double eps)
{
	struct conf f = conf_of(x, x->shape.d[0], eps, false);
	struct param *p[3] = { NULL };
	if (name) {
		p[0] = param_of(x->g, name, "weight", PARAM_SPARED, 1, &f.c);
		p[1] = param_of(x->g, name, "bias", PARAM_SPARED, 1, &f.c);
	}
	return graph_add(x->g, &op_instancenorm, (struct node *[]){ x, NULL }, p, x->shape, &f, sizeof(f));
}

/* ---- layer norm ---- */

static void layer_ready(struct node *nd)
{
	size_t c = shape_channels(&nd->shape);
	nd->work = nd->size / c * 2 * sizeof(real);	/* mean and 1 / sqrt(var + eps) of each position */
	nd->scratch = 2 * c * sizeof(double);
}

static void layer_forward(const struct node *nd, struct lane *l)
{
	double eps = *(const double *)nd->conf;
	size_t c = shape_channels(&nd->shape);
	const real *x = in_x(nd, l, 0), *gamma = node_param(nd, 0), *beta = node_param(nd, 1);
	real *y = node_x(l, nd), *keep = node_work(nd, l);
	for (size_t i = 0; i < nd->size; i += c, keep += 2) {
		double mean = 0, m2 = 0;
		for (size_t j = 0; j < c; j++)
			mean += (double)x[i + j] / (double)c;
		for (size_t j = 0; j < c; j++)
			m2 += ((double)x[i + j] - mean) * ((double)x[i + j] - mean);
		keep[0] = (real)mean;
		keep[1] = (real)(1 / sqrt(m2 / (double)c + eps));
		for (size_t j = 0; j < c; j++)
			y[i + j] = (x[i + j] - keep[0]) * keep[1] * gamma[j] + beta[j];
	}
}

/* Ba, Kiros and Hinton 2016: gx = i (u - mean(u) - z mean(u z)) with u = g gamma and z = (x - mean) i. */
static void layer_backward(const struct node *nd, struct lane *l)
{
	size_t c = shape_channels(&nd->shape);
	const real *x = in_x(nd, l, 0), *gamma = node_param(nd, 0), *keep = node_work(nd, l), *g = node_g(l, nd);
	real *gx = in_g(nd, l, 0);
	double *ggamma = lane_scratch(l), *gbeta = ggamma + c;
	bool add = gx && !node_first(nd, 0);
	zero(2 * c, ggamma);
	for (size_t i = 0; i < nd->size; i += c, keep += 2) {
		double u = 0, uz = 0;
		for (size_t j = 0; j < c; j++) {
			double z = (double)((x[i + j] - keep[0]) * keep[1]), gj = (double)g[i + j];
			gbeta[j] += gj;
			ggamma[j] += gj * z;
			u += gj * (double)gamma[j] / (double)c;
			uz += gj * (double)gamma[j] * z / (double)c;
		}
		for (size_t j = 0; gx && j < c; j++) {
			real v = keep[1] * (g[i + j] * gamma[j] - (real)u - (x[i + j] - keep[0]) * keep[1] * (real)uz);
			gx[i + j] = add ? gx[i + j] + v : v;
		}
	}
	give(nd, l, 0, c, ggamma);
	give(nd, l, 1, c, gbeta);
}

static const struct op op_layernorm = {
	.name = "layernorm", .ready = layer_ready, .forward = layer_forward, .backward = layer_backward,
	.reads = READS_IN0, .in_place = true,
};

struct node *nn_layernorm(struct node *x, const char *name, double eps)
{
	size_t c = shape_channels(&x->shape);
	struct param *p[] = {
		param_of(x->g, name, "weight", PARAM_SPARED, 1, &c), param_of(x->g, name, "bias", PARAM_SPARED, 1, &c), NULL,
	};
	return graph_add(x->g, &op_layernorm, (struct node *[]){ x, NULL }, p, x->shape, &eps, sizeof(eps));
}
