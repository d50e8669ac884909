/*
 * The layers of nets: each function appends a node and gives it back. A name is
 * the prefix of PyTorch's parameters: "conv1" has conv1.weight and conv1.bias.
 */
#ifndef DLS_NN_LAYERS_H
#define DLS_NN_LAYERS_H

#include "nn/graph.h"

enum act { ACT_NONE, ACT_RELU, ACT_RELU6, ACT_LEAKY, ACT_ELU, ACT_SIGMOID, ACT_TANH, ACT_GELU, ACT_SILU, ACT_HARDSWISH };
enum pad { PAD_ZERO, PAD_REFLECT };

/* Of a window; what is 0 is 1, but padding. */
struct conv {
	size_t out;		/* channels */
	size_t kh, kw, stride, dilation, groups;	/* kw 0: as kh */
	size_t top, left, bottom, right;		/* padding */
	bool bias, relu;
};

/* conv with padding p at all sides, and TensorFlow's SAME (odd padding goes to bottom and right). */
struct conv conv_of(size_t out, size_t k, size_t stride, size_t p);
struct conv conv_same(struct conv c, size_t h, size_t w);

/* ---- op_input.c ---- */

/* (rows, h, w, c), or (rows, w, c) where h is 0, or (rows, c) where w is 0 too. */
struct node *nn_input(struct graph *g, size_t h, size_t w, size_t c);
/* A parameter as a node, whose rows are its first dimension; a picture that is optimised. */
struct node *nn_param(struct graph *g, struct param *p);

/* ---- op_conv.c ---- */

/* x (rows, h, w, c) or (rows, w, c) -> (rows, oh, ow, out); weight (out, c / groups, kh, kw). */
struct node *nn_conv(struct node *x, const char *name, struct conv c);
/* Its transpose: weight (c, out / groups, kh, kw); oh = (h - 1) * stride - top - bottom + kh + extra. */
struct node *nn_conv_transposed(struct node *x, const char *name, struct conv c, size_t extra);
/* x -> (rows, out), over all of a row: weight (out, c * h * w), its elements in PyTorch's order, channels first. */
struct node *nn_dense(struct node *x, const char *name, size_t out, bool bias, bool relu);

/* ---- op_norm.c ---- */

/*
 * Ioffe and Szegedy 2015 over (rows, h, w) of this run, biased variance; then + residual, then relu, where given.
 * Parameters weight, bias, running_mean, running_var (unbiased). In GRAPH_PREDICT by the running statistics; over a
 * convolution that nothing else takes they then go into its weights. Where running_mean is frozen, in GRAPH_TRAIN too.
 */
struct node *nn_batchnorm(struct node *x, const char *name, double eps, struct node *residual, bool relu);
struct node *nn_instancenorm(struct node *x, const char *name, double eps);	/* name NULL: no weight and bias */
struct node *nn_layernorm(struct node *x, const char *name, double eps);	/* over the last dimension */

/* ---- op_pool.c ---- */

struct pool {
	size_t k, stride, pad;
	bool ceil;		/* the last window may hang over the edge (PyTorch's ceil_mode) */
};
struct node *nn_maxpool(struct node *x, struct pool p);
struct node *nn_avgpool(struct node *x, struct pool p, bool count_pad);
/* Puts values back where the maxima of pool (an nn_maxpool() node) stood, zeros elsewhere. */
struct node *nn_unpool(struct node *x, struct node *pool);
struct node *nn_global_avgpool(struct node *x);		/* (rows, c) */
struct node *nn_global_maxpool(struct node *x);

/* ---- op_shrink.c ---- */

struct node *nn_adaptive_avgpool(struct node *x, size_t h, size_t w);	/* to h x w, whatever x has */
/* Every stride-th position of x, with as many channels of zeros before as behind (or one less): He et al. 2016, option A. */
struct node *nn_shortcut(struct node *x, size_t stride, size_t channels);

/* ---- op_act.c ---- */

struct node *nn_act(struct node *x, enum act a);	/* ACT_LEAKY: of slope 0.01; ACT_NONE: x */
struct node *nn_leaky(struct node *x, double slope);
struct node *nn_softmax(struct node *x);		/* over the last dimension */
struct node *nn_dropout(struct node *x, double p);	/* of single values; scaled by 1 / (1 - p) */
struct node *nn_dropout_channels(struct node *x, double p);	/* of whole channels of a row */

