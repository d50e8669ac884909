/*
 * Ensembles as models: what they predict, score, remember and write. Members
 * are models of real families with out-of-fold predictions made up.
 */
#include "../../contract/contract.h"
#include "level.h"

#define ROWS 60
#define M 3

static const char *const names[M] = { "dir/a", "b", "c" };
static const char *const member_families[2][M] = { { "bayes", "knn", "tree" }, { "linear", "knn", "tree" } };

/* Options as opts_make() has them, with others by name and value. */
static struct method_opts *options(const char *name, const char *more, const char *value)
{
	const struct family *f = family_find(name);
	struct method_opts *o = mem_zero(1, f->opts_size);
	opt_defaults(f->opts, o);
	o->bags = 3;
	o->rounds = 8;
	if (more)
		ck_assert(opt_takes(opt_find(f->opts, more, strlen(more)), o, value));
	return o;
}

/* Member i of a task: member 1 does not read the first column, member 2 takes the last as numbers. */
static struct model *member(enum task task, size_t i, const struct level *lv)
{
	static const char *const labels[] = { "no", "so", "yes" };
	struct synth s = synth_make(TABLE_MIXED, task, ROWS, 1);
	struct model *m = model_new(family_find(member_families[task == TASK_REGRESSION][i]));
	struct data d = synth_train(&s, false);
	size_t k = (size_t)lv->k;
	if (i == 1) {
		d.cols++;
		d.ncols--;
	} else if (i == 2) {
		struct column *last = &s.cols[s.ncols - 1];
		last->kind = KIND_NUMERIC;
		last->nlevels = 0;
		last->num = NEW(double, ROWS);
		for (size_t r = 0; r < ROWS; r++)
			last->num[r] = last->cat[r];
	}
	schema_from(&m->schema, d.cols, d.ncols);
	m->schema.target = mem_str("target");
	m->schema.task = task;
	m->schema.nlabels = d.nclasses;
	m->schema.labels = NEW0(char *, 3);
	for (int32_t c = 0; c < d.nclasses; c++)
		m->schema.labels[c] = mem_str(labels[c]);
	m->schema.positive = d.nclasses == 2 ? 1 : -1;
	m->schema.unseen = mem_str("missing");
	model_ready(m);
	m->fit = fit_make(m->family, m->opts, &d, 1);
	m->oof = (struct oof){ .n = lv->n, .folds = lv->folds, .rows_hash = 5, .fold = mem_copy(lv->fold, lv->n, sizeof(int32_t)),
		.label = lv->label ? mem_copy(lv->label, lv->n, sizeof(int32_t)) : NULL,
		.y = lv->y ? mem_copy(lv->y, lv->n, sizeof(double)) : NULL, .p = mem_copy(lv->p[i], lv->n * k, sizeof(double)) };
	synth_free(&s);
	return m;
}

struct setup {
	enum task task;
	struct level lv;
	struct model *members[M];
};

static struct setup setup(enum task task)
{
	struct setup s = { .task = task };
	s.lv = level_make(ROWS, M, task == TASK_REGRESSION ? 1 : task == TASK_BINARY ? 2 : 3, 4, false, 8);
	for (size_t i = 0; i < M; i++)
		s.members[i] = member(task, i, &s.lv);
	verbosity = -1;
	return s;
}

static struct model *make_of(const char *name, struct method_opts *o, struct model **members, size_t m, int32_t threads)
{
	struct ensemble_opts eo = { .seed = 1, .threads = threads };
	return ensemble_make(family_find(name), o, members, names, m, &eo);
}

static struct bytes bytes_of(const struct model *m)
{
	struct bytes b;
	struct out out = { .f = open_memstream(&b.p, &b.n) };
	model_write(m, &out);
	fclose(out.f);
	return b;
}

/* Cells for every column that the model reads, the same for a name whatever the kind; free with schema_cells_free() and free(). */
static struct column *cells(const struct model *m, size_t n)
{
	struct column *cols = mem_copy(m->inputs, m->schema.nfields, sizeof(*cols));
	schema_cells(cols, m->schema.nfields, n);
	for (size_t j = 0; j < m->schema.nfields; j++) {
		struct rng r = rng_at(1, cols[j].name, 0);
		for (size_t i = 0; i < n; i++) {
			double x = rng_double(&r);
			if (cols[j].num)
				cols[j].num[i] = x < 0.1 ? (double)NAN : 20 + 40 * x;
			else
				cols[j].cat[i] = (int32_t)(x * (cols[j].nlevels + 1)) - 1;
		}
	}
	return cols;
}

