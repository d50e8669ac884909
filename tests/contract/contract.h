/*
 * What the contract tests share: each family of the registry with each task
 * it does is a case; small tables that hold every kind of column; models of
 * them as bytes. A new family gets all of these tests by its line in
 * families.def.
 *
 * Tests are loop tests over the cases, each in a process of its own.
 */
#ifndef DLS_TESTS_CONTRACT_H
#define DLS_TESTS_CONTRACT_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/schema.h"
#include "model/family.h"
#include "model/vectors.h"

#define UNUSED __attribute__((unused))

/* ---- cases ---- */

struct contract_case {
	const struct family *f;	/* NULL: no such case */
	enum task task;
};

/* Case i of the registry by task: of families that learn from rows, or of all. */
UNUSED static struct contract_case registry_at(int i, bool all)
{
	static const enum task tasks[] = { TASK_BINARY, TASK_MULTICLASS, TASK_REGRESSION };
	for (size_t f = 0; families[f]; f++)
		for (int t = 0; (all || families[f]->fit) && t < 3; t++)
			if ((families[f]->tasks & tasks[t]) && i-- == 0)
				return (struct contract_case){ families[f], tasks[t] };
	return (struct contract_case){ 0 };
}

UNUSED static struct contract_case case_at(int i)
{
	return registry_at(i, false);
}

UNUSED static bool is_case(int i)
{
	return case_at(i).f != NULL;
}

UNUSED static const char *task_name(enum task t)
{
	return t == TASK_BINARY ? "binary" : t == TASK_MULTICLASS ? "multiclass" : "regression";
}

/* ---- tables ---- */

/*
 * Of a family that learns from pictures: it gets them alone, instead of whatever other columns a table has.
 */
UNUSED static bool wants_pictures(struct contract_case c)
{
	return c.f->fit && (c.f->takes & TAKES_IMAGE);
}

/*
 * MIXED has numbers and categories, WIDE those and many more numbers, MEAGRE those and columns that tell nothing, COUNTS
 * whole numbers >= 0, LEVELS categories.
 */
enum table_kind { TABLE_MIXED, TABLE_WIDE, TABLE_MEAGRE, TABLE_COUNTS, TABLE_LEVELS, TABLE_KINDS };

#define MORE_COLS 36
#define MAX_COLS (5 + MORE_COLS)
#define CITIES 12

struct synth {
	size_t n, ncols;
	struct column cols[MAX_COLS];
	int32_t *label;	/* (n) for classes */
	double *y, *w;	/* (n) for regression; (n) weights, some 0 */
	enum task task;
	bool counts;	/* nothing is below 0 */
	/* synth_texts() adds these: */
	struct column text;		/* the text column "note" */
	struct vectors vectors;		/* of it: counts of words, and hashed pairs; and features that rows bring */
	struct sparse given;		/* what they bring */
	struct sparse sparse;		/* its rows by all these */
	struct arena *texts;
	struct arena *pictures;		/* the files in the column "picture", when synth_for() made one */
};

static const char *const synth_levels[] = { "amber", "blue", "cyan", "dark", "east", "far", "grey", "high", "in", "jet",
					    "kind", "low" };

UNUSED static struct column *synth_add(struct synth *s, const char *name, enum kind kind, int32_t nlevels)
{
	struct column *c = &s->cols[s->ncols++];
	*c = (struct column){ .name = name, .kind = kind, .nlevels = nlevels };
	if (kind == KIND_NUMERIC)
		c->num = NEW(double, s->n);
	else
		c->cat = NEW(int32_t, s->n);
	if (nlevels)
		c->levels = (const char **)(uintptr_t)synth_levels;
	return c;
}

/* A column of numbers or of codes by the stream; a share of the cells is missing. Its effect on the target is added to score. */
UNUSED static void synth_column(struct synth *s, const char *name, enum kind kind, int32_t levels, double missing,
				double effect, uint64_t seed, double *score)
{
	struct rng r = rng_at(seed, name, 0);
	struct column *c = synth_add(s, name, kind, levels);
	for (size_t i = 0; i < s->n; i++) {
		bool none = rng_double(&r) < missing;
		if (kind == KIND_CATEGORY) {
			int32_t level = (int32_t)rng_below(&r, (uint64_t)levels);
			c->cat[i] = none ? -1 : level;
			score[i] += none ? 0 : effect * (level % 3 - 1);
		} else if (levels == 0) {
			double x = rng_normal(&r);
			c->num[i] = none ? (double)NAN : 50 + 10 * x;
			score[i] += none ? 0 : effect * x;
		} else {
			double x = (double)rng_below(&r, (uint64_t)levels);
			c->num[i] = none ? (double)NAN : x;
			score[i] += none ? 0 : effect * (x - (levels - 1) / 2.0);
		}
	}
	if (kind == KIND_NUMERIC) {
		c->levels = NULL;
		c->nlevels = 0;
	}
}

