/*
 * All rows of a stream as text, with the values of one column as keys: for
 * programs that only choose rows. Rows of svmlight and VW are the lines that
 * they were; all others become CSV.
 */
#ifndef DLS_DATA_ROWS_H
#define DLS_DATA_ROWS_H

#include "base/map.h"
#include "base/str.h"
#include "data/reader.h"

struct rows {
	bool lines;		/* svmlight or VW */
	struct str header;	/* the names, no newline; empty with lines */
	struct str text;	/* all rows, each ends in \n */
	size_t *start;		/* (n + 1) where each row begins in text */
	size_t n;
	int32_t *key;		/* (n) place of the key column's text (trimmed) in levels; NULL without a key column */
	const char **levels;	/* (nlevels) texts of the key column, sorted as a category's levels are */
	int32_t nlevels;
	struct dict *texts;	/* owns them */
};

/* Reads r to its end. key is a column of r, or SIZE_MAX. Dies with ST_DATA where JSON has an object inside a row. */
void rows_read(struct rows *rows, struct reader *r, size_t key);

/*
 * The keys as times (n), the caller's: numbers when all are, else the order of
 * the texts (dates as 2024-05-31).
 */
double *rows_times(const struct rows *rows);

/* Dies with ST_DATA at a row whose key (of this column) is missing. */
void rows_refuse_missing(const struct rows *rows, const char *column);

void rows_free(struct rows *rows);

#endif
