/*
 * Planning: the order of the checks, the zone of a host, which addresses may be set, and the change sets that come
 * out.
 */
#include "support.h"

#include <stdio.h>

#include "records.h"
#include "update/plan.h"

enum { ACCOUNT = 4711, TTL_S = 180, TTL_SUB_S = 60 };

enum {
	ZONE_DYN,
	ZONE_SUB,
	ZONE_OFF,
};

/* Three zones, of which one lies in another and one is not active, and an account that may change some hosts. */
struct world {
	struct plan_zone zones[3];
	struct plan_policy policy;
	struct host_pattern patterns[4];
	struct grant grant;
	struct addr source;
};

/* Grants some of the patterns. */
/* One after the other: a test is over with the last one when the next begins. */
static void index_zones(struct world *world)
{
	static struct plan_policy last;

	plan_policy_fini(&last);
	world->policy.zones_by_name = (struct names){0};
	assert_int_equal(plan_policy_index(&world->policy), STATUS_OK);
	last = world->policy;
}

static void grant_patterns(struct world *world, size_t from, size_t count)
{
	static struct host_list *hosts;

	host_list_free(&hosts);
	assert_int_equal(host_list_new(&world->patterns[from], count, &hosts), STATUS_OK);
	world->grant.hosts = hosts;
}

static void world_init(struct world *world)
{
	static struct name names[3];

	names[ZONE_DYN] = name_of("dyn.example.com");
	names[ZONE_SUB] = name_of("sub.dyn.example.com");
	names[ZONE_OFF] = name_of("off.example.com");
	*world = (struct world){
		.zones =
			{
				[ZONE_DYN] = {&names[ZONE_DYN], TTL_S, true},
				[ZONE_SUB] = {&names[ZONE_SUB], TTL_SUB_S, true},
				[ZONE_OFF] = {&names[ZONE_OFF], TTL_S, false},
			},
		.source = addr_of("203.0.113.9"),
	};
	world->policy = (struct plan_policy){.zones = world->zones, .zone_count = 3, .allow_private = true};
	index_zones(world);
	world->patterns[0] = (struct host_pattern){.kind = HOST_BELOW, .name = name_of("dyn.example.com")};
	world->patterns[1] = (struct host_pattern){.kind = HOST_EXACT, .name = name_of("www.off.example.com")};
	world->patterns[2] = (struct host_pattern){.kind = HOST_EXACT, .name = name_of("www.example.org")};
	world->patterns[3] = (struct host_pattern){.kind = HOST_EXACT, .name = name_of("example.com")};
	world->grant = (struct grant){.account = ACCOUNT};
	grant_patterns(world, 0, 4);
}

static struct plan_host plan_one(const struct world *world, struct text host, struct text addresses)
{
	struct intent intent = {
		.hosts = {host}, .host_count = 1, .addresses = {addresses}, .address_count = addresses.len ? 1 : 0};
	static struct plan plan;

	memset(&plan, 0xff, sizeof plan);
	plan_make(&world->policy, &intent, &world->grant, &world->source, &plan);
	assert_int_equal(plan.count, 1);
	return plan.hosts[0];
}

static void assert_failure(const struct world *world, const char *host, const char *addresses, enum outcome_code code)
{
	struct plan_host planned = plan_one(world, text_of(host), text_of(addresses));

	assert_row(host, !planned.planned);
	assert_row(host, planned.failure == code);
}

static bool plans(const struct world *world, const char *addresses)
{
	struct plan_host host = plan_one(world, text_of("www.dyn.example.com"), text_of(addresses));

	if (!host.planned)
		assert_row(addresses, host.failure == OUTCOME_BAD_ADDRESS);
	return host.planned;
}

static void assert_change(const struct change *change, const char *address, uint32_t ttl_s)
{
	struct addr expected = addr_of(address);

	assert_true(rdata_equal(rrset_first(&change->becomes), rdata_of_addr(&expected)));
	assert_int_equal(change->becomes.ttl_s, ttl_s);
	assert_true(change->must_exist);
}

/* ---- Zones ---- */

static void finds_the_closest_enclosing_zone(void **state)
{
	static const struct {
		const char *host;
		int zone; /* -1: none */
	} rows[] = {
		{"www.dyn.example.com", ZONE_DYN},
		{"dyn.example.com", ZONE_DYN},
		{"www.sub.dyn.example.com", ZONE_SUB},
		{"sub.dyn.example.com", ZONE_SUB},
		{"a.b.sub.dyn.example.com", ZONE_SUB},
		{"notsub.dyn.example.com", ZONE_DYN},
		{"www.off.example.com", ZONE_OFF},
		{"example.com", -1},
		{"www.example.org", -1},
		{"notdyn.example.com", -1},
	};
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct name host = name_of(rows[i].host);
		const struct plan_zone *expected = rows[i].zone < 0 ? NULL : &world.zones[rows[i].zone];

		assert_row(rows[i].host, plan_find_zone(&world.policy, &host) == expected);
	}
}

/* The root's own zone is none that hosts can be in by name; a host has no more labels than RFC 1035 allows. */
static void a_zone_among_many_is_found_by_the_labels_of_the_host(void **state)
{
	enum { MANY = 20000 };
	static struct plan_zone zones[MANY];
	static struct name names[MANY];
	struct plan_policy policy = {.zones = zones, .zone_count = MANY};

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		char text[64];

		snprintf(text, sizeof text, i % 2 ? "z%u.example" : "sub.z%u.example", i | 1);
		names[i] = name_of(text);
		zones[i] = (struct plan_zone){&names[i], TTL_S, true};
	}
	assert_int_equal(plan_policy_index(&policy), STATUS_OK);
	for (unsigned i = 0; i < MANY; i += 7) {
		char text[300];
		struct name host;

		snprintf(text, sizeof text, "a.b.c.%s", names[i].text);
		host = name_of(text);
		assert_ptr_equal(plan_find_zone(&policy, &host), &zones[i]);
		snprintf(text, sizeof text, "%s.org", names[i].text);
		host = name_of(text);
		assert_null(plan_find_zone(&policy, &host));
	}
	plan_policy_fini(&policy);
	zones[1].name = zones[0].name;
	assert_int_equal(plan_policy_index(&policy), STATUS_DUPLICATE);
	plan_policy_fini(&policy);
}

static void the_order_of_the_zones_does_not_matter(void **state)
{
	struct world world;
	struct plan_zone swapped;
	struct name host = name_of("www.sub.dyn.example.com");

	(void)state;
	world_init(&world);
	swapped = world.zones[ZONE_DYN];
	world.zones[ZONE_DYN] = world.zones[ZONE_SUB];
	world.zones[ZONE_SUB] = swapped;
	index_zones(&world);
	assert_ptr_equal(plan_find_zone(&world.policy, &host), &world.zones[ZONE_DYN]);
}

/* ---- Change sets ---- */

static void plans_one_address_with_the_zone_s_ttl(void **state)
{
	struct world world;
	struct plan_host host;

	(void)state;
	world_init(&world);
	host = plan_one(&world, text_of("WWW.sub.Dyn.example.com."), text_of("192.0.2.1"));
	assert_true(host.planned);
	assert_int_equal(host.set.zone, ZONE_SUB);
	assert_string_equal(host.set.owner.text, "www.sub.dyn.example.com");
	assert_int_equal(host.set.account, ACCOUNT);
	assert_int_equal(host.set.count, 1);
	assert_change(&host.set.changes[0], "192.0.2.1", TTL_SUB_S);
}

