/* What dls-train and dls-ensemble share: a family named on the command line, with options of its own. */
#ifndef DLS_MODEL_FAMILYCMD_H
#define DLS_MODEL_FAMILYCMD_H

#include "model/family.h"
#include "opt/cmd.h"

struct family_word {
	const char *what;	/* "family" or "method" */
	const char *plural;	/* with a capital, for a heading */
	bool fits;		/* families that fit to data, else those that combine models */
	const char *usage;	/* what follows the family: its options, input and output */
};

/*
 * The whole command line: options into o (see cmd_begin), the family's name,
 * its options into *opts (allocated, the caller's), words that are no options
 * into words (NULL: there may be none). Answers --help and the like by itself;
 * dies with ST_USAGE and the nearest name.
 */
const struct family *family_begin(const struct command *cmd, const struct family_word *w, int argc, char **argv,
				  struct common *o, void **opts, struct strs *words);

/* The list of families for --help. */
void family_list(const struct family_word *w, struct str *out);

#endif
