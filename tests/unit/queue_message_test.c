/*
 * The queue's steps. What shares a message, and when that goes.
 */
#include "queue_bench.h"

/* ---- Several hosts of one request ---- */

static void the_hosts_of_a_request_are_one_message(void **state)
{
	struct bench *bench = *state;

	see_the_way(bench);
	bench->blind = true;
	submit_request(bench, 0, 20);
	assert_int_equal(in_flight(bench, DNS_QUERY), 20);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(in_flight(bench, DNS_UPDATE), 0);
		reply_with(bench, host(i),
			   i == 4 ? found(0, (struct addr){0}, 0) : found(1, numbered(ADDR_V4, 0xffff), TTL_S));
	}
	assert_int_equal(in_flight(bench, DNS_UPDATE), 1);
	assert_int_equal(bench->messages[0].count, 19);
	reply(bench, host(0), DNS_NOERROR);
	assert_no_record(&bench->waiters[4], RR_A);
	submit_request(bench, 0, 4); /* known by now */
	assert_int_equal(in_flight(bench, DNS_UPDATE), 1);
	assert_int_equal(bench->messages[0].count, 4);
	reply(bench, host(0), DNS_NOERROR);
	assert_at_rest(bench);
}

/* Whatever is known of a host before those behind it have even come. */
static void a_host_that_is_known_waits_for_those_behind_it(void **state)
{
	struct bench *bench = *state;

	commit_number(bench, host(0), V4, 1000);
	bench->blind = true;
	submit_request(bench, 0, 3);
	assert_int_equal(in_flight(bench, DNS_UPDATE), 0);
	reply_with(bench, host(1), found(1, numbered(ADDR_V4, 0xffff), TTL_S));
	assert_int_equal(in_flight(bench, DNS_UPDATE), 0);
	reply_with(bench, host(2), found(1, numbered(ADDR_V4, 0xffff), TTL_S));
	assert_int_equal(message_of(bench, host(0))->count, 3);
	reply(bench, host(0), DNS_NOERROR);
	assert_at_rest(bench);
}

static void a_request_that_is_submitted_goes_out_even_if_its_last_host_finds_no_room(void **state)
{
	struct queue_limits limits = limits_default;
	struct change_set set = set_of(host(2), V4, 2);
	struct bench *bench;

	(void)state;
	limits.waiters_max = 2;
	bench = bench_new(&limits);
	submit_member(bench, host(0), true);
	submit_member(bench, host(1), true);
	assert_int_equal(try_submit_set(bench, set), STATUS_FULL);
	act_all(bench);
	assert_int_equal(in_flight(bench, DNS_UPDATE), 1);
	assert_int_equal(bench->messages[0].count, 2);
	bench_free(bench);
}

