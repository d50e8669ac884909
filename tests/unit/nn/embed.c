/* Vectors of words: values are rows of the table, gradients add up by word, and the padding has none. */
#include "unit.h"

#include "nn/layers.h"
#include "nn/op.h"

START_TEST(rows_of_the_table)
{
	struct params *ps = params_new();
	struct graph *g = graph_new(ps, 2, GRAPH_TRAIN);
	struct node *ids = nn_input(g, 0, 0, 3), *y = nn_embedding(ids, "words", 4, 2, 0);
	const float id[] = { 2, 0, 2, 1, 0, 2 }, uses[] = { 0, 1, 3, 0 };
	float grad[8];
	graph_keep(y);
	graph_loss(nn_mean(nn_mul(y, y)), 1);
	params_ready(ps);
	graph_ready(g);
	ck_assert(y->shape.n == 3 && y->shape.d[0] == 2 && y->shape.d[1] == 3 && y->shape.d[2] == 2);
	for (int i = 0; i < 8; i++) {
		ps->x[i] = (float)(i + 1);
		grad[i] = 99;
	}
	struct lane *l = lane_new(g);
	for (int i = 0; i < 6; i++)
		lane_x(l, ids)[i] = id[i];
	lane_forward(l);
	for (int i = 0; i < 12; i++)
		ck_assert(lane_x(l, y)[i] == ps->x[2 * (int)id[i / 2] + i % 2]);
	lane_backward(l, grad);
	for (int i = 0; i < 8; i++)
		ck_assert_msg(grad[i] == uses[i / 2] * 2 * ps->x[i] / 6, "%d: %g", i, (double)grad[i]);
	lane_free(l);
	graph_free(g);
	params_free(ps);
}
END_TEST

UNIT_MAIN("embed", rows_of_the_table)
