/*
 * The queue's steps. The way of a set that nothing hinders: what is looked at, what memory is worth, what is confirmed.
 */
#include "queue_bench.h"

#include <string.h>

/* ---- The way of a set ---- */

static void a_committed_set_is_changed(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	assert_int_equal(bench->message_count, 1);
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_int_equal(bench->messages[0].copies[0].count, 2);
	assert_waits(waiter);
	assert_int_equal(queue_waiting(bench->queue), 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void what_is_not_known_is_looked_at_record_by_record(void **state)
{
	struct bench *bench = *state;

	bench->blind = true;
	submit(bench, WWW, V4 | V6);
	assert_int_equal(bench->message_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(bench->messages[i].request.kind, DNS_QUERY);
		assert_int_equal(bench->messages[i].request.change, i);
	}
	reply_with(bench, WWW, found_another(&bench->messages[0]));
	assert_int_equal(bench->message_count, 1);
	reply_with(bench, WWW, found_another(&bench->messages[0]));
	assert_kind(bench, WWW, DNS_UPDATE);
}

static void a_look_names_the_missing_record(void **state)
{
	static const struct {
		unsigned what;
		size_t counts[2];
		enum rr_type missing;
	} rows[] = {
		{V4, {0}, RR_A},         {V6, {0}, RR_AAAA}, {V4 | V6, {0, 1}, RR_A}, {V4 | V6, {1, 0}, RR_AAAA},
		{V4 | V6, {0, 0}, RR_A},
	};
	struct bench *bench = *state;

	see_the_way(bench);
	bench->blind = true;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct waiter *waiter = submit(bench, host((unsigned)i), rows[i].what);

		for (size_t k = 0; bench->message_count; k++)
			reply_with(bench, host((unsigned)i),
				   found(rows[i].counts[k], numbered(family_asked(&bench->messages[0]), 9), TTL_S));
		assert_no_record(waiter, rows[i].missing);
		assert_int_equal(bench->sends[DNS_UPDATE], 0);
		assert_at_rest(bench);
	}
}

/* ... or what was found of the one would be taken for known later, and the record be made that had to exist. */
static void a_missing_record_settles_it_though_the_look_at_the_other_failed(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	see_the_way(bench);
	bench->blind = true;
	waiter = submit(bench, WWW, V4 | V6);
	assert_int_equal(family_asked(message_of(bench, WWW)), ADDR_V4);
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	assert_waits(waiter);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_no_record(waiter, RR_AAAA);
	assert_at_rest(bench);
	assert_int_equal(bench->sends[DNS_UPDATE], 0);
}

static void a_name_that_does_not_exist_has_no_record(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit(bench, WWW, V4);
	reply(bench, WWW, DNS_NXDOMAIN);
	/* An NXDOMAIN without authority is worth nothing. */
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NXRRSET);
	assert_no_record(waiter, RR_A);
	waiter = submit(bench, FTP, V4);
	reply_with(
		bench, FTP,
		(struct dns_result){.verdict = DNS_VERIFIED, .rcode = DNS_NXDOMAIN, .answer = {.authoritative = true}});
	assert_no_record(waiter, RR_A);
	assert_at_rest(bench);
}

static void what_nobody_would_find_is_not_created(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit(bench, WWW, V4 | MAY_CREATE);
	reply_with(bench, WWW, referral());
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_true(message_of(bench, WWW)->copies[0].changes[0].must_exist);
	reply(bench, WWW, DNS_NXRRSET);
	assert_no_record(waiter, RR_A);
	waiter = submit(bench, WWW, V4 | MAY_CREATE);
	reply_with(bench, WWW, referral());
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(waiter->outcome.code, OUTCOME_CHANGED);
	waiter = submit(bench, FTP, V4 | MAY_CREATE);
	reply_with(bench, FTP, below_a_dname());
	assert_no_record(waiter, RR_A);
	assert_at_rest(bench);
}

static void what_may_be_created_is_not_missing(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit(bench, WWW, V4 | MAY_CREATE);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
}

static void what_a_look_finds_the_same_is_confirmed(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_number(bench, WWW, V4, 7);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 7), TTL_S));
	assert_waits(waiter);
	assert_kind(bench, WWW, DNS_CONFIRM);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_UNCHANGED);
	assert_int_equal(bench->sends[DNS_UPDATE], 0);
	assert_at_rest(bench);
}

static void another_ttl_or_more_addresses_are_a_difference(void **state)
{
	struct bench *bench = *state;

	bench->blind = true;
	submit_number(bench, WWW, V4, 7);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 7), TTL_S + 1));
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	submit_number(bench, FTP, V4, 7);
	reply_with(bench, FTP, found(2, numbered(ADDR_V4, 7), TTL_S));
	assert_kind(bench, FTP, DNS_UPDATE);
}

