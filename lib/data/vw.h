/*
 * Rows of Vowpal Wabbit: [LABEL [WEIGHT]] ['TAG] |NAMESPACE[:SCALE] NAME[:VALUE] ...
 * |... A value that is not there is 1, and a scale multiplies those of its
 * namespace; a tag that touches the | needs no '. In names and tags %XX is the
 * byte of that number, but for %00, so that they may hold blanks, : and |. A name
 * that stands twice in a row adds up.
 */
#ifndef DLS_DATA_VW_H
#define DLS_DATA_VW_H

#include "data/lines.h"

extern const struct line_form vw_form;

/* Whether the first line looks like it: | stands first, after a label and a blank, or after a tag with '. A LF is at end. */
bool vw_looks(const char *s, const char *end);

#endif
