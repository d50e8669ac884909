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
 * d. Dies with ST_USAGE when the family's check() refuses. d must stay until
 * the model is saved no longer: the schema is moved into the model.
 */
struct model *train(const struct family *f, void *opts, struct dataset *d, const struct train_opts *o);

/*
 * Fold of each row (n) by the options --cv --stratify --group --time
 * --fold-seed; dies (ST_DATA) when there are fewer rows or groups than folds.
 */
void train_folds(int32_t *fold, const struct dataset *d, const struct train_opts *o, int32_t k);

#endif
