/*
 * Forests, and the single tree as a forest of one: options and the fitted
 * model, between forest.c (fitting) and forest_family.c (the families).
 */
#ifndef DLS_TREE_FOREST_H
#define DLS_TREE_FOREST_H

#include "families/tree/grow.h"
#include "families/tree/objective.h"
#include "model/run.h"
#include "opt/opt.h"

struct forest_opts {
	int32_t trees, leaves, depth, min_leaf, bins;
	double cols, rows, min_gain;
	bool bootstrap, extra;
	const char *criterion;
};

struct forest {
	struct trees trees;	/* leaves: the mean, the probability of class 1 of two, or of each of several */
	size_t outputs;
	double oob_score;	/* by the task's usual metric; NaN: none */
	double *unseen;		/* (nview, outputs) out-of-bag predictions, right after fit; or NULL */
	size_t nview;
};

struct forest *forest_fit(const struct forest_opts *o, const struct data *d, struct run *run);

/* Adds a tree's prediction to sum (outputs) at its leaf; and sums over so many trees to predictions. */
void forest_add(const struct forest *m, uint32_t leaf, double *sum);
void forest_mean(const struct forest *m, const double *sum, size_t trees, double *out);

#endif
