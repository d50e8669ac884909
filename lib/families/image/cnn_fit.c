/* Training of a net on pictures: epochs of steps, and what stands around them. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "data/image/mix.h"
#include "families/image/cnn.h"
#include "families/image/cnn_order.h"
#include "families/image/cnn_state.h"
#include "nn/layers.h"
#include "nn/schedule.h"
#include "nn/weights.h"

#define THAWS 4			/* parts in which frozen layers come back */
#define MOST_RESTARTS 3		/* after numbers that are not finite */

/* ---- the training graph ---- */

static const char *const optimizers[] = { "sgd", "adam", "adamw", "rmsprop" };
static const char *const schedules[] = { "constant", "step", "milestones", "linear", "cosine", "onecycle" };

static int word_of(const char *word, const char *const *list, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return i;
	return 0;
}

static struct node *loss_of(const struct fitting *f, struct node *logits)
{
	struct loss_conf c = loss_usual();
	c.smooth = f->o->smooth;
	c.gamma = f->o->gamma;
	if (mix_wanted(&f->how))
		return nn_cross_entropy_soft(logits, f->label, f->weight, c);
	if (strcmp(f->o->loss, "focal") == 0)
		return nn_focal(logits, f->label, f->weight, c);
	return nn_cross_entropy(logits, f->label, f->weight, c);
}

static void build_training(struct fitting *f)
{
	const struct sample_form *form = &f->m->input.form;
	struct graph *g = graph_new(f->m->ps, f->shard, GRAPH_TRAIN);
	f->graph = g;
	f->x = nn_input(g, (size_t)form->h, (size_t)form->w, (size_t)form->c);
	struct net net = f->m->kind->build(f->m->kind, f->x, &f->m->conf);
	f->label = nn_input(g, 0, 0, mix_wanted(&f->how) ? f->m->classes : 1);
	f->weight = nn_input(g, 0, 0, 1);
	graph_loss(loss_of(f, net.logits), 1);
}

static void start_trainer(struct fitting *f)
{
	graph_ready(f->graph);
	graph_pack(f->graph, f->run->threads);
	f->trainer = trainer_new(f->graph, f->optim, f->shards, f->run->threads, f->run->seed);
}

static void stop_trainer(struct fitting *f)
{
	trainer_free(f->trainer);
	graph_free(f->graph);
}

/* ---- samples ---- */

static void put_label(const struct fitting *f, real *label, size_t row, int32_t y, int32_t other, double lambda)
{
	size_t k = f->m->classes;
	if (!mix_wanted(&f->how)) {
		label[row] = (real)y;
		return;
	}
	memset(label + row * k, 0, k * sizeof(*label));
	label[row * k + (size_t)y] += (real)lambda;
	label[row * k + (size_t)other] += (real)(1 - lambda);
}

/* Mixes each sample of a shard with the next, which is not mixed yet; the last with the first as it was. */
static void mix_shard(const struct fitting *f, const struct shard_at *at, real *x, real *label, float *first)
{
	const struct sample_form *s = &f->m->input.form;
	size_t size = sample_size(s), n = f->shard;
	memcpy(first, x, size * sizeof(*first));
	for (size_t r = 0; r < n; r++) {
		struct rng rng = rng_at(f->run->seed, "mix", at->from + r);
		struct mix mix = mix_draw(&f->how, &rng, s->h, s->w);
		const float *other = r + 1 < n ? x + (r + 1) * size : first;
		mix_samples(&mix, x + r * size, other, s->h, s->w, s->c, x + r * size);
		put_label(f, label, r, at->y[r], at->y[r + 1 < n ? r + 1 : 0], mix.lambda);
	}
}

/* The samples of a shard to a lane's inputs; see shard_fn. */
static void fill(void *ctx, struct lane *l, size_t shard, int worker)
{
	struct fitting *f = ctx;
	struct scratch *room = &f->rooms[worker];
	const struct sample_form *s = &f->m->input.form;
	size_t size = sample_size(s), from = (f->batch * f->shards + shard) * f->shard;
	struct shard_at at = { .from = f->epoch * f->order.n + from, .y = room->y };
	real *x = lane_x(l, f->x), *label = lane_x(l, f->label), *weight = lane_x(l, f->weight);
	const char *wrong;
	for (size_t r = 0; r < f->shard; r++) {
		uint32_t row = f->order.row[(from + r) % f->order.n];
		const struct picture *p = album_get(f->album, row, &room->picture, &wrong);
		struct rng rng = rng_at(f->run->seed, "augment", at.from + r);
		if (p)
			augment(f->augmenter, p, &rng, room->augment, x + r * size);
		else
			memset(x + r * size, 0, size * sizeof(*x));
		at.y[r] = f->d->label[data_row(f->d, row)];
		weight[r] = p ? (real)data_weight(f->d, row) : 0;
		put_label(f, label, r, at.y[r], at.y[r], 1);
	}
	if (mix_wanted(&f->how))
		mix_shard(f, &at, x, label, room->first);
}

