/*
 * Vectorises the texts of a column: tfidf FILE COLUMN THREADS [OPTION=VALUE]...
 * fits and transforms by options of dls-tfidf and prints the seconds of reading,
 * of fitting and of transforming. tfidf --make MB writes a CSV of texts whose
 * words are distributed as those of a language (Zipf), of two classes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/reader.h"
#include "model/vectors.h"

#define WORDS 100000	/* of the language */
#define BLOCK 1000	/* rows learned from at a time */

/* The density of ranks falls as 1 / rank; a tenth of the words are those of a class. */
static void make(size_t mb)
{
	struct rng r = rng_at(1, "bench.tfidf", 0);
	size_t n = (size_t)printf("id,review,sentiment\n");
	for (int id = 0; n < mb * 1000000; id++) {
		int label = (int)rng_below(&r, 2), words = 20 + (int)rng_below(&r, 400);
		n += (size_t)printf("%d,\"", id);
		for (int w = 0; w < words; w++) {
			unsigned rank = (unsigned)exp(rng_double(&r) * log(WORDS)), c = rank * 2654435761u % 10;
			char word[16], *to = word;
			if (c == 0)
				*to++ = label ? 'p' : 'n';
			for (unsigned x = rank; x; x /= 20)
				*to++ = "etaoinshrdlucmfwygpb"[x % 20];
			n += (size_t)printf("%s%.*s", w ? " " : "", (int)(to - word), word);
		}
		n += (size_t)printf("\",%s\n", label ? "positive" : "negative");
	}
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct slice *read_texts(const char *path, const char *name, int threads, size_t *n)
{
	struct reader *r = reader_open(path, (struct reader_opts){ .format = "auto", .header = true, .threads = threads });
	struct arena *a = arena_new();
	size_t col = reader_find(r, name);
	struct slice *text = NULL;
	*n = 0;
	for (const struct block *b; (b = reader_next(r)); *n += b->nrows) {
		GROW(text, *n + b->nrows);
		for (size_t i = 0; i < b->nrows; i++) {
			struct slice s = b->cells[i * b->ncols + col];
			text[*n + i] = (struct slice){ arena_strn(a, s.s, s.n), s.n };
		}
	}
	reader_close(r);
	return text;
}

static struct tfidf *vectoriser(char **words)
{
	struct tfidf_opts o;
	char *why = NULL;
	opt_defaults(tfidf_table, &o);
	for (; *words && !why; words++) {
		char *eq = strchr(*words, '=');
		*eq = '\0';
		why = opt_set(opt_find(tfidf_table, *words, strlen(*words)), &o, eq + 1);
	}
	struct tfidf *v = why ? NULL : tfidf_new(&o, &why);
	if (why)
		fprintf(stderr, "%s\n", why);
	return v;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--make") == 0) {
		make(strtoul(argv[2], NULL, 10));
		return 0;
	}
	if (argc < 4)
		return 64;
	size_t n;
	int threads = (int)strtol(argv[3], NULL, 10);
	struct tfidf *v = vectoriser(argv + 4);
	double start = now();
	struct column col = { .name = argv[2], .kind = KIND_TEXT, .text = read_texts(argv[1], argv[2], threads, &n) };
	double have = now();
	tfidf_begin(v, 0, threads);
	for (size_t i = 0; i < n; i += BLOCK)
		tfidf_learn(v, col.text + i, n - i < BLOCK ? n - i : BLOCK, 1, NULL, 0);
	if (tfidf_end(v))
		return 65;
	double fitted = now();
	struct vectors vs = { 0 };
	vectors_add(&vs, v, &(struct strs){ &argv[2], 1 });
	vectors_bind(&vs, &col, 1);
	struct sparse rows = vectors_rows(&vs, &col, NULL, n, threads);
	double done = now();
	printf("%.3f %.3f %.3f %zu %zu\n", have - start, fitted - have, done - fitted, rows.ncols, sparse_nnz(&rows));
	return 0;
}
