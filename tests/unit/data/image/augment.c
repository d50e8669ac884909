/* Samples made from pictures: exact where nothing is between pixels, else against naive maps; chances, options, mixing. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "data/image/augment.h"
#include "data/image/colour.h"

static struct picture random_picture(int32_t h, int32_t w, int32_t c, uint64_t seed)
{
	struct rng r = rng_at(seed, "picture", 0);
	size_t n = (size_t)h * (size_t)w * (size_t)c;
	struct picture p = { h, w, c, NEW(uint8_t, n) };
	for (size_t i = 0; i < n; i++)
		p.px[i] = (uint8_t)rng_below(&r, 256);
	return p;
}

/* Neighbours alike, as in pictures. */
static struct picture smooth_picture(int32_t h, int32_t w)
{
	struct picture p = { h, w, 3, NEW(uint8_t, (size_t)h * (size_t)w * 3) };
	for (int32_t i = 0; i < h * w * 3; i++)
		p.px[i] = (uint8_t)(127 + 60 * sin(i / 3 % w * 0.2 + i % 3) + 60 * cos(i / 3 / w * 0.15));
	return p;
}

static struct sample_form form(int32_t h, int32_t w, int32_t c)
{
	return (struct sample_form){ h, w, c, false, 1 / 255.0, { 0.5, 0.4, 0.3 }, { 0.2, 0.25, 0.5 } };
}

/* Bytes as they are. */
static struct sample_form raw(int32_t h, int32_t w, int32_t c)
{
	return (struct sample_form){ h, w, c, false, 1, { 0 }, { 1, 1, 1 } };
}

static float *made(const char *text, struct sample_form f, const struct picture *p, uint64_t seed, uint64_t index)
{
	struct augment how;
	struct rng r = rng_at(seed, "augment", index);
	float *out = NEW(float, (size_t)f.h * (size_t)f.w * (size_t)f.c);
	char *wrong = augment_parse(text, &how);
	MUST(!wrong, "%s", wrong);
	struct augmenter *a = augmenter_new(&how, f);
	float *room = augment_room(a);
	augment(a, p, &r, room, out);
	augmenter_free(a);
	free(room);
	return out;
}

static float *viewed(struct sample_form f, const struct picture *p, int k)
{
	struct augment how = { 0 };
	float *out = NEW(float, (size_t)f.h * (size_t)f.w * (size_t)f.c);
	struct augmenter *a = augmenter_new(&how, f);
	augment_view(a, p, k, out);
	augmenter_free(a);
	return out;
}

static bool same(const float *a, const float *b, size_t n)
{
	return memcmp(a, b, n * sizeof(*a)) == 0;
}

/* ---- exactly ---- */

START_TEST(unchanged_is_normalised_exactly)
{
	for (int32_t c = 1; c <= 3; c += 2)
		for (int bgr = 0; bgr < 2; bgr++) {
			struct picture p = random_picture(5, 300, c, 1);
			struct sample_form f = form(5, 300, c);
			f.bgr = bgr && c == 3;
			float *a = made("none", f, &p, 1, 0), *b = viewed(f, &p, 0);
			for (int32_t i = 0; i < 1500 * c; i++) {
				int32_t k = i % c, from = f.bgr ? i - k + 2 - k : i;
				MUST(a[i] == (float)((p.px[from] / 255.0 - f.mean[k]) / f.std[k]) ||
				     fabs((double)a[i] - (p.px[from] / 255.0 - f.mean[k]) / f.std[k]) < 1e-6, "%d: %g", i, (double)a[i]);
			}
			ck_assert(same(a, b, (size_t)(1500 * c)));
			free(a);
			free(b);
			picture_free(&p);
		}
}
END_TEST

/* The sample of raw bytes is the picture from (y, x), mirrored or not, what lies beyond as edge says. */
static bool is_part(const float *out, struct sample_form f, const struct picture *p, int32_t y, int32_t x, bool flip, enum edge edge)
{
	for (int32_t i = 0; i < f.h * f.w * f.c; i++) {
		int32_t k = i % f.c, col = i / f.c % f.w, row = i / f.c / f.w;
		int32_t r = warp_edge(edge, y + row, p->h), s = warp_edge(edge, x + (flip ? f.w - 1 - col : col), p->w);
		if (out[i] != (r < 0 || s < 0 ? 0 : (float)p->px[(r * p->w + s) * f.c + k]))
			return false;
	}
	return true;
}

