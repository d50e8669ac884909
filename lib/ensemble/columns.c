/*
 * The sparse columns of an ensemble are those of all its members, by name, so
 * that a sparse row speaks to each. Where all members have the same ones in the
 * same order, as those that share a vectoriser do, svmlight's numbers keep their
 * meaning too.
 */
#include "ensemble/method.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

/* The names of the member's columns, added to `all`: their numbers, and whether these are their places. */
static int32_t *add_names(struct dict *all, const struct model *m, bool *same)
{
	struct data x = model_frame(m);
	size_t n = m->vectors.ncols;
	int32_t *id = NEW(int32_t, n);
	struct str name = { 0 };
	for (size_t j = 0; j < n; j++) {
		name.n = 0;
		x.names.put(x.names.of, j, &name);
		id[j] = dict_add(all, name.s, name.n);
		*same = *same && id[j] == (int32_t)j;
	}
	str_free(&name);
	return id;
}

/* The first of the member's n columns that has each name. */
static int32_t *by_name(const int32_t *id, size_t n, size_t names)
{
	int32_t *to = NEW(int32_t, names);
	for (size_t i = 0; i < names; i++)
		to[i] = -1;
	for (size_t j = n; j-- > 0;)
		to[id[j]] = (int32_t)j;
	return to;
}

void columns_join(struct ensemble *e)
{
	struct dict *all = dict_new();
	struct name_list names = { 0 };
	int32_t **id = NEW0(int32_t *, e->c.m);
	bool same = true, by_place = true, by_some = false;
	for (size_t i = 0; i < e->c.m; i++) {
		const struct vectors *vs = &e->members[i].model->vectors;
		if (vs->ncols == 0)
			continue;
		id[i] = add_names(all, e->members[i].model, &same);
		by_place = by_place && vectors_by_place(vs) && !vs->mixed;
		by_some = by_some || vectors_by_place(vs) || vs->mixed;
		e->sparse_rows = e->sparse_rows || vs->sparse_rows;
	}
	size_t n = (size_t)dict_size(all);
	for (size_t i = 0; i < e->c.m; i++)
		same = same && (!id[i] || e->members[i].model->vectors.ncols == n);
	for (size_t i = 0; i < e->c.m; i++) {
		e->members[i].to = id[i] && !same ? by_name(id[i], e->members[i].model->vectors.ncols, n) : NULL;
		free(id[i]);
	}
	for (size_t u = 0; u < n; u++) {
		size_t k = dict_len(all, (int32_t)u);
		memcpy(names_room(&names, k), dict_text(all, (int32_t)u), k);
		names_put(&names, k);
	}
	if (n) {
		e->given = given_named(&names);
		e->given->places = same && by_place;
		e->mixed = by_some && !e->given->places;
	}
	dict_free(all);
	free(id);
}

bool member_given(const struct member *mb, const struct data *x, struct sparse *rows)
{
	const struct sparse *s = x->sparse;
	if (!s || mb->model->vectors.ncols == 0 || s->start[x->first] == s->start[x->first + x->n])
		return false;
	*rows = sparse_view(s, x->first, x->n);
	if (!mb->to)
		return true;
	*rows = sparse_new(mb->model->vectors.ncols);
	for (size_t r = x->first; r < x->first + x->n; r++) {
		size_t k = 0;
		sparse_reserve(rows, s->start[r + 1] - s->start[r]);
		int32_t *col = rows->col + rows->start[rows->n];
		double *val = rows->val + rows->start[rows->n];
		for (size_t e = s->start[r]; e < s->start[r + 1]; e++)
			if (mb->to[s->col[e]] >= 0) {
				col[k] = mb->to[s->col[e]];
				val[k++] = s->val[e];
			}
		sparse_end(rows, sparse_tidy(col, val, k));
	}
	return true;
}
