/*
 * Tokens of tweets and other short messages: beside words (with apostrophes
 * inside, numbers with points, colons and slashes inside) there are
 *
 *	URLs		http:// https:// www. up to a blank; punctuation at the end is not part of it
 *	@users		a letter, digit or _ after it; @user@host.net and mail addresses too
 *	#tags		the same and marks
 *	emoticons	:) ;-( =D :'( xD <3 ^_^ -_- (: and so on; a mouth that is repeated counts once
 *	other signs	a run of the same sign is one token; an emoji has its modifiers and joined ones with it
 *
 * and the entities &amp; &lt; &gt; &quot; &#39; are the signs that they stand
 * for. A run of one letter or sign is cut to `elongation`. What may be an
 * emoticon and something else - a=(b), 10:30, c:/, (item 8) - is taken for what
 * it mostly is in tweets.
 */
#include <ctype.h>
#include <string.h>

#include "data/text/token.h"

struct cut {
	const struct tweet_rules *r;
	const char *start, *s, *end;	/* of the text, which a NUL follows */
	const char *name_end;	/* where the last @user or #tag ended: the next one may follow at once */
	struct tokens *out;
};

/* ---- characters ---- */

static bool is_wordly(const char *s, size_t *len)
{
	if ((unsigned char)*s < 0x80) {
		*len = 1;
		return isalnum((unsigned char)*s);
	}
	enum char_class class = char_class(char_at(s, len));
	return class == CHAR_LETTER || class == CHAR_NUMBER || class == CHAR_MARK;
}

static bool wordly_at(const char *s)
{
	size_t len;
	return is_wordly(s, &len);
}

/* Where the character before s begins; s is not the text's start. */
static const char *back(const struct cut *c, const char *s)
{
	do
		s--;
	while (s > c->start && (*s & 0xc0) == 0x80);
	return s;
}

/* Whether a word's character stands right before s. */
static bool after_word(const struct cut *c)
{
	return c->s > c->start && (c->s[-1] == '_' || wordly_at(back(c, c->s)));
}

/* Whether one of a name in Latin letters stands there: @ after it begins no user. */
static bool after_name(const struct cut *c)
{
	return c->s > c->start && c->s != c->name_end && (isalnum((unsigned char)c->s[-1]) || c->s[-1] == '_');
}

static bool after_blank(const struct cut *c)
{
	size_t len;
	return c->s == c->start || char_class(char_at(back(c, c->s), &len)) == CHAR_SPACE;
}

static bool is_in(const char *set, char c)
{
	return c && strchr(set, c);
}

#define NEAR 40	/* bytes that a bracket before is looked for in */

/* Whether the bracket at s closes one that was opened not long before. */
static bool closes(const struct cut *c, const char *s)
{
	char open = *s == ')' ? '(' : '[';
	for (const char *p = s; p > c->start && s - p < NEAR;) {
		p--;
		if (*p == *s)
			return false;
		if (*p == open && !is_in(":;=-", p[1]) && !(p > c->start && is_in(":;=-'", p[-1])))	/* which is no mouth */
			return true;
	}
	return false;
}

static bool starts(const char *s, const char *lower)
{
	for (; *lower; s++, lower++)
		if (tolower((unsigned char)*s) != *lower)
			return false;
	return true;
}

static bool is_digit(char c)
{
	return isdigit((unsigned char)c);
}

static bool is_alnum(char c)
{
	return isalnum((unsigned char)c);
}

/* ---- tokens ---- */

static void add(struct cut *c, const char *s, size_t n, enum policy p, const char *mapped)
{
	if (p == MAP)
		token_add(c->out, mapped, strlen(mapped));
	else if (p != DROP)
		token_add(c->out, s, n);
}

/* The length of an apostrophe, however it is written, at s, or 0. NFKC makes a blank and a mark of the accent on a key. */
static size_t apostrophe(const char *s)
{
	static const char *const written[] = { "´", "ʼ", "’", "‘" };
	if (*s == ' ')
		return strncmp(s + 1, "\u0301", 2) == 0 ? 3 : 0;
	if ((unsigned char)*s < 0x80)
		return *s == '\'' || *s == '`';
	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++)
		if (strncmp(s, written[i], strlen(written[i])) == 0)
			return strlen(written[i]);
	return 0;
}

