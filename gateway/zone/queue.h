/*
 * queue: which change sets of one zone go to the primary when, and how each ends. A pure state machine: events go in
 * with the time, actions come out; the driver (zones.h) does what they say.
 *
 * The happy path: QUEUE_SUBMIT gives QUEUE_SEND; QUEUE_REPLIED with NOERROR gives QUEUE_ANSWER with OUTCOME_CHANGED.
 * The others, per change set:
 *
 *   NXRRSET             with one prerequisite, it names what is missing; with two, a probe for one of them tells which
 *   any other rcode     OUTCOME_REFUSED, or OUTCOME_UNKNOWN if an earlier attempt may have been carried out
 *   a probe's end       OUTCOME_NO_RECORD with the type, or without it if the probe failed
 *   nothing was sent    sent again after a pause, attempts permitting; then OUTCOME_UNREACHABLE
 *   nothing believable  the same; then OUTCOME_UNKNOWN. Repeating is harmless: the same replacement twice is the same zone.
 *   deadline passed     OUTCOME_UNREACHABLE if it never left (and is withdrawn), else OUTCOME_UNKNOWN; what is in flight
 *                       keeps its place until its end
 *
 * Invariants: every set that was submitted is answered exactly once, at its deadline at the latest. Sets of one owner
 * are sent in the order of their arrival and never two at a time, also across repetitions. Never more than
 * `in_flight_max` messages are with the primary.
 */
#ifndef ZONE_QUEUE_H
#define ZONE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "dns/client.h"
#include "update/change.h"
#include "update/outcome.h"

struct queue;
struct queue_entry; /* a change set in the queue */

struct queue_limits {
	size_t entries_max;   /* sets waiting or in flight; beyond them STATUS_FULL */
	size_t in_flight_max; /* messages */
	unsigned attempts_max;
	unsigned retry_pause_ms; /* before the second attempt; doubled for each further one */
	unsigned deadline_ms;    /* from SUBMIT to the answer */
	uint64_t seed;           /* random, so that nobody can aim at collisions in the table of owners */
};

struct queue_event {
	enum {
		QUEUE_SUBMIT,  /* a change set arrives */
		QUEUE_REPLIED, /* a message that a SEND action asked for has come to its end */
		QUEUE_TICK,    /* time has passed */
	} kind;
	/* QUEUE_SUBMIT: the set, which is copied, and what its QUEUE_ANSWER is to carry. */
	const struct change_set *set;
	void *waiter;
	/* QUEUE_REPLIED: */
	struct queue_entry *message;
	const struct dns_result *result;
};

struct queue_action {
	enum {
		QUEUE_SEND, /* send `set` (only its prerequisites if `probe`) and report QUEUE_REPLIED with `message` */
		QUEUE_ANSWER, /* tell `waiter` its outcome */
	} kind;
	struct queue_entry *message;
	const struct change_set *set; /* valid until QUEUE_REPLIED with this message */
	bool probe;
	struct dns_ticket *ticket; /* valid as long */
	void *waiter;
	struct outcome outcome;
};

MUST_USE enum status queue_new(const struct queue_limits *limits, struct queue **out);

/* Frees the queue with all that is in it, unanswered; sets *queue to NULL. */
void queue_free(struct queue **queue);

/*
 * Takes one event at time `now_ms`, which never goes back. What is to be done then waits for queue_next_action().
 * Only QUEUE_SUBMIT can fail: STATUS_FULL or STATUS_NO_MEMORY; the set is then not in the queue and nobody will be
 * answered. All memory that an entry may ever need is taken when it is submitted.
 */
MUST_USE enum status queue_step(struct queue *queue, const struct queue_event *event, uint64_t now_ms);

/*
 * Takes the next action out, in the order in which they are to be done. False if there is none. Steps may come
 * between.
 */
bool queue_next_action(struct queue *queue, struct queue_action *out);

/* When QUEUE_TICK is due next; ENV_NEVER_MS if nothing waits for time. */
uint64_t queue_wake_at_ms(const struct queue *queue);

/* Sets whose waiter has not been answered yet. */
size_t queue_waiting(const struct queue *queue);

#endif
