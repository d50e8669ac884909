#include "families/linear/lin.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/dense.h"

#define SCORE_MAX 1e300		/* scores stay finite whatever the input */

void lin_weights(const struct glm *g, const double *theta, double *weight, double *bias)
{
	for (size_t k = 0; k < g->k; k++) {
		const double *t = theta + k * g->q;
		bias[k] = t[0] * g->unit;
		for (size_t j = 0; j < g->ds->p; j++) {
			double w = t[1 + j] * g->unit / g->ds->sd[j];
			weight[k * g->ds->p + j] = w > SCORE_MAX ? SCORE_MAX : w < -SCORE_MAX ? -SCORE_MAX : w;
		}
	}
}

void lin_terms(const struct glm *g, const double *theta, double *term)
{
	for (size_t k = 0; k < g->k; k++)
		for (size_t j = 0; j < g->q - g->qd; j++)
			term[j * g->k + k] = theta[k * g->q + g->qd + j] * g->scale[j] * g->unit;
}

struct lin *lin_from(const struct glm *g, const double *theta, const struct data *d)
{
	const struct design *ds = g->ds;
	struct lin *m = NEW0(struct lin, 1);
	m->loss = g->loss;
	m->slope = 1;
	m->param = g->loss == LOSS_HUBER ? g->param * g->unit : g->param;
	m->ncols = ds->ncols;
	m->k = g->k;
	m->p = ds->p;
	m->col = mem_copy(ds->col, ds->p, sizeof(*ds->col));
	m->level = mem_copy(ds->level, ds->p, sizeof(*ds->level));
	m->base = mem_copy(ds->base, ds->ncols, sizeof(*ds->base));
	m->mean = mem_copy(ds->mean, ds->p, sizeof(double));
	m->sd = mem_copy(ds->sd, ds->p, sizeof(double));
	m->knot = mem_copy(ds->knot, ds->p, sizeof(double));
	m->weight = NEW(double, m->k * m->p);
	m->bias = NEW(double, m->k);
	lin_weights(g, theta, m->weight, m->bias);
	m->nsparse = g->q - g->qd;
	m->term = NEW(double, m->nsparse * m->k);
	lin_terms(g, theta, m->term);
	lin_columns(m, d);
	return m;
}

void lin_free(void *fit)
{
	struct lin *m = fit;
	if (!m)
		return;
	free(m->col);
	free(m->level);
	free(m->base);
	free(m->mean);
	free(m->sd);
	free(m->knot);
	free(m->weight);
	free(m->term);
	free(m->bias);
	free(m->columns);
	free(m->states);
	free(m->parts);
	free(m->lambda);
	free(m->cv);
	free(m->path_weight);
	free(m->path_bias);
	free(m->path_terms);
	free(m);
}

static size_t states_of(const struct column *c)
{
	return c->kind == KIND_NUMERIC ? 2 : (size_t)c->nlevels + 1;
}

/* 0/1 design columns of a column: state s adds weight_s - sum weight mean, a state without a column the latter alone. */
static void add_states(struct lin *m, const struct data *d)
{
	size_t k = m->k;
	for (size_t j = 0; j < m->p; j++) {
		if (m->level[j] < 0)
			continue;
		m->columns[m->col[j]].has_state = true;
		size_t c = (size_t)m->col[j], n = states_of(&d->cols[c]), at = (size_t)m->level[j];
		for (size_t s = 0; s < n; s++)
			for (size_t o = 0; o < k; o++)
				m->columns[c].state[s * k + o] += m->weight[o * m->p + j] * ((s == at) - m->mean[j]);
	}
}

