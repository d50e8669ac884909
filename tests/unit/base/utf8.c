/* UTF-8: every code point, every short sequence against the table of the standard, bad parts as Python counts them. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "io/jsonio.h"

/* ---- the standard's table 3-7, as it stands there ---- */

static const struct {
	unsigned char first[2], next[3][2];
	size_t n;
} well_formed[] = {
	{ { 0x00, 0x7f }, { { 0 } }, 1 },
	{ { 0xc2, 0xdf }, { { 0x80, 0xbf } }, 2 },
	{ { 0xe0, 0xe0 }, { { 0xa0, 0xbf }, { 0x80, 0xbf } }, 3 },
	{ { 0xe1, 0xec }, { { 0x80, 0xbf }, { 0x80, 0xbf } }, 3 },
	{ { 0xed, 0xed }, { { 0x80, 0x9f }, { 0x80, 0xbf } }, 3 },
	{ { 0xee, 0xef }, { { 0x80, 0xbf }, { 0x80, 0xbf } }, 3 },
	{ { 0xf0, 0xf0 }, { { 0x90, 0xbf }, { 0x80, 0xbf }, { 0x80, 0xbf } }, 4 },
	{ { 0xf1, 0xf3 }, { { 0x80, 0xbf }, { 0x80, 0xbf }, { 0x80, 0xbf } }, 4 },
	{ { 0xf4, 0xf4 }, { { 0x80, 0x8f }, { 0x80, 0xbf }, { 0x80, 0xbf } }, 4 },
};

static bool within(unsigned char c, const unsigned char range[2])
{
	return c >= range[0] && c <= range[1];
}

/* The bytes of s (n) that begin a sequence of the table, and whether they are all of it. */
static size_t naive(const unsigned char *s, size_t n, bool *whole)
{
	*whole = false;
	for (size_t r = 0; r < sizeof(well_formed) / sizeof(*well_formed); r++) {
		size_t k = 1;
		if (!within(s[0], well_formed[r].first))
			continue;
		while (k < well_formed[r].n && k < n && within(s[k], well_formed[r].next[k - 1]))
			k++;
		*whole = k == well_formed[r].n;
		return k;
	}
	return 1;
}

static int32_t naive_value(const unsigned char *s, size_t n)
{
	static const int32_t lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	int32_t c = s[0] & lead[n];
	for (size_t i = 1; i < n; i++)
		c = c * 64 + (s[i] - 0x80);
	return c;
}

static void check(const unsigned char *bytes, size_t n)
{
	size_t got, want;
	bool bad, whole;
	char *s = mem_copy(bytes, n, 1);	/* a block of its own: a sanitizer sees a byte too far */
	int32_t c = utf8_decode(s, s + n, &got, &bad);
	want = naive(bytes, n, &whole);
	MUST(got == want && bad == !whole && c == (whole ? naive_value(bytes, want) : UTF8_BAD),
	     "%02x %02x %02x %02x (%zu): %d of %zu bytes%s", bytes[0], n > 1 ? bytes[1] : 0, n > 2 ? bytes[2] : 0,
	     n > 3 ? bytes[3] : 0, n, c, got, bad ? ", bad" : "");
	free(s);
}

START_TEST(every_code_point_there_and_back)
{
	for (int32_t c = 0; c <= 0x10ffff; c++) {
		char s[5] = { 0 };
		size_t n, len = utf8_encode(c, s);
		bool bad;
		int32_t back = utf8_decode(s, s + len, &n, &bad);
		if (c >= 0xd800 && c <= 0xdfff)
			MUST(bad && back == UTF8_BAD && n == 1, "U+%04X", (unsigned)c);
		else
			MUST(!bad && back == c && n == len && len == (c < 0x80 ? 1u : c < 0x800 ? 2u : c < 0x10000 ? 3u : 4u),
			     "U+%04X: %d of %zu bytes", (unsigned)c, back, n);
	}
}
END_TEST

/* All of one and two bytes, and of three and four those with bytes beside each border of the table. */
START_TEST(every_sequence_by_the_table)
{
	static const unsigned char some[] = { 0x00, 'a', 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xbe, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
		0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xfe, 0xff };
	size_t k = sizeof(some);
	for (unsigned a = 0; a < 256; a++) {
		unsigned char s[4] = { (unsigned char)a };
		check(s, 1);
		for (unsigned b = 0; b < 256; b++) {
			s[1] = (unsigned char)b;
			check(s, 2);
		}
		for (size_t i = 0; i < k * k * k; i++) {
			s[1] = some[i / k / k];
			s[2] = some[i / k % k];
			s[3] = some[i % k];
			check(s, 4);
			if (s[3] == 0)
				check(s, 3);
		}
	}
}
END_TEST

/* Python's b.decode("utf-8", "replace").count("\ufffd"), tests/golden/texts.py. */
START_TEST(bad_parts_as_python_counts_them)
{
	size_t n;
	char *text = in_read_all("tests/golden/texts/utf8.json", &n);
	struct jval *list = jval_parse(text, n, "utf8.json");
	ck_assert_uint_gt(jval_size(list), 200);
	for (size_t i = 0; i < jval_size(list); i++) {
		const char *hex = jval_str(jval_at(jval_at(list, i), 0));
		size_t len = strlen(hex) / 2;
		char *s = NEW(char, len);
		for (size_t k = 0; k < len; k++) {
			unsigned byte;
			ck_assert_int_eq(sscanf(hex + 2 * k, "%2x", &byte), 1);
			s[k] = (char)byte;
		}
		ck_assert_msg(utf8_count_bad((struct slice){ s, len }) == (size_t)jval_int(jval_at(jval_at(list, i), 1), 0, 1000),
			      "%s: %zu bad parts", hex, utf8_count_bad((struct slice){ s, len }));
		free(s);
	}
	jval_free(list);
	free(text);
}
END_TEST

/* The count skips ASCII by eights: the same from every place and over every length. */
START_TEST(counts_are_sums)
{
	struct rng r = rng_at(1, "utf8", 0);
	for (int round = 0; round < 2000; round++) {
		unsigned char s[64];
		size_t n = rng_below(&r, sizeof(s) + 1), count = 0, k;
		for (size_t i = 0; i < n; i++)
			s[i] = rng_below(&r, 3) ? 'a' : (unsigned char)rng_below(&r, 256);
		for (size_t at = 0; at < n; at += k) {
			bool whole;
			k = naive(s + at, n - at, &whole);
			count += !whole;
		}
		char *copy = mem_copy(s, n, 1);
		ck_assert_uint_eq(utf8_count_bad((struct slice){ copy, n }), count);
		free(copy);
	}
	ck_assert_uint_eq(utf8_count_bad((struct slice){ NULL, 0 }), 0);
}
END_TEST

UNIT_MAIN("utf8", every_code_point_there_and_back, every_sequence_by_the_table, bad_parts_as_python_counts_them, counts_are_sums)
