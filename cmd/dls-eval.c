/* dls-eval: metrics, curves and gates of the predictions on stdin. */
#include <stdlib.h>

#include "base/die.h"
#include "base/file.h"
#include "model/evaluate.h"

#define S struct eval_opts

static const struct opt table[] = {
	OPT(S, target, "target", "COL", "target", NULL, "column of true labels or values"),
	OPT(S, prediction, "prediction", "COL", "prediction", NULL, "column of predicted labels or values"),
	OPT(S, probability, "probability", "COL", NULL, NULL, "column of the positive class's probability, where there are no columns p:LABEL, as in a submission"),
	OPT(S, positive, "positive", "LABEL", NULL, NULL, "the positive one of two labels; the last if not given"),
	OPT(S, weight, "weight", "COL", NULL, NULL, "column of weights, in the file that holds the target"),
	OPT(S, group, "group", "COL", NULL, NULL, "column of groups, in the file that holds the target: rows of one value are one ranking, and are resampled together"),
	OPT(S, cosine, "cosine", NULL, NULL, NULL, "the input is sparse rows, and the prediction the cosine of a row with the first of its --group, the query, which is not ranked itself"),
	OPT(S, task, "task", "KIND", "auto", "auto|classes|regression", "what the predictions are; auto goes by the columns and the metrics named"),
	OPT(S, threshold, "threshold", "P", "-1", "[-1,1]", "of two classes predict the positive one above this probability; below 0: predictions as they stand"),
	OPT(S, truth, "truth", "FILE", NULL, NULL, "read the target from another file, joined by --id or row by row"),
	OPT(S, id, "id", "COL", NULL, NULL, "column that identifies rows, to join --truth and --vs files by"),
	OPT(S, vs, "vs", "NAMES", "", NULL, "compare with other predictions of the same rows: a column of the input, or a file"),
	OPT(S, bootstrap, "bootstrap", "N", "0", "[0,1000000]", "resamples for intervals; 0: none, but 1000 with --vs"),
	OPT(S, level, "level", "L", "0.95", "(0,1)", "level of the intervals"),
	OPT(S, seed, "seed", "N", "1", NULL, "seed of the resamples"),
	OPT(S, min, "min", "GATES", "", NULL, "METRIC=VALUE,...: exit with 1 when a metric is below its value"),
	OPT(S, max, "max", "GATES", "", NULL, "METRIC=VALUE,...: exit with 1 when a metric is above its value"),
	OPT(S, curve, "curve", "KIND", NULL, "roc|pr|calibration|lift|learning|confusion|classes", "print a curve or a table as CSV instead of metrics; learning reads what dls-train --metrics wrote"),
	OPT(S, bins, "bins", "N", "10", "[1,100000]", "bins of calibration and lift"),
	OPT(S, plot, "plot", "FILE", NULL, NULL, "draw the curve by gnuplot into FILE.png or FILE.svg; its CSV is then printed only with -o"),
	OPT(S, name, "name", "TEXT", "predictions", NULL, "what curves and pictures call the input"),
	OPT(S, json, "json", NULL, NULL, NULL, "print one JSON object"),
	OPT(S, digits, "digits", "N", "-1", "[-1,17]", "round to so many decimals; -1: as many as tell the number"),
	INPUT_OPTS(S),
	THREADS_OPT(S),
	OUTPUT_OPT(S),
	COMMON_OPTS(S),
	OPT_END
};

static void list_metrics(struct str *out)
{
	str_puts(out, "\nMetrics, those marked + if none is named:\n");
	for (const struct metric *m = metrics; m->name; m++)
		str_printf(out, "  %c %-10s %s\n", m->usual ? '+' : ' ', m->name, m->brief);
}

static const struct command cmd = {
	.synopsis = "[options] [METRIC[:PARAMETER]...] < predictions.csv\n--curve KIND [--plot FILE] < predictions.csv\n",
	.brief = "Measures predictions: a line \"metric TAB value\" for each metric.",
	.examples = "dls-predict model < test.csv | dls-eval auc logloss\n"
		"dls-eval --bootstrap 1000 --min auc=0.84 auc < predictions.csv\n"
		"dls-eval --vs other.csv auc < predictions.csv\n"
		"dls-eval --truth labels.csv --id Id --probability p auc < submission.csv\n"
		"dls-eval --group question --probability p hits:1 hits:10 ndcg:10 mrr < candidates.csv\n"
		"dls-eval --cosine --group qid --target label hits:10 < rows.svm\n"
		"dls-eval --curve roc --plot roc.svg < predictions.csv\n",
	.table = table, .more_help = list_metrics,
};

static enum status print_metrics(const struct eval_opts *o, const struct strs *words, struct out *out)
{
	struct findings fs;
	struct predictions p;
	findings_name(&fs, words, o);
	predictions_read(&p, o, findings_tasks(&fs));
	findings_make(&fs, &p, o);
	findings_print(&fs, &p, o, out);
	enum status status = findings_gates(&fs, o);
	findings_free(&fs);
	predictions_free(&p);
	return status;
}

int main(int argc, char **argv)
{
	struct eval_opts o = { 0 };
	struct strs words = { 0 };
	enum status status = ST_OK;
	int at;
	cmd_begin(&cmd, argc, argv, &at, &o.common, false, &words);
	if (o.plot && !o.curve)
		die(ST_USAGE, "--plot draws a curve: say which with --curve");
	if (o.curve && (words.n || o.min.n || o.max.n))
		die(ST_USAGE, "--curve prints no metrics; give METRICS, --min and --max without it");
	struct out out = out_open(o.output, false);
	if (o.curve)
		evaluate_curve(&o, o.plot && !o.output ? NULL : &out);
	else
		status = print_metrics(&o, &words, &out);
	out_close(&out);
	strs_free(&words);
	opt_free(table, &o);
	return (int)status;
}
