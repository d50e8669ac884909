#include "model/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/need.h"
#include "model/pictures.h"

#define ID_SHARE 0.5		/* a category whose levels are more than this share of the rows tells nothing */
#define ID_ROWS 100		/* ... from so many rows on */

/* A NULL-terminated list of names that belong to the reader; free(names) is the caller's. */
struct names {
	const char **names;
	size_t n;
};

/* Appends the names that an option gives, "#3" replaced by the third column's name. */
static void add_names(const struct reader *r, const char *option, const struct strs *given, struct names *to)
{
	GROW(to->names, to->n + given->n + 1);
	for (size_t i = 0; i < given->n; i++)
		to->names[to->n++] = reader_name(r, reader_need(r, given->s[i], option));
	to->names[to->n] = NULL;
}

static bool listed(const struct names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->names[i], name) == 0)
			return true;
	return false;
}

static bool is_role(const struct dataset *d, const char *name)
{
	for (size_t i = 0; i < NROLES; i++)
		if (d->roles[i] && strcmp(name, d->roles[i]) == 0)
			return true;
	return false;
}

void roles_of_lines(const struct reader *r, const char **target, const char **weight)
{
	if (!*target && (reader_is_lines(r) || (reader_image(r) && reader_find(r, "label") != SIZE_MAX)))
		*target = "label";
	if (!*weight && reader_is_lines(r) && reader_find(r, "weight") != SIZE_MAX)
		*weight = "weight";
	if (!*target && reader_image(r))
		die(ST_DATA, "%s: the pictures have no labels; %s", reader_where(r), reader_folder(r) ?
		    "sub-folders are classes, but there are none" : "--idx-labels FILE gives them");
	if (!*target)
		die(ST_USAGE, "--target is not given: which column is to be predicted?");
}

/* Finds the columns of the roles; a column has one role at most. */
static void find_roles(struct dataset *d, const struct reader *r, const struct train_opts *o)
{
	static const char *const names[NROLES] = { "--target", "--weight", "--group", "--time" };
	const char *given[NROLES] = { o->target, o->weight, o->group, o->time };
	roles_of_lines(r, &given[ROLE_TARGET], &given[ROLE_WEIGHT]);
	for (size_t i = 0; i < NROLES; i++) {
		if (!given[i])
			continue;
		d->roles[i] = mem_str(reader_name(r, reader_need(r, given[i], names[i])));
		for (size_t k = 0; k < i; k++)
			if (d->roles[k] && strcmp(d->roles[k], d->roles[i]) == 0)
				die(ST_USAGE, "the column '%s' cannot be both %s and %s", d->roles[i], names[k], names[i]);
	}
}

/* A text is nothing else, nor is a picture. */
static void refuse_kinds(const struct dataset *d, const struct names *texts, const char *what)
{
	for (size_t i = 0; i < texts->n; i++)
		if (is_role(d, texts->names[i]))
			die(ST_USAGE, "the column '%s' cannot be both %s and --target, --weight, --group or --time",
			    texts->names[i], what);
}

static void refuse_both(const struct names *a, const struct names *b, const char *what)
{
	for (size_t i = 0; i < b->n; i++)
		if (listed(a, b->names[i]))
			die(ST_USAGE, "the column '%s' is both %s", b->names[i], what);
}

/* Makes the features of a sparse table's rows columns of the model, after those of --features. */
static void take_features(struct dataset *d, const struct reader *r, struct table *t, int threads)
{
	size_t base = d->vectors.ncols;
	if (!t->features.start)
		return;
	vectors_add_given(&d->vectors, given_of(r, &t->features, t->nrows, base, threads, &d->given), false);
	d->vectors.sparse_rows = true;
}

/* What the options say of columns; the lists belong to this, their names to the reader. */
struct wanted {
	struct names numeric, categorical, text, image, drop;
	const char **missing;	/* ends in NULL */
};

/* Appends to drop the columns of sparse rows and of pictures that nobody asked for: they only say something of the row. */
static void drop_others(const struct dataset *d, const struct reader *r, struct wanted *w)
{
	for (size_t i = 0; (reader_is_lines(r) || reader_image(r)) && i < reader_ncols(r); i++) {
		const char *name = reader_name(r, i);
		bool wanted = is_role(d, name) || listed(&w->numeric, name) || listed(&w->categorical, name) ||
			listed(&w->text, name) || listed(&w->image, name);
		if (!wanted)
			add_names(r, "", &(struct strs){ (char *[]){ (char *)(uintptr_t)name }, 1 }, &w->drop);
	}
}

