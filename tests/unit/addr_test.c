/*
 * Addresses and endpoints: what is read and what is refused, canonical text, and what an address is good for.
 */
#include "support.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

static void reads_the_usual_notations_and_writes_the_canonical_one(void **state)
{
	static const struct {
		const char *text;
		enum addr_family family;
		const char *canonical; /* RFC 5952 section 4 */
	} rows[] = {
		{"192.0.2.1", ADDR_V4, "192.0.2.1"},
		{"0.0.0.0", ADDR_V4, "0.0.0.0"},
		{"255.255.255.255", ADDR_V4, "255.255.255.255"},
		{"::", ADDR_V6, "::"},
		{"::1", ADDR_V6, "::1"},
		{"2001:DB8::A", ADDR_V6, "2001:db8::a"},
		{"2001:0db8:0000:0000:0000:0000:0000:0001", ADDR_V6, "2001:db8::1"},
		{"2001:db8:0:1:1:1:1:1", ADDR_V6, "2001:db8:0:1:1:1:1:1"},
		{"2001:db8:0:0:1:0:0:1", ADDR_V6, "2001:db8::1:0:0:1"},
		{"2001:0:0:1:0:0:0:1", ADDR_V6, "2001:0:0:1::1"},
		{"1:2:3:4:5:6:7:8", ADDR_V6, "1:2:3:4:5:6:7:8"},
		{"::ffff:192.0.2.1", ADDR_V6, "::ffff:192.0.2.1"},
		{"::ffff:c000:201", ADDR_V6, "::ffff:192.0.2.1"},
		{"64:ff9b::192.0.2.1", ADDR_V6, "64:ff9b::c000:201"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", ADDR_V6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char buffer[ADDR_TEXT_MAX];
		struct addr addr = addr_of(rows[i].text);

		assert_int_equal(addr.family, rows[i].family);
		assert_ptr_equal(addr_format(&addr, buffer), buffer);
		assert_string_equal(buffer, rows[i].canonical);
	}
}

static void keeps_the_octets_in_network_order_and_the_rest_zero(void **state)
{
	static const uint8_t v4[16] = {192, 0, 2, 77};
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x4d};
	struct addr addr;

	(void)state;
	memset(&addr, 0xff, sizeof addr);
	assert_int_equal(addr_parse(text_of("192.0.2.77"), &addr), STATUS_OK);
	assert_memory_equal(addr.octets, v4, sizeof v4);
	assert_int_equal(addr_parse(text_of("2001:db8::4d"), &addr), STATUS_OK);
	assert_memory_equal(addr.octets, v6, sizeof v6);
}

static void refuses_what_is_not_just_an_address(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),
		OCTETS(" "),
		OCTETS("localhost"),
		OCTETS("192.0.2"),
		OCTETS("192.0.2.1.1"),
		OCTETS("192.0.2."),
		OCTETS(".192.0.2.1"),
		OCTETS("192.0.2.256"),
		OCTETS("192.0.02.1"), /* leading zeros are octal to some and decimal to others */
		OCTETS("00.0.0.0"),
		OCTETS("0x7f.0.0.1"),
		OCTETS("3221225985"),
		OCTETS(" 192.0.2.1"),
		OCTETS("192.0.2.1 "),
		OCTETS("192.0.2.1\n"),
		OCTETS("192.0.2.1\0"),
		OCTETS("192.0.2.1\0.example"),
		OCTETS("192.0.2.1/24"),
		OCTETS("192.0.2.1:80"),
		OCTETS("192.0.2.-1"),
		OCTETS("+192.0.2.1"),
		OCTETS("[2001:db8::1]"),
		OCTETS("2001:db8::1/64"),
		OCTETS("fe80::1%eth0"),
		OCTETS("fe80::1%1"),
		OCTETS("::1\0"),
		OCTETS(":"),
		OCTETS(":::"),
		OCTETS("1::2::3"),
		OCTETS("1:2:3:4:5:6:7"),
		OCTETS("1:2:3:4:5:6:7:8:9"),
		OCTETS("1:2:3:4:5:6:7:"),
		OCTETS(":1:2:3:4:5:6:7"),
		OCTETS("12345::"),
		OCTETS("::g"),
		OCTETS("::192.0.2.256"),
		OCTETS("::192.0.2.1:1"),
		OCTETS("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2550"),
		OCTETS("000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct addr addr;

		assert_row(rows[i].octets, addr_parse(rows[i], &addr) == STATUS_INVALID);
	}
}

