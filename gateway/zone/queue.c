#include "zone/queue.h"

#include <stdlib.h>

#include "base/env.h"
#include "zone/reply.h"
#include "zone/set.h"

struct queue {
	struct queue_limits limits;
	struct traffic traffic;
};

/* ---- SUBMIT ---- */

/*
 * The entry that the set becomes part of; NULL without memory. Sets that wait are merged as if they had come in the
 * order in which their requests arrived.
 */
static struct queue_entry *queue_place_set(struct entries *entries, const struct change_set *set, uint64_t now_ms)
{
	uint64_t hash = table_hash(entries->hints.seed, name_text(&set->owner)), arrival = set_arrival(set);
	struct queue_entry *before = chain_predecessor(chain_find(entries, hash, &set->owner), arrival);
	struct queue_entry *later = before && before->arrival <= arrival ? TAILQ_NEXT(before, in_chain) : before;
	struct queue_entry *entry;
	struct order_marks marks;

	/* One of a later request does all that this one wants done. */
	if (later && later->arrival > arrival && entry_is_idle(later) && set_replaces(&later->set, set))
		return later;
	if (order_prepare(entries->order, set, arrival, &marks) != STATUS_OK)
		return NULL;
	if (before && before->arrival <= arrival && entry_is_idle(before) && set_replaces(set, &before->set)) {
		entry_replace(entries, before, set, &marks, now_ms);
		return before;
	}
	entry = entry_new(entries, before, hash, set, &marks, now_ms);
	order_discard(&marks);
	return entry;
}

static enum status queue_submit_set(struct entries *entries, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_entry *entry;
	struct waiter *waiter;

	if (order_is_overtaken(entries->order, event->set, set_arrival(event->set)))
		return STATUS_OVERTAKEN;
	if (waiters_are_full(&entries->waiters, event->set->account))
		return STATUS_FULL;
	waiter = waiter_new(&entries->waiters, event->waiter, event->set, now_ms);
	if (!waiter)
		return STATUS_NO_MEMORY;
	entry = queue_place_set(entries, event->set, now_ms);
	if (!entry) {
		waiter_discard(&entries->waiters, waiter);
		return STATUS_NO_MEMORY;
	}
	waiter_join(&entries->waiters, waiter, entry, &entry->waiters);
	return STATUS_OK;
}

/* While a group is open nothing is sent. */
static enum status queue_on_submit(struct entries *entries, const struct queue_event *event, uint64_t now_ms)
{
	enum status status;

	if (event->set->more && !entries->open)
		group_open(entries);
	status = queue_submit_set(entries, event, now_ms);
	if (!event->set->more && entries->open)
		group_close(entries);
	return status;
}

/* ---- CANCEL and TICK ---- */

/* Nobody waits for the entry any more. */
static void queue_abandon(struct entries *entries, struct queue_entry *entry, uint64_t now_ms)
{
	if (entry_is_with_primary(entry))
		message_withdraw_if_unwanted(entry->in_message);
	else if (entry->state != ENTRY_SUSPECT)
		entry_end(entries, entry, OUTCOME_UNREACHABLE, now_ms);
}

/* How it stands with an entry at a waiter's deadline. */
static enum outcome_code outcome_when_late(const struct queue_entry *entry)
{
	if (entry->state == ENTRY_TO_PROBE_MISSING || entry->state == ENTRY_PROBING_MISSING)
		return OUTCOME_NO_RECORD;
	if (entry->state == ENTRY_UPDATING && !entry->in_message->ticket.withdrawn)
		return OUTCOME_UNKNOWN;
	return entry_undone(entry, entry->tries.made[RETRY_FAILURE] ? OUTCOME_REFUSED : OUTCOME_UNREACHABLE);
}

static void queue_on_late(struct entries *entries, struct waiter *waiter, uint64_t now_ms)
{
	struct queue_entry *entry = waiter->entry;
	bool last = TAILQ_FIRST(&entry->waiters) == waiter && !TAILQ_NEXT(waiter, in_entry);
	void *ctx = waiter->ctx;
	enum outcome_code code;

	waiter_forget(&entries->waiters, waiter);
	if (last && entry_is_with_primary(entry))
		message_withdraw_if_unwanted(entry->in_message);
	code = outcome_when_late(entry);
	if (last)
		queue_abandon(entries, entry, now_ms);
	waiters_answer(&entries->waiters, ctx, (struct outcome){.code = code});
}

