/*
 * A vectoriser: texts to rows of numbers, one column a term (an n-gram of
 * tokens). An entry is
 *
 *	f(count) * idf / norm,	f(c) = c, 1 (binary), 1 + ln c (sublinear)
 *	idf	ln((1 + n) / (1 + df)) + 1 (smooth), ln(n / df) + 1 (plain), 1 (none)
 *
 * of n texts, df of which hold the term; norm is that of the row (l2, l1, or
 * 1), as scikit-learn has it. With hash_bits there is no vocabulary: a term's
 * column is its MurmurHash3 modulo 2^bits, and its sign the hash's sign.
 */
#ifndef DLS_DATA_TEXT_TFIDF_H
#define DLS_DATA_TEXT_TFIDF_H

#include "data/sparse.h"
#include "data/text/count.h"

struct tfidf_opts {
	struct token_opts token;
	const char *ngrams, *min_df, *max_df, *select, *idf, *norm;
	int32_t max_features, hash_bits;
	bool binary, sublinear, signs;
};

/* Their rows, for a struct S that has them as member M; leave M empty for struct tfidf_opts itself. */
#define TFIDF_OPTS(S, M) \
	OPT(S, M token.tokens, "tokens", "HOW", "word", "word|sklearn|tweet|char|char-wb|cell", \
	    "what a token is: a word (sklearn: of two letters or more, with _), a word or sign of a tweet, a character, a character of a padded word, a whole cell"), \
	OPT(S, M ngrams, "ngrams", "N-M", "1-2", NULL, "tokens in a row that make a term: N, or N to M"), \
	OPT(S, M token.letter_case, "case", "HOW", "fold", "fold|lower|keep", "letter case: folded, lower, or as it is"), \
	OPT(S, M token.nfkc, "nfkc", NULL, "true", NULL, "Unicode compatibility forms, composed (NFKC)"), \
	OPT(S, M token.strip_accents, "strip-accents", NULL, NULL, NULL, "take accents off letters"), \
	OPT(S, M token.stop, "stop", "LISTS", "", NULL, "words to leave out: english, russian, or files of words; a list"), \
	OPT(S, M token.stem, "stem", "LANG", NULL, NULL, "take the stems of words in this language (english, russian, ...)"), \
	OPT(S, M token.min_length, "min-length", "N", "1", "[1,1000]", "least characters of a word"), \
	OPT(S, M token.urls, "urls", "HOW", "map", "keep|map|drop", "in tweets: map makes each <url>"), \
	OPT(S, M token.users, "users", "HOW", "map", "keep|map|drop", "in tweets: map makes each @name and mail address <user>"), \
	OPT(S, M token.hashtags, "hashtags", "HOW", "keep", "keep|word|map|drop", "in tweets: word takes the # off, map makes each <hashtag>"), \
	OPT(S, M token.emoticons, "emoticons", "HOW", "keep", "keep|map|drop", "in tweets: map makes each <happy>, <sad>, <shocked>, <unsure> or <heart>"), \
	OPT(S, M token.elongation, "elongation", "N", "2", "[0,100]", "in tweets: longest run of one letter or sign (soooo gives soo); 0: any"), \
	OPT(S, M min_df, "min-df", "N", "2", NULL, "leave out terms in fewer texts: a count, or with a point a share (0.01)"), \
	OPT(S, M max_df, "max-df", "N", "1.0", NULL, "leave out terms in more texts: a count, or a share"), \
	OPT(S, M max_features, "max-features", "N", "0", "[0,2000000000]", "keep the best N terms by --select; 0: all"), \
	OPT(S, M select, "select", "HOW", "tf", "tf|chi2|mi", \
	    "what makes a term good: how often it occurs, or chi-squared or mutual information with the target"), \
	OPT(S, M binary, "binary", NULL, NULL, NULL, "count a term once in a text"), \
	OPT(S, M sublinear, "sublinear", NULL, "true", NULL, "1 + ln(count) instead of the count"), \
	OPT(S, M idf, "idf", "HOW", "smooth", "smooth|plain|none", "weight of rare terms: ln((1+n)/(1+df))+1, ln(n/df)+1, or 1"), \
	OPT(S, M norm, "norm", "HOW", "l2", "l2|l1|none", "length that each row gets"), \
	OPT(S, M hash_bits, "hash-bits", "N", "0", "[0,30]", \
	    "no vocabulary: 2^N columns, a term's by its hash, so that memory is constant; 0: a vocabulary"), \
	OPT(S, M signs, "signs", NULL, "true", NULL, "with --hash-bits: half of the terms count negatively, so that collisions cancel")

extern const struct opt tfidf_table[];

struct tfidf;

/* NULL, with *why (malloc'ed), when the options make no sense. o is copied. */
struct tfidf *tfidf_new(const struct tfidf_opts *o, char **why);
void tfidf_free(struct tfidf *v);	/* NULL is fine */

/* ---- fitting ---- */

/* memory: bytes for counts, 0 for any. */
void tfidf_begin(struct tfidf *v, size_t memory, int threads);
/* n texts, each of parts slices (n, parts); with --select chi2 and mi their label (n), 0 .. classes - 1, of which there may be more each time. */
void tfidf_learn(struct tfidf *v, const struct slice *texts, size_t n, size_t parts, const int32_t *label, int32_t classes);
/* NULL, or what is wrong (malloc'ed). */
char *tfidf_end(struct tfidf *v);

/* ---- what it is ---- */

bool tfidf_wants_labels(const struct tfidf_opts *o);
size_t tfidf_ncols(const struct tfidf *v);
bool tfidf_named(const struct tfidf *v);	/* its columns are called after terms: there is a vocabulary */
uint64_t tfidf_texts(const struct tfidf *v);	/* it was fitted on */
uint64_t tfidf_df(const struct tfidf *v, size_t col);	/* 0 where it is not kept: loaded, hashed and without idf */
double tfidf_idf(const struct tfidf *v, size_t col);
/* Appends the name of a column: the term, or "#17" with hash_bits. */
void tfidf_name(const struct tfidf *v, size_t col, struct str *out);
/* The column of a term by its very text, or SIZE_MAX. */
size_t tfidf_find(const struct tfidf *v, struct slice term);
bool tfidf_same(const struct tfidf *a, const struct tfidf *b);	/* their columns have the same names */
/* What fitting met; zero in a loaded one. */
struct tfidf_met {
	uint64_t distinct;	/* terms, before they were chosen */
	size_t runs;		/* on disk */
	size_t columns;		/* with hash_bits: that some text has */
};
struct tfidf_met tfidf_met(const struct tfidf *v);

/* ---- rows ---- */

struct tfidf_scratch;			/* a worker's memory */
struct tfidf_scratch *tfidf_scratch_new(void);
void tfidf_scratch_free(struct tfidf_scratch *s);

/* Appends the row of one text, of parts slices, to rows. Thread-safe with a scratch and rows for each thread. */
void tfidf_row(const struct tfidf *v, const struct slice *text, size_t parts, struct tfidf_scratch *s, struct sparse *rows);

/* ---- the file ---- */

void tfidf_save(const struct tfidf *v, struct store *st);	/* into the store's present scope */
struct tfidf *tfidf_load(struct store *st);			/* dies (ST_DATA) when it makes no sense */
void tfidf_show(const struct tfidf *v, struct json *j);		/* members of the open object */

#endif
