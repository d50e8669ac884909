/* dls-split: chooses rows of a table: a share, a fold, or the rest. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/rows.h"
#include "model/folds.h"
#include "opt/cmd.h"

struct split_opts {
	struct common common;
	double frac;
	int32_t cv, fold, threads;
	bool rest, header;
	const char *stratify, *group, *time, *add, *format, *output;
	uint64_t seed;
};
#define S struct split_opts

static const struct opt table[] = {
	OPT(S, frac, "frac", "F", "0.2", "(0,1)", "choose this share of the rows"),
	OPT(S, cv, "cv", "K", "0", "[0,1000]", "choose a fold of K instead: those of dls-train --cv K with --fold-seed as --seed"),
	OPT(S, fold, "fold", "N", "1", "[1,1000]", "which fold of --cv"),
	OPT(S, rest, "rest", NULL, NULL, NULL, "print the rows that are not chosen"),
	OPT(S, add, "add", "NAME", NULL, NULL, "print all rows with a column NAME: the fold, or 1 for chosen rows and 0 for others"),
	OPT(S, stratify, "stratify", "COL", NULL, NULL, "spread the values of this column evenly"),
	OPT(S, group, "group", "COL", NULL, NULL, "keep rows with equal values in this column together"),
	OPT(S, time, "time", "COL", NULL, NULL, "choose by this numeric column: later rows are held out"),
	OPT(S, seed, "seed", "N", "1", NULL, "seed of the choice"),
	OPT(S, format, "format", "FORM", "auto", "auto|csv|tsv|json", "form of the input"),
	OPT(S, header, "header", NULL, "true", NULL, "the first line holds the names; else columns are #1, #2, ..."),
	THREADS_OPT(S),
	OUTPUT_OPT(S),
	COMMON_OPTS(S),
	OPT_END
};

static const struct command cmd = {
	.synopsis = "[options] < data.csv > part.csv\n",
	.brief = "Chooses rows of a table, the same ones each time, and prints them as CSV in\ntheir order.",
	.examples = "dls-split --frac 0.2 --stratify Churn < data.csv > test.csv\n"
		"dls-split --frac 0.2 --stratify Churn --rest < data.csv > train.csv\n"
		"dls-split --cv 5 --add fold < data.csv > folds.csv\n",
	.table = table,
};

/* The times (n) of the rows from their keys; the caller frees. */
static double *times_of(const struct rows *rows, const char *column)
{
	double *t = NEW(double, rows->n);
	for (size_t i = 0; i < rows->n; i++) {
		const char *text = rows->levels[rows->key[i]];
		struct slice s = slice_trim(slice_of(text));
		if (!num_parse(s.s, s.n, &t[i]) || t[i] != t[i])
			die(ST_DATA, "column '%s' (--time): '%s' in data row %zu is not a number", column, text, i + 1);
	}
	return t;
}

static void write_rows(const struct split_opts *o, const struct rows *rows, const int32_t *fold, struct out *out)
{
	struct str s = { 0 };
	if (o->header) {
		str_add(&s, rows->header.s, rows->header.n);
		str_printf(&s, o->add ? ",%s\n" : "\n", o->add);
	}
	for (size_t i = 0; i < rows->n; i++) {
		size_t n = rows->start[i + 1] - rows->start[i];
		bool chosen = o->cv ? fold[i] == o->fold : fold[i] == 1;
		if (o->add) {
			str_add(&s, rows->text.s + rows->start[i], n - 1);
			str_printf(&s, ",%d\n", fold[i]);
		} else if (chosen != o->rest) {
			str_add(&s, rows->text.s + rows->start[i], n);
		}
	}
	out_write(out, s.s, s.n);
	str_free(&s);
}

int main(int argc, char **argv)
{
	struct split_opts o;
	struct rows rows;
	int at;
	cmd_begin(&cmd, argc, argv, &at, &o.common, false, NULL);
	const char *key = o.stratify ? o.stratify : o.group ? o.group : o.time;
	if (!!o.stratify + !!o.group + !!o.time > 1)
		die(ST_USAGE, "give one of --stratify, --group and --time");
	if (o.cv == 1 || (o.cv && o.fold > o.cv))
		die(ST_USAGE, "--cv %d --fold %d: there is no such fold", o.cv, o.fold);
	struct out out = out_open(o.output, false);
	struct reader *r = reader_open(NULL, (struct reader_opts){ o.format, o.header, cmd_threads(o.threads) });
	size_t col = key ? reader_find(r, key) : SIZE_MAX;
	if (key && col == SIZE_MAX)
		die(ST_DATA, "%s: there is no column '%s'", reader_where(r), key);
	rows_read(&rows, r, col);
	double *time = o.time ? times_of(&rows, o.time) : NULL;
	struct fold_by by = { .strata = o.stratify ? rows.key : NULL, .group = o.group ? rows.key : NULL,
		.ngroups = rows.nlevels, .time = time, .seed = o.seed };
	int32_t *fold = NEW(int32_t, rows.n);
	if (o.cv)
		folds_deal(fold, rows.n, o.cv, &by);
	else
		folds_share(fold, rows.n, o.frac, &by);
	write_rows(&o, &rows, fold, &out);
	out_close(&out);
	reader_close(r);
	rows_free(&rows);
	free(time);
	free(fold);
	opt_free(table, &o);
	return ST_OK;
}
