#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "metrics/parts.h"

#define R TASK_REGRESSION
#define B TASK_BINARY
#define C TASK_CLASSES
#define G (TASK_BINARY | TASK_REGRESSION)

/* name, brief, tasks, higher is better, needs p, printed when none is named, of groups, function, check of the parameter */
const struct metric metrics[] = {
	{ "auc", "area under the ROC curve; of many classes auc:ovr :ovo :LABEL",
		C, true, true, true, false, metric_auc, check_auc },
	{ "prauc", "average precision; of many classes their mean, or prauc:LABEL",
		C, true, true, true, false, metric_prauc, check_prauc },
	{ "logloss", "mean minus log of the true class's probability", C, false, true, true, false, metric_logloss, NULL },
	{ "brier", "mean squared error of the probability", C, false, true, true, false, metric_brier, NULL },
	{ "accuracy", "share of rows predicted right", C, true, false, true, false, metric_accuracy, NULL },
	{ "balanced", "mean recall over classes", C, true, false, true, false, metric_balanced, NULL },
	{ "precision", "share of true among predicted; :LABEL :macro :micro :weighted",
		C, true, false, true, false, metric_precision, check_average },
	{ "recall", "share of predicted among true; parameters as precision",
		C, true, false, true, false, metric_recall, check_average },
	{ "f1", "harmonic mean of precision and recall; parameters as precision",
		C, true, false, true, false, metric_f1, check_average },
	{ "fbeta", "the same with weights: fbeta:2 fbeta:0.5:macro", C, true, false, false, false, metric_fbeta, check_fbeta },
	{ "mcc", "Matthews correlation coefficient", C, true, false, true, false, metric_mcc, NULL },
	{ "kappa", "Cohen's kappa", C, true, false, true, false, metric_kappa, NULL },
	{ "ks", "largest distance of the two classes' score distributions", B, true, true, true, false, metric_ks, NULL },
	{ "lift", "positives in the top share of scores over chance; lift:0.1",
		B, true, true, true, false, metric_lift, check_share },
	{ "topk", "true class among the K most probable; topk:2", C, true, true, false, false, metric_topk, check_first },
	{ "best", "best of any threshold: best:f1 :mcc :kappa :youden ...",
		B, true, true, false, false, metric_best, check_best },
	{ "threshold", "the threshold that gives it: threshold:f1 ...",
		B, true, true, false, false, metric_threshold, check_best },
	{ "hits", "share of groups with a relevant row among the first K; hits:1",
		G, true, true, false, true, metric_hits, check_hits },
	{ "dcg", "gains of a group's rows, discounted by rank; dcg:10 of the first 10",
		G, true, true, false, true, metric_dcg, check_first },
	{ "ndcg", "the same over the best that an order can give; ndcg:10", G, true, true, false, true, metric_ndcg, check_first },
	{ "mrr", "mean of 1 / rank of a group's first relevant row", G, true, true, false, true, metric_mrr, NULL },
	{ "map", "mean average precision of groups", G, true, true, false, true, metric_map, NULL },
	{ "rmse", "root of the mean squared error", R, false, false, true, false, metric_rmse, NULL },
	{ "mae", "mean absolute error", R, false, false, true, false, metric_mae, NULL },
	{ "r2", "coefficient of determination", R, true, false, true, false, metric_r2, NULL },
	{ "mape", "mean absolute error relative to the true value, as a share",
		R, false, false, false, false, metric_mape, NULL },
	{ "pinball", "loss of a quantile; pinball:0.5", R, false, false, false, false, metric_pinball, check_quantile },
	{ "poisson", "mean Poisson deviance", R, false, false, false, false, metric_poisson, NULL },
	{ NULL, NULL, 0, false, false, false, false, NULL, NULL }
};

bool measure_find(const char *name, struct measure *m)
{
	size_t len = strcspn(name, ":");
	*m = (struct measure){ 0 };
	if (strlen(name) >= sizeof(m->name))
		return false;
	for (const struct metric *t = metrics; t->name; t++) {
		if (strlen(t->name) != len || memcmp(t->name, name, len) != 0)
			continue;
		m->metric = t;
		snprintf(m->name, sizeof(m->name), "%s", name);
		return true;
	}
	return false;
}

