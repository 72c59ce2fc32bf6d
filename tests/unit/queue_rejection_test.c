/*
 * The queue's steps. Bad sets among good ones, a primary that fails, and more than one primary.
 */
#include "queue_bench.h"

#include <string.h>

/* ---- Bad sets among good ones ---- */

static enum dns_rcode rcode_of_culprits;

static unsigned culprits[3];

static enum dns_rcode judge_culprits(const struct change_set *set)
{
	for (size_t i = 0; i < sizeof culprits / sizeof *culprits; i++) {
		if (strcmp(set->owner.text, host(culprits[i])) == 0)
			return rcode_of_culprits;
	}
	return DNS_NOERROR;
}

static bool is_culprit(unsigned number)
{
	return number == culprits[0] || number == culprits[1] || number == culprits[2];
}

/* Whether the primary itself may be what fails. */
static bool may_be_the_primary_s(void)
{
	return rcode_of_culprits == DNS_SERVFAIL || rcode_of_culprits == DNS_NOTAUTH;
}

/* The same until all are answered: what failed is not sent again at once. */
static void serve_to_the_end(struct bench *bench, judge_fn *judge)
{
	serve(bench, judge);
	while (queue_waiting(bench->queue)) {
		pass_to_next(bench);
		serve(bench, judge);
	}
}

static struct bench *bench_with_one_update_at_a_time(void)
{
	struct queue_limits limits = limits_default;

	limits.updates_max = 1;
	return bench_new(&limits);
}

static void culprits_get_their_own_answer_and_the_rest_commits(void **state)
{
	static const enum dns_rcode rcodes[] = {DNS_NXRRSET, DNS_REFUSED, DNS_SERVFAIL, DNS_NOTZONE,
						DNS_FORMERR, DNS_NOTAUTH, DNS_YXDOMAIN, DNS_YXRRSET};
	static const unsigned sets_of_culprits[][3] = {{0, 0, 0},   {63, 63, 63}, {20, 20, 20},
						       {0, 31, 63}, {7, 8, 9},    {31, 32, 63}};
	enum { COUNT = 64, HALVINGS = 6 };

	(void)state;
	for (size_t i = 0; i < sizeof rcodes / sizeof *rcodes * 6; i++) {
		struct bench *bench = bench_with_one_update_at_a_time();
		struct waiter *waiters;
		unsigned different, again;

		rcode_of_culprits = rcodes[i / 6];
		memcpy(culprits, sets_of_culprits[i % 6], sizeof culprits);
		different = culprits[0] == culprits[1] ? 1 : 3;
		again = rcode_of_culprits == DNS_YXRRSET ? 3 : may_be_the_primary_s() ? HALVINGS / 2 : 0;
		waiters = submit_batch(bench, COUNT);
		assert_int_equal(bench->messages[0].count, COUNT);
		serve_to_the_end(bench, judge_culprits);
		for (unsigned k = 0; k < COUNT; k++) {
			if (!is_culprit(k))
				assert_outcome(&waiters[k], OUTCOME_CHANGED);
			else if (rcode_of_culprits == DNS_NXRRSET)
				assert_no_record(&waiters[k], RR_A);
			else
				assert_outcome(&waiters[k], OUTCOME_REFUSED);
		}
		/*
		 * Two messages for each halving on the way to a culprit, that of the batch and that of WWW; what seems
		 * to have changed is sent three times more, after a look each; and where it may be the primary's fault,
		 * all go once more together, and a sample before every other halving and in the end.
		 */
		if (bench->sends[DNS_UPDATE] >
		    2 + (2 * HALVINGS + again) * different + (may_be_the_primary_s() ? 2 : 0))
			fail_msg("%u culprits with %s took %u messages", different, dns_rcode_text(rcode_of_culprits),
				 bench->sends[DNS_UPDATE]);
		assert_at_rest(bench);
		bench_free(bench);
	}
}

static enum dns_rcode all_are_bad(const struct change_set *set)
{
	(void)set;
	return DNS_REFUSED;
}

static void a_batch_of_culprits_is_refused_in_a_bounded_number_of_messages(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiters = submit_batch(bench, 64);

	serve(bench, all_are_bad);
	for (size_t i = 0; i < 64; i++)
		assert_outcome(&waiters[i], OUTCOME_REFUSED);
	assert_true(bench->sends[DNS_UPDATE] <= 2 * 64);
	assert_at_rest(bench);
}

