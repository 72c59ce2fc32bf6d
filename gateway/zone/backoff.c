#include "zone/backoff.h"

enum {
	DOUBTFUL_AFTER = 2, /* failures in a row */
	SICK_AFTER = 5,
	FORGOTTEN_AFTER_MS = 5000,
	ATTEMPT_MAX = 16,
	BACK_OFF_MAX = 4, /* as the pause before that attempt */
	DEADLINE_PARTS = 8,
};

uint64_t backoff_draw(struct backoff *backoff, uint64_t bound)
{
	/* xorshift64 (Marsaglia 2003): chance enough to keep retries of many gateways apart. */
	backoff->jitter ^= backoff->jitter << 13;
	backoff->jitter ^= backoff->jitter >> 7;
	backoff->jitter ^= backoff->jitter << 17;
	return backoff->jitter % bound;
}

uint64_t backoff_pause_ms(struct backoff *backoff, unsigned attempt)
{
	uint64_t pause = (uint64_t)backoff->limits->retry_pause_ms
			 << (attempt > ATTEMPT_MAX ? ATTEMPT_MAX : attempt - 1);

	return pause + backoff_draw(backoff, pause / 2 + 1);
}

void backoff_note_failure(struct backoff *backoff, uint64_t now_ms)
{
	if (now_ms - backoff->failed_at_ms > FORGOTTEN_AFTER_MS)
		backoff->failures = 0;
	backoff->failures++;
	backoff->failed_at_ms = now_ms;
}

void backoff_note_commit(struct backoff *backoff)
{
	backoff->failures = 0;
	backoff->until_ms = 0;
}

bool backoff_is_doubtful(const struct backoff *backoff)
{
	return backoff->failures >= DOUBTFUL_AFTER;
}

bool backoff_is_sick(const struct backoff *backoff)
{
	return backoff->failures >= SICK_AFTER;
}

void backoff_begin(struct backoff *backoff, uint64_t now_ms)
{
	unsigned attempt = backoff->failures < BACK_OFF_MAX ? backoff->failures : BACK_OFF_MAX;
	uint64_t pause_ms = backoff_pause_ms(backoff, attempt ? attempt : 1);
	uint64_t late_ms = backoff->limits->deadline_ms / DEADLINE_PARTS;

	/* Who waits is to hear in time that the primary fails. */
	backoff->until_ms = now_ms + (pause_ms < late_ms ? pause_ms : late_ms);
}
