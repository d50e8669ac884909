/*
 * The contract of fit, save, load and predict, for every family, task and
 * option: the same bytes for any number of threads, from save -> load ->
 * save, and for a row alone or in a block; contributions that sum to what is
 * predicted; metadata that is JSON.
 */
#include "contract.h"

#include "data/schema.h"
#include "io/jsonio.h"

#define ROWS 160
#define SCORED 41

struct fitted {
	struct contract_case c;
	void *opts;
	struct synth train, test;
	struct data rows;	/* to be scored: some cells missing, levels unseen */
	void *fit;
	size_t k;
	double *p;	/* (SCORED, k) */
	const char *what;
	bool texts;		/* with texts, for families that take sparse columns */
};

/* Fits c with opts on the first kind of table that check() takes; false when it takes none. */
static bool fit_on_some_table(struct fitted *t, bool weighted)
{
	const struct family *f = t->c.f;
	for (int kind = TABLE_MEAGRE; kind < TABLE_KINDS; kind++) {
		t->train = synth_for(t->c, kind, ROWS, 1);
		if (t->texts)
			synth_texts(&t->train, 1, NULL);
		struct data d = synth_train(&t->train, weighted);
		const char *why = f->check ? f->check(t->opts, &d) : NULL;
		if (why) {
			CK(t->c, strlen(why) > 10, "%s: check() says only '%s'", t->what, why);
			synth_free(&t->train);
			continue;
		}
		t->test = synth_for(t->c, kind, SCORED, 2);
		if (t->texts)
			synth_texts(&t->test, 2, &t->train);
		for (size_t j = 0; j < t->test.ncols; j++) {
			struct column *col = &t->test.cols[j];
			for (size_t i = j; i < SCORED; i += 7)
				if (col->kind == KIND_NUMERIC)
					col->num[i] = i % 2 ? (double)NAN : -1e6;
				else if (col->kind == KIND_CATEGORY)
					col->cat[i] = -1;
				else
					col->text[i] = slice_of("P2\n3 2\n9\n0 9 4\n9 0 4\n");
		}
		t->rows = synth_rows(&t->test);
		t->k = data_outputs(&t->rows);
		t->fit = fit_make(f, t->opts, &d, 1);
		t->p = NEW(double, SCORED * t->k);
		f->predict(t->fit, &t->rows, t->p);
		return true;
	}
	return false;
}

static void same_bytes_for_threads(const struct fitted *t, bool weighted)
{
	struct bytes one = fit_bytes(t->c.f, t->fit);
	struct data d = synth_train(&t->train, weighted);
	for (int threads = 2; threads <= 3; threads++) {
		void *fit = fit_make(t->c.f, t->opts, &d, threads);
		struct bytes b = fit_bytes(t->c.f, fit);
		CK(t->c, b.n == one.n && memcmp(b.p, one.p, b.n) == 0, "%s: %d threads give another model", t->what, threads);
		t->c.f->free(fit);
		free(b.p);
	}
	free(one.p);
}

static void same_after_load(const struct fitted *t)
{
	struct bytes first = fit_bytes(t->c.f, t->fit);
	struct store *st = store_read(mem_copy(first.p, first.n, 1), first.n, "model");
	struct data frame = t->rows;
	struct column *cols = mem_copy(t->rows.cols, t->rows.ncols, sizeof(*cols));
	struct sparse none = sparse_new(data_nsparse(&t->rows));
	double *p = NEW(double, SCORED * t->k);
	for (size_t j = 0; j < frame.ncols; j++) {
		cols[j].num = NULL;
		cols[j].cat = NULL;
		cols[j].text = NULL;
	}
	frame.cols = cols;
	frame.sparse = t->texts ? &none : NULL;
	frame.n = 0;
	void *fit = t->c.f->load(t->opts, &frame, st);
	store_free(st);
	struct bytes again = fit_bytes(t->c.f, fit);
	CK(t->c, first.n == again.n && memcmp(first.p, again.p, first.n) == 0, "%s: save, load, save gives other bytes",
	   t->what);
	t->c.f->predict(fit, &t->rows, p);
	CK(t->c, memcmp(p, t->p, SCORED * t->k * sizeof(*p)) == 0, "%s: the loaded model predicts otherwise", t->what);
	t->c.f->free(fit);
	free(first.p);
	free(again.p);
	sparse_free(&none);
	free(cols);
	free(p);
}

