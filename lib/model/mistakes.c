#include "model/mistakes.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/image/picture.h"
#include "data/image/sheet.h"
#include "data/need.h"

#define ACROSS 8		/* pictures in a row of the sheet */
#define LETTER 6		/* pixels from letter to letter */
#define BESIDE 5		/* letters that stand beside a label: "true ", " 0.87" */
#define LEAST_CELL 96		/* sides of the squares: as labels want it, within these */
#define MOST_CELL 192

struct kept {
	double p, sure;		/* probabilities of the true label and of the predicted one */
	int32_t predicted;
	char *truth, *cell;	/* as they stand in the row */
	size_t n;		/* bytes of the cell */
};

struct mistakes {
	const struct schema *sc;
	const struct predict_opts *o;
	const char *root;
	struct out out;
	size_t image, target;	/* columns of the rows */
	const char **missing;	/* texts that are no label */
	struct kept *worst;	/* (n), by rising p, equals in the order of rows */
	size_t n;
	uint64_t labelled, wrong;
};

/* The first picture among the model's columns, as a column of the rows. */
static size_t image_column(const struct model *m, const struct reader *r)
{
	for (size_t f = 0; f < m->schema.nfields; f++)
		if (m->schema.fields[f].kind == KIND_IMAGE)
			return reader_need(r, m->schema.fields[f].name, "the model");
	die(ST_USAGE, "--mistakes draws pictures, but the model (family %s) has no column of these", m->family->name);
}

struct mistakes *mistakes_open(const struct model *m, const struct reader *r, const struct predict_opts *o,
			       const char *root)
{
	const struct schema *sc = &m->schema;
	if (!o->mistakes)
		return NULL;
	if (sc->nlabels == 0)
		die(ST_USAGE, "--mistakes is for classes, but the model predicts a quantity");
	if (o->features)
		die(ST_USAGE, "--mistakes needs predictions, and --features makes none");
	if (strcmp(o->mistakes, "-") == 0 && (!o->output || strcmp(o->output, "-") == 0))
		die(ST_USAGE, "--mistakes -: predictions go to stdout; give -o FILE");
	struct mistakes *k = NEW0(struct mistakes, 1);
	*k = (struct mistakes){ .sc = sc, .o = o, .root = root, .image = image_column(m, r) };
	k->target = reader_target(r, sc->target);
	if (reader_image(r) && k->target == SIZE_MAX)
		die(ST_DATA, "%s: --mistakes: the pictures have no labels; %s", reader_where(r), reader_folder(r) ?
		    "sub-folders are classes, but there are none" : "--idx-labels FILE gives them");
	if (k->target == SIZE_MAX)
		reader_need(r, sc->target, "--mistakes");
	k->missing = schema_missing(sc);
	k->worst = NEW0(struct kept, (size_t)o->mistakes_count + 1);
	k->out = out_open(o->mistakes, true);
	return k;
}

static struct slice cell_of(const struct block *b, size_t row, size_t col)
{
	return col < b->ncols ? b->cells[row * b->ncols + col] : (struct slice){ 0 };
}

static void kept_free(struct kept *w)
{
	free(w->truth);
	free(w->cell);
}

/* Puts a mistake behind all that are as bad; the last one goes where there are too many. */
static void keep(struct mistakes *k, struct kept one)
{
	size_t at = k->n++;
	for (; at > 0 && k->worst[at - 1].p > one.p; at--)
		k->worst[at] = k->worst[at - 1];
	k->worst[at] = one;
	if (k->n > (size_t)k->o->mistakes_count)
		kept_free(&k->worst[--k->n]);
}

void mistakes_take(struct mistakes *k, const struct block *b, size_t row, const double *p)
{
	struct slice target = slice_trim(cell_of(b, row, k->target)), cell = cell_of(b, row, k->image);
	if (isnan(p[0]) || target.n == 0)
		return;
	char *truth = mem_strn(target.s, target.n);
	int32_t label = schema_label(k->sc, truth), predicted = score_decide(k->sc, k->o->threshold, p);
	bool known = label >= 0 || !is_missing(target, k->missing);
	double of_truth = label >= 0 ? p[label] : 0;
	k->labelled += known;
	k->wrong += known && label != predicted;
	if (!known || label == predicted ||
	    (k->n == (size_t)k->o->mistakes_count && of_truth >= k->worst[k->n - 1].p)) {
		free(truth);
		return;
	}
	keep(k, (struct kept){ of_truth, p[predicted], predicted, truth, mem_copy(cell.s, cell.n, 1), cell.n });
}

