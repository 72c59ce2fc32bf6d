/*
 * Networks: what is read and what is refused, and which addresses lie in them.
 */
#include "support.h"

#include "base/network.h"

static void reads_networks_and_addresses(void **state)
{
	static const struct {
		const char *text;
		const char *addr;
		unsigned bits;
	} rows[] = {
		{"192.0.2.0/24", "192.0.2.0", 24},
		{"192.0.2.1", "192.0.2.1", 32},
		{"192.0.2.1/32", "192.0.2.1", 32},
		{"0.0.0.0/0", "0.0.0.0", 0},
		{"10.128.0.0/9", "10.128.0.0", 9},
		{"2001:db8::/32", "2001:db8::", 32},
		{"::1", "::1", 128},
		{"::/0", "::", 0},
		{"fe80::/10", "fe80::", 10},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct addr addr = addr_of(rows[i].addr);
		struct network network;

		assert_row(rows[i].text, network_parse(text_of(rows[i].text), &network) == STATUS_OK);
		assert_row(rows[i].text, addr_equal(&network.addr, &addr) && network.bits == rows[i].bits);
	}
}

static void refuses_what_is_none(void **state)
{
	static const char *const rows[] = {
		"",
		"/",
		"192.0.2.0/",
		"192.0.2.0/33",
		"192.0.2.0/-1",
		"192.0.2.0/ 24",
		"/24",
		"192.0.2/24",
		"192.0.2.1/24",
		"10.64.0.0/9",
		"192.0.2.0/24/",
		"192.0.2.0/0024",
		"::/129",
		"2001:db8::1/64",
		"[::1]/128",
		"example.com/24",
		"192.0.2.0/2x",
		"0.0.0.1/0",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct network network;

		assert_row(rows[i], network_parse(text_of(rows[i]), &network) == STATUS_INVALID);
	}
}

static void finds_the_addresses_that_lie_in_them(void **state)
{
	static const struct {
		const char *network;
		const char *addr;
		bool has;
	} rows[] = {
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.8/29", "192.0.2.15", true},
		{"192.0.2.8/29", "192.0.2.16", false},
		{"0.0.0.0/0", "203.0.113.1", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "192.0.2.1", false},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"::1", "::1", true},
		{"::1", "::2", false},
	};
	struct networks none = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct addr addr = addr_of(rows[i].addr);
		struct network items[2];

		assert_int_equal(network_parse(text_of("198.51.100.1"), &items[0]), STATUS_OK);
		assert_int_equal(network_parse(text_of(rows[i].network), &items[1]), STATUS_OK);
		assert_row(rows[i].network, networks_have((struct networks){items, 2}, &addr) == rows[i].has);
		assert_false(networks_have(none, &addr));
	}
}

static void no_address_lies_in_none_of_them(void **state)
{
	struct network everything[2];

	(void)state;
	assert_int_equal(network_parse(text_of("0.0.0.0/0"), &everything[0]), STATUS_OK);
	assert_int_equal(network_parse(text_of("::/0"), &everything[1]), STATUS_OK);
	assert_false(networks_have((struct networks){everything, 2}, &(struct addr){.family = ADDR_NONE}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_networks_and_addresses),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(finds_the_addresses_that_lie_in_them),
		cmocka_unit_test(no_address_lies_in_none_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