/* What the loss of the present batch is divided by. */
static double batch_weight(const struct fitting *f)
{
	size_t n = f->shards * f->shard;
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += data_weight(f->d, f->order.row[(f->batch * n + i) % f->order.n]);
	return sum > 0 ? sum : 1;
}

/* ---- epochs ---- */

static double rate_at(const struct fitting *f, size_t step)
{
	double rate = schedule_rate(&f->schedule, step);
	return (strcmp(f->o->schedule, "plateau") == 0 ? f->state.rate : rate) * f->state.slowed;
}

static void show_progress(struct fitting *f, double loss)
{
	size_t all = (size_t)f->epochs * f->batches, done = f->epoch * f->batches + f->batch + 1;
	double seconds = run_clock() - f->started, left = seconds / (double)(done - f->first_step) * (double)(all - done);
	double speed = (double)((done - f->first_step) * f->shards * f->shard) / seconds;
	run_tell(f->run, "epoch %zu/%d, %zu of %zu, loss %.4f, %.0f pictures/s, %d:%02d left", f->epoch + 1, (int)f->epochs,
		 f->batch + 1, f->batches, loss, speed, (int)left / 60, (int)left % 60);
}

/* One epoch; its mean loss, or NaN where the numbers went astray. */
static double run_epoch(struct fitting *f)
{
	double sum = 0;
	order_epoch(&f->order, f->epoch);
	for (f->batch = 0; f->batch < f->batches; f->batch++) {
		size_t step = f->epoch * f->batches + f->batch;
		if (strcmp(f->o->schedule, "onecycle") == 0 && f->optim->conf.kind == OPTIM_SGD)
			f->optim->conf.momentum = schedule_momentum(&f->schedule, step);
		double loss = trainer_step(f->trainer, fill, f, step, batch_weight(f), rate_at(f, step));
		if (isnan(loss))
			return NAN;
		sum += loss;
		show_progress(f, loss);
	}
	return sum / (double)f->batches;
}

/* Predictions for the rows to watch, by the mean of the weights if one is kept: out (n, classes). */
struct watch {
	const struct cnn *m;
	const struct album *album;
	double *out;
	size_t n;
};

static void watch_block(void *ctx, size_t block, int worker)
{
	const struct watch *w = ctx;
	size_t rows = w->m->graph->rows, from = block * rows, n = w->n - from;
	(void)worker;
	cnn_run_block(w->m, w->album, from, n < rows ? n : rows, false, w->out + from * w->m->classes);
}

static void predict_watched(struct fitting *f)
{
	struct watch w = { f->m, f->watched, f->valid_p, f->run->valid->n };
	size_t rows = f->m->graph->rows;
	optim_swap(f->optim);
	graph_pack(f->m->graph, f->run->threads);
	par_for(f->run->threads, (w.n + rows - 1) / rows, watch_block, &w);
	optim_swap(f->optim);
}

/*
 * --unfreeze: what of the parameters that were frozen at first is so in this epoch; quarter by quarter they thaw, from the
 * last layer on. True where something changed.
 */
static bool thaw(struct fitting *f)
{
	size_t parts = f->o->unfreeze ? f->epoch / (size_t)f->o->unfreeze : 0, seen = 0;
	size_t keep = parts < THAWS ? f->frozen - f->frozen * parts / THAWS : 0;
	for (size_t i = 0; i < f->m->ps->n; i++) {
		struct param *p = f->m->ps->p[i];
		if (p->frozen && seen++ >= keep)
			p->frozen = false;
	}
	return seen > keep;
}

/* A graph knows which gradients are wanted, so it is made anew. */
static void restart_trainer(struct fitting *f)
{
	stop_trainer(f);
	build_training(f);
	start_trainer(f);
}

/* The numbers are not finite: back to the state before the epoch, at half the rate. */
static void step_back(struct fitting *f, const struct store *before)
{
	if (++f->restarts > MOST_RESTARTS)
		die(ST_DATA, "the loss was not finite in epoch %zu, at a rate of %g too; give a smaller --rate, or --clip", f->epoch + 1,
		    rate_at(f, f->epoch * f->batches + f->batch));
	state_restore(f, before);
	f->state.slowed /= 2;
	graph_pack(f->graph, f->run->threads);
	warn("the loss was not finite in epoch %zu: it begins again at half the rate", f->epoch + 1);
}

