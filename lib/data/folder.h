/*
 * A folder of pictures as rows. Its sub-folders are classes, and every picture
 * in them, however deep, is a row of two columns: `image`, its path relative to
 * the folder, and `label`, the class. A folder without sub-folders has `image`
 * alone. Names come in the order of their bytes; hidden ones are passed over,
 * and files whose names do not end as those of pictures do.
 */
#ifndef DLS_DATA_FOLDER_H
#define DLS_DATA_FOLDER_H

#include "base/map.h"
#include "data/reader.h"

struct folder_rows;

/* Lists the folder; dir must live as long as this. Dies with ST_NOINPUT, or with ST_DATA where no picture is in it. */
struct folder_rows *folder_rows_open(const char *dir, struct dict *names);
bool folder_rows_next(struct folder_rows *f, struct block *b);	/* false at the end */
uint64_t folder_rows_hash(const struct folder_rows *f);		/* of the paths */
void folder_rows_close(struct folder_rows *f);

#endif
