/* The table of cases: each op over odd shapes. */
#include "cases.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "nn/layers.h"
#include "nn/op.h"

/* ---- activations ---- */

static struct node *act(struct case_net *c)
{
	return nn_act(case_in(c, 0), (enum act)c->row->arg);
}

/* Numbers beyond 6. */
static struct node *act_far(struct case_net *c)
{
	return nn_act(nn_scale(case_in(c, 0), 2.5, 0), (enum act)c->row->arg);
}

static struct node *leaky(struct case_net *c)
{
	return nn_leaky(case_in(c, 0), 0.2);
}

static struct node *softmax(struct case_net *c)
{
	return nn_softmax(case_in(c, 0));
}

static struct node *dropout(struct case_net *c)
{
	return nn_dropout(case_in(c, 0), 0.4);
}

static struct node *dropout_channels(struct case_net *c)
{
	return nn_dropout_channels(case_in(c, 0), 0.4);
}

/* Nodes in place over each other: what one reads, the next must not have written over. */
static struct node *chain(struct case_net *c)
{
	struct node *a = nn_act(nn_scale(case_in(c, 0), 2, 0.25), ACT_RELU);
	struct node *b = nn_act(nn_dropout(a, 0.25), ACT_TANH);
	return nn_add(nn_softmax(nn_scale(b, 3, 0)), nn_mul(a, b));
}

/* ---- norms ---- */

enum { RELU = 1, RESIDUAL = 2, FROZEN = 4, BARE = 8, CONV = 16 };

static struct node *batchnorm(struct case_net *c)
{
	int arg = c->row->arg;
	struct node *x = case_in(c, 0), *residual = arg & RESIDUAL ? case_in(c, 1) : NULL;
	struct node *conv = arg & CONV ? nn_conv(x, "conv", conv_of(x->shape.d[x->shape.n - 1], 1, 1, 0)) : x;
	struct node *y = nn_batchnorm(conv, "bn", 1e-3, residual, arg & RELU);
	if (arg & FROZEN)
		params_find(c->g->ps, "bn.running_mean")->frozen = true;
	return y;
}

static struct node *instancenorm(struct case_net *c)
{
	return nn_instancenorm(case_in(c, 0), c->row->arg & BARE ? NULL : "in", 1e-3);
}

static struct node *layernorm(struct case_net *c)
{
	return nn_layernorm(case_in(c, 0), "ln", 1e-3);
}

/* ---- pools ---- */

/* arg: k, stride, pad as digits; COUNT: padding counts; CEIL: the last window may hang over */
enum { CEIL = 1000, COUNT = 2000 };

static struct pool pool_of(int arg)
{
	return (struct pool){ .k = (size_t)(arg / 100 % 10), .stride = (size_t)(arg / 10 % 10), .pad = (size_t)(arg % 10),
			      .ceil = arg / 1000 & 1 };
}

static struct node *maxpool(struct case_net *c)
{
	return nn_maxpool(case_in(c, 0), pool_of(c->row->arg));
}

static struct node *avgpool(struct case_net *c)
{
	return nn_avgpool(case_in(c, 0), pool_of(c->row->arg), c->row->arg / 1000 & 2);
}

/* Squares of what was pooled, put back; or other values, so that the pool's own get no gradient at all. */
static struct node *unpool(struct case_net *c)
{
	struct node *p = nn_maxpool(case_in(c, 0), pool_of(c->row->arg));
	return nn_unpool(nn_mul(p, p), p);
}

static struct node *unpool_another(struct case_net *c)
{
	struct node *p = nn_maxpool(case_in(c, 0), pool_of(c->row->arg));
	return nn_unpool(nn_scale(case_in_of(c, 1, p->shape.d[1], p->shape.d[2], p->shape.d[3]), 3, 1), p);
}

static struct node *adaptive(struct case_net *c)
{
	return nn_adaptive_avgpool(case_in(c, 0), (size_t)c->row->arg / 10, (size_t)c->row->arg % 10);
}

