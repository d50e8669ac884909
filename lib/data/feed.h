/*
 * A stream of text as a window of memory: buf[begin..end) is not consumed yet.
 * Bytes come in whole pieces of FEED_PIECE from the start of the stream, so
 * what one sees, and the hash (XXH3 of each piece, chained), depend on the
 * bytes alone and not on how a pipe delivers them.
 */
#ifndef DLS_DATA_FEED_H
#define DLS_DATA_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/compress.h"

#define FEED_PIECE ((size_t)1 << 20)
#define RECORD_MAX ((size_t)256 << 20)	/* bytes of one record; more is an error */

struct feed {
	struct stream *stream;
	const char *where;	/* "stdin" or the path */
	char *buf;		/* the byte at end may be written (a sentinel) */
	size_t begin, end, cap;
	uint64_t line;		/* of buf[begin], from 1 */
	uint64_t hash;
	bool eof;		/* nothing comes after end */
};

void feed_open(struct feed *f, const char *path);

/*
 * Forgets what lies before begin and adds a piece, or as much as is there
 * already when that is more (a long record). Sets eof at the end.
 * Pointers into buf change.
 */
void feed_more(struct feed *f);
void feed_close(struct feed *f);

#endif
