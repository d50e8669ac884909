#include "data/pixels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

#define MOST_SIDE 32768		/* pixels */
#define MOST_DIMS 4
#define IDX_BYTES 8		/* the type of unsigned bytes */
#define CIFAR_SIDE 32

struct pixel_rows {
	struct feed *feed;
	uint64_t at;		/* byte of the stream at the window's begin */
	uint64_t total, done;	/* pictures: as idx promises, else UINT64_MAX; given so far */
	size_t h, w, c;
	bool planar;		/* channel after channel, else pixel after pixel */
	size_t nlabels;		/* bytes of a record before the picture */
	struct stream *labels;	/* or NULL */
	char head[40];		/* of the PNM files */
	size_t nhead, ncols;
	char digits[256][4];	/* each byte as text */
	/* of the block */
	struct slice *cells;
	uint64_t *lines;
	uint8_t *label;		/* (rows) read from labels */
	char *files;
	size_t cap_rows;
};

enum pixels pixels_form(const char *format, const char *s, size_t n)
{
	if (strcmp(format, "idx") == 0)
		return PIXELS_IDX;
	if (strcmp(format, "cifar10") == 0)
		return PIXELS_CIFAR10;
	if (strcmp(format, "cifar100") == 0)
		return PIXELS_CIFAR100;
	bool idx = strcmp(format, "auto") == 0 && n >= 4 && s[0] == 0 && s[1] == 0 && s[2] >= IDX_BYTES && s[2] <= 14;
	return idx && s[3] >= 1 && s[3] <= MOST_DIMS ? PIXELS_IDX : PIXELS_NONE;
}

