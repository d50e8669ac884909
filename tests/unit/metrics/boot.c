/* The bootstrap: known spreads, the same values for any threads, pairs; curves against the plainest code. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "metrics/boot.h"
#include "metrics/curve.h"

#define N 400

struct rows {
	int32_t label[N];
	double p[2 * N], q[2 * N], y[N], f[N], w[N];
	struct scored s;
};

static const char *const labels[] = { "no", "yes" };

/* Scores in steps of 1/50 that know something of the label; q knows less. */
static struct rows *make_rows(void)
{
	struct rows *r = NEW0(struct rows, 1);
	struct rng g = rng_at(8, "rows", 0);
	for (int i = 0; i < N; i++) {
		r->label[i] = rng_below(&g, 10) < 4;
		r->p[2 * i + 1] = floor(50 / (1 + exp(-2.5 * (r->label[i] - 0.5) - rng_normal(&g)))) / 50;
		r->q[2 * i + 1] = 0.5 * r->p[2 * i + 1] + 0.5 * rng_double(&g);
		r->p[2 * i] = 1 - r->p[2 * i + 1];
		r->q[2 * i] = 1 - r->q[2 * i + 1];
		r->y[i] = rng_normal(&g);
		r->w[i] = (double)rng_below(&g, 3);
	}
	r->s = (struct scored){ .n = N, .k = 2, .label = r->label, .p = r->p, .positive = 1, .labels = labels };
	return r;
}

static struct measure named(const char *name)
{
	struct measure m;
	ck_assert(measure_find(name, &m));
	return m;
}

START_TEST(threads_and_company_do_not_matter)
{
	struct rows *r = make_rows();
	struct scored sets[2] = { r->s, r->s };
	sets[1].p = r->q;
	sets[0].w = sets[1].w = r->w;
	const struct measure m[] = { named("auc"), named("logloss"), named("f1") };
	struct boot one = { .resamples = 60, .level = 0.9, .seed = 3, .threads = 1 }, three = one, other = one;
	three.threads = 3;
	other.seed = 4;
	double *a = boot_values(&one, sets, 2, m, 3), *b = boot_values(&three, sets, 2, m, 3);
	double *c = boot_values(&one, sets + 1, 1, m, 1), *d = boot_values(&other, sets, 2, m, 3);
	ck_assert(memcmp(a, b, 60 * 6 * sizeof(*a)) == 0);
	for (size_t i = 0; i < 60; i++)
		ck_assert(c[i] == a[i * 6 + 3]);
	ck_assert(memcmp(a, d, 60 * 6 * sizeof(*a)) != 0);
	free(a);
	free(b);
	free(c);
	free(d);
	free(r);
}
END_TEST

/* A resample through weights is a resample of copied rows. */
START_TEST(a_resample_is_drawn_rows)
{
	struct rows *r = make_rows();
	struct boot b = { .resamples = 5, .level = 0.9, .seed = 3, .threads = 1 };
	const struct measure m[] = { named("auc"), named("accuracy") };
	double *v = boot_values(&b, &r->s, 1, m, 2);
	for (uint64_t t = 0; t < 5; t++) {
		struct rng g = rng_at(3, "eval.bootstrap", t);
		int32_t label[N];
		double p[2 * N];
		for (size_t i = 0; i < N; i++) {
			size_t at = (size_t)rng_below(&g, N);
			label[i] = r->label[at];
			memcpy(p + 2 * i, r->p + 2 * at, 2 * sizeof(double));
		}
		struct scored s = r->s;
		s.label = label;
		s.p = p;
		for (size_t j = 0; j < 2; j++)
			ck_assert(fabs(v[t * 2 + j] - measure(&m[j], &s, NULL)) < 1e-13);
	}
	free(v);
	free(r);
}
END_TEST

/* The mean absolute error of |normal| has a known spread: sqrt((1 - 2/pi) / n). */
START_TEST(the_interval_is_as_wide_as_theory)
{
	struct rows *r = make_rows();
	struct scored s = { .n = N, .k = 1, .y = r->y, .p = r->f };
	struct boot b = { .resamples = 4000, .level = 0.95, .seed = 1, .threads = 2 };
	const struct measure m = named("mae");
	double *v = boot_values(&b, &s, 1, &m, 1), spread = 1.96 * sqrt((1 - 2 / 3.141592653589793) / N);
	struct interval i = boot_interval(v, 4000, 0.95);
	double x = measure(&m, &s, NULL);
	ck_assert_msg(fabs((i.high - i.low) / (2 * spread) - 1) < 0.1, "%g %g", i.high - i.low, 2 * spread);
	ck_assert(i.low < x && x < i.high && i.p < 0.001);
	free(v);
	free(r);
}
END_TEST

