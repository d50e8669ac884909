/* What the cases do not show of ops: accuracy over many numbers, what chance does, numbers that are none, ties. */
#include "unit.h"

#include <math.h>

#include "base/mem.h"
#include "nn/layers.h"
#include "nn/op.h"

/* A graph of one op over x, run. */
struct ran {
	struct params *ps;
	struct graph *g;
	struct node *x, *y;
	struct lane *l;
};

static struct ran begin(size_t rows, size_t h, size_t w, size_t c, enum graph_mode mode)
{
	struct ran r = { .ps = params_new() };
	r.g = graph_new(r.ps, rows, mode);
	r.x = nn_input(r.g, h, w, c);
	return r;
}

static void run(struct ran *r, struct node *y, const real *x)
{
	r->y = y;
	graph_loss(nn_mean(y), 1);
	graph_keep(y);
	graph_want(r->x);
	params_ready(r->ps);
	graph_ready(r->g);
	r->l = lane_new(r->g);
	r->l->rng = rng_at(1, "ops", 0);
	for (size_t i = 0; i < r->x->size; i++)
		lane_x(r->l, r->x)[i] = x[i];
	lane_forward(r->l);
}

static void end(struct ran *r)
{
	lane_free(r->l);
	graph_free(r->g);
	params_free(r->ps);
}

/* Statistics of a million numbers far from zero, the first of them all alike, are good to 1e-6. */
START_TEST(statistics_are_accurate)
{
	size_t h = 1000, w = 1000, c = 3, n = h * w;
	struct ran r = begin(1, h, w, c, GRAPH_TRAIN);
	struct node *y = nn_batchnorm(r.x, "bn", 1e-5, NULL, false);
	real *x = NEW(real, n * c), *grad = NEW(real, 4 * c);
	struct rng rng = rng_at(2, "ops", 0);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < c; k++) {
			double v = i < n / 10 ? -2 : rng_normal(&rng) * (k == 2 ? 0.3 : 1);
			x[i * c + k] = (real)(100 * ((double)k - 1) + v);
		}
	run(&r, y, x);
	lane_backward(r.l, grad);
	for (size_t k = 0; k < c; k++) {
		double mean = 0, m2 = 0;
		for (size_t i = 0; i < n; i++)
			mean += (double)x[i * c + k] / (double)n;
		for (size_t i = 0; i < n; i++)
			m2 += ((double)x[i * c + k] - mean) * ((double)x[i * c + k] - mean);
		double var = m2 / (double)(n - 1), m = (double)grad[params_find(r.ps, "bn.running_mean")->at + k];
		double v = (double)grad[params_find(r.ps, "bn.running_var")->at + k];
		ck_assert_msg(fabs(m - mean) < 1e-6 * (fabs(mean) + sqrt(var)), "channel %zu: mean %.9g, not %.9g", k, m, mean);
		ck_assert_msg(fabs(v - var) < 1e-6 * var, "channel %zu: variance %.9g, not %.9g", k, v, var);
	}
	free(x);
	free(grad);
	end(&r);
}
END_TEST

START_TEST(dropout_keeps_the_mean)
{
	size_t rows = 64, h = 10, w = 10, c = 32, n = rows * h * w * c;
	real *x = NEW(real, n);
	for (size_t i = 0; i < n; i++)
		x[i] = 1;
	for (int channels = 0; channels < 2; channels++) {
		struct ran r = begin(rows, h, w, c, GRAPH_TRAIN);
		run(&r, channels ? nn_dropout_channels(r.x, 0.3) : nn_dropout(r.x, 0.3), x);
		const real *y = lane_x(r.l, r.y);
		double kept = 0, draws = (double)(channels ? rows * c : n);
		for (size_t i = 0; i < n; i++) {
			MUST(y[i] == 0 || fabs((double)y[i] * 0.7 - 1) < 1e-4, "dropout gives %g", (double)y[i]);
			MUST(!channels || y[i] == y[i / (h * w * c) * h * w * c + i % c], "a channel is dropped in part");
			kept += y[i] != 0;
		}
		ck_assert(fabs(kept / (double)n - 0.7) < 5 * sqrt(0.21 / draws));
		end(&r);
	}
	struct ran r = begin(1, 0, 0, 4, GRAPH_PREDICT);
	ck_assert_ptr_eq(nn_dropout(r.x, 0.3), r.x);
	end(&r);
	free(x);
}
END_TEST

/* NaN goes through, so that a loss shows it. */
START_TEST(nan_stays)
{
	real x[2 * 4 * 4] = { 0 };
	x[5] = NAN;
	for (int op = 0; op < 14; op++) {
		struct ran r = begin(1, 4, 4, 2, GRAPH_TRAIN);
		struct node *y = op == 10 ? nn_maxpool(r.x, (struct pool){ 2, 2, 0, false })
			       : op == 11 ? nn_global_maxpool(r.x)
			       : op == 12 ? nn_batchnorm(r.x, "bn", 1e-5, NULL, true)
			       : op == 13 ? nn_layernorm(r.x, "ln", 1e-5)
					  : nn_act(r.x, (enum act)op);
		run(&r, y, x);
		ck_assert_msg(isnan(r.l->loss), "op %d hides NaN", op);
		end(&r);
	}
}
END_TEST

/* Of equal maxima the first gets the gradient, as PyTorch has it. */
START_TEST(first_maximum)
{
	real x[16] = { 0 };
	struct ran r = begin(1, 4, 4, 1, GRAPH_TRAIN);
	run(&r, nn_maxpool(r.x, (struct pool){ 2, 2, 0, false }), x);
	real grad[1];
	lane_backward(r.l, grad);
	for (size_t i = 0; i < 16; i++)
		ck_assert((lane_g(r.l, r.x)[i] != 0) == (i / 4 % 2 == 0 && i % 2 == 0));
	end(&r);
}
END_TEST

UNIT_MAIN("ops", statistics_are_accurate, dropout_keeps_the_mean, nan_stays, first_maximum)
