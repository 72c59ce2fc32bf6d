/*
 * The queue's steps. Probes, and how an UPDATE ends.
 */
#include "queue_bench.h"

/* ---- Probes ---- */

static void expect_probe(struct bench *bench)
{
	assert_kind(bench, WWW, DNS_PROBE);
	assert_int_equal(family_asked(message_of(bench, WWW)), ADDR_V4);
}

static void a_probe_finds_the_a_record_missing(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply_missing(bench);
	assert_waits(waiter);
	expect_probe(bench);
	reply(bench, WWW, DNS_NXRRSET); /* so it is when both are missing */
	assert_no_record(waiter, RR_A);
	assert_at_rest(bench);
}

static void a_probe_finds_the_aaaa_record_missing(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply_missing(bench);
	expect_probe(bench);
	reply(bench, WWW, DNS_NOERROR);
	assert_no_record(waiter, RR_AAAA);
	assert_at_rest(bench);
}

static void a_probe_never_makes_a_change_of_it(void **state)
{
	static const enum dns_verdict verdicts[] = {DNS_REJECTED, DNS_UNSIGNED, DNS_UNKNOWN, DNS_UNREACHABLE};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		struct waiter *waiter = submit(bench, WWW, V4 | V6);

		reply_missing(bench);
		while (waiter->answers == 0) {
			expect_probe(bench);
			reply_as(bench, WWW, verdicts[i], DNS_REFUSED);
			pass(bench, 2 * PAUSE_MS);
		}
		assert_no_record(waiter, RR_NONE);
		assert_at_rest(bench);
	}
}

static void a_probe_that_is_refused_names_no_type(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply_missing(bench);
	reply(bench, WWW, DNS_REFUSED);
	assert_no_record(waiter, RR_NONE);
	assert_at_rest(bench);
}

/* The primary has said that a record is missing; what is not known is only which. */
static void a_deadline_during_a_probe_names_no_type(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply_missing(bench);
	pass(bench, DEADLINE_MS);
	assert_no_record(waiter, RR_NONE);
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

static void only_records_that_must_exist_can_be_missing(void **state)
{
	struct bench *bench = *state;
	struct change_set set = set_of(WWW, V4 | V6, 0);

	set.changes[0].must_exist = false;
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	act_all(bench);
	reply_missing(bench);
	assert_no_record(&bench->waiters[0], RR_AAAA);
	assert_at_rest(bench);
}

/* ---- How an UPDATE ends ---- */

static void any_other_rcode_is_a_refusal(void **state)
{
	struct bench *bench = *state;

	for (unsigned rcode = 1; rcode < 16; rcode++) {
		struct waiter *waiter;

		if (rcode == DNS_NXRRSET || rcode == DNS_YXRRSET || rcode == DNS_SERVFAIL)
			continue;
		waiter = submit(bench, WWW, V4);
		reply_as(bench, WWW, DNS_VERIFIED, rcode);
		assert_outcome(waiter, OUTCOME_REFUSED);
		waiter = submit(bench, WWW, V4);
		reply_as(bench, WWW, DNS_REJECTED, rcode);
		assert_outcome(waiter, OUTCOME_REFUSED);
		waiter = submit(bench, WWW, V4);
		reply_as(bench, WWW, DNS_UNSIGNED, rcode);
		assert_outcome(waiter, OUTCOME_REFUSED_UNSIGNED);
	}
	assert_at_rest(bench);
}

/* Of a message of many, each that ends alone: what was refused without a signature, and the others. */
static void only_a_signed_refusal_proves_that_nothing_was_changed(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *second, *third;

	second = submit(bench, host(1), V4);
	third = submit(bench, host(2), V4);
	reply_as(bench, WWW, DNS_UNSIGNED, DNS_REFUSED);
	assert_outcome(first, OUTCOME_REFUSED_UNSIGNED);
	assert_int_equal(message_of(bench, host(1))->count, 2);
	reply_as(bench, host(1), DNS_UNSIGNED, DNS_NOTAUTH); /* as Knot does if its acl is against one of them */
	reply(bench, host(1), DNS_NOERROR);
	assert_outcome(second, OUTCOME_CHANGED);
	reply(bench, host(2), DNS_REFUSED);
	assert_outcome(third, OUTCOME_UNKNOWN);
	assert_at_rest(bench);
}

/* Codes of more than four bits, of which the last four may look like another code. */
static void an_extended_rcode_is_a_refusal_of_the_whole_message(void **state)
{
	struct bench *bench = *state;

	for (unsigned rcode = 16; rcode < 4096; rcode += 61) {
		struct waiter *waiter = submit(bench, WWW, V4);

		reply(bench, WWW, rcode);
		assert_outcome(waiter, OUTCOME_REFUSED);
	}
	assert_at_rest(bench);
}

/*
 * Somebody between us and the primary sends the message twice, and the reply to the first copy is lost. The second one
 * cannot be carried out any more, and the primary says so, signed.
 */
static void a_message_that_was_sent_twice_by_others_was_carried_out(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_number(bench, WWW, V4, 6);
	bench->blind = true;
	waiter = submit_number(bench, WWW, V4, 7);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NXRRSET);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 7), TTL_S));
	assert_kind(bench, WWW, DNS_CONFIRM);
	reply(bench, WWW, DNS_NOERROR);
	assert_true(waiter->outcome.code == OUTCOME_CHANGED || waiter->outcome.code == OUTCOME_UNCHANGED);
	assert_at_rest(bench);
}

