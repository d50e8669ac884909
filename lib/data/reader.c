/*
 * The reader takes bytes in chunks of about a MiB, each cut at the end of a
 * record, cuts a chunk into pieces of PIECE bytes, again at ends of records,
 * parses the pieces in parallel and joins their rows. Where cuts fall depends
 * on the bytes alone.
 */
#include "data/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/map.h"
#include "base/par.h"
#include "data/piece.h"
#include "io/compress.h"

#define CHUNK ((size_t)1 << 20)
#define PIECE ((size_t)128 << 10)
#define MAX_PIECES (CHUNK / PIECE + 1)
#define MAX_RECORD ((size_t)256 << 20)
#define HASH_PIECE ((size_t)1 << 20)	/* the hash chains pieces of so many bytes, wherever chunks end */

struct reader {
	struct stream *in;
	int threads;
	bool json;
	struct json_state json_state;
	char delimiter;
	struct dict *names;	/* column names in order */
	char *buf;		/* (cap) text that is not parsed yet, n bytes from `at` on */
	size_t at, n, cap;
	bool eof;
	uint64_t line;		/* line ends before buf[at] */
	struct piece pieces[MAX_PIECES];
	size_t npieces;
	struct block block;
	bool ahead;		/* the block was read at the opening and not given yet */
	size_t cap_cells, cap_lines;
	uint64_t hash;
	char *hashed;		/* (HASH_PIECE) bytes that are not in the hash yet */
	size_t nhashed;
};

/* ---- bytes ---- */

static void hash_more(struct reader *r, const char *s, size_t n)
{
	while (n) {
		size_t room = HASH_PIECE - r->nhashed, k = n < room ? n : room;
		memcpy(r->hashed + r->nhashed, s, k);
		r->nhashed += k;
		s += k;
		n -= k;
		if (r->nhashed == HASH_PIECE) {
			r->hash = hash_bytes(r->hashed, HASH_PIECE, r->hash);
			r->nhashed = 0;
		}
	}
}

uint64_t reader_hash(const struct reader *r)
{
	return hash_bytes(r->hashed, r->nhashed, r->hash);
}

/* Adds about a chunk of bytes behind those in buf; moves these to its start. */
static void fill(struct reader *r)
{
	if (r->at) {
		memmove(r->buf, r->buf + r->at, r->n);
		r->at = 0;
	}
	if (r->n + CHUNK > r->cap) {
		r->cap = (r->n + CHUNK) * 2;
		GROW(r->buf, r->cap);
	}
	size_t got = stream_read(r->in, r->buf + r->n, CHUNK);
	const char *nul = got ? memchr(r->buf + r->n, '\0', got) : NULL;
	if (nul)
		die(ST_DATA, "%s: a NUL byte after %zu bytes; this is no text, or it is UTF-16: convert it to UTF-8",
		    reader_where(r), (size_t)(nul - r->buf));
	hash_more(r, r->buf + r->n, got);
	r->n += got;
	r->eof = got < CHUNK;
}

/* The length of whole records in buf, at least `from` bytes if from is not 0; reads on until there are some. 0 at the end. */
static size_t whole_records(struct reader *r, size_t from)
{
	for (;;) {
		size_t whole = r->json ? json_whole(r->buf + r->at, r->n, from) : csv_whole(r->buf + r->at, r->n, from);
		if (whole)
			return whole;
		if (r->eof)
			return r->n;
		if (r->n > MAX_RECORD)
			die(ST_DATA, "%s:%llu: a record of more than %zu MiB; is a quote left open?", reader_where(r),
			    (unsigned long long)r->line + 1, MAX_RECORD >> 20);
		fill(r);
	}
}

/* ---- the beginning ---- */

/* The most frequent of comma, tab and semicolon in the first line, the comma of equals. */
static char sniff_delimiter(const char *s, size_t n)
{
	static const char marks[] = { ',', '\t', ';' };
	size_t count[3] = { 0 }, best = 0;
	for (size_t i = 0; i < n && s[i] != '\n'; i++)
		for (size_t m = 0; m < 3; m++)
			count[m] += s[i] == marks[m];
	for (size_t m = 1; m < 3; m++)
		if (count[m] > count[best])
			best = m;
	return marks[best];
}

