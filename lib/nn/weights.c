#include "nn/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"

#define LISTED 4	/* names in a message */
#define STARS 8		/* in a pattern */

/* ---- patterns ---- */

/* Whether the first n bytes of pattern match all of text; what each * stands for, the shortest first, goes to star. */
static bool matches(const char *pattern, size_t n, struct slice text, struct slice *star)
{
	while (n && *pattern != '*') {
		if (!text.n || *text.s != *pattern)
			return false;
		pattern++, n--, text.s++, text.n--;
	}
	if (!n)
		return text.n == 0;
	for (size_t k = 0; k <= text.n; k++) {
		*star = (struct slice){ text.s, k };
		if (matches(pattern + 1, n - 1, (struct slice){ text.s + k, text.n - k }, star + 1))
			return true;
	}
	return false;
}

static size_t stars(const char *s, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += s[i] == '*';
	return count;
}

/* FROM=TO; the place of the =. */
static const char *check_map(const char *rule)
{
	const char *eq = strchr(rule, '=');
	if (!eq || eq == rule || !eq[1])
		die(ST_USAGE, "'%s' is not FROM=TO, names in which * stands for any text", rule);
	size_t from = stars(rule, (size_t)(eq - rule)), to = stars(eq + 1, strlen(eq + 1));
	if (to > from || from > STARS)
		die(ST_USAGE, "'%s': TO has %zu stars, FROM has %zu, at most %d can be", rule, to, from, STARS);
	return eq;
}

/* The name by the rule FROM=TO, in the place of *name where it matches. */
static void rename_by(const char *rule, struct str *name)
{
	struct slice star[STARS];
	const char *eq = check_map(rule);
	if (!matches(rule, (size_t)(eq - rule), (struct slice){ name->s, name->n }, star))
		return;
	struct str to = { 0 };
	size_t k = 0;
	for (const char *p = eq + 1; *p; p++)
		if (*p == '*')
			str_add(&to, star[k].s, star[k].n), k++;
		else
			str_putc(&to, *p);
	str_free(name);
	*name = to;
}

static bool below(const char *name, const char *layer)
{
	size_t n = strlen(layer);
	return strncmp(name, layer, n) == 0 && (name[n] == '.' || !name[n]);
}

/* Whether pattern matches name, or a layer that it lies below. */
static bool names_it(const char *pattern, const char *name)
{
	struct slice star[STARS];
	size_t n = strlen(pattern), m = strlen(name);
	for (size_t i = 1; i <= m; i++)
		if ((i == m || name[i] == '.') && matches(pattern, n, (struct slice){ name, i }, star))
			return true;
	return false;
}

/* ---- pretrained weights ---- */

static void shape_text(struct str *s, int ndim, const size_t *dims)
{
	str_putc(s, '(');
	for (int i = 0; i < ndim; i++)
		str_printf(s, i ? ", %zu" : "%zu", dims[i]);
	str_putc(s, ')');
}

/* The parameter that a tensor of the file is for, or NULL. */
static struct param *meant(const struct params *ps, const char *tensor, const struct strs *map, const char *const *also)
{
	static const char *const before[] = { "module.", "model." };
	struct str name = { 0 };
	str_puts(&name, tensor);
	for (size_t i = 0; map && i < map->n; i++)
		rename_by(map->s[i], &name);
	for (size_t i = 0; also && also[i]; i++)
		rename_by(also[i], &name);
	struct param *p = params_find(ps, name.s);
	const char *rest = name.s;
	for (size_t i = 0; !p && i < sizeof(before) / sizeof(*before); i++)
		if (strncmp(rest, before[i], strlen(before[i])) == 0) {
			rest += strlen(before[i]);
			p = params_find(ps, rest);
		}
	str_free(&name);
	return p;
}

