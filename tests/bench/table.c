/*
 * A table for benchmarks: table ROWS COLS CLASSES [SEED] writes a CSV with target y, of CLASSES classes or, if 0, a number.
 * Columns are normal, skewed, small integers that mean nothing by their order, and some with missing cells; the target
 * depends on them by curves, products, thresholds and levels, and on noise. A row is the same whatever the number of rows.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"

#define LEVELS 12	/* of a column of categories */
#define NOISE 1.2	/* standard deviation */

enum kind { NORMAL, SKEWED, LEVEL, GAPPY, KINDS };

static enum kind kind_of(int col)
{
	static const enum kind often[] = { NORMAL, NORMAL, NORMAL, LEVEL, NORMAL, SKEWED, NORMAL, GAPPY };
	return often[col % 8];
}

static double draw(struct rng *r, enum kind kind)
{
	return kind == LEVEL ? (double)rng_below(r, LEVELS) : kind == SKEWED ? exp(rng_normal(r)) : rng_normal(r);
}

/* What eight neighbouring columns add, less for later ones. */
static double effect(const double *x)
{
	static const double level[LEVELS] = { 0.9, -0.4, 0.1, -1.1, 0.6, 0.2, -0.7, 1.2, -0.2, -0.5, 0.3, -0.4 };
	return sin(2 * x[0]) + (x[1] + 0.6) * (x[2] + 0.6) * 0.8 + level[(int)x[3]] + (x[4] > 0.5 ? 1 : -0.4) * x[0] * 0.7 +
		log(1 + x[5]) * 0.6 - fabs(x[6]) * 0.7 + (isnan(x[7]) ? 0.5 : 0.4 * x[7]);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 64;
	long rows = strtol(argv[1], NULL, 10), cols = strtol(argv[2], NULL, 10), classes = strtol(argv[3], NULL, 10);
	uint64_t seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
	double *x = calloc((size_t)cols + 8, sizeof(*x));
	if (!x)
		return 71;
	for (int j = 0; j < cols; j++)
		printf("x%d,", j + 1);
	puts("y");
	for (long i = 0; i < rows; i++) {
		struct rng r = rng_at(seed, "bench.table", (uint64_t)i);
		double z = 0;
		for (int j = 0; j < cols; j++) {
			enum kind kind = kind_of(j);
			x[j] = draw(&r, kind);
			if (kind == GAPPY && rng_below(&r, 10) == 0)
				x[j] = NAN;
			if (isnan(x[j]))
				putchar(',');
			else
				printf(kind == LEVEL ? "%.0f," : "%.4f,", x[j]);
		}
		for (int j = 0; j < cols && j < 64; j += 8)
			z += effect(x + j) / (1 + j / 8);
		z += NOISE * rng_normal(&r);
		if (classes)	/* about equally many each: z is near normal */
			printf("%d\n", (int)fmin((double)classes * 0.5 * erfc(-(z - 0.54) / 3.24), (double)classes - 1));
		else
			printf("%.4f\n", z);
	}
	free(x);
	return ferror(stdout) || fflush(stdout) ? 74 : 0;
}
