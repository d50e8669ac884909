/*
 * Changes of colour and sharpness on planes (c, h, w) of floats from 0 to 1, c 1 (grey) or 3 (red, green, blue); results
 * are clamped to that range.
 */
#ifndef DLS_DATA_IMAGE_COLOUR_H
#define DLS_DATA_IMAGE_COLOUR_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

enum colour_op {
	COLOUR_BRIGHTNESS,	/* x v */
	COLOUR_CONTRAST,	/* x v + (1 - x) m, m the mean of grey over the picture */
	COLOUR_SATURATION,	/* x v + (1 - x) g, g the pixel's grey: 0.2989 R + 0.587 G + 0.114 B */
	COLOUR_HUE,		/* the hue turned by x of a circle, saturation and value (of HSV) kept */
	COLOUR_SHARPNESS,	/* x v + (1 - x) s, s smoothed by a 3 x 3 kernel of 1/13, 5/13 in its middle; not at edges */
	COLOUR_POSTERIZE,	/* the x highest of 8 bits */
	COLOUR_SOLARIZE,	/* 1 - v where v >= x */
	COLOUR_AUTOCONTRAST,	/* each channel stretched to 0 .. 1 */
	COLOUR_EQUALIZE,	/* each channel's histogram of 256 levels made flat */
	COLOUR_BLUR		/* gaussian, standard deviation x pixels, reflected at edges */
};

struct planes {
	float *v;	/* (c, h, w) */
	int32_t c, h, w;
};

/* Room of colour_room() floats. */
void colour_change(enum colour_op op, double x, struct planes p, float *room);
size_t colour_room(struct planes p);

/* Normal numbers of standard deviation sd added; quantile (COLOUR_QUANTILES) as colour_quantiles() makes it. */
#define COLOUR_QUANTILES 4096
void colour_noise(struct planes p, double sd, const float *quantile, struct rng *r);
void colour_quantiles(float *quantile);

#endif