static void plans_both_families_as_one_change_set(void **state)
{
	struct world world;
	struct plan_host host;

	(void)state;
	world_init(&world);
	host = plan_one(&world, text_of("www.dyn.example.com"), text_of("192.0.2.1,2001:db8::1"));
	assert_true(host.planned);
	assert_int_equal(host.set.zone, ZONE_DYN);
	assert_int_equal(host.set.count, 2);
	assert_change(&host.set.changes[0], "192.0.2.1", TTL_S);
	assert_change(&host.set.changes[1], "2001:db8::1", TTL_S);

	host = plan_one(&world, text_of("www.dyn.example.com"), text_of("2001:db8::1,192.0.2.1"));
	assert_true(host.planned);
	assert_int_equal(host.set.count, 2);
}

static void the_source_address_stands_in_for_a_missing_one(void **state)
{
	struct world world;
	struct plan_host host;

	(void)state;
	world_init(&world);
	host = plan_one(&world, text_of("www.dyn.example.com"), (struct text){NULL, 0});
	assert_true(host.planned);
	assert_int_equal(host.set.count, 1);
	assert_change(&host.set.changes[0], "203.0.113.9", TTL_S);

	world.source = addr_of("2001:db8::9");
	host = plan_one(&world, text_of("www.dyn.example.com"), text_of(""));
	assert_true(host.planned);
	assert_int_equal(host.set.count, 1);
	assert_change(&host.set.changes[0], "2001:db8::9", TTL_S);
}

static void every_host_has_its_own_plan_in_the_order_asked(void **state)
{
	struct world world;
	struct intent intent = {
		.hosts = {text_of("a.dyn.example.com"), text_of("no name"), text_of("b.sub.dyn.example.com"),
			  text_of("www.example.net"), text_of("www.off.example.com"), text_of("a.dyn.example.com")},
		.host_count = 6,
		.addresses = {text_of("192.0.2.1")},
		.address_count = 1,
	};
	static struct plan plan;

	(void)state;
	world_init(&world);
	plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
	assert_int_equal(plan.count, 6);
	assert_true(plan.hosts[0].planned);
	assert_int_equal(plan.hosts[0].set.zone, ZONE_DYN);
	assert_false(plan.hosts[1].planned);
	assert_int_equal(plan.hosts[1].failure, OUTCOME_BAD_HOST);
	assert_true(plan.hosts[2].planned);
	assert_int_equal(plan.hosts[2].set.zone, ZONE_SUB);
	assert_false(plan.hosts[3].planned);
	assert_int_equal(plan.hosts[3].failure, OUTCOME_NOT_YOURS);
	assert_false(plan.hosts[4].planned);
	assert_int_equal(plan.hosts[4].failure, OUTCOME_ZONE_INACTIVE);
	assert_true(plan.hosts[5].planned);
	assert_string_equal(plan.hosts[5].set.owner.text, "a.dyn.example.com");
}

static void plans_as_many_hosts_as_an_intent_holds(void **state)
{
	struct world world;
	struct intent intent = {.host_count = INTENT_HOSTS_MAX};
	static struct plan plan;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < INTENT_HOSTS_MAX; i++)
		intent.hosts[i] = text_of("www.dyn.example.com");
	plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
	assert_int_equal(plan.count, INTENT_HOSTS_MAX);
	for (size_t i = 0; i < INTENT_HOSTS_MAX; i++)
		assert_true(plan.hosts[i].planned);
}

/* ---- Failures ---- */

static void checks_host_then_grant_then_zone_then_address(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	assert_failure(&world, "not a name", "not an address", OUTCOME_BAD_HOST);
	assert_failure(&world, "www.example.net", "not an address", OUTCOME_NOT_YOURS);
	assert_failure(&world, "other.off.example.com", "not an address", OUTCOME_NOT_YOURS); /* and not active */
	assert_failure(&world, "www.off.example.com", "not an address", OUTCOME_ZONE_INACTIVE);
	assert_failure(&world, "www.dyn.example.com", "not an address", OUTCOME_BAD_ADDRESS);
}

static void a_host_outside_our_zones_is_not_yours_even_if_granted(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	assert_failure(&world, "www.example.org", "192.0.2.1", OUTCOME_NOT_YOURS);
	assert_failure(&world, "example.com", "192.0.2.1", OUTCOME_NOT_YOURS); /* above the zone */
}

static void a_host_that_is_not_granted_is_not_yours(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	assert_failure(&world, "dyn.example.com", "192.0.2.1",
		       OUTCOME_NOT_YOURS); /* the pattern is for what lies below */
	world.grant.hosts = NULL;
	assert_failure(&world, "www.dyn.example.com", "192.0.2.1", OUTCOME_NOT_YOURS);
}

static void hostile_host_names_reach_no_plan(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),
		OCTETS("."),
		OCTETS("*.dyn.example.com"),
		OCTETS("www.dyn.example.com\n"),
		OCTETS("www.dyn.example.com\0"),
		OCTETS("www\0.dyn.example.com"),
		OCTETS("a b.dyn.example.com"),
		OCTETS("a\"b.dyn.example.com"),
		OCTETS("a\\.dyn.example.com"),
		OCTETS("_x.dyn.example.com"),
		OCTETS("..dyn.example.com"),
		OCTETS("192.0.2.1"),
		OCTETS("2001:db8::1"),
		OCTETS("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.dyn.example.com"),
	};
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct plan_host host = plan_one(&world, rows[i], text_of("192.0.2.1"));

		assert_row(rows[i].octets, !host.planned && host.failure == OUTCOME_BAD_HOST);
	}
}

/* ---- Addresses ---- */

static void a_malformed_address_is_refused_and_never_replaced_by_the_source(void **state)
{
	static const struct text rows[] = {
		OCTETS(" "),
		OCTETS("auto"),
		OCTETS("1.2.3"),
		OCTETS("1.2.3.4.5"),
		OCTETS("01.2.3.4"),
		OCTETS("1.2.3.4\0"),
		OCTETS("\0"),
		OCTETS("1.2.3.4/24"),
		OCTETS("fe80::1%eth0"),
		OCTETS("1.2.3.4/31"),
		OCTETS("1.2.3.0/24"),
		OCTETS("1.2.3.4/33"),
		OCTETS("2001:db8::1/64"),
		OCTETS("2001:db8::1/127"),
		OCTETS("2001:db8::1/129"),
		OCTETS("2001:db8::/0"),
		OCTETS("[2001:db8::1]"),
		OCTETS("1.2.3.4:80"),
		OCTETS("www.dyn.example.com"),
		OCTETS(","),
		OCTETS("192.0.2.1,"),
		OCTETS(",192.0.2.1"),
		OCTETS("192.0.2.1,,2001:db8::1"),
		OCTETS("192.0.2.1;2001:db8::1"),
		OCTETS("192.0.2.1,nonsense"),
		OCTETS("192.0.2.1,2001:db8::1,"),
		OCTETS("192.0.2.1,2001:db8::1,192.0.2.2"),
	};
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct plan_host host = plan_one(&world, text_of("www.dyn.example.com"), rows[i]);

		assert_row(rows[i].octets, !host.planned && host.failure == OUTCOME_BAD_ADDRESS);
	}
}