/* States that training never saw count as the average row: they add nothing. */
static const char *clear_unseen(struct lin *m, const struct data *d)
{
	const char *wrong = NULL;
	for (size_t c = 0; c < m->ncols; c++) {
		if (d->cols[c].kind == KIND_NUMERIC)
			continue;
		size_t n = states_of(&d->cols[c]);
		int32_t *uses = NEW0(int32_t, n);
		if (m->base[c] >= 0)
			uses[m->base[c]]++;
		for (size_t j = 0; j < m->p; j++)
			if ((size_t)m->col[j] == c)
				uses[m->level[j]]++;
		for (size_t s = 0; s < n; s++) {
			if (uses[s] > 1)
				wrong = "a level has two columns";
			for (size_t o = 0; uses[s] == 0 && o < m->k; o++)
				m->columns[c].state[s * m->k + o] = 0;
		}
		free(uses);
	}
	return wrong;
}

const char *lin_columns(struct lin *m, const struct data *d)
{
	size_t total = 0, k = m->k, nparts = 0;
	for (size_t c = 0; c < m->ncols; c++)
		total += states_of(&d->cols[c]) * k;
	m->columns = NEW0(struct lin_column, m->ncols + 1);
	m->states = NEW0(double, total + 1);
	m->parts = NEW(int32_t, m->p + 1);
	double *next = m->states;
	for (size_t c = 0; c < m->ncols; c++) {
		m->columns[c].state = next;
		next += states_of(&d->cols[c]) * k;
	}
	for (size_t j = 0; j < m->p; j++) {
		struct lin_column *c = &m->columns[m->col[j]];
		if (m->level[j] >= 0)
			continue;
		if (c->nparts && c->parts + c->nparts != m->parts + nparts)
			return "the parts of a number are not side by side";
		m->parts[nparts++] = (int32_t)j;
		c->parts = c->nparts ? c->parts : m->parts + nparts - 1;
		c->nparts++;
	}
	add_states(m, d);
	return clear_unseen(m, d);
}

/* Adds weight (k, stride p) times design column j less its mean, a number or a hinge of it, to out. */
static void add_number(const struct lin *m, const struct data *x, int32_t j, double *out, size_t row, size_t score)
{
	const double *num = x->cols[m->col[j]].num, *weight = m->weight + j;
	double mean = m->mean[j], knot = m->knot[j];
	bool hinge = m->level[j] == DESIGN_HINGE;
	for (size_t i = 0; i < x->n; i++, out += row) {
		double v = num[data_row(x, i)];
		if (isnan(v))
			continue;
		v = (!hinge ? v : v > knot ? v - knot : 0) - mean;
		v = v > DBL_MAX ? DBL_MAX : v < -DBL_MAX ? -DBL_MAX : v;
		for (size_t o = 0; o < m->k; o++)
			out[o * score] += weight[o * m->p] * v;
	}
}

/* Adds what column c's state gives, for a number: that it is there or missing. */
static void add_state(const struct lin *m, const struct data *x, size_t c, double *out, size_t row, size_t score)
{
	const struct column *col = &x->cols[c];
	for (size_t i = 0; i < x->n; i++, out += row) {
		size_t at = data_row(x, i);
		int32_t state = col->kind == KIND_NUMERIC ? !isnan(col->num[at]) :
				col->cat[at] < 0 ? col->nlevels : col->cat[at];
		const double *s = m->columns[c].state + (size_t)state * m->k;
		for (size_t o = 0; o < m->k; o++)
			out[o * score] += s[o];
	}
}

/* Adds column c's part to out[i * row + o * score] for rows i and scores o. */
static void add_column(const struct lin *m, const struct data *x, size_t c, double *out, size_t row, size_t score)
{
	const struct lin_column *lc = &m->columns[c];
	if (lc->has_state)
		add_state(m, x, c, out, row, score);
	for (size_t a = 0; a < lc->nparts; a++)
		add_number(m, x, lc->parts[a], out, row, score);
}

