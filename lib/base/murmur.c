#include "base/murmur.h"

#include <string.h>

static uint32_t turn(uint32_t x, int by)
{
	return x << by | x >> (32 - by);
}

static uint32_t mixed(uint32_t k)
{
	return turn(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

int32_t murmur3(const char *s, size_t n)
{
	uint32_t h = 0, k;
	size_t i = 0;
	for (; i + 4 <= n; i += 4) {
		memcpy(&k, s + i, 4);
		h = turn(h ^ mixed(k), 13) * 5 + 0xe6546b64u;
	}
	k = 0;
	for (size_t j = n; j > i; j--)
		k = k << 8 | (unsigned char)s[j - 1];
	h ^= mixed(k);	/* 0 without a rest */
	h ^= (uint32_t)n;
	h = (h ^ h >> 16) * 0x85ebca6bu;
	h = (h ^ h >> 13) * 0xc2b2ae35u;
	return (int32_t)(h ^ h >> 16);
}
