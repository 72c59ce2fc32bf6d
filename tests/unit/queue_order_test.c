/*
 * The queue's steps. The order of one owner's sets, which of them replace others, and who comes too late.
 */
#include "queue_bench.h"

#include <string.h>

/* ---- Order ---- */

/* Sets that do not replace each other. */
static void one_owners_sets_go_one_after_another(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiters[6];

	for (size_t i = 0; i < 6; i++)
		waiters[i] = submit(bench, WWW, i % 2 ? V4 : V6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(bench->message_count, 1);
		assert_int_equal(number_in_flight(bench, WWW), i);
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(waiters[i], OUTCOME_CHANGED);
	}
	assert_at_rest(bench);
}

static void a_repetition_is_not_overtaken(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *second = submit(bench, WWW, V6);

	reply_as(bench, WWW, DNS_UNKNOWN, 0);
	assert_int_equal(bench->message_count, 0);
	pass_to_next(bench);
	assert_int_equal(number_in_flight(bench, WWW), 0);
	assert_waits(second);
	reply(bench, WWW, DNS_NOERROR);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(first, OUTCOME_CHANGED);
	assert_outcome(second, OUTCOME_CHANGED);
}

static void a_probe_is_not_overtaken(void **state)
{
	struct bench *bench = *state;

	submit(bench, WWW, V4 | V6);
	submit(bench, WWW, V4);
	reply_missing(bench);
	assert_int_equal(bench->message_count, 1);
	assert_kind(bench, WWW, DNS_PROBE);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(bench->message_count, 1);
	assert_kind(bench, WWW, DNS_UPDATE);
}

