/* Rows of a stream: every form gives the rows that were written, whatever the threads and the block borders. */
#include "readback.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"
#include "data/csvout.h"
#include "data/reader.h"

static char path[64];

static void write_file(const char *s, size_t n)
{
	snprintf(path, sizeof(path), "/tmp/dls-test-reader-XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, s, n), (ssize_t)n);
	close(fd);
}

static char *read_back(const char *s, size_t n, struct reader_opts o)
{
	write_file(s, n);
	char *got = reader_text(reader_open(path, o), NULL);
	unlink(path);
	return got;
}

static void gives(const char *text, const char *format, bool header, const char *want)
{
	char *got = read_back(text, strlen(text), (struct reader_opts){ .format = format, .header = header, .threads = 1 });
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(csv_by_rule)
{
	gives("a, b \n1, 2 \n", "auto", true, "a|b\n2: 1| 2 \n");
	gives("\xef\xbb\xbf" "a,b\r\n1,2\r\n3,4", "auto", true, "a|b\n2: 1|2\n3: 3|4\n");
	gives("\"a\"\"\",\"b\nc\"\n1,\"x\r\ny\"\n,\"\"\n", "auto", true, "a\"|b\nc\n3: 1|x\r\ny\n5: |\n");
	gives("\n\na,b\n\n\r\n1,2\n\n", "auto", true, "a|b\n6: 1|2\n");
	gives("a\n1\n\n\"\"\n2\n", "auto", true, "a\n2: 1\n3: \n4: \n5: 2\n");
	gives(",x\n1,2\n", "auto", true, "#1|x\n2: 1|2\n");
	gives("1,2\n3,4\n", "auto", false, "#1|#2\n1: 1|2\n2: 3|4\n");
	gives("a\rb\r\rc", "auto", true, "a\n2: b\n3: \n4: c\n");
	gives("a,b\n", "auto", true, "a|b\n");
	gives("a,b", "auto", true, "a|b\n");
	gives("id\n12345678901234567890\n007\n1.50\n", "auto", true, "id\n2: 12345678901234567890\n3: 007\n4: 1.50\n");
}
END_TEST

START_TEST(separators_are_recognised_or_forced)
{
	gives("a\tb,c\td\n1\t2\t3\n", "auto", true, "a|b,c|d\n2: 1|2|3\n");
	gives("a;b;c\n1,5;2;3\n", "auto", true, "a|b|c\n2: 1,5|2|3\n");
	gives("\"a;;;;\",b\n1,2\n", "auto", true, "a;;;;|b\n2: 1|2\n");
	gives("a,b\tc\n1,2\t3\n", "tsv", true, "a,b|c\n2: 1,2|3\n");
	gives("a\tb\tc,d\n1\t2\t3,4\n", "csv", true, "a\tb\tc|d\n2: 1\t2\t3|4\n");
	gives("{x},[y\n1,2\n", "csv", true, "{x}|[y\n2: 1|2\n");
}
END_TEST

START_TEST(columns_are_found_by_name_and_number)
{
	write_file("a,#3,c\n1,2,3\n", 13);
	struct reader *r = reader_open(path, (struct reader_opts){ .format = "auto", .header = true, .threads = 1 });
	ck_assert_uint_eq(reader_find(r, "c"), 2);
	ck_assert_uint_eq(reader_find(r, "#3"), 1);
	ck_assert_uint_eq(reader_find(r, "#1"), 0);
	ck_assert(reader_find(r, "#0") == SIZE_MAX && reader_find(r, "#4") == SIZE_MAX && reader_find(r, "b") == SIZE_MAX);
	reader_close(r);
	unlink(path);
}
END_TEST

START_TEST(json_by_rule)
{
	gives("{\"a\":1,\"b\":\"x\"}\n{\"b\":null,\"a\":-1.50e+3,\"c\":true}\n", "auto", true, "a|b|c\n1: 1|x|~\n2: -1.50e+3||true\n");
	gives(" [ {\"a\" : 12345678901234567890 } ,\n\n{ \"a\":false}\n]\n", "auto", true, "a\n1: 12345678901234567890\n3: false\n");
	gives("{\n\"a\":\n1}{\"a\":2}", "auto", true, "a\n1: 1\n3: 2\n");
	gives("{\" a \":\"\\u00e9\\ud83d\\ude00\\n\\t\\\"\\\\\\/}{\"}", "json", true, "a\n1: \xc3\xa9\xf0\x9f\x98\x80\n\t\"\\/}{\n");
	gives("[]", "auto", true, "\n");
	gives("{\"a\":\"\"}\n", "auto", true, "a\n1: \n");
}
END_TEST

/* A random cell: mostly a number, sometimes all that needs quotes, sometimes long. */
static void random_cell(struct rng *r, bool wild, struct str *out)
{
	static const char bytes[] = "ab,\"\n\r \t;0\xc3\xa9";
	if (!wild || rng_below(r, 4)) {
		str_printf(out, "%d.%d", (int)rng_below(r, 1000), (int)rng_below(r, 100));
		return;
	}
	for (size_t n = rng_below(r, 2000) ? rng_below(r, 8) : rng_below(r, 200000); n > 0; n--)
		str_putc(out, bytes[rng_below(r, 10)]);
}

/* Rows as CSV (LF or CRLF) and as what read_back() should say of them. */
static void random_rows(struct rng *r, size_t nrows, bool wild, struct str *csv, struct str *want)
{
	const char *end = wild && rng_below(r, 2) ? "\r\n" : "\n";
	int line = 2;
	str_printf(csv, "a,b,c%s", end);
	str_puts(want, "a|b|c\n");
	for (size_t i = 0; i < nrows; i++) {
		if (wild && rng_below(r, 100) == 0) {
			str_puts(csv, end);
			line++;
		}
		str_printf(want, "%d: ", line++);
		for (int c = 0; c < 3; c++) {
			struct str cell = { 0 };
			random_cell(r, wild, &cell);
			csv_put(csv, (struct slice){ cell.s ? cell.s : "", cell.n });
			str_add(want, cell.s ? cell.s : "", cell.n);
			for (size_t k = 0; k < cell.n; k++)
				line += cell.s[k] == '\n' || (cell.s[k] == '\r' && (k + 1 == cell.n || cell.s[k + 1] != '\n'));
			str_puts(csv, c < 2 ? "," : end);
			str_puts(want, c < 2 ? "|" : "\n");
			str_free(&cell);
		}
	}
}

START_TEST(rows_survive_borders_and_threads)
{
	struct rng r = rng_at(1, "reader", 0);
	for (int i = 0; i < 4; i++) {
		struct str csv = { 0 }, want = { 0 };
		random_rows(&r, i % 2 ? 80000 : 100000, i % 2, &csv, &want);
		ck_assert_uint_gt(csv.n, (size_t)1 << 20);
		for (int threads = 1; threads <= 3; threads++) {
			char *got = read_back(csv.s, csv.n - (threads == 2), (struct reader_opts){ .format = "auto", .header = true, .threads = threads });
			if (strcmp(got, want.s) != 0)
				ck_abort_msg("case %d, %d threads: other rows", i, threads);
			free(got);
		}
		str_free(&csv);
		str_free(&want);
	}
}
END_TEST

static void put_json(struct rng *r, struct str *out, const char *s)
{
	str_putc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\' || (unsigned char)*s < 32 || (!(*s & 0x80) && rng_below(r, 10) == 0))
			str_printf(out, "\\u%04x", (unsigned)*s);
		else
			str_putc(out, *s);
	}
	str_putc(out, '"');
}

START_TEST(json_rows_survive_borders)
{
	struct rng r = rng_at(2, "reader", 0);
	for (int array = 0; array < 2; array++) {
		struct str json = { 0 }, want = { 0 };
		str_puts(&json, array ? "[" : "");
		str_puts(&want, "k|text\n");
		for (int i = 0; i < 40000; i++) {
			struct str cell = { 0 };
			random_cell(&r, true, &cell);
			str_printf(&want, "%d: %d|%s\n", i + 1, i, cell.s ? cell.s : "");
			if (rng_below(&r, 2) || i == 0) {
				str_printf(&json, "{\"k\":%d,\"text\":", i);
				put_json(&r, &json, cell.s ? cell.s : "");
				str_puts(&json, "}");
			} else {
				str_puts(&json, "{ \"text\" : ");
				put_json(&r, &json, cell.s ? cell.s : "");
				str_printf(&json, ", \"k\":%d}", i);
			}
			str_puts(&json, array && i < 39999 ? ",\n" : "\n");
			str_free(&cell);
		}
		str_puts(&json, array ? "]" : "");
		char *got = read_back(json.s, json.n, (struct reader_opts){ .format = "auto", .header = true, .threads = 1 });
		if (strcmp(got, want.s) != 0)
			ck_abort_msg("array %d: other rows", array);
		free(got);
		str_free(&json);
		str_free(&want);
	}
}
END_TEST

START_TEST(hash_is_of_the_bytes)
{
	size_t n = ((size_t)5 << 20) / 2, piece = (size_t)1 << 20;
	char *s = NEW(char, n);
	uint64_t want = 0;
	for (size_t i = 0; i < n; i++)
		s[i] = i % 7 == 6 ? '\n' : 'x';
	for (size_t i = 0; i < n; i += piece)
		want = hash_bytes(s + i, n - i < piece ? n - i : piece, want);
	write_file(s, n);
	struct reader *r = reader_open(path, (struct reader_opts){ .format = "auto", .header = true, .threads = 2 });
	while (reader_next(r))
		;
	ck_assert(reader_hash(r) == want);
	reader_close(r);
	unlink(path);
	free(s);
}
END_TEST

UNIT_MAIN("reader", csv_by_rule, separators_are_recognised_or_forced, columns_are_found_by_name_and_number, json_by_rule,
	  rows_survive_borders_and_threads, json_rows_survive_borders, hash_is_of_the_bytes)
