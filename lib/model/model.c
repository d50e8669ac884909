#include "model/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "model/strongest.h"
#include "opt/cmd.h"

struct model *model_new(const struct family *f)
{
	struct model *m = NEW0(struct model, 1);
	m->family = f;
	m->opts = mem_zero(1, f->opts_size);
	opt_defaults(f->opts, m->opts);
	m->schema.positive = -1;
	return m;
}

void model_ready(struct model *m)
{
	free(m->inputs);
	free(m->features);
	free(m->plain);
	m->inputs = schema_columns(&m->schema);
	m->features = NEW0(struct column, m->schema.nfields + m->derived.n);
	m->plain = NEW(size_t, m->schema.nfields);
	m->nfeatures = model_plain(m->family, m->inputs, m->schema.nfields, m->plain);
	for (size_t i = 0; i < m->nfeatures; i++)
		m->features[i] = m->inputs[m->plain[i]];
	derives_columns(&m->derived, m->features + m->nfeatures);
	m->nfeatures += m->derived.n;
	sparse_free(&m->no_rows);
	m->no_rows = sparse_new(m->vectors.ncols);
	const char *gone = vectors_bind(&m->vectors, m->inputs, m->schema.nfields);
	if (gone)
		die(ST_DATA, "not a valid model: a vectoriser reads '%s', which is no text among its columns", gone);
}

void model_gather(struct model *m)
{
	if (!m->family->gather)
		return;
	m->family->gather(m->fit, &m->vectors);
	m->no_rows.ncols = m->vectors.ncols;
}

size_t model_plain(const struct family *f, const struct column *inputs, size_t n, size_t *out)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!kind_is_texts(inputs[i].kind) || (f->takes & (inputs[i].kind == KIND_TEXT ? TAKES_TEXT : TAKES_IMAGE)))
			out[kept++] = i;
	return kept;
}

struct data model_frame(const struct model *m)
{
	struct data x = { .ncols = m->nfeatures, .cols = m->features, .task = m->schema.task,
			  .sparse = m->vectors.n ? &m->no_rows : NULL, .nclasses = m->schema.nlabels };
	vectors_describe(&m->vectors, &x);
	return x;
}

size_t model_outputs(const struct model *m)
{
	return m->schema.nlabels ? (size_t)m->schema.nlabels : 1;
}

struct oof oof_new(size_t n, size_t k, int32_t folds, uint64_t rows_hash, const int32_t *label, const double *y,
		   const double *w)
{
	struct oof o = { .n = n, .folds = folds, .rows_hash = rows_hash, .fold = NEW0(int32_t, n),
		.label = label ? mem_copy(label, n, sizeof(*label)) : NULL, .y = y ? mem_copy(y, n, sizeof(*y)) : NULL,
		.w = w ? mem_copy(w, n, sizeof(*w)) : NULL, .p = NEW(double, n * k) };
	for (size_t i = 0; i < n * k; i++)
		o.p[i] = NAN;
	return o;
}

void oof_free(struct oof *o)
{
	free(o->fold);
	free(o->label);
	free(o->y);
	free(o->w);
	free(o->p);
	*o = (struct oof){ 0 };
}

void model_free(struct model *m)
{
	if (!m)
		return;
	if (m->fit)
		m->family->free(m->fit);
	opt_free(m->family->opts, m->opts);
	free(m->opts);
	free(m->inputs);
	free(m->features);
	free(m->plain);
	schema_free(&m->schema);
	derives_free(&m->derived);
	vectors_free(&m->vectors);
	sparse_free(&m->no_rows);
	oof_free(&m->oof);
	free(m->metrics);
	free(m->experiment);
	free(m);
}

/* ---- the file ---- */

