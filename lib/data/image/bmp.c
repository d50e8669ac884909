/*
 * BMP of Windows and OS/2: palettes of 1, 4 and 8 bits, plain and run-length coded; 16, 24 and 32 bits, with masks or
 * without; either direction. Alpha counts only where a mask tells of it. An index that the palette lacks is black; a
 * pixel that a run-length code leaves out is of index 0.
 */
#include <stdlib.h>
#include <string.h>

#include "data/image/decode.h"

#define FILE_HEADER 14
#define CORE_HEADER 12		/* OS/2 1: 16-bit sizes, palette entries of 3 bytes */
#define INFO_HEADER 40
#define MASKS 40		/* of the header: where they begin, inside it or after it */

enum coding { CODE_NONE, CODE_RLE8, CODE_RLE4, CODE_MASKS, CODE_ALPHA_MASKS = 6 };

struct channel {
	uint32_t mask, most;	/* most: the mask at the right */
	int shift;
};

struct bmp {
	struct bytes in;
	size_t pixels;		/* where they begin */
	size_t palette, entry, colours;	/* where it begins, bytes of an entry, entries */
	int32_t h, w;
	bool down;		/* the first row is the upper one */
	int depth;
	uint32_t coding;
	struct channel rgba[4];
};

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p + 2) << 16 | get16(p);
}

static bool is_bmp(struct bytes in)
{
	static const uint32_t sizes[] = { CORE_HEADER, INFO_HEADER, 52, 56, 64, 108, 124 };
	if (in.n < FILE_HEADER + 4 || in.p[0] != 'B' || in.p[1] != 'M')
		return false;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (get32(in.p + FILE_HEADER) == sizes[i])
			return true;
	return false;
}

static const char *set_channel(struct channel *c, uint32_t mask)
{
	*c = (struct channel){ mask, 0, 0 };
	if (!mask)
		return NULL;
	c->shift = __builtin_ctz(mask);
	c->most = mask >> c->shift;
	return c->most & (c->most + 1) ? "corrupt BMP: a mask with a hole" : NULL;
}

/* The masks of 16 and 32 bits; *end is the header's, and goes past those that follow it. */
static const char *masks(struct bmp *f, size_t size, size_t *end)
{
	static const uint32_t of16[] = { 0x7c00, 0x3e0, 0x1f, 0 }, of32[] = { 0xff0000, 0xff00, 0xff, 0 };
	bool told = f->coding == CODE_MASKS || f->coding == CODE_ALPHA_MASKS;
	size_t n = size >= 56 || f->coding == CODE_ALPHA_MASKS ? 4 : 3, at = FILE_HEADER + MASKS;
	if (told && at + 4 * n > f->in.n)
		return "truncated BMP";
	if (told && at + 4 * n > *end)
		*end = at + 4 * n;
	for (size_t i = 0; i < 4; i++) {
		uint32_t mask = !told ? (f->depth == 16 ? of16[i] : of32[i]) : i < n ? get32(f->in.p + at + 4 * i) : 0;
		const char *why = set_channel(&f->rgba[i], mask);
		if (why)
			return why;
	}
	return NULL;
}

static const char *check_coding(const struct bmp *f, size_t size)
{
	int d = f->depth;
	if (d != 1 && d != 4 && d != 8 && d != 16 && d != 24 && d != 32)
		return "unsupported BMP: bits a pixel";
	switch (f->coding) {
	case CODE_NONE:
		return NULL;
	case CODE_RLE8:
		return d == 8 ? NULL : "corrupt BMP: RLE8 of other than 8 bits";
	case CODE_RLE4:
		return d == 4 ? NULL : "corrupt BMP: RLE4 of other than 4 bits";
	case CODE_MASKS:
	case CODE_ALPHA_MASKS:
		if (size == 64)
			break;
		return d == 16 || d == 32 ? NULL : "corrupt BMP: masks of other than 16 or 32 bits";
	default:
		break;
	}
	return "unsupported BMP: compression";
}

