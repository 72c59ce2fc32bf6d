#include "update/plan.h"

#include <stdio.h>
#include <string.h>

/* What the request's addresses, or its record, come to; it holds for all its hosts. */
struct wish {
	enum outcome_code verdict; /* OUTCOME_GRANTED: they are good */
	struct addr v4, v6;        /* ADDR_NONE: none was given */
	struct addr prefix;        /* of the LAN; ADDR_NONE: none was given */
	unsigned prefix_len;
	bool ipv4_is_gone;
	unsigned without_ipv4; /* how often ADDR_SCOPE_NO_IPV4 was given: beside IPv6 that is an empty item */
	bool anything;         /* something was given, if only to leave things as they are */
	struct text operand;   /* that forbids that the source stands in */
	struct rrset given;    /* it is about records that are no addresses */
};

enum status plan_policy_index(struct plan_policy *policy)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < policy->zone_count && status == STATUS_OK; i++)
		status = names_add(&policy->zones_by_name, name_text(policy->zones[i].name), &policy->zones[i]);
	return status;
}

void plan_policy_fini(struct plan_policy *policy)
{
	names_fini(&policy->zones_by_name);
}

const struct plan_zone *plan_find_zone(const struct plan_policy *policy, const struct name *host)
{
	struct text rest = name_text(host), label;
	const struct plan_zone *zone = NULL;

	for (bool more = true; more && !zone;) {
		zone = names_find(&policy->zones_by_name, rest);
		more = text_split(rest, '.', &label, &rest);
	}
	return zone;
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
	case ADDR_SCOPE_NO_IPV4:
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
	static const enum addr_scope limited[] = {ADDR_SCOPE_PRIVATE, ADDR_SCOPE_LOOPBACK, ADDR_SCOPE_NO_IPV4,
						  ADDR_SCOPE_UNUSABLE};

	for (size_t i = 0; i < sizeof limited / sizeof *limited; i++) {
		if (!allows(policy, limited[i]) && addr_prefix_has_scope(prefix, len, limited[i]))
			return false;
	}
	return true;
}

/* Takes an address; refuses what policy refuses, and a second one of the same family that is another one. */
static bool plan_address(const struct plan_policy *policy, const struct addr *addr, struct wish *wish)
{
	struct addr *place = addr->family == ADDR_V4 ? &wish->v4 : &wish->v6;

	if (addr_scope(addr) == ADDR_SCOPE_NO_IPV4 && addr->family == ADDR_V4) {
		wish->without_ipv4++;
		return true;
	}
	if (!is_allowed(policy, addr))
		return false;
	if (place->family != ADDR_NONE)
		return addr_equal(place, addr);
	*place = *addr;
	return true;
}

static bool plan_prefix(const struct plan_policy *policy, const struct addr *prefix, unsigned len, struct wish *wish)
{
	struct addr same = addr_with_prefix(&wish->prefix, prefix, len);

	if (prefix->family != ADDR_V6 || !is_allowed_prefix(policy, prefix, len))
		return false;
	if (wish->prefix.family != ADDR_NONE && (len != wish->prefix_len || !addr_equal(&same, &wish->prefix)))
		return false;
	wish->prefix = *prefix;
	wish->prefix_len = len;
	return true;
}

/*
 * An address with a length: all of its bits say nothing, and fewer are a prefix. But where bits behind them are set,
 * some clients mean the address by it and others the prefix.
 */
static bool take_long_address(const struct plan_policy *policy, struct text text, struct wish *wish)
{
	struct addr addr;
	unsigned len;

	if (addr_parse_prefix(text, &addr, &len) != STATUS_OK)
		return false;
	if (len == 8 * addr_len(&addr))
		return plan_address(policy, &addr, wish);
	return !addr_has_host_bits(&addr, len) && plan_prefix(policy, &addr, len, wish);
}

static bool stays_as_it_is(struct text item)
{
	return text_equal_ignoring_case(item, text_of("preserve")) || text_equal_ignoring_case(item, text_of("no"));
}

static bool take_item(const struct plan_policy *policy, struct text item, bool lenient, struct wish *wish)
{
	struct addr addr;

	if ((lenient && item.len == 0) || stays_as_it_is(item))
		return true;
	if (item.len && memchr(item.octets, '/', item.len))
		return take_long_address(policy, item, wish);
	return addr_parse(item, &addr) == STATUS_OK && plan_address(policy, &addr, wish);
}

