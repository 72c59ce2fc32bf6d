/*
 * servers: the two HTTP servers: that of clients, and that of administrators. What a configuration says of them comes
 * into force for both or for neither.
 */
#ifndef DAEMON_SERVERS_H
#define DAEMON_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "admin/admin.h"
#include "base/env.h"
#include "base/status.h"
#include "daemon/generation.h"
#include "dns/client.h"
#include "http/server.h"

struct servers {
	struct http_server *clients;
	struct http_server *administrators;
	struct admin *admin;
	struct dns_budget *spare_connections; /* borrowed */
};

/* What the admin listener tells of. All is borrowed. */
struct servers_parts {
	uv_loop_t *loop;
	const struct env *env;
	const struct requests *requests;
	const struct record_stats *history;
	const struct turns *turns; /* of the loop */
	const char *version;
	const bool *draining;
	struct dns_budget *spare_connections; /* to primaries: is told how many there may be */
};

/* Makes both, without listeners. servers_fini() is to come also after a failure. */
MUST_USE enum status servers_init(struct servers *servers, const struct servers_parts *parts,
				  const struct generation *generation);

/*
 * Opens, keeps and closes listeners as a configuration wants it, and bounds their connections so that `primaries`, the
 * number of all that there are, get theirs. Any other status than STATUS_OK has been logged; those of `before`, the
 * configuration in force, are then as they were. NULL: this is the start, and sockets that systemd has opened are used.
 */
MUST_USE enum status servers_configure(struct servers *servers, const struct config *config,
				       const struct config *before, size_t primaries);

/* From now on requests go to that generation, and what administrators see is of it. */
void servers_turn_to(struct servers *servers, struct generation *generation);

/* The number of primaries has changed: clients may have more connections, or fewer. */
void servers_bound(struct servers *servers, const struct config *config, size_t primaries);

/* Nothing may be under way any more. The loop must run once more afterwards. Allowed on a zeroed struct. */
void servers_fini(struct servers *servers);

#endif
