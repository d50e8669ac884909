#include "data/names.h"

#include <stdlib.h>

#include "base/mem.h"

#define BATCH 32

char *names_room(struct name_list *t, size_t most)
{
	if (t->n == t->cap) {
		t->cap = t->cap * 2 + 256;
		GROW(t->end, t->cap);
	}
	str_reserve(&t->text, most);
	return t->text.s + t->text.n;
}

void names_put(struct name_list *t, size_t n)
{
	t->text.n += n;
	t->end[t->n++] = t->text.n;
}

void names_find(const struct name_list *t, const struct dict *d, int32_t *id)
{
	struct slice name[BATCH];
	for (size_t from = 0; from < t->n; from += BATCH) {
		size_t m = t->n - from < BATCH ? t->n - from : BATCH;
		for (size_t i = 0; i < m; i++)
			name[i] = names_at(t, from + i);
		dict_find_all(d, name, m, id + from);
	}
}

void names_add(const struct name_list *t, struct dict *d, int32_t *id)
{
	for (size_t i = 0; i < t->n; i++)
		if (id[i] < 0) {
			struct slice s = names_at(t, i);
			id[i] = dict_add(d, s.s, s.n);
		}
}

void names_clear(struct name_list *t)
{
	t->n = t->text.n = 0;
}

void names_free(struct name_list *t)
{
	str_free(&t->text);
	free(t->end);
	*t = (struct name_list){ 0 };
}
