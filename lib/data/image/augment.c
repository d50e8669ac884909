/*
 * RandAugment draws, N times, one of 14 with equal probability (Cubuk 2020): as they are, autocontrast, equalize, rotate,
 * solarize, color, posterize, contrast, brightness, sharpness, shear and translate along x and y. At magnitude M, m being
 * M / 30 and either sign equally likely: rotate +-30 m degrees, shear +-0.3 m (of the side, not degrees), translate
 * +-150/331 m of the side, color, contrast, brightness and sharpness by a factor of 1 +- 0.9 m, posterize to
 * 8 - round(4 m) bits, solarize from 1 - m on. Magnitude 0 changes nothing but by autocontrast, equalize and solarize.
 */
#include "data/image/augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "data/image/colour.h"

#define PI 3.14159265358979324
#define ATTEMPTS 10		/* at a part that fits */
#define ERASE_RATIO 0.3		/* least ratio of the sides of what is erased; the most is its inverse */
#define VIEW_SHIFT 16		/* views of a picture no larger than the sample are moved by 1 / this of a side */
#define MOST_STEPS 40		/* changes of colour: 30 by randaugment, and 6 */

struct augmenter {
	struct augment how;
	struct sample_form form;
	float plain[3][256];		/* a byte of a channel of the sample, normalised */
	float mul[3], add[3];		/* the same for 0..1: v mul + add */
	float quantile[COLOUR_QUANTILES];
};

/* What was drawn for one picture. */
struct plan {
	struct affine map;
	struct { enum colour_op op; double x; } step[MOST_STEPS];
	int n;
	double noise;			/* 0: none */
	struct { int32_t y, x, h, w; } hole[2];
};

struct augmenter *augmenter_new(const struct augment *how, struct sample_form form)
{
	struct augmenter *a = NEW0(struct augmenter, 1);
	a->how = *how;
	a->form = form;
	for (int k = 0; k < form.c; k++) {
		for (int v = 0; v < 256; v++)
			a->plain[k][v] = (float)((v * form.scale - form.mean[k]) / form.std[k]);
		a->mul[k] = (float)(255 * form.scale / form.std[k]);
		a->add[k] = (float)(-form.mean[k] / form.std[k]);
	}
	if (how->op[AUGMENT_NOISE].p > 0)
		colour_quantiles(a->quantile);
	return a;
}

void augmenter_free(struct augmenter *a)
{
	free(a);
}

/* The sample as planes in memory at v. */
static struct planes planes(const struct augmenter *a, float *v)
{
	return (struct planes){ v, a->form.c, a->form.h, a->form.w };
}

float *augment_room(const struct augmenter *a)
{
	return mem_aligned(sample_size(&a->form) + colour_room(planes(a, NULL)), sizeof(float));
}

static void check(const struct augmenter *a, const struct picture *p)
{
	if (p->c != a->form.c)
		bug("a picture of %d channels for a sample of %d", p->c, a->form.c);
}

/* ---- geometry: maps from the sample to the picture ---- */

/* Where the middle n of `of` begins; halves go to the even, as torchvision's CenterCrop has it. */
static int32_t middle(int32_t of, int32_t n)
{
	int32_t d = of - n;
	return d < 0 ? d / 2 : (d + (d / 2) % 2) / 2;
}

static struct affine part(double y, double x, double sy, double sx)
{
	return (struct affine){ { sx, 0, x, 0, sy, y } };
}

/* What stands in the sample is first taken through (p - c) l + c + t, c the middle of the sample. */
static void before(struct affine *a, const struct sample_form *f, double xx, double xy, double yx, double yy, double tx, double ty)
{
	double cx = f->w / 2.0, cy = f->h / 2.0, m[6];
	double x = cx + tx - xx * cx - xy * cy, y = cy + ty - yx * cx - yy * cy;
	for (int i = 0; i < 6; i += 3) {
		m[i] = a->m[i] * xx + a->m[i + 1] * yx;
		m[i + 1] = a->m[i] * xy + a->m[i + 1] * yy;
		m[i + 2] = a->m[i] * x + a->m[i + 1] * y + a->m[i + 2];
	}
	memcpy(a->m, m, sizeof(m));
}

static void mirror(struct affine *a, const struct sample_form *f)
{
	before(a, f, -1, 0, 0, 1, 0, 0);
}

