/* A second table, read by the schema of the first. */
#include "model/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/need.h"
#include "model/bind.h"
#include "model/pictures.h"

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
		for (size_t i = 0; kind_is_texts(g->cols[c].kind) && i < n; i++) {
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

/* Opens a file, a folder of pictures, or where path is NULL what o says; *root is for its pictures, the caller's. */
static struct reader *open_second(const char *path, const struct train_opts *o, char **root)
{
	struct reader_opts how = PICTURE_READER_OPTS(o);
	struct stat st;
	if (path)
		how.folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : NULL;
	if (path)
		how.labels = NULL;	/* those are of the training rows */
	if (how.folder)
		how.format = NULL;
	struct reader *r = reader_open(path, how);
	const char *slash = path ? strrchr(path, '/') : NULL, *found = how.folder ? how.folder : o->root;
	*root = found || !slash ? mem_str(found) : mem_strn(path, (size_t)(slash - path) + 1);
	return r;
}

/* What is read: the dataset, its rows as they grow, and where they come from. */
struct second {
	struct dataset *d;
	struct reader *r;
	struct binding bind;
	struct column_growth g;
	struct sparse *given;	/* (blocks) */
	size_t blocks, target, weight, unknown;
	uint64_t *lines;	/* (d->n) */
};

static void read_block(struct second *s, const struct block *b, struct column *block, const struct dataset *like,
		       struct convert *cv)
{
	struct dataset *d = s->d;
	bind_more(&s->bind);
	schema_cells(block, s->g.ncols, b->nrows);
	GROW(s->given, s->blocks + 1);
	bind_rows(&s->bind, b, 0, b->nrows, block, &s->given[s->blocks], cv);
	if (cv->bad)
		bind_die(&s->bind, b, cv);
	if (!s->given[s->blocks++].start)
		s->given[s->blocks - 1] = sparse_empty(like->vectors.ncols, b->nrows);
	s->unknown += read_targets(d, s->r, b, s->target, s->weight, d->n);
	GROW(s->lines, d->n + b->nrows);
	memcpy(s->lines + d->n, b->lines, b->nrows * sizeof(*s->lines));
	d->n += b->nrows;
	append_rows(&s->g, block, b->nrows);
	schema_cells_free(block, s->g.ncols);
}

/* Leaves the rows whose pictures can be read. */
static void keep_good(struct second *s, const struct train_opts *o)
{
	struct dataset *d = s->d;
	size_t kept = 0;
	bool *good = pictures_good(s->g.cols, s->g.ncols, d->n, s->lines, reader_where(s->r), o->skip_bad,
				   cmd_threads(o->threads));
	if (!good)
		return;
	uint32_t *rows = NEW(uint32_t, d->n);
	for (size_t i = 0; i < d->n; i++)
		if (good[i])
			rows[kept++] = (uint32_t)i;
	for (size_t i = 0; i < kept; i++) {
		for (size_t c = 0; c < s->g.ncols; c++) {
			struct column *col = &s->g.cols[c];
			if (col->kind == KIND_NUMERIC)
				col->num[i] = col->num[rows[i]];
			else if (col->kind == KIND_CATEGORY)
				col->cat[i] = col->cat[rows[i]];
			else
				col->text[i] = col->text[rows[i]];
		}
		if (d->label)
			d->label[i] = d->label[rows[i]];
		if (d->y)
			d->y[i] = d->y[rows[i]];
		if (d->w)
			d->w[i] = d->w[rows[i]];
	}
	if (d->given.start) {
		struct sparse picked = sparse_pick(&d->given, rows, kept);
		sparse_free(&d->given);
		d->given = picked;
	}
	d->n = kept;
	free(rows);
	free(good);
}

void dataset_read_as(struct dataset *d, const char *path, const struct train_opts *o, const struct dataset *like)
{
	char *root;
	struct second s = { .d = d, .r = open_second(path, o, &root), .weight = SIZE_MAX,
			    .g = { schema_columns(&like->schema), like->schema.nfields, 0, 0, arena_new() } };
	struct column *block = schema_columns(&like->schema);
	struct convert cv = { .unseen = NEW0(uint64_t, like->schema.nfields), .missing = NEW0(uint64_t, like->schema.nfields) };
	s.target = reader_need(s.r, like->schema.target, "--target");
	const char *weight = like->roles[ROLE_WEIGHT];
	if (weight)	/* that VW rows have weights does not oblige others */
		s.weight = o->weight ? reader_need(s.r, weight, "--weight") : reader_find(s.r, weight);
	for (size_t c = 0; c < s.g.ncols; c++)
		if (s.g.cols[c].kind == KIND_IMAGE && root)
			s.g.cols[c].root = arena_strn(s.g.texts, root, strlen(root));
	free(root);
	*d = (struct dataset){ .schema = like->schema };	/* borrowed while reading */
	bind_open(&s.bind, &like->schema, &like->vectors, s.r);
	for (const struct block *b; (b = reader_next(s.r));)
		read_block(&s, b, block, like, &cv);
	if (d->n == 0)
		die(ST_DATA, "%s: no rows after the header", reader_where(s.r));
	if (s.unknown)
		warn("%s: %zu of %zu rows have a label that the training rows do not; they count as wrong", reader_where(s.r),
		     s.unknown, d->n);
	if (reader_is_sparse(s.r) || s.bind.any_column) {
		d->given = sparse_new(like->vectors.ncols);
		sparse_append(&d->given, s.given, s.blocks, cmd_threads(o->threads));
	}
	keep_good(&s, o);
	for (size_t i = 0; i < s.blocks; i++)
		sparse_free(&s.given[i]);
	free(s.given);
	free(s.lines);
	bind_close(&s.bind);
	reader_close(s.r);
	d->schema = (struct schema){ .positive = -1 };
	d->inputs = s.g.cols;
	d->ninputs = s.g.ncols;
	d->texts = s.g.texts;
	free(block);
	free(cv.unseen);
	free(cv.missing);
}
