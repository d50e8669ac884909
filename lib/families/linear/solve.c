#include "families/linear/solve.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "math/dense.h"
#include "math/optim.h"

/* What Newton's method and L-BFGS are likely to need until they agree to 1e-8. */
#define NEWTON_HESSIANS 6
#define LBFGS_PASSES 150

#define MANY 2000	/* sparse columns from which l1 is solved over a working set of them */

/* A Hessian costs a product for each pair of entries of a row; it and its factor must fit in memory. */
#define NEWTON_MAX 3000

enum solver solve_choice(const struct glm *g)
{
	if (g->loss == LOSS_QUANTILE)
		return SOLVE_IPM;
	if (g->q > g->qd)
		return SOLVE_LBFGS;
	double n = (double)g->n, k = (double)g->k, m = (double)g->m;
	double row = (double)(1 + g->ds->nd) / 8 + (double)g->ds->nslots;	/* dense ones go eight at a time */
	double newton = NEWTON_HESSIANS * (n * row * row * k * (k + 1) / 4 * 8 + m * m * m / 6);
	double lbfgs = LBFGS_PASSES * (2 * n * row * k + 20 * m);
	return g->m <= NEWTON_MAX && newton <= lbfgs * 8 ? SOLVE_NEWTON : SOLVE_LBFGS;
}

double solve_scale(const struct glm *g, const double *theta)
{
	double s = 0, size = 0, *f = NEW(double, 2 * g->k), *r = f + g->k;
	for (size_t i = 0; i < g->n; i++) {
		for (size_t k = 0; k < g->k; k++)
			f[k] = theta[k * g->q];
		loss_sum(g->loss, g->param, 1, g->k, g->y + i, g->w + i, f, r, NULL);
		for (size_t k = 0; k < g->k; k++)
			s += fabs(r[k]) / (double)g->k;
		size += g->w[i] * fabs(g->y[i]);
	}
	free(f);
	return fmax(s, g->loss >= LOSS_POISSON ? 1e-3 : 1e-6 * size);
}

double solve_tol_limit(const struct glm *g)
{
	double least = INFINITY;
	for (size_t a = 0; a < g->m; a++)
		least = g->l1[a] > 0 ? fmin(least, g->l1[a]) : least;
	return 0.1 * least;
}

struct lbfgs_ctx {
	const struct glm *g;
	struct solve *s;
	const double *x;	/* where the last evaluation was */
};

static double lbfgs_eval(void *ctx, const double *x, double *grad)
{
	struct lbfgs_ctx *c = ctx;
	c->x = x;
	return glm_eval(c->g, x, grad);
}

static bool lbfgs_told(void *ctx, int iteration, double objective)
{
	struct lbfgs_ctx *c = ctx;
	return c->s->told(c->s->ctx, iteration, c->s->iterations, objective, c->x);
}

void solve_lbfgs(struct solve *s, const struct glm *g, double *theta)
{
	struct lbfgs_ctx ctx = { g, s, theta };
	struct lbfgs o = { .memory = 10, .iterations = s->iterations, .tol = s->tol,
			   .l1 = dense_maxabs(g->m, g->l1) > 0 ? g->l1 : NULL, .fn = lbfgs_eval,
			   .told = s->told ? lbfgs_told : NULL, .ctx = &ctx };
	lbfgs(&o, g->m, theta);
	s->done = o.done;
	s->converged = o.converged;
	s->objective = o.objective;
}

void solve(struct solve *s, const struct glm *g, double *theta)
{
	switch (s->solver) {
	case SOLVE_NEWTON:
	case SOLVE_CD:
		solve_newton(s, g, theta);
		break;
	case SOLVE_LBFGS:
		(g->q - g->qd >= MANY && dense_maxabs(g->m, g->l1) > 0 ? solve_screened : solve_lbfgs)(s, g, theta);
		break;
	case SOLVE_GD:
	case SOLVE_SGD:
		solve_descent(s, g, theta);
		break;
	case SOLVE_IPM:
		solve_ipm(s, g, theta);
	}
}