START_TEST(middle_and_views)
{
	static const struct { int32_t h, w, y, x; } cases[] = {
		{ 8, 8, 0, 0 }, { 9, 11, 0, 2 }, { 10, 12, 1, 2 }, { 7, 5, 0, -1 }, { 13, 6, 2, -1 }, { 1, 1, -3, -3 }
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct picture p = random_picture(cases[i].h, cases[i].w, 3, i);
		int32_t y = cases[i].y, x = cases[i].x;
		struct sample_form f = raw(8, 8, 3);
		for (int k = 0; k < AUGMENT_VIEWS; k++) {
			float *out = viewed(f, &p, k);
			int at = (k - 2) % 4;
			int32_t cy = at >= 2 ? p.h - 8 : 0, cx = at % 2 ? p.w - 8 : 0;
			cy = p.h > 8 ? cy : at >= 2 ? y + 1 : y - 1;
			cx = p.w > 8 ? cx : at % 2 ? x + 1 : x - 1;
			if (k < 2)
				MUST(is_part(out, f, &p, y, x, k == 1, EDGE_ZERO), "case %zu, view %d", i, k);
			else
				MUST(is_part(out, f, &p, cy, cx, k >= 6, EDGE_REFLECT), "case %zu, view %d", i, k);
			free(out);
		}
		picture_free(&p);
	}
}
END_TEST

START_TEST(flips_undo_themselves)
{
	struct picture p = random_picture(7, 9, 3, 1), q = { 7, 9, 3, NEW(uint8_t, 189) };
	struct sample_form f = raw(7, 9, 3);
	static const char *const texts[] = { "flip:1", "vflip:1", "flip:1,vflip:1", "rotate:0,flip:1", "rotate:0,flip:1,noise:0" };
	for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
		float *once = made(texts[t], f, &p, 1, 0);
		for (int i = 0; i < 189; i++)
			q.px[i] = (uint8_t)(once[i] + 0.5f);
		float *twice = made(texts[t], f, &q, 1, 0);
		ck_assert(memcmp(p.px, q.px, 189) != 0);
		for (int i = 0; i < 189; i++)
			MUST((float)p.px[i] == roundf(twice[i]), "%s", texts[t]);
		free(once);
		free(twice);
	}
	picture_free(&p);
	picture_free(&q);
}
END_TEST

START_TEST(crops_reach_every_place_and_no_other)
{
	static const struct { int32_t h, w; const char *text; int32_t y0, y1, x0, x1; } cases[] = {
		{ 8, 8, "crop:2", -2, 2, -2, 2 }, { 8, 8, "crop:0.25,edge:reflect", -2, 2, -2, 2 }, { 10, 13, "crop:0", 0, 2, 0, 5 },
		{ 10, 8, "crop:1", 0, 2, -1, 1 }, { 6, 8, "crop:1,edge:nearest", -2, 0, -1, 1 }
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct picture p = random_picture(cases[i].h, cases[i].w, 3, i);
		struct sample_form f = raw(8, 8, 3);
		enum edge edge = strstr(cases[i].text, "reflect") ? EDGE_REFLECT : strstr(cases[i].text, "nearest") ? EDGE_NEAREST :
			EDGE_ZERO;
		bool seen[8][8] = { 0 };
		for (uint64_t n = 0; n < 400; n++) {
			float *out = made(cases[i].text, f, &p, 1, n);
			int found = 0;
			for (int32_t y = -4; y < 4; y++)
				for (int32_t x = -4; x < 6 && !found; x++)
					if (is_part(out, f, &p, y, x, false, edge)) {
						MUST(y >= cases[i].y0 && y <= cases[i].y1 && x >= cases[i].x0 && x <= cases[i].x1, "%s: %d %d",
						     cases[i].text, y, x);
						seen[y - cases[i].y0][x - cases[i].x0] = true;
						found++;
					}
			MUST(found == 1, "%s: found %d", cases[i].text, found);
			free(out);
		}
		for (int32_t y = 0; y <= cases[i].y1 - cases[i].y0; y++)
			for (int32_t x = 0; x <= cases[i].x1 - cases[i].x0; x++)
				MUST(seen[y][x], "%s: (%d, %d) never", cases[i].text, y, x);
		picture_free(&p);
	}
}
END_TEST

