/*
 * The window of a megabyte or so is cut into pieces of 64 KiB, each to the next
 * line end. Their lines are counted first, which gives each its place in the
 * block's arrays of rows; features, of which there may be one in so many bytes,
 * get room by bytes, and the gaps are closed afterwards. Names are looked up
 * while pieces are read; those that are new get their numbers in order of the
 * text then, so that numbers do not depend on threads.
 */
#include "data/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"

#define PIECE ((size_t)64 << 10)

struct line_rows {
	struct feed *feed;
	const struct line_form *form;
	struct dict *features;
	int threads;
	size_t col[LINE_COLUMNS], ncols;
	bool known;			/* the columns; until then all have their place */
	struct line_piece *pieces;	/* (npieces) */
	size_t *room;			/* (npieces) lines */
	size_t npieces, cap_pieces;
	/* of the block */
	struct slice *cells, *texts;
	uint64_t *lines;
	bool *sparse;			/* all true */
	size_t cap_rows;
	struct entries entries;
	size_t cap_entries;
	char *text;			/* (cap_text) each piece's where it is in the feed's window */
	size_t cap_text;
};

/* ---- what a parser calls ---- */

bool line_has(const struct line_piece *p, size_t column)
{
	return p->col[column] != SIZE_MAX;
}

void line_cell(struct line_piece *p, size_t column, struct slice cell)
{
	p->cells[p->nrows * p->ncols + p->col[column]] = cell;
}

bool line_fault(struct line_piece *p, const char *what, const char *s, const char *end)
{
	while (end > s && line_blank(end[-1]))
		end--;
	p->fault = what;
	p->at = (struct slice){ s, (size_t)(end - s) };
	return false;
}

/* ---- pieces ---- */

static void begin_row(struct line_piece *p)
{
	for (size_t c = 0; c < LINE_COLUMNS; c++)
		if (line_has(p, c))
			line_cell(p, c, p->known && p->form->usual[c] ? slice_of(p->form->usual[c]) : (struct slice){ NULL, 0 });
}

static void end_row(struct line_piece *p, const char *s, const char *end)
{
	while (end > s && line_blank(end[-1]))
		end--;
	p->texts[p->nrows] = (struct slice){ s, (size_t)(end - s) };
	p->lines[p->nrows] = p->row;
	p->ends[p->nrows++] = p->nentries;
}

static void read_lines(struct line_piece *p)
{
	const char *s = p->s, *stop = s + p->n;
	p->row = p->line;
	if (memchr(s, '\0', p->n)) {
		line_fault(p, "a NUL byte; this is not text", s, s);
		return;
	}
	for (const char *end; s < stop; s = end + 1, p->row++) {
		end = memchr(s, '\n', (size_t)(stop - s));
		end = end ? end : stop;
		s = line_past(s);
		if (s >= end || *s == p->form->comment)
			continue;
		begin_row(p);
		if (!p->form->row(p, s, end))
			return;
		end_row(p, s, end);
	}
}

static void read_piece(void *ctx, size_t i, int worker)
{
	const struct line_rows *c = ctx;
	struct line_piece *p = &c->pieces[i];
	(void)worker;
	read_lines(p);
	names_find(&p->names, c->features, p->feature);
}

_Noreturn static void refuse(const struct line_rows *c, const struct line_piece *p)
{
	struct str at = { 0 };
	str_add(&at, p->at.s, p->at.n < 60 ? p->at.n : 60);
	die(ST_DATA, "%s:%llu: %s: %s%s%s%s", c->feed->where, (unsigned long long)p->row, c->form->name, p->at.n ? "'" : "",
	    at.s ? at.s : "", p->at.n ? "' " : "", p->fault);
}

/* ---- cutting ---- */

static size_t count_lines(const char *s, const char *end)
{
	size_t n = 0;
	for (; (s = memchr(s, '\n', (size_t)(end - s))); s++)
		n++;
	return n;
}

static void add_piece(struct line_rows *c, const char *s, const char *end)
{
	if (c->npieces == c->cap_pieces) {
		size_t cap = c->cap_pieces * 2 + 16;
		GROW(c->pieces, cap);
		GROW(c->room, cap);
		memset(c->pieces + c->cap_pieces, 0, (cap - c->cap_pieces) * sizeof(*c->pieces));
		c->cap_pieces = cap;
	}
	struct line_piece *p = &c->pieces[c->npieces];
	size_t lines = count_lines(s, end);
	p->form = c->form;
	p->s = s;
	p->n = (size_t)(end - s);
	p->line = c->feed->line;
	p->col = c->col;
	p->ncols = c->ncols;
	p->known = c->known;
	p->nrows = p->nentries = p->ntext = 0;
	names_clear(&p->names);
	c->room[c->npieces++] = lines + 1;
	c->feed->line += lines;
}

/*
 * Cuts the window into pieces. What follows the last line end stays for later,
 * unless this is all there is. Consumes what it cut.
 */
static void cut(struct line_rows *c, bool all)
{
	struct feed *f = c->feed;
	const char *s = f->buf + f->begin, *end = f->buf + f->end;
	c->npieces = 0;
	f->buf[f->end] = '\n';
	while (s < end) {
		const char *to = (size_t)(end - s) > PIECE ? memchr(s + PIECE, '\n', (size_t)(end - s) - PIECE) : NULL;
		if (!to && !all)
			to = memrchr(s, '\n', (size_t)(end - s));
		if (!to && !all)
			break;
		to = to ? to + 1 : end;
		add_piece(c, s, to);
		s = to;
	}
	f->begin = (size_t)(s - f->buf);
}

