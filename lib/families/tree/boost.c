/*
 * Fitting a boosted model: a round samples rows and columns, grows a tree for
 * each score on the gradients there, and adds its leaves to the scores. Rows
 * of the sample know their leaf from growing; all others walk the tree.
 *
 * DART (Rashmi and Gilad-Bachrach 2015): a round first takes a random set of
 * d earlier rounds out of the scores; they come back times d / (d + 1), the
 * new trees times 1 / (d + 1). The factors are multiplied into the leaves at
 * the end, so predicting is a plain sum.
 */
#include "families/tree/boost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

#define MAX_DROP 50
#define PARALLEL 4096	/* rows times trees below which one thread walks (about 60 us) */

/* Rows that are scored while fitting: those learnt from, or those watched. */
struct scores {
	const struct data *d;
	uint32_t *rows;		/* (n) of the table */
	size_t n;
	double *score;		/* (k, n) */
	double *dropped;	/* (k, n) what DART took out */
};

struct fit {
	const struct boost_opts *o;
	struct run *run;
	struct boost *m;
	struct target t;
	struct bins *bins;
	struct grower *grower;
	struct scores train, valid;
	double *valid_p;	/* (valid.n, outputs) */
	size_t outputs;
	double *prob;		/* (k, n) of multiclass */
	double *g, *h;		/* (n) */
	struct grad *gh;	/* (n) */
	struct grad_unit unit;
	uint32_t *rows;		/* (nrows) the round's */
	size_t nrows;
	uint8_t *in;		/* (n) marks of the same */
	double *factor;		/* (n) of GOSS */
	uint8_t *use;		/* (ncols) the round's */
	double *room;		/* (2, n) of GOSS and of leaves that are renewed */
	double *scale;		/* (rounds) of DART, else all 1 */
	double *best_scale;	/* as it was at the best round */
	int *drop, ndrop;	/* rounds that are out */
};

/* -------------------------------------------------------------------- scores */

struct walk {
	const struct boost *m;
	const struct scores *s;
	double *out;		/* (k, n) */
	const int *rounds;	/* (nrounds) */
	int nrounds;
	const double *scale;	/* by round */
	const uint8_t *skip;	/* (n) or NULL */
};

static void walk_chunk(void *ctx, size_t chunk, int worker)
{
	const struct walk *x = ctx;
	size_t n = x->s->n, from = chunk * TREE_BLOCK, to = from + TREE_BLOCK < n ? from + TREE_BLOCK : n, m = 0;
	size_t k = x->m->o.k;
	uint32_t at[TREE_BLOCK], rows[TREE_BLOCK], leaf[TREE_BLOCK];
	struct window *w = window_new(&x->m->trees, x->s->d);
	(void)worker;
	for (size_t i = from; i < to; i++) {
		at[m] = (uint32_t)i;
		rows[m] = x->s->rows[i];
		m += !(x->skip && x->skip[i]);
	}
	for (size_t first = 0, some; first < m; first += some) {
		some = m - first < w->size ? m - first : w->size;
		window_fill(w, rows + first, some);
		for (int r = 0; r < x->nrounds; r++)
			for (size_t c = 0; c < k; c++) {
				trees_leaves(&x->m->trees, (size_t)x->rounds[r] * k + c, w, w->rows, some, leaf);
				for (size_t i = 0; i < some; i++)
					x->out[c * n + at[first + i]] += x->scale[x->rounds[r]] *
						x->m->trees.node[leaf[i]].value;
			}
	}
	window_free(w);
}

/* Adds rounds of trees, by their scale, to out (k, n). */
static void walk(struct fit *f, const struct scores *s, const int *rounds, int nrounds, const uint8_t *skip, double *out)
{
	struct walk x = { f->m, s, out, rounds, nrounds, f->scale, skip };
	int threads = s->n * (size_t)nrounds < PARALLEL ? 1 : f->run->threads;
	par_for(threads, (s->n + TREE_BLOCK - 1) / TREE_BLOCK, walk_chunk, &x);
}

static void scores_init(struct fit *f, struct scores *s, const struct data *d, uint32_t *rows, size_t n)
{
	size_t k = f->m->o.k;
	*s = (struct scores){ .d = d, .rows = rows, .n = n, .score = NEW(double, k * n + 1) };
	for (size_t i = 0; i < k * n; i++)
		s->score[i] = f->m->base[i / n];
	if (f->o->dart > 0)
		s->dropped = NEW(double, k * n + 1);
}

static void add_scaled(const struct fit *f, struct scores *s, double by)
{
	for (size_t i = 0; i < f->m->o.k * s->n; i++)
		s->score[i] += by * s->dropped[i];
}

