/* Rows of members: which are comparable, and that what judges a fold has not seen it. */
#include "unit.h"

#include "level.h"

#define N 200
#define FOLDS 5

/* A member made of nothing but out-of-fold predictions. */
static struct model member(const struct level *lv, size_t i)
{
	size_t k = (size_t)lv->k;
	struct oof o = { .n = lv->n, .folds = lv->folds, .rows_hash = 77, .fold = mem_copy(lv->fold, lv->n, sizeof(int32_t)),
		.label = lv->label ? mem_copy(lv->label, lv->n, sizeof(int32_t)) : NULL,
		.y = lv->y ? mem_copy(lv->y, lv->n, sizeof(double)) : NULL,
		.w = lv->w ? mem_copy(lv->w, lv->n, sizeof(double)) : NULL, .p = mem_copy(lv->p[i], lv->n * k, sizeof(double)) };
	struct model m = { .oof = o };
	m.schema.nlabels = lv->k > 1 ? lv->k : 0;
	m.schema.positive = lv->positive;
	return m;
}

static const char *const names[] = { "first", "second" };

static void refuses(struct model *a, struct model *b, const char *want)
{
	char *why = level_refusal((struct model *[]){ a, b }, names, 2);
	if (want)
		ck_assert_msg(why && strstr(why, want), "'%s' instead of '%s'", why ? why : "(nothing)", want);
	else
		ck_assert_msg(!why, "'%s'", why);
	free(why);
}

START_TEST(members_that_differ_are_refused)
{
	struct level lv = level_make(30, 2, 3, 3, false, 1), values = level_make(30, 2, 1, 3, false, 1);
	struct model a = member(&lv, 0), b = member(&lv, 1), c = member(&values, 0), d = member(&values, 1);
	refuses(&a, &b, NULL);
	b.oof.fold[4] = 3;
	refuses(&a, &b, "'second' has data row 5 in fold 3, 'first' in fold 2; train both with the same --cv, --fold-seed");
	b.oof.fold[4] = 0;
	refuses(&a, &b, NULL);	/* held out by one only */
	b.oof.label[7] = (b.oof.label[7] + 1) % 3;
	refuses(&a, &b, "'second' has another target in data row 8 than 'first'");
	b.oof.rows_hash = 78;
	refuses(&a, &b, "'second' was trained on other rows than 'first' (30 rows, hash 000000000000004e; 30 rows, hash 000000000000004d)");
	b.oof.rows_hash = 77;
	b.oof.n = 29;
	refuses(&a, &b, "trained on other rows");
	b.oof.n = 0;
	refuses(&a, &b, "'second' has no out-of-fold predictions; train it with --cv 5");
	refuses(&c, &d, NULL);
	d.oof.y[3] += 1e-9;
	refuses(&c, &d, "another target in data row 4");
	oof_free(&a.oof);
	oof_free(&b.oof);
	oof_free(&c.oof);
	oof_free(&d.oof);
	level_free(&lv);
	level_free(&values);
}
END_TEST

START_TEST(rows_and_weights_that_all_share)
{
	struct level lv = level_make(30, 2, 2, 3, true, 2);
	struct model a = member(&lv, 0), b = member(&lv, 1), *both[] = { &a, &b };
	struct level got = level_of(both, 2);
	ck_assert_uint_eq(got.n, 30);
	ck_assert(!got.chained && got.folds == 3);
	ck_assert_mem_eq(got.w, lv.w, 30 * sizeof(double));
	ck_assert_mem_eq(got.p[1], lv.p[1], 60 * sizeof(double));
	level_free(&got);
	b.oof.fold[0] = 0;
	b.oof.w[5] += 1;
	verbosity = -1;
	got = level_of(both, 2);
	ck_assert_uint_eq(got.n, 29);
	ck_assert_uint_eq(got.row[0], 1);
	ck_assert(got.chained && !got.w);
	level_free(&got);
	oof_free(&a.oof);
	oof_free(&b.oof);
	level_free(&lv);
}
END_TEST

/* The area under the ROC curve over all rows, by counting pairs. */
static double auc(const struct level *lv, const double *p)
{
	double above = 0, pairs = 0;
	for (size_t i = 0; i < lv->n; i++)
		for (size_t j = 0; j < lv->n; j++)
			if (lv->label[i] == 1 && lv->label[j] == 0) {
				double x = p[2 * i + 1], y = p[2 * j + 1];
				above += x > y ? 1 : x == y ? 0.5 : 0;
				pairs++;
			}
	return above / pairs;
}

/*
 * Members that leak: member f knows the labels of fold f + 1 and nothing else.
 * Who has not seen a fold cannot know which member is to be trusted there.
 */
