#include "base/sort.h"

#include <string.h>

#define FEW 48		/* values up to which insertion is faster */
#define MANY 8192	/* values from which wide digits are */
#define BITS 8		/* of a digit at most */
#define WIDE_BITS 11

static void insertion(uint64_t *a, size_t n, int shift)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t x = a[i];
		size_t j = i;
		for (; j > 0 && a[j - 1] >> shift > x >> shift; j--)
			a[j] = a[j - 1];
		a[j] = x;
	}
}

/* Of the bits that differ each pass takes an equal share. */
uint64_t *sort_u64(uint64_t *a, uint64_t *b, size_t n, int shift)
{
	uint64_t all = 0, common = ~(uint64_t)0;
	int most = n < MANY ? BITS : WIDE_BITS;
	if (n <= FEW) {
		insertion(a, n, shift);
		return a;
	}
	for (size_t i = 0; i < n; i++) {
		all |= a[i];
		common &= a[i];
	}
	uint64_t differ = (all ^ common) >> shift << shift;
	if (!differ)
		return a;
	int high = 64 - __builtin_clzll(differ);
	shift = __builtin_ctzll(differ);
	int passes = (high - shift + most - 1) / most, bits = (high - shift + passes - 1) / passes;
	size_t digits = (size_t)1 << bits;
	for (; shift < high; shift += bits) {
		size_t at[1 << WIDE_BITS], sum = 0;
		if ((differ >> shift & (digits - 1)) == 0)
			continue;	/* a digit that all share moves nothing */
		memset(at, 0, digits * sizeof(*at));
		for (size_t i = 0; i < n; i++)
			at[a[i] >> shift & (digits - 1)]++;
		for (size_t d = 0; d < digits; d++) {
			size_t k = at[d];
			at[d] = sum;
			sum += k;
		}
		for (size_t i = 0; i < n; i++)
			b[at[a[i] >> shift & (digits - 1)]++] = a[i];
		uint64_t *t = a;
		a = b;
		b = t;
	}
	return a;
}
