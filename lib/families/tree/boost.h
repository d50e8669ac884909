/*
 * Gradient boosting: options and the fitted model, between boost.c (fitting),
 * rows.c (what a round learns from) and boost_family.c (the family).
 */
#ifndef DLS_TREE_BOOST_H
#define DLS_TREE_BOOST_H

#include "families/tree/grow.h"
#include "families/tree/objective.h"
#include "model/run.h"
#include "opt/opt.h"

struct boost_opts {
	int32_t trees, leaves, depth, min_leaf, bins;
	double rate, rows, cols, l1, l2, min_gain, min_weight, cat_smooth, level, delta;
	double goss_top, goss_rest, dart, dart_skip;
	const char *objective, *grow;
	struct strs monotone;
};

struct boost {
	struct objective o;
	struct trees trees;	/* tree t is of round t / k, class t % k; leaves hold values times the rate */
	double *base;		/* (k) where scores start */
	int32_t rounds;
};

struct boost *boost_fit(const struct boost_opts *o, const struct data *d, struct run *run);

/* Rows that a round learns from, to rows (n, ascending); returns how many. */
size_t sample_rows(const struct boost_opts *o, size_t n, uint64_t seed, int round, uint32_t *rows);

/*
 * Gradient-based one-side sampling (Ke et al. 2017): the share `top` of rows
 * of largest key, and the share `rest` of all from the others, whose factor
 * (n) becomes (1 - top) / rest; the taken ones' else 1.
 */
size_t sample_goss(const struct boost_opts *o, const double *key, size_t n, uint64_t seed, int round, uint32_t *rows,
		   double *factor);

/* Columns of a round as marks (ncols); at least one. */
void sample_cols(double share, size_t ncols, uint64_t seed, int round, uint8_t *use);

/* Signs of "COLUMN=1" and "COLUMN=-1" (and 0), to sign (ncols); or what is wrong (the caller's). */
char *monotone_signs(const struct strs *list, const struct column *cols, size_t ncols, int8_t *sign);

#endif
