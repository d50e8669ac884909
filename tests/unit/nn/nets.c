/* The named nets: torchvision's names, shapes, logits, gradients and statistics; how they begin. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "cases_nets.h"
#include "nn/nets/nets.h"
#include "../../golden/nets.h"

static const struct gold_net *golden(const char *name)
{
	for (size_t i = 0; i < sizeof(gold_nets) / sizeof(*gold_nets); i++)
		if (strcmp(gold_nets[i].name, name) == 0)
			return &gold_nets[i];
	ck_abort_msg("no golden '%s'", name);
}

/* Within tol of the larger of floor and the largest that is wanted. */
static void close_to(const char *name, const char *what, const double *got, const double *want, size_t n, double tol)
{
	double most = 1e-3;
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs(want[i]));
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(fabs(got[i] - want[i]) <= tol * most, "%s: %s %zu is %.17g, not %.17g", name, what, i, got[i], want[i]);
}

static void compare(nets_case_fn *fn, const char *name, double tol, double tol_train, double tol_grad)
{
	const struct gold_net *e = golden(name);
	struct nets_result r;
	fn(name, e->h, e->w, &r);
	close_to(name, "prediction", r.predicted, e->predicted, GOLD_ROWS * GOLD_CLASSES, tol);
	close_to(name, "logit in training", r.trained, e->trained, GOLD_ROWS * GOLD_CLASSES, tol_train);
	close_to(name, "loss", &r.loss, &e->loss, 1, tol_train);
	close_to(name, "gradient", r.grad, e->grad, 2, tol_grad);
	close_to(name, "gradient of the input", r.input, e->input, 2, tol_grad);
	if (e->stat[0] != 0)
		close_to(name, "statistic", r.stat, e->stat, 2, tol_train);
}

START_TEST(pytorch_in_double)
{
	static const char *const some[] = { "resnet20", "resnet18", "mobilenet2", "squeezenet" };
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		compare(nets_case_f64, some[i], 1e-10, 1e-9, 1e-9);
}
END_TEST

/* resnet50 has norms over four values here, and a relu that falls on the other side is seen in its gradient. */
START_TEST(pytorch_in_float)
{
	for (size_t i = 0; i < sizeof(gold_nets) / sizeof(*gold_nets); i++)
		compare(nets_case, gold_nets[i].name, 1e-4, 1e-3, strcmp(gold_nets[i].name, "resnet50") == 0 ? 0.1 : 2e-3);
}
END_TEST

START_TEST(adaptive)
{
	double got[sizeof(gold_adaptive) / sizeof(*gold_adaptive)];
	adaptive_case_f64(got);
	close_to("adaptive pool", "value", got, gold_adaptive, sizeof(got) / sizeof(*got), 1e-14);
}
END_TEST

/* The parameters of a net of so many classes on pictures of its usual size; without values. */
static struct params *parameters(const struct net_kind *k, size_t classes)
{
	struct params *ps = params_new();
	struct graph *g = graph_new(ps, 1, GRAPH_TRAIN);
	struct net_conf conf = { .classes = classes, .dropout = -1 };
	struct net net = k->build(k, nn_input(g, (size_t)k->usual_size, (size_t)k->usual_size, 3), &conf);
	ck_assert(node_shape(net.logits)->n == 2 && node_shape(net.logits)->d[1] == classes && node_shape(net.features)->n == 2);
	graph_free(g);
	return ps;
}

START_TEST(names_and_shapes)
{
	for (size_t i = 0; i < sizeof(gold_names) / sizeof(*gold_names); i++) {
		const struct gold_names *e = &gold_names[i];
		const struct net_kind *k = net_find(e->name);
		struct params *ps = parameters(k, k->usual_size == 32 ? 10 : 1000);
		uint64_t hash = 0;
		for (size_t j = 0; j < ps->n; j++) {
			struct str s = { 0 };
			str_printf(&s, "%s ", ps->p[j]->name);
			for (int d = 0; d < ps->p[j]->ndim; d++)
				str_printf(&s, d ? "x%zu" : "%zu", ps->p[j]->dim[d]);
			hash += golden_fnv(s.s);
			str_free(&s);
		}
		ck_assert_msg(ps->n == e->tensors && ps->size == e->elements, "%s: %zu tensors of %zu, not %zu of %zu", e->name, ps->n,
			      ps->size, e->tensors, e->elements);
		ck_assert_msg(hash == e->hash, "%s: other names or shapes", e->name);
		params_free(ps);
	}
}
END_TEST

/* The table and the range of an option agree; every kind's head is there and it runs at its least size. */
START_TEST(table)
{
	struct str names = { 0 };
	for (const struct net_kind *k = nets; k->name; k++) {
		str_printf(&names, "%s%s", names.n ? "|" : "", k->name);
		ck_assert_ptr_eq(net_find(k->name), k);
		struct params *ps = params_new();
		struct graph *g = graph_new(ps, 1, GRAPH_TRAIN);
		struct str head = { 0 };
		k->build(k, nn_input(g, (size_t)k->least_size, (size_t)k->least_size, 1), &(struct net_conf){ .classes = 3 });
		str_printf(&head, "%s.weight", k->head);
		const struct param *p = params_find(ps, head.s);
		ck_assert_msg(p && p->dim[0] == 3, "%s: no %s of 3 classes", k->name, head.s);
		str_free(&head);
		graph_free(g);
		params_free(ps);
	}
	ck_assert_str_eq(names.s, NET_NAMES);
	ck_assert_ptr_null(net_find("resnet19"));
	str_free(&names);
}
END_TEST

static double deviation(const struct params *ps, const char *name)
{
	const struct param *p = params_find(ps, name);
	double sum = 0;
	for (size_t i = 0; i < p->n; i++)
		sum += (double)param_x(ps, p)[i] * (double)param_x(ps, p)[i];
	return sqrt(sum / (double)p->n);
}

START_TEST(beginnings)
{
	static const struct {
		const char *net, *name;
		double want;
	} rows[] = {
		{ "resnet18", "layer2.0.conv1.weight", sqrt(2.0 / (128 * 9)) }, { "resnet18", "fc.weight", sqrt(1 / 512.0 / 3) },
		{ "resnet18", "layer1.0.bn1.weight", 1 }, { "resnet18", "layer1.0.bn1.bias", 0 },
		{ "resnet18", "layer1.0.bn1.running_var", 1 }, { "resnet18", "layer1.0.bn1.running_mean", 0 },
		{ "lenet", "fc1.bias", sqrt(1 / 400.0 / 3) }, { "squeezenet", "classifier.1.weight", 0.01 },
		{ "squeezenet", "classifier.1.bias", 0 }, { "squeezenet", "features.4.squeeze.weight", sqrt(2 / 128.0) },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct net_kind *k = net_find(rows[i].net);
		struct params *ps = parameters(k, 10);
		params_ready(ps);
		net_fill(k, ps, 3);
		double got = deviation(ps, rows[i].name), near = params_find(ps, rows[i].name)->n > 1000 ? 0.05 : 0.25;
		ck_assert_msg(fabs(got - rows[i].want) <= near * rows[i].want, "%s %s: %g, not %g", rows[i].net, rows[i].name, got,
			      rows[i].want);
		params_free(ps);
	}
}
END_TEST

UNIT_MAIN("nets", pytorch_in_double, pytorch_in_float, adaptive, names_and_shapes, table, beginnings)
