#include "base/turns.h"

void turns_init(struct turns *turns)
{
	static const uint32_t bounds[] = {100,   200,   500,    1000,   2000,   5000,    10000,
					  20000, 50000, 100000, 200000, 500000, 1000000, 5000000};

	*turns = (struct turns){0};
	histogram_init(&turns->took_us, bounds, sizeof bounds / sizeof *bounds);
}

/* A window is over after its minute; one that nobody has added to since is as good as empty. */
static void turn_windows(struct turns *turns, uint64_t now_ms)
{
	uint64_t age_ms = now_ms - turns->window_ms;

	if (age_ms < TURNS_WINDOW_MS)
		return;
	turns->longest_before_us = age_ms < 2 * (uint64_t)TURNS_WINDOW_MS ? turns->longest_us : 0;
	turns->longest_us = 0;
	turns->window_ms = now_ms;
}

void turns_add(struct turns *turns, uint64_t took_us, uint64_t now_ms)
{
	histogram_add(&turns->took_us, took_us);
	turn_windows(turns, now_ms);
	if (took_us > turns->longest_us)
		turns->longest_us = took_us;
}

uint64_t turns_longest_us(const struct turns *turns, uint64_t now_ms)
{
	struct turns now = *turns;

	turn_windows(&now, now_ms);
	return now.longest_us > now.longest_before_us ? now.longest_us : now.longest_before_us;
}
