/*
 * queue: which change sets of one zone go to the primary when and together with which others, and how each ends.
 * Group commit as a pure state machine: events go in with the time, actions come out; the driver (zones.h) does what
 * they say.
 *
 * The way of a change set:
 *
 *   blocked    behind another set of its owner: the sets of one owner go one after the other, in the order in which
 *              their requests arrived
 *   look       unless memory has a hint, a query for each record tells what is there now; of a type that
 *              is not remembered always: whether anybody would find what is added, and what is older than it
 *   confirm    what is there seems to be what it is to become: a message of prerequisites alone asks the primary; then
 *              OUTCOME_UNCHANGED, without a transaction. What is not remembered is
 *              never taken for done (change_is_remembered())
 *   gathered   ready, but others of its request are still looked at: the sets of one request are to be one message
 *   update     everything that waits goes in one UPDATE, as far as it fits; a request goes into the next one as a whole
 *              if it does not; then OUTCOME_CHANGED. Of hundreds half goes, and the other half after that (beside it,
 *              if the primary pauses): while some are answered, the primary has others
 *
 * Replacing, removing, creating and rewriting with a prefix go the same way. They differ in what change_resolve() makes
 * of what is there, which also is the prerequisite of the UPDATE.
 *
 * But for gathering there is no waiting on purpose: the first set goes at once, and while a message is with the primary
 * the next one fills; and while the primary pauses after a commit, if it is one that does (commit_pause_ms).
 *
 * And where it does not go that way:
 *   - A set that waits is replaced by a later one for the same records on the same conditions; both waiters get the
 *     answer of the later one. Single records that are added or taken out are not: each is wanted.
 *   - A set whose request took long to be looked up goes before those that arrived after it, but for one that is on its
 *     way already. If what was carried out (or may have been) for a later one makes it too late (update/order.h),
 *     before it was submitted or while it waited for its turn: OUTCOME_OVERTAKEN.
 *   - Behind a delegation or a DNAME nothing is made that nobody would find: OUTCOME_NO_RECORD.
 *   - What is to be rewritten (by a prefix, a rotation) and cannot be read stays as it is: OUTCOME_REFUSED. Any other
 *     set goes into an UPDATE even if the primary does not tell what is there.
 *   - By way of a forwarder, as a secondary may be one, queries see a copy that lags behind. A record that is missing
 *     there may well exist: what is to replace it goes into an UPDATE alone, of which the primary decides. So it does
 *     while nobody knows, because no UPDATE has had a reply by that way yet.
 *   - A record that is not what it was known to be: its set is looked at (again), and if that does not help, goes
 *     whatever the record is; a prefix, which cannot, is tried again, attempts permitting. Before that a probe, which
 *     no wildcard answers, tells whether there is a record at all.
 *   - A hint that was wrong spoils a message of many. So for a while hints are not relied on: all is looked at, until
 *     enough of the looks have found what the hint said, or could not tell.
 *   - A message with one set that is rejected is that set's failure: OUTCOME_NO_RECORD after NXRRSET (with two
 *     prerequisites a probe of one tells which), and after YXRRSET if nothing had to exist (the owner is an alias,
 *     beside which nothing can be), else OUTCOME_REFUSED.
 *   - A message with several sets that is rejected is taken apart: sets that were not looked at yet are, the others
 *     are halved until the culprits are found; the rest commits. Owners found out in that way go alone for a while.
 *   - A fault of the whole message (BADSIG, BADTIME, BADVERS, an unsigned error) is every set's failure.
 *     NOTAUTH and BADKEY are not taken for one: Knot says so when its policy is against one set.
 *   - Nothing sent, or nothing believable back: at once again if a primary is well, which is no attempt; else after a
 *     pause, attempts permitting; then OUTCOME_UNREACHABLE, or OUTCOME_UNKNOWN once an UPDATE with the set may have
 *     left. Repeating is harmless: the same replacement twice is the same zone.
 *   - What may have been carried out is looked at before it is sent again, wherever that is, and goes with what was
 *     found as its prerequisite. Where nobody tells, it goes to no other primary than the one that may have done it.
 *   - The primary fails (SERVFAIL, or does no updates: NOTIMP): at once again if another one is well (RFC 2136 section
 *     4). Else a message with which it failed goes once more as it was, after a pause; then it is OUTCOME_REFUSED, or
 *     taken apart. If UPDATEs fail one after the other and none is carried out, the primary may be sick: then a single
 *     set is tried before others go on, new UPDATEs wait for a moment, and after a few such trials all are answered.
 *   - At a waiter's deadline it is answered in the same way; a set in flight keeps its place until its reply, so that
 *     nothing overtakes it.
 *
 * Invariants: every waiter is answered exactly once, at its deadline at the latest, unless it is cancelled.
 * OUTCOME_CHANGED, OUTCOME_UNCHANGED, OUTCOME_REFUSED only on the primary's verified word; OUTCOME_UNREACHABLE only if
 * nothing was sent, or only messages that were rejected, signed. Else OUTCOME_REFUSED_UNSIGNED, OUTCOME_UNKNOWN. Never
 * are two sets of one owner with the primary.
 *
 * A set whose prerequisites failed may have been carried out by an earlier copy of its message, if it does away with
 * them: what the zone holds then decides.
 */
