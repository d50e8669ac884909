/*
 * Kernels in float by oneDNN (the C API of its version 2): a primitive for each
 * direction in use. Activations are NHWC outside; weights are packed into the
 * layout that the primitive likes best. Where oneDNN has nothing fast for NHWC,
 * the primitive works between reorders, on arrays in scratch memory. Where it
 * has nothing that a core's peak would allow, tile.c does the work: tiles().
 *
 * oneDNN would use all cores by OpenMP: each entry says that its thread uses
 * one. Memory objects are made for each run, which costs less than a
 * microsecond, so that a kernel stays const.
 */
#include "nn/kernel.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "nn/micro.h"
#include "nn/tile.h"
#include "nn/wide.h"

void omp_set_num_threads(int n);	/* libgomp's; its header is the compiler's, not oneDNN's */

enum direction { FORWARD, BACK_DATA, BACK_WEIGHTS, DIRECTIONS };
enum array { X, W, Y, ARRAYS };	/* input, weights, output, or their gradients */

/* What a direction writes. */
static const enum array written[DIRECTIONS] = { Y, X, W };

/* An array as it is outside and as the primitive has it. */
struct form {
	dnnl_memory_desc_t outer, inner;
	bool same;
	dnnl_primitive_t reorder, adding;	/* outer to inner, or of what is written inner to outer, and so as to add */
	size_t at, bytes;			/* of the inner array in scratch memory */
};

struct part {
	bool used;
	bool tiled;		/* by tile.c: nothing counts but tile (NULL for gradients of weights) and scratch */
	struct tile *tile;
	dnnl_primitive_t run;
	struct form form[ARRAYS];
	dnnl_memory_desc_t pad;	/* the primitive's own scratch, at 0 */
	float *packed;		/* weights, inner */
	dnnl_memory_t weights;	/* over packed */
	size_t scratch;
};

struct kernel {
	struct conv_shape s;
	bool bias, relu, sum, dense;
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	dnnl_memory_desc_t bias_form;
	struct part part[DIRECTIONS];
};

static void must(dnnl_status_t status, const char *what)
{
	if (status == dnnl_out_of_memory)
		die(ST_IO, "out of memory: %s", what);
	if (status != dnnl_success)
		bug("%s: oneDNN's status %d", what, (int)status);
}

static dnnl_memory_desc_t desc_of(int n, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
	dnnl_memory_desc_t d;
	must(dnnl_memory_desc_init_by_tag(&d, n, dims, dnnl_f32, tag), "memory descriptor");
	return d;
}

static dnnl_memory_desc_t picture(size_t n, size_t h, size_t w, size_t c, dnnl_format_tag_t tag)
{
	const dnnl_dims_t d = { (dnnl_dim_t)n, (dnnl_dim_t)c, (dnnl_dim_t)h, (dnnl_dim_t)w };
	return desc_of(4, d, tag);
}

static dnnl_memory_desc_t weights(const struct conv_shape *s, dnnl_format_tag_t tag)
{
	dnnl_dim_t g = (dnnl_dim_t)s->groups, o = (dnnl_dim_t)s->oc, c = (dnnl_dim_t)(s->c / s->groups);
	dnnl_dim_t h = (dnnl_dim_t)s->kh, w = (dnnl_dim_t)s->kw;
	if (g == 1)
		return desc_of(4, (dnnl_dims_t){ o, c, h, w }, tag);
	return desc_of(5, (dnnl_dims_t){ g, o / g, c, h, w }, tag);
}

/* A window of one step lies in memory the same either way; so it is called what oneDNN's products know. */
static dnnl_memory_desc_t canonical(const struct conv_shape *s)
{
	return weights(s, s->groups > 1 ? dnnl_goihw : s->kh * s->kw == 1 ? dnnl_ohwi : dnnl_oihw);
}

/* ---- choosing primitives ---- */

