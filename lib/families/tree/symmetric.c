/*
 * Symmetric trees: the nodes of a level share one test, the one whose gain
 * summed over them is largest. A node that the test would leave with a side
 * too small stays whole, so there are no empty leaves. Categories: one level
 * against the rest.
 */
#include "families/tree/grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

#define PARALLEL 8192	/* cells below which one thread searches */

/* The best test of one column for a whole level. */
struct test {
	double gain;
	int bin;		/* numeric: bins up to it go left; category: it alone does */
	bool missing_left;
};

struct level {
	struct grower *g;
	uint32_t *node;		/* (n) the leaves so far */
	uint8_t *open;		/* (n) those that may be split */
	size_t n;
	struct test *best;	/* (nuse) by column */
};

static struct split_task task_of(const struct level *v, size_t node, size_t col, const hist_cell *cells)
{
	struct grower *g = v->g;
	return (struct split_task){ .rule = &g->rule, .b = g->b, .col = (int32_t)col, .cells = cells,
				    .total = g->grown[node].sum, .sign = grow_sign(g, col),
				    .lo = g->grown[node].lo, .hi = g->grown[node].hi };
}

/* Adds a node's gain by each test of the column to gain (256), the missing going one way. */
static void add_gains(const struct split_task *t, bool missing_left, double *gain)
{
	const struct bin_col *c = &t->b->cols[t->col];
	double own = split_score(t->rule, t->total, t->lo, t->hi), now = 0;
	hist_cell left = { 0, 0 };
	if (missing_left)
		left = t->cells[c->nbins];
	for (int i = 0; i < c->nbins + c->cat; i++) {
		if (t->cells[i][1] != 0) {
			left = c->cat ? t->cells[i] : left + t->cells[i];
			double both = split_pair(t, left);
			now = both > -INFINITY ? both - own : 0;
		} else if (c->cat) {
			now = 0;
		}
		gain[i] += now;
	}
}

/* Adds the cells of a node's sparse column to room. */
static void sparse_cells(const struct grower *g, const struct grown *x, size_t col, hist_cell *room)
{
	uint32_t *at = NEW(uint32_t, x->count + 1);
	uint8_t *bin = NEW(uint8_t, x->count + 1);
	hist_cell rest = x->sum;
	size_t hits = grow_hits(g, x, col, at, bin);
	for (size_t i = 0; i < hits; i++) {
		hist_cell c = grad_cell(g->gh[g->rows[x->start + at[i]]], g->unit.shift);
		room[bin[i]] += c;
		rest -= c;
	}
	room[g->b->zero[col]] += rest;
	free(at);
	free(bin);
}

/* Cells of a node's column: of its histogram, or built into room (256). */
static const hist_cell *cells_of(const struct level *v, size_t node, size_t col, hist_cell *room)
{
	const struct grower *g = v->g;
	const struct grown *x = &g->grown[node];
	const uint8_t *bin = bins_col(g->b, col);
	const uint32_t *rows = g->rows + x->start;
	if (x->hist)
		return hist_cells(g->b, x->hist, col, room);
	memset(room, 0, 256 * sizeof(*room));
	if (col >= g->b->ndense) {
		sparse_cells(g, x, col, room);
		return room;
	}
	for (size_t i = 0; i < x->count; i++)
		room[bin[(size_t)rows[i] * BIN_STRIDE]] += grad_cell(g->gh[rows[i]], g->unit.shift);
	return room;
}

static void column_chunk(void *ctx, size_t at, int worker)
{
	struct level *v = ctx;
	size_t col = v->g->cols[at];
	const struct bin_col *c = &v->g->b->cols[col];
	double gain[2][256] = { { 0 } };
	hist_cell room[256];
	int ways = c->missing && !c->cat ? 2 : 1;
	(void)worker;
	for (size_t i = 0; i < v->n; i++) {
		if (!v->open[i])
			continue;
		struct split_task t = task_of(v, v->node[i], col, cells_of(v, v->node[i], col, room));
		for (int way = 0; way < ways; way++)
			add_gains(&t, way == 1, gain[way]);
	}
	v->best[at] = (struct test){ 0, -1, false };
	for (int way = 0; way < ways; way++)
		for (int i = 0; i < c->nbins + c->cat - (way == 1); i++)
			if (gain[way][i] > v->best[at].gain)
				v->best[at] = (struct test){ gain[way][i], i, way == 1 };
}

