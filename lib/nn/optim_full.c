#include <stdlib.h>

#include "base/mem.h"
#include "math/optim.h"
#include "nn/optim.h"

#define MEMORY 10	/* pairs of steps and gradients */

struct full {
	struct params *ps;
	optim_full_fn *fn;
	optim_full_told *told;
	void *ctx;
	real *g;	/* (ps->size) */
};

static bool moves(const struct param *p)
{
	return !p->frozen && p->kind != PARAM_BUFFER;
}

/* Numbers of `from`, laid out as the parameters are, that move, to the vector. */
static void gather(const struct params *ps, const real *from, double *to)
{
	for (size_t k = 0; k < ps->n; k++)
		for (size_t i = 0; moves(ps->p[k]) && i < ps->p[k]->n; i++)
			*to++ = (double)from[ps->p[k]->at + i];
}

static void scatter(struct params *ps, const double *from)
{
	for (size_t k = 0; k < ps->n; k++)
		for (size_t i = 0; moves(ps->p[k]) && i < ps->p[k]->n; i++)
			ps->x[ps->p[k]->at + i] = (real)*from++;
}

static double evaluate(void *ctx, const double *x, double *g)
{
	struct full *f = ctx;
	scatter(f->ps, x);
	double loss = f->fn(f->ctx, f->g);
	gather(f->ps, f->g, g);
	return loss;
}

static bool tell(void *ctx, int iteration, double loss)
{
	struct full *f = ctx;
	return f->told && f->told(f->ctx, iteration, loss);
}

double optim_lbfgs(struct params *ps, optim_full_fn *fn, optim_full_told *told, void *ctx, int iterations)
{
	struct full f = { ps, fn, told, ctx, NEW0(real, ps->size) };
	struct lbfgs o = { .memory = MEMORY, .iterations = iterations, .fn = evaluate, .told = tell, .ctx = &f };
	size_t n = 0;
	for (size_t k = 0; k < ps->n; k++)
		n += moves(ps->p[k]) ? ps->p[k]->n : 0;
	double *x = NEW(double, n);
	gather(ps, ps->x, x);
	lbfgs(&o, n, x);
	scatter(ps, x);
	free(x);
	free(f.g);
	return o.objective;
}
