#include "model/predfile.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/reader.h"
#include "model/cosine.h"

/* ---- columns of one input ---- */

/* A column to read: texts as numbers of a dictionary, or numbers. */
struct want {
	const char *name;
	size_t col;		/* SIZE_MAX: not there */
	struct dict *dict;	/* NULL: numbers */
	int32_t *code;		/* (n) */
	double *num;		/* (n) */
};

enum { TARGET, PREDICTION, WEIGHT, GROUP, ID, FIRST };	/* from FIRST on: probabilities, then columns of --vs */

struct input {
	struct reader *r;
	const struct block *b;	/* the block at hand */
	size_t n, np, nw;
	struct want *w;		/* (nw) */
	struct cosines *cosines;	/* NULL, or with --cosine what makes the predictions */
};

static struct want *add_want(struct input *in, const char *name)
{
	GROW(in->w, in->nw + 1);
	in->w[in->nw] = (struct want){ .name = name, .col = name ? reader_find(in->r, name) : SIZE_MAX };
	return &in->w[in->nw++];
}

static struct input input_open(const char *path, const struct eval_opts *o)
{
	struct input in = { .r = reader_open(path, (struct reader_opts){ o->format, o->header, cmd_threads(o->threads) }) };
	const char *const names[] = { [TARGET] = o->target, [PREDICTION] = o->prediction, [WEIGHT] = o->weight,
		[GROUP] = o->group, [ID] = o->id };
	for (size_t i = 0; i < FIRST; i++)
		add_want(&in, names[i]);
	if (o->probability) {
		if (add_want(&in, o->probability)->col == SIZE_MAX)
			in.nw--;
	} else {
		for (size_t c = 0; c < reader_ncols(in.r); c++)
			if (strncmp(reader_name(in.r, c), "p:", 2) == 0)
				add_want(&in, reader_name(in.r, c));
	}
	in.np = in.nw - FIRST;
	in.b = reader_next(in.r);
	in.cosines = o->cosine ? cosines_new() : NULL;
	return in;
}

static void input_free(struct input *in)
{
	for (size_t i = 0; i < in->nw; i++) {
		free(in->w[i].code);
		free(in->w[i].num);
	}
	free(in->w);
	cosines_free(in->cosines);
	reader_close(in->r);
}

/* Dies when the column is not there, saying which are. */
static void need(const struct input *in, const char *name, const char *option)
{
	struct str s = { 0 };
	if (reader_find(in->r, name) != SIZE_MAX)
		return;
	for (size_t c = 0; c < reader_ncols(in->r) && c < 30; c++)
		str_printf(&s, "%s%s", c ? ", " : "", reader_name(in->r, c));
	die(ST_DATA, "%s: there is no column '%s' (%s); the columns are: %s%s", reader_where(in->r), name, option,
	    s.s ? s.s : "none", reader_ncols(in->r) > 30 ? ", ..." : "");
}

static bool as_number(struct slice cell, double *x)
{
	cell = slice_trim(cell);
	return num_parse(cell.s, cell.n, x) && isfinite(*x);
}

/* Are all cells of the column in the first block numbers? */
static bool looks_numeric(const struct input *in, size_t col)
{
	double x;
	for (size_t i = 0; in->b && i < in->b->nrows; i++)
		if (!as_number(in->b->cells[i * in->b->ncols + col], &x))
			return false;
	return true;
}

static void read_block(struct input *in, struct want *w)
{
	for (size_t i = 0; i < in->b->nrows; i++) {
		struct slice cell = w->col < in->b->ncols ? in->b->cells[i * in->b->ncols + w->col] : (struct slice){ NULL, 0 };
		struct slice text = slice_trim(cell);
		if (text.n == 0)
			die(ST_DATA, "%s:%" PRIu64 ": column '%s' is empty", reader_where(in->r), in->b->lines[i], w->name);
		if (w->dict)
			w->code[in->n + i] = dict_add(w->dict, text.s, text.n);
		else if (!as_number(text, &w->num[in->n + i]))
			die(ST_DATA, "%s:%" PRIu64 ": column '%s': '%.*s' is not a finite number", reader_where(in->r),
			    in->b->lines[i], w->name, (int)text.n, text.s);
	}
}

