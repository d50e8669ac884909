/*
 * JSON for metadata: a writer with exact numbers over struct str, and a reader
 * (cJSON behind it, trailing garbage and duplicate keys refused). Data rows are
 * not read here (see data/json.h): cJSON would lose the text of numbers.
 */
#ifndef DLS_IO_JSONIO_H
#define DLS_IO_JSONIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * The writer puts commas by itself. With indent > 0 the output is broken into
 * lines, leaf arrays stay on one. Keys are NULL inside arrays and at the top.
 */
struct json {
	struct str *out;
	int indent, depth;
	bool first;
};

struct json json_to(struct str *out, int indent);
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end(struct json *j, char close);		/* '}' or ']' */
void json_str(struct json *j, const char *key, const char *s);	/* NULL gives null */
void json_strn(struct json *j, const char *key, const char *s, size_t n);
void json_num(struct json *j, const char *key, double x);	/* shortest round trip; NaN and inf give null */
void json_int(struct json *j, const char *key, int64_t x);
void json_bool(struct json *j, const char *key, bool x);
void json_null(struct json *j, const char *key);
void json_raw(struct json *j, const char *key, const char *text);	/* text is JSON already */
void json_quote(struct str *out, const char *s, size_t n);	/* "..." with escapes; bytes that are not UTF-8 come back from jval_str() as they were */

/* A parsed value. Accessors die(ST_DATA) naming `where` (given at the parse) when the kind is another. */
struct jval;
struct jval *jval_parse(const char *text, size_t n, const char *where);	/* dies when it is not JSON */
void jval_free(struct jval *top);
const struct jval *jval_get(const struct jval *object, const char *key);	/* NULL when absent */
const struct jval *jval_need(const struct jval *object, const char *key);	/* dies when absent */
size_t jval_size(const struct jval *v);			/* of an array or an object */
const struct jval *jval_at(const struct jval *v, size_t i);	/* O(1) */
const char *jval_key(const struct jval *member);
bool jval_is_null(const struct jval *v);
const char *jval_str(const struct jval *v);
double jval_num(const struct jval *v);
int64_t jval_int(const struct jval *v, int64_t least, int64_t most);	/* dies outside the range */
bool jval_bool(const struct jval *v);
/* Any scalar as the text that opt_set() takes; an array of strings joined by commas. Caller frees. */
char *jval_text(const struct jval *v);

#endif
