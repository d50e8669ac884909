/* Contact sheets: where frames, pictures and letters stand. */
#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "data/image/sheet.h"

enum { FRAME = 3, GAP = 8, LINE = 10 };

static struct picture plain(int32_t h, int32_t w, int32_t c, uint8_t v)
{
	struct picture p = { h, w, c, NEW(uint8_t, (size_t)(h * w * c)) };
	memset(p.px, v, (size_t)(h * w * c));
	return p;
}

static int at(const struct picture *p, int32_t y, int32_t x)
{
	const uint8_t *px = p->px + (y * p->w + x) * 3;
	return px[0] << 16 | px[1] << 8 | px[2];
}

START_TEST(frames_pictures_and_text)
{
	struct sheet_item it[5] = { 0 };
	struct picture s;
	for (int i = 0; i < 5; i++) {
		it[i].frame[0] = (uint8_t)(10 * i);
		it[i].frame[1] = 100;
	}
	it[0].p = plain(10, 20, 3, 77);		/* lies: white above and below */
	it[1].p = plain(300, 100, 1, 88);
	it[3].line1 = "I";
	sheet_draw(it, 5, 40, 2, &s);
	int32_t side = 40 + 2 * FRAME, tall = side + 2 * LINE + GAP;
	ck_assert(s.c == 3 && s.w == GAP + 2 * (side + GAP) && s.h == GAP + 3 * tall);
	for (int32_t i = 0; i < 5; i++) {
		int32_t y = GAP + i / 2 * tall, x = GAP + i % 2 * (side + GAP);
		ck_assert_int_eq(at(&s, y - 1, x), 0xffffff);
		ck_assert_int_eq(at(&s, y, x - 1), 0xffffff);
		for (int32_t k = 0; k < side; k++) {
			MUST(at(&s, y, x + k) == ((10 * i) << 16 | 100 << 8), "the frame of %d", i);
			MUST(at(&s, y + side - 1, x + k) == at(&s, y, x) && at(&s, y + k, x + FRAME - 1) == at(&s, y, x) &&
			     at(&s, y + k, x + side - FRAME) == at(&s, y, x), "the frame of %d", i);
		}
	}
	int32_t y = GAP + FRAME, x = y;
	ck_assert_int_eq(at(&s, y + 9, x), 0xffffff);
	ck_assert_int_eq(at(&s, y + 10, x), 0x4d4d4d);
	ck_assert_int_eq(at(&s, y + 29, x + 39), 0x4d4d4d);
	ck_assert_int_eq(at(&s, y + 30, x), 0xffffff);
	x += side + GAP;
	ck_assert_int_eq(at(&s, y, x + 12), 0xffffff);
	ck_assert_int_eq(at(&s, y, x + 13), 0x585858);
	ck_assert_int_eq(at(&s, y + 39, x + 25), 0x585858);
	ck_assert_int_eq(at(&s, y + 39, x + 26), 0xffffff);
	y += tall - FRAME + side + LINE - 7;	/* an I: three pixels, five rows of one, three */
	x = GAP + side + GAP;
	for (int32_t i = 0; i < 7; i++)
		for (int32_t k = 0; k < 5; k++)
			ck_assert_int_eq(at(&s, y + i, x + k), k == 2 || (i % 6 == 0 && k >= 1 && k <= 3) ? 0 : 0xffffff);
	picture_free(&s);
	picture_free(&it[0].p);
	picture_free(&it[1].p);
}
END_TEST

static struct picture drawn(const char *line)
{
	struct sheet_item it = { .line1 = line, .line2 = line };
	struct picture s;
	sheet_draw(&it, 1, 40, 9, &s);
	return s;
}

static bool same(const char *a, const char *b)
{
	struct picture p = drawn(a), q = drawn(b);
	bool equal = p.h == q.h && p.w == q.w && memcmp(p.px, q.px, (size_t)(p.h * p.w * 3)) == 0;
	picture_free(&p);
	picture_free(&q);
	return equal;
}

START_TEST(every_letter_is_another_and_long_lines_are_cut)
{
	for (char c = ' '; c <= '~'; c++)
		for (char d = ' '; d < c; d++)
			MUST(!same((const char[]){ c, 0 }, (const char[]){ d, 0 }), "'%c' is drawn as '%c'", c, d);
	ck_assert(same("", NULL));
	ck_assert(same("bart \xc3\xa9\n", "bart ??"));
	ck_assert(same("1234567890", "1234567"));
	ck_assert(!same("123456", "1234567"));
}
END_TEST

START_TEST(no_pictures_make_an_empty_sheet)
{
	struct picture s;
	sheet_draw(NULL, 0, 40, 5, &s);
	ck_assert(s.h == GAP && s.w == 2 * GAP + 40 + 2 * FRAME && s.c == 3);
	picture_free(&s);
}
END_TEST

UNIT_MAIN("data/image/sheet", frames_pictures_and_text, every_letter_is_another_and_long_lines_are_cut,
	  no_pictures_make_an_empty_sheet)
