#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/mem.h"

struct entry {
	const char *s;
	size_t n;
	uint64_t hash;
};

struct dict {
	struct entry *entries;	/* (cap) in order of arrival */
	int32_t n, cap;
	int32_t *slots;		/* (nslots) entry number or -1; nslots a power of two over 1.5 n */
	size_t nslots;
	struct arena *text;
};

struct dict *dict_new(void)
{
	struct dict *d = NEW0(struct dict, 1);
	d->text = arena_new();
	return d;
}

void dict_free(struct dict *d)
{
	if (!d)
		return;
	arena_free(d->text);
	free(d->entries);
	free(d->slots);
	free(d);
}

/* The slot that holds the string, or the empty slot where it would go. */
static size_t slot_of(const struct dict *d, const char *s, size_t n, uint64_t hash)
{
	for (size_t i = hash & (d->nslots - 1);; i = (i + 1) & (d->nslots - 1)) {
		if (d->slots[i] < 0)
			return i;
		const struct entry *e = &d->entries[d->slots[i]];
		if (e->hash == hash && e->n == n && memcmp(e->s, s, n) == 0)
			return i;
	}
}

static void grow(struct dict *d)
{
	free(d->slots);
	d->nslots = d->nslots ? d->nslots * 2 : 16;
	d->slots = NEW(int32_t, d->nslots);
	for (size_t i = 0; i < d->nslots; i++)
		d->slots[i] = -1;
	for (int32_t e = 0; e < d->n; e++) {
		size_t i = d->entries[e].hash & (d->nslots - 1);
		while (d->slots[i] >= 0)
			i = (i + 1) & (d->nslots - 1);
		d->slots[i] = e;
	}
}

int32_t dict_add(struct dict *d, const char *s, size_t n)
{
	if ((size_t)d->n * 3 >= d->nslots * 2)
		grow(d);
	uint64_t hash = hash_bytes(s, n, 0);
	size_t i = slot_of(d, s, n, hash);
	if (d->slots[i] >= 0)
		return d->slots[i];
	if (d->n == INT32_MAX)
		die(ST_DATA, "more than %d distinct texts in a column", INT32_MAX);
	if (d->n == d->cap) {
		d->cap = d->cap > INT32_MAX / 2 ? INT32_MAX : d->cap * 2 + 8;
		GROW(d->entries, (size_t)d->cap);
	}
	d->entries[d->n] = (struct entry){ arena_strn(d->text, s, n), n, hash };
	return d->slots[i] = d->n++;
}

int32_t dict_find(const struct dict *d, const char *s, size_t n)
{
	return d->n ? d->slots[slot_of(d, s, n, hash_bytes(s, n, 0))] : -1;
}

#define BATCH 32

void dict_find_all(const struct dict *d, const struct slice *s, size_t n, int32_t *id)
{
	uint64_t hash[BATCH];
	size_t mask = d->nslots - 1;
	for (size_t i = 0; d->n == 0 && i < n; i++)
		id[i] = -1;
	for (size_t m; d->n && n; s += m, id += m, n -= m) {
		m = n < BATCH ? n : BATCH;
		for (size_t i = 0; i < m; i++) {
			hash[i] = hash_bytes(s[i].s, s[i].n, 0);
			__builtin_prefetch(&d->slots[hash[i] & mask]);
		}
		for (size_t i = 0; i < m; i++)
			if (d->slots[hash[i] & mask] >= 0)
				__builtin_prefetch(&d->entries[d->slots[hash[i] & mask]]);
		for (size_t i = 0; i < m; i++)
			if (d->slots[hash[i] & mask] >= 0)
				__builtin_prefetch(d->entries[d->slots[hash[i] & mask]].s);
		for (size_t i = 0; i < m; i++)
			id[i] = d->slots[slot_of(d, s[i].s, s[i].n, hash[i])];
	}
}

int32_t dict_size(const struct dict *d)
{
	return d->n;
}

const char *dict_text(const struct dict *d, int32_t i)
{
	return d->entries[i].s;
}

size_t dict_len(const struct dict *d, int32_t i)
{
	return d->entries[i].n;
}

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}
