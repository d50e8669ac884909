/*
 * Vectors of eight doubles by GCC's vector types: one register with AVX-512,
 * two with AVX2, four with SSE2, and the same sums in the same order on all of
 * them. Products are never fused with sums (-ffp-contract=off), so the three
 * clones of a kernel give the same bits.
 */
#include "math/dense.h"

#include <math.h>
#include <string.h>

typedef double v8 __attribute__((vector_size(64), aligned(8), may_alias));

#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))

#define LOAD(p) (*(const v8 *)(p))
#define STORE(p, v) (*(v8 *)(p) = (v))
#define TOTAL(s) ((((s)[0] + (s)[4]) + ((s)[1] + (s)[5])) + (((s)[2] + (s)[6]) + ((s)[3] + (s)[7])))

WIDE double dense_dot(size_t n, const double *x, const double *y)
{
	v8 s = { 0 };
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		s += LOAD(x + i) * LOAD(y + i);
	double t = 0;
	for (; i < n; i++)
		t += x[i] * y[i];
	return TOTAL(s) + t;
}

WIDE void dense_axpy(size_t n, double a, const double *x, double *y)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		STORE(y + i, LOAD(y + i) + a * LOAD(x + i));
	for (; i < n; i++)
		y[i] += a * x[i];
}

double dense_maxabs(size_t n, const double *x)
{
	double m = 0;
	for (size_t i = 0; i < n; i++) {
		double a = fabs(x[i]);
		if (!(a <= m))
			m = isnan(a) ? INFINITY : a;
	}
	return m;
}

WIDE void dense_rows_dot(size_t n, size_t ld, const double *x, const double *b, double *out)
{
	for (size_t i = 0; i < n; i++) {
		v8 s = { 0 };
		for (size_t j = 0; j < ld; j += 8)
			s += LOAD(x + i * ld + j) * LOAD(b + j);
		out[i] += TOTAL(s);
	}
}

WIDE void dense_rows_sum(size_t n, size_t ld, const double *x, const double *r, size_t rs, double *g)
{
	for (size_t j = 0; j < ld; j += 8) {
		v8 s = { 0 };
		for (size_t i = 0; i < n; i++)
			s += r[i * rs] * LOAD(x + i * ld + j);
		STORE(g + j, LOAD(g + j) + s);
	}
}

WIDE void dense_rows_scale(size_t n, size_t ld, const double *x, const double *w, double *out)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < ld; j += 8)
			STORE(out + i * ld + j, w[i] * LOAD(x + i * ld + j));
}

/* Four rows by eight columns of A' B, over n rows of A and B. */
static inline __attribute__((always_inline)) void tile(size_t n, size_t ld, const double *a, const double *b, v8 *s)
{
	v8 s0 = { 0 }, s1 = { 0 }, s2 = { 0 }, s3 = { 0 };
	for (size_t i = 0; i < n; i++) {
		v8 bi = LOAD(b + i * ld);
		const double *ai = a + i * ld;
		s0 += ai[0] * bi;
		s1 += ai[1] * bi;
		s2 += ai[2] * bi;
		s3 += ai[3] * bi;
	}
	s[0] = s0;
	s[1] = s1;
	s[2] = s2;
	s[3] = s3;
}

WIDE void dense_syrk(size_t n, size_t p, size_t ld, const double *a, const double *b, double *h, size_t ldh)
{
	for (size_t j0 = 0; j0 < p; j0 += 4)
		for (size_t k0 = 0; k0 <= j0 + 3 && k0 < p; k0 += 8) {
			v8 s[4];
			tile(n, ld, a + j0, b + k0, s);
			for (size_t j = j0; j < j0 + 4 && j < p; j++)
				for (size_t k = k0; k < k0 + 8 && k <= j; k++)
					h[j * ldh + k] += s[j - j0][k - k0];
		}
}

size_t chol_factor(size_t n, double *a, double eps)
{
	size_t dropped = 0;
	for (size_t i = 0; i < n; i++) {
		double *ai = a + i * n;
		for (size_t j = 0; j < i; j++) {
			const double *aj = a + j * n;
			ai[j] = aj[j] > 0 ? (ai[j] - dense_dot(j, ai, aj)) / aj[j] : 0;
		}
		double pivot = ai[i] - dense_dot(i, ai, ai);
		if (pivot > eps * ai[i]) {
			ai[i] = sqrt(pivot);
		} else {
			memset(ai, 0, (i + 1) * sizeof(*ai));
			dropped++;
		}
	}
	return dropped;
}

void chol_solve(size_t n, const double *l, double *b)
{
	for (size_t i = 0; i < n; i++)
		b[i] = l[i * n + i] > 0 ? (b[i] - dense_dot(i, l + i * n, b)) / l[i * n + i] : 0;
	for (size_t i = n; i-- > 0;) {
		if (!(l[i * n + i] > 0))
			continue;
		b[i] /= l[i * n + i];
		dense_axpy(i, -b[i], l + i * n, b);
	}
}
