/*
 * Every op's gradients, in double, against central differences; planted faults
 * are reported; prediction gives what training gives; float with the kernels in
 * use gives what double with the naive ones does.
 */
#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "cases.h"

START_TEST(gradients_equal_differences)
{
	struct str out = { 0 };
	size_t wrong = 0;
	const struct net_case *row;
	for (size_t i = 0; (row = case_row_f64(i)); i++)
		wrong += case_gradients_f64(row, &out);
	if (wrong)
		fprintf(stderr, "%s", out.s);
	ck_assert_msg(!wrong, "%zu gradients are wrong", wrong);
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
	ck_assert_uint_eq(i, 6);
}
END_TEST

/* In double: the same values, whatever lies in place of what, and with norms folded into convolutions. */
START_TEST(prediction_equals_training)
{
	const struct net_case *row;
	for (size_t i = 0; (row = case_row_f64(i)); i++)
		for (int kind = 0; !row->modes_differ && kind < CASE_KINDS; kind++) {
			struct case_result a = case_train_f64(row, (enum case_kind)kind);
			struct case_result b = case_predict_f64(row, (enum case_kind)kind);
			for (size_t k = 0; k < b.n; k++)
				for (size_t j = 0; j < b.part[k].n; j++)
					MUST(fabs(a.part[k].v[j] - b.part[k].v[j]) < 1e-12,
					     "%s, kind %d: [%zu] %.9g, in prediction %.9g", row->name, kind, j,
					     a.part[k].v[j], b.part[k].v[j]);
			case_free_f64(&a);
			case_free_f64(&b);
		}
}
END_TEST

static double largest(const struct case_part *p)
{
	double most = 0;
	for (size_t i = 0; i < p->n; i++)
		most = fmax(most, fabs(p->v[i]));
	return most;
}

/* Relative to the largest number of the same array; losses of digits in norms' variances are no more than this. */
#define FLOAT_TOLERANCE 3e-6

static void same_result(const struct net_case *row, struct case_result *a, struct case_result *b)
{
	ck_assert_uint_eq(a->n, b->n);
	for (size_t k = 0; k < a->n; k++) {
		double most = largest(&b->part[k]);
		ck_assert_uint_eq(a->part[k].n, b->part[k].n);
		for (size_t i = 0; i < a->part[k].n; i++)
			MUST(fabs(a->part[k].v[i] - b->part[k].v[i]) <= FLOAT_TOLERANCE * (most + 0.01),
			     "%s: %s[%zu] %.9g in float, %.9g in double", row->name, a->part[k].name, i,
			     a->part[k].v[i], b->part[k].v[i]);
	}
	case_free(a);
	case_free_f64(b);
}

START_TEST(float_equals_double)
{
	const struct net_case *f, *d;
	for (size_t i = 0; (f = case_row(i)) && (d = case_row_f64(i)); i++)
		for (int kind = 0; kind < CASE_KINDS; kind++) {
			struct case_result a = case_train(f, (enum case_kind)kind);
			struct case_result b = case_train_f64(d, (enum case_kind)kind);
			same_result(f, &a, &b);
			a = case_predict(f, (enum case_kind)kind);
			b = case_predict_f64(d, (enum case_kind)kind);
			same_result(f, &a, &b);
		}
}
END_TEST

UNIT_MAIN("gradient", gradients_equal_differences, faults_are_reported, prediction_equals_training, float_equals_double)