static double *predict(const struct model *m, size_t first, size_t n)
{
	struct column *cols = cells(m, ROWS), *at = mem_copy(cols, m->schema.nfields, sizeof(*cols));
	double *p = NEW(double, n * model_outputs(m));
	for (size_t j = 0; j < m->schema.nfields; j++) {
		if (at[j].num)
			at[j].num += first;
		else
			at[j].cat += first;
	}
	model_predict(m, at, NULL, n, p);
	schema_cells_free(cols, m->schema.nfields);
	free(cols);
	free(at);
	return p;
}

static const enum task all_tasks[] = { TASK_BINARY, TASK_MULTICLASS, TASK_REGRESSION };

/* Runs test for every method and task that go together; it gets a made ensemble and the setup before. */
typedef void made_fn(struct model *e, const struct setup *s, const struct level *lv);

static void for_all(made_fn *test)
{
	for (size_t i = 0; methods[i]; i++)
		for (int t = 0; t < 3; t++) {
			const struct family *f = methods[i]->family;
			if (!(f->tasks & all_tasks[t]))
				continue;
			struct setup s = setup(all_tasks[t]);
			struct model *e = make_of(f->name, options(f->name, NULL, NULL), s.members, methods[i]->one_member ? 1 : M, 1);
			test(e, &s, &s.lv);
			for (size_t j = methods[i]->one_member ? 1 : M; j < M; j++)
				model_free(s.members[j]);
			level_free(&s.lv);
			model_free(e);
		}
}

static void predicts_by_members(struct model *e, const struct setup *s, const struct level *lv)
{
	const struct ensemble *fit = e->fit;
	size_t k = model_outputs(e);
	double *p[M], *got = predict(e, 0, ROWS), *want = NEW(double, ROWS * k);
	(void)lv;
	for (size_t i = 0; i < fit->c.m; i++)
		p[i] = predict(s->members[i], 0, ROWS);
	fit->method->apply(&fit->c, (const double *const *)p, ROWS, want);
	ck_assert_mem_eq(got, want, ROWS * k * sizeof(double));
	check_predictions((struct contract_case){ e->family, s->task }, got, ROWS, k, "ensemble");
	struct column *cols = cells(e, ROWS);
	struct data x = model_frame(e);
	for (size_t r = 0; r < ROWS; r++) {
		double *alone = predict(e, r, 1), at[3];
		ck_assert_mem_eq(alone, got + r * k, k * sizeof(double));
		free(alone);
		x.cols = cols;
		x.first = r;	/* the same row inside a table */
		x.n = 1;
		e->family->predict(e->fit, &x, at);
		ck_assert_mem_eq(at, got + r * k, k * sizeof(double));
	}
	schema_cells_free(cols, e->schema.nfields);
	free(cols);
	for (size_t i = 0; i < fit->c.m; i++)
		free(p[i]);
	free(got);
	free(want);
}

START_TEST(a_row_alone_scores_as_its_members_say)
{
	for_all(predicts_by_members);
}
END_TEST

/* The mean over folds of the default metric, for members in the mask. */
static double score_of(const struct ensemble *e, const struct level *lv, unsigned mask, double *p)
{
	struct level some = *lv;
	struct learning l = learn_by(options(e->method->family->name, NULL, NULL), metric_default(lv->k == 1 ? TASK_REGRESSION :
				     lv->k == 2 ? TASK_BINARY : TASK_MULTICLASS), 1);
	double *kept[M], scores[4];
	some.m = 0;
	some.p = kept;
	for (size_t i = 0; i < e->c.m; i++)
		if (mask & (1U << i))
			kept[some.m++] = lv->p[i];
	level_nested(&some, e->method, NULL, &l, p);
	opts_drop(e->method->family, (void *)(uintptr_t)l.opts);
	return level_score(&some, p, &l.metric, scores);
}

