/*
 * The queue's steps. Who waits: deadlines, cancellation, bounds, steps between actions; and the invariants over random
 * steps.
 */
#include "queue_bench.h"

/* ---- Deadlines ---- */

static void the_deadline_is_exact_in_flight(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);

	assert_int_equal(queue_wake_at_ms(bench->queue), START_MS + DEADLINE_MS);
	pass(bench, DEADLINE_MS - 1);
	assert_waits(waiter);
	pass(bench, 1);
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	assert_int_equal(queue_waiting(bench->queue), 0);
	assert_true(queue_wake_at_ms(bench->queue) == ENV_NEVER_MS);
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

static void who_is_allowed_less_time_is_answered_before_who_came_earlier(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench = *state;
	struct waiter *earlier = submit(bench, WWW, V4), *later;

	limits.deadline_ms = DEADLINE_MS / 4;
	queue_set_limits(bench->queue, &limits);
	later = submit(bench, FTP, V4);
	assert_int_equal(queue_wake_at_ms(bench->queue), START_MS + DEADLINE_MS / 4);
	pass(bench, DEADLINE_MS / 4);
	assert_outcome(later, OUTCOME_UNREACHABLE);
	assert_waits(earlier);
	pass(bench, DEADLINE_MS - DEADLINE_MS / 4);
	assert_outcome(earlier, OUTCOME_UNKNOWN);
}

static void what_waits_for_a_connection_is_withdrawn_at_the_deadline(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter, *next;

	commit_number(bench, WWW, V4, 99);
	bench->connecting = true;
	waiter = submit(bench, WWW, V4);
	next = submit(bench, WWW, V4);
	assert_kind(bench, WWW, DNS_UPDATE);
	pass(bench, DEADLINE_MS);
	assert_true(message_of(bench, WWW)->ticket->withdrawn);
	assert_outcome(waiter, OUTCOME_UNREACHABLE);
	assert_outcome(next, OUTCOME_UNREACHABLE);
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	assert_int_equal(bench->sends[DNS_UPDATE], 2);
	assert_at_rest(bench);
}

/* As long as anybody in it waits, it is to go. */
static void a_message_is_withdrawn_when_the_last_one_in_it_gives_up(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiters = submit_batch(bench, 3);

	reply(bench, host(0), DNS_NOERROR);
	submit(bench, WWW, V4);
	waiters = &bench->waiters[bench->waiter_count];
	for (unsigned i = 0; i < 3; i++)
		submit(bench, host(i), V4);
	bench->connecting = true;
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(message_of(bench, host(0))->count, 3);
	cancel(bench, &waiters[0]);
	cancel(bench, &waiters[2]);
	assert_false(message_of(bench, host(0))->ticket->withdrawn);
	cancel(bench, &waiters[1]);
	assert_true(message_of(bench, host(0))->ticket->withdrawn);
	reply_as(bench, host(0), DNS_UNREACHABLE, 0);
	assert_at_rest(bench);
}

static void what_never_left_is_unreachable_at_the_deadline(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, FTP, V4), *blocked, *paused, *ready;

	reply_as(bench, FTP, DNS_UNREACHABLE, 0);
	paused = first;
	first = submit(bench, WWW, V4);
	blocked = submit(bench, WWW, V6);
	ready = submit(bench, host(0), V4);
	assert_int_equal(bench->message_count, 1);
	bench->now_ms = START_MS + DEADLINE_MS;
	/* Neither a repetition nor anything else is sent at the last moment. */
	tick(bench);
	assert_outcome(first, OUTCOME_UNKNOWN);
	assert_outcome(blocked, OUTCOME_UNREACHABLE);
	assert_outcome(paused, OUTCOME_UNREACHABLE);
	assert_outcome(ready, OUTCOME_UNREACHABLE);
	assert_int_equal(bench->sends[DNS_UPDATE], 2);
}

static void a_deadline_comes_before_a_repetition_of_the_same_time(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);

	pass(bench, DEADLINE_MS - PAUSE_MS);
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	pass(bench, PAUSE_MS);
	assert_outcome(waiter, OUTCOME_UNREACHABLE);
	assert_int_equal(bench->sends[DNS_UPDATE], 1);
	assert_at_rest(bench);
}

