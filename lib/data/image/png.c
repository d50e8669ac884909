/* PNG by libpng: every depth, colour type and interlacing is read; one filter and level are written, so one file a picture. */
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "data/image/decode.h"

#define SIGNATURE 8	/* bytes */
#define CHUNK 12	/* bytes of a chunk beside its data: length, name, checksum */

struct png_job {
	png_structp png;
	png_infop info;
	struct bytes in;
	size_t at;
	const struct want *want;
	struct picture *out;
	const char *why;
};

static bool is_png(struct bytes in)
{
	return in.n >= SIGNATURE && memcmp(in.p, "\x89PNG\r\n\x1a\n", SIGNATURE) == 0;
}

static uint32_t get_be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* CRC-32 bit by bit: EXIF data are short. */
static uint32_t checksum(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;
	for (; n; n--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* Orientation by the chunk eXIf, wherever it stands; one with a wrong checksum is not there. */
static int orientation(struct bytes in)
{
	for (size_t at = SIGNATURE; in.n - at >= CHUNK;) {
		size_t n = get_be(in.p + at), room = in.n - at - CHUNK;
		const uint8_t *name = in.p + at + 4;
		if (n > room || memcmp(name, "IEND", 4) == 0)
			break;
		if (memcmp(name, "eXIf", 4) == 0 && n < 1 << 16 && checksum(name, 4 + n) == get_be(name + 4 + n))
			return exif_orientation((struct bytes){ name + 4, n });
		at += CHUNK + n;
	}
	return 1;
}

static const char *measure_png(struct bytes in, struct stored *out)
{
	const uint8_t *p = in.p + SIGNATURE;
	if (in.n < SIGNATURE + CHUNK + 13)
		return "truncated PNG";
	uint32_t w = get_be(p + 8), h = get_be(p + 12);
	if (memcmp(p, "\0\0\0\x0dIHDR", 8) != 0)
		return "corrupt PNG: no IHDR";
	if (w == 0 || h == 0 || w > INT32_MAX || h > INT32_MAX)
		return "corrupt PNG: bad size";
	*out = (struct stored){ (int32_t)h, (int32_t)w, orientation(in) };
	return NULL;
}

static _Noreturn void on_error(png_structp png, png_const_charp text)
{
	struct png_job *j = png_get_error_ptr(png);
	if (!j->why && strstr(text, "emory"))
		j->why = PICTURE_NO_MEMORY;
	else if (!j->why)
		j->why = strstr(text, "CRC") ? "corrupt PNG: bad checksum" : "corrupt PNG";
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
	(void)png, (void)text;
}

static void take(png_structp png, png_bytep to, size_t n)
{
	struct png_job *j = png_get_io_ptr(png);
	if (n > j->in.n - j->at) {
		j->why = "truncated PNG";
		png_error(png, j->why);
	}
	memcpy(to, j->in.p + j->at, n);
	j->at += n;
}

/* Grey or RGB of 8 bits, alpha where the file has it, in out->px. Leaves by longjmp() when something is wrong. */
static void read_all(struct png_job *j)
{
	png_set_read_fn(j->png, j, take);
	png_set_keep_unknown_chunks(j->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);	/* texts and profiles cost time, hold none */
	png_read_info(j->png, j->info);
	png_set_expand(j->png);
	png_set_scale_16(j->png);
	int passes = png_set_interlace_handling(j->png);
	png_read_update_info(j->png, j->info);
	int32_t h = j->want->stored.h, w = j->want->stored.w, c = png_get_channels(j->png, j->info);
	size_t stride = (size_t)w * (size_t)c;
	if (png_get_rowbytes(j->png, j->info) != stride || png_get_image_height(j->png, j->info) != (uint32_t)h)
		png_error(j->png, "size");
	j->why = picture_room(j->out, h, w, c);
	if (j->why)
		png_error(j->png, j->why);
	for (int pass = 0; pass < passes; pass++)
		for (int32_t y = 0; y < h; y++)
			png_read_row(j->png, j->out->px + (size_t)y * stride, NULL);
	png_read_end(j->png, NULL);
}

/* The alpha of p, its last channel, over the background; in place. */
static void flatten(struct picture *p, uint8_t background)
{
	size_t n = (size_t)p->h * (size_t)p->w;
	int32_t c = p->c - 1;
	const uint8_t *in = p->px;
	uint8_t *to = p->px;
	for (; n; n--, in += c + 1, to += c) {
		uint8_t a = in[c];
		for (int32_t i = 0; i < c; i++)
			to[i] = over(in[i], a, background);
	}
	p->c = c;
}

/* The job is another's, so that longjmp() leaves it as it is. */
static void guarded(struct png_job *j)
{
	if (setjmp(png_jmpbuf(j->png)) != 0)
		return;
	j->info = png_create_info_struct(j->png);
	if (j->info)
		read_all(j);
	else
		j->why = PICTURE_NO_MEMORY;
}

static const char *decode_png(struct bytes in, const struct want *want, struct picture *out)
{
	struct png_job j = { .in = in, .want = want, .out = out };
	j.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning);
	if (!j.png)
		return PICTURE_NO_MEMORY;
	guarded(&j);
	png_destroy_read_struct(&j.png, &j.info, NULL);
	if (!j.why && out->c % 2 == 0)
		flatten(out, want->background);
	return j.why;
}

const struct format png_format = { is_png, measure_png, decode_png };

static void give(png_structp png, png_bytep from, size_t n)
{
	str_add(png_get_io_ptr(png), (const char *)from, n);
}

static void no_flush(png_structp png)
{
	(void)png;
}

static _Noreturn void on_write_error(png_structp png, png_const_charp text)
{
	(void)png;
	bug("libpng: %s", text);
}

void picture_png(const struct picture *p, struct str *out)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_write_error, on_warning);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	if (!info)
		die(ST_IO, PICTURE_NO_MEMORY);
	png_set_write_fn(png, out, give, no_flush);
	png_set_IHDR(png, info, (uint32_t)p->w, (uint32_t)p->h, 8, p->c == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
	png_set_compression_level(png, 6);
	png_write_info(png, info);
	for (int32_t y = 0; y < p->h; y++)
		png_write_row(png, p->px + (size_t)y * (size_t)p->w * (size_t)p->c);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
}
