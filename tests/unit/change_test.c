/*
 * Changes: what an RRset becomes from what it was, and when two RRsets are the same.
 */
#include "support.h"

#include "records.h"

enum { TTL_S = 180, OTHER_TTL_S = 60, TRIES = 20000 };

/* An RRset of up to three addresses; NULL ends them. */
static struct rrset rrset_of(uint32_t ttl_s, const char *a, const char *b, const char *c)
{
	const char *const texts[] = {a, b, c};
	struct addr addrs[LENGTH(texts)];
	size_t count = 0;

	for (; count < LENGTH(texts) && texts[count]; count++)
		addrs[count] = addr_of(texts[count]);
	return rrset_of_addrs(ttl_s, addrs, count);
}

static struct change knowing(struct change change, struct rrset was)
{
	change.was = was;
	return change;
}

static void assert_becomes(struct change change, const struct rrset *expected)
{
	change_resolve(&change);
	assert_true(change.becomes.known);
	assert_int_equal(change.becomes.ttl_s, TTL_S);
	assert_true(rrset_equal(&change.becomes, expected));
}

/* ---- Equality ---- */

static void rrsets_are_equal_whatever_the_order(void **state)
{
	static const struct {
		struct {
			uint32_t ttl_s;
			const char *addrs[3];
		} a, b;
		bool equal;
	} rows[] = {
		{{TTL_S, {"192.0.2.1"}}, {TTL_S, {"192.0.2.1"}}, true},
		{{TTL_S, {"192.0.2.1"}}, {TTL_S, {"192.0.2.2"}}, false},
		{{TTL_S, {"192.0.2.1"}}, {OTHER_TTL_S, {"192.0.2.1"}}, false},
		{{TTL_S, {"192.0.2.1"}}, {TTL_S, {NULL}}, false},
		{{TTL_S, {NULL}}, {OTHER_TTL_S, {NULL}}, true}, /* nothing has no TTL */
		{{TTL_S, {"2001:db8::1", "2001:db8::2"}}, {TTL_S, {"2001:db8::2", "2001:db8::1"}}, true},
		{{TTL_S, {"2001:db8::1", "2001:db8::2"}}, {TTL_S, {"2001:db8::1"}}, false},
		{{TTL_S, {"2001:db8::1", "2001:db8::2"}}, {TTL_S, {"2001:db8::1", "2001:db8::3"}}, false},
		{{TTL_S, {"102:304::"}}, {TTL_S, {"1.2.3.4"}}, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rrset a = rrset_of(rows[i].a.ttl_s, rows[i].a.addrs[0], rows[i].a.addrs[1], rows[i].a.addrs[2]);
		struct rrset b = rrset_of(rows[i].b.ttl_s, rows[i].b.addrs[0], rows[i].b.addrs[1], rows[i].b.addrs[2]);

		assert_int_equal(rrset_equal(&a, &b), rows[i].equal);
		assert_int_equal(rrset_equal(&b, &a), rows[i].equal);
		assert_true(rrset_equal(&a, &a));
	}
}

static void what_is_not_known_equals_nothing(void **state)
{
	struct rrset known = rrset_of(TTL_S, NULL, NULL, NULL), unknown = {.known = false};

	(void)state;
	assert_false(rrset_equal(&known, &unknown));
	assert_false(rrset_equal(&unknown, &known));
	assert_false(rrset_equal(&unknown, &unknown));
}

/* ---- Replacing and removing ---- */

static void replacing_leaves_one_address_whatever_there_was(void **state)
{
	const struct rrset was[] = {
		{.known = false},
		rrset_of(OTHER_TTL_S, NULL, NULL, NULL),
		rrset_of(OTHER_TTL_S, "192.0.2.1", NULL, NULL),
		rrset_of(OTHER_TTL_S, "192.0.2.9", "192.0.2.1", "192.0.2.2"),
	};
	const struct rrset expected = rrset_of(TTL_S, "192.0.2.9", NULL, NULL);

	(void)state;
	for (size_t i = 0; i < LENGTH(was); i++)
		assert_becomes(knowing(change_to_addr(addr_of("192.0.2.9"), TTL_S, false), was[i]), &expected);
}

static void removing_leaves_nothing_whatever_there_was(void **state)
{
	const struct rrset was[] = {{.known = false}, rrset_of(TTL_S, "192.0.2.1", "192.0.2.2", NULL)};
	const struct rrset expected = rrset_of(TTL_S, NULL, NULL, NULL);

	(void)state;
	for (size_t i = 0; i < LENGTH(was); i++) {
		struct change change = knowing(change_removing(RR_A), was[i]);

		change.becomes.ttl_s = TTL_S;
		assert_becomes(change, &expected);
	}
}

/* ---- Prefixes ---- */

static struct change prefix_of(const char *prefix, unsigned len, struct rrset was)
{
	was.type = RR_AAAA;
	return knowing(change_prefix(addr_of(prefix), len, TTL_S, false), was);
}

static void a_prefix_keeps_each_host_part(void **state)
{
	struct rrset was = rrset_of(OTHER_TTL_S, "2001:db8:aaaa:bbbb::1", "2001:db8:aaaa:bbbb:1234:56ff:fe78:9abc",
				    "2001:db8:cccc:dddd::ffff");
	struct rrset by_64 =
		rrset_of(TTL_S, "2001:db8:1:2::1", "2001:db8:1:2:1234:56ff:fe78:9abc", "2001:db8:1:2::ffff");
	struct rrset by_60 =
		rrset_of(TTL_S, "2001:db8:1:b::1", "2001:db8:1:b:1234:56ff:fe78:9abc", "2001:db8:1:d::ffff");
	struct rrset by_48 =
		rrset_of(TTL_S, "2001:db8:1:bbbb::1", "2001:db8:1:bbbb:1234:56ff:fe78:9abc", "2001:db8:1:dddd::ffff");

	(void)state;
	assert_becomes(prefix_of("2001:db8:1:2::", 64, was), &by_64);
	assert_becomes(prefix_of("2001:db8:1:2:ffff::ffff", 64, was), &by_64); /* bits behind the prefix do not count */
	assert_becomes(prefix_of("2001:db8:1::", 60, was), &by_60);
	assert_becomes(prefix_of("2001:db8:1:2::", 48, was), &by_48);
}

static void addresses_that_come_to_be_the_same_are_one(void **state)
{
	struct rrset was = rrset_of(TTL_S, "2001:db8:1::5", "2001:db8:2::5", "2001:db8:2::6");
	struct rrset expected = rrset_of(TTL_S, "2001:db8:3::5", "2001:db8:3::6", NULL);

	(void)state;
	assert_becomes(prefix_of("2001:db8:3::", 64, was), &expected);
}

static void a_prefix_before_nothing_is_nothing(void **state)
{
	struct rrset none = rrset_empty(RR_AAAA, TTL_S);

	(void)state;
	assert_becomes(prefix_of("2001:db8::", 64, none), &none);
}

static void a_prefix_takes_knowing_what_is_there(void **state)
{
	struct change change = prefix_of("2001:db8::", 64, (struct rrset){.known = false});

	(void)state;
	change.becomes.known = true;
	change_resolve(&change);
	assert_false(change.becomes.known);
}

/* ---- Prefixes, at random ---- */

/* xorshift64, so that a failure can be repeated. */
static uint64_t next_random(void)
{
	static uint64_t bits = 88172645463325252U;

	bits ^= bits << 13;
	bits ^= bits >> 7;
	bits ^= bits << 17;
	return bits;
}

static struct addr random_v6(void)
{
	struct addr addr = {.family = ADDR_V6};

	for (size_t i = 0; i < sizeof addr.octets; i++)
		addr.octets[i] = (uint8_t)(next_random() >> 32);
	return addr;
}

static unsigned bit_of(const struct addr *addr, unsigned bit)
{
	return addr->octets[bit / 8] >> (7 - bit % 8) & 1;
}

static void assert_bits(const struct addr *actual, const struct addr *prefix, const struct addr *host, unsigned len)
{
	for (unsigned bit = 0; bit < 128; bit++) {
		const struct addr *from = bit < len ? prefix : host;

		if (bit_of(actual, bit) != bit_of(from, bit))
			fail_msg("length %u: bit %u is not that of the %s", len, bit, bit < len ? "prefix" : "host");
	}
}

static void assert_made(const struct change *change, size_t n, const struct addr *was)
{
	struct addr becomes = rrset_addr(&change->becomes, n);

	assert_bits(&becomes, &change->prefix, was, change->prefix_len);
}

static void bits_come_from_the_prefix_and_then_from_the_host(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TRIES; i++) {
		struct change change = change_prefix(random_v6(), 1 + i % 128, TTL_S, false);
		struct addr was[RRSET_MAX];

		for (size_t k = 0; k < 1 + i % RRSET_MAX; k++)
			was[k] = random_v6();
		change.was = rrset_of_addrs(TTL_S, was, 1 + i % RRSET_MAX);
		change_resolve(&change);
		assert_in_range(change.becomes.count, 1, change.was.count);
		/* Host parts of less than 64 bits might be the same by chance. */
		if (change.prefix_len <= 64)
			assert_int_equal(change.becomes.count, change.was.count);
		for (size_t k = 0; k < change.becomes.count && change.prefix_len <= 64; k++)
			assert_made(&change, k, &was[k]);
		if (change.was.count == 1)
			assert_made(&change, 0, &was[0]);
	}
}