static const char *header(struct bmp *f)
{
	const uint8_t *p = f->in.p + FILE_HEADER;
	size_t size = get32(p), end = FILE_HEADER + size, used = 0;
	bool core = size == CORE_HEADER;
	if (f->in.n < end)
		return "truncated BMP";
	int64_t w = core ? (int64_t)get16(p + 4) : (int32_t)get32(p + 4);
	int64_t h = core ? (int64_t)get16(p + 6) : (int32_t)get32(p + 8);
	f->down = h < 0;
	h = h < 0 ? -h : h;
	if (w <= 0 || h == 0 || h > INT32_MAX)
		return "corrupt BMP: bad size";
	f->w = (int32_t)w;
	f->h = (int32_t)h;
	f->depth = (int)get16(p + (core ? 10 : 14));
	f->coding = core ? CODE_NONE : get32(p + 16);
	const char *why = check_coding(f, size);
	if (!why && f->depth >= 16)
		why = masks(f, size, &end);
	if (why)
		return why;
	f->pixels = get32(f->in.p + 10);
	if (f->pixels < end)
		return "corrupt BMP: pixels before the header's end";
	if (f->pixels > f->in.n)
		return "truncated BMP";
	f->palette = end;
	f->entry = core ? 3 : 4;
	if (f->depth <= 8)
		used = core || get32(p + 32) == 0 ? (size_t)1 << f->depth : get32(p + 32);
	f->colours = (f->pixels - end) / f->entry;
	f->colours = f->colours < used ? f->colours : used;
	return NULL;
}

static const char *measure_bmp(struct bytes in, struct stored *out)
{
	struct bmp f = { .in = in };
	const char *why = header(&f);
	if (!why)
		*out = (struct stored){ f.h, f.w, 1 };
	return why;
}

/* Row y from the top, as it stands in the file or in out. */
static size_t row_at(const struct bmp *f, size_t y, size_t stride)
{
	return (f->down ? y : (size_t)f->h - 1 - y) * stride;
}

/* What a run-length code is decoded into: (h, w) indices, in the file's order of rows. */
struct runs {
	uint8_t *index;
	size_t x, y, at;
};

/* n pixels of the index's, or pair of indices', byte. */
static const char *run(const struct bmp *f, struct runs *r, size_t n, uint8_t byte)
{
	if (r->y >= (size_t)f->h || n > (size_t)f->w - r->x)
		return "corrupt BMP: a run beyond its row";
	uint8_t *to = r->index + r->y * (size_t)f->w + r->x;
	for (size_t i = 0; i < n; i++)
		to[i] = f->coding == CODE_RLE8 ? byte : i % 2 ? byte & 15 : byte >> 4;
	r->x += n;
	return NULL;
}

/* n pixels that follow, padded to two bytes. */
static const char *literal(const struct bmp *f, struct runs *r, size_t n)
{
	size_t per = f->coding == CODE_RLE8 ? 1 : 2, bytes = (n + per - 1) / per;
	if (f->in.n - r->at < bytes + bytes % 2)
		return "truncated BMP";
	for (size_t i = 0; i < n; i += per) {
		const char *why = run(f, r, n - i < per ? 1 : per, f->in.p[r->at + i / per]);
		if (why)
			return why;
	}
	r->at += bytes + bytes % 2;
	return NULL;
}

static const char *decode_runs(const struct bmp *f, uint8_t *index)
{
	struct runs r = { index, 0, 0, f->pixels };
	const uint8_t *p = f->in.p;
	while (f->in.n - r.at >= 2) {
		size_t n = p[r.at], what = p[r.at + 1];
		const char *why = NULL;
		r.at += 2;
		if (n) {
			why = run(f, &r, n, (uint8_t)what);
		} else if (what == 0) {
			r.x = 0;
			r.y++;
		} else if (what == 1) {
			return NULL;
		} else if (what > 2) {
			why = literal(f, &r, what);
		} else if (f->in.n - r.at < 2) {
			break;
		} else {
			r.x += p[r.at];
			r.y += p[r.at + 1];
			r.at += 2;
			if (r.x > (size_t)f->w || r.y > (size_t)f->h)
				why = "corrupt BMP: a step out of the picture";
		}
		if (why)
			return why;
	}
	return "truncated BMP";
}

