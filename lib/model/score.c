#include "model/score.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/par.h"
#include "data/csvout.h"
#include "data/need.h"
#include "model/bind.h"
#include "model/mistakes.h"
#include "model/pictures.h"

/* What stands in a column of the output. */
enum source { CELL, ROW, INDEX, PREDICTION, PROBABILITY, CONTRIBUTION, FEATURE };

struct outcol {
	char *name;
	enum source source;
	size_t at;	/* input column, label, or place among contributions or features */
};

struct plan {
	struct outcol *cols;	/* (n) */
	size_t n;
};

struct scorer {
	const struct model *m;
	const struct predict_opts *o;
	struct reader *r;
	struct plan plan;
	struct binding bind;
	size_t k, scores, parts;/* outputs, or features; raw scores when contributions are wanted, else 0; contributions of a score */
	const char *root;	/* of the pictures */
	const struct block *b;
	size_t piece;		/* rows of a chunk */
	struct chunk *chunks;	/* of the block */
	uint64_t bad;		/* rows left out so far */
	struct mistakes *mistakes;	/* wanted, or NULL */
};

/* A piece of parallel work. */
struct chunk {
	struct str text;
	struct convert cv;
	struct bad_picture *bad;	/* (nbad) by row */
	size_t nbad;
	double *p;			/* (n, outputs) predictions, kept where mistakes are wanted */
};

/* ---- the plan of the output ---- */

static void plan_add(struct plan *p, const char *name, enum source source, size_t at)
{
	GROW(p->cols, p->n + 1);
	p->cols[p->n++] = (struct outcol){ mem_str(name), source, at };
}

/* The label of "p:LABEL"; dies when the model has none such. */
static size_t label_of(const struct scorer *s, const char *label)
{
	const struct schema *sc = &s->m->schema;
	struct str list = { 0 };
	for (int32_t i = 0; i < sc->nlabels; i++)
		if (strcmp(sc->labels[i], label) == 0)
			return (size_t)i;
	for (int32_t i = 0; i < sc->nlabels; i++)
		str_printf(&list, "%sp:%s", i ? ", " : "", sc->labels[i]);
	die(ST_USAGE, "the model has no p:%s; it has %s", label, sc->nlabels ? list.s : "'prediction' only");
}

/* The column to copy, which a picture itself cannot be. */
static size_t cell_need(const struct scorer *s, const char *name, const char *who)
{
	size_t at = reader_need(s->r, name, who);
	if (reader_is_bytes(s->r) && strcmp(reader_name(s->r, at), reader_image(s->r)) == 0)
		die(ST_USAGE, "%s %s: it holds the pictures themselves, which CSV does not; @row and @index number the rows",
		    who, name);
	return at;
}

/* --columns NAME=SOURCE: an output column from prediction, p:LABEL, @row, @index or an input column. */
static void plan_spec(struct scorer *s, const char *spec)
{
	const char *eq = strchr(spec, '=');
	char *name = eq ? mem_strn(spec, (size_t)(eq - spec)) : mem_str(spec);
	const char *source = eq ? eq + 1 : spec;
	if (strcmp(source, "prediction") == 0)
		plan_add(&s->plan, name, PREDICTION, 0);
	else if (strncmp(source, "p:", 2) == 0)
		plan_add(&s->plan, name, PROBABILITY, label_of(s, source + 2));
	else if (strcmp(source, "@row") == 0)
		plan_add(&s->plan, name, ROW, 0);
	else if (strcmp(source, "@index") == 0)
		plan_add(&s->plan, name, INDEX, 0);
	else
		plan_add(&s->plan, name, CELL, cell_need(s, source, "--columns"));
	free(name);
}

/* What vectoriser v is called among the contributions; several that read the same texts are numbered. */
static void put_vector_name(const struct vectors *vs, size_t v, struct str *out)
{
	struct str name = { 0 }, other = { 0 };
	size_t same = 1;
	vectors_name(&vs->v[v], &name);
	for (size_t i = 0; i < v; i++) {
		other.n = 0;
		vectors_name(&vs->v[i], &other);
		same += strcmp(other.s, name.s) == 0;
	}
	str_puts(out, name.s);
	if (same > 1)
		str_printf(out, ":%zu", same);
	str_free(&name);
	str_free(&other);
}

