/* The family `boost`: options, predicting, reading and writing. */
#include "families/tree/boost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/family.h"

static const struct opt options[] = {
	OPT(struct boost_opts, objective, "objective", "LOSS", "auto",
	    "auto|binary|multiclass|squared|absolute|quantile|huber|poisson", "what to minimise; auto: by the target"),
	OPT(struct boost_opts, trees, "trees", "N", "300", "[1,", "rounds; a tree each, or one for each of several classes"),
	OPT(struct boost_opts, rate, "rate", "R", "0.1", "(0,", "what a tree's values are multiplied by"),
	OPT(struct boost_opts, grow, "grow", "HOW", "leaf", "leaf|depth|symmetric",
	    "best leaf first, level by level, or one split for all nodes of a level"),
	OPT(struct boost_opts, leaves, "leaves", "N", "31", "[0,", "most leaves of a tree; 0: no limit (symmetric trees heed only their depth)"),
	OPT(struct boost_opts, depth, "depth", "N", "0", "[0,60]", "most splits from the root to a leaf; 0: no limit (6 for symmetric trees)"),
	OPT(struct boost_opts, min_leaf, "min-leaf", "N", "20", "[1,", "least rows of a leaf"),
	OPT(struct boost_opts, min_weight, "min-weight", "H", "0.001", "[0,", "least sum of hessians of a leaf"),
	OPT(struct boost_opts, min_gain, "min-gain", "G", "0", "[0,", "least gain of a split"),
	OPT(struct boost_opts, l1, "l1", "L", "0", "[0,", "penalty on the size of leaf values"),
	OPT(struct boost_opts, l2, "l2", "L", "1", "[0,", "penalty on the square of leaf values"),
	OPT(struct boost_opts, rows, "rows", "F", "1", "(0,1]", "share of the rows that a round learns from"),
	OPT(struct boost_opts, cols, "cols", "F", "1", "(0,1]", "share of the columns that a round splits on"),
	OPT(struct boost_opts, goss_top, "goss-top", "F", "0", "[0,1)", "share of rows kept for their large gradients; 0: no such sampling"),
	OPT(struct boost_opts, goss_rest, "goss-rest", "F", "0.1", "(0,1]", "share of rows drawn from the others, and weighted up"),
	OPT(struct boost_opts, dart, "dart", "F", "0", "[0,1]", "chance that a round leaves an earlier one out; 0: no dropping"),
	OPT(struct boost_opts, dart_skip, "dart-skip", "F", "0.5", "[0,1]", "chance that a round drops nothing"),
	OPT(struct boost_opts, bins, "bins", "N", "255", "[2,255]", "most bins of a column"),
	OPT(struct boost_opts, cat_smooth, "cat-smooth", "H", "10", "[0,", "pseudo weight that draws levels of a category to the mean, also a penalty on their splits"),
	OPT(struct boost_opts, monotone, "monotone", "COL=S,...", NULL, NULL, "columns along which predictions must rise (S is 1) or fall (-1)"),
	OPT(struct boost_opts, level, "level", "A", "0.5", "(0,1)", "which quantile (objective quantile)"),
	OPT(struct boost_opts, delta, "delta", "D", "1", "(0,", "where the loss turns linear (objective huber)"),
	OPT_END
};

static const char *check(const void *opts, const struct data *d)
{
	const struct boost_opts *o = opts;
	struct objective obj;
	if (trees_check(d))
		return trees_check(d);
	if (!objective_find(&obj, o->objective, d))
		return d->task == TASK_REGRESSION ? "--objective: the target is a number, so it must be squared, absolute, quantile, huber or poisson" :
		       d->task == TASK_BINARY ? "--objective: the target has two classes, so it must be binary" :
		       "--objective: the target has several classes, so it must be multiclass";
	if (o->goss_top > 0 && o->rows < 1)
		return "--goss-top samples rows in its own way and cannot be used with --rows";
	if (o->goss_top + o->goss_rest > 1 && o->goss_top > 0)
		return "--goss-top and --goss-rest together exceed 1";
	if (o->monotone.n > 0 && d->task == TASK_MULTICLASS)
		return "--monotone has no meaning for several classes";
	if (obj.kind == OBJ_POISSON && d->y)
		for (size_t i = 0; i < d->n; i++)
			if (d->y[data_row(d, i)] < 0)
				return "--objective poisson: the target has a negative value";
	int8_t *sign = NEW(int8_t, d->ncols + 1);
	const char *why = monotone_signs(&o->monotone, d->cols, d->ncols, sign);
	free(sign);
	return why;
}

static void *fit(const void *opts, const struct data *d, struct run *run)
{
	return boost_fit(opts, d, run);
}

