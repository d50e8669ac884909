#include "math/optim.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/dense.h"

void optim_subgradient(size_t n, const double *x, const double *g, const double *l1, double *out)
{
	for (size_t j = 0; j < n; j++) {
		double l = l1 ? l1[j] : 0;
		if (x[j] > 0)
			out[j] = g[j] + l;
		else if (x[j] < 0)
			out[j] = g[j] - l;
		else
			out[j] = g[j] > l ? g[j] - l : g[j] < -l ? g[j] + l : 0;
	}
}

/* The last pairs s = x' - x, y = g' - g in a ring; rho = 1 / s'y. */
struct pairs {
	size_t n, cap, used, next;
	double *s, *y;		/* (cap, n) */
	double *rho, *alpha;	/* (cap) */
};

static void pairs_add(struct pairs *p, const double *x0, const double *x1, const double *g0, const double *g1)
{
	double *s = p->s + p->next * p->n, *y = p->y + p->next * p->n;
	for (size_t j = 0; j < p->n; j++) {
		s[j] = x1[j] - x0[j];
		y[j] = g1[j] - g0[j];
	}
	double sy = dense_dot(p->n, s, y);
	if (!(sy > DBL_EPSILON * dense_dot(p->n, y, y)))
		return;		/* no positive curvature: the pair would spoil the model */
	p->rho[p->next] = 1 / sy;
	p->next = (p->next + 1) % p->cap;
	p->used += p->used < p->cap;
}

/* d := H d with the inverse Hessian of the pairs (two-loop recursion). */
static void pairs_apply(struct pairs *p, double *d)
{
	size_t n = p->n, last = 0;
	for (size_t t = 1; t <= p->used; t++) {
		size_t i = (p->next + p->cap - t) % p->cap;
		p->alpha[i] = p->rho[i] * dense_dot(n, p->s + i * n, d);
		dense_axpy(n, -p->alpha[i], p->y + i * n, d);
	}
	if (p->used) {
		last = (p->next + p->cap - 1) % p->cap;
		const double *y = p->y + last * n;
		double scale = 1 / (p->rho[last] * dense_dot(n, y, y));
		for (size_t j = 0; j < n; j++)
			d[j] *= scale;
	}
	for (size_t t = p->used; t >= 1; t--) {
		size_t i = (p->next + p->cap - t) % p->cap;
		double beta = p->rho[i] * dense_dot(n, p->y + i * n, d);
		dense_axpy(n, p->alpha[i] - beta, p->s + i * n, d);
	}
}

struct search {
	size_t n;
	double *x, *g, *pg, *d;		/* (n) at the point: place, gradient, subgradient, direction */
	double *x1, *g1;		/* (n) trial */
	double f, f1;
};

static double penalty(const struct lbfgs *o, size_t n, const double *x)
{
	double s = 0;
	for (size_t j = 0; o->l1 && j < n; j++)
		s += o->l1[j] * fabs(x[j]);
	return s;
}

/* x1 = x + t d; with l1, no coordinate leaves its orthant. Sets f1 and g1. */
static void trial(const struct lbfgs *o, struct search *s, double t)
{
	for (size_t j = 0; j < s->n; j++) {
		s->x1[j] = s->x[j] + t * s->d[j];
		if (o->l1 && o->l1[j] > 0) {
			double side = s->x[j] != 0 ? s->x[j] : -s->pg[j];
			if (s->x1[j] * side <= 0)
				s->x1[j] = 0;
		}
	}
	s->f1 = o->fn(o->ctx, s->x1, s->g1) + penalty(o, s->n, s->x1);
}

/*
 * A step with enough descent (Armijo) and, without l1, enough fall of the slope
 * (weak Wolfe), by bracketing and bisection (Lewis and Overton 2013). Near the
 * minimum, where f no longer tells points apart, the slope alone decides.
 */
static bool line_search(const struct lbfgs *o, struct search *s, double t)
{
	double lo = 0, hi = INFINITY, slope = dense_dot(s->n, s->pg, s->d);
	double noise = 8 * DBL_EPSILON * fabs(s->f);
	for (int i = 0; i < 60; i++) {
		trial(o, s, t);
		double expected = slope * t;
		if (o->l1) {
			expected = 0;
			for (size_t j = 0; j < s->n; j++)
				expected += s->pg[j] * (s->x1[j] - s->x[j]);
		}
		double slope1 = dense_dot(s->n, s->g1, s->d);
		bool fell = s->f1 <= s->f + 1e-4 * expected
			    || (s->f1 <= s->f + noise && (o->l1 || fabs(slope1) < 0.9 * fabs(slope)));
		if (!fell || isnan(s->f1))
			hi = t;
		else if (!o->l1 && slope1 < 0.9 * slope)
			lo = t;
		else
			return true;
		t = isinf(hi) ? 2 * t : 0.5 * (lo + hi);
	}
	return s->f1 < s->f;
}

/* The quasi-Newton direction, in the orthant of the steepest descent; steepest descent itself when that is no descent. */
static void direction(const struct lbfgs *o, struct search *s, struct pairs *p)
{
	memcpy(s->d, s->pg, s->n * sizeof(*s->d));
	pairs_apply(p, s->d);
	double slope = 0;
	for (size_t j = 0; j < s->n; j++) {
		s->d[j] = -s->d[j];
		if (o->l1 && o->l1[j] > 0 && s->d[j] * s->pg[j] >= 0)
			s->d[j] = 0;
		slope += s->d[j] * s->pg[j];
	}
	if (!(slope < 0)) {
		p->used = 0;
		for (size_t j = 0; j < s->n; j++)
			s->d[j] = -s->pg[j];
	}
}

static void iterate(struct lbfgs *o, struct search *s, struct pairs *p)
{
	for (o->done = 0;; o->done++) {
		optim_subgradient(s->n, s->x, s->g, o->l1, s->pg);
		double size = dense_maxabs(s->n, s->pg);
		o->converged = size <= o->tol;
		if (o->converged || o->done >= o->iterations)
			return;
		direction(o, s, p);
		double first = p->used ? 1 : 1 / sqrt(dense_dot(s->n, s->d, s->d));
		if (!line_search(o, s, first)) {
			if (!p->used)
				return;
			p->used = 0;	/* once more from steepest descent */
			continue;
		}
		pairs_add(p, s->x, s->x1, s->g, s->g1);
		double *t = s->x;
		s->x = s->x1;
		s->x1 = t;
		t = s->g;
		s->g = s->g1;
		s->g1 = t;
		s->f = s->f1;
		if (o->told && o->told(o->ctx, o->done + 1, s->f)) {
			o->done++;
			return;
		}
	}
}

void lbfgs(struct lbfgs *o, size_t n, double *x)
{
	size_t m = (size_t)o->memory;
	double *mem = NEW0(double, 6 * n + 2 * m * n + 2 * m);
	struct search s = { .n = n, .x = mem, .g = mem + n, .pg = mem + 2 * n, .d = mem + 3 * n,
			    .x1 = mem + 4 * n, .g1 = mem + 5 * n };
	struct pairs p = { .n = n, .cap = m, .s = mem + 6 * n, .y = mem + 6 * n + m * n,
			   .rho = mem + 6 * n + 2 * m * n, .alpha = mem + 6 * n + 2 * m * n + m };
	memcpy(s.x, x, n * sizeof(*x));
	s.f = o->fn(o->ctx, s.x, s.g) + penalty(o, n, s.x);
	iterate(o, &s, &p);
	o->objective = s.f;
	memcpy(x, s.x, n * sizeof(*x));
	free(mem);
}
