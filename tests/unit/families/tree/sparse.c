/*
 * Sparse columns against the same columns written out: the trees, what they
 * predict and what they say of it must be the same, whichever way a tree is
 * grown. And the bins themselves, and sums over them.
 */
#include "synth.h"

#include "families/tree/hist.h"
#include "model/family.h"

#define DENSE 3		/* columns of any kind before the sparse ones */

/* A table in both forms. */
struct pair {
	struct synth s;		/* with all columns written out */
	struct sparse sparse;	/* the columns from DENSE on */
	size_t group[3];
	double *w;		/* (n) or NULL */
	uint32_t *rows;		/* (n) a view, or NULL */
};

/*
 * nsparse columns that are there in 1 of 2, 3, 4, ... rows, a third of them
 * with values of both signs, one in all rows; some zeros are stored. So many
 * distinct values, or as many as there are for 0.
 */
static struct pair pair_make(size_t n, size_t nsparse, int values, int32_t k, uint64_t seed)
{
	struct pair p = { .s = synth_make(n, "mdn", k, seed), .sparse = sparse_new(nsparse) };
	struct rng r = rng_at(seed, "sparse", n);
	GROW(p.s.cols, DENSE + nsparse);
	for (size_t j = 0; j < nsparse; j++)
		p.s.cols[DENSE + j] = (struct column){ .name = "term", .kind = KIND_NUMERIC, .num = NEW0(double, n) };
	p.s.ncols = DENSE + nsparse;
	for (size_t i = 0; i < n; i++) {
		size_t m = 0;
		sparse_reserve(&p.sparse, nsparse);
		size_t at = p.sparse.start[i];
		for (size_t j = 0; j < nsparse; j++) {
			bool there = j == 0 || rng_below(&r, 2 + j % 40) == 0;
			double v = values ? 1 + (double)rng_below(&r, (uint64_t)values) : 0.1 + rng_double(&r);
			v *= j % 3 == 1 && rng_below(&r, 2) ? -1 : 1;
			v = j && there && rng_below(&r, 20) == 0 ? 0 : v;
			if (!there)
				continue;
			p.sparse.col[at + m] = (int32_t)j;
			p.sparse.val[at + m++] = v;
			p.s.cols[DENSE + j].num[i] = v;
			p.s.y[i] += j < 9 ? v / (1 + (double)j / 4) : 0;
		}
		sparse_end(&p.sparse, m);
		p.s.label[i] = k ? (int32_t)floor(fabs(p.s.y[i])) % k : 0;
	}
	p.group[1] = nsparse / 3;
	p.group[2] = nsparse;
	return p;
}

static void pair_free(struct pair *p)
{
	synth_free(&p->s);
	sparse_free(&p->sparse);
	free(p->w);
	free(p->rows);
}

/* Adds weights, some of them 0, and a view of two rows in three in another order. */
static void pair_bend(struct pair *p, uint64_t seed)
{
	struct rng r = rng_at(seed, "bend", 0);
	p->w = NEW(double, p->s.n);
	p->rows = mem_copy(p->s.rows, p->s.n, sizeof(uint32_t));
	rng_shuffle(&r, p->rows, p->s.n);
	for (size_t i = 0; i < p->s.n; i++)
		p->w[i] = (double)rng_below(&r, 4) / 2;
}

static struct data pair_data(const struct pair *p, int32_t k, bool sparse)
{
	struct data d = synth_data(&p->s, k);
	d.w = p->w;
	d.rows = p->rows;
	d.n = p->rows ? 2 * p->s.n / 3 : p->s.n;
	if (sparse) {
		d.ncols = DENSE;
		d.sparse = &p->sparse;
		d.ngroups = 2;
		d.group = p->group;
	}
	return d;
}

