/*
 * Which counted terms make the vocabulary. Of more than `most` the best are
 * kept; candidates are thinned each time that there are twice as many, so that
 * memory is bounded whatever the number of terms.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "data/text/count.h"

struct candidate {
	double merit;
	struct slice text;
	uint32_t df;
};

struct chooser {
	struct choice by;
	double texts;
	size_t classes;
	const uint64_t *class_texts;	/* (classes) */
	struct candidate *c;	/* (n) */
	size_t n, cap;
	struct arena *copies;	/* of the texts, or NULL: they stay where they are */
};

struct chooser *chooser_new(const struct choice *by, uint64_t texts, size_t classes, const uint64_t *class_texts, bool copy)
{
	struct chooser *ch = NEW0(struct chooser, 1);
	*ch = (struct chooser){ .by = *by, .texts = (double)texts, .classes = classes, .class_texts = class_texts,
				.copies = copy ? arena_new() : NULL };
	return ch;
}

/* ---- merit ---- */

/* Pearson's chi-squared of the term's occurrences by class against their share of the texts (as scikit-learn's chi2). */
static double chi2(const struct chooser *ch, const struct counted *t)
{
	double sum = (double)(ch->by.binary ? t->df : t->tf), x = 0;
	for (size_t c = 0; c < ch->classes; c++) {
		double observed = (double)t->by[2 * c + !ch->by.binary], expected = (double)ch->class_texts[c] / ch->texts * sum;
		if (expected > 0)
			x += (observed - expected) * (observed - expected) / expected;
	}
	return x;
}

/* n log(n N / (a b)) / N, one cell of the mutual information. */
static double cell(double n, double a, double b, double all)
{
	return n > 0 ? n / all * log(n * all / (a * b)) : 0;
}

/* Mutual information, in nats, of the class and of whether a text holds the term. */
static double mutual_information(const struct chooser *ch, const struct counted *t)
{
	double with = (double)t->df, without = ch->texts - with, x = 0;
	for (size_t c = 0; c < ch->classes; c++) {
		double in = (double)t->by[2 * c], of = (double)ch->class_texts[c];
		x += cell(in, with, of, ch->texts) + cell(of - in, without, of, ch->texts);
	}
	return x;
}

static double merit_of(const struct chooser *ch, const struct counted *t)
{
	return ch->by.merit == MERIT_TF ? (double)t->tf : ch->by.merit == MERIT_CHI2 ? chi2(ch, t) : mutual_information(ch, t);
}

/* ---- candidates ---- */

/* True when a is to be kept before b. */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
	if (a->merit != b->merit)
		return a->merit > b->merit;
	return slice_order(a->text, b->text) < 0;
}

/* Brings the k best to the front, 0 < k < n (Hoare's selection; no two candidates are equal). */
static void select_best(struct candidate *c, size_t n, size_t k)
{
	while (n > 1 && k > 0) {
		struct candidate pivot = c[(n - 1) / 2], t;
		size_t i = 0, j = n - 1;
		for (;; i++, j--) {
			while (is_better(&c[i], &pivot))
				i++;
			while (is_better(&pivot, &c[j]))
				j--;
			if (i >= j)
				break;
			t = c[i];
			c[i] = c[j];
			c[j] = t;
		}
		size_t left = j + 1;	/* of these none is worse than any of the others */
		if (k <= left) {
			n = left == k ? 0 : left;
		} else {
			c += left;
			n -= left;
			k -= left;
		}
	}
}

/* Leaves the best, and of copied texts theirs alone. */
static void thin(struct chooser *ch)
{
	size_t most = (size_t)ch->by.most;
	if (most == 0 || ch->n <= most)
		return;
	select_best(ch->c, ch->n, most);
	ch->n = most;
	if (!ch->copies)
		return;
	struct arena *kept = arena_new();
	for (size_t i = 0; i < ch->n; i++)
		ch->c[i].text.s = arena_strn(kept, ch->c[i].text.s, ch->c[i].text.n);
	arena_free(ch->copies);
	ch->copies = kept;
}

/* Room for n more candidates. */
static void reserve(struct chooser *ch, size_t n)
{
	if (ch->n + n <= ch->cap)
		return;
	if (ch->by.most && ch->n > (size_t)ch->by.most * 2)
		thin(ch);
	ch->cap = (ch->n + n) * 2;
	GROW(ch->c, ch->cap);
}

void chooser_take(void *chooser, const struct counted *t)
{
	struct chooser *ch = chooser;
	if ((double)t->df < ch->by.min_df || (double)t->df > ch->by.max_df)
		return;
	reserve(ch, 1);
	struct slice text = { ch->copies ? arena_strn(ch->copies, t->text.s, t->text.n) : t->text.s, t->text.n };
	ch->c[ch->n++] = (struct candidate){ merit_of(ch, t), text, (uint32_t)t->df };
}

void chooser_join(struct chooser *to, struct chooser *from)
{
	reserve(to, from->n);
	if (from->n)
		memcpy(to->c + to->n, from->c, from->n * sizeof(*from->c));
	to->n += from->n;
	chooser_free(from);
}

void chooser_free(struct chooser *ch)
{
	arena_free(ch->copies);
	free(ch->c);
	free(ch);
}

#define COPY_SHARES 64

struct copying {
	const struct candidate *c;
	const uint32_t *order, *start;
	size_t n;
	char *text;
};