/* Takes a random set of earlier rounds out of the scores. */
static void drop(struct fit *f, int round)
{
	struct rng r = rng_at(f->run->seed, "boost.drop", (uint64_t)round);
	f->ndrop = 0;
	if (rng_double(&r) >= f->o->dart_skip)
		for (int i = 0; i < round && f->ndrop < MAX_DROP; i++)
			if (rng_double(&r) < f->o->dart)
				f->drop[f->ndrop++] = i;
	struct scores *all[] = { &f->train, &f->valid };
	for (int i = 0; i < 2 && f->ndrop > 0; i++) {
		memset(all[i]->dropped, 0, f->m->o.k * all[i]->n * sizeof(double));
		walk(f, all[i], f->drop, f->ndrop, NULL, all[i]->dropped);
		add_scaled(f, all[i], -1);
	}
	f->scale[round] = 1.0 / (f->ndrop + 1);
}

/* Puts them back, smaller. */
static void put_back(struct fit *f)
{
	double by = f->ndrop / (f->ndrop + 1.0);
	for (int i = 0; i < f->ndrop; i++)
		f->scale[f->drop[i]] *= by;
	if (f->ndrop > 0) {
		add_scaled(f, &f->train, by);
		add_scaled(f, &f->valid, by);
	}
}

/* --------------------------------------------------------------------- round */

static void choose_rows(struct fit *f, int round)
{
	size_t n = f->t.n;
	if (f->o->goss_top > 0) {
		double *key = f->room;
		memset(key, 0, n * sizeof(*key));
		for (size_t c = 0; c < f->m->o.k; c++) {
			objective_grad(&f->m->o, &f->t, c, f->train.score, f->prob, f->g, f->h, f->run->threads);
			for (size_t i = 0; i < n; i++)
				key[i] += fabs(f->g[i] * f->h[i]);
		}
		f->nrows = sample_goss(f->o, key, n, f->run->seed, round, f->rows, f->factor);
	} else if (round == 0 || f->o->rows < 1) {
		f->nrows = sample_rows(f->o, n, f->run->seed, round, f->rows);
	} else {
		return;
	}
	memset(f->in, 0, n);
	for (size_t i = 0; i < f->nrows; i++)
		f->in[f->rows[i]] = 1;
}

struct leaves {
	struct fit *f;
	double *score;
	double scale;
};

/* Sets the value of a leaf, and adds it to the scores of the rows in it. */
static void leaf_chunk(void *ctx, size_t node, int worker)
{
	const struct leaves *l = ctx;
	const struct fit *f = l->f;
	const struct grower *g = f->grower;
	const struct grown *x = &g->grown[node];
	const uint32_t *rows = g->rows + x->start;
	double value;
	(void)worker;
	if (g->tree.node[node].left)
		return;
	if (objective_renews(&f->m->o))
		value = grower_hold(g, node, objective_leaf(&f->m->o, &f->t, f->train.score, rows, x->count,
							    f->room + 2 * (size_t)x->start));
	else
		value = grower_value(g, node);
	g->tree.node[node].value = f->o->rate * value;
	for (size_t i = 0; i < x->count; i++)
		l->score[rows[i]] += l->scale * g->tree.node[node].value;
}

static void grow_class(struct fit *f, int round, size_t c)
{
	struct trees *t = &f->m->trees;
	int threads = f->run->threads;
	objective_grad(&f->m->o, &f->t, c, f->train.score, f->prob, f->g, f->h, threads);
	if (f->o->goss_top > 0)
		for (size_t i = 0; i < f->t.n; i++) {
			f->g[i] *= f->factor[i];
			f->h[i] *= f->factor[i];
		}
	f->unit = grad_unit_for(f->t.n);
	grad_quantise(f->g, f->h, f->t.n, 0, f->gh, &f->unit, threads);
	grower_tree(f->grower, f->rows, f->nrows, f->gh, f->unit, f->use,
		    rng_at(f->run->seed, "boost.tree", (uint64_t)round));
	struct leaves l = { f, f->train.score + c * f->t.n, f->scale[round] };
	par_for(f->nrows < PARALLEL ? 1 : threads, f->grower->tree.nnodes, leaf_chunk, &l);
	trees_add(t, &f->grower->tree);
}

/* Predictions for the watched rows, or NULL. */
static const double *predict_valid(struct fit *f)
{
	for (size_t i = 0; i < f->valid.n; i++)
		objective_predict(&f->m->o, f->valid.score + i, f->valid.n, f->valid_p + i * f->outputs);
	return f->valid_p;
}

static bool one_round(struct fit *f, int round, int rounds)
{
	struct run *run = f->run;
	if (f->o->dart > 0)
		drop(f, round);
	if (f->prob)
		objective_softmax(f->train.score, f->m->o.k, f->t.n, f->prob, run->threads);
	choose_rows(f, round);
	sample_cols(f->o->cols, f->bins->ncols, run->seed, round, f->use);
	for (size_t c = 0; c < f->m->o.k; c++)
		grow_class(f, round, c);
	if (f->nrows < f->t.n)
		walk(f, &f->train, &round, 1, f->in, f->train.score);
	walk(f, &f->valid, &round, 1, NULL, f->valid.score);
	if (f->o->dart > 0)
		put_back(f);
	double loss = run->metrics ? objective_loss(&f->m->o, &f->t, f->train.score) : NAN;
	bool stop = run_round(run, round + 1, rounds, loss, predict_valid(f));
	if (run->best_round == round + 1)
		memcpy(f->best_scale, f->scale, (size_t)(round + 1) * sizeof(double));
	return stop;
}

