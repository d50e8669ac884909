#include "families/image/cnn_state.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/murmur.h"
#include "nn/weights.h"

/* ---- the numbers beside the weights ---- */

static void put_double(struct store *st, const char *name, double x)
{
	store_put1(st, name, DT_F64, 1, &x);
}

static void put_count(struct store *st, const char *name, int64_t x)
{
	store_put1(st, name, DT_I64, 1, &x);
}

static double get_double(const struct store *st, const char *name)
{
	size_t n = 1;
	return *(const double *)store_get1(st, name, DT_F64, &n);
}

static int64_t get_count(const struct store *st, const char *name)
{
	size_t n = 1;
	int64_t x = *(const int64_t *)store_get1(st, name, DT_I64, &n);
	if (x < 0 || x > INT32_MAX)
		store_bad(st, "'%s' is %" PRId64, name, x);
	return x;
}

/* A copy of n finite numbers. */
static real *get_weights(const struct store *st, const char *name, size_t n)
{
	const real *x = store_get1(st, name, DT_F32, &n);
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			store_bad(st, "'%s': value %zu is not finite", name, i);
	return mem_copy(x, n, sizeof(*x));
}

void state_save(const struct fitting *f, struct store *st)
{
	weights_save(f->m->ps, st);
	optim_save(f->optim, st);
	put_count(st, "state.epoch", (int64_t)f->epoch);
	put_count(st, "state.taken", (int64_t)f->state.taken);
	put_count(st, "state.stop", f->state.stop);
	put_double(st, "state.rate", f->state.rate);
	put_double(st, "state.slowed", f->state.slowed);
	put_double(st, "state.plateau", f->plateau.best);
	put_count(st, "state.bad", f->plateau.bad);
	put_count(st, "state.cooling", f->plateau.cooling);
	put_count(st, "state.best_round", f->run->best_round);
	put_double(st, "state.best_score", f->run->best_score);
	put_count(st, "state.judged", f->run->judged);
}

void state_restore(struct fitting *f, const struct store *st)
{
	weights_restore(f->m->ps, st);
	optim_load(f->optim, st);
	f->epoch = (size_t)get_count(st, "state.epoch");
	f->state.taken = (size_t)get_count(st, "state.taken");
	f->state.stop = get_count(st, "state.stop") != 0;
	f->state.rate = get_double(st, "state.rate");
	f->state.slowed = get_double(st, "state.slowed");
	f->plateau.best = get_double(st, "state.plateau");
	f->plateau.bad = (long)get_count(st, "state.bad");
	f->plateau.cooling = (long)get_count(st, "state.cooling");
	f->run->best_round = (int)get_count(st, "state.best_round");
	f->run->best_score = get_double(st, "state.best_score");
	f->run->judged = get_count(st, "state.judged") != 0;
}

/* ---- the best weights ---- */

void state_keep_best(struct fitting *f)
{
	const struct params *ps = f->m->ps;
	free(f->best);
	f->best = mem_copy(f->optim->mean ? f->optim->mean : ps->x, ps->size, sizeof(*f->best));
	f->state.taken = f->epoch + 1;
}

void state_take_best(struct fitting *f)
{
	struct params *ps = f->m->ps;
	if (f->best)
		memcpy(ps->x, f->best, ps->size * sizeof(*ps->x));
	else
		f->state.taken = f->epoch;
}

/* ---- the file ---- */

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	return (h ^ (uint32_t)murmur3(p, n)) * 0x9e3779b97f4a7c15u;
}

/* Of all that the state depends on beside the code: options, seed, rows. */
static uint64_t hash_of(const struct fitting *f)
{
	struct str s = { 0 };
	uint64_t h = f->run->seed * 0x9e3779b97f4a7c15u + (uint64_t)f->epochs;
	opt_json(cnn_options, f->o, &s);
	h = mix(h, s.s, s.n);
	str_free(&s);
	if (f->o->init)
		h = mix(h, f->o->init, strlen(f->o->init));
	for (size_t i = 0; i < f->cells.n; i++) {
		size_t row = data_row(f->d, i);
		h = mix(h, f->cells.s[i].s, f->cells.s[i].n);
		h = mix(h, &f->d->label[row], sizeof(f->d->label[row]));
	}
	return h;
}

void state_write(const struct fitting *f, const char *path)
{
	struct store *st = store_new();
	struct out out = out_open(path, true);
	char hex[17];
	snprintf(hex, sizeof(hex), "%016" PRIx64, f->identity);
	store_meta(st, "dls.checkpoint", hex);
	state_save(f, st);
	if (f->best)
		store_put1(st, "state.best", DT_F32, f->m->ps->size, f->best);
	store_write(st, &out);
	out_close(&out);
	store_free(st);
}

void state_resume(struct fitting *f, const char *path)
{
	size_t n;
	char hex[17];
	f->identity = hash_of(f);
	if (access(path, F_OK) != 0)
		return;
	char *bytes = in_read_all(path, &n);
	struct store *st = store_read(bytes, n, path);
	const char *of = store_meta_get(st, "dls.checkpoint");
	snprintf(hex, sizeof(hex), "%016" PRIx64, f->identity);
	if (!of)
		die(ST_DATA, "--checkpoint %s: the file is there and is no checkpoint", path);
	if (strcmp(of, hex) != 0)
		die(ST_DATA, "--checkpoint %s: it is of other data, options or seed; remove it, or give another name", path);
	state_restore(f, st);
	if (f->state.taken)
		f->best = get_weights(st, "state.best", f->m->ps->size);
	store_free(st);
	note(0, "goes on after epoch %zu of %d, from %s", f->epoch, (int)f->epochs, path);
}
