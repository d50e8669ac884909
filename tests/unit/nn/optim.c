/* Optimisers: PyTorch's steps; what is spared, frozen or a buffer; exact resuming; the same bytes for any threads. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "cases_loss.h"
#include "../../golden/nn_loss.h"

#define KINDS (sizeof(gold_optims) / sizeof(*gold_optims))

static struct optim_conf conf_of(const struct gold_optim *e)
{
	struct optim_conf c = optim_usual(e->kind);
	c.momentum = e->momentum;
	c.nesterov = e->nesterov;
	c.decay = e->decay;
	c.clip_norm = e->clip_norm;
	c.clip_value = e->clip_value;
	return c;
}

/* Beside the weights, one buffer, one spared and one frozen number whose gradients are zero. */
static void golden_in(optim_case_fn *fn, double tol)
{
	enum { ALL = GOLD_P + 3 };
	double start[ALL] = { 0 }, grads[GOLD_STEPS][ALL] = { 0 }, x[GOLD_STEPS][ALL], norm[GOLD_STEPS];
	memcpy(start, gold_start, sizeof(gold_start));
	for (size_t t = 0; t < GOLD_STEPS; t++)
		memcpy(grads[t], gold_grads + t * GOLD_P, GOLD_P * sizeof(double));
	for (size_t i = 0; i < KINDS; i++) {
		const struct gold_optim *e = &gold_optims[i];
		struct optim_case c = { .conf = conf_of(e), .n = GOLD_P, .b = 1, .s = 1, .f = 1, .start = start, .grads = *grads,
					.steps = GOLD_STEPS, .thaw = 99, .threads = 1 };
		fn(&c, *x, NULL, norm);
		for (size_t t = 0; t < GOLD_STEPS; t++) {
			MUST(fabs(norm[t] - e->norm[t]) < tol, "%zu: norm %zu is %.15g, not %.15g", i, t, norm[t], e->norm[t]);
			for (size_t j = 0; j < GOLD_P; j++)
				MUST(fabs(x[t][j] - e->x[t][j]) < tol, "%zu: x[%zu] of step %zu is %.15g, not %.15g",
				     i, j, t, x[t][j], e->x[t][j]);
		}
	}
}

START_TEST(pytorch)
{
	golden_in(optim_case_f64, 1e-12);
	golden_in(optim_case, 2e-5);
}
END_TEST

/* A run of random numbers with every sort of parameter, over several chunks where it is large. */
struct filled {
	struct optim_case c;
	size_t size;
	double *start, *grads, *x, *mean, *norm;
};

static struct filled filled_new(size_t n, size_t b, size_t s, size_t f, size_t steps, struct optim_conf conf)
{
	struct filled d = { .size = n + b + s + f };
	struct rng r = rng_at(1, "optim", 0);
	d.start = NEW(double, d.size);
	d.grads = NEW(double, d.size * steps);
	d.x = NEW(double, d.size * steps);
	d.mean = NEW(double, d.size * steps);
	d.norm = NEW(double, steps);
	for (size_t i = 0; i < d.size; i++)
		d.start[i] = rng_normal(&r);
	for (size_t i = 0; i < d.size * steps; i++)
		d.grads[i] = rng_normal(&r);
	d.c = (struct optim_case){ .conf = conf, .n = n, .b = b, .s = s, .f = f, .start = d.start, .grads = d.grads, .steps = steps,
				   .threads = 1 };
	return d;
}

static void filled_free(struct filled *d)
{
	free(d->start);
	free(d->grads);
	free(d->x);
	free(d->mean);
	free(d->norm);
}

/* Plain descent, so that each sort can be told from its start; the norm is of weights that are not frozen. */
START_TEST(sorts_of_parameters)
{
	struct optim_conf conf = optim_usual(OPTIM_SGD);
	conf.decay = 0.5;
	conf.average = 0.9;
	struct filled d = filled_new(3, 3, 3, 3, 2, conf);
	d.c.thaw = 1;
	optim_case_f64(&d.c, d.x, d.mean, d.norm);
	double norm = 0;
	for (size_t i = 0; i < 12; i++) {
		double x = d.start[i], g = d.grads[i], rates[] = { 0.1, 0, 0.2, 0 };
		double want = i / 3 == 1 ? 0.9 * x + 0.1 * g : x - rates[i / 3] * (g + (i / 3 == 2 ? 0 : 0.5 * x));
		norm += i / 3 % 2 ? 0 : g * g;
		MUST(fabs(d.x[i] - want) < 1e-15, "%zu: %.17g, not %.17g", i, d.x[i], want);
		double mean = 2.0 / 11 * x + 9.0 / 11 * want;
		MUST(fabs(d.mean[i] - mean) < 1e-15, "mean %zu: %.17g, not %.17g", i, d.mean[i], mean);
		double mean2 = 3.0 / 12 * mean + 9.0 / 12 * d.x[12 + i];
		MUST(fabs(d.mean[12 + i] - mean2) < 1e-15, "mean %zu: %.17g, not %.17g", i, d.mean[12 + i], mean2);
	}
	for (size_t i = 9; i < 12; i++)
		ck_assert(d.x[i] == d.start[i] && d.x[12 + i] != d.start[i]);
	ck_assert(fabs(d.norm[0] - sqrt(norm)) < 1e-14 && d.norm[1] > 0);
	filled_free(&d);
}
END_TEST

