#include "io/jsonio.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

/* ---- writing ---- */

struct json json_to(struct str *out, int indent)
{
	return (struct json){ out, indent, 0, true };
}

static void line(struct json *j)
{
	if (j->indent <= 0)
		return;
	str_putc(j->out, '\n');
	for (int i = 0; i < j->indent * j->depth; i++)
		str_putc(j->out, ' ');
}

/* Comma, line break and key: what stands before any value. Values of an array stay on one line. */
static void before(struct json *j, const char *key)
{
	if (j->depth > 0) {
		if (!j->first)
			str_putc(j->out, ',');
		if (key)
			line(j);
		else if (!j->first && j->indent > 0)
			str_putc(j->out, ' ');
	}
	j->first = false;
	if (key) {
		json_quote(j->out, key, strlen(key));
		str_puts(j->out, j->indent > 0 ? ": " : ":");
	}
}

static void open_with(struct json *j, const char *key, char c)
{
	before(j, key);
	str_putc(j->out, c);
	j->depth++;
	j->first = true;
}

void json_object(struct json *j, const char *key)
{
	open_with(j, key, '{');
}

void json_array(struct json *j, const char *key)
{
	open_with(j, key, '[');
}

void json_end(struct json *j, char close)
{
	j->depth--;
	if (close == '}' && !j->first)
		line(j);
	str_putc(j->out, close);
	j->first = false;
}

void json_strn(struct json *j, const char *key, const char *s, size_t n)
{
	before(j, key);
	json_quote(j->out, s, n);
}

void json_str(struct json *j, const char *key, const char *s)
{
	if (s)
		json_strn(j, key, s, strlen(s));
	else
		json_null(j, key);
}

void json_num(struct json *j, const char *key, double x)
{
	char buf[NUM_MAX];
	if (!isfinite(x)) {
		json_null(j, key);
		return;
	}
	before(j, key);
	str_add(j->out, buf, num_print(buf, x));
}

void json_int(struct json *j, const char *key, int64_t x)
{
	before(j, key);
	str_printf(j->out, "%lld", (long long)x);
}

void json_bool(struct json *j, const char *key, bool x)
{
	json_raw(j, key, x ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	json_raw(j, key, "null");
}

void json_raw(struct json *j, const char *key, const char *text)
{
	before(j, key);
	str_puts(j->out, text);
}

/* Length of the well-formed UTF-8 sequence at s, or 0. */
static size_t utf8_len(const char *s, size_t n)
{
	size_t len;
	bool bad;
	utf8_decode(s, s + n, &len, &bad);
	return bad ? 0 : len;
}

/*
 * Bytes that are not UTF-8 (a table in Latin-1) survive: byte b, at least 0x80,
 * is written as the private character U+10FF00 + b, and so is each byte of
 * such a character itself. unescape() takes that back.
 */
#define ESCAPE_0 0xf4
#define ESCAPE_1 0x8f

static bool is_escape(const unsigned char *s)
{
	return s[0] == ESCAPE_0 && s[1] == ESCAPE_1 && (s[2] == 0xbe || s[2] == 0xbf) && (s[3] & 0xc0) == 0x80;
}

static void put_escape(struct str *out, unsigned char b)
{
	str_putc(out, (char)ESCAPE_0);
	str_putc(out, (char)ESCAPE_1);
	str_putc(out, (char)(b < 0xc0 ? 0xbe : 0xbf));
	str_putc(out, (char)(0x80 | (b & 0x3f)));
}

static void unescape(char *text)
{
	unsigned char *s = (unsigned char *)text, *to = s;
	while (*s) {
		bool escaped = is_escape(s);
		*to++ = escaped ? (unsigned char)((s[2] == 0xbe ? 0x80 : 0xc0) | (s[3] & 0x3f)) : *s;
		s += escaped ? 4 : 1;
	}
	*to = '\0';
}

void json_quote(struct str *out, const char *s, size_t n)
{
	str_putc(out, '"');
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)s[i];
		size_t len = utf8_len(s + i, n - i);
		if (len == 4 && is_escape((const unsigned char *)s + i))
			len = 0;
		if (c == '"' || c == '\\')
			str_printf(out, "\\%c", c);
		else if (c == '\n')
			str_puts(out, "\\n");
		else if (c == '\t')
			str_puts(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			str_printf(out, "\\u%04x", c);
		else if (len == 0)
			put_escape(out, c);
		else
			str_add(out, s + i, len);
		i += len ? len : 1;
	}
	str_putc(out, '"');
}

/* ---- reading ---- */

/*
 * A value, the name of the input for messages, and its kids in one array, so
 * that the i-th is found at once (cJSON's arrays are linked lists).
 */
struct jval {
	const cJSON *item;
	const char *where;
	struct jval *kids;	/* (nkids), one array a parent */
	size_t nkids;
	cJSON *top;		/* only in the top value: what to delete */
	char *where_copy;
};

