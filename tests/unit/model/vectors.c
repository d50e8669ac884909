/* Vectorisers side by side in one matrix, and files of dls-tfidf that make no sense: each is refused with a reason. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/vectors.h"

/* ---- a file, with one thing in it that is otherwise ---- */

struct change {
	const char *key, *value;	/* metadata; NULL: left out */
	const char *what;		/* a part of the message, or NULL: the file is taken */
};

static const char *const metadata[][2] = {
	{ "dls.format", "1" },
	{ "dls.version", "0.1" },
	{ "dls.family", "tfidf" },
	{ "dls.schema", "{\"target\":\"y\",\"labels\":[\"a\",\"b\"],\"chosen_by_target\":false}" },
	{ "dls.rows", "0123456789abcdef" },
	{ "dls.vectors", "[[\"t\"]]" },
	{ "vectors.0.tfidf.options", "{\"tokens\":\"word\",\"min-df\":\"1\"}" },
	{ "vectors.0.tfidf.texts", "4" },
	{ "vectors.0.tfidf.stop", "[\"the\"]" },
};

/* The terms a, ab and b in 4, 1 and 2 of 4 texts, or others. */
struct terms {
	uint32_t start[6], df[6];
	size_t nstart, ndf, bytes;
	const char *text;
};
static const struct terms good = { { 0, 1, 3, 4 }, { 4, 1, 2 }, 4, 3, 4, "aabb" };

static void write_file(const char *path, const struct change *c, const struct terms *t)
{
	struct store *st = store_new();
	for (size_t i = 0; i < sizeof(metadata) / sizeof(*metadata); i++) {
		const char *value = c && strcmp(c->key, metadata[i][0]) == 0 ? c->value : metadata[i][1];
		if (value)
			store_meta(st, metadata[i][0], value);
	}
	if (t->text)
		store_put1(st, "vectors.0.terms.text", DT_U8, t->bytes, t->text);
	if (t->nstart)
		store_put1(st, "vectors.0.terms.start", DT_U32, t->nstart, t->start);
	if (t->ndf)
		store_put1(st, "vectors.0.df", DT_U32, t->ndf, t->df);
	struct out out = out_open(path, false);
	store_write(st, &out);
	out_close(&out);
	store_free(st);
}

