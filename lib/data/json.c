/*
 * Rows of JSON objects. Not by cJSON: it would turn a 64-bit id into a
 * double and lose its digits, and takes 64 bytes a value. The grammar is that
 * of RFC 8259, strictly.
 */
#include "data/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "data/names.h"

struct value {
	int32_t col;
	struct slice cell;
};

/* Which of some numbered things the present object has. */
struct seen {
	uint64_t *in;		/* (cap) number of the last object that has it */
	size_t cap;
};

struct json_rows {
	struct feed *feed;
	struct dict *names, *features;
	struct dict *spaces;	/* keys of objects inside */
	bool nested;		/* there are such */
	bool array;		/* the objects stand in one array; else one after another (NDJSON) */
	bool open, comma, closed;	/* of the array: [ was read; a comma and no object since; ] was read */
	bool rows;		/* there was an object */
	const char *s, *end;	/* the text being read */
	uint64_t line;
	struct value *values;	/* (nvalues) of all rows of the block */
	size_t nvalues, cap_values;
	size_t *ends;		/* (nrows) where each row's values end */
	uint64_t *lines;	/* (nrows) */
	size_t nrows, cap_rows;
	bool *sparse;		/* (nrows) */
	struct entries entries;	/* of the rows; start has room for nrows + 1 */
	size_t cap_entries;
	struct name_list inner;	/* names of the features */
	struct seen columns, insides, features_seen;	/* columns, spaces and features of this object */
	uint64_t object;	/* its number, from 1; or that of a row whose features are looked at */
	struct slice *cells;	/* (cap_cells) */
	size_t cap_cells;
	struct str text;	/* strings of the block that had escapes; reserved whole, so it does not move */
};

_Noreturn static void fault(const struct json_rows *c, const char *what)
{
	int n = (int)(c->end - c->s < 20 ? c->end - c->s : 20);
	die(ST_DATA, "%s:%llu: JSON: %s at '%.*s'", c->feed->where, (unsigned long long)c->line, what, n, c->s);
}

static void skip_blanks(struct json_rows *c)
{
	while (c->s < c->end && (*c->s == ' ' || *c->s == '\t' || *c->s == '\r' || *c->s == '\n'))
		c->line += *c->s++ == '\n';
}

/* Mostly there are none. */
static inline void blanks(struct json_rows *c)
{
	if (c->s < c->end && (unsigned char)*c->s <= ' ')
		skip_blanks(c);
}

