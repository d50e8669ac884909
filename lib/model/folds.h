/*
 * Which rows are held out together. Fold numbers are 1..k; 0 means never held
 * out. All deterministic in the seed.
 */
#ifndef DLS_MODEL_FOLDS_H
#define DLS_MODEL_FOLDS_H

#include <stddef.h>
#include <stdint.h>

/* Shuffled folds of equal size (to one row); with strata (n), each stratum is spread evenly. strata may be NULL. */
void folds_random(int32_t *fold, size_t n, int32_t k, const int32_t *strata, uint64_t seed);

/* Rows of one group (n, values 0..ngroups-1) stay together; large groups are dealt first, to the lightest fold. */
void folds_group(int32_t *fold, size_t n, int32_t k, const int32_t *group, int32_t ngroups, uint64_t seed);

/*
 * Forward chaining: rows in order of time are cut into k + 1 parts; part 0 is
 * fold 0 and fold f is to be predicted from folds 0..f-1. Equal times stay together.
 */
void folds_time(int32_t *fold, size_t n, int32_t k, const double *time);

#endif
