/*
 * Activations, softmax and dropout: element by element (softmax: position by
 * position), so that all run in place where nothing else needs their input.
 */
#include <math.h>
#include <tgmath.h>

#include "base/die.h"
#include "nn/layers.h"
#include "nn/op.h"
#include "nn/wide.h"

/* y (n) = VALUE of x and the op's number a; gx = or += g SLOPE, of x (only where the op reads it), y and a. */
#define ACT(NAME, VALUE, SLOPE) \
	WIDE static void NAME##_values(size_t n, const real *from, real *to, real a) \
	{ \
		(void)a; \
		EACH \
		for (size_t i = 0; i < n; i++) { \
			real x = from[i]; \
			to[i] = VALUE; \
		} \
	} \
	WIDE static void NAME##_slopes(size_t n, const real *xs, const real *ys, const real *g, real *gx, real a, bool add) \
	{ \
		(void)a; \
		EACH \
		for (size_t i = 0; i < n; i++) { \
			real x = xs[i], y = ys[i], v = g[i] * (SLOPE); \
			(void)x, (void)y; \
			gx[i] = add ? gx[i] + v : v; \
		} \
	} \
	static void NAME##_forward(const struct node *nd, struct lane *l) \
	{ \
		NAME##_values(nd->size, in_x(nd, l, 0), node_x(l, nd), *(const real *)nd->conf); \
	} \
	static void NAME##_backward(const struct node *nd, struct lane *l) \
	{ \
		NAME##_slopes(nd->size, in_x(nd, l, 0), node_x(l, nd), node_g(l, nd), in_g(nd, l, 0), *(const real *)nd->conf, \
			      !node_first(nd, 0)); \
	}