/* The end of the character at s with all that modifies it: marks, skin colours, joined ones; two letters make a flag. */
static const char *sign_end(const char *s, const char *end)
{
	size_t len;
	int32_t x = char_at(s, &len), y;
	const char *e = s + len;
	if (x >= 0x1f1e6 && x <= 0x1f1ff && e < end && (y = char_at(e, &len)) >= 0x1f1e6 && y <= 0x1f1ff)
		return e + len;
	while (e < end) {
		y = char_at(e, &len);
		bool joiner = y == 0x200d && e + len < end && char_class(char_at(e + len, &(size_t){ 0 })) == CHAR_OTHER;
		if (joiner)
			char_at(e += len, &len);
		else if (char_class(y) != CHAR_MARK && !(y >= 0x1f3fb && y <= 0x1f3ff) && !(y >= 0xe0020 && y <= 0xe007f))
			break;
		e += len;
	}
	return e;
}

/* Adds a word or a run of signs with each run of one letter or sign cut (digits stay), and one kind of apostrophe in words. */
static void add_cut(struct cut *c, const char *s, size_t n, bool word)
{
	const char *end = s + n, *last = s;
	size_t len, last_len = 0, kept = 0;
	int32_t run = 0;
	token_add(c->out, s, n);	/* and then shortened in place */
	char *to = c->out->text.s + c->out->at[c->out->n - 1];
	for (; s < end; s += len) {
		bool mark = word && (len = apostrophe(s));
		if (!mark && word)
			char_at(s, &len);
		else if (!mark)
			len = (size_t)(sign_end(s, end) - s);
		run = len == last_len && memcmp(s, last, len) == 0 ? run + 1 : 1;
		last = s;
		last_len = len;
		if (c->r->elongation && run > c->r->elongation && !is_digit(*s))
			continue;
		memcpy(to + kept, mark ? "'" : s, mark ? 1 : len);
		kept += mark ? 1 : len;
	}
	c->out->text.n -= n - kept;
	c->out->text.s[c->out->text.n] = '\0';
	c->out->end[c->out->n - 1] = (uint32_t)c->out->text.n;
}

/* ---- addresses ---- */

/* The length of the scheme, or of www. before a host, of a URL that begins at s, or 0. */
static size_t url_scheme(const char *s)
{
	return *s != 'h' && *s != 'H' && *s != 'w' && *s != 'W' ? 0 : starts(s, "http://") ? 7 : starts(s, "https://") ? 8 : starts(s, "www.") && wordly_at(s + 4) ? 4 : 0;
}

static bool take_url(struct cut *c)
{
	static const char closing[] = ")]}", opening[] = "([{";
	size_t scheme = url_scheme(c->s), len, open[3] = { 0 }, closed[3] = { 0 };
	if (!scheme || (scheme == 4 && after_word(c)))
		return false;
	const char *e = c->s + scheme;
	for (; e < c->end && char_class(char_at(e, &len)) != CHAR_SPACE && *e != '<' && *e != '>' && *e != '"'; e += len)
		for (size_t k = 0; k < 3; k++) {
			open[k] += *e == opening[k];
			closed[k] += *e == closing[k];
		}
	for (const char *p = back(c, e); p >= c->s + scheme; e = p, p = back(c, e)) {	/* at the end: signs, brackets that it does not open */
		const char *bracket = *p ? strchr(closing, *p) : NULL;
		if (bracket && closed[bracket - closing] > open[bracket - closing])
			closed[bracket - closing]--;
		else if (bracket || ((unsigned char)*p < 0x80 ? !is_in(".,!?;:'*|~", *p) : wordly_at(p)))
			break;
	}
	add(c, c->s, (size_t)(e - c->s), c->r->urls, "<url>");
	c->s = e;
	return true;
}

/* The end of a host's name with a point in it, or NULL. */
static const char *host_end(const char *s)
{
	const char *e = s, *point = NULL;
	for (; is_alnum(*e) || ((*e == '-' || *e == '.') && e > s && is_alnum(e[1]) && is_alnum(e[-1])); e++)
		if (*e == '.')
			point = e;
	return point ? e : NULL;
}

