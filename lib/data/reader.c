#include "data/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/csvrows.h"
#include "data/feed.h"
#include "data/folder.h"
#include "data/json.h"
#include "data/lines.h"
#include "data/pixels.h"
#include "data/svmlight.h"
#include "data/vw.h"

enum form { FORM_CSV, FORM_JSON, FORM_SVMLIGHT, FORM_VW, FORM_PIXELS, FORM_FOLDER };

struct reader {
	struct feed feed;
	enum form form;
	struct dict *names;	/* number: column */
	struct dict *features;	/* number: feature; NULL: they are hashed */
	struct csv_rows *csv;	/* one of these five */
	struct json_rows *json;
	struct line_rows *lines;
	struct pixel_rows *pixels;
	struct folder_rows *folder;
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
	bool more;
	switch (r->form) {
	case FORM_JSON: more = json_rows_next(r->json, b); break;
	case FORM_PIXELS: more = pixel_rows_next(r->pixels, b); break;
	case FORM_FOLDER: more = folder_rows_next(r->folder, b); break;
	case FORM_CSV: more = csv_rows_next(r->csv, b); break;
	default: more = line_rows_next(r->lines, b);
	}
	if (!more)
		return false;
	r->rows += b->nrows;
	return true;
}

/* The form that was asked for, or that the first bytes (of which c is the first that is no blank) look like. */
static enum form find_form(struct feed *f, const char *format, char c)
{
	const char *s = f->buf + f->begin, *end = f->buf + f->end;
	f->buf[f->end] = '\n';
	if (strcmp(format, "auto") != 0)
		return strcmp(format, "json") == 0 ? FORM_JSON : strcmp(format, "svmlight") == 0 ? FORM_SVMLIGHT :
			strcmp(format, "vw") == 0 ? FORM_VW : FORM_CSV;
	if (c == '{' || c == '[')
		return FORM_JSON;
	return vw_looks(s, end) ? FORM_VW : svmlight_looks(s, end, f->eof) ? FORM_SVMLIGHT : FORM_CSV;
}

static void open_folder(struct reader *r, struct reader_opts o)
{
	if (o.labels || (o.format && strcmp(o.format, "auto") != 0))
		die(ST_USAGE, "--image-folder reads no stream; leave out %s", o.labels ? "--idx-labels" : "--format");
	r->form = FORM_FOLDER;
	r->feed = (struct feed){ .where = o.folder };
	r->folder = folder_rows_open(o.folder, r->names);
	r->feed.hash = folder_rows_hash(r->folder);
}

struct reader *reader_open(const char *path, struct reader_opts o)
{
	struct reader *r = NEW0(struct reader, 1);
	const char *format = o.format ? o.format : "auto";
	r->names = dict_new();
	r->features = o.hash ? NULL : dict_new();
	if (o.folder) {
		open_folder(r, o);
		return r;
	}
	feed_open(&r->feed, path);
	feed_more(&r->feed);
	if (r->feed.end == 0)
		die(ST_DATA, "%s: the input is empty; it wants CSV with a header, or JSON", r->feed.where);
	enum pixels pixels = pixels_form(format, r->feed.buf, r->feed.end);
	if (pixels) {
		r->form = FORM_PIXELS;
		r->pixels = pixel_rows_open(&r->feed, pixels, o.labels, r->names);
		return r;
	}
	if (o.labels)
		die(ST_USAGE, "--idx-labels: %s is no idx file of pictures", r->feed.where);
	char c = find_start(&r->feed);
	r->form = find_form(&r->feed, format, c);
	if (r->form == FORM_JSON) {
		r->json = json_rows_open(&r->feed, r->names, r->features);
		r->ahead = read_block(r);	/* the names are known from the first rows */
	} else if (r->form != FORM_CSV) {
		r->lines = line_rows_open(&r->feed, r->form == FORM_VW ? &vw_form : &svmlight_form, o.threads, r->names, r->features);
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

bool reader_is_lines(const struct reader *r)
{
	return r->lines != NULL;
}

bool reader_is_numbered(const struct reader *r)
{
	return r->form == FORM_SVMLIGHT;
}

bool reader_is_hashed(const struct reader *r)
{
	return !r->features && r->form != FORM_SVMLIGHT;
}

bool reader_is_sparse(const struct reader *r)
{
	return r->lines || (r->json && json_rows_nested(r->json));
}

int32_t reader_nfeatures(const struct reader *r)
{
	return r->features ? dict_size(r->features) : 0;
}

struct slice reader_feature(const struct reader *r, int32_t i)
{
	return (struct slice){ dict_text(r->features, i), dict_len(r->features, i) };
}

const char *reader_image(const struct reader *r)
{
	return r->pixels || r->folder ? "image" : NULL;
}

size_t reader_target(const struct reader *r, const char *name)
{
	size_t at = reader_find(r, name);
	return at == SIZE_MAX && reader_image(r) ? reader_find(r, "label") : at;
}

bool reader_is_bytes(const struct reader *r)
{
	return r->pixels != NULL;
}

const char *reader_folder(const struct reader *r)
{
	return r->folder ? r->feed.where : NULL;
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
	line_rows_close(r->lines);
	pixel_rows_close(r->pixels);
	if (r->folder)
		folder_rows_close(r->folder);
	else
		feed_close(&r->feed);
	dict_free(r->names);
	dict_free(r->features);
	free(r);
}
