/*
 * Losses of single values: each element x has its own target t. The binary
 * ones are from logits and by softplus forms, so that any size gives finite
 * numbers. What a loss is stands in a function that gives the loss and its
 * derivative by x.
 */
#include <math.h>

#include "base/die.h"
#include "nn/layers.h"
#include "nn/op.h"

typedef double element_fn(const struct loss_conf *c, double x, double t, double *d);

static double l1(const struct loss_conf *c, double x, double t, double *d)
{
	(void)c;
	*d = x > t ? 1 : x < t ? -1 : 0;
	return fabs(x - t);
}

static double l2(const struct loss_conf *c, double x, double t, double *d)
{
	(void)c;
	*d = 2 * (x - t);
	return (x - t) * (x - t);
}

/* Huber 1964: r = x - t: r^2 / 2 within |r| <= delta, else delta (|r| - delta / 2). */
static double huber(const struct loss_conf *c, double x, double t, double *d)
{
	double r = x - t, a = fabs(r);
	*d = a <= c->delta ? r : r > 0 ? c->delta : -c->delta;
	return a <= c->delta ? 0.5 * r * r : c->delta * (a - 0.5 * c->delta);
}

/* p = 1 / (1 + exp(-x)) and q = 1 - p, each without a difference; returns log(1 + exp(-|x|)). */
static double sigmoid(double x, double *p, double *q)
{
	double e = exp(-fabs(x)), s = 1 / (1 + e);
	*p = x >= 0 ? s : e * s;
	*q = x >= 0 ? e * s : s;
	return log1p(e);
}

/* -t log p - (1 - t) log q = max(x, 0) - t x + log(1 + exp(-|x|)); derivative p - t. */
static double binary_cross_entropy(const struct loss_conf *c, double x, double t, double *d)
{
	double p, q, rest = sigmoid(x, &p, &q);
	(void)c;
	*d = t * -q + (1 - t) * p;
	return fmax(x, 0) - t * x + rest;
}

/*
 * Lin et al. 2017, eq. 5: a u^gamma B with B the cross-entropy, u = t q + (1 - t) p what is missing at the target and
 * a = t alpha + (1 - t) (1 - alpha); u' = (1 - 2 t) p q.
 */
static double binary_focal(const struct loss_conf *c, double x, double t, double *d)
{
	double p, q, slope, loss;
	sigmoid(x, &p, &q);
	loss = binary_cross_entropy(c, x, t, &slope);
	double u = t * q + (1 - t) * p, power = pow(u, c->gamma), a = c->alpha < 0 ? 1 : t * c->alpha + (1 - t) * (1 - c->alpha);
	*d = a * slope * power;
	if (c->gamma > 0 && u > 0)
		*d += a * loss * c->gamma * power / u * (1 - 2 * t) * p * q;
	return a * power * loss;
}

/* ---- the nodes ---- */

struct elements {
	struct loss_conf c;
	element_fn *fn;
	size_t per_weight;	/* elements that share a weight */
	size_t channels;	/* of class_weight */
	double share;		/* of an element */
	bool binary;		/* ignore and class_weight count; targets get no gradient */
};

/* What the loss of element i is multiplied by. */
static double weight_of(const struct elements *f, const struct lane *l, const real *weight, size_t i, double t)
{
	double w = f->share / l->norm;
	if (weight)
		w *= (double)weight[i / f->per_weight];
	if (f->binary && t == f->c.ignore)
		return 0;
	return f->binary && f->c.class_weight ? w * (double)f->c.class_weight[i % f->channels] : w;
}

static void elements_forward(const struct node *nd, struct lane *l)
{
	const struct elements *f = nd->conf;
	const real *x = in_x(nd, l, 0), *t = in_x(nd, l, 1), *weight = nd->nin > 2 ? in_x(nd, l, 2) : NULL;
	double sum = 0, d;
	for (size_t i = 0; i < nd->in[0]->size; i++) {
		double w = weight_of(f, l, weight, i, (double)t[i]);
		if (w != 0)
			sum += w * f->fn(&f->c, (double)x[i], (double)t[i], &d);
	}
	node_x(l, nd)[0] = (real)sum;
}

static void elements_backward(const struct node *nd, struct lane *l)
{
	const struct elements *f = nd->conf;
	const real *x = in_x(nd, l, 0), *t = in_x(nd, l, 1), *weight = nd->nin > 2 ? in_x(nd, l, 2) : NULL;
	real *gx = in_g(nd, l, 0), *gt = f->binary ? NULL : in_g(nd, l, 1);
	double by = (double)node_g(l, nd)[0], d = 0;
	for (size_t i = 0; i < nd->in[0]->size; i++) {
		double w = by * weight_of(f, l, weight, i, (double)t[i]);
		if (w == 0)
			continue;
		f->fn(&f->c, (double)x[i], (double)t[i], &d);
		if (gx)
			gx[i] += (real)(w * d);
		if (gt)
			gt[i] -= (real)(w * d);
	}
}

#define ELEMENTS(n) \
	{ .name = n, .forward = elements_forward, .backward = elements_backward, .reads = READS_INPUTS, .adds = true }
static const struct op op_l1 = ELEMENTS("l1"), op_l2 = ELEMENTS("l2"), op_huber = ELEMENTS("huber"),
		       op_binary_cross_entropy = ELEMENTS("binary cross-entropy"), op_binary_focal = ELEMENTS("binary focal");

static struct node *elements(const struct op *op, element_fn *fn, struct node *x, struct node *t, struct node *row_weight,
			     bool binary, struct loss_conf c)
{
	struct elements f = { .c = c, .fn = fn, .per_weight = 1, .channels = shape_channels(&x->shape), .binary = binary };
	f.share = binary ? 1 : (double)x->shape.d[0] / (double)x->size;
	if (t->size != x->size)
		bug("%s: %zu targets for %zu values", op->name, t->size, x->size);
	if (row_weight && x->size % row_weight->size)
		bug("%s: %zu weights for %zu values", op->name, row_weight->size, x->size);
	if (row_weight)
		f.per_weight = x->size / row_weight->size;
	return graph_add(x->g, op, (struct node *[]){ x, t, row_weight, NULL }, NULL, shape1(1), &f, sizeof(f));
}

struct node *nn_binary_cross_entropy(struct node *logits, struct node *target, struct node *row_weight, struct loss_conf c)
{
	return elements(&op_binary_cross_entropy, binary_cross_entropy, logits, target, row_weight, true, c);
}

struct node *nn_binary_focal(struct node *logits, struct node *target, struct node *row_weight, struct loss_conf c)
{
	return elements(&op_binary_focal, binary_focal, logits, target, row_weight, true, c);
}

struct node *nn_l1(struct node *x, struct node *target, struct node *row_weight)
{
	return elements(&op_l1, l1, x, target, row_weight, false, loss_usual());
}

struct node *nn_l2(struct node *x, struct node *target, struct node *row_weight)
{
	return elements(&op_l2, l2, x, target, row_weight, false, loss_usual());
}

struct node *nn_huber(struct node *x, struct node *target, struct node *row_weight, struct loss_conf c)
{
	return elements(&op_huber, huber, x, target, row_weight, false, c);
}
