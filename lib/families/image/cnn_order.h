/* Which rows an epoch learns from, in which order, by (seed, epoch): what the classes lack is made up here. */
#ifndef DLS_FAMILIES_IMAGE_CNN_ORDER_H
#define DLS_FAMILIES_IMAGE_CNN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order {
	size_t n;		/* rows of an epoch */
	uint32_t *row;		/* (n) of the present epoch: rows of the view */
	uint32_t *pool;		/* (n) all of them, by class */
	size_t *start;		/* (classes + 1) where each class begins in pool */
	size_t classes;
	bool balance;
	uint64_t seed;
};

/*
 * label (n) of the rows. floor: rows of a class that has fewer count several times, evenly, until they are so many; 0: none
 * do. balance: each class that has rows comes equally often in each stretch of an epoch, which stays as long as it is.
 */
void order_init(struct order *o, const int32_t *label, size_t n, size_t classes, size_t floor, bool balance, uint64_t seed);
void order_epoch(struct order *o, size_t epoch);
void order_free(struct order *o);

#endif
