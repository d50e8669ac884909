/*
 * The window of a megabyte or so is cut into pieces of 64 KiB, each at the
 * first record end that follows: one where the number of quotes before it is
 * even. (A quote in a wrong place spoils that count, but then the piece that
 * holds it is faulty, and nothing after it is used.) Counting the lines of each
 * piece first gives its place in the block, so that all pieces are read in
 * parallel into one array of cells.
 */
#include "data/csvrows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/str.h"
#include "data/csv.h"

#define PIECE ((size_t)64 << 10)

struct csv_rows {
	struct feed *feed;
	const struct dict *names;
	struct csv_form form;
	int threads;
	bool header;
	struct csv_piece *pieces;	/* (npieces) */
	size_t *room;			/* (npieces) rows that it may hold */
	size_t npieces, cap_pieces;
	struct slice *cells;		/* (cap_cells) of the block */
	uint64_t *lines;		/* (cap_lines) */
	size_t cap_cells, cap_lines;
	char *text;			/* (cap_text) unquoted cells, each piece's where it is in the feed's window */
	size_t cap_text;
};

/* ---- cutting ---- */

static bool ends_line(const char *s)
{
	return *s == '\n' || (*s == '\r' && s[1] != '\n');
}

/* The first record end at or after s, given that quotes before s are open or not; NULL when there is none. */
static const char *end_after(const char *s, const char *end, bool open)
{
	for (; s < end; s++) {
		open ^= *s == '"';
		if (!open && ends_line(s) && (s + 1 < end || *s == '\n'))
			return s + 1;
	}
	return NULL;
}

/* The last record end in s..end, where quotes are open or not at the end; NULL when there is none. */
static const char *end_before(const char *s, const char *end, bool open)
{
	for (const char *p = end; p-- > s;) {
		if (!open && ends_line(p) && (p + 1 < end || *p == '\n'))
			return p + 1;
		open ^= *p == '"';
	}
	return NULL;
}

static void add_piece(struct csv_rows *c, const char *s, const char *end, struct csv_count count, uint64_t *line)
{
	if (c->npieces == c->cap_pieces) {
		c->cap_pieces = c->cap_pieces * 2 + 16;
		GROW(c->pieces, c->cap_pieces);
		GROW(c->room, c->cap_pieces);
	}
	size_t n = (size_t)(end - s);
	c->pieces[c->npieces] = (struct csv_piece){ .s = s, .n = n, .quotes = count.quotes > 0, .line = *line };
	c->room[c->npieces++] = csv_most_rows(&c->form, n, count.lines);
	*line += count.lines;
}

/*
 * Cuts the window into pieces. What follows the last record end stays for
 * later, unless this is all there is. Consumes what it cut.
 */
static void cut(struct csv_rows *c, bool all)
{
	struct feed *f = c->feed;
	const char *s = f->buf + f->begin, *end = f->buf + f->end;
	c->npieces = 0;
	f->buf[f->end] = '\n';
	while (s < end) {
		struct csv_count count = { 0 };
		size_t n = (size_t)(end - s) < PIECE ? (size_t)(end - s) : PIECE;
		const char *to = s + n;
		csv_count(s, n, &count);
		const char *cut_at = to < end ? end_after(to, end, count.quotes & 1) : NULL;
		if (cut_at) {
			csv_count(to, (size_t)(cut_at - to), &count);
		} else if (all) {
			cut_at = end;
			csv_count(to, (size_t)(end - to), &count);
		} else {
			csv_count(to, (size_t)(end - to), &count);
			cut_at = end_before(s, end, count.quotes & 1);
			if (!cut_at)
				break;
			count = (struct csv_count){ 0 };
			csv_count(s, (size_t)(cut_at - s), &count);
		}
		add_piece(c, s, cut_at, count, &f->line);
		s = cut_at;
	}
	f->begin = (size_t)(s - f->buf);
}

/* ---- faults ---- */

static const char *column(const struct csv_rows *c, size_t col)
{
	return dict_text(c->names, (int32_t)col);
}