static void find_wanted(struct dataset *d, const struct reader *r, const struct train_opts *o, struct wanted *w)
{
	const char *known = reader_image(r);
	size_t kept = 0;
	*w = (struct wanted){ .missing = NEW0(const char *, o->missing.n + 1) };
	add_names(r, "--numeric", &o->numeric, &w->numeric);
	add_names(r, "--categorical", &o->categorical, &w->categorical);
	add_names(r, "--image", &o->image, &w->image);
	if (known && !listed(&w->image, known))
		add_names(r, "", &(struct strs){ (char *[]){ (char *)(uintptr_t)known }, 1 }, &w->image);
	add_names(r, "--text", &o->text, &w->text);
	for (size_t i = 0; i < w->text.n; i++)
		if (!strs_has(&d->text, w->text.names[i]))
			strs_add(&d->text, w->text.names[i]);
	for (size_t i = 0; i < d->vectors.n; i++)
		add_names(r, "--features", &d->vectors.v[i].columns, &w->text);
	add_names(r, "--drop", &o->drop, &w->drop);
	add_names(r, "--id", &o->id, &w->drop);
	refuse_kinds(d, &w->text, "a text");
	refuse_kinds(d, &w->image, "a picture");
	refuse_both(&w->text, &w->image, "a picture and a text");
	refuse_both(&w->text, &w->drop, "a text to learn from and --drop or --id");
	refuse_both(&w->image, &w->drop, "a picture to learn from and --drop or --id");
	refuse_both(&w->image, &w->numeric, "a picture and --numeric");
	refuse_both(&w->image, &w->categorical, "a picture and --categorical");
	for (size_t i = 0; i < w->drop.n; i++)	/* rows may be grouped by their --id */
		if (!is_role(d, w->drop.names[i]))
			w->drop.names[kept++] = w->drop.names[i];
	w->drop.n = kept;
	w->drop.names[kept] = NULL;
	drop_others(d, r, w);
	for (size_t i = 0; i < w->categorical.n; i++)
		strs_add(&d->categorical, w->categorical.names[i]);
	for (size_t i = 0; i < o->missing.n; i++)
		w->missing[i] = o->missing.s[i];
}

static void wanted_free(struct wanted *w)
{
	free(w->numeric.names);
	free(w->categorical.names);
	free(w->text.names);
	free(w->image.names);
	free(w->drop.names);
	free(w->missing);
}

static struct table *read_table(struct dataset *d, const char *path, const struct train_opts *o, const struct family *f)
{
	if (o->image.n || o->image_folder)	/* before anything is read */
		family_must_take(f, TAKES_IMAGE, "pictures");
	struct reader *r = reader_open(path, PICTURE_READER_OPTS(o));
	struct wanted w;
	if (reader_image(r))
		family_must_take(f, TAKES_IMAGE, "pictures");
	find_roles(d, r, o);
	for (size_t i = 0; i < reader_ncols(r); i++)
		strs_add(&d->schema.others, reader_name(r, i));	/* those that become features leave it again */
	find_wanted(d, r, o, &w);
	struct tab_spec spec = { .numeric = w.numeric.names, .categorical = w.categorical.names, .text = w.text.names,
		.image = w.image.names, .drop = w.drop.names, .missing = w.missing, .root = pictures_root(r, o->root),
		.strict_text = strcmp(o->invalid, "error") == 0, .threads = cmd_threads(o->threads) };
	struct table *t = tab_read(r, &spec);
	wanted_free(&w);
	if (t->nrows == 0)
		die(ST_DATA, "%s: no rows after the header", reader_where(r));
	if (t->nrows > UINT32_MAX / 2)
		die(ST_DATA, "%s: %zu rows; at most %u", reader_where(r), t->nrows, UINT32_MAX / 2);
	bool *good = pictures_good(t->cols, t->ncols, t->nrows, t->lines, reader_where(r), o->skip_bad, spec.threads);
	if (good)
		tab_keep(t, good);
	free(good);
	take_features(d, r, t, spec.threads);
	reader_close(r);
	return t;
}

/* The column of a role that was given. */
static struct column *role_column(const struct dataset *d, enum role role)
{
	return &d->table->cols[tab_find(d->table, d->roles[role])];
}

/* True when a numeric column looks like class numbers: whole numbers, few distinct. */
static bool few_values(const struct column *c, size_t n)
{
	double seen[MOST_CLASSES];
	int k = 0;
	for (size_t i = 0; i < n; i++) {
		int j = 0;
		if (isnan(c->num[i]))
			continue;
		if (c->num[i] != floor(c->num[i]))
			return false;
		while (j < k && seen[j] != c->num[i])
			j++;
		if (j == k && k == MOST_CLASSES)
			return false;
		if (j == k)
			seen[k++] = c->num[i];
	}
	return true;
}

