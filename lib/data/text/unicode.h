/*
 * Unicode text: normal forms, letter case, and what kind of character each is.
 * The input may be any bytes: what is not UTF-8 becomes U+FFFD.
 */
#ifndef DLS_DATA_TEXT_UNICODE_H
#define DLS_DATA_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum letter_case { CASE_FOLD, CASE_LOWER, CASE_KEEP };

struct unicode_form {
	enum letter_case letter_case;
	bool nfkc;	/* compatibility forms, composed; with CASE_FOLD it is NFKC_Casefold of the standard */
	bool strip;	/* marks go: canonical combining class not 0 after decomposition; then nothing is composed without nfkc */
};

/* A form made ready: const, but for a cache that threads may share. */
struct unicode;
struct unicode *unicode_new(struct unicode_form form);
void unicode_free(struct unicode *u);	/* NULL is fine */

/* Appends the text in that form to out; true when all of it was ASCII. */
bool unicode_add(const struct unicode *u, struct slice text, struct str *out);

enum char_class { CHAR_OTHER, CHAR_SPACE, CHAR_LETTER, CHAR_NUMBER, CHAR_MARK, CHAR_UNDERSCORE };

enum char_class char_class(int32_t c);

/* The code point at s, valid UTF-8 as unicode_add() writes it; *n gets its bytes. */
static inline int32_t char_at(const char *s, size_t *n)
{
	const unsigned char *p = (const unsigned char *)s;
	if (p[0] < 0x80) {
		*n = 1;
		return p[0];
	}
	*n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	int32_t c = p[0] & (0xff >> (*n + 1));
	for (size_t i = 1; i < *n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* The Unicode version of the tables, for --show. */
const char *unicode_version(void);

#endif
