/* Nets for small pictures, from 28 x 28 up. */
#include "nn/nets/parts.h"

static const struct pool half = { .k = 2, .stride = 2 };

static struct conv with_bias(struct conv c, bool relu)
{
	c.bias = true;
	c.relu = relu;
	return c;
}

/* LeCun et al. 1998, LeNet-5, with relu and maxima: two convolutions 5x5, three dense layers. */
struct net build_lenet(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	double drop = dropout_of(conf, 0);
	struct net net;
	x = nn_maxpool(nn_conv(x, "conv1", with_bias(conv_of(6, 5, 1, 2), true)), half);
	x = nn_maxpool(nn_conv(x, "conv2", with_bias(conv_of(16, 5, 1, 0), true)), half);
	x = nn_dense(x, "fc1", 120, true, true);
	x = drop > 0 ? nn_dropout(x, drop) : x;
	net.features = nn_dense(x, "fc2", 84, true, true);
	x = drop > 0 ? nn_dropout(net.features, drop) : net.features;
	net.logits = nn_dense(x, k->head, conf->classes, true, false);
	return net;
}

/*
 * Blocks of a convolution 3x3, a norm and relu, of growing width, each ended by a maximum over 2x2 but the last, whose
 * positions are averaged.
 */
struct net build_simple(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	static const size_t channels[] = { 32, 64, 128, 256 };
	enum { BLOCKS = sizeof(channels) / sizeof(*channels) };
	double drop = dropout_of(conf, 0.3);
	struct net net;
	for (size_t b = 0; b < BLOCKS; b++) {
		x = nn_conv(x, named("block%zu.conv", b + 1).s, conv_of(widened(channels[b], conf), 3, 1, 1));
		x = nn_batchnorm(x, named("block%zu.bn", b + 1).s, 1e-5, NULL, true);
		if (b + 1 < BLOCKS)
			x = nn_maxpool(x, half);
	}
	net.features = nn_global_avgpool(x);
	x = drop > 0 ? nn_dropout(net.features, drop) : net.features;
	net.logits = nn_dense(x, k->head, conf->classes, true, false);
	return net;
}
