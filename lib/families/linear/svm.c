/*
 * The family `svm`: linear support vector machines, of several classes one a
 * class against all others. The decision is the sign of the margin (or the
 * greatest margin); probabilities are sigmoids of the margin times one slope,
 * which is the likeliest for margins of rows held out in a small
 * cross-validation, so that they change no decision (Platt 2000, without the
 * offset).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "families/linear/dcd.h"
#include "families/linear/options.h"

#define NEVER (-1e6)		/* margin of a class that no row is of */
#define NO_INTERCEPT 1e12	/* penalty */
#define NEWTON_COLUMNS 1000	/* at most, for Newton's method on the weights */

static const struct opt svm_opts[] = {
	OPT(struct lin_opts, loss, "loss", "LOSS", "squared", "squared|hinge", "of a margin below 1: the square of what is missing, or that itself"),
	OPT(struct lin_opts, l2, "l2", "X", "0.0001", "(0,", "penalty X w^2 / 2 beside the mean loss of a row"),
	OPT(struct lin_opts, standardize, "standardize", NULL, "true", NULL, "penalise coefficients of standardised columns, not of original units"),
	OPT(struct lin_opts, intercept, "intercept", "X", "1", "[0,1e6]",
	    "value of a column whose coefficient, penalised as the others, is the intercept; 0: none"),
	NB_OPTIONS,
	OPT(struct lin_opts, tol, "tol", "X", "0.001", "(0,1]", "stop when no dual gradient is further from another than X"),
	OPT(struct lin_opts, iterations, "iterations", "N", "1000", "[1,1000000]", "at most N passes over the rows"),
	OPT(struct lin_opts, slope_folds, "slope-folds", "K", "3", "[0,100]",
	    "folds by which the slope of probabilities is found; 0: it is 1"),
	OPT_END
};

/* The rows as one sparse matrix: the intercept's column, design columns, terms; 0/1 columns are not centred. */
static struct sparse gather(const struct design *ds, const struct data *d, const struct lin_opts *o)
{
	size_t block = DESIGN_ROWS * ds->ld, base = 1 + ds->p;
	struct sparse x = sparse_new(base + data_nsparse(d));
	double *dense = mem_aligned(block, sizeof(double));
	int32_t *hot = NEW(int32_t, DESIGN_ROWS * ds->nslots + 1);
	for (size_t i0 = 0; i0 < d->n; i0 += DESIGN_ROWS) {
		size_t n = d->n - i0 < DESIGN_ROWS ? d->n - i0 : DESIGN_ROWS;
		design_block(ds, d, i0, n, dense, hot);
		for (size_t i = 0; i < n; i++) {
			size_t row = data_row(d, i0 + i), from = d->sparse ? d->sparse->start[row] : 0, k = 0;
			size_t terms = d->sparse ? d->sparse->start[row + 1] - from : 0;
			sparse_reserve(&x, 1 + ds->nd + ds->nslots + terms);
			int32_t *col = x.col + x.start[x.n];
			double *val = x.val + x.start[x.n];
			for (size_t j = 0; j <= ds->nd; j++) {
				double v = j == 0 ? o->intercept : dense[i * ds->ld + j] * (o->standardize ? 1 : ds->sd[j - 1]);
				col[k] = (int32_t)j;
				val[k] = v;
				k += v != 0;
			}
			for (size_t t = 0; t < ds->nslots; t++) {
				int32_t at = hot[i * ds->nslots + t];
				if (at < 0)
					continue;
				col[k] = at;
				val[k++] = o->standardize ? 1 / ds->sd[at - 1] : 1;
			}
			for (size_t e = 0; e < terms; e++, k++) {
				col[k] = (int32_t)base + d->sparse->col[from + e];
				val[k] = d->sparse->val[from + e];
			}
			sparse_end(&x, k);
		}
	}
	free(dense);
	free(hot);
	return x;
}

/* One to be found: of a class, without the rows of a fold (-1: of all rows). */
struct machine {
	int32_t class, fold;
	double *theta;		/* (q) as in struct glm, of standardised columns */
	double objective;
	int done;
	bool converged, empty;	/* empty: no row of the class has weight */
};

