/* Tokens of tweets, as a reader would cut them. */
#include "unit.h"

#include <time.h>

#include "text.h"

/* Pairs of a text and its tokens, by these options. */
static void expect_all(const char *line, const char *const (*pairs)[2], size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(line, pairs[i][0], pairs[i][1]);
}
#define EXPECT_ALL(line, pairs) expect_all(line, pairs, sizeof(pairs) / sizeof(*(pairs)))

START_TEST(addresses)
{
	static const char *const kept[][2] = {
		{ "see http://t.co/aB1 now", "see|http://t.co/ab1|now" },
		{ "see http://t.co/a.", "see|http://t.co/a|." },
		{ "http://t.co/a!!!", "http://t.co/a|!!" },
		{ "http://t.co/a, http://t.co/b;", "http://t.co/a|,|http://t.co/b|;" },
		{ "(http://t.co/a)", "(|http://t.co/a|)" },
		{ "[http://t.co/a].", "[|http://t.co/a|]|." },
		{ "http://x.org/C_(language)", "http://x.org/c_(language)" },
		{ "(http://x.org/C_(language))", "(|http://x.org/c_(language)|)" },
		{ "\"http://t.co/a\"", "\"|http://t.co/a|\"" },
		{ "<http://t.co/a>", "<|http://t.co/a|>" },
		{ "http://t.co/a:)", "http://t.co/a|:)" },
		{ "http://t.co/a…", "http://t.co/a|.." },
		{ "http://t.co/a❤", "http://t.co/a|❤" },
		{ "http://a.b/?q=x&amp;y=1#z", "http://a.b/?q=x&y=1#z" },
		{ "http://a.b/c/", "http://a.b/c/" },
		{ "HTTPS://T.CO/A", "https://t.co/a" },
		{ "www.a.com, www. www", "www.a.com|,|ww|.|ww" },
		{ "xwww.a.com", "xww|.|a|.|com" },
		{ "herehttp://t.co/a", "here|http://t.co/a" },
		{ "見てhttp://t.co/a", "見て|http://t.co/a" },
		{ "http://", "http://" },
		{ "http://...", "http://|.." },
		{ "http:// is a scheme", "http://|is|a|scheme" },
		{ "http:/x http", "http|:|/|x|http" },
		{ "https://ru.wikipedia.org/wiki/Кот", "https://ru.wikipedia.org/wiki/кот" },
		{ "me@host.com", "me@host.com" },
		{ "mail a.b-c+d@mail.host.co.uk.", "mail|a.b-c+d@mail.host.co.uk|." },
		{ "me@host", "me|@|host" },
		{ "a.b c-d e+f", "a|.|b|c|-|d|e|+|f" },
		{ "@user", "@user" },
		{ "@User_1: hi", "@user_1|:|hi" },
		{ ".@user, (@user) \"@user", ".|@user|,|(|@user|)|\"|@user" },
		{ "RT:@user", "rt|:|@user" },
		{ "@user's", "@user|'|s" },
		{ "@a@b", "@a|@b" },
		{ "@user@host.social hi", "@user@host.social|hi" },
		{ "привет@user", "привет|@user" },
		{ "@ 5pm @", "@|5pm|@" },
		{ "@юзер", "@|юзер" },
	};
	static const char *const mapped[][2] = {
		{ "@a http://t.co/a b@c.de @u@h.net www.a.b", "<user>|<url>|<user>|<user>|<url>" },
		{ "http:// http://", "<url>|<url>" },
	};
	static const char *const dropped[][2] = { { "x @a http://t.co/a b@c.de y", "x|y" }, { "http://t.co/a", "" } };
	EXPECT_ALL("--tokens tweet --urls keep --users keep", kept);
	EXPECT_ALL("--tokens tweet", mapped);
	EXPECT_ALL("--tokens tweet --urls drop --users drop", dropped);
}
END_TEST

START_TEST(hashtags)
{
	static const char *const kept[][2] = {
		{ "#tag #Tag_2 #100days #1", "#tag|#tag_2|#100days|#1" },
		{ "#тег #日本 #हिन्दी", "#тег|#日本|#हिन्दी" },
		{ "#one#two", "#one|#two" },
		{ "a#b", "a|#|b" },
		{ "# # ##", "#|#|##" },
		{ "#tag: #tag's (#tag)", "#tag|:|#tag|'|s|(|#tag|)" },
		{ "#don't", "#don|'|t" },
		{ "&#39;", "'" },
	};
	static const char *const word[][2] = { { "#tag #sooooo #Тег", "tag|soo|тег" } };
	static const char *const mapped[][2] = { { "#tag #тег #", "<hashtag>|<hashtag>|#" } };
	static const char *const dropped[][2] = { { "a #tag b", "a|b" } };
	EXPECT_ALL("--tokens tweet", kept);
	EXPECT_ALL("--tokens tweet --hashtags word", word);
	EXPECT_ALL("--tokens tweet --hashtags map", mapped);
	EXPECT_ALL("--tokens tweet --hashtags drop", dropped);
}
END_TEST

