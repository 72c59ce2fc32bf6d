/*
 * throttle: who has failed to authenticate too often, and who changes too much. Token buckets. A source is an IPv4
 * address or an IPv6 /64, which is what one customer has.
 *
 * Failures are counted three times: for the login at this source, for the source, and for the login. Only the first of
 * these locks: when it is empty, not even the right key helps for a while. When one of the others is empty, the right
 * key opens as ever, so that nobody can lock a login out for others, nor an address for other logins; but whoever fails
 * there is told to wait and nothing else. Long before that, after a few failures, it is a suspect, whom a verifier
 * serves last, and the later the more its source has failed.
 *
 * What locks is counted for the login as it was: `stamp` stands for all that opens it (account_stamp(), 0 if there is
 * no such account). So a lock is over when it gets another key, or is there again after a configuration without it, and
 * counts again when that is taken back.
 *
 * Pure. The space is fixed; a flood of new sources pushes out those that have failed least.
 */
#ifndef ACCOUNT_THROTTLE_H
#define ACCOUNT_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"
#include "base/text.h"

struct throttle;

enum {
	THROTTLE_WIDE =
		10, /* how many times more the wider buckets for failures hold than that of a login at a source */
	THROTTLE_SUSPECT = 4,
};

struct throttle_limits {
	unsigned failures_max;       /* in a row, of a login at a source; 0: no bound */
	unsigned recovery_s;         /* in which a bucket that is empty fills up again */
	unsigned changes_max;        /* committed changes of a login in a window; 0: no bound */
	unsigned source_changes_max; /* the same of a source */
	unsigned changes_window_s;
	uint64_t seed; /* random, so that nobody can choose inputs that push a certain bucket out of the table */
};

MUST_USE enum status throttle_new(const struct throttle_limits *limits, struct throttle **out);

/* Bounds from now on; failures that were counted stay. The seed is that of throttle_new(). */
void throttle_set_limits(struct throttle *throttle, const struct throttle_limits *limits);

/* Frees it and sets *throttle to NULL. */
void throttle_free(struct throttle **throttle);

/* Seconds, at least 1, that this login has to wait at this source; 0 if it may try. */
unsigned throttle_wait_s(const struct throttle *throttle, struct text login, uint64_t stamp, const struct addr *source,
			 uint64_t now_ms);

/*
 * 0 unless there were THROTTLE_SUSPECT failures or more of the login anywhere, or of any logins at this source. (That
 * is fewer than it takes to be told to wait.) Else 1 plus the failures of the source, so that the owner of a login, who
 * comes from a source without failures, ranks before those who guess at it from elsewhere.
 */
unsigned throttle_suspicion(const struct throttle *throttle, struct text login, const struct addr *source,
			    uint64_t now_ms);

/*
 * Counts a failed attempt. Returns 0 if the client may be told why it failed; else the seconds that it has to wait, and
 * then it must be told nothing else.
 */
unsigned throttle_failed(struct throttle *throttle, struct text login, uint64_t stamp, const struct addr *source,
			 uint64_t now_ms);

/* Seconds, at least 1, until this login may change something from this source; 0 if it may now. */
unsigned throttle_change_wait_s(const struct throttle *throttle, struct text login, const struct addr *source,
				uint64_t now_ms);

/* Counts a committed change. Changes that were under way already may go beyond the bucket; they become a debt. */
void throttle_changed(struct throttle *throttle, struct text login, const struct addr *source, uint64_t now_ms);

#endif
