/* Strings, dictionaries, arenas, the thread pool. */
#include "unit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "base/str.h"

START_TEST(str_grows_and_stays_terminated)
{
	struct str s = { 0 };
	for (int i = 0; i < 10000; i++)
		str_printf(&s, "%d,", i);
	ck_assert_uint_eq(s.n, strlen(s.s));
	ck_assert(strncmp(s.s, "0,1,2,", 6) == 0);
	char *p = str_take(&s);
	ck_assert(s.s == NULL && s.n == 0);
	free(p);
	p = str_take(&s);
	ck_assert_str_eq(p, "");
	free(p);
}
END_TEST

START_TEST(trim_takes_blanks_only)
{
	struct slice s = slice_trim(slice_of(" \t a b\t "));
	ck_assert(slice_eq(s, "a b"));
	ck_assert_uint_eq(slice_trim(slice_of("  ")).n, 0);
	ck_assert_uint_eq(slice_trim((struct slice){ NULL, 0 }).n, 0);
	ck_assert(slice_eq(slice_trim(slice_of("\na")), "\na"));
}
END_TEST

START_TEST(nearest_finds_typos_and_prefixes)
{
	static const char *const list[] = { "target", "threads", "valid-frac", "cv" };
	ck_assert_str_eq(str_nearest("taget", list, 4), "target");
	ck_assert_str_eq(str_nearest("valid", list, 4), "valid-frac");
	ck_assert_ptr_null(str_nearest("zebra", list, 4));
	ck_assert_ptr_null(str_nearest("", list, 4));
	char huge[300];
	memset(huge, 'a', sizeof(huge) - 1);
	huge[299] = '\0';
	ck_assert_ptr_null(str_nearest(huge, list, 4));
}
END_TEST

/* Against a naive search over an array of texts. */
START_TEST(dict_equals_a_naive_list)
{
	struct dict *d = dict_new();
	static char naive[2000][8];
	int n = 0;
	struct rng r = rng_at(1, "dict", 0);
	for (int i = 0; i < 20000; i++) {
		char text[8];
		int len = snprintf(text, sizeof(text), "%u", (unsigned)rng_below(&r, 1500));
		int at = 0;
		while (at < n && strcmp(naive[at], text) != 0)
			at++;
		ck_assert_int_eq(dict_find(d, text, (size_t)len), at < n ? at : -1);
		if (at == n)
			memcpy(naive[n++], text, sizeof(text));
		ck_assert_int_eq(dict_add(d, text, (size_t)len), at);
	}
	ck_assert_int_eq(dict_size(d), n);
	ck_assert_int_eq(dict_add(d, "a\0b", 3), n);
	ck_assert_int_eq(dict_add(d, "a\0c", 3), n + 1);
	ck_assert_uint_eq(dict_len(d, n), 3);
	ck_assert_int_eq(dict_add(d, "", 0), n + 2);
	dict_free(d);
}
END_TEST

struct marks {
	unsigned char hit[1000];
	int workers;
};

static void mark(void *ctx, size_t i, int worker)
{
	struct marks *m = ctx;
	m->hit[i]++;
	if (worker < 0 || worker >= m->workers)
		m->hit[i] = 100;
}

START_TEST(par_runs_each_chunk_once)
{
	for (int round = 0; round < 200; round++) {
		struct marks m = { .workers = 1 + round % 5 };
		size_t n = (size_t)(round * 5);
		par_for(m.workers, n, mark, &m);
		for (size_t i = 0; i < 1000; i++)
			ck_assert_uint_eq(m.hit[i], i < n ? 1 : 0);
	}
}
END_TEST

START_TEST(arena_keeps_what_it_gave)
{
	struct arena *a = arena_new();
	char *p[1000];
	for (int i = 0; i < 1000; i++) {
		char text[16];
		int n = snprintf(text, sizeof(text), "text %d", i);
		p[i] = arena_strn(a, text, (size_t)n);
		ck_assert_uint_eq((uintptr_t)p[i] % 16, 0);
		memset(arena_alloc(a, (size_t)i * 100), 'x', (size_t)i * 100);
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(atoi(p[i] + 5), i);
	arena_free(a);
	arena_free(NULL);
}
END_TEST

UNIT_MAIN("base", str_grows_and_stays_terminated, trim_takes_blanks_only, nearest_finds_typos_and_prefixes,
	  dict_equals_a_naive_list, par_runs_each_chunk_once, arena_keeps_what_it_gave)
