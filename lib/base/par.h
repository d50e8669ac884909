/*
 * Work in parallel whose result does not depend on the number of threads: the
 * caller cuts the work into chunks by the data alone; any thread may run any
 * chunk; what chunks yield is combined by the caller in chunk order.
 */
#ifndef DLS_BASE_PAR_H
#define DLS_BASE_PAR_H

#include <stddef.h>

#define PAR_MAX 256	/* threads */

/* One chunk of work; worker is 0..threads-1, for scratch memory. Never dies. */
typedef void par_fn(void *ctx, size_t chunk, int worker);

/*
 * Runs fn for chunks 0..n-1 on up to `threads` threads and returns when all
 * are done. Not to be called from inside a chunk. Threads are started at the
 * first call that wants them and kept.
 */
void par_for(int threads, size_t n, par_fn *fn, void *ctx);

int par_cores(void);	/* processors this process may use, at least 1 */

#endif
