/*
 * Convolution in float as products of small tiles, for what oneDNN does less
 * well than a machine with AVX2 could: NHWC pictures whose rows of channels lie
 * a power of two apart, gradients of weights, and dense layers in which a row
 * must not depend on its place. Nothing but weights is copied in whole: a tile
 * takes its positions from the array by a table of pointers. dnnl.c chooses.
 */
#ifndef DLS_NN_TILE_H
#define DLS_NN_TILE_H

#include "nn/kernel.h"

struct tile;	/* forward or back_data */

/* back: the gradient of the input from that of the output. groups 1 only. */
struct tile *tile_new(const struct conv_shape *s, bool back, bool relu);
void tile_free(struct tile *t);
void tile_pack(struct tile *t, const float *w);
size_t tile_scratch(const struct tile *t);
/* to = relu(convolution + bias + to), bias NULL: none; add: whether `to` is read. */
void tile_run(const struct tile *t, const float *from, const float *bias, float *to, bool add, void *scratch);

size_t tile_weights_scratch(const struct conv_shape *s);
/* gw (canonical) = or += (add) the gradient of the weights. */
void tile_weights(const struct conv_shape *s, const float *x, const float *gy, float *gw, bool add, void *scratch);

#endif
