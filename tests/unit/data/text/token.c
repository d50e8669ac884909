/* Tokens and n-grams as scikit-learn's analyzers have them; words by a naive tokenizer; stop words, stems, lengths, parts. */
#include "unit.h"

#include <libstemmer.h>

#include "data/text/term.h"
#include "text.h"

static const char *printed(const struct tokens *t)
{
	static char all[4096];
	size_t n = 0;
	for (size_t i = 0; i < t->n && n < sizeof(all) - 300; i++)
		n += (size_t)snprintf(all + n, 300, "[%.*s]", (int)(token_at(t, i).n < 250 ? token_at(t, i).n : 250), token_at(t, i).s);
	all[n] = '\0';
	return all;
}

/* ---- scikit-learn ---- */

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All n-grams, as often as they stand in the text, sorted; ngrams has room. */
static size_t all_grams(const struct tokens *t, const struct grams *g, char **out)
{
	size_t n = 0;
	for (size_t i = 0; i < g->n; i++)
		for (uint32_t k = 0; k < g->g[i].count; k++)
			out[n++] = mem_strn(t->text.s + g->g[i].at, g->g[i].n);
	if (n)
		qsort(out, n, sizeof(*out), by_bytes);
	return n;
}

START_TEST(equals_sklearn)
{
	struct jval *list = golden(GOLDEN "tokens.json");
	struct tokenizer *t = NULL;
	struct tokens out = { 0 };
	struct grams grams = { 0 };
	struct gram_range range = { 1, 1, false };
	char *got[2000], *want[2000];
	for (size_t i = 0; i < jval_size(list); i++) {
		const struct jval *row = jval_at(list, i);
		const char *text = jval_str(jval_at(row, 0));
		if (jval_size(row) == 1) {
			struct tfidf_opts o = options(text);
			ck_assert(gram_range(o.ngrams, &range));
			opt_free(tfidf_table, &o);
			tokenizer_free(t);
			t = tokenizer(text);
			range.padded = tokenizer_pads(t);
			continue;
		}
		const struct jval *terms = jval_at(row, 1);
		tokens_of(t, slice_of(text), true, &out);
		for (size_t k = 0; range.most == 1 && !range.padded && k < out.n && k < jval_size(terms); k++)	/* in order too */
			MUST(slice_eq(token_at(&out, k), jval_str(jval_at(terms, k))), "'%s': %s, %zu is not '%s'", text, printed(&out), k,
			     jval_str(jval_at(terms, k)));
		grams_of(&out, range, &grams);
		size_t n = all_grams(&out, &grams, got), m = jval_size(terms);
		for (size_t k = 0; k < m; k++)
			want[k] = mem_str(jval_str(jval_at(terms, k)));
		if (m)
			qsort(want, m, sizeof(*want), by_bytes);
		for (size_t k = 0; k < n || k < m; k++) {
			MUST(k < n && k < m && strcmp(got[k], want[k]) == 0, "row %zu, '%s': %s; %zu of %zu: '%s', not '%s'", i, text, printed(&out),
			     k, n, k < n ? got[k] : "", k < m ? want[k] : "");
			free(got[k]);
			free(want[k]);
		}
	}
	tokenizer_free(t);
	tokens_free(&out);
	grams_free(&grams);
	jval_free(list);
}
END_TEST

/* ---- by hand ---- */

/* Words of the text in its form: runs of letters, numbers and marks, and with `pairs` of two or more without marks but _. */
static size_t naive_words(const char *s, bool pairs, struct slice *out)
{
	const char *end = s + strlen(s), *from = NULL;
	size_t n = 0, chars = 0, len;
	for (; s <= end; s += len) {
		bool bad;
		len = 1;
		enum char_class c = s < end ? char_class(utf8_decode(s, end, &len, &bad)) : CHAR_SPACE;
		if (c == CHAR_LETTER || c == CHAR_NUMBER || (pairs ? c == CHAR_UNDERSCORE : c == CHAR_MARK)) {
			from = from ? from : s;
			chars++;
			continue;
		}
		if (from && chars >= (pairs ? 2u : 1u))
			out[n++] = (struct slice){ from, (size_t)(s - from) };
		from = NULL;
		chars = 0;
	}
	return n;
}

