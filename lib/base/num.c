/*
 * Reading: the text is cut into w * 10^q with 19 digits in w. Small ones are
 * exact in double arithmetic (Clinger 1990); the others take the top of the
 * 192-bit product of w and a table of powers (Lemire 2021, "Number parsing at
 * a gigabyte per second"; that no doubtful case is left for 64-bit w: Mushtak
 * and Lemire 2023). Texts of more than 19 digits whose neighbours w and w + 1
 * round apart go to strtod as integer digits, which no locale can bend.
 *
 * Writing: Schubfach (Giulietti 2020, "The Schubfach way to render doubles"),
 * over the same table.
 */
#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/pow10.h"

typedef unsigned __int128 u128;

#define MAX_DIGITS 19		/* that surely fit in 64 bits */
#define HARD_DIGITS 780		/* no double's midpoint has more than 768 */
#define EXP_LIMIT 1000000000000	/* any exponent beyond is as good as this */

/* A decimal text: (-1)^neg * w * 10^exp, a little more when `more`. */
struct decimal {
	const char *digits;	/* the first digit or point */
	size_t nint, nfrac;	/* digits before and after the point */
	uint64_t w;
	int64_t exp;
	bool neg, more;		/* more: digits that are not 0 follow those in w */
	bool sign, point, e;	/* what the text had */
};

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

#define EACH(byte) (0x0101010101010101 * (uint64_t)(byte))

/* The value of eight digits (each byte 0..9, the first one lowest): Lemire 2021, section 3. */
static inline uint64_t eight(uint64_t v)
{
	v = v * 10 + (v >> 8);
	uint64_t low = (v & 0x000000ff000000ff) * 0x000f424000000064;	/* 100 + (1000000 << 32) */
	uint64_t high = (v >> 16 & 0x000000ff000000ff) * 0x0000271000000001;	/* 1 + (10000 << 32) */
	return (low + high) >> 32;
}

/* Eight bytes of text with '0'..'9' turned to 0..9, and the top bit of each byte that is no digit. */
static inline uint64_t load(const char *s, uint64_t *others)
{
	uint64_t v;
	memcpy(&v, s, sizeof(v));
	v ^= EACH('0');
	*others = (((v & EACH(0x7f)) + EACH(0x76)) | v) & EACH(0x80);
	return v;
}

/* Four digits at once. */
static inline bool four_digits(const char *s, uint32_t *x)
{
	uint32_t v;
	memcpy(&v, s, sizeof(v));
	if (((v & 0xf0f0f0f0) | (((v + 0x06060606) & 0xf0f0f0f0) >> 4)) != 0x33333333)
		return false;
	v -= 0x30303030;
	v = v * 10 + (v >> 8);
	*x = (v & 0xff) * 100 + (v >> 16 & 0xff);
	return true;
}

/* Adds a run of digits to w (modulo 2^64) and returns its end. */
static inline const char *digits(const char *p, const char *end, uint64_t *w)
{
	uint64_t others, v;
	uint32_t x;
	while (end - p >= 8 && (v = load(p, &others), others == 0)) {
		*w = *w * 100000000 + eight(v);
		p += 8;
	}
	if (end - p >= 4 && four_digits(p, &x)) {
		*w = *w * 10000 + x;
		p += 4;
	}
	for (; p < end && is_digit(*p); p++)
		*w = *w * 10 + (uint64_t)(*p - '0');
	return p;
}

/* Takes the first 19 significant digits when there are more than w can hold. */
static void shorten(struct decimal *d)
{
	const char *p = d->digits, *end = p + d->nint + d->nfrac + d->point;
	while (p < end && (*p == '0' || *p == '.'))
		p++;
	size_t left = 0;
	for (const char *q = p; q < end; q++)
		left += *q != '.';
	if (left <= MAX_DIGITS)
		return;
	d->w = 0;
	for (int got = 0; got < MAX_DIGITS; p++) {
		if (*p == '.')
			continue;
		d->w = d->w * 10 + (uint64_t)(*p - '0');
		got++;
	}
	d->exp += (int64_t)left - MAX_DIGITS;
	for (; p < end && !d->more; p++)
		d->more = *p != '.' && *p != '0';
}

