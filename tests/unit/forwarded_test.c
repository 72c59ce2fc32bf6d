/*
 * X-Forwarded-For and Forwarded: the rightmost address that is none of our proxies, whatever stands to its left.
 * In these tests 10.0.0.0/8 and fd00::/8 are our proxies.
 */
#include "support.h"

#include "http/forwarded.h"

typedef enum status add_fn(struct forwarded *forwarded, struct networks trusted, struct text value);

static struct networks proxies(void)
{
	static struct network items[2];

	assert_int_equal(network_parse(text_of("10.0.0.0/8"), &items[0]), STATUS_OK);
	assert_int_equal(network_parse(text_of("fd00::/8"), &items[1]), STATUS_OK);
	return (struct networks){items, LENGTH(items)};
}

struct row {
	const char *value;
	const char *source; /* NULL: that hop did not tell */
};

static void assert_sources(add_fn *add, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct forwarded forwarded = {0};
		struct addr source = {.family = ADDR_NONE};

		if (rows[i].source)
			source = addr_of(rows[i].source);
		assert_row(rows[i].value, add(&forwarded, proxies(), text_of(rows[i].value)) == STATUS_OK);
		assert_row(rows[i].value, forwarded.hops > 0);
		assert_row(rows[i].value, addr_equal(&forwarded.source, &source));
	}
}

static void assert_malformed(add_fn *add, const char *const *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct forwarded forwarded = {0};

		assert_row(rows[i], add(&forwarded, proxies(), text_of(rows[i])) == STATUS_INVALID);
	}
}

static void takes_the_rightmost_address_outside_from_x_forwarded_for(void **state)
{
	static const struct row rows[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"  192.0.2.1\t", "192.0.2.1"},
		{"203.0.113.9, 192.0.2.1", "192.0.2.1"},
		{"203.0.113.9,192.0.2.1,10.0.0.1, 10.0.0.2", "192.0.2.1"},
		{"127.0.0.1, 10.0.0.1, 192.0.2.1, 10.0.0.2", "192.0.2.1"},
		{"unknown, 192.0.2.1", "192.0.2.1"},
		{"192.0.2.1, , ,", "192.0.2.1"},
		{"192.0.2.1:4711", "192.0.2.1"},
		{"192.0.2.1:0", "192.0.2.1"},
		{"2001:db8::1", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]:4711", "2001:db8::1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"192.0.2.1, ::ffff:10.0.0.1", "192.0.2.1"},
		{"2001:db8::1, fd00::1", "2001:db8::1"},
		{"unknown", NULL},
		{"192.0.2.1, unknown", NULL},
		{"192.0.2.1, _hidden, 10.0.0.1", NULL},
	};

	(void)state;
	assert_sources(forwarded_add_for, rows, LENGTH(rows));
}

static void takes_the_leftmost_if_all_are_proxies(void **state)
{
	static const struct row rows[] = {{"10.0.0.1", "10.0.0.1"}, {"10.0.0.3, 10.0.0.2, fd00::1", "10.0.0.3"}};
	static const struct row elements[] = {{"for=10.0.0.1", "10.0.0.1"}, {"for=10.0.0.3, for=10.0.0.2", "10.0.0.3"}};

	(void)state;
	assert_sources(forwarded_add_for, rows, LENGTH(rows));
	assert_sources(forwarded_add, elements, LENGTH(elements));
}

static void refuses_a_malformed_x_forwarded_for(void **state)
{
	static const char *const rows[] = {
		"192.0.2.256",
		"192.0.2.1 198.51.100.1",
		"example.com",
		"[2001:db8::1",
		"2001:db8::1]",
		"192.0.2.1:",
		"192.0.2.1:123456",
		"192.0.2.1:80x",
		"[]",
		"[192.0.2.1]",
		"[2001:db8::1]4711",
		"\"192.0.2.1\"",
		"192.0.2.1;",
		"_",
		"for=192.0.2.1",
		"192.0.2.1, x",
		"x, 192.0.2.1",
		"2001:db8::1:::",
		":",
		"_a:b:c",
	};

	(void)state;
	assert_malformed(forwarded_add_for, rows, LENGTH(rows));
}

