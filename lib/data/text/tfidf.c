#include "data/text/tfidf.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/par.h"
#include "base/sort.h"
#include "base/murmur.h"

#define LOGS 128	/* counts whose 1 + ln is kept */
#define HASHED_CHUNK 64	/* texts hashed as one piece of work */

enum norm { NORM_L2, NORM_L1, NORM_NONE };

struct tfidf {
	struct tfidf_opts o;
	struct strs stop;
	struct tokenizer *tokenizer;
	struct gram_range range;
	enum norm norm;
	struct vocab *vocab;	/* NULL with hash_bits, and before tfidf_end() */
	size_t ncols;
	uint64_t texts;
	uint32_t *df;		/* (ncols) or NULL: hashed and without idf */
	double *idf;		/* (ncols) or NULL: all 1 */
	double log[LOGS];
	/* while it is fitted */
	struct counter *counter;
	_Atomic uint32_t *hashed_df;
	struct tfidf_scratch **workers;	/* (PAR_MAX) */
	int threads;
	struct tfidf_met met;
};

/* An entry of a row that is being made: the column above, the count or the n-gram's number below. */
#define KEY(col, low) ((uint64_t)(col) << 32 | (uint32_t)(low))

struct tfidf_scratch {
	struct tokens tokens;
	struct grams grams;
	uint64_t *key, *room;	/* (cap) */
	double *value;		/* (cap) of the n-grams, hashed */
	int32_t *id;		/* (cap) numbers of the n-grams, or -1 */
	size_t cap;
};

#define S struct tfidf_opts
const struct opt tfidf_table[] = { TFIDF_OPTS(S, ), OPT_END };

/* ---- options ---- */

/* "3" is a count, "0.5" a share of n; false when it is neither. */
static bool df_limit(const char *text, uint64_t n, double *limit)
{
	bool share = strpbrk(text, ".eE") != NULL;
	if (!num_parse(text, strlen(text), limit) || !(*limit >= 0) || isinf(*limit) || (share && *limit > 1))
		return false;
	*limit *= share ? (double)n : 1;
	return true;
}

/* What is wrong with the options, appended to s. */
static void check(const struct tfidf_opts *o, struct gram_range *r, struct str *s)
{
	double x;
	if (!gram_range(o->ngrams, r))
		str_printf(s, "--ngrams %s is neither N nor N-M, from 1 to 100", o->ngrams);
	else if (!df_limit(o->min_df, 1, &x))
		str_printf(s, "--min-df %s is neither a count nor a share from 0.0 to 1.0", o->min_df);
	else if (!df_limit(o->max_df, 1, &x))
		str_printf(s, "--max-df %s is neither a count nor a share from 0.0 to 1.0", o->max_df);
	else if (o->hash_bits && (o->max_features || tfidf_wants_labels(o)))
		str_puts(s, "--max-features and --select choose from a vocabulary, and with --hash-bits there is none");
	else if (tfidf_wants_labels(o) && !o->max_features)
		str_printf(s, "--select %s wants --max-features: how many terms?", o->select);
}

bool tfidf_wants_labels(const struct tfidf_opts *o)
{
	return strcmp(o->select, "tf") != 0;
}

static void copy_options(struct tfidf_opts *to, const struct tfidf_opts *from)
{
	struct str json = { 0 };
	opt_json(tfidf_table, from, &json);
	opt_from_json(tfidf_table, to, json.s, "options");
	str_free(&json);
}

/* Makes all that follows from the options and the stop words, which are taken over; NULL, or what is wrong. */
static char *make_ready(struct tfidf *v)
{
	struct str s = { 0 };
	char *why = NULL;
	check(&v->o, &v->range, &s);
	if (s.n)
		return str_take(&s);
	v->norm = strcmp(v->o.norm, "l2") == 0 ? NORM_L2 : strcmp(v->o.norm, "l1") == 0 ? NORM_L1 : NORM_NONE;
	v->ncols = v->o.hash_bits ? (size_t)1 << v->o.hash_bits : 0;
	for (int c = 1; c < LOGS; c++)
		v->log[c] = 1 + log(c);
	v->tokenizer = tokenizer_new(&v->o.token, v->stop.s, v->stop.n, &why);
	v->range.padded = v->tokenizer && tokenizer_pads(v->tokenizer);
	return why;
}

struct tfidf *tfidf_new(const struct tfidf_opts *o, char **why)
{
	struct tfidf *v = NEW0(struct tfidf, 1);
	copy_options(&v->o, o);
	token_stop_words(&v->o.token, &v->stop);
	*why = make_ready(v);
	if (*why) {
		tfidf_free(v);
		return NULL;
	}
	return v;
}

