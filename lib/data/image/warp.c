#include "data/image/warp.h"

#include <math.h>
#include <string.h>

#define WIDE __attribute__((target_clones("avx2", "default"), optimize("O3")))

#define RUN 256		/* pixels of a row that are taken at once */

typedef float vec4 __attribute__((vector_size(16)));
typedef uint8_t bytes4 __attribute__((vector_size(4)));

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
	int64_t period = 2 * ((int64_t)n - 1), k = i % period;
	if (k < 0)
		k += period;
	return (int32_t)(k < n ? k : period - k);
}

/* ---- whole pixels ---- */

/* The picture's index for index i of the sample along one axis. */
static int64_t whole(double slope, double offset, int32_t i)
{
	return slope > 0 ? i + (int64_t)offset : (int64_t)offset - 1 - i;
}

/* Pixels x..x+n-1 of the sample's row y: where they stand in the picture, or put together in room (n, c). */
static const uint8_t *take(const struct picture *p, const struct affine *a, enum edge edge, int32_t y, int32_t x, int32_t n,
			   uint8_t *room)
{
	int64_t at = whole(a->m[0], a->m[2], x), end = whole(a->m[0], a->m[2], x + n - 1);
	int32_t row = warp_edge(edge, whole(a->m[4], a->m[5], y), p->h);
	size_t c = (size_t)p->c;
	if (row < 0)
		return memset(room, 0, (size_t)n * c);
	const uint8_t *px = p->px + (size_t)row * (size_t)p->w * c;
	if (at >= 0 && end < p->w && a->m[0] > 0)
		return px + (size_t)at * c;
	for (int32_t i = 0; i < n; i++) {
		int32_t col = warp_edge(edge, a->m[0] > 0 ? at + i : at - i, p->w);
		for (size_t k = 0; k < c; k++)
			room[(size_t)i * c + k] = col < 0 ? 0 : px[(size_t)col * c + k];
	}
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

/* One pixel anywhere: out[k * plane]. */
static void one(const struct picture *p, enum edge edge, float x, float y, size_t plane, float *out)
{
	float x0 = floorf(x), y0 = floorf(y), u = x - x0, v = y - y0;
	float weight[4] = { (1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v };
	for (int k = 0; k < p->c; k++)
		out[(size_t)k * plane] = 0;
	for (int i = 0; i < 4; i++) {
		int32_t col = warp_edge(edge, (int64_t)x0 + i % 2, p->w), row = warp_edge(edge, (int64_t)y0 + i / 2, p->h);
		if (col < 0 || row < 0)
			continue;
		const uint8_t *px = p->px + ((size_t)row * (size_t)p->w + (size_t)col) * (size_t)p->c;
		for (int k = 0; k < p->c; k++)
			out[(size_t)k * plane] += weight[i] * (1 / 255.0f) * (float)px[k];
	}
}

static inline __attribute__((always_inline)) vec4 pixel(const uint8_t *px)
{
	bytes4 b;
	memcpy(&b, px, sizeof(b));
	return __builtin_convertvector(b, vec4);
}

/* Pixels first..last-1 of a line, all inside, of a picture in colour: out (3 planes). */
WIDE static void inner_colour(const struct picture *p, struct line l, int32_t first, int32_t last, size_t plane, float *out)
{
	size_t stride = (size_t)p->w * 3;
	float *g = out + plane, *b = g + plane;
	for (int32_t t = first; t < last; t++) {
		float x = l.x + (float)t * l.dx, y = l.y + (float)t * l.dy;
		int32_t col = (int32_t)x, row = (int32_t)y;
		float u = x - (float)col, v = y - (float)row;
		const uint8_t *px = p->px + (size_t)row * stride + (size_t)col * 3;
		vec4 above = pixel(px), below = pixel(px + stride);
		above += u * (pixel(px + 3) - above);
		below += u * (pixel(px + stride + 3) - below);
		above = (above + v * (below - above)) * (1 / 255.0f);
		out[t] = above[0];
		g[t] = above[1];
		b[t] = above[2];
	}
}

static void inner_grey(const struct picture *p, struct line l, int32_t first, int32_t last, float *out)
{
	for (int32_t t = first; t < last; t++) {
		float x = l.x + (float)t * l.dx, y = l.y + (float)t * l.dy;
		int32_t col = (int32_t)x, row = (int32_t)y;
		float u = x - (float)col, v = y - (float)row;
		const uint8_t *px = p->px + (size_t)row * (size_t)p->w + (size_t)col, *next = px + p->w;
		float above = (float)px[0] + u * (float)(px[1] - px[0]), below = (float)next[0] + u * (float)(next[1] - next[0]);
		out[t] = (above + v * (below - above)) * (1 / 255.0f);
	}
}

void warp_planes(const struct picture *p, const struct affine *a, enum edge edge, int32_t h, int32_t w, float *planes)
{
	size_t plane = (size_t)h * (size_t)w;
	const double *m = a->m;
	if (warp_is_exact(a)) {
		warp_whole(p, a, edge, h, w, planes);
		return;
	}
	for (int32_t y = 0; y < h; y++, planes += w) {
		struct line l = { (float)(m[0] * 0.5 + m[1] * (y + 0.5) + m[2] - 0.5),
			(float)(m[3] * 0.5 + m[4] * (y + 0.5) + m[5] - 0.5), (float)m[0], (float)m[3] };
		int32_t first, last;
		inner(p, &l, w, &first, &last);
		for (int32_t t = 0; t < w; t = t == first - 1 ? last : t + 1)
			if (t < first || t >= last)
				one(p, edge, l.x + (float)t * l.dx, l.y + (float)t * l.dy, plane, planes + t);
		if (p->c == 3)
			inner_colour(p, l, first, last, plane, planes);
		else
			inner_grey(p, l, first, last, planes);
	}
}
