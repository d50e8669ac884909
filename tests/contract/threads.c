/*
 * The same model and predictions for any number of threads, for every family
 * and task, where the work is really divided: more rows than any chunk has,
 * more columns than one thread searches, and fewer rows than threads. (fit.c
 * has every option on few rows.) And many rows predicted in uneven pieces.
 */
#include "contract.h"

#define FEW 3
#define WIDE 3001	/* rows of 41 columns, or of counts, and texts */
#define LONG 66001	/* rows of 5 columns; the largest chunk has 65536 */
#define WATCHED 5003
#define SCORED 1201
#define PICTURES 301	/* rows, where these are pictures: more than one batch, and than one piece of prediction */

/* How little work shows the difference. */
static const struct {
	const char *family, *options;
} sizes[] = {
	{ "logistic", "iterations=3" }, { "linear", "iterations=3" }, { "svm", "iterations=1 slope-folds=2" }, { "boost", "trees=3" },
	{ "forest", "trees=5" },
};

/* What makes a family take another way through its code: options that are set together. */
static const struct {
	const char *family, *options;	/* NULL: any */
} ways[] = {
	{ NULL, "" },
	{ "logistic", "solver=newton" }, { "logistic", "solver=lbfgs" }, { "logistic", "solver=cd l1=0.01" },
	{ "logistic", "solver=gd" }, { "logistic", "solver=sgd" }, { "logistic", "path=2 path-folds=2" },
	{ "logistic", "multiclass=ovr knots=2" }, { "logistic", "nb-weights=true" },
	{ "linear", "solver=newton objective=huber" }, { "linear", "solver=lbfgs objective=poisson" },
	{ "linear", "solver=cd l1=0.01" }, { "linear", "solver=gd" }, { "linear", "solver=sgd" },
	{ "linear", "path=2 path-folds=2" },
	{ "svm", "loss=hinge" }, { "svm", "nb-weights=true" },
	{ "tree", "criterion=entropy leaves=40" },
	{ "forest", "extra=true bootstrap=false depth=6" }, { "forest", "leaves=20 rows=0.5 cols=0.5" },
	{ "boost", "grow=depth depth=5 dart=0.5 dart-skip=0" }, { "boost", "grow=symmetric rows=0.7 cols=0.7" },
	{ "boost", "goss-top=0.2 leaves=7" }, { "boost", "objective=absolute" },
	{ "bayes", "kind=complement" },
	{ "knn", "distance=manhattan weights=distance" }, { "knn", "distance=cosine scale=false" },
};

/* Sets "name=value name=value". */
static void opts_set(struct contract_case c, void *opts, const char *options)
{
	for (const char *s = options; *s; s += strcspn(s, " "), s += *s == ' ') {
		size_t n = strcspn(s, "=");
		const struct opt *o = opt_find(c.f->opts, s, n);
		char *value = mem_strn(s + n + 1, strcspn(s + n + 1, " "));
		CK(c, o && opt_takes(o, opts, value), "there is no option %.*s", (int)n, s);
		free(value);
	}
}

/* The fit on d of so many threads, which watches v, as the bytes of a file and its predictions of x: p (x->n, outputs). */
static struct bytes fit_by(struct contract_case c, const void *opts, const struct data *d, const struct data *v,
			   const struct data *x, int threads, double *p)
{
	struct run run = { .seed = 5, .threads = threads, .positive = d->nclasses == 2 ? 1 : -1, .valid = v, .early_stop = 9 };
	ck_assert(measure_find(metric_default(c.task), &run.metric));
	void *fit = c.f->fit(opts, d, &run);
	struct bytes b = fit_bytes(c.f, fit);
	struct data part = *x;
	static const size_t pieces[] = { 1, 2, 63, 64, 65, 255, 257 };
	for (size_t i = 0; threads > 1 && part.first < x->n; part.first += part.n, i++) {
		part.n = pieces[i % 7] < x->n - part.first ? pieces[i % 7] : x->n - part.first;
		c.f->predict(fit, &part, p + part.first * data_outputs(x));
	}
	if (threads == 1)
		c.f->predict(fit, x, p);
	c.f->free(fit);
	return b;
}

static void same_for_threads(struct contract_case c, const void *opts, const struct synth *s, const struct data *d, int step,
			     const char *what)
{
	struct data v = *d, x = synth_rows(s);
	v.n = s->n < WATCHED ? s->n : WATCHED;
	x.n = s->n < SCORED ? s->n : SCORED;
	size_t size = x.n * data_outputs(&x);
	double *p = NEW(double, size), *q = NEW(double, size);
	struct bytes one = fit_by(c, opts, d, &v, &x, 1, p);
	for (int threads = 8; threads > 1; threads -= step) {
		struct bytes b = fit_by(c, opts, d, &v, &x, threads, q);
		CK(c, b.n == one.n && memcmp(b.p, one.p, b.n) == 0, "'%s', %zu rows, %d threads: another model", what, s->n, threads);
		CK(c, memcmp(p, q, size * sizeof(*p)) == 0, "'%s', %zu rows in pieces: other predictions", what, s->n);
		free(b.p);
	}
	free(one.p);
	free(p);
	free(q);
}

/* One way, on the first of the tables (n) that check() takes. */
static void one_way(struct contract_case c, const char *options, const struct synth *tables, size_t n, bool weighted, int step)
{
	void *opts = opts_make(c.f);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (strcmp(sizes[i].family, c.f->name) == 0)
			opts_set(c, opts, sizes[i].options);
	opts_set(c, opts, options);
	for (size_t t = 0; t < n; t++) {
		struct data d = synth_train(&tables[t], weighted);
		if (c.f->check && c.f->check(opts, &d))
			continue;
		same_for_threads(c, opts, &tables[t], &d, step, options);
		break;
	}
	opts_drop(c.f, opts);
}

static void every_way(struct contract_case c, const struct synth *tables, size_t n, bool weighted, int step)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!ways[i].family || strcmp(ways[i].family, c.f->name) == 0)
			one_way(c, ways[i].options, tables, n, weighted, step);
}

static size_t rows_for(struct contract_case c, size_t n)
{
	return wants_pictures(c) && n > PICTURES ? PICTURES : n;
}

START_TEST(few_rows)
{
	struct contract_case c = case_at(_i);
	struct synth s = synth_for(c, TABLE_MIXED, FEW, 1);
	every_way(c, &s, 1, true, 1);
	synth_free(&s);
}
END_TEST

START_TEST(many_columns)
{
	struct contract_case c = case_at(_i);
	if (wants_pictures(c))	/* they are the only column: many_rows */
		return;
	struct synth s[] = { synth_make(TABLE_WIDE, c.task, WIDE, 1), synth_make(TABLE_COUNTS, c.task, WIDE, 1) };
	for (int i = 0; i < 2; i++)
		if (c.f->takes & TAKES_SPARSE)
			synth_texts(&s[i], 1, NULL);
	every_way(c, s, 2, true, 5);
	synth_free(&s[0]);
	synth_free(&s[1]);
}
END_TEST

START_TEST(many_rows)
{
	struct contract_case c = case_at(_i);
	struct synth s = synth_for(c, TABLE_MIXED, rows_for(c, LONG), 1);
	every_way(c, &s, 1, false, 7);
	synth_free(&s);
}
END_TEST

CONTRACT_MAIN("contract: threads", is_case, few_rows, many_columns, many_rows)
