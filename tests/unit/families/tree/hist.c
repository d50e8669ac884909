/* Histograms against sums in a plain loop: exact, for any columns, rows and threads. */
#include "synth.h"

#include "families/tree/hist.h"

static struct grad *gradients(size_t n, struct grad_unit *u, double scale, int bits)
{
	struct rng r = rng_at(3, "grad", n);
	double *g = NEW(double, n), *h = NEW(double, n);
	struct grad *out = NEW(struct grad, n);
	for (size_t i = 0; i < n; i++) {
		g[i] = rng_normal(&r) * scale;
		h[i] = rng_double(&r);
	}
	*u = grad_unit_for(n);
	grad_quantise(g, h, n, bits, out, u, 2);
	for (size_t i = 0; i < n; i++) {
		ck_assert(fabs(out[i].g * u->g - g[i]) <= u->g / 2);
		ck_assert(fabs(out[i].h * u->h - h[i]) <= u->h / 2);
	}
	free(g);
	free(h);
	return out;
}

START_TEST(integers_are_within_half_a_unit)
{
	struct grad_unit u;
	const double scales[] = { 1, 1e300, 1e-300, 1e-9, 0 };
	for (size_t i = 0; i < 5; i++)
		free(gradients(1000, &u, scales[i], 30));
	ck_assert_int_eq(grad_unit_for(1000).shift, 53);
}
END_TEST

static void check_build(const struct bins *b, const uint8_t *use, const uint32_t *rows, size_t m, int threads)
{
	struct grad_unit u;
	struct grad *gh = gradients(b->n, &u, 1, 0), *room = NEW(struct grad, b->n);
	hist_cell *h = mem_aligned(b->offset[b->ncols], sizeof(*h)), *half = mem_aligned(b->offset[b->ncols], sizeof(*h));
	ck_assert_int_eq(u.narrow, b->n >= 65536);
	hist_build(b, use, rows, m, gh, room, u, half, h, threads);
	for (size_t c = 0; c < b->ncols; c++) {
		int64_t g[256] = { 0 }, w[256] = { 0 };
		uint64_t count[256] = { 0 };
		for (size_t i = 0; i < m; i++) {
			size_t row = rows ? rows[i] : i;
			unsigned at = bins_col(b, c)[row * BIN_STRIDE];
			g[at] += gh[row].g;
			w[at] += gh[row].h;
			count[at]++;
		}
		for (int i = 0; use[c] && i <= b->cols[c].nbins; i++) {
			hist_cell x = h[b->offset[c] + (size_t)i];
			ck_assert(x[0] == g[i] && cell_count(x, u.shift) == count[i] && cell_h(x, u.shift) == (double)w[i]);
		}
	}
	free(gh);
	free(room);
	free(h);
	free(half);
}

START_TEST(sums_are_exact)
{
	for (size_t ncols = 1; ncols <= 8; ncols++) {
		struct synth s = synth_make(3000, &"nmcdinmc"[8 - ncols], 0, ncols);
		struct bins *b = bins_new(COLUMNS(s.cols, s.ncols), s.rows, s.n, 60, 1, 1);
		uint8_t all[8] = { 1, 1, 1, 1, 1, 1, 1, 1 }, some[8] = { 1, 0, 1, 1, 0, 0, 0, 1 };
		uint32_t rows[1000];
		for (uint32_t i = 0; i < 1000; i++)
			rows[i] = i * 3;
		check_build(b, all, NULL, 3000, 1);
		check_build(b, all, rows, 1000, 1);
		check_build(b, some, rows, 1, 1);
		check_build(b, some, rows, 1000, 1);
		bins_free(b);
		synth_free(&s);
	}
	for (size_t n = 60000; n <= 70000; n += 10000) {	/* of wide gradients, and of narrow ones */
		struct synth s = synth_make(n, "nmcdi", 0, 3);
		struct bins *b = bins_new(COLUMNS(s.cols, s.ncols), s.rows, s.n, 255, 1, 1);
		for (int threads = 1; threads <= 3; threads++) {
			check_build(b, (uint8_t[]){ 1, 1, 1, 1, 1 }, s.rows, n - 1, threads);
			check_build(b, (uint8_t[]){ 1, 1, 1, 0, 1 }, NULL, n, threads);
			check_build(b, (uint8_t[]){ 1, 1, 1, 1, 0 }, s.rows, 4001, threads);
		}
		bins_free(b);
		synth_free(&s);
	}
}
END_TEST