static void refuse_missing(const struct column *c, size_t n, const char *what)
{
	size_t count = 0, first = 0;
	for (size_t i = n; i-- > 0;)
		if (c->kind == KIND_NUMERIC ? isnan(c->num[i]) : c->cat[i] < 0) {
			count++;
			first = i + 1;
		}
	if (count == n)
		die(ST_DATA, "the %s '%s' is missing in all %zu rows", what, c->name, n);
	if (count)
		die(ST_DATA, "the %s '%s' is missing in %zu of %zu rows, first in data row %zu; remove these rows", what,
		    c->name, count, n, first);
}

/* The place of the first number over LARGEST, or n. */
static size_t find_large(const double *x, size_t n)
{
	size_t i = 0;
	while (i < n && fabs(x[i]) <= LARGEST)
		i++;
	return i;
}

static void refuse_large(const struct column *c, size_t n, const char *what)
{
	size_t i = find_large(c->num, n);
	if (i < n)
		die(ST_DATA, "the %s '%s' is %g in data row %zu; at most %g can be learned from", what, c->name, c->num[i],
		    i + 1, LARGEST);
}

static void set_labels(struct dataset *d, const struct column *c, const struct train_opts *o)
{
	struct schema *sc = &d->schema;
	if (c->nlevels < 2)
		die(ST_DATA, "the target '%s' has one class, '%.60s'; a classifier needs two", c->name, c->levels[0]);
	if (c->nlevels > MOST_CLASSES && (double)c->nlevels > ID_SHARE * (double)d->n)
		die(ST_DATA, "the target '%s' has %d different values in %zu rows; a classifier needs few classes", c->name,
		    c->nlevels, d->n);
	sc->nlabels = c->nlevels;
	sc->labels = NEW0(char *, (size_t)c->nlevels);
	for (int32_t i = 0; i < c->nlevels; i++)
		sc->labels[i] = mem_str(c->levels[i]);
	sc->task = c->nlevels == 2 ? TASK_BINARY : TASK_MULTICLASS;
	sc->positive = c->nlevels == 2 ? 1 : -1;
	if (o->positive) {
		int32_t p = schema_label(sc, o->positive);
		if (p < 0 || sc->nlabels != 2)
			die(ST_USAGE, "--positive %s: the target '%s' has %d labels, '%.60s' to '%.60s'", o->positive, c->name,
			    sc->nlabels, c->levels[0], c->levels[c->nlevels - 1]);
		sc->positive = p;
	}
	d->label = mem_copy(c->cat, d->n, sizeof(*d->label));
}

static void set_target(struct dataset *d, const struct train_opts *o, unsigned tasks)
{
	struct column *c = role_column(d, ROLE_TARGET);
	bool classes = tasks & TASK_CLASSES;
	refuse_missing(c, d->n, "target");
	if ((tasks & TASK_CLASSES) && (tasks & TASK_REGRESSION)) {
		classes = c->kind == KIND_CATEGORY || few_values(c, d->n);
		if (strcmp(o->task, "auto") != 0)
			classes = strcmp(o->task, "classify") == 0;
		note(1, "target '%s': %s (see --task)", c->name, classes ? "classes" : "a quantity");
	} else if (strcmp(o->task, classes ? "regress" : "classify") == 0) {
		die(ST_USAGE, "--task %s: this family does not do that", o->task);
	}
	d->schema.target = mem_str(c->name);
	if (classes) {
		tab_categorize(d->table, (size_t)(c - d->table->cols));
		set_labels(d, role_column(d, ROLE_TARGET), o);
		return;
	}
	if (c->kind != KIND_NUMERIC)
		die(ST_DATA, "the target '%s' is not a number everywhere (it holds '%.60s')", c->name, c->levels[c->nlevels - 1]);
	refuse_large(c, d->n, "target");
	d->schema.task = TASK_REGRESSION;
	d->y = mem_copy(c->num, d->n, sizeof(*d->y));
}

