/*
 * message: what goes into a message to the primary, and when that goes.
 */
#ifndef ZONE_MESSAGE_H
#define ZONE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/name.h"
#include "zone/entry.h"
#include "zone/limits.h"
#include "zone/retry.h"

STAILQ_HEAD(message_list, queue_message);

/* What goes to and fro between a queue and its primary, and the entries that it is made of. */
struct traffic {
	const struct name *zone;
	const struct queue_limits *limits;
	struct entries entries;
	struct retry retry;
	struct message_list sends; /* to be sent, until the driver takes them */
	/* Of messages that were taken apart, or that go once more; and those that wait for a moment before they do. */
	struct message_list parts, parts_later;
	/*
	 * Sets that may be expected since the last commit: those that were with the primary or waited then, and those
	 * that were answered, from clients that always want something. If the primary pauses, it begins nothing before
	 * that time, so what comes until then may as well gather here, up to so many.
	 */
	size_t expected;
	uint64_t pause_until_ms;
	/* Shortly before the next second of the wall clock begins: a busy primary is to have something to do then. */
	uint64_t turn_at_ms;
	struct queue_message hold; /* the UPDATE that changes nothing, for that moment; in use while `holds` is 1 */
	/*
	 * What the last UPDATE has shown that got a signed reply, if any has, and by which primary: whether somebody
	 * between gives UPDATEs IDs of its own, most likely a secondary, whose copy of the zone may be late.
	 */
	bool way_is_known, is_forwarded;
	const void *way;
	bool part_committed; /* one of them has, so that those that do not are culprits, and not the primary */
	size_t updates, lone_updates, confirms, queries, holds; /* with the primary */
	size_t sets_sent, parts_sent;                           /* in `updates`; of these */
};

/* Makes the lists. All else is set by its owner; zero is fine where it says nothing else. */
void messages_init(struct traffic *traffic);

/* Sends all that may go now. */
void messages_send(struct traffic *traffic, uint64_t now_ms);
/* The next message to be sent; NULL if there is none. */
struct queue_message *messages_next(struct traffic *traffic);
/* When time alone makes some of them go; ENV_NEVER_MS: never. */
uint64_t messages_wake_at_ms(const struct traffic *traffic);
/*
 * The primary has committed; both clocks are of the same moment. What went alone begins no pause: many such, one after
 * the other, would keep the others waiting for as long.
 */
void messages_note_commit(struct traffic *traffic, const struct queue_message *committed, uint64_t now_ms,
			  uint64_t wall_ms);
/*
 * A list of suspects, by next_in_message, is to be a message, at once if `not_before_ms` is 0. `held_back`: those of
 * which it is a sample, or NULL.
 */
void message_make_part(struct traffic *traffic, struct queue_entry *first, struct queue_entry *held_back,
		       uint64_t not_before_ms);
/* A message that has not left is taken back once nobody in it waits any more. */
void message_withdraw_if_unwanted(struct queue_message *message);
/* It is not with the primary any more. */
void message_came_back(struct traffic *traffic, const struct queue_message *message);

#endif