/* Rows alone, by number and in another order. */
static void same_in_any_block(const struct fitted *t)
{
	uint32_t order[SCORED];
	struct rng r = rng_at(3, "order", 0);
	double *p = NEW(double, SCORED * t->k);
	struct data x = t->rows;
	for (uint32_t i = 0; i < SCORED; i++)
		order[i] = i;
	rng_shuffle(&r, order, SCORED);
	x.rows = order;
	t->c.f->predict(t->fit, &x, p);
	for (size_t i = 0; i < SCORED; i++)
		CK(t->c, memcmp(p + i * t->k, t->p + order[i] * t->k, t->k * sizeof(*p)) == 0,
		   "%s: row %u scores otherwise in another order", t->what, order[i]);
	x.rows = NULL;
	x.n = 1;
	for (size_t i = 0; i < SCORED; i++) {
		x.first = i;
		t->c.f->predict(t->fit, &x, p);
		CK(t->c, memcmp(p, t->p + i * t->k, t->k * sizeof(*p)) == 0, "%s: row %zu scores otherwise alone", t->what, i);
	}
	free(p);
}

/* The inverse link of the sums s (scores), to p (k). */
static void unlink_scores(struct contract_case c, const char *link, const double *s, size_t k, double *p)
{
	if (strcmp(link, "logit") == 0) {
		p[1] = 1 / (1 + exp(-s[0]));
		p[0] = 1 - p[1];
	} else if (strcmp(link, "softmax") == 0) {
		double most = s[0], sum = 0;
		for (size_t j = 1; j < k; j++)
			most = fmax(most, s[j]);
		for (size_t j = 0; j < k; j++)
			sum += p[j] = exp(s[j] - most);
		for (size_t j = 0; j < k; j++)
			p[j] /= sum;
	} else if (strcmp(link, "ovr") == 0) {
		double sum = 0;
		for (size_t j = 0; j < k; j++)
			sum += p[j] = 1 / (1 + exp(-s[j]));
		for (size_t j = 0; j < k; j++)
			p[j] /= sum;
	} else if (k == 2 && strcmp(link, "identity") == 0) {
		p[1] = s[0];
		p[0] = 1 - s[0];
	} else {
		CK(c, strcmp(link, "identity") == 0 || strcmp(link, "log") == 0, "unknown link '%s'", link);
		for (size_t j = 0; j < k; j++)
			p[j] = *link == 'l' ? exp(s[j]) : s[j];
	}
}

static void contributions_sum(const struct fitted *t)
{
	const struct family *f = t->c.f;
	size_t scores = t->k == 2 ? 1 : t->k, width = t->rows.ncols + t->rows.ngroups + 1;
	double sum[3], p[3];
	if (!f->contrib)
		return;
	CK(t->c, f->link != NULL, "contrib without link");
	double *out = NEW(double, SCORED * scores * width);
	f->contrib(t->fit, &t->rows, out);
	for (size_t i = 0; i < SCORED; i++) {
		for (size_t s = 0; s < scores; s++) {
			sum[s] = 0;
			for (size_t j = 0; j < width; j++)
				sum[s] += out[(i * scores + s) * width + j];
		}
		unlink_scores(t->c, f->link(t->fit), sum, t->k, p);
		for (size_t j = 0; j < t->k; j++)
			CK(t->c, fabs(p[j] - t->p[i * t->k + j]) <= 1e-6 * fmax(1, fabs(p[j])),
			   "%s: contributions of row %zu give %.9g, predict says %.9g", t->what, i, p[j], t->p[i * t->k + j]);
	}
	free(out);
}

static void importance_is_there(const struct fitted *t)
{
	static const char *const kinds[] = { "gain", "split", "coef" };
	size_t n = t->rows.ncols + data_nsparse(&t->rows);
	double *out = NEW(double, n);
	int found = 0;
	if (!t->c.f->importance) {
		free(out);
		return;
	}
	CK(t->c, !t->c.f->importance(t->fit, &t->rows, "nosuch", out), "importance of kind 'nosuch'");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!t->c.f->importance(t->fit, &t->rows, kinds[i], out))
			continue;
		found++;
		for (size_t j = 0; j < n; j++)
			CK(t->c, isfinite(out[j]) && out[j] >= 0, "%s: importance %s of column %zu is %g", t->what, kinds[i], j, out[j]);
	}
	CK(t->c, found, "%s: importance knows no kind", t->what);
	free(out);
}

