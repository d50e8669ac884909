/*
 * Options declared once, as data. A table of struct opt describes the fields
 * of one options struct; from it come the strict parser, --help, the mdoc
 * list, shell completion, the JSON in the model and reading that back.
 *
 *	struct knn_opts { int32_t k; const char *weights; bool scale; };
 *	static const struct opt knn_opts[] = {
 *		OPT(struct knn_opts, k, "k", "N", "15", "[1,", "neighbours"),
 *		OPT(struct knn_opts, weights, "weights", "HOW", "uniform",
 *		    "uniform|distance", "weight of a neighbour's vote"),
 *		OPT_END
 *	};
 *
 * The type comes from the field: bool (a flag, with a --no- form), int32_t,
 * int64_t, uint64_t, double, const char * (NULL when the default is NULL), and
 * struct strs (a comma-separated list; an option given again adds to it).
 * Range, checked strictly: "[0,1)" "(0," "[1,100]" for numbers (a bound left
 * out is infinite), "a|b|c" for one of these words, NULL for anything.
 */
#ifndef DLS_OPT_OPT_H
#define DLS_OPT_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct strs {
	char **s;	/* (n) */
	size_t n;
};

enum opt_type { OPT_BOOL, OPT_INT, OPT_LONG, OPT_U64, OPT_DOUBLE, OPT_TEXT, OPT_LIST };

struct opt {
	const char *name;	/* without dashes; NULL ends the table */
	char letter;		/* 'o' for -o, or 0 */
	enum opt_type type;
	size_t offset;
	const char *arg;	/* what help calls the value; NULL for a flag */
	const char *def;	/* default as text, NULL for none */
	const char *range;
	const char *help;	/* one sentence, no full stop */
	bool transient;		/* says how to run, not what to make: opt_json() leaves it out */
};

#define OPT_TYPE(S, field) _Generic(((S *)0)->field, \
	bool: OPT_BOOL, int32_t: OPT_INT, int64_t: OPT_LONG, uint64_t: OPT_U64, \
	double: OPT_DOUBLE, const char *: OPT_TEXT, struct strs: OPT_LIST)
#define OPT_ROW(S, field, letter, name, arg, def, range, help, transient) \
	{ name, letter, OPT_TYPE(S, field), offsetof(S, field), arg, def, range, help, transient }
#define OPT(S, field, name, arg, def, range, help) OPT_ROW(S, field, 0, name, arg, def, range, help, false)
#define OPT_SHORT(S, field, letter, name, arg, def, range, help) \
	OPT_ROW(S, field, letter, name, arg, def, range, help, false)
#define OPT_RUN(S, field, letter, name, arg, def, range, help) \
	OPT_ROW(S, field, letter, name, arg, def, range, help, true)
#define OPT_END { NULL, 0, OPT_BOOL, 0, NULL, NULL, NULL, NULL, false }

/* Sets every field to its default. The struct need not be initialised; lists start empty. */
void opt_defaults(const struct opt *table, void *opts);

/*
 * Sets one option from text. Returns NULL, or what is wrong as a sentence that
 * names the option, its value and what would be right (owned by the caller).
 * Text values are copied and owned by opts.
 */
char *opt_set(const struct opt *o, void *opts, const char *value);

const struct opt *opt_find(const struct opt *table, const char *name, size_t len);
bool opt_is_default(const struct opt *o, const void *opts);

/*
 * Parses argv from *at on with the table: --name VALUE, --name=VALUE, --flag,
 * --no-flag, -o VALUE, -oVALUE, `--` ends. Stops at the first argument that is
 * no option (and sets *at to it) when stop_at_word, else gathers those in
 * words. An unknown or bad option ends the program with ST_USAGE and "did you
 * mean". `more` is a second table and struct (may be NULL) searched after the
 * first: the family's.
 */
struct opt_set {
	const struct opt *table;
	void *opts;
};
void opt_parse(int argc, char **argv, int *at, struct opt_set main, struct opt_set more,
	       bool stop_at_word, struct strs *words);

/* The list of options for --help, wrapped at 80 columns, with defaults; and as mdoc .It items. */
void opt_help(const struct opt *table, struct str *out);
void opt_mdoc(const struct opt *table, struct str *out);

/* A paragraph wrapped at 80 columns; and as mdoc, a sentence a line. */
void opt_paragraph(const char *text, struct str *out);
void opt_mdoc_text(const char *text, struct str *out);

/* The value as text that opt_set() takes; for a list the items joined by commas. */
void opt_text(const struct opt *o, const void *opts, struct str *out);

/* All but transient options as one JSON object (no newline), in table order; and back: unknown or bad ones die(ST_DATA) naming `where`. */
void opt_json(const struct opt *table, const void *opts, struct str *out);
void opt_from_json(const struct opt *table, void *opts, const char *json, const char *where);

void opt_free(const struct opt *table, void *opts);

void strs_add(struct strs *l, const char *s);
void strs_split(struct strs *l, const char *commas);	/* adds the parts; a comma inside a name is \, */
bool strs_has(const struct strs *l, const char *s);
void strs_free(struct strs *l);

#endif
