/* The time of a thread, and the peak of one: a loop of multiplications and additions in registers. */
#ifndef DLS_TESTS_BENCH_PEAK_H
#define DLS_TESTS_BENCH_PEAK_H

#include <time.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Ten sums at once hide the latency; the barrier keeps them in registers. */
#define PEAK(name, width, isa) \
	__attribute__((target(isa), optimize("O3", "fp-contract=fast"))) static void name(long rounds) \
	{ \
		typedef float lanes __attribute__((vector_size((width) * sizeof(float)))); \
		lanes s[10] = { { 0 } }, a = { 0 }; \
		for (long i = 0; i < rounds; i++) \
			_Pragma("GCC unroll 10") for (int j = 0; j < 10; j++) \
			{ \
				s[j] += a * a; \
				__asm__ volatile("" : "+x"(s[j])); \
			} \
	}
PEAK(peak16, 16, "avx512f")
PEAK(peak8, 8, "avx2,fma")
PEAK(peak4, 4, "sse2")

static double peak(void)
{
	int lanes = __builtin_cpu_supports("avx512f") ? 16 : __builtin_cpu_supports("fma") ? 8 : 4;
	long rounds = 5000000;
	double best = 1e9;
	for (int i = 0; i < 5; i++) {
		double t = now();
		(lanes == 16 ? peak16 : lanes == 8 ? peak8 : peak4)(rounds);
		t = now() - t;
		best = t < best ? t : best;
	}
	return 20.0 * lanes * (double)rounds / best;
}

#endif
