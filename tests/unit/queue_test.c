/*
 * The queue's steps, pure: the way of a set as the header tells it, what shares a message, what becomes of a message
 * that is rejected, order per owner, bounds, deadlines, cancellation, and that every waiter is answered once.
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
	BENCH_WAITERS_MAX = 1024,
	START_MS = 5000,
	WALL_START_MS = 1000000,
	DEADLINE_MS = 1000,
	PAUSE_MS = 100,
	PAUSE_MAX_MS = PAUSE_MS + PAUSE_MS / 2, /* with the part that is left to chance */
	ATTEMPTS_MAX = 3,
	WAITERS_MAX = 300,
	SHARE_MAX = 200,
	UPDATES_MAX = 2,
	OVERLAP_MIN = 10,
	CONFIRMS_MAX = 1,
	QUERIES_MAX = 64,
	TTL_S = 180,
	POISON_MS = 10 * 60 * 1000,
};

struct waiter {
	unsigned answers;
	bool cancelled;
	struct outcome outcome;
	uint64_t at_ms;
};

/* What a SEND asked for, until it is replied to. */
struct message {
	struct queue_message *handle;
	struct dns_request request;
	struct dns_ticket *ticket;
	const void *only_to;
	size_t count;
	struct change_set *copies; /* of its sets, to see that the queue's stay as they are */
};

struct bench {
	struct name zone;
	struct order *order;
	struct queue *queue;
	struct queue_limits limits;
	uint64_t now_ms;
	struct waiter waiters[BENCH_WAITERS_MAX];
	size_t waiter_count;
	struct message messages[BENCH_WAITERS_MAX]; /* in flight, in the order of sending */
	size_t message_count;
	unsigned sends[DNS_QUERY + 1]; /* ever */
	bool connecting;               /* messages are taken but do not leave */
	bool blind;                    /* looks are not replied to by themselves */
	bool has_well;                 /* as in the events of messages that end from now on; so is `primary` */
	const void *primary;
};

static const struct queue_limits limits_default = {
	.waiters_max = WAITERS_MAX,
	.share_max = SHARE_MAX,
	.octets_max = DNS_MESSAGE_MAX,
	.updates_max = UPDATES_MAX,
	.overlap_min = OVERLAP_MIN,
	.half_min = 100,
	.half_min_with_pause = 250,
	.confirms_max = CONFIRMS_MAX,
	.queries_max = QUERIES_MAX,
	.records_max = 1 << 16,
	.attempts_max = ATTEMPTS_MAX,
	.retry_pause_ms = PAUSE_MS,
	.deadline_ms = DEADLINE_MS,
	.seed = 1,
};

#define ZONE "example.com"
#define WWW  "www.example.com"
#define FTP  "ftp.example.com"

static struct bench *bench_new(const struct queue_limits *limits)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	bench->now_ms = START_MS;
	bench->limits = *limits;
	assert_int_equal(name_parse(text_of(ZONE), &bench->zone), STATUS_OK);
	assert_int_equal(order_new(1, &bench->order), STATUS_OK);
	assert_int_equal(queue_new(&bench->zone, bench->order, limits, &bench->queue), STATUS_OK);
	return bench;
}

static int setup(void **state)
{
	*state = bench_new(&limits_default);
	return 0;
}

static void bench_free(struct bench *bench)
{
	queue_free(&bench->queue);
	assert_null(bench->queue);
	order_free(&bench->order);
	for (size_t i = 0; i < bench->message_count; i++)
		free(bench->messages[i].copies);
	free(bench);
}

static int teardown(void **state)
{
	bench_free(*state);
	return 0;
}

/* ---- A small language ---- */

enum { V4 = 1, V6 = 2, MAY_CREATE = 4 };

static struct addr numbered(enum addr_family family, unsigned number)
{
	return (struct addr){.family = family, .octets = {[2] = (uint8_t)(number >> 8), [3] = (uint8_t)number}};
}

static struct change_set set_of(const char *owner, unsigned what, unsigned number)
{
	struct change_set set = {0};

	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	for (unsigned family = ADDR_V4; family <= ADDR_V6; family++) {
		if (what & (family == ADDR_V4 ? V4 : V6))
			set.changes[set.count++] = (struct change){.addr = numbered((enum addr_family)family, number),
								   .ttl_s = TTL_S,
								   .must_exist = !(what & MAY_CREATE)};
	}
	return set;
}

static bool concerns(const struct message *message, const char *owner)
{
	for (size_t i = 0; i < message->count; i++) {
		if (strcmp(message->copies[i].owner.text, owner) == 0)
			return true;
	}
	return false;
}

/* Several queries for one set are one look. */
static void assert_alone_of_its_owners(const struct bench *bench, const struct message *message)
{
	for (const struct message *other = bench->messages; other < message; other++) {
		bool same_look = other->request.kind == DNS_QUERY && other->request.sets == message->request.sets;

		for (size_t i = 0; i < message->count && !same_look; i++) {
			if (concerns(other, message->copies[i].owner.text))
				fail_msg("two messages of %s are in flight", message->copies[i].owner.text);
		}
	}
}

static size_t in_flight(const struct bench *bench, enum dns_request_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < bench->message_count; i++)
		count += bench->messages[i].request.kind == kind;
	return count;
}

/* Two halves may be with a primary that pauses. */
static size_t updates_max(const struct bench *bench)
{
	return bench->limits.commit_pause_ms && bench->limits.updates_max < 2 ? 2 : bench->limits.updates_max;
}

static void assert_within_bounds(const struct bench *bench, const struct message *message)
{
	size_t octets = dns_message_space(&bench->zone);

	for (size_t i = 0; i < message->count && message->count > 1; i++)
		octets += dns_set_space(&message->copies[i], &bench->zone);
	assert_true(message->count <= 1 || octets <= bench->limits.octets_max);
	/* One more UPDATE may be in the lane for owners that go alone; and a look is never split. */
	assert_true(in_flight(bench, DNS_UPDATE) <= updates_max(bench) + 1);
	assert_true(in_flight(bench, DNS_CONFIRM) + in_flight(bench, DNS_PROBE) <= bench->limits.confirms_max);
	assert_true(in_flight(bench, DNS_QUERY) < bench->limits.queries_max + CHANGE_SET_MAX);
}

static void copy_sets(struct message *message)
{
	const struct change_set *set = message->request.sets;

	for (; set; set = message->request.kind == DNS_QUERY ? NULL : set->next)
		message->count++;
	message->copies = calloc(message->count + 1, sizeof *message->copies);
	assert_non_null(message->copies);
	set = message->request.sets;
	for (size_t i = 0; i < message->count; i++, set = set->next)
		message->copies[i] = *set;
}

static void send_action(struct bench *bench, const struct queue_action *action)
{
	struct message *message = &bench->messages[bench->message_count++];

	assert_true(bench->message_count <= BENCH_WAITERS_MAX);
	*message = (struct message){.handle = action->message,
				    .request = action->request,
				    .ticket = action->ticket,
				    .only_to = action->only_to};
	copy_sets(message);
	assert_true(name_equal(message->request.zone, &bench->zone));
	assert_false(action->ticket->sent);
	action->ticket->sent = !bench->connecting && !action->ticket->withdrawn;
	bench->sends[message->request.kind]++;
	assert_alone_of_its_owners(bench, message);
	assert_within_bounds(bench, message);
}

