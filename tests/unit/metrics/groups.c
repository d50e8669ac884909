/* Metrics of rankings against all orders of the rows, written out; groups and weights; the bootstrap of groups. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "metrics/boot.h"

#define N 120		/* rows */
#define MOST 6		/* of a group: 720 orders */

static struct measure named(const char *name)
{
	struct measure m;
	ck_assert_msg(measure_find(name, &m), "%s", name);
	return m;
}

/* ---- the plainest code ---- */

/* The metric of rows in just this order, gain (n) by rank; best (n) is the best order. */
static double in_this_order(const char *name, const double *gain, const double *best, size_t n)
{
	size_t k = strchr(name, ':') ? (size_t)atoi(strchr(name, ':') + 1) : n, found = 0;
	double dcg = 0, ideal = 0, precision = 0, reciprocal = 0;
	bool hit = false;
	for (size_t i = 0; i < n; i++) {
		if (i < k) {
			dcg += gain[i] / log2((double)i + 2);
			ideal += best[i] / log2((double)i + 2);
			hit |= gain[i] > 0;
		}
		if (gain[i] > 0) {
			reciprocal = found ? reciprocal : 1 / ((double)i + 1);
			precision += (double)++found / ((double)i + 1);
		}
	}
	switch (*name) {
	case 'h': return hit;
	case 'd': return dcg;
	case 'n': return dcg / ideal;
	default: return name[1] == 'r' ? reciprocal : precision / (double)found;
	}
}

struct orders {
	const char *name;
	size_t n, count;
	double score[MOST], gain[MOST], best[MOST], order[MOST], last[MOST], sum;
	bool used[MOST];
};

/* Goes on from an order of the first `at` rows; adds up the metric of all orders whose scores fall. */
static void walk(struct orders *o, size_t at)
{
	if (at == o->n) {
		o->sum += in_this_order(o->name, o->order, o->best, o->n);
		o->count++;
	}
	for (size_t i = 0; i < o->n; i++) {
		if (o->used[i] || (at && o->score[i] > o->last[at - 1]))
			continue;
		o->used[i] = true;
		o->order[at] = o->gain[i];
		o->last[at] = o->score[i];
		walk(o, at + 1);
		o->used[i] = false;
	}
}

static int by_fall(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x > y ? -1 : x < y;
}

/* The mean over groups, weighted by w (groups; NULL: all 1), and over all orders; *without counts groups without a relevant row. */
static double by_all_orders(const char *name, const struct scored *s, const double *w, size_t *without)
{
	double total = 0, weight = 0;
	*without = 0;
	for (size_t g = 0; g < s->ngroups; g++) {
		struct orders o = { .name = name };
		double most = 0;
		for (size_t i = 0; i < s->n; i++) {
			if ((size_t)s->group[i] != g)
				continue;
			o.score[o.n] = s->k == 2 ? s->p[2 * i + 1] : s->p[i];
			o.best[o.n] = o.gain[o.n] = s->label ? s->label[i] : s->y[i];
			most = fmax(most, o.gain[o.n++]);
		}
		*without += most <= 0;
		if (most <= 0)
			continue;
		qsort(o.best, o.n, sizeof(double), by_fall);
		walk(&o, 0);
		total += (w ? w[g] : 1) * o.sum / (double)o.count;
		weight += w ? w[g] : 1;
	}
	return total / weight;
}

/* ---- rows ---- */

struct rows {
	double p[2 * N], f[N], y[N], w[N], group_weight[N];
	int32_t label[N], group[N];
	struct scored binary, graded;
};

/* Groups of 1 to MOST rows, whose rows stand apart, and `scores` different scores, so that many are equal. */
static struct rows *make_rows(uint64_t seed, uint64_t scores)
{
	struct rows *r = NEW0(struct rows, 1);
	struct rng g = rng_at(seed, "groups", 0);
	uint32_t row[N];
	int32_t ngroups = 0;
	for (uint32_t i = 0; i < N; i++)
		row[i] = i;
	rng_shuffle(&g, row, N);
	for (size_t i = 0, left = 0; i < N; i++, left--) {
		if (left == 0) {
			left = 1 + (size_t)rng_below(&g, MOST);
			r->group_weight[ngroups++] = (double)rng_below(&g, 5) / 2;
		}
		r->group[row[i]] = ngroups - 1;
	}
	for (size_t i = 0; i < N; i++) {
		r->f[i] = (double)rng_below(&g, scores) - 1;
		r->p[2 * i + 1] = (r->f[i] + 1) / (double)scores;
		r->p[2 * i] = 1 - r->p[2 * i + 1];
		r->label[i] = rng_below(&g, 3) == 0;
		r->y[i] = r->label[i] ? (double)(1 + rng_below(&g, 3)) / 2 : 0;
		r->w[i] = r->group_weight[r->group[i]];
	}
	r->binary = (struct scored){ .n = N, .k = 2, .label = r->label, .p = r->p, .positive = 1, .group = r->group,
				     .ngroups = (size_t)ngroups };
	r->graded = (struct scored){ .n = N, .k = 1, .y = r->y, .p = r->f, .group = r->group, .ngroups = (size_t)ngroups };
	return r;
}

static const char *const names[] = { "hits:1", "hits:3", "hits:10", "dcg", "dcg:2", "ndcg", "ndcg:3", "mrr", "map" };
#define NAMES (sizeof(names) / sizeof(*names))

