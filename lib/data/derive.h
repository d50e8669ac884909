/*
 * Columns computed from columns. Three kinds, each a general option of
 * dls-train, kept in the model and computed again at scoring:
 *
 *	--ratio A/B		a number: a / b, missing where b is 0 or either is missing
 *	--cross A*B		a category: the pair of levels (numbers count as levels by their value)
 *	--target-mean A*B	a number: the smoothed mean of the target over a level (or pair)
 *
 * A target mean is fitted on the training rows of each fold. So that a row
 * never sees its own target, training rows get the mean over the other inner
 * folds, and other rows the mean over all training rows (Micci-Barreca 2001
 * for the smoothing: (sum + m * prior) / (weight + m)).
 */
#ifndef DLS_DATA_DERIVE_H
#define DLS_DATA_DERIVE_H

#include "base/map.h"
#include "data/data.h"
#include "io/jsonio.h"
#include "io/store.h"

enum derive_op { DERIVE_RATIO, DERIVE_CROSS, DERIVE_TARGET };

struct derive {
	enum derive_op op;
	char *name;		/* the column's name, as the option had it: "A/B", "A*B", "mean(A*B)" */
	size_t a, b;		/* input columns; b is SIZE_MAX when there is one */
	char **levels;		/* (nlevels) of a cross or of a target mean's key, sorted */
	int32_t nlevels;
	struct dict *dict;	/* level -> code */
	double *means;		/* (nlevels + 1) of a target mean; the last serves missing and unseen */
};

struct derives {
	struct derive *d;	/* (n) */
	size_t n;
};

/* Adds one of an op from its option text; dies (ST_USAGE) when it names no column of inputs. */
void derives_add(struct derives *ds, enum derive_op op, const char *spec, const struct column *inputs, size_t ninputs);

/* Collects levels over the n rows of a training table. */
void derives_levels(struct derives *ds, const struct column *inputs, size_t n);

/*
 * Fits target means on the rows of train (its cols are not read; y, or label
 * == positive, is the target), and writes the encodings of all n rows of the
 * table: cols (ds->n), cells given by the caller.
 */
void derives_target(struct derives *ds, const struct column *inputs, size_t n, const struct data *train, int32_t positive,
		    double smooth, uint64_t seed, struct column *cols);

/* Columns without rows for what is derived; names and levels belong to ds. */
void derives_columns(const struct derives *ds, struct column *cols);

/* Computes rows 0..n-1 into cells given by the caller; target means by the stored tables. Thread-safe. */
void derives_apply(const struct derives *ds, const struct column *inputs, size_t n, struct column *cols);

void derives_copy(struct derives *to, const struct derives *from);
void derives_json(const struct derives *ds, struct json *j, const char *key);
void derives_from_json(struct derives *ds, const struct jval *v, const struct column *inputs, size_t ninputs);	/* dies (ST_DATA) */
void derives_free(struct derives *ds);

#endif
