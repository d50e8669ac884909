/* What tests of texts share: random texts over many scripts, options as they are typed, golden files. */
#ifndef DLS_TESTS_TEXT_H
#define DLS_TESTS_TEXT_H

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "data/text/tfidf.h"
#include "io/jsonio.h"

#define UNUSED __attribute__((unused))
#define GOLDEN "tests/golden/texts/"

UNUSED static struct jval *golden(const char *name)
{
	size_t n;
	char *text = in_read_all(name, &n);
	struct jval *v = jval_parse(text, n, name);
	free(text);
	return v;
}

/* Options from "--tokens char --ngrams 2-3"; blanks part words. Release with opt_free(tfidf_table, &o). */
UNUSED static struct tfidf_opts options(const char *line)
{
	struct tfidf_opts o;
	struct strs none = { 0 };
	char *copy = mem_str(line), *argv[64], *save;
	int argc = 0, at = 0;
	for (char *w = strtok_r(copy, " ", &save); w && argc < 64; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	opt_defaults(tfidf_table, &o);
	opt_parse(argc, argv, &at, (struct opt_set){ tfidf_table, &o }, (struct opt_set){ NULL, NULL }, false, &none);
	strs_free(&none);
	free(copy);
	return o;
}

/* A tokenizer by such options. */
UNUSED static struct tokenizer *tokenizer(const char *line)
{
	struct tfidf_opts o = options(line);
	struct strs stop = { 0 };
	char *why = NULL;
	token_stop_words(&o.token, &stop);
	struct tokenizer *t = tokenizer_new(&o.token, stop.s, stop.n, &why);
	if (!t)
		ck_abort_msg("%s: %s", line, why);
	strs_free(&stop);
	opt_free(tfidf_table, &o);
	return t;
}

UNUSED static struct slice token_at(const struct tokens *t, size_t i)
{
	return (struct slice){ t->text.s + t->at[i], t->end[i] - t->at[i] };
}

/* Expects these tokens, parted by |, of a text whose parts \f divides; || between those of two parts. */
UNUSED static void expect(const char *line, const char *text, const char *want)
{
	struct tokenizer *t = tokenizer(line);
	struct tokens out = { 0 };
	struct str got = { 0 };
	const char *part = text;
	for (bool fresh = true; part; fresh = false) {
		const char *bar = strchr(part, '\f');
		tokens_of(t, (struct slice){ part, bar ? (size_t)(bar - part) : strlen(part) }, fresh, &out);
		part = bar ? bar + 1 : NULL;
	}
	for (size_t i = 0, g = 0; i < out.n; i++) {
		bool next = g < out.ngroups && i == out.group[g];
		g += next;
		str_printf(&got, "%s%.*s", i == 0 ? "" : next ? "||" : "|", (int)token_at(&out, i).n, token_at(&out, i).s);
	}
	str_add(&got, "", 0);
	ck_assert_msg(strcmp(got.s, want) == 0, "%s: '%s' gives %s, not %s", line, text, got.s, want);
	str_free(&got);
	tokens_free(&out);
	tokenizer_free(t);
}

/* Where characters of a random text come from, first and last: one such range a word or so. */
static const int32_t scripts[][2] = {
	{ 0x20, 0x7e }, { 0x41, 0x7a }, { 0xa0, 0xff }, { 0x100, 0x24f }, { 0x300, 0x36f }, { 0x370, 0x3ff }, { 0x400, 0x4ff },
	{ 0x591, 0x5f4 }, { 0x600, 0x6ff }, { 0x900, 0x97f }, { 0x980, 0x9ff }, { 0xb80, 0xbff }, { 0xd80, 0xdff }, { 0xe00, 0xe5b },
	{ 0xf40, 0xfbc }, { 0x1000, 0x109f }, { 0x1100, 0x11ff }, { 0xac00, 0xac40 }, { 0xd7a0, 0xd7ff }, { 0x1e00, 0x1eff },
	{ 0x1f00, 0x1fff }, { 0x2000, 0x206f }, { 0x20d0, 0x215f }, { 0x2160, 0x24ff }, { 0x2adc, 0x2adc }, { 0x3040, 0x30ff },
	{ 0x3200, 0x33ff }, { 0xf900, 0xfb4f }, { 0xfb50, 0xfdff }, { 0xfe00, 0xfe2f }, { 0xfe70, 0xfeff }, { 0xff00, 0xffef },
	{ 0x11080, 0x110bb }, { 0x11100, 0x11134 }, { 0x11300, 0x1134d }, { 0x114b0, 0x114c4 }, { 0x11930, 0x11943 },
	{ 0x1d15e, 0x1d1c0 }, { 0x1d400, 0x1d7ff }, { 0x1f1e6, 0x1f64f }, { 0xe0000, 0xe007f }, { 0x0, 0xd7ff }, { 0xe000, 0x10ffff },
};
/* These stand in any of them: marks of several classes, joiners and what is ignored, vowels and consonants of Hangul. */
static const int32_t anywhere[] = { 0x301, 0x323, 0x327, 0x308, 0x345, 0x31b, 0xad, 0x200d, 0xfe0f, 0x34f, 0x1161, 0x11a8, 0x3099, 0xff9e,
	0x9be, 0x93c, 0x130, 0x49, 'A', 'e', ' ' };

/* Appends a random text of up to `most` characters; without NUL. */
UNUSED static void add_random_text(struct rng *r, size_t most, struct str *out)
{
	size_t n = rng_below(r, most + 1);
	const int32_t *range = scripts[0];
	for (size_t i = 0; i < n; i++) {
		char s[4];
		if (rng_below(r, 5) == 0)
			range = scripts[rng_below(r, sizeof(scripts) / sizeof(*scripts))];
		int32_t c = range[0] + (int32_t)rng_below(r, (uint64_t)(range[1] - range[0] + 1));
		if (rng_below(r, 3) == 0)
			c = anywhere[rng_below(r, sizeof(anywhere) / sizeof(*anywhere))];
		if (c)
			str_add(out, s, utf8_encode(c, s));
	}
	str_add(out, "", 0);
}

#endif