#ifndef ZONE_QUEUE_H
#define ZONE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/status.h"
#include "dns/client.h"
#include "update/change.h"
#include "update/order.h"
#include "zone/limits.h"
#include "zone/memory.h"

struct queue;
struct queue_message; /* a message with the primary */

struct queue_event {
	enum {
		QUEUE_SUBMIT,  /* a change set arrives; after one with `more` the next one at once */
		QUEUE_CANCEL,  /* a waiter is gone */
		QUEUE_REPLIED, /* a message that QUEUE_SEND asked for has come to its end */
		QUEUE_TICK,    /* time has passed */
	} kind;
	const struct change_set *set; /* QUEUE_SUBMIT; copied */
	void *waiter; /* QUEUE_SUBMIT, QUEUE_CANCEL: what the answer is to carry; no two waiters are the same */
	struct queue_message *message;   /* QUEUE_REPLIED */
	const struct dns_result *result; /* QUEUE_REPLIED */
	/*
	 * QUEUE_REPLIED, if the primary did not carry it out for reasons of its own: there is one that is well, which a
	 * message that is sent now would go to; or it is only another message that broke the connection.
	 */
	bool has_well;
	const void *primary; /* QUEUE_REPLIED: which one it was, where the zone has several; else NULL */
	uint64_t wall_ms;    /* QUEUE_REPLIED: the time since 1970 */
};

struct queue_action {
	enum {
		QUEUE_SEND,   /* send the message and report QUEUE_REPLIED */
		QUEUE_ANSWER, /* tell `waiter` its outcome */
	} kind;
	/* QUEUE_SEND: all valid until QUEUE_REPLIED with this message. A request of DNS_NOTHING has no sets. */
	struct queue_message *message;
	struct dns_request request;
	struct dns_ticket *ticket;
	const void *only_to; /* the `primary` of an event: it must go to that one, if it is still there; NULL: to any */
	/* QUEUE_ANSWER: */
	void *waiter;
	struct outcome outcome;
};

/* A queue for the zone of that name, which is borrowed; so are the order of requests and the memory. */
MUST_USE enum status queue_new(const struct name *zone, struct order *order, struct memory *memory,
			       const struct queue_limits *limits, struct queue **out);

/*
 * Limits for what comes from now on, which may go to other primaries. What was taken in stays; the seed is that of
 * queue_new().
 */
void queue_set_limits(struct queue *queue, const struct queue_limits *limits);

/* Frees the queue with all that is in it, unanswered; sets *queue to NULL. */
void queue_free(struct queue **queue);

/*
 * Takes one event at time `now_ms`, which never goes back. What is to be done then waits for queue_next_action().
 * Only QUEUE_SUBMIT can fail: STATUS_FULL, STATUS_NO_MEMORY, STATUS_OVERTAKEN; the set is then not in the queue and
 * its waiter will not be answered. After a set that has `more` nothing is sent until one without it was submitted,
 * even if that failed. All memory that a set may ever need is taken when it is submitted. A cancelled waiter is not
 * answered; what was in flight for it stays in flight.
 */
MUST_USE enum status queue_step(struct queue *queue, const struct queue_event *event, uint64_t now_ms);

/*
 * Takes the next action out, in the order in which they are to be done. False if there is none. Steps may come
 * between.
 */
bool queue_next_action(struct queue *queue, struct queue_action *out);

/* When QUEUE_TICK is due next; ENV_NEVER_MS if nothing waits for time. */
uint64_t queue_wake_at_ms(const struct queue *queue);

/* Waiters that are not answered yet. */
size_t queue_waiting(const struct queue *queue);

#endif
