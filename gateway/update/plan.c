#include "update/plan.h"

#include <string.h>

/* What the request's addresses come to; it holds for all its hosts. */
struct wish {
	bool good;
	struct addr v4, v6; /* ADDR_NONE: none was given */
	struct addr prefix; /* of the LAN; ADDR_NONE: none was given */
	unsigned prefix_len;
	bool ipv4_is_gone;
	bool anything; /* something was given, if only to leave things as they are */
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

static bool allows(const struct plan_policy *policy, enum addr_scope scope)
{
	switch (scope) {
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

static bool is_allowed(const struct plan_policy *policy, const struct addr *addr)
{
	return allows(policy, addr_scope(addr));
}

/* What the prefix makes of an address is not known before that is read, so all that it could make has to be allowed. */
static bool is_allowed_prefix(const struct plan_policy *policy, const struct addr *prefix, unsigned len)
{
	static const enum addr_scope limited[] = {ADDR_SCOPE_PRIVATE, ADDR_SCOPE_LOOPBACK, ADDR_SCOPE_UNUSABLE};

	for (size_t i = 0; i < sizeof limited / sizeof *limited; i++) {
		if (!allows(policy, limited[i]) && addr_prefix_has_scope(prefix, len, limited[i]))
			return false;
	}
	return true;
}

/* Takes an address; refuses what policy refuses and a second one of the same family. */
static bool take_address(const struct plan_policy *policy, const struct addr *addr, bool lenient, struct wish *wish)
{
	struct addr *place = addr->family == ADDR_V4 ? &wish->v4 : &wish->v6;

	if (!is_allowed(policy, addr))
		return false;
	if (place->family != ADDR_NONE)
		return lenient && addr_equal(place, addr);
	*place = *addr;
	return true;
}

static bool take_prefix(const struct plan_policy *policy, struct text text, struct wish *wish)
{
	struct addr prefix, same;
	unsigned len;

	if (addr_parse_prefix(text, &prefix, &len) != STATUS_OK || !is_allowed_prefix(policy, &prefix, len))
		return false;
	same = addr_with_prefix(&wish->prefix, &prefix, len);
	if (wish->prefix.family != ADDR_NONE && (len != wish->prefix_len || !addr_equal(&same, &wish->prefix)))
		return false;
	wish->prefix = prefix;
	wish->prefix_len = len;
	return true;
}

static bool take_item(const struct plan_policy *policy, struct text item, bool lenient, struct wish *wish)
{
	struct addr addr;

	wish->anything = wish->anything || item.len;
	if (lenient && (item.len == 0 || text_equal(item, text_of("preserve"))))
		return true;
	if (lenient && memchr(item.octets, '/', item.len))
		return take_prefix(policy, item, wish);
	return addr_parse(item, &addr) == STATUS_OK && take_address(policy, &addr, lenient, wish);
}

static bool take_list(const struct plan_policy *policy, struct text list, bool lenient, struct wish *wish)
{
	struct text item;

	for (bool more = true, first = true; more; first = false) {
		more = text_split(list, ',', &item, &list);
		/* `<ipv4>,<ipv6>` of a router that has no IPv4 address. */
		wish->ipv4_is_gone = wish->ipv4_is_gone || (first && more && item.len == 0);
		if (!take_item(policy, item, lenient, wish))
			return false;
	}
	return true;
}

/* A malformed address is refused and never replaced by the source address: the client meant something else. */
static struct wish read_wish(const struct plan_policy *policy, const struct intent *intent, const struct addr *source)
{
	struct wish wish = {.ipv4_is_gone = intent->ipv4_is_gone};

	for (size_t i = 0; i < intent->address_count; i++) {
		if (!take_list(policy, intent->addresses[i], intent->lenient, &wish))
			return wish;
	}
	if (intent->prefix.len && !take_prefix(policy, intent->prefix, &wish))
		return wish;
	if (wish.anything || intent->prefix.len) {
		wish.good = wish.v4.family || wish.v6.family || wish.prefix.family;
	} else {
		/* Where a client comes from tells nothing about the other family. */
		wish.ipv4_is_gone = false;
		wish.good = take_address(policy, source, false, &wish);
	}
	return wish;
}

/* ---- From a wish to the changes of one host ---- */

static void add_change(struct change_set *set, enum change_kind kind, const struct addr *addr, bool must_exist)
{
	set->changes[set->count++] = (struct change){.kind = kind, .addr = *addr, .must_exist = must_exist};
}

static void add_removal(struct change_set *set, enum addr_family family)
{
	add_change(set, CHANGE_REMOVE, &(struct addr){.family = family}, false);
}

/*
 * A prefix goes before the host part of the addresses that are there. With an IPv4 address beside it there need be
 * none: routers send all that they have for hosts of all kinds.
 */
static void add_changes(const struct wish *wish, bool may_create, struct change_set *set)
{
	bool has_v4 = wish->v4.family != ADDR_NONE;

	if (has_v4)
		add_change(set, CHANGE_REPLACE, &wish->v4, !may_create);
	else if (wish->ipv4_is_gone && may_create && (wish->v6.family || wish->prefix.family))
		add_removal(set, ADDR_V4);
	if (wish->prefix.family != ADDR_NONE) {
		add_change(set, CHANGE_PREFIX, &wish->prefix, !has_v4);
		set->changes[set->count - 1].prefix_len = wish->prefix_len;
	} else if (wish->v6.family != ADDR_NONE) {
		add_change(set, CHANGE_REPLACE, &wish->v6, !may_create);
	}
}

static struct plan_host failed(enum outcome_code failure)
{
	return (struct plan_host){.planned = false, .failure = failure};
}

static bool is_about_txt(const struct intent *intent)
{
	return intent->kind >= INTENT_TXT_SET && intent->kind <= INTENT_TXT_ROTATE;
}

/* Printable ASCII of up to 255 octets; only where it is to be set may it be empty. */
static bool read_txt(const struct intent *intent, struct txt *out)
{
	if (intent->txt.len > sizeof out->octets || (intent->txt.len == 0 && intent->kind != INTENT_TXT_SET))
		return false;
	for (size_t i = 0; i < intent->txt.len; i++) {
		if (intent->txt.octets[i] < ' ' || intent->txt.octets[i] > '~')
			return false;
		out->octets[i] = intent->txt.octets[i];
	}
	out->len = (uint8_t)intent->txt.len;
	return true;
}

/*
 * The host whose rights count for a name: RFC 8555 section 8.4 has challenges for a host one label below it. Says
 * whether `name` is such a name.
 */
static bool challenged(const struct name *name, struct name *host)
{
	struct text label, rest;

	return text_split(name_text(name), '.', &label, &rest) && text_equal(label, text_of("_acme-challenge")) &&
	       name_parse(rest, host) == STATUS_OK;
}

static bool may_update(const struct plan_policy *policy, const struct grant *grant, const struct name *host)
{
	const struct plan_zone *zone = plan_find_zone(policy, host);

	return zone && grant_right(grant, host, &zone->name) != GRANT_NOTHING;
}

/* The login, if that is the name of a host that it may update, else the account's only host. */
static enum status read_own_host(const struct plan_policy *policy, const struct grant *grant, struct name *out)
{
	const struct name *only = grant_only_host(grant);
	bool is_host = memchr(grant->login.octets, '.', grant->login.len) && name_parse(grant->login, out) == STATUS_OK;

	if (is_host && (!only || may_update(policy, grant, out)))
		return STATUS_OK;
	if (only)
		*out = *only;
	return only ? STATUS_OK : STATUS_INVALID;
}

/* The name of a host as the request has it; not one of ours yet. */
static enum status read_host(const struct plan_policy *policy, const struct intent *intent, size_t n,
			     const struct grant *grant, struct name *out)
{
	struct text host = intent->hosts[n];

	if (intent->host_form == HOSTS_OWN)
		return read_own_host(policy, grant, out);
	if (intent->host_form == HOSTS_LABELS && host.len && !memchr(host.octets, '.', host.len))
		return grant_complete(grant, host, out);
	return is_about_txt(intent) ? name_parse_zone(host, out) : name_parse(host, out);
}

/* What the grant allows for a name: of a TXT record, what it allows for the host that it is about. */
static enum grant_right right_for(const struct intent *intent, const struct grant *grant, const struct name *owner,
				  const struct plan_zone *zone)
{
	struct name host = *owner;

	if (!is_about_txt(intent))
		return grant_right(grant, owner, &zone->name);
	if (!challenged(owner, &host) && name_parse(name_text(owner), &host) != STATUS_OK)
		return GRANT_NOTHING;
	return grant_right(grant, &host, &zone->name);
}

static enum outcome_code check_kind(const struct intent *intent, const struct grant *grant, enum grant_right right,
				    const struct wish *wish, struct change_set *set)
{
	if (intent->kind == INTENT_OFFLINE)
		return right == GRANT_CREATE ? OUTCOME_GRANTED : OUTCOME_NOT_ALLOWED;
	if (!is_about_txt(intent))
		return wish->good ? OUTCOME_GRANTED : OUTCOME_BAD_ADDRESS;
	if (!grant->may_set_txt)
		return OUTCOME_NOT_ALLOWED;
	return read_txt(intent, &set->txt) ? OUTCOME_GRANTED : OUTCOME_BAD_TEXT;
}

static void fill(const struct intent *intent, enum grant_right right, const struct wish *wish, struct change_set *set)
{
	static const enum change_kind kinds[] = {
		[INTENT_TXT_SET] = CHANGE_TXT_SET,
		[INTENT_TXT_ADD] = CHANGE_TXT_ADD,
		[INTENT_TXT_DROP] = CHANGE_TXT_DROP,
		[INTENT_TXT_ROTATE] = CHANGE_TXT_ROTATE,
	};
	static const struct addr none;

	if (is_about_txt(intent)) {
		add_change(set, kinds[intent->kind], &none, false);
	} else if (intent->kind == INTENT_OFFLINE) {
		add_removal(set, ADDR_V4);
		add_removal(set, ADDR_V6);
	} else {
		add_changes(wish, right == GRANT_CREATE, set);
	}
}

static struct plan_host plan_host(const struct plan_policy *policy, const struct intent *intent, size_t n,
				  const struct grant *grant, const struct wish *wish)
{
	struct plan_host host = {.planned = true};
	const struct plan_zone *zone;
	enum grant_right right;
	enum outcome_code code;

	if (read_host(policy, intent, n, grant, &host.set.owner) != STATUS_OK)
		return failed(OUTCOME_BAD_HOST);
	zone = plan_find_zone(policy, &host.set.owner);
	right = zone ? right_for(intent, grant, &host.set.owner, zone) : GRANT_NOTHING;
	if (right == GRANT_NOTHING)
		return failed(OUTCOME_NOT_YOURS);
	if (!zone->active)
		return failed(OUTCOME_ZONE_INACTIVE);
	code = check_kind(intent, grant, right, wish, &host.set);
	if (code != OUTCOME_GRANTED)
		return failed(code);
	host.set.zone = (size_t)(zone - policy->zones);
	host.set.account = grant->account;
	fill(intent, right, wish, &host.set);
	for (size_t i = 0; i < host.set.count; i++)
		host.set.changes[i].ttl_s = zone->ttl_s;
	return host;
}

/* The sets of one zone are announced to each other, so that they go in one message. */
static void link_sets(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		for (size_t k = i + 1; k < plan->count && plan->hosts[i].planned; k++) {
			if (plan->hosts[k].planned && plan->hosts[k].set.zone == plan->hosts[i].set.zone)
				plan->hosts[i].set.more = true;
		}
	}
}

void plan_make(const struct plan_policy *policy, const struct intent *intent, const struct grant *grant,
	       const struct addr *source, struct plan *out)
{
	struct wish wish = read_wish(policy, intent, source);

	out->count = intent->host_count;
	for (size_t i = 0; i < intent->host_count; i++)
		out->hosts[i] = plan_host(policy, intent, i, grant, &wish);
	link_sets(out);
}
