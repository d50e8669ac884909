/*
 * CSV to cells. libcsv reads about 250 MB/s and calls back for each field; most
 * numeric files hold no quote, and for their pieces a scanner that looks only
 * for the delimiter and line ends does the same several times faster. Both give
 * the same cells for any text without a quote (a property test).
 */
#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/piece.h"

void piece_reset(struct piece *p)
{
	arena_free(p->arena);
	p->arena = NULL;
	p->ncells = p->nrows = 0;
	p->nlines = 0;
	p->fault[0] = '\0';
}

void piece_free(struct piece *p)
{
	piece_reset(p);
	free(p->cells);
	free(p->lines);
}

void piece_cell(struct piece *p, struct slice cell)
{
	if (p->ncells == p->cap_cells) {
		p->cap_cells = p->cap_cells * 2 + 256;
		GROW(p->cells, p->cap_cells);
	}
	p->cells[p->ncells++] = cell;
}

void piece_fault(struct piece *p, uint64_t line, const char *fmt, ...)
{
	va_list ap;
	if (p->fault[0])
		return;
	va_start(ap, fmt);
	vsnprintf(p->fault, sizeof(p->fault), fmt, ap);
	va_end(ap);
	p->fault_line = line;
}

/* Ends a row that began at `line` and cell `first`; faults when it has not as many cells as the header. */
static void end_row(struct piece *p, size_t first, uint64_t line)
{
	size_t n = p->ncells - first;
	if (p->ncols && n != p->ncols) {
		struct slice last = p->cells[p->ncells - 1];
		piece_fault(p, line, "a row of %zu cell%s under a header of %zu; cell %zu is '%.*s'", n, n == 1 ? "" : "s", p->ncols, n,
			    (int)(last.n < 40 ? last.n : 40), last.s);
		p->ncells = first;
		return;
	}
	if (p->nrows == p->cap_rows) {
		p->cap_rows = p->cap_rows * 2 + 64;
		GROW(p->lines, p->cap_rows);
	}
	p->lines[p->nrows++] = line;
}

/* ---- without quotes ---- */

void csv_parse_plain(struct piece *p, char delimiter)
{
	const char *s = p->s, *end = s + p->n;
	uint64_t line = 0;
	while (s < end) {
		size_t first = p->ncells;
		const char *start = s;
		bool last = false;
		while (!last) {
			const char *from = s;
			while (s < end && *s != delimiter && *s != '\n' && *s != '\r')
				s++;
			last = s == end || *s != delimiter;
			if (last && from == start && s == from && p->ncols != 1)
				break;	/* an empty line */
			piece_cell(p, (struct slice){ from, (size_t)(s - from) });
			s += !last;
		}
		if (p->ncells > first)
			end_row(p, first, line);
		if (s < end)
			s += s[0] == '\r' && s + 1 < end && s[1] == '\n' ? 2 : 1;
		line++;
	}
	p->nlines = line;
}

/* ---- with libcsv ---- */

struct quoted {
	struct piece *p;
	size_t first;		/* cell where the row began */
	uint64_t line, start;	/* now; where the row began */
	int ended;		/* the byte that ended the last row, 0 when a field has come since */
};

static void on_field(void *s, size_t n, void *ctx)
{
	struct quoted *q = ctx;
	struct piece *p = q->p;
	if (!p->arena)
		p->arena = arena_new();
	char *copy = arena_strn(p->arena, s ? s : "", n);
	for (const char *c = copy; (c = memchr(c, '\n', n - (size_t)(c - copy))); c++)
		q->line++;
	piece_cell(p, (struct slice){ copy, n });
	q->ended = 0;
}

static void on_row(int byte, void *ctx)
{
	struct quoted *q = ctx;
	struct piece *p = q->p;
	bool pair = byte == '\n' && q->ended == '\r' && p->ncells == q->first;	/* the second half of CR LF */
	q->ended = pair ? '\n' : byte;
	if (pair) {
		q->start = q->line;
		return;
	}
	if (p->ncells == q->first && p->ncols == 1)
		piece_cell(p, (struct slice){ "", 0 });
	if (p->ncells > q->first)
		end_row(p, q->first, q->start);
	q->first = p->ncells;
	q->start = ++q->line;
}

/* libcsv would drop blanks around an unquoted cell. */
static int no_space(unsigned char c)
{
	(void)c;
	return 0;
}

void csv_parse_quoted(struct piece *p, char delimiter)
{
	struct csv_parser parser;
	struct quoted q = { .p = p };
	unsigned char options = CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_EMPTY_IS_NULL | CSV_REPALL_NL;
	if (csv_init(&parser, options) != 0) {
		piece_fault(p, 0, "libcsv cannot start");
		return;
	}
	csv_set_delim(&parser, (unsigned char)delimiter);
	csv_set_space_func(&parser, no_space);
	size_t done = csv_parse(&parser, p->s, p->n, on_field, on_row, &q);
	if (done != p->n) {
		const char *from = memrchr(p->s, '\n', done);
		size_t column = done - (from ? (size_t)(from - p->s) + 1 : 0);
		piece_fault(p, q.line, csv_error(&parser) == CSV_EPARSE ? "byte %zu of the line: a quote where none may be; inside "
			    "a quoted cell a quote is written twice" : "byte %zu of the line: out of memory", column);
	} else if (csv_fini(&parser, on_field, on_row, &q) != 0) {
		piece_fault(p, q.start, "a quote is opened here and never closed");
	}
	csv_free(&parser);
	p->nlines = q.line;
}

void csv_parse_piece(struct piece *p, char delimiter)
{
	if (memchr(p->s, '"', p->n))
		csv_parse_quoted(p, delimiter);
	else
		csv_parse_plain(p, delimiter);
}

size_t csv_whole(const char *s, size_t n, size_t from)
{
	size_t whole = 0;
	bool in = false;
	if (!memchr(s, '"', n)) {
		const char *end = from ? memchr(s + from - 1, '\n', n - from + 1) : memrchr(s, '\n', n);
		return end ? (size_t)(end - s) + 1 : 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '"') {
			in = !in;
		} else if (s[i] == '\n' && !in) {
			whole = i + 1;
			if (from && whole >= from)
				return whole;
		}
	}
	return from ? 0 : whole;
}
