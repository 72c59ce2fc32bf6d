/*
 * limits: how much a queue takes, sends and waits for. Plain numbers, which may change while the queue runs.
 */
#ifndef ZONE_LIMITS_H
#define ZONE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct queue_limits {
	size_t waiters_max; /* of the zone; beyond them STATUS_FULL */
	size_t share_max;   /* waiters of one account; beyond them STATUS_FULL */
	size_t octets_max;  /* of a message, at most DNS_MESSAGE_MAX */
	size_t updates_max; /* UPDATE messages with the primary at a time, but for one that goes alone */
	size_t overlap_min; /* sets that have to wait before a second UPDATE goes while one is with the primary */
	/*
	 * Where half of the sets that may be expected is at least so many, a message takes no more than half of them.
	 * If the primary pauses, two of those may be with it, whatever updates_max is.
	 */
	size_t half_min, half_min_with_pause;
	/*
	 * Of the primary, before it begins another transaction: after each commit the next UPDATE waits for so long, or
	 * until the sets are there that may be expected, or half of them (half_min_with_pause). And while it is busy,
	 * it gets a message of nothing before each turn of a second. 0: none of this.
	 */
	unsigned commit_pause_ms;
	size_t confirms_max; /* messages of prerequisites at a time */
	size_t queries_max;  /* queries at a time */
	unsigned attempts_max;
	unsigned
		retry_pause_ms; /* before the second attempt; doubled for each further one, plus up to half by chance */
	unsigned deadline_ms;   /* from a request's arrival to its answer, the time before QUEUE_SUBMIT included */
	uint64_t seed;          /* random, for jitter */
};

#endif
