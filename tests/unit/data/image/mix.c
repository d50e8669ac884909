/* Mixing weights by their moments; boxes by their area; samples by the obvious loops. */
#include "unit.h"

#include <math.h>

#include "data/image/mix.h"

START_TEST(beta_has_its_moments)
{
	static const double cases[][2] = { { 0.2, 0.2 }, { 1, 1 }, { 0.4, 0.4 }, { 2, 5 }, { 30, 10 }, { 0.001, 0.001 }, { 0.001, 0.003 } };
	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct rng r = rng_at(1, "beta", c);
		double a = cases[c][0], b = cases[c][1], s = 0, ss = 0, sss = 0, mean = a / (a + b), n = 100000;
		double square = mean * (a + 1) / (a + b + 1), cube = square * (a + 2) / (a + b + 2);
		for (int i = 0; i < n; i++) {
			double x = mix_beta(&r, a, b);
			MUST(x >= 0 && x <= 1, "%g", x);
			s += x / n;
			ss += x * x / n;
			sss += x * x * x / n;
		}
		MUST(fabs(s - mean) < 0.007 && fabs(ss - square) < 0.007 && fabs(sss - cube) < 0.007, "Beta(%g, %g): %g %g", a, b, s, ss);
	}
}
END_TEST

START_TEST(boxes_weigh_what_they_show)
{
	double share = 0, n = 4000;
	for (int i = 0; i < n; i++) {
		struct rng r = rng_at(1, "cutmix", (uint64_t)i);
		struct mix m = cutmix_draw(&r, 1, 12, 17);
		MUST(m.y >= 0 && m.x >= 0 && m.h >= 0 && m.w >= 0 && m.y + m.h <= 12 && m.x + m.w <= 17, "%d %d", m.h, m.w);
		float a[12 * 17 * 2] = { 0 }, b[12 * 17 * 2], sum = 0;
		for (int k = 0; k < 12 * 17 * 2; k++)
			b[k] = 1;
		mix_samples(&m, a, b, 12, 17, 2, a);
		for (int k = 0; k < 12 * 17 * 2; k++)
			sum += a[k];
		MUST(fabs((double)sum / (12 * 17 * 2) - (1 - m.lambda)) < 1e-6, "%g, not %g", (double)sum, 1 - m.lambda);
		share += m.lambda / n;
	}
	ck_assert_msg(share > 0.6 && share < 0.75, "%g", share);	/* boxes lose what is beyond the edges */
}
END_TEST

START_TEST(weights_add_up)
{
	struct mix m = { .lambda = 0.25 };
	float a[] = { 1, 2, 3, 4 }, b[] = { 5, 5, 5, 5 };
	mix_samples(&m, a, b, 2, 2, 1, b);
	ck_assert(b[0] == 4 && b[1] == 4.25f && b[2] == 4.5f && b[3] == 4.75f);
}
END_TEST

START_TEST(drawn_as_often_as_asked)
{
	static const struct { double up, cut, want_up, want_cut; } cases[] = {
		{ 0, 0, 0, 0 }, { 1, 0, 1, 0 }, { 0, 1, 0, 1 }, { 1, 1, 0.5, 0.5 }, { 0.5, 0.4, 0.4, 0.3 }
	};
	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct augment how = { .op[AUGMENT_MIXUP] = { cases[c].up, 0.2, 0.2 }, .op[AUGMENT_CUTMIX] = { cases[c].cut, 1, 1 } };
		struct rng r = rng_at(1, "mix", c);
		double up = 0, cut = 0;
		for (int i = 0; i < 10000; i++) {
			struct mix m = mix_draw(&how, &r, 8, 8);
			cut += m.box;
			up += !m.box && m.lambda < 1;
		}
		MUST(fabs(up / 10000 - cases[c].want_up) < 0.02 && fabs(cut / 10000 - cases[c].want_cut) < 0.02, "case %zu: %g %g", c, up, cut);
	}
}
END_TEST

UNIT_MAIN("mix", beta_has_its_moments, boxes_weigh_what_they_show, weights_add_up, drawn_as_often_as_asked)
