/*
 * plan: from what was asked and what is granted to change sets, one per host. Pure.
 */
#ifndef UPDATE_PLAN_H
#define UPDATE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/name.h"
#include "base/names.h"
#include "base/outcome.h"
#include "update/change.h"
#include "update/grant.h"
#include "update/intent.h"

/* What planning has to know of a zone. */
struct plan_zone {
	const struct name *name; /* borrowed */
	uint32_t ttl_s;          /* of the records that are written */
	bool active;
};

struct plan_policy {
	const struct plan_zone *zones; /* borrowed */
	size_t zone_count;
	struct names zones_by_name; /* by plan_policy_index() */
	bool allow_private;         /* accept ADDR_SCOPE_PRIVATE */
	bool allow_loopback;        /* accept ADDR_SCOPE_LOOPBACK */
};

/* One host of a request: a change set to commit, or the outcome that it has already. */
struct plan_host {
	bool planned;
	enum outcome_code failure; /* valid unless planned */
	struct change_set set;     /* valid if planned */
};

struct plan {
	size_t count; /* as many as the intent has hosts, in their order */
	struct plan_host hosts[INTENT_HOSTS_MAX];
	/* The operand that keeps the source address or the only host from standing in, for the log; empty: none. */
	struct text operand;
	/* What the hosts' records become, which is the same for all of them: their RRsets have their octets here. */
	struct {
		uint8_t a[RDATA_ROOM], aaaa[RDATA_ROOM], given[RDATA_ROOM];
	} room;
};

/*
 * Lets the zones of a policy be found by their names, which differ. STATUS_NO_MEMORY, STATUS_DUPLICATE. In any case
 * plan_policy_fini() is due, which is allowed for a zeroed policy, too.
 */
MUST_USE enum status plan_policy_index(struct plan_policy *policy);
void plan_policy_fini(struct plan_policy *policy);

/*
 * The closest enclosing zone of a host, or NULL. It takes as many look-ups as the host has labels, however many zones
 * there are.
 */
const struct plan_zone *plan_find_zone(const struct plan_policy *policy, const struct name *host);

/*
 * Plans every host of the intent. `source` is the client's address, of no family if that is not known, which stands in
 * for missing addresses where nothing else hints at one (OUTCOME_NO_ADDRESS). Where no host is named, an operand that
 * names one in our zones makes that OUTCOME_BAD_HOST. Checks in this order, of which the first that fails is the host's
 * outcome: is it a host name, is it covered by the grant (and in a zone of ours), is its zone active, does the grant
 * allow what is asked (INTENT_OFFLINE: GRANT_CREATE; records that are given: may_set_txt), are the addresses, or is the
 * record, good.
 *
 * The rights for a text are those for its host; `_acme-challenge` below a host is that host's (RFC 8555 section 8.4).
 * A wildcard has none: its texts would be those of every host below, and its challenge is that of the name below it.
 * Sets of the same zone have `more` set, but for the last one: they are to be submitted in their order, at once.
 */
void plan_make(const struct plan_policy *policy, const struct intent *intent, const struct grant *grant,
	       const struct addr *source, struct plan *out);

#endif
