#include "data/need.h"

#include "base/die.h"
#include "base/mem.h"

#define LIST 1000	/* bytes of names that a message shows */

size_t reader_need(const struct reader *r, const char *name, const char *who)
{
	size_t i = reader_find(r, name), n = reader_ncols(r);
	if (i != SIZE_MAX)
		return i;
	const char **names = NEW(const char *, n), *nearest;
	struct str list = { 0 };
	for (size_t c = 0; c < n; c++) {
		names[c] = reader_name(r, c);
		if (list.n < LIST)
			str_printf(&list, "%s%.60s", c ? ", " : "", names[c]);
	}
	if (list.n >= LIST)
		str_printf(&list, ", ... (%zu in all)", n);
	str_puts(&list, "");
	nearest = str_nearest(name, names, n);
	if (nearest)
		die(ST_DATA, "%s: there is no column '%s' (%s); did you mean '%s'? The columns: %s", reader_where(r), name,
		    who, nearest, list.s);
	die(ST_DATA, "%s: there is no column '%s' (%s). The columns: %s", reader_where(r), name, who, list.s);
}
