/*
 * server: the HTTP side. Listeners, TLS, limits, requests in and responses out, on libmicrohttpd inside the caller's
 * libuv loop.
 *
 * Each complete request becomes one exchange and one call of the handler. The handler answers with
 * http_exchange_answer(), at once or later; until then the connection is suspended. Whoever takes an exchange must
 * answer it exactly once. As a backstop for that duty, an exchange that has waited longer than `exchange_timeout_ms`
 * gets a 503 from here, and its late answer is dropped.
 *
 * A request's source is the peer of its connection; but if that is a trusted proxy, it is whom the proxy names, by a
 * PROXY header or by X-Forwarded-For, Forwarded or X-Real-IP, see proxy.h and forwarded.h; if it names nobody, nobody
 * knows. Who connects to a Unix socket is trusted.
 *
 * What is refused without asking the handler: 413 (body), 414 (target), 415 (a body that is neither a form nor JSON),
 * 431 (headers), 400 (not HTTP, headers that leave open where the request ends or that libmicrohttpd had to repair, see
 * head.h, too many operands, or a proxy that contradicts itself), 505 (neither HTTP/1.0 nor 1.1), 503 (out of
 * memory). There is one answer, and what follows such a request on its connection is not read.
 *
 * A request's head may cost 10 KiB and 80 octets, where each header field costs HEAD_FIELD_COST more than its own
 * octets: so 8 KiB in 32 fields fit below a short first line. On a listener that serves the account page it may cost
 * 18 KiB and 80 octets: 16 KiB in 32 fields.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stddef.h>
#include <uv.h>

#include "base/addr.h"
#include "base/network.h"
#include "base/status.h"
#include "cert/cert.h"
#include "http/message.h"
#include "http/stats.h"

struct http_server;
struct http_exchange;

/* `request` is valid until the exchange is answered. */
typedef void http_handler_fn(void *ctx, struct http_exchange *exchange, const struct http_request *request);
/* `cut` requests had begun to arrive, but not arrived whole, and got no answer. */
typedef void http_drained_fn(void *ctx, size_t cut);

enum {
	HTTP_TARGET_MAX = 4096,       /* octets of a request target; beyond: 414 */
	HTTP_REQUEST_BODY_MAX = 4096, /* octets of a request body; beyond: 413 */
};

struct http_options {
	unsigned idle_timeout_s;             /* a connection without traffic is closed */
	unsigned request_timeout_s;          /* a request must arrive whole within it, however slowly it drips */
	unsigned exchange_timeout_ms;        /* the backstop */
	unsigned max_connections;            /* per listener */
	unsigned max_connections_in_all;     /* of all listeners, closed and lingering ones among them; 0: no bound */
	unsigned max_connections_per_source; /* 0: no bound */
	const char *realm;                   /* of the Basic challenge; must outlive the server */
	/*
	 * Whether what is refused here, by the method, the path and X-Api-User and X-Api-Key of a request, and the
	 * operands of it that were read, if any, is to be answered in JSON. NULL: never.
	 */
	bool (*speaks_json)(const struct http_request *request);
};

/* Makes a server without listeners. `loop` must outlive it. */
MUST_USE enum status http_server_new(uv_loop_t *loop, const struct http_options *options, struct http_server **out);

/* Whom the requests that come from now on are handed to. To be said before there are listeners. */
void http_server_hand_to(struct http_server *server, http_handler_fn *handler, void *ctx);

/*
 * Where and how requests come in. All is borrowed for the time of the call, but `inherited_fd` is taken, and closed if
 * no listener comes of it.
 */
struct http_listen_options {
	struct endpoint endpoint;
	const char *path;              /* of a Unix socket, instead of the endpoint; NULL: none */
	unsigned mode;                 /* of that */
	struct networks trusted;       /* proxies, which may tell whose requests they bring */
	bool proxy_protocol;           /* a PROXY header comes first, and only from trusted proxies */
	bool v6_only;                  /* an IPv6 socket takes no IPv4 clients */
	struct cert_set *certificates; /* NULL: HTTP without TLS; the listener becomes one of its holders */
	const char *tls_priorities;    /* with certificates, see cert_priorities() */
	bool errors_as_200;            /* for its requests, see http_request */
	bool x_real_ip;                /* X-Real-IP counts like X-Forwarded-For */
	bool account_page;             /* the same */
	int inherited_fd;              /* a listening socket to use if the listener is new; 0: none */
};

/*
 * Makes these the listeners, and these the options for what comes from now on. Listeners that are there already, at the
 * same address and port or path, keep their sockets and connections; new ones are opened; others are closed, and each
 * of their connections ends when its request is answered. All or nothing: after STATUS_IO, with a sentence in `error`
 * (`error_size` octets), all is as it was.
 */
MUST_USE enum status http_server_configure(struct http_server *server, const struct http_options *options,
					   const struct http_listen_options *listeners, size_t count, char *error,
					   size_t error_size);

/* Bounds for connections from now on: `max_connections` and `max_connections_in_all` of its options. */
void http_server_bound(struct http_server *server, unsigned max_connections, unsigned max_connections_in_all);

/* Whether the kernel has IPv6 at all; addresses of it are another question. */
bool http_has_ipv6(void);

/* Whether a descriptor is a socket that listens for connections where these options want one. */
bool http_socket_is_at(int fd, const struct http_listen_options *options);

/*
 * Stops accepting, lets every request that has arrived get its answer (with `Connection: close`), closes idle
 * connections, and then calls `drained`, from the loop. Requests whose answer never comes are ended by the backstop;
 * connections that do not read theirs, and requests that do not arrive whole, by a grace period.
 */
void http_server_drain(struct http_server *server, http_drained_fn *drained, void *ctx);

/*
 * Frees the server and sets *server to NULL. Every exchange must have been answered: after http_server_drain() that
 * is so. The loop must run once more afterwards, so that libuv can close its handles.
 */
void http_server_free(struct http_server **server);

typedef void http_gone_fn(void *ctx);

/*
 * Has gone(ctx) called, from the loop and at most once, if the client closes its side before the exchange is
 * answered. Nobody is likely to read the answer then, but it is owed all the same.
 */
void http_exchange_watch(struct http_exchange *exchange, http_gone_fn *gone, void *ctx);

/* Whether the client has closed its side by now. */
bool http_exchange_is_gone(const struct http_exchange *exchange);

/* Answers and gives the exchange back; *exchange becomes NULL. */
void http_exchange_answer(struct http_exchange **exchange, const struct http_response *response);

/* What it has turned away so far. Valid as long as the server. */
const struct http_stats *http_server_stats(const struct http_server *server);

#endif
