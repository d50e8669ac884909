#include "model/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/reader.h"
#include "io/gnuplot.h"
#include "io/jsonio.h"
#include "metrics/curve.h"

#define VS_RESAMPLES 1000	/* of --vs when --bootstrap does not say */

/* ---- which metrics ---- */

static void add_finding(struct findings *fs, const char *name)
{
	struct finding f = { .m = measure_named(name) };
	for (size_t i = 0; i < fs->n; i++)
		if (strcmp(fs->f[i].m.name, name) == 0)
			return;
	GROW(fs->f, fs->n + 1);
	fs->f[fs->n++] = f;
}

/* A gate "metric=value": the metric's name (malloc'ed) and the bound. */
static char *gate_split(const char *gate, const char *option, double *bound)
{
	const char *eq = strrchr(gate, '=');
	if (!eq || !num_parse(eq + 1, strlen(eq + 1), bound) || isnan(*bound))
		die(ST_USAGE, "--%s: '%s' is not METRIC=NUMBER", option, gate);
	return mem_strn(gate, (size_t)(eq - gate));
}

static void add_gates(struct findings *fs, const struct strs *gates, const char *option)
{
	for (size_t i = 0; i < gates->n; i++) {
		double bound;
		char *name = gate_split(gates->s[i], option, &bound);
		add_finding(fs, name);
		free(name);
	}
}

void findings_name(struct findings *fs, const struct strs *words, const struct eval_opts *o)
{
	*fs = (struct findings){ 0 };
	for (size_t i = 0; i < words->n; i++)
		add_finding(fs, words->s[i]);
	add_gates(fs, &o->min, "min");
	add_gates(fs, &o->max, "max");
}

unsigned findings_tasks(const struct findings *fs)
{
	unsigned tasks = fs->n ? TASK_REGRESSION | TASK_CLASSES : 0;
	for (size_t i = 0; i < fs->n; i++)
		tasks &= fs->f[i].m.metric->tasks;
	return tasks;
}

/* ---- values ---- */

static void add_usual(struct findings *fs, const struct predictions *p)
{
	for (const struct metric *t = metrics; t->name; t++) {
		struct measure m;
		if (t->usual && measure_find(t->name, &m) && !measure_check(&m, &p->sets[0]))
			add_finding(fs, t->name);
	}
}

/* Intervals from the values (resamples, sets, metrics) of the bootstrap. */
static void add_intervals(struct findings *fs, const struct predictions *p, const struct eval_opts *o)
{
	struct boot b = { .resamples = o->bootstrap ? o->bootstrap : VS_RESAMPLES, .level = o->level, .seed = o->seed,
		.threads = cmd_threads(o->threads) };
	struct measure *m = NEW(struct measure, fs->n);
	size_t n = (size_t)b.resamples;
	double *x = NEW(double, n);
	for (size_t i = 0; i < fs->n; i++)
		m[i] = fs->f[i].m;
	double *values = boot_values(&b, p->sets, p->n, m, fs->n);
	for (size_t i = 0; i < fs->n; i++) {
		fs->f[i].interval = NEW(struct interval, p->n);
		for (size_t j = 0; j < p->n; j++) {
			for (size_t r = 0; r < n; r++) {
				const double *v = values + r * p->n * fs->n + i;
				x[r] = j ? v[0] - v[j * fs->n] : v[0];
			}
			fs->f[i].interval[j] = boot_interval(x, n, b.level);
		}
	}
	free(values);
	free(x);
	free(m);
}

/* Says how many groups the metrics of rankings leave out, where one was asked for. */
static void note_groups(const struct findings *fs, const struct predictions *p)
{
	const struct scored *s = &p->sets[0];
	bool asked = false;
	for (size_t i = 0; i < fs->n; i++)
		asked |= fs->f[i].m.metric->groups;
	size_t without = asked && s->n ? groups_without(s) : 0;
	if (without)
		warn("%s: %zu of %zu groups have no relevant row and are left out of the metrics of rankings", p->where,
		     without, s->ngroups);
}

