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

static struct lin_opts options(const struct family *f)
{
	struct lin_opts o;
	memset(&o, 0, sizeof(o));
	opt_defaults(f->opts, &o);
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
	struct lin_opts o = options(loss >= LOSS_LOGISTIC ? &family_logistic : &family_linear);
	struct data d = frame(g, loss, c->weighted);
	struct run run = { .seed = 1, .threads = threads };
	o.l1 = c->l1;
	o.l2 = c->l2;
	o.standardize = c->standardize;
	o.solver = solver;
	if (strcmp(solver, "gd") == 0)
		o.iterations = 200000;
	return lin_fit(&o, loss, c->param, &d, &run);
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
}

START_TEST(newton_equals_golden) { check_solver("auto", 1e-5); check_solver("newton", 1e-5); } END_TEST
START_TEST(cd_equals_golden) { check_solver("cd", 1e-5); } END_TEST
START_TEST(lbfgs_equals_golden) { check_solver("lbfgs", 1e-5); } END_TEST
START_TEST(gd_equals_golden) { check_solver("gd", 1e-5); } END_TEST

UNIT_MAIN("linear", newton_equals_golden, cd_equals_golden, lbfgs_equals_golden, gd_equals_golden)
