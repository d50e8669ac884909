#include "data/image/colour.h"

#include <math.h>
#include <string.h>

#include "base/die.h"

#define WIDE __attribute__((target_clones("avx2", "default"), optimize("O3")))

#define LANES 8		/* sums have this many parts, whatever the processor */
#define RED 0.2989f	/* shares of grey, as torchvision has them */
#define GREEN 0.587f
#define BLUE 0.114f

static size_t pixels(struct planes p)
{
	return (size_t)p.h * (size_t)p.w;
}

static inline float clamp(float v)
{
	v = v < 0 ? 0 : v;
	return v > 1 ? 1 : v;
}

/* ---- each number for itself ---- */

/* v := x v + y */
WIDE static void scale(size_t n, float *v, float x, float y)
{
	for (size_t i = 0; i < n; i++)
		v[i] = clamp(v[i] * x + y);
}

WIDE static void solarize(size_t n, float *v, float x)
{
	for (size_t i = 0; i < n; i++)
		v[i] = v[i] >= x ? 1 - v[i] : v[i];
}

static inline int32_t level(float v)
{
	return (int32_t)(v * 255 + 0.5f);
}

WIDE static void posterize(size_t n, float *v, int bits)
{
	int32_t mask = -(1 << (8 - bits));
	for (size_t i = 0; i < n; i++)
		v[i] = (float)(level(v[i]) & mask) * (1 / 255.0f);
}

/* ---- each pixel for itself ---- */

WIDE static double mean_of_grey(size_t n, const float *r, const float *g, const float *b)
{
	float part[LANES] = { 0 };
	double sum = 0;
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			part[l] += RED * r[i + l] + GREEN * g[i + l] + BLUE * b[i + l];
	for (; i < n; i++)
		sum += (double)(RED * r[i] + GREEN * g[i] + BLUE * b[i]);
	for (size_t l = 0; l < LANES; l++)
		sum += (double)part[l];
	return sum / (double)n;
}

static double mean(size_t n, const float *v)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)v[i];
	return sum / (double)n;
}

WIDE static void saturate(size_t n, float *r, float *g, float *b, float x)
{
	for (size_t i = 0; i < n; i++) {
		float grey = (1 - x) * (RED * r[i] + GREEN * g[i] + BLUE * b[i]);
		r[i] = clamp(x * r[i] + grey);
		g[i] = clamp(x * g[i] + grey);
		b[i] = clamp(x * b[i] + grey);
	}
}

/* A channel of a colour of hue h (in sixths of the circle, from -6 on), highest channel `high`, lowest high - chroma. */
static inline float channel(float h, float high, float chroma)
{
	float k = h + 6, f;
	k -= 6 * (float)(int32_t)(k * (1 / 6.0f));
	f = 4 - k < k ? 4 - k : k;
	return high - chroma * clamp(f);
}

WIDE static void turn_hue(size_t n, float *r, float *g, float *b, float sixths)
{
	for (size_t i = 0; i < n; i++) {
		float red = r[i], green = g[i], blue = b[i];
		float high = red > green ? red : green, low = red < green ? red : green;
		high = blue > high ? blue : high;
		low = blue < low ? blue : low;
		float chroma = high - low, inverse = 1 / (chroma > 0 ? chroma : 1);
		float h = 4 + (red - green) * inverse;
		h = high == green ? 2 + (blue - red) * inverse : h;
		h = high == red ? (green - blue) * inverse : h;
		h += sixths;
		r[i] = channel(h + 5, high, chroma);
		g[i] = channel(h + 3, high, chroma);
		b[i] = channel(h + 1, high, chroma);
	}
}

/* ---- each channel for itself ---- */

static void autocontrast(size_t n, float *v)
{
	float low = v[0], high = v[0];
	for (size_t i = 1; i < n; i++) {
		low = v[i] < low ? v[i] : low;
		high = v[i] > high ? v[i] : high;
	}
	if (high > low)
		scale(n, v, 1 / (high - low), -low / (high - low));
}