static void knows_what_an_address_is_good_for(void **state)
{
	static const struct {
		const char *text;
		enum addr_scope scope;
	} rows[] = {
		{"0.0.0.0", ADDR_SCOPE_UNUSABLE},
		{"0.255.255.255", ADDR_SCOPE_UNUSABLE},
		{"1.0.0.0", ADDR_SCOPE_GLOBAL},
		{"9.255.255.255", ADDR_SCOPE_GLOBAL},
		{"10.0.0.0", ADDR_SCOPE_PRIVATE},
		{"10.255.255.255", ADDR_SCOPE_PRIVATE},
		{"11.0.0.0", ADDR_SCOPE_GLOBAL},
		{"100.63.255.255", ADDR_SCOPE_GLOBAL},
		{"100.64.0.0", ADDR_SCOPE_PRIVATE},
		{"100.127.255.255", ADDR_SCOPE_PRIVATE},
		{"100.128.0.0", ADDR_SCOPE_GLOBAL},
		{"126.255.255.255", ADDR_SCOPE_GLOBAL},
		{"127.0.0.1", ADDR_SCOPE_LOOPBACK},
		{"127.255.255.255", ADDR_SCOPE_LOOPBACK},
		{"128.0.0.0", ADDR_SCOPE_GLOBAL},
		{"169.253.255.255", ADDR_SCOPE_GLOBAL},
		{"169.254.0.0", ADDR_SCOPE_UNUSABLE},
		{"169.254.255.255", ADDR_SCOPE_UNUSABLE},
		{"169.255.0.0", ADDR_SCOPE_GLOBAL},
		{"172.15.255.255", ADDR_SCOPE_GLOBAL},
		{"172.16.0.0", ADDR_SCOPE_PRIVATE},
		{"172.31.255.255", ADDR_SCOPE_PRIVATE},
		{"172.32.0.0", ADDR_SCOPE_GLOBAL},
		{"191.255.255.255", ADDR_SCOPE_GLOBAL},
		{"192.0.0.0", ADDR_SCOPE_NO_IPV4},
		{"192.0.0.2", ADDR_SCOPE_NO_IPV4},
		{"192.0.0.255", ADDR_SCOPE_NO_IPV4},
		{"192.0.1.0", ADDR_SCOPE_GLOBAL},
		{"192.0.2.1", ADDR_SCOPE_GLOBAL},
		{"192.31.196.1", ADDR_SCOPE_GLOBAL},
		{"192.88.98.255", ADDR_SCOPE_GLOBAL},
		{"192.88.99.1", ADDR_SCOPE_UNUSABLE},
		{"192.88.100.0", ADDR_SCOPE_GLOBAL},
		{"192.167.255.255", ADDR_SCOPE_GLOBAL},
		{"192.168.0.0", ADDR_SCOPE_PRIVATE},
		{"192.169.0.0", ADDR_SCOPE_GLOBAL},
		{"198.17.255.255", ADDR_SCOPE_GLOBAL},
		{"198.18.0.0", ADDR_SCOPE_UNUSABLE},
		{"198.19.255.255", ADDR_SCOPE_UNUSABLE},
		{"198.20.0.0", ADDR_SCOPE_GLOBAL},
		{"198.51.100.7", ADDR_SCOPE_GLOBAL},
		{"203.0.113.7", ADDR_SCOPE_GLOBAL},
		{"223.255.255.255", ADDR_SCOPE_GLOBAL},
		{"224.0.0.0", ADDR_SCOPE_UNUSABLE},
		{"239.255.255.255", ADDR_SCOPE_UNUSABLE},
		{"240.0.0.0", ADDR_SCOPE_UNUSABLE},
		{"255.255.255.255", ADDR_SCOPE_UNUSABLE},
		{"::", ADDR_SCOPE_UNUSABLE},
		{"::1", ADDR_SCOPE_LOOPBACK},
		{"::2", ADDR_SCOPE_UNUSABLE},
		{"::192.0.2.1", ADDR_SCOPE_UNUSABLE},
		{"::ffff:192.0.2.1", ADDR_SCOPE_UNUSABLE},
		{"::ffff:127.0.0.1", ADDR_SCOPE_UNUSABLE},
		{"::1a2b:3c4d:5e6f:7890", ADDR_SCOPE_UNUSABLE},
		{"64:ff9b::192.0.2.1", ADDR_SCOPE_GLOBAL},
		{"64:ff9b::192.168.1.1", ADDR_SCOPE_PRIVATE},
		{"64:ff9b::127.0.0.1", ADDR_SCOPE_LOOPBACK},
		{"64:ff9b::192.0.0.2", ADDR_SCOPE_NO_IPV4},
		{"64:ff9b::198.18.0.1", ADDR_SCOPE_UNUSABLE},
		{"64:ff9b:0:0:0:1:192.0.2.1", ADDR_SCOPE_UNUSABLE},
		{"64:ff9b:1::192.0.2.1", ADDR_SCOPE_UNUSABLE},
		{"100::1", ADDR_SCOPE_UNUSABLE},
		{"1fff:ffff::1", ADDR_SCOPE_UNUSABLE},
		{"2000::", ADDR_SCOPE_GLOBAL},
		{"2001::cb00:710e", ADDR_SCOPE_GLOBAL},  /* Teredo of 52.255.142.241 */
		{"2001::3f57:fefe", ADDR_SCOPE_PRIVATE}, /* of 192.168.1.1 */
		{"2001::", ADDR_SCOPE_UNUSABLE},         /* of 255.255.255.255 */
		{"2001:1::1", ADDR_SCOPE_UNUSABLE},
		{"2001:2::1", ADDR_SCOPE_UNUSABLE},
		{"2001:10::1", ADDR_SCOPE_UNUSABLE},
		{"2001:1ff::1", ADDR_SCOPE_UNUSABLE},
		{"2001:200::1", ADDR_SCOPE_GLOBAL},
		{"2001:db8::1", ADDR_SCOPE_GLOBAL},
		{"2001:db8::5efe:192.168.1.1", ADDR_SCOPE_GLOBAL}, /* ISATAP */
		{"2002:c000:201::1", ADDR_SCOPE_GLOBAL},
		{"2002:c0a8:101::1", ADDR_SCOPE_PRIVATE},
		{"2002:7f00:1::1", ADDR_SCOPE_LOOPBACK},
		{"2002:c000:2::1", ADDR_SCOPE_NO_IPV4},
		{"2002:e000:1::1", ADDR_SCOPE_UNUSABLE},
		{"2002::", ADDR_SCOPE_UNUSABLE},
		{"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ADDR_SCOPE_GLOBAL},
		{"4000::1", ADDR_SCOPE_UNUSABLE},
		{"5f00::1", ADDR_SCOPE_UNUSABLE},
		{"fbff:ffff::1", ADDR_SCOPE_UNUSABLE},
		{"fc00::", ADDR_SCOPE_PRIVATE},
		{"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ADDR_SCOPE_PRIVATE},
		{"fe00::1", ADDR_SCOPE_UNUSABLE},
		{"fe7f:ffff::1", ADDR_SCOPE_UNUSABLE},
		{"fe80::", ADDR_SCOPE_UNUSABLE},
		{"febf:ffff::1", ADDR_SCOPE_UNUSABLE},
		{"fec0::", ADDR_SCOPE_UNUSABLE},
		{"feff:ffff::1", ADDR_SCOPE_UNUSABLE},
		{"ff00::", ADDR_SCOPE_UNUSABLE},
		{"ff02::1", ADDR_SCOPE_UNUSABLE},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct addr addr = addr_of(rows[i].text);

		assert_row(rows[i].text, addr_scope(&addr) == rows[i].scope);
	}
}

static void addresses_are_equal_only_within_a_family(void **state)
{
	struct addr v4 = addr_of("1.2.3.4"), same = addr_of("1.2.3.4"), other = addr_of("1.2.3.5");
	struct addr v6 = addr_of("102:304::"), same_v6 = addr_of("0102:0304:0::0"), other_v6 = addr_of("102:304::1");

	(void)state;
	assert_true(addr_equal(&v4, &same));
	assert_false(addr_equal(&v4, &other));
	assert_true(addr_equal(&v6, &same_v6));
	assert_false(addr_equal(&v6, &other_v6));
	assert_false(addr_equal(&v4, &v6));
}

static bool are_of_one_customer(const char *a, const char *b)
{
	struct addr addr_a = {0}, addr_b = {0};

	if (a)
		assert_int_equal(addr_parse(text_of(a), &addr_a), STATUS_OK);
	if (b)
		assert_int_equal(addr_parse(text_of(b), &addr_b), STATUS_OK);
	return text_equal(addr_customer(&addr_a), addr_customer(&addr_b));
}

static void one_customer_has_an_ipv4_address_or_an_ipv6_64(void **state)
{
	(void)state;
	assert_true(are_of_one_customer("192.0.2.1", "192.0.2.1"));
	assert_false(are_of_one_customer("192.0.2.1", "192.0.2.2"));
	assert_true(are_of_one_customer("2001:db8:1:2::3", "2001:db8:1:2:ffff::"));
	assert_false(are_of_one_customer("2001:db8:1:2::3", "2001:db8:1:3::3"));
	assert_false(are_of_one_customer("0.0.0.0", "::"));
	assert_false(are_of_one_customer("0.0.0.0", NULL));
}

static void a_peer_on_a_dual_stack_socket_is_the_ipv4_address_that_it_is(void **state)
{
	static const struct {
		const char *peer, *read;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"2001:db8::1", "2001:db8::1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"::192.0.2.1", "::192.0.2.1"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct endpoint peer = {.addr = addr_of(rows[i].peer), .port = 40000};
		struct addr expected = addr_of(rows[i].read), actual;
		struct sockaddr_storage from;

		endpoint_to_sockaddr(&peer, &from);
		assert_row(rows[i].peer, addr_from_sockaddr((const struct sockaddr *)&from, &actual) == STATUS_OK);
		assert_row(rows[i].peer, addr_equal(&actual, &expected));
	}
}

static void a_peer_of_another_family_has_no_address(void **state)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct addr addr;

	(void)state;
	assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&local, &addr), STATUS_INVALID);
}

