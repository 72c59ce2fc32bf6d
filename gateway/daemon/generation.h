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
 * Making one, in steps that hold nobody up. First what takes long but needs nothing else than the configuration, and so
 * may be done on any thread. The configuration is taken, with or without success: *config becomes NULL. Of the world
 * only `loop` and `seed` are looked at. Any other status than STATUS_OK has been explained in `error`.
 */
MUST_USE enum status generation_prepare(const struct world *world, struct config **config, struct generation **out,
					char error[static GENERATION_ERROR_MAX]);

/*
 * Then, on the loop, what it has to do with others. `before` is the one in force, NULL at the start; it stays so until
 * zones_take_over() of the new one's zones.
 */
MUST_USE enum status generation_begin(struct generation *generation, struct world *world,
				      const struct generation *before);

/* Goes on with that for some milliseconds; *is_done: all is there. */
MUST_USE enum status generation_go_on(struct generation *generation, const struct world *world, bool *is_done);

/* Both, to the end. */
MUST_USE enum status generation_complete(struct generation *generation, struct world *world,
					 const struct generation *before);

/* From now on the server's requests go to it. */
void generation_serve(struct generation *generation, struct http_server *server);

/* How many primaries it has. */
size_t generation_primaries(const struct generation *generation);

/* Whether nothing of this generation is under way any more. */
bool generation_is_idle(const struct generation *generation);

/*
 * Frees it and sets *generation to NULL; *generation == NULL is allowed. It may be half made; else it must be idle,
 * unless it is the only one.
 */
void generation_free(struct generation **generation);

/*
 * The same while the daemon goes on, some milliseconds at a time: true, and *generation is NULL, when that was the last
 * step. What is nobody else's any more is freed on another thread, and its memory given back to the system.
 */
bool generation_retire(struct generation **generation, const struct env *env);

#endif