START_TEST(percentiles_and_p)
{
	double x[101];
	for (int i = 0; i <= 100; i++)
		x[i] = (i * 37) % 101 - 10;
	struct interval i = boot_interval(x, 101, 0.9);
	ck_assert(fabs(i.low + 5) < 1e-12 && fabs(i.high - 85) < 1e-12);
	ck_assert(fabs(i.p - 2.0 * (11 + 1) / 102) < 1e-15);
	for (int j = 0; j < 40; j++)
		x[j] = NAN;
	ck_assert(!isnan(boot_interval(x, 101, 0.9).low));
	for (int j = 40; j < 60; j++)
		x[j] = NAN;
	ck_assert(isnan(boot_interval(x, 101, 0.9).low) && isnan(boot_interval(x, 0, 0.9).p));
}
END_TEST

/* Reads the numbers of a CSV line after its first cell. */
static int cells_of(const char *line, double *x)
{
	int n = 0;
	for (const char *p = strchr(line, ','); p && *p == ','; p += 1 + strcspn(p + 1, ",\n"), n++)
		ck_assert(num_parse(p + 1, strcspn(p + 1, ",\n"), &x[n]));
	return n;
}

/* Each point of ROC and of precision-recall is what counting finds; the area under ROC is the AUC. */
START_TEST(curves_are_counts)
{
	struct rows *r = make_rows();
	struct measure auc = named("auc");
	static const char *const kinds[] = { "roc", "pr" };
	r->s.w = r->w;
	for (int kind = 0; kind < 2; kind++) {
		struct curve c = curve_new(kinds[kind]);
		double x[3], area = 0, last[2] = { 0, 0 };
		ck_assert(!curve_add(&c, &r->s, "a,b", 10));
		ck_assert(strncmp(c.s[0].rows.s, "\"a,b\",inf", 9) == 0);
		int lines = 0;
		for (const char *line = c.s[0].rows.s + 5; line[-5]; line = strchr(line, '\n') + 6, lines++) {
			double tp = 0, fp = 0, pos = 0, neg = 0;
			ck_assert_int_eq(cells_of(line, x), 3);
			for (int i = 0; i < N; i++) {
				*(r->label[i] ? &pos : &neg) += r->w[i];
				if (r->p[2 * i + 1] >= x[0])
					*(r->label[i] ? &tp : &fp) += r->w[i];
			}
			double want1 = kind ? (tp + fp > 0 ? tp / (tp + fp) : 1) : fp / neg, want2 = tp / pos;
			ck_assert_msg(fabs(x[1] - want1) < 1e-14 && fabs(x[2] - want2) < 1e-14, "%s at %g", kinds[kind], x[0]);
			area += (x[1] - last[0]) * (x[2] + last[1]) / 2;
			last[0] = x[1];
			last[1] = x[2];
		}
		ck_assert_int_gt(lines, 20);
		ck_assert(last[1] == 1 && (kind || last[0] == 1));
		ck_assert(kind || fabs(area - measure(&auc, &r->s, NULL)) < 1e-14);
		curve_free(&c);
	}
	free(r);
}
END_TEST

START_TEST(calibration_bins_hold_all_rows)
{
	struct rows *r = make_rows();
	struct curve c = curve_new("calibration");
	double x[5], rows = 0, hits = 0, p = 0, want_hits = 0, want_p = 0;
	ck_assert(!curve_add(&c, &r->s, "a", 7));
	for (const char *line = c.s[0].rows.s; *line; line = strchr(line, '\n') + 1) {
		ck_assert_int_eq(cells_of(line, x), 5);
		ck_assert(x[3] > x[0] - 1e-15 && x[3] <= x[1]);
		rows += x[2];
		p += x[2] * x[3];
		hits += x[2] * x[4];
	}
	for (int i = 0; i < N; i++) {
		want_hits += r->label[i];
		want_p += r->p[2 * i + 1];
	}
	ck_assert(rows == N && fabs(hits - want_hits) < 1e-10 && fabs(p - want_p) < 1e-10);
	curve_free(&c);
	free(r);
}
END_TEST

UNIT_MAIN("boot", threads_and_company_do_not_matter, a_resample_is_drawn_rows, the_interval_is_as_wide_as_theory,
	  percentiles_and_p, curves_are_counts, calibration_bins_hold_all_rows)
