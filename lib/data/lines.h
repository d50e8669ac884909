/*
 * Blocks of sparse rows from text where a row is a line: svmlight, VW. The
 * window is cut at line ends into pieces, whose rows a parser of the form reads,
 * in parallel. Lines end in LF or CRLF; empty ones are no rows.
 */
#ifndef DLS_DATA_LINES_H
#define DLS_DATA_LINES_H

#include "base/map.h"
#include "data/feed.h"
#include "data/names.h"
#include "data/reader.h"

#define LINE_COLUMNS 3	/* of a form */

struct line_piece;

struct line_form {
	const char *name;			/* for messages */
	const char *columns[LINE_COLUMNS];	/* that rows may have */
	const char *usual[LINE_COLUMNS];	/* cells of rows that lack one which the input has; NULL: absent */
	char comment;				/* begins a line that is no row; 0: there are no such */
	size_t least;				/* bytes that a feature takes at least */
	/*
	 * Reads a row from s, which is no blank, to the LF at end: line_cell(),
	 * line_feature(). Pure; false where line_fault() was called.
	 */
	bool (*row)(struct line_piece *p, const char *s, const char *end);
};

/* Whole lines; the last of their bytes or s[n] is a LF. */
struct line_piece {
	const struct line_form *form;
	const char *s;
	size_t n;
	uint64_t line, row;		/* of the first byte; of the row being read */
	const size_t *col;		/* (LINE_COLUMNS) where each stands among the input's; SIZE_MAX: not there */
	size_t ncols;
	bool known;			/* the columns; else all have their place, and no cell is a usual one */
	/* room for as many rows as there are lines, and features as they can hold */
	struct slice *cells;		/* (rows, ncols) */
	struct slice *texts;		/* (rows) */
	uint64_t *lines;		/* (rows) */
	size_t *ends;			/* (rows) features up to the row's end */
	int32_t *feature;
	double *value;
	char *text;			/* (n) for cells that are not as the line has them */
	/* found */
	size_t nrows, nentries, ntext;
	struct name_list names;		/* (nentries) of the features, or none where they are numbers */
	const char *fault;		/* what is wrong, or NULL ... */
	struct slice at;		/* ... with this text */
};

/* A blank inside a line; the CR of a CRLF counts as one. */
static inline bool line_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static inline const char *line_past(const char *s)
{
	while (line_blank(*s))
		s++;
	return s;
}

/* Adds a feature by its number, or by any where its name goes to the piece's names. */
static inline void line_feature(struct line_piece *p, int32_t feature, double value)
{
	p->feature[p->nentries] = feature;
	p->value[p->nentries++] = value;
}

bool line_has(const struct line_piece *p, size_t column);	/* the input has it, so line_cell() takes it */
void line_cell(struct line_piece *p, size_t column, struct slice cell);
bool line_fault(struct line_piece *p, const char *what, const char *s, const char *end);	/* always false */

struct line_rows;

/* Reads the first row to know the columns, whose names are added. All that is given must live as long as this. */
struct line_rows *line_rows_open(struct feed *f, const struct line_form *form, int threads, struct dict *names,
				 struct dict *features);
bool line_rows_next(struct line_rows *c, struct block *b);	/* false at the end; what b points to lives until the next call */
void line_rows_close(struct line_rows *c);

#endif
