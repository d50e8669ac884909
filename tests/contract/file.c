/*
 * The contract of a model as a file, for every family, task and method of an
 * ensemble. It predicts what the model did that was written, in any block, and
 * is written again as the same bytes. And it is an enemy: cut short, altered,
 * and altered with its hash made right again, so that what the family itself
 * checks is reached. Each attempt runs in a process of its own, which reads the
 * model, scores rows, explains and shows it: in ten seconds it ends with ST_OK
 * and no NaN, or with ST_DATA and one line that says why.
 */
#include "contract.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/map.h"
#include "ensemble/ensemble.h"
#include "model/model.h"

#define ROWS 40
#define SCORED 12
#define HASH_KEY "\"dls.hash\":\""
#define NAN_STATUS 99
/* One attempt in so many is made, others for each tensor (9 or 5 each); a sanitizer makes them 20 times as dear. */
#ifdef __SANITIZE_ADDRESS__
#define EVERY 4
#else
#define EVERY 2
#endif

/* What is under attack: a model, its bytes and rows to score. */
struct target {
	struct contract_case c;
	struct model *m;
	struct synth train, rows;
	struct bytes good;
	unsigned attempts;
};

static struct bytes model_bytes(const struct model *m)
{
	struct bytes b;
	struct out out = { .f = open_memstream(&b.p, &b.n) };
	model_write(m, &out);
	fclose(out.f);
	return b;
}

static void add_out_of_fold(struct model *m, const struct synth *s)
{
	size_t k = model_outputs(m);
	m->oof = (struct oof){ .n = s->n, .folds = 3, .rows_hash = 7, .fold = NEW(int32_t, s->n), .p = NEW(double, s->n * k),
			       .label = s->label ? mem_copy(s->label, s->n, sizeof(int32_t)) : NULL,
			       .y = s->y ? mem_copy(s->y, s->n, sizeof(double)) : NULL };
	for (size_t i = 0; i < s->n; i++)
		m->oof.fold[i] = (int32_t)(i % 3) + 1;
	struct rng r = rng_at(6, m->family->name, 0);
	for (size_t i = 0; i < s->n; i++) {
		double p = rng_double(&r);
		for (size_t c = 0; c < k; c++)
			m->oof.p[i * k + c] = k == 1 ? s->y[i] + p : c == (size_t)s->label[i] ? p : (1 - p) / (double)(k - 1);
	}
}

static struct model *model_make(struct contract_case c, const struct synth *s)
{
	struct model *m = model_new(c.f);
	struct data d = synth_train(s, true);
	struct column inputs[MAX_COLS + 1];
	bool texts = s->texts && (c.f->takes & TAKES_SPARSE);
	d.sparse = texts ? d.sparse : NULL;
	opts_drop(c.f, m->opts);
	m->opts = opts_make(c.f);
	schema_from(&m->schema, inputs, synth_inputs(s, texts, inputs));
	if (texts)
		vectors_borrow(&m->vectors, &s->vectors);
	schema_target(&m->schema, c.task, d.nclasses);
	m->seed = 5;
	model_ready(m);
	m->fit = fit_make(c.f, m->opts, &d, 1);
	add_out_of_fold(m, s);
	return m;
}

static bool is_any_case(int i)
{
	return registry_at(i, true).f != NULL;
}

/* An ensemble of two families that do the task; calibrate takes one. */
static struct model *ensemble_of(struct contract_case c, const struct synth *s, int threads, void *opts)
{
	static const char *const names[] = { "first", "second" };
	struct ensemble_opts o = { .threads = threads, .seed = 5 };
	struct model *members[2];
	size_t n = 0, wanted = strcmp(c.f->name, "calibrate") == 0 ? 1 : 2;
	verbosity = -1;
	for (size_t i = 0; families[i] && n < wanted; i++)	/* of pictures: pictures.c */
		if (families[i]->fit && (families[i]->tasks & c.task) && !wants_pictures((struct contract_case){ families[i], c.task }))
			members[n++] = model_make((struct contract_case){ families[i], c.task }, s);
	return ensemble_make(c.f, opts, members, names, n, &o);
}

