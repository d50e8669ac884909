/*
 * Pooling: windows over (rows, h, w, c), or (rows, w, c) with h = 1. Each
 * channel is on its own; loops run along channels.
 */
#include <string.h>

#include "base/die.h"
#include "nn/layers.h"
#include "nn/op.h"
#include "nn/wide.h"

/* A window of kh x kw, sh x sw apart, over h x w surrounded by ph and pw. */
struct conf {
	size_t n, h, w, c, oh, ow;
	size_t kh, kw, sh, sw, ph, pw;
	bool count_pad;
};

/* A window's place inside the input, and what an average divides by. */
struct window {
	size_t y0, y1, x0, x1;
	size_t count;
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static struct window window_at(const struct conf *f, size_t i, size_t j)
{
	size_t y = i * f->sh, x = j * f->sw;	/* counted from the padding's corner, as the ends are */
	size_t y1 = least(y + f->kh, f->h + 2 * f->ph), x1 = least(x + f->kw, f->w + 2 * f->pw);
	struct window v = { .y0 = y > f->ph ? y - f->ph : 0, .y1 = least(y1 - f->ph, f->h),
			    .x0 = x > f->pw ? x - f->pw : 0, .x1 = least(x1 - f->pw, f->w) };
	v.count = f->count_pad ? (y1 - y) * (x1 - x) : (v.y1 - v.y0) * (v.x1 - v.x0);
	return v;
}

/* As PyTorch's: with ceil the last window may hang over, but begins inside the input or the padding before it. */
static size_t out_size(size_t n, size_t k, size_t stride, size_t pad, bool ceil)
{
	if (n + 2 * pad < k || 2 * pad > k)
		bug("a pool's window of %zu over %zu with padding %zu", k, n, pad);
	size_t o = (n + 2 * pad - k + (ceil ? stride - 1 : 0)) / stride + 1;
	return ceil && (o - 1) * stride >= n + pad ? o - 1 : o;
}

static struct conf conf_of(const struct node *x, struct pool p, bool count_pad)
{
	const struct shape *s = &x->shape;
	bool flat = s->n == 3;
	if (s->n < 3)
		bug("a pool over %d dimensions", s->n);
	size_t stride = p.stride ? p.stride : 1;
	struct conf f = { .n = s->d[0], .h = flat ? 1 : s->d[1], .w = s->d[s->n - 2], .c = s->d[s->n - 1],
			  .kh = flat ? 1 : p.k, .kw = p.k, .sh = flat ? 1 : stride, .sw = stride,
			  .ph = flat ? 0 : p.pad, .pw = p.pad, .count_pad = count_pad };
	f.oh = out_size(f.h, f.kh, f.sh, f.ph, p.ceil);
	f.ow = out_size(f.w, f.kw, f.sw, f.pw, p.ceil);
	return f;
}

static struct shape shape_of(const struct node *x, const struct conf *f)
{
	return x->shape.n == 3 ? shape3(f->n, f->ow, f->c) : shape4(f->n, f->oh, f->ow, f->c);
}

BODY void add_to(size_t n, const real *x, real *y)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] += x[i];
}

BODY void scale_to(size_t n, const real *x, real a, real *y, bool add)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] = add ? y[i] + a * x[i] : a * x[i];
}

/* ---- max: what backward and nn_unpool() need is the place (of h w) of each maximum, in work ---- */

/* Where x is above y, or NaN, it is taken over with its place. */
BODY void take_more(size_t c, const real *x, int32_t place, real *y, int32_t *at)
{
	EACH
	for (size_t k = 0; k < c; k++) {
		bool more = x[k] > y[k] || x[k] != x[k];
		y[k] = more ? x[k] : y[k];
		at[k] = more ? place : at[k];
	}
}

