/*
 * Short texts as keys of hash tables: a hash that lives in memory only, and equality, both inline. Of a text of less than
 * TERM_SLACK bytes so many may be read.
 */
#ifndef DLS_DATA_TEXT_TERM_H
#define DLS_DATA_TEXT_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t term_load8(const char *s)
{
	uint64_t x;
	memcpy(&x, s, 8);
	return x;
}

/* The halves of the product xored: every bit of a and b reaches every bit. */
static inline uint64_t term_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)a * b;
	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

#define TERM_SLACK 16	/* bytes from its start that may be read of a shorter text */

/*
 * Two words that hold all of a text of at most 16 bytes: what lies behind it is
 * masked out, for a branch on the length would be mispredicted half of the time.
 */
static inline void term_words(const char *s, size_t n, uint64_t *a, uint64_t *b)
{
	static const uint64_t mask[] = { 0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff,
					 UINT64_MAX };
	*a = term_load8(s) & mask[n < 8 ? n : 8];
	*b = term_load8(s + 8) & mask[n < 8 ? 0 : n - 8];
}

/* Mixes by multiplication, 16 bytes at a time, as wyhash does (Wang Yi, public domain). n > 0. */
static inline uint64_t term_hash(const char *s, size_t n)
{
	const uint64_t odd = 0x9e3779b97f4a7c15u, odd2 = 0xd6e8feb86659fd93u;
	uint64_t h = n * odd2, a, b;
	if (n > 16) {
		const char *last = s + n - 16;
		for (; s < last; s += 16)
			h = term_mix(term_load8(s) ^ odd, term_load8(s + 8) ^ h);
		a = term_load8(last);
		b = term_load8(last + 8);
	} else {
		term_words(s, n, &a, &b);
	}
	return term_mix(term_mix(a ^ odd, b ^ h), odd2);
}

static inline bool term_equal(const char *s, const char *t, size_t n)
{
	uint64_t a, b, c, d;
	if (n > 16)
		return memcmp(s, t, n) == 0;
	term_words(s, n, &a, &b);
	term_words(t, n, &c, &d);
	return a == c && b == d;
}

#endif
