/* Greedy selection: equal to one written plainly; bags; any metric; any number of threads. */
#include "unit.h"

#include "level.h"

static double *climb(const struct level *lv, const char *metric, int32_t rounds, int32_t bags, int threads)
{
	struct method_opts o = { .rounds = rounds, .bags = bags };
	struct learning l = learn_by(&o, metric, threads);
	struct combine c = combine_new(lv->m, lv->k, NULL);
	learn_climb(&c, lv, &l);
	double *w = mem_copy(c.weight, lv->m, sizeof(*w));
	combine_free(&c);
	return w;
}

/* Mean squared error of the mean of members taken count[i] times. */
static double squared_error(const struct level *lv, const int *count, int taken)
{
	double sum = 0, weight = 0;
	for (size_t r = 0; r < lv->n; r++) {
		double p = 0, w = lv->w ? lv->w[r] : 1;
		for (size_t i = 0; i < lv->m; i++)
			p += count[i] * lv->p[i][r];
		sum += w * (p / taken - lv->y[r]) * (p / taken - lv->y[r]);
		weight += w;
	}
	return sum / weight;
}

START_TEST(one_bag_is_the_plain_algorithm)
{
	for (int weighted = 0; weighted < 2; weighted++) {
		struct level lv = level_make(120, 5, 1, 3, weighted, 3);
		int count[5] = { 0 }, kept[5] = { 0 }, best_round = 0;
		double best = INFINITY, *w = climb(&lv, "rmse", 40, 1, 1);
		for (int round = 1; round <= 40 && round - best_round <= 5; round++) {
			int take = 0;
			double least = INFINITY;
			for (int i = 0; i < 5; i++) {
				count[i]++;
				double e = squared_error(&lv, count, round);
				count[i]--;
				if (e < least) {
					least = e;
					take = i;
				}
			}
			count[take]++;
			if (least < best) {
				best = least;
				best_round = round;
				memcpy(kept, count, sizeof(kept));
			}
		}
		ck_assert_int_gt(best_round, 2);	/* else this test says little */
		for (int i = 0; i < 5; i++)
			ck_assert_double_eq_tol(w[i], kept[i] / (double)best_round, 1e-12);
		free(w);
		level_free(&lv);
	}
}
END_TEST

START_TEST(one_member_gets_all_the_weight)
{
	struct level lv = level_make(60, 1, 2, 3, false, 4);
	double *w = climb(&lv, "auc", 20, 7, 1);
	ck_assert_double_eq_tol(w[0], 1, 1e-12);
	free(w);
	level_free(&lv);
}
END_TEST

START_TEST(a_perfect_member_is_taken_alone)
{
	struct level lv = level_make(90, 3, 3, 3, false, 5);
	for (size_t r = 0; r < lv.n; r++)
		for (int32_t c = 0; c < 3; c++)
			lv.p[1][r * 3 + (size_t)c] = lv.label[r] == c;
	double *w = climb(&lv, "logloss", 20, 5, 1);
	ck_assert_double_eq_tol(w[1], 1, 1e-12);
	free(w);
	level_free(&lv);
}
END_TEST

START_TEST(threads_do_not_matter_and_bags_do)
{
	struct level lv = level_make(150, 4, 2, 3, true, 6);
	double *one = climb(&lv, "auc", 20, 6, 1), *plain = climb(&lv, "auc", 20, 1, 1);
	for (int threads = 2; threads <= 3; threads++) {
		double *w = climb(&lv, "auc", 20, 6, threads);
		ck_assert_mem_eq(w, one, 4 * sizeof(*w));
		free(w);
	}
	ck_assert_mem_ne(plain, one, 4 * sizeof(*one));
	free(one);
	free(plain);
	level_free(&lv);
}
END_TEST

/* Rows of one class tell nothing about AUC: the members stay equal. */
START_TEST(an_undefined_metric_leaves_members_equal)
{
	struct level lv = level_make(12, 2, 2, 3, false, 7);
	for (size_t r = 0; r < lv.n; r++)
		lv.label[r] = 0;
	double *w = climb(&lv, "auc", 10, 30, 1);
	ck_assert_double_eq_tol(w[0], 0.5, 1e-12);
	ck_assert_double_eq_tol(w[1], 0.5, 1e-12);
	free(w);
	level_free(&lv);
}
END_TEST

UNIT_MAIN("ensemble/climb", one_bag_is_the_plain_algorithm, one_member_gets_all_the_weight, a_perfect_member_is_taken_alone,
	  threads_do_not_matter_and_bags_do, an_undefined_metric_leaves_members_equal)
