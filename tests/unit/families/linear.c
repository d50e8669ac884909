/*
 * linear and logistic: every solver against golden numbers of scikit-learn and
 * glmnet, the design against a dense one, and data that are out to hurt.
 */
#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/rng.h"
#include "families/linear/lin.h"

#define GOLDEN "tests/golden/linear.txt"

struct golden {
	size_t n, p;
	struct column *cols;
	double *y, *count, *w;
	int32_t *c2, *c3;
	FILE *f;
};

static struct golden golden_open(void)
{
	struct golden g = { .f = fopen(GOLDEN, "r") };
	double v[5];
	ck_assert_msg(g.f != NULL, "run from the top of the tree: " GOLDEN " is not there");
	ck_assert_int_eq(fscanf(g.f, "data %zu %zu", &g.n, &g.p), 2);
	g.cols = NEW0(struct column, g.p);
	for (size_t j = 0; j < g.p; j++)
		g.cols[j] = (struct column){ .name = "x", .kind = KIND_NUMERIC, .num = NEW(double, g.n) };
	g.y = NEW(double, g.n);
	g.count = NEW(double, g.n);
	g.w = NEW(double, g.n);
	g.c2 = NEW(int32_t, g.n);
	g.c3 = NEW(int32_t, g.n);
	for (size_t i = 0; i < g.n; i++) {
		for (size_t j = 0; j < g.p; j++)
			ck_assert_int_eq(fscanf(g.f, "%lf", &g.cols[j].num[i]), 1);
		ck_assert_int_eq(fscanf(g.f, "%lf %lf %lf %lf %lf", &v[0], &v[1], &v[2], &v[3], &v[4]), 5);
		g.y[i] = v[0];
		g.c2[i] = (int32_t)v[1];
		g.c3[i] = (int32_t)v[2];
		g.count[i] = v[3];
		g.w[i] = v[4];
	}
	return g;
}

static void golden_close(struct golden *g)
{
	for (size_t j = 0; j < g->p; j++)
		free(g->cols[j].num);
	free(g->cols);
	free(g->y);
	free(g->count);
	free(g->w);
	free(g->c2);
	free(g->c3);
	fclose(g->f);
}

struct golden_case {
	char name[64], loss[16];
	double l1, l2, param, objective, b[3][6];
	int standardize, weighted, k;
};

static bool golden_next(struct golden *g, struct golden_case *c)
{
	if (fscanf(g->f, " case %63s %15s %lf %lf %lf %d %d %d %lf", c->name, c->loss, &c->l1, &c->l2, &c->param,
		   &c->standardize, &c->weighted, &c->k, &c->objective) != 9)
		return false;
	for (int k = 0; k < c->k; k++)
		for (size_t j = 0; j <= g->p; j++)
			ck_assert_int_eq(fscanf(g->f, "%lf", &c->b[k][j]), 1);
	return true;
}

static const char *const losses[] = { "squared", "huber", "quantile", "poisson", "logistic", "softmax" };

static enum loss loss_named(const char *name)
{
	size_t i = 0;
	while (strcmp(losses[i], name) != 0)
		i++;
	return (enum loss)i;
}

/* Defaults, and what text says: "name=value name=value". */
static struct lin_opts options_of(const struct family *f, const char *text)
{
	struct lin_opts o;
	memset(&o, 0, sizeof(o));
	opt_defaults(f->opts, &o);
	while (*text) {
		size_t name = strcspn(text, "="), value = strcspn(text + name + 1, " ");
		char *v = mem_strn(text + name + 1, value);
		ck_assert(opt_set(opt_find(f->opts, text, name), &o, v) == NULL);
		free(v);
		text += name + 1 + value;
		text += strspn(text, " ");
	}
	return o;
}

static struct data frame(const struct golden *g, enum loss loss, bool weighted)
{
	struct data d = { .n = g->n, .ncols = g->p, .cols = g->cols, .task = TASK_REGRESSION, .w = weighted ? g->w : NULL };
	if (loss >= LOSS_LOGISTIC) {
		d.task = loss == LOSS_LOGISTIC ? TASK_BINARY : TASK_MULTICLASS;
		d.nclasses = loss == LOSS_LOGISTIC ? 2 : 3;
		d.label = loss == LOSS_LOGISTIC ? g->c2 : g->c3;
	} else {
		d.y = loss == LOSS_POISSON ? g->count : g->y;
	}
	return d;
}

