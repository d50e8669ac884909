#include "nn/graph.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "nn/op.h"

size_t shape_size(const struct shape *s)
{
	size_t n = 1;
	for (int i = 0; i < s->n; i++)
		n *= s->d[i];
	return n;
}

size_t shape_channels(const struct shape *s)
{
	return s->d[s->n - 1];
}

const struct shape *node_shape(const struct node *nd)
{
	return &nd->shape;
}

/* ---- building ---- */

struct graph *graph_new(struct params *ps, size_t rows, enum graph_mode mode)
{
	struct graph *g = NEW0(struct graph, 1);
	*g = (struct graph){ .ps = ps, .rows = rows, .mode = mode, .arena = arena_new() };
	return g;
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++)
		if (g->nodes[i]->state && g->nodes[i]->op->release)
			g->nodes[i]->op->release(g->nodes[i]);
	free(g->nodes);
	free(g->losses);
	arena_free(g->arena);
	free(g);
}

struct node *graph_add(struct graph *g, const struct op *op, struct node *const *in, struct param *const *params,
		       struct shape shape, const void *conf, size_t bytes)
{
	struct node *nd = arena_alloc(g->arena, sizeof(*nd));
	*nd = (struct node){ .op = op, .g = g, .id = g->n, .shape = shape, .size = shape_size(&shape), .reads = op->reads,
			     .alias = op->in_place ? 0 : -1, .last = g->n };
	while (in && in[nd->nin])
		nd->nin++;
	nd->in = arena_alloc(g->arena, (size_t)nd->nin * sizeof(*nd->in) + 1);
	for (int k = 0; k < nd->nin; k++) {
		if (in[k]->g != g)
			bug("%s takes a node of another graph", op->name);
		nd->in[k] = in[k];
		in[k]->takers++;
	}
	while (params && params[nd->nparam]) {
		if (nd->nparam == NODE_MOST_PARAMS)
			bug("%s has too many parameters", op->name);
		nd->param[nd->nparam] = params[nd->nparam];
		nd->nparam++;
	}
	nd->name = nd->nparam ? nd->param[0]->name : NULL;
	if (bytes) {
		void *copy = arena_alloc(g->arena, bytes);
		memcpy(copy, conf, bytes);
		nd->conf = copy;
	}
	GROW(g->nodes, g->n + 1);
	g->nodes[g->n++] = nd;
	return nd;
}

struct param *param_of(struct graph *g, const char *name, const char *what, enum param_kind kind, int ndim, const size_t *dim)
{
	struct str s = { 0 };
	str_printf(&s, "%s.%s", name, what);
	struct param *p = params_need(g->ps, s.s, kind, ndim, dim);
	str_free(&s);
	return p;
}

void graph_loss(struct node *nd, double weight)
{
	struct graph *g = nd->g;
	if (nd->size != 1)
		bug("%s is no loss: it has %zu values", nd->op->name, nd->size);
	nd->weight = weight;
	nd->kept = true;
	GROW(g->losses, g->nlosses + 1);
	g->losses[g->nlosses++] = nd;
}

void graph_keep(struct node *nd)
{
	nd->kept = true;
}

void graph_want(struct node *nd)
{
	nd->wants = true;
}

/* ---- which nodes gradients go through ---- */

static bool trains(const struct node *nd)
{
	for (int k = 0; k < nd->nparam; k++)
		if (nd->param[k]->kind != PARAM_BUFFER && !nd->param[k]->frozen)
			return true;
	return false;
}

/* wants and last of every node: from the parameters up, then only what a loss depends on. */
static void plan_gradients(struct graph *g)
{
	bool *reached = NEW0(bool, g->n);
	for (size_t i = g->n; i-- > 0;) {
		struct node *nd = g->nodes[i];
		reached[i] = reached[i] || nd->weight != 0;
		for (int k = 0; reached[i] && nd->op->backward && k < nd->nin; k++)
			reached[nd->in[k]->id] = true;
	}
	for (size_t i = 0; i < g->n; i++) {
		struct node *nd = g->nodes[i];
		nd->wants = nd->wants || trains(nd);
		for (int k = 0; nd->op->backward && k < nd->nin; k++)
			nd->wants = nd->wants || nd->in[k]->wants;
		nd->wants = nd->wants && reached[i];
		for (int k = 0; nd->wants && k < nd->nin; k++)
			nd->in[k]->last = i;
	}
	free(reached);
}

/* ---- memory ---- */

/*
 * A piece of a lane's memory, and the steps from which and to which it is in
 * use: forward of node i is step i, backward step 2 n - 1 - i.
 */
struct span {
	size_t bytes, from, to, at;
};

struct plan {
	struct span *s;
	size_t n;
	size_t *x, *grad, *work;	/* (nodes) the spans of each; SIZE_MAX: none */
	size_t steps;			/* 2 n */
};

static size_t span_new(struct plan *p, size_t bytes, size_t from, size_t to)
{
	GROW(p->s, p->n + 1);
	p->s[p->n] = (struct span){ mem_up(bytes), from, to, 0 };
	return p->n++;
}