START_TEST(words_of_random_texts)
{
	static const char *const lines[] = { "--tokens word", "--tokens word --case keep --no-nfkc", "--tokens word --case lower --strip-accents",
		"--tokens sklearn", "--tokens sklearn --case keep --no-nfkc" };
	static const struct unicode_form forms[] = { { CASE_FOLD, true, false }, { CASE_KEEP, false, false }, { CASE_LOWER, true, true },
		{ CASE_FOLD, true, false }, { CASE_KEEP, false, false } };
	struct tokens out = { 0 };
	struct str text = { 0 }, form = { 0 };
	for (size_t m = 0; m < 5; m++) {
		struct tokenizer *t = tokenizer(lines[m]);
		struct unicode *u = unicode_new(forms[m]);
		struct rng r = rng_at(1, "token", m);
		for (int round = 0; round < 3000; round++) {
			struct slice want[2000];
			text.n = form.n = 0;
			add_random_text(&r, 40, &text);
			unicode_add(u, (struct slice){ text.s, text.n }, &form);
			size_t n = naive_words(form.s, m >= 3, want);
			tokens_of(t, (struct slice){ text.s, text.n }, true, &out);
			MUST(out.n == n, "%s: '%s' gives %zu words, not %zu: %s", lines[m], form.s, out.n, n, printed(&out));
			for (size_t i = 0; i < n; i++) {
				struct slice w = token_at(&out, i);
				MUST(w.n == want[i].n && memcmp(w.s, want[i].s, w.n) == 0, "%s: '%s': %s, word %zu", lines[m], form.s, printed(&out), i);
				MUST(i == 0 || (out.at[i] == out.end[i - 1] + 1 && out.text.s[out.at[i] - 1] == ' '), "%s: token %zu does not follow", form.s, i);
			}
		}
		unicode_free(u);
		tokenizer_free(t);
	}
	tokens_free(&out);
	str_free(&text);
	str_free(&form);
}
END_TEST

START_TEST(options_of_words)
{
	expect("--tokens word", "The Cat's 2 hats", "the|cat|s|2|hats");
	expect("--tokens word --case keep", "The Cat's", "The|Cat|s");
	expect("--tokens word --min-length 2", "a bb é éé 中 中国", "bb|éé|中国");
	expect("--tokens word --stop english", "The cat and the hat", "cat|hat");
	expect("--tokens word --stop english,russian", "the кот и hat был", "кот|hat");
	expect("--tokens word --stop english --case keep", "The the cat", "The|cat");	/* a list is in its own letter case */
	expect("--tokens word --stop english", "don't you'll I'm", "don|t");	/* a word of the list is its tokens: ll, m */
	expect("--tokens word --stem english", "running runs cats", "run|run|cat");
	expect("--tokens word --stem english --stop english", "being cats", "cat");	/* stop words first, stems then */
	expect("--tokens word --stem russian", "кошками собаки", "кошк|собак");
	expect("--tokens word --stem turkish", "pomurg a pomurg", "pomurgu|a|pomurgu");	/* a stem longer than its word */
	expect("--tokens word --stem porter", "s as cats", "s|a|cat");	/* a word without a stem stays */
	expect("--tokens word --stem english --min-length 4", "cats cat", "cat");	/* the word has the length, not the stem */
	expect("--tokens word --stop tests/golden/texts/stop.txt", "The don Straße, STRASSE É", "");	/* in the form of all words */
	expect("--tokens char", "a b", "a| |b");
	expect("--tokens char", "a \t b\t", "a| |b|\t");	/* a single blank stays what it is */
	expect("--tokens char", "", "");
	expect("--tokens char-wb", " ab c ", " |a|b| || |c| ");
}
END_TEST

/* The tokens of each part are a group of their own, whatever is left out of it. */
START_TEST(parts_of_a_text)
{
	expect("--tokens word", "a b\fc d", "a|b||c|d");
	expect("--tokens word", "\fa\f\fb\f", "a||b");
	expect("--tokens word --stop english --stem english", "the cats\fthe\frunning", "cat||run");
	expect("--tokens word --stop english", "the\fcat", "cat");
	expect("--tokens tweet", "a :)\f(: b", "a|:)||:)|b");
	expect("--tokens char-wb", "ab\fc", " |a|b| || |c| ");
	expect("--tokens char-wb", "a b\fc", " |a| || |b| || |c| ");
}
END_TEST

/* ---- stems ---- */