void findings_make(struct findings *fs, const struct predictions *p, const struct eval_opts *o)
{
	if (fs->n == 0)
		add_usual(fs, p);
	for (size_t i = 0; i < fs->n; i++) {
		struct finding *f = &fs->f[i];
		const char *wrong = measure_check(&f->m, &p->sets[0]);
		if (wrong)
			die(ST_USAGE, "%s: %s", f->m.name, wrong);
		f->value = NEW(double, p->n);
		f->why = NEW(const char *, p->n);
		for (size_t j = 0; j < p->n; j++)
			f->value[j] = measure(&f->m, &p->sets[j], &f->why[j]);
	}
	note_groups(fs, p);
	if ((o->bootstrap || p->n > 1) && p->sets[0].n > 0)
		add_intervals(fs, p, o);
}

void findings_free(struct findings *fs)
{
	for (size_t i = 0; i < fs->n; i++) {
		free(fs->f[i].value);
		free(fs->f[i].why);
		free(fs->f[i].interval);
	}
	free(fs->f);
}

/* ---- as text ---- */

static void put_number(struct str *t, double x, int32_t digits)
{
	char buf[NUM_MAX];
	if (isnan(x))
		str_puts(t, "n/a");
	else if (digits >= 0 && isfinite(x))
		str_printf(t, "%.*f", digits, x);
	else
		str_add(t, buf, num_print(buf, x));
}

static void put_cell(struct str *t, double x, int32_t digits)
{
	str_putc(t, '\t');
	put_number(t, x, digits);
}

/* A line of a metric, and with its interval when it has one. */
static void put_line(struct str *t, const struct finding *f, int32_t digits)
{
	str_puts(t, f->m.name);
	put_cell(t, f->value[0], digits);
	if (f->interval) {
		put_cell(t, f->interval->low, digits);
		put_cell(t, f->interval->high, digits);
	}
	if (f->why[0])
		str_printf(t, "\t%s", f->why[0]);
	str_putc(t, '\n');
}

/* A line of a metric and a set that the first is compared with. */
static void put_versus(struct str *t, const struct finding *f, const struct predictions *p, size_t j, int32_t digits)
{
	const char *why = f->why[0] ? f->why[0] : f->why[j];
	str_printf(t, "%s\t%s", f->m.name, p->names[j]);
	put_cell(t, f->value[0], digits);
	put_cell(t, f->value[j], digits);
	put_cell(t, f->value[0] - f->value[j], digits);
	put_cell(t, f->interval ? f->interval[j].low : NAN, digits);
	put_cell(t, f->interval ? f->interval[j].high : NAN, digits);
	put_cell(t, f->interval ? f->interval[j].p : NAN, digits);
	if (why)
		str_printf(t, "\t%s", why);
	str_putc(t, '\n');
}

static void put_text(struct str *t, const struct findings *fs, const struct predictions *p, int32_t digits)
{
	if (p->n > 1)
		str_puts(t, "metric\tversus\tvalue\tother\tdifference\tlow\thigh\tp\n");
	else if (fs->n && fs->f[0].interval)
		str_puts(t, "metric\tvalue\tlow\thigh\n");
	for (size_t i = 0; i < fs->n; i++) {
		if (p->n == 1)
			put_line(t, &fs->f[i], digits);
		for (size_t j = 1; j < p->n; j++)
			put_versus(t, &fs->f[i], p, j, digits);
	}
}

/* ---- as JSON ---- */

static void json_number(struct json *j, const char *key, double x, int32_t digits)
{
	struct str s = { 0 };
	if (isfinite(x)) {
		put_number(&s, x, digits);
		json_raw(j, key, s.s);
		str_free(&s);
	} else {
		json_null(j, key);
	}
}

static void json_finding(struct json *j, const struct finding *f, const struct predictions *p, int32_t digits)
{
	json_object(j, f->m.name);
	json_number(j, "value", f->value[0], digits);
	if (f->why[0])
		json_str(j, "why", f->why[0]);
	if (f->interval) {
		json_number(j, "low", f->interval[0].low, digits);
		json_number(j, "high", f->interval[0].high, digits);
	}
	if (p->n > 1)
		json_array(j, "versus");
	for (size_t i = 1; i < p->n; i++) {
		json_object(j, NULL);
		json_str(j, "name", p->names[i]);
		json_number(j, "value", f->value[i], digits);
		if (f->why[i])
			json_str(j, "why", f->why[i]);
		json_number(j, "difference", f->value[0] - f->value[i], digits);
		if (f->interval) {
			json_number(j, "low", f->interval[i].low, digits);
			json_number(j, "high", f->interval[i].high, digits);
			json_number(j, "p", f->interval[i].p, digits);
		}
		json_end(j, '}');
	}
	if (p->n > 1)
		json_end(j, ']');
	json_end(j, '}');
}

