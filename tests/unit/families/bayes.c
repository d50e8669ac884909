/* Naive Bayes: equal to scikit-learn; missing cells; classes and columns that say nothing; sparse columns. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../golden/bayes.h"
#include "base/mem.h"
#include "base/rng.h"
#include "data/schema.h"
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

/* ---- sparse columns ---- */

/* The matrix (n, ncols) without its zeros. */
static struct sparse sparse_of(const double *x, size_t n, size_t ncols)
{
	struct sparse s = sparse_new(ncols);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		sparse_reserve(&s, ncols);
		for (size_t j = 0; j < ncols; j++)
			if (x[i * ncols + j] != 0) {
				s.col[s.start[i] + k] = (int32_t)j;
				s.val[s.start[i] + k++] = x[i * ncols + j];
			}
		sparse_end(&s, k);
	}
	return s;
}

static void put_name(const void *of, size_t j, struct str *out)
{
	(void)of;
	str_printf(out, "text=t%zu", j);
}

/* Gives d sparse columns in ngroups groups that begin at group[]. */
static void add_sparse(struct data *d, const struct sparse *s, const size_t *group, size_t ngroups)
{
	d->sparse = s;
	d->names = (struct column_names){ put_name, NULL };
	d->group = group;
	d->ngroups = ngroups;
}

START_TEST(sparse_equals_sklearn)
{
	for (size_t g = 0; g < sizeof(sparse_golden) / sizeof(*sparse_golden); g++) {
		const struct sparse_golden *c = &sparse_golden[g];
		const size_t group[] = { 0, 5, (size_t)c->nsparse };
		struct column cols[MAX_COLS], test[MAX_COLS];
		struct sparse s = sparse_of(c->sx, ROWS, group[2]), t = sparse_of(c->stest, TEST, group[2]);
		int32_t label[ROWS];
		double p[TEST * 3];
		struct run run = { .threads = 2 };
		struct bayes_opts o = { c->kind, c->smoothing, 1e-9, c->priors };
		columns(c->x, ROWS, c->ncols, c->ncat, cols);
		columns(c->test, TEST, c->ncols, c->ncat, test);
		for (int i = 0; i < ROWS; i++)
			label[i] = (int32_t)c->y[i];
		struct data d = frame(cols, c->ncols, c->k, ROWS), x = frame(test, c->ncols, c->k, TEST);
		add_sparse(&d, &s, group, 2);
		add_sparse(&x, &t, group, 2);
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
		sparse_free(&s);
		sparse_free(&t);
	}
}
END_TEST

#define MANY 300	/* rows */
#define TERMS 40

/* Many rows of three classes, as dense columns and as sparse ones in two groups. */
struct many {
	struct column cols[TERMS];
	struct sparse sparse;
	int32_t label[MANY];
	double w[MANY], x[MANY * TERMS];
};

static const size_t halves[] = { 0, 17, TERMS };

static struct many *many_make(void)
{
	struct many *m = NEW0(struct many, 1);
	struct rng r = rng_at(4, "many", 0);
	for (size_t i = 0; i < MANY; i++) {
		m->label[i] = (int32_t)rng_below(&r, 3);
		m->w[i] = (double)rng_below(&r, 4);
		for (size_t j = 0; j < TERMS; j++)
			if (rng_below(&r, 6) == 0 || (j % 3 == (size_t)m->label[i] && rng_below(&r, 4) == 0))
				m->x[i * TERMS + j] = (double)(1 + rng_below(&r, 40)) / 8;
	}
	columns(m->x, MANY, TERMS, 0, m->cols);
	m->sparse = sparse_of(m->x, MANY, TERMS);
	return m;
}

static void many_free(struct many *m)
{
	drop(m->cols, TERMS);
	sparse_free(&m->sparse);
	free(m);
}

