/*
 * state: a server's state, which all its parts share. Private to the room.
 *
 *   server.c       puts them together; deadlines, draining
 *   listeners.c    sockets: opening them, accepting within limits
 *   events.c       what an engine tells of its connections and requests goes to those that it is for
 *   arrival.c      connections on their way from accept() to the first request
 *   exchange.c     requests and their answers
 *   origin.c       where requests come from
 *   engine.c       libmicrohttpd inside the loop
 *   connection.c   connections: their bounds, clients that are gone
 *   linger.c       connections that are closed, but not by the client
 *   state.c        what any of them tells the server
 *
 * Each calls only those that stand below it; what has to go up, goes through functions that were handed down: those of
 * an engine (engine.h) and of a listener (listener.h).
 *
 * Ownership goes one way, too: an exchange has its connection, a connection its listener, a listener its server. A
 * listener that was closed lives on until its last connection has ended.
 */
#ifndef HTTP_STATE_H
#define HTTP_STATE_H

#include <sys/queue.h>
#include <uv.h>

#include "base/table.h"
#include "http/server.h"
#include "http/stats.h"

struct arrival;
struct connection;
struct engine;
struct engine_events;
struct lingerer;
struct listener;

/* Kinds of engines, a bit each. */
enum {
	ENGINE_TLS = 1,
	ENGINE_LARGE = 2, /* for the larger heads of browsers that are logged in */
	ENGINE_KINDS = 4,
};

/* Peers that the log has warned of. */
struct warned {
	struct addr peer;
	uint64_t until_ms; /* it does not again before */
};

enum { WARNED_MAX = 16 };

struct http_server {
	uv_loop_t *loop;
	struct http_options options;
	http_handler_fn *handler;
	void *handler_ctx;
	const struct engine_events *events;
	SLIST_HEAD(engines, engine) engines;  /* also those that get no more connections */
	struct engine *current[ENGINE_KINDS]; /* by kind, for new connections; NULL until a listener needs one */
	SLIST_HEAD(listeners, listener) listeners;
	TAILQ_HEAD(connections, connection) connections; /* longest without progress first */
	TAILQ_HEAD(exchanges, http_exchange) waiting;    /* earliest deadline first */
	TAILQ_HEAD(arrivals, arrival) arriving;          /* earliest deadline first */
	struct arrivals ready;                           /* whose client has said something; first come first served */
	struct arrivals stepping;                        /* whose handshake MHD goes on with right now */
	unsigned open;                                   /* connections of all listeners */
	TAILQ_HEAD(lingerers, lingerer) lingering;       /* oldest first */
	unsigned lingering_count;
	struct table sources;
	uint64_t seed; /* of their hashes */
	struct http_stats stats;
	struct warned warned[WARNED_MAX];
	bool stack_is_dirty; /* keys or cookies passed over it since an engine has wiped it */
	uv_prepare_t prepare;
	uv_idle_t busy; /* active while somebody is ready */
	uv_timer_t tick;
	unsigned handles; /* open libuv handles, of listeners and engines, too */
	bool freed;
	bool draining;
	uint64_t drain_until_ms; /* 0 until every exchange is answered */
	http_drained_fn *drained;
	void *drained_ctx;
};

/* A request was refused before the handler got it: counts and logs it. */
void state_note_refusal(struct http_server *server, int status, const char *source, const char *text);

/* One of the handles that the server counts is closed; with the last one the memory of a freed server goes. */
void state_handle_closed(struct http_server *server);

#endif