struct svm {
	const struct lin_opts *o;
	const struct data *d;
	const struct glm *g;
	uint64_t seed;
	struct sparse x;	/* for dual coordinate descent; without rows: Newton's method on the weights */
	double **scale;		/* (k) of each class, or NULL */
	int32_t *fold;		/* (n) 0 .. slope_folds - 1 */
	size_t k;		/* classes, 1 for two */
	struct machine *machines;
	double *margin;		/* (n, k) of rows held out */
};

/* The class whose rows are the positive ones of machine c. */
static int32_t class_of(const struct svm *s, size_t c)
{
	return s->k == 1 ? 1 : (int32_t)c;
}

/* Weights of the gathered columns, in place, to parameters of centred and standardised ones. */
static void to_theta(const struct svm *s, double *w)
{
	const struct design *ds = s->g->ds;
	w[0] *= s->o->intercept;
	for (size_t j = 0; j < ds->p; j++) {
		if (!s->o->standardize)
			w[1 + j] *= ds->sd[j];
		if (ds->level[j] >= 0)
			w[0] += w[1 + j] / ds->sd[j] * ds->mean[j];
	}
}

/* The rows (n) that the machine may see, and whether its class has one with weight. */
static size_t rows_of(const struct svm *s, struct machine *to, uint32_t *rows)
{
	size_t n = 0;
	to->empty = s->k > 1;
	for (size_t i = 0; i < s->d->n; i++) {
		if (s->fold[i] == to->fold)
			continue;
		to->empty = to->empty && !(s->d->label[data_row(s->d, i)] == to->class && data_weight(s->d, i) > 0);
		rows[n++] = (uint32_t)i;
	}
	return n;
}

static void by_dual(const struct svm *s, struct machine *to, const uint32_t *rows, size_t n, size_t number)
{
	double *y = NEW(double, n), *c = NEW(double, n), weight = 0;
	for (size_t i = 0; i < n; i++) {
		y[i] = s->d->label[data_row(s->d, rows[i])] == class_of(s, (size_t)to->class) ? 1 : -1;
		c[i] = data_weight(s->d, rows[i]);
		weight += c[i];
	}
	for (size_t i = 0; i < n; i++)
		c[i] = weight > 0 ? c[i] / weight / s->o->l2 : 0;
	struct dcd m = { .x = &s->x, .scale = s->scale ? s->scale[to->class] : NULL, .rows = rows, .n = n, .y = y, .c = c,
			 .hinge = strcmp(s->o->loss, "hinge") == 0, .tol = s->o->tol, .iterations = s->o->iterations,
			 .rng = rng_at(s->seed, "svm", number), .w = NEW(double, s->x.ncols) };
	dcd(&m);
	for (size_t i = 0; to->fold >= 0 && i < s->d->n; i++)
		if (s->fold[i] == to->fold)
			s->margin[i * s->k + (size_t)to->class] = sparse_dot(&s->x, i, m.w);
	to_theta(s, m.w);
	to->theta = m.w;
	to->objective = m.objective * s->o->l2;
	to->done = m.done;
	to->converged = m.converged;
	free(y);
	free(c);
}

/* With few columns and the squared loss, where dual coordinate descent is slow. */
static void by_newton(const struct svm *s, struct machine *to, const uint32_t *rows, size_t n)
{
	struct data train = *s->d, held = *s->d;
	uint32_t *in = NEW(uint32_t, s->d->n), *out = in + n;
	for (size_t i = 0; i < n; i++)
		in[i] = (uint32_t)data_row(s->d, rows[i]);
	for (size_t i = 0, k = 0; i < s->d->n; i++)
		if (s->fold[i] == to->fold)
			out[k++] = (uint32_t)data_row(s->d, i);
	train.rows = in;
	train.n = n;
	held.rows = out;
	held.n = s->d->n - n;
	struct glm *g = glm_new(&train, LOSS_MARGIN, 0, false, 0, 1);
	to->theta = NEW0(double, g->m);
	glm_against(g, class_of(s, (size_t)to->class));
	glm_penalty(g, 0, s->o->l2, s->o->standardize);
	g->l2[0] = s->o->intercept > 0 ? s->o->l2 / s->o->intercept / s->o->intercept : NO_INTERCEPT;
	struct solve m = { .solver = SOLVE_NEWTON, .iterations = s->o->iterations, .tol = s->o->tol * 1e-3 };
	solve(&m, g, to->theta);
	struct lin *lin = lin_from(g, to->theta, s->d);
	double *margin = NEW(double, held.n);
	lin_scores(lin, &held, margin);
	for (size_t i = 0, k = 0; i < s->d->n; i++)
		if (s->fold[i] == to->fold)
			s->margin[i * s->k + (size_t)to->class] = margin[k++];
	to->objective = m.objective;
	to->done = m.done;
	to->converged = m.converged;
	free(margin);
	lin_free(lin);
	glm_free(g);
	free(in);
}

