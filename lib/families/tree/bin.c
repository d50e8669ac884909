/*
 * How bins are found. Columns are sorted from at most 200,000 rows: an
 * equal-count bin of 255 then misses its share by 3 % at one sigma, which no
 * split notices.
 */
#include "families/tree/bin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "base/sort.h"

#define SAMPLE 200000
#define ROWS_A_CHUNK 65536

/* Bits of a double in the order of its value, and back. */
static uint64_t key_of(double x)
{
	uint64_t u;
	memcpy(&u, &x, sizeof(u));
	return u >> 63 ? ~u : u | 1ull << 63;
}

static double key_value(uint64_t u)
{
	double x;
	u = u >> 63 ? u & ~(1ull << 63) : ~u;
	memcpy(&x, &u, sizeof(x));
	return x;
}

static double midpoint(double a, double b)
{
	double m = a / 2 + b / 2;
	return m >= a && m < b ? m : a;
}

double bins_threshold(const struct bin_col *c, int left, int right)
{
	double m = midpoint(c->high[left], c->low[right]);
	if (m < c->upper[left])
		return c->upper[left];
	return m > c->upper[right - 1] ? c->upper[right - 1] : m;
}

struct values bins_values(const double *x, const uint32_t *rows, size_t n)
{
	size_t m = 0;
	uint64_t *key = NEW(uint64_t, n + 1), *room = NEW(uint64_t, n + 1), *sorted;
	struct values v = { 0, NEW(double, n + 1), NEW(uint32_t, n + 1) };
	for (size_t i = 0; i < n; i++) {
		double value = x[rows ? rows[i] : i];
		key[m] = key_of(value);
		m += isnan(value) ? 0 : 1;
	}
	sorted = sort_u64(key, room, m, 0);
	for (size_t i = 0; i < m; i++) {
		double value = key_value(sorted[i]);
		if (v.n > 0 && value == v.v[v.n - 1]) {
			v.count[v.n - 1]++;
		} else {
			v.v[v.n] = value;
			v.count[v.n++] = 1;
		}
	}
	free(key);
	free(room);
	return v;
}

void values_free(struct values *v)
{
	free(v->v);
	free(v->count);
}

/*
 * The share of rows that makes `max` bins even, when a value with more rows
 * than that counts as just that many: it fills a bin and no more.
 */
static double even_share(const uint32_t *count, size_t m, size_t max)
{
	double share = INFINITY, was;
	do {
		double light = 0, bins = (double)max;
		was = share;
		for (size_t i = 0; i < m; i++) {
			bool heavy = count[i] >= share;
			light += heavy ? 0 : count[i];
			bins -= heavy;
		}
		share = bins >= 1 ? light / bins : was;
	} while (share < was);
	return share;
}

/*
 * Cuts m distinct values with their counts into at most `max` bins. A bin is
 * closed when it holds its even share of what was left at its start, or when
 * the next value would take it further over the share than it is now under.
 */
void bins_cut(struct bin_col *c, const double *v, const uint32_t *count, size_t m, size_t max)
{
	double *low = c->low + c->nbins, *high = c->high + c->nbins;
	size_t nb = 0;
	double rest = 0, held = 0, most = even_share(count, m, max);
	for (size_t i = 0; i < m; i++)
		rest += fmin(count[i], most);
	for (size_t i = 0; i < m; i++) {
		double share = rest / (double)(max - nb);
		if (held == 0)
			low[nb] = v[i];
		held += fmin(count[i], most);
		if (i + 1 < m && m > max && (nb + 1 == max || held + fmin(count[i + 1], most) / 2 <= share))
			continue;
		high[nb++] = v[i];
		rest -= held;
		held = 0;
	}
	c->nbins += (int32_t)nb;
}

void bins_begin(struct bin_col *c, size_t most)
{
	c->low = NEW(double, most);
	c->high = NEW(double, most);
	c->upper = NEW(double, most);
}

