/* Folds: sizes, strata, groups, time, shares. */
#include "unit.h"

#include "base/rng.h"
#include "model/folds.h"

#define N 1003
static int32_t fold[N], strata[N], group[N];
static double when[N];

static void fill(void)
{
	struct rng r = rng_at(5, "test", 0);
	for (int i = 0; i < N; i++) {
		strata[i] = rng_below(&r, 10) < 3;
		group[i] = (int32_t)rng_below(&r, 60);
		when[i] = (double)rng_below(&r, 300);
	}
}

static int count(int32_t f, int32_t stratum)
{
	int n = 0;
	for (int i = 0; i < N; i++)
		n += fold[i] == f && (stratum < 0 || strata[i] == stratum);
	return n;
}

START_TEST(folds_are_equal_and_strata_even)
{
	fill();
	for (int k = 2; k <= 10; k++) {
		struct fold_by by = { .strata = k % 2 ? strata : NULL, .seed = 3 };
		folds_deal(fold, N, k, &by);
		for (int f = 1; f <= k; f++) {
			ck_assert_int_le(count(f, -1), N / k + 1);
			ck_assert_int_ge(count(f, -1), N / k);
			if (by.strata) {
				ck_assert_int_le(abs(count(f, 1) - count(1, 1)), 1);
				ck_assert_int_le(abs(count(f, 0) - count(1, 0)), 1);
			}
		}
	}
}
END_TEST

START_TEST(groups_stay_together)
{
	int32_t of[60] = { 0 };
	fill();
	struct fold_by by = { .group = group, .ngroups = 60, .seed = 3 };
	folds_deal(fold, N, 5, &by);
	for (int i = 0; i < N; i++) {
		ck_assert(of[group[i]] == 0 || of[group[i]] == fold[i]);
		of[group[i]] = fold[i];
	}
	for (int f = 1; f <= 5; f++)
		ck_assert_int_le(abs(count(f, -1) - N / 5), 20);
	folds_share(fold, N, 0.3, &by);
	for (int i = 0; i < 60; i++)
		of[i] = -1;
	for (int i = 0; i < N; i++) {
		ck_assert(of[group[i]] < 0 || of[group[i]] == fold[i]);
		of[group[i]] = fold[i];
	}
	ck_assert_int_le(abs(count(1, -1) - 301), 40);
}
END_TEST

START_TEST(time_never_goes_back)
{
	fill();
	struct fold_by by = { .time = when };
	folds_deal(fold, N, 4, &by);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			ck_assert(when[i] > when[j] ? fold[i] >= fold[j] : when[i] < when[j] || fold[i] == fold[j]);
	ck_assert_int_gt(count(0, -1), N / 5 - 10);
	folds_share(fold, N, 0.25, &by);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			ck_assert(!(fold[i] && !fold[j]) || when[i] > when[j]);
}
END_TEST

START_TEST(share_is_exact_and_even)
{
	fill();
	struct fold_by by = { .strata = strata, .seed = 9 };
	int ones = 0;
	for (int i = 0; i < N; i++)
		ones += strata[i];
	folds_share(fold, N, 0.2, &by);
	ck_assert_int_eq(count(1, -1), N / 5);
	ck_assert_int_le(abs(count(1, 1) - ones / 5), 1);
}
END_TEST

UNIT_MAIN("folds", folds_are_equal_and_strata_even, groups_stay_together, time_never_goes_back, share_is_exact_and_even)