static void takes_the_rightmost_address_outside_from_forwarded(void **state)
{
	static const struct row rows[] = {
		{"for=192.0.2.1", "192.0.2.1"},
		{"For=192.0.2.1;Proto=https;by=203.0.113.43", "192.0.2.1"},
		{"proto=http ; for=192.0.2.1", "192.0.2.1"},
		{"for=\"192.0.2.1\"", "192.0.2.1"},
		{"for=\"192.0.2.1:4711\"", "192.0.2.1"},
		{"for=192.0.2.1:4711", "192.0.2.1"},
		{"for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
		{"for=\"[2001:db8::1]\"", "2001:db8::1"},
		{"for=[2001:db8::1]:_port", "2001:db8::1"},
		{"for=2001:db8::1", "2001:db8::1"},
		{"for=\"\\192.0.2.1\"", "192.0.2.1"},
		{"for=203.0.113.9, for=192.0.2.1;by=10.0.0.1, for=10.0.0.1", "192.0.2.1"},
		{"for=192.0.2.1;secret=\"a;b,c\\\",for=198.51.100.1\"", "192.0.2.1"},
		{"for=unknown", NULL},
		{"for=192.0.2.1, for=_hidden", NULL},
		{"for=192.0.2.1, by=10.0.0.1", NULL},
		{"host=\"a, for=198.51.100.1\";for=192.0.2.1", "192.0.2.1"},
		{" , for=192.0.2.1 ,, ", "192.0.2.1"},
		{"for=192.0.2.1;", "192.0.2.1"},
	};

	(void)state;
	assert_sources(forwarded_add, rows, LENGTH(rows));
}

static void refuses_a_malformed_forwarded(void **state)
{
	static const char *const rows[] = {
		"192.0.2.1",
		"for",
		"for=",
		"for=\"\"",
		"=192.0.2.1",
		"for =192.0.2.1",
		"for=192.0.2.256",
		"for=\"192.0.2.1",
		"for=\"192.0.2.1\\",
		"for=192.0.2.1;for=192.0.2.2",
		"for=192.0.2.1 for=192.0.2.2",
		"for=192.0.2.1;;proto=http",
		"for=\"192.0.2.1\"x",
		"for=192.0.2.1, x",
		"for=\"_x,_y\"",
	};

	(void)state;
	assert_malformed(forwarded_add, rows, LENGTH(rows));
}

static void an_empty_header_has_no_hops(void **state)
{
	static const char *const rows[] = {"", " ", ",", " , ,\t"};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct forwarded forwarded = {0};

		assert_int_equal(forwarded_add_for(&forwarded, proxies(), text_of(rows[i])), STATUS_OK);
		assert_int_equal(forwarded_add(&forwarded, proxies(), text_of(rows[i])), STATUS_OK);
		assert_int_equal(forwarded.hops, 0);
	}
}

static void several_headers_go_on_where_the_last_one_ended(void **state)
{
	struct forwarded forwarded = {0};
	struct addr source = addr_of("192.0.2.1");

	(void)state;
	assert_int_equal(forwarded_add_for(&forwarded, proxies(), text_of("203.0.113.9")), STATUS_OK);
	assert_int_equal(forwarded_add_for(&forwarded, proxies(), text_of("192.0.2.1")), STATUS_OK);
	assert_int_equal(forwarded_add_for(&forwarded, proxies(), text_of("10.0.0.1, 10.0.0.2")), STATUS_OK);
	assert_true(addr_equal(&forwarded.source, &source));
	assert_int_equal(forwarded.hops, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_rightmost_address_outside_from_x_forwarded_for),
		cmocka_unit_test(takes_the_leftmost_if_all_are_proxies),
		cmocka_unit_test(refuses_a_malformed_x_forwarded_for),
		cmocka_unit_test(takes_the_rightmost_address_outside_from_forwarded),
		cmocka_unit_test(refuses_a_malformed_forwarded),
		cmocka_unit_test(an_empty_header_has_no_hops),
		cmocka_unit_test(several_headers_go_on_where_the_last_one_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