static void plan_contributions(struct scorer *s)
{
	const struct schema *sc = &s->m->schema;
	for (size_t c = 0; c < s->scores; c++)
		for (size_t f = 0; f < s->parts; f++) {
			struct str name = { 0 };
			str_puts(&name, "contrib:");
			if (s->scores > 1)
				str_printf(&name, "%s:", sc->labels[c]);
			if (f < s->m->nfeatures)
				str_puts(&name, s->m->features[f].name);
			else if (f + 1 < s->parts)
				put_vector_name(&s->m->vectors, f - s->m->nfeatures, &name);
			else
				str_puts(&name, "(bias)");
			plan_add(&s->plan, name.s, CONTRIBUTION, c * s->parts + f);
			str_free(&name);
		}
}

static void plan_features(struct scorer *s)
{
	for (size_t f = 0; f < s->k; f++) {
		char name[24];
		snprintf(name, sizeof(name), "f%zu", f + 1);
		plan_add(&s->plan, name, FEATURE, f);
	}
}

/* A column to copy under its name; with --append it is among all, but has to be there. */
static void plan_cell(struct scorer *s, const char *name, const char *who)
{
	size_t at = cell_need(s, name, who);
	if (!s->o->append)
		plan_add(&s->plan, reader_name(s->r, at), CELL, at);
}

static void make_plan(struct scorer *s)
{
	const struct predict_opts *o = s->o;
	const struct schema *sc = &s->m->schema;
	for (size_t i = 0; i < o->columns.n; i++)
		plan_spec(s, o->columns.s[i]);
	if (o->columns.n)
		return;
	size_t target = sc->target ? reader_target(s->r, sc->target) : SIZE_MAX;
	if (o->append && reader_is_bytes(s->r))
		die(ST_USAGE, "--append: rows of idx and CIFAR are pictures, which CSV does not hold");
	if (o->id.n == 0 && reader_folder(s->r))
		plan_cell(s, reader_image(s->r), "--id");
	for (size_t i = 0; i < o->id.n; i++)
		plan_cell(s, o->id.s[i], "--id");
	for (size_t i = 0; i < o->keep.n; i++)
		plan_cell(s, o->keep.s[i], "--keep");
	for (size_t i = 0; o->append && i < reader_ncols(s->r); i++)
		plan_add(&s->plan, reader_name(s->r, i), CELL, i);
	if (!o->append && target != SIZE_MAX)
		plan_add(&s->plan, o->features ? sc->target : "target", CELL, target);
	if (o->features) {
		plan_features(s);
		return;
	}
	plan_add(&s->plan, "prediction", PREDICTION, 0);
	for (int32_t i = 0; i < sc->nlabels; i++) {
		struct str name = { 0 };
		str_printf(&name, "p:%s", sc->labels[i]);
		plan_add(&s->plan, name.s, PROBABILITY, (size_t)i);
		str_free(&name);
	}
	plan_contributions(s);
}

/* Dies when two columns of the output have one name: no one could tell them apart. */
static void refuse_twins(const struct plan *p)
{
	struct dict *names = dict_new();
	for (size_t i = 0; i < p->n; i++)
		if (dict_add(names, p->cols[i].name, strlen(p->cols[i].name)) != (int32_t)i)
			die(ST_USAGE, "the output would have two columns '%s'; --columns NAME=SOURCE,... gives them names",
			    p->cols[i].name);
	dict_free(names);
}

/* ---- rows ---- */

int32_t score_decide(const struct schema *sc, double threshold, const double *p)
{
	int32_t best = 0;
	if (sc->nlabels == 2)
		return p[sc->positive] > threshold ? sc->positive : 1 - sc->positive;
	for (int32_t c = 1; c < sc->nlabels; c++)
		if (p[c] > p[best])
			best = c;
	return best;
}

static void put_number(struct str *t, double x)
{
	char buf[NUM_MAX];
	str_add(t, buf, num_print(buf, x));
}

static void put_prediction(struct str *t, const struct schema *sc, double threshold, const double *p)
{
	if (sc->nlabels)
		csv_put(t, slice_of(sc->labels[score_decide(sc, threshold, p)]));
	else
		put_number(t, p[0]);
}

/* One row of the output: p (k) its predictions, contrib its contributions. */
static void put_row(const struct scorer *s, struct str *t, size_t row, const double *p, const double *contrib)
{
	for (size_t c = 0; c < s->plan.n; c++) {
		const struct outcol *o = &s->plan.cols[c];
		if (c)
			str_putc(t, ',');
		switch (o->source) {
		case CELL:
			if (o->at < s->b->ncols)
				csv_put(t, s->b->cells[row * s->b->ncols + o->at]);
			break;
		case ROW: str_printf(t, "%" PRIu64, s->b->first + row + 1); break;
		case INDEX: str_printf(t, "%" PRIu64, s->b->first + row); break;
		case PREDICTION:
			put_prediction(t, &s->m->schema, s->o->threshold, p);
			break;
		case PROBABILITY:
		case FEATURE: put_number(t, p[o->at]); break;
		case CONTRIBUTION: put_number(t, contrib[o->at]); break;
		}
	}
	str_putc(t, '\n');
}

