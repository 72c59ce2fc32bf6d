/*
 * The longest turn of the loop, which is to be seen by whoever asks once a minute.
 */
#include "support.h"

#include "base/turns.h"

static void the_longest_turn_is_told_for_a_minute_and_forgotten_after_two(void **state)
{
	static const uint64_t begin_ms = 1000 * 1000;
	struct turns turns;

	(void)state;
	turns_init(&turns);
	assert_int_equal(turns_longest_us(&turns, begin_ms), 0);
	turns_add(&turns, 70000, begin_ms);
	turns_add(&turns, 100, begin_ms + 1);
	assert_int_equal(turns_longest_us(&turns, begin_ms + 2), 70000);
	for (uint64_t at_ms = begin_ms; at_ms < begin_ms + TURNS_WINDOW_MS; at_ms += 500)
		turns_add(&turns, 200, at_ms);
	turns_add(&turns, 300, begin_ms + TURNS_WINDOW_MS);
	assert_int_equal(turns_longest_us(&turns, begin_ms + TURNS_WINDOW_MS), 70000);
	turns_add(&turns, 100, begin_ms + (uint64_t)2 * TURNS_WINDOW_MS);
	assert_int_equal(turns_longest_us(&turns, begin_ms + (uint64_t)2 * TURNS_WINDOW_MS), 300);
}

static void a_turn_at_the_end_of_a_window_is_told_for_a_minute_too(void **state)
{
	static const uint64_t begin_ms = 1000 * 1000;
	struct turns turns;

	(void)state;
	turns_init(&turns);
	turns_add(&turns, 100, begin_ms);
	turns_add(&turns, 70000, begin_ms + TURNS_WINDOW_MS - 1);
	for (uint64_t after_ms = 0; after_ms < TURNS_WINDOW_MS; after_ms += 1000) {
		turns_add(&turns, 100, begin_ms + TURNS_WINDOW_MS - 1 + after_ms);
		assert_int_equal(turns_longest_us(&turns, begin_ms + TURNS_WINDOW_MS - 1 + after_ms), 70000);
	}
}

static void a_loop_that_has_slept_since_has_no_long_turn(void **state)
{
	struct turns turns;

	(void)state;
	turns_init(&turns);
	turns_add(&turns, 70000, 1000 * 1000);
	assert_int_equal(turns_longest_us(&turns, 2 * 1000 * 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_turn_is_told_for_a_minute_and_forgotten_after_two),
		cmocka_unit_test(a_turn_at_the_end_of_a_window_is_told_for_a_minute_too),
		cmocka_unit_test(a_loop_that_has_slept_since_has_no_long_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
