#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "families/image/cnn.h"
#include "io/jsonio.h"

#define MOST_SIDE 4096		/* of a net's input */
#define SMALL 96		/* pictures up to this are taken as they are */
#define LARGE 224		/* the usual input for larger ones, cut out of ... */
#define LARGE_SIDE 256		/* ... this */

/* ---- cells ---- */

const struct column *picture_column(const struct data *x)
{
	for (size_t j = 0; j < x->ncols; j++)
		if (x->cols[j].kind == KIND_IMAGE)
			return &x->cols[j];
	return NULL;
}

/* Columns of pixels, row by row and channels innermost, as a PNM; what is no number from 0 to 255 goes to the nearest. */
static struct slice pixels_cell(const struct cnn *m, const struct data *x, size_t row, struct arena *a)
{
	char head[48];
	int n = snprintf(head, sizeof(head), "P%d %d %d 255\n", m->pc == 1 ? 5 : 6, (int)m->pw, (int)m->ph);
	size_t size = (size_t)n + x->ncols;
	char *s = arena_alloc(a, size);
	memcpy(s, head, (size_t)n);
	for (size_t j = 0; j < x->ncols; j++) {
		double v = x->cols[j].num[row];
		s[(size_t)n + j] = (char)(unsigned char)(v > 0 ? v < 255 ? lrint(v) : 255 : 0);
	}
	return (struct slice){ s, size };
}

struct cells cells_of(const struct cnn *m, const struct data *x)
{
	const struct column *col = picture_column(x);
	struct cells c = { .s = NEW(struct slice, x->n), .root = col ? col->root : NULL, .n = x->n };
	if (!col)
		c.arena = arena_new();
	for (size_t i = 0; i < x->n; i++)
		c.s[i] = col ? col->text[data_row(x, i)] : pixels_cell(m, x, data_row(x, i), c.arena);
	return c;
}

void cells_free(struct cells *c)
{
	free(c->s);
	arena_free(c->arena);
}

/* ---- sizes ---- */

/* "28", "28x32" or "28x32x3" to out (3), 0 where it is silent; false where it makes no sense. */
static bool read_size(const char *text, int32_t *out)
{
	int64_t v;
	out[0] = out[1] = out[2] = 0;
	for (int k = 0; k < 3; k++) {
		size_t n = strcspn(text, "x");
		if (!num_parse_int(text, n, &v) || v < 1 || v > MOST_SIDE)
			return false;
		out[k] = (int32_t)v;
		text += n;
		if (!*text)
			break;
		text++;
		if (k == 2)
			return false;
	}
	out[1] = out[1] ? out[1] : out[0];
	return true;
}