static struct lin *fit_case(const struct golden *g, const struct golden_case *c, const char *solver, int threads)
{
	enum loss loss = loss_named(c->loss);
	struct lin_opts o = options_of(loss >= LOSS_LOGISTIC ? &family_logistic : &family_linear, "");
	struct data d = frame(g, loss, c->weighted);
	struct run run = { .seed = 1, .threads = threads };
	o.l1 = c->l1;
	o.l2 = c->l2;
	o.standardize = c->standardize;
	ck_assert(opt_set(opt_find(family_linear.opts, "solver", 6), &o, solver) == NULL);
	if (strcmp(solver, "gd") == 0)
		o.iterations = 200000;
	struct lin *m = lin_fit(&o, loss, c->param, &d, &run);
	opt_free(loss >= LOSS_LOGISTIC ? family_logistic.opts : family_linear.opts, &o);
	return m;
}

/* The largest error of a coefficient, in units where the column has deviation 1. */
static double error_of(const struct golden *g, const struct golden_case *c, const struct lin *m)
{
	double most = 0;
	for (size_t k = 0; k < m->k; k++) {
		double intercept = m->bias[k];
		for (size_t j = 0; j < g->p; j++) {
			intercept -= m->weight[k * g->p + j] * m->mean[j];
			most = fmax(most, fabs(m->weight[k * g->p + j] - c->b[k][1 + j]) * m->sd[j]);
		}
		most = fmax(most, fabs(intercept - c->b[k][0]) / (1 + fabs(c->b[k][0])));
	}
	return most;
}

static void check_solver(const char *solver, double tol)
{
	struct golden g = golden_open();
	struct golden_case c;
	int cases = 0;
	while (golden_next(&g, &c)) {
		bool descent = strcmp(solver, "gd") == 0, quantile = strcmp(c.loss, "quantile") == 0;
		if ((quantile && strcmp(solver, "auto") != 0) || (descent && strcmp(c.name, "enet_raw") == 0))
			continue;
		struct lin *m = fit_case(&g, &c, solver, 1);
		double e = error_of(&g, &c, m);
		ck_assert_msg(m->objective <= c.objective + 1e-9 * (1 + c.objective), "%s by %s: objective %.12g, not %.12g",
			      c.name, solver, m->objective, c.objective);
		ck_assert_msg(e < tol, "%s by %s: a coefficient is off by %g", c.name, solver, e);
		ck_assert_msg(m->converged, "%s by %s did not converge in %d", c.name, solver, m->iterations);
		lin_free(m);
		cases++;
	}
	ck_assert_int_ge(cases, 19);
	golden_close(&g);
}

START_TEST(newton_equals_golden) { check_solver("auto", 1e-5); check_solver("newton", 1e-5); } END_TEST
START_TEST(cd_equals_golden) { check_solver("cd", 1e-5); } END_TEST
START_TEST(lbfgs_equals_golden) { check_solver("lbfgs", 1e-5); } END_TEST
START_TEST(gd_equals_golden) { check_solver("gd", 1e-5); } END_TEST

/* A table of two numbers (one with holes), a category of 4 levels with holes, one of 2, a constant, an empty column. */
#define ROWS 700
struct mixed {
	struct column cols[6];
	double y[ROWS], w[ROWS];
	int32_t label[ROWS];
	struct data d;
};

static struct mixed *mixed_new(void)
{
	static const char *levels[] = { "a", "b", "c", "never" };
	struct mixed *t = NEW0(struct mixed, 1);
	struct rng r = rng_at(5, "mixed", 0);
	for (size_t j = 0; j < 6; j++) {
		bool cat = j == 2 || j == 3;
		t->cols[j] = (struct column){ .name = "c", .kind = cat ? KIND_CATEGORY : KIND_NUMERIC, .levels = levels,
					      .nlevels = !cat ? 0 : j == 2 ? 4 : 2, .num = cat ? NULL : NEW(double, ROWS),
					      .cat = cat ? NEW(int32_t, ROWS) : NULL };
	}
	for (size_t i = 0; i < ROWS; i++) {
		double a = t->cols[0].num[i] = 50 + 10 * rng_normal(&r);
		double b = t->cols[1].num[i] = rng_double(&r) < 0.2 ? (double)NAN : rng_normal(&r);
		int32_t c = t->cols[2].cat[i] = (int32_t)rng_below(&r, 4) - 1, e = t->cols[3].cat[i] = (int32_t)rng_below(&r, 2);
		t->cols[4].num[i] = 3;
		t->cols[5].num[i] = NAN;
		t->w[i] = i % 10 ? rng_double(&r) : 0;
		t->y[i] = 0.1 * a + (isnan(b) ? 1 : b) + c - e + rng_normal(&r);
		t->label[i] = t->y[i] > 7 ? 2 : t->y[i] > 4 ? 1 : 0;
	}
	t->d = (struct data){ .n = ROWS, .ncols = 6, .cols = t->cols, .task = TASK_REGRESSION, .y = t->y, .w = t->w };
	return t;
}