/* The last step that reads the value (or, of work, what lies beside it) of each node. */
static void last_reads(const struct graph *g, size_t *value, size_t *work)
{
	size_t steps = 2 * g->n;
	for (size_t i = 0; i < g->n; i++) {
		const struct node *nd = g->nodes[i];
		size_t back = steps - 1 - i;
		value[i] = nd->kept || i == g->n - 1 ? steps : nd->wants && (nd->reads & READS_OUT) ? back : i;
		work[i] = nd->wants ? back : i;
		for (int k = 0; k < nd->nin; k++) {
			size_t j = nd->in[k]->id, at = nd->wants && (nd->reads & (1u << k)) ? back : i;
			if (value[j] < at)
				value[j] = at;
			if (k == 1 && (nd->reads & READS_WORK1) && work[j] < (at = nd->wants ? back : i))
				work[j] = at;
		}
	}
}

static void plan_values(const struct graph *g, struct plan *p)
{
	size_t *value = NEW(size_t, g->n), *work = NEW(size_t, g->n);
	last_reads(g, value, work);
	for (size_t i = 0; i < g->n; i++) {
		const struct node *nd = g->nodes[i];
		const struct node *in = nd->alias >= 0 ? nd->in[nd->alias] : NULL;
		if (in && value[in->id] == i && in->size == nd->size && in->nin && !in->kept) {
			p->x[i] = p->x[in->id];
			p->s[p->x[i]].to = value[i];
		} else {
			p->x[i] = span_new(p, nd->size * sizeof(real), nd->nin ? i : 0, value[i]);
		}
		p->work[i] = nd->work ? span_new(p, nd->work, i, work[i]) : SIZE_MAX;
	}
	free(value);
	free(work);
}

static void plan_grads(const struct graph *g, struct plan *p)
{
	for (size_t i = g->n; i-- > 0;) {
		const struct node *nd = g->nodes[i];
		size_t back = p->steps - 1 - i, end = nd->nin || nd->nparam ? back : p->steps;
		if (!nd->wants)
			continue;
		if (p->grad[i] == SIZE_MAX)
			p->grad[i] = span_new(p, nd->size * sizeof(real), p->steps - 1 - nd->last, end);
		const struct node *in = nd->alias >= 0 ? nd->in[nd->alias] : NULL;
		if (!in || !in->wants || !node_first(nd, nd->alias) || nd->op->adds || in->size != nd->size || !(in->nin || in->nparam))
			continue;
		p->grad[in->id] = p->grad[i];
		p->s[p->grad[i]].to = p->steps - 1 - in->id;
	}
}

static int by_size(const void *a, const void *b)
{
	const struct span *const *s = a, *const *t = b;
	if ((*s)->bytes != (*t)->bytes)
		return (*s)->bytes < (*t)->bytes ? 1 : -1;
	return (*s) < (*t) ? -1 : 1;
}

static int by_place(const void *a, const void *b)
{
	const struct span *const *s = a, *const *t = b;
	return (*s)->at < (*t)->at ? -1 : (*s)->at > (*t)->at;
}

/* Places the spans, the largest first, each at the lowest place where it meets none of the same time; the end of all. */
static size_t place_spans(struct plan *p, size_t base)
{
	struct span **s = NEW(struct span *, p->n), **near = NEW(struct span *, p->n);
	size_t end = base;
	for (size_t i = 0; i < p->n; i++)
		s[i] = &p->s[i];
	qsort(s, p->n, sizeof(*s), by_size);
	for (size_t i = 0; i < p->n; i++) {
		size_t n = 0, at = base;
		for (size_t j = 0; j < i; j++)
			if (s[j]->from <= s[i]->to && s[i]->from <= s[j]->to)
				near[n++] = s[j];
		qsort(near, n, sizeof(*near), by_place);
		for (size_t j = 0; j < n && near[j]->at < at + s[i]->bytes; j++)
			if (near[j]->at + near[j]->bytes > at)
				at = near[j]->at + near[j]->bytes;
		s[i]->at = at;
		end = at + s[i]->bytes > end ? at + s[i]->bytes : end;
	}
	free(s);
	free(near);
	return end;
}

static void plan_memory(struct graph *g)
{
	struct plan p = { .x = NEW(size_t, g->n), .grad = NEW(size_t, g->n), .work = NEW(size_t, g->n), .steps = 2 * g->n };
	for (size_t i = 0; i < g->n; i++) {
		p.grad[i] = SIZE_MAX;
		g->scratch = g->nodes[i]->scratch > g->scratch ? g->nodes[i]->scratch : g->scratch;
	}
	g->scratch = mem_up(g->scratch);
	plan_values(g, &p);
	plan_grads(g, &p);
	g->memory = place_spans(&p, g->scratch);
	for (size_t i = 0; i < g->n; i++) {
		struct node *nd = g->nodes[i];
		nd->x_at = p.s[p.x[i]].at;
		nd->g_at = p.grad[i] == SIZE_MAX ? SIZE_MAX : p.s[p.grad[i]].at;
		nd->work_at = p.work[i] == SIZE_MAX ? SIZE_MAX : p.s[p.work[i]].at;
	}
	free(p.s);
	free(p.x);
	free(p.grad);
	free(p.work);
}