static void *fit(const struct family *f, const struct data *d, const struct data *valid, const char *const *set)
{
	struct run run = { .seed = 3, .threads = 2, .valid = valid, .early_stop = 5, .positive = 1 };
	void *o = mem_zero(1, f->opts_size);
	opt_defaults(f->opts, o);
	for (; *set; set += 2)
		ck_assert_ptr_null(opt_set(opt_find(f->opts, set[0], strlen(set[0])), o, set[1]));
	if (valid)
		ck_assert(measure_find("rmse", &run.metric));
	ck_assert_ptr_null(f->check(o, d));
	void *m = f->fit(o, d, &run);
	opt_free(f->opts, o);
	free(o);
	return m;
}

/* Tensors of both models are the same: those that do not depend on the form of the columns. */
static void same_tensors(const struct family *f, const void *a, const void *b, const char *what)
{
	static const struct {
		const char *name;
		enum dtype type;
		size_t width;
	} all[] = { { "tree.first", DT_U64, 8 }, { "node.test", DT_U32, 4 }, { "node.value", DT_F64, 8 },
		    { "node.cover", DT_F32, 4 }, { "mask", DT_U32, 4 } };
	struct store *x = store_new(), *y = store_new();
	f->save(a, x);
	f->save(b, y);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		size_t n = ANY, m = ANY;
		const void *p = store_get1(x, all[i].name, all[i].type, &n), *q = store_get1(y, all[i].name, all[i].type, &m);
		ck_assert_msg(n == m && memcmp(p, q, n * all[i].width) == 0, "%s %s: %s differs (%zu and %zu)", f->name, what,
			      all[i].name, n, m);
	}
	store_free(x);
	store_free(y);
}

/* Gains of the columns. */
static void same_importance(const struct family *f, const void *a, const void *b, const struct data *x, const struct data *y,
			    double slack, const char *what)
{
	double *u = NEW(double, y->ncols), *v = NEW(double, y->ncols);
	ck_assert(f->importance(a, x, "gain", u) && f->importance(b, y, "gain", v));
	for (size_t j = 0; j < y->ncols; j++)
		ck_assert_msg(fabs(u[j] - v[j]) <= slack * v[j], "%s %s: gain %g and %g", f->name, what, u[j], v[j]);
	free(u);
	free(v);
}

static void same_predictions(const struct family *f, const void *a, const void *b, const struct data *x,
			     const struct data *y, double slack, const char *what)
{
	size_t n = x->n * data_outputs(x);
	double *p = NEW(double, n), *q = NEW(double, n);
	f->predict(a, x, p);
	f->predict(b, y, q);
	for (size_t i = 0; i < n; i++)
		if (!(fabs(p[i] - q[i]) <= slack))
			ck_abort_msg("%s %s: %.17g and %.17g", f->name, what, p[i], q[i]);
	free(p);
	free(q);
}

/* A group's contribution is the sum over its columns; of a few rows, for deep trees take long. */
static void same_contributions(const struct family *f, const void *a, const void *b, struct data x, struct data y)
{
	size_t scores = data_outputs(&x) == 2 ? 1 : data_outputs(&x), width = DENSE + 3, wide = y.ncols + 1;
	x.n = y.n = 7;
	double *c = NEW(double, x.n * scores * width), *e = NEW(double, x.n * scores * wide);
	f->contrib(a, &x, c);
	f->contrib(b, &y, e);
	for (size_t i = 0; i < x.n * scores; i++) {
		double sum[2] = { 0 }, *from = e + i * wide, *got = c + i * width;
		for (size_t j = DENSE; j < y.ncols; j++)
			sum[j >= DENSE + x.group[1]] += from[j];
		for (size_t j = 0; j < DENSE; j++)
			ck_assert(fabs(from[j] - got[j]) < 1e-9);
		ck_assert(fabs(sum[0] - got[DENSE]) < 1e-9 && fabs(sum[1] - got[DENSE + 1]) < 1e-9);
		ck_assert(fabs(from[wide - 1] - got[width - 1]) < 1e-9);
	}
	free(c);
	free(e);
}

