#include "nn/micro.h"

#define LANES 8
#define PARTS (MICRO_COLS / LANES)
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int masks __attribute__((vector_size(LANES * sizeof(int))));
typedef float loose __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define FAST __attribute__((target("avx2,fma"), optimize("O3", "fp-contract=fast")))

INLINE void load(lanes s[MICRO_ROWS][PARTS], const float *acc, bool first)
{
	const lanes zeros = { 0 };
#pragma GCC unroll 12
	for (size_t i = 0; i < MICRO_ROWS * PARTS; i++)
		s[i / PARTS][i % PARTS] = first ? zeros : ((const lanes *)(const void *)acc)[i];
}

INLINE void store(lanes s[MICRO_ROWS][PARTS], float *acc)
{
#pragma GCC unroll 12
	for (size_t i = 0; i < MICRO_ROWS * PARTS; i++)
		((lanes *)(void *)acc)[i] = s[i / PARTS][i % PARTS];
}

INLINE void gather(const float *const *x, size_t taps, size_t from, size_t n, const float *w, float *acc, bool first)
{
	const lanes *b = (const lanes *)(const void *)w;
	lanes s[MICRO_ROWS][PARTS];
	load(s, acc, first);
	for (size_t t = 0; t < taps; t++, x += MICRO_ROWS) {
		const float *x0 = x[0] + from, *x1 = x[1] + from, *x2 = x[2] + from;
		const float *x3 = x[3] + from, *x4 = x[4] + from, *x5 = x[5] + from;
#pragma GCC unroll 4
		for (size_t k = 0; k < n; k++, b += PARTS) {
			lanes b0 = b[0], b1 = b[1];
			s[0][0] += x0[k] * b0, s[0][1] += x0[k] * b1;
			s[1][0] += x1[k] * b0, s[1][1] += x1[k] * b1;
			s[2][0] += x2[k] * b0, s[2][1] += x2[k] * b1;
			s[3][0] += x3[k] * b0, s[3][1] += x3[k] * b1;
			s[4][0] += x4[k] * b0, s[4][1] += x4[k] * b1;
			s[5][0] += x5[k] * b0, s[5][1] += x5[k] * b1;
		}
	}
	store(s, acc);
}

INLINE void outer(const struct micro_walk *w, const float *x, const float *y, float *acc, bool first)
{
	lanes s[MICRO_ROWS][PARTS];
	load(s, acc, first);
	for (size_t p = 0; p < w->pictures; p++)
		for (size_t i = 0; i < w->rows; i++) {
			const float *a = x + p * w->x_picture + i * w->x_row;
			const lanes *b = (const lanes *)(const void *)(y + p * w->y_picture + i * w->y_row);
			size_t step = w->x_col;
#pragma GCC unroll 4
			for (size_t j = w->cols; j > 0; j--, a += step, b += PARTS) {
				lanes b0 = b[0], b1 = b[1];
				s[0][0] += a[0] * b0, s[0][1] += a[0] * b1;
				s[1][0] += a[1] * b0, s[1][1] += a[1] * b1;
				s[2][0] += a[2] * b0, s[2][1] += a[2] * b1;
				s[3][0] += a[3] * b0, s[3][1] += a[3] * b1;
				s[4][0] += a[4] * b0, s[4][1] += a[4] * b1;
				s[5][0] += a[5] * b0, s[5][1] += a[5] * b1;
			}
		}
	store(s, acc);
}

FAST static void gather_fast(const float *const *x, size_t taps, size_t from, size_t n, const float *w, float *acc,
			     bool first)
{
	gather(x, taps, from, n, w, acc, first);
}

FAST static void outer_fast(const struct micro_walk *w, const float *x, const float *y, float *acc, bool first)
{
	outer(w, x, y, acc, first);
}

bool micro_fast(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

void micro_gather(const float *const *x, size_t taps, size_t from, size_t n, const float *w, float *acc, bool first)
{
	if (micro_fast())
		gather_fast(x, taps, from, n, w, acc, first);
	else
		gather(x, taps, from, n, w, acc, first);
}

void micro_outer(const struct micro_walk *w, const float *x, const float *y, float *acc, bool first)
{
	if (micro_fast())
		outer_fast(w, x, y, acc, first);
	else
		outer(w, x, y, acc, first);
}

INLINE void finish(const float *acc, const float *bias, float *y, size_t cols, bool sum, bool relu)
{
	if (cols == MICRO_COLS) {
#pragma GCC unroll 2
		for (size_t i = 0; i < PARTS; i++) {
			lanes v = ((const lanes *)(const void *)acc)[i] + ((const loose *)(const void *)bias)[i];
			loose *to = (loose *)(void *)y + i;
			if (sum)
				v += *to;
			*to = relu ? (lanes)((masks)v & (v > 0)) : v;
		}
		return;
	}
	for (size_t i = 0; i < cols; i++) {
		float v = acc[i] + bias[i];
		if (sum)
			v += y[i];
		y[i] = relu && !(v > 0) ? 0 : v;
	}
}

FAST static void finish_fast(const float *acc, const float *bias, float *y, size_t cols, bool sum, bool relu)
{
	finish(acc, bias, y, cols, sum, relu);
}

void micro_finish(const float *acc, const float *bias, float *y, size_t cols, bool sum, bool relu)
{
	if (micro_fast())
		finish_fast(acc, bias, y, cols, sum, relu);
	else
		finish(acc, bias, y, cols, sum, relu);
}
