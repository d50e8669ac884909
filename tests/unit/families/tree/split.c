/* The best split against trying everything: every threshold with the missing on each side, every subset of levels. */
#include "synth.h"

#include "families/tree/grow.h"

enum { NEWTON, ENTROPY, GINI_CLASSES, ENTROPY_CLASSES };

struct problem {
	struct synth s;
	int kind;
	double *g, *h;
	int32_t k;
	double l1, l2, min_weight;
	size_t min_leaf;
	int sign;
	double lo, hi;
};

static double xlogx(double x)
{
	return x > 0 ? x * log(x) : 0;
}

/* Score of the rows with side[i] == which, by definition; -INFINITY when it is too small. */
static double side_score(const struct problem *p, const uint8_t *side, uint8_t which, double *value)
{
	double g = 0, h = 0, w[8] = { 0 }, sum = 0;
	size_t n = 0;
	for (size_t i = 0; i < p->s.n; i++)
		if (side[i] == which) {
			g += p->g[i];
			h += p->h[i];
			w[p->s.label[i]] += p->h[i];
			n++;
		}
	if (n < p->min_leaf || n == 0 || h < p->min_weight)
		return -INFINITY;
	double t = fabs(g) > p->l1 ? g - copysign(p->l1, g) : 0, v = -t / (h + p->l2);
	*value = v = v < p->lo ? p->lo : v > p->hi ? p->hi : v;
	if (p->kind == NEWTON)
		return -2 * (g * v + p->l1 * fabs(v)) - (h + p->l2) * v * v;
	for (int32_t c = 0; c < p->k; c++)
		sum += p->kind == GINI_CLASSES ? w[c] * w[c] / h : xlogx(w[c]);
	return p->kind == GINI_CLASSES ? sum : sum - xlogx(h);
}

static double pair_score(const struct problem *p, const uint8_t *left)
{
	double vl = 0, vr = 0, both = side_score(p, left, 1, &vl) + side_score(p, left, 0, &vr);
	return p->sign * (vr - vl) < 0 ? -INFINITY : both;
}

/* The best over everything a column allows. */
static double brute(const struct problem *p, size_t col)
{
	const struct column *c = &p->s.cols[col];
	size_t n = p->s.n;
	uint8_t *left = NEW(uint8_t, n);
	double best = -INFINITY;
	for (size_t cut = 0; c->kind == KIND_NUMERIC && cut < n; cut++)
		for (int missing = 0; missing < 2 && !isnan(c->num[cut]); missing++) {
			for (size_t i = 0; i < n; i++)
				left[i] = isnan(c->num[i]) ? (uint8_t)missing : c->num[i] <= c->num[cut];
			best = fmax(best, pair_score(p, left));
		}
	for (unsigned set = 1; c->kind == KIND_CATEGORY && set < 1u << (c->nlevels + 1); set++) {
		for (size_t i = 0; i < n; i++)
			left[i] = set >> (c->cat[i] + 1) & 1;
		best = fmax(best, pair_score(p, left));
	}
	free(left);
	return best;
}

/* What split_find() says of the column, checked for consistency with the rows it sends left. */
static double found(const struct problem *p, size_t col, int max_bins)
{
	size_t n = p->s.n;
	struct bins *b = bins_new(COLUMNS(p->s.cols, p->s.ncols), p->s.rows, n, max_bins, 1, 1);
	struct grad_unit u = grad_unit_for(n);
	struct grad *gh = NEW(struct grad, n), *one = NEW(struct grad, n);
	uint32_t *order = NEW(uint32_t, n);
	double all[8] = { 0 }, room[16];
	hist_cell cells[256] = { { 0 } }, total = { 0 };
	grad_quantise(p->g, p->h, n, 30, gh, &u, 1);
	for (size_t i = 0; i < n; i++) {
		all[p->s.label[i]] += gh[i].h;
		one[i] = p->kind < GINI_CLASSES ? gh[i] : (struct grad){ p->s.label[i] ? 0 : -gh[i].h, gh[i].h };
		total += grad_cell(one[i], u.shift);
	}
	hist_column(b, col, NULL, n, one, u.shift, cells);
	struct split_rule rule = { .l1 = p->l1 / u.g, .l2 = p->l2 / u.h, .min_weight = p->min_weight / u.h, .min_leaf = p->min_leaf,
				   .entropy = p->kind == ENTROPY || p->kind == ENTROPY_CLASSES, .ratio = u.g / u.h,
				   .bounded = isfinite(p->lo) || p->sign, .shift = u.shift };
	struct split_classes cl = { .k = p->k, .label = p->s.label, .gh = gh, .bin = bins_col(b, col), .rows = p->s.rows,
				    .m = n, .all = all,
				    .left = room, .right = room + 8, .order = order };
	struct split_task t = { .rule = &rule, .b = b, .col = (int32_t)col, .cells = cells, .total = total, .sign = p->sign,
				.lo = p->lo * u.h / u.g, .hi = p->hi * u.h / u.g,
				.classes = p->kind >= GINI_CLASSES ? &cl : NULL };
	struct split s = split_none;
	split_find(&t, &s);
	double unit = p->kind == NEWTON ? u.g * u.g / u.h : u.h, gain = s.gain * unit;
	if (s.col >= 0) {
		const struct column *c = &p->s.cols[col];
		uint8_t *left = NEW(uint8_t, n);
		for (size_t i = 0; i < n; i++) {
			unsigned bin = bins_col(b, col)[i * BIN_STRIDE];
			left[i] = s.left[bin >> 6] >> (bin & 63) & 1;
			if (!s.cat)	/* the threshold says the same as the bins */
				ck_assert_int_eq(left[i], isnan(c->num[i]) ? s.missing_left : c->num[i] <= s.threshold);
		}
		double really = pair_score(p, left);
		ck_assert_msg(fabs(really - gain) <= 1e-6 * (1 + fabs(gain)), "%g is really %g", gain, really);
		free(left);
	}
	bins_free(b);
	free(gh);
	free(one);
	free(order);
	return gain;
}

