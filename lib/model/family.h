/*
 * A family of models, and what it owes. A family is one folder under
 * lib/families (or lib/ensemble) and one line FAMILY(name) in families.def,
 * where `const struct family family_NAME` is defined.
 *
 * Contract. fit() is deterministic in (opts, data, seed): the same bytes for
 * any number of threads. What fit() and load() return is const afterwards.
 * predict() is called from several threads at once, on blocks of rows in any
 * cut, must not call par_for(), must not die, and gives each row the same
 * bytes whatever block it is in. load() trusts nothing: every size, index and
 * number is checked (store_bad), so that predict() need not. fit() may assume
 * what check() let pass, n >= 1, and in classification labels 0..nclasses-1
 * (a class may have no row in a fold).
 */
#ifndef DLS_MODEL_FAMILY_H
#define DLS_MODEL_FAMILY_H

#include "base/str.h"
#include "data/data.h"
#include "io/jsonio.h"
#include "io/store.h"
#include "model/run.h"
#include "opt/opt.h"

struct schema;
struct vectors;

/*
 * What a family takes beside numbers and categories: sparse columns (data.sparse), or among its columns the texts
 * themselves, or pictures. These it loads by itself, by picture_load(); the training rows' were all read once and could be.
 * predict() gives NaN in all outputs of a row whose picture it cannot load.
 */
enum { TAKES_SPARSE = 1, TAKES_TEXT = 2, TAKES_IMAGE = 4 };

/* Learning from blocks of rows as they come, each of the frame's columns, in their order. */
struct streaming {
	void *(*begin)(const void *opts, const struct data *frame);	/* a fit that knows nothing yet */
	void (*learn)(void *fit, const struct data *block, int pass);	/* pass from 1 */
	double (*loss)(const void *fit);	/* mean loss of the rows so far before they were learned from, NaN before the first */
	void (*end)(void *fit);			/* it is as fit() gives it from here on */
	int32_t (*passes)(const void *opts);
};

struct family {
	const char *name;
	const char *brief;		/* one line for --help: lower case, no full stop */
	unsigned tasks;			/* enum task bits */
	unsigned takes;			/* the above bits */
	const struct opt *opts;
	size_t opts_size;
	const char *details;		/* a paragraph for the manual */
	/* Cross-option and option-data rules, before any work: NULL, or what is wrong (static or leaked text). */
	const char *(*check)(const void *opts, const struct data *d);
	void *(*fit)(const void *opts, const struct data *train, struct run *run);
	/* out (x->n, outputs): probabilities that sum to 1, or values. x->task and nclasses are set; label, y, w are NULL. */
	void (*predict)(const void *fit, const struct data *x, double *out);
	void (*save)(const void *fit, struct store *st);
	/* x tells the columns (kinds, levels), task and classes; n is 0. */
	void *(*load)(const void *opts, const struct data *x, struct store *st);
	void (*free)(void *fit);
	/* Members of the open JSON object: coefficients, importance, size ... */
	void (*show)(const void *fit, const struct data *x, const struct schema *sc, struct json *j);
	/* Optional (NULL: none) from here on. Importance of each column by kind ("gain", "split", "coef"), to out (ncols, then the sparse ones); false: no such kind. */
	bool (*importance)(const void *fit, const struct data *x, const char *kind, double *out);
	/*
	 * Additive contributions to the raw score (log-odds, or the value before
	 * the link is undone): out (x->n, scores, ncols + ngroups + 1), those of
	 * the columns, of all columns of a group together, and the bias;
	 * scores is 1 for binary and regression, else nclasses.
	 */
	void (*contrib)(const void *fit, const struct data *x, double *out);
	/* How much each sparse column speaks for each class, or for a higher value: out (nsparse, nclasses or 1). */
	void (*terms)(const void *fit, double *out);
	int (*rounds)(const void *fit);	/* rounds of an iterative model, for the mean over folds */
	/* Raw-score link of contrib: p = inverse link of the sum. "logit", "softmax", "ovr" (sigmoids over their sum), "identity", "log". */
	const char *(*link)(const void *fit);
	/*
	 * Predictions for training row i that the model made without having seen
	 * it (a forest's out-of-bag): out (train n, outputs), NaN where there is none. Valid right after fit only.
	 */
	bool (*unseen)(const void *fit, double *out);
	/*
	 * Of a family of models: adds the sparse columns of its members to vs, which
	 * is empty, borrowed from fit. It gets the entries of rows for them.
	 */
	void (*gather)(const void *fit, struct vectors *vs);
	const struct streaming *streaming;
	/* What a net makes of a row before its last layer, for other families to learn from: how many, and out (x->n, these), as predict() is called. */
	size_t (*nfeatures)(const void *fit);
	void (*features)(const void *fit, const struct data *x, double *out);
	void (*views)(void *fit, int32_t k);	/* from here on predict by the mean over k views of a row */
};

extern const struct family *const families[];	/* ends in NULL, in the order of families.def */
const struct family *family_find(const char *name);	/* NULL: none */

/* Dies (ST_USAGE) unless the family takes (a bit of the above) what is there; what: "texts". Names families that do. */
void family_must_take(const struct family *f, unsigned takes, const char *what);

#endif
