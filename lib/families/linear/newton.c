/*
 * Newton's method with Levenberg's damping, which stands in for a line search:
 * a step that does not bring half a promille of what its model promised is
 * taken again, shorter. The Hessian costs far more than the gradient, so it is
 * kept for as long as steps with it reduce the gradient tenfold; while they do
not, it is made in the same pass over the rows as the gradient.
 */
#include "families/linear/solve.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/dense.h"
#include "math/optim.h"

#define ENOUGH 5e-4	/* share of the promised fall that makes a step good */
#define TENFOLD 0.1
#define NOISE 1e-12	/* below this share of F, falls of F are rounding */

struct newton {
	const struct glm *g;
	double *x, *grad, *x1, *grad1, *sub;	/* (m) place and trial, gradients, subgradient */
	double *extra;				/* (m) l2 and damping, to be added to the diagonal of hess */
	double *hess, *hess1, *chol;		/* (m, m) at the place, at the trial, factor */
	double f, mu, size;			/* F at the place; damping; size of the subgradient */
	bool fresh, worn;			/* hess is of this place; the last step fell short of tenfold, or is the first */
	bool sparse;				/* use coordinate descent */
};

/* x1 = the minimum of the damped model; returns the fall of F that it promises. */
static double propose(struct newton *s, double tol)
{
	size_t m = s->g->m;
	memcpy(s->x1, s->x, m * sizeof(double));
	for (size_t a = 0; a < m; a++)
		s->extra[a] = s->g->l2[a] + s->mu;
	if (s->sparse) {
		quadratic_l1(m, s->hess, s->extra, s->grad, s->g->l1, fmax(0.1 * tol, 1e-3 * s->size), s->x1);
	} else {
		double *d = s->grad1;
		memcpy(s->chol, s->hess, m * m * sizeof(double));
		for (size_t a = 0; a < m; a++) {
			s->chol[a * m + a] += s->extra[a];
			d[a] = s->grad[a];
		}
		chol_factor(m, s->chol, 1e-13);
		chol_solve(m, s->chol, d);
		dense_axpy(m, -1, d, s->x1);
	}
	double fall = glm_l1(s->g, s->x) - glm_l1(s->g, s->x1);
	for (size_t a = 0; a < m; a++) {
		double d = s->x1[a] - s->x[a], hd = s->g->l2[a] * d;
		if (d == 0)
			continue;
		for (size_t b = 0; b < m; b++)
			hd += s->hess[a * m + b] * (s->x1[b] - s->x[b]);
		fall -= d * (s->grad[a] + 0.5 * hd);
	}
	return fall;
}

static void damp(struct newton *s)
{
	double diag = 0;
	for (size_t a = 0; a < s->g->m; a++)
		diag += s->hess[a * s->g->m + a] / (double)s->g->m;
	s->mu = fmax(10 * s->mu, 1e-3 * fmax(diag, 1e-6));
}

static void swap(double **a, double **b)
{
	double *t = *a;
	*a = *b;
	*b = t;
}

/* Subgradient at the place; its size. */
static double measure_size(struct newton *s, const double *x, const double *grad)
{
	optim_subgradient(s->g->m, x, grad, s->g->l1, s->sub);
	return dense_maxabs(s->g->m, s->sub);
}

/* One accepted or refused step. False when nothing better can be reached. */
static bool step(struct newton *s, double tol)
{
	if (!s->fresh && (s->worn || s->mu > 0)) {
		s->f = glm_eval(s->g, s->x, s->grad, s->hess) + glm_l1(s->g, s->x);
		s->fresh = true;
	}
	bool both = s->worn && s->g->loss != LOSS_SQUARED;
	double promise = propose(s, tol), noise = NOISE * fabs(s->f);
	if (!(promise > 0)) {
		damp(s);
		return s->mu < 1e12;
	}
	double f1 = glm_eval(s->g, s->x1, s->grad1, both ? s->hess1 : NULL) + glm_l1(s->g, s->x1);
	double ratio = (s->f - f1) / promise, size = measure_size(s, s->x1, s->grad1);
	bool good = promise > noise ? ratio >= ENOUGH : f1 <= s->f + noise && size < s->size;
	if (!good || isnan(f1)) {
		if (s->fresh)
			damp(s);
		else
			s->worn = true;
		return s->fresh ? s->mu < 1e12 && promise > noise : true;
	}
	swap(&s->x, &s->x1);
	swap(&s->grad, &s->grad1);
	s->f = f1;
	if (ratio > 0.5 || promise <= noise)
		s->mu = s->mu > 1e-10 ? s->mu / 10 : 0;
	if (both)
		memcpy(s->hess, s->hess1, s->g->m * s->g->m * sizeof(double));
	s->fresh = both;
	s->worn = size > TENFOLD * s->size;
	s->size = size;
	return true;
}

void solve_newton(struct solve *s, const struct glm *g, double *theta)
{
	size_t m = g->m;
	double *mem = NEW(double, 6 * m), *own = s->hess ? NULL : NEW(double, m * m);
	struct newton st = { .g = g, .x = mem, .grad = mem + m, .x1 = mem + 2 * m, .grad1 = mem + 3 * m, .sub = mem + 4 * m,
			     .extra = mem + 5 * m, .hess = own ? own : s->hess, .worn = !s->has_hess, .fresh = !s->has_hess,
			     .hess1 = NEW(double, m * m), .sparse = s->solver == SOLVE_CD || dense_maxabs(m, g->l1) > 0 };
	st.chol = st.sparse ? NULL : NEW(double, m * m);
	memcpy(st.x, theta, m * sizeof(*theta));
	st.f = glm_eval(g, st.x, st.grad, s->has_hess ? NULL : st.hess) + glm_l1(g, st.x);
	st.size = measure_size(&st, st.x, st.grad);
	for (s->done = 0; st.size > s->tol && s->done < s->iterations; ) {
		if (!step(&st, s->tol))
			break;
		s->done++;
		if (s->told && s->told(s->ctx, s->done, s->iterations, st.f, st.x))
			break;
	}
	s->converged = st.size <= s->tol;
	s->objective = st.f;
	memcpy(theta, st.x, m * sizeof(*theta));
	free(mem);
	free(own);
	free(st.hess1);
	s->has_hess = s->hess != NULL;
	free(st.chol);
}