/* The model to attack, with opts (taken over) or, when NULL, the defaults. */
static struct target target_with(struct contract_case c, void *opts)
{
	struct target t = { .c = c };
	t.train = synth_for(c, c.f->fit ? TABLE_MEAGRE : TABLE_MIXED, ROWS, 1);
	t.rows = synth_for(c, c.f->fit ? TABLE_MEAGRE : TABLE_MIXED, SCORED, 2);
	synth_texts(&t.train, 1, NULL);
	synth_texts(&t.rows, 2, &t.train);
	t.m = c.f->fit ? model_make(c, &t.train) : ensemble_of(c, &t.train, 1, opts ? opts : opts_make(c.f));
	t.good = model_bytes(t.m);
	return t;
}

/* Ensembles of other tasks are the same code again: one task is attacked, which saves 4 seconds. */
static bool is_attacked(int i)
{
	struct contract_case c = registry_at(i, true);
	return c.f->fit || c.task == TASK_BINARY;
}

static struct target target_make(struct contract_case c)
{
	return target_with(c, NULL);
}

static void target_free(struct target *t)
{
	model_free(t->m);
	synth_free(&t->rows);
	synth_free(&t->train);
	free(t->good.p);
}

/* ---- one attempt ---- */

/* Ends at once: a process that dies owes nobody its memory. */
static void quit(int status, void *unused)
{
	(void)unused;
	_exit(status);
}

/* Reads the bytes and does with the model all that can be done; ends the process. */
_Noreturn static void use_model(const struct target *t, struct bytes b)
{
	struct store *st = store_read(mem_copy(b.p, b.n, 1), b.n, "model");
	struct model *m = model_restore(st);
	size_t k = model_outputs(m), scores = k == 2 ? 1 : k;
	struct column *cols = mem_copy(m->inputs, m->schema.nfields, sizeof(*cols));
	double *p = NEW(double, SCORED * k), *contrib = NEW(double, SCORED * scores * (m->nfeatures + m->vectors.n + 1));
	struct sparse given = sparse_empty(m->vectors.ncols, SCORED);
	struct str s = { 0 };
	if (m->vectors.ncols >= FEATURES)
		given = synth_given(&m->vectors, SCORED, 3, -4);
	schema_cells(cols, m->schema.nfields, SCORED);
	for (size_t j = 0; j < m->schema.nfields; j++)
		for (size_t i = 0; i < SCORED; i++)
			if (cols[j].num)
				cols[j].num[i] = i % 5 == 4 ? (double)NAN : (double)(i * 37 % 100);
			else if (cols[j].kind == KIND_IMAGE)
				cols[j].text[i] = slice_of(i % 2 ? "P2\n3 2\n9\n0 9 4\n9 0 4\n" : "P1\n2 3\n0 1 0 1 0 1\n");
			else if (cols[j].text)
				cols[j].text[i] = t->rows.text.text[i];
			else
				cols[j].cat[i] = (int32_t)i % (cols[j].nlevels + 1) - 1;
	model_predict(m, cols, &given, SCORED, p);
	if (m->family->contrib)
		model_contrib(m, cols, &given, SCORED, contrib);
	model_show(m, &s);
	for (size_t i = 0; i < SCORED * k; i++)
		if (isnan(p[i]))
			_exit(NAN_STATUS);
	_exit(ST_OK);
}

/* Fails unless the attempt on b ends well; returns its status (ST_DATA when it is left out). */
static int attempt(struct target *t, struct bytes b, const char *what)
{
	char said[2000];
	if (t->attempts++ % EVERY)
		return ST_DATA;
	int log = memfd_create("stderr", 0), status;
	pid_t pid = fork();
	if (pid == 0) {
		alarm(10);
		dup2(log, STDERR_FILENO);
		on_exit(quit, NULL);
		use_model(t, b);
	}
	waitpid(pid, &status, 0);
	ssize_t n = pread(log, said, sizeof(said) - 1, 0);
	close(log);
	said[n < 0 ? 0 : n] = '\0';
	CK(t->c, WIFEXITED(status), "%s: killed by signal %d: %s", what, WTERMSIG(status), said);
	status = WEXITSTATUS(status);
	CK(t->c, status != NAN_STATUS, "%s: is read, and predicts NaN", what);
	CK(t->c, status == ST_OK || status == ST_DATA, "%s: status %d: %s", what, status, said);
	if (status == ST_DATA)
		CK(t->c, n > 20 && strchr(said, '\n') == said + n - 1, "%s: not one line: '%s'", what, said);
	return status;
}

static void refused(struct target *t, struct bytes b, const char *what)
{
	CK(t->c, attempt(t, b, what) == ST_DATA, "%s: is read", what);
}

/* ---- the file's parts ---- */

