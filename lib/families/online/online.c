/*
 * The family `online`: linear models that learn row by row, in the order of
 * the rows, in memory for the weights alone; what dls-train --stream uses for
 * inputs of any length. A weight moves against its own gradient g by
 *
 *	sgd	rate / sqrt(t) g, t rows so far
 *	adagrad	rate / sqrt(sum g^2) g (Duchi et al. 2011)
 *	ftrl	to -(z - sign(z) l1) / ((1 + sqrt(sum g^2)) / rate + l2), 0 where |z| <= l1 (McMahan et al. 2013)
 *
 * The loss of a row before it is learned from, averaged, is the progressive
 * validation loss: an honest estimate, as no row is predicted by what it
 * taught.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/schema.h"
#include "math/loss.h"
#include "model/family.h"

struct online_opts {
	const char *solver, *objective;
	double rate, l1, l2, delta, alpha;
	int32_t passes;
};

static const struct opt opts[] = {
	OPT(struct online_opts, solver, "solver", "HOW", "adagrad", "sgd|adagrad|ftrl", "how weights move"),
	OPT(struct online_opts, rate, "rate", "X", "0", "[0,1e6]", "learning rate; 0: 0.5 for sgd and adagrad, 1 for ftrl"),
	OPT(struct online_opts, l1, "l1", "X", "0", "[0,1e9]", "ftrl: gradient that a weight must gather to be other than 0"),
	OPT(struct online_opts, l2, "l2", "X", "0", "[0,1e9]", "ftrl: penalty that pulls weights to 0"),
	OPT(struct online_opts, passes, "passes", "N", "1", "[1,10000]", "go over the rows so many times"),
	OPT(struct online_opts, objective, "objective", "LOSS", "squared", "squared|huber|quantile", "the loss of a row, of a target that is a quantity"),
	OPT(struct online_opts, delta, "delta", "X", "1", "(0,1e9]", "huber: deviations of the target beyond which the loss grows linearly"),
	OPT(struct online_opts, alpha, "alpha", "Q", "0.5", "(0,1)", "quantile: which"),
	OPT_END
};

enum solver { SGD, ADAGRAD, FTRL };

#define FAR 10.0	/* a number counts as no more than so many deviations from its mean */
#define SCORE_MAX 1e6
#define FIRST 10000	/* rows from which the unit of the target is taken */

/* A weight while it learns: itself and the sum of squared gradients; for ftrl z and that sum. */
struct cell {
	double w, sum;
};

struct online {
	enum loss loss;
	double param;
	enum solver solver;
	double rate, l1, l2;
	size_t k;		/* scores of a row */
	size_t ncols, nsparse;	/* columns of the data */
	size_t *at;		/* (ncols) first feature of a column: one of a number, one a level of a category */
	size_t nfeatures;	/* 1, columns', sparse columns */
	double *mean, *square;	/* (ncols) of a number: mean, and sum of squared deviations */
	double *count;		/* (ncols) of a number: rows that have it */
	double *weight;		/* (nfeatures, k) once it is learned */
	double unit, shift;	/* a quantity is (y - shift) / unit to the learner */
	bool has_unit;
	double rows, lost;	/* weight of the rows so far, and their loss before they taught */
	int passes;
	struct cell *cells;	/* (nfeatures, k) while it learns */
	struct entry *row, *next;	/* features of this row and the next, with room for `room` */
	size_t room;
};

/* A feature of a row. */
struct entry {
	size_t feature;
	double x;
};

static enum loss loss_of(const struct online_opts *o, const struct data *x)
{
	if (x->nclasses)
		return x->nclasses == 2 ? LOSS_LOGISTIC : LOSS_SOFTMAX;
	return strcmp(o->objective, "huber") == 0 ? LOSS_HUBER : strcmp(o->objective, "quantile") == 0 ? LOSS_QUANTILE : LOSS_SQUARED;
}

