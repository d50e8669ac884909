#include "model/vectors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "model/model.h"
#include "opt/cmd.h"

#define CHUNK 32 	/* rows of one piece of parallel work */
#define WAVE 64		/* chunks made before their rows are put together */

static size_t width(const struct vector *v)
{
	return v->tfidf ? tfidf_ncols(v->tfidf) : v->given->n;
}

/* Appends it, and counts its columns. */
static void add(struct vectors *vs, struct vector v)
{
	GROW(vs->v, vs->n + 1);
	vs->v[vs->n++] = v;
	GROW(vs->start, vs->n + 1);
	vs->start[vs->n - 1] = vs->ncols;
	vs->ncols += width(&v);
	vs->start[vs->n] = vs->ncols;
}

void vectors_add(struct vectors *vs, struct tfidf *v, const struct strs *columns)
{
	struct vector x = { .tfidf = v, .field = NEW0(size_t, columns->n) };
	for (size_t i = 0; i < columns->n; i++)
		strs_add(&x.columns, columns->s[i]);
	add(vs, x);
}

void vectors_add_given(struct vectors *vs, struct given *g, bool borrowed)
{
	add(vs, (struct vector){ .given = g, .borrowed = borrowed });
}

void vectors_take(struct vectors *vs, struct vectors *from)
{
	for (size_t i = 0; i < from->n; i++)
		add(vs, from->v[i]);
	vs->sparse_rows |= from->sparse_rows;
	free(from->v);
	free(from->start);
	*from = (struct vectors){ 0 };
}

void vectors_borrow_one(struct vectors *vs, const struct vector *v)
{
	struct vector x = { .tfidf = v->tfidf, .given = v->given, .borrowed = true,
			    .field = mem_copy(v->field, v->columns.n, sizeof(*v->field)) };
	for (size_t k = 0; k < v->columns.n; k++)
		strs_add(&x.columns, v->columns.s[k]);
	add(vs, x);
}

void vectors_borrow(struct vectors *vs, const struct vectors *from)
{
	for (size_t i = 0; i < from->n; i++)
		vectors_borrow_one(vs, &from->v[i]);
	vs->handed = from->handed;
	vs->mixed = from->mixed;
	vs->sparse_rows |= from->sparse_rows;
	vs->twin = from->twin ? mem_copy(from->twin, from->ncols, sizeof(*from->twin)) : NULL;
}

void vectors_free(struct vectors *vs)
{
	for (size_t i = 0; i < vs->n; i++) {
		if (!vs->v[i].borrowed) {
			tfidf_free(vs->v[i].tfidf);
			given_free(vs->v[i].given);
		}
		strs_free(&vs->v[i].columns);
		free(vs->v[i].field);
	}
	free(vs->v);
	free(vs->start);
	free(vs->twin);
	*vs = (struct vectors){ 0 };
}

const char *vectors_bind(struct vectors *vs, const struct column *inputs, size_t ninputs)
{
	for (size_t i = 0; i < vs->n; i++)
		for (size_t k = 0; k < vs->v[i].columns.n; k++) {
			const char *name = vs->v[i].columns.s[k];
			size_t c = 0;
			while (c < ninputs && (inputs[c].kind != KIND_TEXT || strcmp(inputs[c].name, name) != 0))
				c++;
			if (c == ninputs)
				return name;
			vs->v[i].field[k] = c;
		}
	return NULL;
}

void vectors_name(const struct vector *v, struct str *out)
{
	for (size_t k = 0; k < v->columns.n; k++)
		str_printf(out, "%s%s", k ? "+" : "", v->columns.s[k]);
	if (v->given)
		str_puts(out, "(features)");
}

static void put_name(const void *of, size_t j, struct str *out)
{
	const struct vectors *vs = of;
	size_t i = 0;
	while (j >= vs->start[i + 1])
		i++;
	if (vs->v[i].given) {
		given_name(vs->v[i].given, j - vs->start[i], out);
		return;
	}
	vectors_name(&vs->v[i], out);
	str_putc(out, '=');
	tfidf_name(vs->v[i].tfidf, j - vs->start[i], out);
}

void vectors_describe(const struct vectors *vs, struct data *x)
{
	x->names = (struct column_names){ put_name, vs };
	x->ngroups = vs->n;
	x->group = vs->start;
}

/* ---- columns by name and number ---- */

/* Takes the text from the beginning of s; false when it is not there. */
static bool take(struct slice *s, const char *text)
{
	size_t n = strlen(text);
	if (s->n < n || memcmp(s->s, text, n) != 0)
		return false;
	*s = (struct slice){ s->s + n, s->n - n };
	return true;
}

