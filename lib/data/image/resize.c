/*
 * Resizing as two passes of weighted sums of rows of bytes: first along x (a band of rows is turned so that columns become
 * rows), rounded to bytes, then along y. Weights are a triangle as wide as the reduction, in 22-bit fixed point; the bytes
 * are those of Pillow's BILINEAR.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/image/decode.h"

#define BITS 22		/* of a weight's fraction: 255 times the sum of weights stays under 2^31 */
#define LANES 32	/* bytes summed at once */
#define BAND 32		/* rows turned at once */
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))

/* For each place of the output, which of the input's it is made of. */
struct taps {
	int32_t most;		/* weights a place at most */
	int32_t *first, *n;	/* (out) */
	int32_t *weight;	/* (out, most) */
};

static void taps_free(struct taps *t)
{
	free(t->first);
	free(t->n);
	free(t->weight);
}

static bool taps_make(struct taps *t, int32_t in, int32_t out)
{
	double scale = (double)in / out, reach = scale < 1 ? 1 : scale;
	t->most = (int32_t)ceil(reach) * 2 + 1;
	t->first = calloc((size_t)out, sizeof(*t->first));
	t->n = calloc((size_t)out, sizeof(*t->n));
	t->weight = calloc((size_t)out * (size_t)t->most, sizeof(*t->weight));
	double *w = calloc((size_t)t->most, sizeof(*w));
	bool room = t->first && t->n && t->weight && w;
	for (int32_t i = 0; room && i < out; i++) {
		double centre = (i + 0.5) * scale, inverse = 1 / reach, sum = 0;
		int32_t lo = (int32_t)(centre - reach + 0.5), hi = (int32_t)(centre + reach + 0.5);
		lo = lo < 0 ? 0 : lo;
		hi = hi > in ? in : hi;
		for (int32_t k = lo; k < hi; k++) {
			double d = fabs((k - centre + 0.5) * inverse);
			w[k - lo] = d < 1 ? 1 - d : 0;
			sum += w[k - lo];
		}
		for (int32_t k = 0; k < hi - lo; k++)
			t->weight[(size_t)i * (size_t)t->most + (size_t)k] = (int32_t)(0.5 + w[k] / sum * (1 << BITS));
		t->first[i] = lo;
		t->n[i] = hi - lo;
	}
	free(w);
	return room;
}

/* out[j] = sum of weight[k] * in[k * stride + j], rounded; j < LANES. */
__attribute__((always_inline))
static inline void sum_lanes(const uint8_t *in, size_t stride, const int32_t *weight, int32_t n, uint8_t *out)
{
	int32_t sum[LANES];
	for (int j = 0; j < LANES; j++)
		sum[j] = 1 << (BITS - 1);
	for (int32_t k = 0; k < n; k++, in += stride)
		for (int j = 0; j < LANES; j++)
			sum[j] += weight[k] * in[j];
	for (int j = 0; j < LANES; j++) {
		int32_t v = sum[j] >> BITS;
		out[j] = (uint8_t)(v > 255 ? 255 : v);
	}
}

