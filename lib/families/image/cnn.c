/* The family `cnn`: options, predicting, reading and writing. */
#include "families/image/cnn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "data/image/mix.h"
#include "model/family.h"
#include "nn/weights.h"

#define MOST_MEMORY ((size_t)16 << 30)	/* of a model read from a file, a lane */

const struct opt cnn_options[] = {
	OPT(struct cnn_opts, net, "net", "NAME", "simple", NET_NAMES, "architecture"),
	OPT(struct cnn_opts, width, "width", "F", "1", "[0.1,8]", "the channels of simple and mobilenet2 are multiplied by this"),
	OPT(struct cnn_opts, size, "size", "N|HxW", NULL, NULL, "input of the net in pixels; that of the first picture if it is small, else 224"),
	OPT(struct cnn_opts, resize, "resize", "N", "0", "[0,4096]", "scale the shorter side to N and cut the input out of the middle; 0: scale to the input, or to 256 where pictures are large and --size is not given"),
	OPT(struct cnn_opts, channels, "channels", "C", "auto", "auto|1|3", "grey or colour; auto: by the first 16 pictures"),
	OPT(struct cnn_opts, pixels, "pixels", "HxW[x3]", NULL, NULL, "the columns are the pixels of a picture, row by row, from 0 to 255"),
	OPT(struct cnn_opts, normalise, "normalise", "HOW", "data", "data|unit|imagenet|tf|caffe", "channels less their mean over their deviation: of the training pictures, 0 to 1, or as pretrained weights want it"),
	OPT(struct cnn_opts, mean, "mean", "X,..", "", NULL, "subtract these instead, one for each channel"),
	OPT(struct cnn_opts, std, "std", "X,..", "", NULL, "divide by these instead"),
	OPT(struct cnn_opts, augment, "augment", "HOW", "none", NULL, "change pictures at random: none, light, standard, strong, or words such as flip:0.5,rotate:15,crop:4,mixup:0.2"),
	OPT(struct cnn_opts, epochs, "epochs", "N", "10", "[0,100000]", "passes over the training pictures; 0: the weights of --init as they are"),
	OPT(struct cnn_opts, batch, "batch", "N", "64", "[1,65536]", "pictures of a step, rounded up to whole shards"),
	OPT(struct cnn_opts, shard, "shard", "N", "16", "[1,4096]", "pictures that one thread runs at once; batch norm takes its statistics over them"),
	OPT(struct cnn_opts, optimizer, "optimizer", "NAME", "adamw", "sgd|adam|adamw|rmsprop", "how steps are made of gradients"),
	OPT(struct cnn_opts, rate, "rate", "R", "0", "[0,", "learning rate; 0: 0.002, with sgd 0.05, with rmsprop 0.0003"),
	OPT(struct cnn_opts, schedule, "schedule", "NAME", "onecycle", "constant|step|linear|cosine|onecycle|plateau", "how the rate changes over the steps"),
	OPT(struct cnn_opts, warmup, "warmup", "E", "0", "[0,", "epochs in which the rate rises from 0, before other schedules than onecycle"),
	OPT(struct cnn_opts, decay, "decay", "L", "0.01", "[0,", "weight decay; biases and norms are spared"),
	OPT(struct cnn_opts, momentum, "momentum", "M", "0.9", "[0,1)", "of sgd and rmsprop"),
	OPT(struct cnn_opts, nesterov, "nesterov", NULL, "true", NULL, "momentum looks a step ahead (sgd)"),
	OPT(struct cnn_opts, clip, "clip", "G", "0", "[0,", "scale gradients down to this norm; 0: none"),
	OPT(struct cnn_opts, average, "average", "D", "0", "[0,1)", "predict by the exponential mean of the weights, of this decay a step; 0: by the last"),
	OPT(struct cnn_opts, dropout, "dropout", "P", "-1", "[-1,1)", "chance that a value before the last layer is left out in a step; -1: as the net has it"),
	OPT(struct cnn_opts, loss, "loss", "NAME", "cross-entropy", "cross-entropy|focal", "what to minimise"),
	OPT(struct cnn_opts, smooth, "smooth", "S", "0", "[0,1)", "share of each label that all classes get"),
	OPT(struct cnn_opts, gamma, "gamma", "G", "2", "[0,", "how little focal loss heeds what is right already"),
	OPT(struct cnn_opts, oversample, "oversample", "N", "0", "[0,10000000]", "pictures of a class that has fewer come several times, until they are so many; 0: no"),
	OPT(struct cnn_opts, balance, "balance", NULL, NULL, NULL, "all classes come equally often in each batch"),
	OPT_RUN(struct cnn_opts, init, 0, "init", "FILE", NULL, NULL, "begin with the weights of this safetensors file, whose last layer may be another"),
	OPT(struct cnn_opts, init_map, "init-map", "FROM=TO,..", "", NULL, "its names that differ; * stands for any text"),
	OPT(struct cnn_opts, freeze, "freeze", "NAMES,..", "", NULL, "parameters that stay as they are, * stands for any text; backbone: all but the last layer"),
	OPT(struct cnn_opts, unfreeze, "unfreeze", "N", "0", "[0,100000]", "every N epochs a quarter of what is frozen thaws, from the last layer on; 0: nothing does"),
	OPT(struct cnn_opts, backbone_rate, "backbone-rate", "F", "1", "[0,", "the rate of all but the last layer is multiplied by this"),
	OPT(struct cnn_opts, views, "views", "K", "1", "[1,10]", "predict by the mean over K views of a picture: itself, mirrored, its corners"),
	OPT_RUN(struct cnn_opts, memory, 0, "memory", "MB", "2048", "[0,1000000]", "keep loaded pictures while they take less; others are loaded in each epoch"),
	OPT_RUN(struct cnn_opts, checkpoint, 0, "checkpoint", "FILE", NULL, NULL, "write the state there after each epoch, and go on from it if it is there"),
	OPT_RUN(struct cnn_opts, dry_run, 0, "dry-run", NULL, NULL, NULL, "tell memory and time, and train nothing"),
	OPT_END
};

