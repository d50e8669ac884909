/*
 * TreeSHAP. A path from the root holds for each distinct column on it: the
 * share `zero` of training weight that goes the path's way when the column is
 * unknown, whether `one` the row itself goes that way, and `w`, the sum over
 * subsets of each size of the product of these shares, weighted as Shapley has
 * it. A leaf then gives each column on its path w without it times (one -
 * zero) times the leaf's value. O(leaves depth^2) a row and tree.
 */
#include "families/tree/trees.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct step {
	int64_t col;		/* -1 at the root */
	double zero, one, w;
};

struct shap {
	const struct trees *t;
	size_t k, width;	/* values of a leaf; columns + groups + 1 */
	size_t *part;		/* (ncols + nused) where a column's value goes */
	double *mean;		/* (ntrees, k) expectation of each tree */
	struct step *path;	/* (deepest + 2, steps) a path at each depth */
	size_t steps;
	/* of the row in work */
	const struct node *node;
	const float *cover;
	const struct window *window;
	size_t row;
	double by, *phi;
};

static double leaf_value(const struct trees *t, const struct node *n, size_t c)
{
	return t->k ? (double)t->prob[(size_t)n->value * (size_t)t->k + c] : n->value;
}

/* The share of a node's weight that goes to its child. */
static double share(const float *cover, size_t left, size_t child)
{
	double both = (double)cover[left] + (double)cover[left + 1];
	return both > 0 ? cover[child] / both : 0.5;
}

/* The tree's expectation, to mean (k), and its depth; reach and depth are room for its nodes. */
static size_t expect(const struct shap *s, size_t tree, double *reach, uint32_t *depth, double *mean)
{
	const struct trees *t = s->t;
	const struct node *n = t->node + t->first[tree];
	const float *cover = t->cover + t->first[tree];
	size_t deepest = 0;
	reach[0] = 1;
	depth[0] = 0;
	for (size_t at = 0; at < t->first[tree + 1] - t->first[tree]; at++) {
		size_t left = (size_t)n[at].left;
		deepest = depth[at] > deepest ? depth[at] : deepest;
		for (size_t child = left; left && child <= left + 1; child++) {
			depth[child] = depth[at] + 1;
			reach[child] = reach[at] * share(cover, left, child);
		}
		for (size_t c = 0; c < s->k && !left; c++)
			mean[c] += reach[at] * leaf_value(t, &n[at], c);
	}
	return deepest;
}

struct shap *shap_new(const struct trees *t, const struct data *x)
{
	struct shap *s = NEW0(struct shap, 1);
	size_t deepest = 0, most = 1, ncols = t->ncols + t->nused;
	s->t = t;
	s->k = t->k ? (size_t)t->k : 1;
	s->width = t->ncols + x->ngroups + 1;
	s->part = NEW(size_t, ncols + 1);
	for (size_t c = 0; c < ncols; c++) {
		s->part[c] = c < t->ncols ? c : t->ncols;
		while (c >= t->ncols && t->used[c - t->ncols] >= x->group[s->part[c] - t->ncols + 1])
			s->part[c]++;
	}
	s->mean = NEW0(double, t->ntrees * s->k + 1);
	for (size_t i = 0; i < t->ntrees; i++)
		most = t->first[i + 1] - t->first[i] > most ? t->first[i + 1] - t->first[i] : most;
	double *reach = NEW(double, most);
	uint32_t *depth = NEW(uint32_t, most);
	for (size_t i = 0; i < t->ntrees; i++) {
		size_t d = expect(s, i, reach, depth, s->mean + i * s->k);
		deepest = d > deepest ? d : deepest;
	}
	free(reach);
	free(depth);
	s->steps = (deepest < ncols ? deepest : ncols) + 2;
	s->path = NEW(struct step, (deepest + 2) * s->steps);
	return s;
}

void shap_free(struct shap *s)
{
	free(s->mean);
	free(s->part);
	free(s->path);
	free(s);
}

/* EXTEND: adds a step to a path of n. */
static void extend(struct step *p, size_t n, double zero, double one, int64_t col)
{
	double all = (double)(n + 1);
	p[n] = (struct step){ col, zero, one, n == 0 };
	for (size_t i = n; i-- > 0;) {
		p[i + 1].w += one * p[i].w * (double)(i + 1) / all;
		p[i].w = zero * p[i].w * (double)(n - i) / all;
	}
}

/*
 * UNWIND: the weights of a path of n + 1 as if step `at` had not been added.
 * Written to p when keep, and their sum returned in any case.
 */
static double unwind(struct step *p, size_t n, size_t at, bool keep)
{
	double zero = p[at].zero, one = p[at].one, next = p[n].w, sum = 0, all = (double)(n + 1);
	for (size_t i = n; i-- > 0;) {
		double w = one != 0 ? next * all / ((double)(i + 1) * one) : p[i].w * all / (zero * (double)(n - i));
		next = p[i].w - w * zero * (double)(n - i) / all;
		sum += w;
		if (keep)
			p[i].w = w;
	}
	for (size_t i = at; keep && i < n; i++) {
		p[i].col = p[i + 1].col;
		p[i].zero = p[i + 1].zero;
		p[i].one = p[i + 1].one;
	}
	return sum;
}

static void leaf(const struct shap *s, struct step *p, size_t n, const struct node *at)
{
	for (size_t i = 1; i < n; i++) {
		double w = s->by * unwind(p, n - 1, i, false) * (p[i].one - p[i].zero);
		for (size_t c = 0; c < s->k; c++)
			s->phi[c * s->width + s->part[p[i].col]] += w * leaf_value(s->t, at, c);
	}
}

/* A node reached by a path of n steps (from) and one more. A step that neither the row nor any weight takes adds nothing. */
static void visit(const struct shap *s, size_t node, size_t depth, const struct step *from, size_t n, double zero,
		  double one, int64_t col)
{
	struct step *p = s->path + depth * s->steps;
	const struct node *at = &s->node[node];
	if (zero == 0 && one == 0)
		return;
	memcpy(p, from, n * sizeof(*p));
	extend(p, n++, zero, one, col);
	if (!at->left) {
		leaf(s, p, n, at);
		return;
	}
	size_t left = (size_t)at->left, hot = left + !trees_goes_left(s->t, at, s->window, s->row), cold = 2 * left + 1 - hot;
	int64_t test = NODE_COLUMN(at->test);
	size_t k = 1;
	zero = one = 1;
	while (k < n && p[k].col != test)
		k++;
	if (k < n) {
		zero = p[k].zero;
		one = p[k].one;
		unwind(p, --n, k, true);
	}
	visit(s, hot, depth + 1, p, n, zero * share(s->cover, left, hot), one, test);
	visit(s, cold, depth + 1, p, n, zero * share(s->cover, left, cold), 0, test);
}

void shap_add(struct shap *s, size_t tree, const struct window *w, size_t row, double by, double *phi)
{
	s->node = s->t->node + s->t->first[tree];
	s->cover = s->t->cover + s->t->first[tree];
	s->window = w;
	s->row = row;
	s->by = by;
	s->phi = phi;
	for (size_t c = 0; c < s->k; c++)
		phi[c * s->width + s->width - 1] += by * s->mean[tree * s->k + c];
	visit(s, 0, 0, s->path, 0, 1, 1, -1);
}
