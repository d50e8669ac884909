#include "families/linear/design.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "math/dense.h"

/* Rows with weight lie within 1 / sqrt(weight) deviations; this bound is for those without, whose products must stay finite. */
#define Z_MAX 1e100

/* What training rows say about a column of numbers. */
struct moments {
	double mean, sd, knot;
};

/* What they say about a column of the data. */
struct stats {
	struct moments *numbers;	/* (1 + knots) the value, then hinges; only those that vary */
	size_t n;
	double *share;	/* (nlevels + 1) weight of each state's rows; of a numeric column: missing, there */
};

struct scan {
	const struct data *d;
	const double *w;		/* (n) weights */
	size_t knots;
	struct stats *stats;		/* (ncols) */
};

/* Cells of a numeric column: halves, so that differences stay finite; 0 with weight 0 where missing. */
struct cells {
	size_t n;
	double *half, *w;		/* (n) */
	double *v, *wv;			/* (n) scratch */
	double there, all;		/* sums of weights */
};

/*
 * Weighted mean and deviation of x, or of max(0, x - knot), with the mean in
 * place of missing values. In units of a power of two near the largest value,
 * so that squares of 1e300 stay finite; what is left of the mean after it was
 * taken off corrects it. False when there is no variation.
 */
static bool find_moments(const struct cells *c, bool hinge, double knot, struct moments *to)
{
	double most = 0, low = 0.5 * knot;
	int unit;
	for (size_t i = 0; i < c->n; i++) {
		double v = !hinge ? c->half[i] : c->half[i] > low && c->w[i] > 0 ? c->half[i] - low : 0;
		c->v[i] = v;
		most = fabs(v) > most ? fabs(v) : most;
	}
	frexp(most, &unit);
	double scale = ldexp(1, unit > -1000 ? -unit : 1000);
	for (size_t i = 0; i < c->n; i++)
		c->v[i] *= scale;
	double mean = dense_dot(c->n, c->w, c->v) / c->there;
	for (size_t i = 0; i < c->n; i++) {
		c->v[i] -= mean;
		c->wv[i] = c->w[i] * c->v[i];
	}
	double rest = dense_dot(c->n, c->w, c->v) / c->there;
	double var = dense_dot(c->n, c->wv, c->v) / c->there - rest * rest, sd = var > 0 ? sqrt(var) : 0;
	/* deviations of rounding alone do not count as variation */
	bool varies = sd > 1e-13 * fabs(mean);
	*to = (struct moments){ (mean + rest) / scale * 2, sd * sqrt(c->there / c->all) / scale * 2, knot };
	return varies && to->sd > DBL_MIN * 1e8 && to->sd <= DBL_MAX && fabs(to->mean) <= DBL_MAX;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Distinct quantiles i / (knots + 1) of the values that are there, strictly inside their range; how many. */
static size_t find_knots(const struct cells *c, size_t knots, double *at)
{
	double *v = c->v;
	size_t n = 0, found = 0;
	for (size_t i = 0; knots && i < c->n; i++)
		if (c->w[i] > 0)
			v[n++] = 2 * c->half[i];
	qsort(v, n, sizeof(*v), by_value);
	for (size_t k = 1; n && k <= knots; k++) {
		double q = v[(size_t)((double)k / (double)(knots + 1) * (double)(n - 1))];
		if (q > v[0] && q < v[n - 1] && (found == 0 || q > at[found - 1]))
			at[found++] = q;
	}
	return found;
}

static void scan_numbers(const struct scan *sc, const double *x, struct stats *s)
{
	size_t n = sc->d->n;
	double *mem = NEW(double, 4 * n + sc->knots), *knots = mem + 4 * n;
	struct cells c = { .n = n, .half = mem, .w = mem + n, .v = mem + 2 * n, .wv = mem + 3 * n };
	for (size_t i = 0; i < n; i++) {
		double v = x[data_row(sc->d, i)];
		c.w[i] = isnan(v) ? 0 : sc->w[i];
		c.half[i] = c.w[i] > 0 ? 0.5 * v : 0;
		c.there += c.w[i];
		c.all += sc->w[i];
	}
	for (size_t i = 0; i < n; i++)
		s->share[0] += sc->w[i] - c.w[i];
	s->share[1] = c.there;
	if (c.there > 0) {
		s->n = find_moments(&c, false, 0, &s->numbers[0]);
		size_t found = s->n ? find_knots(&c, sc->knots, knots) : 0;
		for (size_t k = 0; k < found; k++)
			s->n += find_moments(&c, true, knots[k], &s->numbers[s->n]);
	}
	free(mem);
}

static void scan_column(void *ctx, size_t c, int worker)
{
	(void)worker;
	struct scan *sc = ctx;
	const struct column *col = &sc->d->cols[c];
	struct stats *s = &sc->stats[c];
	if (col->kind == KIND_NUMERIC) {
		scan_numbers(sc, col->num, s);
		return;
	}
	for (size_t i = 0; i < sc->d->n; i++) {
		int32_t v = col->cat[data_row(sc->d, i)];
		s->share[v < 0 ? col->nlevels : v] += sc->w[i];
	}
}

static void add(struct design *ds, size_t c, int32_t level, struct moments m)
{
	size_t j = ds->p++;
	ds->col[j] = (int32_t)c;
	ds->level[j] = level;
	ds->mean[j] = m.mean;
	ds->sd[j] = m.sd;
	ds->knot[j] = m.knot;
}

/* Numbers and their hinges: before all slots. */
static void add_numbers(struct design *ds, const struct stats *stats)
{
	for (size_t c = 0; c < ds->ncols; c++)
		for (size_t k = 0; k < stats[c].n; k++)
			add(ds, c, k ? DESIGN_HINGE : DESIGN_VALUE, stats[c].numbers[k]);
	ds->nd = ds->p;
	ds->ld = DENSE_PAD(1 + ds->nd);
}

static void add_slot(struct design *ds, const struct data *d, size_t c, const struct stats *s, bool drop)
{
	bool numeric = d->cols[c].kind == KIND_NUMERIC;
	int32_t nstates = numeric ? 2 : d->cols[c].nlevels + 1, seen = 0, first = -1;
	double total = 0;
	for (int32_t v = 0; v < nstates; v++) {
		total += s->share[v];
		if (s->share[v] > 0) {
			first = first < 0 ? v : first;
			seen++;
		}
	}
	if (seen < 2)
		return;
	ds->base[c] = !numeric && (drop || seen == 2) ? first : -1;
	struct slot *slot = &ds->slots[ds->nslots++];
	slot->col = c;
	slot->at = NEW(int32_t, (size_t)nstates);
	for (int32_t v = 0; v < nstates; v++) {
		double mean = s->share[v] / total;
		slot->at[v] = -1;
		if (!(mean > 0) || v == ds->base[c] || (numeric && v == 1))
			continue;
		slot->at[v] = (int32_t)ds->p + 1;
		add(ds, c, v, (struct moments){ mean, sqrt(mean * (1 - mean)), 0 });
	}
}

struct design *design_new(const struct data *d, bool drop, int32_t knots, int threads)
{
	double *w = NEW(double, d->n);
	struct scan sc = { d, w, (size_t)knots, NEW0(struct stats, d->ncols + 1) };
	size_t most = 1;
	for (size_t i = 0; i < d->n; i++)
		w[i] = data_weight(d, i);
	for (size_t c = 0; c < d->ncols; c++) {
		bool numeric = d->cols[c].kind == KIND_NUMERIC;
		size_t states = numeric ? 2 : (size_t)d->cols[c].nlevels + 1, numbers = numeric ? 1 + sc.knots : 0;
		sc.stats[c].share = NEW0(double, states);
		sc.stats[c].numbers = NEW(struct moments, numbers + 1);
		most += states + numbers;
	}
	par_for(threads, d->ncols, scan_column, &sc);
	struct design *ds = NEW0(struct design, 1);
	ds->ncols = d->ncols;
	ds->col = NEW(int32_t, most);
	ds->level = NEW(int32_t, most);
	ds->mean = NEW(double, most);
	ds->sd = NEW(double, most);
	ds->knot = NEW(double, most);
	ds->base = NEW(int32_t, d->ncols + 1);
	ds->slots = NEW(struct slot, d->ncols + 1);
	add_numbers(ds, sc.stats);
	for (size_t c = 0; c < d->ncols; c++) {
		ds->base[c] = -1;
		add_slot(ds, d, c, &sc.stats[c], drop);
		free(sc.stats[c].share);
		free(sc.stats[c].numbers);
	}
	free(sc.stats);
	free(w);
	return ds;
}

void design_free(struct design *ds)
{
	if (!ds)
		return;
	for (size_t t = 0; t < ds->nslots; t++)
		free(ds->slots[t].at);
	free(ds->slots);
	free(ds->col);
	free(ds->level);
	free(ds->mean);
	free(ds->sd);
	free(ds->knot);
	free(ds->base);
	free(ds);
}

#define WIDE __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))

/* x (n) := max(0, x - knot); NaN stays. */
WIDE static void take_hinge(size_t n, double *x, double knot)
{
	for (size_t i = 0; i < n; i++) {
		double v = x[i] - knot;
		v = v < 0 ? 0 : v;
		x[i] = v > DBL_MAX ? DBL_MAX : v;
	}
}

/* x (n) := (x - mean) / sd, 0 for missing. Halves, as the difference of two numbers may leave the doubles. */
WIDE static void standardise(size_t n, double *x, double mean, double sd)
{
	double half = 0.5 * mean, twice = 2 / sd;
	for (size_t i = 0; i < n; i++) {
		double z = (0.5 * x[i] - half) * twice;
		z = z > Z_MAX ? Z_MAX : z;
		z = z < -Z_MAX ? -Z_MAX : z;
		x[i] = z != z ? 0 : z;
	}
}

/* Rows of the table: first .. first + n - 1, or those in at (n). */
struct rows {
	const size_t *at;
	size_t first, n;
};

static inline size_t row_at(struct rows r, size_t i)
{
	return r.at ? r.at[i] : r.first + i;
}

/* Dense columns j to j + 7, 1 and zeros where there are none. */
static void fill_eight(const struct design *ds, const struct data *d, struct rows r, size_t j, double *dense)
{
	double z[DENSE_LANES][DESIGN_ROWS];
	for (size_t l = 0; l < DENSE_LANES; l++) {
		if (j + l == 0 || j + l > ds->nd) {
			for (size_t i = 0; i < r.n; i++)
				z[l][i] = j + l == 0;
			continue;
		}
		size_t c = j + l - 1;
		const double *x = d->cols[ds->col[c]].num;
		if (!r.at)
			memcpy(z[l], x + r.first, r.n * sizeof(*x));
		for (size_t i = 0; r.at && i < r.n; i++)
			z[l][i] = x[r.at[i]];
		if (ds->level[c] == DESIGN_HINGE)
			take_hinge(r.n, z[l], ds->knot[c]);
		standardise(r.n, z[l], ds->mean[c], ds->sd[c]);
	}
	for (size_t i = 0; i < r.n; i++)
		for (size_t l = 0; l < DENSE_LANES; l++)
			dense[i * ds->ld + j + l] = z[l][i];
}

static void fill(const struct design *ds, const struct data *d, struct rows r, double *dense, int32_t *hot)
{
	for (size_t j = 0; j < ds->ld; j += DENSE_LANES)
		fill_eight(ds, d, r, j, dense);
	for (size_t t = 0; t < ds->nslots; t++) {
		const struct slot *s = &ds->slots[t];
		const struct column *col = &d->cols[s->col];
		for (size_t i = 0; i < r.n; i++) {
			size_t row = row_at(r, i);
			int32_t state = col->kind == KIND_NUMERIC ? !isnan(col->num[row]) :
					col->cat[row] < 0 ? col->nlevels : col->cat[row];
			hot[i * ds->nslots + t] = s->at[state];
		}
	}
}

void design_block(const struct design *ds, const struct data *d, size_t i0, size_t n, double *dense, int32_t *hot)
{
	size_t at[DESIGN_ROWS];
	for (size_t i = 0; d->rows && i < n; i++)
		at[i] = d->rows[i0 + i];
	fill(ds, d, (struct rows){ d->rows ? at : NULL, d->first + i0, n }, dense, hot);
}

void design_gather(const struct design *ds, const struct data *d, const uint32_t *rows, size_t n,
		   double *dense, int32_t *hot)
{
	size_t at[DESIGN_ROWS];
	for (size_t i = 0; i < n; i++)
		at[i] = data_row(d, rows[i]);
	fill(ds, d, (struct rows){ at, 0, n }, dense, hot);
}
