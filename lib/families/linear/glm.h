/*
 * The objective of a linear model over a design,
 *
 *	F(t) = sum_i w_i loss(y_i, f_i) + sum_j l2_j t_j^2 / 2 + sum_j l1_j |t_j|,
 *
 * with weights that sum to 1, scores f_i = t_0 + sum_j t_j z_ij over columns z
 * of mean 0 and deviation 1, and k scores a row (1, or one a class). Here is
 * its smooth part, with gradient and Hessian. Rows are taken in blocks, blocks
 * in chunks that depend on the data alone, chunk sums are added in order.
 *
 * Sparse columns of the data (terms of texts) are taken as they are, and
 * neither centred nor divided. Their part of the gradient is one sum a column
 * over the transposed matrix, so that it needs no partial sums.
 *
 * Parameters: t (k, q), q = 1 + design columns + sparse columns, the intercept
 * first; m = k q.
 */
#ifndef DLS_FAMILIES_LINEAR_GLM_H
#define DLS_FAMILIES_LINEAR_GLM_H

#include "families/linear/design.h"
#include "math/loss.h"

struct glm {
	const struct data *d;
	struct design *ds;
	enum loss loss;
	double param;		/* of the loss: huber's delta, the quantile's level */
	size_t n, k, q, m;
	size_t qd;		/* 1 + design columns */
	struct sparse xt;	/* (q - qd, n) the sparse columns by row of the view; zero where there are none */
	struct sparse x;	/* (n, q - qd) the same by row, or zero: as the data has them, see glm_restrict() */
	const double *ratio;	/* (q - qd) the penalty is on their weights over these; NULL: 1; borrowed */
	double *scale;		/* (q - qd) what their parameters are multiplied by to be weights, see glm_scale() */
	double *y;		/* (n) by row of the view: value / unit, or class */
	double *w;		/* (n) weight / sum of weights */
	double unit;		/* power of two by which values, intercept and coefficients are divided */
	double wsum;		/* sum of weights before */
	double *l1, *l2;	/* (m) penalties in these units; 0 for intercepts */
	double *dense;		/* (n, ld) and (n, slots) the design, or NULL: made anew in each pass, see glm_keep() */
	int32_t *hot;
	int threads;
};

/* drop, knots: see design_new(). Penalties are 0 until glm_penalty(). */
struct glm *glm_new(const struct data *d, enum loss loss, double param, bool drop, int32_t knots, int threads);
void glm_free(struct glm *g);

/* Keeps the design for many passes, if it is not too large: a pass takes half the time then. */
void glm_keep(struct glm *g);

/*
 * Chooses the scale of the sparse columns' parameters so that F bends about as
 * much along each as along the intercept: sqrt(h / (l2 + h E x_j^2)), with a
 * guess h of the loss's second derivative (l2 over the square of their ratio). L-BFGS then needs half the
 * iterations or fewer. Once, before the penalties are set. Returns the largest
 * scale, 1 without sparse columns: a gradient of that times t leaves F as far
 * above its minimum as one of t without scales may.
 */
double glm_scale(struct glm *g, double l2);

/* Of classes: y is 1 for this class and 0 for all others. At first it is the class itself. */
void glm_against(struct glm *g, int32_t class);

/* The same problem in its dense columns and n of its sparse ones (ascending) alone; g stays in use meanwhile. */
struct glm *glm_restrict(const struct glm *g, const uint32_t *columns, size_t n);
void glm_restrict_free(struct glm *r);

/* The parameter of g that parameter a of such a problem is. */
static inline size_t glm_whole(const struct glm *g, const struct glm *r, const uint32_t *columns, size_t a)
{
	size_t j = a % r->q;
	return a / r->q * g->q + (j < g->qd ? j : g->qd + columns[j - g->qd]);
}

/* Penalties as the user means them; on coefficients of original units unless standardize. */
void glm_penalty(struct glm *g, double l1, double l2, bool standardize);

/* What is done with a block: f (n, k) scores, r (n, k) to be multiplied by X', h (n, k) row weights of X'HX. Returns its share of the sum. */
typedef double glm_rows(const struct glm *g, void *ctx, size_t i0, size_t n, double *f, double *r, double *h);

struct glm_pass {
	const double *theta;	/* (m) for f; NULL: f is 0 */
	glm_rows *rows;
	void *ctx;
	double *grad;		/* (m) X'r, or NULL */
	double *hess;		/* (m, m) X'HX with both triangles, or NULL; softmax: from h = p */
};

double glm_pass(const struct glm *g, const struct glm_pass *p);

/* The loss alone; its gradient to grad (m) and its Hessian to hess (m, m), each unless NULL. */
double glm_loss(const struct glm *g, const double *theta, double *grad, double *hess);

/* The l2 part of F, adding its gradient to grad (m) unless NULL. */
double glm_l2(const struct glm *g, const double *theta, double *grad);

double glm_eval(const struct glm *g, const double *theta, double *grad);	/* both: the smooth part of F */
double glm_l1(const struct glm *g, const double *theta);	/* sum l1 |t| */

/*
 * Loss (mean over the batch by weight) and gradient (m) over the n <=
 * DESIGN_ROWS rows of the view in rows, penalties not included; for descent by
 * small batches. scratch: glm_scratch() doubles, 64-byte aligned.
 */
double glm_batch(const struct glm *g, const double *theta, const uint32_t *rows, size_t n, double *scratch, double *grad);
size_t glm_scratch(const struct glm *g);

/* The best constant scores: theta (m) with all but intercepts 0. */
void glm_null(const struct glm *g, double *theta);

#endif