/* Scratch memory is the caller's; forward ends in + y and relu. */
static dnnl_primitive_attr_t attributes(bool sum, bool relu)
{
	dnnl_primitive_attr_t a;
	dnnl_post_ops_t ops;
	must(dnnl_primitive_attr_create(&a), "attributes");
	must(dnnl_primitive_attr_set_scratchpad_mode(a, dnnl_scratchpad_mode_user), "attributes");
	must(dnnl_post_ops_create(&ops), "attributes");
	if (sum)
		must(dnnl_post_ops_append_sum(ops, 1), "attributes");
	if (relu)
		must(dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0), "attributes");
	must(dnnl_primitive_attr_set_post_ops(a, ops), "attributes");
	dnnl_post_ops_destroy(ops);
	return a;
}

union op {
	dnnl_convolution_desc_t conv;
	dnnl_inner_product_desc_t dense;
};

static void conv_op(const struct kernel *k, enum direction d, const dnnl_memory_desc_t f[ARRAYS], union op *op)
{
	const struct conv_shape *s = &k->s;
	const dnnl_dims_t stride = { (dnnl_dim_t)s->sh, (dnnl_dim_t)s->sw };
	const dnnl_dims_t dilation = { (dnnl_dim_t)s->dh - 1, (dnnl_dim_t)s->dw - 1 };
	const dnnl_dims_t before = { (dnnl_dim_t)s->top, (dnnl_dim_t)s->left };
	/* What is left of the window's way, which need not reach the last rows: oneDNN wants it exact. */
	const dnnl_dims_t after = {
		(dnnl_dim_t)((s->oh - 1) * s->sh + (s->kh - 1) * s->dh + 1) - (dnnl_dim_t)(s->h + s->top),
		(dnnl_dim_t)((s->ow - 1) * s->sw + (s->kw - 1) * s->dw + 1) - (dnnl_dim_t)(s->w + s->left),
	};
	const dnnl_alg_kind_t alg = dnnl_convolution_direct;
	if (d == FORWARD)
		must(dnnl_dilated_convolution_forward_desc_init(&op->conv, dnnl_forward_training, alg, &f[X], &f[W],
			k->bias ? &k->bias_form : NULL, &f[Y], stride, dilation, before, after), "convolution");
	else if (d == BACK_DATA)
		must(dnnl_dilated_convolution_backward_data_desc_init(&op->conv, alg, &f[X], &f[W], &f[Y], stride, dilation,
			before, after), "convolution");
	else
		must(dnnl_dilated_convolution_backward_weights_desc_init(&op->conv, alg, &f[X], &f[W], NULL, &f[Y], stride,
			dilation, before, after), "convolution");
}

static void dense_op(const struct kernel *k, enum direction d, const dnnl_memory_desc_t f[ARRAYS], union op *op)
{
	dnnl_memory_desc_t y;
	const dnnl_dims_t rows = { (dnnl_dim_t)k->s.n, (dnnl_dim_t)k->s.oc };
	must(dnnl_memory_desc_reshape(&y, &f[Y], 2, rows), "dense layer");
	if (d == FORWARD)
		must(dnnl_inner_product_forward_desc_init(&op->dense, dnnl_forward_training, &f[X], &f[W],
			k->bias ? &k->bias_form : NULL, &y), "dense layer");
	else if (d == BACK_DATA)
		must(dnnl_inner_product_backward_data_desc_init(&op->dense, &f[X], &f[W], &y), "dense layer");
	else
		must(dnnl_inner_product_backward_weights_desc_init(&op->dense, &f[X], &f[W], NULL, &y), "dense layer");
}

static const char *name_of(const_dnnl_primitive_desc_t pd)
{
	const char *name = "";
	must(dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name), "name");
	return name;
}

/* How good an implementation is by its name: made for the shape, a product of matrices, or a reference. */
static int rank(const_dnnl_primitive_desc_t pd)
{
	const char *name = name_of(pd);
	if (strncmp(name, "jit", 3) == 0 || strncmp(name, "brg", 3) == 0)
		return 0;
	return strstr(name, "gemm") != NULL ? 1 : 2;
}

/*
 * Wrong in 2.6.3: weights' gradients of windows of one step that leave the last row and column out, by jit_1x1:avx2
 * with channels that do not fill a vector.
 */
static bool is_wrong(const struct kernel *k, enum direction d, const_dnnl_primitive_desc_t pd)
{
	const struct conv_shape *s = &k->s;
	return d == BACK_WEIGHTS && s->kh * s->kw == 1 && s->sh * s->sw > 1 && s->c % 8 > 0 && strncmp(name_of(pd), "jit_1x1", 7) == 0;
}