static void copy_share(void *ctx, size_t share, int worker)
{
	const struct copying *x = ctx;
	(void)worker;
	for (size_t i = share * x->n / COPY_SHARES; i < (share + 1) * x->n / COPY_SHARES; i++)
		memcpy(x->text + x->start[i], x->c[x->order[i]].text.s, x->c[x->order[i]].text.n);
}

struct vocab *chooser_end(struct chooser *ch, uint32_t **df, int threads)
{
	size_t bytes = 0;
	thin(ch);
	for (size_t i = 0; i < ch->n; i++)
		bytes += ch->c[i].text.n;
	if (bytes > UINT32_MAX || ch->n > INT32_MAX - 1)
		die(ST_DATA, "%zu terms of %zu bytes make too large a vocabulary; raise --min-df or give --max-features", ch->n, bytes);
	struct slice *s = NEW(struct slice, ch->n);
	uint32_t *order = NEW(uint32_t, ch->n), *start = NEW(uint32_t, ch->n + 1);
	struct copying x = { ch->c, order, start, ch->n, NEW(char, bytes) };
	for (size_t i = 0; i < ch->n; i++)
		s[i] = ch->c[i].text;
	slices_sort(s, ch->n, order, threads);
	*df = NEW(uint32_t, ch->n);
	start[0] = 0;
	for (size_t i = 0; i < ch->n; i++) {
		start[i + 1] = start[i] + (uint32_t)s[order[i]].n;
		(*df)[i] = ch->c[order[i]].df;
	}
	par_for(threads, COPY_SHARES, copy_share, &x);
	int32_t n = (int32_t)ch->n;
	free(s);
	free(order);
	chooser_free(ch);
	return vocab_new(x.text, start, n);
}

/* ---- order ---- */

int slice_order(struct slice a, struct slice b)
{
	int x = memcmp(a.s, b.s, a.n < b.n ? a.n : b.n);
	return x ? x : a.n < b.n ? -1 : a.n > b.n;
}

/* A slice by seven of its bytes as a number, those after what it shares with its neighbours, and its place. */
struct key {
	uint64_t head;
	uint32_t place;
};

#define HEAD 7	/* bytes; the eighth tells how many are there, so that a slice that ends comes before one that goes on */

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

static void insertion(struct key *k, size_t n, const struct slice *s)
{
	for (size_t i = 1; i < n; i++) {
		struct key x = k[i];
		size_t j = i;
		for (; j > 0 && (x.head < k[j - 1].head ||
				 (x.head == k[j - 1].head && slice_order(s[x.place], s[k[j - 1].place]) < 0)); j--)
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
static void sort_keys(struct key *k, size_t n, const struct slice *s, size_t depth)
{
	while (n > FEW) {
		uint64_t pivot = middle(k[0].head, k[n / 2].head, k[n - 1].head);
		size_t low = 0, high = n;
		for (size_t i = 0; i < high;) {
			struct key x = k[i];
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
		sort_keys(k, low, s, depth);
		sort_keys(k + high, n - high, s, depth);
		if ((pivot & 0xff) < HEAD)
			return;		/* they end here: all equal */
		k += low;
		n = high - low;
		depth += HEAD;
		for (size_t i = 0; i < n; i++)
			k[i].head = head_of(s[k[i].place], depth);
	}
	insertion(k, n, s);
}

#define BUCKETS 65536	/* by the first two bytes */
#define SHARES 256	/* of the keys, sorted side by side */
#define WORTH_BUCKETS 4096	/* keys */

struct sorting {
	const struct slice *s;
	size_t n;
	struct key *key;
	uint32_t *start;	/* (BUCKETS + 1) */
};

/* Bytes that all keys of a bucket share; those that end before the second are in one with a zero there. */
static size_t shared(size_t bucket)
{
	return bucket & 0xff ? 2 : 0;
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
		sort_keys(so->key + so->start[b], so->start[b + 1] - so->start[b], so->s, shared(b));
}

static size_t bucket_of(struct slice s)
{
	return (s.n > 0 ? (size_t)(unsigned char)s.s[0] << 8 : 0) | (s.n > 1 ? (unsigned char)s.s[1] : 0);
}

static void sort_many(const struct slice *s, size_t n, struct key *key, int threads)
{
	struct sorting so = { s, n, key, NEW0(uint32_t, BUCKETS + 2) };
	for (size_t i = 0; i < n; i++)
		so.start[bucket_of(s[i]) + 2]++;
	for (size_t b = 0; b <= BUCKETS; b++)
		so.start[b + 1] += so.start[b];
	for (size_t i = 0; i < n; i++)
		key[so.start[bucket_of(s[i]) + 1]++] = (struct key){ head_of(s[i], shared(bucket_of(s[i]))), (uint32_t)i };
	par_for(threads, SHARES, sort_share, &so);
	free(so.start);
}

void slices_sort(const struct slice *s, size_t n, uint32_t *order, int threads)
{
	struct key *key = NEW(struct key, n);
	if (n >= WORTH_BUCKETS) {
		sort_many(s, n, key, threads);
	} else {
		for (size_t i = 0; i < n; i++)
			key[i] = (struct key){ head_of(s[i], 0), (uint32_t)i };
		sort_keys(key, n, s, 0);
	}
	for (size_t i = 0; i < n; i++)
		order[i] = key[i].place;
	free(key);
}