static void check_all(struct problem *p, const char *what)
{
	for (size_t c = 0; c < p->s.ncols; c++) {
		double want = brute(p, c), got = found(p, c, 255);
		bool order_is_a_guess = p->s.cols[c].kind == KIND_CATEGORY && (p->kind >= GINI_CLASSES || p->sign);
		if (order_is_a_guess)
			ck_assert_msg(got <= want + 1e-6 * fabs(want), "%s: column %zu: %g beats %g", what, c, got, want);
		else
			ck_assert_msg(got == want || fabs(got - want) <= 1e-6 * (1 + fabs(want)), "%s: column %zu: %.12g, best %.12g",
				      what, c, got, want);
	}
}

static struct problem problem_make(size_t n, int kind, int32_t k, uint64_t seed)
{
	struct problem p = { .s = synth_make(n, "nimcdx", k, seed), .kind = kind, .k = k, .min_leaf = 1, .lo = -INFINITY,
			     .hi = INFINITY };
	struct rng r = rng_at(seed, "problem", 0);
	p.g = NEW(double, n);
	p.h = NEW(double, n);
	for (size_t i = 0; i < n; i++) {
		p.h[i] = (double)(1 + rng_below(&r, 3));
		p.g[i] = kind == NEWTON ? p.s.y[i] * p.h[i] : p.s.label[i] == 1 ? -p.h[i] : 0;
	}
	return p;
}

static void problem_free(struct problem *p)
{
	synth_free(&p->s);
	free(p->g);
	free(p->h);
}

START_TEST(newton_is_the_best_of_all)
{
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct problem p = problem_make(120, NEWTON, 2, seed);
		check_all(&p, "plain");
		p.l2 = 5;
		p.min_leaf = 11;
		p.min_weight = 30;
		for (size_t c = 0; c < 3; c++) {
			double want = brute(&p, c), got = found(&p, c, 255);
			ck_assert(got == want || fabs(got - want) <= 1e-6 * fabs(want));
		}
		p.l1 = 20;
		check_all(&p, "l1");
		problem_free(&p);
	}
}
END_TEST

START_TEST(bounds_and_signs_are_kept)
{
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct problem p = problem_make(100, NEWTON, 2, seed);
		p.lo = -0.1;
		p.hi = 0.3;
		p.l2 = 1;
		for (p.sign = -1; p.sign <= 1; p.sign++)
			for (size_t c = 0; c < 3; c++) {
				double want = brute(&p, c), got = found(&p, c, 255);
				ck_assert(got == want || fabs(got - want) <= 1e-6 * (1 + fabs(want)));
			}
		problem_free(&p);
	}
}
END_TEST

START_TEST(entropy_of_two_classes)
{
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct problem p = problem_make(120, ENTROPY, 2, seed);
		check_all(&p, "entropy");
		problem_free(&p);
	}
}
END_TEST

START_TEST(several_classes)
{
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct problem p = problem_make(120, GINI_CLASSES, 4, seed);
		check_all(&p, "gini");
		p.kind = ENTROPY_CLASSES;
		p.min_leaf = 7;
		check_all(&p, "entropy");
		problem_free(&p);
	}
}
END_TEST

/* With few bins the split is the best at their edges: worse than the best, better than none. */
START_TEST(few_bins_lose_a_little)
{
	struct problem p = problem_make(400, NEWTON, 2, 9);
	double want = brute(&p, 0), got = found(&p, 0, 16), two = found(&p, 0, 2);
	ck_assert(got <= want && got > 0.8 * want && two > 0 && two <= got);
	problem_free(&p);
}
END_TEST

UNIT_MAIN("tree: splits", newton_is_the_best_of_all, bounds_and_signs_are_kept, entropy_of_two_classes, several_classes,
	  few_bins_lose_a_little)
