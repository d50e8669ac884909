/* The strongest terms of each output against sorting all of them. */
#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/strongest.h"

#define TERMS 500

static void put_name(const void *of, size_t j, struct str *out)
{
	(void)of;
	str_printf(out, "t%zu", j);
}

struct term {
	double weight;
	size_t col;
};

static int stronger(const void *a, const void *b)
{
	const struct term *s = a, *t = b;
	if (s->weight != t->weight)
		return s->weight > t->weight ? -1 : 1;
	return s->col < t->col ? -1 : 1;
}

/* Weights of few values have many ties, which go to the first column. */
START_TEST(the_first_of_the_sorted)
{
	const char *const labels[] = { "a", "b", "c" };
	for (uint64_t values = 2; values < 1000000; values *= 10) {
		struct sparse none = sparse_new(TERMS);
		struct data x = { .sparse = &none, .names = { put_name, NULL } };
		struct rng r = rng_at(2, "weights", values);
		double *w = NEW(double, TERMS * 3);
		struct str got = { 0 }, want = { 0 };
		struct json j = json_to(&got, 0), k = json_to(&want, 0);
		for (size_t i = 0; i < TERMS * 3; i++)
			w[i] = (double)rng_below(&r, values) - (double)(values / 2);
		json_object(&j, NULL);
		strongest_show(&x, &(struct sides){ 3, labels, w }, &j);
		json_end(&j, '}');
		json_object(&k, NULL);
		json_object(&k, "strongest");
		for (size_t c = 0; c < 3; c++) {
			struct term t[TERMS];
			for (size_t i = 0; i < TERMS; i++)
				t[i] = (struct term){ w[i * 3 + c], i };
			qsort(t, TERMS, sizeof(*t), stronger);
			json_object(&k, labels[c]);
			for (size_t i = 0; i < STRONGEST; i++) {
				char name[24];
				snprintf(name, sizeof(name), "t%zu", t[i].col);
				if (t[i].weight > 0)
					json_num(&k, name, t[i].weight);
			}
			json_end(&k, '}');
		}
		json_end(&k, '}');
		json_end(&k, '}');
		ck_assert_str_eq(got.s, want.s);
		str_free(&got);
		str_free(&want);
		sparse_free(&none);
		free(w);
	}
}
END_TEST

/* Fewer terms than are asked for, and none above 0. */
START_TEST(what_there_is)
{
	const char *const labels[] = { "yes", "no" };
	double w[] = { 0.5, 0, 2, -1, 0, -3 };
	struct sparse none = sparse_new(3);
	struct data x = { .sparse = &none, .names = { put_name, NULL } };
	struct str got = { 0 };
	struct json j = json_to(&got, 0);
	json_object(&j, NULL);
	strongest_show(&x, &(struct sides){ 2, labels, w }, &j);
	json_end(&j, '}');
	ck_assert_str_eq(got.s, "{\"strongest\":{\"yes\":{\"t1\":2,\"t0\":0.5},\"no\":{}}}");
	got.n = 0;
	strongest_csv(&x, &(struct sides){ 2, labels, w }, &got);
	ck_assert_str_eq(got.s, "class,column,weight\nyes,t1,2\nyes,t0,0.5\n");
	str_free(&got);
	sparse_free(&none);
}
END_TEST

UNIT_MAIN("strongest", the_first_of_the_sorted, what_there_is)
