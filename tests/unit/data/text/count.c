/*
 * Counting and choosing terms against a naive dictionary: any memory, blocks
 * and threads; classes that come late; ties; the borders of df; many merges.
 */
#include "unit.h"

#include <math.h>

#include "text.h"

#define MOST_TERMS 4000
#define MOST_CLASSES 4

/* ---- naive ---- */

struct naive_term {
	char *text;
	size_t n;
	uint64_t df, tf, by[MOST_CLASSES][2];
	double merit;
};

struct naive {
	struct naive_term t[MOST_TERMS];
	size_t n;
	uint64_t texts, class_texts[MOST_CLASSES];
};

static void naive_add(struct naive *d, const struct tokenizer *tk, struct gram_range r, struct slice text, int32_t label)
{
	struct tokens t = { 0 };
	struct grams g = { 0 };	/* proved in token.c */
	tokens_of(tk, text, true, &t);
	grams_of(&t, r, &g);
	for (size_t i = 0; i < g.n; i++) {
		struct slice s = { t.text.s + g.g[i].at, g.g[i].n };
		size_t k = 0;
		while (k < d->n && !(d->t[k].n == s.n && memcmp(d->t[k].text, s.s, s.n) == 0))
			k++;
		if (k == d->n) {
			MUST(d->n < MOST_TERMS, "too many terms for the test");
			d->t[d->n++] = (struct naive_term){ .text = mem_strn(s.s, s.n), .n = s.n };
		}
		d->t[k].df++;
		d->t[k].tf += g.g[i].count;
		d->t[k].by[label][0]++;
		d->t[k].by[label][1] += g.g[i].count;
	}
	d->texts++;
	d->class_texts[label]++;
	tokens_free(&t);
	grams_free(&g);
}

static double naive_merit(const struct naive *d, const struct naive_term *t, const struct choice *by)
{
	double x = 0, n = (double)d->texts;
	if (by->merit == MERIT_TF)
		return (double)t->tf;
	for (int c = 0; c < MOST_CLASSES; c++) {
		double of = (double)d->class_texts[c], o = (double)t->by[c][!by->binary], e = of / n * (double)(by->binary ? t->df : t->tf);
		if (by->merit == MERIT_CHI2) {
			x += e > 0 ? (o - e) * (o - e) / e : 0;
			continue;
		}
		double with = (double)t->by[c][0], cells[2][2] = { { with, (double)t->df }, { of - with, n - (double)t->df } }, sum = 0;
		for (int k = 0; k < 2; k++)
			sum += cells[k][0] > 0 ? cells[k][0] / n * log(cells[k][0] * n / (cells[k][1] * of)) : 0;
		x += sum;	/* in this order, so that equals are equal to the last bit */
	}
	return x;
}

static int naive_order(const struct naive_term *a, const struct naive_term *b)
{
	int x = memcmp(a->text, b->text, a->n < b->n ? a->n : b->n);
	return x ? x : (a->n > b->n) - (a->n < b->n);
}

static int by_merit(const void *a, const void *b)
{
	const struct naive_term *x = a, *y = b;
	return x->merit != y->merit ? (x->merit < y->merit ? 1 : -1) : naive_order(x, y);
}

static int by_text(const void *a, const void *b)
{
	return naive_order(a, b);
}

/* Leaves the terms chosen, sorted; how many. */
static size_t naive_choose(struct naive *d, const struct choice *by)
{
	size_t n = 0;
	for (size_t i = 0; i < d->n; i++) {
		d->t[i].merit = naive_merit(d, &d->t[i], by);
		if ((double)d->t[i].df >= by->min_df && (double)d->t[i].df <= by->max_df) {
			struct naive_term x = d->t[n];
			d->t[n++] = d->t[i];
			d->t[i] = x;
		}
	}
	qsort(d->t, n, sizeof(*d->t), by_merit);
	if (by->most && n > (size_t)by->most)
		n = (size_t)by->most;
	qsort(d->t, n, sizeof(*d->t), by_text);
	return n;
}

static void naive_free(struct naive *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->t[i].text);
	free(d);
}

/* ---- random corpora ---- */

struct corpus {
	struct slice text[400];
	int32_t label[400];
	size_t n;
};

