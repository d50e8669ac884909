/*
 * A quadratic with l1 penalties, to the last digits: sweeps of coordinate
 * descent with covariance updates (Friedman, Hastie, Tibshirani 2010) find the
 * signs; a Cholesky solve over the coordinates that are not zero then makes
 * the many small steps of collinear columns in one.
 */
#include "families/linear/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/dense.h"
#include "math/optim.h"

#define SWEEPS 10000
#define ACTIVE 200	/* sweeps over those that are not zero before a direct solve, which costs about as much */
#define DIRECT 600	/* most coordinates solved directly */

struct quad {
	size_t m;
	const double *hess, *extra, *l1;
	double *x, *grad;	/* (m) place, gradient of the smooth part there */
	double *chol, *step;	/* room for DIRECT coordinates */
	size_t *free_at;
};

/* One sweep; the largest change of a coordinate's gradient. only: coordinates that are not zero. */
static double sweep(struct quad *q, bool only)
{
	double most = 0;
	for (size_t j = 0; j < q->m; j++) {
		double h = q->hess[j * q->m + j] + q->extra[j], x = q->x[j];
		if (!(h > 0) || (only && x == 0))
			continue;
		double z = x * h - q->grad[j], l = q->l1[j];
		double to = z > l ? (z - l) / h : z < -l ? (z + l) / h : 0;
		double step = to - x;
		if (step == 0)
			continue;
		q->x[j] = to;
		dense_axpy(q->m, step, q->hess + j * q->m, q->grad);
		q->grad[j] += q->extra[j] * step;
		most = fmax(most, fabs(step) * h);
	}
	return most;
}

/*
 * The minimum over the coordinates that are not zero with their signs kept; the
 * step ends where the first would change its sign, and that one becomes 0.
 */
static void direct(struct quad *q)
{
	size_t n = 0, block = SIZE_MAX;
	for (size_t j = 0; j < q->m; j++)
		if ((q->x[j] != 0 || q->l1[j] == 0) && q->hess[j * q->m + j] + q->extra[j] > 0) {
			if (n == DIRECT)
				return;
			q->free_at[n++] = j;
		}
	for (size_t a = 0; a < n; a++) {
		size_t j = q->free_at[a];
		double l = q->l1[j];
		q->step[a] = -(q->grad[j] + (q->x[j] > 0 ? l : q->x[j] < 0 ? -l : 0));
		for (size_t b = 0; b <= a; b++)
			q->chol[a * n + b] = q->hess[j * q->m + q->free_at[b]] + (a == b ? q->extra[j] : 0);
	}
	chol_factor(n, q->chol, 1e-12);
	chol_solve(n, q->chol, q->step);
	double t = 1;
	for (size_t a = 0; a < n; a++) {
		double x = q->x[q->free_at[a]];
		if (q->l1[q->free_at[a]] > 0 && x * (x + t * q->step[a]) < 0) {
			t = -x / q->step[a];
			block = a;
		}
	}
	for (size_t a = 0; a < n; a++) {
		size_t j = q->free_at[a];
		double to = a == block ? 0 : q->x[j] + t * q->step[a], step = to - q->x[j];
		q->x[j] = to;
		dense_axpy(q->m, step, q->hess + j * q->m, q->grad);
		q->grad[j] += q->extra[j] * step;
	}
}

void quadratic_l1(size_t m, const double *hess, const double *extra, const double *grad, const double *l1, double tol, double *x)
{
	size_t room = m < DIRECT ? m : DIRECT;
	double *sub = NEW(double, m);
	struct quad q = { .m = m, .hess = hess, .l1 = l1, .extra = extra, .x = x, .grad = mem_copy(grad, m, sizeof(double)),
			  .chol = NEW(double, room * room), .step = NEW(double, room), .free_at = NEW(size_t, room) };
	for (int i = 0; i < SWEEPS; i++) {
		double moved = sweep(&q, false);
		if (moved <= tol && i > 0) {	/* at once after a direct solve: flat directions are settled too */
			optim_subgradient(m, x, q.grad, l1, sub);
			if (dense_maxabs(m, sub) <= tol)
				break;
		}
		for (int k = 0; k < ACTIVE && moved > tol; k++)
			moved = sweep(&q, true);
		direct(&q);
	}
	free(sub);
	free(q.grad);
	free(q.chol);
	free(q.step);
	free(q.free_at);
}