static void shows_json(const struct fitted *t)
{
	static char *labels[] = { "no", "so", "yes" };
	struct schema sc = { .nlabels = t->rows.nclasses, .labels = labels, .task = t->c.task, .positive = t->k == 2 ? 1 : -1 };
	struct str s = { 0 };
	struct json j = json_to(&s, 2);
	struct data frame = t->rows;
	frame.n = 0;
	json_object(&j, NULL);
	t->c.f->show(t->fit, &frame, &sc, &j);
	json_end(&j, '}');
	struct jval *v = jval_parse(s.s, s.n, "show");
	CK(t->c, jval_size(v) > 0, "%s: show() says nothing", t->what);
	jval_free(v);
	str_free(&s);
}

static void unseen_is_probable(const struct fitted *t)
{
	double *p = NEW(double, ROWS * t->k);
	if (t->c.f->unseen && t->c.f->unseen(t->fit, p))
		for (size_t i = 0; i < ROWS; i++)
			if (!isnan(p[i * t->k]))
				check_predictions(t->c, p + i * t->k, 1, t->k, "out of bag");
	free(p);
}

/* False when check() refuses every table. */
static bool properties_of(struct fitted *t, bool weighted)
{
	if (!fit_on_some_table(t, weighted))
		return false;
	unseen_is_probable(t);
	check_predictions(t->c, t->p, SCORED, t->k, t->what);
	same_bytes_for_threads(t, weighted);
	same_after_load(t);
	same_in_any_block(t);
	contributions_sum(t);
	importance_is_there(t);
	shows_json(t);
	t->c.f->free(t->fit);
	synth_free(&t->train);
	synth_free(&t->test);
	free(t->p);
	return true;
}

/* The same with texts, for families that take them; false when check() refuses every table without. */
static bool all_properties(struct fitted *t, bool weighted)
{
	bool taken = properties_of(t, weighted);
	t->texts = t->c.f->takes & TAKES_SPARSE;
	if (t->texts)
		properties_of(t, weighted);
	return taken;
}

START_TEST(defaults)
{
	for (int weighted = 0; weighted < 2; weighted++) {
		struct fitted t = { .c = case_at(_i), .what = weighted ? "weighted" : "defaults" };
		t.opts = opts_make(t.c.f);
		CK(t.c, all_properties(&t, weighted), "%s: check() refuses every table", t.what);
		opts_drop(t.c.f, t.opts);
	}
}
END_TEST

/*
 * With rows to watch, an iterative family stops early and keeps the best
 * round: the model is the one that so many rounds make without watching.
 */
START_TEST(early_stopping)
{
	struct contract_case c = case_at(_i);
	struct synth s = synth_for(c, TABLE_MIXED, ROWS, 1), t = synth_for(c, TABLE_MIXED, ROWS, 2);
	struct data d = synth_train(&s, false), v = synth_train(&t, false), x = synth_rows(&t);
	struct run run = { .seed = 5, .threads = 2, .positive = c.task == TASK_BINARY ? 1 : -1, .valid = &v, .early_stop = 2 };
	void *opts = opts_make(c.f);
	size_t k = data_outputs(&x);
	double *p = NEW(double, ROWS * k), *q = NEW(double, ROWS * k);
	ck_assert(measure_find(metric_default(c.task), &run.metric));
	void *fit = c.f->fit(opts, &d, &run);
	c.f->predict(fit, &x, p);
	check_predictions(c, p, ROWS, k, "early stopping");
	int rounds = c.f->rounds ? c.f->rounds(fit) : 0;
	if (rounds) {
		CK(c, rounds == run.best_round, "keeps %d rounds, the best was %d", rounds, run.best_round);
		struct run again = { .seed = 5, .threads = 1, .positive = run.positive, .rounds = rounds };
		void *refit = c.f->fit(opts, &d, &again);
		c.f->predict(refit, &x, q);
		CK(c, c.f->rounds(refit) == rounds, "a refit of %d rounds has %d", rounds, c.f->rounds(refit));
		CK(c, memcmp(p, q, ROWS * k * sizeof(*p)) == 0, "the best %d rounds predict otherwise than a refit", rounds);
		c.f->free(refit);
	}
	c.f->free(fit);
	opts_drop(c.f, opts);
	synth_free(&s);
	synth_free(&t);
	free(p);
	free(q);
}
END_TEST

/* The bytes of a fit on d that watches v, which stays as it is. */
static struct bytes fit_watching(struct contract_case c, const void *opts, const struct data *d, const struct data *v)
{
	struct run run = { .seed = 5, .threads = 2, .positive = c.task == TASK_BINARY ? 1 : -1, .valid = v, .early_stop = 3 };
	ck_assert(measure_find(metric_default(c.task), &run.metric));
	void *fit = c.f->fit(opts, d, &run);
	struct bytes b = fit_bytes(c.f, fit);
	c.f->free(fit);
	return b;
}

