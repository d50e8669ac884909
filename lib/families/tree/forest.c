/*
 * Fitting a forest. A tree is grown by one thread, from the shared bins and
 * its own bootstrap counts (no row is copied); trees are added in order, a
 * batch at a time. Bagging: Breiman 2001; extremely randomised trees: Geurts,
 * Ernst and Wehenkel 2006.
 *
 * A batch's rows out of bag are then scored by its trees in order, so neither
 * the forest nor its out-of-bag predictions depend on threads.
 */
#include "families/tree/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

#define BATCH 64
#define WEIGHT_BITS 25	/* of a row's weight; the bootstrap multiplies it by up to 2^5 and more is not met */

/* What a thread grows trees with. */
struct hand {
	struct grower *g;
	struct grad *gh;	/* (n) */
	uint32_t *rows;		/* (n) */
	uint8_t *count;		/* (n) how often a row is in the sample */
	double *gain;		/* (columns of bins) zero between uses */
};

struct fit {
	const struct forest_opts *o;
	struct run *run;
	struct forest *m;
	const struct data *d;
	struct target t;
	struct bins *bins;
	struct grow_opts grow;
	struct grad *base;	/* (n) gradients of rows counted once */
	struct grad_unit unit;
	struct hand *hands;	/* (threads) */
	size_t first;		/* tree of the batch */
	struct sprout done[BATCH];
	uint8_t *in;		/* (BATCH, n) in the sample? */
	double *sum;		/* (n, outputs) of out-of-bag predictions */
	uint32_t *votes;	/* (n) */
};

static void hand_init(struct fit *f, struct hand *h)
{
	size_t n = f->t.n;
	h->g = grower_new(f->bins, &f->grow, 1);
	h->gh = NEW(struct grad, n);
	h->rows = NEW(uint32_t, n);
	h->count = NEW(uint8_t, n);
	h->gain = NEW0(double, f->bins->ncols + 1);
}

static void hand_free(struct hand *h)
{
	if (h->g) {
		grower_free(h->g);
		free(h->gh);
		free(h->rows);
		free(h->count);
		free(h->gain);
	}
}

/* Draws a tree's rows: counts, gradients times counts, and the list of those in it; returns how many. */
static size_t draw(const struct fit *f, struct hand *h, struct rng *r)
{
	size_t n = f->t.n, draws = (size_t)(f->o->rows * (double)n + 0.5), m = 0;
	draws = draws < 1 ? 1 : draws;
	memset(h->count, 0, n);
	if (f->o->bootstrap) {
		for (size_t i = 0; i < draws; i++) {
			size_t row = (size_t)rng_below(r, n);
			h->count[row] = (uint8_t)(h->count[row] + (h->count[row] < 31));
		}
	} else {
		rng_sample(r, (uint32_t)n, (uint32_t)draws, h->rows);
		for (size_t i = 0; i < draws; i++)
			h->count[h->rows[i]] = 1;
	}
	for (size_t i = 0; i < n; i++) {
		int32_t c = h->count[i];
		h->gh[i] = (struct grad){ f->base[i].g * c, f->base[i].h * c };
		h->rows[m] = (uint32_t)i;
		m += c > 0;
	}
	return m;
}

/* Weighted mean of the leaf's numbers, a convex sum: exact for one row, and never beyond them. */
static double leaf_mean(const struct fit *f, const struct hand *h, const uint32_t *rows, size_t m)
{
	double all = 0, mean = 0;
	for (size_t i = 0; i < m; i++)
		all += h->count[rows[i]] * (f->t.w ? f->t.w[rows[i]] : 1);
	for (size_t i = 0; i < m; i++)
		mean += h->count[rows[i]] * (f->t.w ? f->t.w[rows[i]] : 1) / all * f->t.y[rows[i]];
	return mean;
}

static void leaf_classes(const struct fit *f, const struct hand *h, const uint32_t *rows, size_t m, float *prob)
{
	double all = 0, *w = h->g->weights;
	memset(w, 0, f->m->outputs * sizeof(*w));
	for (size_t i = 0; i < m; i++) {
		double x = h->gh[rows[i]].h;
		w[f->t.label[rows[i]]] += x;
		all += x;
	}
	for (size_t c = 0; c < f->m->outputs; c++)
		prob[c] = (float)(all > 0 ? w[c] / all : 1.0 / (double)f->m->outputs);
}

