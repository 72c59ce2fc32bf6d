#include "zone/message.h"

#include <assert.h>

#include "base/env.h"
#include "zone/set.h"

enum {
	SECOND_MS = 1000,
	BEFORE_MS = 4, /* the primary's clock may be ahead, and the message takes a moment */
};

/* How many messages of that kind are with the primary. */
static size_t *message_counter(struct traffic *traffic, const struct queue_message *message)
{
	if (message->kind == DNS_QUERY)
		return &traffic->queries;
	if (message->kind == DNS_NOTHING)
		return &traffic->holds;
	if (message->kind != DNS_UPDATE)
		return &traffic->confirms;
	return message->lone ? &traffic->lone_updates : &traffic->updates;
}

/* Whether it is an UPDATE that may take others along. */
static bool message_is_together(const struct queue_message *message)
{
	return message->kind == DNS_UPDATE && !message->lone;
}

static void message_send(struct traffic *traffic, struct queue_message *message)
{
	message->ticket = (struct dns_ticket){0};
	if (message->kind == DNS_UPDATE)
		message->only_to = entry_is_bound(message->first) ? message->first->maybe_at : NULL;
	++*message_counter(traffic, message);
	if (message_is_together(message))
		traffic->sets_sent += message->count;
	traffic->parts_sent += message->part;
	STAILQ_INSERT_TAIL(&traffic->sends, message, link);
}

void message_make_part(struct traffic *traffic, struct queue_entry *first, struct queue_entry *held_back,
		       uint64_t not_before_ms)
{
	first->message = (struct queue_message){
		.kind = DNS_UPDATE, .first = first, .held_back = held_back, .not_before_ms = not_before_ms};
	if (not_before_ms)
		STAILQ_INSERT_TAIL(&traffic->parts_later, &first->message, link);
	else
		STAILQ_INSERT_TAIL(&traffic->parts, &first->message, link);
}

static enum entry_state state_with_primary(enum dns_request_kind kind, enum entry_state before)
{
	if (kind == DNS_PROBE)
		return before == ENTRY_TO_PROBE_WILDCARD ? ENTRY_PROBING_WILDCARD : ENTRY_PROBING_MISSING;
	return kind == DNS_CONFIRM ? ENTRY_CONFIRMING : ENTRY_UPDATING;
}

/* Begins a message with this entry as its first. */
static struct queue_message *message_begin(struct traffic *traffic, struct queue_entry *first,
					   enum dns_request_kind kind)
{
	entry_move_to(&traffic->entries, first, state_with_primary(kind, first->state));
	first->message = (struct queue_message){.kind = kind, .first = first, .last = first, .count = 1};
	first->in_message = &first->message;
	first->set.next = NULL;
	first->next_in_message = NULL;
	return &first->message;
}

static void message_add(struct traffic *traffic, struct queue_message *message, struct queue_entry *entry)
{
	entry_move_to(&traffic->entries, entry, state_with_primary(message->kind, entry->state));
	entry->in_message = message;
	entry->set.next = NULL;
	entry->next_in_message = NULL;
	message->last->set.next = &entry->set;
	message->last->next_in_message = entry;
	message->last = entry;
	message->count++;
}

/* What the first entry of a request takes in a message, with those behind it that are of the same request. */
static size_t group_space(const struct traffic *traffic, const struct queue_entry *entry)
{
	const struct group *group = entry->group;
	size_t octets = 0;

	for (; entry && entry->group == group; entry = TAILQ_NEXT(entry, in_state))
		octets += dns_set_space(&entry->set, traffic->zone);
	return octets;
}

/*
 * One message with up to so many sets of that list, as far as they fit, the first first, without tearing a request
 * apart.
 */
