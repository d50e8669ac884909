/* PNM: bits, grey and RGB (P1 to P6), plain and raw, of up to 16 bits; comments where the header may have blanks. */
#include "data/image/decode.h"

struct pnm {
	struct bytes in;
	size_t at;		/* what is not read yet */
	int kind;		/* 1 to 6 */
	uint32_t most;		/* the value of white */
};

static bool is_pnm(struct bytes in)
{
	return in.n >= 3 && in.p[0] == 'P' && in.p[1] >= '1' && in.p[1] <= '6' &&
	       (in.p[2] == ' ' || (in.p[2] >= '\t' && in.p[2] <= '\r') || in.p[2] == '#');
}

static void skip_blanks(struct pnm *f)
{
	const uint8_t *p = f->in.p;
	for (; f->at < f->in.n; f->at++) {
		if (p[f->at] == '#')
			while (f->at + 1 < f->in.n && p[f->at] != '\n' && p[f->at] != '\r')
				f->at++;
		else if (p[f->at] != ' ' && (p[f->at] < '\t' || p[f->at] > '\r'))
			return;
	}
}

/* A whole number after blanks. NULL, or what is wrong. */
static const char *number(struct pnm *f, uint32_t *out)
{
	uint32_t v = 0;
	skip_blanks(f);
	size_t from = f->at;
	for (; f->at < f->in.n && f->in.p[f->at] >= '0' && f->in.p[f->at] <= '9'; f->at++) {
		if (v > 100000000)
			return "corrupt PNM: a number too large";
		v = v * 10 + (uint32_t)(f->in.p[f->at] - '0');
	}
	if (f->at == f->in.n && f->at == from)
		return "truncated PNM";
	if (f->at == from)
		return "corrupt PNM: no number";
	*out = v;
	return NULL;
}

/* The header and the one blank after it. */
static const char *header(struct pnm *f, struct stored *out)
{
	uint32_t w = 0, h = 0;
	f->at = 2;
	f->kind = f->in.p[1] - '0';
	f->most = 1;
	const char *why = number(f, &w);
	if (!why)
		why = number(f, &h);
	if (!why && f->kind % 3 != 1)
		why = number(f, &f->most);
	if (why)
		return why;
	if (w == 0 || h == 0)
		return "corrupt PNM: no pixels";
	if (f->most == 0 || f->most > 65535)
		return "corrupt PNM: a maximum that is not 1 to 65535";
	if (f->at == f->in.n)
		return "truncated PNM";
	uint8_t blank = f->in.p[f->at++];
	if (blank != ' ' && (blank < '\t' || blank > '\r') && blank != '#')
		return "corrupt PNM: no blank after the header";
	if (blank == '#')
		f->at--;
	*out = (struct stored){ (int32_t)h, (int32_t)w, 1 };
	return NULL;
}

static const char *measure_pnm(struct bytes in, struct stored *out)
{
	struct pnm f = { .in = in };
	return header(&f, out);
}

static const char *plain_bits(struct pnm *f, uint8_t *px, size_t n)
{
	for (; n; n--) {
		skip_blanks(f);
		if (f->at == f->in.n)
			return "truncated PNM";
		uint8_t c = f->in.p[f->at++];
		if (c != '0' && c != '1')
			return "corrupt PNM: a bit that is not 0 or 1";
		*px++ = c == '0' ? 255 : 0;
	}
	return NULL;
}

static const char *plain_values(struct pnm *f, uint8_t *px, size_t n)
{
	for (; n; n--) {
		uint32_t v;
		const char *why = number(f, &v);
		if (why)
			return why;
		if (v > f->most)
			return "corrupt PNM: a value over the maximum";
		*px++ = to_8_bit(v, f->most);
	}
	return NULL;
}

static const char *raw_values(const struct pnm *f, uint8_t *px, size_t n)
{
	const uint8_t *p = f->in.p + f->at;
	for (size_t i = 0; i < n; i++) {
		uint32_t v = f->most > 255 ? (uint32_t)(p[2 * i] << 8 | p[2 * i + 1]) : p[i];
		if (v > f->most)
			return "corrupt PNM: a value over the maximum";
		px[i] = f->most == 255 ? (uint8_t)v : to_8_bit(v, f->most);
	}
	return NULL;
}

static const char *decode_pnm(struct bytes in, const struct want *want, struct picture *out)
{
	struct pnm f = { .in = in };
	struct stored s;
	const char *why = header(&f, &s);
	if (why)
		return why;
	int32_t h = want->stored.h, w = want->stored.w, c = f.kind % 3 ? 1 : 3;
	size_t n = (size_t)h * (size_t)w * (size_t)c, row = ((size_t)w + 7) / 8;
	size_t least = f.kind == 4 ? row * (size_t)h : f.kind == 1 ? n : f.kind <= 3 ? 2 * n - 1 : f.most > 255 ? 2 * n : n;
	if (in.n - f.at < least)
		return "truncated PNM";
	why = picture_room(out, h, w, c);
	if (why || f.kind == 1)
		return why ? why : plain_bits(&f, out->px, n);
	if (f.kind != 4)
		return f.kind <= 3 ? plain_values(&f, out->px, n) : raw_values(&f, out->px, n);
	for (size_t i = 0; i < n; i++) {
		size_t x = i % (size_t)w;
		out->px[i] = in.p[f.at + i / (size_t)w * row + x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
	}
	return NULL;
}

const struct format pnm_format = { is_pnm, measure_pnm, decode_pnm };
