/*
 * Records from a stream, whatever its form: CSV, TSV, NDJSON, a JSON array,
 * svmlight, VW, pictures as idx or records of CIFAR, each plain, gzip or zstd.
 * The form is recognised from the first bytes or forced. Memory is constant: one
 * block at a time. Or the pictures in a folder.
 *
 * Rows of svmlight and VW, and JSON objects with an object in them, are sparse:
 * beside their columns they have features, each a name (in svmlight a number)
 * and a number; what is not there is 0. Their columns only say something of the
 * row: label, qid, comment; label, weight, tag.
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
	const char *format;	/* auto csv tsv json (NDJSON or an array) svmlight vw idx cifar10 cifar100 */
	bool header;		/* the first CSV record holds names; else they are #1 #2 ... */
	int threads;
	bool hash;		/* features have the numbers of name_hash(), and no names: memory does not grow with theirs */
	const char *folder;	/* rows are the pictures in it (see folder.h), and no stream is read; or NULL */
	const char *labels;	/* file with the labels of pictures as idx, or NULL */
};

/* As the options INPUT_OPTS and THREADS_OPT of a command say. */
#define READER_OPTS(o) \
	(struct reader_opts){ .format = (o)->format, .header = (o)->header, .threads = cmd_threads((o)->threads) }
/* ... and FOLDER_OPT and LABELS_OPT. */
#define PICTURE_READER_OPTS(o) \
	(struct reader_opts){ .format = (o)->format, .header = (o)->header, .threads = cmd_threads((o)->threads), \
			      .folder = (o)->image_folder, .labels = (o)->idx_labels }

/* Features of rows: row i has those from start[i] to start[i + 1] - 1, in the order of its text. */
struct entries {
	size_t *start;		/* (rows + 1) */
	int32_t *feature;	/* (start[rows]) in svmlight the index, else the number of the name; VW may repeat one in a row, ... */
	double *value;		/* (start[rows]) finite; ... as may a hash */
};

/*
 * Some rows as text, in file order. Cells and features live until the next
 * reader_next(). A cell whose s is NULL is absent (a key that is not there); an
 * empty CSV field and a JSON null have n == 0 and s not NULL.
 */
struct block {
	size_t nrows, ncols;
	struct slice *cells;	/* (nrows, ncols) row-major, unquoted and unescaped */
	uint64_t *lines;	/* (nrows) line of the input where the row starts, from 1 */
	uint64_t first;		/* rows before this block */
	bool *sparse;		/* (nrows) whether the row is, or NULL: none is */
	struct entries entries;	/* of all rows, zeroed where none is sparse */
	struct slice *texts;	/* (nrows) the lines that are the rows of svmlight and VW; else NULL */
};

struct reader;

/* path NULL or "-": stdin. Reads the header. An input with no byte in it dies with ST_DATA. */
struct reader *reader_open(const char *path, struct reader_opts o);

/* The next block of at least one row, or NULL at the end. With each there may be more features, and with JSON columns. */
const struct block *reader_next(struct reader *r);

size_t reader_ncols(const struct reader *r);
const char *reader_name(const struct reader *r, size_t col);	/* column's name */
size_t reader_find(const struct reader *r, const char *name);	/* its number, or SIZE_MAX; "#3" also means the third */
bool reader_is_json(const struct reader *r);			/* then a key that a row lacks is a missing cell */
bool reader_is_lines(const struct reader *r);			/* svmlight or VW, whose columns only say something of the row */
bool reader_is_numbered(const struct reader *r);		/* svmlight: its features are numbers */
bool reader_is_hashed(const struct reader *r);			/* opened so, and its features have names */
bool reader_is_sparse(const struct reader *r);			/* some row was, or will be: of svmlight and VW all */

/* The features that were met so far by their names; of svmlight, and of names that are hashed, there are none. */
int32_t reader_nfeatures(const struct reader *r);
struct slice reader_feature(const struct reader *r, int32_t i);	/* "ns=name", or "name" where VW has no namespace */
/* The column that is known to hold pictures, of idx, CIFAR and folders, or NULL; beside it stand only their labels. */
const char *reader_image(const struct reader *r);
/* The column of a target of that name; where pictures are no column of a table, of their labels, whatever the name. SIZE_MAX: none. */
size_t reader_target(const struct reader *r, const char *name);
bool reader_is_bytes(const struct reader *r);			/* its cells are the pictures themselves: idx, CIFAR */
const char *reader_folder(const struct reader *r);		/* what its cells are paths relative to, or NULL */
const char *reader_where(const struct reader *r);		/* "stdin" or the path, for messages */
uint64_t reader_hash(const struct reader *r);			/* of all decompressed bytes so far, in order; independent of blocks and threads */
void reader_close(struct reader *r);

#endif