static void two_addresses_of_one_family_are_refused(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	assert_false(plans(&world, "192.0.2.1,192.0.2.2"));
	assert_true(plans(&world, "192.0.2.1,192.0.2.1")); /* which is one */
	assert_false(plans(&world, "2001:db8::1,2001:db8::2"));
}

static void policy_decides_on_private_and_loopback_addresses(void **state)
{
	static const struct {
		const char *addresses;
		bool needs_private, needs_loopback, never;
	} rows[] = {
		{"192.0.2.1", false, false, false},
		{"2001:db8::1", false, false, false},
		{"10.0.0.1", true, false, false},
		{"100.64.0.1", true, false, false},
		{"172.16.0.1", true, false, false},
		{"192.168.1.1", true, false, false},
		{"fd00::1", true, false, false},
		{"127.0.0.1", false, true, false},
		{"::1", false, true, false},
		{"192.0.2.1,fd00::1", true, false, false},
		{"10.0.0.1,::1", true, true, false},
		{"0.0.0.0", false, false, true},
		{"0.1.2.3", false, false, true},
		{"169.254.1.1", false, false, true},
		{"224.0.0.1", false, false, true},
		{"255.255.255.255", false, false, true},
		{"::", false, false, true},
		{"fe80::1", false, false, true},
		{"ff02::1", false, false, true},
		{"::ffff:192.0.2.1", false, false, true},
		{"192.0.2.1,fe80::1", false, false, true},
		{"192.0.0.2", false, false, true},
		{"198.18.0.1", false, false, true},
		{"::1a2b:3c4d:5e6f:7890", false, false, true},
		{"4000::1", false, false, true},
		{"fec0::1", false, false, true},
		{"2002:c000:201::1", false, false, false},
		{"2002:c0a8:101::1", true, false, false},
		{"2002:7f00:1::1", false, true, false},
		{"2002:c000:2::1", false, false, true},
		{"64:ff9b::192.0.2.1", false, false, false},
		{"64:ff9b::192.168.1.1", true, false, false},
		{"2002:c0a8:101::/48", true, false, false},
		{"2002:c000::/20", true, false, true},
	};
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		for (unsigned options = 0; options < 4; options++) {
			bool private_ok = options & 1, loopback_ok = options & 2;
			bool expected = !rows[i].never && (private_ok || !rows[i].needs_private) &&
					(loopback_ok || !rows[i].needs_loopback);

			world.policy.allow_private = private_ok;
			world.policy.allow_loopback = loopback_ok;
			assert_row(rows[i].addresses, plans(&world, rows[i].addresses) == expected);
		}
	}
}

static void policy_holds_for_the_source_address_too(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world.source = addr_of("127.0.0.1");
	assert_false(plans(&world, ""));
	world.policy.allow_loopback = true;
	assert_true(plans(&world, ""));
	world.source = addr_of("fe80::1");
	assert_false(plans(&world, ""));
	world.source = addr_of("192.0.0.2");
	assert_false(plans(&world, ""));
	world.source = addr_of("4000::1");
	assert_false(plans(&world, ""));
	world.policy.allow_private = false;
	world.source = addr_of("2002:c0a8:101::1");
	assert_false(plans(&world, ""));
}

static void a_client_without_an_address_gets_no_record(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world.source = (struct addr){.family = ADDR_NONE};
	assert_failure(&world, "www.dyn.example.com", "", OUTCOME_NO_ADDRESS);
	assert_true(plans(&world, "192.0.2.1"));
}

/* Where the source would be taken, and the request hints at another address, or has more in it than could be read. */
static void nothing_stands_in_for_what_an_unknown_operand_may_say(void **state)
{
	const struct text hint = OCTETS("wan_ip"), none = {NULL, 0};
	const struct {
		const char *address; /* NULL: none */
		struct text hint;
		bool is_unread;
		const char *operand; /* NULL: it is planned */
	} rows[] = {
		{NULL, none, false, NULL},        {NULL, hint, false, "wan_ip"},   {NULL, none, true, "(not read)"},
		{"192.0.2.1", hint, false, NULL}, {"192.0.2.1", none, true, NULL},
	};
	static struct plan plan;
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct intent intent = {
			.hosts = {text_of("www.dyn.example.com"), text_of("nas.dyn.example.com")},
			.host_count = 2,
			.addresses = {text_of(rows[i].address)},
			.address_count = rows[i].address ? 1 : 0,
			.hint = rows[i].hint,
			.is_unread = rows[i].is_unread,
		};

		plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
		for (size_t k = 0; k < 2; k++) {
			assert_int_equal(plan.hosts[k].planned, !rows[i].operand);
			if (rows[i].operand)
				assert_int_equal(plan.hosts[k].failure, OUTCOME_NO_ADDRESS);
		}
		assert_text(plan.operand, rows[i].operand ? rows[i].operand : "");
	}
}

/* ---- Lenient lists: what routers send ---- */

/* A host that the account may create, so that changes need not find a record. */
static void allow_creation(struct world *world)
{
	world->patterns[0].may_create = true;
	grant_patterns(world, 0, 4);
}

/* Plans one host of that world for up to three address operands, in the order given, and a LAN prefix. */
struct sent {
	const char *addresses[3];
	const char *prefix;
	bool ipv4_is_gone; /* as an empty operand for IPv4 says */
};

static struct plan_host plan_sent(const struct world *world, const struct sent *sent)
{
	struct intent intent = {
		.hosts = {text_of("www.dyn.example.com")},
		.host_count = 1,
		.lenient = true,
		.prefix_is_given = sent->prefix != NULL,
		.prefixes = {text_of(sent->prefix)},
		.prefix_count = sent->prefix && *sent->prefix ? 1 : 0,
		.ipv4_is_gone = sent->ipv4_is_gone,
	};
	static struct plan plan;

	while (intent.address_count < LENGTH(sent->addresses) && sent->addresses[intent.address_count]) {
		intent.says_no_ipv4[intent.address_count] = true;
		intent.addresses[intent.address_count] = text_of(sent->addresses[intent.address_count]);
		intent.address_count++;
	}
	plan_make(&world->policy, &intent, &world->grant, &world->source, &plan);
	return plan.hosts[0];
}

/*
 * A change in words: `=ADDRESS` replaces, `-A` and `-AAAA` remove, `ADDRESS/LEN` rewrites the prefix; `!` behind it
 * says that the record must exist.
 */
static void describe_change(const struct change *change, char *out, size_t size)
{
	const char *must = change->must_exist ? "!" : "";
	char text[ADDR_TEXT_MAX];

	if (rr_type_family(change->type) == ADDR_NONE) {
		snprintf(out, size, "not of addresses");
	} else if (change->kind == CHANGE_PREFIX) {
		snprintf(out, size, "%s/%u%s", addr_format(&change->prefix, text), change->prefix_len, must);
	} else if (change->becomes.count) {
		struct addr addr = rrset_addr(&change->becomes, 0);

		snprintf(out, size, "=%s%s", addr_format(&addr, text), must);
	} else {
		snprintf(out, size, "-%s%s", change->type == RR_A ? "A" : "AAAA", must);
	}
}

