/* What is done with a case: its net is built, filled, run, and its gradients are compared with central differences. */
#include "cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/layers.h"
#include "nn/op.h"

#define STEP 1e-5
#define TOLERANCE 1e-6

/* A number in [-1, 1) that float holds, by name and place; tests/golden/nn.py has the same. */
static double number(const char *name, size_t i)
{
	uint32_t h = 2166136261u;
	while (*name)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	h += (uint32_t)i * 2654435761u;
	h = (h ^ h >> 15) * 2246822519u;
	h = (h ^ h >> 13) * 3266489917u;
	h ^= h >> 16;
	return (double)(h >> 8) / (1 << 23) - 1;
}

/* ---- the loss: the sum of value times a number for each ---- */

static double factor(size_t i)
{
	return number("factor", i);
}

static void project_forward(const struct node *nd, struct lane *l)
{
	double sum = 0;
	for (size_t i = 0; i < nd->in[0]->size; i++)
		sum += factor(i) * (double)in_x(nd, l, 0)[i];
	node_x(l, nd)[0] = (real)sum;
}

static void project_backward(const struct node *nd, struct lane *l)
{
	for (size_t i = 0; i < nd->in[0]->size; i++)
		in_g(nd, l, 0)[i] += (real)(factor(i) * (double)node_g(l, nd)[0]);
}

static const struct op op_project = {
	.name = "project", .forward = project_forward, .backward = project_backward, .adds = true,
};

/* ---- nets ---- */

static struct node *input(struct case_net *c, int k, size_t h, size_t w, size_t ch, size_t classes)
{
	if (c->in[k])
		return c->in[k];
	c->leaf[k] = c->in[k] = nn_input(c->g, h, w, ch);
	c->whole[k] = classes;
	if (c->behind && !classes)
		c->in[k] = nn_scale(c->leaf[k], 1.25, 0.0625);
	return c->in[k];
}

struct node *case_in_of(struct case_net *c, int k, size_t h, size_t w, size_t ch)
{
	return input(c, k, h, w, ch, 0);
}

struct node *case_in(struct case_net *c, int k)
{
	return input(c, k, c->row->d[1], c->row->d[2], c->row->d[3], 0);
}

struct node *case_labels(struct case_net *c, int k, size_t h, size_t w, size_t ch, size_t classes)
{
	return input(c, k, h, w, ch, classes);
}

struct net {
	struct case_net c;
	struct params *ps;	/* lent */
	struct node *out[2];
	size_t nout;
	real *x[CASE_INPUTS];	/* values of inputs: a run may use their memory for others */
	struct lane *l;
};

/* wanted: bit k for input k, bit CASE_INPUTS + k for parameter k; a buffer stays as the builder made it. */
static struct net net_new(const struct net_case *row, struct params *ps, enum case_kind kind, enum graph_mode mode,
			  uint64_t wanted)
{
	struct net n = { .c = { .row = row, .g = graph_new(ps, row->d[0], mode), .behind = kind != CASE_PLAIN }, .ps = ps,
			 .nout = kind == CASE_TWICE ? 2 : 1 };
	for (size_t i = 0; i < n.nout; i++) {
		n.out[i] = row->build(&n.c);
		struct node *loss = graph_add(n.c.g, &op_project, (struct node *[]){ n.out[i], NULL }, NULL, shape1(1), NULL, 0);
		graph_loss(loss, i ? 0.7 : 1);
	}
	for (size_t k = 0; k < ps->n; k++)
		if (ps->p[k]->kind != PARAM_BUFFER)
			ps->p[k]->frozen = !(wanted >> (CASE_INPUTS + k) & 1);
	for (size_t k = 0; k < CASE_INPUTS; k++)
		if (n.c.leaf[k] && !n.c.whole[k] && (wanted >> k & 1))
			graph_want(n.c.leaf[k]);
	return n;
}

static void fill_params(struct params *ps)
{
	params_ready(ps);
	for (size_t i = 0; i < ps->n; i++) {
		bool variance = strstr(ps->p[i]->name, "running_var") != NULL;
		for (size_t j = 0; j < ps->p[i]->n; j++) {
			double v = number(ps->p[i]->name, j);
			param_x(ps, ps->p[i])[j] = (real)(variance ? fabs(v) + 0.5 : v);
		}
	}
}

