#include "data/sparse.h"

#include <stdbool.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/sort.h"

struct sparse sparse_new(size_t ncols)
{
	struct sparse s = { .ncols = ncols, .start = NEW(size_t, 1) };
	s.start[0] = 0;
	return s;
}

struct sparse sparse_empty(size_t ncols, size_t n)
{
	return (struct sparse){ .n = n, .ncols = ncols, .start = NEW0(size_t, n + 1), .cap_rows = n };
}

void sparse_free(struct sparse *s)
{
	free(s->start);
	free(s->col);
	free(s->val);
	*s = (struct sparse){ 0 };
}

void sparse_room(struct sparse *s, size_t rows, size_t entries)
{
	if (entries >= s->cap) {	/* even for none: col and val are no NULL then */
		s->cap = entries + 1;
		GROW(s->col, s->cap);
		GROW(s->val, s->cap);
	}
	if (rows > s->cap_rows) {
		s->cap_rows = rows;
		GROW(s->start, s->cap_rows + 1);
	}
}

void sparse_reserve(struct sparse *s, size_t k)
{
	if (s->start[s->n] + k >= s->cap)
		sparse_room(s, 0, (s->start[s->n] + k) * 2 + 64);
	if (s->n == s->cap_rows)
		sparse_room(s, s->cap_rows * 2 + 16, 0);
}

void sparse_end(struct sparse *s, size_t k)
{
	s->start[s->n + 1] = s->start[s->n] + k;
	s->n++;
}

/* Sorts the entries of a row by column; those of one column stay in their order. */
static void sort_row(int32_t *col, double *val, size_t k)
{
	uint64_t *keys = NEW(uint64_t, 2 * k), *sorted;
	double *old = mem_copy(val, k, sizeof(*val));
	for (size_t i = 0; i < k; i++)
		keys[i] = (uint64_t)col[i] << 32 | i;
	sorted = sort_u64(keys, keys + k, k, 32);
	for (size_t i = 0; i < k; i++) {
		col[i] = (int32_t)(sorted[i] >> 32);
		val[i] = old[(uint32_t)sorted[i]];
	}
	free(keys);
	free(old);
}

size_t sparse_tidy(int32_t *col, double *val, size_t k)
{
	size_t kept = 0;
	for (size_t i = 1; i < k; i++)
		if (col[i] < col[i - 1]) {
			sort_row(col, val, k);
			break;
		}
	for (size_t i = 0; i < k;) {
		int32_t c = col[i];
		double sum = val[i++];
		for (; i < k && col[i] == c; i++)
			sum += val[i];
		if (sum == 0)
			continue;
		col[kept] = c;
		val[kept++] = sum;
	}
	return kept;
}

struct sparse sparse_pick(const struct sparse *s, const uint32_t *rows, size_t n)
{
	struct sparse to = sparse_new(s->ncols);
	for (size_t i = 0; i < n; i++) {
		size_t from = s->start[rows[i]], k = s->start[rows[i] + 1] - from;
		sparse_reserve(&to, k);
		if (k) {
			memcpy(to.col + to.start[i], s->col + from, k * sizeof(*to.col));
			memcpy(to.val + to.start[i], s->val + from, k * sizeof(*to.val));
		}
		sparse_end(&to, k);
	}
	return to;
}

struct sparse sparse_over(const struct sparse *a, const struct sparse *b, size_t first)
{
	struct sparse s = sparse_new(a->ncols);
	for (size_t r = 0; r < a->n; r++) {
		size_t i = a->start[r], j = b->start[first + r], end = a->start[r + 1], stop = b->start[first + r + 1], k = 0;
		sparse_reserve(&s, end - i + stop - j);
		int32_t *col = s.col + s.start[r];
		double *val = s.val + s.start[r];
		for (; i < end || j < stop; k++) {
			bool of_b = i == end || (j < stop && b->col[j] <= a->col[i]);
			i += of_b && i < end && b->col[j] == a->col[i];
			col[k] = of_b ? b->col[j] : a->col[i];
			val[k] = of_b ? b->val[j++] : a->val[i++];
		}
		sparse_end(&s, k);
	}
	return s;
}

