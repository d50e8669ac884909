/*
 * The contract of a family's face: what must be there, its option table, its
 * help. Each option with a value out of its range gives a message that names
 * option and value; defaults are in range and written as they are printed.
 */
#include "contract.h"

#include <ctype.h>

static bool is_family(int i)
{
	int n = 0;
	while (families[n])
		n++;
	return i < n;
}

#define CK_F(f, cond, fmt, ...) ck_assert_msg(cond, "%s: " fmt, (f)->name, ##__VA_ARGS__)

static bool is_sentence_part(const char *s)
{
	size_t n = s ? strlen(s) : 0;
	return n > 0 && s[n - 1] != '.' && !(isupper((unsigned char)s[0]) && islower((unsigned char)s[1])) && !strchr(s, '\n');
}

START_TEST(all_is_there)
{
	const struct family *f = families[_i];
	CK_F(f, family_find(f->name) == f, "not found by its name");
	CK_F(f, is_sentence_part(f->brief), "brief '%s' is no part of a sentence", f->brief);
	CK_F(f, strlen(f->brief) <= 55, "brief is longer than its line in --help");
	CK_F(f, f->details && strlen(f->details) > 20 && f->details[strlen(f->details) - 1] == '.', "details are no paragraph");
	CK_F(f, f->tasks && !(f->tasks & ~(unsigned)(TASK_CLASSES | TASK_REGRESSION)), "tasks %x", f->tasks);
	CK_F(f, f->opts && f->predict && f->save && f->load && f->free && f->show, "a function is not there");
	CK_F(f, !f->contrib == !f->link, "contrib and link come together");
}
END_TEST

START_TEST(table_is_well_made)
{
	const struct family *f = families[_i];
	void *opts = mem_zero(1, f->opts_size);
	struct str help = { 0 }, mdoc = { 0 };
	opt_defaults(f->opts, opts);
	opt_help(f->opts, &help);
	opt_mdoc(f->opts, &mdoc);
	for (const struct opt *o = f->opts; o->name; o++) {
		char dashed[80];
		snprintf(dashed, sizeof(dashed), "--%s", o->name);
		CK_F(f, o->offset < f->opts_size, "--%s lies outside the options", o->name);
		CK_F(f, opt_find(f->opts, o->name, strlen(o->name)) == o, "--%s stands twice", o->name);
		CK_F(f, is_sentence_part(o->help), "--%s: help '%s' is no part of a sentence", o->name, o->help);
		CK_F(f, (o->type == OPT_BOOL) == !o->arg, "--%s: a flag takes no value, others name theirs", o->name);
		CK_F(f, opt_is_default(o, opts), "--%s: default '%s' is not as it is printed", o->name, o->def);
		CK_F(f, strstr(help.s, o->name) && strstr(mdoc.s, o->name), "%s is not in the help", dashed);
	}
	str_free(&help);
	str_free(&mdoc);
	opt_free(f->opts, opts);
	free(opts);
}
END_TEST

/* All options through JSON and back; the text must be the same. */
static void there_and_back(const struct family *f, const void *opts, const char *what)
{
	void *back = mem_zero(1, f->opts_size);
	struct str s = { 0 }, t = { 0 };
	opt_json(f->opts, opts, &s);
	opt_from_json(f->opts, back, s.s, what);
	opt_json(f->opts, back, &t);
	ck_assert_str_eq(s.s, t.s);
	str_free(&s);
	str_free(&t);
	opt_free(f->opts, back);
	free(back);
}

START_TEST(json_and_back)
{
	static const char *const values[] = { "20", "1000", "1e6", "0.3", "1e-7", "true", "a,b\\,c", "name=1" };
	const struct family *f = families[_i];
	void *opts = mem_zero(1, f->opts_size);
	opt_defaults(f->opts, opts);
	there_and_back(f, opts, "defaults");
	for (const struct opt *o = f->opts; o->name; o++)
		for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
			if (opt_takes(o, opts, values[i]))
				there_and_back(f, opts, o->name);
	opt_free(f->opts, opts);
	free(opts);
}
END_TEST

/* A value must be refused, by a message that names option and value. */
static void refused(const struct family *f, const struct opt *o, void *opts, const char *value)
{
	char *why = opt_set(o, opts, value);
	CK_F(f, why != NULL, "--%s takes '%s'", o->name, value);
	CK_F(f, strstr(why, o->name) && strstr(why, value), "--%s %s: the message is '%s'", o->name, value, why);
	free(why);
}

/* A number just outside a bound of the range: below (side 0) or above (side 1); false when there is no bound. */
static bool outside(const struct opt *o, int side, char *value, size_t size)
{
	const char *comma = strchr(o->range, ','), *bound = side ? comma + 1 : o->range + 1;
	char *end;
	double x = strtod(bound, &end);
	bool open = side ? strchr(comma, ')') != NULL : *o->range == '(';
	if (end == bound)
		return false;
	if (!open)
		x += (side ? 1 : -1) * fmax(1, fabs(x) * 1e-6);
	if (o->type == OPT_DOUBLE)
		snprintf(value, size, "%.17g", x);
	else
		snprintf(value, size, "%.0f", x);
	return true;
}

START_TEST(bad_values_are_refused)
{
	const struct family *f = families[_i];
	void *opts = mem_zero(1, f->opts_size);
	opt_defaults(f->opts, opts);
	for (const struct opt *o = f->opts; o->name; o++) {
		bool number = o->type == OPT_INT || o->type == OPT_LONG || o->type == OPT_DOUBLE || o->type == OPT_U64;
		char value[400];
		if (o->type == OPT_BOOL || (o->type == OPT_TEXT && o->range))
			refused(f, o, opts, "nosuchword");
		if (!number)
			continue;
		refused(f, o, opts, "many");
		refused(f, o, opts, "nan");
		refused(f, o, opts, "3x");
		refused(f, o, opts, " ");
		if (o->type != OPT_DOUBLE)
			refused(f, o, opts, "1.5");
		if (o->type == OPT_U64)
			continue;
		CK_F(f, o->range, "--%s has no range", o->name);
		for (int side = 0; side < 2; side++)
			if (outside(o, side, value, sizeof(value)))
				refused(f, o, opts, value);
		if (o->type == OPT_INT)
			refused(f, o, opts, "99999999999");
	}
	opt_free(f->opts, opts);
	free(opts);
}
END_TEST

CONTRACT_MAIN("contract: options", is_family, all_is_there, table_is_well_made, json_and_back, bad_values_are_refused)
