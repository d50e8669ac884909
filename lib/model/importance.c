#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/par.h"
#include "base/rng.h"
#include "data/csvout.h"
#include "model/dataset.h"
#include "model/score.h"
#include "model/strongest.h"

struct importance_ctx {
	const struct model *m;
	const struct column *inputs;	/* with all rows */
	const struct sparse *given;	/* or NULL */
	size_t n;
	double *p;			/* (n, outputs) */
};

static void predict_chunk(void *ctx, size_t i, int worker)
{
	struct importance_ctx *c = ctx;
	size_t nin = c->m->schema.nfields, piece = data_piece(c->inputs, nin);
	size_t first = i * piece, left = c->n - first, n = left < piece ? left : piece;
	struct column *cols = mem_copy(c->inputs, nin, sizeof(*cols));
	(void)worker;
	for (size_t f = 0; f < nin; f++) {
		if (cols[f].kind == KIND_NUMERIC)
			cols[f].num += first;
		else if (cols[f].kind == KIND_CATEGORY)
			cols[f].cat += first;
		else
			cols[f].text += first;
	}
	struct sparse rows = c->given ? sparse_view(c->given, first, n) : (struct sparse){ 0 };
	model_predict(c->m, cols, c->given ? &rows : NULL, n, c->p + first * model_outputs(c->m));
	free(cols);
}

static double score(struct importance_ctx *c, const struct dataset *d, const struct measure *metric, int threads)
{
	const char *why = NULL;
	const struct schema *sc = &c->m->schema;
	size_t piece = data_piece(c->inputs, sc->nfields);
	par_for(threads, (c->n + piece - 1) / piece, predict_chunk, c);
	struct scored s = { .n = c->n, .k = (int32_t)model_outputs(c->m), .label = d->label, .y = d->y, .p = c->p, .w = d->w,
		.positive = sc->positive, .labels = (const char *const *)sc->labels };
	double x = measure(metric, &s, &why);
	if (isnan(x))
		die(ST_DATA, "%s is not defined on these rows: %s", metric->name, why ? why : "no reason known");
	return x;
}

static void shuffle_column(struct column *to, const struct column *from, const uint32_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (from->kind == KIND_NUMERIC)
			to->num[i] = from->num[order[i]];
		else if (from->kind == KIND_CATEGORY)
			to->cat[i] = from->cat[order[i]];
		else
			to->text[i] = from->text[order[i]];
	}
}

/* The mean loss of the metric when input f, or where f is their number what rows brought, is shuffled. */
static double loss_without(struct importance_ctx *c, const struct dataset *d, struct column *cols, size_t f,
			   const struct measure *metric, double whole, const struct predict_opts *o)
{
	bool column = f < d->ninputs;
	struct column kept = { 0 };
	uint32_t *order = NEW(uint32_t, d->n);
	double sum = 0;
	if (column) {
		kept = cols[f];
		schema_cells(&cols[f], 1, d->n);
	}
	for (int32_t k = 0; k < o->repeats; k++) {
		struct rng r = rng_at(o->seed, "importance", f * (size_t)o->repeats + (size_t)k);
		struct sparse rows = { 0 };
		for (size_t i = 0; i < d->n; i++)
			order[i] = (uint32_t)i;
		rng_shuffle(&r, order, d->n);
		if (column) {
			shuffle_column(&cols[f], &kept, order, d->n);
		} else {
			rows = sparse_pick(&d->given, order, d->n);
			c->given = &rows;
		}
		double loss = whole - score(c, d, metric, cmd_threads(o->threads));
		sum += (metric->metric->higher ? loss : -loss) / o->repeats;
		sparse_free(&rows);
	}
	if (column) {
		schema_cells_free(&cols[f], 1);
		cols[f] = kept;
	}
	c->given = d->given.start ? &d->given : NULL;
	free(order);
	return sum;
}

