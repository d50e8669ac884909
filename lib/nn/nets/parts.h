/* What the files of this folder share. */
#ifndef DLS_NN_NETS_PARTS_H
#define DLS_NN_NETS_PARTS_H

#include "base/die.h"
#include "nn/nets/nets.h"

/* The name of a layer, made for the call it stands in: nn_conv(x, named("%s.conv1", at).s, ...). */
struct named {
	char s[64];
};
struct named named(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* conf's share of dropout, or the net's own. */
static inline double dropout_of(const struct net_conf *conf, double own)
{
	return conf->dropout < 0 ? own : conf->dropout;
}

/* channels times conf->width, to the nearest multiple of 8 that is at least 8 and 0.9 of it: as MobileNet rounds. */
size_t widened(size_t channels, const struct net_conf *conf);

struct net build_lenet(const struct net_kind *k, struct node *x, const struct net_conf *conf);
struct net build_simple(const struct net_kind *k, struct node *x, const struct net_conf *conf);

/* plan: the channels of the convolutions, 0 a pooling, ended by VGG_END; norms says whether each has a norm. */
enum { VGG_END = -1 };
struct vgg_plan {
	bool norms;
	const int *steps;
};
struct net build_vgg(const struct net_kind *k, struct node *x, const struct net_conf *conf);

struct resnet_plan {
	int blocks[4];		/* of each stage */
	bool bottleneck;	/* 1x1, 3x3, 1x1 with four times the channels, not 3x3, 3x3 */
};
struct net build_resnet(const struct net_kind *k, struct node *x, const struct net_conf *conf);

/* plan: int, the blocks of a stage. */
struct net build_resnet_cifar(const struct net_kind *k, struct node *x, const struct net_conf *conf);

struct net build_mobilenet2(const struct net_kind *k, struct node *x, const struct net_conf *conf);
struct net build_mobilenet2tf(const struct net_kind *k, struct node *x, const struct net_conf *conf);

struct net build_squeezenet(const struct net_kind *k, struct node *x, const struct net_conf *conf);

#endif