static void queue_on_tick(struct entries *entries, uint64_t now_ms)
{
	struct queue_entry *entry;
	struct waiter *waiter;

	while ((waiter = TAILQ_FIRST(&entries->waiters.deadlines)) && waiter->deadline_ms <= now_ms)
		queue_on_late(entries, waiter, now_ms);
	while ((entry = TAILQ_FIRST(&entries->lists[ENTRY_PAUSED])) && entry->retry_at_ms <= now_ms)
		entry_route(entries, entry, now_ms);
}

static void queue_on_cancel(struct entries *entries, const void *ctx, uint64_t now_ms)
{
	struct waiter *waiter = waiter_find(&entries->waiters, ctx);
	struct queue_entry *entry;

	if (!waiter) {
		waiters_take_back(&entries->waiters, ctx);
		return;
	}
	entry = waiter->entry;
	waiter_forget(&entries->waiters, waiter);
	if (!entry_is_wanted(entry))
		queue_abandon(entries, entry, now_ms);
}

/* ---- The verbs ---- */

enum status queue_step(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct entries *entries = &queue->traffic.entries;
	enum status status = STATUS_OK;

	/* Whatever was announced comes at once or not at all. */
	if (event->kind != QUEUE_SUBMIT && entries->open)
		group_close(entries);
	switch (event->kind) {
	case QUEUE_SUBMIT:
		status = queue_on_submit(entries, event, now_ms);
		break;
	case QUEUE_CANCEL:
		queue_on_cancel(entries, event->waiter, now_ms);
		break;
	case QUEUE_REPLIED:
		reply_take(&queue->traffic,
			   &(struct reply){.message = event->message,
					   .result = event->result,
					   .has_well = event->has_well,
					   .primary = event->primary,
					   .wall_ms = event->wall_ms},
			   now_ms);
		break;
	case QUEUE_TICK:
		queue_on_tick(entries, now_ms);
		break;
	}
	if (!entries->open)
		messages_send(&queue->traffic, now_ms);
	return status;
}

/* The primary has nothing to do until it gets the next message; those who wait for an answer can wait for that, too. */
bool queue_next_action(struct queue *queue, struct queue_action *out)
{
	struct queue_message *message = messages_next(&queue->traffic);
	struct answer answer;

	if (message) {
		*out = (struct queue_action){
			.kind = QUEUE_SEND,
			.message = message,
			.ticket = &message->ticket,
			.request = {.kind = message->kind,
				    .zone = queue->traffic.zone,
				    .sets = message->first ? &message->first->set : NULL,
				    .change = message->change},
			.only_to = message->only_to,
		};
		return true;
	}
	if (!waiters_next_answer(&queue->traffic.entries.waiters, &answer))
		return false;
	*out = (struct queue_action){.kind = QUEUE_ANSWER, .waiter = answer.ctx, .outcome = answer.outcome};
	return true;
}

uint64_t queue_wake_at_ms(const struct queue *queue)
{
	const struct waiter *late = TAILQ_FIRST(&queue->traffic.entries.waiters.deadlines);
	const struct queue_entry *retry = TAILQ_FIRST(&queue->traffic.entries.lists[ENTRY_PAUSED]);
	uint64_t at_ms = messages_wake_at_ms(&queue->traffic);

	if (late && late->deadline_ms < at_ms)
		at_ms = late->deadline_ms;
	if (retry && retry->retry_at_ms < at_ms)
		at_ms = retry->retry_at_ms;
	return at_ms;
}

size_t queue_waiting(const struct queue *queue)
{
	return queue->traffic.entries.waiters.by_ctx.count;
}

enum status queue_new(const struct name *zone, struct order *order, struct memory *memory,
		      const struct queue_limits *limits, struct queue **out)
{
	struct queue *queue = calloc(1, sizeof *queue);

	if (!queue)
		return STATUS_NO_MEMORY;
	queue->limits = *limits;
	queue->traffic.zone = zone;
	queue->traffic.limits = &queue->limits;
	queue->traffic.retry = (struct retry){.limits = &queue->limits, .jitter = limits->seed | 1};
	messages_init(&queue->traffic);
	if (entries_init(&queue->traffic.entries, order, memory, &queue->limits) != STATUS_OK) {
		queue_free(&queue);
		return STATUS_NO_MEMORY;
	}
	*out = queue;
	return STATUS_OK;
}

void queue_set_limits(struct queue *queue, const struct queue_limits *limits)
{
	uint64_t seed = queue->limits.seed;

	queue->limits = *limits;
	queue->limits.seed = seed;
	queue->traffic.way_is_known = false; /* the primaries may be others now */
}

void queue_free(struct queue **queue_pointer)
{
	struct queue *queue = *queue_pointer;

	*queue_pointer = NULL;
	if (!queue)
		return;
	entries_fini(&queue->traffic.entries);
	free(queue);
}
