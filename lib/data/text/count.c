/*
 * A block of texts is counted in two steps. First chunks of texts are cut into
 * n-grams side by side, each text's counted once, and dealt to shards by the
 * top bits of their hashes. Then shards take what was dealt to them, chunk by
 * chunk, side by side: a shard belongs to one thread at a time, no lock is
 * needed, no count is made twice, and its table stays in the cache.
 */
#include "data/text/count.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "data/text/term.h"

#define SHARD_BITS 6
#define SHARDS (1 << SHARD_BITS)
#define CHUNK_BYTES ((size_t)32 << 10)	/* of text in a chunk */
#define MAX_WORKERS 256
#define FETCH 8		/* hits ahead of which memory is fetched */

/* A term in a shard; its class counts stand in shard.by. */
struct term {
	uint64_t hash, df, tf;
	uint32_t at, n;		/* its text in shard.text */
};

struct shard {
	struct term *terms;	/* (n) */
	size_t n, cap;
	uint32_t *slots;	/* (nslots) 1 + place in terms, or 0 */
	size_t nslots;
	struct str text;
	uint64_t *by;		/* (cap, classes, 2) */
};

/* An n-gram of one text of a chunk. */
struct hit {
	uint64_t hash;
	uint32_t at, n;		/* its text in chunk.text */
	uint32_t count;
	int32_t label;
};

struct chunk {
	size_t from, to;	/* texts */
	struct str text;
	struct hit *hits;	/* (n) by shard */
	size_t n, cap;
	uint32_t start[SHARDS + 1];	/* where each shard's begin */
};

struct worker {
	struct tokens tokens;
	struct grams grams;
	struct hit *hits;
	size_t cap;
};

struct counter {
	const struct tokenizer *tokenizer;
	struct gram_range range;
	size_t classes, memory;
	int threads;
	uint64_t texts, distinct;
	uint64_t *class_texts;	/* (classes) */
	struct shard shards[SHARDS];
	struct worker *workers;	/* (MAX_WORKERS) */
	struct runs *runs;	/* or NULL */
	/* of the block */
	const struct slice *block;
	size_t parts;
	const int32_t *label;
	struct chunk *chunks;
	size_t nchunks, cap_chunks;
};

struct counter *counter_new(const struct tokenizer *t, struct gram_range r, size_t memory, int threads)
{
	struct counter *c = NEW0(struct counter, 1);
	c->tokenizer = t;
	c->range = r;
	c->memory = memory;
	c->threads = threads;
	c->workers = NEW0(struct worker, MAX_WORKERS);
	return c;
}

static void shard_clear(struct shard *s)
{
	free(s->terms);
	free(s->slots);
	free(s->by);
	str_free(&s->text);
	*s = (struct shard){ 0 };
}

void counter_free(struct counter *c)
{
	for (size_t i = 0; i < SHARDS; i++)
		shard_clear(&c->shards[i]);
	for (size_t i = 0; i < MAX_WORKERS; i++) {
		tokens_free(&c->workers[i].tokens);
		grams_free(&c->workers[i].grams);
		free(c->workers[i].hits);
	}
	for (size_t i = 0; i < c->cap_chunks; i++) {
		str_free(&c->chunks[i].text);
		free(c->chunks[i].hits);
	}
	free(c->chunks);
	free(c->workers);
	free(c->class_texts);
	runs_free(c->runs);
	free(c);
}

uint64_t counter_texts(const struct counter *c)
{
	return c->texts;
}

uint64_t counter_distinct(const struct counter *c)
{
	return c->distinct;
}

size_t counter_runs(const struct counter *c)
{
	return c->runs ? runs_made(c->runs) : 0;
}

/* ---- first step: texts to hits ---- */

static size_t shard_of(uint64_t hash)
{
	return hash >> (64 - SHARD_BITS);
}

static void count_text(const struct counter *c, struct worker *w, struct chunk *ch, size_t i)
{
	for (size_t p = 0; p < c->parts; p++)
		tokens_of(c->tokenizer, c->block[i * c->parts + p], p == 0, &w->tokens);
	grams_of(&w->tokens, c->range, &w->grams);
	if (ch->n + w->grams.n > w->cap) {
		w->cap = (ch->n + w->grams.n) * 2;
		GROW(w->hits, w->cap);
	}
	size_t base = ch->text.n;
	str_add(&ch->text, w->tokens.text.s, w->tokens.text.n);
	for (size_t k = 0; k < w->grams.n; k++) {
		const struct gram *g = &w->grams.g[k];
		ch->start[shard_of(g->hash) + 1]++;
		w->hits[ch->n++] = (struct hit){ g->hash, (uint32_t)base + g->at, g->n, g->count, c->label ? c->label[i] : 0 };
	}
}

