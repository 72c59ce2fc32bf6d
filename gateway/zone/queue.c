#include "zone/queue.h"

#include <stdlib.h>

#include "base/env.h"
#include "zone/queue_parts.h"

enum { ANSWERS_AT_START = 16 };

/* ---- SUBMIT ---- */

/* The entry right behind, or the first one, if it is that of a later request, and does all that the set wants done. */
static struct queue_entry *find_later(struct queue_entry *before, const struct change_set *set)
{
	uint64_t arrival = set_arrival(set);
	struct queue_entry *later = before;

	if (before && before->arrival <= arrival)
		later = TAILQ_NEXT(before, in_chain);
	return later && entry_is_idle(later) && later->arrival > arrival && set_replaces(&later->set, set) ? later
													   : NULL;
}

/*
 * The entry that the set becomes part of; NULL without memory. Sets that wait are merged as if they had come in the
 * order in which their requests arrived.
 */
static struct queue_entry *place_set(struct queue *queue, const struct change_set *set, uint64_t now_ms)
{
	uint64_t hash = table_hash(queue->limits.seed, name_text(&set->owner));
	struct queue_entry *before = chain_predecessor(chain_find(queue, hash, &set->owner), set_arrival(set));
	struct queue_entry *entry = find_later(before, set);
	struct order_marks marks;

	if (entry)
		return entry;
	if (order_prepare(queue->order, set, set_arrival(set), &marks) != STATUS_OK)
		return NULL;
	if (before && before->arrival <= set_arrival(set) && entry_is_idle(before) && set_replaces(set, &before->set)) {
		entry_replace(queue, before, set, &marks, now_ms);
		return before;
	}
	entry = entry_new(queue, before, hash, set, &marks, now_ms);
	order_discard(&marks);
	return entry;
}

static enum status submit(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_entry *entry;
	struct waiter *waiter;

	if (order_is_overtaken(queue->order, event->set, set_arrival(event->set)))
		return STATUS_OVERTAKEN;
	if (waiters_are_full(queue, event->set->account))
		return STATUS_FULL;
	waiter = action_reserve(queue) == STATUS_OK ? waiter_new(queue, event, now_ms) : NULL;
	if (!waiter)
		return STATUS_NO_MEMORY;
	entry = place_set(queue, event->set, now_ms);
	if (!entry) {
		waiter_discard(queue, waiter);
		return STATUS_NO_MEMORY;
	}
	waiter_join(queue, waiter, entry);
	return STATUS_OK;
}

/* While a group is open nothing is sent. */
static enum status on_submit(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	enum status status;

	if (event->set->more && !queue->open)
		group_open(queue);
	status = submit(queue, event, now_ms);
	if (!event->set->more && queue->open)
		group_close(queue);
	return status;
}

/* ---- CANCEL and TICK ---- */

/* Nobody waits for the entry any more. */
static void abandon(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	if (entry->state == WITH_PRIMARY)
		message_withdraw_if_unwanted(entry->in_message);
	else if (entry->state != SUSPECT)
		entry_end(queue, entry, OUTCOME_UNREACHABLE, now_ms);
}

/* How it stands with an entry at a waiter's deadline. */
static enum outcome_code late(const struct queue_entry *entry)
{
	bool may_be_sent = entry->state == WITH_PRIMARY && entry->in_message->kind == DNS_UPDATE;
	bool is_probed =
		entry->state == PROBE_READY || (entry->state == WITH_PRIMARY && entry->in_message->kind == DNS_PROBE);

	if (is_probed && !entry->maybe_wildcard)
		return OUTCOME_NO_RECORD;
	if (may_be_sent && entry->in_message->ticket.withdrawn)
		may_be_sent = false;
	return may_be_sent ? OUTCOME_UNKNOWN
			   : entry_undone(entry, entry->failures ? OUTCOME_REFUSED : OUTCOME_UNREACHABLE);
}

static void on_late(struct queue *queue, struct waiter *waiter, uint64_t now_ms)
{
	struct queue_entry *entry = waiter->entry;
	bool last = TAILQ_FIRST(&entry->waiters) == waiter && !TAILQ_NEXT(waiter, in_entry);
	void *ctx = waiter->ctx;
	enum outcome_code code;

	waiter_forget(queue, waiter);
	if (last && entry->state == WITH_PRIMARY)
		message_withdraw_if_unwanted(entry->in_message);
	code = late(entry);
	if (last)
		abandon(queue, entry, now_ms);
	action_answer(queue, ctx, (struct outcome){.code = code});
}

