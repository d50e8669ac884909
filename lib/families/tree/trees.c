/* Trees that are grown: adding, walking, reading and writing. */
#include "families/tree/trees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define LANES 8
#define LEAF UINT32_MAX	/* in the file: the test of a leaf */
#define SHOWN 20	/* sparse columns whose importance is shown */

void trees_init(struct trees *t, const struct data *d, int32_t k)
{
	size_t ncols = d->ncols;
	const struct column *cols = d->cols;
	*t = (struct trees){ .ncols = ncols, .k = k, .first = NEW0(uint64_t, 1), .gain = NEW0(double, ncols + 1),
			     .uses = NEW0(double, ncols + 1), .level_at = NEW0(size_t, ncols + 1) };
	for (size_t c = 0; c < ncols; c++)
		t->level_at[c + 1] = t->level_at[c] + (cols[c].kind == KIND_CATEGORY ? (size_t)cols[c].nlevels : 0);
	t->level_bin = NEW(uint8_t, t->level_at[ncols] + 1);
	memset(t->level_bin, NO_BIN, t->level_at[ncols]);
	t->nprobs = t->cap_probs = (size_t)k;
	t->prob = NEW0(float, (size_t)k * (size_t)k + 1);
	for (size_t c = 0; c < (size_t)k; c++)
		t->prob[c * (size_t)k + c] = 1;
}

void trees_free(struct trees *t)
{
	free(t->used);
	free(t->slot);
	free(t->first);
	free(t->node);
	free(t->cover);
	free(t->mask);
	free(t->level_at);
	free(t->level_bin);
	free(t->prob);
	free(t->gain);
	free(t->uses);
}

/* -------------------------------------------------- sparse columns that are used */

/* Where the column's place is in slot, or would be. */
static uint32_t *slot_of(const struct trees *t, uint32_t col)
{
	size_t i = (size_t)(col * 0x9e3779b97f4a7c15u >> 32) & (t->nslots - 1);
	while (t->slot[i] != NO_COLUMN && t->used[t->slot[i]] != col)
		i = (i + 1) & (t->nslots - 1);
	return &t->slot[i];
}

uint32_t trees_place(const struct trees *t, uint32_t col)
{
	return t->nused ? *slot_of(t, col) : NO_COLUMN;
}

/* Makes slot anew, of at least twice as many slots as places. */
static void make_slots(struct trees *t)
{
	for (t->nslots = 64; t->nslots < 2 * t->cap_used; t->nslots *= 2)
		;
	GROW(t->slot, t->nslots);
	memset(t->slot, 0xff, t->nslots * sizeof(*t->slot));
	for (size_t i = 0; i < t->nused; i++)
		*slot_of(t, t->used[i]) = (uint32_t)i;
}

/* The number in the nodes of a sparse column, which is then used. */
static size_t use_sparse(struct trees *t, uint32_t j)
{
	uint32_t place = trees_place(t, j);
	if (place != NO_COLUMN)
		return t->ncols + place;
	if (t->nused == t->cap_used) {
		t->cap_used = 2 * t->cap_used + 64;
		GROW(t->used, t->cap_used);
		GROW(t->gain, t->ncols + t->cap_used);
		GROW(t->uses, t->ncols + t->cap_used);
		make_slots(t);
	}
	t->gain[t->ncols + t->nused] = t->uses[t->ncols + t->nused] = 0;
	t->used[t->nused] = j;
	*slot_of(t, j) = (uint32_t)t->nused;
	return t->ncols + t->nused++;
}

/* The number in the nodes of a column of the table. */
static inline size_t use_column(struct trees *t, size_t col)
{
	return col < t->ncols ? col : use_sparse(t, (uint32_t)(col - t->ncols));
}

/* The other way round. */
static size_t table_column(const struct trees *t, size_t col)
{
	return col < t->ncols ? col : t->ncols + t->used[col - t->ncols];
}

const char *trees_check(const struct data *d)
{
	return d->ncols + data_nsparse(d) >= NODE_COLUMN(LEAF) ? "trees take fewer than 2^30 - 1 columns; use fewer --hash-bits" : NULL;
}

/* -------------------------------------------------------------------- adding */

/* Makes room for n elements, at least doubling. */
#define ROOM(p, cap, n) \
	do { \
		if ((n) > (cap)) { \
			(cap) = (n) > 2 * (cap) ? (n) : 2 * (cap); \
			GROW(p, cap); \
		} \
	} while (0)

