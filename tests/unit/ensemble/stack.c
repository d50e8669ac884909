/* Stacking and calibration: equal to scikit-learn and scipy; at the least of the loss that method.h states. */
#include "unit.h"

#include "../../golden/ensemble.h"
#include "level.h"

#define N 60
#define M 3

/* The golden rows as a level of two classes (prob2) or of values; member m of them only when one is >= 0. */
static struct level golden(bool classes, bool weights, int one)
{
	int32_t k = classes ? 2 : 1;
	struct level lv = level_make(N, one < 0 ? M : 1, k, 2, weights, 1);
	for (size_t r = 0; r < N; r++) {
		if (classes)
			lv.label[r] = (int32_t)label2[r];
		else
			lv.y[r] = value[r];
		if (weights)
			lv.w[r] = weight2[r];
		for (size_t i = 0; i < lv.m; i++) {
			size_t from = one < 0 ? i : (size_t)one;
			if (classes) {
				lv.p[i][2 * r + 1] = prob2[from * N + r];
				lv.p[i][2 * r] = 1 - prob2[from * N + r];
			} else {
				lv.p[i][r] = value_p[from * N + r];
			}
		}
	}
	return lv;
}

static void fit_equals(bool classes, bool weights, double l2, bool nonneg, const double *want, double tol)
{
	struct level lv = golden(classes, weights, -1);
	double w[M], b[2];
	newton_fit(&lv, l2, nonneg, false, w, b);
	for (int i = 0; i < M; i++)
		ck_assert_double_eq_tol(w[i], want[i], tol);
	ck_assert_double_eq_tol(b[classes], want[M], 10 * tol);
	level_free(&lv);
}

START_TEST(weights_equal_golden_ones)
{
	fit_equals(true, true, 0, false, stack2, 1e-6);
	fit_equals(true, true, 0.3, false, stack2_l2, 1e-6);
	fit_equals(true, true, 0, true, stack2_nonneg, 1e-5);
	fit_equals(false, false, 0, false, stack1, 1e-6);
	fit_equals(false, false, 0, true, stack1_nonneg, 1e-6);
	ck_assert(stack2[2] < 0 && stack1[2] < 0);	/* the bound is felt */
}
END_TEST

/* The penalised loss as method.h has it, written plainly. */
static double naive_loss(const struct level *lv, double l2, bool smooth, const double *w, const double *b)
{
	double sum = 0, all = 0, off = 0, s = 0, k = lv->k, n_class[8] = { 0 };
	for (size_t r = 0; r < lv->n; r++) {
		all += lv->w ? lv->w[r] : 1;
		for (size_t i = 0; lv->y && i < lv->m; i++)
			off += (lv->w ? lv->w[r] : 1) * (lv->y[r] - lv->p[i][r]) / (double)lv->m;
		if (!lv->y)
			n_class[lv->label[r]] += lv->w ? lv->w[r] : 1;
	}
	for (size_t r = 0; lv->y && r < lv->n; r++) {
		double e = lv->y[r] - off / all;
		for (size_t i = 0; i < lv->m; i++)
			e -= lv->p[i][r] / (double)lv->m;
		s += (lv->w ? lv->w[r] : 1) * e * e / all;
	}
	for (size_t r = 0; r < lv->n; r++) {
		double f[8] = { 0 }, total = 0, loss = 0;
		for (int32_t c = 0; c < lv->k; c++) {
			f[c] = b[c];
			for (size_t i = 0; i < lv->m; i++) {
				double p = lv->p[i][r * (size_t)lv->k + (size_t)c];
				f[c] += w[i] * (lv->y ? p : log(p));
			}
			total += exp(f[c]);
		}
		if (lv->y)
			loss = pow(lv->y[r] - f[0], 2) / (2 * s);
		for (int32_t c = 0; !lv->y && c < lv->k; c++) {
			double of_true = n_class[lv->label[r]], hit = smooth ? (of_true + 1) / (of_true + k) : 1;
			double miss = smooth ? 1 / (of_true + k) : 0;
			loss -= (c == lv->label[r] ? hit : miss) * log(exp(f[c]) / total);
		}
		sum += (lv->w ? lv->w[r] : 1) * loss / all;
	}
	for (size_t i = 0; i < lv->m; i++)
		sum += l2 / 2 * pow(w[i] - 1 / (double)lv->m, 2);
	return sum;
}

/* No step along an axis may lower the loss, except where it is bounded. */
static void is_least(const struct level *lv, double l2, bool nonneg, bool smooth)
{
	double w[8], b[8];
	newton_fit(lv, l2, nonneg, smooth, w, b);
	double least = naive_loss(lv, l2, smooth, w, b);
	for (size_t i = 0; i < lv->m + (size_t)lv->k; i++) {
		double *x = i < lv->m ? &w[i] : &b[i - lv->m], keep = *x;
		for (int sign = -1; sign <= 1; sign += 2) {
			if (i < lv->m && nonneg && keep == 0 && sign < 0)
				continue;
			*x = keep + sign * 1e-3;
			ck_assert_double_gt(naive_loss(lv, l2, smooth, w, b), least - 1e-10);
		}
		ck_assert(!nonneg || i >= lv->m || keep >= 0);
		*x = keep;
	}
}

