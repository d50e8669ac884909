#include "metrics/boot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "metrics/rank.h"

/* One set of predictions in the order of its scores. */
struct ordered {
	struct scored s;
	uint32_t *row;		/* (n) where each row stood; NULL: as it stands */
	int32_t *label, *pred, *group;
	double *p, *y, *w;
};

struct work {
	const struct boot *b;
	struct ordered *sets;
	size_t nsets, nm, n, units;	/* rows; what is drawn: groups or rows */
	const struct measure *m;
	uint32_t *counts;	/* (threads, n) */
	double *weights;	/* (threads, n) */
	double *values;		/* (resamples, nsets, nm) */
};

/* The elements of x (n) by row, those of a row k numbers; NULL when x is. */
static int32_t *pick_codes(const int32_t *x, const uint32_t *row, size_t n)
{
	int32_t *to = x ? NEW(int32_t, n) : NULL;
	for (size_t i = 0; x && i < n; i++)
		to[i] = x[row[i]];
	return to;
}

static double *pick_numbers(const double *x, size_t k, const uint32_t *row, size_t n)
{
	double *to = x ? NEW(double, n * k) : NULL;
	for (size_t i = 0; x && i < n; i++)
		memcpy(to + i * k, x + row[i] * k, k * sizeof(*x));
	return to;
}

/* Rows of two classes or in groups in the order of rank_order(); others are left as they are. */
static void put_in_order(struct ordered *o, const struct scored *s)
{
	size_t n = s->n, k = (size_t)s->k;
	*o = (struct ordered){ .s = *s };
	if (!s->p || k > 2 || (k == 1 && !s->group))
		return;
	o->row = NEW(uint32_t, n);
	rank_order(s, o->row);
	o->s.label = o->label = pick_codes(s->label, o->row, n);
	o->s.pred = o->pred = pick_codes(s->pred, o->row, n);
	o->s.group = o->group = pick_codes(s->group, o->row, n);
	o->s.p = o->p = pick_numbers(s->p, k, o->row, n);
	o->s.y = o->y = pick_numbers(s->y, 1, o->row, n);
	o->s.w = o->w = pick_numbers(s->w, 1, o->row, n);
}

static void ordered_free(struct ordered *o)
{
	free(o->row);
	free(o->label);
	free(o->pred);
	free(o->group);
	free(o->p);
	free(o->y);
	free(o->w);
}

/* What row i of an ordered set is drawn with. */
static size_t unit_of(const struct ordered *o, size_t i)
{
	return o->s.group ? (size_t)o->s.group[i] : o->row ? o->row[i] : i;
}

static void resample(void *ctx, size_t b, int worker)
{
	struct work *wk = ctx;
	size_t n = wk->n;
	uint32_t *count = wk->counts + (size_t)worker * n;
	double *w = wk->weights + (size_t)worker * n, *value = wk->values + b * wk->nsets * wk->nm;
	struct rng g = rng_at(wk->b->seed, "eval.bootstrap", b);
	memset(count, 0, n * sizeof(*count));
	for (size_t i = 0; i < wk->units; i++)
		count[rng_below(&g, wk->units)]++;
	for (size_t j = 0; j < wk->nsets; j++) {
		const struct ordered *o = &wk->sets[j];
		struct scored s = o->s;
		for (size_t i = 0; i < n; i++)
			w[i] = count[unit_of(o, i)] * (o->s.w ? o->s.w[i] : 1.0);
		s.w = w;
		for (size_t m = 0; m < wk->nm; m++)
			*value++ = measure(&wk->m[m], &s, NULL);
	}
}

double *boot_values(const struct boot *b, const struct scored *sets, size_t nsets, const struct measure *m, size_t nm)
{
	size_t n = sets[0].n, threads = (size_t)b->threads;
	struct work wk = { .b = b, .nsets = nsets, .nm = nm, .n = n, .m = m,
		.units = sets[0].group ? sets[0].ngroups : n, .sets = NEW(struct ordered, nsets),
		.counts = NEW(uint32_t, threads * n), .weights = NEW(double, threads * n),
		.values = NEW(double, (size_t)b->resamples * nsets * nm) };
	for (size_t j = 0; j < nsets; j++)
		put_in_order(&wk.sets[j], &sets[j]);
	par_for(b->threads, (size_t)b->resamples, resample, &wk);
	for (size_t j = 0; j < nsets; j++)
		ordered_free(&wk.sets[j]);
	free(wk.sets);
	free(wk.counts);
	free(wk.weights);
	return wk.values;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* The share-quantile of sorted x (n), linear between neighbours (Hyndman and Fan 1996, type 7). */
static double quantile(const double *x, size_t n, double share)
{
	double at = share * (double)(n - 1);
	size_t i = (size_t)at;
	return i + 1 < n ? x[i] + (at - (double)i) * (x[i + 1] - x[i]) : x[n - 1];
}

struct interval boot_interval(const double *x, size_t n, double level)
{
	double *v = NEW(double, n + 1), below = 1, above = 1;
	struct interval out = { NAN, NAN, NAN };
	size_t m = 0;
	for (size_t i = 0; i < n; i++) {
		if (isnan(x[i]))
			continue;
		v[m++] = x[i];
		below += x[i] <= 0;
		above += x[i] >= 0;
	}
	if (m > 0 && 2 * m >= n) {
		qsort(v, m, sizeof(*v), by_value);
		out.low = quantile(v, m, (1 - level) / 2);
		out.high = quantile(v, m, (1 + level) / 2);
		out.p = fmin(1, 2 * fmin(below, above) / ((double)m + 1));
	}
	free(v);
	return out;
}
