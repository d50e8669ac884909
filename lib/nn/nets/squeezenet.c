/* Iandola et al. 2016, SqueezeNet 1.1, with torchvision's names. */
#include "nn/nets/parts.h"

static struct node *conv_relu(struct node *x, const char *name, struct conv c)
{
	c.bias = c.relu = true;
	return nn_conv(x, name, c);
}

/* Few channels by 1x1, then many by 1x1 and by 3x3 side by side. */
static struct node *fire(struct node *x, const char *at, size_t few, size_t many)
{
	x = conv_relu(x, named("%s.squeeze", at).s, conv_of(few, 1, 1, 0));
	struct node *both[] = { conv_relu(x, named("%s.expand1x1", at).s, conv_of(many, 1, 1, 0)),
				conv_relu(x, named("%s.expand3x3", at).s, conv_of(many, 3, 1, 1)) };
	return nn_concat(both, 2);
}

struct net build_squeezenet(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	static const size_t few[] = { 0, 16, 16, 0, 32, 32, 0, 48, 48, 64, 64 };	/* 0: a pooling */
	double drop = dropout_of(conf, 0.5);
	struct net net;
	x = conv_relu(x, "features.0", conv_of(64, 3, 2, 0));
	for (size_t i = 0; i < sizeof(few) / sizeof(*few); i++)
		x = few[i] ? fire(x, named("features.%zu", i + 2).s, few[i], few[i] * 4)
			   : nn_maxpool(x, (struct pool){ .k = 3, .stride = 2, .ceil = true });
	net.features = nn_global_avgpool(x);
	x = drop > 0 ? nn_dropout(x, drop) : x;
	net.logits = nn_global_avgpool(conv_relu(x, k->head, conv_of(conf->classes, 1, 1, 0)));
	return net;
}
