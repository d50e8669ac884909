/* What methods make of members' predictions: equal to the definitions, computed naively. */
#include "unit.h"

#include "level.h"

#define N 40
#define M 4

static const double unequal[M] = { 0.4, 0.1, 0, 0.5 };

/* Compares a method's apply() with a definition for 2 and 3 classes (and 1), and equal and unequal weights. */
typedef void naive_fn(const struct combine *c, const double p[M][3], size_t k, double *out);

static void compare(const char *name, naive_fn *naive, int32_t least_k, bool weights)
{
	for (int32_t k = least_k; k <= 3; k++)
		for (int w = 0; w <= weights; w++) {
			struct level lv = level_make(N, M, k, 4, false, (uint64_t)k);
			struct combine c = combine_new(M, k, w ? unequal : NULL);
			size_t outputs = (size_t)k;
			double *out = NEW(double, N * outputs), *kept = lv.p[2];
			if (method(name)->learn)
				method(name)->learn(&c, &lv, NULL);
			if (w)
				lv.p[2] = NULL;	/* a member without weight is not to be read */
			method(name)->apply(&c, (const double *const *)lv.p, N, out);
			lv.p[2] = kept;
			for (size_t r = 0; r < N; r++) {
				double p[M][3] = { { 0 } }, want[3] = { 0 }, sum = 0;
				for (size_t i = 0; i < M; i++)
					memcpy(p[i], lv.p[i] + r * outputs, outputs * sizeof(double));
				naive(&c, (const double (*)[3])p, outputs, want);
				for (size_t j = 0; j < outputs; j++)
					sum += want[j];
				for (size_t j = 0; j < outputs; j++)
					ck_assert_double_eq_tol(out[r * outputs + j], k > 1 ? want[j] / sum : want[j], 1e-12);
			}
			combine_free(&c);
			level_free(&lv);
			free(out);
		}
}

static void naive_mean(const struct combine *c, const double p[M][3], size_t k, double *out)
{
	for (size_t i = 0; i < M; i++)
		for (size_t j = 0; j < k; j++)
			out[j] += c->weight[i] * p[i][j];
}

static void naive_gmean(const struct combine *c, const double p[M][3], size_t k, double *out)
{
	for (size_t j = 0; j < k; j++) {
		out[j] = 1;
		for (size_t i = 0; i < M; i++)
			out[j] *= pow(p[i][j], c->weight[i]);
	}
}

static void naive_logit_mean(const struct combine *c, const double p[M][3], size_t k, double *out)
{
	for (size_t j = 0; j < k; j++) {
		double odds = 1;
		for (size_t i = 0; i < M; i++)
			odds *= pow(p[i][j] / (1 - p[i][j]), c->weight[i]);
		out[j] = odds / (1 + odds);
	}
}

static void naive_median(const struct combine *c, const double p[M][3], size_t k, double *out)
{
	(void)c;
	for (size_t j = 0; j < k; j++) {	/* of four: without the least and the greatest */
		double least = INFINITY, most = -INFINITY, sum = 0;
		for (size_t i = 0; i < M; i++) {
			least = fmin(least, p[i][j]);
			most = fmax(most, p[i][j]);
			sum += p[i][j];
		}
		out[j] = (sum - least - most) / 2;
	}
}

static void naive_vote(const struct combine *c, const double p[M][3], size_t k, double *out)
{
	for (size_t i = 0; i < M; i++)
		for (size_t j = 0; j < k; j++) {
			bool most = true;
			for (size_t l = 0; l < k; l++)
				most &= l == j || p[i][j] > p[i][l];
			out[j] += most ? c->weight[i] : 0;
		}
}

START_TEST(means_are_what_they_are_called)
{
	compare("mean", naive_mean, 1, true);
	compare("gmean", naive_gmean, 2, true);
	compare("logit-mean", naive_logit_mean, 2, true);
	compare("median", naive_median, 1, false);
	compare("vote", naive_vote, 2, true);
	ck_assert_ptr_eq((void *)(uintptr_t)method("climb")->apply, (void *)(uintptr_t)method("mean")->apply);
}
END_TEST

