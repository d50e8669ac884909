#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/die.h"

#define ARENA_CHUNK ((size_t)64 << 10)
#define PAGE ((size_t)4096)
#define LARGE ((size_t)4 << 20)

static size_t checked(size_t n, size_t width)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, width, &bytes) || bytes > PTRDIFF_MAX)
		die(ST_IO, "out of memory: %zu elements of %zu bytes", n, width);
	return bytes ? bytes : 1;
}

/* Large memory is in huge pages where the system has them on request: its first touch then costs a hundredth of the faults. */
static void *there(void *p, size_t bytes)
{
	if (!p)
		die(ST_IO, "out of memory: %zu bytes", bytes);
	if (bytes >= LARGE) {
		size_t into = (uintptr_t)p % PAGE;
		madvise((char *)p - into, bytes + into, MADV_HUGEPAGE);
	}
	return p;
}

void *mem_alloc(size_t n, size_t width)
{
	size_t bytes = checked(n, width);
	return there(malloc(bytes), bytes);
}

void *mem_zero(size_t n, size_t width)
{
	size_t bytes = checked(n, width);
	return there(calloc(1, bytes), bytes);
}

void *mem_resize(void *p, size_t n, size_t width)
{
	size_t bytes = checked(n, width);
	return there(realloc(p, bytes), bytes);
}

void *mem_copy(const void *src, size_t n, size_t width)
{
	void *p = mem_alloc(n, width);
	if (n && width)
		memcpy(p, src, n * width);
	return p;
}

void *mem_aligned(size_t n, size_t width)
{
	size_t bytes = mem_up(checked(n, width));
	return there(aligned_alloc(64, bytes), bytes);
}

char *mem_str(const char *s)
{
	return s ? mem_strn(s, strlen(s)) : NULL;
}

char *mem_strn(const char *s, size_t n)
{
	char *p = mem_alloc(n + 1, 1);
	if (n)
		memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

struct arena {
	struct chunk *head;
};

struct arena *arena_new(void)
{
	return NEW0(struct arena, 1);
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	struct chunk *c = a->head;
	bytes = (checked(bytes, 1) + 15) / 16 * 16;
	if (!c || c->size - c->used < bytes) {
		size_t size = bytes > ARENA_CHUNK ? bytes : ARENA_CHUNK;
		c = mem_alloc(sizeof(*c) + size, 1);
		c->next = a->head;
		c->used = 0;
		c->size = size;
		a->head = c;
	}
	c->used += bytes;
	return c->bytes + c->used - bytes;
}

char *arena_strn(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);
	if (n)
		memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}
