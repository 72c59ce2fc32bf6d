/*
 * client: signed messages to one primary and their verified replies, over pipelined connections that are kept open
 * (RFC 7766).
 *
 * One connection is enough as long as it has no more under way than a primary works on at a time; up to
 * `connections_max` are opened as they are needed, and closed when they are not. Messages of one lane, such as a zone,
 * keep to one connection while any of them is under way. Lanes in trouble are kept apart from the others, so that what
 * is slow, or breaks connections, holds up nobody else. What was not sent when a connection ended goes over another
 * one.
 *
 * Each attempt is a message of its own: fresh ID, time and signature. A reply counts only if its TSIG verifies against
 * that request's MAC, key and time (RFC 8945 section 5.4). A reply that cannot be believed breaks the connection,
 * because nothing that follows on it could be believed either. The client never retries, because only the asker knows
 * what may be repeated. A reply's header has to have the ID that we sent on this connection; the ID by which the
 * primary knew the message may be another one, because forwarders have their own (section 4.2).
 *
 * The verdict says what a reply proves. An unsigned refusal is an answer, and repeating the message would bring no
 * better one; but it proves nothing, because somebody may have put it in the place of the primary's reply that the
 * message was carried out. A signed refusal proves that this copy of the message was not carried out. It says nothing
 * about an earlier copy, if a forwarder between us and the primary has sent the message twice.
 *
 * Time, random octets, timers and the connection are passed in, so that it runs in tests without sockets.
 */
#ifndef DNS_CLIENT_H
#define DNS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "base/histogram.h"
#include "base/peer.h"
#include "base/status.h"
#include "dns/message.h"
#include "dns/transport.h"
#include "tsig.h"

struct dns_client;

struct dns_client_options {
	unsigned connect_timeout_ms;
	unsigned reply_timeout_ms; /* from sending a message to its reply */
	uint16_t fudge_s;
	unsigned aged_s;          /* messages are signed with a time so far in the past, see `echoes_time`; usually 0 */
	unsigned connections_max; /* 0: 1 */
	unsigned updates_max; /* UPDATEs under way at a time, but for those that take unusually long; 0: any number */
	unsigned
		crowded_at; /* messages under way on a connection that make another one worth while; 0: DNS_CROWDED_AT */
	struct dns_budget
		*budget; /* of connections but for the first one of each client; NULL: without bound. Borrowed */
};

/* BIND works on 23 messages of a connection at a time. */
enum { DNS_CROWDED_AT = 16 };

/* Connections that several clients may have together. */
struct dns_budget {
	size_t allowed, taken;
};

enum dns_verdict {
	DNS_VERIFIED,    /* a reply whose TSIG is right: `rcode` is the primary's word */
	DNS_REJECTED,    /* the same, with an error about our signature: nothing was changed */
	DNS_UNSIGNED,    /* an error that may come unsigned: trying again will not help, and nothing is proved */
	DNS_UNREACHABLE, /* nothing was sent */
	DNS_UNKNOWN,     /* it was sent, but no reply came that can be believed */
};

struct dns_result {
	enum dns_verdict verdict;
	unsigned rcode;         /* DNS_VERIFIED, DNS_REJECTED, DNS_UNSIGNED: enum dns_rcode, or another of 12 bits */
	uint16_t tsig_error;    /* DNS_REJECTED, DNS_UNSIGNED: the TSIG RCODE, 0 if the reply named none */
	bool has_clock_offset;  /* the primary told its time: the reply is signed, or says BADTIME */
	int64_t clock_offset_s; /* primary's clock minus ours */
	bool echoes_time;       /* with `aged_s`: the reply is signed with the time of the message, to the second */
	bool id_was_changed;    /* the reply is signed, with another ID than ours: somebody stands between */
	bool local;             /* DNS_UNREACHABLE for a reason of our own, which says nothing of the primary */
	bool had_worked;        /* the primary closed a connection that had brought replies; it may just be old */
	bool bystander;         /* the connection ended because of another request that was on it */
	bool others_answered;   /* DNS_UNKNOWN: since it was sent, the primary has answered other lanes */
	bool slow;              /* the reply took much longer than it usually does */
	unsigned connection; /* DNS_UNREACHABLE, DNS_UNKNOWN: which one, counted from 1 in the order of their begin */
	/* DNS_VERIFIED, of a DNS_QUERY or DNS_SOA; the octets of its RRset are valid while it is told. */
	struct dns_answer answer;
	const char *why; /* DNS_UNREACHABLE, DNS_UNKNOWN: sentence fragment for the log, valid during the call */
};

/* What the asker and the client tell each other about a request that is under way. */
struct dns_ticket {
	bool sent;      /* set by the client: the message may have left */
	bool withdrawn; /* set by the asker: not to be sent any more; it then ends as DNS_UNREACHABLE */
	/* Set by the asker before it is sent: */
	const void
		*lane;   /* an address, the same for all messages that are to keep to one connection; NULL: whichever */
	bool in_trouble; /* the last one of its lane was slow, or got no reply */
};

/* Whether the result counts as an answer of the primary. */
static inline bool dns_is_answered(const struct dns_result *result)
{
	return result->verdict == DNS_VERIFIED || result->verdict == DNS_REJECTED || result->verdict == DNS_UNSIGNED;
}

/* What a client has counted since it was made. */
struct dns_client_stats {
	uint64_t connections; /* that were begun */
	uint64_t sent;        /* messages */
	uint64_t unreachable; /* messages that were not sent, because there was no connection */
	uint64_t unknown;     /* messages that were sent, and no believable reply came */
	uint64_t tsig_badkey; /* replies with these TSIG errors; Knot's BADKEY may be about its acl */
	uint64_t tsig_badsig;
	uint64_t tsig_badtime;
	uint64_t tsig_other;
	struct histogram round_trip_ms; /* from sending to a reply that is believed */
};

typedef void dns_done_fn(void *ctx, const struct dns_result *result);

/* Makes a client that connects when there is something to send. `env` and what `maker` holds must outlive it. */
MUST_USE enum status dns_client_new(const struct env *env, const struct transport_maker *maker,
				    const struct peer *primary, const struct dns_client_options *options,
				    struct dns_client **out);

/*
 * Drops the connection and frees the client without calling any done(); sets *client to NULL. Not from within done().
 */
void dns_client_free(struct dns_client **client);

/* Options for what is sent from now on. */
void dns_client_set_options(struct dns_client *client, const struct dns_client_options *options);

/* Valid as long as the client is. */
const struct dns_client_stats *dns_client_stats(const struct dns_client *client);

/* How many connections stand. */
size_t dns_client_connections(const struct dns_client *client);

const struct peer *dns_client_primary(const struct dns_client *client);

/* Whether there is a connection now, so that what is sent leaves at once. */
bool dns_client_is_connected(const struct dns_client *client);

/*
 * Sends a request, connecting first if need be. Calls done(ctx, result) exactly once, later, never from within this
 * call, unless the client is freed before. What `request` points to, `key` and `ticket` must stay valid until then;
 * the struct itself is copied. STATUS_NO_MEMORY: nothing was done and done() is not called.
 */
MUST_USE enum status dns_client_send(struct dns_client *client, const struct dns_request *request,
				     const struct tsig_key *key, struct dns_ticket *ticket, dns_done_fn *done,
				     void *ctx);

#endif
