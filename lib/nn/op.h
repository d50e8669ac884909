/*
 * What an op is, for the files op_*.c that define them; nets use layers.h.
 *
 * An op is one row: how a node's shape follows from its inputs, what forward
 * does, what backward does, and what backward reads - that decides which values
 * are kept. To add one: a file or a place in one, a row, a function in layers.h
 * that calls graph_add(), and a case in tests/unit/nn/cases.c, which checks its
 * gradients.
 *
 * backward adds to the gradients of its inputs, but for those of which it is
 * the first to speak: where node_first() says so it sets them (every element),
 * unless its row says `adds`; then they were filled with zeros before.
 */
#ifndef DLS_NN_OP_H
#define DLS_NN_OP_H

#include "nn/graph.h"

#define NODE_MOST_PARAMS 4

/* What backward reads, of the first inputs and of the node itself. */
enum reads {
	READS_IN0 = 1, READS_IN1 = 2, READS_IN2 = 4, READS_INPUTS = 0xff,
	READS_OUT = 0x100,
	READS_WORK1 = 0x200	/* what input 1 left in its work, forward too */
};

struct op {
	const char *name;
	void (*ready)(struct node *nd);				/* optional: makes nd->state, sets work, scratch */
	void (*pack)(struct node *nd, const real *x);		/* optional: takes parameters over, x is the flat vector */
	void (*forward)(const struct node *nd, struct lane *l);
	void (*backward)(const struct node *nd, struct lane *l);/* NULL: no gradient goes through it */
	void (*release)(struct node *nd);			/* optional: frees nd->state */
	double (*flops)(const struct node *nd);			/* optional: of forward */
	unsigned reads;						/* enum reads; what a new node's are */
	bool adds;						/* backward always adds */
	bool in_place;						/* node->alias is 0: see there */
};

struct node {
	const struct op *op;
	struct graph *g;
	size_t id;		/* its place in g->nodes */
	const char *name;	/* of its parameters, for tables; or NULL */
	struct node **in;	/* (nin) */
	int nin;
	struct param *param[NODE_MOST_PARAMS];
	int nparam;
	struct shape shape;
	size_t size;		/* elements of the value */
	const void *conf;	/* what the op's constructor was given; the graph's */
	void *state;		/* of the op: kernels */
	size_t work;		/* bytes that forward leaves for backward */
	size_t scratch;		/* bytes that forward or backward needs while it runs */
	double weight;		/* of a loss; 0: it is none */
	bool kept;		/* graph_keep() */
	bool wants;		/* a gradient goes to or through it */
	unsigned reads;		/* enum reads */
	int alias;		/* the value may lie where this input's lies, and its gradient where the node's does; -1: none */
	size_t x_at, g_at, work_at;	/* in a lane's memory */
	size_t last;		/* the id of the last node that gives it a gradient; its own: none */
	int takers;		/* nodes that take it as input */
	bool masked;		/* the gradient it gets is 0 already where its own relu gave 0: see conv_masked() */
};

/* Appends a node; its shape is set by the caller right after. conf (bytes) is copied; in and params end in NULL. */
struct node *graph_add(struct graph *g, const struct op *op, struct node *const *in, struct param *const *params,
		       struct shape shape, const void *conf, size_t bytes);

/* The parameter "name.what" of the graph's store. */
struct param *param_of(struct graph *g, const char *name, const char *what, enum param_kind kind, int ndim, const size_t *dim);

static inline struct shape shape1(size_t a) { return (struct shape){ 1, { a } }; }
static inline struct shape shape2(size_t a, size_t b) { return (struct shape){ 2, { a, b } }; }
static inline struct shape shape3(size_t a, size_t b, size_t c) { return (struct shape){ 3, { a, b, c } }; }
static inline struct shape shape4(size_t a, size_t b, size_t c, size_t d) { return (struct shape){ 4, { a, b, c, d } }; }
size_t shape_size(const struct shape *s);
size_t shape_channels(const struct shape *s);	/* the last dimension */

/*
 * Of op_conv.c, for nn_batchnorm() in GRAPH_PREDICT: the convolution x, which nothing takes yet, becomes
 * relu(norm(conv) + residual); bn is weight, bias, running_mean, running_var. False where x is none that can.
 */
bool conv_fold(struct node *x, struct param *const bn[4], double eps, struct node *residual, bool relu);

/*
 * Of op_conv.c, for what alone takes a node and can give it a gradient that is 0 where its value is: true where that node
 * is a convolution or dense layer with relu, which then leaves it at that.
 */
bool conv_masked(struct node *x);

/* ---- for forward and backward ---- */

static inline real *node_x(const struct lane *l, const struct node *nd)
{
	return (real *)(void *)(l->memory + nd->x_at);
}

static inline real *node_g(const struct lane *l, const struct node *nd)
{
	return (real *)(void *)(l->memory + nd->g_at);
}

/* The value of input k. */
static inline const real *in_x(const struct node *nd, const struct lane *l, int k)
{
	return node_x(l, nd->in[k]);
}

/* The gradient of input k to set or to add to, or NULL where none is wanted. */
static inline real *in_g(const struct node *nd, const struct lane *l, int k)
{
	return nd->in[k]->wants ? node_g(l, nd->in[k]) : NULL;
}

static inline void *node_work(const struct node *nd, const struct lane *l)
{
	return l->memory + nd->work_at;
}

static inline void *lane_scratch(const struct lane *l)
{
	return l->memory;
}

/* Whether nd's backward is the first to speak of the gradient of its input k: it sets, and does not add. */
static inline bool node_first(const struct node *nd, int k)
{
	if (nd->in[k]->last != nd->id)
		return false;
	for (int j = 0; j < k; j++)
		if (nd->in[j] == nd->in[k])
			return false;
	return true;
}

/* The value of parameter k. */
static inline const real *node_param(const struct node *nd, int k)
{
	return nd->g->ps->x + nd->param[k]->at;
}

/* Where the gradient of parameter k goes, or NULL where none is wanted; filled with zeros where several nodes share it. */
real *node_param_g(const struct node *nd, const struct lane *l, int k);

/* Whether the gradient of parameter k is added to (several nodes share it), not set. */
bool node_param_adds(const struct node *nd, int k);

#endif
