/* Convolutions in float by oneDNN against double in naive loops, in all directions. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "nn/kernel.h"

/* naive.c in double, as the build names it. */
struct kernel *kernel_new_f64(const struct conv_shape *s, unsigned uses, bool bias, bool relu, bool sum);
void kernel_free_f64(struct kernel *k);
void kernel_pack_f64(struct kernel *k, const double *w);
void kernel_forward_f64(const struct kernel *k, const double *x, const double *bias, double *y, void *scratch);
void kernel_back_data_f64(const struct kernel *k, const double *gy, double *gx, bool add, void *scratch);
void kernel_back_weights_f64(const struct kernel *k, const double *x, const double *gy, double *gw, double *gb, bool add,
			     void *scratch);

#define ALL (KERNEL_FORWARD | KERNEL_BACK_DATA | KERNEL_BACK_WEIGHTS)

/* n h w c oc kh kw stride dilation top left bottom right groups */
struct line {
	size_t n, h, w, c, oc, kh, kw, stride, dilation, top, left, bottom, right, groups;
};

static struct conv_shape shape_of(const struct line *l)
{
	return (struct conv_shape){
		.n = l->n, .h = l->h, .w = l->w, .c = l->c, .oc = l->oc, .kh = l->kh, .kw = l->kw,
		.oh = (l->h + l->top + l->bottom - (l->kh - 1) * l->dilation - 1) / l->stride + 1,
		.ow = (l->w + l->left + l->right - (l->kw - 1) * l->dilation - 1) / l->stride + 1,
		.sh = l->stride, .sw = l->stride, .dh = l->dilation, .dw = l->dilation,
		.top = l->top, .left = l->left, .bottom = l->bottom, .right = l->right, .groups = l->groups,
	};
}

/* An array in float and in double; absolute values in a third, to measure errors by. */
struct twin {
	float *f;
	double *d;
	size_t n;
};

static struct twin twin_new(size_t n, struct rng *r)
{
	struct twin t = { mem_aligned(n, sizeof(float)), NEW(double, n), n };
	for (size_t i = 0; i < n; i++)
		t.d[i] = t.f[i] = (float)rng_normal(r);
	return t;
}

static void twin_free(struct twin t)
{
	free(t.f);
	free(t.d);
}

/* Of two sums of `terms` products of standard normal numbers. */
static void same(const struct twin *t, double terms, int line, const char *what)
{
	double limit = 1e-6 * sqrt(terms) * log2(terms + 4) + 1e-6;
	for (size_t i = 0; i < t->n; i++)
		if (!(fabs(t->f[i] - t->d[i]) <= limit))
			ck_abort_msg("shape %d, %s: element %zu is %.9g, not %.9g", line, what, i, t->f[i], t->d[i]);
}