/* Reads the file and makes a row with it in a process of its own: its status, and what it printed to message. */
static int try_file(const char *path, char *message, size_t room)
{
	int fd[2], status;
	ck_assert_int_eq(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct vectorfile f;
		struct column text = { .name = "t", .kind = KIND_TEXT, .text = (struct slice[]){ { "a b ab", 6 } } };
		dup2(fd[1], STDERR_FILENO);
		vectorfile_read(&f, path);
		vectors_bind(&f.vectors, &text, 1);
		struct sparse rows = vectors_chunk(&f.vectors, &text, NULL, 0, 1);
		for (size_t e = 0; e < sparse_nnz(&rows); e++)
			if (rows.col[e] < 0 || (size_t)rows.col[e] >= f.vectors.ncols)
				_exit(70);
		sparse_free(&rows);
		vectorfile_free(&f);
		_exit(0);
	}
	close(fd[1]);
	ssize_t n = 0, got;
	while ((got = read(fd[0], message + n, room - 1 - (size_t)n)) > 0)
		n += got;
	message[n] = '\0';
	close(fd[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void check(const struct change *c, const struct terms *t, const char *what)
{
	char path[] = "/tmp/dls-vectors-XXXXXX", message[4096];
	int fd = mkstemp(path);
	close(fd);
	write_file(path, c, t);
	int status = try_file(path, message, sizeof(message));
	unlink(path);
	ck_assert_msg(status == (what ? 65 : 0) && strstr(message, what ? what : ""), "%s %s: status %d, %s", c ? c->key : "terms",
		      c && c->value ? c->value : "", status, message);
}

START_TEST(metadata_that_makes_no_sense)
{
	static const struct change changes[] = {
		{ "dls.family", NULL, "dls.family" },
		{ "dls.family", "logistic", "this is a model of family logistic" },
		{ "dls.format", "2", "it has format 2, this version reads 1" },
		{ "dls.schema", NULL, "dls.schema" },
		{ "dls.schema", "[]", "is not an object" },
		{ "dls.schema", "{\"target\":5,\"labels\":[],\"chosen_by_target\":false}", "target" },
		{ "dls.schema", "{\"target\":\"y\",\"labels\":[5],\"chosen_by_target\":false}", "is not a string" },
		{ "dls.schema", "{\"target\":\"y\",\"labels\":[]}", "'chosen_by_target'" },
		{ "dls.schema", "{", "JSON" },
		{ "dls.rows", NULL, "dls.rows" },
		{ "dls.vectors", NULL, "it holds no vectoriser" },
		{ "dls.vectors", "[]", "it holds no vectoriser" },
		{ "dls.vectors", "[[]]", "it holds no vectoriser of texts" },
		{ "dls.vectors", "[5]", "not an array" },
		{ "dls.vectors", "[[5]]", "not a string" },
		{ "dls.vectors", "{}", "it holds no vectoriser" },
		{ "dls.vectors", "[[\"t\"],[\"u\"]]", "vectors.1.tfidf" },
		{ "vectors.0.tfidf.options", NULL, "tfidf.options" },
		{ "vectors.0.tfidf.options", "{\"nosuch\":1}", "nosuch" },
		{ "vectors.0.tfidf.options", "{\"tokens\":\"line\"}", "tokens" },
		{ "vectors.0.tfidf.options", "{\"ngrams\":\"0\"}", "--ngrams 0 is neither" },
		{ "vectors.0.tfidf.options", "{\"ngrams\":\"1-1000\"}", "--ngrams 1-1000 is neither" },
		{ "vectors.0.tfidf.options", "{\"hash-bits\":31}", "hash-bits" },
		{ "vectors.0.tfidf.options", "{\"hash-bits\":-1}", "hash-bits" },
		{ "vectors.0.tfidf.options", "{\"hash-bits\":30}", "df" },
		{ "vectors.0.tfidf.options", "{\"hash-bits\":2}", "df" },
		{ "vectors.0.tfidf.options", "{\"stem\":\"klingon\"}", "there is no such language" },
		{ "vectors.0.tfidf.options", "{\"elongation\":-3}", "elongation" },
		{ "vectors.0.tfidf.options", "{\"min-df\":\"many\"}", "--min-df many" },
		{ "vectors.0.tfidf.options", "{\"select\":\"chi2\"}", "--max-features" },
		{ "vectors.0.tfidf.options", "{\"tokens\":\"char\"}", "are for words" },	/* but there are stop words */
		{ "vectors.0.tfidf.options", "{\"stop\":[\"/etc/passwd\"]}", NULL },	/* the words are in the file: none is read */
		{ "vectors.0.tfidf.options", "{\"hash-bits\":30,\"idf\":\"none\"}", NULL },	/* it needs no terms: what the file has of them is left alone */
		{ "vectors.0.tfidf.texts", NULL, "tfidf.texts" },
		{ "vectors.0.tfidf.texts", "", "it was fitted on '' texts" },
		{ "vectors.0.tfidf.texts", "-1", "it was fitted on '-1' texts" },
		{ "vectors.0.tfidf.texts", "4294967296", "it was fitted on '4294967296' texts" },
		{ "vectors.0.tfidf.texts", "3", "term 0 is in 4 of 3 texts" },
		{ "vectors.0.tfidf.stop", "5", "not an array" },
		{ "vectors.0.tfidf.stop", "[5]", "not a string" },
		{ "vectors.0.tfidf.stop", NULL, NULL },
	};
	check(NULL, &good, NULL);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		check(&changes[i], &good, changes[i].what);
}
END_TEST

START_TEST(terms_that_make_no_sense)
{
	static const struct {
		struct terms t;
		const char *what;
	} cases[] = {
		{ { { 1, 1, 3, 4 }, { 4, 1, 2 }, 4, 3, 4, "aabb" }, "3 terms do not fill 4 bytes" },
		{ { { 0, 1, 3, 3 }, { 4, 1, 2 }, 4, 3, 4, "aabb" }, "3 terms do not fill 4 bytes" },
		{ { { 0, 1, 3, 5 }, { 4, 1, 2 }, 4, 3, 4, "aabb" }, "3 terms do not fill 4 bytes" },
		{ { { 0, 3, 1, 4 }, { 4, 1, 2 }, 4, 3, 4, "aabb" }, "term 1 ends before it begins" },
		{ { { 0, 4000000000u, 1, 4 }, { 4, 1, 2 }, 4, 3, 4, "aabb" }, "term 1 ends before it begins" },
		{ { { 0, 1, 3, 4 }, { 4, 1 }, 4, 2, 4, "aabb" }, "df" },
		{ { { 0, 1, 3, 4 }, { 4, 1, 2, 1 }, 4, 4, 4, "aabb" }, "df" },
		{ { { 0, 1, 3, 4 }, { 4, 0, 2 }, 4, 3, 4, "aabb" }, "term 1 is in 0 of 4 texts" },
		{ { { 0, 1, 3, 4 }, { 4, 5, 2 }, 4, 3, 4, "aabb" }, "term 1 is in 5 of 4 texts" },
		{ { { 0, 1, 3, 4 }, { 4, 1, 2 }, 0, 3, 4, "aabb" }, "terms.start" },
		{ { { 0, 1, 3, 4 }, { 4, 1, 2 }, 4, 3, 4, NULL }, "terms.text" },
		{ { { 0, 1, 3, 4 }, { 4, 1, 2 }, 4, 0, 4, "aabb" }, "df" },
		{ { { 0, 1, 2, 3 }, { 4, 1, 2 }, 4, 3, 3, "aaa" }, "term 1 does not follow the one before it" },
		{ { { 0, 1, 2, 4 }, { 4, 1, 2 }, 4, 3, 4, "bbab" }, "term 1 does not follow" },
		{ { { 0, 2, 3, 4 }, { 4, 1, 2 }, 4, 3, 4, "aaab" }, "term 1 does not follow" },
		{ { { 0, 0, 1, 4 }, { 4, 1, 2 }, 4, 3, 4, "aaab" }, NULL },	/* one is empty */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(NULL, &cases[i].t, cases[i].what);
}
END_TEST

/* ---- side by side ---- */

static struct tfidf *fitted(const char *ngrams, const struct slice *texts, size_t n, size_t parts)
{
	struct tfidf_opts o;
	char *why;
	opt_defaults(tfidf_table, &o);
	free((void *)(uintptr_t)o.ngrams);
	free((void *)(uintptr_t)o.min_df);
	o.ngrams = mem_str(ngrams);
	o.min_df = mem_str("1");
	struct tfidf *v = tfidf_new(&o, &why);
	tfidf_begin(v, 0, 1);
	tfidf_learn(v, texts, n, parts, NULL, 0);
	ck_assert_ptr_null(tfidf_end(v));
	opt_free(tfidf_table, &o);
	return v;
}

/* Columns of several vectorisers are those of each, one after another; chunks and threads change nothing. */
START_TEST(vectorisers_side_by_side)
{
	enum { ROWS = 700 };
	struct slice *a = NEW(struct slice, ROWS), *b = NEW(struct slice, ROWS), *both = NEW(struct slice, 2 * ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		struct str s = { 0 }, t = { 0 };
		str_printf(&s, "w%zu x%zu", i % 13, i % 7);
		str_printf(&t, i % 5 ? "y%zu" : "", i % 11);
		a[i].n = s.n;
		b[i].n = t.n;
		both[2 * i].s = a[i].s = str_take(&s);
		both[2 * i + 1].s = b[i].s = str_take(&t);
		both[2 * i].n = a[i].n;
		both[2 * i + 1].n = b[i].n;
	}
	struct column cols[2] = { { .name = "b", .kind = KIND_TEXT, .text = b }, { .name = "a", .kind = KIND_TEXT, .text = a } };
	char *na = mem_str("a"), *nb = mem_str("b"), *nab[] = { na, nb };
	struct vectors vs = { 0 };
	vectors_add(&vs, fitted("1", a, ROWS, 1), &(struct strs){ &na, 1 });
	vectors_add(&vs, fitted("1-2", both, ROWS, 2), &(struct strs){ nab, 2 });
	vectors_add(&vs, fitted("1", b, ROWS, 1), &(struct strs){ &nb, 1 });
	ck_assert_ptr_null(vectors_bind(&vs, cols, 2));
	struct sparse all = vectors_rows(&vs, cols, NULL, ROWS, 2);
	ck_assert_uint_eq(all.ncols, vs.ncols);
	struct tfidf_scratch *scratch = tfidf_scratch_new();
	for (size_t i = 0; i < ROWS; i++) {
		struct sparse chunk = vectors_chunk(&vs, cols, NULL, i, 1);
		size_t e = all.start[i];
		ck_assert_uint_eq(sparse_nnz(&chunk), all.start[i + 1] - e);
		ck_assert(memcmp(chunk.col, all.col + e, sparse_nnz(&chunk) * sizeof(*chunk.col)) == 0);
		ck_assert(memcmp(chunk.val, all.val + e, sparse_nnz(&chunk) * sizeof(*chunk.val)) == 0);
		for (size_t v = 0; v < 3; v++) {
			struct sparse row = sparse_new(tfidf_ncols(vs.v[v].tfidf));
			tfidf_row(vs.v[v].tfidf, v == 0 ? &a[i] : v == 1 ? &both[2 * i] : &b[i], v == 1 ? 2 : 1, scratch, &row);
			for (size_t k = 0; k < sparse_nnz(&row); k++, e++)
				MUST((size_t)all.col[e] == vs.start[v] + (size_t)row.col[k] && all.val[e] == row.val[k], "row %zu, vectoriser %zu", i, v);
			sparse_free(&row);
		}
		sparse_free(&chunk);
	}
	struct data x = { 0 };
	struct str name = { 0 };
	vectors_describe(&vs, &x);
	ck_assert_uint_eq(x.ngroups, 3);
	x.names.put(x.names.of, 0, &name);
	str_putc(&name, ' ');
	x.names.put(x.names.of, vs.start[1], &name);
	ck_assert_str_eq(name.s, "a=w0 a+b=w0");
	cols[1].kind = KIND_CATEGORY;
	ck_assert_str_eq(vectors_bind(&vs, cols, 2), "a");
	tfidf_scratch_free(scratch);
	sparse_free(&all);
	vectors_free(&vs);
	str_free(&name);
	for (size_t i = 0; i < ROWS; i++) {
		free((void *)(uintptr_t)a[i].s);
		free((void *)(uintptr_t)b[i].s);
	}
	free(a);
	free(b);
	free(both);
	free(na);
	free(nb);
}
END_TEST

UNIT_MAIN("vectors", metadata_that_makes_no_sense, terms_that_make_no_sense, vectorisers_side_by_side)
