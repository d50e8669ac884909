/* A schema: what is written as JSON comes back, and rows are converted by it. */
#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "data/schema.h"

static struct schema make(void)
{
	static const char *levels[] = { "a", "b" };
	const struct column cols[] = { { .name = "n", .kind = KIND_NUMERIC },
		{ .name = "c", .kind = KIND_CATEGORY, .levels = levels, .nlevels = 2 }, { .name = "t", .kind = KIND_TEXT }, { .name = "p", .kind = KIND_IMAGE, .root = "somewhere" } };
	struct schema sc = { .positive = -1, .task = TASK_REGRESSION, .target = mem_str("y"), .unseen = mem_str("missing") };
	schema_from(&sc, cols, 4);
	strs_add(&sc.missing, "none");
	return sc;
}

static char *as_json(const struct schema *sc)
{
	struct str s = { 0 };
	struct json j = json_to(&s, 0);
	json_object(&j, NULL);
	schema_json(sc, &j, "schema");
	json_end(&j, '}');
	return str_take(&s);
}

START_TEST(there_and_back)
{
	struct schema sc = make(), back;
	char *text = as_json(&sc);
	ck_assert_ptr_nonnull(strstr(text, "{\"name\":\"p\",\"kind\":\"image\"}"));
	ck_assert_ptr_null(strstr(text, "somewhere"));
	struct jval *v = jval_parse(text, strlen(text), "test");
	schema_from_json(&back, jval_need(v, "schema"));
	char *again = as_json(&back);
	ck_assert_str_eq(text, again);
	for (size_t f = 0; f < 4; f++)
		ck_assert_int_eq(back.fields[f].kind, sc.fields[f].kind);
	jval_free(v);
	free(text);
	free(again);
	schema_free(&sc);
	schema_free(&back);
}
END_TEST

START_TEST(cells_by_kind)
{
	struct schema sc = make();
	struct slice cells[2][4] = { { slice_of(" 1.5"), slice_of("b "), slice_of(" x"), slice_of(" a/b.png") },
		{ slice_of("none"), slice_of("z"), slice_of("NA"), slice_of("NA ") } };
	uint64_t lines[] = { 2, 3 }, unseen[4] = { 0 }, missing[4] = { 0 };
	const struct block b = { .nrows = 2, .ncols = 4, .cells = cells[0], .lines = lines };
	const size_t map[] = { 0, 1, 2, 3 };
	struct convert cv = { .unseen = unseen, .missing = missing };
	struct column *cols = schema_columns(&sc);
	schema_cells(cols, 4, 2);
	schema_convert(&sc, map, &b, 0, 2, cols, &cv);
	ck_assert(!cv.bad && cols[0].num[0] == 1.5 && cols[1].cat[0] == 1 && cols[1].cat[1] == -1);
	ck_assert(slice_eq(cols[2].text[0], " x") && slice_eq(cols[2].text[1], "NA"));
	ck_assert(slice_eq(cols[3].text[0], " a/b.png") && slice_eq(cols[3].text[1], ""));
	ck_assert(missing[0] == 1 && missing[2] == 0 && missing[3] == 1 && unseen[1] == 1);
	schema_cells_free(cols, 4);
	free(cols);
	schema_free(&sc);
}
END_TEST

UNIT_MAIN("schema", there_and_back, cells_by_kind)
