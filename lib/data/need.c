#include "data/need.h"

#include "base/die.h"
#include "base/mem.h"

size_t reader_need(const struct reader *r, const char *name, const char *who)
{
	size_t i = reader_find(r, name), n = reader_ncols(r);
	if (i != SIZE_MAX)
		return i;
	const char **names = NEW(const char *, n), *nearest;
	struct str list = { 0 };
	for (size_t c = 0; c < n; c++) {
		names[c] = reader_name(r, c);
		str_printf(&list, "%s%s", c ? ", " : "", names[c]);
	}
	str_puts(&list, "");
	nearest = str_nearest(name, names, n);
	if (nearest)
		die(ST_DATA, "%s: there is no column '%s' (%s); did you mean '%s'? The columns: %s", reader_where(r), name,
		    who, nearest, list.s);
	die(ST_DATA, "%s: there is no column '%s' (%s). The columns: %s", reader_where(r), name, who, list.s);
}
