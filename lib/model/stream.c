#include "model/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/par.h"
#include "data/need.h"
#include "model/bind.h"

#define CHUNK 256	/* rows converted as one piece of parallel work */
#define BITS 20		/* hash bits of words and features, if not said, ... */
#define CELL_BITS 16	/* ... of a category */

/* What became of a block's rows, as families take them; memory is kept from block to block. */
struct batch {
	size_t n, cap;
	struct column *cols;	/* (nfields) cells of the schema's fields; texts are the reader's */
	struct column *features;/* (nfeatures) those of them that are numbers */
	struct sparse sparse;
	int32_t *label;
	double *y, *w;
};

struct stream_job {
	const struct train_opts *o;
	struct model *m;
	struct reader *r;
	size_t target, weight;	/* columns of the input */
	bool sparse;		/* rows may have features, which are hashed */
	struct binding bind;
	const struct block *block;
	struct batch b;
	struct convert *cv;	/* (chunks of the block) */
	struct sparse *parts;	/* (chunks of the block) */
	FILE *spool;		/* or NULL: one pass */
	FILE *metrics;
	uint64_t rows, told;
	int threads;
};

/* ---- the schema, from the first block ---- */

static bool named(const struct reader *r, const struct strs *list, size_t col, const char *option)
{
	for (size_t i = 0; i < list->n; i++)
		if (reader_need(r, list->s[i], option) == col)
			return true;
	return false;
}

static bool read_by_vectors(const struct vectors *vs, const char *name)
{
	for (size_t v = 0; v < vs->n; v++)
		if (strs_has(&vs->v[v].columns, name))
			return true;
	return false;
}

/* True when the column's cells in the block are numbers or missing, and one is a number. */
static bool is_numeric(const struct block *b, size_t col)
{
	bool any = false;
	for (size_t i = 0; i < b->nrows; i++) {
		struct slice s = slice_trim(b->cells[i * b->ncols + col]);
		double x;
		bool number = num_parse(s.s, s.n, &x) && isfinite(x);
		if (!number && !is_missing(s, NULL))
			return false;
		any = any || number;
	}
	return any;
}

/* A hashing vectoriser for one column: of words and pairs of words, or of whole cells. */
static struct tfidf *hasher(bool cells, int32_t bits)
{
	static const char *const text[][2] = { { "idf", "none" } };
	static const char *const cell[][2] = { { "tokens", "cell" }, { "case", "keep" }, { "nfkc", "false" }, { "ngrams", "1" },
		{ "norm", "none" }, { "idf", "none" }, { "signs", "false" } };
	const char *const(*set)[2] = cells ? cell : text;
	size_t n = cells ? sizeof(cell) / sizeof(*cell) : sizeof(text) / sizeof(*text);
	struct tfidf_opts o;
	char *why;
	opt_defaults(tfidf_table, &o);
	for (size_t i = 0; i < n; i++)
		free(opt_set(opt_find(tfidf_table, set[i][0], strlen(set[i][0])), &o, set[i][1]));
	o.hash_bits = bits;
	struct tfidf *v = tfidf_new(&o, &why);
	tfidf_begin(v, 0, 1);
	free(tfidf_end(v));
	opt_free(tfidf_table, &o);
	return v;
}

/* The fields of the schema, and the vectorisers of texts and categories. */
static void find_fields(struct stream_job *jb)
{
	const struct train_opts *o = jb->o;
	const struct reader *r = jb->r;
	struct column *cols = NEW0(struct column, reader_ncols(r));
	size_t n = 0;
	int32_t bits = o->hash_bits ? o->hash_bits : BITS;
	for (size_t c = 0; c < jb->block->ncols; c++) {
		char *name = mem_str(reader_name(r, c));
		bool text = named(r, &o->text, c, "--text"), fixed = read_by_vectors(&jb->m->vectors, name);
		bool out = c == jb->target || c == jb->weight || reader_is_lines(r) || named(r, &o->id, c, "--id") || named(r, &o->drop, c, "--drop");
		if (out && !text && !fixed) {
			strs_add(&jb->m->schema.others, name);
			free(name);
			continue;
		}
		bool number = !text && !fixed && !named(r, &o->categorical, c, "--categorical") &&
			(named(r, &o->numeric, c, "--numeric") || is_numeric(jb->block, c));
		cols[n++] = (struct column){ .name = name, .kind = number ? KIND_NUMERIC : KIND_TEXT };
		if (!number && !fixed)
			vectors_add(&jb->m->vectors, hasher(!text, text ? bits : CELL_BITS), &(struct strs){ &name, 1 });
	}
	if (jb->sparse) {
		vectors_add_given(&jb->m->vectors, given_hashed(bits, reader_is_numbered(r)), false);
		jb->m->vectors.sparse_rows = true;
	}
	if (n == 0 && !jb->sparse)
		die(ST_DATA, "%s: no columns are left to learn from beside the target", reader_where(r));
	schema_from(&jb->m->schema, cols, n);
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)cols[i].name);
	free(cols);
}

