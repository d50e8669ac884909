/*
 * What a family is given: features by column, the target, weights, and which
 * rows. A view of rows costs no copy: every array is indexed by the row of the
 * table, data_row(d, i) for the i-th row of the view.
 */
#ifndef DLS_DATA_DATA_H
#define DLS_DATA_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "data/sparse.h"
#include "data/table.h"

enum task { TASK_REGRESSION = 1, TASK_BINARY = 2, TASK_MULTICLASS = 4 };
#define TASK_CLASSES (TASK_BINARY | TASK_MULTICLASS)

/* How the columns of a sparse matrix are called: put() appends the name of column j. */
struct column_names {
	void (*put)(const void *of, size_t j, struct str *out);
	const void *of;
};

struct data {
	size_t n;			/* rows of the view */
	size_t ncols;
	const struct column *cols;	/* (ncols) features: numbers, categories, and what else the family takes */
	const struct sparse *sparse;	/* more features, by row of the table; NULL: none */
	struct column_names names;	/* of these */
	size_t ngroups;			/* the sparse columns fall into groups, the terms of a text: */
	const size_t *group;		/* (ngroups + 1) where each begins; the last is their number */
	const uint32_t *rows;		/* (n) rows of the table; NULL: first, first + 1, ... */
	size_t first;
	enum task task;
	int32_t nclasses;		/* 0 for regression, 2 or more for classes */
	const int32_t *label;		/* class 0..nclasses-1 by table row; NULL for regression and when scoring */
	const double *y;		/* target by table row for regression; NULL for classes and when scoring */
	const double *w;		/* weight by table row, >= 0; NULL: all 1 */
};

static inline size_t data_row(const struct data *d, size_t i)
{
	return d->rows ? d->rows[i] : d->first + i;
}

static inline double data_weight(const struct data *d, size_t i)
{
	return d->w ? d->w[data_row(d, i)] : 1.0;
}

static inline size_t data_nsparse(const struct data *d)
{
	return d->sparse ? d->sparse->ncols : 0;
}

/* Whether pictures are among the columns. */
static inline bool cols_have_image(const struct column *cols, size_t ncols)
{
	for (size_t c = 0; c < ncols; c++)
		if (cols[c].kind == KIND_IMAGE)
			return true;
	return false;
}

/* Rows that make one piece of parallel prediction: few where a row is a picture, which takes milliseconds. */
static inline size_t data_piece(const struct column *cols, size_t ncols)
{
	return cols_have_image(cols, ncols) ? 64 : 1024;
}

/* Columns of a family's predictions: a probability for each class, or one value. */
static inline size_t data_outputs(const struct data *d)
{
	return d->nclasses ? (size_t)d->nclasses : 1;
}

#endif
