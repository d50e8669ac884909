#include "metrics/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "metrics/parts.h"

/* ---- the order ---- */

static uint64_t key_of(double score)
{
	uint64_t u;
	score += 0.0;	/* -0.0 becomes 0.0 */
	memcpy(&u, &score, sizeof(u));
	return u >> 63 ? u : ~(u | 1ull << 63);
}

static double score_of(uint64_t key)
{
	uint64_t u = key >> 63 ? key : ~(key | 1ull << 63);
	double score;
	memcpy(&score, &u, sizeof(score));
	return score;
}

/* Least significant digit first, 8 bits a pass; a digit that all keys share is passed over. */
struct ranked *rank_sort(struct ranked *r, struct ranked *tmp, size_t n)
{
	size_t count[8][256] = { { 0 } };
	bool sorted = true;
	for (size_t i = 1; i < n && sorted; i++)
		sorted = r[i - 1].key <= r[i].key;
	if (sorted)
		return r;
	for (size_t i = 0; i < n; i++)
		for (int d = 0; d < 8; d++)
			count[d][r[i].key >> 8 * d & 255]++;
	for (int d = 0; d < 8; d++) {
		size_t at = 0, *c = count[d];
		if (c[r[0].key >> 8 * d & 255] == n)
			continue;
		for (int b = 0; b < 256; b++) {
			size_t here = c[b];
			c[b] = at;
			at += here;
		}
		for (size_t i = 0; i < n; i++)
			tmp[c[r[i].key >> 8 * d & 255]++] = r[i];
		struct ranked *t = r;
		r = tmp;
		tmp = t;
	}
	return r;
}

bool rank_make(struct ranking *rk, const struct scored *s, int32_t c, int32_t rival, bool both, const char **why)
{
	struct ranked *r = NEW(struct ranked, s->n), *tmp = NEW(struct ranked, s->n);
	struct rank_group g = { 0 };
	size_t n = 0, k = (size_t)s->k;
	bool nan = false;
	for (size_t i = 0; i < s->n; i++) {
		double score = s->p[i * k + (size_t)c], w = row_weight(s, i);
		if (w == 0 || (rival >= 0 && s->label[i] != c && s->label[i] != rival))
			continue;
		nan |= isnan(score);
		r[n++] = (struct ranked){ key_of(score), s->label[i] == c ? w : -w };
	}
	*rk = (struct ranking){ .r = rank_sort(r, tmp, n), .n = n };
	free(rk->r == r ? tmp : r);
	while (rank_next(rk, &g))
		continue;
	rk->pos = g.tp;
	rk->neg = g.fp;
	if (!nan && rk->pos > 0 && (rk->neg > 0 || !both))
		return true;
	*why = nan ? "a prediction is not a number" : s->k > 2 ? "a class has no rows" : "all rows are of one class";
	rank_free(rk);
	return false;
}

void rank_order(const struct scored *s, uint32_t *row)
{
	struct ranked *r = NEW(struct ranked, s->n), *tmp = NEW(struct ranked, s->n);
	for (size_t i = 0; i < s->n; i++)
		r[i] = (struct ranked){ key_of(rank_score(s, i)), (double)i };
	struct ranked *sorted = rank_sort(r, tmp, s->n), *other = sorted == r ? tmp : r;
	for (size_t i = 0; s->group && i < s->n; i++)
		other[i] = (struct ranked){ (uint64_t)s->group[(size_t)sorted[i].w], sorted[i].w };
	if (s->group)
		sorted = rank_sort(other, sorted, s->n);
	for (size_t i = 0; i < s->n; i++)
		row[i] = (uint32_t)sorted[i].w;
	free(r);
	free(tmp);
}

void rank_free(struct ranking *rk)
{
	free(rk->r);
}

bool rank_next(const struct ranking *rk, struct rank_group *g)
{
	size_t i = g->next;
	if (i >= rk->n)
		return false;
	uint64_t key = rk->r[i].key;
	double pos = 0, neg = 0;
	for (; i < rk->n && rk->r[i].key == key; i++) {
		if (rk->r[i].w > 0)
			pos += rk->r[i].w;
		else
			neg -= rk->r[i].w;
	}
	*g = (struct rank_group){ i, score_of(key), pos, neg, g->tp + pos, g->fp + neg };
	return true;
}