static struct slice cell_of(const struct stream_job *jb, size_t row, size_t col)
{
	return slice_trim(jb->block->cells[row * jb->block->ncols + col]);
}

/* The labels of --labels, or of the first block. */
static void find_labels(struct stream_job *jb)
{
	struct schema *sc = &jb->m->schema;
	struct dict *seen = dict_new();
	for (size_t i = 0; i < jb->o->labels.n; i++)
		dict_add(seen, jb->o->labels.s[i], strlen(jb->o->labels.s[i]));
	for (size_t i = 0; jb->o->labels.n == 0 && i < jb->block->nrows; i++) {
		struct slice s = cell_of(jb, i, jb->target);
		if (!is_missing(s, NULL))
			dict_add(seen, s.s, s.n);
	}
	sc->nlabels = dict_size(seen);
	if (sc->nlabels < 2)
		die(ST_DATA, "%s: the target '%s' has %d class in the first %zu rows; --labels names all", reader_where(jb->r),
		    sc->target, sc->nlabels, jb->block->nrows);
	sc->labels = NEW(char *, (size_t)sc->nlabels);
	for (int32_t l = 0; l < sc->nlabels; l++)
		sc->labels[l] = mem_str(dict_text(seen, l));
	dict_free(seen);
	level_sort((const char **)sc->labels, (size_t)sc->nlabels);
	sc->task = sc->nlabels == 2 ? TASK_BINARY : TASK_MULTICLASS;
	sc->positive = sc->nlabels == 2 ? 1 : -1;
	for (int32_t l = 0; jb->o->positive && l < sc->nlabels; l++)
		if (sc->nlabels == 2 && strcmp(sc->labels[l], jb->o->positive) == 0)
			sc->positive = l;
	if (jb->o->positive && (sc->nlabels != 2 || strcmp(sc->labels[sc->positive], jb->o->positive) != 0))
		die(ST_USAGE, "--positive %s: the target '%s' has %d labels, '%.60s' to '%.60s'", jb->o->positive, sc->target,
		    sc->nlabels, sc->labels[0], sc->labels[sc->nlabels - 1]);
}

/* Few whole numbers are classes, as in dataset.c; a stream that begins with few of many says --task regress. */
static bool looks_like_classes(const struct stream_job *jb)
{
	struct dict *seen = dict_new();
	bool classes = !is_numeric(jb->block, jb->target), whole = true;
	for (size_t i = 0; !classes && i < jb->block->nrows; i++) {
		struct slice s = cell_of(jb, i, jb->target);
		double x = 0;
		whole = whole && num_parse(s.s, s.n, &x) && x == floor(x);
		dict_add(seen, s.n ? s.s : "", s.n);
	}
	classes = classes || (whole && dict_size(seen) <= MOST_CLASSES);
	dict_free(seen);
	return classes;
}

static void find_schema(struct stream_job *jb)
{
	const struct train_opts *o = jb->o;
	struct schema *sc = &jb->m->schema;
	const char *target = o->target, *weight = o->weight;
	roles_of_lines(jb->r, &target, &weight);
	jb->target = reader_need(jb->r, target, "--target");
	jb->weight = weight ? reader_need(jb->r, weight, "--weight") : SIZE_MAX;
	find_fields(jb);
	sc->target = mem_str(reader_name(jb->r, jb->target));
	sc->unseen = mem_str("missing");
	sc->strict_text = strcmp(o->invalid, "error") == 0;
	sc->task = TASK_REGRESSION;
	if (strcmp(o->task, "classify") == 0 || o->labels.n || (strcmp(o->task, "auto") == 0 && looks_like_classes(jb)))
		find_labels(jb);
	for (size_t i = 0; i < o->missing.n; i++)
		strs_add(&sc->missing, o->missing.s[i]);
}

/* ---- blocks ---- */

