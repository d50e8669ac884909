#include "data/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

void feed_open(struct feed *f, const char *path)
{
	*f = (struct feed){ .stream = stream_open(path), .line = 1 };
	f->where = stream_where(f->stream);
}

void feed_more(struct feed *f)
{
	size_t left = f->end - f->begin, more = FEED_PIECE;
	if (f->eof)
		return;
	while (more < left)
		more += FEED_PIECE;
	if (left)
		memmove(f->buf, f->buf + f->begin, left);
	f->begin = 0;
	f->end = left;
	if (f->cap < left + more + 1) {
		f->cap = left + more + 1;
		GROW(f->buf, f->cap);
	}
	size_t got = stream_read(f->stream, f->buf + left, more);
	f->end += got;
	f->eof = got < more;
	for (size_t i = 0; i < got; i += FEED_PIECE)
		f->hash = hash_bytes(f->buf + left + i, got - i < FEED_PIECE ? got - i : FEED_PIECE, f->hash);
}

void feed_close(struct feed *f)
{
	stream_close(f->stream);
	free(f->buf);
}
