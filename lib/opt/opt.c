#include "opt/opt.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/jsonio.h"

#define HELP_COLUMN 26
#define HELP_WIDTH 80

#define FIELD(T, o, opts) (*(T *)((char *)(opts) + (o)->offset))
#define FIELD_CONST(T, o, opts) (*(const T *)((const char *)(opts) + (o)->offset))

/* ---- lists ---- */

void strs_add(struct strs *l, const char *s)
{
	GROW(l->s, l->n + 1);
	l->s[l->n++] = mem_str(s);
}

void strs_split(struct strs *l, const char *commas)
{
	struct str part = { 0 };
	for (const char *p = commas;; p++) {
		if (*p == '\\' && (p[1] == ',' || p[1] == '\\')) {
			str_putc(&part, *++p);
		} else if (*p == ',' || *p == '\0') {
			char *s = str_take(&part);
			if (*s)
				strs_add(l, s);
			free(s);
			if (*p == '\0')
				return;
		} else {
			str_putc(&part, *p);
		}
	}
}

bool strs_has(const struct strs *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->s[i], s) == 0)
			return true;
	return false;
}

void strs_free(struct strs *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->s[i]);
	free(l->s);
	*l = (struct strs){ 0 };
}

/* ---- one option ---- */

const struct opt *opt_find(const struct opt *table, const char *name, size_t len)
{
	for (const struct opt *o = table; o && o->name; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

/* Is x inside a range like "[0,1)" or "(0,"? A NULL range holds everything. */
static bool in_range(const char *range, double x)
{
	if (!range)
		return true;
	const char *comma = strchr(range, ',');
	double low, high;
	if (!comma || (*range != '[' && *range != '('))
		bug("bad range '%s' in an option table", range);
	size_t n = strlen(comma + 1);
	bool open_end = n && comma[n] == ')';
	if (n && (comma[n] == ')' || comma[n] == ']'))
		n--;
	if (num_parse(range + 1, (size_t)(comma - range - 1), &low) && (x < low || (*range == '(' && x == low)))
		return false;
	if (num_parse(comma + 1, n, &high) && (x > high || (open_end && x == high)))
		return false;
	return true;
}

static bool in_words(const char *range, const char *value)
{
	size_t n = strlen(value);
	for (const char *p = range; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (strncmp(p, value, n) == 0 && (p[n] == '|' || p[n] == '\0') && n > 0)
			return true;
	return false;
}

/* "--name: 'value' is not WHAT"; the caller frees. */
static char *wrong(const struct opt *o, const char *value, const char *what)
{
	struct str s = { 0 };
	str_printf(&s, "--%s: '%s' is not %s", o->name, value, what);
	if (o->range && o->type == OPT_TEXT)
		str_printf(&s, " %s", o->range);
	else if (o->range)
		str_printf(&s, " in %s%s", o->range, o->range[strlen(o->range) - 1] == ',' ? " inf)" : "");
	return str_take(&s);
}

static char *set_number(const struct opt *o, void *opts, const char *value)
{
	size_t n = strlen(value);
	double x;
	int64_t i;
	if (o->type == OPT_DOUBLE) {
		if (!num_parse(value, n, &x) || !isfinite(x) || !in_range(o->range, x))
			return wrong(o, value, "a number");
		FIELD(double, o, opts) = x;
		return NULL;
	}
	if (o->type == OPT_U64) {
		char *end;
		errno = 0;
		FIELD(uint64_t, o, opts) = strtoull(value, &end, 10);
		if (n == 0 || errno || strspn(value, "0123456789") != n)
			return wrong(o, value, "a whole number from 0 to 18446744073709551615");
		return NULL;
	}
	if (!num_parse_int(value, n, &i) || !in_range(o->range, (double)i) ||
	    (o->type == OPT_INT && (i < INT32_MIN || i > INT32_MAX)))
		return wrong(o, value, "a whole number");
	if (o->type == OPT_INT)
		FIELD(int32_t, o, opts) = (int32_t)i;
	else
		FIELD(int64_t, o, opts) = i;
	return NULL;
}

char *opt_set(const struct opt *o, void *opts, const char *value)
{
	switch (o->type) {
	case OPT_BOOL:
		if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return wrong(o, value, "true or false");
		FIELD(bool, o, opts) = *value == 't';
		return NULL;
	case OPT_TEXT:
		if (o->range && !in_words(o->range, value))
			return wrong(o, value, "one of");
		free((void *)(uintptr_t)FIELD(const char *, o, opts));
		FIELD(const char *, o, opts) = mem_str(value);
		return NULL;
	case OPT_LIST:
		strs_split(&FIELD(struct strs, o, opts), value);
		return NULL;
	default:
		return set_number(o, opts, value);
	}
}

void opt_defaults(const struct opt *table, void *opts)
{
	for (const struct opt *o = table; o && o->name; o++) {
		if (o->type == OPT_TEXT)
			FIELD(const char *, o, opts) = NULL;
		else if (o->type == OPT_LIST)
			FIELD(struct strs, o, opts) = (struct strs){ 0 };
		else if (o->type == OPT_BOOL)
			FIELD(bool, o, opts) = false;
		else if (!o->def)
			bug("the option --%s has no default", o->name);
		if (o->def) {
			char *why = opt_set(o, opts, o->def);
			if (why)
				bug("default: %s", why);
		}
	}
}

void opt_free(const struct opt *table, void *opts)
{
	for (const struct opt *o = table; o && o->name; o++) {
		if (o->type == OPT_TEXT) {
			free((void *)(uintptr_t)FIELD(const char *, o, opts));
			FIELD(const char *, o, opts) = NULL;
		} else if (o->type == OPT_LIST) {
			strs_free(&FIELD(struct strs, o, opts));
		}
	}
}

static void add_escaped(struct str *out, const char *s)
{
	for (; *s; s++) {
		if (*s == ',' || *s == '\\')
			str_putc(out, '\\');
		str_putc(out, *s);
	}
}

void opt_text(const struct opt *o, const void *opts, struct str *out)
{
	char buf[NUM_MAX];
	const struct strs *l;
	switch (o->type) {
	case OPT_BOOL: str_puts(out, FIELD_CONST(bool, o, opts) ? "true" : "false"); break;
	case OPT_INT: str_printf(out, "%" PRId32, FIELD_CONST(int32_t, o, opts)); break;
	case OPT_LONG: str_printf(out, "%" PRId64, FIELD_CONST(int64_t, o, opts)); break;
	case OPT_U64: str_printf(out, "%" PRIu64, FIELD_CONST(uint64_t, o, opts)); break;
	case OPT_DOUBLE: str_add(out, buf, num_print(buf, FIELD_CONST(double, o, opts))); break;
	case OPT_TEXT:
		if (FIELD_CONST(char *, o, opts))
			str_puts(out, FIELD_CONST(char *, o, opts));
		break;
	case OPT_LIST:
		l = &FIELD_CONST(struct strs, o, opts);
		for (size_t i = 0; i < l->n; i++) {
			if (i)
				str_putc(out, ',');
			add_escaped(out, l->s[i]);
		}
		break;
	}
}

bool opt_is_default(const struct opt *o, const void *opts)
{
	if (o->type == OPT_TEXT && !FIELD_CONST(char *, o, opts))
		return !o->def;
	struct str now = { 0 };
	opt_text(o, opts, &now);
	str_puts(&now, "");
	bool same = strcmp(now.s, o->def ? o->def : o->type == OPT_BOOL ? "false" : "") == 0;
	str_free(&now);
	return same;
}

/* ---- parsing ---- */

static size_t add_names(const struct opt *table, const char **names, size_t n)
{
	for (const struct opt *o = table; o && o->name; o++) {
		if (names)
			names[n] = o->name;
		n++;
	}
	return n;
}

/* A command line on its way: the next argument, and the two tables that know its options. */
struct parse {
	int argc, at;
	char **argv;
	struct opt_set sets[2];
	bool before_word;	/* a word that has options of its own is still to come */
};

_Noreturn static void unknown(const struct parse *p, const char *arg)
{
	const struct opt *a = p->sets[0].table, *b = p->sets[1].table;
	size_t n = add_names(b, NULL, add_names(a, NULL, 0));
	const char **names = NEW(const char *, n + 1), *nearest;
	add_names(b, names, add_names(a, names, 0));
	char *word = mem_strn(arg, strcspn(arg, "="));
	nearest = arg[0] == '-' && arg[1] == '-' ? str_nearest(word + 2, names, n) : NULL;
	if (nearest)
		die(ST_USAGE, "unknown option %s; did you mean --%s?", word, nearest);
	die(ST_USAGE, "unknown option %s; see %s --help%s", word, prog_name,
	    p->before_word ? " (what only one family or method has stands after its name)" : "");
}

/* Finds the option that a long argument names, and its set; *neg for --no-NAME, *value for =VALUE. */
static const struct opt *find_long(const struct parse *p, const char *arg, struct opt_set *set, bool *neg,
				   const char **value)
{
	size_t len = strcspn(arg + 2, "=");
	*value = arg[2 + len] == '=' ? arg + 3 + len : NULL;
	*neg = false;
	for (int i = 0; i < 2; i++) {
		const struct opt *o = opt_find(p->sets[i].table, arg + 2, len);
		if (!o && len > 3 && strncmp(arg + 2, "no-", 3) == 0) {
			o = opt_find(p->sets[i].table, arg + 5, len - 3);
			*neg = o && o->type == OPT_BOOL;
			o = *neg ? o : NULL;
		}
		if (o) {
			*set = p->sets[i];
			return o;
		}
	}
	return NULL;
}

static const struct opt *find_short(const struct parse *p, char letter, struct opt_set *set)
{
	for (int i = 0; i < 2; i++)
		for (const struct opt *o = p->sets[i].table; o && o->name; o++)
			if (o->letter && o->letter == letter) {
				*set = p->sets[i];
				return o;
			}
	return NULL;
}

/* Sets o from value, or from the next argument where that is NULL and o is no flag. */
static void set_one(struct parse *p, const struct opt *o, void *opts, const char *value)
{
	if (!value && o->type == OPT_BOOL)
		value = "true";
	if (!value) {
		if (p->at >= p->argc)
			die(ST_USAGE, "--%s wants a value: --%s %s", o->name, o->name, o->arg);
		value = p->argv[p->at++];
	}
	char *why = opt_set(o, opts, value);
	if (why)
		die(ST_USAGE, "%s", why);
}

static void parse_long(struct parse *p)
{
	const char *arg = p->argv[p->at++], *value = NULL;
	bool neg = false;
	struct opt_set set = p->sets[0];
	const struct opt *o = find_long(p, arg, &set, &neg, &value);
	if (!o)
		unknown(p, arg);
	if (neg && value)
		die(ST_USAGE, "%s: --no-%s takes no value", arg, o->name);
	set_one(p, o, set.opts, neg ? "false" : value);
}

/* -q, -qv (several flags in one word), -o FILE, -oFILE, -qo FILE. */
static void parse_short(struct parse *p)
{
	const char *arg = p->argv[p->at++];
	for (const char *c = arg + 1; *c; c++) {
		struct opt_set set = p->sets[0];
		const struct opt *o = find_short(p, *c, &set);
		if (!o)
			unknown(p, (char[]){ '-', *c, '\0' });
		bool flag = o->type == OPT_BOOL;
		set_one(p, o, set.opts, flag || !c[1] ? NULL : c + 1);
		if (!flag)
			return;
	}
}

static void add_word(struct strs *words, const char *arg)
{
	if (!words)
		die(ST_USAGE, "unexpected argument '%s'; data come on stdin (< %s)", arg, arg);
	strs_add(words, arg);
}

void opt_parse(int argc, char **argv, int *at, struct opt_set main, struct opt_set more, bool stop_at_word,
	       struct strs *words)
{
	struct parse p = { argc, *at, argv, { main, more }, stop_at_word };
	bool words_only = false;
	while (p.at < argc) {
		const char *arg = argv[p.at];
		bool dash = arg[0] == '-' && arg[1] != '\0' && !words_only;
		if (dash && strcmp(arg, "--") == 0) {
			words_only = true;
			p.at++;
		} else if (dash && arg[1] == '-') {
			parse_long(&p);
		} else if (dash) {
			parse_short(&p);
		} else if (stop_at_word) {
			break;
		} else {
			add_word(words, arg);
			p.at++;
		}
	}
	*at = p.at;
}

/* ---- help ---- */

/* Adds words wrapped at HELP_WIDTH; the first stands at column `indent`, where later lines begin too. */
static void wrap(struct str *out, const char *text, size_t indent)
{
	size_t at = indent;
	while (*text) {
		size_t len = strcspn(text, " ");
		if (at > indent && at + 1 + len > HELP_WIDTH) {
			str_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			str_putc(out, ' ');
			at++;
		}
		str_add(out, text, len);
		at += len;
		text += len;
		while (*text == ' ')
			text++;
	}
	str_putc(out, '\n');
}

void opt_paragraph(const char *text, struct str *out)
{
	wrap(out, text, 0);
}

/* The help sentence with words to choose from and the default. */
static char *full_help(const struct opt *o)
{
	struct str s = { 0 };
	str_puts(&s, o->help);
	if (o->type == OPT_TEXT && o->range) {
		str_puts(&s, ": ");
		for (const char *p = o->range; *p; p++)
			str_puts(&s, *p == '|' ? ", " : (char[]){ *p, '\0' });
	}
	if (o->def && o->type != OPT_BOOL && *o->def)
		str_printf(&s, " (default %s)", o->def);
	else if (o->type == OPT_BOOL && o->def && strcmp(o->def, "true") == 0)
		str_printf(&s, " (default; --no-%s undoes it)", o->name);
	return str_take(&s);
}

void opt_help(const struct opt *table, struct str *out)
{
	for (const struct opt *o = table; o && o->name; o++) {
		size_t start = out->n;
		char *help = full_help(o);
		if (o->letter)
			str_printf(out, "  -%c, --%s", o->letter, o->name);
		else
			str_printf(out, "      --%s", o->name);
		if (o->type != OPT_BOOL)
			str_printf(out, " %s", o->arg);
		size_t at = out->n - start;
		if (at + 2 > HELP_COLUMN) {
			str_printf(out, "\n%*s", HELP_COLUMN, "");
		} else {
			str_printf(out, "%*s", (int)(HELP_COLUMN - at), "");
		}
		wrap(out, help, HELP_COLUMN);
		free(help);
	}
}

void opt_mdoc_text(const char *text, struct str *out)
{
	for (const char *s = text; *s; s++) {
		if (s > text + 1 && s[-1] == ' ' && s[-2] == '.' && *s >= 'A' && *s <= 'Z')
			out->s[out->n - 1] = '\n';
		if (*s == '\\')
			str_puts(out, "\\e");
		else if (*s == '-')
			str_puts(out, "\\-");
		else if ((*s == '.' || *s == '\'') && (s == text || out->s[out->n - 1] == '\n'))
			str_printf(out, "\\&%c", *s);
		else
			str_putc(out, *s);
	}
	str_putc(out, '\n');
}

void opt_mdoc(const struct opt *table, struct str *out)
{
	for (const struct opt *o = table; o && o->name; o++) {
		char *help = full_help(o);
		str_puts(out, ".It ");
		if (o->letter)
			str_printf(out, "Fl %c , ", o->letter);
		str_printf(out, "Fl \\-%s", o->name);
		if (o->type != OPT_BOOL)
			str_printf(out, " Ar %s", o->arg);
		str_putc(out, '\n');
		struct str sentence = { 0 };
		str_printf(&sentence, "%s.", help);
		opt_mdoc_text(sentence.s, out);
		str_free(&sentence);
		free(help);
	}
}

/* ---- JSON ---- */

void opt_json(const struct opt *table, const void *opts, struct str *out)
{
	struct json j = json_to(out, 0);
	json_object(&j, NULL);
	for (const struct opt *o = table; o && o->name; o++) {
		struct str s = { 0 };
		if (o->transient)
			continue;
		opt_text(o, opts, &s);
		str_puts(&s, "");
		if (o->type == OPT_LIST) {
			const struct strs *l = &FIELD_CONST(struct strs, o, opts);
			json_array(&j, o->name);
			for (size_t i = 0; i < l->n; i++)
				json_str(&j, NULL, l->s[i]);
			json_end(&j, ']');
		} else if (o->type == OPT_TEXT) {
			json_str(&j, o->name, FIELD_CONST(char *, o, opts));
		} else if (o->type == OPT_U64 || o->type == OPT_LONG) {
			json_str(&j, o->name, s.s);	/* more than a JSON number holds */
		} else {
			json_raw(&j, o->name, s.s);
		}
		str_free(&s);
	}
	json_end(&j, '}');
}

void opt_from_json(const struct opt *table, void *opts, const char *json, const char *where)
{
	struct jval *top = jval_parse(json, strlen(json), where);
	opt_defaults(table, opts);
	for (size_t i = 0; i < jval_size(top); i++) {
		const struct jval *v = jval_at(top, i);
		const struct opt *o = opt_find(table, jval_key(v), strlen(jval_key(v)));
		if (!o)
			die(ST_DATA, "%s: unknown option '%s' (made by a newer version?)", where, jval_key(v));
		if (o->type == OPT_LIST)
			strs_free(&FIELD(struct strs, o, opts));
		if (jval_is_null(v))
			continue;
		char *text = jval_text(v), *why = opt_set(o, opts, text);
		if (why)
			die(ST_DATA, "%s: %s", where, why);
		free(text);
	}
	jval_free(top);
}
