/*
 * Two finished samples made into one. Mixup (Zhang 2018): a weighted mean. Cutmix (Yun 2019): a box of the other. Either
 * way the labels count by lambda and 1 - lambda.
 */
#ifndef DLS_DATA_IMAGE_MIX_H
#define DLS_DATA_IMAGE_MIX_H

#include <stdbool.h>

#include "data/image/augment.h"

struct mix {
	double lambda;		/* the weight of the first sample; 1: it stays as it is */
	bool box;		/* cutmix: the second shows in the box, else everywhere by its weight */
	int32_t y, x, h, w;
};

double mix_beta(struct rng *r, double a, double b);	/* Beta(a, b); a, b > 0 */

struct mix mixup_draw(struct rng *r, double alpha);			/* lambda by Beta(alpha, alpha) */
struct mix cutmix_draw(struct rng *r, double alpha, int32_t h, int32_t w);

bool mix_wanted(const struct augment *how);	/* whether some sample may be mixed */

/* As the options have it: one of the two, equally often where both hit, or neither. */
struct mix mix_draw(const struct augment *how, struct rng *r, int32_t h, int32_t w);

/* out := a mixed with b, all (h, w, c); out may be a or b. */
void mix_samples(const struct mix *m, const float *a, const float *b, int32_t h, int32_t w, int32_t c, float *out);

#endif
