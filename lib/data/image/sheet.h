/*
 * A contact sheet: pictures of any sizes in a grid on white, each scaled into a square, framed in a colour, with two short
 * lines of text under it. For looking at what a model gets wrong.
 */
#ifndef DLS_DATA_IMAGE_SHEET_H
#define DLS_DATA_IMAGE_SHEET_H

#include "data/image/picture.h"

struct sheet_item {
	struct picture p;		/* 1 or 3 channels; without pixels (px NULL) the square stays empty */
	const char *line1, *line2;	/* UTF-8, cut at the square's width; NULL: none. What is not ASCII shows as '?' */
	uint8_t frame[3];		/* RGB */
};

/*
 * The sheet of n items, `across` in a row at most, in squares with sides of `cell` pixels; out->px is the caller's. The same
 * bytes everywhere. Dies when the sheet would be larger than a picture may be.
 */
void sheet_draw(const struct sheet_item *item, size_t n, int32_t cell, int32_t across, struct picture *out);

#endif