static void what_was_answered_is_not_repeated(void **state)
{
	static const enum dns_verdict verdicts[] = {DNS_UNKNOWN, DNS_UNREACHABLE};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		struct waiter *waiter = submit(bench, WWW, V4 | V6);
		unsigned sends = bench->sends[DNS_UPDATE];

		pass(bench, DEADLINE_MS);
		assert_outcome(waiter, OUTCOME_UNKNOWN);
		reply_as(bench, WWW, verdicts[i], 0);
		pass(bench, 2 * PAUSE_MAX_MS);
		assert_int_equal(bench->sends[DNS_UPDATE], sends);
		assert_at_rest(bench);
	}
}

static void what_was_answered_is_not_probed(void **state)
{
	struct bench *bench = *state;

	submit(bench, WWW, V4 | V6);
	pass(bench, DEADLINE_MS);
	reply(bench, WWW, DNS_NXRRSET);
	assert_int_equal(bench->sends[DNS_PROBE], 0);
	assert_at_rest(bench);
}

static void each_waiter_of_a_replaced_set_has_a_deadline_of_its_own(void **state)
{
	struct bench *bench = *state;
	struct waiter *earlier, *later;

	submit(bench, WWW, V4);
	earlier = submit(bench, WWW, V4);
	pass(bench, DEADLINE_MS / 2);
	later = submit(bench, WWW, V4);
	pass(bench, DEADLINE_MS / 2);
	assert_outcome(earlier, OUTCOME_UNREACHABLE);
	assert_waits(later);
	reply(bench, WWW, DNS_NOERROR);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(later, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void wake_at_is_the_earliest_of_deadlines_and_repetitions(void **state)
{
	struct bench *bench = *state;
	uint64_t retry_at_ms;

	assert_true(queue_wake_at_ms(bench->queue) == ENV_NEVER_MS);
	submit(bench, WWW, V4);
	pass(bench, 10);
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	retry_at_ms = queue_wake_at_ms(bench->queue);
	assert_in_range(retry_at_ms, START_MS + 10 + PAUSE_MS, START_MS + 10 + PAUSE_MAX_MS);
	submit(bench, FTP, V4);
	assert_int_equal(queue_wake_at_ms(bench->queue), retry_at_ms);
	reply(bench, FTP, DNS_NOERROR);
	pass_to_next(bench);
	assert_int_equal(queue_wake_at_ms(bench->queue), START_MS + DEADLINE_MS);
}

/* ---- Cancellation ---- */

static void what_waits_and_is_cancelled_is_never_sent(void **state)
{
	struct bench *bench = *state;
	struct waiter *blocked, *ready, *paused = submit(bench, host(1), V4);

	reply_as(bench, host(1), DNS_UNREACHABLE, 0);
	submit(bench, WWW, V4);
	blocked = submit(bench, WWW, V6);
	ready = submit(bench, FTP, V4);
	cancel(bench, blocked);
	cancel(bench, ready);
	cancel(bench, paused);
	assert_int_equal(queue_waiting(bench->queue), 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
	assert_int_equal(bench->sends[DNS_UPDATE], 2);
}

static void what_is_in_flight_and_cancelled_keeps_its_place(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *second = submit(bench, WWW, V4);

	cancel(bench, first);
	assert_false(message_of(bench, WWW)->ticket->withdrawn);
	assert_int_equal(bench->message_count, 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(number_in_flight(bench, WWW), 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(second, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void one_of_several_waiters_may_be_cancelled(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiters[3];

	submit(bench, WWW, V4);
	for (size_t i = 0; i < 3; i++)
		waiters[i] = submit(bench, WWW, V4);
	cancel(bench, waiters[2]); /* it was the one whose set replaced the others */
	cancel(bench, waiters[0]);
	reply(bench, WWW, DNS_NOERROR);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiters[1], OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void the_last_of_several_waiters_takes_the_set_with_it(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiters[3];

	submit(bench, WWW, V4);
	for (size_t i = 0; i < 3; i++)
		waiters[i] = submit(bench, WWW, V4);
	for (size_t i = 0; i < 3; i++)
		cancel(bench, waiters[i]);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(bench->sends[DNS_UPDATE], 1);
	assert_at_rest(bench);
}

static void cancelling_gives_back_the_room(void **state)
{
	struct bench *bench = *state;

	for (unsigned i = 0; i < SHARE_MAX; i++)
		submit(bench, host(i), V4);
	assert_int_equal(try_submit(bench, WWW, V4, 0), STATUS_FULL);
	cancel(bench, &bench->waiters[10]);
	assert_int_equal(try_submit(bench, WWW, V4, 0), STATUS_OK);
}

static void whom_nobody_knows_can_be_cancelled(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);
	int stranger;

	step(bench, &(struct queue_event){.kind = QUEUE_CANCEL, .waiter = &stranger});
	reply(bench, WWW, DNS_NOERROR);
	step(bench, &(struct queue_event){.kind = QUEUE_CANCEL, .waiter = waiter});
	act_all(bench);
	assert_at_rest(bench);
}

/* Its answer is among the actions already, but whoever takes it back may be gone by the time that it is taken. */
static void a_waiter_that_is_cancelled_before_its_answer_was_taken_is_not_answered(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiters = submit_batch(bench, 3);

	end_message(bench, message_of(bench, host(0)), said(DNS_NOERROR));
	assert_true(act_once(bench));
	assert_int_equal(waiters[0].answers, 1);
	cancel(bench, &waiters[1]); /* from within the first one's answer, say */
	assert_int_equal(waiters[1].answers, 0);
	assert_outcome(&waiters[2], OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* ---- Bounds ---- */

static void a_full_queue_takes_no_more(void **state)
{
	struct bench *bench = *state;

	for (unsigned i = 0; i < WAITERS_MAX; i++)
		assert_int_equal(try_submit(bench, WWW, V4, i), STATUS_OK);
	assert_int_equal(try_submit(bench, WWW, V4, 0), STATUS_FULL);
	assert_int_equal(try_submit(bench, FTP, V4, WAITERS_MAX), STATUS_FULL);
	assert_int_equal(queue_waiting(bench->queue), WAITERS_MAX);
	act_all(bench);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(try_submit(bench, FTP, V4, 0), STATUS_OK);
}

static void the_flood_of_one_account_does_not_shut_out_another(void **state)
{
	struct bench *bench = *state;
	unsigned taken = 0;

	while (try_submit(bench, host(taken), V4, 7) == STATUS_OK)
		taken++;
	assert_int_equal(taken, SHARE_MAX);
	assert_int_equal(try_submit(bench, WWW, V4, 8), STATUS_OK);
	assert_int_equal(try_submit(bench, FTP, V4, 7), STATUS_FULL);
	act_all(bench);
	serve(bench, all_is_well);
	assert_int_equal(try_submit(bench, FTP, V4, 7), STATUS_OK);
}

/* A waiter counts for the account that it came from, also when its set was replaced by another's. */
static void shares_are_counted_by_waiters(void **state)
{
	struct bench *bench = *state;

	for (unsigned i = 0; i < SHARE_MAX; i++)
		assert_int_equal(try_submit(bench, WWW, V4, 7), STATUS_OK);
	assert_int_equal(try_submit(bench, WWW, V4, 8), STATUS_OK);
	assert_int_equal(try_submit(bench, WWW, V4, 7), STATUS_FULL);
	act_all(bench);
	serve(bench, all_is_well);
	for (unsigned i = 0; i < SHARE_MAX; i++)
		assert_int_equal(try_submit(bench, WWW, V4, 7), STATUS_OK);
}

static void many_owners_are_told_apart(void **state)
{
	struct queue_limits limits = limits_default;

	(void)state;
	limits.waiters_max = limits.share_max = limits.queries_max = 512;
	for (limits.seed = 0; limits.seed < 4; limits.seed++) {
		struct bench *bench = bench_new(&limits);

		bench->blind = true;
		submit_hosts(bench, 512);
		assert_int_equal(bench->message_count, 512);
		serve(bench, all_is_well);
		for (size_t i = 0; i < 512; i++)
			assert_outcome(&bench->waiters[i], OUTCOME_CHANGED);
		assert_at_rest(bench);
		bench_free(bench);
	}
}

/* ---- Steps between actions ---- */

static void steps_may_come_while_actions_wait(void **state)
{
	struct bench *bench = *state;
	struct waiter *www, *ftp;

	see_the_way(bench);
	bench->blind = true;
	www = put(bench, WWW, V4);
	ftp = put(bench, FTP, V4);
	assert_true(act_once(bench)); /* the look for www */
	end_message(bench, message_of(bench, WWW), found(0, (struct addr){0}, 0));
	assert_waits(www);
	assert_true(act_once(bench)); /* the look for ftp, which was asked for first */
	assert_true(is_in_flight(bench, FTP));
	assert_waits(www);
	assert_true(act_once(bench));
	assert_no_record(www, RR_A);
	assert_false(act_once(bench));
	reply_with(bench, FTP, found(0, (struct addr){0}, 0));
	assert_no_record(ftp, RR_A);
}

static void a_deadline_may_pass_before_the_send_was_taken(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = put(bench, WWW, V4);

	bench->now_ms += DEADLINE_MS;
	step(bench, &(struct queue_event){.kind = QUEUE_TICK});
	bench->blind = true;
	act_all(bench);
	assert_int_equal(waiter->answers, 1);
	assert_int_equal(bench->message_count, 1);
	reply_with(bench, WWW, found_another(&bench->messages[0]));
	assert_at_rest(bench);
}

/*
 * Actions are always taken one at a time and never all, while each set is repeated again and again. The room for
 * actions is made when a set is submitted, so what was taken must give its room back.
 */
static void actions_that_are_never_all_taken_find_room(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench;

	(void)state;
	limits.attempts_max = 40;
	limits.retry_pause_ms = 0;
	bench = bench_new(&limits);
	bench->blind = true;
	put(bench, WWW, V4);
	put(bench, FTP, V4);
	for (unsigned turn = 0; turn < 60; turn++) {
		assert_true(act_once(bench));
		assert_int_equal(bench->message_count, 1);
		end_message(bench, &bench->messages[0], (struct dns_result){.verdict = DNS_UNREACHABLE, .why = "test"});
		step(bench, &(struct queue_event){.kind = QUEUE_TICK});
	}
	bench_free(bench);
}

/* ---- The end ---- */

static void a_queue_is_freed_with_everything_in_it(void **state)
{
	struct bench *bench = *state;

	submit(bench, FTP, V4);
	reply_as(bench, FTP, DNS_UNREACHABLE, 0); /* to be repeated */
	submit_batch(bench, 20);
	reply(bench, host(0), DNS_REFUSED); /* taken apart */
	submit(bench, WWW, V4 | V6);
	submit(bench, WWW, V4);
	submit(bench, WWW, V4);
	put(bench, "third.example.com", V4);
	/* teardown frees it */
}

/* ---- At random ---- */

enum { SCHEDULES = 5000, STEPS = 250, OWNERS = 8, ACCOUNTS = 3 };

static struct dns_result random_result(struct fake_random *random, const struct message *message)
{
	static const unsigned rcodes[] = {DNS_NOERROR, DNS_NOERROR,  DNS_NOERROR, DNS_NXRRSET,
					  DNS_REFUSED, DNS_SERVFAIL, DNS_NOTAUTH};
	struct dns_result result = {
		.verdict = (enum dns_verdict)fake_random_below(random, DNS_UNKNOWN + 1),
		.rcode = rcodes[fake_random_below(random, sizeof rcodes / sizeof *rcodes)],
		.why = "test",
	};

	if (!message->ticket->sent)
		result.verdict = DNS_UNREACHABLE;
	else if (fake_random_below(random, 2))
		result.verdict = DNS_VERIFIED;
	if (message->request.kind == DNS_QUERY && fake_random_below(random, 4))
		result = found(fake_random_below(random, 3),
			       numbered(family_asked(message), fake_random_below(random, 4)), TTL_S);
	if (message->request.kind == DNS_QUERY)
		result.answer.hidden = fake_random_below(random, 8) == 0;
	return result;
}

static void make_text_set(struct change_set *set, struct fake_random *random)
{
	static const char *const strings[] = {"", "one", "two"};
	static const enum change_kind kinds[] = {CHANGE_REPLACE, CHANGE_ADD, CHANGE_DROP, CHANGE_ROTATE};
	enum change_kind kind = kinds[fake_random_below(random, 4)];
	unsigned first = kind == CHANGE_REPLACE ? 0 : 1; /* one record cannot be none */

	set->count = 1;
	set->changes[0] = change_of_string(kind, strings[first + fake_random_below(random, 3 - first)], TTL_S);
}

static void make_prefix(struct change *change)
{
	if (change->type == RR_AAAA)
		*change = change_prefix((struct addr){ADDR_V6, {0xfd}}, 16, TTL_S, change->must_exist);
}

/* As a reload of the configuration does. */
static void random_limits(struct bench *bench, struct fake_random *random)
{
	bench->limits.commit_pause_ms = fake_random_below(random, 100);
	bench->limits.deadline_ms = 1 + fake_random_below(random, 1500);
	bench->limits.attempts_max = 1 + fake_random_below(random, 5);
	bench->limits.overlap_min = fake_random_below(random, 4);
	queue_set_limits(bench->queue, &bench->limits);
}

static void random_submit(struct bench *bench, struct fake_random *random)
{
	static const unsigned whats[] = {V4, V4, V6, V4 | V6, V4 | V6, V4 | MAY_CREATE};
	struct change_set set = set_of(host(fake_random_below(random, OWNERS)), whats[fake_random_below(random, 6)],
				       fake_random_below(random, 4));
	size_t waiting = queue_waiting(bench->queue);

	set.account = fake_random_below(random, ACCOUNTS);
	if (fake_random_below(random, 5) == 0)
		make_text_set(&set, random);
	else if (fake_random_below(random, 5) == 0)
		make_prefix(&set.changes[set.count - 1]);
	set.more = fake_random_below(random, 4) == 0;
	if (try_submit_set(bench, set) == STATUS_FULL)
		assert_true(waiting >= bench->limits.waiters_max || waiting >= bench->limits.share_max);
}

static void random_cancel(struct bench *bench, struct fake_random *random)
{
	struct waiter *waiter;

	if (!bench->waiter_count)
		return;
	waiter = &bench->waiters[fake_random_below(random, (unsigned)bench->waiter_count)];
	if (waiter->answers || waiter->cancelled)
		return;
	act_all(bench); /* its answer may be among the actions */
	if (!waiter->answers)
		cancel(bench, waiter);
}

static void random_step(struct bench *bench, struct fake_random *random)
{
	static const char primaries[2];

	switch (fake_random_below(random, 7)) {
	case 0:
	case 1:
		random_submit(bench, random);
		break;
	case 2:
		if (bench->message_count) {
			struct message *message =
				&bench->messages[fake_random_below(random, (unsigned)bench->message_count)];

			end_message(bench, message, random_result(random, message));
		}
		break;
	case 3:
		bench->now_ms += fake_random_below(random, 120);
		bench->has_well = fake_random_below(random, 2);
		bench->primary = fake_random_below(random, 2) ? &primaries[fake_random_below(random, 2)] : NULL;
		bench->connecting = fake_random_below(random, 4) == 0;
		break;
	case 4:
		if (queue_wake_at_ms(bench->queue) <= bench->now_ms)
			tick(bench);
		assert_true(queue_wake_at_ms(bench->queue) > bench->now_ms);
		break;
	case 5:
		if (fake_random_below(random, 8) == 0)
			random_limits(bench, random);
		break;
	default:
		random_cancel(bench, random);
		break;
	}
	if (fake_random_below(random, 2))
		act_all(bench);
	else
		act_once(bench);
	assert_true(queue_waiting(bench->queue) <= bench->limits.waiters_max);
}

/* Time goes on until nothing can happen any more: replies first, then deadlines. */
static void wind_down(struct bench *bench)
{
	bench->has_well = false;
	act_all(bench);
	while (bench->message_count || queue_wake_at_ms(bench->queue) != ENV_NEVER_MS) {
		if (bench->message_count)
			end_message(bench, &bench->messages[0],
				    (struct dns_result){.verdict = DNS_UNKNOWN, .why = "test"});
		else
			bench->now_ms = queue_wake_at_ms(bench->queue);
		tick(bench);
	}
	assert_at_rest(bench);
	for (size_t i = 0; i < bench->waiter_count; i++)
		assert_int_equal(bench->waiters[i].answers, !bench->waiters[i].cancelled);
}

static void random_steps_keep_the_invariants(void **state)
{
	struct fake_random random = {fake_random_seed()};

	(void)state;
	for (unsigned schedule = 0; schedule < SCHEDULES; schedule++) {
		struct queue_limits limits = {
			.waiters_max = 1 + fake_random_below(&random, 30),
			.share_max = 1 + fake_random_below(&random, 20),
			.octets_max = fake_random_below(&random, 3) ? DNS_MESSAGE_MAX : 600,
			.updates_max = 1 + fake_random_below(&random, 3),
			.overlap_min = fake_random_below(&random, 4),
			.half_min = 1 + fake_random_below(&random, 10),
			.half_min_with_pause = 1 + fake_random_below(&random, 10),
			.commit_pause_ms = 30 * fake_random_below(&random, 2),
			.confirms_max = 1 + fake_random_below(&random, 2),
			.queries_max = 1 + fake_random_below(&random, 5),
			.attempts_max = 1 + fake_random_below(&random, 5),
			.retry_pause_ms = fake_random_below(&random, 200),
			.deadline_ms = 1 + fake_random_below(&random, 1500),
			.seed = fake_random_draw(&random),
		};
		struct bench *bench = bench_new(&limits);

		bench->blind = true;
		for (unsigned i = 0; i < STEPS; i++)
			random_step(bench, &random);
		wind_down(bench);
		bench_free(bench);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_deadline_is_exact_in_flight),
		TEST(who_is_allowed_less_time_is_answered_before_who_came_earlier),
		TEST(what_waits_for_a_connection_is_withdrawn_at_the_deadline),
		TEST(a_message_is_withdrawn_when_the_last_one_in_it_gives_up),
		TEST(what_never_left_is_unreachable_at_the_deadline),
		TEST(a_deadline_comes_before_a_repetition_of_the_same_time),
		TEST(what_was_answered_is_not_repeated),
		TEST(what_was_answered_is_not_probed),
		TEST(each_waiter_of_a_replaced_set_has_a_deadline_of_its_own),
		TEST(wake_at_is_the_earliest_of_deadlines_and_repetitions),
		TEST(what_waits_and_is_cancelled_is_never_sent),
		TEST(what_is_in_flight_and_cancelled_keeps_its_place),
		TEST(one_of_several_waiters_may_be_cancelled),
		TEST(the_last_of_several_waiters_takes_the_set_with_it),
		TEST(cancelling_gives_back_the_room),
		TEST(whom_nobody_knows_can_be_cancelled),
		TEST(a_waiter_that_is_cancelled_before_its_answer_was_taken_is_not_answered),
		TEST(a_full_queue_takes_no_more),
		TEST(the_flood_of_one_account_does_not_shut_out_another),
		TEST(shares_are_counted_by_waiters),
		cmocka_unit_test(many_owners_are_told_apart),
		TEST(steps_may_come_while_actions_wait),
		TEST(a_deadline_may_pass_before_the_send_was_taken),
		cmocka_unit_test(actions_that_are_never_all_taken_find_room),
		TEST(a_queue_is_freed_with_everything_in_it),
		cmocka_unit_test(random_steps_keep_the_invariants),
	};

	return cmocka_run_group_tests_name("queue_waiter", tests, NULL, NULL);
}
