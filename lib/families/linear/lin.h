/*
 * A fitted linear model, of family linear, logistic or svm:
 *
 *	f_k = bias_k + sum_j weight_kj (x_j - mean_j)
 *
 * over design columns x_j in original units (see design.h), and sparse columns
 * with a mean of 0. bias is the score of the average row; the intercept is bias
 * - sum weight mean. Of two classes there is one score, that of the second: for
 * logistic its log-odds, for svm the margin, of which slope times is taken as
 * the log-odds.
 */
#ifndef DLS_FAMILIES_LINEAR_LIN_H
#define DLS_FAMILIES_LINEAR_LIN_H

#include "base/rng.h"
#include "families/linear/solve.h"
#include "model/family.h"

struct lin_opts {
	double l1, l2;
	const char *objective;	/* squared huber quantile poisson; NULL in logistic */
	double delta, alpha;
	bool standardize;
	const char *solver, *schedule, *path_rule;
	int32_t knots, iterations, batch, path, path_folds;
	double tol, rate, mix;
	/* of logistic and svm */
	const char *multiclass;	/* softmax ovr */
	bool nb_weights;
	double nb_smooth;
	/* of svm */
	const char *loss;	/* squared hinge */
	double intercept;
	int32_t slope_folds;
};

/* What one input column adds to the k scores. */
struct lin_column {
	const int32_t *parts;	/* (nparts) design columns of a number: itself and its hinges */
	size_t nparts;
	double *state;		/* category: (nlevels + 1, k) by level, missing last; number: (2, k) when missing, when there */
	bool has_state;		/* some of these are not 0 */
};

struct lin {
	enum loss loss;
	double param;
	size_t ncols, k, p;
	int32_t *col, *level;	/* (p) as in struct design */
	int32_t *base;		/* (ncols) */
	double *mean, *sd, *knot;	/* (p) */
	double *weight;		/* (k, p) */
	size_t nsparse;		/* sparse columns */
	double *term;		/* (nsparse, k) their weights */
	double *bias;		/* (k) */
	double slope;		/* of the log-odds over the score: 1 but for svm */
	struct lin_column *columns;	/* (ncols) the above by column, for prediction */
	double *states;		/* memory of their state arrays */
	int32_t *parts;		/* memory of theirs */
	/* how it was found */
	double objective;	/* what was minimised, at the end */
	int iterations, rounds;	/* rounds: 0 for solvers that run to convergence */
	bool converged;
	/* the path */
	size_t npath, chosen;
	double *lambda, *cv;	/* (npath), (npath, 2) mean and standard error of the held-out loss */
	double *path_weight, *path_bias;	/* (npath, k, p), (npath, k) */
	int64_t *path_terms;	/* (npath) weights of sparse columns that are not 0 */
};

/* The model of theta; the rest is zero. */
struct lin *lin_from(const struct glm *g, const double *theta, const struct data *d);
void lin_weights(const struct glm *g, const double *theta, double *weight, double *bias);	/* (k, p), (k) */
void lin_terms(const struct glm *g, const double *theta, double *term);	/* (nsparse, k) */
void lin_free(void *fit);

/* Fills columns from weight and the rest, by the kinds and levels of d. NULL, or what is wrong with them (static text). */
const char *lin_columns(struct lin *m, const struct data *d);

/* Scores f (n, k) of the rows of x, finite. */
void lin_scores(const struct lin *m, const struct data *x, double *f);

/* Of two classes --multiclass means nothing; naive Bayes weights of more need a model a class. */
bool lin_each(const struct lin_opts *o, const struct data *d);

/* Fits; param: huber's delta (0: from the data) or the quantile's level. */
struct lin *lin_fit(const struct lin_opts *o, enum loss loss, double param, const struct data *d, struct run *run);

/* The path of o->path penalties with its cross-validated choice; theta, the penalties of g and m's path fields are set. */
struct lin_path {
	size_t n, chosen;
	double *lambda, *cv, *weight, *bias;	/* as in struct lin */
	int64_t *terms;
};
void lin_path(const struct lin_opts *o, struct solve *s, struct glm *g, const struct run *run, double *theta,
	      struct lin_path *path);

/* The same for LOSS_EACH: a logistic model of each class against all others. */
struct lin *lin_fit_each(const struct lin_opts *o, const struct data *d, struct run *run);

/*
 * What a naive Bayes classifier says of each term, as weights of columns (Wang
 * and Manning 2012): ln(p / sum p) - ln(q / sum q), p_j = smooth + weight of the
 * class's rows with a term j above 0, q_j of all other rows. (nsparse), the
 * caller's.
 */
double *nb_ratio(const struct data *d, int32_t class, double smooth);

/* Fold 0 .. folds - 1 of each row to fold (n), of about equal size, the classes spread evenly. */
void lin_folds(const struct data *d, struct rng r, int32_t folds, int32_t *fold);

/* How the data must be treated: full coding of categories wants a penalty. */
bool lin_penalised(const struct lin_opts *o);

/* Members of struct family that both families share. */
const char *lin_check(const struct lin_opts *o, const struct data *d);
void lin_predict(const void *fit, const struct data *x, double *out);
void lin_save(const void *fit, struct store *st);
struct lin *lin_load(enum loss loss, const struct data *x, struct store *st);
void lin_show(const void *fit, const struct data *x, const struct schema *sc, struct json *j);
bool lin_importance(const void *fit, const struct data *x, const char *kind, double *out);
void lin_contrib(const void *fit, const struct data *x, double *out);
void lin_speak(const void *fit, double *out);	/* family.terms */
int lin_rounds(const void *fit);
const char *lin_link(const void *fit);

extern const struct family family_linear, family_logistic, family_svm;

#endif