/* The sprout's nodes in breadth-first order, to order (nnodes). */
static void breadth_first(const struct sprout *s, uint32_t *order)
{
	size_t n = 1;
	order[0] = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t left = (uint32_t)s->node[order[i]].left;
		if (left) {
			order[n++] = left;
			order[n++] = left + 1;
		}
	}
}

/* The row of prob that holds a leaf's probabilities (k). */
static double add_prob(struct trees *t, const float *prob)
{
	size_t k = (size_t)t->k, at = t->nprobs, cap = t->cap_probs * k;
	for (size_t c = 0; c < k; c++)
		if (prob[c] == 1)
			return (double)c;
	t->nprobs++;
	ROOM(t->prob, cap, t->nprobs * k);
	t->cap_probs = cap / k;
	memcpy(t->prob + at * k, prob, k * sizeof(*prob));
	return (double)at;
}

void trees_add(struct trees *t, const struct sprout *s)
{
	size_t base = t->nnodes, next = 1, cap = t->cap_nodes;
	uint32_t *order = NEW(uint32_t, s->nnodes);
	breadth_first(s, order);
	ROOM(t->node, cap, base + s->nnodes);
	ROOM(t->cover, t->cap_nodes, base + s->nnodes);
	t->cap_nodes = cap;
	ROOM(t->first, t->cap_trees, t->ntrees + 2);
	ROOM(t->mask, t->cap_mask, t->nmask + s->nmask);
	for (size_t i = 0; i < s->nnodes; i++) {
		struct node n = s->node[order[i]];
		if (n.left) {
			n.left = (int32_t)next;
			n.test = (uint32_t)use_column(t, s->id[NODE_COLUMN(n.test)]) << 2 | (n.test & NODE_FLAGS);
			next += 2;
			if (n.test & NODE_CATEGORY) {
				const uint32_t *m = s->mask + (size_t)n.value;
				memcpy(t->mask + t->nmask, m, (*m + 1) * sizeof(*m));
				n.value = (double)t->nmask;
				t->nmask += *m + 1;
			}
		} else if (t->k) {
			n.value = add_prob(t, s->prob + (size_t)order[i] * (size_t)t->k);
		}
		t->node[base + i] = n;
		t->cover[base + i] = s->cover[order[i]];
	}
	t->nnodes += s->nnodes;
	t->first[0] = 0;
	t->first[++t->ntrees] = t->nnodes;
	for (size_t i = 0; i < s->nnodes / 2; i++) {
		size_t col = use_column(t, s->id[s->gains[i].col]);
		t->gain[col] += s->gains[i].gain;
		t->uses[col] += 1;
	}
	free(order);
}

void trees_cut(struct trees *t, size_t ntrees)
{
	size_t nodes = t->first[ntrees], mask = 0, cols = t->ncols;
	for (size_t i = 0; i < nodes; i++) {
		size_t next = t->node[i].left ? (size_t)NODE_COLUMN(t->node[i].test) + 1 : 0;
		cols = next > cols ? next : cols;
		if (t->node[i].left && t->node[i].test & NODE_CATEGORY)
			mask = (size_t)t->node[i].value + t->mask[(size_t)t->node[i].value] + 1;
	}
	t->ntrees = ntrees;
	t->nnodes = nodes;
	t->nmask = mask;
	t->nused = cols - t->ncols;
	make_slots(t);
}

void trees_scale(struct trees *t, size_t tree, double by)
{
	for (uint64_t i = t->first[tree]; i < t->first[tree + 1]; i++)
		if (!t->node[i].left)
			t->node[i].value *= by;
}

static inline bool goes_left(const struct trees *t, const struct node *n, const struct window *w, size_t row, bool own)
{
	size_t col = NODE_COLUMN(n->test);
	if (n->test & NODE_CATEGORY) {
		int32_t level = w->cols[col].cat[row];
		const uint32_t *mask = t->mask + (int64_t)n->value;
		if (level < 0)
			return n->test & NODE_MISSING_LEFT;
		uint32_t bin = t->level_bin[t->level_at[col] + (size_t)level];
		return bin >> 5 < mask[0] && mask[(bin >> 5) + 1] >> (bin & 31) & 1;
	}
	double x = !own ? w->cols[col].num[row] : w->there[col] >> row & 1 ? w->num[col * w->size + row] : 0;
	/* no branch from here on: which side is a coin's toss */
	return (x <= n->value) | ((unsigned)(x != x) & n->test & NODE_MISSING_LEFT);
}

