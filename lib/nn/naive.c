/*
 * Convolution as it is defined, in plain loops: what the tests compare dnnl.c
 * with, and what nets run on when they are compiled in double.
 */
#include "nn/kernel.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

struct kernel {
	struct conv_shape s;
	unsigned uses;
	bool bias, relu, sum;
	real *w;	/* (oc, c / groups, kh, kw) */
};

static size_t weights(const struct conv_shape *s)
{
	return s->oc * (s->c / s->groups) * s->kh * s->kw;
}

struct kernel *kernel_new(const struct conv_shape *s, unsigned uses, bool bias, bool relu, bool sum)
{
	struct kernel *k = NEW(struct kernel, 1);
	*k = (struct kernel){ *s, uses, bias, relu, sum, NEW0(real, weights(s)) };
	return k;
}

void kernel_free(struct kernel *k)
{
	if (k == NULL)
		return;
	free(k->w);
	free(k);
}

void kernel_pack(struct kernel *k, const real *w)
{
	memcpy(k->w, w, weights(&k->s) * sizeof(*w));
}

size_t kernel_scratch(const struct kernel *k)
{
	(void)k;
	return 0;
}

/* A weight, and the elements of input and output that it connects. */
typedef void visit_fn(size_t w, size_t x, size_t y, void *ctx);

/* Calls fn for each product of the sum that a convolution is: a weight of output channel o at output (n, oh, ow). */
static void visit_output(const struct conv_shape *s, size_t n, size_t i, size_t j, size_t o, visit_fn *fn, void *ctx)
{
	size_t per = s->c / s->groups, first = o / (s->oc / s->groups) * per;
	size_t y = ((n * s->oh + i) * s->ow + j) * s->oc + o;
	for (size_t u = 0; u < s->kh; u++)
		for (size_t v = 0; v < s->kw; v++) {
			size_t r = i * s->sh + u * s->dh, q = j * s->sw + v * s->dw;
			if (r < s->top || r >= s->top + s->h || q < s->left || q >= s->left + s->w)
				continue;
			size_t x = ((n * s->h + r - s->top) * s->w + q - s->left) * s->c + first;
			for (size_t c = 0; c < per; c++)
				fn(((o * per + c) * s->kh + u) * s->kw + v, x + c, y, ctx);
		}
}

static void visit(const struct conv_shape *s, visit_fn *fn, void *ctx)
{
	for (size_t n = 0; n < s->n; n++)
		for (size_t i = 0; i < s->oh; i++)
			for (size_t j = 0; j < s->ow; j++)
				for (size_t o = 0; o < s->oc; o++)
					visit_output(s, n, i, j, o, fn, ctx);
}

struct arrays {
	const real *from, *w;	/* from: x or gy */
	real *to;
	const real *gy;
};

static void forward(size_t w, size_t x, size_t y, void *ctx)
{
	struct arrays *a = ctx;
	a->to[y] += a->w[w] * a->from[x];
}

static void back_data(size_t w, size_t x, size_t y, void *ctx)
{
	struct arrays *a = ctx;
	a->to[x] += a->w[w] * a->from[y];
}

static void back_weights(size_t w, size_t x, size_t y, void *ctx)
{
	struct arrays *a = ctx;
	a->to[w] += a->from[x] * a->gy[y];
}

void kernel_forward(const struct kernel *k, const real *x, const real *bias, real *y, void *scratch)
{
	(void)scratch;
	const struct conv_shape *s = &k->s;
	size_t positions = s->n * s->oh * s->ow;
	for (size_t i = 0; i < positions; i++)
		for (size_t o = 0; o < s->oc; o++)
			y[i * s->oc + o] = (k->sum ? y[i * s->oc + o] : 0) + (k->bias ? bias[o] : 0);
	visit(s, forward, &(struct arrays){ x, k->w, y, NULL });
	for (size_t i = 0; k->relu && i < positions * s->oc; i++)
		y[i] = y[i] > 0 ? y[i] : 0;
}

void kernel_back_data(const struct kernel *k, const real *gy, real *gx, bool add, void *scratch)
{
	(void)scratch;
	if (!add)
		memset(gx, 0, k->s.n * k->s.h * k->s.w * k->s.c * sizeof(*gx));
	visit(&k->s, back_data, &(struct arrays){ gy, k->w, gx, NULL });
}

void kernel_back_weights(const struct kernel *k, const real *x, const real *gy, real *gw, real *gb, bool add, void *scratch)
{
	(void)scratch;
	const struct conv_shape *s = &k->s;
	if (!add)
		memset(gw, 0, weights(s) * sizeof(*gw));
	visit(s, back_weights, &(struct arrays){ x, NULL, gw, gy });
	if (gb == NULL)
		return;
	if (!add)
		memset(gb, 0, s->oc * sizeof(*gb));
	for (size_t i = 0; i < s->n * s->oh * s->ow; i++)
		for (size_t o = 0; o < s->oc; o++)
			gb[o] += gy[i * s->oc + o];
}

void kernel_describe(const struct kernel *k, struct str *out)
{
	static const char *const name[] = { "forward", "back_data", "back_weights" };
	for (int i = 0; i < 3; i++)
		if (k->uses >> i & 1)
			str_printf(out, "%s%s naive", out->n > 0 ? " " : "", name[i]);
}
