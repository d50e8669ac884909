#include "model/strongest.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/csvout.h"

struct sides sides_of(const struct family *f, const void *fit, const struct data *x, const struct schema *sc)
{
	static const char *const ends[] = { "lower", "higher" };
	size_t n = data_nsparse(x), outputs = data_outputs(x);
	struct sides s = { outputs, (const char *const *)sc->labels, NEW(double, n * (outputs + 1)) };
	f->terms(fit, s.weight);
	if (x->nclasses)
		return s;
	s.k = 2;
	s.names = ends;
	for (size_t i = n; i-- > 0;) {
		s.weight[2 * i + 1] = s.weight[i];
		s.weight[2 * i] = -s.weight[2 * i + 1];
	}
	return s;
}

/* The columns (STRONGEST) of the greatest of the n weights, a stride apart, in that order; how many. */
static size_t strongest(const double *weight, size_t n, size_t stride, size_t *col)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++) {
		double w = weight[i * stride];
		if (!(w > 0) || (found == STRONGEST && !(w > weight[col[STRONGEST - 1] * stride])))
			continue;
		size_t at = found < STRONGEST ? found++ : STRONGEST - 1;
		for (; at > 0 && w > weight[col[at - 1] * stride]; at--)
			col[at] = col[at - 1];
		col[at] = i;
	}
	return found;
}

void strongest_show(const struct data *x, const struct sides *s, struct json *j)
{
	struct str name = { 0 };
	size_t col[STRONGEST];
	json_object(j, "strongest");
	for (size_t c = 0; c < s->k; c++) {
		size_t n = strongest(s->weight + c, data_nsparse(x), s->k, col);
		json_object(j, s->names[c]);
		for (size_t i = 0; i < n; i++) {
			name.n = 0;
			x->names.put(x->names.of, col[i], &name);
			json_num(j, name.s, s->weight[col[i] * s->k + c]);
		}
		json_end(j, '}');
	}
	json_end(j, '}');
	str_free(&name);
}

struct term {
	double weight;
	size_t col;
};

static int stronger_first(const void *a, const void *b)
{
	const struct term *s = a, *t = b;
	if (s->weight != t->weight)
		return s->weight > t->weight ? -1 : 1;
	return s->col < t->col ? -1 : s->col > t->col;
}

void strongest_csv(const struct data *x, const struct sides *s, struct str *out)
{
	size_t nsparse = data_nsparse(x);
	struct term *t = NEW(struct term, nsparse);
	struct str name = { 0 };
	char buf[NUM_MAX];
	str_puts(out, "class,column,weight\n");
	for (size_t c = 0; c < s->k; c++) {
		size_t n = 0;
		for (size_t i = 0; i < nsparse; i++) {
			t[n] = (struct term){ s->weight[i * s->k + c], i };
			n += t[n].weight > 0;
		}
		qsort(t, n, sizeof(*t), stronger_first);
		for (size_t i = 0; i < n; i++) {
			name.n = 0;
			x->names.put(x->names.of, t[i].col, &name);
			csv_put(out, slice_of(s->names[c]));
			str_putc(out, ',');
			csv_put(out, (struct slice){ name.s, name.n });
			str_putc(out, ',');
			str_add(out, buf, num_print(buf, t[i].weight));
			str_putc(out, '\n');
		}
	}
	str_free(&name);
	free(t);
}
