/*
 * Unicode forms of whole texts by utf8proc, which unicode_add() replaces piece
 * by piece; lower case and classes of characters by Python.
 */
#include "unit.h"

#include <stdio.h>
#include <time.h>
#include <utf8proc.h>

#include "base/par.h"
#include "text.h"

#define FORMS 12

static struct unicode_form form_at(int i)
{
	return (struct unicode_form){ (enum letter_case)(i % 3), i / 3 % 2, i / 6 };
}

/* ---- the reference: all of the text at once ---- */

static int combining(int32_t c)
{
	return utf8proc_get_property(c)->combining_class;
}

static size_t lower(int32_t c, int32_t *to)
{
	to[0] = c == 0x130 ? 'i' : utf8proc_tolower(c);
	to[1] = 0x307;
	return c == 0x130 ? 2 : 1;
}

/* The text in the form. Where lower() knows too little, at a sigma, the text has none. */
static char *naive(struct unicode_form f, struct slice text)
{
	struct str s = { 0 };
	size_t n;
	bool bad;
	for (size_t i = 0; i < text.n; i += n) {
		int32_t to[2] = { utf8_decode(text.s + i, text.s + text.n, &n, &bad) };
		size_t k = f.letter_case == CASE_LOWER ? lower(to[0], to) : 1;
		for (size_t j = 0; j < k; j++) {
			char bytes[4];
			str_add(&s, bytes, utf8_encode(to[j], bytes));
		}
	}
	str_add(&s, "", 0);
	utf8proc_option_t o = UTF8PROC_STABLE | (f.letter_case == CASE_FOLD ? UTF8PROC_CASEFOLD : 0) |
		(f.nfkc || f.strip ? UTF8PROC_COMPAT : 0) | (f.nfkc && f.letter_case == CASE_FOLD ? UTF8PROC_IGNORE : 0);
	if (!f.strip) {
		utf8proc_uint8_t *out;
		o |= f.nfkc ? UTF8PROC_COMPOSE : 0;
		MUST(utf8proc_map((const utf8proc_uint8_t *)s.s, (utf8proc_ssize_t)s.n, &out, o) >= 0, "utf8proc_map() fails");
		str_free(&s);
		return (char *)out;
	}
	utf8proc_ssize_t room = (utf8proc_ssize_t)(s.n * 20 + 20), len;
	utf8proc_int32_t *c = NEW(utf8proc_int32_t, (size_t)room + 1);
	len = utf8proc_decompose((const utf8proc_uint8_t *)s.s, (utf8proc_ssize_t)s.n, c, room, o | UTF8PROC_DECOMPOSE);
	MUST(len >= 0 && len <= room, "utf8proc_decompose() gives %td", len);
	utf8proc_ssize_t kept = 0;
	for (utf8proc_ssize_t i = 0; i < len; i++)
		if (combining(c[i]) == 0)
			c[kept++] = c[i];
	if (f.nfkc)
		kept = utf8proc_normalize_utf32(c, kept, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	s.n = 0;
	for (utf8proc_ssize_t i = 0; i < kept; i++) {
		char bytes[4];
		str_add(&s, bytes, utf8_encode(c[i], bytes));
	}
	str_add(&s, "", 0);
	free(c);
	return str_take(&s);
}

static void print_hex(const char *what, struct slice s, struct str *out)
{
	size_t n;
	bool bad;
	str_printf(out, "%s", what);
	for (size_t i = 0; i < s.n; i += n)
		str_printf(out, " %04X", (unsigned)utf8_decode(s.s + i, s.s + s.n, &n, &bad));
}

static void check(const struct unicode *u, int form, struct slice text)
{
	struct str got = { 0 };
	char *want = naive(form_at(form), text);
	unicode_add(u, text, &got);
	if (got.n != strlen(want) || memcmp(got.s, want, got.n) != 0) {
		struct str s = { 0 };
		print_hex("of", text, &s);
		print_hex(" came", (struct slice){ got.s, got.n }, &s);
		print_hex(", not", slice_of(want), &s);
		ck_abort_msg("form %d: %s", form, s.s);
	}
	str_free(&got);
	free(want);
}

/* Without the sigma that lower() cannot judge. */
static void drop_sigma(struct str *t)
{
	for (char *p; t->n && (p = memmem(t->s, t->n, "Σ", 2));)
		memcpy(p, "SS", 2);
}

START_TEST(equals_utf8proc)
{
	struct str t = { 0 };
	for (int f = 0; f < FORMS; f++) {
		struct unicode *u = unicode_new(form_at(f));
		struct rng r = rng_at(1, "unicode", (uint64_t)f);
		for (int round = 0; round < 4000; round++) {
			t.n = 0;
			add_random_text(&r, 24, &t);
			if (form_at(f).letter_case == CASE_LOWER)
				drop_sigma(&t);
			check(u, f, (struct slice){ t.s, t.n });
		}
		unicode_free(u);
	}
	str_free(&t);
}
END_TEST

/* Many marks on one character. */
START_TEST(zalgo)
{
	struct str t = { 0 };
	struct rng r = rng_at(5, "unicode", 0);
	for (int f = 0; f < FORMS; f++) {
		struct unicode *u = unicode_new(form_at(f));
		for (int round = 0; round < 30; round++) {
			t.n = 0;
			for (size_t i = rng_below(&r, 3), marks = rng_below(&r, 200); i <= marks; i++) {
				char s[4];
				str_add(&t, s, utf8_encode(i == 0 ? 'a' : 0x300 + (int32_t)rng_below(&r, 0x70), s));
			}
			check(u, f, (struct slice){ t.s, t.n });
		}
		unicode_free(u);
	}
	str_free(&t);
}
END_TEST

/* Whether the character is one of many thousands of a kind: ideographs, syllables, private ones. */
static bool alike(int32_t c)
{
	return (c >= 0x3400 && c < 0xf8f0) || (c >= 0x12000 && c < 0x16a00) || (c >= 0x17000 && c < 0x1af00) ||
		(c >= 0x1fc00 && c < 0x2f700) || (c >= 0x2fb00 && c < 0xdff00) || c >= 0xe1000;
}

/* Each character after a letter that takes marks and before a mark. */
START_TEST(every_character)
{
	for (int f = 1; f < FORMS; f += 2) {	/* each case, with and without NFKC, with and without marks */
		struct unicode *u = unicode_new(form_at(f));
		for (int32_t c = 1; c <= 0x10ffff; c += alike(c) ? 97 : 1) {
			char s[7] = "e";
			if ((c >= 0xd800 && c < 0xe000) || (c == 0x3a3 && form_at(f).letter_case == CASE_LOWER))
				continue;
			size_t n = utf8_encode(c, s + 1);
			memcpy(s + 1 + n, "\u0301", 2);	/* an acute */
			check(u, f, (struct slice){ s, n + 3 });
		}
		unicode_free(u);
	}
}
END_TEST

START_TEST(known_texts)
{
	enum { FOLD_ONLY = 0, KEEP_ONLY = 2, FOLD_NFKC = 3, FOLD_NFKC_STRIP = 9 };
	static const struct {
		int form;
		const char *text, *want;
	} cases[] = {
		{ FOLD_NFKC, "Café CAFE\u0301", "café café" },
		{ FOLD_NFKC, "e\u00ad\u0301", "é" },		/* a soft hyphen is no letter */
		{ FOLD_NFKC, "a\u0301\u200d\u0323", "ạ\u0301" },	/* a joiner between marks */
		{ FOLD_NFKC, "a\u0301\u0323", "ạ\u0301" },	/* marks in the wrong order */
		{ FOLD_NFKC, "Straße STRASSE", "strasse strasse" },
		{ FOLD_NFKC, "ﬁ ﬀ Ⅷ ½ Ｈi", "fi ff viii 1⁄2 hi" },
		{ FOLD_NFKC, "ｶﾞﾊﾟ", "ガパ" },
		{ FOLD_NFKC, "\u1112\u1161\u11ab", "한" },
		{ FOLD_NFKC, "\ufefb", "\u0644\u0627" },		/* Arabic: lam with alef */
		{ FOLD_NFKC, "❤\ufe0f", "❤" },
		{ FOLD_NFKC, "İI", "i\u0307i" },
		{ FOLD_NFKC, "ΟΔΟΣ οδος", "οδοσ οδοσ" },
		{ FOLD_NFKC_STRIP, "Café ёй Ấ", "cafe еи a" },
		{ KEEP_ONLY, "Café ﬁ", "Café ﬁ" },
		{ FOLD_ONLY, "ǅ ᾈ ﬁ", "ǆ ἀι fi" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct unicode *u = unicode_new(form_at(cases[i].form));
		struct str got = { 0 };
		unicode_add(u, slice_of(cases[i].text), &got);
		ck_assert_str_eq(got.s, cases[i].want);
		str_free(&got);
		unicode_free(u);
	}
}
END_TEST

START_TEST(twice_is_once)
{
	static const int idempotent[] = { 0, 5, 8, 11 };
	struct rng r = rng_at(2, "unicode", 0);
	struct str t = { 0 }, once = { 0 }, twice = { 0 };
	for (size_t i = 0; i < sizeof(idempotent) / sizeof(*idempotent); i++) {
		struct unicode *u = unicode_new(form_at(idempotent[i]));
		for (int round = 0; round < 4000; round++) {
			t.n = once.n = twice.n = 0;
			add_random_text(&r, 24, &t);
			unicode_add(u, (struct slice){ t.s, t.n }, &once);
			unicode_add(u, (struct slice){ once.s, once.n }, &twice);
			MUST(once.n == twice.n && memcmp(once.s, twice.s, once.n) == 0, "form %d: '%s', '%s'", idempotent[i], once.s, twice.s);
		}
		unicode_free(u);
	}
	str_free(&t);
	str_free(&once);
	str_free(&twice);
}
END_TEST

/* What is not UTF-8 is U+FFFD before all else. */
START_TEST(any_bytes)
{
	struct rng r = rng_at(3, "unicode", 0);
	struct str clean = { 0 }, a = { 0 }, b = { 0 };
	for (int f = 0; f < FORMS; f++) {
		struct unicode *u = unicode_new(form_at(f));
		for (int round = 0; round < 2000; round++) {
			char s[24];
			size_t n = rng_below(&r, sizeof(s) + 1), k;
			for (size_t i = 0; i < n; i++)
				s[i] = (char)(rng_below(&r, 3) ? 1 + rng_below(&r, 255) : 0xc3 + rng_below(&r, 24));
			char *text = mem_copy(s, n, 1);
			clean.n = a.n = b.n = 0;
			for (size_t i = 0; i < n; i += k) {
				bool bad;
				char bytes[4];
				int32_t c = utf8_decode(text + i, text + n, &k, &bad);
				str_add(&clean, bytes, utf8_encode(c, bytes));
			}
			unicode_add(u, (struct slice){ text, n }, &a);
			unicode_add(u, (struct slice){ clean.s, clean.n }, &b);
			MUST(a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0), "form %d: '%s', not '%s'", f, a.s, b.s);
			free(text);
		}
		unicode_free(u);
	}
	str_free(&clean);
	str_free(&a);
	str_free(&b);
}
END_TEST

/* str.lower(), tests/golden/texts.py: a sigma at the end of a word, and all letters. */
START_TEST(lower_as_python)
{
	struct jval *list = golden(GOLDEN "lower.json");
	struct unicode *u = unicode_new((struct unicode_form){ CASE_LOWER, false, false });
	struct str got = { 0 };
	for (size_t i = 0; i < jval_size(list); i++) {
		const char *text = jval_str(jval_at(jval_at(list, i), 0)), *want = jval_str(jval_at(jval_at(list, i), 1));
		got.n = 0;
		unicode_add(u, slice_of(text), &got);
		ck_assert_msg(strcmp(got.s, want) == 0, "%.60s: %.60s, not %.60s", text, got.s, want);
	}
	/* and nothing else has a lower case: these stay, or were in the list */
	const struct jval *last = jval_at(list, jval_size(list) - 1);
	struct dict *known = dict_new();
	char *copy = mem_str(jval_str(jval_at(last, 0))), *save, s[5] = { 0 };
	for (char *w = strtok_r(copy, "\n", &save); w; w = strtok_r(NULL, "\n", &save))
		dict_add(known, w, strlen(w));
	for (int32_t c = 1; c <= 0x10ffff; c++) {
		size_t n = utf8_encode(c, s);
		if ((c >= 0xd800 && c < 0xe000) || dict_find(known, s, n) >= 0)
			continue;
		got.n = 0;
		unicode_add(u, (struct slice){ s, n }, &got);
		MUST(got.n == n && memcmp(got.s, s, n) == 0, "U+%04X", (unsigned)c);
	}
	dict_free(known);
	free(copy);
	unicode_free(u);
	jval_free(list);
	str_free(&got);
}
END_TEST

/* A sigma may have marks, in the forms that join them too. */
START_TEST(final_sigma_with_marks)
{
	for (int f = 1; f < FORMS; f += 3) {
		struct unicode *u = unicode_new(form_at(f));
		struct str got = { 0 };
		unicode_add(u, slice_of("ΑΣ\u0302 ΑΣ\u0302Α"), &got);
		const char *want = form_at(f).strip ? "ας ασα" : "ας\u0302 ασ\u0302α";
		ck_assert_str_eq(got.s, want);
		str_free(&got);
		unicode_free(u);
	}
}
END_TEST

/* str.isspace() and \w of Python; characters that its older tables do not know are left out. */
START_TEST(classes_as_python)
{
	struct jval *list = golden(GOLDEN "classes.json");
	for (size_t i = 0; i < jval_size(list); i++) {
		int64_t from = jval_int(jval_at(jval_at(list, i), 0), 0, 0x10ffff), kind = jval_int(jval_at(jval_at(list, i), 1), 0, 3);
		int64_t to = i + 1 < jval_size(list) ? jval_int(jval_at(jval_at(list, i + 1), 0), 0, 0x10ffff) : 0x110000;
		for (int64_t c = from; kind != 3 && c < to; c++) {
			enum char_class class = char_class((int32_t)c);
			int64_t got = class == CHAR_SPACE ? 1 : class == CHAR_LETTER || class == CHAR_NUMBER || class == CHAR_UNDERSCORE ? 2 : 0;
			MUST(got == kind, "U+%04X is %d, not %d", (unsigned)c, (int)got, (int)kind);
		}
	}
	jval_free(list);
}
END_TEST

/* ---- threads, and texts made to be slow ---- */

struct shared {
	const struct unicode *u;
	struct str in[64], out[64];
};

static void one(void *ctx, size_t i, int worker)
{
	struct shared *s = ctx;
	(void)worker;
	unicode_add(s->u, (struct slice){ s->in[i].s, s->in[i].n }, &s->out[i]);
}

START_TEST(threads_share_a_form)
{
	for (int round = 0; round < 8; round++) {
		struct unicode *u = unicode_new(form_at(3)), *alone = unicode_new(form_at(3));	/* new: all pages are made at once */
		struct shared s = { .u = u };
		struct rng r = rng_at(4, "unicode", (uint64_t)round);
		for (size_t i = 0; i < 64; i++)
			add_random_text(&r, 200, &s.in[i]);
		par_for(4, 64, one, &s);
		for (size_t i = 0; i < 64; i++) {
			struct str want = { 0 };
			unicode_add(alone, (struct slice){ s.in[i].s, s.in[i].n }, &want);
			ck_assert(want.n == s.out[i].n && memcmp(want.s, s.out[i].s, want.n) == 0);
			str_free(&want);
			str_free(&s.in[i]);
			str_free(&s.out[i]);
		}
		unicode_free(u);
		unicode_free(alone);
	}
}
END_TEST

/* A megabyte of marks in the wrong order on one letter takes no longer than other texts, and gives the marks in order. */
START_TEST(marks_without_end)
{
	size_t n = 250000;
	struct str t = { 0 }, got = { 0 };
	str_puts(&t, "a");
	for (size_t i = 0; i < n; i++)
		str_puts(&t, "\u0301\u0323");	/* above, below */
	struct unicode *u = unicode_new(form_at(5));
	clock_t begun = clock();
	unicode_add(u, (struct slice){ t.s, t.n }, &got);
	ck_assert_msg(clock() - begun < 5 * CLOCKS_PER_SEC, "%g s", (double)(clock() - begun) / CLOCKS_PER_SEC);
	ck_assert(strncmp(got.s, "ạ\u0323\u0323", 7) == 0);	/* a with a dot below, and the other dots */
	ck_assert_str_eq(got.s + got.n - 4, "\u0301\u0301");
	ck_assert_uint_eq(got.n, t.n);	/* the letter and its dot are three bytes too */
	str_free(&got);
	str_free(&t);
	unicode_free(u);
}
END_TEST

UNIT_MAIN("unicode", equals_utf8proc, zalgo, every_character, known_texts, twice_is_once, any_bytes, lower_as_python, final_sigma_with_marks,
	  classes_as_python, threads_share_a_form, marks_without_end)
