#include "data/derive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "opt/opt.h"

#define INNER_FOLDS 5
#define ONE SIZE_MAX	/* no second input */

static size_t find_input(const char *name, size_t n, const struct column *inputs, size_t ninputs, const char *spec)
{
	const char **names = NEW(const char *, ninputs + 1);
	for (size_t i = 0; i < ninputs; i++) {
		names[i] = inputs[i].name;
		if (strlen(inputs[i].name) == n && memcmp(inputs[i].name, name, n) == 0) {
			if (kind_is_texts(inputs[i].kind))
				die(ST_USAGE, "'%s': '%s' is %s, not a number or a category", spec, inputs[i].name,
				    inputs[i].kind == KIND_TEXT ? "a text" : "a picture");
			free(names);
			return i;
		}
	}
	char *word = mem_strn(name, n);
	const char *nearest = str_nearest(word, names, ninputs);
	die(ST_USAGE, "'%s': '%s' is not a column that is learned from%s%s%s", spec, word, nearest ? "; did you mean '" : "",
	    nearest ? nearest : "", nearest ? "'?" : "");
}

void derives_add(struct derives *ds, enum derive_op op, const char *spec, const struct column *inputs, size_t ninputs)
{
	static const char sign[] = { '/', '*', '*' };
	const char *at = strchr(spec, sign[op]);
	struct derive d = { .op = op, .b = ONE };
	size_t first = at ? (size_t)(at - spec) : strlen(spec);
	if (!at && op != DERIVE_TARGET)
		die(ST_USAGE, "'%s' is not two columns with a '%c' between them", spec, sign[op]);
	d.a = find_input(spec, first, inputs, ninputs, spec);
	if (at)
		d.b = find_input(at + 1, strlen(at + 1), inputs, ninputs, spec);
	if (op == DERIVE_RATIO && (inputs[d.a].kind != KIND_NUMERIC || inputs[d.b].kind != KIND_NUMERIC))
		die(ST_USAGE, "--ratio %s wants two numeric columns", spec);
	struct str name = { 0 };
	str_printf(&name, op == DERIVE_TARGET ? "mean(%s)" : "%s", spec);
	d.name = str_take(&name);
	GROW(ds->d, ds->n + 1);
	ds->d[ds->n++] = d;
}

/* Appends the text of a cell; false when it is missing. */
static bool add_cell(struct str *out, const struct column *c, size_t row)
{
	char buf[NUM_MAX];
	if (c->kind == KIND_NUMERIC) {
		if (isnan(c->num[row]))
			return false;
		str_add(out, buf, num_print(buf, c->num[row]));
		return true;
	}
	if (c->cat[row] < 0)
		return false;
	str_puts(out, c->levels[c->cat[row]]);
	return true;
}

/* The key of a row: "a" or "a*b"; false when a part is missing. */
static bool row_key(const struct derive *d, const struct column *inputs, size_t row, struct str *key)
{
	key->n = 0;
	if (!add_cell(key, &inputs[d->a], row))
		return false;
	if (d->b == ONE)
		return true;
	str_putc(key, '*');
	return add_cell(key, &inputs[d->b], row);
}

static int32_t row_code(const struct derive *d, const struct column *inputs, size_t row, struct str *key)
{
	return row_key(d, inputs, row, key) ? dict_find(d->dict, key->s, key->n) : -1;
}

static void index_levels(struct derive *d)
{
	d->dict = dict_new();
	for (int32_t i = 0; i < d->nlevels; i++)
		dict_add(d->dict, d->levels[i], strlen(d->levels[i]));
}

void derives_levels(struct derives *ds, const struct column *inputs, size_t n)
{
	struct str key = { 0 };
	for (size_t i = 0; i < ds->n; i++) {
		struct derive *d = &ds->d[i];
		struct dict *seen = dict_new();
		if (d->op == DERIVE_RATIO) {
			dict_free(seen);
			continue;
		}
		for (size_t r = 0; r < n; r++)
			if (row_key(d, inputs, r, &key))
				dict_add(seen, key.s, key.n);
		d->nlevels = dict_size(seen);
		d->levels = NEW0(char *, (size_t)d->nlevels);
		for (int32_t l = 0; l < d->nlevels; l++)
			d->levels[l] = mem_str(dict_text(seen, l));
		dict_free(seen);
		level_sort((const char **)d->levels, (size_t)d->nlevels);
		index_levels(d);
	}
	str_free(&key);
}