/* Fits both forms of p and compares them; a slack of 0: the trees are the same. */
static void compare(const char *family, const struct pair *p, int32_t k, const struct pair *valid, double slack,
		    const char *const *set)
{
	const struct family *f = family_find(family);
	struct data x = pair_data(p, k, true), y = pair_data(p, k, false), vx, vy;
	if (valid) {
		vx = pair_data(valid, k, true);
		vy = pair_data(valid, k, false);
	}
	void *a = fit(f, &x, valid ? &vx : NULL, set), *b = fit(f, &y, valid ? &vy : NULL, set);
	if (slack == 0)
		same_tensors(f, a, b, set[0] ? set[0] : "");
	if (!valid)	/* of rounds that are cut off a model keeps the gain of columns that others use */
		same_importance(f, a, b, &x, &y, slack, set[0] ? set[0] : "");
	same_predictions(f, a, b, &x, &y, slack, set[0] ? set[0] : "");
	same_contributions(f, a, b, x, y);
	f->free(a);
	f->free(b);
}

#define SET(...) (const char *[]){ __VA_ARGS__, NULL, NULL }
#define NOTHING (const char *[]){ NULL }

START_TEST(boosted_trees_are_the_same)
{
	for (uint64_t seed = 1; seed <= 2; seed++) {
		struct pair p = pair_make(700, 60, 5, 2, seed), v = pair_make(200, 60, 5, 2, seed + 9);
		for (int bent = 0; bent < 2; bent++) {
			compare("boost", &p, 2, NULL, 0, SET("trees", "12", "min-leaf", "4"));
			compare("boost", &p, 2, NULL, 0, SET("grow", "depth", "leaves", "11", "min-leaf", "7", "trees", "9"));
			compare("boost", &p, 2, NULL, 0, SET("grow", "symmetric", "depth", "5", "min-leaf", "3", "trees", "9"));
			compare("boost", &p, 0, NULL, 0, SET("monotone", "c=1", "l1", "0.3", "min-leaf", "3", "trees", "9"));
			compare("boost", &p, 0, NULL, 0, SET("objective", "huber", "leaves", "0", "min-leaf", "1", "trees", "5"));
			compare("boost", &p, 2, NULL, 0, SET("cols", "0.3", "rows", "0.2", "min-leaf", "1", "trees", "12"));
			compare("boost", &p, 2, NULL, 0, SET("goss-top", "0.2", "min-weight", "2", "min-leaf", "1", "trees", "9"));
			compare("boost", &p, 2, NULL, 0, SET("dart", "0.3", "dart-skip", "0", "min-leaf", "2", "trees", "9"));
			compare("boost", &p, 0, &v, 0, SET("trees", "60", "min-leaf", "2"));
			compare("boost", &p, 2, NULL, 0, SET("bins", "20", "min-leaf", "40", "trees", "9", "cat-smooth", "1"));
			if (!bent)
				pair_bend(&p, seed);
		}
		pair_free(&p);
		pair_free(&v);
		p = pair_make(500, 30, 5, 4, seed);
		compare("boost", &p, 4, NULL, 0, SET("trees", "3", "min-leaf", "5"));
		pair_free(&p);
	}
}
END_TEST

START_TEST(forests_are_the_same)
{
	for (uint64_t seed = 1; seed <= 2; seed++) {
		struct pair p = pair_make(500, 60, 5, 2, seed);
		for (int bent = 0; bent < 2; bent++) {
			for (int32_t k = 0; k <= 2; k += 2) {
				compare("forest", &p, k, NULL, 0, SET("trees", "9"));
				compare("forest", &p, k, NULL, 0, SET("extra", "true", "bootstrap", "false", "trees", "5"));
				compare("forest", &p, k, NULL, 0, SET("criterion", "entropy", "min-leaf", "3", "trees", "5", "rows", "0.4"));
				compare("forest", &p, k, NULL, 0, SET("cols", "1", "trees", "3", "leaves", "40"));
				compare("tree", &p, k, NULL, 0, NOTHING);
				compare("tree", &p, k, NULL, 0, SET("criterion", "entropy", "depth", "7"));
			}
			if (!bent)
				pair_bend(&p, seed);
		}
		pair_free(&p);
	}
}
END_TEST

