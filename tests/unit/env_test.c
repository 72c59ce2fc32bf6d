/*
 * What base/env.h promises of watches on descriptors, kept by the daemon's env on real ones and by the tests' own.
 */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_env.h"
#include "loop/env_uv.h"

enum { TURNS = 8 };

/* An env with a descriptor, and how to make something of that so. */
struct world {
	struct env env;
	int fd;
	void (*set_ready)(struct world *world, unsigned events);
	void (*break_off)(struct world *world);
	void (*run)(struct world *world);

	struct fake_env *fake;

	uv_loop_t loop;
	int other; /* end of the pair */
};

/* ---- The tests' own ---- */

static void set_fake_ready(struct world *world, unsigned events)
{
	fake_env_set_ready(world->fake, world->fd, events);
}

static void fail_fake(struct world *world)
{
	fake_env_set_ready(world->fake, world->fd, FAKE_ENV_FAILED);
}

static void run_fake(struct world *world)
{
	fake_env_settle(world->fake);
}

static int open_fake(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	world->fake = fake_env_new(1);
	world->env = *fake_env_of(world->fake);
	world->fd = fake_env_descriptor(world->fake);
	world->set_ready = set_fake_ready;
	world->break_off = fail_fake;
	world->run = run_fake;
	*state = world;
	return 0;
}

static int close_fake(void **state)
{
	struct world *world = *state;

	fake_env_free(&world->fake);
	free(world);
	return 0;
}

/* ---- The daemon's ---- */

static void drain(int fd)
{
	char octets[4096];

	while (recv(fd, octets, sizeof octets, MSG_DONTWAIT) > 0)
		;
}

static void fill(int fd)
{
	static const char octets[4096];

	while (send(fd, octets, sizeof octets, MSG_DONTWAIT) > 0)
		;
}

static void set_real_ready(struct world *world, unsigned events)
{
	drain(world->fd);
	if (events & ENV_READABLE)
		assert_int_equal(send(world->other, "x", 1, 0), 1);
	drain(world->other);
	if (!(events & ENV_WRITABLE))
		fill(world->fd);
}

/* The end of a pair has failed when the other one is closed with something unread. */
static void fail_real(struct world *world)
{
	assert_int_equal(send(world->fd, "x", 1, 0), 1);
	close(world->other);
	world->other = -1;
}

static void run_real(struct world *world)
{
	for (unsigned turn = 0; turn < TURNS; turn++)
		uv_run(&world->loop, UV_RUN_NOWAIT);
}

static int open_real(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	int fds[2];

	assert_non_null(world);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	world->env = env_uv(&world->loop);
	world->fd = fds[0];
	world->other = fds[1];
	world->set_ready = set_real_ready;
	world->break_off = fail_real;
	world->run = run_real;
	set_real_ready(world, 0);
	*state = world;
	return 0;
}

/* Closing the loop fails if a handle is left. */
static int close_real(void **state)
{
	struct world *world = *state;

	close(world->fd);
	if (world->other >= 0)
		close(world->other);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	free(world);
	return 0;
}

/* ---- The contract ---- */

/* Who is told, and makes an end of it at the `enough`th time: nothing is so any more, or nobody watches. */
struct owner {
	struct world *world;
	struct env_watch *watch;
	unsigned told, enough;
	unsigned last, all; /* events */
	bool frees;
};

static void on_event(void *ctx, unsigned events)
{
	struct owner *owner = ctx;

	owner->last = events;
	owner->all |= events;
	if (++owner->told != owner->enough)
		return;
	if (owner->frees)
		owner->world->env.watch_free(&owner->watch);
	else
		owner->world->env.watch_set(owner->watch, 0);
}

static struct owner own(struct world *world)
{
	return (struct owner){.world = world, .enough = 1};
}

static void begin(struct owner *owner, unsigned events)
{
	const struct env *env = &owner->world->env;

	assert_int_equal(env->watch_new(env->ctx, owner->world->fd, on_event, owner, &owner->watch), STATUS_OK);
	if (events)
		env->watch_set(owner->watch, events);
}

static void end(struct owner *owner)
{
	owner->world->env.watch_free(&owner->watch);
	assert_null(owner->watch);
	owner->world->run(owner->world);
}

static void a_watch_at_rest_says_nothing(void **state)
{
	struct owner owner = own(*state);

	begin(&owner, 0);
	owner.world->set_ready(owner.world, ENV_READABLE | ENV_WRITABLE);
	owner.world->run(owner.world);
	assert_int_equal(owner.told, 0);
	end(&owner);
}

static void nothing_is_told_that_is_not_so(void **state)
{
	struct owner owner = own(*state);

	begin(&owner, ENV_READABLE | ENV_WRITABLE);
	owner.world->run(owner.world);
	assert_int_equal(owner.told, 0);
	end(&owner);
}

static void what_is_so_already_is_told_but_not_from_within_the_call(void **state)
{
	struct owner owner = own(*state);

	owner.world->set_ready(owner.world, ENV_READABLE);
	begin(&owner, ENV_READABLE);
	assert_int_equal(owner.told, 0);
	owner.world->run(owner.world);
	assert_int_equal(owner.told, 1);
	assert_int_equal(owner.last, ENV_READABLE);
	end(&owner);
}

