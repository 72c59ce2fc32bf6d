/*
 * generation: what one configuration is made into, apart from the listeners. A reload makes a new one beside the one in
 * force; requests that are under way finish in that in which they began, and then it is freed.
 */
#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include <sys/queue.h>
#include <uv.h>

#include "account/store.h"
#include "account/throttle.h"
#include "account/verifier.h"
#include "admin/requests.h"
#include "base/env.h"
#include "config/config.h"
#include "daemon/transports.h"
#include "page/page.h"
#include "pipeline.h"
#include "store/state.h"
#include "zone/zones.h"

struct generation {
	struct config *config;
	struct plan_zone *plan_zones;
	struct transports *transports;
	struct zone_setup *zone_setups;
	struct plan_policy policy;
	struct account_store *store;
	struct account_store *sqlite; /* in `store`; NULL: there is no state store */
	struct state *state;          /* NULL: the same */
	struct zones *zones;
	struct pipeline *pipeline;
	struct page *page; /* NULL: no listener serves the account page */
	LIST_ENTRY(generation) link;
};

/* What all generations share; outlives them. */
struct generation_world {
	uv_loop_t *loop;
	const struct env *env;
	struct order *order;
	struct throttle *throttle;
	struct requests *requests;
	struct verifier *verifier;
	struct throttle *page_throttle; /* of logins at the account page: a mistyped password is not to hold up a key */
	struct sessions *sessions;
};

/*
 * Makes one of a configuration, which is taken, with or without success: *config becomes NULL. `before` is the one in
 * force, NULL at the start; it stays so until zones_take_over() of the new one's zones.
 */
MUST_USE enum status generation_new(const struct generation_world *world, struct config **config,
				    const struct generation *before, struct generation **out);

/* Takes a request: an http_handler_fn without the context. */
void generation_handle(struct generation *generation, struct http_exchange *exchange,
		       const struct http_request *request);

/* Whether nothing of it is under way any more. */
bool generation_is_idle(const struct generation *generation);

/* Sets *generation to NULL; NULL is allowed there. It must be idle, unless there is no other one. */
void generation_free(struct generation **generation);

#endif
