/*
 * The soft lock: a token bucket for each login and source.
 */
#include "support.h"

#include "account/throttle.h"

#include <stdio.h>

enum { FAILURES_MAX = 5, RECOVERY_S = 300, START_MS = 1000000 };

static const struct addr here = {.family = ADDR_V4, .octets = {192, 0, 2, 1}};
static const struct addr elsewhere = {.family = ADDR_V4, .octets = {192, 0, 2, 2}};

static int setup(void **state)
{
	struct throttle_limits limits = {.failures_max = FAILURES_MAX, .recovery_s = RECOVERY_S, .seed = 7};

	return throttle_new(&limits, (struct throttle **)state) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
	throttle_free((struct throttle **)state);
	return *state ? -1 : 0;
}

static void guess(struct throttle *throttle, const char *login, unsigned times, uint64_t now_ms)
{
	for (unsigned i = 0; i < times; i++)
		throttle_failed(throttle, text_of(login), 0, &here, now_ms);
}

static unsigned wait_s(struct throttle *throttle, const char *login, const struct addr *source, uint64_t now_ms)
{
	return throttle_wait_s(throttle, text_of(login), 0, source, now_ms);
}

static void as_many_failures_as_allowed_lock(void **state)
{
	guess(*state, "alice", FAILURES_MAX - 1, START_MS);
	assert_int_equal(wait_s(*state, "alice", &here, START_MS), 0);
	guess(*state, "alice", 1, START_MS);
	assert_int_equal(wait_s(*state, "alice", &here, START_MS), RECOVERY_S / FAILURES_MAX);
}

/* And does not open again what was locked before. */
static void another_stamp_is_another_lock(void **state)
{
	for (unsigned i = 0; i < FAILURES_MAX; i++)
		throttle_failed(*state, text_of("alice"), 1, &here, START_MS);
	assert_true(throttle_wait_s(*state, text_of("alice"), 1, &here, START_MS) > 0);
	assert_int_equal(throttle_wait_s(*state, text_of("alice"), 0, &here, START_MS), 0);
	assert_int_equal(throttle_wait_s(*state, text_of("alice"), 2, &here, START_MS), 0);
	assert_true(throttle_suspicion(*state, text_of("alice"), &elsewhere, START_MS) > 0);
}

static void attempts_come_back_one_after_the_other(void **state)
{
	uint64_t token_ms = 1000 * RECOVERY_S / FAILURES_MAX;

	guess(*state, "alice", FAILURES_MAX, START_MS);
	assert_int_equal(wait_s(*state, "alice", &here, START_MS + token_ms - 1), 1);
	assert_int_equal(wait_s(*state, "alice", &here, START_MS + token_ms), 0);
	guess(*state, "alice", 1, START_MS + token_ms);
	assert_true(wait_s(*state, "alice", &here, START_MS + token_ms) > 0);
	assert_int_equal(wait_s(*state, "alice", &here, START_MS + 2 * token_ms), 0);
}

static void nobody_else_is_locked(void **state)
{
	guess(*state, "alice", 10 * FAILURES_MAX, START_MS);
	assert_int_equal(wait_s(*state, "Alice", &here, START_MS), 0);
	assert_int_equal(wait_s(*state, "bob", &here, START_MS), 0);
	assert_int_equal(wait_s(*state, "alice", &elsewhere, START_MS), 0);
}

static void a_64_is_one_source(void **state)
{
	struct addr one = {.family = ADDR_V6, .octets = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, [15] = 1}}, two = one,
		    other = one;

	two.octets[15] = 2;
	other.octets[7] = 2;
	for (unsigned i = 0; i < FAILURES_MAX; i++)
		throttle_failed(*state, text_of("alice"), 0, &one, START_MS);
	assert_true(wait_s(*state, "alice", &two, START_MS) > 0);
	assert_int_equal(wait_s(*state, "alice", &other, START_MS), 0);
}

