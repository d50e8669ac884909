#include "data/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

bool is_missing(struct slice cell, const char *const *extra)
{
	static const char *const usual[] = { "NA", "NaN", "nan", "null", "?" };
	cell = slice_trim(cell);
	if (cell.n == 0)
		return true;
	for (size_t i = 0; i < 5; i++)
		if (slice_eq(cell, usual[i]))
			return true;
	for (; extra && *extra; extra++)
		if (slice_eq(cell, *extra))
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_value(const void *a, const void *b)
{
	const char *s = *(const char *const *)a, *t = *(const char *const *)b;
	double x, y;
	num_parse(s, strlen(s), &x);
	num_parse(t, strlen(t), &y);
	return x < y ? -1 : x > y ? 1 : strcmp(s, t);
}

bool level_sort(const char **levels, size_t n)
{
	bool numbers = true;
	double x;
	for (size_t i = 0; i < n; i++)
		numbers = numbers && num_parse(levels[i], strlen(levels[i]), &x) && isfinite(x);
	if (n)
		qsort(levels, n, sizeof(*levels), numbers ? by_value : by_bytes);
	return numbers;
}

static bool listed(const char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

struct raw { struct slice **text; };

static char ***keep_text;

struct table *tab_read(struct reader *r, const struct tab_spec *spec)
{
	struct table *t = NEW0(struct table, 1);
	size_t ncols = reader_ncols(r), cap = 0;
	char ***text = NEW0(char **, ncols);
	t->arena = arena_new();
	for (const struct block *b; (b = reader_next(r));) {
		if (t->nrows + b->nrows > cap) {
			cap = (t->nrows + b->nrows) * 2;
			for (size_t c = 0; c < ncols; c++)
				GROW(text[c], cap);
		}
		for (size_t i = 0; i < b->nrows; i++)
			for (size_t c = 0; c < ncols; c++) {
				struct slice s = slice_trim(b->cells[i * ncols + c]);
				text[c][t->nrows + i] = is_missing(s, spec->missing) ? NULL : arena_strn(t->arena, s.s, s.n);
			}
		t->nrows += b->nrows;
	}
	t->hash = reader_hash(r);
	t->cols = NEW0(struct column, ncols);
	keep_text = NEW0(char **, ncols);
	for (size_t c = 0; c < ncols; c++) {
		const char *name = reader_name(r, c);
		bool number = !listed(spec->categorical, name);
		if (listed(spec->drop, name))
			continue;
		struct column *col = &t->cols[t->ncols];
		*col = (struct column){ .name = arena_strn(t->arena, name, strlen(name)), .num = NEW(double, t->nrows) };
		keep_text[t->ncols] = text[c];
		for (size_t i = 0; i < t->nrows; i++) {
			col->num[i] = NAN;
			if (text[c][i] && !num_parse(text[c][i], strlen(text[c][i]), &col->num[i]))
				number = false;
		}
		if (!number)
			tab_categorize(t, t->ncols);
		t->ncols++;
	}
	return t;
}

size_t tab_find(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (strcmp(t->cols[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

void tab_categorize(struct table *t, size_t c)
{
	struct column *col = &t->cols[c];
	struct dict *d = dict_new(), *e = dict_new();
	if (col->kind == KIND_CATEGORY)
		return;
	col->kind = KIND_CATEGORY;
	free(col->num);
	col->num = NULL;
	for (size_t i = 0; i < t->nrows; i++)
		if (keep_text[c][i])
			dict_add(d, keep_text[c][i], strlen(keep_text[c][i]));
	col->nlevels = dict_size(d);
	col->levels = NEW(const char *, (size_t)col->nlevels);
	for (int32_t i = 0; i < col->nlevels; i++)
		col->levels[i] = dict_text(d, i);
	level_sort(col->levels, (size_t)col->nlevels);
	for (int32_t i = 0; i < col->nlevels; i++)
		dict_add(e, col->levels[i], strlen(col->levels[i]));
	col->cat = NEW(int32_t, t->nrows);
	for (size_t i = 0; i < t->nrows; i++)
		col->cat[i] = keep_text[c][i] ? dict_find(e, keep_text[c][i], strlen(keep_text[c][i])) : -1;
}

void tab_free(struct table *t)
{
	free(t);
}
