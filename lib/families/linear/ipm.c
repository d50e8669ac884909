/*
 * Quantile regression by a primal-dual interior point method, in the spirit of
 * Portnoy and Koenker (1997), with Mehrotra's predictor and corrector:
 *
 *	minimise sum_i q w_i u_i + (1 - q) w_i v_i + b'Lb / 2,  y - Xb = u - v,  u, v >= 0.
 *
 * With the dual d in (-(1 - q) w, q w), slacks a = q w - d, c = d + (1 - q) w,
 * the conditions are X'd = Lb, u a = v c = mu. One step solves
 * (X' T^-1 X + L) db = rhs with T = u / a + v / c, a weighted Gram matrix as in
 * Newton's method. An l1 penalty is one more row, x = e_j and y = 0, whose dual
 * lies in (-l1, l1). Some 20 steps give the objective to ten digits.
 */
#include "families/linear/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/dense.h"

#define GAP 1e-10	/* of the objective; then the rest is rounding */
#define BACK 0.9995	/* of the way to the nearest bound */

struct ipm {
	const struct glm *g;
	size_t n;			/* rows of the data and, after them, rows of l1 */
	size_t *coef;			/* (n - g->n) parameter of an l1 row */
	double *lo, *hi;		/* (n) size of the dual's bounds */
	double *e, *u, *v, *d;		/* (n) residual y - Xb, its parts, dual */
	double *de, *du, *dv, *dd;	/* (n) steps; de = X db */
	double *t, *z, *cu, *cv;	/* (n) 1 / T, right-hand side, targets of u a and v c */
	double *b, *db, *rhs, *dual;	/* (m); dual = X'd - Lb */
	double *gram;			/* (m, m), then its factor */
};

struct rows {
	struct ipm *s;
	double *store;		/* scores go here, or NULL */
	const double *r, *h;	/* what is summed, or NULL */
};

static double ipm_rows(const struct glm *g, void *ctx, size_t i0, size_t n, double *f, double *r, double *h)
{
	(void)g;
	const struct rows *w = ctx;
	if (w->store)
		memcpy(w->store + i0, f, n * sizeof(*f));
	if (w->r)
		memcpy(r, w->r + i0, n * sizeof(*r));
	if (w->h)
		memcpy(h, w->h + i0, n * sizeof(*h));
	return 0;
}

/* out (n) = X b, l1 rows too. */
static void times(struct ipm *s, const double *b, double *out)
{
	struct rows w = { s, out, NULL, NULL };
	struct glm_pass p = { .theta = b, .rows = ipm_rows, .ctx = &w };
	glm_pass(s->g, &p);
	for (size_t i = s->g->n; i < s->n; i++)
		out[i] = b[s->coef[i - s->g->n]];
}

/* out (m) = X'r; gram (m, m) = X' diag(h) X unless NULL. */
static void sums(struct ipm *s, const double *r, const double *h, double *out, double *gram)
{
	struct rows w = { s, NULL, r, h };
	struct glm_pass p = { .rows = ipm_rows, .ctx = &w, .grad = out, .hess = gram };
	size_t m = s->g->m;
	glm_pass(s->g, &p);
	for (size_t i = s->g->n; i < s->n; i++) {
		size_t a = s->coef[i - s->g->n];
		out[a] += r[i];
		if (gram)
			gram[a * m + a] += h[i];
	}
}

static void start(struct ipm *s, const double *theta)
{
	const struct glm *g = s->g;
	double mean = 0, q = g->param;
	memcpy(s->b, theta, g->m * sizeof(*theta));
	times(s, s->b, s->e);
	for (size_t i = 0; i < s->n; i++) {
		bool row = i < g->n;
		s->lo[i] = row ? (1 - q) * g->w[i] : g->l1[s->coef[i - g->n]];
		s->hi[i] = row ? q * g->w[i] : g->l1[s->coef[i - g->n]];
		s->e[i] = (row ? g->y[i] : 0) - s->e[i];
		mean += row ? g->w[i] * fabs(s->e[i]) : 0;
	}
	for (size_t i = 0; i < s->n; i++) {
		s->u[i] = fmax(s->e[i], 0) + mean;
		s->v[i] = fmax(-s->e[i], 0) + mean;
		s->d[i] = 0.5 * (s->hi[i] - s->lo[i]);	/* the middle, where both slacks are equal */
	}
}

/* Sum of u a + v c, the gap to the dual once both sides hold. */
static double gap(const struct ipm *s, double step)
{
	double sum = 0;
	for (size_t i = 0; i < s->n; i++) {
		double d = s->d[i] + step * s->dd[i];
		sum += (s->u[i] + step * s->du[i]) * (s->hi[i] - d) + (s->v[i] + step * s->dv[i]) * (d + s->lo[i]);
	}
	return sum;
}

