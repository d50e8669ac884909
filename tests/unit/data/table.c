/* Tables: kinds inferred over the whole input, texts of numbers recovered, levels sorted. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/rng.h"
#include "data/table.h"

static char path[] = "/tmp/dls-test-table-XXXXXX";

static void write_file(const char *text, size_t n)
{
	FILE *f = fopen(path, "wb");
	ck_assert_uint_eq(fwrite(text, 1, n, f), n);
	fclose(f);
}

static struct table *read_text(const char *text, struct tab_spec spec)
{
	static const struct reader_opts o = { .format = "auto", .header = true, .threads = 1 };
	verbosity = -1;
	strcpy(path, "/tmp/dls-test-table-XXXXXX");
	close(mkstemp(path));
	write_file(text, strlen(text));
	struct reader *r = reader_open(path, o);
	spec.threads = 2;
	struct table *t = tab_read(r, &spec);
	reader_close(r);
	unlink(path);
	return t;
}

START_TEST(kinds_are_inferred)
{
	struct table *t = read_text("a, b ,c,d\n1, x ,NA,\n2.5,y,3, \n,x,?,\n", (struct tab_spec){ 0 });
	ck_assert_uint_eq(t->nrows, 3);
	ck_assert_uint_eq(t->ncols, 4);
	ck_assert_str_eq(t->cols[1].name, "b");
	ck_assert_int_eq(t->cols[0].kind, KIND_NUMERIC);
	ck_assert(t->cols[0].num[1] == 2.5 && isnan(t->cols[0].num[2]));
	ck_assert_int_eq(t->cols[1].kind, KIND_CATEGORY);
	ck_assert_int_eq(t->cols[1].nlevels, 2);
	ck_assert_str_eq(t->cols[1].levels[0], "x");
	ck_assert_int_eq(t->cols[1].cat[1], 1);
	ck_assert(t->cols[2].kind == KIND_NUMERIC && isnan(t->cols[2].num[0]) && t->cols[2].num[1] == 3);
	ck_assert(t->cols[3].kind == KIND_NUMERIC && isnan(t->cols[3].num[1]));
	tab_free(t);
}
END_TEST

/* Random numbers as texts of many forms; then a word at the end: all levels must be the very texts. */
START_TEST(texts_of_numbers_are_recovered)
{
	static char texts[3000][40];
	static const char *const odd[] = { "007", "+5", "1e5", "1.0E-3", "-0", "-0.0", "0.10", "00.5", ".5", "5.", "1234567890123456789",
		"0.1234567890123456", "999999999999999", "NA", "", " ", "-12.340" };
	struct str s = { 0 };
	struct rng r = rng_at(2, "texts", 0);
	for (int mode = 0; mode < 3; mode++) {
		s.n = 0;
		str_puts(&s, "x,y\n");
		for (int i = 0; i < 3000; i++) {
			if (mode < 2 && rng_below(&r, 10) < (mode ? 3 : 1))
				snprintf(texts[i], 40, "%s", odd[rng_below(&r, sizeof(odd) / sizeof(*odd))]);
			else
				snprintf(texts[i], 40, "%.*f", mode == 2 ? 2 : (int)rng_below(&r, 6), rng_normal(&r) * 1000);
			str_printf(&s, "%s,1\n", texts[i]);
		}
		struct table *t = read_text(s.s, (struct tab_spec){ 0 });
		ck_assert_int_eq(t->cols[0].kind, KIND_NUMERIC);
		tab_categorize(t, 0);
		str_puts(&s, "word,1\n");
		struct table *u = read_text(s.s, (struct tab_spec){ 0 });
		ck_assert_int_eq(u->cols[0].kind, KIND_CATEGORY);
		for (int i = 0; i < 3000; i++) {
			bool missing = is_missing(slice_of(texts[i]), NULL);
			for (int k = 0; k < 2; k++) {
				const struct column *c = k ? &u->cols[0] : &t->cols[0];
				if (missing)
					ck_assert_int_eq(c->cat[i], -1);
				else
					ck_assert_str_eq(c->levels[c->cat[i]], texts[i]);
			}
		}
		tab_free(t);
		tab_free(u);
	}
	str_free(&s);
}
END_TEST

START_TEST(levels_are_sorted_by_value_when_numbers)
{
	struct table *t = read_text("k,v\n10,b\n9,a\n100,B\n", (struct tab_spec){ 0 });
	tab_categorize(t, 0);
	ck_assert_str_eq(t->cols[0].levels[0], "9");
	ck_assert_str_eq(t->cols[0].levels[2], "100");
	ck_assert_str_eq(t->cols[1].levels[0], "B");
	ck_assert_int_eq(t->cols[1].cat[0], 2);
	tab_free(t);
}
END_TEST

START_TEST(forced_kinds_and_missing_texts)
{
	const char *const cat[] = { "a", NULL }, *const miss[] = { "-1", "none", NULL }, *const drop[] = { "c", NULL };
	struct table *t = read_text("a,b,c\n1,2,x\n2,-1,y\n1,none,z\n",
				    (struct tab_spec){ .categorical = cat, .missing = miss, .drop = drop });
	ck_assert_uint_eq(t->ncols, 2);
	ck_assert_int_eq(t->cols[0].kind, KIND_CATEGORY);
	ck_assert_int_eq(t->cols[0].nlevels, 2);
	ck_assert(t->cols[1].kind == KIND_NUMERIC && isnan(t->cols[1].num[1]) && isnan(t->cols[1].num[2]));
	tab_free(t);
}
END_TEST

