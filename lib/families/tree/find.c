/* Where a node's best split comes from: its histogram, or its rows column by column. */
#include "families/tree/grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

#define COLS_A_CHUNK 4
#define PARALLEL 4096	/* cells below which one thread searches (about 40 us) */

/* ---------------------------------------------------------------- histograms */

static hist_cell *take(struct grower *g)
{
	if (g->nfree > 0)
		return g->pool[--g->nfree];
	if (g->nmade == g->nmax)
		return NULL;
	g->nmade++;
	hist_cell *h = mem_aligned(g->b->offset[g->b->ncols] + 1, sizeof(*h));
	memset(h, 0, (g->b->offset[g->b->ncols] + 1) * sizeof(*h));
	return h;
}

void grow_drop(struct grower *g, size_t node)
{
	if (g->grown[node].hist)
		g->pool[g->nfree++] = g->grown[node].hist;
	g->grown[node].hist = NULL;
}

/* A histogram pays when the node has rows enough to fill it. */
static bool pays(const struct grower *g, size_t node)
{
	return g->o.node_cols == 0 && g->o.k <= 2 && !g->o.extra &&
	       (double)g->grown[node].count * (double)g->nuse * 2 >= (double)g->b->offset[g->b->ncols] &&
	       grow_open(g, node);
}

static void build(struct grower *g, size_t node, hist_cell *h)
{
	const struct grown *x = &g->grown[node];
	const uint32_t *rows = x->count == g->b->n ? NULL : g->rows + x->start;
	if (h)
		hist_build(g->b, g->use, rows, x->count, g->gh, g->room, g->unit.shift, h, g->threads);
	g->grown[node].hist = h;
}

void grow_root_hist(struct grower *g)
{
	if (pays(g, 0))
		build(g, 0, take(g));
}

void grow_hist(struct grower *g, size_t node, size_t left)
{
	size_t small = g->grown[left].count <= g->grown[left + 1].count ? left : left + 1, large = small == left ? left + 1 : left;
	hist_cell *parent = g->grown[node].hist, *h;
	bool small_pays = pays(g, small), large_pays = pays(g, large);
	g->grown[node].hist = NULL;
	if (parent && large_pays && (h = take(g)) != NULL) {
		build(g, small, h);
		hist_subtract(g->b, g->use, parent, h);
		g->grown[large].hist = parent;
		return;
	}
	if (parent)
		g->pool[g->nfree++] = parent;
	if (small_pays)
		build(g, small, take(g));
	if (large_pays)
		build(g, large, take(g));
}

/* -------------------------------------------------------------------- search */

struct search {
	struct grower *g;
	const struct grown *x;
	struct split *found;	/* (chunks) */
};

static struct split_task task_for(struct grower *g, const struct grown *x, size_t col)
{
	return (struct split_task){ .rule = &g->rule, .b = g->b, .col = (int32_t)col, .total = x->sum,
				    .sign = g->o.sign ? g->o.sign[col] : 0, .lo = x->lo, .hi = x->hi, .rng = &g->rng };
}

static void search_chunk(void *ctx, size_t chunk, int worker)
{
	struct search *s = ctx;
	(void)worker;
	s->found[chunk] = split_none;
	for (size_t i = chunk * COLS_A_CHUNK; i < (chunk + 1) * COLS_A_CHUNK && i < s->g->nuse; i++) {
		struct split_task t = task_for(s->g, s->x, s->g->cols[i]);
		t.cells = s->x->hist + s->g->b->offset[s->g->cols[i]];
		split_find(&t, &s->found[chunk]);
	}
}

static struct split search_hist(struct grower *g, const struct grown *x)
{
	size_t chunks = (g->nuse + COLS_A_CHUNK - 1) / COLS_A_CHUNK;
	struct search s = { g, x, NEW(struct split, chunks + 1) };
	struct split best = split_none;
	par_for(g->b->offset[g->b->ncols] < PARALLEL ? 1 : g->threads, chunks, search_chunk, &s);
	for (size_t i = 0; i < chunks; i++)
		if (s.found[i].gain > best.gain)
			best = s.found[i];
	free(s.found);
	return best;
}

