#include "families/knn/knn.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/schema.h"
#include "families/knn/search.h"
#include "model/family.h"

#define MISSING_CODE 65535
#define BLOCK 64	/* queries that one pass over the rows serves */

enum metric_kind { EUCLIDEAN, MANHATTAN, COSINE };

struct knn {
	enum metric_kind metric;
	bool by_distance;	/* votes weigh 1 / distance */
	size_t k;		/* at most the rows */
	size_t ncols, nnum, ncat;
	size_t *at;		/* (ncols) place among numbers or among categories */
	double *center, *scale;	/* (nnum) a number is (x - center) / scale */
	struct knn_index ix;
	size_t nclasses;	/* 0 for regression */
	int32_t *label;		/* (n) or NULL */
	double *y;		/* (n) or NULL */
	double *weight;		/* (n) over 0, at most 1; NULL: all 1 */
};

static const struct opt opts[] = {
	OPT(struct knn_opts, k, "k", "N", "15", "[1,10000]", "neighbours that vote; all rows when there are fewer"),
	OPT(struct knn_opts, weights, "weights", "HOW", "uniform", "uniform|distance",
	    "weight of a vote: equal, or 1 / distance (rows at distance 0 then decide alone)"),
	OPT(struct knn_opts, metric, "distance", "HOW", "euclidean", "euclidean|manhattan|cosine",
	    "distance of two rows; cosine takes numbers only"),
	OPT(struct knn_opts, scale, "scale", NULL, "true", NULL,
	    "bring numbers to mean 0 and standard deviation 1 first"),
	OPT_END
};

static const char *check(const void *options, const struct data *d)
{
	const struct knn_opts *o = options;
	struct str s = { 0 };
	for (size_t j = 0; j < d->ncols; j++) {
		const struct column *col = &d->cols[j];
		if (col->kind != KIND_CATEGORY)
			continue;
		if (strcmp(o->metric, "cosine") == 0)
			str_printf(&s, "--distance cosine takes numbers, but column '%s' is a category; --drop it or use "
				   "--distance euclidean", col->name);
		else if (col->nlevels >= MISSING_CODE)
			str_printf(&s, "column '%s' has %" PRId32 " levels, knn takes %d; --drop it", col->name, col->nlevels,
				   MISSING_CODE - 1);
		if (s.n)
			return str_take(&s);
	}
	return NULL;
}

static void knn_free(void *fit)
{
	struct knn *m = fit;
	free(m->at);
	free(m->center);
	free(m->scale);
	knn_index_free(&m->ix);
	free(m->label);
	free(m->y);
	free(m->weight);
	free(m);
}

/* All that options and columns tell; no rows yet. */
static struct knn *frame(const struct knn_opts *o, const struct data *d)
{
	struct knn *m = NEW0(struct knn, 1);
	m->metric = strcmp(o->metric, "cosine") == 0 ? COSINE : strcmp(o->metric, "manhattan") == 0 ? MANHATTAN : EUCLIDEAN;
	m->by_distance = strcmp(o->weights, "distance") == 0;
	m->ncols = d->ncols;
	m->nclasses = (size_t)d->nclasses;
	m->at = NEW(size_t, d->ncols);
	for (size_t j = 0; j < d->ncols; j++)
		m->at[j] = d->cols[j].kind == KIND_NUMERIC ? m->nnum++ : m->ncat++;
	m->center = NEW(double, m->nnum);
	m->scale = NEW(double, m->nnum);
	return m;
}

/* Room for n rows; the axis for rows of zeros is the last number of cosine. */
static void make_room(struct knn *m, size_t n, int32_t k)
{
	m->ix = knn_index_new(n, m->nnum + (m->metric == COSINE), m->ncat, m->metric != MANHATTAN);
	m->k = (size_t)k < n ? (size_t)k : n;
}

