/*
 * Models made of models. An ensemble is a struct model whose family is the
 * method (families without fit(): dls-train does not list them) and whose fit
 * holds the members. Its schema has the fields of all members; what is learned
 * from out-of-fold predictions is judged by nested cross-validation.
 */
#ifndef DLS_ENSEMBLE_ENSEMBLE_H
#define DLS_ENSEMBLE_ENSEMBLE_H

#include "model/model.h"
#include "opt/cmd.h"

#define MOST_MEMBERS 1000

struct ensemble_opts {
	struct common common;
	const char *metric, *output;
	uint64_t seed;
	int32_t threads;
	bool predictions;
};

/* The options of every method: one struct, of which each method's table shows some fields. */
struct method_opts {
	struct strs weights;	/* of members */
	int32_t rounds, bags;	/* of climb */
	double l2;		/* of stack */
	bool nonneg;
	const char *how;	/* of calibrate */
};

/*
 * Combines n models (members and opts, a struct method_opts, are taken over)
 * called names (n; for messages and --show) by the method f. Dies with
 * ST_USAGE or ST_DATA when they do not fit each other.
 */
struct model *ensemble_make(const struct family *f, void *opts, struct model **members, const char *const *names, size_t n,
			    const struct ensemble_opts *o);

/*
 * Blends n files of predictions of the same rows in the same order, as CSV to
 * out, by one of the methods that need no out-of-fold predictions. Columns
 * p:LABEL are blended; without such, the column `prediction`, or else the last
 * one. All other columns must agree. Ranks are taken within the files.
 */
void ensemble_files(const struct family *f, const struct method_opts *opts, const char *const *paths, size_t n,
		    const struct ensemble_opts *o, struct out *out);

#endif
