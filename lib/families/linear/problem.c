/* Setting up the objective: target, weights, units, penalties, the best constant. */
#include "families/linear/glm.h"

#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/mem.h"

/* A probability that starts a search lies this far from 0 and 1. */
#define CLIP 1e-10
#define PENALTY_MAX 1e200
#define RATIO_MIN 1e-8
#define SCALE_MAX 1e8	/* ratio of the squares of scales */

struct weighted {
	double y, w;
};

static int by_value(const void *a, const void *b)
{
	double x = ((const struct weighted *)a)->y, y = ((const struct weighted *)b)->y;
	return x < y ? -1 : x > y;
}

/* The least value with at least share q of the weight (sum 1) at or below it. Rows without weight do not count. */
static double quantile_of(size_t n, struct weighted *a, double q)
{
	qsort(a, n, sizeof(*a), by_value);
	double sum = 0;
	size_t last = 0;
	for (size_t i = 0; i < n; i++) {
		if (!(a[i].w > 0))
			continue;
		last = i;
		sum += a[i].w;
		if (sum >= q * (1 - 1e-12))
			return a[i].y;
	}
	return a[last].y;
}

static double target_quantile(const struct glm *g, double q, double centre)
{
	struct weighted *a = NEW(struct weighted, g->n);
	for (size_t i = 0; i < g->n; i++)
		a[i] = (struct weighted){ isnan(centre) ? g->y[i] : fabs(g->y[i] - centre), g->w[i] };
	double v = quantile_of(g->n, a, q);
	free(a);
	return v;
}

static double target_mean(const struct glm *g)
{
	double s = 0, rest = 0;
	for (size_t i = 0; i < g->n; i++)
		s += g->w[i] * g->y[i];
	for (size_t i = 0; i < g->n; i++)
		rest += g->w[i] * (g->y[i] - s);
	return s + rest;
}

/* Root of sum w clip(m - y, -delta, delta), which rises in m. */
static double huber_centre(const struct glm *g)
{
	double lo = INFINITY, hi = -INFINITY;
	for (size_t i = 0; i < g->n; i++) {
		lo = g->y[i] < lo ? g->y[i] : lo;
		hi = g->y[i] > hi ? g->y[i] : hi;
	}
	for (int it = 0; it < 100; it++) {
		double m = lo + 0.5 * (hi - lo), s = 0;
		for (size_t i = 0; i < g->n; i++) {
			double r = m - g->y[i];
			s += g->w[i] * (r > g->param ? g->param : r < -g->param ? -g->param : r);
		}
		if (s > 0)
			hi = m;
		else
			lo = m;
	}
	return lo + 0.5 * (hi - lo);
}

static double clip(double p)
{
	return p < CLIP ? CLIP : p > 1 - CLIP ? 1 - CLIP : p;
}

void glm_null(const struct glm *g, double *theta)
{
	for (size_t a = 0; a < g->m; a++)
		theta[a] = 0;
	switch (g->loss) {
	case LOSS_SQUARED:
		theta[0] = target_mean(g);
		break;
	case LOSS_HUBER:
		theta[0] = huber_centre(g);
		break;
	case LOSS_QUANTILE:
		theta[0] = target_quantile(g, g->param, NAN);
		break;
	case LOSS_POISSON:
		theta[0] = log(fmax(target_mean(g), CLIP));
		break;
	case LOSS_LOGISTIC: {
		double p = clip(target_mean(g));
		theta[0] = log(p) - log1p(-p);
		break;
	}
	case LOSS_MARGIN:
		break;
	case LOSS_EACH:
		bug("models of a class each are found one by one");
	case LOSS_SOFTMAX: {
		double mean = 0;
		for (size_t i = 0; i < g->n; i++)
			theta[(size_t)g->y[i] * g->q] += g->w[i];
		for (size_t k = 0; k < g->k; k++)
			mean += (theta[k * g->q] = log(clip(theta[k * g->q]))) / (double)g->k;
		for (size_t k = 0; k < g->k; k++)
			theta[k * g->q] -= mean;
	}
	}
}

/* Targets of linear losses are divided by a power of two, exactly, so that squares of 1e300 stay finite. */
static void set_target(struct glm *g, const struct data *d)
{
	double most = 0;
	for (size_t i = 0; i < g->n; i++) {
		size_t row = data_row(d, i);
		g->y[i] = d->y ? d->y[row] : (double)d->label[row];
		g->w[i] = data_weight(d, i) / g->wsum;
		most = g->w[i] > 0 && fabs(g->y[i]) > most ? fabs(g->y[i]) : most;
	}
	g->unit = 1;
	if (g->loss > LOSS_QUANTILE || most == 0)
		return;
	int e;
	frexp(most, &e);
	g->unit = ldexp(1, e < 1023 ? e : 1023);
	for (size_t i = 0; i < g->n; i++)
		g->y[i] = g->w[i] > 0 ? g->y[i] / g->unit : 0;
}

void glm_against(struct glm *g, int32_t class)
{
	for (size_t i = 0; i < g->n; i++)
		g->y[i] = g->d->label[data_row(g->d, i)] == class;
}

