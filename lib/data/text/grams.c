#include "data/text/grams.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/text/term.h"

#define MOST 100	/* tokens of an n-gram */

bool gram_range(const char *text, struct gram_range *r)
{
	const char *dash = strchr(text, '-');
	size_t first = dash ? (size_t)(dash - text) : strlen(text);
	int64_t least, most;
	if (!num_parse_int(text, first, &least))
		return false;
	most = least;
	if (dash && !num_parse_int(dash + 1, strlen(dash + 1), &most))
		return false;
	r->least = (int32_t)least;
	r->most = (int32_t)most;
	return least >= 1 && most >= least && most <= MOST;
}

void grams_free(struct grams *out)
{
	free(out->g);
	free(out->slots);
	*out = (struct grams){ 0 };
}

/*
 * Counts the n-gram. It goes behind the others in any case and stays there if its slot is empty: whether it is new, which
 * nobody can foresee, decides no branch.
 */
static inline void add(struct grams *out, const char *text, uint32_t at, uint32_t n)
{
	uint64_t hash = term_hash(text + at, n);
	for (size_t i = hash & (out->nslots - 1);; i = (i + 1) & (out->nslots - 1)) {
		uint32_t place = out->slots[i], fresh = place == 0;
		out->g[out->n] = (struct gram){ hash, at, n, 0 };
		out->n += fresh;
		place += fresh * (uint32_t)out->n;
		out->slots[i] = place;
		struct gram *g = &out->g[place - 1];
		if (g->hash == hash && g->n == n && term_equal(text + g->at, text + at, n)) {
			g->count++;
			return;
		}
	}
}

/* Room for so many n-grams, none there. */
static void clear(struct grams *out, size_t most)
{
	size_t nslots = 64;
	while (nslots < 2 * most)
		nslots *= 2;
	if (most >= out->cap) {
		out->cap = most + most / 2 + 1;
		GROW(out->g, out->cap);
	}
	if (nslots > out->nslots)
		GROW(out->slots, nslots);
	out->nslots = nslots;
	memset(out->slots, 0, nslots * sizeof(*out->slots));
	out->n = 0;
}

void grams_of(const struct tokens *t, struct gram_range r, struct grams *out)
{
	clear(out, t->n * (size_t)(r.most - r.least + 1));
	for (size_t g = 0, from = 0, end; g < t->ngroups; g++, from = end) {
		end = t->group[g];
		for (size_t n = (size_t)r.least; n <= (size_t)r.most; n++) {
			if (r.padded && n >= end - from) {
				add(out, t->text.s, t->at[from], t->end[end - 1] - t->at[from]);
				break;
			}
			for (size_t i = from; i + n <= end; i++)
				add(out, t->text.s, t->at[i], t->end[i + n - 1] - t->at[i]);
		}
	}
}