/* The same shape; or one of them is a matrix, and each row of it a window in the order that both have. */
static bool fits(const struct param *p, const struct store_tensor *t)
{
	if (t->n != p->n || t->ndim < 1 || t->dims[0] != p->dim[0])
		return false;
	if (t->ndim == p->ndim)
		return memcmp(t->dims, p->dim, (size_t)p->ndim * sizeof(*p->dim)) == 0;
	return (p->ndim == 2 && t->ndim == 4) || (p->ndim == 4 && t->ndim == 2);
}

static double half(uint16_t h)
{
	int e = h >> 10 & 31;
	double m = h & 1023, sign = h >> 15 ? -1 : 1;
	if (e == 31)
		return m != 0 ? NAN : sign * INFINITY;
	return sign * (e ? ldexp(m + 1024, e - 25) : ldexp(m, -24));
}

/* Element i of a tensor of a type that take() lets pass. */
static double element(const struct store_tensor *t, size_t i)
{
	union {
		uint32_t bits;
		float x;
	} wide;
	switch (t->type) {
	case DT_F64:
		return ((const double *)t->data)[i];
	case DT_F32:
		return (double)((const float *)t->data)[i];
	case DT_F16:
		return half(((const uint16_t *)t->data)[i]);
	default:	/* DT_BF16 */
		wide.bits = (uint32_t)((const uint16_t *)t->data)[i] << 16;
		return (double)wide.x;
	}
}

static void take(struct params *ps, const struct param *p, const struct store_tensor *t, const char *path)
{
	real *x = param_x(ps, p);
	if (t->type != DT_F64 && t->type != DT_F32 && t->type != DT_F16 && t->type != DT_BF16)
		die(ST_DATA, "%s: tensor '%s' is of type %s; weights are F64, F32, F16 or BF16", path, t->name,
		    store_type_name(t->type));
	for (size_t i = 0; i < p->n; i++) {
		x[i] = (real)element(t, i);
		if (!isfinite(x[i]))
			die(ST_DATA, "%s: tensor '%s': value %zu is not finite", path, t->name, i);
	}
}

static _Noreturn void bad_shape(const struct param *p, const struct store_tensor *t, const char *path)
{
	struct str s = { 0 };
	shape_text(&s, t->ndim, t->dims);
	str_puts(&s, ", the net wants ");
	shape_text(&s, p->ndim, p->dim);
	die(ST_DATA, "%s: tensor '%s' is %s", path, t->name, s.s);
}

/* Adds a name to a list for a message, the first few. */
static void list(struct str *s, size_t n, const char *name)
{
	if (n <= LISTED)
		str_printf(s, "%s%s", n > 1 ? ", " : "", n == LISTED ? "..." : name);
}

/* Dies where a parameter that is not of head has found nothing; whether the head has. */
static bool all_found(const struct params *ps, const bool *found, const char *head, const char *path)
{
	struct str s = { 0 };
	size_t missing = 0;
	bool whole = true;
	for (size_t i = 0; i < ps->n; i++) {
		if (found[i])
			continue;
		if (below(ps->p[i]->name, head))
			whole = false;
		else
			list(&s, ++missing, ps->p[i]->name);
	}
	if (missing)
		die(ST_DATA, "%s: no tensor for %zu of the net's %zu parameters: %s", path, missing, ps->n, s.s);
	return whole;
}

static bool counts_batches(const char *name)
{
	const char *end = "num_batches_tracked";
	size_t n = strlen(name), m = strlen(end);
	return n >= m && strcmp(name + n - m, end) == 0;
}

