/* dls-ensemble: makes one model of several, or one file of predictions of several. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "ensemble/ensemble.h"

#define S struct ensemble_opts

static const struct opt table[] = {
	OPT(S, metric, "metric", "NAME", NULL, NULL, "what to climb for and to report, see dls-eval; auc, logloss or rmse by the task if not given"),
	OPT(S, seed, "seed", "N", "1", NULL, "seed of climb's bags"),
	OPT_RUN(S, predictions, 0, "predictions", NULL, NULL, NULL, "blend files of predictions instead of models"),
	THREADS_OPT(S),
	OUTPUT_OPT(S),
	COMMON_OPTS(S),
	OPT_END
};

static void list_methods(struct str *out)
{
	str_puts(out, "\nMethods (dls-ensemble METHOD --help lists the options of one):\n");
	for (size_t i = 0; families[i]; i++)
		if (!families[i]->fit)
			str_printf(out, "  %-24s%s\n", families[i]->name, families[i]->brief);
}

static const struct command cmd = {
	.synopsis = "[options] METHOD [method options] MODEL... > model\n"
		"[options] --predictions METHOD [--weights W,...] FILE... > predictions.csv\n",
	.brief = "Makes one model of several: by a mean, by weights learned from the out-of-fold\n"
		"predictions that models trained with --cv keep, or of one by calibration.",
	.examples = "dls-ensemble climb forest1 forest2 boost1 logistic > blend\n"
		"dls-ensemble --metric logloss stack --nonneg -o blend forest1 boost1 logistic\n"
		"dls-ensemble logit-mean --weights 2,1 boost1 logistic > blend\n"
		"dls-ensemble --predictions rank a.csv b.csv > submission.csv\n",
	.table = table, .more_help = list_methods,
};

_Noreturn static void method_help(const struct family *f, const struct common *c)
{
	struct str out = { 0 };
	if (c->help_as)
		cmd_print_as(f->opts, c->help_as);
	str_printf(&out, "%s: %s\n\nUsage:\n  %s [options] %s [method options] MODEL... > model\n", f->name, f->brief, prog_name,
		   f->name);
	if (f->opts && f->opts->name) {
		str_printf(&out, "\nOptions of %s:\n", f->name);
		opt_help(f->opts, &out);
	}
	str_printf(&out, "\nThe other options: %s --help\n", prog_name);
	cmd_print(out.s);
}

static const struct family *choose_method(const char *name)
{
	const struct family *f = family_find(name);
	const char *names[64];
	size_t n = 0;
	if (f && !f->fit)
		return f;
	for (size_t i = 0; families[i] && n < 64; i++)
		if (!families[i]->fit)
			names[n++] = families[i]->name;
	const char *nearest = str_nearest(name, names, n);
	if (nearest)
		die(ST_USAGE, "unknown method '%s'; did you mean '%s'?", name, nearest);
	die(ST_USAGE, "unknown method '%s'; %s --help lists them", name, prog_name);
}

/* Reads the members and writes the model made of them; opts are taken over. */
static void make(const struct family *f, void *opts, const struct strs *words, const struct ensemble_opts *o, struct out *out)
{
	struct model **members = NEW(struct model *, words->n);
	struct str experiment = { 0 };
	for (size_t i = 0; i < words->n; i++)
		members[i] = model_read(words->s[i]);
	struct model *m = ensemble_make(f, opts, members, (const char *const *)words->s, words->n, o);
	opt_json(table, o, &experiment);
	m->experiment = str_take(&experiment);
	model_write(m, out);
	model_free(m);
	free(members);
}

int main(int argc, char **argv)
{
	struct ensemble_opts o;
	struct strs words = { 0 };
	int at;
	cmd_begin(&cmd, argc, argv, &at, &o.common, true, NULL);
	if (at >= argc)
		die(ST_USAGE, "which method? %s --help lists them", prog_name);
	const struct family *f = choose_method(argv[at++]);
	void *opts = mem_zero(1, f->opts_size);
	opt_defaults(f->opts, opts);
	opt_parse(argc, argv, &at, (struct opt_set){ f->opts, opts }, (struct opt_set){ table, &o }, false, &words);
	if (o.common.help || o.common.help_as)
		method_help(f, &o.common);
	cmd_common(&cmd, &o.common);
	if (words.n == 0)
		die(ST_USAGE, o.predictions ? "which files of predictions?" : "which models? They are made by dls-train --cv 5");
	struct out out = out_open(o.output, !o.predictions);
	if (o.predictions) {
		ensemble_files(f, opts, (const char *const *)words.s, words.n, &o, &out);
		opt_free(f->opts, opts);
		free(opts);
	} else {
		make(f, opts, &words, &o, &out);
	}
	out_close(&out);
	strs_free(&words);
	opt_free(table, &o);
	return ST_OK;
}
