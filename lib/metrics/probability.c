/* Metrics of probabilities that need no order of rows. */
#include <float.h>
#include <math.h>

#include "base/num.h"
#include "base/str.h"
#include "metrics/parts.h"

/*
 * -mean log p(true), with p clipped to [eps, 1 - eps], eps = 2^-52, and each
 * row then divided by its sum. A label that is none of the k had probability 0.
 */
METRIC_FN(logloss)
{
	size_t k = (size_t)s->k;
	struct sum loss = { 0 }, weights = { 0 };
	(void)arg;
	(void)why;
	for (size_t i = 0; i < s->n; i++) {
		const double *p = s->p + i * k;
		double total = 0, mine = DBL_EPSILON, w = row_weight(s, i);
		if (w == 0)
			continue;
		for (size_t c = 0; c < k; c++) {
			double q = p[c] < DBL_EPSILON ? DBL_EPSILON : p[c] > 1 - DBL_EPSILON ? 1 - DBL_EPSILON : p[c];
			total += q;
			if (s->label[i] == (int32_t)c)
				mine = q;
		}
		sum_add(&loss, -w * log(mine / total));
		sum_add(&weights, w);
	}
	return sum_get(loss) / sum_get(weights);
}

/* Brier 1950: two classes mean (p - hit)^2 of the positive one; more: mean over rows of the sum over classes. */
METRIC_FN(brier)
{
	size_t k = (size_t)s->k;
	struct sum loss = { 0 }, weights = { 0 };
	(void)arg;
	(void)why;
	for (size_t i = 0; i < s->n; i++) {
		const double *p = s->p + i * k;
		double d = 0, w = row_weight(s, i);
		for (int32_t c = 0; c < s->k; c++) {
			double e = p[c] - (s->label[i] == c);
			if (k > 2 || c == s->positive)
				d += e * e;
		}
		sum_add(&loss, w * d);
		sum_add(&weights, w);
	}
	return sum_get(loss) / sum_get(weights);
}

/* Share of rows whose true class is among the K most probable; of equals the later label is first, as in scikit-learn. */
METRIC_FN(topk)
{
	size_t k = (size_t)s->k;
	double most = 2;
	struct sum hits = { 0 }, weights = { 0 };
	(void)why;
	if (arg)
		num_parse(arg, slice_of(arg).n, &most);
	for (size_t i = 0; i < s->n; i++) {
		const double *p = s->p + i * k;
		double before = s->label[i] < 0 ? most : 0;
		for (int32_t c = 0; s->label[i] >= 0 && c < s->k; c++)
			before += p[c] > p[s->label[i]] || (p[c] == p[s->label[i]] && c > s->label[i]);
		sum_add(&hits, before < most ? row_weight(s, i) : 0);
		sum_add(&weights, row_weight(s, i));
	}
	return sum_get(hits) / sum_get(weights);
}

METRIC_CHECK(first)
{
	double k;
	(void)s;
	if (arg && (!num_parse(arg, slice_of(arg).n, &k) || !(k >= 1) || k != floor(k)))
		return "its parameter is a whole number, 1 or more, e.g. 5";
	return NULL;
}
