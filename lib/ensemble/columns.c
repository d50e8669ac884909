/*
 * The sparse columns of an ensemble are those of all its members' vectorisers,
 * each once, so that a sparse row speaks to every member. Where all members have
 * the same ones, svmlight's numbers keep their meaning too.
 */
#include "ensemble/method.h"

#include "base/die.h"
#include "base/mem.h"

/* Where the member's vectorisers are among those of the ensemble, which gets those that it lacks; false where the places differ. */
static bool join(struct vectors *vs, struct member *mb)
{
	const struct vectors *own = &mb->model->vectors;
	bool same = true;
	mb->vector = NEW(size_t, own->n);
	for (size_t k = 0; k < own->n; k++) {
		size_t i = 0;
		while (i < vs->n && !vector_same(&vs->v[i], &own->v[k]))
			i++;
		if (i == vs->n)
			vectors_borrow_one(vs, &own->v[k]);
		mb->vector[k] = i;
		same = same && i == k;
	}
	vs->sparse_rows |= own->sparse_rows;
	vs->mixed |= own->mixed;
	return same;
}

void columns_join(struct ensemble *e)
{
	struct vectors *vs = &e->vectors;
	bool by_place = false, same = true;
	vs->handed = true;
	for (size_t i = 0; i < e->c.m; i++) {
		const struct vectors *own = &e->members[i].model->vectors;
		if (vectors_hashed(own, 0) >= 0)
			die(ST_DATA, "'%s' hashes the features of its rows: they have no names, by which an ensemble shares them",
			    e->members[i].name);
		by_place = by_place || (own->n && vectors_by_place(own));
		same = join(vs, &e->members[i]) && same;
	}
	for (size_t i = 0; i < e->c.m; i++)
		same = same && (e->members[i].model->vectors.n == 0 || e->members[i].model->vectors.n == vs->n);
	vs->mixed |= by_place && !same;
	if (vs->ncols > INT32_MAX) {	/* nothing can be given, then */
		bool sparse_rows = vs->sparse_rows;
		vectors_free(vs);
		*vs = (struct vectors){ .handed = true, .mixed = true, .sparse_rows = sparse_rows };
	}
	vectors_pair(vs);
}

bool member_given(const struct ensemble *e, const struct member *mb, const struct data *x, struct sparse *rows)
{
	const struct vectors *own = &mb->model->vectors;
	const struct sparse *s = x->sparse;
	if (!s || own->n == 0 || s->start[x->first] == s->start[x->first + x->n])
		return false;
	*rows = sparse_new(own->ncols);
	for (size_t r = x->first; r < x->first + x->n; r++) {
		size_t k = 0;
		sparse_reserve(rows, own->n * (s->start[r + 1] - s->start[r]));
		int32_t *col = rows->col + rows->start[rows->n];
		double *val = rows->val + rows->start[rows->n];
		for (size_t v = 0; v < own->n; v++) {
			size_t from = e->vectors.start[mb->vector[v]], end = e->vectors.start[mb->vector[v] + 1];
			for (size_t i = sparse_from(s, r, from); i < s->start[r + 1] && (size_t)s->col[i] < end; i++) {
				col[k] = (int32_t)((size_t)s->col[i] - from + own->start[v]);
				val[k++] = s->val[i];
			}
		}
		sparse_end(rows, k);
	}
	return true;
}