/* adamw shrinks what is not spared by rate times decay, before adam's first step, which is the rate. */
START_TEST(decoupled_decay)
{
	struct optim_conf conf = optim_usual(OPTIM_ADAMW);
	conf.decay = 0.5;
	conf.eps = 0;
	struct filled d = filled_new(3, 1, 3, 1, 1, conf);
	optim_case_f64(&d.c, d.x, NULL, d.norm);
	for (size_t i = 0; i < 7; i++) {
		double x = d.start[i], sign = d.grads[i] > 0 ? 1 : -1, want = i < 3 ? 0.95 * x - 0.1 * sign : x - 0.2 * sign;
		MUST(i == 3 || fabs(d.x[i] - want) < 1e-14, "%zu: %.17g, not %.17g", i, d.x[i], want);
	}
	filled_free(&d);
}
END_TEST

/* What was frozen for three steps then goes the way of what begins: adam's first step is the rate, whatever the gradient. */
START_TEST(thawed_late)
{
	struct optim_conf conf = optim_usual(OPTIM_ADAM);
	struct filled d = filled_new(2, 1, 1, 2, 4, conf);
	d.c.thaw = 3;
	optim_case_f64(&d.c, d.x, NULL, d.norm);
	for (size_t i = 4; i < 6; i++) {
		double step = d.x[18 + i] - d.start[i];
		ck_assert(d.x[12 + i] == d.start[i]);
		ck_assert_msg(fabs(fabs(step) - 0.025) < 1e-7, "%g", step);
	}
	filled_free(&d);
}
END_TEST

/* Through a store after the second of four steps, every byte is as without. */
START_TEST(resumes_exactly)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct optim_conf conf = conf_of(&gold_optims[i]);
		conf.average = i % 2 ? 0.99 : 0;
		struct filled a = filled_new(50, 4, 9, 7, 4, conf), b = filled_new(50, 4, 9, 7, 4, conf);
		a.c.thaw = b.c.thaw = 1;
		b.c.checkpoint = 2;
		optim_case(&a.c, a.x, a.mean, a.norm);
		optim_case(&b.c, b.x, b.mean, b.norm);
		ck_assert(memcmp(a.x, b.x, 4 * a.size * sizeof(double)) == 0);
		ck_assert(memcmp(a.mean, b.mean, 4 * a.size * sizeof(double)) == 0);
		filled_free(&a);
		filled_free(&b);
	}
}
END_TEST

START_TEST(same_bytes_for_any_threads)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct optim_conf conf = conf_of(&gold_optims[i]);
		conf.average = 0.5;
		conf.clip_norm = 3;
		struct filled a = filled_new(70001, 40000, 13, 5000, 2, conf);
		struct filled b = filled_new(70001, 40000, 13, 5000, 2, conf);
		optim_case(&a.c, a.x, a.mean, a.norm);
		double norm = 0;
		for (size_t j = 0; j < a.size; j++) {
			bool buffer = j >= 70001 && j < 110001;
			norm += buffer ? 0 : (double)(float)a.grads[j] * (double)(float)a.grads[j];
			MUST(!buffer || fabs(a.x[j] - 0.9 * a.start[j] - 0.1 * a.grads[j]) < 1e-6, "buffer %zu: %g", j, a.x[j]);
			MUST(buffer || a.x[j] != (double)(float)a.start[j], "%zu did not move", j);
		}
		ck_assert_msg(fabs(a.norm[0] / sqrt(norm) - 1) < 1e-12, "norm %.15g, not %.15g", a.norm[0], sqrt(norm));
		for (b.c.threads = 2; b.c.threads <= 3; b.c.threads++) {
			optim_case(&b.c, b.x, b.mean, b.norm);
			ck_assert(memcmp(a.x, b.x, 2 * a.size * sizeof(double)) == 0);
			ck_assert(memcmp(a.mean, b.mean, 2 * a.size * sizeof(double)) == 0);
			ck_assert(memcmp(a.norm, b.norm, 2 * sizeof(double)) == 0);
		}
		filled_free(&a);
		filled_free(&b);
	}
}
END_TEST

/* A gradient that is not finite changes nothing, and the run can go on. */
START_TEST(not_finite)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct optim_conf conf = conf_of(&gold_optims[i]);
		conf.average = 0.9;
		struct filled d = filled_new(20, 3, 3, 3, 3, conf);
		d.grads[d.size + 7] = i % 2 ? NAN : INFINITY;
		optim_case(&d.c, d.x, d.mean, d.norm);
		ck_assert(!isfinite(d.norm[1]) && isfinite(d.norm[2]));
		ck_assert(memcmp(d.x, d.x + d.size, d.size * sizeof(double)) == 0);
		ck_assert(memcmp(d.mean, d.mean + d.size, d.size * sizeof(double)) == 0);
		for (size_t j = 0; j < d.size; j++)
			MUST(isfinite(d.x[2 * d.size + j]), "%zu", j);
		filled_free(&d);
	}
}
END_TEST

/* The minimum, but for the buffer and the frozen one, which stay. */
START_TEST(full_batch)
{
	double x[12], kept = ldexp(36, 1) + ldexp(121, 6), begin, end;
	for (int f64 = 0; f64 < 2; f64++) {
		lbfgs_case_fn *fn = f64 ? lbfgs_case_f64 : lbfgs_case;
		begin = fn(0, x);
		ck_assert(x[3] == 0 && begin > 1000 + kept);
		end = fn(100, x);
		ck_assert_msg(fabs(end - kept) < (f64 ? 1e-9 : 0.1), "%.12g, not %.12g", end, kept);
		for (int i = 0; i < 12; i++)
			ck_assert_msg(fabs(x[i] - (i == 6 || i == 11 ? 0 : i)) < (f64 ? 1e-6 : 1e-2), "x[%d] = %.12g", i, x[i]);
	}
}
END_TEST

UNIT_MAIN("nn optim", pytorch, sorts_of_parameters, decoupled_decay, thawed_late, resumes_exactly,
	  same_bytes_for_any_threads, not_finite, full_batch)
