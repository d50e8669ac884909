/*
 * The kernels are compiled for vectors of eight, four and two doubles; the
 * machine decides which are used. Products are never fused with sums
 * (-ffp-contract=off), so that all give the same bits.
 */
#include "math/dense.h"

#include <math.h>
#include <string.h>

struct kernels {
	double (*dot)(size_t n, const double *x, const double *y);
	void (*axpy)(size_t n, double a, const double *x, double *y);
	void (*rows_dot)(size_t n, size_t ld, const double *x, const double *b, double *out);
	void (*rows_sum)(size_t n, size_t ld, const double *x, const double *w, size_t ws, double *g);
	void (*rows_scale)(size_t n, size_t ld, const double *x, const double *w, double *out);
	void (*syrk)(size_t n, size_t p, size_t ld, const double *a, const double *b, double *h, size_t ldh);
};

#define LANES 8
#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f"), optimize("O3")))
#include "math/dense_kernels.h"

#define LANES 4
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2"), optimize("O3")))
#include "math/dense_kernels.h"

#define LANES 2
#define NAME(x) x##_sse2
#define TARGET __attribute__((optimize("O3")))
#include "math/dense_kernels.h"

static const struct kernels *kernels;

bool dense_use(int lanes)
{
	if (lanes == 8 && __builtin_cpu_supports("avx512f"))
		kernels = &kernels_avx512;
	else if (lanes == 4 && __builtin_cpu_supports("avx2"))
		kernels = &kernels_avx2;
	else if (lanes == 2)
		kernels = &kernels_sse2;
	else
		return false;
	return true;
}

/* Before main(), and so before any thread. */
__attribute__((constructor)) static void use_widest(void)
{
	__builtin_cpu_init();
	for (int lanes = DENSE_LANES; !dense_use(lanes); lanes /= 2)
		continue;
}

double dense_dot(size_t n, const double *x, const double *y)
{
	return kernels->dot(n, x, y);
}

void dense_axpy(size_t n, double a, const double *x, double *y)
{
	kernels->axpy(n, a, x, y);
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

void dense_rows_dot(size_t n, size_t ld, const double *x, const double *b, double *out)
{
	kernels->rows_dot(n, ld, x, b, out);
}

void dense_rows_sum(size_t n, size_t ld, const double *x, const double *w, size_t ws, double *g)
{
	kernels->rows_sum(n, ld, x, w, ws, g);
}

void dense_rows_scale(size_t n, size_t ld, const double *x, const double *w, double *out)
{
	kernels->rows_scale(n, ld, x, w, out);
}

void dense_syrk(size_t n, size_t p, size_t ld, const double *a, const double *b, double *h, size_t ldh)
{
	kernels->syrk(n, p, ld, a, b, h, ldh);
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
