#include "model/train.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "model/folds.h"

#define CHUNK 1024	/* rows predicted as one piece of parallel work */

/* What one fit needs to know. */
struct job {
	const struct family *family;
	const void *opts;
	const struct train_opts *o;
	struct dataset *d;
	struct measure metric;
	struct derives derived;		/* with the target means of the last fit */
	FILE *metrics;
	int threads;
};

/* ---- features of a fold ---- */

/*
 * The features over all rows of the table, for a model that trains on `train`:
 * inputs as they are, derived columns in new arrays (target means depend on
 * the training rows). Release with features_free().
 */
static struct column *features_for(struct job *jb, const struct data *train)
{
	const struct dataset *d = jb->d;
	struct column *cols = NEW(struct column, d->ninputs + jb->derived.n);
	struct column *derived = cols + d->ninputs;
	memcpy(cols, d->inputs, d->ninputs * sizeof(*cols));
	derives_columns(&jb->derived, derived);
	schema_cells(derived, jb->derived.n, d->n);
	for (size_t i = 0; i < jb->derived.n; i++) {	/* the last fold's means are not to be applied */
		free(jb->derived.d[i].means);
		jb->derived.d[i].means = NULL;
	}
	derives_apply(&jb->derived, d->inputs, d->n, derived);
	derives_target(&jb->derived, d->inputs, d->n, train, d->schema.positive, jb->o->target_smooth, jb->o->seed, derived);
	return cols;
}

static void features_free(const struct job *jb, struct column *cols)
{
	schema_cells_free(cols + jb->d->ninputs, jb->derived.n);
	free(cols);
}

static struct data view_of(const struct dataset *d, const struct column *cols, size_t ncols, const uint32_t *rows, size_t n)
{
	return (struct data){ .n = n, .ncols = ncols, .cols = cols, .rows = rows, .task = d->schema.task,
		.nclasses = d->schema.nlabels, .label = d->label, .y = d->y, .w = d->w };
}

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
	size_t first = chunk * CHUNK, left = x.n - first;
	(void)worker;
	x.n = left < CHUNK ? left : CHUNK;
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
	par_for(jb->threads, (x->n + CHUNK - 1) / CHUNK, predict_chunk, &c);
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
	size_t ncols = d->ninputs + jb->derived.n;
	if (n == 0 || m == 0)
		die(ST_DATA, "fold %d of %d has %zu rows to train on and %zu to predict; use fewer folds", f, cv->k, n, m);
	struct data tr = view_of(d, NULL, ncols, rows, n), va = view_of(d, NULL, ncols, held, m);
	struct column *cols = features_for(jb, &tr);
	struct run run = run_for(jb, f, cv->k);
	double *p = NEW(double, m * k);
	tr.cols = va.cols = cols;
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
	features_free(jb, cols);
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

static void move_into(struct model *m, struct job *jb)
{
	m->schema = jb->d->schema;
	m->derived = jb->derived;
	m->seed = jb->o->seed;
	jb->d->schema = (struct schema){ .positive = -1 };
	model_ready(m);
}

/* Fits on the rows (all when rows is NULL), watching valid when it is given. */
static void fit_final(struct job *jb, struct model *m, const uint32_t *rows, size_t n, struct data *valid, int rounds,
		      struct json *j)
{
	struct data tr = view_of(jb->d, NULL, jb->d->ninputs + jb->derived.n, rows, n);
	struct column *cols = features_for(jb, &tr);
	struct run run = run_for(jb, 0, 0);
	tr.cols = cols;
	if (valid && !valid->cols)
		valid->cols = cols;	/* held-out rows of the same table */
	run.valid = valid;
	run.rounds = rounds;
	m->fit = jb->family->fit(jb->opts, &tr, &run);
	rounds = rounds_of(jb, m->fit);
	if (rounds)
		json_int(j, "rounds", rounds);
	if (valid) {
		double *p = NEW(double, valid->n * data_outputs(valid));
		predict_view(jb, m->fit, valid, p);
		const char *why = NULL;
		double score = score_view(jb, valid, p, &why);
		json_object(j, "valid");
		json_int(j, "rows", (int64_t)valid->n);
		json_num(j, "score", score);
		json_end(j, '}');
		if (isnan(score))
			warn("%s is undefined on the %zu validation rows: %s", jb->metric.name, valid->n, why);
		else
			note(0, "%s %.5f on %zu validation rows", jb->metric.name, score, valid->n);
		fold_event(jb, &run, "valid", valid->n, rounds, score);
		free(p);
	}
	run_progress_end(&run);
	features_free(jb, cols);
}