/* Weight of each class from "balanced" or "a=2,b=1" (unnamed labels have 1), to cw (nlabels). */
static void class_weights(const struct dataset *d, const char *text, double *cw)
{
	const struct schema *sc = &d->schema;
	size_t k = (size_t)sc->nlabels;
	double all = 0;
	for (size_t c = 0; c < k; c++)
		cw[c] = strcmp(text, "balanced") == 0 ? 0 : 1;
	if (strcmp(text, "balanced") == 0) {
		for (size_t i = 0; i < d->n; i++) {
			cw[d->label[i]] += d->w ? d->w[i] : 1;
			all += d->w ? d->w[i] : 1;
		}
		for (size_t c = 0; c < k; c++)
			cw[c] = cw[c] > 0 ? all / ((double)k * cw[c]) : 0;
		return;
	}
	struct strs parts = { 0 };
	strs_split(&parts, text);
	for (size_t i = 0; i < parts.n; i++) {
		char *eq = strrchr(parts.s[i], '=');
		double x;
		if (!eq || !num_parse(eq + 1, strlen(eq + 1), &x) || !(x >= 0) || isinf(x))
			die(ST_USAGE, "--class-weight: '%s' is not LABEL=NUMBER; or say balanced", parts.s[i]);
		*eq = '\0';
		int32_t c = schema_label(sc, parts.s[i]);
		if (c < 0)
			die(ST_USAGE, "--class-weight: the target '%s' has no label '%s'", sc->target, parts.s[i]);
		cw[c] = x;
	}
	strs_free(&parts);
}

static void refuse_no_weight(const struct dataset *d)
{
	double all = 0;
	for (size_t i = 0; d->w && i < d->n; i++)
		all += d->w[i];
	if (d->w && !(all > 0 && isfinite(all)))
		die(ST_DATA, "the weights of all %zu rows sum to %g; nothing can be learned", d->n, all);
}

static void set_weights(struct dataset *d, const struct train_opts *o)
{
	if (d->roles[ROLE_WEIGHT]) {
		const struct column *c = role_column(d, ROLE_WEIGHT);
		if (c->kind != KIND_NUMERIC)
			die(ST_DATA, "the weight '%s' is not a number everywhere", c->name);
		refuse_missing(c, d->n, "weight");
		refuse_large(c, d->n, "weight");
		for (size_t i = 0; i < d->n; i++)
			if (c->num[i] < 0)
				die(ST_DATA, "the weight '%s' is negative in data row %zu", c->name, i + 1);
		d->w = mem_copy(c->num, d->n, sizeof(*d->w));
	}
	if (!o->class_weight)
		return;
	if (!d->label)
		die(ST_USAGE, "--class-weight is for classes; the target '%s' is a quantity", d->schema.target);
	double *cw = NEW(double, (size_t)d->schema.nlabels);
	class_weights(d, o->class_weight, cw);
	if (!d->w) {
		d->w = NEW(double, d->n);
		for (size_t i = 0; i < d->n; i++)
			d->w[i] = 1;
	}
	for (size_t i = 0; i < d->n; i++)
		d->w[i] *= cw[d->label[i]];
	free(cw);
}

static bool all_missing(const struct column *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c->kind == KIND_NUMERIC ? !isnan(c->num[i]) : c->cat[i] >= 0)
			return false;
	return true;
}

/* True when the column is to be a feature; says why not. */
static bool is_feature(const struct dataset *d, const struct column *c)
{
	if (is_role(d, c->name))
		return false;
	if (!kind_is_texts(c->kind) && all_missing(c, d->n)) {
		warn("column '%s' is empty and is not used", c->name);
		return false;
	}
	if (c->kind == KIND_CATEGORY && d->n >= ID_ROWS && (double)c->nlevels > ID_SHARE * (double)d->n &&
	    !strs_has(&d->categorical, c->name)) {
		warn("column '%s' has %d different texts in %zu rows and is not used; say --text, --id, --drop or --categorical %s",
		     c->name, c->nlevels, d->n, c->name);
		return false;
	}
	return true;
}

static void set_derived(struct dataset *d, const struct train_opts *o)
{
	const struct strs *specs[] = { &o->ratio, &o->cross, &o->target_mean };
	for (int op = DERIVE_RATIO; op <= DERIVE_TARGET; op++)
		for (size_t i = 0; i < specs[op]->n; i++)
			derives_add(&d->derived, (enum derive_op)op, specs[op]->s[i], d->inputs, d->ninputs);
	if (o->target_mean.n && d->schema.task == TASK_MULTICLASS)
		die(ST_USAGE, "--target-mean is for two classes or a quantity; the target '%s' has %d classes",
		    d->schema.target, d->schema.nlabels);
	derives_levels(&d->derived, d->inputs, d->n);
}

