/* Learning rates: the sequences of PyTorch's schedulers, and the ends of each schedule. */
#include "unit.h"

#include <math.h>

#include "nn/optim.h"
#include "nn/schedule.h"
#include "../../golden/nn_loss.h"

typedef double rate_fn(const struct schedule *s, size_t step);

static void same(const struct schedule *s, rate_fn *fn, const double *want, const char *what)
{
	for (size_t t = 0; t < GOLD_T; t++)
		ck_assert_msg(fabs(fn(s, t) - want[t]) < 1e-12, "%s: %.17g at %zu, not %.17g", what, fn(s, t), t, want[t]);
}

START_TEST(pytorch)
{
	struct schedule s = schedule_usual(SCHEDULE_STEP, 0.5, GOLD_T);
	size_t milestone[] = { 3, 11, 12 };
	s.gamma = 0.3;
	s.every = 6;
	same(&s, schedule_rate, gold_step, "step");
	s.kind = SCHEDULE_MILESTONES;
	s.milestone = milestone;
	s.milestones = 3;
	same(&s, schedule_rate, gold_milestones, "milestones");
	s.kind = SCHEDULE_LINEAR;
	s.low = 0.05;
	same(&s, schedule_rate, gold_linear, "linear");
	s.kind = SCHEDULE_COSINE;
	s.low = 0.01;
	same(&s, schedule_rate, gold_cosine, "cosine");
	s.warmup = 4;
	same(&s, schedule_rate, gold_warm_cosine, "cosine with warm-up");
	s = schedule_usual(SCHEDULE_ONECYCLE, 0.5, GOLD_T + 1);
	same(&s, schedule_rate, gold_onecycle, "one-cycle");
	same(&s, schedule_momentum, gold_onecycle_momentum, "momentum of one-cycle");
}
END_TEST

START_TEST(plateaus)
{
	struct plateau p = plateau_usual(false), q = plateau_usual(true);
	double low = 0.5, high = 0.5;
	p.factor = q.factor = 0.5;
	p.patience = 2;
	q.patience = 1;
	q.cooldown = 2;
	q.least = 0.1;
	q.threshold = 0.01;
	for (size_t t = 0; t < GOLD_T; t++) {
		low = plateau_rate(&p, low, gold_falling[t]);
		high = plateau_rate(&q, high, gold_rising[t]);
		ck_assert_msg(fabs(low - gold_plateau_low[t]) < 1e-12, "%g at %zu, not %g", low, t, gold_plateau_low[t]);
		ck_assert_msg(fabs(high - gold_plateau_high[t]) < 1e-12, "%g at %zu, not %g", high, t, gold_plateau_high[t]);
	}
	p = plateau_usual(false);
	for (int t = 0; t <= 10; t++)
		ck_assert(plateau_rate(&p, 1, NAN) == (t < 10 ? 1 : 0.1));
}
END_TEST

/* Runs of no, one and two steps, past the end, all warm-up: always a finite rate between zero and the highest. */
START_TEST(short_runs)
{
	for (size_t steps = 0; steps < 5; steps++)
		for (int kind = SCHEDULE_CONSTANT; kind <= SCHEDULE_ONECYCLE; kind++)
			for (size_t t = 0; t < 8; t++) {
				struct schedule s = schedule_usual((enum schedule_kind)kind, 0.5, steps);
				s.warmup = 2;
				double rate = schedule_rate(&s, t);
				ck_assert_msg(rate >= 0 && rate <= 0.5, "%d: %g at %zu of %zu", kind, rate, t, steps);
			}
}
END_TEST

UNIT_MAIN("schedule", pytorch, plateaus, short_runs)
