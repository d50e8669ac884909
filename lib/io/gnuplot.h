/* Pictures by gnuplot, which is needed only when one is asked for. */
#ifndef DLS_IO_GNUPLOT_H
#define DLS_IO_GNUPLOT_H

#include "base/str.h"

/* "png" or "svg" by the path's end; dies (ST_USAGE) for another. */
const char *gnuplot_format(const char *path);

/*
 * Runs the script, which draws on its stdout, into the file at path; it
 * appears only when gnuplot succeeds. Dies with ST_IO, naming the package when
 * gnuplot is not installed.
 */
void gnuplot_draw(const struct str *script, const char *path);

#endif
