/* Cases of losses, and of the other ops that sum over places or look up rows. */
#include "cases.h"

#include "nn/layers.h"

/* Options by the bits of arg; weights are 0, 1 or 2. */
enum { WEIGHTS = 1, ROWS = 2, CLASS_WEIGHTS = 4, IGNORE = 8, SMOOTH = 16, ALPHA = 32, HALF = 64 };

static struct loss_conf conf_of(const struct case_net *c)
{
	static const real class_weight[] = { 1, 0.5, 2, 0, 3, 0.25, 1, 4, 1, 1, 2, 1, 1, 3, 1, 0.5, 1 };
	int arg = c->row->arg;
	struct loss_conf conf = loss_usual();
	if (arg & CLASS_WEIGHTS)
		conf.class_weight = class_weight;
	if (arg & IGNORE)
		conf.ignore = 1;
	if (arg & SMOOTH)
		conf.smooth = 0.2;
	if (arg & ALPHA)
		conf.alpha = 0.25;
	if (arg & HALF)
		conf.gamma = conf.delta = 0.5;
	return conf;
}

static struct node *weights(struct case_net *c)
{
	const size_t *d = c->row->d;
	if (c->row->arg & ROWS)
		return case_labels(c, 2, 0, 0, 1, 3);
	return c->row->arg & WEIGHTS ? case_labels(c, 2, d[1], d[2], 1, 3) : NULL;
}

static struct node *labels(struct case_net *c)
{
	return case_labels(c, 1, c->row->d[1], c->row->d[2], 1, c->row->d[3]);
}

/* Targets of classes: zeros and ones. */
static struct node *bits(struct case_net *c)
{
	return case_labels(c, 1, c->row->d[1], c->row->d[2], c->row->d[3], 2);
}

static struct node *cross_entropy(struct case_net *c)
{
	return nn_cross_entropy(case_in(c, 0), labels(c), weights(c), conf_of(c));
}

static struct node *soft(struct case_net *c)
{
	return nn_cross_entropy_soft(case_in(c, 0), bits(c), weights(c), conf_of(c));
}

static struct node *focal(struct case_net *c)
{
	return nn_focal(case_in(c, 0), labels(c), weights(c), conf_of(c));
}

static struct node *binary(struct case_net *c)
{
	return nn_binary_cross_entropy(case_in(c, 0), bits(c), weights(c), conf_of(c));
}

static struct node *binary_focal(struct case_net *c)
{
	return nn_binary_focal(case_in(c, 0), bits(c), weights(c), conf_of(c));
}

static struct node *l1(struct case_net *c)
{
	return nn_l1(case_in(c, 0), case_in(c, 1), weights(c));
}

static struct node *l2(struct case_net *c)
{
	return nn_l2(case_in(c, 0), case_in(c, 1), weights(c));
}

static struct node *huber(struct case_net *c)
{
	return nn_huber(case_in(c, 0), case_in(c, 1), weights(c), conf_of(c));
}

static struct node *l2_self(struct case_net *c)
{
	struct node *x = case_in(c, 0);
	return nn_l2(x, x, NULL);
}

/* ---- the others ---- */

static struct node *embedding(struct case_net *c)
{
	return nn_embedding(case_labels(c, 0, c->row->d[1], c->row->d[2], c->row->d[3], 7), "words", 7, 5, -1);
}

static struct node *gram(struct case_net *c)
{
	return nn_gram(case_in(c, 0));
}

static struct node *mean(struct case_net *c)
{
	return nn_mean(case_in(c, 0));
}

static const struct net_case sums[] = {
	{ "cross-entropy", cross_entropy, { 3, 0, 0, 5 }, 0, false, false },
	{ "cross-entropy options", cross_entropy, { 2, 3, 4, 5 }, WEIGHTS | CLASS_WEIGHTS | IGNORE | SMOOTH, false, false },
	{ "cross-entropy of rows", cross_entropy, { 5, 0, 3, 17 }, ROWS | CLASS_WEIGHTS, false, false },
	{ "cross-entropy one class", cross_entropy, { 2, 0, 0, 1 }, SMOOTH, false, false },
	{ "soft", soft, { 3, 0, 0, 5 }, 0, false, false },
	{ "soft options", soft, { 2, 0, 3, 4 }, WEIGHTS | CLASS_WEIGHTS | SMOOTH, false, false },
	{ "focal", focal, { 3, 0, 0, 5 }, 0, false, false },
	{ "focal half", focal, { 3, 3, 1, 3 }, HALF | ROWS | CLASS_WEIGHTS | IGNORE, false, false },
	{ "binary", binary, { 3, 0, 0, 5 }, 0, false, false },
	{ "binary options", binary, { 2, 3, 4, 3 }, WEIGHTS | CLASS_WEIGHTS | IGNORE, false, false },
	{ "binary focal", binary_focal, { 3, 0, 0, 5 }, ALPHA, false, false },
	{ "binary focal half", binary_focal, { 2, 3, 4, 1 }, HALF | ROWS, false, false },
	{ "l1", l1, { 2, 3, 2, 5 }, 0, false, false },
	{ "l1 weights", l1, { 3, 0, 4, 2 }, WEIGHTS, false, false },
	{ "l2", l2, { 3, 0, 0, 17 }, ROWS, false, false },
	{ "l2 self", l2_self, { 3, 0, 0, 5 }, 0, false, false },
	{ "huber", huber, { 2, 3, 2, 5 }, 0, false, false },
	{ "huber half", huber, { 2, 3, 2, 5 }, HALF | WEIGHTS, false, false },
	{ "embedding", embedding, { 3, 0, 0, 5 }, 0, false, false },
	{ "gram", gram, { 2, 3, 5, 6 }, 0, false, false },
	{ "gram of many", gram, { 1, 5, 7, 17 }, 0, false, false },
	{ "gram of series", gram, { 2, 0, 5, 1 }, 0, false, false },
	{ "mean", mean, { 2, 3, 4, 5 }, 0, false, false },
};

const struct net_case *case_sums_row(size_t i)
{
	return i < sizeof(sums) / sizeof(*sums) ? &sums[i] : NULL;
}
