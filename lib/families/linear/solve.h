/*
 * Solvers of a struct glm, from theta (m) on.
 *
 *	newton	Newton's method; with l1, coordinate descent on each quadratic model (proximal Newton)
 *	cd	the same with coordinate descent in any case; for squared loss, the covariance updates of glmnet
 *	lbfgs	limited-memory BFGS, OWL-QN with l1, over a working set when there are very many sparse columns
 *	gd	gradient descent, sgd stochastic gradient descent in small batches; a proximal step for l1
 *	ipm	interior point, for the quantile loss alone
 */
#ifndef DLS_FAMILIES_LINEAR_SOLVE_H
#define DLS_FAMILIES_LINEAR_SOLVE_H

#include <stdbool.h>

#include "families/linear/glm.h"

enum solver { SOLVE_NEWTON, SOLVE_CD, SOLVE_LBFGS, SOLVE_GD, SOLVE_SGD, SOLVE_IPM };

enum schedule { RATE_CONSTANT, RATE_INV, RATE_SQRT, RATE_COSINE };

/* What newton and cd keep from one solve to the next of the same rows with other penalties. */
struct solve_memory {
	double f, *x, *grad;	/* loss, place (m) and gradient of the loss (m) where it was last found */
	double *hess;		/* (m, m) of the loss, at a place near by */
	bool full;		/* these are there */
};

struct solve {
	enum solver solver;
	int iterations;		/* at most; epochs for sgd */
	double tol;		/* done when no entry of the subgradient exceeds this */
	double rate;		/* of gd and sgd; 0: found from the data */
	enum schedule schedule;
	int batch;
	uint64_t seed;
	/* Told after each iteration with the place where it ended; true stops. May be NULL. */
	bool (*told)(void *ctx, int iteration, int iterations, double objective, const double *theta);
	void *ctx;
	struct solve_memory *memory;	/* for newton and cd along a path; or NULL */
	/* results */
	int done;
	bool converged;
	double objective;	/* F at theta, in the units of the glm */
};

void solve(struct solve *s, const struct glm *g, double *theta);

struct solve_memory *solve_memory_new(size_t m);
void solve_memory_free(struct solve_memory *k);	/* NULL is fine */

/* One each, same contract. */
void solve_newton(struct solve *s, const struct glm *g, double *theta);
void solve_descent(struct solve *s, const struct glm *g, double *theta);
void solve_lbfgs(struct solve *s, const struct glm *g, double *theta);
void solve_screened(struct solve *s, const struct glm *g, double *theta);
void solve_ipm(struct solve *s, const struct glm *g, double *theta);

/* Newton or lbfgs, whichever is likely to need fewer operations on this problem (ipm for quantile). */
enum solver solve_choice(const struct glm *g);

/*
 * x (m) := argmin of g'(x - x0) + (x - x0)'(H + diag extra)(x - x0) / 2 + sum
 * l1 |x|, x0 on entry, until no subgradient entry exceeds tol.
 */
void quadratic_l1(size_t m, const double *hess, const double *extra, const double *grad, const double *l1,
		  double tol, double *x);

/*
 * A scale for tolerances: mean |d loss / d score| at constant scores, the
 * intercepts of theta, but not less than 1e-3 where the loss has a scale of its own, or than 1e-6 mean |y|, where
 * rounding rules.
 */
double solve_scale(const struct glm *g, const double *theta);

/* A tenth of the least l1 penalty there is: with a larger tolerance the penalty would not be felt. Infinite without penalties. */
double solve_tol_limit(const struct glm *g);

#endif
