#include "model/vectorise.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/par.h"
#include "base/utf8.h"
#include "data/csvout.h"
#include "data/need.h"

#define CHUNK 128		/* rows of one piece of parallel work */
#define MOST_CLASSES 1000	/* of a target that chooses terms */
#define MEMORY_LEAST ((size_t)1 << 20)

/* A column of the input, or SIZE_MAX where it was not asked for. */
static size_t column_of(const struct reader *r, const char *name, const char *option)
{
	return name ? reader_need(r, name, option) : SIZE_MAX;
}

static struct slice cell_at(const struct block *b, size_t row, size_t col)
{
	return col < b->ncols ? b->cells[row * b->ncols + col] : (struct slice){ NULL, 0 };
}

static struct reader *open_reader(const char *path, const struct vectorise_opts *o)
{
	return reader_open(path, (struct reader_opts){ o->format, o->header, cmd_threads(o->threads) });
}

/* ---- texts that are not UTF-8 ---- */

struct bad_texts {
	uint64_t n, line;
	size_t col;
};

static void note_bad(struct bad_texts *bad, struct slice text, size_t col, uint64_t line)
{
	if (utf8_count_bad(text) && bad->n++ == 0) {
		bad->line = line;
		bad->col = col;
	}
}

static void refuse_bad(const struct bad_texts *bad, const struct reader *r, const struct vectorise_opts *o)
{
	if (bad->n && strcmp(o->invalid, "error") == 0)
		die(ST_DATA, "%s:%" PRIu64 ": column '%s': the text is not UTF-8", reader_where(r), bad->line,
		    reader_name(r, bad->col));
}

static void report_bad(const struct bad_texts *bad, const struct reader *r)
{
	if (bad->n)
		warn("%s: %" PRIu64 " texts are not UTF-8, the first in line %" PRIu64 "; their bytes count as U+FFFD", reader_where(r),
		     bad->n, bad->line);
}

/* ---- fitting ---- */

/* "2G" "512M" "64k" or a number of bytes. */
static size_t memory_of(const char *text)
{
	size_t n = strlen(text), unit = 1;
	const char *units = "kMGT", *at = n ? strchr(units, text[n - 1]) : NULL;
	double x;
	if (at && *at) {
		for (; at >= units; at--)
			unit *= 1024;
		n--;
	}
	if (!num_parse(text, n, &x) || !(x >= 0) || x * (double)unit > 1e18)
		die(ST_USAGE, "--memory %s is not a size such as 512M or 2G; 0 means any", text);
	size_t bytes = (size_t)(x * (double)unit);
	return bytes && bytes < MEMORY_LEAST ? MEMORY_LEAST : bytes;
}

struct fit {
	struct vectorfile *f;
	const struct vectorise_opts *o;
	struct reader *r;
	size_t *col;		/* (ncols) input columns of the texts */
	size_t ncols, target;
	bool labelled;		/* terms are chosen by the target */
	struct dict *labels;	/* by arrival */
	struct slice *texts;	/* (rows of the block, ncols) */
	int32_t *label;		/* (rows of the block) */
	size_t cap;
	struct bad_texts bad;
};

/* The labels of a block's rows. */
static void read_labels(struct fit *ft, const struct block *b)
{
	for (size_t i = 0; i < b->nrows; i++) {
		struct slice s = slice_trim(cell_at(b, i, ft->target));
		bool missing = is_missing(s, NULL);
		if (missing && ft->labelled)
			die(ST_DATA, "%s:%" PRIu64 ": the target '%s' is missing; remove this row", reader_where(ft->r), b->lines[i],
			    ft->f->target);
		if (missing || (!ft->labelled && dict_size(ft->labels) > MOST_CLASSES))
			continue;	/* of a quantity the values are not wanted */
		ft->label[i] = dict_add(ft->labels, s.s, s.n);
		if (ft->labelled && ft->label[i] >= MOST_CLASSES)
			die(ST_DATA, "%s:%" PRIu64 ": the target '%s' has more than %d values; --select %s wants classes",
			    reader_where(ft->r), b->lines[i], ft->f->target, MOST_CLASSES, ft->o->tfidf.select);
	}
}