/* The exponent after e; NULL when there is none. */
static const char *exponent(const char *p, const char *end, int64_t *exp)
{
	bool neg = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end)
		return NULL;
	int64_t e = 0;
	for (; p < end && is_digit(*p); p++)
		if (e < EXP_LIMIT)
			e = e * 10 + (*p - '0');
	*exp += neg ? -e : e;
	return p;
}

__attribute__((always_inline)) static inline bool scan(const char *s, size_t n, struct decimal *d)
{
	*d = (struct decimal){ 0 };
	if (n == 0)
		return false;
	const char *p = s, *end = s + n;
	d->neg = *p == '-';	/* without a branch: signs are hard to foresee */
	d->sign = d->neg | (*p == '+');
	p += d->sign;
	d->digits = p;
	p = digits(p, end, &d->w);
	d->nint = (size_t)(p - d->digits);
	if (p < end && *p == '.') {
		d->point = true;
		const char *frac = ++p;
		p = digits(p, end, &d->w);
		d->nfrac = (size_t)(p - frac);
		d->exp = -(int64_t)d->nfrac;
	}
	if (d->nint + d->nfrac == 0)
		return false;
	if (p < end && (*p | 32) == 'e') {
		d->e = true;
		p = exponent(p + 1, end, &d->exp);
	}
	if (p != end)
		return false;
	if (d->nint + d->nfrac > MAX_DIGITS)
		shorten(d);
	return true;
}

static inline double from_bits(uint64_t mantissa, uint64_t exp)
{
	uint64_t bits = mantissa | exp << 52;
	double x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* w * 10^q rounded to nearest even; w > 0. Lemire 2021, algorithm 1. */
static double scale(uint64_t w, int64_t q)
{
	if (q < POW10_LEAST)
		return 0;
	if (q > 308)
		return from_bits(0, 0x7ff);
	int lz = __builtin_clzll(w);
	w <<= lz;
	const uint64_t *g = pow10_bits[q - POW10_LEAST];
	uint64_t down = g[1] + (q < 0 && q >= -27);	/* those are divisions, which must not fall short */
	u128 top = (u128)w * g[0] + (uint64_t)((u128)w * down >> 64);
	uint64_t high = (uint64_t)(top >> 64), low = (uint64_t)top;
	int upper = (int)(high >> 63), shift = upper + 64 - 52 - 3;
	uint64_t mantissa = high >> shift;	/* 54 bits: the last rounds */
	int64_t exp = ((217706 * q) >> 16) + 63 + 1023 + upper - lz;
	if (exp <= 0) {
		if (exp <= -63)
			return 0;
		mantissa >>= 1 - exp;
		mantissa = (mantissa + (mantissa & 1)) >> 1;
		return from_bits(mantissa & ~(1ULL << 52), mantissa >> 52);
	}
	if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << shift == high)
		mantissa--;	/* just between two: to the even one */
	mantissa = (mantissa + (mantissa & 1)) >> 1;
	if (mantissa >> 53) {
		mantissa >>= 1;
		exp++;
	}
	return exp >= 0x7ff ? from_bits(0, 0x7ff) : from_bits(mantissa & ~(1ULL << 52), (uint64_t)exp);
}

/* The rare text of more than 19 digits near a midpoint; what follows digit 780 counts only as "not 0". */
static double hard(const struct decimal *d)
{
	char text[HARD_DIGITS + 32];
	size_t n = 0, left = 0;
	const char *p = d->digits, *end = p + d->nint + d->nfrac + d->point;
	while (*p == '0' || *p == '.')
		p++;
	for (; p < end; p++) {
		if (*p == '.')
			continue;
		if (n < HARD_DIGITS)
			text[n++] = *p;
		else
			left += *p != '0';
	}
	int64_t exp = d->exp + MAX_DIGITS - (int64_t)n;
	if (left) {
		text[n++] = '1';
		exp--;
	}
	exp = exp < -9999 ? -9999 : exp > 9999 ? 9999 : exp;
	snprintf(text + n, sizeof(text) - n, "e%d", (int)exp);
	return strtod(text, NULL);
}

