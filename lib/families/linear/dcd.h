/*
 * Linear support vector machines by dual coordinate descent (Hsieh et al.
 * 2008): minimises over w
 *
 *	|w|^2 / 2 + sum_i c_i loss(1 - y_i w'x_i),	loss(v) = max(0, v) (hinge) or its square,
 *
 * going through the rows in random order and solving for one dual variable at
 * a time; rows that sit at a bound are left out until the rest is solved. One
 * thread; several problems over the same rows go side by side.
 */
#ifndef DLS_FAMILIES_LINEAR_DCD_H
#define DLS_FAMILIES_LINEAR_DCD_H

#include <stdbool.h>

#include "base/rng.h"
#include "data/sparse.h"

struct dcd {
	const struct sparse *x;	/* rows with columns ncols */
	const double *scale;	/* (ncols) columns are multiplied by it; NULL: 1 */
	const uint32_t *rows;	/* (n) of x */
	size_t n;
	const double *y;	/* (n) 1 or -1 */
	const double *c;	/* (n) > 0, or 0 for rows that do not count */
	bool hinge;
	double tol;		/* done when no projected gradient is further from another than this */
	int iterations;		/* at most so many passes over the rows */
	struct rng rng;
	/* results */
	double *w;		/* (ncols) weights of the columns as they stand in x: times scale; the caller's array */
	double objective;
	int done;
	bool converged;
};

void dcd(struct dcd *s);

#endif
