/*
 * The cells of a few rows in the columns that trees use, sparse ones spread
 * out. Most tests are of a column that is 0 in the row: which columns are not
 * is a bit each, 64 rows to a word, that stay in the cache when the cells of
 * many columns do not.
 */
#include "families/tree/trees.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CELLS (1u << 21)	/* of a window at most, if that leaves LEAST rows */
#define CACHED (1u << 18)	/* bytes of trees that stay in the cache: then few rows at once do, and they stay too */
#define LEAST 8		/* as many as are walked side by side */
#define MOST 64		/* bits of a word */

/* The columns when there are some and all are numbers, or NULL. */
static const double **numbers_of(const struct data *x, size_t ncols)
{
	const double **numbers = NEW(const double *, ncols);
	bool all = ncols > 0;
	for (size_t c = 0; c < ncols; c++) {
		numbers[c] = x->cols[c].num;
		all = all && x->cols[c].kind == KIND_NUMERIC;
	}
	if (all)
		return numbers;
	free(numbers);
	return NULL;
}

struct window *window_new(const struct trees *t, const struct data *x)
{
	struct window *w = NEW0(struct window, 1);
	size_t ncols = t->ncols + t->nused;
	*w = (struct window){ .t = t, .x = x, .size = t->nnodes * sizeof(*t->node) <= CACHED ? TREE_BLOCK / 8 : TREE_BLOCK, .cols = x->cols };
	if (!t->nused) {
		w->numbers = numbers_of(x, t->ncols);
		return w;
	}
	w->size = ncols < CELLS / MOST ? MOST : LEAST;
	w->num = NEW(double, ncols * w->size);
	w->there = NEW0(uint64_t, ncols);
	memset(w->there, 0xff, t->ncols * sizeof(*w->there));
	w->cols = w->own = mem_copy(x->cols, t->ncols, sizeof(*w->own));
	w->rows = w->own_rows = NEW(uint32_t, w->size);
	for (size_t c = 0; c < t->ncols; c++)
		w->own[c].cat = w->own[c].kind == KIND_CATEGORY ? NEW(int32_t, w->size) : NULL;
	for (size_t i = 0; i < w->size; i++)
		w->own_rows[i] = (uint32_t)i;
	return w;
}

void window_free(struct window *w)
{
	for (size_t c = 0; w->own && c < w->t->ncols; c++)
		free(w->own[c].cat);
	free(w->own);
	free(w->own_rows);
	free(w->numbers);
	free(w->num);
	free(w->there);
	free(w);
}

static void fill_dense(struct window *w, const uint32_t *rows, size_t n)
{
	for (size_t c = 0; c < w->t->ncols; c++)
		for (size_t i = 0; i < n; i++)
			if (w->own[c].kind == KIND_NUMERIC)
				w->num[c * w->size + i] = w->x->cols[c].num[rows[i]];
			else
				w->own[c].cat[i] = w->x->cols[c].cat[rows[i]];
}

void window_fill(struct window *w, const uint32_t *rows, size_t n)
{
	const struct trees *t = w->t;
	const struct sparse *s = w->x->sparse;
	if (!w->num) {
		w->rows = rows;
		return;
	}
	fill_dense(w, rows, n);
	memset(w->there + t->ncols, 0, t->nused * sizeof(*w->there));
	for (size_t i = 0; i < n; i++)
		for (size_t e = s->start[rows[i]]; e < s->start[rows[i] + 1]; e++) {
			uint32_t place = trees_place(t, (uint32_t)s->col[e]);
			if (place == NO_COLUMN)
				continue;
			w->there[t->ncols + place] |= 1ull << i;
			w->num[(t->ncols + place) * w->size + i] = s->val[e];
		}
}
