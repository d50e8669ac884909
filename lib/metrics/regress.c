/* Metrics of regression: y is true, f is predicted, means are by weight. */
#include <float.h>
#include <math.h>

#include "base/num.h"
#include "base/str.h"
#include "metrics/parts.h"

/* Mean over rows of loss(y, f, a). */
static double mean_loss(const struct scored *s, double (*loss)(double y, double f, double a), double a)
{
	struct sum total = { 0 }, weights = { 0 };
	for (size_t i = 0; i < s->n; i++) {
		sum_add(&total, row_weight(s, i) * loss(s->y[i], s->p[i], a));
		sum_add(&weights, row_weight(s, i));
	}
	return sum_get(total) / sum_get(weights);
}

static double squared(double y, double f, double a)
{
	(void)a;
	return (y - f) * (y - f);
}

static double absolute(double y, double f, double a)
{
	(void)a;
	return fabs(y - f);
}

static double relative(double y, double f, double a)
{
	(void)a;
	return fabs(y - f) / fmax(fabs(y), DBL_EPSILON);
}

/* Koenker and Bassett 1978. */
static double pinball(double y, double f, double a)
{
	return a * fmax(y - f, 0) + (1 - a) * fmax(f - y, 0);
}

/* 2 (y log(y / f) - y + f), with 0 log 0 = 0. */
static double deviance(double y, double f, double a)
{
	(void)a;
	return 2 * ((y > 0 ? y * log(y / f) : 0) - y + f);
}

METRIC_FN(rmse)
{
	(void)arg;
	(void)why;
	return sqrt(mean_loss(s, squared, 0));
}

METRIC_FN(mae)
{
	(void)arg;
	(void)why;
	return mean_loss(s, absolute, 0);
}

/* The denominator is |y|, 2.2e-16 at least. */
METRIC_FN(mape)
{
	(void)arg;
	(void)why;
	return mean_loss(s, relative, 0);
}

METRIC_FN(pinball)
{
	double alpha = 0.5;
	(void)why;
	if (arg)
		num_parse(arg, slice_of(arg).n, &alpha);
	return mean_loss(s, pinball, alpha);
}

METRIC_FN(poisson)
{
	(void)arg;
	for (size_t i = 0; i < s->n; i++) {
		if (row_weight(s, i) > 0 && (s->y[i] < 0 || s->p[i] <= 0)) {
			*why = s->y[i] < 0 ? "a true value is below 0" : "a predicted value is not above 0";
			return NAN;
		}
	}
	return mean_loss(s, deviance, 0);
}

/* 1 - sum (y - f)^2 / sum (y - mean y)^2; for constant y 1 when all is right, else 0. */
METRIC_FN(r2)
{
	struct sum total = { 0 }, weights = { 0 }, spread = { 0 };
	double least = INFINITY, most = -INFINITY;
	size_t rows = 0;
	(void)arg;
	for (size_t i = 0; i < s->n; i++) {
		if (row_weight(s, i) <= 0)
			continue;
		sum_add(&total, row_weight(s, i) * s->y[i]);
		sum_add(&weights, row_weight(s, i));
		least = fmin(least, s->y[i]);
		most = fmax(most, s->y[i]);
		rows++;
	}
	if (rows < 2) {
		*why = "there is one row";
		return NAN;
	}
	double mean = sum_get(total) / sum_get(weights);
	for (size_t i = 0; i < s->n; i++)
		sum_add(&spread, row_weight(s, i) * (s->y[i] - mean) * (s->y[i] - mean));
	double error = mean_loss(s, squared, 0) * sum_get(weights);
	if (least == most)
		return error == 0 ? 1 : 0;
	return 1 - error / sum_get(spread);
}

METRIC_CHECK(quantile)
{
	double a;
	(void)s;
	if (arg && (!num_parse(arg, slice_of(arg).n, &a) || !(a >= 0 && a <= 1)))
		return "its parameter is a number from 0 to 1, e.g. pinball:0.9";
	return NULL;
}
