/* What an album keeps depends on sizes alone; what it gives is what picture_load() gives. */
#include "unit.h"

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "data/image/album.h"

#define ROWS 300
#define BROKEN 7	/* every how-many-th row */

/* Grey PNM files of sides 1 to 20 as cells; each pixel of row i has the value i % 251. */
static struct slice *cells(struct str *text)
{
	struct slice *out = NEW(struct slice, ROWS);
	size_t at[ROWS + 1];
	for (int i = 0; i < ROWS; i++) {
		at[i] = text->n;
		str_printf(text, "P5\n%d %d\n255\n", 1 + i % 20, 1 + i % 3);
		for (int k = 0; k < (1 + i % 20) * (1 + i % 3) - (i % BROKEN == 3); k++)
			str_putc(text, (char)(i % 251));
	}
	at[ROWS] = text->n;
	for (int i = 0; i < ROWS; i++)
		out[i] = (struct slice){ text->s + at[i], at[i + 1] - at[i] };
	return out;
}

struct looks {
	const struct album *a;
	atomic_int bad;
};

static void look(void *ctx, size_t i, int worker)
{
	struct looks *l = ctx;
	struct picture room = { 0 };
	const char *wrong = "unset";
	(void)worker;
	const struct picture *p = album_get(l->a, i, &room, &wrong);
	bool good = i % BROKEN == 3 ? !p && wrong && *wrong : p && !wrong && p->c == 1 && p->w == 1 + (int)i % 20 &&
		p->h == 1 + (int)i % 3 && p->px[p->w * p->h - 1] == i % 251;
	if (i < album_kept(l->a))
		good = good && p != &room && album_wrong(l->a, i) == wrong && !room.px;
	else
		good = good && (p == &room || !p);
	l->bad += !good;
	picture_free(&room);
}

START_TEST(keeps_the_same_rows_for_any_threads)
{
	struct str text = { 0 };
	struct slice *c = cells(&text);
	static const uint64_t most[] = { 0, 1, 100, 5000, 20000, UINT64_MAX };
	size_t before = 0;
	for (size_t m = 0; m < 6; m++) {
		size_t kept[4] = { 0 };
		for (int threads = 1; threads < 4; threads++) {
			struct album *a = album_new(c, ROWS, NULL, (struct picture_spec){ .c = 1 }, threads, most[m]);
			struct looks l = { .a = a };
			kept[threads] = album_kept(a);
			par_for(threads, ROWS, look, &l);
			ck_assert_int_eq(l.bad, 0);
			album_free(a);
		}
		ck_assert(kept[1] == kept[2] && kept[2] == kept[3] && kept[1] >= before && (m != 3 || kept[1] > 1));
		before = kept[1];
	}
	ck_assert_uint_eq(before, ROWS);
	free(c);
	str_free(&text);
}
END_TEST

START_TEST(room_is_used_again)
{
	struct str text = { 0 };
	struct slice *c = cells(&text);
	struct picture room = { 0 };
	const char *wrong;
	struct album *a = album_new(c, ROWS, NULL, (struct picture_spec){ .c = 3, .h = 4, .w = 5 }, 1, 0);
	for (size_t i = 0; i < 40; i++) {
		const struct picture *p = album_get(a, i, &room, &wrong);
		ck_assert(i % BROKEN == 3 ? !p && !room.px : p == &room && p->c == 3 && p->h == 4 && p->w == 5 && p->px[59] == i);
	}
	picture_free(&room);
	album_free(a);
	album_free(album_new(c, 0, NULL, (struct picture_spec){ .c = 1 }, 2, 1000));
	album_free(NULL);
	free(c);
	str_free(&text);
}
END_TEST

UNIT_MAIN("album", keeps_the_same_rows_for_any_threads, room_is_used_again)
