/*
 * What the parts of the ensemble floor share. A method learns a struct combine
 * from a struct level - what members said of rows that they had not seen - and
 * applies it to what they say of new rows.
 */
#ifndef DLS_ENSEMBLE_METHOD_H
#define DLS_ENSEMBLE_METHOD_H

#include "ensemble/ensemble.h"

/*
 * Probabilities are held this far from 0 and 1 before a logarithm: a forest of
 * a few hundred trees says 0 where it means "less than one in hundreds", and
 * must not veto all others.
 */
#define CLIP 1e-6

static inline double clipped(double p)
{
	return p < CLIP ? CLIP : p > 1 - CLIP ? 1 - CLIP : p;
}

/* Out-of-fold predictions of members. Rows that a member never held out are not here. */
struct level {
	size_t n, m;		/* rows, members */
	int32_t k, positive;	/* outputs; the positive class of two, or -1 */
	int32_t folds;
	bool chained;		/* folds in order of time: what is learned for fold f comes from folds before f */
	int32_t *fold;		/* (n) 1..folds */
	int32_t *label;		/* (n) or NULL for regression */
	double *y;		/* (n) or NULL for classes */
	double *w;		/* (n) or NULL: all 1 */
	double **p;		/* (m) of (n, k) */
	uint32_t *row;		/* (n) row of the training input */
	const char *const *labels;
};

/* A curve by its knots: values of one output in ascending order, and what they stand for. */
struct curve {
	size_t n;
	double *x;		/* (n) */
	double *y;		/* (n), between knots a straight line; NULL: x is a sample, and a value stands for its mid-rank in it */
};

/* What a method learned. A member of weight 0 is not asked. */
struct combine {
	size_t m;
	int32_t k;
	double *weight;		/* (m) */
	double *bias;		/* (k) added to the scores of a stack; else NULL */
	struct curve *curve;	/* (ncurves): of a rank by member and output, of an isotonic calibration by output */
	size_t ncurves;
};

/* What the user said about learning. */
struct learning {
	const struct method_opts *opts;
	struct measure metric;
	uint64_t seed;
	int threads;
};

struct method {
	const struct family *family;
	bool needs_oof;		/* it learns from out-of-fold predictions */
	bool one_member;
	bool weighted;		/* takes --weights */
	bool signs;		/* its weights may be of any sign and sum */
	bool curves;		/* it has, or may have, curves */
	const char *instead;	/* why it is not for a quantity, and what is; NULL when it is */
	/* Fills c, in which weights are 1 / m or as the user gave them. NULL: they stay. */
	void (*learn)(struct combine *c, const struct level *lv, const struct learning *t);
	/* out (n, k) from p (m) of (n, k); p[i] is not read where the weight is 0. Thread-safe. */
	void (*apply)(const struct combine *c, const double *const *p, size_t n, double *out);
};

extern const struct method *const methods[];		/* ends in NULL */
const struct method *method_of(const char *family);	/* dies of a bug when it is none */

/* The fit of a model that is an ensemble. */
struct member {
	struct model *model;
	char *name;
	double score, gain;	/* NaN: not known */
	size_t *map;		/* (fields of the member) field of the ensemble */
	size_t *vector;		/* (vectorisers of the member) vectoriser of the ensemble */
};

struct ensemble {
	const struct method *method;
	struct member *members;	/* (c.m) */
	struct combine c;
	struct vectors vectors;	/* of all members, each once */
};

/* ---- combine.c ---- */

/* Equal weights when weights (m) is NULL; else these, made to sum to 1. */
struct combine combine_new(size_t m, int32_t k, const double *weights);
void combine_free(struct combine *c);

