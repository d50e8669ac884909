#include "metrics/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/csvout.h"
#include "data/reader.h"
#include "metrics/parts.h"
#include "metrics/rank.h"

#define SHORT 20	/* rounds of a training, each of which its picture shows */

/* ---- series ---- */

static struct series *add_series(struct curve *c, const char *name)
{
	GROW(c->s, c->n + 1);
	c->s[c->n] = (struct series){ .name = mem_str(name) };
	return &c->s[c->n++];
}

/* One CSV line: the series, and n numbers; NaN is an empty cell. */
static void put_row(struct series *s, const double *x, size_t n)
{
	char buf[NUM_MAX];
	csv_put(&s->rows, slice_of(s->name));
	for (size_t i = 0; i < n; i++) {
		str_putc(&s->rows, ',');
		if (!isnan(x[i]))
			str_add(&s->rows, buf, num_print(buf, x[i]));
	}
	str_putc(&s->rows, '\n');
}

#define ROW(s, ...) put_row(s, (const double[]){ __VA_ARGS__ }, sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double))

/* ---- curves of one class against the rest ---- */

/* From (0, 0) to (1, 1), without points between two others on one straight line. */
static const char *add_roc(struct series *out, const struct scored *s, int32_t c, int32_t bins)
{
	struct ranking rk;
	struct rank_group g = { 0 }, next = { 0 }, before = { .score = INFINITY };
	const char *why = NULL;
	(void)bins;
	if (!rank_make(&rk, s, c, -1, true, &why))
		return why;
	ROW(out, INFINITY, 0, 0);
	for (bool more = rank_next(&rk, &g); more; g = next) {
		next = g;
		more = rank_next(&rk, &next);
		if (more && (g.tp - before.tp) * (next.fp - g.fp) == (next.tp - g.tp) * (g.fp - before.fp))
			continue;
		ROW(out, g.score, g.fp / rk.neg, g.tp / rk.pos);
		before = g;
	}
	rank_free(&rk);
	return NULL;
}

/* From recall 0 on, without points whose recall both neighbours share. */
static const char *add_pr(struct series *out, const struct scored *s, int32_t c, int32_t bins)
{
	struct ranking rk;
	struct rank_group g = { 0 }, next = { 0 };
	const char *why = NULL;
	(void)bins;
	if (!rank_make(&rk, s, c, -1, false, &why))
		return why;
	ROW(out, INFINITY, 1, 0);
	for (bool more = rank_next(&rk, &g); more; g = next) {
		next = g;
		more = rank_next(&rk, &next);
		if (g.pos > 0 || !more || next.pos > 0)
			ROW(out, g.score, g.tp / (g.tp + g.fp), g.tp / rk.pos);
	}
	rank_free(&rk);
	return NULL;
}

static const char *add_lift(struct series *out, const struct scored *s, int32_t c, int32_t bins)
{
	struct ranking rk;
	const char *why = NULL;
	if (!rank_make(&rk, s, c, -1, false, &why))
		return why;
	for (int32_t i = 1; i <= bins; i++) {
		double share = (double)i / bins, gain = rank_top(&rk, share) / rk.pos;
		ROW(out, share, gain / share, gain);
	}
	rank_free(&rk);
	return NULL;
}

/* The bin of p among bins of equal width, (i / bins, (i + 1) / bins]. */
static int32_t bin_of(double p, int32_t bins)
{
	int32_t i = p > 0 ? p < 1 ? (int32_t)(p * bins) : bins - 1 : 0;
	while (i > 0 && p <= (double)i / bins)
		i--;
	while (i < bins - 1 && p > (double)(i + 1) / bins)
		i++;
	return i;
}

/* Mean probability and share of hits in each bin that has rows (DeGroot and Fienberg 1983). */
static const char *add_calibration(struct series *out, const struct scored *s, int32_t c, int32_t bins)
{
	struct bin {
		double rows;
		struct sum p, hits;
	} *bin = NEW0(struct bin, (size_t)bins);
	for (size_t i = 0; i < s->n; i++) {
		double p = s->p[i * (size_t)s->k + (size_t)c], w = row_weight(s, i);
		struct bin *b = &bin[bin_of(p, bins)];
		b->rows += w;
		sum_add(&b->p, w * p);
		sum_add(&b->hits, s->label[i] == c ? w : 0);
	}
	for (int32_t i = 0; i < bins; i++)
		if (bin[i].rows > 0)
			ROW(out, (double)i / bins, (i + 1.0) / bins, bin[i].rows, sum_get(bin[i].p) / bin[i].rows,
			    sum_get(bin[i].hits) / bin[i].rows);
	free(bin);
	return NULL;
}

