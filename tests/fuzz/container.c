#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "model/vectors.h"
#include "world.h"

#define HASH_KEY "\"dls.hash\":\""

/* What is taken can be shown and written, and what is written is taken. */
static void raw(const uint8_t *data, size_t n)
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

/* Makes the hash right, as store.h defines it, where the file is sound enough to have one. */
static void rehash(char *s, size_t n)
{
	uint64_t length = 0, h;
	if (n < 8)
		return;
	memcpy(&length, s, 8);
	char *header = s + 8, text[17];
	char *digits = length <= n - 8 ? memmem(header, length, HASH_KEY, strlen(HASH_KEY)) : NULL;
	if (!digits || (size_t)(header + length - digits) < strlen(HASH_KEY) + 16)
		return;
	digits += strlen(HASH_KEY);
	memset(digits, '0', 16);
	h = hash_bytes(header, length, 0);
	char *copy = mem_strn(header, length);
	struct jval *top = jval_parse(copy, length, "fuzz");
	for (size_t i = 0; i < jval_size(top); i++) {
		const struct jval *at = jval_get(jval_at(top, i), "data_offsets");
		if (!at)
			continue;
		size_t begin = (size_t)jval_int(jval_at(at, 0), 0, (int64_t)(n - 8 - length));
		h = hash_bytes(header + length + begin, (size_t)jval_int(jval_at(at, 1), (int64_t)begin, (int64_t)(n - 8 - length)) - begin, h);
	}
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)h);
	memcpy(digits, text, 16);
}

/* A vectoriser that is taken makes rows of any text, and is taken again when it is written. */
static void vectoriser(const uint8_t *data, size_t n)
{
	static const char *const texts[] = { "", "the lamp works", "a b c d e f g :) @user http://x.y", "\xd0\xb9\xff \xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd" };
	char *copy = mem_copy(data, n, 1);
	struct vectorfile f;
	rehash(copy, n);
	raw((const uint8_t *)copy, n);
	fuzz_stdin((const uint8_t *)copy, n);
	vectorfile_read(&f, NULL);
	struct slice *cells = NEW(struct slice, 4);
	struct column *cols = NEW0(struct column, f.vectors.n * 8);
	size_t ncols = 0;
	for (size_t i = 0; i < 4; i++)
		cells[i] = slice_of(texts[i]);
	for (size_t v = 0; v < f.vectors.n; v++)
		for (size_t k = 0; k < f.vectors.v[v].columns.n && k < 8; k++)
			cols[ncols++] = (struct column){ .name = f.vectors.v[v].columns.s[k], .kind = KIND_TEXT, .text = cells };
	if (vectors_bind(&f.vectors, cols, ncols))
		return;
	struct sparse rows = vectors_chunk(&f.vectors, cols, NULL, 0, 4);
	for (size_t e = 0; e < sparse_nnz(&rows); e++)
		if (rows.col[e] < 0 || (size_t)rows.col[e] >= f.vectors.ncols)
			bug("entry %zu is in column %d", e, rows.col[e]);
	char *again = mem_alloc(4 * n + 8192, 1);
	struct out out = { .f = fmemopen(again, 4 * n + 8192, "wb") };
	vectorfile_write(&f, &out);
	fflush(out.f);
	size_t size = (size_t)ftell(out.f);
	fclose(out.f);
	fuzz_stdin((const uint8_t *)again, size);
	vectorfile_read(&f, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_one(raw, data, n);
	return fuzz_one(vectoriser, data, n);
}