/* --valid FILE: the rows of another file, with derived columns by the training rows. */
static void fit_with_file(struct job *jb, struct model *m, struct json *j)
{
	struct dataset v;
	dataset_read_as(&v, jb->o->valid, jb->o, jb->d);
	struct data tr = view_of(jb->d, NULL, 0, NULL, jb->d->n);
	features_free(jb, features_for(jb, &tr));	/* fits the target means */
	struct column *cols = NEW(struct column, v.ninputs + jb->derived.n);
	memcpy(cols, v.inputs, v.ninputs * sizeof(*cols));
	derives_columns(&jb->derived, cols + v.ninputs);
	schema_cells(cols + v.ninputs, jb->derived.n, v.n);
	derives_apply(&jb->derived, v.inputs, v.n, cols + v.ninputs);
	struct data valid = view_of(&v, cols, v.ninputs + jb->derived.n, NULL, v.n);
	valid.task = jb->d->schema.task;
	valid.nclasses = jb->d->schema.nlabels;
	fit_final(jb, m, NULL, jb->d->n, &valid, 0, j);
	schema_cells_free(cols + v.ninputs, jb->derived.n);
	free(cols);
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
	struct data valid = view_of(d, NULL, d->ninputs + jb->derived.n, held, h);
	fit_final(jb, m, rows, n, &valid, 0, j);
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

/* The stream of --metrics, or NULL; written as it goes, so that it can be watched. */
static FILE *open_metrics(const struct train_opts *o)
{
	bool to_stdout = o->metrics && strcmp(o->metrics, "-") == 0;
	if (!o->metrics)
		return NULL;
	if (to_stdout && (!o->output || strcmp(o->output, "-") == 0))
		die(ST_USAGE, "--metrics -: the model goes to stdout; give -o FILE");
	FILE *f = to_stdout ? stdout : fopen(o->metrics, "w");
	if (!f)
		die(ST_IO, "--metrics %s: cannot write: %s", o->metrics, strerror(errno));
	return f;
}

struct model *train(const struct family *f, void *opts, struct dataset *d, const struct train_opts *o)
{
	struct job jb = { .family = f, .opts = opts, .o = o, .d = d, .threads = cmd_threads(o->threads) };
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	struct cv cv = { .k = o->cv };
	check_options(o, f);
	jb.metric = measure_for(o->metric, d->schema.nlabels, (const char *const *)d->schema.labels);
	derives_copy(&jb.derived, &d->derived);
	struct model *m = model_new(f);
	opt_free(f->opts, m->opts);
	free(m->opts);
	m->opts = opts;
	struct data all = view_of(d, NULL, d->ninputs + jb.derived.n, NULL, d->n);
	struct column *cols = features_for(&jb, &all);
	all.cols = cols;
	const char *why = f->check ? f->check(opts, &all) : NULL;
	if (why)
		die(ST_USAGE, "%s: %s", f->name, why);
	features_free(&jb, cols);
	jb.metrics = open_metrics(o);
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
		fit_final(&jb, m, NULL, d->n, NULL, o->early_stop ? cv.rounds : 0, &j);
	if (o->oob)
		keep_oob(&jb, m);
	json_end(&j, '}');
	m->metrics = str_take(&s);
	if (jb.metrics && (jb.metrics == stdout ? fflush : fclose)(jb.metrics) != 0)
		die(ST_IO, "--metrics %s: cannot write: %s", o->metrics, strerror(errno));
	free(cv.scores);
	move_into(m, &jb);
	return m;
}