/* Takes the byte if it is next. */
static bool take(struct json_rows *c, char byte)
{
	if (c->s == c->end || *c->s != byte)
		return false;
	c->s++;
	return true;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(struct json_rows *c)
{
	int32_t x = 0;
	if (c->end - c->s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char d = *c->s++;
		int v = d >= '0' && d <= '9' ? d - '0' : d >= 'a' && d <= 'f' ? d - 'a' + 10 :
			d >= 'A' && d <= 'F' ? d - 'A' + 10 : -1;
		if (v < 0)
			return -1;
		x = x << 4 | v;
	}
	return x;
}

static void add_utf8(struct str *t, int32_t x)
{
	char bytes[4];
	str_add(t, bytes, utf8_encode(x, bytes));
}

/* What follows a backslash, to c->text. */
static void escape(struct json_rows *c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char e = c->s < c->end ? *c->s++ : '\0';
	const char *at = e ? strchr(from, e) : NULL;
	if (at) {
		str_putc(&c->text, to[at - from]);
		return;
	}
	if (e != 'u')
		fault(c, "an unknown escape");
	int32_t x = hex4(c);
	if (x >= 0xd800 && x < 0xdc00) {
		int32_t low = take(c, '\\') && take(c, 'u') ? hex4(c) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			fault(c, "half of a surrogate pair");
		x = 0x10000 + ((x - 0xd800) << 10) + (low - 0xdc00);
	} else if (x <= 0 || (x >= 0xdc00 && x <= 0xdfff)) {
		fault(c, "an escape that is no character");
	}
	add_utf8(&c->text, x);
}

/* A string after its opening quote: in the feed's window, or in c->text when it had escapes. */
static struct slice string(struct json_rows *c)
{
	const char *from = c->s;
	while (c->s < c->end && *c->s != '"' && *c->s != '\\' && (unsigned char)*c->s >= 0x20)
		c->s++;
	if (take(c, '"'))
		return (struct slice){ from, (size_t)(c->s - from) - 1 };
	size_t start = c->text.n;
	str_add(&c->text, from, (size_t)(c->s - from));
	while (c->s < c->end && *c->s != '"') {
		if ((unsigned char)*c->s < 0x20)
			fault(c, "a control character in a string");
		if (take(c, '\\'))
			escape(c);
		else
			str_putc(&c->text, *c->s++);
	}
	if (!take(c, '"'))
		fault(c, "a string that does not end");
	return (struct slice){ c->text.s + start, c->text.n - start };
}

static size_t digits(struct json_rows *c)
{
	const char *from = c->s;
	while (c->s < c->end && *c->s >= '0' && *c->s <= '9')
		c->s++;
	return (size_t)(c->s - from);
}

static struct slice number(struct json_rows *c)
{
	const char *from = c->s;
	take(c, '-');
	bool zero = c->s < c->end && *c->s == '0';
	size_t whole = digits(c);
	if (whole == 0 || (zero && whole > 1) || (take(c, '.') && digits(c) == 0)) {
		c->s = from;
		fault(c, "no value");
	}
	if (take(c, 'e') || take(c, 'E')) {
		if (!take(c, '-'))
			take(c, '+');
		if (digits(c) == 0)
			fault(c, "no exponent");
	}
	return (struct slice){ from, (size_t)(c->s - from) };
}

static bool word(struct json_rows *c, const char *w, size_t n)
{
	if ((size_t)(c->end - c->s) < n || memcmp(c->s, w, n) != 0)
		return false;
	c->s += n;
	return true;
}

static struct slice value(struct json_rows *c, struct slice key)
{
	const char *from = c->s;
	if (take(c, '"'))
		return string(c);
	if (c->s < c->end && (*c->s == '{' || *c->s == '['))
		die(ST_DATA, "%s:%llu: JSON: the value of '%.*s' is nested; only strings, numbers, true, false and null are read",
		    c->feed->where, (unsigned long long)c->line, (int)(key.n < 60 ? key.n : 60), key.s);
	if (word(c, "null", 4))
		return (struct slice){ "", 0 };
	if (word(c, "true", 4) || word(c, "false", 5))
		return (struct slice){ from, (size_t)(c->s - from) };
	return number(c);
}

/* The column of a key. Objects mostly have the same keys in the same order, so `guess` is tried first. */
static int32_t column_of(struct json_rows *c, struct slice key, int32_t guess)
{
	if (guess < dict_size(c->names) && dict_len(c->names, guess) == key.n &&
	    memcmp(dict_text(c->names, guess), key.s, key.n) == 0)
		return guess;
	return dict_add(c->names, key.s, key.n);
}

static bool has(const struct json_rows *c, const struct seen *seen, int32_t i)
{
	return i >= 0 && (size_t)i < seen->cap && seen->in[i] == c->object;
}

_Noreturn static void twice(const struct json_rows *c, struct slice key)
{
	die(ST_DATA, "%s:%llu: JSON: the key '%.*s' stands twice in an object", c->feed->where, (unsigned long long)c->line,
	    (int)(key.n < 60 ? key.n : 60), key.s);
}

static void grow_seen(struct seen *seen, size_t n)
{
	size_t known = seen->cap;
	seen->cap = n * 2;
	GROW(seen->in, seen->cap);
	memset(seen->in + known, 0, (seen->cap - known) * sizeof(*seen->in));
}

/* Dies when the object has number i already, under this key. */
static inline void see(const struct json_rows *c, struct seen *seen, int32_t i, struct slice key)
{
	if ((size_t)i >= seen->cap)
		grow_seen(seen, (size_t)i + 1);
	if (seen->in[i] == c->object)
		twice(c, key);
	seen->in[i] = c->object;
}

static struct slice key_of(struct json_rows *c)
{
	blanks(c);
	if (!take(c, '"'))
		fault(c, "no key in quotes");
	struct slice key = string(c);
	if (key.n == 0)
		fault(c, "an empty key before");
	blanks(c);
	if (!take(c, ':'))
		fault(c, "no colon after a key");
	blanks(c);
	return key;
}

/* What follows a key inside an object inside: a feature, unless it is null. */
static void feature(struct json_rows *c, struct slice space)
{
	struct slice key = key_of(c);
	bool text = c->s < c->end && *c->s == '"';
	struct slice cell = value(c, key);
	double x = *cell.s == 't';
	if (cell.n == 0 && !text)
		return;
	if (text || (*cell.s != 't' && *cell.s != 'f' && (!num_parse(cell.s, cell.n, &x) || fabs(x) > FEATURE_MAX)))
		die(ST_DATA, "%s:%llu: JSON: '%.*s' for '%.*s' is no number up to 1e300; inside an object only numbers, true, false "
		    "and null are read", c->feed->where, (unsigned long long)c->line, (int)(cell.n < 60 ? cell.n : 60), cell.s,
		    (int)(key.n < 60 ? key.n : 60), key.s);
	char *to = names_room(&c->inner, space.n + 1 + key.n);
	memcpy(to, space.s, space.n);
	to[space.n] = '=';
	memcpy(to + space.n + 1, key.s, key.n);
	names_put(&c->inner, space.n + 1 + key.n);
	if (c->inner.n > c->cap_entries) {
		c->cap_entries = c->cap_entries * 2 + 256;
		GROW(c->entries.feature, c->cap_entries);
		GROW(c->entries.value, c->cap_entries);
	}
	c->entries.value[c->inner.n - 1] = x;
}

/* The object under a key, after its brace. */
static void inside(struct json_rows *c, struct slice key)
{
	if (key.n > SPACE_MAX)
		die(ST_DATA, "%s:%llu: JSON: the key '%.60s...' of an object has more than %d bytes", c->feed->where,
		    (unsigned long long)c->line, key.s, SPACE_MAX);
	if (has(c, &c->columns, dict_find(c->names, key.s, key.n)))
		twice(c, key);
	see(c, &c->insides, dict_add(c->spaces, key.s, key.n), key);
	c->nested = true;
	blanks(c);
	if (take(c, '}'))
		return;
	do {
		feature(c, key);
		blanks(c);
	} while (take(c, ','));
	if (!take(c, '}'))
		fault(c, "neither comma nor brace after a value");
}

/* Numbers the features of the block's rows; dies where one stands twice in a row. */
static void number_features(struct json_rows *c)
{
	names_find(&c->inner, c->features, c->entries.feature);
	names_add(&c->inner, c->features, c->entries.feature);
	for (size_t row = 0, e = 0; row < c->nrows; row++) {
		c->line = c->lines[row];
		c->object++;
		for (; e < c->entries.start[row + 1]; e++)
			see(c, &c->features_seen, c->entries.feature[e], names_at(&c->inner, e));
	}
}

/* A member of the row's object: a cell, whose column it returns, or features. */
static int32_t member(struct json_rows *c, int32_t guess, bool *sparse)
{
	struct slice key = slice_trim(key_of(c));
	if (key.n == 0)
		fault(c, "an empty key before");
	if (take(c, '{')) {
		*sparse = true;
		inside(c, key);
		return guess - 1;
	}
	struct slice cell = value(c, key);
	int32_t col = column_of(c, key, guess);
	see(c, &c->columns, col, key);
	if (c->nested && has(c, &c->insides, dict_find(c->spaces, key.s, key.n)))
		twice(c, key);
	if (c->nvalues == c->cap_values) {
		c->cap_values = c->cap_values * 2 + 256;
		GROW(c->values, c->cap_values);
	}
	c->values[c->nvalues++] = (struct value){ col, cell };
	return col;
}

/* An object after its brace. */
static void object(struct json_rows *c, uint64_t line)
{
	int32_t col = -1;
	bool sparse = false;
	c->object++;
	blanks(c);
	if (!take(c, '}')) {
		do {
			col = member(c, col + 1, &sparse);
			blanks(c);
		} while (take(c, ','));
		if (!take(c, '}'))
			fault(c, "neither comma nor brace after a value");
	}
	if (c->nrows == c->cap_rows) {
		c->cap_rows = c->cap_rows * 2 + 64;
		GROW(c->lines, c->cap_rows);
		GROW(c->ends, c->cap_rows);
		GROW(c->sparse, c->cap_rows);
		GROW(c->entries.start, c->cap_rows + 1);
	}
	c->ends[c->nrows] = c->nvalues;
	c->sparse[c->nrows] = sparse;
	c->lines[c->nrows++] = line;
	c->entries.start[c->nrows] = c->inner.n;
}

/* What stands between objects, then an object; false at the end of the text. */
static bool next_row(struct json_rows *c)
{
	blanks(c);
	if (c->array && !c->open)
		c->open = take(c, '[');
	blanks(c);
	if (c->array && c->rows && !c->comma && take(c, ','))
		c->comma = true;
	blanks(c);
	if (c->array && !c->closed && !c->comma && take(c, ']'))
		c->closed = true;
	blanks(c);
	if (c->s == c->end)
		return false;
	if (c->closed || *c->s != '{' || (c->array && c->rows && !c->comma))
		fault(c, c->closed ? "more after the array" : "no object");
	uint64_t line = c->line;
	c->s++;
	c->comma = false;
	c->rows = true;
	object(c, line);
	return true;
}

/* Bytes up to the end of the last object that is whole; 0 when none is. */
static size_t whole_objects(const char *s, size_t n)
{
	size_t whole = 0, depth = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '"') {
			for (i++; i < n && s[i] != '"'; i++)
				i += s[i] == '\\';
		} else if (s[i] == '{') {
			depth++;
		} else if (s[i] == '}' && depth > 0 && --depth == 0) {
			whole = i + 1;
		}
	}
	return whole;
}

