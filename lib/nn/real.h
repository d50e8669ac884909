/*
 * The number that nets are made of: float, in which they run, or double
 * (-DNN_REAL=double), in which the same source is checked: gradients against
 * finite differences, and kernels against the naive ones.
 */
#ifndef DLS_NN_REAL_H
#define DLS_NN_REAL_H

#ifndef NN_REAL
#define NN_REAL float
#endif

typedef NN_REAL real;

#endif
