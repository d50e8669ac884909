/* Sweeping one column's histogram for its best cut: numbers in order, with the missing on either side; categories as subsets. */
#include "families/tree/split.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double soft(double g, double l1)
{
	return g > l1 ? g - l1 : g < -l1 ? g + l1 : 0;
}

static double xlogx(double x)
{
	return x > 0 ? x * log(x) : 0;
}

static double score(const struct split_rule *r, double g, double h, double l2)
{
	if (r->entropy) {
		double one = -g * r->ratio;
		return xlogx(one) + xlogx(h - one) - xlogx(h);
	}
	double t = soft(g, r->l1), d = h + l2;
	return d > 0 ? t * t / d : 0;
}

static double value(const struct split_rule *r, double g, double h, double l2, double lo, double hi)
{
	double d = h + l2, v = d > 0 ? -soft(g, r->l1) / d : 0;
	return v < lo ? lo : v > hi ? hi : v;
}

double split_value(const struct split_rule *r, hist_cell sum, double lo, double hi)
{
	return value(r, (double)sum[0], cell_h(sum, r->shift), r->l2, lo, hi);
}

/* The score of a side whose value is held at v: what -2 (G v + l1 |v|) - (H + l2) v^2 is at the best v. */
static double held_score(const struct split_rule *r, double g, double h, double l2, double v)
{
	return -2 * (g * v + r->l1 * fabs(v)) - (h + l2) * v * v;
}

/* Bins of values that have rows, ascending, to list (256). */
static size_t present(const struct split_task *t, uint8_t *list)
{
	size_t n = 0, nbins = (size_t)t->b->cols[t->col].nbins;
	if (t->touched) {
		for (size_t w = 0; w < 4; w++)
			for (uint64_t bits = t->touched[w]; bits; bits &= bits - 1)
				list[n++] = (uint8_t)(w * 64 + (size_t)__builtin_ctzll(bits));
		return n > 0 && list[n - 1] == nbins ? n - 1 : n;
	}
	for (size_t i = 0; i < nbins; i++) {
		list[n] = (uint8_t)i;
		n += t->cells[i][1] != 0;
	}
	return n;
}

double split_score(const struct split_rule *r, hist_cell sum, double lo, double hi)
{
	double g = (double)sum[0], h = cell_h(sum, r->shift);
	return r->bounded ? held_score(r, g, h, r->l2, value(r, g, h, r->l2, lo, hi)) : score(r, g, h, r->l2);
}

/* ------------------------------------------------------ more than two classes */

/* A side's score is kept up to date as f = sum of terms of its class weights. */
static double class_term(const struct split_rule *r, double w)
{
	return r->entropy ? xlogx(w) : w * w;
}

static double class_score(const struct split_rule *r, double f, double w)
{
	return w > 0 ? r->entropy ? f - xlogx(w) : f / w : 0;
}

double split_score_classes(const struct split_rule *r, const double *w, int32_t k)
{
	double f = 0, all = 0;
	for (int32_t i = 0; i < k; i++) {
		f += class_term(r, w[i]);
		all += w[i];
	}
	return class_score(r, f, all);
}

/* The bin of 0 of a sparse column; beyond all bins for a dense one. */
static size_t zero_bin(const struct split_task *t)
{
	return (size_t)t->col < t->b->ndense ? 256 : t->b->zero[t->col];
}

/* Puts the node's rows in the order of their bins. */
static void sort_rows(const struct split_task *t)
{
	struct split_classes *cl = t->classes;
	uint32_t at[256];
	size_t nbins = (size_t)t->b->cols[t->col].nbins, zero = zero_bin(t);
	cl->start[0] = 0;
	for (size_t i = 0; i <= nbins; i++) {
		at[i] = cl->start[i];
		cl->start[i + 1] = at[i] + (i == zero ? 0 : (uint32_t)cell_count(t->cells[i], t->rule->shift));
	}
	for (size_t i = 0; i < cl->m; i++)
		cl->order[at[cl->bin[(size_t)cl->rows[i] * BIN_STRIDE]]++] = cl->rows[i];
}

/* The two sides of a sweep as it goes. */
struct sides {
	double fl, fr;	/* sums of class terms */
};

static struct sides start_sides(const struct split_task *t)
{
	struct split_classes *cl = t->classes;
	struct sides s = { 0, 0 };
	for (int32_t i = 0; i < cl->k; i++) {
		cl->left[i] = 0;
		cl->right[i] = cl->all[i];
		s.fr += class_term(t->rule, cl->all[i]);
	}
	return s;
}

/* Moves a weight of class c from right to left. */
static void move_weight(const struct split_task *t, size_t c, double w, struct sides *s)
{
	double *l = &t->classes->left[c], *r = &t->classes->right[c];
	s->fl += class_term(t->rule, *l + w) - class_term(t->rule, *l);
	s->fr += class_term(t->rule, *r - w) - class_term(t->rule, *r);
	*l += w;
	*r -= w;
}

