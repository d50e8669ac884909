#include "model/run.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/die.h"
#include "io/jsonio.h"

#define PROGRESS_EVERY 0.1	/* seconds between two drawings of the progress line */

double run_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void write_round(struct run *r, int round, double train_loss, bool scored, double score)
{
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	json_object(&j, NULL);
	json_str(&j, "event", "round");
	if (r->folds)
		json_int(&j, "fold", r->fold);
	json_int(&j, "round", round);
	if (!isnan(train_loss))
		json_num(&j, "train_loss", train_loss);
	if (scored)
		json_num(&j, r->metric.name, score);
	json_end(&j, '}');
	run_event(r, s.s);
	str_free(&s);
}

void run_event(struct run *r, const char *json)
{
	if (r->metrics && (fprintf(r->metrics, "%s\n", json) < 0 || fflush(r->metrics) != 0))
		die(ST_IO, "--metrics: cannot write: %s", strerror(errno));
}

/* True when it is time to draw the progress line again; the fold is on it already then. */
static bool begin_line(struct run *r)
{
	double t = run_clock();
	if (!r->progress || t - r->shown < PROGRESS_EVERY)
		return false;
	r->shown = t;
	fprintf(stderr, "\r\033[K%s: ", prog_name);
	if (r->fold)
		fprintf(stderr, "fold %d/%d ", r->fold, r->folds);
	return true;
}

static void draw(struct run *r, int round, int rounds, bool scored, double score)
{
	if (!begin_line(r))
		return;
	fprintf(stderr, "round %d/%d", round, rounds);
	if (scored)
		fprintf(stderr, " %s %.5f", r->metric.name, score);
}

void run_tell(struct run *r, const char *fmt, ...)
{
	va_list ap;
	if (!begin_line(r))
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

void run_progress_end(struct run *r)
{
	if (r->progress && r->shown > 0)
		fputs("\r\033[K", stderr);
	r->shown = 0;
}

bool run_round(struct run *r, int round, int rounds, double train_loss, const double *valid_p)
{
	bool scored = r->valid && valid_p && r->metric.metric;
	double score = scored ? measure_view(&r->metric, r->valid, valid_p, r->positive, r->labels, NULL) : (double)NAN;
	if (r->metrics)
		write_round(r, round, train_loss, scored, score);
	draw(r, round, rounds, scored, score);
	if (!scored || r->early_stop == 0 || (isnan(score) && !r->judged)) {
		r->best_round = round;	/* watching alone changes no model */
		return false;
	}
	bool better = !r->judged || (r->metric.metric->higher ? score > r->best_score : score < r->best_score);
	if (better) {
		r->judged = true;
		r->best_round = round;
		r->best_score = score;
	}
	return round - r->best_round >= r->early_stop;
}

FILE *metrics_open(const char *path, const char *output)
{
	bool to_stdout = path && strcmp(path, "-") == 0;
	if (!path)
		return NULL;
	if (to_stdout && (!output || strcmp(output, "-") == 0))
		die(ST_USAGE, "--metrics -: the model goes to stdout; give -o FILE");
	FILE *f = to_stdout ? stdout : fopen(path, "w");
	if (!f)
		die(ST_IO, "--metrics %s: cannot write: %s", path, strerror(errno));
	return f;
}

void metrics_close(FILE *f, const char *path)
{
	if (f && (f == stdout ? fflush : fclose)(f) != 0)
		die(ST_IO, "--metrics %s: cannot write: %s", path, strerror(errno));
}