static void a_set_that_was_announced_and_does_not_come_holds_up_nobody(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit_member(bench, WWW, true);

	act_all(bench);
	assert_int_equal(bench->message_count, 0);
	pass(bench, 1);
	assert_int_equal(in_flight(bench, DNS_UPDATE), 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* A look that fails, or that nobody waits for any more, holds up nobody. */
static void a_request_does_not_wait_for_a_host_that_is_gone(void **state)
{
	struct bench *bench = *state;

	bench->blind = true;
	submit_request(bench, 0, 3);
	reply_with(bench, host(0), found(1, numbered(ADDR_V4, 0xffff), TTL_S));
	reply_as(bench, host(1), DNS_UNREACHABLE, 0);
	assert_int_equal(in_flight(bench, DNS_UPDATE), 0);
	cancel(bench, &bench->waiters[2]);
	reply_with(bench, host(2), found(1, numbered(ADDR_V4, 0xffff), TTL_S));
	assert_kind(bench, host(0), DNS_UPDATE);
	reply(bench, host(0), DNS_NOERROR);
	assert_outcome(&bench->waiters[0], OUTCOME_CHANGED);
	pass(bench, 2 * PAUSE_MS);
	reply_with(bench, host(1), found(1, numbered(ADDR_V4, 0xffff), TTL_S));
	reply(bench, host(1), DNS_NOERROR);
	assert_outcome(&bench->waiters[1], OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* Of a message with so many hosts whose address is known. */
static size_t octets_of_hosts(size_t count)
{
	struct change_set set = set_of(host(10), V4, 0);
	struct name zone;

	assert_int_equal(name_parse(text_of(ZONE), &zone), STATUS_OK);
	set.changes[0].was = found(1, numbered(ADDR_V4, 0), TTL_S).answer.rrset;
	change_resolve(&set.changes[0]);
	return dns_message_space(&zone) + count * dns_set_space(&set, &zone);
}

static void a_request_is_not_torn_apart_to_fill_a_message(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench;

	(void)state;
	limits.updates_max = 1;
	limits.octets_max = octets_of_hosts(8);
	bench = bench_new(&limits);
	submit(bench, WWW, V4);
	submit_request(bench, 0, 5);
	submit_request(bench, 10, 5);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(bench->messages[0].count, 5);
	assert_true(is_in_flight(bench, host(4)));
	reply(bench, host(0), DNS_NOERROR);
	assert_int_equal(bench->messages[0].count, 5);
	bench_free(bench);
}

/* ---- What shares a message ---- */

static void the_first_set_goes_at_once(void **state)
{
	struct bench *bench = *state;

	bench->blind = true;
	put(bench, WWW, V4);
	assert_true(act_once(bench));
	assert_kind(bench, WWW, DNS_QUERY);
	end_message(bench, message_of(bench, WWW), found_another(message_of(bench, WWW)));
	assert_true(act_once(bench));
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_int_equal(message_of(bench, WWW)->count, 1);
}

static void what_waits_goes_together(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4);
	struct waiter *waiters = submit_hosts(bench, OVERLAP_MIN - 1);

	assert_int_equal(bench->message_count, 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(first, OUTCOME_CHANGED);
	assert_int_equal(bench->message_count, 1);
	assert_int_equal(bench->messages[0].count, OVERLAP_MIN - 1);
	reply(bench, host(0), DNS_NOERROR);
	for (size_t i = 0; i < OVERLAP_MIN - 1; i++)
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
	assert_int_equal(bench->sends[DNS_UPDATE], 2);
	assert_at_rest(bench);
}

static void a_second_message_beside_the_first_must_be_worth_it(void **state)
{
	struct bench *bench = *state;

	submit(bench, WWW, V4);
	submit_hosts(bench, OVERLAP_MIN - 1);
	assert_int_equal(bench->message_count, 1);
	submit(bench, FTP, V4);
	assert_int_equal(bench->message_count, 2);
	assert_int_equal(bench->messages[1].count, OVERLAP_MIN);
}

static void no_more_updates_are_in_flight_than_allowed(void **state)
{
	struct bench *bench = *state;

	submit_hosts(bench, 10 * OVERLAP_MIN);
	assert_int_equal(in_flight(bench, DNS_UPDATE), UPDATES_MAX);
	reply(bench, host(0), DNS_NOERROR);
	assert_int_equal(in_flight(bench, DNS_UPDATE), UPDATES_MAX);
	/* All that waited went with it. */
	assert_int_equal(bench->messages[1].count, 10 * OVERLAP_MIN - 1 - OVERLAP_MIN);
	serve(bench, all_is_well);
	assert_int_equal(bench->sends[DNS_UPDATE], UPDATES_MAX + 1);
}

static void what_was_answered_still_counts_as_in_flight(void **state)
{
	struct bench *bench = *state;

	submit_hosts(bench, 1 + OVERLAP_MIN);
	assert_int_equal(in_flight(bench, DNS_UPDATE), UPDATES_MAX);
	pass(bench, DEADLINE_MS);
	for (unsigned i = 0; i < 2 * OVERLAP_MIN; i++)
		submit(bench, host(100 + i), V4);
	assert_int_equal(in_flight(bench, DNS_UPDATE), UPDATES_MAX);
	reply(bench, host(0), DNS_NOERROR);
	assert_true(is_in_flight(bench, host(100)));
}

static void a_message_is_filled_up_to_its_octets(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench;

	(void)state;
	limits.updates_max = 1;
	limits.octets_max = octets_of_hosts(5);
	bench = bench_new(&limits);
	submit(bench, WWW, V4);
	submit_hosts(bench, 9);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(bench->message_count, 1);
	assert_int_equal(bench->messages[0].count, 5);
	serve(bench, all_is_well);
	assert_at_rest(bench);
	bench_free(bench);
}

/* Whoever sends it finds out whether it can be sent. */
static void a_set_that_alone_is_too_large_goes_alone(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench;

	(void)state;
	limits.octets_max = 1;
	bench = bench_new(&limits);
	submit_hosts(bench, 30);
	for (size_t i = 0; i < bench->message_count; i++)
		assert_int_equal(bench->messages[i].count, 1);
	serve(bench, all_is_well);
	assert_int_equal(bench->sends[DNS_UPDATE], 30);
	bench_free(bench);
}

static struct bench *bench_of_a_primary_that_pauses(void)
{
	struct queue_limits limits = limits_default;

	limits.updates_max = 1;
	limits.commit_pause_ms = COMMIT_PAUSE_MS;
	return bench_new(&limits);
}

static void what_comes_while_the_primary_pauses_is_one_message(void **state)
{
	struct bench *bench = bench_of_a_primary_that_pauses();

	(void)state;
	submit(bench, WWW, V4);
	submit(bench, FTP, V4);
	assert_true(is_in_flight(bench, WWW)); /* the first does not wait for anything */
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(bench->message_count, 0);
	assert_true(queue_wake_at_ms(bench->queue) == bench->now_ms + COMMIT_PAUSE_MS);
	pass(bench, COMMIT_PAUSE_MS / 2);
	assert_int_equal(bench->message_count, 0);
	pass_to_next(bench);
	assert_int_equal(message_of(bench, FTP)->count, 1);
	submit(bench, host(0), V4);
	submit(bench, host(1), V4);
	reply(bench, FTP, DNS_NOERROR);
	pass(bench, COMMIT_PAUSE_MS);
	assert_int_equal(message_of(bench, host(0))->count, 2);
	bench_free(bench);
}

static void once_all_have_come_again_nothing_more_is_waited_for(void **state)
{
	struct bench *bench = bench_of_a_primary_that_pauses();

	(void)state;
	submit_hosts(bench, 3);
	reply(bench, host(0), DNS_NOERROR); /* the other two wait */
	assert_int_equal(bench->message_count, 0);
	submit(bench, host(0), V4);
	assert_int_equal(message_of(bench, host(0))->count, 3);
	bench_free(bench);
}

static void what_comes_after_the_pause_goes_at_once(void **state)
{
	struct bench *bench = bench_of_a_primary_that_pauses();

	(void)state;
	submit_hosts(bench, 1);
	reply(bench, host(0), DNS_NOERROR);
	assert_at_rest(bench);
	pass(bench, COMMIT_PAUSE_MS);
	submit(bench, WWW, V4);
	submit(bench, FTP, V4);
	assert_true(is_in_flight(bench, WWW));
	reply(bench, WWW, DNS_REFUSED); /* nothing was committed, so there is no pause */
	assert_true(is_in_flight(bench, FTP));
	bench_free(bench);
}

static void of_many_half_goes_while_the_other_half_is_answered(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench;

	(void)state;
	limits.updates_max = 1;
	bench = bench_new(&limits);
	submit(bench, WWW, V4);
	submit_accounts_hosts(bench, 249);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(message_of(bench, host(0))->count, 125);
	reply(bench, host(0), DNS_NOERROR);
	assert_int_equal(message_of(bench, host(125))->count, 124);
	reply(bench, host(125), DNS_NOERROR);
	/* Fewer are not worth two transactions. */
	submit(bench, WWW, V4);
	submit_accounts_hosts(bench, 190);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(message_of(bench, host(0))->count, 190);
	bench_free(bench);
}

static void before_a_primary_that_pauses_many_go_together(void **state)
{
	struct bench *bench = bench_of_a_primary_that_pauses();

	(void)state;
	submit(bench, WWW, V4);
	submit_accounts_hosts(bench, 249);
	reply(bench, WWW, DNS_NOERROR);
	pass(bench, COMMIT_PAUSE_MS);
	assert_int_equal(message_of(bench, host(0))->count, 249);
	bench_free(bench);
}

static struct message *held_message(struct bench *bench)
{
	for (size_t i = 0; i < bench->message_count; i++) {
		if (bench->messages[i].request.kind == DNS_NOTHING)
			return &bench->messages[i];
	}
	return NULL;
}

/* Of a primary that pauses: www is committed, three others wait. It is that many milliseconds past a full second. */
static struct bench *bench_of_a_busy_primary(unsigned past_second)
{
	struct bench *bench = bench_of_a_primary_that_pauses();

	pass(bench, past_second);
	submit(bench, WWW, V4);
	submit_hosts(bench, 3);
	reply(bench, WWW, DNS_NOERROR);
	return bench;
}

enum { TURN_MS = 4 };

/* Knot would let an UPDATE that comes just after the turn of a second wait for nearly another second. */
static void over_the_turn_of_a_second_a_busy_primary_has_something_to_do(void **state)
{
	struct bench *bench = bench_of_a_busy_primary(990 - COMMIT_PAUSE_MS);

	(void)state;
	pass_to_next(bench);
	assert_int_equal(message_of(bench, host(0))->count, 3);
	assert_int_equal(bench->sends[DNS_NOTHING], 0);
	assert_true(queue_wake_at_ms(bench->queue) == START_MS + 1000 - TURN_MS);
	pass_to_next(bench);
	assert_non_null(held_message(bench));
	reply(bench, host(0), DNS_NOERROR);
	submit(bench, WWW, V4); /* what comes meanwhile goes as ever */
	pass(bench, COMMIT_PAUSE_MS);
	assert_true(is_in_flight(bench, WWW));
	end_message(bench, held_message(bench), said(DNS_NOERROR));
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(bench->sends[DNS_NOTHING], 1);
	assert_at_rest(bench);
	bench_free(bench);
}

static void also_in_its_pause(void **state)
{
	struct bench *bench = bench_of_a_busy_primary(990);

	(void)state;
	pass_to_next(bench);
	assert_non_null(held_message(bench));
	assert_false(is_in_flight(bench, host(0)));
	pass_to_next(bench);
	assert_int_equal(message_of(bench, host(0))->count, 3);
	/* That it failed is of no account. */
	end_message(bench, held_message(bench), (struct dns_result){.verdict = DNS_UNKNOWN, .why = "test"});
	reply(bench, host(0), DNS_NOERROR);
	pass(bench, COMMIT_PAUSE_MS);
	assert_at_rest(bench);
	bench_free(bench);
}

static void a_turn_that_has_passed_is_not_made_up_for(void **state)
{
	struct bench *bench = bench_of_a_busy_primary(980);

	(void)state;
	pass(bench, 20);
	assert_true(is_in_flight(bench, host(0)));
	assert_int_equal(bench->sends[DNS_NOTHING], 0);
	assert_true(queue_wake_at_ms(bench->queue) <= START_MS + 2000 - TURN_MS);
	bench_free(bench);
}

static void one_client_alone_holds_nothing(void **state)
{
	struct bench *bench = bench_of_a_primary_that_pauses();

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		submit(bench, WWW, V4);
		pass(bench, 10);
		reply(bench, WWW, DNS_NOERROR);
		pass(bench, COMMIT_PAUSE_MS);
	}
	assert_int_equal(bench->sends[DNS_NOTHING], 0);
	bench_free(bench);
}

static void a_primary_that_does_not_pause_holds_nothing(void **state)
{
	struct bench *bench = *state;

	for (unsigned i = 0; i < 100; i++) {
		submit_hosts(bench, 5);
		pass(bench, 10);
		serve(bench, all_is_well);
	}
	assert_int_equal(bench->sends[DNS_NOTHING], 0);
}

/* Each half waits at the primary while that is busy with the other one, so that it never has to wait for us. */
static void before_a_primary_that_pauses_very_many_go_in_two_halves(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench;

	(void)state;
	limits.updates_max = 1;
	limits.waiters_max = 1000;
	limits.commit_pause_ms = COMMIT_PAUSE_MS;
	bench = bench_new(&limits);
	submit(bench, WWW, V4);
	submit_accounts_hosts(bench, 599);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(message_of(bench, host(0))->count, 300);
	assert_int_equal(message_of(bench, host(300))->count, 299);
	reply(bench, host(0), DNS_NOERROR);
	/* Those that were answered come again; nearly all of them are enough. */
	for (unsigned i = 0; i < 300 - 300 / 16 - 1; i++)
		assert_int_equal(try_submit(bench, host(i), V4, 1 + i), STATUS_OK);
	act_all(bench);
	assert_int_equal(bench->message_count, 1);
	submit(bench, WWW, V4);
	assert_int_equal(bench->message_count, 2);
	bench_free(bench);
}

/* The primary pauses; www is committed, the first five of nine others are with it. */
static struct bench *bench_of_ten_in_halves(void)
{
	struct queue_limits limits = limits_default;
	struct bench *bench;

	limits.updates_max = 1;
	limits.commit_pause_ms = COMMIT_PAUSE_MS;
	limits.half_min_with_pause = 2;
	bench = bench_new(&limits);
	submit(bench, WWW, V4);
	submit_hosts(bench, 9);
	reply(bench, WWW, DNS_NOERROR);
	return bench;
}

/* Else those who share a message with a culprit would wait for as long as others keep coming. */
static void parts_of_a_rejected_message_go_before_more_halves(void **state)
{
	struct bench *bench = bench_of_ten_in_halves();

	(void)state;
	submit(bench, host(9), V4);
	assert_int_equal(message_of(bench, host(0))->count, 5);
	assert_int_equal(message_of(bench, host(5))->count, 5);
	reply(bench, host(0), DNS_REFUSED);
	for (unsigned i = 10; i < 20; i++)
		submit(bench, host(i), V4);
	assert_int_equal(bench->message_count, 1);
	reply(bench, host(5), DNS_NOERROR);
	assert_true(is_in_flight(bench, host(0)));
	reply(bench, host(0), DNS_NOERROR);
	assert_true(is_in_flight(bench, host(4)));
	bench_free(bench);
}

/* Another rejection amid a search would make it forget that others of the same message were carried out. */
static void nothing_new_goes_beside_the_parts_of_a_rejected_message(void **state)
{
	struct bench *bench = bench_of_ten_in_halves();

	(void)state;
	reply(bench, host(0), DNS_REFUSED);
	for (unsigned i = 9; i < 20; i++)
		submit(bench, host(i), V4);
	reply(bench, host(0), DNS_NOERROR);
	assert_true(is_in_flight(bench, host(3)));
	assert_int_equal(bench->message_count, 1);
	reply(bench, host(3), DNS_REFUSED);
	reply(bench, host(3), DNS_REFUSED);
	reply(bench, host(4), DNS_NOERROR);
	pass(bench, COMMIT_PAUSE_MS);
	assert_true(is_in_flight(bench, host(5)));
	submit(bench, host(3), V4);
	assert_int_equal(message_of(bench, host(3))->count, 1); /* in its lane */
	bench_free(bench);
}

/* Else the primary would be idle for as long as those who waited for the last message are answered. */
static void the_next_message_goes_before_the_last_one_is_answered(void **state)
{
	struct bench *bench = *state;
	const struct waiter *first = submit(bench, WWW, V4), *second = submit(bench, FTP, V4);

	end_message(bench, message_of(bench, WWW), said(DNS_NOERROR));
	assert_true(act_once(bench));
	assert_true(is_in_flight(bench, FTP));
	assert_waits(first);
	act_all(bench);
	assert_outcome(first, OUTCOME_CHANGED);
	reply(bench, FTP, DNS_NOERROR);
	assert_outcome(second, OUTCOME_CHANGED);
}

static void confirmations_go_together(void **state)
{
	struct bench *bench = *state;

	submit_hosts(bench, 30);
	serve(bench, all_is_well);
	for (unsigned i = 0; i < 30; i++)
		submit_number(bench, host(i), V4, i);
	assert_int_equal(bench->message_count, CONFIRMS_MAX);
	serve(bench, all_is_well);
	assert_int_equal(bench->sends[DNS_CONFIRM], 2);
	for (size_t i = 30; i < 60; i++)
		assert_outcome(&bench->waiters[i], OUTCOME_UNCHANGED);
}

static void queries_in_flight_are_bounded(void **state)
{
	struct bench *bench = *state;

	bench->blind = true;
	submit_hosts(bench, 2 * QUERIES_MAX);
	assert_int_equal(in_flight(bench, DNS_QUERY), QUERIES_MAX);
	reply_with(bench, host(0), found_another(&bench->messages[0]));
	assert_int_equal(in_flight(bench, DNS_QUERY), QUERIES_MAX);
	assert_int_equal(in_flight(bench, DNS_UPDATE), 1);
}

static void first_come_first_served(void **state)
{
	struct bench *bench = *state;
	unsigned next = 0;

	submit_hosts(bench, 100);
	while (bench->message_count) {
		struct message *message = &bench->messages[0];

		for (size_t i = 0; i < message->count; i++)
			assert_string_equal(message->copies[i].owner.text, host(next++));
		reply(bench, message->copies[0].owner.text, DNS_NOERROR);
	}
	assert_int_equal(next, 100);
	assert_at_rest(bench);
}

static void a_message_that_was_not_sent_is_repeated_with_all_its_sets(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiters;

	submit(bench, WWW, V4);
	waiters = submit_hosts(bench, 5);
	reply(bench, WWW, DNS_NOERROR);
	reply_as(bench, host(0), DNS_UNREACHABLE, 0);
	assert_int_equal(bench->message_count, 0);
	pass_to_next(bench);
	assert_int_equal(bench->message_count, 1);
	assert_int_equal(bench->messages[0].count, 5);
	reply(bench, host(0), DNS_NOERROR);
	for (size_t i = 0; i < 5; i++)
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_hosts_of_a_request_are_one_message),
		TEST(a_host_that_is_known_waits_for_those_behind_it),
		TEST(a_request_that_is_submitted_goes_out_even_if_its_last_host_finds_no_room),
		TEST(a_set_that_was_announced_and_does_not_come_holds_up_nobody),
		TEST(a_request_does_not_wait_for_a_host_that_is_gone),
		TEST(a_request_is_not_torn_apart_to_fill_a_message),
		TEST(the_first_set_goes_at_once),
		TEST(what_waits_goes_together),
		TEST(a_second_message_beside_the_first_must_be_worth_it),
		TEST(no_more_updates_are_in_flight_than_allowed),
		TEST(what_was_answered_still_counts_as_in_flight),
		cmocka_unit_test(a_message_is_filled_up_to_its_octets),
		cmocka_unit_test(a_set_that_alone_is_too_large_goes_alone),
		cmocka_unit_test(what_comes_while_the_primary_pauses_is_one_message),
		cmocka_unit_test(once_all_have_come_again_nothing_more_is_waited_for),
		cmocka_unit_test(what_comes_after_the_pause_goes_at_once),
		TEST(of_many_half_goes_while_the_other_half_is_answered),
		TEST(before_a_primary_that_pauses_many_go_together),
		TEST(before_a_primary_that_pauses_very_many_go_in_two_halves),
		TEST(parts_of_a_rejected_message_go_before_more_halves),
		TEST(nothing_new_goes_beside_the_parts_of_a_rejected_message),
		TEST(over_the_turn_of_a_second_a_busy_primary_has_something_to_do),
		TEST(also_in_its_pause),
		TEST(a_turn_that_has_passed_is_not_made_up_for),
		TEST(one_client_alone_holds_nothing),
		TEST(a_primary_that_does_not_pause_holds_nothing),
		TEST(the_next_message_goes_before_the_last_one_is_answered),
		TEST(confirmations_go_together),
		TEST(queries_in_flight_are_bounded),
		TEST(first_come_first_served),
		TEST(a_message_that_was_not_sent_is_repeated_with_all_its_sets),
	};

	return cmocka_run_group_tests_name("queue_message", tests, NULL, NULL);
}
