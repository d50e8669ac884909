/* Vectorisers against scikit-learn: vocabulary, idf and rows; the hash; files; options that make no sense. */
#include "unit.h"

#include <math.h>

#include "data/text/murmur.h"
#include "text.h"

#define FITTED 200	/* texts of the corpus, tests/golden/texts.py */
#define MOST 300

/* ---- the corpus ---- */

struct corpus {
	struct jval *json;
	struct slice text[MOST];
	int32_t label[MOST];
	size_t n;
};

static struct corpus corpus(void)
{
	struct corpus c = { .json = golden(GOLDEN "corpus.json") };
	for (c.n = 0; c.n < jval_size(c.json); c.n++) {
		c.text[c.n] = slice_of(jval_str(jval_at(jval_at(c.json, c.n), 0)));
		c.label[c.n] = (int32_t)jval_int(jval_at(jval_at(c.json, c.n), 1), 0, 2);
	}
	return c;
}

/* A vectoriser fitted to the first n texts in blocks of so many. */
static struct tfidf *fit(const char *line, const struct corpus *c, size_t n, size_t block, size_t memory, int threads)
{
	struct tfidf_opts o = options(line);
	char *why = NULL;
	struct tfidf *v = tfidf_new(&o, &why);
	if (!v)
		ck_abort_msg("%s: %s", line, why);
	tfidf_begin(v, memory, threads);
	for (size_t i = 0; i < n; i += block)
		tfidf_learn(v, c->text + i, n - i < block ? n - i : block, 1, tfidf_wants_labels(&o) ? c->label + i : NULL, 3);
	why = tfidf_end(v);
	if (why)
		ck_abort_msg("%s: %s", line, why);
	opt_free(tfidf_table, &o);
	return v;
}

static struct sparse rows_of(const struct tfidf *v, const struct corpus *c)
{
	struct sparse rows = sparse_new(tfidf_ncols(v));
	struct tfidf_scratch *s = tfidf_scratch_new();
	for (size_t i = 0; i < c->n; i++)
		tfidf_row(v, &c->text[i], 1, s, &rows);
	tfidf_scratch_free(s);
	return rows;
}

/* ---- scikit-learn ---- */

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-12 * fmax(1, fabs(b));
}

static void same_terms(const char *line, const struct tfidf *v, const struct jval *terms, const struct jval *idf)
{
	struct str name = { 0 };
	for (size_t j = 0; !jval_is_null(terms) && j < jval_size(terms); j++) {
		const char *want = jval_str(jval_at(terms, j));
		name.n = 0;
		tfidf_name(v, j, &name);
		ck_assert_msg(strcmp(name.s, want) == 0, "%s: term %zu is '%s', not '%s'", line, j, name.s, want);
		ck_assert_uint_eq(tfidf_find(v, slice_of(want)), j);
	}
	for (size_t j = 0; !jval_is_null(idf) && j < jval_size(idf); j++)
		ck_assert_msg(near(tfidf_idf(v, j), jval_num(jval_at(idf, j))), "%s: idf %zu is %.17g", line, j, tfidf_idf(v, j));
	str_free(&name);
}

static void same_row(const char *line, const struct sparse *rows, const struct jval *want)
{
	size_t i = (size_t)jval_int(jval_at(want, 0), 0, MOST), e = rows->start[i];
	const struct jval *cols = jval_at(want, 1), *vals = jval_at(want, 2);
	ck_assert_msg(rows->start[i + 1] - e == jval_size(cols), "%s: row %zu has %zu entries, not %zu", line, i, rows->start[i + 1] - e,
		      jval_size(cols));
	for (size_t k = 0; k < jval_size(cols); k++, e++) {
		ck_assert_msg(rows->col[e] == jval_int(jval_at(cols, k), 0, INT32_MAX), "%s: row %zu, entry %zu is in column %d", line, i, k,
			      rows->col[e]);
		ck_assert_msg(near(rows->val[e], jval_num(jval_at(vals, k))), "%s: row %zu, column %d: %.17g, not %.17g", line, i, rows->col[e],
			      rows->val[e], jval_num(jval_at(vals, k)));
	}
}

/* All entries, each weighted by its place, which a wrong one would change. */
static double weighted_sum(const struct sparse *rows)
{
	double sum = 0;
	for (size_t i = 0; i < rows->n; i++)
		for (size_t e = rows->start[i]; e < rows->start[i + 1]; e++)
			sum += rows->val[e] * (double)((i * 7 + (size_t)rows->col[e] * 13) % 101) / 101;
	return sum;
}