/* Words of two letters mostly, some of many bytes and some that begin alike; a class comes with the later texts only. */
static void make_corpus(struct corpus *c, struct rng *r)
{
	static const char *const words[] = { "a", "ab", "abc", "é", "ééé", "привет", "aaaaaaaa", "aaaaaaaab", "aaaaaaaa1", "zz", "0" };
	c->n = 1 + rng_below(r, 60);
	for (size_t i = 0; i < c->n; i++) {
		struct str s = { 0 };
		for (size_t k = rng_below(r, 12); k > 0; k--) {
			if (rng_below(r, 2))
				str_printf(&s, "%s ", words[rng_below(r, sizeof(words) / sizeof(*words))]);
			else
				str_printf(&s, "%c%c ", 'a' + (int)rng_below(r, 6), 'a' + (int)rng_below(r, 3));
		}
		c->label[i] = (int32_t)rng_below(r, i < c->n / 2 ? 2 : MOST_CLASSES);
		c->text[i].n = s.n;
		c->text[i].s = str_take(&s);
	}
}

static void free_corpus(struct corpus *c)
{
	for (size_t i = 0; i < c->n; i++)
		free((void *)(uintptr_t)c->text[i].s);
}

/* The vocabulary by a counter in blocks of so many; classes are told of as they come. */
static struct vocab *count(const struct corpus *c, const struct tokenizer *t, struct gram_range r, const struct choice *by, bool labelled, size_t block,
			   size_t memory, int threads, uint32_t **df, size_t *runs)
{
	struct counter *k = counter_new(t, r, memory, threads);
	int32_t classes = 0;
	for (size_t i = 0; i < c->n; i += block) {
		size_t n = c->n - i < block ? c->n - i : block;
		for (size_t j = i; j < i + n; j++)
			classes = c->label[j] >= classes ? c->label[j] + 1 : classes;
		counter_add(k, c->text + i, n, 1, labelled ? c->label + i : NULL, labelled ? classes : 0);
	}
	ck_assert_uint_eq(counter_texts(k), c->n);
	struct vocab *v = counter_choose(k, by, df);
	*runs = counter_runs(k);
	counter_free(k);
	return v;
}

static void check(const struct naive *d, size_t n, const struct vocab *v, const uint32_t *df)
{
	ck_assert_uint_eq((size_t)v->n, n);
	for (int32_t j = 0; j < v->n; j++) {
		struct slice s = vocab_term(v, j);
		MUST(s.n == d->t[j].n && memcmp(s.s, d->t[j].text, s.n) == 0 && df[j] == d->t[j].df, "term %d: '%.*s' in %d texts, not '%s' in %d", j,
		     (int)s.n, s.s, (int)df[j], d->t[j].text, (int)d->t[j].df);
		MUST(vocab_find(v, s.s, s.n) == j, "'%.*s' is not found", (int)s.n, s.s);
	}
	ck_assert_int_eq(vocab_find(v, "never seen", 10), -1);
}

START_TEST(equals_a_naive_dictionary)
{
	static const size_t memory[] = { 0, 1, 30000 };
	struct rng r = rng_at(1, "count", 0);
	struct tokenizer *t = tokenizer("--tokens word");
	struct gram_range range = { 1, 2, false };
	size_t most_runs = 0;
	for (int round = 0; round < 100; round++) {
		struct corpus c;
		struct naive *d = NEW0(struct naive, 1);
		make_corpus(&c, &r);
		for (size_t i = 0; i < c.n; i++)
			naive_add(d, t, range, c.text[i], c.label[i]);
		struct choice by = { .min_df = (double)rng_below(&r, 3), .max_df = (double)(c.n - rng_below(&r, 2)), .most = (int32_t)rng_below(&r, 30),
				     .merit = (enum merit)rng_below(&r, 3), .binary = rng_below(&r, 2) };
		size_t n = naive_choose(d, &by), runs;
		for (int way = 0; way < 4; way++) {
			uint32_t *df;
			struct vocab *v = count(&c, t, range, &by, by.merit != MERIT_TF || way % 2, 1 + rng_below(&r, way ? 5 : c.n), memory[rng_below(&r, 3)],
						1 + way % 3, &df, &runs);
			check(d, n, v, df);
			most_runs = runs > most_runs ? runs : most_runs;
			vocab_free(v);
			free(df);
		}
		free_corpus(&c);
		naive_free(d);
	}
	ck_assert_uint_gt(most_runs, 34);	/* more than are merged at once, twice */
	tokenizer_free(t);
}
END_TEST

