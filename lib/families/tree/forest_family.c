/* The families `forest` and `tree`: options, predicting, reading and writing. */
#include "families/tree/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/family.h"

struct tree_opts {
	int32_t leaves, depth, min_leaf, bins;
	double min_gain;
	const char *criterion;
};

#define COMMON(S, leaf) \
	OPT(S, criterion, "criterion", "HOW", "gini", "gini|entropy", "impurity of classes (numbers: variance)"), \
	OPT(S, depth, "depth", "N", "0", "[0,1000]", "most splits from the root to a leaf; 0: no limit"), \
	OPT(S, leaves, "leaves", "N", "0", "[0,", "most leaves, the best first; 0: no limit"), \
	OPT(S, min_leaf, "min-leaf", "N", leaf, "[1,", "least rows of a leaf"), \
	OPT(S, min_gain, "min-gain", "G", "0", "[0,", "least fall in impurity of a split, as a share of all rows"), \
	OPT(S, bins, "bins", "N", "255", "[2,255]", "most bins of a column")

static const struct opt forest_options[] = {
	OPT(struct forest_opts, trees, "trees", "N", "500", "[1,", "trees"),
	OPT(struct forest_opts, cols, "cols", "F", "0", "[0,1]", "share of the columns that a split is sought among; 0: the square root of their number, a third for a target that is a number"),
	OPT(struct forest_opts, rows, "rows", "F", "1", "(0,1]", "rows that a tree draws, as a share of all"),
	OPT(struct forest_opts, bootstrap, "bootstrap", NULL, "true", NULL, "draw rows with replacement"),
	OPT(struct forest_opts, extra, "extra", NULL, "false", NULL, "extremely randomised trees: one threshold at random for each column tried"),
	COMMON(struct forest_opts, "1"),
	OPT_END
};

static const struct opt tree_options[] = {
	COMMON(struct tree_opts, "1"),
	OPT_END
};

static const char *check(const void *opts, const struct data *d)
{
	(void)opts;
	return trees_check(d);
}

static void *fit_forest(const void *opts, const struct data *d, struct run *run)
{
	return forest_fit(opts, d, run);
}

static void *fit_tree(const void *opts, const struct data *d, struct run *run)
{
	const struct tree_opts *t = opts;
	struct forest_opts o = { .trees = 1, .leaves = t->leaves, .depth = t->depth, .min_leaf = t->min_leaf,
				 .bins = t->bins, .cols = 1, .rows = 1, .min_gain = t->min_gain, .criterion = t->criterion };
	return forest_fit(&o, d, run);
}

void forest_add(const struct forest *m, uint32_t leaf, double *sum)
{
	const struct trees *t = &m->trees;
	double value = t->node[leaf].value;
	if (!t->k) {
		sum[m->outputs - 1] += value;
		return;
	}
	const float *p = t->prob + (size_t)value * m->outputs;
	for (size_t c = 0; c < m->outputs; c++)
		sum[c] += (double)p[c];
}

void forest_mean(const struct forest *m, const double *sum, size_t trees, double *out)
{
	size_t k = m->outputs;
	double all = 0;
	if (k <= 2) {
		out[k - 1] = sum[k - 1] / (double)trees;
		out[0] = k == 2 ? 1 - out[1] : out[0];
		return;
	}
	for (size_t c = 0; c < k; c++)
		all += sum[c];
	for (size_t c = 0; c < k; c++)
		out[c] = sum[c] / all;
}

static void predict(const void *fit, const struct data *x, double *out)
{
	const struct forest *m = fit;
	size_t k = m->outputs;
	double *sum = NEW(double, TREE_BLOCK * k);
	struct window *w = window_new(&m->trees, x);
	for (size_t from = 0; from < x->n; from += w->size) {
		uint32_t rows[TREE_BLOCK], leaf[TREE_BLOCK];
		size_t n = x->n - from < w->size ? x->n - from : w->size;
		for (size_t i = 0; i < n; i++)
			rows[i] = (uint32_t)data_row(x, from + i);
		window_fill(w, rows, n);
		memset(sum, 0, n * k * sizeof(*sum));
		for (size_t t = 0; t < m->trees.ntrees; t++) {
			trees_leaves(&m->trees, t, w, w->rows, n, leaf);
			for (size_t i = 0; i < n; i++)
				forest_add(m, leaf[i], sum + i * k);
		}
		for (size_t i = 0; i < n; i++)
			forest_mean(m, sum + i * k, m->trees.ntrees, out + (from + i) * k);
	}
	window_free(w);
	free(sum);
}

