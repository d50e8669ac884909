#include "base/die.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_UNLINK 4

const char *prog_name = "dls";
int verbosity = 0;

static const char *volatile to_unlink[MAX_UNLINK];

void prog_init(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	prog_name = slash ? slash + 1 : argv0 ? argv0 : "dls";
	for (int fd = 0; fd <= 2; fd++)		/* a closed one must not become the number of the next file opened */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
			_exit(ST_IO);
	signal(SIGXFSZ, SIG_IGN);		/* a write over the limit fails like one to a full disk */
}

static void unlink_all(void)
{
	for (int i = 0; i < MAX_UNLINK; i++)
		if (to_unlink[i])
			unlink(to_unlink[i]);
}

static void on_signal(int sig)
{
	unlink_all();
	signal(sig, SIG_DFL);
	raise(sig);
}

void die_unlink(const char *path)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction old;
	for (int i = 0; i < MAX_UNLINK; i++) {
		if (to_unlink[i])
			continue;
		to_unlink[i] = path;
		for (size_t s = 0; s < sizeof(sigs) / sizeof(*sigs); s++)
			if (sigaction(sigs[s], NULL, &old) == 0 && old.sa_handler != SIG_IGN)	/* as nohup wants it */
				signal(sigs[s], on_signal);
		return;
	}
	bug("more than %d files to unlink", MAX_UNLINK);
}

void die_forget(const char *path)
{
	for (int i = 0; i < MAX_UNLINK; i++)
		if (to_unlink[i] == path)
			to_unlink[i] = NULL;
}

/* One line to stderr in one write: prefix, text with control bytes as '?', newline. */
static void say(const char *prefix, const char *fmt, va_list ap)
{
	char text[4096];
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		return;
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 32 || *p == 127)
			*p = '?';
	fflush(stdout);
	fprintf(stderr, "%s: %s%s\n", prog_name, prefix, text);
}

void vdie(enum status status, const char *fmt, va_list ap)
{
	say("", fmt, ap);
	unlink_all();
	_exit(status);
}

void die(enum status status, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vdie(status, fmt, ap);
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
	char prefix[256];
	va_list ap;
	va_start(ap, fmt);
	snprintf(prefix, sizeof(prefix), "bug at %s:%d: ", file, line);
	say(prefix, fmt, ap);
	va_end(ap);
	unlink_all();
	_exit(ST_BUG);
}

void warn(const char *fmt, ...)
{
	va_list ap;
	if (verbosity < 0)
		return;
	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

void note(int level, const char *fmt, ...)
{
	va_list ap;
	if (verbosity < level)
		return;
	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}
