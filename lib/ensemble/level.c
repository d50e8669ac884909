#include "ensemble/method.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

/* ---- members that can be compared ---- */

static char *rows_refusal(const struct oof *a, const struct oof *b, const char *first, const char *name, bool classes)
{
	struct str s = { 0 };
	for (size_t i = 0; i < a->n && s.n == 0; i++) {
		if (a->fold[i] && b->fold[i] && a->fold[i] != b->fold[i])
			str_printf(&s, "'%s' has data row %zu in fold %" PRId32 ", '%s' in fold %" PRId32
				   "; train both with the same --cv, --fold-seed, --group and --time", name, i + 1, b->fold[i],
				   first, a->fold[i]);
		else if (classes ? a->label[i] != b->label[i] : a->y[i] != b->y[i])
			str_printf(&s, "'%s' has another target in data row %zu than '%s'", name, i + 1, first);
	}
	return s.n ? str_take(&s) : NULL;
}

char *level_refusal(struct model *const *members, const char *const *names, size_t m)
{
	struct str s = { 0 };
	const struct oof *a = &members[0]->oof;
	for (size_t i = 0; i < m; i++)
		if (members[i]->oof.n == 0) {
			str_printf(&s, "'%s' has no out-of-fold predictions; train it with --cv 5", names[i]);
			return str_take(&s);
		}
	for (size_t i = 1; i < m; i++) {
		const struct oof *b = &members[i]->oof;
		char *why;
		if (b->n != a->n || b->rows_hash != a->rows_hash) {
			str_printf(&s, "'%s' was trained on other rows than '%s' (%zu rows, hash %016" PRIx64 "; %zu rows, hash %016"
				   PRIx64 ")", names[i], names[0], b->n, b->rows_hash, a->n, a->rows_hash);
			return str_take(&s);
		}
		if ((why = rows_refusal(a, b, names[0], names[i], members[i]->schema.nlabels > 0)))
			return why;
	}
	return NULL;
}

/* Weights are of use only when all members have the same ones: class weights are a member's own affair. */
static bool same_weights(struct model *const *members, size_t m)
{
	const struct oof *a = &members[0]->oof;
	for (size_t i = 1; i < m; i++) {
		const struct oof *b = &members[i]->oof;
		if (!a->w != !b->w || (a->w && memcmp(a->w, b->w, a->n * sizeof(*a->w)) != 0)) {
			note(0, "members weight rows differently; here all rows count alike");
			return false;
		}
	}
	return a->w != NULL;
}

/* ---- the rows ---- */

static struct level level_sized(size_t n, size_t m, int32_t k, bool weights)
{
	struct level lv = { .n = n, .m = m, .k = k, .fold = NEW(int32_t, n), .row = NEW(uint32_t, n),
		.label = k > 1 ? NEW(int32_t, n) : NULL, .y = k > 1 ? NULL : NEW(double, n),
		.w = weights ? NEW(double, n) : NULL, .p = NEW(double *, m) };
	for (size_t i = 0; i < m; i++)
		lv.p[i] = NEW(double, n * (size_t)k);
	return lv;
}

void level_free(struct level *lv)
{
	for (size_t i = 0; i < lv->m; i++)
		free(lv->p[i]);
	free(lv->p);
	free(lv->fold);
	free(lv->row);
	free(lv->label);
	free(lv->y);
	free(lv->w);
	*lv = (struct level){ 0 };
}

/* True when every member held the row out. */
static bool held_by_all(struct model *const *members, size_t m, size_t row)
{
	for (size_t i = 0; i < m; i++)
		if (members[i]->oof.fold[row] == 0)
			return false;
	return true;
}

struct level level_of(struct model *const *members, size_t m)
{
	const struct oof *a = &members[0]->oof;
	size_t k = model_outputs(members[0]), n = 0;
	bool weights = same_weights(members, m);
	struct level lv = level_sized(a->n, m, (int32_t)k, weights);
	for (size_t r = 0; r < a->n; r++) {
		for (size_t i = 0; i < m; i++)	/* only folds in time leave rows that are never held out */
			lv.chained |= members[i]->oof.fold[r] == 0;
		if (!held_by_all(members, m, r))
			continue;
		lv.fold[n] = a->fold[r];
		lv.folds = a->fold[r] > lv.folds ? a->fold[r] : lv.folds;
		lv.row[n] = (uint32_t)r;
		if (k > 1)
			lv.label[n] = a->label[r];
		else
			lv.y[n] = a->y[r];
		if (weights)
			lv.w[n] = a->w[r];
		for (size_t i = 0; i < m; i++)
			memcpy(lv.p[i] + n * k, members[i]->oof.p + r * k, k * sizeof(double));
		n++;
	}
	lv.n = n;
	lv.positive = members[0]->schema.positive;
	lv.labels = (const char *const *)members[0]->schema.labels;
	return lv;
}