static void fill(struct jval *v, cJSON *item, const char *where)
{
	if (item->string)
		unescape(item->string);
	if (cJSON_IsString(item))
		unescape(item->valuestring);
	*v = (struct jval){ .item = item, .where = where };
	for (const cJSON *c = item->child; c; c = c->next)
		v->nkids++;
	if (v->nkids == 0)
		return;
	v->kids = NEW(struct jval, v->nkids);
	size_t i = 0;
	for (cJSON *c = item->child; c; c = c->next)
		fill(&v->kids[i++], c, where);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void refuse_duplicates(const struct jval *v)
{
	if (cJSON_IsObject(v->item) && v->nkids > 1) {
		const char **keys = NEW(const char *, v->nkids);
		for (size_t i = 0; i < v->nkids; i++)
			keys[i] = jval_key(&v->kids[i]);
		qsort(keys, v->nkids, sizeof(*keys), by_key);
		for (size_t i = 1; i < v->nkids; i++)
			if (strcmp(keys[i - 1], keys[i]) == 0)
				die(ST_DATA, "%s: the key '%s' stands twice in an object", v->where, keys[i]);
		free(keys);
	}
	for (size_t i = 0; i < v->nkids; i++)
		refuse_duplicates(&v->kids[i]);
}

struct jval *jval_parse(const char *text, size_t n, const char *where)
{
	const char *end = NULL;
	if (memchr(text, '\0', n))
		die(ST_DATA, "%s: not JSON: a NUL byte in it", where);
	cJSON *top = cJSON_ParseWithLengthOpts(text, n, &end, 0);
	while (top && end < text + n && strchr(" \t\r\n", *end))
		end++;
	if (!top || end < text + n)
		die(ST_DATA, "%s: not JSON at byte %zu", where, end ? (size_t)(end - text) : 0);
	struct jval *v = NEW(struct jval, 1);
	char *copy = mem_str(where);
	fill(v, top, copy);
	v->top = top;
	v->where_copy = copy;
	refuse_duplicates(v);
	return v;
}

static void free_kids(struct jval *v)
{
	for (size_t i = 0; i < v->nkids; i++)
		free_kids(&v->kids[i]);
	free(v->kids);
}

void jval_free(struct jval *top)
{
	if (!top)
		return;
	free_kids(top);
	cJSON_Delete(top->top);
	free(top->where_copy);
	free(top);
}

const char *jval_key(const struct jval *member)
{
	return member->item->string ? member->item->string : "";
}

/* Dies: the value v is not what was wanted. */
_Noreturn static void not_a(const struct jval *v, const char *wanted)
{
	die(ST_DATA, "%s: '%s' is not %s", v->where, jval_key(v), wanted);
}

const struct jval *jval_get(const struct jval *object, const char *key)
{
	if (!cJSON_IsObject(object->item))
		not_a(object, "an object");
	for (size_t i = 0; i < object->nkids; i++)
		if (strcmp(jval_key(&object->kids[i]), key) == 0)
			return &object->kids[i];
	return NULL;
}

const struct jval *jval_need(const struct jval *object, const char *key)
{
	const struct jval *v = jval_get(object, key);
	if (!v)
		die(ST_DATA, "%s: no '%s' in '%s'", object->where, key, jval_key(object));
	return v;
}

size_t jval_size(const struct jval *v)
{
	if (!cJSON_IsObject(v->item) && !cJSON_IsArray(v->item))
		not_a(v, "an array");
	return v->nkids;
}

const struct jval *jval_at(const struct jval *v, size_t i)
{
	if (i >= v->nkids)
		not_a(v, "long enough");
	return &v->kids[i];
}

bool jval_is_null(const struct jval *v)
{
	return cJSON_IsNull(v->item);
}

const char *jval_str(const struct jval *v)
{
	if (!cJSON_IsString(v->item))
		not_a(v, "a string");
	return v->item->valuestring;
}

double jval_num(const struct jval *v)
{
	if (!cJSON_IsNumber(v->item))
		not_a(v, "a number");
	return v->item->valuedouble;
}

int64_t jval_int(const struct jval *v, int64_t least, int64_t most)
{
	double x = jval_num(v);
	if (x != floor(x) || !(x >= (double)least && x <= (double)most))
		die(ST_DATA, "%s: '%s' is not a whole number from %lld to %lld", v->where, jval_key(v),
		    (long long)least, (long long)most);
	return (int64_t)x;
}

bool jval_bool(const struct jval *v)
{
	if (!cJSON_IsBool(v->item))
		not_a(v, "true or false");
	return cJSON_IsTrue(v->item);
}

static void add_text(const struct jval *v, struct str *out)
{
	char buf[NUM_MAX];
	if (cJSON_IsString(v->item))
		str_puts(out, v->item->valuestring);
	else if (cJSON_IsBool(v->item))
		str_puts(out, cJSON_IsTrue(v->item) ? "true" : "false");
	else if (cJSON_IsNumber(v->item))
		str_add(out, buf, num_print(buf, v->item->valuedouble));
	else
		not_a(v, "a string, a number, true or false");
}

char *jval_text(const struct jval *v)
{
	struct str out = { 0 };
	if (!cJSON_IsArray(v->item)) {
		add_text(v, &out);
		return str_take(&out);
	}
	for (size_t i = 0; i < v->nkids; i++) {
		struct str item = { 0 };
		add_text(&v->kids[i], &item);
		if (i)
			str_putc(&out, ',');
		for (size_t k = 0; k < item.n; k++) {
			if (item.s[k] == ',' || item.s[k] == '\\')
				str_putc(&out, '\\');
			str_putc(&out, item.s[k]);
		}
		str_free(&item);
	}
	return str_take(&out);
}
