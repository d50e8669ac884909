#include "io/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/map.h"
#include "base/mem.h"

#define MAX_HEADER ((size_t)100 << 20)
#define MAX_COMMAS ((size_t)4 << 20)	/* in a header: a parsed value takes some 120 bytes, so this bounds what a hostile one costs */
#define MAX_SCOPE 256
#define HASH_DIGITS 16
#define HASH_KEY "\"dls.hash\":\""

static const struct {
	const char *name;
	size_t width;
} dtypes[] = {
	[DT_U8] = { "U8", 1 }, [DT_I8] = { "I8", 1 }, [DT_U16] = { "U16", 2 }, [DT_I16] = { "I16", 2 },
	[DT_F16] = { "F16", 2 }, [DT_U32] = { "U32", 4 }, [DT_I32] = { "I32", 4 }, [DT_F32] = { "F32", 4 },
	[DT_U64] = { "U64", 8 }, [DT_I64] = { "I64", 8 }, [DT_F64] = { "F64", 8 }, [DT_BOOL] = { "BOOL", 1 },
	[DT_BF16] = { "BF16", 2 },
};
#define NDTYPES (sizeof(dtypes) / sizeof(*dtypes))

struct tensor {
	char *name;
	enum dtype type;
	int ndim;
	size_t dims[STORE_MAX_DIMS];
	size_t bytes, begin;	/* length and place in the data */
	void *data;		/* owned when `owned`, else inside the store's bytes */
	bool owned;
};

struct meta {
	char *key, *value;
};

struct store {
	struct tensor *tensors;
	size_t ntensors, cap_tensors;
	struct meta *meta;
	size_t nmeta, cap_meta;
	char scope[MAX_SCOPE];
	char *bytes;		/* of a file that was read */
	char *where;		/* its name */
	struct dict *names;	/* tensor name -> number */
};

struct store *store_new(void)
{
	struct store *st = NEW0(struct store, 1);
	st->names = dict_new();
	return st;
}

void store_free(struct store *st)
{
	if (!st)
		return;
	for (size_t i = 0; i < st->ntensors; i++) {
		free(st->tensors[i].name);
		if (st->tensors[i].owned)
			free(st->tensors[i].data);
	}
	for (size_t i = 0; i < st->nmeta; i++) {
		free(st->meta[i].key);
		free(st->meta[i].value);
	}
	free(st->tensors);
	free(st->meta);
	free(st->bytes);
	free(st->where);
	dict_free(st->names);
	free(st);
}

const char *store_where(const struct store *st)
{
	return st->where ? st->where : "the new model";
}

void store_bad(const struct store *st, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	die(ST_DATA, "%s: not a valid model: %s", store_where(st), text);
}

/* ---- names and scopes ---- */

void store_enter(struct store *st, const char *scope)
{
	size_t n = strlen(st->scope), m = strlen(scope);
	if (m == 0 || scope[m - 1] != '.')
		bug("the scope '%s' does not end in a point", scope);
	if (n + m >= MAX_SCOPE)
		store_bad(st, "scopes are nested too deeply");
	memcpy(st->scope + n, scope, m + 1);
}

void store_leave(struct store *st)
{
	size_t n = strlen(st->scope);
	if (n == 0)
		bug("no scope to leave");
	st->scope[--n] = '\0';
	while (n && st->scope[n - 1] != '.')
		st->scope[--n] = '\0';
}

/* The name with the scope before it; the caller frees. */
static char *scoped(const struct store *st, const char *name)
{
	struct str s = { 0 };
	str_puts(&s, st->scope);
	str_puts(&s, name);
	return str_take(&s);
}

/* ---- tensors ---- */

/* Bytes of a tensor; false on overflow. */
static bool tensor_bytes(enum dtype type, int ndim, const size_t *dims, size_t *bytes)
{
	size_t n = dtypes[type].width;
	for (int i = 0; i < ndim; i++)
		if (__builtin_mul_overflow(n, dims[i], &n))
			return false;
	*bytes = n;
	return true;
}

/* A new tensor without data under its full name (taken over); NULL when the name is there already. */
static struct tensor *add_tensor(struct store *st, char *name, enum dtype type, int ndim, const size_t *dims)
{
	if (dict_add(st->names, name, strlen(name)) != (int32_t)st->ntensors)
		return NULL;
	if (st->ntensors == st->cap_tensors) {
		st->cap_tensors = st->cap_tensors * 2 + 16;
		GROW(st->tensors, st->cap_tensors);
	}
	struct tensor *t = &st->tensors[st->ntensors++];
	*t = (struct tensor){ .name = name, .type = type, .ndim = ndim };
	for (int i = 0; i < ndim; i++)
		t->dims[i] = dims[i];
	if (!tensor_bytes(type, ndim, dims, &t->bytes))
		store_bad(st, "tensor '%s' is too large", name);
	return t;
}

