/*
 * Small dense algebra in double, without a BLAS: its shared libraries cost
 * milliseconds at every start, and its threaded builds give other bits for
 * other thread counts. Every sum here has a fixed order, whatever the width of
 * the machine's vectors. Matrices are row-major.
 */
#ifndef DLS_MATH_DENSE_H
#define DLS_MATH_DENSE_H

#include <stdbool.h>
#include <stddef.h>

#define DENSE_LANES 8
#define DENSE_PAD(n) (((n) + DENSE_LANES - 1) / DENSE_LANES * DENSE_LANES)

/* Uses vectors of 8, 4 or 2 doubles instead of the widest; false: the machine has none such. No result depends on it. */
bool dense_use(int lanes);

double dense_dot(size_t n, const double *x, const double *y);
void dense_axpy(size_t n, double a, const double *x, double *y);	/* y += a x */
double dense_maxabs(size_t n, const double *x);				/* NaN counts as infinite */

/* out (n) += X b for X (n, ld), b (ld); ld a multiple of DENSE_LANES. */
void dense_rows_dot(size_t n, size_t ld, const double *x, const double *b, double *out);

/* g (ld) += X' r for X (n, ld), r (n) with stride rs. */
void dense_rows_sum(size_t n, size_t ld, const double *x, const double *r, size_t rs, double *g);

/* out (n, ld) = diag(w) X. */
void dense_rows_scale(size_t n, size_t ld, const double *x, const double *w, double *out);

/*
 * The lower triangle of h (p, p; rows of ldh) += A' B for A, B (n, ld) whose
 * product is symmetric: B = X and A = diag(w) X. p <= ld, ld as above.
 */
void dense_syrk(size_t n, size_t p, size_t ld, const double *a, const double *b, double *h, size_t ldh);

/*
 * Cholesky factor L of the symmetric a (n, n; lower triangle read and
 * replaced). A column whose pivot is below eps times its diagonal depends on
 * the columns before it: it is left out (its row and column of L are zero).
 * Returns how many were left out.
 */
size_t chol_factor(size_t n, double *a, double eps);

/* b := a^-1 b with the factor; entries of columns left out become 0. */
void chol_solve(size_t n, const double *l, double *b);

#endif
