#include <string.h>

#include "families/linear/options.h"

static const struct opt linear_opts[] = {
	OPT(struct lin_opts, objective, "objective", "LOSS", "squared", "squared|huber|quantile|poisson", "the loss of a row"),
	OPT(struct lin_opts, delta, "delta", "X", "0", "[0,",
	    "huber: residual beyond which the loss grows linearly; 0: 1.345 robust deviations of the target"),
	OPT(struct lin_opts, alpha, "alpha", "Q", "0.5", "(0,1)", "quantile: which"),
	LIN_OPTIONS("0.0001"),
	OPT_END
};

static enum loss loss_of(const struct lin_opts *o)
{
	return strcmp(o->objective, "huber") == 0 ? LOSS_HUBER : strcmp(o->objective, "quantile") == 0 ? LOSS_QUANTILE :
	       strcmp(o->objective, "poisson") == 0 ? LOSS_POISSON : LOSS_SQUARED;
}

static const char *linear_check(const void *opts, const struct data *d)
{
	return lin_check(opts, d);
}

static void *linear_fit(const void *opts, const struct data *train, struct run *run)
{
	const struct lin_opts *o = opts;
	enum loss loss = loss_of(o);
	return lin_fit(o, loss, loss == LOSS_HUBER ? o->delta : loss == LOSS_QUANTILE ? o->alpha : 0, train, run);
}

static void *linear_load(const void *opts, const struct data *x, struct store *st)
{
	return lin_load(loss_of(opts), x, st);
}

const struct family family_linear = {
	.name = "linear",
	.brief = "linear regression: squared, huber, quantile, poisson",
	.tasks = TASK_REGRESSION,
	.takes = TAKES_SPARSE,
	.opts = linear_opts,
	.opts_size = sizeof(struct lin_opts),
	.details = LIN_DETAILS,
	.check = linear_check,
	.fit = linear_fit,
	.predict = lin_predict,
	.save = lin_save,
	.load = linear_load,
	.free = lin_free,
	.show = lin_show,
	.importance = lin_importance,
	.contrib = lin_contrib,
	.terms = lin_speak,
	.rounds = lin_rounds,
	.link = lin_link,
};
