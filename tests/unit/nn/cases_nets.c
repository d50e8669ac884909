#include "cases_nets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/nets/nets.h"

uint64_t golden_fnv(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return h;
}

static double mixed(uint64_t hash, size_t i)
{
	uint64_t z = hash + (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z = z ^ (z >> 31);
	return (double)(z >> 11) * 0x1p-52 - 1;
}

double golden_u(const char *name, size_t i)
{
	return mixed(golden_fnv(name), i);
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && strcmp(s + n - m, end) == 0;
}

static void fill(struct params *ps)
{
	for (size_t k = 0; k < ps->n; k++) {
		const struct param *p = ps->p[k];
		uint64_t hash = golden_fnv(p->name);
		bool var = ends_in(p->name, "running_var"), weight = ends_in(p->name, "weight"), six = ends_in(p->name, "conv.0.1.bias");
		double scale = p->ndim > 1 ? sqrt(6.0 / (double)(p->n / p->dim[0])) : six ? 1 : var ? 0.5 : weight ? 0.2 : 0.1;
		double middle = p->ndim > 1 ? 0 : six ? 6 : var ? 1 : weight ? 0.6 : 0;
		for (size_t i = 0; i < p->n; i++)
			param_x(ps, p)[i] = (real)(middle + mixed(hash, i) * scale);
	}
}

/* Adds to out (product with u("to." + name), square of the norm). */
static void project(const char *name, size_t n, const real *x, double *out)
{
	char to[128] = "to.";
	strncat(to, name, sizeof(to) - 4);
	uint64_t hash = golden_fnv(to);
	for (size_t i = 0; i < n; i++) {
		out[0] += mixed(hash, i) * (double)x[i];
		out[1] += (double)x[i] * (double)x[i];
	}
}

struct running {
	struct params *ps;
	struct graph *g;
	struct node *x;
	struct net net;
};

static struct running begin(const struct net_kind *k, struct params *ps, enum graph_mode mode, size_t h, size_t w)
{
	struct net_conf conf = { .classes = NETS_CLASSES };
	struct running r = { .ps = ps, .g = graph_new(ps, NETS_ROWS, mode) };
	r.x = nn_input(r.g, h, w, 3);
	r.net = k->build(k, r.x, &conf);
	graph_keep(r.net.logits);
	if (!ps->x) {
		params_ready(ps);
		fill(ps);
	}
	return r;
}

/* Runs forward, logits to out; the lane, the caller's. */
static struct lane *forward(const struct running *r, struct node *label, double *out)
{
	graph_ready(r->g);
	graph_pack(r->g, 1);
	struct lane *l = lane_new(r->g);
	size_t n = NETS_ROWS * node_shape(r->x)->d[1] * node_shape(r->x)->d[2] * 3;
	uint64_t hash = golden_fnv("picture");
	for (size_t i = 0; i < n; i++)
		lane_x(l, r->x)[i] = (real)mixed(hash, i);
	for (size_t i = 0; label && i < NETS_ROWS; i++)
		lane_x(l, label)[i] = (real)(i * 3 % NETS_CLASSES);
	l->norm = NETS_ROWS;
	lane_forward(l);
	for (size_t i = 0; i < NETS_ROWS * NETS_CLASSES; i++)
		out[i] = (double)lane_x(l, r->net.logits)[i];
	return l;
}

static void backward(const struct running *r, struct lane *l, struct nets_result *out)
{
	real *grad = NEW0(real, r->ps->size);
	lane_backward(l, grad);
	for (size_t i = 0; i < r->ps->n; i++) {
		const struct param *p = r->ps->p[i];
		project(p->name, p->n, grad + p->at, p->kind == PARAM_BUFFER ? out->stat : out->grad);
	}
	project("picture", NETS_ROWS * node_shape(r->x)->d[1] * node_shape(r->x)->d[2] * 3, lane_g(l, r->x), out->input);
	out->grad[1] = sqrt(out->grad[1]);
	out->stat[1] = sqrt(out->stat[1]);
	out->input[1] = sqrt(out->input[1]);
	free(grad);
}

void nets_case(const char *name, size_t h, size_t w, struct nets_result *out)
{
	const struct net_kind *k = net_find(name);
	struct params *ps = params_new();
	struct loss_conf conf = { .alpha = -1, .ignore = NAN };
	*out = (struct nets_result){ .loss = 0 };
	struct running r = begin(k, ps, GRAPH_PREDICT, h, w);
	lane_free(forward(&r, NULL, out->predicted));
	graph_free(r.g);
	r = begin(k, ps, GRAPH_TRAIN, h, w);
	struct node *label = nn_input(r.g, 0, 0, 1);
	graph_loss(nn_cross_entropy(r.net.logits, label, NULL, conf), 1);
	graph_want(r.x);
	struct lane *l = forward(&r, label, out->trained);
	out->loss = l->loss;
	backward(&r, l, out);
	lane_free(l);
	graph_free(r.g);
	params_free(ps);
}

void adaptive_case(double *out)
{
	struct params *ps = params_new();
	struct graph *g = graph_new(ps, 1, GRAPH_PREDICT);
	struct node *x = nn_input(g, 5, 9, 2), *y = nn_adaptive_avgpool(x, 7, 4);
	params_ready(ps);
	graph_ready(g);
	struct lane *l = lane_new(g);
	for (size_t i = 0; i < 5 * 9 * 2; i++)
		lane_x(l, x)[i] = (real)golden_u("picture", i);
	lane_forward(l);
	for (size_t i = 0; i < 7 * 4 * 2; i++)
		out[i] = (double)lane_x(l, y)[i];
	lane_free(l);
	graph_free(g);
	params_free(ps);
}
