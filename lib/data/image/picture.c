/* Pictures: from any format to what a spec says, and where their bytes come from. */
#include "data/image/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/image/decode.h"

#define MOST_BYTES ((size_t)1 << 30)	/* of a file */

static const struct format *const formats[] = { &jpeg_format, &png_format, &bmp_format, &pnm_format };

void picture_free(struct picture *p)
{
	free(p->px);
	*p = (struct picture){ 0 };
}

static const char *check_size(int64_t h, int64_t w)
{
	return h > PICTURE_MOST_SIDE || w > PICTURE_MOST_SIDE || h * w > PICTURE_MOST_PIXELS ? "a picture too large" : NULL;
}

const char *picture_room(struct picture *p, int32_t h, int32_t w, int32_t c)
{
	size_t n = (size_t)h * (size_t)w * (size_t)c;
	const char *why = check_size(h, w);
	uint8_t *px = why ? NULL : malloc(n);
	if (!why && !px)
		why = PICTURE_NO_MEMORY;
	*p = (struct picture){ 0 };
	if (!why)
		*p = (struct picture){ h, w, c, px };
	return why;
}

/* The format of the bytes, and their size. */
static const char *measure(struct bytes in, const struct format **format, struct stored *out)
{
	if (in.n == 0)
		return "empty";
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (formats[i]->is(in)) {
			*format = formats[i];
			const char *why = formats[i]->measure(in, out);
			return why ? why : check_size(out->h, out->w);
		}
	return "not a JPEG, PNG, BMP or PNM";
}

/* Swaps what a quarter turn swaps. */
static void turn_size(int orientation, int32_t *h, int32_t *w)
{
	if (orientation >= 5) {
		int32_t t = *h;
		*h = *w;
		*w = t;
	}
}

const char *picture_measure(const void *bytes, size_t n, int32_t *h, int32_t *w)
{
	struct stored s;
	const struct format *format;
	const char *why = measure((struct bytes){ bytes, n }, &format, &s);
	if (why)
		return why;
	*h = s.h;
	*w = s.w;
	turn_size(s.orientation, h, w);
	return NULL;
}

/* The size that spec makes of *h x *w. */
static const char *size_wanted(struct picture_spec spec, int32_t *h, int32_t *w)
{
	int64_t th = spec.h, tw = spec.w;
	if (spec.h == 0) {
		th = *h;
		tw = *w;
	} else if (spec.w == 0) {
		bool upright = *h > *w;
		th = upright ? (int64_t)spec.h * *h / *w : spec.h;
		tw = upright ? spec.h : (int64_t)spec.h * *w / *h;
	}
	const char *why = check_size(th, tw);
	if (why)
		return why;
	*h = (int32_t)th;
	*w = (int32_t)tw;
	return NULL;
}

/* Grey by ITU-R 601-2: 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded; or grey as RGB. */
static const char *recolour(struct picture *p, int32_t c)
{
	struct picture out;
	if (p->c == c)
		return NULL;
	const char *why = picture_room(&out, p->h, p->w, c);
	if (why)
		return why;
	const uint8_t *in = p->px;
	for (size_t i = 0, n = (size_t)p->h * (size_t)p->w; i < n; i++, in += p->c) {
		if (c == 1)
			out.px[i] = (uint8_t)((in[0] * 19595u + in[1] * 38470u + in[2] * 7471u + 0x8000) >> 16);
		else
			memset(out.px + 3 * i, in[0], 3);
	}
	picture_free(p);
	*p = out;
	return NULL;
}

/* Turns the pixels as the orientation says: where pixel (y, x) is found begins at `from` and goes by `down` and `right`. */
static const char *turn(struct picture *p, int orientation)
{
	struct picture out;
	int32_t h = p->h, w = p->w;
	if (orientation == 1)
		return NULL;
	turn_size(orientation, &h, &w);
	const char *why = picture_room(&out, h, w, p->c);
	if (why)
		return why;
	ptrdiff_t c = p->c, row = c * p->w, last_row = row * (p->h - 1), last = row - c;
	bool quarter = orientation >= 5, up = strchr("\3\4\6\7", orientation), left = strchr("\2\3\7\10", orientation);
	ptrdiff_t from = (up ? last_row : 0) + (left ? last : 0), dy = up ? -row : row, dx = left ? -c : c;
	ptrdiff_t down = quarter ? dx : dy, right = quarter ? dy : dx;
	uint8_t *to = out.px;
	for (ptrdiff_t y = 0; y < h; y++)
		for (ptrdiff_t x = 0; x < w; x++, to += c) {
			const uint8_t *px = p->px + from + y * down + x * right;
			for (ptrdiff_t i = 0; i < c; i++)
				to[i] = px[i];
		}
	picture_free(p);
	*p = out;
	return NULL;
}

