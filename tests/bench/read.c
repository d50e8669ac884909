/*
 * Reads a file into a table: read FILE THREADS prints MB/s, and the peak memory
 * over the size of the columns as doubles and of features as pairs. read --make
 * MB KIND writes a CSV of 21 columns: short (six decimals), long (17 digits), or
 * words in quotes; or svmlight, some hundred features of 100000 in a row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/rng.h"
#include "data/table.h"

static void make_svmlight(size_t mb)
{
	struct rng r = rng_at(1, "bench.read", 1);
	size_t n = 0;
	while (n < mb * 1000000) {
		int at = 0;
		n += (size_t)printf("%d", (int)rng_below(&r, 2));
		while ((at += 1 + (int)rng_below(&r, 600)) <= 100000)
			n += (size_t)printf(" %d:%.17g", at, rng_double(&r) / 10);
		n += (size_t)printf("\n");
	}
}

static void make(size_t mb, const char *kind)
{
	struct rng r = rng_at(1, "bench.read", 0);
	const char *form = strcmp(kind, "long") == 0 ? ",%.17g" : strcmp(kind, "words") == 0 ? ",\"level, %.0f\"" : ",%.6f";
	size_t n = 0;
	printf("y");
	for (int j = 1; j <= 20; j++)
		printf(",x%d", j);
	printf("\n");
	while (n < mb * 1000000) {
		n += (size_t)printf("%d", (int)rng_below(&r, 2));
		for (int j = 0; j < 20; j++)
			n += (size_t)printf(form, rng_double(&r) * 100 - 50);
		n += (size_t)printf("\n");
	}
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	struct stat st;
	struct rusage u;
	if (argc == 4 && strcmp(argv[1], "--make") == 0) {
		size_t mb = strtoul(argv[2], NULL, 10);
		if (strcmp(argv[3], "svmlight") == 0)
			make_svmlight(mb);
		else
			make(mb, argv[3]);
		return 0;
	}
	if (argc != 3 || stat(argv[1], &st) != 0)
		return 64;
	int threads = (int)strtol(argv[2], NULL, 10);
	double start = now();
	struct reader *r = reader_open(argv[1], (struct reader_opts){ "auto", true, threads });
	struct table *t = tab_read(r, &(struct tab_spec){ .threads = threads });
	double took = now() - start;
	double bytes = (double)t->nrows * (double)t->ncols * sizeof(double);
	if (t->features.start)
		bytes += (double)t->features.start[t->nrows] * (sizeof(double) + sizeof(int32_t));
	getrusage(RUSAGE_SELF, &u);
	printf("%.0f %.2f\n", (double)st.st_size / took / 1e6, (double)u.ru_maxrss * 1024 / bytes);
	reader_close(r);
	tab_free(t);
	return 0;
}
