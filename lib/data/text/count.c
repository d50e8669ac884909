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
#define BATCH 32	/* hits whose memory is fetched at once */

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
	struct worker *workers;	/* (PAR_MAX) */
	struct runs *runs;	/* or NULL */
	struct chooser *chooser;/* or NULL: all terms are known */
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
	c->workers = NEW0(struct worker, PAR_MAX);
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
	for (size_t i = 0; i < PAR_MAX; i++) {
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
	str_reserve(&ch->text, TERM_SLACK);
	for (size_t s = 0; s < SHARDS; s++) {
		ch->start[s + 1] += ch->start[s];
		at[s] = ch->start[s];
	}
	if (ch->n >= ch->cap) {	/* for none too: hits is no NULL then */
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
		str_reserve(&s->text, h->n + TERM_SLACK);
		str_add(&s->text, text + h->at, h->n);
		s->slots[i] = (uint32_t)++s->n;
		return &s->terms[s->n - 1];
	}
}

/* Fetches what the hits (n) need: their texts and slots, then the terms that these name, then the texts of the terms. */
static void fetch(const struct shard *s, const struct hit *h, size_t n, const char *text)
{
	const struct term *t[BATCH];
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(text + h[i].at);
		__builtin_prefetch(&s->slots[h[i].hash & (s->nslots - 1)]);
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t place = s->slots[h[i].hash & (s->nslots - 1)];
		t[i] = &s->terms[place - (place > 0)];
		__builtin_prefetch(t[i], 1);
	}
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(s->text.s + t[i]->at);
}

static void count_hit(const struct counter *c, struct shard *s, const struct hit *h, const char *text)
{
	struct term *t = shard_term(s, h, text, c->classes);
	t->df++;
	t->tf += h->count;
	if (c->classes) {
		uint64_t *by = s->by + ((size_t)(t - s->terms) * c->classes + (size_t)h->label) * 2;
		by[0]++;
		by[1] += h->count;
	}
}

static void fill_shard(void *ctx, size_t at, int worker)
{
	struct counter *c = ctx;
	struct shard *s = &c->shards[at];
	(void)worker;
	for (size_t i = 0; i < c->nchunks; i++) {
		const struct chunk *ch = &c->chunks[i];
		const struct hit *h = ch->hits + ch->start[at], *end = ch->hits + ch->start[at + 1];
		for (size_t n; h < end; h += n) {
			n = end - h < BATCH ? (size_t)(end - h) : BATCH;
			while ((s->n + n) * 2 >= s->nslots)
				shard_grow(s);
			if (s->n)
				fetch(s, h, n, ch->text.s);
			for (size_t k = 0; k < n; k++)
				count_hit(c, s, h + k, ch->text.s);
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

static size_t size_of(const void *counter, size_t shard)
{
	return ((const struct counter *)counter)->shards[shard].n;
}

static struct known_term known_of(const void *counter, size_t shard, size_t i)
{
	const struct counter *c = counter;
	const struct shard *s = &c->shards[shard];
	const struct term *t = &s->terms[i];
	if (c->chooser && !chooser_keeps(c->chooser, t->df))
		return (struct known_term){ 0 };
	return (struct known_term){ { s->text.s + t->at, t->n }, (uint32_t)t->df };
}

static const void *place_of(const void *counter, size_t shard, size_t i)
{
	return &((const struct counter *)counter)->shards[shard].terms[i];
}

/* All shards' terms in order to a file; the shards are empty then. */
static void spill(struct counter *c)
{
	size_t n;
	struct term_key *key = terms_sort(&(struct term_list){ c, SHARDS, size_of, known_of, place_of }, &n, c->threads);
	if (!c->runs)
		c->runs = runs_new();
	runs_begin(c->runs, c->classes);
	for (size_t k = 0; k < n; k++) {
		struct counted t = counted_of(c, key[k].group, key[k].place);
		runs_put(c->runs, &t);
	}
	runs_end(c->runs);
	for (size_t s = 0; s < SHARDS; s++)
		shard_clear(&c->shards[s]);
	free(key);
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
	struct chooser *ch;
	size_t at[SHARDS + 1];	/* where the shard's begin among those kept */
};

static void count_kept(void *ctx, size_t s, int worker)
{
	struct choosing *x = ctx;
	size_t kept = 0;
	(void)worker;
	for (size_t i = 0; i < x->c->shards[s].n; i++)
		kept += chooser_keeps(x->ch, x->c->shards[s].terms[i].df);
	x->at[s + 1] = kept;
}

static void put_kept(void *ctx, size_t s, int worker)
{
	struct choosing *x = ctx;
	size_t at = x->at[s];
	(void)worker;
	for (size_t i = 0; i < x->c->shards[s].n; i++) {
		struct counted t = counted_of(x->c, s, i);
		if (chooser_keeps(x->ch, t.df))
			chooser_put(x->ch, at++, &t);
	}
}

static void take_merged(void *ctx, const struct counted *t)
{
	struct choosing *x = ctx;
	x->c->distinct++;
	chooser_take(x->ch, t);
}

/* Of what is in memory. */
static struct vocab *choose(struct choosing *x, int32_t most, uint32_t **df)
{
	struct counter *c = x->c;
	par_for(c->threads, SHARDS, count_kept, x);
	for (size_t s = 0; s < SHARDS; s++) {
		c->distinct += c->shards[s].n;
		x->at[s + 1] += x->at[s];
	}
	if (most == 0 || x->at[SHARDS] <= (size_t)most) {
		c->chooser = x->ch;
		struct vocab *v = terms_vocab(&(struct term_list){ c, SHARDS, size_of, known_of, place_of }, df, c->threads);
		chooser_free(x->ch);
		c->chooser = NULL;
		return v;
	}
	chooser_room(x->ch, x->at[SHARDS]);
	par_for(c->threads, SHARDS, put_kept, x);
	return chooser_end(x->ch, df, c->threads);
}

struct vocab *counter_choose(struct counter *c, const struct choice *by, uint32_t **df)
{
	struct choosing x = { .c = c, .ch = chooser_new(by, c->texts, c->classes, c->class_texts) };
	if (!c->runs)
		return choose(&x, by->most, df);
	spill(c);
	runs_merge(c->runs, take_merged, &x);
	return chooser_end(x.ch, df, c->threads);
}
