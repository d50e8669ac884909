/* Simonyan and Zisserman 2015: convolutions 3x3, three dense layers; with torchvision's names. */
#include "nn/nets/parts.h"

#define SPREAD 7	/* positions a side that the dense layers of the public weights read */

/*
 * The dense layers take the map averaged to 7x7, as the public weights want it, where there are at least 2x2 positions
 * (pictures from 64 x 64). From smaller pictures they take the mean of all positions and are 512 wide: with 7x7 copies
 * of one position 120 million weights would read 512 numbers.
 */
static struct net finish(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	bool wide = node_shape(x)->d[1] > 1 && node_shape(x)->d[2] > 1;
	size_t width = wide ? 4096 : 512;
	double drop = dropout_of(conf, 0.5);
	struct net net;
	x = wide ? nn_adaptive_avgpool(x, SPREAD, SPREAD) : nn_global_avgpool(x);
	x = nn_dense(x, "classifier.0", width, true, true);
	x = drop > 0 ? nn_dropout(x, drop) : x;
	net.features = nn_dense(x, "classifier.3", width, true, true);
	x = drop > 0 ? nn_dropout(net.features, drop) : net.features;
	net.logits = nn_dense(x, k->head, conf->classes, true, false);
	return net;
}

struct net build_vgg(const struct net_kind *k, struct node *x, const struct net_conf *conf)
{
	const struct vgg_plan *plan = k->plan;
	size_t at = 0;	/* torchvision counts relu and pooling too */
	for (const int *s = plan->steps; *s != VGG_END; s++) {
		if (*s == 0) {
			x = nn_maxpool(x, (struct pool){ .k = 2, .stride = 2 });
			at++;
			continue;
		}
		struct conv c = conv_of((size_t)*s, 3, 1, 1);
		c.bias = true;
		c.relu = !plan->norms;
		x = nn_conv(x, named("features.%zu", at).s, c);
		if (plan->norms)
			x = nn_batchnorm(x, named("features.%zu", at + 1).s, 1e-5, NULL, true);
		at += plan->norms ? 3 : 2;
	}
	return finish(k, x, conf);
}
