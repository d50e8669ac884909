#include "data/text/token.h"

#include <ctype.h>
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/table.h"

enum mode { MODE_WORD, MODE_SKLEARN, MODE_TWEET, MODE_CHAR, MODE_CHAR_WB, MODE_CELL };

struct tokenizer {
	enum mode mode;
	struct unicode *form;
	struct dict *stop;	/* or NULL */
	char *stem;		/* language, or NULL */
	size_t min_length;
	struct tweet_rules tweet;
	bool sifts;		/* tokens are looked at one by one: stop words, stems, lengths */
	unsigned char kind[256];/* of bytes in words */
};

/* What a byte is to a word: no part of it, a part, or the first of a longer character. */
enum { NOT_IN_WORD, IN_WORD, LONGER };

static size_t index_of(const char *word, const char *const *words)
{
	size_t i = 0;
	while (strcmp(words[i], word) != 0)
		i++;
	return i;
}

static enum policy policy_of(const char *word)
{
	static const char *const names[] = { "keep", "map", "drop", "word" };
	return (enum policy)index_of(word, names);
}

static struct tokenizer *make(const struct token_opts *o)
{
	static const char *const modes[] = { "word", "sklearn", "tweet", "char", "char-wb", "cell" };
	static const char *const cases[] = { "fold", "lower", "keep" };
	struct tokenizer *t = NEW0(struct tokenizer, 1);
	t->mode = (enum mode)index_of(o->tokens, modes);
	t->form = unicode_new((struct unicode_form){ (enum letter_case)index_of(o->letter_case, cases), o->nfkc, o->strip_accents });
	t->min_length = (size_t)o->min_length;
	for (int c = 0; c < 256; c++)
		t->kind[c] = c >= 0x80 ? LONGER : isalnum(c) || (c == '_' && t->mode == MODE_SKLEARN) ? IN_WORD : NOT_IN_WORD;
	t->tweet = (struct tweet_rules){ policy_of(o->urls), policy_of(o->users), policy_of(o->hashtags),
		policy_of(o->emoticons), o->elongation };
	return t;
}

struct tokenizer *tokenizer_new(const struct token_opts *o, char *const *stop, size_t nstop, char **why)
{
	struct tokenizer *t = make(o);
	bool chars = t->mode == MODE_CHAR || t->mode == MODE_CHAR_WB;
	struct str s = { 0 };
	if (chars && (nstop || o->stop.n || o->stem || o->min_length > 1))
		str_printf(&s, "--stop, --stem and --min-length are for words, not for --tokens %s", o->tokens);
	struct stemmer *stemmer = o->stem ? stemmer_new(o->stem) : NULL;
	if (o->stem && !stemmer && !s.n) {
		str_printf(&s, "--stem %s: there is no such language; there are: ", o->stem);
		stemmer_languages(&s);
	}
	stemmer_free(stemmer);
	if (s.n) {
		*why = str_take(&s);
		tokenizer_free(t);
		return NULL;
	}
	t->stem = mem_str(o->stem);
	if (nstop)
		t->stop = dict_new();
	for (size_t i = 0; i < nstop; i++)
		dict_add(t->stop, stop[i], strlen(stop[i]));
	t->sifts = t->stop || t->stem || t->min_length > 1;
	return t;
}

void tokenizer_free(struct tokenizer *t)
{
	if (!t)
		return;
	unicode_free(t->form);
	dict_free(t->stop);
	free(t->stem);
	free(t);
}

bool tokenizer_pads(const struct tokenizer *t)
{
	return t->mode == MODE_CHAR_WB;
}

void tokens_free(struct tokens *out)
{
	str_free(&out->text);
	str_free(&out->form);
	free(out->at);
	free(out->end);
	free(out->group);
	stemmer_free(out->stemmer);
	*out = (struct tokens){ 0 };
}

/* ---- cutting ---- */

/* Room for so many more tokens, and bytes of their text. */
static void reserve(struct tokens *out, size_t tokens, size_t bytes)
{
	str_reserve(&out->text, bytes + TEXT_SLACK);
	if (out->n + tokens > out->cap) {
		out->cap = out->n + tokens + out->cap / 2;
		GROW(out->at, out->cap);
		GROW(out->end, out->cap);
	}
}

/* The tokens since the last group are one. */
static void end_group(struct tokens *out)
{
	if (out->n == (out->ngroups ? out->group[out->ngroups - 1] : 0))
		return;
	if (out->ngroups == out->cap_groups) {
		out->cap_groups = out->cap_groups * 2 + 16;
		GROW(out->group, out->cap_groups);
	}
	out->group[out->ngroups++] = (uint32_t)out->n;
}