/* A model of the frame's columns that knows nothing yet. */
static struct online *make(const struct online_opts *o, const struct data *x)
{
	struct online *m = NEW0(struct online, 1);
	m->loss = loss_of(o, x);
	m->param = m->loss == LOSS_HUBER ? o->delta : o->alpha;
	m->solver = strcmp(o->solver, "sgd") == 0 ? SGD : strcmp(o->solver, "ftrl") == 0 ? FTRL : ADAGRAD;
	m->rate = o->rate > 0 ? o->rate : m->solver == FTRL ? 1 : 0.5;
	m->l1 = o->l1;
	m->l2 = o->l2;
	m->k = m->loss == LOSS_SOFTMAX ? (size_t)x->nclasses : 1;
	m->unit = 1;
	m->ncols = x->ncols;
	m->nsparse = data_nsparse(x);
	m->at = NEW(size_t, m->ncols);
	m->nfeatures = 1;
	for (size_t c = 0; c < m->ncols; c++) {
		m->at[c] = m->nfeatures;
		m->nfeatures += x->cols[c].kind == KIND_NUMERIC ? 1 : (size_t)x->cols[c].nlevels;
	}
	m->nfeatures += m->nsparse;
	m->mean = NEW0(double, m->ncols);
	m->square = NEW0(double, m->ncols);
	m->count = NEW0(double, m->ncols);
	return m;
}

static void free_fit(void *fit)
{
	struct online *m = fit;
	if (!m)
		return;
	free(m->at);
	free(m->mean);
	free(m->square);
	free(m->count);
	free(m->weight);
	free(m->cells);
	free(m->row);
	free(m->next);
	free(m);
}

/* ---- rows ---- */

/* A number in deviations from the mean, by what is known of its column so far; 0 for a missing one. */
static double standardised(const struct online *m, size_t c, double v)
{
	double var = m->count[c] > 1 ? m->square[c] / m->count[c] : 0, z;
	if (isnan(v) || !(var > 0))
		return 0;
	z = (v - m->mean[c]) / sqrt(var);
	return z > FAR ? FAR : z < -FAR ? -FAR : z;
}

/* The features of a row to e; how many. */
static size_t features_of(const struct online *m, const struct data *x, size_t row, struct entry *e)
{
	size_t n = 0;
	e[n++] = (struct entry){ 0, 1 };
	for (size_t c = 0; c < m->ncols; c++) {
		const struct column *col = &x->cols[c];
		if (col->kind == KIND_NUMERIC) {
			double z = standardised(m, c, col->num[row]);
			e[n] = (struct entry){ m->at[c], z };
			n += z != 0;
		} else if (col->cat[row] >= 0) {
			e[n++] = (struct entry){ m->at[c] + (size_t)col->cat[row], 1 };
		}
	}
	for (size_t i = m->nsparse ? x->sparse->start[row] : 0; m->nsparse && i < x->sparse->start[row + 1]; i++)
		e[n++] = (struct entry){ m->nfeatures - m->nsparse + (size_t)x->sparse->col[i], x->sparse->val[i] };
	return n;
}

static size_t most_features(const struct online *m, const struct data *x, size_t row)
{
	return 1 + m->ncols + (m->nsparse ? x->sparse->start[row + 1] - x->sparse->start[row] : 0);
}

/* Takes the numbers of a row into their means and deviations (Welford 1962); numbers whose squares leave the doubles count as 0. */
static void meet_numbers(struct online *m, const struct data *x, size_t row)
{
	for (size_t c = 0; c < m->ncols; c++) {
		double v = x->cols[c].kind == KIND_NUMERIC ? x->cols[c].num[row] : NAN;
		if (isnan(v))
			continue;
		v = fabs(v) < 1e150 ? v : 0;
		double d = v - m->mean[c];
		m->count[c]++;
		m->mean[c] += d / m->count[c];
		m->square[c] += d * (v - m->mean[c]);
	}
}