/*
 * Smoothed means by level over the rows i of train with skip[i] != fold (all
 * when skip is NULL): means (nlevels + 1), the last the mean over all of them.
 */
static void level_means(const struct derive *d, const int32_t *code, const struct data *train, const double *target,
			const uint8_t *skip, uint8_t fold, double smooth, double *means)
{
	double *sum = NEW0(double, (size_t)d->nlevels + 1), *weight = NEW0(double, (size_t)d->nlevels + 1);
	double all = 0, all_weight = 0;
	for (size_t i = 0; i < train->n; i++) {
		size_t r = data_row(train, i);
		double w = data_weight(train, i);
		if (skip && skip[i] == fold)
			continue;
		all += w * target[i];
		all_weight += w;
		if (code[r] >= 0) {
			sum[code[r]] += w * target[i];
			weight[code[r]] += w;
		}
	}
	double prior = all_weight > 0 ? all / all_weight : 0;
	for (int32_t l = 0; l < d->nlevels; l++)
		means[l] = weight[l] + smooth > 0 ? (sum[l] + smooth * prior) / (weight[l] + smooth) : prior;
	means[d->nlevels] = prior;
	free(sum);
	free(weight);
}

static double mean_of(const struct derive *d, const double *means, int32_t code)
{
	return means[code < 0 ? d->nlevels : code];
}

static void fit_target(struct derive *d, const int32_t *code, size_t n, const struct data *train, const double *target,
		       double smooth, uint64_t seed, double *out)
{
	size_t size = (size_t)d->nlevels + 1;
	double *inner = NEW(double, size);
	uint8_t *fold = NEW(uint8_t, train->n);
	struct rng r = rng_at(seed, "derive.target", 0);
	for (size_t i = 0; i < train->n; i++)
		fold[i] = (uint8_t)rng_below(&r, INNER_FOLDS);
	free(d->means);
	d->means = NEW(double, size);
	level_means(d, code, train, target, NULL, 0, smooth, d->means);
	for (size_t row = 0; row < n; row++)
		out[row] = mean_of(d, d->means, code[row]);
	for (uint8_t f = 0; f < INNER_FOLDS; f++) {
		level_means(d, code, train, target, fold, f, smooth, inner);
		for (size_t i = 0; i < train->n; i++)
			if (fold[i] == f)
				out[data_row(train, i)] = mean_of(d, inner, code[data_row(train, i)]);
	}
	free(inner);
	free(fold);
}

void derives_target(struct derives *ds, const struct column *inputs, size_t n, const struct data *train, int32_t positive,
		    double smooth, uint64_t seed, struct column *cols)
{
	double *target = NEW(double, train->n);
	int32_t *code = NEW(int32_t, n);
	struct str key = { 0 };
	for (size_t i = 0; i < train->n; i++)
		target[i] = train->y ? train->y[data_row(train, i)] : train->label[data_row(train, i)] == positive;
	for (size_t i = 0; i < ds->n; i++) {
		if (ds->d[i].op != DERIVE_TARGET)
			continue;
		for (size_t r = 0; r < n; r++)
			code[r] = row_code(&ds->d[i], inputs, r, &key);
		fit_target(&ds->d[i], code, n, train, target, smooth, seed, cols[i].num);
	}
	str_free(&key);
	free(target);
	free(code);
}

void derives_columns(const struct derives *ds, struct column *cols)
{
	for (size_t i = 0; i < ds->n; i++) {
		const struct derive *d = &ds->d[i];
		bool cross = d->op == DERIVE_CROSS;
		cols[i] = (struct column){ .name = d->name, .kind = cross ? KIND_CATEGORY : KIND_NUMERIC,
			.levels = cross ? (const char **)d->levels : NULL, .nlevels = cross ? d->nlevels : 0 };
	}
}

void derives_apply(const struct derives *ds, const struct column *inputs, size_t n, struct column *cols)
{
	struct str key = { 0 };
	for (size_t i = 0; i < ds->n; i++) {
		const struct derive *d = &ds->d[i];
		for (size_t r = 0; r < n; r++) {
			if (d->op == DERIVE_RATIO) {
				double b = inputs[d->b].num[r], x = inputs[d->a].num[r] / b;
				cols[i].num[r] = isfinite(x) ? x : (double)NAN;
			} else if (d->op == DERIVE_CROSS) {
				cols[i].cat[r] = row_code(d, inputs, r, &key);
			} else if (d->means) {
				cols[i].num[r] = mean_of(d, d->means, row_code(d, inputs, r, &key));
			}
		}
	}
	str_free(&key);
}