bool trees_goes_left(const struct trees *t, const struct node *n, const struct window *w, size_t row)
{
	return goes_left(t, n, w, row, w->num);
}

/* The leaves of m rows, m <= LANES, that go down together so that their loads overlap. */
static inline __attribute__((always_inline)) void descend(const struct trees *t, size_t first, const struct window *w,
							   const uint32_t *rows, size_t m, bool own, uint32_t *leaf)
{
	const struct node *node = t->node + first;
	uint32_t at[LANES] = { 0 }, moved;
	do {
		moved = 0;
		for (size_t i = 0; i < m; i++) {
			const struct node *x = &node[at[i]];
			if (x->left)
				at[i] = (uint32_t)x->left + !goes_left(t, x, w, rows[i], own);
			moved |= (uint32_t)x->left;
		}
	} while (moved);
	for (size_t i = 0; i < m; i++)
		leaf[i] = (uint32_t)first + at[i];
}

static inline __attribute__((always_inline)) void leaves(const struct trees *t, size_t tree, const struct window *w,
							  const uint32_t *rows, size_t n, bool own, uint32_t *leaf)
{
	size_t first = t->first[tree], i = 0;
	for (; i + LANES <= n; i += LANES)
		descend(t, first, w, rows + i, LANES, own, leaf + i);
	descend(t, first, w, rows + i, n - i, own, leaf + i);
}

/*
 * The leaves of LANES rows of numbers alone, without a branch but the loop's: a
 * row that is at its leaf stays there (a leaf's test is of column 0) until all
 * are, for where rows end nobody can foresee either.
 */
static inline __attribute__((always_inline)) void descend_numbers(const struct node *node, const double *const *numbers,
								  const uint32_t *rows, uint32_t *at)
{
	uint32_t moved;
	do {
		moved = 0;
#pragma GCC unroll 8
		for (size_t i = 0; i < LANES; i++) {
			const struct node *n = &node[at[i]];
			double x = numbers[NODE_COLUMN(n->test)][rows[i]];
			uint32_t left = (uint32_t)n->left, right = !((x <= n->value) | ((unsigned)(x != x) & n->test & NODE_MISSING_LEFT));
			uint32_t stay = (left == 0) - 1u;	/* all ones when there is somewhere to go */
			at[i] = ((left + right) & stay) | (at[i] & ~stay);
			moved |= left;
		}
	} while (moved);
}

static void leaves_numbers(const struct trees *t, size_t tree, const struct window *w, const uint32_t *rows, size_t n,
			   uint32_t *leaf)
{
	size_t first = t->first[tree], i = 0;
	for (; i + LANES <= n; i += LANES) {
		uint32_t at[LANES] = { 0 };
		descend_numbers(t->node + first, w->numbers, rows + i, at);
		for (size_t l = 0; l < LANES; l++)
			leaf[i + l] = (uint32_t)first + at[l];
	}
	descend(t, first, w, rows + i, n - i, false, leaf + i);
}

void trees_leaves(const struct trees *t, size_t tree, const struct window *w, const uint32_t *rows, size_t n, uint32_t *leaf)
{
	if (w->num)
		leaves(t, tree, w, rows, n, true, leaf);
	else if (w->numbers)
		leaves_numbers(t, tree, w, rows, n, leaf);
	else
		leaves(t, tree, w, rows, n, false, leaf);
}

/* ---------------------------------------------------------------------- file */

/*
 * Tensors: tree.first, node.test (column << 2 | flags, or all ones),
 * node.value, node.cover, mask, level.bin, leaf.prob, importance (2, ncols +
 * nused), the sparse columns in the order of their first use in node.test.
 */
