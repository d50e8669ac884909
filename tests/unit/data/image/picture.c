/* Pictures against Pillow's, file by file; broken and hostile files; cells; limits; turning, cropping and writing. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "data/image/picture.h"

#define GOLDEN "tests/golden/pictures/"

static const struct picture_spec as_it_is = { .c = 3 };

static uint64_t fnv(const uint8_t *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; n; n--)
		h = (h ^ *p++) * 0x100000001b3u;
	return h;
}

static size_t size_of(const struct picture *p)
{
	return (size_t)p->h * (size_t)p->w * (size_t)p->c;
}

/* The picture of golden noise: the generator of pictures.py. */
static struct picture noise(int32_t h, int32_t w, int32_t c)
{
	struct picture p = { h, w, c, NULL };
	uint32_t s = 12345;
	p.px = NEW(uint8_t, size_of(&p));
	for (size_t i = 0; i < size_of(&p); i++) {
		s = (s * 1103515245u + 12345) & 0x7fffffff;
		p.px[i] = (uint8_t)(s >> 16);
	}
	return p;
}

/* ---- Pillow ---- */

struct expected {
	char name[64];
	struct picture_spec spec;
	int32_t h, w, c;
	uint64_t hash;
};

static bool next_expected(FILE *f, struct expected *e)
{
	int v[7];
	unsigned long long hash;
	int n = fscanf(f, "%63s %d %d %d %d %d %d %d %llx", e->name, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &hash);
	if (n != 9)
		return false;
	e->spec = (struct picture_spec){ v[0], v[1], v[2], (uint8_t)v[3] };
	e->h = v[4], e->w = v[5], e->c = v[6];
	e->hash = hash;
	return true;
}

START_TEST(equals_pillow)
{
	FILE *f = in_open(GOLDEN "expected");
	struct expected e;
	size_t files = 0, resized = 0;
	while (next_expected(f, &e)) {
		struct picture p;
		if (strcmp(e.name, "-") == 0) {
			struct picture in = noise(e.spec.h, e.spec.w, e.spec.c);
			picture_resize(&in, e.h, e.w, &p);
			picture_free(&in);
			resized++;
		} else {
			const char *why = picture_load(slice_of(e.name), GOLDEN, e.spec, &p);
			MUST(!why, "%s: %s", e.name, why);
			files++;
		}
		MUST(p.h == e.h && p.w == e.w && p.c == e.c, "%s: %d x %d x %d", e.name, p.h, p.w, p.c);
		MUST(fnv(p.px, size_of(&p)) == e.hash, "%s: other pixels, %d channels, %d x %d of %d x %d, background %d", e.name, e.c,
		     e.h, e.w, e.spec.h, e.spec.w, e.spec.background);
		picture_free(&p);
	}
	fclose(f);
	ck_assert_uint_ge(files, 150);
	ck_assert_uint_ge(resized, 50);
}
END_TEST

/* ---- broken files ---- */

/* The next golden file's bytes, or NULL; *name is readdir()'s. */
static uint8_t *next_file(DIR *d, const char **name, size_t *n)
{
	for (struct dirent *e; (e = readdir(d));) {
		char path[512];
		if (!strchr(e->d_name, '.') || e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), GOLDEN "%s", e->d_name);
		*name = e->d_name;
		return (uint8_t *)in_read_all(path, n);
	}
	return NULL;
}

START_TEST(a_part_of_a_file_is_refused)
{
	DIR *d = opendir(GOLDEN);
	const char *name;
	size_t n, files = 0;
	for (uint8_t *all; (all = next_file(d, &name, &n)); free(all), files++)
		for (size_t k = 0; k < n; k++) {
			uint8_t *part = mem_copy(all, k, 1);	/* so that the address sanitizer sees its end */
			struct picture p;
			int32_t h, w;
			const char *why = picture_decode(part, k, as_it_is, &p);
			bool plain = strstr(name, "bits.pbm") || strstr(name, "grey.pgm") || strstr(name, "rgb.ppm");
			size_t spare = strstr(name, ".bmp") ? 3 : plain ? 2 : 0;	/* padding; digits of the last number */
			MUST(why || k + spare >= n, "%s: %zu of %zu bytes do", name, k, n);
			MUST(why || size_of(&p) > 0, "%s: an empty picture", name);
			MUST(!why || (!p.px && p.h == 0), "%s: pixels of a picture that is not there", name);
			picture_measure(part, k, &h, &w);
			picture_free(&p);
			free(part);
		}
	closedir(d);
	ck_assert_uint_ge(files, 60);
}
END_TEST

