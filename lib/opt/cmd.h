/*
 * What every command shares: the first and last lines of main(), the common
 * options, and --help. A command describes itself with struct command; its
 * options struct begins with struct common.
 */
#ifndef DLS_OPT_CMD_H
#define DLS_OPT_CMD_H

#include "opt/opt.h"

#define DLS_VERSION "0.1"

struct common {
	bool help, version, quiet, verbose;
	const char *help_as;
};

/* The rows of these options; put them at the end of a command's table. */
#define COMMON_OPTS(S) \
	OPT_RUN(S, common.quiet, 'q', "quiet", NULL, NULL, NULL, "print no warning and no progress"), \
	OPT_RUN(S, common.verbose, 'v', "verbose", NULL, NULL, NULL, "explain on stderr what is done"), \
	OPT_RUN(S, common.help, 'h', "help", NULL, NULL, NULL, "print this help and exit"), \
	OPT_RUN(S, common.help_as, 0, "help-as", "FORM", NULL, "mdoc|words", \
	    "print the options as mdoc for the manual, or as plain words for completion"), \
	OPT_RUN(S, common.version, 0, "version", NULL, NULL, NULL, "print the version and exit")

/* Rows that several commands share, with the fields format, header, image_folder, idx_labels, threads and output. */
#define INPUT_OPTS(S) \
	OPT(S, format, "format", "FORM", "auto", "auto|csv|tsv|json|svmlight|vw|idx|cifar10|cifar100", "form of the input"), \
	OPT(S, header, "header", NULL, "true", NULL, "the first line holds the names; else columns are #1, #2, ...")
#define FOLDER_OPT(S) \
	OPT_RUN(S, image_folder, 0, "image-folder", "DIR", NULL, NULL, \
	    "rows are the pictures in this folder, labelled by its sub-folders; stdin is not read")
#define LABELS_OPT(S) \
	OPT_RUN(S, idx_labels, 0, "idx-labels", "FILE", NULL, NULL, "the idx file with the labels of pictures that come as idx")
#define THREADS_OPT(S) \
	OPT_RUN(S, threads, 0, "threads", "N", "0", "[0,256]", \
	    "threads to use; 0 means one for each processor; no result depends on it")
#define OUTPUT_OPT(S) \
	OPT_RUN(S, output, 'o', "output", "FILE", NULL, NULL, \
	    "write to FILE, which appears only when it is complete")

struct command {
	const char *synopsis;		/* lines after the program's name, each ends in \n */
	const char *brief;		/* one sentence */
	const char *examples;		/* lines as typed, each ends in \n */
	const struct opt *table;
	/* Writes what follows the options in --help: families, methods, metrics; may be NULL. */
	void (*more_help)(struct str *out);
};

/*
 * Fills opts with defaults, parses argv (see opt_parse; words gets what is no
 * option, or stop_at_word with *at), answers --help, --help-as and --version
 * by itself, and sets the verbosity.
 */
void cmd_begin(const struct command *cmd, int argc, char **argv, int *at, struct common *opts, bool stop_at_word,
	       struct strs *words);

/* After a second table (a family's) was parsed into common too: answers -h and sets the verbosity again. */
void cmd_common(const struct command *cmd, const struct common *c);

/* --help-as FORM for a table, on stdout; exits with ST_OK. */
_Noreturn void cmd_print_as(const struct opt *table, const char *form);

/* Prints text on stdout and exits with ST_OK. */
_Noreturn void cmd_print(const char *text);

/* The number of threads for the option's value: 0 means all processors. */
int cmd_threads(int32_t threads);

#endif
