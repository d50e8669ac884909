/* Naive Bayes: equal to scikit-learn; missing cells; classes and columns that say nothing; contributions. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "../../golden/bayes.h"
#include "base/mem.h"
#include "families/bayes/bayes.h"

#define ROWS 30
#define TEST 6
#define MAX_COLS 8

extern const struct family family_bayes;

static const char *const level_names[] = { "0", "1", "2", "3" };

/* Columns from x (n, ncols), the last ncat categories; the caller frees with drop(). */
static void columns(const double *x, size_t n, int ncols, int ncat, struct column *cols)
{
	for (int j = 0; j < ncols; j++) {
		bool category = j >= ncols - ncat;
		cols[j] = (struct column){ .name = "x", .kind = category ? KIND_CATEGORY : KIND_NUMERIC };
		if (category) {
			cols[j].levels = (const char **)(uintptr_t)level_names;
			cols[j].nlevels = j == ncols - 2 ? 3 : 4;
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

static struct bayes_opts options(const char *kind)
{
	return (struct bayes_opts){ kind, 1, 1e-9, "empirical" };
}

static struct data frame(struct column *cols, int ncols, int k, size_t n)
{
	return (struct data){ .n = n, .ncols = (size_t)ncols, .cols = cols, .nclasses = k,
			      .task = k == 2 ? TASK_BINARY : TASK_MULTICLASS };
}

START_TEST(equals_sklearn)
{
	for (size_t g = 0; g < sizeof(golden) / sizeof(*golden); g++) {
		const struct golden *c = &golden[g];
		struct column cols[MAX_COLS], test[MAX_COLS];
		int32_t label[ROWS];
		double p[TEST * 3];
		struct run run = { .threads = 2 };
		struct bayes_opts o = { c->kind, c->smoothing, c->var_smoothing, c->priors };
		columns(c->x, ROWS, c->ncols, c->ncat, cols);
		columns(c->test, TEST, c->ncols, c->ncat, test);
		for (int i = 0; i < ROWS; i++)
			label[i] = (int32_t)c->y[i];
		struct data d = frame(cols, c->ncols, c->k, ROWS), x = frame(test, c->ncols, c->k, TEST);
		d.label = label;
		d.w = c->w;
		ck_assert_ptr_null(family_bayes.check(&o, &d));
		void *fit = family_bayes.fit(&o, &d, &run);
		family_bayes.predict(fit, &x, p);
		for (int i = 0; i < TEST * c->k; i++)
			ck_assert_msg(fabs(p[i] - c->p[i]) < 1e-10, "case %zu (%s): p[%d] is %.17g, not %.17g", g, c->kind, i,
				      p[i], c->p[i]);
		family_bayes.free(fit);
		drop(cols, c->ncols);
		drop(test, c->ncols);
	}
}
END_TEST

/* A missing cell counts for nothing: as if its column were not there when scoring, its row not when fitting. */
START_TEST(missing_is_left_out)
{
	const double full[] = { 1, 0, 2, 1, 4, 2, 7, 3, 6, 0, NAN, 1, 3, NAN, 5, 2 };
	const double test[] = { 2, NAN, NAN, 1, NAN, NAN }, no[] = { 2, 1 };
	const int32_t label[] = { 0, 0, 1, 1, 1, 0, 0, 1 };
	struct bayes_opts o = options("mixed");
	struct run run = { .threads = 1 };
	struct column cols[2], tcols[2];
	double p[6];
	columns(full, 8, 2, 1, cols);
	columns(test, 3, 2, 1, tcols);
	struct data d = frame(cols, 2, 2, 8), x = frame(tcols, 2, 2, 3);
	d.label = label;
	struct bayes *fit = family_bayes.fit(&o, &d, &run);
	family_bayes.predict(fit, &x, p);
	/* class 0 holds the numbers 1 2 3, class 1 holds 4 7 6 5 */
	double mean[2] = { 2, 5.5 }, var[2] = { 2 / 3.0, 1.25 }, eps = 1e-9 * 4;
	double log_odds = 0;
	for (int c = 0; c < 2; c++)
		log_odds += (c ? 1 : -1) * (-0.5 * log(var[c] + eps) - (no[0] - mean[c]) * (no[0] - mean[c]) / 2 / (var[c] + eps));
	ck_assert_double_eq_tol(p[1], 1 / (1 + exp(-log_odds)), 1e-12);
	/* level 1: two of class 0's three cells, none of class 1's four; four levels */
	ck_assert_double_eq_tol(p[2], (3.0 / 7) / (3.0 / 7 + 1.0 / 8), 1e-12);
	ck_assert_double_eq_tol(p[4], 0.5, 1e-15);
	family_bayes.free(fit);
	drop(cols, 2);
	drop(tcols, 2);
}
END_TEST

/* A class without rows is never predicted, a column without numbers says nothing, and nothing is NaN. */
START_TEST(nothing_to_learn_from)
{
	static const char *const kinds[] = { "gaussian", "multinomial", "complement", "bernoulli" };
	const double x[] = { 5, NAN, 1e308, 5, NAN, 1e308, 5, NAN, 0, 5, NAN, 1 }, test[] = { 1e308, 3, 1e308, 5, 0, 0 };
	const int32_t label[] = { 0, 1, 1, 0 };
	for (size_t k = 0; k < 4; k++)
		for (int uniform = 0; uniform < 2; uniform++) {
			struct bayes_opts o = options(kinds[k]);
			struct run run = { .threads = 1 };
			struct column cols[3], tcols[3];
			double p[6];
			o.priors = uniform ? "uniform" : "empirical";
			columns(x, 4, 3, 0, cols);
			columns(test, 2, 3, 0, tcols);
			struct data d = frame(cols, 3, 3, 4), t = frame(tcols, 3, 3, 2);
			d.label = label;
			void *fit = family_bayes.fit(&o, &d, &run);
			family_bayes.predict(fit, &t, p);
			for (int i = 0; i < 6; i += 3) {
				ck_assert_msg(fabs(p[i] + p[i + 1] - 1) < 1e-12, "%s: %g %g %g", kinds[k], p[i], p[i + 1],
					      p[i + 2]);
				ck_assert_double_eq(p[i + 2], 0);
			}
			family_bayes.free(fit);
			drop(cols, 3);
			drop(tcols, 3);
		}
}
END_TEST

/* check() says just this. */
static void says(const struct bayes_opts *o, const struct data *d, const char *text)
{
	const char *why = family_bayes.check(o, d);
	ck_assert_str_eq(why, text);
	free((void *)(uintptr_t)why);
}

START_TEST(check_names_the_column)
{
	const double x[] = { 1, 0, -2, 1 };
	struct bayes_opts o = options("multinomial");
	struct column cols[2];
	columns(x, 2, 2, 0, cols);
	cols[0].name = "visits";
	struct data d = frame(cols, 2, 2, 2);
	says(&o, &d, "--kind multinomial takes counts, but column 'visits' holds -2; use --kind gaussian or mixed");
	o.kind = "categorical";
	says(&o, &d, "--kind categorical takes categories, but column 'visits' is a number; "
			 "use --kind mixed, or --categorical to take it as one");
	drop(cols, 2);
	columns(x, 1, 2, 1, cols);
	cols[1].name = "plan";
	o.kind = "complement";
	says(&o, &d, "--kind complement takes numbers, but column 'plan' is a category; "
			 "use --kind mixed, or --drop it");
	drop(cols, 2);
}
END_TEST

UNIT_MAIN("bayes", equals_sklearn, missing_is_left_out, nothing_to_learn_from, check_names_the_column)
