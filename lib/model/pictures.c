#include "model/pictures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "data/image/picture.h"

#define PIECE 32	/* pictures tried as one piece of parallel work */
#define LONG 200	/* bytes of a path that a message shows */

const char *picture_why(const struct column *c, size_t i)
{
	struct picture p;
	if (c->text[i].n == 0)
		return "the picture is missing";
	const char *why = picture_load(c->text[i], c->root, (struct picture_spec){ .c = 3 }, &p);
	if (!why)
		picture_free(&p);
	return why;
}

void bad_picture_put(const struct bad_picture *b, const char *where, struct str *out)
{
	str_printf(out, "%s:%" PRIu64 ": column '%s': ", where, b->line, b->column->name);
	if (b->cell.n && memchr(b->cell.s, '\0', b->cell.n))
		str_printf(out, "%zu bytes: ", b->cell.n);
	else if (b->cell.n)
		str_printf(out, "'%.*s%s': ", (int)(b->cell.n < LONG ? b->cell.n : LONG), b->cell.s,
			   b->cell.n > LONG ? "..." : "");
	str_puts(out, b->why);
}

void bad_picture_say(const struct bad_picture *b, const char *where, uint64_t count)
{
	struct str s = { 0 };
	if (count >= BAD_SHOWN)
		return;
	bad_picture_put(b, where, &s);
	warn("%s", s.s);
	str_free(&s);
}

struct try {
	const struct column *column;
	size_t n;
	const char **why;	/* (n) */
};

static void try_piece(void *ctx, size_t i, int worker)
{
	struct try *t = ctx;
	(void)worker;
	for (size_t r = i * PIECE; r < t->n && r < (i + 1) * PIECE; r++)
		t->why[r] = picture_why(t->column, r);
}

/* Clears good for the rows whose picture is bad, and says so of the first ones; count goes on from column to column. */
static void try_column(const struct column *col, size_t n, const uint64_t *lines, const char *where, int threads, bool *good,
		       size_t *count)
{
	struct try t = { col, n, NEW(const char *, n) };
	par_for(threads, (n + PIECE - 1) / PIECE, try_piece, &t);
	for (size_t i = 0; i < n; i++) {
		if (!t.why[i])
			continue;
		good[i] = false;
		struct bad_picture b = { lines[i], col, col->text[i], t.why[i] };
		bad_picture_say(&b, where, (*count)++);
	}
	free(t.why);
}

bool *pictures_good(const struct column *cols, size_t ncols, size_t n, const uint64_t *lines, const char *where, bool skip,
		    int threads)
{
	bool *good = NEW(bool, n);
	size_t count = 0, left = 0, first = n;
	for (size_t i = 0; i < n; i++)
		good[i] = true;
	for (size_t c = 0; c < ncols; c++)
		if (cols[c].kind == KIND_IMAGE)
			try_column(&cols[c], n, lines, where, threads, good, &count);
	for (size_t i = n; i-- > 0;) {
		left += good[i];
		first = good[i] ? first : i;
	}
	if (count && !skip)
		die(ST_DATA, "%s: rows whose picture cannot be read: %zu of %zu, the first in line %" PRIu64 "; --skip-bad leaves "
		    "them out", where, n - left, n, lines[first]);
	if (count && left == 0)
		die(ST_DATA, "%s: none of %zu rows has a picture that can be read", where, n);
	if (count) {
		warn("%s: rows left out because their picture cannot be read: %zu of %zu", where, n - left, n);
		return good;
	}
	free(good);
	return NULL;
}

const char *pictures_root(const struct reader *r, const char *root)
{
	const char *folder = reader_folder(r);
	if (folder && root)
		die(ST_USAGE, "--root %s: the paths of --image-folder are relative to that folder; leave out --root", root);
	return folder ? folder : root;
}
