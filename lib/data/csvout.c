#include "data/csvout.h"

#include <string.h>

void csv_put(struct str *out, struct slice cell)
{
	bool quote = false;
	for (size_t i = 0; i < cell.n && !quote; i++)
		quote = cell.s[i] == ',' || cell.s[i] == '"' || cell.s[i] == '\n' || cell.s[i] == '\r';
	if (!quote) {
		str_add(out, cell.s, cell.n);
		return;
	}
	str_putc(out, '"');
	for (size_t i = 0; i < cell.n; i++) {
		if (cell.s[i] == '"')
			str_putc(out, '"');
		str_putc(out, cell.s[i]);
	}
	str_putc(out, '"');
}
