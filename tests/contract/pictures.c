/*
 * Families that learn from pictures, in company: an ensemble of two of their
 * models is the same as a file, and a row whose picture cannot be loaded has
 * no prediction whatever the method makes of its members.
 */
#include "contract.h"

#include "base/die.h"
#include "ensemble/ensemble.h"
#include "model/model.h"

#define ROWS 60
#define SCORED 11
#define BAD 4	/* the row that cannot be loaded */

static struct model *model_make(struct contract_case c, const struct synth *s, uint64_t seed)
{
	struct model *m = model_new(c.f);
	struct data d = synth_train(s, false);
	size_t k = data_outputs(&d);
	opts_drop(c.f, m->opts);
	m->opts = opts_make(c.f);
	schema_from(&m->schema, s->cols, s->ncols);
	schema_target(&m->schema, c.task, d.nclasses);
	m->seed = seed;
	model_ready(m);
	m->fit = fit_make(c.f, m->opts, &d, 1);
	m->oof = oof_new(s->n, k, 3, 7, s->label, s->y, NULL);
	c.f->predict(m->fit, &(struct data){ .n = s->n, .ncols = s->ncols, .cols = s->cols, .task = c.task, .nclasses = d.nclasses },
		     m->oof.p);
	for (size_t i = 0; i < s->n; i++)
		m->oof.fold[i] = (int32_t)(i % 3) + 1;
	return m;
}

static struct model *read_back(const struct model *m)
{
	struct bytes b;
	struct out out = { .f = open_memstream(&b.p, &b.n) };
	model_write(m, &out);
	fclose(out.f);
	struct store *st = store_read(b.p, b.n, "model");
	struct model *back = model_restore(st);
	store_free(st);
	return back;
}

/* The method over the members: with a bad picture among the rows, only its row changes, to NaN. */
static void one_method(struct contract_case c, const struct family *method, const struct synth *s, struct synth *t)
{
	static const char *const names[] = { "first", "second" };
	struct contract_case shown = { method, c.task };
	size_t n = strcmp(method->name, "calibrate") == 0 ? 1 : 2;
	struct ensemble_opts o = { .threads = 2, .seed = 5 };
	struct model *members[] = { model_make(c, s, 1), n == 2 ? model_make(c, s, 2) : NULL };
	struct model *m = ensemble_make(method, opts_make(method), members, names, n, &o), *back = read_back(m);
	size_t k = model_outputs(m);
	double p[SCORED * 3], q[SCORED * 3];
	CK(shown, m->schema.nfields == 1 && m->schema.fields[0].kind == KIND_IMAGE, "the members' pictures are not one column");
	model_predict(m, t->cols, NULL, SCORED, p);
	check_predictions(shown, p, SCORED, k, "pictures");
	model_predict(back, t->cols, NULL, SCORED, q);
	CK(shown, memcmp(p, q, SCORED * k * sizeof(*p)) == 0, "read from a file it predicts otherwise");
	struct slice good = t->cols[0].text[BAD];
	t->cols[0].text[BAD] = slice_of("no/such/file.png");
	model_predict(back, t->cols, NULL, SCORED, q);
	t->cols[0].text[BAD] = good;
	for (size_t i = 0; i < SCORED * k; i++)
		CK(shown, i / k == BAD ? isnan(q[i]) : p[i] == q[i], "row %zu, output %zu is %g", i / k, i % k, q[i]);
	model_free(m);
	model_free(back);
}

START_TEST(ensembles_of_pictures)
{
	struct contract_case c = case_at(_i);
	verbosity = -1;
	if (!wants_pictures(c))
		return;
	struct synth s = synth_for(c, TABLE_MIXED, ROWS, 1), t = synth_for(c, TABLE_MIXED, SCORED, 2);
	for (size_t i = 0; families[i]; i++)
		if (!families[i]->fit && (families[i]->tasks & c.task))
			one_method(c, families[i], &s, &t);
	synth_free(&s);
	synth_free(&t);
}
END_TEST

CONTRACT_MAIN("contract: pictures", is_case, ensembles_of_pictures)
