/* The texts of augment.h, read strictly. */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "data/image/augment.h"

enum form {
	CHANCE,	/* X: the probability */
	EITHER,	/* X: from -X to X */
	NUMBER,	/* X */
	RANGE,	/* A-B, or X for X-X */
	AROUND,	/* X for 1-X to 1+X, or A-B */
	PAIR	/* N/M, whole numbers */
};

static const struct word {
	const char *name;
	enum form form;
	double least, most;	/* that a number may be */
	const char *fallback;	/* the value where none is given */
} words[AUGMENT_OPS] = {
	[AUGMENT_FLIP] = { "flip", CHANCE, 0, 1, "0.5" },
	[AUGMENT_VFLIP] = { "vflip", CHANCE, 0, 1, "0.5" },
	[AUGMENT_ROTATE] = { "rotate", EITHER, 0, 180, "15" },
	[AUGMENT_SHEAR] = { "shear", EITHER, 0, 60, "10" },
	[AUGMENT_SCALE] = { "scale", RANGE, 0.1, 10, "0.8-1.2" },
	[AUGMENT_SHIFT] = { "shift", EITHER, 0, 1, "0.1" },
	[AUGMENT_CROP] = { "crop", NUMBER, 0, PICTURE_MOST_SIDE, "0.125" },
	[AUGMENT_RESIZED] = { "resized", RANGE, 0.01, 1, "0.08-1" },
	[AUGMENT_RATIO] = { "ratio", RANGE, 0.1, 10, "0.75-1.3333333333333333" },
	[AUGMENT_BRIGHTNESS] = { "brightness", AROUND, 0, 10, "0.2" },
	[AUGMENT_CONTRAST] = { "contrast", AROUND, 0, 10, "0.2" },
	[AUGMENT_SATURATION] = { "saturation", AROUND, 0, 10, "0.2" },
	[AUGMENT_HUE] = { "hue", EITHER, 0, 0.5, "0.05" },
	[AUGMENT_GREY] = { "grey", CHANCE, 0, 1, "0.1" },
	[AUGMENT_BLUR] = { "blur", RANGE, 0, 20, "0.1-2" },
	[AUGMENT_NOISE] = { "noise", RANGE, 0, 1, "0.05" },
	[AUGMENT_CUTOUT] = { "cutout", NUMBER, 0, 2, "0.5" },
	[AUGMENT_ERASE] = { "erase", RANGE, 0, 1, "0.02-0.33" },
	[AUGMENT_RAND] = { "randaugment", PAIR, 0, 30, "2/9" },
	[AUGMENT_MIXUP] = { "mixup", NUMBER, 0.001, 1000, "0.2" },
	[AUGMENT_CUTMIX] = { "cutmix", NUMBER, 0.001, 1000, "1" },
};

/* Words beside those. */
#define COLOR "color"
#define EDGE "edge"
static const struct word color = { COLOR, NUMBER, 0, 1, "0.2" };
static const char *const edges[] = { [EDGE_ZERO] = "zero", [EDGE_REFLECT] = "reflect", [EDGE_NEAREST] = "nearest" };

static const struct preset {
	const char *name, *text;
} presets[] = {
	{ "none", "" },
	{ "light", "flip,crop" },
	{ "standard", "flip,rotate:10,shift:0.1,scale:0.85-1.15,color:0.2,edge:reflect" },
	{ "strong", "flip,crop,randaugment,erase@0.25" },
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* ---- values ---- */

static bool number(struct slice s, const struct word *w, double *x)
{
	return num_parse(s.s, s.n, x) && *x >= w->least && *x <= w->most;
}

/* "A-B", or "A/B": the two; the dash of an exponent or of a sign is none. False when there is no such mark. */
static bool two(struct slice s, char mark, struct slice *a, struct slice *b)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.s[i] == mark && s.s[i - 1] != 'e' && s.s[i - 1] != 'E') {
			*a = (struct slice){ s.s, i };
			*b = (struct slice){ s.s + i + 1, s.n - i - 1 };
			return true;
		}
	return false;
}