static void put_json(struct str *t, const struct findings *fs, const struct predictions *p, int32_t digits)
{
	const struct scored *s = &p->sets[0];
	struct json j = json_to(t, 0);
	json_object(&j, NULL);
	json_int(&j, "rows", (int64_t)s->n);
	if (s->group)
		json_int(&j, "groups", (int64_t)s->ngroups);
	json_str(&j, "task", p->task == TASK_REGRESSION ? "regression" : p->task == TASK_BINARY ? "binary" : "multiclass");
	if (p->task == TASK_BINARY)
		json_str(&j, "positive", s->labels[s->positive]);
	json_object(&j, "metrics");
	for (size_t i = 0; i < fs->n; i++)
		json_finding(&j, &fs->f[i], p, digits);
	json_end(&j, '}');
	json_end(&j, '}');
	str_putc(t, '\n');
}

void findings_print(const struct findings *fs, const struct predictions *p, const struct eval_opts *o, struct out *out)
{
	struct str t = { 0 };
	(o->json ? put_json : put_text)(&t, fs, p, o->digits);
	if (t.n)
		out_write(out, t.s, t.n);
	str_free(&t);
}

/* ---- gates ---- */

/* True when a gate holds; says so on stderr when it does not. An undefined value fails. */
static bool gate_holds(const struct findings *fs, const char *gate, const char *option)
{
	struct str t = { 0 };
	double bound, x = NAN;
	const char *why = NULL;
	char *name = gate_split(gate, option, &bound);
	for (size_t i = 0; i < fs->n; i++) {
		if (strcmp(fs->f[i].m.name, name) == 0) {
			x = fs->f[i].value[0];
			why = fs->f[i].why[0];
		}
	}
	bool holds = *option == 'm' && option[1] == 'i' ? x >= bound : x <= bound;
	if (!holds) {
		put_number(&t, x, -1);
		note(0, "%s is %s%s%s: --%s %s does not hold", name, t.s, why ? ", " : "", why ? why : "", option, gate);
	}
	str_free(&t);
	free(name);
	return holds;
}

enum status findings_gates(const struct findings *fs, const struct eval_opts *o)
{
	bool hold = true;
	for (size_t i = 0; i < o->min.n; i++)
		hold &= gate_holds(fs, o->min.s[i], "min");
	for (size_t i = 0; i < o->max.n; i++)
		hold &= gate_holds(fs, o->max.s[i], "max");
	return hold ? ST_OK : ST_GATE;
}

/* ---- curves ---- */

static void read_curve(struct curve *c, const struct eval_opts *o)
{
	if (strcmp(o->curve, "learning") == 0) {
		struct reader *r = reader_open(NULL, READER_OPTS(o));
		curve_learning(c, r);
		reader_close(r);
		return;
	}
	struct predictions p;
	predictions_read(&p, o, TASK_CLASSES);
	for (size_t j = 0; j < p.n; j++) {
		const char *why = curve_add(c, &p.sets[j], p.names[j], o->bins);
		if (why)
			die(ST_DATA, "%s: --curve %s: %s", j ? p.names[j] : p.where, o->curve, why);
	}
	predictions_free(&p);
}

void evaluate_curve(const struct eval_opts *o, struct out *out)
{
	const char *format = o->plot ? gnuplot_format(o->plot) : NULL;
	struct curve c = curve_new(o->curve);
	struct str t = { 0 };
	read_curve(&c, o);
	if (out) {
		curve_csv(&c, &t);
		out_write(out, t.s, t.n);
		str_free(&t);
	}
	if (format) {
		curve_plot(&c, format, &t);
		gnuplot_draw(&t, o->plot);
		str_free(&t);
	}
	curve_free(&c);
}