void lin_scores(const struct lin *m, const struct data *x, double *f)
{
	for (size_t i = 0; i < x->n; i++)
		memcpy(f + i * m->k, m->bias, m->k * sizeof(*f));
	for (size_t c = 0; c < m->ncols; c++)
		add_column(m, x, c, f, m->k, 1);
	for (size_t i = 0; m->nsparse && i < x->n; i++)
		sparse_dots(x->sparse, data_row(x, i), m->k, m->term, f + i * m->k);
	for (size_t i = 0; i < x->n * m->k; i++)
		if (!(fabs(f[i]) <= SCORE_MAX))
			f[i] = isnan(f[i]) ? m->bias[i % m->k] : copysign(SCORE_MAX, f[i]);
}

void lin_predict(const void *fit, const struct data *x, double *out)
{
	const struct lin *m = fit;
	/* the one score of a binary row waits in the second half, which is read before it is overwritten */
	double *f = m->loss == LOSS_LOGISTIC ? out + x->n : out;
	lin_scores(m, x, f);
	for (size_t i = 0; m->slope != 1 && i < x->n * m->k; i++)
		f[i] *= m->slope;
	loss_predict(m->loss, x->n, m->k, f, out);
}

/* Adds what each group of a row's sparse columns gives to out[o * score + group] for scores o. */
static void add_groups(const struct lin *m, const struct data *x, size_t row, double *out, size_t score)
{
	size_t g = 0;
	for (size_t e = x->sparse->start[row]; e < x->sparse->start[row + 1]; e++) {
		size_t j = (size_t)x->sparse->col[e];
		while (j >= x->group[g + 1])
			g++;
		for (size_t o = 0; o < m->k; o++)
			out[o * score + g] += x->sparse->val[e] * m->term[j * m->k + o];
	}
}

void lin_contrib(const void *fit, const struct data *x, double *out)
{
	const struct lin *m = fit;
	size_t wide = m->ncols + x->ngroups + 1;
	memset(out, 0, x->n * m->k * wide * sizeof(*out));
	for (size_t c = 0; c < m->ncols; c++)
		add_column(m, x, c, out + c, m->k * wide, wide);
	for (size_t i = 0; m->nsparse && i < x->n; i++)
		add_groups(m, x, data_row(x, i), out + i * m->k * wide + m->ncols, wide);
	for (size_t i = 0; i < x->n * m->k; i++)
		out[i * wide + wide - 1] = m->bias[i % m->k];
	for (size_t i = 0; m->slope != 1 && i < x->n * m->k * wide; i++)
		out[i] *= m->slope;
}

bool lin_importance(const void *fit, const struct data *x, const char *kind, double *out)
{
	const struct lin *m = fit;
	if (strcmp(kind, "coef") != 0)
		return false;
	memset(out, 0, (x->ncols + m->nsparse) * sizeof(*out));
	for (size_t j = 0; j < m->nsparse; j++)
		for (size_t o = 0; o < m->k; o++)
			out[x->ncols + j] += fabs(m->term[j * m->k + o]);
	for (size_t o = 0; o < m->k; o++)
		for (size_t j = 0; j < m->p; j++)
			out[m->col[j]] += fabs(m->weight[o * m->p + j]) * m->sd[j];
	return true;
}

void lin_speak(const void *fit, double *out)
{
	const struct lin *m = fit;
	if (m->loss != LOSS_LOGISTIC) {
		memcpy(out, m->term, m->nsparse * m->k * sizeof(*out));
		return;
	}
	for (size_t i = 0; i < m->nsparse; i++) {
		out[2 * i] = -m->term[i];
		out[2 * i + 1] = m->term[i];
	}
}

int lin_rounds(const void *fit)
{
	return ((const struct lin *)fit)->rounds;
}

const char *lin_link(const void *fit)
{
	switch (((const struct lin *)fit)->loss) {
	case LOSS_LOGISTIC: return "logit";
	case LOSS_SOFTMAX: return "softmax";
	case LOSS_EACH: return "ovr";
	case LOSS_POISSON: return "log";
	default: return "identity";
	}
}