/* The darkest level stays, the others move to where as many pixels lie between any two neighbours as there can. */
static void equalize(size_t n, float *v)
{
	size_t count[256] = { 0 }, brightest = 255, below = 0;
	float to[256];
	for (size_t i = 0; i < n; i++)
		count[level(v[i])]++;
	while (count[brightest] == 0)
		brightest--;
	size_t step = (n - count[brightest]) / 255;
	if (step == 0)
		return;
	for (size_t l = 0; l < 256; below += count[l++]) {
		size_t k = (below + step / 2) / step;
		to[l] = (float)(k > 255 ? 255 : k) * (1 / 255.0f);
	}
	for (size_t i = 0; i < n; i++)
		v[i] = to[level(v[i])];
}

/* ---- neighbours ---- */

/* Row y of the result to out (w). */
WIDE static void sharpen_row(const float *v, size_t w, float x, float *out)
{
	const float *up = v - w, *down = v + w;
	out[0] = v[0];
	out[w - 1] = v[w - 1];
	for (size_t i = 1; i + 1 < w; i++) {
		float s = up[i - 1] + up[i] + up[i + 1] + v[i - 1] + v[i + 1] + down[i - 1] + down[i] + down[i + 1];
		out[i] = clamp(x * v[i] + (1 - x) * ((s + 5 * v[i]) * (1 / 13.0f)));
	}
}

/* A row is written back when the one below it is done; room holds two. */
static void sharpen(float *v, size_t h, size_t w, float x, float *room)
{
	if (h <= 2 || w <= 2)
		return;
	for (size_t y = 1; y + 1 < h; y++) {
		sharpen_row(v + y * w, w, x, room + (y % 2) * w);
		if (y > 1)
			memcpy(v + (y - 1) * w, room + ((y - 1) % 2) * w, w * sizeof(*v));
	}
	memcpy(v + (h - 2) * w, room + (h % 2) * w, w * sizeof(*v));
}

#define RADIUS 64	/* a kernel of more than 2 RADIUS + 1 is cut off */

static int gauss(double sd, float *kernel)
{
	int radius = (int)fmin(ceil(3 * sd), RADIUS);
	double weight[RADIUS + 1], sum = 0;
	for (int i = 0; i <= radius; i++) {
		weight[i] = exp(-0.5 * i * i / (sd * sd));
		sum += i ? 2 * weight[i] : weight[i];
	}
	for (int i = 0; i <= radius; i++)
		kernel[i] = (float)(weight[i] / sum);
	return radius;
}

static size_t reflect(long i, size_t n)
{
	long period = 2 * ((long)n - 1), k = period ? i % period : 0;
	k = k < 0 ? k + period : k;
	return (size_t)(k < (long)n ? k : period - k);
}

/* out (n) += x (a + b) */
WIDE static void add_pair(size_t n, const float *a, const float *b, float x, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] += x * (a[i] + b[i]);
}

WIDE static void set_scaled(size_t n, const float *a, float x, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = x * a[i];
}

/* Columns into room (h, w), then rows back, each from a copy with its ends continued. */
static void blur(float *v, size_t h, size_t w, double sd, float *room)
{
	float kernel[RADIUS + 1], *wide = room + h * w;
	int radius = sd > 0 ? gauss(sd, kernel) : 0;
	if (radius == 0)
		return;
	for (size_t y = 0; y < h; y++) {
		set_scaled(w, v + y * w, kernel[0], room + y * w);
		for (int k = 1; k <= radius; k++)
			add_pair(w, v + reflect((long)y - k, h) * w, v + reflect((long)y + k, h) * w, kernel[k], room + y * w);
	}
	for (size_t y = 0; y < h; y++) {
		const float *row = room + y * w;
		memcpy(wide + radius, row, w * sizeof(*row));
		for (int k = 1; k <= radius; k++) {
			wide[radius - k] = row[reflect(-k, w)];
			wide[radius + (int)w - 1 + k] = row[reflect((long)w - 1 + k, w)];
		}
		set_scaled(w, wide + radius, kernel[0], v + y * w);
		for (int k = 1; k <= radius; k++)
			add_pair(w, wide + radius - k, wide + radius + k, kernel[k], v + y * w);
		scale(w, v + y * w, 1, 0);
	}
}