static void message_send_together(struct traffic *traffic, enum entry_state list, enum dns_request_kind kind,
				  size_t count)
{
	struct queue_entry *entry = TAILQ_FIRST(&traffic->entries.lists[list]);
	size_t octets = dns_message_space(traffic->zone) + dns_set_space(&entry->set, traffic->zone);
	struct queue_message *message = message_begin(traffic, entry, kind);

	while (message->first->doubt != DOUBT_TOGETHER && (entry = TAILQ_FIRST(&traffic->entries.lists[list])) &&
	       entry->doubt != DOUBT_TOGETHER) {
		bool begins_group = entry->group && entry->group != message->last->group;
		size_t own = dns_set_space(&entry->set, traffic->zone);

		if (octets + (begins_group ? group_space(traffic, entry) : own) > traffic->limits->octets_max)
			break;
		if (message->count >= count && (!entry->group || begins_group))
			break;
		octets += own;
		message_add(traffic, message, entry);
	}
	message_send(traffic, message);
}

/* One message with the first entry of that list alone. */
static void message_send_first(struct traffic *traffic, enum entry_state list, enum dns_request_kind kind)
{
	struct queue_message *message = message_begin(traffic, TAILQ_FIRST(&traffic->entries.lists[list]), kind);

	message->lone = kind == DNS_UPDATE;
	message->change = kind == DNS_PROBE ? set_to_probe(&message->first->set) : 0;
	message_send(traffic, message);
}

/* What is left of a list of suspects: who has given up waiting meanwhile is dropped. */
static struct queue_message *message_begin_part(struct traffic *traffic, struct queue_entry *entry, uint64_t now_ms)
{
	struct queue_message *message = NULL;
	struct queue_entry *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		if (!entry_is_wanted(entry))
			entry_end(&traffic->entries, entry, entry_undone(entry, OUTCOME_UNREACHABLE), now_ms);
		else if (message)
			message_add(traffic, message, entry);
		else
			message = message_begin(traffic, entry, DNS_UPDATE);
	}
	return message;
}

/* A part of a message that was taken apart, or a message that goes again as it was. */
static void message_send_part(struct traffic *traffic, uint64_t now_ms)
{
	struct queue_message part = *STAILQ_FIRST(&traffic->parts), *message;

	STAILQ_REMOVE_HEAD(&traffic->parts, link);
	message = message_begin_part(traffic, part.first, now_ms);
	/* Without the sample, what was held back behind it need not wait. */
	if (!message)
		message = message_begin_part(traffic, part.held_back, now_ms);
	else
		message->held_back = part.held_back;
	if (!message)
		return;
	message->part = true;
	message_send(traffic, message);
}

/* There are few of these: from the second failure in a row on, nothing new is sent for a while. */
static void parts_take_up(struct traffic *traffic, uint64_t now_ms)
{
	struct queue_message *part, *next;

	for (part = STAILQ_FIRST(&traffic->parts_later); part; part = next) {
		next = STAILQ_NEXT(part, link);
		if (part->not_before_ms > now_ms)
			continue;
		STAILQ_REMOVE(&traffic->parts_later, part, queue_message, link);
		STAILQ_INSERT_TAIL(&traffic->parts, part, link);
	}
}

static void message_send_looks(struct traffic *traffic)
{
	struct queue_entry *entry = TAILQ_FIRST(&traffic->entries.lists[ENTRY_TO_LOOK]);

	entry_move_to(&traffic->entries, entry, ENTRY_LOOKING);
	entry->in_message = &entry->looks[0];
	entry->next_in_message = NULL;
	entry->look.missing = entry->set.count;
	entry->look.worst = SIGHT_CLEAR;
	entry->look.absent = RR_NONE;
	for (size_t i = 0; i < entry->set.count; i++) {
		entry->looks[i] = (struct queue_message){
			.kind = DNS_QUERY, .first = entry, .last = entry, .count = 1, .change = i};
		message_send(traffic, &entry->looks[i]);
	}
}

static size_t half_of_expected(const struct traffic *traffic)
{
	return (traffic->expected + 1) / 2;
}