/* As sparse columns the same numbers are the same model, for any threads; a group gives what its columns give together. */
START_TEST(sparse_is_dense)
{
	static const char *const kinds[] = { "multinomial", "complement", "bernoulli" };
	struct many *m = many_make();
	for (size_t k = 0; k < 3; k++) {
		struct bayes_opts o = options(kinds[k]);
		struct data dense = frame(m->cols, TERMS, 3, MANY), d = frame(NULL, 0, 3, MANY);
		double p[MANY * 3], q[MANY * 3], *a = NEW(double, MANY * 3 * (TERMS + 1)), *b = NEW(double, MANY * 3 * 3);
		struct bayes *fit[4];
		add_sparse(&d, &m->sparse, halves, 2);
		dense.label = d.label = m->label;
		dense.w = d.w = m->w;
		for (int t = 0; t < 4; t++) {
			struct run run = { .threads = t };
			fit[t] = family_bayes.fit(&o, t ? &d : &dense, t ? &run : &(struct run){ .threads = 1 });
			if (t > 1)
				ck_assert(memcmp(fit[t]->term, fit[1]->term, TERMS * 3 * sizeof(double)) == 0);
		}
		family_bayes.predict(fit[0], &dense, p);
		family_bayes.predict(fit[1], &d, q);
		family_bayes.contrib(fit[0], &dense, a);
		family_bayes.contrib(fit[1], &d, b);
		for (size_t i = 0; i < MANY * 3; i++) {
			double group[2] = { 0, 0 };
			ck_assert_double_eq_tol(p[i], q[i], 1e-12);
			for (size_t j = 0; j < TERMS; j++)
				group[j >= halves[1]] += a[i * (TERMS + 1) + j];
			ck_assert_double_eq_tol(group[0], b[i * 3], 1e-10);
			ck_assert_double_eq_tol(group[1], b[i * 3 + 1], 1e-10);
			ck_assert_double_eq_tol(a[i * (TERMS + 1) + TERMS], b[i * 3 + 2], 1e-15);
		}
		family_bayes.importance(fit[0], &dense, "coef", p);
		family_bayes.importance(fit[1], &d, "coef", q);
		for (size_t j = 0; j < TERMS; j++)
			ck_assert_double_eq_tol(p[j], q[j], 1e-12);
		for (int t = 0; t < 4; t++)
			family_bayes.free(fit[t]);
		free(a);
		free(b);
	}
	many_free(m);
}
END_TEST

/* The log parameters of very many columns, learned in several ranges, by their definition and for any threads. */
START_TEST(wide_is_by_definition)
{
	const size_t apart = 7499, wide = TERMS * apart, group[] = { 0, TERMS * 7499 };
	struct many *m = many_make();
	double sum[TERMS * 3] = { 0 }, there[TERMS * 3] = { 0 }, total[3] = { 0 }, rows[3] = { 0 };
	struct data d = frame(NULL, 0, 3, MANY);
	for (size_t i = 0; i < MANY; i++) {
		size_t c = (size_t)m->label[i];
		rows[c] += m->w[i];
		for (size_t j = 0; j < TERMS; j++) {
			double x = m->x[i * TERMS + j];
			sum[j * 3 + c] += m->w[i] * x;
			there[j * 3 + c] += m->w[i] * (x > 0);
			total[c] += m->w[i] * x;
		}
	}
	for (size_t e = 0; e < sparse_nnz(&m->sparse); e++)
		m->sparse.col[e] = (int32_t)((size_t)m->sparse.col[e] * apart + apart / 2);
	m->sparse.ncols = wide;
	add_sparse(&d, &m->sparse, group, 1);
	d.label = m->label;
	d.w = m->w;
	for (int bernoulli = 0; bernoulli < 2; bernoulli++) {
		struct bayes_opts o = options(bernoulli ? "bernoulli" : "multinomial");
		struct bayes *fit[3];
		for (int t = 0; t < 3; t++) {
			struct run run = { .threads = t + 1 };
			fit[t] = family_bayes.fit(&o, &d, &run);
			ck_assert(memcmp(fit[t]->term, fit[0]->term, wide * 3 * sizeof(double)) == 0);
		}
		for (size_t j = 0; j < wide; j++)
			for (size_t c = 0; c < 3; c++) {
				bool some = j % apart == apart / 2;
				double n = !some ? 0 : (bernoulli ? there : sum)[j / apart * 3 + c];
				double others = bernoulli ? rows[c] - n + 1 : total[c] + (double)wide;
				/* an assertion for each would cost more than all this */
				if (!(fabs(fit[0]->term[j * 3 + c] - log((n + 1) / others)) < 1e-12))
					ck_abort_msg("%s: column %zu of class %zu", o.kind, j, c);
			}
		for (int t = 0; t < 3; t++)
			family_bayes.free(fit[t]);
	}
	many_free(m);
}
END_TEST

