/* Losses: PyTorch's numbers; gradients against differences; logits of any size; shards of a batch add up. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "cases_loss.h"
#include "../../golden/nn_loss.h"

static const char *kind_of(const char *golden)
{
	static const char *const kinds[][2] = {
		{ "ce", "cross-entropy" }, { "soft", "soft" }, { "focal", "focal" }, { "bce", "binary" },
		{ "binary focal", "binary focal" }, { "l1", "l1" }, { "l2", "l2" }, { "huber", "huber" }, { "smooth l1", "huber" },
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strncmp(golden, kinds[i][0], strlen(kinds[i][0])) == 0)
			return kinds[i][1];
	ck_abort_msg("no loss '%s'", golden);
}

static void golden_in(loss_case_fn *fn, double tol)
{
	for (size_t i = 0; i < sizeof(gold_losses) / sizeof(*gold_losses); i++) {
		const struct gold_loss *e = &gold_losses[i];
		struct loss_case c = { .name = kind_of(e->name), .rows = GOLD_N, .places = 1, .k = GOLD_K, .x = gold_x,
				       .class_weight = e->weights ? gold_class_weight : NULL,
				       .conf = { e->smooth, e->gamma, e->alpha, e->delta, e->ignore, NULL } };
		bool hard = strcmp(c.name, "cross-entropy") == 0 || strcmp(c.name, "focal") == 0;
		double g[GOLD_N * GOLD_K];
		c.y = hard ? gold_label : c.name[0] == 'b' ? gold_bits : gold_real;
		if (strstr(e->name, "soft"))
			c.y = gold_soft;
		double loss = fn(&c, g, NULL);
		ck_assert_msg(fabs(loss - e->loss) < tol, "%s: %.17g, not %.17g", e->name, loss, e->loss);
		for (size_t j = 0; j < GOLD_N * GOLD_K; j++)
			MUST(fabs(g[j] - e->grad[j]) < tol, "%s: gradient %zu is %.17g, not %.17g", e->name, j, g[j], e->grad[j]);
	}
}

START_TEST(pytorch)
{
	golden_in(loss_case_f64, 1e-12);
	golden_in(loss_case, 1e-6);
}
END_TEST

static const char *const names[] = { "cross-entropy", "soft", "focal", "binary", "binary focal", "l1", "l2", "huber" };
#define NAMES (sizeof(names) / sizeof(*names))
#define MOST 256

/* A case of random numbers, in arrays of MOST; i chooses its options. */
struct filled {
	struct loss_case c;
	double x[MOST], y[MOST], weight[MOST], class_weight[MOST];
};

static void fill(struct filled *f, size_t i, const char *name, size_t rows, size_t places, size_t k)
{
	struct rng r = rng_at(i, name, 0);
	bool hard = strcmp(name, "cross-entropy") == 0 || strcmp(name, "focal") == 0, binary = name[0] == 'b';
	*f = (struct filled){ .c = { .name = name, .rows = rows, .places = places, .k = k, .x = f->x, .y = f->y,
		.conf = { i % 2 ? 0.3 : 0, i % 3 ? 1.5 : 0.5, i % 4 ? 0.3 : -1, 0.6, i % 3 == 1 ? 1 : NAN, NULL },
		.class_weight = i % 2 ? f->class_weight : NULL, .norm = 2.5,
		.weights = i % 3 == 0 ? 0 : i % 3 == 1 ? rows : rows * places, .weight = f->weight } };
	for (size_t j = 0; j < MOST; j++) {
		f->x[j] = 2 * rng_normal(&r);
		f->y[j] = hard ? (double)rng_below(&r, k) : binary ? (double)rng_below(&r, 2) : rng_double(&r);
		f->weight[j] = rng_below(&r, 4) ? 0.5 + rng_double(&r) : 0;
		f->class_weight[j] = 0.5 + rng_double(&r);
	}
}

static const size_t shapes[][3] = { { 1, 1, 1 }, { 3, 1, 5 }, { 2, 7, 3 }, { 5, 3, 1 }, { 4, 2, 17 } };
#define SHAPES (sizeof(shapes) / sizeof(*shapes))

