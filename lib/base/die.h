/*
 * How a program of this project talks and ends.
 *
 * die() is for a world that is wrong (bad input, full disk), bug() for a
 * mistake of ours. Messages go to stderr as "PROGRAM: TEXT\n", control
 * characters masked, and never come from inside a parallel loop. The program's
 * name and the verbosity are the only globals of the project.
 */
#ifndef DLS_BASE_DIE_H
#define DLS_BASE_DIE_H

#include <stdarg.h>
#include <stdbool.h>

enum status {
	ST_OK = 0,	/* done */
	ST_GATE = 1,	/* a stated condition does not hold */
	ST_USAGE = 64,	/* bad command line */
	ST_DATA = 65,	/* bad data or model */
	ST_NOINPUT = 66,/* an input cannot be opened */
	ST_BUG = 70,	/* our own bug */
	ST_IO = 74	/* an output cannot be written */
};

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

extern const char *prog_name;
extern int verbosity;	/* -1 quiet, 0 normal, 1 and more verbose */

/*
 * Sets prog_name to the last part of argv[0]. Also the first line of main():
 * where stdin, stdout or stderr is closed, reading or writing it fails from
 * here on, and no other file gets its number; a file size limit is an error
 * of writing, not a signal.
 */
void prog_init(const char *argv0);

/* Prints the message and exits with STATUS; runs the cleanups below first. */
_Noreturn void die(enum status status, const char *fmt, ...) PRINTF_LIKE(2, 3);
_Noreturn void vdie(enum status status, const char *fmt, va_list ap);

/* Our own mistake: names the place, exits with ST_BUG. */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A line on stderr unless -q; or where the verbosity is `level` at least. */
void warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void note(int level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * What must be undone when the program dies: a temporary file to unlink.
 * At most four paths at a time; the string is not copied and must live until
 * die_forget(). Also unlinked when SIGINT, SIGTERM or SIGHUP ends the program.
 */
void die_unlink(const char *path);
void die_forget(const char *path);

#endif