static const char *check(const void *opts, const struct data *d)
{
	const struct cnn_opts *o = opts;
	struct augment how;
	const char *why = augment_parse(o->augment, &how);
	if (why)
		return why;
	if (mix_wanted(&how) && strcmp(o->loss, "focal") == 0)
		return "--augment mixup and cutmix make labels that --loss focal cannot take";
	if (o->balance && o->oversample)
		return "give one of --balance and --oversample";
	if (o->unfreeze && o->freeze.n == 0)
		return "--unfreeze thaws what --freeze names";
	return cnn_check_input(o, d);
}

/* Rows of a prediction: few where one is work enough. Part of what a prediction is, since sums may depend on it. */
static size_t rows_at_once(const struct sample_form *f)
{
	size_t n = 65536 / ((size_t)f->h * (size_t)f->w);
	return n < 1 ? 1 : n > 32 ? 32 : n;
}

struct cnn *cnn_new(const struct cnn_opts *o, int32_t classes)
{
	struct cnn *m = NEW0(struct cnn, 1);
	*m = (struct cnn){ .kind = net_find(o->net), .classes = (size_t)classes, .views = o->views,
			   .conf = { .classes = (size_t)classes, .dropout = o->dropout, .width = o->width } };
	return m;
}

void cnn_build(struct cnn *m)
{
	const struct sample_form *f = &m->input.form;
	struct augment none = { 0 };
	m->graph = graph_new(m->ps, rows_at_once(f), GRAPH_PREDICT);
	m->x = nn_input(m->graph, (size_t)f->h, (size_t)f->w, (size_t)f->c);
	m->net = m->kind->build(m->kind, m->x, &m->conf);
	graph_keep(m->net.features);
	graph_ready(m->graph);
	if (!m->ps->x)
		params_ready(m->ps);
	m->lanes = lanes_new(m->graph);
	m->plain = augmenter_new(&none, *f);
}

void cnn_run_block(const struct cnn *m, const struct album *a, size_t from, size_t n, bool features, double *out)
{
	const struct node *of = features ? m->net.features : m->net.logits;
	size_t size = sample_size(&m->input.form), k = node_values(of), views = features ? 1 : (size_t)m->views;
	struct lane *l = lanes_take(m->lanes);
	struct picture room = { 0 };
	const char *wrong;
	double *p = NEW(double, k);
	memset(out, 0, n * k * sizeof(*out));
	for (size_t v = 0; v < views; v++) {
		for (size_t i = 0; i < n; i++) {
			const struct picture *pic = album_get(a, from + i, &room, &wrong);
			if (pic)
				augment_view(m->plain, pic, (int)v, lane_x(l, m->x) + i * size);
			else
				out[i * k] = NAN;
		}
		lane_forward(l);
		for (size_t i = 0; i < n; i++) {
			const real *z = lane_x(l, of) + i * k;
			if (!features)
				nn_probabilities(k, z, p);
			for (size_t c = 0; c < k; c++)
				out[i * k + c] = isnan(out[i * k]) ? (double)NAN : out[i * k + c] + (features ? (double)z[c] : p[c]) / (double)views;
		}
	}
	picture_free(&room);
	free(p);
	lanes_put(m->lanes, l);
}

