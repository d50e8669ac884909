/*
 * The pictures of the rows a net learns from, decoded once and kept while there is memory, for they are looked at in every
 * epoch. Row after row is kept until one does not fit; which rows that are depends on nothing but their sizes. The others
 * are decoded each time they are asked for.
 */
#ifndef DLS_DATA_IMAGE_ALBUM_H
#define DLS_DATA_IMAGE_ALBUM_H

#include <stddef.h>
#include <stdint.h>

#include "data/image/picture.h"

/* Cells (n) and root as picture_load() has them; neither is copied, and both must outlive the album. */
struct album *album_new(const struct slice *cells, size_t n, const char *root, struct picture_spec spec, int threads,
			uint64_t most_bytes);
void album_free(struct album *a);	/* NULL is fine */

/*
 * The picture of row i: one that is kept, or one decoded into *room, whose pixels are freed first (it starts zeroed, and
 * the last ones are the caller's to free). NULL when it is broken: *wrong says how. For any thread.
 */
const struct picture *album_get(const struct album *a, size_t i, struct picture *room, const char **wrong);

size_t album_kept(const struct album *a);	/* rows 0..this-1 need no decoding */

/* What is wrong with the picture of row i < album_kept(), or NULL. */
const char *album_wrong(const struct album *a, size_t i);

#endif