static void set_leaves(const struct fit *f, const struct hand *h, struct sprout *s)
{
	size_t k = f->m->outputs;
	if (k > 2)
		s->prob = NEW0(float, s->nnodes * k);
	for (size_t i = 0; i < s->nnodes; i++) {
		const struct grown *x = &h->g->grown[i];
		const uint32_t *rows = h->g->rows + x->start;
		if (s->node[i].left)
			continue;
		if (k > 2)
			leaf_classes(f, h, rows, x->count, s->prob + i * k);
		else
			s->node[i].value = k == 1 ? leaf_mean(f, h, rows, x->count) : grower_value(h->g, i);
	}
}

/* Adds up each column's gains at its first split, so that a forest's importance is a sum over trees. */
static void add_gains(struct hand *h, struct sprout *s)
{
	for (size_t i = 0; i < s->nnodes / 2; i++)
		h->gain[s->gains[i].col] += s->gains[i].gain;
	for (size_t i = 0; i < s->nnodes / 2; i++) {
		s->gains[i].gain = h->gain[s->gains[i].col];
		h->gain[s->gains[i].col] = 0;
	}
}

static void tree_chunk(void *ctx, size_t chunk, int worker)
{
	struct fit *f = ctx;
	struct hand *h = &f->hands[worker];
	struct rng r = rng_at(f->run->seed, "forest.tree", f->first + chunk);
	if (!h->g)
		hand_init(f, h);
	size_t m = draw(f, h, &r);
	grower_tree(h->g, h->rows, m, h->gh, f->unit, NULL, r);
	struct sprout *s = &f->done[chunk], *t = &h->g->tree;
	add_gains(h, t);
	*s = (struct sprout){ .nnodes = t->nnodes, .nmask = t->nmask, .id = t->id };
	s->gains = mem_copy(t->gains, t->nnodes / 2, sizeof(*t->gains));
	s->node = mem_copy(t->node, t->nnodes, sizeof(*t->node));
	s->cover = mem_copy(t->cover, t->nnodes, sizeof(*t->cover));
	s->mask = mem_copy(t->mask, t->nmask, sizeof(*t->mask));
	set_leaves(f, h, s);
	if (f->sum)
		memcpy(f->in + chunk * f->t.n, h->count, f->t.n);
}

/* Adds a tree's predictions of those of n rows, from on and in the window, that it has not seen. */
static void unseen_rows(struct fit *f, size_t tree, const struct window *w, size_t from, size_t n)
{
	const uint8_t *in = f->in + (tree - f->first) * f->t.n + from;
	uint32_t at[TREE_BLOCK], rows[TREE_BLOCK], leaf[TREE_BLOCK];
	size_t m = 0;
	for (size_t i = 0; i < n; i++) {
		at[m] = (uint32_t)(from + i);
		rows[m] = w->rows[i];
		m += !in[i];
	}
	if (m == 0)
		return;
	trees_leaves(&f->m->trees, tree, w, rows, m, leaf);
	for (size_t i = 0; i < m; i++) {
		forest_add(f->m, leaf[i], f->sum + at[i] * f->m->outputs);
		f->votes[at[i]]++;
	}
}

/* Adds the batch's predictions of the rows it has not seen. */
static void unseen_chunk(void *ctx, size_t chunk, int worker)
{
	struct fit *f = ctx;
	size_t n = f->t.n, from = chunk * TREE_BLOCK, to = from + TREE_BLOCK < n ? from + TREE_BLOCK : n;
	struct window *w = window_new(&f->m->trees, f->d);
	(void)worker;
	for (; from < to; from += w->size) {
		size_t some = to - from < w->size ? to - from : w->size;
		window_fill(w, f->t.rows + from, some);
		for (size_t t = f->first; t < f->m->trees.ntrees; t++)
			unseen_rows(f, t, w, from, some);
	}
	window_free(w);
}

static void batch(struct fit *f, size_t size)
{
	struct trees *t = &f->m->trees;
	par_for(f->run->threads, size, tree_chunk, f);
	for (size_t i = 0; i < size; i++) {
		struct sprout *s = &f->done[i];
		trees_add(t, s);
		free(s->gains);
		free(s->node);
		free(s->cover);
		free(s->mask);
		free(s->prob);
	}
	if (f->sum)
		par_for(f->run->threads, (f->t.n + TREE_BLOCK - 1) / TREE_BLOCK, unseen_chunk, f);
}

