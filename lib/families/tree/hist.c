/* Building histograms. Four columns share the load of their bins and of the gradient. */
#include "families/tree/hist.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/par.h"

#define ROWS_A_CHUNK 16384
#define AHEAD 32
#define GROUPS(b) (((b)->ndense + BIN_STRIDE - 1) / BIN_STRIDE)	/* of dense columns */
#define PARALLEL (1 << 17)	/* updates below which threads cost more than they bring (about 60 us) */
#define HALVED_GROUPS 16	/* up to so many the rows are halved, so that threads finish together */
#define NARROW_BITS 13
#define NARROW_ROWS 65536	/* from so many on gradients are narrow, ... */
#define NARROW_MEAN 32	/* ... if they are so large in the mean: a few outliers would leave the others nothing */
#define WORD_ROWS 4000	/* that add up in a word: sums of g below 2^25 in size, of h below 2^24 */
#define WORD_H 26	/* where the sum of h begins, over the signed one of g; over it the count */
#define WORD_COUNT 50

static int bit_length(size_t n)
{
	return n == 0 ? 0 : 64 - __builtin_clzll(n);
}

struct grad_unit grad_unit_for(size_t n)
{
	return (struct grad_unit){ 1, 1, 63 - bit_length(n), false };
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
	double gmax[64], hmax[64], gsum[64], hsum[64];	/* a slice of the chunks each */
	double gper, hper;
};

static void largest_chunk(void *ctx, size_t slice, int worker)
{
	struct quantise *q = ctx;
	size_t from = q->n * slice / 64, to = q->n * (slice + 1) / 64;
	double g = 0, h = 0, gsum = 0, hsum = 0;
	(void)worker;
	for (size_t i = from; i < to; i++) {
		g = fabs(q->g[i]) > g ? fabs(q->g[i]) : g;
		h = q->h[i] > h ? q->h[i] : h;
		gsum += fabs(q->g[i]);
		hsum += q->h[i];
	}
	q->gmax[slice] = g;
	q->hmax[slice] = h;
	q->gsum[slice] = gsum;
	q->hsum[slice] = hsum;
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
	double gmax = 0, hmax = 0, gsum = 0, hsum = 0;
	int hbits = u->shift - bit_length(n);
	threads = n < ROWS_A_CHUNK ? 1 : threads;
	par_for(threads, 64, largest_chunk, &q);
	for (int i = 0; i < 64; i++) {
		gmax = q.gmax[i] > gmax ? q.gmax[i] : gmax;
		hmax = q.hmax[i] > hmax ? q.hmax[i] : hmax;
		gsum += q.gsum[i];
		hsum += q.hsum[i];
	}
	if (bits == 0) {
		double least = (double)n * NARROW_MEAN;
		u->narrow = n >= NARROW_ROWS && gsum >= least * unit_for(gmax, NARROW_BITS) && hsum >= least * unit_for(hmax, NARROW_BITS - 1);
		bits = u->narrow ? NARROW_BITS : 30;
	}
	u->g = unit_for(gmax, bits);
	bits -= u->narrow;	/* a word has a bit less for hessians */
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
	uint64_t *word;		/* or words of them, in the same place; NULL when they are not narrow */
	size_t m;
	int shift;
	hist_cell *out, *half;	/* half: of the second half of the rows, where these are halved */
	atomic_uchar done[HALVED_GROUPS];	/* halves of the group */
};

/* Some rows of it, and where their histogram goes. */
struct span {
	size_t from, to;
	hist_cell *out;
};

static inline uint64_t word_of(struct grad x)
{
	return ((uint64_t)1 << WORD_COUNT) + ((uint64_t)x.h << WORD_H) + (uint64_t)(int64_t)x.g;
}

/* What a sum of words stands for. */
static inline hist_cell word_cell(uint64_t w, int shift)
{
	int64_t g = (int64_t)(w << (64 - WORD_H)) >> (64 - WORD_H);
	w -= (uint64_t)g;
	return (hist_cell){ g, (int64_t)((w >> WORD_COUNT << shift) + (w << (64 - WORD_COUNT) >> (64 - WORD_COUNT + WORD_H))) };
}

static void gather_chunk(void *ctx, size_t chunk, int worker)
{
	struct build *k = ctx;
	size_t from = chunk * ROWS_A_CHUNK, to = from + ROWS_A_CHUNK < k->m ? from + ROWS_A_CHUNK : k->m;
	(void)worker;
	if (!k->word)
		for (size_t i = from; i < to; i++)
			k->room[i] = k->gh[k->rows[i]];
	else if (k->rows)
		for (size_t i = from; i < to; i++)
			k->word[i] = word_of(k->gh[k->rows[i]]);
	else
		for (size_t i = from; i < to; i++)
			k->word[i] = word_of(k->gh[i]);
}

void hist_column(const struct bins *b, size_t col, const uint32_t *rows, size_t m, const struct grad *gh, int shift,
		 hist_cell *out)
{
	const uint8_t *x = bins_col(b, col);
	for (size_t i = 0; i < m; i++)
		out[x[(rows ? rows[i] : i) * BIN_STRIDE]] += grad_cell(gh[i], shift);
}

static void build_column(const struct build *k, size_t col, struct span s)
{
	const uint8_t *x = bins_col(k->b, col);
	const struct grad *gh = k->rows ? k->room : k->gh;
	hist_cell *out = s.out + k->b->offset[col];
	for (size_t i = s.from; i < s.to; i++)
		out[x[(k->rows ? k->rows[i] : i) * BIN_STRIDE]] += k->word ? word_cell(k->word[i], k->shift) : grad_cell(gh[i], k->shift);
}