/* All rows of n bytes from the feed. */
static void read_rows(struct json_rows *c, size_t n)
{
	struct feed *f = c->feed;
	c->s = f->buf + f->begin;
	c->end = c->s + n;
	c->line = f->line;
	c->nrows = c->nvalues = c->text.n = 0;
	names_clear(&c->inner);
	str_reserve(&c->text, n);	/* unescaped is never longer */
	while (next_row(c))
		;
	f->begin += n;
	f->line = c->line;
	number_features(c);
}

/* Values to a full array of cells; keys that a row has not are absent. */
static void lay_out(struct json_rows *c, struct block *b)
{
	b->ncols = (size_t)dict_size(c->names);
	b->nrows = c->nrows;
	if (c->nrows * b->ncols > c->cap_cells) {
		c->cap_cells = c->nrows * b->ncols;
		free(c->cells);
		c->cells = NEW(struct slice, c->cap_cells);
	}
	for (size_t i = 0; i < c->nrows * b->ncols; i++)
		c->cells[i] = (struct slice){ NULL, 0 };
	for (size_t row = 0, i = 0; row < c->nrows; row++)
		for (; i < c->ends[row]; i++)
			c->cells[row * b->ncols + (size_t)c->values[i].col] = c->values[i].cell;
	b->cells = c->cells;
	b->lines = c->lines;
	if (c->nested) {
		c->entries.start[0] = 0;
		b->sparse = c->sparse;
		b->entries = c->entries;
	}
}

