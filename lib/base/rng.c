#include "base/rng.h"

#include <math.h>

#include "base/die.h"

static uint64_t splitmix64(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

struct rng rng_at(uint64_t seed, const char *purpose, uint64_t index)
{
	struct rng r;
	uint64_t h = 0xcbf29ce484222325u;	/* FNV-1a of the purpose */
	for (const char *p = purpose; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	uint64_t x = seed;
	x = splitmix64(&x) ^ h;
	x = splitmix64(&x) ^ index;
	for (int i = 0; i < 4; i++)
		r.s[i] = splitmix64(&x);
	return r;
}

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t *s = r->s, out = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return out;
}

double rng_double(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

/* Lemire 2019: multiply, and reject the few values that would bias. */
uint64_t rng_below(struct rng *r, uint64_t n)
{
	if (n == 0)
		bug("rng_below(0)");
	unsigned __int128 m = (unsigned __int128)rng_u64(r) * n;
	if ((uint64_t)m < n)
		for (uint64_t least = -n % n; (uint64_t)m < least;)
			m = (unsigned __int128)rng_u64(r) * n;
	return (uint64_t)(m >> 64);
}

double rng_normal(struct rng *r)
{
	double u = 1.0 - rng_double(r), v = rng_double(r);
	return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

void rng_shuffle(struct rng *r, uint32_t *a, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)rng_below(r, i);
		uint32_t t = a[i - 1];
		a[i - 1] = a[j];
		a[j] = t;
	}
}

/* Selection sampling (Knuth, TAOCP vol. 2, algorithm S). */
void rng_sample(struct rng *r, uint32_t n, uint32_t k, uint32_t *out)
{
	uint32_t taken = 0;
	if (k > n)
		bug("a sample of %u from %u", k, n);
	for (uint32_t i = 0; taken < k; i++)
		if (rng_below(r, n - i) < k - taken)
			out[taken++] = i;
}
