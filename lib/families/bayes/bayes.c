#include "families/bayes/bayes.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/schema.h"

#define LOG_2PI 1.8378770664093454836

static const struct opt opts[] = {
	OPT(struct bayes_opts, kind, "kind", "KIND", "mixed",
	    "mixed|gaussian|multinomial|bernoulli|complement|categorical",
	    "what a column is thought to be within a class; mixed takes numbers as gaussian, categories as categorical "
	    "and the terms of texts as multinomial"),
	OPT(struct bayes_opts, smoothing, "smoothing", "ALPHA", "1", "(0,1e9]",
	    "added to every count (1 is Laplace's rule, less is Lidstone's); all kinds but gaussian"),
	OPT(struct bayes_opts, var_smoothing, "var-smoothing", "SHARE", "1e-09", "[0,1e9]",
	    "added to every variance, as a share of the largest variance of a column; gaussian and mixed"),
	OPT(struct bayes_opts, priors, "priors", "HOW", "empirical", "empirical|uniform",
	    "chances of the classes before a cell is seen: their shares of the rows, or equal; complement has none"),
	OPT_END
};

/* ---- the model's frame ---- */

/* The term of a column under a kind; false when the kind does not take such a column. */
static bool term_of(const char *kind, enum kind column, enum bayes_term *term)
{
	static const struct {
		const char *kind;
		enum kind column;
		enum bayes_term term;
	} terms[] = {
		{ "mixed", KIND_NUMERIC, TERM_GAUSSIAN }, { "mixed", KIND_CATEGORY, TERM_CATEGORICAL },
		{ "gaussian", KIND_NUMERIC, TERM_GAUSSIAN }, { "categorical", KIND_CATEGORY, TERM_CATEGORICAL },
		{ "bernoulli", KIND_NUMERIC, TERM_BERNOULLI }, { "multinomial", KIND_NUMERIC, TERM_MULTINOMIAL },
		{ "complement", KIND_NUMERIC, TERM_COMPLEMENT },
	};
	for (size_t i = 0; i < sizeof(terms) / sizeof(*terms); i++)
		if (terms[i].column == column && strcmp(terms[i].kind, kind) == 0) {
			*term = terms[i].term;
			return true;
		}
	return false;
}

/* The same of sparse columns: as numbers, but that mixed takes them as counts. */
static bool sparse_term_of(const char *kind, enum bayes_term *term)
{
	return term_of(strcmp(kind, "mixed") == 0 ? "multinomial" : kind, KIND_NUMERIC, term) && *term != TERM_GAUSSIAN;
}

struct bayes *bayes_new(const char *kind, const struct data *frame, size_t *bad)
{
	struct bayes *b = NEW0(struct bayes, 1);
	b->ncols = frame->ncols;
	b->k = (size_t)frame->nclasses;
	b->nsparse = data_nsparse(frame);
	b->ngroups = frame->ngroups;
	b->parts = NEW0(struct bayes_part, b->ncols);
	for (size_t j = 0; j < b->ncols; j++) {
		struct bayes_part *p = &b->parts[j];
		if (!term_of(kind, frame->cols[j].kind, &p->term)) {
			*bad = j;
			bayes_free(b);
			return NULL;
		}
		p->rows = p->term == TERM_CATEGORICAL ? (size_t)frame->cols[j].nlevels : p->term == TERM_BERNOULLI ? 2 : 1;
		size_t *end = p->term == TERM_GAUSSIAN ? &b->ngauss : &b->nrows;
		p->at = *end;
		*end += p->rows;
	}
	if (!sparse_term_of(kind, &b->sparse) && b->nsparse) {
		*bad = b->ncols;
		bayes_free(b);
		return NULL;
	}
	b->prior = NEW0(double, b->k);
	b->mean = NEW0(double, b->ngauss * b->k);
	b->var = NEW0(double, b->ngauss * b->k);
	b->peak = NEW0(double, b->ngauss * b->k);
	b->half = NEW0(double, b->ngauss * b->k);
	b->log_prob = NEW0(double, b->nrows * b->k);
	b->term = NEW0(double, b->nsparse * b->k);
	b->absent = NEW0(double, (b->ngroups + 1) * b->k);
	return b;
}

void bayes_free(void *fit)
{
	struct bayes *b = fit;
	free(b->parts);
	free(b->prior);
	free(b->mean);
	free(b->var);
	free(b->peak);
	free(b->half);
	free(b->log_prob);
	free(b->term);
	free(b->absent);
	free(b);
}

