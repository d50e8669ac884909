#include "data/text/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/text/term.h"

#define AHEAD 16	/* terms whose slots are fetched before they are needed */

struct vocab *vocab_new(char *text, uint32_t *start, int32_t n)
{
	struct vocab *v = NEW0(struct vocab, 1);
	uint64_t hash[AHEAD] = { 0 };
	GROW(text, start[n] + TERM_SLACK);
	*v = (struct vocab){ .n = n, .text = text, .start = start, .nslots = 64 };
	while (v->nslots < (size_t)n * 2)
		v->nslots *= 2;
	v->slots = NEW(struct vocab_slot, v->nslots);
	for (size_t i = 0; i < v->nslots; i++)
		v->slots[i] = (struct vocab_slot){ 0, -1 };
	for (int32_t t = 0; t < n + AHEAD; t++) {
		if (t >= AHEAD) {
			uint64_t h = hash[t % AHEAD];
			size_t i = h & (v->nslots - 1);
			while (v->slots[i].term >= 0)
				i = (i + 1) & (v->nslots - 1);
			v->slots[i] = (struct vocab_slot){ (uint32_t)(h >> 32), t - AHEAD };
		}
		if (t < n) {
			struct slice s = vocab_term(v, t);
			hash[t % AHEAD] = s.n ? term_hash(s.s, s.n) : 0;
			__builtin_prefetch(&v->slots[hash[t % AHEAD] & (v->nslots - 1)], 1);
		}
	}
	return v;
}

void vocab_free(struct vocab *v)
{
	if (!v)
		return;
	free(v->text);
	free(v->start);
	free(v->slots);
	free(v);
}

bool vocab_same(const struct vocab *a, const struct vocab *b)
{
	return a->n == b->n && memcmp(a->start, b->start, ((size_t)a->n + 1) * sizeof(*a->start)) == 0 &&
		(a->start[a->n] == 0 || memcmp(a->text, b->text, a->start[a->n]) == 0);
}

/* The slot from i on whose tag the hash has, or the empty one that ends the search. */
static inline size_t next_slot(const struct vocab *v, uint64_t hash, size_t i)
{
	while (v->slots[i].term >= 0 && v->slots[i].tag != (uint32_t)(hash >> 32))
		i = (i + 1) & (v->nslots - 1);
	return i;
}

/* The term's number, given the first slot with its tag. */
static inline int32_t look_up(const struct vocab *v, const char *term, size_t n, uint64_t hash, size_t i)
{
	for (;; i = next_slot(v, hash, (i + 1) & (v->nslots - 1))) {
		int32_t t = v->slots[i].term;
		if (t < 0)
			return -1;
		if (v->start[t + 1] - v->start[t] == n && term_equal(v->text + v->start[t], term, n))
			return t;
	}
}

int32_t vocab_find(const struct vocab *v, const char *term, size_t n)
{
	char copy[TERM_SLACK];
	if (n == 0)
		return -1;
	if (n < TERM_SLACK)
		term = memcpy(copy, term, n);
	uint64_t hash = term_hash(term, n);
	return look_up(v, term, n, hash, next_slot(v, hash, hash & (v->nslots - 1)));
}

#define BATCH 32

void vocab_find_all(const struct vocab *v, const char *text, const struct grams *g, int32_t *id)
{
	size_t slot[BATCH];
	for (size_t from = 0; from < g->n; from += BATCH) {
		const struct gram *x = g->g + from;
		size_t m = g->n - from < BATCH ? g->n - from : BATCH;
		for (size_t i = 0; i < m; i++) {
			slot[i] = x[i].hash & (v->nslots - 1);
			__builtin_prefetch(&v->slots[slot[i]]);
		}
		for (size_t i = 0; i < m; i++) {
			slot[i] = next_slot(v, x[i].hash, slot[i]);
			if (v->slots[slot[i]].term >= 0)
				__builtin_prefetch(&v->start[v->slots[slot[i]].term]);
		}
		for (size_t i = 0; i < m; i++)
			if (v->slots[slot[i]].term >= 0)
				__builtin_prefetch(v->text + v->start[v->slots[slot[i]].term]);
		for (size_t i = 0; i < m; i++)
			id[from + i] = look_up(v, text + x[i].at, x[i].n, x[i].hash, slot[i]);
	}
}

void vocab_save(const struct vocab *v, struct store *st)
{
	store_put1(st, "terms.text", DT_U8, v->start[v->n], v->text);
	store_put1(st, "terms.start", DT_U32, (size_t)v->n + 1, v->start);
}

struct vocab *vocab_load(struct store *st)
{
	size_t n = ANY, bytes = ANY;
	const uint32_t *start = store_get1(st, "terms.start", DT_U32, &n);
	const char *text = store_get1(st, "terms.text", DT_U8, &bytes);
	if (n == 0 || n - 1 > INT32_MAX || start[0] != 0 || start[n - 1] != bytes)
		store_bad(st, "%zu terms do not fill %zu bytes", n ? n - 1 : 0, bytes);
	for (size_t i = 1; i < n; i++)
		if (start[i] < start[i - 1])
			store_bad(st, "term %zu ends before it begins", i - 1);
	for (size_t i = 2; i < n; i++) {
		const char *a = text + start[i - 2], *b = text + start[i - 1];
		size_t an = (size_t)(b - a), bn = start[i] - start[i - 1];
		int order = memcmp(a, b, an < bn ? an : bn);
		if (order > 0 || (order == 0 && an >= bn))
			store_bad(st, "term %zu does not follow the one before it", i - 1);
	}
	return vocab_new(mem_copy(text, bytes, 1), mem_copy(start, n, sizeof(*start)), (int32_t)n - 1);
}