/* All changes of a host, with spaces in between; "refused" for a bad address. */
static const char *described(const char *row, const struct plan_host *host)
{
	static char text[256];
	size_t len = 0;

	if (!host->planned) {
		assert_row(row, host->failure == OUTCOME_BAD_ADDRESS);
		return "refused";
	}
	assert_row(row, host->set.count >= 1);
	for (size_t i = 0; i < host->set.count; i++) {
		len += (size_t)snprintf(text + len, sizeof text - len, "%s", i ? " " : "");
		describe_change(&host->set.changes[i], text + len, sizeof text - len);
		len = strlen(text);
		assert_row(row, host->set.changes[i].becomes.ttl_s == TTL_S);
	}
	return text;
}

struct wish_row {
	const char *what;
	struct sent sent;
	const char *changes;
};

static void assert_wishes(const struct world *world, const struct wish_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct plan_host host = plan_sent(world, &rows[i].sent);
		const char *changes = described(rows[i].what, &host);

		if (strcmp(changes, rows[i].changes) != 0)
			fail_msg("%s: expected %s, got %s", rows[i].what, rows[i].changes, changes);
	}
}

static void touches_only_the_families_that_were_given(void **state)
{
	static const struct wish_row rows[] = {
		{"nothing: the source", {{NULL}, NULL, false}, "=203.0.113.9!"},
		{"IPv4", {{"192.0.2.1"}, NULL, false}, "=192.0.2.1!"},
		{"IPv6", {{"2001:db8::1"}, NULL, false}, "=2001:db8::1!"},
		{"both in a list", {{"192.0.2.1,2001:db8::1"}, NULL, false}, "=192.0.2.1! =2001:db8::1!"},
		{"IPv6 first", {{"2001:db8::1,192.0.2.1"}, NULL, false}, "=192.0.2.1! =2001:db8::1!"},
		{"two operands", {{"2001:db8::1", "192.0.2.1"}, NULL, false}, "=192.0.2.1! =2001:db8::1!"},
		{"the same twice", {{"192.0.2.1", "192.0.2.1,2001:db8::1"}, NULL, false}, "=192.0.2.1! =2001:db8::1!"},
		{"the same, spelt in another way", {{"2001:db8::1,2001:DB8:0::1"}, NULL, false}, "=2001:db8::1!"},
		{"empty items", {{"192.0.2.1,", ",,2001:db8::1"}, NULL, false}, "=192.0.2.1! =2001:db8::1!"},
		{"only empty items: the source", {{","}, NULL, false}, "=203.0.113.9!"},
		{"two of one family", {{"192.0.2.1,192.0.2.2"}, NULL, false}, "refused"},
		{"two of one family in two operands", {{"2001:db8::1", "2001:db8::2"}, NULL, false}, "refused"},
		{"one good, one malformed", {{"192.0.2.1,2001:db8::g"}, NULL, false}, "refused"},
		{"malformed, then good", {{"x", "192.0.2.1"}, NULL, false}, "refused"},
		{"blanks", {{" 192.0.2.1 , 2001:db8::1"}, NULL, false}, "=192.0.2.1! =2001:db8::1!"},
		{"a blank and nothing else", {{" "}, NULL, false}, "refused"},
		{"other white space", {{"192.0.2.1\t"}, NULL, false}, "refused"},
		{"a blank within", {{"192.0.2.1 2001:db8::1"}, NULL, false}, "refused"},
		{"all bits", {{"192.0.2.1/32,2001:db8::1/128"}, NULL, false}, "=192.0.2.1! =2001:db8::1!"},
		{"all bits, and the same without", {{"192.0.2.1/32", "192.0.2.1"}, NULL, false}, "=192.0.2.1!"},
		{"IPv4 with a length", {{"192.0.2.0/24,2001:db8::1"}, NULL, false}, "refused"},
		{"DS-Lite", {{"192.0.0.2,2001:db8::1"}, NULL, false}, "=2001:db8::1!"},
		{"DS-Lite with all bits", {{"192.0.0.2/32", "2001:db8::1"}, NULL, false}, "=2001:db8::1!"},
		{"DS-Lite behind IPv6", {{"2001:db8::1,192.0.0.1"}, NULL, false}, "=2001:db8::1!"},
		{"DS-Lite and a prefix", {{"192.0.0.2"}, "2001:db8::/64", false}, "2001:db8::/64!"},
		{"DS-Lite alone", {{"192.0.0.2"}, NULL, false}, "refused"},
		{"DS-Lite and an IPv6 address that is none", {{"192.0.0.2,fe80::1"}, NULL, false}, "refused"},
		{"DS-Lite and what is to stay", {{"192.0.0.2,preserve"}, NULL, false}, "refused"},
		{"DS-Lite within 6to4", {{"2002:c000:2::1"}, NULL, false}, "refused"},
		{"link-local", {{"192.0.2.1,fe80::1"}, NULL, false}, "refused"},
	};
	struct world world;

	(void)state;
	world_init(&world);
	assert_wishes(&world, rows, LENGTH(rows));
}

static void preserve_leaves_a_family_alone(void **state)
{
	static const struct wish_row rows[] = {
		{"IPv4 is preserved", {{"preserve", "2001:db8::1"}, NULL, false}, "=2001:db8::1!"},
		{"IPv6 is preserved", {{"192.0.2.1", "preserve"}, NULL, false}, "=192.0.2.1!"},
		{"in a list", {{"preserve,2001:db8::1"}, NULL, false}, "=2001:db8::1!"},
		{"with a prefix", {{"preserve"}, "2001:db8::/64", false}, "2001:db8::/64!"},
		/* Nothing is left to do, and the source is not what was meant. */
		{"both", {{"preserve", "preserve"}, NULL, false}, "refused"},
		{"in other words", {{"preserved,192.0.2.1"}, NULL, false}, "refused"},
		{"no", {{"no", "2001:db8::1"}, NULL, false}, "=2001:db8::1!"},
		{"in a list, in capitals", {{"192.0.2.1, NO"}, NULL, false}, "=192.0.2.1!"},
		{"no, twice", {{"no,no"}, NULL, false}, "refused"},
	};
	struct world world;

	(void)state;
	world_init(&world);
	assert_wishes(&world, rows, LENGTH(rows));
	/* ... even where records may be removed. */
	allow_creation(&world);
	assert_wishes(&world,
		      &(struct wish_row){"preserve", {{"preserve", "2001:db8::1"}, NULL, false}, "=2001:db8::1"}, 1);
}

