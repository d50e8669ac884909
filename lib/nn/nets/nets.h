/*
 * The named nets for pictures. A kind of net builds its nodes over an input and
 * gives back those that its user connects; parameters have the names and shapes
 * of the public weights (torchvision's, those of pytorch_resnet_cifar10), so
 * that such files load as they are (nn/weights.h).
 *
 *	const struct net_kind *k = net_find("resnet18");
 *	struct net_conf conf = { .classes = 10, .dropout = -1 };
 *	struct net net = k->build(k, nn_input(g, 224, 224, 3), &conf);
 *	graph_loss(nn_cross_entropy(net.logits, label, NULL, ...), 1);
 *	params_ready(ps);
 *	net_fill(k, ps, seed);
 *
 * To add a net: a row in the table of nets.c and its function in the file of its
 * kin.
 */
#ifndef DLS_NN_NETS_NETS_H
#define DLS_NN_NETS_NETS_H

#include "nn/layers.h"

struct net_conf {
	size_t classes;
	double dropout;		/* share of values left out before dense layers; < 0: the net's own */
	double width;		/* `simple` and mobilenet2: times the channels; 0: 1 */
};

struct net {
	struct node *features;	/* (rows, f) what the last layer reads, or (squeezenet) its mean over positions */
	struct node *logits;	/* (rows, classes) */
};

/* How the weights of a layer begin; its bias at 0 but for the first. Norms begin at weight 1 and bias 0. */
enum net_begin {
	BEGIN_UNIFORM,	/* weights and bias uniform in +-1 / sqrt(fan in), as PyTorch's layers do */
	BEGIN_HE_OUT,	/* normal, variance 2 / fan out */
	BEGIN_HE_IN,	/* normal, variance 2 / fan in */
	BEGIN_SMALL	/* normal, standard deviation 0.01 */
};

struct net_kind {
	const char *name, *brief;	/* brief: lower case, no full stop */
	const char *head;		/* the prefix of the last layer's parameters, which other classes replace */
	/* x (rows, h, w, c), h and w at least least_size. */
	struct net (*build)(const struct net_kind *k, struct node *x, const struct net_conf *conf);
	const void *plan;		/* what tells the kinds of one function apart */
	enum net_begin conv, dense;	/* dense: the last layer too, whatever it is */
	int32_t usual_size;		/* height and width of the pictures that its weights know */
	int32_t least_size;
	const char *const *also;	/* weights_load()'s FROM=TO for a public file of other names; NULL: none */
};

extern const struct net_kind nets[];	/* ends in a row without name */

const struct net_kind *net_find(const char *name);	/* NULL: none */

/* The names of the table, as the range of an option. */
#define NET_NAMES "lenet|simple|vgg11|vgg16|vgg19|vgg11bn|vgg16bn|vgg19bn|resnet18|resnet34|resnet50|" \
	"resnet20|resnet32|resnet56|mobilenet2|mobilenet2tf|squeezenet"

/* The weights and biases that training from scratch starts from, each from a stream of its name. After params_ready(). */
void net_fill(const struct net_kind *k, struct params *ps, uint64_t seed);

#endif
