/* The cosine of sparse rows with the query of their group, which is its first row. */
#ifndef DLS_MODEL_COSINE_H
#define DLS_MODEL_COSINE_H

#include "data/reader.h"

struct cosines;

struct cosines *cosines_new(void);
void cosines_free(struct cosines *c);	/* NULL is fine */

/* Takes row i of the entries: its cosine with its group's query, 0 when either has no entries; NaN: the row is the query. */
double cosines_take(struct cosines *c, int32_t group, const struct entries *e, size_t i);

#endif