size_t weights_load(struct params *ps, const char *path, const struct strs *map, const char *const *also, const char *head)
{
	size_t size, taken = 0, unused = 0;
	char *bytes = in_read_all(path, &size);
	struct store *st = store_read_foreign(bytes, size, in_name(path));
	bool *found = NEW0(bool, ps->n + 1);
	struct str others = { 0 };
	for (size_t i = 0; i < store_size(st); i++) {
		struct store_tensor t = store_at(st, i);
		const struct param *p = meant(ps, t.name, map, also);
		if (!p) {
			if (!counts_batches(t.name))
				list(&others, ++unused, t.name);
			continue;
		}
		bool *here = &found[dict_find(ps->names, p->name, strlen(p->name))];
		if (*here)
			die(ST_DATA, "%s: tensor '%s' is a second '%s'", path, t.name, p->name);
		if (!fits(p, &t) && below(p->name, head))
			continue;
		if (!fits(p, &t))
			bad_shape(p, &t, path);
		take(ps, p, &t, path);
		*here = true;
		taken++;
	}
	bool whole = all_found(ps, found, head, path);
	note(0, "%s: %zu tensors taken%s%s", path, taken, whole ? "" : "; the last layer begins anew: ",
	     whole ? "" : head);
	if (unused)
		note(0, "%s: %zu tensors are of no use here: %s", path, unused, others.s);
	str_free(&others);
	free(found);
	store_free(st);
	return taken;
}

/* ---- what is trained, and how fast ---- */

/* Dies: no parameter's name, nor a layer's, is the pattern's. */
static _Noreturn void matches_nothing(const struct params *ps, const char *pattern)
{
	struct str plain = { 0 };
	struct dict *names = dict_new();
	const char **all, *nearest;
	for (const char *p = pattern; *p; p++)
		if (*p != '*' && !(*p == '.' && p[1] == '*'))
			str_putc(&plain, *p);
	for (size_t i = 0; i < ps->n; i++)
		for (size_t n = 1; n <= strlen(ps->p[i]->name); n++)
			if (ps->p[i]->name[n] == '.' || !ps->p[i]->name[n])
				dict_add(names, ps->p[i]->name, n);
	size_t n = (size_t)dict_size(names);
	all = NEW(const char *, n);
	for (size_t i = 0; i < n; i++)
		all[i] = dict_text(names, (int32_t)i);
	nearest = str_nearest(plain.n ? plain.s : "", all, n);
	if (nearest)
		die(ST_USAGE, "no parameter of the net is '%s'; did you mean '%s'?", pattern, nearest);
	die(ST_USAGE, "no parameter of the net is '%s'; there is '%s', for example", pattern, ps->n ? ps->p[0]->name : "none");
}

void weights_freeze(struct params *ps, const struct strs *patterns, const char *head)
{
	for (size_t k = 0; k < patterns->n; k++) {
		const char *pattern = patterns->s[k];
		bool backbone = strcmp(pattern, "backbone") == 0;
		size_t n = 0;
		if (stars(pattern, strlen(pattern)) > STARS)
			die(ST_USAGE, "'%s' has more than %d stars", pattern, STARS);
		for (size_t i = 0; i < ps->n; i++)
			if (backbone ? !below(ps->p[i]->name, head) : names_it(pattern, ps->p[i]->name)) {
				ps->p[i]->frozen = true;
				n++;
			}
		if (!n)
			matches_nothing(ps, pattern);
	}
}

void weights_rate(struct params *ps, const char *head, double factor)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->p[i]->kind != PARAM_BUFFER && !below(ps->p[i]->name, head))
			ps->p[i]->rate *= factor;
}

/* ---- models ---- */

static const enum dtype stored = sizeof(real) == sizeof(float) ? DT_F32 : DT_F64;

void weights_save(const struct params *ps, struct store *st)
{
	for (size_t i = 0; i < ps->n; i++)
		store_put(st, ps->p[i]->name, stored, ps->p[i]->ndim, ps->p[i]->dim, param_x(ps, ps->p[i]));
}

void weights_restore(struct params *ps, const struct store *st)
{
	for (size_t i = 0; i < ps->n; i++) {
		const struct param *p = ps->p[i];
		size_t dim[NN_DIMS];
		memcpy(dim, p->dim, sizeof(dim));
		const real *x = store_get(st, p->name, stored, p->ndim, dim);
		for (size_t k = 0; k < p->n; k++)
			if (!isfinite(x[k]))
				store_bad(st, "tensor '%s': value %zu is not finite", p->name, k);
		memcpy(param_x(ps, p), x, p->n * sizeof(*x));
	}
}
