/*
 * fake_env: an env (base/env.h) whose time stands still until the test moves it, and whose lots are drawn from a
 * seed.
 *
 * The clock only moves in fake_env_advance(), which runs timers and calls in the order of their times, and those of
 * the same time in the order in which they were set. Work for other threads is done then, too, on this one. Misuse
 * fails the test that is running.
 */
#ifndef TESTS_FAKE_ENV_H
#define TESTS_FAKE_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "base/env.h"

/* Defined in a build with a sanitizer that replaces the allocator; it is many times slower, too. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TESTS_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TESTS_SANITIZED
#endif

struct fake_env;

struct fake_env *fake_env_new(uint64_t seed);

/* Fails the test if the code under test still holds a timer or a watch, or waits for work. Sets *fake to NULL. */
void fake_env_free(struct fake_env **fake);

/* The env, which belongs to the fake. */
const struct env *fake_env_of(struct fake_env *fake);

uint64_t fake_env_now_ms(const struct fake_env *fake);

/* Sets the wall clock, which then runs along with the other one; nothing expires because of it. */
void fake_env_set_wall_s(struct fake_env *fake, uint64_t wall_s);
uint64_t fake_env_wall_s(const struct fake_env *fake);

/* How long work for other threads takes from now on; at first no time. */
void fake_env_set_work_ms(struct fake_env *fake, uint64_t work_ms);

/* A descriptor that the code under test can watch, and do nothing else with; of it nothing is so at first. */
int fake_env_descriptor(struct fake_env *fake);

/* What is so of it from now on: events of enum env_event, or that it has failed. */
enum { FAKE_ENV_FAILED = 1 << 16 };
void fake_env_set_ready(struct fake_env *fake, int fd, unsigned events);

/* Runs all that is due in the next `ms` milliseconds, each at its time, and ends that much later. */
void fake_env_advance(struct fake_env *fake, uint64_t ms);

/* Runs all that is due now, and what that makes due at once. */
void fake_env_settle(struct fake_env *fake);

/* When something is due next; ENV_NEVER_MS if nothing is. */
uint64_t fake_env_next_ms(const struct fake_env *fake);

/* Calls fn(ctx) at that time from the loop, once. What was not called at the end is forgotten. */
void fake_env_call_at(struct fake_env *fake, uint64_t at_ms, env_timer_fn *fn, void *ctx);

/* The next random octets that the code under test draws; after them the seed rules again. */
void fake_env_foretell(struct fake_env *fake, const void *octets, size_t len);

/* Timers and watches that the code under test holds, at rest or not. */
size_t fake_env_timers(const struct fake_env *fake);

/*
 * Greater than 0 while the world of the tests (clock, network, calls set with fake_env_call_at) is at work rather
 * than the code under test: what allocates meanwhile is not a target of failing allocations. Volatile, because the
 * compiler takes it that malloc() does not look at it.
 */
extern volatile unsigned fake_env_outside;

/* calloc() for the tests' own world, which cannot fail. */
void *fake_env_calloc(size_t count, size_t size);

/* ---- A test's own lots ---- */

struct fake_random {
	uint64_t state;
};

uint64_t fake_random_draw(struct fake_random *random);

/* 0 to bound - 1. */
unsigned fake_random_below(struct fake_random *random, unsigned bound);

/* The seed of this run: DDNSGATE_TEST_SEED if that is set, else one that no run had before; printed either way. */
uint64_t fake_random_seed(void);

#endif
