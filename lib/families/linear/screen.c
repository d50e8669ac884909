/*
 * L1 over very many sparse columns, of which few are used in the end: solved
 * over a working set of them. It is those that are not 0 and those that break
 * their optimality condition |gradient| <= l1 the most; over all columns the
 * gradient is taken only between such problems, to see which are still missing
 * (Johnson and Guestrin 2015). Along a path the solution before is the start, so
 * that most sets are right at once.
 */
#include "families/linear/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sort.h"
#include "math/dense.h"
#include "math/optim.h"

#define AT_FIRST 500	/* columns that come in, or twice as many as there are in use */
#define SLACK 0.1	/* a set is solved to this share of what is amiss over all columns */

struct set {
	uint32_t *columns;	/* (n) ascending, of g->q - g->qd */
	size_t n;
};

/* Columns that are not 0, and the worst of the others; sub (m) is the subgradient. */
static struct set choose(const struct glm *g, const double *theta, const double *sub)
{
	size_t all = g->q - g->qd, used = 0, worse = 0;
	uint64_t *key = NEW(uint64_t, all), *room = NEW(uint64_t, all), *sorted;
	struct set s = { NEW(uint32_t, all), 0 };
	uint8_t *in = NEW0(uint8_t, all);
	for (size_t j = 0; j < all; j++) {
		double most = 0;
		for (size_t k = 0; k < g->k; k++) {
			size_t a = k * g->q + g->qd + j;
			in[j] |= theta[a] != 0;
			most = fmax(most, fabs(sub[a]));
		}
		used += in[j];
		if (in[j] || most == 0)
			continue;
		float size = (float)most;	/* of positive numbers the bits are in their order */
		uint32_t bits;
		memcpy(&bits, &size, sizeof(bits));
		key[worse++] = (uint64_t)bits << 32 | (uint32_t)j;
	}
	sorted = sort_u64(key, room, worse, 0);
	for (size_t i = worse, most = 2 * used > AT_FIRST ? 2 * used : AT_FIRST; i > 0 && most > 0; most--)
		in[(uint32_t)sorted[--i]] = 1;
	for (size_t j = 0; j < all; j++)
		if (in[j])
			s.columns[s.n++] = (uint32_t)j;
	free(key);
	free(room);
	free(in);
	return s;
}

struct part {
	struct solve *whole;
	int before;		/* iterations */
};

static bool part_told(void *ctx, int iteration, int iterations, double objective, const double *theta)
{
	const struct part *p = ctx;
	(void)iterations;
	return p->whole->told(p->whole->ctx, p->before + iteration, p->whole->iterations, objective, theta);
}

static bool solve_part(struct solve *s, const struct glm *g, const struct set *set, double tol, double *theta)
{
	struct glm *r = glm_restrict(g, set->columns, set->n);
	struct part p = { s, s->done };
	struct solve in = *s;
	double *part = NEW(double, r->m);
	in.iterations = s->iterations - s->done;
	in.tol = tol;
	in.told = s->told ? part_told : NULL;
	in.ctx = &p;
	for (size_t a = 0; a < r->m; a++)
		part[a] = theta[glm_whole(g, r, set->columns, a)];
	solve_lbfgs(&in, r, part);
	for (size_t a = 0; a < r->m; a++)
		theta[glm_whole(g, r, set->columns, a)] = part[a];
	s->done += in.done;
	free(part);
	glm_restrict_free(r);
	return in.done > 0;
}

void solve_screened(struct solve *s, const struct glm *g, double *theta)
{
	double *grad = NEW(double, 2 * g->m), *sub = grad + g->m;
	bool moves = true;
	s->done = 0;
	for (;;) {
		s->objective = glm_eval(g, theta, grad) + glm_l1(g, theta);
		optim_subgradient(g->m, theta, grad, g->l1, sub);
		double amiss = dense_maxabs(g->m, sub);
		s->converged = amiss <= s->tol;
		if (s->converged || !moves || s->done >= s->iterations)
			break;
		struct set set = choose(g, theta, sub);
		moves = solve_part(s, g, &set, fmax(s->tol, SLACK * amiss), theta);
		free(set.columns);
	}
	free(grad);
}
