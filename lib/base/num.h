/*
 * Numbers as text, exactly and without locale. Parsing is correctly rounded
 * (equal to strtod for every input); printing gives the shortest digits that
 * read back to the same double.
 */
#ifndef DLS_BASE_NUM_H
#define DLS_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUM_MAX 32	/* room for any printed number and its NUL */

/*
 * Parses all n bytes as a decimal number: [+-]digits[.digits][e[+-]digits],
 * digits on one side of the point at least; no blanks, no hex. Also inf,
 * infinity and nan in any case, with a sign. False when it is anything else.
 * A number too large is inf, one too small is 0, as strtod has it.
 */
bool num_parse(const char *s, size_t n, double *x);
bool num_parse_int(const char *s, size_t n, int64_t *x);	/* [+-]digits, in range */

size_t num_print(char *buf, double x);		/* e.g. 0.1 100 1e-07 1.5e+300 inf nan; its length */

/*
 * How a number was written, in one byte, so that its text can be given back
 * from the double. FORM_OTHER: this text must be kept elsewhere. Whatever form
 * num_parse_form() reports else, num_print_form() gives the very bytes.
 */
enum num_form {
	FORM_FIXED = 0,		/* + decimals, 0..31 */
	FORM_EXP = 32,		/* + decimals, 0..31, as printf has %e */
	FORM_PAD = 64,		/* + width, 0..31, an integer filled with zeros on the left */
	FORM_OTHER = 255
};
#define NUM_FORM_MAX 64	/* room for any text with a form, and its NUL */

bool num_parse_form(const char *s, size_t n, double *x, uint8_t *form);
size_t num_print_form(char *buf, double x, uint8_t form);

#endif
