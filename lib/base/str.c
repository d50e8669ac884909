#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void str_reserve(struct str *t, size_t more)
{
	if (more >= SIZE_MAX / 2 - t->n)
		die(ST_IO, "out of memory: a string of %zu bytes", more);
	if (t->n + more + 1 <= t->cap)
		return;
	t->cap = (t->n + more + 1) + t->cap / 2 + 32;
	GROW(t->s, t->cap);
}

void str_add(struct str *t, const char *s, size_t n)
{
	str_reserve(t, n);
	if (n)
		memcpy(t->s + t->n, s, n);
	t->n += n;
	t->s[t->n] = '\0';
}

void str_puts(struct str *t, const char *s)
{
	str_add(t, s, strlen(s));
}

void str_putc(struct str *t, char c)
{
	str_add(t, &c, 1);
}

void str_printf(struct str *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		bug("bad format '%s'", fmt);
	str_reserve(t, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(t->s + t->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->n += (size_t)n;
}

char *str_take(struct str *t)
{
	char *s = t->s ? t->s : mem_strn("", 0);
	*t = (struct str){ 0 };
	return s;
}

void str_free(struct str *t)
{
	free(t->s);
	*t = (struct str){ 0 };
}

struct slice slice_of(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

bool slice_eq(struct slice a, const char *s)
{
	return strlen(s) == a.n && memcmp(a.s, s, a.n) == 0;
}

/* Edit distance (insert, delete, replace) of two words, both under 64 bytes. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(b);
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t replace = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
			row[j] = replace < shorter + 1 ? replace : shorter + 1;
		}
	}
	return row[n];
}

const char *str_nearest(const char *word, const char *const *list, size_t n)
{
	const char *best = NULL;
	size_t len = strlen(word), least = len / 3 + 2;
	if (len == 0 || len > 63)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (strlen(list[i]) > 63)
			continue;
		bool prefix = strncmp(list[i], word, len) == 0;
		size_t d = prefix ? 0 : edit_distance(word, list[i]);
		if (d < least && d < len) {	/* a word that shares no letter is not near */
			least = d;
			best = list[i];
		}
	}
	return best;
}