static uint32_t big_endian(const char *s)
{
	const unsigned char *b = (const unsigned char *)s;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* ---- headers ---- */

static size_t available(const struct feed *f)
{
	return f->end - f->begin;
}

/* Dies unless so many bytes are in the window, or can be read into it. */
static void need(struct pixel_rows *p, size_t n, const char *what)
{
	struct feed *f = p->feed;
	while (available(f) < n && !f->eof)
		feed_more(f);
	if (available(f) < n)
		die(ST_DATA, "%s: byte %" PRIu64 ": the file is cut off inside %s", f->where, p->at + available(f), what);
}

static void consume(struct pixel_rows *p, size_t n)
{
	p->feed->begin += n;
	p->at += n;
}

/* Pictures as idx: their number, height and width, and perhaps channels. */
static void read_idx(struct pixel_rows *p)
{
	const char *where = p->feed->where;
	need(p, 4, "the header of idx");
	const char *s = p->feed->buf + p->feed->begin;
	uint32_t dims = (unsigned char)s[3], d[MOST_DIMS] = { 0, 0, 0, 1 };
	if (s[0] || s[1])
		die(ST_DATA, "%s: byte 0: no idx file: it does not begin with two zeros", where);
	if (s[2] != IDX_BYTES)
		die(ST_DATA, "%s: byte 2: idx of type 0x%02x; pictures are bytes, 0x08", where, (unsigned char)s[2]);
	if (dims == 1)
		die(ST_DATA, "%s: these are labels (idx of one dimension): --idx-labels takes them, the pictures come here",
		    where);
	if (dims != 3 && dims != 4)
		die(ST_DATA, "%s: byte 3: idx of %u dimensions; pictures have 3, or 4 with channels", where, dims);
	need(p, 4 + 4 * (size_t)dims, "the header of idx");
	s = p->feed->buf + p->feed->begin;
	for (size_t i = 0; i < dims; i++)
		d[i] = big_endian(s + 4 + 4 * i);
	bool sides = d[1] > 0 && d[2] > 0 && d[1] <= MOST_SIDE && d[2] <= MOST_SIDE;
	if (!sides || (d[3] != 1 && d[3] != 3) || (size_t)d[1] * d[2] * d[3] > RECORD_MAX)
		die(ST_DATA, "%s: byte 8: pictures of %u x %u pixels and %u channels; sides are 1 to %d, channels 1 or 3",
		    where, d[1], d[2], d[3], MOST_SIDE);
	consume(p, 4 + 4 * (size_t)dims);
	p->total = d[0];
	p->h = d[1];
	p->w = d[2];
	p->c = d[3];
}

static void open_labels(struct pixel_rows *p, const char *path)
{
	char head[8];
	p->labels = stream_open(path);
	size_t n = stream_read(p->labels, head, sizeof(head));
	const char *where = stream_where(p->labels);
	if (n < sizeof(head) || big_endian(head) != (IDX_BYTES << 8 | 1))
		die(ST_DATA, "%s: no idx file of labels: it does not begin with 00 00 08 01 and their number", where);
	if (big_endian(head + 4) != p->total)
		die(ST_DATA, "%s: %u labels, but %s has %" PRIu64 " pictures", where, big_endian(head + 4), p->feed->where,
		    p->total);
}

struct pixel_rows *pixel_rows_open(struct feed *f, enum pixels form, const char *labels, struct dict *names)
{
	struct pixel_rows *p = NEW0(struct pixel_rows, 1);
	*p = (struct pixel_rows){ .feed = f, .at = f->begin, .total = UINT64_MAX, .h = CIFAR_SIDE, .w = CIFAR_SIDE, .c = 3,
		.planar = form != PIXELS_IDX, .nlabels = form == PIXELS_CIFAR100 ? 2 : form == PIXELS_CIFAR10 };
	if (labels && form != PIXELS_IDX)
		die(ST_USAGE, "--idx-labels is for pictures as idx; records of CIFAR hold their labels");
	if (form == PIXELS_IDX)
		read_idx(p);
	if (labels)
		open_labels(p, labels);
	dict_add(names, "image", 5);
	if (form == PIXELS_CIFAR100)
		dict_add(names, "coarse", 6);
	if (p->labels || p->nlabels)
		dict_add(names, "label", 5);
	p->ncols = (size_t)dict_size(names);
	for (int i = 0; i < 256; i++)
		snprintf(p->digits[i], sizeof(p->digits[i]), "%d", (uint8_t)i);
	p->nhead = (size_t)snprintf(p->head, sizeof(p->head), "P%c\n%zu %zu\n255\n", p->c == 1 ? '5' : '6', p->w, p->h);
	return p;
}

/* ---- rows ---- */

static void reserve(struct pixel_rows *p, size_t rows)
{
	if (rows <= p->cap_rows)
		return;
	p->cap_rows = rows;
	GROW(p->cells, rows * p->ncols);
	GROW(p->lines, rows);
	GROW(p->label, rows);
	free(p->files);
	p->files = mem_alloc(rows, p->nhead + p->h * p->w * p->c);
}

/* One picture as a PNM file. */
static void put_file(const struct pixel_rows *p, const char *px, char *file)
{
	size_t n = p->h * p->w;
	memcpy(file, p->head, p->nhead);
	file += p->nhead;
	if (!p->planar)
		memcpy(file, px, n * p->c);
	for (size_t i = 0; p->planar && i < n; i++)
		for (size_t k = 0; k < p->c; k++)
			file[i * p->c + k] = px[k * n + i];
}

static struct slice label_cell(const struct pixel_rows *p, uint8_t label)
{
	return slice_of(p->digits[label]);
}

/* The labels that begin a record of CIFAR. */
static void put_labels(const struct pixel_rows *p, const char *record, uint64_t at, struct slice *cells)
{
	static const uint8_t most[2][2] = { { 9, 9 }, { 19, 99 } };
	for (size_t i = 0; i < p->nlabels; i++) {
		uint8_t label = (uint8_t)record[i];
		if (label > most[p->nlabels - 1][i])
			die(ST_DATA, "%s: byte %" PRIu64 ": the label %d; CIFAR-%s has 0 to %d there", p->feed->where, at + i,
			    label, p->nlabels == 1 ? "10" : "100", most[p->nlabels - 1][i]);
		cells[i] = label_cell(p, label);
	}
}

static void read_labels(struct pixel_rows *p, size_t rows)
{
	size_t n = stream_read(p->labels, (char *)p->label, rows);
	if (n < rows)
		die(ST_DATA, "%s: byte %" PRIu64 ": the file is cut off: it promises %" PRIu64 " labels",
		    stream_where(p->labels), 8 + p->done + n, p->total);
}

/* After the last picture that idx promises there is nothing, nor after its label. */
static bool ended(struct pixel_rows *p)
{
	struct feed *f = p->feed;
	char more;
	while (available(f) == 0 && !f->eof)
		feed_more(f);
	if (p->done < p->total && available(f) > 0)
		return false;
	if (p->total == UINT64_MAX)
		return true;
	if (available(f) > 0)
		die(ST_DATA, "%s: byte %" PRIu64 ": the file goes on after its %" PRIu64 " pictures", f->where, p->at,
		    p->total);
	if (p->done < p->total)
		die(ST_DATA, "%s: byte %" PRIu64 ": the file ends after %" PRIu64 " of its %" PRIu64 " pictures", f->where,
		    p->at, p->done, p->total);
	if (p->labels && stream_read(p->labels, &more, 1))
		die(ST_DATA, "%s: byte %" PRIu64 ": the file goes on after its %" PRIu64 " labels", stream_where(p->labels),
		    8 + p->total, p->total);
	return true;
}

bool pixel_rows_next(struct pixel_rows *p, struct block *b)
{
	size_t size = p->nlabels + p->h * p->w * p->c, file = p->nhead + p->h * p->w * p->c;
	if (ended(p))
		return false;
	char what[60];
	snprintf(what, sizeof(what), "picture %" PRIu64 ", of %zu bytes", p->done + 1, size);
	need(p, size, what);
	size_t rows = available(p->feed) / size;
	if (rows > p->total - p->done)
		rows = (size_t)(p->total - p->done);
	reserve(p, rows);
	if (p->labels)
		read_labels(p, rows);
	for (size_t i = 0; i < rows; i++) {
		const char *record = p->feed->buf + p->feed->begin;
		struct slice *cells = p->cells + i * p->ncols;
		put_labels(p, record, p->at, cells + 1);
		put_file(p, record + p->nlabels, p->files + i * file);
		cells[0] = (struct slice){ p->files + i * file, file };
		if (p->labels)
			cells[1] = label_cell(p, p->label[i]);
		p->lines[i] = ++p->done;
		consume(p, size);
	}
	*b = (struct block){ .nrows = rows, .ncols = p->ncols, .cells = p->cells, .lines = p->lines, .first = b->first };
	return true;
}

void pixel_rows_close(struct pixel_rows *p)
{
	if (!p)
		return;
	if (p->labels)
		stream_close(p->labels);
	free(p->cells);
	free(p->lines);
	free(p->label);
	free(p->files);
	free(p);
}
