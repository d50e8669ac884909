/* Trees as they are grown: limits, order, the same rows in a leaf by growing and by walking, the same tree by either search. */
#include "synth.h"

#include "families/tree/grow.h"

struct grove {
	struct synth s;
	struct bins *b;
	struct grad *gh;
	struct grad_unit u;
	struct trees t;
};

static struct grove grove_make(size_t n, const char *kinds, int bins)
{
	struct grove v = { .s = synth_make(n, kinds, 2, n) };
	double *h = NEW(double, n), *g = NEW(double, n);
	v.b = bins_new(COLUMNS(v.s.cols, v.s.ncols), v.s.rows, n, bins, 1, 1);
	v.gh = NEW(struct grad, n);
	v.u = grad_unit_for(n);
	for (size_t i = 0; i < n; i++) {
		h[i] = 1;
		g[i] = -v.s.y[i];
	}
	grad_quantise(g, h, n, 30, v.gh, &v.u, 1);
	trees_init(&v.t, COLUMNS(v.s.cols, v.s.ncols), 0);
	grower_levels(v.b, &v.t);
	free(g);
	free(h);
	return v;
}

static void grove_free(struct grove *v)
{
	synth_free(&v->s);
	bins_free(v->b);
	free(v->gh);
	trees_free(&v->t);
}

/* Grows a tree on the first m rows; its leaves hold their number of rows. */
static struct grower *grow(struct grove *v, size_t m, struct grow_opts o, int threads)
{
	o.gain_factor = 1;
	o.min_leaf = o.min_leaf ? o.min_leaf : 1;
	struct grower *g = grower_new(v->b, &o, threads);
	grower_tree(g, v->s.rows, m, v->gh, v->u, NULL, rng_at(5, "grow", 0));
	for (size_t i = 0; i < g->tree.nnodes; i++)
		if (!g->tree.node[i].left)
			g->tree.node[i].value = grower_value(g, i);
	return g;
}

static size_t leaves(const struct grower *g)
{
	size_t n = 0;
	for (size_t i = 0; i < g->tree.nnodes; i++)
		n += !g->tree.node[i].left;
	return n;
}

static void check_limits(const struct grower *g, size_t m, struct grow_opts o)
{
	ck_assert(o.leaves == 0 || leaves(g) <= (size_t)o.leaves);
	size_t rows = 0;
	for (size_t i = 0; i < g->tree.nnodes; i++) {
		const struct grown *x = &g->grown[i];
		ck_assert(o.depth == 0 || x->depth <= o.depth);
		ck_assert(x->count >= (size_t)o.min_leaf);
		ck_assert(g->tree.cover[i] == (float)x->count);
		for (size_t r = x->start + 1; r < x->start + x->count && !g->tree.node[i].left; r++)
			ck_assert(g->rows[r - 1] < g->rows[r]);
		rows += g->tree.node[i].left ? 0 : x->count;
	}
	ck_assert_uint_eq(rows, m);
}

START_TEST(limits_hold_and_rows_are_where_they_walk)
{
	struct grove v = grove_make(1500, "nimcdxk", 40);
	const struct grow_opts all[] = {
		{ .leaves = 20, .min_leaf = 30 }, { .leaves = 20, .depth = 4, .min_leaf = 5 }, { .depth = 3, .min_leaf = 1 },
		{ .min_leaf = 2 }, { .order = GROW_DEPTH, .leaves = 11, .min_leaf = 9 }, { .node_cols = 2, .min_leaf = 4 },
		{ .node_cols = 3, .extra = true, .min_leaf = 1 }, { .order = GROW_SYMMETRIC, .depth = 5, .min_leaf = 6 },
		{ .leaves = 1, .min_leaf = 1 }, { .one_vs_rest = 9, .l2 = 3, .smooth = 5, .min_leaf = 10 },
	};
	uint32_t leaf[1500];
	const struct window w = { .cols = v.s.cols };
	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++) {
		struct grower *g = grow(&v, 1400, all[k], 1);
		check_limits(g, 1400, all[k]);
		trees_add(&v.t, &g->tree);
		trees_leaves(&v.t, k, &w, v.s.rows, 1500, leaf);
		for (size_t i = 0; i < g->tree.nnodes; i++)
			for (size_t r = g->grown[i].start; r < g->grown[i].start + g->grown[i].count && !g->tree.node[i].left; r++) {
				ck_assert(v.t.node[leaf[g->rows[r]]].value == g->tree.node[i].value);
				ck_assert(v.t.cover[leaf[g->rows[r]]] == g->tree.cover[i]);
			}
		ck_assert(all[k].leaves == 1 || leaves(g) > 7);
		grower_free(g);
	}
	grove_free(&v);
}
END_TEST

/* From histograms and subtraction, and column by column from rows: the same leaves. */
START_TEST(both_searches_find_the_same)
{
	struct grove v = grove_make(3000, "nimcdn", 60);
	const struct grow_opts o = { .leaves = 60, .min_leaf = 20 };
	struct grow_opts by_rows = o;
	by_rows.node_cols = 6;
	struct grower *a = grow(&v, 3000, o, 1), *b = grow(&v, 3000, by_rows, 1);
	ck_assert_uint_eq(leaves(a), 60);
	trees_add(&v.t, &a->tree);
	trees_add(&v.t, &b->tree);
	const struct window w = { .cols = v.s.cols };
	uint32_t x[3000], y[3000];
	trees_leaves(&v.t, 0, &w, v.s.rows, 3000, x);
	trees_leaves(&v.t, 1, &w, v.s.rows, 3000, y);
	for (size_t i = 0; i < 3000; i++)
		ck_assert(v.t.node[x[i]].value == v.t.node[y[i]].value);
	grower_free(a);
	grower_free(b);
	grove_free(&v);
}
END_TEST

