#include "families/linear/options.h"

static const struct opt logistic_opts[] = {
	LIN_OPTIONS("0.0001"),
	OPT(struct lin_opts, multiclass, "multiclass", "HOW", "softmax", "softmax|ovr",
	    "more than two classes: one model of all, or one of each class against all others"),
	NB_OPTIONS,
	OPT_END
};

static enum loss loss_of(const struct lin_opts *o, const struct data *x)
{
	return x->nclasses == 2 ? LOSS_LOGISTIC : lin_each(o, x) ? LOSS_EACH : LOSS_SOFTMAX;
}

static const char *logistic_check(const void *opts, const struct data *d)
{
	return lin_check(opts, d);
}

static void *logistic_fit(const void *opts, const struct data *train, struct run *run)
{
	enum loss loss = loss_of(opts, train);
	return loss == LOSS_EACH ? lin_fit_each(opts, train, run) : lin_fit(opts, loss, 0, train, run);
}

static void *logistic_load(const void *opts, const struct data *x, struct store *st)
{
	return lin_load(loss_of(opts, x), x, st);
}

const struct family family_logistic = {
	.name = "logistic",
	.brief = "logistic regression of two classes or many",
	.tasks = TASK_CLASSES,
	.takes = TAKES_SPARSE,
	.opts = logistic_opts,
	.opts_size = sizeof(struct lin_opts),
	.details = LIN_DETAILS,
	.check = logistic_check,
	.fit = logistic_fit,
	.predict = lin_predict,
	.save = lin_save,
	.load = logistic_load,
	.free = lin_free,
	.show = lin_show,
	.importance = lin_importance,
	.contrib = lin_contrib,
	.terms = lin_speak,
	.rounds = lin_rounds,
	.link = lin_link,
};
