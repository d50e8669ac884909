/*
 * Which counted terms make the vocabulary. Of more than `most` the best are
 * kept; candidates are thinned each time that there are twice as many, so that
 * memory is bounded whatever the number of terms.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "data/text/count.h"

struct candidate {
	struct slice text;
	double merit;
	uint32_t df;
};

struct chooser {
	struct choice by;
	double texts;
	size_t classes;
	const uint64_t *class_texts;	/* (classes) */
	struct candidate *c;	/* (n) */
	size_t n, cap;
	struct arena *copies;	/* of the texts that were taken one by one */
};

struct chooser *chooser_new(const struct choice *by, uint64_t texts, size_t classes, const uint64_t *class_texts)
{
	struct chooser *ch = NEW0(struct chooser, 1);
	*ch = (struct chooser){ .by = *by, .texts = (double)texts, .classes = classes, .class_texts = class_texts,
				.copies = arena_new() };
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

/* Leaves the best, and of the copied texts theirs alone. */
static void thin(struct chooser *ch)
{
	size_t most = (size_t)ch->by.most;
	if (most == 0 || ch->n <= most)
		return;
	select_best(ch->c, ch->n, most);
	ch->n = most;
	struct arena *kept = arena_new();
	for (size_t i = 0; i < ch->n; i++)
		ch->c[i].text.s = arena_strn(kept, ch->c[i].text.s, ch->c[i].text.n);
	arena_free(ch->copies);
	ch->copies = kept;
}

/* Room for one more candidate. */
static void reserve(struct chooser *ch)
{
	if (ch->n < ch->cap)
		return;
	if (ch->by.most && ch->n > (size_t)ch->by.most * 2)
		thin(ch);
	ch->cap = (ch->n + 1) * 2;
	GROW(ch->c, ch->cap);
}

void chooser_take(void *chooser, const struct counted *t)
{
	struct chooser *ch = chooser;
	if (!chooser_keeps(ch, t->df))
		return;
	reserve(ch);
	chooser_put(ch, ch->n, t);
	ch->c[ch->n++].text.s = arena_strn(ch->copies, t->text.s, t->text.n);
}

/* ---- all at once ---- */

bool chooser_keeps(const struct chooser *ch, uint64_t df)
{
	return (double)df >= ch->by.min_df && (double)df <= ch->by.max_df;
}

void chooser_room(struct chooser *ch, size_t n)
{
	ch->c = NEW(struct candidate, n);
	ch->n = ch->cap = n;
}

void chooser_put(struct chooser *ch, size_t i, const struct counted *t)
{
	ch->c[i] = (struct candidate){ t->text, merit_of(ch, t), (uint32_t)t->df };
}

void chooser_free(struct chooser *ch)
{
	arena_free(ch->copies);
	free(ch->c);
	free(ch);
}

static size_t candidates(const void *ctx, size_t group)
{
	(void)group;
	return ((const struct chooser *)ctx)->n;
}

static struct known_term candidate(const void *ctx, size_t group, size_t i)
{
	const struct candidate *c = &((const struct chooser *)ctx)->c[i];
	(void)group;
	return (struct known_term){ c->text, c->df };
}

static const void *place(const void *ctx, size_t group, size_t i)
{
	(void)group;
	return &((const struct chooser *)ctx)->c[i];
}

struct vocab *chooser_end(struct chooser *ch, uint32_t **df, int threads)
{
	thin(ch);
	struct vocab *v = terms_vocab(&(struct term_list){ ch, 1, candidates, candidate, place }, df, threads);
	chooser_free(ch);
	return v;
}