/* Leaves in the schema's other columns those that are neither target nor feature. */
static void keep_others(struct dataset *d)
{
	struct strs *others = &d->schema.others;
	struct dict *read = dict_new();
	size_t n = 0;
	dict_add(read, d->schema.target, strlen(d->schema.target));
	for (size_t i = 0; i < d->ninputs; i++)
		dict_add(read, d->inputs[i].name, strlen(d->inputs[i].name));
	for (size_t i = 0; i < others->n; i++) {
		if (dict_find(read, others->s[i], strlen(others->s[i])) < 0)
			others->s[n++] = others->s[i];
		else
			free(others->s[i]);
	}
	others->n = n;
	dict_free(read);
}

/* The vectorisers of --features. */
static void read_features(struct dataset *d, const struct train_opts *o)
{
	for (size_t i = 0; i < o->features.n; i++) {
		struct vectorfile f;
		vectorfile_read(&f, o->features.s[i]);
		vectors_take(&d->vectors, &f.vectors);
		if (f.chosen_by_target)
			d->chosen_on = f.rows_hash;
		vectorfile_free(&f);
	}
}

/* The rows of all vectors; where they are no more than what the input brought they are that. */
static void set_vector_rows(struct dataset *d, int threads)
{
	bool given = d->given.start;
	if (given && d->vectors.n == 1) {
		d->vector_rows = d->given;
		d->given = (struct sparse){ 0 };
	} else if (d->vectors.n) {
		d->vector_rows = vectors_rows(&d->vectors, d->inputs, given ? &d->given : NULL, d->n, threads);
		sparse_free(&d->given);
	}
}

/* Terms that were chosen by the targets of the very rows that are to be held out. */
static void warn_chosen(const struct dataset *d)
{
	if (d->chosen_on && d->chosen_on == d->table->hash)
		warn("the terms of --features were chosen by the target of these same rows; scores of held-out rows will be too good");
}

void dataset_read(struct dataset *d, const char *path, const struct train_opts *o, const struct family *f)
{
	*d = (struct dataset){ .schema.positive = -1 };
	read_features(d, o);
	d->table = read_table(d, path, o, f);
	d->n = d->table->nrows;
	set_target(d, o, f->tasks);
	set_weights(d, o);
	refuse_no_weight(d);
	d->inputs = NEW(struct column, d->table->ncols);
	for (size_t i = 0; i < d->table->ncols; i++)
		if (is_feature(d, &d->table->cols[i]))
			d->inputs[d->ninputs++] = d->table->cols[i];
	if (d->ninputs == 0 && d->vectors.ncols == 0)
		die(ST_DATA, "no columns are left to learn from beside '%s'", d->schema.target);
	schema_from(&d->schema, d->inputs, d->ninputs);
	keep_others(d);
	for (size_t i = 0; i < o->missing.n; i++)
		strs_add(&d->schema.missing, o->missing.s[i]);
	d->schema.unseen = mem_str(o->unseen);
	d->schema.strict_text = strcmp(o->invalid, "error") == 0;
	vectors_bind(&d->vectors, d->inputs, d->ninputs);
	set_vector_rows(d, cmd_threads(o->threads));
	warn_chosen(d);
	if (o->group) {
		tab_categorize(d->table, (size_t)(role_column(d, ROLE_GROUP) - d->table->cols));
		d->group = role_column(d, ROLE_GROUP);
		refuse_missing(d->group, d->n, "group");
	}
	if (o->time) {
		const struct column *c = role_column(d, ROLE_TIME);
		refuse_missing(c, d->n, "time");
		d->time = NEW(double, d->n);
		for (size_t i = 0; i < d->n; i++)
			d->time[i] = c->kind == KIND_NUMERIC ? c->num[i] : (double)c->cat[i];
	}
	tab_forget_texts(d->table);
	set_derived(d, o);
}

const struct column *dataset_input(const struct dataset *d, const char *name)
{
	for (size_t i = 0; i < d->ninputs; i++)
		if (strcmp(d->inputs[i].name, name) == 0)
			return &d->inputs[i];
	bug("no input '%s'", name);
}

void dataset_free(struct dataset *d)
{
	if (d->table)
		tab_free(d->table);
	else
		schema_cells_free(d->inputs, d->ninputs);
	for (size_t i = 0; i < NROLES; i++)
		free(d->roles[i]);
	strs_free(&d->categorical);
	strs_free(&d->text);
	vectors_free(&d->vectors);
	sparse_free(&d->vector_rows);
	sparse_free(&d->given);
	arena_free(d->texts);
	free(d->label);
	free(d->y);
	free(d->w);
	free(d->time);
	free(d->inputs);
	schema_free(&d->schema);
	derives_free(&d->derived);
	*d = (struct dataset){ 0 };
}
