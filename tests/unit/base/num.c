/*
 * Numbers as text, against strtod and printf: random and hard cases. DLS_LONG=n
 * multiplies the number of random cases.
 */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/pow10.h"
#include "base/rng.h"

/* As ck_assert_msg, without telling Check of each success: that costs more than the case. */
#define must(cond, ...) \
	do { \
		if (!(cond)) \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

static size_t times(size_t n)
{
	const char *l = getenv("DLS_LONG");
	return l ? n * (size_t)strtoul(l, NULL, 10) : n;
}

static uint64_t bits_of(double x)
{
	uint64_t b;
	memcpy(&b, &x, sizeof(b));
	return b;
}

static double of_bits(uint64_t b)
{
	double x;
	memcpy(&x, &b, sizeof(x));
	return x;
}

/* Parses s (no NUL inside) in a buffer of its very size, so that a sanitizer sees a byte too many. */
static void same_as_strtod(const char *s)
{
	size_t n = strlen(s);
	char *exact = malloc(n ? n : 1), *end;
	memcpy(exact, s, n);
	double want = strtod(s, &end), got = 42;
	must(num_parse(exact, n, &got), "%s is refused", s);
	must(*end == '\0' && bits_of(want) == bits_of(got), "%s gives %a, not %a", s, got, want);
	free(exact);
}

START_TEST(hard_texts_parse_as_strtod_has_them)
{
	static const char *const list[] = {
		"0", "-0", "0.0", "-0.000e5", "1", "+1", ".5", "5.", "1e5", "1E+5", "1e-5", "123456789012345678",
		"9007199254740993", "9007199254740992.5", "9007199254740993.0000000000000000000001",
		"1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e309", "1e99999999999999999999",
		"4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-400", "1e-99999999999999999999",
		"2.2250738585072011e-308", "2.2250738585072012e-308", "2.2250738585072014e-308",
		"0.000000000000000000000000000000000000001", "100000000000000000000000000000000000000000",
		"7450580596923828125e-27", "8.5e22", "8.5e23", "1e23", "6.02214076e23", "9.5e-323",
		"1090544144181609348835077142190", "1448997445238699", "0.1e1", "00001.5000", "000000000000000000000000000001",
		"2.47032822920623272088284396434110686182529901307162382212792841250337753635104375932649918180817996189898282347722858865463328355177969898199387398005390939063150356595155702263922908583924491051844359318028499365361525003193704576782492193656236698636584807570015857692699037063119282795585513329278343384093519780155312465972635795746227664652728272200563740064854999770965994704540208281662262378573934507363390079677305775067501763246736009689513405355374585166611342237666786041621596804619144672918403005300575308490487653917113865916462395249126236538818796362393732804238910186723484976682350898633885879256283027559956575244555072551893136908362547791869486679949683240497058210285131854513962138377228261454376934125320985913276672363281249",
		"2.4703282292062327208828439643411068618252990130716238221279284125033775363510437593264991818081799618989828234772285886546332835517796989819938739800539093906315035659515570226392290858392449105184435931802849936536152500319370457678249219365623669863658480757001585769269903706311928279558551332927834338409351978015531246597263579574622766465272827220056374006485499977096599470454020828166226237857393450736339007967730577506750176324673600968951340535537458516661134223766678604162159680461914467291840300530057530849048765391711386591646239524912623653881879636239373280423891018672348497668235089863388587925628302755995657524455507255189313690836254779186948667994968324049705821028513185451396213837722826145437693412532098591327667236328125",
		"inf", "-inf", "INFINITY", "nan",
	};
	for (size_t i = 0; i < sizeof(list) / sizeof(*list) - 1; i++)
		same_as_strtod(list[i]);
	double x;
	ck_assert(num_parse("NaN", 3, &x) && isnan(x) && num_parse("+nan", 4, &x) && isnan(x));
}
END_TEST

START_TEST(what_is_no_number_is_refused)
{
	static const char *const list[] = {
		"", " ", " 1", "1 ", "+", "-", ".", "e5", ".e5", "1e", "1e+", "1e+ 5", "--1", "+-1", "0x10", "1,5", "1_000",
		"1.2.3", "1e5.0", "infin", "nan(1)", "n", "12345678a", "1234567:", "1234567/", "1d5", "\xd9\xa1",
	};
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		double x;
		ck_assert_msg(!num_parse(list[i], strlen(list[i]), &x), "%s passes", list[i]);
	}
	double x;
	ck_assert(!num_parse("1\0002", 3, &x));
}
END_TEST

