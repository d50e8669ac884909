/* JSON: any bytes come back, also from JSON inside a string of JSON, and what is written is UTF-8. */
#include "unit.h"

#include <string.h>

#include "base/rng.h"
#include "io/jsonio.h"

/* {"k<text>":"<text>"} */
static char *object_of(const char *text, size_t n)
{
	struct str s = { 0 }, key = { 0 };
	struct json j = json_to(&s, 0);
	str_putc(&key, 'k');
	str_add(&key, text, n);
	json_object(&j, NULL);
	json_strn(&j, key.s, text, n);
	json_end(&j, '}');
	str_free(&key);
	return str_take(&s);
}

static void comes_back(const char *text, size_t n)
{
	char *inner = object_of(text, n), *outer = object_of(inner, strlen(inner));
	struct jval *top = jval_parse(outer, strlen(outer), "test");
	const char *again = jval_str(jval_at(top, 0));
	ck_assert_str_eq(again, inner);
	struct jval *in = jval_parse(again, strlen(again), "test");
	const struct jval *v = jval_at(in, 0);
	ck_assert_str_eq(jval_str(v), text);
	ck_assert_str_eq(jval_key(v) + 1, text);
	ck_assert_uint_eq(strlen(jval_str(v)), n);
	jval_free(in);
	jval_free(top);
	free(inner);
	free(outer);
}

START_TEST(any_bytes_come_back)
{
	static const char *const parts[] = { "a", "\"", "\\", "\n", "\x01", "\x7f", "\xc3\xa9", "\xe9", "\xf4", "\xf4\x8f",
		"\xf4\x8f\xbe", "\xf4\x8f\xbe\x80", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbd\xbf", "\xff", "\x80", "\xed\xa0\x80",
		"\xc0\x80", "\xf0\x9f\x98\x80", "\xbe", "\x8f" };
	struct rng r = rng_at(1, "test.json", 0);
	for (int i = 0; i < 3000; i++) {
		struct str s = { 0 };
		for (uint64_t k = rng_below(&r, 8) + 1; k > 0; k--)
			str_puts(&s, parts[rng_below(&r, sizeof(parts) / sizeof(*parts))]);
		comes_back(s.s, s.n);
		str_free(&s);
	}
	for (int b = 1; b < 256; b++)
		comes_back((char[]){ (char)b, '\0' }, 1);
}
END_TEST

START_TEST(what_is_written_is_utf8)
{
	char *s = object_of("caf\xe9", 4);
	ck_assert_str_eq(s, "{\"kcaf\xf4\x8f\xbf\xa9\":\"caf\xf4\x8f\xbf\xa9\"}");
	free(s);
	s = object_of("caf\xc3\xa9", 5);
	ck_assert_str_eq(s, "{\"kcaf\xc3\xa9\":\"caf\xc3\xa9\"}");
	free(s);
}
END_TEST

UNIT_MAIN("json", any_bytes_come_back, what_is_written_is_utf8)
