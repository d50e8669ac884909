/* The sheet of the worst mistakes against sorting all rows. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "data/image/sheet.h"
#include "model/mistakes.h"

#define ROWS 240
#define SIDE 96		/* of a square under short labels */

static char folder[] = "/tmp/dls-test-mistakes-XXXXXX", at[96];

static const char *in_folder(const char *name)
{
	snprintf(at, sizeof(at), "%s/%s", folder, name);
	return at;
}

static char *labels[] = { "ant", "bee", "cat" };
static struct field fields[] = { { .name = "n", .kind = KIND_NUMERIC }, { .name = "image", .kind = KIND_IMAGE } };
static const struct model model = { .schema = { .fields = fields, .nfields = 2, .target = "label", .task = TASK_MULTICLASS,
	.labels = labels, .nlabels = 3, .positive = -1 } };

/* Row i: a picture of the grey i, what is said to be its label, and predictions of few values, so that there are ties. */
struct row {
	const char *label;
	int32_t truth;
	double p[3];
};

static void write_text(const char *name, const char *text)
{
	struct out o = out_open(in_folder(name), false);
	out_write(&o, text, strlen(text));
	out_close(&o);
}

static void make_rows(struct row *rows, uint64_t seed)
{
	static const char *const told[] = { "ant", "bee", " cat ", "dog", "", "NA" };
	struct rng r = rng_at(seed, "rows", 0);
	struct str csv = { 0 };
	str_puts(&csv, "image,n,label\n");
	for (int i = 0; i < ROWS; i++) {
		size_t k = rng_below(&r, 6), a = rng_below(&r, 5), b = rng_below(&r, 5 - a);
		char name[16], pgm[32];
		rows[i] = (struct row){ told[k], k < 3 ? (int32_t)k : k == 3 ? -1 : -2,
			{ (double)a / 4, (double)b / 4, (double)(4 - a - b) / 4 } };
		if (rng_below(&r, 10) == 0)
			rows[i].p[0] = NAN;
		snprintf(name, sizeof(name), "%d.pgm", i);
		snprintf(pgm, sizeof(pgm), "P2 1 1 255 %d", i);
		write_text(name, pgm);
		str_printf(&csv, "%s,0,%s\n", name, told[k]);
	}
	write_text("rows.csv", csv.s);
	str_free(&csv);
}

static struct picture draw(const struct row *rows, int32_t count)
{
	struct predict_opts o = { .mistakes = mem_str(in_folder("sheet.png")), .mistakes_count = count, .threshold = 0.5 };
	struct reader *r = reader_open(in_folder("rows.csv"), (struct reader_opts){ .format = "csv", .header = true, .threads = 1 });
	struct mistakes *k = mistakes_open(&model, r, &o, folder);
	const struct block *b;
	struct picture p;
	size_t n;
	while ((b = reader_next(r)))
		for (size_t i = 0; i < b->nrows; i++)
			mistakes_take(k, b, i, rows[b->first + i].p);
	mistakes_close(k);
	reader_close(r);
	char *bytes = in_read_all(o.mistakes, &n);
	ck_assert(picture_decode(bytes, n, (struct picture_spec){ .c = 3 }, &p) == NULL);
	free(bytes);
	free((char *)o.mistakes);
	return p;
}

static void same_picture(struct picture got, struct picture want)
{
	ck_assert(got.h == want.h && got.w == want.w && got.c == want.c);
	ck_assert(memcmp(got.px, want.px, (size_t)got.h * (size_t)got.w * 3) == 0);
	picture_free(&got);
	picture_free(&want);
}

static double of_truth(const struct row *r)
{
	return r->truth < 0 ? 0 : r->p[r->truth];
}

/* The first `count` of the wrong rows in the order of their true label's probability, then their own, by looking for the least. */
static struct picture naive(const struct row *rows, size_t count)
{
	struct sheet_item *item = NEW0(struct sheet_item, count);
	char (*text)[2][32] = mem_zero(count, sizeof(*text));
	bool done[ROWS] = { false };
	struct picture out;
	size_t n = 0;
	for (;; n++) {
		int best = -1;
		for (int i = 0; i < ROWS; i++) {
			int32_t said = score_decide(&model.schema, 0.5, rows[i].p);
			if (done[i] || isnan(rows[i].p[0]) || rows[i].truth == -2 || said == rows[i].truth)
				continue;
			if (best < 0 || of_truth(&rows[i]) < of_truth(&rows[best]))
				best = i;
		}
		if (best < 0 || n == count)
			break;
		int32_t said = score_decide(&model.schema, 0.5, rows[best].p);
		done[best] = true;
		snprintf(text[n][0], sizeof(text[n][0]), "true %s", rows[best].truth < 0 ? "dog" : labels[rows[best].truth]);
		snprintf(text[n][1], sizeof(text[n][1]), "%s %.2f", labels[said], rows[best].p[said]);
		item[n] = (struct sheet_item){ { 1, 1, 1, NEW(uint8_t, 1) }, text[n][0], text[n][1], { 214, 39, 40 } };
		item[n].p.px[0] = (uint8_t)best;
	}
	sheet_draw(item, n, SIDE, 8, &out);
	for (size_t i = 0; i < n; i++)
		picture_free(&item[i].p);
	free(item);
	free(text);
	return out;
}

START_TEST(the_first_of_the_sorted)
{
	struct row rows[ROWS];
	verbosity = -1;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		make_rows(rows, seed);
		for (int32_t count = 1; count < 2 * ROWS; count = count * 3 + 1)
			same_picture(draw(rows, count), naive(rows, (size_t)count));
	}
}
END_TEST

START_TEST(no_mistake_and_no_picture)
{
	struct row rows[ROWS];
	struct picture want;
	make_rows(rows, 9);
	char text[32];
	int n = 0;
	for (int i = 0; i < ROWS; i++) {
		if (rows[i].truth < 0)
			rows[i].p[0] = NAN;
		else
			for (int c = 0; c < 3; c++)
				rows[i].p[c] = rows[i].truth == c;
		n += rows[i].truth >= 0;
	}
	snprintf(text, sizeof(text), "in %d rows", n);
	sheet_draw(&(struct sheet_item){ .line1 = "no mistake", .line2 = text, .frame = { 200, 200, 200 } }, 1, SIDE, 8, &want);
	same_picture(draw(rows, 5), want);
	int first = 0;			/* a wrong row, whose file is gone */
	while (rows[first].truth != 1)
		first++;
	rows[first].p[0] = 0.75;
	rows[first].p[1] = 0.25;
	char name[16];
	snprintf(name, sizeof(name), "%d.pgm", first);
	unlink(in_folder(name));
	sheet_draw(&(struct sheet_item){ .line1 = "true bee", .line2 = "ant 0.75", .frame = { 214, 39, 40 } }, 1, SIDE, 8, &want);
	same_picture(draw(rows, 5), want);
}
END_TEST

static void remove_folder(void)
{
	char name[16];
	for (int i = 0; i < ROWS; i++) {
		snprintf(name, sizeof(name), "%d.pgm", i);
		unlink(in_folder(name));
	}
	unlink(in_folder("rows.csv"));
	unlink(in_folder("sheet.png"));
	rmdir(folder);
}

int main(void)
{
	const TTest *const tests[] = { the_first_of_the_sorted, no_mistake_and_no_picture };
	if (!mkdtemp(folder))
		return EXIT_FAILURE;
	int status = unit_run("mistakes", tests, sizeof(tests) / sizeof(*tests));
	remove_folder();
	return status;
}
