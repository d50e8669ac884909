/* Sparse matrices against dense ones: stacked, side by side, turned, multiplied. */
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/sparse.h"

/* A random matrix of small whole numbers, so that sums are exact, and the same dense (rows, cols). */
static struct sparse make(struct rng *r, size_t rows, size_t cols, double fill, double **dense)
{
	struct sparse s = sparse_new(cols);
	*dense = NEW0(double, rows * cols);
	for (size_t i = 0; i < rows; i++) {
		size_t k = 0;
		sparse_reserve(&s, cols);
		for (size_t j = 0; j < cols; j++) {
			if (rng_double(r) >= fill)
				continue;
			double x = (double)rng_below(r, 19) - 9;
			(*dense)[i * cols + j] = x;
			s.col[s.start[s.n] + k] = (int32_t)j;
			s.val[s.start[s.n] + k++] = x;
		}
		sparse_end(&s, k);
	}
	return s;
}

static void equal(const struct sparse *s, const double *dense, size_t rows, size_t cols)
{
	ck_assert_uint_eq(s->n, rows);
	ck_assert_uint_eq(s->ncols, cols);
	double *got = NEW0(double, rows * cols);
	for (size_t i = 0; i < rows; i++) {
		for (size_t e = s->start[i]; e < s->start[i + 1]; e++) {
			MUST(s->col[e] >= 0 && (size_t)s->col[e] < cols && (e == s->start[i] || s->col[e] > s->col[e - 1]),
			     "row %zu, entry %zu: column %d", i, e - s->start[i], s->col[e]);
			got[i * cols + (size_t)s->col[e]] = s->val[e];
		}
	}
	ck_assert_uint_eq(sparse_nnz(s), s->start[rows]);
	ck_assert(rows * cols == 0 || memcmp(got, dense, rows * cols * sizeof(*got)) == 0);
	free(got);
}

START_TEST(rows_are_appended)
{
	struct rng r = rng_at(1, "sparse", 0);
	double *dense;
	for (size_t rows = 0; rows < 40; rows += 13) {
		struct sparse s = make(&r, rows, 17, 0.3, &dense);
		equal(&s, dense, rows, 17);
		sparse_free(&s);
		free(dense);
	}
	struct sparse none = { 0 };
	ck_assert_uint_eq(sparse_nnz(&none), 0);
	sparse_free(&none);
}
END_TEST

START_TEST(stacked)
{
	struct rng r = rng_at(1, "sparse.stack", 0);
	for (int round = 0; round < 60; round++) {
		size_t n = 1 + rng_below(&r, 6), rows = 0, cols = rng_below(&r, 9);
		struct sparse parts[6];
		double *all = NEW(double, 0), *dense;
		for (size_t i = 0; i < n; i++) {
			size_t k = rng_below(&r, 4) ? rng_below(&r, 8) : 0;	/* some have no rows */
			parts[i] = make(&r, k, cols, rng_below(&r, 3) ? 0.4 : 0, &dense);
			GROW(all, (rows + k) * cols);
			if (k && cols)
				memcpy(all + rows * cols, dense, k * cols * sizeof(*all));
			rows += k;
			free(dense);
		}
		struct sparse s = sparse_new(cols);
		size_t first = rng_below(&r, n + 1);	/* some in a second go */
		sparse_append(&s, parts, first, 1 + round % 3);
		sparse_append(&s, parts + first, n - first, 1 + round % 3);
		equal(&s, all, rows, cols);
		sparse_free(&s);
		free(all);
	}
}
END_TEST

START_TEST(side_by_side)
{
	struct rng r = rng_at(1, "sparse.beside", 0);
	for (int round = 0; round < 60; round++) {
		size_t n = 1 + rng_below(&r, 4), rows = rng_below(&r, 12), cols = 0, from = 0, width[4];
		struct sparse parts[4];
		const struct sparse *list[4];
		double *dense[4];
		for (size_t i = 0; i < n; i++) {
			width[i] = rng_below(&r, 7);
			parts[i] = make(&r, rows, width[i], 0.4, &dense[i]);
			list[i] = &parts[i];
			cols += width[i];
		}
		double *all = NEW0(double, rows * cols);
		for (size_t i = 0; i < n; from += width[i++])
			for (size_t k = 0; k < rows * width[i]; k++)
				all[k / width[i] * cols + from + k % width[i]] = dense[i][k];
		struct sparse s = sparse_beside(list, n);
		equal(&s, all, rows, cols);
		for (size_t i = 0; i < n; i++) {
			equal(&parts[i], dense[i], rows, width[i]);	/* they stay */
			sparse_free(&parts[i]);
			free(dense[i]);
		}
		sparse_free(&s);
		free(all);
	}
}
END_TEST

/* Of all rows, of some from a place on, and of any that are listed, twice too; few columns and many. */
START_TEST(turned)
{
	struct rng r = rng_at(1, "sparse.turn", 0);
	for (int round = 0; round < 200; round++) {
		size_t rows = 1 + rng_below(&r, 60), cols = rng_below(&r, round % 2 ? 200 : 4), first = rng_below(&r, rows);
		size_t n = rng_below(&r, rows - first + 1);
		uint32_t list[60];
		double *dense, *want = NEW0(double, rows * cols + 1);
		struct sparse s = make(&r, rows, cols, 0.5, &dense);
		bool listed = round % 3 == 0;
		for (size_t i = 0; i < n; i++)
			list[i] = (uint32_t)rng_below(&r, rows);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < cols; j++)
				want[j * n + i] = dense[(listed ? list[i] : first + i) * cols + j];
		struct sparse t = sparse_transpose(&s, listed ? list : NULL, listed ? 0 : first, n, 1 + round % 3);
		equal(&t, want, cols, n);
		sparse_free(&t);
		sparse_free(&s);
		free(dense);
		free(want);
	}
}
END_TEST

START_TEST(multiplied)
{
	struct rng r = rng_at(1, "sparse.dot", 0);
	for (int round = 0; round < 100; round++) {
		size_t rows = 2, cols = rng_below(&r, 40), k = 1 + rng_below(&r, 4);
		double *dense, x[160], out[4], product = 0;
		struct sparse s = make(&r, rows, cols, rng_double(&r), &dense);
		for (size_t i = 0; i < cols * k; i++)
			x[i] = (double)rng_below(&r, 19) - 9;
		for (size_t row = 0; row < rows; row++) {
			double want[4];
			for (size_t o = 0; o < k; o++) {
				want[o] = out[o] = (double)o;	/* they add */
				for (size_t j = 0; j < cols; j++)
					want[o] += dense[row * cols + j] * x[j * k + o];
			}
			sparse_dots(&s, row, k, x, out);
			ck_assert(memcmp(out, want, k * sizeof(*out)) == 0);
			if (k == 1)
				ck_assert(sparse_dot(&s, row, x) == want[0]);
		}
		for (size_t j = 0; j < cols; j++)
			product += dense[j] * dense[cols + j];
		ck_assert(sparse_product(&s, 0, &s, 1) == product && sparse_product(&s, 1, &s, 0) == product);
		sparse_free(&s);
		free(dense);
	}
}
END_TEST

UNIT_MAIN("sparse", rows_are_appended, stacked, side_by_side, turned, multiplied)