static void read_target(struct stream_job *jb, size_t i)
{
	const struct schema *sc = &jb->m->schema;
	struct batch *b = &jb->b;
	struct slice s = cell_of(jb, i, jb->target);
	unsigned long long line = jb->block->lines[i];
	if (!sc->nlabels) {
		if (!num_parse(s.s, s.n, &b->y[i]) || !(fabs(b->y[i]) <= LARGEST))
			die(ST_DATA, "%s:%llu: the target '%s' is '%.*s', not a number up to 1e30", reader_where(jb->r), line, sc->target,
			    (int)(s.n < 60 ? s.n : 60), s.n ? s.s : "");
	} else {
		int32_t l = 0;
		while (l < sc->nlabels && !slice_eq(s, sc->labels[l]))
			l++;
		if (l == sc->nlabels)
			die(ST_DATA, "%s:%llu: the target '%s' is '%.*s', which is none of the %d labels of %s; --labels names all",
			    reader_where(jb->r), line, sc->target, (int)(s.n < 60 ? s.n : 60), s.n ? s.s : "", sc->nlabels,
			    jb->o->labels.n ? "--labels" : "the first rows");
		b->label[i] = l;
	}
	if (jb->weight == SIZE_MAX)
		return;
	s = cell_of(jb, i, jb->weight);
	if (!num_parse(s.s, s.n, &b->w[i]) || !(b->w[i] >= 0 && b->w[i] <= LARGEST))
		die(ST_DATA, "%s:%llu: the weight '%s' is not a number from 0 to 1e30", reader_where(jb->r), line,
		    reader_name(jb->r, jb->weight));
}

static void convert_chunk(void *ctx, size_t i, int worker)
{
	struct stream_job *jb = ctx;
	const struct schema *sc = &jb->m->schema;
	size_t first = i * CHUNK, left = jb->b.n - first, n = left < CHUNK ? left : CHUNK;
	struct column *cols = mem_copy(jb->b.cols, sc->nfields, sizeof(*cols));
	(void)worker;
	for (size_t f = 0; f < sc->nfields; f++) {
		if (cols[f].kind == KIND_NUMERIC)
			cols[f].num += first;
		else
			cols[f].text += first;
	}
	struct sparse given;
	bind_rows(&jb->bind, jb->block, first, n, cols, &given, &jb->cv[i]);
	if (jb->m->vectors.n)
		jb->parts[i] = vectors_chunk(&jb->m->vectors, cols, given.start ? &given : NULL, 0, n);
	sparse_free(&given);
	free(cols);
}

/* Room for n rows. */
static void reserve(struct stream_job *jb, size_t n)
{
	struct batch *b = &jb->b;
	b->n = n;
	if (n <= b->cap)
		return;
	b->cap = n * 2;
	schema_cells_free(b->cols, jb->m->schema.nfields);
	schema_cells(b->cols, jb->m->schema.nfields, b->cap);
	GROW(b->label, b->cap);
	GROW(b->y, b->cap);
	GROW(b->w, b->cap);
	for (size_t i = 0; i < jb->m->nfeatures; i++)
		b->features[i] = b->cols[jb->m->plain[i]];
}

/* The block's rows to the batch; counts of texts that are not UTF-8 and the like are added to total. */
static void take_block(struct stream_job *jb, struct convert *total)
{
	size_t n = jb->block->nrows, chunks = (n + CHUNK - 1) / CHUNK, nfields = jb->m->schema.nfields;
	reserve(jb, n);
	for (size_t i = 0; i < n; i++)
		read_target(jb, i);
	jb->cv = NEW0(struct convert, chunks);
	jb->parts = NEW0(struct sparse, chunks);
	for (size_t i = 0; i < chunks; i++) {
		jb->cv[i].unseen = NEW0(uint64_t, nfields);
		jb->cv[i].missing = NEW0(uint64_t, nfields);
	}
	par_for(jb->threads, chunks, convert_chunk, jb);
	for (size_t i = 0; i < chunks; i++) {
		if (jb->cv[i].bad)
			bind_die(&jb->bind, jb->block, &jb->cv[i]);
		for (size_t f = 0; f < nfields; f++)
			total->unseen[f] += jb->cv[i].unseen[f];
		free(jb->cv[i].unseen);
		free(jb->cv[i].missing);
	}
	sparse_free(&jb->b.sparse);
	jb->b.sparse = sparse_new(jb->m->vectors.ncols);
	sparse_append(&jb->b.sparse, jb->parts, chunks, jb->threads);
	free(jb->cv);
	free(jb->parts);
}

static struct data batch_data(const struct stream_job *jb)
{
	struct data d = model_frame(jb->m);
	d.n = jb->b.n;
	d.cols = jb->b.features;
	if (d.sparse)
		d.sparse = &jb->b.sparse;
	d.label = d.nclasses ? jb->b.label : NULL;
	d.y = d.nclasses ? NULL : jb->b.y;
	d.w = jb->weight == SIZE_MAX ? NULL : jb->b.w;
	return d;
}