static struct level leaking(void)
{
	struct level lv = level_make(N, FOLDS, 2, FOLDS, false, 3);
	struct rng r = rng_at(3, "leak", 0);
	for (size_t i = 0; i < FOLDS; i++)
		for (size_t j = 0; j < N; j++) {
			double noise = rng_double(&r), p = lv.fold[j] == (int32_t)i + 1 ? 0.2 + 0.4 * lv.label[j] + 0.2 * noise : 0.2 + 0.6 * noise;
			lv.p[i][2 * j + 1] = p;
			lv.p[i][2 * j] = 1 - p;
		}
	return lv;
}

static void leak_gains_nothing(const char *name, const struct method_opts *o)
{
	struct level lv = leaking();
	struct learning l = learn_by(o, "auc", 1);
	double *p = NEW(double, 2 * N), mean_auc, nested, cheating;
	const struct method *me = method(name);
	lv.m = me->one_member ? 1 : FOLDS;
	for (int32_t f = 1; f <= FOLDS; f++) {	/* what it would be if each fold taught itself */
		struct level test = level_part(&lv, PART_TEST, f);
		struct combine c = combine_new(lv.m, 2, NULL);
		double *out = NEW(double, 2 * test.n);
		me->learn(&c, &test, &l);
		me->apply(&c, (const double *const *)test.p, test.n, out);
		for (size_t i = 0; i < test.n; i++)
			memcpy(p + 2 * test.row[i], out + 2 * i, 2 * sizeof(double));
		combine_free(&c);
		level_free(&test);
		free(out);
	}
	cheating = auc(&lv, p);
	level_nested(&lv, me, NULL, &l, p);
	nested = auc(&lv, p);
	method("mean")->apply(&(struct combine){ lv.m, 2, (double[]){ 0.2, 0.2, 0.2, 0.2, 0.2 }, NULL, NULL, 0 },
			      (const double *const *)lv.p, N, p);
	mean_auc = auc(&lv, p);
	ck_assert_msg(cheating > mean_auc + 0.07, "%s: cheating %g is not seen above the mean's %g", name, cheating, mean_auc);
	ck_assert_msg(nested < mean_auc + 0.02, "%s: nested %g gains over the mean's %g", name, nested, mean_auc);
	lv.m = FOLDS;
	level_free(&lv);
	free(p);
}

START_TEST(what_judges_a_fold_has_not_seen_it)
{
	leak_gains_nothing("climb", &(struct method_opts){ .rounds = 20, .bags = 3 });
	leak_gains_nothing("stack", &(struct method_opts){ .l2 = 0 });
	leak_gains_nothing("calibrate", &(struct method_opts){ .how = "isotonic" });
}
END_TEST

/* Ranks of a fold are taken among the other folds: counted here. */
START_TEST(ranks_of_a_fold_are_among_the_others)
{
	struct level lv = level_make(40, 1, 2, 4, false, 5);
	struct learning l = learn_by(NULL, "auc", 1);
	double p[80];
	level_nested(&lv, method("rank"), NULL, &l, p);
	for (size_t i = 0; i < 40; i++) {
		double below = 0, others = 0;
		for (size_t j = 0; j < 40; j++)
			if (lv.fold[j] != lv.fold[i]) {
				below += lv.p[0][2 * j + 1] < lv.p[0][2 * i + 1];
				others++;
			}
		ck_assert_double_eq_tol(p[2 * i + 1], below / others, 1e-12);
	}
	level_free(&lv);
}
END_TEST

/* Folds in time: what comes later teaches nothing about what was before; nothing teaches about the first. */
START_TEST(later_folds_do_not_teach)
{
	struct level lv = level_make(60, 2, 2, 3, false, 6);
	struct method_opts o = { .l2 = 0.01 };
	struct learning l = learn_by(&o, "auc", 1);
	double p[120], q[120], scores[3];
	lv.chained = true;
	level_nested(&lv, method("stack"), NULL, &l, p);
	for (size_t i = 0; i < 60; i++)
		if (lv.fold[i] == 3)
			lv.label[i] = 1 - lv.label[i];
	level_nested(&lv, method("stack"), NULL, &l, q);
	for (size_t i = 0; i < 60; i++) {
		ck_assert(isnan(p[2 * i]) == (lv.fold[i] == 1));
		if (lv.fold[i] == 2)
			ck_assert_double_eq(p[2 * i], q[2 * i]);
	}
	double mean = level_score(&lv, q, &l.metric, scores);
	ck_assert(isnan(scores[0]));
	ck_assert_double_eq_tol(mean, (scores[1] + scores[2]) / 2, 1e-15);
	level_nested(&lv, method("mean"), NULL, &l, p);
	ck_assert(!isnan(p[0]));	/* nothing is learned, so nothing is missing */
	level_free(&lv);
}
END_TEST

UNIT_MAIN("ensemble/level", members_that_differ_are_refused, rows_and_weights_that_all_share,
	  what_judges_a_fold_has_not_seen_it, ranks_of_a_fold_are_among_the_others, later_folds_do_not_teach)
