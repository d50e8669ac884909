#include "model/bind.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/need.h"

/* What a feature is: a sparse column from 0 on, nothing, or a field. */
#define NOTHING (-1)
#define FIELD(f) (-2 - (int32_t)(f))
#define FIELD_OF(is) ((size_t)(-2 - (is)))

/* ---- names ---- */

static int32_t look_up(const struct binding *b, struct slice name)
{
	int32_t c = vectors_find(b->vs, name), f = c < 0 ? dict_find(b->names, name.s, name.n) : -1;
	return f >= 0 ? FIELD(b->fields[f]) : c;
}

static int32_t meaning_of(const struct binding *b, struct slice name)
{
	int32_t is = vectors_hashed(b->vs, name_hash(name));
	if (is >= 0)
		return is;
	is = look_up(b, name);
	const char *eq = is == NOTHING ? memchr(name.s, '=', name.n) : NULL;
	return eq ? look_up(b, (struct slice){ eq + 1, name.n - (size_t)(eq + 1 - name.s) }) : is;
}

/* What svmlight's feature is. */
static int32_t meaning_of_number(const struct binding *b, int32_t i)
{
	char text[NUMBER_TEXT];
	int32_t c = vectors_number(b->vs, i);
	if (c >= 0 || dict_size(b->names) == 0)
		return c;
	int32_t f = dict_find(b->names, text, number_text(i, text));
	return f >= 0 ? FIELD(b->fields[f]) : NOTHING;
}

static inline int32_t what_is(const struct binding *b, bool numbered, int32_t feature)
{
	if (reader_is_hashed(b->r))
		return vectors_hashed(b->vs, feature);
	return numbered ? meaning_of_number(b, feature) : b->features[feature];
}

/* ---- columns ---- */

static void bind_columns(struct binding *b)
{
	size_t n = reader_ncols(b->r);
	bool *field = NEW0(bool, n);	/* the column is one */
	for (size_t f = 0; f < b->sc->nfields; f++) {
		b->map[f] = reader_find(b->r, b->sc->fields[f].name);
		if (b->map[f] == SIZE_MAX && b->sc->fields[f].kind == KIND_IMAGE && reader_image(b->r))
			b->map[f] = reader_find(b->r, reader_image(b->r));	/* pictures that are no column of a table have no other name */
		if (b->map[f] != SIZE_MAX)
			field[b->map[f]] = true;
	}
	GROW(b->columns, n);
	for (size_t c = 0; c < n; c++) {
		bool feature = !field[c] && !reader_is_lines(b->r);
		b->columns[c] = feature ? vectors_find(b->vs, slice_of(reader_name(b->r, c))) : NOTHING;
		b->any_column = b->any_column || b->columns[c] >= 0;
	}
	b->ncols = n;
	free(field);
}

/* True when rows of the stream may do without a column for the field, given that something of the model is in it. */
static bool may_lack(const struct binding *b, const struct field *f)
{
	int64_t number;
	bool sparse = reader_is_sparse(b->r);
	if (reader_is_json(b->r))
		return true;
	if (f->kind == KIND_NUMERIC)
		return sparse && (!reader_is_numbered(b->r) || num_parse_int(f->name, strlen(f->name), &number));
	return f->kind == KIND_TEXT && (sparse || b->any_column);
}

static void refuse_lacks(const struct binding *b)
{
	bool any = b->any_column || reader_is_sparse(b->r);
	for (size_t f = 0; f < b->sc->nfields; f++)
		any = any || b->map[f] != SIZE_MAX;
	for (size_t f = 0; f < b->sc->nfields; f++)
		if (b->map[f] == SIZE_MAX && !(any && may_lack(b, &b->sc->fields[f])))
			reader_need(b->r, b->sc->fields[f].name, "the model reads it");
	if (!any)
		die(ST_DATA, "%s: none of its columns is one of the features that the model was trained on", reader_where(b->r));
	if (vectors_hash_names(b->vs) && reader_is_numbered(b->r))
		die(ST_DATA, "%s: the model hashed the names of features, and svmlight's numbers are none", reader_where(b->r));
	if (b->vs->mixed && reader_is_numbered(b->r))
		die(ST_DATA, "%s: the members of the ensemble have different sparse columns, so that numbers mean none of them; "
		    "VW and JSON rows name theirs", reader_where(b->r));
}

