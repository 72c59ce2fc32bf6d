/*
 * How long the primary is left alone after it has failed, and what is thought of it.
 */
#include "zone/queue_parts.h"

enum {
	DOUBTFUL_AFTER = 2, /* failures in a row */
	SICK_AFTER = 5,
	FORGOTTEN_AFTER_MS = 5000,
	ATTEMPT_MAX = 16,
	BACK_OFF_MAX = 4, /* as the pause before that attempt */
	DEADLINE_PARTS = 8,
};

uint64_t backoff_draw(struct queue *queue, uint64_t bound)
{
	/* xorshift64 (Marsaglia 2003): chance enough to keep retries of many gateways apart. */
	queue->jitter ^= queue->jitter << 13;
	queue->jitter ^= queue->jitter >> 7;
	queue->jitter ^= queue->jitter << 17;
	return queue->jitter % bound;
}

uint64_t backoff_pause_ms(struct queue *queue, unsigned attempt)
{
	uint64_t pause = (uint64_t)queue->limits.retry_pause_ms << (attempt > ATTEMPT_MAX ? ATTEMPT_MAX : attempt - 1);

	return pause + backoff_draw(queue, pause / 2 + 1);
}

void backoff_note_failure(struct queue *queue, uint64_t now_ms)
{
	if (now_ms - queue->failed_at_ms > FORGOTTEN_AFTER_MS)
		queue->failures = 0;
	queue->failures++;
	queue->failed_at_ms = now_ms;
}

void backoff_note_commit(struct queue *queue)
{
	queue->failures = 0;
	queue->back_off_until_ms = 0;
}

bool backoff_is_doubtful(const struct queue *queue)
{
	return queue->failures >= DOUBTFUL_AFTER;
}

bool backoff_is_sick(const struct queue *queue)
{
	return queue->failures >= SICK_AFTER;
}

void backoff_begin(struct queue *queue, uint64_t now_ms)
{
	unsigned attempt = queue->failures < BACK_OFF_MAX ? queue->failures : BACK_OFF_MAX;
	uint64_t pause_ms = backoff_pause_ms(queue, attempt ? attempt : 1);

	/* Who waits is to hear in time that the primary fails. */
	queue->back_off_until_ms = now_ms + earlier_ms(pause_ms, queue->limits.deadline_ms / DEADLINE_PARTS);
}