/*
 * Whether a message takes half of those that may be expected. With all that waits in one message, those who were just
 * answered and come again would find the next one nearly empty, and the primary would be idle while they are answered.
 * In two halves, one is with the primary while the other one is answered.
 */
static bool sets_go_in_halves(const struct traffic *traffic)
{
	const struct queue_limits *limits = traffic->limits;

	return half_of_expected(traffic) >= (limits->commit_pause_ms ? limits->half_min_with_pause : limits->half_min);
}

static size_t sets_max(const struct traffic *traffic)
{
	return sets_go_in_halves(traffic) ? half_of_expected(traffic) : SIZE_MAX;
}

/*
 * Whether another message may go beside those that are with the primary. It must be worth its transaction. If the
 * primary pauses after that, the second half waits there for the end of the pause; it goes when it is nearly complete,
 * because some of its clients may have gone. Parts of rejected messages come first, and have the primary to
 * themselves: how they end tells who is to blame.
 */
static bool message_may_overlap(const struct traffic *traffic)
{
	const struct queue_limits *limits = traffic->limits;

	if (!STAILQ_EMPTY(&traffic->parts) || traffic->parts_sent)
		return false;
	if (limits->commit_pause_ms && sets_go_in_halves(traffic))
		return traffic->updates < (limits->updates_max > 2 ? limits->updates_max : 2) &&
		       traffic->entries.ready_count >= half_of_expected(traffic) - half_of_expected(traffic) / 16;
	return traffic->updates < limits->updates_max && traffic->entries.ready_count >= limits->overlap_min;
}

/* Whether one more message with many sets may go: what is ready gathers until the primary's pause is over. */
static bool message_may_go(const struct traffic *traffic, uint64_t now_ms)
{
	size_t ready = traffic->entries.ready_count;

	if (ready == 0 || now_ms < traffic->retry.until_ms)
		return false;
	if (traffic->updates)
		return message_may_overlap(traffic);
	return ready >= traffic->expected || ready >= sets_max(traffic) || now_ms >= traffic->pause_until_ms;
}

/* ---- The turn of a second ---- */

/*
 * Knot plans by whole seconds: its NOTIFY for the second after a commit; and an UPDATE that comes in that second while
 * the zone is at rest is not begun before the NOTIFY is, which is up to a second later (3.2 to 3.4: what is to be next
 * is taken to be planned already, because it is for the same second). So while it is busy, it is kept from resting over
 * the turn of the second: it has a message of nothing, which it holds until its pause is over.
 */

static bool primary_is_busy(const struct traffic *traffic, uint64_t now_ms)
{
	return traffic->limits->commit_pause_ms && traffic->expected > 1 &&
	       (traffic->updates || now_ms < traffic->pause_until_ms);
}

static void turn_hold(struct traffic *traffic, uint64_t now_ms)
{
	if (now_ms < traffic->turn_at_ms)
		return;
	if (primary_is_busy(traffic, now_ms) && traffic->holds == 0 && now_ms < traffic->turn_at_ms + BEFORE_MS) {
		traffic->hold = (struct queue_message){.kind = DNS_NOTHING};
		message_send(traffic, &traffic->hold);
	}
	traffic->turn_at_ms += (now_ms - traffic->turn_at_ms) / SECOND_MS * SECOND_MS + SECOND_MS;
}

static uint64_t turn_wake_at_ms(const struct traffic *traffic)
{
	return primary_is_busy(traffic, traffic->turn_at_ms) ? traffic->turn_at_ms : ENV_NEVER_MS;
}

/* ---- Who may go now ---- */