static void reads_endpoints(void **state)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1:53"},
		{"192.0.2.1:5353", "192.0.2.1:5353"},
		{"192.0.2.1:1", "192.0.2.1:1"},
		{"192.0.2.1:65535", "192.0.2.1:65535"},
		{"2001:db8::1", "[2001:db8::1]:53"},
		{"[2001:db8::1]", "[2001:db8::1]:53"},
		{"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
		{"2001:db8::1:5353", "[2001:db8::1:5353]:53"}, /* not a port */
		{"[1111:2222:3333:4444:5555:6666:7777:8888]:65535", "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct endpoint endpoint, again;
		char buffer[ENDPOINT_TEXT_MAX];

		assert_row(rows[i].text, endpoint_parse(text_of(rows[i].text), 53, &endpoint) == STATUS_OK);
		assert_string_equal(endpoint_format(&endpoint, buffer), rows[i].canonical);
		assert_int_equal(endpoint_parse(text_of(buffer), 1, &again), STATUS_OK);
		assert_true(endpoint_equal(&endpoint, &again));
		again.port++;
		assert_false(endpoint_equal(&endpoint, &again));
	}
}

/* The loopback interface is the one that every machine has. */
static void a_link_local_address_has_its_interface(void **state)
{
	unsigned lo = if_nametoindex("lo");
	struct sockaddr_storage storage;
	struct endpoint endpoint, other;
	char text[ENDPOINT_TEXT_MAX], number[32];
	struct sockaddr_in6 in6;

	(void)state;
	assert_true(lo > 0);
	assert_int_equal(endpoint_parse(text_of("[fe80::1%lo]:5353"), 53, &endpoint), STATUS_OK);
	assert_int_equal(endpoint.scope, lo);
	assert_false(endpoint_lacks_scope(&endpoint));
	assert_string_equal(endpoint_format(&endpoint, text), "[fe80::1%lo]:5353");
	endpoint_to_sockaddr(&endpoint, &storage);
	memcpy(&in6, &storage, sizeof in6);
	assert_int_equal(in6.sin6_scope_id, lo);

	snprintf(number, sizeof number, "fe80::1%%%u", lo);
	assert_int_equal(endpoint_parse(text_of(number), 5353, &other), STATUS_OK);
	assert_true(endpoint_equal(&endpoint, &other));
	assert_int_equal(endpoint_parse(text_of("fe80::1"), 5353, &other), STATUS_OK);
	assert_true(endpoint_lacks_scope(&other));
	assert_false(endpoint_equal(&endpoint, &other));
}

