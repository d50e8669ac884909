/*
 * Gradient descent and its stochastic form, as one writes them when learning:
 * theta -= rate * gradient, then the proximal step for l1 (soft threshold).
 * Without a given rate, gd takes the longest step that falls by what it should
 * (backtracking), and sgd one over the curvature of a row.
 */
#include "families/linear/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "math/dense.h"
#include "math/optim.h"

#define HALVINGS 60

static double soft(double x, double t)
{
	return x > t ? x - t : x < -t ? x + t : 0;
}

/* to = prox(from - rate * grad). */
static void move(const struct glm *g, double rate, const double *from, const double *grad, double *to)
{
	for (size_t a = 0; a < g->m; a++)
		to[a] = soft(from[a] - rate * grad[a], rate * g->l1[a]);
}

/* The rate at share 0..1 of the way, after `epochs` epochs. */
static double rate_at(const struct solve *s, double rate, double epochs, double share)
{
	switch (s->schedule) {
	case RATE_INV: return rate / (1 + epochs);
	case RATE_SQRT: return rate / sqrt(1 + epochs);
	case RATE_COSINE: return rate * 0.5 * (1 + cos(3.14159265358979323846 * share));
	default: return rate;
	}
}

/* A backtracking step: rate halved until F falls below the model with curvature 1 / rate (Beck and Teboulle 2009). */
static double backtrack(const struct glm *g, double *rate, const double *x, const double *grad, double f,
			double *x1, double *grad1)
{
	double f1 = f;
	for (int i = 0; i < HALVINGS; i++, *rate /= 2) {
		double model = f;
		move(g, *rate, x, grad, x1);
		for (size_t a = 0; a < g->m; a++) {
			double d = x1[a] - x[a];
			model += d * grad[a] + d * d / (2 * *rate);
		}
		f1 = glm_eval(g, x1, grad1);
		if (f1 <= model + 1e-14 * fabs(f))
			return f1;
	}
	return f1;
}

static void descend(struct solve *s, const struct glm *g, double *x)
{
	size_t m = g->m;
	double *mem = NEW(double, 4 * m), *grad = mem, *x1 = mem + m, *grad1 = mem + 2 * m, *sub = mem + 3 * m;
	double f = glm_eval(g, x, grad), rate = s->rate > 0 ? s->rate : 1;
	for (s->done = 0; ; ) {
		optim_subgradient(m, x, grad, g->l1, sub);
		s->converged = dense_maxabs(m, sub) <= s->tol;
		s->objective = f + glm_l1(g, x);
		if (s->converged || s->done >= s->iterations || !isfinite(s->objective))
			break;
		if (s->rate > 0) {
			double share = s->done / (double)s->iterations;
			move(g, rate_at(s, rate, s->done, share), x, grad, x1);
			f = glm_eval(g, x1, grad1);
		} else {
			f = backtrack(g, &rate, x, grad, f, x1, grad1);
			rate *= 1.5;	/* the next step may be longer */
		}
		memcpy(x, x1, m * sizeof(*x));
		memcpy(grad, grad1, m * sizeof(*x));
		s->done++;
		if (s->told && s->told(s->ctx, s->done, s->iterations, f + glm_l1(g, x), x))
			break;
	}
	free(mem);
}

/* Sum over columns of mean curvature: what a step of sgd must stay under. */
static double sgd_rate(const struct glm *g, const double *x)
{
	double curve = g->loss == LOSS_LOGISTIC || g->loss == LOSS_SOFTMAX ? 0.25 : 1;
	if (g->loss == LOSS_POISSON)
		curve = exp(x[0]);
	return 0.5 / (curve * (double)g->q);
}

/* The objective over all rows is told after each epoch: another pass, but one that can be compared with its minimum. */
static void stochastic(struct solve *s, const struct glm *g, double *x)
{
	size_t batch = (size_t)s->batch < DESIGN_ROWS ? (size_t)s->batch : DESIGN_ROWS;
	size_t batches = (g->n + batch - 1) / batch;
	uint32_t *order = NEW(uint32_t, g->n);
	double *grad = NEW(double, g->m), *scratch = mem_aligned(glm_scratch(g), sizeof(double));
	double base = s->rate > 0 ? s->rate : sgd_rate(g, x);
	for (size_t i = 0; i < g->n; i++)
		order[i] = (uint32_t)i;
	for (s->done = 0; s->done < s->iterations; ) {
		struct rng r = rng_at(s->seed, "linear.sgd", (uint64_t)s->done);
		rng_shuffle(&r, order, g->n);
		for (size_t b = 0; b < batches; b++) {
			size_t n = g->n - b * batch < batch ? g->n - b * batch : batch;
			double epochs = s->done + (double)b / (double)batches;
			glm_batch(g, x, order + b * batch, n, scratch, grad);
			for (size_t a = 0; a < g->m; a++)
				grad[a] += g->l2[a] * x[a];
			move(g, rate_at(s, base, epochs, epochs / s->iterations), x, grad, x);
		}
		s->done++;
		if (s->told && s->told(s->ctx, s->done, s->iterations, glm_eval(g, x, NULL) + glm_l1(g, x), x))
			break;
	}
	s->objective = glm_eval(g, x, grad) + glm_l1(g, x);
	optim_subgradient(g->m, x, grad, g->l1, grad);
	s->converged = dense_maxabs(g->m, grad) <= s->tol;
	free(order);
	free(grad);
	free(scratch);
}

void solve_descent(struct solve *s, const struct glm *g, double *theta)
{
	if (s->solver == SOLVE_GD)
		descend(s, g, theta);
	else
		stochastic(s, g, theta);
}