/* Gives each piece its place in the block. */
static void place(struct line_rows *c)
{
	size_t rows = 0, entries = 0, least = c->form->least;
	for (size_t i = 0; i < c->npieces; i++) {
		rows += c->room[i];
		entries += c->pieces[i].n / least + 1;
	}
	if (rows > c->cap_rows) {
		c->cap_rows = rows + rows / 4;
		GROW(c->cells, c->cap_rows * c->ncols);
		GROW(c->texts, c->cap_rows);
		GROW(c->lines, c->cap_rows);
		GROW(c->sparse, c->cap_rows);
		GROW(c->entries.start, c->cap_rows + 1);
		memset(c->sparse, true, c->cap_rows * sizeof(*c->sparse));
	}
	if (entries > c->cap_entries) {
		c->cap_entries = entries + entries / 4;
		GROW(c->entries.feature, c->cap_entries);
		GROW(c->entries.value, c->cap_entries);
	}
	if (c->cap_text < c->feed->cap) {
		c->cap_text = c->feed->cap;
		GROW(c->text, c->cap_text);
	}
	rows = entries = 0;
	for (size_t i = 0; i < c->npieces; i++) {
		struct line_piece *p = &c->pieces[i];
		p->cells = c->cells + rows * c->ncols;
		p->texts = c->texts + rows;
		p->lines = c->lines + rows;
		p->ends = c->entries.start + rows + 1;
		p->feature = c->entries.feature + entries;
		p->value = c->entries.value + entries;
		p->text = c->text + (p->s - c->feed->buf);
		rows += c->room[i];
		entries += p->n / least + 1;
	}
}

/* Checks the pieces in order and closes the gaps between them. */
static size_t close_up(struct line_rows *c)
{
	size_t rows = 0, entries = 0;
	c->entries.start[0] = 0;
	for (size_t i = 0; i < c->npieces; i++) {
		struct line_piece *p = &c->pieces[i];
		if (p->fault)
			refuse(c, p);
		names_add(&p->names, c->features, p->feature);
		memmove(c->cells + rows * c->ncols, p->cells, p->nrows * c->ncols * sizeof(*p->cells));
		memmove(c->texts + rows, p->texts, p->nrows * sizeof(*p->texts));
		memmove(c->lines + rows, p->lines, p->nrows * sizeof(*p->lines));
		for (size_t r = 0; r < p->nrows; r++)
			c->entries.start[rows + 1 + r] = entries + p->ends[r];
		memmove(c->entries.feature + entries, p->feature, p->nentries * sizeof(*p->feature));
		memmove(c->entries.value + entries, p->value, p->nentries * sizeof(*p->value));
		rows += p->nrows;
		entries += p->nentries;
	}
	return rows;
}

bool line_rows_next(struct line_rows *c, struct block *b)
{
	struct feed *f = c->feed;
	for (;;) {
		cut(c, f->eof);
		if (c->npieces) {
			place(c);
			par_for(c->threads, c->npieces, read_piece, c);
			b->nrows = close_up(c);
			if (b->nrows)
				break;
		}
		if (f->eof && f->begin == f->end)
			return false;
		if (f->end - f->begin > RECORD_MAX)
			die(ST_DATA, "%s:%llu: %s: a line of more than %zu MiB", f->where, (unsigned long long)f->line,
			    c->form->name, RECORD_MAX >> 20);
		feed_more(f);
	}
	b->ncols = c->ncols;
	b->cells = c->cells;
	b->lines = c->lines;
	b->texts = c->texts;
	b->sparse = c->sparse;
	b->entries = c->entries;
	return true;
}

/* ---- the first row ---- */

/* The columns are those that the first row has. Its block is read for that, and given back to the feed. */
static void find_columns(struct line_rows *c, struct dict *names)
{
	struct feed *f = c->feed;
	struct block b;
	bool has[LINE_COLUMNS] = { true };
	for (size_t i = 0; i < LINE_COLUMNS; i++)
		c->col[i] = i;
	c->ncols = LINE_COLUMNS;
	if (line_rows_next(c, &b)) {
		for (size_t i = 0; i < LINE_COLUMNS; i++)
			has[i] = b.cells[i].s;
		f->begin = (size_t)(c->pieces[0].s - f->buf);
		f->line = c->pieces[0].line;
	}
	c->ncols = 0;
	for (size_t i = 0; i < LINE_COLUMNS; i++) {
		c->col[i] = has[i] ? c->ncols++ : SIZE_MAX;
		if (has[i])
			dict_add(names, c->form->columns[i], strlen(c->form->columns[i]));
	}
	c->known = true;
}

struct line_rows *line_rows_open(struct feed *f, const struct line_form *form, int threads, struct dict *names,
				 struct dict *features)
{
	struct line_rows *c = NEW0(struct line_rows, 1);
	*c = (struct line_rows){ .feed = f, .form = form, .features = features, .threads = threads };
	find_columns(c, names);
	return c;
}

void line_rows_close(struct line_rows *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->cap_pieces; i++)
		names_free(&c->pieces[i].names);
	free(c->pieces);
	free(c->room);
	free(c->cells);
	free(c->texts);
	free(c->lines);
	free(c->sparse);
	free(c->entries.start);
	free(c->entries.feature);
	free(c->entries.value);
	free(c->text);
	free(c);
}