void trees_save(const struct trees *t, struct store *st)
{
	size_t ncols = t->ncols + t->nused;
	uint32_t *test = NEW(uint32_t, t->nnodes + 1);
	double *importance = NEW(double, 2 * ncols + 1);
	for (size_t i = 0; i < t->nnodes; i++) {
		uint32_t own = t->node[i].test;
		test[i] = t->node[i].left ? (uint32_t)table_column(t, NODE_COLUMN(own)) << 2 | (own & NODE_FLAGS) : LEAF;
	}
	double *value = NEW(double, t->nnodes + 1);
	for (size_t i = 0; i < t->nnodes; i++)
		value[i] = t->node[i].value;
	memcpy(importance, t->gain, ncols * sizeof(double));
	memcpy(importance + ncols, t->uses, ncols * sizeof(double));
	store_put1(st, "tree.first", DT_U64, t->ntrees + 1, t->first);
	store_put1(st, "node.test", DT_U32, t->nnodes, test);
	store_put1(st, "node.value", DT_F64, t->nnodes, value);
	store_put1(st, "node.cover", DT_F32, t->nnodes, t->cover);
	store_put1(st, "mask", DT_U32, t->nmask, t->mask);
	store_put1(st, "level.bin", DT_U8, t->level_at[t->ncols], t->level_bin);
	store_put2(st, "importance", DT_F64, 2, ncols, importance);
	if (t->k)
		store_put2(st, "leaf.prob", DT_F32, t->nprobs, (size_t)t->k, t->prob);
	free(test);
	free(value);
	free(importance);
}

/* One node of tree `tree` at `at`, `left` being where its children would be. */
static struct node load_node(struct trees *t, const struct data *x, struct store *st, uint32_t test, double value,
			     size_t at, size_t left)
{
	if (!isfinite(value))
		store_bad(st, "node.value[%zu] is not finite", at);
	if (test == LEAF) {
		if (t->k && (!(value >= 0 && value < (double)t->nprobs) || value != floor(value)))
			store_bad(st, "node.value[%zu] is no row of leaf.prob", at);
		return (struct node){ value, 0, 0 };
	}
	size_t col = NODE_COLUMN(test);
	if (col >= x->ncols + data_nsparse(x) ||
	    !(test & NODE_CATEGORY) != (col >= x->ncols || x->cols[col].kind == KIND_NUMERIC))
		store_bad(st, "node.test[%zu] does not fit the columns", at);
	if (test & NODE_CATEGORY)
		if (!(value >= 0 && value < (double)t->nmask) || value != floor(value) ||
		    t->mask[(size_t)value] >= t->nmask - (size_t)value)
			store_bad(st, "node.value[%zu] is no place in mask", at);
	return (struct node){ value, (int32_t)left, (uint32_t)use_column(t, col) << 2 | (test & NODE_FLAGS) };
}

static void load_tree(struct trees *t, const struct data *x, struct store *st, size_t tree, const uint32_t *test,
		      const double *value, uint16_t *depth)
{
	uint64_t from = t->first[tree], to = t->first[tree + 1], next = 1;
	depth[0] = 0;
	if (from >= to || to > t->nnodes || to - from > INT32_MAX)
		store_bad(st, "tree.first does not ascend within the nodes at %zu", tree);
	for (uint64_t i = from; i < to; i++) {
		t->node[i] = load_node(t, x, st, test[i], value[i], i, next);
		if (t->node[i].left && (next <= i - from || next + 1 >= to - from || depth[i - from] == TREE_MAX_DEPTH))
			store_bad(st, "tree %zu: node %zu has children that are before it, beyond the tree or too deep", tree,
				  (size_t)(i - from));
		if (t->node[i].left) {
			depth[next] = depth[next + 1] = (uint16_t)(depth[i - from] + 1);
			next += 2;
		}
		if (!(t->cover[i] >= 0) || !isfinite(t->cover[i]))
			store_bad(st, "node.cover[%zu] is not a weight", (size_t)i);
	}
	if (next != to - from)
		store_bad(st, "tree %zu has %zu nodes and needs %zu", tree, (size_t)(to - from), (size_t)next);
}

/* The tables beside the nodes. */
static void load_tables(struct trees *t, struct store *st)
{
	size_t mask = ANY, probs = ANY, k = (size_t)t->k;
	const uint32_t *masks = store_get1(st, "mask", DT_U32, &mask);
	t->mask = mem_copy(masks, mask, sizeof(*masks));
	t->nmask = mask;
	memcpy(t->level_bin, store_get1(st, "level.bin", DT_U8, &t->level_at[t->ncols]), t->level_at[t->ncols]);
	if (!k)
		return;
	const float *p = store_get2(st, "leaf.prob", DT_F32, &probs, &k);
	for (size_t i = 0; i < probs; i++) {
		double sum = 0;
		for (size_t c = 0; c < k; c++) {
			if (!(p[i * k + c] >= 0 && p[i * k + c] <= 1))
				store_bad(st, "leaf.prob[%zu] is not a probability", i * k + c);
			sum += (double)p[i * k + c];
		}
		if (fabs(sum - 1) > 1e-3)
			store_bad(st, "leaf.prob[%zu]: the probabilities sum to %g", i, sum);
	}
	free(t->prob);
	t->prob = mem_copy(p, probs * k, sizeof(*p));
	t->nprobs = probs;
}

