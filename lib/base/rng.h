/*
 * Random numbers by name: a stream is given by a seed, a purpose and an index,
 * so what one thread draws never depends on another ("forest.tree", 17).
 * xoshiro256++ (Blackman and Vigna 2019), seeded by splitmix64.
 */
#ifndef DLS_BASE_RNG_H
#define DLS_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

struct rng rng_at(uint64_t seed, const char *purpose, uint64_t index);
uint64_t rng_u64(struct rng *r);
double rng_double(struct rng *r);			/* uniform in [0, 1), 53 bits */
uint64_t rng_below(struct rng *r, uint64_t n);		/* uniform in 0..n-1, unbiased; n > 0 */
double rng_normal(struct rng *r);			/* standard normal */
void rng_shuffle(struct rng *r, uint32_t *a, size_t n);	/* Fisher-Yates */
/* k of 0..n-1 without replacement, ascending, to out (k). */
void rng_sample(struct rng *r, uint32_t n, uint32_t k, uint32_t *out);

#endif
