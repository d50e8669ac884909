/* Pictures sampled through an affine map. */
#ifndef DLS_DATA_IMAGE_WARP_H
#define DLS_DATA_IMAGE_WARP_H

#include <stdbool.h>

#include "data/image/picture.h"

/* What is seen beyond the edge: black; the picture mirrored at the middle of its outermost pixels; the nearest pixel. */
enum edge { EDGE_ZERO, EDGE_REFLECT, EDGE_NEAREST };

/*
 * Where a point (x, y) of the sample lies in the picture: (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]). Pixel i of
 * either spans i to i + 1.
 */
struct affine {
	double m[6];
};

/* True when the map only mirrors and moves by whole pixels. */
bool warp_is_exact(const struct affine *a);

/* The pixel index i stands for among n, or -1 for black. */
int32_t warp_edge(enum edge edge, int64_t i, int32_t n);

/*
 * The picture through the map to planes (c, h, w) of floats from 0 to 1: bilinear, or pixel by pixel where the map is
 * exact. Where it makes the picture smaller by 2 or more, a pixel of the sample is the mean of warp_points() x
 * warp_points() points, so that nothing between them is passed over.
 */
int warp_points(const struct affine *a);	/* 1 to 8 */
void warp_planes(const struct picture *p, const struct affine *a, enum edge edge, int32_t h, int32_t w, float *planes);

/* Through an exact map and a table, (c) rows of 256 for each channel of out (h, w, c), which is that of p or, bgr, reversed. */
void warp_table(const struct picture *p, const struct affine *a, enum edge edge, int32_t h, int32_t w,
		const float (*table)[256], bool bgr, float *out);

#endif
