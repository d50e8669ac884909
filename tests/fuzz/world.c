/*
 * Replaces base/die.c. Memory is tracked by the linker's --wrap: each block has
 * a header and hangs in a list, and what is left after an input is freed.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/die.h"

struct head {
	_Alignas(64) struct head *next, **at;	/* at: the pointer that points here */
	size_t n;
};

const char *prog_name = "fuzz";
int verbosity = -1;
bool fuzz_sure;
static jmp_buf dead;
static struct head *blocks;

void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t width);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
void __wrap_free(void *p);

void *__wrap_malloc(size_t n)
{
	void *room;
	if (n > (size_t)1 << 31 || posix_memalign(&room, 64, sizeof(struct head) + n) != 0)
		return NULL;
	struct head *h = room;
	h->n = n;
	h->next = blocks;
	h->at = &blocks;
	if (blocks)
		blocks->at = &h->next;
	blocks = h;
	return h + 1;
}

void __wrap_free(void *p)
{
	if (!p)
		return;
	struct head *h = (struct head *)p - 1;
	*h->at = h->next;
	if (h->next)
		h->next->at = h->at;
	__real_free(h);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return align <= 64 ? __wrap_malloc(n) : NULL;
}

void *__wrap_calloc(size_t n, size_t width)
{
	void *p = __wrap_malloc(n * width);
	return p ? memset(p, 0, n * width) : NULL;
}

void *__wrap_realloc(void *p, size_t n)
{
	void *q = __wrap_malloc(n);
	if (p && q) {
		size_t old = ((struct head *)p - 1)->n;
		memcpy(q, p, old < n ? old : n);
		__wrap_free(p);
	}
	return q;
}

void vdie(enum status status, const char *fmt, va_list ap)
{
	char text[4096];
	vsnprintf(text, sizeof(text), fmt, ap);	/* so that its arguments are read */
	if (fuzz_sure)
		bug("dies: %s", text);
	longjmp(dead, status ? (int)status : 1);
}

void die(enum status status, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vdie(status, fmt, ap);
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "bug at %s:%d: ", file, line);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	abort();
}

void warn(const char *fmt, ...) { (void)fmt; }
void note(int level, const char *fmt, ...) { (void)level, (void)fmt; }
void die_unlink(const char *path) { (void)path; }
void die_forget(const char *path) { (void)path; }

void fuzz_stdin(const uint8_t *data, size_t n)
{
	static int fd = -1;
	if (fd < 0) {
		fd = memfd_create("fuzz", 0);
		dup2(fd, STDIN_FILENO);
	}
	if (ftruncate(fd, 0) != 0 || pwrite(fd, data, n, 0) != (ssize_t)n)
		abort();
	rewind(stdin);
}

int fuzz_one(void (*fn)(const uint8_t *data, size_t n), const uint8_t *data, size_t n)
{
	if (setjmp(dead) == 0)
		fn(data, n);
	fuzz_sure = false;
	while (blocks)
		__wrap_free(blocks + 1);
	return 0;
}
