/*
 * Sparse columns that rows bring themselves (svmlight, VW, JSON): what they are
 * called, so that a model knows them again. Beside the vectorisers, whose
 * columns come from texts.
 */
#ifndef DLS_MODEL_GIVEN_H
#define DLS_MODEL_GIVEN_H

#include "data/names.h"
#include "data/reader.h"
#include "data/sparse.h"
#include "data/text/vocab.h"
#include "io/store.h"

#define HASH_BITS_MAX 30

struct given {
	size_t n;
	int32_t *number;	/* (n) ascending: the names are numbers, those of svmlight; or NULL, and ... */
	struct vocab *vocab;	/* ... these are texts, sorted by bytes */
	int32_t bits;		/* over 0: n is 2^bits, and the column of a name is its name_hash() modulo n; names are "#7" then ... */
	bool numbers;		/* ... and these names were svmlight's numbers */
};

/*
 * The features of the n rows of a table, sorted, and the rows themselves, whose
 * columns begin at `base`. Takes e over, which r named.
 */
struct given *given_of(const struct reader *r, struct entries *e, size_t n, size_t base, int threads, struct sparse *rows);

struct given *given_named(struct name_list *names);	/* of sorted names that differ; they are taken over */
struct given *given_hashed(int32_t bits, bool numbers);
void given_free(struct given *g);			/* NULL is fine */
bool given_same(const struct given *a, const struct given *b);

/* The column of a name, or of svmlight's number or a hash; -1: none. Hashed names are not found: any would be. */
int32_t given_find(const struct given *g, struct slice name);
int32_t given_number(const struct given *g, int32_t i);
void given_name(const struct given *g, size_t column, struct str *out);	/* appended */

/* A number as text, not NUL-terminated; its length. */
#define NUMBER_TEXT 10
size_t number_text(int32_t i, char text[NUMBER_TEXT]);

void given_save(const struct given *g, struct store *st);	/* into the store's present scope */
struct given *given_load(struct store *st);			/* dies (ST_DATA) when it makes no sense */

#endif
