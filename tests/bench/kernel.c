/*
 * The speed of convolutions: kernel [NAME] prints a line for each shape whose
 * name contains NAME: GFLOP/s of one core forward, backward to the input and
 * backward to the weights, their shares of the peak, and how. Times are the best
 * of some runs, of the processor's time, so that other work counts little; the
 * peak is that of a loop of multiplications and additions in registers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "nn/kernel.h"
#include "peak.h"

struct line {
	const char *name;
	size_t n, h, w, c, oc, kh, kw, stride, dilation, top, left, groups;
};

static const struct line lines[] = {
	{ "lenet conv1", 16, 28, 28, 1, 6, 5, 5, 1, 1, 2, 2, 1 },
	{ "lenet conv2", 16, 14, 14, 6, 16, 5, 5, 1, 1, 0, 0, 1 },
	{ "small conv1", 16, 28, 28, 1, 32, 3, 3, 1, 1, 1, 1, 1 },
	{ "small conv2", 16, 14, 14, 32, 64, 3, 3, 1, 1, 1, 1, 1 },
	{ "small dense", 16, 7, 7, 64, 128, 7, 7, 1, 1, 0, 0, 1 },
	{ "small logits", 16, 1, 1, 128, 10, 1, 1, 1, 1, 0, 0, 1 },
	{ "vgg conv1_1", 2, 224, 224, 3, 64, 3, 3, 1, 1, 1, 1, 1 },
	{ "vgg conv1_2", 2, 224, 224, 64, 64, 3, 3, 1, 1, 1, 1, 1 },
	{ "vgg conv2_1", 2, 112, 112, 64, 128, 3, 3, 1, 1, 1, 1, 1 },
	{ "vgg conv3_2", 2, 56, 56, 256, 256, 3, 3, 1, 1, 1, 1, 1 },
	{ "vgg conv4_2", 2, 28, 28, 512, 512, 3, 3, 1, 1, 1, 1, 1 },
	{ "vgg conv5_1", 4, 14, 14, 512, 512, 3, 3, 1, 1, 1, 1, 1 },
	{ "vgg dense2", 16, 1, 1, 4096, 4096, 1, 1, 1, 1, 0, 0, 1 },
	{ "resnet stem", 4, 224, 224, 3, 64, 7, 7, 2, 1, 3, 3, 1 },
	{ "resnet layer1", 4, 56, 56, 64, 64, 3, 3, 1, 1, 1, 1, 1 },
	{ "resnet layer2 half", 4, 56, 56, 64, 128, 3, 3, 2, 1, 1, 1, 1 },
	{ "resnet layer2 skip", 4, 56, 56, 64, 128, 1, 1, 2, 1, 0, 0, 1 },
	{ "resnet layer2", 4, 28, 28, 128, 128, 3, 3, 1, 1, 1, 1, 1 },
	{ "resnet layer3", 4, 14, 14, 256, 256, 3, 3, 1, 1, 1, 1, 1 },
	{ "resnet layer4", 4, 7, 7, 512, 512, 3, 3, 1, 1, 1, 1, 1 },
	{ "resnet50 1x1 wide", 4, 56, 56, 64, 256, 1, 1, 1, 1, 0, 0, 1 },
	{ "resnet50 1x1 deep", 4, 7, 7, 2048, 512, 1, 1, 1, 1, 0, 0, 1 },
	{ "resnet20 layer1", 16, 32, 32, 16, 16, 3, 3, 1, 1, 1, 1, 1 },
	{ "resnet20 layer3", 16, 8, 8, 64, 64, 3, 3, 1, 1, 1, 1, 1 },
	{ "mobile depthwise", 4, 56, 56, 144, 144, 3, 3, 1, 1, 1, 1, 144 },
	{ "mobile expand", 4, 28, 28, 32, 192, 1, 1, 1, 1, 0, 0, 1 },
	{ "squeeze expand", 4, 55, 55, 16, 64, 3, 3, 1, 1, 1, 1, 1 },
	{ "unet up", 2, 32, 32, 512, 1024, 2, 2, 2, 1, 0, 0, 1 },
	{ "gan down", 8, 16, 16, 128, 256, 4, 4, 2, 1, 1, 1, 1 },
	{ "gan to rgb", 1, 128, 128, 64, 3, 7, 7, 1, 1, 3, 3, 1 },
	{ "dilated", 2, 32, 32, 256, 256, 3, 3, 1, 2, 2, 2, 1 },
	{ "text", 16, 1, 64, 100, 128, 1, 3, 1, 1, 0, 1, 1 },
};

static float *fill(size_t n)
{
	float *x = mem_aligned(n, sizeof(*x));
	struct rng r = rng_at(1, "bench.kernel", n);
	for (size_t i = 0; i < n; i++)
		x[i] = (float)rng_double(&r) - 0.5f;
	return x;
}

/* Seconds of a run in direction d, the best of half a second. */
static double measure(const struct kernel *k, int d, float *x, float *y, float *w, const float *bias, void *scratch)
{
	double best = 1e9, total = 0;
	for (int i = 0; i < 3 || (total < 0.5 && i < 1000); i++) {
		double t = now();
		if (d == 0)
			kernel_forward(k, x, bias, y, scratch);
		else if (d == 1)
			kernel_back_data(k, y, x, false, scratch);
		else
			kernel_back_weights(k, x, y, w, NULL, false, scratch);
		t = now() - t;
		total += t;
		best = t < best ? t : best;
	}
	return best;
}

static void print(const struct line *l)
{
	struct conv_shape s = {
		.n = l->n, .h = l->h, .w = l->w, .c = l->c, .oc = l->oc, .kh = l->kh, .kw = l->kw,
		.oh = (l->h + 2 * l->top - (l->kh - 1) * l->dilation - 1) / l->stride + 1,
		.ow = (l->w + 2 * l->left - (l->kw - 1) * l->dilation - 1) / l->stride + 1,
		.sh = l->stride, .sw = l->stride, .dh = l->dilation, .dw = l->dilation,
		.top = l->top, .left = l->left, .bottom = l->top, .right = l->left, .groups = l->groups,
	};
	struct kernel *k = kernel_new(&s, KERNEL_FORWARD | KERNEL_BACK_DATA | KERNEL_BACK_WEIGHTS, true, true, false);
	struct str how = { 0 };
	float *x = fill(s.n * s.h * s.w * s.c), *y = fill(s.n * s.oh * s.ow * s.oc);
	float *w = fill(s.oc * (s.c / s.groups) * s.kh * s.kw), *bias = fill(s.oc);
	void *scratch = mem_aligned(kernel_scratch(k), 1);
	double flops = kernel_flops(&s), speed[3], top = peak();
	kernel_pack(k, w);
	for (int d = 0; d < 3; d++)
		speed[d] = flops / measure(k, d, x, y, w, bias, scratch);
	kernel_describe(k, &how);
	printf("%-20s", l->name);
	for (int d = 0; d < 3; d++)
		printf(" %6.1f %3.0f%%", speed[d] * 1e-9, 100 * speed[d] / top);
	printf("  of %.0f: %s\n", top * 1e-9, how.s);
	fflush(stdout);
	str_free(&how);
	free(x), free(y), free(w), free(bias), free(scratch);
	kernel_free(k);
}

int main(int argc, char **argv)
{
	printf("GFLOP/s of a core        forward   back data back weights\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (argc < 2 || strstr(lines[i].name, argv[1]) != NULL)
			print(&lines[i]);
	return 0;
}
