/* Sorting by radix against qsort(): every size around the borders, every width of digits. */
#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/sort.h"

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void check(const uint64_t *x, size_t n)
{
	uint64_t *a = mem_copy(x, n, sizeof(*x)), *b = NEW(uint64_t, n), *want = mem_copy(x, n, sizeof(*x));
	qsort(want, n, sizeof(*want), by_value);
	const uint64_t *got = sort_u64(a, b, n, 0);
	ck_assert(got == a || got == b);
	ck_assert(n == 0 || memcmp(got, want, n * sizeof(*want)) == 0);
	free(a);
	free(b);
	free(want);
}

START_TEST(equals_qsort)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 47, 48, 49, 50, 255, 256, 257, 1000, 8191, 8192, 8193, 20000 };
	static const int widths[] = { 1, 2, 7, 8, 9, 11, 12, 22, 33, 63, 64 };
	struct rng r = rng_at(1, "sort", 0);
	uint64_t *x = NEW(uint64_t, 20000);
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
		for (size_t w = 0; w < sizeof(widths) / sizeof(*widths); w++) {
			int shift = (int)rng_below(&r, 65 - (uint64_t)widths[w]);	/* the bits lie anywhere */
			for (size_t i = 0; i < sizes[s]; i++)
				x[i] = rng_u64(&r) >> (64 - widths[w]) << shift;
			check(x, sizes[s]);
		}
	free(x);
}
END_TEST

/* Sorted by the bits above, equal ones stay in their order, which the bits below tell. */
START_TEST(is_stable)
{
	struct rng r = rng_at(1, "sort.stable", 0);
	for (size_t n = 0; n < 300; n += 7) {
		uint64_t a[300], b[300];
		for (size_t i = 0; i < n; i++)
			a[i] = rng_below(&r, 40) << 20 | i;
		const uint64_t *got = sort_u64(a, b, n, 20);
		for (size_t i = 1; i < n; i++)
			ck_assert(got[i - 1] < got[i]);
		for (size_t i = 0; i < n; i++)
			a[i] = rng_below(&r, 40) << 20 | (n - i);
		got = sort_u64(a, b, n, 20);
		for (size_t i = 1; i < n; i++)
			ck_assert(got[i - 1] >> 20 < got[i] >> 20 || (got[i - 1] >> 20 == got[i] >> 20 && got[i - 1] > got[i]));
	}
}
END_TEST

START_TEST(sorted_reversed_and_equal)
{
	uint64_t x[300] = { 0 };
	for (size_t n = 0; n <= 300; n += 50) {
		for (size_t i = 0; i < n; i++)
			x[i] = i << 32;
		check(x, n);
		for (size_t i = 0; i < n; i++)
			x[i] = UINT64_MAX - i;
		check(x, n);
		for (size_t i = 0; i < n; i++)
			x[i] = UINT64_MAX;
		check(x, n);
	}
}
END_TEST

UNIT_MAIN("sort", equals_qsort, is_stable, sorted_reversed_and_equal)
