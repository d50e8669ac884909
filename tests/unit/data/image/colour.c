/* Changes of colour against torchvision's numbers and closed forms; noise by its moments. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "data/image/colour.h"

#include "../../../golden/augment.h"

static void change(enum colour_op op, double x, struct planes p)
{
	float *room = NEW(float, colour_room(p));
	colour_change(op, x, p, room);
	free(room);
}

START_TEST(equal_to_torchvision)
{
	for (size_t g = 0; g < sizeof(golden) / sizeof(*golden); g++) {
		const struct golden *t = &golden[g];
		size_t n = (size_t)t->c * GOLDEN_H * GOLDEN_W;
		float v[3 * GOLDEN_H * GOLDEN_W];
		for (size_t i = 0; i < n; i++)
			v[i] = (float)t->px[i] / 255;
		change(t->op, t->x, (struct planes){ v, t->c, GOLDEN_H, GOLDEN_W });
		for (size_t i = 0; i < n; i++)
			MUST(fabs((double)v[i] * 1e6 - t->v[i]) < 2, "op %d of %g, %zu: %g, not %d", (int)t->op, t->x, i, (double)v[i], t->v[i]);
	}
}
END_TEST

START_TEST(equalized_as_torchvision_does)
{
	size_t n = EQUALIZE_H * EQUALIZE_W;
	float *v = NEW(float, n);
	for (size_t i = 0; i < n; i++)
		v[i] = (float)equalize_from[i] / 255;
	change(COLOUR_EQUALIZE, 0, (struct planes){ v, 1, EQUALIZE_H, EQUALIZE_W });
	for (size_t i = 0; i < n; i++)
		MUST(fabsf(v[i] * 255 - (float)equalize_to[i]) < 0.001f, "%zu: %g, not %d", i, (double)v[i] * 255, equalize_to[i]);
	free(v);
}
END_TEST

START_TEST(hues_turn)
{
	/* a third of the circle takes red to green to blue */
	float v[] = { 1, 0.2f, 0.5f, 0, 0.6f, 0.5f, 0, 0.4f, 0.5f };
	change(COLOUR_HUE, 1 / 3.0, (struct planes){ v, 3, 1, 3 });
	static const float want[] = { 0, 0.4f, 0.5f, 1, 0.2f, 0.5f, 0, 0.6f, 0.5f };
	for (int i = 0; i < 9; i++)
		MUST(fabsf(v[i] - want[i]) < 1e-6f, "%d: %g", i, (double)v[i]);
}
END_TEST

START_TEST(noise_is_normal)
{
	float *quantile = NEW(float, COLOUR_QUANTILES), *v = NEW(float, 300000);
	struct rng r = rng_at(1, "noise", 0);
	double s[5] = { 0 };
	colour_quantiles(quantile);
	for (int i = 0; i < COLOUR_QUANTILES; i++) {
		double below = 0.5 * erfc(-(double)quantile[i] * sqrt(0.5));
		MUST(fabs(below - (i + 0.5) / COLOUR_QUANTILES) < 1e-7, "%d: %g", i, (double)quantile[i]);
	}
	for (int i = 0; i < 300000; i++)
		v[i] = 0.5f;
	colour_noise((struct planes){ v, 3, 100, 1000 }, 0.1, quantile, &r);
	for (int i = 0; i < 300000; i++)
		for (int k = 1; k < 5; k++)
			s[k] += pow((double)(v[i] - 0.5f) * 10, k) / 300000;
	ck_assert_msg(fabs(s[1]) < 0.008 && fabs(s[2] - 1) < 0.011 && fabs(s[3]) < 0.03 && fabs(s[4] - 3) < 0.1, "%g %g %g %g", s[1],
		      s[2], s[3], s[4]);
	free(quantile);
	free(v);
}
END_TEST

UNIT_MAIN("colour", equal_to_torchvision, equalized_as_torchvision_does, hues_turn, noise_is_normal)
