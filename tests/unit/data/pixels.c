/* Pictures as idx and records of CIFAR: the rows are the pictures that were written; what is cut off or odd is refused. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/rng.h"
#include "data/reader.h"

static char paths[2][64];

/* A file of its own of the bytes, gzip when asked for. */
static const char *file_of(int which, const struct str *s, bool gzip)
{
	char *path = paths[which];
	snprintf(path, sizeof(paths[0]), "/tmp/dls-test-pixels-XXXXXX");
	close(mkstemp(path));
	gzFile f = gzopen(path, gzip ? "wb" : "wbT");
	ck_assert_int_eq(gzwrite(f, s->s, (unsigned)s->n), (int)s->n);
	gzclose(f);
	return path;
}

static void put_int(struct str *s, uint32_t x)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		str_putc(s, (char)(x >> shift & 255));
}

static uint8_t pixel(size_t i, size_t at)
{
	return (uint8_t)(i * 31 + at * 7 + at / 5);
}

/* idx of n pictures; c 0: of three dimensions. */
static struct str idx_of(uint32_t n, uint32_t h, uint32_t w, uint32_t c)
{
	struct str s = { 0 };
	put_int(&s, c ? 0x804 : 0x803);
	put_int(&s, n);
	put_int(&s, h);
	put_int(&s, w);
	if (c)
		put_int(&s, c);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < (size_t)h * w * (c ? c : 1); k++)
			str_putc(&s, (char)pixel(i, k));
	return s;
}

static struct str labels_of(uint32_t n)
{
	struct str s = { 0 };
	put_int(&s, 0x801);
	put_int(&s, n);
	for (size_t i = 0; i < n; i++)
		str_putc(&s, (char)(i * 13));
	return s;
}

static void check_rows(struct reader *r, size_t n, size_t h, size_t w, size_t c, bool labels)
{
	char head[40];
	size_t nhead = (size_t)snprintf(head, sizeof(head), "P%d\n%zu %zu\n255\n", c == 1 ? 5 : 6, w, h), rows = 0;
	ck_assert_uint_eq(reader_ncols(r), labels ? 2 : 1);
	ck_assert_str_eq(reader_name(r, 0), reader_image(r));
	ck_assert(reader_is_bytes(r) && !reader_folder(r));
	for (const struct block *b; (b = reader_next(r)); rows += b->nrows) {
		ck_assert(b->nrows > 0 && b->first == rows);
		for (size_t i = 0; i < b->nrows; i++) {
			const struct slice *cells = b->cells + i * b->ncols;
			char label[8];
			snprintf(label, sizeof(label), "%d", (int)(uint8_t)((rows + i) * 13));
			MUST(b->lines[i] == rows + i + 1, "line of row %zu", rows + i);
			MUST(cells[0].n == nhead + h * w * c && memcmp(cells[0].s, head, nhead) == 0, "head of row %zu", rows + i);
			MUST(!labels || slice_eq(cells[1], label), "label of row %zu", rows + i);
			for (size_t k = 0; k < h * w * c; k++)
				MUST((uint8_t)cells[0].s[nhead + k] == pixel(rows + i, k), "pixel %zu of row %zu", k, rows + i);
		}
	}
	ck_assert_uint_eq(rows, n);
	reader_close(r);
}

/* Few, many over several windows, large ones, none; grey and colour; plain and gzip; with labels and without. */
START_TEST(idx_gives_its_pictures)
{
	static const uint32_t cases[][4] = { { 1, 1, 1, 0 }, { 5000, 28, 28, 0 }, { 700, 9, 11, 3 }, { 30, 7, 5, 1 },
		{ 2, 900, 1100, 3 }, { 0, 28, 28, 0 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const uint32_t *c = cases[i];
		struct str s = idx_of(c[0], c[1], c[2], c[3]), l = labels_of(c[0]);
		for (int with = 0; with < 2; with++) {
			struct reader_opts o = { .header = true, .threads = 1, .labels = with ? file_of(1, &l, !(i % 2)) : NULL };
			check_rows(reader_open(file_of(0, &s, i % 2), o), c[0], c[1], c[2], c[3] ? c[3] : 1, with);
			unlink(paths[0]);
			unlink(paths[1]);
		}
		str_free(&s);
		str_free(&l);
	}
}
END_TEST

/* Planes of red, green and blue become pixels; labels come first. A label may be a blank or a line end. */
START_TEST(cifar_gives_its_pictures)
{
	enum { N = 400, SIDE = 32, PLANE = SIDE * SIDE };
	for (size_t nlabels = 1; nlabels <= 2; nlabels++) {
		struct str s = { 0 };
		for (size_t i = 0; i < N; i++) {
			if (nlabels == 2)
				str_putc(&s, (char)((i + 10) % 20));
			str_putc(&s, (char)((i + 9) % (nlabels == 1 ? 10 : 100)));
			for (size_t k = 0; k < 3 * PLANE; k++)
				str_putc(&s, (char)pixel(i, k));
		}
		struct reader_opts o = { .format = nlabels == 1 ? "cifar10" : "cifar100" };
		struct reader *r = reader_open(file_of(0, &s, false), o);
		size_t rows = 0;
		ck_assert_uint_eq(reader_ncols(r), nlabels + 1);
		ck_assert_str_eq(reader_name(r, nlabels), "label");
		for (const struct block *b; (b = reader_next(r)); rows += b->nrows)
			for (size_t i = 0; i < b->nrows; i++) {
				const struct slice *cells = b->cells + i * b->ncols;
				char text[8];
				snprintf(text, sizeof(text), "%zu", (rows + i + 9) % (nlabels == 1 ? 10 : 100));
				MUST(slice_eq(cells[nlabels], text), "label of row %zu", rows + i);
				MUST(cells[0].n == 13 + 3 * PLANE && memcmp(cells[0].s, "P6\n32 32\n255\n", 13) == 0, "head");
				for (size_t k = 0; k < 3 * PLANE; k++)
					MUST((uint8_t)cells[0].s[13 + k] == pixel(rows + i, k % 3 * PLANE + k / 3),
					     "pixel %zu of row %zu", k, rows + i);
			}
		ck_assert_uint_eq(rows, N);
		reader_close(r);
		unlink(paths[0]);
		str_free(&s);
	}
}
END_TEST

/* Reads the bytes, with labels when there are any, in a process of its own, which must die of them: its message to err. */
static void dies(const struct str *s, const char *format, const struct str *labels, char *err, size_t size)
{
	int pipes[2], status;
	ck_assert_int_eq(pipe(pipes), 0);
	struct reader_opts o = { .format = format, .labels = labels ? file_of(1, labels, false) : NULL };
	file_of(0, s, false);
	if (fork() == 0) {
		dup2(pipes[1], STDERR_FILENO);
		struct reader *r = reader_open(paths[0], o);
		while (reader_next(r))
			;
		_exit(0);
	}
	close(pipes[1]);
	ssize_t n = read(pipes[0], err, size - 1);
	err[n > 0 ? n : 0] = '\0';
	close(pipes[0]);
	wait(&status);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == ST_DATA, "status %d: %s", status, err);
	unlink(paths[0]);
	unlink(paths[1]);
}

