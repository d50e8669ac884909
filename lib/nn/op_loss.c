/*
 * Losses of classes, from logits x (k) of a position. What is exponentiated
 * is never positive, so that logits of any size give finite numbers; sums and
 * logarithms are of doubles. forward leaves the gradient in its work, for
 * whoever trains wants both. No gradient goes to labels, targets or weights.
 */
#include <math.h>
#include <string.h>

#include "base/die.h"
#include "nn/layers.h"
#include "nn/op.h"

struct loss_conf loss_usual(void)
{
	return (struct loss_conf){ .gamma = 2, .alpha = -1, .delta = 1, .ignore = NAN };
}

double nn_loss_weight(const struct loss_conf *c, size_t n, const real *label, size_t weights, const real *weight)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		double w = weight ? (double)weight[i / (n / weights)] : 1;
		if (!label)
			sum += w;
		else if ((double)label[i] != c->ignore)
			sum += c->class_weight ? w * (double)c->class_weight[(size_t)label[i]] : w;
	}
	return sum;
}

double nn_probabilities(size_t k, const real *x, double *p)
{
	double most = (double)x[0], sum = 0;
	for (size_t j = 1; j < k; j++)
		most = (double)x[j] > most ? (double)x[j] : most;
	for (size_t j = 0; j < k; j++)
		sum += p[j] = exp((double)x[j] - most);
	for (size_t j = 0; j < k; j++)
		p[j] /= sum;
	return most + log(sum);
}

/*
 * The loss of one position and, in place of p (k; on entry scratch), its
 * derivative by x. y: the label, or k targets.
 */
typedef double position_fn(const struct loss_conf *c, size_t k, const real *x, const real *y, double *p);

/*
 * sum_j a_j (lse - x_j) with a_j = w_j t_j, w the weights of classes and t the
 * target; derivative p_j sum a - a_j.
 */
static double cross_entropy(const struct loss_conf *c, size_t k, const real *x, const real *target, size_t label, double *p)
{
	double lse = nn_probabilities(k, x, p), loss = 0, all = 0, flat = c->smooth / (double)k;
	for (size_t turn = 0; turn < 2; turn++)
		for (size_t j = 0; j < k; j++) {
			double t = target ? (double)target[j] : j == label ? 1 : 0;
			double a = ((1 - c->smooth) * t + flat) * (c->class_weight ? (double)c->class_weight[j] : 1);
			if (turn == 0) {
				all += a;
				loss += a != 0 ? a * (lse - (double)x[j]) : 0;
			} else {
				p[j] = p[j] * all - a;
			}
		}
	return loss;
}

/* Szegedy et al. 2016, sec. 7: t = (1 - smooth) [j = y] + smooth / k. */
static double hard(const struct loss_conf *c, size_t k, const real *x, const real *y, double *p)
{
	return cross_entropy(c, k, x, NULL, (size_t)y[0], p);
}

static double soft(const struct loss_conf *c, size_t k, const real *x, const real *y, double *p)
{
	return cross_entropy(c, k, x, y, 0, p);
}

/*
 * Lin et al. 2017, eq. 5, of classes: -w_y q^gamma log p_y, q = 1 - p_y summed
 * from the others; derivative w_y ([j = y] - p_j) (gamma q^(gamma - 1) p_y log p_y - q^gamma).
 */
static double focal(const struct loss_conf *c, size_t k, const real *x, const real *label, double *p)
{
	size_t y = (size_t)label[0];
	double lse = nn_probabilities(k, x, p), log_p = (double)x[y] - lse, q = 0, w = c->class_weight ? (double)c->class_weight[y] : 1;
	for (size_t j = 0; j < k; j++)
		q += j != y ? p[j] : 0;
	double power = pow(q, c->gamma), slope = -power;
	if (c->gamma > 0 && q > 0)
		slope += c->gamma * power / q * p[y] * log_p;
	for (size_t j = 0; j < k; j++)
		p[j] = w * slope * (j == y ? q : -p[j]);
	return -w * power * log_p;
}

/* ---- the nodes ---- */

struct classes {
	struct loss_conf c;
	position_fn *fn;
	size_t k, n;		/* classes, positions */
	size_t per_weight;	/* positions that share a weight */
	bool label;		/* in[1] is one label a position, not k targets */
};

static void classes_ready(struct node *nd)
{
	const struct classes *f = nd->conf;
	nd->scratch = f->k * sizeof(double);
	nd->work = nd->wants ? nd->in[0]->size * sizeof(real) : 0;
}

static void classes_forward(const struct node *nd, struct lane *l)
{
	const struct classes *f = nd->conf;
	const real *x = in_x(nd, l, 0), *y = in_x(nd, l, 1), *weight = nd->nin > 2 ? in_x(nd, l, 2) : NULL;
	real *d = nd->work ? node_work(nd, l) : NULL;
	double *p = lane_scratch(l), sum = 0;
	for (size_t i = 0; i < f->n; i++, x += f->k, y += f->label ? 1 : f->k) {
		double w = (weight ? (double)weight[i / f->per_weight] : 1) / l->norm;
		bool counts = w != 0 && !(f->label && (double)y[0] == f->c.ignore);
		if (counts)
			sum += w * f->fn(&f->c, f->k, x, y, p);
		for (size_t j = 0; d && j < f->k; j++)
			*d++ = counts ? (real)(w * p[j]) : 0;
	}
	node_x(l, nd)[0] = (real)sum;
}

static void classes_backward(const struct node *nd, struct lane *l)
{
	real *g = in_g(nd, l, 0), by = node_g(l, nd)[0];
	const real *d = node_work(nd, l);
	for (size_t i = 0; g && i < nd->in[0]->size; i++)
		g[i] += by * d[i];
}

#define CLASSES(n) \
	{ .name = n, .ready = classes_ready, .forward = classes_forward, .backward = classes_backward, .adds = true }
static const struct op op_cross_entropy = CLASSES("cross-entropy"), op_focal = CLASSES("focal");

static struct node *classes(const struct op *op, position_fn *fn, struct node *x, struct node *y, struct node *row_weight,
			    bool label, struct loss_conf c)
{
	struct classes f = { .c = c, .fn = fn, .k = shape_channels(&x->shape), .label = label };
	f.n = x->size / f.k;
	if (row_weight && f.n % row_weight->size)
		bug("%s: %zu weights for %zu positions", op->name, row_weight->size, f.n);
	f.per_weight = row_weight ? f.n / row_weight->size : 1;
	if (y->size != (label ? f.n : x->size))
		bug("%s: %zu labels for %zu positions", op->name, y->size, f.n);
	return graph_add(x->g, op, (struct node *[]){ x, y, row_weight, NULL }, NULL, shape1(1), &f, sizeof(f));
}

struct node *nn_cross_entropy(struct node *logits, struct node *label, struct node *row_weight, struct loss_conf c)
{
	return classes(&op_cross_entropy, hard, logits, label, row_weight, true, c);
}

struct node *nn_cross_entropy_soft(struct node *logits, struct node *target, struct node *row_weight, struct loss_conf c)
{
	return classes(&op_cross_entropy, soft, logits, target, row_weight, false, c);
}

struct node *nn_focal(struct node *logits, struct node *label, struct node *row_weight, struct loss_conf c)
{
	return classes(&op_focal, focal, logits, label, row_weight, true, c);
}