static void save_oof(const struct oof *o, size_t k, struct store *st)
{
	char hex[17];
	if (o->n == 0)
		return;
	snprintf(hex, sizeof(hex), "%016" PRIx64, o->rows_hash);
	store_meta(st, "dls.rows", hex);
	store_put1(st, "oof.fold", DT_I32, o->n, o->fold);
	store_put2(st, "oof.p", DT_F64, o->n, k, o->p);
	if (o->label)
		store_put1(st, "oof.label", DT_I32, o->n, o->label);
	else
		store_put1(st, "oof.y", DT_F64, o->n, o->y);
	if (o->w)
		store_put1(st, "oof.w", DT_F64, o->n, o->w);
}

void model_save(const struct model *m, struct store *st)
{
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	char seed[24];
	store_meta(st, "dls.format", MODEL_FORMAT);
	store_meta(st, "dls.version", DLS_VERSION);
	store_meta(st, "dls.family", m->family->name);
	store_meta(st, "dls.task", m->schema.task == TASK_REGRESSION ? "regression" :
		   m->schema.task == TASK_BINARY ? "binary" : "multiclass");
	snprintf(seed, sizeof(seed), "%" PRIu64, m->seed);
	store_meta(st, "dls.seed", seed);
	opt_json(m->family->opts, m->opts, &s);
	store_meta(st, "dls.options", s.s);
	s.n = 0;
	json_object(&j, NULL);
	schema_json(&m->schema, &j, "schema");
	derives_json(&m->derived, &j, "derived");
	json_end(&j, '}');
	store_meta(st, "dls.schema", s.s);
	str_free(&s);
	if (m->metrics)
		store_meta(st, "dls.metrics", m->metrics);
	if (m->experiment)
		store_meta(st, "dls.experiment", m->experiment);
	if (!m->family->gather)		/* else they are those of the members */
		vectors_save(&m->vectors, st);
	save_oof(&m->oof, model_outputs(m), st);
	m->family->save(m->fit, st);
}

/* A copy of a tensor of n finite numbers that are at least `least`. */
static double *restore_numbers(struct store *st, const char *name, size_t n, double least)
{
	const double *x = store_get1(st, name, DT_F64, &n);
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]) || x[i] < least)
			store_bad(st, "'%s' holds %g in row %zu", name, x[i], i);
	return mem_copy(x, n, sizeof(*x));
}

static void restore_oof(struct model *m, struct store *st)
{
	struct oof *o = &m->oof;
	const char *hex = store_meta_get(st, "dls.rows");
	size_t n = ANY, k = model_outputs(m);
	char *end;
	if (!hex)
		return;
	o->rows_hash = strtoull(hex, &end, 16);
	const int32_t *fold = store_get1(st, "oof.fold", DT_I32, &n);
	const double *p = store_get2(st, "oof.p", DT_F64, &n, &k);
	o->fold = mem_copy(fold, n, sizeof(*fold));
	o->p = mem_copy(p, n * k, sizeof(*p));
	for (size_t i = 0; i < n; i++) {
		if (fold[i] < 0 || (size_t)fold[i] > n)
			store_bad(st, "out-of-fold row %zu is in fold %" PRId32, i, fold[i]);
		if (fold[i] > o->folds)
			o->folds = fold[i];
		for (size_t c = 0; c < k; c++)
			if (fold[i] && !isfinite(p[i * k + c]))
				store_bad(st, "out-of-fold prediction %zu is no number", i);
	}
	if (m->schema.nlabels) {
		const int32_t *label = store_get1(st, "oof.label", DT_I32, &n);
		for (size_t i = 0; i < n; i++)
			if (label[i] < 0 || label[i] >= m->schema.nlabels)
				store_bad(st, "out-of-fold row %zu has label %" PRId32, i, label[i]);
		o->label = mem_copy(label, n, sizeof(*label));
	} else {
		o->y = restore_numbers(st, "oof.y", n, -INFINITY);
	}
	if (store_has(st, "oof.w"))
		o->w = restore_numbers(st, "oof.w", n, 0);
	o->n = n;
}

