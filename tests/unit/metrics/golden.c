/* Every metric against scikit-learn's values (tests/golden/metrics.py), to 1e-12. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "metrics/metric.h"

#define DIR "tests/golden/metrics/"
#define MAX_COLS 8

/* A small file of predictions: target, prediction, p:LABEL ..., w, and group where there are groups. */
struct file {
	char *text;
	struct scored s;
	const char *labels[MAX_COLS];
	double w[512], y[512], p[512 * MAX_COLS];
	int32_t label[512], pred[512], group[512];
};

static int32_t place(const struct file *f, const char *text)
{
	for (int32_t c = 0; c < f->s.k; c++)
		if (strcmp(f->labels[c], text) == 0)
			return c;
	ck_abort_msg("no label '%s'", text);
}

static void read_row(struct file *f, char *line)
{
	char *save, *target = strtok_r(line, ",", &save), *pred = strtok_r(NULL, ",", &save);
	size_t i = f->s.n++, k = (size_t)f->s.k;
	if (k > 1) {
		f->label[i] = place(f, target);
		f->pred[i] = place(f, pred);
		for (size_t c = 0; c < k; c++)
			f->p[i * k + c] = strtod(strtok_r(NULL, ",", &save), NULL);
	} else {
		f->y[i] = strtod(target, NULL);
		f->p[i] = strtod(pred, NULL);
	}
	f->w[i] = strtod(strtok_r(NULL, ",", &save), NULL);
	char *group = strtok_r(NULL, ",", &save);
	if (group) {
		f->group[i] = (int32_t)strtod(group, NULL);
		f->s.group = f->group;
		f->s.ngroups = 14;
	}
}

static struct file *read_case(const char *name)
{
	char path[128], *save, *line, *save2;
	size_t n;
	struct file *f = NEW0(struct file, 1);
	snprintf(path, sizeof(path), DIR "%.*s.csv", (int)strcspn(name, "+"), name);
	f->text = in_read_all(path, &n);
	line = strtok_r(f->text, "\n", &save);
	for (char *col = strtok_r(line, ",", &save2); col; col = strtok_r(NULL, ",", &save2))
		if (strncmp(col, "p:", 2) == 0)
			f->labels[f->s.k++] = col + 2;
	bool classes = f->s.k > 0;
	if (!classes)
		f->s.k = 1;
	while ((line = strtok_r(NULL, "\n", &save)))
		read_row(f, line);
	f->s.p = f->p;
	f->s.labels = f->labels;
	f->s.positive = 1;
	if (classes) {
		f->s.label = f->label;
		f->s.pred = f->pred;
	} else {
		f->s.y = f->y;
	}
	if (strchr(name, '+'))
		f->s.w = f->w;
	return f;
}

static void free_case(struct file *f)
{
	if (f)
		free(f->text);
	free(f);
}

START_TEST(equal_to_scikit_learn)
{
	size_t n;
	int checked = 0;
	char *text = in_read_all(DIR "expected.tsv", &n), *save, present[64] = "";
	struct file *f = NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char name[64], metric[64], value[64];
		struct measure m;
		const char *why;
		ck_assert_int_eq(sscanf(line, "%63s %63s %63s", name, metric, value), 3);
		if (strcmp(name, present) != 0) {
			free_case(f);
			f = read_case(name);
			snprintf(present, sizeof(present), "%s", name);
		}
		ck_assert_msg(measure_find(metric, &m), "no metric %s", metric);
		double x = measure(&m, &f->s, &why);
		if (strcmp(value, "n/a") == 0) {
			ck_assert_msg(isnan(x) && why, "%s %s: %.17g, not n/a", name, metric, x);
		} else {
			double want = strtod(value, NULL);
			ck_assert_msg(!why && fabs(x - want) <= 1e-12 * fmax(1, fabs(want)), "%s %s: %.17g, not %.17g (%s)",
				      name, metric, x, want, why ? why : "");
		}
		checked++;
	}
	free_case(f);
	free(text);
	ck_assert_int_gt(checked, 1000);
}
END_TEST

