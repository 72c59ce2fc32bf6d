/*
 * plan: from what was asked and what is granted to change sets, one per host. Pure.
 */
#ifndef UPDATE_PLAN_H
#define UPDATE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/grant.h"
#include "base/addr.h"
#include "base/name.h"
#include "update/change.h"
#include "update/intent.h"
#include "update/outcome.h"

/* What planning has to know of a zone. */
struct plan_zone {
	struct name name;
	uint32_t ttl_s; /* of the records that are written */
	bool active;
};

struct plan_policy {
	const struct plan_zone *zones; /* borrowed */
	size_t zone_count;
	bool allow_private;  /* accept ADDR_SCOPE_PRIVATE */
	bool allow_loopback; /* accept ADDR_SCOPE_LOOPBACK */
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
};

/* The closest enclosing zone of a host, or NULL. */
const struct plan_zone *plan_find_zone(const struct plan_policy *policy, const struct name *host);

/*
 * Plans every host of the intent. `source` is the client's address, which stands in for missing addresses. Checks in
 * this order: is it a host name, is it covered by the grant (and in a zone of ours), is its zone active, are the
 * addresses good.
 */
void plan_make(const struct plan_policy *policy, const struct intent *intent, const struct grant *grant,
	       const struct addr *source, struct plan *out);

#endif
