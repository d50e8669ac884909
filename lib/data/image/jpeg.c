/*
 * JPEG: libturbojpeg decodes, after the markers were walked here for the size, EXIF and the end of the picture. A file
 * whose data are not whole is refused, by a warning of the decoder too, which would show grey or smeared blocks. The two
 * warnings that cost no pixel are let pass: bytes between the picture's last and the end marker, which some cameras
 * leave, and an odd revision of JFIF.
 */
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "data/image/decode.h"

enum marker {
	TEM = 0x01, SOF0 = 0xc0, SOF2 = 0xc2, DHT = 0xc4, JPG = 0xc8, SOF9 = 0xc9, SOF10 = 0xca, DAC = 0xcc,
	RST0 = 0xd0, SOI = 0xd8, EOI = 0xd9, SOS = 0xda, APP0 = 0xe0, APP1 = 0xe1
};

struct walk {
	struct bytes in;
	size_t at;
	struct stored *stored;
	bool sized, exif;
	size_t jfif;	/* where its major revision stands; 0: nowhere */
};

static bool is_jpeg(struct bytes in)
{
	return in.n >= 3 && memcmp(in.p, "\xff\xd8\xff", 3) == 0;
}

/* Goes on to the next marker and past it; -1 at the end of the bytes. */
static int next_marker(struct walk *k)
{
	const uint8_t *p = k->in.p;
	while (k->at < k->in.n) {
		const uint8_t *ff = memchr(p + k->at, 0xff, k->in.n - k->at);
		if (!ff)
			return -1;
		k->at = (size_t)(ff - p) + 1;
		while (k->at < k->in.n && p[k->at] == 0xff)
			k->at++;
		if (k->at < k->in.n && p[k->at++] != 0)	/* 0xff 0x00 is the data's own 0xff */
			return p[k->at - 1];
	}
	return -1;
}

static const char *frame(struct walk *k, int marker, const uint8_t *s, size_t n)
{
	if (k->sized)
		return "corrupt JPEG: two frames";
	if (n < 6)
		return "corrupt JPEG: a short frame header";
	if (marker > SOF2 && marker != SOF9 && marker != SOF10)
		return "unsupported JPEG: lossless or hierarchical";
	if (s[0] != 8)
		return "unsupported JPEG: not of 8 bits";
	k->stored->h = s[1] << 8 | s[2];
	k->stored->w = s[3] << 8 | s[4];
	if (k->stored->h == 0 || k->stored->w == 0)
		return "corrupt JPEG: no pixels";
	k->sized = true;
	return NULL;
}

static const char *segment(struct walk *k, int marker, const uint8_t *s, size_t n)
{
	static const char exif[] = "Exif\0";
	if (marker >= SOF0 && marker < RST0 && marker != DHT && marker != JPG && marker != DAC)
		return frame(k, marker, s, n);
	if (marker == APP0 && n >= 14 && memcmp(s, "JFIF", 5) == 0 && !k->jfif)
		k->jfif = (size_t)(s + 5 - k->in.p);
	if (marker == APP1 && n >= sizeof(exif) && memcmp(s, exif, sizeof(exif)) == 0 && !k->exif) {
		k->stored->orientation = exif_orientation((struct bytes){ s + sizeof(exif), n - sizeof(exif) });
		k->exif = true;
	}
	return NULL;
}

/* From marker to marker as far as the first scan, or (whole) the end marker. */
static const char *walk(struct walk *k, bool whole)
{
	k->at = 2;
	k->stored->orientation = 1;
	for (;;) {
		int marker = next_marker(k);
		if (marker == EOI && whole)
			return k->sized ? NULL : "corrupt JPEG: no frame";
		if (marker == EOI)
			return "corrupt JPEG: no scan";
		if (marker < 0)
			return "truncated JPEG";
		if ((marker >= RST0 && marker <= SOI) || marker == TEM)
			continue;
		size_t left = k->in.n - k->at;
		const uint8_t *s = k->in.p + k->at;
		size_t n = left < 2 ? 2 : (size_t)(s[0] << 8 | s[1]);
		if (n < 2)
			return "corrupt JPEG: a segment without a length";
		if (left < n)
			return "truncated JPEG";
		if (marker == SOS && !k->sized)
			return "corrupt JPEG: a scan before the frame";
		if (marker == SOS && !whole)
			return NULL;
		const char *why = segment(k, marker, s + 2, n - 2);
		if (why)
			return why;
		k->at += n;
	}
}

