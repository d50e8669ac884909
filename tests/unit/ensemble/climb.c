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

/* Mean squared error, by weights w (n), of the mean of members taken count[i] times. */
static double squared_error(const struct level *lv, const double *w, const int *count, int taken)
{
	double sum = 0, weight = 0;
	for (size_t r = 0; r < lv->n; r++) {
		double p = 0;
		for (size_t i = 0; i < lv->m; i++)
			p += count[i] * lv->p[i][r];
		sum += w[r] * (p / taken - lv->y[r]) * (p / taken - lv->y[r]);
		weight += w[r];
	}
	return sum / weight;
}

#define MEMBERS 5

/* Adds the weights of one bag, whose rows weigh w (n), times share to out; returns its best round. */
static int naive_climb(const struct level *lv, const double *w, int rounds, double share, double *out)
{
	int count[MEMBERS] = { 0 }, kept[MEMBERS] = { 0 }, best_round = 0;
	double best = INFINITY;
	for (int round = 1; round <= rounds && round - best_round <= 5; round++) {
		int take = 0;
		double least = INFINITY;
		for (int i = 0; i < MEMBERS; i++) {
			count[i]++;
			double e = squared_error(lv, w, count, round);
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
	for (int i = 0; i < MEMBERS; i++)
		out[i] += share * kept[i] / best_round;
	return best_round;
}

START_TEST(one_bag_is_the_plain_algorithm)
{
	for (int weighted = 0; weighted < 2; weighted++) {
		struct level lv = level_make(120, MEMBERS, 1, 3, weighted, 3);
		double want[MEMBERS] = { 0 }, *w = climb(&lv, "rmse", 40, 1, 1), ones[120];
		for (int r = 0; r < 120; r++)
			ones[r] = 1;
		ck_assert_int_gt(naive_climb(&lv, weighted ? lv.w : ones, 40, 1, want), 2);	/* else this test says little */
		for (int i = 0; i < MEMBERS; i++)
			ck_assert_double_eq_tol(w[i], want[i], 1e-12);
		free(w);
		level_free(&lv);
	}
}
END_TEST

START_TEST(bags_are_bootstraps_of_the_rows)
{
	struct level lv = level_make(120, MEMBERS, 1, 3, true, 3);
	double want[MEMBERS] = { 0 }, *w = climb(&lv, "rmse", 20, 4, 1);
	for (uint64_t bag = 0; bag < 4; bag++) {
		struct rng r = rng_at(1, "ensemble.climb", bag);
		double weights[120] = { 0 };
		for (int i = 0; i < 120; i++) {
			size_t row = rng_below(&r, 120);
			weights[row] += lv.w[row];
		}
		naive_climb(&lv, weights, 20, 0.25, want);
	}
	for (int i = 0; i < MEMBERS; i++)
		ck_assert_double_eq_tol(w[i], want[i], 1e-12);
	free(w);
	level_free(&lv);
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

START_TEST(threads_do_not_matter)
{
	struct level lv = level_make(150, 4, 2, 3, true, 6);
	double *one = climb(&lv, "auc", 20, 6, 1);
	for (int threads = 2; threads <= 3; threads++) {
		double *w = climb(&lv, "auc", 20, 6, threads);
		ck_assert_mem_eq(w, one, 4 * sizeof(*w));
		free(w);
	}
	free(one);
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

UNIT_MAIN("ensemble/climb", one_bag_is_the_plain_algorithm, bags_are_bootstraps_of_the_rows, one_member_gets_all_the_weight, a_perfect_member_is_taken_alone,
	  threads_do_not_matter, an_undefined_metric_leaves_members_equal)