BODY void max_window(const struct conf *f, const struct window *v, const real *x, real *y, int32_t *at)
{
	size_t c = f->c, first = v->y0 * f->w + v->x0;
	EACH
	for (size_t k = 0; k < c; k++) {
		y[k] = x[first * c + k];
		at[k] = (int32_t)first;
	}
	for (size_t i = v->y0; i < v->y1; i++)
		for (size_t j = v->x0; j < v->x1; j++)
			if (i != v->y0 || j != v->x0)
				take_more(c, x + (i * f->w + j) * c, (int32_t)(i * f->w + j), y, at);
}

/* The same where nobody asks for places. */
BODY void plain_window(const struct conf *f, const struct window *v, const real *x, real *y)
{
	size_t c = f->c, first = v->y0 * f->w + v->x0;
	EACH
	for (size_t k = 0; k < c; k++)
		y[k] = x[first * c + k];
	for (size_t i = v->y0; i < v->y1; i++)
		for (size_t j = v->x0; j < v->x1; j++) {
			const real *from = x + (i * f->w + j) * c;
			EACH
			for (size_t k = 0; k < c; k++)
				y[k] = from[k] > y[k] || from[k] != from[k] ? from[k] : y[k];
		}
}

/* Where the maximum is not above 0 it has no place. */
BODY void drop_places(size_t n, const real *y, int32_t *at)
{
	EACH
	for (size_t i = 0; i < n; i++)
		at[i] = y[i] > 0 ? at[i] : -1;
}

/* Row i of the output of a picture. */
WIDE static void max_row(const struct conf *f, size_t i, const real *x, real *y, int32_t *at, bool masks)
{
	for (size_t j = 0; j < f->ow; j++) {
		struct window v = window_at(f, i, j);
		if (at)
			max_window(f, &v, x, y + j * f->c, at + j * f->c);
		else
			plain_window(f, &v, x, y + j * f->c);
	}
	if (masks)
		drop_places(f->ow * f->c, y, at);
}

/* Places are for backward and for unpooling. Those of a relu's zeros are dropped, so that it needs not mask its gradient. */
static void max_ready(struct node *nd)
{
	bool lent = false;
	for (size_t i = nd->id + 1; i < nd->g->n; i++)
		lent = lent || ((nd->g->nodes[i]->reads & READS_WORK1) && nd->g->nodes[i]->in[1] == nd);
	nd->work = lent || nd->wants ? nd->size * sizeof(int32_t) : 0;
	if (nd->wants && !lent)
		conv_masked(nd->in[0]);
}

static void max_forward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	const real *x = in_x(nd, l, 0);
	real *y = node_x(l, nd);
	int32_t *at = nd->work ? node_work(nd, l) : NULL;
	size_t out = f->ow * f->c;
	for (size_t r = 0; r < f->n; r++, x += f->h * f->w * f->c)
		for (size_t i = 0; i < f->oh; i++, y += out) {
			max_row(f, i, x, y, at, nd->in[0]->masked);
			at += at ? out : 0;
		}
}

/* gx = g where the maximum stood, 0 elsewhere */
BODY void give_place(size_t c, const real *g, const int32_t *at, int32_t place, real *gx)
{
	EACH
	for (size_t k = 0; k < c; k++)
		gx[k] = at[k] == place ? g[k] : 0;
}

/* Whether each value of the input is in one window, so that all are set by going through the windows. */
static bool tiles(const struct conf *f)
{
	return f->kh == f->sh && f->kw == f->sw && !f->ph && !f->pw && f->oh * f->sh >= f->h && f->ow * f->sw >= f->w;
}

WIDE static void set_tiles(const struct conf *f, const real *g, const int32_t *at, real *gx)
{
	for (size_t o = 0; o < f->oh * f->ow; o++, g += f->c, at += f->c) {
		struct window v = window_at(f, o / f->ow, o % f->ow);
		for (size_t i = v.y0; i < v.y1; i++)
			for (size_t j = v.x0; j < v.x1; j++)
				give_place(f->c, g, at, (int32_t)(i * f->w + j), gx + (i * f->w + j) * f->c);
	}
}

