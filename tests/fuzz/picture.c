/* Pictures of any format: measured, decoded by a spec that the first byte tells, written as PNG and read back. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "data/image/picture.h"
#include "world.h"

#define MOST ((int64_t)1 << 20)	/* pixels; more only cost time */

static void comes_back(const struct picture *p)
{
	struct str png = { 0 };
	struct picture q;
	picture_png(p, &png);
	const char *why = picture_decode(png.s, png.n, (struct picture_spec){ .c = p->c }, &q);
	if (why || q.h != p->h || q.w != p->w || memcmp(q.px, p->px, (size_t)p->h * (size_t)p->w * (size_t)p->c) != 0)
		bug("a PNG does not come back: %s", why ? why : "other pixels");
}

static void one(const uint8_t *data, size_t n)
{
	static const int32_t sides[][2] = { { 0, 0 }, { 8, 8 }, { 5, 0 }, { 1, 300 }, { 40, 3 }, { 2, 0 } };
	int32_t h, w;
	struct picture p, q;
	if (n < 1)
		return;
	const int32_t *side = sides[data[0] / 2 % 6];
	struct picture_spec spec = { .c = data[0] % 2 ? 3 : 1, .h = side[0], .w = side[1], .background = data[0] };
	const uint8_t *bytes = mem_copy(data + 1, n - 1, 1);
	fuzz_sure = true;
	const char *why = picture_measure(bytes, n - 1, &h, &w);
	if (!why && (int64_t)h * w > MOST)
		return;
	const char *still = picture_decode(bytes, n - 1, spec, &p);
	if (why && !still)
		bug("decoded, but not measured: %s", why);
	if (still)
		return;
	if (spec.h == 0 && (p.h != h || p.w != w))
		bug("measured %d x %d, decoded %d x %d", (int)h, (int)w, (int)p.h, (int)p.w);
	if (p.c != spec.c || p.h < 1 || p.w < 1)
		bug("not what the spec says");
	picture_crop(&p, p.h / 2, p.w / 3, p.h - p.h / 2, p.w - p.w / 3, &q);
	comes_back(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_one(one, data, n);
}
