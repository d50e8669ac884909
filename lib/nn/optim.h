/*
 * Optimisers: what a step along the gradient is, over the flat vector of
 * parameters, in PyTorch's forms. g is the gradient of a parameter after
 * clipping, r the rate of the step times the parameter's own, wd the decay (0
 * for PARAM_SPARED).
 *
 *	sgd	g += wd x; m = momentum m + g; x -= r m, or r (g + momentum m) (Nesterov)
 *	adam	g += wd x; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
 *		x -= r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps) (Kingma and Ba 2015)
 *	adamw	x -= r wd x, then as adam without decay (Loshchilov and Hutter 2019)
 *	rmsprop	g += wd x; v = b2 v + (1 - b2) g^2; m = momentum m + g / (sqrt(v) + eps); x -= r m
 *
 * t counts the steps of each parameter alone: one that was frozen at first
 * begins like any other. Frozen parameters keep every bit. A buffer takes the
 * statistic of the run in: x = (1 - rate) x + rate g.
 *
 * Steps run in parallel over chunks of the flat vector that depend on its
 * layout only, at the speed of memory; the bytes are the same for any threads.
 */
#ifndef DLS_NN_OPTIM_H
#define DLS_NN_OPTIM_H

#include "io/store.h"
#include "nn/params.h"

enum optim_kind { OPTIM_SGD, OPTIM_ADAM, OPTIM_ADAMW, OPTIM_RMSPROP };

struct optim_conf {
	enum optim_kind kind;
	double momentum;	/* sgd, rmsprop */
	bool nesterov;		/* sgd */
	double b1, b2, eps;
	double decay;
	double clip_norm;	/* the gradient of all weights is scaled down to this norm; 0: it is not */
	double clip_value;	/* then each of its entries is cut to +- this; 0: none is */
	double average;		/* each step the mean takes 1 - average of the weights in; 0: no mean is kept */
};

/* PyTorch's numbers; no momentum, decay, clipping or mean. */
struct optim_conf optim_usual(enum optim_kind kind);

struct optim {
	struct optim_conf conf;		/* may change between steps, but for its kind and whether momentum and average are 0 */
	struct params *ps;
	real *m, *v, *mean;		/* (ps->size) each; NULL where the kind has none */
	int64_t *steps;			/* (ps->n) */
	int64_t averaged;		/* steps in the mean */
	double *sums;			/* (chunks) of squares */
	size_t chunks;
};

struct optim *optim_new(struct params *ps, struct optim_conf conf);	/* after params_ready(); ps is borrowed */
void optim_free(struct optim *o);

/*
 * One step along g (ps->size), as lane_backward() leaves it. Returns the norm of the gradient of all weights that are not
 * frozen, before clipping; where it is not finite, nothing at all is changed.
 */
double optim_step(struct optim *o, const real *g, double rate, int threads);

/*
 * The exponential mean of the weights over steps (buffers too). It is kept with decay min(average, (1 + n) / (10 + n)) at
 * step n, so that a short run forgets its start. optim_swap() exchanges mean and weights, and a second call puts them back.
 */
void optim_swap(struct optim *o);

/*
 * The exact state, as "optim.m", "optim.v", "optim.mean", "optim.steps", "optim.averaged". Loading checks that it has the size
 * of these parameters; the caller restores their values.
 */
void optim_save(const struct optim *o, struct store *st);
void optim_load(struct optim *o, const struct store *st);

/* ---- optim_full.c ---- */

/* The loss at the parameters' values, whose gradient goes to g (ps->size), as lane_backward() leaves it. */
typedef double optim_full_fn(void *ctx, real *g);

/* Told after each iteration; true stops. */
typedef bool optim_full_told(void *ctx, int iteration, double loss);

/*
 * Where fn is the whole loss, without noise of batches, L-BFGS (math/optim.h) comes to its minimum in far fewer steps: the
 * picture of style transfer. Moves what is neither frozen nor a buffer, `rate` of a parameter plays no part; it works in
 * double, 2 * 10 + 8 numbers a parameter. told may be NULL. Returns the loss where the parameters end, the least met.
 */
double optim_lbfgs(struct params *ps, optim_full_fn *fn, optim_full_told *told, void *ctx, int iterations);

#endif
