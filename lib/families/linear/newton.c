/*
 * Newton's method. A step that does not bring half a promille of what its
 * quadratic model promised is shortened by interpolation, and when that does
 * not help or the Hessian is singular, damped (Levenberg). The Hessian costs
 * far more than the gradient, so it is kept for as long as steps with it reduce
 * the gradient tenfold; while they do not, it is made in the same pass over the
 * rows as the gradient. Squared loss is its own model: one pass over the rows
 * does for a fit, or for a whole path.
 */
#include "families/linear/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/dense.h"
#include "math/optim.h"

#define ENOUGH 5e-4	/* share of the promised fall that makes a step good */
#define TENFOLD 0.1
#define NOISE 1e-12	/* below this share of F, falls of F are rounding */
#define SHORTER 3	/* times a step is shortened */
#define DAMP_MAX 1e12

/* Where F has been evaluated: place and gradient of the smooth part (m), loss alone, F, size of the subgradient. */
struct point {
	double *x, *grad, loss, f, size;
};

struct newton {
	const struct glm *g;
	struct point at, trial;
	double *full, *extra, *sub;	/* (m) place of the full step; l2 and damping, to be added to hess; subgradient */
	double *chol, *hess1;		/* (m, m) factor; Hessian at the trial */
	struct solve_memory *keep;	/* its hess is the one in use */
	double mu;			/* damping */
	bool fresh;			/* hess is of this place */
	bool worn;			/* the last step fell short of tenfold, or there was none */
	bool sparse;			/* use coordinate descent */
};

struct solve_memory *solve_memory_new(size_t m)
{
	struct solve_memory *k = NEW0(struct solve_memory, 1);
	k->x = NEW(double, m);
	k->grad = NEW(double, m);
	k->hess = NEW(double, m * m);
	return k;
}

void solve_memory_free(struct solve_memory *k)
{
	if (!k)
		return;
	free(k->x);
	free(k->grad);
	free(k->hess);
	free(k);
}

/* Squared loss at p->x from the pass that was made: f + g'd + d'Hd / 2. */
static void evaluate_quadratic(const struct newton *s, struct point *p)
{
	size_t m = s->g->m;
	double *d = s->sub;
	for (size_t a = 0; a < m; a++)
		d[a] = p->x[a] - s->keep->x[a];
	p->loss = s->keep->f;
	for (size_t a = 0; a < m; a++) {
		double hd = dense_dot(m, s->keep->hess + a * m, d);
		p->grad[a] = s->keep->grad[a] + hd;
		p->loss += d[a] * (s->keep->grad[a] + 0.5 * hd);
	}
}

/* Remembers the loss at p, whose gradient holds that of l2 if so said. */
static void remember(struct newton *s, const struct point *p, bool l2)
{
	memcpy(s->keep->x, p->x, s->g->m * sizeof(double));
	for (size_t a = 0; a < s->g->m; a++)
		s->keep->grad[a] = p->grad[a] - (l2 ? s->g->l2[a] * p->x[a] : 0);
	s->keep->f = p->loss;
	s->keep->full = true;
}

/* F and gradient at p->x; the Hessian to hess unless NULL. */
static void evaluate(struct newton *s, struct point *p, double *hess)
{
	const struct glm *g = s->g;
	if (g->loss == LOSS_SQUARED && s->keep->full) {
		evaluate_quadratic(s, p);
	} else if (!hess && s->keep->full && memcmp(p->x, s->keep->x, g->m * sizeof(double)) == 0) {
		p->loss = s->keep->f;	/* where the solve before ended */
		memcpy(p->grad, s->keep->grad, g->m * sizeof(double));
	} else {
		p->loss = glm_loss(g, p->x, p->grad, hess);
	}
	if (!s->keep->full)	/* the first evaluation is at the start, with the Hessian */
		remember(s, p, false);
	p->f = p->loss + glm_l2(g, p->x, p->grad) + glm_l1(g, p->x);
	optim_subgradient(g->m, p->x, p->grad, g->l1, s->sub);
	p->size = dense_maxabs(g->m, s->sub);
}

/* full = the minimum of the damped model; returns the fall of F that it promises. */
static double propose(struct newton *s, double tol)
{
	size_t m = s->g->m;
	const double *hess = s->keep->hess;
	memcpy(s->full, s->at.x, m * sizeof(double));
	for (size_t a = 0; a < m; a++)
		s->extra[a] = s->g->l2[a] + s->mu;
	if (s->sparse) {
		quadratic_l1(m, hess, s->extra, s->at.grad, s->g->l1, fmax(0.1 * tol, 1e-3 * s->at.size), s->full);
	} else {
		memcpy(s->chol, hess, m * m * sizeof(double));
		for (size_t a = 0; a < m; a++)
			s->chol[a * m + a] += s->extra[a];
		memcpy(s->sub, s->at.grad, m * sizeof(double));
		chol_factor(m, s->chol, 1e-13);
		chol_solve(m, s->chol, s->sub);
		dense_axpy(m, -1, s->sub, s->full);
	}
	double fall = glm_l1(s->g, s->at.x) - glm_l1(s->g, s->full);
	for (size_t a = 0; a < m; a++)
		s->sub[a] = s->full[a] - s->at.x[a];
	for (size_t a = 0; a < m; a++)
		if (s->sub[a] != 0)
			fall -= s->sub[a] * (s->at.grad[a] + 0.5 * (dense_dot(m, hess + a * m, s->sub) +
								      s->g->l2[a] * s->sub[a]));
	return fall;
}

