#include "model/cosine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/sparse.h"

struct cosines {
	struct sparse rows;	/* the queries, and below them the row at hand */
	int32_t *query;		/* (ngroups) the row of each group's query; -1: none yet */
	size_t ngroups;
};

struct cosines *cosines_new(void)
{
	struct cosines *c = NEW0(struct cosines, 1);
	c->rows = sparse_new(INT32_MAX);
	return c;
}

void cosines_free(struct cosines *c)
{
	if (!c)
		return;
	sparse_free(&c->rows);
	free(c->query);
	free(c);
}

double cosines_take(struct cosines *c, int32_t group, const struct entries *e, size_t i)
{
	size_t from = e->start[i], n = e->start[i + 1] - from, last = c->rows.n;
	sparse_reserve(&c->rows, n);
	size_t at = c->rows.start[last];
	if (n) {
		memcpy(c->rows.col + at, e->feature + from, n * sizeof(*e->feature));
		memcpy(c->rows.val + at, e->value + from, n * sizeof(*e->value));
		n = sparse_tidy(c->rows.col + at, c->rows.val + at, n);
	}
	sparse_end(&c->rows, n);
	for (; c->ngroups <= (size_t)group; c->ngroups++) {
		GROW(c->query, c->ngroups + 1);
		c->query[c->ngroups] = -1;
	}
	if (c->query[group] < 0) {
		c->query[group] = (int32_t)last;
		return NAN;
	}
	double cosine = sparse_cosine(&c->rows, last, &c->rows, (size_t)c->query[group]);
	c->rows.n = last;
	return cosine;
}
