/*
 * Every op's gradients, in double, against central differences; planted faults
 * are reported; prediction gives what training gives.
 */
#include "unit.h"

#include <math.h>

#include "cases.h"

START_TEST(gradients_equal_differences)
{
	struct str out = { 0 };
	size_t wrong = 0;
	const struct net_case *row;
	for (size_t i = 0; (row = case_row_f64(i)); i++)
		wrong += case_gradients_f64(row, &out);
	ck_assert_msg(!wrong, "%zu gradients are wrong:\n%s", wrong, out.s);
	str_free(&out);
}
END_TEST

START_TEST(faults_are_reported)
{
	const struct net_case *row;
	size_t i;
	for (i = 0; (row = case_faulty_f64(i)); i++) {
		struct str out = { 0 };
		ck_assert_msg(case_gradients_f64(row, &out) > 0, "a planted fault is not seen: %s", row->name);
		str_free(&out);
	}
	ck_assert_uint_eq(i, 5);
}
END_TEST

/* In double: the same values, whatever lies in place of what, and with norms folded into convolutions. */
START_TEST(prediction_equals_training)
{
	const struct net_case *row;
	for (size_t i = 0; (row = case_row_f64(i)); i++)
		for (int kind = 0; !row->modes_differ && kind < CASE_KINDS; kind++) {
			struct case_result a = case_train_f64(row, (enum case_kind)kind), b = case_predict_f64(row, (enum case_kind)kind);
			for (size_t k = 0; k < b.n; k++)
				for (size_t j = 0; j < b.part[k].n; j++)
					MUST(fabs(a.part[k].v[j] - b.part[k].v[j]) < 1e-12, "%s, kind %d: [%zu] %.9g, in prediction %.9g",
					     row->name, kind, j, a.part[k].v[j], b.part[k].v[j]);
			case_free_f64(&a);
			case_free_f64(&b);
		}
}
END_TEST

UNIT_MAIN("gradient", gradients_equal_differences, faults_are_reported, prediction_equals_training)
