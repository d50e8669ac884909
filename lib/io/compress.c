#include "io/compress.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"

#define CHUNK ((size_t)256 << 10)

enum form { PLAIN, GZIP, ZSTD };

struct stream {
	FILE *f;
	char *where;
	enum form form;
	char *in;		/* (CHUNK) compressed bytes, or the first bytes of a plain input */
	size_t at, got;		/* of in */
	bool inside;		/* a member has begun and not ended */
	z_stream gz;
	ZSTD_DStream *zstd;
};

/* Fills `in` when it is used up; false at the end of the file. */
static bool refill(struct stream *s)
{
	if (s->at < s->got)
		return true;
	s->at = 0;
	s->got = fread(s->in, 1, CHUNK, s->f);
	if (ferror(s->f))
		die(ST_NOINPUT, "%s: cannot read: %s", s->where, strerror(errno));
	return s->got > 0;
}

struct stream *stream_open(const char *path)
{
	struct stream *s = NEW0(struct stream, 1);
	s->f = in_open(path);
	setvbuf(s->f, NULL, _IONBF, 0);
	s->where = mem_str(in_name(path));
	s->in = NEW(char, CHUNK);
	refill(s);
	while (s->got > 0 && s->got < 4 && !feof(s->f)) {	/* a pipe may give fewer bytes than the magic has */
		size_t more = fread(s->in + s->got, 1, 1, s->f);
		s->got += more;
		if (more == 0)
			break;
	}
	if (s->got >= 2 && memcmp(s->in, "\x1f\x8b", 2) == 0) {
		s->form = GZIP;
		if (inflateInit2(&s->gz, 15 + 16) != Z_OK)
			die(ST_IO, "out of memory: zlib");
	} else if (s->got >= 4 && memcmp(s->in, "\x28\xb5\x2f\xfd", 4) == 0) {
		s->form = ZSTD;
		s->zstd = ZSTD_createDStream();
		if (!s->zstd)
			die(ST_IO, "out of memory: zstd");
	}
	return s;
}

_Noreturn static void damaged(const struct stream *s, const char *why)
{
	die(ST_DATA, "%s: the %s archive is damaged: %s", s->where, s->form == GZIP ? "gzip" : "zstd", why);
}

/* The archive's input is at its end: fine between members, else it was cut off. */
static size_t ended(const struct stream *s, size_t done)
{
	if (s->inside)
		damaged(s, "it is cut off");
	return done;
}

static size_t read_gzip(struct stream *s, char *buf, size_t n)
{
	size_t done = 0;
	while (done < n) {
		if (!refill(s))
			return ended(s, done);
		s->inside = true;
		s->gz.next_in = (unsigned char *)s->in + s->at;
		s->gz.avail_in = (unsigned)(s->got - s->at);
		s->gz.next_out = (unsigned char *)buf + done;
		s->gz.avail_out = (unsigned)(n - done < CHUNK ? n - done : CHUNK);
		unsigned room = s->gz.avail_out;
		int status = inflate(&s->gz, Z_NO_FLUSH);
		s->at = s->got - s->gz.avail_in;
		done += room - s->gz.avail_out;
		if (status == Z_STREAM_END) {
			s->inside = false;
			inflateReset(&s->gz);
		} else if (status != Z_OK && status != Z_BUF_ERROR) {
			damaged(s, s->gz.msg ? s->gz.msg : "zlib cannot read it");
		}
	}
	return done;
}

static size_t read_zstd(struct stream *s, char *buf, size_t n)
{
	ZSTD_outBuffer out = { buf, n, 0 };
	while (out.pos < n) {
		bool more = refill(s);
		ZSTD_inBuffer in = { s->in, s->got, s->at };
		size_t before = out.pos;
		if (!more && !s->inside)
			break;
		size_t status = ZSTD_decompressStream(s->zstd, &out, &in);
		if (ZSTD_isError(status))
			damaged(s, ZSTD_getErrorName(status));
		s->at = in.pos;
		s->inside = status != 0;
		if (!more && out.pos == before)
			return ended(s, out.pos);
	}
	return out.pos;
}

static size_t read_plain(struct stream *s, char *buf, size_t n)
{
	size_t done = 0;
	while (done < n) {
		size_t left = s->got - s->at, want = n - done;
		if (left > 0) {
			size_t k = left < want ? left : want;
			memcpy(buf + done, s->in + s->at, k);
			s->at += k;
			done += k;
			continue;
		}
		size_t k = fread(buf + done, 1, want, s->f);
		if (ferror(s->f))
			die(ST_NOINPUT, "%s: cannot read: %s", s->where, strerror(errno));
		if (k == 0)
			break;
		done += k;
	}
	return done;
}

size_t stream_read(struct stream *s, char *buf, size_t n)
{
	switch (s->form) {
	case GZIP: return read_gzip(s, buf, n);
	case ZSTD: return read_zstd(s, buf, n);
	case PLAIN: break;
	}
	return read_plain(s, buf, n);
}

const char *stream_where(const struct stream *s)
{
	return s->where;
}

void stream_close(struct stream *s)
{
	if (s->form == GZIP)
		inflateEnd(&s->gz);
	ZSTD_freeDStream(s->zstd);
	if (s->f != stdin)
		fclose(s->f);
	free(s->in);
	free(s->where);
	free(s);
}
