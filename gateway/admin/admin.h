/*
 * admin: what the admin listener answers.
 *
 *   GET /metrics          the counters, see metrics.h
 *   GET /healthz          200 as long as the loop runs
 *   GET /readyz           200 if updates can be taken: 503 while it drains, or when no zone has a primary that is well
 *   GET /log              the log level
 *   PUT /log?level=debug  changes it. Only by PUT, which no web page can send to another site without asking first
 *                         (OPTIONS, which allows nothing of the kind here); and only if `Host` names this listener, so
 *                         that a page whose name has just been given this address (DNS rebinding) counts as another
 *                         site
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <stdbool.h>

#include "admin/metrics.h"
#include "base/addr.h"
#include "base/peer.h"
#include "base/status.h"
#include "http/message.h"

struct http_exchange;
struct admin;

/*
 * Whom `Host` may name in a request that changes something, at whatever port, for ports are forwarded: the listener's
 * own address (any, if it listens on all of them; also `localhost`, if it is of the loopback), and what the
 * configuration says.
 */
struct admin_hosts {
	struct addr own;
	const struct peer *others;
	size_t count;
};

/* What it is put together from. All is borrowed and must outlive it. */
struct admin_parts {
	struct metrics_sources sources;
	const bool *draining;
	struct admin_hosts hosts;
	/* Gives an answer to a client, as http_exchange_answer() does. */
	void (*answer)(struct http_exchange **exchange, const struct http_response *response);
};

MUST_USE enum status admin_new(const struct admin_parts *parts, struct admin **out);

/* From now on these are the zones, of which so many are shown one by one: after a reload. They are borrowed. */
void admin_set_zones(struct admin *admin, const struct zones *zones, size_t count, size_t shown_max);

/* The same for the names that `Host` may have. */
void admin_set_hosts(struct admin *admin, const struct admin_hosts *hosts);

/* Frees it and sets *admin to NULL. */
void admin_free(struct admin **admin);

/* Answers a request at once. An http_handler_fn; `ctx` is the admin. */
void admin_handle(void *ctx, struct http_exchange *exchange, const struct http_request *request);

#endif
