/*
 * svm: both losses against liblinear, dual coordinate descent against Newton's
 * method on the same columns, probabilities that change no decision; and naive
 * Bayes weights against their definition.
 */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "../../golden/svm.h"
#include "base/die.h"
#include "base/mem.h"
#include "families/linear/lin.h"

static const size_t one_group[] = { 0, SVM_COLS };

static struct sparse sparse_of(const double (*x)[SVM_COLS], size_t n)
{
	struct sparse s = sparse_new(SVM_COLS);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		sparse_reserve(&s, SVM_COLS);
		for (int32_t j = 0; j < SVM_COLS; j++)
			if (x[i][j] != 0) {
				s.col[s.start[i] + k] = j;
				s.val[s.start[i] + k++] = x[i][j];
			}
		sparse_end(&s, k);
	}
	return s;
}

static struct data rows(const struct sparse *s, const int32_t *label, int32_t classes)
{
	return (struct data){ .n = SVM_ROWS, .sparse = s, .ngroups = 1, .group = one_group, .label = label, .nclasses = classes,
			      .task = classes == 2 ? TASK_BINARY : TASK_MULTICLASS };
}

static struct lin_opts options(const char *loss, double tol)
{
	struct lin_opts o;
	memset(&o, 0, sizeof(o));
	opt_defaults(family_svm.opts, &o);
	free((void *)(uintptr_t)o.loss);
	o.loss = mem_str(loss);
	o.l2 = SVM_L2;
	o.tol = tol;
	o.iterations = 100000;
	return o;
}

static struct lin *fit(const struct lin_opts *o, const struct data *d, int threads)
{
	struct run run = { .seed = 1, .threads = threads };
	verbosity = -1;
	return family_svm.fit(o, d, &run);
}

START_TEST(equals_liblinear)
{
	struct sparse s = sparse_of(svm_x, SVM_ROWS);
	for (size_t g = 0; g < sizeof(svm_golden) / sizeof(*svm_golden); g++) {
		const struct svm_golden *want = &svm_golden[g];
		struct lin_opts o = options(want->loss, 1e-10);
		struct data d = rows(&s, want->classes == 2 ? svm_two : svm_three, want->classes);
		struct lin *m = fit(&o, &d, 2);
		ck_assert(m->converged);
		ck_assert_double_eq_tol(m->objective, want->objective, 1e-7);
		for (size_t k = 0; k < m->k; k++) {
			ck_assert_double_eq_tol(m->bias[k], want->b[k][0], 1e-4);
			for (size_t j = 0; j < SVM_COLS; j++)
				ck_assert_double_eq_tol(m->term[j * m->k + k], want->b[k][1 + j], 1e-4);
		}
		lin_free(m);
		opt_free(family_svm.opts, &o);
	}
	sparse_free(&s);
}
END_TEST

/* The same numbers as ordinary columns, neither centred nor scaled: Newton's method finds the same machine. */
START_TEST(newton_finds_the_same)
{
	struct sparse s = sparse_of(svm_x, SVM_ROWS);
	struct lin_opts o = options("squared", 1e-10);
	struct column cols[SVM_COLS];
	o.standardize = false;
	for (size_t j = 0; j < SVM_COLS; j++) {
		cols[j] = (struct column){ .name = "x", .kind = KIND_NUMERIC, .num = NEW(double, SVM_ROWS) };
		for (size_t i = 0; i < SVM_ROWS; i++)
			cols[j].num[i] = svm_x[i][j];
	}
	for (int32_t classes = 2; classes <= 3; classes++) {
		struct data terms = rows(&s, classes == 2 ? svm_two : svm_three, classes), dense = terms;
		dense.sparse = NULL;
		dense.ngroups = 0;
		dense.ncols = SVM_COLS;
		dense.cols = cols;
		struct lin *a = fit(&o, &terms, 1), *b = fit(&o, &dense, 1);
		double *f = NEW(double, 2 * SVM_ROWS * a->k), *g = f + SVM_ROWS * a->k;
		lin_scores(a, &terms, f);
		lin_scores(b, &dense, g);
		ck_assert(b->converged && b->iterations < 30);
		/* centred columns move the intercept, which is penalised: the machines differ by that alone */
		for (size_t i = 0; i < SVM_ROWS * a->k; i++)
			ck_assert_double_eq_tol(f[i], g[i], 0.1);
		o.intercept = 1000;	/* free, as good as */
		struct lin *c = fit(&o, &dense, 1);
		o.intercept = 20;
		struct lin *d = fit(&o, &terms, 1);
		lin_scores(c, &dense, f);
		lin_scores(d, &terms, g);
		for (size_t i = 0; i < SVM_ROWS * a->k; i++)
			ck_assert_double_eq_tol(f[i], g[i], 5e-3);
		o.intercept = 1;
		lin_free(a);
		lin_free(b);
		lin_free(c);
		lin_free(d);
		free(f);
	}
	for (size_t j = 0; j < SVM_COLS; j++)
		free(cols[j].num);
	opt_free(family_svm.opts, &o);
	sparse_free(&s);
}
END_TEST