static void one_record_that_differs_is_enough_for_an_update(void **state)
{
	struct bench *bench = *state;

	bench->blind = true;
	submit_number(bench, WWW, V4 | V6, 7);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 7), TTL_S));
	reply_with(bench, WWW, found(1, numbered(ADDR_V6, 8), TTL_S));
	assert_kind(bench, WWW, DNS_UPDATE);
}

static void a_look_that_tells_nothing_leaves_it_to_the_update(void **state)
{
	const struct dns_result results[] = {
		{.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED},
		{.verdict = DNS_VERIFIED, .rcode = DNS_SERVFAIL, .answer = {.authoritative = true}},
		{.verdict = DNS_UNSIGNED, .rcode = DNS_REFUSED},
		{.verdict = DNS_VERIFIED, .rcode = DNS_NOERROR}, /* no authority */
		{.verdict = DNS_VERIFIED,
		 .rcode = DNS_NOERROR,
		 .answer = {.count = 1, .rrset = rrset_of_addr(0, (struct addr){ADDR_V4, {0}})}}, /* nor here */
	};
	struct bench *bench = *state;

	bench->blind = true;
	for (unsigned i = 0; i < sizeof results / sizeof *results; i++) {
		struct waiter *waiter = submit_number(bench, host(i), V4, 0);

		reply_with(bench, host(i), results[i]);
		assert_kind(bench, host(i), DNS_UPDATE);
		reply(bench, host(i), DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
	}
}

static void a_look_without_reply_is_repeated_and_then_unreachable(void **state)
{
	static const enum dns_verdict verdicts[] = {DNS_UNKNOWN, DNS_UNREACHABLE};
	struct bench *bench = *state;

	bench->blind = true;
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		unsigned sends = bench->sends[DNS_QUERY];
		struct waiter *waiter = submit(bench, WWW, V4);

		while (waiter->answers == 0) {
			reply_as(bench, WWW, verdicts[i], 0);
			pass(bench, 2 * PAUSE_MAX_MS);
		}
		/* What was only asked cannot have been done. */
		assert_outcome(waiter, OUTCOME_UNREACHABLE);
		assert_int_equal(bench->sends[DNS_QUERY], sends + ATTEMPTS_MAX);
		assert_at_rest(bench);
	}
}

/* ---- What is remembered is a hint ---- */

static void what_was_committed_is_not_looked_at_again(void **state)
{
	struct bench *bench = *state;
	unsigned queries;

	commit_number(bench, WWW, V4, 1);
	queries = bench->sends[DNS_QUERY];
	submit_number(bench, WWW, V4, 2);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	submit_number(bench, WWW, V4, 2);
	assert_kind(bench, WWW, DNS_CONFIRM);
	assert_int_equal(bench->sends[DNS_QUERY], queries);
}

static void only_a_confirmation_makes_it_unchanged(void **state)
{
	(void)state;
	for (unsigned rcode = 0; rcode < 16; rcode++) {
		for (enum dns_verdict verdict = DNS_VERIFIED; verdict <= DNS_UNKNOWN; verdict++) {
			struct bench *bench = bench_new(&limits_default);
			struct waiter *waiter;

			commit_number(bench, WWW, V4, 1);
			waiter = submit_number(bench, WWW, V4, 1);
			assert_kind(bench, WWW, DNS_CONFIRM);
			reply_as(bench, WWW, verdict, rcode);
			if (verdict == DNS_VERIFIED && rcode == DNS_NOERROR)
				assert_outcome(waiter, OUTCOME_UNCHANGED);
			else
				assert_waits(waiter);
			cancel(bench, waiter);
			serve(bench, all_is_well);
			bench_free(bench);
		}
	}
}

/* Has a host, which has the address with that number, changed to one with the next number. */
static void change_after_a_look(struct bench *bench, const char *owner, unsigned number)
{
	submit_number(bench, owner, V4, number + 1);
	assert_kind(bench, owner, DNS_QUERY);
	reply_with(bench, owner, found(1, numbered(ADDR_V4, number), TTL_S));
	assert_kind(bench, owner, DNS_UPDATE);
	reply(bench, owner, DNS_NOERROR);
}

static void after_a_wrong_hint_others_have_to_prove_right(void **state)
{
	struct bench *bench = *state;
	unsigned number = 1;

	commit_number(bench, WWW, V4, 1);
	commit_number(bench, FTP, V4, number);
	submit_number(bench, WWW, V4, 2);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NXRRSET); /* the address was not 1 any more */
	reply(bench, WWW, DNS_NOERROR);
	bench->blind = true;
	for (unsigned i = 0; i < 64; i++, number++)
		change_after_a_look(bench, FTP, number);
	submit_number(bench, FTP, V4, number + 1);
	assert_kind(bench, FTP, DNS_UPDATE);
	reply(bench, FTP, DNS_NOERROR);
	assert_at_rest(bench);
}

