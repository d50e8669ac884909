/* L-BFGS on a valley and on ill-conditioned quadratics; OWL-QN against the closed form. */
#include "unit.h"

#include <math.h>

#include "math/optim.h"

static double rosenbrock(void *ctx, const double *x, double *g)
{
	double a = 1 - x[0], b = x[1] - x[0] * x[0];
	(*(int *)ctx)++;
	g[0] = -2 * a - 400 * x[0] * b;
	g[1] = 200 * b;
	return a * a + 100 * b * b;
}

START_TEST(valley)
{
	int calls = 0;
	double x[] = { -1.2, 1 };
	struct lbfgs o = { .memory = 10, .iterations = 200, .tol = 1e-9, .fn = rosenbrock, .ctx = &calls };
	lbfgs(&o, 2, x);
	ck_assert(o.converged && fabs(x[0] - 1) < 1e-8 && fabs(x[1] - 1) < 1e-8);
	ck_assert_int_lt(calls, 80);
}
END_TEST

/* sum c_j (x_j - j)^2 / 2 with c from 1 to 1e4: with l1 the minimum is soft(j, l1 / c_j). */
static double bowl(void *ctx, const double *x, double *g)
{
	double f = 0;
	(void)ctx;
	for (int j = 0; j < 20; j++) {
		double c = pow(10, j / 5.0), e = x[j] - (j - 10);
		f += 0.5 * c * e * e;
		g[j] = c * e;
	}
	return f;
}

START_TEST(bowl_with_and_without_l1)
{
	double l1[20], x[20];
	for (int with = 0; with < 2; with++) {
		struct lbfgs o = { .memory = 10, .iterations = 2000, .tol = 1e-9, .l1 = with ? l1 : NULL, .fn = bowl };
		for (int j = 0; j < 20; j++) {
			l1[j] = j % 3 ? 5 : 0;
			x[j] = 0.1;
		}
		lbfgs(&o, 20, x);
		ck_assert(o.converged);
		for (int j = 0; j < 20; j++) {
			double t = with ? l1[j] / pow(10, j / 5.0) : 0, m = j - 10;
			double want = m > t ? m - t : m < -t ? m + t : 0;
			ck_assert_msg(fabs(x[j] - want) < 1e-7, "x[%d] = %g, not %g", j, x[j], want);
		}
	}
}
END_TEST

static bool third(void *ctx, int iteration, double f)
{
	(void)ctx;
	(void)f;
	return iteration == 3;
}

START_TEST(stops_when_told)
{
	double x[20] = { 0 };
	struct lbfgs o = { .memory = 5, .iterations = 100, .tol = 1e-9, .fn = bowl, .told = third };
	lbfgs(&o, 20, x);
	ck_assert(!o.converged && o.done == 3);
}
END_TEST

START_TEST(subgradient_of_least_size)
{
	double x[] = { 1, -1, 0, 0, 0 }, g[] = { 2, 2, 0.5, 2, -2 }, l1[] = { 1, 1, 1, 1, 1 }, s[5];
	optim_subgradient(5, x, g, l1, s);
	ck_assert(s[0] == 3 && s[1] == 1 && s[2] == 0 && s[3] == 1 && s[4] == -1);
}
END_TEST

UNIT_MAIN("optim", valley, bowl_with_and_without_l1, stops_when_told, subgradient_of_least_size)