/* A thousand addresses at one login: whoever fails is told to wait, and the right key opens as ever. */
static void many_sources_make_a_login_suspect_but_do_not_lock_it(void **state)
{
	struct addr source = here;

	for (unsigned i = 0; i < THROTTLE_WIDE * FAILURES_MAX; i++) {
		source.octets[3] = (uint8_t)i;
		assert_int_equal(throttle_failed(*state, text_of("alice"), 0, &source, START_MS), 0);
	}
	assert_true(throttle_suspicion(*state, text_of("alice"), &elsewhere, START_MS) > 0);
	assert_int_equal(wait_s(*state, "alice", &elsewhere, START_MS), 0);
	assert_true(throttle_failed(*state, text_of("alice"), 0, &elsewhere, START_MS) > 0);
	assert_int_equal(throttle_suspicion(*state, text_of("bob"), &elsewhere, START_MS), 0);
	assert_int_equal(throttle_failed(*state, text_of("bob"), 0, &elsewhere, START_MS), 0);
	/* It is forgotten as slowly as it came. */
	assert_true(throttle_suspicion(*state, text_of("alice"), &elsewhere, START_MS + 5000 * RECOVERY_S) > 0);
	assert_int_equal(throttle_suspicion(*state, text_of("alice"), &elsewhere,
					    START_MS + 1000 * (THROTTLE_WIDE + 1) * RECOVERY_S),
			 0);
}

/* One address at a thousand logins. */
static void many_logins_make_a_source_suspect_but_do_not_lock_it(void **state)
{
	char login[16];

	for (unsigned i = 0; i < THROTTLE_WIDE * FAILURES_MAX; i++) {
		snprintf(login, sizeof login, "user%u", i);
		assert_int_equal(throttle_failed(*state, text_of(login), 0, &here, START_MS), 0);
	}
	assert_true(throttle_suspicion(*state, text_of("alice"), &here, START_MS) > 0);
	assert_int_equal(wait_s(*state, "alice", &here, START_MS), 0);
	assert_true(throttle_failed(*state, text_of("alice"), 0, &here, START_MS) > 0);
	assert_int_equal(throttle_suspicion(*state, text_of("alice"), &elsewhere, START_MS), 0);
}

static void a_few_failures_make_a_suspect(void **state)
{
	uint64_t token_ms = 1000 * RECOVERY_S / FAILURES_MAX;

	guess(*state, "alice", THROTTLE_SUSPECT - 1, START_MS);
	assert_int_equal(throttle_suspicion(*state, text_of("alice"), &here, START_MS), 0);
	guess(*state, "bob", 1, START_MS);
	assert_true(throttle_suspicion(*state, text_of("carol"), &here, START_MS) > 0);
	assert_int_equal(throttle_suspicion(*state, text_of("carol"), &elsewhere, START_MS), 0);
	assert_int_equal(throttle_suspicion(*state, text_of("carol"), &here, START_MS + token_ms), 0);
}

/* Whoever comes from elsewhere to a login that is guessed at is the least suspicious there, and still a suspect. */
static void suspicion_grows_with_the_failures_of_the_source(void **state)
{
	assert_int_equal(throttle_suspicion(*state, text_of("alice"), &here, START_MS), 0);
	guess(*state, "alice", THROTTLE_SUSPECT, START_MS);
	assert_int_equal(throttle_suspicion(*state, text_of("alice"), &here, START_MS), 1 + THROTTLE_SUSPECT);
	assert_int_equal(throttle_suspicion(*state, text_of("alice"), &elsewhere, START_MS), 1);
	guess(*state, "bob", 1, START_MS);
	assert_int_equal(throttle_suspicion(*state, text_of("alice"), &here, START_MS), 2 + THROTTLE_SUSPECT);
	assert_int_equal(throttle_suspicion(*state, text_of("alice"), &elsewhere, START_MS), 1);
}

/* More than one comes back in each millisecond. */
static void a_bound_that_is_hardly_one_is_one(void **state)
{
	const struct throttle_limits limits = {.failures_max = 100000, .recovery_s = 1, .seed = 7};

	throttle_set_limits(*state, &limits);
	assert_int_equal(throttle_suspicion(*state, text_of("alice"), &here, START_MS), 0);
	guess(*state, "alice", limits.failures_max - 1, START_MS);
	assert_int_equal(wait_s(*state, "alice", &here, START_MS), 0);
	guess(*state, "alice", 1, START_MS);
	assert_int_equal(wait_s(*state, "alice", &here, START_MS), 1);
}

