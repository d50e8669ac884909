/* Convolution, its transpose, and dense layers: nodes around kernel.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "nn/kernel.h"
#include "nn/layers.h"
#include "nn/op.h"

/* What a convolution is beside its kernel's shape; its parameters are weight and, with bias, bias. */
struct conf {
	struct conv_shape s;
	bool bias, relu;
};

/* A norm that has become part of a convolution; see conv_fold(). */
struct fold {
	struct param *bn[4];	/* weight, bias, running_mean, running_var; NULL: there is none */
	double eps;
	bool residual;		/* input 1 is added before relu */
	bool relu;
};

struct state {
	struct kernel *kernel;
	struct fold fold;
	real *w, *bias;		/* of a folded norm: (weights), (oc); else NULL */
};

struct conv conv_of(size_t out, size_t k, size_t stride, size_t p)
{
	return (struct conv){ .out = out, .kh = k, .kw = k, .stride = stride, .top = p, .left = p, .bottom = p, .right = p };
}

/* Zeros along one side so that the output is ceil(n / stride): before and after. */
static void same_padding(size_t n, size_t k, size_t stride, size_t dilation, size_t *before, size_t *after)
{
	size_t out = (n + stride - 1) / stride, need = (out - 1) * stride + (k - 1) * dilation + 1;
	size_t pad = need > n ? need - n : 0;
	*before = pad / 2;
	*after = pad - pad / 2;
}

/* c with what was left out filled in. */
static struct conv complete(struct conv c)
{
	c.kw = c.kw ? c.kw : c.kh;
	c.stride = c.stride ? c.stride : 1;
	c.dilation = c.dilation ? c.dilation : 1;
	c.groups = c.groups ? c.groups : 1;
	return c;
}

struct conv conv_same(struct conv c, size_t h, size_t w)
{
	c = complete(c);
	same_padding(h, c.kh, c.stride, c.dilation, &c.top, &c.bottom);
	same_padding(w, c.kw, c.stride, c.dilation, &c.left, &c.right);
	return c;
}

static size_t out_size(size_t n, size_t pad, size_t k, size_t stride, size_t dilation)
{
	size_t window = (k - 1) * dilation + 1;
	if (n + pad < window)
		bug("a window of %zu over %zu", window, n + pad);
	return (n + pad - window) / stride + 1;
}

/* ---- forward direction ---- */

static struct state *state_of(struct node *nd)
{
	return nd->state ? nd->state : (nd->state = NEW0(struct state, 1));
}

/* The directions that will be run: ahead for the value, back for the gradient of the input. */
static unsigned uses_of(const struct node *nd, unsigned ahead, unsigned back)
{
	return ahead | (nd->wants && nd->in[0]->wants ? back : 0) | (nd->wants && !nd->param[0]->frozen ? KERNEL_BACK_WEIGHTS : 0);
}

static void conv_ready(struct node *nd)
{
	const struct conf *c = nd->conf;
	struct state *st = state_of(nd);
	if (st->fold.bn[0]) {
		st->w = NEW(real, nd->param[0]->n);
		st->bias = NEW(real, c->s.oc);
	}
	unsigned uses = uses_of(nd, KERNEL_FORWARD, KERNEL_BACK_DATA);
	st->kernel = kernel_new(&c->s, uses, c->bias || st->bias, c->relu || st->fold.relu, st->fold.residual);
	nd->scratch = kernel_scratch(st->kernel);
}

/* The weights and bias of norm(conv(x)): w s, (b - mean) s + beta with s = gamma / sqrt(var + eps). */
static void fold_weights(const struct node *nd, const real *x, struct state *st)
{
	const struct conf *c = nd->conf;
	const struct fold *f = &st->fold;
	const real *w = x + nd->param[0]->at;
	size_t per = nd->param[0]->n / c->s.oc;
	for (size_t o = 0; o < c->s.oc; o++) {
		double s = (double)x[f->bn[0]->at + o] / sqrt((double)x[f->bn[3]->at + o] + f->eps);
		double b = c->bias ? (double)x[nd->param[1]->at + o] : 0;
		for (size_t i = 0; i < per; i++)
			st->w[o * per + i] = (real)(s * (double)w[o * per + i]);
		st->bias[o] = (real)((b - (double)x[f->bn[2]->at + o]) * s + (double)x[f->bn[1]->at + o]);
	}
}