static void a_prefix_goes_before_what_is_there(void **state)
{
	static const struct wish_row rows[] = {
		{"LAN prefix", {{NULL}, "2001:db8:1:2::/64", false}, "2001:db8:1:2::/64!"},
		{"an address with a length", {{"2001:db8:1::/56"}, NULL, false}, "2001:db8:1::/56!"},
		{"one that may be an address or a prefix", {{"2001:db8:1:2::3/56"}, NULL, false}, "refused"},
		{"a prefix with host bits", {{NULL}, "2001:db8:1:2::3/56", false}, "2001:db8:1:2::3/56!"},
		{"WAN address and prefix", {{"2001:db8:ff::1"}, "2001:db8:1:2::/64", false}, "2001:db8:1:2::/64!"},
		{"IPv4 and prefix", {{"192.0.2.1"}, "2001:db8:1:2::/64", false}, "=192.0.2.1! 2001:db8:1:2::/64"},
		{"IPv4, WAN address and prefix",
		 {{"192.0.2.1,2001:db8:ff::1"}, "2001:db8:1:2::/62", false},
		 "=192.0.2.1! 2001:db8:1:2::/62"},
		{"the same prefix twice",
		 {{"2001:db8:1:2::/64", "192.0.2.1"}, "2001:db8:1:2::9/64", false},
		 "=192.0.2.1! 2001:db8:1:2::9/64"},
		{"an empty prefix", {{"192.0.2.1"}, "", false}, "=192.0.2.1!"},
		/* It says that there is none; what stands beside it is the router's own. */
		{"an empty prefix and a WAN address", {{"192.0.2.1,2001:db8:ff::1"}, "", false}, "=192.0.2.1!"},
		{"an empty prefix and a WAN address alone", {{"2001:db8:ff::1"}, "", false}, "refused"},
		{"an empty prefix and another one", {{"2001:db8:ff::/64"}, "", false}, "refused"},
		{"an empty prefix behind DS-Lite", {{"192.0.0.2,2001:db8:ff::1"}, "", false}, "refused"},
		{"an empty prefix and no IPv4 address", {{",2001:db8:ff::1"}, "", false}, "refused"},
		{"nothing but an empty prefix", {{NULL}, "", false}, "=203.0.113.9!"},
		{"the longest", {{NULL}, "2001:db8::1/128", false}, "2001:db8::1/128!"},
		{"the shortest", {{NULL}, "2001:db8::/3", false}, "2001:db8::/3!"},
		{"one that could make ::1", {{NULL}, "2001:db8::/2", false}, "refused"},
		{"another one", {{NULL}, "0:0:1::/16", false}, "refused"},
		{"one that could make ::ffff:127.0.0.1", {{NULL}, "0:0:1::/32", false}, "refused"},
		{"one that could make a link-local address", {{NULL}, "e000::/3", false}, "refused"},
		{"no bit at all", {{NULL}, "2001:db8::/0", false}, "refused"},
		{"too many bits", {{NULL}, "2001:db8::/129", false}, "refused"},
		{"far too many", {{NULL}, "2001:db8::/18446744073709551680", false}, "refused"},
		{"no length", {{NULL}, "2001:db8:1:2::", false}, "refused"},
		{"an empty length", {{NULL}, "2001:db8:1:2::/", false}, "refused"},
		{"a length that is no number", {{NULL}, "2001:db8:1:2::/x", false}, "refused"},
		{"two lengths", {{NULL}, "2001:db8:1:2::/64/64", false}, "refused"},
		{"two prefixes in one", {{NULL}, "2001:db8:1::/64,2001:db8:2::/64", false}, "refused"},
		{"the same two", {{NULL}, "2001:db8:1::/64, 2001:db8:1::1/64", false}, "2001:db8:1::1/64!"},
		{"a prefix of 6to4", {{NULL}, "2002:c000:201::/48", false}, "2002:c000:201::/48!"},
		{"a prefix for benchmarks", {{NULL}, "2001:2::/48", false}, "refused"},
		{"differing prefixes", {{"2001:db8:1::/64"}, "2001:db8:2::/64", false}, "refused"},
		{"differing lengths", {{"2001:db8:1::/64"}, "2001:db8:1::/56", false}, "refused"},
		{"a prefix of IPv4", {{"192.0.2.0/24"}, NULL, false}, "refused"},
		{"an IPv4 address as a prefix", {{NULL}, "192.0.2.1", false}, "refused"},
		{"link-local", {{NULL}, "fe80::/64", false}, "refused"},
		{"multicast", {{NULL}, "ff02::/64", false}, "refused"},
		{"the unspecified one", {{NULL}, "::/64", false}, "refused"},
		{"unique local", {{NULL}, "fd00:1::/64", false}, "fd00:1::/64!"},
	};
	struct world world;

	(void)state;
	world_init(&world);
	assert_wishes(&world, rows, LENGTH(rows));
	world.policy.allow_private = false;
	assert_wishes(&world, &(struct wish_row){"unique local", {{NULL}, "fd00:1::/64", false}, "refused"}, 1);
	assert_wishes(&world, &(struct wish_row){"of nobody", {{NULL}, "f800::/6", false}, "refused"}, 1);
	assert_wishes(&world, &(struct wish_row){"could be one", {{NULL}, "f800::/5", false}, "refused"}, 1);
	/* A host part cannot be made up, whoever asks. */
	allow_creation(&world);
	assert_wishes(&world, &(struct wish_row){"prefix", {{NULL}, "2001:db8:1:2::/64", false}, "2001:db8:1:2::/64!"},
		      1);
}

/* With less than three bits it could make ::1 and the like. */
static void every_length_of_a_prefix_is_taken(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	for (unsigned len = 3; len <= 128; len++) {
		char prefix[64], expected[80];
		struct plan_host host;

		snprintf(prefix, sizeof prefix, "2001:db8:1:2:3:4:5:6/%u", len);
		snprintf(expected, sizeof expected, "%s!", prefix);
		host = plan_sent(&world, &(struct sent){{NULL}, prefix, false});
		assert_string_equal(described(prefix, &host), expected);
	}
}

static void only_who_may_create_loses_an_ipv4_address_that_is_gone(void **state)
{
	static const struct sent gone[] = {
		{{"2001:db8::1"}, NULL, true},
		{{",2001:db8::1"}, NULL, false},
		{{NULL}, "2001:db8::/64", true},
		{{",2001:db8:ff::1"}, "2001:db8::/64", false},
		{{"192.0.2.1,2001:db8::1"}, NULL, true},
		{{"2001:db8::1,"}, NULL, false},
		{{"192.0.0.2,2001:db8::1"}, NULL, false},
		{{"192.0.0.2", "2001:db8::1"}, NULL, false},
		{{"2001:db8::1,192.0.0.2"}, NULL, false},
		{{"no,2001:db8::1"}, NULL, false},
	};
	static const char *const expected[][2] = {
		{"=2001:db8::1!", "-A =2001:db8::1"},
		{"=2001:db8::1!", "-A =2001:db8::1"},
		{"2001:db8::/64!", "-A 2001:db8::/64!"},
		{"2001:db8::/64!", "-A 2001:db8::/64!"},
		{"=192.0.2.1! =2001:db8::1!", "=192.0.2.1 =2001:db8::1"}, /* it is not gone after all */
		{"=2001:db8::1!", "=2001:db8::1"},                        /* IPv6 comes first: that says nothing */
		{"=2001:db8::1!", "-A =2001:db8::1"},                     /* DS-Lite is as good as empty */
		{"=2001:db8::1!", "-A =2001:db8::1"},
		{"=2001:db8::1!", "=2001:db8::1"},
		{"=2001:db8::1!", "=2001:db8::1"},
	};
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(gone); i++) {
		world.patterns[0].may_create = false;
		grant_patterns(&world, 0, 4);
		assert_wishes(&world, &(struct wish_row){"may not create", gone[i], expected[i][0]}, 1);
		world.patterns[0].may_create = true;
		grant_patterns(&world, 0, 4);
		assert_wishes(&world, &(struct wish_row){"may create", gone[i], expected[i][1]}, 1);
	}
}