static double loss(const struct grove *v, const struct grower *g)
{
	double sum = 0;
	for (size_t i = 0; i < g->tree.nnodes; i++)
		for (size_t r = g->grown[i].start; r < g->grown[i].start + g->grown[i].count && !g->tree.node[i].left; r++)
			sum += pow(v->s.y[g->rows[r]] - g->tree.node[i].value, 2);
	return sum;
}

/* Reported gains are the fall of the loss; best first falls fastest; no order matters without a limit. */
START_TEST(gains_are_the_fall_of_the_loss)
{
	struct grove v = grove_make(1000, "nnmcd", 50);
	double before[3];
	for (int order = 0; order < 3; order++) {
		struct grow_opts o = { .order = (enum grow_order)order, .leaves = 8, .depth = 6, .min_leaf = 3 };
		struct grower *root = grow(&v, 1000, (struct grow_opts){ .leaves = 1 }, 1);
		double none = loss(&v, root), gained = 0;
		struct grower *g = grow(&v, 1000, o, 1);
		for (size_t i = 0; i < g->tree.nnodes / 2; i++)
			gained += g->tree.gains[i].gain;
		before[order] = loss(&v, g);
		ck_assert_msg(fabs(none - gained - before[order]) < 1e-6 * none, "order %d: %g - %g is not %g", order, none,
			      gained, before[order]);
		grower_free(root);
		grower_free(g);
	}
	ck_assert(before[GROW_LEAF] <= before[GROW_DEPTH]);
	grove_free(&v);
}
END_TEST

START_TEST(a_symmetric_level_has_one_test)
{
	struct grove v = grove_make(2000, "nimcd", 30);
	struct grower *g = grow(&v, 2000, (struct grow_opts){ .order = GROW_SYMMETRIC, .leaves = 5, .depth = 4, .min_leaf = 2 }, 1);
	ck_assert_uint_eq(leaves(g), 16);
	for (int32_t depth = 0; depth < 4; depth++) {
		const struct node *first = NULL;
		for (size_t i = 0; i < g->tree.nnodes; i++) {
			const struct node *n = &g->tree.node[i];
			if (g->grown[i].depth != depth || !n->left)
				continue;
			first = first ? first : n;
			ck_assert_uint_eq(n->test >> 2, first->test >> 2);
			ck_assert(n->test & NODE_CATEGORY || n->value == first->value);
		}
	}
	grower_free(g);
	grove_free(&v);
}
END_TEST

START_TEST(threads_change_no_bit)
{
	struct grove v = grove_make(140000, "nimcdnn", 255);
	for (int order = 0; order < 3; order++) {
		struct grow_opts o = { .order = (enum grow_order)order, .leaves = 16, .depth = 4, .min_leaf = 20 };
		struct grower *a = grow(&v, 140000, o, 1), *b = grow(&v, 140000, o, 3);
		ck_assert_uint_eq(a->tree.nnodes, b->tree.nnodes);
		ck_assert(memcmp(a->tree.node, b->tree.node, a->tree.nnodes * sizeof(struct node)) == 0);
		ck_assert(memcmp(a->rows, b->rows, v.s.n * sizeof(uint32_t)) == 0);
		grower_free(a);
		grower_free(b);
	}
	grove_free(&v);
}
END_TEST

/* Along a monotone column the prediction never turns, whatever the other columns are. */
START_TEST(monotone_trees_are_monotone)
{
	struct grove v = grove_make(2000, "nnmc", 60);
	double grid[41], free_falls = 0;
	for (int sign = -1; sign <= 1; sign++) {
		const int8_t signs[4] = { 0, (int8_t)sign, (int8_t)-sign, 0 };
		struct grower *g = grow(&v, 2000, (struct grow_opts){ .leaves = 80, .min_leaf = 3, .sign = signs }, 1);
		struct synth s = synth_make(41, "nnmc", 2, 3);
		const struct window w = { .cols = s.cols };
		trees_add(&v.t, &g->tree);
		for (size_t row = 0; row < 41; row++) {
			double was = NAN;
			for (int i = 0; i < 41; i++) {
				uint32_t leaf, at = (uint32_t)row;
				grid[i] = s.cols[1].num[row];
				s.cols[1].num[row] = -2 + i / 10.0;
				trees_leaves(&v.t, v.t.ntrees - 1, &w, &at, 1, &leaf);
				double now = v.t.node[leaf].value;
				s.cols[1].num[row] = grid[i];
				ck_assert(i == 0 || sign * (now - was) >= 0);
				free_falls += i > 0 && now < was;
				was = now;
			}
		}
		synth_free(&s);
		grower_free(g);
	}
	ck_assert(free_falls > 0);	/* without a sign it does turn: the test would notice */
	grove_free(&v);
}
END_TEST

UNIT_MAIN("tree: growing", limits_hold_and_rows_are_where_they_walk, both_searches_find_the_same,
	  gains_are_the_fall_of_the_loss, a_symmetric_level_has_one_test, threads_change_no_bit, monotone_trees_are_monotone)
