/*
 * The best split of a node on one column, from the histogram of the column.
 *
 * Gains and sums are in the integers of the histogram (see grad_unit): powers
 * of two away from the real ones, so nothing over- or underflows whatever the
 * scale of the target is, and no digit differs. A node's score is
 * T(G)^2 / (H + l2), T the soft threshold by l1 (Chen and Guestrin 2016,
 * eq. 6, without the half); with G = -sum(w y), H = sum(w) and no penalty that
 * is CART's: variance for a number, Gini (half of it) for two classes.
 */
#ifndef DLS_TREE_SPLIT_H
#define DLS_TREE_SPLIT_H

#include <stdbool.h>

#include "base/rng.h"
#include "families/tree/hist.h"

struct split_rule {
	double l1, l2;		/* l1 in units of g; l2, min_weight, smooth of h */
	double min_weight;	/* least sum of h on a side */
	double smooth;		/* categories: pseudo weight at the node's mean, and added to l2 */
	size_t min_leaf;	/* least rows on a side */
	int one_vs_rest;	/* a category with at most so many levels in the node: one against the rest */
	bool entropy;		/* score by entropy: two classes, g = -w for class 1 */
	double ratio;		/* unit of g over unit of h, for entropy */
	bool bounded;		/* leaf values are held within lo..hi, and sign is obeyed */
	bool extra;		/* one cut at random a column (extremely randomised trees, Geurts et al. 2006) */
	int shift;
};

struct split {
	double gain;		/* score of both sides together; -INFINITY: there is none */
	int32_t col;
	bool cat;
	bool missing_left;
	double threshold;	/* numeric: x <= threshold goes left */
	uint64_t left[4];	/* bins that go left */
	hist_cell sum;		/* of the left side */
};

/*
 * More than two classes: the score is sum over classes of (class weight)^2 /
 * weight, or by entropy. The node's rows are sorted by bin (by counting), and
 * a sweep moves them from right to left one at a time: O(rows) a column,
 * however many classes. The cells then hold one class against the rest, by
 * which the levels of a category are put in order.
 */
struct split_classes {
	int32_t k;
	const int32_t *label;	/* by row of bins */
	const struct grad *gh;	/* by row of bins; h is the weight */
	const uint8_t *bin;	/* of the column, by row of bins, BIN_STRIDE apart */
	const uint32_t *rows;	/* (m) of the node, without those in the bin of 0 of a sparse column */
	size_t m;
	const double *all;	/* (k) class weights of the node */
	double *left, *right;	/* (k) scratch */
	double *zero;		/* (k) of a sparse column: class weights of its bin of 0, which moves as one */
	uint32_t *order;	/* (m) scratch */
	uint32_t start[257];	/* scratch: where a bin's rows start in order */
};

/* One column of one node. */
struct split_task {
	const struct split_rule *rule;
	const struct bins *b;
	int32_t col;
	const hist_cell *cells;		/* (nbins + 1) */
	const uint64_t *touched;	/* (4) bins that have rows; NULL: look */
	hist_cell total;
	int sign;			/* 1: the value must not fall along the column, -1: not rise, 0: free */
	double lo, hi;			/* of leaf values, in units of g over h */
	struct rng *rng;		/* for extra */
	struct split_classes *classes;	/* NULL: two classes or a number */
};

static const struct split split_none = { .gain = -__builtin_inf(), .col = -1 };

/* Replaces *best when the column has a better split. False when all rows are in one bin. */
bool split_find(const struct split_task *t, struct split *best);

/*
 * May a sparse column split better than `gain`? own (n): its cells without that
 * of 0, the first `neg` of values below 0. A quick no for most: of any cut one
 * side is without 0. t->cells are not read.
 */
bool split_may_beat(const struct split_task *t, const hist_cell *own, size_t neg, size_t n, double gain);

/* Score of both sides when `left` goes left, or -INFINITY when a rule forbids it; not for classes. */
double split_pair(const struct split_task *t, hist_cell left);

/* A node's value -T(G) / (H + l2) within lo..hi, and its score with that value. */
double split_value(const struct split_rule *r, hist_cell sum, double lo, double hi);
double split_score(const struct split_rule *r, hist_cell sum, double lo, double hi);

/* Score of class weights w (k). */
double split_score_classes(const struct split_rule *r, const double *w, int32_t k);

#endif
