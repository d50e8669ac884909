/*
 * The named nets on weights and pictures that a formula gives, as
 * tests/golden/nets.py makes them; built in float and, under names that end in
 * _f64, in double.
 */
#ifndef DLS_TESTS_NN_CASES_NETS_H
#define DLS_TESTS_NN_CASES_NETS_H

#include <stddef.h>
#include <stdint.h>

#define NETS_ROWS 2
#define NETS_CLASSES 5

/* What gold_nets of nets.h says. */
struct nets_result {
	double predicted[NETS_ROWS * NETS_CLASSES], trained[NETS_ROWS * NETS_CLASSES], loss;
	double grad[2], stat[2], input[2];
};
typedef void nets_case_fn(const char *name, size_t h, size_t w, struct nets_result *out);
nets_case_fn nets_case, nets_case_f64;

/* u("picture") (1, 5, 9, 2) averaged to out (1, 7, 4, 2). */
typedef void adaptive_case_fn(double *out);
adaptive_case_fn adaptive_case, adaptive_case_f64;

/* u(name, i), -1 to 1. */
double golden_u(const char *name, size_t i);
uint64_t golden_fnv(const char *s);

#endif
