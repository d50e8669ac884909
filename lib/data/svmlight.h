/*
 * Rows of svmlight: LABEL [qid:N] INDEX:VALUE ... [# comment]. Indices are whole
 * numbers from 0 that ascend in a row; an index is a name, so that 0 is a
 * feature of its own and shifts no other. A line that begins with # is no row.
 */
#ifndef DLS_DATA_SVMLIGHT_H
#define DLS_DATA_SVMLIGHT_H

#include "data/lines.h"

extern const struct line_form svmlight_form;

/* Whether the first row with a feature, and all before it, look like it. A LF is at end; all: nothing comes after. */
bool svmlight_looks(const char *s, const char *end, bool all);

#endif