void graph_ready(struct graph *g)
{
	if (g->mode == GRAPH_TRAIN)
		plan_gradients(g);
	for (size_t i = 0; i < g->n; i++)
		if (g->nodes[i]->op->ready)
			g->nodes[i]->op->ready(g->nodes[i]);
	plan_memory(g);
}

size_t node_values(const struct node *nd)
{
	return nd->size / nd->shape.d[0];
}

/* ---- parameters ---- */

static void pack_node(void *ctx, size_t i, int worker)
{
	struct graph *g = ctx;
	struct node *nd = g->nodes[i];
	(void)worker;
	if (nd->op->pack)
		nd->op->pack(nd, g->ps->x);
}

void graph_pack(struct graph *g, int threads)
{
	par_for(threads, g->n, pack_node, g);
}

/* The last node whose backward speaks of the parameter is the first to do so. */
static bool speaks_first(const struct node *nd, const struct param *p)
{
	const struct graph *g = nd->g;
	for (size_t i = nd->id + 1; i < g->n; i++)
		for (int k = 0; g->nodes[i]->wants && k < g->nodes[i]->nparam; k++)
			if (g->nodes[i]->param[k] == p)
				return false;
	return true;
}

real *node_param_g(const struct node *nd, const struct lane *l, int k)
{
	const struct param *p = nd->param[k];
	return p->frozen && p->kind != PARAM_BUFFER ? NULL : l->grad + p->at;
}

bool node_param_adds(const struct node *nd, int k)
{
	return !speaks_first(nd, nd->param[k]);
}

/* ---- lanes ---- */

struct lane *lane_new(const struct graph *g)
{
	struct lane *l = NEW0(struct lane, 1);
	*l = (struct lane){ .g = g, .memory = mem_aligned(g->memory ? g->memory : 1, 1), .norm = 1 };
	memset(l->memory, 0, g->memory);
	return l;
}

void lane_free(struct lane *l)
{
	if (!l)
		return;
	free(l->memory);
	free(l->seconds);
	free(l);
}

real *lane_x(const struct lane *l, const struct node *nd)
{
	return node_x(l, nd);
}

real *lane_g(const struct lane *l, const struct node *nd)
{
	return nd->wants ? node_g(l, nd) : NULL;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void lane_forward(struct lane *l)
{
	const struct graph *g = l->g;
	l->loss = 0;
	for (size_t i = 0; i < g->n; i++) {
		const struct node *nd = g->nodes[i];
		double start = l->seconds ? now() : 0;
		if (nd->op->forward)
			nd->op->forward(nd, l);
		if (nd->weight != 0)
			l->loss += nd->weight * (double)node_x(l, nd)[0];
		if (l->seconds)
			l->seconds[i] += now() - start;
	}
}

/* Gradients that an op adds to without setting them first begin as zeros. */
static void zero_grads(const struct node *nd, const struct lane *l)
{
	for (int k = 0; k < nd->nin; k++)
		if (nd->in[k]->wants && node_first(nd, k))
			memset(node_g(l, nd->in[k]), 0, nd->in[k]->size * sizeof(real));
}

/* Where no gradient goes through a node, its buffers' statistics are what they are already. */
static void keep_buffers(const struct graph *g, real *grad)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct node *nd = g->nodes[i];
		for (int k = 0; !nd->wants && k < nd->nparam; k++)
			if (nd->param[k]->kind == PARAM_BUFFER)
				memcpy(grad + nd->param[k]->at, node_param(nd, k), nd->param[k]->n * sizeof(*grad));
	}
}

void lane_backward(struct lane *l, real *grad)
{
	const struct graph *g = l->g;
	l->grad = grad;
	keep_buffers(g, grad);
	for (size_t i = g->n; i-- > 0;) {
		const struct node *nd = g->nodes[i];
		double start = l->seconds ? now() : 0;
		if (!nd->wants || !nd->op->backward)
			continue;
		if (nd->weight != 0)
			node_g(l, nd)[0] = (real)nd->weight;
		if (nd->op->adds)
			zero_grads(nd, l);
		nd->op->backward(nd, l);
		if (l->seconds)
			l->seconds[g->n + i] += now() - start;
	}
}

/* ---- for people ---- */

double graph_flops(const struct graph *g)
{
	double sum = 0;
	for (size_t i = 0; i < g->n; i++)
		sum += g->nodes[i]->op->flops ? g->nodes[i]->op->flops(g->nodes[i]) : 0;
	return sum;
}

void graph_describe(const struct graph *g, struct str *out)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct node *nd = g->nodes[i];
		size_t params = 0;
		for (int k = 0; k < nd->nparam; k++)
			params += nd->param[k]->n;
		str_printf(out, "%-20s %-32s", nd->op->name, nd->name ? nd->name : "");
		for (int d = 0; d < nd->shape.n; d++)
			str_printf(out, d ? " x %zu" : " %zu", nd->shape.d[d]);
		str_printf(out, "  %zu parameters, %.4g GFLOP\n", params, nd->op->flops ? nd->op->flops(nd) * 1e-9 : 0.0);
	}
}