/* Takes the block's rows, which are read; queries are dropped. */
static void take_cosines(struct input *in)
{
	const struct block *b = in->b;
	size_t to = in->n;
	for (size_t i = 0; i < b->nrows; i++) {
		if (!b->sparse || !b->sparse[i])
			die(ST_DATA, "%s:%" PRIu64 ": --cosine wants sparse rows: svmlight, VW, or JSON objects with an object in them",
			    reader_where(in->r), b->lines[i]);
		size_t from = in->n + i;
		double cosine = cosines_take(in->cosines, in->w[GROUP].code[from], &b->entries, i);
		if (isnan(cosine))
			continue;
		for (size_t j = 0; j < in->nw; j++) {
			if (in->w[j].code)
				in->w[j].code[to] = in->w[j].code[from];
			if (in->w[j].num)
				in->w[j].num[to] = in->w[j].num[from];
		}
		in->w[PREDICTION].num[to++] = cosine;
	}
	in->n = to;
}

static void input_read(struct input *in)
{
	size_t room = 0;
	for (; in->b; in->b = reader_next(in->r)) {
		bool grow = in->n + in->b->nrows > room;
		if (grow)
			room = (in->n + in->b->nrows) * 2;
		for (size_t i = 0; i < in->nw; i++) {
			struct want *w = &in->w[i];
			bool made = in->cosines && i == PREDICTION;
			if (w->col == SIZE_MAX && !made)
				continue;
			if (grow && w->dict)
				GROW(w->code, room);
			else if (grow)
				GROW(w->num, room);
			if (!made)
				read_block(in, w);
		}
		if (in->cosines)
			take_cosines(in);
		else
			in->n += in->b->nrows;
	}
	for (size_t i = 0; in->w[WEIGHT].num && i < in->n; i++)
		if (in->w[WEIGHT].num[i] < 0)
			die(ST_DATA, "%s: row %zu: column '%s': a weight is 0 or more", reader_where(in->r), i + 1,
			    in->w[WEIGHT].name);
}

/* ---- the same rows in another input ---- */

/* Where rows of `in` with each id (by its number in ids) stand; -1: not there. A double dies. */
static int32_t *rows_by_id(const struct input *in, const struct dict *ids)
{
	size_t n = (size_t)dict_size(ids);
	int32_t *row = NEW(int32_t, n);
	memset(row, -1, n * sizeof(*row));
	for (size_t i = 0; i < in->n; i++) {
		int32_t id = in->w[ID].code[i];
		if (row[id] >= 0)
			die(ST_DATA, "%s: '%s' stands twice in column '%s' (--id), in rows %d and %zu", reader_where(in->r),
			    dict_text(ids, id), in->w[ID].name, row[id] + 1, i + 1);
		row[id] = (int32_t)i;
	}
	return row;
}

/* The row (main->n) of `other` for each of main: by id, or the same place. */
static size_t *align(const struct input *main, const struct input *other, const struct dict *ids)
{
	size_t *at = NEW(size_t, main->n);
	if (!ids) {
		if (main->n != other->n)
			die(ST_DATA, "%s has %zu rows and %s %zu; with --id COL rows are joined by a column",
			    reader_where(main->r), main->n, reader_where(other->r), other->n);
		for (size_t i = 0; i < main->n; i++)
			at[i] = i;
		return at;
	}
	free(rows_by_id(main, ids));	/* no doubles there */
	int32_t *row = rows_by_id(other, ids);
	for (size_t i = 0; i < main->n; i++) {
		int32_t id = main->w[ID].code[i];
		if (row[id] < 0)
			die(ST_DATA, "%s: row %zu: '%s' is not in column '%s' of %s", reader_where(main->r), i + 1,
			    dict_text(ids, id), other->w[ID].name, reader_where(other->r));
		at[i] = (size_t)row[id];
	}
	if (other->n > main->n)
		warn("%zu rows of %s are not in %s", other->n - main->n, reader_where(other->r), reader_where(main->r));
	free(row);
	return at;
}