void messages_send(struct traffic *traffic, uint64_t now_ms)
{
	turn_hold(traffic, now_ms);
	parts_take_up(traffic, now_ms);
	while (!STAILQ_EMPTY(&traffic->parts) && traffic->updates < traffic->limits->updates_max)
		message_send_part(traffic, now_ms);
	while (!TAILQ_EMPTY(&traffic->entries.lists[ENTRY_READY_ALONE]) && traffic->lone_updates == 0 &&
	       now_ms >= traffic->retry.until_ms)
		message_send_first(traffic, ENTRY_READY_ALONE, DNS_UPDATE);
	while (message_may_go(traffic, now_ms))
		message_send_together(traffic, ENTRY_READY, DNS_UPDATE, sets_max(traffic));
	while (!TAILQ_EMPTY(&traffic->entries.lists[ENTRY_TO_PROBE_MISSING]) &&
	       traffic->confirms < traffic->limits->confirms_max)
		message_send_first(traffic, ENTRY_TO_PROBE_MISSING, DNS_PROBE);
	while (!TAILQ_EMPTY(&traffic->entries.lists[ENTRY_TO_CONFIRM]) &&
	       traffic->confirms < traffic->limits->confirms_max)
		message_send_together(traffic, ENTRY_TO_CONFIRM, DNS_CONFIRM, SIZE_MAX);
	while (!TAILQ_EMPTY(&traffic->entries.lists[ENTRY_TO_LOOK]) && traffic->queries < traffic->limits->queries_max)
		message_send_looks(traffic);
}

static uint64_t earlier_ms(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static uint64_t later_ms(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}

uint64_t messages_wake_at_ms(const struct traffic *traffic)
{
	uint64_t at_ms = ENV_NEVER_MS;
	const struct queue_message *part;

	if (traffic->entries.ready_count && traffic->updates == 0)
		at_ms = later_ms(traffic->pause_until_ms, traffic->retry.until_ms);
	if (!TAILQ_EMPTY(&traffic->entries.lists[ENTRY_READY_ALONE]) && traffic->lone_updates == 0)
		at_ms = earlier_ms(at_ms, traffic->retry.until_ms);
	STAILQ_FOREACH(part, &traffic->parts_later, link)
		at_ms = earlier_ms(at_ms, part->not_before_ms);
	return earlier_ms(at_ms, turn_wake_at_ms(traffic));
}

static void turn_note_time(struct traffic *traffic, uint64_t now_ms, uint64_t wall_ms)
{
	uint64_t turn_at_ms = now_ms + SECOND_MS - wall_ms % SECOND_MS - BEFORE_MS;

	/* If it is over, the one that was noted before stands: it was tended to, or is about to be. */
	if (turn_at_ms > now_ms)
		traffic->turn_at_ms = turn_at_ms;
}

void messages_note_commit(struct traffic *traffic, const struct queue_message *committed, uint64_t now_ms,
			  uint64_t wall_ms)
{
	turn_note_time(traffic, now_ms, wall_ms);
	if (committed->lone)
		return;
	traffic->expected = committed->count + traffic->entries.ready_count + traffic->sets_sent;
	traffic->pause_until_ms = now_ms + traffic->limits->commit_pause_ms;
}

void message_withdraw_if_unwanted(struct queue_message *message)
{
	for (const struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		if (entry_is_wanted(entry))
			return;
	}
	if (message->kind != DNS_QUERY) {
		message->ticket.withdrawn = !message->ticket.sent;
		return;
	}
	assert(message->first);
	for (size_t i = 0; i < message->first->set.count; i++)
		message->first->looks[i].ticket.withdrawn = !message->first->looks[i].ticket.sent;
}

void message_came_back(struct traffic *traffic, const struct queue_message *message)
{
	--*message_counter(traffic, message);
	if (message_is_together(message))
		traffic->sets_sent -= message->count;
	traffic->parts_sent -= message->part;
}

struct queue_message *messages_next(struct traffic *traffic)
{
	struct queue_message *message = STAILQ_FIRST(&traffic->sends);

	if (message)
		STAILQ_REMOVE_HEAD(&traffic->sends, link);
	return message;
}

void messages_init(struct traffic *traffic)
{
	STAILQ_INIT(&traffic->parts);
	STAILQ_INIT(&traffic->parts_later);
	STAILQ_INIT(&traffic->sends);
}
