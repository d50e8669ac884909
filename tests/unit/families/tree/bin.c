/* Bins: exact where they can be, even where they cannot, and the same cell for a value whatever else is in the table. */
#include "synth.h"

#include <float.h>

#include "families/tree/bin.h"

static struct bins *bin_numbers(double *x, size_t n, int max)
{
	struct column c = { .name = "x", .kind = KIND_NUMERIC, .num = x };
	uint32_t *rows = NEW(uint32_t, n);
	for (size_t i = 0; i < n; i++)
		rows[i] = (uint32_t)i;
	struct bins *b = bins_new(COLUMNS(&c, 1), rows, n, max, 1, 1);
	free(rows);
	return b;
}

static unsigned cell(const struct bins *b, size_t row, size_t col)
{
	return bins_col(b, col)[row * BIN_STRIDE];
}

START_TEST(few_values_are_exact)
{
	double x[] = { 5, -1, NAN, 2, 5, -0.0, 0.0, 2 };
	struct bins *b = bin_numbers(x, 8, 4);
	const unsigned want[] = { 3, 0, 4, 2, 3, 1, 1, 2 };
	ck_assert_int_eq(b->cols[0].nbins, 4);
	ck_assert(b->cols[0].missing);
	for (size_t i = 0; i < 8; i++)
		ck_assert_uint_eq(cell(b, i, 0), want[i]);
	ck_assert(b->cols[0].upper[0] == -0.5 && b->cols[0].upper[1] == 1 && b->cols[0].upper[2] == 3.5);
	ck_assert(isinf(b->cols[0].upper[3]));
	ck_assert(bins_threshold(&b->cols[0], 0, 3) == 2);	/* between -1 and 5, held where bins 1 and 2 may lie */
	bins_free(b);
}
END_TEST

START_TEST(many_values_share_evenly)
{
	struct synth s = synth_make(20000, "nmi", 0, 1);
	for (int max = 2; max <= 255; max = max * 3 - 1) {
		struct bins *b = bins_new(COLUMNS(s.cols, s.ncols), s.rows, s.n, max, 1, 2);
		ck_assert_int_eq(b->cols[0].nbins, max);
		ck_assert_int_eq(b->cols[2].nbins, max < 10 ? max : 10);
		for (size_t c = 0; c < 2; c++) {
			size_t count[256] = { 0 }, all = 0;
			for (size_t i = 0; i < s.n; i++) {
				double v = s.cols[c].num[i];
				unsigned at = cell(b, i, c), naive = 0;
				while (!isnan(v) && v > b->cols[c].upper[naive])
					naive++;
				ck_assert_uint_eq(at, isnan(v) ? (unsigned)b->cols[c].nbins : naive);
				count[at]++;
				all += isnan(v) ? 0 : 1;
			}
			double share = (double)all / max;
			for (int i = 0; i < max; i++)
				ck_assert(fabs((double)count[i] - share) < share * 0.1 + 2);
		}
		bins_free(b);
	}
	synth_free(&s);
}
END_TEST

/* A value as frequent as half the rows must not take the others' bins. */
START_TEST(a_heavy_value_fills_just_one_bin)
{
	double x[3000];
	struct rng r = rng_at(1, "heavy", 0);
	for (size_t i = 0; i < 3000; i++)
		x[i] = i % 2 ? 0.1 : rng_double(&r) - 0.5;
	struct bins *b = bin_numbers(x, 3000, 20);
	size_t count[21] = { 0 };
	for (size_t i = 0; i < 3000; i++)
		count[cell(b, i, 0)]++;
	size_t most = 0, others = 0;
	for (int i = 0; i < b->cols[0].nbins; i++) {
		most = count[i] > most ? count[i] : most;
		others = count[i] < 1500 && count[i] > others ? count[i] : others;
	}
	ck_assert_uint_lt(most, 1540);
	ck_assert_uint_lt(others, 90);	/* 1500 rows in 19 bins: 79 */
	ck_assert_int_ge(b->cols[0].nbins, 19);
	bins_free(b);
}
END_TEST

