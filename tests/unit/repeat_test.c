/*
 * Causes that repeat: one line, then counts, on a clock that the tests move; in bounded memory, and never silently
 * lost.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/repeat.h"
#include "fake_env.h"

static struct {
	struct fake_env *fake;
	size_t count;
	char last[4096];
	uint64_t occurrences; /* that the lines tell of, counts included */
} world;

static uint64_t number_after(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void take(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	assert_true(len < sizeof world.last);
	memcpy(world.last, line, len);
	world.last[len] = '\0';
	world.count++;
	world.occurrences += number_after(world.last, " repeated=") + number_after(world.last, " others=");
	world.occurrences += !strstr(world.last, " repeated=") && !strstr(world.last, " others=");
}

static int start(void **state)
{
	(void)state;
	memset(&world, 0, sizeof world);
	world.fake = fake_env_new(1);
	log_set_sink(take, NULL);
	log_set_level(LOG_INFO);
	assert_int_equal(repeat_begin(fake_env_of(world.fake)), STATUS_OK);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	repeat_end();
	log_set_sink(NULL, NULL);
	log_set_level(LOG_INFO);
	fake_env_free(&world.fake);
	return 0;
}

static void fail_in(const char *zone, const char *text, int64_t id)
{
	LOG_REPEATED(LOG_WARNING, "primary-failed", log_detail(log_number("id", id)), log_text("zone", zone),
		     log_text("text", text));
}

static void assert_last(const char *wanted)
{
	const char *line = strchr(world.last, ' ');

	assert_non_null(line);
	assert_string_equal(line + 1, wanted);
}

static void a_cause_is_one_line_and_then_a_count_every_ten_seconds(void **state)
{
	(void)state;
	for (int i = 0; i < 25; i++) { /* 25 seconds, 40 a second */
		for (int k = 0; k < 40; k++)
			fail_in("a.example", "it is frozen", i * 40 + k);
		if (i == 0) {
			assert_int_equal(world.count, 1);
			assert_last("level=warning event=primary-failed id=0 zone=a.example text=\"it is frozen\"");
		}
		fake_env_advance(world.fake, 1000);
	}
	assert_int_equal(world.count, 3);
	assert_last("level=warning event=primary-failed zone=a.example text=\"it is frozen\" repeated=400");
	assert_int_equal(world.occurrences, 800);
	fake_env_advance(world.fake, REPEAT_TELL_MS);
	assert_int_equal(world.count, 4);
	assert_int_equal(world.occurrences, 1000);
}

static void a_cause_that_does_not_repeat_is_one_line(void **state)
{
	(void)state;
	fail_in("a.example", "it is frozen", 1);
	assert_int_equal(fake_env_next_ms(world.fake), ENV_NEVER_MS);
	fake_env_advance(world.fake, REPEAT_TELL_MS);
	fail_in("a.example", "it is frozen", 2);
	assert_int_equal(world.count, 2);
	assert_last("level=warning event=primary-failed id=2 zone=a.example text=\"it is frozen\"");
	fake_env_advance(world.fake, 2 * REPEAT_TELL_MS);
	assert_int_equal(world.count, 2);
}

/* It goes on being counted until it was away for ten seconds. */
static void a_cause_that_was_away_is_a_new_one(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		fail_in("a.example", "it is frozen", i);
	fake_env_advance(world.fake, REPEAT_TELL_MS);
	assert_int_equal(world.count, 2);
	fake_env_advance(world.fake, REPEAT_TELL_MS - 1);
	fail_in("a.example", "it is frozen", 6);
	assert_int_equal(world.count, 2);
	fake_env_advance(world.fake, 1);
	assert_int_equal(world.count, 3);
	fake_env_advance(world.fake, REPEAT_TELL_MS);
	fail_in("a.example", "it is frozen", 7);
	assert_int_equal(world.count, 4);
	assert_last("level=warning event=primary-failed id=7 zone=a.example text=\"it is frozen\"");
}

static void whatever_is_no_detail_makes_another_cause(void **state)
{
	(void)state;
	fail_in("a.example", "it is frozen", 1);
	fail_in("b.example", "it is frozen", 1);
	fail_in("a.example", "it is closed", 1);
	LOG_REPEATED(LOG_WARNING, "primary-lost", log_detail(log_number("id", 1)), log_text("zone", "a.example"),
		     log_text("text", "it is frozen"));
	LOG_REPEATED(LOG_INFO, "primary-failed", log_detail(log_number("id", 1)), log_text("zone", "a.example"),
		     log_text("text", "it is frozen"));
	LOG_REPEATED(LOG_WARNING, "primary-failed", log_text("zone", "a.exampleit"), log_text("text", " is frozen"));
	LOG_REPEATED(LOG_WARNING, "primary-failed", log_text("zone", "a.example"), log_text("text", "it is frozen"),
		     log_number("attempt", 1));
	LOG_REPEATED(LOG_WARNING, "primary-failed", log_text("zone", "a.example"), log_text("text", "it is frozen"),
		     log_number("attempt", 2));
	assert_int_equal(world.count, 8);
}

static void counts_are_told_at_the_end(void **state)
{
	(void)state;
	for (int i = 0; i < 7; i++)
		fail_in("a.example", "it is frozen", i);
	assert_int_equal(world.count, 1);
	repeat_end();
	assert_int_equal(world.count, 2);
	assert_last("level=warning event=primary-failed zone=a.example text=\"it is frozen\" repeated=6");
	assert_int_equal(fake_env_timers(world.fake), 0);
	/* And without it each is a line. */
	fail_in("a.example", "it is frozen", 8);
	fail_in("a.example", "it is frozen", 9);
	assert_int_equal(world.count, 4);
}

static void a_cause_that_makes_room_has_its_count_told(void **state)
{
	char zone[32];

	(void)state;
	fail_in("first.example", "it is frozen", 0);
	fail_in("first.example", "it is frozen", 0);
	fake_env_advance(world.fake, 1);
	for (int i = 0; i < REPEAT_CAUSES_MAX; i++) {
		snprintf(zone, sizeof zone, "%d.example", i);
		LOG_REPEATED_EACH(LOG_WARNING, "primary-failed", log_text("zone", zone));
		if (i == REPEAT_CAUSES_MAX - 2)
			assert_int_equal(world.count, REPEAT_CAUSES_MAX);
	}
	assert_int_equal(world.count, 1 + REPEAT_CAUSES_MAX + 1);
	assert_int_equal(world.occurrences, 2 + REPEAT_CAUSES_MAX);
}

/* One that comes all the time is not pushed out by many that come once. */
static void the_one_away_for_longest_makes_room(void **state)
{
	char zone[32];

	(void)state;
	for (int i = 0; i < 2 * REPEAT_CAUSES_MAX; i++) {
		fail_in("first.example", "it is frozen", 0);
		snprintf(zone, sizeof zone, "%d.example", i);
		LOG_REPEATED_EACH(LOG_WARNING, "primary-failed", log_text("zone", zone));
		fake_env_advance(world.fake, 1);
	}
	assert_int_equal(world.count, 1 + 2 * REPEAT_CAUSES_MAX);
	repeat_end();
	assert_int_equal(world.count, 2 + 2 * REPEAT_CAUSES_MAX);
	assert_int_equal(world.occurrences, 4 * REPEAT_CAUSES_MAX);
}

static void an_event_has_a_bound_for_causes_that_differ_all_the_time(void **state)
{
	enum { MANY = 5000 };
	char source[32];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(source, sizeof source, "2001:db8::%x", (unsigned)i);
		LOG_REPEATED(LOG_INFO, "handshake-failed", log_text("source", source));
	}
	assert_int_equal(world.count, REPEAT_EVENT_LINES_MAX);
	/* Others have theirs. */
	fail_in("a.example", "it is frozen", 0);
	assert_int_equal(world.count, REPEAT_EVENT_LINES_MAX + 1);
	fake_env_advance(world.fake, REPEAT_TELL_MS);
	assert_int_equal(world.count, REPEAT_EVENT_LINES_MAX + 2);
	assert_last("level=info event=handshake-failed others=4900 text=\"further ones, which are too many to tell one "
		    "by one\"");
	assert_int_equal(world.occurrences, MANY + 1);
	LOG_REPEATED(LOG_INFO, "handshake-failed", log_text("source", "192.0.2.1"));
	assert_last("level=info event=handshake-failed source=192.0.2.1");
}

