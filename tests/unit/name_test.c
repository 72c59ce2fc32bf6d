/*
 * Domain names: the normal form, what is a host's name and what is only a zone's, and RFC 1035's limits.
 */
#include "support.h"

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxy"
#define LABEL_61 "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvw"
#define TEXT_253 LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_61

_Static_assert(sizeof(LABEL_63) - 1 == NAME_LABEL_MAX, "the longest label");
_Static_assert(sizeof(TEXT_253) - 1 == NAME_TEXT_MAX, "the longest name");

static void brings_a_host_name_into_its_normal_form(void **state)
{
	static const struct {
		const char *text, *normal;
	} rows[] = {
		{"www.dyn.example.com", "www.dyn.example.com"},
		{"WWW.Dyn.EXAMPLE.com", "www.dyn.example.com"},
		{"www.dyn.example.com.", "www.dyn.example.com"},
		{"host", "host"},
		{"a", "a"},
		{"3com.example", "3com.example"},
		{"1.2.3.4.example", "1.2.3.4.example"},
		{"a--b.example", "a--b.example"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"123.4a", "123.4a"},
		{LABEL_63 ".example", LABEL_63 ".example"},
		{TEXT_253, TEXT_253},
		{TEXT_253 ".", TEXT_253},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct name name;

		assert_row(rows[i].text, name_parse(text_of(rows[i].text), &name) == STATUS_OK);
		assert_string_equal(name.text, rows[i].normal);
		assert_int_equal(name.len, strlen(rows[i].normal));
		assert_text(name_text(&name), rows[i].normal);
	}
}

static void the_owner_of_records_may_be_a_wildcard(void **state)
{
	static const struct {
		const char *text, *normal;
		bool is_wildcard;
	} rows[] = {
		{"*.Home.example.com.", "*.home.example.com", true},
		{"*.com", "*.com", true},
		{"WWW.example.com", "www.example.com", false},
	};
	static const char *const refused[] = {"*",
					      "*.",
					      "**.example.com",
					      "*a.example.com",
					      "*.*.example.com",
					      "www.*.example.com",
					      "*._x.example.com",
					      "*.192.0.2.1",
					      "*..example.com",
					      "_x.example.com",
					      ""};
	struct name name;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_row(rows[i].text, name_parse_owner(text_of(rows[i].text), &name) == STATUS_OK);
		assert_string_equal(name.text, rows[i].normal);
		assert_int_equal(name.len, strlen(rows[i].normal));
		assert_int_equal(name_is_wildcard(&name), rows[i].is_wildcard);
	}
	for (size_t i = 0; i < LENGTH(refused); i++)
		assert_row(refused[i], name_parse_owner(text_of(refused[i]), &name) == STATUS_INVALID);
	assert_int_equal(name_parse_owner(text_of("*." TEXT_253), &name), STATUS_TOO_LONG);
}

/* Neither a host's name nor a zone's. */
static const struct text no_names[] = {
	OCTETS(""),
	OCTETS("."),
	OCTETS(".."),
	OCTETS(".example"),
	OCTETS("www..example"),
	OCTETS("www.example.."),
	OCTETS("-www.example"),
	OCTETS("www-.example"),
	OCTETS("-"),
	OCTETS("www.-.example"),
	OCTETS("*.example"),
	OCTETS("*"),
	OCTETS("www example"),
	OCTETS(" www.example"),
	OCTETS("www.example "),
	OCTETS("www.example\n"),
	OCTETS("www.example\nserver 192.0.2.1\n"),
	OCTETS("www\t.example"),
	OCTETS("www.example\0"),
	OCTETS("www\0.example"),
	OCTETS("www\"x.example"),
	OCTETS("www'x.example"),
	OCTETS("www\\x.example"),
	OCTETS("www\\046x.example"),
	OCTETS("www;x.example"),
	OCTETS("www,example"),
	OCTETS("www:80"),
	OCTETS("www@example"),
	OCTETS("www%2eexample"),
	OCTETS("www\x7f.example"),
	OCTETS("b\xc3\xbc"
	       "cher.example"),
	OCTETS("\xff.example"),
};

static void refuses_what_is_no_name_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(no_names); i++) {
		struct name name;

		assert_row(no_names[i].octets, name_parse(no_names[i], &name) == STATUS_INVALID);
		assert_row(no_names[i].octets, name_parse_zone(no_names[i], &name) == STATUS_INVALID);
	}
}

static void refuses_a_host_whose_last_label_is_all_digits(void **state)
{
	static const char *const rows[] = {"192.0.2.1", "1", "www.123", "www.example.0."};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct name name;

		assert_row(rows[i], name_parse(text_of(rows[i]), &name) == STATUS_INVALID);
	}
}

static void zones_may_hold_an_underscore_or_a_slash_and_hosts_may_not(void **state)
{
	static const char *const rows[] = {
		"_acme-challenge.example.com",
		"_udp.example.com",
		"0/25.2.0.192.in-addr.arpa",
		"a_b.example",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct name name;

		assert_row(rows[i], name_parse_zone(text_of(rows[i]), &name) == STATUS_OK);
		assert_string_equal(name.text, rows[i]);
		assert_row(rows[i], name_parse(text_of(rows[i]), &name) == STATUS_INVALID);
	}
}