static struct node *shortcut(struct case_net *c)
{
	return nn_shortcut(case_in(c, 0), (size_t)c->row->arg / 10, (size_t)c->row->arg % 10);
}

static struct node *global_avgpool(struct case_net *c)
{
	return nn_global_avgpool(case_in(c, 0));
}

static struct node *global_maxpool(struct case_net *c)
{
	return nn_global_maxpool(case_in(c, 0));
}

/* ---- shapes ---- */

static struct node *add(struct case_net *c)
{
	return nn_add(case_in(c, 0), case_in(c, 1));
}

static struct node *add_self(struct case_net *c)
{
	return nn_add(case_in(c, 0), case_in(c, 0));
}

static struct node *mul(struct case_net *c)
{
	return nn_mul(case_in(c, 0), case_in(c, 1));
}

static struct node *mul_self(struct case_net *c)
{
	return nn_mul(case_in(c, 0), case_in(c, 0));
}

static struct node *scale(struct case_net *c)
{
	return nn_scale(case_in(c, 0), -1.5, 0.5);
}

static struct node *concat(struct case_net *c)
{
	const size_t *d = c->row->d;
	struct node *a = case_in(c, 0), *b = case_in_of(c, 1, d[1], d[2], d[3] + 2);
	return nn_concat((struct node *[]){ a, b, a }, 3);
}

static struct node *slice(struct case_net *c)
{
	return nn_slice(case_in(c, 0), 1, 2);
}

static struct node *crop(struct case_net *c)
{
	return nn_crop(case_in(c, 0), c->row->d[1] ? 1 : 0, 1, c->row->d[1] ? 2 : 1, 3);
}

static struct node *pad(struct case_net *c)
{
	bool flat = !c->row->d[1];
	return nn_pad(case_in(c, 0), flat ? 0 : 1, 2, flat ? 0 : 2, 3, (enum pad)c->row->arg);
}

static struct node *reshape(struct case_net *c)
{
	struct node *x = case_in(c, 0);
	return nn_reshape(x, shape2(x->shape.d[0], x->size / x->shape.d[0]));
}

static struct node *flatten(struct case_net *c)
{
	return nn_flatten(case_in(c, 0));
}

/* arg: 100 how + 10 h + w */
static struct node *resize(struct case_net *c)
{
	int a = c->row->arg;
	return nn_resize(case_in(c, 0), (size_t)(a / 10 % 10), (size_t)(a % 10), (enum resize)(a / 100));
}

static struct node *shuffle(struct case_net *c)
{
	return nn_shuffle(case_in(c, 0), (size_t)c->row->arg);
}

/* ---- convolution and dense ---- */

static struct node *conv(struct case_net *c)
{
	static const struct conv kinds[] = {
		{ .out = 5, .kh = 3, .top = 1, .left = 1, .bottom = 1, .right = 1, .bias = true },
		{ .out = 8, .kh = 3, .stride = 2, .top = 1, .right = 1, .relu = true, .bias = true },
		{ .out = 6, .kh = 2, .kw = 3, .dilation = 2, .left = 2, .bottom = 1 },
		{ .out = 8, .kh = 3, .groups = 4, .top = 1, .left = 1, .bottom = 1, .right = 1, .bias = true },
		{ .out = 8, .kh = 3, .stride = 2, .groups = 8, .top = 1, .left = 1, .bottom = 1, .right = 1, .relu = true },
		{ .out = 3, .kh = 1 },
		{ .out = 6, .kh = 1, .stride = 2 },
	};
	return nn_conv(case_in(c, 0), "conv", kinds[c->row->arg]);
}

