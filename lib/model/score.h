/*
 * Scoring a stream: blocks of rows in, predictions out, in constant memory and
 * in the order of the rows. A block is cut into chunks that are converted,
 * predicted and printed in parallel.
 */
#ifndef DLS_MODEL_SCORE_H
#define DLS_MODEL_SCORE_H

#include "model/model.h"
#include "opt/cmd.h"

struct predict_opts {
	struct common common;
	struct strs id, keep, columns;
	const char *importance, *metric, *format, *output, *root, *image_folder, *idx_labels, *mistakes;
	double threshold;
	int32_t threads, repeats, views, mistakes_count;
	uint64_t seed;
	bool append, strict, contrib, features, show, oof, header, skip_bad;
};

/* Scores path (NULL: stdin) to out. Returns ST_OK, or ST_GATE when --strict found drift. */
enum status score_stream(const struct model *m, const char *path, const struct predict_opts *o, struct out *out);

/* The predicted class by p (labels): the positive one above the threshold of two, else the most probable, the first of equals. */
int32_t score_decide(const struct schema *sc, double threshold, const double *p);

/* The out-of-fold predictions kept in the model, as a predictions file with columns row and fold in front. */
void score_oof(const struct model *m, const struct predict_opts *o, struct out *out);

/*
 * Importance of the model's columns as CSV "column,importance", the greatest
 * first. Permutation (Breiman 2001; Fisher et al. 2019): the mean loss in the
 * metric over `repeats` shuffles of one column at a time, on the labelled rows
 * of path (NULL: stdin); other kinds come from the model alone. "terms": CSV
 * "class,column,weight" of the terms of texts that speak for each class.
 */
void score_importance(const struct model *m, const char *path, const struct predict_opts *o, struct out *out);

#endif