START_TEST(edges)
{
	static const int32_t want[3][11] = {
		{ -1, -1, -1, -1, 0, 1, 2, -1, -1, -1, -1 }, { 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2 }, { 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2 }
	};
	for (int e = 0; e < 3; e++)
		for (int i = 0; i < 11; i++)
			ck_assert_int_eq(warp_edge((enum edge)e, i - 4, 3), want[e][i]);
	for (int i = -3; i < 4; i++)
		ck_assert(warp_edge(EDGE_REFLECT, i, 1) == 0 && warp_edge(EDGE_NEAREST, i, 1) == 0);
}
END_TEST

/* ---- between pixels ---- */

/* One channel at a place, where whole numbers are the middles of pixels; in double. */
static double naive(const struct picture *p, enum edge edge, double x, double y, int k)
{
	double sum = 0;
	for (int i = 0; i < 4; i++) {
		double col = floor(x) + i % 2, row = floor(y) + i / 2;
		int32_t c = warp_edge(edge, (int64_t)col, p->w), r = warp_edge(edge, (int64_t)row, p->h);
		if (c >= 0 && r >= 0)
			sum += (1 - fabs(x - col)) * (1 - fabs(y - row)) * p->px[(r * p->w + c) * p->c + k];
	}
	return sum;
}

/* Pixel (x, y) of the sample through a map: the mean of points where it is made smaller. */
static double naive_pixel(const struct picture *p, enum edge edge, const struct affine *a, int32_t x, int32_t y, int k)
{
	double sum = 0, smaller = sqrt(fabs(a->m[0] * a->m[4] - a->m[1] * a->m[3]));
	int n = smaller < 2 ? 1 : smaller > 8 ? 8 : (int)smaller;
	for (int i = 0; i < n * n; i++) {
		double u = x + (i % n + 0.5) / n, v = y + (i / n + 0.5) / n;
		sum += naive(p, edge, a->m[0] * u + a->m[1] * v + a->m[2] - 0.5, a->m[3] * u + a->m[4] * v + a->m[5] - 0.5, k);
	}
	return sum / (n * n);
}

START_TEST(any_map_equals_the_naive_one)
{
	for (uint64_t n = 0; n < 600; n++) {
		struct rng r = rng_at(n, "map", 0);
		int32_t c = n % 2 ? 3 : 1, h = 1 + (int32_t)rng_below(&r, 20), w = 1 + (int32_t)rng_below(&r, 20);
		int32_t oh = 1 + (int32_t)rng_below(&r, 20), ow = 1 + (int32_t)rng_below(&r, n % 4 ? 20 : 150);
		enum edge edge = (enum edge)rng_below(&r, 3);
		struct picture p = random_picture(h, w, c, n);
		struct affine a;
		for (int i = 0; i < 6; i++)
			a.m[i] = i % 3 == 2 ? rng_normal(&r) * 6 : n % 5 ? rng_normal(&r) * (n % 7 ? 1 : 5) : i == 0 || i == 4;
		float *out = NEW(float, (size_t)(oh * ow * c));
		warp_planes(&p, &a, edge, oh, ow, out);
		for (int32_t i = 0; i < oh * ow * c; i++) {
			double want = naive_pixel(&p, edge, &a, i % ow, i / ow % oh, i / (oh * ow));
			MUST(fabs((double)out[i] * 255 - want) < 0.02, "%d of map %d: %g, not %g", i, (int)n, (double)out[i] * 255, want);
		}
		free(out);
		picture_free(&p);
	}
}
END_TEST

/* Finds what a range of angles from 90 to 90 gives. */
START_TEST(turned_by_90_degrees)
{
	struct picture p = random_picture(9, 9, 3, 1);
	struct augment how = { .op[AUGMENT_ROTATE] = { 1, 90, 90 } };
	struct augmenter *a = augmenter_new(&how, raw(9, 9, 3));
	float *room = augment_room(a);
	struct rng r = rng_at(1, "augment", 0);
	float out[243];
	augment(a, &p, &r, room, out);
	for (int i = 0; i < 243; i++) {
		int x = i / 3 % 9, y = i / 27;
		MUST(fabsf(out[i] - (float)p.px[(x * 9 + 8 - y) * 3 + i % 3]) < 0.01f, "(%d, %d)", y, x);
	}
	augmenter_free(a);
	free(room);
	picture_free(&p);
}
END_TEST

