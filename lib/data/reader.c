#include "data/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/csvrows.h"
#include "data/feed.h"
#include "data/json.h"

struct reader {
	struct feed feed;
	struct dict *names;	/* number: column */
	struct csv_rows *csv;	/* one of these two */
	struct json_rows *json;
	struct block block;
	uint64_t rows;		/* in all blocks so far */
	bool ahead;		/* the block was read at the opening and not given yet */
};

/*
 * Drops a BOM and empty lines at the start. Returns the first byte that is no
 * blank. Dies when there is none.
 */
static char find_start(struct feed *f)
{
	feed_more(f);
	if (f->end == 0)
		die(ST_DATA, "%s: the input is empty; it wants CSV with a header, or JSON", f->where);
	if (f->end >= 2 && (memcmp(f->buf, "\xff\xfe", 2) == 0 || memcmp(f->buf, "\xfe\xff", 2) == 0))
		die(ST_DATA, "%s: this is UTF-16; iconv -f UTF-16 -t UTF-8 makes it readable", f->where);
	if (f->end >= 3 && memcmp(f->buf, "\xef\xbb\xbf", 3) == 0)
		f->begin = 3;
	for (; f->begin < f->end && (f->buf[f->begin] == '\n' || f->buf[f->begin] == '\r'); f->begin++)
		f->line += f->buf[f->begin] == '\n';
	for (size_t i = f->begin; i < f->end; i++)
		if (f->buf[i] != ' ' && f->buf[i] != '\t' && f->buf[i] != '\n' && f->buf[i] != '\r')
			return f->buf[i];
	die(ST_DATA, "%s: the input begins with nothing but blanks; it wants CSV with a header, or JSON", f->where);
}

static bool read_block(struct reader *r)
{
	struct block *b = &r->block;
	b->first = r->rows;
	if (!(r->json ? json_rows_next(r->json, b) : csv_rows_next(r->csv, b)))
		return false;
	r->rows += b->nrows;
	return true;
}

struct reader *reader_open(const char *path, struct reader_opts o)
{
	struct reader *r = NEW0(struct reader, 1);
	const char *format = o.format ? o.format : "auto";
	r->names = dict_new();
	feed_open(&r->feed, path);
	char c = find_start(&r->feed);
	if (strcmp(format, "json") == 0 || (strcmp(format, "auto") == 0 && (c == '{' || c == '['))) {
		r->json = json_rows_open(&r->feed, r->names);
		r->ahead = read_block(r);	/* the names are known from the first rows */
	} else {
		const char *marks = strcmp(format, "tsv") == 0 ? "\t" : strcmp(format, "csv") == 0 ? ",;" : ",\t;";
		r->csv = csv_rows_open(&r->feed, marks, o.header, o.threads, r->names);
	}
	return r;
}

const struct block *reader_next(struct reader *r)
{
	bool more = r->ahead || read_block(r);
	r->ahead = false;
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
	int64_t n;
	int32_t at = dict_find(r->names, name, strlen(name));
	if (at >= 0)
		return (size_t)at;
	if (*name == '#' && num_parse_int(name + 1, strlen(name + 1), &n) && n >= 1 && (uint64_t)n <= reader_ncols(r))
		return (size_t)n - 1;
	return SIZE_MAX;
}

bool reader_is_json(const struct reader *r)
{
	return r->json != NULL;
}

const char *reader_where(const struct reader *r)
{
	return r->feed.where;
}

uint64_t reader_hash(const struct reader *r)
{
	return r->feed.hash;
}

void reader_close(struct reader *r)
{
	csv_rows_close(r->csv);
	json_rows_close(r->json);
	feed_close(&r->feed);
	dict_free(r->names);
	free(r);
}
