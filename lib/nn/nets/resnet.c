/*
 * Residual nets, He et al. 2016. What goes around a block is made before the
 * block's last convolution, so that in prediction the sum and its relu become
 * part of that convolution.
 */
#include "nn/nets/parts.h"

#define EPS 1e-5

static struct node *conv_norm(struct node *x, const char *conv, const char *norm, struct conv c, struct node *residual,
			      bool relu)
{
	return nn_batchnorm(nn_conv(x, conv, c), norm, EPS, residual, relu);
}

/* One block with the names of torchvision; stride is that of its 3x3 convolution (of the first of two). */
static struct node *block(struct node *x, const char *at, size_t channels, size_t stride, bool bottleneck)
{
	size_t out = bottleneck ? channels * 4 : channels;
	struct node *around = x;
	if (stride != 1 || node_shape(x)->d[3] != out)
		around = conv_norm(x, named("%s.downsample.0", at).s, named("%s.downsample.1", at).s,
				   conv_of(out, 1, stride, 0), NULL, false);
	if (bottleneck)
		x = conv_norm(x, named("%s.conv1", at).s, named("%s.bn1", at).s, conv_of(channels, 1, 1, 0), NULL, true);
	const char *second = bottleneck ? "2" : "1", *last = bottleneck ? "3" : "2";
	x = conv_norm(x, named("%s.conv%s", at, second).s, named("%s.bn%s", at, second).s,
		      conv_of(channels, 3, stride, 1), NULL, true);
	return conv_norm(x, named("%s.conv%s", at, last).s, named("%s.bn%s", at, last).s,
			 bottleneck ? conv_of(out, 1, 1, 0) : conv_of(out, 3, 1, 1), around, true);
}

/* Logits over the mean of all positions. */
static struct net finish(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	double drop = dropout_of(conf, 0);
	struct net net = { .features = nn_global_avgpool(x) };
	x = drop > 0 ? nn_dropout(net.features, drop) : net.features;
	net.logits = nn_dense(x, k->head, conf->classes, true, false);
	return net;
}

struct net build_resnet(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	const struct resnet_plan *plan = k->plan;
	x = conv_norm(x, "conv1", "bn1", conv_of(64, 7, 2, 3), NULL, true);
	x = nn_maxpool(x, (struct pool){ .k = 3, .stride = 2, .pad = 1 });
	for (int s = 0; s < 4; s++)
		for (int b = 0; b < plan->blocks[s]; b++)
			x = block(x, named("layer%d.%d", s + 1, b).s, (size_t)64 << s, s && b == 0 ? 2 : 1,
				  plan->bottleneck);
	return finish(k, x, conf);
}

/* A block of the CIFAR nets, whose shortcut is option A: it has no parameters. */
static struct node *block_cifar(struct node *x, const char *at, size_t channels, size_t stride)
{
	struct node *around = stride == 1 ? x : nn_shortcut(x, stride, channels);
	x = conv_norm(x, named("%s.conv1", at).s, named("%s.bn1", at).s, conv_of(channels, 3, stride, 1), NULL, true);
	return conv_norm(x, named("%s.conv2", at).s, named("%s.bn2", at).s, conv_of(channels, 3, 1, 1), around, true);
}

/* Section 4.2: three stages of 16, 32, 64 channels. */
struct net build_resnet_cifar(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	int blocks = *(const int *)k->plan;
	x = conv_norm(x, "conv1", "bn1", conv_of(16, 3, 1, 1), NULL, true);
	for (int s = 0; s < 3; s++)
		for (int b = 0; b < blocks; b++)
			x = block_cifar(x, named("layer%d.%d", s + 1, b).s, (size_t)16 << s, s && b == 0 ? 2 : 1);
	return finish(k, x, conf);
}