/* The column among the vectoriser's own; -1: none. */
static int32_t find_in(const struct vector *v, struct slice name)
{
	bool mine = true;
	if (v->given)
		return given_find(v->given, name);
	for (size_t k = 0; k < v->columns.n && mine; k++)
		mine = (k == 0 || take(&name, "+")) && take(&name, v->columns.s[k]);
	size_t column = mine && take(&name, "=") ? tfidf_find(v->tfidf, name) : SIZE_MAX;
	return column == SIZE_MAX ? -1 : (int32_t)column;
}

/* What rows brought while training is found before terms, so that it is the same column when it comes again. */
int32_t vectors_find(const struct vectors *vs, struct slice name)
{
	for (int terms = 0; terms < 2; terms++)
		for (size_t i = 0; i < vs->n; i++) {
			int32_t c = (vs->v[i].given == NULL) == terms ? find_in(&vs->v[i], name) : -1;
			if (c >= 0)
				return (int32_t)vs->start[i] + c;
		}
	return -1;
}

bool vectors_by_place(const struct vectors *vs)
{
	for (size_t i = 0; i < vs->n; i++)
		if (vs->v[i].given)
			return false;
	return true;
}

/* The place of the one that hashes names, or vs->n. */
static size_t hashed_one(const struct vectors *vs)
{
	size_t i = 0;
	while (i < vs->n && !(vs->v[i].given && vs->v[i].given->bits))
		i++;
	return i;
}

int32_t vectors_hashed(const struct vectors *vs, int32_t hash)
{
	size_t i = hashed_one(vs);
	return i < vs->n ? (int32_t)vs->start[i] + given_number(vs->v[i].given, hash) : -1;
}

bool vectors_hash_names(const struct vectors *vs)
{
	size_t i = hashed_one(vs);
	return i < vs->n && !vs->v[i].given->numbers;
}

bool vector_same(const struct vector *a, const struct vector *b)
{
	bool same = !a->given == !b->given && a->columns.n == b->columns.n;
	for (size_t k = 0; same && k < a->columns.n; k++)
		same = strcmp(a->columns.s[k], b->columns.s[k]) == 0;
	return same && (a->given ? given_same(a->given, b->given) : tfidf_same(a->tfidf, b->tfidf));
}

/* Puts column b, which has none yet, into the ring of column a. */
static void pair(struct vectors *vs, size_t a, size_t b)
{
	if (!vs->twin) {
		vs->twin = NEW(int32_t, vs->ncols);
		for (size_t c = 0; c < vs->ncols; c++)
			vs->twin[c] = (int32_t)c;
	}
	vs->twin[b] = vs->twin[a];
	vs->twin[a] = (int32_t)b;
}

/* Puts a column of vectoriser i into the ring of that of its name in one before it, if there is one. */
static void pair_column(struct vectors *vs, size_t i, size_t column, struct slice name)
{
	for (size_t k = i; k-- > 0;) {
		int32_t c = find_in(&vs->v[k], name);
		if (c >= 0) {
			pair(vs, vs->start[k] + (size_t)c, column);
			return;
		}
	}
}

void vectors_pair(struct vectors *vs)
{
	struct str name = { 0 };
	for (size_t i = 1; i < vs->n; i++) {
		if (vs->v[i].tfidf && !tfidf_named(vs->v[i].tfidf))
			continue;	/* what its columns are called means nothing elsewhere */
		for (size_t c = vs->start[i]; c < vs->start[i + 1]; c++) {
			name.n = 0;
			put_name(vs, c, &name);
			pair_column(vs, i, c, (struct slice){ name.s, name.n });
		}
	}
	str_free(&name);
}

int32_t vectors_number(const struct vectors *vs, int32_t number)
{
	if (vectors_by_place(vs))
		return number >= 1 && (size_t)number <= vs->ncols ? number - 1 : -1;
	for (size_t i = 0; i < vs->n; i++) {
		int32_t c = vs->v[i].given ? given_number(vs->v[i].given, number) : -1;
		if (c >= 0)
			return (int32_t)vs->start[i] + c;
	}
	return -1;
}

/* ---- rows ---- */

