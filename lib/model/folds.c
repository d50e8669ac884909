#include "model/folds.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"

static uint32_t *shuffled(size_t n, uint64_t seed)
{
	uint32_t *order = NEW(uint32_t, n);
	struct rng r = rng_at(seed, "folds", 0);
	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	rng_shuffle(&r, order, n);
	return order;
}

void folds_random(int32_t *fold, size_t n, int32_t k, const int32_t *strata, uint64_t seed)
{
	uint32_t *order = shuffled(n, seed);
	int32_t most = 0, next = 0;
	for (size_t i = 0; strata && i < n; i++)
		most = strata[i] > most ? strata[i] : most;
	size_t *start = NEW0(size_t, (size_t)most + 2);
	uint32_t *by = NEW(uint32_t, n);
	for (size_t i = 0; i < n; i++)
		start[(strata ? strata[i] : 0) + 1]++;
	for (int32_t s = 0; s <= most; s++)
		start[s + 1] += start[s];
	for (size_t i = 0; i < n; i++)	/* a stable sort of the shuffled rows by stratum */
		by[start[strata ? strata[order[i]] : 0]++] = order[i];
	for (size_t i = 0; i < n; i++) {
		fold[by[i]] = next + 1;
		next = (next + 1) % k;
	}
	free(order);
	free(start);
	free(by);
}

struct group {
	size_t size;
	uint32_t rank, id;	/* rank: place in the shuffle, to break ties */
};

static int larger_first(const void *a, const void *b)
{
	const struct group *g = a, *h = b;
	if (g->size != h->size)
		return g->size > h->size ? -1 : 1;
	return g->rank < h->rank ? -1 : g->rank > h->rank;
}

void folds_group(int32_t *fold, size_t n, int32_t k, const int32_t *group, int32_t ngroups, uint64_t seed)
{
	uint32_t *order = shuffled((size_t)ngroups, seed);
	struct group *g = NEW0(struct group, (size_t)ngroups);
	size_t *load = NEW0(size_t, (size_t)k);
	int32_t *of = NEW(int32_t, (size_t)ngroups);
	for (uint32_t i = 0; i < (uint32_t)ngroups; i++)
		g[order[i]] = (struct group){ 0, i, order[i] };
	for (size_t i = 0; i < n; i++)
		g[group[i]].size++;
	qsort(g, (size_t)ngroups, sizeof(*g), larger_first);
	for (int32_t i = 0; i < ngroups; i++) {
		int32_t least = 0;
		for (int32_t f = 1; f < k; f++)
			if (load[f] < load[least])
				least = f;
		load[least] += g[i].size;
		of[g[i].id] = least + 1;
	}
	for (size_t i = 0; i < n; i++)
		fold[i] = of[group[i]];
	free(order);
	free(g);
	free(load);
	free(of);
}

struct moment {
	double time;
	uint32_t row;
};

static int earlier_first(const void *a, const void *b)
{
	const struct moment *s = a, *t = b;
	if (s->time != t->time)
		return s->time < t->time ? -1 : 1;
	return s->row < t->row ? -1 : s->row > t->row;
}

void folds_time(int32_t *fold, size_t n, int32_t k, const double *time)
{
	struct moment *m = NEW(struct moment, n);
	for (size_t i = 0; i < n; i++)
		m[i] = (struct moment){ time[i], (uint32_t)i };
	if (n)
		qsort(m, n, sizeof(*m), earlier_first);
	int32_t now = 0;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || m[i].time != m[i - 1].time)
			now = (int32_t)(i * ((size_t)k + 1) / n);
		fold[m[i].row] = now;
	}
	free(m);
}