/* Reads a value into *r; false when it is none that the word takes. */
static bool value(struct slice s, const struct word *w, struct augment_range *r)
{
	struct slice a, b;
	if (w->form == PAIR)
		return two(s, '/', &a, &b) && number(a, w, &r->low) && number(b, w, &r->high) && r->low >= 1 &&
			r->low == floor(r->low) && r->high == floor(r->high);
	if ((w->form == RANGE || w->form == AROUND) && two(s, '-', &a, &b))
		return number(a, w, &r->low) && number(b, w, &r->high) && r->low <= r->high;
	if (!number(s, w, &r->high) || (w->form == AROUND && r->high > 1))
		return false;
	double x = r->high;
	if (w->form == CHANCE)
		*r = (struct augment_range){ .p = r->p * x, .low = 0, .high = 0 };
	else
		r->low = w->form == EITHER ? -x : w->form == AROUND ? 1 - x : x;
	if (w->form == AROUND)
		r->high = 1 + x;
	return true;
}

/* What value() wanted, in words. */
static void say_wanted(struct str *s, const struct word *w)
{
	if (w->form == CHANCE)
		str_puts(s, "is not a probability from 0 to 1");
	else if (w->form == PAIR)
		str_puts(s, "is not N/M, N changes from 1 to 30 of magnitude M from 0 to 30");
	else if (w->form == RANGE)
		str_printf(s, "is neither A-B nor one number, from %g to %g", w->least, w->most);
	else if (w->form == AROUND)
		str_printf(s, "is neither A-B, from 0 to %g, nor one number from 0 to 1 (for 1-X to 1+X)", w->most);
	else
		str_printf(s, "is not a number from %g to %g", w->least, w->most);
}

/* ---- words ---- */

struct parse {
	struct augment *how;
	bool given[AUGMENT_OPS], edge, color;	/* by this text, not by its preset */
	struct str wrong;
};

static void quote(struct parse *p, const char *before, struct slice s, const char *after)
{
	str_puts(&p->wrong, before);
	str_add(&p->wrong, s.s, s.n);
	str_puts(&p->wrong, after);
}

static void unknown(struct parse *p, struct slice name)
{
	const char *names[AUGMENT_OPS + 2 + COUNT(presets)] = { COLOR, EDGE };
	size_t n = 2;
	for (size_t i = 0; i < AUGMENT_OPS; i++)
		names[n++] = words[i].name;
	for (size_t i = 0; i < COUNT(presets); i++) {
		if (slice_eq(name, presets[i].name)) {
			quote(p, "'", name, "' is a preset, which only the first word may be, without a value");
			return;
		}
		names[n++] = presets[i].name;
	}
	struct str word = { 0 };
	str_add(&word, name.s, name.n);
	const char *nearest = name.n ? str_nearest(word.s, names, n) : NULL;
	str_free(&word);
	quote(p, "'", name, "' changes no picture; ");
	if (nearest) {
		str_printf(&p->wrong, "did you mean '%s'?", nearest);
		return;
	}
	str_puts(&p->wrong, "these do: ");
	for (size_t i = 0; i < AUGMENT_OPS; i++)
		str_printf(&p->wrong, "%s, ", words[i].name);
	str_puts(&p->wrong, "color");
}

static void edge_word(struct parse *p, struct slice v)
{
	for (size_t i = 0; i < COUNT(edges); i++)
		if (slice_eq(v, edges[i])) {
			p->how->edge = (enum edge)i;
			return;
		}
	quote(p, "edge: '", v, "' is none of zero, reflect, nearest");
}

/* Brightness, contrast, saturation and hue at once; what this text has said of one of them stays. */
static void set_color(struct parse *p, double x, double chance)
{
	static const struct { enum augment_op op; double share; } parts[] = {
		{ AUGMENT_BRIGHTNESS, 1 }, { AUGMENT_CONTRAST, 1 }, { AUGMENT_SATURATION, 1 }, { AUGMENT_HUE, 0.25 }
	};
	for (size_t i = 0; i < COUNT(parts); i++) {
		double by = x * parts[i].share, middle = parts[i].op == AUGMENT_HUE ? 0 : 1;
		if (!p->given[parts[i].op])
			p->how->op[parts[i].op] = (struct augment_range){ chance, middle - by, middle + by };
	}
}

