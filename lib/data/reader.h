/*
 * Records from a stream, whatever its form: CSV, TSV, NDJSON, a JSON array,
 * each plain, gzip or zstd. The form is recognised from the first bytes or
 * forced. Memory is constant: one block at a time.
 *
 * Rules that are the same for every form: names and values are bytes; blanks
 * around a column name are dropped, blanks around a value are kept here (who
 * converts a value trims it); a UTF-8 BOM is dropped; an empty CSV line is
 * skipped when there are two columns or more, and is a row with one empty cell
 * in a file of one column. A row with another number of cells than the header,
 * an unclosed quote, broken compression: die(ST_DATA) with line and column.
 */
#ifndef DLS_DATA_READER_H
#define DLS_DATA_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct reader_opts {
	const char *format;	/* auto csv tsv json (JSON is NDJSON or an array) */
	bool header;		/* the first CSV record holds names; else they are #1 #2 ... */
	int threads;
};

/*
 * Some rows as text, in file order. Cells live until the next reader_next().
 * A cell whose s is NULL is absent (JSON null, a key that is not there); an
 * empty CSV field has n == 0 and s not NULL.
 */
struct block {
	size_t nrows, ncols;
	struct slice *cells;	/* (nrows, ncols) row-major, unquoted and unescaped */
	uint64_t *lines;	/* (nrows) line of the input where the row starts, from 1 */
	uint64_t first;		/* rows before this block */
};

struct reader;

/* path NULL or "-": stdin. Reads the header. An input with no byte in it dies with ST_DATA. */
struct reader *reader_open(const char *path, struct reader_opts o);

/* The next block of at least one row, or NULL at the end. ncols may grow from block to block with JSON. */
const struct block *reader_next(struct reader *r);

size_t reader_ncols(const struct reader *r);
const char *reader_name(const struct reader *r, size_t col);	/* column's name */
size_t reader_find(const struct reader *r, const char *name);	/* its number, or SIZE_MAX; "#3" also means the third */
bool reader_is_json(const struct reader *r);			/* then a key that a row lacks is a missing cell */
const char *reader_where(const struct reader *r);		/* "stdin" or the path, for messages */
uint64_t reader_hash(const struct reader *r);			/* of all decompressed bytes so far, in order; independent of blocks and threads */
void reader_close(struct reader *r);

#endif
