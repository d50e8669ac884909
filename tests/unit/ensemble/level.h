/* Made-up out-of-fold predictions for the tests of this floor. */
#ifndef DLS_TESTS_ENSEMBLE_LEVEL_H
#define DLS_TESTS_ENSEMBLE_LEVEL_H

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "ensemble/method.h"

#define UNUSED __attribute__((unused))

/* scores (k) to probabilities, in place */
UNUSED static void to_probabilities(size_t k, double *p)
{
	double sum = 0;
	for (size_t c = 0; c < k; c++)
		sum += p[c] = exp(p[c]);
	for (size_t c = 0; c < k; c++)
		p[c] /= sum;
}

/*
 * n rows in `folds` folds, m members whose scores are the truth plus noise that
 * grows with the member's number; k 1 is regression. weighted: w from 0 to 2.
 */
UNUSED static struct level level_make(size_t n, size_t m, int32_t k, int32_t folds, bool weighted, uint64_t seed)
{
	struct rng r = rng_at(seed, "level", 0);
	size_t outputs = (size_t)k;
	struct level lv = { .n = n, .m = m, .k = k, .folds = folds, .positive = k == 2 ? 1 : -1, .fold = NEW(int32_t, n),
		.row = NEW(uint32_t, n), .label = k > 1 ? NEW(int32_t, n) : NULL, .y = k > 1 ? NULL : NEW(double, n),
		.w = weighted ? NEW(double, n) : NULL, .p = NEW(double *, m) };
	for (size_t i = 0; i < m; i++)
		lv.p[i] = NEW(double, n * outputs);
	for (size_t j = 0; j < n; j++) {
		int32_t truth = (int32_t)rng_below(&r, (uint64_t)(k > 1 ? k : 5));
		lv.fold[j] = (int32_t)(j % (size_t)folds) + 1;
		lv.row[j] = (uint32_t)j;
		if (k > 1)
			lv.label[j] = truth;
		else
			lv.y[j] = truth + 0.1 * rng_normal(&r);
		if (weighted)
			lv.w[j] = (double)rng_below(&r, 5) / 2;
		for (size_t i = 0; i < m; i++) {
			double *p = lv.p[i] + j * outputs, noise = 1 + 0.5 * (double)i;
			for (size_t c = 0; c < outputs; c++)
				p[c] = k > 1 ? ((int32_t)c == truth) + noise * rng_normal(&r) : truth + noise * rng_normal(&r);
			if (k > 1)
				to_probabilities(outputs, p);
		}
	}
	return lv;
}

UNUSED static const struct method *method(const char *name)
{
	return method_of(name);
}

UNUSED static struct learning learn_by(const struct method_opts *opts, const char *metric, int threads)
{
	struct learning l = { opts, { 0 }, 1, threads };
	if (!measure_find(metric, &l.metric))
		abort();
	return l;
}

#endif