static const struct line odd[] = {
	{ 2, 7, 9, 3, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 3, 8, 8, 8, 16, 3, 3, 2, 1, 0, 0, 1, 1, 1 },		/* SAME in TensorFlow's way */
	{ 1, 11, 10, 16, 8, 3, 3, 1, 2, 2, 2, 2, 2, 1 },
	{ 2, 9, 9, 16, 24, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 2, 9, 9, 17, 23, 1, 1, 2, 1, 0, 0, 0, 0, 1 },
	{ 2, 10, 8, 12, 12, 3, 3, 1, 1, 1, 1, 1, 1, 12 },	/* depthwise */
	{ 2, 10, 8, 32, 32, 3, 3, 2, 1, 1, 1, 1, 1, 32 },
	{ 2, 10, 8, 6, 12, 3, 3, 1, 1, 1, 1, 1, 1, 6 },
	{ 2, 6, 6, 12, 8, 3, 3, 1, 1, 1, 1, 1, 1, 4 },
	{ 2, 6, 6, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1, 2 },
	{ 2, 1, 20, 10, 12, 1, 5, 1, 1, 0, 2, 0, 2, 1 },
	{ 2, 1, 20, 10, 12, 1, 3, 1, 4, 0, 8, 0, 0, 1 },	/* causal */
	{ 4, 1, 1, 30, 10, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 4, 3, 5, 6, 10, 3, 5, 1, 1, 0, 0, 0, 0, 1 },
	{ 4, 4, 4, 64, 33, 4, 4, 1, 1, 0, 0, 0, 0, 1 },
	{ 5, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 2, 9, 7, 50, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1 },		/* enough for tiles, from here */
	{ 2, 9, 8, 70, 70, 3, 3, 2, 1, 1, 0, 1, 2, 1 },
	{ 1, 9, 8, 70, 70, 3, 3, 1, 2, 2, 1, 1, 2, 1 },
	{ 3, 1, 20, 100, 128, 1, 4, 1, 1, 0, 2, 0, 1, 1 },
	{ 2, 8, 6, 70, 300, 2, 2, 2, 1, 0, 0, 0, 0, 1 },
	{ 2, 7, 7, 64, 70, 2, 3, 3, 1, 0, 0, 0, 0, 1 },		/* positions that no step reaches */
	{ 1, 40, 40, 3, 70, 5, 3, 2, 1, 1, 2, 3, 0, 1 },
	{ 1, 20, 24, 16, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 4, 1, 1, 1000, 100, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 3, 7, 7, 16, 40, 7, 7, 1, 1, 0, 0, 0, 0, 1 },
	{ 2, 9, 9, 4, 6, 2, 2, 2, 1, 0, 0, 0, 0, 1 },		/* a row is left */
	{ 2, 9, 7, 4, 6, 4, 4, 2, 1, 1, 1, 1, 1, 1 },
	{ 1, 30, 29, 3, 64, 7, 7, 2, 1, 3, 3, 3, 3, 1 },
	{ 1, 23, 23, 3, 64, 11, 11, 4, 1, 2, 2, 2, 2, 1 },
	{ 3, 28, 28, 1, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 1, 13, 13, 9, 7, 5, 3, 3, 1, 0, 2, 4, 1, 1 },
	{ 1, 5, 5, 8, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
};

/* how: bit 0 adds (sum, add), 1 bias, 2 relu. */
static void compare(const struct conv_shape *s, unsigned how, int line)
{
	bool add = how & 1, bias = how & 2, relu = how & 4;
	struct rng r = rng_at(how, "test.kernel", (uint64_t)line);
	struct kernel *a = kernel_new(s, ALL, bias, relu, add), *b = kernel_new_f64(s, ALL, bias, relu, add);
	struct twin x = twin_new(s->n * s->h * s->w * s->c, &r), y = twin_new(s->n * s->oh * s->ow * s->oc, &r);
	struct twin w = twin_new(s->oc * (s->c / s->groups) * s->kh * s->kw, &r), o = twin_new(s->oc, &r);
	struct twin gy = twin_new(y.n, &r), gx = twin_new(x.n, &r), gw = twin_new(w.n, &r), go = twin_new(o.n, &r);
	void *scratch = mem_aligned(kernel_scratch(a), 1);
	double terms = (double)(s->c / s->groups * s->kh * s->kw), back = terms * (double)s->oc / (double)s->c;
	kernel_pack(a, w.f);
	kernel_pack_f64(b, w.d);
	kernel_forward(a, x.f, o.f, y.f, scratch);
	kernel_forward_f64(b, x.d, o.d, y.d, NULL);
	same(&y, terms + 2, line, "forward");
	kernel_back_data(a, gy.f, gx.f, add, scratch);
	kernel_back_data_f64(b, gy.d, gx.d, add, NULL);
	same(&gx, back + 1, line, "back_data");
	kernel_back_weights(a, x.f, gy.f, gw.f, bias ? go.f : NULL, add, scratch);
	kernel_back_weights_f64(b, x.d, gy.d, gw.d, bias ? go.d : NULL, add, NULL);
	same(&gw, (double)(s->n * s->oh * s->ow) + 1, line, "back_weights");
	same(&go, (double)(s->n * s->oh * s->ow) + 1, line, "bias");
	kernel_free(a);
	kernel_free_f64(b);
	free(scratch);
	const struct twin all[] = { x, y, w, o, gy, gx, gw, go };
	for (size_t i = 0; i < 8; i++)
		twin_free(all[i]);
}

START_TEST(float_equals_double)
{
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		for (unsigned how = 0; how < 8; how++) {
			struct conv_shape s = shape_of(&odd[i]);
			compare(&s, how, (int)i);
		}
}
END_TEST

/* One picture gives the same bytes wherever it stands in the batch, and whatever else is there. */
START_TEST(a_row_stands_for_itself)
{
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		struct line l = odd[i];
		l.n = 7;
		struct conv_shape s = shape_of(&l);
		struct rng r = rng_at(i, "test.kernel.row", 0);
		struct kernel *k = kernel_new(&s, KERNEL_FORWARD | KERNEL_BACK_DATA, true, true, false);
		size_t nx = s.h * s.w * s.c, ny = s.oh * s.ow * s.oc;
		struct twin x = twin_new(7 * nx, &r), y = twin_new(7 * ny, &r), again = twin_new(7 * ny, &r);
		struct twin w = twin_new(s.oc * (s.c / s.groups) * s.kh * s.kw, &r), o = twin_new(s.oc, &r);
		void *scratch = mem_aligned(kernel_scratch(k), 1);
		kernel_pack(k, w.f);
		kernel_forward(k, x.f, o.f, y.f, scratch);
		for (size_t to = 0; to < 7; to++) {
			struct twin other = twin_new(x.n, &r);
			memcpy(other.f + to * nx, x.f + 2 * nx, nx * sizeof(float));
			kernel_forward(k, other.f, o.f, again.f, scratch);
			if (memcmp(again.f + to * ny, y.f + 2 * ny, ny * sizeof(float)) != 0)
				ck_abort_msg("shape %zu: row 2 at %zu has other bytes", i, to);
			twin_free(other);
		}
		const struct twin all[] = { x, y, again, w, o };
		for (size_t j = 0; j < 5; j++)
			twin_free(all[j]);
		free(scratch);
		kernel_free(k);
	}
}
END_TEST