static void count_chunk(void *ctx, size_t i, int worker)
{
	struct counter *c = ctx;
	struct worker *w = &c->workers[worker];
	struct chunk *ch = &c->chunks[i];
	uint32_t at[SHARDS];
	ch->n = ch->text.n = 0;
	memset(ch->start, 0, sizeof(ch->start));
	for (size_t t = ch->from; t < ch->to; t++)
		count_text(c, w, ch, t);
	for (size_t s = 0; s < SHARDS; s++) {
		ch->start[s + 1] += ch->start[s];
		at[s] = ch->start[s];
	}
	if (ch->n > ch->cap) {
		ch->cap = ch->n + ch->n / 4;
		free(ch->hits);
		ch->hits = NEW(struct hit, ch->cap);
	}
	for (size_t k = 0; k < ch->n; k++)
		ch->hits[at[shard_of(w->hits[k].hash)]++] = w->hits[k];
}

/* ---- second step: hits to shards ---- */

static void shard_grow(struct shard *s)
{
	free(s->slots);
	s->nslots = s->nslots ? s->nslots * 2 : 256;
	s->slots = NEW0(uint32_t, s->nslots);
	for (size_t t = 0; t < s->n; t++) {
		size_t i = s->terms[t].hash & (s->nslots - 1);
		while (s->slots[i])
			i = (i + 1) & (s->nslots - 1);
		s->slots[i] = (uint32_t)t + 1;
	}
}

static struct term *shard_term(struct shard *s, const struct hit *h, const char *text, size_t classes)
{
	for (size_t i = h->hash & (s->nslots - 1);; i = (i + 1) & (s->nslots - 1)) {
		if (s->slots[i]) {
			struct term *t = &s->terms[s->slots[i] - 1];
			if (t->hash == h->hash && t->n == h->n && term_equal(s->text.s + t->at, text + h->at, h->n))
				return t;
			continue;
		}
		if (s->n == s->cap) {
			s->cap = s->cap * 2 + 64;
			GROW(s->terms, s->cap);
			if (classes)
				GROW(s->by, s->cap * classes * 2);
		}
		if (classes)
			memset(s->by + s->n * classes * 2, 0, classes * 2 * sizeof(*s->by));
		s->terms[s->n] = (struct term){ h->hash, 0, 0, (uint32_t)s->text.n, h->n };
		str_add(&s->text, text + h->at, h->n);
		s->slots[i] = (uint32_t)++s->n;
		return &s->terms[s->n - 1];
	}
}

/* Fetches the slot of the hit that comes in three times FETCH, the term of the one in two, the text of the next. */
static inline void fetch(const struct shard *s, const struct hit *h)
{
	uint32_t term = s->slots[h[2 * FETCH].hash & (s->nslots - 1)], text = s->slots[h[FETCH].hash & (s->nslots - 1)];
	__builtin_prefetch(&s->slots[h[3 * FETCH].hash & (s->nslots - 1)]);
	if (term)
		__builtin_prefetch(&s->terms[term - 1], 1);
	if (text)
		__builtin_prefetch(s->text.s + s->terms[text - 1].at);
}

static void fill_shard(void *ctx, size_t at, int worker)
{
	struct counter *c = ctx;
	struct shard *s = &c->shards[at];
	(void)worker;
	for (size_t i = 0; i < c->nchunks; i++) {
		const struct chunk *ch = &c->chunks[i];
		const struct hit *h = ch->hits + ch->start[at], *end = ch->hits + ch->start[at + 1];
		for (; h < end; h++) {
			if (s->n * 2 >= s->nslots)
				shard_grow(s);
			if (h + 3 * FETCH < end)
				fetch(s, h);
			struct term *t = shard_term(s, h, ch->text.s, c->classes);
			t->df++;
			t->tf += h->count;
			if (c->classes) {
				uint64_t *by = s->by + ((size_t)(t - s->terms) * c->classes + (size_t)h->label) * 2;
				by[0]++;
				by[1] += h->count;
			}
		}
	}
}

/* ---- blocks ---- */

static void cut_block(struct counter *c, size_t n)
{
	size_t bytes = 0;
	c->nchunks = 0;
	for (size_t i = 0, from = 0; i < n; i++) {
		for (size_t p = 0; p < c->parts; p++)
			bytes += c->block[i * c->parts + p].n + 16;
		if (bytes < CHUNK_BYTES && i + 1 < n)
			continue;
		if (c->nchunks == c->cap_chunks) {
			size_t cap = c->cap_chunks * 2 + 16;
			GROW(c->chunks, cap);
			memset(c->chunks + c->cap_chunks, 0, (cap - c->cap_chunks) * sizeof(*c->chunks));
			c->cap_chunks = cap;
		}
		struct chunk *ch = &c->chunks[c->nchunks++];
		ch->from = from;
		ch->to = from = i + 1;
		bytes = 0;
	}
}