static bool damp(struct newton *s)
{
	double diag = 0;
	for (size_t a = 0; a < s->g->m; a++)
		diag += s->keep->hess[a * s->g->m + a] / (double)s->g->m;
	s->mu = fmax(10 * s->mu, 1e-3 * fmax(diag, 1e-6));
	return s->mu < DAMP_MAX;
}

/*
 * Evaluates the full step, and shorter ones for as long as F does not fall
 * enough: to the minimum of the parabola through F here, its slope (twice the
 * promise of a Newton step) and F there. Returns the share taken, 0 for none.
 */
static double shorten(struct newton *s, double promise, bool both)
{
	size_t m = s->g->m;
	double t = 1, noise = NOISE * fabs(s->at.f);
	for (int i = 0; i <= SHORTER; i++) {
		for (size_t a = 0; a < m; a++)
			s->trial.x[a] = t == 1 ? s->full[a] : s->at.x[a] + t * (s->full[a] - s->at.x[a]);
		evaluate(s, &s->trial, both && i == 0 ? s->hess1 : NULL);
		double fall = s->at.f - s->trial.f;
		if (promise > noise ? fall >= ENOUGH * t * promise : fall >= -noise && s->trial.size < s->at.size)
			return t;
		if (!s->fresh || !(promise > noise))
			return 0;	/* the model is old, or F can tell no more */
		double least = isfinite(fall) ? promise * t / (2 * promise - fall / t) : 0;
		t = fmin(fmax(least, 0.1 * t), 0.5 * t);
	}
	return 0;
}

/* One step, or one attempt. False when nothing better can be reached. */
static bool step(struct newton *s, double tol)
{
	const struct glm *g = s->g;
	if (!s->fresh && (s->worn || s->mu > 0) && g->loss != LOSS_SQUARED) {
		evaluate(s, &s->at, s->keep->hess);
		s->fresh = true;
	}
	double promise = propose(s, tol);
	if (!(promise > 0))
		return damp(s);
	bool both = s->worn && g->loss != LOSS_SQUARED;
	double t = shorten(s, promise, both), noise = NOISE * fabs(s->at.f);
	if (t == 0) {
		bool old = !s->fresh;
		s->worn = true;
		return old || (promise > noise && damp(s));
	}
	both = both && t == 1;
	if (both)
		memcpy(s->keep->hess, s->hess1, g->m * g->m * sizeof(double));
	s->fresh = both || g->loss == LOSS_SQUARED;
	s->worn = s->trial.size > TENFOLD * s->at.size;
	s->mu = t < 1 ? s->mu : s->mu > 1e-10 ? s->mu / 10 : 0;
	struct point p = s->at;
	s->at = s->trial;
	s->trial = p;
	return true;
}

void solve_newton(struct solve *s, const struct glm *g, double *theta)
{
	size_t m = g->m;
	double *mem = NEW(double, 7 * m);
	struct newton st = { .g = g, .at = { .x = mem, .grad = mem + m }, .trial = { .x = mem + 2 * m, .grad = mem + 3 * m },
			     .full = mem + 4 * m, .extra = mem + 5 * m, .sub = mem + 6 * m, .hess1 = NEW(double, m * m),
			     .keep = s->memory ? s->memory : solve_memory_new(m),
			     .sparse = s->solver == SOLVE_CD || dense_maxabs(m, g->l1) > 0 };
	st.chol = st.sparse ? NULL : NEW(double, m * m);
	st.fresh = !st.keep->full || g->loss == LOSS_SQUARED;
	st.worn = !st.keep->full;
	memcpy(st.at.x, theta, m * sizeof(*theta));
	evaluate(&st, &st.at, st.worn ? st.keep->hess : NULL);
	for (s->done = 0; st.at.size > s->tol && s->done < s->iterations; ) {
		if (!step(&st, s->tol))
			break;
		s->done++;
		if (s->told && s->told(s->ctx, s->done, s->iterations, st.at.f, st.at.x))
			break;
	}
	s->converged = st.at.size <= s->tol;
	s->objective = st.at.f;
	memcpy(theta, st.at.x, m * sizeof(*theta));
	if (!s->memory)
		solve_memory_free(st.keep);
	else if (g->loss != LOSS_SQUARED)
		remember(&st, &st.at, true);
	free(mem);
	free(st.hess1);
	free(st.chol);
}