static void predict(const void *fit_, const struct data *x, double *out)
{
	const struct boost *m = fit_;
	size_t k = m->o.k, outputs = data_outputs(x);
	double *score = NEW(double, TREE_BLOCK * k);
	struct window *w = window_new(&m->trees, x);
	for (size_t from = 0; from < x->n; from += w->size) {
		uint32_t rows[TREE_BLOCK], leaf[TREE_BLOCK];
		size_t n = x->n - from < w->size ? x->n - from : w->size;
		for (size_t i = 0; i < n; i++)
			rows[i] = (uint32_t)data_row(x, from + i);
		window_fill(w, rows, n);
		for (size_t i = 0; i < n * k; i++)
			score[i] = m->base[i % k];
		for (size_t t = 0; t < m->trees.ntrees; t++) {
			trees_leaves(&m->trees, t, w, w->rows, n, leaf);
			for (size_t i = 0; i < n; i++)
				score[i * k + t % k] += m->trees.node[leaf[i]].value;
		}
		for (size_t i = 0; i < n; i++)
			objective_predict(&m->o, score + i * k, 1, out + (from + i) * outputs);
	}
	window_free(w);
	free(score);
}

static void save(const void *fit_, struct store *st)
{
	const struct boost *m = fit_;
	store_put1(st, "base", DT_F64, m->o.k, m->base);
	trees_save(&m->trees, st);
}

static void *load(const void *opts, const struct data *x, struct store *st)
{
	const struct boost_opts *o = opts;
	struct boost *m = NEW0(struct boost, 1);
	if (!objective_find(&m->o, o->objective, x))
		store_bad(st, "objective %s does not fit the target", o->objective);
	const double *base = store_get1(st, "base", DT_F64, &m->o.k);
	for (size_t c = 0; c < m->o.k; c++)
		if (!isfinite(base[c]))
			store_bad(st, "base[%zu] is not finite", c);
	m->base = mem_copy(base, m->o.k, sizeof(*base));
	trees_load(&m->trees, x, 0, st);
	if (m->trees.ntrees % m->o.k != 0)
		store_bad(st, "%zu trees for %zu classes", m->trees.ntrees, m->o.k);
	m->rounds = (int32_t)(m->trees.ntrees / m->o.k);
	return m;
}

static void free_fit(void *fit_)
{
	struct boost *m = fit_;
	if (!m)
		return;
	trees_free(&m->trees);
	free(m->base);
	free(m);
}

static void show(const void *fit_, const struct data *x, const struct schema *sc, struct json *j)
{
	const struct boost *m = fit_;
	(void)sc;
	json_int(j, "rounds", m->rounds);
	trees_show(&m->trees, x, j);
}

static bool importance(const void *fit_, const struct data *x, const char *kind, double *out)
{
	return trees_importance(&((const struct boost *)fit_)->trees, x, kind, out);
}

static void contrib(const void *fit_, const struct data *x, double *out)
{
	const struct boost *m = fit_;
	size_t k = m->o.k, width = x->ncols + x->ngroups + 1;
	struct shap *s = shap_new(&m->trees, x);
	struct window *w = window_new(&m->trees, x);
	memset(out, 0, x->n * k * width * sizeof(*out));
	for (size_t i = 0; i < x->n; i++) {
		uint32_t row = (uint32_t)data_row(x, i);
		window_fill(w, &row, 1);
		for (size_t c = 0; c < k; c++) {
			double *phi = out + (i * k + c) * width;
			phi[width - 1] = m->base[c];
			for (size_t t = c; t < m->trees.ntrees; t += k)
				shap_add(s, t, w, w->rows[0], 1, phi);
		}
	}
	window_free(w);
	shap_free(s);
}

static int rounds_of(const void *fit_)
{
	return ((const struct boost *)fit_)->rounds;
}

static const char *link_of(const void *fit_)
{
	return objective_link(&((const struct boost *)fit_)->o);
}

const struct family family_boost = {
	.name = "boost",
	.brief = "gradient boosting of trees",
	.tasks = TASK_REGRESSION | TASK_CLASSES,
	.takes = TAKES_SPARSE,
	.opts = options,
	.opts_size = sizeof(struct boost_opts),
	.details =
		"Each round grows a tree on the gradient and hessian of the loss at the present scores. "
		"Columns are cut into at most 255 bins; missing values go to the side where they gain most; "
		"categories are split as subsets of their levels, ordered by their mean gradient. "
		"With rows to watch (--valid, --valid-frac, --cv) the model keeps its best round. "
		TREES_OF_TERMS,
	.check = check,
	.fit = fit,
	.predict = predict,
	.save = save,
	.load = load,
	.free = free_fit,
	.show = show,
	.importance = importance,
	.contrib = contrib,
	.rounds = rounds_of,
	.link = link_of,
};
