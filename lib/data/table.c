/*
 * Reading a table. Each column starts as numbers; the first text in it turns
 * it into a category, and then the numbers before must become the very texts
 * that they were ("007", "1.50"). Keeping all texts would double the memory, so
 * beside each number stands its form, the byte of num_parse_form() from which
 * the text is printed again; the rare texts without a form are kept aside. As
 * long as all cells of a column have one form, it is kept once.
 */
#include "data/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/map.h"
#include "base/num.h"
#include "base/par.h"
#include "base/utf8.h"

#define FORM_NONE 253		/* uniform form of a column without a number yet */
#define FORM_MISSING 254
#define FEW_TEXTS 20		/* one text in so many numbers, or fewer, is worth a warning */
#define SIDE_BY_SIDE 2		/* columns in a chunk of work; four cells make a cache line */
#define ROWS_AT_ONCE 128
#define WORTH_PARALLEL 4096	/* cells of a block from which its columns are converted in parallel */

struct aside {
	size_t row;
	const char *text;
	size_t n;
};

struct texts {
	uint8_t uniform;	/* form of all cells while forms is NULL */
	uint8_t *forms;		/* (rows) */
	struct aside *asides;	/* (nasides) by row */
	size_t nasides, cap_asides;
	struct arena *arena;	/* of the asides; of a text column's cells */
};

/* ---- forms ---- */

static uint8_t get_form(const struct texts *t, size_t row)
{
	return t->forms ? t->forms[row] : t->uniform;
}

/* Sets the form of a row, the next after `row` known ones; cap is the room of the column. */
static void put_form(struct texts *t, size_t row, size_t cap, uint8_t form)
{
	if (!t->forms) {
		if (t->uniform == FORM_NONE && row == 0)
			t->uniform = form;
		if (t->uniform == form)
			return;
		t->forms = NEW(uint8_t, cap);
		memset(t->forms, t->uniform, row);
	}
	t->forms[row] = form;
}

static void put_aside(struct texts *t, size_t row, struct slice s)
{
	if (t->nasides == t->cap_asides) {
		t->cap_asides = t->cap_asides * 2 + 8;
		GROW(t->asides, t->cap_asides);
	}
	if (!t->arena)
		t->arena = arena_new();
	t->asides[t->nasides++] = (struct aside){ row, arena_strn(t->arena, s.s, s.n), s.n };
}

static void texts_free(struct texts *t)
{
	free(t->forms);
	free(t->asides);
	arena_free(t->arena);
	*t = (struct texts){ .uniform = FORM_NONE };
}

/* ---- columns being read ---- */

struct build {
	struct column col;	/* num while numeric, cat (by arrival) once a category */
	struct texts texts;
	struct dict *dict;	/* of a category */
	bool stored, numeric, categorical, text, image;	/* wanted at all; forced kinds, an image is a text too */
	size_t source;		/* column of the reader */
	size_t n, cap;
	size_t numbers, words;	/* cells that look like a number, and that do not */
	bool only_inf;		/* all words so far were infinities */
	size_t bad_texts;	/* that are not UTF-8 */
	uint64_t line;		/* of the first of these, or of the first word, ... */
	char sample[32];	/* ... and its beginning */
	bool bad;		/* a word in a column forced to be numeric */
};

static void reserve(struct build *b, size_t more)
{
	if (b->n + more <= b->cap)
		return;
	b->cap = (b->n + more) * 2;
	if (b->text) {
		GROW(b->col.text, b->cap);
		return;
	}
	if (b->dict) {
		GROW(b->col.cat, b->cap);
		return;
	}
	GROW(b->col.num, b->cap);
	if (b->texts.forms)
		GROW(b->texts.forms, b->cap);
}

