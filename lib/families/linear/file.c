/* A linear model in the container, and as JSON. */
#include "families/linear/lin.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/schema.h"

enum { HOW_PARAM, HOW_OBJECTIVE, HOW_ITERATIONS, HOW_ROUNDS, HOW_CONVERGED, HOW_CHOSEN, HOWS };

void lin_save(const void *fit, struct store *st)
{
	const struct lin *m = fit;
	double how[HOWS] = { m->param, m->objective, m->iterations, m->rounds, m->converged, (double)m->chosen };
	store_put2(st, "weight", DT_F64, m->k, m->p, m->weight);
	store_put1(st, "bias", DT_F64, m->k, m->bias);
	if (m->nsparse)
		store_put2(st, "term", DT_F64, m->nsparse, m->k, m->term);
	store_put1(st, "mean", DT_F64, m->p, m->mean);
	store_put1(st, "sd", DT_F64, m->p, m->sd);
	store_put1(st, "knot", DT_F64, m->p, m->knot);
	store_put1(st, "column", DT_I32, m->p, m->col);
	store_put1(st, "level", DT_I32, m->p, m->level);
	store_put1(st, "base", DT_I32, m->ncols, m->base);
	store_put1(st, "how", DT_F64, HOWS, how);
	if (m->slope != 1)
		store_put1(st, "slope", DT_F64, 1, &m->slope);
	if (m->npath) {
		size_t dims[3] = { m->npath, m->k, m->p };
		store_put1(st, "path.lambda", DT_F64, m->npath, m->lambda);
		store_put2(st, "path.cv", DT_F64, m->npath, 2, m->cv);
		store_put(st, "path.weight", DT_F64, 3, dims, m->path_weight);
		store_put2(st, "path.bias", DT_F64, m->npath, m->k, m->path_bias);
		if (m->nsparse)
			store_put1(st, "path.terms", DT_I64, m->npath, m->path_terms);
	}
}

/* A copy of n numbers, all finite. */
static double *numbers(const struct store *st, const char *name, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			store_bad(st, "tensor '%s' holds a number that is not finite", name);
	return mem_copy(x, n, sizeof(*x));
}

static double *numbers1(const struct store *st, const char *name, size_t n)
{
	return numbers(st, name, store_get1(st, name, DT_F64, &n), n);
}

static double *numbers2(const struct store *st, const char *name, size_t n, size_t k)
{
	return numbers(st, name, store_get2(st, name, DT_F64, &n, &k), n * k);
}

static int32_t levels_of(const struct column *c)
{
	return c->kind == KIND_NUMERIC ? 1 : c->nlevels + 1;
}

static void load_columns(struct lin *m, const struct data *x, const struct store *st)
{
	size_t p = ANY, n = x->ncols;
	const int32_t *col = store_get1(st, "column", DT_I32, &p), *level = store_get1(st, "level", DT_I32, &p);
	const int32_t *base = store_get1(st, "base", DT_I32, &n);
	for (size_t j = 0; j < p; j++) {
		if (col[j] < 0 || (size_t)col[j] >= x->ncols)
			store_bad(st, "design column %zu is of column %d, there are %zu", j, (int)col[j], x->ncols);
		const struct column *c = &x->cols[col[j]];
		if (level[j] < (c->kind == KIND_NUMERIC ? DESIGN_HINGE : 0) || level[j] >= levels_of(c))
			store_bad(st, "design column %zu is of level %d, which column '%s' has not", j, (int)level[j], c->name);
	}
	for (size_t c = 0; c < n; c++)
		if (base[c] < -1 || base[c] >= (x->cols[c].kind == KIND_NUMERIC ? 0 : levels_of(&x->cols[c])))
			store_bad(st, "column '%s' has no level %d", x->cols[c].name, (int)base[c]);
	m->p = p;
	m->ncols = n;
	m->col = mem_copy(col, p, sizeof(*col));
	m->level = mem_copy(level, p, sizeof(*level));
	m->base = mem_copy(base, n, sizeof(*base));
}

static void load_path(struct lin *m, const struct store *st, double chosen)
{
	size_t n = ANY, dims[3] = { ANY, m->k, m->p };
	if (!store_has(st, "path.lambda"))
		return;
	store_get1(st, "path.lambda", DT_F64, &n);
	if (!(chosen >= 0 && chosen < (double)n))
		store_bad(st, "the chosen penalty is none of the path's %zu", n);
	dims[0] = n;
	m->npath = n;
	m->chosen = (size_t)chosen;
	m->lambda = numbers1(st, "path.lambda", n);
	m->cv = numbers2(st, "path.cv", n, 2);
	m->path_bias = numbers2(st, "path.bias", n, m->k);
	if (m->nsparse)
		m->path_terms = mem_copy(store_get1(st, "path.terms", DT_I64, &n), n, sizeof(*m->path_terms));
	m->path_weight = numbers(st, "path.weight", store_get(st, "path.weight", DT_F64, 3, dims), n * m->k * m->p);
}

