/*
 * Curves over the predictions of a member: its sorted sample, for ranks; an
 * isotonic calibration; and Platt's sigmoid, which is a stack of one member.
 */
#include "ensemble/method.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

void learn_rank(struct combine *c, const struct level *lv, const struct learning *t)
{
	size_t nc = curve_outputs(c), k = (size_t)c->k;
	(void)t;
	c->ncurves = c->m * nc;
	c->curve = NEW0(struct curve, c->ncurves);
	for (size_t i = 0; i < c->ncurves; i++) {
		struct curve *to = &c->curve[i];
		*to = (struct curve){ lv->n, NEW(double, lv->n), NULL };
		for (size_t r = 0; r < lv->n; r++)
			to->x[r] = lv->p[i / nc][r * k + curve_output(c, i % nc)];
		qsort(to->x, to->n, sizeof(*to->x), ascending);
	}
}

struct point {
	double x, t, w;	/* t: mean of its targets */
	double left, right;	/* the x of its first and last row */
};

static int by_x(const void *a, const void *b)
{
	const struct point *p = a, *q = b;
	return p->x < q->x ? -1 : p->x > q->x;
}

/* Merges q into p. */
static void pool(struct point *p, const struct point *q)
{
	p->t = (p->t * p->w + q->t * q->w) / (p->w + q->w);
	p->w += q->w;
	p->right = q->right;
}

struct curve isotonic(size_t n, const double *x, const double *t, const double *w)
{
	struct point *p = NEW(struct point, n);
	size_t m = 0, blocks = 0;
	for (size_t r = 0; r < n; r++)
		if (!w || w[r] > 0)
			p[m++] = (struct point){ x[r], t[r], w ? w[r] : 1, x[r], x[r] };
	if (m == 0) {	/* no row has weight: all count alike */
		free(p);
		return isotonic(n, x, t, NULL);
	}
	qsort(p, m, sizeof(*p), by_x);
	for (size_t r = 0; r < m; r++) {	/* ties are one point */
		if (blocks && p[blocks - 1].x == p[r].x)
			pool(&p[blocks - 1], &p[r]);
		else
			p[blocks++] = p[r];
	}
	m = blocks;
	blocks = 0;
	for (size_t r = 0; r < m; r++) {
		p[blocks++] = p[r];
		while (blocks > 1 && p[blocks - 2].t >= p[blocks - 1].t) {
			pool(&p[blocks - 2], &p[blocks - 1]);
			blocks--;
		}
	}
	struct curve c = { 0, NEW(double, 2 * blocks), NEW(double, 2 * blocks) };
	for (size_t b = 0; b < blocks; b++)
		for (int end = 0; end < (p[b].left < p[b].right ? 2 : 1); end++) {
			c.x[c.n] = end ? p[b].right : p[b].left;
			c.y[c.n++] = p[b].t;
		}
	free(p);
	return c;
}

/* One curve for each output, held 1 / (n + 2) from 0 and 1: n rows do not prove that a class is impossible. */
static void learn_isotonic(struct combine *c, const struct level *lv)
{
	double least = 1 / ((double)lv->n + 2);
	double *x = NEW(double, lv->n), *t = NEW(double, lv->n);
	size_t k = (size_t)c->k;
	c->ncurves = curve_outputs(c);
	c->curve = NEW0(struct curve, c->ncurves);
	for (size_t o = 0; o < c->ncurves; o++) {
		size_t j = curve_output(c, o);
		for (size_t r = 0; r < lv->n; r++) {
			x[r] = lv->p[0][r * k + j];
			t[r] = (size_t)lv->label[r] == j;
		}
		struct curve *to = &c->curve[o];
		*to = isotonic(lv->n, x, t, lv->w);
		for (size_t i = 0; i < to->n; i++)
			to->y[i] = to->y[i] < least ? least : to->y[i] > 1 - least ? 1 - least : to->y[i];
	}
	free(x);
	free(t);
}

void learn_calibrate(struct combine *c, const struct level *lv, const struct learning *t)
{
	if (strcmp(t->opts->how, "isotonic") == 0) {
		learn_isotonic(c, lv);
		return;
	}
	c->bias = NEW(double, (size_t)c->k);
	newton_fit(lv, 0, false, true, c->weight, c->bias);
}
