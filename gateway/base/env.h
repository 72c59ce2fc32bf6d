/*
 * env: what a module needs of the world outside it, apart from sockets: the time, random octets, timers, and threads
 * for work that would block the loop. It is passed in as a value, so that everything that waits or draws lots runs in
 * tests on a clock and a seed of the test's own. The daemon's is in loop/env_uv.h.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct env_timer;

typedef void env_timer_fn(void *ctx);
typedef void env_work_fn(void *job);

struct env {
	/* Milliseconds of a clock that never jumps; for deadlines. */
	uint64_t (*now_ms)(void *ctx);
	/* Milliseconds since 1970 UTC; for what goes to others, such as TSIG's time signed. */
	uint64_t (*wall_ms)(void *ctx);
	/* Fills `len` octets with cryptographically strong random ones. Cannot fail. */
	void (*random)(void *ctx, void *octets, size_t len);

	/* Makes a timer at rest, which calls fn(fn_ctx) when it expires. NULL when out of memory. */
	struct env_timer *(*timer_new)(void *ctx, env_timer_fn *fn, void *fn_ctx);
	/* Sets when the timer expires, on the clock of now_ms, replacing what was set; a time that has passed means at
	   once, but never from within this call. */
	void (*timer_set)(struct env_timer *timer, uint64_t at_ms);
	void (*timer_stop)(struct env_timer *timer);
	/* Stops and frees it and sets *timer to NULL; allowed from within its own function. */
	void (*timer_free)(struct env_timer **timer);

	/*
	 * Has work(job) called on another thread, and then done(job) from the loop, never from within this call. There
	 * is no way back: until done(), the job is work()'s, which may touch nothing that the loop touches.
	 * STATUS_NO_MEMORY: neither is called.
	 */
	enum status (*work)(void *ctx, env_work_fn *work, env_work_fn *done, void *job);

	void *ctx;
};

/* A point in time that never comes. */
#define ENV_NEVER_MS UINT64_MAX

static inline uint64_t env_now_ms(const struct env *env)
{
	return env->now_ms(env->ctx);
}

static inline uint64_t env_wall_ms(const struct env *env)
{
	return env->wall_ms(env->ctx);
}

static inline uint64_t env_wall_s(const struct env *env)
{
	return env_wall_ms(env) / 1000;
}

MUST_USE static inline enum status env_work(const struct env *env, env_work_fn *work, env_work_fn *done, void *job)
{
	return env->work(env->ctx, work, done, job);
}

#endif