/* ---- further passes ---- */

_Noreturn static void spool_fail(const char *what)
{
	die(ST_IO, "a temporary file (TMPDIR says where): cannot %s: %s", what, strerror(errno));
}

/* Moves n values of a width to the spool or from it. */
typedef void move_fn(FILE *f, void *p, size_t width, size_t n);

static void move_out(FILE *f, void *p, size_t width, size_t n)
{
	if (fwrite(p, width, n, f) != n)
		spool_fail("write");
}

static void move_in(FILE *f, void *p, size_t width, size_t n)
{
	if (fread(p, width, n, f) != n)
		spool_fail("read");
}

/* The batch's arrays, of n rows with nnz sparse entries. */
static void move_arrays(struct stream_job *jb, size_t n, size_t nnz, move_fn *move)
{
	struct batch *b = &jb->b;
	for (size_t i = 0; i < jb->m->nfeatures; i++)
		move(jb->spool, b->features[i].num, sizeof(double), n);
	move(jb->spool, b->sparse.start, sizeof(size_t), n + 1);
	move(jb->spool, b->sparse.col, sizeof(int32_t), nnz);
	move(jb->spool, b->sparse.val, sizeof(double), nnz);
	if (jb->m->schema.nlabels)
		move(jb->spool, b->label, sizeof(int32_t), n);
	else
		move(jb->spool, b->y, sizeof(double), n);
	if (jb->weight != SIZE_MAX)
		move(jb->spool, b->w, sizeof(double), n);
}

static void spool_batch(struct stream_job *jb)
{
	size_t head[2] = { jb->b.n, sparse_nnz(&jb->b.sparse) };
	move_out(jb->spool, head, sizeof(*head), 2);
	move_arrays(jb, head[0], head[1], move_out);
}

/* False at the end. */
static bool unspool_batch(struct stream_job *jb)
{
	size_t head[2];
	if (fread(head, sizeof(head), 1, jb->spool) != 1) {
		if (ferror(jb->spool))
			spool_fail("read");
		return false;
	}
	reserve(jb, head[0]);
	sparse_free(&jb->b.sparse);
	jb->b.sparse = (struct sparse){ .n = head[0], .ncols = jb->m->vectors.ncols, .start = NEW(size_t, head[0] + 1),
					.col = NEW(int32_t, head[1]), .val = NEW(double, head[1]) };
	move_arrays(jb, head[0], head[1], move_in);
	return true;
}

/* ---- training ---- */

/* Tells the progressive loss each time that the rows have doubled. */
static void tell(struct stream_job *jb, const struct streaming *st, int pass, bool last)
{
	struct str s = { 0 };
	if (!last && jb->rows < 2 * jb->told)
		return;
	jb->told = jb->rows;
	struct json j = json_to(&s, 0);
	double loss = st->loss(jb->m->fit);
	json_object(&j, NULL);
	json_str(&j, "event", "rows");
	json_int(&j, "pass", pass);
	json_int(&j, "rows", (int64_t)jb->rows);
	json_num(&j, "progressive_loss", loss);
	json_end(&j, '}');
	run_event(&(struct run){ .metrics = jb->metrics }, s.s);
	note(1, "%" PRIu64 " rows%s: progressive loss %.6g", jb->rows, pass > 1 ? " in further passes" : "", loss);
	str_free(&s);
}

static void check_options(const struct family *f, const struct train_opts *o)
{
	const bool given[] = { o->cv > 0, o->oob, o->valid != NULL, o->valid_frac > 0, o->group != NULL, o->time != NULL,
		o->class_weight != NULL, o->ratio.n > 0, o->cross.n > 0, o->target_mean.n > 0, o->early_stop > 0 };
	static const char *const names[] = { "cv", "oob", "valid", "valid-frac", "group", "time", "class-weight", "ratio", "cross",
		"target-mean", "early-stop" };
	if (!f->streaming)
		die(ST_USAGE, "--stream: the family %s needs all rows at once; online does not", f->name);
	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (given[i])
			die(ST_USAGE, "--stream and --%s: rows of a stream are seen once; the progressive loss tells what the model is worth",
			    names[i]);
}