/* They are told apart by queries, which cost no transaction: one more UPDATE commits the rest. */
static void after_a_missing_record_those_not_looked_at_are_looked_at(void **state)
{
	struct bench *bench = bench_with_one_update_at_a_time();
	struct waiter *waiters;

	(void)state;
	rcode_of_culprits = DNS_NXRRSET;
	memcpy(culprits, (const unsigned[]){5, 6, 40}, sizeof culprits);
	waiters = submit_batch(bench, 64);
	serve(bench, judge_culprits);
	for (unsigned i = 0; i < 64; i++)
		assert_outcome(&waiters[i], is_culprit(i) ? OUTCOME_NO_RECORD : OUTCOME_CHANGED);
	assert_true(bench->sends[DNS_QUERY] <= 65);
	assert_true(bench->sends[DNS_UPDATE] <= 4);
	bench_free(bench);
}

static void a_fault_of_the_whole_message_is_not_taken_apart(void **state)
{
	static const struct dns_result results[] = {
		{.verdict = DNS_VERIFIED, .rcode = DNS_NOTIMP},
		{.verdict = DNS_REJECTED, .rcode = DNS_NOTAUTH, .tsig_error = 16},
		{.verdict = DNS_UNSIGNED, .rcode = DNS_NOTAUTH, .tsig_error = 16},
		{.verdict = DNS_UNSIGNED, .rcode = DNS_FORMERR},
	};

	(void)state;
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct bench *bench = bench_new(&limits_default);
		struct waiter *waiters = submit_batch(bench, 20);
		unsigned sends = bench->sends[DNS_UPDATE];

		while (bench->message_count)
			reply_with(bench, bench->messages[0].copies[0].owner.text, results[i]);
		for (size_t k = 0; k < 20; k++)
			assert_outcome(&waiters[k],
				       results[i].verdict == DNS_UNSIGNED ? OUTCOME_REFUSED_UNSIGNED : OUTCOME_REFUSED);
		assert_int_equal(bench->sends[DNS_UPDATE], sends);
		assert_at_rest(bench);
		bench_free(bench);
	}
}

/* ---- A primary that fails ---- */

static enum dns_rcode all_fail(const struct change_set *set)
{
	(void)set;
	return DNS_SERVFAIL;
}

static enum dns_rcode all_are_not_auth(const struct change_set *set)
{
	(void)set;
	return DNS_NOTAUTH;
}

static void a_failure_is_answered_after_one_repetition(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);

	reply(bench, WWW, DNS_SERVFAIL);
	assert_waits(waiter);
	assert_int_equal(bench->message_count, 0);
	bench->now_ms = queue_wake_at_ms(bench->queue) - 1;
	tick(bench);
	assert_int_equal(bench->message_count, 0);
	pass(bench, 1);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_SERVFAIL);
	assert_outcome(waiter, OUTCOME_REFUSED);
	assert_int_equal(bench->sends[DNS_UPDATE], 2);
	assert_at_rest(bench);
}

static void what_failed_once_is_committed_by_the_repetition(void **state)
{
	struct bench *bench = bench_with_one_update_at_a_time();
	struct waiter *waiters = submit_batch(bench, 20);
	unsigned sends = bench->sends[DNS_UPDATE];

	(void)state;
	reply(bench, host(0), DNS_SERVFAIL);
	pass_to_next(bench);
	assert_int_equal(message_of(bench, host(0))->count, 20);
	reply(bench, host(0), DNS_NOERROR);
	for (size_t i = 0; i < 20; i++)
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
	assert_int_equal(bench->sends[DNS_UPDATE], sends + 1);
	assert_at_rest(bench);
	bench_free(bench);
}

/* What failed meanwhile is no reason to keep others waiting, as long as some are carried out. */
static void a_repetition_that_waits_holds_up_nobody(void **state)
{
	struct bench *bench = *state;
	struct waiter *failed = submit(bench, WWW, V4), *other;

	reply(bench, WWW, DNS_SERVFAIL);
	other = submit(bench, FTP, V4);
	reply(bench, FTP, DNS_NOERROR);
	assert_outcome(other, OUTCOME_CHANGED);
	assert_waits(failed);
	pass_to_next(bench);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(failed, OUTCOME_CHANGED);
}

