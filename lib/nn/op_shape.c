/*
 * Sums, products, and what moves values about. Arrays are (rows, h, w, c) here;
 * what a shape lacks is 1.
 */
#include <math.h>
#include <string.h>

#include "base/die.h"
#include "nn/layers.h"
#include "nn/op.h"
#include "nn/wide.h"

struct dims {
	size_t n, h, w, c;
};

static struct dims dims_of(const struct node *nd)
{
	const struct shape *s = &nd->shape;
	size_t h = s->n > 3 ? s->d[1] : 1, w = s->n > 2 ? s->d[s->n - 2] : 1, c = s->n > 1 ? s->d[s->n - 1] : 1;
	return (struct dims){ s->d[0], h, w, c };
}

/* The shape of x with other h, w, c. */
static struct shape shape_like(const struct node *x, size_t h, size_t w, size_t c)
{
	size_t n = x->shape.d[0];
	return x->shape.n == 4 ? shape4(n, h, w, c) : x->shape.n == 3 ? shape3(n, w, c) : shape2(n, c);
}

/* to (n) = or += a from; nothing where both are one and stay as they are */
WIDE static void pass(size_t n, real a, const real *from, real *to, bool add)
{
	if (from == to && a == 1 && !add)
		return;
	EACH
	for (size_t i = 0; i < n; i++)
		to[i] = add ? to[i] + a * from[i] : a * from[i];
}

/* ---- sum, product, a x + b ---- */

WIDE static void sum(size_t n, const real *a, const real *b, real *y)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] = a[i] + b[i];
}

static void add_forward(const struct node *nd, struct lane *l)
{
	sum(nd->size, in_x(nd, l, 0), in_x(nd, l, 1), node_x(l, nd));
}

static void add_backward(const struct node *nd, struct lane *l)
{
	for (int k = 0; k < 2; k++)
		if (in_g(nd, l, k))
			pass(nd->size, 1, node_g(l, nd), in_g(nd, l, k), !node_first(nd, k));
}

static const struct op op_add = { .name = "add", .forward = add_forward, .backward = add_backward, .in_place = true };

static void need_same(const struct node *a, const struct node *b, const char *what)
{
	const struct shape *s = &a->shape, *t = &b->shape;
	if (s->n != t->n || memcmp(s->d, t->d, (size_t)s->n * sizeof(*s->d)) != 0)
		bug("%s of two shapes", what);
}

struct node *nn_add(struct node *a, struct node *b)
{
	need_same(a, b, "the sum");
	return graph_add(a->g, &op_add, (struct node *[]){ a, b, NULL }, NULL, a->shape, NULL, 0);
}

WIDE static void product(size_t n, const real *a, const real *b, real *y, bool add)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] = add ? y[i] + a[i] * b[i] : a[i] * b[i];
}

static void mul_forward(const struct node *nd, struct lane *l)
{
	product(nd->size, in_x(nd, l, 0), in_x(nd, l, 1), node_x(l, nd), false);
}

static void mul_backward(const struct node *nd, struct lane *l)
{
	for (int k = 0; k < 2; k++)
		if (in_g(nd, l, k))
			product(nd->size, node_g(l, nd), in_x(nd, l, 1 - k), in_g(nd, l, k), !node_first(nd, k));
}

static const struct op op_mul = {
	.name = "mul", .forward = mul_forward, .backward = mul_backward, .reads = READS_IN0 | READS_IN1,
};

struct node *nn_mul(struct node *a, struct node *b)
{
	need_same(a, b, "the product");
	return graph_add(a->g, &op_mul, (struct node *[]){ a, b, NULL }, NULL, a->shape, NULL, 0);
}

struct line {
	real a, b;
};

WIDE static void line(size_t n, struct line f, const real *x, real *y)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] = f.a * x[i] + f.b;
}

static void scale_forward(const struct node *nd, struct lane *l)
{
	line(nd->size, *(const struct line *)nd->conf, in_x(nd, l, 0), node_x(l, nd));
}

static void scale_backward(const struct node *nd, struct lane *l)
{
	pass(nd->size, ((const struct line *)nd->conf)->a, node_g(l, nd), in_g(nd, l, 0), !node_first(nd, 0));
}

static const struct op op_scale = {
	.name = "scale", .forward = scale_forward, .backward = scale_backward, .in_place = true,
};

struct node *nn_scale(struct node *x, double a, double b)
{
	struct line f = { (real)a, (real)b };
	return graph_add(x->g, &op_scale, (struct node *[]){ x, NULL }, NULL, x->shape, &f, sizeof(f));
}

/* ---- channels: put together, cut out, shuffled ---- */