static void rotate(struct affine *a, const struct sample_form *f, double degrees)
{
	double t = degrees * PI / 180;
	before(a, f, cos(t), -sin(t), sin(t), cos(t), 0, 0);
}

static double draw(const struct augment_range *o, struct rng *r)
{
	return o->low + (o->high - o->low) * rng_double(r);
}

static bool hit(const struct augment_range *o, struct rng *r)
{
	return o->p > 0 && rng_double(r) < o->p;
}

/* A whole number from low to high. */
static int32_t any(struct rng *r, int32_t low, int32_t high)
{
	return low + (int32_t)rng_below(r, (uint64_t)(high - low) + 1);
}

/* Where a crop of n begins in `of`: off the middle by no more than the picture reaches, or than `by` where that is farther. */
static int32_t crop_start(struct rng *r, int32_t of, int32_t n, double by)
{
	int32_t d = of - n, at = middle(of, n), off = (int32_t)(by < 1 ? floor(by * n + 0.5) : by);
	return any(r, at - off < 0 || d < 0 ? at - off : 0, at + off > d || d < 0 ? at + off : d);
}

/* Inception's crop: area and ratio of the sides at random; after ATTEMPTS the largest middle part of a fitting ratio. */
static struct affine resized(const struct augmenter *a, const struct picture *p, struct rng *r)
{
	const struct augment_range *ratio = &a->how.op[AUGMENT_RATIO];
	double area = (double)p->h * p->w, rows = a->form.h, cols = a->form.w;
	for (int i = 0; i < ATTEMPTS; i++) {
		double part_of = area * draw(&a->how.op[AUGMENT_RESIZED], r);
		double shape = exp(log(ratio->low) + (log(ratio->high) - log(ratio->low)) * rng_double(r));
		double w = floor(sqrt(part_of * shape) + 0.5), h = floor(sqrt(part_of / shape) + 0.5);
		if (w >= 1 && h >= 1 && w <= p->w && h <= p->h)
			return part(any(r, 0, p->h - (int32_t)h), any(r, 0, p->w - (int32_t)w), h / rows, w / cols);
	}
	double shape = fmin(fmax((double)p->w / p->h, ratio->low), ratio->high);
	double w = fmin(p->w, p->h * shape), h = fmin(p->h, p->w / shape);
	return part((p->h - h) / 2, (p->w - w) / 2, h / rows, w / cols);
}

static struct affine framed(const struct augmenter *a, const struct picture *p, struct rng *r)
{
	const struct augment_range *crop = &a->how.op[AUGMENT_CROP];
	const struct sample_form *f = &a->form;
	if (hit(&a->how.op[AUGMENT_RESIZED], r))
		return resized(a, p, r);
	if (!hit(crop, r))
		return part(middle(p->h, f->h), middle(p->w, f->w), 1, 1);
	int32_t y = crop_start(r, p->h, f->h, crop->high);
	return part(y, crop_start(r, p->w, f->w, crop->high), 1, 1);
}

static void bend(const struct augmenter *a, struct rng *r, struct affine *m)
{
	const struct augment_range *op = a->how.op;
	const struct sample_form *f = &a->form;
	if (hit(&op[AUGMENT_FLIP], r))
		mirror(m, f);
	if (hit(&op[AUGMENT_VFLIP], r))
		before(m, f, 1, 0, 0, -1, 0, 0);
	if (hit(&op[AUGMENT_ROTATE], r))
		rotate(m, f, draw(&op[AUGMENT_ROTATE], r));
	if (hit(&op[AUGMENT_SHEAR], r)) {
		double x = tan(draw(&op[AUGMENT_SHEAR], r) * PI / 180), y = tan(draw(&op[AUGMENT_SHEAR], r) * PI / 180);
		before(m, f, 1, x, 0, 1, 0, 0);
		before(m, f, 1, 0, y, 1, 0, 0);
	}
	if (hit(&op[AUGMENT_SCALE], r)) {
		double s = 1 / draw(&op[AUGMENT_SCALE], r);
		before(m, f, s, 0, 0, s, 0, 0);
	}
	if (hit(&op[AUGMENT_SHIFT], r)) {
		double x = floor(draw(&op[AUGMENT_SHIFT], r) * f->w + 0.5), y = floor(draw(&op[AUGMENT_SHIFT], r) * f->h + 0.5);
		before(m, f, 1, 0, 0, 1, x, y);
	}
}

/* ---- colours ---- */