UNUSED static void synth_target(struct synth *s, const double *score, uint64_t seed)
{
	struct rng r = rng_at(seed, "target", 0);
	s->label = s->task == TASK_REGRESSION ? NULL : NEW(int32_t, s->n);
	s->y = s->task == TASK_REGRESSION ? NEW(double, s->n) : NULL;
	s->w = NEW(double, s->n);
	for (size_t i = 0; i < s->n; i++) {
		double v = score[i] + 0.5 * rng_normal(&r);
		s->w[i] = (double)rng_below(&r, 5) / 2;
		if (s->y)
			s->y[i] = fmax(0.1, 8 + v);	/* positive, so that every loss takes it */
		else if (s->task == TASK_BINARY)
			s->label[i] = v > 0;
		else
			s->label[i] = (v > -1) + (v > 1);
	}
}

UNUSED static struct synth synth_make(enum table_kind kind, enum task task, size_t n, uint64_t seed)
{
	struct synth s = { .n = n, .task = task, .counts = kind >= TABLE_COUNTS };
	double *score = NEW0(double, n);
	if (kind <= TABLE_MEAGRE) {
		synth_column(&s, "size", KIND_NUMERIC, 0, 0, 1.5, seed, score);
		synth_column(&s, "age", KIND_NUMERIC, 0, 0.1, 1, seed, score);
		synth_column(&s, "visits", KIND_NUMERIC, 4, 0, 0.5, seed, score);
		synth_column(&s, "plan", KIND_CATEGORY, 3, 0.1, 1.5, seed, score);
		synth_column(&s, "city", KIND_CATEGORY, CITIES, 0, 0.5, seed, score);
	} else {
		static const char *const names[] = { "p", "q", "r", "s" };
		for (int j = 0; j < 4; j++)
			synth_column(&s, names[j], kind == TABLE_COUNTS ? KIND_NUMERIC : KIND_CATEGORY, 6, j == 3 ? 0.1 : 0,
				     j % 2 ? 0.8 : -0.8, seed, score);
	}
	for (int j = 0; kind == TABLE_WIDE && j < MORE_COLS; j++) {
		static char names[MORE_COLS][16];
		snprintf(names[j], sizeof(names[j]), "more%d", j);
		synth_column(&s, names[j], KIND_NUMERIC, 0, j % 3 ? 0 : 0.2, j % 5 ? 0 : 0.3, seed, score);
	}
	if (kind == TABLE_MEAGRE) {
		struct column *flat = synth_add(&s, "flat", KIND_NUMERIC, 0), *gone = synth_add(&s, "gone", KIND_NUMERIC, 0);
		struct column *void_ = synth_add(&s, "void", KIND_CATEGORY, 0), *one = synth_add(&s, "one", KIND_CATEGORY, 1);
		for (size_t i = 0; i < n; i++) {
			flat->num[i] = 7;
			gone->num[i] = (double)NAN;
			void_->cat[i] = -1;
			one->cat[i] = 0;
		}
	}
	synth_target(&s, score, seed);
	free(score);
	return s;
}

static void synth_drop_columns(struct synth *s)
{
	for (size_t j = 0; j < s->ncols; j++) {
		free(s->cols[j].num);
		free(s->cols[j].cat);
		free(s->cols[j].text);
	}
	s->ncols = 0;
}

UNUSED static void synth_free(struct synth *s)
{
	synth_drop_columns(s);
	arena_free(s->pictures);
	free(s->label);
	free(s->y);
	free(s->w);
	free(s->text.text);
	vectors_free(&s->vectors);
	sparse_free(&s->given);
	sparse_free(&s->sparse);
	arena_free(s->texts);
}

#define PICTURE_SIDE 12
#define PICTURE_HEAD "P6\n12 12\n255\n"
#define PICTURE_BYTES (sizeof(PICTURE_HEAD) - 1 + 3 * PICTURE_SIDE * PICTURE_SIDE)

