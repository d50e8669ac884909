/*
 * Naive Bayes: P(c | x) is proportional to P(c) * prod_j P(x_j | c), in logs.
 *
 * Every kind is the same sum with another term for a column j of class c:
 *
 *	gaussian	log N(x; mean_cj, var_cj)			numeric columns
 *	categorical	log P(level | c), smoothed			category columns
 *	bernoulli	the same with the two levels x <= 0 and x > 0	numeric columns
 *	multinomial	x * log P(j | c)				counts
 *	complement	-x * log P(j | not c)				counts (Rennie and others 2003)
 *	mixed		gaussian or categorical, by the column; sparse ones multinomial
 *
 * So a model is one block of K parameters a row, K the classes: a Gaussian
 * column owns a row of `mean` and of `var`, another column as many rows of
 * `log_prob` as it has levels (one for counts). A missing cell adds nothing,
 * in fitting and in scoring; what is left is still the exact posterior of the
 * cells that are there.
 *
 * Sparse columns are as dense ones of the kind, without missing cells, and own
 * a row of `term` each, so that a row of the table costs its entries alone. A
 * Bernoulli term that is absent adds log(1 - p): these are summed over all
 * terms once, and a term that is present adds its log-odds log(p / (1 - p)).
 */
#ifndef DLS_FAMILIES_BAYES_BAYES_H
#define DLS_FAMILIES_BAYES_BAYES_H

#include "model/family.h"

struct bayes_opts {
	const char *kind;
	double smoothing, var_smoothing;
	const char *priors;
};

enum bayes_term { TERM_GAUSSIAN, TERM_CATEGORICAL, TERM_BERNOULLI, TERM_MULTINOMIAL, TERM_COMPLEMENT };

/* Stands for an infinite log: far below any real sum, yet sums of it stay finite. */
#define BAYES_FAR 1e290

struct bayes_part {
	enum bayes_term term;
	size_t at, rows;	/* its rows of mean and var, or of log_prob */
};

struct bayes {
	size_t ncols, k;	/* columns, classes */
	struct bayes_part *parts;	/* (ncols) */
	size_t ngauss, nrows;	/* rows of mean and var; of log_prob */
	double *prior;		/* (k) log P(c); -BAYES_FAR for a class without weight */
	double *mean, *var;	/* (ngauss, k) */
	double *log_prob;	/* (nrows, k) */
	double *peak, *half;	/* (ngauss, k) log density at the mean, 1 / (2 var); made from var */
	enum bayes_term sparse;	/* how sparse columns are taken */
	size_t nsparse, ngroups;	/* of them */
	double *term;		/* (nsparse, k) log P or -log P, times an entry; log-odds, for an entry above 0 */
	double *absent;		/* (ngroups + 1, k) Bernoulli: sums of log(1 - p), of each group and of all; from term */
};

/*
 * A model for the frame's columns with room for its parameters. NULL when the
 * kind does not take a column, which then goes to *bad: ncols for the sparse ones.
 */
struct bayes *bayes_new(const char *kind, const struct data *frame, size_t *bad);
void bayes_free(void *fit);

/* The parameters from n rows (see bayes_fit.c). */
void bayes_learn(struct bayes *b, const struct bayes_opts *o, const struct data *d, int threads);

/* Makes peak, half and absent; call when var and term are final. */
void bayes_ready(struct bayes *b, const struct data *frame);

/* The level of a cell for TERM_CATEGORICAL and TERM_BERNOULLI, or -1 when it is missing. */
static inline int32_t bayes_level(enum bayes_term term, const struct column *col, size_t row)
{
	if (term == TERM_CATEGORICAL)
		return col->cat[row];
	return col->num[row] != col->num[row] ? -1 : col->num[row] > 0;
}

#endif