static int status_of(const char *text, const char *numeric)
{
	const char *const list[] = { numeric, NULL };
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		read_text(text, (struct tab_spec){ .numeric = list });
		_exit(0);
	}
	int status;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

START_TEST(words_among_forced_numbers_are_refused)
{
	ck_assert_int_eq(status_of("a,b\n1,2\nx,3\n", "a"), ST_DATA);
	ck_assert_int_eq(status_of("a,b\n1,2\nx,3\n", "b"), 0);
	ck_assert_int_eq(status_of("a,b\n1,2\ninf,3\n", NULL), ST_DATA);
	ck_assert_int_eq(status_of("a,b\n1,2\n-Infinity,3\n", NULL), ST_DATA);
	ck_assert_int_eq(status_of("a,b\n1,2\ninf,3\nlow,4\n", NULL), 0);
}
END_TEST

START_TEST(images_are_kept_byte_for_byte)
{
	static const char *const image[] = { "p", NULL }, *const missing[] = { "none", NULL };
	struct table *t = read_text("p,x\n a.jpg ,1\nNA,2\nnone,3\n\xff.png,4\n1,5\n", (struct tab_spec){ .image = image,
		.missing = missing, .root = "pictures", .strict_text = true });
	static const char *const want[] = { " a.jpg ", "", "", "\xff.png", "1" };
	ck_assert_int_eq(t->cols[0].kind, KIND_IMAGE);
	ck_assert_str_eq(t->cols[0].root, "pictures");
	for (size_t i = 0; i < 5; i++) {
		ck_assert(slice_eq(t->cols[0].text[i], want[i]));
		ck_assert_uint_eq(t->lines[i], i + 2);
	}
	tab_free(t);
}
END_TEST

static void put_row(struct str *s, uint64_t i)
{
	static const char *const forms[] = { "007", "1.50", "1e5", "-0", "NA", "1234567890123456789", "2", "3.25" };
	static const char *const words[] = { "b", "a", "10", "", "c" };
	struct rng r = rng_at(4, "row", i);
	uint64_t city = rng_below(&r, 400);
	str_printf(s, "%s,%s,%s,%d\n", forms[rng_below(&r, 8)], words[rng_below(&r, 5)], forms[6 + rng_below(&r, 2)],
		   (int)city);
}

static void same_column(const struct column *a, const struct column *b, size_t n)
{
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_int_eq(a->nlevels, b->nlevels);
	for (int32_t l = 0; l < a->nlevels; l++)
		ck_assert_str_eq(a->levels[l], b->levels[l]);
	for (size_t i = 0; i < n; i++)
		if (a->kind == KIND_CATEGORY)
			MUST(a->cat[i] == b->cat[i], "row %zu of %s", i, a->name);
		else
			MUST(slice_eq(a->text[i], b->text[i].s), "row %zu of %s", i, a->name);
}

/* Of a table fewer rows are as good as a table of fewer rows: numbers as their texts, levels, pictures. */
START_TEST(fewer_rows_are_a_smaller_table)
{
	enum { N = 500 };
	static const char *const image[] = { "p", NULL };
	struct str all = { 0 }, some = { 0 };
	bool keep[N];
	str_puts(&all, "x,c,y,p\n");
	str_puts(&some, all.s);
	for (uint64_t i = 0; i < N; i++) {
		keep[i] = i % 7 != 3 && i % 3;
		put_row(&all, i);
		if (keep[i])
			put_row(&some, i);
	}
	struct table *a = read_text(all.s, (struct tab_spec){ .image = image });
	struct table *b = read_text(some.s, (struct tab_spec){ .image = image });
	tab_keep(a, keep);
	ck_assert_uint_eq(a->nrows, b->nrows);
	for (size_t c = 0; c < 4; c++) {
		if (c < 3) {
			tab_categorize(a, c);
			tab_categorize(b, c);
		}
		same_column(&a->cols[c], &b->cols[c], a->nrows);
	}
	tab_free(a);
	tab_free(b);
	str_free(&all);
	str_free(&some);
}
END_TEST

START_TEST(features_go_with_their_rows)
{
	static const bool keep[] = { false, true, false, true };
	struct table *t = read_text("1 1:1 2:2\n0 3:3\n1 4:4\n0 1:5 5:6\n", (struct tab_spec){ 0 });
	tab_keep(t, keep);
	ck_assert_uint_eq(t->nrows, 2);
	ck_assert_uint_eq(t->features.start[1], 1);
	ck_assert_uint_eq(t->features.start[2], 3);
	ck_assert(t->features.feature[0] == 3 && t->features.value[0] == 3);
	ck_assert(t->features.feature[2] == 5 && t->features.value[2] == 6);
	tab_free(t);
}
END_TEST

UNIT_MAIN("table", kinds_are_inferred, texts_of_numbers_are_recovered, levels_are_sorted_by_value_when_numbers,
	  forced_kinds_and_missing_texts, words_among_forced_numbers_are_refused, images_are_kept_byte_for_byte,
	  fewer_rows_are_a_smaller_table, features_go_with_their_rows)
