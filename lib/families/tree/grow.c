/* The growing of a tree: which node is next, its split carried out, its children made ready. */
#include "families/tree/grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

#define ROWS_A_CHUNK 16384
#define STARTS 16	/* shares of the rows that a tree starts with */
#define SYMMETRIC_DEPTH 6	/* when no other is given */
#define POOL_BYTES (256u << 20)	/* of histograms at most; beyond that nodes are searched from their rows */

struct grower *grower_new(const struct bins *b, const struct grow_opts *o, int threads)
{
	struct grower *g = NEW0(struct grower, 1);
	size_t bytes = b->ncells * sizeof(hist_cell) + 64;
	g->b = b;
	g->o = *o;
	g->threads = threads;
	if (o->order == GROW_SYMMETRIC) {
		g->o.depth = o->depth ? o->depth : SYMMETRIC_DEPTH;
		g->o.leaves = 0;
	}
	g->cols = NEW(uint32_t, b->ncols + 1);
	g->use = NEW(uint8_t, b->ncols + 1);
	g->rows = NEW(uint32_t, b->n + 1);
	g->spare = NEW(uint32_t, b->n + 1);
	g->room = NEW(struct grad, b->n + 1);
	g->half = mem_aligned(b->ncells + 1, sizeof(hist_cell));
	g->nmax = POOL_BYTES / bytes + 2;
	g->pool = NEW(hist_cell *, g->nmax);
	g->column = mem_aligned(256, sizeof(hist_cell));
	memset(g->column, 0, 256 * sizeof(hist_cell));
	g->weights = NEW0(double, 4 * (size_t)o->k + 1);
	g->tree.id = b->id;
	if (b->ncols > b->ndense) {
		g->place = NEW(uint32_t, b->n);
		g->hit = NEW(uint32_t, b->n + 1);
		g->hit_bin = NEW(uint8_t, b->n + 1);
		g->cells = NEW(uint8_t, b->n * BIN_STRIDE);
		g->seen = NEW(uint64_t, b->ncols / 64 + 1);
	}
	return g;
}

void grower_free(struct grower *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->nfree; i++)
		free(g->pool[i]);
	free(g->tree.node);
	free(g->tree.cover);
	free(g->tree.mask);
	free(g->tree.gains);
	free(g->grown);
	free(g->rows);
	free(g->cols);
	free(g->use);
	free(g->queue);
	free(g->spare);
	free(g->room);
	free(g->pool);
	free(g->half);
	free(g->column);
	free(g->weights);
	free(g->place);
	free(g->hit);
	free(g->hit_bin);
	free(g->cells);
	free(g->seen);
	free(g);
}

/* --------------------------------------------------------------------- queue */

static bool before(const struct grower *g, int32_t a, int32_t b)
{
	double x = g->grown[a].best.gain, y = g->grown[b].best.gain;
	return x != y ? x > y : a < b;
}

static void push(struct grower *g, size_t node)
{
	size_t i = g->nqueue++;
	bool heap = g->o.leaves > 0 && g->o.order == GROW_LEAF;
	for (; heap && i > 0 && before(g, (int32_t)node, g->queue[(i - 1) / 2]); i = (i - 1) / 2)
		g->queue[i] = g->queue[(i - 1) / 2];
	g->queue[i] = (int32_t)node;
}

/*
 * The node to split next: of best gain; or the first that came, level by
 * level; or, when leaves are not limited and the order changes nothing, the
 * last that came, which keeps few histograms open.
 */
static size_t pop(struct grower *g)
{
	if (g->o.leaves == 0)
		return (size_t)g->queue[--g->nqueue];
	if (g->o.order == GROW_DEPTH)
		return (size_t)g->queue[g->head++];
	int32_t top = g->queue[0], last = g->queue[--g->nqueue];
	size_t i = 0, child;
	while ((child = 2 * i + 1) < g->nqueue) {
		child += child + 1 < g->nqueue && before(g, g->queue[child + 1], g->queue[child]);
		if (!before(g, g->queue[child], last))
			break;
		g->queue[i] = g->queue[child];
		i = child;
	}
	g->queue[i] = last;
	return (size_t)top;
}

