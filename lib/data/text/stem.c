/* Stems by Snowball (libstemmer). What it makes of a word is kept: most words of a text were met before. */
#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "data/text/token.h"

#define KEPT 4096	/* words whose stems are kept, a power of two */
#define LONGEST 24	/* bytes of such a word */
#define WORD_MAX 1000	/* longer words stay as they are */

struct kept {
	uint8_t word_len, stem_len;
	char word[LONGEST], stem[LONGEST];
};

struct stemmer {
	struct sb_stemmer *sb;
	struct kept kept[KEPT];
};

struct stemmer *stemmer_new(const char *language)
{
	struct sb_stemmer *sb = sb_stemmer_new(language, "UTF_8");
	if (!sb)
		return NULL;
	struct stemmer *s = NEW0(struct stemmer, 1);
	s->sb = sb;
	return s;
}

void stemmer_free(struct stemmer *s)
{
	if (!s)
		return;
	sb_stemmer_delete(s->sb);
	free(s);
}

struct slice stemmer_stem(struct stemmer *s, struct slice word)
{
	if (word.n > WORD_MAX)
		return word;
	struct kept *k = &s->kept[hash_bytes(word.s, word.n, 0) & (KEPT - 1)];
	if (word.n == k->word_len && memcmp(word.s, k->word, word.n) == 0)
		return (struct slice){ k->stem, k->stem_len };
	const sb_symbol *stem = sb_stemmer_stem(s->sb, (const sb_symbol *)word.s, (int)word.n);
	size_t n = stem ? (size_t)sb_stemmer_length(s->sb) : 0;
	if (n == 0)
		return word;	/* one of which nothing is left stays */
	if (word.n <= LONGEST && n <= LONGEST) {
		k->word_len = (uint8_t)word.n;
		k->stem_len = (uint8_t)n;
		memcpy(k->word, word.s, word.n);
		memcpy(k->stem, stem, n);
	}
	return (struct slice){ (const char *)stem, n };
}

void stemmer_languages(struct str *out)
{
	const char **list = sb_stemmer_list();
	for (size_t i = 0; list[i]; i++)
		str_printf(out, "%s%s", i ? ", " : "", list[i]);
}
