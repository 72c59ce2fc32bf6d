/*
 * env: what a module needs from the world outside: the time, random octets, timers, watches on descriptors that belong
 * to other libraries, and threads for work that would block the loop. It is passed in as a value, so that in tests
 * everything that waits or draws lots runs on a clock and a seed of the test's own. The daemon's env is in
 * loop/env_uv.h.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct env_timer;
struct env_watch;

enum env_event {
	ENV_READABLE = 1 << 0, /* there are octets, or the end of them, or a connection to accept */
	ENV_WRITABLE = 1 << 1,
};

typedef void env_timer_fn(void *ctx);

/*
 * `events`: those of the watched events that have happened; all of them if the descriptor has failed, which the next
 * call on it then reports.
 */
typedef void env_watch_fn(void *ctx, unsigned events);

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
	 * Makes a watch at rest on a descriptor, which calls fn(fn_ctx, events). The descriptor stays the caller's: it
	 * has to remain open until the watch is freed, and may have one watch at most. STATUS_INVALID for a number that
	 * is no descriptor, and for one that cannot be waited for, such as a plain file. STATUS_NO_MEMORY. Makes the
	 * descriptor non-blocking.
	 */
	enum status (*watch_new)(void *ctx, int fd, env_watch_fn *fn, void *fn_ctx, struct env_watch **out);
	/*
	 * Sets what is watched for: events of enum env_event, or 0 for none. Replaces what was set. As long as one of
	 * them holds, fn is called in each turn of the loop, but never from within this call.
	 */
	void (*watch_set)(struct env_watch *watch, unsigned events);
	/* Frees it and sets *watch to NULL; allowed from within its own function. The descriptor may be closed then. */
	void (*watch_free)(struct env_watch **watch);

	/*
	 * Has work(job) called on another thread, and then done(job) from the loop, never from within this call. It
	 * cannot be taken back: until done() the job belongs to work(), which must not touch anything that the loop
	 * touches. STATUS_NO_MEMORY: neither is called.
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
