/* Option tables: defaults, ranges, text and JSON there and back, help. */
#include "unit.h"

#include <string.h>

#include "opt/opt.h"

struct sample {
	bool flag, on;
	int32_t count;
	int64_t big;
	uint64_t seed;
	double rate;
	const char *kind, *name;
	struct strs list;
	int32_t threads;
};
#define S struct sample

static const struct opt table[] = {
	OPT(S, flag, "flag", NULL, NULL, NULL, "a flag"),
	OPT(S, on, "on", NULL, "true", NULL, "a flag that is set"),
	OPT_SHORT(S, count, 'n', "count", "N", "3", "[1,10]", "how many"),
	OPT(S, big, "big", "N", "-5", NULL, "a big number"),
	OPT(S, seed, "seed", "N", "1", NULL, "the seed"),
	OPT(S, rate, "rate", "X", "0.1", "(0,1)", "a rate"),
	OPT(S, kind, "kind", "KIND", "auto", "auto|gauss|multi", "which kind"),
	OPT(S, name, "name", "TEXT", NULL, NULL, "any text"),
	OPT(S, list, "list", "ITEMS", "", NULL, "some items"),
	OPT_RUN(S, threads, 0, "threads", "N", "0", "[0,", "threads"),
	OPT_END
};

static void set(S *s, const char *name, const char *value, const char *complaint)
{
	char *why = opt_set(opt_find(table, name, strlen(name)), s, value);
	if (complaint) {
		ck_assert_ptr_nonnull(why);
		ck_assert_msg(strstr(why, complaint) != NULL, "%s", why);
	} else {
		ck_assert_msg(why == NULL, "%s", why);
	}
	free(why);
}

START_TEST(values_are_checked_strictly)
{
	S s;
	opt_defaults(table, &s);
	ck_assert(!s.flag && s.on && s.count == 3 && s.big == -5 && s.seed == 1 && s.rate == 0.1);
	ck_assert_str_eq(s.kind, "auto");
	ck_assert(s.name == NULL && s.list.n == 0);
	set(&s, "count", "10", NULL);
	set(&s, "count", "11", "in [1,10]");
	set(&s, "count", "0", "in [1,10]");
	set(&s, "count", "3x", "not a whole number");
	set(&s, "count", "", "not a whole number");
	set(&s, "count", "3.0", "not a whole number");
	set(&s, "count", "99999999999999999999", "not a whole number");
	set(&s, "rate", "0", "in (0,1)");
	set(&s, "rate", "1", "in (0,1)");
	set(&s, "rate", "nan", "not a number");
	set(&s, "rate", "1e-300", NULL);
	set(&s, "rate", " 0.5", "not a number");
	set(&s, "seed", "18446744073709551615", NULL);
	set(&s, "seed", "18446744073709551616", "whole number");
	set(&s, "seed", "-1", "whole number");
	set(&s, "kind", "gaus", "auto|gauss|multi");
	set(&s, "kind", "", "one of");
	set(&s, "kind", "multi", NULL);
	set(&s, "threads", "-1", "in [0, inf)");
	ck_assert_uint_eq(s.seed, UINT64_MAX);
	opt_free(table, &s);
}
END_TEST

START_TEST(json_comes_back_the_same)
{
	S s, t;
	struct str a = { 0 }, b = { 0 };
	opt_defaults(table, &s);
	set(&s, "seed", "18446744073709551615", NULL);
	set(&s, "big", "-9007199254740993", NULL);
	set(&s, "rate", "0.30000000000000004", NULL);
	set(&s, "name", "a \"b\", c\\d", NULL);
	set(&s, "list", "one,two\\,three,four\\\\", NULL);
	set(&s, "threads", "7", NULL);
	ck_assert_uint_eq(s.list.n, 3);
	ck_assert_str_eq(s.list.s[1], "two,three");
	opt_json(table, &s, &a);
	opt_from_json(table, &t, a.s, "test");
	opt_json(table, &t, &b);
	ck_assert_str_eq(a.s, b.s);
	ck_assert(t.seed == s.seed && t.big == s.big && t.rate == s.rate);
	ck_assert_int_eq(t.threads, 0);	/* transient */
	ck_assert_str_eq(t.list.s[2], "four\\");
	opt_free(table, &s);
	opt_free(table, &t);
	str_free(&a);
	str_free(&b);
}
END_TEST

START_TEST(words_and_options_in_any_order)
{
	S s;
	struct strs words = { 0 };
	char *argv[] = { "x", "--count=4", "a", "--no-on", "-n", "5", "--flag", "--list", "p,q", "--list=r", "--", "--b" };
	int at = 1;
	opt_defaults(table, &s);
	opt_parse(12, argv, &at, (struct opt_set){ table, &s }, (struct opt_set){ NULL, NULL }, false, &words);
	ck_assert(s.count == 5 && s.flag && !s.on && s.list.n == 3);
	ck_assert_uint_eq(words.n, 2);
	ck_assert_str_eq(words.s[0], "a");
	ck_assert_str_eq(words.s[1], "--b");
	strs_free(&words);
	opt_free(table, &s);
}
END_TEST

START_TEST(help_shows_defaults_and_fits_80_columns)
{
	struct str s = { 0 }, m = { 0 };
	opt_help(table, &s);
	ck_assert_ptr_nonnull(strstr(s.s, "(default 0.1)"));
	ck_assert_ptr_nonnull(strstr(s.s, "auto, gauss, multi"));
	ck_assert_ptr_nonnull(strstr(s.s, "--no-on"));
	for (char *p = s.s; *p; p += strcspn(p, "\n") + 1)
		ck_assert_uint_le(strcspn(p, "\n"), 80);
	opt_mdoc(table, &m);
	for (const struct opt *o = table; o->name; o++)
		ck_assert_ptr_nonnull(strstr(m.s, o->name));
	str_free(&s);
	str_free(&m);
}
END_TEST

UNIT_MAIN("opt", values_are_checked_strictly, json_comes_back_the_same, words_and_options_in_any_order,
	  help_shows_defaults_and_fits_80_columns)
