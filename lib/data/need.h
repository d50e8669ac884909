/* A column that someone asked for by name, or the end of the program with a message that helps. */
#ifndef DLS_DATA_NEED_H
#define DLS_DATA_NEED_H

#include "data/reader.h"

/*
 * The column's number; name as reader_find() takes it. Dies with ST_DATA when
 * it is not there: who ("--target", "the model") wanted it, the nearest name,
 * and all there are.
 */
size_t reader_need(const struct reader *r, const char *name, const char *who);

#endif