/* log(1 - p), where x is the log-odds of p. */
static double log_not(double x)
{
	return x > 0 ? -x - log1p(exp(-x)) : -log1p(exp(x));
}

void bayes_ready(struct bayes *b, const struct data *frame)
{
	for (size_t i = 0; i < b->ngauss * b->k; i++) {
		b->peak[i] = -0.5 * (LOG_2PI + log(b->var[i]));
		b->half[i] = 0.5 / b->var[i];
	}
	for (size_t g = 0; b->sparse == TERM_BERNOULLI && g < b->ngroups; g++)
		for (size_t c = 0; c < b->k; c++) {
			double sum = 0;
			for (size_t j = frame->group[g]; j < frame->group[g + 1]; j++)
				sum += log_not(b->term[j * b->k + c]);
			b->absent[g * b->k + c] = sum;
			b->absent[b->ngroups * b->k + c] += sum;
		}
}

/* ---- fit and predict ---- */

/* What is wrong where bayes_new() refuses column `bad`; malloc'ed. */
static char *refusal(const struct bayes_opts *o, const struct data *d, size_t bad)
{
	struct str s = { 0 };
	bool number = bad < d->ncols && d->cols[bad].kind == KIND_NUMERIC;
	if (bad == d->ncols)
		str_printf(&s, "--kind %s does not take the terms of texts; use --kind mixed, multinomial, complement or "
			   "bernoulli", o->kind);
	else
		str_printf(&s, "--kind %s takes %s, but column '%s' is a %s; use --kind mixed, or %s", o->kind,
			   number ? "categories" : "numbers", d->cols[bad].name, number ? "number" : "category",
			   number ? "--categorical to take it as one" : "--drop it");
	return str_take(&s);
}

/* NULL, or that a number is below 0; malloc'ed. */
static char *negative_cell(const char *kind, const struct data *d)
{
	struct str s = { 0 };
	for (size_t j = 0; j < d->ncols; j++)
		for (size_t i = 0; i < d->n; i++) {
			double x = d->cols[j].num[data_row(d, i)];
			if (!(x < 0))
				continue;
			str_printf(&s, "--kind %s takes counts, but column '%s' holds %g; use --kind gaussian or mixed", kind,
				   d->cols[j].name, x);
			return str_take(&s);
		}
	return NULL;
}

/* The same of sparse entries. */
static char *negative_entry(const char *kind, const struct data *d)
{
	for (size_t i = 0; i < d->n; i++) {
		size_t row = data_row(d, i);
		for (size_t e = d->sparse->start[row]; e < d->sparse->start[row + 1]; e++) {
			struct str s = { 0 };
			if (!(d->sparse->val[e] < 0))
				continue;
			str_printf(&s, "--kind %s takes terms as counts, but column '", kind);
			d->names.put(d->names.of, (size_t)d->sparse->col[e], &s);
			str_printf(&s, "' holds %g; hash texts with --no-signs, or use --kind bernoulli", d->sparse->val[e]);
			return str_take(&s);
		}
	}
	return NULL;
}

static const char *check(const void *options, const struct data *d)
{
	const struct bayes_opts *o = options;
	size_t bad;
	struct bayes *b = bayes_new(o->kind, d, &bad);
	if (!b)
		return refusal(o, d, bad);
	bayes_free(b);
	bool counts = strcmp(o->kind, "multinomial") == 0 || strcmp(o->kind, "complement") == 0;
	char *why = counts ? negative_cell(o->kind, d) : NULL;
	counts |= strcmp(o->kind, "mixed") == 0;
	return !why && counts && data_nsparse(d) ? negative_entry(o->kind, d) : why;
}

static void *fit(const void *options, const struct data *train, struct run *run)
{
	const struct bayes_opts *o = options;
	size_t bad;
	struct bayes *b = bayes_new(o->kind, train, &bad);
	bayes_learn(b, o, train, run->threads);
	bayes_ready(b, train);
	return b;
}

static double within(double x)
{
	return x > BAYES_FAR ? BAYES_FAR : x < -BAYES_FAR ? -BAYES_FAR : x;
}

/*
 * Adds what column j says of each class: out (x->n, k). A Gaussian term is
 * taken against the first class's, which cancels in the posterior: a value far
 * from all means would otherwise drown the other columns.
 */
