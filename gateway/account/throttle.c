/*
 * A bucket is kept as the time at which it will be full again (the "generic cell rate algorithm"): each token taken
 * moves that time on by what one token takes to come back, and a bucket is empty when the time lies a whole window
 * ahead.
 *
 * Buckets of all kinds share one table. Each may stand in one of a few places; the one that is full the soonest gives
 * way, which is the one of least importance: a full bucket is as good as none.
 */
#include "account/throttle.h"

#include <stdlib.h>

#include "base/table.h"

enum {
	WAYS = 4,
	SETS = 16384, /* 1 MiB: 65,536 buckets */
};

/* What a bucket counts; part of its key, so that one name has one of each. */
enum kind {
	FAILURES_OF_LOGIN_AT_SOURCE = 1,
	FAILURES_OF_SOURCE,
	FAILURES_OF_LOGIN,
	CHANGES_OF_LOGIN,
	CHANGES_OF_SOURCE,
};

struct bucket {
	uint64_t key;
	uint64_t full_at_ms;
};

struct throttle {
	struct throttle_limits limits;
	struct bucket buckets[SETS][WAYS];
};

/* How many tokens, and how long an empty bucket takes to fill; 0 tokens: no bound. */
struct size {
	uint64_t tokens;
	uint64_t window_ms;
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

void throttle_free(struct throttle **throttle)
{
	free(*throttle);
	*throttle = NULL;
}

/* ---- Buckets ---- */

static struct size size_of(const struct throttle *throttle, enum kind kind)
{
	const struct throttle_limits *limits = &throttle->limits;

	switch (kind) {
	case FAILURES_OF_LOGIN_AT_SOURCE:
		return (struct size){limits->failures_max, (uint64_t)limits->recovery_s * 1000};
	case FAILURES_OF_SOURCE:
	case FAILURES_OF_LOGIN:
		return (struct size){(uint64_t)limits->failures_max * THROTTLE_WIDE,
				     (uint64_t)limits->recovery_s * 1000};
	case CHANGES_OF_LOGIN:
		return (struct size){limits->changes_max, (uint64_t)limits->changes_window_s * 1000};
	case CHANGES_OF_SOURCE:
		return (struct size){limits->source_changes_max, (uint64_t)limits->changes_window_s * 1000};
	}
	return (struct size){0, 0};
}

static uint64_t key_of(const struct throttle *throttle, enum kind kind, struct text login, const struct addr *source)
{
	size_t source_len = source->family == ADDR_V6 ? 8 : 4; /* a /64 is what one customer has */
	uint64_t key = throttle->limits.seed + kind;

	if (kind != FAILURES_OF_LOGIN && kind != CHANGES_OF_LOGIN)
		key = table_hash(key, (struct text){(const char *)source->octets, source_len});
	if (kind != FAILURES_OF_SOURCE && kind != CHANGES_OF_SOURCE)
		key = table_hash(key, login);
	return key;
}

/* Milliseconds until there is a token in the bucket; 0: there is one. */
static uint64_t wait_ms(const struct throttle *throttle, enum kind kind, struct text login, const struct addr *source,
			uint64_t now_ms)
{
	struct size size = size_of(throttle, kind);
	uint64_t key, free_at_ms;
	const struct bucket *ways;

	if (size.tokens == 0)
		return 0;
	key = key_of(throttle, kind, login, source);
	ways = throttle->buckets[key % SETS];
	for (size_t i = 0; i < WAYS; i++) {
		if (ways[i].key != key)
			continue;
		/* One token is there as soon as the bucket lacks no more than all the others. */
		free_at_ms = now_ms + size.window_ms / size.tokens * (size.tokens - 1);
		return ways[i].full_at_ms > free_at_ms ? ways[i].full_at_ms - free_at_ms : 0;
	}
	return 0;
}

static struct bucket *place_of(struct throttle *throttle, uint64_t key)
{
	struct bucket *ways = throttle->buckets[key % SETS], *least = ways;

	for (size_t i = 0; i < WAYS; i++) {
		if (ways[i].key == key)
			return &ways[i];
		if (ways[i].full_at_ms < least->full_at_ms)
			least = &ways[i];
	}
	return least;
}

/* Takes a token, also one that is not there: it is then owed, up to one window. */
static void take(struct throttle *throttle, enum kind kind, struct text login, const struct addr *source,
		 uint64_t now_ms)
{
	struct size size = size_of(throttle, kind);
	struct bucket *bucket;
	uint64_t key;

	if (size.tokens == 0)
		return;
	key = key_of(throttle, kind, login, source);
	bucket = place_of(throttle, key);
	if (bucket->key != key || bucket->full_at_ms < now_ms)
		*bucket = (struct bucket){key, now_ms};
	bucket->full_at_ms += size.window_ms / size.tokens;
	if (bucket->full_at_ms > now_ms + 2 * size.window_ms)
		bucket->full_at_ms = now_ms + 2 * size.window_ms;
}

static unsigned to_seconds(uint64_t ms)
{
	return (unsigned)((ms + 999) / 1000);
}

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- Failures ---- */

unsigned throttle_wait_s(const struct throttle *throttle, struct text login, const struct addr *source, uint64_t now_ms)
{
	return to_seconds(wait_ms(throttle, FAILURES_OF_LOGIN_AT_SOURCE, login, source, now_ms));
}

static uint64_t wide_wait_ms(const struct throttle *throttle, struct text login, const struct addr *source,
			     uint64_t now_ms)
{
	return greater(wait_ms(throttle, FAILURES_OF_SOURCE, login, source, now_ms),
		       wait_ms(throttle, FAILURES_OF_LOGIN, login, source, now_ms));
}

bool throttle_suspects(const struct throttle *throttle, struct text login, const struct addr *source, uint64_t now_ms)
{
	return wide_wait_ms(throttle, login, source, now_ms) > 0;
}

unsigned throttle_failed(struct throttle *throttle, struct text login, const struct addr *source, uint64_t now_ms)
{
	unsigned wait_s = to_seconds(wide_wait_ms(throttle, login, source, now_ms));

	take(throttle, FAILURES_OF_LOGIN_AT_SOURCE, login, source, now_ms);
	take(throttle, FAILURES_OF_SOURCE, login, source, now_ms);
	take(throttle, FAILURES_OF_LOGIN, login, source, now_ms);
	return wait_s;
}

/* ---- Changes ---- */

unsigned throttle_change_wait_s(const struct throttle *throttle, struct text login, const struct addr *source,
				uint64_t now_ms)
{
	return to_seconds(greater(wait_ms(throttle, CHANGES_OF_LOGIN, login, source, now_ms),
				  wait_ms(throttle, CHANGES_OF_SOURCE, login, source, now_ms)));
}

void throttle_changed(struct throttle *throttle, struct text login, const struct addr *source, uint64_t now_ms)
{
	take(throttle, CHANGES_OF_LOGIN, login, source, now_ms);
	take(throttle, CHANGES_OF_SOURCE, login, source, now_ms);
}