/* Sends that many UPDATEs for batch after batch, all of which fail. */
static void fail_batches(judge_fn *judge, unsigned first_max, unsigned others_max)
{
	struct bench *bench = bench_with_one_update_at_a_time();
	enum { COUNT = 60 };
	struct waiter *waiters = submit_batch(bench, COUNT);

	bench->sends[DNS_UPDATE] = 1; /* the one that is in flight */
	for (unsigned batch = 0; batch < 4; batch++) {
		unsigned max = batch ? others_max : first_max;

		serve_to_the_end(bench, judge);
		for (size_t i = 0; i < COUNT; i++)
			assert_outcome(&waiters[i], OUTCOME_REFUSED);
		if (bench->sends[DNS_UPDATE] > max)
			fail_msg("batch %u took %u messages", batch, bench->sends[DNS_UPDATE]);
		bench->sends[DNS_UPDATE] = 0;
		assert_at_rest(bench);
		waiters = &bench->waiters[bench->waiter_count];
		submit_request(bench, 0, COUNT);
	}
	bench_free(bench);
}

static void a_sick_primary_gets_few_messages(void **state)
{
	(void)state;
	fail_batches(all_fail, 5, 5);
}

/* A secondary that is taken for the primary says so of whatever it gets. */
static void a_server_that_is_not_the_primary_gets_few_messages(void **state)
{
	(void)state;
	fail_batches(all_are_not_auth, 8, 8);
}

static void while_a_primary_seems_sick_new_updates_gather(void **state)
{
	struct bench *bench = *state;

	submit(bench, WWW, V4);
	reply(bench, WWW, DNS_SERVFAIL);
	submit(bench, FTP, V4);
	reply(bench, FTP, DNS_SERVFAIL);
	for (unsigned i = 0; i < 10; i++)
		submit(bench, host(i), V4);
	assert_int_equal(bench->message_count, 0);
	while (!is_in_flight(bench, host(0))) {
		if (bench->message_count)
			reply(bench, bench->messages[0].copies[0].owner.text, DNS_SERVFAIL);
		else
			pass_to_next(bench);
	}
	assert_int_equal(message_of(bench, host(0))->count, 10);
	reply(bench, host(0), DNS_NOERROR);
	submit(bench, WWW, V4);
	assert_kind(bench, WWW, DNS_UPDATE); /* it is well again */
}

static void a_sample_that_nobody_waits_for_holds_up_nobody(void **state)
{
	struct bench *bench = bench_with_one_update_at_a_time();
	struct waiter *waiters = submit_batch(bench, 8);
	const struct message *sample;

	(void)state;
	reply(bench, host(0), DNS_SERVFAIL);
	pass_to_next(bench);
	reply(bench, host(0), DNS_SERVFAIL);
	assert_int_equal(bench->message_count, 1);
	sample = &bench->messages[0];
	assert_int_equal(sample->count, 1);
	for (unsigned i = 0; i < 8; i++) {
		if (concerns(sample, host(i)))
			cancel(bench, &waiters[i]);
	}
	reply_as(bench, bench->messages[0].copies[0].owner.text, DNS_UNREACHABLE, 0);
	while (queue_waiting(bench->queue)) {
		pass_to_next(bench);
		serve(bench, all_is_well);
	}
	for (unsigned i = 0; i < 8; i++) {
		if (!waiters[i].cancelled)
			assert_outcome(&waiters[i], OUTCOME_CHANGED);
	}
	bench_free(bench);
}

static void at_the_deadline_a_failure_is_no_missing_primary(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench;
	struct waiter *waiter;

	(void)state;
	limits.deadline_ms = PAUSE_MS / 2;
	bench = bench_new(&limits);
	waiter = submit(bench, WWW, V4);
	reply(bench, WWW, DNS_SERVFAIL);
	pass(bench, limits.deadline_ms);
	assert_outcome(waiter, OUTCOME_REFUSED);
	bench_free(bench);
}

/* ---- More than one primary ---- */

static void with_another_primary_nothing_waits(void **state)
{
	static const struct dns_result results[] = {{.verdict = DNS_UNREACHABLE, .why = "test"},
						    {.verdict = DNS_VERIFIED, .rcode = DNS_SERVFAIL},
						    {.verdict = DNS_VERIFIED, .rcode = DNS_NOTIMP}};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct waiter *waiter = submit(bench, WWW, V4);

		bench->has_well = true;
		for (unsigned k = 0; k < 3 * ATTEMPTS_MAX; k++) {
			assert_kind(bench, WWW, DNS_UPDATE);
			reply_with(bench, WWW, results[i]);
			assert_waits(waiter);
			if (bench->message_count == 0)
				tick(bench);
		}
		bench->has_well = false;
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
	}
	assert_int_equal(bench->now_ms, START_MS);
	assert_at_rest(bench);
}