static void add_column(const struct bayes *b, const struct data *x, size_t j, double *out)
{
	const struct bayes_part *part = &b->parts[j];
	const struct column *col = &x->cols[j];
	const size_t k = b->k;
	for (size_t i = 0; i < x->n; i++, out += k) {
		size_t row = data_row(x, i);
		if (part->term == TERM_CATEGORICAL || part->term == TERM_BERNOULLI) {
			int32_t level = bayes_level(part->term, col, row);
			const double *p = b->log_prob + (part->at + (size_t)(level < 0 ? 0 : level)) * k;
			for (size_t c = 0; level >= 0 && c < k; c++)
				out[c] += p[c];
			continue;
		}
		double v = col->num[row];
		if (isnan(v))
			continue;
		if (part->term == TERM_GAUSSIAN) {
			const double *mean = b->mean + part->at * k, *peak = b->peak + part->at * k, *half = b->half + part->at * k;
			const double first = within(peak[0] - (v - mean[0]) * (v - mean[0]) * half[0]);
			for (size_t c = 1; c < k; c++)
				out[c] += within(peak[c] - (v - mean[c]) * (v - mean[c]) * half[c]) - first;
		} else {
			const double *p = b->log_prob + part->at * k;
			for (size_t c = 0; c < k; c++)
				out[c] += within(v * p[c]);
		}
	}
}

/* Adds what entries e .. end - 1 say of each class to out (k). Two classes have sums at hand: three times as fast. */
static void add_entries(const struct bayes *b, const struct sparse *s, size_t e, size_t end, double *out)
{
	const bool bernoulli = b->sparse == TERM_BERNOULLI;
	double first = 0, second = 0;
	for (; e < end; e++) {
		const double *t = b->term + (size_t)s->col[e] * b->k;
		double v = bernoulli ? s->val[e] > 0 : s->val[e];
		if (b->k == 2) {
			first += v * t[0];
			second += v * t[1];
		} else {
			for (size_t c = 0; c < b->k; c++)
				out[c] += v * t[c];
		}
	}
	if (b->k == 2) {
		out[0] += first;
		out[1] += second;
	}
}

/* Adds what the sparse columns of group g (ngroups: of all) say of each class: out (x->n, k), which stays finite. */
static void add_sparse(const struct bayes *b, const struct data *x, size_t g, double *out)
{
	const struct sparse *s = x->sparse;
	for (size_t i = 0; i < x->n; i++, out += b->k) {
		size_t row = data_row(x, i), e = s->start[row], end = s->start[row + 1];
		if (g < b->ngroups) {
			e = sparse_from(s, row, x->group[g]);
			end = sparse_from(s, row, x->group[g + 1]);
		}
		add_entries(b, s, e, end, out);
		for (size_t c = 0; c < b->k; c++)
			out[c] = fmin(fmax(out[c] + b->absent[g * b->k + c], -BAYES_FAR), BAYES_FAR);
	}
}

/* p_c = exp(s_c - max) / sum, in place. */
static void softmax(double *s, size_t k)
{
	double most = s[0], sum = 0;
	for (size_t c = 1; c < k; c++)
		most = fmax(most, s[c]);
	for (size_t c = 0; c < k; c++)
		sum += s[c] = exp(s[c] - most);
	for (size_t c = 0; c < k; c++)
		s[c] /= sum;
}

static void predict(const void *model, const struct data *x, double *out)
{
	const struct bayes *b = model;
	for (size_t i = 0; i < x->n; i++)
		memcpy(out + i * b->k, b->prior, b->k * sizeof(*out));
	for (size_t j = 0; j < b->ncols; j++)
		add_column(b, x, j, out);
	if (b->nsparse)
		add_sparse(b, x, b->ngroups, out);
	for (size_t i = 0; i < x->n; i++)
		softmax(out + i * b->k, b->k);
}

/*
 * The terms themselves, those of a group of sparse columns summed. Binary: of
 * the log-odds of the second class. Otherwise each class's term less the mean
 * over classes, which softmax does not see and which takes the column's unit
 * out of a density.
 */
