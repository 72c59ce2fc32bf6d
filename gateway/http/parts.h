/*
 * parts: what the files of the HTTP server share. Private to the room.
 *
 *   arrival.c      connections on their way from accept() to the first request
 *   listener.c     sockets: opening them, accepting within limits
 *   connection.c   connections: their bounds, clients that are slow or gone
 *   linger.c       connections that are closed, but not by the client
 *   exchange.c     requests and their answers
 *   origin.c       where requests come from
 *   engine.c       libmicrohttpd inside the loop
 *   server.c       puts them together; deadlines, draining
 *
 * Ownership goes up: an exchange has its connection, a connection its listener, a listener its server. A listener that
 * was closed lives on until its last connection has ended.
 */
#ifndef HTTP_PARTS_H
#define HTTP_PARTS_H

#include <microhttpd.h>
#include <sys/queue.h>

#include "base/table.h"
#include "http/decode.h"
#include "http/head.h"
#include "http/server.h"
#include "http/stats.h"
#include "http/tls.h"

struct http_exchange {
	struct connection *connection;
	enum {
		EXCHANGE_NEW,
		EXCHANGE_BODY,
		EXCHANGE_HANDLED, /* the handler has it and the connection is suspended, or is about to be */
		EXCHANGE_ANSWERED,
		EXCHANGE_ABANDONED, /* answered by the backstop; the handler still holds it */
	} state;
	bool suspended;
	bool freed_by_mhd; /* MHD is done with an abandoned exchange */
	bool http_1_0;
	bool is_unframed; /* nobody can tell where it ends, so nothing can come after it */
	struct MHD_Response *response;
	int response_status;
	uint64_t deadline_ms;
	http_gone_fn *gone; /* NULL: nobody wants to know, or was told */
	void *gone_ctx;
	bool is_gone;
	TAILQ_ENTRY(http_exchange) waiting; /* linked while EXCHANGE_HANDLED */
	TAILQ_ENTRY(http_exchange) heads;   /* linked until its head has been read */
	bool is_head_known;                 /* it is not linked any more */
	struct head head;                   /* then; borrows from MHD's buffer */
	size_t head_len;                    /* octets, its first line among them */
	const char *head_end;               /* where it ended in MHD's buffer */

	char *target; /* raw, NULL if it was too long or memory was short */
	size_t target_len;
	const char *target_end; /* where it ended in MHD's buffer */
	const char *no_cookies; /* the value of a header that no client has sent */
	char *body;
	size_t body_len; /* octets that came, also those that were not kept */
	struct decode_space space;
	struct http_request request;
};

/* How many connections come from one address. */
struct source;

struct connection {
	struct listener *listener;
	unsigned engine_kind;
	struct engine *engine; /* NULL until it is given to one */
	struct MHD_Connection *mhd;
	int fd;
	struct addr peer;        /* who has connected, or whom a PROXY header names; of no family: nobody knows */
	bool is_proxys_own;      /* a PROXY header names nobody, and so nothing in the stream does */
	struct tls *tls;         /* NULL: plain HTTP */
	struct arrival *arrival; /* NULL once it has arrived */
	struct source *counted;  /* NULL: no bound for it */
	struct http_exchange *exchange; /* NULL between requests */
	bool is_answered;               /* a request of it has ended */
	bool is_refused;                /* its last request was, and the client may still be sending it */
	bool input_ended;               /* by ourselves: an end of file says nothing of the client */
	uint64_t progress_ms;           /* when it was accepted or last answered */
	TAILQ_ENTRY(connection) link;   /* linked while MHD has it, or is about to */
};

/* What may change while a listener stays. */
struct settings {
	unsigned mode;           /* of a Unix socket */
	struct networks trusted; /* owned */
	bool proxy_protocol;
	bool errors_as_200;
	bool x_real_ip;
	bool account_page;
	struct tls *tls; /* NULL: plain HTTP */
};

struct listener {
	struct http_server *server;
	struct endpoint endpoint;
	bool v6_only;
	char *path; /* of a Unix socket, NULL: none */
	int fd;     /* -1: closed */
	bool is_inherited;
	struct settings settings;
	/* Between listeners_prepare() and what follows it: */
	struct settings next;
	bool is_wanted;
	bool is_new;
	uv_poll_t poll;
	bool poll_closed; /* libuv is done with it */
	bool accepting;
	unsigned open; /* connections */
	SLIST_ENTRY(listener) link;
};

/* A connection on its way; private to arrival.c. */
struct arrival;

/* Kinds of engines, a bit each. */
enum {
	ENGINE_TLS = 1,
	ENGINE_LARGE = 2, /* for the larger heads of browsers that are logged in */
	ENGINE_KINDS = 4,
};

/* One MHD daemon without threads and without a listening socket. Its idle timeout cannot be changed. */
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
	unsigned restless;                      /* runs of which each wanted the next one at once */
	TAILQ_HEAD(heads, http_exchange) heads; /* requests that have begun and whose head is not whole, newest first */
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

/* ---- engine.c ---- */

/* The kind that connections with these settings need. */
unsigned engine_kind(const struct settings *settings);
/* Starts one with the options of the server, which frees it, and makes it the current one of its kind. */
MUST_USE enum status engine_start(struct http_server *server, unsigned kind);
/* A connection ends, and we have not answered what it may have asked for. */
void engine_note_end(const struct connection *connection);
/* Those that MHD has answered by itself, at the latest now. */
void engine_tell_refusals(struct engine *engine);
/* The one that is to get the connection. */
struct engine *engine_current(const struct connection *connection);
/* Gives MHD a connection, which connection_opened() or else connection_free() takes on, now or in the next run. */
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

