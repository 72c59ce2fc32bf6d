/*
 * engine: one MHD daemon inside the loop, without threads and without a listening socket. Private to the room.
 *
 * It knows connections, and nothing of what is done with them: of that it tells by struct engine_events.
 */
#ifndef HTTP_ENGINE_H
#define HTTP_ENGINE_H

#include <microhttpd.h>

#include "http/connection.h"

/* What the engines of a server tell, and whom: handed in with the server's `events`. */
struct engine_events {
	/* MHD has a connection that it was given; it ends by closed(). */
	void (*opened)(struct connection *connection, struct MHD_Connection *mhd);
	/* MHD is about to close its socket; it is to be freed. */
	void (*closed)(struct connection *connection);
	/* MHD has closed it without ever having told of it; it is to be freed. */
	void (*lost)(struct connection *connection);
	/* A request line has been read. Returns the request, NULL without memory. */
	struct http_exchange *(*begun)(struct connection *connection, const char *target);
	/* MHD's access handler: the head is there, pieces of the body, the whole of it, the time to answer. */
	enum MHD_Result (*went_on)(struct http_exchange *exchange, const char *method, const char *version,
				   const char *data, size_t *len);
	/* It was answered, or its connection broke. */
	void (*ended)(struct http_exchange *exchange);
	/* MHD is about to refuse the request that the connection is in; `text` is what it does not like, a constant. */
	void (*refused)(struct connection *connection, const char *text);
	/* MHD has met an error, in whatever connection. */
	void (*failed)(struct http_server *server);
};

/* Its idle timeout cannot be changed. */
struct engine {
	struct http_server *server;
	SLIST_ENTRY(engine) link;
	unsigned open; /* connections */
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned handles; /* open libuv handles */
	unsigned kind;
	size_t head_max; /* octets of a request's head, each field counted with HEAD_FIELD_COST more */
	unsigned idle_timeout_s;
	bool needs_run;
	unsigned restless;                   /* runs of which each wanted the next one at once */
	TAILQ_HEAD(heads, connection) heads; /* in whose requests the head is not whole, newest first */
	/* Since they were last told: */
	unsigned refused;                          /* requests that MHD has answered by itself, nobody knows whose */
	const char *refusal;                       /* the last one's text */
	unsigned ended;                            /* connections that ended without or within a request */
	char ended_source[ADDR_TEXT_MAX];          /* the last one's */
	TAILQ_HEAD(entering, connection) entering; /* MHD was given them, and has not told of them yet; oldest first */
	struct connection *adding;                 /* of these the one that MHD is just being given */
	int probe_fd;                              /* see probe(); else -1 */
	bool probed;                               /* MHD has told of it */
};

/* Starts one with the options of the server, which frees it, and makes it the current one of its kind. */
MUST_USE enum status engine_start(struct http_server *server, unsigned kind);

/* A connection ends, and we have not answered what it may have asked for. */
void engine_note_end(const struct connection *connection);

/* Those that MHD has answered by itself, at the latest now. */
void engine_tell_refusals(struct engine *engine);

/* The one that is to get the connection. */
struct engine *engine_current(const struct connection *connection);

/* Gives MHD a connection, which opened() or else lost() takes on, now or in the next run. */
void engine_add(struct connection *connection);

/* Lets MHD do what can be done now. */
void engine_run(struct engine *engine);

/* The same, later in this turn of the loop. */
void engine_wake(struct engine *engine);

/* MHD is not run any more. */
void engine_halt(struct engine *engine);

/* Ends its connections, of which none may be suspended. It is freed once libuv has closed its handles. */
void engine_stop(struct engine *engine);

/* Runs those that were woken. */
void engines_run_woken(struct http_server *server);

#endif