/* ---- learning ---- */

static inline double weight_at(const struct online *m, const struct cell *c)
{
	if (m->solver != FTRL)
		return c->w;
	double z = c->w;
	if (fabs(z) <= m->l1)
		return 0;
	return -(z - copysign(m->l1, z)) / ((1 + sqrt(c->sum)) / m->rate + m->l2);
}

static inline void move(const struct online *m, struct cell *c, double g, double sgd_rate)
{
	if (m->solver == SGD) {
		c->w -= sgd_rate * g;
		return;
	}
	double sum = c->sum + g * g;
	if (m->solver == FTRL)
		c->w += g - (sqrt(sum) - sqrt(c->sum)) / m->rate * weight_at(m, c);
	else if (sum > 0)
		c->w -= m->rate / sqrt(sum) * g;
	c->sum = sum;
}

/* The loss of a row with scores f (k) and its derivatives by these to r (k). */
static double row_loss(const struct online *m, double y, const double *f, double *r)
{
	const double one = 1;
	if (m->loss == LOSS_SOFTMAX)
		return loss_softmax(1, m->k, &y, &one, f, r, NULL);
	return loss_rows(m->loss, m->param, 1, &y, &one, f, r, NULL);
}

static void learn_row(struct online *m, const struct entry *e, size_t n, double y, double w, double *f, double *r)
{
	double sgd_rate = m->rate / sqrt(m->rows + 1);
	for (size_t k = 0; k < m->k; k++)
		f[k] = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m->k; k++)
			f[k] += e[i].x * weight_at(m, &m->cells[e[i].feature * m->k + k]);
	for (size_t k = 0; k < m->k; k++)
		f[k] = f[k] > SCORE_MAX ? SCORE_MAX : f[k] < -SCORE_MAX ? -SCORE_MAX : f[k];
	m->lost += w * row_loss(m, y, f, r);
	m->rows += w;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m->k; k++)
			move(m, &m->cells[e[i].feature * m->k + k], w * r[k] * e[i].x, sgd_rate);
}

/* The unit of a quantity: mean and deviation of the first rows. */
static void find_unit(struct online *m, const struct data *d)
{
	size_t n = d->n < FIRST ? d->n : FIRST;
	double mean = 0, var = 0;
	for (size_t i = 0; i < n; i++)
		mean += d->y[data_row(d, i)] / (double)n;
	for (size_t i = 0; i < n; i++) {
		double v = d->y[data_row(d, i)] - mean;
		var += v * v / (double)n;
	}
	m->shift = mean;
	m->unit = var > 0 ? sqrt(var) : 1;
	m->has_unit = true;
}

/* The features of row i of the view to m->next, how many to *n; their weights are fetched. */
static void features_ahead(struct online *m, const struct data *d, size_t i, size_t *n)
{
	size_t row = data_row(d, i), most = most_features(m, d, row);
	if (most > m->room) {
		m->room = most * 2;
		GROW(m->row, m->room);
		GROW(m->next, m->room);
	}
	*n = features_of(m, d, row, m->next);
	for (size_t e = 0; e < *n; e++)
		__builtin_prefetch(&m->cells[m->next[e].feature * m->k], 1);
}

static void begin(struct online *m)
{
	m->cells = NEW0(struct cell, m->nfeatures * m->k);
}

/* Learns from the rows of d in their order; in the first pass their numbers are met. */
static void learn(struct online *m, const struct data *d, bool first)
{
	double *f = NEW(double, 2 * m->k), *r = f + m->k;
	size_t n = 0, ahead = 0;
	if (d->y && !m->has_unit)
		find_unit(m, d);
	for (size_t i = 0; i <= d->n; i++) {
		if (i < d->n) {
			if (first)
				meet_numbers(m, d, data_row(d, i));
			features_ahead(m, d, i, &ahead);
		}
		if (i > 0) {
			size_t row = data_row(d, i - 1);
			double y = d->y ? (d->y[row] - m->shift) / m->unit : (double)d->label[row], w = data_weight(d, i - 1);
			if (w > 0)
				learn_row(m, m->row, n, y, w, f, r);
		}
		struct entry *e = m->row;
		m->row = m->next;
		m->next = e;
		n = ahead;
	}
	free(f);
}

