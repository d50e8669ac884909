/*
 * What a model remembers about its input: the columns it reads by name, their
 * kinds and levels, what counts as missing, the target and its labels. Scoring
 * never infers: it converts text by this.
 */
#ifndef DLS_DATA_SCHEMA_H
#define DLS_DATA_SCHEMA_H

#include "base/map.h"
#include "data/data.h"
#include "io/jsonio.h"
#include "opt/opt.h"

struct field {
	char *name;
	enum kind kind;
	char **levels;		/* (nlevels) of a category */
	int32_t nlevels;
	struct dict *dict;	/* level text -> code */
};

struct schema {
	struct field *fields;	/* (nfields) input columns that the model reads */
	size_t nfields;
	struct strs others;	/* columns of the training input that are not read: no news when they come again */
	struct strs missing;	/* texts that mean missing, beside the usual */
	char *target;		/* name of the target column */
	enum task task;
	char **labels;		/* (nlabels) sorted; NULL for regression */
	int32_t nlabels;
	int32_t positive;	/* of two labels; else -1 */
	char *unseen;		/* policy for a level never seen: "missing" or "error" */
	bool strict_text;	/* a text that is not UTF-8 is an error */
};

/* From columns of a table (the features) as they are; the target is set by the caller. */
void schema_from(struct schema *sc, const struct column *cols, size_t ncols);
void schema_json(const struct schema *sc, struct json *j, const char *key);
void schema_from_json(struct schema *sc, const struct jval *v);	/* dies (ST_DATA) when it makes no sense */
void schema_free(struct schema *sc);

int32_t schema_label(const struct schema *sc, const char *text);	/* its number, or -1 */

/* Columns without rows (kinds, names, levels); owned by the caller (free()). */
struct column *schema_columns(const struct schema *sc);

/* What conversion met; counts add up over calls. The first trouble by row is kept. */
struct convert {
	uint64_t *unseen;	/* (nfields) cells of a level never seen, texts that are not UTF-8 */
	uint64_t *missing;	/* (nfields) missing cells, empty texts */
	bool bad;		/* a cell that is not a number, unseen under "error", or a text under strict_text */
	size_t bad_row, bad_field;	/* from nfields on: a column of the input that is no field */
	uint64_t ignored;	/* entries of features that the model does not know, and the first of these: */
	uint64_t ignored_line;
	int32_t ignored_feature;
	uint64_t text_line;	/* of a first text that is not UTF-8; 0: none */
	size_t text_field;	/* ... and its field */
};

/*
 * Converts rows first..first+n of the block by the schema into cols (nfields),
 * made by schema_columns() and given cell arrays of n by schema_cells(). map
 * tells the column of each field, SIZE_MAX where there is none. Never dies:
 * trouble goes to c. Texts are the block's own.
 */
void schema_cells(struct column *cols, size_t ncols, size_t n);
void schema_cells_free(struct column *cols, size_t ncols);
void schema_convert(const struct schema *sc, const size_t *map, const struct block *b, size_t first, size_t n,
		    struct column *cols, struct convert *c);
void schema_trouble(struct convert *c, size_t row, size_t field);

/* The texts that mean missing as is_missing() takes them; the caller frees the list. */
const char **schema_missing(const struct schema *sc);
_Noreturn void schema_die(const struct schema *sc, const size_t *map, const struct block *b, const struct reader *r,
			  const struct convert *c);

#endif