static void refuses_what_is_not_an_endpoint(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),
		OCTETS(":53"),
		OCTETS("localhost"),
		OCTETS("localhost:53"),
		OCTETS("192.0.2.1:"),
		OCTETS("192.0.2.1:0"),
		OCTETS("fe80::1%no-such-if0"),
		OCTETS("fe80::1%"),
		OCTETS("fe80::1%0"),
		OCTETS("[fe80::1%lo:53"),
		OCTETS("2001:db8::1%lo"),
		OCTETS("192.0.2.1%lo"),
		OCTETS("192.0.2.1:65536"),
		OCTETS("192.0.2.1:100000"),
		OCTETS("192.0.2.1:+53"),
		OCTETS("192.0.2.1:-1"),
		OCTETS("192.0.2.1: 53"),
		OCTETS("192.0.2.1:53 "),
		OCTETS("192.0.2.1:53\0"),
		OCTETS("192.0.2.1:dns"),
		OCTETS("192.0.2.1 53"),
		OCTETS("192.0.2.1#53"),
		OCTETS("192.0.2.1:53:53"),
		OCTETS("["),
		OCTETS("[]"),
		OCTETS("[]:53"),
		OCTETS("[::1"),
		OCTETS("[::1]:"),
		OCTETS("[::1]53"),
		OCTETS("[::1]]:53"),
		OCTETS("[[::1]]:53"),
		OCTETS("[::1%lo]:53"),
		OCTETS("[192.0.2.1]:53"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct endpoint endpoint;

		assert_row(rows[i].octets, endpoint_parse(rows[i], 53, &endpoint) == STATUS_INVALID);
	}
}

