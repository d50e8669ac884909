/*
 * A pool of POSIX threads that waits on a condition variable. One job at a
 * time; chunks are handed out by an atomic counter. A wake-up costs about
 * 10 us, so callers keep work under that in one chunk. A helper that is late,
 * for other processes have its processor, finds the job closed: nobody waits
 * for it.
 */
#include "base/par.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/die.h"

#define SPINS 2000

struct job {
	par_fn *fn;
	void *ctx;
	size_t n;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct job job;
	atomic_size_t next;	/* the next chunk to hand out */
	atomic_ullong round;	/* changes when there is a new job */
	int wanted;		/* workers that may take part in this job; 0: it is closed */
	int started;		/* helper threads that exist */
	atomic_int busy;	/* helpers that take part and have not finished */
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER,
	   .done = PTHREAD_COND_INITIALIZER };

static void work_off(struct job job, int worker)
{
	for (;;) {
		size_t i = atomic_fetch_add(&pool.next, 1);
		if (i >= job.n)
			return;
		job.fn(job.ctx, i, worker);
	}
}

static void *helper(void *arg)
{
	int worker = (int)(intptr_t)arg;
	unsigned long long seen = 0;
	for (;;) {
		for (int i = 0; i < SPINS && atomic_load(&pool.round) == seen; i++)
			__builtin_ia32_pause();
		pthread_mutex_lock(&pool.lock);
		while (atomic_load(&pool.round) == seen)
			pthread_cond_wait(&pool.work, &pool.lock);
		seen = atomic_load(&pool.round);
		struct job job = pool.job;
		int takes_part = worker < pool.wanted;
		atomic_fetch_add(&pool.busy, takes_part);
		pthread_mutex_unlock(&pool.lock);
		if (!takes_part)
			continue;
		work_off(job, worker);
		pthread_mutex_lock(&pool.lock);
		if (atomic_fetch_sub(&pool.busy, 1) == 1)
			pthread_cond_signal(&pool.done);
		pthread_mutex_unlock(&pool.lock);
	}
	return NULL;
}

/* Starts helpers up to `threads` workers in all; fewer when the system refuses. */
static int start_helpers(int threads)
{
	while (pool.started + 1 < threads) {
		pthread_t t;
		if (pthread_create(&t, NULL, helper, (void *)(intptr_t)(pool.started + 1)) != 0)
			break;
		pthread_detach(t);
		pool.started++;
	}
	return pool.started + 1 < threads ? pool.started + 1 : threads;
}

void par_for(int threads, size_t n, par_fn *fn, void *ctx)
{
	if (threads > PAR_MAX)
		threads = PAR_MAX;
	if ((size_t)threads > n)
		threads = (int)n;
	if (threads > 1)
		threads = start_helpers(threads);
	if (threads <= 1) {
		for (size_t i = 0; i < n; i++)
			fn(ctx, i, 0);
		return;
	}
	struct job job = { fn, ctx, n };
	pthread_mutex_lock(&pool.lock);
	pool.job = job;
	pool.wanted = threads;
	atomic_store(&pool.next, 0);
	atomic_fetch_add(&pool.round, 1);
	pthread_cond_broadcast(&pool.work);
	pthread_mutex_unlock(&pool.lock);
	work_off(job, 0);
	for (int i = 0; i < SPINS && atomic_load(&pool.busy) > 0; i++)
		__builtin_ia32_pause();
	pthread_mutex_lock(&pool.lock);
	pool.wanted = 0;
	while (atomic_load(&pool.busy) > 0)
		pthread_cond_wait(&pool.done, &pool.lock);
	pthread_mutex_unlock(&pool.lock);
}

int par_cores(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n < 1 ? 1 : n;
}
