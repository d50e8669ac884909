/*
 * Steps of training over a batch that is cut into shards. Each shard is one run
 * of the graph, in whatever lane of whatever thread; gradients lie apart until
 * all shards are done and are added in the order of the shards. So the bytes do
 * not depend on the number of threads, and what uses more threads than there
 * are shards is idle.
 */
#ifndef DLS_NN_TRAIN_H
#define DLS_NN_TRAIN_H

#include "nn/graph.h"
#include "nn/optim.h"

/* Fills the inputs of a lane with shard `shard` of the batch; called in parallel, never dies. */
typedef void shard_fn(void *ctx, struct lane *l, size_t shard, int worker);

struct trainer {
	struct graph *g;	/* borrowed, as is its params; ready */
	struct optim *optim;	/* borrowed */
	size_t shards;
	int threads;
	struct lane **lanes;	/* (threads) */
	real **grads;		/* (shards) of ps->size each */
	double *losses;		/* (shards) */
	uint64_t seed;
	double norm;		/* gradient's, of the last step */
};

struct trainer *trainer_new(struct graph *g, struct optim *o, size_t shards, int threads, uint64_t seed);
void trainer_free(struct trainer *t);

/*
 * Step `step` of the run: the loss of the batch, before the step; norm is what losses are divided by: the weight of the
 * batch. Where the loss or the gradient is not finite, nothing is changed and NaN comes back.
 */
double trainer_step(struct trainer *t, shard_fn *fill, void *ctx, uint64_t step, double norm, double rate);

/* Bytes that training will take: parameters and what optimisers keep of them, gradients, lanes. */
size_t trainer_memory(const struct graph *g, const struct optim_conf *o, size_t shards, int threads);

/* Lanes of a graph for prediction, taken and put back by any thread. */
struct lanes;
struct lanes *lanes_new(const struct graph *g);
void lanes_free(struct lanes *ls);
struct lane *lanes_take(struct lanes *ls);
void lanes_put(struct lanes *ls, struct lane *l);

#endif