static void answer_action(struct bench *bench, const struct queue_action *action)
{
	struct waiter *waiter = action->waiter;

	assert_true(waiter >= bench->waiters && waiter < bench->waiters + bench->waiter_count);
	waiter->answers++;
	waiter->outcome = action->outcome;
	waiter->at_ms = bench->now_ms;
	assert_int_equal(waiter->answers, 1);
	assert_false(waiter->cancelled);
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

static void step(struct bench *bench, const struct queue_event *event)
{
	assert_int_equal(queue_step(bench->queue, event, bench->now_ms), STATUS_OK);
}

/* Ends the message without taking actions. */
static void end_message(struct bench *bench, struct message *message, struct dns_result result)
{
	struct message ended = *message;
	const struct change_set *set = ended.request.sets;

	for (size_t i = 0; i < ended.count; i++, set = set->next) {
		/* Of one set several records may be looked at, and it notes what is found. */
		if (ended.request.kind == DNS_QUERY)
			assert_true(name_equal(&set->owner, &ended.copies[i].owner));
		else
			assert_memory_equal(set, &ended.copies[i], sizeof *set);
	}
	free(ended.copies);
	memmove(message, message + 1, (size_t)(bench->messages + --bench->message_count - message) * sizeof *message);
	/* The wall clock's seconds turn with those of the other one. */
	step(bench, &(struct queue_event){.kind = QUEUE_REPLIED,
					  .message = ended.handle,
					  .result = &result,
					  .has_well = bench->has_well,
					  .primary = bench->primary,
					  .wall_ms = WALL_START_MS + bench->now_ms});
}

static struct dns_result said(enum dns_rcode rcode)
{
	return (struct dns_result){.verdict = DNS_VERIFIED, .rcode = rcode};
}

static struct dns_result found(size_t count, struct addr addr, uint32_t ttl_s)
{
	return (struct dns_result){
		.verdict = DNS_VERIFIED,
		.answer = {.authoritative = true,
			   .count = count,
			   .rrset = {.known = true, .ttl_s = ttl_s, .count = count, .addrs = {addr}}},
	};
}

static enum addr_family family_asked(const struct message *message)
{
	return message->copies[0].changes[message->request.change].addr.family;
}

/* What a look finds unless the test says otherwise: something else than is wanted. */
static struct dns_result found_another(const struct message *message)
{
	return found(1, numbered(family_asked(message), 0xffff), TTL_S);
}

/* Replies to one look, if one is in flight that the test does not want to reply to itself. */
static bool see_once(struct bench *bench)
{
	for (size_t i = 0; i < bench->message_count && !bench->blind; i++) {
		if (bench->messages[i].request.kind == DNS_QUERY && bench->messages[i].ticket->sent) {
			end_message(bench, &bench->messages[i], found_another(&bench->messages[i]));
			return true;
		}
	}
	return false;
}

static void act_all(struct bench *bench)
{
	while (act_once(bench) || see_once(bench))
		;
}

static enum status try_submit_set(struct bench *bench, struct change_set set)
{
	struct waiter *waiter = &bench->waiters[bench->waiter_count];
	enum status status;

	assert_true(bench->waiter_count < BENCH_WAITERS_MAX);
	status = queue_step(bench->queue, &(struct queue_event){.kind = QUEUE_SUBMIT, .set = &set, .waiter = waiter},
			    bench->now_ms);
	memset(&set, 0xee, sizeof set); /* it was copied */
	if (status == STATUS_OK)
		bench->waiter_count++;
	return status;
}

/* The address ends in the number of the waiter, so that each differs. */
static enum status try_submit(struct bench *bench, const char *owner, unsigned what, uint64_t account)
{
	struct change_set set = set_of(owner, what, (unsigned)bench->waiter_count);

	set.account = account;
	return try_submit_set(bench, set);
}

/* Submits without taking actions. */
static struct waiter *put(struct bench *bench, const char *owner, unsigned what)
{
	assert_int_equal(try_submit(bench, owner, what, 0), STATUS_OK);
	return &bench->waiters[bench->waiter_count - 1];
}

static struct waiter *submit(struct bench *bench, const char *owner, unsigned what)
{
	struct waiter *waiter = put(bench, owner, what);

	act_all(bench);
	return waiter;
}

/* Submits a set whose addresses end in that number. */
static struct waiter *submit_number(struct bench *bench, const char *owner, unsigned what, unsigned number)
{
	assert_int_equal(try_submit_set(bench, set_of(owner, what, number)), STATUS_OK);
	act_all(bench);
	return &bench->waiters[bench->waiter_count - 1];
}

static const char *host(unsigned i)
{
	static char owner[32];

	snprintf(owner, sizeof owner, "host%u.example.com", i);
	return owner;
}

/* Sets of as many owners; what they have to wait for is up to the test. */
static struct waiter *submit_hosts(struct bench *bench, unsigned count)
{
	struct waiter *first = &bench->waiters[bench->waiter_count];

	for (unsigned i = 0; i < count; i++)
		submit(bench, host(i), V4);
	return first;
}

/* The same, each of another account, whose shares are not enough for many. */
static void submit_accounts_hosts(struct bench *bench, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(try_submit(bench, host(i), V4, 1 + i), STATUS_OK);
	act_all(bench);
}

static void cancel(struct bench *bench, struct waiter *waiter)
{
	waiter->cancelled = true;
	step(bench, &(struct queue_event){.kind = QUEUE_CANCEL, .waiter = waiter});
	act_all(bench);
}

static struct message *find_message(struct bench *bench, const char *owner)
{
	for (size_t i = 0; i < bench->message_count; i++) {
		if (concerns(&bench->messages[i], owner))
			return &bench->messages[i];
	}
	return NULL;
}

static bool is_in_flight(struct bench *bench, const char *owner)
{
	return find_message(bench, owner) != NULL;
}

/* The message with that owner, which must be in flight; of two, the first one sent. */
static struct message *message_of(struct bench *bench, const char *owner)
{
	struct message *message = find_message(bench, owner);

	if (!message) {
		fail_msg("nothing of %s is in flight", owner);
		abort(); /* not reached */
	}
	return message;
}

static void reply_with(struct bench *bench, const char *owner, struct dns_result result)
{
	end_message(bench, message_of(bench, owner), result);
	act_all(bench);
}

static void reply_as(struct bench *bench, const char *owner, enum dns_verdict verdict, unsigned rcode)
{
	reply_with(bench, owner, (struct dns_result){.verdict = verdict, .rcode = rcode, .why = "test"});
}

static void reply(struct bench *bench, const char *owner, enum dns_rcode rcode)
{
	reply_as(bench, owner, DNS_VERIFIED, rcode);
}

static void tick(struct bench *bench)
{
	step(bench, &(struct queue_event){.kind = QUEUE_TICK});
	act_all(bench);
}

static void pass(struct bench *bench, uint64_t ms)
{
	bench->now_ms += ms;
	tick(bench);
}

/* Lets time pass until the next thing is due. */
static void pass_to_next(struct bench *bench)
{
	assert_true(queue_wake_at_ms(bench->queue) != ENV_NEVER_MS);
	bench->now_ms = queue_wake_at_ms(bench->queue);
	tick(bench);
}

static void assert_kind(struct bench *bench, const char *owner, enum dns_request_kind kind)
{
	assert_int_equal(message_of(bench, owner)->request.kind, kind);
}

/* The number that the address of that owner in flight ends in. */
static unsigned number_in_flight(struct bench *bench, const char *owner)
{
	const struct message *message = message_of(bench, owner);
	size_t i = 0;

	while (strcmp(message->copies[i].owner.text, owner) != 0)
		i++;
	return message->copies[i].changes[0].addr.octets[3];
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

/* Commits a set, so that it is remembered. */
static void commit_number(struct bench *bench, const char *owner, unsigned what, unsigned number)
{
	struct waiter *waiter = submit_number(bench, owner, what, number);

	reply(bench, owner, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
}

/* ---- A primary with some bad owners ---- */

typedef enum dns_rcode judge_fn(const struct change_set *set);

/* Replies to all that is in flight, again and again, until nothing is. The first bad set of an UPDATE spoils it. */
static void serve(struct bench *bench, judge_fn *judge)
{
	bool blind = bench->blind;

	bench->blind = true; /* the judge knows what is there */
	while (bench->message_count) {
		const struct message *message = &bench->messages[0];
		enum dns_rcode rcode = DNS_NOERROR;

		for (size_t i = 0; i < message->count && rcode == DNS_NOERROR; i++)
			rcode = judge(&message->copies[i]);
		if (message->request.kind == DNS_QUERY && rcode == DNS_NXRRSET)
			end_message(bench, &bench->messages[0], found(0, (struct addr){0}, 0));
		else if (message->request.kind == DNS_QUERY)
			end_message(bench, &bench->messages[0], found_another(message));
		else
			end_message(bench, &bench->messages[0], said(rcode));
		act_all(bench);
	}
	bench->blind = blind;
}

static enum dns_rcode all_is_well(const struct change_set *set)
{
	(void)set;
	return DNS_NOERROR;
}

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
		enum addr_family missing;
	} rows[] = {
		{V4, {0}, ADDR_V4},         {V6, {0}, ADDR_V6},         {V4 | V6, {0, 1}, ADDR_V4},
		{V4 | V6, {1, 0}, ADDR_V6}, {V4 | V6, {0, 0}, ADDR_V4},
	};
	struct bench *bench = *state;

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

	bench->blind = true;
	waiter = submit(bench, WWW, V4 | V6);
	assert_int_equal(family_asked(message_of(bench, WWW)), ADDR_V4);
	reply_as(bench, WWW, DNS_UNREACHABLE, 0);
	assert_waits(waiter);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_no_record(waiter, ADDR_V6);
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
	assert_no_record(waiter, ADDR_V4);
	waiter = submit(bench, FTP, V4);
	reply_with(
		bench, FTP,
		(struct dns_result){.verdict = DNS_VERIFIED, .rcode = DNS_NXDOMAIN, .answer = {.authoritative = true}});
	assert_no_record(waiter, ADDR_V4);
	assert_at_rest(bench);
}

/* What a look finds behind a delegation, and behind a DNAME. */
static struct dns_result referral(void)
{
	return (struct dns_result){.verdict = DNS_VERIFIED, .answer = {.hidden = true}};
}

static struct dns_result below_a_dname(void)
{
	return (struct dns_result){.verdict = DNS_VERIFIED,
				   .answer = {.authoritative = true, .hidden = true, .rrset = {.known = true}}};
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
	assert_no_record(waiter, ADDR_V4);
	waiter = submit(bench, WWW, V4 | MAY_CREATE);
	reply_with(bench, WWW, referral());
	reply(bench, WWW, DNS_NOERROR);
	assert_int_equal(waiter->outcome.code, OUTCOME_CHANGED);
	waiter = submit(bench, FTP, V4 | MAY_CREATE);
	reply_with(bench, FTP, below_a_dname());
	assert_no_record(waiter, ADDR_V4);
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
	static const struct dns_result results[] = {
		{.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED},
		{.verdict = DNS_VERIFIED, .rcode = DNS_SERVFAIL, .answer = {.authoritative = true}},
		{.verdict = DNS_UNSIGNED, .rcode = DNS_REFUSED},
		{.verdict = DNS_VERIFIED, .rcode = DNS_NOERROR}, /* no authority */
		{.verdict = DNS_VERIFIED,
		 .rcode = DNS_NOERROR,
		 .answer = {.count = 1,
			    .rrset = {.known = true, .count = 1, .addrs = {{ADDR_V4, {0}}}}}}, /* nor here */
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
	assert_no_record(waiter, ADDR_V4);
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
	assert_no_record(waiter, ADDR_V4);
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
	assert_int_equal(expected.addrs[0].octets[3], 1);
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
	assert_int_equal(message_of(bench, WWW)->copies[0].changes[0].was.addrs[0].octets[3], 9);
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
	assert_no_record(waiter, ADDR_V4);
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
				    bad ? found_another(message) : found(1, message->copies[0].changes[0].addr, TTL_S));
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

/* ---- Removals, new records, rewritten prefixes ---- */

static struct rrset rrset_of(size_t count, unsigned first)
{
	struct rrset rrset = {.known = true, .ttl_s = TTL_S, .count = count};

	for (size_t i = 0; i < count; i++)
		rrset.addrs[i] = (struct addr){ADDR_V6, {0x20, 1, [15] = (uint8_t)(first + i)}};
	return rrset;
}

static struct dns_result found_rrset(struct rrset rrset)
{
	return (struct dns_result){.verdict = DNS_VERIFIED,
				   .answer = {.authoritative = true, .count = rrset.count, .rrset = rrset}};
}

/* The first 16 bits become fd00::/16; `what` may have V4, too, and then the AAAA may be missing. */
static struct waiter *submit_prefix(struct bench *bench, const char *owner, unsigned what)
{
	struct change_set set = set_of(owner, what & (V4 | MAY_CREATE), (unsigned)bench->waiter_count);

	set.changes[set.count++] = (struct change){.kind = CHANGE_PREFIX,
						   .addr = {ADDR_V6, {0xfd}},
						   .prefix_len = 16,
						   .ttl_s = TTL_S,
						   .must_exist = !(what & V4)};
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	act_all(bench);
	return &bench->waiters[bench->waiter_count - 1];
}

static void assert_rewritten(const struct change *change, const struct rrset *was)
{
	assert_true(rrset_equal(&change->was, was));
	assert_int_equal(change->becomes.count, was->count);
	for (size_t i = 0; i < was->count; i++) {
		struct addr wanted = was->addrs[i];

		wanted.octets[0] = 0xfd;
		wanted.octets[1] = 0;
		assert_true(addr_equal(&change->becomes.addrs[i], &wanted));
	}
}

static void a_prefix_rewrites_each_address_that_was_read(void **state)
{
	struct bench *bench = *state;
	struct rrset was = rrset_of(3, 7);
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found_rrset(was));
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_rewritten(&message_of(bench, WWW)->copies[0].changes[0], &was);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_int_equal(waiter->outcome.addr_count, 1);
	assert_int_equal(waiter->outcome.addrs[0].octets[0], 0xfd);
	assert_at_rest(bench);
}

static void a_prefix_that_is_there_already_is_confirmed(void **state)
{
	struct bench *bench = *state;
	struct rrset was = rrset_of(2, 7);
	struct waiter *waiter;

	was.addrs[0].octets[0] = was.addrs[1].octets[0] = 0xfd;
	was.addrs[0].octets[1] = was.addrs[1].octets[1] = 0;
	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	reply_with(bench, WWW, found_rrset(was));
	assert_kind(bench, WWW, DNS_CONFIRM);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_UNCHANGED);
	assert_at_rest(bench);
}