/* ----------------------------------------------------------------------- fit */

static struct grow_opts grow_options(const struct boost_opts *o, const int8_t *sign)
{
	struct grow_opts g = { .leaves = o->leaves, .depth = o->depth, .min_leaf = o->min_leaf, .min_weight = o->min_weight,
			       .min_gain = o->min_gain, .l1 = o->l1, .l2 = o->l2, .smooth = o->cat_smooth,
			       .one_vs_rest = 4, .gain_factor = 1, .sign = sign };
	g.order = strcmp(o->grow, "leaf") == 0 ? GROW_LEAF : strcmp(o->grow, "depth") == 0 ? GROW_DEPTH : GROW_SYMMETRIC;
	return g;
}

static void prepare_valid(struct fit *f)
{
	const struct data *v = f->run->valid;
	uint32_t *rows = NULL;
	if (!v || !f->run->metric.metric) {
		scores_init(f, &f->valid, NULL, NULL, 0);
		return;
	}
	rows = NEW(uint32_t, v->n + 1);
	for (size_t i = 0; i < v->n; i++)
		rows[i] = (uint32_t)data_row(v, i);
	f->outputs = data_outputs(v);
	f->valid_p = NEW(double, v->n * f->outputs + 1);
	scores_init(f, &f->valid, v, rows, v->n);
}

static void prepare(struct fit *f, const struct data *d, int rounds)
{
	size_t n, k = f->m->o.k;
	target_gather(&f->t, d);
	n = f->t.n;
	f->bins = bins_new(d, f->t.rows, n, f->o->bins, f->o->min_leaf, f->run->threads);
	objective_start(&f->m->o, &f->t, f->m->base);
	scores_init(f, &f->train, d, f->t.rows, n);
	prepare_valid(f);
	f->prob = k > 1 ? NEW(double, k * n) : NULL;
	f->g = NEW(double, n);
	f->h = NEW(double, n);
	f->gh = NEW(struct grad, n);
	f->rows = NEW(uint32_t, n);
	f->in = NEW(uint8_t, n);
	f->factor = f->o->goss_top > 0 ? NEW(double, n) : NULL;
	f->use = NEW(uint8_t, f->bins->ncols + 1);
	f->room = f->o->goss_top > 0 || objective_renews(&f->m->o) ? NEW(double, 2 * n) : NULL;
	f->scale = NEW(double, (size_t)rounds);
	f->best_scale = NEW(double, (size_t)rounds);
	f->drop = NEW(int, MAX_DROP);
	for (int i = 0; i < rounds; i++)
		f->scale[i] = 1;
}

static void finish(struct fit *f)
{
	struct boost *m = f->m;
	m->rounds = f->run->best_round;
	trees_cut(&m->trees, (size_t)m->rounds * m->o.k);
	if (f->o->dart > 0)
		for (size_t t = 0; t < m->trees.ntrees; t++)
			trees_scale(&m->trees, t, f->best_scale[t / m->o.k]);
	free(f->train.score);
	free(f->train.dropped);
	free(f->valid.score);
	free(f->valid.dropped);
	free(f->valid.rows);
	free(f->valid_p);
	free(f->prob);
	free(f->g);
	free(f->h);
	free(f->gh);
	free(f->rows);
	free(f->in);
	free(f->factor);
	free(f->use);
	free(f->room);
	free(f->scale);
	free(f->best_scale);
	free(f->drop);
	target_free(&f->t);
	grower_free(f->grower);
	bins_free(f->bins);
}

struct boost *boost_fit(const struct boost_opts *o, const struct data *d, struct run *run)
{
	struct fit f = { .o = o, .run = run, .m = NEW0(struct boost, 1) };
	int rounds = run->rounds > 0 ? run->rounds : o->trees;
	int8_t *sign = NEW0(int8_t, d->ncols + 1);
	objective_find(&f.m->o, o->objective, d);
	f.m->o.level = o->level;
	f.m->o.delta = o->delta;
	f.m->base = NEW0(double, f.m->o.k);
	trees_init(&f.m->trees, d, 0);
	prepare(&f, d, rounds);
	grower_levels(f.bins, &f.m->trees);
	monotone_signs(&o->monotone, d->cols, d->ncols, sign);
	struct grow_opts g = grow_options(o, o->monotone.n ? sign : NULL);
	f.grower = grower_new(f.bins, &g, run->threads);
	for (int round = 0; round < rounds; round++)
		if (one_round(&f, round, rounds))
			break;
	finish(&f);
	free(sign);
	return f.m;
}
