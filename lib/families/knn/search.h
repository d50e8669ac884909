/*
 * Exact nearest neighbours by brute force, for rows of floats and of codes.
 *
 * Rows lie in tiles of 16, column by column inside a tile, so a vector lane is
 * a row: whatever the width of the vectors, a distance is the same sum over
 * the columns in their order, and no result depends on the machine. Four
 * queries share each load of a tile (64 sums in registers, 3 operations for a
 * cell); tiles are walked in groups that stay in the second-level cache while
 * a block of queries passes over them. Neighbours are ordered by distance,
 * then by row, so ties are decided by the order of the rows.
 */
#ifndef DLS_FAMILIES_KNN_SEARCH_H
#define DLS_FAMILIES_KNN_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KNN_TILE 16
#define KNN_LIMIT 1e15f	/* cells are at most this large, so no sum overflows */

struct knn_near {
	float dist;	/* sum of squares, or of absolute differences */
	uint32_t row;
};

/*
 * Rows of `nums` numbers, then `codes` codes as floats. Codes that differ add
 * 1. squares: (a - b)^2 for numbers, else |a - b|.
 */
struct knn_index {
	size_t n, nums, codes;
	bool squares;
	float *tiles;	/* (ceil(n / 16), nums + codes, 16) */
};

struct knn_index knn_index_new(size_t n, size_t nums, size_t codes, bool squares);
void knn_index_free(struct knn_index *ix);

static inline float *knn_cell(const struct knn_index *ix, size_t row, size_t col)
{
	return ix->tiles + (row / KNN_TILE * (ix->nums + ix->codes) + col) * KNN_TILE + row % KNN_TILE;
}

/* The k nearest rows (k <= n) of each of the q (nq, nums + codes), nearest first: out (nq, k). */
void knn_search(const struct knn_index *ix, const float *q, size_t nq, size_t k, struct knn_near *out);

#endif
