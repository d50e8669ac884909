/* Boosting and forests as families: losses, samples, weights, scale, and what early stopping and the out-of-bag score say. */
#include "synth.h"

#include "families/tree/boost.h"
#include "families/tree/forest.h"
#include "model/family.h"

struct fitted {
	const struct family *f;
	void *opts, *fit;
	struct run run;
};

/* Fits with options given as name, value, ..., NULL. */
static struct fitted fit(const char *family, const struct data *d, const struct data *valid, const char *metric,
			 const char *const *set)
{
	struct fitted t = { .f = family_find(family), .run = { .seed = 3, .threads = 1, .valid = valid, .early_stop = 1000, .positive = 1 } };
	t.opts = mem_zero(1, t.f->opts_size);
	opt_defaults(t.f->opts, t.opts);
	for (; *set; set += 2)
		ck_assert_ptr_null(opt_set(opt_find(t.f->opts, set[0], strlen(set[0])), t.opts, set[1]));
	if (metric)
		ck_assert(measure_find(metric, &t.run.metric));
	ck_assert_ptr_null(t.f->check(t.opts, d));
	t.fit = t.f->fit(t.opts, d, &t.run);
	return t;
}

static double *predict(const struct fitted *t, const struct data *d)
{
	double *p = NEW(double, d->n * data_outputs(d));
	struct data x = *d;
	x.label = NULL;
	x.y = x.w = NULL;
	t->f->predict(t->fit, &x, p);
	return p;
}

static void done(struct fitted *t)
{
	t->f->free(t->fit);
	opt_free(t->f->opts, t->opts);
	free(t->opts);
}

#define SET(...) (const char *[]){ __VA_ARGS__, NULL }

START_TEST(gradients_are_derivatives)
{
	static const struct {
		enum objective_kind kind;
		double y, half;
		bool newton;	/* the hessian is the derivative of the gradient */
	} list[] = { { OBJ_BINARY, 1, 1, true }, { OBJ_SQUARED, 0.4, 0.5, true }, { OBJ_ABSOLUTE, 0.4, 1, false },
		     { OBJ_QUANTILE, 0.4, 1, false }, { OBJ_HUBER, 0.4, 1, false }, { OBJ_POISSON, 2, 1, false } };
	for (size_t k = 0; k < sizeof(list) / sizeof(*list); k++)
		for (double s = -2.05; s < 3; s += 0.3) {
			struct objective o = { list[k].kind, 1, 0.3, 0.7 };
			struct target t = { .n = 1, .y = (double[]){ list[k].y } };
			double e = 1e-5, a = s - e, b = s + e, g, h, ga, gb;
			double slope = (objective_loss(&o, &t, &b) - objective_loss(&o, &t, &a)) / (2 * e);
			objective_grad(&o, &t, 0, &s, NULL, &g, &h, 1);
			ck_assert_msg(fabs(g - slope * list[k].half) < 1e-6, "%zu at %g: %g, by differences %g", k, s, g, slope);
			objective_grad(&o, &t, 0, &a, NULL, &ga, &b, 1);
			b = s + e;
			objective_grad(&o, &t, 0, &b, NULL, &gb, &a, 1);
			ck_assert(!list[k].newton || fabs((gb - ga) / (2 * e) - h) < 1e-6);
		}
}
END_TEST

START_TEST(quantiles_with_weights)
{
	double x[] = { 3, 1, 2, 4 }, w[] = { 1, 1, 1, 1 }, v[] = { 5, 1, 1, 1 };
	ck_assert(weighted_quantile(x, NULL, 4, 0.5) == 2.5);
	ck_assert(weighted_quantile(x, w, 4, 0.25) == 1.5);
	ck_assert(weighted_quantile(x, w, 4, 0.3) == 2);
	ck_assert(weighted_quantile(x, v, 4, 0.5) == 3);
	ck_assert(weighted_quantile(x, w, 1, 0.9) == 3);
	ck_assert(weighted_mean((double[]){ 1e308, 1e308, -1e308 }, NULL, 3) > 3.3e307);
	ck_assert(weighted_mean((double[]){ 1, 4 }, (double[]){ 2, 1 }, 2) == 2);
}
END_TEST

#define BRISK "trees", "100", "rate", "0.3", "leaves", "12"