START_TEST(the_mean_of_all_orders)
{
	static const uint64_t scores[] = { 1, 2, 4, 10, 1000000 };
	for (uint64_t t = 0; t < 30; t++) {
		struct rows *r = make_rows(t, scores[t % 5]);
		const double *w = t % 2 ? r->group_weight : NULL;
		for (size_t i = 0; i < 2 * NAMES; i++) {
			struct scored s = i < NAMES ? r->binary : r->graded;
			struct measure m = named(names[i % NAMES]);
			const char *why;
			size_t without;
			double want = by_all_orders(m.name, &s, w, &without);
			if (!w)
				ck_assert_uint_eq(groups_without(&s), without);
			s.w = w ? r->w : NULL;
			double x = measure(&m, &s, &why);
			ck_assert_msg(!why && fabs(x - want) < 1e-13, "%s of rows %d: %.17g, not %.17g", m.name, (int)t, x, want);
		}
		free(r);
	}
}
END_TEST

/* All of k tied rows have the first place with chance r / k; a list whose rows all fit is a sure hit, exactly. */
START_TEST(closed_forms)
{
	double f[40] = { 0 }, y[40] = { 0 };
	int32_t group[40] = { 0 };
	struct scored s = { .n = 40, .k = 1, .y = y, .p = f, .group = group, .ngroups = 1 };
	struct measure m = named("hits:1"), all = named("hits:40"), mrr = named("mrr");
	for (int r = 1; r <= 40; r++) {
		y[r - 1] = 1;
		ck_assert(fabs(measure(&m, &s, NULL) - r / 40.0) < 1e-15);
		ck_assert(measure(&all, &s, NULL) == 1);
	}
	ck_assert(measure(&mrr, &s, NULL) == 1);
	memset(y, 0, sizeof(y));
	y[7] = 1;
	double harmonic = 0;
	for (int i = 1; i <= 40; i++)
		harmonic += 1.0 / i;
	ck_assert(fabs(measure(&mrr, &s, NULL) - harmonic / 40) < 1e-15);
}
END_TEST

START_TEST(reasons)
{
	double f[] = { 1, 2, 3, 4 }, y[] = { 0, 0, 0, 0 }, w[] = { 1, 1, 2, 1 };
	const int32_t group[] = { 0, 0, 1, 1 };
	struct scored s = { .n = 4, .k = 1, .y = y, .p = f };
	struct measure m = named("mrr");
	const char *why;
	ck_assert(isnan(measure(&m, &s, &why)));
	ck_assert_str_eq(why, "it ranks the rows of each group, which dls-eval --group COL tells apart");
	s.group = group;
	s.ngroups = 2;
	ck_assert(isnan(measure(&m, &s, &why)));
	ck_assert_str_eq(why, "no group has a relevant row");
	y[2] = 1;
	ck_assert(measure(&m, &s, &why) == 0.5 && !why);
	s.w = w;
	ck_assert(isnan(measure(&m, &s, &why)));
	ck_assert_str_eq(why, "the rows of a group differ in weight");
	w[3] = 0;	/* a row of weight 0 is none */
	ck_assert(measure(&m, &s, &why) == 1 && !why);
	s.w = NULL;
	y[0] = -1;
	ck_assert(isnan(measure(&m, &s, &why)));
	ck_assert_str_eq(why, "a true value, the gain of a row, is below 0");
	y[0] = 0;
	f[3] = NAN;
	ck_assert(isnan(measure(&m, &s, &why)));
	ck_assert_str_eq(why, "a prediction is not a number");
	for (size_t i = 0; i < 3; i++) {
		static const char *const bad[] = { "hits", "hits:0", "ndcg:1.5" };
		m = named(bad[i]);
		ck_assert(isnan(measure(&m, &s, &why)));
		ck_assert_msg(strstr(why, i ? "its parameter is a whole number" : "it wants a parameter"), "%s", why);
	}
}
END_TEST

/* A resample is drawn groups, each with all of its rows; for any threads the same. */
START_TEST(groups_are_drawn)
{
	struct rows *r = make_rows(3, 6);
	struct boot b = { .resamples = 8, .level = 0.9, .seed = 3, .threads = 1 }, three = b;
	const struct measure m[] = { named("hits:2"), named("map"), named("accuracy"), named("rmse") };
	three.threads = 3;
	for (int graded = 0; graded < 2; graded++) {
		const struct scored *s = graded ? &r->graded : &r->binary;
		double *v = boot_values(&b, s, 1, m, 4), *u = boot_values(&three, s, 1, m, 4);
		ck_assert(memcmp(v, u, 32 * sizeof(*v)) == 0);
		for (uint64_t t = 0; t < 8; t++) {
			struct rng g = rng_at(3, "eval.bootstrap", t);
			struct scored d = *s;
			int32_t *label = NEW(int32_t, N * MOST), *group = NEW(int32_t, N * MOST);
			double *y = NEW(double, N * MOST), *p = NEW(double, N * MOST * 2);
			size_t n = 0, k = (size_t)s->k;
			for (size_t i = 0; i < s->ngroups; i++) {
				int32_t at = (int32_t)rng_below(&g, s->ngroups);
				for (size_t j = 0; j < N; j++) {
					if (r->group[j] != at)
						continue;
					label[n] = r->label[j];
					y[n] = r->y[j];
					memcpy(p + n * k, s->p + j * k, k * sizeof(*p));
					group[n++] = (int32_t)i;
				}
			}
			d.n = n;
			d.label = graded ? NULL : label;
			d.y = y;
			d.p = p;
			d.group = group;
			for (size_t i = 0; i < 4; i++) {
				double x = measure(&m[i], &d, NULL);
				ck_assert_msg((isnan(x) && isnan(v[t * 4 + i])) || fabs(x - v[t * 4 + i]) < 1e-13, "%s", m[i].name);
			}
			free(label);
			free(group);
			free(y);
			free(p);
		}
		free(v);
		free(u);
	}
	free(r);
}
END_TEST

UNIT_MAIN("groups", the_mean_of_all_orders, closed_forms, reasons, groups_are_drawn)
