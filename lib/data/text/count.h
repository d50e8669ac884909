/*
 * Counting the n-grams of a corpus: for each the texts that hold it (df) and
 * how often it stands in all (tf), also by class. The corpus comes in blocks
 * and is not kept. Counts that outgrow the memory allowed are sorted and
 * written to temporary files, and merged at the end; the vocabulary is the
 * same whatever the memory, the blocks and the threads.
 */
#ifndef DLS_DATA_TEXT_COUNT_H
#define DLS_DATA_TEXT_COUNT_H

#include "data/text/grams.h"
#include "data/text/vocab.h"

/* Which terms make the vocabulary. */
struct choice {
	double min_df, max_df;	/* texts, both included */
	int32_t most;		/* terms; 0: all */
	enum merit { MERIT_TF, MERIT_CHI2, MERIT_MI } merit;	/* the best of them by this; of equals the first by bytes */
	bool binary;		/* chi2 counts texts, not occurrences */
};

struct counter;

/* memory: bytes that the counts may take, 0 for any. */
struct counter *counter_new(const struct tokenizer *t, struct gram_range r, size_t memory, int threads);

/*
 * Adds n texts, each of `parts` slices (n, parts) whose tokens form no n-gram
 * together; label (n) from 0 .. classes - 1, or NULL and 0 in all blocks. There
 * may be more classes from block to block.
 */
void counter_add(struct counter *c, const struct slice *texts, size_t n, size_t parts, const int32_t *label, int32_t classes);

uint64_t counter_texts(const struct counter *c);

/* The vocabulary, sorted by bytes, and the df of each term (malloc'ed). The counter is of no more use but to be freed. At most UINT32_MAX texts. */
struct vocab *counter_choose(struct counter *c, const struct choice *by, uint32_t **df);

/* What was met in all: distinct n-grams, and runs that went to temporary files. Known after counter_choose(). */
uint64_t counter_distinct(const struct counter *c);
size_t counter_runs(const struct counter *c);

void counter_free(struct counter *c);

/* ---- shared by count.c, runs.c, choose.c and order.c alone ---- */

/* A term while it is counted: by[] holds df and tf of each class, where there are classes. */
struct counted {
	struct slice text;
	uint64_t df, tf;
	const uint64_t *by;	/* (classes, 2) */
	size_t classes;
};

/* Terms in the order of their bytes, one after another, from files. */
struct runs;
struct runs *runs_new(void);
void runs_free(struct runs *r);					/* NULL is fine */
void runs_begin(struct runs *r, size_t classes);		/* a new file, of terms with so many classes at most, ... */
void runs_put(struct runs *r, const struct counted *t);		/* ... its terms in order, ... */
void runs_end(struct runs *r);					/* ... and it is complete */
size_t runs_made(const struct runs *r);
/* All terms of all files in order, equal ones summed, each to fn. */
void runs_merge(struct runs *r, void (*fn)(void *ctx, const struct counted *t), void *ctx);

/* The order of terms: by bytes, a shorter one before its longer continuations. */
int slice_order(struct slice a, struct slice b);

/* Terms in groups, of which some may be left out, as they are sorted. */
struct known_term {
	struct slice text;	/* s is NULL: it is left out */
	uint32_t df;
};

struct term_list {
	const void *ctx;
	size_t ngroups;
	size_t (*size)(const void *ctx, size_t group);
	struct known_term (*get)(const void *ctx, size_t group, size_t i);
	const void *(*at)(const void *ctx, size_t group, size_t i);	/* the memory that get() reads */
};

struct term_key {
	uint64_t head;		/* some bytes of the term as a number */
	uint32_t group, place;
};

/* The keys (*n, malloc'ed) of the terms in order. */
struct term_key *terms_sort(const struct term_list *t, size_t *n, int threads);

/* The vocabulary of the terms, no two of which are equal, and their df (malloc'ed). */
struct vocab *terms_vocab(const struct term_list *t, uint32_t **df, int threads);

struct chooser;
struct chooser *chooser_new(const struct choice *by, uint64_t texts, size_t classes, const uint64_t *class_texts);

/* Terms one after another, whose texts are copied; has the shape of runs_merge's fn. */
void chooser_take(void *chooser, const struct counted *t);

/* Or all at once: those that it keeps are counted, room is made, and each is put in its place; their texts stay where they are. */
bool chooser_keeps(const struct chooser *ch, uint64_t df);
void chooser_room(struct chooser *ch, size_t n);
void chooser_put(struct chooser *ch, size_t i, const struct counted *t);

struct vocab *chooser_end(struct chooser *ch, uint32_t **df, int threads);	/* frees it */
void chooser_free(struct chooser *ch);

#endif
