/*
 * The sparse columns of a model: one matrix, in which vectorisers stand side by
 * side, each with the terms of texts among the inputs, and columns that sparse
 * rows bring themselves. A term's column is called after its input and itself,
 * "review=great". Sparse rows may give the entries of any column, by its name
 * or its number, and then need no text.
 */
#ifndef DLS_MODEL_VECTORS_H
#define DLS_MODEL_VECTORS_H

#include "data/data.h"
#include "data/text/tfidf.h"
#include "model/given.h"

struct vector {
	struct tfidf *tfidf;	/* NULL: the columns are ... */
	struct given *given;
	struct strs columns;	/* the texts that tfidf reads; their n-grams count together */
	size_t *field;		/* (columns.n) where these are among the inputs */
	bool borrowed;		/* somebody else frees tfidf or given */
};

struct vectors {
	struct vector *v;	/* (n) */
	size_t n, ncols;
	size_t *start;		/* (n + 1) first column of each, then ncols */
	/* of an ensemble, which has those of all members, each once: */
	bool handed;		/* members read the texts, and get what rows give */
	bool mixed;		/* not all have the same, so that places mean nothing */
	int32_t *twin;		/* (ncols) the next column of the same name, in a ring; NULL: no two have one */
	bool sparse_rows;	/* trained on such: a number that a sparse row lacks is missing, as it was there; else it is 0 */
};

/* Takes over the vectoriser; or all of `from`, which is empty then; or borrows all of it. */
void vectors_add(struct vectors *vs, struct tfidf *v, const struct strs *columns);
void vectors_add_given(struct vectors *vs, struct given *g, bool borrowed);
void vectors_take(struct vectors *vs, struct vectors *from);
void vectors_borrow(struct vectors *vs, const struct vectors *from);
void vectors_borrow_one(struct vectors *vs, const struct vector *v);
bool vector_same(const struct vector *a, const struct vector *b);	/* their columns have the same names */

/* Finds twins among vectorisers that differ. */
void vectors_pair(struct vectors *vs);
void vectors_free(struct vectors *vs);	/* leaves it empty */

/* Finds the texts among the inputs (ninputs). NULL, or the name of one that is not there or is no text. */
const char *vectors_bind(struct vectors *vs, const struct column *inputs, size_t ninputs);

/* Tells x of the vectorisers' columns, for as long as vs lives and does not change. */
void vectors_describe(const struct vectors *vs, struct data *x);

/* Appends what a vectoriser's texts are called together, their names with + between; or "(features)". */
void vectors_name(const struct vector *v, struct str *out);

/* The column of a name, or of svmlight's number: -1 when there is none. */
int32_t vectors_find(const struct vectors *vs, struct slice name);
int32_t vectors_number(const struct vectors *vs, int32_t i);
int32_t vectors_hashed(const struct vectors *vs, int32_t hash);	/* the column of a name_hash(); -1: names are not hashed */
bool vectors_hash_names(const struct vectors *vs);		/* they are, and were no numbers */
bool vectors_by_place(const struct vectors *vs);	/* that number is the column's place, from 1 */

/*
 * Rows first .. first + n - 1 of the inputs (cells by row) and of given (or
 * NULL), entries that sparse rows brought: they stand in place of those that
 * texts have in the same columns. For one thread; and all n rows, on many.
 */
struct sparse vectors_chunk(const struct vectors *vs, const struct column *inputs, const struct sparse *given, size_t first,
			    size_t n);
struct sparse vectors_rows(const struct vectors *vs, const struct column *inputs, const struct sparse *given, size_t n,
			   int threads);

/* Into the store's present scope and from it; as a member "vectorisers" of the open object. */
void vectors_save(const struct vectors *vs, struct store *st);
void vectors_load(struct vectors *vs, struct store *st);	/* empty where none were saved */
void vectors_show(const struct vectors *vs, struct json *j);

/* A file of dls-tfidf: vectorisers, and what they were fitted to. Its family is no family of models. */
#define VECTORFILE_FAMILY "tfidf"

struct vectorfile {
	struct vectors vectors;
	char *target;		/* or NULL */
	char **labels;		/* (nlabels) of it, when it has classes */
	int32_t nlabels;
	uint64_t rows_hash;	/* of the input's bytes */
	bool chosen_by_target;	/* its terms, so that predictions for the same rows are too good */
};

void vectorfile_write(const struct vectorfile *f, struct out *out);
void vectorfile_read(struct vectorfile *f, const char *path);	/* dies with ST_DATA */
void vectorfile_free(struct vectorfile *f);

#endif
