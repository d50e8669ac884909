#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/str.h"

static bool is_std(const char *path)
{
	return !path || strcmp(path, "-") == 0;
}

const char *in_name(const char *path)
{
	return is_std(path) ? "stdin" : path;
}

/* Makes the temporary file of o; no signal comes between its birth and the promise to unlink it. */
static int make_temp(struct out *o)
{
	struct str temp = { 0 };
	sigset_t all, before;
	mode_t mask = umask(0);
	umask(mask);
	str_printf(&temp, "%s.tmp.XXXXXX", o->path);
	o->temp = str_take(&temp);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	int fd = mkstemp(o->temp);
	if (fd >= 0) {
		die_unlink(o->temp);
		fchmod(fd, 0666 & ~mask);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return fd;
}

struct out out_open(const char *path, bool binary)
{
	struct out o = { .f = stdout };
	struct stat st;
	if (!is_std(path)) {
		bool link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
		o.path = link ? realpath(path, NULL) : NULL;	/* a link stays, what it leads to is replaced */
		if (!o.path)
			o.path = mem_str(path);
		bool in_place = stat(path, &st) == 0 && !S_ISREG(st.st_mode);	/* a device, a pipe */
		int fd = in_place ? open(path, O_WRONLY) : make_temp(&o);
		if (fd < 0 || !(o.f = fdopen(fd, "wb")))
			die(ST_IO, "%s: cannot write: %s", path, strerror(errno));
	}
	if (binary && isatty(fileno(o.f)))
		die(ST_USAGE, "a model is not written to a terminal; redirect it (> FILE) or give -o FILE");
	return o;
}

static const char *out_name(const struct out *o)
{
	return o->path ? o->path : "stdout";
}

void out_write(struct out *o, const void *p, size_t n)
{
	if (n && fwrite(p, 1, n, o->f) != n)
		die(ST_IO, "%s: cannot write: %s", out_name(o), strerror(errno));
}

void out_close(struct out *o)
{
	bool bad = ferror(o->f) != 0;
	errno = 0;
	if (fflush(o->f) != 0 || bad || fclose(o->f) != 0)
		die(ST_IO, "%s: cannot write: %s", out_name(o), errno ? strerror(errno) : "an earlier write failed");
	if (o->temp) {
		if (rename(o->temp, o->path) != 0)
			die(ST_IO, "%s: cannot rename %s to it: %s", o->path, o->temp, strerror(errno));
		die_forget(o->temp);
	}
	free(o->temp);
	free(o->path);
	*o = (struct out){ 0 };
}

FILE *in_open(const char *path)
{
	struct stat st;
	if (is_std(path)) {
		if (fstat(STDIN_FILENO, &st) != 0)
			die(ST_NOINPUT, "stdin: cannot read: %s", strerror(errno));
		if (S_ISDIR(st.st_mode))
			die(ST_NOINPUT, "stdin: is a directory");
		if ((fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE) == O_WRONLY)
			die(ST_NOINPUT, "stdin: is closed; data come on it (< FILE)");
		return stdin;
	}
	FILE *f = fopen(path, "rb");
	if (!f)
		die(ST_NOINPUT, "%s: cannot open: %s", path, strerror(errno));
	if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode))
		die(ST_NOINPUT, "%s: is a directory", path);
	return f;
}

char *in_read_all(const char *path, size_t *n)
{
	FILE *f = in_open(path);
	struct stat st;
	bool regular = fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
	size_t cap = regular ? (size_t)st.st_size + 2 : 1 << 16, used = 0;	/* one more byte than the file tells of its end */
	char *bytes = NEW(char, cap);
	setvbuf(f, NULL, _IONBF, 0);
	for (size_t got; (got = fread(bytes + used, 1, cap - used - 1, f)) > 0; used += got)
		if (cap - used - got < 2) {
			cap += cap;
			GROW(bytes, cap);
		}
	if (ferror(f))
		die(ST_NOINPUT, "%s: cannot read: %s", in_name(path), strerror(errno));
	if (f != stdin)
		fclose(f);
	bytes[used] = '\0';
	*n = used;
	return bytes;
}

FILE *file_temp(void)
{
	const char *dir = getenv("TMPDIR");
	struct str path = { 0 };
	if (!dir || !*dir)
		dir = "/tmp";
	str_printf(&path, "%s/dls.XXXXXX", dir);
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (fd = mkstemp(path.s)) >= 0)	/* a file system that cannot make one without a name */
		unlink(path.s);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w+b");
	if (!f)
		die(ST_IO, "%s: cannot make a temporary file: %s", dir, strerror(errno));
	str_free(&path);
	return f;
}