static void conv_pack(struct node *nd, const real *x)
{
	struct state *st = nd->state;
	if (st->fold.bn[0])
		fold_weights(nd, x, st);
	kernel_pack(st->kernel, st->w ? st->w : x + nd->param[0]->at);
}

static void conv_forward(const struct node *nd, struct lane *l)
{
	const struct conf *c = nd->conf;
	const struct state *st = nd->state;
	const real *bias = st->bias ? st->bias : c->bias ? node_param(nd, 1) : NULL;
	if (st->fold.residual && nd->in[1]->x_at != nd->x_at)
		memcpy(node_x(l, nd), in_x(nd, l, 1), nd->size * sizeof(real));
	kernel_forward(st->kernel, in_x(nd, l, 0), bias, node_x(l, nd), lane_scratch(l));
}

/* Where relu gave 0 there is no gradient. */
static void mask_by_output(const struct node *nd, const struct lane *l)
{
	const real *y = node_x(l, nd);
	real *g = node_g(l, nd);
	for (size_t i = 0; i < nd->size; i++)
		g[i] = y[i] > 0 ? g[i] : 0;
}

/* gb (oc) = or += sum over positions of gy (positions, oc). */
static void bias_gradient(const real *gy, size_t size, size_t oc, real *gb, bool add)
{
	double sum;
	for (size_t o = 0; o < oc; o++) {
		sum = add ? (double)gb[o] : 0;
		for (size_t i = o; i < size; i += oc)
			sum += (double)gy[i];
		gb[o] = (real)sum;
	}
}

static void conv_backward(const struct node *nd, struct lane *l)
{
	const struct conf *c = nd->conf;
	const struct state *st = nd->state;
	const real *gy = node_g(l, nd);
	if (c->relu && !nd->masked)
		mask_by_output(nd, l);
	if (!nd->param[0]->frozen)
		kernel_back_weights(st->kernel, in_x(nd, l, 0), gy, node_param_g(nd, l, 0),
				    c->bias ? node_param_g(nd, l, 1) : NULL, node_param_adds(nd, 0), lane_scratch(l));
	else if (c->bias && !nd->param[1]->frozen)
		bias_gradient(gy, nd->size, c->s.oc, node_param_g(nd, l, 1), node_param_adds(nd, 1));
	if (nd->in[0]->wants)
		kernel_back_data(st->kernel, gy, in_g(nd, l, 0), !node_first(nd, 0), lane_scratch(l));
}

static void conv_release(struct node *nd)
{
	struct state *st = nd->state;
	kernel_free(st->kernel);
	free(st->w);
	free(st->bias);
	free(st);
}

static double conv_flops(const struct node *nd)
{
	return kernel_flops(&((const struct conf *)nd->conf)->s);
}

static const struct op op_conv = {
	.name = "conv", .ready = conv_ready, .pack = conv_pack, .forward = conv_forward, .backward = conv_backward,
	.release = conv_release, .flops = conv_flops, .reads = READS_IN0,
};

static const struct op op_dense = {
	.name = "dense", .ready = conv_ready, .pack = conv_pack, .forward = conv_forward, .backward = conv_backward,
	.release = conv_release, .flops = conv_flops, .reads = READS_IN0,
};

bool conv_masked(struct node *x)
{
	x->masked = (x->op == &op_conv || x->op == &op_dense) && ((const struct conf *)x->conf)->relu && x->takers == 1 && !x->kept;
	return x->masked;
}