static void fit_block(struct fit *ft, const struct block *b)
{
	struct vectors *vs = &ft->f->vectors;
	size_t parts = ft->ncols / vs->n;
	if (b->nrows > ft->cap) {
		ft->cap = b->nrows;
		GROW(ft->texts, ft->cap * ft->ncols);
		GROW(ft->label, ft->cap);
	}
	for (size_t i = 0; i < b->nrows; i++)
		for (size_t c = 0; c < ft->ncols; c++) {
			struct slice s = cell_at(b, i, ft->col[c]);
			ft->texts[i * ft->ncols + c] = (struct slice){ s.n ? s.s : "", s.n };
			note_bad(&ft->bad, s, ft->col[c], b->lines[i]);
		}
	refuse_bad(&ft->bad, ft->r, ft->o);
	if (ft->target != SIZE_MAX)
		read_labels(ft, b);
	for (size_t v = 0; v < vs->n; v++) {
		struct slice *texts = ft->texts;
		if (vs->n > 1) {	/* one column each */
			texts = NEW(struct slice, b->nrows);
			for (size_t i = 0; i < b->nrows; i++)
				texts[i] = ft->texts[i * ft->ncols + v];
		}
		tfidf_learn(vs->v[v].tfidf, texts, b->nrows, parts, ft->labelled ? ft->label : NULL, dict_size(ft->labels));
		if (vs->n > 1)
			free(texts);
	}
}

/* A vectoriser for each column of --text, or one for all with --joint, each ready to learn. */
static void begin(struct fit *ft)
{
	const struct vectorise_opts *o = ft->o;
	size_t n = o->joint ? 1 : ft->ncols, memory = memory_of(o->memory) / n;
	for (size_t i = 0; i < n; i++) {
		struct strs names = { 0 };
		char *why;
		struct tfidf *v = tfidf_new(&o->tfidf, &why);
		if (!v)
			die(ST_USAGE, "%s", why);
		for (size_t c = o->joint ? 0 : i; c < (o->joint ? ft->ncols : i + 1); c++)
			strs_add(&names, reader_name(ft->r, ft->col[c]));
		tfidf_begin(v, memory ? memory : o->memory[0] == '0' ? 0 : MEMORY_LEAST, cmd_threads(o->threads));
		vectors_add(&ft->f->vectors, v, &names);
		strs_free(&names);
	}
}

static void report(const struct vector *v, const struct vectorise_opts *o)
{
	struct tfidf_met met = tfidf_met(v->tfidf);
	struct str name = { 0 };
	vectors_name(v, &name);
	if (!o->tfidf.hash_bits) {
		note(1, "%s: %zu of %" PRIu64 " terms in %" PRIu64 " texts%s", name.s, tfidf_ncols(v->tfidf), met.distinct,
		     tfidf_texts(v->tfidf), met.runs ? ", counted with temporary files" : "");
	} else {
		/* of n terms thrown into m columns m (1 - e^(-n/m)) are hit (linear counting, Whang and others 1990) */
		double m = (double)tfidf_ncols(v->tfidf), used = (double)met.columns, left = m - used;
		double terms = -m * log(left / m), alone = exp(-terms / m);
		if (left > 0)
			note(0, "%s: %.0f of %.0f columns are used, by about %.0f terms; %.1f %% of them share a column%s", name.s, used, m,
			     terms, 100 * (1 - alone), alone < 0.7 ? "; more --hash-bits would part them" : "");
		else
			note(0, "%s: all %.0f columns are used, by more terms than can be told; more --hash-bits would part them", name.s, m);
	}
	str_free(&name);
}

static void keep_labels(struct fit *ft)
{
	struct vectorfile *f = ft->f;
	int32_t n = dict_size(ft->labels);
	if (n > MOST_CLASSES)
		return;		/* a quantity */
	f->nlabels = n;
	f->labels = NEW(char *, (size_t)n);
	for (int32_t l = 0; l < n; l++)
		f->labels[l] = mem_str(dict_text(ft->labels, l));
	level_sort((const char **)f->labels, (size_t)n);
}