static const char *measure_jpeg(struct bytes in, struct stored *out)
{
	struct walk k = { .in = in, .stored = out };
	return walk(&k, false);
}

/* What the decoder says, in our words. */
static const char *reason(tjhandle t)
{
	static const struct {
		const char *part, *why;
	} known[] = {
		{ "emory", PICTURE_NO_MEMORY },
		{ "Premature end", "truncated JPEG" },
		{ "premature end", "truncated JPEG" },
		{ "nsupported", "unsupported JPEG" },
		{ "more than", "corrupt JPEG: too many scans" },
	};
	const char *s = tjGetErrorStr2(t);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strstr(s, known[i].part))
			return known[i].why;
	return "corrupt JPEG";
}

/* Is the decoder's warning of bytes before the end marker, where all pixels have been read? */
static bool harmless(tjhandle t)
{
	const char *s = tjGetErrorStr2(t);
	return tjGetErrorCode(t) == TJERR_WARNING && strstr(s, "extraneous bytes before marker 0xd9");
}

static const char *decompress(tjhandle t, struct bytes in, int format, struct picture *out)
{
	int flags = TJFLAG_LIMITSCANS, stop = flags | TJFLAG_STOPONWARNING;
	int pitch = out->w * tjPixelSize[format];
	if (tjDecompress2(t, in.p, in.n, out->px, out->w, pitch, out->h, format, stop) == 0)
		return NULL;
	if (!harmless(t))
		return reason(t);
	if (tjDecompress2(t, in.p, in.n, out->px, out->w, pitch, out->h, format, flags) == 0 || harmless(t))
		return NULL;
	return reason(t);
}

/* Inverted CMYK, as Adobe writes it and as all others have learnt to, to RGB: c * k / 255 each, rounded. In place. */
static void cmyk_to_rgb(uint8_t *px, size_t n)
{
	const uint8_t *in = px;
	for (; n; n--, in += 4, px += 3)
		for (int i = 0; i < 3; i++) {
			unsigned k = in[3], t = (255u - in[i]) * k + 128;
			px[i] = (uint8_t)(k - ((t + (t >> 8)) >> 8));
		}
}

/* The format to decode to; other than the walk's size is a file that two readers understand differently. */
static const char *format_of(tjhandle t, struct bytes in, const struct want *want, int *format)
{
	int w = 0, h = 0, sampling, space = -1;
	tjDecompressHeader3(t, in.p, in.n, &w, &h, &sampling, &space);	/* fails too where only the sampling has no name */
	if (w == 0 && h == 0)
		return reason(t);
	if (w != want->stored.w || h != want->stored.h)
		return "corrupt JPEG: two sizes";
	if (space < 0)
		return "unsupported JPEG: neither grey, RGB nor CMYK";
	bool grey = space == TJCS_GRAY || want->c == 1;
	*format = space == TJCS_CMYK || space == TJCS_YCCK ? TJPF_CMYK : grey ? TJPF_GRAY : TJPF_RGB;
	return NULL;
}

static const char *decode_with(tjhandle t, struct bytes in, const struct want *want, struct picture *out)
{
	int format = TJPF_RGB, d = 8;
	const char *why = format_of(t, in, want, &format);
	if (why)
		return why;
	while (d > 1 && (want->stored.h / d < want->h || want->stored.w / d < want->w))
		d /= 2;
	why = picture_room(out, (want->stored.h + d - 1) / d, (want->stored.w + d - 1) / d, tjPixelSize[format]);
	if (!why)
		why = decompress(t, in, format, out);
	if (!why && format == TJPF_CMYK) {
		cmyk_to_rgb(out->px, (size_t)out->h * (size_t)out->w);
		out->c = 3;
	}
	return why;
}

static const char *decode_jpeg(struct bytes in, const struct want *want, struct picture *out)
{
	struct stored again;
	struct walk k = { .in = in, .stored = &again };
	uint8_t *copy = NULL;
	const char *why = walk(&k, true);
	if (why)
		return why;
	if (k.jfif && in.p[k.jfif] != 1) {	/* its warning would hide the next, which may matter */
		copy = malloc(in.n);
		if (!copy)
			return PICTURE_NO_MEMORY;
		memcpy(copy, in.p, in.n);
		copy[k.jfif] = 1;
		in.p = copy;
	}
	tjhandle t = tjInitDecompress();
	why = t ? decode_with(t, in, want, out) : PICTURE_NO_MEMORY;
	if (t)
		tjDestroy(t);
	free(copy);
	return why;
}

const struct format jpeg_format = { is_jpeg, measure_jpeg, decode_jpeg };