/* One op alone, of a value that leaves nothing to chance, against its matrix about the middle. */
START_TEST(scale_shift_and_shear)
{
	struct picture p = smooth_picture(40, 40);
	static const struct { enum augment_op op; double x, m[4], t; } cases[] = {
		{ AUGMENT_SCALE, 2, { 0.5, 0, 0, 0.5 }, 0 }, { AUGMENT_SCALE, 0.5, { 2, 0, 0, 2 }, 0 }, { AUGMENT_SHIFT, 0.1, { 1, 0, 0, 1 }, 4 },
		{ AUGMENT_SHEAR, 20, { 1.132474, 0.363970, 0.363970, 1 }, 0 }, { AUGMENT_ROTATE, 30, { 0.866025, -0.5, 0.5, 0.866025 }, 0 }
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct augment how = { 0 };
		how.op[cases[i].op] = (struct augment_range){ 1, cases[i].x, cases[i].x };
		struct augmenter *a = augmenter_new(&how, raw(40, 40, 3));
		float *room = augment_room(a);
		struct rng r = rng_at(1, "augment", 0);
		float *out = NEW(float, 4800);
		augment(a, &p, &r, room, out);
		for (int k = 0; k < 4800; k++) {
			const double *m = cases[i].m;
			struct affine want_map = { { m[0], m[1], 20 - 20 * (m[0] + m[1]) + cases[i].t, m[2], m[3],
				20 - 20 * (m[2] + m[3]) + cases[i].t } };
			double want = naive_pixel(&p, EDGE_ZERO, &want_map, k / 3 % 40, k / 120, k % 3);
			MUST(fabs((double)out[k] - want) < 0.05, "case %zu, %d: %g, not %g", i, k, (double)out[k], want);
		}
		free(out);
		augmenter_free(a);
		free(room);
	}
	picture_free(&p);
}
END_TEST

START_TEST(resized_parts_have_the_area_asked_for)
{
	struct picture p = smooth_picture(50, 70);
	double least = 1, most = 0;
	/* a ramp along each axis tells the part's sides */
	for (int i = 0; i < 50 * 70; i++) {
		p.px[3 * i] = (uint8_t)(i % 70 * 3);
		p.px[3 * i + 1] = (uint8_t)(i / 70 * 5);
	}
	for (uint64_t n = 0; n < 300; n++) {
		float *out = made("resized:0.25-0.5,ratio:0.5-2", raw(20, 20, 3), &p, 1, n);
		double w = (double)(out[(10 * 20 + 15) * 3] - out[(10 * 20 + 5) * 3]) / 3 * 2;
		double h = (double)(out[(15 * 20 + 10) * 3 + 1] - out[(5 * 20 + 10) * 3 + 1]) / 5 * 2, area = w * h / 3500;
		least = fmin(least, area);
		most = fmax(most, area);
		MUST(area > 0.23 && area < 0.53 && w / h > 0.45 && w / h < 2.2, "%g x %g", h, w);
		free(out);
	}
	ck_assert(least < 0.27 && most > 0.47);
	picture_free(&p);
}
END_TEST

/* ---- chances ---- */

START_TEST(the_same_seed_epoch_and_row_give_the_same_sample)
{
	static const char *const texts[] = { "light", "standard", "strong", "resized,grey,blur,noise,cutout,vflip,shear" };
	struct picture p = smooth_picture(36, 33);
	for (size_t t = 0; t < 4; t++) {
		float *a = made(texts[t], form(32, 32, 3), &p, 1, 7), *b = made(texts[t], form(32, 32, 3), &p, 1, 7);
		float *c = made(texts[t], form(32, 32, 3), &p, 1, 8), *d = made(texts[t], form(32, 32, 3), &p, 2, 7);
		ck_assert(same(a, b, 3072) && !same(a, c, 3072) && !same(a, d, 3072));
		for (int i = 0; i < 3072; i++)
			MUST(a[i] >= -2.5f && a[i] <= 2.5f, "%s: %g", texts[t], (double)a[i]);
		free(a);
		free(b);
		free(c);
		free(d);
	}
	picture_free(&p);
}
END_TEST