static size_t header_length(struct bytes b)
{
	size_t n = 0;
	for (size_t i = 0; i < 8; i++)
		n |= (size_t)(unsigned char)b.p[i] << (8 * i);
	return n;
}

struct part {
	char name[80], type[8];
	size_t begin, end;	/* bytes of the data */
};

/* The tensors in the order of the header, which is that of the file: returns their number. */
static size_t parts_of(struct bytes b, struct part *parts, size_t most)
{
	struct jval *top = jval_parse(b.p + 8, header_length(b), "test");
	size_t n = 0;
	for (size_t i = 0; i < jval_size(top); i++) {
		const struct jval *v = jval_at(top, i), *offsets = jval_get(v, "data_offsets");
		if (!offsets)
			continue;
		ck_assert_uint_lt(n, most);
		snprintf(parts[n].name, sizeof(parts[n].name), "%s", jval_key(v));
		snprintf(parts[n].type, sizeof(parts[n].type), "%s", jval_str(jval_need(v, "dtype")));
		parts[n].begin = (size_t)jval_int(jval_at(offsets, 0), 0, INT64_MAX);
		parts[n++].end = (size_t)jval_int(jval_at(offsets, 1), 0, INT64_MAX);
	}
	jval_free(top);
	return n;
}

/* Makes the hash right, as store.h defines it. */
static void rehash(struct bytes b)
{
	struct part parts[400];
	size_t length = header_length(b), n = parts_of(b, parts, 400);
	char *header = b.p + 8, *digits = memmem(header, length, HASH_KEY, strlen(HASH_KEY)), text[17];
	digits += strlen(HASH_KEY);
	memset(digits, '0', 16);
	uint64_t h = hash_bytes(header, length, 0);
	for (size_t i = 0; i < n; i++)
		h = hash_bytes(header + length + parts[i].begin, parts[i].end - parts[i].begin, h);
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)h);
	memcpy(digits, text, 16);
}

/* A copy of the file in whose header the first `from` is `to`, padded and hashed anew; p is NULL when there is none. */
static struct bytes edited(struct bytes b, const char *from, const char *to)
{
	size_t length = header_length(b);
	struct str s = { 0 };
	char *at = memmem(b.p + 8, length, from, strlen(from));
	if (!at)
		return (struct bytes){ 0 };
	str_add(&s, b.p, (size_t)(at - b.p));
	str_puts(&s, to);
	str_add(&s, at + strlen(from), (size_t)(b.p + 8 + length - at) - strlen(from));
	while (s.n % 8)
		str_putc(&s, ' ');
	for (size_t i = 0; i < 8; i++)
		s.s[i] = (char)((s.n - 8) >> (8 * i));
	str_add(&s, b.p + 8 + length, b.n - 8 - length);
	struct bytes out = { .n = s.n };
	out.p = str_take(&s);
	rehash(out);
	return out;
}

static void attempt_edit(struct target *t, const char *from, const char *to)
{
	char what[300];
	struct bytes b = edited(t->good, from, to);
	if (!b.p)
		return;
	snprintf(what, sizeof(what), "header: %.100s -> %.100s", from, to);
	attempt(t, b, what);
	free(b.p);
}

/* ---- the tests ---- */

/* Reads the bytes; the model is the caller's. */
static struct model *read_back(struct bytes b)
{
	struct store *st = store_read(mem_copy(b.p, b.n, 1), b.n, "model");
	struct model *m = model_restore(st);
	store_free(st);
	return m;
}