/* Central differences in double by every logit, and by every target where gradients go there. */
START_TEST(gradients)
{
	static struct filled f;
	for (size_t i = 0; i < NAMES * SHAPES * 12; i++) {
		const size_t *s = shapes[i / NAMES % SHAPES];
		fill(&f, i / NAMES / SHAPES, names[i % NAMES], s[0], s[1], s[2]);
		bool both = i % NAMES >= 5;
		double gx[MOST], gy[MOST], none[MOST], h = 1e-5;
		loss_case_f64(&f.c, gx, both ? gy : NULL);
		for (size_t j = 0; j < s[0] * s[1] * s[2] * (both ? 2 : 1); j++) {
			size_t at = j % (s[0] * s[1] * s[2]);
			bool target = j != at;
			double *x = (target ? f.y : f.x) + at, old = *x, g = target ? gy[at] : gx[at];
			*x = old + h;
			double up = loss_case_f64(&f.c, none, NULL);
			*x = old - h;
			double down = loss_case_f64(&f.c, none, NULL), want = (up - down) / (2 * h);
			*x = old;
			MUST(fabs(g - want) < 1e-8 * (1 + fabs(g)), "%s %zu: %zu is %.12g, not %.12g", f.c.name, i, j, g, want);
		}
	}
}
END_TEST

/* Logits of +-1e4 give finite numbers in float; what has no weight or is ignored may be anything. */
START_TEST(extremes)
{
	static struct filled f;
	for (size_t i = 0; i < NAMES * 12; i++) {
		fill(&f, i / NAMES, names[i % NAMES], 4, 3, 5);
		double g[MOST];
		for (size_t j = 0; j < 60; j++) {
			size_t w = f.c.weights ? j / (60 / f.c.weights) : 0;
			bool labelled = i % NAMES == 0 || i % NAMES == 2, binary = f.c.name[0] == 'b';
			bool ignored = (labelled && f.y[j / 5] == f.c.conf.ignore) || (binary && f.y[j] == f.c.conf.ignore);
			f.x[j] = (f.c.weights && f.weight[w] == 0) || ignored ? NAN : j % 3 ? 1e4 : -1e4;
		}
		double loss = loss_case(&f.c, g, NULL);
		ck_assert_msg(isfinite(loss) && loss >= 0, "%s %zu: %g", f.c.name, i, loss);
		for (size_t j = 0; j < 60; j++)
			MUST(isfinite(g[j]) && (!isnan(f.x[j]) || g[j] == 0), "%s %zu: gradient %g at %g",
			     f.c.name, i, g[j], f.x[j]);
	}
}
END_TEST

/* Halves of a batch under the norm of the whole add up to it. */
START_TEST(shards)
{
	static struct filled f;
	for (size_t i = 0; i < NAMES; i++) {
		fill(&f, 4, names[i], 6, 2, 3);
		bool hard = i == 0 || i == 2;
		double all[MOST], part[MOST], loss = loss_case_f64(&f.c, all, NULL);
		f.c.rows = 3;
		f.c.weights /= 2;
		loss -= loss_case_f64(&f.c, part, NULL);
		ck_assert(memcmp(all, part, 18 * sizeof(*all)) == 0 || i >= 5);
		f.c.x += 18;
		f.c.y += hard ? 6 : 18;
		f.c.weight += f.c.weights;
		loss -= loss_case_f64(&f.c, part, NULL);
		ck_assert_msg(fabs(loss) < 1e-12, "%s: %g", names[i], loss);
		for (size_t j = 0; j < 18; j++)
			MUST(fabs(all[18 + j] - part[j]) < 1e-13, "%s", names[i]);
	}
}
END_TEST

/* Weights of positions and of whole rows, times class weights, without what is ignored. */
START_TEST(norms)
{
	const float label[] = { 0, 1, 2, 1, 0, 2 }, class_weight[] = { 2, 3, 5 }, w[] = { 1, 0.5f, 0, 4, 1, 2 };
	struct loss_conf c = loss_usual();
	ck_assert(nn_loss_weight(&c, 6, label, 0, NULL) == 6 && nn_loss_weight(&c, 6, NULL, 6, w) == 8.5);
	ck_assert(nn_loss_weight(&c, 6, label, 2, w) == 4.5);
	c.class_weight = class_weight;
	ck_assert(nn_loss_weight(&c, 6, label, 0, NULL) == 20);
	c.ignore = 1;
	ck_assert(nn_loss_weight(&c, 6, label, 6, w) == 2 + 0 + 2 + 10 && nn_loss_weight(&c, 6, label, 3, w) == 2 + 2.5 + 0);
}
END_TEST

UNIT_MAIN("loss", pytorch, gradients, extremes, shards, norms)
