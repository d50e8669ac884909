/* Where a node's best split comes from: its histogram, or its rows column by column. */
#include "families/tree/grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

#define COLS_A_CHUNK 4
#define CHUNKS 16	/* from so many on they grow */
#define LOOKUP 64	/* cells of a histogram that are done with while a sparse cell is looked up */
#define PARALLEL 4096	/* cells below which one thread searches (about 40 us) */

/* ---------------------------------------------------------------- histograms */

static hist_cell *take(struct grower *g)
{
	if (g->nfree > 0)
		return g->pool[--g->nfree];
	if (g->nmade == g->nmax)
		return NULL;
	g->nmade++;
	hist_cell *h = mem_aligned(g->b->ncells + 1, sizeof(*h));
	memset(h, 0, (g->b->ncells + 1) * sizeof(*h));
	return h;
}

void grow_drop(struct grower *g, size_t node)
{
	if (g->grown[node].hist)
		g->pool[g->nfree++] = g->grown[node].hist;
	g->grown[node].hist = NULL;
}

/* A histogram pays when the node has rows enough to fill it; sooner of sparse columns, whose rows are dear to look up. */
static bool pays(const struct grower *g, size_t node)
{
	double sparse = g->place ? (double)g->b->nnz / (double)g->b->n : 0;
	return g->o.node_cols == 0 && g->o.k <= 2 && !g->o.extra &&
	       (double)g->grown[node].count * ((double)g->dense * 2 + sparse * LOOKUP) >= (double)g->b->ncells &&
	       grow_open(g, node);
}

