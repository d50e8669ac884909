/*
 * Most text needs no normalisation: ASCII is folded 8 bytes at a time, and of
 * other characters what each becomes alone is kept in pages of 256, made when
 * first met. Only where a character joins the one before it - a mark, a Hangul
 * vowel, what decomposes to one - the piece from the last character that
 * stands alone is given to utf8proc (20 to 50 ns a character) and replaces what
 * was written. Normal forms allow that: they never reach over a boundary
 * before a starter that joins nothing (UAX 15, section 9).
 */
#include "data/text/unicode.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/utf8.h"

#define LAST 0x10ffff
#define PAGE 256
#define PAGES ((LAST + 1) / PAGE)
#define ALONE 12		/* bytes of most characters' own form */
#define LONG_FORM 0xff		/* its form is longer, or depends on its neighbours */
#define SIGMA 0x3a3
#define FINAL_SIGMA 0x3c2

struct entry {
	uint8_t n;		/* bytes of s, or LONG_FORM */
	bool joins;		/* may join the character before */
	char s[ALONE];
};

struct page {
	struct entry e[PAGE];
};

struct unicode {
	struct unicode_form form;
	utf8proc_option_t options;
	_Atomic(struct page *) pages[PAGES];
};

struct unicode *unicode_new(struct unicode_form form)
{
	struct unicode *u = NEW0(struct unicode, 1);
	u->form = form;
	if (form.letter_case == CASE_FOLD)
		u->options |= UTF8PROC_CASEFOLD;
	if (form.nfkc || form.strip)
		u->options |= UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE;
	if (form.nfkc && form.letter_case == CASE_FOLD)
		u->options |= UTF8PROC_IGNORE;
	return u;
}

void unicode_free(struct unicode *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < PAGES; i++)
		free(atomic_load(&u->pages[i]));
	free(u);
}

const char *unicode_version(void)
{
	return utf8proc_unicode_version();
}

static void put_char(struct str *out, int32_t c)
{
	char s[4];
	str_add(out, s, utf8_encode(c, s));
}

/* The full lower case of one character: SpecialCasing.txt has one that needs no context. */
static size_t lower(int32_t c, int32_t *to)
{
	to[0] = c == 0x130 ? 'i' : utf8proc_tolower(c);
	to[1] = 0x307;
	return c == 0x130 ? 2 : 1;
}

/* ---- the sigma at the end of a word ---- */

/* Whether the character has a letter case (property Cased); some of these that are ignored anyway are left out. */
static bool is_cased(int32_t c)
{
	utf8proc_category_t kind = utf8proc_category(c);
	return kind == UTF8PROC_CATEGORY_LU || kind == UTF8PROC_CATEGORY_LL || kind == UTF8PROC_CATEGORY_LT ||
		utf8proc_tolower(c) != c || utf8proc_toupper(c) != c || c == 0xaa || c == 0xba ||
		(c >= 0x1f130 && c <= 0x1f189 && (c - 0x1f130) % 32 < 26);	/* letters in squares and circles */
}

/* Whether it may stand inside a word without being a letter of it (property Case_Ignorable). */
static bool is_ignorable(int32_t c)
{
	static const int32_t inside[] = { '\'', '.', ':', 0xb7, 0x387, 0x55f, 0x5f4, 0x2018, 0x2019, 0x2024, 0x2027, 0xfe13, 0xfe52,
		0xfe55, 0xff07, 0xff0e, 0xff1a };
	utf8proc_category_t kind = utf8proc_category(c);
	for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++)
		if (c == inside[i])
			return true;
	return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME || kind == UTF8PROC_CATEGORY_CF ||
		kind == UTF8PROC_CATEGORY_LM || kind == UTF8PROC_CATEGORY_SK;
}

/* The character that ends before s, which is not start; *at gets where it begins. */
static int32_t char_before(const char *start, const char *s, const char **at)
{
	size_t n;
	bool bad;
	for (size_t k = 1; k <= 4 && k <= (size_t)(s - start); k++) {
		int32_t c = utf8_decode(s - k, s, &n, &bad);
		*at = s - k;
		if (!bad && n == k)
			return c;
	}
	*at = s - 1;
	return UTF8_BAD;
}

/* Lower of the sigma at s, before next: it has a form of its own at the end of a word (SpecialCasing.txt, Final_Sigma). */
static int32_t lower_sigma(struct slice text, const char *s, const char *next)
{
	const char *end = text.s + text.n;
	int32_t c = ' ';
	size_t n;
	bool bad;
	while (s > text.s && is_ignorable(c = char_before(text.s, s, &s)))
		c = ' ';
	if (!is_cased(c))
		return SIGMA + 32;
	for (c = ' '; next < end && is_ignorable(c = utf8_decode(next, end, &n, &bad)); next += n)
		c = ' ';
	return is_cased(c) ? SIGMA + 32 : FINAL_SIGMA;
}