/* The first implementation that is right; NULL: there is none. */
static dnnl_primitive_desc_t first_right(const struct kernel *k, enum direction d, const union op *op, dnnl_primitive_attr_t attr)
{
	dnnl_primitive_desc_iterator_t it;
	if (dnnl_primitive_desc_iterator_create(&it, op, attr, k->engine, NULL) != dnnl_success)
		return NULL;
	dnnl_primitive_desc_t pd = dnnl_primitive_desc_iterator_fetch(it);
	while (pd != NULL && is_wrong(k, d, pd)) {
		dnnl_primitive_desc_destroy(pd);
		pd = dnnl_primitive_desc_iterator_next(it) == dnnl_success ? dnnl_primitive_desc_iterator_fetch(it) : NULL;
	}
	dnnl_primitive_desc_iterator_destroy(it);
	return pd;
}

/* The gradient of a dense layer's weights in the order of the input, as the product gives it: to reorder it takes less. */
static dnnl_memory_desc_t liked_weights(const struct kernel *k, enum direction d)
{
	return weights(&k->s, k->dense && d == BACK_WEIGHTS ? dnnl_ohwi : dnnl_format_tag_any);
}

/* The best primitive with x and y NHWC or, as the primitive likes them, between reorders. */
static dnnl_primitive_desc_t choose(const struct kernel *k, enum direction d, dnnl_primitive_attr_t attr)
{
	const struct conv_shape *s = &k->s;
	dnnl_primitive_desc_t best = NULL;
	for (int i = 0; i < (k->dense ? 1 : 4); i++) {
		const dnnl_memory_desc_t f[ARRAYS] = {
			picture(s->n, s->h, s->w, s->c, i & 2 ? dnnl_format_tag_any : dnnl_nhwc),
			liked_weights(k, d),
			picture(s->n, s->oh, s->ow, s->oc, i & 1 ? dnnl_format_tag_any : dnnl_nhwc),
		};
		union op op;
		(k->dense ? dense_op : conv_op)(k, d, f, &op);
		dnnl_primitive_desc_t pd = first_right(k, d, &op, attr);
		if (pd == NULL)
			continue;
		if (best != NULL && rank(pd) >= rank(best)) {
			dnnl_primitive_desc_destroy(pd);
			continue;
		}
		if (best != NULL)
			dnnl_primitive_desc_destroy(best);
		best = pd;
	}
	if (best == NULL)
		bug("oneDNN knows no such convolution");
	return best;
}

static dnnl_primitive_t reorder_new(const struct kernel *k, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to,
				    bool add)
{
	dnnl_primitive_desc_t pd;
	dnnl_primitive_t p;
	dnnl_primitive_attr_t attr = attributes(add, false);
	must(dnnl_reorder_primitive_desc_create(&pd, from, k->engine, to, k->engine, attr), "reorder");
	must(dnnl_primitive_create(&p, pd), "reorder");
	dnnl_primitive_desc_destroy(pd);
	dnnl_primitive_attr_destroy(attr);
	return p;
}

/* ---- making and freeing ---- */

static const dnnl_memory_desc_t *desc_in(const_dnnl_primitive_desc_t pd, dnnl_query_t what)
{
	const dnnl_memory_desc_t *d = dnnl_primitive_desc_query_md(pd, what, 0);
	if (d == NULL)
		bug("oneDNN: a primitive without array %d", (int)what);
	return d;
}

static void form_set(const struct kernel *k, struct part *p, enum direction d, enum array a, const dnnl_memory_desc_t *inner)
{
	const struct conv_shape *s = &k->s;
	struct form *f = &p->form[a];
	f->inner = *inner;
	f->outer = a == W ? canonical(s) : a == X ? picture(s->n, s->h, s->w, s->c, dnnl_nhwc)
						    : picture(s->n, s->oh, s->ow, s->oc, dnnl_nhwc);
	if (k->dense && a == Y)
		f->outer = *inner;
	f->same = dnnl_memory_desc_equal(&f->outer, inner);
	f->bytes = dnnl_memory_desc_get_size(inner);
	bool out = a == written[d];
	if (!f->same) {
		f->reorder = reorder_new(k, out ? inner : &f->outer, out ? &f->outer : inner, false);
		if (out)
			f->adding = reorder_new(k, inner, &f->outer, true);
	}
	if (a == W && !out) {
		p->packed = mem_aligned(f->bytes, 1);
		must(dnnl_memory_create(&p->weights, inner, k->engine, p->packed), "weights");
	} else if (!f->same || out) {
		f->at = p->scratch;
		p->scratch += mem_up(f->bytes);
	}
}

