#include "queue_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct queue_limits limits_default = {
	.waiters_max = WAITERS_MAX,
	.share_max = SHARE_MAX,
	.octets_max = DNS_MESSAGE_MAX,
	.updates_max = UPDATES_MAX,
	.overlap_min = OVERLAP_MIN,
	.half_min = 100,
	.half_min_with_pause = 250,
	.confirms_max = CONFIRMS_MAX,
	.queries_max = QUERIES_MAX,
	.attempts_max = ATTEMPTS_MAX,
	.retry_pause_ms = PAUSE_MS,
	.deadline_ms = DEADLINE_MS,
	.seed = 1,
};

struct bench *bench_new(const struct queue_limits *limits)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	bench->now_ms = START_MS;
	bench->limits = *limits;
	assert_int_equal(name_parse(text_of(ZONE), &bench->zone), STATUS_OK);
	assert_int_equal(order_new(1, &bench->order), STATUS_OK);
	assert_int_equal(memory_new(1 << 16, 1, &bench->memory), STATUS_OK);
	assert_int_equal(queue_new(&bench->zone, bench->order, bench->memory, limits, &bench->queue), STATUS_OK);
	return bench;
}

int setup(void **state)
{
	*state = bench_new(&limits_default);
	return 0;
}

void bench_free(struct bench *bench)
{
	queue_free(&bench->queue);
	assert_null(bench->queue);
	order_free(&bench->order);
	memory_free(&bench->memory);
	for (size_t i = 0; i < bench->message_count; i++)
		free(bench->messages[i].copies);
	free(bench);
}

int teardown(void **state)
{
	bench_free(*state);
	return 0;
}

/* ---- A small language ---- */

struct addr numbered(enum addr_family family, unsigned number)
{
	return (struct addr){.family = family, .octets = {[2] = (uint8_t)(number >> 8), [3] = (uint8_t)number}};
}

struct change_set set_of(const char *owner, unsigned what, unsigned number)
{
	struct change_set set = {0};

	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	for (unsigned family = ADDR_V4; family <= ADDR_V6; family++) {
		if (what & (family == ADDR_V4 ? V4 : V6))
			set.changes[set.count++] =
				change_to_addr(numbered((enum addr_family)family, number), TTL_S, !(what & MAY_CREATE));
	}
	return set;
}

bool concerns(const struct message *message, const char *owner)
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

size_t in_flight(const struct bench *bench, enum dns_request_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < bench->message_count; i++)
		count += bench->messages[i].request.kind == kind;
	return count;
}

/* Two halves may be with a primary that pauses; and stay there when the limits change. */
static size_t updates_max(struct bench *bench)
{
	bench->may_have_halves =
		bench->limits.commit_pause_ms || (bench->may_have_halves && in_flight(bench, DNS_UPDATE) > 1);
	return bench->may_have_halves && bench->limits.updates_max < 2 ? 2 : bench->limits.updates_max;
}

static void assert_within_bounds(struct bench *bench, const struct message *message)
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

bool act_once(struct bench *bench)
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

void step(struct bench *bench, const struct queue_event *event)
{
	assert_int_equal(queue_step(bench->queue, event, bench->now_ms), STATUS_OK);
}

void end_message(struct bench *bench, struct message *message, struct dns_result result)
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
	if (ended.request.kind == DNS_QUERY)
		result.answer.rrset.type = ended.copies[0].changes[ended.request.change].type;
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

struct dns_result said(enum dns_rcode rcode)
{
	return (struct dns_result){.verdict = DNS_VERIFIED, .rcode = rcode};
}

/* Of several addresses the others are not what anybody wants. */
struct dns_result found(size_t count, struct addr addr, uint32_t ttl_s)
{
	struct addr addrs[RRSET_MAX];

	assert_true(count <= RRSET_MAX);
	for (size_t i = 0; i < RRSET_MAX; i++) {
		addrs[i] = addr;
		addrs[i].octets[0] = (uint8_t)(addr.octets[0] + i);
	}
	return (struct dns_result){
		.verdict = DNS_VERIFIED,
		.answer = {.authoritative = true, .count = count, .rrset = rrset_of_addrs(ttl_s, addrs, count)},
	};
}

enum addr_family family_asked(const struct message *message)
{
	return rr_type_family(message->copies[0].changes[message->request.change].type);
}

struct dns_result found_another(const struct message *message)
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

void act_all(struct bench *bench)
{
	while (act_once(bench) || see_once(bench))
		;
}

enum status try_submit_set(struct bench *bench, struct change_set set)
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

enum status try_submit(struct bench *bench, const char *owner, unsigned what, uint64_t account)
{
	struct change_set set = set_of(owner, what, (unsigned)bench->waiter_count);

	set.account = account;
	return try_submit_set(bench, set);
}

struct waiter *put(struct bench *bench, const char *owner, unsigned what)
{
	assert_int_equal(try_submit(bench, owner, what, 0), STATUS_OK);
	return &bench->waiters[bench->waiter_count - 1];
}

struct waiter *submit(struct bench *bench, const char *owner, unsigned what)
{
	struct waiter *waiter = put(bench, owner, what);

	act_all(bench);
	return waiter;
}

struct waiter *submit_number(struct bench *bench, const char *owner, unsigned what, unsigned number)
{
	assert_int_equal(try_submit_set(bench, set_of(owner, what, number)), STATUS_OK);
	act_all(bench);
	return &bench->waiters[bench->waiter_count - 1];
}

const char *host(unsigned i)
{
	static char owner[32];

	snprintf(owner, sizeof owner, "host%u.example.com", i);
	return owner;
}

