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
	uint64_t df;
	size_t at;		/* of its text */
	uint32_t n;
};

struct chooser {
	struct choice by;
	double texts;
	size_t classes;
	const uint64_t *class_texts;	/* (classes) */
	struct candidate *c;	/* (n) */
	size_t n, cap;
	struct str text;
};

struct chooser *chooser_new(const struct choice *by, uint64_t texts, size_t classes, const uint64_t *class_texts)
{
	struct chooser *ch = NEW0(struct chooser, 1);
	*ch = (struct chooser){ .by = *by, .texts = (double)texts, .classes = classes, .class_texts = class_texts };
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

static struct slice candidate_text(const struct chooser *ch, const struct candidate *c)
{
	return (struct slice){ ch->text.s + c->at, c->n };
}

/* True when a is to be kept before b. */
static bool is_better(const struct chooser *ch, const struct candidate *a, const struct candidate *b)
{
	if (a->merit != b->merit)
		return a->merit > b->merit;
	return slice_order(candidate_text(ch, a), candidate_text(ch, b)) < 0;
}

/* Brings the k best to the front, 0 < k < n (Hoare's selection; no two candidates are equal). */
static void select_best(const struct chooser *ch, struct candidate *c, size_t n, size_t k)
{
	while (n > 1 && k > 0) {
		struct candidate pivot = c[(n - 1) / 2], t;
		size_t i = 0, j = n - 1;
		for (;; i++, j--) {
			while (is_better(ch, &c[i], &pivot))
				i++;
			while (is_better(ch, &pivot, &c[j]))
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

/* Leaves the best, and the text of these alone. */
static void thin(struct chooser *ch)
{
	struct str text = { 0 };
	size_t most = (size_t)ch->by.most;
	if (most == 0 || ch->n <= most)
		return;
	select_best(ch, ch->c, ch->n, most);
	ch->n = most;
	for (size_t i = 0; i < ch->n; i++) {
		size_t at = text.n;
		str_add(&text, ch->text.s + ch->c[i].at, ch->c[i].n);
		ch->c[i].at = at;
	}
	str_free(&ch->text);
	ch->text = text;
}

void chooser_take(void *chooser, const struct counted *t)
{
	struct chooser *ch = chooser;
	if ((double)t->df < ch->by.min_df || (double)t->df > ch->by.max_df)
		return;
	if (ch->n == ch->cap) {
		if (ch->by.most && ch->n > (size_t)ch->by.most * 2)
			thin(ch);
		ch->cap = ch->n * 2 + 1024;
		GROW(ch->c, ch->cap);
	}
	ch->c[ch->n++] = (struct candidate){ merit_of(ch, t), t->df, ch->text.n, (uint32_t)t->text.n };
	str_add(&ch->text, t->text.s, t->text.n);
}

struct vocab *chooser_end(struct chooser *ch, uint64_t **df, int threads)
{
	thin(ch);
	if (ch->text.n > UINT32_MAX || ch->n > INT32_MAX - 1)
		die(ST_DATA, "%zu terms of %zu bytes make too large a vocabulary; raise --min-df or give --max-features", ch->n,
		    ch->text.n);
	struct slice *s = NEW(struct slice, ch->n);
	uint32_t *order = NEW(uint32_t, ch->n), *start = NEW(uint32_t, ch->n + 1);
	struct str text = { 0 };
	for (size_t i = 0; i < ch->n; i++)
		s[i] = candidate_text(ch, &ch->c[i]);
	slices_sort(s, ch->n, order, threads);
	str_reserve(&text, ch->text.n);
	*df = NEW(uint64_t, ch->n);
	for (size_t i = 0; i < ch->n; i++) {
		start[i] = (uint32_t)text.n;
		str_add(&text, s[order[i]].s, s[order[i]].n);
		(*df)[i] = ch->c[order[i]].df;
	}
	start[ch->n] = (uint32_t)text.n;
	int32_t n = (int32_t)ch->n;
	free(s);
	free(order);
	free(ch->c);
	str_free(&ch->text);
	free(ch);
	return vocab_new(str_take(&text), start, n);
}

/* ---- order ---- */

int slice_order(struct slice a, struct slice b)
{
	int x = memcmp(a.s, b.s, a.n < b.n ? a.n : b.n);
	return x ? x : a.n < b.n ? -1 : a.n > b.n;
}

/* A slice by its first eight bytes as a number, and its place. */
struct key {
	uint64_t head;
	const struct slice *s;
};

static int by_bytes(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	return slice_order(*x->s, *y->s);
}

static uint64_t head_of(struct slice s)
{
	uint64_t h = 0;
	for (size_t i = 0; i < 8; i++)
		h = h << 8 | (i < s.n ? (unsigned char)s.s[i] : 0);
	return h;
}

#define BUCKETS 65536	/* by the first two bytes */
#define SHARES 64	/* of the buckets, sorted side by side */
#define FEW 4096	/* that need no buckets */

struct sorting {
	struct key *key;
	const uint32_t *start;	/* (BUCKETS + 1) */
};

static void sort_share(void *ctx, size_t share, int worker)
{
	const struct sorting *so = ctx;
	(void)worker;
	for (size_t b = share * (BUCKETS / SHARES); b < (share + 1) * (BUCKETS / SHARES); b++)
		if (so->start[b + 1] - so->start[b] > 1)
			qsort(so->key + so->start[b], so->start[b + 1] - so->start[b], sizeof(*so->key), by_bytes);
}

/* The keys of all (n) to key, sorted by way of buckets. */
static void sort_many(const struct slice *s, size_t n, struct key *key, int threads)
{
	uint32_t *start = NEW0(uint32_t, BUCKETS + 2);
	struct sorting so = { key, start };
	for (size_t i = 0; i < n; i++)
		start[(head_of(s[i]) >> 48) + 2]++;
	for (size_t b = 0; b <= BUCKETS; b++)
		start[b + 1] += start[b];
	for (size_t i = 0; i < n; i++) {
		uint64_t head = head_of(s[i]);
		key[start[(head >> 48) + 1]++] = (struct key){ head, &s[i] };
	}
	par_for(threads, SHARES, sort_share, &so);
	free(start);
}

void slices_sort(const struct slice *s, size_t n, uint32_t *order, int threads)
{
	struct key *key = NEW(struct key, n);
	if (n > FEW) {
		sort_many(s, n, key, threads);
	} else {
		for (size_t i = 0; i < n; i++)
			key[i] = (struct key){ head_of(s[i]), &s[i] };
		qsort(key, n, sizeof(*key), by_bytes);
	}
	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)(key[i].s - s);
	free(key);
}