static void scores_honestly(struct model *e, const struct setup *s, const struct level *lv)
{
	const struct ensemble *fit = e->fit;
	size_t k = model_outputs(e);
	double *p = NEW(double, ROWS * k), with = score_of(fit, lv, 7, p), sign = s->task == TASK_BINARY ? 1 : -1;
	ck_assert_uint_eq(e->oof.n, ROWS);
	ck_assert_mem_eq(e->oof.p, p, ROWS * k * sizeof(double));
	ck_assert_mem_eq(e->oof.fold, lv->fold, ROWS * sizeof(int32_t));
	struct jval *v = jval_parse(e->metrics, strlen(e->metrics), "metrics");
	ck_assert_double_eq_tol(jval_num(jval_need(jval_need(v, "cv"), "mean")), with, 1e-12);
	ck_assert_uint_eq(jval_size(jval_need(jval_need(v, "cv"), "scores")), 4);
	jval_free(v);
	ck_assert_str_eq(fit->members[0].name, "a");
	for (size_t i = 0; i < fit->c.m && fit->c.m > 1; i++)
		ck_assert_double_eq_tol(fit->members[i].gain, sign * (with - score_of(fit, lv, 7U & ~(1U << i), p)), 1e-12);
	ck_assert(fit->c.m > 1 || isnan(fit->members[0].gain));
	free(p);
}

START_TEST(scores_and_gains_are_nested)
{
	for_all(scores_honestly);
}
END_TEST

static void same_after_reading(struct model *e, const struct setup *s, const struct level *lv)
{
	struct bytes b = bytes_of(e);
	struct store *st = store_read(mem_copy(b.p, b.n, 1), b.n, "test");
	struct model *again = model_restore(st);
	struct bytes c = bytes_of(again);
	double *p = predict(e, 0, ROWS), *q = predict(again, 0, ROWS);
	struct str one = { 0 }, two = { 0 };
	(void)s;
	(void)lv;
	model_show(e, &one);
	model_show(again, &two);
	ck_assert_uint_eq(b.n, c.n);
	ck_assert_mem_eq(b.p, c.p, b.n);
	ck_assert_mem_eq(p, q, ROWS * model_outputs(e) * sizeof(double));
	ck_assert_str_eq(one.s, two.s);
	ck_assert_ptr_nonnull(strstr(one.s, "\"weight\""));
	model_free(again);
	store_free(st);
	free(b.p);
	free(c.p);
	free(p);
	free(q);
	str_free(&one);
	str_free(&two);
}

START_TEST(the_same_after_save_and_load)
{
	for_all(same_after_reading);
}
END_TEST

START_TEST(threads_do_not_matter)
{
	static const char *const some[] = { "climb", "stack", "rank" };
	for (size_t i = 0; i < 3; i++) {
		struct bytes one = { 0 };
		for (int32_t threads = 1; threads <= 3; threads++) {
			struct setup s = setup(TASK_BINARY);
			struct model *e = make_of(some[i], options(some[i], NULL, NULL), s.members, M, threads);
			struct bytes b = bytes_of(e);
			if (one.p) {
				ck_assert_uint_eq(b.n, one.n);
				ck_assert_mem_eq(b.p, one.p, b.n);
				free(b.p);
			} else {
				one = b;
			}
			model_free(e);
			level_free(&s.lv);
		}
		free(one.p);
	}
}
END_TEST

/* Columns of one name and different kinds are two fields; columns that are the same are one. */
START_TEST(the_schema_has_each_column_once)
{
	struct setup s = setup(TASK_BINARY);
	size_t first = s.members[0]->schema.nfields;
	struct model *e = make_of("mean", options("mean", NULL, NULL), s.members, M, 1);
	ck_assert_uint_eq(e->schema.nfields, first + 1);
	ck_assert_str_eq(e->schema.fields[first].name, e->schema.fields[first - 1].name);
	ck_assert(e->schema.fields[first].kind == KIND_NUMERIC && e->schema.fields[first - 1].kind == KIND_CATEGORY);
	level_free(&s.lv);
	model_free(e);
}
END_TEST

START_TEST(a_category_without_levels_is_no_number)
{
	struct column cols[] = { { .name = "x", .kind = KIND_NUMERIC }, { .name = "x", .kind = KIND_CATEGORY } }, other = { .name = "y" };
	struct model m = { .inputs = &cols[1], .schema.nfields = 1 };
	size_t *map = union_map(cols, 2, &m);
	ck_assert_uint_eq(map[0], 1);
	free(map);
	m.inputs = &cols[0];
	map = union_map(cols, 2, &m);
	ck_assert_uint_eq(map[0], 0);
	free(map);
	m.inputs = &other;
	ck_assert_ptr_null(union_map(cols, 2, &m));
}
END_TEST

