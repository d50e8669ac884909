/*
 * CSV text to cells, a piece of whole records at a time. Two routes with the
 * same result: libcsv (220-280 MB/s), and a plain scanner (2-8 times as fast)
 * that gives up where something is wrong with quotes; tests/unit/data/csv.c
 * proves them equal. Both are pure, so pieces go in parallel; faults are
 * reported, not died of.
 *
 * The dialect is RFC 4180, strictly: LF, CRLF and CR end a record, a quote
 * inside a cell that does not begin with one is a fault, blanks are kept, a
 * line without a byte is no record unless there is one column only.
 */
#ifndef DLS_DATA_CSV_H
#define DLS_DATA_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct csv_form {
	char delim;
	size_t ncols;
	bool stop[256];		/* bytes that end a cell, NUL among them */
};

enum csv_fault {
	CSV_FINE,
	CSV_RAGGED,	/* `found` cells, not ncols */
	CSV_STRAY,	/* a quote inside an unquoted cell */
	CSV_AFTER,	/* more text after the closing quote */
	CSV_UNCLOSED,	/* the input ends inside quotes; line and col of the opening one */
	CSV_NUL
};

struct csv_piece {
	const char *s;		/* n bytes; the last of them or s[n] is a line end */
	size_t n;
	bool quotes;		/* there is a quote among them */
	uint64_t line;		/* of the first byte */
	struct slice *cells;	/* (rows it may hold, ncols) room for the cells */
	uint64_t *lines;	/* (rows it may hold) */
	char *text;		/* (n) room for the bytes of cells that were in quotes; of no use without quotes */
	size_t nrows;		/* found */
	enum csv_fault fault;
	uint64_t fault_line, cell_line;	/* the cell of CSV_AFTER begins in cell_line */
	size_t fault_col, found;
};

struct csv_form csv_form(char delim, size_t ncols);

/* What a run of bytes holds; s[n] must be readable. Counts are added. */
struct csv_count {
	size_t quotes, lines;	/* a CRLF is one line end */
};
void csv_count(const char *s, size_t n, struct csv_count *c);

/* Rows that a piece of n bytes with so many line ends can hold at most, the last one perhaps faulty. */
size_t csv_most_rows(const struct csv_form *f, size_t n, size_t lines);

void csv_cells(const struct csv_form *f, struct csv_piece *p);	/* by the faster route */
void csv_plain(const struct csv_form *f, struct csv_piece *p);	/* a fault of quotes is CSV_STRAY at its row, whatever it is */
void csv_quoted(const struct csv_form *f, struct csv_piece *p);

/* Cells of the one record in p, for a form whose ncols is not known yet; 0 with p->fault set. */
size_t csv_width(char delim, struct csv_piece *p);

#endif
