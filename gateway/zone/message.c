/*
 * What goes into a message to the primary, and when that goes.
 */
#include "base/env.h"
#include "zone/queue_parts.h"

/* How many messages of that kind are with the primary. */
static size_t *counter_of(struct queue *queue, const struct queue_message *message)
{
	if (message->kind == DNS_QUERY)
		return &queue->queries;
	if (message->kind == DNS_NOTHING)
		return &queue->holds;
	if (message->kind != DNS_UPDATE)
		return &queue->confirms;
	return message->lone ? &queue->lone_updates : &queue->updates;
}

/* Whether it is an UPDATE that may take others along. */
static bool is_together(const struct queue_message *message)
{
	return message->kind == DNS_UPDATE && !message->lone;
}

void message_send(struct queue *queue, struct queue_message *message)
{
	message->ticket = (struct dns_ticket){0};
	if (message->kind == DNS_UPDATE)
		message->only_to = entry_is_bound(message->first) ? message->first->maybe_at : NULL;
	++*counter_of(queue, message);
	if (is_together(message))
		queue->sets_sent += message->count;
	queue->parts_sent += message->part;
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
	message_send(queue, message);
}

static void send_alone(struct queue *queue)
{
	struct queue_message *message = begin_message(queue, TAILQ_FIRST(&queue->lists[LONE_READY]), DNS_UPDATE);

	message->lone = true;
	message_send(queue, message);
}

static void send_probe(struct queue *queue)
{
	struct queue_message *message = begin_message(queue, TAILQ_FIRST(&queue->lists[PROBE_READY]), DNS_PROBE);

	message->change = set_to_probe(&message->first->set);
	message_send(queue, message);
}

/* What is left of a list of suspects: who has given up waiting meanwhile is dropped. */
static struct queue_message *begin_with_suspects(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	struct queue_message *message = NULL;
	struct queue_entry *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		if (!entry_is_wanted(entry))
			entry_end(queue, entry, entry_undone(entry, OUTCOME_UNREACHABLE), now_ms);
		else if (message)
			add_to_message(queue, message, entry);
		else
			message = begin_message(queue, entry, DNS_UPDATE);
	}
	return message;
}

/* A part of a message that was taken apart, or a message that goes again as it was. */
static void send_part(struct queue *queue, uint64_t now_ms)
{
	struct queue_message part = *STAILQ_FIRST(&queue->parts), *message;

	STAILQ_REMOVE_HEAD(&queue->parts, link);
	message = begin_with_suspects(queue, part.first, now_ms);
	/* Without the sample, what was held back behind it need not wait. */
	if (!message)
		message = begin_with_suspects(queue, part.held_back, now_ms);
	else
		message->held_back = part.held_back;
	if (!message)
		return;
	message->part = true;
	message_send(queue, message);
}

/* There are few of these: from the second failure in a row on, nothing new is sent for a while. */
static void take_up_parts(struct queue *queue, uint64_t now_ms)
{
	struct queue_message *part, *next;

	for (part = STAILQ_FIRST(&queue->parts_later); part; part = next) {
		next = STAILQ_NEXT(part, link);
		if (part->not_before_ms > now_ms)
			continue;
		STAILQ_REMOVE(&queue->parts_later, part, queue_message, link);
		STAILQ_INSERT_TAIL(&queue->parts, part, link);
	}
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
		message_send(queue, &entry->looks[i]);
	}
}

static size_t half(const struct queue *queue)
{
	return (queue->expected + 1) / 2;
}

/*
 * Whether a message takes half of those that may be expected. With all that waits in one message, those who were just
 * answered and come again would find the next one nearly empty, and the primary would be idle while they are answered.
 * In two halves, one is with the primary while the other one is answered.
 */
static bool goes_in_halves(const struct queue *queue)
{
	const struct queue_limits *limits = &queue->limits;

	return half(queue) >= (limits->commit_pause_ms ? limits->half_min_with_pause : limits->half_min);
}

static size_t count_max(const struct queue *queue)
{
	return goes_in_halves(queue) ? half(queue) : SIZE_MAX;
}

/* Whether what is ready gathers until the primary's pause is over. */
static bool is_gathering(const struct queue *queue, uint64_t now_ms)
{
	return queue->ready_count < queue->expected && queue->ready_count < count_max(queue) &&
	       now_ms < queue->pause_until_ms;
}

/*
 * Whether another message may go beside those that are with the primary. It must be worth its transaction. If the
 * primary pauses after that, the second half waits there for the end of the pause; it goes when it is nearly complete,
 * because some of its clients may have gone. Parts of rejected messages come first, and have the primary to
 * themselves: how they end tells who is to blame.
 */
static bool may_overlap(const struct queue *queue)
{
	const struct queue_limits *limits = &queue->limits;

	if (!STAILQ_EMPTY(&queue->parts) || queue->parts_sent)
		return false;
	if (limits->commit_pause_ms && goes_in_halves(queue))
		return queue->updates < (limits->updates_max > 2 ? limits->updates_max : 2) &&
		       queue->ready_count >= half(queue) - half(queue) / 16;
	return queue->updates < limits->updates_max && queue->ready_count >= limits->overlap_min;
}

/* Whether one more message with many sets may go. */
static bool may_send_together(const struct queue *queue, uint64_t now_ms)
{
	if (queue->ready_count == 0 || now_ms < queue->back_off_until_ms)
		return false;
	return queue->updates ? may_overlap(queue) : !is_gathering(queue, now_ms);
}

void messages_send(struct queue *queue, uint64_t now_ms)
{
	take_up_parts(queue, now_ms);
	while (!STAILQ_EMPTY(&queue->parts) && queue->updates < queue->limits.updates_max)
		send_part(queue, now_ms);
	while (!TAILQ_EMPTY(&queue->lists[LONE_READY]) && queue->lone_updates == 0 &&
	       now_ms >= queue->back_off_until_ms)
		send_alone(queue);
	while (may_send_together(queue, now_ms))
		send_together(queue, READY, DNS_UPDATE, count_max(queue));
	while (!TAILQ_EMPTY(&queue->lists[PROBE_READY]) && queue->confirms < queue->limits.confirms_max)
		send_probe(queue);
	while (!TAILQ_EMPTY(&queue->lists[CONFIRM_READY]) && queue->confirms < queue->limits.confirms_max)
		send_together(queue, CONFIRM_READY, DNS_CONFIRM, SIZE_MAX);
	while (!TAILQ_EMPTY(&queue->lists[LOOK_READY]) && queue->queries < queue->limits.queries_max)
		send_looks(queue);
}

static uint64_t later(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}

uint64_t messages_wake_at_ms(const struct queue *queue)
{
	uint64_t at_ms = ENV_NEVER_MS;
	const struct queue_message *part;

	if (queue->ready_count && queue->updates == 0)
		at_ms = later(queue->pause_until_ms, queue->back_off_until_ms);
	if (!TAILQ_EMPTY(&queue->lists[LONE_READY]) && queue->lone_updates == 0)
		at_ms = earlier_ms(at_ms, queue->back_off_until_ms);
	STAILQ_FOREACH(part, &queue->parts_later, link)
		at_ms = earlier_ms(at_ms, part->not_before_ms);
	return at_ms;
}

void messages_note_commit(struct queue *queue, const struct queue_message *committed, uint64_t now_ms)
{
	if (committed->lone)
		return;
	queue->expected = committed->count + queue->ready_count + queue->sets_sent;
	queue->pause_until_ms = now_ms + queue->limits.commit_pause_ms;
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
	queue->parts_sent -= message->part;
}