/* As above; but what the zone holds then cannot be found out, or not in time. */
static void a_failed_prerequisite_does_not_prove_that_nothing_was_changed(void **state)
{
	enum { NO_LOOK, NO_CONFIRMATION, NO_LOOK_ALLOWED, WAYS };

	(void)state;
	for (unsigned way = 0; way < WAYS; way++) {
		struct bench *bench = bench_new(&limits_default);
		struct waiter *waiter;

		commit_number(bench, WWW, V4, 6);
		bench->blind = true;
		waiter = submit_number(bench, WWW, V4, 7);
		reply(bench, WWW, DNS_NXRRSET);
		assert_kind(bench, WWW, DNS_QUERY);
		if (way == NO_CONFIRMATION)
			reply_with(bench, WWW, found(1, numbered(ADDR_V4, 7), TTL_S));
		while (way == NO_LOOK_ALLOWED && waiter->answers == 0)
			reply(bench, WWW, bench->messages[0].request.kind == DNS_QUERY ? DNS_REFUSED : DNS_FORMERR);
		pass(bench, DEADLINE_MS);
		assert_outcome(waiter, OUTCOME_UNKNOWN);
		bench_free(bench);
	}
}

static void what_the_zone_holds_after_a_failed_prerequisite_may_prove_it(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_number(bench, WWW, V4, 6);
	bench->blind = true;
	waiter = submit_number(bench, WWW, V4, 7);
	reply(bench, WWW, DNS_NXRRSET);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 5), TTL_S));
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_REFUSED);
	assert_outcome(waiter, OUTCOME_REFUSED);
	assert_at_rest(bench);
}

/* A forwarder's own copy of the zone lags behind what the primary may have carried out. */
static void what_a_forwarder_holds_after_a_failed_prerequisite_proves_nothing(void **state)
{
	struct dns_result forwarded = {.verdict = DNS_VERIFIED, .rcode = DNS_NXRRSET, .id_was_changed = true};
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_number(bench, WWW, V4, 6);
	bench->blind = true;
	waiter = submit_number(bench, WWW, V4, 7);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply_with(bench, WWW, forwarded);
	forwarded.rcode = DNS_REFUSED;
	while (waiter->answers == 0) {
		bool is_look = bench->messages[0].request.kind == DNS_QUERY;

		reply_with(bench, WWW, is_look ? found(1, numbered(ADDR_V4, 5), TTL_S) : forwarded);
	}
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	assert_at_rest(bench);
}