/* The test as a node's split: what goes left, and its sum. False when a side would be too small. */
static bool apply(struct level *v, size_t node, size_t col, struct test test)
{
	struct grown *x = &v->g->grown[node];
	const struct bin_col *c = &v->g->b->cols[col];
	hist_cell room[256];
	struct split_task t = task_of(v, node, col, cells_of(v, node, col, room));
	struct split s = { .col = (int32_t)col, .cat = c->cat, .missing_left = test.missing_left };
	for (int i = 0; i <= c->nbins; i++) {
		bool left = c->cat ? i == test.bin : i == c->nbins ? test.missing_left : i <= test.bin;
		if (!left)
			continue;
		s.left[i >> 6] |= 1ull << (i & 63);
		s.sum += t.cells[i];
	}
	double both = split_pair(&t, s.sum);
	if (both == -INFINITY)
		return false;
	s.gain = both - split_score(t.rule, t.total, t.lo, t.hi);
	s.missing_left = s.left[c->nbins >> 6] >> (c->nbins & 63) & 1;
	s.threshold = c->cat ? 0 : test.bin + 1 < c->nbins ? c->upper[test.bin] : __DBL_MAX__;
	x->best = s;
	return true;
}

/* Where the missing go when none was seen: with the many. */
static bool many_left(const struct level *v, size_t col, int bin)
{
	struct grower *g = v->g;
	size_t left = 0;
	for (size_t k = 0; k < v->n; k++) {
		const struct grown *x = &g->grown[v->node[k]];
		const uint8_t *cells = grow_cells(g, x, col);
		for (size_t i = x->start; i < x->start + x->count; i++)
			left += cells[(size_t)g->rows[i] * BIN_STRIDE] <= bin;
	}
	return left > g->grown[0].count - left;
}

/* Splits a level, whose leaves then are its nodes; false when there is nothing to gain. */
static bool split_level(struct level *v)
{
	struct grower *g = v->g;
	size_t best = 0, n = v->n;
	par_for(n * g->b->ncells < PARALLEL ? 1 : g->threads, g->nuse, column_chunk, v);
	for (size_t i = 1; i < g->nuse; i++)
		if (v->best[i].gain > v->best[best].gain)
			best = i;
	if (g->nuse == 0 || v->best[best].bin < 0 || !grow_gains(g, v->best[best].gain))
		return false;
	struct test test = v->best[best];
	size_t col = g->cols[best];
	if (!g->b->cols[col].missing && !g->b->cols[col].cat)
		test.missing_left = many_left(v, col, test.bin);
	GROW(v->node, 2 * n);
	GROW(v->open, 2 * n);
	for (size_t i = 0; i < n; i++) {
		if (!v->open[i] || !apply(v, v->node[i], col, test))
			continue;
		size_t node = v->node[i], left = grow_split(g, node);
		grow_hist(g, node, left);
		v->node[i] = (uint32_t)left;
		v->node[v->n++] = (uint32_t)left + 1;
	}
	return v->n > n;
}

void grow_symmetric(struct grower *g)
{
	struct level v = { .g = g, .best = NEW(struct test, g->nuse + 1), .node = NEW0(uint32_t, 1),
			   .open = NEW0(uint8_t, 1), .n = 1 };
	for (int32_t d = 0; d < g->o.depth; d++) {
		for (size_t i = 0; i < v.n; i++)
			v.open[i] = grow_open(g, v.node[i]);
		if (!split_level(&v))
			break;
	}
	for (size_t i = 0; i < v.n; i++)
		grow_drop(g, v.node[i]);
	free(v.best);
	free(v.node);
	free(v.open);
}
