/*
 * Names of features as they are read, one after another, and their numbers in
 * a dictionary: looked up many at a time, so that none waits for the memory of
 * another.
 */
#ifndef DLS_DATA_NAMES_H
#define DLS_DATA_NAMES_H

#include "base/map.h"
#include "base/str.h"

#define SPACE_MAX 1000		/* bytes of a namespace: each of its features repeats it */
#define FEATURE_MAX 1e300	/* of a feature's value, so that the sum of those of one name in a row is finite */

struct name_list {
	struct str text;
	size_t *end;	/* (n) of each in text */
	size_t n, cap;
};

/* Room for the next name, of most bytes or less; then names_put() with as many as it has. */
char *names_room(struct name_list *t, size_t most);
void names_put(struct name_list *t, size_t n);

static inline struct slice names_at(const struct name_list *t, size_t i)
{
	size_t begin = i ? t->end[i - 1] : 0;
	return (struct slice){ t->text.s + begin, t->end[i] - begin };
}

/* Their numbers to id (n), -1 for those that d does not have; names_add() then adds these, in their order. */
void names_find(const struct name_list *t, const struct dict *d, int32_t *id);
void names_add(const struct name_list *t, struct dict *d, int32_t *id);
void names_clear(struct name_list *t);
void names_free(struct name_list *t);

#endif
