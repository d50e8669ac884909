/* dls-train: fits a model of a family to a table on stdin and writes it on stdout. */
#include <stdlib.h>

#include "base/die.h"
#include "base/file.h"
#include "model/familycmd.h"
#include "model/stream.h"
#include "model/train.h"

#define S struct train_opts

static const struct opt table[] = {
	OPT(S, target, "target", "COL", NULL, NULL, "column to predict; not needed with svmlight, VW and pictures that have labels"),
	OPT(S, id, "id", "COLS", "", NULL, "columns that identify a row; not learned from"),
	OPT(S, drop, "drop", "COLS", "", NULL, "columns not to learn from"),
	OPT(S, numeric, "numeric", "COLS", "", NULL, "columns whose cells must be numbers"),
	OPT(S, categorical, "categorical", "COLS", "", NULL, "columns to take as categories even if they hold numbers"),
	OPT(S, text, "text", "COLS", "", NULL, "columns of text to learn from, each by a TF-IDF of words and pairs of words made for it"),
	OPT(S, image, "image", "COLS", "", NULL, "columns of pictures: paths to JPEG, PNG, BMP or PNM files"),
	OPT_RUN(S, root, 0, "root", "DIR", NULL, NULL, "what the paths of pictures are relative to; the working directory, for --valid the folder of its file, if not given"),
	OPT(S, skip_bad, "skip-bad", NULL, NULL, NULL, "leave out the rows whose pictures cannot be read, which else are an error"),
	OPT(S, features, "features", "FILES", "", NULL, "vectorisers that dls-tfidf made, for the texts they were fitted to"),
	OPT(S, invalid, "invalid", "POLICY", "replace", "replace|error", "what bytes of a text that are not UTF-8 are: U+FFFD and a warning, or an error"),
	OPT(S, missing, "missing", "TEXTS", "", NULL, "texts that mean missing, beside empty, blank, NA, NaN, null and ?"),
	OPT(S, task, "task", "TASK", "auto", "auto|classify|regress", "what to predict for families that do both"),
	OPT(S, positive, "positive", "LABEL", NULL, NULL, "the positive one of two classes; the last in order if not given"),
	OPT(S, weight, "weight", "COL", NULL, NULL, "column with the weight of each row"),
	OPT(S, class_weight, "class-weight", "W", NULL, NULL, "weights of classes: balanced, or LABEL=NUMBER,..."),
	OPT(S, unseen, "unseen", "POLICY", "missing", "missing|error", "what a category never seen in training counts as at scoring"),
	OPT(S, ratio, "ratio", "A/B", "", NULL, "add the ratio of two numeric columns; a list"),
	OPT(S, cross, "cross", "A*B", "", NULL, "add the pair of two columns as a category; a list"),
	OPT(S, target_mean, "target-mean", "A", "", NULL, "add the mean target of a column's levels, or of a pair A*B, computed out of fold; a list"),
	OPT(S, target_smooth, "target-smooth", "N", "20", "[0,", "rows of prior that --target-mean mixes in"),
	OPT(S, stream, "stream", NULL, NULL, NULL, "learn from rows as they come, in constant memory (family online)"),
	OPT(S, hash_bits, "hash-bits", "N", "0", "[0,30]", "with --stream: 2^N columns for the words of a text, or for the features of sparse rows; 0: 2^20"),
	OPT(S, labels, "labels", "LABELS", "", NULL, "with --stream: the labels of the target, when the first rows do not hold all"),
	OPT(S, cv, "cv", "K", "0", "[0,1000]", "cross-validate over K folds, keep the out-of-fold predictions, refit on all rows"),
	OPT(S, oob, "oob", NULL, NULL, NULL, "keep a forest's out-of-bag predictions, as --cv keeps out-of-fold ones"),
	OPT(S, stratify, "stratify", NULL, "true", NULL, "spread the classes evenly over the folds"),
	OPT(S, group, "group", "COL", NULL, NULL, "keep rows with equal values in this column in one fold"),
	OPT(S, time, "time", "COL", NULL, NULL, "order of the rows: train on earlier folds only"),
	OPT(S, fold_seed, "fold-seed", "N", "1", NULL, "seed of the folds; members of an ensemble must share it"),
	OPT_RUN(S, valid, 0, "valid", "FILE", NULL, NULL, "validate on the rows of this file, or on the pictures of this folder"),
	OPT(S, valid_frac, "valid-frac", "F", "0", "[0,1)", "hold out this share of the rows to validate on"),
	OPT(S, metric, "metric", "NAME", NULL, NULL, "what to measure, see dls-eval; auc, logloss or rmse by the task if not given"),
	OPT(S, early_stop, "early-stop", "N", "0", "[0,", "stop after N rounds without a better metric and keep the best round"),
	OPT(S, seed, "seed", "N", "1", NULL, "seed of all that is random in training"),
	OPT_RUN(S, metrics, 0, "metrics", "FILE", NULL, NULL, "write a line of JSON there for each round and fold; - is stdout, beside -o"),
	OPT_RUN(S, progress, 0, "progress", NULL, NULL, NULL, "draw progress on stderr even if it is no terminal"),
	INPUT_OPTS(S),
	FOLDER_OPT(S),
	LABELS_OPT(S),
	THREADS_OPT(S),
	OUTPUT_OPT(S),
	COMMON_OPTS(S),
	OPT_END
};

static const struct family_word word = {
	.what = "family", .plural = "Families", .fits = true, .usage = "[family options] < data.csv > model",
};

static void list_families(struct str *out)
{
	family_list(&word, out);
}

static const struct command cmd = {
	.synopsis = "[options] FAMILY [family options] < data.csv > model\n",
	.brief = "Fits a model to a table with a header, CSV, TSV, NDJSON or a JSON array, or to\nsparse rows, svmlight or VW; plain, gzip or zstd.",
	.examples = "dls-train --target Churn logistic < train.csv > model\n"
		"dls-train --target Churn --id customerID --cv 5 boost --rate 0.05 < train.csv > model\n"
		"dls-train --target price --valid-frac 0.2 --early-stop 50 boost < diamonds.csv > model\n",
	.table = table, .more_help = list_families,
};

int main(int argc, char **argv)
{
	struct train_opts o;
	struct dataset d;
	struct str experiment = { 0 };
	void *opts;
	const struct family *f = family_begin(&cmd, &word, argc, argv, &o.common, &opts, NULL);
	struct out out = out_open(o.output, true);
	struct model *m;
	if (o.labels.n && !o.stream)
		die(ST_USAGE, "--labels is for --stream; else all rows are looked at first");
	if (o.hash_bits && !o.stream)
		die(ST_USAGE, "--hash-bits is for --stream; dls-tfidf --hash-bits makes a vectoriser for --features");
	if (o.stream) {
		m = train_stream(f, opts, NULL, &o);
	} else {
		dataset_read(&d, NULL, &o, f);
		m = train(f, opts, &d, &o);
		dataset_free(&d);
	}
	opt_json(table, &o, &experiment);
	m->experiment = str_take(&experiment);
	model_prove(m);
	model_write(m, &out);
	out_close(&out);
	model_free(m);
	opt_free(table, &o);
	return ST_OK;
}
