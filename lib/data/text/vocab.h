/* A vocabulary: distinct texts by number, ascending by bytes, and their numbers by text. */
#ifndef DLS_DATA_TEXT_VOCAB_H
#define DLS_DATA_TEXT_VOCAB_H

#include "data/text/grams.h"
#include "io/store.h"

struct vocab {
	int32_t n;
	char *text;		/* of all terms, one after another */
	uint32_t *start;	/* (n + 1) */
	struct vocab_slot *slots;	/* (nslots) a power of two */
	size_t nslots;
};

struct vocab_slot {
	uint32_t tag;		/* upper half of the hash */
	int32_t term;		/* or -1 */
};

/* Takes over text and start, both malloc'ed. */
struct vocab *vocab_new(char *text, uint32_t *start, int32_t n);
void vocab_free(struct vocab *v);	/* NULL is fine */

static inline struct slice vocab_term(const struct vocab *v, int32_t i)
{
	return (struct slice){ v->text + v->start[i], v->start[i + 1] - v->start[i] };
}

bool vocab_same(const struct vocab *a, const struct vocab *b);	/* the same terms with the same numbers */

/* The number of the term, n bytes, or -1. */
int32_t vocab_find(const struct vocab *v, const char *term, size_t n);

/*
 * The numbers of the n-grams, or -1, to id (g->n). All are looked up together,
 * so that none waits for the memory of another.
 */
void vocab_find_all(const struct vocab *v, const char *text, const struct grams *g, int32_t *id);

void vocab_save(const struct vocab *v, struct store *st);	/* tensors terms.text and terms.start */
struct vocab *vocab_load(struct store *st);			/* dies (ST_DATA) when they make no sense */

#endif