/* A secondary that forwards UPDATEs answers queries from a copy, in which a record may be missing that exists. */
static void by_way_of_a_forwarder_the_update_decides_what_is_missing(void **state)
{
	struct dns_result forwarded = {.verdict = DNS_VERIFIED, .id_was_changed = true};
	struct bench *bench = *state;
	struct waiter *waiter;

	submit(bench, FTP, V4);
	reply_with(bench, FTP, forwarded);
	bench->blind = true;
	for (unsigned i = 0; i < 2; i++) {
		waiter = submit(bench, host(i), V4);
		reply_with(bench, host(i), found(0, (struct addr){0}, 0));
		assert_kind(bench, host(i), DNS_UPDATE);
		forwarded.rcode = i ? DNS_NXRRSET : DNS_NOERROR;
		reply_with(bench, host(i), forwarded);
		if (i)
			assert_no_record(waiter, RR_A);
		else
			assert_outcome(waiter, OUTCOME_CHANGED);
	}
	waiter = submit_prefix(bench, host(2), V6); /* there is nothing to be rewritten */
	reply_with(bench, host(2), found(0, (struct addr){0}, 0));
	assert_no_record(waiter, RR_AAAA);
	submit(bench, FTP, V4);
	reply(bench, FTP, DNS_NOERROR); /* of the primary itself, after another failover */
	waiter = submit(bench, host(3), V4);
	reply_with(bench, host(3), found(0, (struct addr){0}, 0));
	assert_no_record(waiter, RR_A);
	assert_at_rest(bench);
}

/* At first nobody knows whether it is one. What is missing goes alone, so that it spoils nothing for others. */
static void before_the_first_update_has_shown_the_way_an_update_decides_what_is_missing(void **state)
{
	struct bench *bench = *state;
	struct waiter *www, *ftp, *other;

	bench->blind = true;
	www = submit(bench, WWW, V4);
	ftp = submit(bench, FTP, V4);
	other = submit(bench, host(0), V4);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	reply_with(bench, FTP, found(0, (struct addr){0}, 0));
	reply_with(bench, host(0), found(1, numbered(ADDR_V4, 0xffff), TTL_S));
	assert_int_equal(message_of(bench, WWW)->count, 1);
	assert_false(is_in_flight(bench, FTP));
	reply(bench, host(0), DNS_NOERROR);
	assert_outcome(other, OUTCOME_CHANGED);
	reply(bench, WWW, DNS_NXRRSET);
	assert_no_record(www, RR_A);
	reply(bench, FTP, DNS_NOERROR);
	assert_outcome(ftp, OUTCOME_CHANGED);
	www = submit(bench, WWW, V4);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_no_record(www, RR_A);
	assert_at_rest(bench);
}

/* Both are missing in the copy, and one of them at the primary. */
static void the_one_that_is_missing_is_named_by_the_primary_at_first(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit(bench, WWW, V4 | V6);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NXRRSET);
	assert_kind(bench, WWW, DNS_PROBE);
	reply(bench, WWW, DNS_NOERROR);
	assert_no_record(waiter, RR_AAAA);
	assert_at_rest(bench);
}

/* That the A record was not there to be read does not make the other one unreadable. */
static void beside_a_prefix_too_an_update_decides_what_is_missing(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	for (unsigned i = 0; i < 2; i++) {
		waiter = submit_prefix(bench, WWW, V4 | V6);
		reply_with(bench, WWW, found(0, (struct addr){0}, 0));
		reply_with(bench, WWW, found(i, numbered(ADDR_V6, 7), TTL_S));
		assert_kind(bench, WWW, DNS_UPDATE);
		reply_with(bench, WWW,
			   (struct dns_result){.verdict = DNS_VERIFIED,
					       .rcode = i ? DNS_NOERROR : DNS_NXRRSET,
					       .id_was_changed = true});
		if (i == 0) {
			assert_kind(bench, WWW, DNS_PROBE);
			reply(bench, WWW, DNS_NXRRSET);
			assert_no_record(waiter, RR_A);
		} else {
			assert_outcome(waiter, OUTCOME_CHANGED);
		}
		queue_set_limits(bench->queue, &bench->limits);
	}
	assert_at_rest(bench);
}