/* ---- op_shape.c ---- */

struct node *nn_add(struct node *a, struct node *b);
struct node *nn_mul(struct node *a, struct node *b);
struct node *nn_scale(struct node *x, double a, double b);	/* a x + b */
struct node *nn_concat(struct node *const *in, int n);	/* along channels */
struct node *nn_slice(struct node *x, size_t first, size_t n);	/* channels */
struct node *nn_crop(struct node *x, size_t top, size_t left, size_t h, size_t w);
struct node *nn_pad(struct node *x, size_t top, size_t left, size_t bottom, size_t right, enum pad how);
struct node *nn_reshape(struct node *x, struct shape s);	/* the same elements, in NHWC order */
struct node *nn_flatten(struct node *x);		/* (rows, c * h * w) in PyTorch's order, channels first */
enum resize { RESIZE_NEAREST, RESIZE_BILINEAR, RESIZE_BILINEAR_CORNERS };	/* the last: align_corners */
struct node *nn_resize(struct node *x, size_t h, size_t w, enum resize how);
struct node *nn_shuffle(struct node *x, size_t groups);	/* of channels */
struct node *nn_embedding(struct node *ids, const char *name, size_t vocabulary, size_t dim, int64_t padding);	/* (rows, w) -> (rows, w, dim); padding < 0: none */
struct node *nn_gram(struct node *x);			/* (rows, c, c): x'x / (c h w) */
struct node *nn_mean(struct node *x);			/* (1): sum over everything over lane->norm and the elements of a row */

/* ---- op_loss.c: (1) each, from logits; sums over rows and their positions divided by lane->norm ---- */

struct loss_conf {
	double smooth;		/* label smoothing: cross-entropy with (1 - smooth) at the label and smooth / classes everywhere */
	double gamma, alpha;	/* focal loss, Lin et al. 2017, eq. 5; alpha < 0: none */
	double delta;		/* huber */
	double ignore;		/* label whose rows count nothing; NaN: none */
	const real *class_weight;	/* (channels) or NULL; borrowed */
};
/* No smoothing and weights, nothing ignored, gamma 2, delta 1. */
struct loss_conf loss_usual(void);
/* p (k) = softmax of the logits x (k), one row's; returns log(sum exp x). */
double nn_probabilities(size_t k, const real *x, double *p);
/*
 * What lane->norm is to be for a mean over a batch, as PyTorch means it: the sum over n positions of their weight (weights:
 * n, or a divisor of n where one counts for many; NULL: 1) times that of their label's class, ignored ones left out. label
 * NULL: of losses without labels.
 */
double nn_loss_weight(const struct loss_conf *c, size_t n, const real *label, size_t weights, const real *weight);
/*
 * logits (rows, ..., classes), label (rows, ..., 1) below classes; row_weight (rows, ..., 1), or (rows, 1) for whole rows, or
 * NULL; a position without weight may have any logits. No gradient goes to labels, targets of classes and weights.
 */
struct node *nn_cross_entropy(struct node *logits, struct node *label, struct node *row_weight, struct loss_conf c);
/* target (rows, ..., classes): probabilities, as mixed samples have. */
struct node *nn_cross_entropy_soft(struct node *logits, struct node *target, struct node *row_weight, struct loss_conf c);
struct node *nn_focal(struct node *logits, struct node *label, struct node *row_weight, struct loss_conf c);	/* over classes */
/*
 * Every channel is a loss of its own: target (rows, ..., channels) of 0 to 1, or what is ignored; class_weight counts by
 * channel. For PyTorch's mean, lane->norm is nn_loss_weight() of all elements with targets for labels and no class_weight.
 */
struct node *nn_binary_cross_entropy(struct node *logits, struct node *target, struct node *row_weight, struct loss_conf c);
struct node *nn_binary_focal(struct node *logits, struct node *target, struct node *row_weight, struct loss_conf c);
/* Over elements: divided by the elements of a row too. Gradients go to x and target. */
struct node *nn_l1(struct node *x, struct node *target, struct node *row_weight);
struct node *nn_l2(struct node *x, struct node *target, struct node *row_weight);	/* squares, not halved */
struct node *nn_huber(struct node *x, struct node *target, struct node *row_weight, struct loss_conf c);

#endif
