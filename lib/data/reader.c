#include "data/reader.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"

#define BLOCK 8192

struct reader {
	char *where;
	char **names;
	size_t ncols;
	struct slice *cells;
	size_t nrows, next;
	uint64_t *lines, line, hash;
	struct block b;
	struct slice *row;
	size_t in_row;
	struct arena *arena;
};

static void on_field(void *s, size_t n, void *ctx)
{
	struct reader *r = ctx;
	GROW(r->row, r->in_row + 1);
	r->row[r->in_row++] = (struct slice){ arena_strn(r->arena, s ? s : "", n), n };
}

static void on_row(int c, void *ctx)
{
	struct reader *r = ctx;
	(void)c;
	r->line++;
	if (!r->names) {
		r->ncols = r->in_row;
		r->names = NEW(char *, r->ncols);
		for (size_t i = 0; i < r->ncols; i++) {
			struct slice t = slice_trim(r->row[i]);
			r->names[i] = mem_strn(t.s, t.n);
		}
	} else {
		if (r->in_row != r->ncols)
			die(ST_DATA, "%s:%llu: %zu cells, not %zu", r->where, (unsigned long long)r->line, r->in_row, r->ncols);
		if ((r->nrows & (r->nrows - 1)) == 0) {
			GROW(r->cells, (r->nrows ? r->nrows * 2 : 1) * r->ncols);
			GROW(r->lines, r->nrows ? r->nrows * 2 : 1);
		}
		memcpy(r->cells + r->nrows * r->ncols, r->row, r->ncols * sizeof(struct slice));
		r->lines[r->nrows++] = r->line;
	}
	r->in_row = 0;
}

struct reader *reader_open(const char *path, struct reader_opts o)
{
	struct reader *r = NEW0(struct reader, 1);
	struct csv_parser p;
	size_t n;
	(void)o;
	r->where = mem_str(in_name(path));
	r->arena = arena_new();
	char *bytes = in_read_all(path, &n);
	r->hash = hash_bytes(bytes, n, 0);
	csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
	if (csv_parse(&p, bytes, n, on_field, on_row, r) != n || csv_fini(&p, on_field, on_row, r) != 0)
		die(ST_DATA, "%s: bad CSV", r->where);
	csv_free(&p);
	free(bytes);
	return r;
}

const struct block *reader_next(struct reader *r)
{
	if (r->next >= r->nrows)
		return NULL;
	size_t n = r->nrows - r->next < BLOCK ? r->nrows - r->next : BLOCK;
	r->b = (struct block){ n, r->ncols, r->cells + r->next * r->ncols, r->lines + r->next, r->next };
	r->next += n;
	return &r->b;
}

size_t reader_ncols(const struct reader *r) { return r->ncols; }
const char *reader_name(const struct reader *r, size_t col) { return r->names[col]; }
const char *reader_where(const struct reader *r) { return r->where; }
uint64_t reader_hash(const struct reader *r) { return r->hash; }

size_t reader_find(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->ncols; i++)
		if (strcmp(r->names[i], name) == 0)
			return i;
	return SIZE_MAX;
}

void reader_close(struct reader *r)
{
	free(r);
}