/* Of the AAAA record that is to be rewritten. */
static void reply_probe(struct bench *bench, enum dns_rcode rcode)
{
	assert_kind(bench, WWW, DNS_PROBE);
	assert_int_equal(family_asked(message_of(bench, WWW)), ADDR_V6);
	reply(bench, WWW, rcode);
}

static void what_changed_between_reading_and_writing_is_read_again(void **state)
{
	struct bench *bench = *state;
	struct rrset first = rrset_of(1, 7), second = rrset_of(2, 100);
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		assert_waits(waiter);
		reply_with(bench, WWW, found_rrset(first));
		reply(bench, WWW, DNS_NXRRSET);
		if (i + 1 < ATTEMPTS_MAX)
			reply_probe(bench, DNS_NOERROR);
	}
	/* After the last one nobody has looked whether that was the copy of one that was carried out. */
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	bench->blind = false;
	commit_number(bench, FTP, V6, 5);
	bench->blind = true;
	waiter = submit_prefix(bench, FTP, V6);
	reply(bench, FTP, DNS_NXRRSET);
	assert_kind(bench, FTP, DNS_QUERY);
	reply_with(bench, FTP, found_rrset(second));
	assert_rewritten(&message_of(bench, FTP)->copies[0].changes[0], &second);
	reply(bench, FTP, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* A message with others that was rejected is halved; what is rewritten still has to be what was read. */
static void what_is_rewritten_has_its_prerequisite_in_every_part(void **state)
{
	struct bench *bench = *state;
	struct rrset was = rrset_of(2, 7), now = rrset_of(1, 100);
	struct waiter *prefix, *other;

	submit(bench, host(1), V4);
	bench->blind = true;
	prefix = submit_prefix(bench, WWW, V6);
	reply_with(bench, WWW, found_rrset(was));
	other = submit(bench, FTP, V4);
	reply_with(bench, FTP, found(1, numbered(ADDR_V4, 9), TTL_S));
	reply(bench, host(1), DNS_NOERROR);
	assert_int_equal(message_of(bench, WWW)->count, 2);
	reply(bench, WWW, DNS_NXRRSET);
	assert_int_equal(message_of(bench, WWW)->count, 1);
	assert_rewritten(&message_of(bench, WWW)->copies[0].changes[0], &was);
	reply(bench, FTP, DNS_NOERROR);
	assert_outcome(other, OUTCOME_CHANGED);
	reply(bench, WWW, DNS_NXRRSET); /* others have changed it */
	reply_probe(bench, DNS_NOERROR);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found_rrset(now));
	assert_rewritten(&message_of(bench, WWW)->copies[0].changes[0], &now);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(prefix, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* Looks find it, whether it has the prefix already or not; prerequisites do not. */
static void a_prefix_does_not_rewrite_what_a_wildcard_has(void **state)
{
	struct bench *bench = *state;
	struct rrset wildcard = rrset_of(1, 7);

	bench->blind = true;
	for (unsigned i = 0; i < 2; i++) {
		struct waiter *waiter = submit_prefix(bench, WWW, V6);

		reply_with(bench, WWW, found_rrset(wildcard));
		if (i == 1) {
			assert_kind(bench, WWW, DNS_CONFIRM);
			reply(bench, WWW, DNS_NXRRSET);
			reply_with(bench, WWW, found_rrset(wildcard));
		}
		assert_kind(bench, WWW, DNS_UPDATE);
		reply(bench, WWW, DNS_NXRRSET);
		assert_waits(waiter);
		reply_probe(bench, DNS_NXRRSET);
		assert_no_record(waiter, ADDR_V6);
		assert_at_rest(bench);
		wildcard.addrs[0].octets[0] = 0xfd;
		wildcard.addrs[0].octets[1] = 0;
	}
}

/* The probe is about the address that must exist; if none must, the set goes without what the wildcard has. */
static void an_ipv4_address_with_a_prefix_is_not_kept_up_by_a_wildcard(void **state)
{
	struct bench *bench = *state;

	bench->blind = true;
	for (unsigned creates = 0; creates < 2; creates++) {
		struct waiter *waiter = submit_prefix(bench, WWW, V4 | V6 | (creates ? MAY_CREATE : 0));

		reply_with(bench, WWW, found(1, numbered(ADDR_V4, 9), TTL_S));
		reply_with(bench, WWW, found_rrset(rrset_of(1, 7)));
		assert_kind(bench, WWW, DNS_UPDATE);
		reply(bench, WWW, DNS_NXRRSET);
		assert_kind(bench, WWW, DNS_PROBE);
		assert_int_equal(family_asked(message_of(bench, WWW)), creates ? ADDR_V6 : ADDR_V4);
		reply(bench, WWW, DNS_NXRRSET);
		if (creates) {
			assert_kind(bench, WWW, DNS_UPDATE);
			assert_false(message_of(bench, WWW)->copies[0].changes[0].was.known);
			assert_rewritten(&message_of(bench, WWW)->copies[0].changes[1], &(struct rrset){.known = true});
			reply(bench, WWW, DNS_NOERROR);
			assert_outcome(waiter, OUTCOME_CHANGED);
			assert_int_equal(waiter->outcome.addr_count, 1);
		} else {
			assert_no_record(waiter, ADDR_V4);
		}
		assert_at_rest(bench);
	}
}

/* At the deadline nothing is known of the record, but that it could not be rewritten. */
static void what_may_be_a_wildcard_s_is_no_missing_record_in_the_end(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	reply_with(bench, WWW, found_rrset(rrset_of(1, 7)));
	reply(bench, WWW, DNS_NXRRSET);
	assert_kind(bench, WWW, DNS_PROBE);
	pass(bench, DEADLINE_MS);
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

/* Otherwise what is there would be lost. */
static void what_cannot_be_read_is_not_rewritten(void **state)
{
	struct bench *bench = *state;
	struct rrset too_many = rrset_of(RRSET_MAX, 1);
	const struct dns_result results[] = {
		{.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED},
		{.verdict = DNS_VERIFIED, .rcode = DNS_NOERROR}, /* no authority */
		{.verdict = DNS_VERIFIED,
		 .answer = {.authoritative = true,
			    .count = RRSET_MAX + 1,
			    .rrset = {.known = false, .count = too_many.count}}},
	};

	bench->blind = true;
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct waiter *waiter = submit_prefix(bench, WWW, V6);

		reply_with(bench, WWW, results[i]);
		assert_outcome(waiter, OUTCOME_REFUSED);
		assert_at_rest(bench);
	}
	assert_int_equal(bench->sends[DNS_UPDATE], 0);
}

static void a_prefix_needs_an_address_unless_it_comes_with_an_ipv4_address(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	reply_with(bench, WWW, found_rrset(rrset_of(0, 0)));
	assert_no_record(waiter, ADDR_V6);
	waiter = submit_prefix(bench, WWW, V4 | V6);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 9), TTL_S));
	reply_with(bench, WWW, found_rrset(rrset_of(0, 0)));
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_int_equal(waiter->outcome.addr_count, 1);
	assert_at_rest(bench);
}

