/* Weights from files: types, other names, heads, messages; frozen layers; there and back; the CIFAR net and its pictures. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "io/compress.h"
#include "nn/nets/nets.h"
#include "nn/weights.h"

/* ---- files ---- */

/* A tensor of a file of another program. */
struct given {
	const char *name, *type;
	int ndim;
	size_t dim[4];
	const void *data;
	size_t bytes;
};

static char path[64];

static void write_file(const struct given *t, size_t n)
{
	struct str header = { 0 };
	size_t at = 0;
	str_printf(&header, "{");
	for (size_t i = 0; i < n; i++, at += t[i - 1].bytes) {
		str_printf(&header, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "", t[i].name, t[i].type);
		for (int d = 0; d < t[i].ndim; d++)
			str_printf(&header, "%s%zu", d ? "," : "", t[i].dim[d]);
		str_printf(&header, "],\"data_offsets\":[%zu,%zu]}", at, at + t[i].bytes);
	}
	str_printf(&header, "}");
	while (header.n % 8)
		str_putc(&header, ' ');
	strcpy(path, "/tmp/dls-test-weights-XXXXXX");
	FILE *f = fdopen(mkstemp(path), "wb");
	die_unlink(path);
	uint64_t length = header.n;
	fwrite(&length, 8, 1, f);
	fwrite(header.s, header.n, 1, f);
	for (size_t i = 0; i < n; i++)
		fwrite(t[i].data, t[i].bytes, 1, f);
	fclose(f);
	str_free(&header);
}

/* Parameters a.weight (2, 3), conv.weight (2, 1, 1, 2), conv.bias (2), head.weight (3, 2). */
static struct params *some(void)
{
	struct params *ps = params_new();
	params_need(ps, "a.weight", PARAM_WEIGHT, 2, (size_t[]){ 2, 3 });
	params_need(ps, "conv.weight", PARAM_WEIGHT, 4, (size_t[]){ 2, 1, 1, 2 });
	params_need(ps, "conv.bias", PARAM_SPARED, 1, (size_t[]){ 2 });
	params_need(ps, "head.weight", PARAM_WEIGHT, 2, (size_t[]){ 3, 2 });
	params_ready(ps);
	return ps;
}

static const float six[] = { 1, 2, 3, 4, 5, 6 };
static const double two[] = { 0.5, -0.25 };
static const uint16_t halves[] = { 0x3c00, 0xc000, 0x0001, 0x7bff };	/* 1, -2, 2^-24, 65504 */
static const uint16_t brains[] = { 0x3f80, 0xc000, 0x3e80, 0x0000 };	/* 1, -2, 0.25, 0 */

#define A { "a.weight", "F32", 2, { 2, 3 }, six, 24 }
#define CONV { "conv.weight", "F16", 4, { 2, 1, 1, 2 }, halves, 8 }
#define BIAS { "conv.bias", "F64", 1, { 2 }, two, 16 }
#define HEAD { "head.weight", "F32", 2, { 3, 2 }, six, 24 }

static size_t load(struct params *ps, const struct given *t, size_t n, const char *map)
{
	verbosity = -1;
	struct strs rules = { (char *[]){ (char *)(uintptr_t)map }, map ? 1 : 0 };
	write_file(t, n);
	size_t taken = weights_load(ps, path, &rules, NULL, "head");
	unlink(path);
	die_forget(path);
	return taken;
}
#define LOAD(ps, map, ...) \
	load(ps, (const struct given[]){ __VA_ARGS__ }, sizeof((const struct given[]){ __VA_ARGS__ }) / sizeof(struct given), map)

static double at(const struct params *ps, const char *name, size_t i)
{
	return (double)param_x(ps, params_find(ps, name))[i];
}