/* Dies when the task that the file states is not one the family does, or does not fit its labels. */
static void check_task(const struct model *m, const struct store *st)
{
	const struct schema *sc = &m->schema;
	int32_t labels = sc->nlabels;
	bool fits = sc->task == TASK_REGRESSION ? labels == 0 : sc->task == TASK_BINARY ? labels == 2 : labels > 2;
	if (!fits || !(m->family->tasks & sc->task))
		store_bad(st, "the family %s with %" PRId32 " labels makes no sense", m->family->name, labels);
}

/* A copy of metadata that holds JSON (checked), or NULL when it is not there. */
static char *json_meta(const struct store *st, const char *key)
{
	const char *text = store_meta_get(st, key);
	if (text)
		jval_free(jval_parse(text, strlen(text), store_where(st)));
	return mem_str(text);
}

struct model *model_restore(struct store *st)
{
	const char *format = store_meta_need(st, "dls.format"), *name = store_meta_need(st, "dls.family");
	char *end;
	if (strcmp(format, MODEL_FORMAT) != 0)
		store_bad(st, "it has format %s, this version reads " MODEL_FORMAT, format);
	const struct family *f = family_find(name);
	if (!f && strcmp(name, VECTORFILE_FAMILY) == 0)
		die(ST_DATA, "%s: this is a vectoriser of dls-tfidf, not a model; dls-train --features makes it part of one, dls-tfidf --show prints it",
		    store_where(st));
	if (!f)
		store_bad(st, "unknown family '%s' (made by a newer version?)", name);
	struct model *m = model_new(f);
	opt_free(f->opts, m->opts);
	opt_from_json(f->opts, m->opts, store_meta_need(st, "dls.options"), store_where(st));
	const char *schema = store_meta_need(st, "dls.schema");
	struct jval *v = jval_parse(schema, strlen(schema), store_where(st));
	schema_from_json(&m->schema, jval_need(v, "schema"));
	struct column *inputs = schema_columns(&m->schema);
	derives_from_json(&m->derived, jval_need(v, "derived"), inputs, m->schema.nfields);
	free(inputs);
	jval_free(v);
	check_task(m, st);
	m->seed = strtoull(store_meta_need(st, "dls.seed"), &end, 10);
	m->metrics = json_meta(st, "dls.metrics");
	m->experiment = json_meta(st, "dls.experiment");
	vectors_load(&m->vectors, st);
	if (m->vectors.n && !(f->takes & TAKES_SPARSE))
		store_bad(st, "the family %s takes no sparse columns", f->name);
	model_ready(m);
	if (cols_have_image(m->inputs, m->schema.nfields) && !(f->takes & TAKES_IMAGE))
		store_bad(st, "the family %s takes no pictures", f->name);
	restore_oof(m, st);
	struct data frame = model_frame(m);
	m->fit = f->load(m->opts, &frame, st);
	model_gather(m);
	return m;
}

void model_prove(const struct model *m)
{
	struct store *st = store_new();
	model_save(m, st);
	model_free(model_restore(st));
	store_free(st);
}

void model_write(const struct model *m, struct out *out)
{
	struct store *st = store_new();
	model_save(m, st);
	store_write(st, out);
	store_free(st);
}

struct model *model_read(const char *path)
{
	size_t n;
	char *bytes = in_read_all(path, &n);
	struct store *st = store_read(bytes, n, in_name(path));
	struct model *m = model_restore(st);
	store_free(st);
	return m;
}

/* ---- prediction ---- */

/* The frame with cells: inputs as given, derived columns and vectors computed; release with release_rows(). */
struct rows {
	struct data x;
	struct column *cols, *derived;
	struct sparse sparse;
};

static struct rows with_rows(const struct model *m, const struct column *inputs, const struct sparse *given, size_t n)
{
	struct rows r = { .x = model_frame(m), .cols = mem_copy(m->features, m->nfeatures, sizeof(*r.cols)) };
	size_t nplain = m->nfeatures - m->derived.n;
	for (size_t i = 0; i < nplain; i++)
		r.cols[i] = inputs[m->plain[i]];
	r.derived = r.cols + nplain;
	schema_cells(r.derived, m->derived.n, n);
	derives_apply(&m->derived, inputs, n, r.derived);
	if (m->vectors.n)
		r.sparse = vectors_chunk(&m->vectors, inputs, given, 0, n);
	r.x.cols = r.cols;
	r.x.n = n;
	return r;
}