static void max_backward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	const real *g = node_g(l, nd);
	const int32_t *at = node_work(nd, l);
	real *gx = in_g(nd, l, 0);
	size_t in = f->h * f->w * f->c, out = f->oh * f->ow * f->c;
	bool set = node_first(nd, 0) && tiles(f);
	if (node_first(nd, 0) && !set)
		memset(gx, 0, f->n * in * sizeof(*gx));
	for (size_t r = 0; r < f->n; r++, g += out, at += out, gx += in)
		if (set)
			set_tiles(f, g, at, gx);
		else
			for (size_t i = 0; i < out; i += f->c)
				for (size_t k = 0; k < f->c; k++)
					if (at[i + k] >= 0)
						gx[(size_t)at[i + k] * f->c + k] += g[i + k];
}

static const struct op op_maxpool = {
	.name = "maxpool", .ready = max_ready, .forward = max_forward, .backward = max_backward,
};

static struct node *add_max(struct node *x, const struct conf *f, struct shape s)
{
	if (f->h * f->w > INT32_MAX)
		bug("a pool over %zu x %zu", f->h, f->w);
	return graph_add(x->g, &op_maxpool, (struct node *[]){ x, NULL }, NULL, s, f, sizeof(*f));
}

struct node *nn_maxpool(struct node *x, struct pool p)
{
	struct conf f = conf_of(x, p, false);
	return add_max(x, &f, shape_of(x, &f));
}

/* ---- unpooling: Badrinarayanan, Kendall and Cipolla 2017 ---- */

static void unpool_forward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	const real *x = in_x(nd, l, 0);
	const int32_t *at = node_work(nd->in[1], l);
	real *y = node_x(l, nd);
	size_t in = f->oh * f->ow * f->c, out = f->h * f->w * f->c;
	memset(y, 0, nd->size * sizeof(*y));
	for (size_t r = 0; r < f->n; r++, x += in, at += in, y += out)
		for (size_t i = 0; i < in; i += f->c)
			for (size_t k = 0; k < f->c; k++)
				y[(size_t)at[i + k] * f->c + k] = x[i + k];
}

static void unpool_backward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	const real *g = node_g(l, nd);
	const int32_t *at = node_work(nd->in[1], l);
	real *gx = in_g(nd, l, 0);
	size_t in = f->oh * f->ow * f->c, out = f->h * f->w * f->c;
	for (size_t r = 0; gx && r < f->n; r++, gx += in, at += in, g += out)
		for (size_t i = 0; i < in; i += f->c)
			for (size_t k = 0; k < f->c; k++)
				gx[i + k] += g[(size_t)at[i + k] * f->c + k];
}

/* It adds, so that the pool's own gradient, which gets nothing from here, is zeros where this is the last to take it. */
static const struct op op_unpool = {
	.name = "unpool", .forward = unpool_forward, .backward = unpool_backward, .reads = READS_WORK1, .adds = true,
};

struct node *nn_unpool(struct node *x, struct node *pool)
{
	const struct conf *f = pool->conf;
	if (pool->op != &op_maxpool || f->kh > f->sh || f->kw > f->sw || x->size != pool->size)
		bug("unpooling needs a maxpool of windows that do not overlap, and values of its shape");
	return graph_add(x->g, &op_unpool, (struct node *[]){ x, pool, NULL }, NULL, pool->in[0]->shape, f, sizeof(*f));
}

/* ---- averages ---- */

/* Row i of the output of a picture. */
WIDE static void avg_row(const struct conf *f, size_t i, const real *x, real *y)
{
	for (size_t o = 0; o < f->ow; o++, y += f->c) {
		struct window v = window_at(f, i, o);
		memset(y, 0, f->c * sizeof(*y));
		for (size_t a = v.y0; a < v.y1; a++)
			for (size_t b = v.x0; b < v.x1; b++)
				add_to(f->c, x + (a * f->w + b) * f->c, y);
		scale_to(f->c, y, (real)(1 / (double)v.count), y, false);
	}
}

