/* dls-split: chooses rows of a table: a share, a fold, or the rest. */
#include <stdlib.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/csvout.h"
#include "data/need.h"
#include "data/rows.h"
#include "model/folds.h"
#include "opt/cmd.h"

struct split_opts {
	struct common common;
	double frac;
	int32_t cv, fold, threads;
	bool rest, header;
	const char *stratify, *group, *time, *add, *format, *image_folder, *output;
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
	OPT(S, time, "time", "COL", NULL, NULL, "choose by this column, numbers or dates as texts that sort: later rows are held out"),
	OPT(S, seed, "seed", "N", "1", NULL, "seed of the choice"),
	INPUT_OPTS(S),
	FOLDER_OPT(S),
	THREADS_OPT(S),
	OUTPUT_OPT(S),
	COMMON_OPTS(S),
	OPT_END
};

static const struct command cmd = {
	.synopsis = "[options] < data.csv > part.csv\n",
	.brief = "Chooses rows of a table, the same ones each time, and prints them as CSV in\ntheir order; rows of svmlight and VW as they are.",
	.examples = "dls-split --frac 0.2 --stratify Churn < data.csv > test.csv\n"
		"dls-split --frac 0.2 --stratify Churn --rest < data.csv > train.csv\n"
		"dls-split --cv 5 --add fold < data.csv > folds.csv\n",
	.table = table,
};

static void write_rows(const struct split_opts *o, const struct rows *rows, const int32_t *fold, struct out *out)
{
	struct str s = { 0 };
	if (o->header && !rows->lines) {
		out_write(out, rows->header.s, rows->header.n);
		if (o->add) {
			str_putc(&s, ',');
			csv_put(&s, slice_of(o->add));
		}
		str_putc(&s, '\n');
		out_write(out, s.s, s.n);
	}
	for (size_t i = 0; i < rows->n; i++) {
		size_t n = rows->start[i + 1] - rows->start[i];
		bool chosen = o->cv ? fold[i] == o->fold : fold[i] == 1;
		if (o->add || chosen != o->rest)
			out_write(out, rows->text.s + rows->start[i], o->add ? n - 1 : n);
		if (o->add) {
			s.n = 0;
			str_printf(&s, ",%d\n", fold[i]);
			out_write(out, s.s, s.n);
		}
	}
	str_free(&s);
}

static void check_options(const struct split_opts *o)
{
	if (!!o->stratify + !!o->group + !!o->time > 1)
		die(ST_USAGE, "give one of --stratify, --group and --time");
	if (o->cv == 1 || (o->cv && o->fold > o->cv))
		die(ST_USAGE, "--cv %d --fold %d: there is no such fold", o->cv, o->fold);
	if (!o->cv && o->fold > 1)
		die(ST_USAGE, "--fold %d: of how many? Give --cv too", o->fold);
	if (o->cv && !opt_is_default(opt_find(table, "frac", 4), o))
		die(ST_USAGE, "give one of --frac and --cv");
	if (o->add && o->rest)
		die(ST_USAGE, "--add prints all rows; leave out --rest");
}

/* Dies when there are fewer rows or groups than folds, as dls-train does. */
static void check_rows(const struct split_opts *o, const struct rows *rows)
{
	size_t units = o->group ? (size_t)rows->nlevels : rows->n;
	if (o->cv && rows->n && units < (size_t)o->cv)
		die(ST_DATA, "%d folds of %zu %s; use fewer folds", o->cv, units, o->group ? "groups" : "rows");
}

int main(int argc, char **argv)
{
	struct split_opts o;
	struct rows rows;
	int at;
	cmd_begin(&cmd, argc, argv, &at, &o.common, false, NULL);
	const char *key = o.stratify ? o.stratify : o.group ? o.group : o.time;
	check_options(&o);
	struct out out = out_open(o.output, false);
	struct reader_opts how = READER_OPTS(&o);
	how.folder = o.image_folder;
	struct reader *r = reader_open(NULL, how);
	if (reader_is_bytes(r))
		die(ST_USAGE, "%s: rows of idx and CIFAR are pictures, which CSV does not hold; dls-train --valid-frac holds a share "
		    "of them out", reader_where(r));
	if (o.add && reader_is_lines(r))
		die(ST_USAGE, "--add %s: rows of svmlight and VW have no place for a column", o.add);
	if (o.add && reader_find(r, o.add) != SIZE_MAX)
		die(ST_USAGE, "--add %s: the input has such a column already", o.add);
	rows_read(&rows, r, key ? reader_need(r, key, o.stratify ? "--stratify" : o.group ? "--group" : "--time") : SIZE_MAX);
	check_rows(&o, &rows);
	if (o.group || o.time)
		rows_refuse_missing(&rows, key);
	double *time = o.time ? rows_times(&rows) : NULL;
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