/* So that a later one that keeps the host part keeps that of the earlier one. */
static void a_prefix_does_not_replace_an_address_that_waits(void **state)
{
	struct bench *bench = *state;
	struct waiter *first, *second;

	commit_number(bench, WWW, V6, 1);
	bench->blind = true;
	submit_number(bench, WWW, V6, 2);
	first = submit_number(bench, WWW, V6, 3);
	second = submit_prefix(bench, WWW, V6);
	reply(bench, WWW, DNS_NOERROR);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(first, OUTCOME_CHANGED);
	assert_waits(second);
	assert_int_equal(message_of(bench, WWW)->copies[0].changes[0].becomes.addrs[0].octets[3], 3);
	first = submit_prefix(bench, WWW, V6);
	second = submit_prefix(bench, WWW, V6); /* which replaces the one before */
	reply(bench, WWW, DNS_NOERROR);
	while (bench->message_count)
		reply(bench, WWW, DNS_NOERROR);
	assert_outcome(first, second->outcome.code);
	assert_at_rest(bench);
}

static void a_new_record_is_made_only_if_there_is_still_none(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_number(bench, WWW, V4 | MAY_CREATE, 1);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_true(message_of(bench, WWW)->copies[0].changes[0].was.known);
	assert_int_equal(message_of(bench, WWW)->copies[0].changes[0].was.count, 0);
	reply(bench, WWW, DNS_YXRRSET);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 9), TTL_S));
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static struct waiter *submit_removal(struct bench *bench, const char *owner)
{
	struct change_set set = set_of(owner, V4 | MAY_CREATE, 0);

	set.changes[0].kind = CHANGE_REMOVE;
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	act_all(bench);
	return &bench->waiters[bench->waiter_count - 1];
}

