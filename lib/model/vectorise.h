/* What dls-tfidf does with a stream of texts: fits vectorisers, or writes rows by them. Memory is constant but for the vocabulary. */
#ifndef DLS_MODEL_VECTORISE_H
#define DLS_MODEL_VECTORISE_H

#include "model/vectors.h"
#include "opt/cmd.h"

struct vectorise_opts {
	struct common common;
	struct strs text, id, cosine;
	const char *target, *group, *invalid, *memory, *format, *output;
	const char *apply, *dump, *show, *as;
	bool joint, header;
	int32_t threads;
	struct tfidf_opts tfidf;
};

/* Fits to the stream at path (NULL: stdin). Dies with ST_USAGE or ST_DATA. */
void vectorise_fit(struct vectorfile *f, const char *path, const struct vectorise_opts *o);

/* Writes the rows of the stream's texts in the form of --as. */
void vectorise_rows(const struct vectorfile *f, const char *path, const struct vectorise_opts *o, struct out *out);

/* Writes the cosine of two texts of each row, --cosine A,B, as CSV after the columns of --id. */
void vectorise_cosine(const struct vectorfile *f, const char *path, const struct vectorise_opts *o, struct out *out);

/* The vocabulary as TSV: column, number (from 1), texts that hold it, idf, term. */
void vectorise_dump(const struct vectorfile *f, struct out *out);

#endif
