/*
 * Metrics: each a function over a set of scored rows. One registry serves
 * dls-eval, early stopping, cross-validation and the choice of ensembles.
 *
 * A name may carry a parameter after a colon: fbeta:2 pinball:0.9 topk:5,
 * and for averaged metrics the average: f1:macro f1:micro f1:weighted f1:LABEL.
 *
 * Rows of weight 0 are as if they were not there, so resampling by counts is
 * done through weights. All values are scikit-learn's, ties, weights and
 * degenerate cases included; where scikit-learn raises or warns that a value
 * is undefined, the value here is NaN and a reason.
 */
#ifndef DLS_METRICS_METRIC_H
#define DLS_METRICS_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/data.h"

struct scored {
	size_t n;
	int32_t k;			/* classes; 1 for regression */
	const int32_t *label;		/* (n) true class, or -1 for a label that is none of the k; NULL for regression */
	const double *y;		/* (n) true value for regression */
	const double *p;		/* (n, k) probabilities, or (n, 1) predicted values; NULL when only pred is known */
	const int32_t *pred;		/* (n) predicted class; NULL: the largest p, the first of equals */
	const double *w;		/* (n) weights; NULL: all 1 */
	int32_t positive;		/* the positive class when k == 2 */
	const char *const *labels;	/* (k) */
	const int32_t *group;		/* (n) which ranking a row is in, 0 .. ngroups - 1; NULL: in none */
	size_t ngroups;			/* each has a row */
};

struct metric {
	const char *name, *brief;
	unsigned tasks;			/* enum task bits */
	bool higher;			/* higher is better */
	bool needs_p;			/* needs p, not only pred */
	bool usual;			/* dls-eval prints it when no metric is named */
	bool groups;			/* of rankings, see groups.c: needs group */
	/* arg: the text after the colon or NULL. NaN when undefined, and *why says so (static text). */
	double (*fn)(const struct scored *s, const char *arg, const char **why);
	const char *(*check)(const char *arg, const struct scored *s);	/* NULL fine, else what is wrong with arg; NULL: takes no arg */
};

/* A metric and its parameter, as the user named it. May be copied. */
struct measure {
	const struct metric *metric;
	char name[64];		/* as the user wrote it */
};

extern const struct metric metrics[];	/* ends in a row whose name is NULL */

/* The measure of that name; dies (ST_USAGE) with "did you mean" when there is none. */
struct measure measure_named(const char *name);

/*
 * The measure to train by: of that name, or the task's default when it is
 * NULL. nlabels is 0 and labels NULL for regression. Dies (ST_USAGE) when it
 * is not for such a task, or its parameter is wrong.
 */
struct measure measure_for(const char *name, int32_t nlabels, const char *const *labels);

/* False when there is none of that name. */
bool measure_find(const char *name, struct measure *m);

/* The parameter inside the name, or NULL. */
const char *measure_arg(const struct measure *m);

/* NULL when the metric can be asked of such rows (k, labels, p or not), else why not (static text). */
const char *measure_check(const struct measure *m, const struct scored *s);

/* Groups without a relevant row, which metrics of rankings leave out. */
size_t groups_without(const struct scored *s);

/* NaN when undefined, and *why says so (static text). why may be NULL. */
double measure(const struct measure *m, const struct scored *s, const char **why);

/*
 * The same of predictions p (view->n, outputs) for the rows of a labelled view;
 * positive and labels (NULL: none are known) as in struct scored.
 */
double measure_view(const struct measure *m, const struct data *view, const double *p, int32_t positive,
		    const char *const *labels, const char **why);

/* The metric used when none is named: auc, logloss (multiclass), rmse. */
const char *metric_default(enum task task);

#endif
