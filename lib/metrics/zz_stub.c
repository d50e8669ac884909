/* Three metrics for a first slice through the floors: auc, rmse, logloss. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "metrics/metric.h"

struct ranked {
	double p;
	int positive;
};

static int by_p(const void *a, const void *b)
{
	const struct ranked *r = a, *s = b;
	return r->p < s->p ? -1 : r->p > s->p;
}

static double auc(const struct scored *s, const char *arg, const char **why)
{
	struct ranked *v = NEW(struct ranked, s->n);
	double pos = 0, neg = 0, u = 0;
	(void)arg;
	(void)why;
	for (size_t i = 0; i < s->n; i++)
		v[i] = (struct ranked){ s->p[i * 2 + (size_t)s->positive], s->label[i] == s->positive };
	qsort(v, s->n, sizeof(*v), by_p);
	for (size_t i = 0, j; i < s->n; i = j) {
		double p = 0, q = 0;
		for (j = i; j < s->n && v[j].p == v[i].p; j++)
			*(v[j].positive ? &p : &q) += 1;
		u += p * (neg + q / 2);
		pos += p;
		neg += q;
	}
	free(v);
	return u / pos / neg;
}

static double rmse(const struct scored *s, const char *arg, const char **why)
{
	double t = 0;
	(void)arg;
	(void)why;
	for (size_t i = 0; i < s->n; i++)
		t += (s->y[i] - s->p[i]) * (s->y[i] - s->p[i]);
	return sqrt(t / (double)s->n);
}

static double logloss(const struct scored *s, const char *arg, const char **why)
{
	double t = 0;
	(void)arg;
	(void)why;
	for (size_t i = 0; i < s->n; i++)
		t -= log(fmax(1e-15, s->p[i * (size_t)s->k + (size_t)s->label[i]]));
	return t / (double)s->n;
}

const struct metric metrics[] = {
	{ .name = "auc", .tasks = TASK_BINARY, .higher = true, .fn = auc },
	{ .name = "rmse", .tasks = TASK_REGRESSION, .fn = rmse },
	{ .name = "logloss", .tasks = TASK_CLASSES, .fn = logloss },
	{ .name = NULL },
};

bool measure_find(const char *n, struct measure *m)
{
	memset(m, 0, sizeof(*m));
	for (const struct metric *t = metrics; t->name; t++)
		if (strcmp(t->name, n) == 0) {
			m->metric = t;
			memcpy(m->name, n, strlen(n));
			return true;
		}
	return false;
}

double measure(const struct measure *m, const struct scored *s, const char **why)
{
	return m->metric->fn(s, NULL, why);
}

const char *metric_default(enum task task)
{
	return task == TASK_BINARY ? "auc" : task == TASK_MULTICLASS ? "logloss" : "rmse";
}
