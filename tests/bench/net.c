/*
 * Speed of a net: net NAME BATCH SIZE CHANNELS CLASSES THREADS SECONDS [layers]. Prints pictures a second in training and
 * forward, GFLOP/s and the share of the peak that a loop of fused multiplications reaches on as many threads; with
 * `layers` what each layer takes, on one thread. "pair" is conv32-pool-conv64-pool-dense128-dense.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/par.h"
#include "nn/nets/nets.h"
#include "nn/op.h"
#include "nn/train.h"
#include "peak.h"

static double wall(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the net ---- */

static struct net pair(struct node *x, size_t classes)
{
	struct pool half = { .k = 2, .stride = 2 };
	struct conv a = conv_of(32, 3, 1, 1), b = conv_of(64, 3, 1, 1);
	struct net net;
	a.bias = b.bias = a.relu = b.relu = true;
	x = nn_maxpool(nn_conv(x, "conv1", a), half);
	x = nn_maxpool(nn_conv(x, "conv2", b), half);
	net.features = nn_dense(x, "fc1", 128, true, true);
	net.logits = nn_dense(net.features, "fc2", classes, true, false);
	return net;
}

struct made {
	struct graph *g;
	struct node *x, *label;
	size_t size, classes;
};

static struct made make(struct params *ps, const char *name, size_t rows, size_t size, size_t channels, size_t classes, bool train)
{
	struct made m = { .g = graph_new(ps, rows, train ? GRAPH_TRAIN : GRAPH_PREDICT), .classes = classes };
	const struct net_kind *k = net_find(name);
	struct net_conf conf = { .classes = classes, .dropout = -1 };
	m.x = nn_input(m.g, size, size, channels);
	struct net net = k ? k->build(k, m.x, &conf) : pair(m.x, classes);
	m.size = m.x->size;
	if (train) {
		m.label = nn_input(m.g, 0, 0, 1);
		graph_loss(nn_cross_entropy(net.logits, m.label, NULL, loss_usual()), 1);
	}
	graph_ready(m.g);
	return m;
}

static void fill(void *ctx, struct lane *l, size_t shard, int worker)
{
	const struct made *m = ctx;
	(void)worker;
	for (size_t i = 0; i < m->size; i++)
		lane_x(l, m->x)[i] = (float)((i * 2654435761u + shard) % 1000) / 500 - 1;
	for (size_t i = 0; i < m->g->rows; i++)
		lane_x(l, m->label)[i] = (float)(i % m->classes);
}

struct forward {
	struct lane **lanes;
};

static void forward_shard(void *ctx, size_t i, int worker)
{
	struct forward *f = ctx;
	(void)i;
	lane_forward(f->lanes[worker]);
}

static void layers(const struct graph *g, const struct lane *l, double runs, double peak1)
{
	double all = 0, conv = 0;
	for (size_t i = 0; i < 2 * g->n; i++)
		all += l->seconds[i];
	for (size_t i = 0; i < g->n; i++) {
		const struct node *nd = g->nodes[i];
		double fl = nd->op->flops ? nd->op->flops(nd) * 1e-9 : 0, f = l->seconds[i] / runs, b = l->seconds[g->n + i] / runs;
		double twice = nd->in && nd->nin && nd->in[0]->wants ? 2 : 1;
		if (fl > 0)
			conv += l->seconds[i] + l->seconds[g->n + i];
		printf("  %-16s %-28s %4.1f%%  forward %8.3f ms", nd->op->name, nd->name ? nd->name : "",
		       100 * (l->seconds[i] + l->seconds[g->n + i]) / all, 1e3 * f);
		if (fl > 0)
			printf(" %6.1f GFLOP/s %3.0f%%", fl / f, 100 * fl / f / peak1);
		printf("  backward %8.3f ms", 1e3 * b);
		if (fl > 0 && b > 0)
			printf(" %6.1f GFLOP/s %3.0f%%", twice * fl / b, 100 * twice * fl / b / peak1);
		printf("\n");
	}
	printf("  all but convolutions and dense layers: %.1f%%\n", 100 * (1 - conv / all));
}

int main(int argc, char **argv)
{
	if (argc < 8)
		return 64;
	const char *name = argv[1];
	size_t batch = strtoul(argv[2], 0, 10), size = strtoul(argv[3], 0, 10), channels = strtoul(argv[4], 0, 10);
	size_t classes = strtoul(argv[5], 0, 10), steps = 0;
	int threads = atoi(argv[6]);
	size_t shards = threads > 2 ? (size_t)threads : 2;
	double seconds = atof(argv[7]), start, top = peak() * threads * 1e-9;
	struct params *ps = params_new();
	struct made t = make(ps, name, batch / shards, size, channels, classes, true);
	struct made p = make(ps, name, batch / shards, size, channels, classes, false);
	params_ready(ps);
	for (size_t i = 0; i < ps->n; i++)
		param_uniform(ps, ps->p[i], 1, ps->p[i]->n / ps->p[i]->dim[0]);
	if (net_find(name))
		net_fill(net_find(name), ps, 1);
	struct optim *o = optim_new(ps, optim_usual(OPTIM_SGD));
	graph_pack(t.g, threads);
	graph_pack(p.g, threads);
	struct trainer *tr = trainer_new(t.g, o, shards, threads, 1);
	trainer_step(tr, fill, &t, 0, (double)batch, 1e-4);
	if (argc > 8) {
		tr->lanes[0]->seconds = calloc(2 * t.g->n, sizeof(double));
		tr->threads = 1;
	}
	for (start = wall(); wall() - start < seconds; steps++)
		trainer_step(tr, fill, &t, 1, (double)batch, 1e-4);
	double took = wall() - start, flops = graph_flops(t.g) / (double)t.g->rows * 1e-9, rate = (double)(steps * batch) / took;
	printf("%-12s train    %9.1f pictures/s %7.1f GFLOP/s %3.0f%% of peak %.0f; a step of %zu takes %.1f ms, %zu MB\n", name, rate,
	       3 * flops * rate, 300 * flops * rate / top, top, batch, 1e3 * took / (double)steps,
	       trainer_memory(t.g, &o->conf, shards, threads) >> 20);
	if (argc > 8)
		layers(t.g, tr->lanes[0], (double)(steps * shards), peak() * 1e-9);
	struct forward f = { .lanes = calloc((size_t)threads, sizeof(struct lane *)) };
	for (int i = 0; i < threads; i++) {
		f.lanes[i] = lane_new(p.g);
		lane_forward(f.lanes[i]);
	}
	for (steps = 0, start = wall(); wall() - start < seconds; steps++)
		par_for(threads, shards, forward_shard, &f);
	took = wall() - start;
	rate = (double)(steps * batch) / took;
	printf("%-12s forward  %9.1f pictures/s %7.1f GFLOP/s %3.0f%%\n", name, rate, flops * rate, 100 * flops * rate / top);
	return 0;
}
