#include "families/knn/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define QUERIES 4		/* that share a load of a tile */
#define GROUP_BYTES 262144	/* of tiles that a block of queries passes over at once */

/* No wider than the registers of AVX2: what is, GCC 12 keeps in memory. */
#define LANES 8
#define PARTS (KNN_TILE / LANES)
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t masks __attribute__((vector_size(LANES * sizeof(int32_t))));

struct knn_index knn_index_new(size_t n, size_t nums, size_t codes, bool squares)
{
	size_t tiles = (n + KNN_TILE - 1) / KNN_TILE, cells = tiles * (nums + codes) * KNN_TILE;
	struct knn_index ix = { n, nums, codes, squares, mem_aligned(cells, sizeof(float)) };
	memset(ix.tiles, 0, cells * sizeof(float));
	return ix;
}

void knn_index_free(struct knn_index *ix)
{
	free(ix->tiles);
}

/* ---- the k nearest so far: a heap with the farthest on top ---- */

static bool farther(struct knn_near a, struct knn_near b)
{
	return a.dist > b.dist || (a.dist == b.dist && a.row > b.row);
}

/* Puts x in at the top of h (n) and lets it sink. */
static void sink(struct knn_near *h, size_t n, struct knn_near x)
{
	size_t i = 0;
	for (size_t c; (c = 2 * i + 1) < n; i = c) {
		if (c + 1 < n && farther(h[c + 1], h[c]))
			c++;
		if (!farther(h[c], x))
			break;
		h[i] = h[c];
	}
	h[i] = x;
}

/* Heap to ascending order, in place. */
static void sort_heap(struct knn_near *h, size_t n)
{
	while (n > 1) {
		struct knn_near last = h[--n];
		h[n] = h[0];
		sink(h, n, last);
	}
}

/* ---- distances ---- */

/*
 * Distances of QUERIES queries, q (cols, QUERIES), to the rows of a tile
 * (cols, KNN_TILE): out (QUERIES, KNN_TILE).
 */
static inline __attribute__((always_inline)) void tile_distances(const struct knn_index *ix, const float *tile,
								 const float *q, bool squares, lanes out[QUERIES][PARTS])
{
	const lanes *x = (const lanes *)tile;
	const lanes one = (lanes){ 0 } + 1.0f;
	lanes sum[QUERIES][PARTS] = { { { 0 } } };
	for (size_t j = 0; j < ix->nums; j++, x += PARTS, q += QUERIES)
#pragma GCC unroll 8
		for (int i = 0; i < QUERIES * PARTS; i++) {
			lanes d = x[i % PARTS] - q[i / PARTS];
			sum[i / PARTS][i % PARTS] += squares ? d * d : (lanes)((masks)d & INT32_MAX);
		}
	for (size_t j = 0; j < ix->codes; j++, x += PARTS, q += QUERIES)
#pragma GCC unroll 8
		for (int i = 0; i < QUERIES * PARTS; i++)
			sum[i / PARTS][i % PARTS] += (lanes)((masks)one & (x[i % PARTS] != q[i / PARTS]));
#pragma GCC unroll 8
	for (int i = 0; i < QUERIES * PARTS; i++)
		out[i / PARTS][i % PARTS] = sum[i / PARTS][i % PARTS];
}

/* Offers LANES rows from `row` on to a heap of k. */
static inline __attribute__((always_inline)) void offer(struct knn_near *heap, size_t k, lanes dist, size_t row, size_t n)
{
	masks nearer = dist < heap->dist;
	int any = 0;
	for (int l = 0; l < LANES; l++)
		any |= nearer[l];
	for (size_t l = 0; any && l < LANES && row + l < n; l++)
		if (dist[l] < heap->dist)
			sink(heap, k, (struct knn_near){ dist[l], (uint32_t)(row + l) });
}

/* Offers the rows of tiles first..last-1 to QUERIES queries, of which the first nq count: heaps (nq, k). */
static inline __attribute__((always_inline)) void walk(const struct knn_index *ix, size_t first, size_t last,
						       const float *q, size_t nq, size_t k, bool squares,
						       struct knn_near *heaps)
{
	size_t width = (ix->nums + ix->codes) * KNN_TILE;
	for (size_t t = first; t < last; t++) {
		lanes dist[QUERIES][PARTS];
		tile_distances(ix, ix->tiles + t * width, q, squares, dist);
		for (size_t i = 0; i < nq; i++)
			for (size_t r = 0; r < PARTS; r++)
				offer(heaps + i * k, k, dist[i][r], t * KNN_TILE + r * LANES, ix->n);
	}
}

__attribute__((target_clones("avx512f", "avx2", "default")))
static void walk_tiles(const struct knn_index *ix, size_t first, size_t last, const float *q, size_t nq, size_t k,
		       struct knn_near *heaps)
{
	if (ix->squares)
		walk(ix, first, last, q, nq, k, true, heaps);
	else
		walk(ix, first, last, q, nq, k, false, heaps);
}

/* Queries (nq, cols) to groups of QUERIES, column by column, the last group padded with zeros. */
static float *group_queries(const float *q, size_t nq, size_t cols)
{
	size_t groups = (nq + QUERIES - 1) / QUERIES;
	float *out = NEW0(float, groups * cols * QUERIES);
	for (size_t i = 0; i < nq; i++)
		for (size_t j = 0; j < cols; j++)
			out[(i / QUERIES * cols + j) * QUERIES + i % QUERIES] = q[i * cols + j];
	return out;
}

void knn_search(const struct knn_index *ix, const float *q, size_t nq, size_t k, struct knn_near *out)
{
	size_t cols = ix->nums + ix->codes, tiles = (ix->n + KNN_TILE - 1) / KNN_TILE;
	size_t group = 1 + GROUP_BYTES / (cols * KNN_TILE * sizeof(float) + 1);
	float *grouped = group_queries(q, nq, cols);
	for (size_t i = 0; i < nq * k; i++)
		out[i] = (struct knn_near){ INFINITY, UINT32_MAX };
	for (size_t first = 0; first < tiles; first += group) {
		size_t last = first + group < tiles ? first + group : tiles;
		for (size_t i = 0; i < nq; i += QUERIES)
			walk_tiles(ix, first, last, grouped + i * cols, nq - i < QUERIES ? nq - i : QUERIES, k,
				   out + i * k);
	}
	for (size_t i = 0; i < nq; i++)
		sort_heap(out + i * k, k);
	free(grouped);
}