static void a_removal_leaves_nothing_and_is_confirmed_when_done(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_number(bench, WWW, V4, 1);
	bench->blind = true;
	waiter = submit_removal(bench, WWW);
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_int_equal(message_of(bench, WWW)->copies[0].changes[0].becomes.count, 0);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_int_equal(waiter->outcome.addr_count, 0);
	waiter = submit_removal(bench, WWW);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_kind(bench, WWW, DNS_CONFIRM);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_UNCHANGED);
	assert_at_rest(bench);
}

/* ---- TXT records ---- */

static struct txt txt_of(const char *string)
{
	struct txt txt = {.len = (uint8_t)strlen(string)};

	memcpy(txt.octets, string, txt.len);
	return txt;
}

static struct waiter *submit_txt(struct bench *bench, enum change_kind kind, const char *string)
{
	struct change_set set = set_of(WWW, 0, 0);

	set.count = 1;
	set.changes[0] = (struct change){.kind = kind, .ttl_s = TTL_S};
	set.txt = txt_of(string);
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	act_all(bench);
	return &bench->waiters[bench->waiter_count - 1];
}

/* `second` may be NULL. */
static struct dns_result found_texts(const char *first, const char *second)
{
	struct dns_result result = {.verdict = DNS_VERIFIED, .answer = {.authoritative = true}};

	result.answer.texts.items[result.answer.texts.count++] = txt_of(first);
	if (second)
		result.answer.texts.items[result.answer.texts.count++] = txt_of(second);
	result.answer.count = result.answer.texts.count;
	return result;
}

static struct dns_result found_no_text(void)
{
	return (struct dns_result){.verdict = DNS_VERIFIED, .answer = {.authoritative = true}};
}

static bool is_text(const struct txt *txt, const char *string)
{
	return txt->len == strlen(string) && memcmp(txt->octets, string, txt->len) == 0;
}

/* Which strings a rotation has go, separated by blanks. */
static void assert_gone(struct bench *bench, const char *strings)
{
	const struct texts *texts = message_of(bench, WWW)->copies[0].texts;
	char gone[TEXTS_MAX * 32] = "";

	assert_kind(bench, WWW, DNS_UPDATE);
	for (size_t i = 0; i < texts->count; i++)
		sprintf(gone + strlen(gone), "%s%.*s", i ? " " : "", texts->items[i].len, texts->items[i].octets);
	assert_string_equal(gone, strings);
}

static void commit_txt(struct bench *bench, enum change_kind kind, const char *string)
{
	struct waiter *waiter = submit_txt(bench, kind, string);

	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
}

static void a_text_is_looked_at_before_it_is_set_or_a_string_is_added(void **state)
{
	static const struct {
		enum change_kind kind;
		const char *string;
		unsigned looks;
	} rows[] = {
		{CHANGE_TXT_SET, "proof", 1}, {CHANGE_TXT_ADD, "proof", 2},    {CHANGE_TXT_DROP, "proof", 2},
		{CHANGE_TXT_SET, "", 3},      {CHANGE_TXT_ROTATE, "proof", 4},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		commit_txt(bench, rows[i].kind, rows[i].string);
		assert_int_equal(bench->sends[DNS_QUERY], rows[i].looks);
	}
	assert_int_equal(bench->sends[DNS_CONFIRM], 0);
	assert_at_rest(bench);
}

/* What was put there before the name was hidden may go. */
static void no_text_is_added_where_nobody_would_find_it(void **state)
{
	static const enum change_kind kinds[] = {CHANGE_TXT_SET, CHANGE_TXT_ADD, CHANGE_TXT_ROTATE};
	struct bench *bench = *state;

	bench->blind = true;
	for (unsigned i = 0; i < 2 * sizeof kinds / sizeof *kinds; i++) {
		struct waiter *waiter = submit_txt(bench, kinds[i / 2], "proof");

		reply_with(bench, WWW, i % 2 ? below_a_dname() : referral());
		assert_no_record(waiter, ADDR_NONE);
		assert_at_rest(bench);
	}
	assert_int_equal(bench->sends[DNS_UPDATE], 0);
	commit_txt(bench, CHANGE_TXT_DROP, "proof");
	assert_at_rest(bench);
}