/* P(c | numbers, terms) is proportional to P(c | numbers) P(c | terms) / P(c), each by a model of its own. */
START_TEST(mixed_is_the_product)
{
	struct many *m = many_make();
	double mixed[MANY * 3], gaussian[MANY * 3], terms[MANY * 3];
	struct data d[3] = { frame(m->cols, 5, 3, MANY), frame(m->cols, 5, 3, MANY), frame(NULL, 0, 3, MANY) };
	static const char *const kinds[] = { "mixed", "gaussian", "multinomial" };
	double *const p[] = { mixed, gaussian, terms }, *prior = NULL;
	struct run run = { .threads = 2 };
	void *fit[3];
	for (int i = 0; i < 3; i++) {
		struct bayes_opts o = options(kinds[i]);
		if (i != 1)
			add_sparse(&d[i], &m->sparse, halves, 2);
		d[i].label = m->label;
		fit[i] = family_bayes.fit(&o, &d[i], &run);
		family_bayes.predict(fit[i], &d[i], p[i]);
		prior = ((struct bayes *)fit[i])->prior;
	}
	for (size_t i = 0; i < MANY; i++) {
		double s[3], sum = 0;
		for (size_t c = 0; c < 3; c++)
			sum += s[c] = gaussian[i * 3 + c] * terms[i * 3 + c] / exp(prior[c]);
		for (size_t c = 0; c < 3; c++)
			ck_assert_double_eq_tol(mixed[i * 3 + c], s[c] / sum, 1e-10);
	}
	for (int i = 0; i < 3; i++)
		family_bayes.free(fit[i]);
	many_free(m);
}
END_TEST

/* Class a holds "t0 t0 t1", class b "t1 t2": the shares of a term are (count + 1) / (words + 3). */
START_TEST(weighs_terms_by_class)
{
	const double x[] = { 2, 1, 0, 0, 1, 1 };
	const int32_t label[] = { 0, 1 };
	const size_t group[] = { 0, 3 };
	char *labels[] = { "a", "b" };
	struct schema sc = { .labels = labels, .nlabels = 2 };
	struct bayes_opts o = options("mixed");
	struct run run = { .threads = 1 };
	struct sparse s = sparse_of(x, 2, 3);
	struct data d = frame(NULL, 0, 2, 2);
	struct str t = { 0 };
	struct json j = json_to(&t, 0);
	double coef[3], t0 = log(3 / 6.0) - log(1 / 5.0), t1 = log(2 / 5.0) - log(2 / 6.0), t2 = log(2 / 5.0) - log(1 / 6.0);
	add_sparse(&d, &s, group, 1);
	d.label = label;
	void *fit = family_bayes.fit(&o, &d, &run);
	ck_assert(family_bayes.importance(fit, &d, "coef", coef));
	ck_assert(fabs(coef[0] - t0) < 1e-15 && fabs(coef[1] - t1) < 1e-15 && fabs(coef[2] - t2) < 1e-15);
	json_object(&j, NULL);
	family_bayes.show(fit, &d, &sc, &j);
	json_end(&j, '}');
	struct jval *v = jval_parse(t.s, t.n, "show");
	double speaks[6];
	ck_assert_str_eq(jval_str(jval_need(v, "terms")), "multinomial");
	family_bayes.terms(fit, speaks);
	ck_assert_double_eq_tol(speaks[0], t0, 1e-15);
	ck_assert_double_eq_tol(speaks[3], t1, 1e-15);
	ck_assert_double_eq_tol(speaks[5], t2, 1e-15);
	jval_free(v);
	family_bayes.free(fit);
	sparse_free(&s);
	str_free(&t);
}
END_TEST

/* ---- what is refused ---- */

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

START_TEST(check_of_sparse_columns)
{
	const double x[] = { 1, 0, 0, -2 };
	const size_t group[] = { 0, 2 };
	static const char *const counts[] = { "multinomial", "complement", "mixed" };
	static const char *const none[] = { "gaussian", "categorical" };
	struct sparse s = sparse_of(x, 2, 2);
	struct data d = frame(NULL, 0, 2, 2);
	char want[200];
	add_sparse(&d, &s, group, 1);
	for (size_t i = 0; i < 3; i++) {
		struct bayes_opts o = options(counts[i]);
		snprintf(want, sizeof(want), "--kind %s takes terms as counts, but column 'text=t1' holds -2; "
			 "hash texts with --no-signs, or use --kind bernoulli", counts[i]);
		says(&o, &d, want);
		d.n = 1;
		ck_assert_ptr_null(family_bayes.check(&o, &d));
		d.n = 2;
	}
	for (size_t i = 0; i < 2; i++) {
		struct bayes_opts o = options(none[i]);
		snprintf(want, sizeof(want), "--kind %s does not take the terms of texts; "
			 "use --kind mixed, multinomial, complement or bernoulli", none[i]);
		says(&o, &d, want);
	}
	struct bayes_opts o = options("bernoulli");
	ck_assert_ptr_null(family_bayes.check(&o, &d));
	sparse_free(&s);
}
END_TEST

UNIT_MAIN("bayes", equals_sklearn, missing_is_left_out, nothing_to_learn_from, sparse_equals_sklearn, sparse_is_dense,
	  wide_is_by_definition, mixed_is_the_product, weighs_terms_by_class, check_names_the_column, check_of_sparse_columns)