/* Without texts they are empty. */
static struct sparse rows_of(const struct vector *v, bool texts, const struct column *inputs, size_t first, size_t n,
			     struct tfidf_scratch *s)
{
	if (!texts)
		return sparse_empty(width(v), n);
	struct sparse rows = sparse_new(width(v));
	struct slice *text = NEW(struct slice, v->columns.n);
	for (size_t i = first; i < first + n; i++) {
		for (size_t k = 0; k < v->columns.n; k++)
			text[k] = inputs[v->field[k]].text[i];
		tfidf_row(v->tfidf, text, v->columns.n, s, &rows);
	}
	free(text);
	return rows;
}

static struct sparse chunk(const struct vectors *vs, const struct column *inputs, const struct sparse *given, size_t first,
			   size_t n, struct tfidf_scratch *s)
{
	struct sparse *parts = NEW(struct sparse, vs->n), all;
	const struct sparse **list = NEW(const struct sparse *, vs->n);
	for (size_t i = 0; i < vs->n; i++) {
		parts[i] = rows_of(&vs->v[i], vs->v[i].tfidf && !vs->handed, inputs, first, n, s);
		list[i] = &parts[i];
	}
	all = vs->n == 1 ? parts[0] : sparse_beside(list, vs->n);
	for (size_t i = 0; vs->n > 1 && i < vs->n; i++)
		sparse_free(&parts[i]);
	free(parts);
	free(list);
	if (given) {
		struct sparse over = sparse_over(&all, given, first);
		sparse_free(&all);
		all = over;
	}
	return all;
}

struct sparse vectors_chunk(const struct vectors *vs, const struct column *inputs, const struct sparse *given, size_t first,
			    size_t n)
{
	struct tfidf_scratch *s = tfidf_scratch_new();
	struct sparse rows = chunk(vs, inputs, given, first, n, s);
	tfidf_scratch_free(s);
	return rows;
}

struct rows_job {
	const struct vectors *vs;
	const struct column *inputs;
	const struct sparse *given;
	size_t first, n;	/* rows */
	struct sparse parts[WAVE];
	struct tfidf_scratch *workers[PAR_MAX];
};

static void rows_chunk(void *ctx, size_t i, int worker)
{
	struct rows_job *j = ctx;
	size_t first = j->first + i * CHUNK, left = j->n - first;
	if (!j->workers[worker])
		j->workers[worker] = tfidf_scratch_new();
	j->parts[i] = chunk(j->vs, j->inputs, j->given, first, left < CHUNK ? left : CHUNK, j->workers[worker]);
}

/* The first wave tells how many entries there will be, so that the rows are not moved often. */
struct sparse vectors_rows(const struct vectors *vs, const struct column *inputs, const struct sparse *given, size_t n,
			   int threads)
{
	struct sparse rows = sparse_new(vs->ncols);
	struct rows_job j = { .vs = vs, .inputs = inputs, .given = given, .n = n };
	for (; j.first < n; j.first = rows.n) {
		size_t chunks = (n - j.first + CHUNK - 1) / CHUNK;
		chunks = chunks < WAVE ? chunks : WAVE;
		par_for(threads, chunks, rows_chunk, &j);
		sparse_append(&rows, j.parts, chunks, threads);
		if (j.first == 0)
			sparse_room(&rows, n, (size_t)((double)sparse_nnz(&rows) / (double)rows.n * (double)n * 1.05));
	}
	for (size_t w = 0; w < PAR_MAX; w++)
		tfidf_scratch_free(j.workers[w]);
	return rows;
}

/* ---- the file ---- */

static void enter(struct store *st, size_t i)
{
	char scope[32];
	snprintf(scope, sizeof(scope), "%zu.", i);
	store_enter(st, scope);
}

/* "dls.vectors": of each the texts that it reads; none, and it is columns that rows bring. */
void vectors_save(const struct vectors *vs, struct store *st)
{
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	if (vs->n == 0)
		return;
	json_array(&j, NULL);
	for (size_t i = 0; i < vs->n; i++) {
		json_array(&j, NULL);
		for (size_t k = 0; k < vs->v[i].columns.n; k++)
			json_str(&j, NULL, vs->v[i].columns.s[k]);
		json_end(&j, ']');
	}
	json_end(&j, ']');
	store_meta(st, "dls.vectors", s.s);
	str_free(&s);
	store_enter(st, "vectors.");
	for (size_t i = 0; i < vs->n; i++) {
		enter(st, i);
		if (vs->v[i].given)
			given_save(vs->v[i].given, st);
		else
			tfidf_save(vs->v[i].tfidf, st);
		store_leave(st);
	}
	store_leave(st);
}