static struct node *transposed(struct case_net *c)
{
	static const struct conv kinds[] = {
		{ .out = 5, .kh = 2, .stride = 2, .bias = true },
		{ .out = 4, .kh = 3, .stride = 2, .top = 1, .left = 1, .bottom = 1, .right = 1, .bias = true, .relu = true },
		{ .out = 3, .kh = 3, .dilation = 2 },
		{ .out = 8, .kh = 4, .stride = 2, .groups = 2, .top = 1, .left = 1, .bottom = 1, .right = 1 },
	};
	return nn_conv_transposed(case_in(c, 0), "up", kinds[c->row->arg], c->row->arg == 1);
}

static struct node *dense(struct case_net *c)
{
	return nn_dense(case_in(c, 0), "fc", 7, c->row->arg & 1, c->row->arg & 2);
}

/* ---- embedding and sums ---- */

static struct node *embedding(struct case_net *c)
{
	return nn_embedding(case_labels(c, 0, 0, 0, 6, 5), "words", 5, 3, c->row->arg);
}

static struct node *gram(struct case_net *c)
{
	return nn_gram(case_in(c, 0));
}

static struct node *mean(struct case_net *c)
{
	return nn_mean(case_in(c, 0));
}

/* ---- a net: He et al. 2016, two basic blocks ---- */

static struct node *conv_norm(struct node *x, const char *name, size_t out, size_t k, size_t stride, struct node *residual,
			      bool relu)
{
	char conv[48], bn[48];
	snprintf(conv, sizeof(conv), "%s.conv", name);
	snprintf(bn, sizeof(bn), "%s.bn", name);
	return nn_batchnorm(nn_conv(x, conv, conv_of(out, k, stride, k / 2)), bn, 1e-5, residual, relu);
}

static struct node *resnet(struct case_net *c)
{
	struct node *x = conv_norm(case_in(c, 0), "stem", 4, 3, 1, NULL, true);
	x = conv_norm(conv_norm(x, "a1", 4, 3, 1, NULL, true), "a2", 4, 3, 1, x, true);
	struct node *down = conv_norm(x, "down", 6, 1, 2, NULL, false);
	x = conv_norm(conv_norm(x, "b1", 6, 3, 2, NULL, true), "b2", 6, 3, 1, down, true);
	return nn_dense(nn_global_avgpool(x), "fc", 5, true, false);
}

static struct node *resnet_loss(struct case_net *c)
{
	return nn_cross_entropy(resnet(c), case_labels(c, 1, 0, 0, 1, 5), NULL, (struct loss_conf){ .alpha = -1, .ignore = NAN });
}

