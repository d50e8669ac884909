/*
 * Sandler et al. 2018, MobileNetV2: a block widens by a convolution 1x1, filters
 * each channel by 3x3, and narrows again without relu; x is added where the
 * shapes allow.
 */
#include "nn/nets/parts.h"

static const struct {
	size_t widen, channels, n, stride;
} stages[] = { { 1, 16, 1, 1 }, { 6, 24, 2, 2 }, { 6, 32, 3, 2 }, { 6, 64, 4, 2 }, { 6, 96, 3, 1 }, { 6, 160, 3, 2 },
	       { 6, 320, 1, 1 } };
#define STAGES (sizeof(stages) / sizeof(*stages))

#define FIRST 32
#define LAST 1280

/* One way of naming, padding and ending the convolutions. */
struct style {
	bool tf;	/* TensorFlow's SAME padding, biases where torchvision has norms, layers counted "00.conv" */
	size_t count;	/* of convolutions so far */
};

/* A convolution k x k of torchvision's names conv and norm, then what around gives is added, or relu6. */
static struct node *layer(struct style *st, struct node *x, const char *conv, const char *norm, struct conv c,
			  struct node *around, bool relu6)
{
	if (st->tf) {
		c = conv_same(c, node_shape(x)->d[1], node_shape(x)->d[2]);
		c.bias = true;
		x = nn_conv(x, named("%02zu.%s", st->count++, c.groups > 1 ? "dwconv" : "conv").s, c);
		x = around ? nn_add(x, around) : x;
	} else {
		x = nn_batchnorm(nn_conv(x, conv, c), norm, 1e-5, around, false);
	}
	return relu6 ? nn_act(x, ACT_RELU6) : x;
}

static struct node *block(struct style *st, struct node *x, const char *at, size_t widen, size_t channels, size_t stride)
{
	size_t in = node_shape(x)->d[3], wide = in * widen;
	size_t i = widen > 1;	/* torchvision: the modules of a block without widening begin at 0 too */
	struct node *around = stride == 1 && in == channels ? x : NULL;
	if (widen > 1)
		x = layer(st, x, named("%s.conv.0.0", at).s, named("%s.conv.0.1", at).s, conv_of(wide, 1, 1, 0), NULL, true);
	struct conv each = conv_of(wide, 3, stride, 1);
	each.groups = wide;
	x = layer(st, x, named("%s.conv.%zu.0", at, i).s, named("%s.conv.%zu.1", at, i).s, each, NULL, true);
	return layer(st, x, named("%s.conv.%zu", at, i + 1).s, named("%s.conv.%zu", at, i + 2).s,
		     conv_of(channels, 1, 1, 0), around, false);
}

static struct net build(const struct net_kind *k, struct node *x, const struct net_conf *conf, struct style st)
{
	double drop = dropout_of(conf, 0.2);
	size_t at = 1;
	x = layer(&st, x, "features.0.0", "features.0.1", conv_of(widened(FIRST, conf), 3, 2, 1), NULL, true);
	for (size_t s = 0; s < STAGES; s++)
		for (size_t b = 0; b < stages[s].n; b++)
			x = block(&st, x, named("features.%zu", at++).s, stages[s].widen, widened(stages[s].channels, conf),
				  b ? 1 : stages[s].stride);
	x = layer(&st, x, named("features.%zu.0", at).s, named("features.%zu.1", at).s,
		  conv_of(conf->width > 1 ? widened(LAST, conf) : LAST, 1, 1, 0), NULL, true);
	struct net net = { .features = nn_global_avgpool(x) };
	x = drop > 0 ? nn_dropout(net.features, drop) : net.features;
	net.logits = nn_dense(x, k->head, conf->classes, true, false);
	return net;
}

struct net build_mobilenet2(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	return build(k, x, conf, (struct style){ .tf = false });
}

struct net build_mobilenet2tf(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	return build(k, x, conf, (struct style){ .tf = true });
}
