/*
 * stats: what the HTTP server has turned away before a handler saw it, in plain counters that only grow; and how many
 * connections there are. Nothing in them is chosen by clients.
 */
#ifndef HTTP_STATS_H
#define HTTP_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Requests that were answered with an error at once. A status that is not here counts as HTTP_REFUSED_OTHER. */
#define HTTP_REFUSED_LIST(X)                                                                                           \
	X(HTTP_REFUSED_400, 400)                                                                                       \
	X(HTTP_REFUSED_413, 413)                                                                                       \
	X(HTTP_REFUSED_414, 414)                                                                                       \
	X(HTTP_REFUSED_415, 415)                                                                                       \
	X(HTTP_REFUSED_431, 431)                                                                                       \
	X(HTTP_REFUSED_503, 503)

enum http_refused {
#define X(name, status) name,
	HTTP_REFUSED_LIST(X)
#undef X
		HTTP_REFUSED_OTHER,
	HTTP_REFUSED_COUNT,
};

/* TLS handshakes that came to nothing, by the reason as metrics have it. */
#define HTTP_HANDSHAKE_LIST(X)                                                                                         \
	X(HTTP_HANDSHAKE_ALERT, "alert")       /* the client sent an alert: it does not trust the certificate, say */  \
	X(HTTP_HANDSHAKE_REJECTED, "rejected") /* of its hello nothing could be taken */                               \
	X(HTTP_HANDSHAKE_BROKEN, "broken")     /* what came later was no handshake */                                  \
	X(HTTP_HANDSHAKE_CLOSED, "closed")     /* by the client, in the middle of it */                                \
	X(HTTP_HANDSHAKE_TIMEOUT, "timeout")

enum http_handshake {
#define X(name, reason) name,
	HTTP_HANDSHAKE_LIST(X)
#undef X
		HTTP_HANDSHAKE_COUNT,
};

/* Connections that were closed at once, by the reason as metrics have it. */
#define HTTP_CONNECTION_LIST(X)                                                                                        \
	X(HTTP_CONNECTION_PROXY, "proxy")       /* no PROXY header where one has to be, or not from a trusted proxy */ \
	X(HTTP_CONNECTION_PROTOCOL, "protocol") /* TLS where HTTP is spoken, or the reverse */                         \
	X(HTTP_CONNECTION_SOURCE, "source")     /* more than a source may have */

enum http_connection {
#define X(name, reason) name,
	HTTP_CONNECTION_LIST(X)
#undef X
		HTTP_CONNECTION_COUNT,
};

/* A socket that connections come in by. */
struct http_listener_stats {
	const struct http_listener_stats *next; /* NULL: it is the last */
	char address[128];                      /* and port; or the path of a Unix socket, cut if it is longer */
	unsigned open;                          /* connections */
};

struct http_stats {
	const struct http_listener_stats *listeners;
	unsigned listener_max; /* connections that each listener may have */
	unsigned all_max;      /* that all may have together; 0: no bound */
	uint64_t refused[HTTP_REFUSED_COUNT];
	uint64_t handshakes[HTTP_HANDSHAKE_COUNT];
	uint64_t connections[HTTP_CONNECTION_COUNT];
};

#endif
