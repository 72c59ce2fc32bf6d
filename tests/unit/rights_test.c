/*
 * Rights: which names of which zone host patterns come to, and the statements that allow just these.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "live/rights.h"
#include "live/statements.h"

enum { PATTERNS_MAX = 8, ZONES_MAX = 3 };

/* A "+" before a pattern: of a user who may set TXT records. */
static struct rights *rights_of_patterns(const struct name *zones, size_t zone_count, const char *const *patterns)
{
	const struct name *pointers[ZONES_MAX];
	struct rights *rights;

	for (size_t i = 0; i < zone_count; i++)
		pointers[i] = &zones[i];
	assert_int_equal(rights_new(pointers, zone_count, &rights), STATUS_OK);
	for (size_t i = 0; i < PATTERNS_MAX && patterns[i]; i++) {
		bool with_txt = *patterns[i] == '+';
		struct host_pattern pattern;

		assert_row(patterns[i], host_pattern_parse(text_of(patterns[i] + with_txt), &pattern) == STATUS_OK);
		assert_int_equal(rights_add(rights, &pattern, with_txt), STATUS_OK);
	}
	rights_settle(rights);
	return rights;
}

/* The rights in a zone, each followed by a space; "+" before those with TXT, "=" before those of TXT alone. */
static void write_rights(const struct rights *rights, size_t zone, char *out, size_t size)
{
	size_t count;
	const struct right *items = rights_of(rights, zone, &count);
	size_t len = 0;

	*out = '\0';
	for (size_t i = 0; i < count; i++) {
		static const char *const marks[] = {
			[RIGHT_ADDRESSES] = "", [RIGHT_TXT] = "=", [RIGHT_ADDRESSES | RIGHT_TXT] = "+"};
		char text[RIGHT_TEXT_MAX];

		len += (size_t)snprintf(out + len, size - len, "%s%s ", marks[items[i].types],
					right_format(&items[i], text));
	}
}

static void patterns_become_the_least_that_covers_them(void **state)
{
	static const struct {
		const char *patterns[PATTERNS_MAX];
		const char *outer, *inner;
	} rows[] = {
		{{NULL}, "", ""},
		{{"www.example.com"}, "www.example.com ", ""},
		{{"b.example.com", "a.example.com", "b.example.com"}, "a.example.com b.example.com ", ""},
		{{"www.dyn.example.com"}, "", "www.dyn.example.com "},
		{{"*.home.example.com"}, "*.home.example.com ", ""},
		{{"*.home.example.com", "a.home.example.com", "a.b.home.example.com", "home.example.com"},
		 "*.home.example.com home.example.com ",
		 ""},
		{{"*.b.a.example.com", "*.a.example.com", "*.b.example.com"}, "*.a.example.com *.b.example.com ", ""},
		{{"*.example.com"}, "*.example.com ", "zone:dyn.example.com "},
		{{"*.dyn.example.com"}, "", "*.dyn.example.com "},
		{{"zone:example.com", "www.example.com", "*.home.example.com"}, "zone:example.com ", ""},
		{{"zone:dyn.example.com", "*.example.com"}, "*.example.com ", "zone:dyn.example.com "},
		{{"zone:home.example.com"}, "", ""},
		{{"www.example.org", "*.org"}, "", ""},
		{{"+www.example.com"}, "+www.example.com =_acme-challenge.www.example.com ", ""},
		{{"+www.example.com", "www.example.com"}, "+www.example.com =_acme-challenge.www.example.com ", ""},
		{{"www.example.com", "+www.example.com"}, "+www.example.com =_acme-challenge.www.example.com ", ""},
		{{"+*.home.example.com", "+a.home.example.com"}, "+*.home.example.com ", ""},
		{{"*.home.example.com", "+a.home.example.com"},
		 "*.home.example.com +a.home.example.com =_acme-challenge.a.home.example.com ",
		 ""},
		{{"+zone:example.com", "*.home.example.com", "+www.example.com"}, "+zone:example.com ", ""},
		{{"zone:example.com", "+www.example.com"},
		 "zone:example.com +www.example.com =_acme-challenge.www.example.com ",
		 ""},
		/* A wildcard is one name; it has no texts. */
		{{"+owner:*.home.example.com"}, "owner:*.home.example.com ", ""},
		{{"owner:*.home.example.com", "*.home.example.com"}, "*.home.example.com ", ""},
		{{"xhome.example.com", "*.home.example.com"}, "*.home.example.com xhome.example.com ", ""},
	};
	struct name zones[] = {name_of("example.com"), name_of("dyn.example.com")};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rights *rights = rights_of_patterns(zones, LENGTH(zones), rows[i].patterns);
		char text[1024];

		write_rights(rights, 0, text, sizeof text);
		assert_string_equal(text, rows[i].outer);
		write_rights(rights, 1, text, sizeof text);
		assert_string_equal(text, rows[i].inner);
		rights_free(&rights);
		assert_null(rights);
	}
}