/* A random word in letters of many languages. */
static void add_random_word(struct rng *r, struct str *out)
{
	static const char *const letters[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "v", "y",
		"ing", "ed", "tion", "é", "ü", "ö", "ı", "ş", "ğ", "а", "о", "е", "и", "н", "т", "с", "ами", "ость", "ый", "ь", "ا", "ل", "و", "α", "σ", "ή", "க", "ி" };
	size_t n = 1 + rng_below(r, 7), kinds = rng_below(r, 2) ? 24 : sizeof(letters) / sizeof(*letters);
	for (size_t i = 0; i < n; i++)
		str_puts(out, letters[rng_below(r, kinds)]);
}

/* Every language against libstemmer itself, words met again among new ones. */
START_TEST(stems_equal_libstemmer)
{
	struct tokens out = { 0 };
	for (const char **language = sb_stemmer_list(); *language; language++) {
		struct str line = { 0 }, text = { 0 };
		struct rng r = rng_at(1, *language, 0);
		str_printf(&line, "--tokens word --case keep --no-nfkc --stem %s", *language);
		struct tokenizer *t = tokenizer(line.s), *words = tokenizer("--tokens word --case keep --no-nfkc");
		struct sb_stemmer *sb = sb_stemmer_new(*language, "UTF_8");
		struct tokens plain = { 0 };
		for (int round = 0; round < 30; round++) {
			text.n = 0;
			for (int i = 0; i < 100; i++) {
				add_random_word(&r, &text);
				str_putc(&text, ' ');
			}
			tokens_of(t, (struct slice){ text.s, text.n }, true, &out);
			tokens_of(words, (struct slice){ text.s, text.n }, true, &plain);
			MUST(out.n == plain.n, "%s: %zu stems of %zu words", *language, out.n, plain.n);
			for (size_t i = 0; i < out.n; i++) {
				struct slice word = token_at(&plain, i), stem = token_at(&out, i);
				const sb_symbol *s = sb_stemmer_stem(sb, (const sb_symbol *)word.s, (int)word.n);
				size_t n = (size_t)sb_stemmer_length(sb);
				if (n == 0) {
					s = (const sb_symbol *)word.s;
					n = word.n;
				}
				MUST(stem.n == n && memcmp(stem.s, s, n) == 0, "%s: '%.*s' gives '%.*s', not '%.*s'", *language, (int)word.n, word.s,
				     (int)stem.n, stem.s, (int)n, (const char *)s);
			}
		}
		sb_stemmer_delete(sb);
		tokens_free(&plain);
		tokens_free(&out);
		tokenizer_free(t);
		tokenizer_free(words);
		str_free(&line);
		str_free(&text);
	}
}
END_TEST

START_TEST(long_words)
{
	struct str text = { 0 };
	for (size_t n = 22; n < 1003; n += n < 28 || n > 995 ? 1 : 50) {
		text.n = 0;
		for (size_t i = 0; i < n - 1; i++)
			str_putc(&text, 'a');
		str_putc(&text, 's');
		struct tokenizer *t = tokenizer("--tokens word --stem english");
		struct tokens out = { 0 };
		for (int again = 0; again < 2; again++) {
			tokens_of(t, (struct slice){ text.s, text.n }, true, &out);
			ck_assert_uint_eq(out.n, 1);
			ck_assert_uint_eq(token_at(&out, 0).n, n <= 1000 ? n - 1 : n);	/* the s goes; longer ones stay */
		}
		tokens_free(&out);
		tokenizer_free(t);
	}
	str_free(&text);
}
END_TEST

/* ---- what is wrong ---- */

static void refused(const char *line, const char *what)
{
	struct tfidf_opts o = options(line);
	char *why = NULL;
	ck_assert_ptr_null(tokenizer_new(&o.token, NULL, 0, &why));
	ck_assert_msg(strstr(why, what), "%s: %s", line, why);
	free(why);
	opt_free(tfidf_table, &o);
}

START_TEST(options_that_make_no_sense)
{
	refused("--stem klingon", "--stem klingon: there is no such language; there are: arabic,");
	refused("--tokens char --stop english", "are for words, not for --tokens char");
	refused("--tokens char-wb --stem english", "are for words, not for --tokens char-wb");
	refused("--tokens char --min-length 2", "are for words");
}
END_TEST

