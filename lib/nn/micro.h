/*
 * The innermost loops of tile.c and tileweights.c: products of small tiles of
 * matrices, whose sums stay in registers. In C for registers of eight floats
 * (AVX2, where a core reaches nine tenths of its peak), and slowly on others.
 * The order of each sum is that of the loops, whatever stands beside it.
 */
#ifndef DLS_NN_MICRO_H
#define DLS_NN_MICRO_H

#include <stdbool.h>
#include <stddef.h>

#define MICRO_ROWS 6
#define MICRO_COLS 16

/*
 * acc (rows, 16) = or += (unless first) the sum over taps t and k < n of x[t][row][from + k] w[t][k][col]: rows of x stand
 * anywhere, x (taps, rows) says where; w (taps, n, 16).
 */
void micro_gather(const float *const *x, size_t taps, size_t from, size_t n, const float *w, float *acc, bool first);

/* Positions of a picture in packed arrays: pictures x rows x cols of them, and how far apart they are (floats). */
struct micro_walk {
	size_t pictures, rows, cols;
	size_t x_picture, x_row, x_col;
	size_t y_picture, y_row;	/* y_col is MICRO_COLS */
};

/* acc (rows, 16) = or += (unless first) the sum over positions p of x[p][row] y[p][col]. */
void micro_outer(const struct micro_walk *w, const float *x, const float *y, float *acc, bool first);

/* y (cols at most 16) = acc + bias (16) + (sum) y, and of that relu. */
void micro_finish(const float *acc, const float *bias, float *y, size_t cols, bool sum, bool relu);

/* Whether this machine has what these loops are made for. */
bool micro_fast(void);

#endif
