/*
 * k nearest neighbours, exact. A row becomes a point once: numbers as floats,
 * standardised, then categories as codes whose difference counts 1, as much
 * as two numbers one standard deviation apart. A missing number stands at its
 * column's centre; a missing category is a level of its own, and so is one
 * never seen. The model holds the training rows in this form: 4 bytes a
 * number, 2 a category. Rows without weight are left out, the others vote
 * with their weight.
 *
 * The cosine distance 1 - cos(a, b) is half the squared distance of the rows
 * brought to length 1, which is 0 for equal rows to the last bit. A row of
 * zeros has an axis of its own, so it is at 1 from all others.
 */
#ifndef DLS_FAMILIES_KNN_KNN_H
#define DLS_FAMILIES_KNN_KNN_H

#include <stdbool.h>
#include <stdint.h>

struct knn_opts {
	int32_t k;
	const char *weights, *metric;
	bool scale;
};

#endif
