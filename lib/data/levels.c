/* What a cell means: missing or not; and the order of levels. */
#include "data/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

bool is_missing(struct slice cell, const char *const *extra)
{
	static const char *const usual[] = { "NA", "NaN", "nan", "null", "?" };
	cell = slice_trim(cell);
	if (cell.n == 0)
		return true;
	bool maybe = *cell.s == 'N' || *cell.s == 'n' || *cell.s == '?';
	for (size_t i = 0; maybe && i < sizeof(usual) / sizeof(*usual); i++)
		if (slice_eq(cell, usual[i]))
			return true;
	for (; extra && *extra; extra++)
		if (slice_eq(cell, *extra))
			return true;
	return false;
}

struct slice image_cell(struct slice cell, const char *const *extra)
{
	return is_missing(cell, extra) ? (struct slice){ "", 0 } : cell;
}

struct level {
	double value;
	const char *text;
};

static int by_value(const void *a, const void *b)
{
	const struct level *s = a, *t = b;
	if (s->value != t->value)
		return s->value < t->value ? -1 : 1;
	return strcmp(s->text, t->text);
}

bool level_sort(const char **levels, size_t n)
{
	struct level *l = NEW(struct level, n);
	bool numbers = true;
	for (size_t i = 0; i < n; i++) {
		l[i].text = levels[i];
		numbers = numbers && num_parse(levels[i], strlen(levels[i]), &l[i].value) && isfinite(l[i].value);
	}
	for (size_t i = 0; i < n && !numbers; i++)
		l[i].value = 0;
	if (n)
		qsort(l, n, sizeof(*l), by_value);
	for (size_t i = 0; i < n; i++)
		levels[i] = l[i].text;
	free(l);
	return numbers;
}
