/*
 * The family `cnn`: pictures are classified by a convolutional net.
 *
 * A picture is loaded at the size of the model (see struct picture_spec), cut
 * and normalised (data/image/augment.h), and run through one of the nets of
 * nn/nets. Training runs shards of a batch side by side (nn/train.h); a
 * prediction runs a fixed number of rows at once, whatever block they came in.
 */
#ifndef DLS_FAMILIES_IMAGE_CNN_H
#define DLS_FAMILIES_IMAGE_CNN_H

#include "data/data.h"
#include "data/image/album.h"
#include "data/image/augment.h"
#include "io/jsonio.h"
#include "io/store.h"
#include "model/run.h"
#include "nn/nets/nets.h"
#include "nn/train.h"
#include "opt/opt.h"

struct cnn_opts {
	const char *net, *size, *pixels, *channels, *normalise, *augment, *optimizer, *schedule, *loss, *init, *checkpoint;
	struct strs mean, std, init_map, freeze;
	int32_t resize, epochs, batch, shard, oversample, unfreeze, views, memory;
	double width, rate, warmup, decay, momentum, clip, average, dropout, smooth, gamma, backbone_rate;
	bool balance, nesterov, dry_run;
};

extern const struct opt cnn_options[];

/* How a picture becomes the net's input; part of the model. */
struct cnn_input {
	struct picture_spec spec;	/* how it is loaded */
	struct sample_form form;	/* what of it is the input, and how it is normalised */
};

struct cnn {
	const struct net_kind *kind;
	struct cnn_input input;
	size_t classes;
	struct net_conf conf;
	int32_t views, epochs;
	int32_t ph, pw, pc;		/* the size of pictures that are given as columns of pixels; 0: they are not */
	struct params *ps;
	struct graph *graph;		/* GRAPH_PREDICT, packed */
	struct node *x;			/* of graph: its input */
	struct net net;
	struct lanes *lanes;
	struct augmenter *plain;
};

/* ---- cnn_input.c: from rows to pictures ---- */

/* The pictures of rows as cells for picture_load(). */
struct cells {
	struct slice *s;		/* (n) */
	const char *root;
	size_t n;
	struct arena *arena;		/* owns those made of pixels; or NULL */
};

/* Those of the rows of x: of its picture column, or made of its columns of pixels, each ph x pw x pc. */
struct cells cells_of(const struct cnn *m, const struct data *x);
void cells_free(struct cells *c);

const struct column *picture_column(const struct data *x);	/* the first; NULL: none */

/* Why options and columns do not go together, or NULL; static or leaked text. */
const char *cnn_check_input(const struct cnn_opts *o, const struct data *x);

/* Sets the input form of m but for data-given means, by options and the first picture of the rows. */
void cnn_choose_input(struct cnn *m, const struct cnn_opts *o, const struct data *x);

/* --normalise data: mean and standard deviation of each channel over the n pictures of the album. */
void cnn_measure_input(struct cnn *m, const struct album *a, size_t n);

void cnn_input_json(const struct cnn *m, struct json *j, const char *key);
void cnn_input_save(const struct cnn *m, struct store *st);
void cnn_input_load(struct cnn *m, struct store *st);

/* ---- cnn_fit.c ---- */

void *cnn_fit(const void *opts, const struct data *d, struct run *run);

struct cnn *cnn_new(const struct cnn_opts *o, int32_t classes);	/* of options, without a net yet */

/* The net that predicts, over parameters that have values; and again after these have changed. */
void cnn_build(struct cnn *m);
void cnn_free(void *fit);

/*
 * Rows from .. from + n of the album, n no more than the graph runs at once: out (n, classes) probabilities, or (features)
 * (n, values) what comes before the last layer. NaN where a picture cannot be read.
 */
void cnn_run_block(const struct cnn *m, const struct album *a, size_t from, size_t n, bool features, double *out);

/* The same for all rows of x, out (x->n, ...): probabilities, or the values before the last layer. NaN where a picture cannot be read. */
void cnn_run(const struct cnn *m, const struct data *x, bool features, double *out);

#endif
