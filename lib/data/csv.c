#include "data/csv.h"

#include <csv.h>
#include <string.h>

#include "base/die.h"

struct csv_form csv_form(char delim, size_t ncols)
{
	struct csv_form f = { .delim = delim, .ncols = ncols };
	f.stop[(unsigned char)delim] = f.stop['\n'] = f.stop['\r'] = f.stop['"'] = f.stop[0] = true;
	return f;
}

#define CELL_STEP 65536	/* by which libcsv's buffer of a cell grows */

void csv_count(const char *s, size_t n, struct csv_count *c)
{
	const char *end = s + n;
	for (const char *p = s; (p = memchr(p, '"', (size_t)(end - p))); p++)
		c->quotes++;
	for (const char *p = s; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		c->lines++;
	for (const char *p = s; (p = memchr(p, '\r', (size_t)(end - p))); p++)
		c->lines += p[1] != '\n';
}

size_t csv_most_rows(const struct csv_form *f, size_t n, size_t lines)
{
	size_t by_bytes = n / (f->ncols ? f->ncols : 1) + 1;	/* a row has as many bytes as cells, but for the last */
	return by_bytes < lines + 1 ? by_bytes : lines + 1;
}

static void set_fault(struct csv_piece *p, enum csv_fault fault, uint64_t line, size_t col)
{
	p->fault = fault;
	p->fault_line = line;
	p->fault_col = col;
}

/* ---- the plain scanner ---- */

/* The end of the line whose last cell ends at s: past LF, CRLF or CR. */
static inline const char *past_line(const char *s, const char *end)
{
	return s + (s + 1 < end && s[0] == '\r' && s[1] == '\n') + 1;
}

/* Counts the cells of a row that has too many, from one that begins at s. */
static void too_many(const struct csv_form *f, struct csv_piece *p, const char *s, uint64_t line)
{
	size_t found = f->ncols + 1;
	for (; *s != '\n' && *s != '\r'; s++)
		found += *s == f->delim;
	set_fault(p, CSV_RAGGED, line, f->ncols);
	p->found = found;
}

/* Copies text whose quotes are doubled, with one of each; returns the length. */
static size_t undouble(const char *s, size_t n, char *to)
{
	const char *end = s + n;
	char *from = to;
	for (const char *q; s < end; s = q) {
		q = memchr(s, '"', (size_t)(end - s));
		q = q ? q + 1 : end;
		memcpy(to, s, (size_t)(q - s));
		to += q - s;
		q += q < end && q[-1] == '"';	/* the second of two */
	}
	return (size_t)(to - from);
}

/*
 * A cell in quotes that begins at s, and past it; NULL where something is
 * wrong with it. One with doubled quotes is copied to *text, which moves on.
 */
static const char *take_quoted(const struct csv_form *f, const char *s, const char *end, char **text, struct slice *cell,
			       uint64_t *line)
{
	const char *from = s + 1, *q = s;
	bool doubled = false;
	for (;;) {
		q = memchr(q + 1, '"', (size_t)(end - q - 1));
		if (!q)
			return NULL;
		if (q + 1 == end || q[1] != '"')
			break;
		doubled = true;
		q++;
	}
	size_t n = (size_t)(q - from);
	struct csv_count count = { 0 };
	csv_count(from, n, &count);
	*line += count.lines;
	*cell = (struct slice){ from, n };
	if (memchr(from, '\0', n) || (q[1] != f->delim && q[1] != '\n' && q[1] != '\r'))
		return NULL;
	if (doubled) {
		*cell = (struct slice){ *text, undouble(from, n, *text) };
		*text += cell->n;
	}
	return q + 1;
}

void csv_plain(const struct csv_form *f, struct csv_piece *p)
{
	const char *s = p->s, *end = s + p->n;
	char *text = p->text;
	struct slice *cell = p->cells;
	uint64_t line = p->line, next;
	p->nrows = p->found = 0;
	p->fault = CSV_FINE;
	while (s < end) {
		if (f->ncols != 1 && (*s == '\n' || *s == '\r')) {
			s = past_line(s, end);
			line++;
			continue;
		}
		next = line;
		for (size_t col = 0;; col++) {
			const char *start = s;
			if (col == f->ncols) {
				too_many(f, p, s, line);
				return;
			}
			if (*s == '"' && s < end) {
				s = take_quoted(f, s, end, &text, cell++, &next);
			} else {
				while (!f->stop[(unsigned char)*s])
					s++;
				*cell++ = (struct slice){ start, (size_t)(s - start) };
			}
			if (!s || *s == '"') {
				set_fault(p, CSV_STRAY, line, col);
				return;
			}
			if (*s == f->delim) {
				s++;
				continue;
			}
			if (*s == '\0') {
				set_fault(p, CSV_NUL, line, col);
				return;
			}
			if (col + 1 == f->ncols)
				break;
			set_fault(p, CSV_RAGGED, line, col + 1);
			p->found = col + 1;
			return;
		}
		s = past_line(s, end);
		p->lines[p->nrows++] = line;
		line = next + 1;
	}
}

/* ---- libcsv ---- */

struct walk {
	const struct csv_form *f;
	struct csv_piece *p;
	uint64_t line, row_line;	/* of the next byte; where the row began */
	size_t col, used;		/* cells of the row so far; bytes of p->text */
	bool after_cr;			/* nothing came since a CR that ended a record */
};

static uint64_t line_ends(const char *s, size_t n)
{
	uint64_t lines = 0;
	for (size_t i = 0; i < n; i++)
		lines += s[i] == '\n' || (s[i] == '\r' && (i + 1 == n || s[i + 1] != '\n'));
	return lines;
}

static void on_cell(void *s, size_t n, void *ctx)
{
	struct walk *w = ctx;
	struct csv_piece *p = w->p;
	w->after_cr = false;
	if (w->col == 0)
		w->row_line = w->line;
	if (!p->fault && w->col < w->f->ncols) {
		char *text = p->text + w->used;
		if (n)
			memcpy(text, s, n);
		if (n && memchr(s, '\0', n))
			set_fault(p, CSV_NUL, w->line, w->col);
		p->cells[p->nrows * w->f->ncols + w->col] = (struct slice){ text, n };
		w->used += n;
	}
	w->line += line_ends(s, n);
	w->col++;
}

/* end is the byte that ended the record, -1 at the end of the piece. All line ends come here (CSV_REPALL_NL). */
static void on_row(int end, void *ctx)
{
	struct walk *w = ctx;
	struct csv_piece *p = w->p;
	bool second_half = end == '\n' && w->after_cr;	/* of a CRLF */
	w->after_cr = end == '\r';
	if (second_half)
		return;
	if (w->col == 0 && w->f->ncols == 1)
		on_cell(NULL, 0, w);
	w->after_cr = end == '\r';
	if (w->col && w->col != w->f->ncols && !p->fault) {
		set_fault(p, CSV_RAGGED, w->row_line, w->col < w->f->ncols ? w->col : w->f->ncols);
		p->found = w->col;
	}
	if (w->col && !p->fault)
		p->lines[p->nrows++] = w->row_line;
	w->col = 0;
	w->line++;
}

static int no_blank(unsigned char c)
{
	(void)c;
	return 0;
}

/* The fault that libcsv stopped at, `done` bytes into the piece. */
static void strict_fault(struct walk *w, const struct csv_parser *parser, size_t done)
{
	if (w->p->fault)
		return;
	w->p->cell_line = w->line;
	set_fault(w->p, parser->quoted ? CSV_AFTER : CSV_STRAY, w->p->line + line_ends(w->p->s, done), w->col);
}

void csv_quoted(const struct csv_form *f, struct csv_piece *p)
{
	struct csv_parser parser;
	struct walk w = { .f = f, .p = p, .line = p->line };
	p->nrows = p->found = 0;
	p->fault = CSV_FINE;
	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_EMPTY_IS_NULL | CSV_REPALL_NL) != 0)
		bug("libcsv does not start");
	csv_set_delim(&parser, (unsigned char)f->delim);
	csv_set_space_func(&parser, no_blank);
	csv_set_blk_size(&parser, CELL_STEP);
	size_t done = csv_parse(&parser, p->s, p->n, on_cell, on_row, &w);
	if (done < p->n)
		strict_fault(&w, &parser, done);
	else if (csv_fini(&parser, on_cell, on_row, &w) != 0 && !p->fault)
		set_fault(p, CSV_UNCLOSED, w.line, w.col);
	csv_free(&parser);
}

/* What is wrong with quotes is libcsv's to say. */
void csv_cells(const struct csv_form *f, struct csv_piece *p)
{
	csv_plain(f, p);
	if (p->quotes && p->fault)
		csv_quoted(f, p);
}

size_t csv_width(char delim, struct csv_piece *p)
{
	struct csv_form none = csv_form(delim, 0);
	csv_quoted(&none, p);
	if (p->fault != CSV_RAGGED)
		return 0;
	p->fault = CSV_FINE;
	return p->found;
}
