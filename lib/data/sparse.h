/*
 * A matrix of few entries, by rows (CSR): row i has the entries start[i] ..
 * start[i + 1] - 1, columns ascending, each once. What is not there is 0.
 */
#ifndef DLS_DATA_SPARSE_H
#define DLS_DATA_SPARSE_H

#include <stddef.h>
#include <stdint.h>

struct sparse {
	size_t n, ncols;
	size_t *start;		/* (n + 1) */
	int32_t *col;		/* (start[n]) 0 .. ncols - 1 */
	double *val;		/* (start[n]) finite */
	size_t cap, cap_rows;	/* room of col and val; of start, less 1 */
};

struct sparse sparse_new(size_t ncols);			/* no rows yet */
struct sparse sparse_empty(size_t ncols, size_t n);	/* n rows without an entry */
void sparse_free(struct sparse *s);			/* leaves it empty; a zeroed one is fine */

void sparse_room(struct sparse *s, size_t rows, size_t entries);	/* for so many in all */
/* Room for one more row of k entries at most: fill col[] and val[] from start[n] on, then call sparse_end(). */
void sparse_reserve(struct sparse *s, size_t k);
void sparse_end(struct sparse *s, size_t k);		/* the row has k entries */

static inline size_t sparse_nnz(const struct sparse *s)
{
	return s->n ? s->start[s->n] : 0;
}

/* The k entries of a row in any order: sorts them, adds up those of one column and leaves zeros out; how many are left. */
size_t sparse_tidy(int32_t *col, double *val, size_t k);

/* n rows from first on, as a matrix that borrows them. */
static inline struct sparse sparse_view(const struct sparse *s, size_t first, size_t n)
{
	return (struct sparse){ .n = n, .ncols = s->ncols, .start = s->start + first, .col = s->col, .val = s->val };
}

struct sparse sparse_pick(const struct sparse *s, const uint32_t *rows, size_t n);	/* these rows (n), copied */

/* The rows of a with the entries of b's rows, from first on; where both have a column, those of b. */
struct sparse sparse_over(const struct sparse *a, const struct sparse *b, size_t first);

/* The row's first entry of column col or a later one; the row's end when it has none. */
size_t sparse_from(const struct sparse *s, size_t row, size_t col);

/* The rows of parts (n) below those of s; the parts' arrays are freed. */
void sparse_append(struct sparse *s, struct sparse *parts, size_t n, int threads);

/* Parts (n) side by side, all of the same rows; they stay. */
struct sparse sparse_beside(const struct sparse *const *parts, size_t n);

/*
 * The transposed of n rows, those in rows or, where that is NULL, from first
 * on: row j has the entries of column j in the order of these rows, numbered
 * from 0.
 */
struct sparse sparse_transpose(const struct sparse *s, const uint32_t *rows, size_t first, size_t n, int threads);

/* The product of two rows, of matrices with the same columns. */
double sparse_product(const struct sparse *a, size_t row_a, const struct sparse *b, size_t row_b);

/* The cosine of two rows; 0 when one is 0. */
double sparse_cosine(const struct sparse *a, size_t row_a, const struct sparse *b, size_t row_b);

/* The row's product with x (ncols); out (k) += the row's product with x (ncols, k). In an order of its own, always the same. */
double sparse_dot(const struct sparse *s, size_t row, const double *x);
void sparse_dots(const struct sparse *s, size_t row, size_t k, const double *x, double *out);

#endif