/* ---- tables of all classes ---- */

/* 'text' for gnuplot: a quote is doubled, and nothing else has a meaning. */
static void put_quoted(struct str *out, const char *text)
{
	str_putc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			str_putc(out, '\'');
		str_putc(out, (unsigned char)*text < 32 ? ' ' : *text);
	}
	str_putc(out, '\'');
}

/* What label c is called, those after the known ones together. */
static const char *label_name(const struct scored *s, size_t c)
{
	return c < (size_t)s->k ? s->labels[c] : "(other)";
}

static void add_classes(struct series *out, const struct scored *s)
{
	struct counts n = counts_make(s);
	for (size_t c = 0; c < n.k; c++) {
		const double x[] = { n.truth[c], n.hit[c] / n.pred[c], n.hit[c] / n.truth[c],
			2 * n.hit[c] / (n.truth[c] + n.pred[c]) };
		char buf[NUM_MAX];
		if (c == (size_t)s->k && n.truth[c] <= 0)
			continue;
		csv_put(&out->rows, slice_of(out->name));
		str_putc(&out->rows, ',');
		csv_put(&out->rows, slice_of(label_name(s, c)));
		for (size_t i = 0; i < sizeof(x) / sizeof(*x); i++) {
			str_putc(&out->rows, ',');
			if (!isnan(x[i]))
				str_add(&out->rows, buf, num_print(buf, x[i]));
		}
		str_putc(&out->rows, '\n');
	}
	counts_free(&n);
}

/* "'a' 0, 'b' 1": the first n labels as tics. */
static void put_tics(struct str *out, const struct scored *s, size_t n)
{
	out->n = 0;
	for (size_t c = 0; c < n; c++) {
		str_puts(out, c ? ", " : "");
		put_quoted(out, label_name(s, c));
		str_printf(out, " %zu", c);
	}
}

/* The labels of a picture that has rows for `lines` of them; several sets of predictions have the same. */
static void confusion_labels(struct curve *curve, const struct scored *s, size_t lines)
{
	curve->columns = (size_t)s->k;
	if (lines > curve->lines)
		put_tics(&curve->down, s, curve->lines = lines);
	put_tics(&curve->across, s, curve->columns);
	str_free(&curve->header);
	str_puts(&curve->header, "series,target");
	for (size_t c = 0; c < curve->columns; c++) {
		size_t n = strlen(s->labels[c]);
		curve->longest = n > curve->longest ? n : curve->longest;
		str_putc(&curve->header, ',');
		csv_put(&curve->header, slice_of(s->labels[c]));
	}
}

/* Row t of a confusion: cell (k). */
static void confusion_row(struct series *out, const struct scored *s, size_t t, const double *cell)
{
	double sum = 0;
	char buf[NUM_MAX];
	for (size_t c = 0; c < (size_t)s->k; c++)
		sum += cell[c];
	csv_put(&out->rows, slice_of(out->name));
	str_putc(&out->rows, ',');
	csv_put(&out->rows, slice_of(label_name(s, t)));
	for (size_t c = 0; c < (size_t)s->k; c++) {
		size_t n = num_print(buf, cell[c]);
		str_putc(&out->rows, ',');
		str_add(&out->rows, buf, n);
		str_printf(&out->cells, "%zu,%zu,%.4f,%.*s\n", c, t, sum > 0 ? cell[c] / sum : 0, (int)n, buf);
	}
	str_putc(&out->rows, '\n');
}

static void add_confusion(struct curve *curve, struct series *out, const struct scored *s)
{
	size_t k = (size_t)s->k;
	double *cell = NEW0(double, (k + 1) * k), other = 0;
	for (size_t i = 0; i < s->n; i++) {
		size_t t = s->label[i] < 0 ? k : (size_t)s->label[i];
		cell[t * k + (size_t)row_pred(s, i)] += row_weight(s, i);
		other += t == k;
	}
	confusion_labels(curve, s, k + (other > 0));
	for (size_t t = 0; t < k + (other > 0); t++)
		confusion_row(out, s, t, cell + t * k);
	free(cell);
}

