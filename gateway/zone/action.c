/*
 * What is to be done, until the driver takes it.
 */
#include <stdlib.h>
#include <string.h>

#include "zone/queue_parts.h"

/* Of each waiter at most one answer waits to be taken. */
enum status action_reserve(struct queue *queue)
{
	size_t waiting = queue->answer_count - queue->answer_next;
	size_t wanted = waiting + queue->waiters_by_ctx.count + 1;
	size_t cap = queue->answer_cap;
	struct answer *answers;

	if (wanted <= cap)
		return STATUS_OK;
	while (cap < wanted)
		cap *= 2;
	answers = realloc(queue->answers, cap * sizeof *answers);
	if (!answers)
		return STATUS_NO_MEMORY;
	queue->answers = answers;
	queue->answer_cap = cap;
	return STATUS_OK;
}

void action_answer(struct queue *queue, void *ctx, struct outcome outcome)
{
	if (queue->answer_count == queue->answer_cap) {
		/* The room at the front, of answers that were taken, is the room that was reserved. */
		queue->answer_count -= queue->answer_next;
		memmove(queue->answers, queue->answers + queue->answer_next,
			queue->answer_count * sizeof *queue->answers);
		queue->answer_next = 0;
	}
	queue->answers[queue->answer_count++] = (struct answer){.ctx = ctx, .outcome = outcome};
}

void action_send(struct queue *queue, struct queue_message *message)
{
	STAILQ_INSERT_TAIL(&queue->sends, message, link);
}

static struct queue_action take_send(struct queue *queue)
{
	struct queue_message *message = STAILQ_FIRST(&queue->sends);

	STAILQ_REMOVE_HEAD(&queue->sends, link);
	return (struct queue_action){
		.kind = QUEUE_SEND,
		.message = message,
		.ticket = &message->ticket,
		.request = {.kind = message->kind,
			    .zone = queue->zone,
			    .sets = message->first ? &message->first->set : NULL,
			    .change = message->change},
		.only_to = message->only_to,
	};
}

static struct queue_action take_answer(struct queue *queue)
{
	const struct answer *answer = &queue->answers[queue->answer_next++];
	struct queue_action action = {.kind = QUEUE_ANSWER, .waiter = answer->ctx, .outcome = answer->outcome};

	if (queue->answer_next == queue->answer_count)
		queue->answer_next = queue->answer_count = 0;
	return action;
}

/* The primary has nothing to do until it gets the next message; those who wait for an answer can wait for that, too. */
bool queue_next_action(struct queue *queue, struct queue_action *out)
{
	bool sends = !STAILQ_EMPTY(&queue->sends);

	if (!sends && queue->answer_next == queue->answer_count)
		return false;
	*out = sends ? take_send(queue) : take_answer(queue);
	return true;
}

void action_take_back_answer(struct queue *queue, const void *ctx)
{
	for (size_t i = queue->answer_next; i < queue->answer_count; i++) {
		struct answer *answer = &queue->answers[i];

		if (answer->ctx != ctx)
			continue;
		memmove(answer, answer + 1, (queue->answer_count - i - 1) * sizeof *answer);
		queue->answer_count--;
		return;
	}
}