/* The most that a word must hold: all rows in one bin with the largest gradient of either sign. */
START_TEST(words_do_not_overflow)
{
	size_t n = 70000;
	struct synth s = synth_make(n, "nnnn", 0, 1);
	for (int sign = -1; sign <= 1; sign += 2) {
		struct grad_unit u = grad_unit_for(n);
		struct grad *gh = NEW(struct grad, n), *room = NEW(struct grad, n);
		double *g = NEW(double, n), *h = NEW(double, n);
		for (size_t i = 0; i < n; i++) {
			g[i] = sign * 0.9999999999;
			h[i] = 0.9999999999;
		}
		for (size_t c = 0; c < 4; c++)
			for (size_t i = 0; i < n; i++)
				((double *)(uintptr_t)s.cols[c].num)[i] = i % 2 && c ? 2 : 1;
		struct bins *b = bins_new(COLUMNS(s.cols, s.ncols), s.rows, s.n, 255, 1, 1);
		hist_cell *out = mem_aligned(b->ncells, sizeof(*out));
		grad_quantise(g, h, n, 0, gh, &u, 1);
		ck_assert(u.narrow && gh[0].g == sign * 8192 && gh[0].h == 4096);
		hist_build(b, (uint8_t[]){ 1, 1, 1, 1 }, NULL, n, gh, room, u, NULL, out, 1);
		ck_assert(out[0][0] == sign * 8192 * (int64_t)n && cell_count(out[0], u.shift) == n);
		ck_assert(cell_h(out[0], u.shift) == 4096.0 * (double)n);
		free(gh);
		free(room);
		free(g);
		free(h);
		free(out);
		bins_free(b);
	}
	synth_free(&s);
}
END_TEST

/* Of very many rows hessians have the bits that the count leaves, narrow or not. */
START_TEST(sums_of_hessians_leave_the_count)
{
	size_t n = 70000;
	double *g = NEW(double, n), *h = NEW(double, n);
	struct grad *gh = NEW(struct grad, n);
	struct grad_unit u = grad_unit_for(n);
	for (size_t i = 0; i < n; i++)
		g[i] = h[i] = 0.9999999999;
	u.shift = 22;		/* as if 5 bits were left of it: 2^17 rows of 2^5 are 2^22 */
	grad_quantise(g, h, n, 0, gh, &u, 2);
	ck_assert(u.narrow && gh[0].h == 32);
	free(g);
	free(h);
	free(gh);
}
END_TEST

/* A few outliers leave the others no bits: then gradients are wide. */
START_TEST(outliers_are_not_narrow)
{
	size_t n = 70000;
	double *g = NEW(double, n), *h = NEW(double, n);
	struct grad *gh = NEW(struct grad, n);
	struct grad_unit u = grad_unit_for(n);
	for (size_t i = 0; i < n; i++) {
		g[i] = i ? 1 : 1e6;
		h[i] = 1;
	}
	grad_quantise(g, h, n, 0, gh, &u, 2);
	ck_assert(!u.narrow && gh[1].g > 100);
	free(g);
	free(h);
	free(gh);
}
END_TEST

START_TEST(a_child_is_its_parent_minus_the_other)
{
	struct synth s = synth_make(500, "nc", 0, 1);
	struct bins *b = bins_new(COLUMNS(s.cols, s.ncols), s.rows, s.n, 30, 1, 1);
	struct grad_unit u;
	struct grad *gh = gradients(500, &u, 1, 30), room[500];
	size_t n = b->offset[2];
	hist_cell *all = mem_aligned(n, 16), *x = mem_aligned(n, 16), *y = mem_aligned(n, 16);
	hist_build(b, (uint8_t[]){ 1, 1 }, NULL, 500, gh, room, u, NULL, all, 1);
	hist_build(b, (uint8_t[]){ 1, 1 }, s.rows, 123, gh, room, u, NULL, x, 1);
	hist_build(b, (uint8_t[]){ 1, 1 }, s.rows + 123, 377, gh, room, u, NULL, y, 1);
	hist_subtract(b, (uint8_t[]){ 1, 1 }, all, x);
	ck_assert(memcmp(all, y, n * 16) == 0);
	free(all);
	free(x);
	free(y);
	free(gh);
	bins_free(b);
	synth_free(&s);
}
END_TEST

UNIT_MAIN("tree: histograms", integers_are_within_half_a_unit, sums_are_exact, words_do_not_overflow, sums_of_hessians_leave_the_count, outliers_are_not_narrow, a_child_is_its_parent_minus_the_other)
