/*
 * Reads a CSV into a table: read FILE THREADS prints MB/s, and the peak memory
 * over the size of the columns as doubles. read --make MB KIND writes a
 * CSV of 21 columns: short (six decimals), long (17 digits), or words in quotes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/rng.h"
#include "data/table.h"

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
		make(strtoul(argv[2], NULL, 10), argv[3]);
		return 0;
	}
	if (argc != 3 || stat(argv[1], &st) != 0)
		return 64;
	int threads = (int)strtol(argv[2], NULL, 10);
	double start = now();
	struct reader *r = reader_open(argv[1], (struct reader_opts){ "auto", true, threads });
	struct table *t = tab_read(r, &(struct tab_spec){ .threads = threads });
	double took = now() - start;
	getrusage(RUSAGE_SELF, &u);
	printf("%.0f %.2f\n", (double)st.st_size / took / 1e6,
	       (double)u.ru_maxrss * 1024 / ((double)t->nrows * (double)t->ncols * sizeof(double)));
	reader_close(r);
	tab_free(t);
	return 0;
}
