/* The container: what is put comes back; whatever is wrong with a file is refused with ST_DATA. */
#include "unit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "io/store.h"

static const double eight[3] = { 1.5, -2, 1e300 };
static const int32_t four[4] = { 1, -2, 3, INT32_MIN };
static const uint8_t one[5] = { 1, 2, 3, 4, 255 };

static char *bytes_of(struct store *st, size_t *n)
{
	char *bytes = NULL;
	struct out out = { .f = open_memstream(&bytes, n) };
	store_write(st, &out);
	fclose(out.f);
	return bytes;
}

static struct store *sample(void)
{
	struct store *st = store_new();
	store_meta(st, "dls.family", "test \"quoted\" \n \xc3\xa9");
	store_put1(st, "b", DT_U8, 5, one);
	store_put2(st, "c", DT_I32, 2, 2, four);
	store_put1(st, "empty", DT_F64, 0, NULL);
	store_enter(st, "0.");
	store_enter(st, "in.");
	store_put1(st, "a", DT_F64, 3, eight);
	store_meta(st, "key", "inner");
	store_leave(st);
	store_leave(st);
	return st;
}

START_TEST(what_is_put_comes_back)
{
	struct store *st = sample(), *back;
	size_t n, k = ANY, m = 2;
	char *bytes = bytes_of(st, &n);
	back = store_read(mem_copy(bytes, n, 1), n, "test");
	ck_assert_str_eq(store_meta_need(back, "dls.family"), "test \"quoted\" \n \xc3\xa9");
	ck_assert_mem_eq(store_get1(back, "b", DT_U8, &k), one, sizeof(one));
	ck_assert_uint_eq(k, 5);
	k = ANY;
	ck_assert_mem_eq(store_get2(back, "c", DT_I32, &k, &m), four, sizeof(four));
	store_enter(back, "0.");
	store_enter(back, "in.");
	k = 3;
	const void *p = store_get1(back, "a", DT_F64, &k);
	ck_assert_uint_eq((uintptr_t)p % 8, 0);
	ck_assert_mem_eq(p, eight, sizeof(eight));
	ck_assert_str_eq(store_meta_get(back, "key"), "inner");
	store_leave(back);
	ck_assert_ptr_null(store_meta_get(back, "key"));
	store_leave(back);
	free(bytes);
	store_free(st);
	store_free(back);
}
END_TEST

START_TEST(order_of_puts_does_not_matter)
{
	struct store *a = store_new(), *b = store_new();
	size_t n, m;
	store_put1(a, "x", DT_U8, 5, one);
	store_put1(a, "y", DT_F64, 3, eight);
	store_meta(a, "k", "1");
	store_meta(a, "j", "2");
	store_meta(b, "j", "2");
	store_meta(b, "k", "1");
	store_put1(b, "y", DT_F64, 3, eight);
	store_put1(b, "x", DT_U8, 5, one);
	char *s = bytes_of(a, &n), *t = bytes_of(b, &m);
	ck_assert_uint_eq(n, m);
	ck_assert_mem_eq(s, t, n);
	free(s);
	free(t);
	store_free(a);
	store_free(b);
}
END_TEST

static char said[512];	/* what the last child printed on stderr */

/* Reads the bytes in a child: its exit status, 0 when they were accepted. */
static int status_of(const char *bytes, size_t n)
{
	int ends[2], status;
	ck_assert_int_eq(pipe(ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		alarm(10);
		store_free(store_read(mem_copy(bytes, n, 1), n, "test"));
		_exit(0);
	}
	close(ends[1]);
	ssize_t got = read(ends[0], said, sizeof(said) - 1);
	said[got > 0 ? got : 0] = '\0';
	close(ends[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

START_TEST(truncated_and_flipped_files_are_refused)
{
	struct store *st = sample();
	size_t n;
	char *bytes = bytes_of(st, &n);
	ck_assert_int_eq(status_of(bytes, n), 0);
	for (size_t i = 0; i < n; i += 3)
		ck_assert_int_eq(status_of(bytes, i), ST_DATA);
	for (size_t i = 0; i < n; i += 2) {
		bytes[i] ^= 4;
		ck_assert_msg(status_of(bytes, n) == ST_DATA, "byte %zu flipped is accepted", i);
		bytes[i] ^= 4;
	}
	free(bytes);
	store_free(st);
}
END_TEST

/* A file with this header and `data` bytes behind it. */
static int status_of_header(const char *header, size_t data)
{
	struct str s = { 0 };
	size_t n = strlen(header);
	for (int i = 0; i < 8; i++)
		str_putc(&s, (char)(n >> (8 * i)));
	str_puts(&s, header);
	for (size_t i = 0; i < data; i++)
		str_putc(&s, 'x');
	int status = status_of(s.s, s.n);
	str_free(&s);
	return status;
}

START_TEST(inconsistent_headers_are_refused)
{
	static const struct {
		const char *header;
		size_t data;
	} bad[] = {
		{ "{}", 0 },	/* no hash */
		{ "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 7 },
		{ "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 9 },
		{ "{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8 },
		{ "{\"a\":{\"dtype\":\"F64\",\"shape\":[-1],\"data_offsets\":[0,8]}}", 8 },
		{ "{\"a\":{\"dtype\":\"F64\",\"shape\":[1.5],\"data_offsets\":[0,8]}}", 8 },
		{ "{\"a\":{\"dtype\":\"F64\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0 },
		{ "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[8,0]}}", 8 },
		{ "{\"a\":{\"dtype\":\"F64\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,8]}}", 8 },
		{ "{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8 },
		{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
		  "\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[4,12]}}", 12 },
		{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
		  "\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8,16]}}", 16 },
		{ "[1]", 0 }, { "{\"a\":", 0 }, { "{\"a\":1}", 0 }, { "{} x", 0 }, { "{\"__metadata__\":{\"a\":1}}", 0 },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(status_of_header(bad[i].header, bad[i].data) == ST_DATA, "accepted: %s", bad[i].header);
}
END_TEST

START_TEST(foreign_files_are_refused)
{
	char huge[16];
	ck_assert_int_eq(status_of("", 0), ST_DATA);
	ck_assert_int_eq(status_of("\xff\xd8\xff\xe0JFIF", 8), ST_DATA);
	ck_assert_int_eq(status_of("id,churn\n1,0\n", 13), ST_DATA);
	memset(huge, 0xff, sizeof(huge));
	huge[8] = '{';
	ck_assert_int_eq(status_of(huge, sizeof(huge)), ST_DATA);
}
END_TEST

/* 10 MB of commas would become a gigabyte of values. */
START_TEST(a_header_of_too_many_values_is_refused)
{
	size_t n = (size_t)10 << 20;
	char *header = NEW(char, n + 1);
	memset(header, ',', n);
	for (size_t i = 0; i < n; i += 2)
		header[i] = '1';
	memcpy(header, "{\"a\":[", 6);
	memcpy(header + n - 3, "1]}", 4);
	ck_assert_int_eq(status_of_header(header, 0), ST_DATA);
	ck_assert_msg(strstr(said, "more than 4194304 values") != NULL, "%s", said);
	free(header);
}
END_TEST

UNIT_MAIN("store", a_header_of_too_many_values_is_refused, what_is_put_comes_back, order_of_puts_does_not_matter, truncated_and_flipped_files_are_refused,
	  inconsistent_headers_are_refused, foreign_files_are_refused)