static void a_prefix_set_twice_is_set_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TRIES; i++) {
		struct addr prefix = random_v6();
		unsigned len = 1 + (unsigned)(next_random() >> 32) % 128;
		struct change once = change_prefix(prefix, len, TTL_S, false);
		struct change twice = change_prefix(prefix, len, TTL_S, false);

		once.was = rrset_of_addr(TTL_S, random_v6());
		change_resolve(&once);
		twice.was = once.becomes;
		change_resolve(&twice);
		assert_true(rrset_equal(&twice.becomes, &once.becomes));
		assert_true(rrset_equal(&twice.becomes, &twice.was)); /* so that it is answered as unchanged */
	}
}

static void types_have_their_numbers_in_the_dns(void **state)
{
	(void)state;
	assert_int_equal(RR_A, 1); /* RFC 1035 section 3.2.2 */
	assert_int_equal(RR_TXT, 16);
	assert_int_equal(RR_AAAA, 28); /* RFC 3596 section 2.1 */
	assert_int_equal(rr_type_family(RR_TXT), ADDR_NONE);
}

static void each_family_of_addresses_has_a_type(void **state)
{
	(void)state;
	for (int family = ADDR_NONE; family <= ADDR_V6; family++)
		assert_int_equal(rr_type_family(rr_type_of_family((enum addr_family)family)), family);
	assert_int_equal(rr_type_of_family(ADDR_NONE), RR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rrsets_are_equal_whatever_the_order),
		cmocka_unit_test(what_is_not_known_equals_nothing),
		cmocka_unit_test(replacing_leaves_one_address_whatever_there_was),
		cmocka_unit_test(removing_leaves_nothing_whatever_there_was),
		cmocka_unit_test(a_prefix_keeps_each_host_part),
		cmocka_unit_test(addresses_that_come_to_be_the_same_are_one),
		cmocka_unit_test(a_prefix_before_nothing_is_nothing),
		cmocka_unit_test(a_prefix_takes_knowing_what_is_there),
		cmocka_unit_test(bits_come_from_the_prefix_and_then_from_the_host),
		cmocka_unit_test(a_prefix_set_twice_is_set_once),
		cmocka_unit_test(types_have_their_numbers_in_the_dns),
		cmocka_unit_test(each_family_of_addresses_has_a_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
