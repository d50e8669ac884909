/* Features become sparse columns and fields: by name and number, whatever their order, and what a row lacks. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/table.h"
#include "model/bind.h"

static char path[64];

static struct reader *open_text(const char *text, const char *format)
{
	snprintf(path, sizeof(path), "/tmp/dls-test-bind-XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	verbosity = -1;
	struct reader *r = reader_open(path, (struct reader_opts){ format, true, 2 });
	unlink(path);
	return r;
}

/* ---- rows of a matrix ---- */

#define COLS 60

START_TEST(a_row_is_tidied)
{
	struct rng r = rng_at(1, "tidy", 0);
	for (int round = 0; round < 500; round++) {
		int32_t col[200];
		double val[200], sum[COLS] = { 0 };
		size_t k = rng_below(&r, round % 2 ? 200 : 10), at = 0;
		for (size_t i = 0; i < k; i++) {
			col[i] = (int32_t)rng_below(&r, COLS);
			val[i] = (double)rng_below(&r, 5) - 2;
			sum[col[i]] += val[i];
		}
		k = sparse_tidy(col, val, k);
		for (int32_t c = 0; c < COLS; c++)
			if (sum[c] != 0) {
				ck_assert(at < k && col[at] == c && val[at] == sum[c]);
				at++;
			}
		ck_assert_uint_eq(at, k);
	}
}
END_TEST

/* A matrix of n rows, and its cells to dense (n, COLS). */
static struct sparse random_matrix(struct rng *r, size_t n, double *dense)
{
	struct sparse s = sparse_new(COLS);
	memset(dense, 0, n * COLS * sizeof(*dense));
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		sparse_reserve(&s, COLS);
		for (int32_t c = 0; c < COLS; c++)
			if (rng_below(r, 4) == 0) {
				s.col[s.start[i] + k] = c;
				s.val[s.start[i] + k++] = dense[i * COLS + (size_t)c] = 1 + rng_double(r);
			}
		sparse_end(&s, k);
	}
	return s;
}

static double cell_of(const struct sparse *s, size_t row, int32_t c)
{
	for (size_t e = s->start[row]; e < s->start[row + 1]; e++) {
		ck_assert(e == s->start[row] || s->col[e] > s->col[e - 1]);
		if (s->col[e] == c)
			return s->val[e];
	}
	return 0;
}

START_TEST(rows_lie_over_rows)
{
	struct rng r = rng_at(2, "over", 0);
	double a[5 * COLS], b[8 * COLS];
	struct sparse s = random_matrix(&r, 5, a), t = random_matrix(&r, 8, b), u = sparse_over(&s, &t, 3);
	static const uint32_t rows[] = { 7, 0, 7 };
	struct sparse p = sparse_pick(&t, rows, 3);
	for (size_t i = 0; i < 5; i++)
		for (int32_t c = 0; c < COLS; c++) {
			double over = b[(i + 3) * COLS + (size_t)c];
			ck_assert(cell_of(&u, i, c) == (over != 0 ? over : a[i * COLS + (size_t)c]));
			ck_assert(i > 2 || cell_of(&p, i, c) == b[rows[i] * COLS + (size_t)c]);
		}
	sparse_free(&s);
	sparse_free(&t);
	sparse_free(&u);
	sparse_free(&p);
}
END_TEST

/* ---- names of columns ---- */

/* The columns and rows of a text. */
static struct given *given_text(const char *text, const char *format, size_t base, struct sparse *rows)
{
	struct reader *r = open_text(text, format);
	struct table *t = tab_read(r, &(struct tab_spec){ .threads = 2 });
	struct given *g = given_of(r, &t->features, t->nrows, base, 2, rows);
	tab_free(t);
	reader_close(r);
	return g;
}

static void has_row(const struct sparse *s, size_t row, size_t k, const int32_t *col, const double *val)
{
	ck_assert_uint_eq(s->start[row + 1] - s->start[row], k);
	for (size_t i = 0; i < k; i++)
		ck_assert(s->col[s->start[row] + i] == col[i] && s->val[s->start[row] + i] == val[i]);
}

START_TEST(columns_are_sorted_names)
{
	struct sparse rows;
	struct str name = { 0 };
	struct given *g = given_text("1 | b:2 a b:3 z:0\n0 | B\n1 | b:1 b:-1 a:4\n", "vw", 10, &rows);
	ck_assert_uint_eq(g->n, 4);
	for (size_t c = 0; c < g->n; c++)
		given_name(g, c, &name);
	ck_assert_str_eq(name.s, "Babz");
	ck_assert_int_eq(given_find(g, slice_of("b")), 2);
	ck_assert_int_eq(given_find(g, slice_of("c")), -1);
	ck_assert_int_eq(given_number(g, 1), -1);
	ck_assert_uint_eq(rows.ncols, 14);
	has_row(&rows, 0, 2, (int32_t[]){ 11, 12 }, (double[]){ 1, 5 });
	has_row(&rows, 1, 1, (int32_t[]){ 10 }, (double[]){ 1 });
	has_row(&rows, 2, 1, (int32_t[]){ 11 }, (double[]){ 4 });
	given_free(g);
	sparse_free(&rows);
	str_free(&name);
}
END_TEST