double rank_top(const struct ranking *rk, double share)
{
	struct rank_group g = { 0 };
	double room = share * (rk->pos + rk->neg), found = 0;
	while (room > 0 && rank_next(rk, &g)) {
		double size = g.pos + g.neg;
		found += size <= room ? g.pos : g.pos * (room / size);
		room -= size;
	}
	return found;
}

/* ---- metrics of one class against others ---- */

/* P(score of a positive > score of a negative) + P(equal) / 2 (Mann and Whitney 1947). */
static double auc_of(const struct ranking *rk)
{
	struct rank_group g = { 0 };
	double area = 0;
	while (rank_next(rk, &g))
		area += g.neg * (g.tp - g.pos / 2);
	return area / (rk->pos * rk->neg);
}

/* Average precision: sum over thresholds of (recall - recall before) * precision. */
static double ap_of(const struct ranking *rk)
{
	struct rank_group g = { 0 };
	struct sum area = { 0 };
	while (rank_next(rk, &g))
		sum_add(&area, g.pos * (g.tp / (g.tp + g.fp)));
	return sum_get(area) / rk->pos;
}

static double ks_of(const struct ranking *rk)
{
	struct rank_group g = { 0 };
	double most = 0;
	while (rank_next(rk, &g))
		most = fmax(most, fabs(g.tp / rk->pos - g.fp / rk->neg));
	return most;
}

static double rank_metric(const struct scored *s, int32_t c, int32_t rival, double (*of)(const struct ranking *), const char **why)
{
	struct ranking rk;
	if (!rank_make(&rk, s, c, rival, of != ap_of, why))
		return NAN;
	double x = of(&rk);
	rank_free(&rk);
	return x;
}

/* The mean over classes of each against the rest, or what arg names. */
static double over_classes(const struct scored *s, const char *arg, double (*of)(const struct ranking *), const char **why)
{
	int32_t only = arg ? class_of(s, arg) : -1;
	double total = 0;
	if (only < 0 && s->k == 2)
		only = s->positive;
	if (only >= 0)
		return rank_metric(s, only, -1, of, why);
	for (int32_t c = 0; c < s->k && !*why; c++)
		total += rank_metric(s, c, -1, of, why);
	return total / s->k;
}

/* Hand and Till 2001: the mean over ordered pairs of the classes that occur. */
static double over_pairs(const struct scored *s, const char **why)
{
	double total = 0, pairs = 0;
	bool *occurs = NEW0(bool, (size_t)s->k);
	for (size_t i = 0; i < s->n; i++)
		if (s->label[i] >= 0 && row_weight(s, i) > 0)
			occurs[s->label[i]] = true;
	for (int32_t a = 0; a < s->k; a++) {
		for (int32_t b = 0; b < s->k && !*why; b++) {
			if (a == b || !occurs[a] || !occurs[b])
				continue;
			total += rank_metric(s, a, b, auc_of, why);
			pairs++;
		}
	}
	free(occurs);
	if (pairs == 0)
		*why = "all rows are of one class";
	return total / pairs;
}

METRIC_FN(auc)
{
	if (s->k > 2 && arg && strcmp(arg, "ovo") == 0)
		return over_pairs(s, why);
	return over_classes(s, arg, auc_of, why);
}

METRIC_CHECK(auc)
{
	if (!arg || strcmp(arg, "ovr") == 0 || strcmp(arg, "ovo") == 0)
		return NULL;
	return class_of(s, arg) >= 0 ? NULL : "its parameter is ovr, ovo or a label";
}

METRIC_FN(prauc)
{
	return over_classes(s, arg, ap_of, why);
}

METRIC_CHECK(prauc)
{
	return !arg || class_of(s, arg) >= 0 ? NULL : "its parameter is a label";
}

METRIC_FN(ks)
{
	(void)arg;
	return rank_metric(s, s->positive, -1, ks_of, why);
}

