/*
 * online: each solver against the rule told again and slowly over dense
 * weights; blocks of a stream against all rows at once; progressive loss;
 * numbers standardised by what has been seen.
 */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/schema.h"
#include "io/store.h"
#include "model/family.h"

extern const struct family family_online;

#define ROWS 300
#define TERMS 12

struct synth {
	struct column cols[2];	/* a number, a category of 3 levels */
	struct sparse sparse;
	int32_t two[ROWS], three[ROWS];
	double y[ROWS], w[ROWS];
	struct data d;
};

static const size_t group[] = { 0, TERMS };

static void synth_make(struct synth *s, enum task task)
{
	static const char *levels[] = { "a", "b", "c" };
	struct rng r = rng_at(3, "online", 0);
	s->cols[0] = (struct column){ .name = "x", .kind = KIND_NUMERIC, .num = NEW(double, ROWS) };
	s->cols[1] = (struct column){ .name = "c", .kind = KIND_CATEGORY, .cat = NEW(int32_t, ROWS), .levels = levels, .nlevels = 3 };
	s->sparse = sparse_new(TERMS);
	for (size_t i = 0; i < ROWS; i++) {
		double f = 0;
		size_t k = 0;
		s->cols[0].num[i] = rng_below(&r, 10) ? 1000 + 50 * rng_normal(&r) : (double)NAN;
		s->cols[1].cat[i] = (int32_t)rng_below(&r, 4) - 1;
		sparse_reserve(&s->sparse, TERMS);
		for (int32_t j = 0; j < TERMS; j++)
			if (rng_double(&r) < 0.3) {
				s->sparse.col[s->sparse.start[i] + k] = j;
				s->sparse.val[s->sparse.start[i] + k] = rng_double(&r) + 0.5;
				f += (j % 3 - 1) * s->sparse.val[s->sparse.start[i] + k++];
			}
		sparse_end(&s->sparse, k);
		f += isnan(s->cols[0].num[i]) ? 0 : (s->cols[0].num[i] - 1000) / 50;
		s->two[i] = f + rng_normal(&r) > 0;
		s->three[i] = (f > -1) + (f > 1);
		s->y[i] = 5000 + 300 * f;
		s->w[i] = (double)rng_below(&r, 3);
	}
	s->d = (struct data){ .n = ROWS, .ncols = 2, .cols = s->cols, .sparse = &s->sparse, .ngroups = 1, .group = group, .task = task,
		.nclasses = task == TASK_BINARY ? 2 : task == TASK_MULTICLASS ? 3 : 0, .w = s->w };
	s->d.label = task == TASK_BINARY ? s->two : task == TASK_MULTICLASS ? s->three : NULL;
	s->d.y = task == TASK_REGRESSION ? s->y : NULL;
}

static void synth_free(struct synth *s)
{
	free(s->cols[0].num);
	free(s->cols[1].cat);
	sparse_free(&s->sparse);
}

static void *options(const char *solver, int passes)
{
	char text[8];
	void *o = mem_zero(1, family_online.opts_size);
	opt_defaults(family_online.opts, o);
	snprintf(text, sizeof(text), "%d", passes);
	ck_assert(!opt_set(opt_find(family_online.opts, "solver", 6), o, solver));
	ck_assert(!opt_set(opt_find(family_online.opts, "passes", 6), o, text));
	if (strcmp(solver, "ftrl") == 0) {
		ck_assert(!opt_set(opt_find(family_online.opts, "l1", 2), o, "0.5"));
		ck_assert(!opt_set(opt_find(family_online.opts, "l2", 2), o, "0.1"));
	}
	return o;
}

static void drop(void *o)
{
	opt_free(family_online.opts, o);
	free(o);
}

/* The rules of the three solvers for two classes, over a dense vector: 1, x, 3 levels, terms. */
#define WIDTH (5 + TERMS)

struct slow {
	double w[WIDTH], g2[WIDTH], z[WIDTH];
	double rows, lost, count, mean, square;
};

static void slow_row(const struct synth *s, size_t i, const struct slow *m, double *x)
{
	double v = s->cols[0].num[i];
	memset(x, 0, WIDTH * sizeof(*x));
	x[0] = 1;
	if (!isnan(v) && m->square > 0)
		x[1] = (v - m->mean) / sqrt(m->square / m->count);
	if (s->cols[1].cat[i] >= 0)
		x[2 + s->cols[1].cat[i]] = 1;
	for (size_t e = s->sparse.start[i]; e < s->sparse.start[i + 1]; e++)
		x[5 + s->sparse.col[e]] = s->sparse.val[e];
}

