/* Texts through every tokenizer and form, n-grams, and a vectoriser that is fitted, saved, loaded and applied. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "data/text/tfidf.h"
#include "world.h"

#define TEXTS 24
#define HEAD 5	/* bytes that say how; the texts follow, a line each */

/* Word i of a list, modulo its length. */
static const char *pick(const char *const *words, size_t n, unsigned i)
{
	return words[i % n];
}
#define PICK(i, ...) pick((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), i)

/* Options by the first bytes; their words are not owned. */
static struct tfidf_opts options(const uint8_t *h)
{
	struct tfidf_opts o;
	opt_defaults(tfidf_table, &o);
	o.token.tokens = PICK(h[0], "word", "sklearn", "tweet", "char", "char-wb");
	o.token.letter_case = PICK(h[0] / 5u, "fold", "lower", "keep");
	o.token.nfkc = h[0] / 15 % 2;
	o.token.strip_accents = h[0] / 30 % 2;
	if (strncmp(o.token.tokens, "char", 4) != 0) {
		o.token.stem = PICK(h[1], NULL, NULL, "english", "russian", "turkish", "porter");
		o.token.min_length = 1 + h[1] / 6 % 3;
		if (h[1] / 18 % 2)
			strs_add(&o.token.stop, "english");
	}
	o.token.urls = PICK(h[2], "keep", "map", "drop");
	o.token.users = PICK(h[2] / 3u, "keep", "map", "drop");
	o.token.hashtags = PICK(h[2] / 9u, "keep", "word", "map", "drop");
	o.token.emoticons = PICK(h[2] / 36u, "keep", "map", "drop");
	o.token.elongation = h[2] / 100;
	o.ngrams = PICK(h[3], "1", "2", "1-3", "2-4", "5");
	o.min_df = PICK(h[3] / 5u, "1", "2", "0.1");
	o.hash_bits = h[3] / 15 % 3 ? 0 : h[3] / 45;
	if (o.hash_bits == 0 && h[3] / 45 % 2) {
		o.select = PICK(h[3] / 90u, "tf", "chi2", "mi");
		o.max_features = 5;
	}
	o.binary = h[4] % 2;
	o.sublinear = h[4] / 2 % 2;
	o.signs = h[4] / 4 % 2;
	o.norm = PICK(h[4] / 8u, "l2", "l1", "none");
	o.idf = PICK(h[4] / 24u, "smooth", "plain", "none");
	return o;
}

static void check_tokens(const struct tfidf_opts *o, const struct slice *texts, size_t n)
{
	char *why;
	uint32_t between = strncmp(o->token.tokens, "char", 4) != 0;	/* a blank */
	struct tokens t = { 0 };
	struct tokenizer *tk = tokenizer_new(&o->token, NULL, 0, &why);
	for (size_t i = 0; tk && i < n; i++) {
		tokens_of(tk, texts[i], i % 2 == 0, &t);
		for (size_t k = 0; k < t.n; k++)
			if (t.at[k] >= t.end[k] || (k && (t.at[k] != t.end[k - 1] + between || t.group[k] < t.group[k - 1])))
				bug("token %zu does not follow", k);
		if (t.n && t.end[t.n - 1] != t.text.n)
			bug("the last token does not end the text");
	}
	tokens_free(&t);
	tokenizer_free(tk);
}

static struct sparse rows_of(const struct tfidf *v, const struct slice *texts, size_t n)
{
	struct sparse rows = sparse_new(tfidf_ncols(v));
	struct tfidf_scratch *s = tfidf_scratch_new();
	for (size_t i = 0; i < n; i++)
		tfidf_row(v, &texts[i], 1, s, &rows);
	tfidf_scratch_free(s);
	for (size_t i = 0; i < rows.n; i++)
		for (size_t e = rows.start[i]; e < rows.start[i + 1]; e++)
			if (!isfinite(rows.val[e]) || rows.val[e] == 0 || (size_t)rows.col[e] >= rows.ncols || (e > rows.start[i] && rows.col[e] <= rows.col[e - 1]))
				bug("entry %zu of row %zu", e, i);
	return rows;
}

static void one(const uint8_t *data, size_t n)
{
	struct slice texts[TEXTS];
	int32_t label[TEXTS];
	size_t k = 0;
	char *why;
	if (n < HEAD)
		return;
	const char *s = mem_copy(data + HEAD, n - HEAD, 1), *end = s + (n - HEAD);
	while (s < end && k < TEXTS) {
		const char *e = memchr(s, '\n', (size_t)(end - s));
		e = e ? e : end;
		texts[k++] = (struct slice){ s, (size_t)(e - s) };
		s = e + 1;
	}
	struct tfidf_opts o = options(data);
	struct tfidf *v = tfidf_new(&o, &why);
	if (!v)
		return;
	check_tokens(&o, texts, k);
	tfidf_begin(v, data[4] / 72 % 2, 1);
	bool labelled = tfidf_wants_labels(&o);
	for (size_t i = 0; i < k; i++)
		label[i] = (int32_t)(i % (i < k / 2 ? 2 : 3));
	tfidf_learn(v, texts, k / 2, 1, labelled ? label : NULL, 2);
	tfidf_learn(v, texts + k / 2, k - k / 2, 1, labelled ? label + k / 2 : NULL, 3);
	if (tfidf_end(v))
		return;
	struct store *st = store_new();
	tfidf_save(v, st);
	struct tfidf *w = tfidf_load(st);
	struct sparse a = rows_of(v, texts, k), b = rows_of(w, texts, k);
	if (sparse_nnz(&a) != sparse_nnz(&b) || (sparse_nnz(&a) && memcmp(a.val, b.val, sparse_nnz(&a) * sizeof(*a.val)) != 0))
		bug("saved and loaded it makes other rows");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_one(one, data, n);
}