static void run_machine(void *ctx, size_t number, int worker)
{
	struct svm *s = ctx;
	struct machine *to = &s->machines[number];
	uint32_t *rows = NEW(uint32_t, s->d->n);
	size_t n = rows_of(s, to, rows);
	(void)worker;
	if (s->x.start)
		by_dual(s, to, rows, n, number);
	else
		by_newton(s, to, rows, n);
	if (to->empty)
		to->theta[0] = NEVER;
	free(rows);
}

/* Mean log loss of the held-out margins with a slope. */
static double slope_loss(const struct svm *s, double slope)
{
	size_t k = s->k;
	double sum = 0, *f = NEW(double, k), *p = NEW(double, k + 1);
	for (size_t i = 0; i < s->d->n; i++) {
		int32_t label = s->d->label[data_row(s->d, i)];
		for (size_t c = 0; c < k; c++)
			f[c] = slope * s->margin[i * k + c];
		loss_predict(k == 1 ? LOSS_LOGISTIC : LOSS_EACH, 1, k, f, p);
		sum -= s->g->w[i] * log(fmax(p[label], 1e-300));
	}
	free(f);
	free(p);
	return sum;
}

/* The likeliest slope, from 2^-10 to 2^10, by golden section over its logarithm. */
static double find_slope(const struct svm *s)
{
	const double golden = 0.6180339887498949;
	double lo = -10, hi = 10, a = hi - golden * (hi - lo), b = lo + golden * (hi - lo);
	double fa = slope_loss(s, exp2(a)), fb = slope_loss(s, exp2(b));
	while (hi - lo > 1e-4) {
		if (fa <= fb) {
			hi = b;
			b = a;
			fb = fa;
			a = hi - golden * (hi - lo);
			fa = slope_loss(s, exp2(a));
		} else {
			lo = a;
			a = b;
			fa = fb;
			b = lo + golden * (hi - lo);
			fb = slope_loss(s, exp2(b));
		}
	}
	return exp2(0.5 * (lo + hi));
}

/* The machines (k), one for each class, as a linear model. */
static struct lin *to_lin(const struct svm *s)
{
	struct glm all = *s->g;
	double *theta = NEW(double, s->k * all.q);
	for (size_t c = 0; c < s->k; c++)
		memcpy(theta + c * all.q, s->machines[c].theta, all.q * sizeof(*theta));
	all.k = s->k;
	all.loss = s->k == 1 ? LOSS_LOGISTIC : LOSS_EACH;
	struct lin *m = lin_from(&all, theta, s->d);
	m->converged = true;
	for (size_t c = 0; c < s->k; c++) {
		m->objective += s->machines[c].objective;
		m->iterations = s->machines[c].done > m->iterations ? s->machines[c].done : m->iterations;
		m->converged = m->converged && s->machines[c].converged;
	}
	free(theta);
	return m;
}

/* Of each class, what naive Bayes says of the terms, and 1 for other columns. */
static double **ratios(const struct svm *s)
{
	double **scale = NEW(double *, s->k);
	for (size_t c = 0; c < s->k; c++) {
		double *ratio = nb_ratio(s->d, class_of(s, c), s->o->nb_smooth);
		scale[c] = NEW(double, s->g->q);
		for (size_t j = 0; j < s->g->q; j++)
			scale[c][j] = j < s->g->qd ? 1 : ratio[j - s->g->qd];
		free(ratio);
	}
	return scale;
}

