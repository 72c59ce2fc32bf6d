/*
 * zones: the driver of the queues. It carries out what they say with the clients of the zones' primaries, and feeds
 * back what comes of it.
 *
 * Zones with the same primary, and the same way to it, share its connections, of which each zone uses one at a time. A
 * zone with several primaries uses the first that is well (primary.h). If the one that was asked says nothing for half
 * of its time, the others are sent an UPDATE of nothing side by side, so that those which are not there cost the time
 * of one.
 *
 * The struct zones belongs to one configuration; see zones_succeed() for what follows it.
 */
#ifndef ZONE_ZONES_H
#define ZONE_ZONES_H

#include <stddef.h>

#include "base/env.h"
#include "base/histogram.h"
#include "base/name.h"
#include "base/outcome.h"
#include "base/peer.h"
#include "base/rr.h"
#include "base/status.h"
#include "dns/client.h"
#include "update/change.h"
#include "update/order.h"
#include "zone/memory.h"
#include "zone/primary.h"
#include "zone/queue.h"

struct zones;

/* One zone. It is copied; what it points to is borrowed and must outlive the zones. */
struct zone_setup {
	const struct name *name;
	const struct peer *primaries;
	size_t primary_count; /* at least 1 */
	const struct tsig_key *key;
	const struct transport_maker *maker; /* of connections to its primaries; NULL: the one for all zones */
	unsigned commit_pause_ms;            /* of its primaries, as in struct queue_limits */
};

/* What is going on in a zone, and what it has counted. */
struct zone_stats {
	size_t waiting;             /* waiters that are not answered yet */
	size_t in_flight;           /* messages of any kind that are with a primary */
	struct histogram batch;     /* change sets in each UPDATE that was sent */
	uint64_t queries, confirms; /* that were sent to look, and to confirm without a transaction */
};

typedef void zones_done_fn(void *waiter, const struct outcome *outcome);

/*
 * Makes queues and clients for `count` zones, whose indices are those of change sets. Every outcome goes to `done`. The
 * order of requests and the memory of all zones are borrowed, for this configuration and all that follow it.
 */
MUST_USE enum status zones_new(const struct env *env, struct order *order, struct memory *memory,
			       const struct transport_maker *maker, const struct dns_client_options *client_options,
			       const struct queue_limits *limits, const struct zone_setup *setups, size_t count,
			       zones_done_fn *done, struct zones **out);

/*
 * The same for the configuration that comes after `before`, which stays what it is until zones_take_over(). Zones that
 * are in both, by name, keep their queue and what they remember, and primaries that are in both their connection.
 */
MUST_USE enum status zones_succeed(const struct zones *before, const struct dns_client_options *client_options,
				   const struct queue_limits *limits, const struct zone_setup *setups, size_t count,
				   struct zones **out);

/*
 * The same two in parts, so that a hundred thousand zones hold nobody up:
 *
 *   zones_prepare               what needs nothing but the settings, on any thread; all configurations of a process
 *                               have one `seed`
 *   zones_begin, zones_follow   says what they are to work with: as zones_new(), and as zones_succeed()
 *   zones_adopt                 makes `count` zones more, or finds them in the configuration before, until *is_all
 *
 * Of these only zones_prepare() and zones_adopt() can fail, by STATUS_NO_MEMORY; then zones_free() is all that is left
 * to do. It may come at any time.
 */
MUST_USE enum status zones_prepare(uint64_t seed, const struct zone_setup *setups, size_t count, struct zones **out);
void zones_begin(struct zones *zones, const struct env *env, struct order *order, struct memory *memory,
		 const struct transport_maker *maker, const struct dns_client_options *client_options,
		 const struct queue_limits *limits, zones_done_fn *done);
void zones_follow(struct zones *zones, const struct zones *before, const struct dns_client_options *client_options,
		  const struct queue_limits *limits);
MUST_USE enum status zones_adopt(struct zones *zones, size_t count, bool *is_all);

/* Puts into force what zones_succeed() has made. Waiters of the zones before get their answers all the same. */
void zones_take_over(struct zones *zones);

/* Whether nothing is under way for this configuration, so that its keys are not needed any more. */
bool zones_are_idle(const struct zones *zones);

/*
 * The first part of zones_free(), which grows with their number: lets go of `count` zones more. Says if there are none
 * left. They must be idle.
 */
bool zones_release(struct zones *zones, size_t count);

/*
 * Frees what no other configuration has, whatever is still under way; sets *zones to NULL. No waiter is answered any
 * more. If there is another configuration, these must be idle and their waiters answered.
 */
void zones_free(struct zones **zones);

/*
 * Submits a change set, which is copied, to its zone's queue. done(waiter, outcome) comes exactly once, within the
 * queue's deadline; from within this call if the queue is full, memory is short, or the set came too late.
 */
void zones_submit(struct zones *zones, const struct change_set *set, void *waiter);

/*
 * Takes back a waiter that was submitted to that zone: it will not be answered. What has not left yet for it is not
 * sent any more.
 */
void zones_cancel(struct zones *zones, size_t zone, void *waiter);

const struct name *zones_name(const struct zones *zones, size_t zone);
void zones_stats(const struct zones *zones, size_t zone, struct zone_stats *out);

/* Whether a change set was submitted to it; else its stats are all 0. */
bool zones_is_active(const struct zones *zones, size_t zone);

/* Whether one of the zone's primaries is well, or none was tried yet. */
bool zones_is_well(const struct zones *zones, size_t zone);

/* The n-th primary of all zones, in the order in which they are first named; NULL behind the last. */
const struct primary *zones_primary(const struct zones *zones, size_t n);

/* What a record is now. Not `known`: nobody said so in time. `addrs` is valid until it returns. */
typedef void zones_seen_fn(void *ctx, bool known, const struct addr *addrs, size_t count);

/*
 * Asks a primary of the zone for the addresses that the owner has now, by a signed query, past the queue and without
 * changing anything. `type` is A or AAAA. seen() comes exactly once, within `patience_ms` or so, from
 * within the call if memory is short; never after zones_free().
 */
void zones_look(struct zones *zones, size_t zone, const struct name *owner, enum rr_type type, unsigned patience_ms,
		zones_seen_fn *seen, void *ctx);

#endif