static void what_is_beyond_the_bound_is_told_at_the_end(void **state)
{
	char source[32];

	(void)state;
	for (int i = 0; i < 2 * REPEAT_EVENT_LINES_MAX; i++) {
		snprintf(source, sizeof source, "192.0.2.%d", i);
		LOG_REPEATED(LOG_INFO, "handshake-failed", log_text("source", source));
	}
	repeat_end();
	assert_int_equal(world.occurrences, 2 * REPEAT_EVENT_LINES_MAX);
	assert_int_equal(world.count, REPEAT_EVENT_LINES_MAX + 1);
}

static void whatever_comes_no_occurrence_is_lost(void **state)
{
	struct fake_random random = {fake_random_seed()};
	uint64_t occurrences = 0;
	char zone[32];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		snprintf(zone, sizeof zone, "%u.example",
			 fake_random_below(&random, 1 + fake_random_below(&random, 800)));
		if (fake_random_below(&random, 4))
			LOG_REPEATED(LOG_WARNING, "primary-failed", log_text("zone", zone));
		else
			LOG_REPEATED_EACH(LOG_INFO, "request", log_text("zone", zone));
		occurrences++;
		if (fake_random_below(&random, 10) == 0)
			fake_env_advance(world.fake, fake_random_below(&random, 1000));
	}
	repeat_end();
	assert_int_equal(world.occurrences, occurrences);
}