/* A PNM file of noise around a brightness from 0 to 1. */
UNUSED static struct slice picture_make(struct arena *a, double bright, struct rng *r)
{
	char *s = arena_alloc(a, PICTURE_BYTES);
	size_t head = sizeof(PICTURE_HEAD) - 1;
	memcpy(s, PICTURE_HEAD, head);
	for (size_t i = head; i < PICTURE_BYTES; i++)
		s[i] = (char)(uint8_t)fmax(0, fmin(255, 30 + 195 * bright + 12 * rng_normal(r)));
	return (struct slice){ s, PICTURE_BYTES };
}

/* Puts pictures, whose brightness tells the target, in place of all columns. */
UNUSED static void synth_pictures(struct synth *s, uint64_t seed)
{
	struct rng r = rng_at(seed, "pictures", 0);
	synth_drop_columns(s);
	s->pictures = arena_new();
	s->cols[s->ncols++] = (struct column){ .name = "picture", .kind = KIND_IMAGE, .text = NEW(struct slice, s->n) };
	for (size_t i = 0; i < s->n; i++) {
		double bright = s->y ? s->y[i] / 16 : s->label[i] / (s->task == TASK_BINARY ? 1.0 : 2.0);
		s->cols[0].text[i] = picture_make(s->pictures, bright, &r);
	}
}

/* The table that the family of the case learns from: of that kind, or of pictures. */
UNUSED static struct synth synth_for(struct contract_case c, enum table_kind kind, size_t n, uint64_t seed)
{
	struct synth s = synth_make(kind, c.task, n, seed);
	if (wants_pictures(c))
		synth_pictures(&s, seed);
	return s;
}

/* A vectoriser of counts, with these further options. */
UNUSED static struct tfidf *synth_tfidf(const char *ngrams, int32_t hash_bits, const struct slice *text, size_t n)
{
	struct tfidf_opts o;
	char *why;
	opt_defaults(tfidf_table, &o);
	free((void *)(uintptr_t)o.ngrams);
	free((void *)(uintptr_t)o.min_df);
	free((void *)(uintptr_t)o.idf);
	free((void *)(uintptr_t)o.norm);
	o.ngrams = mem_str(ngrams);
	o.min_df = mem_str("1");
	o.idf = mem_str("none");
	o.norm = mem_str("none");
	o.hash_bits = hash_bits;
	o.sublinear = o.signs = false;
	struct tfidf *v = tfidf_new(&o, &why);
	tfidf_begin(v, 0, 1);
	tfidf_learn(v, text, n, 1, NULL, 0);
	ck_assert(!tfidf_end(v));
	opt_free(tfidf_table, &o);
	return v;
}

#define WORDS 30	/* in texts */
#define FEATURES 5	/* that rows bring, "f=0" ... */

/* Rows that bring some of their features, the last columns of vs, whose values are from `least` up. */
UNUSED static struct sparse synth_given(const struct vectors *vs, size_t n, uint64_t seed, int least)
{
	struct rng r = rng_at(seed, "given", 0);
	struct sparse s = sparse_new(vs->ncols);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		sparse_reserve(&s, FEATURES);
		for (size_t f = 0; f < FEATURES; f++)
			if (rng_below(&r, 2)) {
				s.col[s.start[i] + k] = (int32_t)(vs->ncols - FEATURES + f);
				s.val[s.start[i] + k++] = (double)rng_below(&r, 9) + least;
			}
		sparse_end(&s, k);
	}
	return s;
}

UNUSED static void synth_add_features(struct vectors *vs)
{
	struct name_list names = { 0 };
	for (int f = 0; f < FEATURES; f++)
		names_put(&names, (size_t)snprintf(names_room(&names, 8), 8, "f=%d", f));
	vectors_add_given(vs, given_named(&names), false);
	vs->sparse_rows = true;
}

/*
 * Adds texts of up to 8 words, which speak of the target, some of them empty,
 * their counts by the vectorisers of `like`, or by its own when that is NULL,
 * and features that tell nothing.
 */