/* What is to stay and what is to be set cannot be the same. */
static void a_family_that_is_kept_has_no_address(void **state)
{
	static const struct {
		const char *addresses;
		bool keeps_ipv4, keeps_ipv6, planned;
	} rows[] = {
		{"preserve,2001:db8::1", true, false, true},
		{"192.0.2.1,no", false, true, true},
		{"192.0.2.1,preserve", true, false, false},
		{"192.0.2.1,2001:db8::1,no", false, true, false},
		{"preserve", true, true, false},
	};
	static struct plan plan;
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct intent intent = {
			.hosts = {text_of("www.dyn.example.com")},
			.host_count = 1,
			.addresses = {text_of(rows[i].addresses)},
			.address_count = 1,
			.keeps_ipv4 = rows[i].keeps_ipv4,
			.keeps_ipv6 = rows[i].keeps_ipv6,
		};

		plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
		assert_row(rows[i].addresses, plan.hosts[0].planned == rows[i].planned);
	}
}

/* The source is a router's own address, whose host is another one. */
static void an_empty_prefix_leaves_ipv6_alone(void **state)
{
	static const struct wish_row rows[] = {
		{"nothing but an empty prefix", {{NULL}, "", false}, "refused"},
		{"an empty address beside it", {{NULL}, "", true}, "refused"},
		{"an empty list beside it", {{","}, "", false}, "refused"},
	};
	struct world world;

	(void)state;
	world_init(&world);
	allow_creation(&world);
	world.source = addr_of("2001:db8::9");
	assert_wishes(&world, rows, LENGTH(rows));
}

/* A client that cannot tell its address sends it empty: that says nothing about the family it did not come by. */
static void the_source_removes_nothing(void **state)
{
	static const struct wish_row rows[] = {
		{"an empty operand", {{NULL}, NULL, true}, "=2001:db8::9"},
		{"an empty list", {{","}, NULL, false}, "=2001:db8::9"},
	};
	struct world world;

	(void)state;
	world_init(&world);
	allow_creation(&world);
	world.source = addr_of("2001:db8::9");
	assert_wishes(&world, rows, LENGTH(rows));
}

static void who_may_create_needs_no_record(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	allow_creation(&world);
	assert_wishes(&world,
		      &(struct wish_row){"both", {{"192.0.2.1,2001:db8::1"}, NULL, false}, "=192.0.2.1 =2001:db8::1"},
		      1);
}

static void offline_removes_both_families_where_records_may_be_removed(void **state)
{
	struct intent intent = {
		.kind = INTENT_OFFLINE,
		.hosts = {text_of("www.dyn.example.com"), text_of("www.example.net"), text_of("www.off.example.com")},
		.host_count = 3,
		.addresses = {text_of("not an address")}, /* it does not matter */
		.address_count = 1,
	};
	struct world world;
	static struct plan plan;

	(void)state;
	world_init(&world);
	plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
	assert_false(plan.hosts[0].planned);
	assert_int_equal(plan.hosts[0].failure, OUTCOME_NOT_ALLOWED);
	assert_int_equal(plan.hosts[1].failure, OUTCOME_NOT_YOURS);
	assert_int_equal(plan.hosts[2].failure, OUTCOME_ZONE_INACTIVE);

	allow_creation(&world);
	plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
	assert_string_equal(described("offline", &plan.hosts[0]), "-A -AAAA");
	assert_int_equal(plan.hosts[1].failure, OUTCOME_NOT_YOURS);
}

/* ---- TXT records ---- */

static struct plan_host plan_txt(const struct world *world, enum intent_kind kind, const char *host, struct text txt)
{
	struct intent intent = {.kind = kind, .type = RR_TXT, .hosts = {text_of(host)}, .host_count = 1, .data = txt};
	static struct plan plan;

	plan_make(&world->policy, &intent, &world->grant, &world->source, &plan);
	return plan.hosts[0];
}

static void plans_a_text_for_a_host_or_its_challenge(void **state)
{
	static const struct {
		enum intent_kind kind;
		const char *host;
		enum outcome_code failure; /* OUTCOME_GRANTED: none */
		enum change_kind change;
	} rows[] = {
		{INTENT_SET, "www.dyn.example.com", OUTCOME_GRANTED, CHANGE_REPLACE},
		{INTENT_SET, "*.dyn.example.com", OUTCOME_BAD_HOST, 0},
		{INTENT_ADD, "_acme-challenge.www.dyn.example.com.", OUTCOME_GRANTED, CHANGE_ADD},
		{INTENT_DROP, "_ACME-challenge.www.dyn.example.com", OUTCOME_GRANTED, CHANGE_DROP},
		{INTENT_ROTATE, "_acme-challenge.www.dyn.example.com", OUTCOME_GRANTED, CHANGE_ROTATE},
		/* The grant is for what lies below the zone, not for its apex nor the challenge of that. */
		{INTENT_ADD, "_acme-challenge.dyn.example.com", OUTCOME_NOT_YOURS, 0},
		{INTENT_ADD, "_acme-challenge.www.example.net", OUTCOME_NOT_YOURS, 0},
		{INTENT_ADD, "_other.www.dyn.example.com", OUTCOME_NOT_YOURS, 0},
		{INTENT_ADD, "_acme-challenge._acme-challenge.www.dyn.example.com", OUTCOME_NOT_YOURS, 0},
		{INTENT_ADD, "_acme-challenge.www.off.example.com", OUTCOME_ZONE_INACTIVE, 0},
		{INTENT_ADD, "no name", OUTCOME_BAD_HOST, 0},
	};
	struct world world;

	(void)state;
	world_init(&world);
	world.grant.may_set_txt = true;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct plan_host host = plan_txt(&world, rows[i].kind, rows[i].host, text_of("proof"));

		assert_row(rows[i].host, host.planned == (rows[i].failure == OUTCOME_GRANTED));
		assert_row(rows[i].host, host.planned || host.failure == rows[i].failure);
		if (!host.planned)
			continue;
		assert_row(rows[i].host, host.set.count == 1 && host.set.changes[0].kind == rows[i].change);
		assert_row(rows[i].host, !host.set.changes[0].must_exist && host.set.changes[0].becomes.ttl_s == TTL_S);
		assert_row(rows[i].host, rdata_is_string(change_record(&host.set.changes[0]), "proof"));
	}
}

/* As DuckDNS has it. The rights are those for the host, whatever the text is for. */
static void a_text_for_a_challenge_goes_below_the_host(void **state)
{
	static const struct {
		const char *host, *owner; /* NULL: fails */
		enum outcome_code failure;
	} rows[] = {
		{"nas", "_acme-challenge.nas.dyn.example.com", 0},
		{"WWW.dyn.example.com.", "_acme-challenge.www.dyn.example.com", 0},
		{"_acme-challenge.www.dyn.example.com", "_acme-challenge.www.dyn.example.com", 0},
		{"_other.www.dyn.example.com", NULL, OUTCOME_NOT_YOURS},
		{"dyn.example.com", NULL, OUTCOME_NOT_YOURS},
		{"www.off.example.com", NULL, OUTCOME_ZONE_INACTIVE},
		{"*.dyn.example.com", NULL, OUTCOME_BAD_HOST},
		{"_x", NULL, OUTCOME_BAD_HOST},
		{"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff.aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"
		 "eeeeeeeeeeffffffffff.aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff."
		 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddd.dyn.example.com",
		 NULL, OUTCOME_BAD_HOST},
	};
	static const enum intent_kind kinds[] = {INTENT_SET, INTENT_UPDATE};
	static struct plan plan;
	struct world world;

	(void)state;
	world_init(&world);
	world.grant.may_set_txt = true;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct intent intent = {
			.hosts = {text_of(rows[i].host)},
			.host_count = 1,
			.host_form = HOSTS_LABELS,
			.challenge = true,
			.type = RR_TXT,
			.data = text_of("proof"),
		};

		for (size_t k = 0; k < LENGTH(kinds); k++) {
			intent.kind = kinds[k];
			plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
			if (kinds[k] == INTENT_UPDATE) {
				assert_row(rows[i].host,
					   !plan.hosts[0].planned || plan.hosts[0].set.owner.text[0] != '_');
				continue;
			}
			assert_row(rows[i].host, plan.hosts[0].planned == (rows[i].owner != NULL));
			if (rows[i].owner)
				assert_string_equal(plan.hosts[0].set.owner.text, rows[i].owner);
			else
				assert_row(rows[i].host, plan.hosts[0].failure == rows[i].failure);
		}
	}
}