static void on_tick(struct queue *queue, uint64_t now_ms)
{
	struct queue_entry *entry;
	struct waiter *waiter;

	while ((waiter = TAILQ_FIRST(&queue->deadlines)) && waiter->deadline_ms <= now_ms)
		on_late(queue, waiter, now_ms);
	while ((entry = TAILQ_FIRST(&queue->lists[PAUSED])) && entry->retry_at_ms <= now_ms)
		entry_route(queue, entry, now_ms);
}

static void on_cancel(struct queue *queue, const void *ctx, uint64_t now_ms)
{
	struct waiter *waiter = waiter_find(queue, ctx);
	struct queue_entry *entry;

	if (!waiter)
		action_take_back_answer(queue, ctx);
	if (!waiter)
		return;
	entry = waiter->entry;
	waiter_forget(queue, waiter);
	if (!entry_is_wanted(entry))
		abandon(queue, entry, now_ms);
}

/* ---- The verbs ---- */

enum status queue_step(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	enum status status = STATUS_OK;

	/* Whatever was announced comes at once or not at all. */
	if (event->kind != QUEUE_SUBMIT && queue->open)
		group_close(queue);
	switch (event->kind) {
	case QUEUE_SUBMIT:
		status = on_submit(queue, event, now_ms);
		break;
	case QUEUE_CANCEL:
		on_cancel(queue, event->waiter, now_ms);
		break;
	case QUEUE_REPLIED:
		reply_take(queue, event, now_ms);
		break;
	case QUEUE_TICK:
		on_tick(queue, now_ms);
		break;
	}
	if (!queue->open) {
		turn_hold(queue, now_ms);
		messages_send(queue, now_ms);
	}
	return status;
}

uint64_t queue_wake_at_ms(const struct queue *queue)
{
	const struct waiter *first = TAILQ_FIRST(&queue->deadlines);
	const struct queue_entry *retry = TAILQ_FIRST(&queue->lists[PAUSED]);
	uint64_t at_ms = first ? first->deadline_ms : ENV_NEVER_MS;

	at_ms = earlier_ms(at_ms, retry ? retry->retry_at_ms : ENV_NEVER_MS);
	return earlier_ms(at_ms, earlier_ms(messages_wake_at_ms(queue), turn_wake_at_ms(queue)));
}

size_t queue_waiting(const struct queue *queue)
{
	return queue->waiters_by_ctx.count;
}

static enum status allocate(struct queue *queue)
{
	queue->answer_cap = ANSWERS_AT_START;
	queue->answers = calloc(ANSWERS_AT_START, sizeof *queue->answers);
	if (!queue->answers || table_init(&queue->chains) != STATUS_OK ||
	    table_init(&queue->waiters_by_ctx) != STATUS_OK || table_init(&queue->shares) != STATUS_OK)
		return STATUS_NO_MEMORY;
	return memory_new(queue->limits.records_max, &queue->memory);
}

enum status queue_new(const struct name *zone, struct order *order, const struct queue_limits *limits,
		      struct queue **out)
{
	struct queue *queue = calloc(1, sizeof *queue);

	if (!queue)
		return STATUS_NO_MEMORY;
	queue->zone = zone;
	queue->order = order;
	queue->limits = *limits;
	queue->jitter = limits->seed | 1;
	TAILQ_INIT(&queue->deadlines);
	STAILQ_INIT(&queue->parts);
	STAILQ_INIT(&queue->parts_later);
	STAILQ_INIT(&queue->sends);
	for (size_t i = 0; i < STATE_COUNT; i++)
		TAILQ_INIT(&queue->lists[i]);
	if (allocate(queue) != STATUS_OK) {
		queue_free(&queue);
		return STATUS_NO_MEMORY;
	}
	*out = queue;
	return STATUS_OK;
}

void queue_set_limits(struct queue *queue, const struct queue_limits *limits)
{
	uint64_t seed = queue->limits.seed;
	size_t records_max = queue->limits.records_max;

	queue->limits = *limits;
	queue->limits.seed = seed;
	queue->limits.records_max = records_max;
}

void queue_free(struct queue **queue_pointer)
{
	struct queue *queue = *queue_pointer;
	struct waiter *waiter;

	*queue_pointer = NULL;
	if (!queue)
		return;
	while ((waiter = TAILQ_FIRST(&queue->deadlines)))
		waiter_forget(queue, waiter);
	entries_free(queue);
	table_fini(&queue->chains);
	table_fini(&queue->waiters_by_ctx);
	table_fini(&queue->shares);
	memory_free(&queue->memory);
	free(queue->answers);
	free(queue);
}