/* The node of a kernel over x whose value has this shape. */
static struct node *add_conv(const struct op *op, struct node *x, const char *name, const struct conf *c, struct shape shape,
			     int ndim, const size_t *dim)
{
	struct param *ps[3] = { param_of(x->g, name, "weight", PARAM_WEIGHT, ndim, dim) };
	if (c->bias)
		ps[1] = param_of(x->g, name, "bias", PARAM_SPARED, 1, (size_t[]){ shape_channels(&shape) });
	struct node *nd = graph_add(x->g, op, (struct node *[]){ x, NULL }, ps, shape, c, sizeof(*c));
	if (c->relu)
		nd->reads |= READS_OUT;
	return nd;
}

/* Height 1 for (rows, w, c). */
static void read_shape(const struct node *x, struct conv_shape *s)
{
	const struct shape *in = &x->shape;
	if (in->n < 3)
		bug("a convolution over %d dimensions", in->n);
	s->n = in->d[0];
	s->h = in->n == 4 ? in->d[1] : 1;
	s->w = in->d[in->n - 2];
	s->c = in->d[in->n - 1];
}

struct node *nn_conv(struct node *x, const char *name, struct conv c)
{
	struct conf f = { .bias = c.bias, .relu = c.relu };
	struct conv_shape *s = &f.s;
	bool flat = x->shape.n == 3;
	c = complete(c);
	read_shape(x, s);
	if (flat && c.kh != 1) {	/* the window lies along the width */
		c.kh = 1;
		c.top = c.bottom = 0;
	}
	s->kh = c.kh, s->kw = c.kw, s->sh = flat ? 1 : c.stride, s->sw = c.stride;
	s->dh = flat ? 1 : c.dilation, s->dw = c.dilation;
	s->top = c.top, s->left = c.left, s->bottom = c.bottom, s->right = c.right;
	s->groups = c.groups, s->oc = c.out;
	s->oh = out_size(s->h, s->top + s->bottom, s->kh, s->sh, s->dh);
	s->ow = out_size(s->w, s->left + s->right, s->kw, s->sw, s->dw);
	if (s->c % s->groups || s->oc % s->groups)
		bug("%s: %zu groups of %zu and %zu channels", name, s->groups, s->c, s->oc);
	size_t dim[] = { s->oc, s->c / s->groups, s->kh, s->kw }, dim1[] = { s->oc, s->c / s->groups, s->kw };
	struct shape y = flat ? shape3(s->n, s->ow, s->oc) : shape4(s->n, s->oh, s->ow, s->oc);
	return add_conv(&op_conv, x, name, &f, y, flat ? 3 : 4, flat ? dim1 : dim);
}

struct node *nn_dense(struct node *x, const char *name, size_t out, bool bias, bool relu)
{
	const struct shape *in = &x->shape;
	struct conf f = { .bias = bias, .relu = relu };
	f.s = (struct conv_shape){ .n = in->d[0], .h = in->n == 4 ? in->d[1] : 1, .w = in->n > 2 ? in->d[in->n - 2] : 1,
				   .c = in->d[in->n - 1], .oh = 1, .ow = 1, .oc = out, .sh = 1, .sw = 1, .dh = 1, .dw = 1, .groups = 1 };
	f.s.kh = f.s.h;
	f.s.kw = f.s.w;
	return add_conv(&op_dense, x, name, &f, shape2(f.s.n, out), 2, (size_t[]){ out, x->size / in->d[0] });
}

bool conv_fold(struct node *x, struct param *const bn[4], double eps, struct node *residual, bool relu)
{
	const struct conf *c = x->conf;
	if ((x->op != &op_conv && x->op != &op_dense) || x->takers || c->relu || x->g->mode != GRAPH_PREDICT)
		return false;
	if (residual && residual->id > x->id)
		return false;
	struct state *st = state_of(x);
	if (st->fold.bn[0])
		return false;
	st->fold = (struct fold){ .eps = eps, .residual = residual != NULL, .relu = relu };
	memcpy(st->fold.bn, bn, sizeof(st->fold.bn));
	if (residual) {
		struct node **in = arena_alloc(x->g->arena, 2 * sizeof(*in));
		in[0] = x->in[0];
		in[1] = residual;
		residual->takers++;
		x->in = in;
		x->nin = 2;
		x->alias = 1;
	}
	return true;
}