static void only_who_may_set_text_does(void **state)
{
	struct world world;
	struct plan_host host;

	(void)state;
	world_init(&world);
	allow_creation(&world);
	host = plan_txt(&world, INTENT_SET, "www.dyn.example.com", text_of("proof"));
	assert_false(host.planned);
	assert_int_equal(host.failure, OUTCOME_NOT_ALLOWED);
}

static void a_text_is_a_character_string_of_printable_ascii(void **state)
{
	static char longest[256];
	const struct {
		struct text txt;
		bool settable, addable;
	} rows[] = {
		{OCTETS("proof"), true, true},  {OCTETS("a b\"c\\;"), true, true},
		{OCTETS(""), true, false}, /* to set nothing is to remove it */
		{{longest, 255}, true, true},   {{longest, 256}, false, false},
		{OCTETS("a\0b"), false, false}, {OCTETS("a\nb"), false, false},
		{OCTETS("\x7f"), false, false}, {OCTETS("m\xc3\xbcller"), false, false},
	};
	struct world world;

	(void)state;
	world_init(&world);
	world.grant.may_set_txt = true;
	memset(longest, 'x', sizeof longest);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct plan_host set = plan_txt(&world, INTENT_SET, "www.dyn.example.com", rows[i].txt);
		struct plan_host add = plan_txt(&world, INTENT_ADD, "www.dyn.example.com", rows[i].txt);

		assert_int_equal(set.planned, rows[i].settable);
		assert_int_equal(add.planned, rows[i].addable);
		assert_true(add.planned || add.failure == OUTCOME_BAD_TEXT);
	}
}

/* ---- Hosts that were not named in full ---- */

static struct plan_host plan_form(const struct world *world, enum intent_hosts form, const char *host)
{
	struct intent intent = {.hosts = {text_of(host)},
				.host_count = 1,
				.host_form = form,
				.addresses = {text_of("192.0.2.1")},
				.address_count = 1};
	static struct plan plan;

	plan_make(&world->policy, &intent, &world->grant, &world->source, &plan);
	return plan.hosts[0];
}

static void who_names_no_host_means_the_login_or_the_only_one(void **state)
{
	static const struct {
		const char *login;
		const char *patterns[2]; /* NULL: none */
		const char *owner;       /* NULL: no host is meant */
	} rows[] = {
		{"www.dyn.example.com", {"*.dyn.example.com"}, "www.dyn.example.com"},
		{"WWW.dyn.example.com.", {"*.dyn.example.com"}, "www.dyn.example.com"},
		{"www.dyn.example.com", {"nas.dyn.example.com", "www.dyn.example.com"}, "www.dyn.example.com"},
		{"myLogin", {"nas.dyn.example.com"}, "nas.dyn.example.com"},
		{"me@example.com", {"nas.dyn.example.com"}, "nas.dyn.example.com"},
		{"john.doe", {"nas.dyn.example.com"}, "nas.dyn.example.com"},
		{"myLogin", {"nas.dyn.example.com", "nas.dyn.example.com"}, "nas.dyn.example.com"},
		{"myLogin", {"nas.dyn.example.com", "www.dyn.example.com"}, NULL},
		{"myLogin", {"*.dyn.example.com"}, NULL},
		{"myLogin", {"zone:dyn.example.com"}, NULL},
		{"myLogin", {NULL}, NULL},
		{"", {"nas.dyn.example.com"}, "nas.dyn.example.com"},
	};
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct plan_host host;
		size_t count = 0;

		world.grant.login = text_of(rows[i].login);
		for (; count < 2 && rows[i].patterns[count]; count++)
			assert_int_equal(host_pattern_parse(text_of(rows[i].patterns[count]), &world.patterns[count]),
					 STATUS_OK);
		grant_patterns(&world, 0, count);
		host = plan_form(&world, HOSTS_OWN, NULL);
		assert_row(rows[i].login, host.planned == (rows[i].owner != NULL));
		if (rows[i].owner)
			assert_string_equal(host.set.owner.text, rows[i].owner);
		else
			assert_row(rows[i].login, host.failure == OUTCOME_BAD_HOST);
	}
}

static void a_login_that_names_another_s_host_gives_no_access(void **state)
{
	struct world world;
	struct plan_host host;

	(void)state;
	world_init(&world);
	world.grant.login = text_of("www.example.net");
	host = plan_form(&world, HOSTS_OWN, NULL);
	assert_false(host.planned);
	assert_int_equal(host.failure, OUTCOME_NOT_YOURS);
}

/* An operand that nobody knows may say which host is meant. */
static void no_host_stands_in_for_one_that_an_unknown_operand_names(void **state)
{
	static const struct {
		const char *value;
		bool planned;
	} rows[] = {
		{"other.dyn.example.com", false},
		{"nas.dyn.example.com", false},
		{"OTHER.Dyn.example.com.", false},
		{"*.dyn.example.com", false},
		{"dyn.example.com", false},
		{"x, a.sub.dyn.example.com", false},
		{"_x.dyn.example.com", false},
		{"www.off.example.com", false},
		{"www.example.net", true},
		{"example.com", true},
		{"notdyn.example.com", true},
		{"dyn", true},
		{"www.example.net other.dyn.example.com", false},
		{"other.dyn.example.com;nas.dyn.example.com", false},
		{"a;other.dyn.example.com, b", false},
		{"other dyn.example.com", false},
		{"other_dyn.example.com", true},
		{"a.b,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19", true},
		{"a.b,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20", false},
	};
	static struct plan plan;
	struct world world;

	(void)state;
	world_init(&world);
	world.patterns[0] = (struct host_pattern){.kind = HOST_EXACT, .name = name_of("nas.dyn.example.com")};
	grant_patterns(&world, 0, 1);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		for (unsigned login = 0; login < 2; login++) {
			struct intent intent = {
				.host_count = 1,
				.host_form = HOSTS_OWN,
				.addresses = {text_of("192.0.2.1")},
				.address_count = 1,
				.strangers = {{text_of("x"), text_of("www.example.net")},
					      {text_of("node"), text_of(rows[i].value)}},
				.stranger_count = 2,
			};

			world.grant.login = text_of(login ? "nas.dyn.example.com" : "me");
			plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
			assert_row(rows[i].value, plan.hosts[0].planned == rows[i].planned);
			assert_row(rows[i].value, plan.hosts[0].planned || plan.hosts[0].failure == OUTCOME_BAD_HOST);
			assert_text(plan.operand, rows[i].planned ? "" : "node");
			/* Where a host is named, it does not matter. */
			intent.host_form = HOSTS_FULL;
			intent.hosts[0] = text_of("nas.dyn.example.com");
			plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
			assert_true(plan.hosts[0].planned && plan.operand.len == 0);
			/* Nor does one stand in where something was not read. */
			intent.host_form = HOSTS_OWN;
			intent.stranger_count = 0;
			intent.is_unread = true;
			plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
			assert_false(plan.hosts[0].planned);
		}
	}
}

