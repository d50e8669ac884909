/*
 * Tokens of tweets and other short messages: beside words (with apostrophes
 * inside, numbers with points inside) there are
 *
 *	URLs		http:// https:// www. up to a blank; punctuation at the end is not part of it
 *	@users		a letter, digit or _ after it
 *	#tags		the same and marks
 *	emoticons	:) ;-( =D :'( xD <3 ^_^ -_- (: and so on; a mouth that is repeated counts once
 *	other signs	a run of the same sign is one token
 *
 * and the entities &amp; &lt; &gt; &quot; &#39; are the signs that they stand
 * for. A run of one letter or sign is cut to `elongation`.
 */
#include <ctype.h>
#include <string.h>

#include "data/text/token.h"

struct cut {
	const struct tweet_rules *r;
	const char *start, *s, *end;	/* of the text, which a NUL follows */
	struct tokens *out;
};

/* ---- characters ---- */

static bool is_wordly(const char *s, size_t *len)
{
	enum char_class class = char_class(char_at(s, len));
	return class == CHAR_LETTER || class == CHAR_NUMBER || class == CHAR_MARK;
}

static bool wordly_at(const char *s)
{
	size_t len;
	return is_wordly(s, &len);
}

/* Whether a word's character stands right before s. */
static bool after_word(const struct cut *c)
{
	const char *p = c->s;
	if (p == c->start)
		return false;
	do
		p--;
	while (p > c->start && (*p & 0xc0) == 0x80);
	return *p == '_' || wordly_at(p);
}

static bool is_in(const char *set, char c)
{
	return c && strchr(set, c);
}

static bool starts(const char *s, const char *lower)
{
	for (; *lower; s++, lower++)
		if (tolower((unsigned char)*s) != *lower)
			return false;
	return true;
}

/* ---- tokens ---- */

static void add(struct cut *c, const char *s, size_t n, enum policy p, const char *mapped)
{
	if (p == MAP)
		token_add(c->out, mapped, strlen(mapped));
	else if (p != DROP)
		token_add(c->out, s, n);
}

/* Adds a word or a run of signs with each run of one letter or sign cut; digits stay. */
static void add_cut(struct cut *c, const char *s, size_t n)
{
	const char *end = s + n;
	int32_t last = -1, run = 0;
	size_t len, kept = 0;
	token_add(c->out, s, n);	/* and then shortened in place */
	char *to = c->out->text.s + c->out->at[c->out->n - 1];
	for (; s < end; s += len) {
		int32_t x = char_at(s, &len);
		run = x == last ? run + 1 : 1;
		last = x;
		if (c->r->elongation && run > c->r->elongation && !(x < 0x80 && isdigit(x)))
			continue;
		memcpy(to + kept, s, len);
		kept += len;
	}
	c->out->text.n -= n - kept;
	c->out->text.s[c->out->text.n] = '\0';
	c->out->end[c->out->n - 1] = (uint32_t)c->out->text.n;
}

static bool take_url(struct cut *c)
{
	if (after_word(c) || !(starts(c->s, "http://") || starts(c->s, "https://") || starts(c->s, "www.")))
		return false;
	const char *e = c->s;
	size_t len;
	while (e < c->end && char_class(char_at(e, &len)) != CHAR_SPACE && *e != '<' && *e != '>' && *e != '"')
		e += len;
	while (is_in(".,!?;:)'", e[-1]))
		e--;
	add(c, c->s, (size_t)(e - c->s), c->r->urls, "<url>");
	c->s = e;
	return true;
}

static bool take_user(struct cut *c)
{
	const char *e = c->s + 1;
	if (*c->s != '@' || after_word(c))
		return false;
	while (isalnum((unsigned char)*e) || *e == '_')
		e++;
	if (e == c->s + 1)
		return false;
	add(c, c->s, (size_t)(e - c->s), c->r->users, "<user>");
	c->s = e;
	return true;
}

static bool take_hashtag(struct cut *c)
{
	const char *e = c->s + 1;
	size_t len = 1;
	if (*c->s != '#' || after_word(c))
		return false;
	while (*e == '_' || is_wordly(e, &len))
		e += *e == '_' ? 1 : len;
	if (e == c->s + 1)
		return false;
	bool bare = c->r->hashtags == WORD;
	add(c, c->s + bare, (size_t)(e - c->s) - bare, c->r->hashtags, "<hashtag>");
	c->s = e;
	return true;
}

/* ---- emoticons ---- */

static const char *feeling(char mouth)
{
	return is_in(")]}>dp3*", mouth) ? "<happy>" : is_in("([{<c", mouth) ? "<sad>" : is_in("o0@", mouth) ? "<shocked>" :
	       "<unsure>";
}

/* The mouth, one of ( [ ) ], as it is written after the eyes. */
static char turned(char mouth)
{
	return mouth == '(' ? ')' : mouth == '[' ? ']' : mouth == ')' ? '(' : '[';
}

/* Adds the emoticon of these parts as short as it can be written, and goes on at e. */
static void add_face(struct cut *c, const char *face, const char *mapped, const char *e)
{
	add(c, face, strlen(face), c->r->emoticons, mapped);
	c->s = e;
}

