#include "ensemble/method.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/csvout.h"
#include "data/reader.h"

#define MOST_LABELS 1000	/* of a vote on labels; more are no labels */
#define NONE SIZE_MAX

/* What a column of the first file is. */
enum role { COPY, VALUE, DECISION };

struct files {
	const char *const *paths;	/* (m) */
	size_t m, n, ncols, k;
	char **names;			/* (ncols) of the first file */
	enum role *roles;		/* (ncols) */
	size_t *values;			/* (k) columns that are blended */
	double **p;			/* (m) of (n, k) */
	struct str text;		/* cells to copy, row by row */
	size_t *ends;			/* (n * ncols) where each cell ends in text; empty for others */
	size_t cap;			/* rows there is room for */
	struct dict *labels;		/* of a vote on labels, whose codes are in p; else NULL */
};

/* ---- the columns ---- */

/* Decides by the first file's names what is blended, see ensemble_files(). */
static void find_roles(struct files *fs, const struct reader *r, bool vote)
{
	size_t one;
	fs->ncols = reader_ncols(r);
	fs->names = NEW(char *, fs->ncols);
	fs->roles = NEW0(enum role, fs->ncols);
	fs->values = NEW(size_t, fs->ncols);
	for (size_t c = 0; c < fs->ncols; c++) {
		fs->names[c] = mem_str(reader_name(r, c));
		if (strncmp(fs->names[c], "p:", 2) == 0)
			fs->values[fs->k++] = c;
	}
	one = reader_find(r, "prediction");
	if (fs->k == 0)
		fs->values[fs->k++] = one == NONE ? fs->ncols - 1 : one;
	else if (fs->k > 1 && one != NONE)
		fs->roles[one] = DECISION;
	for (size_t v = 0; v < fs->k; v++)
		fs->roles[fs->values[v]] = VALUE;
	if (vote && fs->k == 1)
		fs->labels = dict_new();
}

/* Columns of file j in the order of the first file's; dies when they are not the same. */
static size_t *map_columns(const struct files *fs, const struct reader *r)
{
	size_t *map = NEW(size_t, fs->ncols);
	for (size_t c = 0; c < fs->ncols; c++) {
		map[c] = reader_find(r, fs->names[c]);
		if (map[c] == NONE)
			die(ST_DATA, "%s: there is no column '%s', which %s has", reader_where(r), fs->names[c], fs->paths[0]);
	}
	if (reader_ncols(r) != fs->ncols)
		die(ST_DATA, "%s: %zu columns, but %s has %zu", reader_where(r), reader_ncols(r), fs->paths[0], fs->ncols);
	return map;
}

/* ---- the rows ---- */

_Noreturn static void bad_cell(const struct reader *r, uint64_t line, const char *name, struct slice cell, const char *what)
{
	die(ST_DATA, "%s:%" PRIu64 ": column '%s' is '%.*s', %s", reader_where(r), line, name, (int)(cell.n < 80 ? cell.n : 80),
	    cell.s ? cell.s : "", what);
}

static double value_of(struct files *fs, const struct reader *r, uint64_t line, size_t col, struct slice cell)
{
	double x;
	cell = slice_trim(cell);
	if (fs->labels) {
		if (cell.n == 0)
			bad_cell(r, line, fs->names[col], cell, "not a label");
		x = dict_add(fs->labels, cell.s, cell.n);
		if (dict_size(fs->labels) > MOST_LABELS)
			bad_cell(r, line, fs->names[col], cell, "one of too many; vote counts labels");
	} else if (!num_parse(cell.s, cell.n, &x) || !isfinite(x)) {
		bad_cell(r, line, fs->names[col], cell, "not a number");
	}
	return x;
}

static void make_room(struct files *fs, size_t rows)
{
	if (rows <= fs->cap)
		return;
	fs->cap = rows * 2;
	GROW(fs->ends, fs->cap * fs->ncols);
	GROW(fs->p[0], fs->cap * fs->k);
}