/* Up to `most` random digits with a point and an exponent, some of them. */
static void random_text(struct rng *r, char *out, size_t most)
{
	size_t n = 1 + rng_below(r, most), point = rng_below(r, 2 * n);
	if (rng_below(r, 4) == 0)
		*out++ = '-';
	for (size_t i = 0; i < n; i++) {
		if (i == point)
			*out++ = '.';
		*out++ = (char)('0' + rng_below(r, 10));
	}
	*out = '\0';
	if (rng_below(r, 2))
		sprintf(out, "e%d", (int)rng_below(r, 700) - 350);
}

START_TEST(random_texts_parse_as_strtod_has_them)
{
	struct rng r = rng_at(1, "num", 0);
	char text[1600];
	for (size_t i = 0; i < times(400000); i++) {
		random_text(&r, text, 25);
		same_as_strtod(text);
	}
	for (size_t i = 0; i < times(2000); i++) {
		random_text(&r, text, 1000);
		same_as_strtod(text);
	}
	for (size_t i = 0; i < times(300000); i++) {
		double x = of_bits(rng_u64(&r));
		snprintf(text, sizeof(text), "%.*e", (int)rng_below(&r, 20), x);
		if (!isnan(x))
			same_as_strtod(text);
	}
}
END_TEST

/* The exact decimal midpoint of two doubles, and the same a little above and below. */
START_TEST(midpoints_round_to_even)
{
	struct rng r = rng_at(2, "num", 0);
	char text[1600];
	for (size_t i = 0; i < times(30000); i++) {
		uint64_t b = rng_below(&r, 4) ? (1023 - 60 + rng_below(&r, 120)) << 52 | rng_u64(&r) >> 12
					      : rng_below(&r, 0x7fe0000000000000);
		long double mid = ((long double)of_bits(b) + of_bits(b + 1)) / 2;
		int n = snprintf(text, sizeof(text) - 2, "%.1100Lf", mid);
		while (text[n - 1] == '0')
			text[--n] = '\0';
		same_as_strtod(text);
		text[n] = '1';
		text[n + 1] = '\0';
		same_as_strtod(text);
		text[n] = '\0';
		if (text[n - 1] != '.') {
			text[n - 1]--;
			same_as_strtod(text);
		}
	}
}
END_TEST

START_TEST(integers_in_range_only)
{
	int64_t x;
	ck_assert(num_parse_int("9223372036854775807", 19, &x) && x == INT64_MAX);
	ck_assert(num_parse_int("-9223372036854775808", 20, &x) && x == INT64_MIN);
	ck_assert(!num_parse_int("9223372036854775808", 19, &x) && !num_parse_int("-9223372036854775809", 20, &x));
	ck_assert(num_parse_int("+7", 2, &x) && x == 7 && num_parse_int("-007", 4, &x) && x == -7);
	ck_assert(!num_parse_int("", 0, &x) && !num_parse_int("-", 1, &x) && !num_parse_int("1.0", 3, &x));
}
END_TEST

/* Significant digits of a printed number: without sign, point, exponent, zeros at both ends. */
static size_t significant(const char *s)
{
	char dig[32];
	size_t n = 0;
	for (; *s && *s != 'e'; s++)
		if (*s >= '0' && *s <= '9' && (n || *s != '0'))
			dig[n++] = *s;
	while (n && dig[n - 1] == '0')
		n--;
	return n;
}

/* x reads back; no text with fewer digits does; and of as many digits printf has none nearer. */
static void prints_well(double x)
{
	char buf[NUM_MAX], other[64];
	size_t n = num_print(buf, x);
	must(n == strlen(buf) && n < 25, "%a prints as %zu bytes: %s", x, n, buf);
	double back;
	must(num_parse(buf, n, &back) && bits_of(back) == bits_of(x), "%a prints as %s", x, buf);
	int digits = (int)significant(buf), k = 1;
	for (; k < 17; k++) {
		snprintf(other, sizeof(other), "%.*g", k, x);
		if (bits_of(strtod(other, NULL)) == bits_of(x))
			break;
	}
	must(digits <= k, "%s has %d digits, %s fewer", buf, digits, other);
	if (digits == k && k < 17) {
		snprintf(other, sizeof(other), "%.*e", k - 1, x);
		char *mine = strchr(buf, 'e') ? buf : NULL;
		must(!mine || strcmp(mine + (*mine == '-'), other + (*other == '-')) == 0, "%s against %s", buf, other);
	}
}

