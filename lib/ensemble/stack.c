/*
 * A weight for each member and a bias for each class, by Newton's method: at
 * most a few dozen numbers, so the Hessian is small and rows are what costs.
 * All classes share a member's weight. So of two classes this is the logistic
 * regression on the members' log-odds, and more classes do not multiply what
 * is to be learned from the same rows. The penalty pulls towards equal weights
 * and not towards 0: an endless one gives back the plain (logit-)mean.
 */
#include "ensemble/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/dense.h"

#define ITERATIONS 50
#define SLOPE 1e-14	/* done when a step promises less than this of the mean loss */
#define RIDGE 1e-9	/* penalty of everything, so that equal members share and a class without a row has a bias */
#define PIVOT 1e-14	/* of the Cholesky factor */

/* Classification in numbers: d parameters, m weights and then the biases of classes 1..k-1. */
struct problem {
	size_t n, m, k, d;
	double *z;		/* (n, k - 1, m) log p_ic - log p_i0 */
	double *w;		/* (n) sums to 1 */
	const int32_t *label;	/* (n) */
	double *high, *low;	/* (k) target of the true class c, and of each other class when c is true */
	double l2;
};

/* Weights of the rows (n) that sum to 1. */
static double *row_weights(const struct level *lv)
{
	double *w = NEW(double, lv->n), sum = 0;
	for (size_t r = 0; r < lv->n; r++)
		sum += w[r] = lv->w ? lv->w[r] : 1;
	for (size_t r = 0; r < lv->n; r++)
		w[r] = sum > 0 ? w[r] / sum : 1 / (double)lv->n;
	return w;
}

/* ---- the least of a quadratic ---- */

/* x (d): the least of x' h x / 2 - c' x over the entries in `passive`, the others 0. h: lower triangle (d, d). */
static void solve_passive(size_t d, const double *h, const double *c, const char *passive, double *x)
{
	size_t *at = NEW(size_t, d), n = 0;
	double *a = NEW(double, d * d), *b = NEW(double, d);
	for (size_t i = 0; i < d; i++)
		if (passive[i])
			at[n++] = i;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j <= i; j++)
			a[i * n + j] = h[at[i] * d + at[j]];
		b[i] = c[at[i]];
	}
	chol_factor(n, a, PIVOT);
	chol_solve(n, a, b);
	for (size_t i = 0; i < d; i++)
		x[i] = 0;
	for (size_t i = 0; i < n; i++)
		x[at[i]] = b[i];
	free(at);
	free(a);
	free(b);
}

/* The entry below m, not passive, along which the quadratic falls most at x; d when it falls along none. */
static size_t steepest(size_t d, size_t m, const double *h, const double *c, const char *passive, const double *x)
{
	size_t best = d;
	double most = 0;
	for (size_t i = 0; i < m; i++) {
		double slope = c[i], size = fabs(c[i]);
		for (size_t j = 0; j < d; j++) {
			double term = h[(i > j ? i : j) * d + (i > j ? j : i)] * x[j];
			slope -= term;
			size += fabs(term);
		}
		if (!passive[i] && slope > most + 1e-13 * size) {
			most = slope;
			best = i;
		}
	}
	return best;
}

/*
 * x (d): the least of x' h x / 2 - c' x with x[i] >= 0 for i < m, by active
 * sets (Lawson and Hanson, "Solving least squares problems", 1974, algorithm
 * NNLS, with entries m.. always free).
 */
static void solve_nonneg(size_t d, size_t m, const double *h, const double *c, double *x)
{
	char *passive = NEW0(char, d);
	double *s = NEW(double, d);
	for (size_t i = m; i < d; i++)
		passive[i] = 1;
	solve_passive(d, h, c, passive, x);
	for (size_t turn = 0; turn < 3 * d + 10; turn++) {
		size_t add = steepest(d, m, h, c, passive, x);
		if (add == d)
			break;
		passive[add] = 1;
		for (size_t stop = 0; stop < d;) {	/* towards s, up to where an entry would go below 0 */
			double step = 1;
			stop = d;
			solve_passive(d, h, c, passive, s);
			for (size_t i = 0; i < m; i++)
				if (passive[i] && s[i] <= 0 && x[i] < step * (x[i] - s[i])) {
					step = x[i] / (x[i] - s[i]);
					stop = i;
				}
			for (size_t i = 0; i < d; i++)
				x[i] += step * (s[i] - x[i]);
			if (stop < d) {
				passive[stop] = 0;
				x[stop] = 0;
			}
		}
	}
	free(passive);
	free(s);
}

