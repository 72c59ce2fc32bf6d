#include "update/plan.h"

/* The addresses of a request; they hold for all its hosts. */
struct addresses {
	bool good;
	size_t count;
	struct addr items[CHANGE_SET_MAX];
};

const struct plan_zone *plan_find_zone(const struct plan_policy *policy, const struct name *host)
{
	const struct plan_zone *best = NULL;

	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct plan_zone *zone = &policy->zones[i];

		if (name_is_in(host, &zone->name) && (!best || zone->name.len > best->name.len))
			best = zone;
	}
	return best;
}

static bool is_allowed(const struct plan_policy *policy, const struct addr *addr)
{
	switch (addr_scope(addr)) {
	case ADDR_SCOPE_GLOBAL:
		return true;
	case ADDR_SCOPE_PRIVATE:
		return policy->allow_private;
	case ADDR_SCOPE_LOOPBACK:
		return policy->allow_loopback;
	case ADDR_SCOPE_UNUSABLE:
		break;
	}
	return false;
}

/* Adds an address; refuses what policy refuses and a second one of the same family. */
static bool add_address(const struct plan_policy *policy, const struct addr *addr, struct addresses *to)
{
	if (to->count == CHANGE_SET_MAX || !is_allowed(policy, addr))
		return false;
	for (size_t i = 0; i < to->count; i++) {
		if (to->items[i].family == addr->family)
			return false;
	}
	to->items[to->count++] = *addr;
	return true;
}

/* A malformed address is refused and never replaced by the source address: the client meant something else. */
static struct addresses read_addresses(const struct plan_policy *policy, struct text list, const struct addr *source)
{
	struct addresses out = {0};
	struct text item;

	if (list.len == 0) {
		out.good = add_address(policy, source, &out);
		return out;
	}
	for (bool more = true; more;) {
		struct addr addr;

		more = text_split(list, ',', &item, &list);
		if (addr_parse(item, &addr) != STATUS_OK || !add_address(policy, &addr, &out))
			return out;
	}
	out.good = true;
	return out;
}

static struct plan_host failed(enum outcome_code failure)
{
	return (struct plan_host){.planned = false, .failure = failure};
}

static struct plan_host planned(const struct plan_policy *policy, const struct plan_zone *zone,
				const struct grant *grant, const struct name *owner, const struct addresses *addresses)
{
	struct plan_host host = {.planned = true};

	host.set.zone = (size_t)(zone - policy->zones);
	host.set.account = grant->account;
	host.set.owner = *owner;
	host.set.count = addresses->count;
	for (size_t i = 0; i < addresses->count; i++)
		host.set.changes[i] =
			(struct change){.addr = addresses->items[i], .ttl_s = zone->ttl_s, .must_exist = true};
	return host;
}

static struct plan_host plan_host(const struct plan_policy *policy, struct text host, const struct grant *grant,
				  const struct addresses *addresses)
{
	const struct plan_zone *zone;
	struct name name;

	if (name_parse(host, &name) != STATUS_OK)
		return failed(OUTCOME_BAD_HOST);
	zone = plan_find_zone(policy, &name);
	if (!zone || !grant_covers(grant, &name, &zone->name))
		return failed(OUTCOME_NOT_YOURS);
	if (!zone->active)
		return failed(OUTCOME_ZONE_INACTIVE);
	if (!addresses->good)
		return failed(OUTCOME_BAD_ADDRESS);
	return planned(policy, zone, grant, &name, addresses);
}

void plan_make(const struct plan_policy *policy, const struct intent *intent, const struct grant *grant,
	       const struct addr *source, struct plan *out)
{
	struct addresses addresses = read_addresses(policy, intent->addresses, source);

	out->count = intent->host_count;
	for (size_t i = 0; i < intent->host_count; i++)
		out->hosts[i] = plan_host(policy, intent->hosts[i], grant, &addresses);
}
