#include "nn/train.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/par.h"

#define PIECE 16384	/* gradients added as one piece of parallel work */

struct trainer *trainer_new(struct graph *g, struct optim *o, size_t shards, int threads, uint64_t seed)
{
	struct trainer *t = NEW(struct trainer, 1);
	if ((size_t)threads > shards)
		threads = (int)shards;
	*t = (struct trainer){ .g = g, .optim = o, .shards = shards, .threads = threads, .seed = seed,
			       .lanes = NEW(struct lane *, (size_t)threads), .grads = NEW(real *, shards),
			       .losses = NEW(double, shards) };
	for (int i = 0; i < threads; i++)
		t->lanes[i] = lane_new(g);
	for (size_t s = 0; s < shards; s++)
		t->grads[s] = mem_zero(g->ps->size, sizeof(real));
	return t;
}

void trainer_free(struct trainer *t)
{
	if (!t)
		return;
	for (int i = 0; i < t->threads; i++)
		lane_free(t->lanes[i]);
	for (size_t s = 0; s < t->shards; s++)
		free(t->grads[s]);
	free(t->lanes);
	free(t->grads);
	free(t->losses);
	free(t);
}

struct batch {
	struct trainer *t;
	shard_fn *fill;
	void *ctx;
	uint64_t step;
	double norm;
};

static void run_shard(void *ctx, size_t shard, int worker)
{
	const struct batch *b = ctx;
	struct trainer *t = b->t;
	struct lane *l = t->lanes[worker];
	l->norm = b->norm;
	l->rng = rng_at(t->seed, "net.dropout", b->step * t->shards + shard);
	b->fill(b->ctx, l, shard, worker);
	lane_forward(l);
	lane_backward(l, t->grads[shard]);
	t->losses[shard] = l->loss;
}

/* Adds the gradients of all shards to those of the first, in their order. */
static void add_piece(void *ctx, size_t piece, int worker)
{
	struct trainer *t = ctx;
	size_t from = piece * PIECE, size = t->g->ps->size, to = from + PIECE < size ? from + PIECE : size;
	real *sum = t->grads[0];
	(void)worker;
	for (size_t s = 1; s < t->shards; s++) {
		const real *g = t->grads[s];
		for (size_t i = from; i < to; i++)
			sum[i] += g[i];
	}
}

/* What stands in the place of buffers is a statistic of each shard: their mean. */
static void mean_statistics(struct trainer *t)
{
	const struct params *ps = t->g->ps;
	for (size_t p = 0; p < ps->n; p++)
		if (ps->p[p]->kind == PARAM_BUFFER)
			for (size_t i = 0; i < ps->p[p]->n; i++)
				t->grads[0][ps->p[p]->at + i] /= (real)t->shards;
}

double trainer_step(struct trainer *t, shard_fn *fill, void *ctx, uint64_t step, double norm, double rate)
{
	struct batch b = { t, fill, ctx, step, norm };
	double loss = 0;
	par_for(t->threads, t->shards, run_shard, &b);
	for (size_t s = 0; s < t->shards; s++)
		loss += t->losses[s];
	if (!isfinite(loss))
		return NAN;
	par_for(t->threads, (t->g->ps->size + PIECE - 1) / PIECE, add_piece, t);
	mean_statistics(t);
	t->norm = optim_step(t->optim, t->grads[0], rate, t->threads);
	if (!isfinite(t->norm))
		return NAN;
	graph_pack(t->g, t->threads);
	return loss;
}

size_t trainer_memory(const struct graph *g, const struct optim_conf *o, size_t shards, int threads)
{
	size_t lanes = (size_t)threads < shards ? (size_t)threads : shards, vectors = 1 + shards;
	vectors += o->kind == OPTIM_SGD ? o->momentum > 0 : 2;
	vectors += o->average > 0;
	return g->memory * lanes + g->ps->size * sizeof(real) * vectors;
}

/* ---- lanes for prediction ---- */

struct lanes {
	const struct graph *g;
	pthread_mutex_t lock;
	struct lane **idle;	/* (n) */
	size_t n;
};

struct lanes *lanes_new(const struct graph *g)
{
	struct lanes *ls = NEW0(struct lanes, 1);
	ls->g = g;
	pthread_mutex_init(&ls->lock, NULL);
	return ls;
}

void lanes_free(struct lanes *ls)
{
	if (!ls)
		return;
	for (size_t i = 0; i < ls->n; i++)
		lane_free(ls->idle[i]);
	free(ls->idle);
	pthread_mutex_destroy(&ls->lock);
	free(ls);
}

struct lane *lanes_take(struct lanes *ls)
{
	pthread_mutex_lock(&ls->lock);
	struct lane *l = ls->n ? ls->idle[--ls->n] : NULL;
	pthread_mutex_unlock(&ls->lock);
	return l ? l : lane_new(ls->g);
}

void lanes_put(struct lanes *ls, struct lane *l)
{
	pthread_mutex_lock(&ls->lock);
	GROW(ls->idle, ls->n + 1);
	ls->idle[ls->n++] = l;
	pthread_mutex_unlock(&ls->lock);
}