START_TEST(an_altered_byte_does_no_harm)
{
	static const uint8_t change[] = { 1, 2, 0x80, 0xff };
	DIR *d = opendir(GOLDEN);
	const char *name;
	size_t n, refused = 0, tried = 0;
	for (uint8_t *all; (all = next_file(d, &name, &n)); free(all))
		for (size_t i = 0; i < n * sizeof(change); i++) {
			struct picture p;
			int32_t h, w;
			uint8_t c = change[i % sizeof(change)];
			all[i / sizeof(change)] ^= c;
			const char *why = picture_measure(all, n, &h, &w);
			if (why || (int64_t)h * w < 1 << 20) {	/* larger ones are slow to make, no more */
				why = picture_decode(all, n, (struct picture_spec){ 1, 8, 8, 0 }, &p);
				MUST(why || size_of(&p) == 64, "%s: another size", name);
				refused += why != NULL;
				tried++;
				picture_free(&p);
			}
			all[i / sizeof(change)] ^= c;
		}
	closedir(d);
	ck_assert_uint_ge(refused, tried / 10);
}
END_TEST

#define REFUSED(text, ...) refused((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), text)

static void refused(const uint8_t *bytes, size_t n, const char *text)
{
	struct picture p;
	const char *why = picture_decode(bytes, n, as_it_is, &p);
	ck_assert_msg(why && strcmp(why, text) == 0, "%s, not %s", why, text);
}

START_TEST(says_what_is_wrong)
{
	refused(NULL, 0, "empty");
	REFUSED("not a JPEG, PNG, BMP or PNM", 'G', 'I', 'F', '8');
	REFUSED("truncated JPEG", 0xff, 0xd8, 0xff);
	REFUSED("corrupt JPEG: no scan", 0xff, 0xd8, 0xff, 0xd9);
	REFUSED("unsupported JPEG: not of 8 bits", 0xff, 0xd8, 0xff, 0xc0, 0, 11, 12, 0, 1, 0, 1, 1, 0, 0x11, 0);
	REFUSED("unsupported JPEG: lossless or hierarchical", 0xff, 0xd8, 0xff, 0xc3, 0, 11, 8, 0, 1, 0, 1, 1, 0, 0x11, 0);
	REFUSED("corrupt JPEG: no pixels", 0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 0, 0, 1, 1, 0, 0x11, 0);
	REFUSED("a picture too large", 0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0, 1, 1, 0, 0x11, 0, 0xff, 0xda, 0, 2);
	REFUSED("a picture too large", 'P', '5', ' ', '3', '2', '7', '6', '9', ' ', '1', ' ', '1', ' ', 0);
	REFUSED("a picture too large", 'P', '5', ' ', '3', '2', '7', '6', '8', ' ', '8', '1', '9', '3', ' ', '1', ' ', 0);
	REFUSED("truncated PNM", 'P', '6', ' ', '9', '9', '9', '9', ' ', '9', '9', '9', '9', ' ', '9', ' ', 1, 2, 3);
	REFUSED("corrupt PNM: a value over the maximum", 'P', '5', ' ', '1', ' ', '1', ' ', '9', ' ', 10);
	REFUSED("corrupt PNM: a maximum that is not 1 to 65535", 'P', '5', ' ', '1', ' ', '1', ' ', '0', ' ', 10);
	REFUSED("corrupt PNM: a number too large", 'P', '5', ' ', '9', '9', '9', '9', '9', '9', '9', '9', '9', '9', '9', ' ', '1');
	REFUSED("truncated PNG", 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13);
}
END_TEST

/* The bytes of a golden JPEG without `less` bytes before its end marker, and with `more` of what does no harm. */
static const char *altered_jpeg(const char *name, size_t less, size_t more, struct picture *out)
{
	size_t n;
	char path[512];
	struct str s = { 0 };
	snprintf(path, sizeof(path), GOLDEN "%s", name);
	char *all = in_read_all(path, &n);
	str_add(&s, all, n - 2 - less);
	for (; more; more--)
		str_putc(&s, 'x');
	str_puts(&s, "\xff\xd9");
	const char *why = picture_decode(s.s, s.n, as_it_is, out);
	str_free(&s);
	free(all);
	return why;
}