void bind_open(struct binding *b, const struct schema *sc, const struct vectors *vs, const struct reader *r)
{
	*b = (struct binding){ .sc = sc, .vs = vs, .r = r, .names = dict_new(), .map = NEW(size_t, sc->nfields),
			       .fields = NEW(size_t, sc->nfields) };
	for (size_t f = 0; f < sc->nfields; f++)
		if (sc->fields[f].kind == KIND_NUMERIC)
			b->fields[dict_add(b->names, sc->fields[f].name, strlen(sc->fields[f].name))] = f;
	bind_columns(b);
	refuse_lacks(b);
	bind_more(b);
}

void bind_more(struct binding *b)
{
	int32_t n = reader_nfeatures(b->r);
	if (reader_ncols(b->r) != b->ncols)
		bind_columns(b);
	if (n > b->nfeatures)
		GROW(b->features, (size_t)n);
	for (; b->nfeatures < n; b->nfeatures++)
		b->features[b->nfeatures] = meaning_of(b, reader_feature(b->r, b->nfeatures));
}

void bind_close(struct binding *b)
{
	free(b->map);
	free(b->columns);
	free(b->features);
	free(b->fields);
	dict_free(b->names);
}

/* ---- rows ---- */

static inline bool lacks_cell(const struct binding *b, const struct block *bl, size_t row, size_t field)
{
	return b->map[field] == SIZE_MAX || !bl->cells[row * bl->ncols + b->map[field]].s;
}

double bind_absent(const struct binding *b)
{
	return b->vs->sparse_rows ? (double)NAN : 0;
}

/* The numbers for which a sparse row, i of cols, has no cell; features come later. */
static void put_absent(const struct binding *b, const struct block *bl, size_t row, size_t i, struct column *cols,
		       struct convert *c)
{
	double absent = bind_absent(b);
	for (size_t f = 0; f < b->sc->nfields; f++)
		if (cols[f].kind == KIND_NUMERIC && lacks_cell(b, bl, row, f)) {
			cols[f].num[i] = absent;
			if (!isnan(absent))
				c->missing[f]--;
		}
}

/* Appends the value to the k entries of a row for the column, and for those of the same name; how many these are then. */
static size_t put_entry(const struct vectors *vs, int32_t c, double value, int32_t *col, double *val, size_t k)
{
	int32_t next = c;
	do {
		col[k] = next;
		val[k++] = value;
		next = vs->twin ? vs->twin[next] : c;
	} while (next != c);
	return k;
}

/* A field's number from a feature; of those of one field the sum. */
static void put_number(double *x, double value, uint64_t *missing)
{
	if (isnan(*x)) {
		*missing -= 1;
		*x = 0;
	}
	*x += value;
}

static void ignore(struct convert *c, int32_t feature, uint64_t line)
{
	if (c->ignored++ == 0) {
		c->ignored_feature = feature;
		c->ignored_line = line;
	}
}

/* The features of a row, i of cols: to cols, and to the k entries at col and val; how many these are then. */
static size_t put_features(const struct binding *b, const struct block *bl, size_t row, size_t i, struct column *cols,
			   int32_t *col, double *val, struct convert *c)
{
	const struct entries *en = &bl->entries;
	bool numbered = reader_is_numbered(b->r);
	size_t k = 0;
	for (size_t e = en->start[row]; e < en->start[row + 1]; e++) {
		int32_t is = what_is(b, numbered, en->feature[e]);
		if (is >= 0) {
			k = put_entry(b->vs, is, en->value[e], col, val, k);
		} else if (is == NOTHING) {
			ignore(c, en->feature[e], bl->lines[row]);
		} else if (lacks_cell(b, bl, row, FIELD_OF(is))) {
			put_number(&cols[FIELD_OF(is)].num[i], en->value[e], &c->missing[FIELD_OF(is)]);
		}
	}
	return k;
}

