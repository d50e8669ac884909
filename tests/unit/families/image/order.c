/* Which rows an epoch learns from: shuffled, made up to a floor, balanced. */
#include "families/image/cnn_order.h"
#include "unit.h"

enum { N = 60, CLASSES = 4 };

/* Classes of 40, 15, 5 and no rows, mixed. */
static void make_labels(int32_t *label)
{
	for (int i = 0; i < N; i++)
		label[i] = i % 12 < 8 ? 0 : i % 12 < 11 ? 1 : 2;
}

static void count(const struct order *o, const int32_t *label, size_t from, size_t to, size_t *classes, size_t *rows)
{
	for (int c = 0; c < CLASSES; c++)
		classes[c] = 0;
	for (int i = 0; i < N; i++)
		rows[i] = 0;
	for (size_t i = from; i < to; i++) {
		classes[label[o->row[i]]]++;
		rows[o->row[i]]++;
	}
}

START_TEST(each_row_once)
{
	int32_t label[N];
	size_t classes[CLASSES], rows[N], moved = 0;
	struct order o, again;
	make_labels(label);
	order_init(&o, label, N, CLASSES, 0, false, 7);
	order_init(&again, label, N, CLASSES, 0, false, 7);
	ck_assert_uint_eq(o.n, N);
	for (size_t e = 0; e < 3; e++) {
		order_epoch(&o, e);
		count(&o, label, 0, N, classes, rows);
		for (int i = 0; i < N; i++)
			ck_assert_uint_eq(rows[i], 1);
	}
	order_epoch(&again, 2);		/* an epoch does not depend on those before */
	for (int i = 0; i < N; i++)
		ck_assert_uint_eq(o.row[i], again.row[i]);
	order_epoch(&again, 1);
	for (int i = 0; i < N; i++)
		moved += o.row[i] != again.row[i];
	ck_assert_uint_gt(moved, N / 2);
	order_free(&o);
	order_free(&again);
}
END_TEST

START_TEST(classes_are_made_up_to_a_floor)
{
	int32_t label[N];
	size_t classes[CLASSES], rows[N];
	struct order o;
	make_labels(label);
	order_init(&o, label, N, CLASSES, 20, false, 7);
	order_epoch(&o, 4);
	count(&o, label, 0, o.n, classes, rows);
	ck_assert_uint_eq(o.n, 80);
	ck_assert_uint_eq(classes[0], 40);
	ck_assert_uint_eq(classes[1], 20);
	ck_assert_uint_eq(classes[2], 20);
	ck_assert_uint_eq(classes[3], 0);
	for (int i = 0; i < N; i++) {
		size_t least = label[i] == 2 ? 4 : 1, most = label[i] == 0 ? 1 : label[i] == 1 ? 2 : 4;
		ck_assert(rows[i] >= least && rows[i] <= most);
	}
	order_free(&o);
}
END_TEST

START_TEST(classes_come_equally_often)
{
	int32_t label[N];
	size_t classes[CLASSES], rows[N];
	struct order o;
	make_labels(label);
	order_init(&o, label, N, CLASSES, 0, true, 7);
	order_epoch(&o, 0);
	ck_assert_uint_eq(o.n, N);
	for (size_t from = 0; from < N; from += 6) {
		count(&o, label, from, from + 6, classes, rows);
		for (int c = 0; c < 3; c++)
			ck_assert_uint_eq(classes[c], 2);
	}
	count(&o, label, 0, N, classes, rows);
	for (int i = 0; i < N; i++)
		if (label[i] == 2)
			ck_assert_uint_eq(rows[i], 4);
	order_free(&o);
}
END_TEST

UNIT_MAIN("order of rows", each_row_once, classes_are_made_up_to_a_floor, classes_come_equally_often)