/* Weighted mean and standard deviation of the cells that are there; 0 and 1 when these make no sense. */
static void center_and_scale(const struct data *d, const struct column *col, double *center, double *scale)
{
	double sum[2] = { 0 }, weight = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < d->n; i++) {
			double x = col->num[data_row(d, i)], w = data_weight(d, i);
			if (isnan(x))
				continue;
			weight += pass == 0 ? w : 0;
			sum[pass] += w * (pass == 0 ? x : (x - sum[0]) * (x - sum[0]));
		}
		sum[pass] = weight > 0 ? sum[pass] / weight : 0;
	}
	if (!isfinite(sum[0]) || !isfinite(sum[1])) {
		sum[0] = 0;
		sum[1] = DBL_MAX;
	}
	*center = sum[0];
	*scale = sum[1] >= DBL_MIN ? sqrt(sum[1]) : 1;
}

/* ---- rows as points ---- */

static float cell(double x)
{
	return x > KNN_LIMIT ? KNN_LIMIT : x < -KNN_LIMIT ? -KNN_LIMIT : (float)x;
}

/* Row `row` of the table as a point: out (nums + codes). */
static void encode(const struct knn *m, const struct column *cols, size_t row, float *out)
{
	double squares = 0, length = 1;
	for (size_t j = 0; j < m->ncols; j++) {
		size_t at = m->at[j];
		if (cols[j].kind == KIND_CATEGORY) {
			int32_t level = cols[j].cat[row];
			out[m->ix.nums + at] = (float)(level < 0 ? MISSING_CODE : level);
			continue;
		}
		double x = cols[j].num[row];
		out[at] = isnan(x) ? 0 : cell((x - m->center[at]) / m->scale[at]);
		squares += (double)out[at] * out[at];
	}
	if (m->metric != COSINE)
		return;
	out[m->nnum] = squares > 0 ? 0.0f : 1.0f;
	length = squares > 0 ? sqrt(squares) : 1;
	for (size_t j = 0; j < m->nnum; j++)
		out[j] = (float)(out[j] / length);
}

/* Puts point p (nums + codes) as row i of the index. */
static void put(struct knn_index *ix, size_t i, const float *p)
{
	for (size_t j = 0; j < ix->nums + ix->codes; j++)
		*knn_cell(ix, i, j) = p[j];
}

static void *fit(const void *options, const struct data *d, struct run *run)
{
	const struct knn_opts *o = options;
	struct knn *m = frame(o, d);
	size_t n = 0;
	double most = 0;
	(void)run;
	for (size_t j = 0; j < d->ncols; j++) {
		if (d->cols[j].kind != KIND_NUMERIC)
			continue;
		double *center = &m->center[m->at[j]], *scale = &m->scale[m->at[j]];
		center_and_scale(d, &d->cols[j], center, scale);
		if (!o->scale) {
			*scale = 1;
			*center = m->metric == COSINE ? 0 : *center;
		}
	}
	for (size_t i = 0; i < d->n; i++) {
		most = fmax(most, data_weight(d, i));
		n += data_weight(d, i) > 0;
	}
	bool weighted = d->w && most > 0;
	make_room(m, weighted ? n : d->n, o->k);
	m->label = d->nclasses ? NEW(int32_t, m->ix.n) : NULL;
	m->y = d->nclasses ? NULL : NEW(double, m->ix.n);
	m->weight = weighted ? NEW(double, m->ix.n) : NULL;
	float *point = NEW(float, m->ix.nums + m->ix.codes);
	for (size_t i = 0, to = 0; i < d->n; i++) {
		size_t row = data_row(d, i);
		if (weighted && d->w[row] <= 0)
			continue;
		encode(m, d->cols, row, point);
		put(&m->ix, to, point);
		if (m->label)
			m->label[to] = d->label[row];
		else
			m->y[to] = d->y[row];
		if (weighted)
			m->weight[to] = d->w[row] / most;
		to++;
	}
	free(point);
	return m;
}

/* ---- prediction ---- */