START_TEST(printing_is_shortest_and_reads_back)
{
	struct rng r = rng_at(3, "num", 0);
	for (size_t i = 0; i < times(60000); i++) {
		double x = of_bits(rng_u64(&r));
		if (x - x == 0)
			prints_well(x);
		prints_well(rng_double(&r));
		prints_well((double)(int64_t)(rng_u64(&r) >> rng_below(&r, 64)));
		prints_well(round(rng_normal(&r) * 1e4) / 100);
	}
	for (int e = -1074; e < 1024; e++) {	/* powers of two: uneven neighbours */
		double x = ldexp(1, e);
		prints_well(x);
		prints_well(nextafter(x, 0));
		prints_well(-nextafter(x, INFINITY));
	}
}
END_TEST

START_TEST(printed_forms)
{
	static const struct {
		double x;
		const char *text;
	} list[] = {
		{ 0.1, "0.1" }, { 100, "100" }, { 1e-7, "1e-07" }, { 1.5e300, "1.5e+300" }, { INFINITY, "inf" },
		{ -INFINITY, "-inf" }, { NAN, "nan" }, { -NAN, "nan" }, { 0, "0" }, { -0.0, "-0" }, { 1e15, "1000000000000000" },
		{ 1e16, "1e+16" }, { 1e-4, "0.0001" }, { 1e-5, "1e-05" }, { 0.30000000000000004, "0.30000000000000004" },
		{ 123.456, "123.456" }, { 5e-324, "5e-324" }, { 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ 9007199254740992, "9007199254740992" }, { 1234567890123456.7, "1234567890123456.8" }, { 2e23, "2e+23" },
	};
	char buf[NUM_MAX];
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		num_print(buf, list[i].x);
		ck_assert_str_eq(buf, list[i].text);
	}
}
END_TEST

static uint8_t form_of(const char *s)
{
	double x;
	uint8_t form;
	char buf[NUM_FORM_MAX];
	must(num_parse_form(s, strlen(s), &x, &form), "%s is refused", s);
	if (form != FORM_OTHER) {
		size_t n = num_print_form(buf, x, form);
		must(n == strlen(s) && strcmp(buf, s) == 0, "%s comes back as %s", s, buf);
	}
	return form;
}

