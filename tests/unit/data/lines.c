/* Sparse rows: svmlight, VW and JSON give the features that were written, whatever the threads and the block borders. */
#include "readback.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "data/reader.h"
#include "data/table.h"

static char path[64];

static struct reader *open_text(const char *s, size_t n, const char *format, int threads)
{
	snprintf(path, sizeof(path), "/tmp/dls-test-lines-XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, s, n), (ssize_t)n);
	close(fd);
	return reader_open(path, (struct reader_opts){ .format = format, .header = true, .threads = threads });
}

static void put_features(const struct reader *r, const struct entries *e, size_t row, struct str *t)
{
	char buf[NUM_MAX];
	for (size_t i = e->start[row]; i < e->start[row + 1]; i++) {
		str_putc(t, ' ');
		if (reader_is_numbered(r)) {
			str_printf(t, "%d", (int)e->feature[i]);
		} else {
			struct slice name = reader_feature(r, e->feature[i]);
			str_add(t, name.s, name.n);
		}
		str_putc(t, ':');
		str_add(t, buf, num_print(buf, e->value[i]));
	}
}

static void put_sparse(struct reader *r, const struct block *b, size_t i, struct str *t)
{
	if (b->sparse && b->sparse[i])
		put_features(r, &b->entries, i, t);
}

/* As reader_text() says, and where the row is sparse " name:value" for each feature. */
static char *read_back(const char *s, size_t n, const char *format, int threads)
{
	char *got = reader_text(open_text(s, n, format, threads), put_sparse);
	unlink(path);
	return got;
}

static void gives(const char *text, const char *format, const char *want)
{
	char *got = read_back(text, strlen(text), format, 1);
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(svmlight_by_rule)
{
	gives("+1 1:0.5 3:-2e1\n-1\n", "auto", "label\n1: +1 1:0.5 3:-20\n2: -1\n");
	gives("# a file\n\n 1.5\tqid:7  0:1\t2147483647:.5 # x y \r\n2 qid:8\r\n", "auto",
	      "label|qid|comment\n3: 1.5|7|x y 0:1 2147483647:0.5\n4: 2|8|~\n");
	gives("1 1:1\n0 2:1 # no column\n", "auto", "label\n1: 1 1:1\n2: 0 2:1\n");
	gives("1 qid:1 1:1#c\n0 2:1", "auto", "label|qid|comment\n1: 1|1|c 1:1\n2: 0|~|~ 2:1\n");
	gives("# nothing\n", "svmlight", "label\n");
	gives("5\n", "svmlight", "label\n1: 5\n");
}
END_TEST

START_TEST(vw_by_rule)
{
	gives("1 |a b c:2\n-1 |a b\n", "auto", "label\n1: 1 a=b:1 a=c:2\n2: -1 a=b:1\n");
	gives("1 2 'x|a b\n0 'y |\n\n'z | c\n1 3 t|a b", "auto",
	      "label|weight|tag\n1: 1|2|x a=b:1\n2: 0|1|y\n4: ~|1|z c:1\n5: 1|3|t a=b:1\n");
	gives("| a:0.5 b|ns:2 c:3 d |e |f:-1 g\r\n", "auto", "\n1:  a:0.5 b:1 ns=c:6 ns=d:2 f=g:-1\n");
	gives("|a%20b c%3Ad%7C:2 100% %zz %00\n", "auto", "\n1:  a b=c:d|:2 a b=100%:1 a b=%zz:1 a b=%00:1\n");
	gives("'a%2Cb | x x\n", "auto", "tag\n1: a,b x:1 x:1\n");
}
END_TEST

START_TEST(json_by_rule)
{
	gives("{\"a\":1,\"f\":{\"x\":0.5,\"y\":true,\"z\":false,\"n\":null}}\n{\"a\":2}\n{\"g\":{},\"a\":3}\n", "auto",
	      "a\n1: 1 f=x:0.5 f=y:1 f=z:0\n2: 2\n3: 3\n");
	gives("[{\"f\":{\" \\u0041\" : 1e2},\"g\":{\"x\":1}},\n{\"f\":1}]", "auto", "f\n1: ~ f= A:100 g=x:1\n2: 1\n");
	gives("{\"a\":1,\"f\":{\"x\":1},\"b\":2}\n{\"a\":3,\"f\":{\"x\":2},\"b\":4}\n", "auto",
	      "a|b\n1: 1|2 f=x:1\n2: 3|4 f=x:2\n");
}
END_TEST

/* Random rows in a form, and what read_back() should say of them. */
static void random_rows(struct rng *r, const char *form, struct str *text, struct str *want)
{
	bool vw = strcmp(form, "vw") == 0, json = strcmp(form, "json") == 0;
	str_puts(want, "label\n");
	for (int row = 0; row < 30000; row++) {
		int label = (int)rng_below(r, 3), f = 0;
		uint64_t few = rng_below(r, 5000) ? 12 : 20000;	/* a few rows are long */
		str_printf(text, json ? "{\"label\":\"%d\",\"ns\":{" : vw ? "%d |ns" : "%d", label);
		str_printf(want, "%d: %d", row + 1, label);
		for (uint64_t k = rng_below(r, few), i = 0; i < k; i++) {
			char buf[NUM_MAX];
			double x = (double)rng_below(r, 100000) / 1000 - 50;
			f += 1 + (int)rng_below(r, 100);
			buf[num_print(buf, x)] = '\0';
			str_printf(text, json ? "%s\"f%d\":%s" : vw ? "%s f%d:%s" : "%s %d:%s", json && i ? "," : "", f, buf);
			str_printf(want, vw || json ? " ns=f%d:%s" : " %d:%s", f, buf);
		}
		str_puts(text, json ? "}}\n" : "\n");
		str_putc(want, '\n');
	}
}

START_TEST(rows_survive_borders_and_threads)
{
	static const char *const forms[] = { "svmlight", "vw", "json" };
	struct rng r = rng_at(1, "lines", 0);
	for (int f = 0; f < 3; f++) {
		struct str text = { 0 }, want = { 0 };
		random_rows(&r, forms[f], &text, &want);
		ck_assert_uint_gt(text.n, (size_t)2 << 20);
		for (int threads = 1; threads <= 3; threads++) {
			char *got = read_back(text.s, text.n - (threads == 2), threads == 1 ? "auto" : forms[f], threads);
			if (strcmp(got, want.s) != 0)
				ck_abort_msg("%s, %d threads: other rows", forms[f], threads);
			free(got);
		}
		str_free(&text);
		str_free(&want);
	}
}
END_TEST

/* The numbers of features in order of arrival, as one text. */
static char *numbers_of(const struct str *text, int threads)
{
	struct str t = { 0 };
	struct reader *r = open_text(text->s, text->n, "vw", threads);
	while (reader_next(r))
		;
	for (int32_t i = 0; i < reader_nfeatures(r); i++)
		str_printf(&t, "%s\n", reader_feature(r, i).s);
	reader_close(r);
	unlink(path);
	return str_take(&t);
}

START_TEST(features_are_numbered_as_they_come)
{
	struct rng r = rng_at(2, "lines", 0);
	struct str text = { 0 }, want = { 0 };
	random_rows(&r, "vw", &text, &want);
	char *one = numbers_of(&text, 1), *three = numbers_of(&text, 3);
	ck_assert_str_eq(one, three);
	free(one);
	free(three);
	str_free(&text);
	str_free(&want);
}
END_TEST

START_TEST(a_table_keeps_the_features)
{
	const char *text = "{\"a\":1}\n{\"a\":2,\"f\":{\"x\":0.5}}\n{\"f\":{\"y\":2,\"x\":1}}\n";
	struct reader *r = open_text(text, strlen(text), "auto", 1);
	struct table *t = tab_read(r, &(struct tab_spec){ .threads = 1 });
	static const size_t start[] = { 0, 0, 1, 3 };
	static const int32_t feature[] = { 0, 1, 0 };
	static const double value[] = { 0.5, 2, 1 };
	ck_assert_uint_eq(t->nrows, 3);
	ck_assert_mem_eq(t->features.start, start, sizeof(start));
	ck_assert_mem_eq(t->features.feature, feature, sizeof(feature));
	ck_assert_mem_eq(t->features.value, value, sizeof(value));
	tab_free(t);
	reader_close(r);
	unlink(path);
}
END_TEST

UNIT_MAIN("lines", svmlight_by_rule, vw_by_rule, json_by_rule, rows_survive_borders_and_threads, features_are_numbered_as_they_come,
	  a_table_keeps_the_features)