static bool take_list(const struct plan_policy *policy, const struct intent *intent, size_t n, struct wish *wish)
{
	struct text list = intent->addresses[n], item;

	for (bool more = true, first = true; more; first = false) {
		unsigned before = wish->without_ipv4;
		bool is_empty;

		more = text_split(list, ',', &item, &list);
		wish->anything = wish->anything || item.len;
		item = text_trimmed(item, " ");
		if (!take_item(policy, item, intent->lenient, wish))
			return false;
		/* `<ipv4>,<ipv6>` of a router that has no IPv4 address. */
		is_empty = (more && item.len == 0) || wish->without_ipv4 > before;
		wish->ipv4_is_gone = wish->ipv4_is_gone || (first && is_empty && intent->says_no_ipv4[n]);
	}
	return true;
}

static bool take_prefixes(const struct plan_policy *policy, const struct intent *intent, struct wish *wish)
{
	struct addr prefix;
	struct text list, item;
	unsigned len;

	for (size_t i = 0; i < intent->prefix_count; i++) {
		list = intent->prefixes[i];
		for (bool more = true; more;) {
			more = text_split(list, ',', &item, &list);
			if (addr_parse_prefix(text_trimmed(item, " "), &prefix, &len) != STATUS_OK ||
			    !plan_prefix(policy, &prefix, len, wish))
				return false;
		}
	}
	return true;
}

/* Whether all that was given can be read and is allowed, and no two operands contradict each other. */
static bool plan_all(const struct plan_policy *policy, const struct intent *intent, struct wish *wish)
{
	for (size_t i = 0; i < intent->address_count; i++) {
		if (!take_list(policy, intent, i, wish))
			return false;
	}
	if (!take_prefixes(policy, intent, wish))
		return false;
	return !(intent->keeps_ipv4 && wish->v4.family) && !(intent->keeps_ipv6 && wish->v6.family) &&
	       (!wish->without_ipv4 || wish->v6.family || wish->prefix.family);
}

/* The source stands in only where it is known, and nothing hints at another address. */
static bool take_source(const struct plan_policy *policy, const struct intent *intent, const struct addr *source,
			struct wish *wish)
{
	wish->ipv4_is_gone = false; /* where a client comes from tells nothing about the other family */
	wish->verdict = OUTCOME_NO_ADDRESS;
	if (intent->hint.len || intent->is_unread) {
		wish->operand = intent->hint.len ? intent->hint : text_of("(not read)");
		return false;
	}
	if (source->family == ADDR_NONE)
		return false;
	wish->verdict = OUTCOME_BAD_ADDRESS;
	return plan_address(policy, source, wish);
}

/*
 * A malformed address is refused and never replaced by the source address: the client meant something else. An operand
 * for a prefix that is there but empty says that there is none, and then an IPv6 address is the router's own.
 */
static struct wish read_wish(const struct plan_policy *policy, const struct intent *intent, const struct addr *source)
{
	struct wish wish = {.verdict = OUTCOME_BAD_ADDRESS, .ipv4_is_gone = intent->ipv4_is_gone};

	if (!plan_all(policy, intent, &wish))
		return wish;
	if (!wish.anything && !intent->prefix_count && !take_source(policy, intent, source, &wish))
		return wish;
	if (intent->prefix_is_given && !intent->prefix_count)
		wish.v6 = wish.prefix = (struct addr){.family = ADDR_NONE};
	if (wish.v4.family || wish.v6.family || wish.prefix.family)
		wish.verdict = OUTCOME_GRANTED;
	return wish;
}

/* Only where records are to be set may the text be empty, which is no record then. */
static struct wish read_given(const struct intent *intent, uint8_t room[static RDATA_ROOM])
{
	struct wish wish = {.verdict = OUTCOME_BAD_TEXT, .given = rrset_of_none(intent->type, 0, room)};
	uint8_t octets[RDATA_MAX];
	size_t len;

	if (intent->data.len == 0 && intent->kind == INTENT_SET)
		wish.verdict = OUTCOME_GRANTED;
	if (intent->data.len == 0 || rr_rdata_read(intent->type, intent->data, octets, &len) != STATUS_OK)
		return wish;
	wish.verdict = OUTCOME_GRANTED;
	wish.given = rrset_of_one(intent->type, 0, (struct rdata){octets, len}, room);
	return wish;
}

/* ---- From a wish to the changes of one host ---- */