/* n rows of c from `from`, ldf apart, to `to`, ldt apart. */
static void move(size_t n, size_t c, const real *from, size_t ldf, real *to, size_t ldt, bool add)
{
	for (size_t i = 0; i < n; i++, from += ldf, to += ldt)
		if (add)
			for (size_t j = 0; j < c; j++)
				to[j] += from[j];
		else
			memcpy(to, from, c * sizeof(*to));
}

static void concat_forward(const struct node *nd, struct lane *l)
{
	size_t ld = shape_channels(&nd->shape), at = 0;
	for (int k = 0; k < nd->nin; k++) {
		size_t c = shape_channels(&nd->in[k]->shape);
		move(nd->size / ld, c, in_x(nd, l, k), c, node_x(l, nd) + at, ld, false);
		at += c;
	}
}

static void concat_backward(const struct node *nd, struct lane *l)
{
	size_t ld = shape_channels(&nd->shape), at = 0;
	for (int k = 0; k < nd->nin; k++) {
		size_t c = shape_channels(&nd->in[k]->shape);
		if (in_g(nd, l, k))
			move(nd->size / ld, c, node_g(l, nd) + at, ld, in_g(nd, l, k), c, !node_first(nd, k));
		at += c;
	}
}

static const struct op op_concat = { .name = "concat", .forward = concat_forward, .backward = concat_backward };

#define MOST_INPUTS 64

struct node *nn_concat(struct node *const *in, int n)
{
	struct node *all[MOST_INPUTS + 1] = { NULL };
	struct shape s = in[0]->shape;
	size_t c = 0, positions = in[0]->size / shape_channels(&s);
	if (n > MOST_INPUTS)
		bug("concat of %d", n);
	for (int k = 0; k < n; k++) {
		if (in[k]->shape.n != s.n || in[k]->size / shape_channels(&in[k]->shape) != positions)
			bug("concat: input %d has another shape", k);
		all[k] = in[k];
		c += shape_channels(&in[k]->shape);
	}
	s.d[s.n - 1] = c;
	return graph_add(in[0]->g, &op_concat, all, NULL, s, NULL, 0);
}

static void slice_forward(const struct node *nd, struct lane *l)
{
	size_t c = shape_channels(&nd->shape), ld = shape_channels(&nd->in[0]->shape);
	move(nd->size / c, c, in_x(nd, l, 0) + *(const size_t *)nd->conf, ld, node_x(l, nd), c, false);
}

static void slice_backward(const struct node *nd, struct lane *l)
{
	size_t c = shape_channels(&nd->shape), ld = shape_channels(&nd->in[0]->shape);
	move(nd->size / c, c, node_g(l, nd), c, in_g(nd, l, 0) + *(const size_t *)nd->conf, ld, true);
}

static const struct op op_slice = { .name = "slice", .forward = slice_forward, .backward = slice_backward, .adds = true };

struct node *nn_slice(struct node *x, size_t first, size_t n)
{
	struct shape s = x->shape;
	if (!n || first + n > shape_channels(&s))
		bug("channels %zu to %zu of %zu", first, first + n, shape_channels(&s));
	s.d[s.n - 1] = n;
	return graph_add(x->g, &op_slice, (struct node *[]){ x, NULL }, NULL, s, &first, sizeof(first));
}

/* y (n, per, groups) from x (n, groups, per), or with add x += y. */
static void transpose(size_t n, size_t groups, size_t per, const real *from, real *to, bool add)
{
	for (size_t i = 0; i < n; i++, from += groups * per, to += groups * per)
		for (size_t p = 0; p < per; p++)
			for (size_t g = 0; g < groups; g++) {
				real *t = &to[p * groups + g];
				*t = add ? *t + from[g * per + p] : from[g * per + p];
			}
}

/* ---- of each of n blocks, its (a, b) becomes (b, a): shuffled channels, and channels first ---- */

struct blocks {
	size_t n, a, b;
};

static void transpose_forward(const struct node *nd, struct lane *l)
{
	const struct blocks *s = nd->conf;
	transpose(s->n, s->a, s->b, in_x(nd, l, 0), node_x(l, nd), false);
}

static void transpose_backward(const struct node *nd, struct lane *l)
{
	const struct blocks *s = nd->conf;
	transpose(s->n, s->b, s->a, node_g(l, nd), in_g(nd, l, 0), !node_first(nd, 0));
}

static const struct op op_shuffle = { .name = "shuffle", .forward = transpose_forward, .backward = transpose_backward };
static const struct op op_flatten = { .name = "flatten", .forward = transpose_forward, .backward = transpose_backward };

