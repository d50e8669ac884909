/*
 * Rows of flat JSON objects. Not by cJSON: it would turn a 64-bit id into a
 * double and lose its digits, and takes 64 bytes a value. The grammar is that
 * of RFC 8259, strictly.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "data/piece.h"

struct value {
	int32_t col;
	struct slice cell;
};

struct scan {
	struct piece *p;
	struct json_state *st;
	struct dict *names;
	const char *s, *end;
	uint64_t line;
	struct value *values;	/* (nvalues) of all rows */
	size_t nvalues, cap_values;
	size_t *ends;		/* (rows) where each row's values end */
	size_t cap_ends;
	struct str text;	/* a string being unescaped */
};

static bool fault(struct scan *c, const char *what)
{
	int n = (int)(c->end - c->s < 20 ? c->end - c->s : 20);
	piece_fault(c->p, c->line, "JSON: %s at '%.*s'", what, n, c->s);
	return false;
}

static void blanks(struct scan *c)
{
	while (c->s < c->end && (*c->s == ' ' || *c->s == '\t' || *c->s == '\r' || *c->s == '\n'))
		c->line += *c->s++ == '\n';
}

/* Takes the byte if it is next. */
static bool take(struct scan *c, char byte)
{
	if (c->s == c->end || *c->s != byte)
		return false;
	c->s++;
	return true;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(struct scan *c)
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
	if (x < 0x80) {
		str_putc(t, (char)x);
	} else if (x < 0x800) {
		str_putc(t, (char)(0xc0 | x >> 6));
	} else if (x < 0x10000) {
		str_putc(t, (char)(0xe0 | x >> 12));
		str_putc(t, (char)(0x80 | (x >> 6 & 0x3f)));
	} else {
		str_putc(t, (char)(0xf0 | x >> 18));
		str_putc(t, (char)(0x80 | (x >> 12 & 0x3f)));
		str_putc(t, (char)(0x80 | (x >> 6 & 0x3f)));
	}
	if (x >= 0x80)
		str_putc(t, (char)(0x80 | (x & 0x3f)));
}

/* What follows a backslash, to c->text. */
static bool escape(struct scan *c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char e = c->s < c->end ? *c->s++ : '\0';
	const char *at = e ? strchr(from, e) : NULL;
	if (at) {
		str_putc(&c->text, to[at - from]);
		return true;
	}
	if (e != 'u')
		return fault(c, "an unknown escape");
	int32_t x = hex4(c);
	if (x >= 0xd800 && x < 0xdc00) {
		int32_t low = take(c, '\\') && take(c, 'u') ? hex4(c) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return fault(c, "half of a surrogate pair");
		x = 0x10000 + ((x - 0xd800) << 10) + (low - 0xdc00);
	} else if (x <= 0 || (x >= 0xdc00 && x <= 0xdfff)) {
		return fault(c, "an escape that is no character");
	}
	add_utf8(&c->text, x);
	return true;
}

/* A string after its opening quote; the slice is in the text, or in the arena when it had escapes. */
static bool string(struct scan *c, struct slice *out)
{
	const char *from = c->s;
	c->text.n = 0;
	bool copied = false;
	while (c->s < c->end && *c->s != '"') {
		if ((unsigned char)*c->s < 0x20)
			return fault(c, "a control character in a string");
		if (*c->s == '\\') {
			if (!copied)
				str_add(&c->text, from, (size_t)(c->s - from));
			copied = true;
			c->s++;
			if (!escape(c))
				return false;
		} else if (copied) {
			str_putc(&c->text, *c->s++);
		} else {
			c->s++;
		}
	}
	if (!copied)
		*out = (struct slice){ from, (size_t)(c->s - from) };
	if (!take(c, '"'))
		return fault(c, "a string that does not end");
	if (!copied)
		return true;
	if (!c->p->arena)
		c->p->arena = arena_new();
	*out = (struct slice){ arena_strn(c->p->arena, c->text.s ? c->text.s : "", c->text.n), c->text.n };
	return true;
}

static size_t digits(struct scan *c)
{
	const char *from = c->s;
	while (c->s < c->end && *c->s >= '0' && *c->s <= '9')
		c->s++;
	return (size_t)(c->s - from);
}

static bool number(struct scan *c, struct slice *out)
{
	const char *from = c->s;
	take(c, '-');
	bool zero = c->s < c->end && *c->s == '0';
	size_t whole = digits(c);
	if (whole == 0 || (zero && whole > 1) || (take(c, '.') && digits(c) == 0)) {
		c->s = from;
		return fault(c, "no value");
	}
	if (take(c, 'e') || take(c, 'E')) {
		if (!take(c, '-'))
			take(c, '+');
		if (digits(c) == 0)
			return fault(c, "no exponent");
	}
	*out = (struct slice){ from, (size_t)(c->s - from) };
	return true;
}