void bins_end(struct bin_col *c)
{
	if (c->nbins == 0)
		c->low[0] = c->high[0] = 0;
	c->nbins += c->nbins == 0;
	for (int32_t b = 0; b + 1 < c->nbins; b++)
		c->upper[b] = midpoint(c->high[b], c->low[b + 1]);
	c->upper[c->nbins - 1] = INFINITY;
}

struct job {
	struct bins *b;
	const struct column *cols;
	const uint32_t *rows;
	const uint32_t *sample;	/* (nsample) rows of the table to find cuts from */
	size_t nsample;
	size_t max;
	size_t chunks;		/* chunks of rows */
};

static void find_numeric(const struct job *job, size_t at)
{
	struct bin_col *c = &job->b->cols[at];
	struct values v = bins_values(job->cols[at].num, job->sample, job->nsample);
	bins_begin(c, job->max);
	bins_cut(c, v.v, v.count, v.n, job->max);
	bins_end(c);
	values_free(&v);
}

/* More rows first; of equals the lower level. */
struct level {
	size_t count;
	int32_t code;
};

static int by_count(const void *a, const void *b)
{
	const struct level *x = a, *y = b;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->code < y->code ? -1 : x->code > y->code;
}

/* All rows are counted, so that a level without a bin has no row. */
static void find_levels(const struct job *job, size_t at)
{
	struct bin_col *c = &job->b->cols[at];
	const int32_t *x = job->cols[at].cat;
	size_t nlevels = (size_t)job->cols[at].nlevels, seen = 0, own = 0;
	struct level *l = NEW(struct level, nlevels + 1);
	c->cat = true;
	c->nlevels = (int32_t)nlevels;
	c->of_level = NEW(int16_t, nlevels + 1);
	for (size_t i = 0; i < nlevels; i++)
		l[i] = (struct level){ 0, (int32_t)i };
	for (size_t i = 0; i < job->b->n; i++)
		if (x[job->rows[i]] >= 0)
			l[x[job->rows[i]]].count++;
	qsort(l, nlevels, sizeof(*l), by_count);
	while (seen < nlevels && l[seen].count > 0)
		seen++;
	size_t keep = seen <= job->max ? seen : job->max - 1;
	for (size_t i = 0; i < nlevels; i++)
		c->of_level[l[i].code] = i < keep ? 0 : i < seen ? (int16_t)keep : -1;
	for (size_t i = 0; i < nlevels; i++)
		if (c->of_level[i] == 0)
			c->of_level[i] = (int16_t)own++;
	c->nbins = (int32_t)(seen == 0 ? 1 : seen == keep ? seen : keep + 1);
	free(l);
}

static void find_chunk(void *ctx, size_t at, int worker)
{
	const struct job *job = ctx;
	(void)worker;
	if (job->cols[at].kind == KIND_CATEGORY)
		find_levels(job, at);
	else
		find_numeric(job, at);
}

void bins_bounds(const struct bin_col *c, double *upper)
{
	for (size_t i = 0; i < 256; i++)
		upper[i] = i < (size_t)c->nbins ? c->upper[i] : INFINITY;
}

unsigned bins_find(const double *upper, double x)
{
	unsigned b = 0;
	for (unsigned step = 128; step > 0; step /= 2)
		b += x > upper[b + step - 1] ? step : 0;
	return b;
}

static void fill_column(const struct job *job, size_t at, size_t from, size_t to)
{
	const struct column *x = &job->cols[at];
	struct bin_col *c = &job->b->cols[at];
	uint8_t *out = job->b->cells + at / BIN_STRIDE * BIN_STRIDE * job->b->n + at % BIN_STRIDE;
	double upper[256];
	if (c->cat) {
		for (size_t i = from; i < to; i++) {
			int32_t code = x->cat[job->rows[i]];
			out[i * BIN_STRIDE] = (uint8_t)(code < 0 ? c->nbins : c->of_level[code]);
		}
		return;
	}
	bins_bounds(c, upper);
	for (size_t i = from; i < to; i++) {
		double v = x->num[job->rows[i]];
		out[i * BIN_STRIDE] = (uint8_t)(isnan(v) ? (unsigned)c->nbins : bins_find(upper, v));
	}
}

