#include "ensemble/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"

/* An ensemble in the making. */
struct making {
	const struct method *method;
	const char *const *names;	/* (m) */
	size_t m;
	double *weights;		/* (m) as the user gave them, or NULL */
	struct learning learning;
	struct level level;		/* n is 0 when there are no out-of-fold predictions to compare */
	double *p;			/* (level.n, k) honest predictions */
	double *scores, score;		/* (level.folds) and their mean */
};

double *method_weights(const struct method_opts *opts, size_t m)
{
	double *w = NEW(double, m), sum = 0;
	if (opts->weights.n == 0) {
		free(w);
		return NULL;
	}
	if (opts->weights.n != m)
		die(ST_USAGE, "--weights: %zu weights for %zu members", opts->weights.n, m);
	for (size_t i = 0; i < m; i++) {
		const char *text = opts->weights.s[i];
		if (!num_parse(text, strlen(text), &w[i]) || !(w[i] >= 0) || isinf(w[i]))
			die(ST_USAGE, "--weights: '%s' is not a number from 0", text);
		sum += w[i];
	}
	if (!(sum > 0))
		die(ST_USAGE, "--weights: all are 0");
	return w;
}

static void refuse(const struct method *me, struct model *const *members, const char *const *names, size_t m)
{
	const char *name = me->family->name;
	char *why;
	union_check(members, names, m);
	if (!(me->family->tasks & members[0]->schema.task))
		die(ST_USAGE, "%s is not for a quantity: %s", name, me->instead);
	if (me->one_member && m != 1)
		die(ST_USAGE, "%s takes one member, not %zu", name, m);
	if (me->needs_oof && (why = level_refusal(members, names, m)))
		die(ST_DATA, "%s compares out-of-fold predictions, but %s", name, why);
}

/* ---- scores ---- */

/* The honest score of the ensemble without member i; NaN when nothing is left. */
static double score_without(const struct making *mk, size_t i)
{
	struct level lv = mk->level;
	double *p = NEW(double, lv.n * (size_t)lv.k), *scores = NEW(double, (size_t)lv.folds), *weights = NULL, score = NAN, sum = 1;
	lv.m = 0;
	lv.p = NEW(double *, mk->m);
	if (mk->weights) {
		weights = NEW(double, mk->m);
		sum = 0;
	}
	for (size_t j = 0; j < mk->m; j++) {
		if (j == i)
			continue;
		if (weights)
			sum += weights[lv.m] = mk->weights[j];
		lv.p[lv.m++] = mk->level.p[j];
	}
	if (lv.m && sum > 0) {
		level_nested(&lv, mk->method, weights, &mk->learning, p);
		score = level_score(&lv, p, &mk->learning.metric, scores);
	}
	free(lv.p);
	free(p);
	free(scores);
	free(weights);
	return score;
}

/* The score of member i alone, over the folds that the ensemble predicts. */
static double score_alone(const struct making *mk, size_t i)
{
	const struct level *lv = &mk->level;
	size_t cells = lv->n * (size_t)lv->k;
	double *p = mem_copy(lv->p[i], cells, sizeof(*p)), *scores = NEW(double, (size_t)lv->folds);
	for (size_t j = 0; j < cells; j++)
		if (isnan(mk->p[j]))
			p[j] = NAN;
	double score = level_score(lv, p, &mk->learning.metric, scores);
	free(p);
	free(scores);
	return score;
}

static void judge(struct making *mk, struct member *members)
{
	const struct level *lv = &mk->level;
	const struct measure *metric = &mk->learning.metric;
	mk->p = NEW(double, lv->n * (size_t)lv->k);
	mk->scores = NEW(double, (size_t)lv->folds);
	level_nested(lv, mk->method, mk->weights, &mk->learning, mk->p);
	mk->score = level_score(lv, mk->p, metric, mk->scores);
	for (size_t i = 0; i < mk->m; i++) {
		double change = mk->score - score_without(mk, i);
		members[i].score = score_alone(mk, i);
		members[i].gain = metric->metric->higher ? change : -change;
	}
}

/* "cv": {...} as dls-train has it, and a line on stderr. */
static void put_score(const struct making *mk, struct json *j)
{
	double var = 0;
	int32_t n = 0;
	for (int32_t f = 0; f < mk->level.folds; f++)
		if (!isnan(mk->scores[f])) {
			var += (mk->scores[f] - mk->score) * (mk->scores[f] - mk->score);
			n++;
		}
	double sd = n > 1 ? sqrt(var / (n - 1)) : (double)NAN;
	json_object(j, "cv");
	json_int(j, "folds", mk->level.folds);
	json_num(j, "mean", mk->score);
	json_num(j, "sd", sd);
	json_array(j, "scores");
	for (int32_t f = 0; f < mk->level.folds; f++)
		json_num(j, NULL, mk->scores[f]);
	json_end(j, ']');
	json_end(j, '}');
	if (n > 1)
		note(0, "%s %.5f, sd %.5f over %d folds", mk->learning.metric.name, mk->score, sd, (int)mk->level.folds);
	else if (n == 1)
		note(0, "%s %.5f on the held-out rows", mk->learning.metric.name, mk->score);
	else
		warn("no score: what was learned from a single fold has no other to be judged by; train the members with --cv");
}