/* Whatever the slope, the class of the largest margin has the largest probability; without folds the slope is 1. */
START_TEST(probabilities_change_no_decision)
{
	struct sparse s = sparse_of(svm_x, SVM_ROWS);
	for (int32_t classes = 2; classes <= 3; classes++)
		for (int32_t folds = 0; folds <= 5; folds += 5) {
			struct lin_opts o = options("squared", 1e-6);
			struct data d = rows(&s, classes == 2 ? svm_two : svm_three, classes);
			double f[SVM_ROWS * 3], p[SVM_ROWS * 3];
			o.slope_folds = folds;
			struct lin *m = fit(&o, &d, 1);
			ck_assert(m->slope > 0 && (folds > 0) == (m->slope != 1));
			lin_scores(m, &d, f);
			lin_predict(m, &d, p);
			for (size_t i = 0; i < SVM_ROWS; i++) {
				if (classes == 2) {
					ck_assert((f[i] > 0) == (p[2 * i + 1] > 0.5));
					ck_assert_double_eq_tol(log(p[2 * i + 1] / p[2 * i]), m->slope * f[i], 1e-9);
				}
				for (size_t a = 0; classes == 3 && a < 3; a++)
					for (size_t b = 0; b < 3; b++)
						ck_assert(!(f[3 * i + a] > f[3 * i + b]) || p[3 * i + a] >= p[3 * i + b]);
			}
			lin_free(m);
			opt_free(family_svm.opts, &o);
		}
	sparse_free(&s);
}
END_TEST

/* Counts of rows with a term above 0, by hand; the weight of a row counts; and the two classes' ratios are opposite. */
START_TEST(naive_bayes_weights_by_definition)
{
	const double x[4][SVM_COLS] = { { 1, 2 }, { 0, 1, 0.5 }, { 3, 0, 0, -1 }, { 1, 1 } }, w[] = { 1, 1, 2, 1 };
	const int32_t label[] = { 1, 0, 1, 0 };
	struct sparse s = sparse_of(x, 4);
	struct data d = rows(&s, label, 2);
	d.n = 4;
	d.w = w;
	/* class 1: rows 0 and 2 (weight 2); class 0: rows 1 and 3 */
	const double in[SVM_COLS] = { 3, 1, 0, 0, 0, 0 }, out[SVM_COLS] = { 1, 2, 1, 0, 0, 0 };
	double *a = nb_ratio(&d, 1, 0.5), *b = nb_ratio(&d, 0, 0.5);
	for (size_t j = 0; j < SVM_COLS; j++) {
		double want = log((in[j] + 0.5) / (4 + 3)) - log((out[j] + 0.5) / (4 + 3));
		ck_assert_double_eq_tol(a[j], want, 1e-15);
		ck_assert_double_eq_tol(b[j], -want, 1e-15);
	}
	free(a);
	free(b);
	sparse_free(&s);
}
END_TEST

/* A machine on terms times their ratios is that on the products, its weights times the ratios. */
START_TEST(naive_bayes_weights_multiply_terms)
{
	struct sparse s = sparse_of(svm_x, SVM_ROWS), product = sparse_of(svm_x, SVM_ROWS);
	struct data d = rows(&s, svm_two, 2), q = rows(&product, svm_two, 2);
	double *ratio = nb_ratio(&d, 1, 1);
	for (size_t e = 0; e < sparse_nnz(&s); e++)
		product.val[e] *= ratio[product.col[e]];
	static const struct family *const both[] = { &family_svm, &family_logistic };
	for (size_t f = 0; f < 2; f++) {
		struct lin_opts o;
		struct run run = { .seed = 1, .threads = 1 };
		memset(&o, 0, sizeof(o));
		opt_defaults(both[f]->opts, &o);
		o.l2 = SVM_L2;
		o.tol = 1e-10;
		struct lin *b = both[f]->fit(&o, &q, &run);
		o.nb_weights = true;
		struct lin *a = both[f]->fit(&o, &d, &run);
		ck_assert_double_eq_tol(a->objective, b->objective, 1e-8);
		for (size_t j = 0; j < SVM_COLS; j++)
			ck_assert_double_eq_tol(a->term[j], b->term[j] * ratio[j], 1e-4);
		lin_free(a);
		lin_free(b);
		opt_free(both[f]->opts, &o);
	}
	free(ratio);
	sparse_free(&s);
	sparse_free(&product);
}
END_TEST

UNIT_MAIN("svm", equals_liblinear, newton_finds_the_same, probabilities_change_no_decision, naive_bayes_weights_by_definition,
	  naive_bayes_weights_multiply_terms)
