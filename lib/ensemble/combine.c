#include "ensemble/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct combine combine_new(size_t m, int32_t k, const double *weights)
{
	struct combine c = { .m = m, .k = k, .weight = NEW(double, m) };
	double sum = 0;
	for (size_t i = 0; weights && i < m; i++)
		sum += weights[i];
	for (size_t i = 0; i < m; i++)
		c.weight[i] = weights ? weights[i] / sum : 1 / (double)m;
	return c;
}

void combine_free(struct combine *c)
{
	for (size_t i = 0; i < c->ncurves; i++) {
		free(c->curve[i].x);
		free(c->curve[i].y);
	}
	free(c->curve);
	free(c->weight);
	free(c->bias);
	*c = (struct combine){ 0 };
}

/* Makes p (k) sum to 1; equal when all are 0. One output stays as it is. */
static void normalise(size_t k, double *p)
{
	double sum = 0;
	for (size_t j = 0; j < k; j++)
		sum += p[j];
	for (size_t j = 0; k > 1 && j < k; j++)
		p[j] = sum > 0 ? p[j] / sum : 1 / (double)k;
}

/* p := softmax(p), (k). */
static void softmax(size_t k, double *p)
{
	double most = p[0];
	for (size_t j = 1; j < k; j++)
		most = p[j] > most ? p[j] : most;
	for (size_t j = 0; j < k; j++)
		p[j] = exp(p[j] - most);
	normalise(k, p);
}

/* out_j = sum_i w_i p_ij */
void apply_mean(const struct combine *c, const double *const *p, size_t n, double *out)
{
	size_t cells = n * (size_t)c->k;
	for (size_t j = 0; j < cells; j++)
		out[j] = 0;
	for (size_t i = 0; i < c->m; i++)
		for (size_t j = 0; c->weight[i] != 0 && j < cells; j++)
			out[j] += c->weight[i] * p[i][j];
}

/* out_j ~ exp(sum_i w_i log p_ij); of one output, the geometric mean itself. */
void apply_gmean(const struct combine *c, const double *const *p, size_t n, double *out)
{
	size_t k = (size_t)c->k;
	for (size_t j = 0; j < n * k; j++)
		out[j] = 0;
	for (size_t i = 0; i < c->m; i++)
		for (size_t j = 0; c->weight[i] != 0 && j < n * k; j++)
			out[j] += c->weight[i] * log(k > 1 ? clipped(p[i][j]) : p[i][j]);
	for (size_t r = 0; r < n; r++) {
		if (k > 1)
			softmax(k, out + r * k);
		else
			out[r] = exp(out[r]);
	}
}

/* out_j ~ sigmoid(sum_i w_i logit p_ij) */
void apply_logit_mean(const struct combine *c, const double *const *p, size_t n, double *out)
{
	size_t k = (size_t)c->k;
	for (size_t j = 0; j < n * k; j++)
		out[j] = 0;
	for (size_t i = 0; i < c->m; i++)
		for (size_t j = 0; c->weight[i] != 0 && j < n * k; j++) {
			double q = clipped(p[i][j]);
			out[j] += c->weight[i] * log(q / (1 - q));
		}
	for (size_t r = 0; r < n; r++) {
		for (size_t j = 0; j < k; j++)
			out[r * k + j] = 1 / (1 + exp(-out[r * k + j]));
		normalise(k, out + r * k);
	}
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* The median over members of each output; of an even number the mean of the middle two. */
void apply_median(const struct combine *c, const double *const *p, size_t n, double *out)
{
	size_t k = (size_t)c->k, m = c->m;
	double *x = NEW(double, m);
	for (size_t r = 0; r < n; r++) {
		for (size_t j = r * k; j < (r + 1) * k; j++) {
			for (size_t i = 0; i < m; i++)
				x[i] = p[i][j];
			qsort(x, m, sizeof(*x), ascending);
			out[j] = (x[(m - 1) / 2] + x[m / 2]) / 2;
		}
		normalise(k, out + r * k);
	}
	free(x);
}

/* out_j = the weight of members whose most probable class is j, the first of equals. */
void apply_vote(const struct combine *c, const double *const *p, size_t n, double *out)
{
	size_t k = (size_t)c->k;
	for (size_t j = 0; j < n * k; j++)
		out[j] = 0;
	for (size_t i = 0; i < c->m; i++)
		for (size_t r = 0; c->weight[i] != 0 && r < n; r++) {
			const double *q = p[i] + r * k;
			size_t best = 0;
			for (size_t j = 1; j < k; j++)
				if (q[j] > q[best])
					best = j;
			out[r * k + best] += c->weight[i];
		}
}

size_t curve_outputs(const struct combine *c)
{
	return c->k == 2 ? 1 : (size_t)c->k;
}

size_t curve_output(const struct combine *c, size_t i)
{
	return c->k == 2 ? 1 : i;
}

/* How many of c's x are below v; with equal, below or equal. */
static size_t count_below(const struct curve *c, double v, bool equal)
{
	size_t lo = 0, hi = c->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (equal ? c->x[mid] <= v : c->x[mid] < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

double curve_at(const struct curve *c, double v)
{
	size_t i = count_below(c, v, true);
	if (!c->y)
		return ((double)count_below(c, v, false) + (double)i) / (2 * (double)c->n);
	if (i == 0)
		return c->y[0];
	if (i == c->n || c->x[i - 1] == v)
		return c->y[i - 1];
	return c->y[i - 1] + (c->y[i] - c->y[i - 1]) * ((v - c->x[i - 1]) / (c->x[i] - c->x[i - 1]));
}

/* out_j ~ sum_i w_i curve_ij(p_ij); of two classes the first gets what is left of 1. */
void apply_curves(const struct combine *c, const double *const *p, size_t n, double *out)
{
	size_t k = (size_t)c->k, nc = curve_outputs(c);
	for (size_t j = 0; j < n * k; j++)
		out[j] = 0;
	for (size_t i = 0; i < c->m; i++)
		for (size_t r = 0; c->weight[i] != 0 && r < n; r++)
			for (size_t o = 0; o < nc; o++) {
				size_t j = r * k + curve_output(c, o);
				out[j] += c->weight[i] * curve_at(&c->curve[i * nc + o], p[i][j]);
			}
	for (size_t r = 0; r < n; r++) {
		if (k == 2)
			out[r * 2] = 1 - out[r * 2 + 1];
		else
			normalise(k, out + r * k);
	}
}

/* softmax(b + sum_i w_i log p_i), or b + sum_i w_i p_i */
void apply_stack(const struct combine *c, const double *const *p, size_t n, double *out)
{
	size_t k = (size_t)c->k;
	for (size_t j = 0; j < n * k; j++)
		out[j] = c->bias[j % k];
	for (size_t i = 0; i < c->m; i++)
		for (size_t j = 0; c->weight[i] != 0 && j < n * k; j++)
			out[j] += c->weight[i] * (k > 1 ? log(clipped(p[i][j])) : p[i][j]);
	for (size_t r = 0; k > 1 && r < n; r++)
		softmax(k, out + r * k);
}

void apply_calibrate(const struct combine *c, const double *const *p, size_t n, double *out)
{
	if (c->curve)
		apply_curves(c, p, n, out);
	else
		apply_stack(c, p, n, out);
}