static double distance(const struct knn *m, float sum)
{
	return m->metric == EUCLIDEAN ? sqrt((double)sum) : m->metric == COSINE ? 0.5 * (double)sum : (double)sum;
}

/* The votes of k neighbours, nearest first: vote (k); returns their sum. */
static double votes(const struct knn *m, const struct knn_near *near, double *vote)
{
	double total = 0;
	for (size_t i = 0; i < m->k; i++) {
		double d = distance(m, near[i].dist), w = m->weight ? m->weight[near[i].row] : 1;
		if (m->by_distance && near[0].dist > 0)
			w /= d;
		else if (m->by_distance && d > 0)
			w = 0;
		vote[i] = w;
		total += w;
	}
	for (size_t i = 0; i < m->k && total <= 0; i++)	/* all were too small for a double */
		vote[i] = 1;
	return total > 0 ? total : (double)m->k;
}

/* Shares of the classes: out (nclasses), or the weighted mean: out (1). */
static void decide(const struct knn *m, const struct knn_near *near, double *vote, double *out)
{
	double total = votes(m, near, vote), sum = 0;
	for (size_t i = 0; i < m->k; i++)
		if (m->label)
			out[m->label[near[i].row]] += vote[i];
		else
			out[0] += vote[i] / total * m->y[near[i].row];
	for (size_t c = 0; c < m->nclasses; c++)
		sum += out[c];
	for (size_t c = 0; c < m->nclasses; c++)
		out[c] /= sum;	/* sum, not total: a share of 1 is then 1 to the last bit */
}

static void predict(const void *model, const struct data *x, double *out)
{
	const struct knn *m = model;
	size_t width = m->ix.nums + m->ix.codes, outputs = m->nclasses ? m->nclasses : 1;
	float *q = NEW(float, BLOCK * width);
	struct knn_near *near = NEW(struct knn_near, BLOCK * m->k);
	double *vote = NEW(double, m->k);
	memset(out, 0, x->n * outputs * sizeof(*out));
	for (size_t first = 0; first < x->n; first += BLOCK) {
		size_t n = x->n - first < BLOCK ? x->n - first : BLOCK;
		for (size_t i = 0; i < n; i++)
			encode(m, x->cols, data_row(x, first + i), q + i * width);
		knn_search(&m->ix, q, n, m->k, near);
		for (size_t i = 0; i < n; i++)
			decide(m, near + i * m->k, vote, out + (first + i) * outputs);
	}
	free(vote);
	free(near);
	free(q);
}

/* ---- the file ---- */

static void save(const void *model, struct store *st)
{
	const struct knn *m = model;
	const struct knn_index *ix = &m->ix;
	float *rows = NEW(float, ix->n * ix->nums);
	uint16_t *levels = NEW(uint16_t, ix->n * ix->codes);
	for (size_t i = 0; i < ix->n; i++) {
		for (size_t j = 0; j < ix->nums; j++)
			rows[i * ix->nums + j] = *knn_cell(ix, i, j);
		for (size_t j = 0; j < ix->codes; j++)
			levels[i * ix->codes + j] = (uint16_t)*knn_cell(ix, i, ix->nums + j);
	}
	store_put1(st, "center", DT_F64, m->nnum, m->center);
	store_put1(st, "scale", DT_F64, m->nnum, m->scale);
	store_put2(st, "rows", DT_F32, ix->n, ix->nums, rows);
	store_put2(st, "levels", DT_U16, ix->n, ix->codes, levels);
	if (m->label)
		store_put1(st, "label", DT_I32, ix->n, m->label);
	else
		store_put1(st, "y", DT_F64, ix->n, m->y);
	if (m->weight)
		store_put1(st, "weight", DT_F64, ix->n, m->weight);
	free(rows);
	free(levels);
}

/* A copy of n doubles that lie between least and most. */
static double *load_numbers(const struct store *st, const char *name, size_t n, double least, double most)
{
	const double *from = store_get1(st, name, DT_F64, &n);
	for (size_t i = 0; i < n; i++)
		if (!(from[i] >= least && from[i] <= most))
			store_bad(st, "tensor '%s' holds %g; it must be from %g to %g", name, from[i], least, most);
	return mem_copy(from, n, sizeof(*from));
}