/* The weights as they are now. */
static void settle(struct online *m)
{
	size_t n = m->nfeatures * m->k;
	if (!m->weight)
		m->weight = NEW(double, n);
	for (size_t i = 0; i < n; i++)
		m->weight[i] = weight_at(m, &m->cells[i]);
}

static void end(struct online *m)
{
	settle(m);
	free(m->cells);
	free(m->row);
	free(m->next);
	m->cells = NULL;
	m->row = m->next = NULL;
	m->room = 0;
}

static void predict(const void *fit, const struct data *x, double *out);

static void *fit(const void *options, const struct data *d, struct run *run)
{
	const struct online_opts *o = options;
	struct online *m = make(o, d);
	int passes = run->rounds > 0 ? run->rounds : o->passes;
	size_t n = m->nfeatures * m->k;
	double *best = run->valid ? NEW(double, n) : NULL, *p = NULL;
	if (run->valid)
		p = NEW(double, run->valid->n * data_outputs(run->valid));
	begin(m);
	for (m->passes = 0; m->passes < passes;) {
		learn(m, d, m->passes == 0);
		m->passes++;
		if (run->valid) {
			settle(m);
			predict(m, run->valid, p);
		}
		bool stop = run_round(run, m->passes, passes, m->rows > 0 ? m->lost / m->rows : NAN, p);
		if (best && run->best_round == m->passes)
			memcpy(best, m->weight, n * sizeof(*best));
		if (stop)
			break;
	}
	end(m);
	if (best && run->best_round > 0 && run->best_round < m->passes) {
		memcpy(m->weight, best, n * sizeof(*best));
		m->passes = run->best_round;
	}
	free(best);
	free(p);
	return m;
}

/* ---- in blocks ---- */

static void *stream_begin(const void *options, const struct data *frame)
{
	struct online *m = make(options, frame);
	begin(m);
	return m;
}

static void stream_learn(void *fit, const struct data *block, int pass)
{
	struct online *m = fit;
	learn(m, block, pass == 1);
	m->passes = pass;
}

static double stream_loss(const void *fit)
{
	const struct online *m = fit;
	return m->rows > 0 ? m->lost / m->rows : NAN;
}

static void stream_end(void *fit)
{
	end(fit);
}

static int32_t stream_passes(const void *options)
{
	return ((const struct online_opts *)options)->passes;
}

/* ---- scores ---- */

/* Scores f (k) of a row; parts, when wanted (ncols + ngroups, k), what each column or group adds. */
static void score(const struct online *m, const struct data *x, size_t row, double *f, double *parts)
{
	for (size_t k = 0; k < m->k; k++)
		f[k] = m->weight[k];
	for (size_t c = 0; c < m->ncols; c++) {
		const struct column *col = &x->cols[c];
		bool number = col->kind == KIND_NUMERIC;
		if (!number && col->cat[row] < 0)
			continue;
		size_t at = (m->at[c] + (number ? 0 : (size_t)col->cat[row])) * m->k;
		double v = number ? standardised(m, c, col->num[row]) : 1;
		for (size_t k = 0; k < m->k; k++) {
			f[k] += v * m->weight[at + k];
			if (parts)
				parts[c * m->k + k] += v * m->weight[at + k];
		}
	}
	size_t g = 0, base = m->nfeatures - m->nsparse;
	for (size_t e = m->nsparse ? x->sparse->start[row] : 0; m->nsparse && e < x->sparse->start[row + 1]; e++) {
		size_t j = (size_t)x->sparse->col[e];
		while (parts && j >= x->group[g + 1])
			g++;
		for (size_t k = 0; k < m->k; k++) {
			double v = x->sparse->val[e] * m->weight[(base + j) * m->k + k];
			f[k] += v;
			if (parts)
				parts[(m->ncols + g) * m->k + k] += v;
		}
	}
}

