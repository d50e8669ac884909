/* The order of terms, by bytes, and vocabularies in that order. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "data/text/count.h"

int slice_order(struct slice a, struct slice b)
{
	int x = memcmp(a.s, b.s, a.n < b.n ? a.n : b.n);
	return x ? x : a.n < b.n ? -1 : a.n > b.n;
}

static struct slice text_of(const struct term_list *t, const struct term_key *k)
{
	return t->get(t->ctx, k->group, k->place).text;
}

#define AHEAD 12	/* keys in order whose terms, which lie anywhere, are brought into the cache before they are needed */

static inline void fetch_ahead(const struct term_list *t, const struct term_key *k, size_t i, size_t n)
{
	if (i + 2 * AHEAD < n)
		__builtin_prefetch(t->at(t->ctx, k[i + 2 * AHEAD].group, k[i + 2 * AHEAD].place));
	if (i + AHEAD < n)
		__builtin_prefetch(text_of(t, &k[i + AHEAD]).s);
}

#define HEAD 7	/* bytes; the eighth tells how many are there, so that a term that ends comes before one that goes on */

static uint64_t head_of(struct slice s, size_t depth)
{
	uint64_t h = 0;
	size_t n = s.n > depth ? s.n - depth : 0;
	if (n > HEAD) {
		memcpy(&h, s.s + depth, 8);
		return (__builtin_bswap64(h) & ~(uint64_t)0xff) | HEAD;
	}
	for (size_t i = 0; i < HEAD; i++)
		h = h << 8 | (i < n ? (unsigned char)s.s[depth + i] : 0);
	return h << 8 | n;
}

#define FEW 16	/* keys that are sorted by insertion */

static void insertion(struct term_key *k, size_t n, const struct term_list *t)
{
	for (size_t i = 1; i < n; i++) {
		struct term_key x = k[i];
		size_t j = i;
		for (; j > 0 && (x.head < k[j - 1].head ||
				 (x.head == k[j - 1].head && slice_order(text_of(t, &x), text_of(t, &k[j - 1])) < 0)); j--)
			k[j] = k[j - 1];
		k[j] = x;
	}
}

static uint64_t middle(uint64_t a, uint64_t b, uint64_t c)
{
	return a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
}

/*
 * Keys that share their first `depth` bytes, by quicksort on the seven that
 * follow; of those equal in these by the next seven (Bentley and Sedgewick
 * 1997, with the bytes kept beside the keys).
 */
static void sort_keys(struct term_key *k, size_t n, const struct term_list *t, size_t depth)
{
	while (n > FEW) {
		uint64_t pivot = middle(k[0].head, k[n / 2].head, k[n - 1].head);
		size_t low = 0, high = n;
		for (size_t i = 0; i < high;) {
			struct term_key x = k[i];
			if (x.head < pivot) {
				k[i++] = k[low];
				k[low++] = x;
			} else if (x.head > pivot) {
				k[i] = k[--high];
				k[high] = x;
			} else {
				i++;
			}
		}
		sort_keys(k, low, t, depth);
		sort_keys(k + high, n - high, t, depth);
		if ((pivot & 0xff) < HEAD)
			return;		/* they end here: all equal */
		k += low;
		n = high - low;
		depth += HEAD;
		for (size_t i = 0; i < n; i++) {
			fetch_ahead(t, k, i, n);
			k[i].head = head_of(text_of(t, &k[i]), depth);
		}
	}
	insertion(k, n, t);
}

/* ---- many ---- */

#define BUCKETS 65536	/* by the first two bytes */
#define SPANS 8		/* of the groups, dealt to the buckets side by side */
#define SHARES 256	/* of the keys, sorted side by side */

struct sorting {
	const struct term_list *t;
	struct term_key *key;
	size_t n;
	uint32_t *start;	/* (BUCKETS + 1) */
	uint32_t *at;		/* (SPANS, BUCKETS) where the span's next key goes */
};

/* Bytes that all keys of a bucket share; those that end before the second are in one with a zero there. */
static size_t shared(size_t bucket)
{
	return bucket & 0xff ? 2 : 0;
}

static size_t bucket_of(struct slice s)
{
	return (s.n > 0 ? (size_t)(unsigned char)s.s[0] << 8 : 0) | (s.n > 1 ? (unsigned char)s.s[1] : 0);
}

