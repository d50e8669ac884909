#include "rows.h"

static void one(const uint8_t *data, size_t n)
{
	read_rows(data, n, n % 4 ? "svmlight" : "auto");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_one(one, data, n);
}
