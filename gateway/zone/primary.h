/*
 * primary: a server and how it is, as a whole and for each zone; and which of a zone's primaries gets the next message.
 *
 * One from which nothing believable came rests, for longer each time that it fails, up to a bound, and a little more by
 * chance, so that many gateways do not return together. Then an UPDATE that does nothing is sent to see how it is, and
 * it is used again once it has answered. A connection that had worked and ended is no reason to rest: primaries close
 * what is idle.
 *
 * One that fails with a zone (SERVFAIL, NOTIMP; or no reply that counts, while it answers other zones) rests for that
 * zone alone, and for queries or for UPDATEs alone; after that the next message is what tries it.
 */
#ifndef ZONE_PRIMARY_H
#define ZONE_PRIMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "base/name.h"
#include "base/peer.h"
#include "base/status.h"
#include "dns/client.h"

enum {
	REST_FIRST_MS = 1000,
	REST_MAX_MS = 30 * 1000, /* and up to a quarter more by chance */
};

/* How long one who fails is left alone. All zero: it is well. */
struct rest {
	unsigned failures;     /* in a row */
	uint64_t until_ms;     /* the end of the rest; 0: none */
	uint64_t failed_at_ms; /* the last failure */
};

struct primary;

/*
 * A primary as one zone has it. It may fail with that zone alone, and with UPDATEs but not with queries, or the other
 * way round.
 */
struct service {
	struct primary *primary; /* shared with other zones */
	struct rest updates, queries;
	bool in_trouble; /* its last message there was slow, or got no reply that counts */
	unsigned ended;  /* the connection that ended with a message of its, if none was answered since; else 0 */
};

/* One with a holder. The maker's ops and context are borrowed. */
MUST_USE enum status primary_new(const struct env *env, const struct transport_maker *maker, const struct peer *peer,
				 const struct dns_client_options *options, struct primary **out);
void primary_hold(struct primary *primary);
/* One holder less, whose pointer becomes NULL; the last one frees it, whatever is under way. */
void primary_free(struct primary **primary);

/* Whether it is that peer, reached in that way. */
bool primary_is_at(const struct primary *primary, const struct peer *peer, const struct transport_maker *maker);
/* Another way to the same server, such as TLS with other pins: what was down may be up, so that is asked first. */
void primary_recall_health(struct primary *primary, const struct primary *before);

struct dns_client *primary_client(const struct primary *primary);
/* Whether nothing is known against it. */
bool primary_is_well(const struct primary *primary);
/* Whether its rest is over, and nobody knows yet how it is. */
bool primary_has_rested(const struct primary *primary);

/*
 * What an end says of the primary, and of its service, which may be NULL. That answers come to queries does not make it
 * well, as it is there for UPDATEs; nor does one to an UPDATE of nothing, which only ends its rest: the next failure
 * begins a longer one.
 */
void primary_note(struct primary *primary, struct service *service, const struct dns_request *request,
		  const struct dns_result *result);

/*
 * Sees how it is, with an UPDATE of the zone that asks for nothing and changes nothing. done(ctx, primary, ...) comes
 * when that is over, and is to note it. False if there is one on its way already, or memory is short: then it does not
 * come. Name and key are borrowed until then.
 */
typedef void primary_pinged_fn(void *ctx, struct primary *primary, const struct dns_request *request,
			       const struct dns_result *result);
bool primary_ping(struct primary *primary, const struct name *zone, const struct tsig_key *key, primary_pinged_fn *done,
		  void *ctx);

/* The first one of the fittest for that kind of message; NULL if none is fit. */
struct service *services_find_fit(struct service *services, size_t count, enum dns_request_kind kind, uint64_t now_ms);
/* The one whose last failure is longest ago, so that all have their turn. */
struct service *services_find_rested(struct service *services, size_t count);
/* That of the primary; NULL if there is none. */
struct service *services_find(struct service *services, size_t count, const struct primary *primary);

#endif
