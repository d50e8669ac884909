/*
 * Between the reader and the formats: a piece of text that holds whole records
 * becomes rows of cells. Pieces are parsed in parallel, so nothing here dies:
 * the first fault is noted and the reader reports it.
 */
#ifndef DLS_DATA_PIECE_H
#define DLS_DATA_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

struct piece {
	const char *s;		/* the text (n), whole records; the last may lack its line end */
	size_t n;
	size_t ncols;		/* cells that each row must have; 0: any number (a header) */
	struct slice *cells;	/* (ncells) rows one after another, in the text or in the arena */
	size_t ncells, cap_cells;
	uint64_t *lines;	/* (nrows) line where each row starts, from 0 */
	size_t nrows, cap_rows;
	uint64_t nlines;	/* line ends in the text */
	struct arena *arena;	/* of cells that are not in the text as they are; NULL while there are none */
	char fault[256];	/* what is wrong first, or "" */
	uint64_t fault_line;	/* where, from 0 */
};

/* Empties the piece, keeps its room. */
void piece_reset(struct piece *p);
void piece_free(struct piece *p);

void piece_cell(struct piece *p, struct slice cell);

/* Notes a fault at a line, unless there is one already. */
void piece_fault(struct piece *p, uint64_t line, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Parses CSV (RFC 4180) into cells and lines: with the plain scanner where the
 * text holds no quote, else with libcsv. An empty line is no row, or a row with
 * an empty cell where ncols is 1.
 */
void csv_parse_piece(struct piece *p, char delimiter);
void csv_parse_plain(struct piece *p, char delimiter);
void csv_parse_quoted(struct piece *p, char delimiter);

/*
 * Length of whole CSV records at the start of the text, which begins outside
 * quotes: all of them when from is 0, else the fewest that are `from` bytes or
 * more. 0 when there are none.
 */
size_t csv_whole(const char *s, size_t n, size_t from);

/* Where a JSON input is between its pieces. */
struct json_state {
	bool array;		/* the objects stand in one array; else one after another (NDJSON) */
	bool open, comma, closed;	/* of the array: [ was read; a comma and no object since; ] was read */
	bool rows;		/* there was an object */
};

/*
 * Parses objects into rows, one cell for each name (p->ncols is set): new keys
 * add names. Values are strings (unescaped), numbers (as they stand), true,
 * false, and null (an absent cell).
 */
void json_parse_piece(struct piece *p, struct json_state *st, struct dict *names);

/* As csv_whole(), for objects: a text that begins outside of any. */
size_t json_whole(const char *s, size_t n, size_t from);

#endif
