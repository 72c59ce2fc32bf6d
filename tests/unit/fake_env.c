#include "fake_env.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include <cmocka.h>

enum {
	START_MS = 1000000,
	START_WALL_S = 1800000000,
	TURNS_MAX = 1000000, /* of one fake_env_advance(); more is a loop that never ends */
	FORETOLD_MAX = 64,
	DESCRIPTORS_MAX = 16,
	DESCRIPTOR_FIRST = 1 << 20, /* no descriptor of the process, which has less */
};

/* A timer of the code under test, or a call of the test's (then `once`). */
struct env_timer {
	TAILQ_ENTRY(env_timer) link;
	struct fake_env *fake;
	env_timer_fn *fn;
	void *fn_ctx;
	bool once;
	uint64_t at_ms; /* ENV_NEVER_MS: at rest */
	uint64_t order; /* among those of the same time */
};

/* Due as a timer is while something that it watches for is so. */
struct env_watch {
	TAILQ_ENTRY(env_watch) link;
	struct fake_env *fake;
	struct env_timer *timer;
	int fd;
	unsigned wanted;
	env_watch_fn *fn;
	void *fn_ctx;
};

struct fake_env {
	struct env env;
	TAILQ_HEAD(, env_timer) timers;
	uint64_t now_ms;
	uint64_t orders;
	uint64_t wall_s, wall_set_at_ms;
	struct fake_random random;
	uint8_t foretold[FORETOLD_MAX];
	size_t foretold_len;
	size_t works; /* that were given and not yet done */
	uint64_t work_ms;
	TAILQ_HEAD(, env_watch) watches;
	unsigned ready[DESCRIPTORS_MAX]; /* events, or FAKE_ENV_FAILED */
	int descriptors;
};

/* Work of the code under test, which is done in its turn on this thread. */
struct fake_work {
	struct fake_env *fake;
	env_work_fn *work, *done;
	void *job;
};

volatile unsigned fake_env_outside;

void *fake_env_calloc(size_t count, size_t size)
{
	void *memory;

	fake_env_outside++;
	memory = calloc(count, size);
	fake_env_outside--;
	assert_non_null(memory);
	return memory;
}

/* ---- Lots: splitmix64 ---- */

uint64_t fake_random_draw(struct fake_random *random)
{
	uint64_t value = random->state += 0x9e3779b97f4a7c15u;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
	value = (value ^ value >> 27) * 0x94d049bb133111ebu;
	return value ^ value >> 31;
}

unsigned fake_random_below(struct fake_random *random, unsigned bound)
{
	return (unsigned)(fake_random_draw(random) % bound);
}

