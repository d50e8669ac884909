/*
 * Losses and optimisers run on plain doubles; built in float and, under names
 * that end in _f64, in double.
 */
#ifndef DLS_TESTS_NN_CASES_LOSS_H
#define DLS_TESTS_NN_CASES_LOSS_H

#include "nn/layers.h"
#include "nn/optim.h"

/* The loss called `name` of k logits at each of `places` positions of `rows` rows. */
struct loss_case {
	const char *name;
	struct loss_conf conf;		/* without class_weight: */
	const double *class_weight;	/* (k) or NULL */
	size_t rows, places, k;
	const double *x;		/* (rows, places, k) */
	const double *y;		/* labels (rows, places), or targets like x */
	size_t weights;			/* 0: none */
	const double *weight;		/* (weights) */
	double norm;			/* 0: as PyTorch's mean */
};

/* The loss; its gradients by x, and by targets where gy is not NULL, like x. */
typedef double loss_case_fn(const struct loss_case *c, double *gx, double *gy);
loss_case_fn loss_case, loss_case_f64;

/* A store of parameters: a weight, a buffer, a spared one of twice the rate, a frozen one, of dims n, b, s, f. */
struct optim_case {
	struct optim_conf conf;
	size_t n, b, s, f;
	const double *start;		/* (n + b + s + f) */
	const double *grads;		/* (steps, n + b + s + f) */
	size_t steps;
	size_t thaw;			/* from this step on, the frozen one is not */
	size_t checkpoint;		/* before this step, state goes through a store into a new optimiser; 0: never */
	int threads;
};

/* Places after each step to x (steps, n + b + s + f), means to mean (the same) unless NULL, norms to norm (steps). */
typedef void optim_case_fn(const struct optim_case *c, double *x, double *mean, double *norm);
optim_case_fn optim_case, optim_case_f64;

/* A bowl of 12 numbers, two of them frozen, brought down by L-BFGS in so many iterations: x (12). Returns the loss. */
typedef double lbfgs_case_fn(int iterations, double *x);
lbfgs_case_fn lbfgs_case, lbfgs_case_f64;

#endif