/* Every way of sampling and growing: the score seen while fitting is the score of the model that is kept. */
START_TEST(what_is_watched_is_what_is_kept)
{
	const char *const *ways[] = {
		SET(BRISK, "grow", "leaf"), SET(BRISK, "rows", "0.5", "cols", "0.5"), SET(BRISK, "dart", "0.3", "dart-skip", "0.1"),
		SET(BRISK, "goss-top", "0.2", "goss-rest", "0.2"), SET(BRISK, "grow", "symmetric", "depth", "3"),
		SET(BRISK, "grow", "depth", "depth", "3"),
	};
	for (int32_t k = 0; k <= 3; k += k ? 1 : 2) {
		struct synth s = synth_make(600, "nimcd", k, 1), v = synth_make(200, "nimcd", k, 2);
		struct data d = synth_data(&s, k), x = synth_data(&v, k);
		const char *metric = k == 0 ? "rmse" : k == 2 ? "auc" : "logloss";
		for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
			struct fitted t = fit("boost", &d, &x, metric, ways[i]);
			double *p = predict(&t, &x);
			const char *why;
			struct scored sc = { .n = x.n, .k = k ? k : 1, .label = x.label, .y = x.y, .p = p, .positive = 1 };
			double again = measure(&t.run.metric, &sc, &why);
			ck_assert_msg(fabs(again - t.run.best_score) < 1e-12, "%s, way %zu: %.17g, then %.17g", metric, i,
				      t.run.best_score, again);
			ck_assert_int_eq(t.f->rounds(t.fit), t.run.best_round);
			ck_assert_int_lt(t.run.best_round, 100);	/* so a wrong cut would be seen */
			free(p);
			done(&t);
		}
		synth_free(&s);
		synth_free(&v);
	}
}
END_TEST

START_TEST(a_round_of_boosting_is_a_tree)
{
	struct synth s = synth_make(500, "nimc", 0, 5);
	struct data d = synth_data(&s, 0);
	struct fitted a = fit("boost", &d, NULL, NULL, SET("trees", "1", "rate", "1", "l2", "0", "leaves", "12", "min-leaf", "9",
							     "cat-smooth", "0"));
	struct fitted b = fit("tree", &d, NULL, NULL, SET("leaves", "12", "min-leaf", "9"));
	double *p = predict(&a, &d), *q = predict(&b, &d);
	for (size_t i = 0; i < d.n; i++)
		ck_assert_msg(fabs(p[i] - q[i]) < 1e-8, "%zu: %g %g", i, p[i], q[i]);
	free(p);
	free(q);
	done(&a);
	done(&b);
	synth_free(&s);
}
END_TEST

/* A power of two in the target is a power of two in the prediction, even near the end of doubles. */
START_TEST(scale_does_not_matter)
{
	struct synth s = synth_make(400, "nmc", 0, 6);
	struct data d = synth_data(&s, 0);
	for (int family = 0; family < 3; family++) {
		const char *name = family == 0 ? "boost" : family == 1 ? "forest" : "tree";
		const char *const *set = family == 2 ? SET("depth", "4") : SET("trees", "20");
		struct fitted a = fit(name, &d, NULL, NULL, set);
		double *p = predict(&a, &d);
		for (int e = -900; e <= 1000; e += 950) {
			for (size_t i = 0; i < s.n; i++)
				s.y[i] = ldexp(s.y[i], e);
			struct fitted b = fit(name, &d, NULL, NULL, set);
			double *q = predict(&b, &d);
			for (size_t i = 0; i < d.n; i++)
				ck_assert(q[i] == ldexp(p[i], e));
			for (size_t i = 0; i < s.n; i++)
				s.y[i] = ldexp(s.y[i], -e);
			free(q);
			done(&b);
		}
		free(p);
		done(&a);
	}
	synth_free(&s);
}
END_TEST

/* A weight of 0 is no row at all, a whole weight that many rows. */
START_TEST(weights_are_rows)
{
	for (int32_t k = 0; k <= 3; k += k ? 1 : 2) {
		struct synth s = synth_make(240, "imc", k, 7);
		struct data d = synth_data(&s, k), e = d;
		double w[240];
		uint32_t rows[720];
		e.n = 0;
		e.rows = rows;
		for (uint32_t i = 0; i < 240; i++) {
			w[i] = i % 4;
			for (uint32_t j = 0; j < i % 4; j++)
				rows[e.n++] = i;
		}
		d.w = w;
		for (int tree = 0; tree < 2; tree++) {
			const char *const *set = tree ? SET("depth", "5") : SET("trees", "10", "min-leaf", "1", "leaves", "6");
			struct fitted a = fit(tree ? "tree" : "boost", &d, NULL, NULL, set), b = fit(tree ? "tree" : "boost", &e, NULL, NULL, set);
			struct data x = synth_data(&s, k);
			double *p = predict(&a, &x), *q = predict(&b, &x);
			for (size_t i = 0; i < x.n * data_outputs(&x); i++)
				ck_assert_msg(w[i / data_outputs(&x)] == 0 || fabs(p[i] - q[i]) < 1e-6, "%d classes, %s: %g %g", k, tree ? "tree" : "boost", p[i], q[i]);
			free(p);
			free(q);
			done(&a);
			done(&b);
		}
		synth_free(&s);
	}
}
END_TEST

