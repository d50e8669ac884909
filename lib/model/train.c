#include "model/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "model/features.h"
#include "model/folds.h"

/* What one fit needs to know. */
struct job {
	const struct family *family;
	const void *opts;
	const struct train_opts *o;
	struct dataset *d;
	struct measure metric;
	struct features all;		/* fitted to all rows */
	FILE *metrics;
	int threads;
};

/* ---- predictions of a view in parallel ---- */

struct predict_ctx {
	const struct family *family;
	const void *fit;
	const struct data *x;
	double *out;
};

static void predict_chunk(void *ctx, size_t chunk, int worker)
{
	const struct predict_ctx *c = ctx;
	struct data x = *c->x;
	size_t piece = data_piece(x.cols, x.ncols), first = chunk * piece, left = x.n - first;
	(void)worker;
	x.n = left < piece ? left : piece;
	if (x.rows)
		x.rows += first;
	else
		x.first += first;
	x.label = NULL;
	x.y = x.w = NULL;
	c->family->predict(c->fit, &x, c->out + first * data_outputs(&x));
}

static void predict_view(const struct job *jb, const void *fit, const struct data *x, double *out)
{
	struct predict_ctx c = { jb->family, fit, x, out };
	size_t piece = data_piece(x->cols, x->ncols);
	par_for(jb->threads, (x->n + piece - 1) / piece, predict_chunk, &c);
}

/* ---- scores ---- */

/* The metric over predictions p (x->n, outputs) of the rows of a labelled view; NaN and *why where it is undefined. */
static double score_view(const struct job *jb, const struct data *x, const double *p, const char **why)
{
	const struct schema *sc = &jb->d->schema;
	return measure_view(&jb->metric, x, p, sc->positive, (const char *const *)sc->labels, why);
}

static struct run run_for(const struct job *jb, int fold, int folds)
{
	const struct train_opts *o = jb->o;
	bool draw = verbosity >= 0 && (o->progress || isatty(STDERR_FILENO));
	return (struct run){ .seed = o->seed, .threads = jb->threads, .metric = jb->metric,
		.positive = jb->d->schema.positive,
		.labels = (const char *const *)jb->d->schema.labels, .early_stop = o->early_stop, .fold = fold, .folds = folds,
		.metrics = jb->metrics, .progress = draw };
}

static int rounds_of(const struct job *jb, const void *fit)
{
	return jb->family->rounds ? jb->family->rounds(fit) : 0;
}

/* ---- cross-validation ---- */

struct cv {
	int32_t k;
	double *scores;		/* (k), NaN where the metric is undefined */
	const char *why;	/* ... and why */
	int rounds;		/* mean over folds of an iterative model's rounds; 0: none */
};

/* Rows whose fold is held (held) or may train for it (not held); rows is (d->n). Forward chaining trains on earlier folds. */
static size_t rows_of(const int32_t *fold, size_t n, int32_t f, bool held, bool chained, uint32_t *rows)
{
	size_t m = 0;
	for (size_t i = 0; i < n; i++)
		if (held ? fold[i] == f : chained ? fold[i] < f : fold[i] != f)
			rows[m++] = (uint32_t)i;
	return m;
}

static void fold_event(const struct job *jb, struct run *r, const char *event, size_t rows, int rounds, double score)
{
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	json_object(&j, NULL);
	json_str(&j, "event", event);
	if (r->fold)
		json_int(&j, "fold", r->fold);
	json_int(&j, "rows", (int64_t)rows);
	if (rounds)
		json_int(&j, "rounds", rounds);
	json_num(&j, jb->metric.name, score);
	json_end(&j, '}');
	run_event(r, s.s);
	str_free(&s);
}

