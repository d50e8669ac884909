/*
 * Bins of sparse columns. What is not there is 0, which has a bin of its own
 * between those of the negative and of the positive, so that a column's rows
 * of value 0 are the node's rows without the others: only cells that are there
 * are stored and counted, and the rest is a difference, exact as histograms are
 * sums of integers.
 *
 * How many bins. A table of few cells (FINE) has a bin for each value, as dense
 * columns do. Else a column of more than FEW values gets bins of n / (2 max)
 * rows, half of what a bin of a dense column holds, so that one that is not 0
 * in 1 of 100 rows has 6. Histograms then have 2 or 3 cells a column and 2 max
 * for each cell that a row has on average (IMDB: 25,000 texts of 133 terms,
 * 12,000 columns: 76,000 cells, where a bin for each value would take a
 * million; the loss on new texts is the same). A column whose cells of either
 * sign are fewer than a leaf must have rows is left out: it never splits.
 *
 * Layout. By row, in blocks of columns whose part of a histogram stays in the
 * L2 cache: histograms are built from this, a block by one thread. By column:
 * what a split needs, and nodes that look at few columns.
 */
#include "families/tree/bin.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

#define FINE 131072
#define FEW 8
#define BLOCK 16384		/* cells of a block: 256 KB */
#define COLS_A_CHUNK 256
#define SEARCH 16		/* so many times as many cells as rows are read through; of more, each row is looked up */

struct job {
	struct bins *b;
	const struct sparse *t;	/* by column: row and value */
	size_t max;
	bool fine;
};

/* Adds bins for the values from .. to - 1 of v: one each when exact, else as many as their rows times `share`. */
static void cut_part(struct bin_col *c, const struct values *v, size_t from, size_t to, bool exact, double share)
{
	double rows = 0;
	for (size_t i = from; i < to; i++)
		rows += v->count[i];
	size_t most = exact ? to - from : rows * share > 1 ? (size_t)(rows * share) : 1;
	bins_cut(c, v->v + from, v->count + from, to - from, most);
}

/* Cuts the column, whose cells of t are from .. to - 1. */
static void cut_column(const struct job *job, size_t at, size_t from, size_t to)
{
	struct bin_col *c = &job->b->cols[at];
	struct values v = bins_values(job->t->val + from, NULL, to - from);
	size_t n = job->b->n, m = job->b->begin[at + 1] - job->b->begin[at], neg = 0, pos;
	double share = (double)(job->max - 1) / (double)m, even = 2 * (double)job->max / (double)n;
	while (neg < v.n && v.v[neg] < 0)
		neg++;
	pos = neg + (neg < v.n && v.v[neg] == 0);
	size_t distinct = neg + v.n - pos;
	bool exact = (job->fine || distinct <= FEW) && distinct + (m < n) <= job->max;
	share = job->fine || share < even ? share : even;
	bins_begin(c, exact ? distinct + 1 : (size_t)(share * (double)m) + 3);
	cut_part(c, &v, 0, neg, exact, share);
	job->b->zero[at] = (uint8_t)c->nbins;
	if (m < n)
		bins_cut(c, &(double){ 0 }, &(uint32_t){ 1 }, 1, 1);
	cut_part(c, &v, pos, v.n, exact, share);
	bins_end(c);
	if (m == n)
		job->b->zero[at] = (uint8_t)c->nbins;
	values_free(&v);
}

static void find_chunk(void *ctx, size_t chunk, int worker)
{
	const struct job *job = ctx;
	struct bins *b = job->b;
	size_t first = b->ndense + chunk * COLS_A_CHUNK, last = first + COLS_A_CHUNK;
	double bounds[256];
	(void)worker;
	for (size_t c = first; c < last && c < b->ncols; c++) {
		size_t from = job->t->start[b->id[c] - b->ndense], to = job->t->start[b->id[c] - b->ndense + 1];
		size_t at = b->begin[c];
		cut_column(job, c, from, to);
		bins_bounds(&b->cols[c], bounds);
		for (size_t e = from; e < to; e++) {
			if (job->t->val[e] == 0)
				continue;
			b->row[at] = (uint32_t)job->t->col[e];
			b->bin[at++] = (uint8_t)bins_find(bounds, job->t->val[e]);
		}
	}
}

/* Chooses the columns by which a cut can leave min_leaf rows that are not 0 on one side; counts their cells. */
static void choose(struct bins *b, const struct sparse *t, size_t min_leaf)
{
	b->id = mem_resize(b->id, b->ndense + t->n, sizeof(*b->id));
	b->begin = NEW0(size_t, b->ndense + t->n + 1);
	for (size_t j = 0; j < t->n; j++) {
		size_t neg = 0, pos = 0;
		for (size_t e = t->start[j]; e < t->start[j + 1]; e++) {
			neg += t->val[e] < 0;
			pos += t->val[e] > 0;
		}
		if (neg < min_leaf && pos < min_leaf)
			continue;
		b->id[b->ncols++] = (uint32_t)(b->ndense + j);
		b->begin[b->ncols] = b->nnz += neg + pos;
	}
	GROW(b->cols, b->ncols + 1);
	memset(b->cols + b->ndense, 0, (b->ncols - b->ndense) * sizeof(*b->cols));
}