static void mixed_free(struct mixed *t)
{
	for (size_t j = 0; j < 6; j++) {
		free(t->cols[j].num);
		free(t->cols[j].cat);
	}
	free(t);
}

/* The standardised design, row-major (n, p), by its definition and the table's cells. */
static double *dense_design(const struct design *ds, const struct data *d)
{
	double *z = NEW(double, d->n * ds->p);
	for (size_t i = 0; i < d->n; i++)
		for (size_t j = 0; j < ds->p; j++) {
			const struct column *c = &d->cols[ds->col[j]];
			size_t row = data_row(d, i);
			double x;
			if (ds->level[j] == DESIGN_VALUE)
				x = isnan(c->num[row]) ? ds->mean[j] : c->num[row];
			else if (c->kind == KIND_NUMERIC)
				x = isnan(c->num[row]);
			else
				x = ds->level[j] == (c->cat[row] < 0 ? c->nlevels : c->cat[row]);
			z[i * ds->p + j] = (x - ds->mean[j]) / ds->sd[j];
		}
	return z;
}

START_TEST(design_is_standardised)
{
	struct mixed *t = mixed_new();
	for (int drop = 0; drop < 2; drop++) {
		struct design *ds = design_new(&t->d, drop, 0, 2);
		/* a, b, b=(missing), four states of c (three when dropped), one of e */
		ck_assert_uint_eq(ds->p, drop ? 7 : 8);
		double *z = dense_design(ds, &t->d);
		for (size_t j = 0; j < ds->p; j++) {
			double w = 0, m = 0, ss = 0;
			for (size_t i = 0; i < ROWS; i++) {
				w += t->w[i];
				m += t->w[i] * z[i * ds->p + j];
				ss += t->w[i] * z[i * ds->p + j] * z[i * ds->p + j];
			}
			ck_assert(fabs(m / w) < 1e-12 && fabs(ss / w - 1) < 1e-12);
		}
		free(z);
		design_free(ds);
	}
	mixed_free(t);
}
END_TEST