/* Makes the lane, and the inputs' values. */
static void net_ready(struct net *n)
{
	graph_ready(n->c.g);
	graph_pack(n->c.g, 1);
	n->l = lane_new(n->c.g);
	n->l->norm = (double)n->c.g->rows;
	char name[32];
	for (size_t k = 0; k < CASE_INPUTS; k++) {
		size_t size = n->c.leaf[k] ? n->c.leaf[k]->size : 0;
		n->x[k] = NEW(real, size);
		snprintf(name, sizeof(name), "input %zu", k);
		for (size_t i = 0; i < size; i++) {
			double v = number(name, i);
			n->x[k][i] = (real)(n->c.whole[k] ? floor((v + 1) / 2 * (double)n->c.whole[k]) : 4 * v);
		}
	}
}

static void net_free(struct net *n)
{
	for (size_t k = 0; k < CASE_INPUTS; k++)
		free(n->x[k]);
	lane_free(n->l);
	graph_free(n->c.g);
}

/* What a run before left in memory, and zeros that nobody set, must not matter. */
static double loss(struct net *n)
{
	memset(n->l->memory, 0x55, n->c.g->memory);
	for (size_t k = 0; k < CASE_INPUTS; k++)
		if (n->c.leaf[k])
			memcpy(lane_x(n->l, n->c.leaf[k]), n->x[k], n->c.leaf[k]->size * sizeof(real));
	n->l->rng = rng_at(7, "dropout", 0);
	lane_forward(n->l);
	return n->l->loss;
}

/* ---- differences ---- */

/* The derivative of the loss by *x; pack: x is a parameter, which kernels take over. */
static double slope(struct net *n, real *x, bool pack)
{
	real was = *x;
	double side[2];
	for (int i = 0; i < 2; i++) {
		*x = was + (real)(i ? -STEP : STEP);
		if (pack)
			graph_pack(n->c.g, 1);
		side[i] = loss(n);
	}
	*x = was;
	if (pack)
		graph_pack(n->c.g, 1);
	return (side[0] - side[1]) / (2 * STEP);
}

struct slopes {
	double *in[CASE_INPUTS];
	double *param;	/* (ps->size) */
};

static struct slopes slopes_of(struct net *n)
{
	struct slopes s = { .param = NEW0(double, n->ps->size + 1) };
	for (size_t k = 0; k < CASE_INPUTS; k++) {
		struct node *x = n->c.leaf[k];
		if (!x || n->c.whole[k])
			continue;
		s.in[k] = NEW(double, x->size);
		for (size_t i = 0; i < x->size; i++)
			s.in[k][i] = slope(n, n->x[k] + i, false);
	}
	for (size_t k = 0; k < n->ps->n; k++)
		for (size_t i = 0; n->ps->p[k]->kind != PARAM_BUFFER && i < n->ps->p[k]->n; i++)
			s.param[n->ps->p[k]->at + i] = slope(n, param_x(n->ps, n->ps->p[k]) + i, true);
	return s;
}

static size_t compare(const char *what, uint64_t wanted, size_t n, const real *got, const double *want, struct str *out)
{
	for (size_t i = 0; i < n; i++)
		if (!(fabs((double)got[i] - want[i]) <= TOLERANCE * (1 + fabs(want[i])))) {
			str_printf(out, "  %s[%zu] of %zu, wanted %llx: %.9g, should be %.9g\n", what, i, n,
				   (unsigned long long)wanted, (double)got[i], want[i]);
			return 1;
		}
	return 0;
}

#define UNTOUCHED ((real)12345)