static void contrib(const void *model, const struct data *x, double *out)
{
	const struct bayes *b = model;
	size_t k = b->k, scores = k == 2 ? 1 : k, bias = b->ncols + b->ngroups, width = bias + 1;
	double *term = NEW(double, x->n * k);
	for (size_t j = 0; j < width; j++) {
		for (size_t i = 0; i < x->n * k; i++)
			term[i] = j == bias ? b->prior[i % k] : 0;
		if (j < b->ncols)
			add_column(b, x, j, term);
		else if (j < bias && b->nsparse)
			add_sparse(b, x, j - b->ncols, term);
		for (size_t i = 0; i < x->n; i++) {
			const double *t = term + i * k;
			double *to = out + i * scores * width + j, mean = 0;
			for (size_t c = 0; c < k; c++)
				mean += t[c] / (double)k;
			if (k == 2)
				to[0] = t[1] - t[0];
			for (size_t c = 0; k > 2 && c < k; c++)
				to[c * width] = j < bias ? t[c] - mean : t[c];
		}
	}
	free(term);
}

/* The most that classes which occur differ in t (k). */
static double spread(const struct bayes *b, const double *t)
{
	double low = INFINITY, high = -INFINITY;
	for (size_t c = 0; c < b->k; c++)
		if (b->prior[c] > -BAYES_FAR) {
			low = fmin(low, t[c]);
			high = fmax(high, t[c]);
		}
	return high > low ? fmin(high - low, DBL_MAX) : 0;
}

/*
 * How far apart the classes are in what a column adds: a count of one more, a
 * term that is there against one that is not, a number per standard deviation
 * (which is the distance of the means in the mean deviation), or a level, of
 * which the mean is taken.
 */
static double column_spread(const struct bayes *b, const struct bayes_part *p)
{
	const size_t k = b->k;
	const double *row = b->log_prob + p->at * k;
	double sum = 0, weight = 0;
	if (p->term == TERM_MULTINOMIAL || p->term == TERM_COMPLEMENT)
		return spread(b, row);
	if (p->term == TERM_GAUSSIAN) {
		for (size_t c = 0; c < k; c++)
			sum += sqrt(b->var[p->at * k + c]) / (double)k;
		return fmin(spread(b, b->mean + p->at * k) / sum, DBL_MAX);
	}
	if (p->term == TERM_BERNOULLI) {
		double *odds = NEW(double, k);
		for (size_t c = 0; c < k; c++)
			odds[c] = row[k + c] - row[c];
		sum = spread(b, odds);
		free(odds);
		return sum;
	}
	for (size_t l = 0; l < p->rows; l++, row += k) {
		double share = 0;
		for (size_t c = 0; c < k; c++)
			share += exp(b->prior[c] + row[c]);
		sum += share * spread(b, row);
		weight += share;
	}
	return weight > 0 ? sum / weight : 0;
}

static bool importance(const void *model, const struct data *x, const char *kind, double *out)
{
	const struct bayes *b = model;
	(void)x;
	if (strcmp(kind, "coef") != 0)
		return false;
	for (size_t j = 0; j < b->ncols; j++)
		*out++ = column_spread(b, &b->parts[j]);
	for (size_t j = 0; j < b->nsparse; j++)
		*out++ = spread(b, b->term + j * b->k);
	return true;
}

static const char *link(const void *model)
{
	return ((const struct bayes *)model)->k == 2 ? "logit" : "softmax";
}

/* ---- the file ---- */

static void save(const void *model, struct store *st)
{
	const struct bayes *b = model;
	store_put1(st, "prior", DT_F64, b->k, b->prior);
	store_put2(st, "mean", DT_F64, b->ngauss, b->k, b->mean);
	store_put2(st, "var", DT_F64, b->ngauss, b->k, b->var);
	store_put2(st, "log_prob", DT_F64, b->nrows, b->k, b->log_prob);
	if (b->nsparse)
		store_put2(st, "term", DT_F64, b->nsparse, b->k, b->term);
}

/* Copies an (n, k) tensor whose numbers lie between least and most. */
static void load_rows(const struct store *st, const char *name, size_t n, size_t k, double least, double most, double *to)
{
	const double *from = store_get2(st, name, DT_F64, &n, &k);
	for (size_t i = 0; i < n * k; i++) {
		if (!(from[i] >= least && from[i] <= most))
			store_bad(st, "tensor '%s' holds %g; it must be from %g to %g", name, from[i], least, most);
		to[i] = from[i];
	}
}