struct glm *glm_new(const struct data *d, enum loss loss, double param, bool drop, int32_t knots, int threads)
{
	struct glm *g = NEW0(struct glm, 1);
	g->d = d;
	g->loss = loss;
	g->threads = threads;
	g->n = d->n;
	g->ds = design_new(d, drop, knots, threads);
	g->k = loss == LOSS_SOFTMAX ? (size_t)d->nclasses : 1;
	g->qd = 1 + g->ds->p;
	g->q = g->qd + data_nsparse(d);
	if (g->q > g->qd)
		g->xt = sparse_transpose(d->sparse, d->rows, d->first, d->n, threads);
	g->scale = NEW(double, g->q - g->qd);
	for (size_t j = 0; j < g->q - g->qd; j++)
		g->scale[j] = 1;
	g->m = g->k * g->q;
	g->y = NEW(double, g->n);
	g->w = NEW(double, g->n);
	g->l1 = NEW0(double, g->m);
	g->l2 = NEW0(double, g->m);
	for (size_t i = 0; i < d->n; i++)
		g->wsum += data_weight(d, i);
	if (!(g->wsum > 0))
		g->wsum = 1;
	set_target(g, d);
	g->param = loss == LOSS_HUBER ? param / g->unit : param;
	if (loss == LOSS_HUBER && !(param > 0)) {
		/* 1.345 deviations, by the median absolute deviation: 95 % efficient for normal errors (Huber 1981) */
		double mad = target_quantile(g, 0.5, target_quantile(g, 0.5, NAN));
		g->param = mad > 0 ? 1.345 * 1.4826 * mad : 1;
	}
	return g;
}

void glm_free(struct glm *g)
{
	if (!g)
		return;
	design_free(g->ds);
	sparse_free(&g->xt);
	free(g->scale);
	free(g->y);
	free(g->w);
	free(g->dense);
	free(g->hot);
	free(g->l1);
	free(g->l2);
	free(g);
}

struct glm *glm_restrict(const struct glm *g, const uint32_t *columns, size_t n)
{
	struct glm *r = NEW(struct glm, 1);
	*r = *g;
	r->xt = sparse_pick(&g->xt, columns, n);
	r->x = sparse_transpose(&r->xt, NULL, 0, n, g->threads);
	r->q = g->qd + n;
	r->m = r->k * r->q;
	r->scale = NEW(double, n);
	r->l1 = NEW(double, r->m);
	r->l2 = NEW(double, r->m);
	for (size_t j = 0; j < n; j++)
		r->scale[j] = g->scale[columns[j]];
	for (size_t a = 0; a < r->m; a++) {
		r->l1[a] = g->l1[glm_whole(g, r, columns, a)];
		r->l2[a] = g->l2[glm_whole(g, r, columns, a)];
	}
	return r;
}

void glm_restrict_free(struct glm *r)
{
	sparse_free(&r->xt);
	sparse_free(&r->x);
	free(r->scale);
	free(r->l1);
	free(r->l2);
	free(r);
}

/* Of a row of average weight, near the minimum: for a classifier that is sure of most rows far below its most, 1/4. */
static double curvature(enum loss loss)
{
	return loss == LOSS_LOGISTIC || loss == LOSS_SOFTMAX ? 0.08 : 1;
}

/* A term that says nothing is held to it by a penalty that is large, but finite. */
static double ratio_at(const struct glm *g, size_t j)
{
	return g->ratio ? fmax(fabs(g->ratio[j]), RATIO_MIN) : 1;
}

double glm_scale(struct glm *g, double l2)
{
	double bend = curvature(g->loss), most = 1;
	for (size_t j = 0; j < g->q - g->qd; j++) {
		double square = 0;
		for (size_t e = g->xt.start[j]; e < g->xt.start[j + 1]; e++)
			square += g->w[g->xt.col[e]] * g->xt.val[e] * g->xt.val[e];
		double r = ratio_at(g, j), bends = bend / (l2 / r / r + bend * square);
		g->scale[j] = bends < SCALE_MAX ? sqrt(bends) : sqrt(SCALE_MAX);
		most = fmax(most, g->scale[j]);
	}
	return most;
}

void glm_penalty(struct glm *g, double l1, double l2, bool standardize)
{
	/* the objective is divided by unit^2 (squared, huber) or unit (quantile), coefficients by unit */
	l1 = g->loss == LOSS_QUANTILE ? l1 : l1 / g->unit;
	l2 = g->loss == LOSS_QUANTILE ? l2 * g->unit : l2;
	for (size_t a = 0; a < g->m; a++) {
		size_t j = a % g->q;
		double sd = j >= g->qd ? ratio_at(g, j - g->qd) / g->scale[j - g->qd] : standardize || j == 0 || j >= g->qd ? 1 : g->ds->sd[j - 1];
		g->l1[a] = j ? fmin(l1 / sd, PENALTY_MAX) : 0;
		g->l2[a] = j ? fmin(l2 / sd / sd, PENALTY_MAX) : 0;
	}
}