static void a_pattern_above_all_zones_covers_what_lies_below_it(void **state)
{
	struct name zones[] = {name_of("dyn.example.com"), name_of("example.com.org")};
	struct rights *rights = rights_of_patterns(zones, LENGTH(zones), (const char *[PATTERNS_MAX]){"*.example.com"});
	char text[256];

	(void)state;
	write_rights(rights, 0, text, sizeof text);
	assert_string_equal(text, "zone:dyn.example.com ");
	write_rights(rights, 1, text, sizeof text);
	assert_string_equal(text, "");
	rights_free(&rights);
}

/* ---- Statements ---- */

static void *as_text(void (*write)(FILE *to, const struct rights_zone *zones), const struct rights_zone *zones)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	write(to, zones);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void write_bind(FILE *to, const struct rights_zone *zones)
{
	statements_bind_key(to, zones[0].key);
	statements_bind_zone(to, &zones[0]);
}

static void write_knot(FILE *to, const struct rights_zone *zones)
{
	statements_knot(to, zones, 2);
}

static void statements_hold_key_and_narrowest_policy(void **state)
{
	struct name names[] = {name_of("example.com"), name_of("dyn.example.com")};
	struct rights *rights = rights_of_patterns(
		names, LENGTH(names),
		(const char *[PATTERNS_MAX]){"www.example.com", "ftp.example.com", "*.home.example.com",
					     "zone:dyn.example.com", "+tls.example.com"});
	struct rights_zone zones[2];
	struct tsig_key *key;
	char *text;

	(void)state;
	assert_int_equal(tsig_key_new_base64("gw.example", "hmac-sha512", "c2VjcmV0", &key), TSIG_OK);
	for (size_t i = 0; i < LENGTH(zones); i++) {
		zones[i] = (struct rights_zone){.name = &names[i], .key = key};
		zones[i].rights = rights_of(rights, i, &zones[i].right_count);
	}
	text = as_text(write_bind, zones);
	assert_string_equal(text, "key \"gw.example\" {\n\talgorithm hmac-sha512;\n\tsecret \"c2VjcmV0\";\n};\n"
				  "update-policy {\n"
				  "\tgrant \"gw.example\" wildcard *.home.example.com. A AAAA;\n"
				  "\tgrant \"gw.example\" name ftp.example.com. A AAAA;\n"
				  "\tgrant \"gw.example\" name tls.example.com. A AAAA TXT;\n"
				  "\tgrant \"gw.example\" name www.example.com. A AAAA;\n"
				  "\tgrant \"gw.example\" name _acme-challenge.tls.example.com. TXT;\n"
				  "};\n");
	free(text);
	text = as_text(write_knot, zones);
	assert_string_equal(
		text,
		"key:\n  - id: gw.example\n    algorithm: hmac-sha512\n    secret: c2VjcmV0\n"
		"\nacl:\n"
		"  - id: ddnsgate.example.com.below\n    key: gw.example\n    action: update\n    update-type: [A, AAAA]\n"
		"    update-owner: name\n    update-owner-match: sub\n    update-owner-name: [home.example.com.]\n"
		"  - id: ddnsgate.example.com.names\n    key: gw.example\n    action: update\n    update-type: [A, AAAA]\n"
		"    update-owner: name\n    update-owner-match: equal\n"
		"    update-owner-name: [ftp.example.com., www.example.com.]\n"
		"  - id: ddnsgate.example.com.names-all-types\n    key: gw.example\n    action: update\n"
		"    update-type: [A, AAAA, TXT]\n    update-owner: name\n    update-owner-match: equal\n"
		"    update-owner-name: [tls.example.com.]\n"
		"  - id: ddnsgate.example.com.names-txt\n    key: gw.example\n    action: update\n    update-type: [TXT]\n"
		"    update-owner: name\n    update-owner-match: equal\n"
		"    update-owner-name: [_acme-challenge.tls.example.com.]\n"
		"  - id: ddnsgate.dyn.example.com.all\n    key: gw.example\n    action: update\n    update-type: [A, AAAA]\n"
		"\nzone:\n"
		"  - domain: example.com\n    acl: [ddnsgate.example.com.below, ddnsgate.example.com.names, "
		"ddnsgate.example.com.names-all-types, ddnsgate.example.com.names-txt]\n"
		"  - domain: dyn.example.com\n    acl: [ddnsgate.dyn.example.com.all]\n");
	free(text);
	tsig_key_free(&key);
	rights_free(&rights);
}