/* `*.sub.dyn.example.com` as the name of a host. */
static void a_wildcard_is_a_host_of_who_has_it_by_name(void **state)
{
	struct world world;
	struct plan_host host;

	(void)state;
	world_init(&world);
	assert_failure(&world, "*.sub.dyn.example.com", "192.0.2.1", OUTCOME_BAD_HOST);
	assert_int_equal(host_pattern_parse(text_of("owner:*.sub.dyn.example.com"), &world.patterns[1]), STATUS_OK);
	grant_patterns(&world, 0, 4);
	host = plan_one(&world, text_of("*.Sub.dyn.example.com."), text_of("192.0.2.1"));
	assert_true(host.planned);
	assert_string_equal(host.set.owner.text, "*.sub.dyn.example.com");
	assert_int_equal(host.set.zone, ZONE_SUB);
	assert_failure(&world, "*.dyn.example.com", "192.0.2.1", OUTCOME_BAD_HOST);
	assert_failure(&world, "*", "192.0.2.1", OUTCOME_BAD_HOST);
	assert_int_equal(plan_form(&world, HOSTS_LABELS, "*").planned, true);
	/* Its texts would answer for the challenges of all names below. */
	world.grant.may_set_txt = true;
	assert_false(plan_txt(&world, INTENT_SET, "*.sub.dyn.example.com", text_of("x")).planned);
	grant_patterns(&world, 1, 1);
	assert_false(plan_txt(&world, INTENT_ADD, "_acme-challenge.sub.dyn.example.com", text_of("x")).planned);
	assert_false(plan_txt(&world, INTENT_ADD, "_acme-challenge.a.sub.dyn.example.com", text_of("x")).planned);
}

static void labels_are_completed_by_what_was_granted(void **state)
{
	static const struct {
		const char *host, *owner; /* NULL: fails */
		enum outcome_code failure;
	} rows[] = {
		{"nas", "nas.dyn.example.com", OUTCOME_GRANTED},
		{"NAS", "nas.dyn.example.com", OUTCOME_GRANTED},
		{"nas.sub.dyn.example.com", "nas.sub.dyn.example.com", OUTCOME_GRANTED},
		{"nas.example.net", NULL, OUTCOME_NOT_YOURS},
		{"-nas", NULL, OUTCOME_BAD_HOST},
		{"*", NULL, OUTCOME_BAD_HOST},
		{"", NULL, OUTCOME_BAD_HOST},
	};
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct plan_host host = plan_form(&world, HOSTS_LABELS, rows[i].host);

		assert_row(rows[i].host, host.planned == (rows[i].owner != NULL));
		if (rows[i].owner)
			assert_string_equal(host.set.owner.text, rows[i].owner);
		else
			assert_row(rows[i].host, host.failure == rows[i].failure);
	}
	world.grant.hosts = NULL;
	assert_int_equal(plan_form(&world, HOSTS_LABELS, "nas").failure, OUTCOME_BAD_HOST);
	/* In other dialects a name without a dot is a name, and nobody's. */
	world_init(&world);
	assert_int_equal(plan_form(&world, HOSTS_FULL, "nas").failure, OUTCOME_NOT_YOURS);
}

/* ---- Sets of one request ---- */

static void the_sets_of_a_zone_are_announced_to_each_other(void **state)
{
	static const struct {
		const char *host;
		bool more;
	} rows[] = {
		{"a.dyn.example.com", true},      {"a.sub.dyn.example.com", true},
		{"b.dyn.example.com", true},      {"no name", false},
		{"c.dyn.example.com", false},     {"www.off.example.com", false},
		{"b.sub.dyn.example.com", false}, {"www.example.net", false},
	};
	struct intent intent = {.addresses = {text_of("192.0.2.1")}, .address_count = 1};
	struct world world;
	static struct plan plan;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < LENGTH(rows); i++)
		intent.hosts[intent.host_count++] = text_of(rows[i].host);
	plan_make(&world.policy, &intent, &world.grant, &world.source, &plan);
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_row(rows[i].host,
			   plan.hosts[i].planned ? plan.hosts[i].set.more == rows[i].more : !rows[i].more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_closest_enclosing_zone),
		cmocka_unit_test(a_zone_among_many_is_found_by_the_labels_of_the_host),
		cmocka_unit_test(the_order_of_the_zones_does_not_matter),
		cmocka_unit_test(plans_one_address_with_the_zone_s_ttl),
		cmocka_unit_test(plans_both_families_as_one_change_set),
		cmocka_unit_test(the_source_address_stands_in_for_a_missing_one),
		cmocka_unit_test(every_host_has_its_own_plan_in_the_order_asked),
		cmocka_unit_test(plans_as_many_hosts_as_an_intent_holds),
		cmocka_unit_test(checks_host_then_grant_then_zone_then_address),
		cmocka_unit_test(a_host_outside_our_zones_is_not_yours_even_if_granted),
		cmocka_unit_test(a_host_that_is_not_granted_is_not_yours),
		cmocka_unit_test(hostile_host_names_reach_no_plan),
		cmocka_unit_test(a_malformed_address_is_refused_and_never_replaced_by_the_source),
		cmocka_unit_test(two_addresses_of_one_family_are_refused),
		cmocka_unit_test(policy_decides_on_private_and_loopback_addresses),
		cmocka_unit_test(policy_holds_for_the_source_address_too),
		cmocka_unit_test(a_client_without_an_address_gets_no_record),
		cmocka_unit_test(nothing_stands_in_for_what_an_unknown_operand_may_say),
		cmocka_unit_test(a_family_that_is_kept_has_no_address),
		cmocka_unit_test(an_empty_prefix_leaves_ipv6_alone),
		cmocka_unit_test(no_host_stands_in_for_one_that_an_unknown_operand_names),
		cmocka_unit_test(a_wildcard_is_a_host_of_who_has_it_by_name),
		cmocka_unit_test(a_text_for_a_challenge_goes_below_the_host),
		cmocka_unit_test(touches_only_the_families_that_were_given),
		cmocka_unit_test(preserve_leaves_a_family_alone),
		cmocka_unit_test(a_prefix_goes_before_what_is_there),
		cmocka_unit_test(every_length_of_a_prefix_is_taken),
		cmocka_unit_test(only_who_may_create_loses_an_ipv4_address_that_is_gone),
		cmocka_unit_test(the_source_removes_nothing),
		cmocka_unit_test(who_may_create_needs_no_record),
		cmocka_unit_test(offline_removes_both_families_where_records_may_be_removed),
		cmocka_unit_test(who_names_no_host_means_the_login_or_the_only_one),
		cmocka_unit_test(a_login_that_names_another_s_host_gives_no_access),
		cmocka_unit_test(labels_are_completed_by_what_was_granted),
		cmocka_unit_test(the_sets_of_a_zone_are_announced_to_each_other),
		cmocka_unit_test(plans_a_text_for_a_host_or_its_challenge),
		cmocka_unit_test(only_who_may_set_text_does),
		cmocka_unit_test(a_text_is_a_character_string_of_printable_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