/* A class whose only text has no term, when all terms were written to files before. */
START_TEST(class_without_terms)
{
	static const char *const texts[] = { "a b", "b c", "a a c", "" };
	struct tokenizer *t = tokenizer("--tokens word");
	struct gram_range range = { 1, 1, false };
	for (int merit = MERIT_CHI2; merit <= MERIT_MI; merit++) {
		struct corpus c = { .n = 4 };
		struct naive *d = NEW0(struct naive, 1);
		struct choice by = { 1, 9, 2, (enum merit)merit, false };
		uint32_t *df;
		size_t runs;
		for (size_t i = 0; i < 4; i++) {
			c.text[i] = slice_of(texts[i]);
			c.label[i] = (int32_t)i;
			naive_add(d, t, range, c.text[i], c.label[i]);
		}
		size_t n = naive_choose(d, &by);
		struct vocab *v = count(&c, t, range, &by, true, 1, 1, 1, &df, &runs);
		check(d, n, v, df);
		vocab_free(v);
		free(df);
		naive_free(d);
	}
	tokenizer_free(t);
}
END_TEST

/* 16 files are open at most: 400 runs are merged again and again. */
START_TEST(many_merges)
{
	struct tokenizer *t = tokenizer("--tokens word");
	struct choice by = { 1, 1e9, 0, MERIT_TF, false };
	struct gram_range range = { 1, 1, false };
	struct naive *d = NEW0(struct naive, 1);
	struct corpus c = { .n = 400 };
	uint32_t *df;
	size_t runs;
	for (size_t i = 0; i < c.n; i++) {
		struct str s = { 0 };
		str_printf(&s, "all w%zu x%zu y%zu", i, i / 7, i % 13);
		c.label[i] = (int32_t)(i / 100);
		c.text[i].n = s.n;
		c.text[i].s = str_take(&s);
		naive_add(d, t, range, c.text[i], c.label[i]);
	}
	size_t n = naive_choose(d, &by);
	for (int labelled = 0; labelled < 2; labelled++) {
		struct vocab *v = count(&c, t, range, &by, labelled, 1, 1, 2, &df, &runs);
		ck_assert_uint_ge(runs, 400);
		check(d, n, v, df);
		vocab_free(v);
		free(df);
	}
	free_corpus(&c);
	naive_free(d);
	tokenizer_free(t);
}
END_TEST

/* ---- choosing alone ---- */

/* Of many candidates with few merits the best, the first by bytes of equals, in whatever order they come. */
START_TEST(ties_are_broken_by_bytes)
{
	struct rng r = rng_at(2, "choose", 0);
	for (int round = 0; round < 40; round++) {
		size_t n = 1 + rng_below(&r, 6000);
		struct choice by = { 1, 1e18, 1 + (int32_t)rng_below(&r, round % 2 ? 20 : 3000), MERIT_TF, false };
		struct chooser *ch = chooser_new(&by, 100, 0, NULL);
		uint32_t *df;
		uint32_t *order = NEW(uint32_t, n);
		uint64_t levels = 1 + rng_below(&r, 5);
		for (size_t i = 0; i < n; i++)
			order[i] = (uint32_t)i;
		rng_shuffle(&r, order, n);
		for (size_t i = 0; i < n; i++) {
			char name[24];
			size_t len = (size_t)snprintf(name, sizeof(name), "%05u", order[i]);
			chooser_take(ch, &(struct counted){ { name, len }, order[i] + 1, order[i] % levels, NULL, 0 });
		}
		struct vocab *v = chooser_end(ch, &df, 2);
		/* from the best level down, by name */
		bool *kept = NEW0(bool, n);
		size_t left = n < (size_t)by.most ? n : (size_t)by.most, at = 0;
		ck_assert_uint_eq((size_t)v->n, left);
		for (uint64_t level = levels; level-- > 0;)
			for (size_t i = 0; i < n && left; i++)
				if (i % levels == level) {
					kept[i] = true;
					left--;
				}
		for (size_t i = 0; i < n; i++) {
			char name[24];
			snprintf(name, sizeof(name), "%05zu", i);
			if (kept[i]) {
				MUST(slice_eq(vocab_term(v, (int32_t)at), name) && df[at] == i + 1, "%zu of %zu by %d levels: term %zu is not %s", left, n,
				     (int)levels, at, name);
				at++;
			}
		}
		free(kept);
		free(order);
		free(df);
		vocab_free(v);
	}
}
END_TEST