static void add_step(struct plan *p, enum colour_op op, double x)
{
	if (p->n == MOST_STEPS)
		bug("more than %d changes of colour", MOST_STEPS);
	p->step[p->n].op = op;
	p->step[p->n++].x = x;
}

static void jitter(const struct augmenter *a, struct rng *r, struct plan *p)
{
	static const struct { enum augment_op op; enum colour_op does; } jitters[] = {
		{ AUGMENT_BRIGHTNESS, COLOUR_BRIGHTNESS }, { AUGMENT_CONTRAST, COLOUR_CONTRAST },
		{ AUGMENT_SATURATION, COLOUR_SATURATION }, { AUGMENT_HUE, COLOUR_HUE }
	};
	const struct augment_range *op = a->how.op;
	uint32_t order[] = { 0, 1, 2, 3 };
	rng_shuffle(r, order, 4);
	for (int i = 0; i < 4; i++)
		if (hit(&op[jitters[order[i]].op], r))
			add_step(p, jitters[order[i]].does, draw(&op[jitters[order[i]].op], r));
	if (hit(&op[AUGMENT_GREY], r))
		add_step(p, COLOUR_SATURATION, 0);
}

/* One of the 14, m from 0 to 1. */
static void rand_one(const struct sample_form *f, struct rng *r, double m, struct plan *p)
{
	uint64_t which = rng_below(r, 14);
	double either = rng_below(r, 2) ? m : -m;
	switch (which) {
	case 0: return;
	case 1: add_step(p, COLOUR_AUTOCONTRAST, 0); return;
	case 2: add_step(p, COLOUR_EQUALIZE, 0); return;
	case 3: rotate(&p->map, f, 30 * either); return;
	case 4: add_step(p, COLOUR_SOLARIZE, 1 - m); return;
	case 5: add_step(p, COLOUR_SATURATION, 1 + 0.9 * either); return;
	case 6: add_step(p, COLOUR_POSTERIZE, 8 - floor(4 * m + 0.5)); return;
	case 7: add_step(p, COLOUR_CONTRAST, 1 + 0.9 * either); return;
	case 8: add_step(p, COLOUR_BRIGHTNESS, 1 + 0.9 * either); return;
	case 9: add_step(p, COLOUR_SHARPNESS, 1 + 0.9 * either); return;
	case 10: before(&p->map, f, 1, 0.3 * either, 0, 1, 0, 0); return;
	case 11: before(&p->map, f, 1, 0, 0.3 * either, 1, 0, 0); return;
	case 12: before(&p->map, f, 1, 0, 0, 1, floor(150 / 331.0 * either * f->w + 0.5), 0); return;
	default: before(&p->map, f, 1, 0, 0, 1, 0, floor(150 / 331.0 * either * f->h + 0.5)); return;
	}
}

/* ---- holes ---- */

/* The part of start .. start + n within 0 .. of. */
static int32_t within(int32_t start, int32_t n, int32_t of, int32_t *from)
{
	int32_t end = start + n < of ? start + n : of;
	*from = start < 0 ? 0 : start;
	return end - *from;
}

static void holes(const struct augmenter *a, struct rng *r, struct plan *p)
{
	const struct augment_range *cut = &a->how.op[AUGMENT_CUTOUT], *erase = &a->how.op[AUGMENT_ERASE];
	int32_t h = a->form.h, w = a->form.w;
	if (hit(cut, r)) {
		int32_t side = (int32_t)(cut->high * (h < w ? h : w) + 0.5);
		p->hole[0].h = within((int32_t)rng_below(r, (uint64_t)h) - side / 2, side, h, &p->hole[0].y);
		p->hole[0].w = within((int32_t)rng_below(r, (uint64_t)w) - side / 2, side, w, &p->hole[0].x);
	}
	if (!hit(erase, r))
		return;
	for (int i = 0; i < ATTEMPTS; i++) {
		double area = draw(erase, r) * h * w, shape = exp(log(ERASE_RATIO) * (2 * rng_double(r) - 1));
		double rows = floor(sqrt(area * shape) + 0.5), cols = floor(sqrt(area / shape) + 0.5);
		if (rows > h || cols > w)
			continue;
		p->hole[1].h = (int32_t)rows;
		p->hole[1].w = (int32_t)cols;
		p->hole[1].y = any(r, 0, h - p->hole[1].h);
		p->hole[1].x = any(r, 0, w - p->hole[1].w);
		return;
	}
}