static const struct net_case ops[] = {
	{ "relu", act, { 2, 3, 4, 5 }, .arg = ACT_RELU },
	{ "relu6", act_far, { 2, 3, 4, 5 }, .arg = ACT_RELU6 },
	{ "leaky", act, { 2, 3, 4, 5 }, .arg = ACT_LEAKY },
	{ "leaky 0.2", leaky, { 1, 0, 0, 17 }, .arg = 0 },
	{ "elu", act, { 1, 2, 5, 8 }, .arg = ACT_ELU },
	{ "sigmoid", act, { 3, 0, 4, 3 }, .arg = ACT_SIGMOID },
	{ "tanh", act, { 3, 0, 0, 17 }, .arg = ACT_TANH },
	{ "gelu", act, { 2, 3, 4, 5 }, .arg = ACT_GELU },
	{ "silu", act, { 2, 3, 4, 5 }, .arg = ACT_SILU },
	{ "hardswish", act, { 1, 3, 4, 5 }, .arg = ACT_HARDSWISH },
	{ "softmax", softmax, { 3, 0, 0, 5 }, .arg = 0 },
	{ "softmax of places", softmax, { 2, 3, 2, 3 }, .arg = 0 },
	{ "dropout", dropout, { 2, 3, 4, 5 }, .modes_differ = true },
	{ "dropout of channels", dropout_channels, { 2, 3, 4, 8 }, .modes_differ = true },
	{ "chain", chain, { 2, 0, 0, 8 }, .modes_differ = true },
	{ "batchnorm", batchnorm, { 3, 2, 4, 5 }, .modes_differ = true },
	{ "batchnorm relu", batchnorm, { 2, 3, 2, 8 }, .arg = RELU, .modes_differ = true },
	{ "batchnorm residual", batchnorm, { 2, 3, 2, 3 }, .arg = RESIDUAL, .modes_differ = true },
	{ "batchnorm residual relu", batchnorm, { 2, 3, 1, 17 }, .arg = RESIDUAL | RELU, .modes_differ = true },
	{ "batchnorm of features", batchnorm, { 5, 0, 0, 3 }, .arg = RELU, .modes_differ = true },
	{ "batchnorm one channel", batchnorm, { 1, 4, 3, 1 }, .arg = RELU, .modes_differ = true },
	{ "batchnorm frozen", batchnorm, { 2, 3, 2, 5 }, .arg = RESIDUAL | RELU | FROZEN },
	{ "batchnorm folded", batchnorm, { 2, 3, 2, 5 }, .arg = RESIDUAL | RELU | FROZEN | CONV },
	{ "batchnorm of conv", batchnorm, { 2, 3, 2, 3 }, .arg = RELU | CONV, .modes_differ = true },
	{ "instancenorm", instancenorm, { 2, 3, 4, 5 }, .arg = 0 },
	{ "instancenorm bare", instancenorm, { 1, 3, 4, 3 }, .arg = BARE },
	{ "layernorm", layernorm, { 2, 0, 3, 8 }, .arg = 0 },
	{ "layernorm of features", layernorm, { 3, 0, 0, 17 }, .arg = 0 },
	{ "maxpool 2", maxpool, { 2, 4, 6, 5 }, .arg = 220 },
	{ "maxpool 2 odd", maxpool, { 1, 5, 7, 3 }, .arg = 220 },
	{ "maxpool 2 odd height", maxpool, { 1, 5, 6, 3 }, .arg = 220 },
	{ "maxpool 2 odd width", maxpool, { 1, 4, 7, 3 }, .arg = 220 },
	{ "maxpool 2 ceil", maxpool, { 2, 5, 7, 3 }, .arg = CEIL + 220 },
	{ "maxpool 3", maxpool, { 1, 7, 5, 5 }, .arg = 321 },
	{ "maxpool 3 ceil", maxpool, { 1, 6, 8, 5 }, .arg = CEIL + 321 },
	{ "maxpool of series", maxpool, { 2, 0, 9, 3 }, .arg = 320 },
	{ "avgpool 2", avgpool, { 2, 4, 5, 5 }, .arg = 220 },
	{ "avgpool 3", avgpool, { 1, 7, 5, 3 }, .arg = 321 },
	{ "avgpool 3 count", avgpool, { 1, 7, 5, 3 }, .arg = COUNT + 321 },
	{ "avgpool 3 ceil", avgpool, { 1, 6, 8, 1 }, .arg = CEIL + 321 },
	{ "avgpool 3 ceil count", avgpool, { 1, 6, 8, 1 }, .arg = CEIL + COUNT + 321 },
	{ "unpool", unpool, { 2, 4, 6, 3 }, .arg = 220 },
	{ "unpool of squares", unpool, { 2, 5, 3, 3 }, .arg = CEIL + 220 },
	{ "unpool of another", unpool_another, { 2, 5, 3, 3 }, .arg = 220 },
	{ "adaptive avgpool", adaptive, { 2, 7, 5, 3 }, .arg = 32 },
	{ "adaptive avgpool up", adaptive, { 1, 2, 5, 8 }, .arg = 37 },
	{ "shortcut", shortcut, { 2, 5, 4, 3 }, .arg = 28 },
	{ "global avgpool", global_avgpool, { 2, 3, 5, 8 }, .arg = 0 },
	{ "global avgpool of series", global_avgpool, { 2, 0, 5, 3 }, .arg = 0 },
	{ "global maxpool", global_maxpool, { 2, 3, 5, 8 }, .arg = 0 },
	{ "global maxpool of series", global_maxpool, { 2, 0, 5, 3 }, .arg = 0 },
	{ "add", add, { 2, 3, 4, 5 }, .arg = 0 },
	{ "add self", add_self, { 2, 0, 0, 5 }, .arg = 0 },
	{ "mul", mul, { 2, 3, 4, 5 }, .arg = 0 },
	{ "mul self", mul_self, { 2, 0, 3, 5 }, .arg = 0 },
	{ "scale", scale, { 2, 3, 4, 5 }, .arg = 0 },
	{ "concat", concat, { 2, 3, 2, 3 }, .arg = 0 },
	{ "concat of features", concat, { 2, 0, 0, 5 }, .arg = 0 },
	{ "slice", slice, { 2, 3, 2, 5 }, .arg = 0 },
	{ "crop", crop, { 2, 4, 5, 3 }, .arg = 0 },
	{ "crop of series", crop, { 2, 0, 5, 3 }, .arg = 0 },
	{ "pad", pad, { 2, 3, 4, 3 }, .arg = PAD_ZERO },
	{ "pad reflected", pad, { 1, 3, 4, 3 }, .arg = PAD_REFLECT },
	{ "pad of series", pad, { 1, 0, 5, 2 }, .arg = PAD_REFLECT },
	{ "reshape", reshape, { 2, 3, 4, 5 }, .arg = 0 },
	{ "flatten", flatten, { 2, 3, 4, 5 }, .arg = 0 },
	{ "flatten one channel", flatten, { 2, 3, 4, 1 }, .arg = 0 },
	{ "flatten series", flatten, { 1, 0, 4, 3 }, .arg = 0 },
	{ "resize nearest", resize, { 2, 3, 4, 3 }, .arg = 100 * RESIZE_NEAREST + 68 },
	{ "resize nearest down", resize, { 1, 7, 5, 3 }, .arg = 100 * RESIZE_NEAREST + 43 },
	{ "resize bilinear", resize, { 2, 3, 4, 3 }, .arg = 100 * RESIZE_BILINEAR + 75 },
	{ "resize bilinear down", resize, { 1, 7, 5, 5 }, .arg = 100 * RESIZE_BILINEAR + 42 },
	{ "resize corners", resize, { 2, 3, 4, 3 }, .arg = 100 * RESIZE_BILINEAR_CORNERS + 57 },
	{ "resize corners to one", resize, { 1, 3, 4, 3 }, .arg = 100 * RESIZE_BILINEAR_CORNERS + 13 },
	{ "shuffle", shuffle, { 2, 2, 3, 6 }, .arg = 2 },
	{ "shuffle 4", shuffle, { 1, 0, 3, 8 }, .arg = 4 },
	{ "conv 3", conv, { 2, 4, 5, 3 }, .arg = 0 },
	{ "conv strided relu", conv, { 2, 5, 6, 3 }, .arg = 1 },
	{ "conv dilated", conv, { 1, 4, 5, 3 }, .arg = 2 },
	{ "conv grouped", conv, { 2, 3, 4, 8 }, .arg = 3 },
	{ "conv depthwise", conv, { 2, 4, 3, 8 }, .arg = 4 },
	{ "conv 1", conv, { 2, 3, 4, 5 }, .arg = 5 },
	{ "conv 1 strided", conv, { 2, 12, 12, 4 }, .arg = 6 },
	{ "conv of series", conv, { 2, 0, 6, 3 }, .arg = 0 },
	{ "transposed 2", transposed, { 2, 2, 3, 4 }, .arg = 0 },
	{ "transposed 3 relu", transposed, { 1, 3, 2, 3 }, .arg = 1 },
	{ "transposed dilated", transposed, { 1, 3, 2, 3 }, .arg = 2 },
	{ "transposed grouped", transposed, { 1, 2, 3, 4 }, .arg = 3 },
	{ "transposed of series", transposed, { 2, 0, 3, 4 }, .arg = 0 },
	{ "dense", dense, { 3, 0, 0, 5 }, .arg = 1 },
	{ "dense relu", dense, { 2, 3, 2, 3 }, .arg = 3 },
	{ "embedding", embedding, { 2, 0, 0, 6 }, .arg = -1 },
	{ "embedding padded", embedding, { 2, 0, 0, 6 }, .arg = 2, .golden_only = true },
	{ "gram", gram, { 2, 3, 4, 5 }, .arg = 0 },
	{ "mean", mean, { 2, 3, 4, 5 }, .arg = 0 },
	{ "resnet", resnet, { 2, 12, 12, 3 }, .modes_differ = true, .golden_only = true },
	{ "resnet loss", resnet_loss, { 2, 12, 12, 3 }, .modes_differ = true, .golden_only = true },
	{ "dense bare", dense, { 1, 0, 3, 5 }, .arg = 0 },
};