#define ROW(NAME, READS) \
	{ .name = #NAME, .forward = NAME##_forward, .backward = NAME##_backward, .reads = READS, .in_place = true }

#define HALF ((real)0.5)
#define SQRT1_2 ((real)0.70710678118654752440)
#define DENSITY ((real)0.39894228040143267794)	/* 1 / sqrt(2 pi) */

/* NaN stays NaN in all. */
ACT(relu, 0 > x ? 0 : x, y > 0 ? (real)1 : 0)
ACT(relu6, 0 > x ? 0 : 6 < x ? 6 : x, y > 0 && y < 6 ? (real)1 : 0)
ACT(leaky, 0 > x ? a * x : x, y > 0 ? (real)1 : a)
ACT(elu, 0 > x ? expm1(x) : x, y > 0 ? (real)1 : y + 1)
ACT(sigmoid, 1 / (1 + exp(-x)), y * (1 - y))
ACT(tanh, tanh(x), 1 - y * y)
ACT(gelu, x * HALF * (1 + erf(x * SQRT1_2)), HALF * (1 + erf(x * SQRT1_2)) + x * DENSITY * exp(-HALF * x * x))
ACT(silu, x / (1 + exp(-x)), (1 + x * (1 - 1 / (1 + exp(-x)))) / (1 + exp(-x)))
ACT(hardswish, -3 > x ? 0 : 3 < x ? x : x * (x + 3) / 6, -3 > x ? 0 : 3 < x ? (real)1 : (2 * x + 3) / 6)

static const struct op op_acts[] = {
	[ACT_RELU] = ROW(relu, READS_OUT), [ACT_RELU6] = ROW(relu6, READS_OUT), [ACT_LEAKY] = ROW(leaky, READS_OUT),
	[ACT_ELU] = ROW(elu, READS_OUT), [ACT_SIGMOID] = ROW(sigmoid, READS_OUT), [ACT_TANH] = ROW(tanh, READS_OUT),
	[ACT_GELU] = ROW(gelu, READS_IN0), [ACT_SILU] = ROW(silu, READS_IN0), [ACT_HARDSWISH] = ROW(hardswish, READS_IN0),
};

static struct node *add_act(struct node *x, enum act a, double number)
{
	real r = (real)number;
	return graph_add(x->g, &op_acts[a], (struct node *[]){ x, NULL }, NULL, x->shape, &r, sizeof(r));
}

struct node *nn_act(struct node *x, enum act a)
{
	return a == ACT_NONE ? x : add_act(x, a, 0.01);
}

struct node *nn_leaky(struct node *x, double slope)
{
	if (!(slope > 0))
		bug("a leaky relu of slope %g", slope);
	return add_act(x, ACT_LEAKY, slope);
}

/* ---- softmax ---- */

static void softmax_forward(const struct node *nd, struct lane *l)
{
	size_t c = shape_channels(&nd->shape);
	const real *x = in_x(nd, l, 0);
	real *y = node_x(l, nd);
	for (size_t i = 0; i < nd->size; i += c) {
		real most = x[i];
		double sum = 0;
		for (size_t j = 1; j < c; j++)
			most = x[i + j] > most ? x[i + j] : most;
		for (size_t j = 0; j < c; j++)
			sum += (double)(y[i + j] = exp(x[i + j] - most));
		for (size_t j = 0; j < c; j++)
			y[i + j] *= (real)(1 / sum);
	}
}

/* gx = y (g - sum of g y) */
static void softmax_backward(const struct node *nd, struct lane *l)
{
	size_t c = shape_channels(&nd->shape);
	const real *y = node_x(l, nd), *g = node_g(l, nd);
	real *gx = in_g(nd, l, 0);
	bool add = !node_first(nd, 0);
	for (size_t i = 0; i < nd->size; i += c) {
		double sum = 0;
		for (size_t j = 0; j < c; j++)
			sum += (double)g[i + j] * (double)y[i + j];
		for (size_t j = 0; j < c; j++) {
			real v = y[i + j] * (g[i + j] - (real)sum);
			gx[i + j] = add ? gx[i + j] + v : v;
		}
	}
}

static const struct op op_softmax = {
	.name = "softmax", .forward = softmax_forward, .backward = softmax_backward, .reads = READS_OUT, .in_place = true,
};

struct node *nn_softmax(struct node *x)
{
	return graph_add(x->g, &op_softmax, (struct node *[]){ x, NULL }, NULL, x->shape, NULL, 0);
}

/* ---- dropout: Srivastava et al. 2014, scaled while training ---- */

/*
 * A value is dropped where 16 random bits are below `drop`, so that four need
 * one draw: p is good to 1e-5, and scale is exact for what it became.
 */
struct drop {
	unsigned drop;
	real scale;
	size_t positions, c;	/* a row's mask of c values holds for each of its positions; of single values: 1, all */
};

#define DRAW 1024	/* a multiple of 4 */

WIDE static void below(size_t n, const uint16_t *bits, unsigned drop, uint8_t *keep)
{
	for (size_t i = 0; i < n; i++)
		keep[i] = bits[i] >= drop;
}

/* keep (n): 1, or 0 for what is dropped. */
static void draw(struct rng *r, size_t n, unsigned drop, uint8_t *keep)
{
	uint16_t bits[DRAW];
	for (size_t at = 0; at < n; at += DRAW) {
		size_t end = n - at < DRAW ? n - at : DRAW;
		for (size_t i = 0; i < end; i += 4) {
			uint64_t u = rng_u64(r);
			bits[i] = (uint16_t)u;
			bits[i + 1] = (uint16_t)(u >> 16);
			bits[i + 2] = (uint16_t)(u >> 32);
			bits[i + 3] = (uint16_t)(u >> 48);
		}
		below(end, bits, drop, keep + at);
	}
}

/* y (n) = or += x scale where kept, 0 elsewhere; mask (c) holds for all rows of c */
WIDE static void masked(size_t n, size_t c, const uint8_t *keep, const real *x, real *y, real scale, bool add)
{
	for (size_t at = 0; at < n; at += c)
		EACH
		for (size_t j = 0; j < c; j++) {
			real v = keep[j] ? x[at + j] * scale : 0;
			y[at + j] = add ? y[at + j] + v : v;
		}
}

static void masked_rows(const struct node *nd, const struct lane *l, const real *x, real *y, bool add)
{
	const struct drop *d = nd->conf;
	const uint8_t *keep = node_work(nd, l);
	size_t n = d->positions * d->c;
	for (size_t at = 0; at < nd->size; at += n, keep += d->c)
		masked(n, d->c, keep, x + at, y + at, d->scale, add);
}

static void dropout_ready(struct node *nd)
{
	nd->work = nd->size / ((const struct drop *)nd->conf)->positions;
}

static void dropout_forward(const struct node *nd, struct lane *l)
{
	draw(&l->rng, nd->work, ((const struct drop *)nd->conf)->drop, node_work(nd, l));
	masked_rows(nd, l, in_x(nd, l, 0), node_x(l, nd), false);
}

static void dropout_backward(const struct node *nd, struct lane *l)
{
	masked_rows(nd, l, node_g(l, nd), in_g(nd, l, 0), !node_first(nd, 0));
}

static const struct op op_dropout = {
	.name = "dropout", .ready = dropout_ready, .forward = dropout_forward, .backward = dropout_backward, .in_place = true,
};

static struct node *add_dropout(struct node *x, double p, size_t positions)
{
	if (!(p >= 0 && p < 1))
		bug("dropout of %g", p);
	unsigned drop = (unsigned)(p * 65536 + 0.5);
	if (x->g->mode == GRAPH_PREDICT || !drop)
		return x;
	drop = drop > 65535 ? 65535 : drop;
	struct drop d = { drop, (real)(65536.0 / (65536 - drop)), positions, x->size / x->shape.d[0] / positions };
	return graph_add(x->g, &op_dropout, (struct node *[]){ x, NULL }, NULL, x->shape, &d, sizeof(d));
}

struct node *nn_dropout(struct node *x, double p)
{
	return add_dropout(x, p, 1);
}

struct node *nn_dropout_channels(struct node *x, double p)
{
	return add_dropout(x, p, x->size / x->shape.d[0] / shape_channels(&x->shape));
}
