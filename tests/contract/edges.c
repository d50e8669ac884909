/*
 * Poor tables, for every family and task: no rows to score, one row, one
 * class, columns that are constant or missing throughout, numbers at the ends
 * of the double, weights of zero. Nothing ends the program and predictions
 * stay finite. And a table that can be learnt: the family beats the class
 * shares or the mean.
 */
#include "contract.h"

#include <float.h>

#define TRAIN 600
#define TEST 400

/* Fits on d (if check() takes it) and predicts x: p (x->n, outputs), malloc'ed, or NULL. */
static double *fit_predict(struct contract_case c, const struct data *d, const struct data *x)
{
	void *opts = opts_make(c.f);
	double *p = NULL;
	if (!c.f->check || !c.f->check(opts, d)) {
		void *fit = fit_make(c.f, opts, d, 2);
		p = NEW(double, x->n * data_outputs(x));
		c.f->predict(fit, x, p);
		c.f->free(fit);
	}
	opts_drop(c.f, opts);
	return p;
}

/* Fits on d, which must be taken, and scores 50 ordinary rows and the training rows. */
static void survives(struct contract_case c, const struct data *d, const char *what)
{
	struct synth t = synth_for(c, TABLE_MEAGRE, 50, 9);
	struct data x = synth_rows(&t), again = *d;
	x.ncols = d->ncols;
	again.label = NULL;
	again.y = again.w = NULL;
	double *p = fit_predict(c, d, &x), *q = fit_predict(c, d, &again);
	CK(c, p != NULL, "%s: refused", what);
	check_predictions(c, p, x.n, data_outputs(&x), what);
	check_predictions(c, q, again.n, data_outputs(&x), what);
	free(p);
	free(q);
	synth_free(&t);
}

START_TEST(no_rows_to_score)
{
	struct contract_case c = case_at(_i);
	struct synth s = synth_for(c, TABLE_MEAGRE, 60, 1);
	struct data d = synth_train(&s, false), x = synth_rows(&s);
	x.n = 0;
	free(fit_predict(c, &d, &x));
	synth_free(&s);
}
END_TEST

START_TEST(few_rows)
{
	struct contract_case c = case_at(_i);
	for (size_t n = 1; n <= 4; n++) {
		struct synth s = synth_for(c, TABLE_MEAGRE, n, 1);
		struct data d = synth_train(&s, false);
		survives(c, &d, n == 1 ? "one row" : n == 2 ? "two rows" : "few rows");
		synth_free(&s);
	}
}
END_TEST

START_TEST(one_class_or_value)
{
	struct contract_case c = case_at(_i);
	for (int which = 0; which < 2; which++) {
		struct synth s = synth_for(c, TABLE_MEAGRE, 60, 1);
		struct data d = synth_train(&s, false);
		for (size_t i = 0; i < s.n; i++)
			if (s.label)
				s.label[i] = which ? d.nclasses - 1 : 0;
			else
				s.y[i] = which ? 7 : 0;
		survives(c, &d, s.label ? "one class" : "one value");
		synth_free(&s);
	}
}
END_TEST

/* Class 1 has no row: its probability is the least of all on average. */
START_TEST(class_without_rows)
{
	struct contract_case c = case_at(_i);
	if (c.task == TASK_REGRESSION)
		return;
	struct synth s = synth_for(c, TABLE_MIXED, 120, 1);
	struct data d = synth_train(&s, false), x = synth_rows(&s);
	double mean[3] = { 0 };
	for (size_t i = 0; i < s.n; i++)
		s.label[i] = s.label[i] == 1 ? 0 : s.label[i];
	double *p = fit_predict(c, &d, &x);
	check_predictions(c, p, s.n, (size_t)d.nclasses, "class without rows");
	for (size_t i = 0; i < s.n * (size_t)d.nclasses; i++)
		mean[i % (size_t)d.nclasses] += p[i] / (double)s.n;
	for (int32_t k = 0; k < d.nclasses; k++)
		CK(c, mean[k] >= mean[1], "a class without rows has mean probability %g, class %d only %g", mean[1], k, mean[k]);
	CK(c, mean[1] < 0.1, "a class without rows has mean probability %g", mean[1]);
	free(p);
	synth_free(&s);
}
END_TEST

START_TEST(columns_that_tell_nothing)
{
	struct contract_case c = case_at(_i);
	struct synth s = synth_for(c, TABLE_MEAGRE, 60, 1);
	struct data d = synth_train(&s, true);
	if (wants_pictures(c)) {
		for (size_t i = 0; i < s.n; i++)
			s.cols[0].text[i] = s.cols[0].text[0];
		survives(c, &d, "pictures that are all the same");
		synth_free(&s);
		return;
	}
	d.ncols = 4;
	for (size_t j = 0; j < 4; j++)
		for (size_t i = 0; i < s.n; i++)
			if (s.cols[j].num)
				s.cols[j].num[i] = j ? (double)NAN : 5;
			else
				s.cols[j].cat[i] = -1;
	survives(c, &d, "nothing but constant and missing columns");
	d.ncols = 0;
	survives(c, &d, "no columns");
	synth_free(&s);
}
END_TEST