/* Dies, and the message has `what` in it. */
static void refused(struct str s, const char *format, const struct str *labels, const char *what)
{
	char err[1000];
	dies(&s, format, labels, err, sizeof(err));
	ck_assert_msg(strstr(err, what), "no '%s' in '%s'", what, err);
	str_free(&s);
}

/* The same of the labels of three pictures. */
static void refused_labels(struct str labels, const char *what)
{
	refused(idx_of(3, 4, 5, 0), "auto", &labels, what);
	str_free(&labels);
}

static struct str cut(struct str s, size_t n)
{
	s.n = n;
	return s;
}

static struct str with_byte(struct str s, size_t at, int byte)
{
	s.s[at] = (char)byte;
	return s;
}

START_TEST(damaged_files_are_refused)
{
	struct str more = idx_of(3, 4, 5, 0), none = { 0 };
	str_putc(&more, 'x');
	refused(more, "auto", NULL, "byte 76: the file goes on after its 3 pictures");
	refused(cut(idx_of(3, 4, 5, 0), 75), "auto", NULL, "byte 75: the file is cut off inside picture 3, of 20 bytes");
	refused(cut(idx_of(3, 4, 5, 0), 56), "auto", NULL, "byte 56: the file ends after 2 of its 3 pictures");
	refused(cut(idx_of(3, 4, 5, 0), 10), "auto", NULL, "byte 10: the file is cut off inside the header");
	refused(with_byte(idx_of(3, 4, 5, 0), 2, 0x0d), "auto", NULL, "byte 2: idx of type 0x0d");
	refused(with_byte(idx_of(3, 4, 5, 0), 3, 2), "auto", NULL, "byte 3: idx of 2 dimensions");
	refused(with_byte(idx_of(3, 4, 5, 0), 0, 1), "idx", NULL, "byte 0: no idx file");
	refused(with_byte(idx_of(3, 4, 5, 0), 11, 0), "auto", NULL, "byte 8: pictures of 0 x 5 pixels");
	refused(with_byte(idx_of(3, 4, 5, 0), 8, 255), "auto", NULL, "byte 8: pictures of 4278190084 x 5 pixels");
	refused(with_byte(idx_of(3, 4, 5, 3), 19, 2), "auto", NULL, "and 2 channels");
	refused(labels_of(3), "auto", NULL, "these are labels");
	refused_labels(labels_of(4), "4 labels, but ");
	refused_labels(cut(labels_of(3), 10), "byte 10: the file is cut off: it promises 3 labels");
	refused_labels(idx_of(3, 1, 1, 0), "no idx file of labels");
	refused_labels(with_byte(labels_of(4), 7, 3), "byte 11: the file goes on after its 3 labels");
	for (size_t i = 0; i < 2 * 3073 - 1; i++)
		str_putc(&none, 1);
	refused(none, "cifar10", NULL, "byte 6145: the file is cut off inside picture 2, of 3073 bytes");
	none = (struct str){ 0 };
	for (size_t i = 0; i < 3 * 3073; i++)
		str_putc(&none, i == 3073 ? 10 : 9);
	refused(none, "cifar10", NULL, "byte 3073: the label 10; CIFAR-10 has 0 to 9");
}
END_TEST

UNIT_MAIN("pixels", idx_gives_its_pictures, cifar_gives_its_pictures, damaged_files_are_refused)
