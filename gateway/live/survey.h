/*
 * survey: asks one server, over one connection, how it is with the zones that it is a primary of, one zone after the
 * other. Nothing that is sent changes anything: queries, UPDATEs without content, and UPDATEs that delete address
 * records which are not there. A server has to allow these like any other change, before it finds that there is
 * nothing to do; BIND 9.18 and Knot 3.2 then leave the serial as it is.
 *
 *   soa      a query for the SOA: is it there, with authority, does it know the key, what time has it
 *   empty    an UPDATE of nothing: does it take updates of the zone with this key
 *   hosts    queries for their A and AAAA records: can they be found, and are they there where they have to be
 *   rights   for all names at once, then by halves where that is refused: may the key change their A and AAAA
 */
#ifndef LIVE_SURVEY_H
#define LIVE_SURVEY_H

#include <stddef.h>

#include "base/env.h"
#include "base/name.h"
#include "base/peer.h"
#include "base/status.h"
#include "dns/client.h"
#include "live/finding.h"
#include "live/rights.h"
#include "tsig.h"

struct survey;

struct survey_options {
	struct dns_client_options client;
	const char *primary; /* what the server is called in findings; borrowed */
	bool users_missing;  /* there are users that the zones' rights know nothing of */
	bool serials_only;   /* the query for the SOA is all, and FINDING_SERIAL what is told of it */
};

/* Is told each finding, valid during the call. */
typedef void survey_found_fn(void *ctx, const struct finding *finding);
typedef void survey_done_fn(void *ctx);

/*
 * Begins. `zones` is borrowed. found() comes for each finding and done() once at the end, later and never from within
 * this call.
 */
MUST_USE enum status survey_new(const struct env *env, const struct transport_maker *maker, const struct peer *server,
				const struct survey_options *options, const struct rights_zone *zones, size_t count,
				survey_found_fn *found, survey_done_fn *done, void *ctx, struct survey **out);

/* Ends it as it is: each zone that is not done gets a FINDING_LATE; done() does not come any more. */
void survey_give_up(struct survey *survey);

/* Frees it and sets *survey to NULL; not from within found() or done(). */
void survey_free(struct survey **survey);

#endif
