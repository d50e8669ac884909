/* MurmurHash3_x86_32 by Austin Appleby (public domain), the hash of scikit-learn's HashingVectorizer; seed 0. */
#ifndef DLS_BASE_MURMUR_H
#define DLS_BASE_MURMUR_H

#include <stddef.h>
#include <stdint.h>

int32_t murmur3(const char *s, size_t n);

#endif