/* ---- labels ---- */

struct own {
	struct dict *dict;	/* label texts as they came, then what is made up */
	int32_t *place;		/* number in the dictionary -> class */
	const char **labels;	/* (k) sorted */
	int32_t k, positive;
};

/* Labels that are wrong, or odd: np are those of the columns p:LABEL. */
static void labels_check(const struct own *w, const struct eval_opts *o, size_t np, const char *where)
{
	size_t n = (size_t)dict_size(w->dict);
	const char *first = n > 0 ? dict_text(w->dict, 0) : "", *second = n > 1 ? dict_text(w->dict, 1) : "";
	if (o->positive && n >= 2 && dict_find(w->dict, o->positive, strlen(o->positive)) < 0)
		die(ST_DATA, "%s: --positive %s: there is no such label; there are: %s, %s%s", where, o->positive, first, second,
		    n > 2 ? ", ..." : "");
	if (o->probability && n > 2)
		die(ST_DATA, "%s: --probability is for two labels; there are %zu: %s, %s, %s%s", where, n, first, second,
		    dict_text(w->dict, 2), n > 3 ? ", ..." : "");
	if (!o->probability && np > 0 && n > np)
		warn("%s: no column p:LABEL for %zu of the labels, the first is '%s'; their probability is taken as 0", where, n - np,
		     dict_text(w->dict, (int32_t)np));
}

/* Sorts the labels; there are two at least, one of them made up if need be. */
static void labels_make(struct own *w, const struct eval_opts *o)
{
	if (o->positive)
		dict_add(w->dict, o->positive, strlen(o->positive));
	for (const char *other = "(other)"; dict_size(w->dict) < 2; other = "(others)")
		dict_add(w->dict, other, strlen(other));
	w->k = dict_size(w->dict);
	w->labels = NEW(const char *, (size_t)w->k);
	w->place = NEW(int32_t, (size_t)w->k);
	for (int32_t i = 0; i < w->k; i++)
		w->labels[i] = dict_text(w->dict, i);
	level_sort(w->labels, (size_t)w->k);
	w->positive = w->k - 1;
	for (int32_t i = 0; i < w->k; i++) {
		w->place[dict_find(w->dict, w->labels[i], strlen(w->labels[i]))] = i;
		if (o->positive && strcmp(w->labels[i], o->positive) == 0)
			w->positive = i;
	}
}

static int32_t *classes_of(const struct own *w, const int32_t *code, const size_t *at, size_t n)
{
	int32_t *c = NEW(int32_t, n);
	for (size_t i = 0; i < n; i++)
		c[i] = w->place[code[at ? at[i] : i]];
	return c;
}

/* ---- scored rows ---- */

/* Groups by their number in the dictionary (ncodes texts), numbered as they come; how many to *ngroups. */
static int32_t *groups_of(const int32_t *code, size_t ncodes, const size_t *at, size_t n, size_t *ngroups)
{
	int32_t *number = NEW(int32_t, ncodes), *group = NEW(int32_t, n), next = 0;
	memset(number, -1, ncodes * sizeof(*number));
	for (size_t i = 0; i < n; i++) {
		int32_t c = code[at ? at[i] : i];
		if (number[c] < 0)
			number[c] = next++;
		group[i] = number[c];
	}
	*ngroups = (size_t)next;
	free(number);
	return group;
}

