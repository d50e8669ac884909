#include "data/image/warp.h"

#include <math.h>
#include <string.h>

#define WIDE __attribute__((target_clones("avx2", "default"), optimize("O3")))

#define RUN 256		/* pixels of a row that are taken at once ... */
#define BLOCK 64	/* ... and that are interpolated */
#define MOST_OFTEN 8	/* points along a side of a pixel */
#define FARTHEST 1e9f	/* what is looked at, that it has a whole number */

bool warp_is_exact(const struct affine *a)
{
	const double *m = a->m;
	return fabs(m[0]) == 1 && m[1] == 0 && m[3] == 0 && fabs(m[4]) == 1 && m[2] == floor(m[2]) && m[5] == floor(m[5]);
}

int32_t warp_edge(enum edge edge, int64_t i, int32_t n)
{
	if (i >= 0 && i < n)
		return (int32_t)i;
	if (edge == EDGE_ZERO)
		return -1;
	if (edge == EDGE_NEAREST || n == 1)
		return i < 0 ? 0 : n - 1;
	int64_t period = 2 * ((int64_t)n - 1), k = i < 0 ? -i : i;	/* it is even */
	if (k >= period)
		k %= period;
	return (int32_t)(k < n ? k : period - k);
}

/* ---- whole pixels ---- */

/* The picture's index for index i of the sample along one axis. */
static int64_t whole(double slope, double offset, int32_t i)
{
	return slope > 0 ? i + (int64_t)offset : (int64_t)offset - 1 - i;
}

/* A row's pixels to room (n, c), those beyond its ends too; the first is `at` of px, the next to its right or, back, its left. */
static void gather(const uint8_t *px, const struct picture *p, int64_t at, bool back, enum edge edge, int32_t n, uint8_t *room)
{
	size_t c = (size_t)p->c;
	for (int32_t i = 0; i < n; i++, room += c) {
		int64_t from = back ? at - i : at + i;
		int32_t col = warp_edge(edge, from, p->w);
		for (size_t k = 0; k < c; k++)
			room[k] = col < 0 ? 0 : px[(size_t)col * c + k];
	}
}

/* Pixels x..x+n-1 of the sample's row y: where they stand in the picture, or put together in room (n, c). */
static const uint8_t *take(const struct picture *p, const struct affine *a, enum edge edge, int32_t y, int32_t x, int32_t n,
			   uint8_t *room)
{
	bool back = a->m[0] < 0;
	int64_t at = whole(a->m[0], a->m[2], x);
	int32_t row = warp_edge(edge, whole(a->m[4], a->m[5], y), p->h);
	size_t c = (size_t)p->c;
	if (row < 0)
		return memset(room, 0, (size_t)n * c);
	const uint8_t *px = p->px + (size_t)row * (size_t)p->w * c;
	if (!back && at >= 0 && at + n <= p->w)
		return px + (size_t)at * c;
	/* what lies inside, from..to, without a question for each pixel */
	int64_t from = back ? at - p->w + 1 : -at, to = back ? at + 1 : p->w - at;
	int32_t f = (int32_t)(from < 0 ? 0 : from > n ? n : from), t = (int32_t)(to < f ? f : to > n ? n : to);
	gather(px, p, at, back, edge, f, room);
	gather(px, p, back ? at - t : at + t, back, edge, n - t, room + (size_t)t * c);
	if (!back)
		memcpy(room + (size_t)f * c, px + (size_t)(at + f) * c, (size_t)(t - f) * c);
	else if (c == 3)
		for (int32_t i = f; i < t; i++)
			memcpy(room + 3 * i, px + 3 * (at - i), 3);
	else
		for (int32_t i = f; i < t; i++)
			room[i] = px[at - i];
	return room;
}

static int32_t run(int32_t x, int32_t w)
{
	return w - x < RUN ? w - x : RUN;
}

void warp_table(const struct picture *p, const struct affine *a, enum edge edge, int32_t h, int32_t w,
		const float (*table)[256], bool bgr, float *out)
{
	uint8_t room[RUN * 3];
	int last = bgr ? 2 : 0;
	for (int32_t y = 0; y < h; y++)
		for (int32_t x = 0; x < w; x += RUN) {
			int32_t n = run(x, w);
			const uint8_t *px = take(p, a, edge, y, x, n, room);
			if (p->c == 1)
				for (int32_t i = 0; i < n; i++)
					*out++ = table[0][px[i]];
			else
				for (; n > 0; n--, px += 3, out += 3) {
					out[0] = table[0][px[last]];
					out[1] = table[1][px[1]];
					out[2] = table[2][px[2 - last]];
				}
		}
}