START_TEST(emoticons)
{
	static const char *const kept[][2] = {
		{ ":) :-) :o) =) :] :} :)))", ":)|:)|:)|=)|:]|:}|:)" },
		{ ":( :-( :'( :[ :{ :((((", ":(|:(|:(|:[|:{|:(" },
		{ ";) ;-) ;D ;P", ";)|;)|;d|;p" },
		{ ":D :-D =D :DDD :P :p :-P", ":d|:d|=d|:d|:p|:p|:p" },
		{ "xD XD xDDD x) X-D", "xd|xd|xd|x)|xd" },
		{ "8) 8-) 8D", "8)|8)|8d" },
		{ ":O :0 :o :-o :@ :$ :* :-* :| :/ :\\ :S :X", ":o|:0|:o|:o|:@|:$|:*|:*|:||:/|:\\|:s|:x" },
		{ ":3 =3 :c", ":3|=3|:c" },
		{ "(: (-: (; (= [: ): )-: ]:", ":)|:)|;)|=)|:]|:(|:(|:[" },
		{ "<3 <3<3 <333 </3 &lt;3", "<3|<3|<3|<3|</3|<3" },
		{ "^_^ ^__^ ^^ ^.^ -_- -__- -.- >_< >.< ;_; ;___; T_T t__t O_o o.O \\o/", "^_^|^_^|^^|^.^|-_-|-_-|-.-|>_<|>.<|;_;|;_;|t_t|t_t|o_o|o.o|\\o/" },
		{ "D: no D:", "d:|no|d:" },
		{ "hi:) hi:D hi:P", "hi|:)|hi|:d|hi|:p" },
		{ "ok (:", "ok|:)" },
		{ "@user:)", "<user>|:)" },
		{ ":):(", ":)|:(" },
		{ ">:( >:)", ">|:(|>|:)" },
		{ "(-_-)", "(|-_-|)" },
		{ "thanks!:)", "thanks|!|:)" },
		{ "(thanks :))", "(|thanks|:)" },
	};
	static const char *const none[][2] = {
		{ ":day", ":|day" }, { ":other :place", ":|other|:|place" }, { "10:30 10:30am", "10:30|10:30am" },
		{ "2:0 3:3", "2:0|3:3" }, { "John 3:16", "john|3:16" }, { "x:3", "x|:|3" }, { "<30 <3.5 <3,000", "<|30|<|3.5|<|3,000" }, { "i<b", "i|<|b" },
		{ "(8)", "(|8|)" }, { "(aged 8)", "(|aged|8|)" }, { "(h-x)", "(|h|-|x|)" }, { "x(t)", "x|(|t|)" }, { "f(x)", "f|(|x|)" }, { "08)", "08|)" },
		{ "a=(b)", "a|=|(|b|)" }, { "a => b", "a|=|>|b" }, { "list:[1]", "list|:|[|1|]" }, { "c:/dir", "c|:|/|dir" }, { "a://b", "a|:|//|b" },
		{ "cost:$5", "cost|:|$|5" }, { "via:@bob", "via|:|<user>" }, { "(wow!): yes", "(|wow|!|)|:|yes" }, { "(one): two", "(|one|)|:|two" },
		{ "exd xda", "exd|xda" }, { "Plan AD: go", "plan|ad|:|go" }, { "t_toto foo.o o.oo", "t_toto|foo|.|o|o|.|oo" }, { ":", ":" }, { ":-", ":|-" }, { "::", "::" },
		{ "it;s", "it|;|s" }, { "-> <- --", "-|>|<|-|--" },
	};
	static const char *const mapped[][2] = {
		{ ":) :D xD ^_^ \\o/ (: :3 :* =]", "<happy>|<happy>|<happy>|<happy>|<happy>|<happy>|<happy>|<happy>|<happy>" },
		{ ":( :'( ): :[ >_< T_T D: </3 :@", "<sad>|<sad>|<sad>|<sad>|<sad>|<sad>|<sad>|<sad>|<sad>" },
		{ ":o :0 o_O O.o", "<shocked>|<shocked>|<shocked>|<shocked>" },
		{ ":/ :\\ :| :S -_- :$", "<unsure>|<unsure>|<unsure>|<unsure>|<unsure>|<unsure>" },
		{ "<3", "<heart>" },
	};
	static const char *const dropped[][2] = { { "a :) b <3 c (: D: ^_^", "a|b|c" } };
	EXPECT_ALL("--tokens tweet", kept);
	EXPECT_ALL("--tokens tweet", none);
	EXPECT_ALL("--tokens tweet --emoticons map", mapped);
	EXPECT_ALL("--tokens tweet --emoticons drop", dropped);
	expect("--tokens tweet --case keep", "XD :D D: HTTP://A.B", "xd|:d|d:|<url>");
}
END_TEST

