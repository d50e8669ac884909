#include "data/image/album.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/par.h"

#define WINDOW 64	/* rows that are decoded before it is known whether they fit */

struct page {
	struct picture picture;	/* none where it is broken ... */
	const char *wrong;	/* ... and this says how */
};

struct album {
	const struct slice *cells;	/* (n) */
	size_t n, kept;
	const char *root;
	struct picture_spec spec;
	struct page *pages;		/* (kept) */
};

static void load(const struct album *a, size_t i, struct page *page)
{
	page->wrong = picture_load(a->cells[i], a->root, a->spec, &page->picture);
}

static uint64_t bytes(const struct page *p)
{
	return sizeof(*p) + (uint64_t)p->picture.h * (uint64_t)p->picture.w * (uint64_t)p->picture.c;
}

static void load_chunk(void *ctx, size_t chunk, int worker)
{
	struct album *a = ctx;
	(void)worker;
	load(a, a->kept + chunk, &a->pages[a->kept + chunk]);
}

struct album *album_new(const struct slice *cells, size_t n, const char *root, struct picture_spec spec, int threads,
			uint64_t most_bytes)
{
	struct album *a = NEW0(struct album, 1);
	*a = (struct album){ .cells = cells, .n = n, .root = root, .spec = spec, .pages = NEW0(struct page, n) };
	bool full = most_bytes == 0;
	while (a->kept < n && !full) {
		size_t loaded = n - a->kept < WINDOW ? n - a->kept : WINDOW, fit = 0;
		par_for(threads, loaded, load_chunk, a);
		for (; fit < loaded && bytes(&a->pages[a->kept + fit]) <= most_bytes; fit++)
			most_bytes -= bytes(&a->pages[a->kept + fit]);
		full = fit < loaded;
		for (size_t i = fit; i < loaded; i++)
			picture_free(&a->pages[a->kept + i].picture);
		a->kept += fit;
	}
	GROW(a->pages, a->kept);
	return a;
}

void album_free(struct album *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->kept; i++)
		picture_free(&a->pages[i].picture);
	free(a->pages);
	free(a);
}

const struct picture *album_get(const struct album *a, size_t i, struct picture *room, const char **wrong)
{
	struct page anew;
	if (i < a->kept) {
		*wrong = a->pages[i].wrong;
		return *wrong ? NULL : &a->pages[i].picture;
	}
	picture_free(room);
	load(a, i, &anew);
	*room = anew.picture;
	*wrong = anew.wrong;
	return *wrong ? NULL : room;
}

size_t album_kept(const struct album *a)
{
	return a->kept;
}

const char *album_wrong(const struct album *a, size_t i)
{
	return a->pages[i].wrong;
}
