/* From options to a model: which solver, what is told while it runs, what it is called elsewhere. */
#include "families/linear/lin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

#define MATRIX_MAX 20000	/* coefficients of solvers that keep a matrix: 3 GB */

struct fitting {
	struct run *run;
	const struct glm *g;
	bool rounds;		/* the solver goes by rounds: watch the metric, keep the best */
	double *best;		/* (m) theta of the best round */
	double *p;		/* (valid n, outputs) */
};

static bool is_descent(const char *solver)
{
	return strcmp(solver, "gd") == 0 || strcmp(solver, "sgd") == 0;
}

bool lin_penalised(const struct lin_opts *o)
{
	return o->l1 > 0 || o->l2 > 0 || o->path > 0;
}

/* At most so many parameters. */
static double parameters(const struct lin_opts *o, const struct data *d)
{
	double q = 1;
	for (size_t c = 0; c < d->ncols; c++)
		q += d->cols[c].kind == KIND_NUMERIC ? 2 + o->knots : d->cols[c].nlevels + 1;
	q += (double)data_nsparse(d);
	return d->nclasses > 2 ? q * d->nclasses : q;
}

const char *lin_check(const struct lin_opts *o, const struct data *d)
{
	bool descent = is_descent(o->solver), quantile = o->objective && strcmp(o->objective, "quantile") == 0;
	bool poisson = o->objective && strcmp(o->objective, "poisson") == 0;
	if (o->nb_weights && !data_nsparse(d))
		return "--nb-weights are of terms, and there are no texts";
	if (o->multiclass && lin_each(o, d) && (o->path > 0 || descent))
		return "--path, --solver gd and sgd are not for one model a class (--multiclass ovr)";
	if (o->path > 0 && o->nb_weights)
		return "--path is not for --nb-weights";
	if (o->path > 0 && descent)
		return "--path needs solutions to the last digits: --solver gd and sgd do not give them";
	if (quantile && !descent && strcmp(o->solver, "auto") != 0)
		return "the quantile objective has no second derivative: --solver must be auto, gd or sgd";
	if (quantile && strcmp(o->solver, "gd") == 0 && !(o->rate > 0))
		return "--solver gd on the quantile objective needs a --rate";
	if (data_nsparse(d) && (quantile || strcmp(o->solver, "newton") == 0 || strcmp(o->solver, "cd") == 0 ||
				strcmp(o->solver, "sgd") == 0))
		return quantile ? "the quantile objective does not take texts" : "--solver newton, cd and sgd do not take texts; auto does";
	bool square = strcmp(o->solver, "newton") == 0 || strcmp(o->solver, "cd") == 0;
	if ((square || (quantile && !descent)) && parameters(o, d) > MATRIX_MAX)
		return quantile ? "more than 20000 design columns: the quantile objective takes them by --solver sgd alone"
				: "more than 20000 coefficients: --solver newton and cd need a matrix of them squared; lbfgs does not";
	if (o->path > 0 && d->n < (size_t)o->path_folds)
		return "fewer rows than --path-folds";
	if (d->n > UINT32_MAX)
		return "more than 4294967295 rows";
	for (size_t i = 0; poisson && d->y && i < d->n; i++)
		if (d->y[data_row(d, i)] < 0)
			return "the poisson objective needs a target that is nowhere below 0";
	return NULL;
}

/* The objective in the user's units. */
static double in_units(const struct glm *g, double f)
{
	return g->loss <= LOSS_HUBER ? f * g->unit * g->unit : f * g->unit;
}

static bool told(void *ctx, int iteration, int iterations, double objective, const double *theta)
{
	struct fitting *f = ctx;
	struct run *r = f->run;
	double loss = in_units(f->g, objective);
	if (!f->rounds || !r->valid) {
		run_round(r, iteration, iterations, loss, NULL);
		return false;
	}
	struct lin *m = lin_from(f->g, theta, f->g->d);
	lin_predict(m, r->valid, f->p);
	lin_free(m);
	bool stop = run_round(r, iteration, iterations, loss, f->p);
	if (r->best_round == iteration)
		memcpy(f->best, theta, f->g->m * sizeof(*theta));
	return stop;
}

static enum solver solver_of(const struct lin_opts *o, const struct glm *g)
{
	static const char *const names[] = { "newton", "cd", "lbfgs", "gd", "sgd" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(o->solver, names[i]) == 0)
			return (enum solver)i;
	return solve_choice(g);
}

