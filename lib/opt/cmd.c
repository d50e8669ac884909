#include "opt/cmd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/file.h"
#include "base/par.h"

void cmd_print(const char *text)
{
	struct out o = out_open(NULL, false);
	out_write(&o, text, slice_of(text).n);
	out_close(&o);
	exit(ST_OK);
}

int cmd_threads(int32_t threads)
{
	return threads > 0 ? threads : par_cores();
}

/* Each line of text with a prefix. */
static void indented(struct str *out, const char *text, const char *prefix)
{
	while (*text) {
		size_t n = 0;
		while (text[n] && text[n] != '\n')
			n++;
		str_puts(out, prefix);
		str_add(out, text, n);
		str_putc(out, '\n');
		text += n + (text[n] == '\n');
	}
}

_Noreturn static void print_help(const struct command *cmd)
{
	struct str out = { 0 }, usage = { 0 };
	str_printf(&out, "%s\n\nExamples:\n", cmd->brief);
	indented(&out, cmd->examples, "  ");
	str_printf(&usage, "  %s ", prog_name);
	str_puts(&out, "\nUsage:\n");
	indented(&out, cmd->synopsis, usage.s);
	str_puts(&out, "\nOptions:\n");
	opt_help(cmd->table, &out);
	if (cmd->more_help)
		cmd->more_help(&out);
	cmd_print(out.s);
}

void cmd_print_as(const struct opt *table, const char *form)
{
	struct str out = { 0 };
	if (*form == 'm')
		opt_mdoc(table, &out);
	else
		for (const struct opt *o = table; o && o->name; o++)
			str_printf(&out, "--%s\n", o->name);
	str_puts(&out, "");	/* a table may be empty */
	cmd_print(out.s);
}

void cmd_common(const struct command *cmd, const struct common *c)
{
	if (c->help)
		print_help(cmd);
	if (c->help_as)
		cmd_print_as(cmd->table, c->help_as);
	if (c->version) {
		struct str out = { 0 };
		str_printf(&out, "%s (dls) %s\n", prog_name, DLS_VERSION);
		cmd_print(out.s);
	}
	verbosity = c->quiet ? -1 : c->verbose ? 1 : 0;
}

void cmd_begin(const struct command *cmd, int argc, char **argv, int *at, struct common *opts, bool stop_at_word,
	       struct strs *words)
{
	prog_init(argv[0]);
	opt_defaults(cmd->table, opts);
	*at = 1;
	opt_parse(argc, argv, at, (struct opt_set){ cmd->table, opts }, (struct opt_set){ NULL, NULL }, stop_at_word, words);
	cmd_common(cmd, opts);
}