/* One subset: its gradients are right, those of frozen parameters are left alone, and no statistic is missing. */
static size_t check_subset(const struct net_case *row, struct params *ps, enum case_kind kind, uint64_t wanted,
			   const struct slopes *s, struct str *out)
{
	struct net n = net_new(row, ps, kind, GRAPH_TRAIN, wanted);
	real *grad = NEW(real, ps->size + 1);
	char what[64];
	size_t wrong = 0;
	for (size_t i = 0; i < ps->size; i++)
		grad[i] = UNTOUCHED;
	net_ready(&n);
	loss(&n);
	lane_backward(n.l, grad);
	for (size_t k = 0; k < CASE_INPUTS; k++)
		if (s->in[k] && (wanted >> k & 1)) {
			snprintf(what, sizeof(what), "%s, kind %d: input %zu", row->name, kind, k);
			wrong += compare(what, wanted, n.c.leaf[k]->size, lane_g(n.l, n.c.leaf[k]), s->in[k], out);
		}
	for (size_t k = 0; k < ps->n; k++) {
		const struct param *p = ps->p[k];
		snprintf(what, sizeof(what), "%s, kind %d: %s", row->name, kind, p->name);
		if (p->kind != PARAM_BUFFER && !p->frozen)
			wrong += compare(what, wanted, p->n, grad + p->at, s->param + p->at, out);
		bool buffer = p->kind == PARAM_BUFFER;
		for (size_t i = 0; (buffer || p->frozen) && i < p->n; i++)
			if ((grad[p->at + i] == UNTOUCHED) == buffer) {
				str_printf(out, "  %s, wanted %llx: %s\n", what, (unsigned long long)wanted,
					   buffer ? "no statistic" : "it is frozen, but has a gradient");
				wrong++;
				break;
			}
	}
	free(grad);
	net_free(&n);
	return wrong;
}

size_t case_gradients(const struct net_case *row, struct str *out)
{
	size_t wrong = 0;
	for (int kind = 0; !row->golden_only && kind < CASE_KINDS; kind++) {
		struct params *ps = params_new();
		struct net n = net_new(row, ps, (enum case_kind)kind, GRAPH_TRAIN, UINT64_MAX);
		uint64_t all = 0;
		fill_params(ps);
		net_ready(&n);
		struct slopes s = slopes_of(&n);
		for (unsigned k = 0; k < CASE_INPUTS; k++)
			all |= s.in[k] ? (uint64_t)1 << k : 0;
		for (unsigned k = 0; k < ps->n; k++)
			all |= ps->p[k]->kind != PARAM_BUFFER ? (uint64_t)1 << (CASE_INPUTS + k) : 0;
		for (uint64_t w = all;; w = (w - 1) & all) {
			wrong += check_subset(row, ps, (enum case_kind)kind, w, &s, out);
			if (!w)
				break;
		}
		for (size_t k = 0; k < CASE_INPUTS; k++)
			free(s.in[k]);
		free(s.param);
		net_free(&n);
		params_free(ps);
	}
	return wrong;
}

/* ---- results ---- */

static void add_part(struct case_result *r, const char *name, size_t n, const real *v)
{
	if (r->n == CASE_MOST_PARTS)
		bug("too many parts");
	struct case_part *p = &r->part[r->n++];
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->n = n;
	p->v = NEW(double, n);
	for (size_t i = 0; i < n; i++)
		p->v[i] = (double)v[i];
}

static struct case_result run(const struct net_case *row, enum case_kind kind, enum graph_mode mode)
{
	struct case_result r = { 0 };
	struct params *ps = params_new();
	struct net n = net_new(row, ps, kind, mode, UINT64_MAX);
	for (size_t i = 0; i < n.nout; i++)
		graph_keep(n.out[i]);
	char name[32];
	fill_params(ps);
	net_ready(&n);
	loss(&n);
	for (size_t i = 0; i < n.nout; i++)
		add_part(&r, "value", n.out[i]->size, lane_x(n.l, n.out[i]));
	if (mode == GRAPH_TRAIN) {
		real *grad = NEW0(real, ps->size + 1);
		lane_backward(n.l, grad);
		for (size_t k = 0; k < CASE_INPUTS; k++)
			if (n.c.leaf[k] && lane_g(n.l, n.c.leaf[k])) {
				snprintf(name, sizeof(name), "input %zu", k);
				add_part(&r, name, n.c.leaf[k]->size, lane_g(n.l, n.c.leaf[k]));
			}
		for (size_t k = 0; k < ps->n; k++)
			add_part(&r, ps->p[k]->name, ps->p[k]->n, grad + ps->p[k]->at);
		free(grad);
	}
	net_free(&n);
	params_free(ps);
	return r;
}

struct case_result case_train(const struct net_case *row, enum case_kind kind)
{
	return run(row, kind, GRAPH_TRAIN);
}

struct case_result case_predict(const struct net_case *row, enum case_kind kind)
{
	return run(row, kind, GRAPH_PREDICT);
}

void case_free(struct case_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->part[i].v);
}
