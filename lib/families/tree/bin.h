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
 *
 * Sparse columns come after these, as numbers most of which are 0; see
 * sparse.c. Those that no leaf could tell apart are left out.
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

/* Neighbouring sparse columns whose part of a histogram stays in the cache while it is built. */
struct bin_block {
	size_t first, last;	/* columns first .. last - 1 */
	uint32_t *start;	/* (n + 1) where a row's entries are */
	uint16_t *entry;	/* the cells that are not 0 by row: which cell of the block's part of a histogram */
	uint16_t *col;		/* (cells of the part) whose it is, counted from first */
};

struct bins {
	size_t n, ncols;
	size_t ndense;		/* columns that are not sparse */
	struct bin_col *cols;	/* (ncols) */
	uint32_t *id;		/* (ncols) the column's number in the table, sparse ones counted on */
	size_t *offset;		/* (ncols + 1) where a column's cells start in a histogram: nbins + 1, or nbins without that of 0 */
	size_t ncells;		/* of a histogram: these, and from offset[ncols] on a cell of 0 for each sparse column */
	uint8_t *cells;		/* (ndense / 4 rounded up, n, 4) */
	/* of sparse columns, NULL without: */
	uint8_t *zero;		/* (ncols) the bin of 0; when no row has it, that of the missing, of whom there are none */
	size_t *begin;		/* (ncols + 1) where a column's cells that are not 0 begin in row and bin */
	size_t nnz;		/* of these cells */
	uint32_t *row;		/* (nnz) ascending in a column */
	uint8_t *bin;		/* (nnz) */
	size_t nblocks;
	struct bin_block *blocks;
};

static inline const uint8_t *bins_col(const struct bins *b, size_t c)
{
	return b->cells + c / BIN_STRIDE * BIN_STRIDE * b->n + c % BIN_STRIDE;
}

/*
 * Bins of n rows of the table (ascending with the view), at most `max` bins of
 * values a column; sparse columns that no leaf of min_leaf rows can be split
 * by are left out.
 */
struct bins *bins_new(const struct data *d, const uint32_t *rows, size_t n, int max, int min_leaf, int threads);
void bins_free(struct bins *b);	/* NULL is fine */

/*
 * The threshold of a cut after bin `left` when the next bin with rows is
 * `right`: half-way between their values, moved where needed so that every
 * value in a bin up to left is <= it and every value from right on is above.
 */
double bins_threshold(const struct bin_col *c, int left, int right);

/*
 * The cells of a sparse column that are not 0 among rows (m, ascending): their
 * places in rows to at, their bins to bin (room for m + 1 each); returns how
 * many. place[row] - first is a row's place, m or more for a row not among them.
 */
size_t bins_hits(const struct bins *b, size_t col, const uint32_t *rows, size_t m, const uint32_t *place, uint32_t first,
		 uint32_t *at, uint8_t *bin);

/* Asks for the entries of the row that is some rows after rows[i], of m that lie apart. */
static inline void bins_ask(const struct bin_block *x, const uint32_t *rows, size_t m, size_t i)
{
	enum { SOON = 8 };
	if (i + 2 * SOON < m)
		__builtin_prefetch(&x->start[rows[i + 2 * SOON]]);
	if (i + SOON < m) {
		const uint32_t *at = &x->start[rows[i + SOON]];
		for (uint32_t e = at[0]; e < at[1]; e += 64 / sizeof(*x->entry))
			__builtin_prefetch(&x->entry[e]);
	}
}

/* Marks (a bit each, 0 before) the sparse columns that are not 0 in one of the rows (m). */
void bins_seen(const struct bins *b, const uint32_t *rows, size_t m, uint64_t *seen);

/* --------------------------------------- shared by bin.c and sparse.c alone */

/* The distinct values among x[rows[0 .. n - 1]] (NULL: x[0 .. n - 1]), ascending, and how often each is there; no NaN. */
struct values {
	size_t n;
	double *v;
	uint32_t *count;
};

struct values bins_values(const double *x, const uint32_t *rows, size_t n);
void values_free(struct values *v);

void bins_begin(struct bin_col *c, size_t most);	/* room for so many bins, which bins_cut() then adds */
void bins_cut(struct bin_col *c, const double *v, const uint32_t *count, size_t m, size_t max);
void bins_end(struct bin_col *c);
void bins_bounds(const struct bin_col *c, double *upper);	/* to upper (256), inf from the last bin on */
unsigned bins_find(const double *upper, double x);	/* the first of 256 bounds that x does not exceed */

void bins_add_sparse(struct bins *b, const struct sparse *s, const uint32_t *rows, size_t max, size_t min_leaf,
		     int threads);
void bins_make_blocks(struct bins *b, int threads);

#endif
