/* A growing string of bytes, always NUL-terminated, and slices of bytes that someone else owns. */
#ifndef DLS_BASE_STR_H
#define DLS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/die.h"

struct str {
	char *s;	/* owned; NULL while empty, then n bytes and a NUL */
	size_t n, cap;
};

struct slice {
	const char *s;	/* n bytes, not NUL-terminated */
	size_t n;
};

void str_add(struct str *t, const char *s, size_t n);
void str_puts(struct str *t, const char *s);
void str_putc(struct str *t, char c);
void str_printf(struct str *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_reserve(struct str *t, size_t more);	/* room for `more` bytes and a NUL */
char *str_take(struct str *t);			/* the bytes, now the caller's (never NULL); t is empty */
void str_free(struct str *t);			/* frees the bytes, leaves it empty */

struct slice slice_of(const char *s);
bool slice_eq(struct slice a, const char *s);
/* Without blanks (space, tab) at either end. */
static inline struct slice slice_trim(struct slice a)
{
	while (a.n && (*a.s == ' ' || *a.s == '\t'))
		a.s++, a.n--;
	while (a.n && (a.s[a.n - 1] == ' ' || a.s[a.n - 1] == '\t'))
		a.n--;
	return a;
}

/* The word of list nearest to `word` by edit distance, or NULL when none is near. */
const char *str_nearest(const char *word, const char *const *list, size_t n);

#endif
