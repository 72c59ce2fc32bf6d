/*
 * A bucket is stored as the time at which it will be full again (the "generic cell rate algorithm"). Each token that is
 * taken moves that time forward by the time that one token takes to come back. The bucket is empty when the time lies a
 * whole window ahead.
 *
 * Buckets of all kinds share one table. Each bucket may stand in one of a few places; if all are taken, the one that
 * will be full first is replaced. That one matters least, because a full bucket is the same as no bucket.
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

struct size {
	uint64_t tokens;   /* 0: no bound */
	uint64_t token_ms; /* the time after which one token comes back; at least 1 */
	uint64_t debt_ms;  /* how far below empty it may go */
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

/* ---- Buckets ---- */

static struct size size_of_window(uint64_t tokens, unsigned window_s, uint64_t capacity)
{
	uint64_t window_ms = window_s * (uint64_t)1000;

	if (tokens == 0)
		return (struct size){0, 0, 0};
	return (struct size){capacity, tokens < window_ms ? window_ms / tokens : 1, window_ms};
}

/* The wider kinds hold more tokens, but each token comes back as slowly as in the others. */
static struct size size_of(const struct throttle *throttle, enum kind kind)
{
	const struct throttle_limits *limits = &throttle->limits;

	switch (kind) {
	case FAILURES_OF_LOGIN_AT_SOURCE:
		return size_of_window(limits->failures_max, limits->recovery_s, limits->failures_max);
	case FAILURES_OF_SOURCE:
	case FAILURES_OF_LOGIN:
		return size_of_window(limits->failures_max, limits->recovery_s,
				      (uint64_t)limits->failures_max * THROTTLE_WIDE);
	case CHANGES_OF_LOGIN:
		return size_of_window(limits->changes_max, limits->changes_window_s, limits->changes_max);
	case CHANGES_OF_SOURCE:
		return size_of_window(limits->source_changes_max, limits->changes_window_s, limits->source_changes_max);
	}
	return (struct size){0, 0, 0};
}

/* Whose buckets they are. */
struct subject {
	struct text login;
	uint64_t stamp; /* of no account: 0 */
	const struct addr *source;
};

static uint64_t key_of_source(const struct throttle *throttle, enum kind kind, const struct subject *subject)
{
	uint64_t key = throttle->limits.seed + kind;

	if (kind == FAILURES_OF_LOGIN_AT_SOURCE)
		key ^= subject->stamp;
	if (kind != FAILURES_OF_LOGIN && kind != CHANGES_OF_LOGIN)
		key = table_hash(key, addr_customer(subject->source));
	if (kind != FAILURES_OF_SOURCE && kind != CHANGES_OF_SOURCE)
		key = table_hash(key, subject->login);
	return key;
}

/* Milliseconds until the bucket is full; 0: it is full now. */
static uint64_t lacks_ms(const struct throttle *throttle, enum kind kind, const struct subject *subject,
			 uint64_t now_ms)
{
	uint64_t key = key_of_source(throttle, kind, subject);
	const struct bucket *ways = throttle->buckets[key % SETS];

	for (size_t i = 0; i < WAYS; i++) {
		if (ways[i].key == key)
			return ways[i].full_at_ms > now_ms ? ways[i].full_at_ms - now_ms : 0;
	}
	return 0;
}

/* Milliseconds until the bucket holds at least one token; 0: it does now. */
static uint64_t wait_ms(const struct throttle *throttle, enum kind kind, const struct subject *subject, uint64_t now_ms)
{
	struct size size = size_of(throttle, kind);
	uint64_t lacking_ms;

	if (size.tokens == 0)
		return 0;
	lacking_ms = lacks_ms(throttle, kind, subject, now_ms);
	return lacking_ms > size.token_ms * (size.tokens - 1) ? lacking_ms - size.token_ms * (size.tokens - 1) : 0;
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

/* Takes a token. If there is none the bucket goes below empty, and the debt has to come back first. */
static void throttle_take(struct throttle *throttle, enum kind kind, const struct subject *subject, uint64_t now_ms)
{
	struct size size = size_of(throttle, kind);
	uint64_t latest_ms = now_ms + size.tokens * size.token_ms + size.debt_ms, key;
	struct bucket *bucket;

	if (size.tokens == 0)
		return;
	key = key_of_source(throttle, kind, subject);
	bucket = place_of(throttle, key);
	if (bucket->key != key || bucket->full_at_ms < now_ms)
		*bucket = (struct bucket){key, now_ms};
	bucket->full_at_ms += size.token_ms;
	if (bucket->full_at_ms > latest_ms)
		bucket->full_at_ms = latest_ms;
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

unsigned throttle_wait_s(const struct throttle *throttle, struct text login, uint64_t stamp, const struct addr *source,
			 uint64_t now_ms)
{
	struct subject subject = {login, stamp, source};

	return to_seconds(wait_ms(throttle, FAILURES_OF_LOGIN_AT_SOURCE, &subject, now_ms));
}

static uint64_t wide_wait_ms(const struct throttle *throttle, const struct subject *subject, uint64_t now_ms)
{
	return greater(wait_ms(throttle, FAILURES_OF_SOURCE, subject, now_ms),
		       wait_ms(throttle, FAILURES_OF_LOGIN, subject, now_ms));
}

/* How many failures still count; a token that has come back in part counts as one failure. */
static unsigned failures(const struct throttle *throttle, enum kind kind, const struct subject *subject,
			 uint64_t now_ms)
{
	struct size size = size_of(throttle, kind);

	if (size.tokens == 0)
		return 0;
	return (unsigned)((lacks_ms(throttle, kind, subject, now_ms) + size.token_ms - 1) / size.token_ms);
}

unsigned throttle_suspicion(const struct throttle *throttle, struct text login, const struct addr *source,
			    uint64_t now_ms)
{
	struct subject subject = {login, 0, source};
	unsigned of_source = failures(throttle, FAILURES_OF_SOURCE, &subject, now_ms);

	if (of_source < THROTTLE_SUSPECT && failures(throttle, FAILURES_OF_LOGIN, &subject, now_ms) < THROTTLE_SUSPECT)
		return 0;
	return 1 + of_source;
}

unsigned throttle_failed(struct throttle *throttle, struct text login, uint64_t stamp, const struct addr *source,
			 uint64_t now_ms)
{
	struct subject subject = {login, stamp, source};
	unsigned wait_s = to_seconds(wide_wait_ms(throttle, &subject, now_ms));

	throttle_take(throttle, FAILURES_OF_LOGIN_AT_SOURCE, &subject, now_ms);
	throttle_take(throttle, FAILURES_OF_SOURCE, &subject, now_ms);
	throttle_take(throttle, FAILURES_OF_LOGIN, &subject, now_ms);
	return wait_s;
}

/* ---- Changes ---- */

unsigned throttle_change_wait_s(const struct throttle *throttle, struct text login, const struct addr *source,
				uint64_t now_ms)
{
	struct subject subject = {login, 0, source};

	return to_seconds(greater(wait_ms(throttle, CHANGES_OF_LOGIN, &subject, now_ms),
				  wait_ms(throttle, CHANGES_OF_SOURCE, &subject, now_ms)));
}

void throttle_changed(struct throttle *throttle, struct text login, const struct addr *source, uint64_t now_ms)
{
	struct subject subject = {login, 0, source};

	throttle_take(throttle, CHANGES_OF_LOGIN, &subject, now_ms);
	throttle_take(throttle, CHANGES_OF_SOURCE, &subject, now_ms);
}