static size_t shard_bytes(const struct shard *s, size_t classes)
{
	return s->cap * (sizeof(*s->terms) + classes * 2 * sizeof(*s->by)) + s->nslots * sizeof(*s->slots) + s->text.cap;
}

static struct counted counted_of(const struct counter *c, size_t shard, size_t i)
{
	const struct shard *s = &c->shards[shard];
	const struct term *t = &s->terms[i];
	return (struct counted){ { s->text.s + t->at, t->n }, t->df, t->tf, c->classes ? s->by + i * c->classes * 2 : NULL, c->classes };
}

/* All shards' terms in order to a file; the shards are empty then. */
static void spill(struct counter *c)
{
	size_t n = 0;
	for (size_t s = 0; s < SHARDS; s++)
		n += c->shards[s].n;
	struct slice *text = NEW(struct slice, n);
	uint32_t *order = NEW(uint32_t, n), *shard = NEW(uint32_t, n);
	for (size_t s = 0, k = 0; s < SHARDS; s++)
		for (size_t i = 0; i < c->shards[s].n; i++, k++) {
			text[k] = counted_of(c, s, i).text;
			shard[k] = (uint32_t)s;
		}
	slices_sort(text, n, order, c->threads);
	if (!c->runs)
		c->runs = runs_new();
	size_t first[SHARDS], sum = 0;
	for (size_t s = 0; s < SHARDS; s++) {
		first[s] = sum;
		sum += c->shards[s].n;
	}
	runs_begin(c->runs, c->classes);
	for (size_t k = 0; k < n; k++) {
		size_t s = shard[order[k]];
		struct counted t = counted_of(c, s, order[k] - first[s]);
		runs_put(c->runs, &t);
	}
	runs_end(c->runs);
	for (size_t s = 0; s < SHARDS; s++)
		shard_clear(&c->shards[s]);
	free(text);
	free(order);
	free(shard);
}

/* Widens the class counts of all terms to so many classes. */
static void widen(struct counter *c, size_t classes)
{
	if (classes <= c->classes)
		return;
	GROW(c->class_texts, classes);
	memset(c->class_texts + c->classes, 0, (classes - c->classes) * sizeof(*c->class_texts));
	for (size_t s = 0; s < SHARDS; s++) {
		struct shard *sh = &c->shards[s];
		uint64_t *by = NEW0(uint64_t, sh->cap * classes * 2);
		for (size_t t = 0; t < sh->n; t++)
			memcpy(by + t * classes * 2, sh->by + t * c->classes * 2, c->classes * 2 * sizeof(*by));
		free(sh->by);
		sh->by = by;
	}
	c->classes = classes;
}

void counter_add(struct counter *c, const struct slice *texts, size_t n, size_t parts, const int32_t *label, int32_t classes)
{
	size_t used = 0;
	widen(c, (size_t)classes);
	c->block = texts;
	c->parts = parts;
	c->label = label;
	cut_block(c, n);
	par_for(c->threads, c->nchunks, count_chunk, c);
	par_for(c->threads, SHARDS, fill_shard, c);
	c->texts += n;
	for (size_t i = 0; c->classes && i < n; i++)
		c->class_texts[label[i]]++;
	for (size_t s = 0; s < SHARDS; s++)
		used += shard_bytes(&c->shards[s], c->classes);
	if (c->memory && used > c->memory / 2)	/* sorting and what is being read take the rest */
		spill(c);
}

struct choosing {
	struct counter *c;
	const struct choice *by;
	struct chooser *ch[SHARDS];
};

static void choose_shard(void *ctx, size_t s, int worker)
{
	struct choosing *x = ctx;
	(void)worker;
	x->ch[s] = chooser_new(x->by, x->c->texts, x->c->classes, x->c->class_texts, false);
	for (size_t i = 0; i < x->c->shards[s].n; i++) {
		struct counted t = counted_of(x->c, s, i);
		chooser_take(x->ch[s], &t);
	}
}

static void take_merged(void *ctx, const struct counted *t)
{
	struct choosing *x = ctx;
	x->c->distinct++;
	chooser_take(x->ch[0], t);
}

struct vocab *counter_choose(struct counter *c, const struct choice *by, uint32_t **df)
{
	struct choosing x = { .c = c, .by = by };
	if (c->runs) {
		spill(c);
		x.ch[0] = chooser_new(by, c->texts, c->classes, c->class_texts, true);
		runs_merge(c->runs, take_merged, &x);
		return chooser_end(x.ch[0], df, c->threads);
	}
	par_for(c->threads, SHARDS, choose_shard, &x);
	for (size_t s = 0; s < SHARDS; s++)
		c->distinct += c->shards[s].n;
	for (size_t s = 1; s < SHARDS; s++)
		chooser_join(x.ch[0], x.ch[s]);
	return chooser_end(x.ch[0], df, c->threads);
}