/* One fold: fits without it, predicts it into the out-of-fold table. Returns its rounds. */
static int one_fold(struct job *jb, struct oof *oof, int32_t f, struct cv *cv)
{
	struct dataset *d = jb->d;
	uint32_t *rows = NEW(uint32_t, d->n), *held = NEW(uint32_t, d->n);
	size_t n = rows_of(oof->fold, d->n, f, false, d->time != NULL, rows);
	size_t m = rows_of(oof->fold, d->n, f, true, false, held), k = d->schema.nlabels ? (size_t)d->schema.nlabels : 1;
	if (n == 0 || m == 0)
		die(ST_DATA, "fold %d of %d has %zu rows to train on and %zu to predict; use fewer folds", f, cv->k, n, m);
	struct features none = { 0 }, ft;
	struct data tr = features_view(&none, d, rows, n), va;
	features_fit(&ft, jb->family, d, &tr, jb->o);
	struct run run = run_for(jb, f, cv->k);
	double *p = NEW(double, m * k);
	tr = features_view(&ft, d, rows, n);
	va = features_view(&ft, d, held, m);
	if (jb->o->early_stop || jb->metrics)
		run.valid = &va;
	void *fit = jb->family->fit(jb->opts, &tr, &run);
	predict_view(jb, fit, &va, p);
	for (size_t i = 0; i < m; i++)
		memcpy(oof->p + (size_t)held[i] * k, p + i * k, k * sizeof(*p));
	cv->scores[f - 1] = score_view(jb, &va, p, &cv->why);
	int rounds = rounds_of(jb, fit);
	fold_event(jb, &run, "fold", m, rounds, cv->scores[f - 1]);
	run_progress_end(&run);
	note(1, "fold %d/%d: %s %.6g on %zu rows", f, cv->k, jb->metric.name, cv->scores[f - 1], m);
	jb->family->free(fit);
	features_free(&ft);
	free(p);
	free(rows);
	free(held);
	return rounds;
}

static struct fold_by fold_by(const struct dataset *d, const struct train_opts *o)
{
	if (d->time)
		return (struct fold_by){ .time = d->time, .seed = o->fold_seed };
	if (d->group)
		return (struct fold_by){ .group = d->group->cat, .ngroups = d->group->nlevels, .seed = o->fold_seed };
	return (struct fold_by){ .strata = o->stratify ? d->label : NULL, .seed = o->fold_seed };
}

/* A table of out-of-fold predictions for all rows, none made yet. */
static struct oof oof_of(const struct dataset *d, int32_t folds)
{
	size_t k = data_outputs(&(struct data){ .nclasses = d->schema.nlabels });
	return oof_new(d->n, k, folds, d->table->hash, d->label, d->y, d->w);
}

static void cross_validate(struct job *jb, struct oof *oof, struct cv *cv)
{
	struct dataset *d = jb->d;
	int64_t rounds = 0;
	*oof = oof_of(d, cv->k);
	struct fold_by by = fold_by(d, jb->o);
	if ((size_t)cv->k > d->n)
		die(ST_DATA, "%d folds of %zu rows; use fewer folds", cv->k, d->n);
	if (by.group && by.ngroups < cv->k)
		die(ST_DATA, "%d folds of %d groups in '%s'; use fewer folds", cv->k, by.ngroups, d->group->name);
	folds_deal(oof->fold, d->n, cv->k, &by);
	cv->scores = NEW(double, (size_t)cv->k);
	for (int32_t f = 1; f <= cv->k; f++)
		rounds += one_fold(jb, oof, f, cv);
	cv->rounds = (int)((rounds + cv->k / 2) / cv->k);
}

/* --oob: the out-of-bag predictions of the fit, as those of one fold; rows that no tree left out have none. */
static void keep_oob(struct job *jb, struct model *m)
{
	size_t k = data_outputs(&(struct data){ .nclasses = jb->d->schema.nlabels });
	m->oof = oof_of(jb->d, 1);
	if (!jb->family->unseen || !jb->family->unseen(m->fit, m->oof.p))
		die(ST_USAGE, "--oob: only a forest whose trees draw rows has out-of-bag predictions; --cv works for all");
	for (size_t i = 0; i < jb->d->n; i++)
		m->oof.fold[i] = !isnan(m->oof.p[i * k]);
}