/*
 * Of more classes the rows of value 0 change sides as one. Sums of squared
 * weights that are whole numbers are the same then; others in their last
 * digits, which no tree of few leaves can tell.
 */
START_TEST(classes_are_the_same)
{
	struct pair p = pair_make(500, 60, 5, 4, 5);
	compare("forest", &p, 4, NULL, 0, SET("trees", "9"));
	compare("forest", &p, 4, NULL, 0, SET("extra", "true", "bootstrap", "false", "trees", "5"));
	compare("tree", &p, 4, NULL, 0, NOTHING);
	compare("tree", &p, 4, NULL, 1e-9, SET("criterion", "entropy", "leaves", "9"));
	pair_bend(&p, 1);
	compare("tree", &p, 4, NULL, 1e-9, SET("leaves", "9"));
	pair_free(&p);
}
END_TEST

/* A large table has few bins for rare columns, but a bin for each of few values all the same. */
START_TEST(few_values_stay_exact_in_large_tables)
{
	struct pair p = pair_make(1500, 1200, 5, 2, 3);
	compare("boost", &p, 2, NULL, 0, SET("trees", "3", "min-leaf", "9"));
	pair_free(&p);
}
END_TEST

static struct bins *bins_of(const struct pair *p, int max, int min_leaf)
{
	struct data d = pair_data(p, 0, true);
	return bins_new(&d, p->s.rows, p->s.n, max, min_leaf, 2);
}

/* The bin of a row by the cells that are stored, which are checked to ascend. */
static void bins_by_row(const struct bins *b, size_t col, size_t n, uint8_t *bin)
{
	bool good = true;
	memset(bin, b->zero[col], n);
	for (size_t e = b->begin[col]; e < b->begin[col + 1]; e++) {
		good = good && (e == b->begin[col] || b->row[e] > b->row[e - 1]) && b->bin[e] != b->zero[col];
		bin[b->row[e]] = b->bin[e];
	}
	ck_assert(good);
}

/* Bins are in the order of values, 0 alone in its own; in large tables they hold about as many rows as those of dense columns. */
static void check_bins(const struct pair *p, const struct bins *b, int max, bool large)
{
	size_t n = p->s.n;
	uint8_t *bin = NEW(uint8_t, n);
	for (size_t c = DENSE; c < b->ncols; c++) {
		const struct bin_col *x = &b->cols[c];
		const double *num = p->s.cols[b->id[c]].num;
		size_t m = b->begin[c + 1] - b->begin[c];
		bool good = true;
		bins_by_row(b, c, n, bin);
		for (size_t i = 0; i < n; i++)
			good = good && (num[i] == 0) == (bin[i] == b->zero[c]) && bin[i] < x->nbins &&
			       num[i] <= x->upper[bin[i]] && (bin[i] == 0 || num[i] > x->upper[bin[i] - 1]) &&
			       num[i] >= x->low[bin[i]] && num[i] <= x->high[bin[i]];
		ck_assert_msg(good, "column %zu", c);
		ck_assert_int_le(x->nbins, max);
		if (large)
			ck_assert_int_le(x->nbins, (int)(2 * m * (size_t)max / n) + 3);
		else
			ck_assert_int_ge(x->nbins, m < (size_t)max ? 2 : max - 2);
	}
	free(bin);
}

START_TEST(zero_has_a_bin_of_its_own)
{
	struct pair p = pair_make(400, 60, 0, 0, 4);
	for (int max = 12; max <= 255; max += 81) {
		struct bins *b = bins_of(&p, max, 1);
		ck_assert_uint_eq(b->ncols, DENSE + 60);
		ck_assert_int_eq(b->zero[DENSE], b->cols[DENSE].nbins);	/* column 0 is there in all rows */
		check_bins(&p, b, max, false);
		bins_free(b);
	}
	pair_free(&p);
	p = pair_make(3000, 900, 0, 0, 4);
	struct bins *b = bins_of(&p, 255, 1);
	check_bins(&p, b, 255, true);
	bins_free(b);
	pair_free(&p);
}
END_TEST

