/* Building histograms. Four columns share the load of their bins and of the gradient. */
#include "families/tree/hist.h"

#include <math.h>
#include <string.h>

#include "base/par.h"

#define ROWS_A_CHUNK 16384
#define AHEAD 32
#define GROUPS(b) (((b)->ndense + BIN_STRIDE - 1) / BIN_STRIDE)	/* of dense columns */
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

/* Cells that are not 0 are counted; what a column's are short of the rows' sum is its cell of 0. */
static void build_block(const struct build *k, const struct bin_block *x)
{
	const struct bins *b = k->b;
	const uint32_t *rows = k->rows;
	const struct grad *gh = rows ? k->room : k->gh;
	hist_cell *h = k->out + b->offset[x->first], all = { 0, 0 };
	memset(h, 0, (b->offset[x->last] - b->offset[x->first]) * sizeof(*h));
	for (size_t i = 0; i < k->m; i++) {
		size_t row = rows ? rows[i] : i;
		hist_cell c = grad_cell(gh[i], k->shift);
		if (rows)
			bins_ask(x, rows, k->m, i);
		all += c;
		for (uint32_t e = x->start[row]; e < x->start[row + 1]; e++)
			h[x->entry[e]] += c;
	}
	for (size_t c = x->first; c < x->last; c++) {
		hist_cell rest = all;
		for (size_t i = b->offset[c]; i < b->offset[c + 1]; i++)
			rest -= k->out[i];
		k->out[b->offset[b->ncols] + c - b->ndense] = rest;
	}
}

const hist_cell *hist_cells(const struct bins *b, const hist_cell *h, size_t col, hist_cell *room)
{
	const hist_cell *own = h + b->offset[col];
	if (col < b->ndense)
		return own;
	size_t n = b->offset[col + 1] - b->offset[col], zero = b->zero[col];
	memcpy(room, own, zero * sizeof(*room));
	room[zero] = hist_zero(b, h, col);
	memcpy(room + zero + 1, own + zero, (n - zero) * sizeof(*room));
	room[b->cols[col].nbins] = (hist_cell){ 0, 0 };
	return room;
}

static void build_chunk(void *ctx, size_t chunk, int worker)
{
	const struct build *k = ctx;
	const struct bins *b = k->b;
	size_t groups = GROUPS(b), from = chunk * BIN_STRIDE, to = from + BIN_STRIDE < b->ndense ? from + BIN_STRIDE : b->ndense;
	size_t used = 0;
	(void)worker;
	if (chunk >= groups) {
		build_block(k, &b->blocks[chunk - groups]);
		return;
	}
	for (size_t c = from; c < to; c++)
		used += k->use[c];
	if (used == 0)
		return;
	memset(k->out + b->offset[from], 0, (b->offset[to] - b->offset[from]) * sizeof(*k->out));
	if (used == BIN_STRIDE) {
		build_four(k, chunk);
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
	threads = m * (b->ndense + b->nnz / b->n) < PARALLEL ? 1 : threads;
	if (rows)
		par_for(threads, (m + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, gather_chunk, &k);
	par_for(threads, GROUPS(b) + b->nblocks, build_chunk, &k);
}

void hist_subtract(const struct bins *b, const uint8_t *use, hist_cell *x, const hist_cell *y)
{
	for (size_t c = 0; c < b->ndense; c++)
		for (size_t i = b->offset[c]; use[c] && i < b->offset[c + 1]; i++)
			x[i] -= y[i];
	for (size_t i = b->offset[b->ndense]; i < b->ncells; i++)
		x[i] -= y[i];
}
