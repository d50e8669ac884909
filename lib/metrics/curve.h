/*
 * Curves as CSV, one or more series under one header: for a person, awk and
 * plots. Each row begins with the name of its series.
 *
 *	roc		series,threshold,fpr,tpr	points at which the line bends; positive is at or above the threshold
 *	pr		series,threshold,precision,recall
 *	calibration	series,low,high,rows,predicted,observed	bins of equal width over (low, high]
 *	lift		series,share,lift,gain		of the top share of rows; gain: share of positives found
 *	learning	series,round,value
 *	confusion	series,target,LABEL,...		rows of each true label by predicted label
 *	classes		series,label,rows,precision,recall,f1
 */
#ifndef DLS_METRICS_CURVE_H
#define DLS_METRICS_CURVE_H

#include "base/str.h"
#include "metrics/metric.h"

struct series {
	char *name;
	char *panel;	/* what it is a series of: a picture has a panel for each; NULL: all in one */
	struct str rows;	/* CSV lines */
	struct str cells;	/* of a confusion, for its picture: lines "column,row,share of the row,rows" */
};

struct curve {
	const char *kind;
	struct str header;
	struct series *s;	/* (n) */
	size_t n;
	struct str across, down;/* of a confusion, for its picture: tics with the labels ... */
	size_t columns, lines, longest;	/* ... how many, and the bytes of the longest */
};

/* An empty curve of a kind in the list above. */
struct curve curve_new(const char *kind);

/*
 * Adds the series of a set of predictions called name: of two classes one, of
 * more one for each class against the rest, called "NAME LABEL". bins: of
 * calibration and lift. A class without rows has no series, and is told. NULL,
 * or why there is no such curve (static text).
 */
const char *curve_add(struct curve *c, const struct scored *s, const char *name, int32_t bins);

/*
 * Adds the series of a stream of dls-train --metrics FILE: one for each value
 * and fold, "VALUE fold F". Dies (ST_DATA) when it is no such stream.
 */
struct reader;
void curve_learning(struct curve *c, struct reader *r);

void curve_csv(const struct curve *c, struct str *out);

/* A gnuplot script, data included, that draws the curve on stdout as "png" or "svg". */
void curve_plot(const struct curve *c, const char *format, struct str *out);

void curve_free(struct curve *c);

#endif
