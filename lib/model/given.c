#include "model/given.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"

#define CHUNK 1024	/* rows of one piece of parallel work */

/* ---- names ---- */

/* The place of x among numbers (n) that ascend, or -1. Where they have no gaps it is the first that is tried. */
static int32_t place_of(const int32_t *number, size_t n, int32_t x)
{
	if (n == 0 || x < number[0])
		return -1;
	size_t low = 0, high = (size_t)x - (size_t)number[0];
	if (high < n && number[high] == x)
		return (int32_t)high;
	for (high = high < n ? high : n; low < high;) {
		size_t middle = (low + high) / 2;
		if (number[middle] < x)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && number[low] == x ? (int32_t)low : -1;
}

int32_t given_find(const struct given *g, struct slice name)
{
	int32_t number;
	if (g->bits)
		return -1;
	if (g->vocab)
		return vocab_find(g->vocab, name.s, name.n);
	return name_number(name, &number) ? place_of(g->number, g->n, number) : -1;
}

size_t number_text(int32_t i, char text[NUMBER_TEXT])
{
	char digits[NUMBER_TEXT];
	size_t n = 0;
	do
		digits[n++] = (char)('0' + i % 10);
	while (i /= 10);
	for (size_t k = 0; k < n; k++)
		text[k] = digits[n - 1 - k];
	return n;
}

int32_t given_number(const struct given *g, int32_t i)
{
	char text[NUMBER_TEXT];
	if (g->bits)
		return i & (int32_t)(g->n - 1);
	if (g->number)
		return place_of(g->number, g->n, i);
	return vocab_find(g->vocab, text, number_text(i, text));
}

void given_name(const struct given *g, size_t column, struct str *out)
{
	if (g->bits) {
		str_printf(out, "#%zu", column);
		return;
	}
	if (g->number) {
		str_printf(out, "%" PRId32, g->number[column]);
		return;
	}
	struct slice s = vocab_term(g->vocab, (int32_t)column);
	str_add(out, s.s, s.n);
}

struct given *given_named(struct name_list *names)
{
	struct given *g = NEW0(struct given, 1);
	uint32_t *start = NEW(uint32_t, names->n + 1);
	if (names->text.n > UINT32_MAX || names->n > INT32_MAX)
		die(ST_DATA, "%zu features, whose names have %zu bytes, are too many", names->n, names->text.n);
	start[0] = 0;
	for (size_t i = 0; i < names->n; i++)
		start[i + 1] = (uint32_t)names->end[i];
	g->n = names->n;
	g->vocab = vocab_new(str_take(&names->text), start, (int32_t)names->n);
	names_free(names);
	return g;
}

struct given *given_hashed(int32_t bits, bool numbers)
{
	struct given *g = NEW0(struct given, 1);
	*g = (struct given){ .n = (size_t)1 << bits, .bits = bits, .numbers = numbers };
	return g;
}

void given_free(struct given *g)
{
	if (!g)
		return;
	free(g->number);
	vocab_free(g->vocab);
	free(g);
}

bool given_same(const struct given *a, const struct given *b)
{
	if (a->number && b->number)
		return a->n == b->n && memcmp(a->number, b->number, a->n * sizeof(*a->number)) == 0;
	return a->vocab && b->vocab && vocab_same(a->vocab, b->vocab);
}

/* ---- of a table ---- */

static int order(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.s, b.s, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

struct named {
	struct slice name;
	int32_t feature;
};

static int by_name(const void *a, const void *b)
{
	return order(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* The columns by the sorted names of all features; to (features) gets the column of each. */
static struct given *by_names(const struct reader *r, int32_t **to)
{
	int32_t n = reader_nfeatures(r);
	struct named *list = NEW(struct named, (size_t)n);
	struct name_list names = { 0 };
	for (int32_t i = 0; i < n; i++)
		list[i] = (struct named){ reader_feature(r, i), i };
	if (n)
		qsort(list, (size_t)n, sizeof(*list), by_name);
	*to = NEW(int32_t, (size_t)n);
	for (int32_t c = 0; c < n; c++) {
		struct slice s = list[c].name;
		memcpy(names_room(&names, s.n), s.s, s.n);
		names_put(&names, s.n);
		(*to)[list[c].feature] = c;
	}
	free(list);
	return given_named(&names);
}

/* The columns by the numbers that occur. */
static struct given *by_numbers(const struct entries *e, size_t nnz)
{
	struct given *g = NEW0(struct given, 1);
	int32_t most = 0;
	for (size_t i = 0; i < nnz; i++)
		most = e->feature[i] > most ? e->feature[i] : most;
	uint64_t *bits = NEW0(uint64_t, (size_t)most / 64 + 1);
	for (size_t i = 0; i < nnz; i++) {
		uint64_t *word = &bits[e->feature[i] / 64], bit = (uint64_t)1 << (e->feature[i] % 64);
		g->n += !(*word & bit);
		*word |= bit;
	}
	g->number = NEW(int32_t, g->n);
	for (size_t w = 0, at = 0; at < g->n; w++)
		for (uint64_t left = bits[w]; left; left &= left - 1)
			g->number[at++] = (int32_t)(w * 64) + __builtin_ctzll(left);
	free(bits);
	return g;
}

struct rename {
	const struct given *g;
	const int32_t *to;	/* or NULL: features are numbers */
	struct entries *e;
	size_t n, *kept;	/* (n) entries of each row */
	int32_t base;
};

/* Renumbers the features of some rows and tidies each row where it is. */
static void rename_rows(void *ctx, size_t chunk, int worker)
{
	const struct rename *c = ctx;
	size_t first = chunk * CHUNK, left = c->n - first, n = left < CHUNK ? left : CHUNK;
	(void)worker;
	for (size_t r = first; r < first + n; r++) {
		size_t from = c->e->start[r], to = c->e->start[r + 1];
		for (size_t i = from; i < to; i++) {
			int32_t *f = &c->e->feature[i];
			*f = c->base + (c->to ? c->to[*f] : place_of(c->g->number, c->g->n, *f));
		}
		c->kept[r] = sparse_tidy(c->e->feature + from, c->e->value + from, to - from);
	}
}

struct given *given_of(const struct reader *r, struct entries *e, size_t n, size_t base, int threads, struct sparse *rows)
{
	int32_t *to = NULL;
	size_t nnz = e->start[n], at = 0;
	struct given *g = reader_is_numbered(r) ? by_numbers(e, nnz) : by_names(r, &to);
	if (base + g->n > INT32_MAX)
		die(ST_DATA, "%s: %zu features beside %zu columns of vectorisers are too many", reader_where(r), g->n, base);
	struct rename c = { g, to, e, n, NEW(size_t, n), (int32_t)base };
	par_for(threads, (n + CHUNK - 1) / CHUNK, rename_rows, &c);
	for (size_t row = 0; row < n; row++) {	/* closes the gaps */
		size_t from = e->start[row], k = c.kept[row];
		if (from != at) {
			memmove(e->feature + at, e->feature + from, k * sizeof(*e->feature));
			memmove(e->value + at, e->value + from, k * sizeof(*e->value));
		}
		e->start[row] = at;
		at += k;
	}
	e->start[n] = at;
	*rows = (struct sparse){ .n = n, .ncols = base + g->n, .start = e->start, .col = e->feature, .val = e->value, .cap = at,
				 .cap_rows = n };
	*e = (struct entries){ 0 };
	free(c.kept);
	free(to);
	return g;
}

/* ---- the file ---- */

void given_save(const struct given *g, struct store *st)
{
	int32_t hash[2] = { g->bits, g->numbers };
	if (g->bits)
		store_put1(st, "features.hash", DT_I32, 2, hash);
	else if (g->number)
		store_put1(st, "features.number", DT_I32, g->n, g->number);
	else
		vocab_save(g->vocab, st);
}

struct given *given_load(struct store *st)
{
	if (store_has(st, "features.hash")) {
		size_t two = 2;
		const int32_t *hash = store_get1(st, "features.hash", DT_I32, &two);
		if (hash[0] < 1 || hash[0] > HASH_BITS_MAX)
			store_bad(st, "its features have %" PRId32 " bits", hash[0]);
		return given_hashed(hash[0], hash[1] != 0);
	}
	struct given *g = NEW0(struct given, 1);
	g->n = ANY;
	if (store_has(st, "features.number")) {
		const int32_t *number = store_get1(st, "features.number", DT_I32, &g->n);
		for (size_t i = 0; i < g->n; i++)
			if (number[i] < 0 || (i && number[i] <= number[i - 1]))
				store_bad(st, "feature %zu has number %" PRId32, i, number[i]);
		g->number = mem_copy(number, g->n, sizeof(*number));
		return g;
	}
	g->vocab = vocab_load(st);
	g->n = (size_t)g->vocab->n;
	return g;
}
