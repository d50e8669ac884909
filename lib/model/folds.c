#include "model/folds.h"

#include <math.h>
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

/* The shuffled rows, sorted by stratum. */
static uint32_t *by_stratum(size_t n, const struct fold_by *by)
{
	uint32_t *order = shuffled(n, by->seed), *sorted = NEW(uint32_t, n);
	int32_t most = 0;
	if (!by->strata) {
		free(sorted);
		return order;
	}
	for (size_t i = 0; i < n; i++)
		most = by->strata[i] > most ? by->strata[i] : most;
	size_t *start = NEW0(size_t, (size_t)most + 2);
	for (size_t i = 0; i < n; i++)
		start[by->strata[i] + 1]++;
	for (int32_t s = 0; s <= most; s++)
		start[s + 1] += start[s];
	for (size_t i = 0; i < n; i++)
		sorted[start[by->strata[order[i]]]++] = order[i];
	free(start);
	free(order);
	return sorted;
}

struct group {
	size_t size;
	uint32_t rank, id;	/* rank: place in the shuffle */
};

static int larger_first(const void *a, const void *b)
{
	const struct group *g = a, *h = b;
	if (g->size != h->size)
		return g->size > h->size ? -1 : 1;
	return g->rank < h->rank ? -1 : g->rank > h->rank;
}

/* Groups in shuffled order with their sizes. */
static struct group *groups_of(size_t n, const struct fold_by *by)
{
	size_t k = (size_t)by->ngroups;
	uint32_t *order = shuffled(k, by->seed), *place = NEW(uint32_t, k);
	struct group *g = NEW0(struct group, k);
	for (uint32_t i = 0; i < k; i++) {
		g[i] = (struct group){ 0, i, order[i] };
		place[order[i]] = i;
	}
	for (size_t i = 0; i < n; i++)
		g[place[by->group[i]]].size++;
	free(order);
	free(place);
	return g;
}

/* Copies the fold of each group (ngroups) to its rows. */
static void spread(int32_t *fold, size_t n, const struct fold_by *by, const int32_t *of)
{
	for (size_t i = 0; i < n; i++)
		fold[i] = of[by->group[i]];
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

static struct moment *in_time(size_t n, const double *time)
{
	struct moment *m = NEW(struct moment, n);
	for (size_t i = 0; i < n; i++)
		m[i] = (struct moment){ time[i], (uint32_t)i };
	if (n)
		qsort(m, n, sizeof(*m), earlier_first);
	return m;
}

static void deal_groups(int32_t *fold, size_t n, int32_t k, const struct fold_by *by)
{
	struct group *g = groups_of(n, by);
	size_t *load = NEW0(size_t, (size_t)k);
	int32_t *of = NEW(int32_t, (size_t)by->ngroups);
	qsort(g, (size_t)by->ngroups, sizeof(*g), larger_first);
	for (int32_t i = 0; i < by->ngroups; i++) {
		int32_t least = 0;
		for (int32_t f = 1; f < k; f++)
			if (load[f] < load[least])
				least = f;
		load[least] += g[i].size;
		of[g[i].id] = least + 1;
	}
	spread(fold, n, by, of);
	free(g);
	free(load);
	free(of);
}

void folds_deal(int32_t *fold, size_t n, int32_t k, const struct fold_by *by)
{
	if (by->group) {
		deal_groups(fold, n, k, by);
	} else if (by->time) {
		struct moment *m = in_time(n, by->time);
		int32_t now = 0;
		for (size_t i = 0; i < n; i++) {
			if (i == 0 || m[i].time != m[i - 1].time)
				now = (int32_t)(i * ((size_t)k + 1) / n);
			fold[m[i].row] = now;
		}
		free(m);
	} else {
		uint32_t *order = by_stratum(n, by);
		for (size_t i = 0; i < n; i++)
			fold[order[i]] = (int32_t)(i % (size_t)k) + 1;
		free(order);
	}
}

void folds_share(int32_t *fold, size_t n, double share, const struct fold_by *by)
{
	size_t held = 0, wanted = (size_t)llround(share * (double)n);
	if (by->group) {
		struct group *g = groups_of(n, by);
		int32_t *of = NEW0(int32_t, (size_t)by->ngroups);
		for (int32_t i = 0; i < by->ngroups && held < wanted; i++) {
			of[g[i].id] = 1;
			held += g[i].size;
		}
		spread(fold, n, by, of);
		free(g);
		free(of);
	} else if (by->time) {
		struct moment *m = in_time(n, by->time);
		size_t first = n - wanted;
		while (first > 0 && first < n && m[first].time == m[first - 1].time)
			first++;	/* a moment is not cut in two */
		for (size_t i = 0; i < n; i++)
			fold[m[i].row] = i >= first;
		free(m);
	} else {
		uint32_t *order = by_stratum(n, by);
		for (size_t i = 0; i < n; i++)	/* one of every 1 / share in the order of strata */
			fold[order[i]] = floor((double)(i + 1) * share) > floor((double)i * share);
		free(order);
	}
}