static void looks_move_on_as_well(void **state)
{
	static const struct dns_result results[] = {{.verdict = DNS_UNREACHABLE, .why = "test"},
						    {.verdict = DNS_UNKNOWN, .why = "test"},
						    {.verdict = DNS_VERIFIED, .rcode = DNS_SERVFAIL},
						    {.verdict = DNS_REJECTED, .rcode = DNS_NOTIMP}};
	struct bench *bench = *state;

	see_the_way(bench);
	bench->blind = true;
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct waiter *waiter = submit(bench, host((unsigned)i), V4);

		bench->has_well = true;
		for (unsigned k = 0; k < 3 * ATTEMPTS_MAX; k++) {
			assert_kind(bench, host((unsigned)i), DNS_QUERY);
			reply_with(bench, host((unsigned)i), results[i]);
		}
		bench->has_well = false;
		assert_kind(bench, host((unsigned)i), DNS_QUERY);
		reply_with(bench, host((unsigned)i), found(0, (struct addr){0}, 0));
		assert_no_record(waiter, RR_A);
	}
	assert_int_equal(bench->now_ms, START_MS);
}

/* Both looks of a set come back, that at one record with nothing, in whatever order. */
static void looks_come_back(struct bench *bench, const char *owner, struct dns_result failed, bool failed_first)
{
	for (unsigned i = 0; i < 2; i++) {
		bool fails = failed_first == (i == 0);

		assert_kind(bench, owner, DNS_QUERY);
		bench->has_well = fails;
		reply_with(bench, owner, fails ? failed : found_another(message_of(bench, owner)));
	}
	bench->has_well = false;
}

/* The one that succeeds says nothing of who is well. */
static void looks_move_on_whichever_of_them_failed(void **state)
{
	static const struct dns_result results[] = {{.verdict = DNS_UNREACHABLE, .why = "test"},
						    {.verdict = DNS_UNKNOWN, .why = "test"},
						    {.verdict = DNS_VERIFIED, .rcode = DNS_SERVFAIL},
						    {.verdict = DNS_REJECTED, .rcode = DNS_NOTIMP}};
	struct bench *bench = *state;

	bench->blind = true;
	for (size_t i = 0; i < 2 * sizeof results / sizeof *results; i++) {
		const char *owner = host((unsigned)i);
		struct waiter *waiter = submit(bench, owner, V4 | V6);

		for (unsigned k = 0; k < 3 * ATTEMPTS_MAX; k++)
			looks_come_back(bench, owner, results[i / 2], i % 2 == 0);
		for (unsigned k = 0; k < 2; k++)
			reply_with(bench, owner, found_another(message_of(bench, owner)));
		assert_kind(bench, owner, DNS_UPDATE);
		reply(bench, owner, DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
	}
	assert_int_equal(bench->now_ms, START_MS);
}

/* It goes to the same primary again, at once; and that is an attempt. */
static void a_look_whose_connection_ended_is_repeated_at_once_whatever_the_other_found(void **state)
{
	static const struct dns_result closed = {.verdict = DNS_UNKNOWN, .had_worked = true, .why = "test"};
	struct bench *bench = *state;

	bench->blind = true;
	for (unsigned i = 0; i < 2; i++) {
		struct waiter *waiter = submit(bench, host(i), V4 | V6);

		for (unsigned k = 0; k < ATTEMPTS_MAX; k++) {
			looks_come_back(bench, host(i), closed, i == 0);
			if (k + 1 < ATTEMPTS_MAX)
				pass(bench, 0);
		}
		assert_outcome(waiter, OUTCOME_UNREACHABLE);
	}
	assert_int_equal(bench->now_ms, START_MS);
}

static void looks_wait_if_the_last_one_that_failed_found_nobody_well(void **state)
{
	static const struct dns_result results[] = {{.verdict = DNS_UNREACHABLE, .why = "test"},
						    {.verdict = DNS_VERIFIED, .rcode = DNS_SERVFAIL}};
	struct bench *bench = *state;

	bench->blind = true;
	for (unsigned i = 0; i < 2; i++) {
		submit(bench, host(i), V4 | V6);
		bench->has_well = true;
		reply_with(bench, host(i), results[i]);
		bench->has_well = false;
		reply_with(bench, host(i), results[i]);
		assert_false(is_in_flight(bench, host(i)));
		pass_to_next(bench);
		assert_kind(bench, host(i), DNS_QUERY);
		reply_with(bench, host(i), found_another(message_of(bench, host(i))));
		reply_with(bench, host(i), found_another(message_of(bench, host(i))));
		reply(bench, host(i), DNS_NOERROR);
	}
}

/* However many there are said to be. */
static void nothing_moves_on_for_ever(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);
	unsigned moves = 0;

	bench->has_well = true;
	while (bench->message_count && moves++ < 1000)
		reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	assert_true(moves < 100);
	while (waiter->answers == 0) {
		pass_to_next(bench);
		if (bench->message_count)
			reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	}
	assert_outcome(waiter, OUTCOME_UNREACHABLE);
}

