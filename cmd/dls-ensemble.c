/* dls-ensemble: makes one model of several, or one file of predictions of several. */
#include <stdlib.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "ensemble/ensemble.h"
#include "model/familycmd.h"

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

static const struct family_word word = {
	.what = "method", .plural = "Methods", .usage = "[method options] MODEL... > model",
};

static void list_methods(struct str *out)
{
	family_list(&word, out);
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
	model_prove(m);
	model_write(m, out);
	model_free(m);
	free(members);
}

int main(int argc, char **argv)
{
	struct ensemble_opts o;
	struct strs words = { 0 };
	void *opts;
	const struct family *f = family_begin(&cmd, &word, argc, argv, &o.common, &opts, &words);
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