static bool word(struct scan *c, const char *w)
{
	size_t n = strlen(w);
	if ((size_t)(c->end - c->s) < n || memcmp(c->s, w, n) != 0)
		return false;
	c->s += n;
	return true;
}

static bool value(struct scan *c, struct slice key, struct slice *out)
{
	const char *from = c->s;
	if (take(c, '"'))
		return string(c, out);
	if (c->s < c->end && (*c->s == '{' || *c->s == '[')) {
		piece_fault(c->p, c->line, "JSON: the value of '%.*s' is nested; only strings, numbers, true, false and null are read",
			    (int)(key.n < 60 ? key.n : 60), key.s);
		return false;
	}
	if (word(c, "null")) {
		*out = (struct slice){ NULL, 0 };
		return true;
	}
	if (word(c, "true") || word(c, "false")) {
		*out = (struct slice){ from, (size_t)(c->s - from) };
		return true;
	}
	return number(c, out);
}

static bool member(struct scan *c, size_t first)
{
	struct slice key, cell;
	blanks(c);
	if (!take(c, '"'))
		return fault(c, "no key in quotes");
	if (!string(c, &key))
		return false;
	key = slice_trim(key);
	blanks(c);
	if (!take(c, ':'))
		return fault(c, "no colon after a key");
	blanks(c);
	if (!value(c, key, &cell))
		return false;
	int32_t col = dict_add(c->names, key.s, key.n);
	for (size_t i = first; i < c->nvalues; i++)
		if (c->values[i].col == col)
			return fault(c, "a key that stands twice in its object, before");
	if (c->nvalues == c->cap_values) {
		c->cap_values = c->cap_values * 2 + 256;
		GROW(c->values, c->cap_values);
	}
	c->values[c->nvalues++] = (struct value){ col, cell };
	return true;
}

/* An object after its brace. */
static bool object(struct scan *c, uint64_t line)
{
	struct piece *p = c->p;
	size_t first = c->nvalues;
	blanks(c);
	if (!take(c, '}')) {
		do {
			if (!member(c, first))
				return false;
			blanks(c);
		} while (take(c, ','));
		if (!take(c, '}'))
			return fault(c, "neither comma nor brace after a value");
	}
	if (p->nrows == p->cap_rows) {
		p->cap_rows = p->cap_rows * 2 + 64;
		GROW(p->lines, p->cap_rows);
	}
	if (p->nrows == c->cap_ends) {
		c->cap_ends = c->cap_ends * 2 + 64;
		GROW(c->ends, c->cap_ends);
	}
	c->ends[p->nrows] = c->nvalues;
	p->lines[p->nrows++] = line;
	return true;
}

/* What stands between objects, then an object; false at the end of the text or at a fault. */
static bool next_row(struct scan *c)
{
	struct json_state *st = c->st;
	blanks(c);
	if (st->array && !st->open)
		st->open = take(c, '[');
	blanks(c);
	if (st->array && st->rows && !st->comma && take(c, ','))
		st->comma = true;
	blanks(c);
	if (st->array && !st->closed && !st->comma && take(c, ']'))
		st->closed = true;
	blanks(c);
	if (c->s == c->end)
		return false;
	if (st->closed || *c->s != '{' || (st->array && st->rows && !st->comma))
		return fault(c, st->closed ? "more after the array" : "no object");
	uint64_t line = c->line;
	c->s++;
	st->comma = false;
	st->rows = true;
	return object(c, line);
}

void json_parse_piece(struct piece *p, struct json_state *st, struct dict *names)
{
	struct scan c = { .p = p, .st = st, .names = names, .s = p->s, .end = p->s + p->n };
	while (next_row(&c))
		;
	p->nlines = c.line;
	p->ncols = (size_t)dict_size(names);
	p->ncells = p->nrows * p->ncols;
	if (p->ncells > p->cap_cells) {
		p->cap_cells = p->ncells;
		GROW(p->cells, p->cap_cells);
	}
	for (size_t i = 0; i < p->ncells; i++)
		p->cells[i] = (struct slice){ NULL, 0 };
	for (size_t row = 0, i = 0; row < p->nrows; row++)
		for (; i < c.ends[row]; i++)
			p->cells[row * p->ncols + (size_t)c.values[i].col] = c.values[i].cell;
	free(c.values);
	free(c.ends);
	str_free(&c.text);
}

size_t json_whole(const char *s, size_t n, size_t from)
{
	size_t whole = 0, depth = 0;
	bool in = false;
	for (size_t i = 0; i < n; i++) {
		if (in) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				in = false;
		} else if (s[i] == '"') {
			in = true;
		} else if (s[i] == '{') {
			depth++;
		} else if (s[i] == '}' && depth > 0 && --depth == 0) {
			whole = i + 1;
			if (from && whole >= from)
				return whole;
		}
	}
	return from ? 0 : whole;
}