START_TEST(changes_happen_as_often_as_asked)
{
	static const char *const texts[] = { "flip:0.3", "rotate:20@0.3", "brightness:0.5@0.3", "noise:0.1@0.3", "cutout:1@0.3", "grey:0.3",
		"erase:0.1@0.3", "shift:1@0.3" };
	struct picture p = smooth_picture(12, 12);
	float *plain = viewed(form(12, 12, 3), &p, 0);
	for (size_t t = 0; t < 8; t++) {
		int changed = 0;
		for (uint64_t n = 0; n < 3000; n++) {
			float *out = made(texts[t], form(12, 12, 3), &p, 1, n);
			double most = 0;
			for (int i = 0; i < 432; i++)
				most = fmax(most, fabs((double)(out[i] - plain[i])));
			changed += most > 1e-5;
			free(out);
		}
		MUST(abs(changed - 900) < 100, "%s: %d of 3000", texts[t], changed);	/* 4 sigma */
	}
	free(plain);
	picture_free(&p);
}
END_TEST

START_TEST(holes_have_their_area)
{
	struct picture p = smooth_picture(20, 30);
	double whole = 0, cut = 0, erased = 0;
	memset(p.px, 255, 1800);
	for (uint64_t n = 0; n < 2000; n++) {
		float *a = made("cutout:0.5", form(20, 30, 3), &p, 1, n), *b = made("erase:0.1-0.2", form(20, 30, 3), &p, 1, n);
		int zeros = 0, black = 0;
		for (int i = 0; i < 600; i++) {
			zeros += a[3 * i] == 0 && a[3 * i + 1] == 0 && a[3 * i + 2] == 0;
			black += b[3 * i] == 0;
		}
		MUST(zeros > 0 && zeros <= 100 && black > 40 && black < 140, "%d, %d", zeros, black);
		whole += zeros == 100;
		cut += zeros;
		erased += black / 600.0;
		free(a);
		free(b);
	}
	/* a side of 10 around any of n is inside for n - 9 of them; its mean length is 10 less 25 / n */
	ck_assert(fabs(whole / 2000 - 11 / 20.0 * 21 / 30) < 0.05);
	ck_assert_msg(fabs(cut / 2000 - (10 - 25 / 20.0) * (10 - 25 / 30.0)) < 1.5, "%g", cut / 2000);
	ck_assert_msg(fabs(erased / 2000 - 0.15) < 0.005, "%g", erased / 2000);
	picture_free(&p);
}
END_TEST

START_TEST(one_pixel_takes_everything)
{
	static const char *const texts[] = { "none", "light", "standard", "strong", "flip:1,vflip:1,rotate:180,shear:60,scale:0.1-10,"
		"shift:1,crop:3,color:1,grey,blur:0-20,noise:0-1,cutout:2,erase:0-1,randaugment:30/30", "resized:0.01-1,ratio:0.1-10" };
	for (int32_t c = 1; c <= 3; c += 2)
		for (int32_t n = 1; n <= 3; n++)
			for (size_t t = 0; t < 6; t++)
				for (uint64_t i = 0; i < 200; i++) {
					struct picture p = random_picture(i % 2 ? 1 : 3, i % 4 < 2 ? 1 : 2, c, i);
					float *out = made(texts[t], raw(n, 1 + (int32_t)i % 3, c), &p, 1, i);
					for (int32_t k = 0; k < n * c * (1 + (int32_t)i % 3); k++)
						MUST(out[k] >= -0.01f && out[k] <= 255.01f, "%s: %g", texts[t], (double)out[k]);
					free(out);
					picture_free(&p);
				}
}
END_TEST