/* The out-of-bag sums as predictions by row of the view, and their score. */
static void score_unseen(struct fit *f)
{
	struct forest *m = f->m;
	size_t k = m->outputs, n = 0;
	m->nview = f->t.nview;
	m->unseen = NEW(double, m->nview * k);
	for (size_t i = 0; i < m->nview * k; i++)
		m->unseen[i] = NAN;
	int32_t *label = NEW(int32_t, f->t.n);
	double *y = NEW(double, f->t.n), *w = NEW(double, f->t.n), *p = NEW(double, f->t.n * k);
	for (size_t i = 0; i < f->t.n; i++) {
		if (f->votes[i] == 0)
			continue;
		forest_mean(m, f->sum + i * k, f->votes[i], p + n * k);
		memcpy(m->unseen + f->t.at[i] * k, p + n * k, k * sizeof(*p));
		label[n] = f->t.label ? f->t.label[i] : 0;
		y[n] = f->t.y[i];
		w[n++] = f->t.w ? f->t.w[i] : 1;
	}
	struct scored s = { .n = n, .k = (int32_t)k, .label = f->t.label ? label : NULL, .y = f->t.label ? NULL : y,
			    .p = p, .w = f->t.w ? w : NULL, .positive = f->run->positive };
	struct measure metric;
	const char *why;
	if (n > 0 && measure_find(metric_default(f->d->task), &metric))
		m->oob_score = measure(&metric, &s, &why);
	free(label);
	free(y);
	free(w);
	free(p);
}

/* CART's gradients at the mean: g = -w (y - mean), h = w; for two classes y is 0 or 1 and the mean 0. */
static void base_gradients(struct fit *f)
{
	size_t n = f->t.n;
	double *g = NEW(double, n), *h = NEW(double, n), mean = f->t.label ? 0 : weighted_mean(f->t.y, f->t.w, n);
	for (size_t i = 0; i < n; i++) {
		h[i] = f->t.w ? f->t.w[i] : 1;
		g[i] = f->m->outputs > 2 ? 0 : -(f->t.y[i] - mean) * h[i];
	}
	f->base = NEW(struct grad, n);
	f->unit = grad_unit_for(n);
	grad_quantise(g, h, n, WEIGHT_BITS, f->base, &f->unit, f->run->threads);
	free(g);
	free(h);
}

static struct grow_opts grow_options(const struct fit *f)
{
	const struct forest_opts *o = f->o;
	bool entropy = strcmp(o->criterion, "entropy") == 0;
	double p = (double)f->bins->ncols, cols = o->cols > 0 ? o->cols * p : f->d->nclasses ? sqrt(p) : p / 3;
	return (struct grow_opts){ .order = GROW_LEAF, .leaves = o->leaves, .depth = o->depth, .min_leaf = o->min_leaf,
				   .min_gain = o->min_gain, .entropy = entropy, .extra = o->extra, .any_gain = true,
				   .gain_factor = f->m->outputs == 2 && !entropy ? 2 : 1,
				   .node_cols = cols < 1 ? 1 : cols < p || o->extra ? (size_t)cols : 0,
				   .k = (int32_t)f->m->outputs, .label = f->t.label, .target = f->t.y };
}

struct forest *forest_fit(const struct forest_opts *o, const struct data *d, struct run *run)
{
	struct fit f = { .o = o, .run = run, .m = NEW0(struct forest, 1), .d = d };
	size_t trees = (size_t)o->trees;
	bool unseen = o->trees > 1 && (o->bootstrap || o->rows < 1);
	f.m->outputs = data_outputs(d);
	f.m->oob_score = NAN;
	trees_init(&f.m->trees, d, d->nclasses > 2 ? d->nclasses : 0);
	target_gather(&f.t, d);
	f.bins = bins_new(d, f.t.rows, f.t.n, o->bins, o->min_leaf, run->threads);
	grower_levels(f.bins, &f.m->trees);
	f.grow = grow_options(&f);
	base_gradients(&f);
	f.hands = NEW0(struct hand, (size_t)(run->threads > 1 ? run->threads : 1));
	if (unseen) {
		f.in = NEW(uint8_t, BATCH * f.t.n);
		f.sum = NEW0(double, f.t.n * f.m->outputs);
		f.votes = NEW0(uint32_t, f.t.n);
	}
	for (f.first = 0; f.first < trees; f.first += BATCH) {
		size_t size = trees - f.first < BATCH ? trees - f.first : BATCH;
		batch(&f, size);
		run_round(run, (int)(f.first + size), o->trees, NAN, NULL);
	}
	if (unseen)
		score_unseen(&f);
	for (int i = 0; i < (run->threads > 1 ? run->threads : 1); i++)
		hand_free(&f.hands[i]);
	free(f.hands);
	free(f.in);
	free(f.sum);
	free(f.votes);
	free(f.base);
	target_free(&f.t);
	bins_free(f.bins);
	return f.m;
}
