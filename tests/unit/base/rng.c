/* Random streams: bounds, independence of names, samples. */
#include "unit.h"

#include <math.h>

#include "base/rng.h"

START_TEST(streams_differ_by_seed_name_and_index)
{
	struct rng a = rng_at(1, "a", 0), b = rng_at(1, "b", 0), c = rng_at(2, "a", 0), d = rng_at(1, "a", 1), e = rng_at(1, "a", 0);
	uint64_t x = rng_u64(&a);
	ck_assert(x != rng_u64(&b) && x != rng_u64(&c) && x != rng_u64(&d));
	ck_assert(x == rng_u64(&e));
}
END_TEST

START_TEST(below_is_uniform)
{
	struct rng r = rng_at(7, "test", 0);
	int count[7] = { 0 };
	for (int i = 0; i < 70000; i++)
		count[rng_below(&r, 7)]++;
	for (int i = 0; i < 7; i++)
		ck_assert_int_lt(abs(count[i] - 10000), 400);	/* about 4 sigma */
}
END_TEST

START_TEST(normal_has_mean_0_and_variance_1)
{
	struct rng r = rng_at(7, "normal", 0);
	double s = 0, ss = 0;
	int n = 100000;
	for (int i = 0; i < n; i++) {
		double x = rng_normal(&r);
		s += x;
		ss += x * x;
	}
	ck_assert(fabs(s / n) < 0.02 && fabs(ss / n - 1) < 0.03);
}
END_TEST

START_TEST(sample_is_ascending_and_distinct)
{
	struct rng r = rng_at(7, "sample", 0);
	uint32_t out[50];
	rng_sample(&r, 100, 50, out);
	for (int i = 1; i < 50; i++)
		ck_assert_uint_lt(out[i - 1], out[i]);
	ck_assert_uint_lt(out[49], 100);
	rng_sample(&r, 50, 50, out);
	for (uint32_t i = 0; i < 50; i++)
		ck_assert_uint_eq(out[i], i);
}
END_TEST

UNIT_MAIN("rng", streams_differ_by_seed_name_and_index, below_is_uniform,
	  normal_has_mean_0_and_variance_1, sample_is_ascending_and_distinct)