#define LOCAL_MAX 64	/* bytes of a mail address before the @ */

/* The end of a mail address at s, or NULL. */
static const char *mail_end(const char *s)
{
	const char *e = s;
	while (e - s <= LOCAL_MAX && (is_alnum(*e) || is_in("._%+-", *e)))
		e++;
	return *e == '@' && e > s && is_alnum(e[-1]) ? host_end(e + 1) : NULL;
}

static bool take_user(struct cut *c)
{
	const char *e = c->s + 1, *host;
	if (*c->s != '@' || after_name(c))
		return false;
	while (is_alnum(*e) || *e == '_')
		e++;
	if (e == c->s + 1)
		return false;
	if (*e == '@' && (host = host_end(e + 1)))
		e = host;
	add(c, c->s, (size_t)(e - c->s), c->r->users, "<user>");
	c->s = c->name_end = e;
	return true;
}

static bool take_hashtag(struct cut *c)
{
	const char *e = c->s + 1;
	size_t len = 1;
	if (*c->s != '#' || (after_word(c) && c->s != c->name_end))
		return false;
	while (*e == '_' || is_wordly(e, &len))
		e += *e == '_' ? 1 : len;
	if (e == c->s + 1 || char_class(char_at(c->s + 1, &len)) == CHAR_MARK)
		return false;
	if (c->r->hashtags == WORD)
		add_cut(c, c->s + 1, (size_t)(e - c->s) - 1, true);
	else
		add(c, c->s, (size_t)(e - c->s), c->r->hashtags, "<hashtag>");
	c->s = c->name_end = e;
	return true;
}

/* ---- emoticons ---- */

