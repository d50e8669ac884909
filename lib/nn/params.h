/*
 * Parameters by name, outside graphs: several graphs may share them, a model
 * file is a store of them, and an optimiser sees one flat vector. Names,
 * shapes and order of elements are PyTorch's ("layer1.0.conv1.weight").
 */
#ifndef DLS_NN_PARAMS_H
#define DLS_NN_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/rng.h"
#include "nn/real.h"

#define NN_DIMS 4

enum param_kind {
	PARAM_WEIGHT,
	PARAM_SPARED,	/* a bias, or of a norm: weight decay spares it */
	PARAM_BUFFER	/* running statistics: no gradient */
};

struct param {
	char *name;
	enum param_kind kind;
	int ndim;
	size_t dim[NN_DIMS], n;
	size_t at;	/* of its first element in the flat vector */
	bool frozen;	/* no gradient is wanted */
	double rate;	/* the learning rate is multiplied by it, 1; of a buffer: how far it goes to a new statistic, 0.1 */
};

struct params {
	struct param **p;	/* (n) in the order they were added */
	size_t n, size;		/* size: elements of all */
	real *x;		/* (size) values; NULL before params_ready() */
	struct dict *names;
};

struct params *params_new(void);
void params_free(struct params *ps);

/* Adds a parameter, or finds the one of that name, whose shape must be this one (bug() otherwise). */
struct param *params_need(struct params *ps, const char *name, enum param_kind kind, int ndim, const size_t *dim);
struct param *params_find(const struct params *ps, const char *name);	/* NULL: none */

/* Gives them values, zeros; none is added any more. */
void params_ready(struct params *ps);

static inline real *param_x(const struct params *ps, const struct param *p)
{
	return ps->x + p->at;
}

/* Fillings, each from a stream of the parameter's name, so that the order of parameters does not matter. */
void param_fill(struct params *ps, const struct param *p, double value);
/* He et al. 2015, eq. 10: normal with variance 2 / fan; fan is what one output sums, or what one input goes to (out). */
void param_kaiming(struct params *ps, const struct param *p, uint64_t seed, bool fan_out);
/* Uniform in +-1 / sqrt(fan_in): what PyTorch's layers start from. */
void param_uniform(struct params *ps, const struct param *p, uint64_t seed, size_t fan_in);
void param_normal(struct params *ps, const struct param *p, uint64_t seed, double sd);

#endif