void vectorise_fit(struct vectorfile *f, const char *path, const struct vectorise_opts *o)
{
	struct fit ft = { .f = f, .o = o, .labelled = tfidf_wants_labels(&o->tfidf), .labels = dict_new(), .ncols = o->text.n };
	*f = (struct vectorfile){ .chosen_by_target = ft.labelled };
	if (o->text.n == 0)
		die(ST_USAGE, "--text is not given: which columns hold texts?");
	if (ft.labelled && !o->target)
		die(ST_USAGE, "--select %s wants --target: by which classes?", o->tfidf.select);
	ft.r = open_reader(path, o);
	ft.col = NEW(size_t, ft.ncols);
	ft.ncols = 0;
	for (size_t i = 0; i < o->text.n; i++) {
		size_t at = reader_need(ft.r, o->text.s[i], "--text"), c = 0;
		while (c < ft.ncols && ft.col[c] != at)
			c++;
		ft.col[c] = at;
		ft.ncols += c == ft.ncols;	/* named twice it is one text */
	}
	ft.target = column_of(ft.r, o->target, "--target");
	f->target = o->target ? mem_str(reader_name(ft.r, ft.target)) : NULL;
	begin(&ft);
	for (const struct block *b; (b = reader_next(ft.r));)
		fit_block(&ft, b);
	if (tfidf_texts(f->vectors.v[0].tfidf) == 0)
		die(ST_DATA, "%s: no rows after the header", reader_where(ft.r));
	report_bad(&ft.bad, ft.r);
	for (size_t i = 0; i < f->vectors.n; i++) {
		char *why = tfidf_end(f->vectors.v[i].tfidf);
		if (why)
			die(ST_DATA, "%s: column '%s': %s", reader_where(ft.r), f->vectors.v[i].columns.s[0], why);
		report(&f->vectors.v[i], o);
	}
	keep_labels(&ft);
	f->rows_hash = reader_hash(ft.r);
	reader_close(ft.r);
	dict_free(ft.labels);
	free(ft.col);
	free(ft.texts);
	free(ft.label);
}

/* ---- rows ---- */

enum form { FORM_SVMLIGHT, FORM_JSON, FORM_VW };

struct writer {
	const struct vectorfile *f;
	struct vectors vectors;	/* the file's, bound to the texts in cols */
	const struct vectorise_opts *o;
	struct reader *r;
	enum form form;
	size_t target, group, *id;
	struct column *cols;	/* (ncols) the texts of a block */
	size_t *col, ncols;	/* where these are in the input */
	struct dict *groups;	/* by arrival */
	const struct block *b;
	struct str *text;	/* (chunks of the block) */
	struct str *fault;	/* (chunks of the block) what is wrong, or empty */
	struct bad_texts bad;
};

static void put_number(struct str *t, double x)
{
	char buf[NUM_MAX];
	str_add(t, buf, num_print(buf, x));
}

/* The target as a number: its own, or that of its label. */
static void put_label(const struct writer *w, size_t row, struct str *t, struct str *fault)
{
	double x;
	struct slice s = slice_trim(cell_at(w->b, row, w->target));
	if (w->target == SIZE_MAX || (w->target >= w->b->ncols) || is_missing(s, NULL)) {
		str_putc(t, '0');
		return;
	}
	if (num_parse(s.s, s.n, &x) && isfinite(x)) {
		str_add(t, s.s, s.n);
		return;
	}
	int32_t l = 0;
	while (l < w->f->nlabels && !slice_eq(s, w->f->labels[l]))
		l++;
	if (l == w->f->nlabels && fault->n == 0)
		str_printf(fault, "%s:%" PRIu64 ": the target '%.*s' is no number%s", reader_where(w->r), w->b->lines[row],
			   (int)(s.n < 60 ? s.n : 60), s.s, w->f->nlabels ? ", nor a label that the vectoriser knows" :
			   "; fit the vectoriser with --target, and its labels get numbers");
	str_printf(t, "%" PRId32, l);
}

