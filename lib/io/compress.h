/*
 * An input as a stream of plain bytes: a file or stdin, as it is, gzip or zstd
 * by its first bytes. Several compressed members one after another read as one.
 */
#ifndef DLS_IO_COMPRESS_H
#define DLS_IO_COMPRESS_H

#include <stddef.h>

struct stream;

struct stream *stream_open(const char *path);	/* NULL and "-": stdin; dies with ST_NOINPUT */

/* Up to n bytes to buf; fewer only at the end, where it gives 0. Dies with ST_DATA when the archive is damaged or cut off. */
size_t stream_read(struct stream *s, char *buf, size_t n);

const char *stream_where(const struct stream *s);	/* "stdin" or the path */
void stream_close(struct stream *s);

#endif