uint64_t fake_random_seed(void)
{
	const char *given = getenv("DDNSGATE_TEST_SEED");
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = given ? strtoull(given, NULL, 0) : (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	print_message("DDNSGATE_TEST_SEED=%" PRIu64 " repeats this run\n", seed);
	return seed;
}

/* ---- The env's functions ---- */

static uint64_t env_now(void *ctx)
{
	return fake_env_now_ms(ctx);
}

static uint64_t env_wall(void *ctx)
{
	const struct fake_env *fake = ctx;

	return fake->wall_s * 1000 + fake->now_ms - fake->wall_set_at_ms;
}

static void env_random(void *ctx, void *octets, size_t len)
{
	struct fake_env *fake = ctx;
	uint8_t *at = octets;

	for (; len && fake->foretold_len; len--) {
		*at++ = fake->foretold[0];
		memmove(fake->foretold, fake->foretold + 1, --fake->foretold_len);
	}
	for (; len; len--)
		*at++ = (uint8_t)fake_random_draw(&fake->random);
}

static struct env_timer *add_timer(struct fake_env *fake, struct env_timer *timer, env_timer_fn *fn, void *fn_ctx)
{
	timer->fake = fake;
	timer->fn = fn;
	timer->fn_ctx = fn_ctx;
	timer->at_ms = ENV_NEVER_MS;
	TAILQ_INSERT_TAIL(&fake->timers, timer, link);
	return timer;
}

static struct env_timer *env_timer_new(void *ctx, env_timer_fn *fn, void *fn_ctx)
{
	struct env_timer *timer = calloc(1, sizeof *timer);

	return timer ? add_timer(ctx, timer, fn, fn_ctx) : NULL;
}

static void env_timer_set(struct env_timer *timer, uint64_t at_ms)
{
	assert_int_not_equal(at_ms, ENV_NEVER_MS);
	timer->at_ms = at_ms;
	timer->order = timer->fake->orders++;
}

static void env_timer_stop(struct env_timer *timer)
{
	timer->at_ms = ENV_NEVER_MS;
}

static void env_timer_free(struct env_timer **timer)
{
	if (*timer)
		TAILQ_REMOVE(&(*timer)->fake->timers, *timer, link);
	free(*timer);
	*timer = NULL;
}

static unsigned events_of(const struct env_watch *watch)
{
	unsigned ready = watch->fake->ready[watch->fd - DESCRIPTOR_FIRST];

	return ready & FAKE_ENV_FAILED ? watch->wanted : ready & watch->wanted;
}

static void look_at_watch(struct env_watch *watch)
{
	if (events_of(watch))
		env_timer_set(watch->timer, watch->fake->now_ms);
	else
		env_timer_stop(watch->timer);
}

/* It comes again, unless its function does something about it, which may be to free it. */
static void on_watch_due(void *ctx)
{
	struct env_watch *watch = ctx;

	look_at_watch(watch);
	watch->fn(watch->fn_ctx, events_of(watch));
}

static enum status env_watch_new(void *ctx, int fd, env_watch_fn *fn, void *fn_ctx, struct env_watch **out)
{
	struct fake_env *fake = ctx;
	struct env_watch *watch, *other;

	if (fd < DESCRIPTOR_FIRST || fd >= DESCRIPTOR_FIRST + fake->descriptors)
		return STATUS_INVALID;
	TAILQ_FOREACH(other, &fake->watches, link)
		assert_int_not_equal(other->fd, fd);
	watch = calloc(1, sizeof *watch);
	if (!watch)
		return STATUS_NO_MEMORY;
	*watch = (struct env_watch){.fake = fake, .fd = fd, .fn = fn, .fn_ctx = fn_ctx};
	watch->timer = env_timer_new(fake, on_watch_due, watch);
	if (!watch->timer) {
		free(watch);
		return STATUS_NO_MEMORY;
	}
	TAILQ_INSERT_TAIL(&fake->watches, watch, link);
	*out = watch;
	return STATUS_OK;
}

static void env_watch_set(struct env_watch *watch, unsigned events)
{
	watch->wanted = events;
	look_at_watch(watch);
}

static void env_watch_free(struct env_watch **watch)
{
	if (*watch) {
		TAILQ_REMOVE(&(*watch)->fake->watches, *watch, link);
		env_timer_free(&(*watch)->timer);
	}
	free(*watch);
	*watch = NULL;
}

static void do_work(void *ctx)
{
	struct fake_work work = *(struct fake_work *)ctx;
	unsigned outside = fake_env_outside;

	free(ctx);
	fake_env_outside = 0;
	work.work(work.job);
	work.fake->works--;
	work.done(work.job);
	fake_env_outside = outside;
}

static enum status env_do_work(void *ctx, env_work_fn *work, env_work_fn *done, void *job)
{
	struct fake_env *fake = ctx;
	struct fake_work *given = malloc(sizeof *given);

	if (!given)
		return STATUS_NO_MEMORY;
	*given = (struct fake_work){fake, work, done, job};
	fake->works++;
	fake_env_call_at(fake, fake->now_ms + fake->work_ms, do_work, given);
	return STATUS_OK;
}

/* ---- The test's side ---- */

struct fake_env *fake_env_new(uint64_t seed)
{
	struct fake_env *fake = fake_env_calloc(1, sizeof *fake);

	fake->env = (struct env){
		.now_ms = env_now,
		.wall_ms = env_wall,
		.random = env_random,
		.timer_new = env_timer_new,
		.timer_set = env_timer_set,
		.timer_stop = env_timer_stop,
		.timer_free = env_timer_free,
		.watch_new = env_watch_new,
		.watch_set = env_watch_set,
		.watch_free = env_watch_free,
		.work = env_do_work,
		.ctx = fake,
	};
	TAILQ_INIT(&fake->timers);
	TAILQ_INIT(&fake->watches);
	fake->now_ms = START_MS;
	fake->random.state = seed;
	fake_env_set_wall_s(fake, START_WALL_S);
	return fake;
}

void fake_env_free(struct fake_env **fake_pointer)
{
	struct fake_env *fake = *fake_pointer;
	size_t left = fake_env_timers(fake) + fake->works;
	struct env_timer *timer;
	struct env_watch *watch;

	while ((watch = TAILQ_FIRST(&fake->watches)))
		env_watch_free(&watch);
	while ((timer = TAILQ_FIRST(&fake->timers)))
		env_timer_free(&timer);
	free(fake);
	*fake_pointer = NULL;
	assert_int_equal(left, 0);
}

const struct env *fake_env_of(struct fake_env *fake)
{
	return &fake->env;
}

uint64_t fake_env_now_ms(const struct fake_env *fake)
{
	return fake->now_ms;
}

void fake_env_set_work_ms(struct fake_env *fake, uint64_t work_ms)
{
	fake->work_ms = work_ms;
}

int fake_env_descriptor(struct fake_env *fake)
{
	assert_true(fake->descriptors < DESCRIPTORS_MAX);
	return DESCRIPTOR_FIRST + fake->descriptors++;
}

void fake_env_set_ready(struct fake_env *fake, int fd, unsigned events)
{
	struct env_watch *watch;

	fake->ready[fd - DESCRIPTOR_FIRST] = events;
	TAILQ_FOREACH(watch, &fake->watches, link) {
		if (watch->fd == fd)
			look_at_watch(watch);
	}
}

void fake_env_set_wall_s(struct fake_env *fake, uint64_t wall_s)
{
	fake->wall_s = wall_s;
	fake->wall_set_at_ms = fake->now_ms;
}

uint64_t fake_env_wall_s(const struct fake_env *fake)
{
	return fake->wall_s + (fake->now_ms - fake->wall_set_at_ms) / 1000;
}

static struct env_timer *next_timer(const struct fake_env *fake)
{
	struct env_timer *timer, *next = NULL;

	TAILQ_FOREACH(timer, &fake->timers, link) {
		if (timer->at_ms == ENV_NEVER_MS)
			continue;
		if (!next || timer->at_ms < next->at_ms || (timer->at_ms == next->at_ms && timer->order < next->order))
			next = timer;
	}
	return next;
}

static void fire(struct env_timer *timer)
{
	env_timer_fn *fn = timer->fn;
	void *fn_ctx = timer->fn_ctx;
	bool once = timer->once;

	fake_env_outside += once;
	timer->at_ms = ENV_NEVER_MS;
	if (once)
		env_timer_free(&timer);
	fn(fn_ctx);
	fake_env_outside -= once;
}

void fake_env_advance(struct fake_env *fake, uint64_t ms)
{
	uint64_t until_ms = fake->now_ms + ms;
	struct env_timer *timer;
	unsigned turns = 0;

	while ((timer = next_timer(fake)) && timer->at_ms <= until_ms) {
		if (timer->at_ms > fake->now_ms)
			fake->now_ms = timer->at_ms;
		fire(timer);
		if (++turns == TURNS_MAX)
			fail_msg("the loop never comes to rest");
	}
	fake->now_ms = until_ms;
}

void fake_env_settle(struct fake_env *fake)
{
	fake_env_advance(fake, 0);
}

uint64_t fake_env_next_ms(const struct fake_env *fake)
{
	const struct env_timer *next = next_timer(fake);

	return next ? next->at_ms : ENV_NEVER_MS;
}

void fake_env_call_at(struct fake_env *fake, uint64_t at_ms, env_timer_fn *fn, void *ctx)
{
	struct env_timer *timer = add_timer(fake, fake_env_calloc(1, sizeof *timer), fn, ctx);

	timer->once = true;
	env_timer_set(timer, at_ms);
}

void fake_env_foretell(struct fake_env *fake, const void *octets, size_t len)
{
	assert_true(len <= sizeof fake->foretold - fake->foretold_len);
	memcpy(fake->foretold + fake->foretold_len, octets, len);
	fake->foretold_len += len;
}

size_t fake_env_timers(const struct fake_env *fake)
{
	const struct env_timer *timer;
	size_t count = 0;

	TAILQ_FOREACH(timer, &fake->timers, link)
		count += !timer->once;
	return count;
}
