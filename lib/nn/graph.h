/*
 * A net as a graph of nodes. Nodes are appended, each after its inputs, so that
 * their order is the order of work: forward is a loop up, backward a loop down.
 * The graph says what is computed and where in memory; a lane holds the memory
 * of one run of it. So several threads run one graph at once, each with a lane
 * of its own, over its shard of the batch.
 *
 *	struct params *ps = params_new();
 *	struct graph *g = graph_new(ps, 16, GRAPH_TRAIN);
 *	struct node *x = nn_input(g, 28, 28, 1), *y = nn_input(g, 0, 0, 1);
 *	struct node *h = nn_flatten(nn_maxpool(nn_conv(x, "conv1", ...), ...));
 *	graph_loss(nn_cross_entropy(nn_dense(h, "fc", ...), y, NULL, ...), 1);
 *	params_ready(ps); ... fill them ...
 *	graph_ready(g);			// all memory is planned; nothing is allocated from here on
 *	graph_pack(g);			// after each change of the parameters
 *	struct lane *l = lane_new(g);
 *	lane_x(l, x), lane_x(l, y) are filled; lane_forward(l); lane_backward(l, grad);
 *
 * Activations are (rows, height, width, channels), (rows, width, channels) or
 * (rows, features); a lane runs exactly `rows` rows. Labels and ids are reals
 * with whole values. A mistake in a net is a bug(); memory that is not there
 * ends the program.
 */
#ifndef DLS_NN_GRAPH_H
#define DLS_NN_GRAPH_H

#include "base/str.h"
#include "nn/params.h"

struct shape {
	int n;			/* dimensions, 1 to NN_DIMS */
	size_t d[NN_DIMS];	/* d[0]: rows */
};

struct node;
struct lane;

enum graph_mode {
	GRAPH_PREDICT,	/* norms use running statistics, no dropout, memory is used again as soon as it is free */
	GRAPH_TRAIN	/* what backward reads is kept */
};

struct graph {
	struct params *ps;
	size_t rows;
	enum graph_mode mode;
	struct node **nodes;	/* (n) */
	size_t n;
	struct node **losses;	/* (nlosses) */
	size_t nlosses;
	size_t memory;		/* bytes of a lane, once ready */
	size_t scratch;		/* of these, the first ones, what any op may use while it runs */
	struct arena *arena;	/* owns nodes */
};

struct graph *graph_new(struct params *ps, size_t rows, enum graph_mode mode);
void graph_free(struct graph *g);

/* The node's value is a loss (one number, shape (1)), which counts `weight` times. */
void graph_loss(struct node *nd, double weight);
/* The node's value is wanted after lane_forward(): its memory is not used again. Losses and the last node are kept anyway. */
void graph_keep(struct node *nd);
/* A gradient of this node, an input, is wanted after lane_backward(): lane_g(). */
void graph_want(struct node *nd);

const struct shape *node_shape(const struct node *nd);

void graph_ready(struct graph *g);
size_t node_values(const struct node *nd);	/* of one row */
/* The kernels take the parameters over; work is shared among threads. */
void graph_pack(struct graph *g, int threads);

/* A table of the nodes: name, shape, parameters, GFLOP, bytes. */
void graph_describe(const struct graph *g, struct str *out);
double graph_flops(const struct graph *g);	/* of one forward run of all rows */

/* ---- running ---- */

struct lane {
	const struct graph *g;
	char *memory;		/* (g->memory) */
	real *grad;		/* (ps->size) gradients of this run; NULL when only forward runs */
	double norm;		/* losses of rows are divided by it, so that shards add up to the mean over a batch */
	double loss;		/* weighted sum of the losses, by lane_forward() */
	struct rng rng;		/* of dropout */
	double *seconds;	/* (2, g->n) of its thread spent in each node forward, then backward; NULL: not measured */
};

struct lane *lane_new(const struct graph *g);
void lane_free(struct lane *l);
real *lane_x(const struct lane *l, const struct node *nd);	/* its value */
real *lane_g(const struct lane *l, const struct node *nd);	/* its gradient, of nodes that were wanted */
void lane_forward(struct lane *l);
/*
 * grad (ps->size): the gradients of parameters that are not frozen are set; in the place of a buffer stands the statistic of
 * this run, which training averages into it (params_step()). After lane_forward() of the same lane.
 */
void lane_backward(struct lane *l, real *grad);

#endif
