/* Nearest neighbours: equal to scikit-learn and to a naive search; ties, weights, missing cells, rows of zeros. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "../../golden/knn.h"
#include "base/mem.h"
#include "base/rng.h"
#include "families/knn/knn.h"
#include "families/knn/search.h"
#include "model/family.h"

#define ROWS 70
#define TEST 10
#define MAX_COLS 8

extern const struct family family_knn;

static const char *const level_names[] = { "0", "1", "2" };

/* Columns from x (n, ncols), the last ncat categories; the caller frees with drop(). */
static void columns(const double *x, size_t n, int ncols, int ncat, struct column *cols)
{
	for (int j = 0; j < ncols; j++) {
		bool category = j >= ncols - ncat;
		cols[j] = (struct column){ .name = "x", .kind = category ? KIND_CATEGORY : KIND_NUMERIC };
		if (category) {
			cols[j].levels = (const char **)(uintptr_t)level_names;
			cols[j].nlevels = 3;
			cols[j].cat = NEW(int32_t, n);
		} else {
			cols[j].num = NEW(double, n);
		}
		for (size_t i = 0; i < n; i++) {
			double v = x[i * (size_t)ncols + (size_t)j];
			if (category)
				cols[j].cat[i] = isnan(v) ? -1 : (int32_t)v;
			else
				cols[j].num[i] = v;
		}
	}
}

static void drop(struct column *cols, int ncols)
{
	for (int j = 0; j < ncols; j++) {
		free(cols[j].num);
		free(cols[j].cat);
	}
}

/* Fits on x (n, ncols) with y as classes (classes > 0) or values and weights w, and predicts test (m, ncols): p. */
static void fit_predict(const struct knn_opts *o, const double *x, const double *y, const double *w, size_t n, int ncols,
			int ncat, int classes, const double *test, size_t m, double *p)
{
	struct column cols[MAX_COLS], tcols[MAX_COLS];
	int32_t *label = NEW(int32_t, n);
	struct run run = { .threads = 1 };
	columns(x, n, ncols, ncat, cols);
	columns(test, m, ncols, ncat, tcols);
	for (size_t i = 0; i < n; i++)
		label[i] = (int32_t)y[i];
	struct data d = { .n = n, .ncols = (size_t)ncols, .cols = cols, .nclasses = classes, .w = w,
			  .task = !classes ? TASK_REGRESSION : classes == 2 ? TASK_BINARY : TASK_MULTICLASS };
	struct data t = d;
	d.label = classes ? label : NULL;
	d.y = classes ? NULL : y;
	t.n = m;
	t.cols = tcols;
	t.w = NULL;
	ck_assert_ptr_null(family_knn.check(o, &d));
	void *fit = family_knn.fit(o, &d, &run);
	family_knn.predict(fit, &t, p);
	family_knn.free(fit);
	free(label);
	drop(cols, ncols);
	drop(tcols, ncols);
}

START_TEST(equals_sklearn)
{
	for (size_t g = 0; g < sizeof(golden) / sizeof(*golden); g++) {
		const struct golden *c = &golden[g];
		struct knn_opts o = { c->k, c->weights, c->metric, c->scale };
		double p[TEST * 3];
		fit_predict(&o, c->x, c->y, NULL, ROWS, c->ncols, c->ncat, c->classes, c->test, TEST, p);
		for (int i = 0; i < TEST * (c->classes ? c->classes : 1); i++)
			ck_assert_msg(fabs(p[i] - c->p[i]) < (c->weights[0] == 'u' ? 1e-12 : 2e-5),
				      "case %zu (%s, %s): p[%d] is %.17g, not %.17g", g, c->metric, c->weights, i, p[i],
				      c->p[i]);
	}
}
END_TEST

static int by_distance(const void *a, const void *b)
{
	const struct knn_near *s = a, *t = b;
	if (s->dist != t->dist)
		return s->dist < t->dist ? -1 : 1;
	return s->row < t->row ? -1 : s->row > t->row;
}

/* Sizes around tiles, groups and blocks; small whole numbers, so ties abound and sums are exact. */
START_TEST(equals_naive_search)
{
	static const size_t sizes[] = { 1, 15, 16, 17, 200, 5000 };
	for (int t = 0; t < 48; t++) {
		struct rng r = rng_at(1, "knn", (uint64_t)t);
		size_t n = sizes[t / 8], nums = rng_below(&r, 4), codes = nums ? rng_below(&r, 4) : 1 + rng_below(&r, 3);
		size_t cols = nums + codes, nq = 1 + rng_below(&r, 9), k = 1 + rng_below(&r, n < 40 ? n : 40);
		struct knn_index ix = knn_index_new(n, nums, codes, t % 2);
		float *q = NEW(float, nq * cols);
		struct knn_near *near = NEW(struct knn_near, nq * k), *all = NEW(struct knn_near, n);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < cols; j++)
				*knn_cell(&ix, i, j) = (float)rng_below(&r, 12) - 6;
		for (size_t i = 0; i < nq * cols; i++)
			q[i] = (float)rng_below(&r, 12) - 6;
		knn_search(&ix, q, nq, k, near);
		for (size_t i = 0; i < nq; i++) {
			for (size_t row = 0; row < n; row++) {
				float sum = 0;
				for (size_t j = 0; j < cols; j++) {
					float d = *knn_cell(&ix, row, j) - q[i * cols + j];
					sum += j >= nums ? (float)(d != 0) : t % 2 ? d * d : fabsf(d);
				}
				all[row] = (struct knn_near){ sum, (uint32_t)row };
			}
			qsort(all, n, sizeof(*all), by_distance);
			for (size_t v = 0; v < k; v++)
				ck_assert(near[i * k + v].row == all[v].row && near[i * k + v].dist == all[v].dist);
		}
		knn_index_free(&ix);
		free(q);
		free(near);
		free(all);
	}
}
END_TEST