static void a_zone_is_normalised_like_a_host(void **state)
{
	struct name name;

	(void)state;
	assert_int_equal(name_parse_zone(text_of("0-63.2.0.192.IN-ADDR.Arpa."), &name), STATUS_OK);
	assert_string_equal(name.text, "0-63.2.0.192.in-addr.arpa");
}

static void refuses_a_label_of_64_octets(void **state)
{
	struct name name;

	(void)state;
	assert_int_equal(name_parse(text_of(LABEL_63 "x.example"), &name), STATUS_TOO_LONG);
	assert_int_equal(name_parse(text_of("example." LABEL_63 "x"), &name), STATUS_TOO_LONG);
	assert_int_equal(name_parse_zone(text_of(LABEL_63 "x.example"), &name), STATUS_TOO_LONG);
}

static void refuses_a_name_of_more_than_253_characters(void **state)
{
	char long_name[70000];
	struct name name;

	(void)state;
	assert_int_equal(name_parse(text_of("x" TEXT_253), &name), STATUS_TOO_LONG);
	assert_int_equal(name_parse(text_of(LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_61 "x."), &name),
			 STATUS_TOO_LONG);
	assert_int_equal(name_parse_zone(text_of("x." TEXT_253), &name), STATUS_TOO_LONG);

	/* Lengths that would wrap around in an octet or in two. */
	for (size_t i = 0; i < sizeof long_name; i++)
		long_name[i] = i % 2 ? '.' : 'a';
	for (size_t len = 256; len <= 512; len++)
		assert_int_equal(name_parse((struct text){long_name, len}, &name), STATUS_TOO_LONG);
	assert_int_equal(name_parse((struct text){long_name, 65536 + 3}, &name), STATUS_TOO_LONG);
}

static void names_are_equal_if_their_normal_forms_are(void **state)
{
	struct name a = name_of("www.Example.com."), b = name_of("WWW.example.COM"), c = name_of("www.example.org"),
		    d = name_of("ww.example.com");

	(void)state;
	assert_true(name_equal(&a, &b));
	assert_false(name_equal(&a, &c));
	assert_false(name_equal(&a, &d));
}

static void a_name_lies_in_its_ancestors_and_in_itself(void **state)
{
	static const struct {
		const char *name, *ancestor;
		bool is_in;
	} rows[] = {
		{"www.example.com", "example.com", true},
		{"a.b.c.example.com", "example.com", true},
		{"a.b.c.example.com", "com", true},
		{"example.com", "example.com", true},
		{"com", "example.com", false},
		{"example.com", "www.example.com", false},
		{"badexample.com", "example.com", false}, /* not at a label's boundary */
		{"example.com.org", "example.com", false},
		{"www.example.org", "example.com", false},
		{"xample.com", "example.com", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct name name = name_of(rows[i].name), ancestor = name_of(rows[i].ancestor);

		assert_row(rows[i].name, name_is_in(&name, &ancestor) == rows[i].is_in);
	}
}

static void writes_the_wire_form(void **state)
{
	static const uint8_t expected[] = "\3www\7example\3com"; /* and the root, by the literal's NUL */
	struct name name = name_of("www.example.com"), single = name_of("a");
	uint8_t wire[NAME_WIRE_MAX];

	(void)state;
	assert_int_equal(name_to_wire(&name, wire), sizeof expected);
	assert_memory_equal(wire, expected, sizeof expected);
	assert_int_equal(name_to_wire(&single, wire), 3);
	assert_memory_equal(wire, "\1a", 3);
}

static void the_longest_name_fills_255_octets_on_the_wire(void **state)
{
	struct name name = name_of(TEXT_253);
	uint8_t wire[NAME_WIRE_MAX];

	(void)state;
	assert_int_equal(name_to_wire(&name, wire), NAME_WIRE_MAX);
	assert_int_equal(wire[0], 63);
	assert_int_equal(wire[192], 61);
	assert_int_equal(wire[254], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(brings_a_host_name_into_its_normal_form),
		cmocka_unit_test(the_owner_of_records_may_be_a_wildcard),
		cmocka_unit_test(refuses_what_is_no_name_at_all),
		cmocka_unit_test(refuses_a_host_whose_last_label_is_all_digits),
		cmocka_unit_test(zones_may_hold_an_underscore_or_a_slash_and_hosts_may_not),
		cmocka_unit_test(a_zone_is_normalised_like_a_host),
		cmocka_unit_test(refuses_a_label_of_64_octets),
		cmocka_unit_test(refuses_a_name_of_more_than_253_characters),
		cmocka_unit_test(names_are_equal_if_their_normal_forms_are),
		cmocka_unit_test(a_name_lies_in_its_ancestors_and_in_itself),
		cmocka_unit_test(writes_the_wire_form),
		cmocka_unit_test(the_longest_name_fills_255_octets_on_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
