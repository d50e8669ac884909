#include "data/text/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct vocab *vocab_new(char *text, uint32_t *start, int32_t n)
{
	struct vocab *v = NEW0(struct vocab, 1);
	*v = (struct vocab){ .n = n, .text = text, .start = start, .nslots = 64 };
	while (v->nslots < (size_t)n * 2)
		v->nslots *= 2;
	v->slots = NEW(struct vocab_slot, v->nslots);
	for (size_t i = 0; i < v->nslots; i++)
		v->slots[i] = (struct vocab_slot){ 0, -1 };
	for (int32_t t = 0; t < n; t++) {
		struct slice s = vocab_term(v, t);
		uint64_t hash = hash_bytes(s.s, s.n, 0);
		size_t i = hash & (v->nslots - 1);
		while (v->slots[i].term >= 0)
			i = (i + 1) & (v->nslots - 1);
		v->slots[i] = (struct vocab_slot){ (uint32_t)(hash >> 32), t };
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

int32_t vocab_find(const struct vocab *v, struct slice term, uint64_t hash)
{
	for (size_t i = hash & (v->nslots - 1); v->slots[i].term >= 0; i = (i + 1) & (v->nslots - 1)) {
		if (v->slots[i].tag != (uint32_t)(hash >> 32))
			continue;
		struct slice t = vocab_term(v, v->slots[i].term);
		if (t.n == term.n && memcmp(t.s, term.s, term.n) == 0)
			return v->slots[i].term;
	}
	return -1;
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
