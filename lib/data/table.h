/*
 * A table in memory, by columns. A missing number is NaN, a missing category
 * -1, a text is never missing but may be empty; a picture is as yet a text, its
 * path or its bytes (data/image/picture.h), empty when it is missing. Levels of a category are sorted: by value when all of
 * them are numbers, else by bytes; so codes do not depend on the order of rows.
 */
#ifndef DLS_DATA_TABLE_H
#define DLS_DATA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/reader.h"

enum kind { KIND_NUMERIC, KIND_CATEGORY, KIND_TEXT, KIND_IMAGE };

struct column {
	const char *name;
	enum kind kind;
	double *num;		/* (nrows) when numeric */
	int32_t *cat;		/* (nrows) level when category */
	struct slice *text;	/* (nrows) when text or image */
	const char *root;	/* what paths of images are relative to; NULL: the working directory */
	const char **levels;	/* (nlevels) sorted texts */
	int32_t nlevels;
};

struct table {
	size_t nrows, ncols;
	struct column *cols;	/* (ncols) */
	struct entries features;/* of the rows, as the reader numbers them; zeroed when no row is sparse */
	uint64_t *lines;	/* (nrows) of the input, when a column is of images; else NULL */
	uint64_t hash;		/* of the input's bytes */
	struct arena *arena;	/* owns names, levels; cells are malloc'ed one array a column */
	struct texts *texts;	/* (ncols) how the input wrote its numbers, for tab_categorize(); see table.c */
};

/* Kinds that are forced (text and image are never inferred), what else means missing, what is not to be stored at all. */
struct tab_spec {
	/* each ends in NULL, or is NULL */
	const char *const *numeric, *const *categorical, *const *text, *const *image, *const *drop, *const *missing;
	const char *root;	/* of the images */
	bool strict_text;	/* a text that is not UTF-8 is an error, not a warning */
	int threads;
};

/*
 * Reads the whole stream and infers kinds over all of it: a column is numeric
 * when each of its cells is missing or a finite number (num_parse, after
 * trimming), else a category (text trimmed). Missing: empty, blanks, NA NaN nan
 * null ? and what spec adds. Dies with line, column and text where a cell
 * contradicts a forced kind, and where infinities are all that keeps a column
 * from being numeric; warns where a few texts are.
 */
struct table *tab_read(struct reader *r, const struct tab_spec *spec);

size_t tab_find(const struct table *t, const char *name);	/* column, or SIZE_MAX */

/*
 * Makes the column a category with the very texts of the input (a numeric
 * column too: "1.0" stays "1.0", "007" stays "007").
 */
void tab_categorize(struct table *t, size_t col);

/* Frees what tab_categorize() needs of the numeric columns; it is not to be called for these any more. */
void tab_forget_texts(struct table *t);

/* Leaves the rows (nrows) that are to be kept; a level that no row has any more is gone. */
void tab_keep(struct table *t, const bool *keep);

void tab_free(struct table *t);

/* True when the text, trimmed, means missing. extra ends in NULL, or is NULL. */
bool is_missing(struct slice cell, const char *const *extra);

/* True of kinds whose cells stand in column.text. */
static inline bool kind_is_texts(enum kind k)
{
	return k == KIND_TEXT || k == KIND_IMAGE;
}

/* A cell as the image column has it: byte for byte, or empty. */
struct slice image_cell(struct slice cell, const char *const *extra);

/* The order of levels and labels described above, for qsort over const char *. */
bool level_sort(const char **levels, size_t n);	/* true when all are numbers */

#endif