static void fitting_free(struct tfidf *v)
{
	if (v->counter)
		counter_free(v->counter);
	for (size_t i = 0; v->workers && i < PAR_MAX; i++)
		tfidf_scratch_free(v->workers[i]);
	free(v->workers);
	free((void *)(uintptr_t)v->hashed_df);
	v->counter = NULL;
	v->workers = NULL;
	v->hashed_df = NULL;
}

void tfidf_free(struct tfidf *v)
{
	if (!v)
		return;
	fitting_free(v);
	opt_free(tfidf_table, &v->o);
	strs_free(&v->stop);
	tokenizer_free(v->tokenizer);
	vocab_free(v->vocab);
	free(v->df);
	free(v->idf);
	free(v);
}

/* ---- fitting ---- */

/* The idf of each column, when df and texts are known. */
static void set_idf(struct tfidf *v)
{
	bool smooth = strcmp(v->o.idf, "smooth") == 0;
	if (strcmp(v->o.idf, "none") == 0)
		return;
	v->idf = NEW(double, v->ncols);
	for (size_t j = 0; j < v->ncols; j++) {	/* a hashed column that no text has gets any weight, but a finite one */
		double n = (double)v->texts, df = (double)v->df[j];
		v->idf[j] = log(smooth ? (1 + n) / (1 + df) : fmax(n, 1) / fmax(df, 1)) + 1;
	}
}

void tfidf_begin(struct tfidf *v, size_t memory, int threads)
{
	v->threads = threads;
	if (!v->o.hash_bits) {
		v->counter = counter_new(v->tokenizer, v->range, memory, threads);
		return;
	}
	v->hashed_df = (_Atomic uint32_t *)NEW0(uint32_t, v->ncols);
	v->workers = NEW0(struct tfidf_scratch *, PAR_MAX);
}

static void row_keys(const struct tfidf *v, const struct slice *text, size_t parts, struct tfidf_scratch *s, size_t *n);

struct hashing {
	struct tfidf *v;
	const struct slice *texts;
	size_t n, parts;
};

static void hash_chunk(void *ctx, size_t chunk, int worker)
{
	const struct hashing *h = ctx;
	struct tfidf *v = h->v;
	size_t to = (chunk + 1) * HASHED_CHUNK < h->n ? (chunk + 1) * HASHED_CHUNK : h->n, n;
	if (!v->workers[worker])
		v->workers[worker] = tfidf_scratch_new();
	struct tfidf_scratch *s = v->workers[worker];
	for (size_t i = chunk * HASHED_CHUNK; i < to; i++) {
		row_keys(v, h->texts + i * h->parts, h->parts, s, &n);
		for (size_t k = 0; k < n; k++)
			if (k == 0 || s->key[k] >> 32 != s->key[k - 1] >> 32)
				atomic_fetch_add_explicit(&v->hashed_df[s->key[k] >> 32], 1, memory_order_relaxed);
	}
}

void tfidf_learn(struct tfidf *v, const struct slice *texts, size_t n, size_t parts, const int32_t *label, int32_t classes)
{
	struct hashing h = { v, texts, n, parts };
	v->texts += n;
	if (v->counter)
		counter_add(v->counter, texts, n, parts, label, label ? classes : 0);
	else
		par_for(v->threads, (n + HASHED_CHUNK - 1) / HASHED_CHUNK, hash_chunk, &h);
}

static void take_vocabulary(struct tfidf *v)
{
	struct choice by = { .most = v->o.max_features, .binary = v->o.binary };
	by.merit = strcmp(v->o.select, "chi2") == 0 ? MERIT_CHI2 : strcmp(v->o.select, "mi") == 0 ? MERIT_MI : MERIT_TF;
	df_limit(v->o.min_df, v->texts, &by.min_df);
	df_limit(v->o.max_df, v->texts, &by.max_df);
	v->vocab = counter_choose(v->counter, &by, &v->df);
	v->ncols = (size_t)v->vocab->n;
	v->met = (struct tfidf_met){ counter_distinct(v->counter), counter_runs(v->counter), 0 };
}

char *tfidf_end(struct tfidf *v)
{
	struct str s = { 0 };
	if (v->texts > UINT32_MAX)
		str_printf(&s, "%" PRIu64 " texts; at most %" PRIu32, v->texts, UINT32_MAX);
	else if (v->counter)
		take_vocabulary(v);
	else
		v->df = mem_copy((const void *)(uintptr_t)v->hashed_df, v->ncols, sizeof(uint32_t));
	if (!s.n && v->vocab && v->ncols == 0)
		str_printf(&s, "no term is left of %" PRIu64 " in %" PRIu64 " texts; lower --min-df (%s), raise --max-df (%s)",
			   v->met.distinct, v->texts, v->o.min_df, v->o.max_df);
	for (size_t j = 0; v->hashed_df && j < v->ncols; j++)
		v->met.columns += v->hashed_df[j] > 0;
	fitting_free(v);
	if (s.n)
		return str_take(&s);
	set_idf(v);
	return NULL;
}