static void note_members(const struct making *mk, const struct ensemble *e)
{
	for (size_t i = 0; i < mk->m; i++) {
		const struct member *mb = &e->members[i];
		if (isnan(mb->score))
			note(1, "%s: weight %.4f", mb->name, e->c.weight[i]);
		else if (isnan(mb->gain))
			note(1, "%s: weight %.4f, %s %.5f alone", mb->name, e->c.weight[i], mk->learning.metric.name, mb->score);
		else
			note(1, "%s: weight %.4f, %s %.5f alone, gain %+.5f", mb->name, e->c.weight[i],
			     mk->learning.metric.name, mb->score, mb->gain);
	}
}

/* ---- the model ---- */

/* The ensemble's own out-of-fold predictions, over all rows of the training input. */
static struct oof own_oof(const struct making *mk, const struct oof *like)
{
	const struct level *lv = &mk->level;
	size_t k = (size_t)lv->k;
	struct oof o = oof_new(like->n, k, lv->folds, like->rows_hash, like->label, like->y, lv->w ? like->w : NULL);
	for (size_t r = 0; r < lv->n; r++) {
		if (isnan(mk->p[r * k]))
			continue;
		o.fold[lv->row[r]] = lv->fold[r];
		memcpy(o.p + lv->row[r] * k, mk->p + r * k, k * sizeof(double));
	}
	return o;
}

/* Out-of-fold predictions that can be compared, when there are such. */
static void find_level(struct making *mk, struct model *const *members)
{
	size_t with = 0;
	for (size_t i = 0; i < mk->m; i++)
		with += members[i]->oof.n > 0;
	char *why = level_refusal(members, mk->names, mk->m);
	if (!why)
		mk->level = level_of(members, mk->m);
	else if (with == mk->m)
		warn("no score: %s", why);
	else
		note(0, "no score: %s", why);
	free(why);
	if (!why && mk->level.n == 0)
		die(ST_DATA, "no row was held out by all members");
}

static char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return mem_str(slash ? slash + 1 : path);
}

static struct ensemble *assemble(struct making *mk, struct model *m, struct model **members)
{
	struct ensemble *e = NEW0(struct ensemble, 1);
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	e->method = mk->method;
	e->members = NEW0(struct member, mk->m);
	e->c = combine_new(mk->m, (int32_t)model_outputs(members[0]), mk->weights);
	for (size_t i = 0; i < mk->m; i++)
		e->members[i] = (struct member){ .model = members[i], .name = base_name(mk->names[i]), .score = NAN, .gain = NAN,
			.map = union_map(m->inputs, m->schema.nfields, members[i]) };
	columns_join(e);
	json_object(&j, NULL);
	if (mk->level.n) {
		judge(mk, e->members);
		if (mk->method->learn)
			mk->method->learn(&e->c, &mk->level, &mk->learning);
		m->oof = own_oof(mk, &members[0]->oof);
		json_int(&j, "rows", (int64_t)m->oof.n);
		json_str(&j, "metric", mk->learning.metric.name);
		put_score(mk, &j);
	}
	json_end(&j, '}');
	m->metrics = str_take(&s);
	note_members(mk, e);
	for (size_t i = 0; i < mk->m; i++)
		oof_free(&members[i]->oof);	/* the ensemble's own serve from here on */
	return e;
}

struct model *ensemble_make(const struct family *f, void *opts, struct model **members, const char *const *names, size_t n,
			    const struct ensemble_opts *o)
{
	struct making mk = { .method = method_of(f->name), .names = names, .m = n };
	const struct schema *sc = &members[0]->schema;
	if (n > MOST_MEMBERS)
		die(ST_USAGE, "%zu members; at most %d", n, MOST_MEMBERS);
	refuse(mk.method, members, names, n);
	mk.weights = method_weights(opts, n);
	mk.learning = (struct learning){ opts, measure_for(o->metric, sc->nlabels, (const char *const *)sc->labels), o->seed,
		cmd_threads(o->threads) };
	find_level(&mk, members);
	struct model *m = model_new(f);
	opt_free(f->opts, m->opts);
	free(m->opts);
	m->opts = opts;
	m->seed = o->seed;
	schema_free(&m->schema);
	union_schema(members, n, &m->schema);
	model_ready(m);
	m->fit = assemble(&mk, m, members);
	model_gather(m);
	level_free(&mk.level);
	free(mk.p);
	free(mk.scores);
	free(mk.weights);
	return m;
}
