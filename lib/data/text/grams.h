/* The n-grams of a text, each once, with how often it stands there. */
#ifndef DLS_DATA_TEXT_GRAMS_H
#define DLS_DATA_TEXT_GRAMS_H

#include "data/text/token.h"

struct gram {
	uint64_t hash;		/* term_hash() of its text */
	uint32_t at, n;		/* its text in tokens.text */
	uint32_t count;
};

struct grams {
	struct gram *g;		/* (n) in the order of the text, shorter ones before longer ones */
	size_t n, cap;
	uint32_t *slots;	/* (nslots) 1 + place in g, or 0 */
	size_t nslots;
};

struct gram_range {
	int32_t least, most;	/* tokens of an n-gram */
	bool padded;		/* a group of fewer than n tokens gives itself, once (tokenizer_pads()) */
};

/* "2" or "1-3"; false when it is no such thing. */
bool gram_range(const char *text, struct gram_range *r);

void grams_of(const struct tokens *t, struct gram_range r, struct grams *out);	/* zero out before the first use */
void grams_free(struct grams *out);

#endif