/* Steps for targets cu, cv of the products, with the factor at hand. gram: make and factor it first. */
static void directions(struct ipm *s, bool gram)
{
	const struct glm *g = s->g;
	for (size_t i = 0; i < s->n; i++) {
		double a = s->hi[i] - s->d[i], c = s->d[i] + s->lo[i];
		bool on = s->hi[i] + s->lo[i] > 0;	/* a row without weight plays no part */
		s->t[i] = on ? 1 / (s->u[i] / a + s->v[i] / c) : 0;
		s->z[i] = on ? s->t[i] * (s->e[i] - s->cu[i] / a + s->cv[i] / c) : 0;
	}
	sums(s, s->z, s->t, s->rhs, gram ? s->gram : NULL);
	if (gram) {
		for (size_t a = 0; a < g->m; a++)
			s->gram[a * g->m + a] += g->l2[a];
		chol_factor(g->m, s->gram, 1e-14);
	}
	for (size_t a = 0; a < g->m; a++)
		s->db[a] = s->rhs[a] + s->dual[a];
	chol_solve(g->m, s->gram, s->db);
	times(s, s->db, s->de);
	for (size_t i = 0; i < s->n; i++) {
		double a = s->hi[i] - s->d[i], c = s->d[i] + s->lo[i];
		bool on = s->hi[i] + s->lo[i] > 0;
		s->dd[i] = on ? s->z[i] - s->t[i] * s->de[i] : 0;
		s->du[i] = on ? s->cu[i] / a - s->u[i] + s->u[i] / a * s->dd[i] : 0;
		s->dv[i] = on ? s->cv[i] / c - s->v[i] - s->v[i] / c * s->dd[i] : 0;
	}
}

/* The longest step that keeps u, v, a, c above 0. */
static double longest(const struct ipm *s)
{
	double t = 1 / BACK;
	for (size_t i = 0; i < s->n; i++) {
		double a = s->hi[i] - s->d[i], c = s->d[i] + s->lo[i];
		t = s->du[i] < 0 ? fmin(t, -s->u[i] / s->du[i]) : t;
		t = s->dv[i] < 0 ? fmin(t, -s->v[i] / s->dv[i]) : t;
		t = s->dd[i] > 0 ? fmin(t, a / s->dd[i]) : t;
		t = s->dd[i] < 0 ? fmin(t, -c / s->dd[i]) : t;
	}
	return BACK * t;
}

/* One predictor and corrector; the gap after it. */
static double advance(struct ipm *s)
{
	const struct glm *g = s->g;
	double now;
	memset(s->cu, 0, s->n * sizeof(double));
	memset(s->cv, 0, s->n * sizeof(double));
	memset(s->dd, 0, s->n * sizeof(double));
	now = gap(s, 0);
	sums(s, s->d, NULL, s->dual, NULL);
	for (size_t a = 0; a < g->m; a++)
		s->dual[a] -= g->l2[a] * s->b[a];
	directions(s, true);
	double ratio = gap(s, longest(s)) / now, mu = now / (double)(2 * s->n) * ratio * ratio * ratio;
	for (size_t i = 0; i < s->n; i++) {
		s->cu[i] = mu + s->du[i] * s->dd[i];
		s->cv[i] = mu - s->dv[i] * s->dd[i];
	}
	directions(s, false);
	double step = longest(s);
	for (size_t i = 0; i < s->n; i++) {
		s->e[i] -= step * s->de[i];
		s->u[i] += step * s->du[i];
		s->v[i] += step * s->dv[i];
		s->d[i] += step * s->dd[i];
	}
	dense_axpy(g->m, step, s->db, s->b);
	return gap(s, 0);
}

static size_t l1_rows(const struct glm *g, size_t *coef)
{
	size_t n = 0;
	for (size_t a = 0; a < g->m; a++)
		if (g->l1[a] > 0) {
			if (coef)
				coef[n] = a;
			n++;
		}
	return n;
}

static void run(struct solve *s, struct ipm *st, double *theta)
{
	const struct glm *g = st->g;
	start(st, theta);
	double best = glm_eval(g, theta, NULL) + glm_l1(g, theta);
	memset(st->dd, 0, st->n * sizeof(double));
	memset(st->du, 0, st->n * sizeof(double));
	memset(st->dv, 0, st->n * sizeof(double));
	s->converged = best == 0;
	for (s->done = 0; !s->converged && s->done < s->iterations; ) {
		double left = advance(st);
		if (!isfinite(left))
			break;
		double f = glm_eval(g, st->b, NULL) + glm_l1(g, st->b);
		s->done++;
		if (f <= best) {
			best = f;
			memcpy(theta, st->b, g->m * sizeof(*theta));
		}
		s->converged = left <= GAP * best;
		if (s->told && s->told(s->ctx, s->done, s->iterations, f, st->b))
			break;
	}
	s->objective = best;
}

void solve_ipm(struct solve *s, const struct glm *g, double *theta)
{
	size_t extra = l1_rows(g, NULL), n = g->n + extra, m = g->m;
	double *rows = NEW0(double, 14 * n), *cols = NEW(double, 4 * m);
	struct ipm st = { .g = g, .n = n, .coef = NEW(size_t, extra + 1), .gram = NEW(double, m * m) };
	double **row_arrays[] = { &st.lo, &st.hi, &st.e, &st.u, &st.v, &st.d, &st.de, &st.du, &st.dv, &st.dd,
				  &st.t, &st.z, &st.cu, &st.cv };
	for (size_t i = 0; i < sizeof(row_arrays) / sizeof(*row_arrays); i++)
		*row_arrays[i] = rows + i * n;
	st.b = cols;
	st.db = cols + m;
	st.rhs = cols + 2 * m;
	st.dual = cols + 3 * m;
	l1_rows(g, st.coef);
	run(s, &st, theta);
	free(rows);
	free(cols);
	free(st.coef);
	free(st.gram);
}
