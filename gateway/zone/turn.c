/*
 * What Knot needs at the turn of a second.
 */
#include "base/env.h"
#include "zone/queue_parts.h"

enum {
	SECOND_MS = 1000,
	BEFORE_MS = 4, /* the primary's clock may be ahead, and the message takes a moment */
};

static bool is_busy(const struct queue *queue, uint64_t now_ms)
{
	return queue->limits.commit_pause_ms && queue->expected > 1 &&
	       (queue->updates || now_ms < queue->pause_until_ms);
}

void turn_hold(struct queue *queue, uint64_t now_ms)
{
	if (now_ms < queue->turn_at_ms)
		return;
	if (is_busy(queue, now_ms) && queue->holds == 0 && now_ms < queue->turn_at_ms + BEFORE_MS) {
		queue->hold = (struct queue_message){.kind = DNS_NOTHING};
		message_send(queue, &queue->hold);
	}
	queue->turn_at_ms += (now_ms - queue->turn_at_ms) / SECOND_MS * SECOND_MS + SECOND_MS;
}

uint64_t turn_wake_at_ms(const struct queue *queue)
{
	return is_busy(queue, queue->turn_at_ms) ? queue->turn_at_ms : ENV_NEVER_MS;
}

void turn_note_time(struct queue *queue, uint64_t now_ms, uint64_t wall_ms)
{
	uint64_t turn_at_ms = now_ms + SECOND_MS - wall_ms % SECOND_MS - BEFORE_MS;

	/* If it is over, the one that was noted before stands: it was tended to, or is about to be. */
	if (turn_at_ms > now_ms)
		queue->turn_at_ms = turn_at_ms;
}
