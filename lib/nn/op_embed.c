/* Vectors of words: rows of a table, by whole numbers. */
#include <string.h>

#include "nn/layers.h"
#include "nn/op.h"

static void embed_forward(const struct node *nd, struct lane *l)
{
	const real *id = in_x(nd, l, 0), *table = node_param(nd, 0);
	size_t dim = shape_channels(&nd->shape);
	real *y = node_x(l, nd);
	for (size_t i = 0; i < nd->in[0]->size; i++)
		memcpy(y + i * dim, table + (size_t)id[i] * dim, dim * sizeof(real));
}

/* The lane's gradient is flat, so that rows nobody used are set to zero first; only used ones are added to. */
static void embed_backward(const struct node *nd, struct lane *l)
{
	const real *id = in_x(nd, l, 0), *g = node_g(l, nd);
	size_t dim = shape_channels(&nd->shape);
	int64_t padding = *(const int64_t *)nd->conf;
	real *table = node_param_g(nd, l, 0);
	if (!table)
		return;
	if (!node_param_adds(nd, 0))
		memset(table, 0, nd->param[0]->n * sizeof(real));
	for (size_t i = 0; i < nd->in[0]->size; i++, g += dim)
		for (size_t j = 0; j < dim && (int64_t)id[i] != padding; j++)
			table[(size_t)id[i] * dim + j] += g[j];
}

static const struct op op_embedding = {
	.name = "embedding", .forward = embed_forward, .backward = embed_backward, .reads = READS_IN0
};

struct node *nn_embedding(struct node *ids, const char *name, size_t vocabulary, size_t dim, int64_t padding)
{
	struct graph *g = ids->g;
	struct param *p = param_of(g, name, "weight", PARAM_WEIGHT, 2, (size_t[]){ vocabulary, dim });
	return graph_add(g, &op_embedding, (struct node *[]){ ids, NULL }, (struct param *[]){ p, NULL },
			 shape3(ids->shape.d[0], ids->size / ids->shape.d[0], dim), &padding, sizeof(padding));
}
