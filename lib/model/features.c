#include "model/features.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

#define TEXTS 4096	/* texts counted as one block */

/* The cells of the n rows of d: inputs, and derived columns as far as they need no target. */
static void add_columns(struct features *f, const struct family *family, const struct dataset *d)
{
	size_t *plain = NEW(size_t, d->ninputs);
	f->nplain = model_plain(family, d->inputs, d->ninputs, plain);
	f->ncols = f->nplain + f->derived.n;
	f->cols = NEW(struct column, f->ncols);
	for (size_t i = 0; i < f->nplain; i++)
		f->cols[i] = d->inputs[plain[i]];
	free(plain);
	derives_columns(&f->derived, f->cols + f->nplain);
	schema_cells(f->cols + f->nplain, f->derived.n, d->n);
	derives_apply(&f->derived, d->inputs, d->n, f->cols + f->nplain);
}

/* A vectoriser with the default options for a column of texts, fitted to the training rows. */
static struct tfidf *fit_text(const struct column *col, const struct data *train, int threads)
{
	struct tfidf_opts o;
	char *why;
	opt_defaults(tfidf_table, &o);
	struct tfidf *v = tfidf_new(&o, &why);
	struct slice *text = NEW(struct slice, train->n);
	for (size_t r = 0; r < train->n; r++)
		text[r] = col->text[data_row(train, r)];
	tfidf_begin(v, 0, threads);
	for (size_t r = 0; r < train->n; r += TEXTS)
		tfidf_learn(v, text + r, train->n - r < TEXTS ? train->n - r : TEXTS, 1, NULL, 0);
	why = tfidf_end(v);
	if (why)
		die(ST_DATA, "the texts of '%s': %s: options of dls-tfidf, whose vectorisers --features takes", col->name, why);
	free(text);
	opt_free(tfidf_table, &o);
	return v;
}

/* The vectorisers of --text, and the rows of all. */
static void add_vectors(struct features *f, const struct dataset *d, const struct data *train, int threads)
{
	struct vectors own = { 0 };
	vectors_borrow(&f->vectors, &d->vectors);
	for (size_t i = 0; i < d->text.n; i++) {
		const struct strs name = { &d->text.s[i], 1 };
		vectors_add(&own, fit_text(dataset_input(d, d->text.s[i]), train, threads), &name);
	}
	vectors_bind(&own, d->inputs, d->ninputs);
	if (own.n) {
		struct sparse rows = vectors_rows(&own, d->inputs, NULL, d->n, threads);
		const struct sparse *parts[] = { &d->vector_rows, &rows };
		f->own = d->vectors.n ? sparse_beside(parts, 2) : rows;
		if (d->vectors.n)
			sparse_free(&rows);
	}
	f->sparse = own.n ? &f->own : f->vectors.n ? &d->vector_rows : NULL;
	vectors_take(&f->vectors, &own);
}

void features_fit(struct features *f, const struct family *family, const struct dataset *d, const struct data *train,
		  const struct train_opts *o)
{
	*f = (struct features){ 0 };
	if (d->vectors.n || d->text.n)
		family_must_take(family, TAKES_SPARSE, d->vectors.sparse_rows ? "sparse rows" : "texts");
	derives_copy(&f->derived, &d->derived);
	add_columns(f, family, d);
	derives_target(&f->derived, d->inputs, d->n, train, d->schema.positive, o->target_smooth, o->seed, f->cols + f->nplain);
	add_vectors(f, d, train, cmd_threads(o->threads));
}

void features_like(struct features *f, const struct family *family, const struct dataset *d, const struct features *like,
		   int threads)
{
	*f = (struct features){ 0 };
	derives_copy(&f->derived, &like->derived);
	add_columns(f, family, d);
	vectors_borrow(&f->vectors, &like->vectors);
	if (f->vectors.n) {
		f->own = vectors_rows(&f->vectors, d->inputs, d->given.start ? &d->given : NULL, d->n, threads);
		f->sparse = &f->own;
	}
}

void features_free(struct features *f)
{
	if (f->cols)
		schema_cells_free(f->cols + f->nplain, f->ncols - f->nplain);
	free(f->cols);
	sparse_free(&f->own);
	derives_free(&f->derived);
	vectors_free(&f->vectors);
	*f = (struct features){ 0 };
}

struct data features_view(const struct features *f, const struct dataset *d, const uint32_t *rows, size_t n)
{
	struct data x = { .n = n, .ncols = f->ncols, .cols = f->cols, .sparse = f->sparse, .rows = rows, .task = d->schema.task,
			  .nclasses = d->schema.nlabels, .label = d->label, .y = d->y, .w = d->w };
	vectors_describe(&f->vectors, &x);
	return x;
}

void features_give(struct features *f, struct dataset *d, struct model *m)
{
	m->derived = f->derived;
	vectors_free(&m->vectors);
	vectors_take(&m->vectors, &f->vectors);
	for (size_t i = 0; i < d->vectors.n; i++) {	/* they come first */
		m->vectors.v[i].borrowed = false;
		d->vectors.v[i].borrowed = true;
	}
	f->derived = (struct derives){ 0 };
}
