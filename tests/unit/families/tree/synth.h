/* Small random tables for the tests of trees. */
#ifndef DLS_TESTS_TREE_SYNTH_H
#define DLS_TESTS_TREE_SYNTH_H

#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/data.h"

struct synth {
	size_t n, ncols;
	struct column *cols;
	int32_t *label;
	double *y;
	uint32_t *rows;	/* (n) 0..n-1 */
};

/*
 * Columns of kinds: 'n' normal numbers, 'i' integers 0..9, 'm' normal with a
 * fifth missing, 'c' a category of 6 levels, 'd' one of 5 with a fifth
 * missing, 'k' constant, 'x' all missing. y depends on all, with noise; label
 * is its third part by size (classes 0..k-1).
 */
static inline struct synth synth_make(size_t n, const char *kinds, int32_t k, uint64_t seed)
{
	struct rng r = rng_at(seed, "synth", n);
	struct synth s = { n, strlen(kinds), NEW0(struct column, strlen(kinds)), NEW(int32_t, n), NEW0(double, n), NEW(uint32_t, n) };
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	for (size_t c = 0; c < s.ncols; c++) {
		bool cat = strchr("cd", kinds[c]) != NULL;
		struct column *x = &s.cols[c];
		x->name = names[c % 8];
		x->kind = cat ? KIND_CATEGORY : KIND_NUMERIC;
		x->nlevels = !cat ? 0 : kinds[c] == 'c' ? 6 : 5;
		if (cat)
			x->cat = NEW(int32_t, n);
		else
			x->num = NEW(double, n);
		for (size_t i = 0; i < n; i++) {
			bool missing = kinds[c] == 'x' || (strchr("md", kinds[c]) && rng_below(&r, 5) == 0);
			if (cat)
				x->cat[i] = missing ? -1 : (int32_t)rng_below(&r, (uint64_t)x->nlevels);
			else
				x->num[i] = missing ? (double)NAN : kinds[c] == 'k' ? 3 : kinds[c] == 'i' ? (double)rng_below(&r, 10) : rng_normal(&r);
			double v = missing ? 1 : cat ? (x->cat[i] * 7) % 5 / 2.0 : kinds[c] == 'i' ? x->num[i] / 4 : x->num[i];
			s.y[i] += c % 2 ? v : (v > 0.3) * 2 - v * v / 3;
		}
	}
	for (size_t i = 0; i < n; i++) {
		s.y[i] += rng_normal(&r);
		s.label[i] = (int32_t)floor(fabs(s.y[i]) * 1.3) % (k ? k : 1);
		s.rows[i] = (uint32_t)i;
	}
	return s;
}

static inline void synth_free(struct synth *s)
{
	for (size_t c = 0; c < s->ncols; c++) {
		free(s->cols[c].num);
		free(s->cols[c].cat);
	}
	free(s->cols);
	free(s->label);
	free(s->y);
	free(s->rows);
}

/* The columns alone, as a table. */
#define COLUMNS(cols_, ncols_) (&(struct data){ .ncols = (ncols_), .cols = (cols_) })

static inline struct data synth_data(const struct synth *s, int32_t k)
{
	return (struct data){ .n = s->n, .ncols = s->ncols, .cols = s->cols,
			      .task = k == 0 ? TASK_REGRESSION : k == 2 ? TASK_BINARY : TASK_MULTICLASS, .nclasses = k,
			      .label = k ? s->label : NULL, .y = k ? NULL : s->y };
}

#endif
