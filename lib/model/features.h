/*
 * What a family learns from, computed from a dataset's inputs: those that are
 * features themselves, derived columns, and the vectorisers' sparse ones. What
 * of it is fitted - target means, the vectorisers of --text - is fitted to the
 * training rows alone.
 */
#ifndef DLS_MODEL_FEATURES_H
#define DLS_MODEL_FEATURES_H

#include "model/dataset.h"

struct features {
	struct column *cols;		/* (ncols) with cells of all rows of the dataset */
	size_t ncols, nplain;		/* the first nplain are inputs */
	const struct sparse *sparse;	/* or NULL */
	struct sparse own;		/* where it is not the dataset's */
	struct derives derived;		/* with the target means */
	struct vectors vectors;		/* those of --features are borrowed from the dataset */
};

/* Of all rows of d, fitted to those of train, whose features are not read. Dies (ST_USAGE) where the family takes no text. */
void features_fit(struct features *f, const struct family *family, const struct dataset *d, const struct data *train,
		  const struct train_opts *o);

/* Of all rows of another dataset, by what `like` was fitted to; like must outlive it. */
void features_like(struct features *f, const struct family *family, const struct dataset *d, const struct features *like,
		   int threads);

void features_free(struct features *f);

/* The rows (n; NULL: all) of d, whose features these are, as families take them. */
struct data features_view(const struct features *f, const struct dataset *d, const uint32_t *rows, size_t n);

/* Moves what was fitted, and the vectorisers of d, into the model. */
void features_give(struct features *f, struct dataset *d, struct model *m);

#endif