/* Some rows of a table, in any order, are as good as a table of these rows: for training and for watching. */
START_TEST(views_of_rows)
{
	struct contract_case c = case_at(_i);
	struct synth s = synth_for(c, TABLE_MEAGRE, ROWS, 1);
	if (c.f->takes & TAKES_SPARSE)
		synth_texts(&s, 1, NULL);
	uint32_t rows[ROWS];
	size_t half = 2 * ROWS / 3;
	struct rng r = rng_at(8, "view", 0);
	for (uint32_t i = 0; i < ROWS; i++)
		rows[i] = i;
	rng_shuffle(&r, rows, ROWS);
	for (int weighted = 0; weighted < 2; weighted++) {
		struct synth a = synth_pick(&s, rows, half), b = synth_pick(&s, rows + half, ROWS - half);
		struct data da = synth_train(&a, weighted), db = synth_train(&b, weighted);
		struct data va = synth_train(&s, weighted), vb = va;
		void *opts = opts_make(c.f);
		va.rows = rows;
		va.n = half;
		vb.rows = rows + half;
		vb.n = ROWS - half;
		struct bytes copied = fit_watching(c, opts, &da, &db), viewed = fit_watching(c, opts, &va, &vb);
		CK(c, copied.n == viewed.n && memcmp(copied.p, viewed.p, copied.n) == 0, "a view of rows gives another model");
		free(copied.p);
		free(viewed.p);
		opts_drop(c.f, opts);
		synth_free(&a);
		synth_free(&b);
	}
	synth_free(&s);
}
END_TEST

/* A row whose picture cannot be loaded has NaN in all outputs, and its neighbours what they have without it. */
START_TEST(pictures_that_cannot_be_loaded)
{
	static const struct { size_t row; const char *cell; } bad[] = { { 0, "" }, { 7, "no/such/file.png" },
		{ 8, "P6\n12 12\n255\ncut off" }, { SCORED - 1, "\xff\xd8\xff" } };
	struct fitted t = { .c = case_at(_i), .what = "bad pictures" };
	if (!wants_pictures(t.c))
		return;
	t.opts = opts_make(t.c.f);
	ck_assert(fit_on_some_table(&t, false));
	double *p = NEW(double, SCORED * t.k);
	for (size_t b = 0; b < sizeof(bad) / sizeof(*bad); b++)
		t.test.cols[0].text[bad[b].row] = slice_of(bad[b].cell);
	t.c.f->predict(t.fit, &t.rows, p);
	for (size_t b = 0; b < sizeof(bad) / sizeof(*bad); b++)
		for (size_t j = 0; j < t.k; j++) {
			size_t at = bad[b].row * t.k + j;
			CK(t.c, isnan(p[at]), "row %zu: output %zu is %g", bad[b].row, j, p[at]);
			p[at] = t.p[at];
		}
	CK(t.c, memcmp(p, t.p, SCORED * t.k * sizeof(*p)) == 0, "other rows are predicted otherwise");
	t.c.f->free(t.fit);
	opts_drop(t.c.f, t.opts);
	synth_free(&t.train);
	synth_free(&t.test);
	free(t.p);
	free(p);
}
END_TEST

/*
 * Each word of each option, each flag turned over, two values of each number, one at a time. A task may refuse a word (a
 * loss of another task).
 */
/* Values that take long to try and are proven elsewhere (unit/nn/nets.c). */
static bool is_large(const struct family *f, const struct opt *o, const char *value)
{
	static const char *const small[] = { "lenet", "simple", "resnet20" };
	if (strcmp(f->name, "cnn") != 0 || strcmp(o->name, "net") != 0)
		return false;
	for (size_t i = 0; i < sizeof(small) / sizeof(*small); i++)
		if (strcmp(value, small[i]) == 0)
			return false;
	return true;
}

START_TEST(every_option)
{
	struct contract_case c = case_at(_i);
	for (const struct opt *o = c.f->opts; o->name; o++) {
		char *value;
		for (int v = 0; (value = opt_value(o, v)); v++) {
			char what[100];
			struct fitted t = { .c = c, .opts = opts_make(c.f), .what = what };
			snprintf(what, sizeof(what), "--%s %s", o->name, value);
			if (!is_large(c.f, o, value) && opt_takes(o, t.opts, value))
				all_properties(&t, v % 2);
			opts_drop(c.f, t.opts);
			free(value);
		}
	}
}
END_TEST

CONTRACT_MAIN("contract: fit, save, load, predict", is_case, defaults, early_stopping, views_of_rows,
	      pictures_that_cannot_be_loaded, every_option)
