/*
 * The queue's steps, pure: the table of the header row by row, order per owner, bounds, deadlines, and that every
 * waiter is answered once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "fake_env.h"
#include "zone/queue.h"

enum {
	WAITERS_MAX = 512,
	START_MS = 5000,
	DEADLINE_MS = 1000,
	PAUSE_MS = 100,
	ATTEMPTS_MAX = 3,
	ENTRIES_MAX = 300,
	IN_FLIGHT_MAX = 4,
};

struct waiter {
	unsigned answers;
	struct outcome outcome;
	uint64_t at_ms;
};

/* What a SEND asked for, until it is replied to. */
struct message {
	struct queue_entry *entry;
	struct change_set set; /* a copy, to see that the queue's stays as it is */
	const struct change_set *borrowed;
	bool probe;
};

struct bench {
	struct queue *queue;
	uint64_t now_ms;
	struct waiter waiters[WAITERS_MAX];
	size_t waiter_count;
	struct message messages[WAITERS_MAX]; /* in flight, in the order of sending */
	size_t message_count;
	unsigned sends;  /* ever */
	bool connecting; /* messages are taken but do not leave */
};

static const struct queue_limits limits_default = {
	.entries_max = ENTRIES_MAX,
	.in_flight_max = IN_FLIGHT_MAX,
	.attempts_max = ATTEMPTS_MAX,
	.retry_pause_ms = PAUSE_MS,
	.deadline_ms = DEADLINE_MS,
	.seed = 1,
};

static struct bench *bench_new(const struct queue_limits *limits)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	bench->now_ms = START_MS;
	assert_int_equal(queue_new(limits, &bench->queue), STATUS_OK);
	return bench;
}

static int setup(void **state)
{
	*state = bench_new(&limits_default);
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	queue_free(&bench->queue);
	assert_null(bench->queue);
	free(bench);
	return 0;
}

/* ---- A small language ---- */

enum { V4 = 1, V6 = 2, MAY_CREATE = 4 };

static struct change_set set_of(const char *owner, unsigned what, unsigned number)
{
	struct change_set set = {0};

	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	for (unsigned family = ADDR_V4; family <= ADDR_V6; family++) {
		struct change *change = &set.changes[set.count];

		if (!(what & (family == ADDR_V4 ? V4 : V6)))
			continue;
		set.count++;
		change->addr.family = (enum addr_family)family;
		change->addr.octets[2] = (uint8_t)(number >> 8);
		change->addr.octets[3] = (uint8_t)number;
		change->ttl_s = 180;
		change->must_exist = !(what & MAY_CREATE);
	}
	return set;
}

static void send_action(struct bench *bench, const struct queue_action *action)
{
	struct message *message = &bench->messages[bench->message_count++];

	*message = (struct message){action->message, *action->set, action->set, action->probe};
	assert_false(action->ticket->sent);
	action->ticket->sent = !bench->connecting && !action->ticket->withdrawn;
	bench->sends++;
	for (size_t i = 0; i + 1 < bench->message_count; i++) {
		if (name_equal(&bench->messages[i].set.owner, &message->set.owner))
			fail_msg("two messages of %s are in flight", message->set.owner.text);
	}
}

static void answer_action(struct bench *bench, const struct queue_action *action)
{
	struct waiter *waiter = action->waiter;

	assert_true(waiter >= bench->waiters && waiter < bench->waiters + bench->waiter_count);
	waiter->answers++;
	waiter->outcome = action->outcome;
	waiter->at_ms = bench->now_ms;
	assert_int_equal(waiter->answers, 1);
}

/* Takes one action; false if there was none. */
static bool act_once(struct bench *bench)
{
	struct queue_action action;

	if (!queue_next_action(bench->queue, &action))
		return false;
	if (action.kind == QUEUE_SEND)
		send_action(bench, &action);
	else
		answer_action(bench, &action);
	return true;
}

