/*
 * The methods, and what they owe as families. A method is one METHOD line and
 * one line in families.def.
 */
#include "ensemble/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

#define S struct method_opts
#define WEIGHTS OPT(S, weights, "weights", "W,W,...", "", NULL, "weight of each member, in their order; all equal if not given")

static const struct opt no_opts[] = { OPT_END };
static const struct opt mean_opts[] = { WEIGHTS, OPT_END };
static const struct opt climb_opts[] = {
	OPT(S, rounds, "rounds", "N", "50", "[1,10000]", "members to add at most; the best round is kept"),
	OPT(S, bags, "bags", "N", "10", "[1,1000]", "selections to average, each on a bootstrap of the rows; 1: one selection on all rows"),
	OPT_END
};
static const struct opt stack_opts[] = {
	OPT(S, l2, "l2", "X", "0.01", "[0,", "penalty that pulls the members' weights towards equal ones"),
	OPT(S, nonneg, "nonneg", NULL, NULL, NULL, "no weight below 0"),
	OPT_END
};
static const struct opt calibrate_opts[] = {
	OPT(S, how, "how", "HOW", "platt", "platt|isotonic", "a sigmoid of the log-odds, or any rising steps"),
	OPT_END
};

/* ---- as a family ---- */

/* Columns of the member, cells from x->first on; the caller frees. */
static struct column *member_inputs(const struct member *mb, const struct data *x)
{
	size_t n = mb->model->schema.nfields;
	struct column *cols = NEW(struct column, n);
	for (size_t f = 0; f < n; f++) {
		cols[f] = x->cols[mb->map[f]];
		if (cols[f].kind == KIND_NUMERIC)
			cols[f].num += x->first;
		else if (cols[f].kind == KIND_CATEGORY)
			cols[f].cat += x->first;
		else
			cols[f].text += x->first;
	}
	return cols;
}

/* A row whose picture a member could not load has no prediction: a rank or a vote would hide that. */
static void keep_unread(const struct ensemble *e, const double *const *p, const struct data *x, double *out)
{
	size_t k = data_outputs(x);
	for (size_t i = 0; i < e->c.m; i++)
		for (size_t r = 0; e->c.weight[i] != 0 && r < x->n; r++)
			for (size_t j = 0; isnan(p[i][r * k]) && j < k; j++)
				out[r * k + j] = NAN;
}

static void ens_predict(const void *fit, const struct data *x, double *out)
{
	const struct ensemble *e = fit;
	size_t cells = x->n * data_outputs(x), m = e->c.m;
	double *all = NEW(double, m * cells);
	const double **p = NEW(const double *, m);
	for (size_t i = 0; i < m; i++) {
		p[i] = all + i * cells;
		if (e->c.weight[i] == 0)
			continue;
		const struct member *mb = &e->members[i];
		struct column *cols = member_inputs(mb, x);
		struct sparse rows = { 0 };
		model_predict(mb->model, cols, member_given(e, mb, x, &rows) ? &rows : NULL, x->n, all + i * cells);
		sparse_free(&rows);
		free(cols);
	}
	e->method->apply(&e->c, p, x->n, out);
	if (cols_have_image(x->cols, x->ncols))
		keep_unread(e, p, x, out);
	free(p);
	free(all);
}

static void ens_gather(const void *fit, struct vectors *vs)
{
	const struct ensemble *e = fit;
	vectors_borrow(vs, &e->vectors);
}

static void ens_free(void *fit)
{
	struct ensemble *e = fit;
	for (size_t i = 0; i < e->c.m; i++) {
		model_free(e->members[i].model);
		free(e->members[i].name);
		free(e->members[i].map);
		free(e->members[i].vector);
	}
	vectors_free(&e->vectors);
	free(e->members);
	combine_free(&e->c);
	free(e);
}

/* ---- the file ---- */

static void save_member(const struct member *mb, size_t i, struct store *st)
{
	char scope[24];
	snprintf(scope, sizeof(scope), "%zu.", i);
	store_enter(st, scope);
	model_save(mb->model, st);
	store_leave(st);
}

