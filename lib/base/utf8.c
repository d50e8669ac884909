#include "base/utf8.h"

#include <string.h>

int32_t utf8_decode(const char *s, const char *end, size_t *n, bool *bad)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t have = (size_t)(end - s), want = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3, i = 1;
	bool lead = *p < 0x80 || (*p >= 0xc2 && *p < 0xf5);
	int32_t c = want == 0 ? *p : *p & (0x3f >> want);
	/* what the second byte may be */
	unsigned low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80, high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;
	for (; lead && i <= want && i < have && p[i] >= low && p[i] <= high; i++) {
		c = c << 6 | (p[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	*n = i;
	*bad = !lead || i <= want;
	return *bad ? UTF8_BAD : c;
}

size_t utf8_encode(int32_t c, char s[4])
{
	if (c < 0x80) {
		s[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	s[0] = (char)(c | (int32_t)(0xf00 >> n & 0xff));
	return n;
}

size_t utf8_count_bad(struct slice text)
{
	const char *s = text.s, *end = s + text.n;
	size_t count = 0, n;
	uint64_t w;
	while (s < end) {
		bool bad;
		if (end - s >= 8) {
			memcpy(&w, s, 8);
			if ((w & 0x8080808080808080u) == 0) {
				s += 8;
				continue;
			}
		}
		utf8_decode(s, end, &n, &bad);
		count += bad;
		s += n;
	}
	return count;
}