/* ---- n-grams ---- */

/* Every run of tokens of one group, in order; padded: a group of fewer tokens gives itself, once. */
static size_t naive_grams(const struct tokens *t, struct gram_range r, struct slice *out)
{
	size_t n = 0, from = 0, end;
	for (size_t g = 0; g < t->ngroups; g++, from = end) {
		end = t->group[g];
		for (size_t k = (size_t)r.least; k <= (size_t)r.most; k++) {
			size_t least = k < end - from || !r.padded ? k : end - from;
			for (size_t i = from; i + least <= end; i++)
				out[n++] = (struct slice){ t->text.s + t->at[i], t->end[i + least - 1] - t->at[i] };
			if (r.padded && k >= end - from)
				break;
		}
	}
	return n;
}

START_TEST(grams_equal_naive_ones)
{
	struct tokenizer *words = tokenizer("--tokens word"), *padded = tokenizer("--tokens char-wb");
	struct rng r = rng_at(2, "grams", 0);
	struct tokens t = { 0 };
	struct grams g = { 0 };
	for (int round = 0; round < 3000; round++) {
		struct slice want[2000];
		struct str text = { 0 };
		struct gram_range range = { 1 + (int32_t)rng_below(&r, 4), 0, rng_below(&r, 2) };
		range.most = range.least + (int32_t)rng_below(&r, 3);
		for (size_t part = 0, parts = 1 + rng_below(&r, 3); part < parts; part++) {
			text.n = 0;
			for (size_t i = rng_below(&r, 12); i > 0; i--)
				str_puts(&text, (const char *[]){ "a", "b", "ab ", " ", "é", "a b a b " }[rng_below(&r, 6)]);
			tokens_of(range.padded ? padded : words, (struct slice){ text.s ? text.s : "", text.n }, part == 0, &t);
		}
		grams_of(&t, range, &g);
		size_t n = naive_grams(&t, range, want), sum = 0;
		MUST(g.n <= n, "%zu grams of %zu", g.n, n);
		for (size_t i = 0, next = 0; i < n; i++) {	/* each is there once, in the order of the first */
			size_t k = 0, count = 0;
			while (k < g.n && !(g.g[k].n == want[i].n && memcmp(t.text.s + g.g[k].at, want[i].s, want[i].n) == 0))
				k++;
			for (size_t j = 0; j < n; j++)
				count += want[j].n == want[i].n && memcmp(want[j].s, want[i].s, want[i].n) == 0;
			MUST(k < g.n && g.g[k].count == count && k <= next && g.g[k].hash == term_hash(want[i].s, want[i].n), "'%s': %.*s",
			     text.s, (int)want[i].n, want[i].s);
			next += k == next;
		}
		for (size_t k = 0; k < g.n; k++)
			sum += g.g[k].count;
		MUST(sum == n, "%zu grams counted, not %zu", sum, n);
		str_free(&text);
	}
	tokens_free(&t);
	grams_free(&g);
	tokenizer_free(words);
	tokenizer_free(padded);
}
END_TEST

START_TEST(ranges)
{
	static const struct {
		const char *text;
		int32_t least, most;	/* 0: none */
	} cases[] = {
		{ "1", 1, 1 }, { "2", 2, 2 }, { "1-3", 1, 3 }, { "100", 100, 100 }, { "1-100", 1, 100 }, { "0", 0, 0 }, { "0-2", 0, 0 }, { "3-2", 0, 0 },
		{ "", 0, 0 }, { "-", 0, 0 }, { "1-", 0, 0 }, { "-1", 0, 0 }, { "1-2-3", 0, 0 }, { "101", 0, 0 }, { "1.5", 0, 0 }, { "1 - 2", 0, 0 }, { "x", 0, 0 },
		{ "99999999999999999999", 0, 0 }, { "4294967297", 0, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct gram_range r;
		bool ok = gram_range(cases[i].text, &r);
		ck_assert_msg(ok == (cases[i].least > 0), "%s", cases[i].text);
		ck_assert(!ok || (r.least == cases[i].least && r.most == cases[i].most));
	}
}
END_TEST

UNIT_MAIN("token", equals_sklearn, words_of_random_texts, options_of_words, parts_of_a_text, stems_equal_libstemmer, long_words,
	  options_that_make_no_sense, grams_equal_naive_ones, ranges)
