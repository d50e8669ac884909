/*
 * Pictures as records of bytes: idx, in which MNIST and its kin come, and the
 * binary files of CIFAR-10 and CIFAR-100. A record becomes a row whose cell
 * `image` is the picture as a PNM file, so that nothing else has to know these
 * forms; `label`, and `coarse` of CIFAR-100, hold its classes as numbers.
 */
#ifndef DLS_DATA_PIXELS_H
#define DLS_DATA_PIXELS_H

#include "base/map.h"
#include "data/feed.h"
#include "data/reader.h"

enum pixels { PIXELS_NONE, PIXELS_IDX, PIXELS_CIFAR10, PIXELS_CIFAR100 };

/* What the format says, or where it is "auto" the first bytes (n): idx has a magic, CIFAR none. */
enum pixels pixels_form(const char *format, const char *s, size_t n);

struct pixel_rows;

/* labels: the idx file of labels that belongs to idx pictures, or NULL. All that is given must live as long as this. */
struct pixel_rows *pixel_rows_open(struct feed *f, enum pixels form, const char *labels, struct dict *names);

/* False at the end; what b points to lives until the next call. Dies with ST_DATA and the byte where a file is cut off. */
bool pixel_rows_next(struct pixel_rows *p, struct block *b);
void pixel_rows_close(struct pixel_rows *p);

#endif
