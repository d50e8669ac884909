/*
 * Parameters and files: pretrained weights of others come in, models are kept
 * and given back. Files are safetensors; names, shapes and the order of
 * elements are PyTorch's, so what weights_save() writes loads there too.
 *
 * A pattern is a name in which * stands for any text. It also stands for all
 * that lies below a layer: "layer1" is "layer1.*".
 */
#ifndef DLS_NN_WEIGHTS_H
#define DLS_NN_WEIGHTS_H

#include "io/store.h"
#include "nn/params.h"
#include "opt/opt.h"

/*
 * Fills ps from the file of another program (F64, F32, F16, BF16). A tensor's name goes through the patterns FROM=TO of
 * map, then of also (ended by NULL; NULL: none), each of which may rename it, the n-th * of TO being what the n-th of
 * FROM stood for; where the net knows it with "module." or "model." before it dropped, it is that. Every parameter must
 * find its tensor in its shape, but dense weights may be (out, in, 1, 1) and convolutions flat; those of layer `head` may
 * be of another shape or absent: they stay as they are. Dies with ST_DATA where that does not hold or a value is not
 * finite, with ST_USAGE where a pattern is none. Says what it did; returns the tensors taken.
 */
size_t weights_load(struct params *ps, const char *path, const struct strs *map, const char *const *also, const char *head);

/* Freezes the parameters of the patterns; "backbone": all but those of head. Dies with ST_USAGE where one matches nothing. */
void weights_freeze(struct params *ps, const struct strs *patterns, const char *head);

/* The learning rate of all parameters but those of head is multiplied by factor. */
void weights_rate(struct params *ps, const char *head, double factor);

/* All parameters, into the scope that st is in. */
void weights_save(const struct params *ps, struct store *st);
/* Back; dies (store_bad) unless every one is there in its shape and finite. */
void weights_restore(struct params *ps, const struct store *st);

#endif