static inline double value(const struct decimal *d)
{
	static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
				       1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	double x;
	if (d->w >> 53 == 0 && d->exp >= -22 && d->exp <= 22 && !d->more) {
		x = (double)d->w;
		x = d->exp < 0 ? x / tens[-d->exp] : x * tens[d->exp];
	} else if (d->w == 0) {
		x = 0;
	} else {
		x = scale(d->w, d->exp);
		if (d->more && x != scale(d->w + 1, d->exp))
			x = hard(d);
	}
	return d->neg ? -x : x;
}

/* inf, infinity and nan in any case, with a sign. */
static bool special(const char *s, size_t n, double *x)
{
	bool neg = n && *s == '-';
	if (n && (*s == '-' || *s == '+')) {
		s++;
		n--;
	}
	if ((n == 3 && strncasecmp(s, "inf", 3) == 0) || (n == 8 && strncasecmp(s, "infinity", 8) == 0))
		*x = neg ? -__builtin_inf() : __builtin_inf();
	else if (n == 3 && strncasecmp(s, "nan", 3) == 0)
		*x = __builtin_nan("");
	else
		return false;
	return true;
}

/*
 * The most common text, [-]digits.digits of 8 to 16 bytes, with at most 7 and 8
 * digits, without a branch that depends on them. False when it is another.
 */
static inline bool quick(const char *s, size_t n, double *x, uint8_t *decimals)
{
	static const uint64_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };
	uint64_t others, bits;
	if (n < 8 || n > 16)
		return false;
	size_t neg = *s == '-';
	s += neg;
	n -= neg;
	if (n < 8)
		return false;
	uint64_t whole = load(s, &others);
	unsigned nint = (unsigned)__builtin_ctzll(others | 1ULL << 63) / 8;
	size_t nfrac = n - nint - 1;
	if (nint == 0 || s[nint] != '.' || nfrac - 1 > 7 || (*s == '0' && nint > 1))
		return false;
	uint64_t frac = load(s + n - 8, &others);
	size_t before = 64 - 8 * nfrac;	/* bits of what stands before the decimals */
	if (others >> before)
		return false;
	uint64_t w = eight(whole << (64 - 8 * nint)) * tens[nfrac] + eight(frac >> before << before);
	*x = (double)w / (double)tens[nfrac];
	memcpy(&bits, x, sizeof(bits));
	bits |= (uint64_t)neg << 63;
	memcpy(x, &bits, sizeof(bits));
	*decimals = (uint8_t)nfrac;
	return true;
}

bool num_parse(const char *s, size_t n, double *x)
{
	struct decimal d;
	uint8_t decimals;
	if (quick(s, n, x, &decimals))
		return true;
	if (!scan(s, n, &d))
		return special(s, n, x);
	*x = value(&d);
	return true;
}

bool num_parse_int(const char *s, size_t n, int64_t *x)
{
	bool neg = n && *s == '-';
	size_t i = n && (*s == '-' || *s == '+');
	int64_t v = 0;
	if (i == n)
		return false;
	for (; i < n; i++) {
		if (!is_digit(s[i]))
			return false;
		int digit = s[i] - '0';
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, neg ? -digit : digit, &v))
			return false;
	}
	*x = v;
	return true;
}

