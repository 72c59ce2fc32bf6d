/*
 * Planning: the order of the checks, the zone of a host, which addresses may be set, and the change sets that come
 * out.
 */
#include "support.h"

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

static void world_init(struct world *world)
{
	*world = (struct world){
		.zones =
			{
				[ZONE_DYN] = {name_of("dyn.example.com"), TTL_S, true},
				[ZONE_SUB] = {name_of("sub.dyn.example.com"), TTL_SUB_S, true},
				[ZONE_OFF] = {name_of("off.example.com"), TTL_S, false},
			},
		.source = addr_of("203.0.113.9"),
	};
	world->policy = (struct plan_policy){.zones = world->zones, .zone_count = 3, .allow_private = true};
	world->patterns[0] = (struct host_pattern){.kind = HOST_BELOW, .name = name_of("dyn.example.com")};
	world->patterns[1] = (struct host_pattern){.kind = HOST_EXACT, .name = name_of("www.off.example.com")};
	world->patterns[2] = (struct host_pattern){.kind = HOST_EXACT, .name = name_of("www.example.org")};
	world->patterns[3] = (struct host_pattern){.kind = HOST_EXACT, .name = name_of("example.com")};
	world->grant = (struct grant){.account = ACCOUNT, .patterns = world->patterns, .count = 4};
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

	assert_true(addr_equal(&change->addr, &expected));
	assert_int_equal(change->ttl_s, ttl_s);
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
	world.grant.count = 0;
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
		OCTETS("1.2.3.4 "),
		OCTETS("1.2.3.4\0"),
		OCTETS("\0"),
		OCTETS("1.2.3.4/24"),
		OCTETS("fe80::1%eth0"),
		OCTETS("2001:db8::/64"),
		OCTETS("[2001:db8::1]"),
		OCTETS("1.2.3.4:80"),
		OCTETS("www.dyn.example.com"),
		OCTETS(","),
		OCTETS("192.0.2.1,"),
		OCTETS(",192.0.2.1"),
		OCTETS("192.0.2.1,,2001:db8::1"),
		OCTETS("192.0.2.1, 2001:db8::1"),
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
	assert_false(plans(&world, "192.0.2.1,192.0.2.1"));
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
}

static void a_client_without_an_address_gets_no_record(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world.source = (struct addr){.family = ADDR_NONE};
	assert_false(plans(&world, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_closest_enclosing_zone),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
