/*
 * A fit under way, and its state at the end of an epoch: what a checkpoint
 * holds, and what is gone back to when the numbers go astray. All else follows
 * from data, options and seed, so a resumed run ends in the same bytes.
 */
#ifndef DLS_FAMILIES_IMAGE_CNN_STATE_H
#define DLS_FAMILIES_IMAGE_CNN_STATE_H

#include "families/image/cnn.h"
#include "families/image/cnn_order.h"
#include "nn/schedule.h"

/* Memory of one thread. */
struct scratch {
	float *augment;			/* augment_room() */
	struct picture picture;
	float *first;			/* (h, w, c) */
	int32_t *y;			/* (shard) */
};

/* A shard of samples: its place in the stream of all, and its labels. */
struct shard_at {
	size_t from;
	int32_t *y;
};

struct fitting {
	const struct cnn_opts *o;
	struct run *run;
	const struct data *d;
	struct cnn *m;
	struct cells cells, watched_cells;
	struct album *album, *watched;	/* watched: NULL where no rows are */
	double *valid_p;		/* (watched rows, classes) */
	struct augment how;
	struct augmenter *augmenter;
	struct scratch *rooms;		/* (threads) */
	struct order order;
	size_t shard, shards, batches;	/* rows of a shard, shards of a batch, batches of an epoch */
	struct graph *graph;
	struct node *x, *label, *weight;
	struct optim *optim;
	struct trainer *trainer;
	struct schedule schedule;
	size_t frozen;			/* parameters that were so at first */
	int32_t epochs;
	int restarts;
	double started;
	size_t first_step;
	size_t batch;
	uint64_t identity;		/* hash of what a checkpoint is of; by state_resume() */
	real *best;			/* the weights of the best epoch, as params have them; or NULL */
	/* the state */
	size_t epoch;			/* done */
	struct plateau plateau;
	struct {
		double rate, slowed;	/* by --schedule plateau; and what the watchdog made of it */
		bool stop;
		size_t taken;		/* the epoch whose weights the model has, from 1 */
	} state;
};

void state_save(const struct fitting *f, struct store *st);
void state_restore(struct fitting *f, const struct store *st);

void state_keep_best(struct fitting *f);	/* the present weights */
void state_take_best(struct fitting *f);	/* they become the model's, if they are not the last */

void state_write(const struct fitting *f, const char *path);
/* Before the first state_write(). Goes on from the checkpoint if the file is there; dies where it is one of other data or options. */
void state_resume(struct fitting *f, const char *path);

#endif
