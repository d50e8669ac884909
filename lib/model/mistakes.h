/*
 * What a model is most wrong about: of the labelled rows of a stream that it
 * predicts wrongly those whose true label it gives the least probability, kept
 * while the stream is scored, and drawn at its end as a contact sheet, the worst
 * first. Memory is that of the rows that are kept.
 */
#ifndef DLS_MODEL_MISTAKES_H
#define DLS_MODEL_MISTAKES_H

#include "model/score.h"

struct mistakes;

/*
 * For the rows of r, which like m and o must outlive it; root is what the paths of pictures are relative to. NULL where o
 * asks for none. Makes the file, which appears with mistakes_close(). Dies (ST_USAGE) where m has no pictures or no classes,
 * (ST_DATA) where the rows have no target.
 */
struct mistakes *mistakes_open(const struct model *m, const struct reader *r, const struct predict_opts *o,
			       const char *root);

/* Looks at a row of the block by its predictions p (classes). Rows come in their order; p[0] NaN: no prediction. */
void mistakes_take(struct mistakes *k, const struct block *b, size_t row, const double *p);

/* Draws and frees; NULL is fine. Dies (ST_DATA) where no row had a label. */
void mistakes_close(struct mistakes *k);

#endif
