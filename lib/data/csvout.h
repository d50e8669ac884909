/* Writing CSV cells, quoted by RFC 4180 only when they must be. */
#ifndef DLS_DATA_CSVOUT_H
#define DLS_DATA_CSVOUT_H

#include "base/str.h"

/* Appends a cell: quoted when it holds a comma, a quote, CR or LF. An absent cell (s NULL) is empty. */
void csv_put(struct str *out, struct slice cell);

#endif
