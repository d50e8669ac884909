#include "io/gnuplot.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define NOT_FOUND 127

const char *gnuplot_format(const char *path)
{
	const char *dot = strrchr(path, '.');
	if (dot && strcmp(dot, ".png") == 0)
		return "png";
	if (dot && strcmp(dot, ".svg") == 0)
		return "svg";
	die(ST_USAGE, "%s: a picture's name ends in .png or .svg", path);
}

void gnuplot_draw(const struct str *script, const char *path)
{
	FILE *in = tmpfile();
	struct out out = out_open(path, false);
	int status;
	if (!in || fwrite(script->s, 1, script->n, in) != script->n || fflush(in) != 0 || fseek(in, 0, SEEK_SET) != 0)
		die(ST_IO, "%s: cannot write a temporary file for gnuplot", path);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		if (dup2(fileno(in), STDIN_FILENO) >= 0 && dup2(fileno(out.f), STDOUT_FILENO) >= 0)
			execlp("gnuplot", "gnuplot", (char *)NULL);
		_exit(NOT_FOUND);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		die(ST_IO, "%s: cannot run gnuplot", path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		die(ST_IO, "%s: gnuplot is not installed; on Debian and Ubuntu it is the package gnuplot-nox", path);
	if (status != 0)
		die(ST_IO, "%s: gnuplot failed", path);
	fclose(in);
	out_close(&out);
}