/* Tells of an epoch, keeps the best weights, writes a checkpoint. True: training is to stop. */
static bool end_epoch(struct fitting *f, double loss)
{
	bool stop;
	if (f->watched)
		predict_watched(f);
	stop = run_round(f->run, (int)f->epoch + 1, (int)f->epochs, loss, f->watched ? f->valid_p : NULL);
	if (strcmp(f->o->schedule, "plateau") == 0)
		f->state.rate = plateau_rate(&f->plateau, f->state.rate, loss);
	if (f->watched && f->run->early_stop && f->run->best_round == (int)f->epoch + 1)
		state_keep_best(f);
	f->epoch++;
	f->state.stop = stop;
	if (f->o->checkpoint)
		state_write(f, f->o->checkpoint);
	return stop;
}

static void train(struct fitting *f)
{
	f->started = run_clock();
	f->first_step = f->epoch * f->batches;
	while (f->epoch < (size_t)f->epochs && !f->state.stop) {
		struct store *before = store_new();
		state_save(f, before);
		if (thaw(f))
			restart_trainer(f);
		double loss = run_epoch(f);
		if (isnan(loss))
			step_back(f, before);
		store_free(before);
		if (!isnan(loss) && end_epoch(f, loss))
			break;
	}
	optim_swap(f->optim);
	state_take_best(f);
}

/* ---- setting up ---- */

static double usual_rate(const struct cnn_opts *o)
{
	return o->rate > 0 ? o->rate : strcmp(o->optimizer, "sgd") == 0 ? 0.05 : strcmp(o->optimizer, "rmsprop") == 0 ? 3e-4 : 2e-3;
}

static void choose_optimizer(struct fitting *f)
{
	const struct cnn_opts *o = f->o;
	struct optim_conf c = optim_usual((enum optim_kind)word_of(o->optimizer, optimizers, 4));
	size_t steps = (size_t)o->epochs * f->batches;
	c.momentum = c.kind == OPTIM_SGD || c.kind == OPTIM_RMSPROP ? o->momentum : 0;
	c.nesterov = c.kind == OPTIM_SGD && o->nesterov && o->momentum > 0;
	c.decay = o->decay;
	c.clip_norm = o->clip;
	c.average = o->average;
	f->optim = optim_new(f->m->ps, c);
	f->schedule = schedule_usual((enum schedule_kind)word_of(o->schedule, schedules, 6), usual_rate(o), steps);
	f->schedule.warmup = (size_t)(o->warmup * (double)f->batches);
	f->schedule.every = (steps + 2) / 3;
	f->plateau = plateau_usual(false);
	f->plateau.patience = 3;
	f->state.rate = usual_rate(o);
	f->state.slowed = 1;
}

/*
 * The biases of the last layer begin at the logarithm of the classes' shares, so that the first steps need not learn these
 * (Lin et al. 2017, 4.1); a class without rows counts as if it had one.
 */
static void begin_at_shares(struct fitting *f)
{
	struct str name = { 0 };
	struct params *ps = f->m->ps;
	str_printf(&name, "%s.bias", f->m->kind->head);
	const struct param *p = params_find(ps, name.s);
	for (size_t c = 0; p && c < f->m->classes; c++) {
		size_t n = f->o->balance ? f->order.n / f->m->classes : f->order.start[c + 1] - f->order.start[c];
		if (f->order.start[c + 1] == f->order.start[c])
			n = 0;
		param_x(ps, p)[c] = (real)log((double)(n + 1) / (double)(f->order.n + f->m->classes));
	}
	str_free(&name);
}

static void load_weights(struct fitting *f)
{
	struct params *ps = f->m->ps;
	const struct cnn_opts *o = f->o;
	if (o->init)
		weights_load(ps, o->init, &o->init_map, f->m->kind->also, f->m->kind->head);
	if (o->backbone_rate != 1)
		weights_rate(ps, f->m->kind->head, o->backbone_rate);
	weights_freeze(ps, &o->freeze, f->m->kind->head);
	for (size_t i = 0; i < ps->n; i++)
		f->frozen += ps->p[i]->frozen;
}

/* Batches of an epoch, all of whole shards. */
static void choose_batches(struct fitting *f)
{
	const struct cnn_opts *o = f->o;
	f->shard = (size_t)(o->shard < o->batch ? o->shard : o->batch);
	f->shards = ((size_t)o->batch + f->shard - 1) / f->shard;
	f->batches = (f->order.n + f->shards * f->shard - 1) / (f->shards * f->shard);
	f->epochs = f->run->rounds > 0 ? f->run->rounds : o->epochs;
}

