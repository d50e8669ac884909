/* The order of scores, AUC and thresholds against the plainest code. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "metrics/rank.h"

static int by_key(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	return x->key < y->key ? -1 : x->key > y->key;
}

START_TEST(sort_is_qsort)
{
	struct rng g = rng_at(3, "sort", 0);
	static const size_t sizes[] = { 0, 1, 2, 3, 50, 1000, 5000 };
	for (size_t t = 0; t < sizeof(sizes) / sizeof(*sizes); t++) {
		size_t n = sizes[t];
		struct ranked *a = NEW(struct ranked, n + 1), *b = NEW(struct ranked, n + 1), *tmp = NEW(struct ranked, n + 1);
		for (size_t i = 0; i < n; i++)
			b[i] = a[i] = (struct ranked){ t % 2 ? rng_u64(&g) : rng_below(&g, 700) << 20, 1 };
		struct ranked *r = rank_sort(a, tmp, n);
		qsort(b, n, sizeof(*b), by_key);
		for (size_t i = 0; i < n; i++)
			ck_assert(r[i].key == b[i].key);
		free(a);
		free(b);
		free(tmp);
	}
}
END_TEST

START_TEST(scores_of_any_sign_fall)
{
	static const double p[] = { -1e300, 0.0, -0.0, INFINITY, 5e-324, -INFINITY, 1, -5e-324, -2, 2 };
	static const double want[] = { INFINITY, 2, 1, 5e-324, 0, -5e-324, -2, -1e300, -INFINITY };
	int32_t label[20];
	double pp[20];
	for (int i = 0; i < 10; i++) {
		label[i] = i % 2;
		pp[2 * i] = 0;
		pp[2 * i + 1] = p[i];
	}
	struct scored s = { .n = 10, .k = 2, .label = label, .p = pp, .positive = 1 };
	struct ranking rk;
	struct rank_group g = { 0 };
	const char *why = NULL;
	size_t i = 0;
	ck_assert(rank_make(&rk, &s, 1, -1, true, &why));
	for (; rank_next(&rk, &g); i++) {
		ck_assert(g.score == want[i] && !(g.score == 0 && signbit(g.score)));
		ck_assert(g.pos + g.neg == (g.score == 0 ? 2 : 1));
	}
	ck_assert_uint_eq(i, 9);
	rank_free(&rk);
	pp[7] = NAN;
	ck_assert(!rank_make(&rk, &s, 1, -1, true, &why) && strstr(why, "not a number"));
}
END_TEST

/* AUC is the share of pairs in the right order, ties a half; KS and the threshold by trying all. */
START_TEST(auc_is_pairs)
{
	struct rng g = rng_at(4, "auc", 0);
	for (int t = 0; t < 50; t++) {
		int32_t label[80];
		double p[160], w[80], right = 0, pairs = 0;
		size_t n = 10 + (size_t)rng_below(&g, 70);
		for (size_t i = 0; i < n; i++) {
			label[i] = i < 2 ? (int32_t)i : (int32_t)rng_below(&g, 2);
			p[2 * i + 1] = (double)rng_below(&g, 20) / 20 - 0.3;
			p[2 * i] = 1 - p[2 * i + 1];
			w[i] = 1 + (double)rng_below(&g, 3);
		}
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				if (label[i] == 1 && label[j] == 0) {
					double d = p[2 * i + 1] - p[2 * j + 1];
					right += w[i] * w[j] * (d > 0 ? 1 : d == 0 ? 0.5 : 0);
					pairs += w[i] * w[j];
				}
		struct scored s = { .n = n, .k = 2, .label = label, .p = p, .w = w, .positive = 1 };
		struct measure m;
		ck_assert(measure_find("auc", &m));
		ck_assert(fabs(measure(&m, &s, NULL) - right / pairs) < 1e-14);
	}
}
END_TEST

/* Predicting by threshold:X gives the value best:X, and no other threshold gives a better one. */
START_TEST(threshold_attains_best)
{
	static const char *const names[] = { "f1", "mcc", "accuracy", "balanced", "kappa" };
	struct rng g = rng_at(5, "threshold", 0);
	for (int t = 0; t < 100; t++) {
		int32_t label[40], pred[40];
		double p[80];
		for (int i = 0; i < 40; i++) {
			label[i] = i < 2 ? i : (int32_t)rng_below(&g, 2);
			p[2 * i + 1] = t % 4 == 0 ? rng_double(&g) : (double)rng_below(&g, 12) / 11;
			p[2 * i] = 1 - p[2 * i + 1];
		}
		struct scored s = { .n = 40, .k = 2, .label = label, .p = p, .positive = 1 };
		for (size_t m = 0; m < 5; m++) {
			struct measure best, at, plain;
			char name[32];
			snprintf(name, sizeof(name), "best:%s", names[m]);
			ck_assert(measure_find(name, &best));
			snprintf(name, sizeof(name), "threshold:%s", names[m]);
			ck_assert(measure_find(name, &at) && measure_find(names[m], &plain));
			s.pred = NULL;
			double x = measure(&best, &s, NULL), cut = measure(&at, &s, NULL), most = -INFINITY;
			s.pred = pred;
			for (int c = -1; c < 40; c++) {
				double where = c < 0 ? cut : p[2 * c + 1];
				for (int i = 0; i < 40; i++)
					pred[i] = p[2 * i + 1] > where;
				double y = measure(&plain, &s, NULL);
				if (c < 0)
					ck_assert_msg(fabs(x - y) < 1e-13, "%s at %g: %g, not %g", names[m], cut, y, x);
				most = fmax(most, y);
			}
			ck_assert(most < x + 1e-13);
		}
	}
}
END_TEST

UNIT_MAIN("rank", sort_is_qsort, scores_of_any_sign_fall, auc_is_pairs, threshold_attains_best)
