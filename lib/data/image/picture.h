/*
 * A picture in memory, and how it comes there: from the bytes of a JPEG, PNG,
 * BMP or PNM (P1 to P6) file, whatever its depth, palette, alpha or EXIF
 * orientation. Files are hostile until decoded: nothing here dies of them;
 * what is wrong comes back as a reason, a static text such as "truncated
 * JPEG". A file whose pixels are not all there is refused whole. All of it may
 * be called from any thread.
 *
 * The pixels are those of Pillow with libjpeg-turbo, byte for byte: grey is
 * ITU-R 601-2 luma (of a JPEG: its own luma, with no way over RGB), 16 bits
 * become 8 by rounding (where Pillow cuts or clips), alpha shows the background
 * without regard to gamma, CMYK is Adobe's.
 */
#ifndef DLS_DATA_IMAGE_PICTURE_H
#define DLS_DATA_IMAGE_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define PICTURE_MOST_SIDE 32768		/* pixels; more is refused before memory is asked for ... */
#define PICTURE_MOST_PIXELS (1u << 28)	/* ... as are more in all */

struct picture {
	int32_t h, w, c;	/* c is 1 (grey) or 3 (RGB) */
	uint8_t *px;		/* (h, w, c), malloc'ed */
};

/* What pictures are made into when they are loaded. */
struct picture_spec {
	int32_t c;		/* channels: 1 or 3 */
	int32_t h, w;		/* exactly this size; w 0: the shorter side becomes h, the ratio stays (the longer side
				   rounded down); h 0 too: as it is */
	uint8_t background;	/* the grey that shows where alpha does */
};

void picture_free(struct picture *p);	/* its pixels; p may be used again */

/* Height and width as the picture will stand (EXIF applied), from the header alone. NULL, or what is wrong. */
const char *picture_measure(const void *bytes, size_t n, int32_t *h, int32_t *w);

/*
 * Decodes to the spec; out->px is the caller's. NULL, or what is wrong (out is zeroed then). A JPEG that is to become
 * smaller by half or more is decoded at a half, a quarter or an eighth first, never below the size wanted.
 */
const char *picture_decode(const void *bytes, size_t n, struct picture_spec spec, struct picture *out);

/*
 * The picture of a cell, which holds either the picture itself (its bytes begin as those picture_decode() knows, which no
 * path does) or its path, relative to root unless absolute or root is NULL or empty. NULL, or what is wrong, strerror() for
 * files; what is not a regular file is refused, never waited for.
 */
const char *picture_load(struct slice cell, const char *root, struct picture_spec spec, struct picture *out);

/*
 * in at another size, out its own: bilinear with a support that grows with the reduction (antialiased), in fixed point,
 * separable; centres of pixels map as (x + 0.5) * scale - 0.5. The same bytes everywhere: those of Pillow's
 * resize(BILINEAR).
 */
void picture_resize(const struct picture *in, int32_t h, int32_t w, struct picture *out);

/* The part of h x w from (y, x), inside in. */
void picture_crop(const struct picture *in, int32_t y, int32_t x, int32_t h, int32_t w, struct picture *out);

/* Appends the picture as a PNG file: one filter and level, so the same pixels give the same bytes by the same zlib. */
void picture_png(const struct picture *p, struct str *out);

#endif