/* --------------------------------------------------------------------- nodes */

static size_t add_node(struct grower *g, size_t start, size_t count, hist_cell sum, int32_t depth)
{
	size_t i = g->tree.nnodes++;
	if (i >= g->cap_nodes) {
		g->cap_nodes = g->cap_nodes ? g->cap_nodes * 2 : 64;
		GROW(g->tree.node, g->cap_nodes);
		GROW(g->tree.cover, g->cap_nodes);
		GROW(g->tree.gains, g->cap_nodes / 2);
		GROW(g->grown, g->cap_nodes);
		GROW(g->queue, g->cap_nodes);
	}
	g->tree.node[i] = (struct node){ 0, 0, 0 };
	g->tree.cover[i] = (float)(cell_h(sum, g->unit.shift) * g->unit.h);
	g->grown[i] = (struct grown){ (uint32_t)start, (uint32_t)count, depth, sum, -INFINITY, INFINITY, split_none, NULL };
	return i;
}

static bool varies(const struct grower *g, const struct grown *x)
{
	const uint32_t *rows = g->rows + x->start;
	for (size_t i = 1; i < x->count; i++)
		if (g->o.target[rows[i]] != g->o.target[rows[0]])
			return true;
	return false;
}

bool grow_open(const struct grower *g, size_t node)
{
	const struct grown *x = &g->grown[node];
	return (g->o.leaves == 0 || g->leaves < (size_t)g->o.leaves) && x->depth < (g->o.depth ? g->o.depth : TREE_MAX_DEPTH) &&
	       x->count >= 2 * g->rule.min_leaf && x->count > 1 &&
	       cell_h(x->sum, g->unit.shift) >= 2 * g->rule.min_weight && (!g->o.target || varies(g, x));
}

/* A gain as the user has it is this times that times the gain in units; apart they do not underflow. */
static double real_unit(const struct grower *g, double *times)
{
	bool classes = g->o.entropy || g->o.k > 2;
	*times = classes ? 1 : g->unit.g / g->unit.h;
	return g->o.gain_factor * (classes ? g->unit.h : g->unit.g);
}

double grow_real(const struct grower *g, double gain)
{
	double times, unit = real_unit(g, &times), real = gain * unit * times;
	return real < 1e300 ? real : 1e300;
}

bool grow_gains(const struct grower *g, double gain)
{
	double times, unit = real_unit(g, &times);
	if (g->o.any_gain)
		return gain >= g->o.min_gain * g->total / unit / times;
	return gain > g->o.min_gain / unit / times;
}

double grower_value(const struct grower *g, size_t node)
{
	const struct grown *x = &g->grown[node];
	return split_value(&g->rule, x->sum, x->lo, x->hi) * (g->unit.g / g->unit.h);
}

double grower_hold(const struct grower *g, size_t node, double value)
{
	double per = g->unit.g / g->unit.h, lo = g->grown[node].lo * per, hi = g->grown[node].hi * per;
	return value < lo ? lo : value > hi ? hi : value;
}

/* --------------------------------------------------------------------- split */

struct partition {
	const uint8_t *x;
	uint32_t *rows, *spare;
	size_t m;
	size_t *nleft;		/* (chunks) */
	uint64_t left[4];	/* bins that go left */
};

/* A chunk's left rows to its front, its right ones to the spare room. */
static void partition_chunk(void *ctx, size_t chunk, int worker)
{
	struct partition *p = ctx;
	size_t from = chunk * ROWS_A_CHUNK, to = from + ROWS_A_CHUNK < p->m ? from + ROWS_A_CHUNK : p->m, l = from, r = from;
	(void)worker;
	for (size_t i = from; i < to; i++) {
		uint32_t row = p->rows[i];
		unsigned bin = p->x[(size_t)row * BIN_STRIDE], left = p->left[bin >> 6] >> (bin & 63) & 1;
		p->rows[l] = row;
		p->spare[r] = row;
		l += left;
		r += left ^ 1;
	}
	p->nleft[chunk] = l - from;
}