static void fill_chunk(void *ctx, size_t chunk, int worker)
{
	const struct job *job = ctx;
	size_t group = chunk / job->chunks, from = chunk % job->chunks * ROWS_A_CHUNK, to = from + ROWS_A_CHUNK;
	(void)worker;
	if (to > job->b->n)
		to = job->b->n;
	for (size_t c = group * BIN_STRIDE; c < (group + 1) * BIN_STRIDE && c < job->b->ncols; c++)
		fill_column(job, c, from, to);
}

static void missing_chunk(void *ctx, size_t at, int worker)
{
	const struct job *job = ctx;
	struct bin_col *c = &job->b->cols[at];
	const uint8_t *x = bins_col(job->b, at);
	(void)worker;
	for (size_t i = 0; i < job->b->n && !c->missing; i++)
		c->missing = x[i * BIN_STRIDE] == c->nbins;
}

struct bins *bins_new(const struct data *d, const uint32_t *rows, size_t n, int max, int min_leaf, int threads)
{
	struct bins *b = NEW0(struct bins, 1);
	size_t ncols = d->ncols, groups = (ncols + BIN_STRIDE - 1) / BIN_STRIDE;
	struct job job = { b, d->cols, rows, rows, n, (size_t)max, (n + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK };
	uint32_t *sample = NULL;
	b->n = n;
	b->ncols = b->ndense = ncols;
	b->cols = NEW0(struct bin_col, ncols + 1);
	b->id = NEW(uint32_t, ncols + 1);
	b->cells = mem_aligned(groups * n * BIN_STRIDE + 64, 1);
	memset(b->cells, 0, groups * n * BIN_STRIDE);
	if (n > SAMPLE) {
		struct rng r = rng_at(0, "tree.bins", n);
		sample = NEW(uint32_t, SAMPLE);
		rng_sample(&r, (uint32_t)n, SAMPLE, sample);
		for (size_t i = 0; i < SAMPLE; i++)
			sample[i] = rows[sample[i]];
		job.sample = sample;
		job.nsample = SAMPLE;
	}
	par_for(threads, ncols, find_chunk, &job);
	par_for(threads, groups * job.chunks, fill_chunk, &job);
	par_for(threads, ncols, missing_chunk, &job);
	free(sample);
	for (size_t c = 0; c < ncols; c++)
		b->id[c] = (uint32_t)c;
	if (d->sparse)
		bins_add_sparse(b, d->sparse, rows, (size_t)max, (size_t)min_leaf, threads);
	b->offset = NEW(size_t, b->ncols + 1);
	b->offset[0] = 0;
	for (size_t c = 0; c < b->ncols; c++) {
		const struct bin_col *x = &b->cols[c];
		b->offset[c + 1] = b->offset[c] + (size_t)(c < ncols ? x->nbins + 1 : x->nbins - (b->zero[c] < x->nbins));
	}
	b->ncells = b->offset[b->ncols] + b->ncols - ncols;
	if (d->sparse)
		bins_make_blocks(b, threads);
	return b;
}

void bins_free(struct bins *b)
{
	if (!b)
		return;
	for (size_t c = 0; c < b->ncols; c++) {
		free(b->cols[c].upper);
		free(b->cols[c].low);
		free(b->cols[c].high);
		free(b->cols[c].of_level);
	}
	for (size_t i = 0; i < b->nblocks; i++) {
		free(b->blocks[i].start);
		free(b->blocks[i].entry);
		free(b->blocks[i].col);
	}
	free(b->cols);
	free(b->id);
	free(b->offset);
	free(b->cells);
	free(b->zero);
	free(b->begin);
	free(b->row);
	free(b->bin);
	free(b->blocks);
	free(b);
}