START_TEST(words_and_signs)
{
	static const char *const cases[][2] = {
		{ "", "" }, { " ", "" }, { "a", "a" },
		{ "don't DON’T don‘t don`t don´t donʼt", "don't|don't|don't|don't|don't|don't" },
		{ "'word' ’tis dogs' 'n'", "'|word|'|’|tis|dogs|'|'|n|'" },
		{ "rock'n'roll y'all", "rock'n'roll|y'all" },
		{ "can''t", "can|''|t" },
		{ "3.14 1,000 1,000.50 v1.2.3 24/7 9/11/01 1/2", "3.14|1,000|1,000.50|v1.2.3|24/7|9/11/01|1/2" },
		{ "5. 5, 5: 5/ .5 a.b 1.a", "5|.|5|,|5|:|5|/|.|5|a|.|b|1|.|a" },
		{ "and/or co-op r&b 50% $5 #", "and|/|or|co|-|op|r|&|b|50|%|$|5|#" },
		{ "snake_case _x_ ___", "snake_case|_x_|__" },
		{ "soooo sooo soo so", "soo|soo|soo|so" },
		{ "SOOOO Soooo", "soo|soo" },
		{ "!!!! !! ! ?!?! ...... . ,,", "!!|!!|!|?|!|?|!|..|.|,," },
		{ "wait… wait...", "wait|..|wait|.." },
		{ "10000 1000000", "10000|1000000" },
		{ "ооочень ураааа)))) да((", "оочень|ураа|))|да|((" },
		{ "哈哈哈哈", "哈哈" },
		{ "नमस्ते दुनिया", "नमस्ते|दुनिया" },
		{ "&amp; &lt;b&gt; &quot;x&quot; &#39;", "&|<|b|>|\"|x|\"|'" },
		{ "&amp;lt; &amp &unknown; AT&amp;T", "&|lt|;|&|amp|&|unknown|;|at|&|t" },
		{ "“x” «y»", "“|x|”|«|y|»" },
		{ "a\tb\nc\u00a0d", "a|b|c|d" },
		{ "a\u200bb \ufeffc \u202ed \xc2\x85 \xc2\x9d", "ab|c|d" },
		{ "e\u0301 \u0301", "é|\u0301" },
	};
	EXPECT_ALL("--tokens tweet", cases);
	expect("--tokens tweet --elongation 0", "soooo !!!!", "soooo|!!!!");
	expect("--tokens tweet --elongation 1", "soooo good !!!!", "so|god|!");
	expect("--tokens tweet --elongation 3", "soooo good !!!!", "sooo|good|!!!");
	expect("--tokens tweet --stop english", "I'm the BEST! <3 don’t you’re", "best|!|<3|don't");
	expect("--tokens tweet --min-length 3", "it is a big :) day !! <3 👍", "big|:)|day|!!|<3|👍");	/* signs are no words */
	expect("--tokens tweet --stem english --users keep", "@jonas runs #running cats !!", "@jonas|run|#running|cat|!!");
}
END_TEST

START_TEST(emoji)
{
	static const char *const cases[][2] = {
		{ "😀 👍👎", "😀|👍|👎" },
		{ "😂😂😂😂", "😂😂" },
		{ "ok👍ok", "ok|👍|ok" },
		{ "👍🏽 👍🏽👍🏽👍🏽 👍👍🏽", "👍🏽|👍🏽👍🏽|👍|👍🏽" },
		{ "❤ ❤️ ❤❤❤ ♥", "❤|❤|❤❤|♥" },
		{ "🇷🇺🇺🇸 🇷🇺🇷🇺🇷🇺 🇷", "🇷🇺|🇺🇸|🇷🇺🇷🇺|🇷" },
		{ "#️⃣ 1️⃣", "#⃣|1⃣" },
	};
	static const char *const joined[][2] = {	/* what NFKC with folded case takes out is there in other forms */
		{ "👨‍👩‍👧 👨‍👩‍👧👨‍👩‍👧", "👨‍👩‍👧|👨‍👩‍👧👨‍👩‍👧" },
		{ "❤️ ❤️❤️❤️", "❤️|❤️❤️" },
		{ "🏳️‍🌈", "🏳️‍🌈" },
		{ "👩🏽‍💻!", "👩🏽‍💻|!" },
		{ "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿" },
		{ "a\u200d b", "a|b" },
	};
	EXPECT_ALL("--tokens tweet", cases);
	EXPECT_ALL("--tokens tweet --case lower", joined);
}
END_TEST