START_TEST(types)
{
	struct params *ps = some();
	ck_assert_uint_eq(LOAD(ps, NULL, A, CONV, BIAS, HEAD), 4);
	ck_assert(at(ps, "a.weight", 5) == 6 && at(ps, "conv.bias", 1) == -0.25 && at(ps, "head.weight", 0) == 1);
	ck_assert(at(ps, "conv.weight", 0) == 1 && at(ps, "conv.weight", 1) == -2 && at(ps, "conv.weight", 2) == 0x1p-24 &&
		  at(ps, "conv.weight", 3) == 65504);
	ck_assert_uint_eq(LOAD(ps, NULL, A, { "conv.weight", "BF16", 2, { 2, 2 }, brains, 8 }, BIAS, HEAD), 4);
	ck_assert(at(ps, "conv.weight", 1) == -2 && at(ps, "conv.weight", 2) == 0.25);
	params_free(ps);
}
END_TEST

START_TEST(names)
{
	static const int64_t count[] = { 7 };
	struct params *ps = some();
	ck_assert_uint_eq(LOAD(ps, "*/w*=*.weight", { "module.model.a.weight", "F32", 4, { 2, 3, 1, 1 }, six, 24 },
			       { "conv/w", "F16", 4, { 2, 1, 1, 2 }, halves, 8 }, BIAS,
			       { "x.num_batches_tracked", "I64", 0, { 0 }, count, 8 }), 3);
	ck_assert(at(ps, "a.weight", 5) == 6 && at(ps, "conv.weight", 1) == -2 && at(ps, "head.weight", 0) == 0);
	/* a head of other classes stays as it is */
	ck_assert_uint_eq(LOAD(ps, NULL, A, CONV, BIAS, { "head.weight", "F32", 2, { 2, 2 }, six, 16 }), 3);
	ck_assert(at(ps, "head.weight", 0) == 0);
	params_free(ps);
}
END_TEST

/* ---- messages ---- */

/* What a child that runs fn says before it dies; *status as it ends. */
static char *last_words(void (*fn)(int), int arg, int *status)
{
	static char text[512];
	int fd[2];
	ck_assert_int_eq(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fd[1], 2);
		fn(arg);
		_exit(0);
	}
	close(fd[1]);
	size_t n = 0;
	for (ssize_t got; (got = read(fd[0], text + n, sizeof(text) - 1 - n)) > 0;)
		n += (size_t)got;
	text[n] = '\0';
	close(fd[0]);
	waitpid(pid, status, 0);
	*status = WEXITSTATUS(*status);
	return text;
}

static void freeze(struct params *ps, const char *pattern)
{
	struct strs p = { (char *[]){ (char *)(uintptr_t)pattern }, 1 };
	weights_freeze(ps, &p, "head");
}

static void faulty(int which)
{
	static const float nan[] = { 1, NAN, 3, 4, 5, 6 };
	static const int32_t whole[] = { 1, 2 };
	struct params *ps = some();
	switch (which) {
	case 0: LOAD(ps, NULL, { "a.weight", "F32", 2, { 3, 2 }, six, 24 }, CONV, BIAS, HEAD); break;
	case 1: LOAD(ps, NULL, A, HEAD); break;
	case 2: LOAD(ps, NULL, { "a.weight", "F32", 2, { 2, 3 }, nan, 24 }, CONV, BIAS, HEAD); break;
	case 3: LOAD(ps, NULL, A, CONV, { "conv.bias", "I32", 1, { 2 }, whole, 8 }, HEAD); break;
	case 4: LOAD(ps, NULL, A, { "module.a.weight", "F32", 2, { 2, 3 }, six, 24 }, CONV, BIAS); break;
	case 5: LOAD(ps, "conv", A); break;
	case 6: LOAD(ps, "a=b*", A); break;
	case 7: freeze(ps, "comv.*"); break;
	default: freeze(ps, "zzzzzzzzzzzz"); break;
	}
}