static void build(struct grower *g, size_t node, hist_cell *h)
{
	const struct grown *x = &g->grown[node];
	const uint32_t *rows = x->count == g->b->n ? NULL : g->rows + x->start;
	if (h)
		hist_build(g->b, g->use, rows, x->count, g->gh, g->room, g->unit, g->half, h, g->threads);
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

static struct split_task task_for(struct grower *g, const struct grown *x)
{
	return (struct split_task){ .rule = &g->rule, .b = g->b, .total = x->sum, .lo = x->lo, .hi = x->hi, .rng = &g->rng };
}

/* Columns that one thread searches at a time. */
static size_t cols_a_chunk(const struct grower *g)
{
	return g->nuse > COLS_A_CHUNK * CHUNKS ? (g->nuse + CHUNKS - 1) / CHUNKS : COLS_A_CHUNK;
}

/* May the task's sparse column split better than `gain`? One side of any cut is without rows of 0. */
static inline bool worth(const struct search *s, const struct split_task *t, double gain)
{
	const struct bins *b = t->b;
	size_t col = (size_t)t->col, at = b->offset[col];
	hist_cell others = t->total - hist_zero(b, s->x->hist, col);
	return cell_count(others, t->rule->shift) >= t->rule->min_leaf &&
	       split_may_beat(t, s->x->hist + at, b->zero[col], b->offset[col + 1] - at, gain);
}

static void search_chunk(void *ctx, size_t chunk, int worker)
{
	const struct search *s = ctx;
	const struct bins *b = s->g->b;
	size_t from = chunk * cols_a_chunk(s->g), to = from + cols_a_chunk(s->g);
	(void)worker;
	struct split_task t = task_for(s->g, s->x);
	hist_cell room[256];
	s->found[chunk] = split_none;
	for (size_t i = from; i < to && i < s->g->nuse; i++) {
		size_t col = s->g->cols[i];
		t.col = (int32_t)col;
		if (col >= b->ndense && !worth(s, &t, s->found[chunk].gain))
			continue;
		t.sign = grow_sign(s->g, col);
		t.cells = hist_cells(b, s->x->hist, col, room);
		split_find(&t, &s->found[chunk]);
	}
}

static struct split search_hist(struct grower *g, const struct grown *x)
{
	size_t chunks = (g->nuse + cols_a_chunk(g) - 1) / cols_a_chunk(g);
	struct search s = { g, x, NEW(struct split, chunks + 1) };
	struct split best = split_none;
	par_for(g->b->ncells < PARALLEL ? 1 : g->threads, chunks, search_chunk, &s);
	for (size_t i = 0; i < chunks; i++)
		if (s.found[i].gain > best.gain)
			best = s.found[i];
	free(s.found);
	return best;
}

size_t grow_hits(const struct grower *g, const struct grown *x, size_t col, uint32_t *at, uint8_t *bin)
{
	return bins_hits(g->b, col, g->rows + x->start, x->count, g->place, x->start, at, bin);
}

const uint8_t *grow_cells(struct grower *g, const struct grown *x, size_t col)
{
	const uint32_t *rows = g->rows + x->start;
	if (col < g->b->ndense)
		return bins_col(g->b, col);
	size_t hits = grow_hits(g, x, col, g->hit, g->hit_bin);
	for (size_t i = 0; i < x->count; i++)
		g->cells[(size_t)rows[i] * BIN_STRIDE] = g->b->zero[col];
	for (size_t i = 0; i < hits; i++)
		g->cells[(size_t)rows[g->hit[i]] * BIN_STRIDE] = g->hit_bin[i];
	return g->cells;
}

static void touch(uint64_t *touched, unsigned bin)
{
	touched[bin >> 6] |= 1ull << (bin & 63);
}

/* The histogram of a dense column from the node's rows (gradients in room), to g->column; marks its bins if they are few. */
static inline bool dense_column(struct grower *g, const struct grown *x, size_t col, struct split_classes *cl, uint64_t *touched)
{
	const uint8_t *bin = bins_col(g->b, col);
	const uint32_t *rows = g->rows + x->start;
	bool few = x->count < (size_t)g->b->cols[col].nbins;
	hist_column(g->b, col, rows, x->count, g->room, g->unit.shift, g->column);
	for (size_t i = 0; few && i < x->count; i++)
		touch(touched, bin[(size_t)rows[i] * BIN_STRIDE]);
	if (cl) {
		cl->bin = bin;
		cl->rows = rows;
		cl->m = x->count;
	}
	return few;
}

/* The same of a sparse column, from the cells that are there. */
static bool sparse_column(struct grower *g, const struct grown *x, size_t col, struct split_classes *cl, uint64_t *touched)
{
	const uint32_t *rows = g->rows + x->start;
	size_t hits = grow_hits(g, x, col, g->hit, g->hit_bin);
	uint8_t zero = g->b->zero[col];
	bool few = hits < (size_t)g->b->cols[col].nbins;
	hist_cell rest = x->sum;
	for (size_t i = 0; i < hits; i++) {
		hist_cell c = grad_cell(g->room[g->hit[i]], g->unit.shift);
		g->column[g->hit_bin[i]] += c;
		rest -= c;
	}
	if (hits < x->count)
		g->column[zero] = rest;	/* of more classes its g says nothing, and is not used */
	for (size_t i = 0; few && i < hits; i++)
		touch(touched, g->hit_bin[i]);
	if (few && hits < x->count)
		touch(touched, zero);
	if (!cl)
		return few;
	memcpy(cl->zero, cl->all, (size_t)cl->k * sizeof(*cl->zero));
	for (size_t i = 0; i < hits; i++) {
		uint32_t row = g->hit[i] = rows[g->hit[i]];
		g->cells[(size_t)row * BIN_STRIDE] = g->hit_bin[i];
		cl->zero[g->o.label[row]] -= g->gh[row].h;
	}
	cl->bin = g->cells;
	cl->rows = g->hit;
	cl->m = hits;
	return few;
}

/* One column from the node's rows, searched. False: all in one bin. */
static bool search_column(struct grower *g, const struct grown *x, size_t col, struct split_classes *cl,
			  struct split *best)
{
	uint64_t touched[4] = { 0 };
	struct split_task t = task_for(g, x);
	bool few = col < g->b->ndense ? dense_column(g, x, col, cl, touched) : sparse_column(g, x, col, cl, touched);
	t.col = (int32_t)col;
	t.sign = grow_sign(g, col);
	t.cells = g->column;
	t.classes = cl;
	t.touched = few ? touched : NULL;
	bool found = split_find(&t, best);
	for (size_t w = 0; few && w < 4; w++)
		for (uint64_t bits = touched[w]; bits; bits &= bits - 1)
			g->column[w * 64 + (size_t)__builtin_ctzll(bits)] = (hist_cell){ 0, 0 };
	if (!few)
		memset(g->column, 0, ((size_t)g->b->cols[col].nbins + 1) * sizeof(*g->column));
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
	*cl = (struct split_classes){ .k = g->o.k, .label = g->o.label, .gh = g->gh, .all = all, .left = all + k,
				      .right = all + 2 * k, .zero = all + 3 * k, .order = g->spare };
}

/* Looks which sparse columns are there in the node's rows, when that is less work than to look each column up. */
static bool look(struct grower *g, const struct grown *x, size_t draw)
{
	if (g->nuse == g->dense || (double)x->count / (double)g->b->n >= (double)draw / (double)g->nuse)
		return false;
	memset(g->seen, 0, (g->b->ncols / 64 + 1) * sizeof(*g->seen));
	bins_seen(g->b, g->rows + x->start, x->count, g->seen);
	return true;
}

/* Columns one by one; when drawn for the node, on until one of them is no constant. */
static struct split search_rows(struct grower *g, const struct grown *x)
{
	struct split best = split_none;
	struct split_classes cl;
	size_t draw = g->o.node_cols ? g->o.node_cols : g->nuse, live = 0;
	bool looked = look(g, x, draw);
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
		size_t col = g->cols[i];
		if (looked && col >= g->b->ndense && !(g->seen[col >> 6] >> (col & 63) & 1))
			continue;
		live += search_column(g, x, col, g->o.k > 2 ? &cl : NULL, &best);
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