static void *load(const void *options, const struct data *x, struct store *st)
{
	const struct bayes_opts *o = options;
	size_t bad, k = (size_t)x->nclasses;
	struct bayes *b = bayes_new(o->kind, x, &bad);
	if (!b && bad == x->ncols)
		store_bad(st, "--kind %s takes no terms of texts", o->kind);
	if (!b)
		store_bad(st, "column '%s' is none that --kind %s takes", x->cols[bad].name, o->kind);
	const double *prior = store_get1(st, "prior", DT_F64, &k);
	for (size_t c = 0; c < k; c++) {
		if (!(prior[c] >= -BAYES_FAR && prior[c] <= 0))
			store_bad(st, "the log prior of class %zu is %g", c, prior[c]);
		b->prior[c] = prior[c];
	}
	load_rows(st, "mean", b->ngauss, k, -DBL_MAX, DBL_MAX, b->mean);
	load_rows(st, "var", b->ngauss, k, DBL_MIN, DBL_MAX, b->var);
	load_rows(st, "log_prob", b->nrows, k, -1e6, 1e6, b->log_prob);
	if (b->nsparse)
		load_rows(st, "term", b->nsparse, k, -1e6, 1e6, b->term);
	bayes_ready(b, x);
	return b;
}

/* ---- show ---- */

static const char *const term_names[] = { "gaussian", "categorical", "bernoulli", "multinomial", "complement" };

/* One JSON array of a row of k parameters, each through f (NULL: as it is). */
static void show_row(struct json *j, const char *key, const double *row, size_t k, double (*f)(double))
{
	json_array(j, key);
	for (size_t c = 0; c < k; c++)
		json_num(j, NULL, f ? f(row[c]) : row[c]);
	json_end(j, ']');
}

/* log P(t | c) less the mean of it over the other classes; of complement what it has in its place. */
static void terms(const void *model, double *out)
{
	const struct bayes *b = model;
	for (size_t i = 0; i < b->nsparse; i++) {
		double *w = out + i * b->k, sum = 0;
		for (size_t c = 0; c < b->k; c++) {
			double t = b->term[i * b->k + c];
			sum += w[c] = b->sparse == TERM_BERNOULLI ? log_not(-t) : t;
		}
		for (size_t c = 0; c < b->k; c++)
			w[c] -= (sum - w[c]) / (double)(b->k - 1);
	}
}

static void show_column(const struct bayes *b, const struct bayes_part *p, const struct column *col, struct json *j)
{
	json_object(j, col->name);
	json_str(j, "kind", term_names[p->term]);
	if (p->term == TERM_GAUSSIAN) {
		show_row(j, "mean", b->mean + p->at * b->k, b->k, NULL);
		show_row(j, "sd", b->var + p->at * b->k, b->k, sqrt);
	} else if (p->term == TERM_CATEGORICAL) {
		json_object(j, "p");
		for (size_t l = 0; l < p->rows; l++)
			show_row(j, col->levels[l], b->log_prob + (p->at + l) * b->k, b->k, exp);
		json_end(j, '}');
	} else if (p->term == TERM_BERNOULLI) {
		show_row(j, "p", b->log_prob + (p->at + 1) * b->k, b->k, exp);
	} else {
		show_row(j, "log_p", b->log_prob + p->at * b->k, b->k, NULL);
	}
	json_end(j, '}');
}

/* Numbers of each column in the order of the labels, and how terms of texts are taken. */
static void show(const void *model, const struct data *x, const struct schema *sc, struct json *j)
{
	const struct bayes *b = model;
	json_array(j, "classes");
	for (int32_t c = 0; c < sc->nlabels; c++)
		json_str(j, NULL, sc->labels[c]);
	json_end(j, ']');
	show_row(j, "prior", b->prior, b->k, exp);
	json_object(j, "columns");
	for (size_t i = 0; i < b->ncols; i++)
		show_column(b, &b->parts[i], &x->cols[i], j);
	json_end(j, '}');
	if (b->nsparse)
		json_str(j, "terms", term_names[b->sparse]);
}

const struct family family_bayes = {
	.name = "bayes",
	.brief = "naive Bayes of numbers, counts, categories and texts",
	.tasks = TASK_CLASSES,
	.takes = TAKES_SPARSE,
	.opts = opts,
	.opts_size = sizeof(struct bayes_opts),
	.details = "Columns are taken as independent within a class; each adds its log-likelihood to the class's "
		"log prior. A missing cell and a level never seen add nothing. Bernoulli takes a number over 0 as present. "
		"Importance by coef is how far apart classes are in what a column adds: one more of a count, a term that is "
		"there, a number per standard deviation, the mean over levels.",
	.check = check,
	.fit = fit,
	.predict = predict,
	.save = save,
	.load = load,
	.free = bayes_free,
	.show = show,
	.importance = importance,
	.terms = terms,
	.contrib = contrib,
	.link = link,
};
