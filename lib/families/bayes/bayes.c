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
	    "what a column is thought to be within a class; mixed takes numbers as gaussian and categories as categorical"),
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

struct bayes *bayes_new(const char *kind, const struct data *frame, size_t *bad)
{
	struct bayes *b = NEW0(struct bayes, 1);
	b->ncols = frame->ncols;
	b->k = (size_t)frame->nclasses;
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
	b->prior = NEW0(double, b->k);
	b->mean = NEW0(double, b->ngauss * b->k);
	b->var = NEW0(double, b->ngauss * b->k);
	b->peak = NEW0(double, b->ngauss * b->k);
	b->half = NEW0(double, b->ngauss * b->k);
	b->log_prob = NEW0(double, b->nrows * b->k);
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
	free(b);
}

void bayes_ready(struct bayes *b)
{
	for (size_t i = 0; i < b->ngauss * b->k; i++) {
		b->peak[i] = -0.5 * (LOG_2PI + log(b->var[i]));
		b->half[i] = 0.5 / b->var[i];
	}
}

/* ---- fit and predict ---- */

static const char *check(const void *options, const struct data *d)
{
	const struct bayes_opts *o = options;
	struct str s = { 0 };
	size_t bad;
	struct bayes *b = bayes_new(o->kind, d, &bad);
	if (!b) {
		bool number = d->cols[bad].kind == KIND_NUMERIC;
		str_printf(&s, "--kind %s takes %s, but column '%s' is a %s; use --kind mixed, or %s", o->kind,
			   number ? "categories" : "numbers", d->cols[bad].name, number ? "number" : "category",
			   number ? "--categorical to take it as one" : "--drop it");
		return str_take(&s);
	}
	bayes_free(b);
	if (strcmp(o->kind, "multinomial") != 0 && strcmp(o->kind, "complement") != 0)
		return NULL;
	for (size_t j = 0; j < d->ncols; j++)
		for (size_t i = 0; i < d->n; i++) {
			double x = d->cols[j].num[data_row(d, i)];
			if (x < 0) {
				str_printf(&s, "--kind %s takes counts, but column '%s' holds %g; use --kind gaussian or mixed",
					   o->kind, d->cols[j].name, x);
				return str_take(&s);
			}
		}
	return NULL;
}

static void *fit(const void *options, const struct data *train, struct run *run)
{
	const struct bayes_opts *o = options;
	size_t bad;
	struct bayes *b = bayes_new(o->kind, train, &bad);
	bayes_learn(b, o, train, run->threads);
	bayes_ready(b);
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
	for (size_t i = 0; i < x->n; i++)
		softmax(out + i * b->k, b->k);
}

/*
 * The terms themselves. Binary: of the log-odds of the second class.
 * Otherwise each class's term less the mean over classes, which softmax does
 * not see and which takes the column's unit out of a density.
 */
static void contrib(const void *model, const struct data *x, double *out)
{
	const struct bayes *b = model;
	size_t k = b->k, scores = k == 2 ? 1 : k, width = b->ncols + 1;
	double *term = NEW(double, x->n * k);
	for (size_t j = 0; j < width; j++) {
		for (size_t i = 0; i < x->n * k; i++)
			term[i] = j == b->ncols ? b->prior[i % k] : 0;
		if (j < b->ncols)
			add_column(b, x, j, term);
		for (size_t i = 0; i < x->n; i++) {
			const double *t = term + i * k;
			double *to = out + i * scores * width + j, mean = 0;
			for (size_t c = 0; c < k; c++)
				mean += t[c] / (double)k;
			if (k == 2)
				to[0] = t[1] - t[0];
			for (size_t c = 0; k > 2 && c < k; c++)
				to[c * width] = j < b->ncols ? t[c] - mean : t[c];
		}
	}
	free(term);
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
	bayes_ready(b);
	return b;
}

/* ---- show ---- */

/* One JSON array of a row of k parameters, each through f (NULL: as it is). */
static void show_row(struct json *j, const char *key, const double *row, size_t k, double (*f)(double))
{
	json_array(j, key);
	for (size_t c = 0; c < k; c++)
		json_num(j, NULL, f ? f(row[c]) : row[c]);
	json_end(j, ']');
}

/* Numbers of each column in the order of the labels. */
static void show(const void *model, const struct data *x, const struct schema *sc, struct json *j)
{
	const struct bayes *b = model;
	static const char *const names[] = { "gaussian", "categorical", "bernoulli", "multinomial", "complement" };
	json_array(j, "classes");
	for (int32_t c = 0; c < sc->nlabels; c++)
		json_str(j, NULL, sc->labels[c]);
	json_end(j, ']');
	show_row(j, "prior", b->prior, b->k, exp);
	json_object(j, "columns");
	for (size_t i = 0; i < b->ncols; i++) {
		const struct bayes_part *p = &b->parts[i];
		json_object(j, x->cols[i].name);
		json_str(j, "kind", names[p->term]);
		if (p->term == TERM_GAUSSIAN) {
			show_row(j, "mean", b->mean + p->at * b->k, b->k, NULL);
			show_row(j, "sd", b->var + p->at * b->k, b->k, sqrt);
		} else if (p->term == TERM_CATEGORICAL) {
			json_object(j, "p");
			for (size_t l = 0; l < p->rows; l++)
				show_row(j, x->cols[i].levels[l], b->log_prob + (p->at + l) * b->k, b->k, exp);
			json_end(j, '}');
		} else if (p->term == TERM_BERNOULLI) {
			show_row(j, "p", b->log_prob + (p->at + 1) * b->k, b->k, exp);
		} else {
			show_row(j, "log_p", b->log_prob + p->at * b->k, b->k, NULL);
		}
		json_end(j, '}');
	}
	json_end(j, '}');
}

const struct family family_bayes = {
	.name = "bayes",
	.brief = "naive Bayes of numbers, counts and categories",
	.tasks = TASK_CLASSES,
	.opts = opts,
	.opts_size = sizeof(struct bayes_opts),
	.details = "Columns are taken as independent within a class; each adds its log-likelihood to the class's "
		"log prior. A missing cell and a level never seen add nothing. Bernoulli takes a number over 0 as present.",
	.check = check,
	.fit = fit,
	.predict = predict,
	.save = save,
	.load = load,
	.free = bayes_free,
	.show = show,
	.contrib = contrib,
	.link = link,
};