/* Keeps a cell of the first file, or compares it with the one that is kept. */
static void copy_cell(struct files *fs, size_t j, const struct reader *r, uint64_t line, size_t row, size_t c, struct slice cell)
{
	size_t at = row * fs->ncols + c, begin = at ? fs->ends[at - 1] : 0;
	if (j == 0) {
		if (fs->roles[c] == COPY)
			str_add(&fs->text, cell.s ? cell.s : "", cell.n);
		fs->ends[at] = fs->text.n;
	} else if (fs->roles[c] == COPY && (cell.n != fs->ends[at] - begin ||
					    (cell.n && memcmp(cell.s, fs->text.s + begin, cell.n) != 0))) {
		struct str s = { 0 };
		str_puts(&s, "but in ");
		str_printf(&s, "%s data row %zu has '", fs->paths[0], row + 1);
		str_add(&s, fs->text.s + begin, fs->ends[at] - begin);
		str_puts(&s, "'; the files must have the same rows in the same order");
		bad_cell(r, line, fs->names[c], cell, s.s);
	}
}

static void read_row(struct files *fs, size_t j, const struct reader *r, const struct block *b, size_t i, const size_t *map)
{
	const struct slice *cells = b->cells + i * b->ncols;
	size_t row = b->first + i;
	for (size_t c = 0; c < fs->ncols; c++)
		copy_cell(fs, j, r, b->lines[i], row, c, map[c] < b->ncols ? cells[map[c]] : (struct slice){ NULL, 0 });
	for (size_t v = 0; v < fs->k; v++) {
		size_t c = fs->values[v];
		fs->p[j][row * fs->k + v] = value_of(fs, r, b->lines[i], c, map[c] < b->ncols ? cells[map[c]] :
						     (struct slice){ NULL, 0 });
	}
}

static void read_file(struct files *fs, size_t j, bool vote, int threads)
{
	struct reader *r = reader_open(fs->paths[j], (struct reader_opts){ .format = "auto", .header = true, .threads = threads });
	size_t rows = 0;
	if (j == 0)
		find_roles(fs, r, vote);
	else
		fs->p[j] = NEW(double, fs->n * fs->k);
	size_t *map = map_columns(fs, r);
	for (const struct block *b; (b = reader_next(r)); rows += b->nrows) {
		if (j == 0)
			make_room(fs, rows + b->nrows);
		else if (rows + b->nrows > fs->n)
			die(ST_DATA, "%s: more rows than the %zu of %s", reader_where(r), fs->n, fs->paths[0]);
		for (size_t i = 0; i < b->nrows; i++)
			read_row(fs, j, r, b, i, map);
	}
	if (j == 0)
		fs->n = rows;
	if (rows != fs->n)
		die(ST_DATA, "%s: %zu rows, but %s has %zu", reader_where(r), rows, fs->paths[0], fs->n);
	free(map);
	reader_close(r);
}

/* ---- the blend ---- */

/* Codes of labels become one column for each label, 1 where the file has it. */
static void spread_labels(struct files *fs)
{
	size_t k = (size_t)dict_size(fs->labels);
	k = k ? k : 1;
	for (size_t j = 0; j < fs->m; j++) {
		double *p = NEW0(double, fs->n * k);
		for (size_t r = 0; r < fs->n; r++)
			p[r * k + (size_t)fs->p[j][r]] = 1;
		free(fs->p[j]);
		fs->p[j] = p;
	}
	fs->k = k;
}

static void check_range(const struct files *fs, const struct method *me, double most)
{
	for (size_t j = 0; j < fs->m; j++)
		for (size_t i = 0; i < fs->n * fs->k; i++)
			if (fs->p[j][i] < 0 || fs->p[j][i] > most)
				die(ST_DATA, "%s: data row %zu holds %g; %s wants numbers from 0%s", fs->paths[j], i / fs->k + 1,
				    fs->p[j][i], me->family->name, most < 2 ? " to 1" : "");
}