void store_put(struct store *st, const char *name, enum dtype type, int ndim, const size_t *dims, const void *data)
{
	struct tensor *t = add_tensor(st, scoped(st, name), type, ndim, dims);
	if (!t)
		bug("tensor '%s' is put twice", name);
	t->data = mem_copy(data, t->bytes, 1);
	t->owned = true;
}

void store_put1(struct store *st, const char *name, enum dtype type, size_t n, const void *data)
{
	store_put(st, name, type, 1, &n, data);
}

void store_put2(struct store *st, const char *name, enum dtype type, size_t n, size_t m, const void *data)
{
	store_put(st, name, type, 2, (size_t[]){ n, m }, data);
}

static const struct tensor *find(const struct store *st, const char *name)
{
	char *full = scoped(st, name);
	int32_t i = dict_find(st->names, full, strlen(full));
	free(full);
	return i < 0 ? NULL : &st->tensors[i];
}

int store_has(const struct store *st, const char *name)
{
	return find(st, name) != NULL;
}

const void *store_get(const struct store *st, const char *name, enum dtype type, int ndim, size_t *dims)
{
	const struct tensor *t = find(st, name);
	if (!t)
		store_bad(st, "tensor '%s%s' is not there", st->scope, name);
	if (t->type != type || t->ndim != ndim)
		store_bad(st, "tensor '%s' is %s with %d dims, not %s with %d", t->name, dtypes[t->type].name,
			  t->ndim, dtypes[type].name, ndim);
	for (int i = 0; i < ndim; i++) {
		if (dims[i] != ANY && dims[i] != t->dims[i])
			store_bad(st, "tensor '%s' has %zu, not %zu, in dim %d", t->name, t->dims[i], dims[i], i);
		dims[i] = t->dims[i];
	}
	return t->data;
}

size_t store_size(const struct store *st)
{
	return st->ntensors;
}

struct store_tensor store_at(const struct store *st, size_t i)
{
	const struct tensor *t = &st->tensors[i];
	return (struct store_tensor){ t->name, t->type, t->ndim, t->dims, t->bytes / dtypes[t->type].width, t->data };
}

const char *store_type_name(enum dtype type)
{
	return dtypes[type].name;
}

const void *store_get1(const struct store *st, const char *name, enum dtype type, size_t *n)
{
	return store_get(st, name, type, 1, n);
}

const void *store_get2(const struct store *st, const char *name, enum dtype type, size_t *n, size_t *m)
{
	size_t dims[2] = { *n, *m };
	const void *p = store_get(st, name, type, 2, dims);
	*n = dims[0];
	*m = dims[1];
	return p;
}

/* ---- metadata ---- */

static void add_meta(struct store *st, char *key, char *value)
{
	if (st->nmeta == st->cap_meta) {
		st->cap_meta = st->cap_meta * 2 + 16;
		GROW(st->meta, st->cap_meta);
	}
	st->meta[st->nmeta++] = (struct meta){ key, value };
}

void store_meta(struct store *st, const char *key, const char *value)
{
	if (store_meta_get(st, key))
		bug("metadata '%s' is put twice", key);
	add_meta(st, scoped(st, key), mem_str(value));
}

const char *store_meta_get(const struct store *st, const char *key)
{
	const char *value = NULL;
	char *full = scoped(st, key);
	for (size_t i = 0; i < st->nmeta && !value; i++)
		if (strcmp(st->meta[i].key, full) == 0)
			value = st->meta[i].value;
	free(full);
	return value;
}

const char *store_meta_need(const struct store *st, const char *key)
{
	const char *value = store_meta_get(st, key);
	if (!value)
		store_bad(st, "no '%s%s' in its metadata", st->scope, key);
	return value;
}

/* ---- writing ---- */

static int by_width_and_name(const void *a, const void *b)
{
	const struct tensor *s = a, *t = b;
	size_t v = dtypes[s->type].width, w = dtypes[t->type].width;
	return v != w ? (v < w ? 1 : -1) : strcmp(s->name, t->name);
}

static int by_meta_key(const void *a, const void *b)
{
	return strcmp(((const struct meta *)a)->key, ((const struct meta *)b)->key);
}

/* Puts tensors in file order and gives them their places. */
static void lay_out(struct store *st)
{
	size_t at = 0;
	if (st->ntensors)
		qsort(st->tensors, st->ntensors, sizeof(*st->tensors), by_width_and_name);
	for (size_t i = 0; i < st->ntensors; i++) {
		st->tensors[i].begin = at;
		at += st->tensors[i].bytes;
	}
	dict_free(st->names);
	st->names = dict_new();
	for (size_t i = 0; i < st->ntensors; i++)
		dict_add(st->names, st->tensors[i].name, strlen(st->tensors[i].name));
}

