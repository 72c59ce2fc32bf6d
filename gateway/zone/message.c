/*
 * What goes into a message to the primary, and when that goes.
 */
#include "zone/queue_parts.h"

enum {
	/* Sets that take a primary a good deal longer than a transaction does by itself; one that pauses after each. */
	HALF_MIN = 100,
	HALF_MIN_WITH_PAUSE = 250,
	TURN_MS = 4, /* before the turn of a second: the primary's clock may be ahead, and the message takes a moment */
};

/* How many messages of that kind are with the primary. */
static size_t *counter_of(struct queue *queue, const struct queue_message *message)
{
	if (message->kind == DNS_QUERY)
		return &queue->queries;
	if (message->kind != DNS_UPDATE)
		return &queue->confirms;
	return message->lone ? &queue->lone_updates : &queue->updates;
}

/* Whether it is an UPDATE that may take others along. */
static bool is_together(const struct queue_message *message)
{
	return message->kind == DNS_UPDATE && !message->lone;
}

static void send_message(struct queue *queue, struct queue_message *message)
{
	message->ticket = (struct dns_ticket){0};
	++*counter_of(queue, message);
	if (is_together(message))
		queue->sets_sent += message->count;
	action_send(queue, message);
}

/* Begins a message with this entry as its first. */
static struct queue_message *begin_message(struct queue *queue, struct queue_entry *first, enum dns_request_kind kind)
{
	entry_move_to(queue, first, WITH_PRIMARY);
	first->message = (struct queue_message){.kind = kind, .first = first, .last = first, .count = 1};
	first->in_message = &first->message;
	first->set.next = NULL;
	first->next_in_message = NULL;
	return &first->message;
}

static void add_to_message(struct queue *queue, struct queue_message *message, struct queue_entry *entry)
{
	entry_move_to(queue, entry, WITH_PRIMARY);
	entry->in_message = message;
	entry->set.next = NULL;
	entry->next_in_message = NULL;
	message->last->set.next = &entry->set;
	message->last->next_in_message = entry;
	message->last = entry;
	message->count++;
}

/* What the first entry of a request takes in a message, with those behind it that are of the same request. */
static size_t space_of_group(const struct queue *queue, const struct queue_entry *entry)
{
	const struct group *group = entry->group;
	size_t octets = 0;

	for (; entry && entry->group == group; entry = TAILQ_NEXT(entry, in_state))
		octets += dns_set_space(&entry->set, queue->zone);
	return octets;
}

/*
 * One message with up to so many sets of that list, as far as they fit, the first first, without tearing a request
 * apart.
 */
static void send_together(struct queue *queue, enum entry_state list, enum dns_request_kind kind, size_t count)
{
	struct queue_entry *entry = TAILQ_FIRST(&queue->lists[list]);
	size_t octets = dns_message_space(queue->zone) + dns_set_space(&entry->set, queue->zone);
	struct queue_message *message = begin_message(queue, entry, kind);

	while (!message->first->alone && (entry = TAILQ_FIRST(&queue->lists[list])) && !entry->alone) {
		bool begins_group = entry->group && entry->group != message->last->group;
		size_t own = dns_set_space(&entry->set, queue->zone);

		if (octets + (begins_group ? space_of_group(queue, entry) : own) > queue->limits.octets_max)
			break;
		if (message->count >= count && (!entry->group || begins_group))
			break;
		octets += own;
		add_to_message(queue, message, entry);
	}
	send_message(queue, message);
}

static void send_alone(struct queue *queue)
{
	struct queue_message *message = begin_message(queue, TAILQ_FIRST(&queue->lists[LONE_READY]), DNS_UPDATE);

	message->lone = true;
	send_message(queue, message);
}

static void send_probe(struct queue *queue)
{
	struct queue_message *message = begin_message(queue, TAILQ_FIRST(&queue->lists[PROBE_READY]), DNS_PROBE);

	message->change = set_to_probe(&message->first->set);
	send_message(queue, message);
}

/*
 * A part of a message that was taken apart. It is what is left of it: who has given up waiting meanwhile is dropped.
 */
static void send_suspects(struct queue *queue, uint64_t now_ms)
{
	struct queue_entry *entry = STAILQ_FIRST(&queue->parts)->first, *next;
	struct queue_message *message = NULL;

	STAILQ_REMOVE_HEAD(&queue->parts, in_parts);
	for (; entry; entry = next) {
		next = entry->next_in_message;
		if (!entry_is_wanted(entry))
			entry_end(queue, entry, OUTCOME_UNREACHABLE, now_ms);
		else if (message)
			add_to_message(queue, message, entry);
		else
			message = begin_message(queue, entry, DNS_UPDATE);
	}
	if (message)
		send_message(queue, message);
}

static void send_looks(struct queue *queue)
{
	struct queue_entry *entry = TAILQ_FIRST(&queue->lists[LOOK_READY]);

	entry_move_to(queue, entry, WITH_PRIMARY);
	entry->in_message = &entry->looks[0];
	entry->next_in_message = NULL;
	entry->looks_missing = entry->set.count;
	entry->look_failed = false;
	entry->look_told_nothing = false;
	entry->absent = ADDR_NONE;
	entry->text_hidden = false;
	for (size_t i = 0; i < entry->set.count; i++) {
		entry->looks[i] = (struct queue_message){
			.kind = DNS_QUERY, .first = entry, .last = entry, .count = 1, .change = i};
		send_message(queue, &entry->looks[i]);
	}
}