/* Both borders of df belong to it; a share may be no whole number of texts. */
START_TEST(borders_of_df)
{
	static const struct {
		const char *line;
		int least, most;	/* df of the terms that stay, of terms in 1, 2, ... 10 of 10 texts */
	} cases[] = {
		{ "--min-df 1", 1, 10 }, { "--min-df 3", 3, 10 }, { "--min-df 0", 1, 10 }, { "--min-df 10", 10, 10 }, { "--min-df 0.3", 3, 10 }, { "--min-df 0.31", 4, 10 },
		{ "--min-df 0.0", 1, 10 }, { "--min-df 1.0", 10, 10 }, { "--min-df 1 --max-df 4", 1, 4 }, { "--min-df 1 --max-df 0.4", 1, 4 },
		{ "--min-df 1 --max-df 0.49", 1, 4 }, { "--min-df 1 --max-df 1", 1, 1 }, { "--min-df 1 --max-df 1.0", 1, 10 }, { "--min-df 0.2 --max-df 2", 2, 2 },
		{ "--min-df 1e-1 --max-df 5e-1", 1, 5 }, { "--min-df 1 --max-df 100", 1, 10 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tfidf_opts o = options(cases[i].line);
		char *why;
		struct tfidf *v = tfidf_new(&o, &why);
		tfidf_begin(v, 0, 1);
		for (int k = 1; k <= 10; k++) {	/* term t5 is in the first 5 texts */
			struct str s = { 0 };
			for (int j = k; j <= 10; j++)
				str_printf(&s, "t%d . ", j);
			tfidf_learn(v, &(struct slice){ s.s, s.n }, 1, 1, NULL, 0);
			str_free(&s);
		}
		ck_assert_ptr_null(tfidf_end(v));
		size_t singles = 0;
		for (size_t j = 0; j < tfidf_ncols(v); j++) {
			struct str name = { 0 };
			tfidf_name(v, j, &name);
			int df = (int)tfidf_df(v, j);
			ck_assert_msg(df >= cases[i].least && df <= cases[i].most, "%s: '%s' in %d texts", cases[i].line, name.s, df);
			singles += !strchr(name.s, ' ');
			str_free(&name);
		}
		ck_assert_msg(singles == (size_t)(cases[i].most - cases[i].least + 1), "%s: %zu terms", cases[i].line, singles);
		tfidf_free(v);
		opt_free(tfidf_table, &o);
	}
}
END_TEST

/* ---- the order of terms ---- */

static int by_slice(const void *a, const void *b)
{
	return slice_order(*(const struct slice *)a, *(const struct slice *)b);
}

struct group {
	const struct slice *s;
	size_t n[8];		/* how many each of 8 groups has */
};

static size_t group_size(const void *ctx, size_t group)
{
	return ((const struct group *)ctx)->n[group];
}

/* Each seventh is left out. */
static struct known_term group_term(const void *ctx, size_t group, size_t i)
{
	const struct group *g = ctx;
	for (size_t k = 0; k < group; k++)
		i += g->n[k];
	return (struct known_term){ i % 7 == 6 ? (struct slice){ 0 } : g->s[i], (uint32_t)i };
}

static const void *group_place(const void *ctx, size_t group, size_t i)
{
	(void)group;
	(void)i;
	return ctx;
}

START_TEST(sorting_equals_qsort)
{
	struct rng r = rng_at(3, "slices", 0);
	for (int round = 0; round < 12; round++) {
		size_t n = round < 8 ? rng_below(&r, 300) : 4000 + rng_below(&r, 3000);
		struct slice *s = NEW(struct slice, n), *want = NEW(struct slice, n);
		bool *seen = NEW0(bool, n);
		struct group g = { .s = s };
		size_t nwant = 0, got;
		for (size_t i = 0; i < n; i++) {
			size_t len = rng_below(&r, round % 2 ? 4 : 14);
			char *t = NEW(char, len + 1);
			for (size_t k = 0; k < len; k++)
				t[k] = round % 2 ? (char)rng_below(&r, 256) : "\0a\xff"[rng_below(&r, 3)];
			s[i] = (struct slice){ t, len };
			g.n[rng_below(&r, 8)]++;
			if (i % 7 != 6)
				want[nwant++] = s[i];
		}
		struct term_key *key = terms_sort(&(struct term_list){ &g, 8, group_size, group_term, group_place }, &got, 1 + round % 3);
		ck_assert_uint_eq(got, nwant);
		if (nwant)
			qsort(want, nwant, sizeof(*want), by_slice);
		for (size_t i = 0; i < nwant; i++) {
			struct known_term k = group_term(&g, key[i].group, key[i].place);
			MUST(k.df < n && !seen[k.df], "%u twice", k.df);
			seen[k.df] = true;
			MUST(slice_order(k.text, want[i]) == 0, "place %zu of %zu", i, nwant);
		}
		free(key);
		for (size_t i = 0; i < n; i++)
			free((void *)(uintptr_t)s[i].s);
		free(s);
		free(want);
		free(seen);
	}
	ck_assert_int_lt(slice_order((struct slice){ "ab", 1 }, (struct slice){ "ab", 2 }), 0);
	ck_assert_int_lt(slice_order((struct slice){ "a", 1 }, (struct slice){ "\xc3\xa9", 2 }), 0);	/* bytes are not negative */
	ck_assert_int_eq(slice_order((struct slice){ "", 0 }, (struct slice){ "x", 0 }), 0);
}
END_TEST

/* ---- runs by themselves ---- */

struct sum {
	struct str text;
};

static void print(void *ctx, const struct counted *t)
{
	struct sum *s = ctx;
	str_printf(&s->text, "%.*s:%d,%d", (int)t->text.n, t->text.s, (int)t->df, (int)t->tf);
	for (size_t k = 0; k < t->classes * 2; k++)
		str_printf(&s->text, "%c%d", k % 2 ? ',' : '/', (int)t->by[k]);
	str_putc(&s->text, ' ');
}

/* A file that knew fewer classes has none of the others; equal terms are summed; long ones and the empty one too. */
START_TEST(runs_are_summed)
{
	struct runs *r = runs_new();
	struct sum s = { 0 };
	uint64_t one[] = { 1, 2 }, two[] = { 1, 2, 3, 4 };
	char *longer = mem_alloc(100001, 1);
	memset(longer, 'x', 100000);
	longer[100000] = '\0';
	runs_begin(r, 1);
	runs_put(r, &(struct counted){ { "", 0 }, 1, 1, one, 1 });
	runs_put(r, &(struct counted){ { "a", 1 }, 1, 2, one, 1 });
	runs_put(r, &(struct counted){ { longer, 100000 }, 1, 2, one, 1 });
	runs_end(r);
	runs_begin(r, 1);
	runs_end(r);	/* one without terms */
	runs_begin(r, 2);
	runs_put(r, &(struct counted){ { "a", 1 }, 4, 6, two, 2 });
	runs_put(r, &(struct counted){ { "b", 1 }, 4, 6, two, 2 });
	runs_end(r);
	ck_assert_uint_eq(runs_made(r), 3);
	for (int again = 0; again < 2; again++) {	/* they may be read again */
		s.text.n = 0;
		runs_merge(r, print, &s);
		const char *head = ":1,1/1,2/0,0 a:5,8/2,4/3,4 b:4,6/1,2/3,4 xxx";
		ck_assert_msg(strncmp(s.text.s, head, strlen(head)) == 0, "%.60s", s.text.s);
		ck_assert_str_eq(s.text.s + s.text.n - 14, "x:1,2/1,2/0,0 ");
	}
	runs_free(r);
	str_free(&s.text);
	free(longer);
}
END_TEST

UNIT_MAIN("count", equals_a_naive_dictionary, class_without_terms, many_merges, ties_are_broken_by_bytes, borders_of_df, sorting_equals_qsort, runs_are_summed)