METRIC_FN(lift)
{
	struct ranking rk;
	double share = 0.1;
	if (arg)
		num_parse(arg, strlen(arg), &share);
	if (!rank_make(&rk, s, s->positive, -1, false, why))
		return NAN;
	double x = rank_top(&rk, share) / (share * rk.pos);
	rank_free(&rk);
	return x;
}

METRIC_CHECK(share)
{
	double share;
	(void)s;
	if (arg && (!num_parse(arg, strlen(arg), &share) || !(share > 0 && share <= 1)))
		return "its parameter is a share above 0, at most 1, e.g. lift:0.05";
	return NULL;
}

/* ---- the best threshold ---- */

/* What a threshold is worth, from the weights of true and false positives and of the classes. */
struct worth {
	const char *name;
	double (*of)(double tp, double fp, double pos, double neg);
};

static double worth_accuracy(double tp, double fp, double pos, double neg)
{
	return (tp + neg - fp) / (pos + neg);
}

static double worth_balanced(double tp, double fp, double pos, double neg)
{
	return (tp / pos + 1 - fp / neg) / 2;
}

static double worth_youden(double tp, double fp, double pos, double neg)
{
	return tp / pos - fp / neg;
}

static double worth_f1(double tp, double fp, double pos, double neg)
{
	(void)neg;
	return 2 * tp / (tp + fp + pos);
}

static double worth_mcc(double tp, double fp, double pos, double neg)
{
	double spread = (tp + fp) * (pos + neg - tp - fp) * pos * neg;
	return spread > 0 ? (tp * neg - fp * pos) / sqrt(spread) : 0;
}

static double worth_kappa(double tp, double fp, double pos, double neg)
{
	double n = pos + neg, expected = pos * (n - tp - fp) + neg * (tp + fp);
	return 1 - (fp + pos - tp) * n / expected;
}

static const struct worth worths[] = {
	{ "f1", worth_f1 }, { "mcc", worth_mcc }, { "accuracy", worth_accuracy }, { "balanced", worth_balanced },
	{ "youden", worth_youden }, { "kappa", worth_kappa }
};

static const struct worth *worth_find(const char *arg)
{
	for (size_t i = 0; arg && i < sizeof(worths) / sizeof(*worths); i++)
		if (strcmp(worths[i].name, arg) == 0)
			return &worths[i];
	return NULL;
}

/* A threshold that splits two neighbouring scores whether one asks p > t or p >= t, if there is a number between. */
static double between(double high, double low)
{
	double t = low / 2 + high / 2;
	return t < high && t > low ? t : low;
}

/*
 * The best worth over thresholds, from "none is positive" to "all are"; of
 * equals the highest. *threshold: positive is above it.
 */
static double best_threshold(const struct scored *s, const char *arg, double *threshold, const char **why)
{
	const struct worth *worth = worth_find(arg);
	struct ranking rk;
	struct rank_group g = { 0 };
	*threshold = NAN;
	if (!rank_make(&rk, s, s->positive, -1, true, why))
		return NAN;
	double best = worth->of(0, 0, rk.pos, rk.neg), last = NAN;
	bool split = false;	/* the best is just above the present group */
	*threshold = score_of(rk.r[0].key);
	while (rank_next(&rk, &g)) {
		double x = worth->of(g.tp, g.fp, rk.pos, rk.neg);
		if (split)
			*threshold = between(last, g.score);
		split = x > best;
		if (split)
			best = x;
		last = g.score;
	}
	if (split)
		*threshold = last > 0 ? last / 2 : nextafter(last, -INFINITY);
	rank_free(&rk);
	return best;
}

METRIC_FN(best)
{
	double threshold;
	return best_threshold(s, arg, &threshold, why);
}

METRIC_FN(threshold)
{
	double threshold;
	best_threshold(s, arg, &threshold, why);
	return threshold;
}

METRIC_CHECK(best)
{
	(void)s;
	return worth_find(arg) ? NULL : "its parameter is f1, mcc, accuracy, balanced, youden or kappa, e.g. best:f1";
}
