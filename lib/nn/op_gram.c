/* What sums over places: the gram matrix of style transfer (Gatys et al. 2016, eq. 3), and the mean. */
#include <string.h>

#include "nn/layers.h"
#include "nn/op.h"
#include "nn/wide.h"

#define BLOCK 4		/* vectors summed together, so that the sum is read and written once for all */
#define TILE 16		/* places that pass by a block of the matrix while it is near */

/* y (c) += sum over b < n <= BLOCK of a[b] x_b, x_b = x + b ld. */
WIDE static void add_block(size_t c, size_t n, const real *a, const real *restrict x, size_t ld, real *restrict y)
{
	if (n == BLOCK)
		for (size_t j = 0; j < c; j++)
			y[j] += (a[0] * x[j] + a[1] * x[ld + j]) + (a[2] * x[2 * ld + j] + a[3] * x[3 * ld + j]);
	else
		for (size_t b = 0; b < n; b++)
			for (size_t j = 0; j < c; j++)
				y[j] += a[b] * x[b * ld + j];
}

/* x (places, c), y (c, c): y = s x'x, the lower triangle first. */
static void gram(size_t places, size_t c, real s, const real *x, real *y)
{
	memset(y, 0, c * c * sizeof(*y));
	for (size_t p = 0; p < places; p += BLOCK) {
		size_t n = places - p < BLOCK ? places - p : BLOCK;
		for (size_t i = 0; i < c; i++) {
			real a[BLOCK];
			for (size_t b = 0; b < n; b++)
				a[b] = s * x[(p + b) * c + i];
			add_block(i + 1, n, a, x + p * c, c, y + i * c);
		}
	}
	for (size_t i = 0; i < c; i++)
		for (size_t j = 0; j < i; j++)
			y[j * c + i] = y[i * c + j];
}

/* x, g (places, c), m (c, c): g += x m. */
static void add_product(size_t places, size_t c, const real *x, const real *m, real *g)
{
	for (size_t first = 0; first < places; first += TILE)
		for (size_t j = 0; j < c; j += BLOCK)
			for (size_t p = first; p < places && p < first + TILE; p++)
				add_block(c, c - j < BLOCK ? c - j : BLOCK, x + p * c + j, m + j * c, c, g + p * c);
}

static void gram_ready(struct node *nd)
{
	size_t c = nd->shape.d[1];
	nd->scratch = c * c * sizeof(real);
}

static void gram_forward(const struct node *nd, struct lane *l)
{
	size_t rows = nd->shape.d[0], c = nd->shape.d[1], each = nd->in[0]->size / rows;
	for (size_t r = 0; r < rows; r++)
		gram(each / c, c, 1 / (real)each, in_x(nd, l, 0) + r * each, node_x(l, nd) + r * c * c);
}

/* By x: x (g + g') / (c h w). */
static void gram_backward(const struct node *nd, struct lane *l)
{
	size_t rows = nd->shape.d[0], c = nd->shape.d[1], each = nd->in[0]->size / rows;
	real *gx = in_g(nd, l, 0), *both = lane_scratch(l);
	for (size_t r = 0; gx && r < rows; r++) {
		const real *g = node_g(l, nd) + r * c * c;
		for (size_t i = 0; i < c; i++)
			for (size_t j = 0; j < c; j++)
				both[i * c + j] = (g[i * c + j] + g[j * c + i]) / (real)each;
		add_product(each / c, c, in_x(nd, l, 0) + r * each, both, gx + r * each);
	}
}

static double gram_flops(const struct node *nd)
{
	return (double)nd->in[0]->size * (double)(nd->shape.d[1] + 1);
}

static const struct op op_gram = {
	.name = "gram", .ready = gram_ready, .forward = gram_forward, .backward = gram_backward, .flops = gram_flops,
	.reads = READS_IN0, .adds = true
};

struct node *nn_gram(struct node *x)
{
	size_t c = shape_channels(&x->shape);
	return graph_add(x->g, &op_gram, (struct node *[]){ x, NULL }, NULL, shape3(x->shape.d[0], c, c), NULL, 0);
}

/* ---- mean ---- */

/* What each value is multiplied by. */
static double share(const struct node *nd, const struct lane *l)
{
	const struct node *x = nd->in[0];
	return (double)x->shape.d[0] / (double)x->size / l->norm;
}

static void mean_forward(const struct node *nd, struct lane *l)
{
	const real *x = in_x(nd, l, 0);
	double sum = 0;
	for (size_t i = 0; i < nd->in[0]->size; i++)
		sum += (double)x[i];
	node_x(l, nd)[0] = (real)(sum * share(nd, l));
}

static void mean_backward(const struct node *nd, struct lane *l)
{
	real *gx = in_g(nd, l, 0), g = (real)((double)node_g(l, nd)[0] * share(nd, l));
	for (size_t i = 0; gx && i < nd->in[0]->size; i++)
		gx[i] += g;
}

static const struct op op_mean = { .name = "mean", .forward = mean_forward, .backward = mean_backward, .adds = true };

struct node *nn_mean(struct node *x)
{
	return graph_add(x->g, &op_mean, (struct node *[]){ x, NULL }, NULL, shape1(1), NULL, 0);
}