/* Scores, gradient and Hessian by blocks and slots, and scores of the model made of theta, equal those of a dense design by loops. */
static void check_glm(enum loss loss, int32_t classes)
{
	struct mixed *t = mixed_new();
	t->d.nclasses = classes;
	if (classes) {
		t->d.y = NULL;
		t->d.label = t->label;
		for (size_t i = 0; i < ROWS; i++)
			t->label[i] = t->label[i] < classes ? t->label[i] : classes - 1;
	}
	for (size_t i = 0; i < ROWS; i++)
		t->y[i] = loss == LOSS_POISSON ? fabs(t->y[i]) : t->y[i];
	struct glm *g = glm_new(&t->d, loss, 0.7, false, 0, 3);
	size_t m = g->m, p = g->ds->p;
	double *z = dense_design(g->ds, &t->d), *theta = NEW(double, m), *grad = NEW(double, m), *hess = NEW(double, m * m);
	double *want = NEW0(double, m), *wanth = NEW0(double, m * m), f = 0;
	struct rng r = rng_at(2, "theta", 0);
	glm_penalty(g, 0, 0.3, true);
	for (size_t a = 0; a < m; a++)
		theta[a] = 0.3 * rng_normal(&r);
	double got = glm_loss(g, theta, grad, hess) + glm_l2(g, theta, grad), *scores = NEW(double, ROWS * g->k);
	struct lin *model = lin_from(g, theta, &t->d);
	lin_scores(model, &t->d, scores);
	for (size_t i = 0; i < ROWS; i++) {
		double s[3], d1[3], h[3];
		for (size_t k = 0; k < g->k; k++) {
			s[k] = theta[k * g->q];
			for (size_t j = 0; j < p; j++)
				s[k] += theta[k * g->q + 1 + j] * z[i * p + j];
			ck_assert(fabs(scores[i * g->k + k] - s[k] * g->unit) < 1e-12 * g->unit);
		}
		f += g->k > 1 ? loss_softmax(1, g->k, g->y + i, g->w + i, s, d1, h)
			      : loss_rows(loss, g->param, 1, g->y + i, g->w + i, s, d1, h);
		for (size_t a = 0; a < m; a++) {
			double za = a % g->q ? z[i * p + a % g->q - 1] : 1;
			size_t k = a / g->q;
			want[a] += d1[k] * za;
			for (size_t b = 0; b < m; b++) {
				double zb = b % g->q ? z[i * p + b % g->q - 1] : 1;
				size_t l = b / g->q;
				double hkl = g->k == 1 ? h[0] : g->w[i] * (k == l ? h[k] * (1 - h[k]) : -h[k] * h[l]);
				wanth[a * m + b] += hkl * za * zb;
			}
		}
	}
	for (size_t a = 0; a < m; a++) {
		f += 0.15 * (a % g->q ? theta[a] * theta[a] : 0);
		want[a] += a % g->q ? 0.3 * theta[a] : 0;
		ck_assert(fabs(grad[a] - want[a]) < 1e-12 * (1 + fabs(want[a])));
		for (size_t b = 0; b < m; b++)
			ck_assert(fabs(hess[a * m + b] - wanth[a * m + b]) < 1e-11 * (1 + fabs(wanth[a * m + b])));
	}
	ck_assert(fabs(got - f) < 1e-12 * (1 + f));
	free(z);
	free(theta);
	free(grad);
	free(hess);
	free(want);
	free(wanth);
	free(scores);
	lin_free(model);
	glm_free(g);
	mixed_free(t);
}

START_TEST(passes_equal_a_dense_design)
{
	check_glm(LOSS_SQUARED, 0);
	check_glm(LOSS_HUBER, 0);
	check_glm(LOSS_POISSON, 0);
	check_glm(LOSS_LOGISTIC, 2);
	check_glm(LOSS_SOFTMAX, 3);
}
END_TEST

static struct lin *fit_mixed(const struct mixed *t, const char *options, int threads, struct run *run)
{
	const struct family *f = t->d.label ? &family_logistic : &family_linear;
	struct lin_opts o = options_of(f, options);
	run->seed = 3;
	run->threads = threads;
	struct lin *m = f->fit(&o, &t->d, run);
	opt_free(f->opts, &o);
	return m;
}

START_TEST(same_bytes_for_any_threads)
{
	static const char *const how[] = { "", "l1=0.01 solver=cd", "solver=lbfgs l1=0.01", "solver=gd iterations=20",
					   "solver=sgd iterations=2", "path=5 path-folds=3", "objective=quantile",
					   "knots=5" };
	struct mixed *t = mixed_new();
	for (size_t i = 0; i < sizeof(how) / sizeof(*how); i++) {
		struct run a = { 0 }, b = { 0 };
		struct lin *one = fit_mixed(t, how[i], 1, &a), *three = fit_mixed(t, how[i], 3, &b);
		ck_assert_msg(memcmp(one->weight, three->weight, one->p * sizeof(double)) == 0, "%s", how[i]);
		ck_assert_msg(one->bias[0] == three->bias[0] && one->objective == three->objective, "%s", how[i]);
		lin_free(one);
		lin_free(three);
	}
	mixed_free(t);
}
END_TEST

START_TEST(contributions_sum_to_the_score)
{
	struct mixed *t = mixed_new();
	struct run run = { 0 };
	struct lin *m = fit_mixed(t, "l2=0.01 knots=2", 1, &run);
	double *f = NEW(double, ROWS), *c = NEW(double, ROWS * 7), mean = 0, w = 0;
	lin_scores(m, &t->d, f);
	lin_contrib(m, &t->d, c);
	for (size_t i = 0; i < ROWS; i++) {
		double s = 0;
		for (size_t j = 0; j < 7; j++)
			s += c[i * 7 + j];
		ck_assert(fabs(s - f[i]) < 1e-12);
		ck_assert(c[i * 7 + 4] == 0 && c[i * 7 + 5] == 0);
		mean += t->w[i] * c[i * 7];
		w += t->w[i];
	}
	ck_assert(fabs(mean / w) < 1e-12);	/* the average row's contributions are 0 */
	t->cols[2].cat[0] = 3;			/* a level that training never saw: the average row's share */
	lin_contrib(m, &t->d, c);
	ck_assert(c[2] == 0);
	free(f);
	free(c);
	lin_free(m);
	mixed_free(t);
}
END_TEST