/* ---- the kinds ---- */

struct shape {
	const char *name, *header;
	const char *(*add)(struct series *out, const struct scored *s, int32_t c, int32_t bins);	/* NULL: not of one class */
	const char *x, *y, *extra;	/* columns that a line shows, and what else is drawn; NULL: a table, with a picture of its own */
	const char *xlabel, *ylabel;
};

static const struct shape shapes[] = {
	{ "roc", "series,threshold,fpr,tpr", add_roc, "3", "4", "x with lines dt 2 lc rgb '#999999' notitle",
		"false positive rate", "true positive rate" },
	{ "pr", "series,threshold,precision,recall", add_pr, "4", "3", NULL, "recall", "precision" },
	{ "calibration", "series,low,high,rows,predicted,observed", add_calibration, "5", "6",
		"x with lines dt 2 lc rgb '#999999' notitle", "predicted probability", "observed share" },
	{ "lift", "series,share,lift,gain", add_lift, "2", "3", "1 with lines dt 2 lc rgb '#999999' notitle",
		"share of rows, by falling score", "lift" },
	{ "learning", "series,round,value", NULL, "2", "3", NULL, "round", "value" },
	{ "confusion", "series,target", NULL, NULL, NULL, NULL, NULL, NULL },
	{ "classes", "series,label,rows,precision,recall,f1", NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct shape *shape_of(const char *name)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (strcmp(shapes[i].name, name) == 0)
			return &shapes[i];
	bug("no curve '%s'", name);
}

struct curve curve_new(const char *kind)
{
	struct curve c = { .kind = kind };
	str_puts(&c.header, shape_of(kind)->header);
	return c;
}

/* A series for each class that has a curve; a warning for others; why, when none has. */
static const char *add_each(struct curve *curve, const struct shape *shape, const struct scored *s, const char *name, int32_t bins)
{
	size_t before = curve->n;
	const char *last = NULL;
	for (int32_t c = 0; c < s->k; c++) {
		struct str t = { 0 };
		str_printf(&t, "%s %s", name, s->labels[c]);
		const char *why = shape->add(add_series(curve, t.s), s, c, bins);
		if (why) {
			warn("no curve of %s: %s", t.s, why);
			free(curve->s[--curve->n].name);
			last = why;
		}
		str_free(&t);
	}
	return curve->n > before ? NULL : last;
}

const char *curve_add(struct curve *curve, const struct scored *s, const char *name, int32_t bins)
{
	const struct shape *shape = shape_of(curve->kind);
	if (!s->label)
		return "it is for classes, not for regression";
	if (shape->add && !s->p)
		return "it needs probabilities, not only predicted classes";
	if (s->n == 0)
		return "there are no rows";
	if (strcmp(shape->name, "classes") == 0)
		add_classes(add_series(curve, name), s);
	else if (strcmp(shape->name, "confusion") == 0)
		add_confusion(curve, add_series(curve, name), s);
	else if (s->k == 2)
		return shape->add(add_series(curve, name), s, s->positive, bins);
	else
		return add_each(curve, shape, s, name, bins);
	return NULL;
}

void curve_csv(const struct curve *c, struct str *out)
{
	str_printf(out, "%s\n", c->header.s);
	for (size_t i = 0; i < c->n; i++)
		str_add(out, c->s[i].rows.s, c->s[i].rows.n);
}

void curve_free(struct curve *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->s[i].name);
		free(c->s[i].panel);
		str_free(&c->s[i].rows);
		str_free(&c->s[i].cells);
	}
	str_free(&c->across);
	str_free(&c->down);
	free(c->s);
	str_free(&c->header);
}

/* ---- learning curves ---- */

/* The value of a JSON cell as a number; false when it is absent or no number. */
static bool cell_number(const struct block *b, size_t row, size_t col, double *x)
{
	if (col >= b->ncols)
		return false;
	struct slice cell = b->cells[row * b->ncols + col];
	return cell.s && num_parse(cell.s, cell.n, x);
}