_Noreturn static void ragged(const struct csv_rows *c, const struct csv_piece *p, unsigned long long line)
{
	const char *as = c->header ? "the header" : "the first row";
	if (p->found < c->form.ncols)
		die(ST_DATA, "%s:%llu: %zu cells, but %s has %zu: none for column '%s'", c->feed->where, line, p->found, as,
		    c->form.ncols, column(c, p->found));
	die(ST_DATA, "%s:%llu: %zu cells, but %s has %zu: a separator too many, or a cell that wants quotes", c->feed->where,
	    line, p->found, as, c->form.ncols);
}

_Noreturn static void refuse(const struct csv_rows *c, const struct csv_piece *p)
{
	static const char *const what[] = {
		[CSV_STRAY] = "a quote inside a cell that does not begin with one; put the cell in quotes and double it",
		[CSV_AFTER] = "text after the closing quote; inside a quoted cell a quote is doubled",
		[CSV_UNCLOSED] = "the quote that opens here is never closed",
		[CSV_NUL] = "a NUL byte; this is not text (of UTF-16, iconv makes UTF-8)",
	};
	unsigned long long line = p->fault_line;
	if (p->fault == CSV_RAGGED)
		ragged(c, p, line);
	if (p->fault_col >= c->form.ncols || p->fault_col >= (size_t)dict_size(c->names))
		die(ST_DATA, "%s:%llu: cell %zu: %s", c->feed->where, line, p->fault_col + 1, what[p->fault]);
	if (p->fault == CSV_AFTER && p->cell_line != line)
		die(ST_DATA, "%s:%llu: column '%s': %s. The cell begins in line %llu", c->feed->where, line,
		    column(c, p->fault_col), what[p->fault], (unsigned long long)p->cell_line);
	die(ST_DATA, "%s:%llu: column '%s': %s", c->feed->where, line, column(c, p->fault_col), what[p->fault]);
}

/* ---- blocks ---- */

static void read_piece(void *ctx, size_t i, int worker)
{
	struct csv_rows *c = ctx;
	(void)worker;
	csv_cells(&c->form, &c->pieces[i]);
}

/* Gives each piece its place in the block. */
static void place(struct csv_rows *c)
{
	size_t rows = 0, ncols = c->form.ncols;
	bool quotes = false;
	for (size_t i = 0; i < c->npieces; i++) {
		rows += c->room[i];
		quotes = quotes || c->pieces[i].quotes;
	}
	if (rows > c->cap_lines || rows * ncols > c->cap_cells) {
		c->cap_lines = rows + rows / 4;
		c->cap_cells = c->cap_lines * ncols;
		free(c->cells);
		free(c->lines);
		c->cells = NEW(struct slice, c->cap_cells);
		c->lines = NEW(uint64_t, c->cap_lines);
	}
	if (quotes && c->cap_text < c->feed->cap) {
		c->cap_text = c->feed->cap;
		free(c->text);
		c->text = NEW(char, c->cap_text);
	}
	rows = 0;
	for (size_t i = 0; i < c->npieces; i++) {
		struct csv_piece *p = &c->pieces[i];
		p->cells = c->cells + rows * ncols;
		p->lines = c->lines + rows;
		p->text = c->text ? c->text + (p->s - c->feed->buf) : NULL;
		rows += c->room[i];
	}
}

/* Checks the pieces in order and closes the gaps that empty lines left. */
static size_t close_up(struct csv_rows *c)
{
	size_t rows = 0, ncols = c->form.ncols;
	for (size_t i = 0; i < c->npieces; i++) {
		struct csv_piece *p = &c->pieces[i];
		if (p->fault)
			refuse(c, p);
		if (p->lines != c->lines + rows) {
			memmove(c->cells + rows * ncols, p->cells, p->nrows * ncols * sizeof(*p->cells));
			memmove(c->lines + rows, p->lines, p->nrows * sizeof(*p->lines));
		}
		rows += p->nrows;
	}
	return rows;
}

static size_t read_pieces(struct csv_rows *c)
{
	place(c);
	par_for(c->threads, c->npieces, read_piece, c);
	return close_up(c);
}

/*
 * A window without a record end: a long record, or a quote in a wrong place
 * that turned inside and outside around. Dies in that case, and when the record
 * is too long.
 */
