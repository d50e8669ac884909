/*
 * CSV to cells: the plain scanner against libcsv, and libcsv's route against a
 * naive parser of the dialect.
 */
#include "unit.h"

#include <string.h>

#include "base/rng.h"
#include "data/csv.h"

#define MOST 256

struct result {
	struct csv_piece p;
	struct slice cells[4 * MOST];
	uint64_t lines[MOST];
	char text[MOST];
};

static void run(void (*route)(const struct csv_form *, struct csv_piece *), const char *s, size_t n, size_t ncols,
		struct result *r)
{
	struct csv_form f = csv_form(',', ncols);
	r->p = (struct csv_piece){ .s = s, .n = n, .quotes = true, .line = 7, .cells = r->cells, .lines = r->lines, .text = r->text };
	route(&f, &r->p);
}

/* Random text over few bytes, so that every short combination of them comes; a line end follows it. */
static size_t random_text(struct rng *r, const char *bytes, char *out)
{
	size_t n = rng_below(r, 1 + rng_below(r, MOST / 4));
	for (size_t i = 0; i < n; i++)
		out[i] = bytes[rng_below(r, strlen(bytes) + (rng_below(r, 400) == 0))];
	out[n] = '\n';
	return n;
}

static void same(const struct result *a, const struct result *b, size_t ncols, const char *s, size_t n)
{
	const struct csv_piece *p = &a->p, *q = &b->p;
	bool fine = p->fault == q->fault && p->nrows == q->nrows;
	if (fine && p->fault == CSV_AFTER)
		fine = p->cell_line == q->cell_line;
	if (fine && p->fault)
		fine = p->fault_line == q->fault_line && p->fault_col == q->fault_col && p->found == q->found;
	for (size_t i = 0; fine && i < p->nrows; i++)
		fine = p->lines[i] == q->lines[i];
	for (size_t i = 0; fine && i < p->nrows * ncols; i++)
		fine = p->cells[i].n == q->cells[i].n && p->cells[i].s && q->cells[i].s &&
		       memcmp(p->cells[i].s, q->cells[i].s, p->cells[i].n) == 0;
	if (!fine)
		ck_abort_msg("%zu columns, faults %d and %d (line %d col %zu found %zu; line %d col %zu found %zu), %zu and %zu rows: '%.*s'",
			     ncols, p->fault, q->fault, (int)p->fault_line, p->fault_col, p->found, (int)q->fault_line,
			     q->fault_col, q->found, p->nrows, q->nrows, (int)n, s);
}

START_TEST(plain_scanner_equals_libcsv)
{
	struct rng r = rng_at(1, "csv", 0);
	static struct result a, b;
	char s[MOST];
	size_t fine = 0;
	for (int i = 0; i < 300000; i++) {
		size_t ncols = 1 + rng_below(&r, 4), n = random_text(&r, i % 2 ? "a,\n" : "ab ,,\n\r\t", s);
		run(csv_plain, s, n, ncols, &a);
		run(csv_quoted, s, n, ncols, &b);
		same(&a, &b, ncols, s, n);
		fine += !a.p.fault && a.p.nrows > 1;
	}
	ck_assert_uint_gt(fine, 5000);
}
END_TEST

/* With quotes too, where the plain scanner gives up at the first fault of theirs. */
START_TEST(both_routes_are_one)
{
	struct rng r = rng_at(4, "csv", 0);
	static struct result a, b;
	char s[MOST];
	size_t fine = 0;
	for (int i = 0; i < 300000; i++) {
		size_t ncols = 1 + rng_below(&r, 3), n = random_text(&r, i % 2 ? "a,\"\"\n" : "a ,,\n\n\r\"\"\"\"", s);
		run(csv_cells, s, n, ncols, &a);
		run(csv_quoted, s, n, ncols, &b);
		same(&a, &b, ncols, s, n);
		run(csv_plain, s, n, ncols, &b);
		ck_assert_msg(!a.p.fault == !b.p.fault, "the plain scanner finds %d, not %d: '%.*s'", b.p.fault, a.p.fault, (int)n, s);
		fine += !a.p.fault && a.p.nrows > 1 && memchr(s, '"', n);
	}
	ck_assert_uint_gt(fine, 1000);
}
END_TEST

/* The dialect, told again and slowly. */
struct naive {
	const char *s;
	size_t n, i;
	uint64_t line;
	struct result *r;
	size_t used;
};

static bool at_line_end(const struct naive *v)
{
	return v->i == v->n || v->s[v->i] == '\n' || v->s[v->i] == '\r';
}

static void naive_fault(struct naive *v, enum csv_fault fault, uint64_t line, size_t col)
{
	v->r->p.fault = fault;
	v->r->p.fault_line = line;
	v->r->p.fault_col = col;
}