static void values_of_any_length_are_kept_within_bounds(void **state)
{
	char text[5000];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (int i = 0; i < 3; i++)
		LOG_REPEATED(LOG_WARNING, "e", log_text("a", text), log_text("b", text), log_text("c", ""),
			     log_number("d", 1), log_number("e", 1), log_number("f", 1), log_number("g", 1),
			     log_number("h", 1), log_number("i", 1), log_number("j", 1), log_number("k", 1),
			     log_number("l", 1), log_number("m", 1));
	text[sizeof text - 2] = 'b';
	LOG_REPEATED(LOG_WARNING, "e", log_text("a", text));
	assert_int_equal(world.count, 2);
	repeat_end();
	assert_int_equal(world.count, 3);
	assert_non_null(strstr(world.last, "repeated=2"));
}

static void what_is_above_the_level_is_neither_told_nor_counted(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	fail_in("a.example", "it is frozen", 1);
	log_set_level(LOG_INFO);
	fail_in("a.example", "it is frozen", 2);
	fail_in("a.example", "it is frozen", 3);
	assert_int_equal(world.count, 1);
	log_set_level(LOG_ERROR);
	repeat_end();
	assert_int_equal(world.count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cause_is_one_line_and_then_a_count_every_ten_seconds),
		TEST(a_cause_that_does_not_repeat_is_one_line),
		TEST(a_cause_that_was_away_is_a_new_one),
		TEST(whatever_is_no_detail_makes_another_cause),
		TEST(counts_are_told_at_the_end),
		TEST(a_cause_that_makes_room_has_its_count_told),
		TEST(the_one_away_for_longest_makes_room),
		TEST(an_event_has_a_bound_for_causes_that_differ_all_the_time),
		TEST(what_is_beyond_the_bound_is_told_at_the_end),
		TEST(whatever_comes_no_occurrence_is_lost),
		TEST(values_of_any_length_are_kept_within_bounds),
		TEST(what_is_above_the_level_is_neither_told_nor_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
