#include "nn/nets/nets.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nn/nets/parts.h"

/* ---- the table ---- */

static const int vgg11[] = { 64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0, VGG_END };
static const int vgg16[] = { 64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0, VGG_END };
static const int vgg19[] = { 64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512, 0,
			     VGG_END };

/* The names of the Caffe file. */
static const char *const caffe_squeezenet[] = {
	"*/squeeze1x1.*=*.squeeze.*", "*/expand1x1.*=*.expand1x1.*", "*/expand3x3.*=*.expand3x3.*", "conv1.*=features.0.*",
	"fire2.*=features.3.*", "fire3.*=features.4.*", "fire4.*=features.6.*", "fire5.*=features.7.*",
	"fire6.*=features.9.*", "fire7.*=features.10.*", "fire8.*=features.11.*", "fire9.*=features.12.*",
	"conv10.*=classifier.1.*", NULL
};

#define VGG(id, text, list, has_norms) \
	{ .name = id, .brief = text, .head = "classifier.6", .build = build_vgg, \
	  .plan = &(const struct vgg_plan){ has_norms, list }, .conv = BEGIN_HE_OUT, .dense = BEGIN_HE_IN, \
	  .usual_size = 224, .least_size = 32 }
#define RESNET(id, text, bottle, ...) \
	{ .name = id, .brief = text, .head = "fc", .build = build_resnet, \
	  .plan = &(const struct resnet_plan){ { __VA_ARGS__ }, bottle }, .conv = BEGIN_HE_OUT, .dense = BEGIN_UNIFORM, \
	  .usual_size = 224, .least_size = 8 }
#define CIFAR(id, text, blocks) \
	{ .name = id, .brief = text, .head = "linear", .build = build_resnet_cifar, .plan = &(const int){ blocks }, \
	  .conv = BEGIN_HE_IN, .dense = BEGIN_HE_IN, .usual_size = 32, .least_size = 8 }

const struct net_kind nets[] = {
	{ .name = "lenet", .brief = "LeNet-5 with relu and maxima, for small grey pictures", .head = "fc3",
	  .build = build_lenet, .conv = BEGIN_UNIFORM, .dense = BEGIN_UNIFORM, .usual_size = 28, .least_size = 12 },
	{ .name = "simple", .brief = "four blocks of convolutions 3x3 with norms, for small pictures", .head = "fc",
	  .build = build_simple, .conv = BEGIN_HE_OUT, .dense = BEGIN_UNIFORM, .usual_size = 28, .least_size = 8 },
	VGG("vgg11", "8 convolutions and 3 dense layers", vgg11, false),
	VGG("vgg16", "13 convolutions and 3 dense layers", vgg16, false),
	VGG("vgg19", "16 convolutions and 3 dense layers", vgg19, false),
	VGG("vgg11bn", "vgg11 with norms", vgg11, true),
	VGG("vgg16bn", "vgg16 with norms", vgg16, true),
	VGG("vgg19bn", "vgg19 with norms", vgg19, true),
	RESNET("resnet18", "residual net of 18 layers", false, 2, 2, 2, 2),
	RESNET("resnet34", "residual net of 34 layers", false, 3, 4, 6, 3),
	RESNET("resnet50", "residual net of 50 layers, blocks of three", true, 3, 4, 6, 3),
	CIFAR("resnet20", "residual net of 20 layers for pictures of 32 x 32", 3),
	CIFAR("resnet32", "residual net of 32 layers for pictures of 32 x 32", 5),
	CIFAR("resnet56", "residual net of 56 layers for pictures of 32 x 32", 9),
	{ .name = "mobilenet2", .brief = "MobileNetV2, small and fast", .head = "classifier.1", .build = build_mobilenet2,
	  .conv = BEGIN_HE_OUT, .dense = BEGIN_SMALL, .usual_size = 224, .least_size = 8 },
	{ .name = "mobilenet2tf", .brief = "MobileNetV2 as in TensorFlow's files: norms folded, SAME padding, 1001 classes",
	  .head = "52.conv", .build = build_mobilenet2tf, .conv = BEGIN_HE_IN, .dense = BEGIN_SMALL, .usual_size = 224,
	  .least_size = 8 },
	{ .name = "squeezenet", .brief = "SqueezeNet 1.1, the smallest", .head = "classifier.1", .build = build_squeezenet,
	  .conv = BEGIN_HE_IN, .dense = BEGIN_SMALL, .usual_size = 224, .least_size = 25, .also = caffe_squeezenet },
	{ .name = NULL },
};

const struct net_kind *net_find(const char *name)
{
	for (const struct net_kind *k = nets; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

/* ---- what the files share ---- */

struct named named(const char *fmt, ...)
{
	struct named n;
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(n.s, sizeof(n.s), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(n.s))
		bug("a layer's name is too long: %s", n.s);
	return n;
}

size_t widened(size_t channels, const struct net_conf *conf)
{
	double want = (double)channels * (conf->width > 0 ? conf->width : 1);
	size_t got = (size_t)(want + 4) / 8 * 8;
	got = got < 8 ? 8 : got;
	return (double)got < 0.9 * want ? got + 8 : got;
}

/* ---- beginnings ---- */

static void begin_weight(struct params *ps, const struct param *p, enum net_begin how, uint64_t seed)
{
	if (how == BEGIN_UNIFORM)
		param_uniform(ps, p, seed, p->n / p->dim[0]);
	else if (how == BEGIN_SMALL)
		param_normal(ps, p, seed, 0.01);
	else
		param_kaiming(ps, p, seed, how == BEGIN_HE_OUT);
}

/* p is what `layer`, whose weight is w, calls by its last name. */
static void begin(const struct net_kind *k, struct params *ps, const struct param *p, struct slice layer,
		  const struct param *w, uint64_t seed)
{
	const char *last = layer.s + layer.n + 1;
	bool norm = w->ndim == 1, running = p->kind == PARAM_BUFFER;
	enum net_begin how = w->ndim == 2 || slice_eq(layer, k->head) ? k->dense : k->conv;
	if (!norm && p == w)
		begin_weight(ps, p, how, seed);
	else if (!norm && how == BEGIN_UNIFORM)
		param_uniform(ps, p, seed, w->n / w->dim[0]);
	else
		param_fill(ps, p, norm && (p == w || (running && strcmp(last, "running_var") == 0)) ? 1 : 0);
}

void net_fill(const struct net_kind *k, struct params *ps, uint64_t seed)
{
	for (size_t i = 0; i < ps->n; i++) {
		const struct param *p = ps->p[i];
		const char *point = strrchr(p->name, '.');
		struct slice layer = { p->name, point ? (size_t)(point - p->name) : 0 };
		const struct param *w = point ? params_find(ps, named("%.*s.weight", (int)layer.n, layer.s).s) : NULL;
		if (w)
			begin(k, ps, p, layer, w, seed);
	}
}