size_t sparse_from(const struct sparse *s, size_t row, size_t col)
{
	size_t low = s->start[row], high = s->start[row + 1];
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if ((size_t)s->col[mid] < col)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct stack {
	struct sparse *parts, *to;
	size_t *row;	/* (parts) first row of each in the whole */
};

static void copy_part(void *ctx, size_t i, int worker)
{
	const struct stack *c = ctx;
	struct sparse *p = &c->parts[i];
	size_t base = c->to->start[c->row[i]], n = sparse_nnz(p);
	(void)worker;
	for (size_t r = 1; r < p->n; r++)	/* the last row's end, which is the next part's start, is there */
		c->to->start[c->row[i] + r] = base + p->start[r];
	if (n) {
		memcpy(c->to->col + base, p->col, n * sizeof(*p->col));
		memcpy(c->to->val + base, p->val, n * sizeof(*p->val));
	}
	sparse_free(p);
}

void sparse_append(struct sparse *s, struct sparse *parts, size_t n, int threads)
{
	size_t rows = s->n, entries = sparse_nnz(s);
	struct stack c = { parts, s, NEW(size_t, n) };
	for (size_t i = 0; i < n; i++) {
		c.row[i] = rows;
		rows += parts[i].n;
		entries += sparse_nnz(&parts[i]);
	}
	sparse_room(s, rows, entries);
	for (size_t i = 0; i < n; i++) {
		s->start[c.row[i] + parts[i].n] = s->start[c.row[i]] + sparse_nnz(&parts[i]);
		s->n += parts[i].n;
	}
	par_for(threads, n, copy_part, &c);
	free(c.row);
}

struct sparse sparse_beside(const struct sparse *const *parts, size_t n)
{
	size_t ncols = 0, nnz = 0, rows = n ? parts[0]->n : 0;
	for (size_t i = 0; i < n; i++) {
		ncols += parts[i]->ncols;
		nnz += sparse_nnz(parts[i]);
	}
	struct sparse s = { .ncols = ncols, .cap = nnz, .cap_rows = rows, .start = NEW(size_t, rows + 1),
			    .col = NEW(int32_t, nnz), .val = NEW(double, nnz) };
	s.start[0] = 0;
	for (size_t r = 0; r < rows; r++) {
		size_t at = s.start[r], base = 0;
		for (size_t i = 0; i < n; i++) {
			const struct sparse *p = parts[i];
			for (size_t e = p->start[r]; e < p->start[r + 1]; e++, at++) {
				s.col[at] = (int32_t)base + p->col[e];
				s.val[at] = p->val[e];
			}
			base += p->ncols;
		}
		sparse_end(&s, at - s.start[r]);
	}
	return s;
}

#define RANGES 8	/* most row ranges that are turned side by side; each has its own column counts */

struct turn {
	const struct sparse *s;
	const uint32_t *rows;
	size_t first, n;
	struct sparse *t;
	size_t ranges;
	size_t *count;	/* (ranges, ncols), then where the range's entries of a column go */
};

static size_t turn_row(const struct turn *c, size_t i)
{
	return c->rows ? c->rows[i] : c->first + i;
}

static void count_range(void *ctx, size_t range, int worker)
{
	const struct turn *c = ctx;
	size_t *count = c->count + range * c->s->ncols;
	(void)worker;
	for (size_t i = range * c->n / c->ranges; i < (range + 1) * c->n / c->ranges; i++) {
		size_t r = turn_row(c, i);
		for (size_t e = c->s->start[r]; e < c->s->start[r + 1]; e++)
			count[c->s->col[e]]++;
	}
}

static void turn_range(void *ctx, size_t range, int worker)
{
	const struct turn *c = ctx;
	size_t *at = c->count + range * c->s->ncols;
	(void)worker;
	for (size_t i = range * c->n / c->ranges; i < (range + 1) * c->n / c->ranges; i++) {
		size_t r = turn_row(c, i);
		for (size_t e = c->s->start[r]; e < c->s->start[r + 1]; e++) {
			size_t to = at[c->s->col[e]]++;
			c->t->col[to] = (int32_t)i;
			c->t->val[to] = c->s->val[e];
		}
	}
}

struct sparse sparse_transpose(const struct sparse *s, const uint32_t *rows, size_t first, size_t n, int threads)
{
	struct sparse t = { .n = s->ncols, .ncols = n, .cap_rows = s->ncols, .start = NEW(size_t, s->ncols + 1) };
	size_t sum = 0;
	/* counts of many columns cost more than the rows of few entries that they save */
	struct turn c = { s, rows, first, n, &t, s->ncols > sparse_nnz(s) / 4 || n < RANGES ? 1 : RANGES, NULL };
	c.count = NEW0(size_t, c.ranges * s->ncols);
	par_for(threads, c.ranges, count_range, &c);
	for (size_t j = 0; j < s->ncols; j++) {
		t.start[j] = sum;
		for (size_t i = 0; i < c.ranges; i++) {
			size_t k = c.count[i * s->ncols + j];
			c.count[i * s->ncols + j] = sum;
			sum += k;
		}
	}
	t.start[s->ncols] = t.cap = sum;
	t.col = NEW(int32_t, sum);
	t.val = NEW(double, sum);
	par_for(threads, c.ranges, turn_range, &c);
	free(c.count);
	return t;
}

double sparse_dot(const struct sparse *s, size_t row, const double *x)
{
	size_t e = s->start[row], end = s->start[row + 1];
	double sum[4] = { 0 };	/* one alone would wait for each addition */
	for (; e + 4 <= end; e += 4)
		for (size_t l = 0; l < 4; l++)
			sum[l] += s->val[e + l] * x[s->col[e + l]];
	for (size_t l = 0; e < end; e++, l++)
		sum[l] += s->val[e] * x[s->col[e]];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void sparse_dots(const struct sparse *s, size_t row, size_t k, const double *x, double *out)
{
	if (k == 1) {
		out[0] += sparse_dot(s, row, x);
		return;
	}
	for (size_t e = s->start[row]; e < s->start[row + 1]; e++)
		for (size_t o = 0; o < k; o++)
			out[o] += s->val[e] * x[(size_t)s->col[e] * k + o];
}

double sparse_product(const struct sparse *a, size_t row_a, const struct sparse *b, size_t row_b)
{
	size_t i = a->start[row_a], j = b->start[row_b];
	double sum = 0;
	while (i < a->start[row_a + 1] && j < b->start[row_b + 1]) {
		if (a->col[i] == b->col[j])
			sum += a->val[i] * b->val[j];
		int32_t ca = a->col[i], cb = b->col[j];
		i += ca <= cb;
		j += cb <= ca;
	}
	return sum;
}

double sparse_cosine(const struct sparse *a, size_t row_a, const struct sparse *b, size_t row_b)
{
	double lengths = sqrt(sparse_product(a, row_a, a, row_a)) * sqrt(sparse_product(b, row_b, b, row_b));
	return lengths > 0 ? sparse_product(a, row_a, b, row_b) / lengths : 0;
}