/* Read, written, and used in blocks of 1 and of all rows. */
static void same_again(const struct target *t)
{
	struct model *m = read_back(t->good);
	struct bytes again = model_bytes(m);
	size_t k = model_outputs(m), nfields = m->schema.nfields;
	double *p = NEW(double, SCORED * k), *q = NEW(double, SCORED * k);
	CK(t->c, again.n == t->good.n && memcmp(again.p, t->good.p, again.n) == 0, "written again it has other bytes");
	struct column inputs[MAX_COLS + 1];
	synth_inputs(&t->rows, true, inputs);
	const struct sparse *given = m->vectors.ncols ? &t->rows.given : NULL;
	CK(t->c, !given || m->vectors.ncols == given->ncols, "it has other sparse columns than its rows");
	model_predict(t->m, inputs, given, SCORED, p);
	model_predict(m, inputs, given, SCORED, q);
	check_predictions(t->c, p, SCORED, k, "a model");
	CK(t->c, memcmp(p, q, SCORED * k * sizeof(*p)) == 0, "read from a file it predicts otherwise");
	for (size_t i = 0; i < SCORED; i++) {
		struct column cols[MAX_COLS + 1];
		memcpy(cols, inputs, nfields * sizeof(*cols));
		for (size_t j = 0; j < nfields; j++)
			if (cols[j].kind == KIND_NUMERIC)
				cols[j].num += i;
			else if (cols[j].kind == KIND_CATEGORY)
				cols[j].cat += i;
			else
				cols[j].text += i;
		struct sparse row = sparse_view(&t->rows.given, i, 1);
		model_predict(m, cols, given ? &row : NULL, 1, q);
		CK(t->c, memcmp(p + i * k, q, k * sizeof(*p)) == 0, "row %zu scores otherwise alone", i);
	}
	model_free(m);
	free(again.p);
	free(p);
	free(q);
}

/* Made on other threads, by opts (taken over), an ensemble is the same file. */
static void same_for_threads(const struct target *t, int threads, void *opts)
{
	struct model *m = ensemble_of(t->c, &t->train, threads, opts);
	struct bytes b = model_bytes(m);
	CK(t->c, b.n == t->good.n && memcmp(b.p, t->good.p, b.n) == 0, "%d threads give another ensemble", threads);
	model_free(m);
	free(b.p);
}

START_TEST(same_as_a_file)
{
	struct target t = target_make(registry_at(_i, true));
	same_again(&t);
	if (!t.c.f->fit)
		same_for_threads(&t, 3, opts_make(t.c.f));
	target_free(&t);
}
END_TEST

/* Each option of an ensemble (those of other families: fit.c). */
START_TEST(options_of_an_ensemble)
{
	struct contract_case c = registry_at(_i, true);
	for (const struct opt *o = c.f->opts; !c.f->fit && o->name; o++) {
		char *value;
		for (int v = 0; (value = opt_value(o, v)); v++) {
			void *opts = opts_make(c.f), *again = opts_make(c.f);
			if (opt_takes(o, opts, value) && opt_takes(o, again, value)) {
				struct target t = target_with(c, opts);
				same_again(&t);
				same_for_threads(&t, 8, again);
				target_free(&t);
			} else {
				opts_drop(c.f, opts);
				opts_drop(c.f, again);
			}
			free(value);
		}
	}
}
END_TEST

START_TEST(a_good_file_is_read)
{
	if (!is_attacked(_i))
		return;
	struct target t = target_make(registry_at(_i, true));
	CK(t.c, attempt(&t, t.good, "untouched") == ST_OK, "the untouched file is refused");
	struct bytes b = edited(t.good, "dls.seed", "dls.seed");
	CK(t.c, b.n == t.good.n && memcmp(b.p, t.good.p, b.n) == 0, "this test's hash is not the file's");
	free(b.p);
	target_free(&t);
}
END_TEST

START_TEST(truncated)
{
	if (!is_attacked(_i))
		return;
	struct target t = target_make(registry_at(_i, true));
	size_t step = 1 + t.good.n / 24;
	for (size_t n = 0; n < t.good.n; n += n < 12 ? 1 : n + step < t.good.n ? step : 1 + (t.good.n - n) / 2) {
		char what[60];
		snprintf(what, sizeof(what), "cut at byte %zu of %zu", n, t.good.n);
		refused(&t, (struct bytes){ t.good.p, n }, what);
	}
	target_free(&t);
}
END_TEST

START_TEST(flipped_or_longer)
{
	if (!is_attacked(_i))
		return;
	struct target t = target_make(registry_at(_i, true));
	struct rng r = rng_at(4, "flip", (uint64_t)_i);
	for (int i = 0; i < 24; i++) {
		size_t at = i < 8 ? (size_t)i : (size_t)rng_below(&r, i % 2 ? t.good.n : header_length(t.good));
		char mask = (char)(1 << rng_below(&r, 8)), what[60];
		snprintf(what, sizeof(what), "byte %zu of %zu flipped by %d", at, t.good.n, mask);
		t.good.p[at] ^= mask;
		refused(&t, t.good, what);
		t.good.p[at] ^= mask;
	}
	struct bytes longer = { mem_alloc(t.good.n + 8, 1), t.good.n + 8 };
	memcpy(longer.p, t.good.p, t.good.n);
	memset(longer.p + t.good.n, 0, 8);
	refused(&t, longer, "eight bytes longer");
	free(longer.p);
	target_free(&t);
}
END_TEST