/* ---- planted faults: y = x^2, whose backward is wrong in one way each ---- */

enum { SIGN, FACTOR, SKIPPED, OVERWRITES, UNDECLARED, UNDECLARED_OUT, RIGHT };

static void square_forward(const struct node *nd, struct lane *l)
{
	for (size_t i = 0; i < nd->size; i++)
		node_x(l, nd)[i] = in_x(nd, l, 0)[i] * in_x(nd, l, 0)[i];
}

static void square_backward(const struct node *nd, struct lane *l)
{
	int fault = *(const int *)nd->conf;
	const real *x = in_x(nd, l, 0), *y = node_x(l, nd), *g = node_g(l, nd);
	real *gx = in_g(nd, l, 0);
	bool add = fault != OVERWRITES && !node_first(nd, 0);
	for (size_t i = 0; gx && i < nd->size; i++) {
		real v = 2 * g[i] * (fault == UNDECLARED_OUT ? y[i] / x[i] : x[i]);
		v = fault == SIGN ? -v : fault == FACTOR ? v * (real)1.001 : fault == SKIPPED && i == nd->size / 2 ? 0 : v;
		gx[i] = add ? gx[i] + v : v;
	}
}

static const struct op op_square = {
	.name = "square", .forward = square_forward, .backward = square_backward, .reads = READS_IN0,
};
static const struct op op_undeclared = {
	.name = "square", .forward = square_forward, .backward = square_backward, .in_place = true,
};

