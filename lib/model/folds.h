/*
 * Which rows are held out together, deterministic in the seed. Rows are spread
 * at random, evenly over strata when these are given; or rows of one group stay
 * together; or by time, later rows after earlier ones.
 */
#ifndef DLS_MODEL_FOLDS_H
#define DLS_MODEL_FOLDS_H

#include <stddef.h>
#include <stdint.h>

/* What the rows are dealt by: at most one of strata, group and time is not NULL. */
struct fold_by {
	const int32_t *strata;	/* (n) from 0 */
	const int32_t *group;	/* (n) 0..ngroups-1 */
	int32_t ngroups;
	const double *time;	/* (n) */
	uint64_t seed;
};

/*
 * Deals n rows to folds 1..k of equal size (to one row; with strata, each of
 * these too). Groups are dealt largest first to the lightest fold. By time the
 * rows are cut into k + 1 parts and the earliest is fold 0, never held out;
 * equal times stay together.
 */
void folds_deal(int32_t *fold, size_t n, int32_t k, const struct fold_by *by);

/* Marks a share of the rows with 1, the others with 0; by time the latest ones. */
void folds_share(int32_t *fold, size_t n, double share, const struct fold_by *by);

#endif
