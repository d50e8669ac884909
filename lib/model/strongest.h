/* Which terms of texts speak for which class, or for higher and for lower values. */
#ifndef DLS_MODEL_STRONGEST_H
#define DLS_MODEL_STRONGEST_H

#include "data/schema.h"
#include "model/family.h"

#define STRONGEST 20	/* terms of a side that are shown: a vocabulary is too long to print */

/* The sides: classes, or "lower" and "higher". */
struct sides {
	size_t k;
	const char *const *names;	/* (k) */
	double *weight;			/* (nsparse, k), how much a term speaks for the side; the caller's */
};

/* Of a fit of the family, whose terms() is there. */
struct sides sides_of(const struct family *f, const void *fit, const struct data *x, const struct schema *sc);

/*
 * Member "strongest" of the open object: {"SIDE": {"TERM": WEIGHT, ...}, ...}, the STRONGEST columns of each side, the
 * greatest weight first, of equals the first column. A weight of 0 or less speaks for nothing and is left out.
 */
void strongest_show(const struct data *x, const struct sides *s, struct json *j);

/* All of them in that order as CSV "class,column,weight". */
void strongest_csv(const struct data *x, const struct sides *s, struct str *out);

#endif