static void ens_save(const void *fit, struct store *st)
{
	const struct ensemble *e = fit;
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	char name[32];
	json_array(&j, NULL);
	for (size_t i = 0; i < e->c.m; i++) {
		json_object(&j, NULL);
		json_str(&j, "name", e->members[i].name);
		json_num(&j, "score", e->members[i].score);
		json_num(&j, "gain", e->members[i].gain);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	store_meta(st, "dls.members", s.s);
	str_free(&s);
	store_put1(st, "weights", DT_F64, e->c.m, e->c.weight);
	if (e->c.bias)
		store_put1(st, "bias", DT_F64, (size_t)e->c.k, e->c.bias);
	for (size_t i = 0; i < e->c.ncurves; i++) {
		snprintf(name, sizeof(name), "curve.%zu.x", i);
		store_put1(st, name, DT_F64, e->c.curve[i].n, e->c.curve[i].x);
		snprintf(name, sizeof(name), "curve.%zu.y", i);
		if (e->c.curve[i].y)
			store_put1(st, name, DT_F64, e->c.curve[i].n, e->c.curve[i].y);
	}
	for (size_t i = 0; i < e->c.m; i++)
		save_member(&e->members[i], i, st);
}

/* A copy of a tensor of n numbers (ANY: any count, found in n), all finite. */
static double *load_numbers(struct store *st, const char *name, size_t *n)
{
	const double *x = store_get1(st, name, DT_F64, n);
	for (size_t i = 0; i < *n; i++)
		if (!isfinite(x[i]))
			store_bad(st, "'%s' holds what is no number", name);
	return mem_copy(x, *n, sizeof(*x));
}

static void load_curves(struct combine *c, const struct method *me, struct store *st)
{
	char name[32];
	bool sample = me->learn == learn_rank;
	c->ncurves = c->m * curve_outputs(c);
	c->curve = NEW0(struct curve, c->ncurves);
	for (size_t i = 0; i < c->ncurves; i++) {
		struct curve *to = &c->curve[i];
		to->n = ANY;
		snprintf(name, sizeof(name), "curve.%zu.x", i);
		to->x = load_numbers(st, name, &to->n);
		for (size_t j = 1; j < to->n; j++)
			if (sample ? to->x[j] < to->x[j - 1] : to->x[j] <= to->x[j - 1])
				store_bad(st, "'%s' does not ascend", name);
		if (to->n == 0)
			store_bad(st, "'%s' is empty", name);
		snprintf(name, sizeof(name), "curve.%zu.y", i);
		if (!sample)
			to->y = load_numbers(st, name, &to->n);
		for (size_t j = 0; to->y && j < to->n; j++)
			if (to->y[j] < 0 || to->y[j] > 1)
				store_bad(st, "'%s' is not within 0 and 1", name);
	}
}

static void load_combine(struct combine *c, const struct method *me, const struct data *x, struct store *st)
{
	size_t k = data_outputs(x);
	double sum = 0;
	c->m = ANY;
	c->weight = load_numbers(st, "weights", &c->m);
	c->k = (int32_t)k;
	if (c->m == 0 || c->m > MOST_MEMBERS || (me->one_member && c->m != 1))
		store_bad(st, "%zu members", c->m);
	for (size_t i = 0; i < c->m; i++) {
		if ((!me->signs && c->weight[i] < 0) || fabs(c->weight[i]) > 1e12)
			store_bad(st, "the weight of member %zu is %g", i, c->weight[i]);
		sum += c->weight[i];
	}
	if (!me->signs && fabs(sum - 1) > 1e-6)
		store_bad(st, "the weights sum to %g", sum);
	if (me->signs && (me->learn == learn_stack || store_has(st, "bias")))
		c->bias = load_numbers(st, "bias", &k);
	else if (me->curves)
		load_curves(c, me, st);
}

/* A score that may be null. */
static double number_or_nan(const struct jval *v)
{
	return jval_is_null(v) ? (double)NAN : jval_num(v);
}

static void load_member(struct member *mb, size_t i, const struct jval *v, const struct data *x, struct store *st)
{
	char scope[24];
	snprintf(scope, sizeof(scope), "%zu.", i);
	mb->name = mem_str(jval_str(jval_need(v, "name")));
	mb->score = number_or_nan(jval_need(v, "score"));
	mb->gain = number_or_nan(jval_need(v, "gain"));
	store_enter(st, scope);
	mb->model = model_restore(st);
	store_leave(st);
	if (mb->model->schema.task != x->task || mb->model->schema.nlabels != x->nclasses)
		store_bad(st, "member '%s' predicts something else", mb->name);
	mb->map = union_map(x->cols, x->ncols, mb->model);
	if (!mb->map)
		store_bad(st, "member '%s' reads columns that the ensemble does not", mb->name);
}

static void *ens_load(const void *opts, const struct data *x, struct store *st)
{
	struct ensemble *e = NEW0(struct ensemble, 1);
	const char *text = store_meta_need(st, "dls.members");
	struct jval *v = jval_parse(text, strlen(text), store_where(st));
	(void)opts;
	e->method = method_of(store_meta_need(st, "dls.family"));
	load_combine(&e->c, e->method, x, st);
	if (jval_size(v) != e->c.m)
		store_bad(st, "%zu members where there are %zu weights", jval_size(v), e->c.m);
	e->members = NEW0(struct member, e->c.m);
	for (size_t i = 0; i < e->c.m; i++)
		load_member(&e->members[i], i, jval_at(v, i), x, st);
	jval_free(v);
	columns_join(e);
	return e;
}

/* ---- what is in it ---- */

static void ens_show(const void *fit, const struct data *x, const struct schema *sc, struct json *j)
{
	const struct ensemble *e = fit;
	(void)x;
	json_array(j, "members");
	for (size_t i = 0; i < e->c.m; i++) {
		const struct member *mb = &e->members[i];
		struct str opts = { 0 };
		opt_json(mb->model->family->opts, mb->model->opts, &opts);
		json_object(j, NULL);
		json_str(j, "name", mb->name);
		json_num(j, "weight", e->c.weight[i]);
		json_num(j, "gain", mb->gain);
		json_num(j, "score", mb->score);
		json_str(j, "family", mb->model->family->name);
		json_raw(j, "options", opts.s);
		json_end(j, '}');
		str_free(&opts);
	}
	json_end(j, ']');
	if (e->c.bias && sc->nlabels) {
		json_object(j, "bias");
		for (int32_t c = 0; c < sc->nlabels; c++)
			json_num(j, sc->labels[c], e->c.bias[c]);
		json_end(j, '}');
	} else if (e->c.bias) {
		json_num(j, "bias", e->c.bias[0]);
	}
	if (e->c.ncurves)
		json_int(j, e->c.curve[0].y ? "knots" : "sample", (int64_t)e->c.curve[0].n);
}

/* Adds a share to the members' inputs (n) that a feature is made of. */
static void add_share(const struct member *mb, const size_t *inputs, size_t n, double share, double *out)
{
	for (size_t i = 0; i < n; i++)
		out[mb->map[inputs[i]]] += share / (double)n;
}

/*
 * Adds the member's importance to out (ncols, then the sparse columns), its
 * total made 1 and times its weight; that of a derived column or a term is
 * shared by the columns it is made of.
 */
static bool add_importance(const struct ensemble *e, size_t i, const char *kind, size_t ncols, double *out)
{
	const struct member *mb = &e->members[i];
	const struct model *m = mb->model;
	struct data frame = model_frame(m);
	size_t n = m->nfeatures + m->vectors.ncols, nplain = m->nfeatures - m->derived.n;
	double *x = NEW0(double, n), sum = 0;
	bool has = m->family->importance && m->family->importance(m->fit, &frame, kind, x);
	for (size_t f = 0; f < n; f++)
		sum += fabs(x[f]);
	const struct vector *v = m->vectors.v;
	size_t end = m->nfeatures;	/* of the vectoriser's columns */
	double scale = has && sum > 0 ? fabs(e->c.weight[i]) / sum : 0;
	for (size_t f = 0; scale > 0 && f < n; f++) {
		double share = scale * fabs(x[f]);
		if (f < nplain) {
			add_share(mb, &m->plain[f], 1, share, out);
		} else if (f < m->nfeatures) {
			const struct derive *d = &m->derived.d[f - nplain];
			add_share(mb, (size_t[]){ d->a, d->b }, d->b == SIZE_MAX ? 1 : 2, share, out);
		} else {
			while (f == end) {
				end = m->nfeatures + m->vectors.start[v + 1 - m->vectors.v];
				v++;
			}
			add_share(mb, v[-1].field, v[-1].columns.n, share, out);
		}
	}
	for (size_t k = 0; scale > 0 && k < m->vectors.n && e->vectors.n; k++) {
		double *to = out + ncols + e->vectors.start[mb->vector[k]], *of = x + m->nfeatures + m->vectors.start[k];
		for (size_t c = 0; m->vectors.v[k].given && c < m->vectors.v[k].given->n; c++)
			to[c] += scale * fabs(of[c]);
	}
	free(x);
	return has;
}

static bool ens_importance(const void *fit, const struct data *x, const char *kind, double *out)
{
	const struct ensemble *e = fit;
	bool has = true;
	for (size_t f = 0; f < x->ncols + data_nsparse(x); f++)
		out[f] = 0;
	for (size_t i = 0; i < e->c.m && has; i++)
		if (e->c.weight[i] != 0)
			has = add_importance(e, i, kind, x->ncols, out);
	return has;
}

/* ---- the list ---- */

#define ANY_TASK (TASK_CLASSES | TASK_REGRESSION)
#define METHOD(id, its_name, its_tasks, its_opts, its_apply, its_brief, its_details, ...) \
	const struct family family_##id = { .name = its_name, .brief = its_brief, .tasks = its_tasks, \
		.takes = TAKES_TEXT | TAKES_IMAGE, \
		.opts = its_opts, \
		.opts_size = sizeof(struct method_opts), .details = its_details, .predict = ens_predict, .save = ens_save, \
		.load = ens_load, .free = ens_free, .show = ens_show, .importance = ens_importance, .gather = ens_gather }; \
	static const struct method method_##id = { .family = &family_##id, .apply = its_apply, __VA_ARGS__ };

