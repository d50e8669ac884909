/*
 * A dictionary of strings: each distinct string gets the next number from 0.
 * Open addressing over 64-bit hashes (XXH3); the bytes live in an arena.
 */
#ifndef DLS_BASE_MAP_H
#define DLS_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct dict;
struct dict *dict_new(void);
void dict_free(struct dict *d);					/* NULL is fine */
int32_t dict_add(struct dict *d, const char *s, size_t n);	/* its number, old or new */
int32_t dict_find(const struct dict *d, const char *s, size_t n);/* its number, or -1 */
/* The same for n at once, to id: none waits for the memory of another. */
void dict_find_all(const struct dict *d, const struct slice *s, size_t n, int32_t *id);
int32_t dict_size(const struct dict *d);
const char *dict_text(const struct dict *d, int32_t i);		/* NUL-terminated, lives as long as d */
size_t dict_len(const struct dict *d, int32_t i);

/* A hash of bytes that is the same on every machine; chain by passing the last as seed. */
uint64_t hash_bytes(const void *p, size_t n, uint64_t seed);

#endif