static struct change *plan_change(struct change_set *set, enum change_kind kind, enum rr_type type, bool must_exist)
{
	struct change *change = &set->changes[set->count++];

	*change = (struct change){.kind = kind, .type = type, .must_exist = must_exist, .was = {.type = type}};
	change->becomes = rrset_of_none(type, 0, NULL);
	return change;
}

static void plan_address_record(struct change_set *set, const struct addr *addr, bool must_exist, uint8_t *room)
{
	enum rr_type type = rr_type_of_family(addr->family);

	plan_change(set, CHANGE_REPLACE, type, must_exist)->becomes = rrset_of_one(type, 0, rdata_of_addr(addr), room);
}

/*
 * A prefix goes before the host part of the addresses that are there. With an IPv4 address beside it there need be
 * none: routers send all that they have for hosts of all kinds.
 */
static void add_changes(const struct wish *wish, bool may_create, struct plan *plan, struct change_set *set)
{
	bool has_v4 = wish->v4.family != ADDR_NONE;

	if (has_v4)
		plan_address_record(set, &wish->v4, !may_create, plan->room.a);
	else if (wish->ipv4_is_gone && may_create && (wish->v6.family || wish->prefix.family))
		plan_change(set, CHANGE_REPLACE, RR_A, false);
	if (wish->prefix.family != ADDR_NONE) {
		struct change *change =
			plan_change(set, CHANGE_PREFIX, rr_type_of_family(wish->prefix.family), !has_v4);

		change->becomes.known = false;
		change->prefix = wish->prefix;
		change->prefix_len = wish->prefix_len;
	} else if (wish->v6.family != ADDR_NONE) {
		plan_address_record(set, &wish->v6, !may_create, plan->room.aaaa);
	}
}

static struct plan_host failed(enum outcome_code failure)
{
	return (struct plan_host){.planned = false, .failure = failure};
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

	return zone && grant_right(grant, host, zone->name) != GRANT_NOTHING;
}

/* Takes one item off the front of a list with commas, semicolons or blanks in between; it may be empty. */
static struct text take_item_off(struct text *list)
{
	struct text item = {list->octets, 0};

	while (item.len < list->len && !memchr(",; ", list->octets[item.len], 3))
		item.len++;
	list->octets += item.len;
	list->len -= item.len;
	if (list->len) {
		list->octets++;
		list->len--;
	}
	return item;
}

/* A list that is longer than one of hosts may be counts as one that names a host of ours: it is not read to its end. */
static bool names_host_of_ours(const struct plan_policy *policy, struct text value)
{
	size_t items = 0;

	while (value.len) {
		struct text item = take_item_off(&value);
		struct name name;

		if (item.len && items++ == INTENT_HOSTS_MAX)
			return true;
		if (item.len > 2 && memcmp(item.octets, "*.", 2) == 0)
			item = (struct text){item.octets + 2, item.len - 2};
		if (name_parse_zone(item, &name) == STATUS_OK && plan_find_zone(policy, &name))
			return true;
	}
	return false;
}

/* The unknown operand that names a host, so that no other one may stand in; NULL if there is none. */
static const struct intent_operand *find_stranger(const struct plan_policy *policy, const struct intent *intent)
{
	for (size_t i = 0; i < intent->stranger_count; i++) {
		if (names_host_of_ours(policy, intent->strangers[i].value))
			return &intent->strangers[i];
	}
	return NULL;
}

/* The login, if that is the name of a host that it may update, else the account's only host. */
static enum status read_own_host(const struct plan_policy *policy, const struct grant *grant, struct name *out)
{
	struct name only;
	bool has_only = grant_only_host(grant, &only);
	bool is_host = memchr(grant->login.octets, '.', grant->login.len) && name_parse(grant->login, out) == STATUS_OK;

	if (is_host && (!has_only || may_update(policy, grant, out)))
		return STATUS_OK;
	if (has_only)
		*out = only;
	return has_only ? STATUS_OK : STATUS_INVALID;
}

/* Texts may have names that are no hosts. A `*` is a host only for whom a pattern names it. */
static enum status read_name(const struct intent *intent, const struct grant *grant, struct text text, struct name *out)
{
	struct name name;
	enum status status;

	if (intent_is_about_data(intent))
		return name_parse_zone(text, out);
	status = name_parse_owner(text, &name);
	if (status == STATUS_OK && name_is_wildcard(&name) && !grant_has_wildcard(grant, &name))
		return STATUS_INVALID;
	if (status == STATUS_OK)
		*out = name;
	return status;
}