/* Adds "cv": {...} to the metrics and says it on stderr; mean and spread are over the folds where the metric is defined. */
static void report_cv(const struct job *jb, const struct cv *cv, struct json *j)
{
	double mean = 0, var = 0, sd;
	int32_t n = 0;
	for (int32_t f = 0; f < cv->k; f++)
		if (!isnan(cv->scores[f])) {
			mean += cv->scores[f];
			n++;
		}
	mean /= n;
	for (int32_t f = 0; f < cv->k; f++)
		if (!isnan(cv->scores[f]))
			var += (cv->scores[f] - mean) * (cv->scores[f] - mean);
	sd = sqrt(var / (n - 1));
	json_object(j, "cv");
	json_int(j, "folds", cv->k);
	json_num(j, "mean", mean);
	json_num(j, "sd", sd);
	json_array(j, "scores");
	for (int32_t f = 0; f < cv->k; f++)
		json_num(j, NULL, cv->scores[f]);
	json_end(j, ']');
	json_end(j, '}');
	if (n < cv->k)
		warn("%s is undefined in %d of %d folds: %s", jb->metric.name, cv->k - n, cv->k, cv->why);
	if (n > 1)
		note(0, "%s %.5f, sd %.5f over %d folds", jb->metric.name, mean, sd, n);
}

/* ---- the final fit ---- */

/* Rows to validate on, with their features. */
struct held {
	const struct dataset *d;
	const struct features *features;
	const uint32_t *rows;		/* (n) NULL: all */
	size_t n;
};

/* Scores the fit on the validation rows: into the metrics and on stderr. */
static void report_valid(struct job *jb, struct run *run, const void *fit, const struct data *valid, int rounds, struct json *j)
{
	double *p = NEW(double, valid->n * data_outputs(valid));
	const char *why = NULL;
	predict_view(jb, fit, valid, p);
	double score = score_view(jb, valid, p, &why);
	json_object(j, "valid");
	json_int(j, "rows", (int64_t)valid->n);
	json_num(j, "score", score);
	json_end(j, '}');
	if (isnan(score))
		warn("%s is undefined on the %zu validation rows: %s", jb->metric.name, valid->n, why);
	else
		note(0, "%s %.5f on %zu validation rows", jb->metric.name, score, valid->n);
	fold_event(jb, run, "valid", valid->n, rounds, score);
	free(p);
}

/* Fits on the rows (n; NULL: all) with features f, which move into the model, watching what is held when it is given. */
static void fit_final(struct job *jb, struct model *m, struct features *f, const uint32_t *rows, size_t n,
		      const struct held *held, int rounds, struct json *j)
{
	struct data tr = features_view(f, jb->d, rows, n), valid;
	struct run run = run_for(jb, 0, 0);
	if (held) {
		valid = features_view(held->features, held->d, held->rows, held->n);
		valid.task = tr.task;
		valid.nclasses = tr.nclasses;
		run.valid = &valid;
	}
	run.rounds = rounds;
	m->fit = jb->family->fit(jb->opts, &tr, &run);
	rounds = rounds_of(jb, m->fit);
	if (rounds)
		json_int(j, "rounds", rounds);
	if (held)
		report_valid(jb, &run, m->fit, &valid, rounds, j);
	run_progress_end(&run);
	features_give(f, jb->d, m);
}

/* --valid FILE: the rows of another file. */
static void fit_with_file(struct job *jb, struct model *m, struct json *j)
{
	struct dataset v;
	struct features f;
	dataset_read_as(&v, jb->o->valid, jb->o, jb->d);
	features_like(&f, jb->family, &v, &jb->all, jb->threads);
	fit_final(jb, m, &jb->all, NULL, jb->d->n, &(struct held){ &v, &f, NULL, v.n }, 0, j);
	features_free(&f);
	dataset_free(&v);
}

