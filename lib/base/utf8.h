/* UTF-8, strictly: no overlong form, no surrogate, nothing past U+10FFFF (Unicode 15, table 3-7). */
#ifndef DLS_BASE_UTF8_H
#define DLS_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define UTF8_BAD 0xfffd	/* stands for what is not UTF-8 */

/*
 * The code point at s, before end, and its bytes to *n. Of bytes that are not
 * UTF-8 a maximal part of a sequence (section 3.9, as other decoders do) is
 * one UTF8_BAD, and *bad is set.
 */
int32_t utf8_decode(const char *s, const char *end, size_t *n, bool *bad);

/* The same, inline for two bytes: most letters that are not ASCII. */
static inline int32_t utf8_next(const char *s, const char *end, size_t *n, bool *bad)
{
	const unsigned char *p = (const unsigned char *)s;
	if (p[0] < 0xc2 || p[0] >= 0xe0 || end - s < 2 || (p[1] & 0xc0) != 0x80)
		return utf8_decode(s, end, n, bad);
	*n = 2;
	*bad = false;
	return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
}

/* Bytes of the code point, to s. */
size_t utf8_encode(int32_t c, char s[4]);

/* How many parts of the text are not UTF-8. */
size_t utf8_count_bad(struct slice text);

#endif
