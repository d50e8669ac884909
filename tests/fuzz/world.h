/*
 * The world of a fuzz target: die() does not end the process but the input,
 * and whatever our code allocated for it is freed then. bug() aborts: a find.
 */
#ifndef DLS_TESTS_FUZZ_H
#define DLS_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Runs fn on the bytes, until it returns or dies. */
int fuzz_one(void (*fn)(const uint8_t *data, size_t n), const uint8_t *data, size_t n);

/* While it is set, to die is a find: what comes was made by our own code. */
extern bool fuzz_sure;

/* Makes the bytes what stdin reads. */
void fuzz_stdin(const uint8_t *data, size_t n);

#endif