struct lin *lin_load(enum loss loss, const struct data *x, struct store *st)
{
	struct lin *m = NEW0(struct lin, 1);
	double *how = numbers1(st, "how", HOWS);
	m->loss = loss;
	m->k = loss == LOSS_SOFTMAX || loss == LOSS_EACH ? (size_t)x->nclasses : 1;
	load_columns(m, x, st);
	m->weight = numbers2(st, "weight", m->k, m->p);
	m->bias = numbers1(st, "bias", m->k);
	m->nsparse = data_nsparse(x);
	m->term = m->nsparse ? numbers2(st, "term", m->nsparse, m->k) : NULL;
	m->mean = numbers1(st, "mean", m->p);
	m->sd = numbers1(st, "sd", m->p);
	m->knot = numbers1(st, "knot", m->p);
	for (int i = HOW_ITERATIONS; i < HOWS; i++)
		if (!(how[i] >= 0 && how[i] <= 1e9))
			store_bad(st, "tensor 'how' makes no sense");
	m->param = how[HOW_PARAM];
	m->objective = how[HOW_OBJECTIVE];
	m->iterations = (int)how[HOW_ITERATIONS];
	m->rounds = (int)how[HOW_ROUNDS];
	m->converged = how[HOW_CONVERGED] != 0;
	m->slope = 1;
	load_path(m, st, how[HOW_CHOSEN]);
	free(how);
	const char *wrong = lin_columns(m, x);
	if (wrong)
		store_bad(st, "%s", wrong);
	return m;
}

/* The design column's name: age, age>32.5 (a hinge), age=(missing), Payment=Mailed check. */
static void column_name(const struct column *c, int32_t level, double knot, struct str *s)
{
	char number[NUM_MAX];
	s->n = 0;
	str_puts(s, c->name);
	if (level == DESIGN_HINGE) {
		num_print(number, knot);
		str_putc(s, '>');
		str_puts(s, number);
	}
	if (level < 0)
		return;
	str_putc(s, '=');
	str_puts(s, c->kind == KIND_NUMERIC || level == c->nlevels ? "(missing)" : c->levels[level]);
}

/* Members intercept and coefficients of one score, original units, in the order of the input's columns. */
static void show_score(const struct lin *m, const struct data *x, const double *weight, double bias, struct json *j)
{
	struct str s = { 0 };
	double intercept = bias;
	for (size_t a = 0; a < m->p; a++)
		intercept -= weight[a] * m->mean[a];
	json_num(j, "intercept", intercept);
	json_object(j, "coefficients");
	for (size_t c = 0; c < m->ncols; c++)
		for (size_t a = 0; a < m->p; a++) {
			if ((size_t)m->col[a] != c)
				continue;
			column_name(&x->cols[c], m->level[a], m->knot[a], &s);
			json_num(j, s.s, weight[a]);
		}
	json_end(j, '}');
	str_free(&s);
}

static void show_scores(const struct lin *m, const struct data *x, const struct schema *sc, const double *weight,
			const double *bias, struct json *j)
{
	if (m->k == 1) {
		show_score(m, x, weight, bias[0], j);
		return;
	}
	json_object(j, "classes");
	for (size_t k = 0; k < m->k; k++) {
		json_object(j, sc && sc->labels ? sc->labels[k] : "");
		show_score(m, x, weight + k * m->p, bias[k], j);
		json_end(j, '}');
	}
	json_end(j, '}');
}

static void show_path(const struct lin *m, const struct data *x, const struct schema *sc, struct json *j)
{
	json_array(j, "path");
	for (size_t i = 0; i < m->npath; i++) {
		json_object(j, NULL);
		json_num(j, "lambda", m->lambda[i]);
		json_num(j, "cv_mean", m->cv[2 * i]);
		json_num(j, "cv_se", m->cv[2 * i + 1]);
		json_bool(j, "chosen", i == m->chosen);
		if (m->path_terms)
			json_int(j, "term_weights_used", m->path_terms[i]);
		show_scores(m, x, sc, m->path_weight + i * m->k * m->p, m->path_bias + i * m->k, j);
		json_end(j, '}');
	}
	json_end(j, ']');
}

static int64_t used_terms(const struct lin *m)
{
	int64_t used = 0;
	for (size_t i = 0; i < m->nsparse * m->k; i++)
		used += m->term[i] != 0;
	return used;
}

void lin_show(const void *fit, const struct data *x, const struct schema *sc, struct json *j)
{
	const struct lin *m = fit;
	json_num(j, "objective_value", m->objective);
	json_int(j, "iterations", m->iterations);
	json_bool(j, "converged", m->converged);
	if (m->loss == LOSS_HUBER)
		json_num(j, "delta", m->param);
	if (m->slope != 1)
		json_num(j, "slope", m->slope);
	show_scores(m, x, sc, m->weight, m->bias, j);
	if (m->nsparse)
		json_int(j, "term_weights_used", used_terms(m));
	if (m->npath)
		show_path(m, x, sc, j);
}
