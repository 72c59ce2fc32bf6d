/*
 * A bucket is kept as the time at which it will be full again (the "generic cell rate algorithm"): each failure moves
 * that time on by what one token takes to come back, and a bucket is empty when the time lies a whole recovery ahead.
 */
#include "account/throttle.h"

#include <stdlib.h>

#include "base/table.h"

enum { PLACES = 4096 };

struct bucket {
	uint64_t key;
	uint64_t full_at_ms;
};

struct throttle {
	struct throttle_limits limits;
	struct bucket buckets[PLACES];
};

enum status throttle_new(const struct throttle_limits *limits, struct throttle **out)
{
	struct throttle *throttle = calloc(1, sizeof *throttle);

	if (!throttle)
		return STATUS_NO_MEMORY;
	throttle->limits = *limits;
	*out = throttle;
	return STATUS_OK;
}

void throttle_set_limits(struct throttle *throttle, const struct throttle_limits *limits)
{
	uint64_t seed = throttle->limits.seed;

	throttle->limits = *limits;
	throttle->limits.seed = seed;
}

void throttle_free(struct throttle **throttle)
{
	free(*throttle);
	*throttle = NULL;
}

static uint64_t key_of(const struct throttle *throttle, struct text login, const struct addr *source)
{
	size_t source_len = source->family == ADDR_V6 ? 8 : 4; /* a /64 is what one customer has */
	uint64_t value = table_hash(throttle->limits.seed, (struct text){(const char *)source->octets, source_len});

	return table_hash(value, login);
}

static uint64_t token_ms(const struct throttle *throttle)
{
	return (uint64_t)throttle->limits.recovery_s * 1000 / throttle->limits.failures_max;
}

unsigned throttle_wait_s(const struct throttle *throttle, struct text login, const struct addr *source, uint64_t now_ms)
{
	uint64_t key = key_of(throttle, login, source), free_at_ms;
	const struct bucket *bucket = &throttle->buckets[key % PLACES];

	if (throttle->limits.failures_max == 0 || bucket->key != key)
		return 0;
	/* One token is there as soon as the bucket lacks no more than all the others. */
	free_at_ms = bucket->full_at_ms - token_ms(throttle) * (throttle->limits.failures_max - 1);
	return free_at_ms > now_ms ? (unsigned)((free_at_ms - now_ms + 999) / 1000) : 0;
}

void throttle_failed(struct throttle *throttle, struct text login, const struct addr *source, uint64_t now_ms)
{
	uint64_t key = key_of(throttle, login, source);
	struct bucket *bucket = &throttle->buckets[key % PLACES];

	if (throttle->limits.failures_max == 0)
		return;
	if (bucket->key != key || bucket->full_at_ms < now_ms)
		*bucket = (struct bucket){key, now_ms};
	bucket->full_at_ms += token_ms(throttle);
}
