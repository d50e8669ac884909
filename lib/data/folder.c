#include "data/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/mem.h"

#define DEEPEST 32	/* folders inside each other; a link may lead back */
#define BLOCK 4096	/* rows */

struct folder_rows {
	const char *dir;
	struct arena *arena;	/* of paths and labels */
	const char **path;	/* (n) relative to dir */
	const char **label;	/* (n) or all NULL */
	size_t n, cap, at;
	size_t others;		/* files that are no pictures by their names */
	size_t ncols;
	struct slice *cells;
	uint64_t *lines;
};

static bool is_picture(const char *name)
{
	static const char *const ends[] = { ".jpg", ".jpeg", ".png", ".bmp", ".pnm", ".pgm", ".ppm", ".pbm" };
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot && i < sizeof(ends) / sizeof(*ends); i++)
		if (strcasecmp(dot, ends[i]) == 0)
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted, to names, which the caller frees, each and all; how many. */
static size_t list_names(const char *path, char ***names)
{
	DIR *dir = opendir(path);
	size_t n = 0;
	*names = NULL;
	if (!dir)
		die(ST_NOINPUT, "%s: cannot read the folder: %s", path, strerror(errno));
	errno = 0;
	for (const struct dirent *e; (e = readdir(dir)); errno = 0) {
		if (*e->d_name == '.')
			continue;
		GROW(*names, n + 1);
		(*names)[n++] = mem_str(e->d_name);
	}
	if (errno)
		die(ST_NOINPUT, "%s: cannot read the folder: %s", path, strerror(errno));
	closedir(dir);
	if (n)
		qsort(*names, n, sizeof(**names), by_bytes);
	return n;
}

/* What stands at the path: S_IFDIR, S_IFREG or something else; links are followed. */
static mode_t type_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_mode & S_IFMT : 0;
}

static void add_row(struct folder_rows *f, const char *path, const char *label)
{
	if (f->n == f->cap) {
		f->cap = f->cap * 2 + 64;
		GROW(f->path, f->cap);
		GROW(f->label, f->cap);
	}
	f->path[f->n] = arena_strn(f->arena, path, strlen(path));
	f->label[f->n++] = label;
}

/* Adds the pictures under dir/rel; label NULL: this is the folder itself, whose sub-folders are classes. */
static void walk(struct folder_rows *f, const char *rel, const char *label, int depth)
{
	struct str full = { 0 }, inner = { 0 };
	char **names;
	str_printf(&full, "%s%s%s", f->dir, *rel ? "/" : "", rel);
	if (depth > DEEPEST)
		die(ST_DATA, "%s: more than %d folders inside each other; does a link lead back?", full.s, DEEPEST);
	size_t n = list_names(full.s, &names);
	for (size_t i = 0; i < n; i++) {
		full.n = inner.n = 0;
		str_printf(&inner, "%s%s%s", rel, *rel ? "/" : "", names[i]);
		str_printf(&full, "%s/%s", f->dir, inner.s);
		mode_t type = type_of(full.s);
		size_t before = f->n;
		if (type == S_IFDIR)
			walk(f, inner.s, label ? label : arena_strn(f->arena, names[i], strlen(names[i])), depth + 1);
		else if (type == S_IFREG && is_picture(names[i]))
			add_row(f, inner.s, label);
		else
			f->others++;
		if (type == S_IFDIR && !label && f->n == before)
			warn("%s: no pictures in this class folder", full.s);
		free(names[i]);
	}
	free(names);
	str_free(&full);
	str_free(&inner);
}

/* Beside class folders, pictures have no class: they are left out. */
static void leave_out_strays(struct folder_rows *f)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->n; i++)
		if (f->label[i]) {
			f->path[kept] = f->path[i];
			f->label[kept++] = f->label[i];
		}
	if (kept == 0)
		return;
	if (kept < f->n)
		warn("%s: pictures beside the class folders, which have no class and are left out: %zu", f->dir,
		     f->n - kept);
	f->n = kept;
	f->ncols = 2;
}

struct folder_rows *folder_rows_open(const char *dir, struct dict *names)
{
	struct folder_rows *f = NEW0(struct folder_rows, 1);
	*f = (struct folder_rows){ .dir = dir, .arena = arena_new(), .ncols = 1, .cells = NEW(struct slice, 2 * BLOCK),
				   .lines = NEW(uint64_t, BLOCK) };
	walk(f, "", NULL, 0);
	leave_out_strays(f);
	if (f->others)
		note(0, "%s: files left out because their names do not end as those of pictures do: %zu", dir, f->others);
	if (f->n == 0)
		die(ST_DATA, "%s: no pictures in this folder; their names end in .jpg, .jpeg, .png, .bmp, .pnm, .pgm, .ppm or "
		    ".pbm", dir);
	dict_add(names, "image", 5);
	if (f->ncols == 2)
		dict_add(names, "label", 5);
	return f;
}

bool folder_rows_next(struct folder_rows *f, struct block *b)
{
	size_t n = f->n - f->at < BLOCK ? f->n - f->at : BLOCK;
	for (size_t i = 0; i < n; i++) {
		f->cells[i * f->ncols] = slice_of(f->path[f->at + i]);
		if (f->ncols == 2)
			f->cells[i * 2 + 1] = slice_of(f->label[f->at + i]);
		f->lines[i] = f->at + i + 1;
	}
	f->at += n;
	*b = (struct block){ .nrows = n, .ncols = f->ncols, .cells = f->cells, .lines = f->lines, .first = b->first };
	return n > 0;
}

uint64_t folder_rows_hash(const struct folder_rows *f)
{
	uint64_t h = 0;
	for (size_t i = 0; i < f->n; i++)
		h = hash_bytes(f->path[i], strlen(f->path[i]) + 1, h);
	return h;
}

void folder_rows_close(struct folder_rows *f)
{
	if (!f)
		return;
	free(f->path);
	free(f->label);
	free(f->cells);
	free(f->lines);
	arena_free(f->arena);
	free(f);
}