/*
 * Whether tile.c does it better than what oneDNN offers. Forward, a row of a dense layer must not depend on its place in the
 * batch, as it does in oneDNN's products of matrices. A reference is slower than anything. Else the limits are where
 * measurements of common nets part on AVX2; what oneDNN has for wider registers is left to it.
 */
static bool tiles(const struct kernel *k, enum direction d, const_dnnl_primitive_desc_t pd)
{
	const struct conv_shape *s = &k->s;
	size_t window = s->kh * s->kw;
	if (k->dense)
		return d == FORWARD;
	if (s->groups > 1 || rank(pd) == 2)
		return s->groups == 1;
	if (window == 1 || !micro_fast() || strstr(name_of(pd), "avx512") != NULL || strncmp(name_of(pd), "brg", 3) == 0)
		return false;
	if (d == FORWARD)
		return window * s->c >= 400 && s->oc >= 16;
	if (d == BACK_DATA)
		return window * s->oc / (s->sh * s->sw) >= 256 && (s->c >= 64 || (s->c >= 16 && s->h * s->w > 1024));
	return s->c <= 6 ? s->oc >= 64 : s->c >= 32 || (s->c >= 16 && s->oc >= 64);
}

static void part_new(struct kernel *k, enum direction d)
{
	static const dnnl_query_t query[DIRECTIONS][ARRAYS] = {
		{ dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md },
		{ dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md },
		{ dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md },
	};
	struct part *p = &k->part[d];
	dnnl_primitive_attr_t attr = attributes(d == FORWARD && k->sum, d == FORWARD && k->relu);
	dnnl_primitive_desc_t pd = choose(k, d, attr);
	p->used = true;
	p->tiled = tiles(k, d, pd);
	if (!p->tiled) {
		p->pad = *desc_in(pd, dnnl_query_scratchpad_md);
		p->scratch = mem_up(dnnl_memory_desc_get_size(&p->pad));
		for (enum array a = X; a < ARRAYS; a++)
			form_set(k, p, d, a, desc_in(pd, query[d][a]));
		must(dnnl_primitive_create(&p->run, pd), "primitive");
	} else if (d == BACK_WEIGHTS) {
		p->scratch = tile_weights_scratch(&k->s);
	} else {
		p->tile = tile_new(&k->s, d == BACK_DATA, d == FORWARD && k->relu);
		p->scratch = tile_scratch(p->tile);
	}
	dnnl_primitive_desc_destroy(pd);
	dnnl_primitive_attr_destroy(attr);
}

static bool is_dense(const struct conv_shape *s)
{
	return s->kh == s->h && s->kw == s->w && s->oh == 1 && s->ow == 1 && s->groups == 1 && s->dh == 1 && s->dw == 1 &&
	       s->top + s->left + s->bottom + s->right == 0;
}

struct kernel *kernel_new(const struct conv_shape *s, unsigned uses, bool bias, bool relu, bool sum)
{
	struct kernel *k = NEW0(struct kernel, 1);
	k->s = *s;
	k->bias = bias, k->relu = relu, k->sum = sum;
	k->dense = is_dense(s);
	omp_set_num_threads(1);
	must(dnnl_engine_create(&k->engine, dnnl_cpu, 0), "engine");
	must(dnnl_stream_create(&k->stream, k->engine, dnnl_stream_default_flags), "stream");
	k->bias_form = desc_of(1, (dnnl_dims_t){ (dnnl_dim_t)s->oc }, dnnl_x);
	for (enum direction d = FORWARD; d < DIRECTIONS; d++)
		if (uses >> d & 1)
			part_new(k, d);
	return k;
}