static void put_svmlight(const struct writer *w, const struct sparse *rows, size_t i, size_t row, struct str *t, struct str *fault)
{
	put_label(w, row, t, fault);
	if (w->group != SIZE_MAX) {
		struct slice g = slice_trim(cell_at(w->b, row, w->group));
		str_printf(t, " qid:%" PRId32, dict_find(w->groups, g.n ? g.s : "", g.n) + 1);
	}
	for (size_t e = rows->start[i]; e < rows->start[i + 1]; e++) {
		str_printf(t, " %" PRId32 ":", rows->col[e] + 1);
		put_number(t, rows->val[e]);
	}
	for (size_t k = 0; k < w->o->id.n; k++) {
		struct slice s = cell_at(w->b, row, w->id[k]);
		str_puts(t, k ? "," : " # ");
		for (size_t j = 0; j < s.n; j++)
			str_putc(t, s.s[j] == '\n' || s.s[j] == '\r' ? ' ' : s.s[j]);
	}
	str_putc(t, '\n');
}

/* A name without the signs that VW reads itself: blanks, : | and % become %XX. */
static void put_vw_name(struct str *t, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.s[i];
		if (c <= ' ' || c == ':' || c == '|' || c == '%' || c == 0x7f)
			str_printf(t, "%%%02X", c);
		else
			str_putc(t, (char)c);
	}
}

static void put_vw(const struct writer *w, const struct sparse *rows, size_t i, size_t row, struct str *t, struct str *fault)
{
	const struct vectors *vs = &w->vectors;
	struct str name = { 0 };
	size_t v = SIZE_MAX, k = 0;
	if (w->target != SIZE_MAX)
		put_label(w, row, t, fault);
	for (k = 0; k < w->o->id.n; k++) {
		str_puts(t, k ? "," : " '");
		put_vw_name(t, cell_at(w->b, row, w->id[k]));
	}
	for (size_t e = rows->start[i]; e < rows->start[i + 1]; e++) {
		size_t j = (size_t)rows->col[e], at = v == SIZE_MAX ? 0 : v;
		while (j >= vs->start[at + 1])
			at++;
		if (at != v) {
			v = at;
			str_puts(t, " |");
			name.n = 0;
			vectors_name(&vs->v[v], &name);
			put_vw_name(t, (struct slice){ name.s, name.n });
		}
		name.n = 0;
		tfidf_name(vs->v[v].tfidf, j - vs->start[v], &name);
		str_putc(t, ' ');
		put_vw_name(t, (struct slice){ name.s, name.n });
		str_putc(t, ':');
		put_number(t, rows->val[e]);
	}
	if (v == SIZE_MAX)
		str_puts(t, " |");
	str_putc(t, '\n');
	str_free(&name);
}

static void put_json(const struct writer *w, const struct sparse *rows, size_t i, size_t row, struct str *t)
{
	const struct vectors *vs = &w->vectors;
	struct json j = json_to(t, 0);
	struct str name = { 0 };
	json_object(&j, NULL);
	for (size_t k = 0; k < w->o->id.n; k++) {
		struct slice s = cell_at(w->b, row, w->id[k]);
		json_strn(&j, reader_name(w->r, w->id[k]), s.n ? s.s : "", s.n);
	}
	if (w->target != SIZE_MAX) {
		struct slice s = slice_trim(cell_at(w->b, row, w->target));
		json_strn(&j, reader_name(w->r, w->target), s.n ? s.s : "", s.n);
	}
	size_t e = rows->start[i];
	for (size_t v = 0; v < vs->n; v++) {
		name.n = 0;
		vectors_name(&vs->v[v], &name);
		json_object(&j, name.s);
		for (; e < rows->start[i + 1] && (size_t)rows->col[e] < vs->start[v + 1]; e++) {
			name.n = 0;
			tfidf_name(vs->v[v].tfidf, (size_t)rows->col[e] - vs->start[v], &name);
			json_num(&j, name.s, rows->val[e]);
		}
		json_end(&j, '}');
	}
	json_end(&j, '}');
	str_putc(t, '\n');
	str_free(&name);
}