static void what_becomes_so_is_told(void **state)
{
	struct owner owner = own(*state);

	begin(&owner, ENV_READABLE | ENV_WRITABLE);
	owner.world->run(owner.world);
	owner.world->set_ready(owner.world, ENV_WRITABLE);
	owner.world->run(owner.world);
	assert_int_equal(owner.told, 1);
	assert_int_equal(owner.last, ENV_WRITABLE);
	end(&owner);
}

static void only_what_is_watched_for_is_told(void **state)
{
	struct owner owner = own(*state);

	begin(&owner, ENV_WRITABLE);
	owner.world->set_ready(owner.world, ENV_READABLE | ENV_WRITABLE);
	owner.world->run(owner.world);
	assert_int_equal(owner.all, ENV_WRITABLE);
	owner.enough = owner.told + 1;
	owner.world->env.watch_set(owner.watch, ENV_READABLE);
	owner.world->run(owner.world);
	assert_int_equal(owner.last, ENV_READABLE);
	end(&owner);
}

static void it_is_told_in_each_turn_while_it_is_so(void **state)
{
	struct owner owner = own(*state);

	owner.enough = 3;
	owner.world->set_ready(owner.world, ENV_READABLE);
	begin(&owner, ENV_READABLE);
	owner.world->run(owner.world);
	assert_int_equal(owner.told, 3);
	end(&owner);
}

static void what_is_not_so_any_more_is_not_told(void **state)
{
	struct owner owner = own(*state);

	begin(&owner, ENV_READABLE);
	owner.world->set_ready(owner.world, ENV_READABLE);
	owner.world->set_ready(owner.world, 0);
	owner.world->run(owner.world);
	assert_int_equal(owner.told, 0);
	end(&owner);
}

static void it_may_be_freed_from_within_its_function(void **state)
{
	struct owner owner = own(*state);

	owner.frees = true;
	owner.world->set_ready(owner.world, ENV_READABLE);
	begin(&owner, ENV_READABLE);
	owner.world->run(owner.world);
	assert_int_equal(owner.told, 1);
	assert_null(owner.watch);
	begin(&owner, 0); /* and another one made in its place */
	end(&owner);
}

static void a_failed_descriptor_is_told_as_all_that_is_watched_for(void **state)
{
	struct owner owner = own(*state);

	owner.enough = 3;
	owner.world->set_ready(owner.world, ENV_WRITABLE);
	begin(&owner, ENV_READABLE);
	owner.world->break_off(owner.world);
	owner.world->run(owner.world);
	assert_int_equal(owner.told, 3);
	assert_int_equal(owner.all, ENV_READABLE);
	end(&owner);
}

static void what_is_no_descriptor_is_refused(void **state)
{
	struct world *world = *state;
	struct env_watch *watch = NULL;

	assert_int_equal(world->env.watch_new(world->env.ctx, -1, on_event, NULL, &watch), STATUS_INVALID);
	assert_null(watch);
	world->env.watch_free(&watch);
}

#define CONTRACT(setup, teardown)                                                                                      \
	cmocka_unit_test_setup_teardown(a_watch_at_rest_says_nothing, setup, teardown),                                \
		cmocka_unit_test_setup_teardown(nothing_is_told_that_is_not_so, setup, teardown),                      \
		cmocka_unit_test_setup_teardown(what_is_so_already_is_told_but_not_from_within_the_call, setup,        \
						teardown),                                                             \
		cmocka_unit_test_setup_teardown(what_becomes_so_is_told, setup, teardown),                             \
		cmocka_unit_test_setup_teardown(only_what_is_watched_for_is_told, setup, teardown),                    \
		cmocka_unit_test_setup_teardown(it_is_told_in_each_turn_while_it_is_so, setup, teardown),              \
		cmocka_unit_test_setup_teardown(what_is_not_so_any_more_is_not_told, setup, teardown),                 \
		cmocka_unit_test_setup_teardown(it_may_be_freed_from_within_its_function, setup, teardown),            \
		cmocka_unit_test_setup_teardown(a_failed_descriptor_is_told_as_all_that_is_watched_for, setup,         \
						teardown),                                                             \
		cmocka_unit_test_setup_teardown(what_is_no_descriptor_is_refused, setup, teardown)

static void what_nothing_can_be_waited_for_on_is_refused(void **state)
{
	struct world *world = *state;
	FILE *plain = tmpfile();
	struct env_watch *watch = NULL;

	assert_non_null(plain);
	assert_int_equal(world->env.watch_new(world->env.ctx, fileno(plain), on_event, NULL, &watch), STATUS_INVALID);
	assert_null(watch);
	fclose(plain);
}

int main(void)
{
	const struct CMUnitTest fake[] = {CONTRACT(open_fake, close_fake)};
	const struct CMUnitTest real[] = {
		CONTRACT(open_real, close_real),
		cmocka_unit_test_setup_teardown(what_nothing_can_be_waited_for_on_is_refused, open_real, close_real),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("fake_env", fake, NULL, NULL) +
	       cmocka_run_group_tests_name("env_uv", real, NULL, NULL);
}