/* It may have been carried out where it was; so that is looked at before it goes elsewhere. */
static void an_unknown_outcome_is_looked_at_elsewhere_at_once(void **state)
{
	static const struct dns_result results[] = {{.verdict = DNS_UNKNOWN, .why = "test"},
						    {.verdict = DNS_REJECTED, .rcode = DNS_NOTIMP}};
	static const char here, there;
	struct bench *bench = *state;

	for (unsigned i = 0; i < sizeof results / sizeof *results; i++) {
		struct waiter *waiter = submit(bench, host(i), V4);

		bench->has_well = true;
		bench->primary = &here;
		bench->blind = true;
		reply_with(bench, host(i), results[i]);
		assert_kind(bench, host(i), DNS_QUERY);
		bench->primary = &there;
		reply_with(bench, host(i), found(1, numbered(ADDR_V4, 0xffff), TTL_S));
		assert_kind(bench, host(i), DNS_UPDATE);
		assert_null(message_of(bench, host(i))->only_to);
		assert_true(message_of(bench, host(i))->copies[0].changes[0].was.known);
		reply(bench, host(i), DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
		bench->blind = false;
	}
	assert_int_equal(bench->now_ms, START_MS);
}

static void what_cannot_be_settled_is_not_done_elsewhere(void **state)
{
	static const struct dns_result refused = {.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED};
	static const char here, there;
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);

	bench->has_well = true;
	bench->primary = &here;
	bench->blind = true;
	reply_as(bench, WWW, DNS_UNKNOWN, 0);
	bench->primary = &there;
	reply_with(bench, WWW, refused);
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_ptr_equal(message_of(bench, WWW)->only_to, &here);
	assert_int_equal(message_of(bench, WWW)->count, 1);
	bench->primary = &here;
	while (waiter->answers == 0) {
		assert_ptr_equal(message_of(bench, WWW)->only_to, &here);
		reply_as(bench, WWW, DNS_UNREACHABLE, 0);
		assert_int_equal(bench->message_count, 0);
		if (waiter->answers == 0)
			pass_to_next(bench);
	}
	assert_outcome(waiter, OUTCOME_UNKNOWN);
}

