#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "families/linear/lin.h"

double *nb_ratio(const struct data *d, int32_t class, double smooth)
{
	size_t n = data_nsparse(d);
	double *in = NEW(double, 2 * n), *out = in + n, all_in = 0, all_out = 0;
	for (size_t j = 0; j < 2 * n; j++)
		in[j] = smooth;
	for (size_t i = 0; i < d->n; i++) {
		size_t row = data_row(d, i);
		double *to = d->label[row] == class ? in : out;
		for (size_t e = d->sparse->start[row]; e < d->sparse->start[row + 1]; e++)
			if (d->sparse->val[e] > 0)
				to[d->sparse->col[e]] += data_weight(d, i);
	}
	for (size_t j = 0; j < n; j++) {
		all_in += in[j];
		all_out += out[j];
	}
	for (size_t j = 0; j < n; j++)
		in[j] = log(in[j] / all_in) - log(out[j] / all_out);
	GROW(in, n);
	return in;
}