/* Row r of the inputs, at a place in the block, has no prediction: true when that is for a picture that cannot be read. */
static bool is_unread(const struct scorer *s, const struct column *cols, size_t r, size_t place, struct chunk *c)
{
	for (size_t f = 0; f < s->m->schema.nfields; f++) {
		const char *why = cols[f].kind == KIND_IMAGE ? picture_why(&cols[f], r) : NULL;
		if (!why)
			continue;
		const struct column *known = &s->m->inputs[f];
		GROW(c->bad, c->nbad + 1);
		c->bad[c->nbad++] = (struct bad_picture){ s->b->lines[place], known, cols[f].text[r], why };
		return true;
	}
	return false;
}

static void score_chunk(void *ctx, size_t i, int worker)
{
	const struct scorer *s = ctx;
	struct chunk *c = &s->chunks[i];
	size_t first = i * s->piece, left = s->b->nrows - first, n = left < s->piece ? left : s->piece;
	size_t nfields = s->m->schema.nfields, width = s->scores * s->parts;
	struct column *cols = schema_columns(&s->m->schema);
	double *p = NEW(double, n * s->k), *contrib = width ? NEW(double, n * width) : NULL;
	struct sparse given;
	(void)worker;
	schema_cells(cols, nfields, n);
	for (size_t f = 0; f < nfields; f++)
		cols[f].root = s->root;
	bind_rows(&s->bind, s->b, first, n, cols, &given, &c->cv);
	if (!c->cv.bad) {
		const struct sparse *rows = given.start ? &given : NULL;
		if (s->o->features)
			model_features(s->m, cols, n, p);
		else
			model_predict(s->m, cols, rows, n, p);
		if (contrib)
			model_contrib(s->m, cols, rows, n, contrib);
		for (size_t r = 0; r < n; r++)
			if (!isnan(p[r * s->k]) || !is_unread(s, cols, r, first + r, c))
				put_row(s, &c->text, first + r, p + r * s->k, contrib ? contrib + r * width : NULL);
	}
	schema_cells_free(cols, nfields);
	sparse_free(&given);
	free(cols);
	free(contrib);
	if (s->mistakes)
		c->p = p;
	else
		free(p);
}

static void add_counts(struct convert *total, const struct convert *cv, size_t nfields)
{
	for (size_t f = 0; f < nfields; f++) {
		total->unseen[f] += cv->unseen[f];
		total->missing[f] += cv->missing[f];
	}
	if (total->ignored == 0) {
		total->ignored_line = cv->ignored_line;
		total->ignored_feature = cv->ignored_feature;
	}
	total->ignored += cv->ignored;
	if (total->text_line == 0) {
		total->text_line = cv->text_line;
		total->text_field = cv->text_field;
	}
}

/* Dies of a picture that could not be read, or says which ones are left out. */
static void tell_bad(struct scorer *s, const struct chunk *c)
{
	struct str why = { 0 };
	if (c->nbad && !s->o->skip_bad) {
		bad_picture_put(&c->bad[0], reader_where(s->r), &why);
		die(ST_DATA, "%s; --skip-bad leaves such rows out", why.s);
	}
	for (size_t i = 0; i < c->nbad; i++)
		bad_picture_say(&c->bad[i], reader_where(s->r), s->bad++);
}

/* The rows of chunk i, after bad ones are told. */
static void take_mistakes(struct scorer *s, size_t i)
{
	size_t first = i * s->piece, left = s->b->nrows - first, n = left < s->piece ? left : s->piece;
	for (size_t r = 0; s->mistakes && r < n; r++)
		mistakes_take(s->mistakes, s->b, first + r, s->chunks[i].p + r * s->k);
	free(s->chunks[i].p);
}

/* Scores one block; adds its counts to total. */
static void score_block(struct scorer *s, struct convert *total, struct out *out)
{
	size_t nfields = s->m->schema.nfields, n = (s->b->nrows + s->piece - 1) / s->piece;
	s->chunks = NEW0(struct chunk, n);
	for (size_t i = 0; i < n; i++) {
		s->chunks[i].cv.unseen = NEW0(uint64_t, nfields);
		s->chunks[i].cv.missing = NEW0(uint64_t, nfields);
	}
	par_for(cmd_threads(s->o->threads), n, score_chunk, s);
	for (size_t i = 0; i < n; i++) {
		struct chunk *c = &s->chunks[i];
		if (c->cv.bad)
			bind_die(&s->bind, s->b, &c->cv);
		tell_bad(s, c);
		take_mistakes(s, i);
		out_write(out, c->text.s, c->text.n);
		add_counts(total, &c->cv, nfields);
		str_free(&c->text);
		free(c->bad);
		free(c->cv.unseen);
		free(c->cv.missing);
	}
	free(s->chunks);
}