/* NAME[:VALUE][@P] */
static void one_word(struct parse *p, struct slice text)
{
	const char *at = memchr(text.s, '@', text.n);
	struct slice head = { text.s, at ? (size_t)(at - text.s) : text.n }, chance = { at ? at + 1 : "1", 1 };
	const char *colon = memchr(head.s, ':', head.n);
	struct slice name = { head.s, colon ? (size_t)(colon - head.s) : head.n }, v = { 0 };
	if (at)
		chance.n = text.n - head.n - 1;
	if (colon)
		v = (struct slice){ colon + 1, head.n - name.n - 1 };
	if (slice_eq(name, EDGE)) {
		if (p->edge)
			str_puts(&p->wrong, "edge: given twice");
		else if (at)
			str_puts(&p->wrong, "edge: takes no probability");
		else
			edge_word(p, v);
		p->edge = true;
		return;
	}
	size_t i = 0;
	while (i < AUGMENT_OPS && !slice_eq(name, words[i].name))
		i++;
	const struct word *w = slice_eq(name, COLOR) ? &color : i < AUGMENT_OPS ? &words[i] : NULL;
	struct augment_range r = { 0 };
	if (!w) {
		unknown(p, name);
		return;
	}
	bool *given = w == &color ? &p->color : &p->given[i];
	if (*given)
		str_printf(&p->wrong, "%s: given twice", w->name);
	else if (!num_parse(chance.s, chance.n, &r.p) || !(r.p >= 0 && r.p <= 1))
		quote(p, "", text, ": what follows the @ is not a probability from 0 to 1");
	else if (!value(colon ? v : slice_of(w->fallback), w, &r)) {
		str_printf(&p->wrong, "%s: '", w->name);
		quote(p, "", v, "' ");
		say_wanted(&p->wrong, w);
	} else if (w == &color)
		set_color(p, r.high, r.p);
	else
		p->how->op[i] = r;
	*given = true;
}

static void all_words(struct parse *p, struct slice text)
{
	while (text.n && p->wrong.n == 0) {
		const char *comma = memchr(text.s, ',', text.n);
		struct slice word = { text.s, comma ? (size_t)(comma - text.s) : text.n };
		size_t gone = word.n + (comma ? 1 : 0);
		text = (struct slice){ text.s + gone, text.n - gone };
		if (word.n == 0 || (comma && text.n == 0))
			str_puts(&p->wrong, "nothing stands beside a comma");
		else
			one_word(p, word);
	}
}

char *augment_parse(const char *text, struct augment *how)
{
	struct parse p = { .how = how };
	struct slice rest = slice_of(text);
	size_t first = strcspn(text, ",");
	*how = (struct augment){ 0 };
	for (size_t i = 0; i < COUNT(presets); i++)
		if (slice_eq((struct slice){ text, first }, presets[i].name)) {
			struct parse preset = { .how = how };
			all_words(&preset, slice_of(presets[i].text));
			rest = slice_of(text + first + (text[first] == ','));
			if (text[first] == ',' && rest.n == 0)
				str_puts(&p.wrong, "nothing stands beside a comma");
			break;
		}
	all_words(&p, rest);
	if (p.wrong.n == 0 && p.given[AUGMENT_CROP] && p.given[AUGMENT_RESIZED])
		str_puts(&p.wrong, "crop and resized: both cut a part at random; give one");
	if (p.given[AUGMENT_RESIZED])
		how->op[AUGMENT_CROP].p = 0;
	else if (p.given[AUGMENT_CROP])
		how->op[AUGMENT_RESIZED].p = 0;
	if (!p.given[AUGMENT_RATIO])
		value(slice_of(words[AUGMENT_RATIO].fallback), &words[AUGMENT_RATIO], &how->op[AUGMENT_RATIO]);
	return p.wrong.n ? str_take(&p.wrong) : NULL;
}