/* Eyes, perhaps a nose or a tear, a mouth: :-) =D :o) :'( xD 8) */
static bool take_face(struct cut *c)
{
	const char *s = c->s + 1, *mouths;
	char eyes = (char)tolower((unsigned char)*c->s), face[3] = { eyes };
	bool letter = eyes == 'x' || eyes == '8';
	mouths = letter ? "dp)(" : ")]}>([{<dpo0@3c/\\|*$";
	if (!is_in(":;=8x", eyes) || (letter && after_word(c)))
		return false;
	if (is_in("-'^*~", *s) && is_in(mouths, (char)tolower((unsigned char)s[1])))
		s++;
	else if (*s == 'o' && is_in(")]([", s[1]))
		s++;
	char mouth = (char)tolower((unsigned char)*s);
	const char *from = s;
	if (!is_in(mouths, mouth))
		return false;
	while (tolower((unsigned char)*s) == mouth)
		s++;
	if ((isalnum((unsigned char)mouth) && wordly_at(s)) || (is_in("/\\", mouth) && s - from > 1))
		return false;	/* ":day" and "://" begin no face */
	face[1] = mouth;
	add_face(c, face, feeling(mouth), s);
	return true;
}

/* The other way round: (: (-; ]= */
static bool take_turned(struct cut *c)
{
	const char *s = c->s;
	char mouth = *s, face[4] = { 0 };
	if (!is_in(")](([", mouth) || after_word(c))
		return false;
	while (*s == mouth)
		s++;
	if (is_in("-'^*", *s))
		s++;
	if (!is_in(":;=", *s) || wordly_at(s + 1))
		return false;
	face[0] = *s;
	face[1] = turned(mouth);
	add_face(c, face, feeling(face[1]), s + 1);
	return true;
}

static bool take_emoticon(struct cut *c)
{
	static const struct {
		const char *text, *mapped;
	} whole[] = {
		{ "</3", "<sad>" }, { "<3", "<heart>" }, { "^_^", "<happy>" }, { "^^", "<happy>" }, { "^.^", "<happy>" },
		{ "-_-", "<unsure>" }, { "-.-", "<unsure>" }, { ">_<", "<sad>" }, { "t_t", "<sad>" }, { "o_o", "<shocked>" },
		{ "o.o", "<shocked>" }, { "\\o/", "<happy>" },
	};
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
		const char *e = c->s + strlen(whole[i].text);
		if (!starts(c->s, whole[i].text) || (isalnum((unsigned char)*whole[i].text) && (after_word(c) || wordly_at(e))))
			continue;
		if (isdigit((unsigned char)*e))
			continue;	/* "<30" */
		add_face(c, whole[i].text, whole[i].mapped, e);
		return true;
	}
	return take_face(c) || take_turned(c);
}

/* ---- words and signs ---- */

static bool is_apostrophe(const char *s, size_t *len)
{
	*len = *s == '\'' ? 1 : 3;
	return *s == '\'' || strncmp(s, "\xe2\x80\x99", 3) == 0;
}

static bool take_word(struct cut *c)
{
	const char *e = c->s;
	size_t len;
	while (e < c->end) {
		if (*e == '_' || is_wordly(e, &len)) {
			e += *e == '_' ? 1 : len;
			continue;
		}
		bool inside = e > c->s && ((is_apostrophe(e, &len) && wordly_at(e + len)) ||
			((*e == '.' || *e == ',') && isdigit((unsigned char)e[-1]) && isdigit((unsigned char)e[1]) && (len = 1)));
		if (!inside)
			break;
		e += len;
	}
	if (e == c->s)
		return false;
	add_cut(c, c->s, (size_t)(e - c->s));
	c->s = e;
	return true;
}

static void take_sign(struct cut *c)
{
	size_t len, next;
	int32_t x = char_at(c->s, &len);
	const char *e = c->s + len;
	while (e < c->end && char_at(e, &next) == x)
		e += next;
	add_cut(c, c->s, (size_t)(e - c->s));
	c->s = e;
}

/* ---- entities ---- */

/* Replaces entities in place; returns the length that is left. */
static size_t take_entities(char *s, size_t n)
{
	static const struct {
		const char *text;
		char sign;
	} entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&#39;", '\'' } };
	size_t to = 0;
	for (size_t i = 0; i < n; to++) {
		s[to] = s[i];
		size_t k = 0;
		while (s[i] == '&' && k < sizeof(entities) / sizeof(*entities) &&
		       strncmp(s + i, entities[k].text, strlen(entities[k].text)) != 0)
			k++;
		bool found = s[i] == '&' && k < sizeof(entities) / sizeof(*entities);
		if (found)
			s[to] = entities[k].sign;
		i += found ? strlen(entities[k].text) : 1;
	}
	s[to] = '\0';
	return to;
}

void tweet_tokens(const struct tweet_rules *r, char *s, size_t n, struct tokens *out)
{
	n = take_entities(s, n);
	struct cut c = { r, s, s, s + n, out };
	size_t len;
	while (c.s < c.end) {
		if (char_class(char_at(c.s, &len)) == CHAR_SPACE)
			c.s += len;
		else if (!take_url(&c) && !take_user(&c) && !take_hashtag(&c) && !take_emoticon(&c) && !take_word(&c))
			take_sign(&c);
	}
}