/* ---- what was odd ---- */

/* Which input columns (ncols) are read, printed, or the target. The caller frees. */
static bool *used_columns(const struct scorer *s, size_t ncols)
{
	bool *used = NEW0(bool, ncols);
	const char *target = s->m->schema.target;
	size_t at = target ? reader_target(s->r, target) : SIZE_MAX;
	for (size_t f = 0; f < s->m->schema.nfields; f++)
		if (s->bind.map[f] != SIZE_MAX)
			used[s->bind.map[f]] = true;
	for (size_t c = 0; c < ncols; c++)
		used[c] = used[c] || s->bind.columns[c] >= 0;
	for (size_t c = 0; c < s->plan.n; c++)
		if (s->plan.cols[c].source == CELL)
			used[s->plan.cols[c].at] = true;
	if (at < ncols)
		used[at] = true;
	return used;
}

/* Says what is odd about a field; true when it drifted from training. */
static bool report_field(const struct scorer *s, const struct convert *total, size_t f, uint64_t rows)
{
	const struct field *fl = &s->m->schema.fields[f];
	if (bind_lacks(&s->bind, f)) {
		bool zero = fl->kind == KIND_NUMERIC && reader_is_sparse(s->r) && bind_absent(&s->bind) == 0;
		warn("the key '%s' is in no row and counts as %s", fl->name, zero ? "0" : "missing");
	} else if (total->unseen[f] && fl->kind == KIND_TEXT) {
		struct str where = { 0 };
		str_puts(&where, "");
		if (f == total->text_field)
			str_printf(&where, ", the first in line %" PRIu64, total->text_line);
		warn("column '%s': %" PRIu64 " of %" PRIu64 " texts are not UTF-8%s; their bytes count as U+FFFD", fl->name,
		     total->unseen[f], rows, where.s);
		str_free(&where);
	} else if (total->unseen[f]) {
		warn("column '%s': %" PRIu64 " of %" PRIu64 " rows hold a level never seen in training, taken as missing", fl->name,
		     total->unseen[f], rows);
	} else {
		if (total->missing[f] == rows && rows > 1 && s->bind.map[f] != SIZE_MAX)
			warn("column '%s' is missing in all %" PRIu64 " rows", fl->name, rows);
		return false;
	}
	return true;
}

/* Says how many features were not known; true when there were such. */
static bool report_ignored(const struct scorer *s, const struct convert *total)
{
	struct str name = { 0 };
	if (total->ignored == 0)
		return false;
	bind_name(&s->bind, total->ignored_feature, &name);
	warn("%" PRIu64 " feature%s not seen in training %s ignored, the first in line %" PRIu64 ": '%s'", total->ignored,
	     total->ignored > 1 ? "s" : "", total->ignored > 1 ? "are" : "is", total->ignored_line, name.s);
	str_free(&name);
	return true;
}

/* Says what drifted from training; true when something did. */
static bool report_drift(const struct scorer *s, const struct convert *total, uint64_t rows)
{
	struct str extra = { 0 }, news = { 0 };
	size_t nextra = 0, nnews = 0;
	bool drift = report_ignored(s, total), *used = used_columns(s, reader_ncols(s->r));
	for (size_t f = 0; f < s->m->schema.nfields; f++)
		drift |= report_field(s, total, f, rows);
	for (size_t c = 0; c < reader_ncols(s->r); c++) {
		const char *name = reader_name(s->r, c);
		if (used[c])
			continue;
		str_printf(&extra, "%s%s", nextra++ ? ", " : "", name);
		if (!reader_is_lines(s->r) && !reader_image(s->r) && !strs_has(&s->m->schema.others, name))
			str_printf(&news, "%s%s", nnews++ ? ", " : "", name);
	}
	if (nextra)
		note(1, "%zu column%s ignored: %s", nextra, nextra > 1 ? "s are" : " is", extra.s);
	if (nnews && s->o->strict)
		warn("%zu column%s not in the training table: %s", nnews, nnews > 1 ? "s were" : " was", news.s);
	free(used);
	str_free(&extra);
	str_free(&news);
	return drift || nnews > 0;
}

