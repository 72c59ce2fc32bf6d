/*
 * throttle: who has failed to authenticate too often. One token bucket per login and source (an IPv4 address, an IPv6
 * /64), so that guessing gets slow, while nobody can lock a login out for others, nor an address for other logins.
 * Pure; the space is fixed, a flood of new pairs pushes out old ones.
 */
#ifndef ACCOUNT_THROTTLE_H
#define ACCOUNT_THROTTLE_H

#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"
#include "base/text.h"

struct throttle;

struct throttle_limits {
	unsigned failures_max; /* in a row; 0: no bound */
	unsigned recovery_s;   /* in which a bucket that is empty fills up again */
	uint64_t seed;         /* random, so that nobody can aim at another pair's place */
};

MUST_USE enum status throttle_new(const struct throttle_limits *limits, struct throttle **out);

/* Bounds from now on; failures that were counted stay. The seed is that of throttle_new(). */
void throttle_set_limits(struct throttle *throttle, const struct throttle_limits *limits);

/* Frees it and sets *throttle to NULL. */
void throttle_free(struct throttle **throttle);

/* Seconds, at least 1, that this login has to wait at this source; 0 if it may try. */
unsigned throttle_wait_s(const struct throttle *throttle, struct text login, const struct addr *source,
			 uint64_t now_ms);

/* Counts a failed attempt. */
void throttle_failed(struct throttle *throttle, struct text login, const struct addr *source, uint64_t now_ms);

#endif