/* What is known of the way to one primary says nothing of that to another, nor of what comes with a reload. */
static void each_way_has_to_be_seen(void **state)
{
	static const int one, other;
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->primary = &one;
	see_the_way(bench);
	bench->blind = true;
	for (unsigned i = 0; i < 3; i++) {
		bench->primary = i == 1 ? &other : &one;
		if (i == 2)
			queue_set_limits(bench->queue, &bench->limits);
		waiter = submit(bench, host(i), V4);
		reply_with(bench, host(i), found(0, (struct addr){0}, 0));
		if (i == 0) {
			assert_no_record(waiter, RR_A);
			continue;
		}
		assert_kind(bench, host(i), DNS_UPDATE);
		reply(bench, host(i), DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
	}
	assert_at_rest(bench);
}

static void a_rejection_that_says_noerror_is_no_success(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);

	reply_as(bench, WWW, DNS_REJECTED, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_REFUSED);
}

static void what_was_not_sent_is_repeated_and_then_unreachable(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);

	for (unsigned attempt = 1; attempt < ATTEMPTS_MAX; attempt++) {
		reply_as(bench, WWW, DNS_UNREACHABLE, 0);
		assert_waits(waiter);
		bench->now_ms = queue_wake_at_ms(bench->queue) - 1;
		tick(bench);
		assert_int_equal(bench->message_count, 0);
		pass(bench, 1);
		assert_int_equal(bench->message_count, 1);
	}
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	assert_outcome(waiter, OUTCOME_UNREACHABLE);
	assert_int_equal(bench->sends[DNS_UPDATE], ATTEMPTS_MAX);
	assert_at_rest(bench);
}

/* Twice as long each time, and up to a half more by chance. */
static void pauses_grow_and_differ(void **state)
{
	struct queue_limits limits = limits_default;
	uint64_t lowest[3] = {UINT64_MAX, UINT64_MAX, UINT64_MAX}, highest[3] = {0};

	(void)state;
	limits.attempts_max = 4;
	limits.deadline_ms = 100 * PAUSE_MS;
	for (limits.seed = 1; limits.seed < 200; limits.seed++) {
		struct bench *bench = bench_new(&limits);

		submit(bench, WWW, V4);
		for (unsigned i = 0; i < 3; i++) {
			uint64_t pause_ms;

			reply_as(bench, WWW, DNS_UNREACHABLE, 0);
			pause_ms = queue_wake_at_ms(bench->queue) - bench->now_ms;
			assert_in_range(pause_ms, PAUSE_MS << i, (PAUSE_MS << i) + (PAUSE_MS << i) / 2);
			lowest[i] = pause_ms < lowest[i] ? pause_ms : lowest[i];
			highest[i] = pause_ms > highest[i] ? pause_ms : highest[i];
			pass(bench, pause_ms);
		}
		bench_free(bench);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_true(highest[i] - lowest[i] > (uint64_t)(PAUSE_MS << i) / 4);
}

/* Sends it, leaves the outcome unknown, and sends it again. */
static struct waiter *submit_with_unknown_attempt(struct bench *bench)
{
	struct waiter *waiter = submit(bench, WWW, V4);

	assert_kind(bench, WWW, DNS_UPDATE);
	reply_as(bench, WWW, DNS_UNKNOWN, 0);
	assert_waits(waiter);
	pass_to_next(bench);
	assert_int_equal(bench->message_count, 1);
	return waiter;
}

static void an_unknown_outcome_is_settled_by_a_repetition(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit_with_unknown_attempt(bench);

	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
}

/* The primary had carried it out, and its reply was lost. */
static void an_unknown_outcome_is_settled_by_a_look_and_a_confirmation(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit_number(bench, WWW, V4, 7);

	reply_as(bench, WWW, DNS_UNKNOWN, 0);
	bench->blind = true;
	pass_to_next(bench);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 7), TTL_S));
	assert_waits(waiter);
	assert_kind(bench, WWW, DNS_CONFIRM);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_int_equal(bench->sends[DNS_UPDATE], 1);
	assert_at_rest(bench);
}

