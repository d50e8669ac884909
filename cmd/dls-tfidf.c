/* dls-tfidf: fits a vectoriser to texts on stdin, or turns texts into sparse rows with one. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/file.h"
#include "model/vectorise.h"

#define S struct vectorise_opts

static const struct opt table[] = {
	OPT(S, text, "text", "COLS", "", NULL, "columns of text, each with a vocabulary of its own"),
	OPT(S, joint, "joint", NULL, NULL, NULL, "one vocabulary for all columns of --text, whose counts are added"),
	OPT(S, target, "target", "COL", NULL, NULL, "column to predict: --select uses it, --apply writes it"),
	TFIDF_OPTS(S, tfidf.),
	OPT_RUN(S, apply, 0, "apply", "MODEL", NULL, NULL, "write the rows of the texts by this vectoriser"),
	OPT_RUN(S, as, 0, "as", "FORM", "svmlight", "svmlight|json|vw", "form of these rows: columns by number, or by name"),
	OPT_RUN(S, id, 0, "id", "COLS", "", NULL, "columns to copy into these rows"),
	OPT_RUN(S, group, 0, "group", "COL", NULL, NULL, "in svmlight rows: number the values of this column as qid"),
	OPT_RUN(S, cosine, 0, "cosine", "A,B", "", NULL, "with --apply: write the cosine of these two columns of text instead"),
	OPT_RUN(S, dump, 0, "dump", "MODEL", NULL, NULL, "print the vocabulary of this vectoriser as TSV"),
	OPT_RUN(S, show, 0, "show", "MODEL", NULL, NULL, "print what this vectoriser is as JSON"),
	OPT_RUN(S, memory, 0, "memory", "SIZE", "2G", NULL, "memory for counts while fitting; what goes beyond goes to temporary files; 0: any"),
	OPT_RUN(S, invalid, 0, "invalid", "POLICY", "replace", "replace|error", "what bytes of a text that are not UTF-8 are: U+FFFD and a warning, or an error"),
	INPUT_OPTS(S),
	THREADS_OPT(S),
	OUTPUT_OPT(S),
	COMMON_OPTS(S),
	OPT_END
};

static const struct command cmd = {
	.synopsis = "[options] --text COL < texts.csv > vectoriser\n"
		"--apply VECTORISER [--as FORM] < texts.csv > rows\n"
		"--dump VECTORISER > terms.tsv\n",
	.brief = "Turns texts into numbers: bags of words and TF-IDF, of n-grams of words or characters.",
	.examples = "dls-tfidf --text tweet --ngrams 1-2 --min-df 3 < train.csv > tfidf\n"
		"dls-train --features tfidf --target label logistic < train.csv > model\n"
		"dls-tfidf --apply tfidf --target label < train.csv > train.svm\n"
		"dls-tfidf --dump tfidf | sort -t\"$(printf '\\t')\" -k3nr | head\n",
	.table = table,
};

static void show(const struct vectorfile *f, struct out *out)
{
	struct str s = { 0 };
	struct json j = json_to(&s, 2);
	json_object(&j, NULL);
	json_str(&j, "target", f->target);
	vectors_show(&f->vectors, &j);
	json_end(&j, '}');
	str_putc(&s, '\n');
	out_write(out, s.s, s.n);
	str_free(&s);
}

int main(int argc, char **argv)
{
	struct vectorise_opts o;
	struct vectorfile f;
	int at;
	cmd_begin(&cmd, argc, argv, &at, &o.common, false, NULL);
	const char *model = o.apply ? o.apply : o.dump ? o.dump : o.show;
	if (!!o.apply + !!o.dump + !!o.show > 1)
		die(ST_USAGE, "give one of --apply, --dump and --show");
	if (o.apply && strcmp(o.apply, "-") == 0)
		die(ST_USAGE, "the vectoriser '-' is stdin, but the texts come there; give it as a file");
	if (o.cosine.n && !o.apply)
		die(ST_USAGE, "--cosine wants --apply: by which vectoriser?");
	struct out out = out_open(o.output, !model);
	if (!model) {
		vectorise_fit(&f, NULL, &o);
		vectorfile_write(&f, &out);
	} else {
		vectorfile_read(&f, model);
		if (o.show)
			show(&f, &out);
		else if (o.dump)
			vectorise_dump(&f, &out);
		else if (o.cosine.n)
			vectorise_cosine(&f, NULL, &o, &out);
		else
			vectorise_rows(&f, NULL, &o, &out);
	}
	out_close(&out);
	vectorfile_free(&f);
	opt_free(table, &o);
	return ST_OK;
}