UNUSED static void synth_texts(struct synth *s, uint64_t seed, const struct synth *like)
{
	const struct strs columns = { (char *[]){ (char *)(uintptr_t)"note" }, 1 };
	struct rng r = rng_at(seed, "texts", 0);
	s->texts = arena_new();
	s->text = (struct column){ .name = "note", .kind = KIND_TEXT, .text = NEW(struct slice, s->n) };
	for (size_t i = 0; i < s->n; i++) {
		double target = s->y ? s->y[i] > 8 : s->label[i] / 2.0;
		struct str t = { 0 };
		for (uint64_t k = rng_below(&r, 9); k > 0; k--) {
			uint64_t word = rng_below(&r, WORDS / 2) + (rng_double(&r) < 0.1 + 0.8 * target ? WORDS / 2 : 0);
			str_printf(&t, "%sword%d", t.n ? " " : "", (int)word);
		}
		s->text.text[i] = (struct slice){ arena_strn(s->texts, t.s, t.n), t.n };
		str_free(&t);
	}
	if (like) {
		vectors_borrow(&s->vectors, &like->vectors);
	} else {
		vectors_add(&s->vectors, synth_tfidf("1", 0, s->text.text, s->n), &columns);
		vectors_add(&s->vectors, synth_tfidf("2", 9, s->text.text, s->n), &columns);
		synth_add_features(&s->vectors);
		vectors_bind(&s->vectors, &s->text, 1);
	}
	s->given = synth_given(&s->vectors, s->n, seed, s->counts ? 0 : -4);
	s->sparse = vectors_rows(&s->vectors, &s->text, &s->given, s->n, 1);
}

/* A table of its own of the rows (n). */
UNUSED static struct synth synth_pick(const struct synth *s, const uint32_t *rows, size_t n)
{
	struct synth t = { .n = n, .ncols = s->ncols, .task = s->task };
	for (size_t j = 0; j < s->ncols; j++) {
		t.cols[j] = s->cols[j];
		t.cols[j].num = s->cols[j].num ? NEW(double, n) : NULL;
		t.cols[j].cat = s->cols[j].cat ? NEW(int32_t, n) : NULL;
		t.cols[j].text = s->cols[j].text ? NEW(struct slice, n) : NULL;
		for (size_t i = 0; i < n; i++)
			if (t.cols[j].num)
				t.cols[j].num[i] = s->cols[j].num[rows[i]];
			else if (t.cols[j].cat)
				t.cols[j].cat[i] = s->cols[j].cat[rows[i]];
			else
				t.cols[j].text[i] = s->cols[j].text[rows[i]];
	}
	t.label = s->label ? NEW(int32_t, n) : NULL;
	t.y = s->y ? NEW(double, n) : NULL;
	t.w = NEW(double, n);
	for (size_t i = 0; i < n; i++) {
		t.w[i] = s->w[rows[i]];
		if (t.label)
			t.label[i] = s->label[rows[i]];
		else
			t.y[i] = s->y[rows[i]];
	}
	if (s->texts) {
		t.text = s->text;
		t.text.text = NEW(struct slice, n);
		for (size_t i = 0; i < n; i++)
			t.text.text[i] = s->text.text[rows[i]];
		vectors_borrow(&t.vectors, &s->vectors);
		t.given = sparse_pick(&s->given, rows, n);
		t.sparse = vectors_rows(&t.vectors, &t.text, &t.given, n, 1);
	}
	return t;
}

/* The columns that a model reads, texts last, to cols (MAX_COLS + 1); how many. */
UNUSED static size_t synth_inputs(const struct synth *s, bool texts, struct column *cols)
{
	memcpy(cols, s->cols, s->ncols * sizeof(*cols));
	cols[s->ncols] = s->text;
	return s->ncols + texts;
}

/* The table as a family gets it: rows without target (for scoring) or with it. */
UNUSED static struct data synth_rows(const struct synth *s)
{
	struct data d = { .n = s->n, .ncols = s->ncols, .cols = s->cols, .task = s->task,
			  .sparse = s->vectors.n ? &s->sparse : NULL,
			  .nclasses = s->task == TASK_BINARY ? 2 : s->task == TASK_MULTICLASS ? 3 : 0 };
	vectors_describe(&s->vectors, &d);
	return d;
}

UNUSED static struct data synth_train(const struct synth *s, bool weighted)
{
	struct data d = synth_rows(s);
	d.label = s->label;
	d.y = s->y;
	d.w = weighted ? s->w : NULL;
	return d;
}

/* ---- options ---- */

/* Sets the option, or says that its range forbids it. */
UNUSED static bool opt_takes(const struct opt *o, void *opts, const char *value)
{
	char *why = opt_set(o, opts, value);
	free(why);
	return !why;
}

/*
 * The w-th value to try: of words "a|b|c" each, of a flag the one that is not its default, of a number two, which its
 * range may forbid: malloc'ed, or NULL.
 */
