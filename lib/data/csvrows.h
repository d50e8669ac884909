/* Blocks of rows from CSV text: cut at record ends, read in parallel, checked. */
#ifndef DLS_DATA_CSVROWS_H
#define DLS_DATA_CSVROWS_H

#include "base/map.h"
#include "data/feed.h"
#include "data/reader.h"

struct csv_rows;

/*
 * Reads the first record: the separator is the byte of `marks` that it holds
 * most often outside quotes, the first of equals. With a header its cells go to
 * names (trimmed, "#3" where there is none; a name given twice dies), else the
 * names are "#1"... and it is the first row.
 * The feed and the names must live as long as this.
 */
struct csv_rows *csv_rows_open(struct feed *f, const char *marks, bool header, int threads, struct dict *names);
bool csv_rows_next(struct csv_rows *c, struct block *b);	/* false at the end; b's cells live until the next call */
void csv_rows_close(struct csv_rows *c);

#endif