static void put(struct naive *v, char c)
{
	v->r->text[v->used++] = c;
}

/* A byte within quotes, counting lines. */
static void take(struct naive *v)
{
	char c = v->s[v->i++];
	v->line += c == '\n' || (c == '\r' && v->s[v->i] != '\n');
	put(v, c);
}

static bool naive_cell(struct naive *v, size_t col)
{
	uint64_t start = v->line;
	if (v->i < v->n && v->s[v->i] == '"') {
		for (v->i++;;) {
			if (v->i == v->n)
				return naive_fault(v, CSV_UNCLOSED, start, col), false;
			if (v->s[v->i] != '"') {
				take(v);
				continue;
			}
			v->i++;
			if (v->i == v->n || v->s[v->i] != '"')
				break;
			v->i++;
			put(v, '"');
		}
		if (!at_line_end(v) && v->s[v->i] != ',')
			return v->r->p.cell_line = start, naive_fault(v, CSV_AFTER, v->line, col), false;
	}
	while (!at_line_end(v) && v->s[v->i] != ',') {
		if (v->s[v->i] == '"')
			return naive_fault(v, CSV_STRAY, v->line, col), false;
		put(v, v->s[v->i++]);
	}
	return true;
}

static void pass_line_end(struct naive *v)
{
	if (v->i == v->n)
		return;
	v->i += v->s[v->i] == '\r' && v->i + 1 < v->n && v->s[v->i + 1] == '\n' ? 2 : 1;
	v->line++;
}

static void naive_parse(const struct csv_form *f, struct csv_piece *p)
{
	struct naive v = { p->s, p->n, 0, p->line, (struct result *)(void *)p, 0 };
	p->nrows = 0;
	p->fault = CSV_FINE;
	while (v.i < v.n) {
		if (f->ncols > 1 && at_line_end(&v)) {
			pass_line_end(&v);
			continue;
		}
		uint64_t start = v.line;
		size_t col = 0;
		for (;; v.i++) {
			size_t from = v.used;
			if (!naive_cell(&v, col))
				return;
			if (memchr(v.r->text + from, 0, v.used - from))
				return naive_fault(&v, CSV_NUL, start, col);
			if (col < f->ncols)
				p->cells[p->nrows * f->ncols + col] = (struct slice){ v.r->text + from, v.used - from };
			col++;
			if (at_line_end(&v))
				break;
		}
		pass_line_end(&v);
		if (col != f->ncols) {
			naive_fault(&v, CSV_RAGGED, start, col < f->ncols ? col : f->ncols);
			p->found = col;
			return;
		}
		p->lines[p->nrows++] = start;
	}
}

START_TEST(libcsv_route_is_the_stated_dialect)
{
	struct rng r = rng_at(2, "csv", 0);
	static struct result a, b;
	char s[MOST];
	size_t fine = 0, faults[6] = { 0 };
	for (int i = 0; i < 300000; i++) {
		size_t ncols = 1 + rng_below(&r, 3), n = random_text(&r, i % 2 ? "a,\"\"\n" : "a ,,\n\n\r\"\"\"\"", s);
		run(naive_parse, s, n, ncols, &a);
		run(csv_quoted, s, n, ncols, &b);
		if (a.p.fault == CSV_NUL || b.p.fault == CSV_NUL) {	/* two faults in a row: either may come first */
			ck_assert(a.p.fault && b.p.fault);
			continue;
		}
		same(&a, &b, ncols, s, n);
		fine += !a.p.fault && a.p.nrows > 1 && memchr(s, '"', n);
		faults[a.p.fault]++;
	}
	ck_assert_uint_gt(fine, 1000);
	for (int i = 0; i < CSV_NUL; i++)
		ck_assert_uint_gt(faults[i], 1000);
}
END_TEST

START_TEST(counting_matches_a_slow_count)
{
	struct rng r = rng_at(3, "csv", 0);
	char s[1001];
	for (int i = 0; i < 2000; i++) {
		size_t n = rng_below(&r, 1000), quotes = 0, lines = 0;
		for (size_t k = 0; k <= n; k++)
			s[k] = "a\n\r\""[rng_below(&r, 4)];
		for (size_t k = 0; k < n; k++) {
			quotes += s[k] == '"';
			lines += s[k] == '\n' || (s[k] == '\r' && s[k + 1] != '\n');
		}
		struct csv_count c = { 1, 2 };
		csv_count(s, n, &c);
		ck_assert_uint_eq(c.quotes, quotes + 1);
		ck_assert_uint_eq(c.lines, lines + 2);
	}
}
END_TEST

UNIT_MAIN("csv", plain_scanner_equals_libcsv, both_routes_are_one, libcsv_route_is_the_stated_dialect, counting_matches_a_slow_count)
