#include <stdlib.h>

#include "base/mem.h"
#include "io/store.h"
#include "world.h"

/* What is taken can be shown and written, and what is written is taken. */
static void one(const uint8_t *data, size_t n)
{
	struct str text = { 0 };
	struct json j = json_to(&text, 0);
	struct store *st = store_read(mem_strn((const char *)data, n), n, "fuzz");
	json_object(&j, NULL);
	store_show(st, &j);
	json_end(&j, '}');
	str_free(&text);
	char *again = mem_alloc(2 * n + 4096, 1);
	struct out out = { .f = fmemopen(again, 2 * n + 4096, "wb") };
	store_write(st, &out);
	fflush(out.f);
	size_t size = (size_t)ftell(out.f);
	fclose(out.f);
	store_free(st);
	store_free(store_read(again, size, "again"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_one(one, data, n);
}