/*
 * The bins of four columns in row i. Rows of a node lie apart, so their bins
 * are asked for AHEAD rows early.
 */
static inline uint32_t four_bins(const struct build *k, const uint8_t *x, size_t i)
{
	const uint32_t *rows = k->rows;
	uint32_t w;
	if (rows)
		__builtin_prefetch(x + (size_t)rows[i + AHEAD < k->m ? i + AHEAD : i] * BIN_STRIDE);
	memcpy(&w, x + (rows ? rows[i] : i) * BIN_STRIDE, sizeof(w));
	return w;
}

/* Four columns at once: one load of their bins, one of the gradient. */
static void build_four(const struct build *k, size_t group, struct span s)
{
	const uint8_t *x = bins_col(k->b, group * BIN_STRIDE);
	const struct grad *gh = k->rows ? k->room : k->gh;
	const size_t *at = k->b->offset + group * BIN_STRIDE;
	hist_cell *h0 = s.out + at[0], *h1 = s.out + at[1], *h2 = s.out + at[2], *h3 = s.out + at[3];
	for (size_t i = s.from; i < s.to; i++) {
		uint32_t w = four_bins(k, x, i);
		hist_cell c = grad_cell(gh[i], k->shift);
		h0[w & 255] += c;
		h1[w >> 8 & 255] += c;
		h2[w >> 16 & 255] += c;
		h3[w >> 24] += c;
	}
}

/* The same of words, WORD_ROWS at a time. */
static void word_four(const struct build *k, size_t group, struct span s)
{
	const uint8_t *x = bins_col(k->b, group * BIN_STRIDE);
	const size_t *at = k->b->offset + group * BIN_STRIDE;
	for (size_t from = s.from, to; from < s.to; from = to) {
		uint64_t h[BIN_STRIDE][256] = { { 0 } };
		to = from + WORD_ROWS < s.to ? from + WORD_ROWS : s.to;
		for (size_t i = from; i < to; i++) {
			uint32_t w = four_bins(k, x, i);
			uint64_t c = k->word[i];
			h[0][w & 255] += c;
			h[1][w >> 8 & 255] += c;
			h[2][w >> 16 & 255] += c;
			h[3][w >> 24] += c;
		}
		for (size_t c = 0; c < BIN_STRIDE; c++)
			for (size_t i = at[c]; i < at[c + 1]; i++)
				s.out[i] += word_cell(h[c][i - at[c]], k->shift);
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
		hist_cell c = k->word ? word_cell(k->word[i], k->shift) : grad_cell(gh[i], k->shift);
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

/* Adds the second half of a group of columns to the first when both are there. */
static void join_halves(struct build *k, size_t group, size_t from, size_t to)
{
	if (atomic_fetch_add(&k->done[group], 1) == 0)
		return;
	for (size_t i = from; i < to; i++)
		k->out[i] += k->half[i];
}

static void build_group(struct build *k, size_t group, struct span s)
{
	const struct bins *b = k->b;
	size_t from = group * BIN_STRIDE, to = from + BIN_STRIDE < b->ndense ? from + BIN_STRIDE : b->ndense, used = 0;
	for (size_t c = from; c < to; c++)
		used += k->use[c];
	if (used == 0)
		return;
	memset(s.out + b->offset[from], 0, (b->offset[to] - b->offset[from]) * sizeof(*s.out));
	if (used == BIN_STRIDE)
		(k->word ? word_four : build_four)(k, group, s);
	for (size_t c = from; used < BIN_STRIDE && c < to; c++)
		if (k->use[c])
			build_column(k, c, s);
	if (k->half)
		join_halves(k, group, b->offset[from], b->offset[to]);
}

/* Of each group of dense columns the rows, or both halves of them, then the blocks of sparse columns. */
static void build_chunk(void *ctx, size_t chunk, int worker)
{
	struct build *k = ctx;
	size_t halves = k->half ? 2 : 1, groups = GROUPS(k->b) * halves, middle = k->m / 2;
	(void)worker;
	if (chunk >= groups)
		build_block(k, &k->b->blocks[chunk - groups]);
	else if (!k->half)
		build_group(k, chunk, (struct span){ 0, k->m, k->out });
	else if (chunk % 2)
		build_group(k, chunk / 2, (struct span){ middle, k->m, k->half });
	else
		build_group(k, chunk / 2, (struct span){ 0, middle, k->out });
}

void hist_build(const struct bins *b, const uint8_t *use, const uint32_t *rows, size_t m, const struct grad *gh,
		struct grad *room, struct grad_unit u, hist_cell *half, hist_cell *out, int threads)
{
	struct build k = { b, use, rows, gh, room, u.narrow ? (uint64_t *)(void *)room : NULL, m, u.shift, out, NULL, { 0 } };
	threads = m * (b->ndense + b->nnz / b->n) < PARALLEL ? 1 : threads;
	if (threads > 1 && m >= 2 * ROWS_A_CHUNK && GROUPS(b) <= HALVED_GROUPS)
		k.half = half;
	if (rows || k.word)
		par_for(threads, (m + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, gather_chunk, &k);
	par_for(threads, GROUPS(b) * (k.half ? 2 : 1) + b->nblocks, build_chunk, &k);
}

void hist_subtract(const struct bins *b, const uint8_t *use, hist_cell *x, const hist_cell *y)
{
	for (size_t c = 0; c < b->ndense; c++)
		for (size_t i = b->offset[c]; use[c] && i < b->offset[c + 1]; i++)
			x[i] -= y[i];
	for (size_t i = b->offset[b->ndense]; i < b->ncells; i++)
		x[i] -= y[i];
}
