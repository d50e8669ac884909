#include "families/linear/dcd.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

/* One row's entries. */
struct row {
	const int32_t *col;
	const double *val;
	size_t n;
};

static struct row row_of(const struct dcd *s, size_t i)
{
	size_t r = s->rows[i], from = s->x->start[r];
	return (struct row){ s->x->col + from, s->x->val + from, s->x->start[r + 1] - from };
}

/* w += a scale^2 x: w are weights of the columns as they stand. */
static void add_row(const struct dcd *s, struct row x, double a)
{
	for (size_t e = 0; e < x.n; e++) {
		size_t j = (size_t)x.col[e];
		s->w[j] += a * x.val[e] * (s->scale ? s->scale[j] * s->scale[j] : 1);
	}
}

/* |scale x|^2 */
static double square(const struct dcd *s, struct row x)
{
	double sum = 0;
	for (size_t e = 0; e < x.n; e++) {
		double v = x.val[e] * (s->scale ? s->scale[x.col[e]] : 1);
		sum += v * v;
	}
	return sum;
}

static double objective(const struct dcd *s)
{
	double f = 0;
	for (size_t j = 0; j < s->x->ncols; j++) {
		double v = s->scale ? (s->scale[j] != 0 ? s->w[j] / s->scale[j] : 0) : s->w[j];
		f += 0.5 * v * v;
	}
	for (size_t i = 0; i < s->n; i++) {
		double v = 1 - s->y[i] * sparse_dot(s->x, s->rows[i], s->w);
		if (v > 0)
			f += s->c[i] * (s->hinge ? v : v * v);
	}
	return f;
}

/* The dual variables, and which of them are in play. */
struct dual {
	double *alpha, *diag;	/* (n) */
	uint32_t *order;	/* (n) the first `active` are in play */
	size_t active;
	double most, least;	/* projected gradients of the last pass: beyond these a row at a bound leaves */
};

/*
 * One pass in random order. Returns the distance between the largest and the
 * least projected gradient.
 */
static double pass(struct dcd *s, struct dual *d)
{
	double most = -INFINITY, least = INFINITY;
	for (size_t k = 0; k < d->active; k++) {
		size_t other = k + (size_t)rng_below(&s->rng, d->active - k);
		uint32_t i = d->order[other];
		d->order[other] = d->order[k];
		d->order[k] = i;
	}
	for (size_t k = 0; k < d->active; k++) {
		uint32_t i = d->order[k];
		struct row x = row_of(s, i);
		double top = s->hinge ? s->c[i] : INFINITY, bend = s->hinge ? 0 : 0.5 / s->c[i], a = d->alpha[i];
		double g = s->y[i] * sparse_dot(s->x, s->rows[i], s->w) - 1 + a * bend, pg = g;
		bool leaves = false;
		if (a == 0) {
			leaves = g > d->most;
			pg = g < 0 ? g : 0;
		} else if (a == top) {
			leaves = g < d->least;
			pg = g > 0 ? g : 0;
		}
		if (leaves) {
			d->order[k--] = d->order[--d->active];
			d->order[d->active] = i;
			continue;
		}
		most = fmax(most, pg);
		least = fmin(least, pg);
		if (fabs(pg) <= 1e-12)
			continue;
		d->alpha[i] = fmin(fmax(a - g / d->diag[i], 0), top);
		add_row(s, x, (d->alpha[i] - a) * s->y[i]);
	}
	/* where all lie on one side the bound says nothing */
	d->most = most > 0 ? most : INFINITY;
	d->least = least < 0 ? least : -INFINITY;
	return most - least;
}

void dcd(struct dcd *s)
{
	struct dual d = { .alpha = NEW0(double, s->n), .diag = NEW(double, s->n), .order = NEW(uint32_t, s->n),
			  .most = INFINITY, .least = -INFINITY };
	size_t all = 0;
	for (size_t j = 0; j < s->x->ncols; j++)
		s->w[j] = 0;
	for (size_t i = 0; i < s->n; i++) {
		d.diag[i] = square(s, row_of(s, i)) + (s->hinge ? 0 : 0.5 / s->c[i]);
		if (s->c[i] > 0 && d.diag[i] > 0)	/* a row of nothing moves nothing */
			d.order[all++] = (uint32_t)i;
	}
	d.active = all;
	s->converged = all == 0;
	for (s->done = 0; s->done < s->iterations && !s->converged; s->done++) {
		if (pass(s, &d) > s->tol)
			continue;
		s->converged = d.active == all;
		d.active = all;		/* once more over all, none left out */
		d.most = INFINITY;
		d.least = -INFINITY;
	}
	s->objective = objective(s);
	free(d.alpha);
	free(d.diag);
	free(d.order);
}
