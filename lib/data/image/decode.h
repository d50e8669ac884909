/*
 * What the readers of picture formats share. A format tells its files by their first bytes, measures them by the header
 * alone, and decodes what it measured: pixels as they are stored, grey or RGB as the file has it, not yet turned. The limits
 * of picture.h hold for what was measured before decode() is called.
 */
#ifndef DLS_DATA_IMAGE_DECODE_H
#define DLS_DATA_IMAGE_DECODE_H

#include <stdbool.h>

#include "data/image/picture.h"

#define PICTURE_NO_MEMORY "out of memory"

struct bytes {
	const uint8_t *p;
	size_t n;
};

struct stored {
	int32_t h, w;		/* before it is turned */
	int orientation;	/* 1 to 8, as EXIF has it */
};

struct want {
	struct stored stored;	/* what measure() gave */
	int32_t h, w;		/* the size wanted, before it is turned; what is made may be larger, not smaller */
	int32_t c;		/* channels wanted; the other number may be made too */
	uint8_t background;
};

struct format {
	bool (*is)(struct bytes in);
	const char *(*measure)(struct bytes in, struct stored *out);
	const char *(*decode)(struct bytes in, const struct want *want, struct picture *out);	/* out is zeroed before */
};

extern const struct format jpeg_format, png_format, bmp_format, pnm_format;

/* Pixels for a picture, uninitialised. NULL, or what is wrong: limits, memory. */
const char *picture_room(struct picture *p, int32_t h, int32_t w, int32_t c);

/* Orientation by the TIFF data of EXIF, whatever they are: 1 when it is not told. */
int exif_orientation(struct bytes tiff);

/* picture_resize() that gives a reason where there is no memory. */
const char *resize_picture(const struct picture *in, int32_t h, int32_t w, struct picture *out);

/* v over a background by alpha a, rounded to nearest. */
static inline uint8_t over(unsigned v, unsigned a, unsigned background)
{
	unsigned t = v * a + background * (255 - a) + 128;
	return (uint8_t)((t + (t >> 8)) >> 8);
}

/* v of 0..most as 0..255, rounded to nearest. */
static inline uint8_t to_8_bit(uint32_t v, uint32_t most)
{
	return (uint8_t)(((uint64_t)v * 255 + most / 2) / most);
}

#endif