static const char *feeling(char mouth)
{
	return is_in(")]}>dp3*", mouth) ? "<happy>" : is_in("([{<c@", mouth) ? "<sad>" : is_in("o0", mouth) ? "<shocked>" :
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

/* Whether eyes, at c->s, and the mouth before e are something else: a drive, a price, an equation, a chapter and verse. */
static bool is_no_face(const struct cut *c, char eyes, bool nose, char mouth, const char *e)
{
	bool letter = is_alnum(eyes), inside = after_word(c), more = wordly_at(e);
	if (is_alnum(mouth))
		return more || (is_digit(mouth) && (inside || *e == '.'));
	if (is_in("([{<", mouth))
		return more && (inside || letter || eyes == '=');
	if (letter && !nose)
		return closes(c, c->s + 1);
	return (is_in("/\\|", mouth) && more && inside) || (mouth == '@' && (more || *e == '_')) || (mouth == '$' && is_digit(*e));
}

/* Eyes, perhaps a nose or a tear, a mouth: :-) =D :o) :'( xD 8) */
static bool take_face(struct cut *c)
{
	const char *s = c->s + 1, *mouths;
	char eyes = (char)tolower((unsigned char)*c->s), face[3] = { eyes };
	bool letter = is_alnum(eyes);
	if (!is_in(":;=8x", eyes) || (letter && (after_word(c) || (c->s > c->start && is_in("([", c->s[-1])))))
		return false;
	mouths = letter ? "d)(" : eyes == '=' ? ")]}([{dpo3c/\\|*$" : eyes == ';' ? ")]}>([{<dpo0@3c/\\|*$" :
		")]}>([{<dpo0@3csx/\\|*$";
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
	if ((is_in("/\\", mouth) && s - from > 1) || is_no_face(c, eyes, from > c->s + 1, mouth, s))
		return false;
	face[1] = mouth;
	add_face(c, face, feeling(mouth), s);
	return true;
}

/* The other way round: (: (-; ]= D: */
static bool take_turned(struct cut *c)
{
	const char *s = c->s;
	char mouth = *s, face[3] = { 0 };
	if (tolower((unsigned char)mouth) == 'd' && s[1] == ':' && after_blank(c) && !wordly_at(s + 2) && !is_in(")](/", s[2])) {
		add_face(c, "d:", "<sad>", s + 2);
		return true;
	}
	if (!is_in(")](([", mouth) || after_word(c) || (is_in(")]", mouth) && closes(c, s)))
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

/* The end of an emoticon of this pattern at s, or NULL: _ stands for one or more of it. */
static const char *match_face(const char *s, const char *pattern)
{
	for (; *pattern; s++, pattern++) {
		if (tolower((unsigned char)*s) != *pattern)
			return NULL;
		while (*pattern == '_' && s[1] == '_')
			s++;
	}
	return s;
}

/* Hearts, "<3" with any number of threes: but neither "<30" nor "<3.5". */
static bool take_heart(struct cut *c)
{
	const char *e = c->s + 1;
	bool broken = *e == '/';
	if (*c->s != '<' || e[broken] != '3')
		return false;
	for (e += broken; *e == '3'; e++)
		continue;
	if (is_digit(*e) || (is_in(".,", *e) && is_digit(e[1])))
		return false;
	add_face(c, broken ? "</3" : "<3", broken ? "<sad>" : "<heart>", e);
	return true;
}

static bool take_emoticon(struct cut *c)
{
	static const struct {
		const char *text, *mapped;
	} whole[] = {
		{ "^_^", "<happy>" }, { "^^", "<happy>" }, { "^.^", "<happy>" }, { "-_-", "<unsure>" }, { "-.-", "<unsure>" },
		{ ">_<", "<sad>" }, { ">.<", "<sad>" }, { ";_;", "<sad>" }, { "t_t", "<sad>" }, { "o_o", "<shocked>" }, { "o.o", "<shocked>" },
		{ "\\o/", "<happy>" },
	};
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
		const char *e = match_face(c->s, whole[i].text);
		if (!e || (is_alnum(*whole[i].text) && (after_word(c) || *e == '_' || wordly_at(e))))
			continue;
		add_face(c, whole[i].text, whole[i].mapped, e);
		return true;
	}
	return take_heart(c) || take_face(c) || take_turned(c);
}

/* ---- words and signs ---- */

static bool take_word(struct cut *c)
{
	const char *e = c->s, *mail;
	size_t len;
	if (char_class(char_at(e, &len)) == CHAR_MARK)
		return false;
	while (e < c->end) {
		if ((*e == '_' || is_wordly(e, &len)) && !(e > c->s && url_scheme(e) > 4)) {
			e += *e == '_' ? 1 : len;
			continue;
		}
		bool inside = e > c->s && (((len = apostrophe(e)) && wordly_at(e + len)) ||
			(is_in(".,:/", *e) && is_digit(e[-1]) && is_digit(e[1]) && (len = 1)));
		if (!inside)
			break;
		e += len;
	}
	if (e == c->s)
		return false;
	if (is_in("@.+-%", *e) && is_alnum(e[1]) && (mail = mail_end(c->s))) {
		add(c, c->s, (size_t)(mail - c->s), c->r->users, "<user>");
		c->s = mail;
		return true;
	}
	add_cut(c, c->s, (size_t)(e - c->s), true);
	c->s = e;
	return true;
}

/* Whether the character prints nothing: controls, blanks without width, signs of direction, selectors that lost their sign. */
static bool is_invisible(int32_t x)
{
	return x < 0x20 || (x >= 0x7f && x < 0xa0) || x == 0xad || (x >= 0x200b && x <= 0x200f) || (x >= 0x202a && x <= 0x202e) ||
		(x >= 0x2060 && x <= 0x206f) || (x >= 0xfe00 && x <= 0xfe0f) || x == 0xfeff;
}

static void take_sign(struct cut *c)
{
	size_t len, first;
	if (is_invisible(char_at(c->s, &len))) {
		c->s += len;
		return;
	}
	const char *e = sign_end(c->s, c->end);
	first = (size_t)(e - c->s);
	while (e < c->end && (size_t)(c->end - e) >= first && memcmp(e, c->s, first) == 0 && sign_end(e, c->end) == e + first)
		e += first;
	add_cut(c, c->s, (size_t)(e - c->s), false);
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
	struct cut c = { .r = r, .start = s, .s = s, .end = s + n, .out = out };
	size_t len;
	while (c.s < c.end) {
		if (char_class(char_at(c.s, &len)) == CHAR_SPACE)
			c.s += len;
		else if (!take_url(&c) && !take_user(&c) && !take_hashtag(&c) && !take_emoticon(&c) && !take_word(&c))
			take_sign(&c);
	}
}