/* Moves the rows of a bin from right to left. */
static void move_bin(const struct split_task *t, size_t bin, struct sides *s)
{
	const struct split_classes *cl = t->classes;
	for (uint32_t i = cl->start[bin]; i < cl->start[bin + 1]; i++)
		move_weight(t, (size_t)cl->label[cl->order[i]], cl->gh[cl->order[i]].h, s);
	for (size_t c = 0; bin == zero_bin(t) && c < (size_t)cl->k; c++)
		move_weight(t, c, cl->zero[c], s);
}

/* -------------------------------------------------------------------- sweeps */

/* True when a side has fewer rows or less weight than it must. */
static inline bool too_small(const struct split_rule *r, hist_cell side)
{
	return cell_count(side, r->shift) < r->min_leaf || cell_h(side, r->shift) < r->min_weight;
}

/* Score of both sides when `left` goes left, or -INFINITY when a rule forbids it. */
static inline double pair(const struct split_task *t, hist_cell left, double l2, const struct sides *s)
{
	const struct split_rule *r = t->rule;
	hist_cell right = t->total - left;
	if (too_small(r, left) || too_small(r, right))
		return -INFINITY;
	double hl = cell_h(left, r->shift), hr = cell_h(right, r->shift);
	if (t->classes)
		return class_score(r, s->fl, hl) + class_score(r, s->fr, hr);
	double gl = (double)left[0], gr = (double)right[0];
	if (!r->bounded)
		return score(r, gl, hl, l2) + score(r, gr, hr, l2);
	double vl = value(r, gl, hl, l2, t->lo, t->hi), vr = value(r, gr, hr, l2, t->lo, t->hi);
	if (t->sign * (vr - vl) < 0)
		return -INFINITY;
	return held_score(r, gl, hl, l2, vl) + held_score(r, gr, hr, l2, vr);
}

double split_pair(const struct split_task *t, hist_cell left)
{
	return pair(t, left, t->rule->l2, NULL);
}

struct cut {
	double gain;
	size_t at;		/* bins of the list that go left */
	hist_cell sum;		/* of what goes left */
	bool missing_left;
};

/* The common rule: no l1, bounds, entropy or classes. */
static bool is_plain(const struct split_task *t)
{
	return !t->classes && !t->rule->bounded && !t->rule->entropy && t->rule->l1 == 0;
}

bool split_may_beat(const struct split_task *t, const hist_cell *own, size_t neg, size_t n, double gain)
{
	const struct split_rule *r = t->rule;
	hist_cell side = { 0, 0 };
	if (!is_plain(t))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (i == neg)
			side = (hist_cell){ 0, 0 };
		side += own[i < neg ? i : n - 1 - (i - neg)];
		hist_cell rest = t->total - side;
		if (too_small(r, side) || too_small(r, rest))
			continue;
		double gs = (double)side[0], gr = (double)rest[0];
		double ds = cell_h(side, r->shift) + r->l2, dr = cell_h(rest, r->shift) + r->l2;
		if (!(gs * gs * dr + gr * gr * ds < gain * (1 - 1e-9) * (ds * dr)))
			return true;
	}
	return false;
}

/*
 * sweep() for the common rule. Both scores over one division; a side without
 * weight makes it NaN, which is not better.
 */
static void sweep_plain(const struct split_task *t, const uint8_t *list, size_t first, size_t last, bool missing_left,
			double l2, struct cut *best)
{
	const struct split_rule *r = t->rule;
	hist_cell total = t->total, left = { 0, 0 };
	if (missing_left)
		left = t->cells[t->b->cols[t->col].nbins];
	for (size_t i = 0; i < last; i++) {
		left += t->cells[list[i]];
		hist_cell right = total - left;
		if (i < first || too_small(r, left) || too_small(r, right))
			continue;
		double gl = (double)left[0], gr = (double)right[0];
		double dl = cell_h(left, r->shift) + l2, dr = cell_h(right, r->shift) + l2;
		double gain = (gl * gl * dr + gr * gr * dl) / (dl * dr);
		if (gain > best->gain)
			*best = (struct cut){ gain, i + 1, left, missing_left };
	}
}

/* Tries the cuts after list[first] .. list[last - 1], the missing going left or right. */
static void sweep(const struct split_task *t, const uint8_t *list, size_t first, size_t last, bool missing_left,
		  double l2, struct cut *best)
{
	size_t nbins = (size_t)t->b->cols[t->col].nbins;
	struct sides s = { 0, 0 };
	hist_cell left = { 0, 0 };
	if (is_plain(t)) {
		sweep_plain(t, list, first, last, missing_left, l2, best);
		return;
	}
	if (t->classes)
		s = start_sides(t);
	if (missing_left) {
		left = t->cells[nbins];
		if (t->classes)
			move_bin(t, nbins, &s);
	}
	for (size_t i = 0; i < last; i++) {
		left += t->cells[list[i]];
		if (t->classes)
			move_bin(t, list[i], &s);
		double gain = i < first ? -INFINITY : pair(t, left, l2, &s);
		if (gain > best->gain)
			*best = (struct cut){ gain, i + 1, left, missing_left };
	}
}