/* `_acme-challenge` below the host, unless that is such a name already. */
static enum status to_challenge(struct name *name)
{
	char text[sizeof "_acme-challenge." + NAME_TEXT_MAX];

	if (name->text[0] == '_')
		return STATUS_OK;
	snprintf(text, sizeof text, "_acme-challenge.%s", name->text);
	return name_parse_zone(text_of(text), name);
}

/* The name of a host as the request has it; not one of ours yet. */
static enum status read_host(const struct plan_policy *policy, const struct intent *intent, size_t n,
			     const struct grant *grant, struct name *out)
{
	struct text host = intent->hosts[n];
	enum status status;

	if (intent->host_form == HOSTS_OWN)
		return intent->is_unread || find_stranger(policy, intent) ? STATUS_INVALID
									  : read_own_host(policy, grant, out);
	if (intent->host_form == HOSTS_LABELS && host.len && !memchr(host.octets, '.', host.len))
		status = grant_complete(grant, host, out);
	else
		status = read_name(intent, grant, host, out);
	return status == STATUS_OK && intent_is_about_data(intent) && intent->challenge ? to_challenge(out) : status;
}

/* What the grant allows for a name: of a TXT record, what it allows for the host that it is about. */
static enum grant_right right_for(const struct intent *intent, const struct grant *grant, const struct name *owner,
				  const struct plan_zone *zone)
{
	struct name host = *owner;

	if (!intent_is_about_data(intent))
		return grant_right(grant, owner, zone->name);
	if (!challenged(owner, &host) && name_parse(name_text(owner), &host) != STATUS_OK)
		return GRANT_NOTHING;
	return grant_right(grant, &host, zone->name);
}

static enum outcome_code check_kind(const struct intent *intent, const struct grant *grant, enum grant_right right,
				    const struct wish *wish)
{
	if (intent->kind == INTENT_OFFLINE)
		return right == GRANT_CREATE ? OUTCOME_GRANTED : OUTCOME_NOT_ALLOWED;
	if (intent_is_about_data(intent) && !grant->may_set_txt)
		return OUTCOME_NOT_ALLOWED;
	return wish->verdict;
}

static void plan_fill(const struct intent *intent, enum grant_right right, const struct wish *wish, struct plan *plan,
		      struct change_set *set)
{
	static const enum change_kind kinds[] = {
		[INTENT_SET] = CHANGE_REPLACE,
		[INTENT_ADD] = CHANGE_ADD,
		[INTENT_DROP] = CHANGE_DROP,
		[INTENT_ROTATE] = CHANGE_ROTATE,
	};

	if (intent->kind == INTENT_OFFLINE) {
		plan_change(set, CHANGE_REPLACE, RR_A, false);
		plan_change(set, CHANGE_REPLACE, RR_AAAA, false);
	} else if (intent_is_about_data(intent)) {
		struct change *change = plan_change(set, kinds[intent->kind], intent->type, false);

		*(change->kind == CHANGE_DROP ? &change->was : &change->becomes) = wish->given;
	} else {
		add_changes(wish, right == GRANT_CREATE, plan, set);
	}
}

static struct plan_host plan_host(const struct plan_policy *policy, const struct intent *intent, size_t n,
				  const struct grant *grant, const struct wish *wish, struct plan *plan)
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
	code = check_kind(intent, grant, right, wish);
	if (code != OUTCOME_GRANTED)
		return failed(code);
	host.set.zone = (size_t)(zone - policy->zones);
	host.set.account = grant->account;
	plan_fill(intent, right, wish, plan, &host.set);
	for (size_t i = 0; i < host.set.count; i++)
		host.set.changes[i].becomes.ttl_s = zone->ttl_s;
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
	struct wish wish =
		intent_is_about_data(intent) ? read_given(intent, out->room.given) : read_wish(policy, intent, source);
	const struct intent_operand *stranger = intent->host_form == HOSTS_OWN ? find_stranger(policy, intent) : NULL;

	out->count = intent->host_count;
	out->operand = (struct text){NULL, 0};
	if (stranger)
		out->operand = stranger->name;
	else if (intent->kind == INTENT_UPDATE)
		out->operand = wish.operand;
	for (size_t i = 0; i < intent->host_count; i++)
		out->hosts[i] = plan_host(policy, intent, i, grant, &wish, out);
	link_sets(out);
}
