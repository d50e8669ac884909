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

/* What training rows say about a column. */
struct stats {
	double mean, sd;	/* of a numeric column's values that are there */
	double seen;		/* weight of rows with a value */
	double *share;		/* (nlevels + 1) weight of each state's rows; a numeric column has one, missing */
};

struct scan {
	const struct data *d;
	struct stats *stats;	/* (ncols) */
};

/*
 * Weighted mean and deviation, in units of a power of two near the largest
 * value so that squares of 1e300 stay finite. The second pass corrects the
 * mean by what is left of it.
 */
static void scan_numeric(const struct data *d, const double *x, struct stats *s)
{
	double most = 0, sum = 0, miss = 0, w = 0;
	int unit;
	for (size_t i = 0; i < d->n; i++) {
		double a = fabs(x[data_row(d, i)]);
		most = a > most && data_weight(d, i) > 0 ? a : most;
	}
	frexp(most, &unit);
	double scale = ldexp(1, -unit / 2), scale2 = ldexp(1, -(unit - unit / 2));
	for (size_t i = 0; i < d->n; i++) {
		double v = x[data_row(d, i)], wi = data_weight(d, i);
		if (isnan(v)) {
			miss += wi;
		} else {
			w += wi;
			sum += wi * (v * scale * scale2);
		}
	}
	double mean = w > 0 ? sum / w : 0, ss = 0, rest = 0;
	for (size_t i = 0; i < d->n; i++) {
		double v = x[data_row(d, i)], wi = data_weight(d, i);
		if (!isnan(v)) {
			double e = v * scale * scale2 - mean;
			rest += wi * e;
			ss += wi * e * e;
		}
	}
	s->seen = w;
	s->share[0] = miss;
	if (w > 0) {
		rest /= w;
		double var = ss / w - rest * rest, sd = var > 0 ? sqrt(var) : 0;
		s->mean = (mean + rest) / scale / scale2;
		/* deviations of rounding alone do not count as variation */
		s->sd = sd > 1e-13 * fabs(mean) ? sd / scale / scale2 : 0;
	}
}

static void scan_column(void *ctx, size_t c, int worker)
{
	(void)worker;
	struct scan *sc = ctx;
	const struct data *d = sc->d;
	const struct column *col = &d->cols[c];
	struct stats *s = &sc->stats[c];
	if (col->kind == KIND_NUMERIC) {
		scan_numeric(d, col->num, s);
		return;
	}
	for (size_t i = 0; i < d->n; i++) {
		int32_t v = col->cat[data_row(d, i)];
		s->share[v < 0 ? col->nlevels : v] += data_weight(d, i);
	}
}

static void add(struct design *ds, size_t c, int32_t level, double mean, double sd)
{
	size_t j = ds->p++;
	ds->col[j] = (int32_t)c;
	ds->level[j] = level;
	ds->mean[j] = mean;
	ds->sd[j] = sd;
}

/* A numeric column's values: before all slots. */
static void add_numbers(struct design *ds, const struct data *d, const struct stats *stats)
{
	for (size_t c = 0; c < d->ncols; c++) {
		double sd = d->cols[c].kind == KIND_NUMERIC ? stats[c].sd : 0;
		/* where some are missing, the mean in their place narrows the spread */
		if (sd > 0)
			sd *= sqrt(stats[c].seen / (stats[c].seen + stats[c].share[0]));
		if (sd > DBL_MIN * 1e8)
			add(ds, c, DESIGN_VALUE, stats[c].mean, sd);
	}
	ds->nd = ds->p;
	ds->ld = DENSE_PAD(1 + ds->nd);
}

static void add_slot(struct design *ds, const struct data *d, size_t c, const struct stats *s, bool drop)
{
	bool numeric = d->cols[c].kind == KIND_NUMERIC;
	int32_t nstates = numeric ? 1 : d->cols[c].nlevels + 1, seen = 0, first = -1;
	double total = numeric ? s->seen : 0;
	for (int32_t v = 0; v < nstates; v++) {
		total += s->share[v];
		if (s->share[v] > 0) {
			first = first < 0 ? v : first;
			seen++;
		}
	}
	if (numeric ? !(s->share[0] > 0 && s->seen > 0) : seen < 2)
		return;
	ds->base[c] = !numeric && (drop || seen == 2) ? first : -1;
	struct slot *slot = &ds->slots[ds->nslots++];
	slot->col = c;
	slot->at = NEW(int32_t, (size_t)nstates);
	for (int32_t v = 0; v < nstates; v++) {
		slot->at[v] = -1;
		double mean = s->share[v] / total;
		if (!(mean > 0) || v == ds->base[c])
			continue;
		slot->at[v] = (int32_t)ds->p + 1;
		add(ds, c, v, mean, sqrt(mean * (1 - mean)));
	}
}