static void a_hint_that_a_look_finds_wrong_is_one_more_reason_for_doubt(void **state)
{
	struct bench *bench = *state;
	unsigned number = 10;

	commit_number(bench, WWW, V4, 1);
	commit_number(bench, FTP, V4, 1);
	submit_number(bench, WWW, V4, 2);
	reply(bench, WWW, DNS_NXRRSET);
	reply(bench, WWW, DNS_NOERROR);
	bench->blind = true;
	for (unsigned i = 0; i < 1 + 2 * 64; i++, number++) /* the first look finds 10 where 1 was */
		change_after_a_look(bench, FTP, number);
	submit_number(bench, FTP, V4, number + 1);
	assert_kind(bench, FTP, DNS_UPDATE);
}

/* Where a primary keeps to a TTL of its own, each hint has another one than what is found. */
static void a_hint_with_another_ttl_is_not_wrong(void **state)
{
	struct bench *bench = *state;
	struct dns_result capped;
	unsigned number = 1;

	commit_number(bench, WWW, V4, 1);
	commit_number(bench, FTP, V4, number);
	submit_number(bench, WWW, V4, 2);
	reply(bench, WWW, DNS_NXRRSET);
	reply(bench, WWW, DNS_NOERROR);
	bench->blind = true;
	for (unsigned i = 0; i < 64; i++, number++) {
		submit_number(bench, FTP, V4, number + 1);
		capped = found(1, numbered(ADDR_V4, number), TTL_S / 2);
		reply_with(bench, FTP, capped);
		reply(bench, FTP, DNS_NOERROR);
	}
	submit_number(bench, FTP, V4, number + 1);
	assert_kind(bench, FTP, DNS_UPDATE);
}

/* Looks are of no use then, so they do not go on for ever. */
static void hints_are_relied_on_again_though_the_primary_does_not_tell(void **state)
{
	struct bench *bench = *state;
	unsigned number = 1;

	commit_number(bench, WWW, V4, 1);
	commit_number(bench, FTP, V4, number);
	submit_number(bench, WWW, V4, 2);
	reply(bench, WWW, DNS_NXRRSET);
	reply(bench, WWW, DNS_NOERROR);
	bench->blind = true;
	for (unsigned i = 0; i < 64; i++, number++) {
		submit_number(bench, FTP, V4, number + 1);
		assert_kind(bench, FTP, DNS_QUERY);
		reply(bench, FTP, DNS_REFUSED);
		reply(bench, FTP, DNS_NOERROR);
	}
	submit_number(bench, FTP, V4, number + 1);
	assert_kind(bench, FTP, DNS_UPDATE);
}

static void a_record_that_others_changed_is_changed_back(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_number(bench, WWW, V4, 1);
	waiter = submit_number(bench, WWW, V4, 1);
	reply(bench, WWW, DNS_NXRRSET);
	assert_waits(waiter);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
}

static void a_record_that_vanished_is_missing_though_it_seemed_the_same(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_number(bench, WWW, V4, 1);
	bench->blind = true;
	waiter = submit_number(bench, WWW, V4, 1);
	reply(bench, WWW, DNS_NXRRSET);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_no_record(waiter, RR_A);
	assert_at_rest(bench);
}

static void a_record_that_vanished_is_missing_though_it_seemed_to_differ(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_number(bench, WWW, V4, 1);
	bench->blind = true;
	waiter = submit_number(bench, WWW, V4, 2);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NXRRSET);
	assert_waits(waiter);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_no_record(waiter, RR_A);
	assert_at_rest(bench);
}

/* So that one that was delayed on its way cannot undo what came after it. */
static void an_update_expects_the_value_that_is_known(void **state)
{
	struct bench *bench = *state;
	struct rrset expected;

	commit_number(bench, WWW, V4, 1);
	submit_number(bench, WWW, V4, 2);
	expected = message_of(bench, WWW)->copies[0].changes[0].was;
	assert_true(expected.known);
	assert_int_equal(expected.count, 1);
	assert_int_equal(rrset_first(&expected).octets[3], 1);
}

static void another_value_than_was_expected_is_found_out(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_number(bench, WWW, V4, 1);
	bench->blind = true;
	waiter = submit_number(bench, WWW, V4, 2);
	reply(bench, WWW, DNS_NXRRSET);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 9), TTL_S));
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_int_equal(rrset_first(&message_of(bench, WWW)->copies[0].changes[0].was).octets[3], 9);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
}