START_TEST(extreme_numbers)
{
	static const double ends[] = { DBL_MAX, -DBL_MAX, DBL_MIN, 5e-324, 1e300, -1e-300, 0, -0.0, 1e16 };
	struct contract_case c = case_at(_i);
	for (int all = 0; !wants_pictures(c) && all < 2; all++) {
		struct synth s = synth_for(c, TABLE_MEAGRE, 90, 1);
		struct data d = synth_train(&s, true);
		for (size_t i = 0; i < s.n; i += all ? 1 : 30) {
			s.cols[0].num[i] = ends[(i + i / 9) % 9];
			s.cols[1].num[i] = ends[(i + 2 * i / 9) % 9];
		}
		survives(c, &d, all ? "extreme numbers" : "some extreme numbers");
		synth_free(&s);
	}
}
END_TEST

/* More levels than a byte has values, most of them seen once; scoring meets others. */
START_TEST(many_levels)
{
	enum { LEVELS = 700 };
	struct contract_case c = case_at(_i);
	if (wants_pictures(c))
		return;
	struct synth s = synth_for(c, TABLE_MIXED, 500, 1), t = synth_for(c, TABLE_MIXED, 500, 2);
	struct data d = synth_train(&s, false), x = synth_rows(&t);
	const char *levels[LEVELS];
	char names[LEVELS][12];
	struct rng r = rng_at(1, "levels", 0);
	for (int i = 0; i < LEVELS; i++) {
		snprintf(names[i], sizeof(names[i]), "%d", i);
		levels[i] = names[i];
	}
	s.cols[4].levels = t.cols[4].levels = levels;
	s.cols[4].nlevels = t.cols[4].nlevels = LEVELS;
	for (size_t i = 0; i < 500; i++) {
		s.cols[4].cat[i] = (int32_t)rng_below(&r, LEVELS);
		t.cols[4].cat[i] = (int32_t)rng_below(&r, LEVELS);
	}
	double *p = fit_predict(c, &d, &x);
	CK(c, p != NULL, "many levels: refused");
	check_predictions(c, p, 500, data_outputs(&x), "many levels");
	free(p);
	synth_free(&s);
	synth_free(&t);
}
END_TEST

START_TEST(zero_weights)
{
	struct contract_case c = case_at(_i);
	for (size_t positive = 0; positive < 3; positive++) {
		struct synth s = synth_for(c, TABLE_MEAGRE, 60, 1);
		struct data d = synth_train(&s, true);
		for (size_t i = 0; i < s.n; i++)
			s.w[i] = i < positive ? 1e-3 : 0;
		survives(c, &d, positive ? "one or two rows with weight" : "no row with weight");
		synth_free(&s);
	}
}
END_TEST

/* Share of rows whose class is not the likeliest by p (n, k), or the mean squared error. */
static double loss(const struct synth *s, const double *p, size_t k)
{
	double sum = 0;
	for (size_t i = 0; i < s->n; i++) {
		size_t likeliest = 0;
		for (size_t c = 1; c < k; c++)
			if (p[i * k + c] > p[i * k + likeliest])
				likeliest = c;
		sum += s->label ? (double)((size_t)s->label[i] != likeliest) : (p[i] - s->y[i]) * (p[i] - s->y[i]);
	}
	return sum / (double)s->n;
}

/* On new rows the loss is under 0.6 of that of the largest class or of the mean. Not the log loss: a full tree is too sure by design. */
START_TEST(beats_the_trivial)
{
	struct contract_case c = case_at(_i);
	struct synth s = synth_for(c, TABLE_MEAGRE, TRAIN, 1), t = synth_for(c, TABLE_MEAGRE, TEST, 2);
	struct data d = synth_train(&s, false), x = synth_rows(&t);
	size_t k = data_outputs(&x);
	double prior[3] = { 0 }, *p = NEW(double, TEST * k);
	for (size_t i = 0; i < TRAIN; i++)
		prior[s.label ? s.label[i] : 0] += (s.label ? 1 : s.y[i]) / TRAIN;
	for (size_t i = 0; i < TEST * k; i++)
		p[i] = prior[i % k];
	double trivial = loss(&t, p, k);
	free(p);
	void *opts = opts_make(c.f);
	if (!wants_pictures(c)) {	/* nets are too slow as they are */
		opt_free(c.f->opts, opts);
		opt_defaults(c.f->opts, opts);
	}
	void *fit = fit_make(c.f, opts, &d, 2);
	p = NEW(double, TEST * k);
	c.f->predict(fit, &x, p);
	double found = loss(&t, p, k);
	CK(c, found < 0.6 * trivial, "loss %.4f, the trivial predictor's is %.4f", found, trivial);
	free(p);
	c.f->free(fit);
	opts_drop(c.f, opts);
	synth_free(&s);
	synth_free(&t);
}
END_TEST

CONTRACT_MAIN("contract: poor tables", is_case, no_rows_to_score, few_rows, one_class_or_value, class_without_rows,
	      columns_that_tell_nothing, extreme_numbers, many_levels, zero_weights, beats_the_trivial)