/* Counts the terms of the span's groups by bucket, or, where there are keys, puts them there. */
static void deal_span(void *ctx, size_t span, int worker)
{
	const struct sorting *so = ctx;
	uint32_t *at = so->at + span * BUCKETS;
	(void)worker;
	for (size_t g = span * so->t->ngroups / SPANS; g < (span + 1) * so->t->ngroups / SPANS; g++)
		for (size_t i = 0, size = so->t->size(so->t->ctx, g); i < size; i++) {
			struct slice s = so->t->get(so->t->ctx, g, i).text;
			if (!s.s)
				continue;
			size_t b = bucket_of(s);
			if (so->key)
				so->key[at[b]] = (struct term_key){ head_of(s, shared(b)), (uint32_t)g, (uint32_t)i };
			at[b]++;
		}
}

/* Sorts the buckets that begin in this share of the keys. */
static void sort_share(void *ctx, size_t share, int worker)
{
	const struct sorting *so = ctx;
	size_t from = share * so->n / SHARES, to = (share + 1) * so->n / SHARES, b = 0;
	(void)worker;
	for (size_t step = BUCKETS / 2; step; step /= 2)	/* the first bucket that begins at `from` or after it */
		b += so->start[b + step] < from ? step : 0;
	b += so->start[b] < from;
	for (; b < BUCKETS && so->start[b] < to; b++)
		sort_keys(so->key + so->start[b], so->start[b + 1] - so->start[b], so->t, shared(b));
}

struct term_key *terms_sort(const struct term_list *t, size_t *n, int threads)
{
	struct sorting so = { .t = t, .start = NEW(uint32_t, BUCKETS + 1), .at = NEW0(uint32_t, SPANS * BUCKETS) };
	par_for(threads, SPANS, deal_span, &so);
	for (size_t b = 0; b < BUCKETS; b++) {
		so.start[b] = (uint32_t)so.n;
		for (size_t s = 0; s < SPANS; s++) {
			uint32_t count = so.at[s * BUCKETS + b];
			so.at[s * BUCKETS + b] = (uint32_t)so.n;
			so.n += count;
		}
	}
	if (so.n > INT32_MAX - 1)
		die(ST_DATA, "%zu terms are too many to be sorted", so.n);
	so.start[BUCKETS] = (uint32_t)so.n;
	so.key = NEW(struct term_key, so.n);
	par_for(threads, SPANS, deal_span, &so);
	par_for(threads, SHARES, sort_share, &so);
	free(so.start);
	free(so.at);
	*n = so.n;
	return so.key;
}

/* ---- vocabularies ---- */

struct listing {
	const struct term_list *t;
	const struct term_key *key;
	size_t n;
	uint32_t *start, *df;
	char *text;
};

static void list_share(void *ctx, size_t share, int worker)
{
	struct listing *l = ctx;
	(void)worker;
	for (size_t i = share * l->n / SHARES; i < (share + 1) * l->n / SHARES; i++) {
		fetch_ahead(l->t, l->key, i, l->n);
		struct known_term k = l->t->get(l->t->ctx, l->key[i].group, l->key[i].place);
		l->start[i + 1] = (uint32_t)k.text.n;
		l->df[i] = k.df;
	}
}

static void copy_share(void *ctx, size_t share, int worker)
{
	const struct listing *l = ctx;
	(void)worker;
	for (size_t i = share * l->n / SHARES; i < (share + 1) * l->n / SHARES; i++) {
		fetch_ahead(l->t, l->key, i, l->n);
		memcpy(l->text + l->start[i], text_of(l->t, &l->key[i]).s, l->start[i + 1] - l->start[i]);
	}
}

struct vocab *terms_vocab(const struct term_list *t, uint32_t **df, int threads)
{
	struct listing l = { .t = t };
	struct term_key *key = terms_sort(t, &l.n, threads);
	size_t bytes = 0;
	l.key = key;
	l.start = NEW(uint32_t, l.n + 1);
	*df = l.df = NEW(uint32_t, l.n);
	par_for(threads, SHARES, list_share, &l);
	l.start[0] = 0;
	for (size_t i = 0; i < l.n; i++) {
		bytes += l.start[i + 1];
		l.start[i + 1] = (uint32_t)bytes;
	}
	if (bytes > UINT32_MAX)
		die(ST_DATA, "%zu terms of %zu bytes make too large a vocabulary; raise --min-df or give --max-features", l.n, bytes);
	l.text = NEW(char, bytes);
	par_for(threads, SHARES, copy_share, &l);
	free(key);
	return vocab_new(l.text, l.start, (int32_t)l.n);
}