/* The importance of each input and of what rows brought together, if they did, to out (schema.nfields + 1); of how many. */
static size_t by_permutation(const struct model *m, const char *path, const struct predict_opts *o, double *out)
{
	struct dataset d, like = { .schema = m->schema, .vectors = m->vectors };
	struct train_opts to = { .format = o->format, .header = o->header, .threads = o->threads, .root = o->root,
		.image_folder = o->image_folder, .idx_labels = o->idx_labels, .skip_bad = o->skip_bad };
	struct measure metric = measure_for(o->metric, m->schema.nlabels, (const char *const *)m->schema.labels);
	dataset_read_as(&d, path, &to, &like);
	struct column *cols = mem_copy(d.inputs, d.ninputs, sizeof(*cols));
	struct importance_ctx c = { m, cols, d.given.start ? &d.given : NULL, d.n, NEW(double, d.n * model_outputs(m)) };
	double whole = score(&c, &d, &metric, cmd_threads(o->threads));
	size_t n = d.ninputs + (c.given != NULL);
	for (size_t f = 0; f < n; f++)
		out[f] = loss_without(&c, &d, cols, f, &metric, whole, o);
	note(1, "%s %.6g before any column is shuffled", metric.name, whole);
	free(cols);
	free(c.p);
	dataset_free(&d);
	return n;
}

struct rank {
	double x;
	size_t col;
};

static int greater_first(const void *a, const void *b)
{
	const struct rank *r = a, *s = b;
	if (r->x != s->x)
		return r->x > s->x ? -1 : 1;
	return r->col < s->col ? -1 : r->col > s->col;
}

/* --importance terms */
static void print_terms(const struct model *m, struct out *out)
{
	struct data frame = model_frame(m);
	struct str s = { 0 };
	if (!m->family->terms || !m->vectors.n)
		die(ST_USAGE, "--importance terms: %s", m->vectors.n ? "this family does not weigh terms by class; gain does" :
		    "the model reads no texts");
	struct sides sides = sides_of(m->family, m->fit, &frame, &m->schema);
	strongest_csv(&frame, &sides, &s);
	out_write(out, s.s, s.n);
	free(sides.weight);
	str_free(&s);
}

void score_importance(const struct model *m, const char *path, const struct predict_opts *o, struct out *out)
{
	if (strcmp(o->importance, "terms") == 0) {
		print_terms(m, out);
		return;
	}
	bool permute = strcmp(o->importance, "permutation") == 0;
	const struct column *cols = permute ? m->inputs : m->features;
	size_t ncols = permute ? m->schema.nfields : m->nfeatures, n = permute ? ncols + 1 : ncols + m->vectors.ncols;
	double *x = NEW0(double, n);
	struct data frame = model_frame(m);
	struct rank *rank = NEW(struct rank, n);
	struct str s = { 0 }, name = { 0 };
	char buf[NUM_MAX];
	if (permute)
		n = by_permutation(m, path, o, x);
	else if (!m->family->importance || !m->family->importance(m->fit, &frame, o->importance, x))
		die(ST_USAGE, "--importance %s: the family %s does not have it; permutation works for all", o->importance,
		    m->family->name);
	for (size_t i = 0; i < n; i++)
		rank[i] = (struct rank){ x[i], i };
	qsort(rank, n, sizeof(*rank), greater_first);
	str_puts(&s, "column,importance\n");
	for (size_t i = 0; i < n; i++) {
		bool sparse = !permute && rank[i].col >= ncols;
		name.n = 0;
		if (sparse && rank[i].x == 0)
			continue;	/* of a vocabulary the greater part */
		if (rank[i].col < ncols)
			str_puts(&name, cols[rank[i].col].name);
		else if (!sparse)
			str_puts(&name, "(features)");
		else
			frame.names.put(frame.names.of, rank[i].col - ncols, &name);
		csv_put(&s, (struct slice){ name.s, name.n });
		str_putc(&s, ',');
		str_add(&s, buf, num_print(buf, rank[i].x));
		str_putc(&s, '\n');
	}
	out_write(out, s.s, s.n);
	str_free(&s);
	str_free(&name);
	free(rank);
	free(x);
}
