/*
 * The world outside the maths, as a family sees it while fitting: seed,
 * threads, validation rows, when to stop, whom to tell.
 */
#ifndef DLS_MODEL_RUN_H
#define DLS_MODEL_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/die.h"
#include "data/data.h"
#include "metrics/metric.h"

struct run {
	uint64_t seed;
	int threads;
	const struct data *valid;	/* rows to watch, or NULL */
	struct measure metric;		/* what to watch on them; metric.metric NULL: nothing */
	int32_t positive;		/* the positive class of two */
	const char *const *labels;	/* (classes), for metrics that name one; or NULL */
	int early_stop;			/* stop after so many rounds without a better metric; 0: never */
	int rounds;			/* > 0: exactly so many rounds, whatever the options say (a refit) */
	int fold;			/* 1..K in cross-validation, 0 for the only or final fit */
	int folds;
	FILE *metrics;			/* NDJSON, one line a round; or NULL */
	bool progress;			/* draw a progress line on stderr */
	/* kept by run_round() */
	int best_round;			/* 0 before the first */
	double best_score;
	bool judged;			/* the metric was defined in some round, so best_score is one */
	double shown;			/* when the progress line was last drawn */
};

/*
 * Tells the world that round `round` of `rounds` (from 1) is done: a line to
 * the metrics stream, the progress line, and, when valid_p (valid->n, outputs)
 * is not NULL, the watched metric. train_loss may be NaN (unknown). True when
 * training should stop; the caller then keeps best_round rounds. Without
 * validation, without early_stop, or where the metric was never defined,
 * best_round is the last round.
 */
bool run_round(struct run *r, int round, int rounds, double train_loss, const double *valid_p);

/* One line of JSON to the metrics stream, if there is one. */
void run_event(struct run *r, const char *json);

/*
 * The stream of --metrics (NULL: none was asked for), written as it goes, so
 * that it can be watched; output is where the model goes. Dies with ST_USAGE
 * when both go to stdout, with ST_IO when it cannot be written.
 */
FILE *metrics_open(const char *path, const char *output);
void metrics_close(FILE *f, const char *path);	/* NULL is fine */

double run_clock(void);	/* seconds, of a clock that only goes forward */

/* Something to show on the progress line between rounds, if one is drawn. */
void run_tell(struct run *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Clears the progress line, if one was drawn. */
void run_progress_end(struct run *r);

#endif