void derives_copy(struct derives *to, const struct derives *from)
{
	*to = (struct derives){ NEW0(struct derive, from->n), from->n };
	for (size_t i = 0; i < from->n; i++) {
		const struct derive *s = &from->d[i];
		struct derive *d = &to->d[i];
		*d = *s;
		d->name = mem_str(s->name);
		d->levels = NEW0(char *, (size_t)s->nlevels);
		for (int32_t l = 0; l < s->nlevels; l++)
			d->levels[l] = mem_str(s->levels[l]);
		d->means = s->means ? mem_copy(s->means, (size_t)s->nlevels + 1, sizeof(double)) : NULL;
		index_levels(d);
	}
}

void derives_json(const struct derives *ds, struct json *j, const char *key)
{
	json_array(j, key);
	for (size_t i = 0; i < ds->n; i++) {
		const struct derive *d = &ds->d[i];
		json_object(j, NULL);
		json_int(j, "op", d->op);
		json_str(j, "name", d->name);
		json_int(j, "a", (int64_t)d->a);
		if (d->b != ONE)
			json_int(j, "b", (int64_t)d->b);
		json_array(j, "levels");
		for (int32_t l = 0; l < d->nlevels; l++)
			json_str(j, NULL, d->levels[l]);
		json_end(j, ']');
		if (d->means) {
			json_array(j, "means");
			for (int32_t l = 0; l <= d->nlevels; l++)
				json_num(j, NULL, d->means[l]);
			json_end(j, ']');
		}
		json_end(j, '}');
	}
	json_end(j, ']');
}

static void one_from_json(struct derive *d, const struct jval *v, const struct column *inputs, size_t ninputs)
{
	const struct jval *levels = jval_need(v, "levels"), *b = jval_get(v, "b"), *means = jval_get(v, "means");
	d->op = (enum derive_op)jval_int(jval_need(v, "op"), DERIVE_RATIO, DERIVE_TARGET);
	d->name = mem_str(jval_str(jval_need(v, "name")));
	d->a = (size_t)jval_int(jval_need(v, "a"), 0, (int64_t)ninputs - 1);
	d->b = b ? (size_t)jval_int(b, 0, (int64_t)ninputs - 1) : ONE;
	d->nlevels = (int32_t)jval_size(levels);
	d->levels = NEW0(char *, (size_t)d->nlevels);
	for (int32_t l = 0; l < d->nlevels; l++)
		d->levels[l] = mem_str(jval_str(jval_at(levels, (size_t)l)));
	index_levels(d);
	bool target = d->op == DERIVE_TARGET;
	bool text = kind_is_texts(inputs[d->a].kind) || (d->b != ONE && kind_is_texts(inputs[d->b].kind));
	bool numbers = d->op != DERIVE_RATIO || (d->b != ONE && inputs[d->a].kind == KIND_NUMERIC &&
						 inputs[d->b].kind == KIND_NUMERIC);
	if (text || !numbers || dict_size(d->dict) != d->nlevels || (d->b == ONE && !target) || (target && (!means ||
	    jval_size(means) != (size_t)d->nlevels + 1)))
		die(ST_DATA, "not a valid model: the derived column '%s' makes no sense", d->name);
	if (!target)
		return;
	d->means = NEW(double, (size_t)d->nlevels + 1);
	for (size_t l = 0; l <= (size_t)d->nlevels; l++)
		d->means[l] = jval_num(jval_at(means, l));
}

void derives_from_json(struct derives *ds, const struct jval *v, const struct column *inputs, size_t ninputs)
{
	*ds = (struct derives){ NEW0(struct derive, jval_size(v)), jval_size(v) };
	for (size_t i = 0; i < ds->n; i++)
		one_from_json(&ds->d[i], jval_at(v, i), inputs, ninputs);
}

void derives_free(struct derives *ds)
{
	for (size_t i = 0; i < ds->n; i++) {
		struct derive *d = &ds->d[i];
		for (int32_t l = 0; l < d->nlevels; l++)
			free(d->levels[l]);
		free(d->name);
		free(d->levels);
		free(d->means);
		dict_free(d->dict);
	}
	free(ds->d);
	*ds = (struct derives){ 0 };
}