static void a_text_is_added_though_the_primary_does_not_tell(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_txt(bench, CHANGE_TXT_ADD, "proof");
	reply(bench, WWW, DNS_REFUSED);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/*
 * The strings that are to go are those in whose place this gateway has put two newer ones. What is there comes in
 * whatever order.
 */
static void a_text_that_rotates_has_go_what_is_older_than_two_of_its_own(void **state)
{
	static const struct {
		const char *first, *second, *gone;
	} rows[] = {
		{"older", NULL, "older"},     {"last", "older", "older"},
		{"older", "last", "older"},   {"new", NULL, ""},
		{"new", "last", ""},          {"older", "new", "older"},
		{"another's", "last", ""},    {"another's", "older", "older"},
		{"another's", "another", ""},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct waiter *waiter;

		bench->blind = false;
		commit_txt(bench, CHANGE_TXT_SET, "older");
		commit_txt(bench, CHANGE_TXT_ROTATE, "last");
		bench->blind = true;
		waiter = submit_txt(bench, CHANGE_TXT_ROTATE, "new");
		assert_kind(bench, WWW, DNS_QUERY);
		reply_with(bench, WWW, found_texts(rows[i].first, rows[i].second));
		assert_gone(bench, rows[i].gone);
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
	}
	assert_at_rest(bench);
}

/* As after a restart: one of them may be another gateway's, and a moment old. */
static void what_nobody_knows_the_age_of_stays_unless_it_is_too_much(void **state)
{
	struct bench *bench = *state;
	struct dns_result many = found_texts("text0", "text1");

	bench->blind = true;
	submit_txt(bench, CHANGE_TXT_ROTATE, "first");
	reply_with(bench, WWW, found_texts("old", "older"));
	assert_gone(bench, "");
	reply(bench, WWW, DNS_NOERROR);
	submit_txt(bench, CHANGE_TXT_ROTATE, "second");
	reply_with(bench, WWW, found_texts("old", "first"));
	assert_gone(bench, "old");
	reply(bench, WWW, DNS_NOERROR);
	submit_txt(bench, CHANGE_TXT_DROP, "second"); /* now nothing is known */
	reply(bench, WWW, DNS_NOERROR);
	while (many.answer.texts.count < TEXTS_MAX) {
		many.answer.texts.items[many.answer.texts.count] = txt_of("textN");
		many.answer.texts.items[many.answer.texts.count].octets[4] = (char)('0' + many.answer.texts.count);
		many.answer.count = ++many.answer.texts.count;
	}
	submit_txt(bench, CHANGE_TXT_ROTATE, "new");
	reply_with(bench, WWW, many);
	assert_int_equal(message_of(bench, WWW)->copies[0].texts->count, 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

static void a_string_that_is_put_again_takes_no_other_one_s_place(void **state)
{
	struct bench *bench = *state;

	commit_txt(bench, CHANGE_TXT_ROTATE, "first");
	commit_txt(bench, CHANGE_TXT_ROTATE, "second");
	bench->blind = true;
	submit_txt(bench, CHANGE_TXT_ROTATE, "second");
	reply_with(bench, WWW, found_texts("first", "second"));
	assert_gone(bench, "");
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

static void a_text_that_was_taken_out_was_not_set_last(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_txt(bench, CHANGE_TXT_ADD, "old");
	commit_txt(bench, CHANGE_TXT_ADD, "last");
	commit_txt(bench, CHANGE_TXT_DROP, "another");
	bench->blind = true;
	waiter = submit_txt(bench, CHANGE_TXT_ROTATE, "new");
	reply_with(bench, WWW, found_texts("old", "last"));
	assert_gone(bench, "old");
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* Which of the others is the newest then, nobody knows. */
static void when_the_last_string_is_taken_out_the_others_stay(void **state)
{
	struct bench *bench = *state;

	commit_txt(bench, CHANGE_TXT_ADD, "old");
	commit_txt(bench, CHANGE_TXT_ADD, "last");
	commit_txt(bench, CHANGE_TXT_DROP, "last");
	bench->blind = true;
	submit_txt(bench, CHANGE_TXT_ROTATE, "new");
	reply_with(bench, WWW, found_texts("old", "older"));
	assert_gone(bench, "");
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

/* What was read is the prerequisite of what is set. If it has changed since, the text is set all the same. */
static void a_text_is_set_on_condition_of_what_was_there(void **state)
{
	static const enum dns_rcode differs[] = {DNS_NXRRSET, DNS_YXRRSET};
	struct bench *bench = *state;

	bench->blind = true;
	for (unsigned i = 0; i < 2; i++) {
		struct waiter *waiter = submit_txt(bench, CHANGE_TXT_SET, i ? "" : "proof");
		const struct change_set *set;

		reply_with(bench, WWW, i ? found_no_text() : found_texts("old", "older"));
		set = &message_of(bench, WWW)->copies[0];
		assert_kind(bench, WWW, DNS_UPDATE);
		assert_true(set->changes[0].was.known);
		assert_int_equal(set->texts->count, i ? 0 : 2);
		assert_true(i || (is_text(&set->texts->items[0], "old") && is_text(&set->texts->items[1], "older")));
		reply(bench, WWW, differs[i]);
		assert_kind(bench, WWW, DNS_QUERY);
		reply_with(bench, WWW, found_texts("other", NULL));
		assert_kind(bench, WWW, DNS_UPDATE);
		assert_false(message_of(bench, WWW)->copies[0].changes[0].was.known);
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
		assert_at_rest(bench);
	}
}

/* ---- Several gateways at one TXT record ---- */

enum { GATEWAYS = 3, ZONE_TEXTS = 512, VIEWS = 6, TEXT_STEPS = 2400 };

/* What the primary has, and what queries have seen of it: a signed copy, or a secondary, lags behind. */
struct text_zone {
	size_t count;
	unsigned texts[ZONE_TEXTS];
};

static unsigned text_number(const struct txt *txt)
{
	return (unsigned)strtoul(txt->octets, NULL, 10);
}

static size_t find_text(const struct text_zone *zone, const struct txt *txt)
{
	size_t i = 0;

	while (i < zone->count && zone->texts[i] != text_number(txt))
		i++;
	return i;
}

static void rotate_in_zone(struct text_zone *zone, const struct change_set *set)
{
	for (size_t i = 0; i < set->texts->count; i++) {
		size_t at = find_text(zone, &set->texts->items[i]);

		if (at < zone->count)
			zone->texts[at] = zone->texts[--zone->count];
	}
	assert_true(zone->count < ZONE_TEXTS);
	if (find_text(zone, &set->txt) == zone->count)
		zone->texts[zone->count++] = text_number(&set->txt);
}

static struct dns_result see_zone(const struct text_zone *zone, struct fake_random *random)
{
	struct dns_result result = found_no_text();
	size_t first = zone->count ? fake_random_below(random, (unsigned)zone->count) : 0;

	result.answer.count = zone->count;
	for (size_t i = 0; i < zone->count && i < TEXTS_MAX; i++) {
		char string[32];

		sprintf(string, "%u", zone->texts[(first + i) % zone->count]);
		result.answer.texts.items[result.answer.texts.count++] = txt_of(string);
	}
	return result;
}

/*
 * Whatever order they come in, and however old it is what they read: the two strings that were put there last are
 * there, and what is older goes.
 */
static void several_gateways_leave_each_other_the_last_two_strings(void **state)
{
	(void)state;
	for (unsigned lag = 0; lag < VIEWS; lag++) {
		struct fake_random random = {.state = 7 + lag};
		struct text_zone zone = {0}, views[VIEWS] = {0};
		struct bench *benches[GATEWAYS];
		struct txt last = {0}, before = {0};
		bool ever[TEXT_STEPS] = {false};
		size_t most = 0;

		for (unsigned i = 0; i < GATEWAYS; i++) {
			benches[i] = bench_new(&limits_default);
			benches[i]->blind = true;
		}
		for (unsigned step = 0, number = 1; step < TEXT_STEPS; step++) {
			struct bench *bench = benches[fake_random_below(&random, GATEWAYS)];
			const struct message *message = bench->messages;
			char string[32];

			if (bench->message_count == 0 && queue_waiting(bench->queue)) {
				pass_to_next(bench);
				continue;
			}
			if (bench->message_count == 0) {
				sprintf(string, "%u", number++);
				submit_txt(bench, CHANGE_TXT_ROTATE, string);
				continue;
			}
			if (message->request.kind == DNS_QUERY) {
				reply_with(bench, WWW, see_zone(&views[fake_random_below(&random, lag + 1)], &random));
				continue;
			}
			/* One that is repeated, because its reply was lost, is as old as it was. */
			if (!ever[text_number(&message->copies[0].txt)]) {
				before = last;
				last = message->copies[0].txt;
				ever[text_number(&last)] = true;
			}
			rotate_in_zone(&zone, &message->copies[0]);
			assert_true(find_text(&zone, &last) < zone.count);
			assert_true(before.len == 0 || find_text(&zone, &before) < zone.count);
			memmove(&views[1], &views[0], (VIEWS - 1) * sizeof *views);
			views[0] = zone;
			most = zone.count > most ? zone.count : most;
			reply_as(bench, WWW, fake_random_below(&random, 10) ? DNS_VERIFIED : DNS_UNKNOWN, DNS_NOERROR);
		}
		if (most > 3 * GATEWAYS * (lag + 1))
			fail_msg("%zu strings were there with a lag of %u", most, lag);
		for (unsigned i = 0; i < GATEWAYS; i++)
			bench_free(benches[i]);
	}
}

/* The other string would be lost, and with it somebody's challenge. */
static void texts_that_cannot_be_read_are_not_rotated(void **state)
{
	const struct dns_result results[] = {
		{.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED},
		{.verdict = DNS_VERIFIED, .rcode = DNS_NOERROR}, /* no authority */
	};
	struct bench *bench = *state;

	bench->blind = true;
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct waiter *waiter = submit_txt(bench, CHANGE_TXT_ROTATE, "new");

		reply_with(bench, WWW, results[i]);
		assert_outcome(waiter, OUTCOME_REFUSED);
		assert_at_rest(bench);
	}
	assert_int_equal(bench->sends[DNS_UPDATE], 0);
}

static void what_became_of_a_rotation_is_looked_at(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_txt(bench, CHANGE_TXT_ROTATE, "new");
	reply_with(bench, WWW, found_texts("old", NULL));
	reply_as(bench, WWW, DNS_UNKNOWN, 0);
	pass_to_next(bench);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found_texts("new", "other"));
	assert_gone(bench, "");
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void no_text_is_put_beside_an_alias(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit_txt(bench, CHANGE_TXT_ADD, "proof");

	reply(bench, WWW, DNS_YXRRSET);
	assert_no_record(waiter, ADDR_NONE);
	assert_at_rest(bench);
}

/* Added strings are all wanted; of two that are to be the only one the later counts. */
static void only_a_text_that_is_to_be_the_only_one_replaces_another(void **state)
{
	static const struct {
		enum change_kind earlier, later;
		bool together;
	} rows[] = {
		{CHANGE_TXT_SET, CHANGE_TXT_SET, true},    {CHANGE_TXT_ADD, CHANGE_TXT_ADD, false},
		{CHANGE_TXT_DROP, CHANGE_TXT_DROP, false}, {CHANGE_TXT_ADD, CHANGE_TXT_SET, false},
		{CHANGE_TXT_SET, CHANGE_TXT_ADD, false},
	};
	struct bench *bench = *state;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct waiter *earlier, *later;

		submit_txt(bench, CHANGE_TXT_ADD, "first");
		earlier = submit_txt(bench, rows[i].earlier, "earlier");
		later = submit_txt(bench, rows[i].later, "later");
		reply(bench, WWW, DNS_NOERROR);
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(earlier, OUTCOME_CHANGED);
		if (later->answers != rows[i].together)
			fail_msg("row %u", i);
		if (!rows[i].together)
			reply(bench, WWW, DNS_NOERROR);
		assert_outcome(later, OUTCOME_CHANGED);
		assert_at_rest(bench);
	}
}

/* A text and an address of one owner are two sets, which go one after the other. */
static void a_text_and_an_address_do_not_replace_each_other(void **state)
{
	struct bench *bench = *state;
	struct waiter *text, *address;

	submit_txt(bench, CHANGE_TXT_ADD, "first");
	address = submit(bench, WWW, V4);
	text = submit_txt(bench, CHANGE_TXT_SET, "proof");
	reply(bench, WWW, DNS_NOERROR);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(address, OUTCOME_CHANGED);
	assert_waits(text);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(text, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* ---- Several hosts of one request ---- */

static struct waiter *submit_member(struct bench *bench, const char *owner, bool more)
{
	struct change_set set = set_of(owner, V4, (unsigned)bench->waiter_count);

	set.more = more;
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	return &bench->waiters[bench->waiter_count - 1];
}

static void submit_request(struct bench *bench, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		submit_member(bench, host(first + i), i + 1 < count);
	act_all(bench);
}

static void the_hosts_of_a_request_are_one_message(void **state)
{
	struct bench *bench = *state;

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
	assert_no_record(&bench->waiters[4], ADDR_V4);
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
	set.changes[0].was = found(1, set.changes[0].addr, TTL_S).answer.rrset;
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

/* ---- Probes ---- */

/*
 * The value that was expected is not there, but the look finds one; so the UPDATE goes without expecting a value, and
 * again a record is missing.
 */
static void reply_missing(struct bench *bench)
{
	reply(bench, WWW, DNS_NXRRSET);
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_false(message_of(bench, WWW)->copies[0].changes[0].was.known);
	reply(bench, WWW, DNS_NXRRSET);
}

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
	assert_no_record(waiter, ADDR_V4);
	assert_at_rest(bench);
}

static void a_probe_finds_the_aaaa_record_missing(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply_missing(bench);
	expect_probe(bench);
	reply(bench, WWW, DNS_NOERROR);
	assert_no_record(waiter, ADDR_V6);
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
		assert_no_record(waiter, ADDR_NONE);
		assert_at_rest(bench);
	}
}

static void a_probe_that_is_refused_names_no_type(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply_missing(bench);
	reply(bench, WWW, DNS_REFUSED);
	assert_no_record(waiter, ADDR_NONE);
	assert_at_rest(bench);
}

/* The primary has said that a record is missing; what is not known is only which. */
static void a_deadline_during_a_probe_names_no_type(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit(bench, WWW, V4 | V6);

	reply_missing(bench);
	pass(bench, DEADLINE_MS);
	assert_no_record(waiter, ADDR_NONE);
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
	assert_no_record(&bench->waiters[0], ADDR_V6);
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
			assert_no_record(waiter, ADDR_V4);
		else
			assert_outcome(waiter, OUTCOME_CHANGED);
	}
	waiter = submit_prefix(bench, host(2), V6); /* there is nothing to be rewritten */
	reply_with(bench, host(2), found(0, (struct addr){0}, 0));
	assert_no_record(waiter, ADDR_V6);
	submit(bench, FTP, V4);
	reply(bench, FTP, DNS_NOERROR); /* of the primary itself, after another failover */
	waiter = submit(bench, host(3), V4);
	reply_with(bench, host(3), found(0, (struct addr){0}, 0));
	assert_no_record(waiter, ADDR_V4);
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

enum { COMMIT_PAUSE_MS = 12 };

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

/* Sets of that many hosts in one message, all known from before. */
static struct waiter *submit_batch(struct bench *bench, unsigned count)
{
	struct waiter *waiters;

	submit_hosts(bench, count);
	serve(bench, all_is_well);
	memset(bench->sends, 0, sizeof bench->sends);
	submit(bench, WWW, V4);
	waiters = &bench->waiters[bench->waiter_count];
	for (unsigned i = 0; i < count; i++)
		put(bench, host(i), V4);
	reply_as(bench, WWW, DNS_VERIFIED, DNS_NOERROR);
	return waiters;
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
				assert_no_record(&waiters[k], ADDR_V4);
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
		assert_no_record(waiter, ADDR_V4);
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
	assert_no_record(www, ADDR_V4);
	assert_false(act_once(bench));
	reply_with(bench, FTP, found(0, (struct addr){0}, 0));
	assert_no_record(ftp, ADDR_V4);
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

	set->count = 1;
	set->changes[0] = (struct change){
		.kind = (enum change_kind)(CHANGE_TXT_SET + fake_random_below(random, 4)),
		.ttl_s = TTL_S,
	};
	set->txt = txt_of(strings[fake_random_below(random, 3)]);
}

static void make_prefix(struct change *change)
{
	if (change->addr.family == ADDR_V6)
		*change = (struct change){
			.kind = CHANGE_PREFIX,
			.addr = {ADDR_V6, {0xfd}},
			.prefix_len = 16,
			.ttl_s = TTL_S,
			.must_exist = change->must_exist,
		};
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
			.records_max = fake_random_below(&random, 50),
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
	struct change_set set = {.count = 1, .changes = {{.kind = kind, .ttl_s = TTL_S}}};

	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	set.txt.len = (uint8_t)strlen(text);
	memcpy(set.txt.octets, text, set.txt.len);
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
	struct change_set set = text_set(WWW, CHANGE_TXT_ADD, "x");
	struct waiter *other;

	for (size_t i = 0; i < 3; i++)
		order_arrive(bench->order, &early[i]);
	come(bench, text_set(WWW, CHANGE_TXT_DROP, "x"));
	reply(bench, WWW, DNS_NOERROR);
	other = submit_at(bench, &early[0], text_set(WWW, CHANGE_TXT_DROP, "y"));
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(other, OUTCOME_CHANGED);
	set.place = &early[1];
	assert_int_equal(try_submit_set(bench, set), STATUS_OVERTAKEN);
	order_leave(bench->order, &early[1]);
	set = text_set(WWW, CHANGE_TXT_SET, "z");
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
		TEST(a_prefix_rewrites_each_address_that_was_read),
		TEST(a_prefix_that_is_there_already_is_confirmed),
		TEST(what_changed_between_reading_and_writing_is_read_again),
		TEST(what_is_rewritten_has_its_prerequisite_in_every_part),
		TEST(a_prefix_does_not_rewrite_what_a_wildcard_has),
		TEST(an_ipv4_address_with_a_prefix_is_not_kept_up_by_a_wildcard),
		TEST(what_may_be_a_wildcard_s_is_no_missing_record_in_the_end),
		TEST(what_cannot_be_read_is_not_rewritten),
		TEST(a_prefix_needs_an_address_unless_it_comes_with_an_ipv4_address),
		TEST(a_prefix_does_not_replace_an_address_that_waits),
		TEST(a_new_record_is_made_only_if_there_is_still_none),
		TEST(a_removal_leaves_nothing_and_is_confirmed_when_done),
		TEST(a_text_is_looked_at_before_it_is_set_or_a_string_is_added),
		TEST(no_text_is_added_where_nobody_would_find_it),
		TEST(a_text_is_added_though_the_primary_does_not_tell),
		TEST(a_text_that_rotates_has_go_what_is_older_than_two_of_its_own),
		TEST(what_nobody_knows_the_age_of_stays_unless_it_is_too_much),
		TEST(a_string_that_is_put_again_takes_no_other_one_s_place),
		TEST(when_the_last_string_is_taken_out_the_others_stay),
		TEST(a_text_is_set_on_condition_of_what_was_there),
		TEST(several_gateways_leave_each_other_the_last_two_strings),
		TEST(a_text_that_was_taken_out_was_not_set_last),
		TEST(texts_that_cannot_be_read_are_not_rotated),
		TEST(what_became_of_a_rotation_is_looked_at),
		TEST(no_text_is_put_beside_an_alias),
		TEST(only_a_text_that_is_to_be_the_only_one_replaces_another),
		TEST(a_text_and_an_address_do_not_replace_each_other),
		TEST(the_hosts_of_a_request_are_one_message),
		TEST(a_host_that_is_known_waits_for_those_behind_it),
		TEST(a_request_that_is_submitted_goes_out_even_if_its_last_host_finds_no_room),
		TEST(a_set_that_was_announced_and_does_not_come_holds_up_nobody),
		TEST(a_request_does_not_wait_for_a_host_that_is_gone),
		TEST(a_request_is_not_torn_apart_to_fill_a_message),
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
		TEST(a_rejection_that_says_noerror_is_no_success),
		TEST(what_was_not_sent_is_repeated_and_then_unreachable),
		cmocka_unit_test(pauses_grow_and_differ),
		TEST(an_unknown_outcome_is_settled_by_a_repetition),
		TEST(an_unknown_outcome_is_settled_by_a_look_and_a_confirmation),
		TEST(an_unknown_outcome_stays_unknown_when_the_repetition_is_refused),
		TEST(an_unknown_outcome_stays_unknown_when_nothing_can_be_sent_any_more),
		TEST(an_unknown_outcome_stays_unknown_at_the_deadline),
		TEST(nothing_but_unknown_attempts_end_unknown),
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
		TEST(what_arrived_before_one_that_was_done_is_not_taken),
		TEST(an_unchanged_record_counts_as_done),
		TEST(what_failed_overtakes_nothing),
		TEST(what_may_have_been_done_overtakes),
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
		cmocka_unit_test(random_steps_keep_the_invariants),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