static void predict(const void *fit, const struct data *x, double *out)
{
	const struct online *m = fit;
	double *f = NEW(double, m->k);
	size_t outputs = data_outputs(x);
	for (size_t i = 0; i < x->n; i++) {
		score(m, x, data_row(x, i), f, NULL);
		for (size_t k = 0; k < m->k; k++)
			f[k] = f[k] > SCORE_MAX ? SCORE_MAX : f[k] < -SCORE_MAX ? -SCORE_MAX : f[k];
		loss_predict(m->loss, 1, m->k, f, out + i * outputs);
		if (!x->nclasses)
			out[i] = out[i] * m->unit + m->shift;
	}
	free(f);
}

static void contrib(const void *fit, const struct data *x, double *out)
{
	const struct online *m = fit;
	size_t wide = m->ncols + x->ngroups + 1, n = (wide - 1) * m->k;
	double *f = NEW(double, m->k), *parts = NEW(double, n + 1);
	for (size_t i = 0; i < x->n; i++) {
		memset(parts, 0, n * sizeof(*parts));
		score(m, x, data_row(x, i), f, parts);
		for (size_t k = 0; k < m->k; k++) {
			double *to = out + (i * m->k + k) * wide;
			for (size_t c = 0; c + 1 < wide; c++)
				to[c] = parts[c * m->k + k] * m->unit;
			to[wide - 1] = m->weight[k] * m->unit + m->shift;
		}
	}
	free(f);
	free(parts);
}

static const char *link_of(const void *fit)
{
	enum loss loss = ((const struct online *)fit)->loss;
	return loss == LOSS_LOGISTIC ? "logit" : loss == LOSS_SOFTMAX ? "softmax" : "identity";
}

/* ---- what it is ---- */

static size_t features_in(const struct online *m, size_t c)
{
	return (c + 1 < m->ncols ? m->at[c + 1] : m->nfeatures - m->nsparse) - m->at[c];
}

/* The sum of the sizes of a column's weights. */
static bool importance(const void *fit, const struct data *x, const char *kind, double *out)
{
	const struct online *m = fit;
	size_t base = m->nfeatures - m->nsparse;
	(void)x;
	if (strcmp(kind, "coef") != 0)
		return false;
	memset(out, 0, (m->ncols + m->nsparse) * sizeof(*out));
	for (size_t c = 0; c < m->ncols; c++)
		for (size_t i = m->at[c] * m->k; i < (m->at[c] + features_in(m, c)) * m->k; i++)
			out[c] += fabs(m->weight[i]);
	for (size_t i = 0; i < m->nsparse * m->k; i++)
		out[m->ncols + i / m->k] += fabs(m->weight[base * m->k + i]);
	return true;
}

static void terms(const void *fit, double *out)
{
	const struct online *m = fit;
	const double *w = m->weight + (m->nfeatures - m->nsparse) * m->k;
	for (size_t i = 0; i < m->nsparse * m->k; i++)
		if (m->loss != LOSS_LOGISTIC)
			out[i] = w[i];
		else
			out[2 * i] = -(out[2 * i + 1] = w[i]);
}

static int rounds(const void *fit)
{
	return ((const struct online *)fit)->passes;
}

enum { HOW_UNIT, HOW_SHIFT, HOW_ROWS, HOW_LOST, HOW_PASSES, HOWS };

static void save(const void *fit, struct store *st)
{
	const struct online *m = fit;
	double how[HOWS] = { m->unit, m->shift, m->rows, m->lost, m->passes };
	store_put2(st, "weight", DT_F64, m->nfeatures, m->k, m->weight);
	store_put1(st, "mean", DT_F64, m->ncols, m->mean);
	store_put1(st, "square", DT_F64, m->ncols, m->square);
	store_put1(st, "count", DT_F64, m->ncols, m->count);
	store_put1(st, "how", DT_F64, HOWS, how);
}

