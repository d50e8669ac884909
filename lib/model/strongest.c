#include "model/strongest.h"

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

void strongest_show(const struct data *x, const double *weight, size_t k, char *const *labels, struct json *j)
{
	struct str name = { 0 };
	size_t col[STRONGEST];
	json_object(j, "strongest");
	for (size_t c = 0; c < k; c++) {
		size_t n = strongest(weight + c, data_nsparse(x), k, col);
		json_object(j, labels[c]);
		for (size_t i = 0; i < n; i++) {
			name.n = 0;
			x->names.put(x->names.of, col[i], &name);
			json_num(j, name.s, weight[col[i] * k + c]);
		}
		json_end(j, '}');
	}
	json_end(j, '}');
	str_free(&name);
}
