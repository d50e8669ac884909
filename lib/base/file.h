/*
 * Files with the manners of a filter. "-" and NULL stand for stdin and stdout.
 * An output file is written under a temporary name in the same directory and
 * renamed when complete; whatever ends the program earlier leaves no trace.
 */
#ifndef DLS_BASE_FILE_H
#define DLS_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct out {
	FILE *f;
	char *path, *temp;	/* NULL for stdout */
};

/* Dies with ST_IO when it cannot be made. binary: refuses a terminal (ST_USAGE). */
struct out out_open(const char *path, bool binary);
void out_write(struct out *o, const void *p, size_t n);
void out_close(struct out *o);		/* flushes, syncs the name, checks; dies with ST_IO */

FILE *in_open(const char *path);	/* dies with ST_NOINPUT; a directory or closed stdin too */
char *in_read_all(const char *path, size_t *n);	/* the whole file, malloc'ed, NUL after the n bytes */
const char *in_name(const char *path);	/* "stdin" for NULL and "-" */

/* A file without a name in $TMPDIR (or /tmp), to write and read; gone when closed, or when the program ends in any way. */
FILE *file_temp(void);	/* dies with ST_IO */

#endif