/* Turns the n rows of numbers into levels by their texts. Frees numbers and texts. */
static int32_t *categorize(const double *num, struct texts *t, size_t n, size_t cap, struct dict *dict)
{
	int32_t *cat = NEW(int32_t, cap);
	char buf[NUM_FORM_MAX];
	size_t next = 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t form = get_form(t, i);
		if (form == FORM_MISSING || form == FORM_NONE) {
			cat[i] = -1;
		} else if (form == FORM_OTHER) {
			cat[i] = dict_add(dict, t->asides[next].text, t->asides[next].n);
			next++;
		} else {
			cat[i] = dict_add(dict, buf, num_print_form(buf, num[i], form));
		}
	}
	texts_free(t);
	return cat;
}

static void become_category(struct build *b)
{
	b->dict = dict_new();
	b->col.cat = categorize(b->col.num, &b->texts, b->n, b->cap, b->dict);
	b->col.kind = KIND_CATEGORY;
	free(b->col.num);
	b->col.num = NULL;
}

static bool is_inf(struct slice s)
{
	double x;
	return num_parse(s.s, s.n, &x) && isinf(x);
}

/* A word in a column: remembers where, and turns numbers into a category. */
static void meet_word(struct build *b, struct slice s, uint64_t line)
{
	if (b->words++ == 0) {
		size_t n = s.n < sizeof(b->sample) - 1 ? s.n : sizeof(b->sample) - 1;
		b->line = line;
		b->only_inf = true;
		memcpy(b->sample, s.s, n);
		b->sample[n] = '\0';
	}
	b->only_inf = b->only_inf && is_inf(s);
	if (b->numeric)
		b->bad = true;
	else if (!b->dict)
		become_category(b);
}

/* A finite number; a word mostly shows by its first byte. */
static bool is_number(struct slice s)
{
	double x;
	return s.n && *s.s <= '9' && num_parse(s.s, s.n, &x) && isfinite(x);
}

static void add_number(struct build *b, struct slice s, double x, uint8_t form)
{
	if (form == FORM_OTHER)
		put_aside(&b->texts, b->n, s);
	put_form(&b->texts, b->n, b->cap, form);
	b->numbers++;
	b->col.num[b->n++] = x;
}

static void add_cell(struct build *b, struct slice s, uint64_t line, const char *const *extra)
{
	double x;
	uint8_t form;
	s = slice_trim(s);
	bool missing = *extra && is_missing(s, extra);
	if (!b->dict && !missing && num_parse_form(s.s, s.n, &x, &form) && isfinite(x)) {
		add_number(b, s, x, form);
		return;
	}
	missing = missing || is_missing(s, extra);
	if (!missing && b->dict && (b->categorical || is_number(s)))
		b->numbers++;
	else if (!missing)
		meet_word(b, s, line);
	if (b->dict) {
		b->col.cat[b->n++] = missing ? -1 : dict_add(b->dict, s.s, s.n);
		return;
	}
	put_form(&b->texts, b->n, b->cap, FORM_MISSING);
	b->col.num[b->n++] = NAN;
}

struct add_ctx {
	struct build *builds;
	size_t nbuilds;
	const struct block *block;
	const char *const *extra;
};

static void add_text(struct build *b, struct slice s, uint64_t line, const char *const *extra)
{
	if (!b->texts.arena)
		b->texts.arena = arena_new();
	if (b->image)
		s = image_cell(s, extra);
	else if (utf8_count_bad(s) && b->bad_texts++ == 0)
		b->line = line;
	b->col.text[b->n++] = (struct slice){ s.n ? arena_strn(b->texts.arena, s.s, s.n) : "", s.n };
}

/* Rows from..to of one column; most cells are numbers without blanks. */
static void add_cells(struct build *b, const struct add_ctx *c, size_t from, size_t to)
{
	const struct block *bl = c->block;
	const struct slice *s = bl->cells + from * bl->ncols + b->source;
	for (size_t r = from; b->text && r < to; r++, s += bl->ncols)
		add_text(b, *s, bl->lines[r], c->extra);
	if (b->text)
		return;
	for (size_t r = from; r < to; r++, s += bl->ncols) {
		double x;
		uint8_t form;
		if (!b->dict && !*c->extra && num_parse_form(s->s, s->n, &x, &form) && isfinite(x))
			add_number(b, *s, x, form);
		else
			add_cell(b, *s, bl->lines[r], c->extra);
	}
}