static void act_all(struct bench *bench)
{
	while (act_once(bench))
		;
}

static enum status try_submit(struct bench *bench, const char *owner, unsigned what)
{
	struct waiter *waiter = &bench->waiters[bench->waiter_count];
	struct change_set set = set_of(owner, what, (unsigned)bench->waiter_count);
	enum status status;

	assert_true(bench->waiter_count < WAITERS_MAX);
	status = queue_step(bench->queue, &(struct queue_event){.kind = QUEUE_SUBMIT, .set = &set, .waiter = waiter},
			    bench->now_ms);
	memset(&set, 0xee, sizeof set); /* it was copied */
	if (status == STATUS_OK)
		bench->waiter_count++;
	return status;
}

/* Submits without taking actions. */
static struct waiter *put(struct bench *bench, const char *owner, unsigned what)
{
	assert_int_equal(try_submit(bench, owner, what), STATUS_OK);
	return &bench->waiters[bench->waiter_count - 1];
}

static struct waiter *submit(struct bench *bench, const char *owner, unsigned what)
{
	struct waiter *waiter = put(bench, owner, what);

	act_all(bench);
	return waiter;
}

static bool is_in_flight(const struct bench *bench, const char *owner)
{
	for (size_t i = 0; i < bench->message_count; i++) {
		if (strcmp(bench->messages[i].set.owner.text, owner) == 0)
			return true;
	}
	return false;
}

/* The message of that owner, which must be in flight. */
static struct message *message_of(struct bench *bench, const char *owner)
{
	size_t i = 0;

	if (!is_in_flight(bench, owner))
		fail_msg("nothing of %s is in flight", owner);
	while (strcmp(bench->messages[i].set.owner.text, owner) != 0)
		i++;
	return &bench->messages[i];
}

/* Ends the message without taking actions. */
static void end_message(struct bench *bench, struct message *message, struct dns_result result)
{
	struct message ended = *message;

	assert_memory_equal(ended.borrowed, &ended.set, sizeof ended.set);
	memmove(message, message + 1, (size_t)(bench->messages + --bench->message_count - message) * sizeof *message);
	assert_int_equal(
		queue_step(bench->queue,
			   &(struct queue_event){.kind = QUEUE_REPLIED, .message = ended.entry, .result = &result},
			   bench->now_ms),
		STATUS_OK);
}

static void reply_as(struct bench *bench, const char *owner, enum dns_verdict verdict, unsigned rcode)
{
	end_message(bench, message_of(bench, owner),
		    (struct dns_result){.verdict = verdict, .rcode = rcode, .why = "test"});
	act_all(bench);
}

static void reply(struct bench *bench, const char *owner, enum dns_rcode rcode)
{
	reply_as(bench, owner, DNS_VERIFIED, rcode);
}

static void tick(struct bench *bench)
{
	assert_int_equal(queue_step(bench->queue, &(struct queue_event){.kind = QUEUE_TICK}, bench->now_ms), STATUS_OK);
	act_all(bench);
}

static void pass(struct bench *bench, uint64_t ms)
{
	bench->now_ms += ms;
	tick(bench);
}

static void assert_outcome(const struct waiter *waiter, enum outcome_code code)
{
	assert_int_equal(waiter->answers, 1);
	assert_string_equal(outcome_text(waiter->outcome.code), outcome_text(code));
}

static void assert_waits(const struct waiter *waiter)
{
	assert_int_equal(waiter->answers, 0);
}

static void assert_no_record(const struct waiter *waiter, enum addr_family missing)
{
	assert_outcome(waiter, OUTCOME_NO_RECORD);
	assert_int_equal(waiter->outcome.missing, missing);
}

static void assert_at_rest(const struct bench *bench)
{
	assert_int_equal(bench->message_count, 0);
	assert_int_equal(queue_waiting(bench->queue), 0);
	assert_true(queue_wake_at_ms(bench->queue) == ENV_NEVER_MS);
}