/* The rank of v in the n values x (stride k): how many are below, and half of those equal. */
static double naive_mid_rank(const double *x, size_t n, size_t k, double v)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i * k] < v ? 1 : x[i * k] == v ? 0.5 : 0;
	return sum / (double)n;
}

START_TEST(rank_is_the_mean_mid_rank)
{
	for (int32_t k = 2; k <= 3; k++) {
		struct level lv = level_make(N, M, k, 4, false, 9), fresh = level_make(N, M, k, 4, false, 10);
		struct combine c = combine_new(M, k, unequal);
		size_t outputs = (size_t)k;
		double *out = NEW(double, N * outputs);
		for (size_t i = 0; i < M; i++)
			for (size_t j = 0; j < N * outputs; j++) {	/* ties, and values that are in the sample */
				lv.p[i][j] = round(8 * lv.p[i][j]) / 8;
				fresh.p[i][j] = round(16 * fresh.p[i][j]) / 16;
			}
		method("rank")->learn(&c, &lv, NULL);
		method("rank")->apply(&c, (const double *const *)fresh.p, N, out);
		for (size_t r = 0; r < N; r++) {
			double want[3] = { 0 }, sum = 0;
			for (size_t j = 0; j < outputs; j++) {
				for (size_t i = 0; i < M; i++)
					want[j] += unequal[i] * naive_mid_rank(lv.p[i] + j, N, outputs, fresh.p[i][r * outputs + j]);
				sum += want[j];
			}
			if (k == 2)
				ck_assert_double_eq_tol(out[r * 2], 1 - want[1], 1e-12);
			for (size_t j = k == 2; j < outputs; j++)
				ck_assert_double_eq_tol(out[r * outputs + j], k == 2 ? want[j] : want[j] / sum, 1e-12);
		}
		combine_free(&c);
		level_free(&lv);
		level_free(&fresh);
		free(out);
	}
}
END_TEST

START_TEST(certainty_is_not_a_veto)
{
	double sure[2] = { 1, 0 }, unsure[2] = { 0.4, 0.6 }, out[2];
	const double *p[2] = { sure, unsure };
	static const char *const names[] = { "gmean", "logit-mean" };
	for (size_t i = 0; i < 2; i++) {
		struct combine c = combine_new(2, 2, NULL);
		method(names[i])->apply(&c, p, 1, out);
		ck_assert(isfinite(out[0]) && out[1] > 1e-4 && out[1] < 0.01);
		combine_free(&c);
	}
}
END_TEST

START_TEST(classes_without_any_rank_are_equal)
{
	double low[3] = { 0, 0, 0 }, out[3], sample[2] = { 0.5, 0.7 };
	struct curve curves[3] = { { 2, sample, NULL }, { 2, sample, NULL }, { 2, sample, NULL } };
	double weight = 1;
	struct combine c = { .m = 1, .k = 3, .weight = &weight, .curve = curves, .ncurves = 3 };
	const double *p = low;
	apply_curves(&c, &p, 1, out);
	for (int j = 0; j < 3; j++)
		ck_assert_double_eq_tol(out[j], 1 / 3.0, 1e-15);
}
END_TEST

START_TEST(curves_between_knots_are_straight)
{
	double x[] = { 0.1, 0.3, 0.7 }, y[] = { 0, 0.5, 0.6 };
	struct curve c = { 3, x, y };
	ck_assert_double_eq(curve_at(&c, 0), 0);
	ck_assert_double_eq(curve_at(&c, 0.1), 0);
	ck_assert_double_eq_tol(curve_at(&c, 0.2), 0.25, 1e-15);
	ck_assert_double_eq(curve_at(&c, 0.3), 0.5);
	ck_assert_double_eq_tol(curve_at(&c, 0.6), 0.575, 1e-15);
	ck_assert_double_eq(curve_at(&c, 0.7), 0.6);
	ck_assert_double_eq(curve_at(&c, 1), 0.6);
}
END_TEST

UNIT_MAIN("ensemble/combine", means_are_what_they_are_called, rank_is_the_mean_mid_rank, certainty_is_not_a_veto,
	  classes_without_any_rank_are_equal, curves_between_knots_are_straight)
