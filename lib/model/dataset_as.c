/* A second table, read by the schema of the first. */
#include "model/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/need.h"
#include "model/bind.h"

struct column_growth {
	struct column *cols;
	size_t ncols, n, cap;
	struct arena *texts;
};

/* Appends n converted rows (block) to g. */
static void append_rows(struct column_growth *g, const struct column *block, size_t n)
{
	if (g->n + n > g->cap) {
		g->cap = (g->n + n) * 2;
		for (size_t c = 0; c < g->ncols; c++) {
			if (g->cols[c].kind == KIND_NUMERIC)
				GROW(g->cols[c].num, g->cap);
			else if (g->cols[c].kind == KIND_CATEGORY)
				GROW(g->cols[c].cat, g->cap);
			else
				GROW(g->cols[c].text, g->cap);
		}
	}
	for (size_t c = 0; c < g->ncols; c++) {
		if (g->cols[c].kind == KIND_NUMERIC)
			memcpy(g->cols[c].num + g->n, block[c].num, n * sizeof(double));
		else if (g->cols[c].kind == KIND_CATEGORY)
			memcpy(g->cols[c].cat + g->n, block[c].cat, n * sizeof(int32_t));
		for (size_t i = 0; g->cols[c].kind == KIND_TEXT && i < n; i++) {
			struct slice s = block[c].text[i];
			g->cols[c].text[g->n + i] = (struct slice){ arena_strn(g->texts, s.s, s.n), s.n };
		}
	}
	g->n += n;
}

/* Reads target and weight of a block's rows, appended to d at row `at`. */
static size_t read_targets(struct dataset *d, const struct reader *r, const struct block *b, size_t target, size_t weight,
			   size_t at)
{
	const struct schema *sc = &d->schema;
	size_t unknown = 0;
	if (sc->nlabels)
		GROW(d->label, at + b->nrows);
	else
		GROW(d->y, at + b->nrows);
	if (weight != SIZE_MAX)
		GROW(d->w, at + b->nrows);
	for (size_t i = 0; i < b->nrows; i++) {
		struct slice cell = slice_trim(b->cells[i * b->ncols + target]);
		char *text = mem_strn(cell.s ? cell.s : "", cell.n);
		if (sc->nlabels) {
			d->label[at + i] = schema_label(sc, text);
			unknown += d->label[at + i] < 0;
		} else if (!num_parse(cell.s, cell.n, &d->y[at + i]) || !(fabs(d->y[at + i]) <= LARGEST)) {
			die(ST_DATA, "%s:%llu: the target '%s' is '%.60s', not a number up to 1e30", reader_where(r),
			    (unsigned long long)b->lines[i], reader_name(r, target), text);
		}
		free(text);
		if (weight == SIZE_MAX)
			continue;
		cell = slice_trim(b->cells[i * b->ncols + weight]);
		if (!num_parse(cell.s, cell.n, &d->w[at + i]) || !(d->w[at + i] >= 0 && d->w[at + i] <= LARGEST))
			die(ST_DATA, "%s:%llu: the weight '%s' is not a number from 0 to 1e30", reader_where(r),
			    (unsigned long long)b->lines[i], reader_name(r, weight));
	}
	return unknown;
}

void dataset_read_as(struct dataset *d, const char *path, const struct train_opts *o, const struct dataset *like)
{
	struct reader *r = reader_open(path, READER_OPTS(o));
	struct binding bind;
	struct sparse *given = NULL;	/* (blocks) */
	size_t unknown = 0, blocks = 0;
	struct column *block = schema_columns(&like->schema);
	struct column_growth g = { schema_columns(&like->schema), like->schema.nfields, 0, 0, arena_new() };
	struct convert cv = { .unseen = NEW0(uint64_t, like->schema.nfields), .missing = NEW0(uint64_t, like->schema.nfields) };
	size_t target = reader_need(r, like->schema.target, "--target"), weight = SIZE_MAX;
	if (like->roles[ROLE_WEIGHT])	/* that VW rows have weights does not oblige others */
		weight = o->weight ? reader_need(r, like->roles[ROLE_WEIGHT], "--weight") : reader_find(r, like->roles[ROLE_WEIGHT]);
	*d = (struct dataset){ .schema = like->schema };	/* borrowed while reading */
	bind_open(&bind, &like->schema, &like->vectors, r);
	for (const struct block *b; (b = reader_next(r));) {
		bind_more(&bind);
		schema_cells(block, g.ncols, b->nrows);
		GROW(given, blocks + 1);
		bind_rows(&bind, b, 0, b->nrows, block, &given[blocks], &cv);
		if (cv.bad)
			bind_die(&bind, b, &cv);
		if (!given[blocks++].start)
			given[blocks - 1] = sparse_empty(like->vectors.ncols, b->nrows);
		unknown += read_targets(d, r, b, target, weight, d->n);
		d->n += b->nrows;
		append_rows(&g, block, b->nrows);
		schema_cells_free(block, g.ncols);
	}
	if (d->n == 0)
		die(ST_DATA, "%s: no rows after the header", reader_where(r));
	if (unknown)
		warn("%s: %zu of %zu rows have a label that the training rows do not; they count as wrong", reader_where(r),
		     unknown, d->n);
	if (reader_is_sparse(r) || bind.any_column) {
		d->given = sparse_new(like->vectors.ncols);
		sparse_append(&d->given, given, blocks, cmd_threads(o->threads));
	}
	for (size_t i = 0; i < blocks; i++)
		sparse_free(&given[i]);
	free(given);
	bind_close(&bind);
	reader_close(r);
	d->schema = (struct schema){ .positive = -1 };
	d->inputs = g.cols;
	d->ninputs = g.ncols;
	d->texts = g.texts;
	free(block);
	free(cv.unseen);
	free(cv.missing);
}