/* The blended values (n, k). */
static double *blend(struct files *fs, const struct method *me, const double *weights)
{
	double *out = NEW(double, fs->n * fs->k);
	struct combine c = combine_new(fs->m, (int32_t)fs->k, weights);
	struct level lv = { .n = fs->n, .m = fs->m, .k = c.k, .p = fs->p };
	if (me->learn && fs->n)
		me->learn(&c, &lv, NULL);
	me->apply(&c, (const double *const *)fs->p, fs->n, out);
	combine_free(&c);
	return out;
}

static size_t most_probable(const double *p, size_t k)
{
	size_t best = 0;
	for (size_t c = 1; c < k; c++)
		if (p[c] > p[best])
			best = c;
	return best;
}

static void put_row(const struct files *fs, const double *p, size_t row, struct str *s)
{
	char buf[NUM_MAX];
	size_t v = 0;
	for (size_t c = 0; c < fs->ncols; c++) {
		size_t at = row * fs->ncols + c, begin = at ? fs->ends[at - 1] : 0;
		if (c)
			str_putc(s, ',');
		if (fs->roles[c] == COPY)
			csv_put(s, (struct slice){ fs->text.s + begin, fs->ends[at] - begin });
		else if (fs->roles[c] == DECISION)
			csv_put(s, slice_of(fs->names[fs->values[most_probable(p, fs->k)]] + 2));
		else if (fs->labels)
			csv_put(s, slice_of(dict_text(fs->labels, (int32_t)most_probable(p, fs->k))));
		else
			str_add(s, buf, num_print(buf, p[v++]));
	}
	str_putc(s, '\n');
}

static void put_all(const struct files *fs, const double *p, struct out *out)
{
	struct str s = { 0 };
	for (size_t c = 0; c < fs->ncols; c++) {
		if (c)
			str_putc(&s, ',');
		csv_put(&s, slice_of(fs->names[c]));
	}
	str_putc(&s, '\n');
	for (size_t r = 0; r < fs->n; r++) {
		put_row(fs, p + r * fs->k, r, &s);
		out_write(out, s.s, s.n);
		s.n = 0;
	}
	out_write(out, s.s, s.n);
	str_free(&s);
}

static void files_free(struct files *fs)
{
	for (size_t j = 0; j < fs->m; j++)
		free(fs->p[j]);
	for (size_t c = 0; c < fs->ncols; c++)
		free(fs->names[c]);
	free(fs->p);
	free(fs->names);
	free(fs->roles);
	free(fs->values);
	free(fs->ends);
	str_free(&fs->text);
	dict_free(fs->labels);
}

void ensemble_files(const struct family *f, const struct method_opts *opts, const char *const *paths, size_t n,
		    const struct ensemble_opts *o, struct out *out)
{
	const struct method *me = method_of(f->name);
	struct files fs = { .paths = paths, .m = n, .p = NEW0(double *, n) };
	double *weights = method_weights(opts, n);
	if (me->learn && me->learn != learn_rank)
		die(ST_USAGE, "%s learns from the out-of-fold predictions inside models; --predictions takes mean, logit-mean, gmean, "
		    "rank, median and vote", f->name);
	for (size_t j = 0; j < n; j++)
		read_file(&fs, j, strcmp(f->name, "vote") == 0, cmd_threads(o->threads));
	if (fs.labels)
		spread_labels(&fs);
	if (fs.k > 1 || strcmp(f->name, "logit-mean") == 0)
		check_range(&fs, me, 1);
	else if (strcmp(f->name, "gmean") == 0)
		check_range(&fs, me, INFINITY);
	double *p = blend(&fs, me, weights);
	put_all(&fs, p, out);
	free(p);
	free(weights);
	files_free(&fs);
}
