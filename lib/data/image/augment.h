/*
 * Pictures made into samples for a net: cut to size, changed at random, normalised. What changes is data, a text:
 *
 *	flip:0.5,rotate:15,crop:0.1,scale:0.8-1.2,shear:10,color:0.2,noise:0.05,cutout:0.3@0.5
 *
 * words with a value, and after an @ the probability (1 where none is given). The words, X being the value:
 *
 *	flip vflip grey		mirrored, upside down, without colour: X is the probability
 *	rotate shear		by up to X degrees either way; shear along x and y
 *	shift			by up to X of each side, either way, in whole pixels
 *	scale			larger by a factor of A-B
 *	crop			the part of the sample's size at a random place: off the middle by as much as the picture
 *				reaches, or by X where that is more: pixels, below 1 a share of the sample's side
 *	resized			a part of A-B of the area, its sides in a ratio of `ratio` A-B, brought to the sample's size
 *	brightness contrast saturation	by a factor of 1-X to 1+X, or of A-B; in random order, hue among them
 *	hue			turned by up to X of a circle either way
 *	color			brightness, contrast and saturation X, hue X / 4
 *	blur noise		gaussian: a standard deviation of A-B pixels, or of A-B of the range from black to white
 *	cutout			a square of X of the shorter side, around any point, becomes the mean (DeVries and Taylor 2017)
 *	erase			so does a rectangle of A-B of the area, wholly inside (Zhong 2020)
 *	randaugment		N changes of magnitude M, from 0 to 30, written N/M (Cubuk 2020; the list is in augment.c)
 *	mixup cutmix		batches: samples are mixed with a weight by Beta(X, X) (see mix.h)
 *	edge			what is seen beyond the edge: zero (black), reflect, nearest
 *
 * The first word may be a preset: none, light, standard, strong; later words override its own.
 *
 * However many words turn, move or stretch a picture, it is sampled once: they make one affine map. Where that map only
 * mirrors and moves by whole pixels, nothing is interpolated. Colours are changed afterwards.
 */
#ifndef DLS_DATA_IMAGE_AUGMENT_H
#define DLS_DATA_IMAGE_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "data/image/picture.h"
#include "data/image/warp.h"

enum augment_op {
	AUGMENT_FLIP, AUGMENT_VFLIP, AUGMENT_ROTATE, AUGMENT_SHEAR, AUGMENT_SCALE, AUGMENT_SHIFT, AUGMENT_CROP,
	AUGMENT_RESIZED, AUGMENT_RATIO, AUGMENT_BRIGHTNESS, AUGMENT_CONTRAST, AUGMENT_SATURATION, AUGMENT_HUE, AUGMENT_GREY,
	AUGMENT_BLUR, AUGMENT_NOISE, AUGMENT_CUTOUT, AUGMENT_ERASE, AUGMENT_RAND, AUGMENT_MIXUP, AUGMENT_CUTMIX, AUGMENT_OPS
};

/* What may change; all zeros: nothing. */
struct augment {
	struct augment_range {
		double p;		/* the probability; 0: never */
		double low, high;	/* the value is uniform between; N and M of randaugment */
	} op[AUGMENT_OPS];
	enum edge edge;
};

/* Reads a text as above. NULL, or what is wrong with it (owned by the caller). */
char *augment_parse(const char *text, struct augment *how);

/* What a sample is: (h, w, c) floats, (px * scale - mean[k]) / std[k] for its channel k. */
struct sample_form {
	int32_t h, w, c;
	bool bgr;			/* its channels are blue, green, red */
	double scale, mean[3], std[3];	/* mean and std are in the sample's own order of channels */
};

static inline size_t sample_size(const struct sample_form *f)
{
	return (size_t)f->h * (size_t)f->w * (size_t)f->c;
}

/* Options and form made ready; const afterwards, for any thread. */
struct augmenter *augmenter_new(const struct augment *how, struct sample_form form);
void augmenter_free(struct augmenter *a);

float *augment_room(const struct augmenter *a);	/* memory to work in, of one thread; free() */

/*
 * The picture, of form.c channels, changed as r says: out (h, w, c). A picture larger than the sample is cut around its
 * middle unless a crop is asked for; a smaller one is continued beyond its edges.
 */
void augment(const struct augmenter *a, const struct picture *p, struct rng *r, float *room, float *out);

/* Unchanged: the middle of the picture. */
void augment_plain(const struct augmenter *a, const struct picture *p, float *out);

/*
 * View k of AUGMENT_VIEWS, for predictions that are averaged over some: 0 the middle, 1 mirrored, 2 to 5 the corners (where
 * the picture is not larger than the sample: moved by 1/16 of a side, reflected at the edge), 6 to 9 those mirrored.
 */
#define AUGMENT_VIEWS 10
void augment_view(const struct augmenter *a, const struct picture *p, int k, float *out);

#endif
