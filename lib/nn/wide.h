/*
 * Loops at the speed of memory. A WIDE function is compiled for several vector
 * widths, of which the machine chooses; products are never fused with sums, so
 * all give the same bits. An inner loop over arrays of which one may be
 * another, element by element (an op in place), begins with EACH: without it
 * the compiler would run it one by one just there.
 *
 * Channels are innermost and may be few, so loops that need a number for each
 * channel run over several positions as one: `wide` is a multiple of c, arrays
 * (c) are spread to (wide), sums (wide) are folded to (c).
 */
#ifndef DLS_NN_WIDE_H
#define DLS_NN_WIDE_H

#include <stddef.h>

#include "nn/real.h"

#define WIDE __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))
#define EACH _Pragma("GCC ivdep")
/* The body of WIDE functions that differ by what is known when they are compiled. */
#define BODY static inline __attribute__((always_inline))

BODY size_t wide_of(size_t c)
{
	return c < 128 ? (128 + c - 1) / c * c : c;
}

BODY void wide_spread(size_t c, size_t wide, const real *from, real *to)
{
	for (size_t i = 0; i < wide; i += c)
		for (size_t j = 0; j < c; j++)
			to[i + j] = from[j];
}

BODY void wide_fold(size_t c, size_t wide, const real *from, double *to)
{
	for (size_t i = 0; i < wide; i += c)
		for (size_t j = 0; j < c; j++)
			to[j] += (double)from[i + j];
}

#endif