static void check_options(const struct model *m, const struct predict_opts *o)
{
	if (o->columns.n && (o->id.n || o->keep.n || o->append || o->contrib))
		die(ST_USAGE, "--columns names every column of the output; leave out --id, --keep, --append and --contrib");
	if (o->features && (o->columns.n || o->contrib))
		die(ST_USAGE, "--features writes other columns than --columns and --contrib");
	if (o->features && !m->family->features)
		die(ST_USAGE, "--features: the family %s has no layers", m->family->name);
	if (o->contrib && !m->family->contrib)
		die(ST_USAGE, "--contrib: the family %s has no contributions", m->family->name);
}

static void write_header(const struct scorer *s, struct out *out)
{
	struct str head = { 0 };
	for (size_t i = 0; i < s->plan.n; i++) {
		if (i)
			str_putc(&head, ',');
		csv_put(&head, slice_of(s->plan.cols[i].name));
	}
	str_putc(&head, '\n');
	out_write(out, head.s, head.n);
	str_free(&head);
}

enum status score_stream(const struct model *m, const char *path, const struct predict_opts *o, struct out *out)
{
	struct scorer s = { .m = m, .o = o, .k = model_outputs(m) };
	size_t nfields = m->schema.nfields;
	struct convert total = { .unseen = NEW0(uint64_t, nfields), .missing = NEW0(uint64_t, nfields) };
	uint64_t rows = 0;
	check_options(m, o);
	if (o->features)
		s.k = m->family->nfeatures(m->fit);
	if (o->contrib)
		s.scores = m->schema.nlabels > 2 ? (size_t)m->schema.nlabels : 1;
	s.parts = m->nfeatures + m->vectors.n + 1;
	s.piece = data_piece(m->inputs, nfields);
	s.r = reader_open(path, PICTURE_READER_OPTS(o));
	s.root = pictures_root(s.r, o->root);
	bind_open(&s.bind, &m->schema, &m->vectors, s.r);
	make_plan(&s);
	refuse_twins(&s.plan);
	s.mistakes = mistakes_open(m, s.r, o, s.root);
	size_t ncols = reader_ncols(s.r);
	write_header(&s, out);
	while ((s.b = reader_next(s.r))) {
		rows += s.b->nrows;
		bind_more(&s.bind);
		score_block(&s, &total, out);
	}
	if (s.bad)
		warn("%s: rows left out because their picture cannot be read: %" PRIu64 " of %" PRIu64, reader_where(s.r),
		     s.bad, rows);
	mistakes_close(s.mistakes);
	bool drift = report_drift(&s, &total, rows);
	for (size_t c = ncols; o->append && c < reader_ncols(s.r); c++)
		warn("--append: the column '%s' came up after the header was printed and is left out", reader_name(s.r, c));
	note(1, "%" PRIu64 " rows scored", rows);
	for (size_t i = 0; i < s.plan.n; i++)
		free(s.plan.cols[i].name);
	free(s.plan.cols);
	bind_close(&s.bind);
	reader_close(s.r);
	free(total.unseen);
	free(total.missing);
	return drift && o->strict ? ST_GATE : ST_OK;
}

void score_oof(const struct model *m, const struct predict_opts *o, struct out *out)
{
	const struct oof *f = &m->oof;
	const struct schema *sc = &m->schema;
	size_t k = model_outputs(m);
	struct str t = { 0 };
	if (f->n == 0)
		die(ST_DATA, "the model has no out-of-fold predictions; train it with --cv 5");
	str_puts(&t, f->w ? "row,fold,weight,target,prediction" : "row,fold,target,prediction");
	for (int32_t c = 0; c < sc->nlabels; c++) {
		struct str name = { 0 };
		str_printf(&name, "p:%s", sc->labels[c]);
		str_putc(&t, ',');
		csv_put(&t, slice_of(name.s));
		str_free(&name);
	}
	str_putc(&t, '\n');
	for (size_t i = 0; i < f->n; i++) {
		if (f->fold[i] == 0)
			continue;
		str_printf(&t, "%zu,%" PRId32 ",", i + 1, f->fold[i]);
		if (f->w) {
			put_number(&t, f->w[i]);
			str_putc(&t, ',');
		}
		if (f->label)
			csv_put(&t, slice_of(sc->labels[f->label[i]]));
		else
			put_number(&t, f->y[i]);
		str_putc(&t, ',');
		put_prediction(&t, sc, o->threshold, f->p + i * k);
		for (size_t c = 0; c < (size_t)sc->nlabels; c++) {
			str_putc(&t, ',');
			put_number(&t, f->p[i * k + c]);
		}
		str_putc(&t, '\n');
	}
	out_write(out, t.s, t.n);
	str_free(&t);
}
