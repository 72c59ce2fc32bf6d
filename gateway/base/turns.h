/*
 * turns: how long the turns of the event loop are: the time in which it does one thing after the other and hears of
 * nothing new. Who asks meanwhile waits so long.
 */
#ifndef BASE_TURNS_H
#define BASE_TURNS_H

#include <stdint.h>

#include "base/histogram.h"

enum { TURNS_WINDOW_MS = 60 * 1000 };

struct turns {
	struct histogram took_us;
	uint64_t window_ms;                     /* when the present window began */
	uint64_t longest_us, longest_before_us; /* in it, and in the one before */
};

void turns_init(struct turns *turns);

/* One turn took so long; `now_ms` is of the clock that never jumps. */
void turns_add(struct turns *turns, uint64_t took_us, uint64_t now_ms);

/* The longest of the last minute, and up to a minute more: whoever asks at least once a minute misses none. */
uint64_t turns_longest_us(const struct turns *turns, uint64_t now_ms);

#endif