/* A token at text[at .. end), for which there is room. */
static inline void add_span(struct tokens *out, size_t at, size_t end)
{
	out->at[out->n] = (uint32_t)at;
	out->end[out->n++] = (uint32_t)end;
}

void token_add(struct tokens *out, const char *s, size_t n)
{
	reserve(out, 1, n + 1);
	if (out->text.n)
		str_putc(&out->text, ' ');
	size_t at = out->text.n;
	str_add(&out->text, s, n);
	add_span(out, at, out->text.n);
}

/* ---- words ---- */

static bool char_in_word(const struct tokenizer *t, int32_t c)
{
	enum char_class class = char_class(c);
	return class == CHAR_LETTER || class == CHAR_NUMBER || (class == CHAR_MARK && t->mode == MODE_WORD);
}

/* Appends a word that lies in a text with TEXT_SLACK; there is room. */
static inline char *put_word(struct tokens *out, char *to, const char *s, size_t n)
{
	if (to > out->text.s)
		*to++ = ' ';
	memcpy(to, s, 16);
	for (size_t i = 16; i < n; i += 16)
		memcpy(to + i, s + i, 16);
	add_span(out, (size_t)(to - out->text.s), (size_t)(to - out->text.s) + n);
	return to + n;
}

/* Words of at least so many characters from s (n), which a NUL follows: it ends every loop, being no part of a word. */
static void cut_words(const struct tokenizer *t, size_t least, const char *s, size_t n, struct tokens *out)
{
	const char *end = s + n;
	reserve(out, n / 2 + 1, n + 1);
	char *to = out->text.s + out->text.n;
	while (s < end) {
		const char *from = s;
		size_t chars = 0, len = 1;
		for (;; s += len, chars++) {
			unsigned char kind = t->kind[(unsigned char)*s];
			len = 1;
			if (kind == IN_WORD)
				continue;
			if (kind == NOT_IN_WORD || !char_in_word(t, char_at(s, &len)))
				break;
		}
		if (chars >= least)
			to = put_word(out, to, from, (size_t)(s - from));
		for (s += len; s < end && t->kind[(unsigned char)*s] == NOT_IN_WORD; s++)
			continue;
	}
	out->text.n = (size_t)(to - out->text.s);
	*to = '\0';
}

typedef signed char bytes16 __attribute__((vector_size(16)));

/* Which of 16 bytes are a letter or digit of ASCII, or _ when that counts. */
static inline uint32_t word_bits(const char *s, bool underscore)
{
	bytes16 c;
	memcpy(&c, s, 16);
	bytes16 letter = c | 0x20;
	bytes16 in = ((letter >= 'a') & (letter <= 'z')) | ((c >= '0') & (c <= '9'));
	if (underscore)
		in |= c == '_';
	return (uint32_t)_mm_movemask_epi8((__m128i)in);
}

/*
 * The same for a text of ASCII alone, with TEXT_SLACK bytes of NUL after it: 64
 * bytes at a time become a mask of those in words, and where the mask turns
 * over words begin and end. A byte costs a tenth of what it does one by one.
 */
static void cut_ascii(const struct tokenizer *t, size_t least, const char *s, size_t n, struct tokens *out)
{
	bool underscore = t->mode == MODE_SKLEARN;
	uint64_t inside = 0;
	size_t from = 0;
	reserve(out, n / 2 + 1, n + 1);
	char *to = out->text.s + out->text.n;
	for (size_t i = 0; i <= n; i += 64) {
		uint64_t in = 0;
		for (int k = 0; k < 4; k++)
			in |= (uint64_t)word_bits(s + i + 16 * k, underscore) << 16 * k;
		uint64_t turns = in ^ (in << 1 | inside);
		for (; turns; turns &= turns - 1) {
			size_t at = i + (size_t)__builtin_ctzll(turns);
			if (in >> (at - i) & 1)
				from = at;
			else if (at - from >= least)
				to = put_word(out, to, s + from, at - from);
		}
		inside = in >> 63;
	}
	out->text.n = (size_t)(to - out->text.s);
	*to = '\0';
}

/* ---- characters ---- */

static bool is_space(const char *s, size_t *len)
{
	return char_class(char_at(s, len)) == CHAR_SPACE;
}

/* Characters, a run of blanks of two or more as one space (a single one stays what it is). */
static void cut_chars(const char *s, size_t n, struct tokens *out)
{
	const char *end = s + n;
	size_t len, next;
	reserve(out, n, n);
	for (; s < end; s += len) {
		bool space = is_space(s, &len), more = false;
		while (space && s + len < end && is_space(s + len, &next)) {
			len += next;
			more = true;
		}
		size_t at = out->text.n, bytes = more ? 1 : len;
		str_add(&out->text, more ? " " : s, bytes);
		add_span(out, at, out->text.n);
	}
}