/* Writes the v-th hostile value over an element of the type; false when there are no more. */
static bool poison(const char *type, int v, char *at)
{
	static const double reals[] = { NAN, INFINITY, -1, 1e30, 0, -1e300 };
	static const int64_t ints[] = { -1, INT64_MAX, 1000, 0, INT64_MIN, 1 };
	size_t width = strcmp(type, "BOOL") == 0 ? 1 : strtoul(type + 1 + (*type == 'B'), NULL, 10) / 8;
	if (v == 6)
		return false;
	if (*type == 'F' && width == 8) {
		memcpy(at, &reals[v], 8);
	} else if (*type == 'F' && width == 4) {
		float f = (float)reals[v];
		memcpy(at, &f, 4);
	} else {
		int64_t x = v == 1 && width < 8 ? (INT64_C(1) << (8 * width - 1)) - 1 : ints[v];
		memcpy(at, &x, width);	/* little-endian */
	}
	return true;
}

static size_t width_of(const char *type)
{
	return strcmp(type, "BOOL") == 0 ? 1 : strtoul(type + 1 + (*type == 'B'), NULL, 10) / 8;
}

START_TEST(poisoned_tensors)
{
	if (!is_attacked(_i))
		return;
	struct target t = target_make(registry_at(_i, true));
	struct part parts[400];
	struct rng r = rng_at(4, "poison", (uint64_t)_i);
	size_t n = parts_of(t.good, parts, 400), data = 8 + header_length(t.good);
	for (size_t i = 0; i < n; i++) {
		size_t width = width_of(parts[i].type), size = (parts[i].end - parts[i].begin) / width;
		struct bytes b = { mem_copy(t.good.p, t.good.n, 1), t.good.n };
		char *first = b.p + data + parts[i].begin, keep[8];
		for (int v = 0; v < 9 && size; v++) {
			size_t element = v < 6 ? (size_t)rng_below(&r, size) : v % 2 ? 0 : size - 1;
			char *at = first + element * width, what[200];
			memcpy(keep, at, width);
			poison(parts[i].type, v % 6, at);
			rehash(b);
			snprintf(what, sizeof(what), "tensor %s, element %zu of %zu, value %d", parts[i].name, element, size, v % 6);
			attempt(&t, b, what);
			memcpy(at, keep, width);
		}
		free(b.p);
	}
	target_free(&t);
}
END_TEST

/* Each tensor with another shape, another type, under another name. */
START_TEST(misshapen_tensors)
{
	if (!is_attacked(_i))
		return;
	struct target t = target_make(registry_at(_i, true));
	struct part parts[400];
	size_t n = parts_of(t.good, parts, 400);
	for (size_t i = 0; i < n; i++) {
		char from[200], to[200], shape[100];
		struct jval *top = jval_parse(t.good.p + 8, header_length(t.good), "test");
		const struct jval *v = jval_need(jval_need(top, parts[i].name), "shape");
		long long a = jval_int(jval_at(v, 0), 0, INT64_MAX), b = jval_size(v) > 1 ? jval_int(jval_at(v, 1), 0, INT64_MAX) : 1;
		snprintf(from, sizeof(from), "\"%s\":{\"dtype\":\"%s\",\"shape\":[", parts[i].name, parts[i].type);
		snprintf(shape, sizeof(shape), jval_size(v) > 1 ? "%lld,%lld]" : "%lld]", a, b);
		strncat(from, shape, sizeof(from) - strlen(from) - 1);
		const char *forms[] = { "%lld,%lld]", "%lld]", "%lld,1,%lld]" };
		for (size_t f = 0; f < 3; f++) {
			snprintf(to, sizeof(to), "\"%s\":{\"dtype\":\"%s\",\"shape\":[", parts[i].name, parts[i].type);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(to + strlen(to), sizeof(to) - strlen(to), forms[f], f == 1 ? a * b : b, a);
#pragma GCC diagnostic pop
			attempt_edit(&t, from, to);
		}
		snprintf(from, sizeof(from), "\"%s\":{\"dtype\":\"%s\"", parts[i].name, parts[i].type);
		snprintf(to, sizeof(to), "\"%s\":{\"dtype\":\"%s\"", parts[i].name, *parts[i].type == 'F' ? "I64" : "F32");
		attempt_edit(&t, from, to);
		snprintf(to, sizeof(to), "\"x%s\":{\"dtype\":\"%s\"", parts[i].name, parts[i].type);
		attempt_edit(&t, from, to);
		jval_free(top);
	}
	target_free(&t);
}
END_TEST

