#include "model/familycmd.h"

#include <string.h>

#include "base/die.h"
#include "base/mem.h"

static bool is_listed(const struct family *f, const struct family_word *w)
{
	return (f->fit != NULL) == w->fits;
}

void family_list(const struct family_word *w, struct str *out)
{
	str_printf(out, "\n%s (%s %s --help lists the options of one):\n", w->plural, prog_name, w->what);
	for (size_t i = 0; families[i]; i++)
		if (is_listed(families[i], w))
			str_printf(out, "  %-24s%s\n", families[i]->name, families[i]->brief);
}

static const struct family *choose(const struct family_word *w, const char *name)
{
	const struct family *f = family_find(name);
	size_t n = 0;
	if (f && is_listed(f, w))
		return f;
	for (size_t i = 0; families[i]; i++)
		n++;
	const char **names = NEW(const char *, n), *nearest;
	n = 0;
	for (size_t i = 0; families[i]; i++)
		if (is_listed(families[i], w))
			names[n++] = families[i]->name;
	nearest = str_nearest(name, names, n);
	if (nearest)
		die(ST_USAGE, "unknown %s '%s'; did you mean '%s'?", w->what, name, nearest);
	die(ST_USAGE, "unknown %s '%s'; %s --help lists them", w->what, name, prog_name);
}

_Noreturn static void print_help(const struct family_word *w, const struct family *f)
{
	struct str out = { 0 };
	str_printf(&out, "%s: %s\n\n", f->name, f->brief);
	opt_paragraph(f->details, &out);
	str_printf(&out, "\nUsage:\n  %s [options] %s %s\n", prog_name, f->name, w->usage);
	if (f->opts->name) {
		str_printf(&out, "\nOptions of %s:\n", f->name);
		opt_help(f->opts, &out);
	}
	str_printf(&out, "\nThe other options: %s --help\n", prog_name);
	cmd_print(out.s);
}

/* --help-as: the words of completion, or the family's part of a manual page. */
_Noreturn static void print_as(const struct family *f, const char *form)
{
	struct str out = { 0 };
	if (*form != 'm')
		cmd_print_as(f->opts, form);
	str_printf(&out, ".Em %s :\n", f->brief);
	opt_mdoc_text(f->details, &out);
	if (f->opts->name) {
		str_puts(&out, ".Bl -tag -width Ds\n");
		opt_mdoc(f->opts, &out);
		str_puts(&out, ".El\n");
	}
	cmd_print(out.s);
}

const struct family *family_begin(const struct command *cmd, const struct family_word *w, int argc, char **argv,
				  struct common *o, void **opts, struct strs *words)
{
	int at;
	cmd_begin(cmd, argc, argv, &at, o, true, NULL);
	if (at >= argc)
		die(ST_USAGE, "which %s? %s --help lists them", w->what, prog_name);
	const struct family *f = choose(w, argv[at++]);
	*opts = mem_zero(1, f->opts_size);
	opt_defaults(f->opts, *opts);
	opt_parse(argc, argv, &at, (struct opt_set){ f->opts, *opts }, (struct opt_set){ cmd->table, o }, false, words);
	if (o->help)
		print_help(w, f);
	if (o->help_as)
		print_as(f, o->help_as);
	cmd_common(cmd, o);
	return f;
}