START_TEST(path_begins_at_zero_and_equals_single_fits)
{
	struct mixed *t = mixed_new();
	for (int classes = 0; classes < 4; classes += 3) {
		struct run run = { 0 };
		t->d.nclasses = classes;
		t->d.label = classes ? t->label : NULL;
		t->d.y = classes ? NULL : t->y;
		struct lin *m = fit_mixed(t, "path=12 mix=0.8", 1, &run);
		size_t width = m->k * m->p;
		for (size_t j = 0; j < width; j++)
			ck_assert(fabs(m->path_weight[j]) * m->sd[j % m->p] < 1e-7);
		double most = 0;
		for (size_t j = 0; j < width; j++)
			most = fmax(most, fabs(m->path_weight[width + j]));
		ck_assert(most > 0);
		for (size_t i = 2; i < 12; i += 4) {
			char options[100];
			snprintf(options, sizeof(options), "l1=%.17g l2=%.17g", 0.8 * m->lambda[i], 0.2 * m->lambda[i]);
			struct lin *one = fit_mixed(t, options, 1, &run);
			for (size_t j = 0; j < width; j++)
				ck_assert(fabs(one->weight[j] - m->path_weight[i * width + j]) * m->sd[j % m->p] < 1e-5);
			lin_free(one);
		}
		ck_assert(memcmp(m->weight, m->path_weight + m->chosen * width, width * sizeof(double)) == 0);
		for (size_t i = 0; i < m->npath; i++)
			ck_assert(m->cv[2 * m->chosen] <= m->cv[2 * i]);
		struct lin *strict = fit_mixed(t, "path=12 mix=0.8 path-rule=1se", 1, &run);
		ck_assert_uint_le(strict->chosen, m->chosen);
		ck_assert(m->cv[2 * strict->chosen] <= m->cv[2 * m->chosen] + m->cv[2 * m->chosen + 1]);
		lin_free(strict);
		lin_free(m);
	}
	mixed_free(t);
}
END_TEST

START_TEST(sgd_comes_near)
{
	static const char *const schedules[] = { "constant", "inv", "sqrt", "cosine" };
	struct mixed *t = mixed_new();
	struct run run = { 0 };
	struct lin *best = fit_mixed(t, "", 1, &run);
	for (size_t i = 0; i < 4; i++) {
		char options[100];
		snprintf(options, sizeof(options), "solver=sgd iterations=200 schedule=%s", schedules[i]);
		struct lin *m = fit_mixed(t, options, 1, &run);
		ck_assert_msg(m->objective < best->objective * 1.02, "%s: %g, not %g", schedules[i], m->objective, best->objective);
		ck_assert_int_eq(lin_rounds(m), 200);
		lin_free(m);
	}
	lin_free(best);
	mixed_free(t);
}
END_TEST

