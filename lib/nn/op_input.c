/* Where values come from: the caller, or parameters. */
#include <string.h>

#include "nn/layers.h"
#include "nn/op.h"

static const struct op op_input = { .name = "input" };

struct node *nn_input(struct graph *g, size_t h, size_t w, size_t c)
{
	struct shape s = h ? shape4(g->rows, h, w, c) : w ? shape3(g->rows, w, c) : shape2(g->rows, c);
	return graph_add(g, &op_input, NULL, NULL, s, NULL, 0);
}

static void param_forward(const struct node *nd, struct lane *l)
{
	memcpy(node_x(l, nd), node_param(nd, 0), nd->size * sizeof(real));
}

static void param_backward(const struct node *nd, struct lane *l)
{
	real *g = node_param_g(nd, l, 0);
	const real *from = node_g(l, nd);
	bool add = node_param_adds(nd, 0);
	for (size_t i = 0; g && i < nd->size; i++)
		g[i] = add ? g[i] + from[i] : from[i];
}

static const struct op op_param = { .name = "param", .forward = param_forward, .backward = param_backward };

struct node *nn_param(struct graph *g, struct param *p)
{
	struct shape s = { .n = p->ndim };
	memcpy(s.d, p->dim, sizeof(p->dim));
	return graph_add(g, &op_param, NULL, (struct param *[]){ p, NULL }, s, NULL, 0);
}