/* The high word of g * c, odd when any of the bits below is set (Giulietti 2020, section 9.9). */
static inline uint64_t round_to_odd(uint64_t g1, uint64_t g0, uint64_t c)
{
	u128 y = (u128)g1 * c + (uint64_t)((u128)g0 * c >> 64);
	return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/*
 * The shortest digits * 10^*exp within the interval that rounds to
 * c * 2^q, the nearest of the shortest ones. closer: the double below is half
 * as far as the one above.
 */
static uint64_t shortest(uint64_t c, int q, bool closer, int *exp)
{
	uint64_t odd = c & 1;
	int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;	/* floor(log10(2^q)), or of 3/4 2^q */
	int h = q + ((-k * 1741647) >> 19) + 1;
	const uint64_t *g = pow10_bits[-k - POW10_LEAST];
	bool inexact = -k < 0 || -k > 55;	/* then Schubfach wants it rounded up */
	uint64_t g0 = g[1] + inexact, g1 = g[0] + (inexact && g0 == 0);
	uint64_t lower = round_to_odd(g1, g0, (4 * c - 2 + closer) << h) + odd;
	uint64_t v = round_to_odd(g1, g0, (4 * c) << h);
	uint64_t upper = round_to_odd(g1, g0, (4 * c + 2) << h) - odd;
	uint64_t s = v / 4, t = s / 10;
	*exp = k + 1;
	if (s >= 10 && (lower <= 40 * t) != (40 * t + 40 <= upper))
		return t + (40 * t + 40 <= upper);
	*exp = k;
	if ((lower <= 4 * s) != (4 * s + 4 <= upper))
		return s + (4 * s + 4 <= upper);
	return s + (v > 4 * s + 2 || (v == 4 * s + 2 && (s & 1)));
}

/* Decimal digits of w, no zeros at the end (they go to *exp); how many. */
static int spell(char *buf, uint64_t w, int *exp)
{
	char back[20];
	int n = 0, i = 0;
	for (; w % 10 == 0; w /= 10)
		(*exp)++;
	for (; w; w /= 10)
		back[n++] = (char)('0' + w % 10);
	while (n)
		buf[i++] = back[--n];
	return i;
}

/* n digits whose last stands for 10^exp: plain between 1e-4 and 1e16, else with an exponent. */
static size_t lay_out(char *out, const char *dig, int n, int exp)
{
	char *p = out;
	int point = n + exp;	/* digits before the point */
	if (point > 16 || point < -3) {
		*p++ = dig[0];
		if (n > 1) {
			*p++ = '.';
			memcpy(p, dig + 1, (size_t)n - 1);
			p += n - 1;
		}
		return (size_t)(p - out) + (size_t)snprintf(p, 8, "e%+03d", point - 1);
	}
	if (point <= 0) {
		memcpy(p, "0.0000", 6);
		p += 2 - point;
	}
	for (int i = 0; i < n; i++) {
		if (i == point && i > 0)
			*p++ = '.';
		*p++ = dig[i];
	}
	for (int i = 0; i < exp; i++)
		*p++ = '0';
	*p = '\0';
	return (size_t)(p - out);
}

/* nan, or after the sign inf or 0; 0 when x is an ordinary number. */
static size_t print_special(char *buf, double x)
{
	if (x != x)
		memcpy(buf, "nan", 4);
	else if (x == 0)
		memcpy(buf, "0", 2);
	else if (x - x != 0)
		memcpy(buf, "inf", 4);
	else
		return 0;
	return strlen(buf);
}

size_t num_print(char *buf, double x)
{
	uint64_t bits, w;
	char dig[20] = { 0 };
	memcpy(&bits, &x, sizeof(bits));
	size_t sign = x == x && bits >> 63;
	buf[0] = '-';
	size_t n = print_special(buf + sign, x);
	if (n)
		return sign + n;
	uint64_t frac = bits & ((1ULL << 52) - 1);
	int biased = (int)(bits >> 52 & 0x7ff), exp = 0;
	double a = x < 0 ? -x : x;
	if (a < 9007199254740992.0 && (double)(uint64_t)a == a)
		w = (uint64_t)a;
	else if (biased)
		w = shortest(frac | 1ULL << 52, biased - 1075, frac == 0 && biased > 1, &exp);
	else
		w = shortest(frac, -1074, false, &exp);
	int ndig = spell(dig, w, &exp);
	return sign + lay_out(buf + sign, dig, ndig, exp);
}

/*
 * True when |x| / 10^exp surely rounds to w, so that printf would print the
 * digits of w. c * 2^q / 10^exp is taken to 128 bits; within their error of a
 * tie the answer is false.
 */
static bool rounds_to(double x, uint64_t w, int64_t exp)
{
	int q;
	double half = frexp(x < 0 ? -x : x, &q);	/* |x| = half * 2^q */
	if (-exp < POW10_LEAST || -exp > POW10_MOST)
		return false;
	const uint64_t *g = pow10_bits[-exp - POW10_LEAST];
	uint64_t c = (uint64_t)(half * 18446744073709551616.0);
	u128 y = (u128)c * g[0] + (uint64_t)((u128)c * g[1] >> 64);	/* times 2^(64 - shift) */
	int shift = 63 - q - (int)((217706 * -exp) >> 16);
	if (shift < 0 || shift > 127)
		return w == 0 && x == 0;
	y >>= shift;
	uint64_t frac = (uint64_t)y, half_way = 1ULL << 63;
	if (frac - (half_way - 16) < 32)
		return false;
	return (uint64_t)(y >> 64) + (frac > half_way) == w;
}

/* The exponent is written as printf does: e, sign, two digits or more, no zero too many. */
static bool plain_exponent(const struct decimal *d, const char *end)
{
	const char *e = d->digits + d->nint + d->point + d->nfrac;
	if (*d->digits == '0')	/* only zero itself has such a mantissa */
		return d->w == 0 && end - e == 4 && memcmp(e, "e+00", 4) == 0;
	return *e == 'e' && end - e >= 4 && (e[1] == '+' || e[1] == '-') && (end - e == 4 || e[2] != '0');
}

/* w is 1 and zeros: a double just below may have one digit more under %e, so such a text is tried. */
static bool is_ten(uint64_t w)
{
	while (w && w % 10 == 0)
		w /= 10;
	return w == 1;
}

/* The form of a number that is not plain and short. */
static uint8_t odd_form(const char *s, size_t n, const struct decimal *d, double x)
{
	char buf[NUM_FORM_MAX];
	bool zeros = d->nint > 1 && *d->digits == '0';
	if (n >= NUM_FORM_MAX || d->nfrac > 31 || d->sign != d->neg || d->point != (d->nfrac > 0) || d->nint == 0 ||
	    x - x != 0)
		return FORM_OTHER;
	if (zeros || (d->e && (d->nint > 1 || !plain_exponent(d, s + n))))
		return d->nint == n && n <= 15 ? (uint8_t)(FORM_PAD + n) : FORM_OTHER;
	uint8_t form = (uint8_t)((d->e ? FORM_EXP : FORM_FIXED) + d->nfrac);
	if (d->nint + d->nfrac <= MAX_DIGITS && !(d->e && is_ten(d->w)) && rounds_to(x, d->w, d->exp))
		return form;
	return num_print_form(buf, x, form) == n && memcmp(buf, s, n) == 0 ? form : FORM_OTHER;
}

/*
 * A number of at most 15 digits in all comes back from the nearest double
 * when printed to the same decimals, so the common text needs no trial.
 */
bool num_parse_form(const char *s, size_t n, double *x, uint8_t *form)
{
	struct decimal d;
	if (quick(s, n, x, form))	/* FORM_FIXED is 0 */
		return true;
	if (!scan(s, n, &d)) {
		*form = FORM_OTHER;
		return special(s, n, x);
	}
	*x = value(&d);
	bool plain = d.sign == d.neg && !d.e && d.point == (d.nfrac > 0) && d.nint >= 1 &&
		     (d.nint == 1 || *d.digits != '0');
	if (plain && d.nint + d.nfrac <= 15)
		*form = (uint8_t)(FORM_FIXED + d.nfrac);
	else
		*form = odd_form(s, n, &d, *x);
	return true;
}

size_t num_print_form(char *buf, double x, uint8_t form)
{
	int n;
	if (form < FORM_EXP)
		n = snprintf(buf, NUM_FORM_MAX, "%.*f", form - FORM_FIXED, x);
	else if (form < FORM_PAD)
		n = snprintf(buf, NUM_FORM_MAX, "%.*e", form - FORM_EXP, x);
	else
		n = snprintf(buf, NUM_FORM_MAX, "%0*.0f", form - FORM_PAD, x);
	return (size_t)n;
}
