/*
 * What counts as a turn of the loop: what it does, and not what it waits.
 */
#include "support.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "loop/meter.h"

enum { LONG_MS = 60 };

static void pause_for(unsigned ms)
{
	const struct timespec time = {.tv_nsec = (long)ms * 1000 * 1000};

	nanosleep(&time, NULL);
}

static void be_slow(uv_timer_t *timer)
{
	(void)timer;
	pause_for(LONG_MS);
}

static void be_quick(uv_timer_t *timer)
{
	(void)timer;
}

static uint64_t longest_of(uv_timer_cb act, uint64_t wait_ms)
{
	uv_loop_t loop;
	uv_timer_t timer;
	struct meter meter;
	uint64_t longest_us;

	assert_int_equal(uv_loop_init(&loop), 0);
	meter_init(&meter, &loop);
	meter_start(&meter);
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, be_quick, 0, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_timer_start(&timer, act, wait_ms, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_timer_start(&timer, be_quick, 1, 0); /* the next turn ends the one that is measured */
	uv_run(&loop, UV_RUN_DEFAULT);
	longest_us = turns_longest_us(&meter.turns, uv_now(&loop));
	assert_true(meter.turns.took_us.sum >= longest_us);
	meter_fini(&meter);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return longest_us;
}

static void what_the_loop_does_is_measured(void **state)
{
	(void)state;
	assert_true(longest_of(be_slow, 1) >= (uint64_t)LONG_MS * 1000);
}

static void what_it_waits_is_not(void **state)
{
	enum { WAIT_MS = 1000 };

	(void)state;
	assert_true(longest_of(be_quick, WAIT_MS) < (uint64_t)WAIT_MS * 1000 / 2);
}

static void on_signal(uv_signal_t *signal, int number)
{
	(void)number;
	meter_restart(signal->data);
	uv_signal_stop(signal);
}

/* libuv forgets what it has waited when a signal comes. */
static void nor_is_a_wait_that_a_signal_ends(void **state)
{
	enum { ALARM_MS = 300 };
	const struct itimerval alarm = {.it_value = {.tv_usec = ALARM_MS * 1000}};
	uv_loop_t loop;
	uv_signal_t signal;
	struct meter meter;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	meter_init(&meter, &loop);
	meter_start(&meter);
	uv_signal_init(&loop, &signal);
	signal.data = &meter;
	uv_signal_start(&signal, on_signal, SIGALRM);
	assert_int_equal(setitimer(ITIMER_REAL, &alarm, NULL), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	meter_fini(&meter);
	uv_close((uv_handle_t *)&signal, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(turns_longest_us(&meter.turns, uv_now(&loop)) < (uint64_t)ALARM_MS * 1000 / 2);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_loop_does_is_measured),
		cmocka_unit_test(what_it_waits_is_not),
		cmocka_unit_test(nor_is_a_wait_that_a_signal_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
