/*
 * An experiment: a dataset, a family, and how to know what the model is worth.
 * With folds, each is predicted by a model that has not seen it; these
 * out-of-fold predictions stay in the model, which is refitted on all rows.
 */
#ifndef DLS_MODEL_TRAIN_H
#define DLS_MODEL_TRAIN_H

#include "model/dataset.h"

/*
 * Trains the family with opts (its options struct, taken over by the model) on
 * d, whose schema moves into the model. Dies with ST_USAGE when the family's
 * check() refuses. The model is the caller's.
 */
struct model *train(const struct family *f, void *opts, struct dataset *d, const struct train_opts *o);

#endif