static void an_endpoint_becomes_a_socket_address(void **state)
{
	struct endpoint v4 = {addr_of("192.0.2.1"), 5353, 0}, v6 = {addr_of("2001:db8::1"), 53, 0};
	struct sockaddr_storage storage;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	(void)state;
	assert_int_equal(endpoint_to_sockaddr(&v4, &storage), sizeof in);
	memcpy(&in, &storage, sizeof in);
	assert_int_equal(in.sin_family, AF_INET);
	assert_int_equal(in.sin_port, htons(5353));
	assert_int_equal(in.sin_addr.s_addr, htonl(0xc0000201));

	assert_int_equal(endpoint_to_sockaddr(&v6, &storage), sizeof in6);
	memcpy(&in6, &storage, sizeof in6);
	assert_int_equal(in6.sin6_family, AF_INET6);
	assert_int_equal(in6.sin6_port, htons(53));
	assert_memory_equal(&in6.sin6_addr, v6.addr.octets, sizeof in6.sin6_addr);
	assert_int_equal(in6.sin6_scope_id, 0);
}

/* ---- Prefixes ---- */

static void reads_prefixes(void **state)
{
	static const struct {
		const char *text, *address;
		unsigned len;
	} rows[] = {
		{"2001:db8:1:2::/64", "2001:db8:1:2::", 64},
		{"2001:db8::/32", "2001:db8::", 32},
		{"2001:DB8:0:1::9/57", "2001:db8:0:1::9", 57},
		{"8000::/1", "8000::", 1},
		{"::1/128", "::1", 128},
		{"2001:db8::/064", "2001:db8::", 64},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct addr expected = addr_of(rows[i].address), prefix;
		unsigned len;

		assert_row(rows[i].text, addr_parse_prefix(text_of(rows[i].text), &prefix, &len) == STATUS_OK);
		assert_row(rows[i].text, addr_equal(&prefix, &expected));
		assert_row(rows[i].text, len == rows[i].len);
	}
}