/* Only columns that a leaf of min_leaf rows can be told by are kept. */
START_TEST(rare_columns_are_left_out)
{
	struct pair p = pair_make(400, 80, 3, 0, 4);
	struct bins *b = bins_of(&p, 255, 9);
	size_t kept = 0;
	for (size_t j = 0; j < 80; j++) {
		size_t neg = 0, pos = 0, id = DENSE + j;
		for (size_t i = 0; i < p.s.n; i++) {
			neg += p.s.cols[id].num[i] < 0;
			pos += p.s.cols[id].num[i] > 0;
		}
		if (neg >= 9 || pos >= 9)
			ck_assert_uint_eq(b->id[DENSE + kept++], id);
	}
	ck_assert_uint_eq(b->ncols, DENSE + kept);
	ck_assert(kept > 20 && kept < 70);
	bins_free(b);
	pair_free(&p);
}
END_TEST

/* Over some rows, in one histogram and looked up column by column: the plain sums; over all bins those of all rows. */
START_TEST(sums_are_exact)
{
	struct pair p = pair_make(3000, 300, 0, 0, 6);
	struct bins *b = bins_of(&p, 255, 1);
	size_t n = p.s.n, m = 0;
	struct grad *gh = NEW(struct grad, n), *room = NEW(struct grad, n);
	uint32_t *rows = NEW(uint32_t, n), *place = NEW(uint32_t, n), *at = NEW(uint32_t, n + 1);
	uint8_t *use = NEW0(uint8_t, b->ncols), *bin = NEW(uint8_t, n), *hit = NEW(uint8_t, n + 1);
	uint64_t *seen = NEW0(uint64_t, b->ncols / 64 + 1);
	hist_cell *h = mem_aligned(b->ncells, sizeof(*h)), cells[256];
	ck_assert_uint_gt(b->nblocks, 1);
	for (size_t i = 0; i < n; i++) {
		gh[i] = (struct grad){ (int32_t)(i * 7919 % 1001) - 500, (int32_t)(i * 31 % 17) };
		place[i] = UINT32_MAX;
		if (i % 50 == 3) {
			place[i] = 100 + (uint32_t)m;
			rows[m++] = (uint32_t)i;
		}
	}
	bins_seen(b, rows, m, seen);
	for (size_t c = DENSE; c < b->ncols; c++) {
		bool narrow = c % 2;
		hist_build(b, use, rows, m, gh, room, (struct grad_unit){ 1, 1, 40, narrow }, NULL, h, 2);
		hist_cell want[256] = { { 0 } };
		size_t hits = bins_hits(b, c, rows, m, place, 100, at, hit), there = 0;
		bool good = true;
		const hist_cell *got = hist_cells(b, h, c, cells);
		bins_by_row(b, c, n, bin);
		for (size_t i = 0; i < m; i++) {
			want[bin[rows[i]]] += grad_cell(gh[rows[i]], 40);
			if (bin[rows[i]] == b->zero[c])
				continue;
			good = good && there < hits && at[there] == i && hit[there] == bin[rows[i]];
			there++;
		}
		ck_assert(good && there == hits);
		ck_assert_int_eq(seen[c >> 6] >> (c & 63) & 1, hits > 0);
		ck_assert(memcmp(got, want, ((size_t)b->cols[c].nbins + 1) * sizeof(*got)) == 0);
	}
	free(gh);
	free(room);
	free(rows);
	free(place);
	free(at);
	free(use);
	free(bin);
	free(hit);
	free(seen);
	free(h);
	bins_free(b);
	pair_free(&p);
}
END_TEST

UNIT_MAIN("tree: sparse columns", boosted_trees_are_the_same, forests_are_the_same, classes_are_the_same,
	  few_values_stay_exact_in_large_tables, zero_has_a_bin_of_its_own, rare_columns_are_left_out, sums_are_exact)
