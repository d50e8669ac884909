/* The losses of boosting, and the rows they are summed over. */
#include "families/tree/objective.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

#define ROWS_A_CHUNK 8192
#define POISSON_STEP 0.7

void target_gather(struct target *t, const struct data *d)
{
	bool weighted = false, uneven = false;
	*t = (struct target){ .nview = d->n, .rows = NEW(uint32_t, d->n), .at = NEW(uint32_t, d->n),
			      .y = NEW(double, d->n) };
	for (size_t i = 0; i < d->n; i++)
		weighted |= data_weight(d, i) > 0;
	for (size_t i = 0; i < d->n; i++) {
		if (weighted && !(data_weight(d, i) > 0))
			continue;
		t->rows[t->n] = (uint32_t)data_row(d, i);
		t->at[t->n++] = (uint32_t)i;
		uneven |= data_weight(d, i) != 1;
	}
	if (d->label)
		t->label = NEW(int32_t, t->n);
	if (weighted && uneven)
		t->w = NEW(double, t->n);
	for (size_t i = 0; i < t->n; i++) {
		if (t->label)
			t->label[i] = d->label[t->rows[i]];
		t->y[i] = t->label ? t->label[i] : d->y[t->rows[i]];
		if (t->w)
			t->w[i] = d->w[t->rows[i]];
	}
}

void target_free(struct target *t)
{
	free(t->rows);
	free(t->at);
	free(t->label);
	free(t->y);
	free(t->w);
}

/* The power of two that brings the largest of |x| below 1. */
static double scale_of(const double *x, size_t n)
{
	double most = 0;
	int e;
	for (size_t i = 0; i < n; i++)
		most = fabs(x[i]) > most ? fabs(x[i]) : most;
	frexp(most, &e);
	return ldexp(1, e < -1000 ? 1000 : -e);
}

double weighted_mean(const double *x, const double *w, size_t n)
{
	double sx = scale_of(x, n), sw = w ? scale_of(w, n) : 1, sum = 0, all = 0;
	for (size_t i = 0; i < n; i++) {
		double wi = w ? w[i] * sw : 1;
		sum += wi * (x[i] * sx);
		all += wi;
	}
	return all > 0 ? sum / all / sx : 0;
}

struct pair {
	double x, w;
};

static int by_x(const void *a, const void *b)
{
	double x = ((const struct pair *)a)->x, y = ((const struct pair *)b)->x;
	return x < y ? -1 : x > y;
}

double weighted_quantile(const double *x, const double *w, size_t n, double a)
{
	struct pair *p = NEW(struct pair, n + 1);
	double all = 0, sum = 0, q = 0;
	for (size_t i = 0; i < n; i++) {
		p[i] = (struct pair){ x[i], w ? w[i] : 1 };
		all += p[i].w;
	}
	qsort(p, n, sizeof(*p), by_x);
	for (size_t i = 0; i < n; i++) {
		sum += p[i].w;
		q = p[i].x;
		if (sum > a * all)
			break;
		if (sum == a * all && i + 1 < n) {
			q = p[i].x / 2 + p[i + 1].x / 2;
			break;
		}
	}
	free(p);
	return q;
}

bool objective_find(struct objective *o, const char *name, const struct data *d)
{
	static const struct {
		const char *name;
		unsigned tasks;
		enum objective_kind kind;
	} list[] = {
		{ "binary", TASK_BINARY, OBJ_BINARY }, { "multiclass", TASK_MULTICLASS, OBJ_MULTICLASS },
		{ "squared", TASK_REGRESSION, OBJ_SQUARED }, { "absolute", TASK_REGRESSION, OBJ_ABSOLUTE },
		{ "quantile", TASK_REGRESSION, OBJ_QUANTILE }, { "huber", TASK_REGRESSION, OBJ_HUBER },
		{ "poisson", TASK_REGRESSION, OBJ_POISSON },
	};
	bool any = strcmp(name, "auto") == 0;
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		if (!(list[i].tasks & d->task) || (!any && strcmp(list[i].name, name) != 0))
			continue;
		o->kind = list[i].kind;
		o->k = o->kind == OBJ_MULTICLASS ? (size_t)d->nclasses : 1;
		return true;
	}
	return false;
}

