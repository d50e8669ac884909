#include "data/schema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

static void index_levels(struct field *f)
{
	f->dict = dict_new();
	for (int32_t i = 0; i < f->nlevels; i++)
		dict_add(f->dict, f->levels[i], strlen(f->levels[i]));
}

static char **copy_texts(const char *const *texts, size_t n)
{
	char **copy = NEW0(char *, n);
	for (size_t i = 0; i < n; i++)
		copy[i] = mem_str(texts[i]);
	return copy;
}

void schema_from(struct schema *sc, const struct column *cols, size_t ncols)
{
	sc->fields = NEW0(struct field, ncols);
	sc->nfields = ncols;
	for (size_t i = 0; i < ncols; i++) {
		struct field *f = &sc->fields[i];
		f->name = mem_str(cols[i].name);
		f->kind = cols[i].kind;
		if (f->kind == KIND_CATEGORY) {
			f->nlevels = cols[i].nlevels;
			f->levels = copy_texts(cols[i].levels, (size_t)f->nlevels);
		}
		index_levels(f);
	}
}

/* ---- JSON ---- */

static const char *const kinds[] = { [KIND_NUMERIC] = "numeric", [KIND_CATEGORY] = "category", [KIND_TEXT] = "text",
				     [KIND_IMAGE] = "image" };
static const char *const tasks[] = { [TASK_REGRESSION] = "regression", [TASK_BINARY] = "binary",
				     [TASK_MULTICLASS] = "multiclass" };

static void texts_json(struct json *j, const char *key, char *const *texts, size_t n)
{
	json_array(j, key);
	for (size_t i = 0; i < n; i++)
		json_str(j, NULL, texts[i]);
	json_end(j, ']');
}

void schema_json(const struct schema *sc, struct json *j, const char *key)
{
	json_object(j, key);
	json_array(j, "columns");
	for (size_t i = 0; i < sc->nfields; i++) {
		const struct field *f = &sc->fields[i];
		json_object(j, NULL);
		json_str(j, "name", f->name);
		json_str(j, "kind", kinds[f->kind]);
		if (f->kind == KIND_CATEGORY)
			texts_json(j, "levels", f->levels, (size_t)f->nlevels);
		json_end(j, '}');
	}
	json_end(j, ']');
	texts_json(j, "others", sc->others.s, sc->others.n);
	texts_json(j, "missing", sc->missing.s, sc->missing.n);
	json_str(j, "target", sc->target);
	json_str(j, "task", tasks[sc->task]);
	texts_json(j, "labels", sc->labels, (size_t)sc->nlabels);
	json_int(j, "positive", sc->positive);
	json_str(j, "unseen", sc->unseen);
	if (sc->strict_text)
		json_bool(j, "strict_text", true);
	json_end(j, '}');
}

/* The strings of a JSON array, distinct; the caller owns them. */
static char **texts_from(const struct jval *v, int32_t *n)
{
	size_t size = jval_size(v);
	struct dict *seen = dict_new();
	char **texts = NEW0(char *, size);
	if (size > INT32_MAX)
		die(ST_DATA, "not a valid model: %zu levels", size);
	for (size_t i = 0; i < size; i++) {
		texts[i] = mem_str(jval_str(jval_at(v, i)));
		if (dict_add(seen, texts[i], strlen(texts[i])) != (int32_t)i)
			die(ST_DATA, "not a valid model: the level '%s' stands twice", texts[i]);
	}
	dict_free(seen);
	*n = (int32_t)size;
	return texts;
}

static void field_from(struct field *f, const struct jval *v)
{
	const char *kind = jval_str(jval_need(v, "kind"));
	f->name = mem_str(jval_str(jval_need(v, "name")));
	f->kind = KIND_NUMERIC;
	while (f->kind <= KIND_IMAGE && strcmp(kind, kinds[f->kind]) != 0)
		f->kind++;
	if (f->kind > KIND_IMAGE)
		die(ST_DATA, "not a valid model: column '%s' is of kind '%s'", f->name, kind);
	if (f->kind == KIND_CATEGORY)
		f->levels = texts_from(jval_need(v, "levels"), &f->nlevels);
	index_levels(f);
}

static void list_from(struct strs *l, const struct jval *v)
{
	for (size_t i = 0; i < jval_size(v); i++)
		strs_add(l, jval_str(jval_at(v, i)));
}

static char *text_or_null(const struct jval *v)
{
	return v && !jval_is_null(v) ? mem_str(jval_str(v)) : NULL;
}

void schema_from_json(struct schema *sc, const struct jval *v)
{
	const struct jval *columns = jval_need(v, "columns");
	const char *task = jval_str(jval_need(v, "task"));
	*sc = (struct schema){ .nfields = jval_size(columns) };
	sc->fields = NEW0(struct field, sc->nfields);
	for (size_t i = 0; i < sc->nfields; i++)
		field_from(&sc->fields[i], jval_at(columns, i));
	list_from(&sc->others, jval_need(v, "others"));
	list_from(&sc->missing, jval_need(v, "missing"));
	sc->target = text_or_null(jval_get(v, "target"));
	sc->unseen = text_or_null(jval_get(v, "unseen"));
	sc->strict_text = jval_get(v, "strict_text") && jval_bool(jval_get(v, "strict_text"));
	for (size_t t = 0; t < sizeof(tasks) / sizeof(*tasks); t++)
		if (tasks[t] && strcmp(tasks[t], task) == 0)
			sc->task = (enum task)t;
	if (!sc->task)
		die(ST_DATA, "not a valid model: its task is '%s'", task);
	sc->labels = texts_from(jval_need(v, "labels"), &sc->nlabels);
	sc->positive = (int32_t)jval_int(jval_need(v, "positive"), -1, sc->nlabels - 1);
	if (sc->nlabels == 2 && sc->positive < 0)
		die(ST_DATA, "not a valid model: none of its two labels is the positive one");
}