static void recognise(struct reader *r, const char *format)
{
	size_t i = 0;
	if (r->n >= 3 && memcmp(r->buf, "\xef\xbb\xbf", 3) == 0) {
		r->at = 3;
		r->n -= 3;
	}
	const char *s = r->buf + r->at;
	while (i < r->n && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t'))
		i++;
	if (i == r->n)
		die(ST_DATA, "%s: the input is empty", reader_where(r));
	r->json = strcmp(format, "json") == 0 || (strcmp(format, "auto") == 0 && (s[i] == '{' || s[i] == '['));
	r->json_state.array = s[i] == '[';
	r->delimiter = strcmp(format, "tsv") == 0 ? '\t' : sniff_delimiter(s, r->n);
	if (strcmp(format, "csv") == 0 && r->delimiter == '\t')
		r->delimiter = ',';
}

_Noreturn static void die_of(const struct reader *r, const struct piece *p, uint64_t before)
{
	die(ST_DATA, "%s:%llu: %s", reader_where(r), (unsigned long long)(before + p->fault_line + 1), p->fault);
}

static void add_name(struct reader *r, struct slice name, size_t col)
{
	char number[24];
	name = slice_trim(name);
	if (name.n == 0) {
		snprintf(number, sizeof(number), "#%zu", col + 1);
		name = slice_of(number);
	}
	if (dict_add(r->names, name.s, name.n) != (int32_t)col)
		die(ST_DATA, "%s: two columns are called '%.*s'", reader_where(r), (int)name.n, name.s);
}

/* The first CSV record: the names, or with header false only their number. */
static void read_header(struct reader *r, bool header)
{
	struct piece *p = &r->pieces[0];
	do {
		size_t n = whole_records(r, 1);
		if (n == 0)
			die(ST_DATA, "%s: no header", reader_where(r));
		piece_reset(p);
		p->s = r->buf + r->at;
		p->n = n;
		p->ncols = 0;
		csv_parse_piece(p, r->delimiter);
		if (p->fault[0])
			die_of(r, p, r->line);
		if (header || p->nrows == 0) {
			r->at += n;
			r->n -= n;
			r->line += p->nlines;
		}
	} while (p->nrows == 0);
	for (size_t i = 0; i < p->ncells; i++)
		add_name(r, header ? p->cells[i] : (struct slice){ "", 0 }, i);
}

/* ---- blocks ---- */

static void parse_piece(void *ctx, size_t i, int worker)
{
	struct reader *r = ctx;
	(void)worker;
	csv_parse_piece(&r->pieces[i], r->delimiter);
}

/* Cuts n bytes of whole records into pieces and parses them. */
static void parse_csv(struct reader *r, size_t n)
{
	const char *s = r->buf + r->at;
	size_t ncols = reader_ncols(r);
	r->npieces = 0;
	while (n) {
		struct piece *p = &r->pieces[r->npieces++];
		size_t k = r->npieces == MAX_PIECES || n <= PIECE ? n : csv_whole(s, n, PIECE);
		piece_reset(p);
		p->s = s;
		p->n = k ? k : n;
		p->ncols = ncols;
		s += p->n;
		n -= p->n;
	}
	par_for(r->threads, r->npieces, parse_piece, r);
}

static void parse_json(struct reader *r, size_t n)
{
	struct piece *p = &r->pieces[0];
	piece_reset(p);
	p->s = r->buf + r->at;
	p->n = n;
	r->npieces = 1;
	json_parse_piece(p, &r->json_state, r->names);
}

/* Joins the rows of the pieces to the block. */
static void join(struct reader *r)
{
	struct block *b = &r->block;
	size_t cells = 0, rows = 0;
	b->first += b->nrows;
	b->ncols = reader_ncols(r);
	for (size_t i = 0; i < r->npieces; i++)
		rows += r->pieces[i].nrows;
	if (rows > r->cap_lines) {
		r->cap_lines = rows;
		GROW(b->lines, rows);
	}
	if (rows * b->ncols > r->cap_cells) {
		r->cap_cells = rows * b->ncols;
		GROW(b->cells, r->cap_cells);
	}
	b->nrows = 0;
	for (size_t i = 0; i < r->npieces; i++) {
		const struct piece *p = &r->pieces[i];
		if (p->fault[0])
			die_of(r, p, r->line);
		if (p->ncells)
			memcpy(b->cells + cells, p->cells, p->ncells * sizeof(*p->cells));
		cells += p->ncells;
		for (size_t k = 0; k < p->nrows; k++)
			b->lines[b->nrows++] = r->line + p->lines[k] + 1;
		r->line += p->nlines;
	}
}

/* Reads the next block; false at the end. */
static bool read_block(struct reader *r)
{
	do {
		if (r->n < CHUNK && !r->eof)
			fill(r);
		size_t n = whole_records(r, 0);
		if (n == 0)
			return false;
		if (r->json)
			parse_json(r, n);
		else
			parse_csv(r, n);
		join(r);
		r->at += n;
		r->n -= n;
	} while (r->block.nrows == 0);
	return true;
}

struct reader *reader_open(const char *path, struct reader_opts o)
{
	struct reader *r = NEW0(struct reader, 1);
	r->in = stream_open(path);
	r->threads = o.threads;
	r->names = dict_new();
	r->hashed = NEW(char, HASH_PIECE);
	fill(r);
	recognise(r, o.format);
	if (r->json)
		r->ahead = read_block(r);	/* the names are known from the first rows */
	else
		read_header(r, o.header);
	return r;
}

const struct block *reader_next(struct reader *r)
{
	bool more = r->ahead || read_block(r);
	r->ahead = false;
	if (!more && r->json && r->json_state.array && !r->json_state.closed)
		die(ST_DATA, "%s:%llu: the array is not closed by the end of the input", reader_where(r),
		    (unsigned long long)r->line + 1);
	return more ? &r->block : NULL;
}

size_t reader_ncols(const struct reader *r)
{
	return (size_t)dict_size(r->names);
}

const char *reader_name(const struct reader *r, size_t col)
{
	return dict_text(r->names, (int32_t)col);
}

size_t reader_find(const struct reader *r, const char *name)
{
	int32_t i = dict_find(r->names, name, strlen(name));
	if (i < 0 && name[0] == '#' && name[1] >= '1' && name[1] <= '9') {
		size_t n = 0;
		const char *c = name + 1;
		while (*c >= '0' && *c <= '9' && n < reader_ncols(r))
			n = n * 10 + (size_t)(*c++ - '0');
		return *c == '\0' && n <= reader_ncols(r) ? n - 1 : SIZE_MAX;
	}
	return i < 0 ? SIZE_MAX : (size_t)i;
}

const char *reader_where(const struct reader *r)
{
	return stream_where(r->in);
}

void reader_close(struct reader *r)
{
	for (size_t i = 0; i < MAX_PIECES; i++)
		piece_free(&r->pieces[i]);
	stream_close(r->in);
	dict_free(r->names);
	free(r->buf);
	free(r->block.cells);
	free(r->block.lines);
	free(r->hashed);
	free(r);
}
