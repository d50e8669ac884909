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

UNIT_MAIN("table", kinds_are_inferred, texts_of_numbers_are_recovered, levels_are_sorted_by_value_when_numbers,
	  forced_kinds_and_missing_texts, words_among_forced_numbers_are_refused)