void schema_free(struct schema *sc)
{
	for (size_t i = 0; i < sc->nfields; i++) {
		struct field *f = &sc->fields[i];
		for (int32_t l = 0; l < f->nlevels; l++)
			free(f->levels[l]);
		free(f->levels);
		free(f->name);
		dict_free(f->dict);
	}
	for (int32_t l = 0; l < sc->nlabels; l++)
		free(sc->labels[l]);
	free(sc->labels);
	free(sc->fields);
	free(sc->target);
	free(sc->unseen);
	strs_free(&sc->others);
	strs_free(&sc->missing);
	*sc = (struct schema){ .positive = -1 };
}

int32_t schema_label(const struct schema *sc, const char *text)
{
	for (int32_t i = 0; i < sc->nlabels; i++)
		if (strcmp(sc->labels[i], text) == 0)
			return i;
	return -1;
}

/* ---- columns ---- */

struct column *schema_columns(const struct schema *sc)
{
	struct column *cols = NEW0(struct column, sc->nfields);
	for (size_t i = 0; i < sc->nfields; i++) {
		const struct field *f = &sc->fields[i];
		cols[i] = (struct column){ .name = f->name, .kind = f->kind, .levels = (const char **)f->levels,
					   .nlevels = f->nlevels };
	}
	return cols;
}

void schema_cells(struct column *cols, size_t ncols, size_t n)
{
	for (size_t i = 0; i < ncols; i++) {
		if (cols[i].kind == KIND_NUMERIC)
			cols[i].num = NEW(double, n);
		else if (cols[i].kind == KIND_CATEGORY)
			cols[i].cat = NEW(int32_t, n);
		else
			cols[i].text = NEW(struct slice, n);
	}
}

void schema_cells_free(struct column *cols, size_t ncols)
{
	for (size_t i = 0; i < ncols; i++) {
		free(cols[i].num);
		free(cols[i].cat);
		free(cols[i].text);
		cols[i].num = NULL;
		cols[i].cat = NULL;
		cols[i].text = NULL;
	}
}

/* ---- from text ---- */

const char **schema_missing(const struct schema *sc)
{
	const char **list = NEW0(const char *, sc->missing.n + 1);
	for (size_t i = 0; i < sc->missing.n; i++)
		list[i] = sc->missing.s[i];
	return list;
}

void schema_trouble(struct convert *c, size_t row, size_t field)
{
	if (!c->bad || row < c->bad_row) {
		c->bad = true;
		c->bad_row = row;
		c->bad_field = field;
	}
}

void schema_convert(const struct schema *sc, const size_t *map, const struct block *b, size_t first, size_t n,
		    struct column *cols, struct convert *c)
{
	const char **extra = schema_missing(sc);
	bool strict = sc->unseen && strcmp(sc->unseen, "error") == 0;
	for (size_t f = 0; f < sc->nfields; f++) {
		const struct field *fl = &sc->fields[f];
		for (size_t i = 0; i < n; i++) {
			struct slice cell = { NULL, 0 };
			if (map[f] != SIZE_MAX)
				cell = b->cells[(first + i) * b->ncols + map[f]];
			if (fl->kind == KIND_IMAGE) {
				cols[f].text[i] = image_cell(cell, extra);
				c->missing[f] += cols[f].text[i].n == 0;
				continue;
			}
			if (fl->kind == KIND_TEXT) {
				cols[f].text[i] = cell.n ? cell : (struct slice){ "", 0 };
				c->missing[f] += cell.n == 0;
				if (utf8_count_bad(cell)) {
					c->unseen[f]++;
					if (!c->text_line) {
						c->text_line = b->lines[first + i];
						c->text_field = f;
					}
					if (sc->strict_text)
						schema_trouble(c, first + i, f);
				}
				continue;
			}
			cell = slice_trim(cell);
			double *x = fl->kind == KIND_NUMERIC ? &cols[f].num[i] : NULL;
			if (x && sc->missing.n == 0 && num_parse(cell.s, cell.n, x) && isfinite(*x))
				continue;
			bool gone = is_missing(cell, extra);
			c->missing[f] += gone;
			if (x) {
				if (!gone && (!num_parse(cell.s, cell.n, x) || !isfinite(*x)))
					schema_trouble(c, first + i, f);
				if (gone)
					*x = NAN;
				continue;
			}
			int32_t code = gone ? -1 : dict_find(fl->dict, cell.s, cell.n);
			cols[f].cat[i] = code;
			if (!gone && code < 0) {
				c->unseen[f]++;
				if (strict)
					schema_trouble(c, first + i, f);
			}
		}
	}
	free(extra);
}

void schema_die(const struct schema *sc, const size_t *map, const struct block *b, const struct reader *r,
		const struct convert *c)
{
	const struct field *f = &sc->fields[c->bad_field];
	struct slice cell = b->cells[c->bad_row * b->ncols + map[c->bad_field]];
	char *text = mem_strn(cell.s, cell.n < 60 ? cell.n : 60);
	unsigned long long line = b->lines[c->bad_row];
	if (f->kind == KIND_TEXT)
		die(ST_DATA, "%s:%llu: column '%s': the text is not UTF-8", reader_where(r), line, f->name);
	if (f->kind == KIND_NUMERIC)
		die(ST_DATA, "%s:%llu: column '%s': '%s' is not a number", reader_where(r), line, f->name, text);
	die(ST_DATA, "%s:%llu: column '%s': '%s' is a level that training did not see (--unseen error)", reader_where(r),
	    line, f->name, text);
}
