#include "data/vw.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

enum { LABEL, WEIGHT, TAG };

static const bool stops[256] = { [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['|'] = true };

static inline const char *word_end(const char *s)
{
	while (!stops[(unsigned char)*s])
		s++;
	return s;
}

static bool is_number(const char *s, const char *end, double *x)
{
	return num_parse(s, (size_t)(end - s), x) && fabs(*x) <= FEATURE_MAX;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes with %XX undone, to `to`; how many. A % without two digits, or with 00, stands for itself. */
static size_t unescape(const char *s, size_t n, char *to)
{
	size_t k = 0;
	if (!memchr(s, '%', n)) {
		memcpy(to, s, n);
		return n;
	}
	for (size_t i = 0; i < n; i++) {
		int high = n - i > 2 && s[i] == '%' ? hex(s[i + 1]) : -1, low = high < 0 ? -1 : hex(s[i + 2]);
		bool code = low >= 0 && (high | low);
		to[k++] = (char)(code ? high << 4 | low : s[i]);
		i += code ? 2 : 0;
	}
	return k;
}

/* ---- before the features ---- */

static bool put_tag(struct line_piece *p, const char *s, const char *end)
{
	char *to = p->text + p->ntext;
	if (!line_has(p, TAG))
		return line_fault(p, "is a tag, but the first row has none", s, end);
	size_t n = unescape(s, (size_t)(end - s), to);
	p->ntext += n;
	line_cell(p, TAG, (struct slice){ to, n });
	return true;
}

/* Label, weight and tag, up to the bar. */
static bool read_head(struct line_piece *p, const char *s, const char *bar)
{
	static const char *const lacks[] = { "is a label, but the first row has none",
					     "is a weight, but the first row has none" };
	double x;
	for (size_t column = LABEL; (s = line_past(s)) < bar;) {
		const char *to = word_end(s);
		if (*s == '\'' || to == bar)
			return line_past(to) == bar ? put_tag(p, s + (*s == '\''), to) :
				line_fault(p, "is a tag; after it comes the |", s, to);
		if (!is_number(s, to, &x) || column > WEIGHT || (column == WEIGHT && x < 0))
			return line_fault(p, "stands before the |; there goes [LABEL [WEIGHT]] ['TAG], with numbers", s, to);
		if (!line_has(p, column))
			return line_fault(p, lacks[column], s, to);
		line_cell(p, column++, (struct slice){ s, (size_t)(to - s) });
		s = to;
	}
	return true;
}

/* ---- features ---- */

/* The name from s to end and the number after its colon, 1 where there is none. */
static bool read_word(struct line_piece *p, const char *s, const char *end, struct slice *name, double *x)
{
	const char *colon = memchr(s, ':', (size_t)(end - s));
	*name = (struct slice){ s, (size_t)((colon ? colon : end) - s) };
	*x = 1;
	if (name->n == 0 || (colon && !is_number(colon + 1, end, x)))
		return line_fault(p, "is not NAME:NUMBER, with a number up to 1e300", s, end);
	return true;
}

/* A namespace, the prefix of its features' names. */
struct space {
	char prefix[SPACE_MAX + 1];	/* (n) "ns=", or nothing */
	size_t n;
	double scale;
};

/* The namespace at s, after its bar. Returns where its features begin, or NULL. */
static const char *read_space(struct line_piece *p, const char *s, struct space *ns)
{
	const char *to = word_end(s);
	struct slice name;
	ns->n = 0;
	ns->scale = 1;
	if (to == s)
		return s;
	if (!read_word(p, s, to, &name, &ns->scale))
		return NULL;
	if (name.n > SPACE_MAX) {
		line_fault(p, "begins a namespace of more than 1000 bytes", s, to);
		return NULL;
	}
	ns->n = unescape(name.s, name.n, ns->prefix);
	ns->prefix[ns->n++] = '=';
	return to;
}

static bool read_feature(struct line_piece *p, const struct space *ns, const char *s, const char *end)
{
	struct slice name;
	double x;
	if (!read_word(p, s, end, &name, &x))
		return false;
	x *= ns->scale;
	if (!(fabs(x) <= FEATURE_MAX))
		return line_fault(p, "is over 1e300 with the scale of its namespace", s, end);
	char *to = names_room(&p->names, ns->n + name.n);
	memcpy(to, ns->prefix, ns->n);
	names_put(&p->names, ns->n + unescape(name.s, name.n, to + ns->n));
	line_feature(p, -1, x);
	return true;
}

static bool read_row(struct line_piece *p, const char *s, const char *end)
{
	const char *bar = memchr(s, '|', (size_t)(end - s));
	struct space ns;
	if (!bar)
		return line_fault(p, "has no | before its features", s, end);
	if (!read_head(p, s, bar))
		return false;
	for (s = bar; *s == '|';) {
		s = read_space(p, s + 1, &ns);
		for (const char *to; s && (s = line_past(s)) < end && *s != '|'; s = to) {
			to = word_end(s);
			if (!read_feature(p, &ns, s, to))
				return false;
		}
		if (!s)
			return false;
	}
	return true;
}

const struct line_form vw_form = {
	.name = "VW", .columns = { "label", "weight", "tag" }, .usual = { [WEIGHT] = "1" }, .least = 2, .row = read_row,
};

bool vw_looks(const char *s, const char *end)
{
	const char *bar = memchr(s, '|', (size_t)(end - s)), *line = memchr(s, '\n', (size_t)(end - s));
	double x;
	if (!bar || (line && line < bar))
		return false;
	for (size_t words = 0; s < bar; words++) {
		const char *to;
		while (s < bar && *s == ' ')
			s++;
		to = word_end(s);
		if (s == bar)
			return true;
		if (*s == '\'')
			return to == bar || (*to == ' ' && line_past(to) == bar);
		if (words == 2 || *to != ' ' || !is_number(s, to, &x))
			return false;
		s = to;
	}
	return true;
}
