/*
 * world: what outlives every configuration, and is shared by all generations: the order of requests, what is remembered
 * of records, who has failed too often, who is logged in, and what has been counted.
 */
#ifndef DAEMON_WORLD_H
#define DAEMON_WORLD_H

#include <stdint.h>
#include <uv.h>

#include "account/record.h"
#include "account/throttle.h"
#include "account/verifier.h"
#include "admin/requests.h"
#include "base/env.h"
#include "config/config.h"
#include "dns/client.h"
#include "page/page.h"
#include "update/order.h"
#include "zone/memory.h"

struct world {
	uv_loop_t *loop;       /* borrowed */
	const struct env *env; /* borrowed */
	uint64_t seed;         /* of the hashes of zones */
	struct order *order;
	struct memory *memory; /* of what records are, for all zones */
	struct throttle *throttle;
	struct throttle *page_throttle; /* of logins at the account page: a mistyped password is not to hold up a key */
	struct sessions *sessions;
	struct requests *requests;
	struct verifier *verifier;
	struct dns_budget *spare_connections; /* to all primaries, but for the first one to each */
	struct record_stats history;          /* what became of records for it */
};

/* Makes all of it, with the limits of that configuration. world_fini() is to come also after a failure. */
MUST_USE enum status world_init(struct world *world, uv_loop_t *loop, const struct env *env,
				const struct config *config);

/* From now on the limits are those of that configuration. */
void world_set_limits(struct world *world, const struct config *config);

/* After the last generation. Allowed on a zeroed struct. */
void world_fini(struct world *world);

#endif