const char *measure_arg(const struct measure *m)
{
	const char *colon = strchr(m->name, ':');
	return colon ? colon + 1 : NULL;
}

int32_t class_of(const struct scored *s, const char *text)
{
	for (int32_t c = 0; s->labels && c < s->k; c++)
		if (strcmp(s->labels[c], text) == 0)
			return c;
	return -1;
}

const char *measure_check(const struct measure *m, const struct scored *s)
{
	const struct metric *t = m->metric;
	const char *arg = measure_arg(m);
	enum task task = !s->label ? TASK_REGRESSION : s->k == 2 ? TASK_BINARY : TASK_MULTICLASS;
	if (!(t->tasks & task))
		return task == TASK_REGRESSION ? "it is for classes, not for regression" :
			t->tasks & TASK_BINARY ? "it is for two classes" : "it is for regression, not for classes";
	if (t->needs_p && !s->p)
		return "it needs probabilities, not only predicted classes";
	if (t->groups && !s->group)
		return "it ranks the rows of each group, which dls-eval --group COL tells apart";
	if (!t->check)
		return arg ? "it takes no parameter" : NULL;
	return t->check(arg, s);
}

double measure(const struct measure *m, const struct scored *s, const char **why)
{
	const char *ignored;
	double total = s->w ? 0 : (double)s->n;
	if (!why)
		why = &ignored;
	*why = measure_check(m, s);
	if (*why)
		return NAN;
	for (size_t i = 0; s->w && i < s->n; i++)
		total += s->w[i];
	if (!(total > 0)) {
		*why = s->n ? "the weights sum to 0" : "there are no rows";
		return NAN;
	}
	double x = m->metric->fn(s, measure_arg(m), why);
	if (isnan(x) && !*why)
		*why = "a prediction is not a finite number";
	return x;
}

double measure_view(const struct measure *m, const struct data *view, const double *p, int32_t positive,
		    const char *const *labels, const char **why)
{
	int32_t *label = view->label ? NEW(int32_t, view->n) : NULL;
	double *y = view->y ? NEW(double, view->n) : NULL, *w = view->w ? NEW(double, view->n) : NULL;
	for (size_t i = 0; i < view->n; i++) {
		if (label)
			label[i] = view->label[data_row(view, i)];
		if (y)
			y[i] = view->y[data_row(view, i)];
		if (w)
			w[i] = data_weight(view, i);
	}
	struct scored s = { .n = view->n, .k = (int32_t)data_outputs(view), .label = label, .y = y, .p = p, .w = w,
		.positive = positive, .labels = labels };
	double score = measure(m, &s, why);
	free(label);
	free(y);
	free(w);
	return score;
}

struct measure measure_named(const char *name)
{
	const char *names[sizeof(metrics) / sizeof(*metrics)];
	struct measure m;
	size_t n = 0;
	if (measure_find(name, &m))
		return m;
	for (; metrics[n].name; n++)
		names[n] = metrics[n].name;
	const char *nearest = str_nearest(name, names, n);
	if (nearest)
		die(ST_USAGE, "unknown metric '%s'; did you mean '%s'?", name, nearest);
	die(ST_USAGE, "unknown metric '%s'; dls-eval --help lists them", name);
}

struct measure measure_for(const char *name, int32_t nlabels, const char *const *labels)
{
	const double p = 0;
	const int32_t label = 0;
	const struct scored like = { .k = nlabels ? nlabels : 1, .label = nlabels ? &label : NULL, .p = &p, .labels = labels };
	struct measure m = measure_named(name ? name : metric_default(nlabels == 0 ? TASK_REGRESSION :
		nlabels == 2 ? TASK_BINARY : TASK_MULTICLASS));
	const char *why = measure_check(&m, &like);
	if (why)
		die(ST_USAGE, "--metric %s: %s", m.name, why);
	return m;
}

const char *metric_default(enum task task)
{
	return task == TASK_BINARY ? "auc" : task == TASK_MULTICLASS ? "logloss" : "rmse";
}
