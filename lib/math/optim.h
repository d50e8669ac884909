/*
 * Minimisation of a smooth function plus l1 penalties by limited-memory BFGS
 * (Liu and Nocedal 1989), with the orthant-wise rules of OWL-QN (Andrew and
 * Gao 2007) where there are penalties.
 */
#ifndef DLS_MATH_OPTIM_H
#define DLS_MATH_OPTIM_H

#include <stdbool.h>
#include <stddef.h>

/* The smooth part at x (n) and its gradient to g (n). */
typedef double optim_fn(void *ctx, const double *x, double *g);

/* Told after each iteration; true stops. */
typedef bool optim_told(void *ctx, int iteration, double objective);

struct lbfgs {
	int memory;		/* pairs kept; 10 is usual */
	int iterations;		/* at most so many */
	double tol;		/* done when no (sub)gradient entry exceeds this */
	const double *l1;	/* (n) penalty of each |x_j|, or NULL */
	optim_fn *fn;
	optim_told *told;	/* or NULL */
	void *ctx;
	/* results */
	int done;		/* iterations made */
	bool converged;
	double objective;
};

/* From x (n) on; x ends at the least point met. */
void lbfgs(struct lbfgs *o, size_t n, double *x);

/*
 * The steepest descent direction's negative under l1: the subgradient of least
 * size of f + sum l1 |x| at x, to out (n). l1 may be NULL.
 */
void optim_subgradient(size_t n, const double *x, const double *g, const double *l1, double *out);

#endif