static void dig(const struct augmenter *a, const struct plan *p, float *out)
{
	size_t w = (size_t)a->form.w, c = (size_t)a->form.c;
	for (int i = 0; i < 2; i++)
		for (int32_t y = 0; y < p->hole[i].h && p->hole[i].w > 0; y++)
			memset(out + ((size_t)(p->hole[i].y + y) * w + (size_t)p->hole[i].x) * c, 0,
			       (size_t)p->hole[i].w * c * sizeof(*out));
}

/* ---- samples ---- */

/* Planes (c, n) to out (n, c), normalised. */
__attribute__((target_clones("avx2", "default"), optimize("O3")))
static void normalise(const struct augmenter *a, size_t n, const float *v, float *out)
{
	const float *first = v, *second = v + n, *third = v + 2 * n;
	if (a->form.c == 1) {
		for (size_t i = 0; i < n; i++)
			out[i] = v[i] * a->mul[0] + a->add[0];
		return;
	}
	if (a->form.bgr) {
		first = third;
		third = v;
	}
	float m0 = a->mul[0], m1 = a->mul[1], m2 = a->mul[2], a0 = a->add[0], a1 = a->add[1], a2 = a->add[2];
	for (size_t i = 0; i < n; i++) {
		out[3 * i] = first[i] * m0 + a0;
		out[3 * i + 1] = second[i] * m1 + a1;
		out[3 * i + 2] = third[i] * m2 + a2;
	}
}

static void plan(const struct augmenter *a, const struct picture *p, struct rng *r, struct plan *out)
{
	const struct augment_range *op = a->how.op;
	*out = (struct plan){ .map = framed(a, p, r) };
	bend(a, r, &out->map);
	jitter(a, r, out);
	if (hit(&op[AUGMENT_RAND], r))
		for (int i = 0; i < (int)op[AUGMENT_RAND].low; i++)
			rand_one(&a->form, r, op[AUGMENT_RAND].high / 30, out);
	if (hit(&op[AUGMENT_BLUR], r))
		add_step(out, COLOUR_BLUR, draw(&op[AUGMENT_BLUR], r));
	if (hit(&op[AUGMENT_NOISE], r))
		out->noise = draw(&op[AUGMENT_NOISE], r);
	holes(a, r, out);
}

void augment(const struct augmenter *a, const struct picture *p, struct rng *r, float *room, float *out)
{
	const struct sample_form *f = &a->form;
	struct planes v = planes(a, room);
	struct plan todo;
	check(a, p);
	plan(a, p, r, &todo);
	if (todo.n == 0 && todo.noise <= 0 && warp_is_exact(&todo.map)) {
		warp_table(p, &todo.map, a->how.edge, f->h, f->w, a->plain, f->bgr, out);
	} else {
		warp_planes(p, &todo.map, a->how.edge, f->h, f->w, v.v);
		for (int i = 0; i < todo.n; i++)
			colour_change(todo.step[i].op, todo.step[i].x, v, room + sample_size(&a->form));
		if (todo.noise > 0)
			colour_noise(v, todo.noise, a->quantile, r);
		normalise(a, (size_t)f->h * (size_t)f->w, v.v, out);
	}
	dig(a, &todo, out);
}

void augment_plain(const struct augmenter *a, const struct picture *p, float *out)
{
	augment_view(a, p, 0, out);
}

/* Where a corner begins along an axis. */
static int32_t corner(int32_t of, int32_t n, bool far_one)
{
	if (of <= n)
		return middle(of, n) + (far_one ? 1 : -1) * ((n + VIEW_SHIFT - 1) / VIEW_SHIFT);
	return far_one ? of - n : 0;
}

void augment_view(const struct augmenter *a, const struct picture *p, int k, float *out)
{
	const struct sample_form *f = &a->form;
	if (k < 0 || k >= AUGMENT_VIEWS)
		bug("view %d", k);
	check(a, p);
	int at = (k - 2) % 4;
	struct affine m = part(middle(p->h, f->h), middle(p->w, f->w), 1, 1);
	if (k >= 2)
		m = part(corner(p->h, f->h, at >= 2), corner(p->w, f->w, at % 2), 1, 1);
	if (k == 1 || k >= 6)
		mirror(&m, f);
	warp_table(p, &m, k < 2 ? a->how.edge : EDGE_REFLECT, f->h, f->w, a->plain, f->bgr, out);
}