WIDE static void avg_row_back(const struct conf *f, size_t i, const real *g, real *gx)
{
	for (size_t o = 0; o < f->ow; o++, g += f->c) {
		struct window v = window_at(f, i, o);
		for (size_t a = v.y0; a < v.y1; a++)
			for (size_t b = v.x0; b < v.x1; b++)
				scale_to(f->c, g, (real)(1 / (double)v.count), gx + (a * f->w + b) * f->c, true);
	}
}

static void avg_forward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	const real *x = in_x(nd, l, 0);
	real *y = node_x(l, nd);
	for (size_t r = 0; r < f->n; r++, x += f->h * f->w * f->c)
		for (size_t i = 0; i < f->oh; i++, y += f->ow * f->c)
			avg_row(f, i, x, y);
}

static void avg_backward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	const real *g = node_g(l, nd);
	real *gx = in_g(nd, l, 0);
	for (size_t r = 0; r < f->n; r++, gx += f->h * f->w * f->c)
		for (size_t i = 0; i < f->oh; i++, g += f->ow * f->c)
			avg_row_back(f, i, g, gx);
}

static const struct op op_avgpool = { .name = "avgpool", .forward = avg_forward, .backward = avg_backward, .adds = true };

struct node *nn_avgpool(struct node *x, struct pool p, bool count_pad)
{
	struct conf f = conf_of(x, p, count_pad);
	return graph_add(x->g, &op_avgpool, (struct node *[]){ x, NULL }, NULL, shape_of(x, &f), &f, sizeof(f));
}

/* ---- all of a row's positions ---- */

static void global_ready(struct node *nd)
{
	nd->scratch = shape_channels(&nd->shape) * sizeof(real);
}

/* y (c) = mean of x (h w, c): sums s (c) of w positions are added to the whole, so that thousands keep their accuracy. */
WIDE static void mean_of(const struct conf *f, const real *x, real *y, real *s)
{
	memset(y, 0, f->c * sizeof(*y));
	for (size_t i = 0; i < f->h; i++) {
		memset(s, 0, f->c * sizeof(*s));
		for (size_t j = 0; j < f->w; j++, x += f->c)
			add_to(f->c, x, s);
		add_to(f->c, s, y);
	}
	scale_to(f->c, y, (real)(1 / (double)(f->h * f->w)), y, false);
}

static void global_forward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	for (size_t r = 0; r < f->n; r++)
		mean_of(f, in_x(nd, l, 0) + r * f->h * f->w * f->c, node_x(l, nd) + r * f->c, lane_scratch(l));
}

WIDE static void spread(const struct conf *f, const real *g, real *gx, bool add)
{
	for (size_t i = 0; i < f->h * f->w; i++, gx += f->c)
		scale_to(f->c, g, (real)(1 / (double)(f->h * f->w)), gx, add);
}

static void global_backward(const struct node *nd, struct lane *l)
{
	const struct conf *f = nd->conf;
	for (size_t r = 0; r < f->n; r++)
		spread(f, node_g(l, nd) + r * f->c, in_g(nd, l, 0) + r * f->h * f->w * f->c, !node_first(nd, 0));
}

static const struct op op_global_avgpool = {
	.name = "global_avgpool", .ready = global_ready, .forward = global_forward, .backward = global_backward,
};

/* One window over everything. */
static struct conf whole(const struct node *x)
{
	struct conf f = conf_of(x, (struct pool){ 1, 1, 0, false }, false);
	f.kh = f.sh = f.h;
	f.kw = f.sw = f.w;
	f.oh = f.ow = 1;
	return f;
}

struct node *nn_global_avgpool(struct node *x)
{
	struct conf f = whole(x);
	return graph_add(x->g, &op_global_avgpool, (struct node *[]){ x, NULL }, NULL, shape2(f.n, f.c), &f, sizeof(f));
}

struct node *nn_global_maxpool(struct node *x)
{
	struct conf f = whole(x);
	return add_max(x, &f, shape2(f.n, f.c));
}
