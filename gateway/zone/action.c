/*
 * What is to be done, until the driver takes it.
 */
#include <stdlib.h>
#include <string.h>

#include "zone/queue_parts.h"

/*
 * Waiting to be done at any time are, of each waiter, at most its answer, and of each entry at most the messages that
 * it can have with the primary at a time: what was sent is followed by another only after it was taken and replied to.
 */
enum status action_reserve(struct queue *queue)
{
	size_t waiting = queue->action_count - queue->action_next;
	size_t wanted = waiting + queue->waiters_by_ctx.count + 1 + CHANGE_SET_MAX * (queue->entry_count + 1);
	size_t cap = queue->action_cap;
	struct queue_action *actions;

	if (wanted <= cap)
		return STATUS_OK;
	while (cap < wanted)
		cap *= 2;
	actions = realloc(queue->actions, cap * sizeof *actions);
	if (!actions)
		return STATUS_NO_MEMORY;
	queue->actions = actions;
	queue->action_cap = cap;
	return STATUS_OK;
}

void action_add(struct queue *queue, struct queue_action action)
{
	if (queue->action_count == queue->action_cap) {
		/* The room at the front, of actions that were taken, is the room that was reserved. */
		queue->action_count -= queue->action_next;
		memmove(queue->actions, queue->actions + queue->action_next,
			queue->action_count * sizeof *queue->actions);
		queue->action_next = 0;
	}
	queue->actions[queue->action_count++] = action;
}

bool queue_next_action(struct queue *queue, struct queue_action *out)
{
	if (queue->action_next == queue->action_count)
		return false;
	*out = queue->actions[queue->action_next++];
	if (queue->action_next == queue->action_count)
		queue->action_next = queue->action_count = 0;
	return true;
}

void action_take_back_answer(struct queue *queue, const void *ctx)
{
	for (size_t i = queue->action_next; i < queue->action_count; i++) {
		struct queue_action *action = &queue->actions[i];

		if (action->kind != QUEUE_ANSWER || action->waiter != ctx)
			continue;
		memmove(action, action + 1, (queue->action_count - i - 1) * sizeof *action);
		queue->action_count--;
		return;
	}
}
