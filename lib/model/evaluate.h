/* What dls-eval prints: metrics of predictions, with intervals and comparisons, gates, curves. */
#ifndef DLS_MODEL_EVALUATE_H
#define DLS_MODEL_EVALUATE_H

#include "base/file.h"
#include "metrics/boot.h"
#include "model/predfile.h"

/* A metric, as asked for, and what was found. */
struct finding {
	struct measure m;
	double *value;			/* (sets) */
	const char **why;		/* (sets) NULL where the value is defined */
	struct interval *interval;	/* (sets): of the value for the first, of first - other for others; NULL: not asked for */
};

struct findings {
	struct finding *f;	/* (n) */
	size_t n;
};

/* The metrics named, those of the gates after them; an unknown one dies (ST_USAGE). */
void findings_name(struct findings *fs, const struct strs *words, const struct eval_opts *o);

/* Tasks that all of them are for; 0 when none is named. */
unsigned findings_tasks(const struct findings *fs);

/* Takes the usual metrics of the task when none was named, and finds all values. */
void findings_make(struct findings *fs, const struct predictions *p, const struct eval_opts *o);

/*
 * As lines "metric TAB value", or with columns low and high after --bootstrap,
 * or a line for each of --vs; more than two columns have a header. Or as JSON.
 */
void findings_print(const struct findings *fs, const struct predictions *p, const struct eval_opts *o, struct out *out);

/* ST_GATE and a line on stderr for each --min and --max that does not hold. */
enum status findings_gates(const struct findings *fs, const struct eval_opts *o);

void findings_free(struct findings *fs);

/* --curve: CSV to out (NULL: not wanted), and the picture of --plot. */
void evaluate_curve(const struct eval_opts *o, struct out *out);

#endif