void kernel_free(struct kernel *k)
{
	if (k == NULL)
		return;
	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		struct part *p = &k->part[d];
		for (enum array a = X; a < ARRAYS; a++) {
			dnnl_primitive_destroy(p->form[a].reorder);
			dnnl_primitive_destroy(p->form[a].adding);
		}
		tile_free(p->tile);
		dnnl_primitive_destroy(p->run);
		dnnl_memory_destroy(p->weights);
		free(p->packed);
	}
	dnnl_stream_destroy(k->stream);
	dnnl_engine_destroy(k->engine);
	free(k);
}

size_t kernel_scratch(const struct kernel *k)
{
	size_t most = k->part[BACK_WEIGHTS].used ? mem_up(k->s.oc * sizeof(float)) : 0;	/* for the bias */
	for (enum direction d = FORWARD; d < DIRECTIONS; d++)
		most = k->part[d].scratch > most ? k->part[d].scratch : most;
	return most;
}

void kernel_describe(const struct kernel *k, struct str *out)
{
	static const char *const name[DIRECTIONS] = { "forward", "back_data", "back_weights" };
	for (enum direction d = FORWARD; d < DIRECTIONS; d++) {
		const struct part *p = &k->part[d];
		const_dnnl_primitive_desc_t pd;
		if (!p->used)
			continue;
		if (!p->tiled)
			must(dnnl_primitive_get_primitive_desc(p->run, &pd), "description");
		str_printf(out, "%s%s %s", out->n > 0 ? " " : "", name[d], p->tiled ? "tile" : name_of(pd));
	}
}

/* ---- running ---- */

static dnnl_memory_t memory(const struct kernel *k, const dnnl_memory_desc_t *d, const void *p)
{
	dnnl_memory_t m;
	must(dnnl_memory_create(&m, d, k->engine, (void *)(size_t)p), "memory");
	return m;
}

static void execute(const struct kernel *k, dnnl_primitive_t p, int n, const dnnl_exec_arg_t *arg)
{
	must(dnnl_primitive_execute(p, k->stream, n, arg), "run");
}

static void reorder(const struct kernel *k, dnnl_primitive_t p, dnnl_memory_t from, dnnl_memory_t to)
{
	execute(k, p, 2, (dnnl_exec_arg_t[]){ { DNNL_ARG_FROM, from }, { DNNL_ARG_TO, to } });
}

static void reorder_data(const struct kernel *k, dnnl_primitive_t p, const dnnl_memory_desc_t *fd, const void *from,
			 const dnnl_memory_desc_t *td, void *to)
{
	dnnl_memory_t f = memory(k, fd, from), t = memory(k, td, to);
	reorder(k, p, f, t);
	dnnl_memory_destroy(f);
	dnnl_memory_destroy(t);
}

void kernel_pack(struct kernel *k, const real *w)
{
	omp_set_num_threads(1);
	for (enum direction d = FORWARD; d < BACK_WEIGHTS; d++) {
		const struct part *p = &k->part[d];
		const struct form *f = &p->form[W];
		if (!p->used)
			continue;
		if (p->tiled)
			tile_pack(p->tile, w);
		else if (f->same)
			memcpy(p->packed, w, f->bytes);
		else
			reorder_data(k, f->reorder, &f->outer, w, &f->inner, p->packed);
	}
}

/* Where the primitive finds an input. */
static const void *enter(const struct kernel *k, const struct form *f, const float *outer, char *scratch)
{
	if (f->same)
		return outer;
	reorder_data(k, f->reorder, &f->outer, outer, &f->inner, scratch + f->at);
	return scratch + f->at;
}

/* Takes over what the primitive wrote. */
static void leave(const struct kernel *k, const struct form *f, const float *inner, float *outer, bool add)
{
	if (inner == outer)
		return;
	if (!f->same)
		reorder_data(k, add ? f->adding : f->reorder, &f->inner, inner, &f->outer, outer);
	else
		for (size_t i = 0; i < f->bytes / sizeof(*outer); i++)
			outer[i] += inner[i];
}

