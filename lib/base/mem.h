/*
 * Memory that is there, or the program ends with ST_IO. Sizes are count times
 * width, checked for overflow. An arena frees many small things at once.
 */
#ifndef DLS_BASE_MEM_H
#define DLS_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t n, size_t width);		/* uninitialised */
void *mem_zero(size_t n, size_t width);			/* zeroed */
void *mem_resize(void *p, size_t n, size_t width);
void *mem_copy(const void *src, size_t n, size_t width);/* a copy of n * width bytes */
static inline size_t mem_up(size_t bytes)		/* rounded up to the alignment of the next */
{
	return (bytes + 63) / 64 * 64;
}
void *mem_aligned(size_t n, size_t width);		/* 64-byte aligned, freed by free() */
char *mem_str(const char *s);				/* strdup; NULL gives NULL */
char *mem_strn(const char *s, size_t n);		/* n bytes and a NUL */

#define NEW(T, n) ((T *)mem_alloc((n), sizeof(T)))
#define NEW0(T, n) ((T *)mem_zero((n), sizeof(T)))
#define GROW(p, n) ((p) = mem_resize((p), (n), sizeof(*(p))))

struct arena;
struct arena *arena_new(void);
void *arena_alloc(struct arena *a, size_t bytes);	/* 16-byte aligned, uninitialised */
char *arena_strn(struct arena *a, const char *s, size_t n);
void arena_free(struct arena *a);			/* NULL is fine */

#endif