void apply_mean(const struct combine *c, const double *const *p, size_t n, double *out);
void apply_gmean(const struct combine *c, const double *const *p, size_t n, double *out);
void apply_logit_mean(const struct combine *c, const double *const *p, size_t n, double *out);
void apply_curves(const struct combine *c, const double *const *p, size_t n, double *out);
void apply_median(const struct combine *c, const double *const *p, size_t n, double *out);
void apply_vote(const struct combine *c, const double *const *p, size_t n, double *out);
void apply_stack(const struct combine *c, const double *const *p, size_t n, double *out);
void apply_calibrate(const struct combine *c, const double *const *p, size_t n, double *out);

/* The outputs that have curves: of two classes the second only, what is left of 1 is the first's. */
size_t curve_outputs(const struct combine *c);
size_t curve_output(const struct combine *c, size_t i);
double curve_at(const struct curve *c, double x);

/* ---- learning ---- */
void learn_rank(struct combine *c, const struct level *lv, const struct learning *t);
void learn_climb(struct combine *c, const struct level *lv, const struct learning *t);
void learn_stack(struct combine *c, const struct level *lv, const struct learning *t);
void learn_calibrate(struct combine *c, const struct level *lv, const struct learning *t);

/*
 * The weights w (m) and the bias b (k) of least penalised loss:
 * classes: the mean log loss of softmax(b + sum_i w_i log p_i), b[0] = 0;
 * regression: the mean of (y - b - sum_i w_i p_i)^2 / (2 s), s the mean squared
 * error of the members' plain mean, so that l2 means as much as for classes;
 * plus l2 / 2 * sum (w_i - 1/m)^2. nonneg keeps w >= 0. smooth: targets of
 * class c are (n_c + 1) / (n_c + k) instead of 1, and 1 / (n_c + k) instead of
 * 0 (Platt 2000).
 */
void newton_fit(const struct level *lv, double l2, bool nonneg, bool smooth, double *w, double *b);

/* Isotonic regression (pool adjacent violators) of t (n) on x with weights w: knots where the fit bends, means of ties. n > 0. */
struct curve isotonic(size_t n, const double *x, const double *t, const double *w);

/* The weights (m) of --weights, or NULL when it is not given; dies with ST_USAGE when they make no sense. */
double *method_weights(const struct method_opts *opts, size_t m);

/* ---- level.c ---- */

/* NULL when the members have comparable out-of-fold predictions, else why not (the caller's to free). */
char *level_refusal(struct model *const *members, const char *const *names, size_t m);
struct level level_of(struct model *const *members, size_t m);

/* The rows as given (n, ascending or not), copied. */
struct level level_rows(const struct level *lv, const uint32_t *rows, size_t n);

/* The rows that may teach what is to predict fold f; the rows of fold f. */
enum part { PART_TRAIN, PART_TEST };
struct level level_part(const struct level *lv, enum part part, int32_t f);
void level_free(struct level *lv);

/*
 * Honest predictions p (lv->n, k) by a method whose weights are given or NULL:
 * those of fold f by what was learned without it. NaN where nothing could be learned.
 */
void level_nested(const struct level *lv, const struct method *me, const double *weights, const struct learning *t, double *p);

/* The metric over the rows of each fold, to scores (folds), and their mean over the folds that have predictions. */
double level_score(const struct level *lv, const double *p, const struct measure *metric, double *scores);

/* ---- columns.c ---- */

/* Finds the sparse columns of all members, and where each has them. */
void columns_join(struct ensemble *e);

/* What the rows of x bring for the member, to rows, which is empty; false where it is nothing. */
bool member_given(const struct ensemble *e, const struct member *mb, const struct data *x, struct sparse *rows);

/* ---- union.c ---- */

/* Dies with ST_DATA, naming the member, unless all have the same target, task, labels and missing texts. */
void union_check(struct model *const *members, const char *const *names, size_t m);
void union_schema(struct model *const *members, size_t m, struct schema *sc);

/* Where the fields of the member are among cols (ncols): (fields), the caller's. NULL when one is not there. */
size_t *union_map(const struct column *cols, size_t ncols, const struct model *member);

#endif