static void what_is_in_flight_keeps_its_place_after_its_deadline(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *second;

	pass(bench, DEADLINE_MS);
	assert_outcome(first, OUTCOME_UNKNOWN);
	second = submit(bench, WWW, V4);
	assert_int_equal(bench->message_count, 1);
	assert_int_equal(number_in_flight(bench, WWW), 0);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(number_in_flight(bench, WWW), 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(second, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void the_next_one_goes_when_a_waiting_one_expires(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *second;

	while (bench->now_ms < START_MS + DEADLINE_MS - PAUSE_MS)
		pass(bench, 1);
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	bench->now_ms += PAUSE_MS / 2;
	second = submit(bench, WWW, V6); /* does not replace it */
	bench->now_ms = START_MS + DEADLINE_MS;
	tick(bench);
	assert_outcome(first, OUTCOME_UNREACHABLE);
	assert_waits(second);
	assert_int_equal(number_in_flight(bench, WWW), 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(second, OUTCOME_CHANGED);
}

static void owners_do_not_wait_for_each_other(void **state)
{
	struct bench *bench = *state;
	struct waiter *www = submit(bench, WWW, V4), *waiters = submit_hosts(bench, OVERLAP_MIN);

	assert_int_equal(bench->message_count, 2);
	reply(bench, host(0), DNS_NOERROR);
	assert_outcome(&waiters[0], OUTCOME_CHANGED);
	assert_waits(www);
}

/* ---- Coalescing ---- */

static void a_later_set_replaces_one_that_waits(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *waiters[5];

	for (size_t i = 0; i < 5; i++)
		waiters[i] = submit(bench, WWW, V4);
	assert_int_equal(number_in_flight(bench, WWW), 0); /* what is in flight is not replaced */
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(first, OUTCOME_CHANGED);
	assert_int_equal(number_in_flight(bench, WWW), 5);
	assert_int_equal(bench->messages[0].count, 1);
	reply(bench, WWW, DNS_NOERROR);
	for (size_t i = 0; i < 5; i++)
		assert_outcome(waiters[i], OUTCOME_CHANGED);
	assert_int_equal(bench->sends[DNS_UPDATE], 2);
	assert_at_rest(bench);
}

static void all_waiters_of_a_replaced_set_get_the_answer_of_the_later_one(void **state)
{
	struct bench *bench = *state;
	struct waiter *earlier, *later;

	submit(bench, WWW, V4);
	earlier = submit(bench, WWW, V4);
	later = submit(bench, WWW, V4);
	reply(bench, WWW, DNS_NOERROR);
	reply(bench, WWW, DNS_REFUSED);
	assert_outcome(earlier, OUTCOME_REFUSED);
	assert_outcome(later, OUTCOME_REFUSED);
	assert_at_rest(bench);
}

static void what_is_to_be_repeated_is_replaced_too(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *second;

	reply_as(bench, WWW, DNS_UNKNOWN, 0);
	second = submit(bench, WWW, V4);
	assert_int_equal(bench->message_count, 0);
	pass_to_next(bench);
	assert_int_equal(number_in_flight(bench, WWW), 1);
	/* The first one may have been carried out before. */
	reply(bench, WWW, DNS_REFUSED);
	assert_outcome(first, OUTCOME_UNKNOWN);
	assert_int_equal(second->answers, 1);
	assert_at_rest(bench);
}

static void what_replaces_is_routed_anew(void **state)
{
	struct bench *bench = *state;
	struct waiter *same, *other;

	commit_number(bench, FTP, V4, 7);
	commit_number(bench, WWW, V4, 1);
	submit_number(bench, FTP, V4, 7); /* its confirmation keeps others waiting */
	same = submit_number(bench, WWW, V4, 1);
	assert_false(is_in_flight(bench, WWW));
	other = submit_number(bench, WWW, V4, 2);
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_int_equal(number_in_flight(bench, WWW), 2);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(same, OUTCOME_CHANGED);
	assert_outcome(other, OUTCOME_CHANGED);
}

/* Each would be failed by what is none of its business, or lose what only it asked for. */
static void sets_for_other_records_or_on_other_conditions_are_not_replaced(void **state)
{
	static const struct {
		unsigned earlier, later;
	} rows[] = {
		{V4, V6},
		{V4, V4 | V6},
		{V4 | V6, V4},
		{V4 | V6, V6},
		{V4, V4 | MAY_CREATE},
		{V4 | MAY_CREATE, V4},
		{V4 | V6, V4 | V6 | MAY_CREATE},
	};
	struct bench *bench = *state;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct waiter *earlier, *later;

		submit(bench, host(i), V4);
		earlier = submit(bench, host(i), rows[i].earlier);
		later = submit(bench, host(i), rows[i].later);
		reply(bench, host(i), DNS_NOERROR);
		reply(bench, host(i), DNS_NOERROR);
		if (earlier->answers != 1 || later->answers != 0)
			fail_msg("row %u: they are answered together", i);
		reply(bench, host(i), DNS_REFUSED);
		assert_outcome(earlier, OUTCOME_CHANGED);
		assert_outcome(later, OUTCOME_REFUSED);
		assert_at_rest(bench);
	}
}

/* ---- The order of arrival ---- */

static struct waiter *submit_at(struct bench *bench, struct order_place *place, struct change_set set)
{
	struct waiter *waiter = &bench->waiters[bench->waiter_count];

	set.place = place;
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	order_leave(bench->order, place);
	act_all(bench);
	return waiter;
}

/* Arrives and is looked up at once. */
static struct waiter *come(struct bench *bench, struct change_set set)
{
	struct order_place place;

	order_arrive(bench->order, &place);
	return submit_at(bench, &place, set);
}

static struct change_set text_set(const char *owner, enum change_kind kind, const char *text)
{
	struct change_set set = {.count = 1, .changes = {change_of_string(kind, text, TTL_S)}};

	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	return set;
}

static void what_arrived_before_one_that_was_done_is_not_taken(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct change_set set = set_of(WWW, V4, 41);

	order_arrive(bench->order, &early);
	come(bench, set_of(WWW, V4, 42));
	reply(bench, WWW, DNS_NOERROR);
	set.place = &early;
	assert_int_equal(try_submit_set(bench, set), STATUS_OVERTAKEN);
	order_leave(bench->order, &early);
	assert_int_equal(order_mark_count(bench->order), 0);
	assert_at_rest(bench);
}

static void an_unchanged_record_counts_as_done(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct change_set set = set_of(WWW, V4, 41);
	struct waiter *later;

	commit_number(bench, WWW, V4, 42);
	order_arrive(bench->order, &early);
	later = come(bench, set_of(WWW, V4, 42));
	assert_kind(bench, WWW, DNS_CONFIRM);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(later, OUTCOME_UNCHANGED);
	set.place = &early;
	assert_int_equal(try_submit_set(bench, set), STATUS_OVERTAKEN);
	order_leave(bench->order, &early);
}

static void what_failed_overtakes_nothing(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct waiter *earlier;

	order_arrive(bench->order, &early);
	come(bench, set_of(WWW, V4 | MAY_CREATE, 42));
	reply(bench, WWW, DNS_REFUSED);
	earlier = submit_at(bench, &early, set_of(WWW, V4, 41));
	assert_int_equal(number_in_flight(bench, WWW), 41);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(earlier, OUTCOME_CHANGED);
}

/* Its client was told that nobody knows; then the safe thing is to take it for done. */
static void what_may_have_been_done_overtakes(void **state)
{
	struct bench *bench = *state;
	struct change_set set = set_of(WWW, V4, 41);
	struct order_place early;
	struct waiter *later;

	order_arrive(bench->order, &early);
	later = come(bench, set_of(WWW, V4, 42));
	while (later->answers == 0) {
		if (is_in_flight(bench, WWW))
			reply_as(bench, WWW, DNS_UNKNOWN, 0);
		else
			pass_to_next(bench);
	}
	assert_outcome(later, OUTCOME_UNKNOWN);
	set.place = &early;
	assert_int_equal(try_submit_set(bench, set), STATUS_OVERTAKEN);
	order_leave(bench->order, &early);
}

/*
 * The primary rejected a second copy of the message; whether the first one was carried out, nobody knows any more once
 * its client has gone, however that came about. A look that finds something else proves that it was not.
 */
static void what_a_lost_copy_may_have_done_overtakes(void **state)
{
	static const struct dns_result looks[] = {{.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED},
						  {.verdict = DNS_UNREACHABLE, .why = "test"}};
	enum { LATE = 1, WAYS = 4 };

	(void)state;
	for (unsigned way = 0; way <= WAYS; way++) {
		struct bench *bench = bench_new(&limits_default);
		struct change_set set = set_of(WWW, V4, 41);
		struct order_place early;
		struct waiter *later;

		commit_number(bench, WWW, V4, 6);
		bench->blind = true;
		order_arrive(bench->order, &early);
		later = come(bench, set_of(WWW, V4, 42));
		reply(bench, WWW, DNS_NXRRSET);
		assert_kind(bench, WWW, DNS_QUERY);
		if (way & LATE) {
			pass(bench, DEADLINE_MS);
			assert_outcome(later, OUTCOME_UNKNOWN);
		} else {
			cancel(bench, later);
		}
		reply_with(bench, WWW, way == WAYS ? found(1, numbered(ADDR_V4, 9), TTL_S) : looks[way / 2]);
		assert_at_rest(bench);
		set.place = &early;
		assert_int_equal(try_submit_set(bench, set), way == WAYS ? STATUS_OK : STATUS_OVERTAKEN);
		order_leave(bench->order, &early);
		bench_free(bench);
	}
}

static void one_that_is_done_while_the_earlier_waits_behind_it_overtakes(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct waiter *earlier, *later;

	order_arrive(bench->order, &early);
	later = come(bench, set_of(WWW, V4, 42));
	earlier = submit_at(bench, &early, set_of(WWW, V4, 41));
	assert_waits(earlier);
	assert_int_equal(number_in_flight(bench, WWW), 42);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(later, OUTCOME_CHANGED);
	assert_outcome(earlier, OUTCOME_OVERTAKEN);
	assert_at_rest(bench);
	assert_int_equal(order_mark_count(bench->order), 0);
}

static void one_that_fails_while_the_earlier_waits_behind_it_lets_it_go(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct waiter *earlier;

	order_arrive(bench->order, &early);
	come(bench, set_of(WWW, V4 | MAY_CREATE, 42));
	earlier = submit_at(bench, &early, set_of(WWW, V4, 41));
	reply(bench, WWW, DNS_REFUSED);
	assert_int_equal(number_in_flight(bench, WWW), 41);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(earlier, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* Many of them, one after the other, as from a store that was slow. */
static void all_that_are_too_late_end_together(void **state)
{
	enum { EARLY = 21 };
	struct bench *bench = *state;
	struct order_place early[EARLY];
	struct waiter *waiters[EARLY], *last;

	for (unsigned i = 0; i < EARLY; i++)
		order_arrive(bench->order, &early[i]);
	come(bench, set_of(WWW, V4, 42));
	for (unsigned i = 0; i < EARLY; i++)
		waiters[i] = submit_at(bench, &early[i], set_of(WWW, i % 2 ? V4 : V4 | V6, i));
	last = come(bench, set_of(WWW, V4, 43));
	reply(bench, WWW, DNS_NOERROR);
	for (unsigned i = 0; i < EARLY; i++)
		assert_outcome(waiters[i], OUTCOME_OVERTAKEN);
	assert_int_equal(number_in_flight(bench, WWW), 43);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(last, OUTCOME_CHANGED);
	assert_int_equal(order_mark_count(bench->order), 0);
}

static void families_do_not_overtake_each_other(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct waiter *earlier;

	order_arrive(bench->order, &early);
	come(bench, set_of(WWW, V4, 42));
	earlier = submit_at(bench, &early, set_of(WWW, V6, 41));
	reply(bench, WWW, DNS_NOERROR);
	assert_waits(earlier);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(earlier, OUTCOME_CHANGED);
}

/* A set is carried out as a whole or not at all. */
static void one_family_that_was_overtaken_is_enough(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct change_set set = set_of(WWW, V4 | V6, 41);

	order_arrive(bench->order, &early);
	come(bench, set_of(WWW, V6, 42));
	reply(bench, WWW, DNS_NOERROR);
	set.place = &early;
	assert_int_equal(try_submit_set(bench, set), STATUS_OVERTAKEN);
	order_leave(bench->order, &early);
}

/* What waits is merged as if it had come in order: the later one stands for both. */
static void the_earlier_joins_a_later_one_that_waits(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct waiter *earlier, *later;

	come(bench, set_of(WWW, V4, 40)); /* holds up what follows */
	order_arrive(bench->order, &early);
	later = come(bench, set_of(WWW, V4, 42));
	earlier = submit_at(bench, &early, set_of(WWW, V4, 41));
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(number_in_flight(bench, WWW), 42);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(later, OUTCOME_CHANGED);
	assert_outcome(earlier, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void the_earlier_goes_before_later_ones_that_wait(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct waiter *earlier, *later;

	come(bench, set_of(WWW, V4, 40));
	order_arrive(bench->order, &early);
	later = come(bench, set_of(WWW, V4, 42));
	earlier = submit_at(bench, &early, set_of(WWW, V4 | V6, 41));
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(number_in_flight(bench, WWW), 41);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(earlier, OUTCOME_CHANGED);
	assert_int_equal(number_in_flight(bench, WWW), 42);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(later, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* A later one takes the place of one that was too late itself; then it is not. */
static void what_replaces_a_late_set_is_not_late(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct waiter *earlier, *last;

	order_arrive(bench->order, &early);
	come(bench, set_of(WWW, V4, 42));
	earlier = submit_at(bench, &early, set_of(WWW, V4, 41));
	last = come(bench, set_of(WWW, V4, 43));
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(number_in_flight(bench, WWW), 43);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(last, OUTCOME_CHANGED);
	assert_outcome(earlier, OUTCOME_CHANGED);
	assert_int_equal(order_mark_count(bench->order), 0);
}

static void a_set_in_flight_that_nobody_waits_for_overtakes_all_the_same(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct waiter *earlier;

	order_arrive(bench->order, &early);
	cancel(bench, come(bench, set_of(WWW, V4, 42)));
	earlier = submit_at(bench, &early, set_of(WWW, V4, 41));
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(earlier, OUTCOME_OVERTAKEN);
}

static void texts_are_overtaken_by_their_own_string(void **state)
{
	struct bench *bench = *state;
	struct order_place early[3];
	struct change_set set = text_set(WWW, CHANGE_ADD, "x");
	struct waiter *other;

	for (size_t i = 0; i < 3; i++)
		order_arrive(bench->order, &early[i]);
	come(bench, text_set(WWW, CHANGE_DROP, "x"));
	reply(bench, WWW, DNS_NOERROR);
	other = submit_at(bench, &early[0], text_set(WWW, CHANGE_DROP, "y"));
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(other, OUTCOME_CHANGED);
	set.place = &early[1];
	assert_int_equal(try_submit_set(bench, set), STATUS_OVERTAKEN);
	order_leave(bench->order, &early[1]);
	set = text_set(WWW, CHANGE_REPLACE, "z");
	set.place = &early[2];
	assert_int_equal(try_submit_set(bench, set), STATUS_OVERTAKEN);
	order_leave(bench->order, &early[2]);
	assert_int_equal(order_mark_count(bench->order), 0);
}

/* Its host was refused, and with it ends what was announced. */
static void a_request_whose_last_host_is_overtaken_goes_out(void **state)
{
	struct bench *bench = *state;
	struct order_place early;
	struct change_set first = set_of(FTP, V4, 41), last = set_of(WWW, V4, 41);

	order_arrive(bench->order, &early);
	come(bench, set_of(WWW, V4, 42));
	reply(bench, WWW, DNS_NOERROR);
	first.place = last.place = &early;
	first.more = true;
	assert_int_equal(try_submit_set(bench, first), STATUS_OK);
	assert_int_equal(try_submit_set(bench, last), STATUS_OVERTAKEN);
	order_leave(bench->order, &early);
	act_all(bench);
	assert_kind(bench, FTP, DNS_UPDATE);
	reply(bench, FTP, DNS_NOERROR);
	assert_at_rest(bench);
}

static void looking_up_is_part_of_the_time(void **state)
{
	struct bench *bench = *state;
	struct change_set set = set_of(WWW, V4, 41);
	uint64_t began_ms = bench->now_ms;
	struct waiter *longest = submit(bench, FTP, V4), *waiter, *too_long;

	set.waited_ms = DEADLINE_MS - 100;
	waiter = come(bench, set);
	assert_int_equal(queue_wake_at_ms(bench->queue), began_ms + 100);
	pass(bench, 99);
	assert_waits(waiter);
	pass(bench, 1);
	assert_outcome(waiter, OUTCOME_UNREACHABLE);
	assert_waits(longest);
	set.waited_ms = DEADLINE_MS + 1;
	too_long = come(bench, set);
	pass(bench, 0);
	assert_int_equal(too_long->answers, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(one_owners_sets_go_one_after_another),
		TEST(a_repetition_is_not_overtaken),
		TEST(a_probe_is_not_overtaken),
		TEST(what_is_in_flight_keeps_its_place_after_its_deadline),
		TEST(the_next_one_goes_when_a_waiting_one_expires),
		TEST(owners_do_not_wait_for_each_other),
		TEST(a_later_set_replaces_one_that_waits),
		TEST(all_waiters_of_a_replaced_set_get_the_answer_of_the_later_one),
		TEST(what_is_to_be_repeated_is_replaced_too),
		TEST(what_replaces_is_routed_anew),
		TEST(sets_for_other_records_or_on_other_conditions_are_not_replaced),
		TEST(what_arrived_before_one_that_was_done_is_not_taken),
		TEST(an_unchanged_record_counts_as_done),
		TEST(what_failed_overtakes_nothing),
		TEST(what_may_have_been_done_overtakes),
		cmocka_unit_test(what_a_lost_copy_may_have_done_overtakes),
		TEST(one_that_is_done_while_the_earlier_waits_behind_it_overtakes),
		TEST(one_that_fails_while_the_earlier_waits_behind_it_lets_it_go),
		TEST(all_that_are_too_late_end_together),
		TEST(families_do_not_overtake_each_other),
		TEST(one_family_that_was_overtaken_is_enough),
		TEST(the_earlier_joins_a_later_one_that_waits),
		TEST(the_earlier_goes_before_later_ones_that_wait),
		TEST(what_replaces_a_late_set_is_not_late),
		TEST(a_set_in_flight_that_nobody_waits_for_overtakes_all_the_same),
		TEST(texts_are_overtaken_by_their_own_string),
		TEST(a_request_whose_last_host_is_overtaken_goes_out),
		TEST(looking_up_is_part_of_the_time),
	};

	return cmocka_run_group_tests_name("queue_order", tests, NULL, NULL);
}
