/* Short texts as keys of hash tables: a hash that lives in memory only, and equality, both inline. */
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

static inline uint64_t term_load4(const char *s)
{
	uint32_t x;
	memcpy(&x, s, 4);
	return x;
}

/* The halves of the product xored: every bit of a and b reaches every bit. */
static inline uint64_t term_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)a * b;
	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* Two words that hold all of s, 1 to 16 bytes, and nothing else of it but repeats. */
static inline void term_words(const char *s, size_t n, uint64_t *a, uint64_t *b)
{
	if (n >= 8) {
		*a = term_load8(s);
		*b = term_load8(s + n - 8);
	} else if (n >= 4) {
		*a = term_load4(s);
		*b = term_load4(s + n - 4);
	} else {
		*a = (unsigned char)s[0] | (uint64_t)(unsigned char)s[n / 2] << 8;
		*b = (unsigned char)s[n - 1];
	}
}

/* Mixes by multiplication, 16 bytes at a time, as wyhash does (Wang Yi, public domain). n > 0. */
static inline uint64_t term_hash(const char *s, size_t n)
{
	const uint64_t odd = 0x9e3779b97f4a7c15u, odd2 = 0xd6e8feb86659fd93u;
	uint64_t h = n * odd2, a, b;
	for (; n > 16; s += 16, n -= 16)
		h = term_mix(term_load8(s) ^ odd, term_load8(s + 8) ^ h);
	term_words(s, n, &a, &b);
	return term_mix(term_mix(a ^ odd, b ^ h), odd2);
}

static inline bool term_equal(const char *s, const char *t, size_t n)
{
	uint64_t a, b, c, d;
	for (; n > 16; s += 8, t += 8, n -= 8)
		if (term_load8(s) != term_load8(t))
			return false;
	term_words(s, n, &a, &b);
	term_words(t, n, &c, &d);
	return a == c && b == d;
}

#endif