static double log_odds(double p)
{
	p = p < 1e-12 ? 1e-12 : p > 1 - 1e-12 ? 1 - 1e-12 : p;
	return log(p / (1 - p));
}

void objective_start(const struct objective *o, const struct target *t, double *base)
{
	double *is = NULL;
	switch (o->kind) {
	case OBJ_MULTICLASS:
		is = NEW(double, t->n);
		for (size_t c = 0; c < o->k; c++) {
			for (size_t i = 0; i < t->n; i++)
				is[i] = t->label[i] == (int32_t)c;
			double p = weighted_mean(is, t->w, t->n);
			base[c] = log(p > 1e-12 ? p : 1e-12);
		}
		free(is);
		break;
	case OBJ_BINARY:
		base[0] = log_odds(weighted_mean(t->y, t->w, t->n));
		break;
	case OBJ_SQUARED:
		base[0] = weighted_mean(t->y, t->w, t->n);
		break;
	case OBJ_POISSON:
		base[0] = weighted_mean(t->y, t->w, t->n);
		base[0] = log(base[0] > 1e-12 ? base[0] : 1e-12);
		break;
	default:
		base[0] = weighted_quantile(t->y, t->w, t->n, o->kind == OBJ_QUANTILE ? o->level : 0.5);
	}
}

/* ----------------------------------------------------------------- gradients */

struct grads {
	const struct objective *o;
	const struct target *t;
	const double *score, *prob;
	double *g, *h;
	size_t c, k, n;
	double *out;
};

static double sigmoid(double s)
{
	return 1 / (1 + exp(-s));
}

static void grad_one(const struct objective *o, double s, double y, double *g, double *h)
{
	double p, r = s - y;
	*h = 1;
	switch (o->kind) {
	case OBJ_BINARY:
		p = sigmoid(s);
		*g = p - y;
		*h = p * (1 - p);
		break;
	case OBJ_ABSOLUTE:
		*g = r > 0 ? 1 : r < 0 ? -1 : 0;
		break;
	case OBJ_QUANTILE:
		*g = r > 0 ? 1 - o->level : r < 0 ? -o->level : 0;
		break;
	case OBJ_HUBER:
		*g = r > o->delta ? o->delta : r < -o->delta ? -o->delta : r;
		break;
	case OBJ_POISSON:
		p = exp(s);
		*g = p - y;
		*h = exp(s + POISSON_STEP);
		break;
	default:
		*g = r;
	}
}

static void grad_chunk(void *ctx, size_t chunk, int worker)
{
	const struct grads *x = ctx;
	const struct target *t = x->t;
	size_t from = chunk * ROWS_A_CHUNK, to = from + ROWS_A_CHUNK < t->n ? from + ROWS_A_CHUNK : t->n;
	double factor = (double)x->o->k / ((double)x->o->k - 1);
	(void)worker;
	for (size_t i = from; i < to; i++) {
		double g, h;
		if (x->o->kind == OBJ_MULTICLASS) {
			double p = x->prob[x->c * t->n + i];
			g = p - (t->label[i] == (int32_t)x->c);
			h = p * (1 - p) * factor;
		} else {
			grad_one(x->o, x->score[i], t->y[i], &g, &h);
		}
		double w = t->w ? t->w[i] : 1;
		x->g[i] = g * w;
		x->h[i] = h * w;
	}
}