/* The histogram of one column from the node's rows (gradients in room), searched and wiped. False: all in one bin. */
static bool search_column(struct grower *g, const struct grown *x, size_t col, struct split_classes *cl,
			  struct split *best)
{
	const uint8_t *bin = bins_col(g->b, col);
	const uint32_t *rows = g->rows + x->start;
	uint64_t touched[4] = { 0 };
	struct split_task t = task_for(g, x, col);
	size_t nbins = (size_t)g->b->cols[col].nbins;
	hist_column(g->b, col, rows, x->count, g->room, g->unit.shift, g->column);
	t.cells = g->column;
	t.classes = cl;
	if (x->count < nbins) {
		for (size_t i = 0; i < x->count; i++) {
			unsigned at = bin[(size_t)rows[i] * BIN_STRIDE];
			touched[at >> 6] |= 1ull << (at & 63);
		}
		t.touched = touched;
	}
	bool found = split_find(&t, best);
	if (t.touched)
		for (size_t i = 0; i < x->count; i++)
			g->column[bin[(size_t)rows[i] * BIN_STRIDE]] = (hist_cell){ 0, 0 };
	else
		memset(g->column, 0, (nbins + 1) * sizeof(*g->column));
	return found;
}

/* Class weights of the node, and its gradients in room: the weightiest class against the rest. */
static void class_node(struct grower *g, const struct grown *x, struct split_classes *cl)
{
	size_t k = (size_t)g->o.k, top = 0;
	const uint32_t *rows = g->rows + x->start;
	double *all = g->weights;
	memset(all, 0, k * sizeof(*all));
	for (size_t i = 0; i < x->count; i++)
		all[g->o.label[rows[i]]] += g->gh[rows[i]].h;
	for (size_t c = 1; c < k; c++)
		top = all[c] > all[top] ? c : top;
	for (size_t i = 0; i < x->count; i++) {
		int32_t h = g->gh[rows[i]].h;
		g->room[i] = (struct grad){ g->o.label[rows[i]] == (int32_t)top ? -h : 0, h };
	}
	*cl = (struct split_classes){ .k = g->o.k, .label = g->o.label, .gh = g->gh, .rows = rows, .m = x->count,
				      .all = all, .left = all + k, .right = all + 2 * k, .order = g->spare };
}

/* Columns one by one; when drawn for the node, on until one of them is no constant. */
static struct split search_rows(struct grower *g, const struct grown *x)
{
	struct split best = split_none;
	struct split_classes cl;
	size_t draw = g->o.node_cols ? g->o.node_cols : g->nuse, live = 0;
	if (g->o.k > 2)
		class_node(g, x, &cl);
	else
		for (size_t i = 0; i < x->count; i++)
			g->room[i] = g->gh[g->rows[x->start + i]];
	for (size_t i = 0; i < g->nuse && (i < draw || live == 0); i++) {
		if (g->o.node_cols) {
			size_t j = i + (size_t)rng_below(&g->rng, g->nuse - i);
			uint32_t c = g->cols[j];
			g->cols[j] = g->cols[i];
			g->cols[i] = c;
		}
		live += search_column(g, x, g->cols[i], g->o.k > 2 ? &cl : NULL, &best);
	}
	return best;
}

void grow_find(struct grower *g, size_t node)
{
	struct grown *x = &g->grown[node];
	struct split best = x->hist ? search_hist(g, x) : search_rows(g, x);
	if (best.col >= 0) {
		double own = g->o.k > 2 ? split_score_classes(&g->rule, g->weights, g->o.k) :
			     split_score(&g->rule, x->sum, x->lo, x->hi);
		double gain = best.gain - own;
		best.gain = gain > 1e-12 * fabs(best.gain) ? gain : 0;
	}
	x->best = best;
}
