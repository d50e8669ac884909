/* Losses: derivatives against differences, values at points known by hand, scores that are out to hurt. */
#include "unit.h"

#include <math.h>

#include "math/loss.h"

START_TEST(derivatives_equal_differences)
{
	static const enum loss losses[] = { LOSS_SQUARED, LOSS_HUBER, LOSS_QUANTILE, LOSS_POISSON, LOSS_LOGISTIC };
	double e = 1e-5, w = 1.7;
	for (size_t l = 0; l < 5; l++)
		for (double f = -3.05; f < 3; f += 0.1)
			for (double y = 0; y < 2; y++) {
				double up = f + e, down = f - e, r, h, ru, rd;
				double lu = loss_rows(losses[l], 0.8, 1, &y, &w, &up, &ru, NULL);
				double ld = loss_rows(losses[l], 0.8, 1, &y, &w, &down, &rd, NULL);
				loss_rows(losses[l], 0.8, 1, &y, &w, &f, &r, &h);
				ck_assert_msg(fabs((lu - ld) / (2 * e) - r) < 1e-6, "loss %zu at %g", l, f);
				ck_assert_msg(fabs((ru - rd) / (2 * e) - h) < 1e-4, "loss %zu at %g", l, f);
			}
}
END_TEST

START_TEST(softmax_equals_differences)
{
	double f[] = { 0.3, -1.2, 2 }, w = 0.7, y = 1, r[3], p[3], sum = 0, e = 1e-6, dummy[3];
	double at = loss_softmax(1, 3, &y, &w, f, r, p);
	for (int k = 0; k < 3; k++) {
		double g[] = { f[0], f[1], f[2] };
		g[k] += e;
		ck_assert(fabs((loss_softmax(1, 3, &y, &w, g, dummy, NULL) - at) / e - r[k]) < 1e-5);
		sum += p[k];
	}
	ck_assert(fabs(sum - 1) < 1e-15 && fabs(at + w * log(p[1])) < 1e-14);
}
END_TEST

START_TEST(known_values)
{
	double y[] = { 1, 0 }, w[] = { 1, 1 }, f[] = { 0, 0 }, p[4];
	ck_assert(fabs(loss_rows(LOSS_LOGISTIC, 0, 2, y, w, f, NULL, NULL) - 2 * log(2)) < 1e-15);
	loss_predict(LOSS_LOGISTIC, 2, 1, f, p);
	ck_assert(p[0] == 0.5 && p[1] == 0.5 && p[3] == 0.5);
	double far = 800, one = 1, r, h;
	ck_assert(loss_rows(LOSS_LOGISTIC, 0, 1, &one, w, &far, &r, &h) == 0 && r == 0 && h == 0);
	ck_assert(isfinite(loss_rows(LOSS_POISSON, 0, 1, &one, w, &far, &r, &h)) && isfinite(r));
	far = -800;
	ck_assert(loss_rows(LOSS_LOGISTIC, 0, 1, &one, w, &far, &r, &h) == 800 && r == -1);
}
END_TEST

START_TEST(a_row_without_weight_may_score_anything)
{
	double y = 1, w = 0, f = INFINITY, r, h;
	for (enum loss l = LOSS_SQUARED; l < LOSS_SOFTMAX; l++)
		ck_assert(loss_rows(l, 0.5, 1, &y, &w, &f, &r, &h) == 0 && r == 0 && h == 0);
}
END_TEST

UNIT_MAIN("loss", derivatives_equal_differences, softmax_equals_differences, known_values,
	  a_row_without_weight_may_score_anything)