UNUSED static char *opt_value(const struct opt *o, int w)
{
	const char *range = o->type == OPT_TEXT ? o->range : o->type == OPT_LIST ? NULL : "2|0.3";
	if (o->type == OPT_BOOL)
		return w ? NULL : mem_str(o->def && strcmp(o->def, "true") == 0 ? "false" : "true");
	while (w-- > 0 && range)
		range = strchr(range, '|') ? strchr(range, '|') + 1 : NULL;
	return range ? mem_strn(range, strcspn(range, "|")) : NULL;
}

/* Options of a family, or of any (NULL), that make it fast; who has no such option is as fast as it is. */
static const struct {
	const char *family, *option, *value;
} fast[] = {
	{ NULL, "trees", "12" }, { NULL, "rounds", "12" }, { NULL, "epochs", "20" },
	{ "cnn", "net", "lenet" }, { "cnn", "epochs", "3" },
};

/* Default options, with few rounds where a family has rounds; opts_drop() frees. */
UNUSED static void *opts_make(const struct family *f)
{
	void *opts = mem_zero(1, f->opts_size);
	opt_defaults(f->opts, opts);
	for (size_t i = 0; i < sizeof(fast) / sizeof(*fast); i++) {
		const struct opt *o = opt_find(f->opts, fast[i].option, strlen(fast[i].option));
		bool its = !fast[i].family || strcmp(fast[i].family, f->name) == 0;
		ck_assert(!o || !its || opt_takes(o, opts, fast[i].value));
	}
	return opts;
}

UNUSED static void opts_drop(const struct family *f, void *opts)
{
	opt_free(f->opts, opts);
	free(opts);
}

/* ---- models ---- */

struct bytes {
	char *p;
	size_t n;
};

/* A family's fit as the bytes of a file. */
UNUSED static struct bytes fit_bytes(const struct family *f, const void *fit)
{
	struct bytes b;
	struct store *st = store_new();
	struct out out = { .f = open_memstream(&b.p, &b.n) };
	f->save(fit, st);
	store_write(st, &out);
	fclose(out.f);
	store_free(st);
	return b;
}

UNUSED static void *fit_make(const struct family *f, const void *opts, const struct data *d, int threads)
{
	struct run run = { .seed = 5, .threads = threads, .positive = d->nclasses == 2 ? 1 : -1 };
	return f->fit(opts, d, &run);
}

/* Fails with the family's name, the task and what else is said. */
#define CK(c, cond, fmt, ...) \
	ck_assert_msg(cond, "%s, %s: " fmt, (c).f->name, task_name((c).task), ##__VA_ARGS__)

/* Dies (the test fails) unless predictions p (n, outputs) are probabilities that sum to 1, or finite values. */
UNUSED static void check_predictions(struct contract_case c, const double *p, size_t n, size_t k, const char *what)
{
	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		for (size_t j = 0; j < k; j++) {
			double v = p[i * k + j];
			CK(c, isfinite(v), "%s: row %zu, output %zu is %g", what, i, j, v);
			CK(c, k == 1 || (v >= 0 && v <= 1), "%s: row %zu, class %zu has probability %.17g", what, i, j, v);
			sum += v;
		}
		CK(c, k == 1 || fabs(sum - 1) < 1e-9, "%s: row %zu sums to %.17g", what, i, sum);
	}
}

/* ---- main() ---- */

/* What check() says may be malloc'ed and is never freed, by its contract. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:check";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

/* What a schema says beside its columns, for nclasses labels (0: a quantity). */
UNUSED static void schema_target(struct schema *sc, enum task task, int32_t nclasses)
{
	static const char *const labels[] = { "no", "so", "yes" };
	sc->target = mem_str("target");
	sc->task = task;
	sc->nlabels = nclasses;
	sc->labels = NEW0(char *, 3);
	for (int i = 0; i < nclasses; i++)
		sc->labels[i] = mem_str(labels[i]);
	sc->positive = nclasses == 2 ? 1 : -1;
	sc->unseen = mem_str("missing");
}

/* Runs each test with _i from 0 to n - 1. */
UNUSED static int contract_run(const char *name, const TTest *const *tests, size_t ntests, int n)
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create(name);
	tcase_set_timeout(tc, 60);
	verbosity = -1;		/* that a solver could not finish is no news here */
	for (size_t i = 0; i < ntests; i++)
		tcase_add_loop_test(tc, tests[i], 0, n);
	suite_add_tcase(s, tc);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define CONTRACT_MAIN(name, count, ...) \
	int main(void) \
	{ \
		const TTest *const tests[] = { __VA_ARGS__ }; \
		int n = 0; \
		while (count(n)) \
			n++; \
		return contract_run(name, tests, sizeof(tests) / sizeof(*tests), n); \
	}

#endif