/* ---- forms ---- */

/* The code points of c decomposed by the form, not ordered, to `to`, which has room for ROOM: none is longer. */
#define ROOM 64
static size_t decompose(const struct unicode *u, int32_t c, int32_t *to)
{
	int32_t first[2] = { c, 0 };
	size_t nfirst = u->form.letter_case == CASE_LOWER ? lower(c, first) : 1, n = 0;
	for (size_t i = 0; i < nfirst; i++) {
		int last = 0;
		utf8proc_ssize_t k = utf8proc_decompose_char(first[i], to + n, (utf8proc_ssize_t)(ROOM - n), u->options, &last);
		if (k < 0 || (size_t)k > ROOM - n)
			to[n++] = first[i];	/* not assigned: it stays */
		else
			n += (size_t)k;
	}
	return n;
}

static int combining_class(int32_t c)
{
	return utf8proc_get_property(c)->combining_class;
}

#define MANY_MARKS 64	/* on one character, from which they are counted, not moved one by one */

/* A run of marks (n) to the order of their classes, those of one class as they were. */
static void order_run(int32_t *c, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		int32_t x = c[i];
		size_t j = i;
		for (; j > 0 && combining_class(c[j - 1]) > combining_class(x); j--)
			c[j] = c[j - 1];
		c[j] = x;
	}
}

static void order_long_run(int32_t *c, size_t n)
{
	size_t at[257] = { 0 };
	int32_t *copy = mem_copy(c, n, sizeof(*c));
	for (size_t i = 0; i < n; i++)
		at[combining_class(c[i]) + 1]++;
	for (size_t k = 1; k < 256; k++)
		at[k] += at[k - 1];
	for (size_t i = 0; i < n; i++)
		c[at[combining_class(copy[i])]++] = copy[i];
	free(copy);
}

/* Marks to their canonical order: each run of characters whose class is not 0. */
static void order(int32_t *c, size_t n)
{
	for (size_t from = 0, to; from < n; from = to + 1) {
		for (to = from; to < n && combining_class(c[to]) > 0; to++)
			continue;
		(to - from < MANY_MARKS ? order_run : order_long_run)(c + from, to - from);
	}
}