/* ---- Users without number ---- */

enum { BOUND = 50, MANY = 20000 };

static void add_one(struct rights *rights, const char *text, bool may_create, bool with_txt)
{
	struct host_pattern pattern;

	assert_int_equal(host_pattern_parse(text_of(text), &pattern), STATUS_OK);
	pattern.may_create = may_create;
	assert_int_equal(rights_add(rights, &pattern, with_txt), STATUS_OK);
}

static void add_many(struct rights *rights, unsigned from, unsigned to)
{
	char text[64];

	for (unsigned i = from; i < to; i++) {
		snprintf(text, sizeof text, "h%u.example.com", i);
		add_one(rights, text, true, i == MANY - 1);
	}
}

static struct rights *bounded_rights(const struct name *zone)
{
	struct rights *rights;

	assert_int_equal(rights_new(&zone, 1, &rights), STATUS_OK);
	add_one(rights, "configured.example.com", false, false);
	rights_set_bound(rights, BOUND);
	return rights;
}

static bool has_name(const struct right *items, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(items[i].name.text, name) == 0)
			return true;
	}
	return false;
}

static void of_too_many_names_a_sample_is_kept_beside_what_is_configured(void **state)
{
	struct name zone = name_of("example.com");
	struct rights *rights = bounded_rights(&zone);
	const struct right *items;
	size_t count;

	(void)state;
	add_many(rights, 0, MANY);
	add_many(rights, 0, MANY / 2); /* what comes twice is no more likely to be kept */
	rights_settle(rights);
	items = rights_of(rights, 0, &count);
	assert_in_range(count, BOUND / 4, 3 * BOUND);
	assert_true(rights_are_sample(rights, 0));
	assert_true(has_name(items, count, "configured.example.com"));
	items = rights_hosts(rights, 0, &count);
	assert_in_range(count, BOUND / 4, 3 * BOUND);
	assert_true(has_name(items, count, "configured.example.com"));

	/* Whatever was left out, nobody is locked out by what is made of it. */
	assert_int_equal(rights_widen(rights, 0), STATUS_OK);
	rights_settle(rights);
	items = rights_of(rights, 0, &count);
	assert_int_equal(count, 1);
	assert_int_equal(items[0].kind, RIGHT_ZONE);
	assert_int_equal(items[0].types, RIGHT_ADDRESSES | RIGHT_TXT);
	rights_free(&rights);
}

