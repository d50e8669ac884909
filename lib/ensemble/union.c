#include "ensemble/method.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

static const char *task_name(enum task t)
{
	return t == TASK_REGRESSION ? "a quantity" : t == TASK_BINARY ? "two classes" : "more than two classes";
}

static void put_list(struct str *s, char **text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_printf(s, "%s'%s'", i ? ", " : "", text[i]);
	if (n == 0)
		str_puts(s, "none");
}

/* Dies: the member's list of texts is another than the first one's. */
_Noreturn static void lists_differ(const char *const *names, size_t i, const char *what, char **a, size_t na, char **b, size_t nb)
{
	struct str s = { 0 };
	str_printf(&s, "'%s' has other %s than '%s': ", names[i], what, names[0]);
	put_list(&s, b, nb);
	str_puts(&s, " instead of ");
	put_list(&s, a, na);
	die(ST_DATA, "%s", s.s);
}

/* The text, or "" where a model has none. */
static const char *text(const char *s)
{
	return s ? s : "";
}

static bool same_texts(char **a, size_t na, char **b, size_t nb)
{
	for (size_t i = 0; na == nb && i < na; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return na == nb;
}

void union_check(struct model *const *members, const char *const *names, size_t m)
{
	const struct schema *a = &members[0]->schema;
	for (size_t i = 1; i < m; i++) {
		const struct schema *b = &members[i]->schema;
		if (strcmp(text(a->target), text(b->target)) != 0)
			die(ST_DATA, "'%s' predicts '%s', but '%s' predicts '%s'", names[i], text(b->target), names[0], text(a->target));
		if (a->task != b->task)
			die(ST_DATA, "'%s' predicts %s, but '%s' predicts %s", names[i], task_name(b->task), names[0],
			    task_name(a->task));
		if (!same_texts(a->labels, (size_t)a->nlabels, b->labels, (size_t)b->nlabels))
			lists_differ(names, i, "labels", a->labels, (size_t)a->nlabels, b->labels, (size_t)b->nlabels);
		if (a->positive != b->positive)
			die(ST_DATA, "'%s' takes '%s' as the positive class, but '%s' takes '%s'; train them with the same --positive",
			    names[i], b->labels[b->positive], names[0], a->labels[a->positive]);
		if (!same_texts(a->missing.s, a->missing.n, b->missing.s, b->missing.n))
			lists_differ(names, i, "--missing texts", a->missing.s, a->missing.n, b->missing.s, b->missing.n);
	}
}

/* Name, kind and levels as bytes: two columns are one field when these are equal. */
static void column_key(const struct column *c, struct str *key)
{
	key->n = 0;
	str_puts(key, c->name);
	str_putc(key, '\0');
	str_putc(key, "ncti"[c->kind]);
	for (int32_t l = 0; l < c->nlevels; l++) {
		str_putc(key, '\0');
		str_puts(key, c->levels[l]);
	}
}

void union_schema(struct model *const *members, size_t m, struct schema *sc)
{
	const struct schema *first = &members[0]->schema;
	struct dict *seen = dict_new();
	struct column *cols = NULL;
	struct str key = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < m; i++)
		for (size_t f = 0; f < members[i]->schema.nfields; f++) {
			column_key(&members[i]->inputs[f], &key);
			if (dict_add(seen, key.s, key.n) == (int32_t)n) {
				GROW(cols, n + 1);
				cols[n++] = members[i]->inputs[f];
			}
		}
	schema_from(sc, cols, n);
	sc->target = mem_str(first->target);
	sc->task = first->task;
	sc->nlabels = first->nlabels;
	sc->labels = first->labels ? NEW(char *, (size_t)first->nlabels) : NULL;
	for (int32_t l = 0; l < first->nlabels; l++)
		sc->labels[l] = mem_str(first->labels[l]);
	sc->positive = first->positive;
	for (size_t i = 0; i < m; i++)
		for (size_t t = 0; t < members[i]->schema.others.n; t++)
			if (!strs_has(&sc->others, members[i]->schema.others.s[t]))
				strs_add(&sc->others, members[i]->schema.others.s[t]);
	for (size_t t = 0; t < first->missing.n; t++)
		strs_add(&sc->missing, first->missing.s[t]);
	sc->unseen = mem_str(first->unseen);
	for (size_t i = 1; i < m; i++)
		if (strcmp(text(members[i]->schema.unseen), text(sc->unseen)) != 0) {	/* the stricter policy holds for all */
			free(sc->unseen);
			sc->unseen = mem_str("error");
		}
	dict_free(seen);
	str_free(&key);
	free(cols);
}

size_t *union_map(const struct column *cols, size_t ncols, const struct model *member)
{
	struct dict *at = dict_new();
	struct str key = { 0 };
	size_t n = member->schema.nfields, *map = NEW(size_t, n), *col = NEW(size_t, ncols);
	bool whole = true;
	for (size_t c = 0; c < ncols; c++) {
		column_key(&cols[c], &key);
		col[dict_add(at, key.s, key.n)] = c;
	}
	for (size_t f = 0; f < n && whole; f++) {
		column_key(&member->inputs[f], &key);
		int32_t found = dict_find(at, key.s, key.n);
		whole = found >= 0;
		map[f] = whole ? col[found] : 0;
	}
	if (!whole) {
		free(map);
		map = NULL;
	}
	dict_free(at);
	str_free(&key);
	free(col);
	return map;
}
