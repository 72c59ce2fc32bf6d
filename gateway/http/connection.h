/*
 * connection: one client's connection, from accept() to its end. Private to the room.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "http/listener.h"

struct MHD_Connection;

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
	struct addr proxy;       /* then who has sent that header */
	struct tls *tls;         /* NULL: plain HTTP */
	struct arrival *arrival; /* NULL once it has arrived */
	struct source *counted;  /* NULL: no bound for it */
	struct http_exchange *exchange; /* NULL between requests */
	bool is_in_head;                /* of a request: linked by `heads` */
	bool is_answered;               /* a request of it has ended */
	bool is_refused;                /* its last request was, and the client may still be sending it */
	bool input_ended;               /* by ourselves: an end of file says nothing of the client */
	uint64_t progress_ms;           /* when it was accepted or last answered */
	TAILQ_ENTRY(connection) link;   /* linked while MHD has it, or is about to */
	TAILQ_ENTRY(connection) heads;
};

/* Makes one of an accepted socket; NULL, and closes it, without memory or beyond the bound for that peer. */
struct connection *connection_new(struct listener *listener, int fd, const struct addr *peer);

/*
 * Frees one that has arrived or never will, and that MHD does not have any more, or never had. Does not close the
 * socket.
 */
void connection_free(struct connection *connection);

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

/* Writes past MHD, and closes for writing. What the socket does not take at once is lost. */
void connection_write_last(struct connection *connection, struct text octets);

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

#endif