static const struct data *rows_data(struct rows *r)
{
	r->x.sparse = r->x.sparse ? &r->sparse : NULL;
	return &r->x;
}

static void release_rows(const struct model *m, struct rows *r)
{
	schema_cells_free(r->derived, m->derived.n);
	sparse_free(&r->sparse);
	free(r->cols);
}

void model_predict(const struct model *m, const struct column *inputs, const struct sparse *given, size_t n, double *out)
{
	struct rows r = with_rows(m, inputs, given, n);
	m->family->predict(m->fit, rows_data(&r), out);
	release_rows(m, &r);
}

void model_contrib(const struct model *m, const struct column *inputs, const struct sparse *given, size_t n, double *out)
{
	struct rows r = with_rows(m, inputs, given, n);
	m->family->contrib(m->fit, rows_data(&r), out);
	release_rows(m, &r);
}

void model_features(const struct model *m, const struct column *inputs, size_t n, double *out)
{
	struct rows r = with_rows(m, inputs, NULL, n);
	m->family->features(m->fit, rows_data(&r), out);
	release_rows(m, &r);
}

struct scored oof_scored(const struct model *m)
{
	const struct oof *o = &m->oof;
	size_t k = model_outputs(m), n = 0;
	int32_t *label = o->label ? NEW(int32_t, o->n) : NULL;
	double *y = o->y ? NEW(double, o->n) : NULL, *w = o->w ? NEW(double, o->n) : NULL, *p = NEW(double, o->n * k);
	for (size_t i = 0; i < o->n; i++) {
		if (o->fold[i] == 0)
			continue;
		if (label)
			label[n] = o->label[i];
		if (y)
			y[n] = o->y[i];
		if (w)
			w[n] = o->w[i];
		memcpy(p + n * k, o->p + i * k, k * sizeof(*p));
		n++;
	}
	return (struct scored){ .n = n, .k = (int32_t)k, .label = label, .y = y, .p = p, .w = w,
		.positive = m->schema.positive, .labels = (const char *const *)m->schema.labels };
}

void oof_scored_free(struct scored *s)
{
	free((void *)(uintptr_t)s->label);
	free((void *)(uintptr_t)s->y);
	free((void *)(uintptr_t)s->w);
	free((void *)(uintptr_t)s->p);
}

/* ---- show ---- */

void model_show(const struct model *m, struct str *out)
{
	struct json j = json_to(out, 2);
	struct str opts = { 0 };
	struct data frame = model_frame(m);
	json_object(&j, NULL);
	json_str(&j, "family", m->family->name);
	json_str(&j, "version", DLS_VERSION);
	json_raw(&j, "seed", "");
	str_printf(out, "%" PRIu64, m->seed);
	opt_json(m->family->opts, m->opts, &opts);
	json_raw(&j, "options", opts.s);
	str_free(&opts);
	if (m->experiment)
		json_raw(&j, "experiment", m->experiment);
	schema_json(&m->schema, &j, "schema");
	if (m->derived.n)
		derives_json(&m->derived, &j, "derived");
	if (m->vectors.n)
		vectors_show(&m->vectors, &j);
	if (m->metrics)
		json_raw(&j, "metrics", m->metrics);
	if (m->oof.n)
		json_int(&j, "out_of_fold_rows", (int64_t)m->oof.n);
	json_object(&j, "model");
	m->family->show(m->fit, &frame, &m->schema, &j);
	if (m->vectors.n && m->family->terms) {
		struct sides s = sides_of(m->family, m->fit, &frame, &m->schema);
		strongest_show(&frame, &s, &j);
		free(s.weight);
	}
	json_end(&j, '}');
	json_end(&j, '}');
	str_putc(out, '\n');
}
