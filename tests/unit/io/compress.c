/* Streams: plain, gzip and zstd give the same bytes in reads of any size; cut-off archives are refused. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/rng.h"
#include "io/compress.h"

#define N 700001

static char dir[] = "/tmp/dls-test-compress-XXXXXX", bytes[N], back[N + 100];

static void make_files(void)
{
	struct rng r = rng_at(1, "bytes", 0);
	snprintf(dir, sizeof(dir), "/tmp/dls-test-compress-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	for (int i = 0; i < N; i++)
		bytes[i] = (char)('a' + rng_below(&r, 20));
	FILE *f = fopen("plain", "wb");
	ck_assert_uint_eq(fwrite(bytes, 1, N, f), N);
	fclose(f);
	ck_assert_int_eq(system("gzip -k plain && zstd -q plain && split -n 2 plain half && gzip -c halfaa > two.gz && "
				"gzip -c halfab >> two.gz && zstd -qc halfaa > two.zst && zstd -qc halfab >> two.zst && "
				"head -c 200000 plain.gz > cut.gz && head -c 200000 plain.zst > cut.zst && "
				": > empty && printf 'x' > one"), 0);
}

static void remove_files(void)
{
	char command[100];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(all_forms_give_the_bytes)
{
	static const char *const names[] = { "plain", "plain.gz", "plain.zst", "two.gz", "two.zst" };
	make_files();
	for (size_t i = 0; i < 5; i++) {
		struct stream *s = stream_open(names[i]);
		size_t got = 0, k, ask = 1;
		while ((k = stream_read(s, back + got, ask)) > 0) {
			got += k;
			ask = ask * 3 % 100003;
			if (ask > sizeof(back) - got)
				ask = sizeof(back) - got;
		}
		ck_assert_uint_eq(got, N);
		ck_assert_mem_eq(back, bytes, N);
		stream_close(s);
	}
	struct stream *s = stream_open("empty");
	ck_assert_uint_eq(stream_read(s, back, 10), 0);
	stream_close(s);
	s = stream_open("one");
	ck_assert_uint_eq(stream_read(s, back, 10), 1);
	stream_close(s);
	remove_files();
}
END_TEST

START_TEST(cut_off_archives_are_refused)
{
	static const char *const names[] = { "cut.gz", "cut.zst" };
	make_files();
	for (int i = 0; i < 2; i++) {
		fflush(NULL);
		pid_t pid = fork();
		if (pid == 0) {
			if (!freopen("/dev/null", "w", stderr))
				_exit(1);
			struct stream *s = stream_open(names[i]);
			while (stream_read(s, back, 1000) > 0)
				;
			_exit(0);
		}
		int status;
		waitpid(pid, &status, 0);
		ck_assert_int_eq(WEXITSTATUS(status), ST_DATA);
	}
	remove_files();
}
END_TEST

UNIT_MAIN("compress", all_forms_give_the_bytes, cut_off_archives_are_refused)
