/*
 * Where a model finds what it reads in the rows of a stream, whatever their
 * form. A field is the column of its name. In sparse rows a feature is the
 * sparse column of its name (or svmlight's number), or a number among the
 * fields for which the row has no cell. A column that is no field may be a
 * sparse column too. A feature "ns=name" that the model does not know is looked
 * for as "name".
 */
#ifndef DLS_MODEL_BIND_H
#define DLS_MODEL_BIND_H

#include "data/schema.h"
#include "model/vectors.h"

struct binding {
	const struct schema *sc;
	const struct vectors *vs;
	const struct reader *r;
	size_t *map;		/* (fields) the column of each; SIZE_MAX: none, its cells are absent */
	int32_t *columns;	/* (ncols) the sparse column that a column is, or -1 */
	size_t ncols;		/* columns that are bound so far */
	bool any_column;	/* some column is a sparse one */
	int32_t *features;	/* (nfeatures) what a named feature is, see bind.c */
	int32_t nfeatures;
	struct dict *names;	/* of the numbers among the fields ... */
	size_t *fields;		/* ... (their dictionary) and which they are */
};

/* Dies with ST_DATA where the stream lacks a column that the model reads. All three must live as long as this. */
void bind_open(struct binding *b, const struct schema *sc, const struct vectors *vs, const struct reader *r);

/* After each block: its columns and features, as far as they are new. */
void bind_more(struct binding *b);

/*
 * Converts rows first .. first + n - 1 of the block into cols (see
 * schema_convert()) and into given: their entries in the model's sparse columns,
 * whose start is NULL when they bring none at all. Thread-safe, never dies.
 */
void bind_rows(const struct binding *b, const struct block *bl, size_t first, size_t n, struct column *cols,
	       struct sparse *given, struct convert *c);

_Noreturn void bind_die(const struct binding *b, const struct block *bl, const struct convert *c);	/* c->bad */

/*
 * After the last block: whether there was nothing for the field, which is news.
 * That one of many numbers is 0 in all sparse rows is none.
 */
bool bind_lacks(const struct binding *b, size_t field);
double bind_absent(const struct binding *b);	/* what a number counts as that a sparse row lacks: NaN (missing) or 0 */

void bind_name(const struct binding *b, int32_t feature, struct str *out);	/* appended */
void bind_close(struct binding *b);

#endif
