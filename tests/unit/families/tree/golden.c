/* Trees against scikit-learn, boosting against xgboost's exact trees: on data without ties the same predictions. */
#include "synth.h"

#include "model/family.h"

#include "../../../golden/tree.h"

/* Sets options from words: "depth 4 min-leaf 5". */
static void set_options(const struct family *f, void *o, const char *words)
{
	char *copy = mem_str(words), *save, *name = strtok_r(copy, " ", &save);
	for (; name; name = strtok_r(NULL, " ", &save)) {
		const struct opt *x = opt_find(f->opts, name, strlen(name));
		ck_assert_msg(x != NULL, "no option %s", name);
		ck_assert_ptr_null(opt_set(x, o, strtok_r(NULL, " ", &save)));
	}
	free(copy);
}

static void columns(struct column *cols, const double *x, size_t n)
{
	for (size_t c = 0; c < GOLDEN_P; c++) {
		cols[c] = (struct column){ .name = "x", .kind = KIND_NUMERIC, .num = NEW(double, n) };
		for (size_t i = 0; i < n; i++)
			cols[c].num[i] = x[i * GOLDEN_P + c];
	}
}

static void check(const struct golden *c)
{
	const struct family *f = family_find(c->family);
	struct column cols[GOLDEN_P], test[GOLDEN_P];
	struct run run = { .seed = 1, .threads = 1 };
	int32_t label[GOLDEN_N];
	double p[GOLDEN_M * 4];
	void *o = mem_zero(1, f->opts_size);
	columns(cols, c->x, GOLDEN_N);
	columns(test, c->test, GOLDEN_M);
	for (size_t i = 0; i < GOLDEN_N; i++)
		label[i] = (int32_t)c->y[i];
	struct data d = { .n = GOLDEN_N, .ncols = GOLDEN_P, .cols = cols, .nclasses = c->k, .w = c->w,
			  .task = c->k == 0 ? TASK_REGRESSION : c->k == 2 ? TASK_BINARY : TASK_MULTICLASS,
			  .label = c->k ? label : NULL, .y = c->k ? NULL : c->y };
	opt_defaults(f->opts, o);
	set_options(f, o, c->options);
	void *m = f->fit(o, &d, &run);
	d.n = GOLDEN_M;
	d.cols = test;
	f->predict(m, &d, p);
	bool boost = strcmp(c->family, "boost") == 0;
	size_t k = data_outputs(&d), outputs = boost ? 1 : k;
	for (size_t i = 0; i < GOLDEN_M * outputs; i++) {
		double got = boost ? p[i * k + k - 1] : p[i], off = boost ? 2e-6 : 1e-8;	/* xgboost sums floats */
		ck_assert_msg(fabs(got - c->p[i]) <= off * (1 + fabs(got)), "%s %s, %d classes: p[%zu] is %.12g, golden %.12g",
			      c->family, c->options, c->k, i, got, c->p[i]);
	}
	f->free(m);
	opt_free(f->opts, o);
	free(o);
	for (size_t j = 0; j < GOLDEN_P; j++) {
		free(cols[j].num);
		free(test[j].num);
	}
}

START_TEST(predictions_are_the_peers)
{
	for (size_t i = 0; i < sizeof(golden) / sizeof(*golden); i++)
		check(&golden[i]);
}
END_TEST

UNIT_MAIN("tree: golden", predictions_are_the_peers)
