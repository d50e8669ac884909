/* Ways to fewer positions that are no pooling of equal windows: averages to a given size, and every so many positions. */
#include <string.h>

#include "base/die.h"
#include "nn/layers.h"
#include "nn/op.h"
#include "nn/wide.h"

static void need_picture(const struct node *x, const char *what)
{
	if (x->shape.n != 4)
		bug("%s of %d dimensions", what, x->shape.n);
}

/* y (n) += a x */
WIDE static void add_to(size_t n, real a, const real *x, real *y)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] += a * x[i];
}

/* ---- averages: position i of o covers the n inputs from floor(i n / o) to ceil((i + 1) n / o), as PyTorch cuts ---- */

static size_t from(size_t i, size_t n, size_t o)
{
	return i * n / o;
}

static size_t to(size_t i, size_t n, size_t o)
{
	return ((i + 1) * n + o - 1) / o;
}

/* y[o] += mean over its window of x, or (back) x[all of its window] += y[o] over their number; y and x (h, w, c). */
static void average(const size_t *in, const size_t *out, real *x, real *y, bool back)
{
	size_t h = in[1], w = in[2], c = in[3];
	for (size_t o = 0; o < out[1] * out[2]; o++, y += c) {
		size_t i = o / out[2], j = o % out[2];
		size_t y0 = from(i, h, out[1]), y1 = to(i, h, out[1]), x0 = from(j, w, out[2]), x1 = to(j, w, out[2]);
		real share = 1 / (real)((y1 - y0) * (x1 - x0));
		for (size_t p = y0; p < y1; p++)
			for (size_t q = x0; q < x1; q++) {
				real *at = x + (p * w + q) * c;
				back ? add_to(c, share, y, at) : add_to(c, share, at, y);
			}
	}
}

static void averages(const struct node *nd, real *x, real *y, bool back)
{
	const size_t *in = nd->in[0]->shape.d, *out = nd->shape.d;
	for (size_t r = 0; r < in[0]; r++)
		average(in, out, x + r * in[1] * in[2] * in[3], y + r * out[1] * out[2] * out[3], back);
}

static void adaptive_forward(const struct node *nd, struct lane *l)
{
	memset(node_x(l, nd), 0, nd->size * sizeof(real));
	averages(nd, node_x(l, nd->in[0]), node_x(l, nd), false);
}

static void adaptive_backward(const struct node *nd, struct lane *l)
{
	averages(nd, in_g(nd, l, 0), node_g(l, nd), true);
}

static const struct op op_adaptive = {
	.name = "adaptive_avgpool", .forward = adaptive_forward, .backward = adaptive_backward, .adds = true,
};

struct node *nn_adaptive_avgpool(struct node *x, size_t h, size_t w)
{
	need_picture(x, "an adaptive pool");
	struct shape s = shape4(x->shape.d[0], h, w, x->shape.d[3]);
	return graph_add(x->g, &op_adaptive, (struct node *[]){ x, NULL }, NULL, s, NULL, 0);
}

/* ---- every stride-th position; channels of zeros before and behind ---- */

/* Channels before those of x. */
static size_t channels_before(const struct node *nd)
{
	return (nd->shape.d[3] - nd->in[0]->shape.d[3]) / 2;
}

static void shortcut_forward(const struct node *nd, struct lane *l)
{
	const size_t *in = nd->in[0]->shape.d, *out = nd->shape.d;
	size_t stride = *(const size_t *)nd->conf, c = in[3];
	const real *x = in_x(nd, l, 0);
	real *y = node_x(l, nd);
	memset(y, 0, nd->size * sizeof(*y));
	y += channels_before(nd);
	for (size_t r = 0; r < out[0]; r++)
		for (size_t i = 0; i < out[1]; i++)
			for (size_t j = 0; j < out[2]; j++, y += out[3])
				memcpy(y, x + ((r * in[1] + i * stride) * in[2] + j * stride) * c, c * sizeof(*y));
}

static void shortcut_backward(const struct node *nd, struct lane *l)
{
	const size_t *in = nd->in[0]->shape.d, *out = nd->shape.d;
	size_t stride = *(const size_t *)nd->conf, c = in[3];
	const real *g = node_g(l, nd) + channels_before(nd);
	real *gx = in_g(nd, l, 0);
	for (size_t r = 0; r < out[0]; r++)
		for (size_t i = 0; i < out[1]; i++)
			for (size_t j = 0; j < out[2]; j++, g += out[3])
				add_to(c, 1, g, gx + ((r * in[1] + i * stride) * in[2] + j * stride) * c);
}

static const struct op op_shortcut = {
	.name = "shortcut", .forward = shortcut_forward, .backward = shortcut_backward, .adds = true,
};

struct node *nn_shortcut(struct node *x, size_t stride, size_t channels)
{
	need_picture(x, "a shortcut");
	const size_t *in = x->shape.d;
	if (channels < in[3])
		bug("a shortcut from %zu channels to %zu", in[3], channels);
	struct shape s = shape4(in[0], (in[1] + stride - 1) / stride, (in[2] + stride - 1) / stride, channels);
	return graph_add(x->g, &op_shortcut, (struct node *[]){ x, NULL }, NULL, s, &stride, sizeof(stride));
}