/* Copies n numbers, all finite and at least `least`. */
static void load_numbers(const struct store *st, const char *name, const double *from, size_t n, double least, double *to)
{
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(from[i]) || from[i] < least)
			store_bad(st, "tensor '%s' holds %g", name, from[i]);
		to[i] = from[i];
	}
}

static void *load(const void *options, const struct data *x, struct store *st)
{
	struct online *m = make(options, x);
	size_t n = m->ncols, hows = HOWS;
	double how[HOWS];
	load_numbers(st, "mean", store_get1(st, "mean", DT_F64, &n), n, -INFINITY, m->mean);
	load_numbers(st, "square", store_get1(st, "square", DT_F64, &n), n, 0, m->square);
	load_numbers(st, "count", store_get1(st, "count", DT_F64, &n), n, 0, m->count);
	load_numbers(st, "how", store_get1(st, "how", DT_F64, &hows), HOWS, -INFINITY, how);
	if (!(how[HOW_UNIT] > 0) || !(how[HOW_PASSES] >= 0 && how[HOW_PASSES] <= 1e9) || how[HOW_UNIT] > 1e200 ||
	    fabs(how[HOW_SHIFT]) > 1e200)
		store_bad(st, "tensor 'how' makes no sense");
	m->unit = how[HOW_UNIT];
	m->shift = how[HOW_SHIFT];
	m->rows = how[HOW_ROWS];
	m->lost = how[HOW_LOST];
	m->passes = (int)how[HOW_PASSES];
	const double *weight = store_get2(st, "weight", DT_F64, &m->nfeatures, &m->k);
	m->weight = NEW(double, m->nfeatures * m->k);
	load_numbers(st, "weight", weight, m->nfeatures * m->k, -INFINITY, m->weight);
	return m;
}

static void show(const void *fit, const struct data *x, const struct schema *sc, struct json *j)
{
	const struct online *m = fit;
	size_t used = 0;
	(void)x;
	(void)sc;
	for (size_t i = 0; i < m->nfeatures * m->k; i++)
		used += m->weight[i] != 0;
	json_int(j, "passes", m->passes);
	json_num(j, "progressive_loss", stream_loss(m));
	json_int(j, "weights", (int64_t)(m->nfeatures * m->k));
	json_int(j, "weights_used", (int64_t)used);
}

static const char *check(const void *options, const struct data *d)
{
	const struct online_opts *o = options;
	(void)d;
	if ((o->l1 > 0 || o->l2 > 0) && strcmp(o->solver, "ftrl") != 0)
		return "--l1 and --l2 are for --solver ftrl";
	return NULL;
}

static const struct streaming streaming = { stream_begin, stream_learn, stream_loss, stream_end, stream_passes };

const struct family family_online = {
	.name = "online",
	.brief = "linear models that learn row by row, from a stream too",
	.tasks = TASK_REGRESSION | TASK_CLASSES,
	.takes = TAKES_SPARSE,
	.opts = opts,
	.opts_size = sizeof(struct online_opts),
	.details =
		"Logistic or, of several classes, softmax regression, or a linear model of a quantity, learned from one row after "
		"another in their order. Numbers are standardised by what has been seen of them, a quantity by the first rows. The "
		"loss of each row before it is learned from, averaged, is the progressive validation loss. With dls-train --stream the "
		"input may be of any length.",
	.check = check,
	.fit = fit,
	.predict = predict,
	.save = save,
	.load = load,
	.free = free_fit,
	.show = show,
	.importance = importance,
	.contrib = contrib,
	.terms = terms,
	.rounds = rounds,
	.link = link_of,
	.streaming = &streaming,
};