static void slow_learn(const struct synth *s, const char *solver, struct slow *m, bool first)
{
	double x[WIDTH];
	for (size_t i = 0; i < ROWS; i++) {
		double v = s->cols[0].num[i], f = 0;
		if (first && !isnan(v)) {
			double d = v - m->mean;
			m->mean += d / ++m->count;
			m->square += d * (v - m->mean);
		}
		slow_row(s, i, m, x);
		for (size_t j = 0; *solver == 'f' && j < WIDTH; j++)
			m->w[j] = fabs(m->z[j]) <= 0.5 ? 0 : -(m->z[j] - copysign(0.5, m->z[j])) / (1 + sqrt(m->g2[j]) + 0.1);
		for (size_t j = 0; j < WIDTH; j++)
			f += m->w[j] * x[j];
		double p = 1 / (1 + exp(-f));
		m->lost -= s->w[i] * log(s->two[i] ? p : 1 - p);
		for (size_t j = 0; j < WIDTH; j++) {
			double g = s->w[i] * (p - s->two[i]) * x[j], g2 = m->g2[j] + g * g;
			if (*solver == 's')
				m->w[j] -= 0.5 / sqrt(m->rows + 1) * g;
			else if (*solver == 'a' && g2 > 0)
				m->w[j] -= 0.5 / sqrt(g2) * g;
			m->z[j] += g - (sqrt(g2) - sqrt(m->g2[j])) * m->w[j];
			m->g2[j] = g2;
		}
		m->rows += s->w[i];
	}
	for (size_t j = 0; *solver == 'f' && j < WIDTH; j++)
		m->w[j] = fabs(m->z[j]) <= 0.5 ? 0 : -(m->z[j] - copysign(0.5, m->z[j])) / (1 + sqrt(m->g2[j]) + 0.1);
}

START_TEST(solvers_by_their_rules)
{
	static const char *const solvers[] = { "sgd", "adagrad", "ftrl" };
	struct synth s;
	synth_make(&s, TASK_BINARY);
	for (size_t v = 0; v < 3; v++)
		for (int passes = 1; passes <= 2; passes++) {
			void *o = options(solvers[v], passes);
			struct run run = { .threads = 2 };
			struct slow m = { .rows = 0 };
			double p[2 * ROWS], x[WIDTH];
			struct data scored = s.d;
			for (int pass = 0; pass < passes; pass++)
				slow_learn(&s, solvers[v], &m, pass == 0);
			void *fit = family_online.fit(o, &s.d, &run);
			ck_assert_int_eq(family_online.rounds(fit), passes);
			ck_assert_double_eq_tol(family_online.streaming->loss(fit), m.lost / m.rows, 1e-9);
			scored.label = NULL;
			scored.w = NULL;
			family_online.predict(fit, &scored, p);
			for (size_t i = 0; i < ROWS; i++) {
				double f = 0;
				slow_row(&s, i, &m, x);
				for (size_t j = 0; j < WIDTH; j++)
					f += m.w[j] * x[j];
				ck_assert_double_eq_tol(p[2 * i + 1], 1 / (1 + exp(-f)), 1e-9);
			}
			family_online.free(fit);
			drop(o);
		}
	synth_free(&s);
}
END_TEST

static char *bytes_of(const void *fit, size_t *n)
{
	char *p;
	struct store *st = store_new();
	struct out out = { .f = open_memstream(&p, n) };
	family_online.save(fit, st);
	store_write(st, &out);
	fclose(out.f);
	store_free(st);
	return p;
}

/* However the rows are cut into blocks, once all are in the first block that sets the unit of a quantity. */
START_TEST(blocks_are_as_good_as_all)
{
	static const enum task tasks[] = { TASK_BINARY, TASK_MULTICLASS, TASK_REGRESSION };
	for (size_t t = 0; t < 3; t++)
		for (size_t size = 1; size <= ROWS; size = size * 7 + 1) {
			struct synth s;
			struct run run = { .threads = 1 };
			size_t n, m;
			synth_make(&s, tasks[t]);
			void *o = options("adagrad", 2), *whole = family_online.fit(o, &s.d, &run);
			struct data frame = s.d;
			frame.n = 0;
			void *fit = family_online.streaming->begin(o, &frame);
			for (int pass = 1; pass <= 2; pass++)
				for (size_t from = 0; from < ROWS; from += size) {
					struct data block = s.d;
					block.first = from;
					block.n = from + size < ROWS ? size : ROWS - from;
					if (tasks[t] == TASK_REGRESSION)
						block = s.d;	/* a smaller first block has another mean */
					family_online.streaming->learn(fit, &block, pass);
					if (tasks[t] == TASK_REGRESSION)
						break;
				}
			family_online.streaming->end(fit);
			char *a = bytes_of(whole, &n), *b = bytes_of(fit, &m);
			ck_assert(n == m && memcmp(a, b, n) == 0);
			free(a);
			free(b);
			family_online.free(whole);
			family_online.free(fit);
			drop(o);
			synth_free(&s);
		}
}
END_TEST

/* A quantity in thousands, a number in thousands: nothing has to be scaled by hand. */
START_TEST(learns_in_any_unit)
{
	struct synth s;
	struct run run = { .threads = 1 };
	double p[ROWS], err = 0, var = 0, mean = 0;
	synth_make(&s, TASK_REGRESSION);
	void *o = options("adagrad", 20), *fit = family_online.fit(o, &s.d, &run);
	family_online.predict(fit, &s.d, p);
	for (size_t i = 0; i < ROWS; i++)
		mean += s.y[i] / ROWS;
	for (size_t i = 0; i < ROWS; i++) {
		err += (p[i] - s.y[i]) * (p[i] - s.y[i]);
		var += (s.y[i] - mean) * (s.y[i] - mean);
	}
	ck_assert_msg(err < 0.1 * var, "unexplained: %g", err / var);
	family_online.free(fit);
	drop(o);
	synth_free(&s);
}
END_TEST

UNIT_MAIN("online", solvers_by_their_rules, blocks_are_as_good_as_all, learns_in_any_unit)