/* --valid-frac F: that share of the rows is held out, by the rules of folds. */
static void fit_with_share(struct job *jb, struct model *m, struct json *j)
{
	struct dataset *d = jb->d;
	int32_t *fold = NEW(int32_t, d->n);
	uint32_t *rows = NEW(uint32_t, d->n), *held = NEW(uint32_t, d->n);
	struct fold_by by = fold_by(d, jb->o);
	double share = jb->o->valid_frac;
	folds_share(fold, d->n, share, &by);
	size_t n = rows_of(fold, d->n, 1, false, false, rows), h = rows_of(fold, d->n, 1, true, false, held);
	if (n == 0 || h == 0)
		die(ST_DATA, "--valid-frac %g of %zu rows leaves %zu to train on and %zu to validate", share, d->n, n, h);
	struct features none = { 0 }, f;
	struct data tr = features_view(&none, d, rows, n);
	features_fit(&f, jb->family, d, &tr, jb->o);
	fit_final(jb, m, &f, rows, n, &(struct held){ d, &f, held, h }, 0, j);
	features_free(&f);
	free(fold);
	free(rows);
	free(held);
}

static void check_options(const struct train_opts *o, const struct family *f)
{
	if (!!o->cv + !!o->valid + (o->valid_frac > 0) + o->oob > 1)
		die(ST_USAGE, "give one of --cv, --oob, --valid and --valid-frac");
	if (o->valid && strcmp(o->valid, "-") == 0)
		die(ST_USAGE, "--valid -: the training rows come on stdin; give a file");
	if (o->cv == 1)
		die(ST_USAGE, "--cv 1: cross-validation needs 2 folds or more");
	if (o->group && o->time)
		die(ST_USAGE, "give one of --group and --time");
	if (o->early_stop && !f->rounds)
		warn("--early-stop: the family %s has no rounds to stop", f->name);
	if (o->early_stop && !o->cv && !o->valid && o->valid_frac <= 0)
		die(ST_USAGE, "--early-stop needs rows to watch: give --cv, --valid or --valid-frac");
}

struct model *train(const struct family *f, void *opts, struct dataset *d, const struct train_opts *o)
{
	struct job jb = { .family = f, .opts = opts, .o = o, .d = d, .threads = cmd_threads(o->threads) };
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	struct cv cv = { .k = o->cv };
	check_options(o, f);
	jb.metric = measure_for(o->metric, d->schema.nlabels, (const char *const *)d->schema.labels);
	struct model *m = model_new(f);
	opt_free(f->opts, m->opts);
	free(m->opts);
	m->opts = opts;
	struct data all = features_view(&jb.all, d, NULL, d->n);
	features_fit(&jb.all, f, d, &all, o);
	all = features_view(&jb.all, d, NULL, d->n);
	const char *why = f->check ? f->check(opts, &all) : NULL;
	if (why)
		die(ST_USAGE, "%s: %s", f->name, why);
	jb.metrics = metrics_open(o->metrics, o->output);
	json_object(&j, NULL);
	json_int(&j, "rows", (int64_t)d->n);
	json_str(&j, "metric", jb.metric.name);
	if (o->cv) {
		cross_validate(&jb, &m->oof, &cv);
		report_cv(&jb, &cv, &j);
	}
	if (o->valid)
		fit_with_file(&jb, m, &j);
	else if (o->valid_frac > 0)
		fit_with_share(&jb, m, &j);
	else
		fit_final(&jb, m, &jb.all, NULL, d->n, NULL, o->early_stop ? cv.rounds : 0, &j);
	if (o->oob)
		keep_oob(&jb, m);
	json_end(&j, '}');
	m->metrics = str_take(&s);
	metrics_close(jb.metrics, o->metrics);
	free(cv.scores);
	features_free(&jb.all);
	m->schema = d->schema;
	m->seed = o->seed;
	d->schema = (struct schema){ .positive = -1 };
	model_ready(m);
	return m;
}