START_TEST(columns_are_the_numbers_that_occur)
{
	struct sparse rows;
	struct given *g = given_text("1 0:1 7:2\n0 5:1 2147483647:3\n1 7:0\n", "svmlight", 0, &rows);
	static const int32_t number[] = { 0, 5, 7, 2147483647 };
	ck_assert_uint_eq(g->n, 4);
	ck_assert_mem_eq(g->number, number, sizeof(number));
	for (int32_t c = 0; c < 4; c++)
		ck_assert_int_eq(given_number(g, number[c]), c);
	ck_assert_int_eq(given_number(g, 6), -1);
	ck_assert_int_eq(given_find(g, slice_of("7")), 2);
	ck_assert_int_eq(given_find(g, slice_of("2147483647")), 3);
	ck_assert(given_find(g, slice_of("07")) < 0 && given_find(g, slice_of("x")) < 0 && given_find(g, slice_of("")) < 0 &&
		  given_find(g, slice_of("2147483648")) < 0);
	has_row(&rows, 0, 2, (int32_t[]){ 0, 2 }, (double[]){ 1, 2 });
	has_row(&rows, 1, 2, (int32_t[]){ 1, 3 }, (double[]){ 1, 3 });
	has_row(&rows, 2, 0, NULL, NULL);
	given_free(g);
	sparse_free(&rows);
}
END_TEST

START_TEST(numbers_are_found_where_they_are)
{
	struct rng r = rng_at(3, "numbers", 0);
	for (int round = 0; round < 50; round++) {
		struct str text = { 0 };
		struct sparse rows;
		bool there[400] = { false };
		str_puts(&text, "1");
		for (int i = 0; i < 399; i++)
			if (round == 0 || rng_below(&r, (uint64_t)round)) {
				there[i] = true;
				str_printf(&text, " %d:1", i);
			}
		str_puts(&text, " 399:1\n");
		there[399] = true;
		struct given *g = given_text(text.s, "svmlight", 0, &rows);
		int32_t at = 0;
		for (int32_t i = 0; i < 400; i++)
			ck_assert_int_eq(given_number(g, i), there[i] ? at++ : -1);
		given_free(g);
		sparse_free(&rows);
		str_free(&text);
	}
}
END_TEST

/* ---- binding ---- */

/* The columns of a vectoriser of the words a, b and c in "t". */
static void add_words(struct vectors *vs)
{
	struct tfidf_opts o;
	const struct slice text = slice_of("a b c");
	char *why;
	opt_defaults(tfidf_table, &o);
	free((void *)(uintptr_t)o.ngrams);
	free((void *)(uintptr_t)o.min_df);
	o.ngrams = mem_str("1");
	o.min_df = mem_str("1");
	struct tfidf *v = tfidf_new(&o, &why);
	tfidf_begin(v, 0, 1);
	tfidf_learn(v, &text, 1, 1, NULL, 0);
	ck_assert(!tfidf_end(v));
	opt_free(tfidf_table, &o);
	vectors_add(vs, v, &(struct strs){ (char *[]){ (char *)(uintptr_t)"t" }, 1 });
}

/* A schema of the numbers x and 7, and the text t when it is wanted. */
static struct schema make_schema(bool text)
{
	const struct column cols[] = { { .name = "x", .kind = KIND_NUMERIC }, { .name = "7", .kind = KIND_NUMERIC },
				       { .name = "t", .kind = KIND_TEXT } };
	struct schema sc = { .positive = -1 };
	schema_from(&sc, cols, text ? 3 : 2);
	return sc;
}

/* What a model makes of all rows of a text: "x 7 | column:value ..." a line, and how many features were ignored. */
static char *bound(const struct schema *sc, const struct vectors *vs, const char *text, const char *format)
{
	struct reader *r = open_text(text, format);
	struct binding b;
	struct str t = { 0 };
	uint64_t counts[2][3] = { { 0 } };
	struct convert c = { .unseen = counts[0], .missing = counts[1] };
	struct column *cols = schema_columns(sc);
	bind_open(&b, sc, vs, r);
	for (const struct block *bl; (bl = reader_next(r));) {
		struct sparse given;
		bind_more(&b);
		schema_cells(cols, sc->nfields, bl->nrows);
		bind_rows(&b, bl, 0, bl->nrows, cols, &given, &c);
		ck_assert(!c.bad);
		for (size_t i = 0; i < bl->nrows; i++) {
			str_printf(&t, "%g %g |", cols[0].num[i], cols[1].num[i]);
			for (size_t e = given.start ? given.start[i] : 0; given.start && e < given.start[i + 1]; e++)
				str_printf(&t, " %d:%g", (int)given.col[e], given.val[e]);
			str_puts(&t, "\n");
		}
		sparse_free(&given);
		schema_cells_free(cols, sc->nfields);
	}
	str_printf(&t, "missing %d %d ignored %d", (int)c.missing[0], (int)c.missing[1], (int)c.ignored);
	bind_close(&b);
	reader_close(r);
	free(cols);
	return str_take(&t);
}