START_TEST(a_jpeg_without_some_of_its_data_is_refused)
{
	static const char *const names[] = { "420.jpg", "progressive.jpg", "grey.jpg", "jfif2.jpg", "ycck.jpg", "turn3.jpg" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct picture p, q;
		const char *why = altered_jpeg(names[i], i == 5 ? 4 : 20, 0, &p);
		MUST(why && strcmp(why, "truncated JPEG") == 0, "%s: %s", names[i], why);
		why = altered_jpeg(names[i], i == 5 ? 4 : 20, 2, &p);
		MUST(why, "%s: less and more", names[i]);
		ck_assert_ptr_null(altered_jpeg(names[i], 0, 0, &p));
		ck_assert_ptr_null(altered_jpeg(names[i], 0, 300, &q));
		ck_assert_mem_eq(p.px, q.px, size_of(&p));
		picture_free(&p);
		picture_free(&q);
	}
}
END_TEST

/* ---- cells ---- */

static const char *load(const char *cell, const char *root)
{
	struct picture p;
	const char *why = picture_load(slice_of(cell), root, as_it_is, &p);
	ck_assert_int_eq(why != NULL, p.px == NULL);
	picture_free(&p);
	return why;
}

START_TEST(a_cell_holds_a_path_or_a_picture)
{
	struct picture p, q;
	size_t n;
	char *bytes = in_read_all(GOLDEN "420.jpg", &n), cwd[400], whole[512], dir[] = "/tmp/dls.XXXXXX", path[64];
	ck_assert_ptr_null(picture_load((struct slice){ bytes, n }, "/nowhere", as_it_is, &p));
	ck_assert_ptr_null(picture_load(slice_of("420.jpg"), "tests/golden/pictures", as_it_is, &q));
	ck_assert_mem_eq(p.px, q.px, size_of(&p));
	picture_free(&p);
	picture_free(&q);
	free(bytes);
	ck_assert_ptr_null(load(GOLDEN "420.jpg", NULL));
	ck_assert_ptr_null(load(GOLDEN "420.jpg", ""));
	snprintf(whole, sizeof(whole), "%s/" GOLDEN "420.jpg", getcwd(cwd, sizeof(cwd)));
	ck_assert_ptr_null(load(whole, "/nowhere"));
	ck_assert_str_eq(load("420.jpg", "/nowhere"), strerror(ENOENT));
	ck_assert_str_eq(load("P5 1.jpg", "/nowhere"), strerror(ENOENT));
	ck_assert_str_eq(load("BMW.jpg", NULL), strerror(ENOENT));
	ck_assert_str_eq(load(".", GOLDEN), strerror(EISDIR));
	ck_assert_str_eq(load("", GOLDEN), "no picture");
	ck_assert_str_eq(load("/dev/null", NULL), "not a regular file");
	ck_assert_ptr_null(load("P1 1 1 0", NULL));
	ck_assert_str_eq(picture_load((struct slice){ "a\0b", 3 }, NULL, as_it_is, &p), "neither a picture nor a path");
	char *is_long = mem_zero(1 << 16, 1);
	memset(is_long, 'a', (1 << 16) - 1);
	ck_assert_str_eq(load(is_long, GOLDEN), strerror(ENAMETOOLONG));
	free(is_long);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_str_eq(load("fifo", dir), "not a regular file");
	unlink(path);
	rmdir(dir);
}
END_TEST

/* ---- sizes, parts, PNG ---- */

START_TEST(measures_what_it_decodes)
{
	DIR *d = opendir(GOLDEN);
	const char *name;
	size_t n;
	for (uint8_t *all; (all = next_file(d, &name, &n)); free(all)) {
		struct picture p;
		int32_t h, w;
		ck_assert_ptr_null(picture_measure(all, n, &h, &w));
		ck_assert_ptr_null(picture_decode(all, n, as_it_is, &p));
		MUST(h == p.h && w == p.w, "%s: %d x %d", name, h, w);
		picture_free(&p);
	}
	closedir(d);
}
END_TEST