START_TEST(messages)
{
	static const struct {
		int status;
		const char *text;
	} want[] = {
		{ 65, "tensor 'a.weight' is (3, 2), the net wants (2, 3)\n" },
		{ 65, "no tensor for 2 of the net's 4 parameters: conv.weight, conv.bias\n" },
		{ 65, "tensor 'a.weight': value 1 is not finite\n" },
		{ 65, "tensor 'conv.bias' is of type I32; weights are F64, F32, F16 or BF16\n" },
		{ 65, "tensor 'module.a.weight' is a second 'a.weight'\n" },
		{ 64, "'conv' is not FROM=TO, names in which * stands for any text\n" },
		{ 64, "'a=b*': TO has 1 stars, FROM has 0, at most 8 can be\n" },
		{ 64, "no parameter of the net is 'comv.*'; did you mean 'conv'?\n" },
		{ 64, "no parameter of the net is 'zzzzzzzzzzzz'; there is 'a.weight', for example\n" },
	};
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		int status;
		const char *text = last_words(faulty, (int)i, &status);
		ck_assert_msg(strstr(text, want[i].text) && status == want[i].status, "%zu: '%s', status %d", i, text, status);
	}
}
END_TEST

/* ---- frozen and slow layers ---- */

static void frozen_are(const char *pattern, const char *want)
{
	struct params *ps = some();
	char got[8] = "";
	freeze(ps, pattern);
	for (size_t i = 0; i < ps->n; i++)
		strcat(got, ps->p[i]->frozen ? "1" : "0");
	ck_assert_msg(strcmp(got, want) == 0, "%s: %s, not %s", pattern, got, want);
	params_free(ps);
}

START_TEST(patterns)
{
	frozen_are("conv", "0110");
	frozen_are("conv.*", "0110");
	frozen_are("*.weight", "1101");
	frozen_are("backbone", "1110");
	frozen_are("c*b*s", "0010");
	frozen_are("*", "1111");
	struct params *ps = some();
	weights_rate(ps, "head", 0.5);
	ck_assert(ps->p[0]->rate == 0.5 && ps->p[2]->rate == 0.5 && ps->p[3]->rate == 1);
	params_free(ps);
}
END_TEST

/* ---- models ---- */

static struct params *filled(void)
{
	struct params *ps = some();
	for (size_t i = 0; i < ps->size; i++)
		ps->x[i] = (real)i;
	return ps;
}

static void restored(int which)
{
	struct params *ps = filled(), *other = params_new();
	struct store *st = store_new();
	if (which == 0)
		ps->x[2] = NAN;
	weights_save(ps, st);
	if (which == 1)
		params_need(other, "a.weight", PARAM_WEIGHT, 2, (size_t[]){ 2, 4 });
	else if (which == 2)
		params_need(other, "b.weight", PARAM_WEIGHT, 1, (size_t[]){ 2 });
	params_ready(other);
	weights_restore(which ? other : ps, st);
}

START_TEST(there_and_back)
{
	static const char *const want[] = { "tensor 'a.weight': value 2 is not finite", "tensor 'a.weight' has 3, not 4, in dim 1",
					    "tensor 'b.weight' is not there" };
	struct params *ps = filled(), *back = some();
	struct store *st = store_new();
	store_enter(st, "0.");
	weights_save(ps, st);
	weights_restore(back, st);
	ck_assert_mem_eq(ps->x, back->x, ps->size * sizeof(real));
	for (int i = 0; i < 3; i++) {
		int status;
		const char *text = last_words(restored, i, &status);
		ck_assert_msg(strstr(text, want[i]) && status == ST_DATA, "'%s', status %d", text, status);
	}
	store_free(st);
	params_free(ps);
	params_free(back);
}
END_TEST

/* ---- the public CIFAR net, on the pictures under DLS_DATA ---- */
static const char *backbone(const char *file)
{
	static char name[512];
	const char *data = getenv("DLS_DATA");
	if (!data) {
		printf("skip %s: DLS_DATA is not set\n", file);
		fflush(stdout);
		return NULL;
	}
	snprintf(name, sizeof(name), "%s/%s", data, file);
	return name;
}

