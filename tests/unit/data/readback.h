/* What a reader gives, as one text. */
#ifndef DLS_UNIT_DATA_READBACK_H
#define DLS_UNIT_DATA_READBACK_H

#include "unit.h"

#include "data/reader.h"

/* Appends what is beside the cells of row i of a block; or NULL. */
typedef void beside_fn(struct reader *r, const struct block *b, size_t i, struct str *t);

/* Names of columns, then "line: cell|cell" and what is beside them for each row; ~ is an absent cell. Closes the reader. */
static inline char *reader_text(struct reader *r, beside_fn *beside)
{
	struct str names = { 0 }, t = { 0 };
	uint64_t rows = 0;
	for (const struct block *b; (b = reader_next(r)); rows += b->nrows) {
		ck_assert(b->nrows > 0 && b->first == rows);
		for (size_t i = 0; i < b->nrows; i++) {
			str_printf(&t, "%d: ", (int)b->lines[i]);
			for (size_t c = 0; c < b->ncols; c++) {
				struct slice cell = b->cells[i * b->ncols + c];
				str_puts(&t, c ? "|" : "");
				str_add(&t, cell.s ? cell.s : "~", cell.s ? cell.n : 1);
			}
			if (beside)
				beside(r, b, i, &t);
			str_putc(&t, '\n');
		}
	}
	for (size_t c = 0; c < reader_ncols(r); c++)
		str_printf(&names, "%s%s", c ? "|" : "", reader_name(r, c));
	str_putc(&names, '\n');
	str_add(&names, t.s ? t.s : "", t.n);
	str_free(&t);
	reader_close(r);
	return str_take(&names);
}

#endif