/* ---- the transpose: the kernel's directions are swapped, its input is our output ---- */

static void transposed_ready(struct node *nd)
{
	const struct conf *c = nd->conf;
	struct state *st = state_of(nd);
	unsigned uses = uses_of(nd, KERNEL_BACK_DATA, KERNEL_FORWARD);
	st->kernel = kernel_new(&c->s, uses, false, false, nd->in[0]->wants && !node_first(nd, 0));
	nd->scratch = kernel_scratch(st->kernel);
}

static void transposed_forward(const struct node *nd, struct lane *l)
{
	const struct conf *c = nd->conf;
	const struct state *st = nd->state;
	const real *b = c->bias ? node_param(nd, 1) : NULL;
	real *y = node_x(l, nd);
	size_t oc = c->s.c;
	kernel_back_data(st->kernel, in_x(nd, l, 0), y, false, lane_scratch(l));
	if (!b && !c->relu)
		return;
	for (size_t i = 0; i < nd->size; i += oc)
		for (size_t o = 0; o < oc; o++) {
			real v = y[i + o] + (b ? b[o] : 0);
			y[i + o] = c->relu && !(v > 0) ? 0 : v;
		}
}

static void transposed_backward(const struct node *nd, struct lane *l)
{
	const struct conf *c = nd->conf;
	const struct state *st = nd->state;
	const real *gy = node_g(l, nd);
	if (c->relu && !nd->masked)
		mask_by_output(nd, l);
	if (!nd->param[0]->frozen)
		kernel_back_weights(st->kernel, gy, in_x(nd, l, 0), node_param_g(nd, l, 0), NULL, node_param_adds(nd, 0),
				    lane_scratch(l));
	if (c->bias && !nd->param[1]->frozen)
		bias_gradient(gy, nd->size, c->s.c, node_param_g(nd, l, 1), node_param_adds(nd, 1));
	if (nd->in[0]->wants)
		kernel_forward(st->kernel, gy, NULL, in_g(nd, l, 0), lane_scratch(l));
}

static const struct op op_transposed = {
	.name = "conv_transposed", .ready = transposed_ready, .pack = conv_pack, .forward = transposed_forward,
	.backward = transposed_backward, .release = conv_release, .flops = conv_flops, .reads = READS_IN0,
};

struct node *nn_conv_transposed(struct node *x, const char *name, struct conv c, size_t extra)
{
	struct conf f = { .bias = c.bias, .relu = c.relu };
	struct conv_shape *s = &f.s, in;
	bool flat = x->shape.n == 3;
	c = complete(c);
	read_shape(x, &in);
	*s = (struct conv_shape){ .n = in.n, .oh = in.h, .ow = in.w, .oc = in.c, .c = c.out, .kh = flat ? 1 : c.kh, .kw = c.kw,
				  .sh = flat ? 1 : c.stride, .sw = c.stride, .dh = flat ? 1 : c.dilation, .dw = c.dilation,
				  .top = flat ? 0 : c.top, .left = c.left, .bottom = flat ? 0 : c.bottom, .right = c.right,
				  .groups = c.groups };
	s->h = flat ? 1 : (in.h - 1) * s->sh + (s->kh - 1) * s->dh + 1 + extra - s->top - s->bottom;
	s->w = (in.w - 1) * s->sw + (s->kw - 1) * s->dw + 1 + extra - s->left - s->right;
	size_t dim[] = { in.c, c.out / c.groups, s->kh, s->kw }, dim1[] = { in.c, c.out / c.groups, s->kw };
	struct shape y = flat ? shape3(s->n, s->w, s->c) : shape4(s->n, s->h, s->w, s->c);
	return add_conv(&op_transposed, x, name, &f, y, flat ? 3 : 4, flat ? dim1 : dim);
}