static void cut_padded(const char *s, size_t n, struct tokens *out)
{
	const char *end = s + n;
	size_t len;
	while (s < end) {
		if (is_space(s, &len)) {
			s += len;
			continue;
		}
		const char *from = s;
		while (s < end && !is_space(s, &len))
			s += len;
		cut_chars(" ", 1, out);
		cut_chars(from, (size_t)(s - from), out);
		cut_chars(" ", 1, out);
		end_group(out);
	}
}

/* ---- sifting ---- */

static size_t chars_in(const char *s, size_t n)
{
	size_t chars = 0;
	for (size_t i = 0; i < n; i++)
		chars += (s[i] & 0xc0) != 0x80;
	return chars;
}

/* Whether a token is a word, of which a tweet has others too. */
static bool is_word(const struct tokenizer *t, struct slice w)
{
	size_t len;
	return t->mode != MODE_TWEET || char_in_word(t, char_at(w.s, &len));
}

/* Leaves out stop words and short words from `first` on, and takes stems, some of which are longer than their words. */
static void sift(const struct tokenizer *t, size_t first, struct tokens *out)
{
	size_t base = first ? out->end[first - 1] : 0, kept = first;
	struct str *to = &out->form;	/* of no more use: what comes after base is gathered there */
	if (t->stem && !out->stemmer)
		out->stemmer = stemmer_new(t->stem);
	to->n = 0;
	for (size_t i = first; i < out->n; i++) {
		struct slice w = { out->text.s + out->at[i], out->end[i] - out->at[i] };
		bool word = is_word(t, w);
		if ((word && chars_in(w.s, w.n) < t->min_length) || (t->stop && dict_find(t->stop, w.s, w.n) >= 0))
			continue;
		if (t->stem && word)
			w = stemmer_stem(out->stemmer, w);
		if (base + to->n)
			str_putc(to, ' ');
		out->at[kept] = (uint32_t)(base + to->n);
		str_add(to, w.s, w.n);
		out->end[kept++] = (uint32_t)(base + to->n);
	}
	out->n = kept;
	out->text.n = base;
	str_add(&out->text, to->s, to->n);
}

void tokens_of(const struct tokenizer *t, struct slice text, bool fresh, struct tokens *out)
{
	if (fresh)
		out->n = out->ngroups = out->text.n = 0;
	out->form.n = 0;
	bool ascii = unicode_add(t->form, text, &out->form);
	size_t first = out->n, n = out->form.n, least = t->mode == MODE_SKLEARN ? 2 : 1;
	str_reserve(&out->form, TEXT_SLACK + 64);
	char *s = out->form.s;
	memset(s + n, 0, TEXT_SLACK + 64);
	switch (t->mode) {
	case MODE_WORD:
	case MODE_SKLEARN: (ascii ? cut_ascii : cut_words)(t, least, s, n, out); break;
	case MODE_TWEET: tweet_tokens(&t->tweet, s, n, out); break;
	case MODE_CHAR: cut_chars(s, n, out); break;
	case MODE_CHAR_WB: cut_padded(s, n, out); break;
	case MODE_CELL:
		if (!is_missing((struct slice){ s, n }, NULL))
			token_add(out, slice_trim((struct slice){ s, n }).s, slice_trim((struct slice){ s, n }).n);
	}
	if (t->sifts)
		sift(t, first, out);
	end_group(out);
	str_reserve(&out->text, TEXT_SLACK);
}

/* ---- stop words ---- */

/* Adds the tokens of a list of words in the form of all tokens. */
static void add_list(const struct tokenizer *t, struct slice list, struct strs *words, struct dict *seen)
{
	struct tokens out = { 0 };
	tokens_of(t, list, true, &out);
	for (size_t i = 0; i < out.n; i++) {
		size_t len = out.end[i] - out.at[i];
		int32_t known = dict_size(seen);
		if (dict_add(seen, out.text.s + out.at[i], len) == known)
			strs_add(words, dict_text(seen, known));
	}
	tokens_free(&out);
}

void token_stop_words(const struct token_opts *o, struct strs *words)
{
	struct tokenizer *t = make(o);
	struct dict *seen = dict_new();
	for (size_t i = 0; i < o->stop.n; i++) {
		const char *list = stop_list(o->stop.s[i]);
		size_t n;
		char *file = list ? NULL : in_read_all(o->stop.s[i], &n);
		add_list(t, list ? slice_of(list) : (struct slice){ file, n }, words, seen);
		free(file);
	}
	dict_free(seen);
	tokenizer_free(t);
}
