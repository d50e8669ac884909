/*
 * The parameters of naive Bayes from counts and moments. Work is cut by
 * column: one chunk reads one column in row order, so sums never depend on
 * the number of threads.
 */
#include "families/bayes/bayes.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

struct job {
	struct bayes *b;
	const struct data *d;
	double alpha;
	double *variance;	/* (ncols) of a Gaussian column over all classes; else 0 */
};

/*
 * Weighted mean and variance (dividing by the weight) of each class, and of
 * all rows, to mean and var (k + 1): two passes, as sklearn's GaussianNB. A
 * class without a cell takes those of all rows, so that it says nothing about
 * the column. What is too large for a double becomes a flat density.
 */
static void moments(const struct data *d, const struct column *col, size_t k, double *mean, double *var)
{
	double *weight = NEW0(double, k + 1);
	memset(mean, 0, (k + 1) * sizeof(*mean));
	memset(var, 0, (k + 1) * sizeof(*var));
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < d->n; i++) {
			size_t row = data_row(d, i), c = (size_t)d->label[row];
			double x = col->num[row], w = data_weight(d, i);
			if (isnan(x))
				continue;
			if (pass == 0) {
				weight[c] += w;
				weight[k] += w;
				mean[c] += w * x;
				mean[k] += w * x;
			} else {
				var[c] += w * (x - mean[c]) * (x - mean[c]);
				var[k] += w * (x - mean[k]) * (x - mean[k]);
			}
		}
		double *sum = pass == 0 ? mean : var;
		for (size_t c = 0; c <= k; c++)
			sum[c] = weight[c] > 0 ? sum[c] / weight[c] : 0;
	}
	for (size_t c = 0; c <= k; c++)
		if (!isfinite(mean[c]) || !isfinite(var[c])) {
			mean[c] = 0;
			var[c] = DBL_MAX;
		}
	for (size_t c = 0; c < k; c++)
		if (weight[c] <= 0) {
			mean[c] = mean[k];
			var[c] = var[k];
		}
	free(weight);
}

/* log P(level | c) = log(N_lc + alpha) - log(N_c + alpha * levels), to out (levels, k). */
static void levels(const struct data *d, const struct column *col, const struct bayes_part *part, size_t k,
		   double alpha, double *out)
{
	double *total = NEW0(double, k);
	for (size_t i = 0; i < d->n; i++) {
		size_t row = data_row(d, i), c = (size_t)d->label[row];
		int32_t level = bayes_level(part->term, col, row);
		if (level < 0)
			continue;
		out[(size_t)level * k + c] += data_weight(d, i);
		total[c] += data_weight(d, i);
	}
	for (size_t l = 0; l < part->rows; l++)
		for (size_t c = 0; c < k; c++)
			out[l * k + c] = log(out[l * k + c] + alpha) - log(total[c] + alpha * (double)part->rows);
	free(total);
}

/* Weighted sums of a column of counts by class, to out (k). */
static void counts(const struct data *d, const struct column *col, double *out)
{
	for (size_t i = 0; i < d->n; i++) {
		size_t row = data_row(d, i);
		if (!isnan(col->num[row]))
			out[d->label[row]] += data_weight(d, i) * col->num[row];
	}
}

static void learn_column(void *ctx, size_t j, int worker)
{
	struct job *job = ctx;
	struct bayes *b = job->b;
	const struct bayes_part *part = &b->parts[j];
	const struct column *col = &job->d->cols[j];
	(void)worker;
	if (part->term == TERM_GAUSSIAN) {
		double *mean = NEW(double, b->k + 1), *var = NEW(double, b->k + 1);
		moments(job->d, col, b->k, mean, var);
		memcpy(b->mean + part->at * b->k, mean, b->k * sizeof(*mean));
		memcpy(b->var + part->at * b->k, var, b->k * sizeof(*var));
		job->variance[j] = var[b->k];
		free(mean);
		free(var);
	} else if (part->term == TERM_CATEGORICAL || part->term == TERM_BERNOULLI) {
		levels(job->d, col, part, b->k, job->alpha, b->log_prob + part->at * b->k);
	} else {
		counts(job->d, col, b->log_prob + part->at * b->k);
	}
}

/*
 * var += var_smoothing times the largest variance of a column, sklearn's
 * epsilon. When no column varies all classes share a mean, and any variance
 * serves.
 */
static void widen(struct bayes *b, double var_smoothing, const double *variance)
{
	double most = 0;
	for (size_t j = 0; j < b->ncols; j++)
		most = fmax(most, variance[j]);
	for (size_t i = 0; i < b->ngauss * b->k; i++) {
		double v = b->var[i] + var_smoothing * most;
		b->var[i] = v > DBL_MAX ? DBL_MAX : v >= DBL_MIN ? v : most > 0 ? DBL_MIN : 1;
	}
}

/*
 * Sums of counts S (ncols, k) to log parameters, in place. Multinomial:
 * log((S_jc + alpha) / sum_j (S_jc + alpha)); complement: the same over the
 * rows of all other classes, negated (Rennie and others 2003, equation 6).
 */
static void normalise(struct bayes *b, double alpha, bool complement)
{
	double *total = NEW0(double, b->k);
	for (size_t j = 0; j < b->nrows; j++) {
		double *row = b->log_prob + j * b->k, all = 0;
		for (size_t c = 0; c < b->k; c++)
			all += row[c];
		for (size_t c = 0; c < b->k; c++) {
			row[c] = complement ? fmax(all - row[c], 0) + alpha : row[c] + alpha;
			total[c] += row[c];
		}
	}
	for (size_t j = 0; j < b->nrows; j++)
		for (size_t c = 0; c < b->k; c++) {
			double *p = b->log_prob + j * b->k + c, l = log(*p) - log(total[c]);
			*p = isfinite(l) ? (complement ? -l : l) : 0;
		}
	free(total);
}

/* log P(c): shares of the weight, or equal ones; complement knows none. A class without weight is never predicted. */
static void learn_priors(struct bayes *b, const struct data *d, bool uniform, bool none)
{
	double *weight = NEW0(double, b->k), total = 0, seen = 0;
	for (size_t i = 0; i < d->n; i++)
		weight[d->label[data_row(d, i)]] += data_weight(d, i);
	for (size_t c = 0; c < b->k; c++) {
		total += weight[c];
		seen += weight[c] > 0;
	}
	for (size_t c = 0; c < b->k; c++) {
		if (none || total <= 0)
			b->prior[c] = 0;
		else
			b->prior[c] = uniform ? -log(seen) : log(weight[c] / total);
		if (total > 0 && weight[c] <= 0)
			b->prior[c] = -BAYES_FAR;
	}
	free(weight);
}

void bayes_learn(struct bayes *b, const struct bayes_opts *o, const struct data *d, int threads)
{
	struct job job = { b, d, o->smoothing, NEW0(double, b->ncols) };
	bool complement = strcmp(o->kind, "complement") == 0;
	par_for(threads, b->ncols, learn_column, &job);
	widen(b, o->var_smoothing, job.variance);
	if (complement || strcmp(o->kind, "multinomial") == 0)
		normalise(b, o->smoothing, complement);
	learn_priors(b, d, strcmp(o->priors, "uniform") == 0, complement);
	free(job.variance);
}
