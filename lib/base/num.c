#include "base/num.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool num_parse(const char *s, size_t n, double *x)
{
	char buf[400], *end;
	if (n == 0 || n >= sizeof(buf) || strspn(s, " \t\n\v\f\r") > 0)
		return false;
	memcpy(buf, s, n);
	buf[n] = '\0';
	if (strlen(buf) != n || strpbrk(buf, "xX("))
		return false;
	*x = strtod(buf, &end);
	return end == buf + n;
}

bool num_parse_int(const char *s, size_t n, int64_t *x)
{
	char buf[32], *end;
	if (n == 0 || n >= sizeof(buf) || s[0] == ' ')
		return false;
	memcpy(buf, s, n);
	buf[n] = '\0';
	errno = 0;
	*x = strtoll(buf, &end, 10);
	return end == buf + n && errno == 0;
}

size_t num_print(char *buf, double x)
{
	/* 15 digits always survive, so fewer are tried only where a double holds fewer */
	for (int d = fabs(x) < 1e-290 ? 1 : 15; d <= 17; d++) {
		snprintf(buf, NUM_MAX, "%.*g", d, x);
		if (isnan(x) || strtod(buf, NULL) == x)
			break;
	}
	return strlen(buf);
}