static void learning_row(struct curve *c, struct dict *names, const struct reader *r, const struct block *b, size_t row)
{
	static const char *const not_values[] = { "event", "fold", "round", "rounds", "rows" };
	double round, fold = 0, x;
	if (!cell_number(b, row, reader_find(r, "round"), &round))
		return;
	cell_number(b, row, reader_find(r, "fold"), &fold);
	for (size_t col = 0; col < b->ncols; col++) {
		struct str name = { 0 };
		bool skip = !cell_number(b, row, col, &x);
		for (size_t i = 0; i < sizeof(not_values) / sizeof(*not_values); i++)
			skip |= strcmp(reader_name(r, col), not_values[i]) == 0;
		if (skip)
			continue;
		str_puts(&name, reader_name(r, col));
		if (fold > 0)
			str_printf(&name, " fold %.0f", fold);
		size_t at = (size_t)dict_add(names, name.s, name.n);
		if (at == c->n)
			add_series(c, name.s)->panel = mem_str(reader_name(r, col));
		ROW(&c->s[at], round, x);
		str_free(&name);
	}
}

void curve_learning(struct curve *c, struct reader *r)
{
	struct dict *names = dict_new();
	for (const struct block *b; (b = reader_next(r));)
		for (size_t row = 0; row < b->nrows; row++)
			learning_row(c, names, r, b, row);
	dict_free(names);
	if (c->n == 0)
		die(ST_DATA, "%s: no rounds in it; dls-train --metrics FILE writes them", reader_where(r));
}

/* ---- pictures ---- */

/* Few enough points to draw each: of a calibration, of a short training. */
static bool shows_points(const struct curve *c)
{
	for (size_t i = 0; strcmp(c->kind, "learning") == 0 && i < c->n; i++) {
		size_t rounds = 0;
		for (const char *p = c->s[i].rows.s; p && (p = strchr(p, '\n')); p++)
			rounds++;
		if (rounds > SHORT)
			return false;
	}
	return strcmp(c->kind, "learning") == 0 || strcmp(c->kind, "calibration") == 0;
}

/* The series that share a panel with series `first`, in one plot command. */
static void put_panel(struct str *out, const struct curve *c, const struct shape *shape, size_t first)
{
	const char *panel = c->s[first].panel, *style = shows_points(c) ? "linespoints pt 7 ps 0.8" : "lines";
	str_puts(out, "set ylabel ");
	put_quoted(out, panel ? panel : shape->ylabel);
	str_puts(out, "\nplot ");
	for (size_t i = first; i < c->n; i++) {
		if (panel && strcmp(c->s[i].panel, panel) != 0)
			continue;
		str_printf(out, "%s$s%zu using %s:%s with %s lw 2 title ", i > first ? ", " : "", i, shape->x, shape->y, style);
		put_quoted(out, c->s[i].name);
	}
	str_printf(out, "%s%s\n", shape->extra ? ", " : "", shape->extra ? shape->extra : "");
}

/* Is series i the first of its panel? */
static bool opens_panel(const struct curve *c, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!c->s[i].panel || strcmp(c->s[i].panel, c->s[j].panel) == 0)
			return false;
	return true;
}

/* Of k labels: pixels of a cell, and the size of its number; 0: no room for one. */
static void confusion_sizes(size_t k, size_t *cell, size_t *font)
{
	*cell = k <= 4 ? 90 : k <= 12 ? 56 : k <= 24 ? 38 : k <= 60 ? 26 : k <= 120 ? 14 : 4;
	*font = k <= 12 ? 11 : k <= 24 ? 9 : k <= 60 ? 7 : 0;
}

/* A heat map for each series: colours are shares of a true label's rows, numbers are rows; none where there are none. */
static void plot_confusion(const struct curve *c, const char *terminal, struct str *out)
{
	size_t cell, font;
	confusion_sizes(c->columns, &cell, &font);
	bool named = cell >= 14;
	size_t tic = cell > 26 ? 11 : cell > 14 ? 9 : 7, beside = named ? 60 + c->longest * tic * 3 / 4 : 60;
	size_t w = beside + c->columns * cell + 110, h = beside + c->lines * cell + 60;
	str_printf(out, "set terminal %s size %zu,%zu font 'sans,%zu' background rgb 'white'\n", terminal, w, h * c->n, tic);
	str_puts(out, "set datafile separator ','\nset tics scale 0 noenhanced\n");
	str_puts(out, "set palette defined (0 '#ffffff', 0.5 '#6baed6', 1 '#08306b')\nset cbrange [0:1]\n");
	str_puts(out, "set cblabel 'share of the true label'\nset xlabel 'predicted'\nset ylabel 'true'\nunset key\n");
	str_printf(out, "set xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\n", c->columns - 1, c->lines - 1);
	str_printf(out, "set xtics rotate by 90 right (%s)\nset ytics (%s)\n", named ? c->across.s : "", named ? c->down.s : "");
	for (size_t i = 0; i < c->n; i++)
		str_printf(out, "$s%zu << END_OF_SERIES\n%sEND_OF_SERIES\n", i, c->s[i].cells.s);
	str_printf(out, "set multiplot layout %zu,1\n", c->n);
	for (size_t i = 0; i < c->n; i++) {
		str_puts(out, "set title ");
		put_quoted(out, c->s[i].name);
		str_printf(out, " noenhanced\nplot $s%zu using 1:2:3 with image pixels", i);
		for (int dark = 0; font && dark < 2; dark++)
			str_printf(out, ", $s%zu using 1:2:($4 != 0 && %s($3 > 0.45) ? sprintf('%%.4g', $4) : '') with labels "
				   "font 'sans,%zu' tc rgb '%s'", i, dark ? "" : "!", font, dark ? "#ffffff" : "#000000");
		str_putc(out, '\n');
	}
}