/* What common nets are made of: LeNet, small nets, VGG, ResNets, MobileNet, SqueezeNet, U-Net, GANs, nets of texts. */
static const struct line nets[] = {
	{ 16, 28, 28, 1, 6, 5, 5, 1, 1, 2, 2, 2, 2, 1 },
	{ 16, 14, 14, 6, 16, 5, 5, 1, 1, 0, 0, 0, 0, 1 },
	{ 16, 5, 5, 16, 120, 5, 5, 1, 1, 0, 0, 0, 0, 1 },
	{ 16, 1, 1, 120, 84, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 16, 1, 1, 84, 10, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 16, 28, 28, 1, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 16, 14, 14, 32, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 16, 7, 7, 64, 128, 7, 7, 1, 1, 0, 0, 0, 0, 1 },
	{ 16, 28, 28, 3, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 2, 224, 224, 3, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 2, 224, 224, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 2, 56, 56, 256, 256, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 2, 14, 14, 512, 512, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 4, 224, 224, 3, 64, 7, 7, 2, 1, 3, 3, 3, 3, 1 },
	{ 4, 56, 56, 64, 128, 3, 3, 2, 1, 1, 1, 1, 1, 1 },
	{ 4, 56, 56, 64, 128, 1, 1, 2, 1, 0, 0, 0, 0, 1 },
	{ 4, 7, 7, 512, 512, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 4, 56, 56, 64, 256, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 4, 7, 7, 2048, 512, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 16, 32, 32, 3, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 16, 32, 32, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 16, 32, 32, 16, 32, 3, 3, 2, 1, 1, 1, 1, 1, 1 },
	{ 16, 8, 8, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 4, 224, 224, 3, 32, 3, 3, 2, 1, 1, 1, 1, 1, 1 },
	{ 4, 112, 112, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1, 32 },
	{ 4, 112, 112, 96, 96, 3, 3, 2, 1, 1, 1, 1, 1, 96 },
	{ 4, 56, 56, 24, 144, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 4, 7, 7, 960, 960, 3, 3, 1, 1, 1, 1, 1, 1, 960 },
	{ 4, 7, 7, 320, 1280, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 4, 224, 224, 3, 64, 3, 3, 2, 1, 0, 0, 0, 0, 1 },
	{ 4, 13, 13, 48, 192, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
	{ 4, 13, 13, 512, 1000, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 4, 13, 13, 512, 2, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 2, 32, 32, 512, 1024, 2, 2, 2, 1, 0, 0, 0, 0, 1 },
	{ 2, 128, 128, 64, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	{ 8, 16, 16, 128, 256, 4, 4, 2, 1, 1, 1, 1, 1, 1 },
	{ 8, 64, 64, 3, 64, 4, 4, 2, 1, 1, 1, 1, 1, 1 },
	{ 2, 32, 32, 256, 256, 3, 3, 1, 2, 2, 2, 2, 2, 1 },
	{ 1, 128, 128, 64, 3, 7, 7, 1, 1, 3, 3, 3, 3, 1 },
	{ 16, 1, 64, 100, 128, 1, 3, 1, 1, 0, 1, 0, 1, 1 },
	{ 16, 1, 64, 300, 100, 1, 5, 1, 1, 0, 2, 0, 2, 1 },
	{ 4, 14, 14, 256, 256, 3, 3, 1, 1, 1, 1, 1, 1, 32 },
	{ 4, 28, 28, 120, 120, 1, 1, 1, 1, 0, 0, 0, 0, 3 },
};

START_TEST(no_net_falls_to_a_reference)
{
	for (size_t i = 0; i < sizeof(nets) / sizeof(*nets); i++)
		for (unsigned how = 0; how < 8; how += 7) {
			struct conv_shape s = shape_of(&nets[i]);
			struct kernel *k = kernel_new(&s, ALL, how, how, how);
			struct str text = { 0 };
			kernel_describe(k, &text);
			if (strstr(text.s, "ref") != NULL || strstr(text.s, "simple") != NULL)
				ck_abort_msg("shape %zu: %s", i, text.s);
			str_free(&text);
			kernel_free(k);
		}
}
END_TEST

/* One kernel, run by several threads at once. */
struct crowd {
	const struct kernel *k;
	struct twin x, gy, o;
	struct twin y[8], gx[8], gw[8];
	void *scratch[8];
};

static void run_one(void *ctx, size_t i, int worker)
{
	struct crowd *c = ctx;
	void *scratch = c->scratch[worker];
	kernel_forward(c->k, c->x.f, c->o.f, c->y[i].f, scratch);
	kernel_back_data(c->k, c->gy.f, c->gx[i].f, false, scratch);
	kernel_back_weights(c->k, c->x.f, c->gy.f, c->gw[i].f, NULL, false, scratch);
}

START_TEST(threads_share_a_kernel)
{
	static const struct line some[] = {
		{ 2, 14, 14, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
		{ 2, 14, 14, 8, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
		{ 2, 14, 14, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1, 32 },
		{ 8, 1, 1, 100, 10, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
	};
	for (size_t l = 0; l < sizeof(some) / sizeof(*some); l++) {
		struct conv_shape s = shape_of(&some[l]);
		struct rng r = rng_at(l, "test.kernel.threads", 0);
		struct kernel *k = kernel_new(&s, ALL, true, true, false);
		struct twin w = twin_new(s.oc * (s.c / s.groups) * s.kh * s.kw, &r);
		struct crowd c = { .k = k, .x = twin_new(s.n * s.h * s.w * s.c, &r), .o = twin_new(s.oc, &r) };
		c.gy = twin_new(s.n * s.oh * s.ow * s.oc, &r);
		for (size_t i = 0; i < 8; i++) {
			c.y[i] = twin_new(c.gy.n, &r), c.gx[i] = twin_new(c.x.n, &r), c.gw[i] = twin_new(w.n, &r);
			c.scratch[i] = mem_aligned(kernel_scratch(k), 1);
		}
		kernel_pack(k, w.f);
		run_one(&c, 0, 0);
		par_for(4, 8, run_one, &c);
		for (size_t i = 1; i < 8; i++) {
			ck_assert(memcmp(c.y[i].f, c.y[0].f, c.gy.n * sizeof(float)) == 0);
			ck_assert(memcmp(c.gx[i].f, c.gx[0].f, c.x.n * sizeof(float)) == 0);
			ck_assert(memcmp(c.gw[i].f, c.gw[0].f, w.n * sizeof(float)) == 0);
		}
		for (size_t i = 0; i < 8; i++) {
			twin_free(c.y[i]), twin_free(c.gx[i]), twin_free(c.gw[i]);
			free(c.scratch[i]);
		}
		twin_free(c.x), twin_free(c.gy), twin_free(c.o), twin_free(w);
		kernel_free(k);
	}
}
END_TEST

UNIT_MAIN("kernel", float_equals_double, a_row_stands_for_itself, no_net_falls_to_a_reference, threads_share_a_kernel)