/* Each row of out as a weighted sum of rows of in; rows of in and out are `stride` bytes long, of which `width` count. */
WIDE static void sum_rows(const uint8_t *in, size_t stride, size_t width, const struct taps *t, int32_t rows, uint8_t *out)
{
	for (int32_t i = 0; i < rows; i++, out += stride) {
		const uint8_t *from = in + (size_t)t->first[i] * stride;
		const int32_t *weight = t->weight + (size_t)i * (size_t)t->most;
		size_t j = 0;
		for (; j + LANES <= width; j += LANES)
			sum_lanes(from + j, stride, weight, t->n[i], out + j);
		if (j < width && width >= LANES) {	/* the last bytes, with some before them once more */
			sum_lanes(from + width - LANES, stride, weight, t->n[i], out + width - LANES);
			continue;
		}
		for (; j < width; j++) {
			int32_t sum = 1 << (BITS - 1);
			for (int32_t k = 0; k < t->n[i]; k++)
				sum += weight[k] * from[(size_t)k * stride + j];
			out[j] = (uint8_t)(sum >> BITS > 255 ? 255 : sum >> BITS);
		}
	}
}

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* Each row of the upper half interleaved with its like of the lower half: four times, and a 16 x 16 square is turned. */
static inline void interleave(const bytes16 *in, bytes16 *out)
{
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) {
		bytes16 a = in[i], b = in[i + 8];
		out[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
		out[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
	}
}

static inline void turn_square(const uint8_t *in, size_t in_stride, uint8_t *out, size_t out_stride)
{
	bytes16 a[16], b[16];
#pragma GCC unroll 16
	for (size_t i = 0; i < 16; i++)
		memcpy(&a[i], in + i * in_stride, 16);
	interleave(a, b);
	interleave(b, a);
	interleave(a, b);
	interleave(b, a);
#pragma GCC unroll 16
	for (size_t i = 0; i < 16; i++)
		memcpy(out + i * out_stride, &a[i], 16);
}

/* (rows, cols) bytes to (cols, rows) */
static void turn(const uint8_t *in, size_t in_stride, size_t rows, size_t cols, uint8_t *out, size_t out_stride)
{
	size_t y = 0;
	for (; y + 16 <= rows; y += 16) {
		size_t x = 0;
		for (; x + 16 <= cols; x += 16)
			turn_square(in + y * in_stride + x, in_stride, out + x * out_stride + y, out_stride);
		for (; x < cols; x++)
			for (size_t i = y; i < y + 16; i++)
				out[x * out_stride + i] = in[i * in_stride + x];
	}
	for (; y < rows; y++)
		for (size_t x = 0; x < cols; x++)
			out[x * out_stride + y] = in[y * in_stride + x];
}

/* Along x, from in to out of the same height. */
static const char *narrow(const struct picture *in, struct picture *out)
{
	struct taps t;
	size_t c = (size_t)in->c, from = (size_t)in->w * c, to = (size_t)out->w * c;
	uint8_t *a = calloc(from, BAND), *b = calloc(to, BAND);
	bool room = taps_make(&t, in->w, out->w) && a && b;
	for (int32_t y = 0; room && y < in->h; y += BAND) {
		size_t rows = in->h - y < BAND ? (size_t)(in->h - y) : BAND;
		turn(in->px + (size_t)y * from, from, rows, from, a, BAND);
		sum_rows(a, c * BAND, c * BAND, &t, out->w, b);
		turn(b, BAND, to, rows, out->px + (size_t)y * to, to);
	}
	taps_free(&t);
	free(a);
	free(b);
	return room ? NULL : PICTURE_NO_MEMORY;
}

/* Along y, from in to out of the same width. */
static const char *shorten(const struct picture *in, struct picture *out)
{
	struct taps t;
	size_t stride = (size_t)in->w * (size_t)in->c;
	bool room = taps_make(&t, in->h, out->h);
	if (room)
		sum_rows(in->px, stride, stride, &t, out->h, out->px);
	taps_free(&t);
	return room ? NULL : PICTURE_NO_MEMORY;
}

const char *resize_picture(const struct picture *in, int32_t h, int32_t w, struct picture *out)
{
	struct picture between = *in;
	const char *why = NULL;
	if (w != in->w && !(why = picture_room(&between, in->h, w, in->c)))
		why = narrow(in, &between);
	if (!why && h == in->h && w != in->w) {
		*out = between;
		return NULL;
	}
	if (!why)
		why = picture_room(out, h, w, in->c);
	if (!why && h != in->h)
		why = shorten(&between, out);
	else if (!why)
		memcpy(out->px, in->px, (size_t)h * (size_t)w * (size_t)in->c);
	if (between.px != in->px)
		picture_free(&between);
	return why;
}

void picture_resize(const struct picture *in, int32_t h, int32_t w, struct picture *out)
{
	const char *why = resize_picture(in, h, w, out);
	if (why)
		die(ST_IO, "a picture of %d x %d: %s", (int)h, (int)w, why);
}