/* Puts the rows that go left first, each side in its order; returns how many. */
static size_t partition(struct grower *g, const struct grown *x)
{
	size_t chunks = (x->count + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, left = 0, one;
	struct partition p = { grow_cells(g, x, (size_t)x->best.col), g->rows + x->start, g->spare, x->count, &one, { 0 } };
	memcpy(p.left, x->best.left, sizeof(p.left));
	if (chunks > 1)
		p.nleft = NEW(size_t, chunks);
	par_for(g->threads, chunks, partition_chunk, &p);
	for (size_t c = 0; c < chunks; c++) {
		memmove(p.rows + left, p.rows + c * ROWS_A_CHUNK, p.nleft[c] * sizeof(*p.rows));
		left += p.nleft[c];
	}
	for (size_t c = 0, at = left; c < chunks; c++) {
		size_t size = (c + 1 < chunks ? ROWS_A_CHUNK : x->count - c * ROWS_A_CHUNK) - p.nleft[c];
		memcpy(p.rows + at, p.spare + c * ROWS_A_CHUNK, size * sizeof(*p.rows));
		at += size;
	}
	if (chunks > 1)
		free(p.nleft);
	for (size_t i = 0; g->place && i < x->count; i++)
		g->place[p.rows[i]] = (uint32_t)(x->start + i);
	return left;
}

/* Bins that go left, as bits after the number of words; returns where. */
static size_t add_mask(struct grower *g, const struct split *s)
{
	size_t at = g->tree.nmask, last = 0;
	if (at + 9 > g->cap_mask) {
		g->cap_mask = 2 * (at + 9);
		GROW(g->tree.mask, g->cap_mask);
	}
	for (size_t i = 0; i < 8; i++) {
		uint32_t w = (uint32_t)(s->left[i / 2] >> (i % 2 * 32));
		g->tree.mask[at + 1 + i] = w;
		last = w ? i + 1 : last;
	}
	g->tree.mask[at] = (uint32_t)last;
	g->tree.nmask = at + 1 + last;
	return at;
}

int grow_sign(const struct grower *g, size_t col)
{
	return g->o.sign && col < g->b->ndense ? g->o.sign[col] : 0;
}

/* Bounds of the children's values: a split on a monotone column parts them half-way. */
static void set_bounds(struct grower *g, const struct grown *x, struct grown *l, struct grown *r)
{
	int sign = grow_sign(g, (size_t)x->best.col);
	double mid = (split_value(&g->rule, l->sum, x->lo, x->hi) + split_value(&g->rule, r->sum, x->lo, x->hi)) / 2;
	l->lo = sign < 0 ? mid : x->lo;
	l->hi = sign > 0 ? mid : x->hi;
	r->lo = sign > 0 ? mid : x->lo;
	r->hi = sign < 0 ? mid : x->hi;
}

void grower_levels(const struct bins *b, struct trees *t)
{
	for (size_t c = 0; c < b->ndense; c++)
		for (size_t l = 0; b->cols[c].cat && l < (size_t)b->cols[c].nlevels; l++)
			t->level_bin[t->level_at[c] + l] = (uint8_t)(b->cols[c].of_level[l] < 0 ? NO_BIN : b->cols[c].of_level[l]);
}

size_t grow_split(struct grower *g, size_t node)
{
	struct split s = g->grown[node].best;
	size_t nleft = partition(g, &g->grown[node]);
	struct grown x = g->grown[node];
	size_t l = add_node(g, x.start, nleft, s.sum, x.depth + 1);
	size_t r = add_node(g, x.start + nleft, x.count - nleft, x.sum - s.sum, x.depth + 1);
	struct node *n = &g->tree.node[node];
	set_bounds(g, &x, &g->grown[l], &g->grown[r]);
	n->left = (int32_t)l;
	n->test = (uint32_t)s.col << 2 | (s.cat ? NODE_CATEGORY : 0) | (s.missing_left ? NODE_MISSING_LEFT : 0);
	n->value = s.cat ? (double)add_mask(g, &s) : s.threshold;
	g->tree.gains[l / 2] = (struct gain){ (uint32_t)s.col, s.gain > 0 ? grow_real(g, s.gain) : 0 };
	g->leaves++;
	return l;
}

/* Finds the split of a node, and puts it in the queue when there is one worth it. */
static void consider(struct grower *g, size_t node)
{
	if (grow_open(g, node)) {
		grow_find(g, node);
		if (g->grown[node].best.col >= 0 && grow_gains(g, g->grown[node].best.gain)) {
			push(g, node);
			return;
		}
	}
	grow_drop(g, node);
}

struct starting {
	struct grower *g;
	const uint32_t *rows;
	size_t m;
	hist_cell sum[STARTS];
};

/* Takes over a share of the rows and sums their gradients. */
static void start_share(void *ctx, size_t share, int worker)
{
	struct starting *s = ctx;
	size_t from = share * s->m / STARTS, to = (share + 1) * s->m / STARTS;
	hist_cell sum = { 0, 0 };
	(void)worker;
	for (size_t i = from; i < to; i++) {
		s->g->rows[i] = s->rows[i];
		sum += grad_cell(s->g->gh[s->rows[i]], s->g->unit.shift);
	}
	s->sum[share] = sum;
}

static void start(struct grower *g, const uint32_t *rows, size_t m, const uint8_t *use)
{
	const struct grow_opts *o = &g->o;
	struct grad_unit u = g->unit;
	struct starting s = { .g = g, .rows = rows, .m = m };
	hist_cell sum = { 0, 0 };
	par_for(m < ROWS_A_CHUNK ? 1 : g->threads, STARTS, start_share, &s);
	for (int i = 0; i < STARTS; i++)
		sum += s.sum[i];
	for (size_t i = 0; g->place && i < g->b->n; i++)
		g->place[i] = UINT32_MAX;
	for (size_t i = 0; g->place && i < m; i++)
		g->place[rows[i]] = (uint32_t)i;
	g->nuse = g->dense = 0;
	for (size_t c = 0; c < g->b->ncols; c++) {
		g->use[c] = use ? use[c] : 1;
		if (g->use[c])
			g->cols[g->nuse++] = (uint32_t)c;
		g->dense += c < g->b->ndense && g->use[c];
	}
	g->rule = (struct split_rule){ .l1 = o->l1 / u.g, .l2 = o->l2 / u.h, .min_weight = o->min_weight / u.h,
		.smooth = o->smooth / u.h, .min_leaf = (size_t)o->min_leaf, .one_vs_rest = o->one_vs_rest,
		.entropy = o->entropy, .ratio = u.g / u.h, .bounded = o->sign != NULL, .extra = o->extra, .shift = u.shift };
	g->total = cell_h(sum, u.shift) * u.h;
	g->leaves = 1;
	g->head = g->nqueue = g->tree.nnodes = g->tree.nmask = 0;
	add_node(g, 0, m, sum, 0);
}

void grower_tree(struct grower *g, const uint32_t *rows, size_t m, const struct grad *gh, struct grad_unit unit,
		 const uint8_t *use, struct rng rng)
{
	g->gh = gh;
	g->unit = unit;
	g->rng = rng;
	start(g, rows, m, use);
	grow_root_hist(g);
	if (g->o.order == GROW_SYMMETRIC) {
		grow_symmetric(g);
		return;
	}
	consider(g, 0);
	while (g->nqueue > g->head) {
		size_t node = pop(g);
		if (g->o.leaves > 0 && g->leaves >= (size_t)g->o.leaves) {
			grow_drop(g, node);
			continue;
		}
		size_t left = grow_split(g, node);
		grow_hist(g, node, left);
		consider(g, left);
		consider(g, left + 1);
	}
}