START_TEST(quantile_and_poisson_hit_their_aim)
{
	struct synth s = synth_make(2000, "nmc", 0, 8);
	struct data d = synth_data(&s, 0);
	struct fitted t = fit("boost", &d, NULL, NULL, SET("objective", "quantile", "level", "0.8", "trees", "60"));
	double *p = predict(&t, &d), below = 0, sum = 0, want = 0;
	for (size_t i = 0; i < d.n; i++)
		below += s.y[i] <= p[i];
	ck_assert(fabs(below / 2000 - 0.8) < 0.03);
	free(p);
	done(&t);
	for (size_t i = 0; i < s.n; i++)
		want += s.y[i] = fabs(s.y[i]);
	t = fit("boost", &d, NULL, NULL, SET("objective", "poisson", "trees", "200"));
	p = predict(&t, &d);
	for (size_t i = 0; i < d.n; i++) {
		ck_assert(p[i] > 0);
		sum += p[i];
	}
	ck_assert(fabs(sum / want - 1) < 0.02);
	free(p);
	done(&t);
	synth_free(&s);
}
END_TEST

START_TEST(goss_keeps_the_large)
{
	double key[1000], factor[1000], all = 0;
	uint32_t rows[1000];
	struct boost_opts o = { .goss_top = 0.1, .goss_rest = 0.3 };
	struct rng r = rng_at(1, "goss", 0);
	for (size_t i = 0; i < 1000; i++)
		key[i] = i % 7 == 0 ? 5 : rng_double(&r);
	ck_assert_uint_eq(sample_goss(&o, key, 1000, 1, 0, rows, factor), 400);
	size_t large = 0;
	for (size_t i = 0; i < 400; i++) {
		all += factor[rows[i]];
		large += factor[rows[i]] == 1;
		ck_assert(i == 0 || rows[i] > rows[i - 1]);
		ck_assert(factor[rows[i]] != 1 || key[rows[i]] == 5);
	}
	ck_assert_uint_eq(large, 100);
	ck_assert(fabs(all - 1000) < 1e-9);
}
END_TEST

/* The out-of-bag score is that of rows not seen: near the held-out one, far from the training one. */
START_TEST(out_of_bag_is_honest)
{
	struct synth s = synth_make(1500, "nimcd", 2, 9), v = synth_make(1500, "nimcd", 2, 10);
	struct data d = synth_data(&s, 2), x = synth_data(&v, 2);
	struct fitted t = fit("forest", &d, NULL, NULL, SET("trees", "60"));
	double *p = predict(&t, &d), *q = predict(&t, &x), *u = NEW(double, 2 * d.n);
	struct measure m;
	const char *why;
	ck_assert(measure_find("auc", &m) && t.f->unseen(t.fit, u));
	struct scored sc = { .n = d.n, .k = 2, .label = d.label, .p = p, .positive = 1 };
	double seen = measure(&m, &sc, &why);
	sc.p = u;
	double oob = measure(&m, &sc, &why);
	sc.p = q;
	sc.label = x.label;
	double held = measure(&m, &sc, &why);
	ck_assert(fabs(oob - ((struct forest *)t.fit)->oob_score) < 1e-12);
	ck_assert_msg(fabs(oob - held) < 0.03 && seen > 0.99 && oob < 0.9, "seen %g, out of bag %g, held out %g", seen, oob, held);
	free(p);
	free(q);
	free(u);
	done(&t);
	synth_free(&s);
	synth_free(&v);
}
END_TEST

START_TEST(monotone_names_are_checked)
{
	struct synth s = synth_make(10, "nc", 0, 1);
	int8_t sign[2];
	static const struct {
		const char *set, *why;
	} list[] = { { "a=-1", NULL }, { "a=+1", NULL }, { "q=1", "there is no column 'q'" }, { "a", "expected COLUMN=1" },
		     { "a=2", "expected COLUMN=1" }, { "b=1", "a category cannot be monotone" } };
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		struct strs l = { 0 };
		strs_add(&l, list[i].set);
		char *why = monotone_signs(&l, s.cols, 2, sign);
		ck_assert(list[i].why ? why && strstr(why, list[i].why) : !why);
		free(why);
		strs_free(&l);
	}
	synth_free(&s);
}
END_TEST

UNIT_MAIN("tree: boosting and forests", gradients_are_derivatives, quantiles_with_weights, what_is_watched_is_what_is_kept,
	  a_round_of_boosting_is_a_tree, scale_does_not_matter, weights_are_rows, quantile_and_poisson_hit_their_aim,
	  goss_keeps_the_large, out_of_bag_is_honest, monotone_names_are_checked)
