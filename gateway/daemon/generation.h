/*
 * generation: what one configuration is made into, apart from the listeners. A reload makes a new one beside the one in
 * force; requests that are under way finish in that in which they began, and then it is freed.
 */
#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "account/store.h"
#include "config/config.h"
#include "daemon/transports.h"
#include "daemon/world.h"
#include "http/server.h"
#include "page/page.h"
#include "pipeline.h"
#include "store/state.h"
#include "zone/zones.h"

enum { GENERATION_ERROR_MAX = 256 };

struct generation {
	struct config *config;
	struct plan_zone *plan_zones;
	struct transports *transports;
	struct zone_setup *zone_setups;
	struct plan_policy policy;
	struct account_store *store;
	struct account_store *sqlite; /* part of `store`; NULL: there is no state store */
	struct state *state;          /* NULL: the same */
	struct zones *zones;
	struct pipeline *pipeline;
	struct page *page; /* NULL: no listener serves the account page */
	LIST_ENTRY(generation) link;
};

/*
 * The first half of making one: what takes long, but needs nothing else than the configuration, and so may be done on
 * any thread. The configuration is taken, with or without success: *config becomes NULL. `loop` is borrowed. Any other
 * status than STATUS_OK has been explained in `error`.
 */
MUST_USE enum status generation_prepare(uv_loop_t *loop, struct config **config, struct generation **out,
					char error[static GENERATION_ERROR_MAX]);

/*
 * The other half, on the loop. `before` is the one in force, NULL at the start; it stays so until zones_take_over() of
 * the new one's zones. After a failure the generation can only be freed.
 */
MUST_USE enum status generation_complete(struct generation *generation, struct world *world,
					 const struct generation *before);

/* From now on the server's requests go to it. */
void generation_serve(struct generation *generation, struct http_server *server);

/* How many primaries it has. */
size_t generation_primaries(const struct generation *generation);

/* Whether nothing of this generation is under way any more. */
bool generation_is_idle(const struct generation *generation);

/* Frees it and sets *generation to NULL; *generation == NULL is allowed. It must be idle, unless it is the only one. */
void generation_free(struct generation **generation);

/*
 * The same while the daemon goes on: what takes long, and is nobody else's any more, is freed on another thread, and
 * its memory given back to the system.
 */
void generation_retire(struct generation **generation, const struct env *env);

#endif
