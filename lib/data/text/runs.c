/*
 * Sorted runs of counted terms in temporary files, and their merge. When there
 * are many they are merged to one, so that few files are open at a time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/text/count.h"

#define MOST_OPEN 16

struct runs {
	size_t most;		/* classes of any file, though no term of it may have them */
	FILE *file[MOST_OPEN + 1];
	size_t n, made;
	FILE *out;		/* being written */
};

/* A file being read, at one of its terms. */
struct run {
	FILE *f;
	struct str text;
	uint64_t *num;		/* (2 + most * 2) df, tf, by class */
	bool done;
};

struct runs *runs_new(void)
{
	return NEW0(struct runs, 1);
}

void runs_free(struct runs *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		fclose(r->file[i]);
	free(r);
}

size_t runs_made(const struct runs *r)
{
	return r->made;
}

_Noreturn static void fail(const char *what)
{
	die(ST_IO, "a temporary file (TMPDIR says where): cannot %s: %s", what, strerror(errno));
}

static void put(FILE *f, const void *p, size_t n)
{
	if (fwrite(p, 1, n, f) != n)
		fail("write");
}

void runs_begin(struct runs *r, size_t classes)
{
	r->most = classes > r->most ? classes : r->most;
	r->out = file_temp();
}

void runs_put(struct runs *r, const struct counted *t)
{
	uint32_t n[2] = { (uint32_t)t->text.n, (uint32_t)t->classes };
	put(r->out, n, sizeof(n));
	put(r->out, t->text.s, n[0]);
	put(r->out, &t->df, sizeof(t->df));
	put(r->out, &t->tf, sizeof(t->tf));
	if (t->classes)
		put(r->out, t->by, t->classes * 2 * sizeof(*t->by));
}

static void to_file(void *ctx, const struct counted *t)
{
	runs_put(ctx, t);
}

void runs_end(struct runs *r)
{
	if (fflush(r->out) != 0)
		fail("write");
	r->file[r->n++] = r->out;
	r->made++;
	if (r->n <= MOST_OPEN)
		return;
	r->out = file_temp();
	runs_merge(r, to_file, r);
	if (fflush(r->out) != 0)
		fail("write");
	for (size_t i = 0; i < r->n; i++)
		fclose(r->file[i]);
	r->file[0] = r->out;
	r->n = 1;
}

/* Goes to the next term of a run; classes that its file did not know yet have 0. */
static void next(struct run *run, size_t most)
{
	uint32_t n[2];
	if (fread(n, sizeof(n), 1, run->f) != 1) {
		if (ferror(run->f))
			fail("read");
		run->done = true;
		return;
	}
	run->text.n = 0;
	str_reserve(&run->text, n[0]);
	size_t numbers = 2 + (size_t)n[1] * 2;
	if (n[1] > most || fread(run->text.s, 1, n[0], run->f) != n[0] ||
	    fread(run->num, sizeof(*run->num), numbers, run->f) != numbers)
		fail("read");
	memset(run->num + numbers, 0, (most - n[1]) * 2 * sizeof(*run->num));
	run->text.n = n[0];
}

static struct slice text_of(const struct run *run)
{
	return (struct slice){ run->text.s, run->text.n };
}

void runs_merge(struct runs *r, void (*fn)(void *ctx, const struct counted *t), void *ctx)
{
	size_t n = r->n, most = r->most, numbers = 2 + most * 2;
	struct run *run = NEW0(struct run, n);
	uint64_t *sum = NEW(uint64_t, numbers);
	struct str text = { 0 };
	for (size_t i = 0; i < n; i++) {
		run[i] = (struct run){ .f = r->file[i], .num = NEW(uint64_t, numbers) };
		rewind(run[i].f);
		next(&run[i], most);
	}
	for (;;) {
		struct run *least = NULL;
		for (size_t i = 0; i < n; i++)
			if (!run[i].done && (!least || slice_order(text_of(&run[i]), text_of(least)) < 0))
				least = &run[i];
		if (!least)
			break;
		text.n = 0;
		str_add(&text, least->text.s, least->text.n);
		memset(sum, 0, numbers * sizeof(*sum));
		struct slice term = { text.s, text.n };
		for (size_t i = 0; i < n; i++) {
			if (run[i].done || slice_order(text_of(&run[i]), term) != 0)
				continue;
			for (size_t k = 0; k < numbers; k++)
				sum[k] += run[i].num[k];
			next(&run[i], most);
		}
		struct counted t = { term, sum[0], sum[1], sum + 2, most };
		fn(ctx, &t);
	}
	for (size_t i = 0; i < n; i++) {
		free(run[i].num);
		str_free(&run[i].text);
	}
	free(run);
	free(sum);
	str_free(&text);
}