static void binds(const struct schema *sc, const struct vectors *vs, const char *text, const char *format, const char *want)
{
	char *got = bound(sc, vs, text, format);
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(numbers_of_a_table_are_features)
{
	struct schema sc = make_schema(false);
	struct vectors none = { 0 };
	binds(&sc, &none, "x,7\n1,\n,2\n", "csv", "1 nan |\nnan 2 |\nmissing 1 1 ignored 0");
	binds(&sc, &none, "| x:1 7:2\n| 8\n|f 7:2 x\n| x x:2\n", "vw", "1 2 |\n0 0 |\n1 2 |\n3 0 |\nmissing 0 0 ignored 1");
	binds(&sc, &none, "{\"x\":1,\"f\":{\"7\":2}}\n{\"x\":1}\n{\"x\":null,\"f\":{\"x\":9}}\n{\"f\":{}}\n", "json",
	      "1 2 |\n1 nan |\nnan 0 |\n0 0 |\nmissing 1 1 ignored 0");
	schema_free(&sc);
	sc = (struct schema){ .positive = -1 };
	const struct column cols[] = { { .name = "3", .kind = KIND_NUMERIC }, { .name = "7", .kind = KIND_NUMERIC } };
	schema_from(&sc, cols, 2);
	binds(&sc, &none, "1 3:1 7:2\n0 4:1\n", "svmlight", "1 2 |\n0 0 |\nmissing 0 0 ignored 1");
	schema_free(&sc);
}
END_TEST

START_TEST(terms_are_features)
{
	struct schema sc = make_schema(true);
	struct vectors vs = { 0 };
	add_words(&vs);
	ck_assert_int_eq(vectors_find(&vs, slice_of("t=b")), 1);
	ck_assert(vectors_find(&vs, slice_of("t=d")) < 0 && vectors_find(&vs, slice_of("b")) < 0 && vectors_find(&vs, slice_of("t")) < 0);
	ck_assert(vectors_number(&vs, 3) == 2 && vectors_number(&vs, 0) < 0 && vectors_number(&vs, 4) < 0);
	binds(&sc, &vs, "{\"t\":{\"c\":1,\"a\":2,\"q\":1},\"x\":3,\"7\":4}\n", "json", "3 4 | 0:2 2:1\nmissing 0 0 ignored 1");
	binds(&sc, &vs, "x,7,t=a,t=c\n1,2,3,\n1,2,0,5\n", "csv", "1 2 | 0:3\n1 2 | 2:5\nmissing 0 0 ignored 0");
	binds(&sc, &vs, "x,7,t\n1,2,a b\n", "csv", "1 2 |\nmissing 0 0 ignored 0");
	vectors_free(&vs);
	schema_free(&sc);
}
END_TEST

START_TEST(what_training_rows_brought_comes_first)
{
	struct schema sc = make_schema(true);
	struct vectors vs = { 0 };
	struct sparse rows;
	add_words(&vs);
	vectors_add_given(&vs, given_text("{\"t\":{\"b\":1},\"f\":{\"9\":1}}\n", "json", 3, &rows), false);
	vs.sparse_rows = true;
	ck_assert_int_eq(vectors_find(&vs, slice_of("t=b")), 4);
	ck_assert_int_eq(vectors_find(&vs, slice_of("t=a")), 0);
	ck_assert(!vectors_by_place(&vs) && vectors_number(&vs, 1) < 0);
	binds(&sc, &vs, "{\"x\":1,\"t\":{\"b\":5},\"f\":{\"9\":6}}\n{\"f\":{\"7\":1}}\n", "json",
	      "1 nan | 3:6 4:5\nnan 1 |\nmissing 1 1 ignored 0");
	sparse_free(&rows);
	vectors_free(&vs);
	schema_free(&sc);
}
END_TEST

UNIT_MAIN("bind", a_row_is_tidied, rows_lie_over_rows, columns_are_sorted_names, columns_are_the_numbers_that_occur,
	  numbers_are_found_where_they_are, numbers_of_a_table_are_features, terms_are_features,
	  what_training_rows_brought_comes_first)
