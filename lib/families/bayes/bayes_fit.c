/*
 * The parameters of naive Bayes from counts and moments. Work is cut by
 * column, of the sparse ones by ranges of columns: one chunk reads its columns
 * in row order, so sums never depend on the number of threads.
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
 * Counts to log parameters in two steps, each in place. First smooth(): S_jc of
 * n columns, summed by class, becomes S_jc + alpha, and for complement the same
 * over the rows of all other classes (Rennie and others 2003, equation 6); what
 * it becomes is added to total (k). Then shares(): log(S_jc / total_c), from
 * the logs of total, negated for complement.
 */
static void smooth(double *s, size_t n, size_t k, double alpha, bool complement, double *total)
{
	for (size_t j = 0; j < n; j++, s += k) {
		double all = 0;
		for (size_t c = 0; c < k; c++)
			all += s[c];
		for (size_t c = 0; c < k; c++) {
			s[c] = complement ? fmax(all - s[c], 0) + alpha : s[c] + alpha;
			total[c] += s[c];
		}
	}
}

static void shares(double *s, size_t n, size_t k, bool complement, const double *log_total)
{
	for (size_t j = 0; j < n; j++, s += k)
		for (size_t c = 0; c < k; c++) {
			double l = log(s[c]) - log_total[c];
			s[c] = isfinite(l) ? (complement ? -l : l) : 0;
		}
}

/*
 * Sparse columns are learned by ranges of them, each from its entries of every
 * row. To find these costs as much as twenty entries do, so there are only as
 * many ranges as it takes for the sums of one to stay in the cache: a hundred
 * thousand terms of two classes are one range, learned as fast as they are read.
 */
#define RANGE_SUMS (1 << 19)
#define MOST_RANGES 8

struct sparse_job {
	struct bayes *b;
	const struct data *d;
	double alpha;
	const double *weight;	/* (k) of the classes */
	size_t ranges;
	double *part;		/* (ranges, k) of the totals */
	const double *log_total;	/* (k) */
};

static size_t range_start(const struct sparse_job *job, size_t range)
{
	return job->b->nsparse * range / job->ranges;
}

/* Log-odds that a term is there, log(N_jc + alpha) - log(N_c - N_jc + alpha), from N (n, k), in place. */
static void odds(double *s, size_t n, size_t k, double alpha, const double *weight)
{
	for (size_t j = 0; j < n; j++, s += k)
		for (size_t c = 0; c < k; c++) {
			double l = log(s[c] + alpha) - log(fmax(weight[c] - s[c], 0) + alpha);
			s[c] = isfinite(l) ? l : 0;
		}
}

static void count_range(void *ctx, size_t range, int worker)
{
	const struct sparse_job *job = ctx;
	const struct data *d = job->d;
	const struct sparse *x = d->sparse;
	const size_t k = job->b->k, from = range_start(job, range), to = range_start(job, range + 1);
	const bool bernoulli = job->b->sparse == TERM_BERNOULLI;
	double *term = job->b->term;
	(void)worker;
	for (size_t i = 0; i < d->n; i++) {
		size_t row = data_row(d, i), c = (size_t)d->label[row], end = x->start[row + 1];
		double w = data_weight(d, i);
		for (size_t e = from ? sparse_from(x, row, from) : x->start[row]; e < end && (size_t)x->col[e] < to; e++)
			term[(size_t)x->col[e] * k + c] += w * (bernoulli ? x->val[e] > 0 : x->val[e]);
	}
	if (bernoulli)
		odds(term + from * k, to - from, k, job->alpha, job->weight);
	else
		smooth(term + from * k, to - from, k, job->alpha, job->b->sparse == TERM_COMPLEMENT, job->part + range * k);
}

static void share_range(void *ctx, size_t range, int worker)
{
	const struct sparse_job *job = ctx;
	const size_t k = job->b->k, from = range_start(job, range), to = range_start(job, range + 1);
	(void)worker;
	shares(job->b->term + from * k, to - from, k, job->b->sparse == TERM_COMPLEMENT, job->log_total);
}

/* log P(c): shares of the weight (k), or equal ones; complement knows none. A class without weight is never predicted. */
static void learn_priors(struct bayes *b, const double *weight, bool uniform, bool none)
{
	double total = 0, seen = 0;
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
}

/* The log parameters of all that is not gaussian or categorical; columns of counts are summed up in log_prob. */
static void learn_counts(struct bayes *b, const struct bayes_opts *o, const struct data *d, const double *weight,
			 int threads)
{
	const bool complement = strcmp(o->kind, "complement") == 0;
	const bool counts = complement || strcmp(o->kind, "multinomial") == 0;
	const size_t ranges = 1 + b->nsparse * b->k / RANGE_SUMS, k = b->k;
	struct sparse_job job = { b, d, o->smoothing, weight, ranges < MOST_RANGES ? ranges : MOST_RANGES, NULL, NULL };
	double *total = NEW0(double, k);
	job.part = NEW0(double, job.ranges * k);
	job.log_total = total;
	if (counts)
		smooth(b->log_prob, b->nrows, k, o->smoothing, complement, total);
	if (b->nsparse)
		par_for(threads, job.ranges, count_range, &job);
	for (size_t i = 0; i < job.ranges * k; i++)
		total[i % k] += job.part[i];
	for (size_t c = 0; c < k; c++)
		total[c] = log(total[c]);
	if (counts)
		shares(b->log_prob, b->nrows, k, complement, total);
	if (b->nsparse && b->sparse != TERM_BERNOULLI)
		par_for(threads, job.ranges, share_range, &job);
	free(job.part);
	free(total);
}

void bayes_learn(struct bayes *b, const struct bayes_opts *o, const struct data *d, int threads)
{
	struct job job = { b, d, o->smoothing, NEW0(double, b->ncols) };
	double *weight = NEW0(double, b->k);
	for (size_t i = 0; i < d->n; i++)
		weight[d->label[data_row(d, i)]] += data_weight(d, i);
	par_for(threads, b->ncols, learn_column, &job);
	widen(b, o->var_smoothing, job.variance);
	learn_counts(b, o, d, weight, threads);
	learn_priors(b, weight, strcmp(o->priors, "uniform") == 0, strcmp(o->kind, "complement") == 0);
	free(job.variance);
	free(weight);
}
