/* The terms of texts that speak most for each output of a model, for `show`: a vocabulary is too long to print. */
#ifndef DLS_MODEL_STRONGEST_H
#define DLS_MODEL_STRONGEST_H

#include "data/data.h"
#include "io/jsonio.h"

#define STRONGEST 20	/* terms of an output */

/*
 * Member "strongest" of the open object: {"LABEL": {"TERM": WEIGHT, ...}, ...}, for each of k outputs, called labels
 * (k), the STRONGEST sparse columns of x by weight (nsparse, k), the greatest first, of equals the first column. A
 * weight of 0 or less speaks for nothing and is left out.
 */
void strongest_show(const struct data *x, const double *weight, size_t k, char *const *labels, struct json *j);

#endif