struct design *design_new(const struct data *d, bool drop, int threads)
{
	struct scan sc = { d, NEW0(struct stats, d->ncols + 1) };
	size_t most = 0;
	for (size_t c = 0; c < d->ncols; c++) {
		size_t states = d->cols[c].kind == KIND_NUMERIC ? 1 : (size_t)d->cols[c].nlevels + 1;
		sc.stats[c].share = NEW0(double, states);
		most += states + 1;
	}
	par_for(threads, d->ncols, scan_column, &sc);
	struct design *ds = NEW0(struct design, 1);
	ds->ncols = d->ncols;
	ds->col = NEW(int32_t, most + 1);
	ds->level = NEW(int32_t, most + 1);
	ds->mean = NEW(double, most + 1);
	ds->sd = NEW(double, most + 1);
	ds->base = NEW(int32_t, d->ncols + 1);
	ds->slots = NEW(struct slot, d->ncols + 1);
	add_numbers(ds, d, sc.stats);
	for (size_t c = 0; c < d->ncols; c++) {
		ds->base[c] = -1;
		add_slot(ds, d, c, &sc.stats[c], drop);
		free(sc.stats[c].share);
	}
	free(sc.stats);
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
	free(ds->base);
	free(ds);
}

/*
 * x (n) := (x - mean) / sd, 0 for missing. Halves, as the difference of two
 * numbers may leave the doubles.
 */
__attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))
static void standardise(size_t n, double *x, double mean, double sd)
{
	double half = 0.5 * mean, twice = 2 / sd;
	for (size_t i = 0; i < n; i++) {
		double z = (0.5 * x[i] - half) * twice;
		z = z > Z_MAX ? Z_MAX : z;
		z = z < -Z_MAX ? -Z_MAX : z;
		x[i] = z != z ? 0 : z;
	}
}

/* Dense columns j to j + 7 (1 and zeros where there are none) of the rows at (n) of the table. */
static void fill_eight(const struct design *ds, const struct data *d, const size_t *at, size_t n, size_t j, double *dense)
{
	double z[DENSE_LANES][DESIGN_ROWS];
	for (size_t l = 0; l < DENSE_LANES; l++) {
		if (j + l == 0 || j + l > ds->nd) {
			for (size_t i = 0; i < n; i++)
				z[l][i] = j + l == 0;
			continue;
		}
		const double *x = d->cols[ds->col[j + l - 1]].num;
		for (size_t i = 0; i < n; i++)
			z[l][i] = x[at[i]];
		/* the next block of this column: too short a stretch for the machine to foresee */
		for (size_t i = 0; i < n; i += 8)
			__builtin_prefetch(x + at[n - 1] + 1 + i);
		standardise(n, z[l], ds->mean[j + l - 1], ds->sd[j + l - 1]);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t l = 0; l < DENSE_LANES; l++)
			dense[i * ds->ld + j + l] = z[l][i];
}

/* at (n): rows of the table. */
static void fill(const struct design *ds, const struct data *d, const size_t *at, size_t n, double *dense, int32_t *hot)
{
	for (size_t j = 0; j < ds->ld; j += DENSE_LANES)
		fill_eight(ds, d, at, n, j, dense);
	for (size_t t = 0; t < ds->nslots; t++) {
		const struct slot *s = &ds->slots[t];
		const struct column *col = &d->cols[s->col];
		for (size_t i = 0; i < n; i++) {
			if (col->kind == KIND_NUMERIC)
				hot[i * ds->nslots + t] = isnan(col->num[at[i]]) ? s->at[0] : -1;
			else
				hot[i * ds->nslots + t] = s->at[col->cat[at[i]] < 0 ? col->nlevels : col->cat[at[i]]];
		}
	}
}

void design_block(const struct design *ds, const struct data *d, size_t i0, size_t n, double *dense, int32_t *hot)
{
	size_t at[DESIGN_ROWS];
	for (size_t i = 0; i < n; i++)
		at[i] = data_row(d, i0 + i);
	fill(ds, d, at, n, dense, hot);
}

void design_gather(const struct design *ds, const struct data *d, const uint32_t *rows, size_t n,
		   double *dense, int32_t *hot)
{
	size_t at[DESIGN_ROWS];
	for (size_t i = 0; i < n; i++)
		at[i] = data_row(d, rows[i]);
	fill(ds, d, at, n, dense, hot);
}
