/*
 * The bootstrap over rows (Efron 1979), or over groups where rows are in groups:
 * metrics of resampled rows. A resample is a weight for each row (how often it
 * or its group was drawn), so nothing is copied; rows of two classes or in
 * groups are first put in order of score, so that metrics of ranks need no
 * sorting. Resample b draws from the stream ("eval.bootstrap", b), whatever
 * the metrics and threads; the same resamples serve all sets of predictions,
 * which makes their comparison paired.
 */
#ifndef DLS_METRICS_BOOT_H
#define DLS_METRICS_BOOT_H

#include "metrics/metric.h"

struct boot {
	int32_t resamples;
	double level;		/* of intervals, e.g. 0.95 */
	uint64_t seed;
	int threads;
};

/*
 * The values (resamples, nsets, nm) of nm measures on nsets sets of
 * predictions of the same n rows; NaN where undefined. The caller frees.
 */
double *boot_values(const struct boot *b, const struct scored *sets, size_t nsets, const struct measure *m, size_t nm);

/* What the defined values among x (n) say: NaN throughout when fewer than half are. */
struct interval {
	double low, high;	/* percentiles (1 - level) / 2 and (1 + level) / 2 */
	double p;		/* two-sided, that the value is 0: twice the smaller share of x beyond 0 */
};

struct interval boot_interval(const double *x, size_t n, double level);

#endif