/* ---- all of them ---- */

size_t colour_room(struct planes p)
{
	return pixels(p) + 2 * (size_t)p.w + 2 * RADIUS;
}

static void change_colours(enum colour_op op, float x, size_t n, float *v)
{
	if (op == COLOUR_CONTRAST)
		scale(3 * n, v, x, (1 - x) * (float)mean_of_grey(n, v, v + n, v + 2 * n));
	else if (op == COLOUR_SATURATION)
		saturate(n, v, v + n, v + 2 * n, x);
	else if (op == COLOUR_HUE)
		turn_hue(n, v, v + n, v + 2 * n, 6 * x);
}

static void change_plane(enum colour_op op, double x, struct planes p, float *v, float *room)
{
	size_t n = pixels(p);
	switch (op) {
	case COLOUR_AUTOCONTRAST:
		autocontrast(n, v);
		return;
	case COLOUR_EQUALIZE:
		equalize(n, v);
		return;
	case COLOUR_SHARPNESS:
		sharpen(v, (size_t)p.h, (size_t)p.w, (float)x, room);
		return;
	case COLOUR_BLUR:
		blur(v, (size_t)p.h, (size_t)p.w, x, room);
		return;
	default:
		bug("colour_change(%d)", (int)op);
	}
}

void colour_change(enum colour_op op, double x, struct planes p, float *room)
{
	size_t n = pixels(p), all = n * (size_t)p.c;
	if (op == COLOUR_BRIGHTNESS)
		scale(all, p.v, (float)x, 0);
	else if (op == COLOUR_SOLARIZE)
		solarize(all, p.v, (float)x);
	else if (op == COLOUR_POSTERIZE)
		posterize(all, p.v, (int)x);
	else if (op == COLOUR_CONTRAST && p.c == 1)
		scale(n, p.v, (float)x, (float)((1 - x) * mean(n, p.v)));
	else if (op == COLOUR_CONTRAST || op == COLOUR_SATURATION || op == COLOUR_HUE) {
		if (p.c == 3)
			change_colours(op, (float)x, n, p.v);
	} else {
		for (int32_t k = 0; k < p.c; k++)
			change_plane(op, x, p, p.v + (size_t)k * n, room);
	}
}

/* ---- noise ---- */

void colour_quantiles(float *quantile)
{
	const int half = COLOUR_QUANTILES / 2;
	double z = 0;
	for (int i = 0; i < half; i++) {
		double upper = 0.5 - (i + 0.5) / COLOUR_QUANTILES;	/* what is to lie above */
		for (int step = 0; step < 6; step++)
			z += (0.5 * erfc(z * sqrt(0.5)) - upper) * sqrt(2 * 3.14159265358979324) * exp(0.5 * z * z);
		quantile[half + i] = (float)z;
		quantile[half - 1 - i] = (float)-z;
	}
}

/* Each 64 random bits choose five quantiles. */
void colour_noise(struct planes p, double sd, const float *quantile, struct rng *r)
{
	size_t n = pixels(p) * (size_t)p.c, i = 0;
	float size = (float)sd;
	for (; i + 5 <= n; i += 5) {
		uint64_t bits = rng_u64(r);
		for (size_t k = 0; k < 5; k++)
			p.v[i + k] = clamp(p.v[i + k] + size * quantile[bits >> 12 * k & (COLOUR_QUANTILES - 1)]);
	}
	for (uint64_t bits = rng_u64(r); i < n; i++, bits >>= 12)
		p.v[i] = clamp(p.v[i] + size * quantile[bits & (COLOUR_QUANTILES - 1)]);
}
