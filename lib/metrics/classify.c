/* Metrics of predicted classes. All come from the margins and the diagonal of the confusion matrix. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "metrics/parts.h"

struct counts counts_make(const struct scored *s)
{
	struct counts c = { .k = (size_t)s->k + 1 };
	c.truth = NEW0(double, 3 * c.k);
	c.pred = c.truth + c.k;
	c.hit = c.pred + c.k;
	for (size_t i = 0; i < s->n; i++) {
		int32_t p = row_pred(s, i), t = s->label[i] < 0 ? s->k : s->label[i];
		double w = row_weight(s, i);
		c.truth[t] += w;
		c.pred[p] += w;
		if (t == p)
			c.hit[t] += w;
		c.n += w;
	}
	for (size_t j = 0; j < c.k; j++)
		c.hits += c.hit[j];
	return c;
}

void counts_free(struct counts *c)
{
	free(c->truth);
}

METRIC_FN(accuracy)
{
	(void)arg;
	(void)why;
	struct counts c = counts_make(s);
	double x = c.hits / c.n;
	counts_free(&c);
	return x;
}

/* Mean over the classes that occur of recall = hit / truth. */
METRIC_FN(balanced)
{
	(void)arg;
	(void)why;
	struct counts c = counts_make(s);
	double total = 0, classes = 0;
	for (size_t j = 0; j < c.k; j++) {
		if (c.truth[j] > 0) {
			total += c.hit[j] / c.truth[j];
			classes++;
		}
	}
	counts_free(&c);
	return total / classes;
}

/*
 * Gorodkin 2004, R_K: (n hits - sum t p) / sqrt((n^2 - sum p^2)(n^2 - sum t^2))
 * over classes with t rows true and p predicted; 0 when all rows are, or are
 * predicted, of one class.
 */
METRIC_FN(mcc)
{
	(void)arg;
	(void)why;
	struct counts c = counts_make(s);
	double tp = c.hits * c.n, tt = 0, pp = 0;
	for (size_t j = 0; j < c.k; j++) {
		tp -= c.truth[j] * c.pred[j];
		tt += c.truth[j] * (c.n - c.truth[j]);
		pp += c.pred[j] * (c.n - c.pred[j]);
	}
	counts_free(&c);
	return tt * pp == 0 ? 0 : tp / sqrt(tt * pp);
}

/* Cohen 1960: 1 - disagreement / disagreement expected from the margins. */
METRIC_FN(kappa)
{
	(void)arg;
	struct counts c = counts_make(s);
	double seen = c.n - c.hits, expected = 0;
	for (size_t j = 0; j < c.k; j++)
		expected += c.truth[j] * ((c.n - c.pred[j]) / c.n);
	counts_free(&c);
	if (expected == 0) {
		*why = "true and predicted are one and the same class";
		return NAN;
	}
	return 1 - seen / expected;
}

/* ---- precision, recall, F ---- */

enum ratio { PRECISION, RECALL, FBETA };

/* Of one class, or of sums over classes: NaN when it is 0 / 0. F = (1 + b^2) hit / (b^2 truth + pred). */
static double ratio_of(enum ratio r, double beta2, double hit, double truth, double pred)
{
	return r == PRECISION ? hit / pred : r == RECALL ? hit / truth : (1 + beta2) * hit / (beta2 * truth + pred);
}

/*
 * Over classes that occur, as true or as predicted: macro is their mean,
 * weighted the mean by true counts; a class where it is 0 / 0 counts as 0.
 */
static double averaged(const struct counts *c, enum ratio r, double beta2, bool weighted)
{
	double total = 0, weights = 0;
	for (size_t j = 0; j < c->k; j++) {
		if (c->truth[j] + c->pred[j] <= 0)
			continue;
		double x = ratio_of(r, beta2, c->hit[j], c->truth[j], c->pred[j]), w = weighted ? c->truth[j] : 1;
		total += isnan(x) ? 0 : w * x;
		weights += w;
	}
	return total / weights;
}

static double ratio_metric(const struct scored *s, enum ratio r, double beta, const char *average, const char **why)
{
	static const char *const reasons[] = {
		[PRECISION] = "no row is predicted to be of the class", [RECALL] = "no row is of the class",
		[FBETA] = "no row is of the class, and none is predicted to be"
	};
	struct counts c = counts_make(s);
	double x, beta2 = beta * beta;
	if (!average)
		average = s->k == 2 ? "" : "macro";
	if (strcmp(average, "macro") == 0 || strcmp(average, "weighted") == 0) {
		x = averaged(&c, r, beta2, *average == 'w');
	} else if (strcmp(average, "micro") == 0) {
		x = ratio_of(r, beta2, c.hits, c.n, c.n);
	} else {
		int32_t j = *average ? class_of(s, average) : s->positive;
		x = ratio_of(r, beta2, c.hit[j], c.truth[j], c.pred[j]);
		if (isnan(x))
			*why = reasons[r];
	}
	counts_free(&c);
	return x;
}

METRIC_FN(precision)
{
	return ratio_metric(s, PRECISION, 1, arg, why);
}

METRIC_FN(recall)
{
	return ratio_metric(s, RECALL, 1, arg, why);
}

METRIC_FN(f1)
{
	return ratio_metric(s, FBETA, 1, arg, why);
}

/* "2" or "2:macro": beta, and the average or NULL. False when there is no such beta. */
static bool split_beta(const char *arg, double *beta, const char **average)
{
	if (!arg)
		return false;
	size_t n = strcspn(arg, ":");
	*average = arg[n] ? arg + n + 1 : NULL;
	return num_parse(arg, n, beta) && *beta > 0 && isfinite(*beta);
}

METRIC_FN(fbeta)
{
	double beta = 1;
	const char *average = NULL;
	split_beta(arg, &beta, &average);
	return ratio_metric(s, FBETA, beta, average, why);
}

METRIC_CHECK(average)
{
	if (!arg || strcmp(arg, "macro") == 0 || strcmp(arg, "micro") == 0 || strcmp(arg, "weighted") == 0)
		return NULL;
	return class_of(s, arg) >= 0 ? NULL : "its parameter is macro, micro, weighted or a label";
}

METRIC_CHECK(fbeta)
{
	double beta;
	const char *average;
	if (!split_beta(arg, &beta, &average))
		return "its parameter is a number above 0, e.g. fbeta:2 or fbeta:2:macro";
	return check_average(average, s);
}