/* Bytes px (n, c) to planes, `plane` apart. */
WIDE static void spread(const uint8_t *px, int32_t n, int32_t c, size_t plane, float *out)
{
	float *g = out + plane, *b = g + plane;
	if (c == 1)
		for (int32_t i = 0; i < n; i++)
			out[i] = (float)px[i] * (1 / 255.0f);
	else
		for (int32_t i = 0; i < n; i++) {
			out[i] = (float)px[3 * i] * (1 / 255.0f);
			g[i] = (float)px[3 * i + 1] * (1 / 255.0f);
			b[i] = (float)px[3 * i + 2] * (1 / 255.0f);
		}
}

static void warp_whole(const struct picture *p, const struct affine *a, enum edge edge, int32_t h, int32_t w, float *planes)
{
	uint8_t room[RUN * 3];
	size_t plane = (size_t)h * (size_t)w;
	for (int32_t y = 0; y < h; y++)
		for (int32_t x = 0; x < w; x += RUN)
			spread(take(p, a, edge, y, x, run(x, w), room), run(x, w), p->c, plane,
			       planes + (size_t)y * (size_t)w + (size_t)x);
}

/* ---- between pixels ---- */

/*
 * A row of the sample: pixel t of it lies at (x + t dx, y + t dy), where whole numbers are the middles of the picture's
 * pixels. Rounding keeps the order, so that what lies inside is one run of t.
 */
struct line {
	float x, y, dx, dy;
};

/* True where the four pixels around t can be read, and in colour a byte more. */
static bool inside(const struct picture *p, const struct line *l, int32_t t)
{
	float x = l->x + (float)t * l->dx, y = l->y + (float)t * l->dy;
	return x >= 0 && y >= 0 && x < (float)(p->w - (p->c == 3 ? 2 : 1)) && y < (float)(p->h - 1);
}

/* Cuts [*first, *last] to where lo <= at + t slope <= hi. */
static void narrow(double at, double slope, double lo, double hi, double *first, double *last)
{
	if (fabs(slope) < 1e-9) {
		if (at < lo || at > hi)
			*last = -1;
		return;
	}
	double t = (lo - at) / slope, u = (hi - at) / slope;
	*first = fmax(*first, fmin(t, u));
	*last = fmin(*last, fmax(t, u));
}

/* The t in first..last-1 are inside. */
static void inner(const struct picture *p, const struct line *l, int32_t w, int32_t *first, int32_t *last)
{
	double a = 0, b = w - 1;
	narrow((double)l->x, (double)l->dx, 0, p->w - 1, &a, &b);
	narrow((double)l->y, (double)l->dy, 0, p->h - 1, &a, &b);
	*first = (int32_t)fmin(fmax(floor(a), 0), w);
	*last = (int32_t)fmin(fmax(ceil(b) + 1, *first), w);
	while (*first < *last && !inside(p, l, *first))
		++*first;
	while (*last > *first && !inside(p, l, *last - 1))
		--*last;
}

/* The four neighbours of each pixel of a block, a channel a byte, and how far it is to the right and down from the first. */
struct block {
	uint32_t at[4][BLOCK];
	float u[BLOCK], v[BLOCK];
	int32_t offset[BLOCK];
};

/* Pixels first..first+n-1 of a line, all inside, but for the neighbours: where the first of these stands. */
WIDE static void locate(const struct picture *p, struct line l, int32_t first, int32_t n, struct block *b)
{
	for (int32_t t = 0; t < n; t++) {
		float x = l.x + (float)(first + t) * l.dx, y = l.y + (float)(first + t) * l.dy;
		int32_t col = (int32_t)x, row = (int32_t)y;
		b->u[t] = x - (float)col;
		b->v[t] = y - (float)row;
		b->offset[t] = (row * p->w + col) * p->c;
	}
}

static void read_inside(const struct picture *p, struct line l, int32_t first, int32_t n, struct block *b)
{
	size_t stride = (size_t)p->w * (size_t)p->c;
	const uint8_t *all = p->px;
	locate(p, l, first, n, b);
	if (p->c == 1)
		for (int32_t t = 0; t < n; t++) {
			const uint8_t *px = all + b->offset[t];
			b->at[0][t] = px[0];
			b->at[1][t] = px[1];
			b->at[2][t] = px[stride];
			b->at[3][t] = px[stride + 1];
		}
	else
		for (int32_t t = 0; t < n; t++) {
			const uint8_t *px = all + b->offset[t];
			memcpy(&b->at[0][t], px, 4);
			memcpy(&b->at[1][t], px + 3, 4);
			memcpy(&b->at[2][t], px + stride, 4);
			memcpy(&b->at[3][t], px + stride + 3, 4);
		}
}