void cnn_run(const struct cnn *m, const struct data *x, bool features, double *out)
{
	struct cells cells = cells_of(m, x);
	struct album *a = album_new(cells.s, cells.n, cells.root, m->input.spec, 1, 0);
	size_t rows = m->graph->rows, k = node_values(features ? m->net.features : m->net.logits);
	for (size_t from = 0; from < x->n; from += rows)
		cnn_run_block(m, a, from, x->n - from < rows ? x->n - from : rows, features, out + from * k);
	album_free(a);
	cells_free(&cells);
}

static void predict(const void *fit, const struct data *x, double *out)
{
	cnn_run(fit, x, false, out);
}

static void features(const void *fit, const struct data *x, double *out)
{
	cnn_run(fit, x, true, out);
}

static size_t nfeatures(const void *fit)
{
	return node_values(((const struct cnn *)fit)->net.features);
}

static void views(void *fit, int32_t k)
{
	((struct cnn *)fit)->views = k;
}

static void save(const void *fit, struct store *st)
{
	const struct cnn *m = fit;
	int32_t epochs = m->epochs;
	cnn_input_save(m, st);
	store_put1(st, "dls.epochs", DT_I32, 1, &epochs);
	weights_save(m->ps, st);
}

static void *load(const void *opts, const struct data *x, struct store *st)
{
	const struct cnn_opts *o = opts;
	struct cnn *m = cnn_new(o, x->nclasses);
	size_t one = 1;
	if (!m->kind)
		store_bad(st, "no net is called '%s'", o->net);
	cnn_input_load(m, st);
	if (m->input.form.h < m->kind->least_size || m->input.form.w < m->kind->least_size)
		store_bad(st, "%s takes no pictures of %d x %d", o->net, (int)m->input.form.h, (int)m->input.form.w);
	m->epochs = *(const int32_t *)store_get1(st, "dls.epochs", DT_I32, &one);
	if ((size_t)m->ph * (size_t)m->pw * (size_t)m->pc != (picture_column(x) ? 0 : x->ncols))
		store_bad(st, "%zu columns of pixels are no picture of %d x %d", x->ncols, (int)m->ph, (int)m->pw);
	m->ps = params_new();
	cnn_build(m);
	if (m->graph->memory > MOST_MEMORY)
		store_bad(st, "a picture of %d x %d takes %zu MB", (int)m->input.form.h, (int)m->input.form.w, m->graph->memory >> 20);
	weights_restore(m->ps, st);
	graph_pack(m->graph, 1);
	return m;
}

void cnn_free(void *fit)
{
	struct cnn *m = fit;
	if (!m)
		return;
	lanes_free(m->lanes);
	graph_free(m->graph);
	params_free(m->ps);
	augmenter_free(m->plain);
	free(m);
}

static void show(const void *fit, const struct data *x, const struct schema *sc, struct json *j)
{
	const struct cnn *m = fit;
	(void)x;
	(void)sc;
	json_str(j, "net", m->kind->name);
	cnn_input_json(m, j, "input");
	json_int(j, "parameters", (int64_t)m->ps->size);
	json_num(j, "gflop", graph_flops(m->graph) / (double)m->graph->rows * 1e-9);
	json_int(j, "features", (int64_t)node_values(m->net.features));
	json_int(j, "epochs", m->epochs);
}

static int rounds(const void *fit)
{
	return ((const struct cnn *)fit)->epochs;
}

const struct family family_cnn = {
	.name = "cnn",
	.brief = "convolutional nets for pictures",
	.tasks = TASK_CLASSES,
	.takes = TAKES_IMAGE,
	.opts = cnn_options,
	.opts_size = sizeof(struct cnn_opts),
	.details =
		"Pictures are files that a column names (--image), class folders (--image-folder), idx or CIFAR records, or columns of "
		"pixels (--pixels). A picture is scaled, cut to the size of the input and normalised; all of that is in the model. "
		"The parameters of nets have PyTorch's names, so that files of pretrained weights load as they "
		"are, whatever the classes of their last layer. "
		"With rows to watch (--valid, --valid-frac, --cv) and --early-stop the model keeps its best epoch. "
		"A batch is cut in shards, which run side by side; the result does not depend on the number of threads.",
	.check = check,
	.fit = cnn_fit,
	.predict = predict,
	.save = save,
	.load = load,
	.free = cnn_free,
	.show = show,
	.rounds = rounds,
	.nfeatures = nfeatures,
	.features = features,
	.views = views,
};
