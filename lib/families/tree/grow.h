/*
 * Growing one tree on given gradients. Leaf-wise (best gain first), level by
 * level, or symmetric (one split for all nodes of a level; nodes that it does
 * not cut stay whole).
 *
 * A node's rows are a range of one array of row numbers, partitioned in place
 * and stably, so they stay ascending. Histograms are kept for open nodes while
 * memory for them lasts; the larger child's is its parent's minus the
 * smaller's. Nodes of few rows, nodes without memory, and nodes that draw
 * their own columns are searched column by column from their rows instead:
 * of sparse columns those that are there in one of the rows.
 */
#ifndef DLS_TREE_GROW_H
#define DLS_TREE_GROW_H

#include "families/tree/split.h"
#include "families/tree/trees.h"

enum grow_order { GROW_LEAF, GROW_DEPTH, GROW_SYMMETRIC };

struct grow_opts {
	enum grow_order order;
	int32_t leaves, depth;		/* 0: no limit; symmetric trees heed depth alone */
	int32_t min_leaf;		/* rows */
	double min_weight, min_gain;	/* in real units; any_gain: gain as a share of the weight of all rows */
	double l1, l2, smooth;
	int one_vs_rest;
	bool entropy, extra;
	bool any_gain;			/* split as long as the target differs, even when nothing is gained at once */
	double gain_factor;		/* of reported gains (Gini is twice the score) */
	size_t node_cols;		/* columns drawn for each node; 0: all */
	const int8_t *sign;		/* (dense columns) monotone: 1, -1, 0; or NULL */
	int32_t k;			/* > 2: classes by label; g is not used */
	const int32_t *label;		/* (n) by row of bins; or NULL */
	const double *target;		/* (n) by row of bins: a node where it does not vary is a leaf; or NULL */
};

/* A node while it grows. */
struct grown {
	uint32_t start, count;	/* its rows are grower.rows[start ...] */
	int32_t depth;
	hist_cell sum;
	double lo, hi;		/* bounds of its value, in units */
	struct split best;	/* gain is over the node's own score */
	hist_cell *hist;	/* or NULL */
};

struct grower {
	/* the tree just grown */
	struct sprout tree;
	struct grown *grown;	/* (tree.nnodes) */
	uint32_t *rows;		/* (m) by node */
	/* what it grows from */
	const struct bins *b;
	struct grow_opts o;
	int threads;
	struct split_rule rule;
	struct grad_unit unit;
	const struct grad *gh;
	uint32_t *cols;		/* (ncols) columns of this tree, nuse of them */
	uint8_t *use;		/* (ncols) the same as marks */
	size_t nuse;
	size_t dense;		/* those that are not sparse */
	double total;		/* weight of all rows */
	size_t leaves;
	struct rng rng;
	/* room */
	size_t cap_nodes, cap_mask;
	int32_t *queue;		/* (cap_nodes) nodes with a split, head .. nqueue */
	size_t head, nqueue;
	uint32_t *spare;	/* (n) */
	struct grad *room;	/* (n) */
	hist_cell *half;	/* scratch of hist_build() */
	hist_cell **pool;	/* (nmax) histograms not in use, nfree of nmade */
	size_t nfree, nmade, nmax;
	hist_cell *column;	/* (256) zero between uses */
	double *weights;	/* (4, k) */
	/* room for sparse columns, NULL without */
	uint32_t *place;	/* (n) where a row is in rows; UINT32_MAX: in no node */
	uint32_t *hit;		/* (n + 1) of bins_hits() */
	uint8_t *hit_bin;	/* (n + 1) */
	uint8_t *cells;		/* (n, BIN_STRIDE) the bins of a column by row */
	uint64_t *seen;		/* (ncols / 64 + 1) */
};

/* Tells the trees which bin a level is in. */
void grower_levels(const struct bins *b, struct trees *t);

struct grower *grower_new(const struct bins *b, const struct grow_opts *o, int threads);
void grower_free(struct grower *g);	/* NULL is fine */

/*
 * Grows a tree on rows (m, ascending, of bins) with gradients gh by row and
 * their units. use (ncols): columns to split on; NULL: all. Leaf values are
 * for the caller to set.
 */
void grower_tree(struct grower *g, const uint32_t *rows, size_t m, const struct grad *gh, struct grad_unit unit,
		 const uint8_t *use, struct rng rng);

/* A leaf's value -T(G) / (H + l2) within its bounds, in real units; or another value held within them. */
double grower_value(const struct grower *g, size_t node);
double grower_hold(const struct grower *g, size_t node, double value);

/* ----------------------------- shared by grow.c, find.c and symmetric.c alone */

bool grow_open(const struct grower *g, size_t node);		/* may it be split? */
void grow_hist(struct grower *g, size_t node, size_t left);	/* histograms for the children of a node, where they want them */
void grow_drop(struct grower *g, size_t node);			/* gives a node's histogram back */
void grow_root_hist(struct grower *g);
void grow_find(struct grower *g, size_t node);			/* sets grown[node].best */
bool grow_gains(const struct grower *g, double gain);		/* is it more than the least gain? */
double grow_real(const struct grower *g, double gain);		/* in real units */
size_t grow_split(struct grower *g, size_t node);		/* by its best; returns the left child */
void grow_symmetric(struct grower *g);
int grow_sign(const struct grower *g, size_t col);		/* 1, -1, or 0: free */

/* bins_hits() of a node. */
size_t grow_hits(const struct grower *g, const struct grown *x, size_t col, uint32_t *at, uint8_t *bin);

/* The bins of a column by row, BIN_STRIDE apart, for the rows of the node; until the next call. */
const uint8_t *grow_cells(struct grower *g, const struct grown *x, size_t col);

#endif