/* For each series a row of points for each label, the first on top. */
static void plot_classes(const struct curve *c, const char *terminal, struct str *out)
{
	static const char *const what[][2] = { { "precision", "#1f77b4" }, { "recall", "#ff7f0e" }, { "f1", "#000000" } };
	size_t lines = 0;
	for (const char *p = c->s[0].rows.s; p && (p = strchr(p, '\n')); p++)
		lines++;
	str_printf(out, "set terminal %s size 900,%zu font 'sans,10' background rgb 'white'\n", terminal, (130 + 22 * lines) * c->n);
	str_puts(out, "set datafile separator ','\nset grid lt 1 lc rgb '#e8e8e8'\nset xrange [0:1]\n");
	str_printf(out, "set yrange [%zu:-1]\nset ytics scale 0 noenhanced\nset key outside bottom center horizontal\n", lines);
	for (size_t i = 0; i < c->n; i++)
		str_printf(out, "$s%zu << END_OF_SERIES\n%sEND_OF_SERIES\n", i, c->s[i].rows.s);
	str_printf(out, "set multiplot layout %zu,1\n", c->n);
	for (size_t i = 0; i < c->n; i++) {
		str_puts(out, "set title ");
		put_quoted(out, c->s[i].name);
		str_puts(out, " noenhanced\nplot ");
		for (size_t k = 0; k < 3; k++)
			str_printf(out, "%s$s%zu using %zu:0:ytic(2) with points pt %zu ps 1.2 lc rgb '%s' title '%s'", k ? ", " : "", i,
				   k + 4, 2 * k + 5, what[k][1], what[k][0]);
		str_putc(out, '\n');
	}
}

void curve_plot(const struct curve *c, const char *format, struct str *out)
{
	const struct shape *shape = shape_of(c->kind);
	const char *terminal = strcmp(format, "png") == 0 ? "pngcairo" : "svg";
	size_t panels = 0;
	if (strcmp(c->kind, "confusion") == 0) {
		plot_confusion(c, terminal, out);
		return;
	}
	if (strcmp(c->kind, "classes") == 0) {
		plot_classes(c, terminal, out);
		return;
	}
	for (size_t i = 0; i < c->n; i++)
		panels += opens_panel(c, i);
	str_printf(out, "set terminal %s size 900,%zu background rgb 'white'\n", terminal, 200 + 500 * panels);
	str_puts(out, "set datafile separator ','\nset grid lt 1 lc rgb '#e8e8e8'\n");
	str_printf(out, "set xlabel '%s' offset 0,0.4\nset key noenhanced outside bottom center horizontal\nset ylabel noenhanced\n", shape->xlabel);
	for (size_t i = 0; i < c->n; i++)
		str_printf(out, "$s%zu << END_OF_SERIES\n%sEND_OF_SERIES\n", i, c->s[i].rows.s ? c->s[i].rows.s : "");
	if (strcmp(c->kind, "learning") == 0)
		str_printf(out, "%s%s", panels == c->n ? "unset key\n" : "", shows_points(c) ? "set xtics 1\n" : "");
	str_printf(out, "set multiplot layout %zu,1\n", panels);
	for (size_t i = 0; i < c->n; i++)
		if (opens_panel(c, i))
			put_panel(out, c, shape, i);
}