void kernel_forward(const struct kernel *k, const real *x, const real *bias, real *y, void *scratch)
{
	const struct part *p = &k->part[FORWARD];
	const struct form *f = p->form;
	if (p->tiled) {
		tile_run(p->tile, x, k->bias ? bias : NULL, y, k->sum, scratch);
		return;
	}
	float *to = f[Y].same ? y : (float *)(void *)((char *)scratch + f[Y].at);
	omp_set_num_threads(1);
	dnnl_exec_arg_t arg[] = {
		{ DNNL_ARG_SRC, memory(k, &f[X].inner, enter(k, &f[X], x, scratch)) },
		{ DNNL_ARG_WEIGHTS, p->weights },
		{ DNNL_ARG_DST, memory(k, &f[Y].inner, to) },
		{ DNNL_ARG_SCRATCHPAD, memory(k, &p->pad, scratch) },
		{ DNNL_ARG_BIAS, k->bias ? memory(k, &k->bias_form, bias) : NULL },
	};
	execute(k, p->run, k->bias ? 5 : 4, arg);
	for (int i = 0; i < 5; i++)
		if (i != 1)
			dnnl_memory_destroy(arg[i].memory);
	leave(k, &f[Y], to, y, false);
}

void kernel_back_data(const struct kernel *k, const real *gy, real *gx, bool add, void *scratch)
{
	const struct part *p = &k->part[BACK_DATA];
	const struct form *f = p->form;
	if (p->tiled) {
		tile_run(p->tile, gy, NULL, gx, add, scratch);
		return;
	}
	float *to = f[X].same && !add ? gx : (float *)(void *)((char *)scratch + f[X].at);
	omp_set_num_threads(1);
	dnnl_exec_arg_t arg[] = {
		{ DNNL_ARG_DIFF_DST, memory(k, &f[Y].inner, enter(k, &f[Y], gy, scratch)) },
		{ DNNL_ARG_WEIGHTS, p->weights },
		{ DNNL_ARG_DIFF_SRC, memory(k, &f[X].inner, to) },
		{ DNNL_ARG_SCRATCHPAD, memory(k, &p->pad, scratch) },
	};
	execute(k, p->run, 4, arg);
	for (int i = 0; i < 4; i++)
		if (i != 1)
			dnnl_memory_destroy(arg[i].memory);
	leave(k, &f[X], to, gx, add);
}

/* gb (oc) = or += sums of gy over positions, first of each row of a picture, so that sums of many stay exact. */
WIDE static void bias_gradient(const struct conv_shape *s, const float *gy, float *gb, bool add, float *part)
{
	size_t c = s->oc;
	if (!add)
		memset(gb, 0, c * sizeof(*gb));
	for (size_t i = 0; i < s->n * s->oh; i++) {
		memset(part, 0, c * sizeof(*part));
		for (size_t j = 0; j < s->ow; j++, gy += c) {
			EACH
			for (size_t o = 0; o < c; o++)
				part[o] += gy[o];
		}
		for (size_t o = 0; o < c; o++)
			gb[o] += part[o];
	}
}

static void weights_gradient(const struct kernel *k, const float *x, const float *gy, float *gw, bool add, char *scratch)
{
	const struct part *p = &k->part[BACK_WEIGHTS];
	const struct form *f = p->form;
	float *to = f[W].same && !add ? gw : (float *)(void *)(scratch + f[W].at);
	dnnl_exec_arg_t arg[] = {
		{ DNNL_ARG_SRC, memory(k, &f[X].inner, enter(k, &f[X], x, scratch)) },
		{ DNNL_ARG_DIFF_DST, memory(k, &f[Y].inner, enter(k, &f[Y], gy, scratch)) },
		{ DNNL_ARG_DIFF_WEIGHTS, memory(k, &f[W].inner, to) },
		{ DNNL_ARG_SCRATCHPAD, memory(k, &p->pad, scratch) },
	};
	execute(k, p->run, 4, arg);
	for (int i = 0; i < 4; i++)
		dnnl_memory_destroy(arg[i].memory);
	leave(k, &f[W], to, gw, add);
}

void kernel_back_weights(const struct kernel *k, const real *x, const real *gy, real *gw, real *gb, bool add, void *scratch)
{
	omp_set_num_threads(1);
	if (k->part[BACK_WEIGHTS].tiled)
		tile_weights(&k->s, x, gy, gw, add, scratch);
	else
		weights_gradient(k, x, gy, gw, add, scratch);
	if (gb != NULL)
		bias_gradient(&k->s, gy, gb, add, scratch);
}