static enum schedule schedule_of(const char *name)
{
	return strcmp(name, "inv") == 0 ? RATE_INV : strcmp(name, "sqrt") == 0 ? RATE_SQRT :
	       strcmp(name, "cosine") == 0 ? RATE_COSINE : RATE_CONSTANT;
}

static int iterations_of(const struct lin_opts *o, enum solver solver)
{
	static const int usual[] = { [SOLVE_NEWTON] = 200, [SOLVE_CD] = 200, [SOLVE_LBFGS] = 5000, [SOLVE_GD] = 1000,
				     [SOLVE_SGD] = 50, [SOLVE_IPM] = 200 };
	return o->iterations > 0 ? o->iterations : usual[solver];
}

/* What the same model is called in scikit-learn (on standardised columns) and in glmnet. */
static void note_names(const struct glm *g, double l1, double l2)
{
	double mean = 0, var = 0, sd = 1;
	if (g->loss == LOSS_SQUARED) {
		for (size_t i = 0; i < g->n; i++)
			mean += g->w[i] * g->y[i];
		for (size_t i = 0; i < g->n; i++)
			var += g->w[i] * (g->y[i] - mean) * (g->y[i] - mean);
		sd = sqrt(var) * g->unit;	/* glmnet's ridge part is in units of the target's deviation */
	}
	double all = l1 + l2, lambda = l1 + l2 * sd;
	if (!(all > 0)) {
		note(1, "no penalty: scikit-learn C=inf or alpha=0, glmnet lambda=0");
		return;
	}
	if (g->loss >= LOSS_LOGISTIC)
		note(1, "l1=%g l2=%g: scikit-learn C=%.10g l1_ratio=%.6g", l1, l2, 1 / (g->wsum * all), l1 / all);
	else
		note(1, "l1=%g l2=%g: scikit-learn alpha=%.10g l1_ratio=%.6g (Ridge: alpha=%.10g)", l1, l2, all, l1 / all,
		     g->wsum * l2);
	if (g->loss != LOSS_HUBER && g->loss != LOSS_QUANTILE)
		note(1, "l1=%g l2=%g: glmnet lambda=%.10g alpha=%.6g", l1, l2, lambda, l1 / lambda);
}

/* Softmax scores are free up to a constant a row; without penalties so are coefficients: take those that sum to 0 over classes. */
static void centre_classes(const struct glm *g, double *theta)
{
	for (size_t j = 0; j < g->q; j++) {
		double mean = 0;
		if (g->k == 1 || g->l1[j] > 0 || g->l2[j] > 0)
			continue;
		for (size_t k = 0; k < g->k; k++)
			mean += theta[k * g->q + j] / (double)g->k;
		for (size_t k = 0; k < g->k; k++)
			theta[k * g->q + j] -= mean;
	}
}

/* The gradient's entries at constant scores and the scale of terms set what tolerance means. */
static void begin(const struct lin_opts *o, struct solve *s, struct glm *g, double *theta)
{
	glm_null(g, theta);
	s->tol = o->tol * solve_scale(g, theta) * glm_scale(g, o->l2);
	glm_penalty(g, o->l1, o->l2, o->standardize);
	s->tol = fmin(s->tol, solve_tol_limit(g));
}

static void minimise(const struct lin_opts *o, struct solve *s, struct glm *g, struct run *run, double *theta, int *rounds)
{
	struct fitting f = { .run = run, .g = g, .rounds = is_descent(o->solver) };
	if (f.rounds && run->rounds > 0)
		s->iterations = run->rounds;
	if (run->valid) {
		f.best = NEW(double, g->m);
		f.p = NEW(double, run->valid->n * data_outputs(run->valid));
	}
	s->told = told;
	s->ctx = &f;
	begin(o, s, g, theta);
	double null = f.rounds ? glm_eval(g, theta, NULL) : 0;
	solve(s, g, theta);
	*rounds = f.rounds ? s->done : 0;
	if (f.rounds && !isfinite(s->objective))
		die(ST_DATA, "--solver %s left the numbers after %d rounds: a smaller --rate than %g would be right", o->solver,
		    s->done, s->rate);
	if (f.rounds && s->objective > null)
		warn("--solver %s ended above where it began: a smaller --rate or another --schedule may help", o->solver);
	if (f.rounds && run->valid && run->best_round > 0 && run->best_round < s->done) {
		memcpy(theta, f.best, g->m * sizeof(*theta));
		*rounds = run->best_round;
		s->objective = glm_eval(g, theta, NULL) + glm_l1(g, theta);
	}
	free(f.best);
	free(f.p);
}

