/* EXIF's one fact that decoders need: TIFF tag 0x0112 of the first directory. */
#include "data/image/decode.h"

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3
#define ENTRY 12	/* bytes: tag, type, count, value */

static uint32_t get16(struct bytes t, size_t at, bool big)
{
	uint32_t a = t.p[at], b = t.p[at + 1];
	return big ? a << 8 | b : b << 8 | a;
}

static uint32_t get32(struct bytes t, size_t at, bool big)
{
	uint32_t a = get16(t, at, big), b = get16(t, at + 2, big);
	return big ? a << 16 | b : b << 16 | a;
}

int exif_orientation(struct bytes t)
{
	if (t.n < 8 || t.p[0] != t.p[1] || (t.p[0] != 'I' && t.p[0] != 'M'))
		return 1;
	bool big = t.p[0] == 'M';
	size_t at = get32(t, 4, big);
	if (get16(t, 2, big) != 42 || at > t.n || t.n - at < 2)
		return 1;
	size_t n = get16(t, at, big), room = (t.n - at - 2) / ENTRY;
	at += 2;
	for (size_t i = 0; i < n && i < room; i++, at += ENTRY) {
		if (get16(t, at, big) != TAG_ORIENTATION)
			continue;
		uint32_t v = get16(t, at + 8, big);
		return get16(t, at + 2, big) == TYPE_SHORT && get32(t, at + 4, big) == 1 && v >= 1 && v <= 8 ? (int)v : 1;
	}
	return 1;
}