/* The cells of a row that are sparse columns, appended to the k entries at col and val; how many these are then. */
static size_t put_cells(const struct binding *b, const struct block *bl, size_t row, const char **extra, int32_t *col,
			double *val, size_t k, struct convert *c)
{
	for (size_t j = 0; j < bl->ncols; j++) {
		struct slice cell = bl->cells[row * bl->ncols + j];
		if (b->columns[j] < 0 || is_missing(cell, extra))
			continue;
		double x;
		cell = slice_trim(cell);
		if (num_parse(cell.s, cell.n, &x) && fabs(x) <= FEATURE_MAX)
			k = put_entry(b->vs, b->columns[j], x, col, val, k);
		else
			schema_trouble(c, row, b->sc->nfields + j);
	}
	return k;
}

void bind_rows(const struct binding *b, const struct block *bl, size_t first, size_t n, struct column *cols,
	       struct sparse *given, struct convert *c)
{
	const size_t *start = bl->entries.start;
	schema_convert(b->sc, b->map, bl, first, n, cols, c);
	*given = (struct sparse){ 0 };
	if (!start && !b->any_column)
		return;
	*given = sparse_new(b->vs->ncols);
	const char **extra = schema_missing(b->sc);
	for (size_t i = 0; i < n; i++) {
		size_t row = first + i, k = 0;
		size_t most = (start ? start[row + 1] - start[row] : 0) + (b->any_column ? bl->ncols : 0);
		sparse_reserve(given, b->vs->twin ? most * b->vs->n : most);
		int32_t *col = given->col + given->start[i];
		double *val = given->val + given->start[i];
		if (start && bl->sparse[row]) {
			put_absent(b, bl, row, i, cols, c);
			k = put_features(b, bl, row, i, cols, col, val, c);
		}
		if (b->any_column)
			k = put_cells(b, bl, row, extra, col, val, k, c);
		sparse_end(given, sparse_tidy(col, val, k));
	}
	free(extra);
}

void bind_die(const struct binding *b, const struct block *bl, const struct convert *c)
{
	size_t n = b->sc->nfields;
	if (c->bad_field < n)
		schema_die(b->sc, b->map, bl, b->r, c);
	struct slice cell = slice_trim(bl->cells[c->bad_row * bl->ncols + c->bad_field - n]);
	die(ST_DATA, "%s:%" PRIu64 ": column '%s': '%.*s' is not a number up to 1e300", reader_where(b->r), bl->lines[c->bad_row],
	    reader_name(b->r, c->bad_field - n), (int)(cell.n < 60 ? cell.n : 60), cell.s);
}

/* ---- what was odd ---- */

bool bind_lacks(const struct binding *b, size_t field)
{
	enum kind kind = b->sc->fields[field].kind;
	bool sparse = reader_is_sparse(b->r), met = false;
	if (b->map[field] != SIZE_MAX || (kind == KIND_TEXT && (sparse || b->any_column)))
		return false;
	if (kind != KIND_NUMERIC || !sparse)
		return true;
	if (reader_is_numbered(b->r))
		return false;
	for (int32_t i = 0; i < b->nfeatures; i++)
		met = met || b->features[i] == FIELD(field);
	return !met && b->vs->ncols > 0;
}

void bind_name(const struct binding *b, int32_t feature, struct str *out)
{
	if (reader_is_numbered(b->r)) {
		str_printf(out, "%" PRId32, feature);
		return;
	}
	struct slice s = reader_feature(b->r, feature);
	str_add(out, s.s, s.n);
}
