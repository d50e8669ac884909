/*
 * Trees that are grown: what a model keeps. A node is 16 bytes and its right
 * child follows its left one, so a step is one load and one compare. Nodes of
 * a tree are in breadth-first order, which the file relies on: where a left
 * child is need not be stored, for it is 1 + 2 (split nodes before the node).
 */
#ifndef DLS_TREE_TREES_H
#define DLS_TREE_TREES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/data.h"
#include "data/schema.h"
#include "io/jsonio.h"
#include "io/store.h"

#define NODE_MISSING_LEFT 1u
#define NODE_CATEGORY 2u
#define NODE_FLAGS 3u
#define NODE_COLUMN(test) ((test) >> 2)
#define NO_BIN 255
#define NO_COLUMN UINT32_MAX
#define TREE_BLOCK 1024	/* rows, at most, that are walked through a tree at once */
#define TREE_MAX_DEPTH 1000	/* of any tree: what walks it may recurse */

struct node {
	double value;		/* x <= value goes left; where its bins that go left are in mask; a leaf's value */
	int32_t left;		/* left child, counted from the tree's first node; right = left + 1; 0: a leaf */
	uint32_t test;		/* column << 2 | flags */
};

/*
 * Of the sparse columns a model keeps those that its trees use: they are
 * columns ncols, ncols + 1, ... of the nodes in the order of their first use,
 * and in the file have the numbers of the table.
 */
struct trees {
	size_t ncols;		/* that are not sparse */
	size_t nused, cap_used;
	uint32_t *used;		/* (nused) sparse columns */
	uint32_t *slot;		/* (nslots, a power of two) places in used by a column's hash, or NO_COLUMN */
	size_t nslots;
	size_t ntrees, nnodes, nmask, nprobs;
	size_t cap_trees, cap_nodes, cap_mask, cap_probs;
	uint64_t *first;	/* (ntrees + 1) a tree's first node */
	struct node *node;	/* (nnodes) */
	float *cover;		/* (nnodes) weight of the training rows that reached the node */
	uint32_t *mask;		/* (nmask) a category's test: number of words, then a bit for each bin that goes left */
	size_t *level_at;	/* (ncols + 1) where a category's levels are in level_bin */
	uint8_t *level_bin;	/* by level its bin; NO_BIN for one that was not seen */
	int32_t k;		/* > 0: leaves hold k class probabilities, a leaf's value is its row of prob */
	float *prob;		/* (nprobs, k) the first k rows are those of pure leaves, which most are */
	double *gain, *uses;	/* (ncols + nused) importance: gain of the splits on a column, and their number */
};

/* What a split of a growing tree gained. */
struct gain {
	uint32_t col;
	double gain;
};

/* What the manual says of sparse columns. */
#define TREES_OF_TERMS \
	"Terms of texts are numbers that are 0 in most rows: those that fewer than --min-leaf rows have are left out, " \
	"and in a large table rare ones get few bins."

/* A tree as it comes from the grower; node 0 is the root, nodes in any order of creation. */
struct sprout {
	size_t nnodes, nmask;
	struct node *node;	/* (nnodes) */
	float *cover;		/* (nnodes) */
	uint32_t *mask;		/* (nmask) */
	float *prob;		/* (nnodes, k) rows of leaves are used */
	struct gain *gains;	/* (nnodes / 2) of the splits, in the order of their making */
	const uint32_t *id;	/* numbers of the columns in the table */
};

/* No trees yet, for the columns of d; k as above. */
void trees_init(struct trees *t, const struct data *d, int32_t k);
void trees_free(struct trees *t);
void trees_add(struct trees *t, const struct sprout *s);	/* and its gains to the importance */
void trees_cut(struct trees *t, size_t ntrees);		/* keeps the first; not with class probabilities */
void trees_scale(struct trees *t, size_t tree, double by);	/* multiplies a tree's leaf values */

/*
 * Rows as the trees see them. Without sparse columns they are those of the
 * table; else the cells of a few rows are copied, and rows are counted from 0.
 */
struct window {
	const struct trees *t;
	const struct data *x;
	size_t size;			/* rows it takes at once */
	const uint32_t *rows;		/* numbers in the window of those it was filled with */
	const struct column *cols;	/* (ncols) */
	const double **numbers;		/* (ncols) the same when all of them are numbers of the table, or NULL */
	double *num;			/* (ncols + nused, size) numbers, or NULL: as in cols */
	uint64_t *there;		/* (ncols + nused) a bit for each row whose number is in num; that of others is 0 */
	struct column *own;		/* (ncols) cols, when it is not the table's */
	uint32_t *own_rows;		/* (size) rows, when they are not the table's */
};

struct window *window_new(const struct trees *t, const struct data *x);
void window_free(struct window *w);
void window_fill(struct window *w, const uint32_t *rows, size_t n);	/* rows (n, at most size) of the table, which stay the caller's */

/* Does a row of a window go left at a node that is no leaf? */
bool trees_goes_left(const struct trees *t, const struct node *n, const struct window *w, size_t row);

/* The leaf that each of n rows of a window reaches, as an index into node, to leaf (n). */
void trees_leaves(const struct trees *t, size_t tree, const struct window *w, const uint32_t *rows, size_t n,
		  uint32_t *leaf);

void trees_save(const struct trees *t, struct store *st);
void trees_load(struct trees *t, const struct data *x, int32_t k, struct store *st);
void trees_show(const struct trees *t, const struct data *x, struct json *j);
bool trees_importance(const struct trees *t, const struct data *x, const char *kind, double *out);	/* out (ncols and all sparse ones) */
const char *trees_check(const struct data *d);	/* what is wrong with the table, or NULL */
uint32_t trees_place(const struct trees *t, uint32_t col);	/* of a sparse column in used, or NO_COLUMN */

/*
 * Exact Shapley values of one row under path-dependent expectations, added to
 * phi (scores, width), where a score has its columns, then its groups of
 * sparse columns, each the sum over them, and last the bias: Lundberg et al.
 * 2018 (arXiv:1802.03888), algorithm 2. scores is 1, or k when leaves hold
 * class probabilities; then phi of class c is phi + c * width.
 */
struct shap;
struct shap *shap_new(const struct trees *t, const struct data *x);	/* scratch, and the expectation of each tree */
void shap_free(struct shap *s);
void shap_add(struct shap *s, size_t tree, const struct window *w, size_t row, double by, double *phi);

#endif