/* Palette to RGB, one row; bits: depth, or 8 for decoded runs. */
static void row_of_indices(const uint8_t (*rgb)[3], const uint8_t *in, int bits, int32_t w, uint8_t *out)
{
	size_t per = (size_t)(8 / bits);
	for (size_t x = 0; x < (size_t)w; x++, out += 3) {
		size_t shift = (per - 1 - x % per) * (size_t)bits;
		memcpy(out, rgb[in[x / per] >> shift & ((1 << bits) - 1)], 3);
	}
}

static uint8_t channel_of(const struct channel *c, uint32_t v)
{
	uint32_t part = (v & c->mask) >> c->shift;
	return c->most == 255 ? (uint8_t)part : c->most == 0 ? 0 : to_8_bit(part, c->most);
}

static void row_of_masks(const struct bmp *f, const uint8_t *in, uint8_t background, uint8_t *out)
{
	const struct channel *alpha = &f->rgba[3];
	for (int32_t x = 0; x < f->w; x++, out += 3) {
		uint32_t v = f->depth == 16 ? get16(in) : get32(in);
		in += f->depth / 8;
		for (int i = 0; i < 3; i++)
			out[i] = channel_of(&f->rgba[i], v);
		if (alpha->mask) {
			uint8_t a = channel_of(alpha, v);
			for (int i = 0; i < 3; i++)
				out[i] = over(out[i], a, background);
		}
	}
}

static void read_palette(const struct bmp *f, uint8_t (*rgb)[3])
{
	memset(rgb, 0, 256 * 3);
	for (size_t i = 0; i < f->colours && i < 256; i++)
		for (size_t k = 0; k < 3; k++)
			rgb[i][k] = f->in.p[f->palette + i * f->entry + 2 - k];
}

static const char *decode_coded(const struct bmp *f, const uint8_t (*rgb)[3], struct picture *out)
{
	size_t w = (size_t)f->w;
	uint8_t *index = calloc((size_t)f->h, w);
	const char *why = index ? decode_runs(f, index) : PICTURE_NO_MEMORY;
	if (!why)
		why = picture_room(out, f->h, f->w, 3);
	for (size_t y = 0; !why && y < (size_t)f->h; y++)
		row_of_indices(rgb, index + row_at(f, y, w), 8, f->w, out->px + y * w * 3);
	free(index);
	return why;
}

static const char *decode_bmp(struct bytes in, const struct want *want, struct picture *out)
{
	struct bmp f = { .in = in };
	uint8_t rgb[256][3];
	const char *why = header(&f);
	if (why)
		return why;
	read_palette(&f, rgb);
	if (f.coding == CODE_RLE8 || f.coding == CODE_RLE4)
		return decode_coded(&f, rgb, out);
	size_t w = (size_t)f.w, stride = (w * (size_t)f.depth + 31) / 32 * 4, whole = (w * (size_t)f.depth + 7) / 8;
	if (in.n - f.pixels < stride * (size_t)(f.h - 1) + whole)	/* some leave out the last padding */
		return "truncated BMP";
	why = picture_room(out, f.h, f.w, 3);
	for (size_t y = 0; !why && y < (size_t)f.h; y++) {
		const uint8_t *from = in.p + f.pixels + row_at(&f, y, stride);
		uint8_t *to = out->px + y * w * 3;
		if (f.depth <= 8)
			row_of_indices(rgb, from, f.depth, f.w, to);
		else if (f.depth != 24)
			row_of_masks(&f, from, want->background, to);
		else
			for (size_t i = 0; i < w * 3; i++)
				to[i] = from[i / 3 * 3 + 2 - i % 3];
	}
	return why;
}

const struct format bmp_format = { is_bmp, measure_bmp, decode_bmp };
