/*
 * The design: how columns of a table become columns of numbers, without a
 * copy of the whole. A numeric column gives itself, with the mean for missing
 * values, and when training rows missed some an indicator of that; with knots
 * also max(0, x - knot) for each, so that its effect may bend there (knots are
 * quantiles of the training rows, strictly inside their range). A category
 * gives a column for each state seen in training (a level, or missing), except
 * that a column whose states are two gives one for the second, and that
 * without a penalty the first state of any column gives none, as then they
 * would add up to the intercept. A column that does not vary gives nothing. A
 * state never seen in training counts as the average of the training rows.
 *
 * Rows are delivered in blocks: numbers standardised and dense, the 0/1 columns
 * as the one that is set per slot (the states of one column), so that a
 * category costs one addition a row however many levels it has.
 */
#ifndef DLS_FAMILIES_LINEAR_DESIGN_H
#define DLS_FAMILIES_LINEAR_DESIGN_H

#include "data/data.h"

#define DESIGN_ROWS 256		/* rows of a block: 256 x 50 doubles stay in the second cache */
#define DESIGN_VALUE (-1)	/* "level" of a design column that is the number itself */
#define DESIGN_HINGE (-2)	/* ... that is max(0, number - knot) */

struct design {
	size_t ncols;		/* columns of the data */
	size_t p;		/* design columns: nd numbers, then those of the slots */
	size_t nd, nslots;
	size_t ld;		/* width of a dense row: 1, numbers, zeros up to a multiple of 8 */
	int32_t *col;		/* (p) column of the data */
	int32_t *level;		/* (p) one of the above, a level, or nlevels for missing (0 for a numeric column) */
	double *mean, *sd;	/* (p) over training rows, weighted */
	double *knot;		/* (p) of a hinge, else 0 */
	int32_t *base;		/* (ncols) state without a column that stands for all zeros, or -1 */
	struct slot {
		size_t col;
		int32_t *at;	/* (nlevels + 1) state -> parameter 1 + design column, or -1 */
	} *slots;		/* (nslots) */
};

/* drop: leave out the first state of categories; knots: at most so many for each number. Rows of weight 0 do not count. */
struct design *design_new(const struct data *d, bool drop, int32_t knots, int threads);
void design_free(struct design *ds);

/*
 * Rows i0 .. i0 + n - 1 of the view, n <= DESIGN_ROWS: dense (n, ld), 64-byte
 * aligned, begins with 1; hot (n, nslots) the parameter that is set, or -1.
 */
void design_block(const struct design *ds, const struct data *d, size_t i0, size_t n, double *dense, int32_t *hot);

/* The same for the n rows of the view whose numbers are in rows. */
void design_gather(const struct design *ds, const struct data *d, const uint32_t *rows, size_t n,
		   double *dense, int32_t *hot);

#endif