#define WWW "www.example.com"
#define FTP "ftp.example.com"

/* ---- The table of the header ---- */

static void a_committed_set_is_changed(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	assert_int_equal(bench->message_count, 1);
	assert_false(bench->messages[0].probe);
	assert_int_equal(bench->messages[0].set.count, 2);
	assert_waits(waiter);
	assert_int_equal(queue_waiting(bench->queue), 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void one_missing_record_is_named_at_once(void **state)
{
	struct bench *bench = *state;
	struct waiter *v4 = submit(bench, WWW, V4), *v6 = submit(bench, FTP, V6);

	reply(bench, WWW, DNS_NXRRSET);
	reply(bench, FTP, DNS_NXRRSET);
	assert_no_record(v4, ADDR_V4);
	assert_no_record(v6, ADDR_V6);
	assert_int_equal(bench->sends, 2);
	assert_at_rest(bench);
}

static void expect_probe(struct bench *bench)
{
	const struct message *probe = message_of(bench, WWW);

	assert_true(probe->probe);
	assert_int_equal(probe->set.count, 1);
	assert_true(probe->set.changes[0].must_exist);
	assert_int_equal(probe->set.changes[0].addr.family, ADDR_V4);
}

static void a_probe_finds_the_a_record_missing(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply(bench, WWW, DNS_NXRRSET);
	assert_waits(waiter);
	expect_probe(bench);
	reply(bench, WWW, DNS_NXRRSET); /* so it is when both are missing */
	assert_no_record(waiter, ADDR_V4);
	assert_at_rest(bench);
}

static void a_probe_finds_the_aaaa_record_missing(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply(bench, WWW, DNS_NXRRSET);
	expect_probe(bench);
	reply(bench, WWW, DNS_NOERROR);
	assert_no_record(waiter, ADDR_V6);
	assert_at_rest(bench);
}

static void a_probe_never_makes_a_change_of_it(void **state)
{
	static const enum dns_verdict verdicts[] = {DNS_REJECTED, DNS_UNKNOWN, DNS_UNREACHABLE};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		struct waiter *waiter = submit(bench, WWW, V4 | V6);

		reply(bench, WWW, DNS_NXRRSET);
		while (waiter->answers == 0) {
			expect_probe(bench);
			reply_as(bench, WWW, verdicts[i], DNS_REFUSED);
			pass(bench, 2 * PAUSE_MS);
		}
		assert_no_record(waiter, ADDR_NONE);
		assert_at_rest(bench);
	}
}

static void a_probe_that_is_refused_names_no_type(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply(bench, WWW, DNS_NXRRSET);
	reply(bench, WWW, DNS_REFUSED);
	assert_no_record(waiter, ADDR_NONE);
	assert_at_rest(bench);
}

static void a_deadline_during_a_probe_names_no_type(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply(bench, WWW, DNS_NXRRSET);
	pass(bench, DEADLINE_MS);
	assert_no_record(waiter, ADDR_NONE);
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

static void only_records_that_must_exist_can_be_missing(void **state)
{
	struct bench *bench = *state;
	struct change_set set = set_of(WWW, V4 | V6, 0);
	struct waiter *waiter = &bench->waiters[bench->waiter_count++];

	set.changes[0].must_exist = false;
	assert_int_equal(queue_step(bench->queue,
				    &(struct queue_event){.kind = QUEUE_SUBMIT, .set = &set, .waiter = waiter},
				    bench->now_ms),
			 STATUS_OK);
	act_all(bench);
	reply(bench, WWW, DNS_NXRRSET);
	assert_no_record(waiter, ADDR_V6);
	assert_at_rest(bench);
}

static void any_other_rcode_is_a_refusal(void **state)
{
	struct bench *bench = *state;

	for (unsigned rcode = 1; rcode < 16; rcode++) {
		struct waiter *waiter;

		if (rcode == DNS_NXRRSET)
			continue;
		waiter = submit(bench, WWW, V4);
		reply_as(bench, WWW, DNS_VERIFIED, rcode);
		assert_outcome(waiter, OUTCOME_REFUSED);
		waiter = submit(bench, WWW, V4);
		reply_as(bench, WWW, DNS_REJECTED, rcode);
		assert_outcome(waiter, OUTCOME_REFUSED);
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
		uint64_t pause_ms = (uint64_t)PAUSE_MS << (attempt - 1);

		reply_as(bench, WWW, DNS_UNREACHABLE, 0);
		assert_waits(waiter);
		assert_int_equal(queue_wake_at_ms(bench->queue), bench->now_ms + pause_ms);
		pass(bench, pause_ms - 1);
		assert_int_equal(bench->message_count, 0);
		pass(bench, 1);
		assert_int_equal(bench->message_count, 1);
	}
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	assert_outcome(waiter, OUTCOME_UNREACHABLE);
	assert_int_equal(bench->sends, ATTEMPTS_MAX);
	assert_at_rest(bench);
}

/* Sends it, leaves the outcome unknown, and sends it again. */
static struct waiter *submit_with_unknown_attempt(struct bench *bench)
{
	struct waiter *waiter = submit(bench, WWW, V4);

	reply_as(bench, WWW, DNS_UNKNOWN, 0);
	assert_waits(waiter);
	pass(bench, PAUSE_MS);
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

static void an_unknown_outcome_stays_unknown_when_the_repetition_is_refused(void **state)
{
	struct bench *bench = *state;
	struct waiter *verified = submit_with_unknown_attempt(bench), *rejected;

	reply(bench, WWW, DNS_SERVFAIL);
	assert_outcome(verified, OUTCOME_UNKNOWN);
	rejected = submit_with_unknown_attempt(bench);
	reply_as(bench, WWW, DNS_REJECTED, DNS_NOTAUTH);
	assert_outcome(rejected, OUTCOME_UNKNOWN);
}

static void an_unknown_outcome_stays_unknown_when_nothing_can_be_sent_any_more(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit_with_unknown_attempt(bench);

	while (waiter->answers == 0) {
		reply_as(bench, WWW, DNS_UNREACHABLE, 0);
		pass(bench, 2 * PAUSE_MS);
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
		pass(bench, 2 * PAUSE_MS);
	}
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	assert_int_equal(bench->sends, ATTEMPTS_MAX);
	assert_at_rest(bench);
}

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

static void what_waits_for_a_connection_is_withdrawn_at_the_deadline(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter, *next;

	bench->connecting = true;
	waiter = submit(bench, WWW, V4);
	next = submit(bench, WWW, V4);
	pass(bench, DEADLINE_MS);
	assert_outcome(waiter, OUTCOME_UNREACHABLE);
	assert_outcome(next, OUTCOME_UNREACHABLE);
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	assert_int_equal(bench->sends, 1);
	assert_at_rest(bench);
}

static void what_never_left_is_unreachable_at_the_deadline(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *blocked = submit(bench, WWW, V4),
		      *paused = submit(bench, FTP, V4);
	struct waiter *ready;

	reply_as(bench, FTP, DNS_UNREACHABLE, 0);
	for (unsigned i = 1; i < IN_FLIGHT_MAX; i++) {
		char owner[32];

		snprintf(owner, sizeof owner, "host%u.example.com", i);
		submit(bench, owner, V4);
	}
	ready = submit(bench, "late.example.com", V4);
	assert_false(is_in_flight(bench, "late.example.com"));
	bench->now_ms = START_MS + DEADLINE_MS - 1;
	tick(bench);
	assert_waits(blocked);
	assert_waits(ready);
	pass(bench, 1);
	assert_outcome(first, OUTCOME_UNKNOWN);
	assert_outcome(blocked, OUTCOME_UNREACHABLE);
	assert_outcome(paused, OUTCOME_UNREACHABLE);
	assert_outcome(ready, OUTCOME_UNREACHABLE);
	assert_int_equal(bench->sends, 1 + IN_FLIGHT_MAX);
}

static void a_deadline_comes_before_a_repetition_of_the_same_time(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4);

	pass(bench, DEADLINE_MS - PAUSE_MS);
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	pass(bench, PAUSE_MS);
	assert_outcome(waiter, OUTCOME_UNREACHABLE);
	assert_int_equal(bench->sends, 1);
	assert_at_rest(bench);
}

static void what_was_answered_is_not_repeated(void **state)
{
	static const enum dns_verdict verdicts[] = {DNS_UNKNOWN, DNS_UNREACHABLE};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		struct waiter *waiter = submit(bench, WWW, V4 | V6);
		unsigned sends = bench->sends;

		pass(bench, DEADLINE_MS);
		assert_outcome(waiter, OUTCOME_UNKNOWN);
		reply_as(bench, WWW, verdicts[i], 0);
		pass(bench, 2 * PAUSE_MS);
		assert_int_equal(bench->sends, sends);
		assert_at_rest(bench);
	}
}

static void what_was_answered_is_not_probed(void **state)
{
	struct bench *bench = *state;

	submit(bench, WWW, V4 | V6);
	pass(bench, DEADLINE_MS);
	reply(bench, WWW, DNS_NXRRSET);
	assert_int_equal(bench->sends, 1);
	assert_at_rest(bench);
}

static void wake_at_is_the_earliest_of_deadlines_and_repetitions(void **state)
{
	struct bench *bench = *state;

	assert_true(queue_wake_at_ms(bench->queue) == ENV_NEVER_MS);
	submit(bench, WWW, V4);
	pass(bench, 10);
	submit(bench, FTP, V4);
	assert_int_equal(queue_wake_at_ms(bench->queue), START_MS + DEADLINE_MS);
	reply_as(bench, FTP, DNS_UNREACHABLE, 0);
	assert_int_equal(queue_wake_at_ms(bench->queue), START_MS + 10 + PAUSE_MS);
	reply(bench, WWW, DNS_NOERROR);
	pass(bench, PAUSE_MS);
	assert_int_equal(queue_wake_at_ms(bench->queue), START_MS + 10 + DEADLINE_MS);
}

/* ---- Order ---- */

static void one_owners_sets_go_one_after_another(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiters[5];

	for (size_t i = 0; i < 5; i++)
		waiters[i] = submit(bench, WWW, i % 2 ? V4 : V6);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(bench->message_count, 1);
		assert_int_equal(bench->messages[0].set.changes[0].addr.octets[3], i);
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(waiters[i], OUTCOME_CHANGED);
	}
	assert_at_rest(bench);
}

