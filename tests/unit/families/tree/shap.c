/* TreeSHAP against Shapley's definition: all subsets of columns, each with its path-dependent expectation. */
#include "synth.h"

#include "model/family.h"
#include "families/tree/forest.h"
#include "families/tree/boost.h"

extern const struct family family_forest, family_boost;

#define COLS 5

/* Expectation at a node when the columns of `known` are known: others are averaged by cover. */
static double expectation(const struct trees *t, size_t first, size_t at, size_t c, const struct window *w, size_t row,
			  unsigned known)
{
	const struct node *n = &t->node[first + at];
	size_t left = (size_t)n->left;
	if (!left)
		return t->k ? (double)t->prob[(size_t)n->value * (size_t)t->k + c] : n->value;
	if (known >> NODE_COLUMN(n->test) & 1)
		return expectation(t, first, left + !trees_goes_left(t, n, w, row), c, w, row, known);
	double wl = t->cover[first + left], wr = t->cover[first + left + 1];
	return (wl * expectation(t, first, left, c, w, row, known) +
		wr * expectation(t, first, left + 1, c, w, row, known)) / (wl + wr);
}

static double factorial(size_t n)
{
	return n < 2 ? 1 : (double)n * factorial(n - 1);
}

/* Shapley value of a column, by definition. */
static double shapley(const struct trees *t, size_t tree, size_t c, const struct window *w, size_t row, size_t col)
{
	double sum = 0;
	for (unsigned set = 0; set < 1u << COLS; set++) {
		size_t size = (size_t)__builtin_popcount(set);
		if (set >> col & 1)
			continue;
		double share = factorial(size) * factorial(COLS - size - 1) / factorial(COLS);
		sum += share * (expectation(t, t->first[tree], 0, c, w, row, set | 1u << col) -
				expectation(t, t->first[tree], 0, c, w, row, set));
	}
	return sum;
}

static void check(const struct trees *t, size_t k, const struct synth *s)
{
	struct shap *sh = shap_new(t, COLUMNS(s->cols, s->ncols));
	const struct window w = { .cols = s->cols };
	for (size_t tree = 0; tree < t->ntrees; tree++)
		for (size_t row = 0; row < s->n; row += 29) {
			double phi[4 * (COLS + 1)] = { 0 };
			shap_add(sh, tree, &w, row, 1, phi);
			for (size_t c = 0; c < k; c++) {
				for (size_t col = 0; col < COLS; col++) {
					double want = shapley(t, tree, c, &w, row, col), got = phi[c * (COLS + 1) + col];
					ck_assert_msg(fabs(want - got) < 1e-10, "tree %zu row %zu column %zu: %g, by definition %g",
						      tree, row, col, got, want);
				}
				double mean = expectation(t, t->first[tree], 0, c, &w, row, 0);
				ck_assert(fabs(phi[c * (COLS + 1) + COLS] - mean) < 1e-10);
			}
		}
	shap_free(sh);
}

static void *fit(const struct family *f, const struct synth *s, int32_t k, const char *const *set)
{
	void *o = mem_zero(1, f->opts_size);
	struct run run = { .seed = 1, .threads = 1 };
	struct data d = synth_data(s, k);
	opt_defaults(f->opts, o);
	for (; *set; set += 2)
		ck_assert_ptr_null(opt_set(opt_find(f->opts, set[0], strlen(set[0])), o, set[1]));
	void *m = f->fit(o, &d, &run);
	opt_free(f->opts, o);
	free(o);
	return m;
}

START_TEST(forests_are_exact)
{
	for (int32_t k = 0; k <= 3; k += k ? 1 : 2) {
		struct synth s = synth_make(300, "nimcd", k, 4);
		struct forest *m = fit(&family_forest, &s, k, (const char *[]){ "trees", "4", "min-leaf", "2", NULL });
		check(&m->trees, k == 3 ? 3 : 1, &s);
		family_forest.free(m);
		synth_free(&s);
	}
}
END_TEST

START_TEST(boosting_is_exact)
{
	struct synth s = synth_make(400, "nimcd", 3, 4);
	struct boost *m = fit(&family_boost, &s, 3, (const char *[]){ "trees", "5", "min-leaf", "4", NULL });
	check(&m->trees, 1, &s);
	family_boost.free(m);
	synth_free(&s);
}
END_TEST

UNIT_MAIN("tree: Shapley values", forests_are_exact, boosting_is_exact)
