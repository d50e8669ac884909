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
#define NODE_COLUMN(test) ((test) >> 2)
#define NO_BIN 255
#define TREE_BLOCK 1024	/* rows that are best walked through a tree at once */
#define TREE_MAX_DEPTH 1000	/* of any tree: what walks it may recurse */

struct node {
	double value;		/* x <= value goes left; where its bins that go left are in mask; a leaf's value */
	int32_t left;		/* left child, counted from the tree's first node; right = left + 1; 0: a leaf */
	uint32_t test;		/* column << 2 | flags */
};

struct trees {
	size_t ncols;
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
	double *gain, *uses;	/* (ncols) importance: gain of the splits on a column, and their number */
};

/* A tree as it comes from the grower; node 0 is the root, nodes in any order of creation. */
struct sprout {
	size_t nnodes, nmask;
	struct node *node;	/* (nnodes) */
	float *cover;		/* (nnodes) */
	uint32_t *mask;		/* (nmask) */
	float *prob;		/* (nnodes, k) rows of leaves are used */
};

/* No trees yet, for these columns; k as above. */
void trees_init(struct trees *t, const struct column *cols, size_t ncols, int32_t k);
void trees_free(struct trees *t);
void trees_add(struct trees *t, const struct sprout *s);
void trees_cut(struct trees *t, size_t ntrees);		/* keeps the first; not with class probabilities */
void trees_scale(struct trees *t, size_t tree, double by);	/* multiplies a tree's leaf values */

/* Does a row of the table go left at a node that is no leaf? */
bool trees_goes_left(const struct trees *t, const struct node *n, const struct column *cols, size_t row);

/* The leaf that each of n rows of the table reaches, as an index into node, to leaf (n). */
void trees_leaves(const struct trees *t, size_t tree, const struct column *cols, const uint32_t *rows, size_t n,
		  uint32_t *leaf);

void trees_save(const struct trees *t, struct store *st);
void trees_load(struct trees *t, const struct data *x, int32_t k, struct store *st);
void trees_show(const struct trees *t, const struct data *x, struct json *j);
bool trees_importance(const struct trees *t, const char *kind, double *out);	/* out (ncols) */

/*
 * Exact Shapley values of one row under path-dependent expectations, added to
 * phi (scores, ncols + 1), the last of each being the bias: Lundberg et al.
 * 2018 (arXiv:1802.03888), algorithm 2. scores is 1, or k when leaves hold
 * class probabilities; then phi of class c is phi + c * (ncols + 1).
 */
struct shap;
struct shap *shap_new(const struct trees *t);	/* scratch, and the expectation of each tree */
void shap_free(struct shap *s);
void shap_add(struct shap *s, size_t tree, const struct column *cols, size_t row, double by, double *phi);

#endif