START_TEST(a_size_that_is_too_large_is_a_reason)
{
	struct picture p;
	struct picture_spec spec = { .c = 3, .h = 40000, .w = 1 };
	ck_assert_str_eq(picture_load(slice_of("P1 1 1 0"), NULL, spec, &p), "a picture too large");
	spec = (struct picture_spec){ .c = 3, .h = 30000 };
	ck_assert_str_eq(picture_load(slice_of("P1 2 1 0 0"), NULL, spec, &p), "a picture too large");
}
END_TEST

START_TEST(crops)
{
	struct picture in = noise(7, 9, 3), p;
	picture_crop(&in, 2, 3, 4, 5, &p);
	for (int32_t y = 0; y < 4; y++)
		ck_assert_mem_eq(p.px + y * 15, in.px + ((2 + y) * 9 + 3) * 3, 15);
	picture_free(&p);
	picture_crop(&in, 0, 0, 7, 9, &p);
	ck_assert_mem_eq(p.px, in.px, 7 * 9 * 3);
	picture_free(&p);
	picture_free(&in);
}
END_TEST

static double triangle(int32_t i, int32_t in, int32_t out, int32_t to)
{
	double scale = (double)in / out, d = fabs(i - ((to + 0.5) * scale - 0.5)) / (scale > 1 ? scale : 1);
	return d < 1 ? 1 - d : 0;
}

static double naive(const struct picture *in, int32_t h, int32_t w, int32_t y, int32_t x, int32_t c)
{
	double sum = 0, all = 0;
	for (int32_t i = 0; i < in->h; i++)
		for (int32_t k = 0; k < in->w; k++) {
			double weight = triangle(i, in->h, h, y) * triangle(k, in->w, w, x);
			sum += weight * in->px[(i * in->w + k) * in->c + c];
			all += weight;
		}
	return sum / all;
}

START_TEST(a_png_comes_back)
{
	for (int32_t c = 1; c <= 3; c += 2) {
		struct picture in = noise(37, 53, c), p;
		struct str a = { 0 }, b = { 0 };
		str_puts(&a, "before");
		picture_png(&in, &a);
		picture_png(&in, &b);
		ck_assert_uint_eq(a.n, b.n + 6);
		ck_assert_mem_eq(a.s + 6, b.s, b.n);
		ck_assert_ptr_null(picture_decode(b.s, b.n, (struct picture_spec){ .c = c }, &p));
		ck_assert(p.h == 37 && p.w == 53 && p.c == c);
		ck_assert_mem_eq(p.px, in.px, size_of(&p));
		str_free(&a);
		str_free(&b);
		picture_free(&p);
		picture_free(&in);
	}
}
END_TEST

/* Weighted means in double; sides under, at and over the widths that are summed at once. */
START_TEST(resizing_equals_a_naive_one)
{
	struct rng r = rng_at(1, "resize", 0);
	for (int i = 0; i < 300; i++) {
		struct picture in = noise(1 + (int32_t)rng_below(&r, 70), 1 + (int32_t)rng_below(&r, 70), i % 2 ? 3 : 1), out;
		int32_t h = 1 + (int32_t)rng_below(&r, 70), w = 1 + (int32_t)rng_below(&r, 70);
		picture_resize(&in, h, w, &out);
		ck_assert(out.h == h && out.w == w && out.c == in.c);
		for (int k = 0; k < 40; k++) {
			int32_t y = (int32_t)rng_below(&r, (uint32_t)h), x = (int32_t)rng_below(&r, (uint32_t)w), c = k % in.c;
			double got = out.px[(y * w + x) * in.c + c], want = naive(&in, h, w, y, x, c);
			MUST(fabs(got - want) < 1.51, "%d x %d to %d x %d at (%d, %d): %g, not %g", in.h, in.w, h, w, y, x, got, want);
		}
		picture_free(&in);
		picture_free(&out);
	}
}
END_TEST

UNIT_MAIN("data/image/picture", equals_pillow, a_part_of_a_file_is_refused, an_altered_byte_does_no_harm, says_what_is_wrong,
	  a_jpeg_without_some_of_its_data_is_refused, a_cell_holds_a_path_or_a_picture, measures_what_it_decodes,
	  a_size_that_is_too_large_is_a_reason, crops, a_png_comes_back, resizing_equals_a_naive_one)