/* The JSON header, padded to 8 bytes, with zeros for the hash. */
static void make_header(struct store *st, struct str *out)
{
	struct json j = json_to(out, 0);
	json_object(&j, NULL);
	json_object(&j, "__metadata__");
	if (st->nmeta)
		qsort(st->meta, st->nmeta, sizeof(*st->meta), by_meta_key);
	json_str(&j, "dls.hash", "0000000000000000");
	for (size_t i = 0; i < st->nmeta; i++)
		json_str(&j, st->meta[i].key, st->meta[i].value);
	json_end(&j, '}');
	for (size_t i = 0; i < st->ntensors; i++) {
		const struct tensor *t = &st->tensors[i];
		json_object(&j, t->name);
		json_str(&j, "dtype", dtypes[t->type].name);
		json_array(&j, "shape");
		for (int d = 0; d < t->ndim; d++)
			json_int(&j, NULL, (int64_t)t->dims[d]);
		json_end(&j, ']');
		json_array(&j, "data_offsets");
		json_int(&j, NULL, (int64_t)t->begin);
		json_int(&j, NULL, (int64_t)(t->begin + t->bytes));
		json_end(&j, ']');
		json_end(&j, '}');
	}
	json_end(&j, '}');
	while (out->n % 8)
		str_putc(out, ' ');
}

/* The hash of a header with zeros for the hash, and of all tensors in file order. */
static uint64_t hash_all(const struct store *st, const char *header, size_t n)
{
	uint64_t h = hash_bytes(header, n, 0);
	for (size_t i = 0; i < st->ntensors; i++)
		h = hash_bytes(st->tensors[i].data, st->tensors[i].bytes, h);
	return h;
}

/* Where the 16 digits of the hash stand in a header, or NULL. A string inside JSON cannot look like this: its quotes are escaped. */
static char *hash_digits(char *header, size_t n)
{
	char *p = memmem(header, n, HASH_KEY, strlen(HASH_KEY));
	if (!p || (size_t)(header + n - p) < strlen(HASH_KEY) + HASH_DIGITS)
		return NULL;
	return p + strlen(HASH_KEY);
}

void store_write(struct store *st, struct out *out)
{
	struct str header = { 0 };
	char digits[HASH_DIGITS + 1];
	unsigned char length[8];
	lay_out(st);
	make_header(st, &header);
	if (header.n > MAX_HEADER)
		die(ST_DATA, "the model's header of %zu bytes is over %zu", header.n, MAX_HEADER);
	snprintf(digits, sizeof(digits), "%016llx", (unsigned long long)hash_all(st, header.s, header.n));
	memcpy(hash_digits(header.s, header.n), digits, HASH_DIGITS);
	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(header.n >> (8 * i));
	out_write(out, length, 8);
	out_write(out, header.s, header.n);
	for (size_t i = 0; i < st->ntensors; i++)
		out_write(out, st->tensors[i].data, st->tensors[i].bytes);
	str_free(&header);
}

/* ---- reading ---- */

static enum dtype dtype_of(const struct store *st, const char *name)
{
	for (size_t i = 0; i < NDTYPES; i++)
		if (strcmp(dtypes[i].name, name) == 0)
			return (enum dtype)i;
	store_bad(st, "unknown dtype '%s'", name);
}

/* One member of the header: a tensor whose data lie in data (size). */
static void read_tensor(struct store *st, const struct jval *v, char *data, size_t size)
{
	const char *name = jval_key(v);
	const struct jval *shape = jval_need(v, "shape"), *offsets = jval_need(v, "data_offsets");
	enum dtype type = dtype_of(st, jval_str(jval_need(v, "dtype")));
	size_t ndim = jval_size(shape), dims[STORE_MAX_DIMS], width = dtypes[type].width;
	if (ndim > STORE_MAX_DIMS)
		store_bad(st, "tensor '%s' has %zu dims; at most %d", name, ndim, STORE_MAX_DIMS);
	for (size_t i = 0; i < ndim; i++)
		dims[i] = (size_t)jval_int(jval_at(shape, i), 0, INT64_C(1) << 48);
	if (jval_size(offsets) != 2)
		store_bad(st, "tensor '%s' has not two offsets", name);
	size_t begin = (size_t)jval_int(jval_at(offsets, 0), 0, INT64_C(1) << 48);
	size_t end = (size_t)jval_int(jval_at(offsets, 1), 0, INT64_C(1) << 48);
	struct tensor *t = add_tensor(st, mem_str(name), type, (int)ndim, dims);
	if (!t)
		store_bad(st, "tensor '%s' stands twice", name);
	if (begin > end || end > size || end - begin != t->bytes)
		store_bad(st, "tensor '%s' lies at bytes %zu to %zu of %zu, but its shape needs %zu", name, begin, end,
			  size, t->bytes);
	t->begin = begin;
	t->data = data + begin;
	if ((size_t)(uintptr_t)t->data % width) {
		t->data = mem_copy(t->data, t->bytes, 1);
		t->owned = true;
	}
}

