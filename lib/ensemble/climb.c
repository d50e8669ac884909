/*
 * Greedy selection with replacement (Caruana, Niculescu-Mizil, Crew and
 * Ksikes, "Ensemble selection from libraries of models", 2004): starting from
 * nothing, add to a sum the member whose addition makes the mean score best;
 * a member's weight is how often it was taken, at the best round met. Against
 * overfitting the selection is bagged, over rows rather than over members
 * (theirs were thousands): each bag selects on a bootstrap of the rows, and
 * weights are the mean over bags. A single bag takes all rows.
 */
#include "ensemble/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"

#define PATIENCE 5	/* rounds without a better score before a bag ends */

struct climb {
	const struct level *lv;
	const struct learning *t;
	double *weights;	/* (bags, m) */
};

/* The rows of a bag, each once; its count times its weight is its w. */
static struct level bag_rows(const struct climb *cl, size_t bag)
{
	const struct level *lv = cl->lv;
	uint32_t *count = NEW0(uint32_t, lv->n), *rows = NEW(uint32_t, lv->n);
	size_t n = 0;
	struct rng rng = rng_at(cl->t->seed, "ensemble.climb", bag);
	for (size_t r = 0; r < lv->n; r++)
		count[cl->t->opts->bags == 1 ? r : rng_below(&rng, lv->n)]++;
	for (size_t r = 0; r < lv->n; r++)
		if (count[r])
			rows[n++] = (uint32_t)r;
	struct level b = level_rows(lv, rows, n);
	if (!b.w)
		b.w = NEW(double, n);
	for (size_t r = 0; r < n; r++)
		b.w[r] = count[rows[r]] * (lv->w ? lv->w[rows[r]] : 1);
	free(count);
	free(rows);
	return b;
}

/* How good the mean of sum / taken and p_i is; greater is better, -inf when undefined. p is scratch. */
static double trial(const struct level *b, const struct measure *metric, const double *sum, size_t i, int taken, double *p)
{
	const char *why;
	for (size_t j = 0; j < b->n * (size_t)b->k; j++)
		p[j] = (sum[j] + b->p[i][j]) / (taken + 1);
	struct scored s = { .n = b->n, .k = b->k, .label = b->label, .y = b->y, .p = p, .w = b->w,
		.positive = b->positive, .labels = b->labels };
	double score = measure(metric, &s, &why);
	return isnan(score) ? -INFINITY : metric->metric->higher ? score : -score;
}

static void climb_bag(void *ctx, size_t bag, int worker)
{
	struct climb *cl = ctx;
	struct level b = bag_rows(cl, bag);
	size_t cells = b.n * (size_t)b.k;
	double *sum = NEW0(double, cells), *p = NEW(double, cells), *weights = cl->weights + bag * b.m, best = -INFINITY;
	for (size_t i = 0; i < b.m; i++)
		weights[i] = 1 / (double)b.m;	/* where the metric is undefined */
	uint32_t *count = NEW0(uint32_t, b.m);
	int best_round = 0;
	(void)worker;
	for (int round = 0; round < cl->t->opts->rounds && round - best_round <= PATIENCE; round++) {
		size_t take = 0;
		double most = -INFINITY;
		for (size_t i = 0; i < b.m; i++) {
			double score = trial(&b, &cl->t->metric, sum, i, round, p);
			if (score > most) {
				most = score;
				take = i;
			}
		}
		if (isinf(most))
			break;
		count[take]++;
		for (size_t j = 0; j < cells; j++)
			sum[j] += b.p[take][j];
		if (most <= best)
			continue;
		best = most;
		best_round = round;
		for (size_t i = 0; i < b.m; i++)
			weights[i] = count[i] / (double)(round + 1);
	}
	level_free(&b);
	free(sum);
	free(p);
	free(count);
}

void learn_climb(struct combine *c, const struct level *lv, const struct learning *t)
{
	size_t bags = (size_t)t->opts->bags;
	struct climb cl = { lv, t, NEW0(double, bags * lv->m) };
	par_for(t->threads, bags, climb_bag, &cl);
	for (size_t i = 0; i < lv->m; i++) {
		c->weight[i] = 0;
		for (size_t b = 0; b < bags; b++)
			c->weight[i] += cl.weights[b * lv->m + i] / (double)bags;
	}
	free(cl.weights);
}