struct level level_rows(const struct level *lv, const uint32_t *rows, size_t n)
{
	struct level to = level_sized(n, lv->m, lv->k, lv->w != NULL);
	size_t k = (size_t)lv->k;
	to.positive = lv->positive;
	to.folds = lv->folds;
	to.chained = lv->chained;
	to.labels = lv->labels;
	for (size_t at = 0; at < n; at++) {
		size_t r = rows[at];
		to.fold[at] = lv->fold[r];
		to.row[at] = lv->row[r];
		if (lv->label)
			to.label[at] = lv->label[r];
		if (lv->y)
			to.y[at] = lv->y[r];
		if (lv->w)
			to.w[at] = lv->w[r];
		for (size_t i = 0; i < lv->m; i++)
			memcpy(to.p[i] + at * k, lv->p[i] + r * k, k * sizeof(double));
	}
	return to;
}

struct level level_part(const struct level *lv, enum part part, int32_t f)
{
	uint32_t *rows = NEW(uint32_t, lv->n);
	size_t n = 0;
	for (size_t r = 0; r < lv->n; r++)
		if (part == PART_TEST ? lv->fold[r] == f : lv->chained ? lv->fold[r] < f : lv->fold[r] != f)
			rows[n++] = (uint32_t)r;
	struct level to = level_rows(lv, rows, n);
	free(rows);
	return to;
}

/* ---- honest predictions and their score ---- */

/* Predicts fold f of lv into p by what is learned without it; out (rows of the fold, k). */
static void predict_fold(const struct level *lv, int32_t f, const struct method *me, const double *weights,
			 const struct learning *t, double *p)
{
	size_t k = (size_t)lv->k;
	struct level train = level_part(lv, PART_TRAIN, f), test = level_part(lv, PART_TEST, f);
	double *out = NEW(double, test.n * k);
	struct combine c = combine_new(lv->m, lv->k, weights);
	if (me->learn && train.n)
		me->learn(&c, &train, t);
	if (!me->learn || train.n)
		me->apply(&c, (const double *const *)test.p, test.n, out);
	else
		for (size_t j = 0; j < test.n * k; j++)
			out[j] = NAN;
	for (size_t r = 0, at = 0; r < lv->n; r++)
		if (lv->fold[r] == f)
			memcpy(p + r * k, out + at++ * k, k * sizeof(*p));
	combine_free(&c);
	level_free(&train);
	level_free(&test);
	free(out);
}

void level_nested(const struct level *lv, const struct method *me, const double *weights, const struct learning *t, double *p)
{
	for (int32_t f = 1; f <= lv->folds; f++)
		predict_fold(lv, f, me, weights, t, p);
}

double level_score(const struct level *lv, const double *p, const struct measure *metric, double *scores)
{
	size_t k = (size_t)lv->k;
	double sum = 0;
	int32_t scored = 0;
	for (int32_t f = 1; f <= lv->folds; f++) {
		struct level test = level_part(lv, PART_TEST, f);
		double *q = NEW(double, test.n * k);
		const char *why;
		for (size_t r = 0, at = 0; r < lv->n; r++)
			if (lv->fold[r] == f)
				memcpy(q + at++ * k, p + r * k, k * sizeof(*q));
		struct scored s = { .n = test.n, .k = lv->k, .label = test.label, .y = test.y, .p = q, .w = test.w,
			.positive = lv->positive, .labels = lv->labels };
		scores[f - 1] = test.n && !isnan(q[0]) ? measure(metric, &s, &why) : (double)NAN;
		if (!isnan(scores[f - 1])) {
			sum += scores[f - 1];
			scored++;
		}
		level_free(&test);
		free(q);
	}
	return scored ? sum / scored : (double)NAN;
}