static void a_flood_of_addresses_does_not_free_who_is_locked(void **state)
{
	guess(*state, "alice", FAILURES_MAX, START_MS);
	for (unsigned i = 0; i < 1000000; i++) {
		struct addr source = {.family = ADDR_V6, .octets = {0x20, 1, 0xd, 0xb8}};

		memcpy(source.octets + 4, &i, sizeof i);
		(void)throttle_failed(*state, text_of("mallory"), 0, &source, START_MS);
	}
	assert_true(wait_s(*state, "alice", &here, START_MS) > 0);
}

static void changes_are_bounded_by_login_and_by_source(void **state)
{
	struct throttle_limits limits = {.changes_max = 3, .source_changes_max = 5, .changes_window_s = 60, .seed = 7};
	struct throttle *throttle;

	(void)state;
	assert_int_equal(throttle_new(&limits, &throttle), STATUS_OK);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(throttle_change_wait_s(throttle, text_of("alice"), &here, START_MS), 0);
		throttle_changed(throttle, text_of("alice"), &here, START_MS);
	}
	assert_int_equal(throttle_change_wait_s(throttle, text_of("alice"), &here, START_MS), 20);
	assert_int_equal(throttle_change_wait_s(throttle, text_of("alice"), &elsewhere, START_MS), 20);
	assert_int_equal(throttle_change_wait_s(throttle, text_of("alice"), &here, START_MS + 20000), 0);
	assert_int_equal(throttle_change_wait_s(throttle, text_of("bob"), &here, START_MS), 0);
	for (unsigned i = 0; i < 2; i++)
		throttle_changed(throttle, text_of("bob"), &here, START_MS);
	assert_int_equal(throttle_change_wait_s(throttle, text_of("carol"), &here, START_MS), 12);
	assert_int_equal(throttle_change_wait_s(throttle, text_of("carol"), &elsewhere, START_MS), 0);
	/* Failures have buckets of their own. */
	assert_int_equal(throttle_wait_s(throttle, text_of("alice"), 0, &here, START_MS), 0);
	throttle_free(&throttle);
}

static void what_was_under_way_is_owed(void **state)
{
	struct throttle_limits limits = {.changes_max = 1, .changes_window_s = 60};
	struct throttle *throttle;

	(void)state;
	assert_int_equal(throttle_new(&limits, &throttle), STATUS_OK);
	for (unsigned i = 0; i < 100; i++)
		throttle_changed(throttle, text_of("alice"), &here, START_MS);
	assert_int_equal(throttle_change_wait_s(throttle, text_of("alice"), &here, START_MS), 120);
	throttle_free(&throttle);
}

static void without_a_bound_nobody_is_locked(void **state)
{
	struct throttle_limits limits = {.failures_max = 0, .recovery_s = RECOVERY_S};
	struct throttle *throttle;

	(void)state;
	assert_int_equal(throttle_new(&limits, &throttle), STATUS_OK);
	guess(throttle, "alice", 1000, START_MS);
	assert_int_equal(wait_s(throttle, "alice", &here, START_MS), 0);
	assert_int_equal(throttle_suspicion(throttle, text_of("alice"), &here, START_MS), 0);
	assert_int_equal(throttle_change_wait_s(throttle, text_of("alice"), &here, START_MS), 0);
	throttle_free(&throttle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_many_failures_as_allowed_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(attempts_come_back_one_after_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(another_stamp_is_another_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_else_is_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(a_64_is_one_source, setup, teardown),
		cmocka_unit_test_setup_teardown(many_sources_make_a_login_suspect_but_do_not_lock_it, setup, teardown),
		cmocka_unit_test_setup_teardown(many_logins_make_a_source_suspect_but_do_not_lock_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_few_failures_make_a_suspect, setup, teardown),
		cmocka_unit_test_setup_teardown(suspicion_grows_with_the_failures_of_the_source, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bound_that_is_hardly_one_is_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flood_of_addresses_does_not_free_who_is_locked, setup, teardown),
		cmocka_unit_test(changes_are_bounded_by_login_and_by_source),
		cmocka_unit_test(what_was_under_way_is_owed),
		cmocka_unit_test(without_a_bound_nobody_is_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