static void a_repetition_is_not_overtaken(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *second = submit(bench, WWW, V4);

	reply_as(bench, WWW, DNS_UNKNOWN, 0);
	assert_int_equal(bench->message_count, 0);
	pass(bench, PAUSE_MS);
	assert_int_equal(bench->messages[0].set.changes[0].addr.octets[3], 0);
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
	reply(bench, WWW, DNS_NXRRSET);
	assert_int_equal(bench->message_count, 1);
	assert_true(bench->messages[0].probe);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(bench->message_count, 1);
	assert_false(bench->messages[0].probe);
}

static void what_is_in_flight_keeps_its_place_after_its_deadline(void **state)
{
	struct bench *bench = *state;
	struct waiter *first = submit(bench, WWW, V4), *second;

	pass(bench, DEADLINE_MS);
	assert_outcome(first, OUTCOME_UNKNOWN);
	second = submit(bench, WWW, V4);
	assert_int_equal(bench->message_count, 1);
	assert_int_equal(bench->messages[0].set.changes[0].addr.octets[3], 0);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(bench->messages[0].set.changes[0].addr.octets[3], 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(second, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void the_next_one_goes_when_a_waiting_one_expires(void **state)
{
	struct bench *bench = *state;
	struct waiter *second;

	submit(bench, WWW, V4);
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	bench->now_ms += PAUSE_MS / 2; /* no tick yet */
	second = submit(bench, WWW, V4);
	bench->now_ms = START_MS + DEADLINE_MS;
	tick(bench);
	assert_waits(second);
	assert_int_equal(bench->messages[0].set.changes[0].addr.octets[3], 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(second, OUTCOME_CHANGED);
}

static void owners_do_not_wait_for_each_other(void **state)
{
	struct bench *bench = *state;
	struct waiter *www = submit(bench, WWW, V4), *ftp = submit(bench, FTP, V4);

	assert_int_equal(bench->message_count, 2);
	reply(bench, FTP, DNS_NOERROR);
	assert_outcome(ftp, OUTCOME_CHANGED);
	assert_waits(www);
}

static void first_come_first_served(void **state)
{
	struct bench *bench = *state;
	char owner[32];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(owner, sizeof owner, "host%u.example.com", i);
		submit(bench, owner, V4);
	}
	for (unsigned i = 0; i < 100; i++) {
		snprintf(owner, sizeof owner, "host%u.example.com", i);
		assert_string_equal(bench->messages[0].set.owner.text, owner);
		reply(bench, owner, DNS_NOERROR);
	}
	assert_at_rest(bench);
}

/* ---- Bounds ---- */

static void no_more_are_in_flight_than_allowed(void **state)
{
	struct bench *bench = *state;
	char owner[32];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(owner, sizeof owner, "host%u.example.com", i);
		submit(bench, owner, V4);
	}
	for (unsigned left = 20; left > 0; left--) {
		assert_int_equal(bench->message_count, left < IN_FLIGHT_MAX ? left : IN_FLIGHT_MAX);
		reply(bench, bench->messages[0].set.owner.text, DNS_NOERROR);
	}
	assert_at_rest(bench);
}

static void what_was_answered_still_counts_as_in_flight(void **state)
{
	struct bench *bench = *state;
	char owner[32];

	for (unsigned i = 0; i < IN_FLIGHT_MAX; i++) {
		snprintf(owner, sizeof owner, "host%u.example.com", i);
		submit(bench, owner, V4);
	}
	pass(bench, DEADLINE_MS);
	submit(bench, WWW, V4);
	assert_int_equal(bench->message_count, IN_FLIGHT_MAX);
	reply(bench, "host0.example.com", DNS_NOERROR);
	assert_true(is_in_flight(bench, WWW));
}

static void a_full_queue_takes_no_more(void **state)
{
	struct bench *bench = *state;

	for (unsigned i = 0; i < ENTRIES_MAX; i++)
		submit(bench, WWW, V4);
	assert_int_equal(try_submit(bench, WWW, V4), STATUS_FULL);
	assert_int_equal(try_submit(bench, FTP, V4), STATUS_FULL);
	assert_int_equal(queue_waiting(bench->queue), ENTRIES_MAX);
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(try_submit(bench, FTP, V4), STATUS_OK);
	assert_int_equal(try_submit(bench, FTP, V4), STATUS_FULL);
}

static void many_owners_are_told_apart(void **state)
{
	struct queue_limits limits = limits_default;
	struct bench *bench;
	char owner[32];

	(void)state;
	limits.in_flight_max = WAITERS_MAX;
	limits.entries_max = WAITERS_MAX;
	for (uint64_t seed = 0; seed < 4; seed++) {
		limits.seed = seed;
		bench = bench_new(&limits);
		for (unsigned i = 0; i < WAITERS_MAX; i++) {
			snprintf(owner, sizeof owner, "%u.host.example.com", i);
			submit(bench, owner, V4);
		}
		assert_int_equal(bench->message_count, WAITERS_MAX);
		for (unsigned i = 0; i < WAITERS_MAX; i++)
			reply(bench, bench->messages[bench->message_count / 2].set.owner.text, DNS_NOERROR);
		assert_at_rest(bench);
		teardown(&(void *){bench});
	}
}

/* ---- Steps between actions ---- */

static void steps_may_come_while_actions_wait(void **state)
{
	struct bench *bench = *state;
	struct waiter *www = put(bench, WWW, V4), *ftp = put(bench, FTP, V4);

	assert_true(act_once(bench)); /* SEND www */
	end_message(bench, message_of(bench, WWW), (struct dns_result){.verdict = DNS_VERIFIED, .rcode = DNS_NOERROR});
	assert_waits(www);
	assert_true(act_once(bench)); /* SEND ftp, which was asked for first */
	assert_true(is_in_flight(bench, FTP));
	assert_waits(www);
	assert_true(act_once(bench));
	assert_outcome(www, OUTCOME_CHANGED);
	assert_false(act_once(bench));
	reply(bench, FTP, DNS_NOERROR);
	assert_outcome(ftp, OUTCOME_CHANGED);
}

static void a_deadline_may_pass_before_the_send_was_taken(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = put(bench, WWW, V4);

	bench->now_ms += DEADLINE_MS;
	assert_int_equal(queue_step(bench->queue, &(struct queue_event){.kind = QUEUE_TICK}, bench->now_ms), STATUS_OK);
	act_all(bench);
	assert_int_equal(waiter->answers, 1);
	assert_int_equal(bench->message_count, 1);
	reply(bench, WWW, DNS_NOERROR);
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
	put(bench, WWW, V4);
	put(bench, FTP, V4);
	for (unsigned turn = 0; turn < 60; turn++) {
		assert_true(act_once(bench));
		assert_int_equal(bench->message_count, 1);
		end_message(bench, &bench->messages[0], (struct dns_result){.verdict = DNS_UNREACHABLE, .why = "test"});
		assert_int_equal(queue_step(bench->queue, &(struct queue_event){.kind = QUEUE_TICK}, bench->now_ms),
				 STATUS_OK);
	}
	teardown(&(void *){bench});
}

/* ---- The end ---- */

static void a_queue_is_freed_with_everything_in_it(void **state)
{
	struct bench *bench = *state;

	submit(bench, WWW, V4 | V6);
	submit(bench, WWW, V4);
	submit(bench, FTP, V4);
	reply_as(bench, FTP, DNS_UNREACHABLE, 0);
	put(bench, "third.example.com", V4);
	/* teardown frees it */
}

/* ---- At random ---- */

enum { SCHEDULES = 3000, STEPS = 200, OWNERS = 6 };

static struct dns_result random_result(struct fake_random *random)
{
	static const unsigned rcodes[] = {DNS_NOERROR, DNS_NOERROR, DNS_NXRRSET, DNS_REFUSED, DNS_SERVFAIL};

	return (struct dns_result){
		.verdict = (enum dns_verdict)fake_random_below(random, DNS_UNKNOWN + 1),
		.rcode = rcodes[fake_random_below(random, sizeof rcodes / sizeof *rcodes)],
		.why = "test",
	};
}

static void random_step(struct bench *bench, struct fake_random *random, const struct queue_limits *limits)
{
	char owner[32];

	switch (fake_random_below(random, 4)) {
	case 0:
		snprintf(owner, sizeof owner, "h%u.example.com", fake_random_below(random, OWNERS));
		if (try_submit(bench, owner, 1 + fake_random_below(random, 3)) == STATUS_FULL)
			assert_true(queue_waiting(bench->queue) + bench->message_count >= limits->entries_max);
		break;
	case 1:
		if (bench->message_count)
			end_message(bench, &bench->messages[fake_random_below(random, (unsigned)bench->message_count)],
				    random_result(random));
		break;
	case 2:
		bench->now_ms += fake_random_below(random, 120);
		break;
	default:
		if (queue_wake_at_ms(bench->queue) <= bench->now_ms)
			tick(bench);
		break;
	}
	if (fake_random_below(random, 2))
		act_all(bench);
	else
		act_once(bench);
	assert_true(bench->message_count <= limits->in_flight_max);
	assert_true(queue_waiting(bench->queue) <= limits->entries_max);
}

/* Time goes on until nothing can happen any more: replies first, then deadlines. */
static void wind_down(struct bench *bench)
{
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
		assert_int_equal(bench->waiters[i].answers, 1);
}

static void random_steps_keep_the_invariants(void **state)
{
	struct fake_random random = {fake_random_seed()};

	(void)state;
	for (unsigned schedule = 0; schedule < SCHEDULES; schedule++) {
		struct queue_limits limits = {
			.entries_max = 1 + fake_random_below(&random, 20),
			.in_flight_max = 1 + fake_random_below(&random, 5),
			.attempts_max = 1 + fake_random_below(&random, 5),
			.retry_pause_ms = fake_random_below(&random, 200),
			.deadline_ms = 1 + fake_random_below(&random, 1500),
			.seed = fake_random_draw(&random),
		};
		struct bench *bench = bench_new(&limits);

		for (unsigned step = 0; step < STEPS; step++)
			random_step(bench, &random, &limits);
		wind_down(bench);
		teardown(&(void *){bench});
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_committed_set_is_changed),
		TEST(one_missing_record_is_named_at_once),
		TEST(a_probe_finds_the_a_record_missing),
		TEST(a_probe_finds_the_aaaa_record_missing),
		TEST(a_probe_never_makes_a_change_of_it),
		TEST(a_probe_that_is_refused_names_no_type),
		TEST(a_deadline_during_a_probe_names_no_type),
		TEST(only_records_that_must_exist_can_be_missing),
		TEST(any_other_rcode_is_a_refusal),
		TEST(a_rejection_that_says_noerror_is_no_success),
		TEST(what_was_not_sent_is_repeated_and_then_unreachable),
		TEST(an_unknown_outcome_is_settled_by_a_repetition),
		TEST(an_unknown_outcome_stays_unknown_when_the_repetition_is_refused),
		TEST(an_unknown_outcome_stays_unknown_when_nothing_can_be_sent_any_more),
		TEST(an_unknown_outcome_stays_unknown_at_the_deadline),
		TEST(nothing_but_unknown_attempts_end_unknown),
		TEST(the_deadline_is_exact_in_flight),
		TEST(what_waits_for_a_connection_is_withdrawn_at_the_deadline),
		TEST(what_never_left_is_unreachable_at_the_deadline),
		TEST(a_deadline_comes_before_a_repetition_of_the_same_time),
		TEST(what_was_answered_is_not_repeated),
		TEST(what_was_answered_is_not_probed),
		TEST(wake_at_is_the_earliest_of_deadlines_and_repetitions),
		TEST(one_owners_sets_go_one_after_another),
		TEST(a_repetition_is_not_overtaken),
		TEST(a_probe_is_not_overtaken),
		TEST(what_is_in_flight_keeps_its_place_after_its_deadline),
		TEST(the_next_one_goes_when_a_waiting_one_expires),
		TEST(owners_do_not_wait_for_each_other),
		TEST(first_come_first_served),
		TEST(no_more_are_in_flight_than_allowed),
		TEST(what_was_answered_still_counts_as_in_flight),
		TEST(a_full_queue_takes_no_more),
		cmocka_unit_test(many_owners_are_told_apart),
		TEST(steps_may_come_while_actions_wait),
		TEST(a_deadline_may_pass_before_the_send_was_taken),
		TEST(a_queue_is_freed_with_everything_in_it),
		cmocka_unit_test(actions_that_are_never_all_taken_find_room),
		cmocka_unit_test(random_steps_keep_the_invariants),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