/* A net for prediction with the weights of a file. */
struct ready {
	struct params *ps;
	struct graph *g;
	struct node *x;
	struct net net;
	size_t taken;
};

static struct ready ready_of(const char *kind, const char *file, size_t rows, size_t side, size_t classes)
{
	verbosity = -1;
	const struct net_kind *k = net_find(kind);
	struct ready r = { .ps = params_new() };
	r.g = graph_new(r.ps, rows, GRAPH_PREDICT);
	r.x = nn_input(r.g, side, side, 3);
	r.net = k->build(k, r.x, &(struct net_conf){ .classes = classes, .dropout = -1 });
	params_ready(r.ps);
	r.taken = weights_load(r.ps, file, NULL, k->also, k->head);
	return r;
}

static void ready_free(struct ready *r)
{
	graph_free(r->g);
	params_free(r->ps);
}

START_TEST(public_files)
{
	static const struct {
		const char *kind, *file;
		size_t classes;
	} files[] = {
		{ "squeezenet", "backbones/squeezenet_v1.1_imagenet.safetensors", 1000 },
		{ "mobilenet2tf", "backbones/mobilenet_v2_1.0_224_imagenet1001_folded.safetensors", 1001 },
		{ "resnet20", "backbones/resnet20_cifar10.safetensors", 10 },
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *file = backbone(files[i].file);
		if (!file)
			return;
		struct ready r = ready_of(files[i].kind, file, 1, 64, files[i].classes);
		ck_assert_uint_eq(r.taken, r.ps->n);
		ready_free(&r);
		r = ready_of(files[i].kind, file, 1, 64, 3);
		ck_assert_uint_eq(r.taken, r.ps->n - 2);
		ready_free(&r);
	}
}
END_TEST

#define SIDE 32
#define RECORD (1 + 3 * SIDE * SIDE)	/* the label, then planes */
#define BATCH 50

/* PyTorch, in float and in double, gets 915 of 1,000. */
START_TEST(cifar)
{
	static const double mean[] = { 0.485, 0.456, 0.406 }, sd[] = { 0.229, 0.224, 0.225 };
	static unsigned char record[BATCH * RECORD];
	const char *file = backbone("backbones/resnet20_cifar10.safetensors");
	size_t right = 0, n = 0;
	if (!file)
		return;
	struct ready r = ready_of("resnet20", file, BATCH, SIDE, 10);
	graph_ready(r.g);
	graph_pack(r.g, 1);
	struct lane *l = lane_new(r.g);
	struct stream *s = stream_open(backbone("cifar10/test1000.bin.gz"));
	for (; stream_read(s, (char *)record, sizeof(record)) == sizeof(record); n += BATCH) {
		for (size_t i = 0; i < BATCH; i++)
			for (size_t p = 0; p < SIDE * SIDE; p++)
				for (size_t c = 0; c < 3; c++)
					lane_x(l, r.x)[(i * SIDE * SIDE + p) * 3 + c] =
						(real)((record[i * RECORD + 1 + c * SIDE * SIDE + p] / 255.0 - mean[c]) / sd[c]);
		lane_forward(l);
		for (size_t i = 0; i < BATCH; i++) {
			const real *y = lane_x(l, r.net.logits) + i * 10;
			size_t best = 0;
			for (size_t k = 1; k < 10; k++)
				best = y[k] > y[best] ? k : best;
			right += best == record[i * RECORD];
		}
	}
	ck_assert_uint_eq(n, 1000);
	ck_assert_uint_eq(right, 915);
	stream_close(s);
	lane_free(l);
	ready_free(&r);
}
END_TEST

UNIT_MAIN("weights", types, names, messages, patterns, there_and_back, public_files, cifar)
