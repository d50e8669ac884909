#include "families/image/cnn_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

void order_init(struct order *o, const int32_t *label, size_t n, size_t classes, size_t floor, bool balance, uint64_t seed)
{
	size_t *count = NEW0(size_t, classes), at = 0;
	*o = (struct order){ .start = NEW(size_t, classes + 1), .classes = classes, .balance = balance, .seed = seed };
	for (size_t i = 0; i < n; i++)
		count[label[i]]++;
	for (size_t c = 0; c < classes; c++) {
		o->start[c] = o->n;
		o->n += count[c] && count[c] < floor ? floor : count[c];
	}
	o->start[classes] = o->n;
	o->pool = NEW(uint32_t, o->n);
	o->row = NEW(uint32_t, o->n);
	for (size_t c = 0; c < classes; c++) {
		at = o->start[c];
		for (size_t i = 0; i < n; i++)
			if ((size_t)label[i] == c)
				o->pool[at++] = (uint32_t)i;
		for (; at < o->start[c + 1]; at++)
			o->pool[at] = o->pool[at - count[c]];
	}
	free(count);
}

/* The classes in turn, each turn in another order; each gives its rows in an order of its own, and begins again. */
static void deal(struct order *o, size_t epoch)
{
	struct rng r = rng_at(o->seed, "net.classes", epoch);
	size_t *next = NEW0(size_t, o->classes), n = 0;
	uint32_t *turn = NEW(uint32_t, o->classes), *rows = mem_copy(o->pool, o->n, sizeof(*rows));
	for (size_t c = 0; c < o->classes; c++) {
		size_t size = o->start[c + 1] - o->start[c];
		if (size)
			turn[n++] = (uint32_t)c;
		rng_shuffle(&r, rows + o->start[c], size);
	}
	for (size_t i = 0; i < o->n; i++) {
		if (i % n == 0)
			rng_shuffle(&r, turn, n);
		size_t c = turn[i % n], size = o->start[c + 1] - o->start[c];
		o->row[i] = rows[o->start[c] + next[c]];
		if (++next[c] == size) {
			next[c] = 0;
			rng_shuffle(&r, rows + o->start[c], size);
		}
	}
	free(next);
	free(turn);
	free(rows);
}

void order_epoch(struct order *o, size_t epoch)
{
	if (o->balance) {
		deal(o, epoch);
		return;
	}
	struct rng r = rng_at(o->seed, "net.order", epoch);
	memcpy(o->row, o->pool, o->n * sizeof(*o->row));
	rng_shuffle(&r, o->row, o->n);
}

void order_free(struct order *o)
{
	free(o->row);
	free(o->pool);
	free(o->start);
	*o = (struct order){ 0 };
}