static struct solve solve_of(const struct lin_opts *o, const struct glm *g, const struct run *run)
{
	struct solve s = { .solver = solver_of(o, g), .rate = o->rate, .schedule = schedule_of(o->schedule), .batch = o->batch,
			   .seed = run->seed };
	s.iterations = iterations_of(o, s.solver);
	return s;
}

static void warn_unfinished(const struct lin *m, const struct run *run)
{
	if (!m->converged && run->fold <= 1)
		warn("the solver stopped after %d iterations before it reached --tol: more --iterations or a larger --l2 may help",
		     m->iterations);
}

struct lin *lin_fit(const struct lin_opts *o, enum loss loss, double param, const struct data *d, struct run *run)
{
	struct glm *g = glm_new(d, loss, param, !lin_penalised(o), o->knots, run->threads);
	double *theta = NEW(double, g->m), l1 = o->l1, l2 = o->l2, *ratio = NULL;
	struct lin_path path = { 0 };
	struct solve s = solve_of(o, g, run);
	int rounds = 0;
	if (o->nb_weights)
		g->ratio = ratio = nb_ratio(d, 1, o->nb_smooth);
	if (o->path > 0) {
		lin_path(o, &s, g, run, theta, &path);
		l1 = path.lambda[path.chosen] * o->mix;
		l2 = path.lambda[path.chosen] * (1 - o->mix);
	} else {
		minimise(o, &s, g, run, theta, &rounds);
	}
	centre_classes(g, theta);
	struct lin *m = lin_from(g, theta, d);
	m->objective = in_units(g, s.objective);
	m->iterations = s.done;
	m->rounds = rounds;
	m->converged = s.converged;
	m->npath = path.n;
	m->chosen = path.chosen;
	m->lambda = path.lambda;
	m->cv = path.cv;
	m->path_weight = path.weight;
	m->path_bias = path.bias;
	m->path_terms = path.terms;
	if (run->fold <= 1) {
		note_names(g, l1, l2);
		note(1, "%zu design columns, %zu of texts, %d iterations, objective %.10g%s", g->ds->p, g->q - g->qd, s.done, m->objective,
		     s.converged ? "" : ", not converged");
	}
	if (!is_descent(o->solver))
		warn_unfinished(m, run);
	free(ratio);
	free(theta);
	glm_free(g);
	return m;
}

bool lin_each(const struct lin_opts *o, const struct data *d)
{
	return d->nclasses > 2 && (strcmp(o->multiclass, "ovr") == 0 || o->nb_weights);
}

struct lin *lin_fit_each(const struct lin_opts *o, const struct data *d, struct run *run)
{
	struct glm *g = glm_new(d, LOSS_LOGISTIC, 0, !lin_penalised(o), o->knots, run->threads), all = *g;
	size_t k = (size_t)d->nclasses;
	double *theta = NEW(double, k * g->m), objective = 0;
	int iterations = 0;
	bool converged = true;
	for (size_t c = 0; c < k; c++) {
		double *ratio = o->nb_weights ? nb_ratio(d, (int32_t)c, o->nb_smooth) : NULL, *t = theta + c * g->m;
		struct solve s = solve_of(o, g, run);
		glm_against(g, (int32_t)c);
		g->ratio = ratio;
		begin(o, &s, g, t);
		solve(&s, g, t);
		for (size_t j = g->qd; j < g->q; j++)	/* the classes' scales differ */
			t[j] *= g->scale[j - g->qd];
		objective += s.objective;
		iterations = s.done > iterations ? s.done : iterations;
		converged = converged && s.converged;
		run_round(run, (int)c + 1, (int)k, s.objective, NULL);
		free(ratio);
	}
	for (size_t j = 0; j < g->q - g->qd; j++)
		g->scale[j] = 1;
	all = *g;
	all.k = k;
	all.loss = LOSS_EACH;
	struct lin *m = lin_from(&all, theta, d);
	m->objective = objective;
	m->iterations = iterations;
	m->converged = converged;
	if (run->fold <= 1)
		note_names(g, o->l1, o->l2);
	warn_unfinished(m, run);
	free(theta);
	glm_free(g);
	return m;
}