static const char *resize(struct picture *p, int32_t h, int32_t w)
{
	struct picture out;
	if (p->h == h && p->w == w)
		return NULL;
	const char *why = resize_picture(p, h, w, &out);
	if (why)
		return why;
	picture_free(p);
	*p = out;
	return NULL;
}

const char *picture_decode(const void *bytes, size_t n, struct picture_spec spec, struct picture *out)
{
	struct bytes in = { bytes, n };
	struct want want = { .c = spec.c, .background = spec.background };
	const struct format *format;
	*out = (struct picture){ 0 };
	const char *why = measure(in, &format, &want.stored);
	if (why)
		return why;
	int32_t h = want.stored.h, w = want.stored.w;
	turn_size(want.stored.orientation, &h, &w);
	why = size_wanted(spec, &h, &w);
	if (why)
		return why;
	want.h = h;
	want.w = w;
	turn_size(want.stored.orientation, &want.h, &want.w);
	why = format->decode(in, &want, out);
	if (!why && spec.c == 1)	/* the fewer channels, the sooner */
		why = recolour(out, 1);
	if (!why)
		why = turn(out, want.stored.orientation);
	if (!why)
		why = resize(out, h, w);
	if (!why)
		why = recolour(out, spec.c);
	if (why)
		picture_free(out);
	return why;
}

/* Reads a file, which must be regular: nothing waits for a pipe or a device. *bytes is the caller's. */
static const char *read_file(const char *path, uint8_t **bytes, size_t *n)
{
	struct stat st;
	const char *why = NULL;
	*bytes = NULL;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &st) != 0)
		why = strerror(errno);
	else if (S_ISDIR(st.st_mode))
		why = strerror(EISDIR);
	else if (!S_ISREG(st.st_mode))
		why = "not a regular file";
	else if (st.st_size > (off_t)MOST_BYTES)
		why = "a file too large";
	else if (!(*bytes = malloc((size_t)st.st_size + 1)))
		why = PICTURE_NO_MEMORY;
	for (*n = 0; !why && *n < (size_t)st.st_size;) {
		ssize_t got = read(fd, *bytes + *n, (size_t)st.st_size - *n);
		if (got < 0 && errno != EINTR)
			why = strerror(errno);
		if (got == 0)
			break;
		*n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return why;
}

/* Does the cell hold a picture rather than its path? "P5 1.jpg" may be a path: a PNM must have a whole header. */
static bool holds_picture(struct slice cell)
{
	struct bytes in = { (const uint8_t *)cell.s, cell.n };
	struct stored s;
	if (pnm_format.is(in))
		return !pnm_format.measure(in, &s);
	return jpeg_format.is(in) || png_format.is(in) || bmp_format.is(in);
}

const char *picture_load(struct slice cell, const char *root, struct picture_spec spec, struct picture *out)
{
	uint8_t *bytes;
	size_t n = 0;
	char path[PATH_MAX];
	*out = (struct picture){ 0 };
	if (holds_picture(cell))
		return picture_decode(cell.s, cell.n, spec, out);
	if (cell.n == 0)
		return "no picture";
	if (memchr(cell.s, '\0', cell.n))
		return "neither a picture nor a path";
	bool under = root && *root && *cell.s != '/';
	size_t k = under ? strlen(root) : 0;
	if (k + cell.n + 2 > sizeof(path))
		return strerror(ENAMETOOLONG);
	if (under) {
		memcpy(path, root, k);
		path[k++] = '/';
	}
	memcpy(path + k, cell.s, cell.n);
	path[k + cell.n] = '\0';
	const char *why = read_file(path, &bytes, &n);
	if (!why)
		why = picture_decode(bytes, n, spec, out);
	free(bytes);
	return why;
}

void picture_crop(const struct picture *in, int32_t y, int32_t x, int32_t h, int32_t w, struct picture *out)
{
	size_t c = (size_t)in->c, row = (size_t)w * c, stride = (size_t)in->w * c;
	if (y < 0 || x < 0 || h < 1 || w < 1 || h > in->h - y || w > in->w - x)
		bug("a crop of %d x %d from (%d, %d) of %d x %d", (int)h, (int)w, (int)y, (int)x, (int)in->h, (int)in->w);
	const char *why = picture_room(out, h, w, in->c);
	if (why)
		die(ST_IO, "a picture of %d x %d: %s", (int)h, (int)w, why);
	for (size_t i = 0; i < (size_t)h; i++)
		memcpy(out->px + i * row, in->px + ((size_t)y + i) * stride + (size_t)x * c, row);
}