static void svm_free(struct svm *s, size_t machines)
{
	for (size_t t = 0; t < machines; t++)
		free(s->machines[t].theta);
	for (size_t c = 0; s->scale && c < s->k; c++)
		free(s->scale[c]);
	free(s->scale);
	free(s->machines);
	free(s->margin);
	free(s->fold);
	sparse_free(&s->x);
}

static const char *check(const void *opts, const struct data *d)
{
	const struct lin_opts *o = opts;
	if (o->nb_weights && !data_nsparse(d))
		return "--nb-weights are of terms, and there are no texts";
	return d->n > UINT32_MAX ? "more than 4294967295 rows" : NULL;
}

static void *fit(const void *opts, const struct data *d, struct run *run)
{
	const struct lin_opts *o = opts;
	struct glm *g = glm_new(d, LOSS_MARGIN, 0, false, 0, run->threads);
	bool newton = strcmp(o->loss, "squared") == 0 && g->q == g->qd && g->q <= NEWTON_COLUMNS;
	struct svm s = { .o = o, .d = d, .g = g, .seed = run->seed, .fold = NEW(int32_t, d->n),
			 .k = d->nclasses == 2 ? 1 : (size_t)d->nclasses };
	size_t folds = o->slope_folds < 2 || d->n < (size_t)o->slope_folds ? 0 : (size_t)o->slope_folds, n = s.k * (folds + 1);
	if (!newton)
		s.x = gather(g->ds, d, o);
	if (o->nb_weights)
		s.scale = ratios(&s);
	s.margin = NEW0(double, d->n * s.k);
	s.machines = NEW0(struct machine, n);
	for (size_t t = 0; t < n; t++)	/* those of all rows come first */
		s.machines[t] = (struct machine){ .class = (int32_t)(t % s.k), .fold = (int32_t)(t / s.k) - 1 };
	lin_folds(d, rng_at(run->seed, "svm.slope", 0), folds ? (int32_t)folds : 1, s.fold);
	par_for(run->threads, n, run_machine, &s);
	struct lin *m = to_lin(&s);
	m->slope = folds ? find_slope(&s) : 1;
	if (run->fold <= 1)
		note(1, "l2=%g: liblinear -c %.10g -B %g; objective %.10g, %d passes, slope %.4g", o->l2, 1 / (g->wsum * o->l2),
		     o->intercept, m->objective, m->iterations, m->slope);
	if (!m->converged && run->fold <= 1)
		warn("the solver stopped after %d passes before it reached --tol: more --iterations or a larger --l2 may help",
		     m->iterations);
	svm_free(&s, n);
	glm_free(g);
	return m;
}

static void *load(const void *opts, const struct data *x, struct store *st)
{
	struct lin *m = lin_load(x->nclasses == 2 ? LOSS_LOGISTIC : LOSS_EACH, x, st);
	size_t one = 1;
	(void)opts;
	if (store_has(st, "slope"))
		m->slope = *(const double *)store_get1(st, "slope", DT_F64, &one);
	if (!(m->slope >= 1e-6 && m->slope <= 1e6))
		store_bad(st, "the slope of its probabilities is %g", m->slope);
	return m;
}

const struct family family_svm = {
	.name = "svm",
	.brief = "linear support vector machines",
	.tasks = TASK_CLASSES,
	.takes = TAKES_SPARSE,
	.opts = svm_opts,
	.opts_size = sizeof(struct lin_opts),
	.details =
		"The objective is the weighted mean over rows of what the margin lacks to 1, or of its square, plus l2 / 2 times the "
		"sum of squared coefficients, by dual coordinate descent; several classes are taken one against all others. Columns "
		"are treated as by logistic. The prediction is the sign of the margin, or the greatest margin; probabilities are "
		"sigmoids of the margin times a slope, the likeliest for rows held out in a small cross-validation, and change no "
		"decision.",
	.check = check,
	.fit = fit,
	.predict = lin_predict,
	.save = lin_save,
	.load = load,
	.free = lin_free,
	.show = lin_show,
	.importance = lin_importance,
	.contrib = lin_contrib,
	.terms = lin_speak,
	.link = lin_link,
};