static void write_chunk(void *ctx, size_t chunk, int worker)
{
	struct writer *w = ctx;
	size_t first = chunk * CHUNK, left = w->b->nrows - first, n = left < CHUNK ? left : CHUNK;
	struct sparse rows = vectors_chunk(&w->vectors, w->cols, NULL, first, n);
	struct str *t = &w->text[chunk];
	(void)worker;
	for (size_t i = 0; i < n; i++) {
		if (w->form == FORM_SVMLIGHT)
			put_svmlight(w, &rows, i, first + i, t, &w->fault[chunk]);
		else if (w->form == FORM_VW)
			put_vw(w, &rows, i, first + i, t, &w->fault[chunk]);
		else
			put_json(w, &rows, i, first + i, t);
	}
	sparse_free(&rows);
}

/* The texts of a block to cols, and its groups to the dictionary. */
static void take_block(struct writer *w)
{
	for (size_t c = 0; c < w->ncols; c++) {
		GROW(w->cols[c].text, w->b->nrows);
		for (size_t i = 0; i < w->b->nrows; i++) {
			struct slice s = cell_at(w->b, i, w->col[c]);
			w->cols[c].text[i] = (struct slice){ s.n ? s.s : "", s.n };
			note_bad(&w->bad, s, w->col[c], w->b->lines[i]);
		}
	}
	refuse_bad(&w->bad, w->r, w->o);
	for (size_t i = 0; w->group != SIZE_MAX && i < w->b->nrows; i++) {
		struct slice g = slice_trim(cell_at(w->b, i, w->group));
		dict_add(w->groups, g.n ? g.s : "", g.n);
	}
}

/* Runs fn over chunks of each block, and writes what they printed in order. */
static void write_blocks(struct writer *w, par_fn *fn, struct out *out)
{
	while ((w->b = reader_next(w->r))) {
		size_t n = (w->b->nrows + CHUNK - 1) / CHUNK;
		take_block(w);
		w->text = NEW0(struct str, n);
		w->fault = NEW0(struct str, n);
		par_for(cmd_threads(w->o->threads), n, fn, w);
		for (size_t i = 0; i < n; i++) {
			if (w->fault[i].n)
				die(ST_DATA, "%s", w->fault[i].s);
			out_write(out, w->text[i].s, w->text[i].n);
			str_free(&w->text[i]);
		}
		free(w->text);
		free(w->fault);
	}
	report_bad(&w->bad, w->r);
}

/* A writer for the texts called names (n), in the order of w->cols. */
static struct writer writer_open(const struct vectorfile *f, const char *path, const struct vectorise_opts *o,
				 const struct strs *names)
{
	struct writer w = { .f = f, .o = o, .ncols = names->n, .groups = dict_new() };
	w.r = open_reader(path, o);
	w.cols = NEW0(struct column, w.ncols);
	w.col = NEW(size_t, w.ncols);
	w.id = NEW(size_t, o->id.n);
	for (size_t c = 0; c < w.ncols; c++) {
		w.col[c] = reader_need(w.r, names->s[c], o->cosine.n ? "--cosine" : "the vectoriser reads it");
		w.cols[c] = (struct column){ .name = names->s[c], .kind = KIND_TEXT };
	}
	for (size_t k = 0; k < o->id.n; k++)
		w.id[k] = reader_need(w.r, o->id.s[k], "--id");
	w.group = column_of(w.r, o->group, "--group");
	w.target = column_of(w.r, o->target, "--target");
	if (!o->target && f->target)
		w.target = reader_find(w.r, f->target);
	vectors_borrow(&w.vectors, &f->vectors);
	return w;
}

static void writer_close(struct writer *w)
{
	for (size_t c = 0; c < w->ncols; c++)
		free(w->cols[c].text);
	reader_close(w->r);
	vectors_free(&w->vectors);
	dict_free(w->groups);
	free(w->cols);
	free(w->col);
	free(w->id);
}