START_TEST(a_form_gives_the_text_back)
{
	ck_assert_int_eq(form_of("1"), FORM_FIXED);
	ck_assert_int_eq(form_of("-0.00"), FORM_FIXED + 2);
	ck_assert_int_eq(form_of("1.0"), FORM_FIXED + 1);
	ck_assert_int_eq(form_of("007"), FORM_PAD + 3);
	ck_assert_int_eq(form_of("01010001"), FORM_PAD + 8);
	ck_assert_int_eq(form_of("1e-07"), FORM_EXP);
	ck_assert_int_eq(form_of("37.880001068115234"), FORM_FIXED + 15);
	ck_assert_int_eq(form_of("2.500000000000000000e+01"), FORM_EXP + 18);
	ck_assert_int_eq(form_of("0.000000000000000000e+00"), FORM_EXP + 18);
	ck_assert_int_eq(form_of("1.5e+300"), FORM_EXP + 1);
	ck_assert_int_eq(form_of("5e-324"), FORM_EXP);
	ck_assert_int_eq(form_of("0.1000000000000000055511151231257827"), FORM_OTHER);	/* 34 decimals */
	ck_assert_int_eq(form_of("0.1000000000000000055511151231257"), FORM_OTHER);
	ck_assert_int_eq(form_of("0.1000000000000000055511151231258"), FORM_FIXED + 31);
	ck_assert_int_eq(form_of("4.94065645841246e-324"), FORM_OTHER);
	ck_assert_int_eq(form_of("2251799813685249.5"), FORM_FIXED + 1);
	ck_assert_int_eq(form_of("1E-07"), FORM_OTHER);
	ck_assert_int_eq(form_of("1e-7"), FORM_OTHER);
	ck_assert_int_eq(form_of("1e-007"), FORM_OTHER);
	ck_assert_int_eq(form_of("0e+01"), FORM_OTHER);
	ck_assert_int_eq(form_of("+1"), FORM_OTHER);
	ck_assert_int_eq(form_of(".5"), FORM_OTHER);
	ck_assert_int_eq(form_of("5."), FORM_OTHER);
	ck_assert_int_eq(form_of("00.5"), FORM_OTHER);
	ck_assert_int_eq(form_of("-007"), FORM_OTHER);
	ck_assert_int_eq(form_of("12345678901234567890"), FORM_OTHER);
	ck_assert_int_eq(form_of("9007199254740993"), FORM_OTHER);
	ck_assert_int_eq(form_of("inf"), FORM_OTHER);
	struct rng r = rng_at(4, "num", 0);
	char text[64];
	for (size_t i = 0; i < times(200000); i++) {
		random_text(&r, text, 1 + rng_below(&r, 22));
		form_of(text);
		snprintf(text, sizeof(text), "%.*f", (int)rng_below(&r, 16), rng_normal(&r) * 100);
		must(form_of(text) != FORM_OTHER, "%s has no form", text);
		double x = of_bits(rng_u64(&r));
		snprintf(text, sizeof(text), "%.*e", (int)rng_below(&r, 19), x);
		must(x - x != 0 || fabs(x) < 1e-300 || fabs(x) > 1e300 || form_of(text) != FORM_OTHER, "%s has no form", text);
	}
}
END_TEST

/*
 * The table, by long division of its own: entry q holds floor(10^q * 2^s) of
 * 128 bits. 10^|q| is kept as an integer of 40 words.
 */
#define WORDS 40

static void times5(uint32_t *a)
{
	uint64_t carry = 0;
	for (int i = 0; i < WORDS; i++) {
		carry += 5 * (uint64_t)a[i];
		a[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

static int top_bit(const uint32_t *a)
{
	int i = WORDS - 1;
	while (a[i] == 0)
		i--;
	return 32 * i + 31 - __builtin_clz(a[i]);
}

static int bit(const uint32_t *a, int i)
{
	return i >= 0 && (a[i / 32] >> (i % 32) & 1);
}

/* a = 2 a + in, then a -= b when it can: one step of long division; the bit of the quotient. */
static int divide_step(uint32_t *a, const uint32_t *b)
{
	for (int i = WORDS - 1; i >= 0; i--)
		a[i] = a[i] << 1 | (i ? a[i - 1] >> 31 : 0);
	int i = WORDS - 1;
	while (i >= 0 && a[i] == b[i])
		i--;
	if (i >= 0 && a[i] < b[i])
		return 0;
	int64_t borrow = 0;
	for (i = 0; i < WORDS; i++) {
		borrow += (int64_t)a[i] - b[i];
		a[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
	return 1;
}

/* Bit b from the top of the table's entry for 10^q. */
static int word_bit(int q, int b)
{
	return pow10_bits[q - POW10_LEAST][b / 64] >> (63 - b % 64) & 1;
}

START_TEST(table_of_powers_is_exact)
{
	uint32_t p[WORDS] = { 1 };
	for (int q = 0; q <= -POW10_LEAST; q++, times5(p)) {
		int top = top_bit(p);
		for (int b = 0; q <= POW10_MOST && b < 128; b++)
			must(bit(p, top - b) == word_bit(q, b), "10^%d", q);
		uint32_t rest[WORDS] = { 1 };
		for (int z = 0; z < top; z++)	/* 2^z is below 5^q: no bit yet */
			must(divide_step(rest, p) == 0, "10^-%d", q);
		for (int b = 0; q > 0 && b < 128; b++)
			must(divide_step(rest, p) == word_bit(-q, b), "10^-%d", q);
	}
}
END_TEST

UNIT_MAIN("num", hard_texts_parse_as_strtod_has_them, what_is_no_number_is_refused, random_texts_parse_as_strtod_has_them,
	  midpoints_round_to_even, integers_in_range_only, printing_is_shortest_and_reads_back, printed_forms,
	  a_form_gives_the_text_back, table_of_powers_is_exact)
