/*
 * What boosting minimises: gradient and hessian of a loss in the raw score,
 * where scores start, and how a score becomes a prediction.
 *
 *	binary      log-odds s, p = 1 / (1 + exp(-s)):  g = p - y,  h = p (1 - p)
 *	multiclass  softmax over k scores:  g = p_c - [y = c],  h = p_c (1 - p_c) k / (k - 1)
 *	squared     g = s - y,  h = 1
 *	absolute    g = sign(s - y),  h = 1,  leaves are medians of what remains
 *	quantile    g = [y < s] - a,  h = 1,  leaves are its a-quantiles
 *	huber       g = s - y held within +-delta,  h = 1,  leaves as Friedman 2001, algorithm 4
 *	poisson     mean exp(s):  g = exp(s) - y,  h = exp(s + 0.7) (the 0.7 keeps steps short of overflow)
 */
#ifndef DLS_TREE_OBJECTIVE_H
#define DLS_TREE_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/data.h"

enum objective_kind { OBJ_BINARY, OBJ_MULTICLASS, OBJ_SQUARED, OBJ_ABSOLUTE, OBJ_QUANTILE, OBJ_HUBER, OBJ_POISSON };

struct objective {
	enum objective_kind kind;
	size_t k;		/* scores a row */
	double level, delta;	/* of quantile and huber */
};

/* The rows that are learnt from, gathered: all have a weight above 0. */
struct target {
	size_t n;
	uint32_t *rows;		/* (n) rows of the table, ascending with the view */
	int32_t *label;		/* (n) or NULL */
	double *y;		/* (n) the number, or the class as a number */
	double *w;		/* (n) or NULL: all 1 */
	size_t nview;		/* rows of the view they come from */
	uint32_t *at;		/* (n) place in the view */
};

/* Rows without weight are left out; when no row has weight, all count as 1. */
void target_gather(struct target *t, const struct data *d);
void target_free(struct target *t);

/* Weighted mean without overflow, whatever the scale; w may be NULL. */
double weighted_mean(const double *x, const double *w, size_t n);

/* The a-quantile of x (n) under weights w (n; NULL: all 1), half-way where two values qualify. */
double weighted_quantile(const double *x, const double *w, size_t n, double a);

/* By name, or "auto" by task; false when the name does not fit the task. */
bool objective_find(struct objective *o, const char *name, const struct data *d);

void objective_start(const struct objective *o, const struct target *t, double *base);	/* base (k) */

/* g, h (n) of class c at scores (k, n); prob (k, n) as left by objective_softmax() when multiclass. */
void objective_grad(const struct objective *o, const struct target *t, size_t c, const double *score, const double *prob,
		    double *g, double *h, int threads);
void objective_softmax(const double *score, size_t k, size_t n, double *prob, int threads);

/* A leaf's best value for rows (m of the target) at scores (n), when it is not -G / H. room (2, m). */
bool objective_renews(const struct objective *o);
double objective_leaf(const struct objective *o, const struct target *t, const double *score, const uint32_t *rows,
		      size_t m, double *room);

double objective_loss(const struct objective *o, const struct target *t, const double *score);	/* mean; score (k, n) */

/* Scores (k, one every `stride`) to predictions out (outputs). */
void objective_predict(const struct objective *o, const double *score, size_t stride, double *out);

const char *objective_link(const struct objective *o);

#endif