struct waiter *submit_hosts(struct bench *bench, unsigned count)
{
	struct waiter *first = &bench->waiters[bench->waiter_count];

	for (unsigned i = 0; i < count; i++)
		submit(bench, host(i), V4);
	return first;
}

void submit_accounts_hosts(struct bench *bench, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(try_submit(bench, host(i), V4, 1 + i), STATUS_OK);
	act_all(bench);
}

void cancel(struct bench *bench, struct waiter *waiter)
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

bool is_in_flight(struct bench *bench, const char *owner)
{
	return find_message(bench, owner) != NULL;
}

struct message *message_of(struct bench *bench, const char *owner)
{
	struct message *message = find_message(bench, owner);

	if (!message) {
		fail_msg("nothing of %s is in flight", owner);
		abort(); /* not reached */
	}
	return message;
}

void reply_with(struct bench *bench, const char *owner, struct dns_result result)
{
	end_message(bench, message_of(bench, owner), result);
	act_all(bench);
}

void reply_as(struct bench *bench, const char *owner, enum dns_verdict verdict, unsigned rcode)
{
	reply_with(bench, owner, (struct dns_result){.verdict = verdict, .rcode = rcode, .why = "test"});
}

void reply(struct bench *bench, const char *owner, enum dns_rcode rcode)
{
	reply_as(bench, owner, DNS_VERIFIED, rcode);
}

void see_the_way(struct bench *bench)
{
	struct waiter *waiter = submit(bench, "first." ZONE, V4);

	reply(bench, "first." ZONE, DNS_NOERROR);
	assert_int_equal(waiter->answers, 1);
	*waiter = (struct waiter){0};
	bench->waiter_count--;
	memset(bench->sends, 0, sizeof bench->sends);
}

void tick(struct bench *bench)
{
	step(bench, &(struct queue_event){.kind = QUEUE_TICK});
	act_all(bench);
}

void pass(struct bench *bench, uint64_t ms)
{
	bench->now_ms += ms;
	tick(bench);
}

void pass_to_next(struct bench *bench)
{
	assert_true(queue_wake_at_ms(bench->queue) != ENV_NEVER_MS);
	bench->now_ms = queue_wake_at_ms(bench->queue);
	tick(bench);
}

void assert_kind(struct bench *bench, const char *owner, enum dns_request_kind kind)
{
	assert_int_equal(message_of(bench, owner)->request.kind, kind);
}

unsigned number_in_flight(struct bench *bench, const char *owner)
{
	const struct message *message = message_of(bench, owner);
	size_t i = 0;

	while (strcmp(message->copies[i].owner.text, owner) != 0)
		i++;
	return rrset_first(&message->copies[i].changes[0].becomes).octets[3];
}

void assert_outcome(const struct waiter *waiter, enum outcome_code code)
{
	assert_int_equal(waiter->answers, 1);
	assert_string_equal(outcome_text(waiter->outcome.code), outcome_text(code));
}

void assert_waits(const struct waiter *waiter)
{
	assert_int_equal(waiter->answers, 0);
}

void assert_no_record(const struct waiter *waiter, enum rr_type missing)
{
	assert_outcome(waiter, OUTCOME_NO_RECORD);
	assert_int_equal(waiter->outcome.missing, missing);
}

void assert_at_rest(const struct bench *bench)
{
	assert_int_equal(bench->message_count, 0);
	assert_int_equal(queue_waiting(bench->queue), 0);
	assert_true(queue_wake_at_ms(bench->queue) == ENV_NEVER_MS);
}

void commit_number(struct bench *bench, const char *owner, unsigned what, unsigned number)
{
	struct waiter *waiter = submit_number(bench, owner, what, number);

	reply(bench, owner, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
}

/* ---- A primary with some bad owners ---- */

void serve(struct bench *bench, judge_fn *judge)
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

enum dns_rcode all_is_well(const struct change_set *set)
{
	(void)set;
	return DNS_NOERROR;
}

/* ---- The way of a set ---- */

struct dns_result referral(void)
{
	return (struct dns_result){.verdict = DNS_VERIFIED, .answer = {.hidden = true}};
}

struct dns_result below_a_dname(void)
{
	return (struct dns_result){.verdict = DNS_VERIFIED,
				   .answer = {.authoritative = true, .hidden = true, .rrset = {.known = true}}};
}

/* ---- Removals, new records, rewritten prefixes ---- */

struct waiter *submit_prefix(struct bench *bench, const char *owner, unsigned what)
{
	struct change_set set = set_of(owner, what & (V4 | MAY_CREATE), (unsigned)bench->waiter_count);

	set.changes[set.count++] = change_prefix((struct addr){ADDR_V6, {0xfd}}, 16, TTL_S, !(what & V4));
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	act_all(bench);
	return &bench->waiters[bench->waiter_count - 1];
}

/* ---- Several hosts of one request ---- */

struct waiter *submit_member(struct bench *bench, const char *owner, bool more)
{
	struct change_set set = set_of(owner, V4, (unsigned)bench->waiter_count);

	set.more = more;
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	return &bench->waiters[bench->waiter_count - 1];
}

void submit_request(struct bench *bench, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		submit_member(bench, host(first + i), i + 1 < count);
	act_all(bench);
}

/* ---- Probes ---- */

void reply_missing(struct bench *bench)
{
	reply(bench, WWW, DNS_NXRRSET);
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_false(message_of(bench, WWW)->copies[0].changes[0].was.known);
	reply(bench, WWW, DNS_NXRRSET);
}

/* ---- Bad sets among good ones ---- */

struct waiter *submit_batch(struct bench *bench, unsigned count)
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
