/*
 * backoff: how long the primary is left alone after it has failed, and what is thought of it.
 */
#ifndef ZONE_BACKOFF_H
#define ZONE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "zone/limits.h"

struct backoff {
	const struct queue_limits *limits;
	uint64_t jitter; /* the state of the generator; not 0 */
	/* UPDATEs that the primary failed with, in a row; and when no new one goes before, if it seems to be sick. */
	unsigned failures;
	uint64_t failed_at_ms, until_ms;
};

/* By chance, less than `bound`. */
uint64_t backoff_draw(struct backoff *backoff, uint64_t bound);
/* Before that attempt, of which the second is number 1. */
uint64_t backoff_pause_ms(struct backoff *backoff, unsigned attempt);
/*
 * The primary failed with an UPDATE, for a reason that may be one of its sets. If it does so again and again, and
 * carries out nothing, it is taken for sick.
 */
void backoff_note_failure(struct backoff *backoff, uint64_t now_ms);
void backoff_note_commit(struct backoff *backoff);
bool backoff_is_doubtful(
	const struct backoff *backoff); /* it may be sick: a few sets are to tell, before more are sent */
bool backoff_is_sick(const struct backoff *backoff);
/* No other primary is well, so this one is left alone for a while. */
void backoff_begin(struct backoff *backoff, uint64_t now_ms);

#endif
