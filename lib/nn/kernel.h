/*
 * The work that takes the time: convolution in its three directions. Dense
 * layers (a window as large as the picture), transposed convolutions (the
 * directions swapped) and 1-D ones (height 1) are the same work. In float it is
 * oneDNN's (dnnl.c), in double naive loops (naive.c) that say what is meant.
 *
 * Activations are NHWC, weights canonical: (oc, c / groups, kh, kw). A kernel is
 * const but for kernel_pack(): several threads run it at once, each with
 * scratch memory of its own, and each run uses one thread.
 */
#ifndef DLS_NN_KERNEL_H
#define DLS_NN_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "nn/real.h"

/* A window of kh x kw steps of dh x dw moves by sh x sw over an (n, h, w, c) array that zeros surround. */
struct conv_shape {
	size_t n, h, w, c, oh, ow, oc;
	size_t kh, kw, sh, sw, dh, dw;	/* dilation 1: the steps are neighbours */
	size_t top, left, bottom, right;/* rows and columns of zeros */
	size_t groups;
};

enum kernel_use { KERNEL_FORWARD = 1, KERNEL_BACK_DATA = 2, KERNEL_BACK_WEIGHTS = 4 };

struct kernel;

/*
 * uses: which directions will be run. bias, relu and sum are of the forward direction: y = relu(conv(x, w) + bias + y),
 * where sum says whether y is read.
 */
struct kernel *kernel_new(const struct conv_shape *s, unsigned uses, bool bias, bool relu, bool sum);
void kernel_free(struct kernel *k);

/* Takes the weights over into the kernel's own layouts; to be called when they have changed. */
void kernel_pack(struct kernel *k, const real *w);

size_t kernel_scratch(const struct kernel *k);	/* bytes that a run needs, 64-byte aligned */

void kernel_forward(const struct kernel *k, const real *x, const real *bias, real *y, void *scratch);
/* gx = or += (add) gradient of the input. */
void kernel_back_data(const struct kernel *k, const real *gy, real *gx, bool add, void *scratch);
/* gw (canonical) and gb (oc; may be NULL) = or += gradients of weights and bias. */
void kernel_back_weights(const struct kernel *k, const real *x, const real *gy, real *gw, real *gb, bool add, void *scratch);

/* Multiplications and additions of one run of one direction. */
static inline double kernel_flops(const struct conv_shape *s)
{
	return 2.0 * (double)(s->n * s->oh * s->ow) * (double)(s->oc * (s->c / s->groups) * s->kh * s->kw);
}

/* The implementations in use, "forward jit:avx2 back_data ...", for the test that none is a reference kernel. */
void kernel_describe(const struct kernel *k, struct str *out);

#endif
