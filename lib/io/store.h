/*
 * The container of every model: safetensors. Named tensors and string metadata
 * in memory, written as 8 bytes of header length, a JSON header padded with
 * blanks to 8 bytes, and raw little-endian data that tile the file exactly,
 * sorted by falling element width, then name. "dls.hash" in the metadata is
 * the XXH3 of all else, chained over header (with zeros for the hash) and tensors. Reading checks everything and dies with ST_DATA.
 *
 * Names are scoped: between store_enter(st, "0.") and store_leave(st) every
 * tensor and metadata name is prefixed, so a model inside a model is written
 * by the same code.
 */
#ifndef DLS_IO_STORE_H
#define DLS_IO_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/str.h"
#include "io/jsonio.h"

enum dtype { DT_U8, DT_I8, DT_U16, DT_I16, DT_F16, DT_U32, DT_I32, DT_F32, DT_U64, DT_I64, DT_F64, DT_BOOL, DT_BF16 };

#define STORE_MAX_DIMS 8

struct store;
struct store *store_new(void);
void store_free(struct store *st);

void store_enter(struct store *st, const char *scope);
void store_leave(struct store *st);

/* Adds a tensor of ndim dims; the data are copied. A name given twice is a bug. */
void store_put(struct store *st, const char *name, enum dtype type, int ndim, const size_t *dims, const void *data);
void store_put1(struct store *st, const char *name, enum dtype type, size_t n, const void *data);
void store_put2(struct store *st, const char *name, enum dtype type, size_t n, size_t m, const void *data);

/*
 * Finds a tensor, checked: dies with ST_DATA when it is absent, of another
 * type or number of dims, or when a dim differs from a wanted one that is not
 * ANY. Dims go back to dims. The data live as long as the store, aligned to their elements.
 */
#define ANY SIZE_MAX
const void *store_get(const struct store *st, const char *name, enum dtype type, int ndim, size_t *dims);
const void *store_get1(const struct store *st, const char *name, enum dtype type, size_t *n);		/* *n in: wanted or ANY; out: found */
const void *store_get2(const struct store *st, const char *name, enum dtype type, size_t *n, size_t *m);
int store_has(const struct store *st, const char *name);

/* Tensor i of all n, whatever the scope: what a file of another program holds. */
struct store_tensor {
	const char *name;
	enum dtype type;
	int ndim;
	const size_t *dims;
	size_t n;		/* elements */
	const void *data;
};
size_t store_size(const struct store *st);
struct store_tensor store_at(const struct store *st, size_t i);
const char *store_type_name(enum dtype type);

void store_meta(struct store *st, const char *key, const char *value);	/* value is copied */
const char *store_meta_get(const struct store *st, const char *key);	/* NULL when absent */
const char *store_meta_need(const struct store *st, const char *key);	/* dies when absent */

const char *store_where(const struct store *st);	/* the file's name, for messages */

/* A fault found while loading: "FILE: not a valid model: TEXT", ST_DATA. */
_Noreturn void store_bad(const struct store *st, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The whole file, to out. */
void store_write(struct store *st, struct out *out);

/* Takes over bytes (malloc'ed, n of them) read from the file called `where`. */
struct store *store_read(char *bytes, size_t n, const char *where);
/* The same for a file of another program, which has no dls.hash. */
struct store *store_read_foreign(char *bytes, size_t n, const char *where);

/* Names, types and shapes, as a JSON object member "tensors". */
void store_show(const struct store *st, struct json *j);

#endif
