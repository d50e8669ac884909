/*
 * Learning from a stream of any length, in constant memory: by families that
 * learn block by block (family.streaming). Kinds of columns and the labels of
 * the target are those of the first block of rows, about a megabyte, unless
 * options say; texts and categories are hashed. Further passes go over a
 * temporary file of the rows as numbers.
 */
#ifndef DLS_MODEL_STREAM_H
#define DLS_MODEL_STREAM_H

#include "model/dataset.h"

/* Trains the family with opts (taken over by the model) on the stream at path (NULL: stdin). Dies with ST_USAGE or ST_DATA. */
struct model *train_stream(const struct family *f, void *opts, const char *path, const struct train_opts *o);

#endif