METHOD(mean, "mean", ANY_TASK, mean_opts, apply_mean, "the mean of the members' predictions",
	"Averages probabilities, or values.", .weighted = true)
METHOD(logit_mean, "logit-mean", TASK_CLASSES, mean_opts, apply_logit_mean, "the mean of the members' log-odds",
	"Averages the log-odds of each class, so that a member that is sure counts for more; the classes are then made to "
	"sum to 1. Probabilities are held between 1e-6 and 1 - 1e-6.",
	.weighted = true, .instead = "log-odds are of classes; use mean or median")
METHOD(gmean, "gmean", TASK_CLASSES, mean_opts, apply_gmean, "the geometric mean of the members' probabilities",
	"Averages logarithms of probabilities, which are then made to sum to 1; of two classes this is the same as logit-mean. "
	"Probabilities are held between 1e-6 and 1 - 1e-6.",
	.weighted = true, .instead = "it averages logarithms of probabilities; use mean or median")
METHOD(rank, "rank", TASK_CLASSES, mean_opts, apply_curves, "the mean of the members' ranks",
	"Each probability is replaced by its mid-rank, from 0 to 1, among the member's out-of-fold predictions, which are kept "
	"in the model: one row scored alone scores as it does among others. Ranks are averaged; more than two classes are "
	"then made to sum to 1. The result orders rows; it is a score and not a probability: of two classes the positive one "
	"is predicted for the upper half of the rows, however rare it is.",
	.weighted = true, .needs_oof = true, .learn = learn_rank, .curves = true,
	.instead = "a mean rank is not a value of the target; use mean or median")