START_TEST(foreign_metadata)
{
	static const char *const keys[] = { "dls.format", "dls.version", "dls.family", "dls.task", "dls.seed", "dls.options",
					    "dls.schema", "dls.rows" };
	static const char *const edits[][2] = {
		{ "dls.format\":\"1", "dls.format\":\"2" }, { "\\\"task\\\":\\\"binary", "\\\"task\\\":\\\"regression" },
		{ "\\\"task\\\":\\\"regression", "\\\"task\\\":\\\"binary" },
		{ "\\\"labels\\\":[\\\"no\\\",", "\\\"labels\\\":[" }, { "\\\"labels\\\":[", "\\\"labels\\\":[\\\"more\\\"," },
		{ "\\\"kind\\\":\\\"numeric\\\"", "\\\"kind\\\":\\\"category\\\",\\\"levels\\\":[\\\"1\\\",\\\"2\\\"]" },
		{ "\\\"kind\\\":\\\"category\\\",", "\\\"kind\\\":\\\"numeric\\\"," },
		{ "\\\"amber\\\",", "" }, { "\\\"amber\\\"", "\\\"amber\\\",\\\"umbra\\\"" },
		{ "{\\\"name\\\":\\\"size\\\",\\\"kind\\\":\\\"numeric\\\"},", "" },
		{ "{\\\"name\\\":\\\"size\\\"", "{\\\"name\\\":\\\"new\\\",\\\"kind\\\":\\\"numeric\\\"},{\\\"name\\\":\\\"size\\\"" },
		{ "\\\"positive\\\":1", "\\\"positive\\\":2" }, { "\\\"positive\\\":1", "\\\"positive\\\":-1" },
		{ "dls.schema\":\"{", "dls.schema\":\"[" }, { "dls.options\":\"{", "dls.options\":\"{\\\"nosuch\\\":1," },
	};
	if (!is_attacked(_i))
		return;
	struct target t = target_make(registry_at(_i, true));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		char to[40];
		snprintf(to, sizeof(to), "x%s", keys[i]);
		attempt_edit(&t, keys[i], to);
	}
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++)
		attempt_edit(&t, edits[i][0], edits[i][1]);
	for (size_t i = 0; families[i]; i++) {
		char from[80], to[80];
		snprintf(from, sizeof(from), "dls.family\":\"%s\"", t.c.f->name);
		snprintf(to, sizeof(to), "dls.family\":\"%s\"", families[i]->name);
		attempt_edit(&t, from, to);
	}
	target_free(&t);
}
END_TEST

/* The options of the file are others than those of the fit: each word, flag and some numbers. */
START_TEST(options_that_do_not_fit)
{
	static const char *const numbers[] = { "0", "1", "2", "7", "1000", "0.5" };
	if (!is_attacked(_i))
		return;
	struct target t = target_make(registry_at(_i, true));
	for (const struct opt *o = t.c.f->opts; o->name; o++) {
		const char *word = o->type == OPT_BOOL ? "true|false" : o->type == OPT_TEXT ? o->range : NULL;
		void *keep = t.m->opts;
		for (size_t v = 0; word || (o->type != OPT_TEXT && o->type != OPT_BOOL && v < 6); v++) {
			char value[60], what[200];
			snprintf(value, sizeof(value), "%.*s", word ? (int)strcspn(word, "|") : 6, word ? word : numbers[v]);
			if (word)
				word = strchr(word, '|') ? strchr(word, '|') + 1 : NULL;
			t.m->opts = opts_make(t.c.f);
			if (opt_takes(o, t.m->opts, value)) {
				struct bytes b = model_bytes(t.m);
				snprintf(what, sizeof(what), "option --%s %s", o->name, value);
				attempt(&t, b, what);
				free(b.p);
			}
			opts_drop(t.c.f, t.m->opts);
		}
		t.m->opts = keep;
	}
	target_free(&t);
}
END_TEST

CONTRACT_MAIN("contract: model files", is_any_case, same_as_a_file, options_of_an_ensemble, a_good_file_is_read, truncated, flipped_or_longer, poisoned_tensors,
	      misshapen_tensors, foreign_metadata, options_that_do_not_fit)