/* l2 = 0 where the minimum is at infinity, columns twice, huge scales: finite and, where there is a minimum, found. */
START_TEST(hard_data)
{
	struct golden g = golden_open();
	struct run run = { .threads = 1 };
	struct lin_opts o = options_of(&family_logistic, "l2=0");
	struct data d = frame(&g, LOSS_LOGISTIC, false);
	verbosity = -1;
	for (size_t i = 0; i < g.n; i++)
		g.c2[i] = g.cols[0].num[i] > 0;
	struct lin *m = lin_fit(&o, LOSS_LOGISTIC, 0, &d, &run);
	for (size_t j = 0; j < m->p; j++)
		ck_assert(isfinite(m->weight[j]));
	ck_assert(m->objective < 1e-6);
	lin_free(m);

	struct column twice[6];
	memcpy(twice, g.cols, 5 * sizeof(*twice));
	twice[5] = g.cols[1];
	struct data e = frame(&g, LOSS_SQUARED, false);
	struct lin_opts ol = options_of(&family_linear, "l2=0");
	struct lin *one = lin_fit(&ol, LOSS_SQUARED, 0, &e, &run);
	e.cols = twice;
	e.ncols = 6;
	m = lin_fit(&ol, LOSS_SQUARED, 0, &e, &run);
	ck_assert(m->converged && fabs(m->objective - one->objective) < 1e-10);
	lin_free(m);

	e = frame(&g, LOSS_SQUARED, false);
	for (size_t i = 0; i < g.n; i++) {
		g.y[i] *= 1e200;
		g.cols[0].num[i] *= 1e300;
	}
	m = lin_fit(&ol, LOSS_SQUARED, 0, &e, &run);
	ck_assert(m->converged);
	for (size_t j = 1; j < 5; j++)
		ck_assert(fabs(m->weight[j] / 1e200 - one->weight[j]) < 1e-9 * (1 + fabs(one->weight[j])));
	ck_assert(fabs(m->weight[0] * 1e100 - one->weight[0]) < 1e-9);
	lin_free(m);
	lin_free(one);
	opt_free(family_logistic.opts, &o);
	opt_free(family_linear.opts, &ol);
	golden_close(&g);
}
END_TEST

/* Knots are quantiles, and give what columns of hinges would; a constant and a number of two values have none. */
START_TEST(knots_equal_columns_of_hinges)
{
	struct mixed *t = mixed_new();
	struct run run = { 0 };
	struct column cols[7];
	double *f = NEW(double, ROWS), *f2 = NEW(double, ROWS), knots[3];
	size_t found = 0;
	for (size_t i = 0; i < ROWS; i++)
		t->cols[4].num[i] = i % 3 == 0;
	t->d.ncols = 5;
	struct lin *m = fit_mixed(t, "knots=3 l2=0.01", 1, &run);
	for (size_t j = 0; j < m->p; j++)
		if (m->level[j] == DESIGN_HINGE) {
			size_t below = 0, all = 0;
			for (size_t i = 0; i < ROWS; i++) {
				double v = t->cols[m->col[j]].num[i];
				all += t->w[i] > 0 && !isnan(v);
				below += t->w[i] > 0 && v < m->knot[j];
			}
			ck_assert_int_lt(m->col[j], 2);
			ck_assert(fabs((double)below / (double)all - 0.25 * (double)(found % 3 + 1)) < 0.005);
			knots[found++ % 3] = m->knot[j];
			if (m->col[j] == 0)
				cols[4 + found - 1] = (struct column){ .name = "h", .num = NEW(double, ROWS) };
		}
	ck_assert_uint_eq(found, 6);
	lin_free(m);
	memcpy(cols, t->cols, sizeof(*cols));		/* a, and three hinges of it, against a with knots */
	t->d.ncols = 1;
	m = fit_mixed(t, "knots=3 l2=0.01", 1, &run);
	for (size_t j = 1; j < 4; j++) {
		knots[j - 1] = m->knot[j];
		cols[j] = cols[3 + j];
		for (size_t i = 0; i < ROWS; i++)
			cols[j].num[i] = fmax(0, t->cols[0].num[i] - knots[j - 1]);
	}
	lin_scores(m, &t->d, f);
	t->d.cols = cols;
	t->d.ncols = 4;
	struct lin *m2 = fit_mixed(t, "l2=0.01", 1, &run);
	lin_scores(m2, &t->d, f2);
	for (size_t i = 0; i < ROWS; i++)
		ck_assert(fabs(f[i] - f2[i]) < 1e-8);
	for (size_t j = 1; j < 4; j++)
		free(cols[j].num);
	free(f);
	free(f2);
	lin_free(m);
	lin_free(m2);
	mixed_free(t);
}
END_TEST