static void save(const void *fit, struct store *st)
{
	const struct forest *m = fit;
	if (!isnan(m->oob_score))
		store_put1(st, "oob", DT_F64, 1, &m->oob_score);
	trees_save(&m->trees, st);
}

static void *load(const void *opts, const struct data *x, struct store *st)
{
	struct forest *m = NEW0(struct forest, 1);
	size_t one = 1;
	(void)opts;
	m->outputs = data_outputs(x);
	m->oob_score = store_has(st, "oob") ? *(const double *)store_get1(st, "oob", DT_F64, &one) : NAN;
	trees_load(&m->trees, x, x->nclasses > 2 ? x->nclasses : 0, st);
	if (m->trees.ntrees == 0)
		store_bad(st, "a forest without trees");
	return m;
}

static void free_fit(void *fit)
{
	struct forest *m = fit;
	if (!m)
		return;
	trees_free(&m->trees);
	free(m->unseen);
	free(m);
}

static void show(const void *fit, const struct data *x, const struct schema *sc, struct json *j)
{
	const struct forest *m = fit;
	(void)sc;
	if (!isnan(m->oob_score)) {
		json_object(j, "out_of_bag");
		json_num(j, metric_default(x->task), m->oob_score);
		json_end(j, '}');
	}
	trees_show(&m->trees, x, j);
}

static bool importance(const void *fit, const struct data *x, const char *kind, double *out)
{
	return trees_importance(&((const struct forest *)fit)->trees, x, kind, out);
}

static void contrib(const void *fit, const struct data *x, double *out)
{
	const struct forest *m = fit;
	size_t scores = m->outputs > 2 ? m->outputs : 1, width = x->ncols + x->ngroups + 1;
	struct shap *s = shap_new(&m->trees, x);
	struct window *w = window_new(&m->trees, x);
	memset(out, 0, x->n * scores * width * sizeof(*out));
	for (size_t i = 0; i < x->n; i++) {
		uint32_t row = (uint32_t)data_row(x, i);
		window_fill(w, &row, 1);
		for (size_t t = 0; t < m->trees.ntrees; t++)
			shap_add(s, t, w, w->rows[0], 1.0 / (double)m->trees.ntrees, out + i * scores * width);
	}
	window_free(w);
	shap_free(s);
}

static const char *link_of(const void *fit)
{
	(void)fit;
	return "identity";
}

static bool unseen(const void *fit, double *out)
{
	const struct forest *m = fit;
	if (!m->unseen)
		return false;
	memcpy(out, m->unseen, m->nview * m->outputs * sizeof(*out));
	return true;
}

const struct family family_forest = {
	.name = "forest",
	.brief = "random forests and extremely randomised trees",
	.tasks = TASK_REGRESSION | TASK_CLASSES,
	.takes = TAKES_SPARSE,
	.opts = forest_options,
	.opts_size = sizeof(struct forest_opts),
	.details =
		"Trees grown on bootstrap samples, each split sought among columns drawn for it; the prediction is "
		"the mean of the leaves' probabilities or values. Rows out of a tree's sample give the out-of-bag "
		"score. With --extra thresholds are drawn at random (use --no-bootstrap for the method as published). "
		TREES_OF_TERMS,
	.check = check,
	.fit = fit_forest,
	.predict = predict,
	.save = save,
	.load = load,
	.free = free_fit,
	.show = show,
	.importance = importance,
	.contrib = contrib,
	.link = link_of,
	.unseen = unseen,
};

const struct family family_tree = {
	.name = "tree",
	.brief = "one decision tree (CART)",
	.tasks = TASK_REGRESSION | TASK_CLASSES,
	.takes = TAKES_SPARSE,
	.opts = tree_options,
	.opts_size = sizeof(struct tree_opts),
	.details =
		"Binary splits that lower Gini impurity, entropy or variance most. A column of at most --bins distinct "
		"values is searched exactly, another at the edges of that many bins of about equally many rows. "
		"Categories are split as subsets of their levels; missing values go to the side where they gain most. "
		TREES_OF_TERMS,
	.check = check,
	.fit = fit_tree,
	.predict = predict,
	.save = save,
	.load = load,
	.free = free_fit,
	.show = show,
	.importance = importance,
	.contrib = contrib,
	.link = link_of,
};