void vectorise_rows(const struct vectorfile *f, const char *path, const struct vectorise_opts *o, struct out *out)
{
	struct strs names = { 0 };
	for (size_t v = 0; v < f->vectors.n; v++)
		for (size_t k = 0; k < f->vectors.v[v].columns.n; k++)
			if (!strs_has(&names, f->vectors.v[v].columns.s[k]))
				strs_add(&names, f->vectors.v[v].columns.s[k]);
	struct writer w = writer_open(f, path, o, &names);
	w.form = strcmp(o->as, "svmlight") == 0 ? FORM_SVMLIGHT : strcmp(o->as, "vw") == 0 ? FORM_VW : FORM_JSON;
	vectors_bind(&w.vectors, w.cols, w.ncols);
	write_blocks(&w, write_chunk, out);
	writer_close(&w);
	strs_free(&names);
}

/* ---- cosine ---- */

static void cosine_chunk(void *ctx, size_t chunk, int worker)
{
	struct writer *w = ctx;
	size_t first = chunk * CHUNK, left = w->b->nrows - first, n = left < CHUNK ? left : CHUNK;
	struct sparse side[2] = { sparse_new(w->vectors.ncols), sparse_new(w->vectors.ncols) };
	struct tfidf_scratch *s = tfidf_scratch_new();
	struct str *t = &w->text[chunk];
	(void)worker;
	for (size_t i = 0; i < n; i++) {
		for (size_t c = 0; c < 2; c++)
			tfidf_row(w->vectors.v[0].tfidf, &w->cols[c].text[first + i], 1, s, &side[c]);
		for (size_t k = 0; k < w->o->id.n; k++) {
			csv_put(t, cell_at(w->b, first + i, w->id[k]));
			str_putc(t, ',');
		}
		put_number(t, sparse_cosine(&side[0], i, &side[1], i));
		str_putc(t, '\n');
	}
	tfidf_scratch_free(s);
	sparse_free(&side[0]);
	sparse_free(&side[1]);
}

void vectorise_cosine(const struct vectorfile *f, const char *path, const struct vectorise_opts *o, struct out *out)
{
	struct str head = { 0 };
	if (o->cosine.n != 2)
		die(ST_USAGE, "--cosine wants two columns, A,B; %zu are given", o->cosine.n);
	if (f->vectors.n != 1)
		die(ST_USAGE, "--cosine wants one vectoriser for both columns; this file has %zu; fit with --joint", f->vectors.n);
	struct writer w = writer_open(f, path, o, &o->cosine);
	for (size_t k = 0; k < o->id.n; k++) {
		csv_put(&head, slice_of(reader_name(w.r, w.id[k])));
		str_putc(&head, ',');
	}
	str_puts(&head, "cosine\n");
	out_write(out, head.s, head.n);
	write_blocks(&w, cosine_chunk, out);
	writer_close(&w);
	str_free(&head);
}

/* ---- the vocabulary ---- */

void vectorise_dump(const struct vectorfile *f, struct out *out)
{
	struct str t = { 0 };
	str_puts(&t, "column\tnumber\tdf\tidf\tterm\n");
	for (size_t v = 0; v < f->vectors.n; v++) {
		const struct vector *x = &f->vectors.v[v];
		size_t from = f->vectors.start[v];
		for (size_t j = 0; j < tfidf_ncols(x->tfidf); j++) {
			vectors_name(x, &t);
			str_printf(&t, "\t%zu\t%" PRIu64 "\t", from + j + 1, tfidf_df(x->tfidf, j));
			put_number(&t, tfidf_idf(x->tfidf, j));
			str_putc(&t, '\t');
			tfidf_name(x->tfidf, j, &t);
			str_putc(&t, '\n');
			if (t.n > (size_t)1 << 16) {
				out_write(out, t.s, t.n);
				t.n = 0;
			}
		}
	}
	out_write(out, t.s, t.n);
	str_free(&t);
}
