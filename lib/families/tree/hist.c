/* Building histograms. Four columns share the load of their bins and of the gradient. */
#include "families/tree/hist.h"

#include <math.h>
#include <string.h>

#include "base/par.h"

#define ROWS_A_CHUNK 16384
#define AHEAD 32
#define PARALLEL (1 << 17)	/* updates below which threads cost more than they bring (about 60 us) */

static int bit_length(size_t n)
{
	return n == 0 ? 0 : 64 - __builtin_clzll(n);
}

struct grad_unit grad_unit_for(size_t n)
{
	return (struct grad_unit){ 1, 1, 63 - bit_length(n) };
}

/* The power of two that makes `largest` use at most `bits` bits; 1 for nothing. */
static double unit_for(double largest, int bits)
{
	int e;
	if (!(largest > 0))
		return 1;
	frexp(largest, &e);	/* largest < 2^e */
	e -= bits;
	return ldexp(1, e < -1000 ? -1000 : e);
}

struct quantise {
	const double *g, *h;
	struct grad *out;
	size_t n;
	double gmax[64], hmax[64];	/* a slice of the chunks each */
	double gper, hper;
};

static void largest_chunk(void *ctx, size_t slice, int worker)
{
	struct quantise *q = ctx;
	size_t from = q->n * slice / 64, to = q->n * (slice + 1) / 64;
	double g = 0, h = 0;
	(void)worker;
	for (size_t i = from; i < to; i++) {
		g = fabs(q->g[i]) > g ? fabs(q->g[i]) : g;
		h = q->h[i] > h ? q->h[i] : h;
	}
	q->gmax[slice] = g;
	q->hmax[slice] = h;
}

static void quantise_chunk(void *ctx, size_t slice, int worker)
{
	struct quantise *q = ctx;
	size_t from = q->n * slice / 64, to = q->n * (slice + 1) / 64;
	(void)worker;
	for (size_t i = from; i < to; i++) {
		q->out[i].g = (int32_t)rint(q->g[i] * q->gper);
		q->out[i].h = (int32_t)rint(q->h[i] * q->hper);
	}
}

void grad_quantise(const double *g, const double *h, size_t n, int bits, struct grad *out, struct grad_unit *u,
		   int threads)
{
	struct quantise q = { .g = g, .h = h, .out = out, .n = n };
	double gmax = 0, hmax = 0;
	int hbits = u->shift - bit_length(n);
	threads = n < ROWS_A_CHUNK ? 1 : threads;
	par_for(threads, 64, largest_chunk, &q);
	for (int i = 0; i < 64; i++) {
		gmax = q.gmax[i] > gmax ? q.gmax[i] : gmax;
		hmax = q.hmax[i] > hmax ? q.hmax[i] : hmax;
	}
	u->g = unit_for(gmax, bits);
	u->h = unit_for(hmax, hbits < bits ? hbits : bits);
	q.gper = 1 / u->g;
	q.hper = 1 / u->h;
	par_for(threads, 64, quantise_chunk, &q);
}

/* ---------------------------------------------------------------- building */

struct build {
	const struct bins *b;
	const uint8_t *use;
	const uint32_t *rows;
	const struct grad *gh;
	struct grad *room;	/* gradients in the order of rows */
	size_t m;
	int shift;
	hist_cell *out;
};

static void gather_chunk(void *ctx, size_t chunk, int worker)
{
	struct build *k = ctx;
	size_t from = chunk * ROWS_A_CHUNK, to = from + ROWS_A_CHUNK < k->m ? from + ROWS_A_CHUNK : k->m;
	(void)worker;
	for (size_t i = from; i < to; i++)
		k->room[i] = k->gh[k->rows[i]];
}

void hist_column(const struct bins *b, size_t col, const uint32_t *rows, size_t m, const struct grad *gh, int shift,
		 hist_cell *out)
{
	const uint8_t *x = bins_col(b, col);
	for (size_t i = 0; i < m; i++)
		out[x[(rows ? rows[i] : i) * BIN_STRIDE]] += grad_cell(gh[i], shift);
}

/*
 * Four columns at once: one load of their bins, one of the gradient. Rows of a
 * node lie apart, so their bins are asked for AHEAD rows early.
 */
static void build_four(const struct build *k, size_t group)
{
	const uint8_t *x = bins_col(k->b, group * BIN_STRIDE);
	const uint32_t *rows = k->rows;
	const struct grad *gh = rows ? k->room : k->gh;
	const size_t *at = k->b->offset + group * BIN_STRIDE;
	hist_cell *h0 = k->out + at[0], *h1 = k->out + at[1], *h2 = k->out + at[2], *h3 = k->out + at[3];
	for (size_t i = 0; i < k->m; i++) {
		uint32_t w;
		if (rows)
			__builtin_prefetch(x + (size_t)rows[i + AHEAD < k->m ? i + AHEAD : i] * BIN_STRIDE);
		memcpy(&w, x + (rows ? rows[i] : i) * BIN_STRIDE, sizeof(w));
		hist_cell c = grad_cell(gh[i], k->shift);
		h0[w & 255] += c;
		h1[w >> 8 & 255] += c;
		h2[w >> 16 & 255] += c;
		h3[w >> 24] += c;
	}
}

static void build_chunk(void *ctx, size_t group, int worker)
{
	const struct build *k = ctx;
	size_t from = group * BIN_STRIDE, to = from + BIN_STRIDE < k->b->ncols ? from + BIN_STRIDE : k->b->ncols, used = 0;
	(void)worker;
	for (size_t c = from; c < to; c++)
		used += k->use[c];
	if (used == 0)
		return;
	memset(k->out + k->b->offset[from], 0, (k->b->offset[to] - k->b->offset[from]) * sizeof(*k->out));
	if (used == BIN_STRIDE) {
		build_four(k, group);
		return;
	}
	for (size_t c = from; c < to; c++)
		if (k->use[c])
			hist_column(k->b, c, k->rows, k->m, k->rows ? k->room : k->gh, k->shift,
				    k->out + k->b->offset[c]);
}

void hist_build(const struct bins *b, const uint8_t *use, const uint32_t *rows, size_t m, const struct grad *gh,
		struct grad *room, int shift, hist_cell *out, int threads)
{
	struct build k = { b, use, rows, gh, room, m, shift, out };
	threads = m * b->ncols < PARALLEL ? 1 : threads;
	if (rows)
		par_for(threads, (m + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, gather_chunk, &k);
	par_for(threads, (b->ncols + BIN_STRIDE - 1) / BIN_STRIDE, build_chunk, &k);
}

void hist_subtract(const struct bins *b, const uint8_t *use, hist_cell *x, const hist_cell *y)
{
	for (size_t c = 0; c < b->ncols; c++)
		for (size_t i = b->offset[c]; use[c] && i < b->offset[c + 1]; i++)
			x[i] -= y[i];
}
