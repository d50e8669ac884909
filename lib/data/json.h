/*
 * Blocks of rows from flat JSON objects, one after another (NDJSON, each over
 * as many lines as it likes) or in one array. Strings are unescaped to UTF-8,
 * numbers keep their very text, true and false are words, null and keys that an
 * object has not are absent cells. A key never met before adds a column.
 */
#ifndef DLS_DATA_JSON_H
#define DLS_DATA_JSON_H

#include "base/map.h"
#include "data/feed.h"
#include "data/reader.h"

struct json_rows;
struct json_rows *json_rows_open(struct feed *f, struct dict *names);	/* both must live as long as this */
bool json_rows_next(struct json_rows *c, struct block *b);	/* false at the end; b's cells live until the next call */
void json_rows_close(struct json_rows *c);

#endif