/* ---- arrival.c ---- */

/* Takes a connection that was accepted on its way. */
void arrival_begin(struct connection *connection);
/* MHD has been given the connection, and its handshake comes next. */
void arrival_entered(struct connection *connection);
/* It has arrived, or ended. */
void arrival_end(struct arrival *arrival);
/* MHD has closed the connection before it had arrived. */
void arrival_failed(const struct arrival *arrival);
/* MHD has met an error, perhaps in one of the steps: looks for alerts while there are sessions that know of them. */
void arrivals_note_alerts(struct http_server *server);
/* Lets some of the handshakes go on that can. */
void arrivals_step(struct http_server *server);
/* Cuts those off who take too long. */
void arrivals_cut_slow(struct http_server *server, uint64_t now_ms);
/* Of those without TLS, cuts off who may have one more request and has not begun with it. */
void arrivals_end_silent(struct http_server *server);
/* Cuts all of them off, but for requests without TLS, which enter. */
void arrivals_end(struct http_server *server);

/* ---- listener.c ---- */

/*
 * Gets ready to have just these listeners. Either listeners_commit() or listeners_abandon() has to follow, at once; the
 * latter after errors.
 */
MUST_USE enum status listeners_prepare(struct http_server *server, const struct http_listen_options *options,
				       size_t count, char *error, size_t error_size);
void listeners_commit(struct http_server *server);
void listeners_abandon(struct http_server *server);
/* Takes in who has connected, and nobody any more. */
void listener_close(struct listener *listener);
/* Frees it if it is closed and has no connection any more. */
void listener_release(struct listener *listener);
/* Accepts again if that was stopped, at its limit or for want of descriptors. */
void listener_retry(struct listener *listener);

/* ---- connection.c ---- */

/* Makes one of an accepted socket; NULL, and closes it, without memory or beyond the bound for that peer. */
struct connection *connection_new(struct listener *listener, int fd, const struct addr *peer);
/* Who is at the other end, for the log. */
const char *connection_source(const struct connection *connection, char buffer[static ADDR_TEXT_MAX]);
/* Whether what it says of its clients is to be believed. */
bool connection_is_trusted(const struct connection *connection);
/*
 * A PROXY header has named its peer, or said by one of no family that the proxy speaks for itself or knows nobody: the
 * octets that follow may be anybody's, so no header in them is to be believed. Says whether that peer may have one
 * more.
 */
bool connection_name_peer(struct connection *connection, const struct addr *peer);
/* Frees one that MHD does not have any more, or never had. Does not close the socket. */
void connection_free(struct connection *connection);
/* Writes past MHD, and closes for writing. What the socket does not take at once is lost. */
void connection_write_last(struct connection *connection, struct text octets);
void connection_opened(struct connection *connection, struct MHD_Connection *mhd);
void connection_closed(struct connection *connection);
/* It has just been answered. */
void connection_progressed(struct connection *connection);
/*
 * Between two requests: MHD meets an end of file and closes the connection. During a request it must not, because MHD
 * would close it without sending the response.
 */
void connection_end_input(struct connection *connection);
/* Whether the client has closed, or has at least nothing more to say. MHD does not look at suspended connections. */
bool connection_is_gone(const struct connection *connection);
/* Whether it is to end once its request is answered. */
bool connection_is_last(const struct connection *connection);
/* A client that drips its request for ever would otherwise hold a connection for ever. */
void connections_cut_slow(struct http_server *server, uint64_t now_ms);

/* ---- linger.c ---- */

/* One that is closed, and that the client does not know to be. */
struct lingerer;

/* MHD is about to close the socket: lets the client read its answer and say to the end what it has begun. */
void linger_begin(struct http_server *server, int fd);
/* Ends those whose time is over then, in ms of the loop. */
void lingerers_end(struct http_server *server, uint64_t until_ms);

/* ---- origin.c ---- */

/*
 * Sets where the request comes from, and whether by TLS. NULL, or what is wrong with what a trusted proxy says of it.
 */
const char *origin_find(const struct connection *connection, struct http_request *request);

/* ---- exchange.c: what MHD calls ---- */

void *exchange_begin(struct connection *connection, const char *target);
enum MHD_Result exchange_go_on(struct http_exchange *exchange, const char *method, const char *version,
			       const char *data, size_t *len);
void exchange_end(struct http_exchange *exchange);
/*
 * Refuses what MHD is about to refuse as well: the client gets our answer, and nothing of what MHD writes then. `text`
 * begins with the status and outlives the call.
 */
void exchange_refuse_unheard(struct http_exchange *exchange, const char *text);
/* The connection ends, and MHD may not have said that its request has ended. */
void exchange_drop(struct connection *connection);
/* The backstop: the client gets its answer, the handler keeps the exchange until it gives it back. */
void exchange_abandon(struct http_exchange *exchange);
/* Tells those whose client is gone, as http_exchange_watch() has it. */
void exchanges_tell_gone(struct http_server *server);

/* ---- server.c ---- */

/* A request was refused before the handler got it: counts and logs it. */
void server_note_refusal(struct http_server *server, int status, const char *source, const char *text);
/* One of the handles that the server counts is closed. */
void server_handle_closed(struct http_server *server);

#endif
