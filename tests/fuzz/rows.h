/* All cells and features of an input, read to the last byte so that a sanitizer sees them. */
#ifndef DLS_TESTS_FUZZ_ROWS_H
#define DLS_TESTS_FUZZ_ROWS_H

#include <math.h>

#include "base/die.h"
#include "data/reader.h"
#include "data/table.h"
#include "world.h"

static inline void check_features(const struct reader *r, const struct block *b)
{
	const struct entries *e = &b->entries;
	for (size_t i = 0; e->start && i < e->start[b->nrows]; i++)
		if (!isfinite(e->value[i]) || e->feature[i] < 0 ||
		    (!reader_is_numbered(r) && e->feature[i] >= reader_nfeatures(r)))
			bug("a feature that is none");
	for (size_t i = 0; i < b->nrows; i++) {
		if (e->start && (e->start[i] > e->start[i + 1] || (!b->sparse[i] && e->start[i] < e->start[i + 1])))
			bug("features of other rows");
		for (size_t k = 0; b->texts && k < b->texts[i].n; k++)
			if (b->texts[i].s[k] == '\n')
				bug("a line of two");
	}
}

static inline void read_rows(const uint8_t *data, size_t n, const char *format)
{
	fuzz_stdin(data, n);
	struct reader *r = reader_open(NULL, (struct reader_opts){ format, n % 2, 1 });
	uint64_t rows = 0;
	for (const struct block *b; (b = reader_next(r)); rows += b->nrows) {
		if (b->first != rows || b->nrows == 0 || b->ncols > reader_ncols(r))
			bug("a block that does not follow");
		for (size_t i = 0; i < b->nrows * b->ncols; i++)
			is_missing(b->cells[i], NULL);
		check_features(r, b);
	}
	reader_close(r);
	fuzz_stdin(data, n);
	r = reader_open(NULL, (struct reader_opts){ format, n % 2, 1 });
	struct table *t = tab_read(r, &(struct tab_spec){ .threads = 1 });
	if (t->nrows != rows)
		bug("a table of other rows");
	if (t->features.start && t->features.start[rows] > n)
		bug("more features than bytes");
	for (size_t c = 0; c < t->ncols; c++)
		tab_categorize(t, c);
	tab_free(t);
	reader_close(r);
}

#endif