/* Zhang et al. 2018, section 3.1 */
struct node *nn_shuffle(struct node *x, size_t groups)
{
	size_t c = shape_channels(&x->shape);
	struct blocks s = { x->size / c, groups, groups ? c / groups : 0 };
	if (s.a * s.b != c)
		bug("%zu channels shuffled in %zu groups", c, groups);
	return graph_add(x->g, &op_shuffle, (struct node *[]){ x, NULL }, NULL, x->shape, &s, sizeof(s));
}

/* ---- the same values, another shape ---- */

static void reshape_forward(const struct node *nd, struct lane *l)
{
	pass(nd->size, 1, in_x(nd, l, 0), node_x(l, nd), false);
}

static void reshape_backward(const struct node *nd, struct lane *l)
{
	pass(nd->size, 1, node_g(l, nd), in_g(nd, l, 0), !node_first(nd, 0));
}

static const struct op op_reshape = {
	.name = "reshape", .forward = reshape_forward, .backward = reshape_backward, .in_place = true,
};

struct node *nn_reshape(struct node *x, struct shape s)
{
	if (shape_size(&s) != x->size)
		bug("%zu elements reshaped to %zu", x->size, shape_size(&s));
	return graph_add(x->g, &op_reshape, (struct node *[]){ x, NULL }, NULL, s, NULL, 0);
}

struct node *nn_flatten(struct node *x)
{
	struct dims d = dims_of(x);
	struct shape s = shape2(d.n, d.h * d.w * d.c);
	if (d.c == 1 || d.h * d.w == 1)
		return nn_reshape(x, s);
	struct blocks b = { d.n, d.h * d.w, d.c };
	return graph_add(x->g, &op_flatten, (struct node *[]){ x, NULL }, NULL, s, &b, sizeof(b));
}

/* ---- cropped and padded: where each position comes from ---- */

struct frame {
	struct dims in, out;
	size_t top, left;	/* what is cut off, or put before */
	bool crop;
	enum pad how;
};

/* The place in n that place i of a side comes from; SIZE_MAX: from none. A reflection leaves the edge itself out. */
static size_t place(const struct frame *f, size_t i, size_t n, size_t before)
{
	if (f->crop)
		return i + before;
	if (i >= before && i - before < n)
		return i - before;
	if (f->how == PAD_ZERO)
		return SIZE_MAX;
	return i < before ? before - i : 2 * (n - 1) - (i - before);
}

/* Runs along the output's positions: to it from x, or with back from it to x, adding. */
static void frame_move(const struct node *nd, const real *x, real *y, real *gx, const real *gy)
{
	const struct frame *f = nd->conf;
	size_t c = f->in.c;
	for (size_t r = 0, o = 0; r < f->in.n; r++)
		for (size_t i = 0; i < f->out.h; i++)
			for (size_t j = 0; j < f->out.w; j++, o += c) {
				size_t a = place(f, i, f->in.h, f->top), b = place(f, j, f->in.w, f->left);
				bool none = a == SIZE_MAX || b == SIZE_MAX;
				size_t at = none ? 0 : ((r * f->in.h + a) * f->in.w + b) * c;
				if (gx && !none)
					move(1, c, gy + o, c, gx + at, c, true);
				else if (!gx && none)
					memset(y + o, 0, c * sizeof(*y));
				else if (!gx)
					memcpy(y + o, x + at, c * sizeof(*y));
			}
}

static void frame_forward(const struct node *nd, struct lane *l)
{
	frame_move(nd, in_x(nd, l, 0), node_x(l, nd), NULL, NULL);
}

static void frame_backward(const struct node *nd, struct lane *l)
{
	frame_move(nd, NULL, NULL, in_g(nd, l, 0), node_g(l, nd));
}

static const struct op op_crop = { .name = "crop", .forward = frame_forward, .backward = frame_backward, .adds = true };
static const struct op op_pad = { .name = "pad", .forward = frame_forward, .backward = frame_backward, .adds = true };

struct node *nn_crop(struct node *x, size_t top, size_t left, size_t h, size_t w)
{
	struct dims d = dims_of(x);
	struct frame f = { .in = d, .out = { d.n, h, w, d.c }, .top = top, .left = left, .crop = true };
	if (!h || !w || top + h > d.h || left + w > d.w)
		bug("a crop of %zu x %zu at %zu, %zu of %zu x %zu", h, w, top, left, d.h, d.w);
	return graph_add(x->g, &op_crop, (struct node *[]){ x, NULL }, NULL, shape_like(x, h, w, d.c), &f, sizeof(f));
}