/* A few columns that lie side by side, a few rows at a time: their cells share cache lines. */
static void add_columns(void *ctx, size_t i, int worker)
{
	const struct add_ctx *c = ctx;
	size_t end = (i + 1) * SIDE_BY_SIDE < c->nbuilds ? (i + 1) * SIDE_BY_SIDE : c->nbuilds, n = c->block->nrows;
	(void)worker;
	for (size_t k = i * SIDE_BY_SIDE; k < end; k++)
		if (c->builds[k].stored)
			reserve(&c->builds[k], n);
	for (size_t row = 0; row < n; row += ROWS_AT_ONCE)
		for (size_t k = i * SIDE_BY_SIDE; k < end; k++)
			if (c->builds[k].stored)
				add_cells(&c->builds[k], c, row, row + ROWS_AT_ONCE < n ? row + ROWS_AT_ONCE : n);
}

/* ---- the table ---- */

static bool listed(const char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* Columns that JSON brought later: missing in the n rows before. */
static struct build *add_builds(struct build *b, size_t *nb, const struct reader *r, const struct tab_spec *spec, size_t n)
{
	GROW(b, reader_ncols(r));
	for (; *nb < reader_ncols(r); ++*nb) {
		const char *name = reader_name(r, *nb);
		struct build *c = &b[*nb];
		*c = (struct build){ .col = { .kind = KIND_NUMERIC, .name = name }, .texts = { .uniform = FORM_NONE },
			.stored = !listed(spec->drop, name), .numeric = listed(spec->numeric, name),
			.categorical = listed(spec->categorical, name), .image = listed(spec->image, name), .source = *nb };
		c->text = c->image || listed(spec->text, name);
		c->col.kind = c->image ? KIND_IMAGE : c->text ? KIND_TEXT : KIND_NUMERIC;
		if (!c->stored)
			continue;
		reserve(c, n + 1);
		for (size_t i = 0; c->text && i < n; i++)
			add_text(c, (struct slice){ NULL, 0 }, 0, NULL);
		for (size_t i = 0; !c->text && i < n; i++) {
			put_form(&c->texts, i, c->cap, FORM_MISSING);
			c->col.num[c->n++] = NAN;
		}
		if (c->categorical)
			become_category(c);
	}
	return b;
}

static void refuse_texts(const struct build *b, size_t nb, const struct reader *r, bool strict)
{
	for (size_t i = 0; i < nb; i++) {
		if (b[i].bad_texts && strict)
			die(ST_DATA, "%s:%llu: column '%s': the text is not UTF-8", reader_where(r), (unsigned long long)b[i].line,
			    reader_name(r, i));
		if (b[i].bad_texts)
			warn("%s: column '%s': %zu of %zu texts are not UTF-8, the first in line %llu; their bytes count as U+FFFD",
			     reader_where(r), reader_name(r, i), b[i].bad_texts, b[i].n, (unsigned long long)b[i].line);
	}
}

static void refuse_words(const struct build *b, size_t nb, const struct reader *r)
{
	for (size_t i = 0; i < nb; i++) {
		const char *name = reader_name(r, i);
		if (b[i].bad)
			die(ST_DATA, "%s:%llu: column '%s': '%s' is not a finite number", reader_where(r),
			    (unsigned long long)b[i].line, name, b[i].sample);
		if (b[i].words && b[i].only_inf && b[i].numbers)
			die(ST_DATA, "%s:%llu: column '%s': '%s' is not a finite number; --missing %s makes it missing",
			    reader_where(r), (unsigned long long)b[i].line, name, b[i].sample, b[i].sample);
		if (b[i].words && b[i].numbers / FEW_TEXTS >= b[i].words)
			warn("%s: column '%s' is taken as a category: %zu cells look like numbers, %zu do not, the first in "
			     "line %llu: '%s'", reader_where(r), name, b[i].numbers, b[i].words,
			     (unsigned long long)b[i].line, b[i].sample);
	}
}

/* Renumbers a category's codes by sorted levels; levels move into the table's arena. */
static void sort_levels(struct table *t, struct column *col, struct dict *dict)
{
	int32_t n = dict_size(dict), *to = NEW(int32_t, (size_t)n);
	struct dict *sorted = dict_new();
	col->nlevels = n;
	col->levels = arena_alloc(t->arena, (size_t)n * sizeof(*col->levels));
	for (int32_t i = 0; i < n; i++)
		col->levels[i] = arena_strn(t->arena, dict_text(dict, i), dict_len(dict, i));
	const char **order = mem_copy(col->levels, (size_t)n, sizeof(*order));
	level_sort(order, (size_t)n);
	for (int32_t i = 0; i < n; i++)
		dict_add(sorted, order[i], strlen(order[i]));
	for (int32_t i = 0; i < n; i++)
		to[i] = dict_find(sorted, col->levels[i], strlen(col->levels[i]));
	memcpy(col->levels, order, (size_t)n * sizeof(*order));
	for (size_t i = 0; i < t->nrows; i++)
		if (col->cat[i] >= 0)
			col->cat[i] = to[col->cat[i]];
	free(order);
	free(to);
	dict_free(sorted);
	dict_free(dict);
}

/* Appends the features of a block's rows to those of the table's; cap are the rows and features that there is room for. */
static void add_features(struct table *t, size_t cap[2], const struct block *b)
{
	struct entries *to = &t->features;
	const size_t *start = b->entries.start;
	size_t n = t->nrows, had = to->start ? to->start[n] : 0, more = start ? start[b->nrows] : 0;
	if (!start && !to->start)
		return;
	if (n + b->nrows + 1 > cap[0]) {
		cap[0] = (n + b->nrows + 1) * 2;
		bool first = !to->start;
		GROW(to->start, cap[0]);
		if (first)
			memset(to->start, 0, (n + 1) * sizeof(*to->start));
	}
	if (had + more > cap[1]) {
		cap[1] = (had + more) * 2;
		GROW(to->feature, cap[1]);
		GROW(to->value, cap[1]);
	}
	for (size_t i = 1; i <= b->nrows; i++)
		to->start[n + i] = had + (start ? start[i] : 0);
	if (more) {
		memcpy(to->feature + had, b->entries.feature, more * sizeof(*to->feature));
		memcpy(to->value + had, b->entries.value, more * sizeof(*to->value));
	}
}

static void add_lines(struct table *t, const struct block *b, const struct tab_spec *spec)
{
	if (!spec->image || !*spec->image)
		return;
	GROW(t->lines, t->nrows + b->nrows);
	memcpy(t->lines + t->nrows, b->lines, b->nrows * sizeof(*t->lines));
}

struct table *tab_read(struct reader *r, const struct tab_spec *spec)
{
	static const char *const none[] = { NULL };
	struct table *t = NEW0(struct table, 1);
	struct build *b = NULL;
	size_t nb = 0, cap[2] = { 0 };
	t->arena = arena_new();
	b = add_builds(b, &nb, r, spec, 0);
	for (const struct block *bl; (bl = reader_next(r));) {
		b = add_builds(b, &nb, r, spec, t->nrows);
		struct add_ctx c = { b, nb, bl, spec->missing ? spec->missing : none };
		par_for(bl->nrows * nb < WORTH_PARALLEL ? 1 : spec->threads, (nb + SIDE_BY_SIDE - 1) / SIDE_BY_SIDE, add_columns, &c);
		add_features(t, cap, bl);
		add_lines(t, bl, spec);
		t->nrows += bl->nrows;
	}
	refuse_words(b, nb, r);
	refuse_texts(b, nb, r, spec->strict_text);
	t->hash = reader_hash(r);
	t->cols = NEW(struct column, nb);
	t->texts = NEW(struct texts, nb);
	for (size_t i = 0; i < nb; i++) {
		if (!b[i].stored)
			continue;
		struct column *col = &t->cols[t->ncols];
		*col = b[i].col;
		col->name = arena_strn(t->arena, reader_name(r, i), strlen(reader_name(r, i)));
		t->texts[t->ncols++] = b[i].texts;
		if (b[i].dict) {
			GROW(col->cat, t->nrows);
			sort_levels(t, col, b[i].dict);
		} else if (b[i].text) {
			GROW(col->text, t->nrows);
			col->root = b[i].image && spec->root ? arena_strn(t->arena, spec->root, strlen(spec->root)) : NULL;
		} else {
			GROW(col->num, t->nrows);
		}
	}
	free(b);
	return t;
}

size_t tab_find(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (strcmp(t->cols[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

void tab_categorize(struct table *t, size_t c)
{
	struct column *col = &t->cols[c];
	if (col->kind == KIND_CATEGORY)
		return;
	struct dict *dict = dict_new();
	col->cat = categorize(col->num, &t->texts[c], t->nrows, t->nrows, dict);
	col->kind = KIND_CATEGORY;
	free(col->num);
	col->num = NULL;
	sort_levels(t, col, dict);
}

void tab_forget_texts(struct table *t)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (!kind_is_texts(t->cols[i].kind))
			texts_free(&t->texts[i]);
}

/* ---- fewer rows ---- */

static void keep_texts(struct texts *t, const bool *keep, size_t n)
{
	size_t kept = 0, asides = 0, a = 0;
	for (size_t i = 0; i < n; i++) {
		bool aside = a < t->nasides && t->asides[a].row == i;
		if (aside && keep[i]) {
			t->asides[asides] = t->asides[a];
			t->asides[asides++].row = kept;
		}
		a += aside;
		if (t->forms)
			t->forms[kept] = t->forms[i];
		kept += keep[i];
	}
	t->nasides = asides;
}

/* Drops the levels of a category that none of n rows has. */
static void keep_levels(struct column *c, size_t n)
{
	int32_t *to = NEW0(int32_t, (size_t)c->nlevels), kept = 0;
	for (size_t i = 0; i < n; i++)
		if (c->cat[i] >= 0)
			to[c->cat[i]] = 1;
	for (int32_t l = 0; l < c->nlevels; l++)
		if (to[l]) {
			c->levels[kept] = c->levels[l];
			to[l] = kept++;
		}
	for (size_t i = 0; i < n; i++)
		if (c->cat[i] >= 0)
			c->cat[i] = to[c->cat[i]];
	c->nlevels = kept;
	free(to);
}

static void keep_features(struct entries *e, const bool *keep, size_t n)
{
	size_t kept = 0, to = 0;
	for (size_t i = 0; e->start && i < n; i++) {
		size_t from = e->start[i], k = keep[i] ? e->start[i + 1] - from : 0;
		memmove(e->feature + to, e->feature + from, k * sizeof(*e->feature));
		memmove(e->value + to, e->value + from, k * sizeof(*e->value));
		e->start[kept] = to;
		to += k;
		kept += keep[i];
	}
	if (e->start)
		e->start[kept] = to;
}

void tab_keep(struct table *t, const bool *keep)
{
	size_t n = t->nrows, kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (!keep[i])
			continue;
		for (size_t c = 0; c < t->ncols; c++) {
			struct column *col = &t->cols[c];
			if (col->kind == KIND_NUMERIC)
				col->num[kept] = col->num[i];
			else if (col->kind == KIND_CATEGORY)
				col->cat[kept] = col->cat[i];
			else
				col->text[kept] = col->text[i];
		}
		if (t->lines)
			t->lines[kept] = t->lines[i];
		kept++;
	}
	t->nrows = kept;
	keep_features(&t->features, keep, n);
	for (size_t c = 0; c < t->ncols; c++) {
		keep_texts(&t->texts[c], keep, n);
		if (t->cols[c].kind == KIND_CATEGORY)
			keep_levels(&t->cols[c], kept);
	}
}

void tab_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->ncols; i++) {
		texts_free(&t->texts[i]);
		free(t->cols[i].num);
		free(t->cols[i].cat);
		free(t->cols[i].text);
	}
	free(t->cols);
	free(t->texts);
	free(t->features.start);
	free(t->features.feature);
	free(t->features.value);
	free(t->lines);
	arena_free(t->arena);
	free(t);
}
