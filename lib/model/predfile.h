/*
 * Predictions as dls-predict writes them, read back as scored rows: `target`,
 * `prediction`, and a column p:LABEL for each label; or files like a
 * competition's submission, with one probability and the truth in another file.
 */
#ifndef DLS_MODEL_PREDFILE_H
#define DLS_MODEL_PREDFILE_H

#include "metrics/metric.h"
#include "opt/cmd.h"

struct eval_opts {
	struct common common;
	/* what the columns mean */
	const char *target, *prediction, *probability, *positive, *weight, *group, *task, *truth, *id, *format;
	bool header, cosine;
	double threshold;	/* below 0: predicted classes as they stand */
	struct strs vs;		/* files, or columns of the input */
	/* what is printed */
	struct strs min, max;
	int32_t bootstrap, bins, digits, threads;
	double level;
	uint64_t seed;
	const char *curve, *plot, *name, *output;
	bool json;
};

/* Sets of predictions of the same rows: the first is the input, the others those of --vs. */
struct predictions {
	struct scored *sets;	/* (n) */
	const char **names;	/* (n) */
	size_t n;
	enum task task;
	char *where;		/* of the input, for messages */
	void *own;		/* what the above points into */
};

/*
 * Reads stdin and the files that the options name. hint: tasks that the metrics
 * asked for have in common, which decides when the columns do not; 0: none.
 * Dies with ST_DATA and a message that helps.
 */
void predictions_read(struct predictions *p, const struct eval_opts *o, unsigned hint);
void predictions_free(struct predictions *p);

#endif