static void an_unknown_outcome_stays_unknown_when_the_repetition_is_refused(void **state)
{
	struct bench *bench = *state;
	struct waiter *verified = submit_with_unknown_attempt(bench), *rejected;

	reply(bench, WWW, DNS_REFUSED);
	assert_outcome(verified, OUTCOME_UNKNOWN);
	rejected = submit_with_unknown_attempt(bench);
	reply_as(bench, WWW, DNS_REJECTED, DNS_NOTAUTH);
	assert_outcome(rejected, OUTCOME_UNKNOWN);
	rejected = submit_with_unknown_attempt(bench);
	reply_as(bench, WWW, DNS_UNSIGNED, DNS_NOTAUTH);
	assert_outcome(rejected, OUTCOME_REFUSED_UNSIGNED);
}

static void an_unknown_outcome_stays_unknown_when_nothing_can_be_sent_any_more(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit_with_unknown_attempt(bench);

	while (waiter->answers == 0) {
		reply_as(bench, WWW, DNS_UNREACHABLE, 0);
		pass(bench, 2 * PAUSE_MAX_MS);
	}
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	assert_at_rest(bench);
}

static void an_unknown_outcome_stays_unknown_at_the_deadline(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit_with_unknown_attempt(bench);

	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	bench->now_ms = START_MS + DEADLINE_MS;
	tick(bench);
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	assert_at_rest(bench);
}

static void nothing_but_unknown_attempts_end_unknown(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);

	while (waiter->answers == 0) {
		reply_as(bench, WWW, DNS_UNKNOWN, 0);
		pass(bench, 2 * PAUSE_MAX_MS);
	}
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	assert_int_equal(bench->sends[DNS_UPDATE], ATTEMPTS_MAX);
	assert_at_rest(bench);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_probe_finds_the_a_record_missing),
		TEST(a_probe_finds_the_aaaa_record_missing),
		TEST(a_probe_never_makes_a_change_of_it),
		TEST(a_probe_that_is_refused_names_no_type),
		TEST(a_deadline_during_a_probe_names_no_type),
		TEST(only_records_that_must_exist_can_be_missing),
		TEST(any_other_rcode_is_a_refusal),
		TEST(only_a_signed_refusal_proves_that_nothing_was_changed),
		TEST(an_extended_rcode_is_a_refusal_of_the_whole_message),
		TEST(a_message_that_was_sent_twice_by_others_was_carried_out),
		TEST(a_failed_prerequisite_does_not_prove_that_nothing_was_changed),
		TEST(what_the_zone_holds_after_a_failed_prerequisite_may_prove_it),
		TEST(what_a_forwarder_holds_after_a_failed_prerequisite_proves_nothing),
		TEST(by_way_of_a_forwarder_the_update_decides_what_is_missing),
		TEST(before_the_first_update_has_shown_the_way_an_update_decides_what_is_missing),
		TEST(the_one_that_is_missing_is_named_by_the_primary_at_first),
		TEST(beside_a_prefix_too_an_update_decides_what_is_missing),
		TEST(each_way_has_to_be_seen),
		TEST(a_rejection_that_says_noerror_is_no_success),
		TEST(what_was_not_sent_is_repeated_and_then_unreachable),
		cmocka_unit_test(pauses_grow_and_differ),
		TEST(an_unknown_outcome_is_settled_by_a_repetition),
		TEST(an_unknown_outcome_is_settled_by_a_look_and_a_confirmation),
		TEST(an_unknown_outcome_stays_unknown_when_the_repetition_is_refused),
		TEST(an_unknown_outcome_stays_unknown_when_nothing_can_be_sent_any_more),
		TEST(an_unknown_outcome_stays_unknown_at_the_deadline),
		TEST(nothing_but_unknown_attempts_end_unknown),
	};

	return cmocka_run_group_tests_name("queue_outcome", tests, NULL, NULL);
}