static double *numbers_of(const double *num, const size_t *at, size_t n)
{
	double *x = NEW(double, n);
	for (size_t i = 0; i < n; i++)
		x[i] = num[at ? at[i] : i];
	return x;
}

/* Probabilities (n, k) from np columns; one column without a label is the positive class's. */
static double *probabilities_of(const struct own *w, const struct want *col, size_t np, bool labelled, const size_t *at, size_t n)
{
	size_t k = (size_t)w->k;
	double *p = NEW0(double, n * k);
	for (size_t j = 0; j < np; j++) {
		const char *label = col[j].name + 2;
		int32_t c = labelled ? w->place[dict_find(w->dict, label, strlen(label))] : w->positive;
		for (size_t i = 0; i < n; i++) {
			double x = col[j].num[at ? at[i] : i];
			p[i * k + (size_t)c] = x;
			if (!labelled)
				p[i * k + (size_t)(1 - c)] = 1 - x;
		}
	}
	return p;
}

static void threshold(struct scored *s, double t)
{
	int32_t *pred = NEW(int32_t, s->n);
	for (size_t i = 0; i < s->n; i++)
		pred[i] = s->p[2 * i + (size_t)s->positive] > t ? s->positive : 1 - s->positive;
	free((void *)(uintptr_t)s->pred);
	s->pred = pred;
}

/* The predictions of an input for the rows of `base` (all but p and pred is set there). */
static struct scored set_of(const struct input *in, const struct own *w, struct scored base, const size_t *at,
			    const struct eval_opts *o)
{
	struct scored s = base;
	s.p = NULL;
	s.pred = NULL;
	if (!w) {
		s.p = numbers_of(in->w[PREDICTION].num, at, s.n);
		return s;
	}
	if (in->np)
		s.p = probabilities_of(w, &in->w[FIRST], in->np, !o->probability, at, s.n);
	if (in->w[PREDICTION].code)
		s.pred = classes_of(w, in->w[PREDICTION].code, at, s.n);
	return s;
}

/* A column of the input as another set: numbers, or labels. */
static struct scored set_of_column(const struct want *col, const struct own *w, struct scored base)
{
	struct scored s = base;
	s.p = NULL;
	s.pred = NULL;
	if (col->dict)
		s.pred = classes_of(w, col->code, NULL, s.n);
	else
		s.p = w ? probabilities_of(w, col, 1, false, NULL, s.n) : numbers_of(col->num, NULL, s.n);
	return s;
}

/* ---- all of it ---- */

static bool is_classes(const struct input *main, const struct input *truth, const struct eval_opts *o, unsigned hint)
{
	const struct want *target = &(truth ? truth : main)->w[TARGET];
	if (o->cosine)
		return false;
	if (strcmp(o->task, "auto") != 0)
		return *o->task == 'c';
	if (main->np || o->positive || (hint && !(hint & TASK_REGRESSION)))
		return true;
	if (hint == TASK_REGRESSION)
		return false;
	return !looks_numeric(main, main->w[PREDICTION].col) || !looks_numeric(truth ? truth : main, target->col);
}

/* Which columns are texts: labels (NULL: regression), ids and groups. Columns that serve as something else are let go. */
static void set_kinds(struct input *in, struct dict *labels, struct dict *ids, struct dict *groups,
		      const struct eval_opts *o)
{
	in->w[ID].dict = ids;
	in->w[GROUP].dict = groups;
	in->w[TARGET].dict = in->w[PREDICTION].dict = labels;
	if (o->probability && strcmp(o->prediction, o->probability) == 0)
		in->w[PREDICTION].col = SIZE_MAX;
	for (size_t j = 0; labels && !o->probability && j < in->np; j++) {
		const char *label = in->w[FIRST + j].name + 2;
		dict_add(labels, label, strlen(label));
	}
	if (!labels)
		in->np = 0;
}

