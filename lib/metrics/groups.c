/*
 * Metrics of rankings. The rows of a group are a list by falling score; each
 * has a gain: 1 for the positive class and 0 for the other, or the true value
 * of a quantity. A row is relevant when its gain is above 0. A metric is the
 * mean over the groups that have a relevant row; a group's weight is that of
 * its rows.
 *
 * Rows of equal score stand in random order, and each value is the expectation
 * over it, in closed form (McSherry and Najork 2008).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "metrics/parts.h"
#include "metrics/rank.h"

struct list {
	size_t n;
	const double *score, *gain;	/* (n) by falling score */
};

/* A run of equal scores in a list; zero it before the first run_next(). */
struct run {
	size_t at, n;		/* rows before it, and in it */
	size_t relevant;	/* of these */
	double gain;		/* sum of theirs */
};

static bool run_next(const struct list *l, struct run *r)
{
	size_t i = r->at + r->n;
	if (i == l->n)
		return false;
	*r = (struct run){ .at = i };
	for (; i < l->n && l->score[i] == l->score[r->at]; i++) {
		r->n++;
		r->relevant += l->gain[i] > 0;
		r->gain += l->gain[i];
	}
	return true;
}

/* ---- metrics of one list that has a relevant row; k: of its first k rows ---- */

/*
 * Where the first relevant row stands is told by its run of n rows, r of them
 * relevant: none of the first i is with probability prod_{j < i} (n - r - j) / (n - j).
 */
static double hits_of(const struct list *l, size_t k)
{
	struct run r = { 0 };
	double none = 1;
	while (r.relevant == 0)
		run_next(l, &r);
	for (size_t i = 0; none > 0 && r.at + i < k; i++)
		none *= (double)(r.n - r.relevant - i) / (double)(r.n - i);
	return 1 - none;
}

static double mrr_of(const struct list *l, size_t k)
{
	struct run r = { 0 };
	double none = 1, sum = 0;
	(void)k;
	while (r.relevant == 0)
		run_next(l, &r);
	for (size_t i = 0; none > 0; i++) {
		sum += none * (double)r.relevant / (double)(r.n - i) / (double)(r.at + i + 1);
		none *= (double)(r.n - r.relevant - i) / (double)(r.n - i);
	}
	return sum;
}

/* sum of gain / log2(1 + rank); a row of a run has the run's mean gain. */
static double dcg_of(const struct list *l, size_t k)
{
	struct run r = { 0 };
	double sum = 0;
	while (run_next(l, &r) && r.at < k)
		for (size_t i = r.at; r.gain > 0 && i < r.at + r.n && i < k; i++)
			sum += r.gain / (double)r.n / log2((double)i + 2);
	return sum;
}

static int by_fall(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x > y ? -1 : x < y;
}

static double ndcg_of(const struct list *l, size_t k)
{
	double *gain = mem_copy(l->gain, l->n, sizeof(*gain));
	qsort(gain, l->n, sizeof(*gain), by_fall);
	const struct list ideal = { l->n, gain, gain };
	double x = dcg_of(l, k) / dcg_of(&ideal, k);
	free(gain);
	return x;
}

/*
 * The mean over relevant rows of the share of relevant ones up to there. Row i
 * of a run is relevant with probability r / n, and then each of those before
 * it in the run with probability (r - 1) / (n - 1).
 */
static double map_of(const struct list *l, size_t k)
{
	struct run r = { 0 };
	double sum = 0;
	size_t before = 0;
	(void)k;
	for (; run_next(l, &r); before += r.relevant) {
		double share = (double)r.relevant / (double)r.n;
		double others = r.n > 1 ? ((double)r.relevant - 1) / (double)(r.n - 1) : 0;
		for (size_t i = 0; r.relevant > 0 && i < r.n; i++)
			sum += share * ((double)(before + 1) + others * (double)i) / (double)(r.at + i + 1);
	}
	return sum / (double)before;
}

/* ---- the mean over groups ---- */

static double gain_of(const struct scored *s, size_t i)
{
	return s->label ? s->label[i] == s->positive : s->y[i];
}

/* Are the rows in the order of rank_order()? */
static bool in_order(const struct scored *s)
{
	bool yes = true;
	for (size_t i = 1; i < s->n && yes; i++)
		yes = s->group[i - 1] < s->group[i] ||
			(s->group[i - 1] == s->group[i] && rank_score(s, i - 1) >= rank_score(s, i));
	return yes;
}

/*
 * The list of the rows (n) of one group, those of weight 0 left out, to score and
 * gain; how many. Their weight goes to *weight; *relevant, false before, becomes true when one is.
 */
static size_t list_of(const struct scored *s, const uint32_t *row, size_t n, double *score, double *gain, double *weight,
		      bool *relevant, const char **why)
{
	size_t m = 0;
	for (size_t i = 0; i < n; i++) {
		double w = row_weight(s, row[i]);
		if (w == 0)
			continue;
		if (m > 0 && w != *weight)
			*why = "the rows of a group differ in weight";
		*weight = w;
		score[m] = rank_score(s, row[i]);
		gain[m] = gain_of(s, row[i]);
		*relevant |= gain[m] > 0;
		if (isnan(score[m]))
			*why = "a prediction is not a number";
		if (!(gain[m] >= 0))
			*why = "a true value, the gain of a row, is below 0";
		m++;
	}
	return m;
}

static double over_groups(const struct scored *s, const char *arg, double (*of)(const struct list *, size_t),
			  const char **why)
{
	uint32_t *row = NEW(uint32_t, s->n);
	double *score = NEW(double, s->n), *gain = NEW(double, s->n), k = INFINITY;
	struct sum total = { 0 }, weights = { 0 };
	if (arg)
		num_parse(arg, strlen(arg), &k);
	for (uint32_t i = 0; i < s->n; i++)
		row[i] = i;
	if (!in_order(s))
		rank_order(s, row);
	for (size_t i = 0, n = 0; i < s->n && !*why; i += n) {
		double weight = 0;
		bool relevant = false;
		for (n = 1; i + n < s->n && s->group[row[i + n]] == s->group[row[i]];)
			n++;
		struct list l = { list_of(s, row + i, n, score, gain, &weight, &relevant, why), score, gain };
		if (!relevant || *why)
			continue;
		sum_add(&total, weight * of(&l, k < (double)l.n ? (size_t)k : l.n));
		sum_add(&weights, weight);
	}
	if (!*why && !(sum_get(weights) > 0))
		*why = "no group has a relevant row";
	free(row);
	free(score);
	free(gain);
	return *why ? NAN : sum_get(total) / sum_get(weights);
}

size_t groups_without(const struct scored *s)
{
	bool *relevant = NEW0(bool, s->ngroups);
	size_t without = s->ngroups;
	for (size_t i = 0; i < s->n; i++)
		if (gain_of(s, i) > 0 && row_weight(s, i) > 0 && !relevant[s->group[i]]) {
			relevant[s->group[i]] = true;
			without--;
		}
	free(relevant);
	return without;
}

METRIC_FN(hits)
{
	return over_groups(s, arg, hits_of, why);
}

METRIC_FN(dcg)
{
	return over_groups(s, arg, dcg_of, why);
}

METRIC_FN(ndcg)
{
	return over_groups(s, arg, ndcg_of, why);
}

METRIC_FN(mrr)
{
	return over_groups(s, arg, mrr_of, why);
}

METRIC_FN(map)
{
	return over_groups(s, arg, map_of, why);
}

METRIC_CHECK(hits)
{
	return arg ? check_first(arg, s) : "it wants a parameter, how many of the first rows count, e.g. hits:10";
}
