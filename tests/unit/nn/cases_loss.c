#include "cases_loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void to_real(size_t n, const double *from, real *to)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (real)from[i];
}

static void to_double(size_t n, const real *from, double *to)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (double)from[i];
}

static bool is(const struct loss_case *c, const char *name)
{
	return strcmp(c->name, name) == 0;
}

static struct node *loss_of(const struct loss_case *c, struct loss_conf conf, struct node *x, struct node *y, struct node *w)
{
	if (is(c, "cross-entropy"))
		return nn_cross_entropy(x, y, w, conf);
	if (is(c, "soft"))
		return nn_cross_entropy_soft(x, y, w, conf);
	if (is(c, "focal"))
		return nn_focal(x, y, w, conf);
	if (is(c, "binary"))
		return nn_binary_cross_entropy(x, y, w, conf);
	if (is(c, "binary focal"))
		return nn_binary_focal(x, y, w, conf);
	if (is(c, "l1"))
		return nn_l1(x, y, w);
	if (is(c, "l2"))
		return nn_l2(x, y, w);
	return nn_huber(x, y, w, conf);
}

/* PyTorch's mean: the weights of classes are divided out again for labels only, binary losses count elements. */
static double norm_of(const struct loss_case *c, const struct loss_conf *conf, const real *y, const real *weight)
{
	size_t n = c->rows * c->places;
	struct loss_conf plain = *conf;
	plain.class_weight = NULL;
	if (is(c, "cross-entropy") || is(c, "focal"))
		return nn_loss_weight(conf, n, y, c->weights, weight);
	if (is(c, "binary") || is(c, "binary focal"))
		return nn_loss_weight(&plain, n * c->k, y, c->weights, weight);
	return nn_loss_weight(&plain, n, NULL, c->weights, weight) / (is(c, "soft") ? 1 : (double)c->places);
}

double loss_case(const struct loss_case *c, double *gx, double *gy)
{
	bool label = is(c, "cross-entropy") || is(c, "focal");
	struct params *ps = params_new();
	struct graph *g = graph_new(ps, c->rows, GRAPH_TRAIN);
	struct node *x = nn_input(g, 0, c->places, c->k), *y = nn_input(g, 0, c->places, label ? 1 : c->k);
	struct node *w = c->weights ? nn_input(g, 0, 0, c->weights / c->rows) : NULL;
	struct loss_conf conf = c->conf;
	real *cw = NEW(real, c->k), none = 0;
	size_t n = c->rows * c->places * c->k;
	if (c->class_weight) {
		to_real(c->k, c->class_weight, cw);
		conf.class_weight = cw;
	}
	graph_loss(loss_of(c, conf, x, y, w), 1);
	graph_want(x);
	if (gy)
		graph_want(y);
	params_ready(ps);
	graph_ready(g);
	struct lane *l = lane_new(g);
	to_real(n, c->x, lane_x(l, x));
	to_real(label ? n / c->k : n, c->y, lane_x(l, y));
	if (w)
		to_real(c->weights, c->weight, lane_x(l, w));
	l->norm = c->norm != 0 ? c->norm : norm_of(c, &conf, lane_x(l, y), w ? lane_x(l, w) : NULL);
	lane_forward(l);
	double loss = l->loss;
	lane_backward(l, &none);
	to_double(n, lane_g(l, x), gx);
	if (gy)
		to_double(n, lane_g(l, y), gy);
	lane_free(l);
	graph_free(g);
	params_free(ps);
	free(cw);
	return loss;
}

/* ---- optimisers ---- */

static struct params *params_of(const struct optim_case *c)
{
	struct params *ps = params_new();
	params_need(ps, "n", PARAM_WEIGHT, 1, &c->n);
	params_need(ps, "b", PARAM_BUFFER, 1, &c->b);
	params_need(ps, "s", PARAM_SPARED, 1, &c->s)->rate = 2;
	params_need(ps, "f", PARAM_WEIGHT, 1, &c->f)->frozen = true;
	params_ready(ps);
	to_real(ps->size, c->start, ps->x);
	return ps;
}

/* The optimiser's state, through the bytes of a store, into a new one. */
static struct optim *resumed(struct optim *o)
{
	char *bytes = NULL;
	size_t n = 0;
	struct out out = { .f = open_memstream(&bytes, &n) };
	struct store *st = store_new();
	optim_save(o, st);
	store_write(st, &out);
	fclose(out.f);
	store_free(st);
	struct optim *again = optim_new(o->ps, o->conf);
	st = store_read(bytes, n, "memory");
	optim_load(again, st);
	store_free(st);
	optim_free(o);
	return again;
}

void optim_case(const struct optim_case *c, double *x, double *mean, double *norm)
{
	struct params *ps = params_of(c);
	struct optim *o = optim_new(ps, c->conf);
	real *g = NEW(real, ps->size);
	for (size_t t = 0; t < c->steps; t++) {
		if (c->checkpoint && t == c->checkpoint)
			o = resumed(o);
		ps->p[3]->frozen = t < c->thaw;
		to_real(ps->size, c->grads + t * ps->size, g);
		norm[t] = optim_step(o, g, 0.1 / (double)(t + 1), c->threads);
		to_double(ps->size, ps->x, x + t * ps->size);
		optim_swap(o);
		if (mean)
			to_double(ps->size, ps->x, mean + t * ps->size);
		optim_swap(o);
	}
	free(g);
	optim_free(o);
	params_free(ps);
}

/* ---- L-BFGS ---- */

/* sum 2^(i - 5) (x_i - i)^2 over all numbers, one of them a buffer. */
static double bowl(void *ctx, real *g)
{
	const struct params *ps = ctx;
	double sum = 0;
	for (size_t i = 0; i < ps->size; i++) {
		double c = ldexp(1, (int)i - 5), d = (double)ps->x[i] - (double)i;
		sum += c * d * d;
		g[i] = (real)(2 * c * d);
	}
	return sum;
}

double lbfgs_case(int iterations, double *x)
{
	static const double zeros[12];
	struct optim_case c = { .n = 6, .b = 1, .s = 4, .f = 1, .start = zeros };
	struct params *ps = params_of(&c);
	double loss = optim_lbfgs(ps, bowl, NULL, ps, iterations);
	to_double(12, ps->x, x);
	params_free(ps);
	return loss;
}
