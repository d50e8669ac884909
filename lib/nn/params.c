#include "nn/params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

struct params *params_new(void)
{
	struct params *ps = NEW0(struct params, 1);
	ps->names = dict_new();
	return ps;
}

void params_free(struct params *ps)
{
	if (!ps)
		return;
	for (size_t i = 0; i < ps->n; i++) {
		free(ps->p[i]->name);
		free(ps->p[i]);
	}
	free(ps->p);
	free(ps->x);
	dict_free(ps->names);
	free(ps);
}

struct param *params_find(const struct params *ps, const char *name)
{
	int32_t i = dict_find(ps->names, name, strlen(name));
	return i < 0 ? NULL : ps->p[i];
}

static bool same_dims(const struct param *p, int ndim, const size_t *dim)
{
	return p->ndim == ndim && memcmp(p->dim, dim, (size_t)ndim * sizeof(*dim)) == 0;
}

struct param *params_need(struct params *ps, const char *name, enum param_kind kind, int ndim, const size_t *dim)
{
	struct param *p = params_find(ps, name);
	if (p && (p->kind != kind || !same_dims(p, ndim, dim)))
		bug("parameter '%s' has two shapes", name);
	if (p)
		return p;
	if (ps->x)
		bug("parameter '%s' comes too late", name);
	p = NEW0(struct param, 1);
	*p = (struct param){ .name = mem_str(name), .kind = kind, .ndim = ndim, .n = 1, .at = ps->size,
			     .rate = kind == PARAM_BUFFER ? 0.1 : 1 };
	for (int i = 0; i < ndim; i++) {
		p->dim[i] = dim[i];
		p->n *= dim[i];
	}
	ps->size += p->n;
	GROW(ps->p, ps->n + 1);
	ps->p[ps->n++] = p;
	dict_add(ps->names, name, strlen(name));
	return p;
}

void params_ready(struct params *ps)
{
	ps->x = NEW0(real, ps->size ? ps->size : 1);
}

void param_fill(struct params *ps, const struct param *p, double value)
{
	for (size_t i = 0; i < p->n; i++)
		param_x(ps, p)[i] = (real)value;
}

void param_normal(struct params *ps, const struct param *p, uint64_t seed, double sd)
{
	struct rng r = rng_at(seed, p->name, 0);
	for (size_t i = 0; i < p->n; i++)
		param_x(ps, p)[i] = (real)(sd * rng_normal(&r));
}

void param_kaiming(struct params *ps, const struct param *p, uint64_t seed, bool fan_out)
{
	size_t window = p->ndim > 1 ? p->n / p->dim[0] / p->dim[1] : 1;
	size_t fan = window * (fan_out ? p->dim[0] : p->ndim > 1 ? p->dim[1] : p->dim[0]);
	param_normal(ps, p, seed, sqrt(2 / (double)fan));
}

void param_uniform(struct params *ps, const struct param *p, uint64_t seed, size_t fan_in)
{
	struct rng r = rng_at(seed, p->name, 0);
	double bound = 1 / sqrt((double)fan_in);
	for (size_t i = 0; i < p->n; i++)
		param_x(ps, p)[i] = (real)(bound * (2 * rng_double(&r) - 1));
}