START_TEST(extremes_and_neighbours_stay_apart)
{
	double x[] = { -DBL_MAX, DBL_MAX, 1, nextafter(1, 2), 5e-324, 0 };
	struct bins *b = bin_numbers(x, 6, 255);
	ck_assert_int_eq(b->cols[0].nbins, 6);
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 6; j++)
			ck_assert((x[i] < x[j]) == (cell(b, i, 0) < cell(b, j, 0)));
	for (int i = 0; i < 5; i++)
		ck_assert(isfinite(b->cols[0].upper[i]));
	bins_free(b);
}
END_TEST

START_TEST(nothing_to_cut)
{
	double x[] = { NAN, NAN, NAN }, y[] = { 4, 4, 4 };
	struct bins *b = bin_numbers(x, 3, 255);
	ck_assert_int_eq(b->cols[0].nbins, 1);
	ck_assert_uint_eq(cell(b, 2, 0), 1);
	bins_free(b);
	b = bin_numbers(y, 3, 2);
	ck_assert_int_eq(b->cols[0].nbins, 1);
	ck_assert(!b->cols[0].missing);
	bins_free(b);
	b = bin_numbers(y, 1, 2);
	ck_assert_uint_eq(cell(b, 0, 0), 0);
	bins_free(b);
}
END_TEST

/* 70,000 levels, of which level 5 i has i rows: the frequent have bins, the rest one. */
START_TEST(rare_levels_share_a_bin)
{
	size_t n = 0, at = 0;
	for (size_t i = 0; i < 400; i++)
		n += i;
	struct column c = { .name = "x", .kind = KIND_CATEGORY, .nlevels = 70000, .cat = NEW(int32_t, n) };
	uint32_t *rows = NEW(uint32_t, n);
	for (size_t i = 0; i < 400; i++)
		for (size_t j = 0; j < i; j++, at++) {
			c.cat[at] = (int32_t)i * 5;
			rows[at] = (uint32_t)at;
		}
	struct bins *b = bins_new(COLUMNS(&c, 1), rows, n, 255, 1, 1);
	ck_assert_int_eq(b->cols[0].nbins, 255);
	ck_assert_int_eq(b->cols[0].of_level[1999], -1);
	ck_assert_int_eq(b->cols[0].of_level[0], -1);
	for (int i = 1; i < 400; i++)
		ck_assert_int_eq(b->cols[0].of_level[i * 5], i < 400 - 254 ? 254 : i - (400 - 254));
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq((int)cell(b, i, 0), b->cols[0].of_level[c.cat[i]]);
	bins_free(b);
	free(rows);
	free(c.cat);
}
END_TEST

START_TEST(threads_and_chunks_change_nothing)
{
	struct synth s = synth_make(70000, "nmcdi", 0, 2);
	struct bins *a = bins_new(COLUMNS(s.cols, s.ncols), s.rows, s.n, 100, 1, 1), *b = bins_new(COLUMNS(s.cols, s.ncols), s.rows, s.n, 100, 1, 3);
	ck_assert(memcmp(a->cells, b->cells, s.n * 8) == 0);
	ck_assert(memcmp(a->offset, b->offset, 6 * sizeof(*a->offset)) == 0);
	bins_free(a);
	bins_free(b);
	synth_free(&s);
}
END_TEST

/* Above the size of the sample the cuts are near the even ones, and every cell still agrees with them. */
START_TEST(a_sample_is_enough)
{
	size_t n = 250000;
	double *x = NEW(double, n);
	struct rng r = rng_at(1, "big", 0);
	for (size_t i = 0; i < n; i++)
		x[i] = rng_double(&r);
	struct bins *b = bin_numbers(x, n, 50);
	size_t count[51] = { 0 };
	for (size_t i = 0; i < n; i++) {
		count[cell(b, i, 0)]++;
		ck_assert(x[i] <= b->cols[0].upper[cell(b, i, 0)]);
	}
	for (int i = 0; i < 50; i++)
		ck_assert(fabs((double)count[i] - 5000) < 500);
	bins_free(b);
	free(x);
}
END_TEST

UNIT_MAIN("tree: bins", few_values_are_exact, many_values_share_evenly, a_heavy_value_fills_just_one_bin,
	  extremes_and_neighbours_stay_apart, nothing_to_cut, rare_levels_share_a_bin, threads_and_chunks_change_nothing,
	  a_sample_is_enough)