START_TEST(weights_are_made_to_sum_to_1)
{
	struct setup s = setup(TASK_BINARY);
	struct model *e = make_of("logit-mean", options("logit-mean", "weights", "3,0,1"), s.members, M, 1);
	const struct ensemble *fit = e->fit;
	ck_assert_double_eq(fit->c.weight[0], 0.75);
	ck_assert_double_eq(fit->c.weight[1], 0);
	ck_assert_double_eq(fit->members[1].gain, 0);
	level_free(&s.lv);
	model_free(e);
}
END_TEST

/* An ensemble has its own out-of-fold predictions: it is a member like any other. */
START_TEST(ensembles_are_members)
{
	struct setup s = setup(TASK_BINARY);
	struct model *two[2] = { make_of("stack", options("stack", NULL, NULL), s.members, 2, 1), s.members[2] };
	struct model *e = make_of("climb", options("climb", NULL, NULL), two, 2, 1);
	ck_assert_uint_eq(e->oof.n, ROWS);
	same_after_reading(e, &s, &s.lv);
	predicts_by_members(e, &(struct setup){ s.task, s.lv, { two[0], two[1], NULL } }, &s.lv);
	level_free(&s.lv);
	model_free(e);
}
END_TEST

/* Folds in time: the earliest that is predicted teaches and is not judged, neither the ensemble nor its members. */
START_TEST(members_and_ensemble_are_judged_on_the_same_folds)
{
	struct setup s = setup(TASK_BINARY);
	struct learning l = learn_by(NULL, "auc", 1);
	double scores[3];
	for (size_t i = 0; i < M; i++)
		for (size_t r = 0; r < ROWS; r++)
			s.members[i]->oof.fold[r]--;
	struct level lv = level_of(s.members, M);
	level_score(&lv, lv.p[1], &l.metric, scores);
	struct model *e = make_of("stack", options("stack", NULL, NULL), s.members, M, 1);
	const struct ensemble *fit = e->fit;
	ck_assert_double_eq_tol(fit->members[1].score, (scores[1] + scores[2]) / 2, 1e-12);
	for (size_t r = 0; r < ROWS; r++)
		ck_assert_int_eq(e->oof.fold[r], r % 4 < 2 ? 0 : (int)(r % 4));
	same_after_reading(e, &s, &lv);
	level_free(&lv);
	level_free(&s.lv);
	model_free(e);
}
END_TEST

START_TEST(without_out_of_fold_predictions_there_is_no_score)
{
	struct setup s = setup(TASK_MULTICLASS);
	oof_free(&s.members[1]->oof);
	struct model *e = make_of("median", options("median", NULL, NULL), s.members, M, 1);
	const struct ensemble *fit = e->fit;
	ck_assert_uint_eq(e->oof.n, 0);
	ck_assert_str_eq(e->metrics, "{}");
	ck_assert(isnan(fit->members[0].score) && isnan(fit->members[0].gain));
	same_after_reading(e, &s, &s.lv);
	level_free(&s.lv);
	model_free(e);
}
END_TEST

/* Importance is the weighted mean of the members', each made to sum to 1, by column. */
START_TEST(importance_is_that_of_members)
{
	struct setup s = setup(TASK_BINARY);
	model_free(s.members[0]);
	s.members[0] = s.members[2];	/* two trees that read the same */
	s.members[2] = NULL;
	struct model *one = member(TASK_BINARY, 2, &s.lv);
	struct model *trees[2] = { s.members[0], one };
	struct model *e = make_of("mean", options("mean", "weights", "1,3"), trees, 2, 1);
	struct data frame = model_frame(e), own = model_frame(one);
	double x[9], y[9], sum = 0;
	ck_assert(e->family->importance(e->fit, &frame, "gain", x));
	ck_assert(one->family->importance(one->fit, &own, "gain", y));
	for (size_t j = 0; j < own.ncols; j++)
		sum += y[j];
	for (size_t j = 0; j < own.ncols; j++)
		ck_assert_double_eq_tol(x[j], y[j] / sum, 1e-12);
	ck_assert(!e->family->importance(e->fit, &frame, "coef", x));
	model_free(e);
	model_free(s.members[1]);
	level_free(&s.lv);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_row_alone_scores_as_its_members_say, scores_and_gains_are_nested,
		the_same_after_save_and_load, threads_do_not_matter, the_schema_has_each_column_once, a_category_without_levels_is_no_number,
		weights_are_made_to_sum_to_1, ensembles_are_members,
		members_and_ensemble_are_judged_on_the_same_folds, without_out_of_fold_predictions_there_is_no_score,
		importance_is_that_of_members };
	return contract_run("ensemble/make", tests, sizeof(tests) / sizeof(*tests), 1);
}