START_TEST(equals_sklearn)
{
	struct corpus c = corpus();
	struct jval *cases = golden(GOLDEN "vectors.json");
	ck_assert_uint_gt(jval_size(cases), 25);
	for (size_t k = 0; k < jval_size(cases); k++) {
		const struct jval *x = jval_at(cases, k);
		const char *line = jval_str(jval_need(x, "options"));
		struct tfidf *v = fit(line, &c, FITTED, 70, 0, 2);
		ck_assert_msg(tfidf_ncols(v) == (size_t)jval_int(jval_need(x, "columns"), 0, INT32_MAX), "%s: %zu columns", line, tfidf_ncols(v));
		same_terms(line, v, jval_need(x, "vocabulary"), jval_need(x, "idf"));
		struct sparse rows = rows_of(v, &c);
		ck_assert_msg(sparse_nnz(&rows) == (size_t)jval_int(jval_need(x, "entries"), 0, INT32_MAX), "%s: %zu entries", line, sparse_nnz(&rows));
		for (size_t i = 0; i < jval_size(jval_need(x, "rows")); i++)
			same_row(line, &rows, jval_at(jval_need(x, "rows"), i));
		double sum = jval_num(jval_need(x, "sum"));
		ck_assert_msg(fabs(weighted_sum(&rows) - sum) <= 1e-11 * fmax(1, fabs(sum)), "%s: sum %.17g, not %.17g", line, weighted_sum(&rows), sum);
		sparse_free(&rows);
		tfidf_free(v);
	}
	jval_free(cases);
	jval_free(c.json);
}
END_TEST

START_TEST(hashes_equal_sklearn)
{
	struct jval *list = golden(GOLDEN "murmur.json");
	bool least = false;
	for (size_t i = 0; i < jval_size(list); i++) {
		const char *text = jval_str(jval_at(jval_at(list, i), 0));
		int64_t want = jval_int(jval_at(jval_at(list, i), 1), INT32_MIN, INT32_MAX);
		ck_assert_msg(murmur3(text, strlen(text)) == want, "'%s': %d, not %d", text, murmur3(text, strlen(text)), (int)want);
		least |= want == INT32_MIN;
	}
	ck_assert(least);	/* whose absolute value is no integer */
	jval_free(list);
}
END_TEST

/* ---- the same, however it is learned ---- */

static void same_vectoriser(const char *line, const struct tfidf *a, const struct tfidf *b)
{
	struct str x = { 0 }, y = { 0 };
	ck_assert_uint_eq(tfidf_ncols(a), tfidf_ncols(b));
	ck_assert_uint_eq(tfidf_texts(a), tfidf_texts(b));
	for (size_t j = 0; j < tfidf_ncols(a); j++) {
		x.n = y.n = 0;
		tfidf_name(a, j, &x);
		tfidf_name(b, j, &y);
		MUST(strcmp(x.s, y.s) == 0 && (strstr(line, "--idf none") || tfidf_df(a, j) == tfidf_df(b, j)) && tfidf_idf(a, j) == tfidf_idf(b, j), "%s: '%s', '%s'", line, x.s, y.s);
	}
	str_free(&x);
	str_free(&y);
}

START_TEST(blocks_memory_and_threads_change_nothing)
{
	static const char *const lines[] = { "--min-df 1", "--ngrams 1-3 --max-features 50", "--tokens char --ngrams 2-3 --select chi2 --max-features 40",
		"--select mi --max-features 20 --stem english", "--hash-bits 9", "--hash-bits 3 --idf plain" };
	static const size_t blocks[] = { 1, 3, 37, FITTED }, memory[] = { 0, 1, 20000 };
	struct corpus c = corpus();
	for (size_t l = 0; l < sizeof(lines) / sizeof(*lines); l++) {
		struct tfidf *want = fit(lines[l], &c, c.n, c.n, 0, 1);
		for (size_t b = 0; b < 4; b++)
			for (size_t m = 0; m < 3; m++) {
				struct tfidf *v = fit(lines[l], &c, c.n, blocks[b], memory[m], (int)(b + m) % 3 + 1);
				same_vectoriser(lines[l], want, v);
				ck_assert(memory[m] != 1 || !tfidf_met(v).distinct || tfidf_met(v).runs > 0);
				tfidf_free(v);
			}
		tfidf_free(want);
	}
	jval_free(c.json);
}
END_TEST

START_TEST(files_there_and_back)
{
	static const char *const lines[] = { "--min-df 1", "--tokens tweet --stop english --stem english --min-df 1", "--hash-bits 6", "--hash-bits 6 --idf none --norm l1",
		"--tokens char-wb --ngrams 2-3 --case lower --no-nfkc --strip-accents" };
	struct corpus c = corpus();
	for (size_t l = 0; l < sizeof(lines) / sizeof(*lines); l++) {
		struct tfidf *v = fit(lines[l], &c, FITTED, 50, 0, 1);
		struct store *st = store_new();
		tfidf_save(v, st);
		struct tfidf *w = tfidf_load(st);
		same_vectoriser(lines[l], v, w);
		struct sparse a = rows_of(v, &c), b = rows_of(w, &c);
		ck_assert(sparse_nnz(&a) == sparse_nnz(&b) && memcmp(a.start, b.start, (a.n + 1) * sizeof(*a.start)) == 0);
		ck_assert(memcmp(a.col, b.col, sparse_nnz(&a) * sizeof(*a.col)) == 0 && memcmp(a.val, b.val, sparse_nnz(&a) * sizeof(*a.val)) == 0);
		sparse_free(&a);
		sparse_free(&b);
		tfidf_free(v);
		tfidf_free(w);
		store_free(st);
	}
	jval_free(c.json);
}
END_TEST