void bins_add_sparse(struct bins *b, const struct sparse *s, const uint32_t *rows, size_t max, size_t min_leaf, int threads)
{
	struct sparse t = sparse_transpose(s, rows, 0, b->n, threads);
	size_t cells = 0;
	choose(b, &t, min_leaf);
	for (size_t c = b->ndense; c < b->ncols; c++)
		cells += b->begin[c + 1] - b->begin[c] < max ? b->begin[c + 1] - b->begin[c] : max;
	b->zero = NEW0(uint8_t, b->ncols + 1);
	b->row = NEW(uint32_t, b->nnz);
	b->bin = NEW(uint8_t, b->nnz);
	struct job job = { b, &t, max, cells <= FINE };
	par_for(threads, (b->ncols - b->ndense + COLS_A_CHUNK - 1) / COLS_A_CHUNK, find_chunk, &job);
	sparse_free(&t);
}

/* -------------------------------------------------------------------- blocks */

static void fill_block(void *ctx, size_t at, int worker)
{
	const struct bins *b = ctx;
	struct bin_block *k = &b->blocks[at];
	size_t first = b->offset[k->first];
	uint32_t sum = 0;
	(void)worker;
	k->start = NEW0(uint32_t, b->n + 2);
	k->col = NEW(uint16_t, b->offset[k->last] - first);
	for (size_t c = k->first; c < k->last; c++) {
		for (size_t e = b->begin[c]; e < b->begin[c + 1]; e++)
			k->start[b->row[e] + 2]++;
		for (size_t i = b->offset[c]; i < b->offset[c + 1]; i++)
			k->col[i - first] = (uint16_t)(c - k->first);
	}
	for (size_t i = 2; i <= b->n + 1; i++)
		k->start[i] = sum += k->start[i];
	k->entry = NEW(uint16_t, sum);
	for (size_t c = k->first; c < k->last; c++)
		for (size_t e = b->begin[c]; e < b->begin[c + 1]; e++)
			k->entry[k->start[b->row[e] + 1]++] = (uint16_t)(b->offset[c] - first + b->bin[e] - (b->bin[e] > b->zero[c]));
}

void bins_make_blocks(struct bins *b, int threads)
{
	size_t cap = 0, entries = 0;
	for (size_t c = b->ndense; c < b->ncols; c++) {
		struct bin_block *k = b->nblocks ? &b->blocks[b->nblocks - 1] : NULL;
		size_t m = b->begin[c + 1] - b->begin[c];
		if (!k || b->offset[c + 1] - b->offset[k->first] > BLOCK || entries + m > UINT32_MAX) {
			if (b->nblocks == cap)
				GROW(b->blocks, cap = 2 * cap + 8);
			k = &b->blocks[b->nblocks++];
			*k = (struct bin_block){ .first = c };
			entries = 0;
		}
		k->last = c + 1;
		entries += m;
	}
	par_for(threads, b->nblocks, fill_block, b);
}

/* -------------------------------------------------------------------- nodes */

/* The first of row[from .. to - 1], ascending, that is not below x. */
static size_t lower_bound(const uint32_t *row, size_t from, size_t to, uint32_t x)
{
	for (size_t n = to - from; n > 0; n /= 2)
		from += (n - n / 2) * (row[from + n / 2] < x);	/* no branch: it is a coin's toss */
	return from;
}

size_t bins_hits(const struct bins *b, size_t col, const uint32_t *rows, size_t m, const uint32_t *place, uint32_t first,
		 uint32_t *at, uint8_t *bin)
{
	size_t n = 0, e = b->begin[col], to = b->begin[col + 1];
	if (to - e <= SEARCH * m) {
		for (; e < to; e++) {
			at[n] = place[b->row[e]] - first;
			bin[n] = b->bin[e];
			n += at[n] < m;
		}
		return n;
	}
	for (size_t i = 0; i < m; i++) {
		e = lower_bound(b->row, e, to, rows[i]);
		if (e < to && b->row[e] == rows[i]) {
			at[n] = (uint32_t)i;
			bin[n++] = b->bin[e];
		}
	}
	return n;
}

void bins_seen(const struct bins *b, const uint32_t *rows, size_t m, uint64_t *seen)
{
	for (size_t k = 0; k < b->nblocks; k++) {
		const struct bin_block *x = &b->blocks[k];
		for (size_t i = 0; i < m; i++) {
			bins_ask(x, rows, m, i);
			for (uint32_t e = x->start[rows[i]]; e < x->start[rows[i] + 1]; e++) {
				size_t c = x->first + x->col[x->entry[e]];
				seen[c >> 6] |= 1ull << (c & 63);
			}
		}
	}
}