/*
 * How many sets a message takes. With all that waits in one message, those who were just answered and come again would
 * find the next one nearly empty, and the primary would be idle while they are answered. In two halves, one is with the
 * primary while the other one is answered.
 */
static size_t message_max(const struct queue *queue)
{
	size_t half = (queue->expected + 1) / 2, min = queue->limits.commit_pause_ms ? HALF_MIN_WITH_PAUSE : HALF_MIN;

	return half < min ? SIZE_MAX : half;
}

/* Whether what is ready gathers until the primary's pause is over. */
static bool is_gathering(const struct queue *queue, uint64_t now_ms)
{
	return queue->ready_count < queue->expected && queue->ready_count < message_max(queue) &&
	       now_ms < queue->pause_until_ms;
}

/*
 * Whether another message may go beside those that are with the primary. It must be worth its transaction; if the
 * primary pauses after that, be nearly a half, which then waits there for the pause's end.
 */
static bool may_overlap(const struct queue *queue)
{
	if (queue->limits.commit_pause_ms && queue->updates == 1 && message_max(queue) != SIZE_MAX)
		return queue->ready_count >= message_max(queue) / 8 * 7;
	return queue->updates < queue->limits.updates_max && queue->ready_count >= queue->limits.overlap_min;
}

/* Whether one more message with many sets may go. */
static bool may_send_together(const struct queue *queue, uint64_t now_ms)
{
	if (queue->ready_count == 0)
		return false;
	return queue->updates ? may_overlap(queue) : !is_gathering(queue, now_ms);
}

static bool is_busy(const struct queue *queue, uint64_t now_ms)
{
	return queue->limits.commit_pause_ms && queue->expected > 1 &&
	       (queue->updates || now_ms < queue->pause_until_ms);
}

/*
 * Knot plans by whole seconds: its NOTIFY for the second after a commit; and an UPDATE that comes in that second while
 * the zone is at rest is not begun before the NOTIFY is, which is up to a second later (3.2 to 3.5: what is to be next
 * is taken to be planned already, because it is for the same second). So while it is busy, it is kept from resting over
 * the turn of the second: it has a message of nothing, which it holds until its pause is over.
 */
static void hold_over_turn(struct queue *queue, uint64_t now_ms)
{
	if (now_ms < queue->turn_at_ms)
		return;
	if (is_busy(queue, now_ms) && !queue->holding && now_ms < queue->turn_at_ms + TURN_MS) {
		queue->hold = (struct queue_message){.kind = DNS_NOTHING};
		queue->holding = true;
		action_send(queue, &queue->hold);
	}
	queue->turn_at_ms += (now_ms - queue->turn_at_ms) / 1000 * 1000 + 1000;
}

void messages_send(struct queue *queue, uint64_t now_ms)
{
	while (!STAILQ_EMPTY(&queue->parts) && queue->updates < queue->limits.updates_max)
		send_suspects(queue, now_ms);
	while (!TAILQ_EMPTY(&queue->lists[LONE_READY]) && queue->lone_updates == 0)
		send_alone(queue);
	hold_over_turn(queue, now_ms);
	while (may_send_together(queue, now_ms))
		send_together(queue, READY, DNS_UPDATE, message_max(queue));
	while (!TAILQ_EMPTY(&queue->lists[PROBE_READY]) && queue->confirms < queue->limits.confirms_max)
		send_probe(queue);
	while (!TAILQ_EMPTY(&queue->lists[CONFIRM_READY]) && queue->confirms < queue->limits.confirms_max)
		send_together(queue, CONFIRM_READY, DNS_CONFIRM, SIZE_MAX);
	while (!TAILQ_EMPTY(&queue->lists[LOOK_READY]) && queue->queries < queue->limits.queries_max)
		send_looks(queue);
}

uint64_t messages_wake_at_ms(const struct queue *queue, uint64_t at_ms)
{
	uint64_t turn_at_ms = queue->turn_at_ms;

	if (queue->ready_count && queue->updates == 0 && queue->pause_until_ms < at_ms)
		at_ms = queue->pause_until_ms;
	/* In the pause nothing need wait yet. */
	if (is_busy(queue, turn_at_ms) && turn_at_ms < at_ms)
		at_ms = turn_at_ms;
	return at_ms;
}

void messages_note_commit(struct queue *queue, const struct queue_message *committed, uint64_t now_ms, uint64_t wall_ms)
{
	uint64_t turn_at_ms = now_ms + 1000 - wall_ms % 1000 - TURN_MS;

	if (committed->lone)
		return;
	queue->expected = committed->count + queue->ready_count + queue->sets_sent;
	queue->pause_until_ms = now_ms + queue->limits.commit_pause_ms;
	if (turn_at_ms > now_ms)
		queue->turn_at_ms = turn_at_ms;
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
	for (size_t i = 0; i < message->first->set.count; i++)
		message->first->looks[i].ticket.withdrawn = !message->first->looks[i].ticket.sent;
}

void message_came_back(struct queue *queue, const struct queue_message *message)
{
	--*counter_of(queue, message);
	if (is_together(message))
		queue->sets_sent -= message->count;
}
