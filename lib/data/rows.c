#include "data/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/csvout.h"
#include "data/table.h"

static void put_cells(struct str *t, const struct slice *cells, size_t n)
{
	for (size_t c = 0; c < n; c++) {
		if (c)
			str_putc(t, ',');
		csv_put(t, cells[c]);
	}
}

static void add_block(struct rows *rows, const struct reader *r, const struct block *b, size_t key)
{
	GROW(rows->start, rows->n + b->nrows + 1);
	if (key != SIZE_MAX)
		GROW(rows->key, rows->n + b->nrows);
	for (size_t i = 0; i < b->nrows; i++) {
		const struct slice *cells = b->cells + i * b->ncols;
		rows->start[rows->n] = rows->text.n;
		if (b->texts)
			str_add(&rows->text, b->texts[i].s, b->texts[i].n);
		else if (b->sparse && b->sparse[i])
			die(ST_DATA, "%s:%" PRIu64 ": an object inside a row, which CSV cannot hold; only rows of svmlight and VW are copied "
			    "as they are", reader_where(r), b->lines[i]);
		else
			put_cells(&rows->text, cells, b->ncols);
		str_putc(&rows->text, '\n');
		if (key != SIZE_MAX) {
			struct slice k = slice_trim(cells[key]);
			rows->key[rows->n] = dict_add(rows->texts, k.n ? k.s : "", k.n);
		}
		rows->n++;
	}
	rows->start[rows->n] = rows->text.n;
}

/* Numbers the keys by the sorted texts instead of by arrival. */
static void sort_keys(struct rows *rows)
{
	struct dict *place = dict_new();
	rows->nlevels = dict_size(rows->texts);
	rows->levels = NEW(const char *, (size_t)rows->nlevels);
	for (int32_t i = 0; i < rows->nlevels; i++)
		rows->levels[i] = dict_text(rows->texts, i);
	level_sort(rows->levels, (size_t)rows->nlevels);
	for (int32_t i = 0; i < rows->nlevels; i++)
		dict_add(place, rows->levels[i], strlen(rows->levels[i]));
	for (size_t i = 0; rows->key && i < rows->n; i++) {
		const char *text = dict_text(rows->texts, rows->key[i]);
		rows->key[i] = dict_find(place, text, strlen(text));
	}
	dict_free(place);
}

/* Rows from `from` on had so many columns when they were read. */
struct width {
	size_t from, ncols;
};

/* Gives the rows that were read before a JSON key came up an empty cell for it. */
static void widen(struct rows *rows, const struct width *widths, size_t n, size_t ncols)
{
	struct str text = { 0 };
	size_t at = 0;
	for (size_t i = 0; i < rows->n; i++) {
		size_t start = rows->start[i];
		while (at + 1 < n && widths[at + 1].from <= i)
			at++;
		rows->start[i] = text.n;
		str_add(&text, rows->text.s + start, rows->start[i + 1] - start - 1);
		for (size_t c = widths[at].ncols; c < ncols; c++)
			str_putc(&text, ',');
		str_putc(&text, '\n');
	}
	rows->start[rows->n] = text.n;
	str_free(&rows->text);
	rows->text = text;
}

void rows_read(struct rows *rows, struct reader *r, size_t key)
{
	struct width *widths = NULL;
	size_t n = 0;
	*rows = (struct rows){ .texts = dict_new(), .lines = reader_is_lines(r) };
	for (const struct block *b; (b = reader_next(r));) {
		if (n == 0 || b->ncols != widths[n - 1].ncols) {
			GROW(widths, n + 1);
			widths[n++] = (struct width){ rows->n, b->ncols };
		}
		add_block(rows, r, b, key);
	}
	if (n > 1)
		widen(rows, widths, n, reader_ncols(r));
	free(widths);
	sort_keys(rows);
	for (size_t c = 0; !rows->lines && c < reader_ncols(r); c++) {
		if (c)
			str_putc(&rows->header, ',');
		csv_put(&rows->header, slice_of(reader_name(r, c)));
	}
}

double *rows_times(const struct rows *rows)
{
	double *t = NEW(double, rows->n);
	bool numbers = true;
	for (int32_t i = 0; numbers && i < rows->nlevels; i++)
		numbers = num_parse(rows->levels[i], strlen(rows->levels[i]), &(double){ 0 });
	for (size_t i = 0; i < rows->n; i++) {
		const char *text = rows->levels[rows->key[i]];
		t[i] = rows->key[i];
		if (numbers)
			num_parse(text, strlen(text), &t[i]);
	}
	return t;
}

void rows_refuse_missing(const struct rows *rows, const char *column)
{
	for (size_t i = 0; i < rows->n; i++)
		if (is_missing(slice_of(rows->levels[rows->key[i]]), NULL))
			die(ST_DATA, "the column '%s' is missing in data row %zu; remove such rows", column, i + 1);
}

void rows_free(struct rows *rows)
{
	str_free(&rows->header);
	str_free(&rows->text);
	free(rows->start);
	free(rows->key);
	free(rows->levels);
	dict_free(rows->texts);
}
