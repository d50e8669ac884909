/*
 * What the files of lib/metrics share: exact-enough sums, small accessors, and
 * the functions that registry.c lists. Each has the shape of metric.fn.
 */
#ifndef DLS_METRICS_PARTS_H
#define DLS_METRICS_PARTS_H

#include "metrics/metric.h"

/* A sum with its rounding errors kept (Knuth's TwoSum; Ogita, Rump and Oishi 2005, Sum2). */
struct sum {
	double s, c;
};

static inline void sum_add(struct sum *a, double x)
{
	double t = a->s + x, z = t - a->s;
	a->c += (a->s - (t - z)) + (x - z);
	a->s = t;
}

static inline double sum_get(struct sum a)
{
	return a.s + a.c;
}

static inline double row_weight(const struct scored *s, size_t i)
{
	return s->w ? s->w[i] : 1.0;
}

/* The predicted class of row i. */
static inline int32_t row_pred(const struct scored *s, size_t i)
{
	if (s->pred)
		return s->pred[i];
	const double *p = s->p + i * (size_t)s->k;
	int32_t best = 0;
	for (int32_t c = 1; c < s->k; c++)
		if (p[c] > p[best])
			best = c;
	return best;
}

/* The class that a text names, or -1. */
int32_t class_of(const struct scored *s, const char *text);

/*
 * Counts of a confusion matrix that metrics need: sums of weights by true
 * class, by predicted class, and of hits. Slot k holds true labels that are
 * none of the k. One block of memory, freed by counts_free().
 */
struct counts {
	size_t k;			/* slots: classes + 1 */
	double *truth, *pred, *hit;	/* (k) */
	double n, hits;
};

struct counts counts_make(const struct scored *s);
void counts_free(struct counts *c);

#define METRIC_FN(name) double metric_##name(const struct scored *s, const char *arg, const char **why)
METRIC_FN(auc);
METRIC_FN(prauc);
METRIC_FN(ks);
METRIC_FN(lift);
METRIC_FN(best);
METRIC_FN(threshold);
METRIC_FN(logloss);
METRIC_FN(brier);
METRIC_FN(topk);
METRIC_FN(accuracy);
METRIC_FN(balanced);
METRIC_FN(precision);
METRIC_FN(recall);
METRIC_FN(f1);
METRIC_FN(fbeta);
METRIC_FN(mcc);
METRIC_FN(kappa);
METRIC_FN(hits);
METRIC_FN(dcg);
METRIC_FN(ndcg);
METRIC_FN(mrr);
METRIC_FN(map);
METRIC_FN(rmse);
METRIC_FN(mae);
METRIC_FN(r2);
METRIC_FN(mape);
METRIC_FN(pinball);
METRIC_FN(poisson);

#define METRIC_CHECK(name) const char *check_##name(const char *arg, const struct scored *s)
METRIC_CHECK(auc);
METRIC_CHECK(prauc);
METRIC_CHECK(share);
METRIC_CHECK(best);
METRIC_CHECK(first);
METRIC_CHECK(hits);
METRIC_CHECK(average);
METRIC_CHECK(fbeta);
METRIC_CHECK(quantile);

#endif