struct node *nn_pad(struct node *x, size_t top, size_t left, size_t bottom, size_t right, enum pad how)
{
	struct dims d = dims_of(x), out = { d.n, d.h + top + bottom, d.w + left + right, d.c };
	struct frame f = { .in = d, .out = out, .top = top, .left = left, .how = how };
	if (how == PAD_REFLECT && (top >= d.h || bottom >= d.h || left >= d.w || right >= d.w))
		bug("a reflection of %zu, %zu, %zu, %zu of %zu x %zu", top, left, bottom, right, d.h, d.w);
	return graph_add(x->g, &op_pad, (struct node *[]){ x, NULL }, NULL, shape_like(x, out.h, out.w, d.c), &f, sizeof(f));
}

/* ---- resized, as PyTorch's interpolate() ---- */

struct sizes {
	struct dims in, out;
	enum resize how;
};

/* The places that place i of n_out takes its value from, and the second one's weight. */
struct tap {
	size_t a, b;
	real w;
};

static struct tap tap_of(enum resize how, size_t i, size_t n_in, size_t n_out)
{
	if (how == RESIZE_NEAREST) {
		size_t a = (size_t)floorf((float)i * ((float)n_in / (float)n_out));
		a = a < n_in ? a : n_in - 1;
		return (struct tap){ a, a, 0 };
	}
	double at = (double)n_in / (double)n_out * ((double)i + 0.5) - 0.5;
	if (how == RESIZE_BILINEAR_CORNERS)
		at = n_out > 1 ? (double)i * (double)(n_in - 1) / (double)(n_out - 1) : 0;
	at = at > 0 ? at : 0;
	size_t a = (size_t)at;
	a = a < n_in ? a : n_in - 1;
	return (struct tap){ a, a + 1 < n_in ? a + 1 : a, (real)(at - (double)a) };
}

/* y (c) += a x */
WIDE static void axpy(size_t c, real a, const real *x, real *y)
{
	EACH
	for (size_t k = 0; k < c; k++)
		y[k] += a * x[k];
}

/* The four corners of place (i, j) of the output in a picture of the input, and their weights. */
struct corners {
	size_t at[4];
	real w[4];
};

static struct corners corners_of(const struct sizes *s, struct tap y, size_t j)
{
	struct tap x = tap_of(s->how, j, s->in.w, s->out.w);
	size_t a = y.a * s->in.w, b = y.b * s->in.w, c = s->in.c;
	return (struct corners){ { (a + x.a) * c, (a + x.b) * c, (b + x.a) * c, (b + x.b) * c },
				 { (1 - y.w) * (1 - x.w), (1 - y.w) * x.w, y.w * (1 - x.w), y.w * x.w } };
}

static void resize_forward(const struct node *nd, struct lane *l)
{
	const struct sizes *s = nd->conf;
	const real *x = in_x(nd, l, 0);
	real *y = node_x(l, nd);
	memset(y, 0, nd->size * sizeof(*y));
	for (size_t r = 0; r < s->in.n; r++, x += s->in.h * s->in.w * s->in.c)
		for (size_t i = 0; i < s->out.h; i++) {
			struct tap t = tap_of(s->how, i, s->in.h, s->out.h);
			for (size_t j = 0; j < s->out.w; j++, y += s->in.c) {
				struct corners q = corners_of(s, t, j);
				for (int k = 0; k < 4; k++)
					if (q.w[k] != 0)
						axpy(s->in.c, q.w[k], x + q.at[k], y);
			}
		}
}

static void resize_backward(const struct node *nd, struct lane *l)
{
	const struct sizes *s = nd->conf;
	const real *g = node_g(l, nd);
	real *gx = in_g(nd, l, 0);
	for (size_t r = 0; r < s->in.n; r++, gx += s->in.h * s->in.w * s->in.c)
		for (size_t i = 0; i < s->out.h; i++) {
			struct tap t = tap_of(s->how, i, s->in.h, s->out.h);
			for (size_t j = 0; j < s->out.w; j++, g += s->in.c) {
				struct corners q = corners_of(s, t, j);
				for (int k = 0; k < 4; k++)
					if (q.w[k] != 0)
						axpy(s->in.c, q.w[k], g, gx + q.at[k]);
			}
		}
}

static const struct op op_resize = {
	.name = "resize", .forward = resize_forward, .backward = resize_backward, .adds = true,
};

struct node *nn_resize(struct node *x, size_t h, size_t w, enum resize how)
{
	struct dims d = dims_of(x);
	struct sizes s = { d, { d.n, h, w, d.c }, how };
	if (!h || !w || (x->shape.n < 4 && h != 1))
		bug("a resize to %zu x %zu", h, w);
	return graph_add(x->g, &op_resize, (struct node *[]){ x, NULL }, NULL, shape_like(x, h, w, d.c), &s, sizeof(s));
}