bool json_rows_nested(const struct json_rows *c)
{
	return c->nested;
}

struct json_rows *json_rows_open(struct feed *f, struct dict *names, struct dict *features)
{
	struct json_rows *c = NEW0(struct json_rows, 1);
	c->feed = f;
	c->names = names;
	c->features = features;
	c->spaces = dict_new();
	const char *s = f->buf + f->begin, *end = f->buf + f->end;
	while (s < end && (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r'))
		s++;
	c->array = s < end && *s == '[';
	return c;
}

bool json_rows_next(struct json_rows *c, struct block *b)
{
	struct feed *f = c->feed;
	size_t left, n;
	for (;;) {
		left = f->end - f->begin;
		n = whole_objects(f->buf + f->begin, left);
		if (n || f->eof)
			break;
		if (left > RECORD_MAX)
			die(ST_DATA, "%s:%llu: JSON: an object of more than %zu MiB; is a string left open?", f->where,
			    (unsigned long long)f->line, RECORD_MAX >> 20);
		feed_more(f);
	}
	read_rows(c, n ? n : left);
	if (c->nrows == 0 && c->array && !c->closed)
		die(ST_DATA, "%s:%llu: JSON: the array is not closed by the end of the input", f->where,
		    (unsigned long long)f->line);
	if (c->nrows == 0)
		return false;
	lay_out(c, b);
	return true;
}

void json_rows_close(struct json_rows *c)
{
	if (!c)
		return;
	free(c->values);
	free(c->ends);
	free(c->lines);
	free(c->sparse);
	free(c->entries.start);
	free(c->entries.feature);
	free(c->entries.value);
	free(c->columns.in);
	free(c->insides.in);
	free(c->features_seen.in);
	free(c->cells);
	names_free(&c->inner);
	dict_free(c->spaces);
	str_free(&c->text);
	free(c);
}
