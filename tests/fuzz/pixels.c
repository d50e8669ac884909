/* Records of pictures in each form, with labels of their own or without, as rows and as a table. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "data/table.h"
#include "world.h"

#define HEAD 2	/* bytes: how, and how many of the next are the file of labels; the pictures follow */

static const char *labels_path(const uint8_t *data, size_t n)
{
	static int fd = -1;
	static char path[40];
	if (fd < 0)
		fd = memfd_create("labels", 0);
	if (ftruncate(fd, 0) != 0 || pwrite(fd, data, n, 0) != (ssize_t)n)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void check_row(const struct reader *r, const struct slice *cells)
{
	if (!reader_is_bytes(r))
		return;
	if (cells[0].n < 12 || cells[0].s[0] != 'P' || (cells[0].s[1] != '5' && cells[0].s[1] != '6'))
		bug("no PNM file");
	for (size_t c = 1; c < reader_ncols(r); c++)
		if (cells[c].n < 1 || cells[c].n > 3)
			bug("no label");
}

/* Rows, twice the same, the second time as a table of which every other row is kept. */
static void read_rows(const uint8_t *data, size_t n, struct reader_opts o)
{
	static const char *const image[] = { "image", NULL };
	fuzz_stdin(data, n);
	struct reader *r = reader_open(NULL, o);
	uint64_t rows = 0;
	for (const struct block *b; (b = reader_next(r)); rows += b->nrows) {
		if (b->first != rows || b->nrows == 0 || b->ncols != reader_ncols(r))
			bug("a block that does not follow");
		for (size_t i = 0; i < b->nrows; i++)
			check_row(r, b->cells + i * b->ncols);
	}
	reader_close(r);
	fuzz_stdin(data, n);
	r = reader_open(NULL, o);
	struct table *t = tab_read(r, &(struct tab_spec){ .image = image, .threads = 1 });
	if (t->nrows != rows)
		bug("a table of other rows");
	bool *keep = NEW(bool, rows);
	for (size_t i = 0; i < rows; i++)
		keep[i] = i % 2;
	tab_keep(t, keep);
	tab_free(t);
	reader_close(r);
}

static void one(const uint8_t *data, size_t n)
{
	static const char *const formats[] = { "auto", "idx", "cifar10", "cifar100" };
	size_t labels = n < HEAD ? 0 : data[1];
	if (n < HEAD + labels)
		return;
	struct reader_opts o = { .format = formats[data[0] % 4], .header = true, .threads = 1 };
	if (data[0] / 4 % 2)
		o.labels = labels_path(data + HEAD, labels);
	read_rows(data + HEAD + labels, n - HEAD - labels, o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_one(one, data, n);
}