/* Rows given twice are rows of weight 2; rows of weight 0 are no rows. */
START_TEST(weights_are_repetitions)
{
	static const char *const cases[] = { "plain", "ties", "coarse", "counts" };
	for (size_t c = 0; c < 4; c++) {
		struct file *f = read_case(cases[c]), *g = read_case(cases[c]);
		size_t n = 0, k = (size_t)f->s.k;
		for (size_t i = 0; i < f->s.n; i++) {
			f->w[i] = (double)(i * 7 % 4);
			for (int t = 0; t < (int)f->w[i] && n < 512; t++, n++) {
				g->label[n] = f->label[i];
				g->pred[n] = f->pred[i];
				g->y[n] = f->y[i];
				memcpy(g->p + n * k, f->p + i * k, k * sizeof(double));
			}
		}
		f->s.w = f->w;
		g->s.n = n;
		for (const struct metric *t = metrics; t->name; t++) {
			struct measure m;
			const char *why;
			char name[64];
			snprintf(name, sizeof(name), "%s%s", t->name, strcmp(t->name, "best") == 0 || strcmp(t->name, "threshold") == 0 ?
				 ":mcc" : strcmp(t->name, "fbeta") == 0 ? ":2" : "");
			ck_assert(measure_find(name, &m));
			double a = measure(&m, &f->s, &why), b = measure(&m, &g->s, &why);
			ck_assert_msg(fabs(a - b) <= 1e-12 * fmax(1, fabs(a)) || (isnan(a) && isnan(b)), "%s %s: %.17g, %.17g", cases[c], name, a, b);
		}
		free_case(f);
		free_case(g);
	}
}
END_TEST

START_TEST(names_and_parameters)
{
	struct file *f = read_case("four");
	struct measure m;
	static const struct {
		const char *name, *why;
	} bad[] = {
		{ "f1:eel", "label" }, { "topk:0", "whole number" }, { "topk:1.5", "whole number" }, { "fbeta", "fbeta:2" },
		{ "fbeta:2:eel", "label" }, { "auc:eel", "label" }, { "accuracy:1", "no parameter" }, { "ks", "two classes" },
		{ "rmse", "regression" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *why;
		ck_assert(measure_find(bad[i].name, &m));
		ck_assert(isnan(measure(&m, &f->s, &why)));
		ck_assert_msg(strstr(why, bad[i].why), "%s: %s", bad[i].name, why);
	}
	ck_assert(!measure_find("aux", &m) && !measure_find("", &m) && !measure_find("au", &m));
	f->s.p = NULL;
	ck_assert(measure_find("auc", &m) && measure_check(&m, &f->s));
	ck_assert(measure_find("f1:macro", &m) && !measure_check(&m, &f->s));
	struct measure copy = m;
	m = (struct measure){ 0 };
	ck_assert_str_eq(measure_arg(&copy), "macro");
	for (int t = TASK_REGRESSION; t <= TASK_MULTICLASS; t *= 2)
		ck_assert(measure_find(metric_default((enum task)t), &m) && (m.metric->tasks & (unsigned)t));
	free_case(f);
}
END_TEST

/* A label that is none of the k is wrong, whatever is predicted, and had probability 0. */
START_TEST(unknown_labels)
{
	static const int32_t label[] = { 0, 1, -1 };
	static const double p[] = { 0.8, 0.2, 0.4, 0.6, 0.1, 0.9 };
	static const char *const labels[] = { "a", "b" };
	struct scored s = { .n = 3, .k = 2, .label = label, .p = p, .positive = 1, .labels = labels };
	struct measure m;
	ck_assert(measure_find("accuracy", &m) && fabs(measure(&m, &s, NULL) - 2.0 / 3) < 1e-15);
	ck_assert(measure_find("precision", &m) && fabs(measure(&m, &s, NULL) - 0.5) < 1e-15);
	ck_assert(measure_find("balanced", &m) && fabs(measure(&m, &s, NULL) - 2.0 / 3) < 1e-15);
	ck_assert(measure_find("auc", &m) && fabs(measure(&m, &s, NULL) - 0.5) < 1e-15);
	ck_assert(measure_find("logloss", &m) && fabs(measure(&m, &s, NULL) + (log(0.8) + log(0.6) + log(0x1p-52)) / 3) < 1e-12);
}
END_TEST

UNIT_MAIN("golden", equal_to_scikit_learn, weights_are_repetitions, names_and_parameters, unknown_labels)