/* What random texts over all signs keep to: tokens follow one another, none is empty, no blank is in one, and nothing hangs. */
START_TEST(any_text)
{
	static const char *const pieces[] = { ":", ";", "=", "8", "x", "-", "'", "(", ")", "[", "]", "D", "p", "3", "<", ">", "/", "\\", "@", "#", "_", "a", "http://",
		"www.", ".", ",", "!", " ", "&amp;", "&lt;", "😂", "👍🏽", "🇷", "\u200d", "\ufe0f", "\u0301", "’", "´", "é", "й", "^_^", "T", "o", "0", "|", "*", "$", "\n",
		"@a", "#b", "a@b.c", "\xff", "\xe2\x82" };
	static const char *const lines[] = { "--tokens tweet", "--tokens tweet --case keep --no-nfkc --urls keep --users keep --hashtags word --elongation 1",
		"--tokens tweet --urls drop --users drop --hashtags drop --emoticons drop --elongation 0", "--tokens tweet --emoticons map --hashtags map --stem english" };
	struct rng r = rng_at(1, "tweet", 0);
	struct tokens out = { 0 };
	struct str text = { 0 };
	for (size_t l = 0; l < 4; l++) {
		struct tokenizer *t = tokenizer(lines[l]);
		for (int round = 0; round < 5000; round++) {
			text.n = 0;
			for (size_t i = rng_below(&r, 14); i > 0; i--)
				str_puts(&text, pieces[rng_below(&r, sizeof(pieces) / sizeof(*pieces))]);
			char *copy = mem_copy(text.s, text.n, 1);	/* a block of its own */
			tokens_of(t, (struct slice){ copy, text.n }, true, &out);
			for (size_t i = 0; i < out.n; i++) {
				struct slice w = token_at(&out, i);
				size_t len;
				MUST(w.n > 0 && (i == 0 ? out.at[i] == 0 : out.at[i] == out.end[i - 1] + 1), "'%s': token %zu", text.s, i);
				for (size_t k = 0; k < w.n; k += len)
					MUST(char_class(char_at(w.s + k, &len)) != CHAR_SPACE, "'%s': a blank in '%.*s'", text.s, (int)w.n, w.s);
			}
			MUST(out.n == 0 || out.end[out.n - 1] == out.text.n, "'%s': %zu bytes end at %u", text.s, out.text.n, out.end[out.n - 1]);
			free(copy);
		}
		tokenizer_free(t);
	}
	tokens_free(&out);
	str_free(&text);
}
END_TEST

/* Texts made to be slow: a megabyte of what each rule looks ahead or back for. */
START_TEST(nothing_is_slow)
{
	static const char *const units[] = { "(", ")", "http://a)", ")))", "8) ", "(x) ", "a.b-c", "a@", "@a", "#", ":'", "-_", "'a", "&amp", "\u200d", "👍\u200d", "🇷", "www.",
		"\u0301", "<3", "1/", "http://", "a", "_" };
	struct tokenizer *t = tokenizer("--tokens tweet --case lower --no-nfkc");
	struct tokens out = { 0 };
	for (size_t u = 0; u < sizeof(units) / sizeof(*units); u++)
		for (int url = 0; url < 2; url++) {
			struct str text = { 0 };
			str_puts(&text, url ? "http://a" : "");
			while (text.n < 300000)
				str_puts(&text, units[u]);
			clock_t begun = clock();
			tokens_of(t, (struct slice){ text.s, text.n }, true, &out);
			ck_assert_msg(clock() - begun < 2 * CLOCKS_PER_SEC, "%s: %g s", units[u], (double)(clock() - begun) / CLOCKS_PER_SEC);
			str_free(&text);
		}
	tokens_free(&out);
	tokenizer_free(t);
}
END_TEST

UNIT_MAIN("tweet", addresses, hashtags, emoticons, words_and_signs, emoji, any_text, nothing_is_slow)
