/* PyTorch's numbers: every part that tests/golden/nn.py gives of a case. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "cases.h"
#include "../../golden/nn.h"

static const struct net_case *row_of(const char *name)
{
	const struct net_case *row;
	for (size_t i = 0; (row = case_row_f64(i)); i++)
		if (strcmp(row->name, name) == 0)
			return row;
	ck_abort_msg("no case '%s'", name);
}

static const struct case_part *part_of(const struct case_result *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->part[i].name, name) == 0)
			return &r->part[i];
	ck_abort_msg("no part '%s'", name);
}

START_TEST(equals_pytorch)
{
	for (size_t i = 0; i < sizeof(golden_nn) / sizeof(*golden_nn); i++) {
		const struct golden_nn *g = &golden_nn[i];
		const struct net_case *row = row_of(g->name);
		struct case_result r = g->predict ? case_predict_f64(row, CASE_PLAIN) : case_train_f64(row, CASE_PLAIN);
		const struct case_part *p = part_of(&r, g->part);
		double most = 0;
		ck_assert_msg(p->n == g->n, "%s, %s: %zu numbers, not %zu", g->name, g->part, p->n, g->n);
		for (size_t j = 0; j < g->n; j++)
			most = fmax(most, fabs(g->v[j]));
		for (size_t j = 0; j < g->n; j++)
			MUST(fabs(p->v[j] - g->v[j]) <= 1e-9 * most, "%s, %s[%zu]: %.12g, PyTorch's is %.12g", g->name, g->part, j,
			     p->v[j], g->v[j]);
		case_free_f64(&r);
	}
}
END_TEST

UNIT_MAIN("golden", equals_pytorch)
