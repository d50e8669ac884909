/*
 * Text cut into tokens. They are laid out one after another with one space
 * between, so that a run of them, an n-gram, is a slice of that text.
 *
 *	word	runs of letters, digits and marks
 *	sklearn	runs of two or more letters, digits and _: the default pattern of scikit-learn
 *	tweet	words with inner apostrophes, and URLs, @users, #tags, emoticons, other signs
 *	char	characters, each run of blanks as one blank
 *	cell	the whole text as one token, without blanks at its ends; none when it means missing
 *	char-wb	characters of a word with a blank before and after it; no n-gram leaves its word
 */
#ifndef DLS_DATA_TEXT_TOKEN_H
#define DLS_DATA_TEXT_TOKEN_H

#include "base/map.h"
#include "data/text/unicode.h"
#include "opt/opt.h"

/* What the user says of tokens; part of the options of a vectoriser. */
struct token_opts {
	const char *tokens;	/* word sklearn tweet char char-wb cell */
	const char *letter_case;/* fold lower keep */
	bool nfkc, strip_accents;
	struct strs stop;	/* names of lists, or files */
	const char *stem;	/* language, or NULL */
	int32_t min_length;	/* characters */
	/* of tweet: keep map drop (hashtags: word too) */
	const char *urls, *users, *hashtags, *emoticons;
	int32_t elongation;	/* longest run of one character; 0: any */
};

#define TEXT_SLACK 64

struct tokenizer;

/*
 * NULL, with *why (malloc'ed) saying what is wrong with the options. stop (n)
 * are the stop words themselves, in a form that token_stop_words() gave.
 */
struct tokenizer *tokenizer_new(const struct token_opts *o, char *const *stop, size_t nstop, char **why);
void tokenizer_free(struct tokenizer *t);	/* NULL is fine */

/* The words of the lists and files of o->stop as tokens in the options' form; adds them to words. Dies when a file cannot be read. */
void token_stop_words(const struct token_opts *o, struct strs *words);

/* Tokens of one text, and a worker's scratch: zero it before the first use. */
struct tokens {
	struct str text;	/* of the tokens; TEXT_SLACK bytes after it may be read */
	uint32_t *at, *end;	/* (n) where each is in it */
	size_t n, cap;
	uint32_t *group;	/* (ngroups) the token after each group; no n-gram goes from one to another */
	size_t ngroups, cap_groups;
	struct str form;	/* the text in its Unicode form */
	struct stemmer *stemmer;
};

/* The tokens of the text to out, after those that are there unless fresh. Thread-safe with an out for each thread. */
void tokens_of(const struct tokenizer *t, struct slice text, bool fresh, struct tokens *out);
void tokens_free(struct tokens *out);

/* Whether n-grams shorter than their group count as it does in scikit-learn's char_wb: a word shorter than n gives itself, once. */
bool tokenizer_pads(const struct tokenizer *t);

/* ---- shared by token.c, tweet.c and words.c alone ---- */

enum policy { KEEP, MAP, DROP, WORD };

struct tweet_rules {
	enum policy urls, users, hashtags, emoticons;
	int32_t elongation;
};

/* Adds the token s (n bytes) that a tokenizer found. */
void token_add(struct tokens *out, const char *s, size_t n);

/* Cuts the text, in its Unicode form and followed by a NUL, into tokens by the rules; changes it. */
void tweet_tokens(const struct tweet_rules *r, char *s, size_t n, struct tokens *out);

/* The text of a stop list that is built in (words with blanks between), or NULL. */
const char *stop_list(const char *name);

struct stemmer *stemmer_new(const char *language);	/* NULL: no such language */
void stemmer_free(struct stemmer *s);			/* NULL is fine */
struct slice stemmer_stem(struct stemmer *s, struct slice word);	/* lives until the next call */
void stemmer_languages(struct str *out);		/* their names with commas between */

#endif
