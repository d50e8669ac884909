/* dls-predict: scores a stream of rows with a model, or shows what is in the model. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/file.h"
#include "model/score.h"

#define S struct predict_opts

static const struct opt table[] = {
	OPT(S, id, "id", "COLS", "", NULL, "copy these columns to the front of the output, byte for byte"),
	OPT(S, keep, "keep", "COLS", "", NULL, "copy these columns too, after --id"),
	OPT(S, append, "append", NULL, NULL, NULL, "copy all input columns and append the predictions"),
	OPT(S, columns, "columns", "SPECS", "", NULL, "exactly these columns: NAME=SOURCE,... where SOURCE is prediction, p:LABEL, an input column, @row (from 1) or @index (from 0)"),
	OPT(S, threshold, "threshold", "P", "0.5", "[0,1]", "of two classes the positive one is predicted above this probability"),
	OPT(S, contrib, "contrib", NULL, NULL, NULL, "add each column's contribution to the raw score (log-odds, or the value before its link); they sum to it"),
	OPT(S, root, "root", "DIR", NULL, NULL, "what the paths of pictures are relative to; the working directory if not given"),
	OPT(S, skip_bad, "skip-bad", NULL, NULL, NULL, "leave out the rows whose pictures cannot be read, which else are an error"),
	OPT(S, features, "features", NULL, NULL, NULL, "write what a net has before its last layer, f1, f2, ..., in place of predictions: a table for other families to learn from"),
	OPT(S, views, "views", "K", "0", "[0,10]", "predict by the mean over K views of a picture: itself, mirrored, its corners; 0: as the model has it"),
	OPT(S, mistakes, "mistakes", "FILE", NULL, NULL, "draw the pictures that are predicted worst into FILE, a PNG; rows must be labelled"),
	OPT(S, mistakes_count, "mistakes-count", "N", "48", "[1,1000]", "at most so many pictures of --mistakes"),
	OPT(S, strict, "strict", NULL, NULL, NULL, "exit with 1 when the input drifted: levels or columns that training did not see"),
	OPT(S, show, "show", NULL, NULL, NULL, "print the model as JSON and read no rows"),
	OPT(S, oof, "oof", NULL, NULL, NULL, "print the out-of-fold predictions that dls-train --cv kept, and read no rows"),
	OPT(S, importance, "importance", "KIND", NULL, "gain|split|coef|terms|permutation", "print the importance of columns as CSV, or the terms that speak for each class; permutation reads labelled rows"),
	OPT(S, metric, "metric", "NAME", NULL, NULL, "metric of --importance permutation, see dls-eval; auc, logloss or rmse by the task if not given"),
	OPT(S, repeats, "repeats", "N", "5", "[1,1000]", "shuffles of --importance permutation"),
	OPT(S, seed, "seed", "N", "1", NULL, "seed of --importance permutation"),
	INPUT_OPTS(S),
	FOLDER_OPT(S),
	LABELS_OPT(S),
	THREADS_OPT(S),
	OUTPUT_OPT(S),
	COMMON_OPTS(S),
	OPT_END
};

static const struct command cmd = {
	.synopsis = "[options] MODEL < data.csv > predictions.csv\n--show MODEL\n",
	.brief = "Scores rows with a model: CSV, TSV, JSON, svmlight, VW or pictures in, CSV out.",
	.examples = "dls-predict model < test.csv > predictions.csv\n"
		"dls-predict --columns Id=customerID,Churn=p:1 model < test.csv > submission.csv\n"
		"dls-predict --image-folder test --mistakes worst.png model > predictions.csv\n"
		"dls-predict --show model | jq .metrics\n",
	.table = table,
};

int main(int argc, char **argv)
{
	struct predict_opts o;
	struct strs words = { 0 };
	enum status status = ST_OK;
	int at;
	cmd_begin(&cmd, argc, argv, &at, &o.common, false, &words);
	if (words.n != 1)
		die(ST_USAGE, words.n ? "one MODEL, not %zu; data come on stdin" : "which MODEL? See dls-predict --help", words.n);
	if (o.show + o.oof + !!o.importance > 1)
		die(ST_USAGE, "give one of --show, --oof and --importance");
	if (o.mistakes && (o.show || o.oof || o.importance))
		die(ST_USAGE, "--mistakes looks at predictions, which --show, --oof and --importance do not make");
	bool no_rows = o.show || o.oof || (o.importance && strcmp(o.importance, "permutation") != 0);
	if (!no_rows && strcmp(words.s[0], "-") == 0)
		die(ST_USAGE, "the model '-' is stdin, but the rows come there; give the model as a file");
	struct model *m = model_read(words.s[0]);
	if (o.views && !m->family->views)
		die(ST_USAGE, "--views: the family %s looks at no pictures", m->family->name);
	if (o.views)
		m->family->views(m->fit, o.views);
	struct out out = out_open(o.output, false);
	if (o.show) {
		struct str s = { 0 };
		model_show(m, &s);
		out_write(&out, s.s, s.n);
		str_free(&s);
	} else if (o.oof) {
		score_oof(m, &o, &out);
	} else if (o.importance) {
		score_importance(m, NULL, &o, &out);
	} else {
		status = score_stream(m, NULL, &o, &out);
	}
	out_close(&out);
	model_free(m);
	strs_free(&words);
	opt_free(table, &o);
	return (int)status;
}
