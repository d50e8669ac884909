#!/usr/bin/python3
"""Prints lib/base/pow10.h: the first 128 bits of each power of ten that reading and printing doubles need."""

LEAST, MOST = -342, 324


def bits(q):
    """floor(10^q * 2^s) with s such that the result has exactly 128 bits."""
    p = 5 ** abs(q)
    if q >= 0:
        s = 128 - p.bit_length()
        return p << s if s >= 0 else p >> -s
    z = p.bit_length()
    c = (1 << (z + 128)) // p
    while c >> 128:
        c >>= 1
    return c


rows = [bits(q) for q in range(LEAST, MOST + 1)]
assert all(r >> 127 == 1 for r in rows)
print("/*")
print(" * Powers of ten for num.c: entry q - POW10_LEAST holds the first 128 bits of")
print(" * 10^q, rounded down, as two words (high, low). Made by tests/golden/pow10.py;")
print(" * the unit test of num.c proves each entry with integers of its own.")
print(" */")
print("#ifndef DLS_BASE_POW10_H\n#define DLS_BASE_POW10_H\n\n#include <stdint.h>\n")
print("#define POW10_LEAST (%d)\n#define POW10_MOST %d\n" % (LEAST, MOST))
print("static const uint64_t pow10_bits[POW10_MOST - POW10_LEAST + 1][2] = {")
for i in range(0, len(rows), 2):
    print("\t" + ", ".join("{ 0x%016x, 0x%016x }" % (r >> 64, r & (1 << 64) - 1) for r in rows[i:i + 2]) + ",")
print("};\n\n#endif")