/* ---- the sheet ---- */

/* Characters of UTF-8. */
static size_t letters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((uint8_t)*s & 0xc0) != 0x80;
	return n;
}

/* A side of the squares under which every label of the model stands whole, if it is not too long. */
static int32_t cell_side(const struct schema *sc)
{
	size_t most = 0;
	for (int32_t i = 0; i < sc->nlabels; i++)
		most = letters(sc->labels[i]) > most ? letters(sc->labels[i]) : most;
	most = (most + BESIDE) * LETTER;
	return most < LEAST_CELL ? LEAST_CELL : most > MOST_CELL ? MOST_CELL : (int32_t)most;
}

/* The label, cut so that something stands beside it under a square. */
static void put_label(struct str *out, const char *label, int32_t side)
{
	size_t room = (size_t)(side / LETTER) - BESIDE;
	for (; *label && (room || ((uint8_t)*label & 0xc0) == 0x80); label++) {
		room -= ((uint8_t)*label & 0xc0) != 0x80;
		str_putc(out, *label);
	}
}

/* The picture at the size in which the sheet shows it; none where it is not there any more. */
static struct picture picture_of(const struct mistakes *k, const struct kept *w, int32_t side)
{
	struct picture whole, small;
	if (picture_load((struct slice){ w->cell, w->n }, k->root, (struct picture_spec){ .c = 3, .background = 255 }, &whole))
		return (struct picture){ 0 };
	int32_t longer = whole.h > whole.w ? whole.h : whole.w;
	int32_t h = (int32_t)((int64_t)whole.h * side / longer), w_ = (int32_t)((int64_t)whole.w * side / longer);
	picture_resize(&whole, h < 1 ? 1 : h, w_ < 1 ? 1 : w_, &small);
	picture_free(&whole);
	return small;
}

static void draw(const struct mistakes *k, struct picture *sheet)
{
	int32_t side = cell_side(k->sc);
	struct sheet_item *item = NEW0(struct sheet_item, k->n + 1);
	struct str *line = NEW0(struct str, 2 * k->n);
	struct str none = { 0 };
	for (size_t i = 0; i < k->n; i++) {
		const struct kept *w = &k->worst[i];
		str_puts(&line[2 * i], "true ");
		put_label(&line[2 * i], w->truth, side);
		put_label(&line[2 * i + 1], k->sc->labels[w->predicted], side);
		str_printf(&line[2 * i + 1], " %.2f", w->sure);
		item[i] = (struct sheet_item){ picture_of(k, w, side), line[2 * i].s, line[2 * i + 1].s, { 214, 39, 40 } };
	}
	str_printf(&none, "in %" PRIu64 " rows", k->labelled);
	if (k->n == 0)
		item[0] = (struct sheet_item){ .line1 = "no mistake", .line2 = none.s, .frame = { 200, 200, 200 } };
	sheet_draw(item, k->n ? k->n : 1, side, ACROSS, sheet);
	for (size_t i = 0; i < k->n; i++)
		picture_free(&item[i].p);
	for (size_t i = 0; i < 2 * k->n; i++)
		str_free(&line[i]);
	str_free(&none);
	free(line);
	free(item);
}

void mistakes_close(struct mistakes *k)
{
	struct picture sheet;
	struct str png = { 0 };
	if (!k)
		return;
	if (k->labelled == 0)
		die(ST_DATA, "--mistakes: no row with a picture has a label in the column '%s'", k->sc->target);
	draw(k, &sheet);
	picture_png(&sheet, &png);
	out_write(&k->out, png.s, png.n);
	out_close(&k->out);
	note(1, "%s: the worst %zu of %" PRIu64 " mistakes in %" PRIu64 " labelled rows", k->o->mistakes, k->n, k->wrong,
	     k->labelled);
	for (size_t i = 0; i < k->n; i++)
		kept_free(&k->worst[i]);
	picture_free(&sheet);
	str_free(&png);
	free(k->worst);
	free(k->missing);
	free(k);
}