/* What one change of randaugment may give: planes of a 24 x 24 picture at magnitude m. */
static void rand_result(const struct picture *p, int which, double m, struct planes out, float *room)
{
	static const struct { enum colour_op op; double base, by; } colours[] = {
		{ COLOUR_AUTOCONTRAST, 0, 0 }, { COLOUR_EQUALIZE, 0, 0 }, { COLOUR_SOLARIZE, 1, -1 }, { COLOUR_POSTERIZE, 8, -4 },
		{ COLOUR_SATURATION, 1, 0.9 }, { COLOUR_CONTRAST, 1, 0.9 }, { COLOUR_BRIGHTNESS, 1, 0.9 }, { COLOUR_SHARPNESS, 1, 0.9 }
	};
	int op = which < 5 ? which : 5 + (which - 5) / 2;
	double by = which >= 5 && which % 2 ? -m : m, t = by * 3.14159265358979324 / 6, move = round(by * 24 * 150 / 331);
	struct affine map = { { 1, 0, 0, 0, 1, 0 } };
	if (op == 9)
		map = (struct affine){ { cos(t), -sin(t), 12 - 12 * (cos(t) - sin(t)), sin(t), cos(t), 12 - 12 * (sin(t) + cos(t)) } };
	map.m[1] += op == 10 ? 0.3 * by : 0;
	map.m[2] += op == 10 ? -12 * 0.3 * by : op == 12 ? move : 0;
	map.m[3] += op == 11 ? 0.3 * by : 0;
	map.m[5] += op == 11 ? -12 * 0.3 * by : op == 13 ? move : 0;
	warp_planes(p, &map, EDGE_ZERO, 24, 24, out.v);
	if (op >= 1 && op <= 8)
		colour_change(colours[op - 1].op, round((colours[op - 1].base + colours[op - 1].by * by) * 1e6) / 1e6, out, room);
}

START_TEST(randaugment_draws_each_of_its_list)
{
	struct picture p = smooth_picture(24, 24);
	struct planes v = { NEW(float, 1728), 3, 24, 24 };
	float *room = NEW(float, colour_room(v)), *want = NEW(float, 23 * 1728);
	int count[23] = { 0 };
	for (int i = 0; i < 1728; i++)
		p.px[i] = (uint8_t)(p.px[i] * 3 / 4 + 20);
	for (int i = 0; i < 23; i++) {
		rand_result(&p, i, 0.5, v, room);
		memcpy(want + i * 1728, v.v, 1728 * sizeof(float));
	}
	for (uint64_t n = 0; n < 2800; n++) {
		struct sample_form f = raw(24, 24, 3);
		f.scale = 1 / 255.0;
		float *out = made("randaugment:1/15", f, &p, 1, n);
		int found = -1;
		for (int i = 0; i < 23 && found < 0; i++) {
			double most = 0;
			for (int k = 0; k < 1728; k++)
				most = fmax(most, fabs((double)(out[k] - want[i * 1728 + k % 3 * 576 + k / 3])));
			found = most < 1e-4 ? i : -1;
		}
		MUST(found >= 0, "draw %d is none of the list", (int)n);
		count[found]++;
		free(out);
	}
	for (int i = 0; i < 23; i++)
		MUST(abs(count[i] - (i < 5 ? 200 : 100)) < (i < 5 ? 60 : 42), "change %d came %d times", i, count[i]);	/* 4 sigma */
	free(v.v);
	free(room);
	free(want);
	picture_free(&p);
}
END_TEST

/* ---- options ---- */

START_TEST(texts_are_read)
{
	struct augment a, b;
	ck_assert_ptr_null(augment_parse("flip:0.5,rotate:15,crop:0.1,scale:0.8-1.2,shear:10,color:0.2,noise:0.05,cutout:0.3", &a));
	ck_assert(a.op[AUGMENT_FLIP].p == 0.5 && a.op[AUGMENT_ROTATE].low == -15 && a.op[AUGMENT_ROTATE].high == 15);
	ck_assert(a.op[AUGMENT_SCALE].low == 0.8 && a.op[AUGMENT_SCALE].high == 1.2 && a.op[AUGMENT_SCALE].p == 1);
	ck_assert(a.op[AUGMENT_HUE].low == -0.05 && a.op[AUGMENT_CONTRAST].low == 0.8 && a.op[AUGMENT_CONTRAST].high == 1.2);
	ck_assert(a.op[AUGMENT_NOISE].low == 0.05 && a.op[AUGMENT_NOISE].high == 0.05 && a.op[AUGMENT_CUTOUT].high == 0.3);
	ck_assert(a.op[AUGMENT_MIXUP].p == 0 && a.edge == EDGE_ZERO && a.op[AUGMENT_RATIO].low == 0.75);
	ck_assert_ptr_null(augment_parse("strong,randaugment:3/12@0.7,edge:nearest,hue:1e-1,color:0.4,blur:1e-1-2@0.5", &a));
	ck_assert(a.op[AUGMENT_RAND].low == 3 && a.op[AUGMENT_RAND].high == 12 && a.op[AUGMENT_RAND].p == 0.7);
	ck_assert(a.op[AUGMENT_HUE].high == 0.1 && a.op[AUGMENT_SATURATION].high == 1.4 && a.op[AUGMENT_BLUR].low == 0.1);
	ck_assert(a.op[AUGMENT_FLIP].p == 0.5 && a.op[AUGMENT_ERASE].p == 0.25 && a.edge == EDGE_NEAREST);
	ck_assert_ptr_null(augment_parse("", &a));
	ck_assert_ptr_null(augment_parse("none", &b));
	ck_assert(memcmp(&a, &b, sizeof(a)) == 0 && a.op[AUGMENT_FLIP].p == 0);
	ck_assert_ptr_null(augment_parse("light,resized", &a));
	ck_assert(a.op[AUGMENT_CROP].p == 0 && a.op[AUGMENT_RESIZED].p == 1);
}
END_TEST