static char *text_of(const char *fmt, ...) PRINTF_LIKE(1, 2);
static char *text_of(const char *fmt, ...)
{
	char buf[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return mem_str(buf);
}

static const char *check_pixels(const struct cnn_opts *o, const struct data *x)
{
	int32_t s[3];
	for (size_t j = 0; j < x->ncols; j++)
		if (x->cols[j].kind != KIND_NUMERIC)
			return text_of("column '%s' is no number; name the column of pictures with --image, or --drop it",
				       x->cols[j].name);
	if (!o->pixels)
		return "it learns from pictures: name their column with --image, give --image-folder, or --pixels HxW for columns "
		       "of pixels";
	if (!read_size(o->pixels, s) || (s[2] != 0 && s[2] != 1 && s[2] != 3))
		return text_of("--pixels '%s' is not HxW, or HxWx3", o->pixels);
	s[2] = s[2] ? s[2] : 1;
	if ((size_t)s[0] * (size_t)s[1] * (size_t)s[2] != x->ncols)
		return text_of("--pixels %s needs %d columns, and there are %zu", o->pixels, s[0] * s[1] * s[2], x->ncols);
	return NULL;
}

static const char *check_numbers(const struct strs *l, const char *option, double least)
{
	double v;
	for (size_t i = 0; i < l->n; i++)
		if (!num_parse(l->s[i], strlen(l->s[i]), &v) || !(v >= least) || !(fabs(v) < 1e6))
			return text_of("%s: '%s' is no number it can be", option, l->s[i]);
	if (l->n != 0 && l->n != 1 && l->n != 3)
		return text_of("%s takes one number, or one for each of 3 channels", option);
	return NULL;
}

/* ---- the form ---- */

static bool is_grey(const struct picture *p)
{
	for (size_t i = 0; i < (size_t)p->h * (size_t)p->w; i++)
		if (p->px[3 * i] != p->px[3 * i + 1] || p->px[3 * i] != p->px[3 * i + 2])
			return false;
	return true;
}

/* Height and width of the first picture that can be read; whether none of them has a colour. */
static void look_at(const struct cells *c, int32_t *h, int32_t *w, bool *grey)
{
	size_t seen = 0;
	*h = *w = LARGE;
	*grey = true;
	for (size_t i = 0; i < c->n; i++) {
		struct picture p;
		if (picture_load(c->s[i], c->root, (struct picture_spec){ .c = 3 }, &p))
			continue;
		if (seen++ == 0) {
			*h = p.h;
			*w = p.w;
		}
		*grey = *grey && is_grey(&p);
		picture_free(&p);
	}
	*grey = *grey && seen > 0;
}

/* What the words of --normalise mean: (px * scale - mean) / std. */
static const struct normal {
	const char *word;
	double scale, mean[3], std[3];
	bool bgr;
} normals[] = {
	{ "unit", 1.0 / 255, { 0, 0, 0 }, { 1, 1, 1 }, false },
	{ "data", 1.0 / 255, { 0.5, 0.5, 0.5 }, { 0.25, 0.25, 0.25 }, false },	/* until it is measured */
	{ "imagenet", 1.0 / 255, { 0.485, 0.456, 0.406 }, { 0.229, 0.224, 0.225 }, false },
	{ "tf", 1, { 128, 128, 128 }, { 128, 128, 128 }, false },
	{ "caffe", 1, { 104, 117, 123 }, { 1, 1, 1 }, true },
	{ NULL, 0, { 0 }, { 0 }, false },
};

static void take_numbers(const struct strs *l, double *out)
{
	for (size_t k = 0; l->n && k < 3; k++) {
		const char *s = l->s[l->n == 1 ? 0 : k];
		num_parse(s, strlen(s), &out[k]);
	}
}

static void choose_normal(struct sample_form *f, const struct cnn_opts *o)
{
	const struct normal *n = normals;
	while (n->word && strcmp(n->word, o->normalise) != 0)
		n++;
	f->scale = n->scale;
	f->bgr = n->bgr && f->c == 3;
	memcpy(f->mean, n->mean, sizeof(f->mean));
	memcpy(f->std, n->std, sizeof(f->std));
	take_numbers(&o->mean, f->mean);
	take_numbers(&o->std, f->std);
}

void cnn_choose_input(struct cnn *m, const struct cnn_opts *o, const struct data *x)
{
	struct sample_form *f = &m->input.form;
	struct picture_spec *spec = &m->input.spec;
	int32_t s[3], h, w;
	bool grey;
	if (!picture_column(x) && read_size(o->pixels, s)) {
		m->ph = s[0];
		m->pw = s[1];
		m->pc = s[2] ? s[2] : 1;
	}
	struct data some = *x;
	some.n = x->n < 16 ? x->n : 16;
	struct cells cells = cells_of(m, &some);
	look_at(&cells, &h, &w, &grey);
	cells_free(&cells);
	bool small = h <= SMALL && w <= SMALL;
	f->h = f->w = LARGE;
	if (o->size && read_size(o->size, s)) {
		f->h = s[0];
		f->w = s[1];
	} else if (small) {
		f->h = h;
		f->w = w;
	}
	f->c = strcmp(o->channels, "auto") == 0 ? (grey ? 1 : 3) : (o->channels[0] == '1' ? 1 : 3);
	*spec = (struct picture_spec){ .c = f->c, .h = f->h, .w = f->w, .background = 255 };
	if (o->resize || (!small && !o->size)) {
		spec->h = o->resize ? o->resize : LARGE_SIDE;
		spec->w = 0;
	}
	choose_normal(f, o);
}

/* Whether the net takes pictures of the size that they will have. */
static const char *check_least(const struct cnn_opts *o, const struct data *x)
{
	struct cnn m = { .kind = net_find(o->net) };
	int32_t least = m.kind->least_size;
	cnn_choose_input(&m, o, x);
	if (m.input.form.h >= least && m.input.form.w >= least)
		return NULL;
	return text_of("--net %s takes pictures of %dx%d and more, not %dx%d; --size makes them larger", o->net, (int)least,
		       (int)least, (int)m.input.form.h, (int)m.input.form.w);
}

const char *cnn_check_input(const struct cnn_opts *o, const struct data *x)
{
	int32_t s[3];
	size_t pictures = 0;
	const char *why;
	for (size_t j = 0; j < x->ncols; j++)
		pictures += x->cols[j].kind == KIND_IMAGE;
	if (pictures > 1)
		return "it takes one column of pictures; --drop the others";
	if (pictures == 0 && (why = check_pixels(o, x)))
		return why;
	if (pictures && o->pixels)
		return "--pixels is for columns of pixels, and there is a column of pictures";
	for (size_t j = 0; pictures && j < x->ncols; j++)
		if (x->cols[j].kind != KIND_IMAGE)
			return text_of("column '%s' is no picture; give it to --id or --drop", x->cols[j].name);
	if (o->size && (!read_size(o->size, s) || s[2]))
		return text_of("--size '%s' is not N or HxW, up to %d", o->size, MOST_SIDE);
	if ((why = check_numbers(&o->mean, "--mean", -1e6)) || (why = check_numbers(&o->std, "--std", 1e-6)))
		return why;
	return check_least(o, x);
}

void cnn_measure_input(struct cnn *m, const struct album *a, size_t n)
{
	struct sample_form *f = &m->input.form;
	uint64_t sum[3] = { 0 }, squares[3] = { 0 }, pixels = 0;
	struct picture room = { 0 };
	const char *wrong;
	for (size_t i = 0; i < n; i++) {
		const struct picture *p = album_get(a, i, &room, &wrong);
		size_t size = p ? (size_t)p->h * (size_t)p->w : 0;
		for (size_t j = 0; j < size; j++)
			for (int32_t k = 0; k < f->c; k++) {
				uint64_t v = p->px[j * (size_t)f->c + (size_t)k];
				sum[k] += v;
				squares[k] += v * v;
			}
		pixels += size;
	}
	picture_free(&room);
	for (int32_t k = 0; pixels && k < f->c; k++) {
		double mean = (double)sum[k] / (double)pixels, var = (double)squares[k] / (double)pixels - mean * mean;
		f->mean[k] = mean / 255;
		f->std[k] = var > 1 ? sqrt(var) / 255 : 1;
	}
}

/* ---- in the model ---- */

static void put3(struct json *j, const char *key, const double *x, int32_t n)
{
	json_array(j, key);
	for (int32_t k = 0; k < n; k++)
		json_num(j, NULL, x[k]);
	json_end(j, ']');
}

void cnn_input_json(const struct cnn *m, struct json *j, const char *key)
{
	const struct sample_form *f = &m->input.form;
	json_object(j, key);
	json_int(j, "height", f->h);
	json_int(j, "width", f->w);
	json_int(j, "channels", f->c);
	json_int(j, "load_height", m->input.spec.h);
	json_int(j, "load_width", m->input.spec.w);
	json_bool(j, "bgr", f->bgr);
	json_num(j, "scale", f->scale);
	put3(j, "mean", f->mean, f->c);
	put3(j, "std", f->std, f->c);
	json_int(j, "pixel_height", m->ph);
	json_int(j, "pixel_width", m->pw);
	json_int(j, "pixel_channels", m->pc);
	json_end(j, '}');
}

void cnn_input_save(const struct cnn *m, struct store *st)
{
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	cnn_input_json(m, &j, NULL);
	store_meta(st, "dls.input", s.s);
	str_free(&s);
}

static void get3(const struct jval *v, double *x, int32_t n, double least, const struct store *st)
{
	if (jval_size(v) != (size_t)n)
		store_bad(st, "dls.input: %zu numbers for %d channels", jval_size(v), (int)n);
	for (int32_t k = 0; k < n; k++) {
		x[k] = jval_num(jval_at(v, (size_t)k));
		if (!isfinite(x[k]) || x[k] < least)
			store_bad(st, "dls.input: %g makes no sense", x[k]);
	}
}

static int32_t side(const struct jval *v, const char *key, int64_t least)
{
	return (int32_t)jval_int(jval_need(v, key), least, MOST_SIDE);
}

void cnn_input_load(struct cnn *m, struct store *st)
{
	const char *text = store_meta_need(st, "dls.input");
	struct jval *v = jval_parse(text, strlen(text), store_where(st));
	struct sample_form *f = &m->input.form;
	f->h = side(v, "height", 1);
	f->w = side(v, "width", 1);
	f->c = side(v, "channels", 1);
	m->ph = side(v, "pixel_height", 0);
	m->pw = side(v, "pixel_width", 0);
	m->pc = side(v, "pixel_channels", 0);
	if ((f->c != 1 && f->c != 3) || (m->ph && m->pc != 1 && m->pc != 3))
		store_bad(st, "dls.input: pictures have 1 channel or 3");
	m->input.spec = (struct picture_spec){ .c = f->c, .h = side(v, "load_height", 1), .w = side(v, "load_width", 0),
					       .background = 255 };
	f->bgr = jval_bool(jval_need(v, "bgr"));
	f->scale = jval_num(jval_need(v, "scale"));
	if (!isfinite(f->scale))
		store_bad(st, "dls.input: scale is no number");
	get3(jval_need(v, "mean"), f->mean, f->c, -1e9, st);
	get3(jval_need(v, "std"), f->std, f->c, 1e-9, st);
	jval_free(v);
}
