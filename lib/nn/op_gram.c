/* What sums over places: the gram matrix of style transfer (Gatys et al. 2016, eq. 3), and the mean. */
#include <string.h>

#include "nn/layers.h"
#include "nn/op.h"
#include "nn/wide.h"

#define BLOCK 4		/* rows of a product made together from as many terms, so that what is read once serves all */
#define TILE 16		/* places that pass by a block of the matrix while it is near */

/* rows of y (ldy) += a x: a (rows, terms; BLOCK at most; rows of BLOCK), x (terms, n; rows of ldx). */
WIDE static void add_block(size_t rows, size_t terms, size_t n, const real *a, const real *restrict x, size_t ldx,
			   real *restrict y, size_t ldy)
{
	if (rows == BLOCK && terms == BLOCK)
		for (size_t j = 0; j < n; j++)
			for (size_t r = 0; r < BLOCK; r++)
				y[r * ldy + j] += (a[r * BLOCK] * x[j] + a[r * BLOCK + 1] * x[ldx + j])
						  + (a[r * BLOCK + 2] * x[2 * ldx + j] + a[r * BLOCK + 3] * x[3 * ldx + j]);
	else
		for (size_t r = 0; r < rows; r++)
			for (size_t t = 0; t < terms; t++)
				for (size_t j = 0; j < n; j++)
					y[r * ldy + j] += a[r * BLOCK + t] * x[t * ldx + j];
}

static size_t block_of(size_t left)
{
	return left < BLOCK ? left : BLOCK;
}

/* x (places, c), y (c, c): y = s x'x, the lower triangle first. */
static void gram(size_t places, size_t c, real s, const real *x, real *y)
{
	memset(y, 0, c * c * sizeof(*y));
	for (size_t p = 0; p < places; p += BLOCK) {
		for (size_t i = 0; i < c; i += BLOCK) {
			size_t rows = block_of(c - i), terms = block_of(places - p);
			real a[BLOCK * BLOCK] = { 0 };
			for (size_t t = 0; t < terms; t++)
				for (size_t r = 0; r < rows; r++)
					a[r * BLOCK + t] = s * x[(p + t) * c + i + r];
			add_block(rows, terms, i + rows, a, x + p * c, c, y + i * c, c);
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
			for (size_t p = first; p < places && p < first + TILE; p += BLOCK) {
				size_t rows = block_of(places - p), terms = block_of(c - j);
				real a[BLOCK * BLOCK] = { 0 };
				for (size_t r = 0; r < rows; r++)
					memcpy(a + r * BLOCK, x + (p + r) * c + j, terms * sizeof(*a));
				add_block(rows, terms, c, a, m + j * c, c, g + p * c, c);
			}
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
