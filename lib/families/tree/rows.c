/* What a round of boosting learns from: rows, columns, and the sides that columns are held to. */
#include "families/tree/boost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define KEYS 65536

size_t sample_rows(const struct boost_opts *o, size_t n, uint64_t seed, int round, uint32_t *rows)
{
	size_t k = (size_t)(o->rows * (double)n + 0.5);
	struct rng r = rng_at(seed, "boost.rows", (uint64_t)round);
	k = k < 1 ? 1 : k;
	if (k >= n) {
		for (size_t i = 0; i < n; i++)
			rows[i] = (uint32_t)i;
		return n;
	}
	rng_sample(&r, (uint32_t)n, (uint32_t)k, rows);
	return k;
}

/* Keys as integers 0..KEYS - 1; the rows of the last key that fits are taken as they come. */
size_t sample_goss(const struct boost_opts *o, const double *key, size_t n, uint64_t seed, int round, uint32_t *rows,
		   double *factor)
{
	size_t top = (size_t)(o->goss_top * (double)n + 0.5), rest = (size_t)(o->goss_rest * (double)n + 0.5);
	size_t m = 0, others = n - top, *count = NEW0(size_t, KEYS);
	uint16_t *of = NEW(uint16_t, n), edge = KEYS - 1;
	struct rng r = rng_at(seed, "boost.rows", (uint64_t)round);
	double most = 0;
	for (size_t i = 0; i < n; i++)
		most = key[i] > most ? key[i] : most;
	for (size_t i = 0; i < n; i++) {
		of[i] = most > 0 ? (uint16_t)(key[i] / most * (KEYS - 1)) : 0;
		count[of[i]]++;
	}
	size_t left = top;	/* of the rows with the edge's key, so many are among the top */
	while (edge > 0 && count[edge] <= left)
		left -= count[edge--];
	rest = rest > others ? others : rest;
	for (size_t i = 0; i < n; i++) {
		bool is_top = of[i] > edge || (of[i] == edge && left > 0);
		left -= is_top && of[i] == edge;
		factor[i] = is_top ? 1 : (1 - o->goss_top) / o->goss_rest;
		if (is_top) {
			rows[m++] = (uint32_t)i;
		} else {
			bool taken = rng_below(&r, others--) < rest;
			rest -= taken;
			if (taken)
				rows[m++] = (uint32_t)i;
		}
	}
	free(of);
	free(count);
	return m;
}

void sample_cols(double share, size_t ncols, uint64_t seed, int round, uint8_t *use)
{
	size_t k = (size_t)(share * (double)ncols + 0.5);
	uint32_t *cols = NEW(uint32_t, ncols + 1);
	struct rng r = rng_at(seed, "boost.cols", (uint64_t)round);
	k = k < 1 ? ncols > 0 : k > ncols ? ncols : k;
	rng_sample(&r, (uint32_t)ncols, (uint32_t)k, cols);
	memset(use, 0, ncols);
	for (size_t i = 0; i < k; i++)
		use[cols[i]] = 1;
	free(cols);
}

char *monotone_signs(const struct strs *list, const struct column *cols, size_t ncols, int8_t *sign)
{
	memset(sign, 0, ncols);
	for (size_t i = 0; i < list->n; i++) {
		const char *s = list->s[i], *eq = strrchr(s, '=');
		size_t len = eq ? (size_t)(eq - s) : 0, c = 0;
		struct str why = { 0 };
		while (c < ncols && (strncmp(cols[c].name, s, len) != 0 || cols[c].name[len] != '\0'))
			c++;
		bool up = eq && (strcmp(eq, "=1") == 0 || strcmp(eq, "=+1") == 0), down = eq && strcmp(eq, "=-1") == 0;
		if (up || down) {
			if (c < ncols && cols[c].kind == KIND_NUMERIC) {
				sign[c] = up ? 1 : -1;
				continue;
			}
			str_printf(&why, "--monotone %s: %s '%.*s'", s,
				   c < ncols ? "a category cannot be monotone:" : "there is no column", (int)len, s);
		} else {
			str_printf(&why, "--monotone %s: expected COLUMN=1 or COLUMN=-1", s);
		}
		return str_take(&why);
	}
	return NULL;
}
