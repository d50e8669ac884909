/*
 * The kernels of dense.c for vectors of LANES doubles, included once for each
 * width with NAME(x) and TARGET. Eight sums go side by side at every width, in
 * as many registers as they need, so that all widths give the same bits. GCC 12
 * keeps vectors wider than a register in memory, hence no single type for all.
 */
#define PARTS (DENSE_LANES / LANES)	/* registers of eight doubles */
#define EACH(r) _Pragma("GCC unroll 4") for (size_t r = 0; r < PARTS; r++)

typedef double NAME(vec) __attribute__((vector_size(LANES * 8), aligned(8), may_alias));

#define VEC NAME(vec)
#define LOAD(p, r) (*(const VEC *)((p) + (r) * LANES))
#define STORE(p, r, v) (*(VEC *)((p) + (r) * LANES) = (v))
#define LANE(s, i) ((s)[(i) / LANES][(i) % LANES])
#define TOTAL(s) (((LANE(s, 0) + LANE(s, 4)) + (LANE(s, 1) + LANE(s, 5))) + ((LANE(s, 2) + LANE(s, 6)) + (LANE(s, 3) + LANE(s, 7))))

TARGET static double NAME(dot)(size_t n, const double *x, const double *y)
{
	VEC s[PARTS] = { 0 };
	size_t i = 0;
	double t = 0;
	for (; i + DENSE_LANES <= n; i += DENSE_LANES)
		EACH(r)
			s[r] += LOAD(x + i, r) * LOAD(y + i, r);
	for (; i < n; i++)
		t += x[i] * y[i];
	return TOTAL(s) + t;
}

TARGET static void NAME(axpy)(size_t n, double a, const double *x, double *y)
{
	size_t i = 0;
	for (; i + DENSE_LANES <= n; i += DENSE_LANES)
		EACH(r)
			STORE(y + i, r, LOAD(y + i, r) + a * LOAD(x + i, r));
	for (; i < n; i++)
		y[i] += a * x[i];
}

TARGET static void NAME(rows_dot)(size_t n, size_t ld, const double *x, const double *b, double *out)
{
	for (size_t i = 0; i < n; i++) {
		VEC s[PARTS] = { 0 };
		for (size_t j = 0; j < ld; j += DENSE_LANES)
			EACH(r)
				s[r] += LOAD(x + i * ld + j, r) * LOAD(b + j, r);
		out[i] += TOTAL(s);
	}
}

TARGET static void NAME(rows_sum)(size_t n, size_t ld, const double *x, const double *w, size_t ws, double *g)
{
	for (size_t j = 0; j < ld; j += DENSE_LANES) {
		VEC s[PARTS] = { 0 };
		for (size_t i = 0; i < n; i++)
			EACH(r)
				s[r] += w[i * ws] * LOAD(x + i * ld + j, r);
		EACH(r)
			STORE(g + j, r, LOAD(g + j, r) + s[r]);
	}
}

TARGET static void NAME(rows_scale)(size_t n, size_t ld, const double *x, const double *w, double *out)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < ld; j += DENSE_LANES)
			EACH(r)
				STORE(out + i * ld + j, r, w[i] * LOAD(x + i * ld + j, r));
}

/* h[j][k] += A' B for four rows j of h and its eight columns k up to the diagonal, over n rows of A and B. */
TARGET static void NAME(tile)(size_t n, size_t ld, const double *a, const double *b, size_t j0, size_t k0, size_t p, double *h, size_t ldh)
{
	VEC s0[PARTS] = { 0 }, s1[PARTS] = { 0 }, s2[PARTS] = { 0 }, s3[PARTS] = { 0 };
	for (size_t i = 0; i < n; i++) {
		const double *ai = a + i * ld + j0, *bi = b + i * ld + k0;
		EACH(r) {
			VEC v = LOAD(bi, r);
			s0[r] += ai[0] * v;
			s1[r] += ai[1] * v;
			s2[r] += ai[2] * v;
			s3[r] += ai[3] * v;
		}
	}
	const VEC *const s[] = { s0, s1, s2, s3 };
	for (size_t j = j0; j < j0 + 4 && j < p; j++)
		for (size_t k = k0; k < k0 + DENSE_LANES && k <= j; k++)
			h[j * ldh + k] += LANE(s[j - j0], k - k0);
}

TARGET static void NAME(syrk)(size_t n, size_t p, size_t ld, const double *a, const double *b, double *h, size_t ldh)
{
	for (size_t j0 = 0; j0 < p; j0 += 4)
		for (size_t k0 = 0; k0 <= j0 + 3 && k0 < p; k0 += DENSE_LANES)
			NAME(tile)(n, ld, a, b, j0, k0, p, h, ldh);
}

static const struct kernels NAME(kernels) = { NAME(dot), NAME(axpy), NAME(rows_dot), NAME(rows_sum), NAME(rows_scale), NAME(syrk) };

#undef PARTS
#undef EACH
#undef VEC
#undef LOAD
#undef STORE
#undef LANE
#undef TOTAL
#undef LANES
#undef NAME
#undef TARGET