void objective_grad(const struct objective *o, const struct target *t, size_t c, const double *score, const double *prob,
		    double *g, double *h, int threads)
{
	struct grads x = { .o = o, .t = t, .score = score, .prob = prob, .g = g, .h = h, .c = c };
	par_for(threads, (t->n + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, grad_chunk, &x);
}

/* exp of k scores, one every `stride`, over their sum. */
static void softmax(const double *score, size_t k, size_t stride, double *out, size_t ostride)
{
	double most = score[0], sum = 0;
	for (size_t c = 1; c < k; c++)
		most = score[c * stride] > most ? score[c * stride] : most;
	for (size_t c = 0; c < k; c++) {
		out[c * ostride] = exp(score[c * stride] - most);
		sum += out[c * ostride];
	}
	for (size_t c = 0; c < k; c++)
		out[c * ostride] /= sum;
}

static void softmax_chunk(void *ctx, size_t chunk, int worker)
{
	const struct grads *x = ctx;
	size_t from = chunk * ROWS_A_CHUNK, to = from + ROWS_A_CHUNK < x->n ? from + ROWS_A_CHUNK : x->n;
	(void)worker;
	for (size_t i = from; i < to; i++)
		softmax(x->score + i, x->k, x->n, x->out + i, x->n);
}

void objective_softmax(const double *score, size_t k, size_t n, double *prob, int threads)
{
	struct grads x = { .score = score, .k = k, .n = n, .out = prob };
	par_for(threads, (n + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, softmax_chunk, &x);
}

/* -------------------------------------------------------------------- leaves */

bool objective_renews(const struct objective *o)
{
	return o->kind == OBJ_ABSOLUTE || o->kind == OBJ_QUANTILE || o->kind == OBJ_HUBER;
}

double objective_leaf(const struct objective *o, const struct target *t, const double *score, const uint32_t *rows,
		      size_t m, double *room)
{
	double *x = room, *w = t->w ? room + m : NULL;
	for (size_t i = 0; i < m; i++) {
		x[i] = t->y[rows[i]] - score[rows[i]];
		if (w)
			w[i] = t->w[rows[i]];
	}
	double q = weighted_quantile(x, w, m, o->kind == OBJ_QUANTILE ? o->level : 0.5);
	if (o->kind != OBJ_HUBER)
		return q;
	for (size_t i = 0; i < m; i++) {
		double r = x[i] - q;
		x[i] = r > o->delta ? o->delta : r < -o->delta ? -o->delta : r;
	}
	return q + weighted_mean(x, w, m);
}

/* --------------------------------------------------------------------- losses */

static double loss_one(const struct objective *o, const struct target *t, size_t i, const double *score)
{
	double s = score[i], y = t->y[i], r = y - s, a = fabs(r), most = s, sum = 0;
	switch (o->kind) {
	case OBJ_BINARY:
		return (s > 0 ? s : 0) + log1p(exp(-fabs(s))) - y * s;
	case OBJ_MULTICLASS:
		for (size_t c = 1; c < o->k; c++)
			most = score[c * t->n + i] > most ? score[c * t->n + i] : most;
		for (size_t c = 0; c < o->k; c++)
			sum += exp(score[c * t->n + i] - most);
		return most + log(sum) - score[(size_t)t->label[i] * t->n + i];
	case OBJ_ABSOLUTE:
		return a;
	case OBJ_QUANTILE:
		return r > 0 ? o->level * r : (o->level - 1) * r;
	case OBJ_HUBER:
		return a <= o->delta ? r * r / 2 : o->delta * (a - o->delta / 2);
	case OBJ_POISSON:
		return exp(s) - y * s;
	default:
		return r * r;
	}
}

double objective_loss(const struct objective *o, const struct target *t, const double *score)
{
	double *x = NEW(double, t->n), mean;
	for (size_t i = 0; i < t->n; i++) {
		x[i] = loss_one(o, t, i, score);
		x[i] = x[i] < 1e300 ? x[i] : 1e300;
	}
	mean = weighted_mean(x, t->w, t->n);
	free(x);
	return mean;
}

void objective_predict(const struct objective *o, const double *score, size_t stride, double *out)
{
	if (o->kind == OBJ_BINARY) {
		out[1] = sigmoid(score[0]);
		out[0] = 1 - out[1];
	} else if (o->kind == OBJ_MULTICLASS) {
		softmax(score, o->k, stride, out, 1);
	} else {
		double y = o->kind == OBJ_POISSON ? exp(score[0]) : score[0];
		out[0] = y < -DBL_MAX ? -DBL_MAX : y > DBL_MAX ? DBL_MAX : y;
	}
}

const char *objective_link(const struct objective *o)
{
	return o->kind == OBJ_BINARY ? "logit" : o->kind == OBJ_MULTICLASS ? "softmax" :
	       o->kind == OBJ_POISSON ? "log" : "identity";
}