START_TEST(the_loss_is_at_its_least)
{
	for (int32_t k = 1; k <= 4; k++)
		for (int form = 0; form < 8; form++) {
			struct level lv = level_make(80, 4, k, 2, form & 1, (uint64_t)(10 + k));
			for (size_t r = 0; r < lv.n; r++)	/* a member that says the opposite */
				for (size_t c = 0; c < (size_t)k; c++) {
					double *p = &lv.p[3][r * (size_t)k + c];
					*p = k == 1 ? -*p : *p;
				}
			if (k > 1)
				for (size_t r = 0; r < lv.n; r++) {
					double *p = &lv.p[3][r * (size_t)k], first = p[0];
					memmove(p, p + 1, ((size_t)k - 1) * sizeof(*p));
					p[k - 1] = first;
				}
			is_least(&lv, form & 2 ? 0.05 : 0, form & 4, false);
			is_least(&lv, 0, false, k > 1);
			level_free(&lv);
		}
}
END_TEST

START_TEST(a_great_penalty_gives_equal_weights)
{
	for (int32_t k = 1; k <= 3; k++) {
		struct level lv = level_make(80, 4, k, 2, false, 20);
		double w[4], b[3];
		newton_fit(&lv, 1e9, false, false, w, b);
		for (int i = 0; i < 4; i++)
			ck_assert_double_eq_tol(w[i], 0.25, 1e-6);
		level_free(&lv);
	}
}
END_TEST

/* Members that are copies share; a class that is absent, targets that are one value, and separable rows stay finite. */
START_TEST(poor_rows_give_finite_weights)
{
	for (int form = 0; form < 4; form++) {
		struct level lv = level_make(30, 3, form == 3 ? 1 : 3, 2, false, 21);
		double w[3], b[3];
		size_t k = (size_t)lv.k;
		for (size_t r = 0; r < lv.n; r++) {
			if (form == 0)
				memcpy(lv.p[1] + r * k, lv.p[0] + r * k, k * sizeof(double));
			if (form == 1)
				lv.label[r] = lv.label[r] == 2 ? 1 : lv.label[r];
			for (size_t c = 0; form == 2 && c < k; c++)
				lv.p[0][r * k + c] = lv.label[r] == (int32_t)c;
			if (form == 3)
				lv.y[r] = 7;
		}
		newton_fit(&lv, 0, false, false, w, b);
		for (int i = 0; i < 3; i++)
			ck_assert(fabs(w[i]) < 1e4 && fabs(b[form == 3 ? 0 : i]) < 1e4);
		if (form == 0)
			ck_assert_double_eq_tol(w[0], w[1], 1e-4);
		if (form == 3)
			ck_assert_double_eq_tol(b[0], 7, 1e-6);
		level_free(&lv);
	}
}
END_TEST

START_TEST(platt_equals_golden)
{
	struct level lv = golden(true, false, 2);
	double w, b[2];
	newton_fit(&lv, 0, false, true, &w, b);
	ck_assert_double_eq_tol(w, platt[0], 1e-4);
	ck_assert_double_eq_tol(b[1], platt[1], 1e-4);
	level_free(&lv);
}
END_TEST

START_TEST(isotonic_equals_golden)
{
	struct curve c = isotonic(N, iso_x, label2, weight2);
	for (size_t i = 0; i < sizeof(iso_at) / sizeof(*iso_at); i++)
		ck_assert_double_eq_tol(curve_at(&c, iso_at[i]), iso_y[i], 1e-12);
	for (size_t i = 1; i < c.n; i++)
		ck_assert(c.x[i] > c.x[i - 1] && c.y[i] >= c.y[i - 1]);
	double none[N] = { 0 };
	struct curve plain = isotonic(N, iso_x, label2, NULL), weightless = isotonic(N, iso_x, label2, none);
	ck_assert_uint_eq(plain.n, weightless.n);
	ck_assert_mem_eq(plain.y, weightless.y, plain.n * sizeof(double));
	free(c.x);
	free(c.y);
	free(plain.x);
	free(plain.y);
	free(weightless.x);
	free(weightless.y);
}
END_TEST

START_TEST(calibration_of_three_classes_sums_to_1)
{
	static const char *const hows[] = { "platt", "isotonic" };
	for (int h = 0; h < 2; h++) {
		struct level lv = level_make(90, 1, 3, 3, true, 22);
		struct method_opts o = { .how = hows[h] };
		struct learning l = learn_by(&o, "logloss", 1);
		struct combine c = combine_new(1, 3, NULL);
		double out[270];
		learn_calibrate(&c, &lv, &l);
		apply_calibrate(&c, (const double *const *)lv.p, lv.n, out);
		for (size_t r = 0; r < lv.n; r++)
			ck_assert_double_eq_tol(out[3 * r] + out[3 * r + 1] + out[3 * r + 2], 1, 1e-12);
		combine_free(&c);
		level_free(&lv);
	}
}
END_TEST

UNIT_MAIN("ensemble/stack", weights_equal_golden_ones, the_loss_is_at_its_least, a_great_penalty_gives_equal_weights,
	  poor_rows_give_finite_weights, platt_equals_golden, isotonic_equals_golden, calibration_of_three_classes_sums_to_1)
