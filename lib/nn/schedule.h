/*
 * The learning rate over the steps of a run. A schedule is plain numbers and
 * the rate at a step a pure function of them, so that a resumed run goes on
 * where it was; only the plateau rule has a state, of a few numbers. The
 * counts are in whatever unit the caller passes: steps, or epochs.
 */
#ifndef DLS_NN_SCHEDULE_H
#define DLS_NN_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

enum schedule_kind {
	SCHEDULE_CONSTANT,
	SCHEDULE_STEP,		/* rate gamma^(t / every), whole parts */
	SCHEDULE_MILESTONES,	/* rate gamma^(milestones up to t) */
	SCHEDULE_LINEAR,	/* straight from rate to low */
	SCHEDULE_COSINE,	/* from rate to low along half a cosine (Loshchilov and Hutter 2017, without restarts) */
	SCHEDULE_ONECYCLE	/* Smith and Topin 2018: up to rate by half a cosine, then down far below by another */
};

struct schedule {
	enum schedule_kind kind;
	double rate;		/* the highest */
	size_t steps;		/* of the whole run */
	size_t warmup;		/* before all else but one-cycle: t = 0.. warmup - 1 at rate (t + 1) / (warmup + 1) */
	double low;
	double gamma;
	size_t every;
	const size_t *milestone;/* (milestones) ascending; borrowed */
	size_t milestones;
	double rise;		/* one-cycle: share of the steps that go up, */
	double div, final_div;	/* from rate / div, in the end to rate / div / final_div, */
	double momentum_low, momentum_high;	/* while momentum goes from high to low and back */
};

/* gamma 0.1, and PyTorch's one-cycle: 0.3 up from a 25th, down to 1e-4 of that, momentum 0.85 to 0.95. */
struct schedule schedule_usual(enum schedule_kind kind, double rate, size_t steps);

double schedule_rate(const struct schedule *s, size_t step);

/* The momentum of one-cycle (of adam: b1). */
double schedule_momentum(const struct schedule *s, size_t step);

/* Multiplies the rate by `factor` when a metric has not got better for more than `patience` epochs, as PyTorch's does. */
struct plateau {
	bool higher;		/* better is higher */
	double factor;
	long patience;
	double threshold;	/* better by this share of the best */
	long cooldown;		/* epochs after a change that are not counted */
	double least;		/* no rate is lower */
	/* state, to be kept in a checkpoint */
	double best;
	long bad, cooling;
};

/* factor 0.1, patience 10, threshold 1e-4, and the state of the beginning. */
struct plateau plateau_usual(bool higher);

/* Told the metric of an epoch (NaN: it is bad), gives the rate to go on with. */
double plateau_rate(struct plateau *p, double rate, double metric);

#endif
