#include "data/svmlight.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

enum { LABEL, QID, COMMENT };

static const bool stops[256] = { [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['#'] = true };

static inline const char *word_end(const char *s)
{
	while (!stops[(unsigned char)*s])
		s++;
	return s;
}

static inline bool is_number(const char *s, const char *end, double *x)
{
	return num_parse(s, (size_t)(end - s), x) && fabs(*x) <= FEATURE_MAX;
}

/* The index before a colon, and that colon; -1 when there is none. */
static inline int64_t index_of(const char *s, const char **colon)
{
	const char *from = s;
	int64_t i = 0;
	for (; *s >= '0' && *s <= '9' && i <= INT32_MAX; s++)
		i = i * 10 + (*s - '0');
	*colon = s;
	return s == from || *s != ':' || i > INT32_MAX ? -1 : i;
}

static bool is_qid(const char *s, const char *end)
{
	return end - s > 4 && memcmp(s, "qid:", 4) == 0;
}

static bool read_row(struct line_piece *p, const char *s, const char *end)
{
	const char *to = word_end(s), *colon;
	int64_t last = -1;
	double x;
	if (!is_number(s, to, &x))
		return line_fault(p, "is no label; a row is LABEL INDEX:VALUE ..., with numbers", s, to);
	line_cell(p, LABEL, (struct slice){ s, (size_t)(to - s) });
	s = line_past(to);
	to = word_end(s);
	if (is_qid(s, to)) {
		int64_t group;
		if (!num_parse_int(s + 4, (size_t)(to - s) - 4, &group))
			return line_fault(p, "is not qid:N with a whole number", s, to);
		if (!line_has(p, QID))
			return line_fault(p, "stands here, but the first row has no qid", s, to);
		line_cell(p, QID, (struct slice){ s + 4, (size_t)(to - s) - 4 });
		s = line_past(to);
	}
	for (; *s != '\n' && *s != '#'; s = line_past(to)) {
		int64_t i = index_of(s, &colon);
		to = word_end(s);
		if (i < 0 || !is_number(colon + 1, to, &x))
			return line_fault(p, "is not INDEX:VALUE, a whole number from 0 to 2147483647 and a number up to 1e300", s, to);
		if (i <= last)
			return line_fault(p, "follows an index that is not less; the indices of a row ascend, each once", s, to);
		line_feature(p, (int32_t)i, x);
		last = i;
	}
	if (*s == '#' && line_has(p, COMMENT)) {
		s = line_past(s + 1);
		while (end > s && line_blank(end[-1]))
			end--;
		line_cell(p, COMMENT, (struct slice){ s, (size_t)(end - s) });
	}
	return true;
}

const struct line_form svmlight_form = {
	.name = "svmlight", .columns = { "label", "qid", "comment" }, .comment = '#', .least = 4, .row = read_row,
};

/* Whether the line looks like a row; *features is whether it has one. The last word may be cut off. */
static bool looks_row(const char *s, const char *end, bool whole, bool *features)
{
	const char *colon;
	double x;
	for (size_t word = 0; (s = line_past(s)) < end && *s != '#'; word++) {
		const char *to = word_end(s);
		if (to == end && !whole)
			return true;
		bool pair = word && index_of(s, &colon) >= 0 && is_number(colon + 1, to, &x);
		if (word == 0 ? !is_number(s, to, &x) : !pair && !(word == 1 && is_qid(s, to)))
			return false;
		*features = *features || pair;
		s = to;
	}
	return true;
}

bool svmlight_looks(const char *s, const char *end, bool all)
{
	bool features = false;
	while (s < end && !features) {
		const char *stop = memchr(s, '\n', (size_t)(end - s));
		if (!looks_row(s, stop ? stop : end, stop || all, &features))
			return false;
		s = stop ? stop + 1 : end;
	}
	return features;
}