/* Appends c (n) ordered, stripped and composed by the form. c has room for one more. */
static void put_composed(const struct unicode *u, int32_t *c, size_t n, struct str *out)
{
	size_t kept = 0;
	if (u->options & UTF8PROC_DECOMPOSE)
		order(c, n);
	for (size_t i = 0; i < n; i++)
		if (!u->form.strip || combining_class(c[i]) == 0)
			c[kept++] = c[i];
	if (u->form.nfkc)
		kept = (size_t)utf8proc_normalize_utf32(c, (utf8proc_ssize_t)kept, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	for (size_t i = 0; i < kept; i++)
		put_char(out, c[i]);
}

/* A piece of the text, from s to end, that joins, as one. */
static void put_piece(const struct unicode *u, struct slice text, const char *s, const char *end, struct str *out)
{
	size_t n = 0, cap = 0, step;
	int32_t *c = NULL;
	for (; s < end; s += step) {
		int32_t x = utf8_decode(s, end, &step, &(bool){ false });
		if (n + ROOM + 1 > cap) {
			cap = cap * 2 + 4 * ROOM;
			GROW(c, cap);
		}
		if (x == SIGMA && u->form.letter_case == CASE_LOWER)
			x = lower_sigma(text, s, s + step);
		n += decompose(u, x, c + n);
	}
	put_composed(u, c, n, out);
	free(c);
}

static void fill_entry(const struct unicode *u, int32_t c, struct entry *e)
{
	int32_t to[ROOM + 1];
	struct str s = { 0 };
	size_t n = decompose(u, c, to);
	*e = (struct entry){ 0 };
	if (n && (u->form.nfkc || u->form.strip)) {
		utf8proc_category_t kind = utf8proc_category(to[0]);
		e->joins = combining_class(to[0]) || kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_MC ||
			kind == UTF8PROC_CATEGORY_ME || (to[0] >= 0x1160 && to[0] <= 0x11ff);
	}
	put_composed(u, to, n, &s);
	bool alone = s.n <= ALONE && !(c == SIGMA && u->form.letter_case == CASE_LOWER);
	e->n = alone ? (uint8_t)s.n : LONG_FORM;
	if (alone && s.n)
		memcpy(e->s, s.s, s.n);
	str_free(&s);
}

/* The entry of c. The first thread that needs a page makes it; another that made it too throws its own away. */
static const struct entry *entry_of(const struct unicode *u, int32_t c)
{
	_Atomic(struct page *) *at = (_Atomic(struct page *) *)(uintptr_t)&u->pages[c / PAGE];
	struct page *p = atomic_load_explicit(at, memory_order_acquire), *none = NULL;
	if (!p) {
		p = NEW(struct page, 1);
		for (int32_t i = 0; i < PAGE; i++)
			fill_entry(u, c / PAGE * PAGE + i, &p->e[i]);
		if (!atomic_compare_exchange_strong(at, &none, p)) {
			free(p);
			p = none;
		}
	}
	return &p->e[c % PAGE];
}

/* Whether what follows it may join what is before it: it joins itself, or nothing comes of it. */
static bool is_behind(const struct entry *e)
{
	return e->joins || e->n == 0;
}

/* Bytes of ASCII from s on, folded to out (which has room). */
static size_t put_ascii(const char *s, const char *end, bool fold, char *out)
{
	const char *from = s;
	uint64_t w;
	for (; end - s >= 8; s += 8, out += 8) {
		memcpy(&w, s, 8);
		if (w & 0x8080808080808080u)
			break;
		if (fold) {	/* bit 7 of a byte of up: it is from A to Z */
			uint64_t up = (w + 0x3f3f3f3f3f3f3f3fu) & ~(w + 0x2525252525252525u) & 0x8080808080808080u;
			w |= up >> 2;
		}
		memcpy(out, &w, 8);
	}
	for (; s < end && (unsigned char)*s < 0x80; s++)
		*out++ = (char)(fold && *s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
	return (size_t)(s - from);
}

bool unicode_add(const struct unicode *u, struct slice text, struct str *out)
{
	const char *s = text.s, *end = s + text.n;
	const char *last = s;	/* where the last character that stands alone begins, ... */
	size_t last_out = out->n, n;	/* ... and what came of it */
	bool fold = u->form.letter_case != CASE_KEEP, ascii = true, bad;
	while (s < end) {
		if ((unsigned char)*s < 0x80) {
			str_reserve(out, (size_t)(end - s));
			n = put_ascii(s, end, fold, out->s + out->n);
			out->n += n;
			out->s[out->n] = '\0';
			s += n;
			last = s - 1;
			last_out = out->n - 1;
			continue;
		}
		ascii = false;
		int32_t c = utf8_next(s, end, &n, &bad);
		const struct entry *e = entry_of(u, c);
		if (e->joins) {
			const char *to = s + n;
			for (size_t k; to < end && is_behind(entry_of(u, utf8_decode(to, end, &k, &(bool){ false }))); to += k)
				continue;
			if (last == s)
				last_out = out->n;	/* the text begins with it */
			out->n = last_out;
			put_piece(u, text, last, to, out);
			s = to;
			continue;
		}
		if (e->n == 0) {
			s += n;
			continue;
		}
		last = s;
		last_out = out->n;
		if (e->n != LONG_FORM) {
			if (out->cap - out->n <= ALONE)
				str_reserve(out, (size_t)(end - s) + ALONE);
			memcpy(out->s + out->n, e->s, ALONE);
			out->n += e->n;
		} else {
			put_piece(u, text, s, s + n, out);
		}
		s += n;
	}
	str_add(out, "", 0);
	return ascii;
}

static enum char_class class_of(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
		return CHAR_LETTER;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return CHAR_MARK;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return CHAR_NUMBER;
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return CHAR_SPACE;
	default:
		/* Python's str.isspace(): the bidirectional types WS, B and S */
		return c == '_' ? CHAR_UNDERSCORE : (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f) || c == 0x85 ? CHAR_SPACE :
			CHAR_OTHER;
	}
}

/* What was found is kept, for characters of the first plane: 1 + class, 0 while it is not known. */
enum char_class char_class(int32_t c)
{
	static _Atomic uint8_t known[0x10000];
	if (c >= (int32_t)(sizeof(known) / sizeof(*known)))
		return class_of(c);
	unsigned k = atomic_load_explicit(&known[c], memory_order_relaxed);
	if (k == 0) {
		k = (unsigned)class_of(c) + 1;
		atomic_store_explicit(&known[c], (uint8_t)k, memory_order_relaxed);
	}
	return (enum char_class)(k - 1);
}