/* The training rows, each cell checked. */
static void load_rows(struct knn *m, const struct store *st, const struct data *x, int32_t k)
{
	size_t n = ANY, nums = m->nnum + (m->metric == COSINE), codes = m->ncat;
	const float *rows = store_get2(st, "rows", DT_F32, &n, &nums);
	const uint16_t *levels = store_get2(st, "levels", DT_U16, &n, &codes);
	if (n == 0 || n >= UINT32_MAX)
		store_bad(st, "%zu rows; there must be one at least", n);
	make_room(m, n, k);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < nums; j++) {
			float v = rows[i * nums + j];
			if (!(fabsf(v) <= KNN_LIMIT))
				store_bad(st, "row %zu holds %g", i, (double)v);
			*knn_cell(&m->ix, i, j) = v;
		}
	for (size_t j = 0; j < x->ncols; j++)
		for (size_t i = 0; x->cols[j].kind == KIND_CATEGORY && i < n; i++) {
			uint16_t level = levels[i * codes + m->at[j]];
			if (level >= x->cols[j].nlevels && level != MISSING_CODE)
				store_bad(st, "row %zu has level %d of column '%s'", i, level, x->cols[j].name);
			*knn_cell(&m->ix, i, nums + m->at[j]) = level;
		}
}

static void *load(const void *options, const struct data *x, struct store *st)
{
	const struct knn_opts *o = options;
	const char *wrong = check(o, x);
	if (wrong)
		store_bad(st, "%s", wrong);
	struct knn *m = frame(o, x);
	free(m->center);
	free(m->scale);
	m->center = load_numbers(st, "center", m->nnum, -DBL_MAX, DBL_MAX);
	m->scale = load_numbers(st, "scale", m->nnum, DBL_MIN, DBL_MAX);
	load_rows(m, st, x, o->k);
	size_t n = m->ix.n;
	if (m->nclasses) {
		m->label = mem_copy(store_get1(st, "label", DT_I32, &n), n, sizeof(*m->label));
		for (size_t i = 0; i < n; i++)
			if (m->label[i] < 0 || (size_t)m->label[i] >= m->nclasses)
				store_bad(st, "row %zu has label %" PRId32, i, m->label[i]);
	} else {
		m->y = load_numbers(st, "y", n, -DBL_MAX, DBL_MAX);
	}
	if (store_has(st, "weight"))
		m->weight = load_numbers(st, "weight", n, 0, 1);
	return m;
}

static void show(const void *model, const struct data *x, const struct schema *sc, struct json *j)
{
	const struct knn *m = model;
	(void)sc;
	json_int(j, "rows", (int64_t)m->ix.n);
	json_object(j, "columns");
	for (size_t i = 0; i < m->ncols; i++) {
		if (x->cols[i].kind != KIND_NUMERIC)
			continue;
		json_object(j, x->cols[i].name);
		json_num(j, "center", m->center[m->at[i]]);
		json_num(j, "scale", m->scale[m->at[i]]);
		json_end(j, '}');
	}
	json_end(j, '}');
}

const struct family family_knn = {
	.name = "knn",
	.brief = "k nearest neighbours, by exact search",
	.tasks = TASK_REGRESSION | TASK_CLASSES,
	.opts = opts,
	.opts_size = sizeof(struct knn_opts),
	.details = "Numbers are standardised; two categories that differ count as two numbers one standard deviation "
		"apart. A missing number stands at the column's mean (at 0 with --distance cosine --no-scale); a missing "
		"category is a level of its own, and so is one never seen. Of neighbours at equal distance the earlier row "
		"counts. The model holds the training rows.",
	.check = check,
	.fit = fit,
	.predict = predict,
	.save = save,
	.load = load,
	.free = knn_free,
	.show = show,
};
