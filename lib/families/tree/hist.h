/*
 * Histograms of gradients: for each bin of each column the sums over rows of
 * gradient, hessian and 1. One builder for trees, forests and boosting.
 *
 * Gradients are integers: g = round(gradient / unit) with 30 bits, so their
 * 64-bit sums are exact, the same in any order, and finer than sums of floats;
 * threads never change a bit, and a larger child is exactly its parent minus
 * the smaller. A cell is one 128-bit vector, so an update is one load, one add
 * and one store: lane 0 is the sum of g, lane 1 holds count << shift | sum of
 * h, with as many bits a hessian as 63 bits leave after the count (30 up to
 * 64k rows, 25 for 400k, 15 for 10 million).
 *
 * Of many rows 13 bits of a gradient and 12 of a hessian do (Shi et al. 2022
 * get by with 5): a few thousand of these, with their count, add up in one
 * 64-bit word, in half the time, before the words are added to cells.
 */
#ifndef DLS_TREE_HIST_H
#define DLS_TREE_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "families/tree/bin.h"

typedef int64_t hist_cell __attribute__((vector_size(16)));

struct grad {
	int32_t g, h;	/* h >= 0 */
};

/* What the integers stand for; powers of two. */
struct grad_unit {
	double g, h;
	int shift;	/* of the count in lane 1 */
	bool narrow;	/* gradients have 13 bits, hessians 12 */
};

static inline hist_cell grad_cell(struct grad x, int shift)
{
	return (hist_cell){ x.g, x.h + ((int64_t)1 << shift) };
}

static inline uint64_t cell_count(hist_cell c, int shift)
{
	return (uint64_t)c[1] >> shift;
}

static inline double cell_h(hist_cell c, int shift)
{
	return (double)(c[1] & (((int64_t)1 << shift) - 1));
}

/* Bits for counts of n rows, and the unit of no gradient yet. */
struct grad_unit grad_unit_for(size_t n);

/* To integers of at most `bits` bits (30 or fewer; 0: narrow if that does, else 30): g, h (n) finite, h >= 0, to out (n); sets the units. */
void grad_quantise(const double *g, const double *h, size_t n, int bits, struct grad *out, struct grad_unit *u,
		   int threads);

/*
 * Histograms of the columns marked in use (ncols) and of all sparse ones, over
 * rows (m) of bins; NULL: rows 0..m-1. room (m) and half (as out; or NULL) are
 * scratch.
 */
void hist_build(const struct bins *b, const uint8_t *use, const uint32_t *rows, size_t m, const struct grad *gh,
		struct grad *room, struct grad_unit u, hist_cell *half, hist_cell *out, int threads);

/* Of one dense column, to out (nbins + 1), which is zero before; gh (m) in the order of rows. */
void hist_column(const struct bins *b, size_t col, const uint32_t *rows, size_t m, const struct grad *gh, int shift,
		 hist_cell *out);

/* A column's cells (nbins + 1) of a histogram; those of a sparse column are put together in room (256). */
const hist_cell *hist_cells(const struct bins *b, const hist_cell *h, size_t col, hist_cell *room);

/* Of a sparse column: the cell of 0. */
static inline hist_cell hist_zero(const struct bins *b, const hist_cell *h, size_t col)
{
	return h[b->offset[b->ncols] + col - b->ndense];
}

/* x -= y, over the cells of the columns in use and of the sparse ones. */
void hist_subtract(const struct bins *b, const uint8_t *use, hist_cell *x, const hist_cell *y);

#endif