static int by_begin(const void *a, const void *b)
{
	const struct tensor *s = *(const struct tensor *const *)a, *t = *(const struct tensor *const *)b;
	if (s->begin != t->begin)
		return s->begin < t->begin ? -1 : 1;
	return s->bytes < t->bytes ? -1 : s->bytes > t->bytes;
}

/* Dies unless the tensors cover the data without hole or overlap up to its end. */
static void check_tiling(const struct store *st, size_t size)
{
	size_t at = 0;
	const struct tensor **order = NEW(const struct tensor *, st->ntensors);
	for (size_t i = 0; i < st->ntensors; i++)
		order[i] = &st->tensors[i];
	if (st->ntensors)
		qsort(order, st->ntensors, sizeof(*order), by_begin);
	for (size_t i = 0; i < st->ntensors; i++) {
		if (order[i]->begin != at)
			store_bad(st, "tensor '%s' begins at byte %zu of the data, not %zu", order[i]->name,
				  order[i]->begin, at);
		at += order[i]->bytes;
	}
	if (at != size)
		store_bad(st, "%zu bytes of data where its tensors need %zu (truncated?)", size, at);
	free(order);
}

static void check_hash(const struct store *st, char *header, size_t n)
{
	char *digits = hash_digits(header, n), found[HASH_DIGITS + 1], made[HASH_DIGITS + 1];
	if (!digits)
		store_bad(st, "it has no dls.hash");
	memcpy(found, digits, HASH_DIGITS);
	found[HASH_DIGITS] = '\0';
	memset(digits, '0', HASH_DIGITS);
	snprintf(made, sizeof(made), "%016llx", (unsigned long long)hash_all(st, header, n));
	memcpy(digits, found, HASH_DIGITS);
	if (strcmp(found, made) != 0)
		store_bad(st, "its contents were altered (hash %s, found %s)", found, made);
}

/* Reads and checks all but the hash. */
static struct store *read_all(char *bytes, size_t n, const char *where, size_t *header)
{
	struct store *st = store_new();
	size_t length = 0;
	st->bytes = bytes;
	st->where = mem_str(where);
	if (n == 0)
		store_bad(st, "it is empty");
	for (size_t i = 0; i < 8 && i < n; i++)
		length |= (size_t)(unsigned char)bytes[i] << (8 * i);
	if (n < 10 || length > MAX_HEADER || bytes[8] != '{')
		store_bad(st, "it does not begin like a safetensors file");
	if (length > n - 8)
		store_bad(st, "its header of %zu bytes does not fit in %zu (truncated?)", length, n);
	size_t commas = 0;
	for (size_t i = 0; i < length; i++)
		commas += bytes[8 + i] == ',';
	if (commas > MAX_COMMAS)
		store_bad(st, "its header holds more than %zu values", MAX_COMMAS);
	char *data = bytes + 8 + length;
	size_t size = n - 8 - length;
	struct jval *top = jval_parse(bytes + 8, length, where);
	for (size_t i = 0; i < jval_size(top); i++) {
		const struct jval *v = jval_at(top, i);
		if (strcmp(jval_key(v), "__metadata__") != 0) {
			read_tensor(st, v, data, size);
			continue;
		}
		for (size_t m = 0; m < jval_size(v); m++)
			if (strcmp(jval_key(jval_at(v, m)), "dls.hash") != 0)	/* of the file, not of what it holds */
				add_meta(st, mem_str(jval_key(jval_at(v, m))), mem_str(jval_str(jval_at(v, m))));
	}
	jval_free(top);
	check_tiling(st, size);
	*header = length;
	return st;
}

struct store *store_read(char *bytes, size_t n, const char *where)
{
	size_t header;
	struct store *st = read_all(bytes, n, where, &header);
	check_hash(st, bytes + 8, header);
	return st;
}

struct store *store_read_foreign(char *bytes, size_t n, const char *where)
{
	size_t header;
	return read_all(bytes, n, where, &header);
}

void store_show(const struct store *st, struct json *j)
{
	json_object(j, "tensors");
	for (size_t i = 0; i < st->ntensors; i++) {
		const struct tensor *t = &st->tensors[i];
		struct str shape = { 0 };
		str_printf(&shape, "%s", dtypes[t->type].name);
		for (int d = 0; d < t->ndim; d++)
			str_printf(&shape, "%c%zu", d ? 'x' : ' ', t->dims[d]);
		json_str(j, t->name, shape.s);
		str_free(&shape);
	}
	json_end(j, '}');
}