static void check_columns(const struct input *in, const struct input *truth, const struct eval_opts *o)
{
	const struct input *of_target = truth ? truth : in;
	if (o->cosine && (!o->group || o->truth || o->probability))
		die(ST_USAGE, o->group ? "--cosine makes the predictions, from rows that hold the target: no --truth, no --probability" :
		    "--cosine wants --group: which rows are candidates for one query");
	if (!in->np && !o->cosine)
		need(in, o->probability ? o->probability : o->prediction, o->probability ? "--probability" : "--prediction");
	need(of_target, o->target, "--target");
	if (o->weight)
		need(of_target, o->weight, "--weight");
	if (o->group)
		need(of_target, o->group, "--group");
	if (o->id)
		need(in, o->id, "--id");
	if (o->id && truth)
		need(truth, o->id, "--id");
}

/* The targets of two inputs must be the same, else they are not of the same rows. */
static void check_same(const struct input *main, const struct input *other, const size_t *at)
{
	const struct want *a = &main->w[TARGET], *b = &other->w[TARGET];
	if (!(a->dict ? a->code && b->code : a->num && b->num))
		return;
	for (size_t i = 0; i < main->n; i++)
		if (a->dict ? a->code[i] != b->code[at[i]] : a->num[i] != b->num[at[i]])
			die(ST_DATA, "%s and %s differ in column '%s' of row %zu: they are not of the same rows; with --id COL "
			    "rows are joined by a column", reader_where(main->r), reader_where(other->r), a->name, i + 1);
}

/* What is read before labels are known: the input, the truth, the files of --vs. */
struct inputs {
	struct input main, truth;
	bool has_truth;
	struct dict *ids, *groups;
	struct input *vs;	/* (o->vs.n) files; r is NULL for a column of main */
	size_t *vs_col;		/* (o->vs.n) the column's place in main.w */
};

static void read_inputs(struct inputs *in, struct dict *labels, const struct eval_opts *o)
{
	for (size_t j = 0; j < o->vs.n; j++) {
		if (reader_find(in->main.r, o->vs.s[j]) == SIZE_MAX)
			continue;
		struct want *w = add_want(&in->main, o->vs.s[j]);
		in->vs_col[j] = in->main.nw - 1;
		bool numbers = !labels || ((in->main.np == 2 || o->probability) && looks_numeric(&in->main, w->col));
		w->dict = numbers ? NULL : labels;
	}
	set_kinds(&in->main, labels, in->ids, in->groups, o);
	if (in->has_truth)
		in->main.w[TARGET].col = in->main.w[WEIGHT].col = in->main.w[GROUP].col = SIZE_MAX;
	input_read(&in->main);
	if (in->has_truth) {
		set_kinds(&in->truth, labels, in->ids, in->groups, o);
		in->truth.w[PREDICTION].col = SIZE_MAX;
		input_read(&in->truth);
	}
	for (size_t j = 0; j < o->vs.n; j++) {
		if (in->vs_col[j])
			continue;
		struct eval_opts other = *o;
		other.weight = NULL;
		if (!o->cosine)
			other.group = NULL;
		in->vs[j] = input_open(o->vs.s[j], &other);
		if (other.group)
			need(&in->vs[j], o->group, "--group");
		if (!in->vs[j].np && !o->cosine)
			need(&in->vs[j], o->probability ? o->probability : o->prediction, "--vs");
		if (o->id)
			need(&in->vs[j], o->id, "--id");
		set_kinds(&in->vs[j], labels, in->ids, in->groups, o);
		input_read(&in->vs[j]);
	}
}