/* Ascending by the mean gradient, shrunk towards the node's: the best subset is then a prefix (Fisher 1958). */
static void order_levels(const struct split_task *t, uint8_t *list, size_t n)
{
	double key[256], h = cell_h(t->total, t->rule->shift), mean = h > 0 ? (double)t->total[0] / h : 0;
	for (size_t i = 0; i < n; i++) {
		hist_cell c = t->cells[list[i]];
		double d = cell_h(c, t->rule->shift) + t->rule->smooth;
		double k = d > 0 ? ((double)c[0] + t->rule->smooth * mean) / d : mean;
		uint8_t bin = list[i];
		size_t at = i;
		for (; at > 0 && key[at - 1] > k; at--) {
			key[at] = key[at - 1];
			list[at] = list[at - 1];
		}
		key[at] = k;
		list[at] = bin;
	}
}

static void swap(uint8_t *list, size_t i, size_t j)
{
	uint8_t t = list[i];
	list[i] = list[j];
	list[j] = t;
}

/* Subsets of n >= 2 levels, the missing being one of them. Leaves the left ones first in list. */
static void find_category(const struct split_task *t, uint8_t *list, size_t n, struct cut *best)
{
	const struct split_rule *r = t->rule;
	if (r->extra) {
		for (size_t i = n; i > 1; i--)
			swap(list, i - 1, (size_t)rng_below(t->rng, i));
		size_t at = (size_t)rng_below(t->rng, n - 1);
		sweep(t, list, at, at + 1, false, r->l2, best);
	} else if (n <= (size_t)r->one_vs_rest) {
		size_t one = 0;
		for (size_t i = 0; i < n; i++) {
			double before = best->gain;
			sweep(t, list + i, 0, 1, false, r->l2, best);
			one = best->gain > before ? i : one;
		}
		swap(list, 0, one);
	} else {
		order_levels(t, list, n);
		sweep(t, list, 0, n - 1, false, r->l2 + r->smooth, best);
	}
}

/*
 * A cut at random between the least and the largest value in the node, moved
 * where needed so that no bin is cut in two. Returns how far along the list.
 */
static size_t random_cut(const struct split_task *t, const uint8_t *list, size_t n, double *threshold)
{
	const struct bin_col *c = &t->b->cols[t->col];
	double u = rng_double(t->rng), x = c->low[list[0]] * (1 - u) + c->high[list[n - 1]] * u;
	size_t i = 0;
	while (i + 2 < n && c->low[list[i + 1]] <= x)
		i++;
	double least = c->upper[list[i]], most = c->upper[list[i + 1] - 1];
	*threshold = x < least ? least : x > most ? most : x;
	return i;
}

/* Cuts between n >= 1 bins of numbers, and between them and the missing; sets the threshold of one at random. */
static void find_number(const struct split_task *t, const uint8_t *list, size_t n, bool missing, struct cut *best,
			double *threshold)
{
	const struct split_rule *r = t->rule;
	if (r->extra && n > 1) {
		size_t at = random_cut(t, list, n, threshold);
		sweep(t, list, at, at + 1, false, r->l2, best);
		if (missing)
			sweep(t, list, at, at + 1, true, r->l2, best);
		return;
	}
	sweep(t, list, 0, missing ? n : n - 1, false, r->l2, best);
	if (missing)
		sweep(t, list, 0, n - 1, true, r->l2, best);
}

static void mark(struct split *s, const uint8_t *list, size_t n)
{
	memset(s->left, 0, sizeof(s->left));
	for (size_t i = 0; i < n; i++)
		s->left[list[i] >> 6] |= 1ull << (list[i] & 63);
}

bool split_find(const struct split_task *t, struct split *best)
{
	const struct bin_col *c = &t->b->cols[t->col];
	int shift = t->rule->shift;
	uint8_t list[256], nbins = (uint8_t)c->nbins;
	size_t n = present(t, list);
	bool missing = t->cells[nbins][1] != 0;
	struct cut cut = { .gain = -INFINITY };
	double threshold = NAN;
	if (n + missing < 2)
		return false;
	if (t->classes)
		sort_rows(t);
	if (c->cat && missing)
		list[n++] = nbins;
	if (c->cat)
		find_category(t, list, n, &cut);
	else if (n > 0)
		find_number(t, list, n, missing, &cut, &threshold);
	if (!(cut.gain > best->gain))
		return true;
	if (c->cat)
		threshold = 0;
	else if (cut.at == n)
		threshold = DBL_MAX;	/* all numbers against the missing */
	else if (isnan(threshold))
		threshold = bins_threshold(c, list[cut.at - 1], list[cut.at]);
	*best = (struct split){ .gain = cut.gain, .col = t->col, .cat = c->cat, .threshold = threshold, .sum = cut.sum };
	bool many = cell_count(cut.sum, shift) > cell_count(t->total - cut.sum, shift);
	if (c->cat && many) {
		best->sum = t->total - cut.sum;
		mark(best, list + cut.at, n - cut.at);
	} else {
		mark(best, list, cut.at);
	}
	best->missing_left = c->cat ? best->left[nbins >> 6] >> (nbins & 63) & 1 : missing ? cut.missing_left : many;
	if (best->missing_left)
		best->left[nbins >> 6] |= 1ull << (nbins & 63);
	return true;
}