/* Terms of two parts count together, and none is made of both. */
START_TEST(texts_of_parts)
{
	static const struct slice texts[] = { { "a b", 3 }, { "c a", 3 }, { "b", 1 }, { "", 0 } };
	struct tfidf_opts o = options("--min-df 1 --norm none --idf none --no-sublinear");
	char *why;
	struct tfidf *v = tfidf_new(&o, &why);
	struct str names = { 0 };
	tfidf_begin(v, 0, 1);
	tfidf_learn(v, texts, 2, 2, NULL, 0);
	ck_assert_ptr_null(tfidf_end(v));
	for (size_t j = 0; j < tfidf_ncols(v); j++) {
		tfidf_name(v, j, &names);
		str_printf(&names, " %d|", (int)tfidf_df(v, j));
	}
	ck_assert_str_eq(names.s, "a 1|a b 1|b 2|c 1|c a 1|");
	struct sparse rows = sparse_new(tfidf_ncols(v));
	struct tfidf_scratch *s = tfidf_scratch_new();
	tfidf_row(v, texts, 2, s, &rows);
	ck_assert(rows.start[1] == 5 && rows.val[0] == 2 && rows.val[1] == 1);	/* a stands in both */
	tfidf_scratch_free(s);
	sparse_free(&rows);
	tfidf_free(v);
	opt_free(tfidf_table, &o);
	str_free(&names);
}
END_TEST

/* ---- what is wrong ---- */

static void refused(const char *line, const char *what)
{
	struct tfidf_opts o = options(line);
	char *why = NULL;
	struct tfidf *v = tfidf_new(&o, &why);
	ck_assert_msg(!v && strstr(why, what), "%s: %s", line, v ? "taken" : why);
	free(why);
	opt_free(tfidf_table, &o);
}

START_TEST(options_that_make_no_sense)
{
	refused("--ngrams 2-1", "--ngrams 2-1 is neither N nor N-M");
	refused("--min-df x", "--min-df x is neither a count nor a share");
	refused("--min-df 1.5", "--min-df 1.5 is neither");
	refused("--min-df -1", "--min-df -1 is neither");
	refused("--max-df nan", "--max-df nan is neither");
	refused("--max-df inf", "--max-df inf is neither");
	refused("--max-df 1e9", "--max-df 1e9 is neither");
	refused("--hash-bits 8 --max-features 10", "with --hash-bits there is none");
	refused("--hash-bits 8 --select mi", "with --hash-bits there is none");
	refused("--select chi2", "--select chi2 wants --max-features");
	refused("--stem xx", "there is no such language");
}
END_TEST

/* Texts that leave nothing: said, with what to change. */
START_TEST(no_terms)
{
	static const struct slice none[] = { { "", 0 }, { "...", 3 } }, two[] = { { "a", 1 }, { "b", 1 } };
	static const struct {
		const char *line;
		const struct slice *texts;
		size_t n;
		const char *what;
	} cases[] = {
		{ "--min-df 1", none, 2, "no term is left of 0 in 2 texts" },
		{ "--min-df 1", NULL, 0, "no term is left of 0 in 0 texts" },
		{ "--min-df 2", two, 2, "no term is left of 2 in 2 texts; lower --min-df (2), raise --max-df (1.0)" },
		{ "--min-df 1 --max-df 0.4", two, 2, "raise --max-df (0.4)" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tfidf_opts o = options(cases[i].line);
		char *why;
		struct tfidf *v = tfidf_new(&o, &why);
		tfidf_begin(v, 0, 1);
		tfidf_learn(v, cases[i].texts, cases[i].n, 1, NULL, 0);
		why = tfidf_end(v);
		ck_assert_msg(why && strstr(why, cases[i].what), "%s: %s", cases[i].line, why);
		free(why);
		tfidf_free(v);
		opt_free(tfidf_table, &o);
	}
}
END_TEST

/* A hashed vectoriser of no texts, or of none with a term, is one all the same: every number is finite. */
START_TEST(hashed_nothing)
{
	static const char *const lines[] = { "--hash-bits 4", "--hash-bits 4 --idf plain", "--hash-bits 4 --idf none" };
	struct corpus c = corpus();
	for (size_t l = 0; l < 3; l++) {
		struct tfidf *v = fit(lines[l], &c, 0, 1, 0, 1);
		struct sparse rows = rows_of(v, &c);
		ck_assert_uint_eq(tfidf_ncols(v), 16);
		for (size_t e = 0; e < sparse_nnz(&rows); e++)
			ck_assert(isfinite(rows.val[e]));
		sparse_free(&rows);
		tfidf_free(v);
	}
	jval_free(c.json);
}
END_TEST

UNIT_MAIN("tfidf", equals_sklearn, hashes_equal_sklearn, blocks_memory_and_threads_change_nothing, files_there_and_back, texts_of_parts,
	  options_that_make_no_sense, no_terms, hashed_nothing)
