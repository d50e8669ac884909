/*
 * A training input made ready: the table, what is target, weight, group and
 * time, which columns are features, and the schema that a model will remember.
 */
#ifndef DLS_MODEL_DATASET_H
#define DLS_MODEL_DATASET_H

#include "model/model.h"
#include "opt/cmd.h"

/* The options of dls-train that say what the data mean and how to hold rows out. */
struct train_opts {
	struct common common;
	const char *invalid, *target, *task, *positive, *weight, *class_weight, *group, *time, *unseen, *format;
	const char *valid, *metric, *metrics, *output, *root, *image_folder, *idx_labels;
	struct strs labels, id, drop, numeric, categorical, text, image, features, missing, ratio, cross, target_mean;
	double valid_frac, target_smooth;
	int32_t cv, early_stop, threads;
	uint64_t seed, fold_seed;
	int32_t hash_bits;
	bool header, stratify, oob, progress, stream, skip_bad;
};

#define MOST_CLASSES 20		/* a numeric target with more distinct values is a quantity */
#define LARGEST 1e30		/* of targets and weights: sums and products of them stay finite, in float too */

/* Columns that are no features but say something of the row. */
enum role { ROLE_TARGET, ROLE_WEIGHT, ROLE_GROUP, ROLE_TIME, NROLES };

struct dataset {
	struct table *table;
	char *roles[NROLES];	/* the columns' names in the input, "#3" resolved; NULL: not given */
	struct strs categorical;/* the names that --categorical gave, "#3" resolved */
	size_t n;
	int32_t *label;		/* (n) or NULL */
	double *y;		/* (n) or NULL */
	double *w;		/* (n) or NULL: weight column times class weight */
	const struct column *group;	/* or NULL */
	double *time;		/* (n) or NULL */
	struct column *inputs;	/* (ninputs) columns of the table that the model reads */
	size_t ninputs;
	struct schema schema;
	struct derives derived;
	struct vectors vectors;	/* of --features and of sparse rows, ... */
	struct sparse vector_rows;	/* ... their rows, when there are any, ... */
	struct sparse given;	/* ... or what sparse rows bring for the columns of another dataset; start is NULL: nothing ... */
	struct strs text;	/* ... and the columns of --text, whose vectorisers are fitted to training rows */
	uint64_t chosen_on;	/* hash of the rows whose target chose their terms; 0: none */
	struct arena *texts;	/* owns texts that are not the table's; or NULL */
};

/* What target and weight are when they are not given (NULL): svmlight, VW and pictures have names. Dies without a target. */
void roles_of_lines(const struct reader *r, const char **target, const char **weight);

/*
 * Reads a training table from path (NULL: stdin), finds target and roles,
 * decides the task within what the family does. Dies with ST_DATA or ST_USAGE
 * and a message that helps.
 */
void dataset_read(struct dataset *d, const char *path, const struct train_opts *o, const struct family *f);

/*
 * Reads a second labelled table by the first one's schema and roles (for
 * --valid): target and weight go by name. Path may be a folder of pictures; those of a file are relative to its
 * folder unless --root says. Its class labels that are not in the schema become -1 and are counted in a warning.
 */
void dataset_read_as(struct dataset *d, const char *path, const struct train_opts *o, const struct dataset *like);

/* The input of that name, which is there. */
const struct column *dataset_input(const struct dataset *d, const char *name);

void dataset_free(struct dataset *d);

#endif
