/*
 * The pictures of input rows: which of them cannot be read, and what is said of
 * these. Families load pictures themselves; here they are only tried.
 */
#ifndef DLS_MODEL_PICTURES_H
#define DLS_MODEL_PICTURES_H

#include <stdbool.h>

#include "data/table.h"

#define BAD_SHOWN 10	/* bad pictures that are listed; more are counted */

/* Why the picture in row i of the column cannot be read (a static text), or NULL. */
const char *picture_why(const struct column *c, size_t i);

/* A picture that cannot be read. */
struct bad_picture {
	uint64_t line;
	const struct column *column;
	struct slice cell;
	const char *why;
};

/* Appends "stdin:17: column 'image': 'a/b.jpg': truncated JPEG". */
void bad_picture_put(const struct bad_picture *b, const char *where, struct str *out);

/* A warning that says so, of the first ones: count are those before it. */
void bad_picture_say(const struct bad_picture *b, const char *where, uint64_t count);

/*
 * Tries all pictures among the columns (ncols), n rows that stand at lines (n).
 * Lists the first that are bad on stderr; with any, dies (ST_DATA), or where
 * skip is set warns of their number and gives which rows (n) are good, the
 * caller's to free. NULL: all are.
 */
bool *pictures_good(const struct column *cols, size_t ncols, size_t n, const uint64_t *lines, const char *where, bool skip,
		    int threads);

/* What the paths of a stream's pictures are relative to: its own folder, --root or NULL. Dies (ST_USAGE) where both are. */
const char *pictures_root(const struct reader *r, const char *root);

#endif