METHOD(median, "median", ANY_TASK, no_opts, apply_median, "the median of the members' predictions",
	"The median of each class's probability, made to sum to 1, or of the values.", .needs_oof = false)
METHOD(vote, "vote", TASK_CLASSES, mean_opts, apply_vote, "the share of members that vote for each class",
	"Each member votes for its most probable class.", .weighted = true, .instead = "votes are for classes; use median")
METHOD(climb, "climb", ANY_TASK, climb_opts, apply_mean, "greedy selection of members for the best metric",
	"Adds to the mean, again and again, the member that makes the metric (--metric) of the out-of-fold predictions best "
	"(Caruana et al. 2004); a member's weight is the share of rounds that took it, averaged over bags.",
	.needs_oof = true, .learn = learn_climb)
METHOD(stack, "stack", ANY_TASK, stack_opts, apply_stack, "a logistic or linear model on the members' predictions",
	"Learns a weight for each member and a bias for each class on the out-of-fold predictions: logistic regression on "
	"log-odds, with a member's weight shared by all classes, or least squares on values. The penalty --l2 pulls towards "
	"equal weights.",
	.needs_oof = true, .learn = learn_stack, .signs = true)
METHOD(calibrate, "calibrate", TASK_CLASSES, calibrate_opts, apply_calibrate, "one member with its probabilities corrected",
	"Learns a curve from the member's probabilities to what came true, out of fold: Platt's sigmoid of the log-odds or, "
	"with some thousand rows, isotonic regression.",
	.needs_oof = true, .one_member = true, .learn = learn_calibrate, .signs = true, .curves = true,
	.instead = "it corrects probabilities; stack with one member corrects values")

const struct method *const methods[] = { &method_mean, &method_logit_mean, &method_gmean, &method_rank, &method_median,
	&method_vote, &method_climb, &method_stack, &method_calibrate, NULL };

const struct method *method_of(const char *family)
{
	for (size_t i = 0; methods[i]; i++)
		if (strcmp(methods[i]->family->name, family) == 0)
			return methods[i];
	bug("the family %s has no method", family);
}