/* ---- what it is ---- */

size_t tfidf_ncols(const struct tfidf *v)
{
	return v->ncols;
}

uint64_t tfidf_texts(const struct tfidf *v)
{
	return v->texts;
}

uint64_t tfidf_df(const struct tfidf *v, size_t col)
{
	return v->df ? v->df[col] : 0;
}

double tfidf_idf(const struct tfidf *v, size_t col)
{
	return v->idf ? v->idf[col] : 1;
}

void tfidf_name(const struct tfidf *v, size_t col, struct str *out)
{
	if (!v->vocab) {
		str_printf(out, "#%zu", col + 1);
		return;
	}
	struct slice t = vocab_term(v->vocab, (int32_t)col);
	str_add(out, t.s, t.n);
}

size_t tfidf_find(const struct tfidf *v, struct slice term)
{
	int64_t col;
	if (v->vocab) {
		int32_t t = vocab_find(v->vocab, term.s, term.n);
		return t < 0 ? SIZE_MAX : (size_t)t;
	}
	bool number = term.n > 1 && *term.s == '#' && num_parse_int(term.s + 1, term.n - 1, &col) && col >= 1;
	return number && (uint64_t)col <= v->ncols ? (size_t)col - 1 : SIZE_MAX;
}

bool tfidf_named(const struct tfidf *v)
{
	return v->vocab;
}

bool tfidf_same(const struct tfidf *a, const struct tfidf *b)
{
	return a->vocab && b->vocab ? vocab_same(a->vocab, b->vocab) : !a->vocab && !b->vocab && a->ncols == b->ncols;
}

struct tfidf_met tfidf_met(const struct tfidf *v)
{
	return v->met;
}

/* ---- rows ---- */

struct tfidf_scratch *tfidf_scratch_new(void)
{
	return NEW0(struct tfidf_scratch, 1);
}

void tfidf_scratch_free(struct tfidf_scratch *s)
{
	if (!s)
		return;
	tokens_free(&s->tokens);
	grams_free(&s->grams);
	free(s->key);
	free(s->room);
	free(s->value);
	free(s->id);
	free(s);
}

static double weight_of(const struct tfidf *v, uint32_t count)
{
	return v->o.binary ? 1 : !v->o.sublinear ? count : count < LOGS ? v->log[count] : 1 + log(count);
}

/* Keys of the n-grams that are in the vocabulary, with their counts. */
static size_t find_terms(const struct tfidf *v, struct tfidf_scratch *s)
{
	const struct grams *g = &s->grams;
	size_t n = 0;
	vocab_find_all(v->vocab, s->tokens.text.s, g, s->id);
	for (size_t i = 0; i < g->n; i++) {
		s->key[n] = KEY(s->id[i], g->g[i].count);
		n += s->id[i] >= 0;
		if (v->idf)
			__builtin_prefetch(&v->idf[s->id[i]]);
	}
	return n;
}

/* Keys of all n-grams with their numbers, and what each adds. */
static size_t hash_terms(const struct tfidf *v, struct tfidf_scratch *s)
{
	const struct grams *g = &s->grams;
	for (size_t i = 0; i < g->n; i++) {
		int32_t h = murmur3(s->tokens.text.s + g->g[i].at, g->g[i].n);
		/* |h| modulo a power of two; of the least integer scikit-learn takes this */
		uint32_t col = h == INT32_MIN ? (uint32_t)INT32_MAX - (uint32_t)(v->ncols - 1) : (uint32_t)(h < 0 ? -h : h);
		s->key[i] = KEY(col & (uint32_t)(v->ncols - 1), i);
		s->value[i] = weight_of(v, g->g[i].count) * (v->o.signs && h < 0 ? -1 : 1);
	}
	return g->n;
}

/* The sorted keys of a text's entries to s->key. */
static void row_keys(const struct tfidf *v, const struct slice *text, size_t parts, struct tfidf_scratch *s, size_t *n)
{
	for (size_t p = 0; p < parts; p++)
		tokens_of(v->tokenizer, text[p], p == 0, &s->tokens);
	grams_of(&s->tokens, v->range, &s->grams);
	if (s->grams.n > s->cap) {
		s->cap = s->grams.n * 2;
		GROW(s->key, s->cap);
		GROW(s->room, s->cap);
		GROW(s->value, s->cap);
		GROW(s->id, s->cap);
	}
	*n = v->o.hash_bits ? hash_terms(v, s) : find_terms(v, s);
	uint64_t *sorted = sort_u64(s->key, s->room, *n, 32);
	if (sorted != s->key) {
		s->room = s->key;
		s->key = sorted;
	}
}