static void solve(size_t d, size_t m, const double *h, const double *c, bool nonneg, double *x)
{
	if (nonneg) {
		solve_nonneg(d, m, h, c, x);
		return;
	}
	char *passive = NEW(char, d);
	memset(passive, 1, d);
	solve_passive(d, h, c, passive, x);
	free(passive);
}

/* ---- regression ---- */

/* Mean of x (n) by the weights, which sum to 1. */
static double mean_of(size_t n, const double *w, const double *x)
{
	double sum = 0;
	for (size_t r = 0; r < n; r++)
		sum += w[r] * x[r];
	return sum;
}

/* The mean product of deviations of x and y (n). */
static double covariance(size_t n, const double *w, const double *x, double mx, const double *y, double my)
{
	double sum = 0;
	for (size_t r = 0; r < n; r++)
		sum += w[r] * (x[r] - mx) * (y[r] - my);
	return sum;
}

/* The mean squared error of the members' plain mean once both means are taken off; 1 when there is none. */
static double error_of_mean(const struct level *lv, const double *w, const double *mean, double my)
{
	double sum = 0;
	for (size_t r = 0; r < lv->n; r++) {
		double e = my - lv->y[r];
		for (size_t i = 0; i < lv->m; i++)
			e += (lv->p[i][r] - mean[i]) / (double)lv->m;
		sum += w[r] * e * e;
	}
	return sum > 0 ? sum : 1;
}

static void fit_values(const struct level *lv, double l2, bool nonneg, double *w, double *b)
{
	size_t m = lv->m;
	double *rw = row_weights(lv), *mean = NEW(double, m), *h = NEW(double, m * m), *c = NEW(double, m);
	double my = mean_of(lv->n, rw, lv->y);
	for (size_t i = 0; i < m; i++)
		mean[i] = mean_of(lv->n, rw, lv->p[i]);
	double scale = error_of_mean(lv, rw, mean, my);
	for (size_t i = 0; i < m; i++) {
		for (size_t j = 0; j <= i; j++)
			h[i * m + j] = covariance(lv->n, rw, lv->p[i], mean[i], lv->p[j], mean[j]) / scale;
		h[i * m + i] += l2 + RIDGE;
		c[i] = covariance(lv->n, rw, lv->p[i], mean[i], lv->y, my) / scale + (l2 + RIDGE) / (double)m;
	}
	solve(m, m, h, c, nonneg, w);
	b[0] = my;
	for (size_t i = 0; i < m; i++)
		b[0] -= w[i] * mean[i];
	free(rw);
	free(mean);
	free(h);
	free(c);
}

/* ---- classification ---- */

static struct problem problem_of(const struct level *lv, double l2, bool smooth)
{
	size_t k = (size_t)lv->k, m = lv->m;
	struct problem p = { .n = lv->n, .m = m, .k = k, .d = m + k - 1, .z = NEW(double, lv->n * (k - 1) * m),
		.w = row_weights(lv), .label = lv->label, .high = NEW0(double, k), .low = NEW0(double, k), .l2 = l2 };
	for (size_t r = 0; r < lv->n; r++)
		for (size_t i = 0; i < m; i++) {
			double zero = log(clipped(lv->p[i][r * k]));
			for (size_t c = 1; c < k; c++)
				p.z[(r * (k - 1) + c - 1) * m + i] = log(clipped(lv->p[i][r * k + c])) - zero;
		}
	for (size_t r = 0; r < lv->n; r++)
		p.high[lv->label[r]] += lv->w ? lv->w[r] : 1;
	for (size_t c = 0; c < k; c++) {
		p.low[c] = smooth ? 1 / (p.high[c] + (double)k) : 0;
		p.high[c] = smooth ? (p.high[c] + 1) * p.low[c] : 1;
	}
	return p;
}

/* Probabilities q (k) of row r at x (d); returns the row's loss. */
static double row_loss(const struct problem *p, const double *x, size_t r, double *q)
{
	double most = 0, sum = 0, loss = 0;
	size_t l = (size_t)p->label[r];
	q[0] = 0;
	for (size_t c = 1; c < p->k; c++) {
		q[c] = x[p->m + c - 1] + dense_dot(p->m, x, p->z + (r * (p->k - 1) + c - 1) * p->m);
		most = q[c] > most ? q[c] : most;
	}
	for (size_t c = 0; c < p->k; c++) {
		loss -= (c == l ? p->high[l] : p->low[l]) * q[c];
		sum += q[c] = exp(q[c] - most);
	}
	for (size_t c = 0; c < p->k; c++)
		q[c] /= sum;
	return loss + most + log(sum);
}

