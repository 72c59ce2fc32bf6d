/*
 * Networks: what is read as one, and what lies in it.
 */
#include "support.h"

#include "base/prefix.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_row(text, prefix_parse(text_of(text), &prefix) == STATUS_OK);
	return prefix;
}

static void reads_networks_and_writes_them_again(void **state)
{
	static const char *const rows[][2] = {
		{"192.0.2.0/24", "192.0.2.0/24"},
		{"192.0.2.128/25", "192.0.2.128/25"},
		{"192.0.2.1", "192.0.2.1/32"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"2001:DB8::/32", "2001:db8::/32"},
		{"::1", "::1/128"},
		{"::/0", "::/0"},
		{"2001:db8:0:8000::/49", "2001:db8:0:8000::/49"},
		{"192.0.2.255/32", "192.0.2.255/32"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct prefix prefix = prefix_of(rows[i][0]);
		char text[PREFIX_TEXT_MAX];

		assert_string_equal(prefix_format(&prefix, text), rows[i][1]);
	}
}

static void refuses_what_is_no_network(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),
		OCTETS("/"),
		OCTETS("/24"),
		OCTETS("192.0.2.0/"),
		OCTETS("192.0.2.0/33"),
		OCTETS("192.0.2.0/024"),
		OCTETS("192.0.2.0/-1"),
		OCTETS("192.0.2.0/1x"),
		OCTETS("192.0.2.1/24"),
		OCTETS("2001:db8::1/64"),
		OCTETS("2001:db8::/129"),
		OCTETS("192.0.2.0/24/24"),
		OCTETS("192.0.2.0/24 "),
		OCTETS("192.0.2.0/2560"),
		OCTETS("lan"),
		OCTETS("::/0\0"),
		OCTETS("192.0.2.0/4294967320"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct prefix prefix;

		assert_row(rows[i].octets, prefix_parse(rows[i], &prefix) == STATUS_INVALID);
	}
}

static void covers_its_addresses_and_no_others(void **state)
{
	static const struct {
		const char *prefix, *addr;
		bool covers;
	} rows[] = {
		{"192.0.2.0/24", "192.0.2.0", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "192.0.1.255", false},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "192.0.2.1", false},
		{"::/0", "2001:db8::1", true},
		{"2001:db8::/32", "2001:db8:ffff::1", true},
		{"2001:db8::/32", "2001:db9::", false},
		{"2001:db8::/33", "2001:db8:8000::", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct prefix prefix = prefix_of(rows[i].prefix);
		struct addr addr = addr_of(rows[i].addr);

		assert_row(rows[i].addr, prefix_covers(&prefix, &addr) == rows[i].covers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_networks_and_writes_them_again),
		cmocka_unit_test(refuses_what_is_no_network),
		cmocka_unit_test(covers_its_addresses_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
