/*
 * connection: one pipelined connection to a primary, for the client alone (client.h), which decides what goes over
 * which. It connects when it is given something to send.
 *
 * An exchange is WAITING until the connection stands, then SENT until its reply, its deadline or the connection's end.
 *
 *   no connection  --take-->  connecting  --opened-->  open
 *
 * From any of them a failure leads back: closed, time-out, a reply that cannot be believed. SENT exchanges then end as
 * DNS_UNKNOWN; WAITING ones are offered to the client, which may have another connection for them, or end as
 * DNS_UNREACHABLE.
 */
#ifndef DNS_CONNECTION_H
#define DNS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dns/client.h"

enum {
	FRAME_HEAD = 2,  /* octets of the length before each message, RFC 1035 section 4.2.2 */
	SENT_MAX = 1024, /* messages in flight at most; further ones wait, so that a free ID is found quickly */
};

struct dns_connection;

/* A request, and what becomes of it. Its maker's until it is taken, and again once it is over. */
struct dns_exchange {
	TAILQ_ENTRY(dns_exchange) link;
	struct dns_request request;
	const struct tsig_key *key;
	struct dns_ticket *ticket;
	dns_done_fn *done;
	void *ctx;
	struct dns_lane *lane; /* the client's; NULL: of none */
	unsigned pin;          /* of the lane when it was given to a connection; 0: it was not yet */
	/* Valid once it was sent: */
	uint16_t id;
	struct tsig_mac mac;
	uint64_t signed_s; /* the time in its signature */
	uint64_t sent_ms;
	uint64_t deadline_ms;
	uint64_t believed_before; /* how many replies of this connection had been believed when it was sent */
	uint64_t heard_before;    /* the same, of all connections */
	bool counted;             /* in `under_way` of the line */
};

TAILQ_HEAD(dns_exchanges, dns_exchange);

/* When the last reply came, counted in replies, and the last one to another lane than that. */
struct dns_heard {
	const void *lane;
	uint64_t at, others_at;
};

/* What the connections to a primary have in common. */
struct dns_line {
	const struct env *env;
	struct transport_maker maker;
	struct peer primary;
	struct dns_client_options options;
	struct dns_client_stats stats;
	size_t under_way;         /* UPDATEs that are with a connection, but for those that have stalled */
	unsigned turn;            /* see transport_ops; grows with each connection on which no reply came */
	uint64_t heard;           /* replies that were believed */
	struct dns_heard any;     /* the last of them, */
	struct dns_heard updates; /* and the last that an UPDATE got that was not of nothing */
	uint64_t usual_us16;      /* the usual time to a reply, in sixteenths of a microsecond */

	/* To the client, never from within a call of its own. The first one may free the exchange. */
	void (*over)(void *ctx, struct dns_exchange *exchange, const struct dns_result *result);
	/*
	 * No reply came in time, but the connection goes on. The primary may still carry it out, so it keeps its place
	 * until forgotten() frees it: when its reply comes after all, the connection ends, or there are too many.
	 */
	void (*given_up)(void *ctx, const struct dns_exchange *exchange, const struct dns_result *result);
	void (*forgotten)(void *ctx, struct dns_exchange *exchange);
	/* The connection stands, and has something to send. */
	void (*opened)(void *ctx, struct dns_connection *connection, const struct dns_exchange *first);
	/* The connection has ended. What it takes out of the list is not over, and goes over another one. */
	void (*ended)(void *ctx, struct dns_connection *connection, struct dns_exchanges *unsent);
	/* A message on it waits for its reply for unusually long. */
	void (*stalled)(void *ctx, const struct dns_exchange *exchange);
	void *ctx;

	uint8_t message[FRAME_HEAD + DNS_MESSAGE_MAX]; /* the one being written */
	uint8_t room[RRSET_ROOM];                      /* of the RRset in the reply that is being told */
};

/* How long a reply has to take before it is called slow. */
uint64_t dns_line_slow_ms(const struct dns_line *line);

/* NULL without memory. The line is borrowed. */
struct dns_connection *dns_connection_new(struct dns_line *line);

/* While it is on trial, what comes after the first message waits. */
void dns_connection_set_on_trial(struct dns_connection *connection, bool on_trial);
/* Takes back what waits, at the end of the list. */
void dns_connection_take_back(struct dns_connection *connection, struct dns_exchanges *unsent);

/* Drops it with all that it has, which is over for nobody; sets *connection to NULL. Not from within an event. */
void dns_connection_free(struct dns_connection **connection);

/* Sends it, at once if that can be. */
void dns_connection_take(struct dns_connection *connection, struct dns_exchange *exchange);

/* Whether it is connecting or open, and nothing is known against it. */
bool dns_connection_stands(const struct dns_connection *connection);
bool dns_connection_is_open(const struct dns_connection *connection);

/* Messages that are under way on it, those that were given up included, because the primary still has them. */
size_t dns_connection_load(const struct dns_connection *connection);
/* Whether there is no exchange. */
bool dns_connection_is_free(const struct dns_connection *connection);
/* Whether something on it takes unusually long, or was given up, or is of a lane that is in trouble. */
bool dns_connection_is_slow(const struct dns_connection *connection);
/* When it was last given something, or got a reply. */
uint64_t dns_connection_used_ms(const struct dns_connection *connection);

#endif