static void look_closer(struct csv_rows *c)
{
	struct feed *f = c->feed;
	size_t begin = f->begin, left = f->end - begin;
	uint64_t line = f->line;
	cut(c, true);
	f->begin = begin;
	f->line = line;
	place(c);
	par_for(c->threads, c->npieces, read_piece, c);
	for (size_t i = 0; i < c->npieces; i++) {
		const struct csv_piece *p = &c->pieces[i];
		if (p->fault && (left > RECORD_MAX || (p->fault != CSV_RAGGED && p->fault != CSV_UNCLOSED)))
			refuse(c, p);
	}
	if (left > RECORD_MAX)
		die(ST_DATA, "%s:%llu: a record of more than %zu MiB", f->where, (unsigned long long)line, RECORD_MAX >> 20);
}

bool csv_rows_next(struct csv_rows *c, struct block *b)
{
	struct feed *f = c->feed;
	for (;;) {
		cut(c, f->eof);
		b->nrows = c->npieces ? read_pieces(c) : 0;
		if (b->nrows)
			break;
		if (f->eof && f->begin == f->end)
			return false;
		if (f->end - f->begin >= FEED_PIECE)
			look_closer(c);
		feed_more(f);
	}
	b->ncols = c->form.ncols;
	b->cells = c->cells;
	b->lines = c->lines;
	return true;
}

/* ---- the first record ---- */

/* Where the first record ends; all of it is in the window then. */
static const char *first_record(struct csv_rows *c)
{
	struct feed *f = c->feed;
	for (;;) {
		const char *end = end_after(f->buf + f->begin, f->buf + f->end, false);
		if (end)
			return end;
		if (f->eof)
			return f->buf + f->end;
		if (f->end - f->begin > RECORD_MAX)
			die(ST_DATA, "%s:%llu: the first record has more than %zu MiB; is this CSV?", f->where,
			    (unsigned long long)f->line, RECORD_MAX >> 20);
		feed_more(f);
		f->buf[f->end] = '\n';
	}
}

static char find_delim(const char *marks, const char *s, const char *end)
{
	char best = *marks;
	size_t most = 0;
	for (; *marks; marks++) {
		size_t n = 0;
		bool open = false;
		for (const char *p = s; p < end; p++) {
			open ^= *p == '"';
			n += !open && *p == *marks;
		}
		if (n > most) {
			most = n;
			best = *marks;
		}
	}
	return best;
}

static void take_name(struct csv_rows *c, struct dict *names, struct slice cell, size_t col)
{
	char number[32];
	cell = c->header ? slice_trim(cell) : (struct slice){ 0 };
	if (cell.n == 0) {
		snprintf(number, sizeof(number), "#%zu", col + 1);
		cell = slice_of(number);
	}
	int32_t at = dict_add(names, cell.s, cell.n);
	if ((size_t)at != col)
		die(ST_DATA, "%s:%llu: the columns %d and %zu are both named '%s'", c->feed->where,
		    (unsigned long long)c->feed->line, at + 1, col + 1, dict_text(names, at));
}

struct csv_rows *csv_rows_open(struct feed *f, const char *marks, bool header, int threads, struct dict *names)
{
	struct csv_rows *c = NEW0(struct csv_rows, 1);
	*c = (struct csv_rows){ .feed = f, .names = names, .threads = threads, .header = header };
	f->buf[f->end] = '\n';
	const char *end = first_record(c), *s = f->buf + f->begin;
	struct csv_count count = { 0 };
	size_t n = (size_t)(end - s);
	char delim = find_delim(marks, s, end);
	csv_count(s, n, &count);
	struct csv_piece p = { .s = s, .n = n, .quotes = true, .line = f->line };
	p.text = NEW(char, n + 1);
	c->form = csv_form(delim, csv_width(delim, &p));
	p.cells = NEW(struct slice, c->form.ncols);
	p.lines = NEW(uint64_t, 1);
	if (!p.fault)
		csv_quoted(&c->form, &p);
	if (p.fault)
		refuse(c, &p);
	for (size_t i = 0; i < c->form.ncols; i++)
		take_name(c, names, p.cells[i], i);
	if (header) {
		f->begin += n;
		f->line += count.lines;
	}
	free(p.text);
	free(p.cells);
	free(p.lines);
	return c;
}

void csv_rows_close(struct csv_rows *c)
{
	if (!c)
		return;
	free(c->pieces);
	free(c->room);
	free(c->cells);
	free(c->lines);
	free(c->text);
	free(c);
}
