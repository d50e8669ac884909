/*
 * A model: a family's fit and all that scoring needs to know, as one value and
 * as one safetensors file. Ensembles hold models of this very kind.
 */
#ifndef DLS_MODEL_MODEL_H
#define DLS_MODEL_MODEL_H

#include "base/file.h"
#include "data/derive.h"
#include "data/schema.h"
#include "model/family.h"
#include "model/vectors.h"

#define MODEL_FORMAT "1"	/* of files */

/* Out-of-fold predictions: what the model's recipe says of rows that it had not seen. n is 0 when there are none. */
struct oof {
	size_t n;		/* rows of the training input */
	int32_t folds;
	uint64_t rows_hash;	/* of the training input's bytes */
	int32_t *fold;		/* (n) 1..folds; 0: never held out */
	int32_t *label;		/* (n) class; NULL for regression */
	double *y;		/* (n) target; NULL for classes */
	double *w;		/* (n) weights; NULL: all 1 */
	double *p;		/* (n, outputs) predictions; NaN where fold is 0 */
};

struct model {
	const struct family *family;
	void *opts;		/* of the family's opts_size */
	void *fit;
	struct schema schema;	/* the columns that are read */
	struct derives derived;	/* columns computed from them */
	struct vectors vectors;	/* its sparse columns: of the texts among them, and those that rows bring */
	uint64_t seed;
	struct oof oof;
	char *metrics;		/* JSON object: scores, folds, rounds; or NULL */
	char *experiment;	/* JSON object: the options of dls-train or dls-ensemble; or NULL */
	struct column *inputs;	/* (schema.nfields) columns without rows */
	struct column *features;/* (nfeatures) what the family sees beside the vectorisers' columns, without rows */
	size_t nfeatures;
	size_t *plain;		/* (nfeatures - derived.n) the input that each of the first of them is */
	struct sparse no_rows;	/* the sparse columns, without rows */
};

/* An empty model of a family, with default options. */
struct model *model_new(const struct family *f);

/* Makes inputs and features from schema, derived and vectors; call when these are final. */
void model_ready(struct model *m);

/* Takes the sparse columns of the models that the fit, which is there, is made of, if it is; see family.h. */
void model_gather(struct model *m);

/* Which of the inputs (n) are features of the family themselves, all but texts for most: their numbers to out (n); how many. */
size_t model_plain(const struct family *f, const struct column *inputs, size_t n, size_t *out);

/* The frame that families take: features without rows, task and classes. */
struct data model_frame(const struct model *m);

void model_save(const struct model *m, struct store *st);	/* into the store's present scope */
struct model *model_restore(struct store *st);			/* from it; dies with ST_DATA */
void model_write(const struct model *m, struct out *out);
void model_prove(const struct model *m);	/* dies (ST_DATA) where nobody could read what model_write() would write */
struct model *model_read(const char *path);			/* "-" and NULL: stdin */
void model_free(struct model *m);

/* Columns of the predictions: classes, or 1. */
size_t model_outputs(const struct model *m);

/*
 * Predicts n rows given as the schema's fields, cells indexed 0..n-1, and what
 * they bring for the sparse columns (n rows; NULL: nothing): out (n, outputs).
 * Thread-safe; the same bytes for a row in whatever block.
 */
void model_predict(const struct model *m, const struct column *inputs, const struct sparse *given, size_t n, double *out);

/* The same for contributions: out (n, scores, nfeatures + vectors.n + 1), see family.h. */
void model_contrib(const struct model *m, const struct column *inputs, const struct sparse *given, size_t n, double *out);

/* The same for what a net has before its last layer: out (n, nfeatures of the family). */
void model_features(const struct model *m, const struct column *inputs, size_t n, double *out);

/* Everything about it as a JSON object, over many lines. */
void model_show(const struct model *m, struct str *out);

/* The out-of-fold predictions as scored rows (only held-out ones); arrays are the caller's, see oof_scored_free(). */
struct scored oof_scored(const struct model *m);
void oof_scored_free(struct scored *s);
/*
 * An empty table, no row held out yet, for n training rows with k outputs: the
 * target (label or y, the other NULL) and weights (or NULL) are copied.
 */
struct oof oof_new(size_t n, size_t k, int32_t folds, uint64_t rows_hash, const int32_t *label, const double *y,
		   const double *w);
void oof_free(struct oof *o);

#endif