START_TEST(bad_texts_are_told)
{
	static const char *const bad[][2] = {
		{ "rotat:5", "'rotat' changes no picture; did you mean 'rotate'?" },
		{ "Flip", "'Flip' changes no picture; did you mean 'flip'?" },
		{ "zzzzzzzzz", "'zzzzzzzzz' changes no picture; these do: flip, vflip, rotate, shear, scale, shift, crop, resized, ratio, "
		  "brightness, contrast, saturation, hue, grey, blur, noise, cutout, erase, randaugment, mixup, cutmix, color" },
		{ "flip,light", "'light' is a preset, which only the first word may be, without a value" },
		{ "light:1", "'light' is a preset, which only the first word may be, without a value" },
		{ "flip:1.5", "flip: '1.5' is not a probability from 0 to 1" },
		{ "flip:", "flip: '' is not a probability from 0 to 1" },
		{ "rotate:181", "rotate: '181' is not a number from 0 to 180" },
		{ "rotate:-5", "rotate: '-5' is not a number from 0 to 180" },
		{ "rotate:nan", "rotate: 'nan' is not a number from 0 to 180" },
		{ "scale:1.2-0.8", "scale: '1.2-0.8' is neither A-B nor one number, from 0.1 to 10" },
		{ "scale:1-", "scale: '1-' is neither A-B nor one number, from 0.1 to 10" },
		{ "contrast:2", "contrast: '2' is neither A-B, from 0 to 10, nor one number from 0 to 1 (for 1-X to 1+X)" },
		{ "randaugment:9", "randaugment: '9' is not N/M, N changes from 1 to 30 of magnitude M from 0 to 30" },
		{ "randaugment:2/31", "randaugment: '2/31' is not N/M, N changes from 1 to 30 of magnitude M from 0 to 30" },
		{ "randaugment:0/9", "randaugment: '0/9' is not N/M, N changes from 1 to 30 of magnitude M from 0 to 30" },
		{ "rotate:5@2", "rotate:5@2: what follows the @ is not a probability from 0 to 1" },
		{ "rotate@", "rotate@: what follows the @ is not a probability from 0 to 1" },
		{ "flip,flip", "flip: given twice" },
		{ "color,color", "color: given twice" },
		{ "edge:zero,edge:zero", "edge: given twice" },
		{ "edge:black", "edge: 'black' is none of zero, reflect, nearest" },
		{ "edge", "edge: '' is none of zero, reflect, nearest" },
		{ "edge:zero@1", "edge: takes no probability" },
		{ "crop,resized", "crop and resized: both cut a part at random; give one" },
		{ "flip,", "nothing stands beside a comma" },
		{ ",flip", "nothing stands beside a comma" },
		{ "flip,,crop", "nothing stands beside a comma" },
		{ "light,", "nothing stands beside a comma" },
	};
	struct augment a;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *wrong = augment_parse(bad[i][0], &a);
		MUST(wrong && strcmp(wrong, bad[i][1]) == 0, "%s: %s", bad[i][0], wrong ? wrong : "taken");
		free(wrong);
	}
}
END_TEST

UNIT_MAIN("augment", unchanged_is_normalised_exactly, middle_and_views, flips_undo_themselves, crops_reach_every_place_and_no_other,
	  edges, any_map_equals_the_naive_one, turned_by_90_degrees, scale_shift_and_shear, resized_parts_have_the_area_asked_for,
	  the_same_seed_epoch_and_row_give_the_same_sample, changes_happen_as_often_as_asked, holes_have_their_area,
	  one_pixel_takes_everything, randaugment_draws_each_of_its_list, texts_are_read, bad_texts_are_told)