static void load_importance(struct trees *t, struct store *st)
{
	size_t two = 2, ncols = t->ncols + t->nused;
	const double *importance = store_get2(st, "importance", DT_F64, &two, &ncols);
	for (size_t i = 0; i < 2 * ncols; i++)
		if (!(importance[i] >= 0) || !isfinite(importance[i]))
			store_bad(st, "importance[%zu] is not a number from 0", i);
	memcpy(t->gain, importance, ncols * sizeof(double));
	memcpy(t->uses, importance + ncols, ncols * sizeof(double));
}

void trees_load(struct trees *t, const struct data *x, int32_t k, struct store *st)
{
	size_t firsts = ANY, nodes = ANY;
	const uint64_t *first = store_get1(st, "tree.first", DT_U64, &firsts);
	const uint32_t *test = store_get1(st, "node.test", DT_U32, &nodes);
	const double *value = store_get1(st, "node.value", DT_F64, &nodes);
	trees_init(t, x, k);
	load_tables(t, st);
	if (firsts < 1 || first[0] != 0 || first[firsts - 1] != nodes)
		store_bad(st, "tree.first does not run from 0 to the %zu nodes", nodes);
	t->nnodes = nodes;
	t->cover = mem_copy(store_get1(st, "node.cover", DT_F32, &nodes), nodes, sizeof(float));
	t->ntrees = firsts - 1;
	free(t->first);
	t->first = mem_copy(first, firsts, sizeof(*first));
	t->node = NEW(struct node, nodes + 1);
	uint16_t *depth = NEW(uint16_t, nodes + 1);
	for (size_t i = 0; i < t->ntrees; i++)
		load_tree(t, x, st, i, test, value, depth);
	load_importance(t, st);
	free(depth);
}

/* ---------------------------------------------------------------------- show */

bool trees_importance(const struct trees *t, const struct data *x, const char *kind, double *out)
{
	bool gain = strcmp(kind, "gain") == 0;
	if (!gain && strcmp(kind, "split") != 0)
		return false;
	memset(out, 0, (x->ncols + data_nsparse(x)) * sizeof(*out));
	for (size_t c = 0; c < t->ncols + t->nused; c++)
		out[table_column(t, c)] = gain ? t->gain[c] : t->uses[c];
	return true;
}

/* Sparse columns: those of most gain, of equals that of the lower number. Two may have the same name. */
static void show_terms(const struct trees *t, const struct data *x, struct json *j)
{
	bool *shown = NEW0(bool, t->nused + 1);
	struct str name = { 0 };
	json_array(j, "terms");
	for (size_t n = 0; n < SHOWN && n < t->nused; n++) {
		size_t best = t->nused;
		for (size_t i = 0; i < t->nused; i++) {
			double more = best == t->nused ? 1 : t->gain[t->ncols + i] - t->gain[t->ncols + best];
			if (!shown[i] && (more > 0 || (more == 0 && t->used[i] < t->used[best])))
				best = i;
		}
		shown[best] = true;
		name.n = 0;
		x->names.put(x->names.of, t->used[best], &name);
		json_object(j, NULL);
		json_strn(j, "column", name.s, name.n);
		json_num(j, "gain", t->gain[t->ncols + best]);
		json_num(j, "split", t->uses[t->ncols + best]);
		json_end(j, '}');
	}
	json_end(j, ']');
	str_free(&name);
	free(shown);
}

void trees_show(const struct trees *t, const struct data *x, struct json *j)
{
	json_int(j, "trees", (int64_t)t->ntrees);
	json_int(j, "nodes", (int64_t)t->nnodes);
	json_int(j, "bytes", (int64_t)(t->nnodes * (sizeof(struct node) + sizeof(float)) + t->nmask * sizeof(uint32_t) +
				       t->level_at[t->ncols] + t->nprobs * (size_t)t->k * sizeof(float)));
	json_object(j, "importance");
	for (size_t c = 0; c < t->ncols; c++) {
		json_object(j, x->cols[c].name);
		json_num(j, "gain", t->gain[c]);
		json_num(j, "split", t->uses[c]);
		json_end(j, '}');
	}
	json_end(j, '}');
	if (data_nsparse(x))
		show_terms(t, x, j);
}
