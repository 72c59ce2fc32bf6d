#include "zone/retry.h"

enum {
	DOUBTFUL_AFTER = 2, /* failures in a row */
	SICK_AFTER = 5,
	FORGOTTEN_AFTER_MS = 5000,
	ATTEMPT_MAX = 16,
	BACK_OFF_MAX = 4, /* as the pause before that attempt */
	DEADLINE_PARTS = 8,
};

bool retry_is_left(const struct retry *retry, const struct tries *tries, enum retry_kind kind, bool has_well)
{
	static const struct {
		unsigned max, max_with_well;
	} rules[] = {
		[RETRY_ATTEMPT] = {0, 0}, /* by the limits */
		[RETRY_MOVE] = {0, 64},
		[RETRY_FAILURE] = {1, 16},
	};
	unsigned max = has_well ? rules[kind].max_with_well : rules[kind].max;

	return tries->made[kind] < (kind == RETRY_ATTEMPT ? retry->limits->attempts_max : max);
}

uint64_t retry_draw(struct retry *retry, uint64_t bound)
{
	/* xorshift64 (Marsaglia 2003): chance enough to keep retries of many gateways apart. */
	retry->jitter ^= retry->jitter << 13;
	retry->jitter ^= retry->jitter >> 7;
	retry->jitter ^= retry->jitter << 17;
	return retry->jitter % bound;
}

uint64_t retry_pause_ms(struct retry *retry, unsigned attempt)
{
	uint64_t pause = (uint64_t)retry->limits->retry_pause_ms << (attempt > ATTEMPT_MAX ? ATTEMPT_MAX : attempt - 1);

	return pause + retry_draw(retry, pause / 2 + 1);
}

void retry_note_failure(struct retry *retry, uint64_t now_ms)
{
	if (now_ms - retry->failed_at_ms > FORGOTTEN_AFTER_MS)
		retry->failures = 0;
	retry->failures++;
	retry->failed_at_ms = now_ms;
}

void retry_note_commit(struct retry *retry)
{
	retry->failures = 0;
	retry->until_ms = 0;
}

bool retry_doubts_primary(const struct retry *retry)
{
	return retry->failures >= DOUBTFUL_AFTER;
}

bool retry_holds_primary_sick(const struct retry *retry)
{
	return retry->failures >= SICK_AFTER;
}

void retry_back_off(struct retry *retry, uint64_t now_ms)
{
	unsigned attempt = retry->failures < BACK_OFF_MAX ? retry->failures : BACK_OFF_MAX;
	uint64_t pause_ms = retry_pause_ms(retry, attempt ? attempt : 1);
	uint64_t late_ms = retry->limits->deadline_ms / DEADLINE_PARTS;

	/* Who waits is to hear in time that the primary fails. */
	retry->until_ms = now_ms + (pause_ms < late_ms ? pause_ms : late_ms);
}