void vectors_load(struct vectors *vs, struct store *st)
{
	const char *text = store_meta_get(st, "dls.vectors");
	*vs = (struct vectors){ 0 };
	if (!text)
		return;
	struct jval *list = jval_parse(text, strlen(text), store_where(st));
	store_enter(st, "vectors.");
	for (size_t i = 0; i < jval_size(list); i++) {
		const struct jval *names = jval_at(list, i);
		struct strs columns = { 0 };
		for (size_t k = 0; k < jval_size(names); k++)
			strs_add(&columns, jval_str(jval_at(names, k)));
		enter(st, i);
		if (columns.n)
			vectors_add(vs, tfidf_load(st), &columns);
		else
			vectors_add_given(vs, given_load(st), false);
		vs->sparse_rows |= columns.n == 0;
		store_leave(st);
		strs_free(&columns);
	}
	store_leave(st);
	if (vs->ncols > INT32_MAX)
		store_bad(st, "its vectorisers have %zu columns", vs->ncols);
	jval_free(list);
}

void vectors_show(const struct vectors *vs, struct json *j)
{
	json_array(j, "vectorisers");
	for (size_t i = 0; i < vs->n; i++) {
		json_object(j, NULL);
		json_array(j, "columns");
		for (size_t k = 0; k < vs->v[i].columns.n; k++)
			json_str(j, NULL, vs->v[i].columns.s[k]);
		json_end(j, ']');
		if (vs->v[i].given)
			json_int(j, "features", (int64_t)vs->v[i].given->n);
		else
			tfidf_show(vs->v[i].tfidf, j);
		json_end(j, '}');
	}
	json_end(j, ']');
}

/* ---- a file of dls-tfidf ---- */

void vectorfile_write(const struct vectorfile *f, struct out *out)
{
	struct store *st = store_new();
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	store_meta(st, "dls.format", MODEL_FORMAT);
	store_meta(st, "dls.version", DLS_VERSION);
	store_meta(st, "dls.family", VECTORFILE_FAMILY);
	json_object(&j, NULL);
	json_str(&j, "target", f->target);
	json_array(&j, "labels");
	for (int32_t l = 0; l < f->nlabels; l++)
		json_str(&j, NULL, f->labels[l]);
	json_end(&j, ']');
	json_bool(&j, "chosen_by_target", f->chosen_by_target);
	json_end(&j, '}');
	store_meta(st, "dls.schema", s.s);
	s.n = 0;
	str_printf(&s, "%016" PRIx64, f->rows_hash);
	store_meta(st, "dls.rows", s.s);
	str_free(&s);
	vectors_save(&f->vectors, st);
	store_write(st, out);
	store_free(st);
}

void vectorfile_read(struct vectorfile *f, const char *path)
{
	size_t n;
	char *bytes = in_read_all(path, &n), *end;
	struct store *st = store_read(bytes, n, in_name(path));
	*f = (struct vectorfile){ 0 };
	if (strcmp(store_meta_need(st, "dls.family"), VECTORFILE_FAMILY) != 0)
		die(ST_DATA, "%s: this is a model of family %s, not a vectoriser of dls-tfidf", in_name(path),
		    store_meta_need(st, "dls.family"));
	if (strcmp(store_meta_need(st, "dls.format"), MODEL_FORMAT) != 0)
		store_bad(st, "it has format %s, this version reads " MODEL_FORMAT, store_meta_need(st, "dls.format"));
	const char *text = store_meta_need(st, "dls.schema");
	struct jval *v = jval_parse(text, strlen(text), store_where(st));
	const struct jval *target = jval_need(v, "target"), *labels = jval_need(v, "labels");
	f->target = jval_is_null(target) ? NULL : mem_str(jval_str(target));
	f->labels = NEW0(char *, jval_size(labels));
	for (size_t l = 0; l < jval_size(labels); l++)
		f->labels[f->nlabels++] = mem_str(jval_str(jval_at(labels, l)));
	f->chosen_by_target = jval_bool(jval_need(v, "chosen_by_target"));
	jval_free(v);
	f->rows_hash = strtoull(store_meta_need(st, "dls.rows"), &end, 16);
	vectors_load(&f->vectors, st);
	if (f->vectors.n == 0 || f->vectors.sparse_rows)
		store_bad(st, "it holds no vectoriser of texts");
	store_free(st);
}

void vectorfile_free(struct vectorfile *f)
{
	vectors_free(&f->vectors);
	for (int32_t l = 0; l < f->nlabels; l++)
		free(f->labels[l]);
	free(f->labels);
	free(f->target);
	*f = (struct vectorfile){ 0 };
}