void tfidf_row(const struct tfidf *v, const struct slice *text, size_t parts, struct tfidf_scratch *s, struct sparse *rows)
{
	size_t n, k = 0;
	double length = 0;
	row_keys(v, text, parts, s, &n);
	sparse_reserve(rows, n);
	int32_t *col = rows->col + rows->start[rows->n];
	double *val = rows->val + rows->start[rows->n];
	for (size_t i = 0; i < n;) {
		int32_t c = (int32_t)(s->key[i] >> 32);
		double x = 0;
		if (!v->o.hash_bits)
			x = weight_of(v, (uint32_t)s->key[i++]);
		else
			for (; i < n && (int32_t)(s->key[i] >> 32) == c; i++)
				x += s->value[(uint32_t)s->key[i]];
		x *= v->idf ? v->idf[c] : 1;
		if (x == 0)
			continue;
		length += v->norm == NORM_L2 ? x * x : fabs(x);
		col[k] = c;
		val[k++] = x;
	}
	if (v->norm == NORM_L2)
		length = sqrt(length);
	for (size_t i = 0; v->norm != NORM_NONE && i < k; i++)
		val[i] /= length;
	sparse_end(rows, k);
}

/* ---- the file ---- */

void tfidf_save(const struct tfidf *v, struct store *st)
{
	struct str s = { 0 };
	opt_json(tfidf_table, &v->o, &s);
	store_meta(st, "tfidf.options", s.s);
	s.n = 0;
	str_printf(&s, "%" PRIu64, v->texts);
	store_meta(st, "tfidf.texts", s.s);
	s.n = 0;
	struct json j = json_to(&s, 0);
	json_array(&j, NULL);
	for (size_t i = 0; i < v->stop.n; i++)
		json_str(&j, NULL, v->stop.s[i]);
	json_end(&j, ']');
	if (v->stop.n)
		store_meta(st, "tfidf.stop", s.s);
	str_free(&s);
	if (v->vocab)
		vocab_save(v->vocab, st);
	if (v->vocab || v->idf)
		store_put1(st, "df", DT_U32, v->ncols, v->df);
}

static void load_df(struct tfidf *v, struct store *st)
{
	size_t n = v->ncols;
	const uint32_t *df = store_get1(st, "df", DT_U32, &n);
	for (size_t j = 0; j < n; j++)
		if (df[j] > v->texts || (v->vocab && df[j] == 0))
			store_bad(st, "term %zu is in %" PRIu32 " of %" PRIu64 " texts", j, df[j], v->texts);
	v->df = mem_copy(df, n, sizeof(*df));
}

struct tfidf *tfidf_load(struct store *st)
{
	struct tfidf *v = NEW0(struct tfidf, 1);
	const char *stop = store_meta_get(st, "tfidf.stop"), *texts = store_meta_need(st, "tfidf.texts");
	int64_t n;
	opt_from_json(tfidf_table, &v->o, store_meta_need(st, "tfidf.options"), store_where(st));
	if (stop) {
		struct jval *list = jval_parse(stop, strlen(stop), store_where(st));
		for (size_t i = 0; i < jval_size(list); i++)
			strs_add(&v->stop, jval_str(jval_at(list, i)));
		jval_free(list);
	}
	char *why = make_ready(v);
	if (why)
		store_bad(st, "%s", why);
	if (!num_parse_int(texts, strlen(texts), &n) || n < 0 || n > UINT32_MAX)
		store_bad(st, "it was fitted on '%.30s' texts", texts);
	v->texts = (uint64_t)n;
	if (!v->o.hash_bits) {
		v->vocab = vocab_load(st);
		v->ncols = (size_t)v->vocab->n;
	}
	if (v->vocab || strcmp(v->o.idf, "none") != 0)
		load_df(v, st);
	set_idf(v);
	return v;
}

void tfidf_show(const struct tfidf *v, struct json *j)
{
	struct str s = { 0 };
	opt_json(tfidf_table, &v->o, &s);
	json_raw(j, "options", s.s);
	str_free(&s);
	json_int(j, "texts", (int64_t)v->texts);
	json_int(j, v->vocab ? "terms" : "columns", (int64_t)v->ncols);
	json_str(j, "unicode", unicode_version());
	if (v->stop.n)
		json_int(j, "stop_words", (int64_t)v->stop.n);
}