static void knows_which_scopes_a_prefix_reaches(void **state)
{
	static const struct {
		const char *prefix;
		unsigned len;
		bool private, loopback, unusable;
	} rows[] = {
		{"2001:db8::", 3, false, false, false},
		{"2001:db8::", 2, true, true, true},
		{"e000::", 3, true, false, true},
		{"fc00::", 7, true, false, false},
		{"fd00::", 48, true, false, false},
		{"fe00::", 8, false, false, true},
		{"fe80::", 64, false, false, true},
		{"0:0:1::", 32, false, true, true},
		{"0:0:1::", 48, false, false, true},
		{"::1", 128, false, true, false},
		{"4000::", 3, false, false, true},
		{"2001:db8::", 16, false, false, false},
		{"2001:2::", 32, false, false, true},
		{"2001:2::", 22, false, false, false},
		/* Those with an address of IPv4 in them, all of it, some of it, or none. */
		{"2002:c000:201::", 48, false, false, false},
		{"2002:c0a8:101::", 64, true, false, false},
		{"2002:c000::", 32, false, false, false},
		{"2002:c0a8::", 32, true, false, false},
		{"2002:c000::", 18, true, false, true},
		{"2002::", 16, true, true, true},
		{"64:ff9b::", 96, true, true, true},
		{"64:ff9b::c000:0", 112, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct addr prefix = addr_of(rows[i].prefix);
		unsigned len = rows[i].len;

		assert_row(rows[i].prefix, addr_prefix_has_scope(&prefix, len, ADDR_SCOPE_PRIVATE) == rows[i].private);
		assert_row(rows[i].prefix,
			   addr_prefix_has_scope(&prefix, len, ADDR_SCOPE_LOOPBACK) == rows[i].loopback);
		assert_row(rows[i].prefix,
			   addr_prefix_has_scope(&prefix, len, ADDR_SCOPE_UNUSABLE) == rows[i].unusable);
	}
}

static void refuses_what_is_not_a_prefix(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),
		OCTETS("/"),
		OCTETS("/64"),
		OCTETS("2001:db8::"),
		OCTETS("2001:db8::/"),
		OCTETS("2001:db8::/0"),
		OCTETS("2001:db8::/000"),
		OCTETS("2001:db8::/129"),
		OCTETS("2001:db8::/0064"),
		OCTETS("2001:db8::/4294967360"),
		OCTETS("2001:db8::/-1"),
		OCTETS("2001:db8::/+64"),
		OCTETS("2001:db8::/ 64"),
		OCTETS("2001:db8::/64 "),
		OCTETS("2001:db8::/64\0"),
		OCTETS("2001:db8::\0/64"),
		OCTETS("2001:db8::/6x"),
		OCTETS("2001:db8::/64/64"),
		OCTETS("2001:db8::/ffff::"),
		OCTETS(" 2001:db8::/64"),
		OCTETS("[2001:db8::]/64"),
		OCTETS("fe80::1%eth0/64"),
		OCTETS("192.0.2.0/0"),
		OCTETS("192.0.2.0/33"),
		OCTETS("192.0.2.0/64"),
		OCTETS("x/64"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct addr prefix;
		unsigned len;

		assert_row(rows[i].octets, addr_parse_prefix(rows[i], &prefix, &len) == STATUS_INVALID);
	}
}

static void puts_a_prefix_before_an_address(void **state)
{
	static const struct {
		const char *addr, *prefix;
		unsigned len;
		const char *expected;
	} rows[] = {
		{"2001:db8:aa:bb::1", "2001:db8:1:2::", 64, "2001:db8:1:2::1"},
		{"2001:db8:aa:bb::1", "2001:db8:1:2::", 48, "2001:db8:1:bb::1"},
		{"2001:db8:aa:bb::1", "2001:db8:1:2:ffff::", 64, "2001:db8:1:2::1"},
		{"2001:db8:aa:ff::1", "2001:db8:1::", 60, "2001:db8:1:f::1"},
		{"2001:db8:aa:ff::1", "2001:db8:1::", 57, "2001:db8:1:7f::1"},
		{"ffff::", "::", 1, "7fff::"},
		{"::1", "2001:db8::2", 127, "2001:db8::3"},
		{"::1", "2001:db8::2", 128, "2001:db8::2"},
		{"2001:db8::1", "ffff::", 0, "2001:db8::1"},
		{"192.0.2.77", "10.1.2.3", 24, "10.1.2.77"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct addr addr = addr_of(rows[i].addr), prefix = addr_of(rows[i].prefix);
		struct addr actual = addr_with_prefix(&addr, &prefix, rows[i].len),
			    expected = addr_of(rows[i].expected);

		assert_row(rows[i].expected, addr_equal(&actual, &expected));
		assert_row(rows[i].expected, memcmp(actual.octets, expected.octets, sizeof actual.octets) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_usual_notations_and_writes_the_canonical_one),
		cmocka_unit_test(keeps_the_octets_in_network_order_and_the_rest_zero),
		cmocka_unit_test(refuses_what_is_not_just_an_address),
		cmocka_unit_test(knows_what_an_address_is_good_for),
		cmocka_unit_test(addresses_are_equal_only_within_a_family),
		cmocka_unit_test(one_customer_has_an_ipv4_address_or_an_ipv6_64),
		cmocka_unit_test(a_peer_on_a_dual_stack_socket_is_the_ipv4_address_that_it_is),
		cmocka_unit_test(a_peer_of_another_family_has_no_address),
		cmocka_unit_test(reads_endpoints),
		cmocka_unit_test(a_link_local_address_has_its_interface),
		cmocka_unit_test(refuses_what_is_not_an_endpoint),
		cmocka_unit_test(an_endpoint_becomes_a_socket_address),
		cmocka_unit_test(reads_prefixes),
		cmocka_unit_test(refuses_what_is_not_a_prefix),
		cmocka_unit_test(knows_which_scopes_a_prefix_reaches),
		cmocka_unit_test(puts_a_prefix_before_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