static struct node *square(struct case_net *c)
{
	struct node *x = case_in(c, 0);
	const struct op *op = c->row->arg == UNDECLARED ? &op_undeclared : &op_square;
	return graph_add(c->g, op, (struct node *[]){ x, NULL }, NULL, x->shape, &c->row->arg, sizeof(c->row->arg));
}

static const struct net_case faulty[] = {
	{ "sign", square, { 2, 3, 4, 5 }, .arg = SIGN },
	{ "factor", square, { 2, 3, 4, 5 }, .arg = FACTOR },
	{ "skipped element", square, { 2, 3, 4, 5 }, .arg = SKIPPED },
	{ "overwrites", square, { 2, 3, 4, 5 }, .arg = OVERWRITES },
	{ "undeclared read of the input", square, { 2, 3, 4, 5 }, .arg = UNDECLARED },
	{ "undeclared read of the output", square, { 2, 3, 4, 5 }, .arg = UNDECLARED_OUT },
};

/* The same op without a fault is a case like others. */
static const struct net_case sound[] = {
	{ "square", square, { 2, 3, 4, 5 }, .arg = RIGHT },
};

#define TABLE(a) { a, sizeof(a) / sizeof(*(a)) }
static const struct case_table tables[] = { TABLE(ops), TABLE(sound) };

const struct net_case *case_row(size_t i)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); i -= tables[t++].n)
		if (i < tables[t].n)
			return &tables[t].row[i];
	return case_sums_row(i);
}

const struct net_case *case_faulty(size_t i)
{
	return i < sizeof(faulty) / sizeof(*faulty) ? &faulty[i] : NULL;
}
