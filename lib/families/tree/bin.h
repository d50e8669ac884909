/*
 * Columns as bins: each cell of the training rows becomes one byte, so that a
 * histogram over a column is a loop over bytes and a split is a cut between
 * two bins.
 *
 * Numbers: a column with at most `max` distinct values gets a bin for each;
 * else the bins hold about equally many rows. A bin ends half-way between its
 * largest value and the next one, so thresholds generalise. Categories: a bin
 * for each level that occurs; of more than `max`, the most frequent max - 1
 * have their own and the rest share one. The missing have the bin after the
 * last.
 *
 * Layout: four neighbouring columns are interleaved row by row, so one 32-bit
 * load serves four histograms, and a scattered row touches a quarter of the
 * cache lines that plain columns would. Cell (row, c) is
 * bins_col(b, c)[row * BIN_STRIDE].
 */
#ifndef DLS_TREE_BIN_H
#define DLS_TREE_BIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/data.h"

#define BIN_STRIDE 4
#define BIN_MAX 255	/* bins of values; one more holds the missing */

struct bin_col {
	bool cat;
	bool missing;		/* a training row is missing here */
	int32_t nbins;		/* bins of values, at least 1; bin nbins holds the missing */
	double *upper;		/* (nbins) numeric: x is in the first bin with x <= upper; the last is inf */
	double *low, *high;	/* (nbins) numeric: least and largest value seen in the bin */
	int16_t *of_level;	/* (nlevels) category: bin of a level, -1 for one that did not occur */
	int32_t nlevels;
};

struct bins {
	size_t n, ncols;
	struct bin_col *cols;	/* (ncols) */
	size_t *offset;		/* (ncols + 1) where a column's cells start in a histogram */
	uint8_t *cells;		/* (ncols / 4 rounded up, n, 4) */
};

static inline const uint8_t *bins_col(const struct bins *b, size_t c)
{
	return b->cells + c / BIN_STRIDE * BIN_STRIDE * b->n + c % BIN_STRIDE;
}

/* Bins of n rows, which are rows of the table; at most `max` bins of values a column. */
struct bins *bins_new(const struct column *cols, size_t ncols, const uint32_t *rows, size_t n, int max, int threads);
void bins_free(struct bins *b);	/* NULL is fine */

/*
 * The threshold of a cut after bin `left` when the next bin with rows is
 * `right`: half-way between their values, moved where needed so that every
 * value in a bin up to left is <= it and every value from right on is above.
 */
double bins_threshold(const struct bin_col *c, int left, int right);

#endif