/* Adds row r to the gradient g (d) and the Hessian h (d, d), lower triangle; q as above, mean (d) is scratch. */
static void row_slopes(const struct problem *p, size_t r, const double *q, double *g, double *h, double *mean)
{
	size_t m = p->m, l = (size_t)p->label[r];
	memset(mean, 0, m * sizeof(*mean));
	for (size_t c = 1; c < p->k; c++) {
		const double *z = p->z + (r * (p->k - 1) + c - 1) * m;
		double e = p->w[r] * (q[c] - (c == l ? p->high[l] : p->low[l])), a = p->w[r] * q[c];
		size_t b = m + c - 1;
		dense_axpy(m, e, z, g);
		g[b] += e;
		for (size_t i = 0; i < m; i++)
			dense_axpy(i + 1, a * z[i], z, h + i * p->d);
		dense_axpy(m, a, z, h + b * p->d);
		h[b * p->d + b] += a;
		dense_axpy(m, q[c], z, mean);
		mean[b] = q[c];
	}
	for (size_t i = 0; i < p->d; i++)
		dense_axpy(i + 1, -p->w[r] * mean[i], mean, h + i * p->d);
}

/* The penalised loss at x (d); with g (d), also its slopes. */
static double objective(const struct problem *p, const double *x, double *g, double *h)
{
	double *q = NEW(double, p->k), *mean = NEW(double, p->d), loss = 0;
	if (g) {
		memset(g, 0, p->d * sizeof(*g));
		memset(h, 0, p->d * p->d * sizeof(*h));
	}
	for (size_t r = 0; r < p->n; r++) {
		loss += p->w[r] * row_loss(p, x, r, q);
		if (g)
			row_slopes(p, r, q, g, h, mean);
	}
	for (size_t i = 0; i < p->d; i++) {
		double pull = i < p->m ? p->l2 + RIDGE : RIDGE, off = x[i] - (i < p->m ? 1 / (double)p->m : 0);
		loss += pull / 2 * off * off;
		if (g) {
			g[i] += pull * off;
			h[i * p->d + i] += pull;
		}
	}
	free(q);
	free(mean);
	return loss;
}

/* One Newton step from x (d); s, g, h are scratch. False when there is nothing to gain. */
static bool newton_step(const struct problem *p, bool nonneg, double *x, double *s, double *g, double *h)
{
	size_t d = p->d;
	double *c = NEW(double, d), *at = NEW(double, d), loss = objective(p, x, g, h), slope = 0, step = 1;
	bool better = false;
	for (size_t i = 0; i < d; i++) {
		c[i] = -g[i];
		for (size_t j = 0; j < d; j++)
			c[i] += h[(i > j ? i : j) * d + (i > j ? j : i)] * x[j];
	}
	solve(d, p->m, h, c, nonneg, s);
	for (size_t i = 0; i < d; i++)
		slope += g[i] * (s[i] - x[i]);
	for (; slope < -SLOPE && !better && step > 1e-10; step /= 2) {
		for (size_t i = 0; i < d; i++)
			at[i] = x[i] + step * (s[i] - x[i]);
		better = objective(p, at, NULL, NULL) <= loss + 1e-4 * step * slope;
	}
	if (better)
		memcpy(x, at, d * sizeof(*x));
	free(c);
	free(at);
	return better;
}

static void fit_classes(const struct level *lv, double l2, bool nonneg, bool smooth, double *w, double *b)
{
	struct problem p = problem_of(lv, l2, smooth);
	double *x = NEW0(double, p.d), *s = NEW(double, p.d), *g = NEW(double, p.d), *h = NEW(double, p.d * p.d);
	for (size_t i = 0; i < p.m; i++)
		x[i] = 1 / (double)p.m;
	for (int i = 0; i < ITERATIONS && newton_step(&p, nonneg, x, s, g, h); i++)
		;
	memcpy(w, x, p.m * sizeof(*w));
	b[0] = 0;
	memcpy(b + 1, x + p.m, (p.k - 1) * sizeof(*b));
	free(p.z);
	free(p.w);
	free(p.high);
	free(p.low);
	free(x);
	free(s);
	free(g);
	free(h);
}

void newton_fit(const struct level *lv, double l2, bool nonneg, bool smooth, double *w, double *b)
{
	if (lv->k == 1)
		fit_values(lv, l2, nonneg, w, b);
	else
		fit_classes(lv, l2, nonneg, smooth, w, b);
}

void learn_stack(struct combine *c, const struct level *lv, const struct learning *t)
{
	c->bias = NEW(double, (size_t)c->k);
	newton_fit(lv, t->opts->l2, t->opts->nonneg, false, c->weight, c->bias);
}
