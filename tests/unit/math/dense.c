/* Dense kernels against the obvious loops, Cholesky against its own product. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "math/dense.h"

static double *random_array(size_t n, uint64_t seed)
{
	struct rng r = rng_at(seed, "dense", 0);
	double *a = mem_aligned(n + 1, sizeof(double));
	for (size_t i = 0; i < n; i++)
		a[i] = rng_normal(&r);
	return a;
}

START_TEST(vectors_equal_loops)
{
	for (size_t n = 0; n < 40; n++) {
		double *x = random_array(n, 1), *y = random_array(n, 2), *z = random_array(n, 2), dot = 0, most = 0;
		for (size_t i = 0; i < n; i++) {
			dot += x[i] * y[i];
			most = fmax(most, fabs(x[i]));
		}
		ck_assert(fabs(dense_dot(n, x, y) - dot) < 1e-12);
		ck_assert(dense_maxabs(n, x) == most);
		dense_axpy(n, 0.3, x, y);
		for (size_t i = 0; i < n; i++)
			ck_assert(y[i] == z[i] + 0.3 * x[i]);
		free(x);
		free(y);
		free(z);
	}
	double bad[] = { 1, NAN, 2 };
	ck_assert(isinf(dense_maxabs(3, bad)));
}
END_TEST

START_TEST(syrk_equals_loops)
{
	for (size_t p = 1; p < 30; p++) {
		size_t n = 17 + p, ld = DENSE_PAD(p), ldh = p + 3;
		double *x = random_array(n * ld, p), *w = random_array(n, 99), *a = NEW(double, n * ld);
		double *h = NEW(double, p * ldh), *f = NEW0(double, n), *g = NEW0(double, ld);
		dense_rows_scale(n, ld, x, w, a);
		for (size_t i = 0; i < n * ld; i++)
			ck_assert(a[i] == w[i / ld] * x[i]);
		for (size_t i = 0; i < p * ldh; i++)
			h[i] = 7;
		dense_syrk(n, p, ld, a, x, h, ldh);
		dense_rows_dot(n, ld, x, x, f);
		dense_rows_sum(n, ld, x, w, 1, g);
		for (size_t j = 0; j < p; j++)
			for (size_t k = 0; k < ldh; k++) {
				double s = 7;
				for (size_t i = 0; k <= j && i < n; i++)
					s += w[i] * x[i * ld + j] * x[i * ld + k];
				ck_assert_msg(fabs(h[j * ldh + k] - s) < 1e-12, "p %zu: (%zu, %zu)", p, j, k);
			}
		for (size_t i = 0; i < n; i++)
			ck_assert(fabs(f[i] - dense_dot(ld, x + i * ld, x)) < 1e-12);
		for (size_t j = 0; j < ld; j++) {
			double s = 0;
			for (size_t i = 0; i < n; i++)
				s += w[i] * x[i * ld + j];
			ck_assert(fabs(g[j] - s) < 1e-12);
		}
		free(x);
		free(w);
		free(a);
		free(h);
		free(f);
		free(g);
	}
}
END_TEST

/* a (n, n) = B B' of rank `rank`. */
static double *gram(size_t n, size_t rank, uint64_t seed)
{
	double *b = random_array(n * rank, seed), *a = NEW(double, n * n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			a[i * n + j] = dense_dot(rank, b + i * rank, b + j * rank);
	free(b);
	return a;
}

START_TEST(cholesky_solves)
{
	for (size_t n = 1; n < 30; n++) {
		double *a = gram(n, n + 2, n), *l = mem_copy(a, n * n, sizeof(double)), *b = random_array(n, 5);
		double *x = mem_copy(b, n, sizeof(double));
		ck_assert_uint_eq(chol_factor(n, l, 1e-13), 0);
		chol_solve(n, l, x);
		for (size_t i = 0; i < n; i++)
			ck_assert(fabs(dense_dot(n, a + i * n, x) - b[i]) < 1e-7);
		free(a);
		free(l);
		free(b);
		free(x);
	}
}
END_TEST

START_TEST(cholesky_leaves_out_what_depends)
{
	size_t n = 9, rank = 5;
	double *a = gram(n, rank, 3), *l = mem_copy(a, n * n, sizeof(double)), *want = random_array(n, 6), b[9];
	for (size_t i = 0; i < n; i++)
		b[i] = dense_dot(n, a + i * n, want);	/* in the range: a solution exists */
	ck_assert_uint_eq(chol_factor(n, l, 1e-12), n - rank);
	chol_solve(n, l, b);
	size_t zeros = 0;
	for (size_t i = 0; i < n; i++) {
		zeros += b[i] == 0;
		ck_assert(fabs(dense_dot(n, a + i * n, b) - dense_dot(n, a + i * n, want)) < 1e-9);
	}
	ck_assert_uint_eq(zeros, n - rank);
	free(a);
	free(l);
	free(want);
}
END_TEST

/* What the kernels make of random numbers, (sizes, 4, 40) doubles. */
static double *results(void)
{
	double *out = NEW0(double, 40 * 4 * 40), *to = out;
	for (size_t p = 1; p <= 40; p++, to += 4 * 40) {
		size_t n = 3 * p, ld = DENSE_PAD(p);
		double *x = random_array(n * ld, p), *a = NEW(double, n * ld), *h = NEW0(double, p * p), *f = NEW0(double, n + ld);
		dense_rows_scale(n, ld, x, x, a);
		dense_syrk(n, p, ld, a, x, h, p);
		dense_rows_dot(n, ld, a, x, f);
		dense_rows_sum(n, ld, x, f, 1, f + n);
		dense_axpy(p, 0.3, x, f);
		to[120] = dense_dot(n * p, x, a);
		memcpy(to, h + (p - 1) * p, p * sizeof(*h));
		memcpy(to + 40, f, p * sizeof(*h));
		memcpy(to + 80, f + n, p * sizeof(*h));
		free(x);
		free(a);
		free(h);
		free(f);
	}
	return out;
}

START_TEST(no_bit_depends_on_the_width)
{
	ck_assert(dense_use(2) && !dense_use(3));
	double *want = results();
	for (int lanes = 4; lanes <= 8; lanes *= 2) {
		if (!dense_use(lanes))
			continue;
		double *got = results();
		ck_assert(memcmp(got, want, 40 * 4 * 40 * sizeof(*got)) == 0);
		free(got);
	}
	free(want);
}
END_TEST

UNIT_MAIN("dense", no_bit_depends_on_the_width, vectors_equal_loops, syrk_equals_loops, cholesky_solves, cholesky_leaves_out_what_depends)