static void as_many_names_as_may_be_are_all_kept(void **state)
{
	struct name zone = name_of("example.com");
	struct rights *rights = bounded_rights(&zone);
	size_t count;

	(void)state;
	for (unsigned times = 0; times < 5; times++)
		add_many(rights, 0, BOUND);
	rights_settle(rights);
	(void)rights_of(rights, 0, &count);
	assert_int_equal(count, BOUND + 1);
	assert_false(rights_are_sample(rights, 0));
	assert_int_equal(rights_widen(rights, 0), STATUS_OK);
	rights_settle(rights);
	(void)rights_of(rights, 0, &count);
	assert_int_equal(count, BOUND + 1);
	rights_free(&rights);
}

static void a_whole_zone_needs_no_names(void **state)
{
	struct name zone = name_of("example.com");
	struct rights *rights = bounded_rights(&zone);
	size_t count;

	(void)state;
	add_many(rights, 0, MANY / 2);
	add_one(rights, "zone:example.com", true, false);
	add_many(rights, 0, MANY / 2);
	rights_settle(rights);
	(void)rights_of(rights, 0, &count);
	assert_int_equal(count, 1);
	assert_true(rights_widen(rights, RIGHT_ADDRESSES | RIGHT_TXT) == STATUS_OK);
	rights_settle(rights);
	assert_int_equal(rights_of(rights, 0, &count)[0].types, RIGHT_ADDRESSES | RIGHT_TXT);
	rights_free(&rights);
}

static void hosts_must_exist_for_those_who_may_not_create_them(void **state)
{
	struct name zone = name_of("example.com");
	const struct right *hosts;
	struct rights *rights;
	const struct name *pointer = &zone;
	size_t count;

	(void)state;
	assert_int_equal(rights_new(&pointer, 1, &rights), STATUS_OK);
	add_one(rights, "a.example.com", true, false);
	add_one(rights, "b.example.com", false, false);
	add_one(rights, "a.example.com", true, true);
	add_one(rights, "*.c.example.com", false, false);
	add_one(rights, "zone:example.com", false, false);
	rights_settle(rights);
	hosts = rights_hosts(rights, 0, &count);
	assert_int_equal(count, 3);
	assert_int_equal(hosts[0].kind, RIGHT_BELOW);
	assert_string_equal(hosts[1].name.text, "a.example.com");
	assert_string_equal(hosts[2].name.text, "b.example.com");
	assert_false(hosts[0].must_exist || hosts[1].must_exist);
	assert_true(hosts[2].must_exist);
	rights_free(&rights);
}

/* "a-b" sorts between "a" and what lies below it. */
static void the_closest_zone_is_found_among_names_alike(void **state)
{
	static const char *const names[] = {"example.com",     "a.example.com", "a-b.example.com",
					    "b.a.example.com", "com",           "aa.example.com"};
	struct name zones[LENGTH(names)];
	const struct name *pointers[LENGTH(names)];
	struct rights *rights;
	size_t count;

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		zones[i] = name_of(names[i]);
		pointers[i] = &zones[i];
	}
	assert_int_equal(rights_new(pointers, LENGTH(names), &rights), STATUS_OK);
	add_one(rights, "x.a.example.com", false, false);
	add_one(rights, "*.a.example.com", false, false);
	add_one(rights, "x.a-b.example.com", false, false);
	add_one(rights, "x.c.example.com", false, false);
	rights_settle(rights);
	for (size_t i = 0; i < LENGTH(names); i++) {
		(void)rights_of(rights, i, &count);
		assert_int_equal(count, i < 4);
	}
	rights_free(&rights);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_become_the_least_that_covers_them),
		cmocka_unit_test(a_pattern_above_all_zones_covers_what_lies_below_it),
		cmocka_unit_test(of_too_many_names_a_sample_is_kept_beside_what_is_configured),
		cmocka_unit_test(as_many_names_as_may_be_are_all_kept),
		cmocka_unit_test(a_whole_zone_needs_no_names),
		cmocka_unit_test(hosts_must_exist_for_those_who_may_not_create_them),
		cmocka_unit_test(the_closest_zone_is_found_among_names_alike),
		cmocka_unit_test(statements_hold_key_and_narrowest_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
