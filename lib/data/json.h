/*
 * Blocks of rows from JSON objects, one after another (NDJSON, each over as
 * many lines as it likes) or in one array. Strings are unescaped to UTF-8,
 * numbers keep their very text, true and false are words, null is an empty cell,
 * a key that an object has not is an absent one. A key never met before adds a
 * column. An object inside, of numbers, true (1), false (0) and null (nothing),
 * makes the row sparse: its keys are features "key=inner key".
 */
#ifndef DLS_DATA_JSON_H
#define DLS_DATA_JSON_H

#include "base/map.h"
#include "data/feed.h"
#include "data/reader.h"

struct json_rows;

/* All that is given must live as long as this. */
struct json_rows *json_rows_open(struct feed *f, struct dict *names, struct dict *features);
bool json_rows_next(struct json_rows *c, struct block *b);	/* false at the end; b's memory lives until the next call */
bool json_rows_nested(const struct json_rows *c);		/* a row was sparse */
void json_rows_close(struct json_rows *c);

#endif