static struct album *album_of(struct fitting *f, struct cells *cells, const struct data *d)
{
	*cells = cells_of(f->m, d);
	return album_new(cells->s, cells->n, cells->root, f->m->input.spec, f->run->threads, (size_t)f->o->memory << 20);
}

static void open_pictures(struct fitting *f)
{
	f->album = album_of(f, &f->cells, f->d);
	if (f->run->valid) {
		f->watched = album_of(f, &f->watched_cells, f->run->valid);
		f->valid_p = NEW(double, f->run->valid->n * f->m->classes);
	}
	if (strcmp(f->o->normalise, "data") == 0 && f->o->mean.n == 0 && f->o->std.n == 0)
		cnn_measure_input(f->m, f->album, f->d->n);
	free(augment_parse(f->o->augment, &f->how));
	f->augmenter = augmenter_new(&f->how, f->m->input.form);
	f->rooms = NEW0(struct scratch, (size_t)f->run->threads);
	for (int i = 0; i < f->run->threads; i++) {
		f->rooms[i].augment = augment_room(f->augmenter);
		f->rooms[i].first = NEW(float, sample_size(&f->m->input.form));
		f->rooms[i].y = NEW(int32_t, f->shard);
	}
}

/* Seconds that one epoch takes, by the second of two runs of a shard of nothing. */
static double guess_epoch(struct fitting *f)
{
	double start = 0;
	real *grad = f->trainer->grads[0];
	for (int i = 0; i < 2; i++) {
		start = run_clock();
		lane_forward(f->trainer->lanes[0]);
		lane_backward(f->trainer->lanes[0], grad);
	}
	size_t waves = (f->shards + (size_t)f->trainer->threads - 1) / (size_t)f->trainer->threads;
	return (run_clock() - start) * (double)waves * (double)f->batches;
}

/* What is about to be done, and what it takes; with --dry-run that is all. */
static void tell_plan(struct fitting *f)
{
	const struct cnn *m = f->m;
	const struct sample_form *s = &m->input.form;
	double epoch = f->run->fold > 1 ? 0 : guess_epoch(f);
	size_t memory = trainer_memory(f->graph, &f->optim->conf, f->shards, f->run->threads);
	struct str out = { 0 };
	str_printf(&out, "%s: pictures of %dx%dx%d, %zu parameters, %.3g GFLOP a picture, %.0f MB, %zu pictures in %zu batches an "
		   "epoch, about %.0f s an epoch, %.1f min in all", m->kind->name, (int)s->h, (int)s->w, (int)s->c, m->ps->size,
		   graph_flops(f->graph) / (double)f->shard * 1e-9, (double)memory / 1e6, f->order.n, f->batches, epoch,
		   epoch * f->epochs / 60);
	if (f->o->dry_run)
		die(ST_OK, "%s", out.s);
	if (f->run->fold <= 1)
		note(0, "%s", out.s);
	str_free(&out);
}

static void close_fitting(struct fitting *f)
{
	stop_trainer(f);
	optim_free(f->optim);
	album_free(f->album);
	album_free(f->watched);
	cells_free(&f->cells);
	cells_free(&f->watched_cells);
	augmenter_free(f->augmenter);
	order_free(&f->order);
	for (int i = 0; i < f->run->threads; i++) {
		free(f->rooms[i].augment);
		picture_free(&f->rooms[i].picture);
		free(f->rooms[i].first);
		free(f->rooms[i].y);
	}
	free(f->rooms);
	free(f->valid_p);
	free(f->best);
}

void *cnn_fit(const void *opts, const struct data *d, struct run *run)
{
	const struct cnn_opts *o = opts;
	struct cnn *m = cnn_new(o, d->nclasses);
	struct fitting f = { .o = o, .run = run, .d = d, .m = m };
	int32_t *label = NEW(int32_t, d->n);
	for (size_t i = 0; i < d->n; i++)
		label[i] = d->label[data_row(d, i)];
	order_init(&f.order, label, d->n, m->classes, (size_t)o->oversample, o->balance, run->seed);
	free(label);
	cnn_choose_input(m, o, d);
	choose_batches(&f);
	open_pictures(&f);
	m->ps = params_new();
	cnn_build(m);
	net_fill(m->kind, m->ps, run->seed);
	begin_at_shares(&f);
	load_weights(&f);
	choose_optimizer(&f);
	build_training(&f);
	start_trainer(&f);
	tell_plan(&f);
	if (o->checkpoint)
		state_resume(&f, o->checkpoint);
	train(&f);
	m->epochs = (int32_t)f.state.taken;
	graph_pack(m->graph, run->threads);
	close_fitting(&f);
	return m;
}
