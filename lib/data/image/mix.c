#include "data/image/mix.h"

#include <math.h>
#include <string.h>

/* Gamma(a, 1): Marsaglia and Tsang 2000; below 1 that of a + 1 times U^(1/a). */
static double gamma_draw(struct rng *r, double a)
{
	if (a < 1) {
		double g = gamma_draw(r, a + 1);
		return g * pow(1 - rng_double(r), 1 / a);
	}
	double d = a - 1.0 / 3, c = 1 / sqrt(9 * d);
	for (;;) {
		double z = rng_normal(r), v = 1 + c * z, u = 1 - rng_double(r);
		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(u) < 0.5 * z * z + d - d * v + d * log(v))
			return d * v;
	}
}

double mix_beta(struct rng *r, double a, double b)
{
	double x = gamma_draw(r, a), y = gamma_draw(r, b);
	if (x + y > 0)
		return x / (x + y);
	return rng_double(r) < a / (a + b);	/* both too small for a double: all the mass is at the ends */
}

struct mix mixup_draw(struct rng *r, double alpha)
{
	return (struct mix){ .lambda = mix_beta(r, alpha, alpha) };
}

/* From the middle +- half, cut at 0 and n: the start, and the length. */
static int32_t span(int32_t middle, int32_t length, int32_t n, int32_t *start)
{
	int32_t first = middle - length / 2, last = middle - length / 2 + length;
	*start = first < 0 ? 0 : first;
	return (last > n ? n : last) - *start;
}

struct mix cutmix_draw(struct rng *r, double alpha, int32_t h, int32_t w)
{
	struct mix m = { .box = true };
	double side = sqrt(1 - mix_beta(r, alpha, alpha));
	m.h = span((int32_t)rng_below(r, (uint64_t)h), (int32_t)(side * h), h, &m.y);
	m.w = span((int32_t)rng_below(r, (uint64_t)w), (int32_t)(side * w), w, &m.x);
	m.lambda = 1 - (double)m.h * m.w / ((double)h * w);
	return m;
}

bool mix_wanted(const struct augment *how)
{
	return how->op[AUGMENT_MIXUP].p > 0 || how->op[AUGMENT_CUTMIX].p > 0;
}

struct mix mix_draw(const struct augment *how, struct rng *r, int32_t h, int32_t w)
{
	const struct augment_range *up = &how->op[AUGMENT_MIXUP], *cut = &how->op[AUGMENT_CUTMIX];
	bool mixup = rng_double(r) < up->p, cutmix = rng_double(r) < cut->p, first = rng_below(r, 2) == 0;
	if (mixup && (first || !cutmix))
		return mixup_draw(r, up->high);
	if (cutmix)
		return cutmix_draw(r, cut->high, h, w);
	return (struct mix){ .lambda = 1 };
}

void mix_samples(const struct mix *m, const float *a, const float *b, int32_t h, int32_t w, int32_t c, float *out)
{
	size_t n = (size_t)h * (size_t)w * (size_t)c, row = (size_t)w * (size_t)c;
	float of_a = (float)m->lambda, of_b = (float)(1 - m->lambda);
	if (!m->box) {
		for (size_t i = 0; i < n; i++)
			out[i] = of_a * a[i] + of_b * b[i];
		return;
	}
	size_t first = (size_t)m->x * (size_t)c, last = first + (size_t)m->w * (size_t)c;
	for (size_t y = 0; y < (size_t)h; y++) {
		bool crossed = y >= (size_t)m->y && y < (size_t)m->y + (size_t)m->h;
		for (size_t i = 0; i < row; i++)
			out[y * row + i] = (crossed && i >= first && i < last ? b : a)[y * row + i];
	}
}