/* The same for pixels anywhere. */
static void read_anywhere(const struct picture *p, enum edge edge, struct line l, int32_t first, int32_t n, struct block *b)
{
	for (int32_t t = 0; t < n; t++) {
		float x = l.x + (float)(first + t) * l.dx, y = l.y + (float)(first + t) * l.dy;
		x = x > FARTHEST ? FARTHEST : x < -FARTHEST ? -FARTHEST : x;
		y = y > FARTHEST ? FARTHEST : y < -FARTHEST ? -FARTHEST : y;
		int32_t x0 = (int32_t)x - (x < (float)(int32_t)x), y0 = (int32_t)y - (y < (float)(int32_t)y);
		int32_t col[2] = { warp_edge(edge, x0, p->w), warp_edge(edge, x0 + 1, p->w) };
		int32_t row[2] = { warp_edge(edge, y0, p->h), warp_edge(edge, y0 + 1, p->h) };
		b->u[t] = x - (float)x0;
		b->v[t] = y - (float)y0;
		for (int i = 0; i < 4; i++) {
			b->at[i][t] = 0;
			if ((col[i % 2] | row[i / 2]) < 0)
				continue;
			const uint8_t *px = p->px + (row[i / 2] * p->w + col[i % 2]) * p->c;
			b->at[i][t] = p->c == 1 ? *px : px[0] | (uint32_t)px[1] << 8 | (uint32_t)px[2] << 16;
		}
	}
}

static inline float byte(uint32_t pixel, int k)
{
	return (float)(int32_t)(pixel >> (8 * k) & 255);
}

static inline float between(float a, float b, float share)
{
	return a + share * (b - a);
}

/* n pixels of a block to out (c planes). */
WIDE static void interpolate(const struct block *b, int32_t n, int32_t c, size_t plane, float *out)
{
	for (int32_t k = 0; k < c; k++)
		for (int32_t t = 0; t < n; t++) {
			float above = between(byte(b->at[0][t], k), byte(b->at[1][t], k), b->u[t]);
			float below = between(byte(b->at[2][t], k), byte(b->at[3][t], k), b->u[t]);
			out[(size_t)k * plane + (size_t)t] = between(above, below, b->v[t]) * (1 / 255.0f);
		}
}

/* w pixels of a line to out (c planes). */
static void sample_line(const struct picture *p, struct line l, enum edge edge, int32_t w, size_t plane, float *out)
{
	struct block b;
	int32_t first, last, n;
	inner(p, &l, w, &first, &last);
	for (int32_t t = 0; t < w; t += n) {
		bool within = t >= first && t < last;
		int32_t end = t < first ? first : within ? last : w;
		n = end - t < BLOCK ? end - t : BLOCK;
		if (within)
			read_inside(p, l, t, n, &b);
		else
			read_anywhere(p, edge, l, t, n, &b);
		interpolate(&b, n, p->c, plane, out + t);
	}
}

/* The line at height y of the sample from x on, points 1 / often apart, the first in the middle of its share. */
static struct line line_at(const double *m, double x, double y, int often)
{
	x += 0.5 / often;
	return (struct line){ (float)(m[0] * x + m[1] * y + m[2] - 0.5), (float)(m[3] * x + m[4] * y + m[5] - 0.5),
		(float)(m[0] / often), (float)(m[3] / often) };
}

/* Adds w pixels of the sample from (y, x) on, each the mean of often x often points, to out (c planes). */
static void sample_mean(const struct picture *p, const double *m, enum edge edge, int often, int32_t y, int32_t x, int32_t w,
			size_t plane, float *out)
{
	float point[3 * BLOCK * MOST_OFTEN], share = 1 / (float)(often * often);
	for (int j = 0; j < often; j++) {
		sample_line(p, line_at(m, x, y + (j + 0.5) / often, often), edge, w * often, BLOCK * MOST_OFTEN, point);
		for (int32_t k = 0; k < p->c; k++)
			for (int32_t t = 0; t < w * often; t++) {
				float *to = &out[(size_t)k * plane + (size_t)(t / often)];
				*to = (j == 0 && t % often == 0 ? 0 : *to) + share * point[k * BLOCK * MOST_OFTEN + t];
			}
	}
}

int warp_points(const struct affine *a)
{
	double smaller = floor(sqrt(fabs(a->m[0] * a->m[4] - a->m[1] * a->m[3])));
	return smaller < 1 ? 1 : smaller > MOST_OFTEN ? MOST_OFTEN : (int)smaller;
}

void warp_planes(const struct picture *p, const struct affine *a, enum edge edge, int32_t h, int32_t w, float *planes)
{
	size_t plane = (size_t)h * (size_t)w;
	int often = warp_points(a);
	if (warp_is_exact(a)) {
		warp_whole(p, a, edge, h, w, planes);
		return;
	}
	for (int32_t y = 0; y < h; y++, planes += w) {
		if (often == 1)
			sample_line(p, line_at(a->m, 0, y + 0.5, 1), edge, w, plane, planes);
		else
			for (int32_t x = 0; x < w; x += BLOCK)
				sample_mean(p, a->m, edge, often, y, x, w - x < BLOCK ? w - x : BLOCK, plane, planes + x);
	}
}