static void begin(struct stream_job *jb, const struct family *f, void *opts)
{
	jb->m = model_new(f);
	opt_free(f->opts, jb->m->opts);
	free(jb->m->opts);
	jb->m->opts = opts;
	jb->m->seed = jb->o->seed;
	for (size_t i = 0; i < jb->o->features.n; i++) {
		struct vectorfile vf;
		vectorfile_read(&vf, jb->o->features.s[i]);
		for (size_t v = 0; v < vf.vectors.n; v++)
			for (size_t k = 0; k < vf.vectors.v[v].columns.n; k++)
				reader_need(jb->r, vf.vectors.v[v].columns.s[k], "--features");
		vectors_take(&jb->m->vectors, &vf.vectors);
		vectorfile_free(&vf);
	}
	find_schema(jb);
	if (!(f->tasks & jb->m->schema.task))
		die(ST_USAGE, "the family %s does not predict this", f->name);
	model_ready(jb->m);
	struct data frame = model_frame(jb->m);
	const char *why = f->check ? f->check(opts, &frame) : NULL;
	if (why)
		die(ST_USAGE, "%s: %s", f->name, why);
	jb->m->fit = f->streaming->begin(opts, &frame);
	bind_open(&jb->bind, &jb->m->schema, &jb->m->vectors, jb->r);
	jb->b.cols = schema_columns(&jb->m->schema);
	jb->b.features = NEW(struct column, jb->m->nfeatures);
}

/* A model knows its columns from the first rows on. */
static void refuse_sparse(const struct stream_job *jb)
{
	if (reader_is_sparse(jb->r) && !jb->sparse)
		die(ST_DATA, "%s:%" PRIu64 ": an object inside, with --stream, but there was none in the first rows",
		    reader_where(jb->r), jb->block->lines[0]);
}

static void stream_close(struct stream_job *jb)
{
	metrics_close(jb->metrics, jb->o->metrics);
	if (jb->spool)
		fclose(jb->spool);
	schema_cells_free(jb->b.cols, jb->m->schema.nfields);
	free(jb->b.cols);
	free(jb->b.features);
	free(jb->b.label);
	free(jb->b.y);
	free(jb->b.w);
	sparse_free(&jb->b.sparse);
	bind_close(&jb->bind);
	reader_close(jb->r);
}

/* The first pass: all blocks as they come. */
static void first_pass(struct stream_job *jb, const struct streaming *st)
{
	const struct schema *sc = &jb->m->schema;
	struct convert total = { .unseen = NEW0(uint64_t, sc->nfields) };
	for (; jb->block; jb->block = reader_next(jb->r)) {
		refuse_sparse(jb);
		bind_more(&jb->bind);
		take_block(jb, &total);
		struct data d = batch_data(jb);
		st->learn(jb->m->fit, &d, 1);
		jb->rows += jb->b.n;
		if (jb->spool)
			spool_batch(jb);
		tell(jb, st, 1, false);
	}
	for (size_t i = 0; i < sc->nfields; i++)
		if (total.unseen[i])
			warn("%s: column '%s': %" PRIu64 " texts are not UTF-8; their bytes count as U+FFFD", reader_where(jb->r),
			     sc->fields[i].name, total.unseen[i]);
	tell(jb, st, 1, true);
	free(total.unseen);
}

struct model *train_stream(const struct family *f, void *opts, const char *path, const struct train_opts *o)
{
	struct stream_job jb = { .o = o, .threads = cmd_threads(o->threads) };
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	check_options(f, o);
	struct reader_opts how = READER_OPTS(o);
	how.hash = true;
	if (o->image.n || o->image_folder)
		family_must_take(f, TAKES_IMAGE, "pictures");
	jb.r = reader_open(path, how);
	if (reader_image(jb.r))
		family_must_take(f, TAKES_IMAGE, "pictures");
	jb.block = reader_next(jb.r);
	if (!jb.block)
		die(ST_DATA, "%s: no rows after the header", reader_where(jb.r));
	jb.sparse = reader_is_sparse(jb.r);
	begin(&jb, f, opts);
	jb.metrics = metrics_open(o->metrics, o->output);
	int32_t passes = f->streaming->passes(opts);
	jb.spool = passes > 1 ? file_temp() : NULL;
	first_pass(&jb, f->streaming);
	double loss = f->streaming->loss(jb.m->fit);
	json_object(&j, NULL);
	json_int(&j, "rows", (int64_t)jb.rows);
	json_num(&j, "progressive_loss", loss);
	json_end(&j, '}');
	jb.m->metrics = str_take(&s);
	note(0, "%" PRIu64 " rows, progressive loss %.6g", jb.rows, loss);
	for (int pass = 2; pass <= passes; pass++) {
		rewind(jb.spool);
		while (unspool_batch(&jb)) {
			struct data d = batch_data(&jb);
			f->streaming->learn(jb.m->fit, &d, pass);
			jb.rows += jb.b.n;
		}
		tell(&jb, f->streaming, pass, true);
	}
	f->streaming->end(jb.m->fit);
	stream_close(&jb);
	return jb.m;
}