static void who_poisoned_a_batch_goes_alone_for_a_while(void **state)
{
	struct bench *bench = *state;

	rcode_of_culprits = DNS_REFUSED;
	memcpy(culprits, (const unsigned[]){3, 3, 3}, sizeof culprits);
	submit_batch(bench, 20);
	serve(bench, judge_culprits);
	submit(bench, WWW, V4);
	for (unsigned i = 0; i < 6; i++)
		submit(bench, host(i), V4);
	/* It neither spoils a message nor waits for one. */
	assert_int_equal(message_of(bench, host(3))->count, 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(message_of(bench, host(0))->count, 5);
	serve(bench, judge_culprits);
	pass(bench, POISON_MS);
	submit(bench, WWW, V4);
	for (unsigned i = 0; i < 6; i++)
		submit(bench, host(i), V4);
	assert_false(is_in_flight(bench, host(3)));
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(message_of(bench, host(3))->count, 6);
}

/* Each of them commits, and after none of that do the others begin to wait anew. */
static void who_goes_alone_keeps_nobody_waiting_for_the_primary_s_pause(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench = *state;

	rcode_of_culprits = DNS_REFUSED;
	memcpy(culprits, (const unsigned[]){3, 4, 5}, sizeof culprits);
	submit_batch(bench, 20);
	serve(bench, judge_culprits);
	limits.commit_pause_ms = COMMIT_PAUSE_MS;
	queue_set_limits(bench->queue, &limits);
	submit(bench, WWW, V4);
	for (unsigned i = 3; i <= 5; i++)
		submit(bench, host(i), V4);
	submit(bench, FTP, V4);
	reply(bench, WWW, DNS_NOERROR); /* so WWW may come again, and is waited for */
	assert_false(is_in_flight(bench, FTP));
	pass(bench, COMMIT_PAUSE_MS / 2);
	reply(bench, host(3), DNS_NOERROR);
	assert_int_equal(message_of(bench, host(4))->count, 1);
	pass(bench, COMMIT_PAUSE_MS / 2);
	assert_int_equal(message_of(bench, FTP)->count, 1);
}

static void who_fails_alone_poisons_nobody(void **state)
{
	struct bench *bench = *state;

	submit(bench, host(0), V4);
	reply(bench, host(0), DNS_REFUSED);
	submit(bench, WWW, V4);
	submit(bench, host(0), V4);
	submit(bench, host(1), V4);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(message_of(bench, host(0))->count, 2);
}

static void who_gave_up_is_left_out_of_what_is_taken_apart(void **state)
{
	struct bench *bench = bench_with_one_update_at_a_time();
	struct waiter *waiters = submit_batch(bench, 8);

	(void)state;
	reply(bench, host(0), DNS_REFUSED);
	assert_int_equal(message_of(bench, host(0))->count, 4);
	for (size_t i = 4; i < 7; i++)
		cancel(bench, &waiters[i]);
	reply(bench, host(0), DNS_NOERROR);
	assert_int_equal(bench->message_count, 1);
	assert_int_equal(message_of(bench, host(7))->count, 1);
	reply(bench, host(7), DNS_NOERROR);
	assert_outcome(&waiters[7], OUTCOME_CHANGED);
	assert_at_rest(bench);
	bench_free(bench);
}

/* It is in a message of its own, and no more in the one with the others that was rejected before. */
static void what_is_looked_at_again_has_left_its_neighbours(void **state)
{
	struct bench *bench = bench_with_one_update_at_a_time();
	struct waiter *waiters = submit_batch(bench, 8);

	(void)state;
	bench->blind = bench->connecting = true;
	reply(bench, host(0), DNS_NXRRSET);
	assert_kind(bench, host(0), DNS_QUERY);
	cancel(bench, &waiters[0]);
	assert_true(message_of(bench, host(0))->ticket->withdrawn);
	assert_false(message_of(bench, host(1))->ticket->withdrawn);
	/* Its neighbour ends, and then it gives up. */
	reply_with(bench, host(3), found(0, (struct addr){0}, 0));
	cancel(bench, &waiters[2]);
	assert_true(message_of(bench, host(2))->ticket->withdrawn);
	bench_free(bench);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(culprits_get_their_own_answer_and_the_rest_commits),
		TEST(a_batch_of_culprits_is_refused_in_a_bounded_number_of_messages),
		cmocka_unit_test(after_a_missing_record_those_not_looked_at_are_looked_at),
		cmocka_unit_test(a_fault_of_the_whole_message_is_not_taken_apart),
		TEST(a_failure_is_answered_after_one_repetition),
		cmocka_unit_test(what_failed_once_is_committed_by_the_repetition),
		TEST(a_repetition_that_waits_holds_up_nobody),
		cmocka_unit_test(a_sick_primary_gets_few_messages),
		cmocka_unit_test(a_server_that_is_not_the_primary_gets_few_messages),
		TEST(while_a_primary_seems_sick_new_updates_gather),
		cmocka_unit_test(a_sample_that_nobody_waits_for_holds_up_nobody),
		cmocka_unit_test(at_the_deadline_a_failure_is_no_missing_primary),
		TEST(with_another_primary_nothing_waits),
		TEST(looks_move_on_as_well),
		TEST(looks_move_on_whichever_of_them_failed),
		TEST(a_look_whose_connection_ended_is_repeated_at_once_whatever_the_other_found),
		TEST(looks_wait_if_the_last_one_that_failed_found_nobody_well),
		TEST(nothing_moves_on_for_ever),
		TEST(an_unknown_outcome_is_looked_at_elsewhere_at_once),
		TEST(what_cannot_be_settled_is_not_done_elsewhere),
		TEST(who_poisoned_a_batch_goes_alone_for_a_while),
		TEST(who_goes_alone_keeps_nobody_waiting_for_the_primary_s_pause),
		TEST(who_fails_alone_poisons_nobody),
		cmocka_unit_test(who_gave_up_is_left_out_of_what_is_taken_apart),
		cmocka_unit_test(what_is_looked_at_again_has_left_its_neighbours),
	};

	return cmocka_run_group_tests_name("queue_rejection", tests, NULL, NULL);
}
