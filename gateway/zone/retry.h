/*
 * retry: how often a set goes to the primary again, how long the primary is left alone after it has failed, and what is
 * thought of it.
 *
 *   kind      what has happened                                 how often           when
 *   ATTEMPT   nothing believable came back, and no other        attempts_max, the   after a pause, which doubles; at
 *             primary is well; or what is rewritten was         first one included  once where a connection ended that
 *             not what had just been seen                                           had worked
 *   MOVE      nothing believable came back, or it does no       64                  at once, elsewhere
 *             such thing, and another primary is well
 *   FAILURE   the primary failed with it (SERVFAIL)             1; 16 if another    the message goes as it was: after
 *                                                               primary is well     a pause; elsewhere at once
 *   HALVING   it was rejected together with others              until it is alone   at once
 */
#ifndef ZONE_RETRY_H
#define ZONE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "zone/limits.h"

enum retry_kind { RETRY_ATTEMPT, RETRY_MOVE, RETRY_FAILURE, RETRY_HALVING, RETRY_KINDS };

/* How often each has happened to a set. */
struct tries {
	unsigned made[RETRY_KINDS];
};

/* After nothing believable came back. */
enum retry_way {
	RETRY_LATER, /* an attempt, after a pause */
	RETRY_NOW,   /* an attempt, at once */
	RETRY_ELSEWHERE,
};

struct retry {
	const struct queue_limits *limits;
	uint64_t jitter; /* the state of the generator; not 0 */
	/* UPDATEs that the primary failed with, in a row; and when no new one goes before, if it seems to be sick. */
	unsigned failures;
	uint64_t failed_at_ms, until_ms;
};

/* Whether one more is allowed. `has_well`: another primary is well. Not for halvings. */
bool retry_is_left(const struct retry *retry, const struct tries *tries, enum retry_kind kind, bool has_well);
/* By chance, less than `bound`. */
uint64_t retry_draw(struct retry *retry, uint64_t bound);
/* Before that attempt, of which the second is number 1. */
uint64_t retry_pause_ms(struct retry *retry, unsigned attempt);
/*
 * The primary failed with an UPDATE, for a reason that may be one of its sets. If it does so again and again, and
 * carries out nothing, it is taken for sick.
 */
void retry_note_failure(struct retry *retry, uint64_t now_ms);
void retry_note_commit(struct retry *retry);
bool retry_doubts_primary(const struct retry *retry); /* it may be sick: a few sets are to tell, before more are sent */
bool retry_holds_primary_sick(const struct retry *retry);
/* No other primary is well, so this one is left alone for a while. */
void retry_back_off(struct retry *retry, uint64_t now_ms);

#endif
