/*
 * Cases of ops: small nets, each a row of a table, that the tests of this
 * folder go through. All of it is compiled twice (Makefile): in float with the
 * kernels in use, and in double with the naive ones, where names end in _f64.
 *
 * A new case is a builder, which makes the op over inputs of any shape it
 * likes and gives back what the op gives, and a row for each shape:
 *
 *	static struct node *act(struct case_net *c)
 *	{
 *		return nn_act(case_in(c, 0), (enum act)c->row->arg);
 *	}
 *	...
 *	{ "relu", act, { 2, 3, 4, 5 }, .arg = ACT_RELU },
 *
 * Inputs and parameters are filled with numbers that depend on their name and
 * nothing else, so that tests/golden/nn.py makes the same.
 */
#ifndef DLS_TESTS_NN_CASES_H
#define DLS_TESTS_NN_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct case_net;
struct node;
struct graph;

struct net_case {
	const char *name;
	struct node *(*build)(struct case_net *c);
	size_t d[4];		/* rows, h, w, c of case_in(); h 0: none, w 0: none either */
	int arg;		/* the builder's */
	bool modes_differ;	/* in prediction it gives something else than in training */
	bool golden_only;	/* too many parameters for differences, or gradients that differences do not give */
};

#define CASE_INPUTS 4

/* What a builder is given. A net may hold the op twice; the second time the inputs are the first's. */
struct case_net {
	const struct net_case *row;
	struct graph *g;
	struct node *leaf[CASE_INPUTS], *in[CASE_INPUTS];	/* in: the leaf, or a node over it, so that the op may run in place */
	size_t whole[CASE_INPUTS];				/* values are labels below that; 0: any number, and gradients are checked */
	bool behind;
};

struct node *case_in(struct case_net *c, int k);				/* input k of the row's shape */
struct node *case_in_of(struct case_net *c, int k, size_t h, size_t w, size_t ch);/* of another */
struct node *case_labels(struct case_net *c, int k, size_t h, size_t w, size_t ch, size_t classes);

enum { CASE_MOST_PARTS = 40 };

/* What a case gives: the values, then each gradient, and the running statistics. */
struct case_result {
	size_t n;
	struct case_part {
		char name[48];
		double *v;	/* (n) */
		size_t n;
	} part[CASE_MOST_PARTS];
};

/* case_row() goes through several of them. */
struct case_table {
	const struct net_case *row;
	size_t n;
};

/* How a net is made of a case: the op over the inputs; over nodes over them; so, and twice with the same parameters. */
enum case_kind { CASE_PLAIN, CASE_BEHIND, CASE_TWICE, CASE_KINDS };

#define CASE_API(s) \
	const struct net_case *case_row##s(size_t i); /* NULL: there are no more */ \
	const struct net_case *case_faulty##s(size_t i); \
	const struct net_case *case_sums_row##s(size_t i); /* the last ones, of cases_sums.c */ \
	/* Gradients against central differences, of every subset of inputs and parameters; what is wrong to out, and counted. */ \
	size_t case_gradients##s(const struct net_case *row, struct str *out); \
	struct case_result case_train##s(const struct net_case *row, enum case_kind kind); \
	struct case_result case_predict##s(const struct net_case *row, enum case_kind kind); \
	void case_free##s(struct case_result *r);
CASE_API()
CASE_API(_f64)

#endif