/* min mean loss(y, f) + l2 |b|^2 / 2: with 1000 y, a quantile's b is 1000 b for l2 / 1000, huber's for the same l2 and 1000 delta. */
START_TEST(units_of_the_target)
{
	struct mixed *t = mixed_new();
	struct run run = { 0 };
	struct lin *q = fit_mixed(t, "objective=quantile alpha=0.3 l2=0.5", 1, &run);
	struct lin *h = fit_mixed(t, "objective=huber delta=0.7 l2=0.5", 1, &run), *h0 = fit_mixed(t, "objective=huber", 1, &run);
	for (size_t i = 0; i < ROWS; i++)
		t->y[i] *= 1000;
	struct lin *q2 = fit_mixed(t, "objective=quantile alpha=0.3 l2=0.0005", 1, &run);
	struct lin *h2 = fit_mixed(t, "objective=huber delta=700 l2=0.5", 1, &run), *h3 = fit_mixed(t, "objective=huber", 1, &run);
	for (size_t j = 0; j < q->p; j++) {
		ck_assert(fabs(q2->weight[j] / 1000 - q->weight[j]) * q->sd[j] < 1e-5);
		ck_assert(fabs(h2->weight[j] / 1000 - h->weight[j]) * h->sd[j] < 1e-6);
		ck_assert(fabs(h3->weight[j] / 1000 - h0->weight[j]) * h->sd[j] < 1e-6);
	}
	ck_assert(fabs(q2->objective / 1000 - q->objective) < 1e-8);
	ck_assert(fabs(h3->param / 1000 - h0->param) < 1e-9);
	struct lin *all[] = { q, h, h0, q2, h2, h3 };
	for (size_t i = 0; i < 6; i++)
		lin_free(all[i]);
	mixed_free(t);
}
END_TEST

/* L1 over a working set of thousands of sparse columns ends where it ends over all of them, whatever the view of the rows. */
START_TEST(working_sets_reach_the_minimum)
{
	enum { N = 300, TERMS = 2500 };
	struct rng r = rng_at(4, "linear.screen", 0);
	struct sparse x = sparse_new(TERMS);
	int32_t *label = NEW(int32_t, N);
	uint32_t rows[N / 2];
	for (int32_t i = 0; i < N; i++) {
		double sum = 0;
		size_t k = 0;
		sparse_reserve(&x, 40);
		for (int32_t j = (int32_t)rng_below(&r, 60); j < TERMS && k < 40; j += 1 + (int32_t)rng_below(&r, 2 * TERMS / 40)) {
			x.col[x.start[x.n] + k] = j;
			sum += (x.val[x.start[x.n] + k++] = rng_normal(&r)) * (j % 25 == 0 ? 3 : 0);
		}
		sparse_end(&x, k);
		sum += rng_normal(&r);
		label[i] = sum < -1 ? 0 : sum < 1 ? 1 : 2;
		if (i % 2)
			rows[i / 2] = (uint32_t)i;
	}
	for (int32_t k = 2; k <= 3; k++)
		for (int view = 0; view < 2; view++) {
			struct data d = { .n = view ? N / 2 : N, .rows = view ? rows : NULL, .sparse = &x, .label = label, .nclasses = 3 };
			struct glm *g = glm_new(&d, k == 2 ? LOSS_LOGISTIC : LOSS_SOFTMAX, 0, false, 0, 2);
			double *a = NEW(double, g->m), *b = NEW(double, g->m);
			struct solve s = { .iterations = 5000, .tol = 1e-9 }, t = s;
			if (k == 2)
				glm_against(g, 2);
			glm_null(g, a);
			glm_scale(g, 1e-3);
			glm_penalty(g, 4e-3, 1e-3, true);
			memcpy(b, a, g->m * sizeof(*a));
			solve_lbfgs(&s, g, a);
			solve_screened(&t, g, b);
			ck_assert(s.converged && t.converged);
			ck_assert(fabs(s.objective - t.objective) < 1e-12);
			size_t used = 0;
			for (size_t j = 0; j < g->m; j++) {
				MUST(fabs(a[j] - b[j]) < 1e-5, "%d classes, view %d: parameter %zu is %g, not %g", k, view, j, b[j], a[j]);
				used += b[j] != 0;
			}
			ck_assert(used > 10 && used < TERMS / 4);
			free(a);
			free(b);
			glm_free(g);
		}
	sparse_free(&x);
	free(label);
}
END_TEST

UNIT_MAIN("linear", newton_equals_golden, cd_equals_golden, lbfgs_equals_golden, gd_equals_golden, design_is_standardised,
	  passes_equal_a_dense_design, same_bytes_for_any_threads, contributions_sum_to_the_score,
	  path_begins_at_zero_and_equals_single_fits, sgd_comes_near, hard_data, knots_equal_columns_of_hinges, units_of_the_target,
	  working_sets_reach_the_minimum)