/* Looks find what a wildcard has; prerequisites do not. */
static void a_wildcard_is_not_taken_for_the_record(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_number(bench, WWW, V4, 7);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 7), TTL_S));
	assert_kind(bench, WWW, DNS_CONFIRM);
	reply(bench, WWW, DNS_NXRRSET);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NXRRSET);
	assert_no_record(waiter, RR_A);
	assert_at_rest(bench);
}

static void a_primary_that_does_not_confirm_gets_the_update(void **state)
{
	static const enum dns_rcode rcodes[] = {DNS_REFUSED, DNS_SERVFAIL, DNS_NOTIMP, DNS_FORMERR};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof rcodes / sizeof *rcodes; i++) {
		struct waiter *waiter;

		commit_number(bench, WWW, V4, 1);
		waiter = submit_number(bench, WWW, V4, 1);
		reply(bench, WWW, rcodes[i]);
		assert_kind(bench, WWW, DNS_UPDATE);
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
		commit_number(bench, WWW, V4, 2);
	}
}

static enum dns_rcode host3_differs(const struct change_set *set)
{
	return strcmp(set->owner.text, host(3)) == 0 ? DNS_NXRRSET : DNS_NOERROR;
}

static void one_difference_among_many_confirmed_is_found(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiters;

	submit_hosts(bench, 40);
	serve(bench, all_is_well);
	bench->blind = true; /* the confirmation of the first one gathers the others */
	waiters = &bench->waiters[bench->waiter_count];
	for (unsigned i = 0; i < 40; i++)
		submit_number(bench, host(i), V4, i);
	assert_int_equal(bench->sends[DNS_CONFIRM], 1);
	bench->sends[DNS_UPDATE] = 0;
	while (bench->message_count) {
		const struct message *message = &bench->messages[0];
		bool bad = false;

		for (size_t i = 0; i < message->count; i++)
			bad = bad || host3_differs(&message->copies[i]) != DNS_NOERROR;
		if (message->request.kind == DNS_QUERY)
			end_message(bench, &bench->messages[0],
				    bad ? found_another(message)
					: found(1, rrset_addr(&message->copies[0].changes[0].becomes, 0), TTL_S));
		else
			end_message(bench, &bench->messages[0],
				    said(bad && message->request.kind == DNS_CONFIRM ? DNS_NXRRSET : DNS_NOERROR));
		act_all(bench);
	}
	for (size_t i = 0; i < 40; i++)
		assert_outcome(&waiters[i], i == 3 ? OUTCOME_CHANGED : OUTCOME_UNCHANGED);
	assert_int_equal(bench->sends[DNS_UPDATE], 1);
	assert_in_range(bench->sends[DNS_CONFIRM], 3, 5);
	assert_at_rest(bench);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_committed_set_is_changed),
		TEST(what_is_not_known_is_looked_at_record_by_record),
		TEST(a_look_names_the_missing_record),
		TEST(a_missing_record_settles_it_though_the_look_at_the_other_failed),
		TEST(a_name_that_does_not_exist_has_no_record),
		TEST(what_nobody_would_find_is_not_created),
		TEST(what_may_be_created_is_not_missing),
		TEST(what_a_look_finds_the_same_is_confirmed),
		TEST(another_ttl_or_more_addresses_are_a_difference),
		TEST(one_record_that_differs_is_enough_for_an_update),
		TEST(a_look_that_tells_nothing_leaves_it_to_the_update),
		TEST(a_look_without_reply_is_repeated_and_then_unreachable),
		TEST(what_was_committed_is_not_looked_at_again),
		cmocka_unit_test(only_a_confirmation_makes_it_unchanged),
		TEST(after_a_wrong_hint_others_have_to_prove_right),
		TEST(a_hint_that_a_look_finds_wrong_is_one_more_reason_for_doubt),
		TEST(a_hint_with_another_ttl_is_not_wrong),
		TEST(hints_are_relied_on_again_though_the_primary_does_not_tell),
		TEST(a_record_that_others_changed_is_changed_back),
		TEST(a_record_that_vanished_is_missing_though_it_seemed_the_same),
		TEST(a_record_that_vanished_is_missing_though_it_seemed_to_differ),
		TEST(an_update_expects_the_value_that_is_known),
		TEST(another_value_than_was_expected_is_found_out),
		TEST(a_wildcard_is_not_taken_for_the_record),
		TEST(a_primary_that_does_not_confirm_gets_the_update),
		TEST(one_difference_among_many_confirmed_is_found),
	};

	return cmocka_run_group_tests_name("queue_look", tests, NULL, NULL);
}