/* The truth of the input's rows, no predictions yet. */
static struct scored base_of(const struct inputs *in, const struct own *w)
{
	size_t *at = in->has_truth ? align(&in->main, &in->truth, in->ids) : NULL;
	const struct want *t = (in->has_truth ? &in->truth : &in->main)->w;
	struct scored s = { .n = in->main.n, .k = w ? w->k : 1 };
	if (w) {
		s.label = classes_of(w, t[TARGET].code, at, s.n);
		s.labels = w->labels;
		s.positive = w->positive;
	} else {
		s.y = numbers_of(t[TARGET].num, at, s.n);
	}
	if (t[WEIGHT].num)
		s.w = numbers_of(t[WEIGHT].num, at, s.n);
	if (in->groups)
		s.group = groups_of(t[GROUP].code, (size_t)dict_size(in->groups), at, s.n, &s.ngroups);
	free(at);
	return s;
}

static void make_sets(struct predictions *p, struct inputs *in, const struct own *w, const struct eval_opts *o)
{
	struct scored base = base_of(in, w);
	p->sets[0] = set_of(&in->main, w, base, NULL, o);
	for (size_t j = 0; j < o->vs.n; j++) {
		p->names[j + 1] = o->vs.s[j];
		if (in->vs_col[j]) {
			p->sets[j + 1] = set_of_column(&in->main.w[in->vs_col[j]], w, base);
			continue;
		}
		size_t *at = align(&in->main, &in->vs[j], in->ids);
		if (!in->has_truth)
			check_same(&in->main, &in->vs[j], at);
		p->sets[j + 1] = set_of(&in->vs[j], w, base, at, o);
		free(at);
	}
	for (size_t j = 0; j < p->n; j++)
		if (o->threshold >= 0 && w && w->k == 2 && p->sets[j].p)
			threshold(&p->sets[j], o->threshold);
}

void predictions_read(struct predictions *p, const struct eval_opts *o, unsigned hint)
{
	struct inputs in = { .main = input_open(NULL, o), .has_truth = o->truth, .ids = o->id ? dict_new() : NULL,
		.groups = o->group ? dict_new() : NULL,
		.vs = NEW0(struct input, o->vs.n + 1), .vs_col = NEW0(size_t, o->vs.n + 1) };
	struct own *w = NULL;
	if (in.has_truth)
		in.truth = input_open(o->truth, o);
	check_columns(&in.main, in.has_truth ? &in.truth : NULL, o);
	if (is_classes(&in.main, in.has_truth ? &in.truth : NULL, o, hint)) {
		w = NEW0(struct own, 1);
		w->dict = dict_new();
	}
	read_inputs(&in, w ? w->dict : NULL, o);
	if (w) {
		labels_check(w, o, in.main.np, reader_where(in.main.r));
		labels_make(w, o);
	}
	*p = (struct predictions){ .n = o->vs.n + 1, .sets = NEW(struct scored, o->vs.n + 1), .own = w,
		.names = NEW(const char *, o->vs.n + 1), .where = mem_str(reader_where(in.main.r)),
		.task = !w ? TASK_REGRESSION : w->k == 2 ? TASK_BINARY : TASK_MULTICLASS };
	p->names[0] = o->name;
	make_sets(p, &in, w, o);
	input_free(&in.main);
	if (in.has_truth)
		input_free(&in.truth);
	for (size_t j = 0; j < o->vs.n; j++)
		if (in.vs[j].r)
			input_free(&in.vs[j]);
	free(in.vs);
	free(in.vs_col);
	dict_free(in.ids);
	dict_free(in.groups);
}

void predictions_free(struct predictions *p)
{
	struct own *w = p->own;
	struct scored *s = &p->sets[0];
	free((void *)(uintptr_t)s->label);
	free((void *)(uintptr_t)s->y);
	free((void *)(uintptr_t)s->w);
	free((void *)(uintptr_t)s->group);
	for (size_t j = 0; j < p->n; j++) {
		free((void *)(uintptr_t)p->sets[j].p);
		free((void *)(uintptr_t)p->sets[j].pred);
	}
	if (w) {
		dict_free(w->dict);
		free(w->place);
		free(w->labels);
		free(w);
	}
	free(p->sets);
	free(p->names);
	free(p->where);
}