START_TEST(earlier_rows_win_ties)
{
	const double x[] = { 1, 3, 1, 3, 1 }, y[] = { 10, 20, 30, 40, 50 }, test[] = { 2, 3 };
	struct knn_opts o = { 2, "uniform", "euclidean", false };
	double p[2];
	fit_predict(&o, x, y, NULL, 5, 1, 0, 0, test, 2, p);
	ck_assert_double_eq(p[0], 15);
	ck_assert_double_eq(p[1], 30);
}
END_TEST

START_TEST(weights_are_votes)
{
	const double x[] = { 1, 1, 2, 2, 9 }, y[] = { 0, 1, 1, 0, 1 }, w[] = { 0, 3, 1, 2, 5 }, test[] = { 1, 2 };
	struct knn_opts o = { 3, "uniform", "manhattan", false };
	double p[4];
	fit_predict(&o, x, y, w, 5, 1, 0, 2, test, 2, p);	/* rows 1 2 3: the first is not there */
	ck_assert_double_eq_tol(p[1], 4 / 6.0, 1e-15);
	o.weights = "distance";
	o.k = 4;
	fit_predict(&o, x, y, w, 5, 1, 0, 2, test, 2, p);
	ck_assert_double_eq(p[1], 1);				/* at distance 0 row 1 decides alone */
	ck_assert_double_eq_tol(p[3], 1 / 3.0, 1e-15);		/* rows 2 and 3 */
}
END_TEST

/* A missing number stands at the mean, a missing category is a level; all-missing and constant columns add nothing. */
START_TEST(missing_cells)
{
	const double x[] = { 0, NAN, 7, 0, 10, NAN, 7, 1, NAN, NAN, 7, NAN, 5, NAN, 7, 0 }, y[] = { 1, 2, 3, 4 };
	const double test[] = { NAN, 3, 7, NAN, NAN, 3, 7, 0 };
	struct knn_opts o = { 1, "uniform", "euclidean", true };
	double p[2];
	fit_predict(&o, x, y, NULL, 4, 4, 1, 0, test, 2, p);
	ck_assert_double_eq(p[0], 3);
	ck_assert_double_eq(p[1], 4);
}
END_TEST

/* Under cosine length means nothing, opposite rows are farthest, and a row of zeros is near to none. */
START_TEST(cosine_of_zeros)
{
	const double x[] = { 2, 2, 0, 0, -3, 0, 0, 9 }, y[] = { 1, 2, 3, 4 }, test[] = { 5, 5, 0, 0, 1, -1 };
	struct knn_opts o = { 4, "distance", "cosine", false };
	double p[3];
	fit_predict(&o, x, y, NULL, 4, 2, 0, 0, test, 3, p);
	ck_assert_double_eq(p[0], 1);
	ck_assert_double_eq(p[1], 2);
	double d[] = { 1, 1, 1 + sqrt(0.5), 1 + sqrt(0.5) }, sum = 0, votes = 0;
	for (int i = 0; i < 4; i++) {
		sum += y[i] / d[i];
		votes += 1 / d[i];
	}
	ck_assert_double_eq_tol(p[2], sum / votes, 1e-6);
}
END_TEST

START_TEST(huge_numbers_stay_finite)
{
	const double x[] = { 1e308, -1e308, 1e308, 1e-308, 5, 0 }, y[] = { 1e308, -1e308, 1e308 };
	const double test[] = { -1e308, 1e308 };
	static const char *const kinds[] = { "euclidean", "manhattan", "cosine" };
	for (int i = 0; i < 6; i++) {
		struct knn_opts o = { 3, i % 2 ? "distance" : "uniform", kinds[i / 2], i % 4 < 2 };
		double p;
		fit_predict(&o, x, y, NULL, 3, 2, 0, 0, test, 1, &p);
		ck_assert(isfinite(p));
	}
}
END_TEST

UNIT_MAIN("knn", equals_sklearn, equals_naive_search, earlier_rows_win_ties, weights_are_votes, missing_cells,
	  cosine_of_zeros, huge_numbers_stay_finite)
